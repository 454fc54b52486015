"""Every fact on a page agrees with the oracle, for examples and for random parameters."""

import random
from collections.abc import Iterator
from fractions import Fraction

import pytest

from actcalc import ActcalcError, activation
from actcalc.activations.activation import Activation
from actcalc.activations.parameters import bind
from actcalc.arithmetic.exact import evaluate
from actcalc.catalogue import lookup
from actcalc.catalogue.custom import tree_of
from actcalc.catalogue.resolution import resolve
from actcalc.catalogue.trees import formula_of
from actcalc.numbers.digits import Digits
from actcalc.output.pages import as_object
from actcalc.teaching.facts import facts, second_slope
from tests.support.matrix import SETTINGS
from tests.support.shown import wrong_facts

_DEGENERATE = ("0", "1", "-1", "1/3", "-2", "1e-4", "50", "none")


def drawn(name: str, count: int, seed: int) -> Iterator[Activation]:
    """Activations with parameters that move and scale their features, and degenerate ones."""
    chance, declaration = random.Random(f"{name} {seed}"), lookup.declaration(name)
    tries = 0
    while declaration.parameters and count and tries < 200:
        tries += 1
        given = {
            p.name: chance.choice(_DEGENERATE)
            if chance.random() < 0.4
            else str(Fraction(chance.randint(-4000, 4000), chance.choice((1, 10, 300, 1000))))
            for p in declaration.parameters
        }
        try:
            yield bind(declaration, given)
        except ActcalcError:
            continue
        count -= 1


@pytest.mark.parametrize("name", sorted({f.name for f in SETTINGS if f.declaration.parameters}))
def test_drawn_parameters(name: str) -> None:
    for f in drawn(name, 1, 1):
        assert wrong_facts(f) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", sorted({f.name for f in SETTINGS if f.declaration.parameters}))
def test_many_drawn_parameters(name: str) -> None:
    for f in drawn(name, 20, 2):
        assert wrong_facts(f) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("f", SETTINGS, ids=lambda f: f.describe())
def test_settings(f: Activation) -> None:
    assert wrong_facts(f) == []


@pytest.mark.parametrize(
    "name", ["relu6", "hard_tanh", "hard_sigmoid", "sparse_sigmoid", "elu:alpha=-2", "relu"]
)
def test_convexity_is_that_of_all_of_g(name: str) -> None:
    f = resolve(name, {})
    assert wrong_facts(f) == []
    assert f.is_convex == (name == "relu")
    assert all(kink["subgradients"] == (name == "relu") for kink in as_object(facts(f))["kinks"])


@pytest.mark.parametrize(
    "name",
    ["softcap", "softsign", "situ", "xielu", "swish:beta=0", "swish:beta=-1", "situ:beta=1e-4", "hardshrink"],
)
def test_former_faults_of_pages(name: str) -> None:
    assert wrong_facts(resolve(name, {})) == []


def test_gaps_have_the_brackets_of_missing_values() -> None:
    assert str(activation("hardshrink").range) == "(-inf, inf) without [-0.5, 0) and (0, 0.5]"
    assert str(activation("step").range) == "[0, 1] without (0, 1)"
    assert str(activation("relu", threshold="2", max_value="2").range) == "[0, 2] without (0, 2)"
    assert str(activation("threshold", threshold="2", value="1").range) == "[1, inf) without (1, 2]"


@pytest.mark.parametrize("name", ["celu:alpha=2e-224", "celu:alpha=-2e-224"])
def test_slopes_beyond_all_exponents_stop_no_page(name: str) -> None:
    assert as_object(facts(resolve(name)))["name"] == "celu"


@pytest.mark.parametrize("f", SETTINGS, ids=lambda f: f.describe())
def test_the_second_slope_as_a_formula(f: Activation) -> None:
    """The formula of g'' is read back and evaluated, and compared with series of the declared pieces."""
    text = second_slope(f)
    if not text:
        return
    formula = formula_of(tree_of(f.declaration.write_out(text), f.parameters), f.parameters)
    switches = {kink.z for kink in f.kinks_of("d2g")}
    for z in [Fraction(n, 7) for n in (-40, -20, -9, -4, -1, 2, 5, 8, 13, 30, 50)]:
        if z not in switches:
            assert evaluate(formula, z, Digits(25)) == f.derivative_at(z, "d2g", Digits(25)), z


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1/(1+exp(-z))", ["g is sigmoid, proved in symbols"]),
        ("1/(1+exp(-z))*(1-1/(1+exp(-z)))", ["g is the slope of sigmoid, proved in symbols"]),
        ("log(1+exp(z))", ["g is softplus, proved in symbols", "g' is sigmoid, proved in symbols"]),
        ("z/2*(1+erf(z/sqrt(2)))", ["g is gelu, proved in symbols"]),
        ("min(max(z, -1), 1)", ["g is hard_tanh, proved in symbols"]),
        ("z*min(max(z + 3, 0), 6)/6", ["g is hard_swish, proved in symbols"]),
        ("c*z + 1 - 1", ["g is identity, proved in symbols"]),
        # Functions that agree except at one point, or up to 7, or to thirty digits.
        ("1 if z >= 0 else 0", ["g' is the slope of step, proved in symbols"]),
        ("max(0, min(z, 7))", []),
        ("tanh(z) + 1e-50*z", []),
        ("exp(-z**2)", []),
    ],
)
def test_formulas_are_recognised(text: str, said: list[str]) -> None:
    f = resolve(text, {"c": "1"} if "c*" in text else {})
    told = next(fact.parts for fact in facts(f) if fact.name == "same_as")
    assert [line.partition(": ")[0] for line in told] == said
