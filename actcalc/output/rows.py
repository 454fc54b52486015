"""Rows to text: one module for each family of formats.

A writer takes the columns and an iterable of blocks of rows, and writes to a text stream. CSV, TSV,
JSON and JSON lines are written as the blocks come.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TextIO

from actcalc.errors import ActcalcError, did_you_mean, quoted

FORMATS = ("table", "csv", "tsv", "json", "jsonl", "markdown")
FOR_PEOPLE = ("table", "markdown")
"""Formats that carry notes below the rows."""
ALL_AT_ONCE = (*FOR_PEOPLE, "json")
"""Formats that nobody can read before the last row, or at all with millions of rows."""

Row = Sequence["str | None"]
Block = Sequence[Sequence["str | None"]]
"""Some rows, as a sequence of cells for each column; many numbers are ``decimals.FloatArray``."""


class Column(NamedTuple):
    """A column: its name in CSV and JSON, its title for people, and what its cells are.

    ``kind`` is ``number`` for decimal texts, ``text``, or ``bool`` for ``true`` and ``false``. A cell
    of any kind may be None: there is no value.
    """

    name: str
    title: str = ""
    kind: str = "text"


def write(
    format_name: str,
    columns: Sequence[Column],
    blocks: Iterable[Block],
    out: TextIO,
    notes: Callable[[], Iterable[str]] = tuple,
) -> None:
    """Write the rows of ``blocks`` in the format called ``format_name``.

    That is one of FORMATS, or ``lines``, which is TSV without the header, or ``npy``, for FloatArrays, which
    is written to ``out.buffer``. ``notes`` is asked for the lines below a table once all of its rows have
    been made.

    Raises ActcalcError for an unknown format.
    """
    if format_name in ("csv", "tsv"):
        from actcalc.output.separated import write_separated

        write_separated(columns, blocks, out, "," if format_name == "csv" else "\t")
    elif format_name == "lines":
        from actcalc.output.lines import write_lines

        write_lines(columns, blocks, out)
    elif format_name == "npy":
        from actcalc.output.npy import write_npy

        write_npy(columns, blocks, out.buffer)
    elif format_name == "jsonl":
        from actcalc.output.json import write_json_lines

        write_json_lines(columns, blocks, out)
    elif format_name == "json":
        from actcalc.output.json import write_json

        write_json(columns, blocks, out)
    elif format_name in FOR_PEOPLE:
        from actcalc.output.tabular import write_table

        write_table(columns, blocks, out, notes, markdown=format_name == "markdown")
    else:
        check_format(format_name)


def one_by_one(rows: Iterable[Row]) -> Iterator[Block]:
    """A block for each of the rows."""
    return ([[cell] for cell in row] for row in rows)


def rows_of(blocks: Iterable[Block]) -> Iterator[Row]:
    """All rows of all blocks."""
    return (row for block in blocks for row in zip(*block, strict=True))


def lines_of(block: Block, between: Sequence[bytes]) -> str | None:
    """The rows of a block with ``between`` around the cells, if all of its columns are FloatArrays."""
    if any(isinstance(column, list) for column in block):
        return None
    from actcalc.numbers.float_texts import FloatArray, lines

    columns = [column for column in block if isinstance(column, FloatArray)]
    return lines(columns, between).decode("ascii") if len(columns) == len(block) else None


def check_format(name: str, also: Sequence[str] = ()) -> str:
    """``name``, if it is one of FORMATS or ``also``; raises ActcalcError, naming the nearest, otherwise."""
    known = [*FORMATS, *also]
    if name in known:
        return name
    raise ActcalcError(
        f"unknown format {quoted(name)}: it is one of {', '.join(known)}", did_you_mean(name, known)
    )
