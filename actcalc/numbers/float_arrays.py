"""Rounding of arrays to the float formats, and the rounding test.

The values of any format are held in float64 arrays, as ``floats`` holds them in floats.
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
    """``value + tail`` rounded to ``fmt``, and where no number within ``error`` rounds otherwise.

    Where some do it is the value itself, rounded.
    """
    if not fmt.is_narrow:
        rounded, lost = fast_two_sum(value, tail)
        return rounded + 0.0, is_settled(rounded, lost, 0.0, error)
    if np.ndim(tail) == 0:
        return _settle(value, tail, error, fmt)
    # Most are far from where anything changes.
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
    # A zero needs its sign: that of the true value, or + if that is 0 itself.
    certain = same & ((low != 0) | above | below | (margin == 0))
    near = np.where(same, low, round_array(value, fmt))
    return np.where((value == 0) & (margin == 0), 0.0, near), certain


_EXPONENT = np.uint64(2047 << 52)


def is_settled(rounded: Array, lost: Any, rel: float, off: Any) -> Array:
    """Where all numbers within ``rel`` of a rounded one and ``off`` of what it lost round to it."""
    is_exact: Any = rel == 0 and off == 0
    if is_exact is True:
        return np.isfinite(rounded)
    # Half of the spacing on that side of the rounded number; the relative error is a part of that.
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
        certain &= rounded != 0  # below 0 there is no spacing
    if rel == 0:
        certain |= is_exact & np.isfinite(rounded)  # ties, too
    return certain


def margin_of(error: Array, tail: Any) -> Array:
    """The most that a number is off by: errors were added up with rounding, and so will be the ends."""
    return np.where(error == 0, 0, error * (1 + 2.0**-40) + abs(tail) * 2.0**-51)


def _round_sum(s: Array, lost: Array, fmt: Format) -> Array:
    """``s`` plus ``lost``, less than a rounding error of s, rounded once to ``fmt``."""
    rounded = round_array(s, fmt)
    # Only where s lies half way between two values does the rest matter.
    other = 2 * s - rounded
    tie = np.isfinite(rounded) & (other != rounded) & (round_array(other, fmt) == other) & (lost != 0)
    return np.where(
        tie, np.where(lost > 0, np.maximum(rounded, other), np.minimum(rounded, other)), rounded
    ).astype(np.float64)


def round_within(value: Array, rel: float, fmt: Format, least: float, most: float) -> tuple[Array, Any]:
    """Values rounded to a narrower format, and where all numbers within ``rel`` of them round alike.

    ``least`` and ``most`` bound the sizes of the values.
    """
    if rel == 0:
        return round_array(value + 0.0, fmt), np.isfinite(value)
    shift = 53 - fmt.precision
    # In units of the last place, which are half as large just below a power of two.
    margin = int(rel * 2.0**54) + 2
    half = 1 << (shift - 1)
    bits = value.view(np.uint64) + half
    # Neither end of the margin comes to another multiple of the last place.
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
    """float64 rounded once to ``fmt``, as float64."""
    if not fmt.is_narrow:
        return x
    if fmt.is_native and fmt.bits == 32:  # which the processor does; to float16 NumPy goes bit by bit
        with np.errstate(all="ignore"):
            return x.astype(fmt.numpy).astype(np.float64)
    x = np.asarray(x, np.float64)
    bits, shift = x.view(np.uint64), 53 - fmt.precision
    # Half of the last place is added, a little less where that one is even: ties go to even.
    rounded = (bits + ((1 << (shift - 1)) - 1) + ((bits >> shift) & 1)) & (2**64 - (1 << shift))
    size = abs(x)
    # A sum this large has the spacing of the subnormals.
    large = 1.5 * 2.0 ** (52 + fmt.quantum_exponent)
    near = np.where(size < fmt.smallest_normal, (size + large) - large, abs(rounded.view(np.float64)))
    near = np.where(near > fmt.largest, fmt.overflow, near)
    near = np.where(np.isnan(x), np.nan, np.copysign(near, x))
    return near if fmt.has_negative_zero else near + 0.0


def round_twice(x: Array, fmt: Format) -> tuple[Array, Array]:
    """Numbers that were rounded to float64 rounded to ``fmt``, and where rounding once may give another."""
    if not fmt.is_narrow:
        return x, np.zeros(x.shape, bool)
    with np.errstate(all="ignore"):
        low, high = (round_array(np.nextafter(x, end), fmt) for end in (-math.inf, math.inf))
        return round_array(x, fmt), (low != high) & np.isfinite(x)


def distinct(x: Array) -> tuple[Array, Array]:
    """The different numbers among some, in order, and where among them each is.

    ``np.unique`` would do, but it imports NumPy's masked arrays: 8 ms, as long as 300,000 values of tanh.
    """
    order = np.argsort(x, kind="stable")
    ordered = x[order]
    is_new = np.ones(len(x), bool)
    is_new[1:] = ordered[1:] != ordered[:-1]
    places = np.empty(len(x), np.intp)
    places[order] = np.cumsum(is_new) - 1
    return ordered[is_new], places
