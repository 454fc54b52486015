"""Rulers measure the distance between rounded results and exact values in units in the last place."""

import math
from fractions import Fraction

from actcalc.numbers.floats import FLOAT64, Format
from actcalc.numbers.integers import IntegerFormat
from actcalc.numbers.roundings import Rounding
from actcalc.numbers.ulp import Answer, Question, counted, floats_apart, ulp_exponent

_BEYOND = Fraction(2) ** 2000
"""A number too large for every format."""


class Ruler:
    """The values that a rounding gives, and the places of exact values among them.

    In a float format the place of a number is the number itself. In an integer format it is the fractional
    code that would stand for the number, and an ulp is one code. A number that overflows to the largest, as
    integers always do, has the place of the largest.
    """

    def __init__(self, rounding: Rounding) -> None:
        fmt = rounding.fmt
        self.rounding = rounding
        self.fmt = fmt
        self.digits = fmt.digits
        self.is_integer = isinstance(fmt, IntegerFormat)
        if isinstance(fmt, IntegerFormat):
            # Codes are evenly spaced, as subnormals are.
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
        """The results for numbers far beyond the range; not finite unless these saturate."""
        self.is_plain = not self.is_integer and not math.isfinite(self.low) and not math.isfinite(self.high)
        """Whether the place of every number is the number itself."""

    def beside(self, exact: Fraction) -> Fraction:
        """The place of a number, without regard to overflow."""
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
        """Convert a distance of values to one of numbers, rounded."""
        return distance if not self.is_integer else FLOAT64.round_exact(Fraction(distance) * self.unit)

    def ulps_between(self, x: float, place: Fraction) -> Fraction:
        """The distance of ``x``, which is not NaN, from the ``place`` of an exact value, in ulps there.

        Infinities, also one that the exact value rounds to, are replaced as by ``counted``.
        """
        if not self.is_integer and math.isinf(rounded := self.rounding.round_exact(place)):
            place = counted(rounded, self)
        return abs(counted(x, self) - place) / Fraction(2) ** ulp_exponent(place, self)

    def apart(self, x: float, y: float) -> int:
        """How many values ``x`` and ``y`` are apart, both zeros counting as one; neither is NaN."""
        if isinstance(self.fmt, Format):
            return floats_apart(x, y, self.fmt)
        return abs(int(counted(x, self)) - int(counted(y, self)))

    def ask(self, question: Question[Answer]) -> "Question[Answer]":
        """Turn a question about places into one about exact values."""
        return question if self.is_plain else _OfPlaces(self, question)


class _OfPlaces(Question[Answer]):
    """Asks a question about the place of an exact value."""

    def __init__(self, ruler: Ruler, question: Question[Answer]) -> None:
        super().__init__(question.digits)
        self._ruler, self._question = ruler, question

    def round_exact(self, value: Fraction) -> Answer:
        return self._question.round_exact(self._ruler.place(value))

    def between(self, a: Fraction, b: Fraction) -> Answer | None:
        low, high = self._ruler.place(a), self._ruler.place(b)
        if low == high:
            return self._question.round_exact(low)
        # Everything beyond the largest number has its place, which `between` would leave out.
        is_within = (low, high) == (self._ruler.beside(a), self._ruler.beside(b))
        return self._question.between(low, high) if is_within else None
