"""Arrays of angles: a table of sines around the circle, and argument reduction for angles of any size."""

import math
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

import numpy as np

from actcalc.arithmetic.interval import with_digits
from actcalc.arithmetic.tables import POINT, cut, nearest
from actcalc.numbers.error_free import fast_two_sum, two_product, two_sum

QUARTER = 2048
"""The steps of the table of sines in a right angle."""
FAR_ANGLE = 6e3
"""The angle beyond which multiples of a step are no longer exact."""


@cache
def angle_step() -> tuple[float, float, float, float]:
    """4096/pi, and pi/4096 split into 30 bits, 30 bits and the rest."""
    exact = nearest(with_digits(60).pi) / (2 * QUARTER)
    first = cut(exact, 40)
    second = cut(exact - first, 70)
    return float(1 / exact), float(first), float(second), float(exact - first - second)


@cache
def sine_table() -> tuple[Any, Any]:
    """sin(j pi/4096) around the circle, rounded, and the rounding errors; computed by repeated rotation."""
    m = with_digits(60)
    step = m.pi / (2 * QUARTER)
    sin, cos = (round(nearest(x) * 2**POINT) for x in (m.sin(step), m.cos(step)))
    quarter, x = [0], 1 << POINT
    for _ in range(QUARTER):
        quarter.append((quarter[-1] * cos + x * sin) >> POINT)
        x = (x * cos - quarter[-2] * sin) >> POINT
    quarter[-1] = 1 << POINT
    half = [*quarter, *quarter[-2:0:-1]]
    near = [x / (1 << POINT) for x in half]
    rest = [(x - int(math.ldexp(y, POINT))) / (1 << POINT) for x, y in zip(half, near, strict=True)]
    return np.array([*near, *(-x for x in near)]), np.array([*rest, *(-x for x in rest)])


_LEAST_POWER, _MOST_POWER = -200, 1000
"""The range of powers of two: smaller numbers do not affect an angle, and 2**971 * 2**53 is above float64."""
_PLACES = 170


@lru_cache(maxsize=8)
def _turns(factor: Fraction) -> Any:
    """2**k * factor * 4096/pi modulo 8192, a full circle, for each power k, split into six pieces.

    The first five have 25 bits, the first of them 12 after the point (Payne and Hanek, Radian reduction for
    trigonometric functions, 1983).
    """
    exact = int(factor * 2 * QUARTER / nearest(with_digits(450).pi) * 2 ** (_MOST_POWER + _PLACES))
    rows = []
    for k in range(_LEAST_POWER, _MOST_POWER):
        rest = (exact >> (_MOST_POWER - k)) & (4 * QUARTER * 2**_PLACES - 1)
        row = []
        for after in range(_PLACES - 12, 0, -25)[:5]:
            row.append(math.ldexp(rest >> after, after - _PLACES))
            rest &= (1 << after) - 1
        rows.append([*row, math.ldexp(rest, -_PLACES)])
    return np.array(rows).T.copy()


def _count_turns(x: Any, factor: Fraction = Fraction(1)) -> tuple[Any, Any, Any]:
    """x * factor * 4096/pi modulo a full circle: the nearest whole number, the rest, and the rest's tail.

    Products of 25 and 27 bits are exact, and so are all sums but the last; the error is at most 2**-104.
    """
    fraction, exponent = np.frexp(x)
    exponent[~np.isfinite(x)] = 0  # otherwise it would depend on the machine
    whole = fraction * 2.0**53
    high = np.rint(whole * 2.0**-27)
    turns, near, next_, rest = (np.zeros_like(x) for _ in range(4))
    for part, shift in ((whole - high * 2.0**27, 0), (high, 27)):
        place = exponent + (shift - 53 - _LEAST_POWER)
        part = np.where(place < 0, 0.0, part)
        pieces = np.take(_turns(factor), np.maximum(place, 0), axis=1)
        for piece in pieces[:2]:
            product = part * piece
            turns += product - 4 * QUARTER * np.rint(product / (4 * QUARTER))
        near += part * pieces[2]
        next_ += part * pieces[3]
        rest += part * pieces[4] + part * pieces[5]
    count = np.rint(turns)
    near, lost = two_sum(turns - count, near)
    near, more = two_sum(near, next_)
    return count, near, lost + more + rest


def far_angle(x: Any, tail: Any, factor: Fraction = Fraction(1)) -> tuple[Any, Any, Any]:
    """x * factor, or x + tail, minus the nearest multiple of pi/4096, as a pair, and that multiple."""
    count, near, rest = _count_turns(x, factor)
    if tail is not None:
        more_count, more_near, more_rest = _count_turns(tail)
        near, lost = two_sum(near, more_near)
        beyond = np.rint(near)
        near -= beyond
        count += more_count + beyond
        rest += more_rest + lost
    _, first, second, third = angle_step()
    step, low = fast_two_sum(first, second)
    angle, lost = two_product(near, step)
    return angle, lost + (near * (low + third) + rest * step), count


FAR_TANGENT = 2.0**100
"""The tangent beyond which an angle is taken for a right angle."""
