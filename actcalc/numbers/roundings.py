"""Roundings: a number format, a rounding direction and a rule for overflow.

Float and integer formats are looked up by name here.
"""

import math
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from actcalc.errors import ActcalcError, did_you_mean, join_names, quote
from actcalc.numbers.floats import FORMATS, Format, binade_of, find_format, unknown_format
from actcalc.numbers.integers import (
    DIRECTIONS,
    IntegerFormat,
    NumberFormat,
    as_fraction,
    round_whole,
)
from actcalc.numbers.numerals import exact_text, parse_exact

SYNTAX = "qI.F, uqI.F or s8:SCALE,ZERO (or u8, s16, u16)"
"""The syntax of integer formats."""

_MOST_BITS = 32

OVERFLOWS = ("nan", "inf", "saturate")
"""The possible results for numbers beyond the largest."""


@dataclass(frozen=True)
class Rounding:
    """Rounds exact values to a number format in a direction, with a rule for overflow.

    ``direction`` is one of DIRECTIONS; ``overflow`` is one of OVERFLOWS, or None for the rule of the format.
    A number overflows if rounding with an unlimited exponent range would take it beyond the largest number:
    ``nan`` and ``inf`` then give NaN and an infinity, ``saturate`` gives the largest number. A direction
    towards 0 gives the largest number in any case. An infinity, which may be a limit, stays an infinity if
    the format has them; otherwise, and with ``saturate``, the rule applies to it, too. Integers always
    saturate.

    Raises ActcalcError for an unknown rule, and for a rule that the format cannot follow.
    """

    fmt: NumberFormat
    direction: str = "nearest"
    overflow: str | None = None

    def __post_init__(self) -> None:
        for word, known, about in (
            (self.direction, DIRECTIONS, "rounding"),
            (self.overflow, OVERFLOWS, "overflow"),
        ):
            if word is not None and word not in known:
                hint = did_you_mean(word, known)
                raise ActcalcError(f"must be {join_names(known)}, not {quote(word)}", hint, about)
        if isinstance(self.fmt, IntegerFormat):
            if self.overflow in ("nan", "inf"):
                raise ActcalcError(
                    f": {self.fmt} has neither NaN nor infinities: integers saturate", "", "overflow"
                )
        elif self.overflow == "inf" and not self.fmt.has_infinities:
            raise ActcalcError(f": {self.fmt} has no infinities", "choose nan or saturate", "overflow")

    @property
    def digits(self) -> int:
        """Decimal digits that tell the format's values apart."""
        return self.fmt.digits

    @property
    def is_narrow(self) -> bool:
        """Whether some float64 are not values of the format."""
        return self.fmt.is_narrow

    @property
    def has_nan(self) -> bool:
        return self.fmt.has_nan

    @property
    def has_negative_zero(self) -> bool:
        return self.fmt.has_negative_zero

    @property
    def is_plain(self) -> bool:
        """Whether it rounds as the format itself does: to nearest, and with its own overflow."""
        own = "saturate" if isinstance(self.fmt, IntegerFormat) else _name_of(self.fmt.overflow)
        return self.direction == "nearest" and self.overflow in (None, own)

    def in_units(self) -> "tuple[Fraction, Rounding]":
        """The unit (1, or the scale of an integer format), and this rounding for numbers in that unit."""
        if not isinstance(self.fmt, IntegerFormat):
            return Fraction(1), self
        unit, fmt = self.fmt.in_units()
        return unit, replace(self, fmt=fmt)

    def round_exact(self, value: Fraction | Decimal, beyond: int = 0) -> float:
        """``value`` rounded once.

        ``beyond`` is the sign of an infinitesimal by which the true value exceeds ``value``: it decides
        between neighbours, and the sign of a zero.
        """
        if isinstance(self.fmt, IntegerFormat):
            return self.fmt.round_exact(value, beyond, self.direction)
        if self.is_plain:
            return self.fmt.round_exact(value, beyond)
        return self._round(*as_fraction(value, beyond), self.fmt)

    def _round(self, value: Fraction, beyond: int, fmt: Format) -> float:
        sign = (value > 0) - (value < 0) or beyond or 1
        if value == 0:
            exponent = fmt.quantum_exponent
        else:
            binade = binade_of(value)
            # Just below a power of two the spacing is that of the next lower binade.
            binade -= beyond * sign < 0 and abs(value) == Fraction(2) ** binade
            exponent = max(binade + 1 - fmt.precision, fmt.quantum_exponent)
        unit = Fraction(2) ** exponent
        rounded = round_whole(value / unit, self.direction, beyond) * unit
        if abs(rounded) > fmt.largest:
            towards_zero = self.direction == "zero" or self.direction == ("down" if sign > 0 else "up")
            return math.copysign(fmt.largest if towards_zero else self._beyond(fmt), sign)
        return math.copysign(float(rounded), sign if rounded or fmt.has_negative_zero else 1)

    def _beyond(self, fmt: Format) -> float:
        """The size of the result of an overflow."""
        if self.overflow is None:
            return fmt.overflow
        return {"nan": math.nan, "inf": math.inf, "saturate": fmt.largest}[self.overflow]

    def round_between(self, low: Decimal, high: Decimal) -> float | None:
        """The value if every number strictly between two bounds rounds to the same one, else None.

        Equal bounds stand for that number itself.
        """
        if isinstance(self.fmt, IntegerFormat):
            return self.fmt.round_between(low, high, self.direction)
        if self.is_plain:
            return self.fmt.round_between(low, high)
        if low == high:
            return self.round_exact(low)
        rounded, other = self.round_exact(low, 1), self.round_exact(high, -1)
        same = rounded == other or (math.isnan(rounded) and math.isnan(other))
        # The NaN of an overflow has a sign, too.
        return rounded if same and math.copysign(1, rounded) == math.copysign(1, other) else None

    def round_float(self, x: float) -> float:
        """The float64 ``x`` rounded: a number, an infinite limit, a zero with its sign, or NaN."""
        if isinstance(self.fmt, IntegerFormat):
            return self.fmt.round_float(x, self.direction)
        if x == 0 or math.isnan(x):
            return self.fmt.round_float(x)
        if math.isinf(x):
            is_kept = self.fmt.has_infinities and self.overflow != "saturate"
            return x if is_kept else math.copysign(self._beyond(self.fmt), x)
        return self.round_exact(Fraction(x))

    def to_bits(self, x: float) -> int:
        """The bit pattern of a value of the format."""
        return self.fmt.to_bits(x)

    def bits_text(self, x: float) -> str:
        """The bit pattern in hexadecimal, padded to the format's width."""
        return self.fmt.bits_text(x)

    def text(self, x: float) -> str:
        """The shortest decimal that reads back to ``x`` in the format, or a code as an integer."""
        return self.fmt.text(x)

    def __str__(self) -> str:
        return str(self.fmt)


Rounder: TypeAlias = NumberFormat | Rounding
"""Anything that rounds to a number format; a format alone rounds to nearest."""


def _name_of(overflow: float) -> str:
    return "inf" if math.isinf(overflow) else "nan"


def number_format(name: str, about: str = "dtype") -> NumberFormat:
    """The float or integer format called ``name``.

    Raises ActcalcError about the argument ``about`` if the format is unknown or written wrongly.
    """
    found = find_format(name) or _integer_format(name, about)
    if found is not None:
        return found
    raise unknown_format(name, f"{', '.join(FORMATS)}, {SYNTAX}", about)


_FIXED = re.compile(r"(u?)q(\d{1,9})\.(\d{1,9})", re.ASCII | re.IGNORECASE)
_AFFINE = re.compile(r"([su])(\d{1,9}):(.*)", re.ASCII | re.IGNORECASE | re.DOTALL)


def _integer_format(name: str, about: str = "dtype") -> IntegerFormat | None:
    """The integer format written ``name``, or None for another name. Raises ActcalcError if it is wrong."""
    if match := _FIXED.fullmatch(name):
        integer, fraction = int(match[2]), int(match[3])
        bits = (not match[1]) + integer + fraction
        if not 1 <= bits <= _MOST_BITS:
            raise ActcalcError(
                f": {quote(name)} has {bits} bits: from 1 to {_MOST_BITS} are possible", "", about
            )
        return IntegerFormat(
            f"{match[1].lower()}q{integer}.{fraction}", bits, not match[1], Fraction(1, 1 << fraction), 0
        )
    if match := _AFFINE.fullmatch(name):
        return _affine_format(name, match, about)
    return None


def _affine_format(name: str, match: re.Match[str], about: str) -> IntegerFormat:
    kind, width = match[1].lower(), int(match[2])
    if width not in (8, 16):
        raise ActcalcError(
            f": {quote(name)} has {width} bits: affine integers are s8, u8, s16 or u16", "", about
        )
    scale_text, comma, zero_text = match[3].partition(",")
    if not comma:
        hint = f"if 0 has the code 0, write {kind}{width}:{scale_text or 'SCALE'},0"
        raise ActcalcError(f": {quote(name)} lacks the code of 0: {kind}{width}:SCALE,ZERO", hint, about)
    try:
        scale = parse_exact(scale_text)
    except ActcalcError as error:
        raise ActcalcError(f": the scale in {quote(name)}: {error.line}", error.hint, about) from None
    if scale <= 0:
        raise ActcalcError(f": the scale in {quote(name)} is not greater than 0", "", about)
    found = IntegerFormat(f"{kind}{width}:{scale_text},{zero_text}", width, kind == "s", scale, 0)
    if not re.fullmatch(r"[+-]?\d{1,9}", zero_text, re.ASCII):
        raise ActcalcError(
            f": {quote(zero_text)} in {quote(name)} is not a whole number, the code of 0", "", about
        )
    zero = int(zero_text)
    if not found.lowest <= zero <= found.highest:
        raise ActcalcError(
            f": the code of 0 in {quote(name)} is out of range:"
            f" {kind}{width} goes from {found.lowest} to {found.highest}",
            "",
            about,
        )
    return IntegerFormat(found.name, width, found.is_signed, scale, zero)


def meaning(fmt: IntegerFormat) -> str:
    """The number that a code stands for, as a formula: ``(code - 3)/20``."""
    shifted = f"(code {'-' if fmt.zero > 0 else '+'} {abs(fmt.zero)})" if fmt.zero else "code"
    if fmt.scale == 1:
        return shifted.strip("()")
    if fmt.scale.numerator == 1 and fmt.scale.denominator < 10**10:
        return f"{shifted}/{fmt.scale.denominator}"
    return f"{shifted}*{exact_text(fmt.scale)}"
