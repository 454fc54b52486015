"""Conversion of arrays to integers: the only place where floats become integers.

C leaves it to the machine how NaN, and a number beyond the integer type, is converted: as an unsigned integer
-1.0 is 2**64 - 1 on one machine and 0 on another. So only numbers that are known to fit are converted.
"""

import numpy as np
import numpy.typing as npt

from actcalc.numbers.float_arrays import Array


def to_integers(x: Array, dtype: "npt.DTypeLike") -> Array:
    """Convert floats, truncated towards 0, or integers to an integer type.

    Raises AssertionError if the type cannot hold one of them, or one is NaN: callers make sure they fit.
    """
    limits = np.iinfo(np.dtype(dtype))
    # Python compares a float with an integer exactly. min and max are NaN if any element is.
    is_safe = limits.min <= x.min(initial=0).item() and x.max(initial=0).item() < limits.max + 1
    if not is_safe:
        raise AssertionError(f"not all of these fit into {limits.dtype}")
    return x.astype(dtype)
