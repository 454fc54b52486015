"""Rows of a table: its columns, and blocks of cells."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

Row = Sequence["str | None"]
Block = Sequence[Sequence["str | None"]]
"""Some rows, as a sequence of cells for each column; for many numbers it is a ``FloatArray``."""


class Column(NamedTuple):
    """A column: its name in CSV and JSON, its title for people, and the kind of its cells.

    ``kind`` is ``number`` for decimal texts, ``text``, ``bool`` for ``true`` and ``false``, or ``digits`` for
    decimal texts that may have more digits than a JSON number holds. A cell of any kind may be None, for no
    value. If a column ``may_be_cut``, a table for people may show only the beginning of a text. A table wider
    than the line is printed in blocks: each repeats the columns that identify a row (by default the first),
    and the columns of a ``group`` stay in one block.
    """

    name: str
    title: str = ""
    kind: str = "text"
    may_be_cut: bool = False
    identifies: bool = False
    group: str = ""


class Table(NamedTuple):
    """Columns, and blocks of rows, which may be made as they are read."""

    columns: Sequence[Column]
    blocks: Iterable[Block]
    dropped: Sequence[str] = ()
    """The names of columns that plain text leaves out, in this order, if it is too narrow for all."""


class FormulaText(str):
    """A formula, which Markdown keeps from being read as markup."""


class UnsettledCell(str):
    """The text of a NaN that stands for an unsettled value, which is null in JSON."""


def with_unsettled(column: Sequence[str], places: Iterable[int]) -> list[str]:
    """A column with an UnsettledCell at each of the places."""
    cells = list(column)
    for place in places:
        cells[place] = UnsettledCell(cells[place])
    return cells


def one_by_one(rows: Iterable[Row]) -> Iterator[Block]:
    """A block for each of the rows."""
    return ([[cell] for cell in row] for row in rows)


def rows_of(blocks: Iterable[Block]) -> Iterator[Row]:
    """All rows of all blocks."""
    return (row for block in blocks for row in zip(*block, strict=True))


def lines_of(block: Block, between: Sequence[bytes], finite: bool = False) -> str | None:
    """The rows of a block with ``between`` around the cells, if all of its columns are FloatArrays.

    Otherwise, or if all must be ``finite`` but are not, None.
    """
    if any(isinstance(column, list) for column in block):
        return None
    from actcalc.numbers.float_texts import FloatArray, lines

    columns = [column for column in block if isinstance(column, FloatArray)]
    if len(columns) < len(block) or (finite and not all(column.is_finite() for column in columns)):
        return None
    return lines(columns, between)
