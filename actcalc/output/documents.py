"""Documents: what there is to say, as data, of which each format writes what it can hold."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from actcalc.output.rows import Block, Column, one_by_one

Notes = Callable[[], Iterable[str]]
"""Asked for the lines below a table once all of its rows have been made."""


class Table(NamedTuple):
    """Columns, and blocks of rows, which may still be in the making."""

    columns: Sequence[Column]
    blocks: Iterable[Block]
    dropped: Sequence[str] = ()
    """The names of columns that a text leaves out, in this order, where it is too narrow for all."""


class Heading(str):
    """The title of what follows."""


class Fact(NamedTuple):
    """A fact about something: a text, or several, which stand on lines of their own for people."""

    name: str
    title: str
    section: str
    text: str | Sequence[str]
    data: Any = ...
    """The fact in JSON, unless that is its text."""

    @property
    def parts(self) -> Sequence[str]:
        return [self.text] * bool(self.text) if isinstance(self.text, str) else self.text

    @property
    def cell(self) -> str:
        """The fact in one cell."""
        return self.text if isinstance(self.text, str) else "; ".join(self.text)


class Section(NamedTuple):
    """A table or some facts, below a title."""

    title: str
    held: Table | Sequence[Fact]


class Line(str):
    """A note that stays in one line, whatever its length."""


class Lines(tuple[str, ...]):
    """Notes, each on a line of its own, or a paragraph."""


Part = Table | Heading | Section | Lines | str
"""A part of what people read; a string is a paragraph."""


class Document(NamedTuple):
    """Rows for programs, and what stands in their place in other formats, where that is more."""

    rows: Table
    notes: Notes = tuple
    """Lines for people, below all the rest."""
    data: Any = None
    """An object, or a list of them, for JSON."""
    objects: Sequence[Any] | None = None
    """Those of JSON lines, where they are not the data."""
    text: Sequence[Part] | None = None
    """The parts of a plain text."""
    markdown: Sequence[Part] | None = None

    def parts(self, own: Sequence[Part] | None) -> Iterator[Part]:
        """Its ``own`` parts of a format for people, or the rows; then the notes, which are asked for last."""
        yield from [self.rows] if own is None else own
        if notes := list(self.notes()):
            yield Lines(notes)


def as_object(facts: Sequence[Fact]) -> dict[str, Any]:
    """The facts as JSON has them."""
    return {fact.name: fact.cell if fact.data is ... else fact.data for fact in facts}


def about(heading: str, facts: Sequence[Fact], sections: Sequence[str]) -> Document:
    """A document about one thing: a page with its facts in ``sections``, or a row with all of them."""
    lines = [
        [(fact.title or fact.name) if i == 0 else "", part]
        for fact in facts
        for i, part in enumerate(fact.parts)
    ]
    found = (Section(title, [f for f in facts if f.section == title and f.parts]) for title in sections)
    return Document(
        Table([Column(f.name, f.title) for f in facts], one_by_one([[fact.cell for fact in facts]])),
        data=as_object(facts),
        text=[Heading(heading), *(section for section in found if section.held)],
        markdown=[Table([Column("fact"), Column("value")], one_by_one(lines))],
    )
