"""CSV (RFC 4180, but with line feeds) and tab-separated values."""

import csv
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from actcalc.output import Column, Row


def write_separated(columns: Sequence["Column"], rows: Iterable["Row"], out: TextIO, delimiter: str) -> None:
    """A header line, then a line for each row; an absent value is an empty field."""
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    writer.writerows(rows)
