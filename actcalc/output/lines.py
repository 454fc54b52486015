"""Results a line each, with no header: what a filter prints."""

from collections.abc import Iterable, Sequence
from typing import TextIO

from actcalc.output.rows import Block, Column, lines_of


def write_lines(
    columns: Sequence[Column], blocks: Iterable[Block], out: TextIO, notes: object = None
) -> None:
    """A line for each row, its cells, which are all there, separated by tabs."""
    between = [b"", *[b"\t"] * (len(columns) - 1), b"\n"]
    for block in blocks:
        lines = lines_of(block, between)
        if lines is None:
            lines = "".join(["\t".join(row) + "\n" for row in zip(*block, strict=True)])
        out.write(lines)
