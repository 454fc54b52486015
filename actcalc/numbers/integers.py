"""Fixed-point and affine integer formats: integer codes that stand for evenly spaced numbers.

A value is held as its code in a Python ``float``. Numbers beyond the ends of the range saturate, and there is
no NaN.
"""

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from actcalc.errors import ActcalcError
from actcalc.numbers.floats import Format

DIRECTIONS = ("nearest", "nearest-away", "zero", "up", "down")
"""Rounding directions: ``nearest`` rounds ties to even, ``nearest-away`` rounds them away from 0."""


@dataclass(frozen=True)
class IntegerFormat:
    """A format whose codes, two's complement if signed, stand for (code - zero) * scale."""

    name: str
    bits: int
    """The width of a pattern."""
    is_signed: bool
    scale: Fraction
    zero: int
    """The code of 0."""

    is_narrow = True
    has_nan = False
    has_negative_zero = False

    @property
    def lowest(self) -> int:
        """The least code."""
        return -(1 << (self.bits - 1)) if self.is_signed else 0

    @property
    def highest(self) -> int:
        """The greatest code."""
        return self.lowest + (1 << self.bits) - 1

    @property
    def numpy(self) -> str:
        """NumPy's narrowest dtype that contains all of the codes."""
        width = next(width for width in (8, 16, 32) if self.bits <= width)
        return f"{'int' if self.is_signed else 'uint'}{width}"

    @property
    def is_short(self) -> bool:
        """Whether its codes are few enough to go through all of them at once."""
        return self.bits <= 16

    @property
    def digits(self) -> int:
        """Decimal digits that tell any two values apart if they are about as large as the largest."""
        return 2 + self.bits * 30103 // 100000

    def value_of(self, code: float) -> Fraction:
        """The number that a code stands for."""
        return (int(code) - self.zero) * self.scale

    def in_units(self) -> tuple[Fraction, "IntegerFormat"]:
        """The scale, and the format with the same codes and scale 1, whose numbers decimals can hold."""
        return self.scale, replace(self, scale=Fraction(1))

    def nearest_code(self, value: Fraction) -> int:
        """The code nearest to ``value``, ties to even, without regard to the ends of the range."""
        return round_whole(value / self.scale, "nearest") + self.zero

    def round_exact(self, value: Fraction | Decimal, beyond: int = 0, direction: str = "nearest") -> float:
        """The code of ``value`` rounded once.

        ``beyond`` is the sign of an infinitesimal by which the true value exceeds ``value``.
        """
        exact, beyond = as_fraction(value, beyond)
        code = round_whole(exact / self.scale, direction, beyond) + self.zero
        return float(min(max(code, self.lowest), self.highest))

    def round_between(self, low: Decimal, high: Decimal, direction: str = "nearest") -> float | None:
        """The code if every number strictly between two bounds rounds to the same one, else None.

        Equal bounds stand for that number itself.
        """
        if low == high:
            return self.round_exact(low, 0, direction)
        rounded = self.round_exact(low, 1, direction)
        return rounded if rounded == self.round_exact(high, -1, direction) else None

    def round_float(self, x: float, direction: str = "nearest") -> float:
        """The code of ``x`` rounded; infinities saturate. Raises ActcalcError for NaN."""
        if math.isnan(x):
            raise ActcalcError(f"{self} has no NaN")
        if math.isinf(x):
            return float(self.highest if x > 0 else self.lowest)
        return self.round_exact(Fraction(x), 0, direction)

    def ordinal(self, code: float) -> int:
        """The ordinal of a code: the code itself."""
        return int(code)

    def to_bits(self, code: float) -> int:
        """The bit pattern of a code, in two's complement."""
        return int(code) & ((1 << self.bits) - 1)

    def from_bits(self, pattern: int) -> float:
        """The code with this bit pattern."""
        return float(pattern - (1 << self.bits) if pattern > self.highest else pattern)

    def bits_text(self, code: float) -> str:
        """The bit pattern in hexadecimal, padded to the format's width: ``0x00ff``."""
        return f"0x{self.to_bits(code):0{-(-self.bits // 4)}x}"

    def text(self, code: float) -> str:
        """The code as an integer."""
        return str(int(code))

    def __str__(self) -> str:
        return self.name


NumberFormat: TypeAlias = Format | IntegerFormat


_FARTHEST = 10_000
"""Every format rounds all numbers above 10 to this power alike, and all numbers below its inverse."""


def as_fraction(value: Fraction | Decimal, beyond: int) -> tuple[Fraction, int]:
    """A number as a fraction with no more digits than rounding needs, and ``beyond`` for that fraction."""
    if isinstance(value, Fraction):
        return value, beyond
    sign = (value > 0) - (value < 0)
    if sign and (value.is_infinite() or value.adjusted() > _FARTHEST):
        return Fraction(sign * 10**_FARTHEST), 0
    if sign and value.adjusted() < -_FARTHEST:
        return Fraction(0), sign
    return Fraction(value), beyond


def round_whole(x: Fraction, direction: str, beyond: int = 0) -> int:
    """``x``, plus an infinitesimal with the sign ``beyond``, rounded to a whole number."""
    below, rest = divmod(x.numerator, x.denominator)
    if rest == 0:
        # Only the infinitesimal puts it between two whole numbers.
        if beyond == 0:
            return below
        below, is_upper_half = (below, False) if beyond > 0 else (below - 1, True)
        side = 1 if is_upper_half else -1
    else:
        twice = 2 * rest - x.denominator
        side = (twice > 0) - (twice < 0) or beyond
    is_negative = below < 0
    if direction == "up":
        return below + 1
    if direction == "down":
        return below
    if direction == "zero":
        return below + is_negative
    if side:
        return below + (side > 0)
    if direction == "nearest-away":
        return below + (not is_negative)
    return below + below % 2
