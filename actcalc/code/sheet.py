"""The sheet on which expressions are written: the format to compute in, and names and notes for steps."""

import math
from fractions import Fraction

from actcalc.activations.function import Function
from actcalc.arithmetic.interval import with_digits
from actcalc.code.expression import Expression
from actcalc.numbers.floats import Format


class Sheet:
    """The format to compute in, and names and notes for steps of the function ``f``."""

    f: Function

    def __init__(self, compute: Format) -> None:
        self.compute = compute
        self.hints: dict[Expression, str] = {}
        self.notes: dict[Expression, str] = {}
        self.least_log = math.floor(math.log(compute.smallest_subnormal)) - 1
        """For x below this e^x is rounded to 0."""
        start = 1 << (-self.least_log).bit_length() - 1
        self.shift = min(range(start, start * 9 // 8), key=self._error_of_power)
        """A whole number: e^x is normal for x >= -shift, e^(x + shift) is for x below that, and x + shift is
        exact there. Among such numbers it is the one for which e^-shift is closest to a number of the format.
        """

    def _error_of_power(self, k: int) -> Fraction:
        """The relative distance from e^-k to the nearest number of the format."""
        power = power_of_e(-k)
        return abs(self.split(power)[1] / power)

    def split(self, x: Fraction) -> tuple[Fraction, Fraction]:
        """A constant as the nearest number of the format and the remainder."""
        high = Fraction(self.compute.round_exact(x))
        return high, x - high


def power_of_e(x: int) -> Fraction:
    """e**x to sixty digits."""
    m = with_digits(60)
    return Fraction(m.exp(m.number(Fraction(x))).low)
