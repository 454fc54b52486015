"""Rows of an audit compared with those of an earlier one: a row fails only if it got worse."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.checking.failures import BREAKING, KINDS
from actcalc.checking.formats import Formats, formats_of
from actcalc.checking.records import RecordError, parse, read_as, read_format
from actcalc.checking.report import VERDICTS, Report, as_object
from actcalc.errors import ActcalcError, InputError, join_names, quote
from actcalc.numbers.numerals import exact_text

Key = tuple[str, str, tuple[tuple[str, str], ...], Quantity, str]
"""Target (if rows are matched by it), activation, parameters, quantity, and the name of both formats."""

TOLERANCE = Fraction(1, 1000)
"""The share of correctly rounded values may fall by this much: libraries choose code by the processor."""
_FAILURES = (*BREAKING, "out_of_range")
_UNSETTLED, _NORMAL = "unsettled", "largest_error_normal"
"""Keys that older audits do not have."""


class Baseline(NamedTuple):
    """The rows of an earlier audit for the targets of this one."""

    rows: Mapping[Key, Mapping[str, Any]]
    by_target: bool = False
    """Whether both audits have several targets; otherwise rows are matched whatever their target."""

    def key(self, row: Report) -> Key:
        return _key(as_object(row), row.target if self.by_target else "")


NOTHING = Baseline({})


def read_baseline(text: str, name: str, targets: Sequence[str] = ()) -> Baseline:
    """The rows of an audit in JSON with which those of ``targets`` are compared.

    If it has several targets, rows of the same target are. Raises InputError for any other text, and if one
    of the targets is missing.
    """
    try:
        found = parse(text)
        rows = read_as(tuple[Any, ...], found.get("rows") if isinstance(found, dict) else None, "rows")
    except RecordError:
        raise InputError(
            f"{quote(name)} is not an audit in JSON", "write one with: actcalc audit ... -o FILE.json"
        ) from None
    try:
        rows = [_read_row(row, f"row {number}") for number, row in enumerate(rows, 1)]
    except RecordError as error:
        raise InputError(f"{quote(name)}: {error}") from None
    held = list(dict.fromkeys(row["target"] or "" for row in rows))
    by_target = len(held) > 1 and len(targets) > 1
    if len(held) > 1 and (missing := [target for target in targets if target not in held]):
        raise InputError(f"{quote(name)} has rows of {join_names(held, 'and')}, but none of {missing[0]}")
    return Baseline(
        {
            _key(row, row["target"] if by_target else ""): row
            for row in rows
            if len(held) == 1 or row["target"] in targets
        },
        by_target,
    )


_NEEDED: Mapping[str, Any] = {
    "activation": str,
    "parameters": Mapping[str, str],
    "of": Quantity,
    "dtype": str,
    "verdict": Literal[*VERDICTS],
    **dict.fromkeys(("points", "correctly_rounded", *_FAILURES), int | None),
    "largest_error": float | None,
    "monotone": bool | None,
    "dtype_returned": str | None,
}
_OPTIONAL: Mapping[str, Any] = {
    "target": str | None,
    _UNSETTLED: int | None,
    **dict.fromkeys(("out_dtype", "rounding", "overflow"), str | None),
}


def _read_row(value: Any, name: str) -> dict[str, Any]:
    """The figures to compare rows with. Raises RecordError if one is missing or of a wrong type."""
    row = read_as(Mapping[str, Any], value, name)
    if missing := [key for key in _NEEDED if key not in row]:
        raise RecordError(f"{name} has no {missing[0]}")
    kinds = {**_NEEDED, **_OPTIONAL}
    held = {key: read_as(kind, row.get(key), f"{name}, {key}") for key, kind in kinds.items()}
    if min(held[key] or 0 for key, kind in kinds.items() if kind == int | None) < 0:
        raise RecordError(f"{name} has a negative count")
    for key in ("dtype", "out_dtype"):
        if held[key]:
            read_format(held[key], f"{name}, {key}")
    try:
        _formats(held)
    except ActcalcError as error:
        raise RecordError(f"{name}: {error.line}") from None
    if held["points"] and held["correctly_rounded"] is None:
        raise RecordError(f"{name} has points but no correctly_rounded")
    return held


def _key(row: Mapping[str, Any], target: str) -> Key:
    return (
        *(target, row["activation"], tuple(sorted(row["parameters"].items())), row["of"]),
        _formats(row).name,
    )


def _formats(row: Mapping[str, Any]) -> Formats:
    """The formats of a row; older rows have one for both. Raises ActcalcError for impossible ones."""
    rule = row.get("rounding") or "nearest"
    return formats_of(row["dtype"], row.get("out_dtype") or "", rule, row.get("overflow"))


def compare(rows: Iterable[Report], baseline: Baseline, ceiling: Fraction | None) -> Iterator[Report]:
    """The rows, which fail if they are worse than in the baseline or have errors above ``ceiling`` ulps.

    Their messages say what got worse or better. A row that is not in the baseline stays as it is.
    """
    for row in rows:
        now, before = as_object(row), baseline.rows.get(baseline.key(row))
        changes = [] if before is None else list(_changes(now, before))
        worse = [text for is_worse, text in changes if is_worse]
        if row.largest is not None and ceiling is not None and Fraction(row.largest.ulps) > ceiling:
            worse.append(f"above the ceiling of {exact_text(ceiling)} ulps")
        passed = not worse and (before is not None or row.passed)
        messages = [row.message, *(f"WORSE: {text}" for text in worse)]
        messages += [f"better: {text}" for is_worse, text in changes if not is_worse]
        yield replace(row, passed=passed, message="; ".join(filter(None, messages)))


def missing_rows(
    rows: Sequence[Report],
    baseline: Baseline,
    activations: Sequence[Activation] | None,
    of: Sequence[str],
    formats: Sequence[Formats],
) -> Iterator[Report]:
    """Rows of the baseline that were asked for but are gone.

    Without ``activations`` all were asked for.
    """
    there = set(map(baseline.key, rows))
    kinds = {(what, both.name): both for what in of for both in formats}
    names = {
        (f.name, tuple(sorted((name, f.texts[name]) for name in f.parameters))) for f in activations or ()
    }
    for key, before in baseline.rows.items():
        target, name, parameters, what, dtype = key
        if key in there or before["verdict"] == "not implemented":
            continue
        both = kinds.get((what, dtype))
        if both is not None and (activations is None or (name, parameters) in names):
            yield Report(
                *(name, dict(parameters), what, both.z.name),
                verdict="not implemented",
                passed=False,
                message="WORSE: the row is gone",
                target=target,
                out_dtype="" if both.out.fmt == both.z else both.out.fmt.name,
                rounding=both.out.direction,
                overflow=both.out.overflow,
            )


def _changes(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[tuple[bool, str]]:
    """Each change from ``before`` to ``now``: whether it is for the worse, and a text."""
    for verdict in ("not implemented", "raised"):
        is_now = now["verdict"] == verdict
        if is_now != (before["verdict"] == verdict):
            yield is_now, f"{now['verdict']}, was {before['verdict']}"
    open_, had_open = (row.get(_UNSETTLED) or 0 for row in (now, before))
    if open_ != had_open:
        yield open_ > had_open, f"not settled ({open_ or 'none'}), was {had_open or 'none'}"
    if not (now["points"] and before["points"]):
        return
    # Older audits have the largest error where a normal number is right.
    largest = "largest_error" if _NORMAL in before and _NORMAL in now else _NORMAL
    ulps, had = (float(row.get(largest, row["largest_error"]) or 0) for row in (now, before))
    if ulps != had:
        yield ulps > had, f"{ulps:.6g} ulps, was {had:.6g}"
    share, had_share = (Fraction(row["correctly_rounded"], row["points"]) for row in (now, before))
    if abs(share - had_share) > TOLERANCE:
        text = f"{float(100 * share):.2f} % correctly rounded, was {float(100 * had_share):.2f} %"
        yield share < had_share, text
    for name in _FAILURES:
        if bool(now[name]) != bool(before[name]):
            label = KINDS[name].label if name in KINDS else "outside the range of g"
            text = f"{label} ({now[name] or 'none'}), was {before[name] or 'none'}"
            yield bool(now[name]), text
    if {now["monotone"], before["monotone"]} == {True, False}:
        yield before["monotone"], "now monotone" if now["monotone"] else "no longer monotone"
    other, had_other = now["dtype_returned"], before["dtype_returned"]
    own = before["out_dtype"] or before["dtype"]
    if other != had_other and own in (other, had_other):
        yield had_other == own, f"returns {other}, was {had_other}"
