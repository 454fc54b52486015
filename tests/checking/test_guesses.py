"""Guesses at the mistake in values that NumPy computes here by a formula with a typical slip."""

from collections.abc import Callable

import numpy as np
import pytest

import actcalc
from actcalc.activations.declaration import Quantity
from actcalc.checking.guesses import MOST, guess
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import FLOAT64, FORMATS
from tests.support.command import actcalc as run

Z = np.linspace(-3, 3, 13)


def sigmoid(z: Array) -> Array:
    found: Array = 1 / (1 + np.exp(-z))
    return found


def a_slip(z: Array) -> Array:
    a = sigmoid(z)
    found: Array = a * (1 + a)
    return found


CASES: list[tuple[str, Quantity, Callable[[Array], Array], str]] = [
    ("tanh", "dg", lambda z: 1 - np.tanh(z), "the values of 1 - a, not 1 - a**2"),
    ("tanh", "dg", lambda z: 1 - z**2, "the values of 1 - z**2, with z where a = g(z) belongs"),
    ("sigmoid", "dg", lambda z: z * (1 - z), "the values of z*(1 - z), with z where a = g(z) belongs"),
    ("sigmoid", "dg", sigmoid, "the values of g, not g'"),
    ("sigmoid", "dg", lambda z: 1 - sigmoid(z), "the values of 1 - a, not a*(1 - a)"),
    ("sigmoid", "dg", a_slip, "the values of a*(1 + a), not a*(1 - a)"),
    ("sigmoid", "dg", lambda z: -sigmoid(z) * (1 - sigmoid(z)), "the right values with the opposite sign"),
    ("sigmoid", "dg", lambda z: 3 * sigmoid(z) * (1 - sigmoid(z)), "3 times the right values"),
    ("sigmoid", "dg", lambda z: np.round(1 - np.tanh(z) ** 2, 4), "the values of g' of tanh, not of sigmoid"),
    ("sigmoid", "g", lambda z: sigmoid(z) * (1 - sigmoid(z)), "the values of g', not g"),
    ("sigmoid", "g", lambda z: sigmoid(-z), "the values of 1/(1 + exp(z)), not 1/(1 + exp(-z))"),
    (
        "relu",
        "g",
        lambda z: np.where(z > 0, z, 0.01 * z),
        "the values of g of leaky_relu(slope=0.01), not of relu",
    ),
    (
        "leaky_relu:slope=0.1",
        "dg",
        lambda z: np.where(z > 0, 0.1, 1),
        "the values of slope if a > 0 else 1, not 1 if a > 0 else slope",
    ),
    ("silu", "dg", sigmoid, "the values of s, not s*(1 + z*(1 - s)), where s = 1/(1 + exp(-z))"),
    ("gelu", "dg", sigmoid, "the values of g' of softplus(beta=1), not of gelu"),
    ("scaled_tanh", "dg", lambda z: 1.7159 * (1 - np.tanh(0.67 * z) ** 2), "the values of b*(1 - (g/b)**2)"),
    ("z*tanh(z)", "dg", np.tanh, "the values of g' of logcosh, not of z*tanh(z)"),
]


@pytest.mark.parametrize(("name", "of", "values", "expected"), CASES, ids=[case[-1] for case in CASES])
def test_guess(name: str, of: Quantity, values: Callable[[Array], Array], expected: str) -> None:
    found = guess(resolved(name), of, FLOAT64, Z, values(Z).astype(float))
    assert found.removeprefix("these are ").startswith(expected)


def resolved(name: str) -> actcalc.Activation:
    name, _, given = name.partition(":")
    return actcalc.activation(name, **dict(one.split("=") for one in given.split(",") if one))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("sigmoid", lambda z: sigmoid(z) * (1 - sigmoid(z))),
        ("sigmoid", lambda z: np.round(sigmoid(z) * (1 - sigmoid(z)), 4)),
        ("sigmoid", lambda z: np.where(z > 1, 0.5, sigmoid(z) * (1 - sigmoid(z)))),
        ("sigmoid", np.cosh),
        ("sigmoid", lambda z: np.full(len(z), np.nan)),
        ("sigmoid", lambda z: np.zeros(len(z))),
        ("sigmoid", lambda z: np.where(z > 1, -1e308, 0.5)),
        ("relu", lambda z: (z > 0).astype(float)),
    ],
)
def test_no_guess(name: str, values: Callable[[Array], Array]) -> None:
    assert guess(actcalc.activation(name), "dg", FLOAT64, Z, values(Z)) == ""


def test_values_that_are_not_settled() -> None:
    done = run(["check", "exp(log(z)) - z", "--of", "g"], "1 5\n2 3\n3 7\n")
    assert "left out, as the right value is not settled" in done.out.splitlines()[-1]
    assert "guess" not in done.out + done.err


def test_few_digits_and_narrow_formats() -> None:
    f = actcalc.activation("sigmoid")
    for digits in (3, 4, 6):
        values = np.array([float(f"{x:.{digits}g}") for x in 1 - np.tanh(Z) ** 2])
        assert "tanh" in guess(f, "dg", FLOAT64, Z, values)
    values = (1 - np.tanh(Z) ** 2).astype(np.float16).astype(float)
    assert "tanh" in guess(f, "dg", FORMATS["float16"], Z, values)
    many = np.linspace(-3, 3, MOST + 1)
    assert guess(f, "dg", FLOAT64, many, np.tanh(many)) == ""
    assert guess(f, "dg", FLOAT64, many[:1], np.tanh(many[:1])) == ""


def test_a_guess_stands_above_the_verdict() -> None:
    rows = "".join(f"{z},{1 - np.tanh(z)}\n" for z in Z)
    expected = "guess: these are the values of 1 - a, not 1 - a**2"
    for options in ([], ["--digits", "6"], ["--rtol", "1e-6"]):
        done = run(["check", "tanh", *options], rows)
        assert done.out.splitlines()[-2] == expected
        assert done.out.splitlines()[-1].startswith("FAILED: ")
        done = run(["check", "tanh", *options, "-f", "json"], rows)
        assert done.err.splitlines()[0] == expected
    assert "guess" not in run(["check", "tanh"], "0 1\n1 0.5\n").out
