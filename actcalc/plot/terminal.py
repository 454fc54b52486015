"""Pictures as text, drawn with uniplot: in Braille dots, or in plain characters."""

import math
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from textwrap import wrap
from typing import Any, NamedTuple

from actcalc.errors import InputError
from actcalc.plot.scene import Curve, Mark, Picture, Point, Tangent, by_order

HEIGHT = 19
"""The total number of lines of a picture."""

_CHARACTERS = "*o+x#@%&"
_DOTTED = "."
_PLAIN = str.maketrans("│─┌┐└┘", "|-++++")
_COLOURS = ("blue", "yellow", "magenta", "cyan", "green", "red")
_OKABE_ITO = ("#56B4E9", "#E69F00", "#CC79A7", "#009E73", "#D55E00", "#0072B2", "#F0E442")
"""The colours for terminals with all colours."""

_FINENESS = 7
"""Points per column of dots: an odd number, so that none lies half-way between two columns."""
_GAP = (math.nan, math.nan)


class _Series(NamedTuple):
    """Points drawn in one style, joined where there is no gap between them."""

    points: Sequence[Point]
    character: str
    colour: int


def best_count(size: tuple[int, int]) -> int:
    """The number of points that a curve needs to have no gaps in a picture of this size."""
    return _FINENESS * (2 * size[0] - 1) + 1


def render(picture: Picture, size: tuple[int, int], colour: bool, plain: bool) -> Iterator[str]:
    """The lines of ``picture``, in ``size`` columns and lines.

    With colour it is one picture. Without, curves in Braille cannot be told apart, so that there is
    one of that size for each; in plain characters there is one for g, one for g' and so on.

    Raises InputError if uniplot is not installed.
    """
    plot = _load()
    for i, curves in enumerate(_groups(picture, colour, plain)):
        if i:
            yield ""
        yield from _draw(plot, picture, curves, size, colour, plain, _titles(picture, curves, i == 0))


def has_title(picture: Picture, colour: bool, plain: bool) -> bool:
    """Whether ``picture`` has its title above it, not only that of each curve."""
    return any(len(curves) > 1 for curves in _groups(picture, colour, plain))


def _load() -> Any:
    """uniplot's function. Raises InputError if it is not installed."""
    try:
        with _without("numba"):  # with which uniplot takes a hundred times as long for a picture of this size
            from uniplot import plot_to_string
    except ImportError:
        raise InputError(
            "a picture in the terminal needs uniplot, which is not installed: pip install 'actcalc[plot]'"
        ) from None
    return plot_to_string


@contextmanager
def _without(name: str) -> Iterator[None]:
    """Hide a module from those that are imported meanwhile."""
    modules: dict[str, Any] = sys.modules
    known = {name: modules[name]} if name in modules else {}
    modules[name] = None
    try:
        yield
    finally:
        del modules[name]
        modules.update(known)


def _groups(picture: Picture, colour: bool, plain: bool) -> list[list[Curve]]:
    if colour and not picture.has_panels:
        return [list(picture.curves)]
    if colour or plain:
        return by_order(picture.curves)
    return [[curve] for curve in picture.curves]


def _draw(
    plot: Any,
    picture: Picture,
    curves: list[Curve],
    size: tuple[int, int],
    colour: bool,
    plain: bool,
    titles: list[str],
) -> list[str]:
    owners = [curve.owner for curve in curves if curve.order == 0]
    marks = [mark for mark in picture.marks if mark.owner in owners]
    y_range = picture.y_range if picture.is_logarithmic else picture.extent(curves, marks)
    cell = (_span(picture.x_range) / size[0], _span(y_range) / size[1])
    series = [_mark(mark, cell) for mark in marks]
    series += [_level(level.y, picture.x_range, size[0]) for level in picture.levels]
    series += [_curve(curve, i) for i, curve in enumerate(curves)]
    if not (colour or plain):
        # uniplot shows only one series per character.
        series = [_Series([point for s in series for point in s.points], "", 0)]
    legend = _legend(curves, size[0], colour, plain) if len(curves) > 1 else []
    if picture.levels:
        legend += [f"dotted at {level.y:.3g}: {level.text}" for level in picture.levels]
    x_scale, y_scale = _scale(picture.x_range), 1.0 if picture.is_logarithmic else _scale(y_range)
    above = [*titles[:-1], titles[-1] + _unit(y_scale)]
    above = [line.center(size[0]).rstrip() for title in above for line in wrap(title, size[0]) or [""]]
    text: str = plot(
        xs=[[x / x_scale for x, _ in s.points] for s in series],
        ys=[[y / y_scale for _, y in s.points] for s in series],
        height=max(3, size[1] - 3 - len(above) - len(legend)),
        width=size[0],
        line_length_hard_cap=size[0],
        x_min=picture.x_range[0] / x_scale,
        x_max=picture.x_range[1] / x_scale,
        y_min=y_range[0] / y_scale,
        y_max=y_range[1] / y_scale,
        y_as_log=picture.is_logarithmic,
        y_gridlines=[] if picture.is_logarithmic else [0],
        character_set="ascii" if plain else "braille",
        lines=True,
        color=[_colours()[s.colour % len(_colours())] for s in series] if colour else False,
        force_ascii_characters=[s.character for s in series],
    )
    # uniplot may write 0 on an axis with a sign.
    lines = [re.sub(r" -0\.0+$", " 0", line.rstrip()) for line in text.splitlines()]
    lines[-1] = _with_label(lines[-1], picture.x_label + _unit(x_scale), len(lines[0]), size[0])
    if plain:
        lines = [line.translate(_PLAIN) for line in lines]
    return [*above, *lines, *legend]


def _with_label(ticks: str, label: str, frame: int, columns: int) -> str:
    """The line of ticks with the name of the axis, at the end of the frame or else behind it.

    A tick that leaves the name no room is left out.
    """
    while len(ticks) + 2 + len(label) > max(frame, columns) and ticks:
        ticks = ticks[: -len(ticks.split()[-1])].rstrip()
    return ticks + "  " + label.rjust(frame - len(ticks) - 2)


def _scale(ends: tuple[float, float]) -> float:
    """The power of ten to divide by, so that labels are short."""
    largest = max(map(abs, ends))
    return 1.0 if 1e-2 <= largest < 1e5 else 10.0 ** math.floor(math.log10(largest))


def _unit(scale: float) -> str:
    return "" if scale == 1 else f" in units of 1e{math.log10(scale):.0f}"


def _titles(picture: Picture, curves: list[Curve], is_first: bool) -> list[str]:
    """The title of the picture, if it is the first, or of a single curve, or both."""
    (curve, *others), title = curves, picture.title if is_first else ""
    if others:
        return [title]
    if len(picture.names) > 1 and not picture.is_logarithmic:
        return [title, curve.label] if title else [curve.label]
    if picture.is_logarithmic:
        return [curve.label]
    return [f"{picture.names[0]} {curve.label}" if curve.order else title]


def _legend(curves: Sequence[Curve], columns: int, colour: bool, plain: bool) -> list[str]:
    lines = []
    for i, curve in enumerate(curves):
        sign = _character(i) * 2 if plain else "⣿⣿"
        if colour:
            sign = _colour(sign, _colours()[i % len(_colours())])
        lines.append(f"{sign} {curve.label[: columns - 3]}")
    return lines


def _colour(text: str, colour: str) -> str:
    from uniplot.colors import Color

    return str(Color.from_param(colour).colorize(text))


def _colours() -> tuple[str, ...]:
    return _OKABE_ITO if os.environ.get("COLORTERM") in ("truecolor", "24bit") else _COLOURS


def _character(i: int) -> str:
    return _CHARACTERS[i % len(_CHARACTERS)]


def _span(ends: tuple[float, float]) -> float:
    return ends[1] - ends[0]


# The parts of a picture as points and gaps


def _curve(curve: Curve, index: int) -> _Series:
    points = [point for segment in curve.segments for point in (*segment, _GAP)]
    return _Series(points + _dots(curve.dots), _character(index), index)


def _level(y: float, x_range: tuple[float, float], columns: int) -> _Series:
    step = _span(x_range) / columns
    return _Series(_dots((x_range[0] + i * step, y) for i in range(columns + 1)), _DOTTED, 0)


def _mark(mark: Mark, cell: tuple[float, float]) -> _Series:
    """Tangents as dots, the triangle as lines."""
    points: list[Point] = []
    for tangent in mark.tangents:
        points += _dots(_along(tangent, cell[0]))
    if mark.triangle is not None:
        points += [*mark.triangle.corners, mark.triangle.corners[0], _GAP]
    return _Series(points, _DOTTED, 2 * mark.owner)


def _along(tangent: Tangent, step: float) -> Iterator[Point]:
    (left, _), (right, _) = tangent.ends
    count = max(2, math.ceil((right - left) / step))
    for i in range(count + 1):
        x = left + (right - left) * i / count
        yield x, tangent.at[1] + tangent.slope * (x - tangent.at[0])


def _dots(points: Iterable[Point]) -> list[Point]:
    return [part for point in points for part in (point, _GAP)]
