"""Tables for people: plain text and Markdown."""

from collections.abc import Callable, Iterable, Sequence
from typing import TextIO

from tabulate import tabulate

from actcalc.errors import ActcalcError
from actcalc.output.rows import Block, Column, rows_of
from actcalc.output.widths import cut, filled, in_blocks, narrowed

_ABSENT: dict[str | None, str] = {None: ""}
_YES_NO: dict[str | None, str] = {None: "", "true": "yes", "false": "NO"}
_ALIGNED = {"number": "right", "digits": "decimal"}

Notes = Callable[[], Iterable[str]]


def write_plain(
    columns: Sequence[Column], blocks: Iterable[Block], out: TextIO, notes: Notes, width: int | None = None
) -> None:
    """A table of the rows as they are, then the notes, each on a line.

    A table wider than ``width`` has its texts cut, where a column says that they may be, and its columns
    in blocks, one below the other, each after the first column. Notes are wrapped.
    """
    cells, failure = _cells(columns, blocks)
    tables = [(columns, cells)] if width is None else _fitted(columns, cells, width)
    for i, (shown, rows) in enumerate(tables):
        out.write("\n" * (i > 0) + _table(shown, rows, "simple", _ALIGNED) + "\n")
    below = list(notes())
    if below:
        lines = below if width is None else [line for note in below for line in filled(note, width)]
        out.write("\n" + "\n".join(lines) + "\n")
    if failure is not None:
        raise failure


def write_markdown(columns: Sequence[Column], blocks: Iterable[Block], out: TextIO, notes: Notes) -> None:
    """The same in Markdown, whatever its width, where a note is a paragraph."""
    cells, failure = _cells(columns, blocks)
    out.write(_table(columns, cells, "github", {"number": "right"}) + "\n")
    below = list(notes())
    if below:
        out.write("\n" + "\n\n".join(below) + "\n")
    if failure is not None:
        raise failure


def _cells(columns: Sequence[Column], blocks: Iterable[Block]) -> tuple[list[list[str]], ActcalcError | None]:
    """The cells of all rows, and the error that ends them, if it is not the first: what is right is shown."""
    words: list[dict[str | None, str]] = [_YES_NO if column.kind == "bool" else _ABSENT for column in columns]
    cells: list[list[str]] = []
    try:
        for row in rows_of(blocks):
            cells.append([known.get(cell, cell or "") for known, cell in zip(words, row, strict=True)])
    except ActcalcError as error:
        if not cells:  # nothing to be shown, nor to be said of it
            raise
        return cells, error
    return cells, None


def _table(
    columns: Sequence[Column], cells: Sequence[Sequence[str]], style: str, aligned: dict[str, str]
) -> str:
    return tabulate(
        cells,
        headers=[column.title or column.name for column in columns],
        tablefmt=style,
        colalign=[aligned.get(column.kind, "left") for column in columns] if cells else None,
        disable_numparse=True,
    )


def _fitted(
    columns: Sequence[Column], cells: list[list[str]], width: int
) -> list[tuple[Sequence[Column], Sequence[Sequence[str]]]]:
    """The table as one or more that are no wider than ``width``, if that can be."""
    lines = _table(columns, cells, "simple", _ALIGNED).split("\n")
    if max(map(len, lines)) <= width:
        return [(columns, cells)]
    # The line below the headings says how wide tabulate makes each column.
    widths = narrowed([len(part) for part in lines[1].split()], [c.may_be_cut for c in columns], width)
    if any(column.may_be_cut for column in columns):
        may = [column.may_be_cut for column in columns]
        cells = [
            [cut(cell, own) if may_be else cell for cell, own, may_be in zip(row, widths, may, strict=True)]
            for row in cells
        ]
    return [
        ([columns[i] for i in block], [[row[i] for i in block] for row in cells])
        for block in in_blocks(widths, width)
    ]
