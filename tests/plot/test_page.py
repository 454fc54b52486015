"""The page with the draggable point, in a real browser."""

import base64
import json
import math
import os
import re
import shutil
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from actcalc import activation
from actcalc.activations.activation import Activation
from actcalc.numbers.ranges import grid
from actcalc.plot.looks import DARK, LIGHT, Look, contrast
from actcalc.plot.page import save_page
from actcalc.plot.page_numbers import positions
from actcalc.plot.words import LOCALES
from tests.support.command import Done, actcalc

MOST_BYTES = 2_500_000
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def marked(*cases: Any) -> list[Any]:
    """Cases that need a page each; the default suite runs one of each kind."""
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.exhaustive)
        for case in cases
    ]


def program(*names: str) -> str:
    """The path of one of the programs; without any the test is skipped, or fails if they are required."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get("ACTCALC_REQUIRE_PROGRAMS"):
            pytest.fail(f"{names[0]} is not installed")
        pytest.skip(f"{names[0]} is not installed")
    return found


class Page:
    """A page open in the browser."""

    def __init__(self, driver: Any, folder: Path) -> None:
        self.driver, self.folder = driver, folder

    def open(self, *arguments: str, width: int = 1280, height: int = 800, place: str = "") -> "Page":
        path = self.folder / f"{abs(hash(arguments))}.html"
        if not path.exists():
            assert actcalc(["plot", *arguments, "-o", str(path)]) == Done(0, "", "")
        return self.show(path, width, height, place)

    def show(self, path: Path, width: int = 1280, height: int = 800, place: str = "") -> "Page":
        from selenium.webdriver.support.ui import WebDriverWait

        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get("about:blank")  # a change of the fragment alone would not reload the page
        self.driver.get(path.as_uri() + place)
        WebDriverWait(self.driver, 20).until(lambda d: d.execute_script("return document.body.dataset.ready"))
        return self

    def run(self, script: str) -> Any:
        return self.driver.execute_script(script)

    def text(self, name: str) -> str:
        return str(self.run(f"const e = document.getElementById('{name}'); return e.value ?? e.textContent"))

    def shown(self) -> tuple[str, str, str]:
        return self.text("at-z"), self.text("g"), self.text("dg")

    def source(self, name: str) -> Any:
        """The data of a drawn object: ``g``, ``dg`` and so on, ``tangents``, ``triangle`` or ``shade``."""
        return self.run(
            "const plain = (x) => Array.from(x, (y) => typeof y === 'number' ? y : plain(y));"
            f" const model = Bokeh.documents[0].get_model_by_name('{name}');"
            " return {x: plain(model.data.x), y: plain(model.data.y)}"
        )

    def keys(self, *keys: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def focus(self, name: str) -> None:
        self.run(f"document.getElementById('{name}').focus()")

    def slide(self, i: int, name: str = "z") -> None:
        self.run(
            f"const s = document.getElementById('{name}'); s.value = {i};"
            " s.dispatchEvent(new Event('input', {bubbles: true}))"
        )

    def write(self, text: str) -> None:
        """Type into the field for z."""
        from selenium.webdriver.common.keys import Keys

        self.driver.find_element("id", "at-z").send_keys(Keys.CONTROL, "a", Keys.NULL, text, Keys.ENTER)

    def media(self, **features: str) -> None:
        named = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": named})

    def errors(self) -> list[Any]:
        return [entry for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def requests(self) -> list[str]:
        """The requests made, except that for the page itself."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        urls = [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]
        return [url for url in urls if not url.startswith(("file:", "data:", "blob:"))]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    browser, driver_path = program("chromium", "chromium-browser", "google-chrome"), program("chromedriver")
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    folder = tmp_path_factory.mktemp("browser")
    options = ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(driver_path))
    driver.set_window_size(1000, 1100)
    yield Page(driver, folder)
    driver.quit()


ABOUT = "\N{ALMOST EQUAL TO}"


def stops_without_names(page: Page) -> list[Any]:
    """Elements that the tab key reaches, also in shadow roots, without an accessible name."""
    found = page.run(
        "const inside = (e) => e.shadowRoot ? all(e.shadowRoot) : [];"
        " const all = (root) => [...root.querySelectorAll('*')].flatMap((e) => [e, ...inside(e)]);"
        " return all(document).filter((e) => e.tabIndex >= 0 && e.checkVisibility()"
        " && !e.ariaLabel && !e.textContent.trim() && !(e.labels && e.labels.length)).map((e) => e.outerHTML)"
    )
    return list(found)


def slopes(name: str, zs: list[str], rule: str = "least") -> list[str]:
    done = actcalc(["deriv", name, "--at-kink", rule, "--quiet"], "\n".join(zs) + "\n")
    assert done.status == 0
    return done.out.split()


def values(name: str, zs: list[str]) -> list[str]:
    return actcalc(["eval", name], "\n".join(zs) + "\n").out.split()


def every_number(page: Page, count: int) -> tuple[list[str], list[str], list[str]]:
    """z, g and g' at about ``count`` positions."""
    rows = page.run(
        "const s = document.getElementById('z'), found = [];"
        f" for (let i = 0; i <= s.max; i += Math.floor(s.max / {count})) {{"
        " s.value = i; s.dispatchEvent(new Event('input'));"
        " found.push([document.getElementById('at-z').value,"
        " ...['g', 'dg'].map((name) => document.getElementById(name).textContent)]) } return found"
    )
    zs, gs, dgs = zip(*rows, strict=True)
    return list(zs), list(gs), list(dgs)


def test_numbers_are_those_of_the_command(page: Page) -> None:
    """Compare sixty positions of each of two functions."""
    page.open("sigmoid", "relu", "--at", "1", "--num", "61")
    assert page.text("at-z") == "1.0"
    for k, name in enumerate(("sigmoid", "relu")):
        page.run(f"document.querySelectorAll('input[name=held]')[{k}].click()")
        zs, gs, dgs = every_number(page, 60)
        assert len(set(zs)) > 50
        assert gs == values(name, zs)
        assert dgs == slopes(name, zs)
    assert page.text("title") == "relu: g(z) = max(0, z)"
    assert page.text("scales") == ""
    assert page.requests() == []
    assert page.errors() == []


def test_drag(page: Page) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    page.open("tanh", "--at", "0")
    graph = page.driver.find_element("id", "graph")
    assert page.shown() == ("0.0", "0.0", "1.0")
    zs = []
    for x in (40, 120, 200):
        drag = ActionChains(page.driver).move_to_element_with_offset(graph, 0, -80).click_and_hold()
        drag.move_by_offset(x // 2, 0).move_by_offset(x - x // 2, 10).perform()
        before = page.shown()  # the point follows while dragging
        ActionChains(page.driver).release().perform()
        assert page.shown() == before
        z, g, dg = page.shown()
        zs.append(float(z))
        assert [g, dg] == [*values("tanh", [z]), *slopes("tanh", [z])]
    assert 0 < zs[0] < zs[1] < zs[2] < 6
    assert page.source("g") == {"x": [zs[2]], "y": [float(page.text("g"))]}
    assert page.source("dg") == {"x": [zs[2]], "y": [float(page.text("dg"))]}


def test_derivatives_of_higher_order(page: Page) -> None:
    page.open("elu", "gelu", "--order", "3", "--at", "1", "--from", "-2", "--to", "2", "--num", "17")
    page.run("document.querySelectorAll('input[name=held]')[1].click()")
    gelu = activation("gelu")
    for i, z in ((0, -2.0), (3, -1.25), (16, 2.0)):
        page.slide(i)
        shown = [page.text(name) for name in ("g", "dg", "higher-0", "higher-1")]
        assert list(map(float, shown)) == [gelu.derivative(z, order) for order in range(4)]
        for name, y in zip(("g", "dg", "d2g", "d3g"), shown, strict=True):
            assert page.source(name) == {"x": [z], "y": [float(y)]}
    page.run("document.querySelectorAll('input[name=held]')[0].click()")
    page.slide(8)  # elu'' jumps at 0
    assert [page.text(name) for name in ("dg", "higher-0")] == ["1.0", "0.0"]
    assert page.errors() == []


def test_a_formula(page: Page) -> None:
    page.open("z*sin(z)", "--order", "2", "--at", "1", "--num", "13")
    assert page.text("title") == "g(z) = z*sin(z)"
    assert page.text("formula") == "g'(z) = sin(z) + z*cos(z)\ng''(z) = 2*cos(z) - z*sin(z)"
    f = activation("z*sin(z)")
    assert [*page.shown(), page.text("higher-0")] == ["1.0", *(repr(f.derivative(1.0, n)) for n in range(3))]
    assert page.errors() == []


def test_arrow_keys_on_the_graph_and_on_the_slider(page: Page) -> None:
    from selenium.webdriver.common.keys import Keys

    page.open("sigmoid", "--at", "1")
    for place in ("graph", "z"):
        page.slide(100)
        page.focus(place)
        assert page.text("at-z") == "-1.0"
        page.keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
        assert page.text("at-z") == "-0.9"
        page.keys(Keys.ARROW_LEFT)
        assert page.text("at-z") == "-0.95"
        page.keys(Keys.HOME)
        assert page.text("at-z") == "-6.0"
        page.keys(Keys.END)
        assert page.text("at-z") == "6.0"
        (g,), (dg,) = values("sigmoid", ["6"]), slopes("sigmoid", ["6"])
        assert page.text("said") == f"sigmoid at z = 6.0: g {ABOUT} {g}, g' {ABOUT} {dg}"
        assert page.run("return document.getElementById('z').getAttribute('aria-valuetext')") == "z = 6.0"
        low, right = page.source("triangle")["x"][0], page.source("triangle")["x"][1]
        assert low < right == 6.0  # moved inwards


def test_a_number_is_snapped_to_the_nearest_point(page: Page) -> None:
    page.open("sigmoid", "--at", "1", "1/3", place="#z=-1.5")
    assert page.text("at-z") == "-1.5"
    for written, z, said in (
        ("2", "2.0", ""),
        ("0,37", "0.35", "0.37 is not on this page; the nearest point is 0.35"),
        ("\N{MINUS SIGN}.5", "-0.5", ""),
        ("1/3", "0.3333333333333333", ""),
        ("-1e2", "-6.0", "-1e2 is outside: points go from -6.0 to 6.0"),
        ("two", "-6.0", '"two" is not a number: type for example 0.5'),
    ):
        page.write(written)
        assert (page.text("at-z"), page.text("snapped")) == (z, said)
    page.write("2")
    page.driver.find_element("link text", "z = 1.0").click()
    settled(page)
    assert page.shown() == ("1.0", *values("sigmoid", ["1"]), *slopes("sigmoid", ["1"]))
    page.slide(page.run("return document.getElementById('z').value - 2"))
    page.slide(3, "width")
    for _ in range(100):
        if "width" in page.run("return location.hash"):
            break
        page.run("return new Promise((done) => setTimeout(done, 20))")
    assert page.run("return location.hash") == "#z=0.9&width=0.1"
    page.run("location.hash = '#z=5.52'")
    settled(page)
    assert page.text("at-z") == "5.5"
    assert page.text("snapped").startswith("5.52 is not on this page")
    assert page.errors() == []


def test_a_slider_for_a_parameter(page: Page) -> None:
    page.open(
        "elu", "sigmoid", "--vary", "alpha=0.5..2.5", "--num", "25", "--at", "-1", place="#z=-1&alpha=2"
    )
    assert page.text("title") == "elu(alpha=2): g(z) = z if z > 0 else alpha*(exp(z) - 1)"
    drawn = []
    for i, alpha in ((15, "2"), (0, "0.5"), (1, "0.6"), (20, "2.5")):
        page.slide(i, "value")
        zs, gs, dgs = every_number(page, 24)
        name = f"elu:alpha={alpha}"
        assert (gs, dgs) == (values(name, zs), slopes(name, zs))
        assert page.text("value-text") == alpha
        assert page.run("return document.querySelector('.name').textContent") == f"elu(alpha={alpha})"
        page.slide(0)
        assert page.source("line-g-0")["y"][0][0] == pytest.approx(float(gs[0]), rel=1e-6)
        drawn.append(gs[0])
    assert len(set(drawn)) == 4
    page.run("document.querySelectorAll('input[name=held]')[1].click()")
    assert page.text("g") == values("sigmoid", ["-6"])[0]
    assert page.errors() == []


def test_zoom(page: Page) -> None:
    page.open("tanh", "--at", "2")
    window = (
        "const f = Bokeh.documents[0].roots()[0];"
        " return [f.x_range.start, f.x_range.end, f.y_range.start, f.y_range.end]"
    )
    whole = page.run(window)
    page.driver.find_element("id", "zoom-in").click()
    page.focus("graph")
    page.keys("+")
    start, end, low, high = page.run(window)
    assert (end - start, high - low) == pytest.approx(((whole[1] - whole[0]) / 4, (whole[3] - whole[2]) / 4))
    assert (start + end) / 2 == pytest.approx(2)
    assert low < 0.96 < high
    page.slide(0)  # the window follows
    start, end, low, high = page.run(window)
    assert start < -6 < end
    assert low < -0.9999 < high
    page.keys("0")
    assert page.run(window) == pytest.approx(whole)


def test_accessible_names(page: Page) -> None:
    page.open("sigmoid", "relu", "--at", "1", "--num", "61")
    tree = page.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    named = {(n["role"]["value"], n.get("name", {}).get("value", "")) for n in tree if "role" in n}
    assert ("slider", "z") in named
    assert ("radio", "sigmoid") in named
    assert ("radio", "relu") in named
    assert any(role == "group" and name.startswith("Graph of g") for role, name in named)
    assert any(role == "status" for role, _ in named)
    assert stops_without_names(page) == []
    assert page.run("return document.documentElement.lang") == "en"


def test_the_triangle_shrinks_and_tends_to_the_slope(page: Page) -> None:
    """Each height and slope is the exact value rounded once, by Arb with 300 bits."""
    from flint import arb, ctx, fmpq

    def exact(text: str) -> fmpq:
        return fmpq(*Fraction(text).as_integer_ratio())

    page.open("tanh", "--from", "-8", "--to", "2", "--step", "0.25", "--at", "1")
    last = int(page.run("return document.getElementById('width').max"))
    with ctx.workprec(300):
        for z in ("-8", "1", "1/4", "2"):
            page.write(z)
            before = math.inf
            for i in range(last + 1):
                page.slide(i, "width")
                width, start = (
                    fmpq(*Fraction(page.text("width-text")).as_integer_ratio()),
                    fmpq(*Fraction(z).as_integer_ratio()),
                )
                end = start - width if start + width > 2 else start + width
                height = abs(arb(end).tanh() - arb(start).tanh())
                assert page.text("height") == repr(float(height))
                assert page.text("slope") == repr(float(height / width))
                assert page.text("slope-sign") == ABOUT
                difference = abs(float(page.text("slope")) - float(page.text("dg")))
                assert difference < before
                before = difference
            assert before < 1e-6
    page.slide(0, "width")
    page.write("0.25")
    corners = page.source("triangle")
    assert corners["x"] == [0.25, 0.75, 0.75]
    assert corners["y"][2] - corners["y"][1] == pytest.approx(math.tanh(0.75) - math.tanh(0.25))
    assert (
        page.run("return Bokeh.documents[0].get_model_by_name('label').data.text[0]")
        == f"width = 0.5\nheight {ABOUT} {math.tanh(0.75) - math.tanh(0.25):.4g}"
    )
    assert page.errors() == []


def test_shortcut(page: Page) -> None:
    page.open("sigmoid", "tanh", "leaky_relu", "silu", "--num", "13", "--at", "1", "10", "-1", "0")
    page.write("1")
    assert page.text("shortcut") == (
        "g' = a*(1 - a), with a = g(z): 0.7310585786300049*(1 - 0.7310585786300049)"
        f" {ABOUT} 0.19661193324148185"
    )
    assert page.text("title") == "sigmoid: g(z) = 1/(1 + exp(-z))"
    assert page.text("formula") == "g'(z) = exp(-z)/(1 + exp(-z))**2"
    page.write("10")
    a = 0.9999546021312976
    assert page.text("shortcut").endswith(
        f"{ABOUT} 4.5395807735951673e-05; computed in float64 it is {a * (1 - a)}"
    )
    page.write("0")
    assert page.text("shortcut").endswith(": 0.5*(1 - 0.5) = 0.25")
    assert [page.text(f"{name}-sign") for name in ("g", "dg", "slope")] == ["=", "=", ABOUT]
    for k, z, part in (
        (1, "-1", "1 - (-0.7615941559557649)**2"),
        (2, "-1", "0.01"),
        (3, "-1", "none: near the minimum two different z"),
    ):
        page.run(f"document.querySelectorAll('input[name=held]')[{k}].click()")
        page.write(z)
        assert part in page.text("shortcut")
    page.write("0")
    assert [page.text(f"{name}-sign") for name in ("g", "dg")] == ["=", "="]  # silu'(0) = 1/2


@pytest.mark.parametrize("rule", ["right", *marked("least", "nan")])
def test_kink(page: Page, rule: str) -> None:
    page.open("relu", "--at", "0", "--at-kink", rule)
    dg = {"least": "0.0", "right": "1.0", "nan": "nan"}[rule]
    assert page.shown() == ("0.0", "0.0", dg)
    assert f"returned {dg} (--at-kink {rule})" in page.text("kink")
    assert "subgradients 0.0 (left) to 1.0 (right)" in page.text("kink")
    tangents = page.source("tangents")
    assert [ys[1] - ys[0] for ys in tangents["y"]] == [0, pytest.approx(tangents["x"][1][1] * 2)]
    assert len(page.source("shade")["x"]) == 6
    assert page.text("dg-sign") == "returned"
    page.slide(4, "width")
    assert [page.text("slope"), page.text("slope-left")] == ["1.0", "0.0"]
    page.slide(0)
    assert page.run("return document.getElementById('slope-left').closest('div').hidden")
    assert page.source("shade")["x"] == []
    assert len(page.source("tangents")["x"]) == 1
    assert page.run("return document.getElementById('kink').closest('div').hidden")
    assert page.errors() == []


def test_a_jump_is_not_shaded(page: Page) -> None:
    page.open("hardshrink", "--at", "0.5")
    assert page.source("shade")["x"] == []
    assert [ys[0] + (ys[1] - ys[0]) / 2 for ys in page.source("tangents")["y"]] == [0, 0.5]
    assert page.text("kink-name") == "at the jump"
    assert page.text("kink").startswith("g jumps from 0.0 to 0.5; slopes 0.0 (left) and 1.0 (right)")
    assert ", a jump: g = 0.0, g' returned 0.0" in page.text("said")
    assert page.text("slope") == "1.0"  # the limit on its own side


def test_scales_of_their_own(page: Page) -> None:
    page.open("sigmoid", "exponential", "--num", "25")
    high = "return Bokeh.documents[0].roots()[0].y_range.end"
    assert page.run(high) == pytest.approx(1.08, rel=0.01)
    page.run("document.querySelectorAll('input[name=held]')[1].click()")
    assert page.run(high) == pytest.approx(403 * 1.08, rel=0.01)
    assert page.text("scales").endswith("is that of exponential.")


@pytest.mark.parametrize(
    ("width", "height", "dark"),
    [(1280, 800, False), *marked((390, 844, False), (390, 844, True), (800, 600, True), (800, 600, False))],
)
def test_looks(page: Page, width: int, height: int, dark: bool) -> None:
    """Numbers are beside or above the picture and within the window, and colours follow the colour scheme."""
    page.media(prefers_color_scheme="dark" if dark else "light")
    page.open("sigmoid", "relu", "gelu", "--at", "1", "--num", "25", width=width, height=height)
    assert page.run("return document.documentElement.scrollWidth") <= width
    red = int((DARK if dark else LIGHT).paper[1:3], 16)
    colour = page.run("return getComputedStyle(document.body).backgroundColor")
    assert colour == f"rgb({red}, {red}, {red})"
    lines = page.run("return Bokeh.documents[0].get_model_by_name('curve-g-0').glyph.line_color.value")
    assert lines == (DARK if dark else LIGHT).distinct_colours(3)[0]
    boxes = [
        page.run(f"return document.getElementById('{name}').getBoundingClientRect().toJSON()")
        for name in ("graph", "numbers")
    ]
    graph, numbers = boxes
    assert numbers["bottom"] < height
    assert numbers["left"] >= graph["right"] if width > 700 else numbers["bottom"] <= graph["top"]
    assert graph["bottom"] <= height
    page.media(prefers_color_scheme="light")
    assert page.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.errors() == []
    if folder := os.environ.get("ACTCALC_KEEP_PICTURES"):
        page.driver.save_screenshot(f"{folder}/page-{width}{'-dark' * dark}.png")


@pytest.mark.exhaustive
def test_dark_whatever_the_screen_is(page: Page) -> None:
    page.open("sigmoid", "--at", "1", "--dark", "--num", "13")
    red = int(DARK.paper[1:3], 16)
    assert page.run("return getComputedStyle(document.body).backgroundColor") == f"rgb({red}, {red}, {red})"


def touch(page: Page, kind: str, *at: tuple[float, float]) -> None:
    points = [{"x": x, "y": y} for x, y in at]
    page.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def settled(page: Page) -> str:
    """z after the browser has finished."""
    page.driver.execute_async_script(
        "const done = arguments[0]; requestAnimationFrame(() => setTimeout(done, 50))"
    )
    return page.text("at-z")


def test_a_finger_drags_the_point(page: Page) -> None:
    """A horizontal swipe drags the point; a vertical one scrolls the page and leaves the point alone."""
    page.open("tanh", "--at", "0", width=390, height=500)
    box = page.run("return document.getElementById('graph').getBoundingClientRect().toJSON()")
    x, y = box["x"] + box["width"] * 0.6, box["y"] + 150
    touch(page, "touchStart", (x, y))
    zs = []
    for step in range(1, 13):
        touch(page, "touchMove", (x + 8 * step, y + step))
        zs.append(float(settled(page)))
    assert zs == sorted(zs)
    assert zs[0] > 0
    assert len(set(zs)) > 9
    touch(page, "touchEnd")
    assert float(settled(page)) == zs[-1] > 3
    assert page.run("return scrollY") == 0
    touch(page, "touchStart", (x, y))
    for step in range(1, 13):
        touch(page, "touchMove", (x + step / 4, y - 10 * step))
    touch(page, "touchEnd")
    assert float(settled(page)) == zs[-1]
    assert page.run("return scrollY") > 50
    touch(page, "touchStart", (x, y))
    touch(page, "touchMove", (x + 30, y))
    touch(page, "touchCancel")
    assert 0 < float(settled(page)) <= zs[-1]
    assert page.errors() == []


@pytest.mark.parametrize("size", [(1900, 1000), *marked(((390, 844),))])
def test_print(page: Page, size: tuple[int, int]) -> None:
    """The page prints on one sheet, A4 or letter, from a narrow or a wide window."""
    page.open("sigmoid", "relu", "--at", "1", "--num", "61", width=size[0], height=size[1])
    settled(page)
    for inches in ((8.27, 11.69), (8.5, 11)):
        sheet = {"printBackground": True, "paperWidth": inches[0], "paperHeight": inches[1]}
        pdf = base64.b64decode(page.driver.execute_cdp_cmd("Page.printToPDF", sheet)["data"])
        assert len(re.findall(rb"/Type */Page\b", pdf)) == 1
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    hidden = page.run("return getComputedStyle(document.getElementById('z')).display")
    box = page.run("return document.getElementById('graph').getBoundingClientRect().toJSON()")
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert hidden == "none"
    assert box["width"] <= 680
    assert 300 < box["height"] <= 480


def test_without_javascript(page: Page) -> None:
    page.open("sigmoid", "relu", "--at", "1", "--num", "61")
    page.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page.driver.refresh()
        text = page.driver.find_element("tag name", "body").text
    finally:
        page.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert "This page needs JavaScript" in text
    assert f"sigmoid: z = 1.0, g(z) {ABOUT} 0.7310585786300049, g'(z) {ABOUT} 0.19661193324148185" in text
    assert "Width" not in text


def test_in_ukrainian(page: Page) -> None:
    page.open("relu", "gelu", "--at", "0", "--num", "13", "--locale", "uk")
    assert page.run("return document.documentElement.lang") == "uk"
    assert page.text("kink").startswith("субградієнти від 0.0 (ліворуч) до 1.0 (праворуч)")
    assert page.text("shortcut") == "g' = 1 if a > 0 else 0, де a = g(z)"
    page.write("0,3")
    assert page.text("snapped") == "0.3 не обчислено; найближча обчислена точка — 0.0"
    page.run("document.querySelectorAll('input[name=held]')[1].click()")
    page.write("1")
    assert page.text("shortcut").startswith("немає: поблизу мінімуму")
    assert page.shown()[1:] == (*values("gelu", ["1"]), *slopes("gelu", ["1"]))
    words = page.run(
        "document.querySelector('[lang=en]').remove(); return document.querySelector('main').innerText"
    )
    english = set(re.findall(r"[A-Za-z]{3,}", words)) - {"relu", "gelu", "Page", "Down", "Phi", "phi"}
    assert english == set()


EVIL = "</script><script>window.broken = 1</script><b>\"'&amp;{{ 7*7 }}"


def labelled(name: str, label: str) -> Activation:
    f = activation(name)
    f.label = label
    return f


def test_markup_in_labels_stays_text(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    fs = [labelled("sigmoid", EVIL), activation("relu")]
    save_page(fs, grid("-6", "6", num="13"), str(path), ["1"])
    assert EVIL not in path.read_text()
    page.show(path)
    assert page.run("return window.broken") is None
    assert page.text("title") == f"{EVIL}: g(z) = 1/(1 + exp(-z))"
    assert page.run("return document.title") == f"{EVIL}, relu"
    assert page.text("said").startswith(f"{EVIL} at z = 1.0")
    assert page.run("return document.querySelectorAll('b').length") == 0
    assert page.errors() == []


# Without a browser


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "arguments", ["mish --num 2575", "mish --order 3", "softplus --vary beta=0.5..2.5 --num 122"]
)
def test_the_largest_pages(tmp_path: Path, arguments: str) -> None:
    path = tmp_path / "page.html"
    assert actcalc(["plot", *arguments.split(), "-o", str(path)]) == Done(0, "", "")
    assert path.stat().st_size < MOST_BYTES


def test_a_page_is_one_file_of_moderate_size(tmp_path: Path) -> None:
    path = tmp_path / "page.HTML"
    assert actcalc(["plot", "sigmoid", "relu", "--at", "1", "-o", str(path)]) == Done(0, "", "")
    text = path.read_text()
    assert path.stat().st_size < MOST_BYTES
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", text)


@pytest.mark.parametrize("look", [LIGHT, DARK])
def test_colours_stand_out(look: Look) -> None:
    colours = look.distinct_colours(40)
    assert len(set(colours)) == 40
    assert all(contrast(colour, look.paper) >= 3 for colour in colours)
    assert all(contrast(colour, look.ink) > 1.2 for colour in colours)


def test_contrast() -> None:
    """Contrast ratios agree with examples of the W3C."""
    assert contrast("#000000", "#FFFFFF") == 21
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.005)
    assert contrast("#FFFFFF", "#949494") == pytest.approx(3.03, abs=0.005)


def test_each_language_has_every_word() -> None:
    english = LOCALES["en"]
    for words in LOCALES.values():
        assert words.keys() == english.keys()
        for key, text in words.items():
            assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", english[key]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("tanh --vary alpha=0..1", "'tanh' has no parameters, but 'alpha' is given"),
        ("elu --vary alpha", "--vary must be NAME=A..B, not 'alpha' hint: for example: --vary alpha=0..2"),
        ("elu --vary alpha=1..x", "'x' is not a number"),
        ("elu --vary alpha=2..1", "--vary alpha=2..1: the first number must be below the second"),
        ("softcap --vary c=0..1", "parameter 'c' of 'softcap' must be greater than 0, not 0"),
        (
            "elu --vary alpha=0..1 --num 500",
            "500 points with 21 values of alpha are more than a page can hold: at most 122",
        ),
        ("elu --locale de", "--locale must be en or uk, not 'de'"),
    ],
)
def test_requests_for_pages_that_make_no_sense(arguments: str, message: str) -> None:
    done = actcalc(["plot", *arguments.split(), "-o", "page.html"])
    assert (done.status, done.out) == (2, "")
    assert message in done.err.replace("\n", " ")


def page_data(path: Path, *arguments: str) -> Any:
    assert actcalc(["plot", *arguments, "-o", str(path)]) == Done(0, "", "")
    found = re.search(r'id="data">(.*)</script>', path.read_text(encoding="utf-8"))
    assert found is not None
    return json.loads(found[1])


def test_a_sign_says_whether_a_number_is_exact(tmp_path: Path) -> None:
    """A sign marks exact numbers, whether exact as a float (relu(0.1)) or as text (the slope 0.01)."""
    data = page_data(tmp_path / "page.html", "leaky_relu", "--from", "-1", "--to", "1", "--step", "0.1")
    ((f,),) = data["functions"]
    i = data["z"].split().index("0.1")
    assert [f[of].split()[i] for of in ("g", "dg")] == ["0.1", "1.0"]
    assert [f[of].split()[0] for of in ("g", "dg")] == ["-0.01", "0.01"]
    assert f["g"].split()[i - 2] == "~-0.001"  # 0.01 times a float that differs from 0.1


def test_level_lines_take_the_scale_of_the_others(tmp_path: Path) -> None:
    data = page_data(tmp_path / "page.html", "relu", "tanh", "--num", "25", "--order", "2")
    assert [len({tuple(limits) for limits in each}) for each in data["ranges"]] == [1, 1, 1]


@pytest.mark.parametrize("option", ["--vary alpha=0..1", "--locale uk"])
def test_options_that_are_for_pages_alone(option: str) -> None:
    done = actcalc(["plot", "elu", *option.split()])
    assert done.status == 2
    assert f"{option.split()[0]} is for pages" in done.err


def test_positions() -> None:
    fs = [activation("relu"), activation("hard_sigmoid")]
    zs = positions(fs, grid("-4", "4", step="0.5"))
    assert [float(z) for z in zs][:3] == [-4.0, -3.5, -3.0]
    assert {-3, 0, 3} <= set(zs)
    assert 0 in positions([activation("softsign")], grid("-1", "1", num="4"), upto="d2g")
    thirds = positions([activation("threshold", threshold="1/3", value="0")], grid("-1", "1", step="0.5"))
    assert [str(z) for z in thirds] == ["-1", "-1/2", "0", "1/3", "1/2", "1"]


@pytest.mark.parametrize("option", ["--ascii", "--error float32", "--panels", "--size 100x100", "--dpi 100"])
def test_options_that_are_not_for_pages(option: str) -> None:
    done = actcalc(["plot", "tanh", *option.split(), "-o", "page.html"])
    assert done == Done(2, "", f"actcalc: {option.split()[0]} does not apply to a page\n")


def test_a_page_has_the_slope(tmp_path: Path) -> None:
    done = actcalc(["plot", "tanh", "--order", "0", "-o", str(tmp_path / "page.html")])
    assert done == Done(2, "", "actcalc: --order 0 does not apply to a page\n")


def test_too_many_points_for_a_page() -> None:
    assert actcalc(["plot", "tanh", "--num", "5000", "-o", "page.html"]) == Done(
        2, "", "actcalc: 5000 points are more than a page can hold: at most 2575\n"
    )


def test_without_bokeh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import sys

    for module in ("bokeh", "bokeh.document"):
        monkeypatch.setitem(sys.modules, module, None)
    path = tmp_path / "page.html"
    assert actcalc(["plot", "tanh", "-o", str(path)]) == Done(
        1, "", "actcalc: a page needs bokeh, which is not installed: pip install 'actcalc[page]'\n"
    )
    assert not path.exists()
