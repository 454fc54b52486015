"""Formulas next to 0 in bulk: by their Taylor polynomials, whose first terms do not cancel."""

import math
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from actcalc.arithmetic.exact import Formula, in_symbols
from actcalc.arithmetic.interval import Interval, Intervals, with_digits
from actcalc.arithmetic.jets import derivative

NEAR = 2.0**-12
"""Where the polynomials hold."""
_TERMS = 10
_FAR = 10**4
"""Decimal digits of fractions that are worked with: exp(-1e18) would have as many as 10**17."""
_KNOWN = Fraction(1, 10**45)
"""The width that the bulk arithmetic takes an interval to have, relative to itself."""


@lru_cache(maxsize=256)
def next_to_zero(formula: Formula, side: int) -> Formula | None:
    """The formula for pairs at z of one sign, of size up to NEAR; None if it is not known to be a polynomial.

    The remainder is all that the next derivative is on the way from 0 to NEAR (Taylor's theorem with
    Lagrange's remainder). It is counted relative to the first coefficient other than 0, beside which the
    others are small.
    """
    m = with_digits(60)
    low, high = sorted((Decimal(0), Decimal(NEAR * side)))
    try:
        known = [_coefficient(m, derivative(formula, k, side, _TERMS), k) for k in range(_TERMS)]
        beyond = m.number(derivative(formula, _TERMS, side)(m, Interval(m, low, high)))
        first = next(k for k, c in enumerate(known) if c != 0)
        least = _min_abs(m, known[first])
        most = [_max_abs(m, c) * Fraction(NEAR) ** k for k, c in enumerate(known[first:])]
        off = _max_abs(m, beyond) / math.factorial(_TERMS) * Fraction(NEAR) ** (_TERMS - first)
    except (StopIteration, ArithmeticError, ValueError):
        return None
    coefficients: list[Any] = []
    for k, c in enumerate(known[first:]):
        if isinstance(c, Interval) and _max_abs(m, c) - _min_abs(m, c) > _KNOWN * _min_abs(m, c):
            off += most[k]
            c = Fraction(0)
        coefficients.append(c)
    if least == 0 or coefficients[0] == 0 or sum(most[1:]) * 4 > least:
        return None
    relative = float(off / least * 2)

    def polynomial(m: Any, z: Any) -> Any:
        total: Any = Fraction(0)
        for c in reversed(coefficients):
            total = total * z + (m.constant(c) if isinstance(c, Interval) else c)
        value = z**first * total if first else m.number(total)
        value.rel += relative
        return value

    return polynomial


def _coefficient(m: Intervals, formula: Formula, order: int) -> Fraction | Interval:
    """The derivative of an order at 0 over its factorial, exactly if it can be."""
    exact = in_symbols(formula, Fraction(0))
    if exact is not None:
        return exact / math.factorial(order)
    return m.number(formula(m, m.number(Fraction(0)))) / Fraction(math.factorial(order))


def _max_abs(m: Intervals, x: Fraction | Interval) -> Fraction:
    return max(map(abs, _ends(m, x)))


def _min_abs(m: Intervals, x: Fraction | Interval) -> Fraction:
    low, high = _ends(m, x)
    return Fraction(0) if low <= 0 <= high else min(abs(low), abs(high))


def _ends(m: Intervals, x: Fraction | Interval) -> tuple[Fraction, Fraction]:
    """The ends of an interval, exactly. Raises OverflowError if one has too many digits."""
    bounds = m.number(x)
    if any(end and abs(end.adjusted()) > _FAR for end in (bounds.low, bounds.high)):
        raise OverflowError
    low, high = (Fraction(end) if end else Fraction(0) for end in (bounds.low, bounds.high))
    return low, high
