"""Anybody's function: an array in, an array out."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.errors import ActcalcError, did_you_mean, quoted
from actcalc.frameworks.target import Array, NotImplementedHere, Run, computed, need
from actcalc.numbers.floats import BFLOAT16, Format

ARRAYS = ("numpy", "torch", "jax")


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
    ) -> None:
        if arrays not in ARRAYS:
            raise ActcalcError(
                f"is one of {', '.join(ARRAYS)}, not {quoted(arrays)}", did_you_mean(arrays, ARRAYS), "arrays"
            )
        need(arrays, f"pip install {arrays}")
        self.name = name
        self._function, self._arrays, self._slope = function, arrays, slope

    def versions(self) -> Mapping[str, str]:
        return {self._arrays: str(need(self._arrays, "").__version__)}

    def run(self, f: Activation, of: str, fmt: Format) -> Run | None:
        function = self._function
        if of == "dg" and self._slope is not None:
            function, of = self._slope, "g"
        if self._arrays == "torch":
            from actcalc.frameworks import torch

            return torch.run_torch(torch.slope_of(function) if of == "dg" else function, fmt, self.device)
        if self._arrays == "jax":
            from actcalc.frameworks import jax

            return jax.run_jax(jax.slope_of(function) if of == "dg" else function, fmt)
        if of == "dg":
            return None
        return lambda z: computed(function(_to_numpy(z, fmt)), len(z))


def _to_numpy(z: Array, fmt: Format) -> Array:
    if fmt is not BFLOAT16:
        return z.astype(fmt.name)
    try:
        import ml_dtypes
    except ImportError:
        raise NotImplementedHere("NumPy has bfloat16 with ml_dtypes: pip install ml_dtypes") from None
    return np.asarray(z, np.float32).astype(ml_dtypes.bfloat16)
