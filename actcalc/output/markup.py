"""Documents in a markup language, which defines how each part is written."""

from collections.abc import Sequence
from typing import Protocol, TextIO

from actcalc.output.documents import Document
from actcalc.output.layout import words_of
from actcalc.output.pages import Heading, Lines, Section
from actcalc.output.rows import Column, Table


class Markup(Protocol):
    """A markup language: each part of a document as a text in it."""

    def heading(self, text: str) -> str:
        """The title of a document."""

    def title(self, text: str) -> str:
        """The title of a section."""

    def paragraph(self, text: str) -> str:
        """A paragraph, or a note."""

    def cell(self, text: str, column: Column) -> str:
        """A cell of a table that is not empty."""

    def table(self, columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> str:
        """A table of such cells."""


def write_markup(document: Document, out: TextIO, language: Markup) -> None:
    """Write the parts, then the notes, each as a paragraph, with blank lines between."""
    failure = None
    for i, part in enumerate(document.parts(document.markup)):
        title = language.title(part.title) if isinstance(part, Section) else ""
        held = part.held if isinstance(part, Section) else part
        if isinstance(held, Table):
            cells, failure = words_of(held, language.cell)
            text = language.table(held.columns, cells)
        elif isinstance(held, Lines):
            text = "\n\n".join(map(language.paragraph, held))
        else:
            assert isinstance(held, str), "facts are for plain text"
            text = (language.heading if isinstance(held, Heading) else language.paragraph)(held)
        out.write("\n" * (i > 0) + title + text + "\n")
    if failure is not None:
        raise failure
