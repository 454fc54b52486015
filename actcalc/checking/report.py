"""Reports on values held against the right ones: ``check`` makes one, ``audit`` a row of many."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Context, Decimal
from typing import Any, NamedTuple

from actcalc._version import __version__
from actcalc.activations.declaration import Quantity, prime
from actcalc.checking.agreement import Agreement
from actcalc.checking.decades import Decade
from actcalc.checking.failures import BEYOND, BREAKING, KINDS, REASONS
from actcalc.checking.formats import (
    Formats,
    bits_text,
    formats_of,
    hexadecimal,
    long_text,
    plain_number,
)
from actcalc.checking.histogram import SHARES
from actcalc.checking.judge import WITHIN_AN_ULP, Judge
from actcalc.checking.measure import Measure
from actcalc.checking.tally import BUCKETS, Point, Spot, Tally, bucket_key
from actcalc.errors import quote
from actcalc.numbers.floats import Format
from actcalc.numbers.integers import NumberFormat
from actcalc.numbers.rulers import Ruler
from actcalc.output.documents import Document
from actcalc.output.formats import written
from actcalc.output.pages import Line, Lines, Part
from actcalc.output.rows import Column, Table, one_by_one

VERDICTS = ("raised", "broken", "inaccurate", "within 1 ulp", "right", "not implemented")


class Pair(NamedTuple):
    """A point with its error in ulps, and the number of floats between ``got`` and ``right``."""

    z: float
    got: float
    right: float
    ulps: float
    """Infinite where one of them is NaN, and where z is infinite and has another limit."""
    floats_apart: int | None
    """None where one of them is NaN."""


@dataclass(frozen=True)
class Failure:
    """How often something went wrong, and the first z where it did; for ``audit`` the one nearest to 0."""

    count: int = 0
    first_z: float | None = None
    worst: Pair | None = None
    """The point with the largest error, where it makes values fail."""


@dataclass(frozen=True, repr=False)
class Report:
    """How far values are from the right ones. Errors are in ulps, as ``actcalc.numbers.ulp`` defines them.

    Values of an integer format are their codes, and so are z, and an ulp is the distance of two codes.

    None is for what does not apply, or is not asked by ``check`` or by ``audit``. An infinity counts as the
    number a step beyond the largest. Where one value is NaN, or z infinite and its limit another, there is no
    error: such points are counted among the failures and in the last bucket, but are left out of maximum,
    mean and quantiles; these are None if nothing else is left. A quantile is the least error that at least
    this share of the points does not exceed, rounded to three significant digits, ties to even; less than
    1e-9 counts as 0. No error counts for more than 1e200.
    """

    activation: str
    parameters: Mapping[str, str]
    """The values in force, as they were written."""
    of: Quantity
    dtype: str
    points: int = 0
    """The number of points compared: not the ones that are ``unsettled``."""
    correctly_rounded: int = 0
    faithful: int = 0
    """Points whose value is one of the two neighbours of the exact one, or that itself."""
    right_evenly: float | None = None
    """The share of correctly rounded values if z were spread evenly over [-8, 8]; None if no z is there."""
    faithful_evenly: float | None = None
    largest: Pair | None = None
    """The first point with the largest error."""
    largest_normal: Pair | None = None
    """The first point with the largest error where a normal number is right."""
    largest_near: Pair | None = None
    """The point with the largest error of those at z from -10 to 10."""
    largest_at_zero: float | None = None
    """The largest absolute value where exactly 0 is right."""
    within_atol: int = 0
    """Points that pass since they are within ``atol`` alone: the largest errors leave them out."""
    wrong_sign_within_atol: int = 0
    farthest_within_atol: Pair | None = None
    """The one of them that is farthest from the right value."""
    rtol_needed: float | None = None
    """The relative tolerance by which all would pass with atol 0, to three digits upwards; None for none."""
    mean_ulp: float | None = None
    median_ulp: float | None = None
    p95_ulp: float | None = None
    p99_ulp: float | None = None
    bias_ulp: float | None = None
    """The mean signed error where the right value is a normal number; None if it nowhere is."""
    failures: Mapping[str, Failure] = field(default_factory=dict)
    """By ``failures.KINDS``; none where nothing could be run. But for zeros of the wrong sign they fail."""
    reasons: Mapping[str, Failure] = field(default_factory=dict)
    """By ``failures.REASONS``, those for which points fail."""
    zero_where_subnormal: int | None = None
    subnormal_taken_for_zero: int | None = None
    """Points whose z is subnormal where the value is within an ulp of that at 0, and nearer to it."""
    out_of_range: int | None = None
    """Points beyond the range of g; None for a slope."""
    monotone: bool | None = None
    """Whether from point to point values rise where z does, or fall, as g does; None if g does both."""
    position_dependent: int | None = None
    dtype_returned: str | None = None
    """If it is another than that of the input."""
    kink: str | None = None
    """The values of an implementation at kinks."""
    limits: tuple[str, ...] = ()
    """The wrong values at infinities and NaN, in words."""
    verdict: str = "right"
    """One of VERDICTS."""
    passed: bool = True
    message: str = ""
    """All that is against it, and what else there is to say."""
    buckets: Mapping[str, int] = field(default_factory=dict)
    """Points by ``tally.BUCKETS``."""
    ranges: tuple[Decade, ...] = ()
    """Decades of abs(z) that occur, by sign, in ascending order."""
    kink_points: int = 0
    """Points at a kink or jump, where several values are right."""
    judge: Judge = WITHIN_AN_ULP
    beyond: int = 0
    """Points beyond its ``max_ulp``, whose errors are finite."""
    worst: tuple[Pair, ...] = ()
    """The worst points, as many as were asked for; the worst first."""
    profile: tuple[Spot, ...] = ()
    agreement: Agreement | None = None
    """The findings by a relative tolerance."""
    variable: str = "z"
    """The name of the points: a, where they are values of g."""
    guess: str = ""
    """A guess at what wrong values are, as ``actcalc check`` makes it for few points."""
    target: str = ""
    label: str = ""
    """The activation as people see it, with parameters that are not the defaults."""
    out_dtype: str = ""
    """The format of the values, in whose ulps errors are; empty for ``dtype``, which is that of z."""
    rounding: str = "nearest"
    """The direction in which right values are rounded."""
    overflow: str | None = None
    """The rule for results beyond the largest number; None for that of the format."""

    def __str__(self) -> str:
        """The text that ``actcalc check`` prints, at most 80 columns wide."""
        return written("table", document(self), width=80).rstrip("\n")

    def _repr_html_(self) -> str:
        """The text that ``actcalc check`` prints as a notebook shows it."""
        return written("html", document(self))

    def __repr__(self) -> str:
        outcome = "passed" if self.passed else "FAILED"
        return f"<Report {self.activation} {self.of} in {self.formats.name}: {self.points} points, {outcome}>"

    def to_dict(self) -> dict[str, Any]:
        """The report as an object of JSON has it."""
        return as_object(self) if self.target else as_object_of_check(self)

    @property
    def formats(self) -> Formats:
        """The formats of z and of the values."""
        return formats_of(self.dtype, self.out_dtype, self.rounding, self.overflow)

    @property
    def max_ulp(self) -> float | None:
        """The largest error; None if there is none that is finite."""
        return None if self.largest is None else self.largest.ulps

    @property
    def max_ulp_z_hex(self) -> str | None:
        """Where that is, as a hexadecimal float, or of a code its bit pattern."""
        return None if self.largest is None else hexadecimal(self.largest.z, self.formats.z)

    @property
    def badness(self) -> tuple[int, int, float]:
        """Reports in the order of this: failures first, the worst before."""
        return (self.passed, VERDICTS.index(self.verdict), 0 if self.largest is None else -self.largest.ulps)


def report_of(measure: Measure, tally: Tally, judge: Judge) -> Report:
    """The report of a tally, by the measure and the judge that it was made with."""
    f, of, ruler = measure.f, measure.of, measure.ruler
    tally, n = tally.exact(measure.error), tally.counts
    quantiles = [tally.histogram.quantile(share, measure.exceeds) for share in SHARES]
    right_evenly, faithful_evenly = tally.even_shares or (None, None)
    failures = {
        kind: Failure(n.get(kind, 0), tally.first.get(kind), _pair_or_none(tally.failing.get(kind), ruler))
        for kind in (*KINDS, BEYOND)
    }
    subnormal = [n.get(kind, 0) for kind in ("zero_where_subnormal", "subnormal_taken_for_zero")]
    if any(failures[kind].count for kind in BREAKING):
        verdict = "broken"
    elif n.get("correctly_rounded", 0) == n.get("points", 0) and not any(subnormal):
        verdict = "right"
    else:
        verdict = "inaccurate" if n.get("inaccurate") else "within 1 ulp"
    reasons = {reason: failures[reason] for reason in REASONS if reason in tally.failing}
    return Report(
        f.name,
        f.notable_parameters,
        of,
        measure.format.name,
        n.get("points", 0),
        n.get("correctly_rounded", 0),
        n.get("faithful", 0),
        largest=_pair_or_none(tally.largest, ruler),
        largest_normal=_pair_or_none(tally.largest_normal, ruler),
        largest_near=_pair_or_none(tally.largest_near, ruler),
        largest_at_zero=tally.largest_at_zero,
        within_atol=n.get("within_atol", 0),
        wrong_sign_within_atol=n.get("wrong_sign_within_atol", 0),
        farthest_within_atol=_pair_or_none(tally.within_atol, ruler),
        rtol_needed=_rounded_up(tally.rtol),
        right_evenly=right_evenly,
        faithful_evenly=faithful_evenly,
        mean_ulp=tally.decades.mean(),
        median_ulp=quantiles[0],
        p95_ulp=quantiles[1],
        p99_ulp=quantiles[2],
        bias_ulp=tally.bias_ulp,
        failures={kind: failures[kind] for kind in KINDS},
        reasons=reasons,
        zero_where_subnormal=subnormal[0],
        subnormal_taken_for_zero=subnormal[1],
        out_of_range=n.get("out_of_range", 0) if of == "g" else None,
        monotone=not tally.turns if tally.way else None,
        verdict=verdict,
        buckets={bucket: n.get(bucket_key(bucket), 0) for bucket in BUCKETS},
        ranges=tuple(tally.decades.ranges()),
        kink_points=n.get("kink_points", 0),
        judge=judge,
        beyond=n.get("failed", 0),
        passed=not reasons and not n.get("unsettled"),
        worst=tuple(_pair(point, ruler) for point in tally.listed),
        out_dtype=measure.out_dtype,
        rounding=ruler.rounding.direction,
        overflow=ruler.rounding.overflow,
    )


def name_of(report: Report) -> str:
    """The activation as people see it."""
    settings = ", ".join(f"{name}={text}" for name, text in report.parameters.items())
    return report.label or (f"{report.activation}({settings})" if settings else report.activation)


def _pair(point: Point, ruler: Ruler) -> Pair:
    """The point as reports have it."""
    is_nan = math.isnan(point.got) or math.isnan(point.right)
    return Pair(*point, None if is_nan else ruler.apart(point.got, point.right))


def _pair_or_none(point: Point | None, ruler: Ruler) -> Pair | None:
    return None if point is None else _pair(point, ruler)


_WORST = [
    *(Column("z", kind="number"), Column("z_hex")),
    *(Column("got", kind="number"), Column("right", kind="number")),
    *(Column("ulps", "error in ulps", "number"), Column("floats_apart", "floats apart", "number")),
]
_CLASSES = [
    *(Column("ulps", "error up to, in ulps"), Column("points", kind="number"), Column("share", kind="number"))
]
_RANGES = [
    *(Column("z"), Column("points", kind="number"), Column("errors in ulps")),
    Column("mean error", kind="number"),
]


_WORDS = (
    "ulp: the distance of neighbouring floats where the exact value lies; rounding alone is off by up to 0.5",
    "faithful: one of the two floats beside the exact value, or that itself",
    "bias: the mean of the errors with their signs; near 0 where they go both ways",
)
_WORDS_OF_CODES = (
    "errors: how many codes a value is from the exact one; rounding alone is off by up to 0.5",
    "faithful: one of the two codes beside the exact value, or that itself",
    _WORDS[2],
)


def _in_units(column: Column, formats: Formats) -> Column:
    """A column that is called by the unit of errors, and by what is a step."""
    if formats.unit == "ulp":
        return column
    title = (column.title or column.name).replace("ulps", "codes").replace("floats", "codes")
    return column._replace(title=title)


"""Words of the report, for those who meet them first."""


def document(
    report: Report,
    note: str = "",
    file: str = "",
    options: str = "",
    every_range: bool = False,
    explains: bool = False,
) -> Document:
    """The report of ``check``: for people with a note, if there is one, and the verdict.

    ``file`` and ``options`` are said to have been used; ``every_range`` shows all decades of z. It
    ``explains`` its words below a line, if so asked.
    """
    formats, known = report.formats, as_object_of_check(report, file)
    parts, rows = _tables(report, formats, file, options, every_range), as_table([known])
    if report.worst:
        columns = [c._replace(name=c.name.replace("z", report.variable)) for c in _WORST[:2]] + _WORST[2:]
        columns = [_in_units(column, formats) for column in columns]
        rows = Table(columns, one_by_one(_point(point, formats) for point in report.worst))
        parts.append(rows)
    if explains:
        parts.append(Lines([Line("-" * 12), *(_WORDS if formats.unit == "ulp" else _WORDS_OF_CODES)]))
    guess = [f"guess: {report.guess}"] * bool(report.guess)
    below = [note] * bool(note) + guess + [Line(verdict(report))]  # for tail -n 1
    return Document(rows, lambda: below, known, text=parts, markup=parts)


def verdict(report: Report) -> str:
    """One line that says whether values that were checked pass, and what is against them."""
    agreement = report.agreement
    said = "" if agreement is None else "; ".join(agreement.text(report.formats, report.variable))
    if not report.passed:
        # What else may be against values, as zeros of the wrong sign, has its own words.
        return f"FAILED: {said if agreement is not None and agreement.wrong else report.message}"
    if report.correctly_rounded == report.points:
        return "passed: all points are correctly rounded"
    off = f"no point is off by more than {report.judge.text('or', report.formats.unit)}"
    return f"passed: {said}; {off}" if said else f"passed: {off}"


def against(report: Report) -> Iterator[str]:
    """Each thing that makes values fail that were checked."""
    if report.beyond:
        off = _beyond(report)
        yield f"{_count(report.beyond, 'point')} {off}"
    for kind, failure in report.failures.items():
        if failure.count and (kind != "zero_sign" or report.judge.strict_zero):
            yield f"{failure.count:,} {KINDS[kind].words}"


def _beyond(report: Report) -> str:
    judge = report.judge
    is_rounding = judge.rtol is None and 2 * judge.max_ulp == 1 and not judge.atol
    return "not correctly rounded" if is_rounding else f"beyond {judge.text('and', report.formats.unit)}"


def floor_text(report: Report) -> str:
    """How many points pass by ``atol`` alone, and the one of them that is farthest from the right value."""
    far = report.farthest_within_atol
    if far is None:
        return ""
    sign = f", {report.wrong_sign_within_atol} of the wrong sign" if report.wrong_sign_within_atol else ""
    off = f"{_distance(far, report.formats):.3g} at z = {report.formats.z_text(far.z)}"
    return f"within atol alone ({report.within_atol}{sign}): at most {off}"


def _distance(point: Pair, formats: Formats) -> float:
    """How far a value is from the right one, as numbers."""
    off = abs(point.got - point.right)
    return off if isinstance(formats.out.fmt, Format) else Ruler(formats.out).size_of(off)


def reason_text(reason: str, report: Report) -> str:
    """A reason for which points fail, with their number and the worst of them."""
    failure, formats = report.reasons[reason], report.formats
    words = _beyond(report) if reason == BEYOND else KINDS[reason].words
    text = f"{words} ({failure.count})"
    if reason == "zero_where_normal" and failure.first_z is not None:
        text += f", from z = {formats.z_text(failure.first_z)} on"
    worst = failure.worst
    if worst is not None:
        off = f" ({_ulps(worst.ulps, 3)} {formats.unit}s)" if math.isfinite(worst.ulps) else ""
        z, got, right = formats.texts(*worst[:3])
        text += f": {got} at z = {z}, not {right}{off}"
    return text


def as_object(report: Report) -> dict[str, Any]:
    """A report as JSON has it: its keys are part of the program's interface."""
    formats = report.formats
    of_z, of_out = formats.z, formats.out.fmt
    ran = bool(report.failures)
    top, normal, near = report.largest, report.largest_normal, report.largest_near
    far = report.farthest_within_atol
    known: dict[str, Any] = {
        "activation": report.activation,
        "parameters": dict(report.parameters),
        "of": report.of,
        "dtype": report.dtype,
        "out_dtype": report.out_dtype or report.dtype,
        "rounding": report.rounding,
        "overflow": report.overflow,
        "points": report.points if ran else None,
        "correctly_rounded": report.correctly_rounded if ran else None,
        "faithful": report.faithful if ran else None,
        "right_evenly": _round(report.right_evenly),
        "faithful_evenly": _round(report.faithful_evenly),
        "largest_error": top and _round(top.ulps),
        **_value("at_z", top and top.z, of_z),
        **_value("got", top and top.got, of_out),
        **_value("right", top and top.right, of_out),
        "floats_apart": top and top.floats_apart,
        "largest_error_normal": normal and _round(normal.ulps),
        "at_z_normal": normal and plain_number(normal.z, of_z),
        "largest_error_near": near and _round(near.ulps),
        "at_z_near": near and plain_number(near.z, of_z),
        "largest_at_zero": report.largest_at_zero,
        "within_atol": report.within_atol if ran else None,
        "wrong_sign_within_atol": report.wrong_sign_within_atol if ran else None,
        "largest_within_atol": far and _distance(far, formats),
        "at_z_within_atol": far and plain_number(far.z, of_z),
        "rtol_needed": report.rtol_needed,
        "mean_ulp": _round(report.mean_ulp),
        "median_ulp": _round(report.median_ulp, 3),
        "p95": _round(report.p95_ulp, 3),
        "p99": _round(report.p99_ulp, 3),
        "bias_ulp": _round(report.bias_ulp),
        **{kind: report.failures[kind].count if kind in report.failures else None for kind in KINDS},
        "first_zero_z": report.failures.get("zero_where_normal", Failure()).first_z,
        "zero_where_subnormal": report.zero_where_subnormal,
        "subnormal_taken_for_zero": report.subnormal_taken_for_zero,
        "out_of_range": report.out_of_range,
        "monotone": report.monotone,
        "position_dependent": report.position_dependent,
        "dtype_returned": report.dtype_returned
        or ((report.out_dtype or report.dtype) if report.points else None),
        "kink": report.kink,
        "limits": list(report.limits),
        "verdict": report.verdict,
        "passed": report.passed,
        "message": report.message,
        "histogram": dict(report.buckets) or None,
        "ranges": [
            {
                "from": float(r.low),
                "to": float(r.high),
                "count": r.count,
                "max_ulp": _round(r.max_ulp),
                "mean_ulp": _round(r.mean_ulp),
            }
            for r in report.ranges
        ]
        or None,
    }
    known["judge"] = report.judge.as_object()
    known["reasons"] = [
        {
            "reason": reason,
            "count": failure.count,
            **(_point_object(failure.worst, formats) if failure.worst else {}),
        }
        for reason, failure in report.reasons.items()
    ]
    if report.worst:
        known["worst"] = [_point_object(point, formats) for point in report.worst]
    return known


def _point_object(point: Pair, formats: Formats) -> dict[str, Any]:
    """A point as JSON has it: its numbers are exact, with their bits beside them."""
    return {
        **_value("z", point.z, formats.z),
        "z_hex": hexadecimal(point.z, formats.z),
        **_value("got", point.got, formats.out.fmt),
        **_value("right", point.right, formats.out.fmt),
        "ulps": point.ulps,
        "floats_apart": point.floats_apart,
    }


def as_object_of_check(report: Report, file: str = "") -> dict[str, Any]:
    """The report of ``check``, which has keys of earlier versions besides."""
    known, normal = as_object(report), report.largest_normal
    return {
        **known,
        "max_ulp": report.max_ulp,
        "max_ulp_z": known["at_z"],
        "max_ulp_z_hex": report.max_ulp_z_hex,
        "p95_ulp": known["p95"],
        "p99_ulp": known["p99"],
        "buckets": known["histogram"],
        "failures": {
            kind: {"count": failure.count, "first_z": failure.first_z}
            for kind, failure in report.failures.items()
        },
        "kink_points": report.kink_points,
        "limit": None if report.judge.rtol is not None else float(report.judge.max_ulp),
        "version": __version__,
        "file": file or None,
        "guess": report.guess,
        "max_ulp_normal": normal and normal.ulps,
        "max_ulp_normal_z": known["at_z_normal"],
    }


def as_table(objects: Sequence[dict[str, Any]]) -> Table:
    """Objects as rows: each class of a histogram is a column, and lists of objects are left out."""
    rows = [_cells(known) for known in objects]
    return Table([Column(name) for name in rows[0]], one_by_one([*row.values()] for row in rows))


def _cells(known: dict[str, Any]) -> dict[str, str]:
    row: dict[str, str] = {}
    for key, value in known.items():
        if key == "histogram":
            row |= {f"ulp_{name}": str(n) for name, n in (value or {}).items()}
        elif key == "parameters":
            row[key] = "; ".join(f"{name}={text}" for name, text in value.items())
        elif key == "limits":
            row[key] = "; ".join(value)
        elif key not in (
            "ranges",
            "worst",
            "reasons",
            "judge",
            "buckets",
            "failures",
            "limit",
            "version",
            "file",
            "guess",
        ):
            row[key] = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return row


def _value(name: str, x: float | None, fmt: NumberFormat) -> dict[str, Any]:
    """A value of the format, if there is one, under a name: as a number, and its bits."""
    if x is None:
        return {name: None, f"{name}_bits": None}
    return {name: plain_number(x, fmt), f"{name}_bits": bits_text(x, fmt)}


def _round(x: float | None, digits: int = 6) -> float | None:
    return None if x is None else float(f"{x:.{digits}g}")


def _rounded_up(x: float) -> float | None:
    """A number that is at least ``x``, to three digits; None for an infinity."""
    return None if math.isinf(x) else float(Context(3, ROUND_CEILING).plus(Decimal(x)))


def _ulps(x: float | None, digits: int = 6) -> str | None:
    return None if x is None else f"{x:.{digits}g}"


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n:,} {what}s"


def _share(n: int, of: int) -> str:
    return f"{100 * n / of if of else 0:.1f} %"


def _point(point: Pair, formats: Formats) -> list[str | None]:
    z, got, right = formats.texts(*point[:3])
    return [
        *(z, hexadecimal(point.z, formats.z), got, right),
        _ulps(point.ulps),
        None if point.floats_apart is None else str(point.floats_apart),
    ]


def _tables(report: Report, formats: Formats, file: str, options: str, every_range: bool) -> list[Part]:
    what = f"g{prime(report.of)}(z)" if report.variable == "z" else "g' from a"
    title = f"{name_of(report)} {what} in {formats.name}"
    facts = [Column(title, may_be_cut=True), Column(" ", may_be_cut=True)]
    classes = [
        (f"{name} (correctly rounded)" if name == "0" else name, f"{n:,}", _share(n, report.points))
        for name, n in report.buckets.items()
    ]
    return [
        Table(facts, one_by_one(_facts(report, formats, file, options))),
        Table([_in_units(column, formats) for column in _CLASSES], one_by_one(classes)),
        table_of_ranges(report, every_range),
    ]


def table_of_ranges(report: Report, every_range: bool) -> Table:
    """The errors by ranges of z: every decade, with its mean error, or some together."""

    def where(r: Decade) -> str:
        return _where(r).replace("z", report.variable)

    ranges = [
        [where(r), f"{r.count:,}", _errors(r), *[_ulps(r.mean_ulp, 4)] * every_range]
        for r in (report.ranges if every_range else _runs(report.ranges))
    ]
    columns = [_in_units(column, report.formats) for column in _RANGES[: 3 + every_range]]
    columns[0] = columns[0]._replace(title=report.variable)
    return Table(columns, one_by_one(ranges))


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


def _facts(report: Report, formats: Formats, file: str, options: str) -> Iterator[tuple[str, str | None]]:
    units = f"{formats.unit}s"
    yield "points", f"{report.points:,}"
    share = _share(report.correctly_rounded, report.points)
    yield "correctly rounded", f"{report.correctly_rounded:,} ({share})"
    yield "faithful", f"{report.faithful:,} ({_share(report.faithful, report.points)})"
    top, normal = report.largest, report.largest_normal
    if top is not None:
        apart = "" if top.floats_apart is None else f", {_count(top.floats_apart, formats.step)} apart"
        yield "largest error", f"{_ulps(top.ulps)} {units}{apart}"
        yield f"at {report.variable}", long_text(top.z, formats.z)
        yield from (
            (name, long_text(x, formats.out.fmt)) for name, x in (("got", top.got), ("right", top.right))
        )
        if normal is not None and normal.ulps != top.ulps:
            at = f"at {report.variable} = {formats.z_text(normal.z)}"
            yield "where normal", f"{_ulps(normal.ulps)} {units}, {at}"
    if report.mean_ulp is not None:
        yield "mean error", f"{_ulps(report.mean_ulp)} {units}"
        if report.bias_ulp is not None:
            yield "bias", f"{_ulps(report.bias_ulp, 3)} {units}"
        if report.right_evenly is not None and report.faithful_evenly is not None:
            right, faithful = (
                f"{100 * share:.1f} %" for share in (report.right_evenly, report.faithful_evenly)
            )
            yield "if z were even to 8", f"{right} correctly rounded, {faithful} faithful"
        quantiles = (report.median_ulp, report.p95_ulp, report.p99_ulp)
        yield "median, 95 %, 99 %", ", ".join(f"{_ulps(x, 3)}" for x in quantiles)
    if report.kink_points:
        yield "at a kink", f"{_count(report.kink_points, 'point')}, where several values are right"
    for name, failure in report.failures.items():
        if failure.count and failure.first_z is not None:
            yield (
                name.replace("_", " "),
                f"{failure.count:,}, first at {report.variable} = {formats.z_text(failure.first_z)}",
            )
    if report.out_of_range:
        yield "beyond the range", _count(report.out_of_range, "point")
    if report.monotone is False:
        yield "monotone", "no"
    if report.farthest_within_atol is not None:
        yield "within atol alone", floor_text(report).partition("(")[2].replace("): ", ": ")
    rtol = "none" if report.rtol_needed is None else f"{report.rtol_needed:.3g}"
    yield "passes at rtol", f"{rtol} (atol 0)"
    yield "limit", report.judge.text("or", formats.unit)
    if options:
        yield "options", options
    if file:
        yield "file", quote(file, 200)[1:-1]
    yield "actcalc", __version__
