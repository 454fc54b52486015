"""Documents: what there is to say, as data, of which each format writes what it can hold."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from actcalc.output.rows import Column, Table, one_by_one

if TYPE_CHECKING:
    from actcalc.output.pages import Fact, Part

Notes = Callable[[], Iterable[str]]
"""Asked for the lines below a table once all of its rows have been made."""


class Document(NamedTuple):
    """Rows for programs, and what stands in their place in other formats, where that is more."""

    rows: Table
    notes: Notes = tuple
    """Lines for people, below all the rest."""
    data: Any = None
    """An object, or a list of them, for JSON."""
    objects: Sequence[Any] | None = None
    """Those of JSON lines, where they are not the data."""
    text: "Sequence[Part] | None" = None
    """The parts of a plain text."""
    markup: "Sequence[Part] | None" = None
    """Those of Markdown, LaTeX and HTML."""
    comments: Sequence[str] = ()
    """Lines about the numbers, for those who read them as words of a memory or of C."""

    def parts(self, own: "Sequence[Part] | None") -> "Iterator[Part]":
        """Its ``own`` parts of a format for people, or the rows; then the notes, which are asked for last."""
        yield from [self.rows] if own is None else own
        if notes := list(self.notes()):
            from actcalc.output.pages import Lines

            yield Lines(notes)


def fact_sheet(heading: str, facts: "Sequence[Fact]", sections: Sequence[str]) -> Document:
    """A document about one thing: a page with its facts in ``sections``, or a row with all of them."""
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
