"""A target compared with an earlier one: the changes from before to after."""

import warnings
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.checking.audit import attempt, points_of
from actcalc.checking.domain import Domain
from actcalc.checking.formats import plain_number
from actcalc.checking.report import Report, name_of
from actcalc.checking.tally import Tally
from actcalc.frameworks.target import Run, Target
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.integer_arrays import to_integers
from actcalc.numbers.integers import NumberFormat
from actcalc.output.rows import Column, Table, one_by_one

_BLOCK = 1 << 14
_TIMES = 5


class Change(NamedTuple):
    """A row of an audit, before and after."""

    before: Report
    after: Report
    other_bits: int
    """The number of points at which the results have different bits."""
    first_z: float | None
    """The z nearest to 0 among these points."""
    seconds: tuple[float, float]
    """The time for an element of a long array, before and after."""

    def as_object(self) -> dict[str, Any]:
        """The change as JSON has it, beside the rows."""
        row = self.after
        return {
            "activation": row.activation,
            "parameters": dict(row.parameters),
            "of": row.of,
            "dtype": row.dtype,
            "points": row.points,
            "other_bits": self.other_bits,
            "first_z": None if self.first_z is None else plain_number(self.first_z, row.formats.z),
            "ns_before": _ns(self.seconds[0]),
            "ns_after": _ns(self.seconds[1]),
        }


class Changes(NamedTuple):
    """The changes between two targets."""

    before: str
    """The name of the first."""
    after: str
    found: Sequence[Change]
    """The changes of the rows that could be computed both before and after."""


def changes(
    targets: Sequence[Target],
    fs: Sequence[Activation],
    fmts: Sequence[NumberFormat],
    of: Sequence[Quantity],
    count: int,
    domain: Domain,
    rows: Iterable[Report],
) -> Changes:
    """The changes from the first target to the second, both of which have rows."""
    before, after = targets
    known = {(row.target, _name(row), row.of, row.dtype): row for row in rows if row.points}
    found = []
    for f, fmt, what in product(fs, fmts, of):
        texts = tuple((name, f.texts[name]) for name in f.parameters)
        pair = [known.get((target.name, (f.name, texts), what, fmt.name)) for target in targets]
        if pair[0] is not None and pair[1] is not None:
            runs = before.run(f, what, fmt), after.run(f, what, fmt)
            compared = attempt(fmt, partial(_compare, runs, points_of(f, fmt, count, domain)))
            if not isinstance(compared, Tally):
                found.append(Change(pair[0], pair[1], *compared))
    return Changes(before.name, after.name, found)


def _name(row: Report) -> tuple[str, tuple[tuple[str, str], ...]]:
    return row.activation, tuple(row.parameters.items())


def _compare(runs: tuple[Run | None, Run | None], z: Array) -> tuple[int, float | None, tuple[float, float]]:
    """The number of values that differ, the first z where they do, and the seconds per element of each."""
    before, after = runs
    assert before is not None
    assert after is not None
    parts = [z[i : i + _BLOCK] for i in range(0, len(z), _BLOCK)]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        others = np.concatenate([_differ(before(part).values, after(part).values) for part in parts])
        many = z[to_integers(np.linspace(0, len(z) - 1, _BLOCK), np.intp)]
        # In turns, so that other load on the machine affects both.
        times = [[run(many).seconds / _BLOCK for run in (before, after)] for _ in range(_TIMES)]
    where = z[others]
    first = float(where[np.argmin(abs(where))]) if len(where) else None
    return len(where), first, (min(time[0] for time in times), min(time[1] for time in times))


def _differ(one: Array, other: Array) -> Array:
    """Where bits differ; all NaN count as equal."""
    differ: Array = (one.view(np.int64) != other.view(np.int64)) & ~(np.isnan(one) & np.isnan(other))
    return differ


_COLUMNS = [
    *(Column("activation"), Column("of"), Column("dtype"), Column("other bits", kind="number")),
    *(Column("max ulps", kind="number"), Column("verdict"), Column("right %", kind="number")),
    *(Column("ns", "ns/element", kind="number"), Column("passed", kind="bool")),
]
_DROPPED = ("right %", "ns", "passed", "verdict")


def table_of_changes(changes: Changes) -> Table:
    """A row for each change; figures that differ are shown as ``before -> after``."""
    return Table(_COLUMNS, one_by_one(map(_cells, changes.found)), _DROPPED)


def _cells(change: Change) -> list[str | None]:
    before, after = change.before, change.after
    ulps = [f"{row.largest.ulps:.3g}" if row.largest else "none" for row in (before, after)]
    right = [f"{100 * row.correctly_rounded / row.points:.2f}" for row in (before, after)]
    return [
        *(name_of(after), after.of, after.formats.name),
        f"{change.other_bits:,} of {after.points:,}",
        _both(*ulps),
        _both(before.verdict, after.verdict),
        _both(*right),
        _both(*(f"{_ns(seconds):.3g}" for seconds in change.seconds)),
        str(after.passed).lower(),
    ]


def _both(before: str, after: str) -> str:
    return before if before == after else f"{before} -> {after}"


def _ns(seconds: float) -> float:
    return float(f"{seconds * 1e9:.3g}")
