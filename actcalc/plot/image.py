"""Pictures as SVG, PNG or PDF, drawn with matplotlib."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from actcalc.errors import ActcalcError, InputError, quoted
from actcalc.output.files import writing
from actcalc.plot.scene import Curve, Mark, Picture, Point, Triangle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation
    from matplotlib.transforms import Bbox

SUFFIXES = (".svg", ".png", ".pdf")
WIDTH = 8
"""The width of a picture in inches; what it is in pixels follows from how many there are to an inch."""
SIZE = (1600, 1000)


class _Look(NamedTuple):
    """Colours. Those of the curves are told apart with any kind of colour vision, and by their lightness
    in print (Okabe and Ito, Color universal design, 2008)."""

    paper: str
    ink: str
    faint: str
    curves: tuple[str, ...]


_BLUE, _ORANGE, _GREEN, _PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
_SKY, _VERMILLION, _YELLOW = "#56B4E9", "#D55E00", "#F0E442"
LIGHT = _Look(
    "#FFFFFF", "#000000", "#D9D9D9", (_BLUE, _ORANGE, "#000000", _PURPLE, _GREEN, _SKY, _VERMILLION)
)
DARK = _Look(
    "#121212", "#F2F2F2", "#3D3D3D", (_SKY, _ORANGE, "#FFFFFF", _GREEN, _PURPLE, _YELLOW, _VERMILLION)
)

_MARKERS = "os^Dv*P"
"""Tell several activations apart without any colour."""


def check_suffix(path: str) -> str:
    """The suffix of ``path``, if it is one of SUFFIXES; raises ActcalcError otherwise."""
    suffix = Path(path).suffix.lower()
    if suffix in SUFFIXES:
        return suffix
    has = f"unknown suffix {quoted(suffix)}" if suffix else "no suffix"
    raise ActcalcError(f"{quoted(path)} has {has}", f"a picture's name ends in {', '.join(SUFFIXES)}")


def save(picture: Picture, path: str, size: tuple[int, int] = SIZE, dark: bool = False) -> None:
    """Draw ``picture`` into the file ``path``, which becomes complete or stays as it was.

    ``size`` is in pixels for a PNG; an SVG or PDF has its proportions. Raises ActcalcError for an
    unknown suffix, InputError if matplotlib is not installed or the file cannot be written.
    """
    suffix = check_suffix(path)
    figure = _load()
    look = DARK if dark else LIGHT
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
        drawn = figure(figsize=(WIDTH, WIDTH * size[1] / size[0]), dpi=size[0] / WIDTH, layout="constrained")
        _draw(drawn, picture, look)
        metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}[suffix]
        with writing(path) as file:
            drawn.savefig(
                file, format=suffix[1:], dpi=size[0] / WIDTH, facecolor=look.paper, metadata=metadata
            )


def _load() -> "type[Figure]":
    """matplotlib's Figure. Raises InputError if it is not installed."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise InputError("-o needs matplotlib, which is not installed: pip install 'actcalc[plot]'") from None
    return Figure


def _draw(figure: "Figure", picture: Picture, look: _Look) -> None:
    axes = figure.add_subplot()
    figure.set_facecolor(look.paper)
    axes.set_facecolor(look.paper)
    axes.set_xlim(*picture.x_range)
    axes.set_xlabel(picture.x_label, color=look.ink)
    axes.set_ylabel(picture.y_label, color=look.ink)
    axes.set_title(picture.title, color=look.ink, fontsize=12, wrap=True)
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
            level.text,
            (0.01, level.y),
            xycoords=("axes fraction", "data"),
            xytext=(0, 2),
            textcoords="offset points",
            fontsize=9,
            color=look.ink,
            zorder=5,
            bbox=_backing(look),
        )
    for curve in picture.curves:
        _draw_curve(axes, curve, look, len(picture.names), picture.is_logarithmic)
    texts = [text for mark in picture.marks for text in _draw_mark(axes, mark, look)]
    legend = axes.legend(
        loc="best",
        fontsize=10,
        facecolor=look.paper,
        edgecolor=look.faint,
        labelcolor=look.ink,
        handlelength=3,
    )
    legend.set_zorder(6)
    if picture.notes:
        figure.supxlabel("\n".join(picture.notes), fontsize=8, color=look.ink)
    _part(figure, axes, texts)


def _draw_curve(axes: "Axes", curve: Curve, look: _Look, several: int, logarithmic: bool) -> None:
    from matplotlib.patheffects import withStroke

    colour = _colour(look, curve.owner)
    # Of curves that lie on one another, those below show at the edges.
    extra = 1.3 * max(0, min(several, 4) - 1 - curve.owner)
    style: dict[str, Any] = {
        "color": colour,
        "linestyle": (0, (5, 2)) if curve.dashed else "solid",
        "linewidth": (1.2 if logarithmic else 2.0 if curve.dashed else 2.4) + extra,
        "zorder": 3,
    }
    if several > 1:
        style |= {"marker": _MARKERS[curve.owner % len(_MARKERS)], "markersize": 5.5}
    if curve.dashed:
        # Edges of paper show dashes where they lie on the solid line.
        style["path_effects"] = [withStroke(linewidth=style["linewidth"] + 2.5, foreground=look.paper)]
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


def _draw_mark(axes: "Axes", mark: Mark, look: _Look) -> "list[Annotation]":
    colour = _colour(look, mark.owner)
    if mark.is_shaded:
        left, right = mark.tangents
        reach = min(left.reach, right.reach)
        xs = [mark.at[0] - reach, mark.at[0], mark.at[0] + reach]
        low, high = ([mark.at[1] + line.slope * (x - mark.at[0]) for x in xs] for line in (left, right))
        axes.fill_between(xs, low, high, color=colour, alpha=0.22, linewidth=0, zorder=2)
    for tangent in mark.tangents:
        axes.plot(*zip(*tangent.ends, strict=True), color=look.ink, linewidth=1.3, zorder=3.5)
    axes.plot(*mark.at, "o", markersize=7, color=colour, markeredgecolor=look.ink, zorder=5.5)
    if mark.triangle is None:
        return [_write(axes, mark.text, mark.at, (12, -14), look, "left", "top")]
    return _draw_triangle(axes, mark, mark.triangle, look)


def _draw_triangle(axes: "Axes", mark: Mark, triangle: Triangle, look: _Look) -> "list[Annotation]":
    left, right, top = triangle.corners
    axes.fill(*zip(left, right, top, strict=True), color=_colour(look, mark.owner), alpha=0.3, zorder=2.5)
    axes.plot(*zip(left, right, top, strict=True), color=look.ink, linewidth=1.3, zorder=3.5)
    falls = top[1] < right[1]
    middle = ((left[0] + right[0]) / 2, left[1])
    above = "bottom" if falls else "top"
    beside = (right[0], (right[1] + top[1]) / 2)
    return [
        _write(axes, f"height {triangle.height}\n{mark.text}", beside, (6, 0), look, "left", "center"),
        _write(axes, f"width {triangle.width}", middle, (0, 4 if falls else -4), look, "center", above),
    ]


def _part(figure: "Figure", axes: "Axes", texts: "list[Annotation]") -> None:
    """Move texts that lie on one another apart: up or down, whichever is shorter and inside."""
    if len(texts) < 2:
        return
    figure.draw_without_rendering()
    inside = axes.get_window_extent()
    boxes: list[Bbox] = []
    for text in texts:
        box = text.get_window_extent().padded(2)
        moves = [0.0]
        for other in boxes:
            moves += [other.y1 - box.y0, other.y0 - box.y1]
        free = (
            move
            for move in sorted(moves, key=abs)
            if not any(box.translated(0, move).padded(-1).overlaps(other) for other in boxes)
            and inside.y0 <= box.y0 + move
            and box.y1 + move <= inside.y1
        )
        move = next(free, 0.0)
        x, y = text.xyann
        text.xyann = (x, y + move * 72 / figure.dpi)
        boxes.append(box.translated(0, move))


def _write(
    axes: "Axes", text: str, at: Point, offset: tuple[int, int], look: _Look, ha: str, va: str
) -> "Annotation":
    return axes.annotate(
        text.replace("~", "\N{ALMOST EQUAL TO}"),
        at,
        xytext=offset,
        textcoords="offset points",
        ha=ha,
        va=va,
        fontsize=9.5,
        color=look.ink,
        zorder=5,
        bbox=_backing(look),
    )


def _backing(look: _Look) -> dict[str, Any]:
    """What keeps a text readable over lines."""
    return {"boxstyle": "square,pad=0.1", "facecolor": look.paper, "edgecolor": "none", "alpha": 0.75}


def _colour(look: _Look, owner: int) -> str:
    return look.curves[owner % len(look.curves)]
