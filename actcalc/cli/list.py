"""``actcalc list``: every activation there is, or those that are looked for."""

import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Annotated

import typer

from actcalc.activations.declaration import Declaration
from actcalc.catalogue import lookup
from actcalc.cli.options import Format
from actcalc.cli.requests import text_width
from actcalc.errors import ActcalcError, did_you_mean, quoted
from actcalc.output.formats import check_format, write
from actcalc.output.rows import one_by_one
from actcalc.output.widths import GAP, cut
from actcalc.teaching.facts import BRIEF, FEATURES, SUMMARY, brief, has_feature, summary, summary_object

_WIDE = 150
"""Columns of a terminal that has room for aliases and slopes."""


def complete_features(incomplete: str) -> list[str]:
    return [feature for feature in FEATURES if feature.startswith(incomplete)]


def list_(
    patterns: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATTERN...]",
            help="Names or aliases to find; * stands for any letters.",
            show_default=False,
        ),
    ] = None,
    features: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="FEATURE",
            autocompletion=complete_features,
            help=f"Only those that have it: {', '.join(FEATURES)}; may be repeated.",
            show_default=False,
        ),
    ] = None,
    wide: Annotated[bool, typer.Option("--wide", help="Aliases and g' too, in blocks if need be.")] = False,
    format_name: Format = "table",
) -> None:
    """List the activations there are, with parameters and formulas.

    Formulas too long for the line end in '...': 'actcalc show NAME' has them whole.

    \b
    Examples:
      actcalc list
      actcalc list 'sigm*'
      actcalc list --with kink
      actcalc list --format csv | cut -d, -f1
    """
    check_format(format_name)
    found = _found(patterns or [], features or [])
    if format_name in ("json", "jsonl"):
        from actcalc.output.json import write_array, write_object

        objects = map(summary_object, found)
        if format_name == "json":
            write_array(objects, sys.stdout)
        for known in objects:
            write_object(known, sys.stdout, lines=True)
        return
    width = text_width()
    if format_name == "table" and not wide and width < _WIDE:
        write(format_name, BRIEF, one_by_one(map(brief, found)), sys.stdout, width=width)
        return
    columns = [column._replace(may_be_cut=not wide and column.name != "name") for column in SUMMARY]
    rows = [summary(declared) for declared in found]
    if format_name == "table" and wide:
        room = width - max(len(name) for name, *_ in rows) - GAP
        rows = [[name, *(cut(cell, room) for cell in cells)] for name, *cells in rows]
    write(format_name, columns, one_by_one(rows), sys.stdout, width=width)


def _found(patterns: Sequence[str], features: Sequence[str]) -> list[Declaration]:
    """The declarations that match one of the patterns, if there are any, and have all features."""
    for feature in features:
        if feature not in FEATURES:
            raise ActcalcError(
                f"unknown feature {quoted(feature)}: it is one of {', '.join(FEATURES)}",
                did_you_mean(feature, FEATURES),
            )
    found = [
        declared
        for declared in lookup.declarations()
        if (not patterns or any(_matches(declared, pattern) for pattern in patterns))
        and all(has_feature(declared, feature) for feature in features)
    ]
    if not found:
        wanted = " or ".join(map(quoted, patterns)) if patterns else "so"
        having = f" and has {' and '.join(features)}" if features else ""
        raise ActcalcError(f"no activation is called {wanted}{having}", "see: actcalc list")
    return found


def _matches(declared: Declaration, pattern: str) -> bool:
    return any(fnmatchcase(name, pattern.lower()) for name in (declared.name, *declared.aliases))
