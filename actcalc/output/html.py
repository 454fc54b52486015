"""HTML: a piece of a page, in ASCII, that can be put into any other page."""

from collections.abc import Sequence
from html import escape
from typing import TextIO

from actcalc.output.documents import Document
from actcalc.output.layout import table
from actcalc.output.markup import write_markup
from actcalc.output.rows import Column, FormulaText


def write_html(document: Document, out: TextIO, width: int | None = None) -> None:
    """Write the parts, then the notes, each as a paragraph."""
    write_markup(document, out, _Html())


class _Html:
    """HTML, with formulas as code."""

    def heading(self, text: str) -> str:
        return f"<h2>{_escape(text)}</h2>"

    def title(self, text: str) -> str:
        return f"<h3>{_escape(text)}</h3>\n"

    def paragraph(self, text: str) -> str:
        return f"<p>{_escape(text)}</p>"

    def cell(self, text: str, column: Column) -> str:
        return _escape(text)

    def table(self, columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> str:
        titled = [column._replace(title=_escape(column.title or column.name)) for column in columns]
        return table(titled, cells, "unsafehtml", {"number": "right", "digits": "right"})


def _escape(text: str) -> str:
    whole = escape(text).encode("ascii", "xmlcharrefreplace").decode()
    return f"<code>{whole}</code>" if isinstance(text, FormulaText) else whole
