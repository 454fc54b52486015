"""NumPy's format: a structured array, for work where text is the bottleneck."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from typing import IO, TextIO, cast

import numpy as np
from numpy.lib import format as npy

from actcalc.numbers.bit_arrays import to_bits
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.float_texts import FloatArray
from actcalc.numbers.integer_arrays import to_integers
from actcalc.numbers.integers import IntegerFormat, NumberFormat
from actcalc.output.documents import Document
from actcalc.output.rows import Block, Column


def write_npy(document: Document, text: TextIO, width: int | None = None) -> None:
    """Write an array (NumPy Enhancement Proposal 1) of one dimension with a field for each column.

    Values of a float format that NumPy does not have are written as their bits, in fields named ``z_bits``
    and so on, and codes as integers.
    """
    out, (columns, blocks, _) = text.buffer, document.rows
    if _can_go_back(out):
        _write(columns, blocks, out)
        return
    with tempfile.TemporaryFile() as whole:
        _write(columns, blocks, whole)
        whole.seek(0)
        shutil.copyfileobj(whole, out)


def _can_go_back(out: IO[bytes]) -> bool:
    """Whether the number of rows, which stands first, can be written last."""
    try:
        from fcntl import F_GETFL, fcntl
    except ImportError:
        return False
    return out.seekable() and not fcntl(out.fileno(), F_GETFL) & os.O_APPEND


def _write(columns: Sequence[Column], blocks: Iterable[Block], out: IO[bytes]) -> None:
    dtype: np.dtype[np.void] | None = None
    start, count = out.tell(), 0
    for block in blocks:
        arrays = [cast(FloatArray, column) for column in block]
        if dtype is None:
            dtype = np.dtype(
                [_field(column.name, one.format) for column, one in zip(columns, arrays, strict=True)]
            )
            _write_header(out, dtype, 0)
        rows = np.empty(len(arrays[0]), dtype)
        with np.errstate(over="ignore"):
            for field, array in zip(dtype.names or (), arrays, strict=True):
                rows[field] = _numbers(array)
        out.write(rows.tobytes())
        count += len(rows)
    if dtype is not None:
        end = out.tell()
        out.seek(start)
        _write_header(out, dtype, count)
        out.seek(end)


def _field(name: str, fmt: NumberFormat) -> tuple[str, str]:
    """The name and the dtype of a field."""
    if isinstance(fmt, IntegerFormat):
        return name, np.dtype(fmt.numpy).newbyteorder("<").str
    size = fmt.bits // 8
    return (name, f"<f{size}") if fmt.is_native else (f"{name}_bits", f"<u{size}")


def _numbers(array: FloatArray) -> Array:
    """Values in a dtype of NumPy, or else their bits."""
    if isinstance(array.format, IntegerFormat):
        return to_integers(array.values, np.int64)
    return array.values if array.format.is_native else to_bits(array.values, array.format)


def _write_header(out: IO[bytes], dtype: "np.dtype[np.void]", count: int) -> None:
    """Write the header, which has room for any count, so that it can be written again."""
    header = {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": (count,)}
    # Version 1 holds up to 64 KiB, with room for the count to grow.
    is_long = len(repr(header["descr"])) > 60_000
    (npy.write_array_header_2_0 if is_long else npy.write_array_header_1_0)(out, header)
