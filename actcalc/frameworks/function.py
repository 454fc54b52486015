"""Anybody's function that takes an array and returns an array."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import signature
from time import perf_counter
from typing import Any

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import QUANTITIES, Quantity
from actcalc.errors import ActcalcError, Argument, Wording, did_you_mean, join_names, quote, told
from actcalc.frameworks.framework import to_numpy
from actcalc.frameworks.loading import import_from
from actcalc.frameworks.registry import ARRAYS
from actcalc.frameworks.target import (
    Array,
    Dtype,
    Integers,
    KernelError,
    Result,
    Run,
    import_or_explain,
    in_arrays,
    read_result,
)
from actcalc.numbers.floats import Format
from actcalc.numbers.integers import IntegerFormat, NumberFormat


class FunctionTarget:
    """A function to compare with any activation, and optionally one for its slope."""

    device = "cpu"
    takes_integers = True
    short = 7

    def __init__(
        self,
        name: str,
        function: Callable[[Any], Any],
        arrays: str = "numpy",
        slope: Callable[[Any], Any] | None = None,
        device: str | None = None,
        compiled: bool = False,
    ) -> None:
        check_arrays(arrays)
        self.name = name
        self._function, self._slope = function, slope
        self._framework = None if arrays == "numpy" else ARRAYS[arrays](device, compiled)
        if self._framework is not None:
            self.device, self.short = self._framework.device, self._framework.short

    def versions(self) -> Mapping[str, str]:
        if self._framework is None:
            return {"numpy": str(import_or_explain("numpy", "").__version__)}
        return self._framework.versions()

    def difference(self, f: Activation) -> str:
        return ""

    def run(self, f: Activation, of: Quantity, fmt: NumberFormat) -> Run | None:
        function = self._function
        if of != "g" and self._slope is not None:
            function, of = self._slope, QUANTITIES[QUANTITIES.index(of) - 1]
        function = _with_parameters(function, f)
        if of != "g" and (self._framework is None or isinstance(fmt, IntegerFormat)):
            return None
        held = _held(fmt)
        if self._framework is not None:
            return _explain(self._framework.running(function, of, held))

        def compute(z: Array) -> Result:
            array = to_numpy(z, held)
            began = perf_counter()
            a = function(array)
            seconds = perf_counter() - began
            return read_result(a, len(z))._replace(seconds=seconds)

        return _explain(in_arrays(compute))


def _held(fmt: NumberFormat) -> Dtype:
    """The dtype of arrays of a format."""
    return fmt if isinstance(fmt, Format) else Integers(fmt.numpy)


def _with_parameters(function: Callable[[Any], Any], f: Activation) -> Callable[[Any], Any]:
    """The function with the parameters given for the activation, if it has parameters of these names."""
    if not f.given:
        return function
    try:
        own = [*signature(function).parameters][1:]  # the first is the array
    except (TypeError, ValueError):  # it has no signature
        return function
    values: dict[str, float | None] = {}
    for parameter in f.declaration.parameters:
        name = next((name for name in (parameter.name, *parameter.aliases) if name in own), None)
        if parameter.name in f.given and name is not None:
            value = f.parameters.get(parameter.name)
            values[name] = None if value is None else float(value)
    return partial(function, **values)


_ONE_NUMBER = "it takes one number but gets an array: numpy.vectorize(f) takes arrays"
_WAYS_OUT: Mapping[str, Sequence[str | Argument]] = {
    "must be Tensor, not": ["it takes arrays of torch: ", Argument("arrays", "torch")],
    "ndarray' object has no attribute": [
        "it gets an array of NumPy: ",
        *(Argument("arrays", name) for name in list(ARRAYS)[:1]),
        f", {join_names(list(ARRAYS)[1:])} passes one of theirs",
    ],
    "call numpy\\(\\) on Tensor that|conversion method __array__|NumPy array.*symbolic": [
        "it computes with NumPy, which has no slopes: ",
        *(Argument("slope", "MODULE:NAME"), " gives its slope, ", Argument("of", "g"), " leaves it out"),
    ],
    "[Cc]onvert.* [Ss]calar|truth value|is ambiguous|boolean conversion": [_ONE_NUMBER],
}
"""Patterns of errors of functions that cannot take their argument, with the meaning and the way out."""


def _explain(run: Run) -> Run:
    """A Run that explains known errors."""

    def explained(z: Array, length: int | None = None, /) -> Result:
        try:
            return run(z, length)
        except Exception as error:
            text = told(error)
            for pattern, meant in _WAYS_OUT.items():
                if not isinstance(error, KernelError) and re.search(pattern, text):
                    raise KernelError(Wording(text, "; ", *meant)) from None
            raise

    return explained


def check_arrays(arrays: str) -> None:
    """Raise ActcalcError for unknown kinds of arrays."""
    if arrays not in (known := ("numpy", *ARRAYS)):
        raise ActcalcError(
            f"must be {join_names(known)}, not {quote(arrays)}", did_you_mean(arrays, known), "arrays"
        )


def split_place(text: str) -> tuple[str, str]:
    """The two sides of ``MODULE:NAME``. Raises ActcalcError for other texts."""
    module, _, name = text.partition(":")
    if not (module and name):
        raise ActcalcError(f"no such target {quote(text)}: a function is written MODULE:NAME")
    return module, name


def import_function(text: str) -> Callable[[Any], Any]:
    """The function ``MODULE:NAME``, also from the current directory. Raises ActcalcError if there is none."""
    module_name, name = split_place(text)
    try:
        here = os.getcwd()
    except FileNotFoundError:
        raise ActcalcError("the current directory no longer exists") from None
    try:
        found: Any = import_from(here, module_name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # running it may raise anything, SystemExit included
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        is_not_there = missing is not None and f"{module_name}.".startswith(f"{missing}.")
        raise ActcalcError(
            f"cannot import {quote(module_name)}: {told(error)}",
            "it is neither in the current directory nor on Python's path" if is_not_there else "",
        ) from None
    for part in name.split("."):
        if not hasattr(found, part):
            raise ActcalcError(f"{quote(module_name)} has no {quote(name)}", did_you_mean(part, dir(found)))
        found = getattr(found, part)
    if not callable(found):
        raise ActcalcError(f"{quote(text)} is not a function")
    function: Callable[[Any], Any] = found
    return function
