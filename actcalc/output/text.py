"""Plain text for people, in lines of a width where that can be."""

from collections.abc import Iterator, Sequence
from typing import TextIO

from actcalc.output.documents import Document, Heading, Section, Table
from actcalc.output.layout import table, widths_of, words_of
from actcalc.output.rows import Column
from actcalc.output.widths import cut, filled, in_blocks, narrowed

_ALIGNED = {"number": "right", "digits": "decimal"}
_NAME = 12
"""Columns for the name of a fact."""
_ANY = 1 << 30
"""More than any line has."""


def write_text(document: Document, out: TextIO, width: int | None) -> None:
    """The parts, then the notes, each on a line of its own; with blank lines between.

    A table wider than ``width`` has its texts cut, where a column says that they may be, and its columns
    in blocks, one below the other, each after the first column. All else is wrapped.
    """
    failure = None
    most = width or _ANY
    for i, part in enumerate([document.rows] if document.text is None else document.text):
        if isinstance(part, Table):
            cells, failure = words_of(part)
            lines = ["\n\n".join(_tables(part.columns, cells, most))]
        elif isinstance(part, Section):
            lines = [part.title, *_facts(part, most)]
        elif isinstance(part, Heading):
            lines = filled(part, most, "    ")
            lines.append("-" * max(map(len, lines)))
        else:
            lines = filled(part, most)
        out.write("\n" * (i > 0) + "\n".join(lines) + "\n")
    below = [line for note in document.notes() for line in filled(note, most)]
    if below:
        out.write("\n" + "\n".join(below) + "\n")
    if failure is not None:
        raise failure


def _facts(section: Section, width: int) -> Iterator[str]:
    for fact in section.facts:
        for i, part in enumerate(fact.parts):
            name = (fact.title or fact.name) if i == 0 else ""
            yield from filled(part, width, " " * _NAME, name.ljust(_NAME))


def _tables(columns: Sequence[Column], cells: list[list[str]], width: int) -> Iterator[str]:
    """The table as one or more that are no wider than ``width``, if that can be."""
    own = widths_of(columns, cells)
    widths = narrowed(own, [column.may_be_cut for column in columns], width)
    if widths != own:
        may_be_cut = [column.may_be_cut for column in columns]
        cells = [
            [
                cut(cell, most) if may else cell
                for cell, most, may in zip(row, widths, may_be_cut, strict=True)
            ]
            for row in cells
        ]
    for block in in_blocks(widths, width):
        yield table(
            [columns[i] for i in block], [[row[i] for i in block] for row in cells], "simple", _ALIGNED
        )
