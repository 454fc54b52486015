"""Pictures: their contents, files and terminal pictures, and errors."""

import fcntl
import math
import os
import pty
import re
import stat
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from fractions import Fraction
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actcalc import activation
from actcalc.activations.activation import Activation
from actcalc.activations.parameters import bind
from actcalc.catalogue.lookup import declaration, names
from actcalc.cli.requests import activations
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.ranges import grid
from actcalc.plot import image, looks
from actcalc.plot.curves import draw_curves
from actcalc.plot.errors import draw_errors
from actcalc.plot.mathtext import LONGEST, typeset
from actcalc.plot.scene import Curve
from actcalc.plot.terminal import render
from tests.support.command import Done, actcalc
from tests.support.matrix import SETTINGS

DATA = Path(__file__).parents[1] / "data"
LOST = r"The textbook's slopes $a(1-a)$ and $1-a^2$ in float64: all digits lost"
ERRORS = [
    "plot",
    "sigmoid",
    "tanh",
    "--error",
    "float64",
    "--step",
    "0.125",
    "--size",
    "1600x800",
    "--title",
    LOST,
]
PICTURES = {"slopes.svg": ["plot", "sigmoid", "tanh", "--at", "0"], "errors.svg": ERRORS}
"""The README's pictures, and the commands that make them."""


def texts(svg: str) -> list[str]:
    """The texts of a picture in order; those with mathematics are comments on their shapes."""
    found = re.findall(r"<(?:text|tspan)[^>]*>([^<\n]+)</|<!-- (.*?) -->", svg)
    return [plain or shapes for plain, shapes in found]


def draw(path: Path, *arguments: str) -> bytes:
    done = actcalc(["plot", *arguments, "-o", str(path)])
    assert done == Done(0, "", "")
    return path.read_bytes()


@pytest.fixture
def figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A function that returns matplotlib's figure for some arguments."""
    from matplotlib.figure import Figure

    def of(*arguments: str) -> Figure:
        drawn: list[Figure] = []
        monkeypatch.setattr(Figure, "savefig", lambda self, file, **_: drawn.append(self))
        draw(tmp_path / "a.png", *arguments)
        drawn[0].draw_without_rendering()
        return drawn[0]

    return of


def written_in(figure: Any) -> set[str]:
    """The visible texts of a picture, with the source of mathematics without dollar signs."""
    from matplotlib.text import Text

    found = [text for text in figure.findobj(Text) if text.get_visible()]
    return {text.get_text().replace("$", "") for text in found} - {""}


def curves(name: str, *at: str, start: str = "-6", stop: str = "6") -> list[Curve]:
    return list(draw_curves([activation(name)], grid(start, stop, num="121"), at).curves)


# Contents of pictures


@pytest.mark.parametrize("f", SETTINGS, ids=lambda f: f.describe())
def test_points_are_those_of_the_tables(f: Activation) -> None:
    g, dg = draw_curves([f], grid("-6", "6", num="49"), at_kink="right").curves
    kinks = {float(kink.z) for kink in f.kinks}
    for curve in (g, dg):
        points = [point for segment in curve.segments for point in segment]
        assert {-6.0, 0.25, 6.0} <= {z for z, _ in points}
        right = {z: f.dg(z, at_kink="right") if curve.order else f.g(z) for z, _ in points}
        assert all(y == right[z] for z, y in points if z not in kinks)


@pytest.mark.parametrize("f", SETTINGS, ids=lambda f: f.describe())
def test_a_kink_is_a_break(f: Activation) -> None:
    g, dg = draw_curves([f], grid("-6", "6", num="49")).curves
    kinks = [kink for kink in f.kinks if -6 < kink.z < 6]
    assert len(dg.segments) == 1 + len(kinks)
    assert len(g.segments) == 1 + sum(kink.is_jump for kink in kinks)
    for kink, before, after in zip(kinks, dg.segments, dg.segments[1:], strict=False):
        assert before[-1] == (float(kink.z), f.derivative_at(kink.z, "dg", FLOAT64, "left"))
        assert after[0] == (float(kink.z), f.derivative_at(kink.z, "dg", FLOAT64, "right"))


def test_dots_and_rings() -> None:
    _, dg = curves("relu")
    assert (dg.dots, dg.rings) == ([(0.0, 0.0)], [(0.0, 1.0)])
    (_, dg) = draw_curves([activation("relu")], grid("-6", "6", num="13"), at_kink="nan").curves
    assert (dg.dots, dg.rings) == ([], [(0.0, 0.0), (0.0, 1.0)])
    g, dg = curves("hardshrink")
    assert g.dots == [(-0.5, 0.0), (0.5, 0.0)]
    assert g.rings == [(-0.5, -0.5), (0.5, 0.5)]
    assert [segment[0] for segment in g.segments] == [(-6.0, -6.0), (-0.5, 0.0), (0.5, 0.5)]


def test_a_kink_at_the_edge() -> None:
    _, dg = curves("relu", start="0")
    assert dg.segments[0][0] == (0.0, 1.0)
    _, dg = curves("relu", stop="0")
    assert dg.segments[-1][-1] == (0.0, 0.0)


@pytest.mark.parametrize("name", ["gelu", "elu", "relu2", "abs(z - 1)", "hardshrink"])
def test_derivatives_of_higher_order(name: str) -> None:
    f = activation(name)
    points = grid("-6", "6", num="49")
    drawn = draw_curves([f], points, upto="d3g").curves
    assert [curve.label for curve in drawn] == ["g(z)", "g'(z)", "g''(z)", "g'''(z)"]
    for order, curve in enumerate(drawn):
        assert curve.order == order
        inner = [point for segment in curve.segments for point in segment[1:-1]]
        assert len(inner) >= 40
        assert all(y == f.derivative(z, order) for z, y in inner)
    # elu'' jumps from 1 to 0, lower derivatives do not
    if name == "elu":
        assert [len(curve.segments) for curve in drawn] == [1, 1, 2, 2]
        assert drawn[2].rings == [(0.0, 1.0)]
    if name == "abs(z - 1)":
        assert drawn[1].rings == [(1.0, -1.0), (1.0, 1.0)]


def test_dashes_tell_the_orders(tmp_path: Path, figure: Callable[..., Any]) -> None:
    svg = draw(tmp_path / "a.svg", "gelu", "--order", "2").decode()
    assert len(set(re.findall("stroke-dasharray: ([^;]*);", svg))) == 2
    assert "g''(z)" in written_in(figure("gelu", "--order", "2"))
    draw(tmp_path / "b.svg", "gelu", "--order", "2", "--panels", "--at", "1")
    shown = actcalc(["plot", "gelu", "--order", "2", "--ascii"])
    assert "gelu g'(z)\n" in shown.out
    assert "gelu g''(z)\n" in shown.out


def test_triangle() -> None:
    picture = draw_curves([activation("sigmoid"), activation("tanh")], grid("-6", "6", num="13"), ["0", "1"])
    assert [mark.text for mark in picture.marks] == [
        "sigmoid g'(0) = 0.25",
        "tanh g'(0) = 1",
        "sigmoid g'(1) ~ 0.196612",
        "tanh g'(1) ~ 0.419974",
    ]
    for mark in picture.marks:
        assert mark.triangle is not None
        (x0, y0), (x1, y1), (x2, y2) = mark.triangle.corners
        assert y0 == y1
        assert x1 == x2
        assert (y2 - y1) / (x1 - x0) == pytest.approx(mark.tangents[0].slope)
        assert float(mark.triangle.width) == x1 - x0
        assert float(mark.triangle.height) == pytest.approx(y2 - y1, rel=1e-5)
        assert "g' = " in mark.line


@pytest.mark.parametrize(
    ("name", "z", "text"),
    [
        ("gelu", "0", "g'(0) = 0.5"),
        ("gelu_tanh", "0", "g'(0) = 0.5"),
        ("hard_swish", "1", "g'(1) = 5/6"),
        ("z*exp(-z**2/2)", "1", "g'(1) = 0"),
        ("gelu", "4", "g'(4) ~ 1.0005"),
        ("gelu(abs(z))", "0", "at z = 0: slope -0.5 on the left, 0.5 on the right"),
        ("leaky_relu:slope=1/3", "0", "at z = 0: slope 1/3 on the left, 1 on the right"),
    ],
)
def test_numbers_are_exact_or_said_not_to_be(name: str, z: str, text: str) -> None:
    (mark,) = draw_curves(activations([name], None), grid("-6", "6", num="13"), [z]).marks
    assert mark.text == text
    if mark.triangle is not None and "=" in text:
        width, height = Fraction(mark.triangle.width), Fraction(mark.triangle.height)
        assert height / width == Fraction(text.partition("= ")[2]) == Fraction(mark.triangle.slope)


def test_both_tangents_at_a_kink() -> None:
    (mark,) = draw_curves([activation("leaky_relu")], grid("-6", "6", num="13"), ["0"]).marks
    assert [tangent.slope for tangent in mark.tangents] == [0.01, 1.0]
    assert mark.is_shaded
    assert mark.text == "at z = 0: slope 0.01 on the left, 1 on the right"
    assert mark.line == (
        "at z = 0: g = 0.0, subgradients 0.01 (left) to 1.0 (right);"
        " g' is undefined, returned 0.01 (at_kink='least')"
    )
    (mark,) = draw_curves([activation("hardshrink")], grid("-6", "6", num="13"), ["0.5"]).marks
    assert [tangent.at for tangent in mark.tangents] == [(0.5, 0.0), (0.5, 0.5)]
    assert not mark.is_shaded


def test_a_mark_beyond_the_range_widens_it() -> None:
    picture = draw_curves([activation("tanh")], grid("-6", "6", num="121"), ["10", "-6.05"])
    assert picture.x_range == (-6.1, 10.0)
    g, _ = picture.curves
    assert {-6.1, 0.3, 9.9, 10.0} <= {z for z, _ in g.segments[0]}  # the steps are unchanged
    far = draw_curves([activation("tanh")], grid("-6", "6", num="121"), ["1e50"])
    assert far.x_range == (-6.0, 1e50)
    down = draw_curves([activation("tanh")], grid("6", "-6", num="121"), ["7"])
    assert down.x_range == (-6.0, 7.0)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "leaky_relu"])
@pytest.mark.parametrize("z", ["-10", "10"])
def test_triangles_at_an_edge_go_inwards(name: str, z: str) -> None:
    (mark,) = draw_curves([activation(name)], grid("-10", "10", num="41"), [z]).marks
    assert mark.triangle is not None
    assert all(-10 <= x <= 10 for x, _ in mark.triangle.corners)
    assert float(z) in {x for x, _ in mark.triangle.corners}


def test_panels_from_three_functions_on() -> None:
    fs = [activation(name) for name in ("sigmoid", "tanh", "relu", "elu", "gelu")]
    points = grid("-6", "6", num="13")
    assert [draw_curves(fs[:n], points).has_panels for n in (1, 2, 3)] == [False, False, True]
    assert draw_curves(fs[:1], points, panels=True).has_panels
    of_functions = [draw_curves(fs[:n], points).panels == "functions" for n in (3, 4, 5)]
    assert of_functions == [False, True, True]
    assert draw_curves(fs, points, panels=True).panels == "quantities"


@pytest.mark.parametrize(
    ("formula", "poles"),
    [
        ("1/z", [0]),
        ("1/(z - 0.123)**2", [0.123]),
        ("tan(z)", [-1.5 * math.pi, -0.5 * math.pi, 0.5 * math.pi, 1.5 * math.pi]),
        ("1/(z*(z - 1))", [0, 1]),
    ],
)
def test_poles_are_clipped(formula: str, poles: list[float]) -> None:
    """No line crosses a pole, and values near it do not determine the scale."""
    picture = draw_curves([activation(formula)], grid("-6", "6", num="601"))
    assert picture.y_range[1] - picture.y_range[0] < 200
    for curve in picture.curves:
        for segment in curve.segments:
            ends = segment[0][0], segment[-1][0]
            assert not any(ends[0] < pole < ends[1] for pole in poles)
        longest = max(abs(y) for segment in curve.segments for _, y in segment)
        assert longest > 2 * max(map(abs, picture.y_range)) or curve.order == 0
        between = [
            y for segment in curve.segments for z, y in segment if all(abs(z - p) > 0.3 for p in poles)
        ]
        assert picture.y_range[0] <= min(between)
        assert picture.y_range[1] >= max(between)


@pytest.mark.parametrize("name", ["exponential", "relu2", "z**5", "exp(-(20*z)**2)", "tanh(50*z)", "log(z)"])
def test_peaks_and_growth_are_not_poles(name: str) -> None:
    picture = draw_curves([activation(name)], grid("-6", "6", num="601"))
    assert [curve.between for curve in picture.curves if curve.order == 0] == [None]
    high = max(y for segment in picture.curves[0].segments for _, y in segment)
    assert picture.y_range[1] > high


def test_titles_and_ends_of_y() -> None:
    (f,), points = [activation("tanh")], grid("-6", "6", num="13")
    picture = draw_curves([f], points, ["0"], limits=(-0.5, 2))
    assert picture.y_range == (-0.5, 2)
    lines = actcalc(["plot", "tanh", "--ylim", "-0.5", "2", "--title", "Hyperbolic", "--ascii"]).out
    assert lines.startswith(" " * 35 + "Hyperbolic\n+--")
    assert "tanh: g(z)" not in lines
    rows = [i for i, line in enumerate(lines.splitlines()) if line.endswith("| 1")]
    assert 6 <= rows[0] <= 9  # in 15 lines from 2 to -0.5, below two others


def test_error_picture() -> None:
    picture = draw_errors([activation("sigmoid"), activation("relu")], grid("-40", "40", num="81"), FLOAT64)
    assert picture.is_logarithmic
    assert picture.y_labels == ["error in ulps"]
    sigmoid, relu = picture.curves
    assert (sigmoid.label, relu.label) == (
        "sigmoid: from a, a*(1 - a)",
        "relu: from a, 1 if a > 0 else 0 (exact everywhere)",
    )
    errors = dict(sigmoid.segments[0])
    assert max(errors[float(z)] for z in range(-40, 1)) < 2
    assert min(errors[float(z)] for z in range(38, 41)) > 2**51  # all digits are lost
    assert 0.0 not in dict(relu.segments[0])  # the kink


# Files


def test_svg(tmp_path: Path, figure: Callable[..., Any]) -> None:
    svg = draw(tmp_path / "slopes.svg", "sigmoid", "tanh", "--at", "0").decode()
    shown = written_in(figure("sigmoid", "tanh", "--at", "0"))
    assert {"height 0.25", "height 0.5"} <= set(texts(svg))
    for name in ("sigmoid", "tanh"):
        assert {f"{name} g(z)", f"{name} g'(z)"} <= set(shown)
    assert {"z", "g(z), g'(z)", "height 0.25", "height 0.5"} <= set(shown)
    assert {
        "sigmoid g'(0) = 0.25: height 0.25 / width 1",
        "tanh g'(0) = 1: height 0.5 / width 0.5",
    } <= set(shown)
    assert "stroke-dasharray" in svg
    assert all(colour.lower() in svg for colour in looks.LIGHT.curves[:2])


def test_dark(tmp_path: Path) -> None:
    svg = draw(tmp_path / "dark.svg", "tanh", "--dark").decode()
    assert looks.DARK.paper in svg
    assert "#ffffff" not in svg


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_of_the_readme(name: str, tmp_path: Path) -> None:
    kept = (DATA / name).read_text()
    assert texts(draw(tmp_path / name, *PICTURES[name][1:]).decode()) == texts(kept)
    assert len(kept) < 100_000


def test_png_has_the_size_asked_for(tmp_path: Path) -> None:
    from matplotlib.image import imread

    for arguments, size in ((["--size", "640x480"], (640, 480)), ([], image.SIZE)):
        png = draw(tmp_path / "tanh.png", "tanh", *arguments)
        assert struct.unpack(">II", png[16:24]) == size
        pixels = imread(tmp_path / "tanh.png")
        dark = (pixels[..., :3].sum(axis=2) < 2.4).mean()
        assert 0.01 < dark < 0.5


def test_four_functions_are_two_by_two(figure: Callable[..., Any]) -> None:
    names = ["sigmoid", "tanh", "relu", "leaky_relu"]
    picture = figure(*names, "--at", "0")
    boxes = [axes.get_window_extent() for axes in picture.axes]
    assert [axes.get_title().partition("(")[0] for axes in picture.axes] == names
    assert boxes[0].y0 == boxes[1].y0 > boxes[2].y1
    assert boxes[0].x0 == boxes[2].x0
    assert boxes[1].x0 > boxes[0].x1
    highest = [axes.get_ylim()[1] for axes in picture.axes]
    assert max(highest) > 3 * min(highest)  # each has its own scale
    limited = figure(*names, "--ylim", "-1", "2")
    assert {axes.get_ylim() for axes in limited.axes} == {(-1, 2)}


@pytest.mark.parametrize(
    "arguments",
    [
        "sigmoid tanh relu gelu mish --size 1600x500",
        "sigmoid tanh relu gelu mish --panels --size 1600x500",
        "gelu --order 4 --panels",
        "sigmoid tanh relu gelu --size 800x600 --at 0 1 2",
    ],
)
def test_panels_keep_a_least_size(arguments: str, figure: Callable[..., Any]) -> None:
    picture = figure(*arguments.split())
    width, height = picture.get_size_inches()
    for axes in picture.axes:
        box = axes.get_window_extent()
        assert box.width / picture.dpi >= image.LEAST_AXES[0] - 0.01
        assert box.height / picture.dpi >= image.LEAST_AXES[1] - 0.01
        assert box.height / picture.bbox.height > 0.14
    asked = re.search(r"--size (\d+)x(\d+)", arguments)
    if asked is not None:
        assert (round(width * picture.dpi), round(height * picture.dpi)) == (int(asked[1]), int(asked[2]))


@pytest.mark.parametrize(
    "arguments",
    ["sigmoid tanh relu gelu mish --size 300x150", "sigmoid tanh relu gelu --size 320x210 --at 0"],
)
def test_a_size_that_is_too_small_is_refused_and_another_named(arguments: str, tmp_path: Path) -> None:
    path = str(tmp_path / "a.png")
    done = actcalc(["plot", *arguments.split(), "-o", path])
    refused = re.fullmatch(
        r"actcalc: --size \d+x\d+ leaves no room for \d panels: at least (\d+x\d+)\n", done.err
    )
    assert (done.status, list(tmp_path.iterdir())) == (2, [])
    assert refused is not None
    enough = re.sub(r"\d+x\d+", refused[1], arguments)
    assert actcalc(["plot", *enough.split(), "-o", path]).status == 0


@pytest.mark.parametrize("name", ["leaky_relu", "exponential"])
def test_curves_on_one_another_are_both_seen(name: str, tmp_path: Path) -> None:
    """To the left of 0, where g' once hid g, both are visible."""
    from matplotlib.colors import to_rgb
    from matplotlib.image import imread

    draw(tmp_path / "a.png", name, "--ylim", "-1", "1")
    pixels = imread(tmp_path / "a.png")[250:, 200:700, :3]
    g, dg = (
        (abs(pixels - to_rgb(colour)).max(axis=2) < 0.1).any(axis=0).mean()
        for colour in looks.LIGHT.curves[:2]
    )
    assert g > 0.95  # also between the dashes
    assert 0.4 < dg < 0.9


@pytest.mark.parametrize("name", names())
def test_formulas_are_typeset(name: str) -> None:
    """Each title can be typeset by mathtext, without any Python syntax left."""
    from matplotlib.mathtext import MathTextParser

    declared = declaration(name)
    f = bind(declared, {} if all(p.default for p in declared.parameters) else declared.examples[0])
    title = typeset(draw_curves([f], grid("-1", "1", num="3")).title, in_line=False)
    MathTextParser("path").parse(title)
    if len(declared.g) <= LONGEST:
        assert not re.search(r"[*]|(?<!f)rac\(|exp\(|sqrt\(", title)
        assert title.count("$") >= 4
    else:
        assert declared.g in title


def test_a_title_that_is_mathematics(figure: Callable[..., Any]) -> None:
    picture = figure("tanh", "--title", r"Slopes: $\frac{1}{2}$")
    assert picture.axes[0].get_title() == r"Slopes: $\frac{1}{2}$"
    of_panels = figure("tanh", "relu", "elu", "gelu", "--title", "Four")
    assert "Four" in written_in(of_panels)


def test_paths_and_sizes_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is computed for a picture that cannot be drawn."""
    for module in ("curves.draw_curves", "errors.draw_errors"):
        monkeypatch.setattr(f"actcalc.plot.{module}", lambda *_: pytest.fail("something is drawn"))
    nowhere = str(tmp_path / "no" / "a.png")
    for arguments, status, message in [
        (f"tanh -o {nowhere}", 1, f"cannot write '{nowhere}': No such file or directory"),
        (f"tanh --error float32 -o {nowhere}", 1, f"cannot write '{nowhere}': No such file or directory"),
        (f"tanh -o {tmp_path}/a.gif", 2, "has unknown suffix '.gif'"),
        (f"tanh -o {tmp_path}/a.png --size 9x9", 2, "--size 9x9 is too small: it must be at least 100x100"),
        (f"tanh -o {tmp_path}/a.png --dpi 900", 2, "--dpi 900 leaves"),
        (f"tanh relu elu gelu -o {tmp_path}/a.png --size 200x200", 2, "--size 200x200 leaves no room"),
        (f"tanh -o {tmp_path}/a.png --title $\\frac$", 2, "--title: '$\\frac$' cannot be typeset"),
        ("tanh --size 9x9", 2, "--size 9x9 is too small: it must be at least 20x8"),
    ]:
        done = actcalc(["plot", *arguments.split()])
        assert (done.status, message in done.err) == (status, True), done.err


def test_dpi(tmp_path: Path) -> None:
    png = draw(tmp_path / "tanh.png", "tanh", "--size", "640x480", "--dpi", "100")
    assert struct.unpack(">II", png[16:24]) == (640, 480)
    assert b'width="460.8pt"' in draw(tmp_path / "a.svg", "tanh", "--size", "640x480", "--dpi", "100")


LABELLED = [
    *([name, "--at", "-10", "--at", "0", "--at", "10"] for name in ("sigmoid", "tanh", "relu", "leaky_relu")),
    ["sigmoid", "tanh", "relu", "leaky_relu", "--at", "-10", "--at", "0", "--at", "10"],
    ["sigmoid", "--from", "-10", "--to", "10", "--at", "10"],
    ["sigmoid", "tanh", "relu", "elu", "gelu", "mish", "--at", "0"],
    ["relu", "leaky_relu", "--at", "0"],
    ["hardshrink", "--at", "-0.5", "--at", "0.5"],
    ["threshold:threshold=1,value=20", "--at", "1"],
    ["elu:alpha=2", "selu", "gelu", "--at", "0", "--size", "800x900"],
    ["step", "--at", "0"],
    ["sigmoid", "tanh", "--at", "0", "--at", "1", "--dark"],
    ["sigmoid", "tanh", "gelu", "--error", "float32"],
]


@pytest.mark.parametrize("arguments", LABELLED, ids=" ".join)
def test_labels_cross_nothing(arguments: list[str], figure: Callable[..., Any]) -> None:
    """Texts lie within the picture and overlap neither each other nor, within axes, lines."""
    from matplotlib.text import Text
    from matplotlib.transforms import Bbox

    picture = figure(*arguments)
    ticks = {label for axes in picture.axes for label in axes.get_xticklabels() + axes.get_yticklabels()}
    boxes: list[tuple[Text, Bbox]] = []
    for text in picture.findobj(Text):
        assert isinstance(text, Text)
        if not text.get_visible() or not text.get_text().strip() or text in ticks:
            continue
        box = text.get_window_extent()
        assert picture.bbox.x0 <= box.x0, text
        assert picture.bbox.y0 <= box.y0, text
        assert picture.bbox.x1 >= box.x1, text
        assert picture.bbox.y1 >= box.y1, text
        for axes in picture.axes:
            if axes.get_window_extent().overlaps(box):
                for line in axes.lines:
                    path = line.get_transform().transform_path(line.get_path())
                    assert not path.intersects_bbox(box, filled=False), (text, line)
        assert not [other for other, its_box in boxes if box.overlaps(its_box)], text
        boxes.append((text, box))
    assert len(boxes) >= 5


def test_pdf(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pdf = draw(tmp_path / "RELU.PDF", "relu", "--at", "0")
    assert pdf.startswith(b"%PDF-1.")
    assert pdf.endswith(b"%%EOF\n")
    (place,) = re.findall(rb"startxref\n(\d+)", pdf)
    assert pdf[int(place) :].startswith(b"xref")
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 1
    assert caplog.messages == []  # warnings about fonts would appear on standard error


def test_pictures_are_reproducible(tmp_path: Path) -> None:
    assert draw(tmp_path / "a.svg", "tanh") == draw(tmp_path / "b.svg", "tanh")


def test_mode_is_kept_and_links_are_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target.svg", tmp_path / "link.svg"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    assert b"</svg>" in draw(link, "tanh")
    assert link.is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.svg", "target.svg"]


def test_a_file_is_complete_or_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.figure import Figure

    def fail(self: Figure, file: Any, **_: Any) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", fail)
    path = tmp_path / "tanh.svg"
    path.write_text("old")
    done = actcalc(["plot", "tanh", "-o", str(path)])
    assert done == Done(1, "", f"actcalc: cannot write '{path}': No space left on device\n")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


# The terminal


def picture(*arguments: str) -> list[str]:
    done = actcalc(["plot", *arguments])
    assert (done.status, done.err) == (0, "")
    return done.out.splitlines()


def dots(lines: list[str]) -> np.ndarray[Any, Any]:
    """The Braille dots inside the frame of a picture, row by row."""
    rows = [line[1 : line.rindex("│")] for line in lines if line.startswith("│")]
    bits = np.zeros((4 * len(rows), 2 * len(rows[0])), bool)
    for i, row in enumerate(rows):
        for j, character in enumerate(row):
            pattern = ord(character) - 0x2800 if "\u2800" <= character <= "\u28ff" else 0
            for bit, (down, right) in enumerate(
                [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1), (3, 0), (3, 1)]
            ):
                bits[4 * i + down, 2 * j + right] = pattern >> bit & 1
    return bits


def test_tanh_is_odd_and_its_slope_even() -> None:
    lines = picture("tanh")
    blank = lines.index("")
    g, dg = dots(lines[:blank]), dots(lines[blank:])
    assert g.sum() > 100
    assert (g == g[::-1, ::-1]).all()
    assert (dg == dg[:, ::-1]).all()
    assert g[:, : g.shape[1] // 2].sum() == g.sum() // 2


def test_a_picture_in_a_pipe() -> None:
    lines = picture("tanh")
    assert max(map(len, lines)) == 80
    assert "\x1b" not in "".join(lines)
    assert sum(line.startswith("┌") for line in lines) == 2  # g above, g' below
    assert [line.strip() for line in lines if "tanh" in line] == ["tanh: g(z) = tanh(z)", "tanh g'(z)"]


def test_a_picture_has_the_size_asked_for() -> None:
    lines = picture("tanh", "--size", "60x15")
    blank = lines.index("")
    assert blank == 15
    assert len(lines) == 31
    assert max(map(len, lines)) == 60


def test_zero_has_no_sign() -> None:
    lines = picture("sigmoid", "--from", "-10", "--to", "10", "--at", "0")
    assert sum(line.endswith("│ 0") for line in lines) == 2
    assert "-0.0" not in "".join(lines)


def test_an_error_picture_in_the_terminal_has_a_caption(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert picture("sigmoid", "--error", "float32")[-2:] == [
        "Textbook slopes in float32: 0.5 ulp or less is correctly rounded; each doubling loses one bit",
        "sigmoid: a*(1 - a) is exactly 0 from z = 17.4 on, where the slope is 2.7750842e-08",
    ]


@pytest.mark.parametrize("fmt", ["float32", "bfloat16"])
@pytest.mark.parametrize("size", ["80x19", "60x19"])
def test_the_title_of_errors_fits(fmt: str, size: str) -> None:
    lines = picture("sigmoid", "tanh", "--error", fmt, "--ascii", "--size", size)
    columns = int(size[:2])
    assert max(map(len, lines)) <= columns
    frame = next(i for i, line in enumerate(lines) if line.startswith("+"))
    title = f"Textbook slopes in {fmt}: 0.5 ulp or less is correctly rounded; each doubling loses one bit"
    assert " ".join(line.strip() for line in lines[:frame]) == title
    assert frame == 2
    assert lines.index("") == 19
    assert not any(title[:20] in line for line in lines[frame:])


@pytest.mark.parametrize("ends", [("-10", "10"), ("-6", "6"), ("-1e-9", "1e-9"), ("0", "1e6"), ("-3", "0.5")])
@pytest.mark.parametrize("columns", [40, 57, 80])
def test_ticks_stand_apart_from_the_name_of_the_axis(ends: tuple[str, str], columns: int) -> None:
    lines = picture("tanh", "--from", ends[0], "--to", ends[1], "--size", f"{columns}x15")
    below = [lines[i + 1] for i, line in enumerate(lines) if line.startswith("└")]
    assert len(below) == 2
    for line in below:
        assert re.search(r"(\d  +|^ +)z( in units of 1e-?\d+)?$", line)
        assert len(line) <= columns


def test_plain_characters() -> None:
    text = "\n".join(picture("gelu", "gelu_tanh", "--at", "-1", "--ascii"))
    assert text.isascii()
    assert "** gelu g(z)" in text
    assert "oo gelu_tanh g'(z)" in text


def test_each_curve_has_a_picture_without_colour() -> None:
    lines = picture("sigmoid", "tanh")
    assert sum(line.startswith("┌") for line in lines) == 4


def test_notes_below_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert picture("relu", "--at", "0")[-1] == (
        "at z = 0: g = 0.0, subgradients 0.0 (left) to 1.0 (right);"
        " g' is undefined, returned 0.0 (--at-kink least)"
    )
    assert picture("relu", "--at", "0", "--at-kink", "right")[-1].endswith("returned 1.0 (--at-kink right)")
    assert "gelu is the exact form" in "\n".join(picture("gelu"))
    assert "gelu is the exact form" not in "\n".join(picture("gelu", "--quiet"))


def on_a_terminal(columns: int, *arguments: str, **environment: str) -> str:
    """The program's output on a terminal of ``columns`` columns."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    without = {"COLUMNS", "LINES", "NO_COLOR", "COLORTERM"}
    kept = {key: value for key, value in os.environ.items() if key not in without}
    process = subprocess.Popen(
        [sys.executable, "-m", "actcalc", "plot", *arguments],
        stdin=child,
        stdout=child,
        stderr=child,
        env=kept | {"TERM": "xterm", "PYTHONUTF8": "1"} | environment,
    )
    os.close(child)
    written = b""
    try:
        while block := os.read(parent, 65536):
            written += block
    except OSError:  # the other end is closed
        pass
    os.close(parent)
    assert process.wait() == 0
    return written.decode().replace("\r\n", "\n")


def test_a_terminal_is_filled_in_colour() -> None:
    text = on_a_terminal(101, "tanh")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert plain != text
    assert max(map(len, plain.splitlines())) == 101
    assert plain.count("┌") == 1
    assert "\x1b[38;2;86;180;233m" in on_a_terminal(80, "tanh", COLORTERM="truecolor")


def test_numba_does_not_slow_down_pictures_in_the_terminal() -> None:
    """uniplot has loops for numba, which take a hundred times as long as NumPy for such a picture."""
    shown = draw_curves([activation("tanh")], grid("-1", "1", num="9"), ["0"])
    assert len(list(render(shown, (60, 12), False, False))) >= 12
    from uniplot import pixel_matrix

    assert not hasattr(pixel_matrix, "njit")


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colour(environment: dict[str, str]) -> None:
    text = on_a_terminal(90, "tanh", **environment)
    assert "\x1b" not in text
    assert text.count("┌") == 2


@pytest.mark.parametrize("ends", [("-1e100", "1e100"), ("-1e-9", "1e-9"), ("0", "30"), ("1000", "1001")])
@pytest.mark.parametrize("name", ["identity", "tanh", "step", "relu2"])
def test_ranges_of_any_size(ends: tuple[str, str], name: str, tmp_path: Path) -> None:
    shown = draw_curves([activation(name)], grid(*ends, num="51"), [ends[0]])
    for colour in (False, True):
        for plain in (False, True):
            assert len(list(render(shown, (60, 12), colour, plain))) >= 12
    image.save(shown, str(tmp_path / "a.png"), image.shape_of("one", 1, (200, 100)))


# Errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            "tanh -o a.gif",
            "'a.gif' has unknown suffix '.gif'\nhint: a picture's name ends in .svg, .png, .pdf",
        ),
        ("tanh -o a", "'a' has no suffix\nhint: a picture's name ends in .svg, .png, .pdf"),
        (
            "tanh --from 1 --to 1",
            "the range from 1.0 to 1.0 is empty\nhint: give ends further apart",
        ),
        ("tanh --from 6", "the range from 6.0 to 6.0 is empty\nhint: give ends further apart"),
        (
            "tanh --from 1 --to 1.0000001",
            "the range from 1.0 to 1.0000001 is too narrow to draw\nhint: give ends further apart",
        ),
        ("tanh --from -1e101", "a picture goes to 1e+100 at most"),
        ("tanh --num 1000000", "1000000 points are more than a picture can show: at most 100000"),
        ("tanh --num 1", "--num 1 needs equal ends"),
        ("tanh --to inf", "--to must be a finite number, not 'inf' (--from is -6 by default)"),
        (
            "exponential --from 710 --to 711",
            "g(z) is beyond 1e+300 over the whole range\nhint: give another range",
        ),
        ("exponential --to 800 --at 750", "--at: g of 'exponential' has no value at z = 750 to draw"),
        ("log(z) --at -3", "--at: g of 'log(z)' has no value at z = -3 to draw"),
        ("sqrt(z) --at 0", "--at: g' of 'sqrt(z)' has no value at z = 0 to draw"),
        ("tanh --at 1e101", "--at: '1e101' is too far out: a picture goes to 1e+100 at most"),
        ("tanh --dpi 100", "--dpi is for files\nhint: write a file with -o"),
        ("tanh --dpi 1 -o a.png", "--dpi must be a whole number from 10 to 2400, not '1'"),
        ("tanh --dpi 600 -o a.png", "--dpi 600 leaves 2.67 x 1.67 inches: a picture needs 3 x 2"),
        ("tanh --error float64 --panels", "--error and --panels cannot be used together"),
        ("tanh --at -inf", "--at: '-inf' is not a finite number"),
        (
            "tanh --at 1,5",
            "--at: '1,5' is not a number\nhint: write a decimal point, not a decimal comma: 1.5",
        ),
        ("tanh --size 80", "--size must be WxH, not '80'\nhint: for example: --size 1600x1000"),
        ("tanh --size 2x2", "--size 2x2 is too small: it must be at least 20x8"),
        ("tanh --size 20000x2000 -o a.png", "--size 20000x2000 is too large: it must be at most 10000x10000"),
        ("tanh --ylim 1 1", "--ylim 1 1: the first end must be below the second"),
        ("tanh --ylim 2 -2", "--ylim 2 -2: the first end must be below the second"),
        ("tanh --ylim a 1", "--ylim: 'a' is not a number"),
        ("tanh --ylim 0 1e301", "--ylim 0 1e301: the ends must be from -1e+300 to 1e+300"),
        (
            "tanh --error float32 --ylim 0 1",
            "--ylim 0 1: the axis of errors is logarithmic and has no 0",
        ),
        ("tanh -o a.html --ylim 0 1", "--ylim does not apply to a page"),
        ("tanh -o a.html --title A", "--title does not apply to a page"),
        ("tanh --dark", "--dark is for files\nhint: write a file with -o"),
        ("tanh --ascii -o a.svg", "-o and --ascii cannot be used together"),
        ("tanh --error float64 --at 0", "--error and --at cannot be used together"),
        (
            "tanh --error float8",
            "--error: unknown format 'float8': choose one of float64, float32, float16, bfloat16,"
            " float8_e4m3fn, float8_e5m2, float8_e4m3fnuz, float8_e5m2fnuz\n"
            "hint: did you mean float64?",
        ),
        ("tanh tanh", "'tanh' is named twice"),
        ("tahn", "unknown activation 'tahn'\nhint: did you mean tanh?"),
    ],
)
def test_errors(arguments: str, message: str) -> None:
    assert actcalc(["plot", *arguments.split()]) == Done(2, "", f"actcalc: {message}\n")


def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    nowhere, folder = tmp_path / "no" / "a.svg", tmp_path / "b.svg"
    folder.mkdir()
    for path, why in ((nowhere, "No such file or directory"), (folder, "Is a directory")):
        done = actcalc(["plot", "tanh", "-o", str(path)])
        assert done == Done(1, "", f"actcalc: cannot write '{path}': {why}\n")


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() == 0, reason="root may write anything")
def test_a_folder_that_is_read_only(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    done = actcalc(["plot", "tanh", "-o", str(tmp_path / "a.svg")])
    tmp_path.chmod(0o700)
    assert done == Done(1, "", f"actcalc: cannot write '{tmp_path / 'a.svg'}': Permission denied\n")


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for module in ("matplotlib", "matplotlib.figure", "uniplot"):
        monkeypatch.setitem(sys.modules, module, None)
    path = tmp_path / "a.svg"
    assert actcalc(["plot", "tanh", "-o", str(path)]) == Done(
        1, "", "actcalc: -o needs matplotlib, which is not installed: pip install 'actcalc[plot]'\n"
    )
    assert not path.exists()
    assert actcalc(["plot", "tanh"]) == Done(
        1,
        "",
        "actcalc: a picture in the terminal needs uniplot, which is not installed:"
        " pip install 'actcalc[plot]'\n",
    )


@pytest.mark.parametrize("arguments", [["deriv", "tanh", "0"], ["show", "tanh"], ["plot", "--help"]])
def test_libraries_are_imported_where_they_are_used(arguments: list[str]) -> None:
    program = (
        "import sys; from actcalc.cli.app import main; main(sys.argv[1:]);"
        " print({'matplotlib', 'uniplot', 'numpy'} & {*sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    assert done.stderr == "set()\n"


def test_many_tangents_are_lettered_with_one_renderer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A renderer for each text, with each line measured for each, took fifteen seconds for 200 tangents."""
    from matplotlib.figure import Figure
    from matplotlib.path import Path as MatplotlibPath

    asked: list[str] = []
    for place, name in ((Figure, "_get_renderer"), (MatplotlibPath, "intersects_bbox")):
        monkeypatch.setattr(place, name, counted(getattr(place, name), asked))
    marks = [str(i / 10) for i in range(-20, 20)]
    assert actcalc(["plot", "sigmoid", "--at", *marks, "-o", str(tmp_path / "a.svg")]).status == 0
    assert asked.count("_get_renderer") <= 10
    assert asked.count("intersects_bbox") <= 4000


def counted(function: Any, asked: list[str]) -> Any:
    @wraps(function)
    def asking(*arguments: Any, **options: Any) -> Any:
        asked.append(function.__name__)
        return function(*arguments, **options)

    return asking
