"""CSV (RFC 4180, but with line feeds) and tab-separated values."""

import csv
from typing import TextIO

from actcalc.output.documents import Document
from actcalc.output.rows import lines_of


def write_csv(document: Document, out: TextIO, width: int | None = None) -> None:
    """Write a header, then a line for each row; a missing value is an empty field."""
    _write(document, out, ",")


def write_tsv(document: Document, out: TextIO, width: int | None = None) -> None:
    """Write a header, then a line for each row, with tabs between fields."""
    _write(document, out, "\t")


def _write(document: Document, out: TextIO, delimiter: str) -> None:
    columns, blocks, _ = document.rows
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    between = [b"", *[delimiter.encode()] * (len(columns) - 1), b"\n"]
    for block in blocks:
        lines = lines_of(block, between)
        if lines is None:
            writer.writerows(zip(*block, strict=True))
        else:
            out.write(lines)
