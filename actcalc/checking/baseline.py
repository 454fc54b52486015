"""Rows of an audit held against those of an earlier one, which fail only where something got worse."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.checking.failures import BREAKING
from actcalc.checking.report import Report, as_object
from actcalc.errors import InputError, quote
from actcalc.numbers.floats import Format
from actcalc.numbers.numerals import exact_text

Key = tuple[str, tuple[tuple[str, str], ...], Quantity, str]

TOLERANCE = Fraction(1, 1000)
"""So much smaller a share of correctly rounded values may be: libraries choose code by the processor."""
_FAILURES = (*BREAKING, "out_of_range")
_UNSETTLED = "unsettled"
"""A key that older audits do not have."""


def read_baseline(text: str, name: str) -> dict[Key, dict[str, Any]]:
    """The rows of an audit in JSON. Raises InputError for anything else."""
    try:
        rows = json.loads(text)["rows"]
        return {_key(row): row for row in rows}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(
            f"{quote(name)} is no audit in JSON", "actcalc audit ... -f json -o FILE makes one"
        ) from None


def _key(row: Mapping[str, Any]) -> Key:
    return row["activation"], tuple(sorted(row["parameters"].items())), row["of"], row["dtype"]


def compare(
    rows: Iterable[Report], baseline: Mapping[Key, Mapping[str, Any]], ceiling: Fraction | None
) -> Iterator[Report]:
    """The rows, which fail where they are worse than in the baseline or have more than ``ceiling`` ulps.

    Their messages say what got worse or better. A row that the baseline does not have stands as it is.
    """
    for row in rows:
        now = as_object(row)
        key = _key(now)
        before = baseline.get(key, now)
        worse = list(_worse(now, before))
        if row.largest is not None and ceiling is not None and Fraction(row.largest.ulps) > ceiling:
            worse.append(f"above the ceiling of {exact_text(ceiling)} ulps")
        passed = not worse and (key in baseline or row.passed)
        messages = [row.message, *(f"WORSE: {text}" for text in worse)]
        messages += [f"better: {text}" for text in _worse(before, now)]
        yield replace(row, passed=passed, message="; ".join(filter(None, messages)))


def missing_rows(
    rows: Sequence[Report],
    baseline: Mapping[Key, Mapping[str, Any]],
    activations: Sequence[Activation] | None,
    of: Sequence[str],
    dtypes: Sequence[Format],
) -> Iterator[Report]:
    """Rows of the baseline that are not there any more, though they were asked for.

    Without ``activations`` all of them were.
    """
    there = {_key(as_object(row)) for row in rows}
    kinds = {(what, fmt.name) for what in of for fmt in dtypes}
    names = {
        (f.name, tuple(sorted((name, f.texts[name]) for name in f.parameters))) for f in activations or ()
    }
    for key, before in baseline.items():
        if key in there or before["verdict"] == "not implemented":
            continue
        if key[2:] in kinds and (activations is None or key[:2] in names):
            name, parameters, of, dtype = key
            yield Report(
                *(name, dict(parameters), of, dtype),
                verdict="not implemented",
                passed=False,
                message="WORSE: the row is gone",
            )


def _worse(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    """Each thing that is worse in ``now`` than in ``before``, in words."""
    for verdict in ("not implemented", "raised"):
        if now["verdict"] == verdict != before["verdict"]:
            yield f"{verdict}, was {before['verdict']}"
    if (now.get(_UNSETTLED) or 0) > (before.get(_UNSETTLED) or 0):
        yield f"not settled ({now[_UNSETTLED]}), was {before.get(_UNSETTLED) or 'none'}"
    if not (now["points"] and before["points"]):
        return
    ulps, had = (float(row["largest_error"] or 0) for row in (now, before))
    if ulps > had:
        yield f"{ulps:.6g} ulps, was {had:.6g}"
    shares = [Fraction(row["correctly_rounded"], row["points"]) for row in (now, before)]
    if shares[0] < shares[1] - TOLERANCE:
        yield f"{float(100 * shares[0]):.2f} % correctly rounded, was {float(100 * shares[1]):.2f} %"
    for name in _FAILURES:
        if now[name] and not before[name]:
            yield f"{name.replace('_', ' ')} ({now[name]}), was none"
    if now["monotone"] is False and before["monotone"]:
        yield "not monotone, was"
    if now["dtype_returned"] != before["dtype_returned"] == before["dtype"]:
        yield f"returns {now['dtype_returned']}"
