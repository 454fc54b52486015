"""The two ways of asking for numbers: as floats of a format, or to a number of decimal digits.

Both read a number, evaluate g and g' at it, and give the result as cells of text.
"""

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

from actcalc.activations.activation import Activation
from actcalc.activations.aside import SetAside
from actcalc.activations.declaration import Quantity
from actcalc.errors import ActcalcError, join_names
from actcalc.numbers.digits import Decimals, Digits
from actcalc.numbers.floats import FLOAT64, FORMATS, Format, hex_text
from actcalc.numbers.numerals import (
    SMALLEST,
    Numeral,
    exact_float_text,
    exact_text,
    parse_exact,
    plain_float_text,
    plain_text,
    read_float,
)
from actcalc.output.rows import with_unsettled

if TYPE_CHECKING:
    import numpy.typing as npt

    from actcalc.input.texts import Texts
    from actcalc.numbers.ranges import Grid

    Points = Sequence[Any] | npt.NDArray[Any]
    """Numbers of the kind that one of the classes below reads: many floats are in an array."""


class NumberSystem(Protocol):
    """The parts that both have in common."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """A value is shown in as many columns, named with these at the end."""

    @property
    def are_numbers_in_json(self) -> bool:
        """Whether a value may be a JSON number, or has more digits than those hold."""

    def read(self, text: str) -> Any:
        """The number written ``text``. Raises ActcalcError if it is none."""

    def read_all(self, words: "Texts") -> "Points | None":
        """The numbers of a block, if they can be read all at once; else None."""

    def read_a(self, f: Activation, text: str) -> Any:
        """A value of g. Raises ActcalcError if it is no number, or outside the closed range of g."""

    def read_all_a(self, f: Activation, words: "Texts") -> "Points | None":
        """The values of g in a block, if they can be read all at once; else None."""

    def points(self, grid: "Grid") -> "Iterator[Points]":
        """The points of a range, in blocks that grow: the first rows come at once, and many come fast."""

    def all_values(self, by_bits: bool = False) -> "Iterator[Points]":
        """All values but NaN, in order, or those of all bit patterns in theirs.

        Raises ActcalcError if they are more than those of 16 bits.
        """

    def derivative(
        self, f: Activation, z: "Points", of: Quantity, aside: SetAside, at_kink: str = "least"
    ) -> "Points":
        """g, g' or a higher derivative at each z; what is not settled is set ``aside``."""

    def dg_from_a(self, f: Activation, a: "Points", aside: SetAside, at_kink: str) -> "Points":
        """The slopes where g has these values; what is not settled is set ``aside``."""

    def rounded_levels(self, f: Activation) -> dict[float, Fraction]:
        """The values of g that are taken for a level which they are only rounded from."""

    def texts(self, values: "Points", unsettled: Sequence[int] = ()) -> list[Sequence[str]]:
        """The values, of which some are not settled, as texts: a column for each of ``suffixes``."""

    def point_texts(self, points: "Points") -> list[Sequence[str]]:
        """The points themselves, in full, in as many columns."""


MANY = 3000
"""Points for which working in bulk pays for importing NumPy."""
FEW = 64
"""Those for which it pays for the overhead of arrays."""
_LONG = 16 * MANY
"""Bytes of text with so many."""


class Floats:
    """Values are floats of one format; with ``hexadecimal``, shown as hex float and bits as well.

    With ``arrays``, few of them are worked on in bulk as well; with ``bits``, ``0x3f80`` is a bit pattern.
    Texts have as few digits as tell a value apart or, if they are ``exact``, all; and no exponents, if they
    are ``plain``.
    """

    def __init__(
        self,
        fmt: Format = FLOAT64,
        hexadecimal: bool = False,
        arrays: bool = False,
        bits: bool = False,
        exact: bool = False,
        plain: bool = False,
    ) -> None:
        self.format = fmt
        self._text = _float_text(fmt, exact, plain)
        self._are_shortest = not (exact or plain)
        self._bits = bits
        self.suffixes = ("", "_hex", "_bits") if hexadecimal else ("",)
        self._arrays = arrays

    are_numbers_in_json = True

    def _are_many(self, count: int) -> bool:
        """Whether to work in bulk: that pays for importing NumPy, or for its overhead."""
        return self._arrays or count >= (FEW if "numpy" in sys.modules else MANY)

    def read(self, text: str) -> float:
        """The number written ``text``, rounded to the format. Raises ActcalcError if it is none."""
        return read_float(text, self.format, self._bits)

    def read_all(self, words: "Texts") -> "Points | None":
        values = None
        if words.source is not None and len(words.source) >= _LONG:
            from actcalc.numbers.word_arrays import read_floats

            values = read_floats(words.source)
        if values is None:
            many = self._are_many(len(words.words))
            if not words.are_decimal or not (many or not self.format.is_narrow):
                return None
            try:
                numbers = list(map(float, words.words))
            except ValueError:
                return None
            if not many:
                return numbers
            import numpy as np

            values = np.array(numbers)
        from actcalc.numbers.float_arrays import round_twice

        rounded, doubtful = round_twice(values, self.format)
        for i in doubtful.nonzero()[0].tolist():
            rounded[i] = self.read(words.text(i))
        return rounded

    def points(self, grid: "Grid") -> "Iterator[Points]":
        if self._are_many(len(grid)):
            from actcalc.numbers.range_arrays import evenly_spaced

            yield from (evenly_spaced(part, self.format) for part in grid.parts())
        else:
            yield from ([self.format.round_exact(z) for z in part] for part in grid.parts())

    def all_values(self, by_bits: bool = False) -> "Iterator[Points]":
        if not self.format.is_short:
            few = [fmt.name for fmt in FORMATS.values() if fmt.is_short]
            raise ActcalcError(f": only {join_names(few, 'and')} have few enough", about="all_values")
        from actcalc.numbers.bit_arrays import all_patterns, all_values
        from actcalc.numbers.ranges import BLOCK

        values = all_patterns(self.format) if by_bits else all_values(self.format)
        return (values[start : start + BLOCK] for start in range(0, len(values), BLOCK))

    def derivative(
        self, f: Activation, z: "Points", of: Quantity, aside: SetAside, at_kink: str = "least"
    ) -> "Points":
        array = self._array(z)
        if array is None:
            return [aside.value(lambda x: f.derivative_float(x, of, self.format, at_kink), x) for x in z]
        from actcalc.activations.arrays import derivative_array

        return derivative_array(f, array, of, self.format, at_kink, aside)

    def _array(self, points: "Points") -> "npt.NDArray[Any] | None":
        """The points as an array, if they are one or working in bulk pays."""
        if isinstance(points, Sequence) and not self._are_many(len(points)):
            return None
        import numpy as np

        return np.asarray(points, np.float64)

    def read_a(self, f: Activation, text: str) -> float:
        a = self.read(text)
        f.check_a(a, self.format)
        return a

    def read_all_a(self, f: Activation, words: "Texts") -> "Points | None":
        a = self.read_all(words)
        array = None if a is None else self._array(a)
        if array is None:
            return None
        from actcalc.activations.arrays import is_inside

        try:
            for x in set(array[~is_inside(f, array, self.format)].tolist()):
                f.check_a(x, self.format)
        except ActcalcError:
            return None
        return array

    def dg_from_a(self, f: Activation, a: "Points", aside: SetAside, at_kink: str) -> "Points":
        array = self._array(a)
        if array is None:
            return [aside.value(lambda x: f.dg_from_a_float(x, self.format, at_kink), x) for x in a]
        from actcalc.activations.arrays import dg_from_a_array

        return dg_from_a_array(f, array, self.format, at_kink, aside)

    def rounded_levels(self, f: Activation) -> dict[float, Fraction]:
        return f.rounded_levels(self.format)

    def texts(self, values: "Points", unsettled: Sequence[int] = ()) -> list[Sequence[str]]:
        if self._arrays:  # which have no texts
            unsettled = ()
        array = self._array(values)
        if array is not None and len(self.suffixes) == 1 and self._are_shortest:
            from actcalc.numbers.float_texts import FloatArray

            column = FloatArray(array, self.format)
            column = column if self._arrays else column.with_words()
            return [with_unsettled(column, unsettled) if unsettled else column]
        floats = values if array is None else array.tolist()
        columns: list[Sequence[str]] = [list(map(self._text, floats))]
        if len(self.suffixes) > 1:
            columns += [list(map(hex_text, floats)), list(map(self.format.bits_text, floats))]
        return [with_unsettled(column, unsettled) for column in columns] if unsettled else columns

    def point_texts(self, points: "Points") -> list[Sequence[str]]:
        return self.texts(points)


def _float_text(fmt: Format, exact: bool, plain: bool) -> Callable[[float], str]:
    if not exact:
        return (lambda x: plain_float_text(x, fmt)) if plain else fmt.text
    return (lambda x: plain_text(exact_float_text(x))) if plain else exact_float_text


class DecimalDigits:
    """Points are exact, values are rounded to decimal digits; no text has an exponent, if ``plain``."""

    suffixes = ("",)
    are_numbers_in_json = False

    def __init__(self, rounding: Digits | Decimals, plain: bool = False) -> None:
        self._rounding = rounding
        self._laid_out: Callable[[str], str] = plain_text if plain else str

    def read(self, text: str) -> Fraction | float:
        """The number written ``text``, exactly; or the float that is an infinity or NaN.

        Raises ActcalcError if it is no number, or beyond 10**±6000.
        """
        if "/" in text:
            return parse_exact(text)
        numeral = Numeral(text)
        return numeral.exact() if numeral.is_finite else numeral.to_format(FLOAT64)

    def read_all(self, words: "Texts") -> None:
        return None

    def points(self, grid: "Grid") -> Iterator[list[Fraction]]:
        if any(0 < abs(x) <= SMALLEST for x in (grid.start, grid.step)):
            raise ActcalcError(
                ": ends and step of a range must be 0 or at least 1e-6000", about=self._rounding.argument
            )
        return (list(part) for part in grid.parts())

    def all_values(self, by_bits: bool = False) -> Iterator[list[Fraction]]:
        raise ActcalcError("exclude one another", about=(self._rounding.argument, "all_values"))

    def derivative(
        self, f: Activation, z: "Points", of: Quantity, aside: SetAside, at_kink: str = "least"
    ) -> list[Decimal | float]:
        return [aside.value(lambda x: self._derivative(f, x, of, at_kink), x) for x in z]

    def _derivative(self, f: Activation, z: Fraction | float, of: Quantity, at_kink: str) -> Decimal | float:
        if isinstance(z, float):
            return z if math.isnan(z) else f.limit(z, of, self._rounding)
        value = f.derivative_at(z, of, self._rounding, at_kink)
        return math.nan if value is None else value

    def read_a(self, f: Activation, text: str) -> Fraction | float:
        a = self.read(text)
        if isinstance(a, float):
            f.check_a(a, FLOAT64)
        else:
            f.check_range(a, text)
        return a

    def read_all_a(self, f: Activation, words: "Texts") -> None:
        return None

    def dg_from_a(self, f: Activation, a: "Points", aside: SetAside, at_kink: str) -> list[Decimal | float]:
        return [aside.value(lambda x: self._slope_from(f, x, at_kink), x) for x in a]

    def _slope_from(self, f: Activation, a: Fraction | float, at_kink: str) -> Decimal | float:
        if isinstance(a, float):
            return a if math.isnan(a) else f.slope_from_end(a, self._rounding)
        slope = f.slope_from(a, self._rounding, at_kink)
        return math.nan if slope is None else slope

    def rounded_levels(self, f: Activation) -> dict[float, Fraction]:
        return {}

    def texts(self, values: "Points", unsettled: Sequence[int] = ()) -> list[Sequence[str]]:
        """The values, of which some are not settled, as one column of texts."""
        return [with_unsettled([self._text(value) for value in values], unsettled)]

    def point_texts(self, points: "Points") -> list[Sequence[str]]:
        return [[self._laid_out(exact_text(point)) for point in points]]

    def _text(self, value: Decimal | Fraction | float) -> str:
        if isinstance(value, float):
            return repr(value)
        rounded = self._rounding.round_exact(value) if isinstance(value, Fraction) else value
        return self._laid_out(self._rounding.text(rounded))
