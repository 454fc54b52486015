"""Mills' ratio in bulk: Taylor polynomials on short intervals.

All coefficients of a polynomial follow from one value of the ratio M at the middle of its interval, as
M' = x M - 1. M is completely monotonic: its derivatives alternate in sign and fall in size, so that the
derivative at the left end bounds the remainder.
"""

import math
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from actcalc.arithmetic.interval import with_digits

DEGREE = 7
BITS = 9
"""Each binade of x + 1 is cut into 2**BITS intervals."""
FAR = 40
"""Where the intervals end: phi(40) is less than the smallest float64."""

Array = npt.NDArray[Any]

_POINT = 320
_TERMS = 12
"""Binary digits after the point, and terms of the series from one middle to the next."""


class Table(NamedTuple):
    """A polynomial in the distance from the middle of each interval."""

    middles: Array
    coefficients: Array
    """By power, then by interval; rounded."""
    tails: Array
    """What rounding took away from the first two; rounded."""
    remainder: float
    """What the polynomials, worked out exactly, are off by at most, relative to M."""


@cache
def table() -> Table:
    """The intervals from 0 to FAR; it takes a twentieth of a second, once.

    M follows from interval to interval from right to left: in that direction the solutions of
    M' = x M - 1 approach one another, so that errors die out.
    """
    edges = [Fraction(2**e * (2**BITS + j), 2**BITS) - 1 for e in range(6) for j in range(2**BITS)]
    edges = [edge for edge in edges if edge <= FAR]
    edges.append(2 * edges[-1] - edges[-2])
    middles = [(left + right) / 2 for left, right in pairwise(edges)]
    m = with_digits(120)
    value = int(Fraction(m.mills(m.number(middles[-1])).low) * 2**_POINT)
    rows = []
    for i in range(len(middles) - 1, -1, -1):
        rows.append(_taylor(middles[i], value))
        value = _moved(rows[-1], (middles[i - 1] if i else edges[0]) - middles[i])
    rows.append(_taylor(edges[0], value))
    rows.reverse()
    # All derivatives of M fall in size: one further to the left bounds those in an interval.
    further = [abs(Fraction(row[DEGREE + 1])) for row in rows]
    halves = [right - middle for middle, right in zip(middles, edges[1:], strict=True)]
    worst = max(
        c * half ** (DEGREE + 1) / value[0] for c, half, value in zip(further, halves, rows[1:], strict=False)
    )
    rows = [row[: DEGREE + 1] for row in rows[1:]]
    unit = 1 << _POINT  # quotients of whole numbers are rounded once
    near = [[c / unit for c in row] for row in rows]
    rest = [
        [(c - int(math.ldexp(n, _POINT))) / unit for c, n in zip(row[:2], at, strict=False)]
        for row, at in zip(rows, near, strict=True)
    ]
    return Table(
        np.array([float(x) for x in middles]),
        np.array(near).T.copy(),
        np.array(rest).T.copy(),
        float(worst * 2),
    )


def _taylor(x: Fraction, value: int) -> list[int]:
    """The Taylor coefficients at x, from M itself, ``value``, on: all with _POINT binary digits."""
    p, q = x.numerator, x.denominator  # a power of two
    derivatives = [value, value * p // q - (1 << _POINT)]
    for n in range(1, _TERMS):
        derivatives.append(derivatives[n] * p // q + n * derivatives[n - 1])
    factorial = 1
    coefficients = []
    for n, derivative in enumerate(derivatives):
        factorial *= max(n, 1)
        coefficients.append(derivative // factorial)
    return coefficients


def _moved(row: list[int], h: Fraction) -> int:
    """The value of the series at the distance ``h``."""
    p, q = h.numerator, h.denominator
    total = 0
    for c in reversed(row):
        total = total * p // q + c
    return total
