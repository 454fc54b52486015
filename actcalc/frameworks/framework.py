"""Frameworks: tables of activations, and arrays that have slopes."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from operator import attrgetter
from time import perf_counter
from typing import Any, ClassVar, NamedTuple

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import QUANTITIES, Quantity
from actcalc.errors import ActcalcError, Argument, Wording, first_line
from actcalc.frameworks.target import (
    Array,
    Dtype,
    NotImplementedHere,
    Result,
    Run,
    Target,
    check_returned,
    import_or_explain,
    joined,
    read_result,
)
from actcalc.numbers.floats import FLOAT32, Format
from actcalc.numbers.integers import NumberFormat

Function = Callable[[Any], Any]
CUT_OFF = Wording(
    "it is not differentiable: the result is cut off from the argument, as by detach() or a view of bits; ",
    *(Argument("slope", "MODULE:NAME"), " gives its slope, ", Argument("of", "g"), " leaves it out"),
)
"""The message about a function that has no slope."""


class Entry(NamedTuple):
    """A framework's function for an activation, which is known without the framework."""

    function: str | Callable[..., Any]
    """Where it is, from the framework's ``root`` on; or a function of that, an array and parameters."""
    parameters: tuple[str, ...] = ()
    """Those of the activation's that it takes after its array, in order; the others have their defaults."""
    keywords: Mapping[str, Any] = {}
    """Further arguments."""
    default: str = ""
    """Its own default, where that is another ``parameter=value`` or activation."""
    otherwise: str = ""
    """Further differences from the activation."""
    slopes: tuple[str, ...] = ()
    """Its g' at the kinks, from left to right, with SLOPES_WITH."""


SLOPES_WITH: Mapping[str, Mapping[str, str]] = {"elu": {"alpha": "2"}}
"""The parameters with which slopes at kinks are told, where these are not the defaults."""


class Library(Target):
    """A framework as the registry finds it: what is known of it, and then a target of ``audit``."""

    place: ClassVar[int]
    """Where it stands in lists of frameworks."""
    install: ClassVar[str]
    table: ClassVar[Mapping[str, Entry]]
    """Its entry for each activation."""
    backends: ClassVar[tuple[str, ...]] = ()
    """Libraries it runs on, where one is to be chosen."""
    compiles: ClassVar[bool] = True
    takes_integers = False
    at_kinks: ClassVar[str] = ""
    """Its name where its slopes at kinks are told, if that is another."""
    short = 61

    def __init__(self, device: str | None = None, compiled: bool = False, backend: str | None = None) -> None:
        raise NotImplementedError

    @classmethod
    def name_on(cls, backend: str | None) -> str:
        """The name of the framework on a backend, which None leaves to it."""
        return cls.name

    def difference(self, f: Activation) -> str:
        """As ``Target`` has it."""
        entry = self.table.get(f.name)
        if entry is None:
            return ""
        name, _, setting = entry.default.partition("=")
        declared = {p.name: p.default for p in f.declaration.parameters}
        is_default = bool(setting) and f.texts.get(name) == declared.get(name)
        known = [f"{entry.default} by default"] * is_default + [entry.otherwise] * bool(entry.otherwise)
        return f"{self.name} has {', '.join(known)}" if known else ""

    @classmethod
    def function(cls, f: Activation, root: Any) -> Function:
        """Its function for an activation, found from ``root`` on. Raises NotImplementedHere."""
        if f.name not in cls.table:
            raise NotImplementedHere(f"{cls.name} has no {f.name}")
        entry = cls.table[f.name]
        for parameter in f.declaration.parameters:
            if parameter.name not in entry.parameters and f.texts[parameter.name] != parameter.default:
                raise NotImplementedHere(
                    f"{cls.name} has no {f.name} with another {parameter.name} than {parameter.default}"
                )
        values = [float(f.parameters[name]) if name in f.parameters else None for name in entry.parameters]
        own = entry.function
        function = attrgetter(own)(root) if isinstance(own, str) else partial(own, root)
        return lambda z: function(z, *values, **entry.keywords)


class Framework(Library):
    """A framework on a device: what is computed is computed with its arrays."""

    has_slopes: ClassVar[bool] = True
    has_tails_in_rows: ClassVar[bool] = False
    """Whether each row of an array of two dimensions goes through the tail of a loop, as an array does."""
    needs_few_lengths: ClassVar[bool] = False
    """Whether it compiles what it computes for each length of arrays, though nobody asked for that."""
    refusals: ClassVar[tuple[str, ...]] = ()
    """Words of errors where it has no code for a dtype."""

    def __init__(self, device: str | None = None, compiled: bool = False, backend: str | None = None) -> None:
        import numpy as np

        self.module = import_or_explain(self.name, self.install)
        self.compiled = compiled
        self.device = device or self.default_device()
        try:
            with self.within(FLOAT32):
                self.array(np.zeros(1), FLOAT32)
        except Exception as error:  # of many kinds
            raise ActcalcError(
                f": {self.name} has no {self.device} here: {first_line(error)}", about="device"
            ) from None

    @property
    def root(self) -> Any:
        """Where the functions of its table are found: its module, if it is nothing else."""
        return self.module

    def default_device(self) -> str:
        return "cpu"

    def versions(self) -> Mapping[str, str]:
        return {self.name: str(self.module.__version__)}

    def array(self, z: Array, fmt: Dtype) -> Any:
        """float64 values of a format as its array of that format."""
        raise NotImplementedError

    def derive(self, function: Function, order: int) -> Function:
        """A function's derivative of an order, 0 or more, compiled if that was asked for."""
        if order:
            function = _returning_arrays(function)
        for further in range(order):
            function = self.slope_of(function, further)
        return self.compile(function) if self.compiled else function

    def slope_of(self, function: Function, order: int) -> Function:
        """The slope of a function of its arrays, which is g or its derivative of an order."""
        raise NotImplementedError

    def compile(self, function: Function) -> Function:
        raise NotImplementedError

    def within(self, fmt: Dtype) -> AbstractContextManager[Any]:
        """Where the format is computed."""
        return nullcontext()

    def run(self, f: Activation, of: Quantity, fmt: NumberFormat) -> Run | None:
        """As ``Target`` has it."""
        assert isinstance(fmt, Format)  # it takes no integers
        if of != "g" and not self.has_slopes:
            return None
        return self.running(self.function(f, self.root), of, fmt, self.has_tails_in_rows)

    def rows(self, z: Array, fmt: Dtype) -> Any:
        """float64 values of a format, in rows, as its array of that format."""
        return self.array(z, fmt)

    def running(self, function: Function, of: Quantity, fmt: Dtype, in_rows: bool = False) -> Run:
        """Runs a function of its arrays, or a derivative of that; short arrays may be rows of one."""
        self.forget_compiled()
        derivative = self.derive(function, QUANTITIES.index(of))
        few_lengths = self.compiled or self.needs_few_lengths

        def compute(z: Array) -> Result:
            try:
                with self.within(fmt):
                    array = self._made(z, fmt)
                    began = perf_counter()
                    # Some go on computing until their values are read.
                    found = read_result(derivative(array), *z.shape)
                    return found._replace(seconds=perf_counter() - began)
            except Exception as error:
                if any(text in f"{type(error).__name__}: {error}" for text in self.refusals):
                    raise NotImplementedHere(first_line(error)) from None
                raise

        def run(z: Array, length: int | None = None, /) -> Result:
            padded = _padded(z, max(_LONG, 1 << (len(z) - 1).bit_length())) if few_lengths else z
            if length is None:
                found = compute(padded)
            else:
                rows = _padded(padded, -(-len(padded) // length) * length).reshape(-1, length)
                found = compute(rows) if in_rows else joined([compute(row) for row in rows])
            return found._replace(values=found.values.reshape(-1)[: len(z)])

        return run

    def _made(self, z: Array, fmt: Dtype) -> Any:
        """An array of one dimension or of rows. Raises NotImplementedHere if there are none of the format."""
        try:
            return self.array(z, fmt) if z.ndim == 1 else self.rows(z, fmt)
        except Exception as error:
            if fmt.bits > 8 or isinstance(error, NotImplementedHere):
                raise
            raise NotImplementedHere(f"{self.name} makes no arrays of {fmt.name} here") from None

    def forget_compiled(self) -> None:
        """Free what was compiled for other functions."""


def _returning_arrays(function: Function) -> Function:
    def checked(z: Any) -> Any:
        a = function(z)
        check_returned(a)
        return a

    return checked


_LONG = 1 << 14
"""The least length of arrays where there are to be few lengths: each is compiled anew."""


def _padded(z: Array, length: int) -> Array:
    """z and its last value again and again, up to a length."""
    import numpy as np

    return np.pad(z, (0, length - len(z)), mode="edge")


def to_numpy(z: Array, fmt: Dtype) -> Array:
    """float64 values as NumPy's array of the format. Raises NotImplementedHere where it has none."""
    if fmt.is_native:
        return z.astype(fmt.numpy)
    try:
        import ml_dtypes
    except ImportError:
        raise NotImplementedHere(f"NumPy has {fmt.name} with ml_dtypes: pip install ml_dtypes") from None
    return z.astype(fmt.numpy).astype(getattr(ml_dtypes, fmt.name))
