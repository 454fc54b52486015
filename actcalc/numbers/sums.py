"""Sums and products without loss, and what ``numpy.longdouble`` is on this machine."""

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


_FARTHEST = 16000


def extended(x: Fraction) -> np.longdouble:
    """``x`` in extended precision, to within a rounding.

    Raises OverflowError if it is beyond 2**±16000, and not 0.
    """
    if x == 0:
        return np.longdouble(0)
    # The parts are floats of everyday size, whatever that of x.
    shift = x.numerator.bit_length() - x.denominator.bit_length()
    if abs(shift) > _FARTHEST:
        raise OverflowError
    scaled = x / Fraction(2) ** shift
    high = float(scaled)
    near = np.longdouble(high) + np.longdouble(float(scaled - Fraction(high)))
    result: np.longdouble = near * np.ldexp(np.longdouble(1), shift)
    return result


def bound(x: Fraction) -> np.longdouble:
    """A number in extended precision that is not below ``x`` >= 0."""
    try:
        return extended(x) * (1 + 4 * UNIT)
    except OverflowError:
        return TINY if x < 1 else np.longdouble(np.inf)


def two_sum(a: Any, b: Any) -> tuple[Any, Any]:
    """The rounded sum, and exactly what rounding took away (Knuth)."""
    s = a + b
    of_b = s - a
    return s, (a - (s - of_b)) + (b - of_b)


_SPLITTER = 2.0**27 + 1


def split(a: Any) -> tuple[Any, Any]:
    """A float64 as the sum of two of at most 26 bits, exactly (Dekker, 1971); for sizes below 2**996."""
    scaled = _SPLITTER * a
    high = scaled - (scaled - a)
    return high, a - high


def two_product(a: Any, b: Any) -> tuple[Any, Any]:
    """The rounded product of two float64, and exactly what rounding took away (Dekker, 1971).

    That holds where the product is 0, or from 2**-968 to 2**1021, and both are below 2**996.
    """
    p = a * b
    a_high, a_low = split(a)
    b_high, b_low = split(b)
    return p, ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low
