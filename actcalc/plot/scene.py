"""Parts of a picture: curves in unbroken segments, tangents, little triangles, levels."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

from actcalc.activations.activation import Activation
from actcalc.errors import Argument, spell_out
from actcalc.numbers.ranges import Grid
from actcalc.output.rows import FormulaText
from actcalc.plot.mathtext import Text

Point = tuple[float, float]
Segment = Sequence[Point]
"""Points joined by a line."""
Panels = Literal["one", "quantities", "functions"]
"""One panel for all, one for each of g, g' and so on, or one for each activation."""

MOST_POINTS = 100_000
"""The most points of a curve; no picture could show more."""
FARTHEST_Z = 1e100
"""The largest abs(z) in pictures: beyond it the arithmetic of drawing programs overflows."""
HIGHEST = 1e300
"""Values of this size and more are left out for the same reason."""


class Curve(NamedTuple):
    """A line in the picture, with breaks where it jumps."""

    label: str
    owner: int
    """The index of its activation, from 0."""
    order: int
    """The order of the derivative: g is solid, g' dashed, g'' has a dot between dashes, and so on."""
    segments: Sequence[Segment]
    dots: Sequence[Point] = ()
    """Single points that belong to it, at its breaks."""
    rings: Sequence[Point] = ()
    """Ends of segments that do not belong to it."""
    between: tuple[float, float] | None = None
    """The values to show of a curve that goes to infinity at a pole."""


class Tangent(NamedTuple):
    """A straight line through a point of g."""

    at: Point
    slope: float
    reach: float
    """Its extent to either side."""

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
    """Whether to shade the slopes between the two tangents."""
    triangle: Triangle | None
    text: str
    """The slope or slopes as a short text."""
    line: str
    """All about the mark, for a line below the picture."""

    @property
    def caption(self) -> str:
        """The slope or slopes, and the triangle as a quotient."""
        if self.triangle is None:
            return self.text
        return Text(self.text, f": height {self.triangle.height} / width {self.triangle.width}")


class Level(NamedTuple):
    """A horizontal line with a meaning."""

    y: float
    text: str
    is_shaded: bool = False
    """Whether to shade the area below it, as right."""


class Picture(NamedTuple):
    """A picture: all that there is to draw."""

    title: str
    x_label: str
    y_labels: Sequence[str]
    """The quantities drawn, each of which may have a panel."""
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    is_logarithmic: bool
    panels: Panels
    names: Sequence[str]
    curves: Sequence[Curve]
    marks: Sequence[Mark] = ()
    levels: Sequence[Level] = ()
    notes: Sequence[str] = ()
    limits: tuple[float, float] | None = None
    """The ends of y, if given."""

    @property
    def has_panels(self) -> bool:
        return self.panels != "one"

    def extent(self, curves: Iterable[Curve], marks: Iterable[Mark] = ()) -> tuple[float, float]:
        """The ends of y for these curves and marks."""
        return self.limits or extent(curves, marks)


def panels_for(count: int, by_quantity: bool = False) -> Panels:
    """The panels of a picture of ``count`` activations; one for each quantity if ``by_quantity``."""
    return "quantities" if by_quantity or count == 3 else "functions" if count > 3 else "one"


def by_owner(curves: Sequence[Curve]) -> list[list[Curve]]:
    """The curves of the first activation, those of the second, and so on."""
    owners = sorted({curve.owner for curve in curves})
    return [[curve for curve in curves if curve.owner == owner] for owner in owners]


def by_order(curves: Sequence[Curve]) -> list[list[Curve]]:
    """The curves of g, those of g', and so on."""
    orders = sorted({curve.order for curve in curves})
    return [[curve for curve in curves if curve.order == order] for order in orders]


def name(f: Activation) -> Text:
    """The name of ``f`` in a picture: as it was written, or with its parameters."""
    if f.is_declared:
        return Text(f.label if f.label != f.name else f.describe())
    parameters = f.describe().removeprefix(f.label)
    return Text(FormulaText(f.label), f" {parameters}" if parameters else "")


def lines_below(
    picture: Picture, spell: Callable[[Argument], str] = str, has_title: bool = True
) -> Iterator[str]:
    """The lines below a picture: a title of errors that it lacks, marks and notes, with arguments spelled."""
    if picture.is_logarithmic and not has_title:
        yield picture.title
    yield from (spell_out(mark.line, spell) for mark in picture.marks)
    yield from picture.notes


def extent(curves: Iterable[Curve], marks: Iterable[Mark] = ()) -> tuple[float, float]:
    """A range of y for all curves and tangents, with some margin."""
    ys = [y for curve in curves for y in curve.between or _heights(*curve.segments, curve.dots)]
    ys += [y for mark in marks for tangent in mark.tangents for _, y in tangent.ends]
    if not ys:
        return -1.0, 1.0
    low, high = min(ys), max(ys)
    span = high - low
    if span <= 1e-9 * max(abs(low), abs(high)):
        span = abs(high) or 1.0
    return low - 0.08 * span, high + 0.08 * span


def _heights(*parts: Iterable[Point]) -> Iterator[float]:
    return (y for part in parts for _, y in part)


def ends_of(points: Grid) -> tuple[Fraction, Fraction]:
    last = points.start + points.step * (points.count - 1)
    return min(points.start, last), max(points.start, last)
