"""The two systems of numbers: floats or codes of a format, and numbers with given decimal digits.

Both read numbers, evaluate g and g' at them, and write the results as cells of text.
"""

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar, cast

from actcalc.activations.activation import Activation
from actcalc.activations.aside import SetAside
from actcalc.activations.declaration import Quantity
from actcalc.errors import ActcalcError, Argument, Wording, quote
from actcalc.numbers.digits import Decimals, Digits
from actcalc.numbers.floats import FLOAT64, Format, hex_text
from actcalc.numbers.numerals import (
    SMALLEST,
    Numeral,
    exact_float_text,
    exact_text,
    is_pattern,
    parse_exact,
    plain_float_text,
    plain_text,
    read_float,
)
from actcalc.output.rows import with_unsettled

if TYPE_CHECKING:
    import numpy.typing as npt

    from actcalc.input.texts import Texts
    from actcalc.numbers.integers import NumberFormat
    from actcalc.numbers.ranges import Grid
    from actcalc.numbers.roundings import Rounding

    Points = Sequence[Any] | npt.NDArray[Any]
    """Numbers as one of the classes below reads them; many floats are in an array."""


class NumberSystem(Protocol):
    """The interface of both systems."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The suffixes of the columns' names for a result, one for each column."""

    @property
    def point_suffixes(self) -> tuple[str, ...]:
        """The suffixes of the columns' names for a point."""

    @property
    def has_nan(self) -> bool:
        """Whether a point may be NaN."""

    @property
    def are_numbers_in_json(self) -> bool:
        """Whether values are JSON numbers; otherwise they have too many digits for these."""

    def read(self, text: str) -> Any:
        """The number that ``text`` writes. Raises ActcalcError if it is not a number."""

    def read_all(self, words: "Texts") -> "Points | None":
        """The numbers of a block, if they can be read all at once; else None."""

    def read_a(self, f: Activation, text: str) -> Any:
        """A value of g. Raises ActcalcError if it is not a number, or outside the closed range of g."""

    def read_all_a(self, f: Activation, words: "Texts") -> "Points | None":
        """The values of g in a block, if they can be read all at once; else None."""

    def points(self, grid: "Grid") -> "Iterator[Points]":
        """The points of a range, in growing blocks: the first rows come at once, and many come fast."""

    def all_values(self, by_bits: bool = False) -> "Iterator[Points]":
        """All values but NaN in order, or the values of all bit patterns in the order of these.

        Raises ActcalcError for formats of more than 16 bits, and for bits of NaN if results have no NaN.
        """

    def derivative(
        self, f: Activation, z: "Points", of: Quantity, aside: SetAside, at_kink: str = "least"
    ) -> "Points":
        """g, g' or a higher derivative at each z; values that are not settled are set ``aside``."""

    def dg_from_a(self, f: Activation, a: "Points", aside: SetAside, at_kink: str) -> "Points":
        """The slopes where g has these values; those that are not settled are set ``aside``."""

    def result_text(self, value: Any) -> str:
        """A result as a text for a sentence."""

    @property
    def kind(self) -> str:
        """The noun for a point."""

    def legend(self, variable: str) -> str:
        """The meaning of numbers that are codes; empty for others."""

    def beyond_note(self, variable: str) -> str:
        """A line about points out of range of their format, for which others stand; empty without any."""

    def rounded_levels(self, f: Activation) -> dict[float, Fraction]:
        """The values of g that are taken for a level that rounds to them."""

    def held(self, number: Fraction) -> Fraction:
        """The point for a number, before rounding: the number itself, or its code."""

    def number(self, point: Any) -> Fraction | float:
        """The number that a point stands for, if it is not NaN."""

    def texts(self, values: "Points", unsettled: Sequence[int] = ()) -> list[Sequence[str]]:
        """The values as texts, a column for each suffix; those at ``unsettled`` places are marked."""

    def point_texts(self, points: "Points") -> list[Sequence[str]]:
        """The points themselves, in full, in columns for ``point_suffixes``."""


MANY = 3000
"""From this number of points on, working in bulk pays for importing NumPy."""
FEW = 64
"""From this number of points on, it pays for the overhead of arrays."""
_LONG = 16 * MANY
"""The number of bytes in a text with MANY numbers."""


class Beyond:
    """The count and the first of points out of range of their format, for which others stand."""

    def __init__(self) -> None:
        self.count = 0
        self.first = ""

    def add(self, text: str) -> None:
        self.first = self.first or text
        self.count += 1

    def note(self, variable: str, fmt: "NumberFormat", others: str) -> str:
        """A line that names the first of them, and the values that stand for them; empty without any."""
        if self.count == 0:
            return ""
        more = f" and {self.count - 1:,} more are" if self.count > 1 else " is"
        which = "them" if self.count > 1 else "it"
        return f"{variable} = {quote(self.first)[1:-1]}{more} out of range of {fmt}: {others} for {which}"


_Of = TypeVar("_Of", bound="NumberFormat")


class InFormat(Generic[_Of]):
    """Points as values of one format, held in floats, with results in the same or another format.

    Without ``out`` results are rounded to nearest in the format of the points. With ``arrays``, even a few
    are computed in bulk; with ``bits``, ``0x3f80`` is a bit pattern. Texts are as in ``Notation``.
    """

    are_numbers_in_json = True

    def __init__(
        self,
        fmt: _Of = FLOAT64,  # type: ignore[assignment]
        hexadecimal: bool = False,
        arrays: bool = False,
        bits: bool = False,
        exact: bool = False,
        plain: bool = False,
        out: "Rounding | None" = None,
    ) -> None:
        self.format, self.out = fmt, out
        self._points = Notation(fmt, hexadecimal, exact, plain)
        self._results = self._points if out is None else Notation(out.fmt, hexadecimal, exact, plain)
        self.suffixes, self.point_suffixes = self._results.suffixes, self._points.suffixes
        self._arrays, self._bits = arrays, bits
        self.beyond = Beyond()

    def rounded_to(self, out: "Rounding") -> Self:
        """A copy for the points with results rounded differently."""
        other = copy(self)
        other.out = out
        return other

    @property
    def result_format(self) -> "NumberFormat":
        """The format of the results."""
        return self._results.format

    @property
    def has_nan(self) -> bool:
        return self.format.has_nan

    def _are_many(self, count: int) -> bool:
        """Whether working in bulk pays for importing NumPy, or for its overhead if it is imported."""
        return self._arrays or count >= (FEW if "numpy" in sys.modules else MANY)

    def _array(self, points: "Points") -> "npt.NDArray[Any] | None":
        """The points as an array, if they are one or if working in bulk pays; else None."""
        if isinstance(points, Sequence) and not self._are_many(len(points)):
            return None
        import numpy as np

        return np.asarray(points, np.float64)

    def _decimals(self, words: "Texts") -> "npt.NDArray[Any] | Sequence[float] | None":
        """The decimals of a block as float64, in an array if they are many; None if one is not a decimal."""
        if words.source is not None and len(words.source) >= _LONG:
            from actcalc.numbers.word_arrays import read_floats

            values = read_floats(words.source)
            if values is not None:
                return values
        many = self._are_many(len(words.words))
        if not words.are_decimal or not (many or self._keeps_float64):
            return None
        try:
            numbers = list(map(float, words.words))
        except ValueError:
            return None
        if not many:
            return numbers
        import numpy as np

        return np.array(numbers)

    @property
    def _keeps_float64(self) -> bool:
        """Whether float64 numbers are points without rounding."""
        return False

    def all_values(self, by_bits: bool = False) -> "Iterator[Points]":
        if not self.format.is_short:
            raise ActcalcError(": only formats of up to 16 bits have few enough values", about="all_values")
        if by_bits and self.has_nan and not self.result_format.has_nan:
            hint = Wording("choose ", Argument("order_by", "value"))
            raise ActcalcError(f": bits of NaN have no value in {self.result_format}", hint, "order_by")
        from actcalc.numbers.bit_arrays import all_patterns, all_values
        from actcalc.numbers.ranges import BLOCK

        values = all_patterns(self.format) if by_bits else all_values(self.format)
        return (values[start : start + BLOCK] for start in range(0, len(values), BLOCK))

    def derivative(
        self, f: Activation, z: "Points", of: Quantity, aside: SetAside, at_kink: str = "least"
    ) -> "Points":
        array = self._array(z)
        if array is None:
            return self._singly(z, lambda x: f.derivative_float(x, of, self.format, at_kink, self.out), aside)
        from actcalc.activations.arrays import derivative_array

        return derivative_array(f, array, of, self.format, at_kink, self._if_nan(aside), self.out)

    def _if_nan(self, aside: SetAside) -> SetAside | None:
        """``aside``, if the format has NaN to stand for a result; else None."""
        return aside if self.result_format.has_nan else None

    def _singly(self, points: "Points", one: Callable[[float], float], aside: SetAside) -> list[float]:
        return [aside.value(one, x) if self.result_format.has_nan else one(x) for x in points]

    def dg_from_a(self, f: Activation, a: "Points", aside: SetAside, at_kink: str) -> "Points":
        array = self._array(a)
        if array is None:
            return self._singly(a, lambda x: f.dg_from_a_float(x, self.format, at_kink, self.out), aside)
        from actcalc.activations.arrays import dg_from_a_array

        return dg_from_a_array(f, array, self.format, at_kink, self._if_nan(aside), self.out)

    def read(self, text: str) -> float:
        """The number that ``text`` writes, rounded to the format. Raises ActcalcError for other texts."""
        raise NotImplementedError

    def read_all(self, words: "Texts") -> "Points | None":
        raise NotImplementedError

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

    def result_text(self, value: float) -> str:
        text = self._results.columns([float(value)])[0][0]
        return text if isinstance(self.result_format, Format) else f"the code {text}"

    @property
    def kind(self) -> str:
        return "float" if isinstance(self.format, Format) else "code"

    def legend(self, variable: str) -> str:
        z, results = self.format, self.result_format
        if z is results:
            return _legend(f"{variable} and results are codes", z)
        parts = _legend(f"{variable} is a code", z), _legend("results are codes", results)
        return "; ".join(filter(None, parts))

    def rounded_levels(self, f: Activation) -> dict[float, Fraction]:
        return f.rounded_levels(self.format)

    def held(self, number: Fraction) -> Fraction:
        return number

    def number(self, point: float) -> Fraction | float:
        return point

    def texts(self, values: "Points", unsettled: Sequence[int] = ()) -> list[Sequence[str]]:
        return self._columns(values, self._results, unsettled)

    def point_texts(self, points: "Points") -> list[Sequence[str]]:
        return self._columns(points, self._points)

    def _columns(
        self, values: "Points", notation: "Notation", unsettled: Sequence[int] = ()
    ) -> list[Sequence[str]]:
        if self._arrays:  # arrays have no texts
            unsettled = ()
        array = self._array(values)
        if array is not None and notation.is_shortest:
            from actcalc.numbers.float_texts import FloatArray

            column = FloatArray(array, notation.format)
            column = column if self._arrays else column.with_words()
            return [with_unsettled(column, unsettled) if unsettled else column]
        columns = notation.columns(cast(Sequence[float], values) if array is None else array.tolist())
        return [with_unsettled(column, unsettled) for column in columns] if unsettled else columns


def _legend(subject: str, fmt: "NumberFormat") -> str:
    """The meaning of the codes of a format; empty for floats."""
    if isinstance(fmt, Format):
        return ""
    from actcalc.numbers.roundings import meaning

    return f"{subject} of {fmt}, which stand{'s' if ' is ' in subject else ''} for {meaning(fmt)}"


class Notation:
    """A notation for values of a format; if ``hexadecimal``, also with their bits and hexadecimal floats.

    Floats have as few digits as identify a value or, if ``exact``, all; if ``plain``, they have no exponents.
    Codes of an integer format are always integers.
    """

    def __init__(self, fmt: "NumberFormat", hexadecimal: bool, exact: bool, plain: bool) -> None:
        self.format = fmt
        self._writers: list[Callable[[float], str]] = [fmt.text]
        self.suffixes: tuple[str, ...] = ("",)
        self.is_shortest = not hexadecimal
        """Whether there is one column, with the format's own texts."""
        if isinstance(fmt, Format) and (exact or plain):
            self._writers = [_float_text(fmt, exact, plain)]
            self.is_shortest = False
        if hexadecimal and isinstance(fmt, Format):
            self._writers.append(hex_text)
            self.suffixes += ("_hex",)
        if hexadecimal:
            self._writers.append(fmt.bits_text)
            self.suffixes += ("_bits",)

    def columns(self, values: Sequence[float]) -> list[Sequence[str]]:
        """The texts of some values, in a column for each of ``suffixes``."""
        return [list(map(write, values)) for write in self._writers]


class Floats(InFormat[Format]):
    """Points as floats of one format."""

    @property
    def _keeps_float64(self) -> bool:
        return not self.format.is_narrow

    def read(self, text: str) -> float:
        value = read_float(text, self.format, self._bits)
        if value != value and not (is_pattern(text) or _is_nan(text)):
            self.beyond.add(text)
        return value

    def read_all(self, words: "Texts") -> "Points | None":
        values = self._decimals(words)
        if values is None or isinstance(values, Sequence):
            return values
        from actcalc.numbers.float_arrays import round_twice

        rounded, doubtful = round_twice(values, self.format)
        for i in doubtful.nonzero()[0].tolist():
            rounded[i] = read_float(words.text(i), self.format)
        self._note_beyond(rounded, words.text)
        return rounded

    def points(self, grid: "Grid") -> "Iterator[Points]":
        for part in grid.parts():
            values: Points
            if self._are_many(len(grid)):
                from actcalc.numbers.range_arrays import evenly_spaced

                values = evenly_spaced(part, self.format)
            else:
                values = [self.format.round_exact(z) for z in part]
            self._note_beyond(values, partial(_point_text, part))
            yield values

    def _note_beyond(self, values: "Points", text: Callable[[int], str]) -> None:
        """Note finite numbers that became NaN; ``text`` gives the text at a place."""
        if not self.format.has_infinities:
            for i, x in enumerate(values):
                if x != x:
                    self.beyond.add(text(i))

    def beyond_note(self, variable: str) -> str:
        return self.beyond.note(variable, self.format, "NaN stands")


def _point_text(grid: "Grid", place: int) -> str:
    return exact_text(grid.start + place * grid.step)


def _is_nan(text: str) -> bool:
    """Whether the text of a number means NaN."""
    return text[-3:].lower() == "nan"


def _float_text(fmt: Format, exact: bool, plain: bool) -> Callable[[float], str]:
    if not exact:
        return lambda x: plain_float_text(x, fmt)
    return (lambda x: plain_text(exact_float_text(x))) if plain else exact_float_text


class DecimalDigits:
    """Exact points, with results rounded to decimal digits; if ``plain``, no text has an exponent."""

    suffixes = point_suffixes = ("",)
    are_numbers_in_json = False
    has_nan = True
    kind = "number"

    def legend(self, variable: str) -> str:
        return ""

    def beyond_note(self, variable: str) -> str:
        return ""

    def __init__(self, rounding: Digits | Decimals, plain: bool = False) -> None:
        self._rounding = rounding
        self._laid_out: Callable[[str], str] = plain_text if plain else str

    def read(self, text: str) -> Fraction | float:
        """The exact number that ``text`` writes; infinities and NaN as floats.

        Raises ActcalcError if it is not a number, or beyond 10**±6000.
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
        raise ActcalcError("cannot be used together", about=(self._rounding.argument, "all_values"))

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

    def held(self, number: Fraction) -> Fraction:
        return number

    def number(self, point: Fraction | float) -> Fraction | float:
        return point

    def texts(self, values: "Points", unsettled: Sequence[int] = ()) -> list[Sequence[str]]:
        """The values as one column of texts; those at ``unsettled`` places are marked."""
        return [with_unsettled([self.result_text(value) for value in values], unsettled)]

    def point_texts(self, points: "Points") -> list[Sequence[str]]:
        return [[self._laid_out(exact_text(point)) for point in points]]

    def result_text(self, value: Decimal | Fraction | float) -> str:
        if isinstance(value, float):
            return repr(value)
        rounded = self._rounding.round_exact(value) if isinstance(value, Fraction) else value
        return self._laid_out(self._rounding.text(rounded))
