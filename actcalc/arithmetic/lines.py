"""Evaluation next to a straight line for all z of a range at once: far out gelu(z) is slightly less than z.

A number is ``factor * z + rest``, where both are numbers of ``anchored``: a fraction, or one plus a small
rest. A number that is not linear in z has the factor 0.
"""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from actcalc.arithmetic.anchored import Anchors, NearFraction
from actcalc.arithmetic.anchored import Operand as Part
from actcalc.arithmetic.exact import Formula
from actcalc.arithmetic.operators import Operators
from actcalc.arithmetic.rational import NotRational

_DIGITS = 60
CLOSE = 2.0**-60
"""The relative distance from a line within which there are no float64 between formula and line."""


class NearLine(Operators["NearLine"]):
    """A multiple of z plus a number; both the factor and the number may be next to a fraction."""

    __slots__ = ("factor", "m", "rest")

    def __init__(self, m: "Lines", factor: Part, rest: Part) -> None:
        self.m, self.factor, self.rest = m, factor, rest

    @property
    def whole(self) -> Part:
        """The number as an enclosure over the range of z."""
        if self.factor == 0:
            return self.rest
        multiple = self.m.z * self.factor
        return multiple if self.rest == 0 else multiple + self.rest

    def __add__(self, other: Any) -> "NearLine":
        other = self.m.number(other)
        return NearLine(self.m, self.factor + other.factor, self.rest + other.rest)

    def __neg__(self) -> "NearLine":
        return NearLine(self.m, -self.factor, -self.rest)

    def __mul__(self, other: Any) -> "NearLine":
        other = self.m.number(other)
        if self.factor != 0 and other.factor != 0:
            return self.m.number(self.whole * other.whole)
        x, y = (other, self) if self.factor == 0 else (self, other)
        return NearLine(self.m, x.factor * y.rest, x.rest * y.rest)

    def __truediv__(self, other: Any) -> "NearLine":
        other = self.m.number(other)
        if other.factor != 0:
            return self.m.number(self.whole / other.whole)
        return NearLine(self.m, self.factor / other.rest, self.rest / other.rest)


class Lines:
    """The namespace of maths functions over ``NearLine`` for z from ``low`` to ``high``."""

    def __init__(self, low: Decimal, high: Decimal) -> None:
        self.base = Anchors(_DIGITS)
        self.z: Part = self.base.build(Fraction(0), self.base.base.between(low, high))

    def number(self, x: "NearLine | Part | int") -> NearLine:
        """``x`` if it is a NearLine, else the constant ``x``."""
        if isinstance(x, NearLine):
            return x
        return NearLine(self, Fraction(0), Fraction(x) if isinstance(x, int) else x)

    def sign(self, x: Any) -> int:
        """The sign of x: -1, 0 or 1. Raises Undecided if it may vary over the range."""
        return self.base.sign(self.number(x).whole)

    def series(self, coefficient: Callable[[int], Fraction], x: Any) -> NearLine:
        """The sum over k >= 0 of ``coefficient(k) * x**k``, for 0 <= x <= 1."""
        return self.number(self.base.series(coefficient, self.number(x).whole))

    @property
    def pi(self) -> NearLine:
        """Archimedes' constant."""
        return self.number(self.base.pi)

    @property
    def ln2(self) -> NearLine:
        """The natural logarithm of 2."""
        return self.number(self.base.ln2)

    def __getattr__(self, name: str) -> Callable[[Any], NearLine]:
        function = getattr(self.base, name)
        return lambda x: self.number(function(self.number(x).whole))


class Beside(NamedTuple):
    """A line such that a formula stays within CLOSE of it and on one side of it in some range."""

    slope: Fraction
    offset: Fraction
    side: int
    """1 if the formula is farther from 0 than the line, -1 if it is nearer to 0."""


@lru_cache(maxsize=256)
def line_between(formula: Formula, low: float, high: float) -> Beside | None:
    """The line that a formula is next to from ``low`` to ``high``, of the same sign; None if unknown."""
    m = Lines(Decimal(low), Decimal(high))
    try:
        found = m.number(formula(m, NearLine(m, Fraction(1), Fraction(0))))
        slope, offset = (x.anchor if isinstance(x, NearFraction) else x for x in (found.factor, found.rest))
        more = NearLine(m, found.factor - slope, found.rest - offset).whole
        bounds, side = m.base.bounds(more), m.base.sign(more)
    except (NotRational, ArithmeticError, ValueError):
        return None
    ends = [slope * Fraction(z) + offset for z in (low, high)]
    least = min(map(abs, ends)) if ends[0] * ends[1] > 0 else Fraction(0)
    most = Decimal(least.numerator) / Decimal(least.denominator) * Decimal(CLOSE / 2)
    if side == 0 or not max(abs(bounds.low), abs(bounds.high)) <= most:
        return None
    return Beside(slope, offset, side if ends[0] > 0 else -side)
