"""Pairs of z and a computed value from NumPy files, block by block.

The header of a .npy file states the size of the data; memory is allocated only for data that the file holds.
"""

import io
import math
import os
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.lib import format as npy

from actcalc.errors import ActcalcError, Argument, Wording, join_names, quote
from actcalc.input.blocks import cannot_read
from actcalc.input.choosing import Chooser, OtherQuantity, in_file
from actcalc.input.streams import NPY
from actcalc.numbers.array_values import (
    as_array,
    check_not_bare_patterns,
    format_of,
    from_patterns,
    to_format,
)
from actcalc.numbers.bit_arrays import from_bits
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import FORMATS, Format
from actcalc.numbers.integers import IntegerFormat, NumberFormat

PairFormats = tuple[NumberFormat, NumberFormat]
"""The formats of z and of the values."""


class Given(NamedTuple):
    """The formats that the user gave."""

    z: NumberFormat | None = None
    """None for the format in the file."""
    values: NumberFormat | None = None
    """None for that of z."""


NOT_GIVEN = Given()

_ROWS = 1 << 14
"""The number of rows to read at a time."""
_READERS = {
    (1, 0): npy.read_array_header_1_0,
    (2, 0): npy.read_array_header_2_0,
    (3, 0): npy.read_array_header_2_0,  # differs only in names that are not ASCII
}


class ArrayPairs:
    """z and the values in two arrays of the same shape, with numbers as in a .npy file.

    Raises InputError, naming the file, for other arrays. ``given`` are the formats that the user gave.
    """

    def __init__(self, z: Array, values: Array, source: str, given: Given) -> None:
        self._source, self._given = source, given
        if z.shape != values.shape:
            raise in_file(source, f"z and values must have the same shape, not {z.shape} and {values.shape}")
        if z.size == 0:
            raise in_file(source, "there are no numbers")
        self._arrays = [z.reshape(-1), values.reshape(-1)]
        self.formats = _formats_of([array[:0] for array in self._arrays], source, given)

    formats: PairFormats
    """The formats of z and of the values: those given, or else those in the file; integers are float64."""

    def pairs(self) -> Iterator[tuple[Array, Array]]:
        """The columns, block by block, in their formats. Raises InputError for numbers that do not fit."""
        for start in range(0, len(self._arrays[0]), _ROWS):
            blocks = [array[start : start + _ROWS] for array in self._arrays]
            yield _to_formats(_as_numbers(blocks, self._given), self.formats, start, self._source)


def pairs_in_two(z: str, values: str, given: Given) -> ArrayPairs:
    """The pairs in two .npy files. Raises InputError, naming the file, if one cannot be read."""
    loaded = []
    for path in (z, values):
        try:
            loaded.append(np.load(path, mmap_mode="r", allow_pickle=False))
        except OSError as error:
            raise cannot_read(path, error) from None
        except Exception:  # NumPy evaluates the header as Python, which may fail in any way
            raise in_file(path, "not a whole .npy file") from None
        if not isinstance(loaded[-1], np.ndarray):
            raise in_file(path, "two files must be .npy files with one array each")
    return ArrayPairs(loaded[0], loaded[1], values, given)


def is_raw(path: str) -> bool:
    """Whether the name of a file says that it holds nothing but words."""
    return path.lower().endswith(".bin")


def raw_pairs(files: Sequence[str], given: Given) -> ArrayPairs:
    """The pairs in two files of little-endian words, or in one with the values of all bit patterns.

    Raises InputError, naming the file, if one cannot be read or has a wrong size.
    """
    of_z, of_values = given.z, given.values or given.z
    if of_z is None or of_values is None:
        hint = Wording("give it, for example ", Argument("dtype", "bfloat16"))
        raise in_file(files[0], ActcalcError("the format of its words is not given", hint))
    words = [_words(path, fmt) for path, fmt in zip(files, [of_z, of_values][-len(files) :], strict=True)]
    if len(files) == 1:
        (all_there_are,) = words
        count = 1 << of_z.bits
        if len(all_there_are) != count:
            problem = f"a single file must hold all {count:,} words of {of_z}, not {len(all_there_are):,}"
            two = "give z and the values as two files: z.bin values.bin"
            raise in_file(files[0], ActcalcError(problem, two))
        words = [np.arange(count, dtype=f"u{_bytes(of_z)}"), all_there_are]
    z, values = words
    return ArrayPairs(z, values, files[-1], given)


def _bytes(fmt: NumberFormat) -> int:
    """The number of bytes in a word."""
    return fmt.bits // 8 if isinstance(fmt, Format) else np.dtype(fmt.numpy).itemsize


def _words(path: str, fmt: NumberFormat) -> Array:
    try:
        size, width = os.stat(path).st_size, _bytes(fmt)
        if size % width:
            raise in_file(path, f"{size:,} bytes are not a whole number of words of {width} bytes")
        if size == 0:
            raise in_file(path, "there are no numbers")
        return np.memmap(path, f"<u{width}", "r")
    except OSError as error:
        raise cannot_read(path, error) from None


def pairs_in_npz(file: io.RawIOBase, source: str, choose: Chooser, given: Given) -> ArrayPairs:
    """The arrays that ``choose`` picks from a .npz file. Raises InputError if it cannot be read."""
    try:
        with io.BufferedReader(file) as whole, np.load(whole, allow_pickle=False) as archive:
            names = list(archive.files)
            z, values = (archive[names[i]] for i in choose(names or [""]).indices)
    except ActcalcError as error:
        if not isinstance(error, OtherQuantity):
            error = ActcalcError(error.line, "write it with np.savez(FILE, z=z, dg=dg)")
        raise in_file(source, error) from None
    except Exception as error:  # a damaged archive may raise anything
        raise in_file(source, f"not a whole .npz file: {_first_line(error)}") from None
    return ArrayPairs(z, values, source, given)


def _first_line(error: Exception) -> str:
    first = (str(error.args[0] if error.args else error).splitlines() or ["it is empty"])[0]
    return quote(first[:100], 400)[1:-1]


def _as_numbers(columns: Sequence[Array], given: Given) -> list[Array]:
    """The columns of z and values, with bit patterns replaced by values."""
    return [_numbers(columns[0], given.z), _numbers(columns[1], given.values or given.z)]


def _numbers(column: Array, given: NumberFormat | None) -> Array:
    """A column with values for bit patterns: unsigned integers as wide as the format that the user gave.

    NumPy reads a format of ml_dtypes from a file as raw bytes.
    """
    held = _format_in(column.dtype, "V", given)
    if held is not None:
        return from_bits(column.view(f"<u{column.itemsize}"), held)
    return from_patterns(column, given)


def _format_in(dtype: "np.dtype[Any]", kind: str, given: NumberFormat | None) -> Format | None:
    """The format that a dtype of this kind holds for want of one in NumPy: the user's, or the only one.

    Raises ActcalcError if it may hold several.
    """
    found = [fmt for fmt in FORMATS.values() if not fmt.is_native and dtype == f"{kind}{fmt.bits // 8}"]
    if given not in found and len(found) > 1:
        names = [fmt.name for fmt in found]
        hint = Wording("say which, for example ", Argument("dtype", names[0]))
        raise ActcalcError(f"its {found[0].bits}-bit patterns could be {join_names(names)}", hint)
    return next((fmt for fmt in found if fmt is given), found[0] if found else None)


def _formats_of(columns: Sequence[Array], source: str, given: Given) -> PairFormats:
    """The formats given, or else that of the values; if only theirs is given, that of z.

    Raises InputError for arrays that do not hold numbers, and for bit patterns without a format.
    """
    try:
        if given == NOT_GIVEN:
            check_not_bare_patterns(columns)
        for name, column in zip(("z", "value"), _as_numbers(columns, given), strict=True):
            as_array(name, column)
    except ActcalcError as error:
        raise in_file(source, error) from None
    held = columns[1] if given.values is None else columns[0]
    of_z = given.z or _format_in(held.dtype, "V", None) or format_of(held)
    return of_z, given.values or of_z


def _to_formats(
    blocks: Sequence[Array], formats: PairFormats, start: int, source: str
) -> tuple[Array, Array]:
    try:
        return to_format("z", blocks[0], formats[0], start), to_format("value", blocks[1], formats[1], start)
    except ActcalcError as error:
        raise in_file(source, error) from None


class NpyPairs:
    """z and the values in a .npy file: two fields of a structured array, or two columns.

    Fields that end in ``_bits`` are as ``output.npy`` writes them. ``source`` is the file's name in errors.
    Raises InputError, naming the file, if it cannot be read, is truncated, or does not have two columns.
    """

    def __init__(self, file: io.RawIOBase, source: str, choose: Chooser, given: Given = NOT_GIVEN) -> None:
        self._file, self._source, self._given = file, source, given
        shape, self._by_column, self._dtype = _header(file, source)
        self._start = file.tell()
        rows = shape[0] if shape else 1
        held = os.fstat(file.fileno()).st_size - self._start
        wanted = math.prod(shape) * self._dtype.itemsize
        if wanted > held:
            raise in_file(source, f"not a whole .npy file: {held} bytes of data where {wanted} should be")
        try:
            self._choose(shape, choose)
            empty = self._take(np.empty((0, *shape[1:]), self._dtype))
            if any(column.ndim != 1 for column in empty):
                raise ActcalcError(f"an array of {self._dtype} does not have two columns")
        except ActcalcError as error:
            raise in_file(source, error) from None
        self.formats = self._formats(empty)
        if rows == 0:
            raise in_file(source, "there are no numbers")
        self._shape = shape

    formats: PairFormats
    """The formats of z and of the values: those given, or else those in the file; integers are float64."""

    def _formats(self, empty: Sequence[Array]) -> PairFormats:
        if self._bits == (None, None):
            return _formats_of(empty, self._source, self._given)
        of_z, of_values = (bits or format_of(column) for bits, column in zip(self._bits, empty, strict=True))
        return self._given.z or of_z, self._given.values or self._given.z or of_values

    def _choose(self, shape: tuple[int, ...], choose: Chooser) -> None:
        names = self._dtype.names
        self._bits: tuple[Format | None, Format | None] = (None, None)
        if names is not None and len(shape) == 1:
            self._fields: Sequence[Any] = [names[i] for i in _choose_fields(names, choose)]
            bits = [name.endswith("_bits") for name in self._fields]
            wanted = self._given.z, self._given.values or self._given.z
            held = [
                _format_in(self._dtype[name], "u", fmt) if is_bits else None
                for name, is_bits, fmt in zip(self._fields, bits, wanted, strict=True)
            ]
            known = zip(self._fields, held, wanted, strict=True)
            are_known = [
                fmt is not None or isinstance(asked, IntegerFormat) or self._dtype[name].kind == "f"
                for name, fmt, asked in known
            ]
            if any(bits) and not all(are_known):
                raise ActcalcError("fields that end in _bits must be uint16, the bits of bfloat16")
            self._bits = held[0], held[1]
        elif names is None and len(shape) == 2 and shape[1] < 1000:
            self._fields = choose([str(i + 1) for i in range(shape[1])] or [""]).indices
        else:
            hint = "give z and the values as two files: z.npy values.npy" if names is None else ""
            raise ActcalcError(f"an array of shape {shape} and {self._dtype} does not have two columns", hint)

    def _take(self, rows: Array) -> list[Array]:
        return [rows[field] if self._dtype.names else rows[:, field] for field in self._fields]

    def pairs(self) -> Iterator[tuple[Array, Array]]:
        """The columns, block by block, in their formats. Raises InputError for numbers that do not fit."""
        for start in range(0, self._shape[0], _ROWS):
            blocks = self._block(start, min(_ROWS, self._shape[0] - start))
            given = Given(self._bits[0] or self._given.z, self._bits[1] or self._given.values)
            yield _to_formats(_as_numbers(blocks, given), self.formats, start, self._source)

    def _block(self, start: int, count: int) -> list[Array]:
        if self._by_column:
            return [self._read(column * self._shape[0] + start, count) for column in self._fields]
        width = math.prod(self._shape[1:])
        return self._take(self._read(start * width, count * width).reshape(count, *self._shape[1:]))

    def _read(self, first: int, count: int) -> Array:
        """``count`` items of the file, from the ``first`` on."""
        self._file.seek(self._start + first * self._dtype.itemsize)
        missing, parts = count * self._dtype.itemsize, []
        while missing:
            part = self._file.read(missing)
            if not part:
                raise in_file(self._source, "not a whole .npy file: it was truncated while it was read")
            parts.append(part)
            missing -= len(part)
        return np.frombuffer(b"".join(parts), self._dtype)


def _header(file: io.RawIOBase, source: str) -> tuple[tuple[int, ...], bool, "np.dtype[Any]"]:
    """The shape, whether the array is stored by columns, and the dtype."""
    whole = io.BufferedReader(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NumPy's remarks on old files do not help here
            version = npy.read_magic(whole)
            if version not in _READERS:
                raise ValueError(f"version {version[0]}.{version[1]} is unknown")
            shape, by_column, dtype = _READERS[version](whole, max_header_size=200_000)
        end = whole.tell()
    except OSError as error:
        raise in_file(source, f"cannot be read: {error.strerror}") from None
    except Exception as error:  # NumPy evaluates the header as Python, which may fail in any way
        raise in_file(source, f"not a whole .npy file: {_first_line(error)}") from None
    finally:
        whole.detach()
    file.seek(end)
    is_sound = (
        all(isinstance(n, int) and n >= 0 for n in shape) and dtype.itemsize > 0 and not dtype.hasobject
    )
    if not is_sound:
        raise in_file(
            source, f"an array of shape {str(shape)[:60]} and {str(dtype)[:60]} does not have two columns"
        )
    return shape, by_column, dtype


def _choose_fields(names: Sequence[str], choose: Chooser) -> Sequence[int]:
    """The fields chosen by their names without ``_bits``, or by their whole names."""
    try:
        return choose([name.removesuffix("_bits") for name in names]).indices
    except ActcalcError:
        return choose(names).indices


def read_arrays(file: io.FileIO, source: str, choose: Chooser, given: Given) -> NpyPairs | ArrayPairs:
    """The pairs in an open .npy or .npz file."""
    start = file.tell()
    is_npy = file.read(len(NPY)) == NPY
    file.seek(start)
    return NpyPairs(file, source, choose, given) if is_npy else pairs_in_npz(file, source, choose, given)
