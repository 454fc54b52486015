"""Pictures as SVG, PNG or PDF, drawn with matplotlib."""

import logging
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actcalc.errors import ActcalcError, InputError, quote
from actcalc.output.files import writing
from actcalc.plot.looks import DARK, LIGHT, Look
from actcalc.plot.scene import Curve, Mark, Picture, Point, Triangle, by_order, extent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.transforms import Bbox

SUFFIXES = (".svg", ".png", ".pdf")
WIDTH = 8
"""The width of a picture in inches; what it is in pixels follows from how many there are to an inch."""
SIZE, SIZE_WITH_PANELS = (1600, 1000), (1600, 1400)
LEAST_INCHES = (3, 2)
"""In less there is no room for axes and their texts."""

_MOST_CAPTIONS = 12


_MARKERS = "os^Dv*P"
"""Tell several activations apart without any colour."""


def check_suffix(path: str) -> str:
    """The suffix of ``path``, if it is one of SUFFIXES; raises ActcalcError otherwise."""
    suffix = Path(path).suffix.lower()
    if suffix in SUFFIXES:
        return suffix
    has = f"unknown suffix {quote(suffix)}" if suffix else "no suffix"
    raise ActcalcError(f"{quote(path)} has {has}", f"a picture's name ends in {', '.join(SUFFIXES)}")


def save(
    picture: Picture,
    path: str,
    size: tuple[int, int] | None = None,
    dark: bool = False,
    dpi: float | None = None,
) -> None:
    """Draw ``picture`` into the file ``path``, which becomes complete or stays as it was.

    ``size`` is in pixels, SIZE or SIZE_WITH_PANELS unless given, of which there are ``dpi`` to an
    inch: unless given, so many that it is WIDTH inches wide, or wider if it is low. Raises
    ActcalcError for an unknown suffix or too few inches, InputError if matplotlib is not installed
    or the file cannot be written.
    """
    check_suffix(path)
    size = size or (SIZE_WITH_PANELS if picture.has_panels else SIZE)
    dpi = min(size[0] / WIDTH, size[1] / LEAST_INCHES[1]) if dpi is None else dpi
    inches = (size[0] / dpi, size[1] / dpi)
    if inches[0] < LEAST_INCHES[0] or inches[1] < LEAST_INCHES[1]:
        least = "{} x {}".format(*LEAST_INCHES)
        raise ActcalcError(
            f"{dpi:g} leaves {inches[0]:.3g} x {inches[1]:.3g} inches: a picture needs {least}", about="dpi"
        )
    look = DARK if dark else LIGHT
    with drawing(path, inches, dpi, look) as drawn:
        _draw(drawn, picture, look)


@contextmanager
def drawing(path: str, inches: tuple[float, float], dpi: float, look: Look) -> "Iterator[Figure]":
    """A figure to draw in, which goes into the file when it is done.

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
        metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}[suffix]
        with writing(path) as file:
            drawn.savefig(file, format=suffix[1:], dpi=dpi, facecolor=look.paper, metadata=metadata)


def load(option: str = "-o") -> "type[Figure]":
    """matplotlib's Figure. Raises InputError if it is not installed."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise InputError(
            f"{option} needs matplotlib, which is not installed: pip install 'actcalc[plot]'"
        ) from None
    return Figure


def _draw(figure: "Figure", picture: Picture, look: Look) -> None:
    groups = by_order(picture.curves) if picture.has_panels else [picture.curves]
    panels: list[Axes] = list(figure.subplots(len(groups), sharex=True, squeeze=False)[:, 0])
    for axes, curves in zip(panels, groups, strict=True):
        draw_axes(axes, picture, look)
        for i, curve in enumerate(curves):
            curve = curve._replace(order=0) if picture.has_panels else curve
            _draw_curve(axes, curve, look.colour(i), look, len(picture.names), picture.is_logarithmic)
    if picture.has_panels:
        for axes, curves, label in zip(panels, groups, picture.y_labels, strict=True):
            axes.set_ylabel(label, color=look.ink)
            axes.set_ylim(*extent(curves, picture.marks if label == "g(z)" else ()))
    panels[-1].set_xlabel(picture.x_label, color=look.ink)
    title = textwrap.fill(picture.title, int(figure.get_figwidth() * 11))
    panels[0].set_title(title, color=look.ink, fontsize=12)
    for mark in picture.marks:
        _draw_mark(panels[0], mark, look)
        if picture.has_panels and mark.triangle is not None:
            _draw_point(panels[1], (mark.at[0], mark.tangents[0].slope), mark.owner, look)
    _write_around(figure, panels, picture, look)
    # What stands around the axes is now placed; the triangles are lettered where there is room.
    figure.draw_without_rendering()
    room = _Room(figure, panels[0])
    for mark in picture.marks if len(picture.names) < 3 else ():
        if mark.triangle is not None:
            room.letter(mark.triangle, look)


def draw_axes(axes: "Axes", picture: Picture, look: Look) -> None:
    axes.set_facecolor(look.paper)
    axes.set_xlim(*picture.x_range)
    axes.set_ylabel(", ".join(picture.y_labels), color=look.ink)
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


def _write_around(figure: "Figure", panels: "Sequence[Axes]", picture: Picture, look: Look) -> None:
    """The legend above the axes; below them the marks in numbers, and notes."""
    from matplotlib.lines import Line2D

    lines = [line for line in panels[0].lines if not str(line.get_label()).startswith("_")]
    labels = list(picture.names) if picture.has_panels else [str(line.get_label()) for line in lines]
    _list(figure, "upper", lines, labels, look, 10)
    entries: list[tuple[Line2D, str]] = []
    for mark in picture.marks:
        style: dict[str, Any] = {"marker": "o", "markersize": 6, "markeredgecolor": look.ink}
        entries.append((Line2D([], [], linestyle="", color=look.colour(mark.owner), **style), mark.caption))
    if len(entries) > _MOST_CAPTIONS:
        more = f"and {len(entries) - _MOST_CAPTIONS} more points"
        entries = [*entries[:_MOST_CAPTIONS], (Line2D([], [], linestyle=""), more)]
    entries += [(Line2D([], [], linestyle=""), note) for note in picture.notes]
    if entries:
        handles, texts = zip(*entries, strict=True)
        _list(figure, "lower", handles, texts, look, 9 if len(texts) < 5 else 8)


def _list(
    figure: "Figure", place: str, handles: "Sequence[Line2D]", texts: Sequence[str], look: Look, size: int
) -> None:
    """A legend outside the axes, in as many columns as there is room for."""
    width = figure.get_figwidth()
    where: Any = f"outside {place} center"
    longest = int(width * (130 if len(texts) < 5 else 62) / size)
    texts = [textwrap.fill(text, max(20, longest)) for text in texts]
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
            return
        legend.remove()


def _draw_curve(axes: "Axes", curve: Curve, colour: str, look: Look, several: int, logarithmic: bool) -> None:
    # Of curves that lie on one another, those below show at the edges and between the dashes.
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


def _draw_mark(axes: "Axes", mark: Mark, look: Look) -> None:
    colour = look.colour(mark.owner)
    if mark.is_shaded:
        left, right = mark.tangents
        reach = min(left.reach, right.reach)
        xs = [mark.at[0] - reach, mark.at[0], mark.at[0] + reach]
        low, high = ([mark.at[1] + line.slope * (x - mark.at[0]) for x in xs] for line in (left, right))
        axes.fill_between(xs, low, high, color=colour, alpha=0.22, linewidth=0, zorder=2)
    for tangent in mark.tangents:
        axes.plot(*zip(*tangent.ends, strict=True), color=look.ink, linewidth=1.3, zorder=3.5)
    _draw_point(axes, mark.at, mark.owner, look)
    if mark.triangle is not None:
        corners = list(zip(*mark.triangle.corners, mark.triangle.corners[0], strict=True))
        axes.fill(*corners, color=colour, alpha=0.3, zorder=2.5)
        axes.plot(*corners, color=look.ink, linewidth=1.3, zorder=3.5)


def _draw_point(axes: "Axes", at: Point, owner: int, look: Look) -> None:
    style: dict[str, Any] = {"markersize": 7, "markeredgecolor": look.ink, "zorder": 5.5, "clip_on": False}
    axes.plot(*at, "o", color=look.colour(owner), **style)


class _Room:
    """The room for texts within axes: on no line, and on no other text."""

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
        """Write width and height at the sides of a triangle, each where it crosses nothing, if anywhere."""
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
        frame = self._frame
        if not (frame.x0 < box.x0 and box.x1 < frame.x1 and frame.y0 < box.y0 and box.y1 < frame.y1):
            return False
        return not any(box.overlaps(other) for other in self._taken) and not any(
            box.overlaps(around) and path.intersects_bbox(box, filled=False) for around, path in self._lines
        )
