"""A page with a point to drag: one HTML file that works offline, drawn by Bokeh.

Every number that it can show is computed here, at the points of a grid, and is in the file as text; the
browser only picks among them and draws lines (``page.js``).
"""

import json
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import QUANTITIES, Quantity
from actcalc.errors import ActcalcError, Argument, InputError
from actcalc.evaluation.table import quantities_upto
from actcalc.numbers.numerals import exact_text
from actcalc.numbers.ranges import Grid
from actcalc.output.files import writing
from actcalc.plot.curves import draw_curves, widen
from actcalc.plot.looks import DARK, LIGHT
from actcalc.plot.marks import mark_at, round_number
from actcalc.plot.page_numbers import (
    SHARES,
    VALUES,
    Layout,
    numbers_of,
    parameter_of,
    positions,
    vary,
    z_text,
)
from actcalc.plot.scene import Curve, Picture, extent, name
from actcalc.plot.words import words_of
from actcalc.teaching.elsewhere import default_note

MOST_TEXTS = 51_500
"""The most numbers for each activation; with them a page stays below 2.5 MB."""
POINTS, POINTS_IF_VARIED = 241, 121
"""The default numbers of positions: close enough for dragging, at round distances."""

_HERE = Path(__file__).parent


class Varied(NamedTuple):
    """A parameter with a slider."""

    parameter: str
    low: Fraction
    high: Fraction

    @property
    def values(self) -> list[Fraction]:
        return [self.low + (self.high - self.low) * i / (VALUES - 1) for i in range(VALUES)]


def save_page(
    fs: Sequence[Activation],
    points: Grid,
    path: str,
    at: Sequence[str] = (),
    at_kink: str = "least",
    dark: bool = False,
    upto: Quantity = "dg",
    spell: Callable[[Argument], str] = str,
    *,
    joined: Grid | None = None,
    varied: Varied | None = None,
    locale: str = "en",
) -> None:
    """Write the page of ``fs`` over ``points``; the point is at the first z of ``at``, or in the middle.

    It shows g, g' and so on ``upto`` a derivative; ``spell`` spells arguments. Curves join the points of
    ``joined``, if given. It is ``dark``, or follows the reader's screen.

    Raises ActcalcError for pictures that cannot be drawn, InputError if Bokeh is not installed or the file
    cannot be written.
    """
    words = words_of(locale)
    marked = [mark_at(text) for text in at]
    points = widen(points, marked)
    variants = [list(fs)] if varied is None else vary(fs, varied.parameter, varied.values)
    widest = round_number(float(abs(points.step) * (len(points) - 1)) / 12)
    layout = Layout([], [widest * share for share in SHARES], upto, at_kink, words, spell)
    most = MOST_TEXTS // (layout.columns * len(variants))
    if len(points) > most:
        with_values = f" with {len(variants)} values of {varied.parameter}" if varied else ""
        raise ActcalcError(f"{len(points)} points{with_values} are more than a page can hold: at most {most}")
    pictures = [draw_curves(each, joined or points, at, at_kink, upto=upto) for each in variants]
    zs = positions([f for each in variants for f in each], points, marked, upto)
    layout = layout._replace(zs=zs)
    orders = range(len(quantities_upto(upto)))
    data = {
        "z": " ".join(map(z_text, zs)),
        "ends": pictures[0].x_range,
        "widths": [exact_text(width) for width in layout.widths],
        "turns": [
            next((i for i, z in enumerate(zs) if layout.goes_left(z, width)), len(zs))
            for width in layout.widths
        ],
        "marked": [_nearest(zs, z) for z in marked],
        "start": _nearest(zs, marked[0] if marked else (zs[0] + zs[-1]) / 2),
        "values": [exact_text(value) for value in varied.values] if varied else [""],
        "parameter": varied.parameter if varied else "",
        "value": _value_in_force(fs, varied) if varied else 0,
        "ranges": [_ranges(pictures, order) for order in orders],
        "labels": list(pictures[0].y_labels),
        "functions": [
            [
                {
                    **numbers_of(each[owner], layout),
                    "curves": [_lines(picture, owner, order) for order in orders],
                }
                for each, picture in zip(variants, pictures, strict=True)
            ]
            for owner in range(len(fs))
        ],
        "words": words,
        "looks": {
            scheme: {
                "paper": look.paper,
                "ink": look.ink,
                "faint": look.faint,
                "curves": look.distinct_colours(len(fs)),
            }
            for scheme, look in _LOOKS.items()
        },
        "scheme": "dark" if dark else "",
    }
    page = _html(fs, data, locale)
    with writing(path) as file:
        file.write(page.encode())


_LOOKS = {"light": LIGHT, "dark": DARK}


def _nearest(zs: Sequence[Fraction], z: Fraction) -> int:
    return min(range(len(zs)), key=lambda i: abs(zs[i] - z))


def _value_in_force(fs: Sequence[Activation], varied: Varied) -> int:
    """The index of the value nearest to that of the parameter."""
    f, parameter = next((f, p) for f in fs if (p := parameter_of(f, varied.parameter)) is not None)
    value = f.parameters.get(parameter.name)
    return 0 if value is None else _nearest(varied.values, value)


def _ranges(pictures: Sequence[Picture], order: int) -> list[tuple[float, float]]:
    """The range of y for each activation: one for all, unless some curves would be almost flat in it."""
    curves = [
        [c for picture in pictures for c in picture.curves if c.order == order and c.owner == owner]
        for owner in range(len(pictures[0].names))
    ]
    own = [extent(each) for each in curves]
    shared = extent(curve for each in curves for curve in each)
    # A level line has no height of its own.
    heights = [high - low for (low, high), each in zip(own, curves, strict=True) if not _is_level(each)]
    if not heights or shared[1] - shared[0] <= _MOST_TIMES * min(heights):
        return [shared] * len(own)
    return [shared if _is_level(each) else limits for limits, each in zip(own, curves, strict=True)]


def _is_level(curves: Sequence[Curve]) -> bool:
    return len({y for curve in curves for part in curve.segments for _, y in part}) == 1


_MOST_TIMES = 8


def _lines(picture: Picture, owner: int, order: int) -> dict[str, Any]:
    """A curve as lines, dots and rings, each as x and y."""
    curve = next(c for c in picture.curves if (c.owner, c.order) == (owner, order))
    segments = [_coordinates(segment) for segment in curve.segments]
    return {
        "lines": [[xs for xs, _ in segments], [ys for _, ys in segments]],
        "dots": _coordinates(curve.dots),
        "rings": _coordinates(curve.rings),
    }


def _coordinates(points: Sequence[tuple[float, float]]) -> list[list[float]]:
    """The x and the y of points, to the digits that matter in a drawing."""
    return [[float(f"{point[i]:.7g}") for point in points] for i in (0, 1)]


def _html(fs: Sequence[Activation], data: dict[str, Any], locale: str) -> str:
    """The whole page. Raises InputError if Bokeh is not installed."""
    try:
        from bokeh.document import Document
        from bokeh.embed import file_html
        from bokeh.events import DocumentReady
        from bokeh.models import CustomJS, Range1d
        from bokeh.resources import INLINE
        from jinja2 import Environment  # which Bokeh needs
    except ImportError:
        raise InputError("a page needs bokeh, which is not installed: pip install 'actcalc[page]'") from None

    document, x_range = Document(), Range1d()
    quantities = QUANTITIES[: len(data["labels"])]
    drawn = [_figure(of, len(fs), x_range, of == quantities[-1]) for of in quantities]
    for figure, _ in drawn:
        document.add_root(figure)
    arguments = {"graphs": [figure for figure, _ in drawn], "parts": [parts for _, parts in drawn]}
    document.js_on_event(DocumentReady, CustomJS(args=arguments, code=_read("page.js")))
    shown = data["functions"][0][data["value"]]
    i = data["start"]
    return file_html(
        document,
        INLINE,
        ", ".join(map(name, fs)),
        template=Environment(autoescape=True).from_string(_read("page.jinja")),
        template_variables={
            "data": json.dumps(data, ensure_ascii=False).replace("<", "\\u003c"),
            "words": data["words"],
            "locale": locale,
            "looks": data["looks"],
            "scheme": data["scheme"],
            "names": [name(f) for f in fs],
            "dashes": DASHES,
            "notes": [note for f in fs if (note := default_note(f))],
            "labels": data["labels"],
            "parameter": data["parameter"],
            "last": {
                "z": len(data["z"].split()) - 1,
                "width": len(SHARES) - 1,
                "value": len(data["values"]) - 1,
            },
            "start": i,
            "value": data["value"],
            "marked": [data["z"].split()[i] for i in data["marked"]],
            "without_script": [
                f"{label} {sign_text(texts.split()[i])}"
                for label, texts in zip(
                    data["labels"], (shown["g"], shown["dg"], *shown["higher"]), strict=True
                )
            ],
            "z": data["z"].split()[i],
        },
    )


def sign_text(text: str) -> str:
    """A text of ``numbers_of`` after a sign that says whether it is exact."""
    return f"\N{ALMOST EQUAL TO} {text[1:]}" if text.startswith("~") else f"= {text}"


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


DASHES = ("", "9 4", "2 3", "9 3 2 3", "16 4", "5 3", "16 3 2 3 2 3", "12 3 4 3")
"""Dashes that tell activations apart without colour."""


def _figure(of: Quantity, count: int, x_range: Any, is_last: bool) -> tuple[Any, dict[str, Any]]:
    """The empty axes of a quantity for ``count`` activations, and the parts drawn in them, by name."""
    from bokeh.models import ColumnDataSource, Range1d
    from bokeh.plotting import figure

    drawn = figure(
        tools="",
        toolbar_location=None,
        sizing_mode="stretch_both",
        x_range=x_range,
        y_range=Range1d(),
        x_axis_label="z" if is_last else None,
        background_fill_color=None,
        border_fill_color=None,
        min_border_left=72,
        min_border_top=8,
        min_border_right=12,
    )
    # Each activation has its own range; the axis shows that of the selected one.
    ranges = [Range1d() for _ in range(count)]
    drawn.extra_y_ranges = {str(owner): own for owner, own in enumerate(ranges)}

    def source(name: str = "") -> Any:
        columns: dict[str, list[Any]] = {"x": [], "y": []}
        return ColumnDataSource(columns, name=name or None)

    parts: dict[str, Any] = {"ranges": ranges}
    if of == "g":
        for name in ("shade", "triangle"):
            parts[name] = drawn.patch("x", "y", source=source(name), fill_alpha=0.2, line_width=1.5)
    parts["curves"] = [
        {
            "lines": drawn.multi_line(
                "x",
                "y",
                source=source(f"line-{of}-{owner}"),
                name=f"curve-{of}-{owner}",
                line_dash=DASHES[owner % len(DASHES)],
                y_range_name=str(owner),
            ),
            "rings": drawn.scatter("x", "y", source=source(), size=8, y_range_name=str(owner)),
            "dots": drawn.scatter("x", "y", source=source(), size=8, y_range_name=str(owner)),
        }
        for owner in range(count)
    ]
    if of == "g":
        parts["tangents"] = drawn.multi_line("x", "y", source=source("tangents"), line_width=1.5)
        parts["secants"] = drawn.multi_line(
            "x", "y", source=source("secants"), line_width=1.5, line_dash="6 4"
        )
        labels = ColumnDataSource({"x": [], "y": [], "text": []}, name="label")
        style: dict[str, Any] = {"text_font_size": "13px", "background_fill_alpha": 0.7}
        parts["label"] = drawn.text("x", "y", "text", source=labels, **style)
    parts["marked"] = drawn.scatter("x", "y", source=source(), size=9, line_width=1.5)
    parts["point"] = drawn.scatter("x", "y", source=source(of), size=16, line_width=2)
    return drawn, parts
