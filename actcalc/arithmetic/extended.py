"""Extended precision: what ``numpy.longdouble`` is on this machine, and sums without loss in it."""

from fractions import Fraction
from typing import Any

import numpy as np

_INFO = np.finfo(np.longdouble)
AVAILABLE = _INFO.nmant >= 63 and _INFO.maxexp >= 16384 and _INFO.nmant != 105
"""Whether it has 64 bits of significand and 15 of exponent; 105 is IBM's double-double."""

UNIT = np.longdouble(2) ** -64
"""The relative error of one rounding, at most (with 64 bits or more of significand)."""
# Below the normal range errors are absolute. Real results this small only have a sign.
TINY = np.longdouble(2) ** -16300 if AVAILABLE else np.longdouble(0)


def extended(x: Fraction) -> np.longdouble:
    """``x`` in extended precision, to within a rounding.

    Raises OverflowError if it is beyond float64.
    """
    high = float(x)
    return np.longdouble(high) + np.longdouble(float(x - Fraction(high)))


def two_sum(a: Any, b: Any) -> tuple[Any, Any]:
    """The rounded sum, and exactly what rounding took away (Knuth)."""
    s = a + b
    of_b = s - a
    return s, (a - (s - of_b)) + (b - of_b)
