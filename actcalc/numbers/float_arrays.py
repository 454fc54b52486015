"""Rounding of arrays to the float formats, and the rounding test.

Values of every format are held in float64 arrays, as ``floats`` holds them in Python floats.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from actcalc.numbers.error_free import fast_two_sum, two_sum
from actcalc.numbers.floats import Format

Array = npt.NDArray[Any]
"""Numbers of any dtype, in any shape."""


def settle(value: Array, tail: Any, error: Array, fmt: Format) -> tuple[Array, Array]:
    """``value + tail`` rounded to ``fmt``, and where every number within ``error`` of it rounds alike.

    Elsewhere the result is ``value`` rounded.
    """
    if not fmt.is_narrow:
        rounded, lost = fast_two_sum(value, tail)
        return rounded + 0.0, is_settled(rounded, lost, 0.0, error)
    if np.ndim(tail) == 0:
        return _settle(value, tail, error, fmt)
    # Most values are far from a rounding boundary.
    result, certain = round_within(value, 2.0**-40, fmt, 0.0, math.inf)
    certain &= abs(tail) + error <= abs(value) * 2.0**-41
    rest = np.flatnonzero(~certain)
    if len(rest):
        result[rest], certain[rest] = _settle(value[rest], tail[rest], error[rest], fmt)
    return result, certain


def _settle(value: Array, tail: Any, error: Array, fmt: Format) -> tuple[Array, Array]:
    margin = margin_of(error, tail)
    if np.ndim(tail) == 0 and tail == 0:
        margin = np.where(margin == 0, 0, margin + abs(value) * 2.0**-52)
        above, below = value > margin, value < -margin
        low, high = (round_array(value + side * margin, fmt) for side in (-1, 1))
    else:
        ends = [two_sum(value, tail + side * margin) for side in (-1, 1)]
        above, below = ends[0][0] > 0, ends[1][0] < 0
        low, high = (_round_sum(s, lost, fmt) for s, lost in ends)
    same = (low == high) & np.isfinite(value) & (np.isfinite(low) | (abs(value) > 2 * fmt.largest))
    # A zero takes the sign of the true value, and + if the true value is 0.
    certain = same & ((low != 0) | above | below | (margin == 0))
    near = np.where(same, low, round_array(value, fmt))
    return np.where((value == 0) & (margin == 0), 0.0, near), certain


_EXPONENT = np.uint64(2047 << 52)


def is_settled(rounded: Array, lost: Any, rel: float, off: Any) -> Array:
    """Where all numbers within the error bounds round to ``rounded``.

    ``rounded + lost`` is known with a relative error of ``rel`` and an absolute one of ``off``.
    """
    is_exact: Any = rel == 0 and off == 0
    if is_exact is True:
        return np.isfinite(rounded)
    # Half of the spacing on that side of the rounded number, less the relative error.
    bits = (rounded * lost).view(np.uint64)
    bits >>= 63
    np.subtract(rounded.view(np.uint64), bits, out=bits)
    bits &= _EXPONENT
    half = bits.view(np.float64)
    half *= 2.0**-53 * (1 - rel * 2.0**54 * (1 + 2.0**-20) - 2.0**-40)
    distance = abs(lost)
    if isinstance(off, float) and off == 0:
        certain: Array = distance <= half
    else:
        certain = distance + off <= half
        certain &= rounded != 0  # the bit trick above gives no spacing at 0
    if rel == 0:
        certain |= is_exact & np.isfinite(rounded)  # including ties
    return certain


def margin_of(error: Array, tail: Any) -> Array:
    """The error bound enlarged by the rounding errors made in adding it up and in computing the ends."""
    return np.where(error == 0, 0, error * (1 + 2.0**-40) + abs(tail) * 2.0**-51)


def _round_sum(s: Array, lost: Array, fmt: Format) -> Array:
    """``s + lost`` rounded once to ``fmt``; ``lost`` is at most half an ulp of s."""
    rounded = round_array(s, fmt)
    # The low part matters only where s lies half way between two values.
    other = 2 * s - rounded
    tie = np.isfinite(rounded) & (other != rounded) & (round_array(other, fmt) == other) & (lost != 0)
    return np.where(
        tie, np.where(lost > 0, np.maximum(rounded, other), np.minimum(rounded, other)), rounded
    ).astype(np.float64)


def round_within(value: Array, rel: float, fmt: Format, least: float, most: float) -> tuple[Array, Any]:
    """Values rounded to a narrower format, and where all numbers within ``rel`` of them round alike.

    ``rel`` is a relative error; ``least`` and ``most`` bound the sizes of the values.
    """
    if rel == 0:
        return round_array(value + 0.0, fmt), np.isfinite(value)
    shift = 53 - fmt.precision
    # In ulps of float64, taken as they are just below a power of two, where they are half as large.
    margin = int(rel * 2.0**54) + 2
    half = 1 << (shift - 1)
    bits = value.view(np.uint64) + half
    # Certain if neither end of the margin rounds to another value.
    beyond = bits & (2 * half - 1)
    beyond -= margin
    certain = beyond < np.uint64(2 * (half - margin))
    bits &= 2**64 - 2 * half
    rounded = bits.view(np.float64)
    if not (least > fmt.smallest_normal * 2 and most < fmt.largest / 2):
        size = abs(value)
        rest = np.flatnonzero(~((size > fmt.smallest_normal * 2) & (size < fmt.largest / 2)))
        if len(rest):
            rounded[rest], certain[rest] = _settle(value[rest], 0.0, size[rest] * rel, fmt)
    return rounded, certain


def round_array(x: Array, fmt: Format) -> Array:
    """Round float64 once to ``fmt``; the result is float64, too."""
    if not fmt.is_narrow:
        return x
    if fmt.is_native and fmt.bits == 32:  # the processor converts; to float16 NumPy does it in software
        with np.errstate(all="ignore"):
            return x.astype(fmt.numpy).astype(np.float64)
    x = np.asarray(x, np.float64)
    bits, shift = x.view(np.uint64), 53 - fmt.precision
    # Adds half of the last place, and one bit less where that place is even: ties go to even.
    rounded = (bits + ((1 << (shift - 1)) - 1) + ((bits >> shift) & 1)) & (2**64 - (1 << shift))
    size = abs(x)
    # A sum this large has the spacing of the subnormals.
    large = 1.5 * 2.0 ** (52 + fmt.quantum_exponent)
    near = np.where(size < fmt.smallest_normal, (size + large) - large, abs(rounded.view(np.float64)))
    near = np.where(near > fmt.largest, fmt.overflow, near)
    near = np.where(np.isnan(x), np.nan, np.copysign(near, x))
    return near if fmt.has_negative_zero else near + 0.0


def round_twice(x: Array, fmt: Format) -> tuple[Array, Array]:
    """Round to ``fmt`` numbers already rounded to float64; also where rounding once might differ."""
    if not fmt.is_narrow:
        return x, np.zeros(x.shape, bool)
    with np.errstate(all="ignore"):
        low, high = (round_array(np.nextafter(x, end), fmt) for end in (-math.inf, math.inf))
        return round_array(x, fmt), (low != high) & np.isfinite(x)


def distinct(x: Array) -> tuple[Array, Array]:
    """The distinct numbers of an array, sorted, and the index of each element among them.

    ``np.unique`` does this, too, but imports NumPy's masked arrays: 8 ms, the time of 300,000 values of tanh.
    """
    order = np.argsort(x, kind="stable")
    ordered = x[order]
    is_new = np.ones(len(x), bool)
    is_new[1:] = ordered[1:] != ordered[:-1]
    places = np.empty(len(x), np.intp)
    places[order] = np.cumsum(is_new) - 1
    return ordered[is_new], places
