"""Taylor polynomials of Mills' ratio on short intervals, for arrays.

All coefficients of a polynomial follow from the value of the ratio M at the middle of its interval by
M' = x M - 1. M is completely monotonic: its derivatives alternate in sign and decrease in size, so the
derivative at the left end bounds the remainder.
"""

import math
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from actcalc.arithmetic.interval import with_digits
from actcalc.numbers.float_arrays import Array

DEGREE = 6
BITS = 10
"""Each binade of x + 1 is divided into 2**BITS intervals."""
FAR = 40
"""The end of the intervals: phi(40) is less than the smallest float64."""

_PLACES = BITS + 1
"""The binary digits after the point of edges and middles, which are scaled to integers."""
_POINT = 320
"""The binary digits after the point in the computation of coefficients."""
_TERMS = 12
"""The terms of the series from one middle to the next."""


class Table(NamedTuple):
    """A polynomial in the distance from the middle of each interval."""

    middles: Array
    coefficients: Array
    """The rounded coefficients, by power and then by interval."""
    tails: Array
    """The rounding errors of the first two coefficients, rounded."""
    remainder: float
    """A bound on the relative error of the polynomials, if evaluated exactly."""


@cache
def table() -> Table:
    """Compute the table of the intervals from 0 to FAR.

    M is carried from interval to interval from right to left: in that direction the solutions of
    M' = x M - 1 converge, so that errors die out.
    """
    edges = [2 * (2**e * (2**BITS + j) - 2**BITS) for e in range(6) for j in range(2**BITS)]
    edges = [edge for edge in edges if edge <= FAR << _PLACES]
    edges.append(2 * edges[-1] - edges[-2])
    middles = [(left + right) // 2 for left, right in pairwise(edges)]
    m = with_digits(120)
    value = int(Fraction(m.mills(m.number(Fraction(middles[-1], 1 << _PLACES))).low) * 2**_POINT)
    rows = []
    for i in range(len(middles) - 1, -1, -1):
        rows.append(_taylor(middles[i], value))
        value = _evaluate(rows[-1], (middles[i - 1] if i else 0) - middles[i])
    rows.append(_taylor(0, value))
    rows.reverse()
    # All derivatives of M decrease in size: one farther to the left bounds those in an interval.
    halves = [(right - middle) / (1 << _PLACES) for middle, right in zip(middles, edges[1:], strict=True)]
    worst = max(
        abs(further[DEGREE + 1]) / row[0] * half ** (DEGREE + 1)
        for further, row, half in zip(rows, rows[1:], halves, strict=False)
    )
    rows = [row[: DEGREE + 1] for row in rows[1:]]
    unit = 1 << _POINT  # quotients of whole numbers are rounded once
    near = [[c / unit for c in row] for row in rows]
    rest = [
        [(c - int(math.ldexp(n, _POINT))) / unit for c, n in zip(row[:2], at, strict=False)]
        for row, at in zip(rows, near, strict=True)
    ]
    return Table(
        np.array(middles) / (1 << _PLACES),
        np.array(near).T.copy(),
        np.array(rest).T.copy(),
        worst * 2,
    )


def _taylor(x: int, value: int) -> list[int]:
    """The Taylor coefficients at x, where M is ``value``, all with _POINT binary digits."""
    coefficients = [value, (value * x >> _PLACES) - (1 << _POINT)]
    for n in range(1, _TERMS):
        coefficients.append(((coefficients[n] * x >> _PLACES) + coefficients[n - 1]) // (n + 1))
    return coefficients


def _evaluate(row: list[int], h: int) -> int:
    """The value of the series at the distance ``h`` from the middle."""
    total = 0
    for c in reversed(row):
        total = (total * h >> _PLACES) + c
    return total
