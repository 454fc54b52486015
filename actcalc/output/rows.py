"""Rows of a table: its columns, and blocks of cells."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

Row = Sequence["str | None"]
Block = Sequence[Sequence["str | None"]]
"""Some rows, as a sequence of cells for each column; many numbers are ``float_texts.FloatArray``."""


class Column(NamedTuple):
    """A column: its name in CSV and JSON, its title for people, and what its cells are.

    ``kind`` is ``number`` for decimal texts, ``text``, ``bool`` for ``true`` and ``false``, or ``digits``
    for decimal texts that may have more digits than a JSON number holds. A cell of any kind may be None:
    there is no value. Where a column ``may_be_cut``, a table for people shows the beginning of a text.
    A table that is wider than its line repeats in each block the columns that identify a row, the first if
    none does, and keeps the columns of a ``group`` in one block.
    """

    name: str
    title: str = ""
    kind: str = "text"
    may_be_cut: bool = False
    identifies: bool = False
    group: str = ""


class Table(NamedTuple):
    """Columns, and blocks of rows, which may still be in the making."""

    columns: Sequence[Column]
    blocks: Iterable[Block]
    dropped: Sequence[str] = ()
    """The names of columns that a text leaves out, in this order, where it is too narrow for all."""


class FormulaText(str):
    """A formula, which Markdown keeps from being read as markup."""


class UnsettledCell(str):
    """The text of NaN that stands for a value that no digits settle: null in JSON."""


def with_unsettled(column: Sequence[str], places: Iterable[int]) -> list[str]:
    """A column with such cells at some of its places."""
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

    All have to be ``finite``, if that is asked for.
    """
    if any(isinstance(column, list) for column in block):
        return None
    from actcalc.numbers.float_texts import FloatArray, lines

    columns = [column for column in block if isinstance(column, FloatArray)]
    if len(columns) < len(block) or (finite and not all(column.is_finite() for column in columns)):
        return None
    return lines(columns, between)
