"""Numbers as people write them, and exact numbers as decimal text."""

import math
import re
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from actcalc.errors import ActcalcError, NotANumber, quote
from actcalc.numbers.floats import EXACT, Format

if TYPE_CHECKING:
    from actcalc.numbers.integers import NumberFormat

MINUS_SIGN = "\u2212"
LONGEST = 4000
"""The most characters of a number; the longest exact float64 has 1077."""

# Allows the D of Fortran's exponents, and the f of C's floats after a point or an exponent.
_DECIMAL = re.compile(r"([+-]?)(?:(\d+)\.?(\d*)|\.(\d+))(?:[eEdD]([+-]?\d+))?([fF])?", re.ASCII)
_HEXADECIMAL = r"([+-]?)0[xX](?:([0-9a-fA-F]+)\.?([0-9a-fA-F]*)|\.([0-9a-fA-F]+))[pP]([+-]?\d+)"
_NOT_FINITE = {"inf": math.inf, "infinity": math.inf, "nan": math.nan}

# No float format, and no sum with a written number, can tell numbers beyond these powers apart.
FARTHEST = 6000
"""The largest power of ten that is expanded; below its inverse numbers are not expanded, either."""
_LARGEST_EXPONENT = 10**18
SMALLEST = Fraction(1, 10**FARTHEST)
"""The number that stands for all smaller ones."""


class Numeral:
    """A number as written: a sign, digits and an exponent of any size, or an infinity or NaN.

    It is written as an optional sign (+, - or U+2212), then ASCII digits with an optional point and
    exponent, as in Python, Fortran (``1.0D-5``) or C (``0.5f``); or ``inf``, ``infinity``, ``nan`` in any
    case; or a hexadecimal float with its ``p``. Raises ActcalcError for anything else.
    """

    __slots__ = ("_base", "_digits", "_exponent", "_not_finite", "_sign", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._not_finite: float | None = None
        if len(text) > LONGEST:
            raise NotANumber(f"{quote(text)} is too long: a number has at most {LONGEST} characters")
        plain = "-" + text[1:] if text.startswith(MINUS_SIGN) else text
        match = _DECIMAL.fullmatch(plain)
        if match and not (match[6] and plain[:-1].lstrip("+-").isdigit()):
            self._base, radix, places = 10, 10, 1
        elif match := re.fullmatch(_HEXADECIMAL, plain, re.ASCII):
            self._base, radix, places = 2, 16, 4
        else:
            self._read_word(plain)
            return
        sign, whole, fraction, bare, exponent = match.groups()[:5]
        fraction = bare or fraction or ""
        self._sign = -1 if sign == "-" else 1
        self._digits = int((whole or "") + fraction, radix)
        self._exponent = int(exponent or 0) - places * len(fraction)

    def _read_word(self, plain: str) -> None:
        sign, word = (plain[0], plain[1:]) if plain[:1] in ("+", "-") else ("", plain)
        if word.lower() not in _NOT_FINITE:
            raise NotANumber(f"{quote(self.text)} is not a number", _why_not(plain))
        self._sign = -1 if sign == "-" else 1
        self._not_finite = _NOT_FINITE[word.lower()] * self._sign

    @property
    def is_finite(self) -> bool:
        """Whether the number is finite as written, whatever its size."""
        return self._not_finite is None

    def to_format(self, fmt: "NumberFormat") -> float:
        """The number rounded once to ``fmt``; a zero keeps its sign if the format has signed zeros."""
        if self._not_finite is not None:
            return fmt.round_float(self._not_finite)
        rounded = None
        if self._base == 10 and isinstance(fmt, Format):
            rounded = fmt.round_nearest(float(f"{self._sign * self._digits}e{self._exponent}"))
        if rounded is None:
            rounded = fmt.round_exact(self.saturate())
        return -0.0 if rounded == 0 and self._sign < 0 and fmt.has_negative_zero else rounded

    @property
    def unit(self) -> Fraction:
        """The place value of the last digit of a finite number as written."""
        return Fraction(self._base) ** max(-FARTHEST, min(self._exponent, FARTHEST))

    @property
    def significant(self) -> int | None:
        """The number of significant digits written; None if it is not a decimal."""
        return None if self._not_finite is not None or self._base != 10 else len(str(self._digits or ""))

    @property
    def decimals(self) -> int | None:
        """The number of digits after the point of a decimal; None if it has an exponent."""
        is_plain = self.significant is not None and not re.search("[eEdD]", self.text)
        return -self._exponent if is_plain else None

    def _magnitude(self) -> float:
        """The approximate decimal logarithm of the size."""
        return _size(self._base, self._exponent) + math.log10(self._digits)

    def saturate(self) -> Fraction:
        """The finite number exactly; beyond 10**±6000 a number on the same side of every float."""
        if self._digits == 0:
            return Fraction(0)
        if abs(self._magnitude()) > FARTHEST:
            return self._sign * Fraction(10) ** (FARTHEST if self._magnitude() > 0 else -FARTHEST)
        return self._sign * self._digits * Fraction(self._base) ** self._exponent

    def exact(self) -> Fraction:
        """The number exactly.

        Raises ActcalcError if it is not finite, or is beyond 10**±6000.
        """
        if self._not_finite is not None:
            raise ActcalcError(f"{quote(self.text)} is not a finite number")
        if self._digits:
            _check_size(self._magnitude(), quote(self.text))
        return self.saturate()

    def over(self, other: "Numeral") -> Fraction:
        """The exact quotient of two finite numbers, which may be large themselves if they share a base.

        Raises ActcalcError if the quotient is beyond 10**±6000, or the other number is 0.
        """
        text = f"{self.text}/{other.text}"
        if other._digits == 0:
            raise NotANumber(f"{quote(text)} divides by zero")
        if self._digits == 0:
            return Fraction(0)
        if self._base != other._base:
            below, above, power = other.exact(), self.exact(), 0
        else:
            below, above = Fraction(other._sign * other._digits), Fraction(self._sign * self._digits)
            power = self._exponent - other._exponent
        size = [math.log10(abs(x.numerator)) - math.log10(x.denominator) for x in (above, below)]
        _check_size(_size(self._base, power) + size[0] - size[1], quote(text))
        return above / below * Fraction(self._base) ** power


def _size(base: int, exponent: int) -> float:
    """The decimal logarithm of a power, its exponent limited to ±10**18."""
    return max(-_LARGEST_EXPONENT, min(_LARGEST_EXPONENT, exponent)) * math.log10(base)


def _check_size(magnitude: float, what: str) -> None:
    """Raise ActcalcError for a decimal exponent beyond ±6000."""
    if abs(magnitude) > FARTHEST:
        raise ActcalcError(
            f"{what} is too {'large' if magnitude > 0 else 'small'}:"
            f" exact numbers go from 1e-{FARTHEST} to 1e{FARTHEST}"
        )


def _why_not(text: str) -> str:
    """A hint for a text that is not a number, if the mistake is a common one."""
    if re.fullmatch(r"\0?(?:[^\0]\0)+", text):
        return "is it UTF-16 without its mark? iconv -f UTF-16LE FILE | actcalc ..., or UTF-16BE"
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?", text, re.ASCII):
        bare = text.replace(",", "")
        if "." in text or text.count(",") > 1:
            return f"write thousands without commas: {bare}"
        return f"write {bare}, or with a decimal point {text.replace(',', '.')}"
    if re.fullmatch(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?", text, re.ASCII):
        return "write a decimal point, not a decimal comma: " + text.replace(",", ".")
    if re.fullmatch(r"[+-]?0[xX][0-9a-fA-F.]+", text, re.ASCII):
        return f"a hexadecimal float needs its exponent: {text}p0"
    if text.lstrip("+-").lower() in ("pi", "e"):
        return f"pi and e stand in formulas: eval 'tanh({text}*z)' 1"
    return ""


def parse_exact(text: str) -> Fraction:
    """Read an exact number: a ``Numeral``, or a fraction of two of them.

    Raises ActcalcError if it is neither, not finite, or beyond 10**±6000.
    """
    above, slash, below = text.partition("/")
    numerals = [Numeral(part) for part in ((above, below) if slash else (above,))]
    if not all(numeral.is_finite for numeral in numerals):
        raise ActcalcError(f"{quote(text)} is not a finite number")
    return numerals[0].over(numerals[1]) if slash else numerals[0].exact()


def read_float(text: str, fmt: "NumberFormat", bits: bool = False) -> float:
    """Read a number, or a fraction of two, rounded once to ``fmt``.

    With ``bits`` a word of the format's width such as ``0x3f80`` is a bit pattern. Raises ActcalcError for
    anything else.
    """
    if "/" in text:
        value = parse_exact(text)
        is_minus_zero = value == 0 and text[0] == "-" and fmt.has_negative_zero
        return -0.0 if is_minus_zero else fmt.round_exact(value)
    if bits and is_pattern(text):
        return from_pattern(text, fmt)
    return Numeral(text).to_format(fmt)


def is_plain_number(text: str | bytes) -> bool:
    """Whether Python's ``float`` reads the text as a finite number, as it does most numbers."""
    try:
        return math.isfinite(float(text)) and "_" not in str(text)
    except ValueError:
        return False


def is_pattern(text: str) -> bool:
    """Whether the text is a bit pattern, or a hexadecimal integer without an exponent."""
    return re.fullmatch(r"0[xX][0-9a-fA-F]+", text) is not None


def from_pattern(text: str, fmt: "NumberFormat") -> float:
    """The value of a written bit pattern. Raises ActcalcError if its width is not the format's."""
    digits, width = text[2:], -(-fmt.bits // 4)
    if len(digits) != width or int(digits, 16) >> fmt.bits:
        most = f", at most 0x{(1 << fmt.bits) - 1:x}" if fmt.bits % 4 else ""
        raise NotANumber(
            f"{quote(text)} is not a bit pattern of {fmt}: those have {width} hexadecimal digits{most}",
            f"a hexadecimal float needs its exponent: {text[:60]}p0",
        )
    return fmt.from_bits(int(digits, 16))


Exact = str | int | Fraction | Decimal | float
"""The types in which a caller may give an exact number; a float stands for its shortest decimal."""


def exact_number(x: Exact) -> tuple[Fraction, str]:
    """An exact number and its text. Raises ActcalcError as ``parse_exact`` does."""
    if isinstance(x, int | Fraction) and not isinstance(x, bool):
        if x:
            _check_size(math.log10(abs(x.numerator)) - math.log10(x.denominator), f"the {type(x).__name__}")
        # Python refuses to print an integer of more than 4300 digits.
        is_short = max(x.numerator.bit_length(), x.denominator.bit_length()) < 13_000
        return Fraction(x), str(x) if is_short else exact_text(x)
    return parse_exact(str(x)), str(x)


def finite_decimal(q: Fraction) -> Decimal | None:
    """``q`` as a decimal with all digits, or None if its expansion does not terminate."""
    rest = q.denominator
    twos = (rest & -rest).bit_length() - 1
    rest >>= twos
    fives = 0
    if rest > 1:
        fives = round(rest.bit_length() / 2.321928094887362)
        if 5**fives != rest:
            return None
    places = max(twos, fives)
    coefficient = q.numerator * 2 ** (places - twos) * 5 ** (places - fives)
    return Decimal(coefficient).scaleb(-places, EXACT)


def exact_text(x: Fraction | int | float) -> str:
    """An exact number as a decimal, or as a fraction if its decimal does not terminate; or an infinity."""
    if isinstance(x, float):
        return str(x)
    decimal = finite_decimal(Fraction(x))
    if decimal is None:
        return f"{exact_text(x.numerator)}/{exact_text(x.denominator)}"
    return decimal_text(decimal)


def exact_float_text(x: float) -> str:
    """A float as a decimal with all of its digits, or an infinity or NaN; a zero keeps its sign."""
    return decimal_text(Decimal(x)) if math.isfinite(x) else repr(x)


def plain_text(text: str) -> str:
    """A number or a fraction rewritten with the same digits and without exponents."""
    if "/" in text:
        return "/".join(map(plain_text, text.split("/")))
    return format(Decimal(text), "f") if "e" in text else text


def plain_float_text(x: float, fmt: Format) -> str:
    """The shortest decimal that reads back to ``x``, without an exponent; whole numbers have all digits."""
    text = fmt.text(x)
    if "e" not in text:
        return text
    return plain_text(text) if abs(x) < 1 else f"{Decimal(x):f}.0"


def value_text(x: float, fmt: "NumberFormat") -> str:
    """The text of the number that a value stands for, even if the format's own text is a code."""
    return fmt.text(x) if isinstance(fmt, Format) else exact_text(fmt.value_of(x))


def decimal_text(x: Decimal) -> str:
    """A decimal without trailing zeros, with an exponent if it is large or small."""
    decimal = x.normalize(EXACT)
    return format(decimal, "f") if -8 < decimal.adjusted() < 16 else str(decimal).lower()
