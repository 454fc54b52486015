"""Parts of a picture: curves in unbroken segments, tangents, little triangles, levels."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from actcalc.activations.activation import Activation
from actcalc.errors import Argument, spell_out
from actcalc.numbers.ranges import Grid

Point = tuple[float, float]
Segment = Sequence[Point]
"""Points to be joined by a line."""

MOST_POINTS = 100_000
"""Points that a curve may have; no picture shows more."""
FARTHEST_Z = 1e100
"""Pictures end here: beyond it a drawing program's own arithmetic would overflow."""
HIGHEST = 1e300
"""Values of this size and more are left out, for the same reason."""


class Curve(NamedTuple):
    """A line in the picture, with breaks where it jumps."""

    label: str
    owner: int
    """Which of the activations it belongs to, from 0."""
    order: int
    """That of the derivative it shows: g is solid, g' dashed, g'' has a dot between dashes, and so on."""
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
    """The slope or slopes, in short."""
    line: str
    """All about it, for a line below."""

    @property
    def caption(self) -> str:
        """The slope or slopes, and the triangle as a quotient."""
        if self.triangle is None:
            return self.text
        return f"{self.text}: height {self.triangle.height} / width {self.triangle.width}"


class Level(NamedTuple):
    """A horizontal line with a meaning."""

    y: float
    text: str


class Picture(NamedTuple):
    """All that is to be drawn."""

    title: str
    x_label: str
    y_labels: Sequence[str]
    """The quantities that are drawn, each of which may have a panel."""
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    is_logarithmic: bool
    has_panels: bool
    """Whether g, g' and so on are drawn one above the other."""
    names: Sequence[str]
    curves: Sequence[Curve]
    marks: Sequence[Mark] = ()
    levels: Sequence[Level] = ()
    notes: Sequence[str] = ()


def by_order(curves: Sequence[Curve]) -> list[list[Curve]]:
    """The curves of g, those of g', and so on."""
    orders = sorted({curve.order for curve in curves})
    return [[curve for curve in curves if curve.order == order] for order in orders]


def name(f: Activation) -> str:
    """The name that stands for ``f`` in a picture: as it was written, or with the parameters in force."""
    return f.label if f.label != f.name else f.describe()


def lines_below(picture: Picture, spell: Callable[[Argument], str] = str) -> Iterator[str]:
    """The lines below a picture: titles of errors, marks with arguments spelled so, and notes."""
    if picture.is_logarithmic:
        yield picture.title
    yield from (spell_out(mark.line, spell) for mark in picture.marks)
    yield from picture.notes


def extent(curves: Iterable[Curve], marks: Iterable[Mark] = ()) -> tuple[float, float]:
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


def ends_of(points: Grid) -> tuple[Fraction, Fraction]:
    last = points.start + points.step * (points.count - 1)
    return min(points.start, last), max(points.start, last)
