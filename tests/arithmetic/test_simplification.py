"""Simplified slopes have the form that a person would write, and the same values."""

from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import pytest

from actcalc.arithmetic.exact import evaluate
from actcalc.arithmetic.rational import Undefined
from actcalc.arithmetic.simplification import simplify
from actcalc.arithmetic.slopes import format_formula, slope_of
from actcalc.catalogue.custom import tree_of
from actcalc.catalogue.resolution import resolve
from actcalc.catalogue.trees import formula_of, nodes_of
from actcalc.errors import ActcalcError
from actcalc.numbers.digits import Digits


@pytest.mark.parametrize(
    ("g", "slope"),
    [
        ("1/(1+exp(-z))", "exp(-z)/(1 + exp(-z))**2"),
        ("exp(-z)/(1+exp(-z))**2", "exp(-z)*(exp(-z) - 1)/(1 + exp(-z))**3"),
        ("log(1+exp(z))", "exp(z)/(1 + exp(z))"),
        ("log(cosh(z))", "tanh(z)"),
        ("(exp(z)-exp(-z))/(exp(z)+exp(-z))", "4/(exp(z) + exp(-z))**2"),
        ("z*tanh(exp(z))", "tanh(exp(z)) + z*(1 - tanh(exp(z))**2)*exp(z)"),
        ("z*erf(z)", "erf(z) + 2*z*exp(-z**2)/sqrt(pi)"),
        ("z/2*(1+erf(z/sqrt(2)))", "(1 + erf(z/sqrt(2)))/2 + z*exp(-z**2/2)/(sqrt(pi)*sqrt(2))"),
        ("z/(1+abs(z))", "1/(1 + abs(z))**2"),
        ("z*abs(z)", "2*abs(z)"),
        ("sqrt(z**2+1)", "z/sqrt(z**2 + 1)"),
        ("z/sqrt(z**2+1)", "1/(z**2 + 1)**1.5"),
        ("z**3/3 - z", "z**2 - 1"),
        ("max(0.1*z, z)", "0.1 if z < 0 else 1"),
        ("min(max(z, -1), 1)", "1 if z > -1 and z < 1 else 0"),
        ("exp(z)*exp(-z)", "0"),
        ("2**-z", "-2**(-z)*log(2)"),
        ("1/z", "-1/z**2"),
        ("cos(z)**2 + sin(z)**2", "0"),
        ("z*exp(-z)", "exp(-z)*(1 - z)"),
    ],
)
def test_slopes_as_a_person_writes_them(g: str, slope: str) -> None:
    assert format_formula(simplify(slope_of(tree_of(g, ())))) == slope


_POINTS = [Fraction(n, 7) for n in (-40, -12, -3, -1, 1, 4, 9, 20)]
FORMULAS = [
    line
    for line in (Path(__file__).parents[1] / "catalogue/formulas.txt").read_text().splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize("text", FORMULAS)
def test_values_stay(text: str) -> None:
    with suppress(ActcalcError):
        f = resolve(text)
        tree = getattr(f, "tree", None)
        if tree is None or any("'" in node.name for node in nodes_of(slope_of(tree))):
            return
        digits = Digits(25)
        for _ in range(2):
            tree = slope_of(tree)
            short = simplify(tree)
            for z in _POINTS:
                with suppress(Undefined, ZeroDivisionError):
                    before = evaluate(formula_of(tree, f.parameters), z, digits, 1e7)
                    assert evaluate(formula_of(short, f.parameters), z, digits, 1e7) == before, (short, z)
            tree = short
