"""Rulers for results: where exact values and rounded ones lie on them, in units of the last place."""

import math
from fractions import Fraction

from actcalc.numbers.floats import FLOAT64, Format
from actcalc.numbers.integers import IntegerFormat
from actcalc.numbers.roundings import Rounding
from actcalc.numbers.ulp import Answer, Question, counted, floats_apart, ulp_exponent

_BEYOND = Fraction(2) ** 2000
"""A number beyond all formats."""


class Ruler:
    """The values that a rounding gives, and the places of exact values among them.

    The place of a number is that number. Of an integer format it is the code that would stand for it, a
    fraction, and an ulp is one code. What overflows to the largest number, as integers always do, is at the
    place of that.
    """

    def __init__(self, rounding: Rounding) -> None:
        fmt = rounding.fmt
        self.rounding = rounding
        self.fmt = fmt
        self.digits = fmt.digits
        self.is_integer = isinstance(fmt, IntegerFormat)
        if isinstance(fmt, IntegerFormat):
            # Codes lie as subnormal numbers do: at one distance.
            self.quantum_exponent, self.emax, self.precision = 0, fmt.bits - 1, fmt.bits
            self.smallest_normal = 0.0
            self.largest = float(fmt.highest)
            self.unit, self.origin = fmt.scale, fmt.zero
        else:
            self.quantum_exponent, self.emax, self.precision = fmt.quantum_exponent, fmt.emax, fmt.precision
            self.smallest_normal = fmt.smallest_normal
            self.largest = fmt.largest
            self.unit, self.origin = Fraction(1), 0
        self.low, self.high = (rounding.round_exact(side * _BEYOND) for side in (-1, 1))
        """The values of numbers that are far too large; not finite where these have no other place."""
        self.is_plain = not self.is_integer and not math.isfinite(self.low) and not math.isfinite(self.high)
        """Whether the place of every number is that number."""

    def beside(self, exact: Fraction) -> Fraction:
        """The place of a number if it did not overflow."""
        return exact / self.unit + self.origin

    def place(self, exact: Fraction) -> Fraction:
        """The place of a number."""
        place = self.beside(exact)
        if math.isfinite(self.low):
            place = max(place, Fraction(self.low))
        return min(place, Fraction(self.high)) if math.isfinite(self.high) else place

    def value_of(self, place: float) -> Fraction:
        """The number at a place."""
        return (Fraction(place) - self.origin) * self.unit

    def size_of(self, distance: float) -> float:
        """A distance of values as one of numbers, rounded."""
        return distance if not self.is_integer else FLOAT64.round_exact(Fraction(distance) * self.unit)

    def ulps_between(self, x: float, place: Fraction) -> Fraction:
        """The distance of ``x``, which is not NaN, from the ``place`` of an exact value, in ulps there.

        Infinities are ``counted``, the one that the exact value is rounded to among them.
        """
        if not self.is_integer and math.isinf(rounded := self.rounding.round_exact(place)):
            place = counted(rounded, self)
        return abs(counted(x, self) - place) / Fraction(2) ** ulp_exponent(place, self)

    def apart(self, x: float, y: float) -> int:
        """How many steps from one value to the next lead from ``x`` to ``y``; no number is NaN."""
        if isinstance(self.fmt, Format):
            return floats_apart(x, y, self.fmt)
        return abs(int(counted(x, self)) - int(counted(y, self)))

    def ask(self, question: Question[Answer]) -> "Question[Answer]":
        """A question about places as one about exact values."""
        return question if self.is_plain else _OfPlaces(self, question)


class _OfPlaces(Question[Answer]):
    """A question that is asked about the place of an exact value."""

    def __init__(self, ruler: Ruler, question: Question[Answer]) -> None:
        super().__init__(question.digits)
        self._ruler, self._question = ruler, question

    def round_exact(self, value: Fraction) -> Answer:
        return self._question.round_exact(self._ruler.place(value))

    def between(self, a: Fraction, b: Fraction) -> Answer | None:
        low, high = self._ruler.place(a), self._ruler.place(b)
        if low == high:
            return self._question.round_exact(low)
        # The largest number, of what is between bounds left out, is the place of all that is beyond it.
        is_within = (low, high) == (self._ruler.beside(a), self._ruler.beside(b))
        return self._question.between(low, high) if is_within else None
