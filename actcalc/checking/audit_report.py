"""The rows of an audit, written for people and programs."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TextIO
from xml.sax.saxutils import quoteattr

from actcalc.checking.report import Pair, Report, as_object, as_table, name_of
from actcalc.errors import printable
from actcalc.numbers.floats import FORMATS
from actcalc.output.documents import Document
from actcalc.output.pages import Line, Lines, Part, Section
from actcalc.output.rows import Column, Table, one_by_one

_NONE = Report("", {}, "g", "float64")


def document(about: Mapping[str, Any], rows: Sequence[Report], summary: str) -> Document:
    """The rows in their order; for people a table for each activation, if they are of several targets, then
    notes and the ``summary``.
    """
    several = len({row.target for row in rows}) > 1
    objects = [{"target": row.target, **as_object(row)} if several else as_object(row) for row in rows]
    parts: list[Part] = [*_side_by_side(rows)] if several else [_table(_COLUMNS, map(_cells, rows))]
    parts.append(Lines([*map(Line, _notes(rows)), Line(summary)]))
    if worst := [_worst(row, point) for row in rows for point in row.worst]:
        parts.append(Table(_WORST, one_by_one(worst)))
    return Document(
        as_table(objects) if rows else as_table([as_object(_NONE)])._replace(blocks=()),
        data={**about, "rows": objects},
        objects=objects,
        text=parts,
        markdown=parts,
    )


def _table(columns: Sequence[Column], cells: Iterable[list[str | None]]) -> Table:
    return Table(columns, one_by_one(cells), _DROPPED)


def _side_by_side(rows: Sequence[Report]) -> Iterator[Section]:
    """A table for each activation, in which targets follow one another."""
    order = {name: i for i, name in enumerate(FORMATS)}
    for name in dict.fromkeys(map(name_of, rows)):
        some = sorted(
            (row for row in rows if name_of(row) == name),
            key=lambda row: (order[row.dtype], row.of, row.target),
        )
        cells = ([row.target, *_cells(row)[1:]] for row in some)
        yield Section(name, _table([Column("target"), *_COLUMNS[1:]], cells))


def summary_of(rows: Sequence[Report], name: str) -> str:
    """One line: how many rows there are of each verdict, and how many fail."""
    if not rows:
        return f"{name}: no rows"
    counts, failed = Counter(row.verdict for row in rows), sum(not row.passed for row in rows)
    shown = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    return f"{name}: {len(rows)} rows: {shown}; {failed or 'none'} {'fails' if failed == 1 else 'fail'}"


_COLUMNS = [
    *(Column("activation"), Column("of"), Column("dtype"), Column("verdict")),
    *(Column("largest_error", "max ulps", "number"), Column("at_z", "at z", "number")),
    *(Column(name, kind="number") for name in ("right %", "faithful %", "bias", "flushed", "moved")),
    *(Column("monotone", kind="bool"), Column("passed", kind="bool")),
]
"""The columns for people; the rest is in the lines below the table, and in CSV and JSON."""
_WORST = [
    *(Column("activation"), Column("of"), Column("dtype"), Column("z", kind="number")),
    *(Column("got", kind="number"), Column("right", kind="number"), Column("ulps", kind="number")),
]


_DROPPED = ("monotone", "moved", "flushed", "bias", "faithful %", "passed", "at_z", "right %")
"""The columns that a narrow terminal does not show, in this order."""


def _cells(row: Report) -> list[str | None]:
    top, fmt = row.largest, FORMATS[row.dtype]
    flushed = (
        None
        if row.zero_where_subnormal is None
        else (row.zero_where_subnormal or 0) + (row.subnormal_taken_for_zero or 0)
    )
    return [
        name_of(row),
        row.of,
        row.dtype,
        row.verdict,
        None if top is None else f"{top.ulps:.3g}",
        None if top is None else fmt.text(top.z),
        _share(row.correctly_rounded, row.points),
        _share(row.faithful, row.points),
        None if row.bias_ulp is None else f"{row.bias_ulp:.2g}",
        None if flushed is None else str(flushed),
        None if row.position_dependent is None else str(row.position_dependent),
        None if row.monotone is None else str(row.monotone).lower(),
        str(row.passed).lower(),
    ]


def _worst(row: Report, point: Pair) -> list[str | None]:
    fmt = FORMATS[row.dtype]
    return [
        *(name_of(row), row.of, row.dtype, fmt.text(point.z), fmt.text(point.got), fmt.text(point.right)),
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
        if row.kink is not None:
            parts.append(f"at kinks {row.kink}")
        if row.verdict != "not implemented" or not row.passed:
            where += f" {row.of} {row.dtype}"
        elif (where, row.message) in missing:
            continue  # it is said once for all formats
        else:
            missing.add((where, row.message))
        if parts:
            notes.append(f"{where}: {'; '.join(parts)}")
    return notes


def write_junit(about: Mapping[str, Any], rows: Sequence[Report], out: TextIO) -> None:
    """A test case for each row, as continuous integration reads it."""
    failed = sum(not row.passed for row in rows)
    skipped = sum(row.verdict == "not implemented" for row in rows)
    suite = quoteattr(printable(f"actcalc audit {about['target']}"))
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    out.write(f'<testsuite name={suite} tests="{len(rows)}" failures="{failed}" skipped="{skipped}">\n')
    for row in rows:
        case = f"  <testcase classname={quoteattr(name_of(row))} name={quoteattr(f'{row.of} {row.dtype}')}"
        ulps = "" if row.largest is None else f"{row.largest.ulps:.3g} ulps at z = {row.largest.z!r}; "
        message = quoteattr(f"{row.verdict}: {ulps}{row.message}".rstrip("; "))
        if row.verdict == "not implemented":
            out.write(f"{case}><skipped message={message}/></testcase>\n")
        elif not row.passed:
            out.write(f"{case}><failure message={message}/></testcase>\n")
        else:
            out.write(f"{case}/>\n")
    out.write("</testsuite>\n")
