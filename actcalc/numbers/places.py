"""The last place of decimals, and whether values are right to that place."""

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from actcalc.errors import ActcalcError
from actcalc.numbers.numerals import Numeral
from actcalc.numbers.ulp import Decision


class Place(NamedTuple):
    """The last place of decimals with ``digits`` significant digits, or after the point if ``is_fixed``."""

    digits: int
    is_fixed: bool = False

    def unit(self, exact: Fraction) -> Fraction:
        """The unit of the last place for an exact value; 0 for 0, which has no significant digits."""
        if self.is_fixed:
            return Fraction(1, 10**self.digits)
        return Fraction(10) ** (decade(exact) + 1 - self.digits) if exact else Fraction(0)

    def __str__(self) -> str:
        what = "decimal" if self.is_fixed else "significant digit"
        return f"{self.digits} {what}" + "s" * (self.digits != 1)


class PlaceMissed(Decision):
    """Answers 1 if ``x`` is off the exact value by more than half a unit in the last place, else 0."""

    def __init__(self, x: Fraction, place: Place) -> None:
        super().__init__(place.digits + 20)
        self._x, self._place = x, place

    def round_exact(self, value: Fraction) -> int:
        return int(2 * abs(self._x - value) > self._place.unit(value))

    def _between(self, a: Fraction, b: Fraction) -> int | None:
        twice = [2 * abs(self._x - end) for end in (a, b)]
        units = [self._place.unit(end) for end in (a, b)]
        least = Fraction(0) if a < self._x < b else min(twice)
        if min(units) and max(twice) <= min(units):
            return 0
        return 1 if least and least >= max(units) else None


def decade(x: Fraction) -> int:
    """The decimal exponent of the first digit of a number that is not 0."""
    n, d = abs(x.numerator), x.denominator
    near = (n.bit_length() - d.bit_length()) * 30103 // 100000
    return next(e for e in (near + 1, near, near - 1) if (n >= d * 10**e if e >= 0 else n * 10**-e >= d))


def last_place(column: Iterable[Numeral]) -> Place:
    """The last place of a column: its decimals if their number is constant, else its most significant digits.

    Raises ActcalcError if the column has no decimals.
    """
    decimals: set[int | None] = set()
    most = 0
    for numeral in column:
        if numeral.significant is not None:
            decimals.add(numeral.decimals)
            most = max(most, numeral.significant)
    if not decimals:
        raise ActcalcError("finds no decimal: say how many digits must be right", about="digits")
    (only,) = decimals if len(decimals) == 1 else (None,)
    return Place(max(most, 1)) if only is None else Place(only, is_fixed=True)
