"""The two ways of asking for numbers: as floats of a format, or to a number of digits.

Both read a number, evaluate g and g' at it, and give the result as cells of text.
"""

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from actcalc.bound import Activation
from actcalc.digits import Digits
from actcalc.floats import FLOAT64, Format, hex_text
from actcalc.numerals import Numeral

# Up to here one by one is faster than to import NumPy.
_FEW = 3000


class Floats:
    """Values are floats of one format; with ``hexadecimal``, shown as hex float and bits as well."""

    def __init__(self, fmt: Format = FLOAT64, hexadecimal: bool = False) -> None:
        self.format = fmt
        self.suffixes = ("", "_hex", "_bits") if hexadecimal else ("",)

    are_numbers_in_json = True

    def read(self, text: str) -> float:
        """The number written ``text``, rounded to the format. Raises ActcalcError if it is none."""
        return Numeral(text).to_format(self.format)

    def point(self, exact: Fraction) -> float:
        """The point of a range."""
        return self.format.round_exact(exact)

    def g(self, f: Activation, z: Sequence[float]) -> list[float]:
        """g at each z."""
        if len(z) < _FEW:
            return [f.g_float(x, self.format) for x in z]
        import numpy as np

        from actcalc.arrays import g_array

        return g_array(f, np.array(z), self.format).tolist()  # type: ignore[no-any-return]

    def dg(self, f: Activation, z: Sequence[float], at_kink: str) -> list[float]:
        """g' at each z."""
        if len(z) < _FEW:
            return [f.dg_float(x, self.format, at_kink) for x in z]
        import numpy as np

        from actcalc.arrays import dg_array

        return dg_array(f, np.array(z), self.format, at_kink).tolist()  # type: ignore[no-any-return]

    def dg_from_a(self, f: Activation, a: float, at_kink: str) -> float:
        """The slope where g is ``a``."""
        return f.dg_from_a_float(a, self.format, at_kink)

    def cells(self, value: float) -> tuple[str, ...]:
        """``value`` as text, one for each of ``suffixes``."""
        if len(self.suffixes) == 1:
            return (self.format.text(value),)
        return self.format.text(value), hex_text(value), self.format.bits_text(value)


class SignificantDigits:
    """Points are exact, values are rounded to ``count`` significant decimal digits."""

    suffixes = ("",)
    are_numbers_in_json = False

    def __init__(self, count: int) -> None:
        self.digits = Digits(count)

    def read(self, text: str) -> Fraction | float:
        """The number written ``text``, exactly; or the float that is an infinity or NaN.

        Raises ActcalcError if it is no number, or beyond 10**±6000.
        """
        numeral = Numeral(text)
        return numeral.exact() if numeral.is_finite else numeral.to_format(FLOAT64)

    def point(self, exact: Fraction) -> Fraction:
        return exact

    def g(self, f: Activation, z: Sequence[Fraction | float]) -> list[Decimal | float]:
        """g at each z."""
        return [self._limit(f, x, 0) if isinstance(x, float) else f.value(x, self.digits) for x in z]

    def dg(self, f: Activation, z: Sequence[Fraction | float], at_kink: str) -> list[Decimal | float]:
        """g' at each z."""
        return [self._slope(f, x, at_kink) for x in z]

    def _slope(self, f: Activation, z: Fraction | float, at_kink: str) -> Decimal | float:
        if isinstance(z, float):
            return self._limit(f, z, 1)
        slope = f.slope(z, self.digits, at_kink)
        return math.nan if slope is None else slope

    def dg_from_a(self, f: Activation, a: Fraction | float, at_kink: str) -> Decimal | float:
        """The slope where g is ``a``."""
        if isinstance(a, float):
            return f.dg_from_a_float(a, FLOAT64, at_kink)
        f.require_shortcut()
        f.check_range(a, self.digits.text(self.digits.round_exact(a)))
        slope = f.slope_from(a, self.digits, at_kink)
        return math.nan if slope is None else slope

    def _limit(self, f: Activation, z: float, which: int) -> Decimal | float:
        if math.isnan(z):
            return z
        limit = f.ends[z > 0][which]
        return limit if isinstance(limit, float) else self.digits.round_exact(Fraction(limit))

    def cells(self, value: Decimal | Fraction | float) -> tuple[str, ...]:
        """``value`` as text."""
        if isinstance(value, float):
            return (repr(value),)
        if isinstance(value, Fraction):
            value = self.digits.round_exact(value)
        return (self.digits.text(value),)


Numbers = Floats | SignificantDigits
