"""``actcalc list``: every activation there is, or those that are looked for."""

import sys
from collections.abc import Sequence
from typing import Annotated

from actcalc.activations.declaration import Declaration
from actcalc.catalogue import lookup
from actcalc.cli.options import Format, argument, flag, offer, value
from actcalc.cli.requests import text_width
from actcalc.errors import ActcalcError, did_you_mean, quote
from actcalc.output.formats import check_format, write
from actcalc.teaching.facts import FEATURES, catalogue, has_feature


def list_(
    patterns: Annotated[
        list[str] | None, argument("[PATTERN...]", "Names or aliases to find; * stands for any letters.")
    ] = None,
    features: Annotated[
        list[str] | None,
        value(
            "FEATURE",
            f"Only those that have it: {', '.join(FEATURES)}; may be repeated.",
            "--with",
            complete=offer(FEATURES),
        ),
    ] = None,
    wide: Annotated[bool, flag("Aliases and g' too, in blocks if need be.", "--wide")] = False,
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
    document = catalogue(_select(patterns or [], features or []), width, wide)
    write(format_name, document, sys.stdout, width)


def _select(patterns: Sequence[str], features: Sequence[str]) -> list[Declaration]:
    """The declarations that match one of the patterns, if there are any, and have all features."""
    for feature in features:
        if feature not in FEATURES:
            raise ActcalcError(
                f"unknown feature {quote(feature)}: it is one of {', '.join(FEATURES)}",
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
        wanted = " or ".join(map(quote, patterns)) if patterns else "so"
        having = f" and has {' and '.join(features)}" if features else ""
        raise ActcalcError(f"no activation is called {wanted}{having}", "see: actcalc list")
    return found
