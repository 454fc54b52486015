"""Frameworks: tables of activations, and arrays with automatic differentiation."""

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
"""The message about a function without a slope."""


class Entry(NamedTuple):
    """A framework's function for an activation; the framework need not be installed."""

    function: str | Callable[..., Any]
    """Its path from the framework's ``root``; or a function of the root, an array and parameters."""
    parameters: tuple[str, ...] = ()
    """Parameters of the activation that it takes after the array, in order; others have their defaults."""
    keywords: Mapping[str, Any] = {}
    """Further arguments."""
    default: str = ""
    """The framework's default, if it differs: ``parameter=value``, or an activation."""
    otherwise: str = ""
    """Further differences from the activation."""
    slopes: tuple[str, ...] = ()
    """Its g' at the kinks, from left to right, with SLOPES_WITH."""


SLOPES_WITH: Mapping[str, Mapping[str, str]] = {"elu": {"alpha": "2"}}
"""The parameters for which slopes at kinks are listed, if they are not the defaults."""


class Library(Target):
    """A framework in the registry: a class with its facts, whose objects are targets of ``audit``."""

    place: ClassVar[int]
    """Its place in lists of frameworks."""
    install: ClassVar[str]
    table: ClassVar[Mapping[str, Entry]]
    """Its entry for each activation."""
    backends: ClassVar[tuple[str, ...]] = ()
    """The libraries that it can run on, if there is a choice."""
    compiles: ClassVar[bool] = True
    takes_integers = False
    at_kinks: ClassVar[str] = ""
    """Its name in lists of slopes at kinks, if it is another there."""
    short = 61

    def __init__(self, device: str | None = None, compiled: bool = False, backend: str | None = None) -> None:
        raise NotImplementedError

    @classmethod
    def name_on(cls, backend: str | None) -> str:
        """The name of the framework on a backend; None is its default backend."""
        return cls.name

    def difference(self, f: Activation) -> str:
        """See ``Target``."""
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
                    f"{cls.name} has {f.name} only with {parameter.name}={parameter.default}"
                )
        values = [float(f.parameters[name]) if name in f.parameters else None for name in entry.parameters]
        own = entry.function
        function = attrgetter(own)(root) if isinstance(own, str) else partial(own, root)
        return lambda z: function(z, *values, **entry.keywords)


class Framework(Library):
    """A framework on a device, which computes with its own arrays."""

    has_slopes: ClassVar[bool] = True
    has_tails_in_rows: ClassVar[bool] = False
    """Whether each row of a two-dimensional array goes through the tail of a loop, as a whole array does."""
    needs_few_lengths: ClassVar[bool] = False
    """Whether it compiles anew for each length of arrays, even if not asked to compile."""
    refusals: ClassVar[tuple[str, ...]] = ()
    """Texts in its errors for dtypes that it does not support."""

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
        """The object from which paths in its table start: by default its module."""
        return self.module

    def default_device(self) -> str:
        return "cpu"

    def versions(self) -> Mapping[str, str]:
        return {self.name: str(self.module.__version__)}

    def array(self, z: Array, fmt: Dtype) -> Any:
        """float64 values of a format as an array of the framework in that format."""
        raise NotImplementedError

    def derive(self, function: Function, order: int) -> Function:
        """A function's derivative of an order, 0 or more, compiled if asked for."""
        if order:
            function = _returning_arrays(function)
        for further in range(order):
            function = self.slope_of(function, further)
        return self.compile(function) if self.compiled else function

    def slope_of(self, function: Function, order: int) -> Function:
        """The slope of a function of its arrays, which is the derivative of g of an order."""
        raise NotImplementedError

    def compile(self, function: Function) -> Function:
        raise NotImplementedError

    def within(self, fmt: Dtype) -> AbstractContextManager[Any]:
        """A context in which the format is computed."""
        return nullcontext()

    def run(self, f: Activation, of: Quantity, fmt: NumberFormat) -> Run | None:
        """See ``Target``."""
        assert isinstance(fmt, Format)  # it takes no integers
        if of != "g" and not self.has_slopes:
            return None
        return self.running(self.function(f, self.root), of, fmt, self.has_tails_in_rows)

    def rows(self, z: Array, fmt: Dtype) -> Any:
        """Rows of float64 values of a format as an array of the framework in that format."""
        return self.array(z, fmt)

    def running(self, function: Function, of: Quantity, fmt: Dtype, in_rows: bool = False) -> Run:
        """A Run of a function of its arrays, or of its derivative; short arrays may be rows of one array."""
        self.forget_compiled()
        derivative = self.derive(function, QUANTITIES.index(of))
        few_lengths = self.compiled or self.needs_few_lengths

        def compute(z: Array) -> Result:
            try:
                with self.within(fmt):
                    array = self._made(z, fmt)
                    began = perf_counter()
                    # Some compute until their values are read.
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
        """An array of one dimension or of rows. Raises NotImplementedHere if the format is not supported."""
        try:
            return self.array(z, fmt) if z.ndim == 1 else self.rows(z, fmt)
        except Exception as error:
            if fmt.bits > 8 or isinstance(error, NotImplementedHere):
                raise
            raise NotImplementedHere(f"{self.name} has no arrays of {fmt.name} here") from None

    def forget_compiled(self) -> None:
        """Free what was compiled for other functions."""


def _returning_arrays(function: Function) -> Function:
    def checked(z: Any) -> Any:
        a = function(z)
        check_returned(a)
        return a

    return checked


_LONG = 1 << 14
"""The least length of arrays if few lengths are wanted, as each is compiled anew."""


def _padded(z: Array, length: int) -> Array:
    """z, extended to a length by repeating its last value."""
    import numpy as np

    return np.pad(z, (0, length - len(z)), mode="edge")


def to_numpy(z: Array, fmt: Dtype) -> Array:
    """float64 values as a NumPy array of the format. Raises NotImplementedHere if there is no such dtype."""
    if fmt.is_native:
        return z.astype(fmt.numpy)
    try:
        import ml_dtypes
    except ImportError:
        raise NotImplementedHere(f"NumPy needs ml_dtypes for {fmt.name}: pip install ml_dtypes") from None
    return z.astype(fmt.numpy).astype(getattr(ml_dtypes, fmt.name))
