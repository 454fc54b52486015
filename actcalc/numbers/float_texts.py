"""Whole arrays of floats as decimal text: the bytes of ``Format.text`` in a fraction of the time.

The shortest digits that read back to x are found as in Grisu (Loitsch, Printing floating-point numbers
quickly and accurately with integers, 2010). A pair of float64 scales x by a power of ten, so that its digits
are those of an integer; a shorter decimal suffices if it is nearer to x than half the spacing of floats.
Where the rounding errors of the scaling leave that undecided, ``Format.text`` decides.

Texts are built in words of eight bytes, whose characters are processed together; zero bytes are dropped at
the end.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache, cached_property
from typing import Any

import numpy as np

from actcalc.numbers.error_free import two_product
from actcalc.numbers.float_arrays import Array, distinct
from actcalc.numbers.floats import Format
from actcalc.numbers.integer_arrays import to_integers
from actcalc.numbers.integers import IntegerFormat, NumberFormat

_MOST = 17
"""The most digits of any format."""
_BLOCK = 1 << 15
"""Values processed at a time: few enough for the processor's cache, enough for threads to take turns."""


class FloatArray(Sequence[str]):
    """A sequence of the texts of an array: float64 values of a format, or codes of an integer format."""

    def __init__(self, values: Array, fmt: NumberFormat) -> None:
        self.values = values
        self.format = fmt

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: Any) -> Any:
        return self.format.text(float(self.values[index]))

    def __iter__(self) -> Iterator[str]:
        return iter(lines([self], [b"", b"\n"]).splitlines())

    def is_finite(self) -> bool:
        """Whether all of the values are finite."""
        return bool(np.isfinite(self.values).all())

    def with_words(self) -> "FloatArray":
        """This column, after most of the work on its texts has been done."""
        _ = self.words
        return self

    @cached_property
    def words(self) -> list[list[Array]]:
        """The words of the texts of each block; the first byte of a text is zero."""
        parts = (self.values[start : start + _BLOCK] for start in range(0, len(self), _BLOCK))
        if isinstance(self.format, IntegerFormat):
            return [_code_texts(part) for part in parts]
        return [_texts(part, self.format) for part in parts]


def lines(columns: Sequence[FloatArray], between: Sequence[bytes]) -> str:
    """The rows of ``columns``: ``between`` holds the text before, between and after the columns."""
    parts = zip(*(column.words for column in columns), strict=True)
    return "".join([_lines(part, between) for part in parts])


def _lines(columns: Sequence[Sequence[Array]], between: Sequence[bytes]) -> str:
    first, *others, last = between
    # The end of a row is written before the next row, so that its last byte fits in the free byte of a text.
    words: list[tuple[Array | int, int]] = []
    for before, (beginning, *rest) in zip([last + first, *others], columns, strict=True):
        words += [(_word(before[:-1][place : place + 8]), 0) for place in range(0, len(before) - 1, 8)]
        words += [(beginning, _word(before[-1:])), *((word, 0) for word in rest)]
    count = len(columns[0][0])
    size = 8 * count * len(words)
    made = np.empty(size + len(last), np.uint8)
    made[size:] = np.frombuffer(last, np.uint8)
    rows = made[:size].view("<u8").reshape(count, -1)
    for place, (word, more) in enumerate(words):
        np.bitwise_or(word, np.uint64(more), out=rows[:, place])
    # NumPy releases the GIL while it does this.
    return str(made[made != 0].data[len(last) :], "ascii")


def _texts(x: Array, fmt: Format) -> list[Array]:
    """The words of the texts of ``x``; each text begins with a zero byte."""
    with np.errstate(all="ignore"):
        digits, exponent, certain = _shortest(x, fmt)
        words = _lay_out(x, digits, exponent, fmt)
    if certain is not None:
        places = np.flatnonzero(~certain)
        different, inverse = distinct(x[places].view(np.int64))
        texts = [b"\0" + fmt.text(value).encode() for value in different.view(np.float64).tolist()]
        most = -(-max(map(len, texts)) // 8)
        words += [np.zeros(len(x), np.uint64) for _ in range(most - len(words))]
        own = np.frombuffer(b"".join([text.ljust(8 * len(words), b"\0") for text in texts]), "<u8")
        for word, part in zip(words, own.reshape(len(texts), -1).T, strict=True):
            word[places] = part[inverse]
    return words


def _code_texts(codes: Array) -> list[Array]:
    """The words of the texts of integers of up to 15 characters; each text begins with a zero byte."""
    texts = to_integers(codes, np.int64).astype("S15")
    made = np.zeros((len(texts), 16), np.uint8)
    made[:, 1:] = texts.view(np.uint8).reshape(-1, 15)
    return list(made.view("<u8").T)


_FRACTION = 2**52 - 1
"""The bits of a float64 below its exponent."""
_BINADES = 2048
_DOUBT = 2.0**-40
"""A bound on the error of the low digits of a scaled value below 1e17, in units of the last digit."""


class _Scales:
    """Tables of decimal scales for the binades of float64, each split at the power of ten in it, if any."""

    def __init__(self, fmt: Format) -> None:
        self._digits = fmt.digits
        self._known = np.zeros(_BINADES, bool)
        self._known[[0, -1]] = True
        self.tens = np.full(_BINADES, np.inf)
        """The power of ten within the binade, rounded up; infinity if there is none."""
        # Two entries for each binade: below that power of ten, and from it on.
        self.exponents = np.zeros(2 * _BINADES, np.int64)
        self.high, self.low = np.zeros((2, 2 * _BINADES))
        """A significand from 1 to 2 times ``high + low`` has all of its digits before the point."""

    def know(self, binades: Array) -> None:
        """Fill the tables for these binades."""
        known = self._known.take(binades)
        if known.all():
            return
        for k in np.flatnonzero(np.bincount(binades[~known])).tolist():
            least = Fraction(2) ** (k - 1023)
            exponent = decimal_exponent(k - 1023)
            ten = Fraction(10) ** (exponent + 1)
            if ten < 2 * least:
                near = float(ten)
                self.tens[k] = near if near >= ten else np.nextafter(near, np.inf)
            for place, e in ((2 * k, exponent), (2 * k + 1, exponent + 1)):
                scale = least * Fraction(10) ** (self._digits - 1 - e)
                self.exponents[place] = e
                self.high[place] = float(scale)
                self.low[place] = float(scale - Fraction(float(scale)))
            self._known[k] = True


def decimal_exponent(k: int) -> int:
    """The exponent of the greatest power of ten not above 2**k, for the exponent k of a float64."""
    return k * 30103 // 100000


_scales = cache(_Scales)


def _shortest(x: Array, fmt: Format) -> tuple[Array, Array, Array | None]:
    """The shortest digits d, padded to 17, and exponents e with x about d * 10**(e - 16); where certain.

    Subnormals and values that are not finite are never certain. None stands for certain everywhere.
    """
    scales = _scales(fmt)
    bits = x.view(np.uint64)
    binade = (bits >> 52 & (_BINADES - 1)).view(np.int64)
    scales.know(binade)
    place = 2 * binade + (abs(x) >= scales.tens.take(binade))
    significand = (bits & _FRACTION | 0x3FF << 52).view(np.float64)
    high = scales.high.take(place)
    low = scales.low.take(place)
    scaled, lost = two_product(significand, high)
    whole = to_integers(scaled, np.uint64)
    most, units = fmt.digits, _units(fmt)
    upper = whole // units[-1]
    whole -= upper * units[-1]
    rest = (scaled - np.floor(scaled)) + (lost + significand * low) + whole.view(np.int64)
    half = high * 2.0**-fmt.precision
    chosen, doubt = _nearest(rest, half, units)
    certain = None
    if doubt.any():
        places = np.flatnonzero(doubt)
        # Where scaling is exact, these are decided: the ends of its interval read back to x if x is even.
        even = bits[places] >> (53 - fmt.precision) & 1 == 0
        ends = half[places]
        chosen[places], _ = _nearest(rest[places], np.where(even, np.nextafter(ends, np.inf), ends), units)
        certain = ~doubt
        certain[places] = (lost[places] == 0) & (low[places] == 0)
    # Below a power of two floats are twice as dense.
    powers = np.flatnonzero(significand == 1)
    if len(powers):
        nearer, doubt = _nearest(rest[powers], half[powers] / 2, units)
        certain = np.ones(len(x), bool) if certain is None else certain
        certain[powers] &= ~doubt & (nearer == chosen[powers]) | (x[powers] == 0)
    outside = (abs(x) < fmt.smallest_normal) & (x != 0) | (binade == _BINADES - 1)
    # The chosen digits may be negative.
    digits = ((upper * units[-1]).view(np.int64) + to_integers(chosen, np.int64)).view(np.uint64)
    outside |= digits >= 10**most  # rounded up to the next power
    if outside.any():
        digits[outside] = 0
        certain = ~outside if certain is None else certain & ~outside
    if certain is not None and certain.all():
        certain = None
    return digits * 10 ** (_MOST - most), scales.exponents.take(place), certain


def _units(fmt: Format) -> list[int]:
    """Powers of ten for the digits that may be dropped; with the fewest digits at most one number is near."""
    least = (fmt.precision - 1) * 30103 // 100000
    return [10**i for i in range(fmt.digits - least + 1)]


def _nearest(x: Array, half: Array, units: Sequence[int]) -> tuple[Array, Array]:
    """The nearest multiple of the largest unit that has one within ``half`` of x, or of 1; where in doubt."""
    chosen = np.rint(x)
    doubt = 0.5 - abs(x - chosen) < _DOUBT
    for unit in units[1:]:
        near = np.rint(x / unit) * unit
        distance = abs(x - near)
        fits = distance < half
        chosen = np.where(fits, near, chosen)
        # In doubt half way between two multiples, and at the ends of the interval.
        doubt = doubt & ~fits | (distance > unit / 2 - _DOUBT) & fits
        doubt |= abs(distance - half) < _DOUBT
    return chosen, doubt


def _lay_out(x: Array, digits: Array, exponent: Array, fmt: Format) -> list[Array]:
    """The words of the texts of ``x``, from its digits and exponents; the first byte of a text is zero.

    The first word has the sign, the first digit and leading zeros; two words have sixteen more digits and the
    point; a last one has the exponents, if any are needed.
    """
    known = _layouts()
    first, left, right = _in_words(digits)
    kind = exponent - _LEAST
    scientific = (exponent < _LEAST) | (exponent > 15)
    if fmt.is_narrow:
        scientific |= _is_padded(x, digits, exponent)
    last = []
    if scientific.any():
        kind[scientific] = np.where((left | right)[scientific] == 0, _ALONE, _SCIENTIFIC)
        last = [known.exponents[exponent + _FARTHEST] * scientific]
    words = [known.beginnings.take(20 * kind + 10 * np.signbit(x) + first)]
    left, right = _characters(left, right)
    left |= known.zeros[0].take(kind)
    right |= known.zeros[1].take(kind)
    to_first_word = known.to_first_word.take(kind)
    if to_first_word.any():
        words[0] |= left << 24 & to_first_word
        up = left >> 8 | right << 56, right >> 8
        left, right = (
            up[i] & known.moved[i][kind] | (left, right)[i] & known.stay[i][kind] | known.points[i][kind]
            for i in range(2)
        )
    return [*words, left, *([right] if right.any() else []), *last]


def _is_padded(x: Array, digits: Array, exponent: Array) -> Array:
    """Where plain notation would end in zeros that are not digits of x, for exponents from 0 to 15."""
    padded = np.zeros(len(x), bool)
    places = np.flatnonzero((exponent > 0) & (exponent < 16))
    powers = np.uint64(10) ** (_MOST - 1 - exponent[places]).view(np.uint64)
    whole = digits[places] // powers
    is_whole = (whole * powers == digits[places]) & (whole % 10 == 0)
    padded[places] = is_whole & (whole != to_integers(abs(x[places]), np.uint64))
    return padded


def _in_words(digits: Array) -> tuple[Array, Array, Array]:
    """The first of 17 digits, and the others in two words of eight, the first digit in the lowest byte."""
    upper = digits // 10**8
    lower = digits - upper * 10**8
    first = upper // 10**8
    upper -= first * 10**8
    return first.view(np.int64), _eight_digits(upper), _eight_digits(lower)


def _eight_digits(x: Array) -> Array:
    upper = x // 10**4
    lower = x - upper * 10**4
    words: Array = _FOUR_DIGITS.take(lower.view(np.int64)) << 32
    words |= _FOUR_DIGITS.take(upper.view(np.int64))
    return words


_FOUR_DIGITS = sum((np.arange(10**4, dtype=np.uint64) // 10 ** (3 - i) % 10) << 8 * i for i in range(4))
_EACH = 0x0101010101010101
"""A byte times this is that byte eight times."""


def _characters(left: Array, right: Array) -> tuple[Array, Array]:
    """Words of digits as ASCII, with zero bytes for trailing zeros."""
    nonzero = []
    for word in (left, right):
        # Makes every byte nonzero that is, or is followed by, a nonzero digit.
        spread = word | word >> 8
        spread |= spread >> 16
        nonzero.append(spread | spread >> 32)
    nonzero[0] |= (right != 0) * np.uint64(_EACH)
    for word, spread in zip((left, right), nonzero, strict=True):
        bits = spread + 0x7F * _EACH & 0x80 * _EACH
        word |= bits >> 2 | bits >> 3
    return left, right


_LEAST = -4
"""The least exponent in plain notation. It is the first kind of text; each exponent up to 15 is another."""
_SCIENTIFIC, _ALONE = 20, 21
"""Kinds of text with an exponent: with a point, or with a single digit."""
_FARTHEST = 400
"""More than the greatest exponent."""


class _Layouts:
    """Tables of the changes to the words of a text, by kind of text."""

    def __init__(self) -> None:
        plain = range(_LEAST, 16)
        beginnings = ["0." + "0" * (-1 - e) if e < 0 else "" for e in plain]
        points = ["." if e == 0 else "" for e in plain] + [".", ""]
        self.beginnings = np.array(
            [
                _word(f"\0{sign}{before}{digit}{point}".encode())
                for before, point in zip([*beginnings, "", ""], points, strict=True)
                for sign in ("", "-")
                for digit in range(10)
            ],
            np.uint64,
        )
        self.exponents = np.array([_word(b"e%+03d" % n) for n in range(-_FARTHEST, _FARTHEST)], np.uint64)
        # For the sixteen digits after the first: zeros that are kept, digits that move up to make room for
        # the point, and digits that stay.
        others = [-1, -1]
        self.zeros = _pairs([_word(b"0" * (e + 1)) for e in (*plain, *others)])
        self.moved = _pairs([_bytes(0, e - 1) for e in (*plain, *others)])
        self.stay = _pairs([_bytes(max(e, 0), 16) for e in (*plain, *others)])
        self.points = _pairs([_word(b".") << 8 * (e - 1) if e > 0 else 0 for e in (*plain, *others)])
        self.to_first_word = np.array([0xFF << 24 if e > 0 else 0 for e in (*plain, *others)], np.uint64)


def _word(text: bytes) -> int:
    """Bytes as a little-endian number."""
    return int.from_bytes(text, "little")


def _bytes(start: int, stop: int) -> int:
    """A number with the bytes from ``start`` to ``stop`` all ones."""
    return (1 << 8 * max(start, stop)) - (1 << 8 * start)


def _pairs(numbers: Sequence[int]) -> tuple[Array, Array]:
    """The lower and the upper words of sixteen-byte numbers."""
    lower, upper = ([n >> shift & 2**64 - 1 for n in numbers] for shift in (0, 64))
    return np.array(lower, np.uint64), np.array(upper, np.uint64)


_layouts = cache(_Layouts)
