"""Rows to text: one module for each family of formats.

A writer takes the columns and an iterable of rows, and writes to a text stream. CSV, TSV, JSON
and JSON lines are written as the rows come.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TextIO

from actcalc.errors import ActcalcError, did_you_mean, quoted

FORMATS = ("table", "csv", "tsv", "json", "jsonl", "markdown")
FOR_PEOPLE = ("table", "markdown")
"""Formats that carry notes below the rows."""

Row = Sequence["str | None"]


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
    rows: Iterable[Row],
    out: TextIO,
    notes: Callable[[], Iterable[str]] = tuple,
) -> None:
    """Write ``rows`` in the format called ``format_name``.

    ``notes`` is asked for the lines below a table once all of its rows have been made.

    Raises ActcalcError for an unknown format.
    """
    if format_name in ("csv", "tsv"):
        from actcalc.output.separated import write_separated

        write_separated(columns, rows, out, "," if format_name == "csv" else "\t")
    elif format_name in ("json", "jsonl"):
        from actcalc.output.json import write_json

        write_json(columns, rows, out, lines=format_name == "jsonl")
    elif format_name in FOR_PEOPLE:
        from actcalc.output.tabular import write_table

        write_table(columns, rows, out, notes, markdown=format_name == "markdown")
    else:
        check_format(format_name)


def check_format(name: str) -> str:
    """``name``, if it is one of FORMATS; raises ActcalcError, naming the nearest, otherwise."""
    if name in FORMATS:
        return name
    raise ActcalcError(
        f"unknown format {quoted(name)}: it is one of {', '.join(FORMATS)}", did_you_mean(name, FORMATS)
    )
