"""What frameworks have in common: a table of activations, and arrays that have slopes."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import QUANTITIES, Quantity
from actcalc.errors import ActcalcError
from actcalc.frameworks.target import Array, NotImplementedHere, Run, computed, need
from actcalc.numbers.floats import BFLOAT16, FLOAT32, Format

Function = Callable[[Any], Any]
Entry = tuple[Callable[..., Any], *tuple[str, ...]]
"""A framework's function, and those parameters of the activation that it takes after its array, in order.

A parameter that is not among them has its default.
"""


class Framework:
    """A framework on a device: what is computed is computed with its arrays."""

    name: str
    install: str
    short = 61
    compiles: ClassVar[bool] = True
    refusals: ClassVar[tuple[str, ...]] = ()
    """What errors say where it has no code for a dtype."""

    def __init__(self, device: str | None = None, compiled: bool = False) -> None:
        self.module = need(self.name, self.install)
        if compiled and not self.compiles:
            raise ActcalcError(f": {self.name} compiles nothing", about="compile")
        self.compiled = compiled
        self.device = device or self.default_device()
        try:
            with self.within(FLOAT32):
                self.array(np.zeros(1), FLOAT32)
        except Exception as error:  # of many kinds
            raise ActcalcError(
                f": {self.name} has no {self.device} here: {first_line(error)}", about="device"
            ) from None

    def default_device(self) -> str:
        return "cpu"

    def versions(self) -> Mapping[str, str]:
        return {self.name: str(self.module.__version__)}

    def table(self) -> Mapping[str, Entry]:
        """What it has for each activation."""
        raise NotImplementedError

    def array(self, z: Array, fmt: Format) -> Any:
        """float64 values of a format as its array of that format."""
        raise NotImplementedError

    def derived(self, function: Function, order: int) -> Function:
        """A function's derivative of an order, 0 or more, compiled if that was asked for."""
        raise NotImplementedError

    def within(self, fmt: Format) -> AbstractContextManager[Any]:
        """Where the format is computed."""
        return nullcontext()

    def run(self, f: Activation, of: Quantity, fmt: Format) -> Run | None:
        """As ``Target`` has it."""
        return self.running(find(self.table(), f, self.name), of, fmt)

    def running(self, function: Function, of: Quantity, fmt: Format) -> Run:
        """Runs a function of its arrays, or a derivative of that."""
        derived = self.derived(function, QUANTITIES.index(of))

        def run(z: Array) -> Any:
            try:
                with self.within(fmt):
                    return computed(derived(self.array(z, fmt)), len(z))
            except Exception as error:
                if any(text in f"{type(error).__name__}: {error}" for text in self.refusals):
                    raise NotImplementedHere(first_line(error)) from None
                raise

        return run


def first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0]


def narrow(z: Array, fmt: Format) -> Array:
    """float64 values in NumPy's dtype of the format; bfloat16, which it does not have, in float32."""
    return z.astype(np.float32 if fmt is BFLOAT16 else fmt.name)


def to_numpy(z: Array, fmt: Format) -> Array:
    """float64 values as NumPy's array of the format. Raises NotImplementedHere where it has none."""
    if fmt is not BFLOAT16:
        return narrow(z, fmt)
    try:
        import ml_dtypes
    except ImportError:
        raise NotImplementedHere("NumPy has bfloat16 with ml_dtypes: pip install ml_dtypes") from None
    return narrow(z, fmt).astype(ml_dtypes.bfloat16)


def repeated(slope_of: Callable[[Function], Function], function: Function, order: int) -> Function:
    """The slope of the slope, and so on."""
    for _ in range(order):
        function = slope_of(function)
    return function


def find(table: Mapping[str, Entry], f: Activation, framework: str) -> Function:
    """The framework's function for an activation. Raises NotImplementedHere."""
    if f.name not in table:
        raise NotImplementedHere(f"{framework} has no {f.name}")
    own, *names = table[f.name]
    for parameter in f.declaration.parameters:
        if parameter.name not in names and f.texts[parameter.name] != parameter.default:
            raise NotImplementedHere(
                f"{framework} has no {f.name} with another {parameter.name} than {parameter.default}"
            )
    values = [float(f.parameters[name]) if name in f.parameters else None for name in names]
    return lambda z: own(z, *values)
