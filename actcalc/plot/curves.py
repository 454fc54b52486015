"""The curves of g and its derivatives over a range."""

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from actcalc.activations.activation import Activation
from actcalc.activations.aside import SetAside
from actcalc.activations.declaration import QUANTITIES, Quantity, prime
from actcalc.errors import ActcalcError
from actcalc.evaluation.numbers import Floats
from actcalc.evaluation.table import quantities_upto
from actcalc.numbers.floats import FLOAT64, Format
from actcalc.numbers.ranges import Grid
from actcalc.output.rows import FormulaText
from actcalc.plot import scene
from actcalc.plot.marks import mark, mark_at
from actcalc.plot.mathtext import Text
from actcalc.plot.poles import find_poles, values_between
from actcalc.plot.scene import Curve, Picture, Point, Segment, ends_of, extent, name, panels_for
from actcalc.teaching.elsewhere import default_note


def draw_curves(
    fs: Sequence[Activation],
    points: Grid,
    at: Sequence[str] = (),
    at_kink: str = "least",
    panels: bool = False,
    upto: Quantity = "dg",
    limits: tuple[float, float] | None = None,
) -> Picture:
    """The curves of g, g' and so on ``upto`` a derivative over ``points``, with marks at the z in ``at``.

    A mark outside the range widens it. With three activations, or with ``panels``, g and g' have a panel
    each; with more activations each has one. ``limits`` are the ends of y, if given.

    Raises ActcalcError for a range or a mark that cannot be drawn.
    """
    floats_of(points, FLOAT64)  # refuses a range that cannot be drawn before it is widened
    marked = [mark_at(text) for text in at]
    zs = floats_of(widen(points, marked), FLOAT64)
    low, high = zs[0], zs[-1]
    curves: list[Curve] = []
    for owner, f in enumerate(fs):
        several = [name(f), " "] if len(fs) > 1 else []
        for of in quantities_upto(upto):
            curves.append(_curve(f, zs, owner, Text(*several, f"g{prime(of)}(z)"), of, at_kink))
    for curve in curves:
        if not curve.segments:
            raise ActcalcError(
                f"{curve.label} is beyond {scene.HIGHEST:g} over the whole range", "give another range"
            )
    y_range = limits or extent(curves)
    marks = [
        mark(f, owner, z, (low, high), y_range[1] - y_range[0], at_kink, len(fs) > 1)
        for z in marked
        for owner, f in enumerate(fs)
    ]
    return Picture(
        _title(fs),
        "z",
        [f"g{prime(of)}(z)" for of in quantities_upto(upto)],
        (low, high),
        limits or extent(curves, marks),
        False,
        panels_for(len(fs), panels),
        [name(f) for f in fs],
        curves,
        marks,
        notes=[note for f in fs if (note := default_note(f))],
        limits=limits,
    )


def _title(fs: Sequence[Activation]) -> str:
    """The formula; several activations are named in the legend, and have no title."""
    if len(fs) > 1:
        return ""
    (f,) = fs
    parts = [name(f), ": g(z) = ", FormulaText(f.declaration.g)] if f.is_declared else ["g(z) = ", name(f)]
    for short, meaning in f.declaration.where.items():
        if "z" in meaning:  # constants with all their digits are too long
            parts += [", ", FormulaText(f"{short} = {meaning}")]
    return Text(*parts)


def widen(points: Grid, marked: Iterable[Fraction]) -> Grid:
    """``points``, widened so that all marked ones lie between the ends.

    Steps stay as they are, unless there would be more points than a picture can show.
    """
    low, high = ends_of(points)
    first, last = min(low, *marked, low), max(high, *marked, high)
    step = abs(points.step)
    before, after = math.ceil((low - first) / step), math.ceil((last - high) / step)
    count = len(points) + before + after
    if before + after == 0:
        return points
    if count > scene.MOST_POINTS:
        return Grid(first, (last - first) / (len(points) - 1), len(points))
    return Grid(low - before * step, step, count)


def floats_of(points: Grid, fmt: Format) -> list[float]:
    """The points of a range as floats, from left to right.

    Raises ActcalcError if they are too many, too far out or too close together to be drawn.
    """
    if len(points) > scene.MOST_POINTS:
        raise ActcalcError(
            f"{len(points)} points are more than a picture can show: at most {scene.MOST_POINTS}"
        )
    ends = ends_of(points)
    if max(map(abs, ends)) > Fraction(scene.FARTHEST_Z):
        raise ActcalcError(f"a picture goes to {scene.FARTHEST_Z:g} at most")
    zs = sorted({fmt.round_exact(z) for z in points})
    zs = [z for z in zs if math.isfinite(z)]
    span = zs[-1] - zs[0] if zs else 0
    if span <= 1e-6 * max(map(abs, zs), default=0) or span < 1 / scene.FARTHEST_Z:
        start, stop = (FLOAT64.text(FLOAT64.round_exact(end)) for end in ends)
        empty = "empty" if start == stop else "too narrow to draw"
        raise ActcalcError(f"the range from {start} to {stop} is {empty}", "give ends further apart")
    return zs


def _curve(f: Activation, zs: Sequence[float], owner: int, label: str, of: Quantity, at_kink: str) -> Curve:
    breaks, dots, rings = [], [], []
    for kink in f.kinks_among(zs, of):
        if of == "g" and not kink.is_jump:
            continue
        left, right = kink.sides(of, FLOAT64)
        breaks.append((kink.z, left, right))
        chosen = f.derivative_at(kink.z, of, FLOAT64, at_kink)
        if chosen is not None:
            dots.append((float(kink.z), chosen))
        rings += [(float(kink.z), side) for side in {left, right} if side != chosen]

    def values(zs: Sequence[float]) -> list[float]:
        return list(map(float, Floats().derivative(f, zs, of, SetAside(), at_kink)))

    ys = values(zs)
    poles = find_poles(values, zs, ys)
    segments = [part for whole in _segments(zs, ys, breaks) for part in _parted(whole, poles)]
    between = values_between(zs, ys, poles)
    return Curve(label, owner, QUANTITIES.index(of), segments, dots, _inside(rings, zs), between)


def _inside(points: Iterable[Point], zs: Sequence[float]) -> list[Point]:
    return sorted({(x, y) for x, y in points if zs[0] <= x <= zs[-1]})


def _parted(segment: Segment, poles: Sequence[float]) -> Iterator[Segment]:
    """The parts of a segment on either side of poles."""
    for pole in poles:
        before = [point for point in segment if point[0] < pole]
        if len(before) > 1:
            yield before
        segment = segment[len(before) :]
    if len(segment) > 1:
        yield segment


def _segments(
    zs: Sequence[float], ys: Sequence[float], breaks: Sequence[tuple[Fraction, float, float]]
) -> list[Segment]:
    """The points as segments; at each break, a z with the limits on both sides, one ends and one begins."""
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
            if abs(y) < scene.HIGHEST:
                segments[-1].append((z, y))
            elif segments[-1]:
                segments.append([])
    return [segment for segment in segments if len(segment) > 1]
