"""Slopes checked at values of g: right ones pass, bad input is refused, and mix-ups are named."""

import json
import math
import random
from fractions import Fraction

import numpy as np
import pytest

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Shortcut
from actcalc.checking.from_values import slope_from_values
from actcalc.errors import ActcalcError
from actcalc.numbers.floats import FLOAT64, FORMATS
from tests.support import oracle
from tests.support.command import actcalc
from tests.support.matrix import SETTINGS
from tests.support.oracle import FMTS

FROM_A = [f for f in SETTINGS if isinstance(f.shortcut, Shortcut)]


@pytest.mark.parametrize("f", FROM_A, ids=Activation.describe)
def test_slopes_are_the_textbooks(f: Activation) -> None:
    """Slopes at attained values by the oracle; levels and ends as elsewhere in the program."""
    chance = random.Random(f.describe())
    assert isinstance(f.shortcut, Shortcut)
    slope = slope_from_values(f, FLOAT64)
    known = f.rounded_levels(FLOAT64)
    kinks = {float(kink.z) for kink in f.shortcut_kinks}
    for _ in range(12):
        a = f.g(chance.uniform(-4, 4))
        if a in known or a in kinks:
            continue
        exact = Fraction(a)
        right = oracle.rounded(f.shortcut.text, FMTS["float64"], exact, f.parameters, f.shortcut.variable)
        assert slope.g(a) == right
    for a in known:
        assert slope.g(a) == f.dg_from_a(a)


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("name", ["sigmoid", "elu:alpha=2", "star_relu", "relu:max_value=1/3", "identity"])
def test_right_slopes_pass_and_others_fail(name: str, dtype: str) -> None:
    a = ["0.25", "0.125", "0.3333"]
    rows = actcalc(["deriv", name, "--given-a", *a, "--dtype", dtype]).out.split()
    pairs = "".join(f"{one} {row}\n" for one, row in zip(a, rows, strict=True))
    command = ["check", name, "--given-a", "--dtype", dtype]
    assert actcalc([*command, "--max-ulp", "0.5"], _read(pairs, dtype)).status == 0
    factor = 1.1 if FMTS[dtype].precision > 4 else 1.5  # more than an ulp
    off = "".join(f"{one} {float(row) * factor + 0.1!r}\n" for one, row in zip(a, rows, strict=True))
    assert actcalc(command, _read(off, dtype)).status == 1


def _read(pairs: str, dtype: str) -> str:
    """The pairs rounded to the format by ``eval``, so that they claim no more than the format holds."""
    return "\n".join(
        " ".join(actcalc(["eval", "identity", *line.split(), "--dtype", dtype]).out.split())
        for line in pairs.splitlines()
    )


@pytest.mark.parametrize("slope", ["0.01", "1", "0.5"])
def test_any_side_is_right_at_a_kink(slope: str) -> None:
    done = actcalc(["check", "leaky_relu", "--given-a"], f"0 {slope}\n")
    assert done.status == (slope == "0.5")


def test_infinite_values_have_the_limit() -> None:
    assert actcalc(["check", "leaky_relu", "--given-a"], "inf 1\n-inf 0.01\nnan nan\n").status == 0
    assert actcalc(["check", "leaky_relu", "--given-a", "--digits", "2"], "inf 1\n-inf 0.01\n").status == 0
    assert math.isclose(slope_from_values(FROM_A[0]).g(0.25), 0.1875)


@pytest.mark.parametrize(
    ("command", "rows", "error"),
    [
        ("sigmoid", "1.5 0.1\n", "a = 1.5 is outside the range of 'sigmoid', (0, 1)"),
        ("sigmoid --digits 3", "1.5 0.1\n", "a = 1.5 is outside the range of 'sigmoid', (0, 1)"),
        ("sigmoid --of g", "0.5 0.1\n", "--given-a and --of g cannot be used together"),
        ("relu --at-kink left", "0.5 0.1\n", "--given-a and --at-kink cannot be used together"),
        (
            "gelu",
            "0.5 0.1\n",
            "'gelu' has no slope from a alone: near the minimum two different z give the same a,"
            " with different slopes",
        ),
        ("sigmoid", "z,dg\n0.5,0.25\n", "line 1: no column 'a': the columns are 'z', 'dg'"),
    ],
)
def test_bad_input_is_refused(command: str, rows: str, error: str) -> None:
    done = actcalc(["check", *command.split(), "--given-a"], rows)
    assert done.status > 0
    assert done.out == ""
    assert done.err.startswith(f"actcalc: {error}")


def test_a_report_names_its_points() -> None:
    rows = "a,dg\n0.5,0.25\n0.9,0.1\n0.2,0.16\n"
    lines = actcalc(
        ["check", "sigmoid", "--given-a", "--rtol", "1e-9", "--worst", "1"], rows
    ).out.splitlines()
    assert lines[0] == "sigmoid g' from a in float64"
    assert lines[-1].startswith("FAILED: agrees to the last digit; 1 of 3 points is wrong, worst at a = 0.9")
    assert not any("z" in line.replace("zero", "") for line in lines)
    known = json.loads(actcalc(["check", "sigmoid", "--given-a", "-f", "json"], rows).out)
    assert (known["activation"], known["of"], known["points"], known["at_z"]) == ("sigmoid", "dg", 3, 0.9)


@pytest.mark.parametrize(
    ("name", "slope", "expected"),
    [
        ("tanh", lambda a: 1 - a, "the values of 1 - a, not 1 - a**2"),
        (
            "sigmoid",
            lambda a: np.exp(-a) / (1 + np.exp(-a)) ** 2,
            "the values of g'(a), with a taken for z",
        ),
        ("sigmoid", lambda a: 1 / (1 + np.exp(-a)), "the values of g(a), with a taken for z"),
    ],
)
def test_guesses(name: str, slope: object, expected: str) -> None:
    assert callable(slope)
    a = np.linspace(0.1, 0.9, 9)
    rows = "".join(f"{x!r},{y!r}\n" for x, y in zip(a.tolist(), slope(a).tolist(), strict=True))
    for options in ([], ["--digits", "9"]):
        done = actcalc(["check", name, "--given-a", *options], rows)
        assert f"guess: these are {expected}" in done.out


def test_no_slope() -> None:
    with pytest.raises(ActcalcError, match="no slope from a alone"):
        slope_from_values(next(f for f in SETTINGS if f.name == "mish"))
