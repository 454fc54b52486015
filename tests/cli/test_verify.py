"""``actcalc verify``: the lecture's claims hold, and wrong slopes are found."""

import csv
import json
import re
from fractions import Fraction
from typing import Any

import pytest

from actcalc.activations.declaration import Parameters, Piece, resolve
from actcalc.arithmetic.jets import derivative
from actcalc.catalogue import custom, forms, lookup, rectified, sigmoidal
from tests.support.command import actcalc, strict


def test_verify_passes() -> None:
    done = actcalc(["verify", "--format", "csv"])
    assert done.status == 0
    rows = [tuple(line.split(",")[:2]) for line in done.out.splitlines()[1:]]
    assert done.err == f"{len(set(rows))} passed, 0 failed\n"  # each claim about a function counts once
    points = {line.split(",")[2] for line in done.out.splitlines()[1:]}
    assert points == {"-10.0", "0.0", "10.0"}  # the lecture names only these
    claims = {line.split(",")[1] for line in done.out.splitlines()[1:]}
    numbers = {"N": 1, "S": 5, "T": 5, "R": 3, "L": 3}
    assert claims == {f"{letter}{n}" for letter, most in numbers.items() for n in range(1, most + 1)}


def test_the_slopes_that_work_at_a_kink_are_named() -> None:
    """In the lecture's words, either slope may be taken at z = 0."""
    rows = csv.DictReader(actcalc(["verify", "--format", "csv"]).out.splitlines())
    said = {row["claim"]: row["expected"] for row in rows}
    assert said["R3"] == "undefined; 0.0 or 1.0 work, as subgradients"
    assert said["L3"] == "undefined; 0.01 or 1.0 work, as subgradients"


def test_verify_all_passes() -> None:
    done = actcalc(["verify", "--all", "--format", "jsonl"])
    assert done.status == 0
    checked = {json.loads(line)["activation"].split("(")[0] for line in done.out.splitlines()}
    assert checked == set(lookup.names())


@pytest.mark.parametrize(
    "name",
    [
        *("softplus:beta=1e-300", "softplus:beta=1e300", "swish:beta=1e300", "celu:alpha=1e-60"),
        *("celu:alpha=1e60", "hardshrink:lambd=1e-50", "softshrink:lambd=1e70", "elu:alpha=1e-5999"),
        *("hard_tanh:min=-1e-50,max=1e-50", "hard_sigmoid:slope=1e-300,offset=1e300"),
        *("hard_sigmoid:slope=1e-70", "threshold:threshold=1e300,value=1e-300"),
    ],
)
def test_verify_goes_as_far_as_the_parameters(name: str) -> None:
    done = actcalc(["verify", name, "-f", "csv"])
    assert "false" not in done.out
    assert done.status == 0


@pytest.mark.parametrize(
    ("text", "points"),
    [
        *(
            ("1/z", 16),
            ("sqrt(z)", 8),
            ("log(z)", 8),
            ("1/(z - 10)", 16),
            ("sqrt(1 - z**2)", 4),
            ("z**(1/3)", 8),
        ),
        # There is no triangle where a formula jumps at z, or next to it.
        *(("2 if 2**(z**2) > 1 else z", 16), ("z if 1e-30 + 2**z > 1 else 2", 16)),
        # At z = 100 more digits and a narrower triangle are needed than elsewhere.
        *(("sin(exp(z))", 17), ("tanh(1e50*z)", 1), ("exp(z)*abs(z - 1)", 17), ("abs(z)", 16)),
        *(("step(z**9)", 16), ("exp(log(z)) - z", 8), ("z**0.001", 8), ("tan(z)", 17), ("2**-z", 17)),
    ],
)
def test_verify_holds_any_formula_against_its_slope(text: str, points: int) -> None:
    """A formula passes at those of 17 points where it is defined."""
    done = actcalc(["verify", text, "-f", "json"])
    (row,) = json.loads(done.out)
    assert (done.status, row["passed"]) == (0, True)
    assert row["computed"].startswith(f"{points} points, ")


@pytest.mark.parametrize(
    "text",
    [
        "exp(exp(z))",
        "exp(exp(exp(z)))",
        "exp(sinh(z))",
        "sin(1e40*z)",
        pytest.param("sin(exp(exp(z)))", marks=pytest.mark.exhaustive),
        "2**exp(z) - 2**exp(z)",
    ],
)
def test_verify_passes_formulas_that_bend_sharply_or_overflow(text: str) -> None:
    done = actcalc(["verify", text])
    assert (done.status, done.out.splitlines()[-1]) == (0, "1 passed, 0 failed")


def test_verify_finds_a_wrong_slope_of_a_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slope that is too large by one part in 1e20 is found."""

    def wrong(formula: Any, order: int, *more: Any, **named: Any) -> Any:
        right = derivative(formula, order, *more, **named)
        return (lambda m, z: right(m, z) * Fraction(10**20 + 1, 10**20)) if order == 1 else right

    monkeypatch.setattr(custom, "derivative", wrong)
    for text in ("1/z", "exp(exp(z))", "sqrt(z)"):
        done = actcalc(["verify", text])
        assert (done.status, done.out.splitlines()[-1]) == (1, "0 passed, 1 failed")


def test_a_formula_without_values_is_not_checked() -> None:
    done = actcalc(["verify", "log(z - 1000)", "--detail"])
    assert done.status == 0
    assert "every point has no value, or takes too many digits" in done.out


@pytest.mark.parametrize("form", ["table", "csv", "json", "markdown"])
def test_unchecked_claims_have_not_passed(form: str) -> None:
    """All triangles of this formula take too many digits: it neither fails nor passes."""
    done = actcalc(["verify", "softplus:beta=1e-5999", "--format", form])
    (line,) = (line for line in done.out.splitlines() if "N1" in line)
    end = {"table": "  not checked", "csv": ',"not checked, every point takes too many digits",'}
    end |= {"json": '"passed": null},', "markdown": " |          |"}
    assert line.endswith(end[form])
    assert "2 passed, 0 failed, 1 not checked" in done.out + done.err
    assert done.status == 0


def test_verify_sees_a_wrong_kink(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slope of 2 to the right of 0 is not a subgradient of ReLU, and contradicts the lecture."""
    relu = rectified.RELU

    def steeper(p: Parameters) -> tuple[Piece, ...]:
        left, right = resolve(relu.pieces, p)
        return left, right._replace(dg=lambda m, z: 2)

    monkeypatch.setattr(lookup, "find", {"relu": relu._replace(pieces=steeper)}.get)
    done = actcalc(["verify", "relu", "--format", "jsonl"])
    failed = {check["claim"] for check in map(strict, done.out.splitlines()) if not check["passed"]}
    assert done.status == 1
    assert failed == {"N1", "R2", "R3", "kinks", "shortcut"}


def test_verify_holds_the_slopes_at_a_kink_against_g(monkeypatch: pytest.MonkeyPatch) -> None:
    """With g = max(0, z/2) the slopes 0 and 1 agree with the lecture, but 1 is not a subgradient."""
    relu = rectified.RELU

    def halved(p: Parameters) -> tuple[Piece, ...]:
        left, right = resolve(relu.pieces, p)
        return left, right._replace(g=lambda m, z: z / 2)

    monkeypatch.setattr(lookup, "find", {"relu": relu._replace(pieces=halved)}.get)
    checks = list(map(strict, actcalc(["verify", "relu", "--format", "jsonl"]).out.splitlines()))
    (kink,) = (check for check in checks if check["claim"] == "R3")
    assert kink["computed"] == "left 0.0, right 1.0; not both subgradients"
    assert not kink["passed"]


def test_verify_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slope of tanh that is too small by one part in a million violates the claims about it."""

    def wrong_slope(m: Any, z: Any) -> Any:
        return forms.tanh_slope(m, z) * 999999 / 1000000

    wrong = sigmoidal.TANH._replace(
        pieces=tuple(piece._replace(dg=wrong_slope) for piece in resolve(sigmoidal.TANH.pieces, None))
    )
    monkeypatch.setattr(lookup, "find", {"tanh": wrong, "relu": rectified.RELU}.get)
    done = actcalc(["verify", "tanh", "relu", "--format", "csv"])
    failed = {line.split(",")[1] for line in done.out.splitlines() if line.endswith("false")}
    assert done.status == 1
    assert failed == {"N1", "T1", "T4", "T5"}
    assert re.search(r"^tanh,N1,-10.0,.*false$", done.out, re.MULTILINE)
    assert re.search(r"^tanh,N1,,.*false$", done.out, re.MULTILINE)
    assert not re.search(r"^relu,.*false$", done.out, re.MULTILINE)
    assert " 0 failed" not in done.err


def test_each_claim_counts_once() -> None:
    """The claim about tanh's triangle is checked three times and at many points, but counts once."""
    done = actcalc(["verify", "tanh"])
    rows = [line.split()[:2] for line in done.out.splitlines()[2:-2]]
    assert sorted(rows) == sorted({tuple(row): row for row in rows}.values())
    assert done.out.splitlines()[-1] == f"{len(rows)} passed, 0 failed"


def test_the_triangle_is_as_wide_as_it_says() -> None:
    """The ratio of height to width agrees with the series of tanh(h)/h for h = 1e-6/2."""
    done = actcalc(["verify", "tanh", "-f", "json"])
    rows = {(row["claim"], row["z"]): row for row in json.loads(done.out)}
    w = Fraction(1, 10**6)
    near = float(1 - (w / 2) ** 2 / 3 + 2 * (w / 2) ** 4 / 15)
    assert rows["N1", 0.0]["expected"] == f"height/width = {near!r} (width 1e-6)"
