"""Output for people fits the terminal's width, and output for programs does not depend on it."""

import re
import shlex
from collections.abc import Iterator

import pytest

from actcalc.activations.activation import Activation
from actcalc.catalogue import lookup
from actcalc.cli.app import COMMANDS
from actcalc.teaching.claims import Check
from tests.support.command import Done, actcalc

WIDTHS = (80, 120, 200)
NAMES = [f"{name}:threshold=1/3,value=0" if name == "threshold" else name for name in lookup.names()]
PAIRS = "z dg\n" + "".join(f"{n}e{k} {k}\n" for n in (-1, 1) for k in range(-300, 300, 3))


def widest(done: Done) -> int:
    assert done.status in (0, 1)
    return max(map(len, done.out.splitlines()))


@pytest.fixture(params=WIDTHS)
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("COLUMNS", str(request.param))
    found: int = request.param
    return found


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(command: str, width: int) -> None:
    done = actcalc([*command.split(), "--help"])
    assert widest(done) <= 80
    if not command:
        assert "..." not in done.out.split("Commands:")[1]
    if command:
        assert actcalc(["help", command]) == done


@pytest.mark.parametrize(
    "command",
    ["list", "list --wide", "verify", "verify --detail", "plot relu elu:alpha=2 leaky_relu --at 0"],
)
def test_commands(command: str, width: int) -> None:
    done = actcalc(command.split())
    assert widest(done) <= width
    assert done.err == ""


def test_verify_all(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run verify for all activations and settings, with the texts but without the actual checks."""

    def told(f: Activation) -> Iterator[Check]:
        text = f.shortcut if isinstance(f.shortcut, str) else f.shortcut.text
        yield Check(f.describe(), "shortcut", None, f"g' = {text}", "at most 2e-77", True, "17 points")
        yield Check(f.describe(), "limits", None, "g and g' at +-inf", "1", False, "4 points")

    monkeypatch.setattr("actcalc.teaching.claims.general_checks", told)
    done = actcalc(["verify", "--all"])
    assert widest(done) <= width
    assert "17 points: yes" in done.out
    assert "4 points: NO" in done.out


@pytest.mark.parametrize("name", NAMES)
def test_every_activation(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for width in WIDTHS:
        monkeypatch.setenv("COLUMNS", str(width))
        page = actcalc(["show", name])
        assert (page.status, page.err, page.out.isascii()) == (0, "", True)
        assert widest(page) <= min(width, 100)
        assert not re.search(r"[^-]( [-+*/=<>]| if| ->)$", page.out, re.MULTILINE)
        assert re.search(rf"^name +{name.partition(':')[0]}$", page.out, re.MULTILINE)
        assert widest(actcalc(["table", "leaky_relu:slope=0.3", name, "elu:alpha=3", "--num", "5"])) <= width


def test_check(width: int) -> None:
    done = actcalc(["check", "tanh"], PAIRS)
    assert widest(done) <= width
    assert len(done.out.splitlines()) <= 40


def test_all_ranges_of_a_check() -> None:
    every = actcalc(["check", "tanh", "--ranges"], PAIRS)
    assert len(every.out.splitlines()) > 200


def test_blocks_hold_all_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    narrow = actcalc(shlex.split("table sigmoid tanh relu --from 1 --to 3")).out
    monkeypatch.setenv("COLUMNS", "500")
    wide = actcalc(shlex.split("table sigmoid tanh relu --from 1 --to 3")).out
    blocks = [[line.split() for line in block.splitlines()] for block in narrow.rstrip().split("\n\n")]
    assert len(blocks) == 2
    for i in (2, 3, 4):
        assert [blocks[0][i][0], *blocks[0][i][1:], *blocks[1][i][1:]] == wide.splitlines()[i].split()
        assert blocks[0][i][0] == blocks[1][i][0]


@pytest.mark.parametrize("form", ["csv", "tsv", "json", "jsonl", "markdown"])
@pytest.mark.parametrize("command", ["table sigmoid tanh relu", "list", "verify", "show gelu"])
def test_programs_read_the_same(command: str, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for width in ("40", "300"):
        monkeypatch.setenv("COLUMNS", width)
        found.append(actcalc([*command.split(), "-f", form]))
    assert found[0] == found[1]


def test_list_finds() -> None:
    def names(*arguments: str) -> list[str]:
        return [
            line.split(",")[0] for line in actcalc(["list", *arguments, "-f", "csv"]).out.split("\n")[1:-1]
        ]

    assert names("sigm*", "lrelu") == ["sigmoid", "leaky_relu"]
    assert "relu" in names("--with", "kink")
    assert "tanh" not in names("--with", "kink")
    assert "relu" not in names("--with", "jump")
    assert "step" in names("--with", "jump")


def test_points_of_digits_stand_in_line() -> None:
    rows = actcalc(shlex.split("table identity --digits 4 --at 1 --at 22 --at 333")).out.splitlines()[2:]
    assert len({row.index(".") for row in rows}) == 1
