"""CSV (RFC 4180, but with line feeds) and tab-separated values."""

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO

from actcalc.output.rows import Block, Column, lines_of


def write_csv(columns: Sequence[Column], blocks: Iterable[Block], out: TextIO, notes: object = None) -> None:
    """A header line, then a line for each row; an absent value is an empty field."""
    _write(columns, blocks, out, ",")


def write_tsv(columns: Sequence[Column], blocks: Iterable[Block], out: TextIO, notes: object = None) -> None:
    """The same with tabs."""
    _write(columns, blocks, out, "\t")


def _write(columns: Sequence[Column], blocks: Iterable[Block], out: TextIO, delimiter: str) -> None:
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    between = [b"", *[delimiter.encode()] * (len(columns) - 1), b"\n"]
    for block in blocks:
        lines = lines_of(block, between)
        if lines is None:
            writer.writerows(zip(*block, strict=True))
        else:
            out.write(lines)
