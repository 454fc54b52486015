"""Results a line each, with no header: what a filter prints."""

from typing import TextIO

from actcalc.output.documents import Document
from actcalc.output.rows import lines_of


def write_lines(document: Document, out: TextIO, width: int | None = None) -> None:
    """A line for each row, its cells, which are all there, separated by tabs."""
    between = [b"", *[b"\t"] * (len(document.rows.columns) - 1), b"\n"]
    for block in document.rows.blocks:
        lines = lines_of(block, between)
        if lines is None:
            lines = "".join(["\t".join(row) + "\n" for row in zip(*block, strict=True)])
        out.write(lines)
