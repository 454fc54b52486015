"""Evaluation next to a straight line, for all z of a range at once: far out gelu(z) is a little less than z.

A number is ``slope * z + rest``, where the rest is one of ``anchored``: a fraction, or a fraction and a
little more. What is not linear in z is a rest by itself.
"""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from actcalc.arithmetic.anchored import Anchors, NearFraction
from actcalc.arithmetic.anchored import Operand as Rest
from actcalc.arithmetic.exact import Formula
from actcalc.arithmetic.operators import Operators
from actcalc.arithmetic.rational import NotRational

_DIGITS = 60
CLOSE = 2.0**-60
"""How near to a line a formula is, relative to it: so near that a float64 is none of the numbers between."""


class NearLine(Operators["NearLine"]):
    """A multiple of z plus a number that may be next to a fraction."""

    __slots__ = ("m", "rest", "slope")

    def __init__(self, m: "Lines", slope: Fraction, rest: Rest) -> None:
        self.m, self.slope, self.rest = m, slope, rest

    @property
    def whole(self) -> Rest:
        """The number as one that lies in some range."""
        if self.slope == 0:
            return self.rest
        multiple = self.m.z * self.slope
        return multiple if self.rest == 0 else multiple + self.rest

    def __add__(self, other: Any) -> "NearLine":
        other = self.m.number(other)
        return NearLine(self.m, self.slope + other.slope, self.rest + other.rest)

    def __neg__(self) -> "NearLine":
        return NearLine(self.m, -self.slope, -self.rest)

    def __mul__(self, other: Any) -> "NearLine":
        other = self.m.number(other)
        if self.slope and other.slope:
            return self.m.number(self.whole * other.whole)
        x, y = (self, other) if self.slope else (other, self)
        factor, more = _parts(y.rest)
        rest = x.rest * y.rest
        if x.slope and more != 0:
            rest = self.m.z * x.slope * more + rest
        return NearLine(self.m, x.slope * factor, rest)

    def __truediv__(self, other: Any) -> "NearLine":
        return self * (1 / self.m.number(other))

    def __rtruediv__(self, other: Fraction | int) -> "NearLine":
        return self.m.number(Fraction(other) / self.whole)


def _parts(x: Rest) -> tuple[Fraction, Rest]:
    """The fraction that a number is next to, and what else there is of it."""
    return (x.anchor, x - x.anchor) if isinstance(x, NearFraction) else (x, Fraction(0))


class Lines:
    """The namespace of maths functions over such numbers, for z from one number to another."""

    def __init__(self, low: Decimal, high: Decimal) -> None:
        self.base = Anchors(_DIGITS)
        self.z: Rest = self.base.build(Fraction(0), self.base.base.between(low, high))

    def number(self, x: "NearLine | Rest | int") -> NearLine:
        """``x``, or the number that is a constant."""
        if isinstance(x, NearLine):
            return x
        return NearLine(self, Fraction(0), Fraction(x) if isinstance(x, int) else x)

    def sign(self, x: Any) -> int:
        """-1, 0 or 1. Raises Undecided if it may differ."""
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
    """A line that a formula is next to in some range, within CLOSE of it, and always on one side of it."""

    slope: Fraction
    offset: Fraction
    side: int
    """Whether the formula is beyond the line, 1, or between it and 0, -1."""


@lru_cache(maxsize=256)
def line_between(formula: Formula, low: float, high: float) -> Beside | None:
    """The line that a formula is next to from one z to another, both of one sign; None if none is known."""
    m = Lines(Decimal(low), Decimal(high))
    try:
        found = m.number(formula(m, NearLine(m, Fraction(1), Fraction(0))))
        offset, more = _parts(found.rest)
        bounds = m.base.bounds(more)
        side = m.base.sign(more)
    except (NotRational, ArithmeticError, ValueError):
        return None
    ends = [found.slope * Fraction(z) + offset for z in (low, high)]
    least = min(map(abs, ends)) if ends[0] * ends[1] > 0 else Fraction(0)
    if side == 0 or not max(abs(bounds.low), abs(bounds.high)) <= Decimal(float(least)) * Decimal(CLOSE / 2):
        return None
    return Beside(found.slope, offset, side if ends[0] > 0 else -side)
