"""Results a line each, with no header: what a filter prints."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

from actcalc.output.rows import lines_of

if TYPE_CHECKING:
    from actcalc.output.rows import Block, Column


def write_lines(columns: Sequence["Column"], blocks: Iterable["Block"], out: TextIO) -> None:
    """A line for each row, its cells, which are all there, separated by tabs."""
    between = [b"", *[b"\t"] * (len(columns) - 1), b"\n"]
    for block in blocks:
        lines = lines_of(block, between)
        if lines is None:
            lines = "".join(["\t".join(row) + "\n" for row in zip(*block, strict=True)])
        out.write(lines)
