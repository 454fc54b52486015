"""All roundings by definition, as an independent reference for actcalc.

A ``Target`` is a number format, a direction and a rule for overflow. First the two values of the format
around a number are found, with unlimited exponents; the direction chooses one of them, and the rule replaces
one that is too large. A value of an integer format is its code.
"""

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from tests.support.oracle import FMTS, Fmt

DIRECTIONS = ("nearest", "nearest-away", "zero", "up", "down")


@dataclass(frozen=True)
class Codes:
    """The codes from ``lowest`` to ``highest``, which stand for (code - zero) * scale."""

    lowest: int
    highest: int
    scale: Fraction
    zero: int = 0


@cache
def codes(name: str) -> Codes:
    """An integer format by its name: qI.F, uqI.F, s8:SCALE,ZERO and the like."""
    if ":" in name:
        kind, scale, zero = re.split("[:,]", name)
        size = 2 ** int(kind[1:])
        above, _, below = scale.partition("/")
        step = Fraction(above) / Fraction(below or 1)
        lowest = -size // 2 if kind[0] == "s" else 0
        return Codes(lowest, lowest + size - 1, step, int(zero))
    whole, fraction = map(int, name.lstrip("uq").split("."))
    size = 2 ** (whole + fraction)
    return Codes(0 if name[0] == "u" else -size, size - 1, Fraction(1, 2**fraction))


@dataclass(frozen=True)
class Target(Fmt):
    """A format, a direction and a rule for overflow; the oracle of formulas rounds to it like to a format."""

    held: Fmt | Codes = FMTS["float64"]
    direction: str = "nearest"
    rule: str | None = None

    @property
    def has_minus_zero(self) -> bool:  # type: ignore[override]
        return isinstance(self.held, Fmt) and self.held.has_minus_zero

    @property
    def quantum(self) -> int:
        """The exponent of a step that is negligible for the format."""
        return self.held.quantum if isinstance(self.held, Fmt) else -2000

    def nearest(self, n: int, d: int, beyond: int = 0) -> float:
        return self.round(Fraction(n, d), beyond)

    def round(self, x: Fraction, beyond: int = 0) -> float:
        """x plus an infinitesimal with the sign ``beyond``, rounded."""
        if isinstance(self.held, Codes):
            steps = x / self.held.scale
            low = math.floor(steps)
            if low == steps and beyond < 0:
                low -= 1
            code = self._choose(steps, beyond, Fraction(low), Fraction(1)) + self.held.zero
            lowest, highest = self.held.lowest, self.held.highest
            return float(lowest if code < lowest else highest if code > highest else code)
        return self._round_float(x, beyond, self.held)

    def _round_float(self, x: Fraction, beyond: int, fmt: Fmt) -> float:
        is_negative = x < 0 or (x == 0 and beyond < 0)
        size, more = abs(x), -beyond if is_negative else beyond
        # The spacing; just below a power of two it is that of the numbers below.
        step = Fraction(2) ** fmt.quantum
        if size:
            exponent = size.numerator.bit_length() - size.denominator.bit_length() - fmt.precision
            exponent = max(exponent, fmt.quantum)
            while size > (top := Fraction(2) ** (exponent + fmt.precision)) or (size == top and more >= 0):
                exponent += 1
            step = Fraction(2) ** exponent
        low = size // step * step
        if low == size and more < 0:
            low -= step
        if is_negative:
            found = -self._choose(x, beyond, -low - step, step) if low != size or more else low
        else:
            found = self._choose(x, beyond, low, step)
        if found > Fraction(fmt.largest):
            towards = self.direction == "zero" or self.direction == ("up" if is_negative else "down")
            result = fmt.largest if towards else self.infinite(fmt)
        else:
            result = float(found)
        return -result if is_negative and (result != 0 or fmt.has_minus_zero) else result

    def _choose(self, x: Fraction, beyond: int, low: Fraction, step: Fraction) -> Fraction:
        """Choose one of ``low`` and the next value, between which x lies."""
        if x == low and beyond == 0:
            return low
        high, middle = low + step, low + step / 2
        if self.direction == "up":
            return high
        if self.direction == "down":
            return low
        if self.direction == "zero":
            return high if high <= 0 else low
        place = x - middle or Fraction(beyond)
        if place:
            return high if place > 0 else low
        if self.direction == "nearest-away":
            return low if high <= 0 else high
        return low if low / step % 2 == 0 else high

    def infinite(self, fmt: Fmt) -> float:
        """The result for overflow, and for infinity if the format has none."""
        return {"nan": math.nan, "inf": math.inf, "saturate": fmt.largest, None: fmt.overflow}[self.rule]

    def limit(self, x: Fraction | float, sign: int = 1) -> float:
        """Round a limit, which is a fraction, an infinity or NaN, or a zero with a sign."""
        if isinstance(x, Fraction):
            return self.round(x) if x or not self.has_minus_zero else math.copysign(0.0, sign)
        if isinstance(self.held, Codes):
            return float(self.held.highest if x > 0 else self.held.lowest)
        if math.isnan(x) or (self.held.has_infinity and self.rule != "saturate"):
            return x
        return math.copysign(self.infinite(self.held), x)


@cache
def target(name: str, direction: str = "nearest", rule: str | None = None) -> Target:
    """A target given by the name of its format."""
    held = FMTS.get(name) or codes(name)
    emax = held.emax if isinstance(held, Fmt) else 2000
    return Target(name, 0, 0, emax, "", held, direction, rule)
