"""``actcalc show``: all there is to know about one activation."""

import sys
import textwrap

from actcalc.cli.options import Format, Name, Param
from actcalc.cli.requests import activations
from actcalc.output.formats import FOR_PEOPLE, check_format, write
from actcalc.output.rows import Column, one_by_one
from actcalc.teaching.facts import FACTS, STORY, facts


def show(name: Name, param: Param = None, format_name: Format = "table") -> None:
    """Show all there is to know about one activation.

    \b
    Examples:
      actcalc show leaky_relu
      actcalc show hard_sigmoid -p slope=0.2
      actcalc show gelu --format json
    """
    check_format(format_name)
    (f,) = activations([name], param)
    cells = facts(f)
    if format_name in FOR_PEOPLE:
        lines = [
            line
            for column, cell in zip(FACTS, cells, strict=True)
            if cell
            for line in _lines(column.title or column.name, cell)
        ]
        write(format_name, [Column("fact", ""), Column("value", "")], one_by_one(lines), sys.stdout)
    else:
        # One activation is one object, not an array of one.
        write("jsonl" if format_name == "json" else format_name, FACTS, one_by_one([cells]), sys.stdout)


def _lines(title: str, text: str) -> list[list[str]]:
    """A row for a fact, one for each of its parts: kinks and limits have several, and a story is wrapped."""
    if title in STORY:
        parts = textwrap.wrap(text, 96, break_long_words=False, break_on_hyphens=False)
    else:
        parts = text.split("; ") if title in ("kinks", "limits") else [text]
    return [[title if i == 0 else "", part] for i, part in enumerate(parts)]
