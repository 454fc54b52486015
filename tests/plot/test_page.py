"""The page on which one drags the point, in a real browser."""

import base64
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actcalc import activation
from actcalc.activations.activation import Activation
from actcalc.numbers.ranges import grid
from actcalc.plot.looks import DARK
from actcalc.plot.page import positions, save_page
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


def program(*names: str) -> str:
    """The path of one of these; without it the test is skipped, or fails where programs are required."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get("ACTCALC_REQUIRE_PROGRAMS"):
            pytest.fail(f"{names[0]} is not installed")
        pytest.skip(f"{names[0]} is not installed")
    return found


class Page:
    """A page in the browser."""

    def __init__(self, driver: Any, folder: Path) -> None:
        self.driver, self.folder = driver, folder

    def open(self, *arguments: str, width: int = 1000, height: int = 1100) -> "Page":
        path = self.folder / f"{abs(hash(arguments))}.html"
        if not path.exists():
            assert actcalc(["plot", *arguments, "-o", str(path)]) == Done(0, "", "")
        return self.show(path, width, height)

    def show(self, path: Path, width: int = 1000, height: int = 1100) -> "Page":
        from selenium.webdriver.support.ui import WebDriverWait

        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(path.as_uri())
        WebDriverWait(self.driver, 20).until(lambda d: d.execute_script("return document.body.dataset.ready"))
        return self

    def run(self, script: str) -> Any:
        return self.driver.execute_script(script)

    def text(self, name: str) -> str:
        return str(self.run(f"return document.getElementById('{name}').textContent"))

    def shown(self) -> tuple[str, str, str]:
        return self.text("at-z"), self.text("g"), self.text("dg")

    def source(self, name: str) -> Any:
        """The data of what is drawn: ``g``, ``dg`` and so on, ``tangents``, ``triangle`` or ``shade``."""
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

    def slide(self, i: int) -> None:
        self.run(
            f"const s = document.getElementById('z'); s.value = {i};"
            " s.dispatchEvent(new Event('input', {bubbles: true}))"
        )

    def errors(self) -> list[Any]:
        return [entry for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def requests(self) -> list[str]:
        """What was fetched, the page itself left out."""
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


def slopes(name: str, zs: list[str], rule: str = "least") -> list[str]:
    done = actcalc(["deriv", name, "--at-kink", rule, "--quiet"], "\n".join(zs) + "\n")
    assert done.status == 0
    return done.out.split()


def values(name: str, zs: list[str]) -> list[str]:
    return actcalc(["eval", name], "\n".join(zs) + "\n").out.split()


def test_numbers_are_those_of_the_command(page: Page) -> None:
    """At sixty positions of each of two functions."""
    page.open("sigmoid", "relu", "--at", "1")
    assert page.text("at-z") == "1.0"
    last = int(page.run("return document.getElementById('z').max"))
    for k, name in enumerate(("sigmoid", "relu")):
        page.run(f"document.querySelectorAll('input[name=held]')[{k}].click()")
        found = []
        for i in range(0, last + 1, last // 60):
            page.slide(i)
            found.append(page.shown())
        zs = [z for z, _, _ in found]
        assert len(set(zs)) > 50
        assert [g for _, g, _ in found] == values(name, zs)
        assert [dg for _, _, dg in found] == slopes(name, zs)
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
        before = page.shown()  # the point goes along, and does not wait for the end
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
    assert page.text("formula") == "g(z) = z*sin(z)\ng'(z) = sin(z) + z*cos(z)"
    f = activation("z*sin(z)")
    assert [*page.shown(), page.text("higher-0")] == ["1.0", *(repr(f.derivative(1.0, n)) for n in range(3))]
    assert page.errors() == []


def test_arrow_keys_on_the_graph_and_on_the_slider(page: Page) -> None:
    from selenium.webdriver.common.keys import Keys

    page.open("sigmoid", "--at", "1")
    for place in ("graph", "z"):
        page.slide(350)
        page.focus(place)
        z = page.text("at-z")
        page.keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
        assert float(page.text("at-z")) == pytest.approx(float(z) + 0.04)
        page.keys(Keys.ARROW_LEFT)
        assert float(page.text("at-z")) == pytest.approx(float(z) + 0.02)
        page.keys(Keys.HOME)
        assert page.text("at-z") == "-6.0"
        page.keys(Keys.END)
        assert page.text("at-z") == "6.0"
        (g,), (dg,) = values("sigmoid", ["6"]), slopes("sigmoid", ["6"])
        assert page.text("said") == f"sigmoid at z = 6.0: g = {g}, g' = {dg}"
        assert page.run("return document.getElementById('z').getAttribute('aria-valuetext')") == "z = 6.0"
        low, right = page.source("triangle")["x"][0], page.source("triangle")["x"][1]
        assert low < right == 6.0  # inwards


def test_what_a_screen_reader_finds(page: Page) -> None:
    page.open("sigmoid", "relu", "--at", "1")
    tree = page.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    named = {(n["role"]["value"], n.get("name", {}).get("value", "")) for n in tree if "role" in n}
    assert ("slider", "z") in named
    assert ("radio", "sigmoid") in named
    assert ("radio", "relu") in named
    assert any(role == "group" and name.startswith("Graph of g") for role, name in named)
    assert any(role == "status" for role, _ in named)
    assert page.run("return document.documentElement.lang") == "en"


def test_triangle_and_shortcut(page: Page) -> None:
    page.open("sigmoid", "--at", "1")
    assert page.text("triangle") == "height 0.19661193324148185 / width 1 = 0.19661193324148185"
    assert page.text("shortcut") == (
        "g' = a*(1 - a), with a = g(z): 0.7310585786300049*(1 - 0.7310585786300049)"
        " \N{ALMOST EQUAL TO} 0.19661193324148185"
    )
    assert page.text("formula") == "g(z) = 1/(1 + exp(-z))\ng'(z) = exp(-z)/(1 + exp(-z))**2"
    corners = page.source("triangle")
    assert corners["x"] == [1, 2, 2]
    assert (corners["y"][2] - corners["y"][1]) == pytest.approx(0.19661193324148185)
    page.open("sigmoid", "--at", "10")
    a = 0.9999546021312976
    assert page.text("shortcut").endswith(
        f"\N{ALMOST EQUAL TO} 4.5395807735951673e-05; worked out in float64 it is {a * (1 - a)}"
    )
    page.open("tanh", "--at", "-1")
    assert "1 - (-0.7615941559557649)**2" in page.text("shortcut")
    page.open("leaky_relu", "--at", "-1")
    assert "0.01" in page.text("shortcut")
    page.open("silu", "--at", "-1")
    assert page.text("shortcut").startswith("none: ")


@pytest.mark.parametrize("rule", ["least", "right", "nan"])
def test_kink(page: Page, rule: str) -> None:
    page.open("relu", "--at", "0", "--at-kink", rule)
    dg = {"least": "0.0", "right": "1.0", "nan": "nan"}[rule]
    assert page.shown() == ("0.0", "0.0", dg)
    assert f"returned {dg} (--at-kink {rule})" in page.text("kink")
    assert "subgradients 0.0 (left) to 1.0 (right)" in page.text("kink")
    tangents = page.source("tangents")
    assert [ys[1] - ys[0] for ys in tangents["y"]] == [0, pytest.approx(tangents["x"][1][1] * 2)]
    assert len(page.source("shade")["x"]) == 6
    assert page.run("return document.getElementById('triangle').parentElement.hidden")
    page.slide(0)
    assert page.source("shade")["x"] == []
    assert len(page.source("tangents")["x"]) == 1
    assert page.run("return document.getElementById('kink').parentElement.hidden")
    assert page.errors() == []


def test_a_jump_is_not_shaded(page: Page) -> None:
    page.open("hardshrink", "--at", "0.5")
    assert page.source("shade")["x"] == []
    assert [ys[0] + (ys[1] - ys[0]) / 2 for ys in page.source("tangents")["y"]] == [0, 0.5]


@pytest.mark.parametrize("width", [380, 1000])
@pytest.mark.parametrize("dark", [False, True])
def test_looks(page: Page, width: int, dark: bool) -> None:
    page.open("sigmoid", "relu", "gelu", "--at", "1", *(["--dark"] if dark else []), width=width)
    assert page.run("return document.documentElement.scrollWidth") <= width
    colour = page.run("return getComputedStyle(document.body).backgroundColor")
    red = int(DARK.paper[1:3], 16)
    assert colour == (f"rgb({red}, {red}, {red})" if dark else "rgb(255, 255, 255)")
    canvas = page.driver.find_element("id", "graph").size
    assert width - 80 < canvas["width"] <= width
    assert page.errors() == []
    if folder := os.environ.get("ACTCALC_KEEP_PICTURES"):
        page.driver.save_screenshot(f"{folder}/page-{width}{'-dark' * dark}.png")


def touch(page: Page, kind: str, *at: tuple[float, float]) -> None:
    points = [{"x": x, "y": y} for x, y in at]
    page.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def settled(page: Page) -> str:
    """z once the browser has done what it was told to."""
    page.driver.execute_async_script(
        "const done = arguments[0]; requestAnimationFrame(() => setTimeout(done, 50))"
    )
    return page.text("at-z")


def test_a_finger_drags_the_point(page: Page) -> None:
    """Across it drags, and up and down it scrolls the page, which leaves the point alone."""
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


def test_print(page: Page) -> None:
    page.open("sigmoid", "--at", "1")
    pdf = page.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"]
    assert base64.b64decode(pdf).startswith(b"%PDF-")
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    hidden = page.run("return getComputedStyle(document.getElementById('z')).display")
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert hidden == "none"


EVIL = "</script><script>window.broken = 1</script><b>\"'&amp;{{ 7*7 }}"


def labelled(name: str, label: str) -> Activation:
    f = activation(name)
    f.label = label
    return f


def test_what_is_written_stays_text(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    fs = [labelled("sigmoid", EVIL), activation("relu")]
    save_page(fs, grid("-6", "6", num="13"), str(path), ["1"])
    assert EVIL not in path.read_text()
    page.show(path)
    assert page.run("return window.broken") is None
    assert page.run("return document.querySelector('h1').textContent") == f"{EVIL}, relu"
    assert page.run("return document.title") == f"{EVIL}, relu"
    assert page.text("said").startswith(f"{EVIL} at z = 1.0")
    assert page.run("return document.querySelectorAll('b').length") == 0
    assert page.errors() == []


# Without a browser


def test_a_page_is_one_file_of_moderate_size(tmp_path: Path) -> None:
    path = tmp_path / "page.HTML"
    assert actcalc(["plot", "sigmoid", "relu", "--at", "1", "-o", str(path)]) == Done(0, "", "")
    text = path.read_text()
    assert path.stat().st_size < MOST_BYTES
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", text)


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
    assert done == Done(2, "", f"actcalc: a page and {option.split()[0]} exclude one another\n")


def test_a_page_has_the_slope(tmp_path: Path) -> None:
    done = actcalc(["plot", "tanh", "--order", "0", "-o", str(tmp_path / "page.html")])
    assert done == Done(2, "", "actcalc: a page and --order 0 exclude one another\n")


def test_too_many_points_for_a_page() -> None:
    assert actcalc(["plot", "tanh", "--num", "5000", "-o", "page.html"]) == Done(
        2, "", "actcalc: 5000 points are more than a page can hold: at most 4001\n"
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
