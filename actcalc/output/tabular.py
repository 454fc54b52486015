"""Tables for people: plain text and Markdown."""

from collections.abc import Callable, Iterable, Sequence
from typing import TextIO

from tabulate import tabulate

from actcalc.errors import ActcalcError
from actcalc.output.rows import Block, Column, rows_of

_ABSENT: dict[str | None, str] = {None: ""}
_YES_NO: dict[str | None, str] = {None: "", "true": "yes", "false": "NO"}


def write_plain(
    columns: Sequence[Column], blocks: Iterable[Block], out: TextIO, notes: Callable[[], Iterable[str]]
) -> None:
    """A table of the rows as they are, then the notes, each on a line."""
    _write(columns, blocks, out, notes, markdown=False)


def write_markdown(
    columns: Sequence[Column], blocks: Iterable[Block], out: TextIO, notes: Callable[[], Iterable[str]]
) -> None:
    """The same in Markdown, where a note is a paragraph."""
    _write(columns, blocks, out, notes, markdown=True)


def _write(
    columns: Sequence[Column],
    blocks: Iterable[Block],
    out: TextIO,
    notes: Callable[[], Iterable[str]],
    markdown: bool,
) -> None:
    words: list[dict[str | None, str]] = [_YES_NO if column.kind == "bool" else _ABSENT for column in columns]
    cells: list[list[str | None]] = []
    failure: ActcalcError | None = None
    try:
        for row in rows_of(blocks):
            cells.append([known.get(cell, cell) for known, cell in zip(words, row, strict=True)])
    except ActcalcError as error:  # what was right before it is still shown
        failure = error
    text = tabulate(
        cells,
        headers=[column.title or column.name for column in columns],
        tablefmt="github" if markdown else "simple",
        colalign=["right" if column.kind == "number" else "left" for column in columns] if cells else None,
        disable_numparse=True,
    )
    out.write(text + "\n")
    below = list(notes())
    if below:
        out.write("\n" + ("\n\n" if markdown else "\n").join(below) + "\n")
    if failure is not None:
        raise failure
