"""Rounding to a number of significant digits or of decimals, and the text of the result."""

from decimal import (
    MAX_EMAX,
    MIN_EMIN,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
)
from fractions import Fraction

from actcalc.errors import ActcalcError, Argument, Wording
from actcalc.numbers.floats import EXACT


class Digits:
    """Rounds to nearest, ties to even, to ``count`` significant decimal digits.

    It rounds with the same methods as ``floats.Format``.
    """

    argument = "digits"
    """The argument of the library that selects this rounding."""

    def __init__(self, count: int) -> None:
        self.count = self.digits = count
        self._context = Context(count, ROUND_HALF_EVEN, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])

    def round_exact(self, value: Fraction | Decimal, beyond: int = 0) -> Decimal:
        """``value`` rounded; ``beyond`` is the sign of an infinitesimal that is added to it first."""
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
        """The result if every number strictly between two bounds rounds to the same one, else None.

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
        """``value`` with all its digits; with an exponent if it is below 1e-4, or 1e16 or more."""
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


class Decimals:
    """Rounds to nearest, ties to even, to ``count`` digits after the decimal point.

    A zero has the sign of the number that was rounded to it. It rounds with the same methods as ``Digits``.
    """

    argument = "decimals"

    def __init__(self, count: int) -> None:
        self.count = self.digits = count
        self._unit = Decimal((0, (1,), -count))

    def round_exact(self, value: Fraction | Decimal) -> Decimal:
        """``value`` rounded."""
        if isinstance(value, Decimal):
            return value.quantize(self._unit, ROUND_HALF_EVEN, EXACT)
        rounded = Decimal(round(value * 10**self.count)).scaleb(-self.count, EXACT)
        return rounded.copy_negate() if rounded.is_zero() and value < 0 else rounded

    def round_between(self, low: Decimal, high: Decimal) -> Decimal | None:
        """The result if every number strictly between two bounds rounds to the same one, else None.

        Equal bounds stand for that number itself. Raises ActcalcError for numbers too long to read.
        """
        if low > _LONGEST or high < -_LONGEST:
            raise ActcalcError(
                "the result has more than ten thousand digits before the point",
                Wording(Argument("digits", "N"), " prints significant digits instead"),
            )
        if high > _LONGEST or low < -_LONGEST:
            return None
        if low == high:
            return self.round_exact(low)
        rounded, other = self._round_beside(low, 1), self._round_beside(high, -1)
        return rounded if rounded == other and rounded.is_signed() == other.is_signed() else None

    def _round_beside(self, value: Decimal, side: int) -> Decimal:
        """Round a number infinitely close to ``value``: above it if ``side`` is 1, below if -1."""
        if value.is_zero():
            return Decimal(0).quantize(self._unit).copy_sign(Decimal(side))
        is_outside = (value > 0) == (side > 0)
        return value.quantize(self._unit, ROUND_HALF_UP if is_outside else ROUND_HALF_DOWN, EXACT)

    def text(self, value: Decimal) -> str:
        """``value`` with all its digits, never with an exponent."""
        return format(value, "f")


_LONGEST = Decimal("1e10000")


def _is_beyond(low: Decimal, high: Decimal) -> bool:
    """Whether the bounds say only that the number is above 0 and too small for a ``Decimal``."""
    return low.is_zero() and high.adjusted() < -(10**16)


# Numbers beyond this power of ten are never exact ties; looking for one would expand all their digits.
_TIES = 20000
