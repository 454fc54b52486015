"""Rounding to a number of significant decimal digits, and such numbers as text."""

from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

from actcalc.errors import ActcalcError


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
