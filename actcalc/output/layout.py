"""Tables for people: their cells as words, and columns whose cells have one width."""

from collections.abc import Callable, Collection, Sequence

from actcalc.errors import ActcalcError
from actcalc.output.documents import Table
from actcalc.output.rows import Column, rows_of
from actcalc.output.widths import GAP

_YES_NO = {"true": "yes", "false": "NO"}


def words_of(table: Table, said: Callable[[str], str] = str) -> tuple[list[list[str]], ActcalcError | None]:
    """The cells of all rows, each as it is ``said``, and the error that ends them.

    Raises the error if it is the first: there is nothing to be shown then. What is right before it is shown.
    """
    known: list[dict[str, str]] = [_YES_NO if column.kind == "bool" else {} for column in table.columns]
    cells: list[list[str]] = []
    try:
        for row in rows_of(table.blocks):
            cells.append(
                [said(words.get(cell, cell)) if cell else "" for words, cell in zip(known, row, strict=True)]
            )
    except ActcalcError as error:
        if not cells:
            raise
        return cells, error
    return cells, None


def set_out(
    columns: Sequence[Column], cells: Sequence[Sequence[str]], right: Collection[str]
) -> list[list[str]]:
    """The columns, each with its title first, padded to one width: on the left for kinds ``right``."""
    found = []
    for i, column in enumerate(columns):
        title, own = column.title or column.name, [row[i] for row in cells]
        if column.kind == "digits" and column.kind in right:
            own = _in_line(own)
        width = max([len(title) + GAP, *map(len, own)])
        pad = str.rjust if own and column.kind in right else str.ljust
        found.append([pad(text, width) for text in (title, *own)])
    return found


def _in_line(cells: Sequence[str]) -> list[str]:
    """Numbers with blanks at their ends, so that their points stand below one another."""
    points = [cell.rfind("." if "." in cell else "e") for cell in cells]
    ends = [len(cell) - point if point >= 0 else 0 for cell, point in zip(cells, points, strict=True)]
    return [cell + " " * (max(ends) - end) for cell, end in zip(cells, ends, strict=True)]
