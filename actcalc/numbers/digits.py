"""Rounding to a number of significant decimal digits, such numbers as text, and how far they are right."""

from collections.abc import Iterable
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import NamedTuple

from actcalc.errors import ActcalcError
from actcalc.numbers.numerals import Numeral
from actcalc.numbers.ulp import Question


class Digits:
    """Rounds to nearest, ties to even, to ``count`` significant decimal digits.

    The same questions can be put to it as to a ``floats.Format``.
    """

    def __init__(self, count: int) -> None:
        self.count = self.digits = count
        self._context = Context(count, ROUND_HALF_EVEN, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])

    def round_exact(self, value: Fraction | Decimal, beyond: int = 0) -> Decimal:
        """``value`` rounded; ``beyond`` is the sign of an infinitely small amount to be added to it."""
        if isinstance(value, Fraction):
            rounded = self._context.divide(Decimal(value.numerator), Decimal(value.denominator))
        else:
            rounded = self._context.plus(value)
        if beyond == 0 or rounded == 0:
            return rounded
        beside = self._context.next_plus(rounded) if beyond > 0 else self._context.next_minus(rounded)
        half_way = (Fraction(rounded) + Fraction(beside)) / 2
        return beside if value == half_way else rounded

    def round_between(self, low: Decimal, high: Decimal) -> Decimal | None:
        """The one rounded number for every number strictly between two bounds, or None.

        Equal bounds stand for that number itself.
        """
        if low == high:
            return self.round_exact(low)
        if (
            low.is_infinite()
            or high.is_infinite()
            or _is_beyond(low, high)
            or _is_beyond(high.copy_negate(), low.copy_negate())
        ):
            raise ActcalcError("the result has an exponent of more than sixteen digits")
        if low.is_zero() or high.is_zero():
            return None
        rounded = self.round_exact(low)
        if rounded == self.round_exact(high):
            return rounded
        if abs(low.adjusted()) > _TIES or abs(high.adjusted()) > _TIES:
            return None
        rounded = self.round_exact(low, beyond=1)
        return rounded if rounded == self.round_exact(high, beyond=-1) else None

    def text(self, value: Decimal) -> str:
        """``value`` with all its digits; with an exponent below 1e-4 and from 1e16."""
        if value.is_zero():
            return "0"
        digits = "".join(map(str, value.as_tuple().digits)).ljust(self.count, "0")
        exponent = value.adjusted()
        sign = "-" if value.is_signed() else ""
        if -4 <= exponent < 16:
            plain = Decimal(digits).scaleb(exponent + 1 - self.count, self._context)
            return sign + format(plain, "f")
        fraction = f".{digits[1:]}" if self.count > 1 else ""
        return f"{sign}{digits[0]}{fraction}e{exponent:+03d}"


def _is_beyond(low: Decimal, high: Decimal) -> bool:
    """Whether it is known only that a number lies above 0, by less than any that can be written."""
    return low.is_zero() and high.adjusted() < -(10**16)


# Exact ties, whose search expands the number, are of no size beyond this power of ten.
_TIES = 20000


class Place(NamedTuple):
    """The last place of decimals: they have so many significant ``digits``, or digits behind the point."""

    digits: int
    is_fixed: bool = False

    def unit(self, exact: Fraction) -> Fraction:
        """One in the last place, beside an exact value: 0 if that is 0, and has no significant digits."""
        if self.is_fixed:
            return Fraction(1, 10**self.digits)
        return Fraction(10) ** (decade(exact) + 1 - self.digits) if exact else Fraction(0)

    def __str__(self) -> str:
        what = "decimal" if self.is_fixed else "significant digit"
        return f"{self.digits} {what}" + "s" * (self.digits != 1)


class PlaceMissed(Question):
    """Rounds an exact value to 1 if ``x`` is off by more than half a unit of its last place, else to 0."""

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
    """The last place of a column: its decimals if all have as many, else its most significant digits.

    Raises ActcalcError if it has no decimals at all.
    """
    decimals: set[int | None] = set()
    most = 0
    for numeral in column:
        if numeral.significant is not None:
            decimals.add(numeral.decimals)
            most = max(most, numeral.significant)
    if not decimals:
        raise ActcalcError("finds no decimal: say how many digits are to be right", about="digits")
    (only,) = decimals if len(decimals) == 1 else (None,)
    return Place(max(most, 1)) if only is None else Place(only, is_fixed=True)
