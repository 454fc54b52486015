"""The report of ``actcalc check`` as text."""

import io
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO

from actcalc._version import __version__
from actcalc.activations.declaration import prime
from actcalc.checking.comparison import Pair, Report
from actcalc.checking.decades import Decade
from actcalc.checking.failures import KINDS
from actcalc.errors import quoted
from actcalc.numbers.floats import Format, float_format, hex_text
from actcalc.numbers.numerals import exact_text
from actcalc.output.formats import FOR_PEOPLE, write
from actcalc.output.rows import Column, Row, one_by_one
from actcalc.output.widths import filled

_WORST = [
    Column("z", kind="number"),
    Column("z_hex"),
    Column("got", kind="number"),
    Column("right", kind="number"),
    Column("ulps", "error in ulps", "number"),
    Column("floats_apart", "floats apart", "number"),
]


def write_report(
    report: Report,
    format_name: str,
    out: TextIO,
    note: str = "",
    file: str = "",
    options: str = "",
    every_range: bool = False,
    width: int | None = None,
) -> None:
    """Write the report in one of ``output.FORMATS``; for people with ``note`` and the verdict.

    ``file`` and ``options`` are said to have been used; ``every_range`` shows all decades of z.
    """
    fmt = float_format(report.dtype)
    if format_name in FOR_PEOPLE:
        for columns, rows in _tables(report, fmt, file, options, every_range):
            write(format_name, columns, one_by_one(rows), out, width=width)
            out.write("\n")
        below = [note] if note else []
        if note and format_name == "table" and width is not None:
            below = filled(note, width)
        below.append(verdict(report))  # in one line, whatever its length, for tail -n 1
        out.write(("\n\n" if format_name == "markdown" else "\n").join(below) + "\n")
    elif format_name in ("json", "jsonl"):
        from actcalc.output.json import write_object

        write_object(as_object(report, fmt, file), out, lines=format_name == "jsonl")
    elif report.worst:
        write(format_name, _WORST, one_by_one([_point(point, fmt) for point in report.worst]), out)
    else:
        row = _flat(as_object(report, fmt, file))
        write(format_name, [Column(name) for name in row], one_by_one([list(row.values())]), out)


def as_text(report: Report, width: int = 80) -> str:
    """The report for people, as the command line prints it."""
    out = io.StringIO()
    write_report(report, "table", out, width=width)
    return out.getvalue().rstrip("\n")


def verdict(report: Report) -> str:
    """One line that says whether it passed, and what is against it."""
    mark = f"{exact_text(report.mark)} {'ulp' if report.mark <= 1 else 'ulps'}"
    if report.passed:
        all_right = report.correctly_rounded == report.points
        return "passed: " + (
            "all points are correctly rounded" if all_right else f"no point is off by more than {mark}"
        )
    against = []
    if report.beyond:
        off = "not correctly rounded" if 2 * report.mark == 1 else f"beyond {mark}"
        against.append(f"{_count(report.beyond, 'point')} {off}")
    for name, failure in report.failures.items():
        if failure.count and (name != "zero_sign" or report.strict_zero):
            against.append(f"{failure.count:,} {KINDS[name].words}")
    return "FAILED: " + "; ".join(against)


def as_object(report: Report, fmt: Format, file: str = "") -> dict[str, Any]:
    """The report as JSON has it: its keys are part of the program's interface."""
    top, normal = report.largest, report.largest_normal
    known: dict[str, Any] = {
        "activation": report.activation,
        "parameters": dict(report.parameters),
        "of": report.of,
        "dtype": report.dtype,
        "points": report.points,
        "correctly_rounded": report.correctly_rounded,
        "max_ulp": report.max_ulp,
        "max_ulp_z": top and _value(top.z, fmt),
        "max_ulp_z_hex": report.max_ulp_z_hex,
        "got": top and _value(top.got, fmt),
        "right": top and _value(top.right, fmt),
        "mean_ulp": _rounded(report.mean_ulp),
        "median_ulp": _rounded(report.median_ulp, 3),
        "p95_ulp": _rounded(report.p95_ulp, 3),
        "p99_ulp": _rounded(report.p99_ulp, 3),
        "buckets": dict(report.buckets),
        "ranges": [
            {
                "from": float(r.low),
                "to": float(r.high),
                "count": r.count,
                "max_ulp": _rounded(r.max_ulp),
                "mean_ulp": _rounded(r.mean_ulp),
            }
            for r in report.ranges
        ],
        "failures": {
            name: {
                "count": failure.count,
                "first_z": None if failure.first_z is None else _value(failure.first_z, fmt),
            }
            for name, failure in report.failures.items()
        },
        "kink_points": report.kink_points,
        "passed": report.passed,
        "limit": float(report.mark),
        "version": __version__,
        "file": file or None,
        "faithful": report.faithful,
        "bias_ulp": _rounded(report.bias_ulp),
        "max_ulp_normal": normal and normal.ulps,
        "max_ulp_normal_z": normal and _value(normal.z, fmt),
        "out_of_range": report.out_of_range,
        "monotone": report.monotone,
    }
    if report.worst:
        known["worst"] = [
            {
                "z": _value(point.z, fmt),
                "z_hex": hex_text(point.z),
                "got": _value(point.got, fmt),
                "right": _value(point.right, fmt),
                "ulps": point.ulps,
                "floats_apart": point.floats_apart,
            }
            for point in report.worst
        ]
    return known


def _flat(known: dict[str, Any]) -> dict[str, str]:
    """The object as one row: a bucket and a failure is a column each; ranges are left out."""
    row: dict[str, str] = {}
    for key, value in known.items():
        if key == "parameters":
            row[key] = "; ".join(f"{name}={text}" for name, text in value.items())
        elif key == "buckets":
            row |= {f"ulp_{name}": str(count) for name, count in value.items()}
        elif key == "failures":
            row |= {name: str(failure["count"]) for name, failure in value.items()}
        elif key not in ("ranges", "limit", "version", "file"):
            row[key] = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return row


def _value(x: float, fmt: Format) -> float:
    """A value of the format as the float64 that has its shortest text."""
    return float(fmt.text(x))


def _rounded(x: float | None, digits: int = 6) -> float | None:
    return None if x is None else float(f"{x:.{digits}g}")


def _ulps(x: float | None, digits: int = 6) -> str | None:
    return None if x is None else f"{x:.{digits}g}"


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n:,} {what}s"


def _share(n: int, of: int) -> str:
    return f"{100 * n / of if of else 0:.1f} %"


def _point(point: Pair, fmt: Format) -> list[str | None]:
    return [
        *(fmt.text(point.z), hex_text(point.z), fmt.text(point.got), fmt.text(point.right)),
        _ulps(point.ulps),
        None if point.floats_apart is None else str(point.floats_apart),
    ]


def _tables(
    report: Report, fmt: Format, file: str, options: str, every_range: bool
) -> Iterator[tuple[list[Column], Iterable[Row]]]:
    """Columns and rows of the tables for people."""
    what = f"g{prime(report.of)}(z)"
    own = ", ".join(f"{name}={text}" for name, text in report.parameters.items())
    described = f"{report.activation}({own})" if own else report.activation
    yield (
        [Column(f"{described} {what} in {report.dtype}", may_be_cut=True), Column(" ", may_be_cut=True)],
        _facts(report, fmt, file, options),
    )
    yield (
        [
            Column("ulps", "error up to, in ulps"),
            Column("points", kind="number"),
            Column("share", kind="number"),
        ],
        [
            (f"{name} (correctly rounded)" if name == "0" else name, f"{n:,}", _share(n, report.points))
            for name, n in report.buckets.items()
        ],
    )
    ranges = report.ranges if every_range else _runs(report.ranges)
    rows = [
        [_where(r), f"{r.count:,}", _errors(r), *([_ulps(r.mean_ulp, 4)] if every_range else [])]
        for r in ranges
    ]
    means = [Column("mean error", kind="number")] if every_range else []
    yield [Column("z"), Column("points", kind="number"), Column("errors in ulps"), *means], rows
    if report.worst:
        yield _WORST, [_point(point, fmt) for point in report.worst]


def _where(r: Decade) -> str:
    """A run of decades: the ends that are nearer to 0 belong to it."""
    if r.low == r.high:
        return f"z = {r.low}"
    if (r.low, r.high) == ("-inf", "inf"):
        return "all but nan"
    if r.low.startswith("-") and not r.high.startswith("-"):
        if r.low == f"-{r.high}":
            return f"|z| < {r.high}"
        low = "" if r.low == "-inf" else f"{r.low} < "
        return f"{low}z" + ("" if r.high == "inf" else " <= 0" if r.high == "0" else f" < {r.high}")
    if r.high.startswith("-"):
        return f"z <= {r.high}" if r.low == "-inf" else f"{r.low} < z <= {r.high}"
    return f"z >= {r.low}" if r.high == "inf" else f"{r.low} <= z < {r.high}"


def _errors(r: Decade) -> str:
    if r.correct == r.count:
        return "all correctly rounded"
    return "none is finite" if r.max_ulp is None else f"at most {_ulps(r.max_ulp, 4)}"


_MOST_RUNS = 6


def _runs(ranges: Sequence[Decade]) -> list[Decade]:
    """Neighbouring decades as one: first those with nothing to say, then those whose errors are most alike.

    NaN stays apart. The mean is left out.
    """
    runs = list(ranges)

    def unlike(i: int) -> float:
        left, right = runs[i : i + 2]
        if "nan" in (left.low, right.low):
            return math.inf
        are_right = [run.correct == run.count for run in (left, right)]
        if all(are_right):
            return 0
        if left.max_ulp is None or right.max_ulp is None:
            return 1e9 if left.max_ulp is not right.max_ulp else 0
        apart = abs(math.log(max(left.max_ulp, 0.5)) - math.log(max(right.max_ulp, 0.5)))
        return apart + (1 if any(are_right) else 1e-9)

    while len(runs) > 1:
        i = min(range(len(runs) - 1), key=unlike)
        if unlike(i) > 0 and len(runs) <= _MOST_RUNS:
            break
        first, last = runs[i : i + 2]
        largest = [x for x in (first.max_ulp, last.max_ulp) if x is not None]
        count, correct = first.count + last.count, first.correct + last.correct
        runs[i : i + 2] = [Decade(first.low, last.high, count, correct, max(largest, default=None), None)]
    return runs


def _facts(report: Report, fmt: Format, file: str, options: str) -> Iterator[tuple[str, str | None]]:
    yield "points", f"{report.points:,}"
    share = _share(report.correctly_rounded, report.points)
    yield "correctly rounded", f"{report.correctly_rounded:,} ({share})"
    yield "faithful", f"{report.faithful:,} ({_share(report.faithful, report.points)})"
    top, normal = report.largest, report.largest_normal
    if top is not None:
        apart = "" if top.floats_apart is None else f", {_count(top.floats_apart, 'float')} apart"
        yield "largest error", f"{_ulps(top.ulps)} ulps{apart}"
        for name, x in (("at z", top.z), ("got", top.got), ("right", top.right)):
            yield name, f"{fmt.text(x)} ({fmt.bits_text(x)})"
        if normal is not None and normal.ulps != top.ulps:
            yield "where normal", f"{_ulps(normal.ulps)} ulps, at z = {fmt.text(normal.z)}"
        yield "mean error", f"{_ulps(report.mean_ulp)} ulps"
        if report.bias_ulp is not None:
            yield "bias", f"{_ulps(report.bias_ulp, 3)} ulps"
        quantiles = (report.median_ulp, report.p95_ulp, report.p99_ulp)
        yield "median, 95 %, 99 %", ", ".join(f"{_ulps(x, 3)}" for x in quantiles)
    if report.kink_points:
        yield "at a kink", f"{_count(report.kink_points, 'point')}, where several values are right"
    for name, failure in report.failures.items():
        if failure.count and failure.first_z is not None:
            yield name.replace("_", " "), f"{failure.count:,}, first at z = {fmt.text(failure.first_z)}"
    if report.out_of_range:
        yield "beyond the range", _count(report.out_of_range, "point")
    if report.monotone is False:
        yield "monotone", "no"
    yield "limit", f"{exact_text(report.mark)} {'ulp' if report.mark <= 1 else 'ulps'}"
    if options:
        yield "options", options
    if file:
        yield "file", quoted(file, 200)[1:-1]
    yield "actcalc", __version__
