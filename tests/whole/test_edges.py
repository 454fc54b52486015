"""Requests at the edges of what there is: each was once answered wrongly, with a traceback, or never."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import actcalc
from actcalc import ActcalcError
from tests.support.command import Done
from tests.support.command import actcalc as program

# Kinks beyond float64

BEYOND = [
    ("hard_tanh", {"max": "1e400"}, lambda z: max(z, -1.0)),
    ("hard_tanh", {"min": "-1e400", "max": "-1e309"}, lambda z: -math.inf),
    ("softshrink", {"lambd": "1e400"}, lambda z: 0.0),
    ("hardshrink", {"lambd": "1e400"}, lambda z: 0.0),
    ("thresholded_relu", {"theta": "1e400"}, lambda z: 0.0),
    ("threshold", {"threshold": "1e400", "value": "3"}, lambda z: 3.0),
    ("threshold", {"threshold": "-1e400", "value": "3"}, lambda z: z),
    ("hard_sigmoid", {"slope": "5e-324"}, lambda z: 0.5),
]


@pytest.mark.parametrize(("name", "parameters", "right"), BEYOND)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_kinks_beyond_float64(name: str, parameters: dict[str, str], right: Any, dtype: str) -> None:
    f = actcalc.activation(name, **parameters)
    z = np.linspace(-9, 9, 4001).astype(dtype)
    expected = np.array([right(float(x)) for x in z]).astype(dtype)
    assert (f.g(z) == expected).all()
    slopes = f.dg(z)
    assert slopes.tolist() == [f.dg(float(x), dtype=dtype) for x in z]
    for end in (-math.inf, math.inf, math.nan):
        assert repr(float(f.g(np.array([end] * 100, dtype))[7])) == repr(f.g(end, dtype=dtype))
    assert actcalc.check(f, z, f.g(z), of="g").passed
    assert actcalc.check(f, z, slopes).passed


def setting(name: str, parameters: dict[str, str]) -> str:
    return f"{name}:" + ",".join(f"{key}={value}" for key, value in parameters.items())


@pytest.mark.parametrize(("name", "parameters", "right"), BEYOND)
def test_kinks_beyond_float64_in_a_table(name: str, parameters: dict[str, str], right: Any) -> None:
    done = program(["table", setting(name, parameters), "--num", "10000", "-f", "csv"])
    assert (done.status, done.out.count("\n")) == (0, 10001)
    for row in done.out.splitlines()[1::1000]:
        z, g, _ = row.split(",")
        assert g == str(right(float(z)))


@pytest.mark.parametrize(("name", "parameters", "right"), BEYOND)
def test_kinks_beyond_float64_are_shown(name: str, parameters: dict[str, str], right: Any) -> None:
    done = program(["show", setting(name, parameters)])
    assert (done.status, done.err) == (0, "")
    assert "beyond all float64" in done.out
    assert "nearest float64, inf" not in done.out


# Ranges of few points far apart


def test_a_range_whose_last_part_is_one_point() -> None:
    done = program(["table", "relu", "--from", "1e30", "--to", "0", "--num", "4033", "-f", "csv", "-q"])
    rows = [row.split(",") for row in done.out.splitlines()[1:]]
    assert done.status == 0
    assert [float(z) for z, _, _ in rows] == [float(Fraction(10**30 * i, 4032)) for i in range(4032, -1, -1)]
    assert all(g == z for z, g, _ in rows)
    assert rows[-1] == ["0.0", "0.0", "0.0"]


def test_one_point_and_a_huge_step(tmp_path: Any) -> None:
    file = tmp_path / "x.npy"
    assert program(f"table sigmoid --from 1 --to 1 --step 1e19 -o {file}".split()) == Done(0, "", "")
    ((z, g, _),) = np.load(file)
    assert (z, g) == (1.0, 0.7310585786300049)  # 1 / (1 + 1/e)


# Exact numbers of thousands of digits in the library


@pytest.mark.parametrize(
    ("slope", "z", "right"),
    [
        (10**5000, -1, -math.inf),
        (-(10**5999), -1, math.inf),
        (Fraction(10**5000 + 1, 10**5000), -1.5, -1.5),
        (Fraction(10**5000, 3 * 10**5000 - 1), -3, -1.0),
        (Fraction(1, 10**5000), -1, -0.0),
        (Fraction(1, 2**15000), -1, -0.0),
    ],
    ids=list("abcdef"),  # pytest cannot write the numbers
)
def test_huge_parameters_in_the_library(slope: int | Fraction, z: float, right: float) -> None:
    f = actcalc.activation("leaky_relu", slope=slope)
    assert f.parameters["slope"] == slope
    assert repr(f.g(z)) == repr(float(right))
    assert repr(f.g(np.array([z] * 100, float)).tolist()[0]) == repr(float(right))
    assert f.describe().startswith("leaky_relu(slope=")


@pytest.mark.parametrize("slope", [10**6001, Fraction(-1, 10**6001), -(2**20000)], ids=list("abc"))
def test_parameters_of_no_size_in_the_library(slope: int | Fraction) -> None:
    with pytest.raises(ActcalcError, match=r"too (large|small): exact numbers go from 1e-6000 to 1e6000"):
        actcalc.activation("leaky_relu", slope=slope)


def test_a_tiny_mark() -> None:
    for mark in (Fraction(1, 10**5000), "1e-5000"):
        report = actcalc.check("tanh", [0.0, 1.0], [0.0, 0.7615941559557649], of="g", max_ulp=mark)
        assert (report.points, report.beyond) == (2, 1)
    with pytest.raises(ActcalcError, match="too small"):
        actcalc.check("tanh", [0.0], [0.0], max_ulp="1e-6001")
