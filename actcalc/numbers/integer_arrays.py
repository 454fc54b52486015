"""Arrays of numbers as arrays of integers: the one place where a float becomes an integer.

What C makes of NaN, and of a number that the integer type cannot hold, is up to the machine: of -1.0 as an
unsigned integer, 2**64 - 1 on one and 0 on another. So nothing is cast that is not known to fit.
"""

import numpy as np
import numpy.typing as npt

from actcalc.numbers.float_arrays import Array


def to_integers(x: Array, dtype: "npt.DTypeLike") -> Array:
    """Floats, without what they have after the point, or integers, as integers of a type.

    Raises AssertionError if the type cannot hold one of them, or one is NaN: whoever asks knows better.
    """
    limits = np.iinfo(np.dtype(dtype))
    # Python compares a float and an integer exactly. The least and the greatest number are NaN if one is.
    is_safe = limits.min <= x.min(initial=0).item() and x.max(initial=0).item() < limits.max + 1
    if not is_safe:
        raise AssertionError(f"not all of these fit into {limits.dtype}")
    return x.astype(dtype)
