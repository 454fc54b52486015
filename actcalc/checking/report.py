"""Reports on values compared with the right ones: ``check`` makes one, ``audit`` one for each row."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Context, Decimal
from typing import Any, NamedTuple

from actcalc._version import __version__
from actcalc.activations.declaration import Quantity, prime
from actcalc.checking.agreement import Agreement
from actcalc.checking.decades import Decade
from actcalc.checking.failures import BEYOND, BREAKING, KINDS, REASONS, say_counts
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
    """Infinite if one of them is NaN, and if z is infinite and its limit another."""
    floats_apart: int | None
    """None if one of them is NaN."""


@dataclass(frozen=True)
class Failure:
    """The number of points of a kind, and the first z among them; in ``audit`` the one nearest to 0."""

    count: int = 0
    first_z: float | None = None
    worst: Pair | None = None
    """The point with the largest error, if such points fail."""


@dataclass(frozen=True, repr=False)
class Report:
    """A report on the errors of values, in ulps as ``actcalc.numbers.ulp`` defines them.

    In an integer format z and values are codes, and an ulp is one code.

    None stands for anything that does not apply, or that ``check`` or ``audit`` does not compute. An infinity
    counts as the number one step beyond the largest. If one value is NaN, or z is infinite and its limit
    another, there is no error: such points count among the failures and in the last bucket, but not in the
    maximum, the mean and the quantiles, which are None if no other points are left. A quantile is the least
    error that at least this share of the points does not exceed, rounded to three significant digits, ties to
    even; errors below 1e-9 count as 0, and none for more than 1e200.
    """

    activation: str
    parameters: Mapping[str, str]
    """The parameters used, as they were written."""
    of: Quantity
    dtype: str
    points: int = 0
    """The number of points compared, without those that are ``unsettled``."""
    correctly_rounded: int = 0
    faithful: int = 0
    """Points whose value is the exact one or one of its two neighbours."""
    right_evenly: float | None = None
    """The share of correctly rounded values if z were spread evenly over [-8, 8]; None without z there."""
    faithful_evenly: float | None = None
    largest: Pair | None = None
    """The first point with the largest error."""
    largest_normal: Pair | None = None
    """The first point with the largest error where a normal number is right."""
    largest_near: Pair | None = None
    """The point with the largest error at z from -10 to 10."""
    largest_at_zero: float | None = None
    """The largest absolute value where exactly 0 is right."""
    within_atol: int = 0
    """Points that pass only by ``atol``; the largest errors leave them out."""
    wrong_sign_within_atol: int = 0
    farthest_within_atol: Pair | None = None
    """The one among them whose value is farthest from the right one."""
    rtol_needed: float | None = None
    """The relative tolerance, rounded up to three digits, by which all would pass; None if none would do."""
    mean_ulp: float | None = None
    median_ulp: float | None = None
    p95_ulp: float | None = None
    p99_ulp: float | None = None
    bias_ulp: float | None = None
    """The mean signed error where the right value is a normal number; None if it is one nowhere."""
    failures: Mapping[str, Failure] = field(default_factory=dict)
    """By ``failures.KINDS``; empty if nothing could be run. All but zeros of the wrong sign make it fail."""
    reasons: Mapping[str, Failure] = field(default_factory=dict)
    """The reasons for which points fail, by ``failures.REASONS``."""
    zero_where_subnormal: int | None = None
    subnormal_taken_for_zero: int | None = None
    """Points with subnormal z whose value is within an ulp of that at 0, and nearer to it."""
    out_of_range: int | None = None
    """Points outside the range of g; None for a slope."""
    monotone: bool | None = None
    """Whether values are monotone in z, as g is; None if g is not."""
    position_dependent: int | None = None
    """Points whose value depends on the length of the array and the place in it."""
    dtype_returned: str | None = None
    """The dtype of results, if it is not the one due."""
    kink: str | None = None
    """The values of an implementation at kinks."""
    limits: tuple[str, ...] = ()
    """The wrong values at infinities and NaN, in words."""
    verdict: str = "right"
    """One of VERDICTS."""
    passed: bool = True
    message: str = ""
    """The reasons why it fails, and other remarks."""
    buckets: Mapping[str, int] = field(default_factory=dict)
    """Points by ``tally.BUCKETS``."""
    ranges: tuple[Decade, ...] = ()
    """The decades of z that occur, in ascending order."""
    kink_points: int = 0
    """Points at a kink or jump, where several values are right."""
    judge: Judge = WITHIN_AN_ULP
    beyond: int = 0
    """Points with a finite error that is too large for the judge."""
    worst: tuple[Pair, ...] = ()
    """The worst points, as many as asked for, the worst first."""
    profile: tuple[Spot, ...] = ()
    """The errors for a picture, if one was asked for."""
    agreement: Agreement | None = None
    """The agreement under a relative tolerance, if there is one."""
    variable: str = "z"
    """The name of the points: a if they are values of g."""
    guess: str = ""
    """A guess at how wrong values were computed, which ``actcalc check`` makes for few points."""
    target: str = ""
    label: str = ""
    """The activation as people see it, with its parameters unless they are the defaults."""
    out_dtype: str = ""
    """The format of the values, and of the ulps; empty if it is ``dtype``, the format of z."""
    rounding: str = "nearest"
    """The direction in which right values are rounded."""
    overflow: str | None = None
    """The rule for results beyond the largest number; None for that of the format."""

    def __str__(self) -> str:
        """The text that ``actcalc check`` prints, at most 80 columns wide."""
        return written("table", document(self), width=80).rstrip("\n")

    def _repr_html_(self) -> str:
        """The text that ``actcalc check`` prints, for a notebook."""
        return written("html", document(self))

    def __repr__(self) -> str:
        outcome = "passed" if self.passed else "FAILED"
        return f"<Report {self.activation} {self.of} in {self.formats.name}: {self.points} points, {outcome}>"

    def to_dict(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return as_object(self) if self.target else as_object_of_check(self)

    @property
    def formats(self) -> Formats:
        """The formats of z and of the values."""
        return formats_of(self.dtype, self.out_dtype, self.rounding, self.overflow)

    @property
    def max_ulp(self) -> float | None:
        """The largest finite error; None if there is none."""
        return None if self.largest is None else self.largest.ulps

    @property
    def max_ulp_z_hex(self) -> str | None:
        """The z of the largest error, as a hexadecimal float, or the bit pattern of a code."""
        return None if self.largest is None else hexadecimal(self.largest.z, self.formats.z)

    @property
    def badness(self) -> tuple[int, int, float]:
        """A key to sort reports by: failures first, the worst before the others."""
        return (self.passed, VERDICTS.index(self.verdict), 0 if self.largest is None else -self.largest.ulps)


def report_of(measure: Measure, tally: Tally, judge: Judge) -> Report:
    """The report of a tally, with the measure and the judge that made it."""
    f, of, ruler = measure.f, measure.of, measure.ruler
    tally, n = tally.exact(measure.error), tally.counts
    quantiles = tally.histogram.quantiles(SHARES, measure.exceeds)
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
    "ulp: the distance between neighbouring floats at the exact value; rounding alone costs up to 0.5",
    "faithful: the exact value itself, or one of the two floats next to it",
    "bias: the mean of the signed errors; near 0 if they go both ways",
)
_WORDS_OF_CODES = (
    "errors: the distance from the exact value in codes; rounding alone costs up to 0.5",
    "faithful: the exact value itself, or one of the two codes next to it",
    _WORDS[2],
)
"""Words of the report, for those who meet them first."""


def _in_units(column: Column, formats: Formats) -> Column:
    """A column whose title names the unit of errors and the kind of neighbours."""
    if formats.unit == "ulp":
        return column
    title = (column.title or column.name).replace("ulps", "codes").replace("floats", "codes")
    return column._replace(title=title)


def document(
    report: Report,
    note: str = "",
    file: str = "",
    options: str = "",
    every_range: bool = False,
    explains: bool = False,
) -> Document:
    """The report of ``check``; for people also the verdict, and a note if there is one.

    It names the ``file`` and the ``options`` used; with ``every_range`` it shows all decades of z, and if it
    ``explains``, it defines its words at the end.
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
    """A line that says whether the checked values pass, and if not, why."""
    agreement = report.agreement
    said = "" if agreement is None else "; ".join(agreement.text(report.formats, report.variable))
    if not report.passed:
        # Other reasons, such as zeros of the wrong sign, have their own words.
        return f"FAILED: {said if agreement is not None and agreement.wrong else report.message}"
    if report.correctly_rounded == report.points:
        return "passed: all points are correctly rounded"
    off = f"no point is off by more than {report.judge.text('or', report.formats.unit)}"
    return f"passed: {said}; {off}" if said else f"passed: {off}"


def against(report: Report) -> str:
    """The reasons why checked values fail, as a sentence; empty if they pass."""
    strict = report.judge.strict_zero
    kinds = [
        (failure.count, kind) for kind, failure in report.failures.items() if strict or kind != "zero_sign"
    ]
    return say_counts([(report.beyond, _beyond(report)), *((n, KINDS[kind].words) for n, kind in kinds)])


def _beyond(report: Report) -> str:
    judge = report.judge
    is_rounding = judge.rtol is None and 2 * judge.max_ulp == 1 and not judge.atol
    largest = judge.text("and", report.formats.unit)
    return "not correctly rounded" if is_rounding else f"off by more than {largest}"


def floor_text(report: Report) -> str:
    """The number of points that pass only by ``atol``, and the one farthest from the right value."""
    far = report.farthest_within_atol
    if far is None:
        return ""
    sign = f", {report.wrong_sign_within_atol} of the wrong sign" if report.wrong_sign_within_atol else ""
    off = f"{_distance(far, report.formats):.3g} at z = {report.formats.z_text(far.z)}"
    return f"passed by atol alone ({report.within_atol}{sign}): at most {off}"


def _distance(point: Pair, formats: Formats) -> float:
    """The distance of a value from the right one, as numbers even if they are codes."""
    off = abs(point.got - point.right)
    return off if isinstance(formats.out.fmt, Format) else Ruler(formats.out).size_of(off)


def reason_text(reason: str, report: Report) -> str:
    """A reason for which points fail, with their number and the worst of them."""
    failure, formats = report.reasons[reason], report.formats
    label = _beyond(report) if reason == BEYOND else KINDS[reason].label
    text = f"{label} ({failure.count})"
    if reason == "zero_where_normal" and failure.first_z is not None:
        text += f", from z = {formats.z_text(failure.first_z)} on"
    worst = failure.worst
    if worst is not None:
        off = f" ({_ulps(worst.ulps, 3)} {formats.unit}s)" if math.isfinite(worst.ulps) else ""
        z, got, right = formats.texts(*worst[:3])
        text += f": {got} at z = {z}, not {right}{off}"
    return text


def as_object(report: Report) -> dict[str, Any]:
    """A report as a JSON object, whose keys are part of the program's interface."""
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
    """A point as a JSON object, with exact numbers and their bits."""
    return {
        **_value("z", point.z, formats.z),
        "z_hex": hexadecimal(point.z, formats.z),
        **_value("got", point.got, formats.out.fmt),
        **_value("right", point.right, formats.out.fmt),
        "ulps": point.ulps,
        "floats_apart": point.floats_apart,
    }


def as_object_of_check(report: Report, file: str = "") -> dict[str, Any]:
    """The report of ``check`` as a JSON object, which also has keys of earlier versions."""
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
    """Objects as rows, with a column for each class of a histogram, and without lists of objects."""
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
    """The items of a value, if there is one, under a name: the number, and its bits."""
    if x is None:
        return {name: None, f"{name}_bits": None}
    return {name: plain_number(x, fmt), f"{name}_bits": bits_text(x, fmt)}


def _round(x: float | None, digits: int = 6) -> float | None:
    return None if x is None else float(f"{x:.{digits}g}")


def _rounded_up(x: float) -> float | None:
    """``x`` rounded up to three digits; None for infinity."""
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
    """The errors by ranges of z: every decade with its mean error, or fewer ranges."""

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
    """The range of z of some neighbouring decades; it includes the ends nearer to 0."""
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
    return "no finite error" if r.max_ulp is None else f"at most {_ulps(r.max_ulp, 4)}"


_MOST_RUNS = 6


def _runs(ranges: Sequence[Decade]) -> list[Decade]:
    """Decades merged into at most _MOST_RUNS ranges: first those all right, then those most alike.

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
            yield "for normal numbers", f"{_ulps(normal.ulps)} {units}, {at}"
    if report.mean_ulp is not None:
        yield "mean error", f"{_ulps(report.mean_ulp)} {units}"
        if report.bias_ulp is not None:
            yield "bias", f"{_ulps(report.bias_ulp, 3)} {units}"
        if report.right_evenly is not None and report.faithful_evenly is not None:
            right, faithful = (
                f"{100 * share:.1f} %" for share in (report.right_evenly, report.faithful_evenly)
            )
            yield "z evenly in [-8, 8]", f"{right} correctly rounded, {faithful} faithful"
        quantiles = (report.median_ulp, report.p95_ulp, report.p99_ulp)
        yield "median, 95 %, 99 %", ", ".join(f"{_ulps(x, 3)}" for x in quantiles)
    if report.kink_points:
        yield "at a kink", f"{_count(report.kink_points, 'point')}, where several values are right"
    for name, failure in report.failures.items():
        if failure.count and failure.first_z is not None:
            yield (
                KINDS[name].label,
                f"{failure.count:,}, first at {report.variable} = {formats.z_text(failure.first_z)}",
            )
    if report.out_of_range:
        yield "outside the range", _count(report.out_of_range, "point")
    if report.monotone is False:
        yield "monotone", "no"
    if report.farthest_within_atol is not None:
        yield "passed by atol", floor_text(report).partition("(")[2].replace("): ", ": ")
    rtol = "none" if report.rtol_needed is None else f"{report.rtol_needed:.3g}"
    yield "passes at rtol", f"{rtol} (atol 0)"
    yield "limit", report.judge.text("or", formats.unit)
    if options:
        yield "options", options
    if file:
        yield "file", quote(file, 200)[1:-1]
    yield "actcalc", __version__
