"""What is to be drawn: curves in unbroken segments, tangents, little triangles, errors in ulps."""

import math
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from actcalc.activations.activation import Activation
from actcalc.activations.kinks import Kink
from actcalc.activations.notes import kind_of_slopes, used_note
from actcalc.arithmetic.exact import Formula, evaluate
from actcalc.errors import ActcalcError
from actcalc.evaluation.numbers import Floats
from actcalc.numbers.digits import Digits
from actcalc.numbers.floats import FLOAT64, Format
from actcalc.numbers.numerals import Numeral, exact_text, finite_decimal
from actcalc.numbers.ranges import Grid
from actcalc.teaching.facts import summary
from actcalc.teaching.textbook import TextbookSlope

Point = tuple[float, float]
Segment = Sequence[Point]
"""Points to be joined by a line."""

MOST_POINTS = 100_000
"""Points that a curve may have; no picture shows more."""
FARTHEST = 1e100
"""Pictures end here: beyond it a drawing program's own arithmetic would overflow."""
HIGHEST = 1e300
"""Values of this size and more are left out, for the same reason."""


class Curve(NamedTuple):
    """A line in the picture, with breaks where it jumps."""

    label: str
    owner: int
    """Which of the activations it belongs to, from 0."""
    dashed: bool
    segments: Sequence[Segment]
    dots: Sequence[Point] = ()
    """Single points that belong to it, at its breaks."""
    rings: Sequence[Point] = ()
    """Ends of segments that do not belong to it."""


class Tangent(NamedTuple):
    """A straight line through a point of g."""

    at: Point
    slope: float
    reach: float
    """How far it goes to either side."""

    @property
    def ends(self) -> tuple[Point, Point]:
        (x, y), dx = self.at, self.reach
        return (x - dx, y - self.slope * dx), (x + dx, y + self.slope * dx)


class Triangle(NamedTuple):
    """The little triangle: its height over its width is the slope."""

    corners: tuple[Point, Point, Point]
    """The left end of its width, the right end, and the other end of its height."""
    width: str
    height: str
    slope: str


class Mark(NamedTuple):
    """A point of g with its tangent and triangle, or at a kink with two one-sided tangents."""

    owner: int
    at: Point
    tangents: Sequence[Tangent]
    is_shaded: bool
    """Whether the slopes between the two tangents are to be shaded."""
    triangle: Triangle | None
    text: str
    """The slope or slopes, for the place beside the point."""
    line: str
    """All about it, for a line below."""


class Level(NamedTuple):
    """A horizontal line with a meaning."""

    y: float
    text: str


class Picture(NamedTuple):
    """All that is to be drawn."""

    title: str
    x_label: str
    y_label: str
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    is_logarithmic: bool
    names: Sequence[str]
    curves: Sequence[Curve]
    marks: Sequence[Mark] = ()
    levels: Sequence[Level] = ()
    notes: Sequence[str] = ()


def name(f: Activation) -> str:
    """The name that stands for ``f`` in a picture: as it was written, or with the parameters in force."""
    return f.label if f.label != f.name else f.describe()


def draw_curves(
    fs: Sequence[Activation], points: Grid, at: Sequence[str] = (), at_kink: str = "least"
) -> Picture:
    """The curves of g and g' over ``points``, with marks at the z written in ``at``.

    Raises ActcalcError for a range or a mark that cannot be drawn.
    """
    zs = _floats(points, FLOAT64)
    low, high = zs[0], zs[-1]
    marked = [_mark_at(text, points) for text in at]
    curves: list[Curve] = []
    for owner, f in enumerate(fs):
        several = f"{name(f)} " if len(fs) > 1 else ""
        curves.append(_curve_of_g(f, zs, owner, several + "g(z)"))
        curves.append(_curve_of_dg(f, zs, owner, several + "g'(z)", at_kink))
    for curve in curves:
        if not curve.segments:
            raise ActcalcError(
                f"{curve.label} is beyond {HIGHEST:g}, all over the range", "give another range"
            )
    y_range = range_of(curves)
    marks = [
        _mark(f, owner, z, (high - low, y_range[1] - y_range[0]), at_kink, len(fs) > 1)
        for z in marked
        for owner, f in enumerate(fs)
    ]
    return Picture(
        _title(fs),
        "z",
        "g(z), g'(z)",
        (low, high),
        range_of(curves, marks),
        False,
        [name(f) for f in fs],
        curves,
        marks,
        notes=[note for f in fs if (note := used_note(f))],
    )


def draw_errors(fs: Sequence[Activation], points: Grid, fmt: Format) -> Picture:
    """How far the textbook's slopes are from the right ones, in ulps of the format.

    Raises ActcalcError for a range that cannot be drawn.
    """
    zs = _floats(points, fmt)
    textbooks = [TextbookSlope(f, fmt) for f in fs]
    lost = math.ldexp(1.0, fmt.precision)
    floor, top = 2.0**-7, lost * 8
    curves = []
    for owner, (f, textbook) in enumerate(zip(fs, textbooks, strict=True)):
        errors = [(z, textbook.error(z)) for z in zs]
        seen = [(z, min(error, top)) for z, error in errors if not math.isnan(error)]
        what = f"{name(f)}: {'from a, ' if textbook.is_from_a else ''}{_short(textbook.text)}"
        if all(error == 0 for _, error in seen):
            what += " (exact everywhere)"
        curves.append(Curve(what, owner, False, [[(z, max(error, floor)) for z, error in seen]]))
    levels = [
        Level(0.5, "half an ulp: correctly rounded"),
        Level(math.sqrt(lost), "half the digits lost"),
        Level(lost, "all digits lost"),
    ]
    return Picture(
        f"Error of the textbook slope in {fmt}, every operation correctly rounded",
        "z",
        "error in ulps",
        (zs[0], zs[-1]),
        (floor, top),
        True,
        [name(f) for f in fs],
        curves,
        levels=levels,
        notes=[note for f in fs if (note := used_note(f))],
    )


def _title(fs: Sequence[Activation]) -> str:
    if len(fs) == 1:
        (f,) = fs
        return f"{name(f)}: g(z) = {summary(f.declaration)[3]}"
    return ", ".join(name(f) for f in fs)


def _short(text: str, limit: int = 40) -> str:
    return text if len(text) <= limit else text[: limit - 3] + "..."


# The range.


def _floats(points: Grid, fmt: Format) -> list[float]:
    """The points of a range as floats, from left to right.

    Raises ActcalcError if they are too many, too far out or too close together to be drawn.
    """
    if len(points) > MOST_POINTS:
        raise ActcalcError(f"{len(points)} points are more than a picture can show: at most {MOST_POINTS}")
    ends = _ends(points)
    if max(map(abs, ends)) > Fraction(FARTHEST):
        raise ActcalcError(f"a picture goes to {FARTHEST:g} at most")
    zs = sorted({fmt.round_exact(z) for z in points})
    zs = [z for z in zs if math.isfinite(z)]
    span = zs[-1] - zs[0] if zs else 0
    if span <= 1e-6 * max(map(abs, zs), default=0) or span < 1 / FARTHEST:
        start, stop = (FLOAT64.text(FLOAT64.round_exact(end)) for end in ends)
        empty = "empty" if start == stop else "too narrow to draw"
        raise ActcalcError(
            f"the range from {start} to {stop} is {empty}", "give --from and --to further apart"
        )
    return zs


def _ends(points: Grid) -> tuple[Fraction, Fraction]:
    last = points.start + points.step * (points.count - 1)
    return min(points.start, last), max(points.start, last)


def range_of(curves: Iterable[Curve], marks: Iterable[Mark] = ()) -> tuple[float, float]:
    """A range of y that holds all curves and tangents, and some space."""
    points = [point for curve in curves for part in (*curve.segments, curve.dots) for point in part]
    points += [end for mark in marks for tangent in mark.tangents for end in tangent.ends]
    if not points:
        return -1.0, 1.0
    ys = [y for _, y in points]
    low, high = min(ys), max(ys)
    span = high - low
    if span <= 1e-9 * max(abs(low), abs(high)):
        span = abs(high) or 1.0
    return low - 0.08 * span, high + 0.08 * span


# The curves.


def _curve_of_g(f: Activation, zs: Sequence[float], owner: int, label: str) -> Curve:
    breaks, dots, rings = [], [], []
    for kink in _within(f.kinks, zs):
        if kink.is_jump:
            sides = [(float(kink.z), y) for y in kink.sides("g", FLOAT64)]
            value = (float(kink.z), f.value(kink.z, FLOAT64))
            breaks.append((kink.z, sides[0][1], sides[1][1]))
            dots.append(value)
            rings += [side for side in sides if side != value]
    segments = _segments(zs, list(map(float, Floats().g(f, zs))), breaks)
    return Curve(label, owner, False, segments, dots, _inside(rings, zs))


def _curve_of_dg(f: Activation, zs: Sequence[float], owner: int, label: str, at_kink: str) -> Curve:
    breaks, dots, rings = [], [], []
    for kink in _within(f.kinks, zs):
        left, right = kink.sides("dg", FLOAT64)
        breaks.append((kink.z, left, right))
        chosen = f.slope(kink.z, FLOAT64, at_kink)
        if chosen is not None:
            dots.append((float(kink.z), chosen))
        rings += [(float(kink.z), side) for side in {left, right} if side != chosen]
    segments = _segments(zs, list(map(float, Floats().dg(f, zs, at_kink))), breaks)
    return Curve(label, owner, True, segments, dots, _inside(rings, zs))


def _within(kinks: Iterable[Kink], zs: Sequence[float]) -> list[Kink]:
    return [kink for kink in kinks if zs[0] <= kink.z <= zs[-1]]


def _inside(points: Iterable[Point], zs: Sequence[float]) -> list[Point]:
    return sorted({(x, y) for x, y in points if zs[0] <= x <= zs[-1]})


def _segments(
    zs: Sequence[float], ys: Sequence[float], breaks: Sequence[tuple[Fraction, float, float]]
) -> list[Segment]:
    """The points as segments: each break, a z with the limits on either side, ends one and begins one."""
    segments: list[list[Point]] = [[]]
    rest = list(breaks)
    for z, y in zip(zs, ys, strict=True):
        while rest and rest[0][0] <= z:
            at, left, right = rest.pop(0)
            if segments[-1]:
                segments[-1].append((float(at), left))
            segments.append([(float(at), right)])
            if at == z:
                break
        else:
            if abs(y) < HIGHEST:
                segments[-1].append((z, y))
            elif segments[-1]:
                segments.append([])
    return [segment for segment in segments if len(segment) > 1]


# Marks.


class _Short:
    """Numbers as short texts: ``= 0.25`` if that is the number, ``~ 0.419974`` if it is rounded."""

    digits = 8
    _rounding = Digits(6)
    _nothing = Decimal("1e-1000")

    def round_exact(self, value: Fraction) -> str:
        rounded = self._rounding.round_exact(value)
        if Fraction(rounded) == value:
            return f"= {exact_text(value)}"
        return f"~ {self._rounding.text(rounded)}"

    def round_between(self, low: Decimal, high: Decimal) -> str | None:
        if max(low.copy_abs(), high.copy_abs()) < self._nothing:
            return "~ 0"
        rounded = self._rounding.round_between(low, high)
        return None if rounded is None else f"~ {self._rounding.text(rounded)}"


_SHORT = _Short()


def _number(text: str) -> str:
    """Of ``= 0.25`` the number."""
    return text[2:]


def _mark_at(text: str, points: Grid) -> Fraction:
    """The z written ``text``, exactly. Raises ActcalcError if it is none or outside the range."""
    try:
        z = Numeral(text).exact()
    except ActcalcError as error:
        raise ActcalcError(f"--at: {error}", error.hint) from None
    low, high = _ends(points)
    if not low <= z <= high:
        shown = " to ".join(FLOAT64.text(FLOAT64.round_exact(end)) for end in (low, high))
        side = f"--from {text}" if z < low else f"--to {text}"
        raise ActcalcError(f"--at {text} is outside the range from {shown}", f"a wider one: {side}")
    return z


def _mark(
    f: Activation, owner: int, z: Fraction, spans: tuple[float, float], at_kink: str, with_name: bool
) -> Mark:
    at = (float(z), f.value(z, FLOAT64))
    kink = f.kink_at(z)
    of = f"{name(f)} " if with_name else ""
    where = f"at z = {exact_text(z)}" if finite_decimal(z) is not None else f"at z = {float(z)!r}"
    g = FLOAT64.text(at[1])
    if kink is not None:
        return _mark_at_kink(f, owner, kink, at, spans, at_kink, of, f"{of}{where}: g = {g}")
    slope = f.slope(z, FLOAT64)
    assert slope is not None
    formula = f.piece_at(z).dg
    text = f"{of}g'({exact_text(z)}) {evaluate(formula, z, _SHORT)}"
    triangle = _triangle(formula, z, at, slope, spans, leftwards=owner % 2 == 1)
    line = (
        f"{of}{where}: g = {g}, g' = {FLOAT64.text(slope)}; "
        f"triangle: height {triangle.height} / width {triangle.width} = slope {triangle.slope}"
    )
    return Mark(owner, at, [_tangent(at, slope, spans)], False, triangle, text, line)


def _mark_at_kink(
    f: Activation,
    owner: int,
    kink: Kink,
    at: Point,
    spans: tuple[float, float],
    at_kink: str,
    of: str,
    line: str,
) -> Mark:
    left, right = kink.sides("dg", FLOAT64)
    starts = [(at[0], y) for y in kink.sides("g", FLOAT64)] if kink.is_jump else [at, at]
    tangents = [_tangent(start, slope, spans) for start, slope in zip(starts, (left, right), strict=True)]
    shown = [side.removeprefix("= ") for side in kink.sides("dg", _SHORT)]
    chosen = f.slope(kink.z, FLOAT64, at_kink)
    texts = [FLOAT64.text(x) for x in (left, right)]
    returned = "nan" if chosen is None else FLOAT64.text(chosen)
    line += (
        f", {kind_of_slopes(kink)} {texts[0]} (left) to {texts[1]} (right);"
        f" g' is undefined, returned {returned} (--at-kink {at_kink})"
    )
    text = f"{of}slope {shown[0]} on the left\n{of}slope {shown[1]} on the right"
    if kink.is_jump:
        text = f"{of}jumps\n{text}" if of else f"a jump\n{text}"
    return Mark(owner, at, tangents, not kink.is_jump, None, text, line)


def _tangent(at: Point, slope: float, spans: tuple[float, float]) -> Tangent:
    reach = spans[0] * 0.2
    if abs(slope) * reach > spans[1] / 2:
        reach = spans[1] / 2 / abs(slope)
    return Tangent(at, slope, reach)


def _triangle(
    formula: Formula, z: Fraction, at: Point, slope: float, spans: tuple[float, float], leftwards: bool
) -> Triangle:
    """The triangle from the point to the right, or under the tangent to the left of it."""
    largest = spans[0] / 8
    if abs(slope) * largest > spans[1] / 3:
        largest = spans[1] / 3 / abs(slope)
    width = _round_number(largest)
    height = evaluate(lambda m, x: width * formula(m, x), z, _SHORT)
    x, y = at
    dx, dy = float(width), slope * float(width)
    if leftwards:
        x, y = x - dx, y - dy
    corners = (x, y), (x + dx, y), (x + dx, y + dy)
    return Triangle(corners, exact_text(width), _number(height), _number(evaluate(formula, z, _SHORT)))


def _round_number(largest: float) -> Fraction:
    """The greatest of 1, 2 and 5 times a power of ten that is no more than ``largest``."""
    power = Fraction(10) ** math.floor(math.log10(largest))
    return next(n * power for n in (5, 2, 1) if n * power <= Fraction(largest) or n == 1)


def lines_below(picture: Picture) -> Iterator[str]:
    """What is to be said below a picture: the marks in full, then notes."""
    yield from (mark.line for mark in picture.marks)
    yield from picture.notes
