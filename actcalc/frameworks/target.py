"""Targets of ``audit``: activations, run on values of a number format."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from numbers import Number
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.errors import ActcalcError, told
from actcalc.numbers.integers import NumberFormat

if TYPE_CHECKING:  # facts about frameworks are shown without NumPy
    import numpy.typing as npt

Array: TypeAlias = "npt.NDArray[Any]"


class Dtype(Protocol):
    """The dtype of arrays: a float format, or integers that hold codes."""

    @property
    def name(self) -> str:
        """Its name in libraries."""

    @property
    def numpy(self) -> str:
        """A NumPy dtype that can hold its values."""

    @property
    def bits(self) -> int:
        """Its width in bits."""

    @property
    def is_native(self) -> bool:
        """Whether NumPy has it itself."""


class Integers(NamedTuple):
    """The dtype of arrays of integers."""

    name: str
    """Its name in NumPy, which all libraries share."""

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
    """An error: the framework has no such activation, slope or dtype. A row says so, and does not fail."""


class KernelError(Exception):
    """An error in somebody's function, with a text that explains it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Result(NamedTuple):
    """The values that a function returned."""

    values: Array
    """The values as float64."""
    dtype: str
    seconds: float = 0.0
    """The time to compute them, without the time to make the argument."""
    are_integers: bool = False
    """Whether they were integers of any width, as codes may be; then ``dtype`` is float64."""


class Run(Protocol):
    """Computes a function at float64 values or codes, which it passes on in arrays of their format."""

    def __call__(self, z: Array, length: int | None = None, /) -> Result:
        """The values at each z, from one array; with a ``length`` from arrays of that length, or rows."""
        ...


class Target(Protocol):
    """A framework, or somebody's function."""

    name: str
    device: str
    takes_integers: bool
    """Whether it also takes codes of integer formats."""
    short: int
    """A length of short arrays, whose elements go through the tails of loops, but not too slowly."""

    def versions(self) -> Mapping[str, str]:
        """Names of packages, and their versions."""
        ...

    def difference(self, f: Activation) -> str:
        """The known difference from actcalc, in words; empty if there is none."""
        ...

    def run(self, f: Activation, of: Quantity, fmt: NumberFormat) -> Run | None:
        """A Run of g or a derivative; None if the target has no such derivatives of any function.

        Raises NotImplementedHere, with the reason, if the framework does not have this one.
        """
        ...


def in_arrays(compute: Callable[[Array], Result]) -> Run:
    """A Run that computes one array or, if a length is given, array by array."""

    def run(z: Array, length: int | None = None, /) -> Result:
        length = length or len(z)
        return joined([compute(z[i : i + length]) for i in range(0, len(z), length)])

    return run


def joined(parts: Sequence[Result]) -> Result:
    """The results of several arrays as one, with the name of their dtype, or of all of them."""
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
    """Raise KernelError, with the way out, if the result is not an array."""
    if result is None:
        raise KernelError("it returned None: return the array, even if it is changed in place")
    if isinstance(result, tuple):
        raise KernelError(f"it returned a tuple of {len(result)}: return the array alone")
    if not (hasattr(result, "shape") or isinstance(result, list | Number)):
        raise KernelError(f"it returned {type(result).__name__}: return the array")


def read_result(result: Any, *shape: int) -> Result:
    """The result in an array that was returned. Raises ValueError if it has another shape."""
    from actcalc.numbers.foreign import take, take_integers

    check_returned(result)
    try:
        integers = take_integers(result)
        array, fmt, _ = take(result if integers is None else integers, "the result")
    except ActcalcError as error:
        raise ValueError(error.line) from None
    if array.shape != shape:
        raise ValueError(f"wrong shape: {array.shape}, not {shape}")
    return Result(array.astype("float64"), fmt.name, are_integers=array.dtype.kind in "iu")


def import_or_explain(module: str, install: str) -> Any:
    """The module, imported. Raises ActcalcError, with the way out, if it cannot be."""
    try:
        return importlib.import_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a broken framework may raise anything
        if isinstance(error, ImportError) and error.name in (module, module.partition(".")[0]):
            raise ActcalcError(f"{module} is not installed", f"install it: {install}") from None
        raise ActcalcError(f"{module} cannot be imported: {told(error)}") from None
