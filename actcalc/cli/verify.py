"""``actcalc verify``: checks of the lecture's claims and of every activation."""

import sys
from collections.abc import Iterator
from itertools import chain
from typing import Annotated

from actcalc.activations.activation import Activation
from actcalc.catalogue import lookup
from actcalc.cli.notes import tell
from actcalc.cli.options import NAME_HELP, Format, Param, argument, complete_names, flag
from actcalc.cli.progress import with_progress
from actcalc.cli.requests import activations, exclude, text_width
from actcalc.errors import ActcalcError
from actcalc.output.documents import Document
from actcalc.output.formats import FOR_PEOPLE, check_format, write
from actcalc.output.pages import Part
from actcalc.output.rows import Table, one_by_one
from actcalc.teaching import claims


def verify(
    names: Annotated[list[str] | None, argument("[NAME...]", NAME_HELP, complete_names)] = None,
    everything: Annotated[bool, flag("Check every activation.", "--all")] = False,
    param: Param = None,
    detail: Annotated[bool, flag("Print a row for each claim and z, with the numbers.", "--detail")] = False,
    format_name: Format = "table",
) -> int:
    """Check the claims of the lecture, or all that can be checked about the activations named.

    \b
    Examples:
      actcalc verify
      actcalc verify tanh gelu
      actcalc verify 'z*sigmoid(c*z)' -p c=1.702
      actcalc verify --all
      actcalc verify --detail
      actcalc verify --format json
    """
    check_format(format_name)
    if everything:
        exclude("--all", {"names": names or None})
    checks = with_progress(
        _checks(names or [], param, everything), None, everything, lambda check: 1, "checks"
    )
    done: list[claims.Check] = []

    def keep() -> Iterator[claims.Check]:
        for check in checks:
            done.append(check)
            yield check

    table = Table(claims.COLUMNS, one_by_one(check.cells() for check in keep()))
    source: list[Part] = [] if names else [f"{claims.SOURCE} --detail has the numbers."]
    text = [*source, Table(claims.SUMMARY, one_by_one(claims.by_claim(keep())))]
    document = Document(table, lambda: [claims.summary(done)], text=None if detail else text)
    write(format_name, document, sys.stdout, text_width())
    if format_name not in FOR_PEOPLE:
        tell(claims.summary(done))
    return int(any(check.passed is False for check in done))


def _checks(names: list[str], param: list[str] | None, everything: bool) -> Iterator[claims.Check]:
    """The checks asked for, made one by one. Raises ActcalcError at once for an unknown name."""
    if param and not names:
        raise ActcalcError("-p needs an activation", "for example: actcalc verify elu -p alpha=2")
    if everything:
        return chain(
            claims.lecture_checks(lookup.LECTURE),
            chain.from_iterable(map(claims.general_checks, lookup.settings())),
        )
    if not names:
        return claims.lecture_checks(lookup.LECTURE)
    return _checks_of(activations(names, param))


def _checks_of(fs: list[Activation]) -> Iterator[claims.Check]:
    for f in fs:
        if claims.is_lectured(f):
            yield from claims.lecture_checks([f.name])
        yield from claims.general_checks(f)
