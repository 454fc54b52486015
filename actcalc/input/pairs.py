"""Pairs of z and a computed value, from text and from NumPy's .npy files, block by block."""

import os
from collections.abc import Iterator, Sequence
from stat import S_ISREG
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from actcalc.errors import ActcalcError
from actcalc.input.columns import (
    Choice,
    Chooser,
    Records,
    at_line,
    by_name_or_number,
    in_file,
    looks_like_a_number,
    read_columns,
)
from actcalc.input.values import read_value, read_values
from actcalc.numbers.array_values import as_array, dtype_of, from_bits, to_format
from actcalc.numbers.floats import BFLOAT16, Format

Array = npt.NDArray[Any]
Pair = tuple[Array, Array]

_ROWS = 1 << 14
"""Rows of an array that are read together."""


def choose_pair(of: str, otherwise: str = "choose others") -> Chooser:
    """Chooses ``z`` and the column of computed values, of g or of g' (``of`` is ``deriv``).

    That is called ``g`` or ``dg``, or else ``value``; without a header the first two columns are chosen.
    ``otherwise`` is the hint where there are no such columns.
    """
    name = "dg" if of == "deriv" else of

    def choose(fields: Sequence[str]) -> Choice:
        if fields[0].startswith("\udc93NUMPY"):
            raise ActcalcError("this is a .npy file, which cannot be read from a pipe", "give its name")
        if len(fields) < 2:
            raise ActcalcError("there is one column, and not z and a value")
        if any(map(looks_like_a_number, fields[:2])):
            return Choice((0, 1), is_header=False)
        value = "value" if name not in fields and "value" in fields else name
        try:
            return by_name_or_number(["z", value])(fields)
        except ActcalcError as error:
            raise ActcalcError(str(error), error.hint or otherwise) from None

    return choose


def text_pairs(
    descriptor: int, source: str, choose: Chooser, fmt: Format, bits: bool = False
) -> Iterator[Pair]:
    """Pairs of values of ``fmt`` from delimited text, whose numbers are as in ``values``.

    ``source`` and ``choose`` are as for ``columns.read_columns``. Raises InputError, naming the line, as
    that does, and for what is no number; and for text without rows.
    """
    rows = 0
    for block in read_columns(descriptor, source, choose):
        z, values = (read_values(column, fmt, bits) for column in block.columns)
        if z is None or values is None:
            z, values = _slowly(block, source, fmt, bits)
        rows += len(z)
        yield z, values
    if rows == 0:
        raise in_file(source, "there are no numbers")


def _slowly(block: Records, source: str, fmt: Format, bits: bool) -> Pair:
    pairs = []
    for line, *texts in zip(block.lines, *block.columns, strict=True):
        try:
            pairs.append([read_value(text, fmt, bits) for text in texts])
        except ActcalcError as error:
            raise at_line(source, line, error) from None
    z, values = np.array(pairs, np.float64).T
    return z, values


def is_npy(descriptor: int) -> bool:
    """Whether an open file, which is not read on by this, is one of NumPy's."""
    return S_ISREG(os.fstat(descriptor).st_mode) and os.pread(descriptor, 6, 0) == b"\x93NUMPY"


class Columns(NamedTuple):
    """z and the values in a .npy file, read as they are used."""

    z: Array
    values: Array
    are_bits: bool
    """They are the bits of bfloat16, which NumPy does not have."""

    @property
    def dtype(self) -> str:
        """The name of the format of the values; integers count as float64."""
        return "bfloat16" if self.are_bits else dtype_of(self.values)


def npy_columns(path: str, choose: Chooser) -> Columns:
    """z and the values from a .npy file: two fields of a structured array, or two columns.

    Fields that end in ``_bits`` are as ``output.npy`` writes them. Raises InputError, naming the file, if it
    cannot be read, is cut short, or has no two such columns.
    """
    try:
        array = np.load(path or "/dev/stdin", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError, TypeError) as error:
        raise in_file(
            path, f"not a whole .npy file: {(str(error).splitlines() or ['it is empty'])[0]}"
        ) from None
    try:
        names = array.dtype.names
        if names is not None and array.ndim == 1:
            chosen = _choose_fields(names, choose)
            columns = [array[names[i]] for i in chosen]
            bits = [names[i].endswith("_bits") for i in chosen]
            are_bits = any(bits)
            if are_bits and not (all(bits) and all(column.dtype == np.uint16 for column in columns)):
                raise ActcalcError("fields of bits must both be uint16, bfloat16 cut from float32")
        elif names is None and array.ndim == 2:
            columns = [array[:, i] for i in choose([str(i + 1) for i in range(array.shape[1])]).indices]
            are_bits = False
        else:
            raise ActcalcError(f"an array of shape {array.shape} and {array.dtype} has no two columns")
        z, values = (as_array(name, column) for name, column in zip(("z", "value"), columns, strict=True))
    except ActcalcError as error:
        raise in_file(path, error) from None
    if len(z) == 0:
        raise in_file(path, "there are no numbers")
    return Columns(z, values, are_bits)


def _choose_fields(names: Sequence[str], choose: Chooser) -> Sequence[int]:
    """The fields chosen by the names as they are, or without ``_bits``."""
    try:
        return choose(names).indices
    except ActcalcError:
        return choose([name.removesuffix("_bits") for name in names]).indices


def npy_pairs(path: str, columns: Columns, fmt: Format) -> Iterator[Pair]:
    """The columns block by block as values of ``fmt``; raises InputError for numbers that are none."""
    z, values, are_bits = columns
    for start in range(0, len(z), _ROWS):
        blocks = [column[start : start + _ROWS] for column in (z, values)]
        if are_bits:
            blocks = [from_bits(block, BFLOAT16) for block in blocks]
        try:
            yield to_format("z", blocks[0], fmt, start), to_format("value", blocks[1], fmt, start)
        except ActcalcError as error:
            raise in_file(path, error) from None
