"""``actcalc list``: all activations, or those that match."""

import sys
from collections.abc import Sequence
from typing import Annotated

from actcalc.activations.declaration import Declaration
from actcalc.catalogue import lookup
from actcalc.cli.options import Format, argument, flag, offer, value
from actcalc.cli.requests import text_width
from actcalc.errors import ActcalcError, did_you_mean, join_names, quote
from actcalc.output.formats import check_format, write
from actcalc.teaching.facts import FEATURES, catalogue, has_feature


def list_(
    patterns: Annotated[
        list[str] | None, argument("[PATTERN...]", "Names or aliases to find; '*' matches any text.")
    ] = None,
    features: Annotated[
        list[str] | None,
        value(
            "FEATURE",
            f"Only activations with a feature: {join_names(FEATURES)}; repeatable.",
            "--with",
            complete=offer(FEATURES),
        ),
    ] = None,
    wide: Annotated[bool, flag("Show aliases and g', too, in blocks if need be.", "--wide")] = False,
    format_name: Format = "table",
) -> None:
    """List all activations with their parameters and formulas.

    A formula too long for its line ends in '...'; 'actcalc show NAME' prints all of it.

    \b
    Examples:
      actcalc list
      actcalc list 'sigm*'
      actcalc list --with kink
      actcalc list --format csv | cut -d, -f1
    """
    check_format(format_name)
    width = text_width()
    document = catalogue(_select(patterns or [], features or []), width, wide)
    write(format_name, document, sys.stdout, width)


def _select(patterns: Sequence[str], features: Sequence[str]) -> list[Declaration]:
    """The declarations that match a pattern, if there are patterns, and have all the features."""
    for feature in features:
        if feature not in FEATURES:
            raise ActcalcError(
                f"unknown feature {quote(feature)}: choose one of {', '.join(FEATURES)}",
                did_you_mean(feature, FEATURES),
            )
    matched = {declared.name for pattern in patterns for declared in lookup.matching(pattern)}
    found = [
        declared
        for declared in lookup.declarations()
        if (not patterns or declared.name in matched)
        and all(has_feature(declared, feature) for feature in features)
    ]
    if not found:
        called = f" called {join_names(map(quote, patterns))}" if patterns else ""
        having = f" has the features {join_names(features, 'and')}" if features else ""
        said = f"{called}{having}" if having else f" is{called}"
        raise ActcalcError(f"no activation{said}", "see: actcalc list")
    return found
