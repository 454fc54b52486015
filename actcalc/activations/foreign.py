"""Functions of arrays as callers hand them over: the same kind comes back."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from actcalc.activations.aside import SetAside
from actcalc.errors import UnsettledWarning
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.foreign import find_format, library_of, take

Applied = Callable[..., Array]
"""A function of values and their format, which sets values ``aside``, if that is given."""


def of_array(x: Any, function: Applied) -> Any:
    """Apply ``function`` to an array: the same kind and dtype come back.

    A Dask array stays lazy. Raises ActcalcError for what cannot be taken, and UnsettledError for a scalar
    whose value is not settled; of an array such values are NaN, and one UnsettledWarning tells of them.
    """
    if library_of(x) == "dask":
        return _lazily(x, function)
    taken = take(x)
    aside = None if isinstance(x, np.generic) else SetAside()
    with np.errstate(over="ignore"):
        result = taken.give_back(function(taken.array, taken.format, aside=aside))
    if aside is not None and aside.reasons:
        first, count = next(iter(aside.reasons.values())), len(aside.reasons)
        points = "1 point" if count == 1 else f"{count} points, first"
        warnings.warn(f"NaN stands for the value at {points}: {first}", UnsettledWarning, 4)
    return result


def _lazily(x: Any, function: Applied) -> Any:
    dtype = np.dtype(np.float64) if x.dtype.kind in "iu" else x.dtype
    find_format(dtype.name, "z", "convert it: z.astype('float64')")
    return x.map_blocks(of_array, function, dtype=dtype, meta=np.empty((0,) * x.ndim, dtype))
