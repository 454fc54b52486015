"""Pictures as SVG, PNG or PDF, drawn with matplotlib."""

import logging
import math
import textwrap
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from actcalc.errors import ActcalcError, InputError, quote
from actcalc.output.files import writing
from actcalc.plot.looks import DARK, LIGHT, Look
from actcalc.plot.mathtext import Typeset, typeset
from actcalc.plot.scene import Curve, Mark, Panels, Picture, Point, Triangle, by_order, by_owner

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend
    from matplotlib.lines import Line2D
    from matplotlib.transforms import Bbox

SUFFIXES = (".svg", ".png", ".pdf")
WIDTH, WIDTH_OF_PANEL = 8, 2.6
"""The width of a picture in inches, unless many panels need more; pixels per inch follow from it."""
SIZE = (1600, 1000)
LEAST_INCHES = (3, 2)
"""The least size, which has room for axes and their texts."""
LEAST_DPI = 60
"""The least resolution at which texts of panels are legible."""
LEAST_AXES = (0.9, 0.55)
"""The least size of the axes of a panel in inches."""

_MOST_CAPTIONS = 12


_MARKERS = "os^Dv*P"
"""Markers that tell activations apart without colour."""


def check_suffix(path: str) -> str:
    """The suffix of ``path``, if it is one of SUFFIXES; raises ActcalcError otherwise."""
    suffix = Path(path).suffix.lower()
    if suffix in SUFFIXES:
        return suffix
    has = f"unknown suffix {quote(suffix)}" if suffix else "no suffix"
    raise ActcalcError(f"{quote(path)} has {has}", f"a picture's name ends in {', '.join(SUFFIXES)}")


def check_title(text: str) -> Typeset:
    """A title in mathtext. Raises ActcalcError if it is malformed, InputError without matplotlib."""
    load()
    from matplotlib.cbook import is_math_text
    from matplotlib.mathtext import MathTextParser

    if is_math_text(text):
        try:
            MathTextParser("path").parse(text)
        except ValueError:
            raise ActcalcError(
                f": {quote(text)} cannot be typeset",
                "write formulas between dollars: $g(z) = e^{-z}$",
                "title",
            ) from None
    return Typeset(text)


class Shape(NamedTuple):
    """The size of a picture in pixels, at ``dpi`` pixels per inch, and the layout of its panels."""

    panels: Panels
    number: int
    size: tuple[int, int]
    dpi: float
    rows: int
    columns: int
    may_grow: bool
    """Whether it may be larger, as the size was not given."""
    may_shrink: bool
    """Whether texts may be smaller, as the resolution was not given."""

    @property
    def inches(self) -> tuple[float, float]:
        return self.size[0] / self.dpi, self.size[1] / self.dpi


def shape_of(
    panels: Panels, count: int, size: tuple[int, int] | None = None, dpi: float | None = None
) -> Shape:
    """The shape of a picture with ``count`` panels; those of activations are laid out in a square.

    Its size in pixels and its resolution may be given; the default resolution makes it WIDTH inches wide, or
    wider if it is low. Raises ActcalcError for too little room.
    """
    columns = math.ceil(math.sqrt(count)) if panels == "functions" else 1
    if panels == "quantities" and size is not None and size[0] >= count * size[1]:
        columns = count
    rows = -(-count // columns)
    pixels = size or _usual_size(panels, rows, columns)
    least = (
        max(LEAST_INCHES[0], 0.5 + 1.6 * columns),
        max(LEAST_INCHES[1], 1 + 1.2 * rows if count > 1 else 0),
    )
    may_shrink = dpi is None and size is not None
    if dpi is None:
        dpi = min(pixels[0] / max(WIDTH, WIDTH_OF_PANEL * columns), pixels[1] / least[1])
        if count > 1 and dpi < LEAST_DPI:
            dpi = LEAST_DPI
            enough = [
                max(given, math.ceil(dpi * inches)) for given, inches in zip(pixels, least, strict=True)
            ]
            if enough != list(pixels):
                raise _too_small(pixels, count, enough)
    shape = Shape(panels, count, pixels, dpi, rows, columns, size is None, may_shrink)
    inches = shape.inches
    if inches[0] < least[0] or inches[1] < least[1]:
        raise ActcalcError(
            f"{dpi:g} leaves {inches[0]:.3g} x {inches[1]:.3g} inches:"
            f" a picture needs {least[0]:.3g} x {least[1]:.3g}",
            about="dpi",
        )
    return shape


def _usual_size(panels: Panels, rows: int, columns: int) -> tuple[int, int]:
    if panels == "one":
        return SIZE
    high = 200 + (500 if panels == "functions" else 600) * rows
    return max(SIZE[0], round(200 * WIDTH_OF_PANEL * columns)), high


def _too_small(size: Sequence[int], count: int, enough: Sequence[int]) -> ActcalcError:
    room = f"{size[0]}x{size[1]} leaves no room for {f'{count} panels' if count > 1 else 'all its texts'}"
    return ActcalcError(f"{room}: at least {enough[0]}x{enough[1]}", about="size")


def save(picture: Picture, path: str, shape: Shape | None = None, dark: bool = False) -> None:
    """Draw ``picture`` into the file ``path``, which is written whole or stays as it was.

    Raises ActcalcError for an unknown suffix or too little room, InputError if matplotlib is not
    installed or the file cannot be written.
    """
    check_suffix(path)
    shape = shape or shape_of(picture.panels, len(panels_of(picture)))
    look = DARK if dark else LIGHT
    with drawing(path, shape.inches, shape.dpi, look) as drawn:
        _draw(drawn, picture, look, shape)


@contextmanager
def drawing(path: str, inches: tuple[float, float], dpi: float, look: Look) -> "Iterator[Figure]":
    """A figure to draw in, which is written to the file at the end.

    Raises as ``save`` does.
    """
    suffix = check_suffix(path)
    figure = load()
    import matplotlib

    settings: Any = {
        "svg.fonttype": "none",  # text stays text
        "svg.hashsalt": "actcalc",
        "pdf.fonttype": 42,
        "font.family": "sans-serif",
        "font.size": 11,
        "axes.unicode_minus": False,
    }
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(settings)
        drawn = figure(figsize=inches, dpi=dpi, layout="constrained", facecolor=look.paper)
        yield drawn
        if suffix == ".svg":
            _outline_mathematics(drawn)
        metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}[suffix]
        with writing(path) as file:
            drawn.savefig(file, format=suffix[1:], dpi=drawn.dpi, facecolor=look.paper, metadata=metadata)


def _outline_mathematics(figure: "Figure") -> None:
    """Draw mathematics as shapes, since viewers of SVG lack its fonts; other text stays text."""
    from matplotlib.cbook import is_math_text
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        if isinstance(text, Text) and is_math_text(text.get_text()):
            setattr(text, "draw", _outlined(text.draw))  # noqa: B010


def _outlined(draw: Callable[..., None]) -> Callable[..., None]:
    def drawn(renderer: Any) -> None:
        import matplotlib

        with matplotlib.rc_context({"svg.fonttype": "path"}):
            draw(renderer)

    return drawn


def load(option: str = "-o") -> "type[Figure]":
    """matplotlib's Figure. Raises InputError if it is not installed."""
    for library in ("matplotlib", "fontTools"):
        logging.getLogger(library).setLevel(logging.ERROR)
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise InputError(
            f"{option} needs matplotlib, which is not installed: pip install 'actcalc[plot]'"
        ) from None
    return Figure


def _draw(figure: "Figure", picture: Picture, look: Look, shape: Shape) -> None:
    from matplotlib.ticker import MaxNLocator

    groups = panels_of(picture)
    cells = figure.subplots(shape.rows, shape.columns, sharex=True, squeeze=False)
    panels: list[Axes] = cells.ravel().tolist()
    for axes in panels[len(groups) :]:
        axes.remove()
    del panels[len(groups) :]
    for axes in panels[-shape.columns :]:
        axes.tick_params(labelbottom=True)
    for axes in panels[(shape.rows - 1) * shape.columns :]:
        axes.set_xlabel(typeset(picture.x_label), color=look.ink)
    several = 1 if picture.panels == "functions" else len(picture.names)
    for axes, curves in zip(panels, groups, strict=True):
        draw_axes(axes, picture, look)
        for i, curve in enumerate(curves):
            # Curves of a panel need not show what they have in common.
            curve = curve._replace(order=0) if picture.panels == "quantities" else curve
            curve = curve._replace(owner=0) if picture.panels == "functions" else curve
            _draw_curve(axes, curve, look.colour(i), look, several, picture.is_logarithmic)
    if picture.panels == "quantities":
        for axes, curves, label in zip(panels, groups, picture.y_labels, strict=True):
            axes.set_ylabel(typeset(label), color=look.ink)
            axes.set_ylim(*picture.extent(curves, picture.marks if curves[0].order == 0 else ()))
    if picture.panels == "functions":
        for i, (axes, curves) in enumerate(zip(panels, groups, strict=True)):
            axes.set_ylabel("")
            axes.xaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10]))
            title = _fitted(picture.names[i], int(11 * figure.get_figwidth() / shape.columns))
            axes.set_title(title, color=look.ink, fontsize=11)
            axes.set_ylim(*picture.extent(curves, [mark for mark in picture.marks if mark.owner == i]))
    heading = _fitted(picture.title, int(figure.get_figwidth() * 11), in_line=False)
    if shape.columns == 1:
        panels[0].set_title(heading, color=look.ink, fontsize=12, va="bottom")
    for mark in picture.marks:
        colour = look.colour(_index_of(mark.owner, picture))
        _draw_mark(panels[mark.owner if picture.panels == "functions" else 0], mark, colour, look)
        if picture.panels == "quantities" and mark.triangle is not None:
            _draw_point(panels[1], (mark.at[0], mark.tangents[0].slope), colour, look)
    _write_around(figure, panels, picture, look, "" if shape.columns == 1 else heading)
    _make_room(figure, panels, shape)
    # Everything around the axes is placed; now triangles are labelled where there is room.
    if picture.panels == "functions" or len(picture.names) < 3:
        rooms = [_Room(figure, axes) for axes in panels]
        for mark in picture.marks:
            if mark.triangle is not None:
                rooms[mark.owner if picture.panels == "functions" else 0].letter(mark.triangle, look)


def panels_of(picture: Picture) -> list[list[Curve]]:
    """The curves of each panel."""
    if picture.panels == "quantities":
        return by_order(picture.curves)
    return by_owner(picture.curves) if picture.panels == "functions" else [list(picture.curves)]


def _index_of(owner: int, picture: Picture) -> int:
    """The index of the curve of g among those in its axes."""
    of_each = {"quantities": 1, "functions": 0}.get(picture.panels, len(picture.curves) // len(picture.names))
    return owner * of_each


def _make_room(figure: "Figure", panels: "Sequence[Axes]", shape: Shape) -> None:
    """Lay out everything. Raises ActcalcError if the texts around the axes leave too little room."""
    size, dpi = shape.size, shape.dpi
    while True:
        with warnings.catch_warnings(record=True) as collapsed:
            warnings.simplefilter("always")
            figure.draw_without_rendering()
        boxes = [axes.get_window_extent() for axes in panels]
        room = min(box.width for box in boxes), min(box.height for box in boxes)
        lacks = [max(0.0, least * figure.dpi - has) for least, has in zip(LEAST_AXES, room, strict=True)]
        if collapsed:
            lacks[1] = LEAST_AXES[1] * figure.dpi
        if not any(lacks):
            break
        if shape.may_shrink and dpi > LEAST_DPI:
            dpi = max(LEAST_DPI, 0.9 * dpi)
        else:
            size = size[0] + math.ceil(lacks[0] * shape.columns), size[1] + math.ceil(lacks[1] * shape.rows)
        figure.set_dpi(dpi)
        figure.set_size_inches(size[0] / dpi, size[1] / dpi)
    if size != shape.size and not shape.may_grow:
        raise _too_small(shape.size, shape.number, size)


def draw_axes(axes: "Axes", picture: Picture, look: Look) -> None:
    axes.set_facecolor(look.paper)
    axes.set_xlim(*picture.x_range)
    axes.set_ylabel(", ".join(map(typeset, picture.y_labels)), color=look.ink)
    if picture.is_logarithmic:
        axes.set_yscale("log", base=10)
    axes.set_ylim(*picture.y_range)
    axes.grid(True, color=look.faint, linewidth=0.6)
    axes.tick_params(colors=look.ink)
    for spine in axes.spines.values():
        spine.set_color(look.ink)
        spine.set_linewidth(0.8)
    if not picture.is_logarithmic:
        for line in (axes.axhline, axes.axvline):
            line(0, color=look.ink, linewidth=0.8, zorder=1.5)
    for level in picture.levels:
        if level.is_shaded:
            axes.axhspan(picture.y_range[0], level.y, color=look.colour(2), alpha=0.2, linewidth=0, zorder=1)
        axes.axhline(level.y, color=look.ink, linewidth=0.9, linestyle=(0, (1, 2)), zorder=1.5)
        axes.annotate(
            textwrap.fill(level.text, 18),
            (1, level.y),
            xycoords=("axes fraction", "data"),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=look.ink,
        )


def _write_around(
    figure: "Figure", panels: "Sequence[Axes]", picture: Picture, look: Look, title: str
) -> None:
    """Write the legend above the axes, with a title, and below them the numbers of marks, and notes."""
    from matplotlib.lines import Line2D

    lines = [line for line in panels[0].lines if not str(line.get_label()).startswith("_")]
    labels = {
        "one": [curve.label for curve in picture.curves],
        "quantities": picture.names,
        "functions": picture.y_labels,
    }[picture.panels]
    if len(labels) > 1 or picture.panels == "one":
        legend = _list(figure, "upper", lines, labels, look, 10)
        legend.set_title(title)
        legend.get_title().set(color=look.ink, fontsize=12)
    else:
        figure.suptitle(title, color=look.ink, fontsize=12)
    entries: list[tuple[Line2D, str]] = []
    for mark in picture.marks:
        style: dict[str, Any] = {"marker": "o", "markersize": 6, "markeredgecolor": look.ink}
        colour = look.colour(_index_of(mark.owner, picture))
        entries.append((Line2D([], [], linestyle="", color=colour, **style), mark.caption))
    if len(entries) > _MOST_CAPTIONS:
        more = f"and {len(entries) - _MOST_CAPTIONS} more points"
        entries = [*entries[:_MOST_CAPTIONS], (Line2D([], [], linestyle=""), more)]
    entries += [(Line2D([], [], linestyle=""), note) for note in picture.notes]
    if entries:
        handles, texts = zip(*entries, strict=True)
        _list(figure, "lower", handles, texts, look, 9 if len(texts) < 5 else 8)


def _list(
    figure: "Figure", place: str, handles: "Sequence[Line2D]", texts: Sequence[str], look: Look, size: int
) -> "Legend":
    """A legend outside the axes, in as many columns as fit."""
    width = figure.get_figwidth()
    where: Any = f"outside {place} center"
    longest = int(width * (130 if len(texts) < 5 else 62) / size)
    texts = [_fitted(text, max(20, longest)) for text in texts]
    for columns in range(min(4, len(texts)), 0, -1):
        legend = figure.legend(
            handles,
            [text.replace("~", "\N{ALMOST EQUAL TO}") for text in texts],
            loc=where,
            ncols=columns,
            fontsize=size,
            frameon=False,
            labelcolor=look.ink,
            handlelength=3 if place == "upper" else 1,
        )
        if columns == 1 or legend.get_window_extent().width <= 0.98 * figure.bbox.width:
            break
        legend.remove()
    return legend


def _fitted(text: str, columns: int, in_line: bool = True) -> str:
    """The text typeset; if it is longer than ``columns`` characters, as plain lines of that length."""
    if len(text) <= columns or isinstance(text, Typeset):
        return typeset(text, in_line)
    return typeset(textwrap.fill(str(text), columns))


def _draw_curve(axes: "Axes", curve: Curve, colour: str, look: Look, several: int, logarithmic: bool) -> None:
    # If curves coincide, the lower ones show at the edges and between dashes.
    extra = (1.3 if several < 3 else 0.8) * max(0, min(several, 4) - 1 - curve.owner)
    style: dict[str, Any] = {
        "color": colour,
        "linestyle": (0, (4, 2) + (1, 2) * (curve.order - 1)) if curve.order else "solid",
        "linewidth": (1.2 if logarithmic else 1.8 if curve.order else 3.2) + extra,
        "zorder": 3,
    }
    if several > 1:
        style |= {"marker": _MARKERS[curve.owner % len(_MARKERS)], "markersize": 5.5}
    points = sum(map(len, curve.segments))
    for i, segment in enumerate(curve.segments):
        if several > 1:
            spacing = max(1, points // 9)
            style["markevery"] = (min(spacing * (1 + curve.owner % 4) // 5, len(segment) - 1), spacing)
        axes.plot(*zip(*segment, strict=True), label=curve.label if i == 0 else None, **style)
    for points_at, face in ((curve.rings, look.paper), (curve.dots, colour)):
        if points_at:
            xs, ys = zip(*points_at, strict=True)
            axes.plot(xs, ys, "o", markersize=6, color=colour, markerfacecolor=face, zorder=5, clip_on=False)


def _draw_mark(axes: "Axes", mark: Mark, colour: str, look: Look) -> None:
    if mark.is_shaded:
        left, right = mark.tangents
        reach = min(left.reach, right.reach)
        xs = [mark.at[0] - reach, mark.at[0], mark.at[0] + reach]
        low, high = ([mark.at[1] + line.slope * (x - mark.at[0]) for x in xs] for line in (left, right))
        axes.fill_between(xs, low, high, color=colour, alpha=0.22, linewidth=0, zorder=2)
    for tangent in mark.tangents:
        axes.plot(*zip(*tangent.ends, strict=True), color=look.ink, linewidth=1.3, zorder=3.5)
    _draw_point(axes, mark.at, colour, look)
    if mark.triangle is not None:
        corners = list(zip(*mark.triangle.corners, mark.triangle.corners[0], strict=True))
        axes.fill(*corners, color=colour, alpha=0.3, zorder=2.5)
        axes.plot(*corners, color=look.ink, linewidth=1.3, zorder=3.5)


def _draw_point(axes: "Axes", at: Point, colour: str, look: Look) -> None:
    style: dict[str, Any] = {"markersize": 7, "markeredgecolor": look.ink, "zorder": 5.5, "clip_on": False}
    axes.plot(*at, "o", color=colour, **style)


class _Room:
    """The free room for texts within axes, away from lines and other texts."""

    def __init__(self, figure: "Figure", axes: "Axes") -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        self._axes = axes
        canvas: Any = FigureCanvasAgg(figure)
        self._renderer = canvas.get_renderer()
        self._frame = axes.get_window_extent()
        paths = [line.get_transform().transform_path(line.get_path()) for line in axes.lines]
        self._lines = [(path.get_extents(), path) for path in paths]
        self._taken: list[Bbox] = []

    def letter(self, triangle: Triangle, look: Look) -> None:
        """Write width and height at the sides of a triangle, each where it crosses nothing, if possible."""
        left, right, top = triangle.corners
        middle = ((left[0] + right[0]) / 2, left[1])
        leg = (right[0], (right[1] + top[1]) / 2)
        beside = [(x, y, ha, "center") for y in (0, -12, 12) for x, ha in ((6, "left"), (-6, "right"))]
        below = [(x, y, "center", va) for x in (0, 16, -16) for y, va in ((-5, "top"), (5, "bottom"))]
        for text, at, places in (
            (f"width {triangle.width}", middle, below),
            (f"height {triangle.height}", leg, beside),
        ):
            style: Any = {"fontsize": 9.5, "color": look.ink, "zorder": 6}
            written = self._axes.annotate(text, at, (0, 0), textcoords="offset points", **style)
            written.set_in_layout(False)
            for x, y, ha, va in places:
                written.xyann = (x, y)
                written.set(ha=ha, va=va)
                box = written.get_window_extent(self._renderer)
                if self._is_free(box):
                    self._taken.append(box)
                    break
            else:
                written.remove()

    def _is_free(self, box: "Bbox") -> bool:
        frame, box = self._frame, box.padded(0.02 * self._axes.figure.dpi)
        if not (frame.x0 < box.x0 and box.x1 < frame.x1 and frame.y0 < box.y0 and box.y1 < frame.y1):
            return False
        return not any(box.overlaps(other) for other in self._taken) and not any(
            box.overlaps(around) and path.intersects_bbox(box, filled=False) for around, path in self._lines
        )
