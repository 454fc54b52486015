"""Anybody's function: an array in, an array out."""

from collections.abc import Callable, Mapping
from typing import Any

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import QUANTITIES, Quantity
from actcalc.errors import ActcalcError, did_you_mean, quoted
from actcalc.frameworks.framework import to_numpy
from actcalc.frameworks.target import Run, computed, framework, need
from actcalc.numbers.floats import Format

ARRAYS = ("numpy", "torch", "jax", "tensorflow", "mlx")


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
        if arrays not in ARRAYS:
            raise ActcalcError(
                f"is one of {', '.join(ARRAYS)}, not {quoted(arrays)}", did_you_mean(arrays, ARRAYS), "arrays"
            )
        self.name = name
        self._function, self._slope = function, slope
        self._framework = None if arrays == "numpy" else framework(arrays, device, compiled)
        if self._framework is not None:
            self.device = self._framework.device

    def versions(self) -> Mapping[str, str]:
        if self._framework is None:
            return {"numpy": str(need("numpy", "").__version__)}
        return self._framework.versions()

    def run(self, f: Activation, of: Quantity, fmt: Format) -> Run | None:
        function = self._function
        if of != "g" and self._slope is not None:
            function, of = self._slope, QUANTITIES[QUANTITIES.index(of) - 1]
        if self._framework is not None:
            return self._framework.running(function, of, fmt)
        return (lambda z: computed(function(to_numpy(z, fmt)), len(z))) if of == "g" else None
