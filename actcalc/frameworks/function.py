"""Anybody's function: an array in, an array out."""

import os
from collections.abc import Callable, Mapping
from typing import Any

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import QUANTITIES, Quantity
from actcalc.errors import ActcalcError, did_you_mean, quote, told
from actcalc.frameworks.framework import to_numpy
from actcalc.frameworks.loading import import_from
from actcalc.frameworks.registry import ARRAYS
from actcalc.frameworks.target import Run, import_or_explain, in_arrays, read_result
from actcalc.numbers.floats import Format


class FunctionTarget:
    """A function, which is held against any activation, and perhaps one for its slope."""

    device = "cpu"
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

    def run(self, f: Activation, of: Quantity, fmt: Format) -> Run | None:
        function = self._function
        if of != "g" and self._slope is not None:
            function, of = self._slope, QUANTITIES[QUANTITIES.index(of) - 1]
        if self._framework is not None:
            return self._framework.running(function, of, fmt)
        return in_arrays(lambda z: read_result(function(to_numpy(z, fmt)), len(z))) if of == "g" else None


def check_arrays(arrays: str) -> None:
    """Raises ActcalcError if there are no such arrays."""
    if arrays not in (known := ("numpy", *ARRAYS)):
        raise ActcalcError(
            f"is one of {', '.join(known)}, not {quote(arrays)}", did_you_mean(arrays, known), "arrays"
        )


def split_place(text: str) -> tuple[str, str]:
    """The two sides of ``MODULE:NAME``. Raises ActcalcError if it has another form."""
    module, _, name = text.partition(":")
    if not (module and name):
        raise ActcalcError(f"no such target {quote(text)}: a function is written MODULE:NAME")
    return module, name


def import_function(text: str) -> Callable[[Any], Any]:
    """The function called ``MODULE:NAME``, found in the current directory, too. Raises ActcalcError."""
    module_name, name = split_place(text)
    try:
        found: Any = import_from(os.getcwd(), module_name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever it does when it is run, to exit too
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        is_not_there = missing is not None and f"{module_name}.".startswith(f"{missing}.")
        raise ActcalcError(
            f"cannot import {quote(module_name)}: {told(error)}",
            "modules are found in the current directory, and where Python finds them" if is_not_there else "",
        ) from None
    for part in name.split("."):
        if not hasattr(found, part):
            raise ActcalcError(f"{module_name} has no {quote(name)}", did_you_mean(part, dir(found)))
        found = getattr(found, part)
    if not callable(found):
        raise ActcalcError(f"{text} is not a function")
    function: Callable[[Any], Any] = found
    return function
