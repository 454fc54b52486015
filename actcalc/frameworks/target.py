"""What ``audit`` needs of a framework: its activations, run on values of a float format."""

import importlib
import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.activations.foreign import take
from actcalc.errors import ActcalcError, did_you_mean, quoted
from actcalc.numbers.floats import Format

if TYPE_CHECKING:
    from actcalc.frameworks.framework import Framework

Array = npt.NDArray[Any]


class NotImplementedHere(Exception):
    """The framework has no such activation, slope or dtype: a row of the table, and no failure."""


class Computed(NamedTuple):
    """What came back."""

    values: Array
    """As float64."""
    dtype: str


Run = Callable[[Array], Computed]
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
        """What computes g or a derivative; None if there are no such derivatives at all to be had.

        Raises NotImplementedHere, with the reason, if the framework has no such thing.
        """
        ...


def computed(result: Any, length: int) -> Computed:
    """An array that came back. Raises ValueError if it has another shape."""
    try:
        array, fmt, _ = take(result, "the result")
    except ActcalcError as error:
        raise ValueError(str(error)) from None
    if array.shape != (length,):
        raise ValueError(f"wrong shape: {array.shape} for {(length,)}")
    return Computed(array.astype(np.float64), fmt.name)


def need(module: str, install: str) -> Any:
    """The module, imported. Raises ActcalcError, with what to do, if it is not there."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        if getattr(error, "name", None) not in (module, module.partition(".")[0]):
            raise ActcalcError(f"{module} cannot be imported: {str(error).splitlines()[0]}") from None
        raise ActcalcError(f"{module} is not installed", f"install it: {install}") from None


class Spec(NamedTuple):
    """What names a target, also to another process."""

    text: str
    device: str | None = None
    compiled: bool = False
    arrays: str = "numpy"
    slope: str | None = None
    backend: str | None = None

    def target(self) -> Target:
        return target(*self)


FRAMEWORKS = ("torch", "jax", "keras", "tensorflow", "onnxruntime", "mlx")


def is_target(text: str) -> bool:
    """Whether an argument names a target, and not an activation with parameters."""
    return text in FRAMEWORKS or (":" in text and "=" not in text)


def target(
    text: str,
    device: str | None = None,
    compiled: bool = False,
    arrays: str = "numpy",
    slope: str | None = None,
    backend: str | None = None,
) -> Target:
    """The framework called ``text``, or anybody's function, ``MODULE:NAME``.

    Raises ActcalcError if it is not there.
    """
    if ":" in text:
        from actcalc.frameworks.function import FunctionTarget

        found_slope = None if slope is None else _function(slope)
        return FunctionTarget(text, _function(text), arrays, found_slope, device, compiled)
    if text not in FRAMEWORKS:
        raise ActcalcError(
            f"no such target {quoted(text)}: it is one of {', '.join(FRAMEWORKS)}, or MODULE:NAME",
            did_you_mean(text, FRAMEWORKS),
        )
    if text == "keras":
        from actcalc.frameworks.keras import Keras

        return Keras(backend, device, compiled)
    return framework(text, device, compiled)


def framework(name: str, device: str | None = None, compiled: bool = False) -> "Framework":
    """One of those whose activations are functions of their own arrays."""
    found: Framework = importlib.import_module(f"actcalc.frameworks.{name}").Target(device, compiled)
    return found


def _function(text: str) -> Callable[[Any], Any]:
    module_name, _, name = text.partition(":")
    if not (module_name and name):
        raise ActcalcError(f"no such target {quoted(text)}: a function is written MODULE:NAME")
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found = importlib.import_module(module_name)
    except Exception as error:  # whatever it does when it is imported
        reason = (str(error).splitlines() or [""])[0]
        raise ActcalcError(
            f"cannot import {quoted(module_name)}: {type(error).__name__}: {reason}",
            "modules are found in the current directory, and where Python finds them",
        ) from None
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise ActcalcError(
                f"{module_name} has no {quoted(name)}", did_you_mean(part, dir(found))
            ) from None
    if not callable(found):
        raise ActcalcError(f"{text} is not a function")
    return found
