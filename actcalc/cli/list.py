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
from actcalc.teaching.facts import FEATURES, catalogue, has_feature


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
    width = text_width()
    document = catalogue(_found(patterns or [], features or []), width, wide)
    write(format_name, document, sys.stdout, width)


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
