"""Targets of ``audit``: activations, run on values of a number format."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from numbers import Number
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.errors import ActcalcError, told
from actcalc.numbers.integers import NumberFormat

if TYPE_CHECKING:  # what is known of frameworks is shown without NumPy
    import numpy.typing as npt

Array: TypeAlias = "npt.NDArray[Any]"


class Dtype(Protocol):
    """The contents of arrays: a float format, or the integers that codes are."""

    @property
    def name(self) -> str:
        """The name libraries use."""

    @property
    def numpy(self) -> str:
        """NumPy's dtype that has its values."""

    @property
    def bits(self) -> int:
        """Its width."""

    @property
    def is_native(self) -> bool:
        """Whether NumPy has it itself."""


class Integers(NamedTuple):
    """Integers as arrays hold them."""

    name: str
    """NumPy's, which all libraries have."""

    @property
    def numpy(self) -> str:
        return self.name

    @property
    def bits(self) -> int:
        return int(self.name.lstrip("uint"))

    @property
    def is_native(self) -> bool:
        return True


class NotImplementedHere(Exception):
    """The framework has no such activation, slope or dtype: a row of the table, and no failure."""


class KernelError(Exception):
    """The report of an error of somebody's function, raised or returned, in words."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Result(NamedTuple):
    """The values that came back."""

    values: Array
    """As float64."""
    dtype: str
    seconds: float = 0.0
    """How long it took to compute them, without making the array that was given."""
    are_integers: bool = False
    """Whether they came as integers of any width, which codes may be; ``dtype`` is float64 then."""


class Run(Protocol):
    """Computes a function at float64 values of a format, or codes, which come in arrays of that format."""

    def __call__(self, z: Array, length: int | None = None, /) -> Result:
        """The values at each z, from one array; with a ``length`` from arrays of that, or rows of one."""
        ...


class Target(Protocol):
    """A framework, or somebody's function."""

    name: str
    device: str
    takes_integers: bool
    """Whether it is run on codes of integer formats, too."""
    short: int
    """A length of arrays that takes the elements through the tails of loops, and is not too slow."""

    def versions(self) -> Mapping[str, str]:
        """Names of packages, and their versions."""
        ...

    def difference(self, f: Activation) -> str:
        """The known difference from actcalc, in words; empty if there is none."""
        ...

    def run(self, f: Activation, of: Quantity, fmt: NumberFormat) -> Run | None:
        """A function for g or a derivative; None if there are no such derivatives at all to be had.

        Raises NotImplementedHere, with the reason, if the framework has no such thing.
        """
        ...


def in_arrays(compute: Callable[[Array], Result]) -> Run:
    """Runs what computes the values of one array; where a length is given, array by array."""

    def run(z: Array, length: int | None = None, /) -> Result:
        length = length or len(z)
        return joined([compute(z[i : i + length]) for i in range(0, len(z), length)])

    return run


def joined(parts: Sequence[Result]) -> Result:
    """The values of several arrays as those of one, and their dtype, or else all of them."""
    if len(parts) == 1:
        return parts[0]
    from numpy import concatenate

    return Result(
        concatenate([part.values for part in parts]),
        " and ".join(dict.fromkeys(part.dtype for part in parts)),
        sum(part.seconds for part in parts),
        all(part.are_integers for part in parts),
    )


def check_returned(result: Any) -> None:
    """Raises KernelError, with the way out, for what is no array at all."""
    if result is None:
        raise KernelError("it returned None: return the array, also where it is changed in place")
    if isinstance(result, tuple):
        raise KernelError(f"it returned a tuple of {len(result)}: return the array alone")
    if not (hasattr(result, "shape") or isinstance(result, list | Number)):
        raise KernelError(f"it returned {type(result).__name__}: return the array")


def read_result(result: Any, *shape: int) -> Result:
    """An array that came back. Raises ValueError if it has another shape."""
    from actcalc.numbers.foreign import take, take_integers

    check_returned(result)
    try:
        integers = take_integers(result)
        array, fmt, _ = take(result if integers is None else integers, "the result")
    except ActcalcError as error:
        raise ValueError(error.line) from None
    if array.shape != shape:
        raise ValueError(f"wrong shape: {array.shape} for {shape}")
    return Result(array.astype("float64"), fmt.name, are_integers=array.dtype.kind in "iu")


def import_or_explain(module: str, install: str) -> Any:
    """The module, imported. Raises ActcalcError, with what to do, if it is not there."""
    try:
        return importlib.import_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a framework that is broken may raise anything
        if isinstance(error, ImportError) and error.name in (module, module.partition(".")[0]):
            raise ActcalcError(f"{module} is not installed", f"install it: {install}") from None
        raise ActcalcError(f"{module} cannot be imported: {told(error)}") from None
