"""Pairs of z and a computed value from NumPy's .npy files, block by block.

The header says how large the data are; nothing is allocated for what the file does not hold.
"""

import io
import math
import os
import warnings
from collections.abc import Iterator, Sequence
from stat import S_ISREG
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from actcalc.errors import ActcalcError
from actcalc.input.columns import Chooser, in_file
from actcalc.numbers.array_values import as_array, dtype_of, from_bits, to_format
from actcalc.numbers.floats import BFLOAT16, Format

Array = npt.NDArray[Any]

_ROWS = 1 << 14
"""Rows that are read together."""
_READERS = {
    (1, 0): npy.read_array_header_1_0,
    (2, 0): npy.read_array_header_2_0,
    (3, 0): npy.read_array_header_2_0,  # differs in names that are not ASCII alone
}


def is_npy(file: io.RawIOBase) -> bool:
    """Whether an open file, which stays where it is, is one of NumPy's."""
    if not S_ISREG(os.fstat(file.fileno()).st_mode):
        return False
    start = file.tell()
    begins = file.read(6)
    file.seek(start)
    return begins == npy.MAGIC_PREFIX


class NpyPairs:
    """z and the values in a .npy file: two fields of a structured array, or two columns.

    Fields that end in ``_bits`` are as ``output.npy`` writes them. ``source`` is what errors call the file.
    Raises InputError, naming the file, if it cannot be read, is cut short, or has no two such columns.
    """

    def __init__(self, file: io.RawIOBase, source: str, choose: Chooser) -> None:
        self._file, self._source = file, source
        shape, self._by_column, self._dtype = _header(file, source)
        self._start = file.tell()
        rows = shape[0] if shape else 1
        held = os.fstat(file.fileno()).st_size - self._start
        wanted = math.prod(shape) * self._dtype.itemsize
        if wanted > held:
            raise in_file(source, f"not a whole .npy file: {held} bytes of data where {wanted} should be")
        try:
            self._choose(shape, choose)
            for name, empty in zip(
                ("z", "value"), self._take(np.empty((0, *shape[1:]), self._dtype)), strict=True
            ):
                if as_array(name, empty).ndim != 1:
                    raise ActcalcError(f"an array of {self._dtype} has no two columns")
                self.dtype = "bfloat16" if self._are_bits else dtype_of(empty)
        except ActcalcError as error:
            raise in_file(source, error) from None
        if rows == 0:
            raise in_file(source, "there are no numbers")
        self._shape = shape

    dtype: str
    """The name of the format of the values; integers count as float64."""

    def _choose(self, shape: tuple[int, ...], choose: Chooser) -> None:
        names = self._dtype.names
        self._are_bits = False
        if names is not None and len(shape) == 1:
            self._fields: Sequence[Any] = [names[i] for i in _choose_fields(names, choose)]
            bits = [name.endswith("_bits") for name in self._fields]
            self._are_bits = any(bits)
            if self._are_bits and not (all(bits) and all(self._dtype[n] == np.uint16 for n in self._fields)):
                raise ActcalcError("fields of bits must both be uint16, bfloat16 cut from float32")
        elif names is None and len(shape) == 2 and shape[1] < 1000:
            self._fields = choose([str(i + 1) for i in range(shape[1])] or [""]).indices
        else:
            raise ActcalcError(f"an array of shape {shape} and {self._dtype} has no two columns")

    def _take(self, rows: Array) -> list[Array]:
        return [rows[field] if self._dtype.names else rows[:, field] for field in self._fields]

    def pairs(self, fmt: Format) -> Iterator[tuple[Array, Array]]:
        """The columns block by block as values of ``fmt``; raises InputError for numbers that are none."""
        for start in range(0, self._shape[0], _ROWS):
            blocks = self._block(start, min(_ROWS, self._shape[0] - start))
            if self._are_bits:
                blocks = [from_bits(block, BFLOAT16) for block in blocks]
            try:
                yield to_format("z", blocks[0], fmt, start), to_format("value", blocks[1], fmt, start)
            except ActcalcError as error:
                raise in_file(self._source, error) from None

    def _block(self, start: int, count: int) -> list[Array]:
        if self._by_column:
            return [self._read(column * self._shape[0] + start, count) for column in self._fields]
        width = math.prod(self._shape[1:])
        return self._take(self._read(start * width, count * width).reshape(count, *self._shape[1:]))

    def _read(self, first: int, count: int) -> Array:
        """Items of the file from one on."""
        self._file.seek(self._start + first * self._dtype.itemsize)
        missing, parts = count * self._dtype.itemsize, []
        while missing:
            part = self._file.read(missing)
            if not part:
                raise in_file(self._source, "not a whole .npy file: it was cut short while it was read")
            parts.append(part)
            missing -= len(part)
        return np.frombuffer(b"".join(parts), self._dtype)


def _header(file: io.RawIOBase, source: str) -> tuple[tuple[int, ...], bool, "np.dtype[Any]"]:
    """The shape, whether items stand column by column, and the dtype."""
    whole = io.BufferedReader(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what NumPy thinks of old files is of no use here
            version = npy.read_magic(whole)
            shape, by_column, dtype = _READERS[version](whole, max_header_size=200_000)
        end = whole.tell()
    except OSError as error:
        raise in_file(source, f"cannot be read: {error.strerror}") from None
    except Exception as error:  # NumPy reads the header as Python does, with all that may go wrong then
        what = (str(error.args[0] if error.args else error).splitlines() or ["it is empty"])[0]
        raise in_file(source, f"not a whole .npy file: {what[:100]}") from None
    finally:
        whole.detach()
    file.seek(end)
    is_sound = (
        all(isinstance(n, int) and n >= 0 for n in shape) and dtype.itemsize > 0 and not dtype.hasobject
    )
    if not is_sound:
        raise in_file(source, f"an array of shape {str(shape)[:60]} and {str(dtype)[:60]} has no two columns")
    return shape, by_column, dtype


def _choose_fields(names: Sequence[str], choose: Chooser) -> Sequence[int]:
    """The fields chosen by the names as they are, or without ``_bits``."""
    try:
        return choose(names).indices
    except ActcalcError:
        return choose([name.removesuffix("_bits") for name in names]).indices
