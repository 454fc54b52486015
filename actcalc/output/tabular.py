"""Tables for people: plain text and Markdown."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

from tabulate import tabulate

if TYPE_CHECKING:
    from actcalc.output import Column, Row


def write_table(
    columns: Sequence["Column"],
    rows: Iterable["Row"],
    out: TextIO,
    notes: Callable[[], Iterable[str]],
    markdown: bool,
) -> None:
    """A table of the rows as they are, then the notes, each on a line."""
    cells = [["" if cell is None else cell for cell in row] for row in rows]
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
