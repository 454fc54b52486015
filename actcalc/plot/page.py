"""A page on which one drags the point: one HTML file that works offline, drawn by Bokeh.

Every number that it can show is worked out here, at the points of a grid, and is in the file as text;
the browser picks among them (``page.js``) and works out nothing but where lines are drawn.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import QUANTITIES, Quantity, Shortcut, prime
from actcalc.activations.kinks import Kink
from actcalc.arithmetic.exact import evaluate
from actcalc.errors import ActcalcError, Argument, InputError, spell_out
from actcalc.evaluation.table import quantities_upto
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.numerals import exact_text
from actcalc.numbers.ranges import Grid
from actcalc.output.files import writing
from actcalc.plot.curves import draw_curves, widen
from actcalc.plot.looks import DARK, LIGHT, Look
from actcalc.plot.marks import mark, mark_at, reach, round_number
from actcalc.plot.scene import Curve, Picture, extent, name
from actcalc.teaching.textbook import TextbookSlope

MOST_POINTS = 4001
"""Positions on a page: more than a hand can tell apart, and their texts are in the file."""

_HERE = Path(__file__).parent


def save_page(
    fs: Sequence[Activation],
    points: Grid,
    path: str,
    at: Sequence[str] = (),
    at_kink: str = "least",
    dark: bool = False,
    upto: Quantity = "dg",
    spell: Callable[[Argument], str] = str,
) -> None:
    """Write the page of ``fs`` over ``points``; the point is at the first z of ``at``, or in the middle.

    It shows g, g' and so on ``upto`` a derivative, and arguments spelled so.

    Raises ActcalcError for what cannot be drawn, InputError if Bokeh is not installed or the file cannot
    be written.
    """
    marked = [mark_at(text) for text in at]
    points = widen(points, marked)
    if len(points) > MOST_POINTS:
        raise ActcalcError(f"{len(points)} points are more than a page can hold: at most {MOST_POINTS}")
    picture = draw_curves(fs, points, at, at_kink, upto=upto)
    zs = positions(fs, points, marked, upto)
    data = _data(fs, zs, picture, at_kink, upto)
    first = marked[0] if marked else (zs[0] + zs[-1]) / 2
    data["start"] = min(range(len(zs)), key=lambda i: abs(zs[i] - first))
    for kink in (kink for function in data["functions"] for kink in function["kinks"].values()):
        kink["line"] = spell_out(kink["line"], spell)
    page = _html(picture, data, upto, DARK if dark else LIGHT)
    with writing(path) as file:
        file.write(page.encode())


def positions(
    fs: Sequence[Activation], points: Grid, marked: Sequence[Fraction] = (), upto: Quantity = "dg"
) -> list[Fraction]:
    """Where the point may be: at the floats nearest to the points, and at every kink between its ends."""
    zs = {Fraction(FLOAT64.round_exact(z)) for z in (*points, *marked)}
    low, high = min(zs), max(zs)
    for kink in {kink.z for f in fs for kink in f.kinks_of(upto) if low <= kink.z <= high}:
        zs.discard(Fraction(FLOAT64.round_exact(kink)))
        zs.add(kink)
    return sorted(zs)


def _data(
    fs: Sequence[Activation], zs: Sequence[Fraction], picture: Picture, at_kink: str, upto: Quantity
) -> dict[str, Any]:
    """All that the page may show, as texts."""
    slopes = [y for curve in picture.curves if curve.order == 1 for part in curve.segments for _, y in part]
    y_range = extent([curve for curve in picture.curves if curve.order == 0])
    width, height = picture.x_range[1] - picture.x_range[0], y_range[1] - y_range[0]
    steepest = max(map(abs, slopes))
    base = round_number(reach(steepest, width / 8, height / 3))
    return {
        "z": [_z(z) for z in zs],
        "width": exact_text(base),
        "ends": picture.x_range,
        "reach": width / 5,
        "height": height,
        "rule": at_kink,
        "functions": [_function(f, i, zs, picture, base, at_kink, upto) for i, f in enumerate(fs)],
    }


def _z(z: Fraction) -> str:
    """The shortest text of the float, as on the command line; that of a kink between floats is exact."""
    nearest = FLOAT64.round_exact(z)
    return FLOAT64.text(nearest) if Fraction(nearest) == z else exact_text(z)


def _function(
    f: Activation,
    owner: int,
    zs: Sequence[Fraction],
    picture: Picture,
    base: Fraction,
    at_kink: str,
    upto: Quantity,
) -> dict[str, Any]:
    kinks = {i: kink for i, z in enumerate(zs) if (kink := f.kink_at_or_none(z, "dg")) is not None}
    shortcut = f.shortcut
    is_from_a = isinstance(shortcut, Shortcut)
    textbook = TextbookSlope(f) if is_from_a else None
    return {
        "name": name(f),
        "g": [_text(f.derivative_at(z, "g", FLOAT64)) for z in zs],
        "dg": [_text(f.derivative_at(z, "dg", FLOAT64, at_kink)) for z in zs],
        "higher": [
            [_text(f.derivative_at(z, of, FLOAT64, at_kink)) for z in zs] for of in quantities_upto(upto)[2:]
        ],
        "heights": [None if i in kinks else _height(f, z, base) for i, z in enumerate(zs)],
        "kinks": {str(i): _kink(f, owner, kink, picture, at_kink) for i, kink in kinks.items()},
        "formulas": [f"g(z) = {f.textbook_g}", f"g'(z) = {f.textbook_dg}"],
        "shortcut": _with_numbers(f, shortcut) if isinstance(shortcut, Shortcut) else None,
        "shortcutText": f"g' = {shortcut.text}, with a = g(z)" if isinstance(shortcut, Shortcut) else "",
        "why": f"none: {shortcut}" if isinstance(shortcut, str) else "",
        "float64": [
            None if textbook is None or i in kinks else _text(textbook(FLOAT64.round_exact(z)))
            for i, z in enumerate(zs)
        ],
    }


def _text(value: float | None) -> str:
    return "nan" if value is None else FLOAT64.text(value)


def _height(f: Activation, z: Fraction, base: Fraction) -> str | None:
    """The height of the triangle of this width: that times the slope, rounded once."""
    if f.derivative_at(z, "dg", FLOAT64) is None:
        return None
    formula = f.piece_at(z).dg
    return FLOAT64.text(evaluate(lambda m, x: base * formula(m, x), z, FLOAT64))


def _kink(f: Activation, owner: int, kink: Kink, picture: Picture, at_kink: str) -> dict[str, Any]:
    spans = picture.y_range[1] - picture.y_range[0]
    drawn = mark(f, owner, kink.z, picture.x_range, spans, at_kink, False)
    return {
        "line": drawn.line,
        "shaded": drawn.is_shaded,
        "starts": [tangent.at[1] for tangent in drawn.tangents],
        "slopes": [tangent.slope for tangent in drawn.tangents],
    }


def _with_numbers(f: Activation, shortcut: Shortcut) -> list[str]:
    """The shortcut with the values of its parameters, split where a is to be put in."""
    text = re.sub(r"[A-Za-z_]\w*", lambda word: f.notable_parameters.get(word[0], word[0]), shortcut.text)
    return re.split(rf"\b{shortcut.variable}\b", text)


def _html(picture: Picture, data: dict[str, Any], upto: Quantity, look: Look) -> str:
    """The whole page. Raises InputError if Bokeh is not installed."""
    try:
        from bokeh.document import Document
        from bokeh.embed import file_html
        from bokeh.events import DocumentReady
        from bokeh.models import ColumnDataSource, CustomJS
        from bokeh.resources import INLINE
    except ImportError:
        raise InputError("a page needs bokeh, which is not installed: pip install 'actcalc[page]'") from None

    names = ("tangents", "triangle", "shade", *quantities_upto(upto))
    sources = {kind: ColumnDataSource({"x": [], "y": [], "colour": []}, name=kind) for kind in names}
    owners: list[list[Any]] = [[] for _ in picture.names]
    figures = [_figure(picture, of, sources, owners, look) for of in quantities_upto(upto)]
    document = Document()
    for each in figures:
        document.add_root(each)
    colours = [look.colour(i) for i in range(len(picture.names))]
    arguments = {
        **{kind: sources[kind] for kind in names[:3]},
        "points": [sources[of] for of in quantities_upto(upto)],
        "curves": owners,
        "graphs": figures,
        "texts": json.dumps(data),
        "colours": colours,
    }
    document.js_on_event(DocumentReady, CustomJS(args=arguments, code=_read("page.js")))
    return file_html(
        document,
        INLINE,
        ", ".join(picture.names),
        template=_read("page.jinja"),
        template_variables={
            "look": look,
            "scheme": "dark" if look is DARK else "light",
            "names": [*zip(picture.names, colours, strict=True)],
            "notes": picture.notes,
            "higher": [f"g{prime(of)}(z)" for of in quantities_upto(upto)[2:]],
            "last": len(data["z"]) - 1,
            "first": data["start"],
        },
    )


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _figure(
    picture: Picture, of: Quantity, sources: dict[str, Any], owners: list[list[Any]], look: Look
) -> Any:
    from bokeh.models import Range1d
    from bokeh.plotting import figure

    curves = [curve for curve in picture.curves if curve.order == QUANTITIES.index(of)]
    low, high = extent(curves, picture.marks if of == "g" else ())
    start, stop = picture.x_range
    edge = (stop - start) / 40  # for the whole of a point at an end
    drawn = figure(
        tools="",
        toolbar_location=None,
        sizing_mode="stretch_width",
        height=340 if of == "g" else 200,
        x_range=Range1d(start=start - edge, end=stop + edge),
        y_range=Range1d(start=low, end=high),
        x_axis_label="z",
        y_axis_label=f"g{prime(of)}(z)",
        background_fill_color=look.paper,
        border_fill_color=look.paper,
        outline_line_color=look.ink,
        min_border_left=60,
    )
    drawn.grid.grid_line_color = look.faint
    for axis in drawn.axis:
        axis.axis_line_color = axis.major_tick_line_color = axis.minor_tick_line_color = look.ink
        axis.major_label_text_color = axis.axis_label_text_color = look.ink
    if of == "g":
        drawn.patch("x", "y", source=sources["shade"], color=look.ink, alpha=0.2, line_width=0)
        drawn.patch("x", "y", source=sources["triangle"], color=look.ink, fill_alpha=0.25, line_width=1.5)
    for curve in curves:
        owners[curve.owner] += _draw_curve(drawn, curve, look)
    if of == "g":
        drawn.multi_line("x", "y", source=sources["tangents"], color=look.ink, line_width=1.5)
    drawn.scatter(
        "x",
        "y",
        source=sources[of],
        size=16,
        fill_color="colour",
        line_color=look.ink,
        line_width=2,
    )
    return drawn


def _draw_curve(drawn: Any, curve: Curve, look: Look) -> Iterator[Any]:
    """The lines of a curve, which the page widens while it is held; beside them its dots and rings."""
    colour = look.colour(curve.owner)
    xs, ys = ([[point[i] for point in segment] for segment in curve.segments] for i in (0, 1))
    yield drawn.multi_line(
        xs, ys, color=colour, line_width=2.5, line_dash=_DASHES[curve.owner % len(_DASHES)]
    )
    for points, face in ((curve.rings, look.paper), (curve.dots, colour)):
        if points:
            drawn.scatter(*zip(*points, strict=True), size=8, line_color=colour, fill_color=face)


_DASHES = ("solid", "dashed", "dotdash", "dotted")
"""Tell several activations apart without any colour."""
