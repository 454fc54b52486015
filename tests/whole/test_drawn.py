"""Random parameters that move and scale functions, and random formulas from a grammar.

The default suite always draws the same; the longer sweep depends on the date, or on ACTCALC_DRAWN_SEED.
``python -m tests.support.fresh`` draws as many as one likes.
"""

import datetime
import math
import os
import random
from collections import Counter
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import pytest

from actcalc import activation
from actcalc.catalogue.resolution import resolve
from tests.support import drawn, fresh, oracle, taylor
from tests.support.oracle import FMTS, same

FLOAT64 = FMTS["float64"]
SEED = int(os.environ.get("ACTCALC_DRAWN_SEED") or datetime.date.today().strftime("%Y%m%d"))


def right(text: str, order: int, z: float) -> tuple[float, ...]:
    return taylor.right_at(text, order, z, FLOAT64, known=fresh.textbook)


# The oracle


@pytest.mark.parametrize(
    ("text", "z", "orders"),
    [
        # series by hand, all coefficients rational
        ("exp(z)", 0.0, (1, 1, 1, 1, 1, 1, 1, 1, 1)),
        ("sin(z)", 0.0, (0, 1, 0, -1, 0, 1, 0, -1, 0)),
        ("1/(1 - z)", 0.0, (1, 1, 2, 6, 24, 120, 720, 5040, 40320)),
        ("tanh(z)", 0.0, (0, 1, 0, -2, 0, 16, 0, -272, 0)),
        ("atan(z)", 0.0, (0, 1, 0, -2, 0, 24, 0, -720, 0)),
        ("sqrt(1 + z)", 0.0, (1, 0.5, -0.25, 0.375, -0.9375, 3.28125)),
        ("log(z)", 2.0, (0.6931471805599453, 0.5, -0.25, 0.25, -0.375)),
        ("atan(z)", 3.0, (1.2490457723982544, 0.1, -0.06, 0.052)),
        ("z**7", 1.0, (1, 7, 42, 210, 840, 2520, 5040, 5040, 0)),
        ("sigmoid(z)", 0.0, (0.5, 0.25, 0, -0.125, 0, 0.25)),
        ("softplus(z)", 0.0, (0.6931471805599453, 0.5, 0.25, 0, -0.125)),
        # kinks, by the number nearest to 0 between the two slopes
        ("abs(pi*z)", 0.0, (0, 0, 0)),
        ("relu(pi*z)", 0.0, (0, 0, 0)),
        ("leaky_relu(pi*z, slope=1/2)", 0.0, (0, 1.5707963267948966)),
        ("max(pi*z, -2*z)", 0.0, (0, 0)),
        ("max(pi*z, 2*z)", 0.0, (0, 2)),
        ("abs(exp(z)*(z - 1))", 1.0, (0, 0, 0)),
        ("1 if pi*z > 0 else 0", 0.0, (0, 0, 0)),
        ("z if exp(z)*(z - 1) > 0 else -z", 1.0, (-1, 0, 0)),
        ("abs(z + 1 if exp(z) < 1 else z)", -1.0, (0, 0, 0)),
        ("relu(z)**2", 0.0, (0, 0, 0, 0)),
        ("relu(z)**2 + z**2", 0.0, (0, 0, 2, 0)),
        # roots and powers of 0
        ("abs(z)**1.5", 0.0, (0, 0)),
        ("sqrt(z**4)", 0.0, (0, 0, 2, 0)),
        ("z*abs(z)**0.5", 0.0, (0, 0)),
        ("sqrt((z - 1)**2)", 1.0, (0, 0, 0)),
        ("sqrt((z - 1)**2) + 2*z", 1.0, (2, 1, 0)),
        ("max(sqrt(z*z), 1e-10)", 0.0, (1e-10, 0, 0)),
        ("sqrt(1 - cos(z)) + z", 0.0, (0, 0.29289321881345248)),
        ("((z + 4)**4)**(3/4)", -4.0, (0, 0, 0, 0, 0, 0)),
        ("abs(z)**(7/3)", 0.0, (0, 0, 0)),
        # undefined
        ("log(z)", 0.0, (math.nan, math.nan)),
        ("log1p(z)", -1.5, (math.nan, math.nan, math.nan)),
        ("sqrt(z)*0 + z", -1.0, (math.nan, math.nan)),
        ("z**-2*0 + z", 0.0, (math.nan, math.nan)),
        ("1/(z - z)", 3.0, (math.nan, math.nan)),
        ("0/pi/(z - z)", 3.0, (math.nan, math.nan)),
        ("abs(z)**-0.5", 0.0, (math.nan, math.nan)),
        # cancellation, also next to other numbers
        ("gelu(z) - silu(z)", 0.0, (0, 0)),
        ("2*gelu(z) - z", 0.0, (0, 0)),
        ("log(1 + exp(z))", 1e18, (1e18, 1, 0.0, -0.0)),
        ("log(1 - tanh(z)**2)", 1e6, (-1999998.6137056388, -2)),
        ("sinh(z) - z", -1e15, (-math.inf, math.inf, -math.inf)),
        ("tanh(erf(z**-2))", 1e-3, (0.7615941559557649, -0.0, -0.0)),
        ("gelu(z)*1e-300", -20.0, (-0.0, -0.0)),
    ],
)
def test_values_known_by_hand(text: str, z: float, orders: tuple[float, ...]) -> None:
    for order, value in enumerate(orders):
        found = right(text, order, z)
        assert len(found) == 1, (order, found)
        assert same(found[0], value) or found[0] == value == 0 == order, (order, found, value)


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        # the function just below 0 has this sign
        ("z", (-0.0, 1)),
        ("-z", (0.0, -1)),
        ("z**2", (0.0, -0.0, 2)),
        ("z**3", (-0.0, 0.0, -0.0, 6)),
        ("sin(z)", (-0.0, 1, 0.0, -1)),
        ("abs(z)", (0.0, -0.0, 0.0)),
        ("relu(z)", (0.0, 0.0, 0.0)),
        ("z - z", (0.0, 0.0)),
        ("1 - cos(z)", (0.0, -0.0, 1, 0.0)),
    ],
)
def test_zeros_at_minus_zero(text: str, orders: tuple[float, ...]) -> None:
    for order, value in enumerate(orders):
        assert any(same(value, found) for found in right(text, order, -0.0)), order
        assert not same(value, 0.0) or any(same(0.0, found) for found in right(text, order, 0.0))


@pytest.mark.parametrize(
    ("text", "z", "order"),
    [
        ("sqrt(z)", 0.0, 1),  # only one side is defined
        ("abs(z)**0.5", 0.0, 1),  # infinite on both sides
        ("abs(z)**1.5", 0.0, 2),
        ("relu(sin(z)**2 + cos(z)**2 - 1)", 1.0, 0),  # 0, which balls do not show
    ],
)
def test_cases_that_the_oracle_leaves_undecided(text: str, z: float, order: int) -> None:
    assert right(text, order, z) == ()


def test_numbers_too_small_to_tell_are_zeros_of_either_sign() -> None:
    assert set(map(str, right("sin(z)**2 + cos(z)**2 - 1", 0, 1.0))) == {"0.0", "-0.0"}
    assert set(map(str, right("gelu(z)", 3, 2.0))) == {"0.0", "-0.0"}


def test_a_tie_is_decided_by_the_rest() -> None:
    # alpha_n*(exp(z) - 1 - z) + beta*z with 2/3 and 1/3 is a tie of float32 except for exp(z)
    text, parameters = fresh.textbook("xielu", (("alpha_n", Fraction(2, 3)), ("beta", Fraction(1, 3))))
    found = taylor.right_at(text, 0, -100663304.0, FMTS["float32"], parameters)
    assert found == (33554436.0,)
    assert right("z - tanh(z)", 0, 1e16 + 2) == (1e16 + 2,)


# Random subjects


def test_ties_of_lines_are_met() -> None:
    """Some points make a line with the given parameters half way between two floats."""
    chance, ties = random.Random(8), 0
    f = resolve("leaky_relu:slope=3")
    for fmt in FMTS.values():
        for _ in range(200):
            z = drawn.tie(f, fmt, chance)
            exact = 3 * Fraction(z) if abs(z) < math.inf else Fraction(0)
            low, high = (oracle.nearest_fraction(exact, fmt, beyond) for beyond in (-1, 1))
            ties += low != high
    assert ties > 100


def test_every_production_occurs() -> None:
    grammar = drawn.Grammar(random.Random(1))
    for _ in range(2000):
        grammar.formula()
    assert grammar.used == set(drawn.PRODUCTIONS)


def test_formulas_are_of_many_kinds() -> None:
    grammar = drawn.Grammar(random.Random(2))
    texts = [grammar.formula() for _ in range(3000)]
    assert len(set(texts)) > 1500
    for word in (
        *drawn.IRRATIONAL,
        "abs(",
        "max(",
        "relu(",
        " if ",
        "sqrt(",
        "log(",
        "log1p(",
        "z - z",
        "**1.5",
    ):
        assert any(word in text for text in texts), word


def test_formulas_meet_their_intended_places() -> None:
    """At places named by the grammar something switches or ends: the sides differ, or one is undecided."""
    grammar, met = drawn.Grammar(random.Random(3)), Counter[str]()
    for _ in range(400):
        text = grammar.formula()
        for place in {*grammar.places}:
            sides = taylor.Point(text, place, 1, {}, fresh.textbook).sides(1)
            met["differ" if sides is None or sides.left is not sides.right else "same"] += 1
            met["no value"] += sides is not None and sides.value is None
    assert met["differ"] > 80
    assert met["no value"] > 10


def test_settings_are_moved_scaled_and_degenerate() -> None:
    chance, numbers = random.Random(4), Counter[str]()
    for declared in drawn.parametrized():
        for _ in range(40):
            f = drawn.drawn_setting(declared, chance)
            values = list(f.parameters.values())
            numbers["equal"] += len(set(values)) < len(values)
            numbers["none"] += len(values) < len(f.texts)
            for x in values:
                numbers["zero"] += x == 0
                numbers["far"] += abs(x) >= 100
                numbers["extreme"] += x != 0 and not Fraction(1, 10**50) < abs(x) < 10**50
                numbers["negative"] += x < 0
                numbers["no decimal"] += x.denominator % 3 == 0
    for kind in ("equal", "none", "zero", "far", "extreme", "negative", "no decimal"):
        assert numbers[kind] > 20, kind


# Faults are seen


def _next_float(value: float) -> float:
    return math.nextafter(value, math.inf)


FAULTS: Mapping[str, tuple[str, Callable[[float, float], float]]] = {
    "one float off, far out only": ("tanh", lambda z, g: _next_float(g) if 30 < abs(z) < 300 else g),
    "signs of zeros": ("relu", lambda z, g: -0.0 if g == 0 else g),
    "a flank cut off": ("laplace:mu=100,sigma=1", lambda z, g: 0.0 if 0 < abs(g) < 1e-290 else g),
    "a kink one float further": ("hard_tanh:min=-3,max=1/3", lambda z, g: 0.0 if z == 1 / 3 else g),
    "nan for a limit": ("gelu", lambda z, g: math.nan if math.isinf(z) else g),
    "a number for nan": ("silu", lambda z, g: 0.0 if z != z else g),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("way", [fresh.ONE, fresh.MANY])
def test_planted_faults_are_seen(fault: str, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, spoil = FAULTS[fault]
    one, many = fresh._one, fresh._many

    def spoiled_one(subject: Any, z: float, *rest: Any) -> Any:
        found = one(subject, z, *rest)
        return spoil(z, found) if isinstance(found, float) else found

    def spoiled_many(subject: Any, z: list[float], *rest: Any) -> Any:
        found, is_said = many(subject, z, *rest)
        return (list(map(spoil, z, found)) if isinstance(found, list) else found), is_said

    def wrongs() -> int:
        out, chance = fresh.Outcome(), random.Random(5)
        f = resolve(name)
        subject = fresh.Subject(f, name, False)
        points = drawn.drawn_points(drawn.features(f), FLOAT64, 240, chance)
        points += FLOAT64.near(1 / 3)
        fresh.compare(subject, points, (0, 1), FLOAT64, chance, out)
        for z in points if way == fresh.ONE else ():
            asked = fresh._Asked(subject, 1, FLOAT64, {fresh._key(z): subject.right(z, 1, 1, FLOAT64)}, out)
            asked.judge(z, fresh._one(subject, z, 1, FLOAT64), fresh.ONE)
        return out.wrongs

    sound = wrongs()
    if way == fresh.ONE:
        monkeypatch.setattr(fresh, "_one", spoiled_one)
    else:
        monkeypatch.setattr(fresh, "_many", spoiled_many)
    assert wrongs() > sound


def test_a_missed_kink_of_a_formula_is_seen() -> None:
    """Plant the slope of a similar smooth formula at the place of a kink."""
    smooth, chance, out = activation("pi*z"), random.Random(6), fresh.Outcome()
    subject = fresh.Subject(smooth, "pi*z", True)
    subject.text = "abs(pi*z)"
    fresh.compare(subject, [1.0, 0.0, 2.0], (1,), FLOAT64, chance, out)
    assert {wrong.z for wrong in out.wrong} == {0.0}


def test_an_array_that_is_refused_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise ValueError("math domain error")

    monkeypatch.setattr(fresh, "derivative_array", refused)
    out, subject = fresh.Outcome(), fresh.Subject(activation("tanh"), "tanh", False)
    fresh.compare(subject, [0.0, 1.0], (0,), FLOAT64, random.Random(7), out)
    assert [wrong.returned for wrong in out.wrong] == ["raised ValueError: math domain error"]
    assert out.compared == 2  # one by one instead


# The sweep


def _held(outcome: fresh.Outcome, seed: int) -> None:
    lines = "\n".join(fresh.printed(outcome.wrong))
    assert not outcome.wrongs, f"seed {seed}: {outcome.wrongs} wrong\n{lines}"
    assert outcome.open < outcome.compared / 20


MOVED = ("laplace", "gaussian", "swish", "clipped_swish", "xielu")
"""Activations whose parameters move features farthest or scale them most."""


@pytest.mark.parametrize("name", ["", *(pytest.param(name, marks=pytest.mark.exhaustive) for name in MOVED)])
def test_a_sample_of_settings(name: str) -> None:
    outcome = fresh.values_part(22, 1, 2000, name)
    _held(outcome, 22)
    assert outcome.compared > 1500


@pytest.mark.parametrize(
    "part", [0, 1, *(pytest.param(part, marks=pytest.mark.exhaustive) for part in (2, 3))]
)
def test_a_sample_of_formulas(part: int) -> None:
    outcome = fresh.formulas_part(22, part, 30)
    _held(outcome, 22)
    assert outcome.unsettled < 20


@pytest.mark.exhaustive
@pytest.mark.parametrize("part", range(20))
def test_settings_of_today(part: int) -> None:
    _held(fresh.values_part(SEED, part), SEED)


@pytest.mark.exhaustive
@pytest.mark.parametrize("part", range(20))
def test_formulas_of_today(part: int) -> None:
    _held(fresh.formulas_part(SEED, part), SEED)
