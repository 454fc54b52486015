"""Plain text for people, in lines of a given width if possible."""

from collections.abc import Iterator, Sequence
from typing import TextIO

from actcalc.output.documents import Document
from actcalc.output.layout import table, widths_of, words_of
from actcalc.output.pages import Fact, Heading, Line, Lines, Section
from actcalc.output.rows import Table
from actcalc.output.widths import GAP, cut, fill, in_blocks, narrow

_ALIGNED = {"number": "right", "digits": "decimal"}
_NAME = 12
"""Columns for the name of a fact."""
_ANY = 1 << 30
"""A width greater than any line's."""


def write_text(document: Document, out: TextIO, width: int | None) -> None:
    """Write the parts, then the notes, each on its own line, with blank lines between.

    In a table wider than ``width``, texts are cut in columns that allow it, and columns are printed in
    blocks, one below another, each with the columns that identify a row. Everything else is wrapped.
    """
    failure = None
    most = width or _ANY
    for i, part in enumerate(document.parts(document.text)):
        held = part.held if isinstance(part, Section) else part
        if isinstance(held, Table):
            cells, failure = words_of(held)
            lines = ["\n\n".join(_tables(held, cells, most))]
        elif isinstance(held, Lines):
            lines = [line for note in held for line in _note(note, most)]
        elif isinstance(held, Heading):
            lines = fill(held, most, "    ")
            lines.append("-" * max(map(len, lines)))
        else:
            lines = fill(held, most) if isinstance(held, str) else list(_facts(held, most))
        title = f"{part.title}\n" if isinstance(part, Section) else ""
        out.write("\n" * (i > 0) + title + "\n".join(lines) + "\n")
    if failure is not None:
        raise failure


def _note(note: str, width: int) -> list[str]:
    return [note] if isinstance(note, Line) else fill(note, width)


def _facts(facts: Sequence[Fact], width: int) -> Iterator[str]:
    for fact in facts:
        for i, part in enumerate(fact.parts):
            name = (fact.title or fact.name) if i == 0 else ""
            yield from fill(part, width, " " * _NAME, name.ljust(_NAME))


def _tables(whole: Table, cells: list[list[str]], width: int) -> Iterator[str]:
    """The table as one or more tables, no wider than ``width`` if possible."""
    columns, own = whole.columns, widths_of(whole.columns, cells)
    for name in whole.dropped:
        if sum(own) + GAP * (len(own) - 1) <= width:
            break
        kept = [i for i, column in enumerate(columns) if column.name != name]
        columns, own = [columns[i] for i in kept], [own[i] for i in kept]
        cells = [[row[i] for i in kept] for row in cells]
    may_be_cut = [column.may_be_cut for column in columns]
    widths = narrow(own, may_be_cut, width)
    if widths != own:
        cells = [
            [
                cut(cell, most) if may else cell
                for cell, most, may in zip(row, widths, may_be_cut, strict=True)
            ]
            for row in cells
        ]
    repeated = [i for i, column in enumerate(columns) if column.identifies] or [0]
    for block in in_blocks(widths, width, repeated, [column.group for column in columns]):
        yield table(
            [columns[i] for i in block], [[row[i] for i in block] for row in cells], "simple", _ALIGNED
        )
