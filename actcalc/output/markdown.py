"""Markdown (GitHub's): tables of any width, with formulas as code, so that no star is lost."""

from collections.abc import Sequence
from typing import TextIO

from actcalc.output.documents import Document
from actcalc.output.layout import table
from actcalc.output.markup import write_markup
from actcalc.output.rows import Column, FormulaText


def write_markdown(document: Document, out: TextIO, width: int | None = None) -> None:
    """Write the parts, then the notes, each as a paragraph, with blank lines between."""
    write_markup(document, out, _Markdown())


class _Markdown:
    """Markdown, with titles of columns escaped like texts."""

    def heading(self, text: str) -> str:
        return f"## {_escape(text)}"

    def title(self, text: str) -> str:
        return f"### {_escape(text)}\n\n"

    def paragraph(self, text: str) -> str:
        return _escape(text)

    def cell(self, text: str, column: Column) -> str:
        return _escape(text)

    def table(self, columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> str:
        titled = [column._replace(title=_escape(column.title or column.name)) for column in columns]
        return table(titled, cells, "github", {"number": "right"})


def _escape(text: str) -> str:
    """A text escaped: a formula as code, with literal stars and bars."""
    whole = text.replace("|", "\\|")
    return f"`{whole}`" if isinstance(text, FormulaText) else whole.replace("*", "\\*")
