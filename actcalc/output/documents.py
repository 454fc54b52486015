"""Documents: the contents of a report as data; each format writes the parts that it can hold."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from actcalc.output.rows import Column, Table, one_by_one

if TYPE_CHECKING:
    from actcalc.output.pages import Fact, Part

Notes = Callable[[], Iterable[str]]
"""Returns the lines below a table; called once all of its rows have been made."""


class Document(NamedTuple):
    """Rows for programs, and richer contents for formats that can hold them."""

    rows: Table
    notes: Notes = tuple
    """Lines for people, below all the rest."""
    data: Any = None
    """An object, or a list of them, for JSON."""
    objects: Sequence[Any] | None = None
    """The objects of JSON lines; None if they are the data."""
    text: "Sequence[Part] | None" = None
    """The parts of a plain text."""
    markup: "Sequence[Part] | None" = None
    """The parts in Markdown, LaTeX and HTML."""
    comments: Sequence[str] = ()
    """Comments about the numbers, for memory files and C."""

    def parts(self, own: "Sequence[Part] | None") -> "Iterator[Part]":
        """The ``own`` parts of a format for people, or else the rows; then the notes, made last."""
        yield from [self.rows] if own is None else own
        if notes := list(self.notes()):
            from actcalc.output.pages import Lines

            yield Lines(notes)


def fact_sheet(heading: str, facts: "Sequence[Fact]", sections: Sequence[str]) -> Document:
    """A document about one thing: a page with its facts in ``sections``, or a row with all facts."""
    from actcalc.output.pages import Heading, Section, as_object

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
        markup=[Table([Column("fact"), Column("value", may_be_cut=True)], one_by_one(lines))],
    )
