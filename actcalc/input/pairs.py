"""Pairs of z and a computed value, from files of all kinds that hold them, block by block."""

import csv
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from stat import S_ISREG
from typing import NamedTuple, TypeVar

import numpy as np

from actcalc.errors import ActcalcError, Argument, Wording, quote
from actcalc.input.blocks import open_file
from actcalc.input.columns import (
    BLOCK,
    Choice,
    Chooser,
    OtherQuantity,
    Records,
    at_line,
    by_name_or_number,
    in_file,
    looks_like_a_number,
    read_columns,
)
from actcalc.input.npy import ArrayPairs, NpyPairs, pairs_in_two, read_arrays
from actcalc.input.streams import Stream
from actcalc.input.values import read_value, read_values
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import FLOAT64, Format

PairBlock = tuple[Array, Array]
TextBlock = tuple[Sequence[str], Sequence[str]]
Number = TypeVar("Number")


def choose_pair(of: str, columns: str | None = None) -> Chooser:
    """Chooses ``z`` and the column of computed values, of g, of g' or beyond.

    That is called ``g``, ``dg``, ``d2g`` and so on, or else ``value``; without a header the first two columns
    are chosen. ``columns``, as ``1,3``, names others. Raises ActcalcError if they are not two.
    """
    if columns is not None:
        try:
            (wanted,) = csv.reader([columns], skipinitialspace=True, strict=True)
        except (csv.Error, ValueError):
            wanted = []
        if len(wanted) != 2 or not all(wanted):
            hint = Wording("for example ", Argument("columns", "1,3"))
            raise ActcalcError(f"names two columns, not {quote(columns)}", hint, about="columns")
        return by_name_or_number(wanted)

    def choose(fields: Sequence[str]) -> Choice:
        if len(fields) < 2:
            raise ActcalcError("there is one column, and not z and a value")
        if any(map(looks_like_a_number, fields[:2])):
            return Choice((0, 1), is_header=False)
        value = "value" if of not in fields and "value" in fields else of
        try:
            return by_name_or_number(["z", value])(fields)
        except ActcalcError as error:
            other = next((field for field in fields if re.fullmatch("d?g|d[2-8]g", field)), "")
            if other and not error.hint:
                raise OtherQuantity(str(error), Wording(Argument("of", other), f" checks {other}")) from None
            otherwise = Wording(Argument("columns", "A,B"), " chooses others")
            raise ActcalcError(str(error), error.hint or otherwise) from None

    return choose


@contextmanager
def open_pairs(
    files: Sequence[str], choose: Chooser, given: Format | None
) -> Iterator[tuple[Format, Iterator[PairBlock]]]:
    """The format of the pairs in a file, or in two .npy files, and the pairs block by block.

    The format is the one ``given``, if there is one. A file holds text, JSON, or arrays of NumPy's; ``-`` is
    standard input. Raises InputError, naming the file, if it cannot be read or holds no pairs.
    """
    with _opened(files, choose, given) as found:
        if isinstance(found, _Rows):
            fmt = given or FLOAT64
            yield fmt, _values(found, fmt, bits=given is not None)
        else:
            yield found.format, found.pairs()


@contextmanager
def open_texts(
    files: Sequence[str], choose: Chooser, read: Callable[[str], object]
) -> Iterator[Iterator[TextBlock]]:
    """The texts of the pairs that ``open_pairs`` gives, block by block; ``read`` refuses what is no number.

    Of arrays they are the shortest that read back to the numbers.
    """
    with _opened(files, choose, None) as found:
        if isinstance(found, _Rows):
            yield _texts(found, read)
        else:
            text = found.format.text
            yield (
                (list(map(text, z.tolist())), list(map(text, values.tolist()))) for z, values in found.pairs()
            )


class _Rows(NamedTuple):
    """The texts of z and of the values, which stand on lines of a file."""

    blocks: Iterator[Records]
    source: str


@contextmanager
def _opened(
    files: Sequence[str], choose: Chooser, given: Format | None
) -> Iterator[_Rows | NpyPairs | ArrayPairs]:
    if len(files) == 2:
        yield pairs_in_two(files[0], files[1], given)
        return
    (file,) = files
    source = "" if file == "-" else file
    with open_file(file) as opened:
        start = opened.tell() if S_ISREG(os.fstat(opened.fileno()).st_mode) else None
        stream = Stream(opened.fileno(), source, BLOCK)
        if not stream.holds_arrays:
            yield _Rows(read_columns(stream.text(), source, choose), source)
        elif start is not None and not stream.is_packed:
            opened.seek(start)
            yield read_arrays(opened, source, choose, given)
        else:
            with stream.spool() as spooled:
                yield read_arrays(spooled, source, choose, given)


def _values(rows: _Rows, fmt: Format, bits: bool) -> Iterator[PairBlock]:
    """Pairs of values of ``fmt``, whose numbers are as in ``values``.

    Raises InputError, naming the line, for what is no number; and if there are no rows.
    """
    count = 0
    for block in rows.blocks:
        z, values = (read_values(column, fmt, bits) for column in block.columns)
        if z is None or values is None:
            pairs = [
                read for read, _ in _read_each(block, rows.source, lambda text: read_value(text, fmt, bits))
            ]
            z, values = np.array(pairs, np.float64).T
        count += len(z)
        yield z, values
    if count == 0:
        raise in_file(rows.source, "there are no numbers")


def _texts(rows: _Rows, read: Callable[[str], object]) -> Iterator[TextBlock]:
    count = 0
    for block in rows.blocks:
        z, values = zip(*(texts for _, texts in _read_each(block, rows.source, read)), strict=True)
        count += len(z)
        yield z, values
    if count == 0:
        raise in_file(rows.source, "there are no numbers")


def _read_each(
    block: Records, source: str, read: Callable[[str], Number]
) -> Iterator[tuple[list[Number], Sequence[str]]]:
    """The numbers of each row, and their texts. Raises InputError, naming the line, for what is none."""
    for line, *texts in zip(block.lines, *block.columns, strict=True):
        try:
            yield [read(text) for text in texts], texts
        except ActcalcError as error:
            raise at_line(source, line, error) from None
