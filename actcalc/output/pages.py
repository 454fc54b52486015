"""Pages for people: headings, sections of facts or tables, and notes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from actcalc.output.rows import Table


class Heading(str):
    """The title of a page."""


class Fact(NamedTuple):
    """A fact: a text, or several, which people see on separate lines."""

    name: str
    title: str
    section: str
    text: str | Sequence[str]
    data: Any = ...
    """The fact in JSON, if it is not its text."""

    @property
    def parts(self) -> Sequence[str]:
        return [self.text] * bool(self.text) if isinstance(self.text, str) else self.text

    @property
    def cell(self) -> str:
        """The fact as one cell."""
        return self.text if isinstance(self.text, str) else "; ".join(self.text)


class Section(NamedTuple):
    """A table or some facts, below a title."""

    title: str
    held: Table | Sequence[Fact]


class Line(str):
    """A note that stays on one line, whatever its length."""


class Lines(tuple[str, ...]):
    """Notes, each on a line of its own, or a paragraph."""


Part = Table | Heading | Section | Lines | str
"""A part of a page; a string is a paragraph."""


def as_object(facts: Sequence[Fact]) -> dict[str, Any]:
    """The facts as JSON has them."""
    return {fact.name: fact.cell if fact.data is ... else fact.data for fact in facts}
