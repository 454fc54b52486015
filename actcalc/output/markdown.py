"""Markdown (GitHub's): tables whatever their width, with formulas as code, so that no star is lost."""

from typing import TextIO

from actcalc.output.documents import Document
from actcalc.output.layout import table, words_of
from actcalc.output.pages import Heading, Lines, Section
from actcalc.output.rows import FormulaText, Table


def write_markdown(document: Document, out: TextIO, width: int | None = None) -> None:
    """The parts, then the notes, each a paragraph; with blank lines between."""
    failure = None
    for i, part in enumerate(document.parts(document.markdown)):
        title = f"### {_escape(part.title)}\n\n" if isinstance(part, Section) else ""
        held = part.held if isinstance(part, Section) else part
        if isinstance(held, Table):
            cells, failure = words_of(held, _escape)
            titled = [column._replace(title=_escape(column.title or column.name)) for column in held.columns]
            text = table(titled, cells, "github", {"number": "right"})
        elif isinstance(held, Lines):
            text = "\n\n".join(map(_escape, held))
        else:
            assert isinstance(held, str), "facts are for plain text"
            text = ("## " if isinstance(held, Heading) else "") + _escape(held)
        out.write("\n" * (i > 0) + title + text + "\n")
    if failure is not None:
        raise failure


def _escape(text: str) -> str:
    """A text as it is meant: a formula as code, and stars and bars for themselves."""
    whole = text.replace("|", "\\|")
    return f"`{whole}`" if isinstance(text, FormulaText) else whole.replace("*", "\\*")
