"""Arrays next to 0, evaluated by Taylor polynomials, whose first terms do not cancel."""

import math
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from actcalc.arithmetic.approximate import LEAST
from actcalc.arithmetic.exact import Formula, in_symbols
from actcalc.arithmetic.interval import Interval, Intervals, with_digits
from actcalc.arithmetic.jets import derivative, derivatives
from actcalc.arithmetic.rational import NotRational

NEAR = 2.0**-12
"""The largest size of z for which the polynomials are used."""
_TERMS = 10
_FAR = 10**4
"""The most decimal digits of a fraction; exp(-1e18), for example, would have 10**17 digits."""
_KNOWN = Fraction(1, 10**45)
"""The relative width up to which ``kernels`` accepts an interval as a constant."""


class _Series(NamedTuple):
    """The first coefficients at 0 on one side, and a bound of the next one between 0 and NEAR."""

    m: Intervals
    known: list[Fraction | Interval]
    beyond: Fraction

    @property
    def places(self) -> list[int]:
        """The indices of the nonzero coefficients."""
        return [k for k, c in enumerate(self.known) if c != 0]


@lru_cache(maxsize=256)
def _series(formula: Formula, side: int) -> _Series:
    """The Taylor series of a formula at 0. Raises ArithmeticError or ValueError if it has none."""
    m = with_digits(60)
    low, high = sorted((Decimal(0), Decimal(NEAR * side)))
    known = [x / Fraction(math.factorial(k)) for k, x in enumerate(_derivatives_at_zero(m, formula, side))]
    beyond = m.number(derivative(formula, _TERMS, side)(m, Interval(m, low, high)))
    return _Series(m, known, _max_abs(m, beyond) / math.factorial(_TERMS))


def coefficients(formula: Formula, side: int) -> list[Fraction | Interval] | None:
    """The first Taylor coefficients at 0, exact if they are fractions; None if there is no series."""
    try:
        return _series(formula, side).known
    except (ArithmeticError, ValueError):
        return None


@lru_cache(maxsize=256)
def next_to_zero(formula: Formula, side: int, size: float = NEAR) -> Formula | None:
    """The Taylor polynomial at z of one sign, up to a size of at most NEAR, as a formula for pairs, or None.

    The remainder follows from a bound of the next derivative between 0 and NEAR (Taylor's theorem with the
    Lagrange remainder). It is relative to the first nonzero term, beside which the others are small.
    """
    try:
        m, known, beyond = series = _series(formula, side)
        first = series.places[0]
        least = _min_abs(m, known[first])
        most = [_max_abs(m, c) * Fraction(size) ** k for k, c in enumerate(known[first:])]
        off = beyond * Fraction(size) ** (_TERMS - first)
    except (IndexError, ArithmeticError, ValueError):
        return None
    coefficients: list[Any] = []
    for k, c in enumerate(known[first:]):
        if isinstance(c, Interval) and _max_abs(m, c) - _min_abs(m, c) > _KNOWN * _min_abs(m, c):
            off += most[k]
            c = Fraction(0)
        coefficients.append(c)
    if least == 0 or coefficients[0] == 0 or (sum(most[1:]) + off) * 4 > least:
        return None
    relative = float(off / least * 2) + LEAST if off else 0.0
    while coefficients[-1] == 0:
        coefficients.pop()

    def polynomial(m: Any, z: Any) -> Any:
        total, *others = (m.constant(c) if isinstance(c, Interval) else c for c in reversed(coefficients))
        for c in others:
            total = total * z + c
        value = z**first * total if first else m.number(total)
        value.rel += relative
        return value

    return polynomial


class Line(NamedTuple):
    """A line through 0 that a formula is next to, at z of one sign up to a size."""

    slope: Fraction
    side: int
    """1 if the formula is farther from 0 than the line, -1 if it is nearer to 0."""
    most: float


NEXT = 2.0**-80
"""The relative distance between a formula and its line."""
_FEW_BITS = 24
"""The most bits of a slope. Its products with float64 then have 77 bits, and a product that is not half way
between two floats differs from that by more than 2^-77 of it.
"""


@lru_cache(maxsize=256)
def next_to_line(formula: Formula, side: int) -> Line | None:
    """The line through 0 that a formula is next to; None if there is none whose slope has few bits.

    The second coefficient, beside which the others are small, determines the side of the line.
    """
    try:
        m, known, beyond = series = _series(formula, side)
        first, second, *others = series.places
        slope = known[first]
        least = _min_abs(m, known[second])
        rest = sum((_max_abs(m, known[k]) * Fraction(NEAR) ** (k - second) for k in others), Fraction(0))
        rest += beyond * Fraction(NEAR) ** (_TERMS - second)
    except (ArithmeticError, ValueError):
        return None
    if first != 1 or not isinstance(slope, Fraction) or least == 0 or rest * 2 > least:
        return None
    if slope.denominator & (slope.denominator - 1) or abs(slope.numerator) >= 2**53:
        return None
    if (slope.numerator // (slope.numerator & -slope.numerator)).bit_length() > _FEW_BITS:
        return None
    size = Fraction(NEXT) * abs(slope) / (2 * _max_abs(m, known[second]))
    exponent = size.numerator.bit_length() - size.denominator.bit_length() - 1
    sign = m.sign(m.number(known[second])) * (1 if slope > 0 else -1) * side ** (second - 1)
    return Line(slope, sign, min(NEAR, 2.0 ** max(exponent // (second - 1), -1000)))


def _derivatives_at_zero(m: Intervals, formula: Formula, side: int) -> list[Fraction | Interval]:
    """The first derivatives at 0 on one side, exact if possible."""
    from actcalc.arithmetic.algebra import Algebra

    every = [derivative(formula, order, side, _TERMS) for order in range(_TERMS)]
    exact: list[Fraction | None] = [None] * _TERMS
    with suppress(NotRational, ArithmeticError):
        found = derivatives(formula, _TERMS, side, _TERMS, Algebra(), Fraction(0))
        if found is None:
            exact = [in_symbols(one, Fraction(0)) for one in every]
        else:
            exact = [Fraction(x) if isinstance(x, Fraction | int) else None for x in found]
    if None not in exact:
        return [x for x in exact if x is not None]
    zero = m.number(Fraction(0))
    near = derivatives(formula, _TERMS, side, _TERMS, m, zero)
    return [
        m.number(one(m, zero) if near is None else near[order]) if x is None else x
        for order, (one, x) in enumerate(zip(every, exact, strict=True))
    ]


def _max_abs(m: Intervals, x: Fraction | Interval) -> Fraction:
    return max(map(abs, _ends(m, x)))


def _min_abs(m: Intervals, x: Fraction | Interval) -> Fraction:
    low, high = _ends(m, x)
    return Fraction(0) if low <= 0 <= high else min(abs(low), abs(high))


def _ends(m: Intervals, x: Fraction | Interval) -> tuple[Fraction, Fraction]:
    """The exact ends of an interval. Raises OverflowError if one has too many digits."""
    bounds = m.number(x)
    if any(end and abs(end.adjusted()) > _FAR for end in (bounds.low, bounds.high)):
        raise OverflowError
    low, high = (Fraction(end) if end else Fraction(0) for end in (bounds.low, bounds.high))
    return low, high
