"""Mills' ratio in bulk: Taylor polynomials on short intervals.

All coefficients of a polynomial follow from one exact value of the ratio M at the middle of its
interval, as M' = x M - 1. M is completely monotonic: its derivatives alternate in sign and fall in
size, so that the derivative at the left end bounds the remainder.
"""

from decimal import Context, Decimal
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from actcalc.arithmetic.interval import with_digits
from actcalc.numbers.sums import extended

DEGREE = 18
FAR = 40
"""Where the intervals end: phi(40) is less than the smallest float64."""

Array = npt.NDArray[Any]


class Table(NamedTuple):
    """The intervals, and a polynomial in the distance from the middle for each."""

    edges: Array
    middles: Array
    coefficients: Array
    """By power, then by interval; rounded."""
    tails: Array
    """What rounding took away from the coefficients; rounded."""
    remainders: Array
    """What the polynomials, worked out exactly, are off by at most: some 2**-86 of M."""
    roundings: Array
    """What Horner's rule adds to that at most, in extended precision."""

    def place(self, x: Array) -> Array:
        """The number of the interval that each x lies in, or the nearest."""
        found = np.searchsorted(self.edges, x.astype(np.float64), side="right") - 1
        return np.clip(found, 0, len(self.middles) - 1)


@cache
def table() -> Table:
    """The intervals from 0 to FAR; it takes a thirtieth of a second, once."""
    edges = [Fraction(0)]
    while edges[-1] < FAR:
        edges.append(edges[-1] + max(Fraction(3, 16), Fraction(round(edges[-1] * 16 / 12), 16)))
    middles, rows, tails, remainders, roundings = [], [], [], [], []
    # All derivatives of M fall in size: one further to the left bounds those in an interval.
    bound = _taylor(Fraction(0))[DEGREE + 1]
    for left, right in pairwise(edges):
        middle = (left + right) / 2  # a number with few bits
        half = right - middle
        exact = _taylor(middle)
        near = [extended(c) for c in exact[: DEGREE + 1]]
        rest = [extended(c - Fraction(*n.as_integer_ratio())) for c, n in zip(exact, near, strict=False)]
        remainder = abs(bound) * half ** (DEGREE + 1)
        bound = exact[DEGREE + 1]
        # Each coefficient is rounded, and takes part in at most 2k + 1 roundings.
        sizes = (abs(c) * half**k * (2 * k + 2) for k, c in enumerate(exact))
        rounding = sum(sizes, Fraction(0)) / 2**64
        middles.append(extended(middle))
        rows.append(near)
        tails.append(rest)
        remainders.append(extended(remainder * (1 + Fraction(1, 2**40))))
        roundings.append(extended(rounding * (1 + Fraction(1, 2**40))))
    return Table(
        np.array([float(edge) for edge in edges]),
        np.array(middles),
        np.array(rows).T.copy(),
        np.array(tails).T.copy(),
        np.array(remainders),
        np.array(roundings),
    )


def _taylor(x: Fraction) -> list[Fraction]:
    """The Taylor coefficients of M at x, from M itself to one beyond the degree used."""
    # The recurrence cancels up to two digits a step.
    m = with_digits(90)
    value = m.mills(m.number(x)).low
    context = Context(prec=90)
    d = context.divide(Decimal(x.numerator), Decimal(x.denominator))
    derivatives = [value, context.subtract(context.multiply(d, value), Decimal(1))]
    for n in range(1, DEGREE + 1):
        step = context.multiply(d, derivatives[n])
        derivatives.append(context.add(step, context.multiply(Decimal(n), derivatives[n - 1])))
    coefficients, factorial = [], 1
    for n, derivative in enumerate(derivatives):
        factorial *= max(n, 1)
        coefficients.append(Fraction(derivative) / factorial)
    return coefficients
