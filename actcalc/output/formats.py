"""The formats in which rows are written: a writer for each, imported when it is used."""

import io
import os
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, TextIO

from actcalc.errors import ActcalcError, Argument, Wording, did_you_mean, quote

if TYPE_CHECKING:
    from actcalc.output.documents import Document

_WRITERS = {
    "table": "text:write_text",
    "csv": "separated:write_csv",
    "tsv": "separated:write_tsv",
    "json": "json:write_json",
    "jsonl": "json:write_json_lines",
    "markdown": "markdown:write_markdown",
    "latex": "latex:write_latex",
    "html": "html:write_html",
    "npy": "npy:write_npy",
    "mem": "words:write_mem",
    "c": "words:write_c",
    "lines": "lines:write_lines",
}
TEXT_FORMATS = tuple(_WRITERS)[:8]
"""Text formats, which can hold anything."""
ARRAYS = ("npy", "mem", "c")
"""Formats of numbers alone."""
WORDS = ("mem", "c")
"""Formats of numbers alone that have comments."""
FOR_PEOPLE = ("table", "markdown", "latex", "html")
"""Formats that carry notes below the rows."""
ALL_AT_ONCE = (*FOR_PEOPLE, "json", "c")
"""Formats that cannot be read before the last row, or not at all with millions of rows."""

_SUFFIXES = {
    ".txt": "table",
    ".md": "markdown",
    ".tex": "latex",
    **{f".{name}": name for name in ("csv", "tsv", "json", "jsonl", "html", "npy", "mem", "c")},
    ".h": "c",
}

Writer = Callable[["Document", TextIO, int | None], None]
"""Writes rows as they come, or all at once, to a text stream; arrays to its ``buffer``."""


def write(format_name: str, document: "Document", out: TextIO, width: int | None = None) -> None:
    """Write a document in one of TEXT_FORMATS or as ``lines``; one of FloatArrays in one of ARRAYS.

    ``lines`` is TSV without the header. Only formats FOR_PEOPLE have notes, and only ``table`` keeps to a
    ``width``. Raises ActcalcError for an unknown format.
    """
    if format_name not in _WRITERS:
        check_format(format_name)
    module, function = _WRITERS[format_name].split(":")
    writer: Writer = getattr(import_module(f"actcalc.output.{module}"), function)
    writer(document, out, width)


def written(format_name: str, document: "Document", width: int | None = None) -> str:
    """The document as a text in one of TEXT_FORMATS."""
    out = io.StringIO()
    write(format_name, document, out, width)
    return out.getvalue()


def format_of(path: str | None) -> str | None:
    """The format for the suffix of a file's name; None without a suffix or a name.

    Raises ActcalcError, naming the known ones, for an unknown suffix.
    """
    suffix = os.path.splitext(path or "")[1].lower()
    if not suffix or suffix in _SUFFIXES:
        return _SUFFIXES.get(suffix)
    raise ActcalcError(
        f": unknown suffix {quote(suffix)}: choose one of {', '.join(_SUFFIXES)}",
        Wording("or name the format with ", Argument("format")),
        about="output",
    )


def check_format(name: str, also: Sequence[str] = ()) -> str:
    """``name``, if it is one of TEXT_FORMATS or ``also``; otherwise raises ActcalcError."""
    known = [*TEXT_FORMATS, *also]
    if name in known:
        return name
    raise ActcalcError(
        f"unknown format {quote(name)}: choose one of {', '.join(known)}", did_you_mean(name, known)
    )
