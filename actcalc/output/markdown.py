"""Markdown (GitHub's): tables whatever their width, with formulas as code, so that no star is lost."""

from typing import TextIO

from actcalc.output.documents import Document, Heading, Section, Table
from actcalc.output.layout import table, words_of
from actcalc.output.rows import FormulaText


def write_markdown(document: Document, out: TextIO, width: int | None = None) -> None:
    """The parts, then the notes, each a paragraph; with blank lines between."""
    failure = None
    for i, part in enumerate([document.rows] if document.markdown is None else document.markdown):
        if isinstance(part, Table):
            cells, failure = words_of(part, _said)
            titled = [column._replace(title=_said(column.title or column.name)) for column in part.columns]
            lines = [table(titled, cells, "github", {"number": "right"})]
        else:
            assert not isinstance(part, Section), "a section is for plain text"
            lines = [("### " if isinstance(part, Heading) else "") + _said(part)]
        out.write("\n" * (i > 0) + "\n".join(lines) + "\n")
    for note in document.notes():
        out.write(f"\n{_said(note)}\n")
    if failure is not None:
        raise failure


def _said(text: str) -> str:
    """A text as it is meant: a formula as code, and stars and bars for themselves."""
    whole = text.replace("|", "\\|")
    return f"`{whole}`" if isinstance(text, FormulaText) else whole.replace("*", "\\*")
