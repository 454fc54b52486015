"""Results, one per line, without a header, as a filter prints them."""

from typing import TextIO

from actcalc.output.documents import Document
from actcalc.output.rows import lines_of


def write_lines(document: Document, out: TextIO, width: int | None = None) -> None:
    """Write a line for each row, its cells separated by tabs; no cell may be missing."""
    between = [b"", *[b"\t"] * (len(document.rows.columns) - 1), b"\n"]
    for block in document.rows.blocks:
        lines = lines_of(block, between)
        if lines is None:
            lines = "".join(["\t".join(row) + "\n" for row in zip(*block, strict=True)])
        out.write(lines)
