"""Apply functions to arrays of any supported library and return arrays of the same type."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from actcalc.activations.aside import SetAside
from actcalc.errors import UnsettledWarning
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.foreign import dtype_of, find_format, library_of, take
from actcalc.numbers.integers import IntegerFormat, NumberFormat

Applied = Callable[[Array, NumberFormat, SetAside | None], Array]
"""A function of an array of values of a format; undecided values are set aside if a SetAside is given."""


def of_array(
    x: Any,
    function: Applied,
    codes: IntegerFormat | None = None,
    result_format: Callable[[NumberFormat], NumberFormat] = lambda fmt: fmt,
) -> Any:
    """Apply ``function`` to an array, of ``codes`` if given, and return an array of the same type.

    ``result_format`` gives the format of the result for that of the array. A Dask array stays lazy. Raises
    ActcalcError for unsupported arrays. Undecided values of an array are NaN, and one UnsettledWarning
    reports them; for a scalar, or in a format without NaN, UnsettledError is raised.
    """
    if library_of(x) == "dask":
        return _lazily(x, function, codes, result_format)
    taken = take(x, "z", codes)
    fmt = codes or taken.format
    out = result_format(fmt)
    aside = SetAside() if out.has_nan and not isinstance(x, np.generic) else None
    with np.errstate(over="ignore"):
        result = taken.give_back(function(taken.array, fmt, aside), out)
    if aside is not None and aside.reasons:
        first, count = next(iter(aside.reasons.values())), len(aside.reasons)
        points = "1 point" if count == 1 else f"{count} points, first"
        warnings.warn(f"NaN stands for the value at {points}: {first}", UnsettledWarning, 4)
    return result


def _lazily(
    x: Any,
    function: Applied,
    codes: IntegerFormat | None,
    result_format: Callable[[NumberFormat], NumberFormat],
) -> Any:
    of_floats = np.dtype(np.float64) if x.dtype.kind in "iu" else x.dtype
    fmt = codes or find_format(of_floats.name, "z", "convert it: z.astype('float64')")
    dtype = dtype_of(result_format(fmt))
    meta = np.empty((0,) * x.ndim, dtype)
    return x.map_blocks(of_array, function, codes, result_format, dtype=dtype, meta=meta)
