"""Error-free sums and products of float64."""

from typing import Any

import numpy as np


def two_sum(a: Any, b: Any) -> tuple[Any, Any]:
    """The rounded sum and its exact rounding error (Knuth)."""
    s = a + b
    of_b = s - a
    return s, (a - (s - of_b)) + (b - of_b)


def fast_two_sum(a: Any, b: Any) -> tuple[Any, Any]:
    """The rounded sum and its exact rounding error, for abs(a) >= abs(b) or a = 0 (Dekker, 1971)."""
    s = a + b
    return s, b - (s - a)


_SPLITTER = 2.0**27 + 1


def split(a: Any) -> tuple[Any, Any]:
    """Split a float64 below 2**996 in size into an exact sum of two of at most 26 bits (Dekker, 1971)."""
    scaled = _SPLITTER * a
    high = scaled - (scaled - a)
    return high, a - high


def two_product(a: Any, b: Any) -> tuple[Any, Any]:
    """The rounded product of two float64 and its exact rounding error (Dekker, 1971).

    The error is exact if the product is 0 or from 2**-968 to 2**1021 in size, and both factors are below
    2**996.
    """
    (a_high, a_low), (b_high, b_low) = split(a), split(b)
    p = a * b
    lost = a_high * b_high
    lost -= p
    for x, y in ((a_high, b_low), (a_low, b_high), (a_low, b_low)):
        if not (isinstance(y, float) and y == 0):
            lost += x * y
    return p, lost


_LARGE = 2.0**900


def fma(a: Any, b: Any, c: Any) -> Any:
    """a*b + c of arrays rounded once, if ``two_product`` is exact, or a or b is too large for it.

    The sum of the low parts is rounded to odd (Boldo and Melquiond, Emulation of a FMA and correctly rounded
    sums: proved algorithms using rounding to odd, 2008).
    """
    of_a, of_b = (np.where(abs(x) > _LARGE, 2.0**-200, 1.0) for x in (a, b))
    a, b = a * of_a / of_b, b * of_b / of_a
    product, low = two_product(a, b)
    total, rest = two_sum(c, low)
    high, more = two_sum(product, total)
    small, lost = two_sum(rest, more)
    bits = np.asarray(small, np.float64).view(np.int64)
    # Round to odd: move an inexact even result to the neighbour on the other side of the exact value.
    step = np.where((lost == 0) | (bits & 1 == 1), 0, np.where((lost > 0) == (small > 0), 1, -1))
    exact = high + (bits + step).view(np.float64)
    return np.where(np.isfinite(exact), exact, a * b + c)
