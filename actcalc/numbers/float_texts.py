"""Floats to decimal text, whole arrays at a time: the bytes of ``Format.text`` at a fraction of the time.

The shortest digits that read back to x are found as in Grisu (Loitsch, Printing floating-point numbers
quickly and accurately with integers, 2010): x is scaled by a power of ten in extended precision, so that
its digits are those of an integer, and fewer digits will do if they lie nearer to x than half the spacing
of floats. Where the rounding errors of the scaling leave that open, ``Format.text`` decides.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from actcalc.numbers.floats import FLOAT64, Format
from actcalc.numbers.sums import AVAILABLE, UNIT, extended

Array = npt.NDArray[Any]

_WIDTH = 24
"""Characters of the longest text: -2.2250738585072014e-308."""
_MOST = 17
"""The most digits of any format."""
_BLOCK = 1 << 15
"""Values worked on at a time: few enough to stay in the processor's cache."""


class FloatArray(Sequence[str]):
    """An array of float64 values of a format, as a column of their texts."""

    def __init__(self, values: Array, fmt: Format) -> None:
        self.values = values
        self.format = fmt

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: Any) -> Any:
        return self.format.text(float(self.values[index]))

    def __iter__(self) -> Iterator[str]:
        return iter(_lines([self], [b"", b"\n"]).decode("ascii").splitlines())


def lines(columns: Sequence[FloatArray], between: Sequence[bytes]) -> bytes:
    """The rows of ``columns``, with ``between`` before the first, between any two and after the last."""
    starts = range(0, len(columns[0]), _BLOCK)
    parts = [[FloatArray(c.values[i : i + _BLOCK], c.format) for c in columns] for i in starts]
    return b"".join([_orjson_lines(part, between) or _lines(part, between) for part in parts])


def _lines(columns: Sequence[FloatArray], between: Sequence[bytes]) -> bytes:
    matrices = []
    for before, column in zip(between, [*columns, None], strict=True):
        matrices.append(np.frombuffer(before, np.uint8))
        if column is not None:
            matrices.append(_texts(column.values, column.format))
    rows = np.empty((len(columns[0]), sum(matrix.shape[-1] for matrix in matrices)), np.uint8)
    place = 0
    for matrix in matrices:
        rows[:, place : place + matrix.shape[-1]] = matrix
        place += matrix.shape[-1]
    return rows.tobytes().translate(None, b"\0")


def _orjson_lines(columns: Sequence[FloatArray], between: Sequence[bytes]) -> bytes:
    """The same by orjson, if it is installed and its text is mostly that of ``repr``; or nothing.

    It writes rows of float64 in brackets, their cells with commas between.
    """
    if [*between] != [b"", *[b","] * (len(columns) - 1), b"\n"]:
        return b""
    if any(column.format is not FLOAT64 for column in columns):
        return b""
    try:
        import orjson
    except ImportError:
        return b""
    x = np.column_stack([column.values for column in columns])
    size = np.abs(x)
    same = (((size >= 1e-4) & (size < 1e16)) | (size == 0)).all(axis=1)
    others = np.flatnonzero(~same)
    if 8 * len(others) > len(x):
        return b""
    text = orjson.dumps(x, option=orjson.OPT_SERIALIZE_NUMPY)[2:-2].replace(b"],[", b"\n") + b"\n"
    if len(others) == 0:
        return text
    rows = text.splitlines(keepends=True)
    other_rows = _lines([FloatArray(column, FLOAT64) for column in x[others].T], between)
    for i, row in zip(others.tolist(), other_rows.splitlines(keepends=True), strict=True):
        rows[i] = row
    return b"".join(rows)


def _texts(x: Array, fmt: Format) -> Array:
    """A row of ASCII bytes for the text of each x, with zero bytes to be left out."""
    if not AVAILABLE:
        return _one_by_one(x, fmt)
    with np.errstate(all="ignore"):
        digits, exponent, certain = _shortest(x, fmt)
        texts = _laid_out(x, digits, exponent, fmt)
    if not certain.all():
        different, places = np.unique(x[~certain].view(np.int64), return_inverse=True)
        texts[~certain] = _one_by_one(different.view(np.float64), fmt)[places]
    return texts


def _one_by_one(x: Array, fmt: Format) -> Array:
    joined = b"".join([fmt.text(value).encode().ljust(_WIDTH, b"\0") for value in x.tolist()])
    return np.frombuffer(joined, np.uint8).reshape(-1, _WIDTH)


def _shortest(x: Array, fmt: Format) -> tuple[Array, Array, Array]:
    """Digits d and exponents e, so that x is about d * 10**(e - 16), d having 17 digits; and where it is so.

    It is not for zeros, subnormals and powers of two, whose neighbours are not evenly spaced, and what
    is not finite.
    """
    size = np.abs(x)
    significand, _ = np.frexp(size)
    certain = (size >= fmt.smallest_normal) & (size <= fmt.largest) & (significand != 0.5)
    size = np.where(certain, size, 1.5)
    significand = np.where(certain, significand, 0.75)
    exponent = np.floor(np.log10(size)).astype(np.int64)
    most, least = fmt.digits, (fmt.precision - 1) * 30103 // 100000
    power, relative = _powers_of_ten((most - 1) - exponent)
    scaled = size * power
    whole = scaled.astype(np.int64)
    rest = (scaled - whole).astype(np.float64)
    # Half the spacing of floats here, and how far the scaled value may be off.
    near = scaled.astype(np.float64)
    half = near / (significand * 2.0 ** (fmt.precision + 1))
    error = near * (relative + 2.0**-80) + half * 2.0**-50
    certain &= (whole >= 10 ** (most - 1)) & (abs(rest - 0.5) > error)
    digits = whole + (rest > 0.5)
    # Of this many digits one number at most is near enough, and fewer are those of it without its zeros.
    for count in range(most - 1, least - 1, -1):
        unit = 10 ** (most - count)
        below = whole % unit
        low = below + rest
        up = low > unit / 2
        distance = np.where(up, unit - low, low)
        fits = distance < half
        certain &= abs(distance - half) > error
        certain &= ~fits | (abs(low - unit / 2) > error)
        digits = np.where(fits, whole - below + up * unit, digits)
    certain &= digits < 10**most  # not rounded up to the next power
    return digits * 10 ** (_MOST - most), exponent, certain


def _powers_of_ten(exponents: Array) -> tuple[Array, Array]:
    """Powers of ten in extended precision, and bounds on the relative error of a product with each."""
    least = int(exponents.min())
    known = [_power_of_ten(n) for n in range(least, int(exponents.max()) + 1)]
    powers, errors = (np.array(column) for column in zip(*known, strict=True))
    return powers[exponents - least], errors[exponents - least]


@cache
def _power_of_ten(n: int) -> tuple[np.longdouble, float]:
    power = Fraction(10) ** n
    near = extended(power)
    is_exact = Fraction(*near.as_integer_ratio()) == power
    return near, float(UNIT) * (1 if is_exact else 4)


def _laid_out(x: Array, digits: Array, exponent: Array, fmt: Format) -> Array:
    """The texts of ``x``, whose digits and exponents these are."""
    upper, lower = np.divmod(digits, 10**8)
    first, upper = np.divmod(upper, 10**8)
    groups = [first, *np.divmod(upper, 10**4), *np.divmod(lower, 10**4)]
    # What texts are made of: twenty digits, those of the exponent, and signs.
    source = np.empty((len(x), 8), np.uint32)
    for i, group in enumerate([*groups, abs(exponent)]):
        source[:, i] = _FOUR_DIGITS[group]
    source[:, 6:] = np.frombuffer(_SIGNS, np.uint32)
    count = _MOST - _zeros_at_end(groups)
    scientific = (exponent < -4) | (exponent >= 16)
    if fmt is not FLOAT64:
        scientific |= (exponent >= count) & ~_is_exact(x, digits, exponent)
    kind = np.where(scientific, np.where(exponent > 0, 16, 18) + (abs(exponent) > 99), exponent)
    index = _layouts()[((x < 0) * _KINDS + kind + 4) * _MOST + count - 1]
    index += (np.arange(len(x)) * 32)[:, None]
    texts: Array = source.view(np.uint8).reshape(-1).take(index)
    return texts


def _is_exact(x: Array, digits: Array, exponent: Array) -> Array:
    """Whether the digits are all of x, for exponents from 0 to 15; elsewhere anything."""
    power, _ = _powers_of_ten(np.clip(_MOST - 1 - exponent, 0, _MOST - 1))
    exact: Array = digits == abs(x) * power
    return exact


_FOUR_DIGITS = np.frombuffer(b"".join(b"%04d" % i for i in range(10**4)), np.uint32)
_ZEROS = np.array([4, *(len(str(i)) - len(str(i).rstrip("0")) for i in range(1, 10**4))])


def _zeros_at_end(groups: Sequence[Array]) -> Array:
    """How many zeros end the digits, which come in groups of four."""
    zeros = _ZEROS[groups[-1]]
    for i, group in enumerate(reversed(groups[1:-1])):
        all_zeros = zeros == 4 * (i + 1)
        if not all_zeros.any():
            break
        zeros = zeros + np.where(all_zeros, _ZEROS[group], 0)
    return zeros


_SIGNS = b"-0.e+\0\0\0"
_KINDS = 24
"""Ways to write a number: plain with an exponent from -4 to 15; e+00, e+000, e-00, e-000."""


@cache
def _layouts() -> Array:
    """For each sign, way to write and number of digits, which bytes of the source make the text."""
    first_digit, exponent_digits, signs = 3, 20, 24
    layouts = []
    for sign in ("", "-"):
        for kind in range(-4, _KINDS - 4):
            for count in range(1, _MOST + 1):
                digits: list[int | str] = list(range(first_digit, first_digit + count))
                if kind < 0:
                    text = [*"0.", *"0" * (-kind - 1), *digits]
                elif kind < 16:
                    text = [*digits, *"0" * (kind + 2 - count)]
                    text.insert(kind + 1, ".")
                else:
                    length = 2 + kind % 2
                    exponent = range(exponent_digits + 4 - length, exponent_digits + 4)
                    text = [digits[0], *(["."] if digits[1:] else []), *digits[1:]]
                    text += ["e", "+" if kind < 18 else "-", *exponent]
                row = [signs + _SIGNS.index(c.encode()) if isinstance(c, str) else c for c in [*sign, *text]]
                layouts.append(row + [signs + _SIGNS.index(0)] * (_WIDTH - len(row)))
    return np.array(layouts, np.intp)
