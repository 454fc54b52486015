"""Rounding of extended precision to the float formats, and the rounding test.

The values of any format are held in float64 arrays, as ``floats`` holds them in floats.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from actcalc.numbers.floats import FLOAT16, FLOAT32, FLOAT64, Format
from actcalc.numbers.sums import UNIT, two_sum

Array = npt.NDArray[Any]

_ZERO = np.longdouble(0)


def settle(value: Array, tail: Any, error: Array, fmt: Format) -> tuple[Array, Array]:
    """``value + tail`` rounded to ``fmt``, and where no number within ``error`` rounds otherwise.

    Where some do it is NaN; or 0, if they differ in nothing but the sign of a zero.
    """
    margin = margin_of(error, tail)
    if np.ndim(tail) == 0 and tail == 0:
        margin = np.where(margin == 0, 0, margin + abs(value) * 2 * UNIT)
        above, below = value > margin, value < -margin
        low, high = (round_array(value + side * margin, fmt) for side in (-1, 1))
    else:
        ends = [two_sum(value, tail + side * margin) for side in (-1, 1)]
        above, below = ends[0][0] > 0, ends[1][0] < 0
        low, high = (_round_sum(s, lost, fmt) for s, lost in ends)
    same = (low == high) & np.isfinite(value) & (np.isfinite(low) | (abs(value) > 2 * fmt.largest))
    # A zero needs its sign: that of the true value, or + if that is 0 itself.
    certain = same & ((low != 0) | above | below | (margin == 0))
    return np.where(same, np.where((value == 0) & (margin == 0), 0.0, low), math.nan), certain


def margin_of(error: Array, tail: Any) -> Array:
    """What a number may be off by: errors were added up with rounding, and so will be the ends."""
    margin: Array = np.where(error == 0, 0, error * (1 + 2.0**-40) + abs(tail) * 2.0**-60)
    return margin


def _round_sum(s: Array, lost: Array, fmt: Format) -> Array:
    """``s`` plus ``lost``, less than a rounding error of s, rounded once to ``fmt``."""
    rounded = round_array(s, fmt)
    # Only where s lies half way between two values does the rest matter.
    other = 2 * s - rounded
    tie = np.isfinite(rounded) & (other != rounded) & (round_array(other, fmt) == other) & (lost != 0)
    return np.where(
        tie, np.where(lost > 0, np.maximum(rounded, other), np.minimum(rounded, other)), rounded
    ).astype(np.float64)


def round_array(x: Array, fmt: Format) -> Array:
    """Extended precision rounded once to ``fmt``, as float64."""
    if fmt is FLOAT64:
        return x.astype(np.float64)
    if fmt is FLOAT32:
        return x.astype(np.float32).astype(np.float64)
    # To odd first, and then to the narrower format.
    near = x.astype(np.float64)
    bits = near.view(np.int64)
    towards = np.nan_to_num(np.sign(x - near))
    step = np.where(np.signbit(near), -towards, towards).astype(np.int64)
    near = np.where((bits % 2 == 0) & (step != 0) & np.isfinite(near), bits + step, bits).view(np.float64)
    if fmt is FLOAT16:
        return near.astype(np.float16).astype(np.float64)
    # bfloat16: the significand is cut to 8 bits by adding just below half of the last place.
    _, exponent = np.frexp(near)
    exponent = np.maximum(exponent - fmt.precision, fmt.quantum_exponent)
    rounded = np.ldexp(np.rint(np.ldexp(near, -exponent)), exponent)
    rounded = np.where(np.abs(rounded) > fmt.largest, np.copysign(np.inf, near), rounded)
    return np.where(np.isfinite(near), rounded, near)


def round_twice(x: Array, fmt: Format) -> tuple[Array, Array]:
    """Numbers that were rounded to float64 rounded to ``fmt``, and where rounding once may give another."""
    if fmt is FLOAT64:
        return x, np.zeros(x.shape, bool)
    with np.errstate(all="ignore"):
        low, high = (round_array(np.nextafter(x, end), fmt) for end in (-math.inf, math.inf))
        return round_array(x, fmt), (low != high) & np.isfinite(x)
