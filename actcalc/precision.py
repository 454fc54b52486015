"""The two ways of asking for numbers: as floats of a format, or to a number of digits.

Both read a number, evaluate g and g' at it, and give the result as cells of text.
"""

import math
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

from actcalc.bound import Activation
from actcalc.digits import Digits
from actcalc.errors import ActcalcError
from actcalc.floats import FLOAT64, Format, hex_text
from actcalc.numerals import LONGEST, SMALLEST, Numeral

if TYPE_CHECKING:
    from actcalc.grid import Grid, Words

Points = Sequence[Any]
"""Numbers of the kind that one of the classes below reads."""


class Numbers(Protocol):
    """What the two have in common."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """A value is shown in as many columns, named with these at the end."""

    @property
    def are_numbers_in_json(self) -> bool:
        """Whether a value may be a JSON number, or has more digits than those hold."""

    def read(self, text: str) -> Any:
        """The number written ``text``. Raises ActcalcError if it is none."""

    def read_all(self, words: "Words") -> Points | None:
        """The numbers of a block, if they can be read all at once; else None."""

    def read_a(self, f: Activation, text: str) -> Any:
        """A value of g. Raises ActcalcError if it is no number, or outside the closed range of g."""

    def points(self, grid: "Grid") -> Iterator[Any]:
        """The points of a range."""

    def g(self, f: Activation, z: Points) -> Points:
        """g at each z."""

    def dg(self, f: Activation, z: Points, at_kink: str) -> Points:
        """g' at each z."""

    def dg_from_a(self, f: Activation, a: Points, at_kink: str) -> Points:
        """The slopes where g has these values."""

    def texts(self, values: Points) -> list[list[str]]:
        """The values as texts: a column for each of ``suffixes``."""


def _are_many(points: Points) -> bool:
    """Whether to work in bulk: that pays for importing NumPy, or for its overhead."""
    return len(points) >= (64 if "numpy" in sys.modules else 3000)


class Floats:
    """Values are floats of one format; with ``hexadecimal``, shown as hex float and bits as well."""

    def __init__(self, fmt: Format = FLOAT64, hexadecimal: bool = False) -> None:
        self.format = fmt
        self.suffixes = ("", "_hex", "_bits") if hexadecimal else ("",)

    are_numbers_in_json = True

    def read(self, text: str) -> float:
        """The number written ``text``, rounded to the format. Raises ActcalcError if it is none."""
        return Numeral(text).to_format(self.format)

    def read_all(self, words: "Words") -> list[float] | None:
        if self.format is not FLOAT64 or not words.are_decimal or len(max(words.words, key=len)) > LONGEST:
            return None
        try:
            return list(map(float, words.words))
        except ValueError:
            return None

    def points(self, grid: "Grid") -> Iterator[float]:
        if self.format is FLOAT64:
            numerators, denominator = grid.over_one_denominator()
            return (n / denominator for n in numerators)  # int / int is rounded once
        return map(self.format.round_exact, grid)

    def g(self, f: Activation, z: Sequence[float]) -> list[float]:
        if not _are_many(z):
            return [f.g_float(x, self.format) for x in z]
        import numpy as np

        from actcalc.arrays import g_array

        return g_array(f, np.array(z), self.format).tolist()  # type: ignore[no-any-return]

    def dg(self, f: Activation, z: Sequence[float], at_kink: str) -> list[float]:
        if not _are_many(z):
            return [f.dg_float(x, self.format, at_kink) for x in z]
        import numpy as np

        from actcalc.arrays import dg_array

        return dg_array(f, np.array(z), self.format, at_kink).tolist()  # type: ignore[no-any-return]

    def read_a(self, f: Activation, text: str) -> float:
        a = self.read(text)
        f.check_a(a, self.format)
        return a

    def dg_from_a(self, f: Activation, a: Sequence[float], at_kink: str) -> list[float]:
        return [f.dg_from_a_float(x, self.format, at_kink) for x in a]

    def texts(self, values: Sequence[float]) -> list[list[str]]:
        columns = [list(map(repr if self.format is FLOAT64 else self.format.text, values))]
        if len(self.suffixes) > 1:
            columns += [list(map(hex_text, values)), list(map(self.format.bits_text, values))]
        return columns


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

    def read_all(self, words: "Words") -> None:
        return None

    def points(self, grid: "Grid") -> Iterator[Fraction]:
        if any(0 < abs(x) <= SMALLEST for x in (grid.start, grid.step)):
            raise ActcalcError("--digits needs --from, --to and --step to be 0 or at least 1e-6000")
        return iter(grid)

    def g(self, f: Activation, z: Sequence[Fraction | float]) -> list[Decimal | float]:
        return [self._limit(f, x, 0) if isinstance(x, float) else f.value(x, self.digits) for x in z]

    def dg(self, f: Activation, z: Sequence[Fraction | float], at_kink: str) -> list[Decimal | float]:
        return [self._slope(f, x, at_kink) for x in z]

    def _slope(self, f: Activation, z: Fraction | float, at_kink: str) -> Decimal | float:
        if isinstance(z, float):
            return self._limit(f, z, 1)
        slope = f.slope(z, self.digits, at_kink)
        return math.nan if slope is None else slope

    def read_a(self, f: Activation, text: str) -> Fraction | float:
        a = self.read(text)
        if isinstance(a, float):
            f.check_a(a, FLOAT64)
        else:
            f.check_range(a, text)
        return a

    def dg_from_a(self, f: Activation, a: Sequence[Fraction | float], at_kink: str) -> list[Decimal | float]:
        return [self._slope_from(f, x, at_kink) for x in a]

    def _slope_from(self, f: Activation, a: Fraction | float, at_kink: str) -> Decimal | float:
        if isinstance(a, float):
            return f.dg_from_a_float(a, FLOAT64, at_kink)
        slope = f.slope_from(a, self.digits, at_kink)
        return math.nan if slope is None else slope

    def _limit(self, f: Activation, z: float, which: int) -> Decimal | float:
        if math.isnan(z):
            return z
        limit = f.ends[z > 0][which]
        return limit if isinstance(limit, float) else self.digits.round_exact(Fraction(limit))

    def texts(self, values: Sequence[Decimal | Fraction | float]) -> list[list[str]]:
        """The values as one column of texts."""
        return [[self._text(value) for value in values]]

    def _text(self, value: Decimal | Fraction | float) -> str:
        if isinstance(value, float):
            return repr(value)
        return self.digits.text(self.digits.round_exact(value) if isinstance(value, Fraction) else value)
