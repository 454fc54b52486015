"""``actcalc show``: all there is to know about one activation."""

import sys

from actcalc.cli.notes import option
from actcalc.cli.options import Format, Name, Param
from actcalc.cli.requests import activations, text_width
from actcalc.output.formats import check_format, write
from actcalc.output.rows import Column, one_by_one
from actcalc.teaching.facts import columns_of, facts, facts_object, page, parts

_WIDEST = 100
"""Longer lines are hard to read."""


def show(name: Name, param: Param = None, format_name: Format = "table") -> None:
    """Show all there is to know about one activation.

    \b
    Examples:
      actcalc show leaky_relu
      actcalc show hard_sigmoid -p slope=0.2
      actcalc show gelu --format json
      actcalc show 'z*tanh(exp(z))'
    """
    check_format(format_name)
    (f,) = activations([name], param)
    if format_name in ("json", "jsonl"):
        from actcalc.output.json import write_object

        write_object(facts_object(f, option), sys.stdout, lines=format_name == "jsonl")
        return
    cells = facts(f, option)
    if format_name == "table":
        sys.stdout.write(page(f, min(text_width(), _WIDEST), option))
    elif format_name == "markdown":
        lines = [
            [(column.title or column.name) if i == 0 else "", part]
            for column, cell in zip(columns_of(f), cells, strict=True)
            if cell
            for i, part in enumerate(parts(column, cell))
        ]
        write(format_name, [Column("fact", ""), Column("value", "")], one_by_one(lines), sys.stdout)
    else:
        write(format_name, columns_of(f), one_by_one([cells]), sys.stdout)
