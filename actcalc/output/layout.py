"""Tables for people: the texts of cells, and the widths that tabulate gives to columns."""

from collections.abc import Callable, Mapping, Sequence

from tabulate import TableFormat, tabulate

from actcalc.errors import ActcalcError
from actcalc.output.rows import Column, Table, rows_of
from actcalc.output.widths import GAP

_YES_NO = {"true": "yes", "false": "NO"}


def words_of(
    table: Table, write: Callable[[str, Column], str] = lambda cell, column: cell
) -> tuple[list[list[str]], ActcalcError | None]:
    """The cells of all rows, as ``write`` writes those that are not empty, and the error that ends them.

    Raises the error if there are no rows before it; otherwise the rows before it are shown.
    """
    known: list[dict[str, str]] = [_YES_NO if column.kind == "bool" else {} for column in table.columns]
    cells: list[list[str]] = []
    try:
        for row in rows_of(table.blocks):
            cells.append(
                [
                    write(words.get(cell, cell), column) if cell else ""
                    for words, cell, column in zip(known, row, table.columns, strict=True)
                ]
            )
    except ActcalcError as error:
        if not cells:
            raise
        return cells, error
    return cells, None


def table(
    columns: Sequence[Column],
    cells: Sequence[Sequence[str]],
    style: str | TableFormat,
    aligned: Mapping[str, str],
) -> str:
    """The titles and the cells in a style of tabulate, with each kind of column ``aligned`` in its way."""
    return tabulate(
        cells,
        headers=[column.title or column.name for column in columns],
        tablefmt=style,
        colalign=[aligned.get(column.kind, "left") for column in columns] if cells else None,
        disable_numparse=True,
    )


def widths_of(columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> list[int]:
    """The width of each column of a table; ``digits`` are aligned by their decimal points."""
    found = []
    for i, column in enumerate(columns):
        own = [row[i] for row in cells]
        width = max(map(len, own), default=0)
        if column.kind == "digits" and own:
            ends = [_after_point(cell) for cell in own]
            width = max(len(cell) - end for cell, end in zip(own, ends, strict=True)) + max(ends)
        # Tabulate leaves two blanks beside a title.
        found.append(max(len(column.title or column.name) + GAP, width))
    return found


def _after_point(cell: str) -> int:
    """The number of characters from the point of a number (or else its exponent) to its end."""
    point = cell.rfind("." if "." in cell else "e")
    return len(cell) - point if point >= 0 else 0
