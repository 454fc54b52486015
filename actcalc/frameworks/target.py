"""Targets of ``audit``: activations, run on values of a float format."""

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.errors import ActcalcError, told
from actcalc.numbers.floats import Format

if TYPE_CHECKING:  # what is known of frameworks is shown without NumPy
    import numpy.typing as npt

Array: TypeAlias = "npt.NDArray[Any]"


class NotImplementedHere(Exception):
    """The framework has no such activation, slope or dtype: a row of the table, and no failure."""


class KernelError(Exception):
    """What a function raised, in words, where it is not to be taken for an error of this program."""


class Result(NamedTuple):
    """The values that came back."""

    values: Array
    """As float64."""
    dtype: str


Run = Callable[[Array], Result]
"""Computes a function at float64 values of a format, which the framework gets as an array of that format."""


class Target(Protocol):
    """A framework, or somebody's function."""

    name: str
    device: str
    short: int
    """A length of arrays that takes the elements through the tails of loops, and is not too slow."""

    def versions(self) -> Mapping[str, str]:
        """Names of packages, and their versions."""
        ...

    def run(self, f: Activation, of: Quantity, fmt: Format) -> Run | None:
        """A function for g or a derivative; None if there are no such derivatives at all to be had.

        Raises NotImplementedHere, with the reason, if the framework has no such thing.
        """
        ...


def read_result(result: Any, length: int) -> Result:
    """An array that came back. Raises ValueError if it has another shape."""
    from actcalc.numbers.foreign import take

    try:
        array, fmt, _ = take(result, "the result")
    except ActcalcError as error:
        raise ValueError(str(error)) from None
    if array.shape != (length,):
        raise ValueError(f"wrong shape: {array.shape} for {(length,)}")
    return Result(array.astype("float64"), fmt.name)


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
