"""The rows of an audit, written for people and programs."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, TextIO
from xml.sax.saxutils import quoteattr

from actcalc.checking.against import Changes, table_of_changes
from actcalc.checking.report import Pair, Report, as_object, as_table, name_of, table_of_ranges
from actcalc.checking.tally import BUCKETS
from actcalc.errors import printable
from actcalc.numbers.floats import FORMATS
from actcalc.output.documents import Document
from actcalc.output.pages import Line, Lines, Part, Section
from actcalc.output.rows import Column, Table, one_by_one

_NONE = Report("", {}, "g", "float64")


def document(
    about: Mapping[str, Any],
    rows: Sequence[Report],
    summary: str,
    every_range: bool = False,
    changes: Changes | None = None,
) -> Document:
    """The rows in their order; for people also notes and the ``summary``.

    People see one table, or one for each activation if there are several targets; a table of the spread of
    errors; and errors by ranges of z if rows are few or ``every_range`` is set. With ``changes`` they see one
    table of these instead.
    """
    several = len({row.target for row in rows}) > 1
    objects = [{"target": row.target, **as_object(row)} if several else as_object(row) for row in rows]
    parts: list[Part] = [*_side_by_side(rows)] if several else [_table(_COLUMNS, map(_cells, rows))]
    ran = [row for row in rows if row.points]
    if ran:
        parts.append(_spread(ran, several))
    if every_range or len(ran) <= _FEW:
        parts += [Section(_title(row, several), table_of_ranges(row, every_range)) for row in ran]
    told = {}
    if changes is not None:
        parts = [table_of_changes(changes)]
        rows = [row for row in rows if row.target == changes.after]
        told["changes"] = [change.as_object() for change in changes.found]
    parts.append(Lines([*map(Line, _notes(rows)), Line(summary)]))
    if worst := [_worst(row, point) for row in rows for point in row.worst]:
        parts.append(Table(_WORST, one_by_one(worst)))
    return Document(
        as_table(objects) if rows else as_table([as_object(_NONE)])._replace(blocks=()),
        data={**about, "rows": objects, **told},
        objects=objects,
        text=parts,
        markup=parts,
    )


def _table(columns: Sequence[Column], cells: Iterable[list[str | None]]) -> Table:
    return Table(columns, one_by_one(cells), _DROPPED)


def _side_by_side(rows: Sequence[Report]) -> Iterator[Section]:
    """A table for each activation, with the targets below one another."""
    names = list(dict.fromkeys(row.dtype for row in rows))
    order = {name: i for i, name in enumerate([*FORMATS, *names])}
    for name in dict.fromkeys(map(name_of, rows)):
        some = sorted(
            (row for row in rows if name_of(row) == name),
            key=lambda row: (order[row.dtype], row.of, row.target),
        )
        cells = ([row.target, *_cells(row)[1:]] for row in some)
        yield Section(name, _table([Column("target"), *_COLUMNS[1:]], cells))


def summary_of(rows: Sequence[Report], name: str, left_out: int = 0) -> str:
    """A line with the number of rows of each verdict, of those that fail, and of those ``left_out``."""
    more = f"; {left_out} more are not implemented: name activations to see them" if left_out else ""
    if not rows:
        return f"{name}: no rows{more}"
    counts, failed = Counter(row.verdict for row in rows), sum(not row.passed for row in rows)
    shown = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    fail = f"{failed or 'none'} {'fails' if failed == 1 else 'fail'}"
    return f"{name}: {len(rows)} rows: {shown}; {fail}{more}"


_COLUMNS = [
    *(Column("activation"), Column("of"), Column("dtype"), Column("verdict")),
    *(Column("largest_error", "max ulps", "number"), Column("at_z", "at z", "number")),
    Column("normal ulps", kind="number"),
    *(Column(name, kind="number") for name in ("right %", "faithful %", "bias", "flushed", "moved")),
    *(Column("monotone", kind="bool"), Column("passed", kind="bool")),
]
"""The columns for people; the rest is in the lines below the table, and in CSV and JSON."""
_WORST = [
    *(Column("activation"), Column("of"), Column("dtype"), Column("z", kind="number")),
    *(Column("got", kind="number"), Column("right", kind="number"), Column("ulps", kind="number")),
]


_DROPPED = ("monotone", "moved", "flushed", "bias", "faithful %", "normal ulps", "passed", "at_z", "right %")
"""The columns that a narrow terminal leaves out, in this order."""
_FEW = 4
"""Up to this number of rows, errors are shown by ranges of z."""
_QUANTILES = ("mean", "median", "95 %", "99 %")
_CLASSES = [*BUCKETS[:3], *(f"{int(a) + 1}-{b}" for a, b in pairwise(BUCKETS[2:-1])), BUCKETS[-1]]
_SPREAD = [Column(name, kind="number") for name in (*_QUANTILES, "even right %", *_CLASSES, "floats apart")]
_SPREAD_DROPPED = ("floats apart", *_CLASSES[2:5], "1", "even right %", "0", "more", "95 %", "mean", "99 %")


def _spread(rows: Sequence[Report], several: bool) -> Table:
    """The spread of errors in each row: mean, quantiles, and shares of points by the error in ulps."""
    first = [Column("target")] * several + _COLUMNS[:3]

    def cells(row: Report) -> list[str | None]:
        errors = (row.mean_ulp, row.median_ulp, row.p95_ulp, row.p99_ulp)
        top, even = row.largest, row.right_evenly
        return [
            *([row.target] * several + [name_of(row), row.of, row.formats.name]),
            *(None if error is None else f"{error:.3g}" for error in errors),
            None if even is None else f"{100 * even:.2f}",
            *(_share(n, row.points) for n in row.buckets.values()),
            None if top is None or top.floats_apart is None else str(top.floats_apart),
        ]

    return Table([*first, *_SPREAD], one_by_one(map(cells, rows)), _SPREAD_DROPPED)


def _title(row: Report, several: bool) -> str:
    return " ".join([row.target] * several + [name_of(row), row.of, row.formats.name])


def _cells(row: Report) -> list[str | None]:
    top, normal, formats = row.largest, row.largest_normal, row.formats
    flushed = (
        None
        if row.zero_where_subnormal is None
        else (row.zero_where_subnormal or 0) + (row.subnormal_taken_for_zero or 0)
    )
    return [
        name_of(row),
        row.of,
        formats.name,
        row.verdict,
        None if top is None else f"{top.ulps:.3g}",
        None if top is None else formats.z_text(top.z),
        None if normal is None else f"{normal.ulps:.3g}",
        _share(row.correctly_rounded, row.points),
        _share(row.faithful, row.points),
        None if row.bias_ulp is None else f"{row.bias_ulp:.2g}",
        None if flushed is None else str(flushed),
        None if row.position_dependent is None else str(row.position_dependent),
        None if row.monotone is None else str(row.monotone).lower(),
        str(row.passed).lower(),
    ]


def _worst(row: Report, point: Pair) -> list[str | None]:
    return [
        *(name_of(row), row.of, row.formats.name, *row.formats.texts(*point[:3])),
        f"{point.ulps:.6g}",
    ]


def _share(n: int | None, of: int | None) -> str | None:
    return None if n is None or not of else f"{100 * n / of:.2f}"


def _notes(rows: Sequence[Report]) -> list[str]:
    several = len({row.target for row in rows}) > 1
    notes, missing = [], set()
    for row in rows:
        where = f"{row.target} {name_of(row)}" if several else name_of(row)
        parts = [row.message] if row.message else []
        if row.out_of_range:
            parts.append(f"outside the range of g ({row.out_of_range})")
        if row.kink is not None:
            parts.append(f"at kinks {row.kink}")
        if row.verdict != "not implemented" or not row.passed:
            where += f" {row.of} {row.formats.name}"
        elif (where, row.message) in missing:
            continue  # once is enough for all formats
        else:
            missing.add((where, row.message))
        if parts:
            notes.append(f"{where}: {'; '.join(parts)}")
    return notes


def _largest(top: Pair, row: Report) -> str:
    z = repr(top.z) if row.formats.unit == "ulp" else row.formats.z_text(top.z)
    return f"{top.ulps:.3g} {row.formats.unit}s at z = {z}"


def write_junit(about: Mapping[str, Any], rows: Sequence[Report], out: TextIO) -> None:
    """Write a test case for each row, in the form that continuous integration reads."""
    failed = sum(not row.passed for row in rows)
    skipped = sum(row.verdict == "not implemented" for row in rows)
    suite = quoteattr(printable(f"actcalc audit {about['target']}"))
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    out.write(f'<testsuite name={suite} tests="{len(rows)}" failures="{failed}" skipped="{skipped}">\n')
    for row in rows:
        name = quoteattr(f"{row.of} {row.formats.name}")
        case = f"  <testcase classname={quoteattr(name_of(row))} name={name}"
        ulps = "" if row.largest is None else f"{_largest(row.largest, row)}; "
        message = quoteattr(f"{row.verdict}: {ulps}{row.message}".rstrip("; "))
        if row.verdict == "not implemented":
            out.write(f"{case}><skipped message={message}/></testcase>\n")
        elif not row.passed:
            out.write(f"{case}><failure message={message}/></testcase>\n")
        else:
            out.write(f"{case}/>\n")
    out.write("</testsuite>\n")
