"""``actcalc verify``: the lecture's claims, and checks of every activation."""

import sys
from collections.abc import Iterator
from typing import Annotated

from actcalc.activations.activation import Activation
from actcalc.catalogue import lookup
from actcalc.catalogue.resolution import resolve
from actcalc.cli.notes import tell
from actcalc.cli.options import NAME_HELP, Format, argument, complete_names, flag
from actcalc.cli.requests import exclude, text_width
from actcalc.output.documents import Document
from actcalc.output.formats import FOR_PEOPLE, check_format, write
from actcalc.output.pages import Part
from actcalc.output.rows import Table, one_by_one
from actcalc.teaching.claims import (
    COLUMNS,
    SOURCE,
    SUMMARY,
    Check,
    by_claim,
    general_checks,
    lecture_checks,
    summary,
)


def verify(
    names: Annotated[list[str] | None, argument("[NAME...]", NAME_HELP, complete_names)] = None,
    everything: Annotated[bool, flag("Check every activation.", "--all")] = False,
    detail: Annotated[bool, flag("A row for each claim and z, with the numbers.", "--detail")] = False,
    format_name: Format = "table",
) -> int:
    """Check the lecture's claims, or all that can be checked of the activations named.

    \b
    Examples:
      actcalc verify
      actcalc verify tanh gelu
      actcalc verify --all
      actcalc verify --detail
      actcalc verify --format json
    """
    check_format(format_name)
    if everything:
        exclude("--all", {"names": names or None})
    checks = _checks(names or [], everything)
    done: list[Check] = []

    def keep() -> Iterator[Check]:
        for check in checks:
            done.append(check)
            yield check

    table = Table(COLUMNS, one_by_one(check.cells() for check in keep()))
    source: list[Part] = [] if names else [f"{SOURCE} --detail has the numbers."]
    text = [*source, Table(SUMMARY, one_by_one(by_claim(keep())))]
    document = Document(table, lambda: [summary(done)], text=None if detail else text)
    write(format_name, document, sys.stdout, text_width())
    if format_name not in FOR_PEOPLE:
        tell(summary(done))
    return int(any(check.passed is False for check in done))


def _checks(names: list[str], everything: bool) -> Iterator[Check]:
    """The checks asked for, made one by one. Raises ActcalcError at once for a name that is not known."""
    if everything:
        return _all_checks()
    if not names:
        return lecture_checks(lookup.LECTURE)
    return _checks_of([resolve(name) for name in names])


def _all_checks() -> Iterator[Check]:
    yield from lecture_checks(lookup.LECTURE)
    for f in lookup.settings():
        yield from general_checks(f)


def _checks_of(fs: list[Activation]) -> Iterator[Check]:
    for f in fs:
        if f.label == f.name:
            yield from lecture_checks([f.name])
        yield from general_checks(f)
