"""The verdict with a relative tolerance."""

import json
import math

import numpy as np
import pytest

import actcalc
from actcalc.checking.agreement import Agreement
from actcalc.checking.formats import Formats
from actcalc.checking.report import document
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.roundings import Rounding
from actcalc.output.formats import written
from tests.support.command import actcalc as run


@pytest.mark.parametrize(
    ("rows", "options", "expected"),
    [
        # tanh'(0) = 1, tanh'(2) = 0.0706508248531644...
        (
            "0 1\n2 0.07065\n",
            "--rtol 1e-4",
            "passed: agrees to 4 digits; no point is off by more than rtol 0.0001",
        ),
        ("0 1\n2 0.07065082485316447\n", "--rtol 1e-4", "passed: all points are correctly rounded"),
        (
            "0 1\n2 0.0707\n",
            "--rtol 1e-4",
            "FAILED: agrees to the last digit; 1 of 2 points is wrong, worst at z = 2.0: got 0.0707,"
            " right 0.07065082485316447",
        ),
        (
            "0 1.000001\n2 nan\n-2 3\n",
            "--rtol 1e-4",
            "FAILED: agrees to 6 digits; 2 of 3 points are wrong, worst at z = 2.0: got nan,"
            " right 0.07065082485316447",
        ),
        (
            "0 2\n2 1\n",
            "--rtol 1e-4",
            "FAILED: no point is right, worst at z = 2.0: got 1.0, right 0.07065082485316447",
        ),
        # Measured by the allowed error, with atol, the point at 0 is the worst.
        (
            "0 2\n2 0.2\n",
            "--rtol 1e-4 --atol 0.1",
            "FAILED: no point is right, worst at z = 0.0: got 2.0, right 1.0",
        ),
        ("0 0.7\n2 0.05\n", "--rtol 0.9", "passed: no point is off by more than rtol 0.9"),
    ],
)
def test_the_sentence(rows: str, options: str, expected: str) -> None:
    done = run(["check", "tanh", *options.split()], rows)
    assert done.out.splitlines()[-1] == expected
    assert done.status == expected.startswith("FAILED")


def test_other_failures_are_named() -> None:
    done = run(["check", "tanh", "--of", "g", "--rtol", "1e-4", "--strict-zero"], "0 -0.0\n")
    assert done.out.splitlines()[-1] == "FAILED: 1 point with a zero of the wrong sign"


def test_digits_and_counts_are_those_of_numpy() -> None:
    rng = np.random.default_rng(29)
    z = rng.uniform(-4, 4, 20_000)  # in several parts
    right = 1 / np.cosh(z) ** 2
    off = rng.choice([1e-9, -3e-8, 0.1], len(z))
    report = actcalc.check("tanh", z, right * (1 + off), rtol="1e-6")
    assert report.agreement is not None
    assert report.agreement.wrong == (off == 0.1).sum()
    assert report.agreement.apart == pytest.approx(3e-8, rel=1e-6)
    assert report.agreement.digits() == math.floor(-math.log10(3e-8))
    assert report.agreement.worst is not None
    assert report.agreement.worst.excess == pytest.approx(1e5, rel=1e-6)
    assert actcalc.check("tanh", z, right).agreement is None


def test_no_point() -> None:
    assert [*Agreement().text(Formats(FLOAT64, Rounding(FLOAT64)))] == []


def test_words_are_explained_on_a_terminal() -> None:
    report = actcalc.check("tanh", [0.0, 1.0], [1.0, 0.5])
    plain, explained = (
        written("table", document(report, explains=explains), 80).splitlines() for explains in (False, True)
    )
    assert next(line for line in explained if line not in plain) == "-" * 12
    for word in ("ulp", "faithful", "bias"):
        assert any(line.startswith(f"{word}: ") for line in explained)
    assert max(map(len, explained)) <= 80
    assert explained[-1] == plain[-1]
    assert not any(line.startswith("ulp: ") for line in run(["check", "tanh"], "0 1\n").out.splitlines())
    assert json.loads(run(["check", "tanh", "-f", "json"], "0 1\n").out)["guess"] == ""
