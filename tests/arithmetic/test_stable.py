"""Rewritten formulas, and formulas of the catalogue as text, have the same values and lose fewer digits."""

from fractions import Fraction

import pytest

from actcalc.activations.activation import Activation
from actcalc.arithmetic.exact import evaluate
from actcalc.arithmetic.slopes import format_formula
from actcalc.arithmetic.stable import stable
from actcalc.arithmetic.writing import abbreviated, written
from actcalc.catalogue.custom import tree_of
from actcalc.catalogue.lookup import one_of_each
from actcalc.catalogue.trees import formula_of
from actcalc.numbers.digits import Digits

_DIGITS = Digits(25)


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("1 - tanh(z)**2", "1/cosh(z)**2"),
        ("exp(z) - 1", "expm1(z)"),
        ("1 - exp(-z)", "-expm1(-z)"),
        ("log(1 + z**2)", "log1p(z**2)"),
        ("log(exp(z) + 1)", "max(z, 0) + log1p(exp(-abs(z)))"),
        ("1 + erf(z)", "erfc(-z)"),
        ("1 - erf(z)", "erfc(z)"),
        ("1 - cos(z)", "2*sin(z/2)**2"),
        ("1 - 1/(1 + exp(-z))", "1/(1 + exp(z))"),
        ("z*exp(z)/(1 + exp(z))", "z/(1 + exp(-z))"),
        ("1 + z", "1 + z"),
        ("exp(z)/(2 + exp(z))", "exp(z)/(2 + exp(z))"),
    ],
)
def test_rules(text: str, better: str) -> None:
    tree = tree_of(text, ())
    assert format_formula(stable(tree)) == better
    for z in (Fraction(-13, 7), Fraction(5, 3)):
        values = {evaluate(formula_of(some, {}), z, _DIGITS) for some in (tree, stable(tree))}
        assert len(values) == 1


@pytest.mark.parametrize("f", one_of_each(), ids=lambda f: f.name)
def test_written_formulas_can_be_read_back(f: Activation) -> None:
    for z in (Fraction(-13, 7), Fraction(5, 3)):
        tree = written(f.piece_at(z).dg, z)
        if tree is None or "mills" in format_formula(tree):
            assert f.name in ("gelu", "telu", "sqrtsoftplus")
            continue
        again = tree_of(format_formula(tree), ())
        assert evaluate(formula_of(again, {}), z, _DIGITS) == evaluate(f.piece_at(z).dg, z, _DIGITS)


def test_functions_that_repeat_have_names() -> None:
    short, names = abbreviated(tree_of("exp(-z)/(1 + exp(-z))**2 + sqrt(exp(-z))*sqrt(exp(-z))", ()))
    assert format_formula(short) == "e/(1 + e)**2 + r*r"
    assert {name: format_formula(meaning) for name, meaning in names.items()} == {
        "e": "exp(-z)",
        "r": "sqrt(e)",
    }
