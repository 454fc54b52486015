"""Graphs have the values of the formulas that they were traced from, and share equal parts."""

import math
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import actcalc
from actcalc.activations.activation import Activation
from actcalc.activations.declaration import QUANTITIES, Piece, Quantity
from actcalc.arithmetic.exact import Formula
from actcalc.arithmetic.graph import Graph, Node, Tracer, Untraced, of_sides
from actcalc.arithmetic.interval import Interval, Undecided, with_digits
from actcalc.arithmetic.rational import RATIONAL, NotRational
from tests.support.matrix import SETTINGS, setting
from tests.support.selecting import Selecting, value_at

M = with_digits(60)
FORMULAS = (Path(__file__).parents[1] / "catalogue/formulas.txt").read_text(encoding="utf-8").splitlines()


def spans(f: Activation) -> Iterator[tuple[Piece, Fraction, Fraction]]:
    """The pieces on each side of 0, with their ends; unbounded ones are cut after 10."""
    start: Fraction | None = None
    for piece in f.pieces:
        end = None if piece.upto is None else Fraction(piece.upto)
        low = min(Fraction(0), end or Fraction(0)) - 10 if start is None else start
        high = max(Fraction(0), low) + 10 if end is None else end
        if low < 0:
            yield piece, low, min(high, Fraction(0))
        if high > 0:
            yield piece, max(low, Fraction(0)), high
        start = end


def draw(chance: random.Random, low: Fraction, high: Fraction) -> Fraction:
    return low + (high - low) * Fraction(chance.randrange(1, 10**6), 10**6)


def exact_value(formula: Formula, z: Fraction) -> Fraction | None:
    try:
        return Fraction(formula(RATIONAL, z))
    except NotRational:
        return None


def overlap(x: Interval, y: Interval) -> bool:
    return x.low <= y.high and y.low <= x.high


def is_narrow(x: Interval) -> bool:
    """Whether all digits are known except those that cancelled."""
    return x.high - x.low <= Decimal("1e-40") * max(abs(x.low), Decimal("1e-10"))


def assert_same(graph: Graph, formula: Formula, z: Fraction, looks_ahead: bool = False) -> None:
    exact = exact_value(formula, z)
    if exact is not None and graph.is_rational:
        assert value_at(graph, RATIONAL, z, looks_ahead) == exact
    right = M.number(formula(M, M.number(z)))
    found = value_at(graph, M, z, looks_ahead)
    assert overlap(found, right), z
    assert is_narrow(found), z
    assert exact is None or overlap(found, M.number(exact))


def trace(formula: Formula, side: int) -> Graph:
    """The graph of a formula at z = side*t."""
    return of_sides(formula, None) if side < 0 else of_sides(None, formula)


def settings_and_quantities(quantities: tuple[Quantity, ...], step: int = 1) -> pytest.MarkDecorator:
    cases = [(f, of) for f in SETTINGS[::step] for of in quantities]
    return pytest.mark.parametrize(
        ("f", "of"), cases, ids=lambda x: x if isinstance(x, str) else x.describe()
    )


@settings_and_quantities(("g", "dg"))
def test_graphs_of_the_catalogue_have_its_values(f: Activation, of: Quantity) -> None:
    chance = random.Random(f"{f.describe()} {of}")
    for piece, low, high in spans(f):
        formula = piece.formula(of)
        graph = trace(formula, 1 if high > 0 else -1)
        for _ in range(2):
            z = draw(chance, low, high)
            assert_same(graph, formula, z)
            if exact_value(formula, z) is not None:
                assert graph.is_rational


@settings_and_quantities(("d2g", "d3g", "d8g"), step=5)
def test_graphs_of_higher_derivatives(f: Activation, of: Quantity) -> None:
    chance = random.Random(f"{f.describe()} {of}")
    for piece, low, high in spans(f):
        formula = piece.formula(of)
        assert_same(trace(formula, 1 if high > 0 else -1), formula, draw(chance, low, high))


def middle(f: Activation, of: Quantity) -> tuple[Formula, Formula]:
    """The formulas just below and just above 0."""
    parts = list(spans(f))
    below = [piece for piece, _, high in parts if high <= 0][-1]
    above = next(piece for piece, low, _ in parts if low >= 0)
    return below.formula(of), above.formula(of)


@settings_and_quantities(("g", "dg", "d3g"))
def test_both_sides_in_one_graph(f: Activation, of: Quantity) -> None:
    chance = random.Random(f"{f.describe()} {of}")
    below, above = middle(f, of)
    together = of_sides(below, above)
    assert together.cost <= trace(below, -1).cost + trace(above, 1).cost + 1
    least = min((high - low for _, low, high in spans(f) if 0 in (low, high)), default=Fraction(1))
    for side, formula in ((-1, below), (1, above)):
        z = side * draw(chance, Fraction(0), least)
        assert_same(together, formula, z)
        # If the side is known for all elements, the other branch is skipped.
        assert overlap(
            M.number(together.evaluate(Selecting(M), M.number(abs(z)), side < 0)), value_at(together, M, z)
        )


CONDITIONS = (
    "7 if z == 1 else z",
    "7 if z == 3 else ((z if z < 3 else exp(z)) if z < 2 else 3)",
    "sin(z) if sin(z) > 0.5 else cos(z)",
    "max(z, sin(3*z), cos(z), 1/2)",
    "max(0, tanh(z))",
    "max(z, abs(z))",
    "max(0.1*z, z)",
    "abs(abs(abs(z - 1) - 2) - 3)",
    "max(min(z, 3), -2)*sigmoid(z) + abs(z - 1)",
    "laplace(z, mu=0.7)",
    "erf(tanh(z)) + logcosh(z - 1)",
    "sqrt(z - 1) if z > 2 else z",
    "z if z > exp(1) else sqrt(pi)*z",
    "hard_swish(z)*z",
    "z if z > 0 else sqrt(-z) - 1",
)


@pytest.mark.parametrize("text", [*FORMULAS, *CONDITIONS])
@pytest.mark.parametrize("of", ["g", "dg", "d4g"])
def test_graphs_of_formulas(text: str, of: Quantity) -> None:
    chance = random.Random(text)
    formula = actcalc.activation(text).pieces[0].formula(of)
    count = 0
    for side in (-1, 1):
        try:
            graph = trace(formula, side)
        except Untraced:
            with pytest.raises(ArithmeticError):
                formula(M, M.number(side))
            continue
        for _ in range(3):
            z = side * draw(chance, Fraction(0), Fraction(6))
            try:
                formula(M, M.number(z))
            except ArithmeticError:
                with pytest.raises(ArithmeticError):
                    value_at(graph, M, z, looks_ahead=True)
                continue
            count += 1
            assert_same(graph, formula, z, looks_ahead=True)
    assert count > 1


@pytest.mark.parametrize(
    ("text", "z"),
    [
        ("7 if z == 1 else z", 1),
        ("7 if z == 1 else z*z", 1),
        ("7 if z == 3 else ((z if z < 3 else exp(z)) if z < 2 else 3)", 3),
        ("1 if exp(log(z)) > 0 else 0", -2),
        ("z + 0*log(z)", -2),
        ("sqrt(z - 3)*0", 2),
        ("log(z - 3) - log(z - 3)", 2),
        ("(z - 2)/(z - 2)", 2),
        ("1 if sqrt(z - 3) >= 0 else 2", 2),
    ],
)
def test_a_graph_is_undecided_where_the_formula_is_undefined_or_takes_a_third_branch(
    text: str, z: int
) -> None:
    formula = actcalc.activation(text).pieces[0].g
    try:
        graph = trace(formula, 1 if z > 0 else -1)
    except Untraced:
        return
    for looks_ahead in (False, True):
        with pytest.raises(ArithmeticError):
            value_at(graph, M, Fraction(z), looks_ahead)


class Floats:
    """An arithmetic of floats that knows all signs of defined values; undefined values are NaN."""

    def __getattr__(self, name: str) -> Any:
        def function(x: float) -> float:
            try:
                found: float = getattr(math, name)(x)
            except ValueError:
                return math.nan
            return found

        return function

    def constant(self, x: Interval) -> float:
        return float(x.low)

    def fork(self, x: float, below: Any, above: Any) -> float:
        return float(below) if x < 0 else float(above) if x > 0 else math.nan

    def known_sign(self, x: float) -> int:
        return -1 if x < 0 else 1


@pytest.mark.parametrize(
    ("text", "z"),
    [
        ("1 if exp(log(z - 3)) > 0 else 0", 2),
        ("z + 0*log(z - 3)", 2),
        ("z + 0*exp(log(z - 3))", 2),
        ("0*log(z - 3) + 1 if z > 1 else 2", 2),
        ("1 if sqrt(z - 3) >= 0 else 2", 2),
        ("1 if sqrt(z - 3) >= 0 else 2", -1),
        ("z if exp(log(z)) > 0 else 1", -1),
    ],
)
def test_known_signs_do_not_hide_undefined_values(text: str, z: int) -> None:
    formula = actcalc.activation(text).pieces[0].g
    for graph in (trace(formula, z), of_sides(formula, formula)):
        m: Any = Floats()
        assert math.isnan(graph.evaluate(m, float(abs(z)), z < 0))
    m = Floats()
    assert trace(formula, 1).evaluate(m, 7.0, False) == pytest.approx(
        float(M.number(formula(M, M.number(7))).low)
    )


SHARED = {
    "sigmoid": ({"exp": 1, "truediv": 1}, {"exp": 1, "truediv": 1}),
    "tanh": ({"expm1": 1, "truediv": 1}, {"exp": 1, "truediv": 1}),
    "silu": ({"exp": 1, "truediv": 1}, {"exp": 1, "truediv": 1}),
    "gelu": ({"exp": 1, "mills": 1}, {"exp": 1, "mills": 1}),
    "mish": ({"exp": 1, "truediv": 1}, {"exp": 1, "truediv": 2}),
    "softplus(beta=1)": ({"exp": 1, "log1p": 1}, {"exp": 1, "truediv": 1}),
    "logcosh": ({"exp": 1, "expm1": 1, "log1p": 1}, {"expm1": 1, "truediv": 1}),
    "shifted_softplus": ({"expm1": 1, "log1p": 1}, {"exp": 1, "truediv": 1}),
    "gelu_tanh": ({"exp": 1, "truediv": 1}, {"exp": 1, "truediv": 1}),
    "erf": ({"exp": 1, "series": 1}, {"exp": 1}),
    "softsign": ({"truediv": 1}, {"truediv": 1}),
    "sin(omega=30)": ({"sin": 1}, {"cos": 1}),
}


def counts(graph: Graph) -> Counter[str]:
    return Counter(x.op for x in graph.nodes)


@pytest.mark.parametrize("name", SHARED)
def test_sides_share_costly_parts(name: str) -> None:
    for of, expected in zip(QUANTITIES[:2], SHARED[name], strict=True):
        graph = of_sides(*middle(setting(name), of))
        found = counts(graph)
        assert {op: found[op] for op in found if op == "truediv" or op in FUNCTIONS} == expected, of
        assert not graph.is_constant
        assert graph.is_rational == (not expected.keys() - {"truediv"})


FUNCTIONS = {
    *("exp", "expm1", "log", "log1p", "sin", "cos", "atan", "sqrt"),
    *("erf", "erfc", "normal", "mills", "series"),
}


def test_sigmoid_is_one_quotient_and_tanh_a_flipped_sign() -> None:
    sigmoid = of_sides(*middle(setting("sigmoid"), "g")).result
    numerator, divisor = sigmoid.args
    assert (sigmoid.op, numerator.op, divisor.op) == ("truediv", "select", "add")
    e, one = numerator.args
    assert (e.op, one.data) == ("exp", 1)
    assert set(divisor.args) == {e, one}
    tanh = of_sides(*middle(setting("tanh"), "g")).result
    assert tanh.op == "select"
    assert -tanh.args[0] is tanh.args[1]


# Nodes


def test_normal_forms() -> None:
    m = Tracer()
    t = m.t
    e, k = m.exp(-t), m.mills(t)
    minus = -e
    assert -minus is e
    assert e * 1 is e
    assert e + 0 is e
    assert (-e) * (-k) is e * k is k * e
    assert (-e) * k is -(e * k) is e * -k
    assert (-e) / k is e / -k is -(e / k)
    assert e - k is -(k - e)
    assert -e - k is -(k + e)
    assert 1 - e is -(e - 1)
    assert e / 3 is e * Fraction(1, 3)
    assert e / 3 * 6 is 2 * e is e + e
    assert (2 * e) * (3 * k) is 6 * (e * k)
    assert e / (2 * k) * 2 is e / k
    assert 3 / (2 * k) * Fraction(2, 3) is 1 / k
    assert m.sin(-e) is -m.sin(e)
    assert m.cos(-e) is m.cos(e)
    assert m.exp(-abs(-t)) is e
    assert (-e) ** 2 is e * e
    assert (-e) ** 3 is -(e**3)
    assert abs(e) is abs(-e) is e
    assert (t - t).is_zero
    assert (0 * e).is_zero
    assert (0 * m.log(t - 1)).op == "fork"  # an arithmetic may forget that 0 times a value is undefined
    coefficient = [lambda k: Fraction(1, 2**k) for _ in range(2)]
    assert m.series(coefficient[0], t) is m.series(coefficient[1], t)
    assert m.series(lambda k: Fraction(1, 3**k), t) is not m.series(coefficient[0], t)


def test_constants_are_folded() -> None:
    m = Tracer()
    assert (m.number(2) ** 3 / 3 - Fraction(5, 3)).data == 1
    assert m.sqrt(Fraction(9, 4)).data == Fraction(3, 2)
    assert m.exp(0).data == 1
    assert m.sqrt(2 * m.pi) is m.sqrt(m.pi * 2)
    assert m.sqrt(2 * m.pi) * m.sqrt(2 * m.pi) is not m.number(2)
    found = (m.exp(Fraction(-5, 2)) / m.sqrt(2 * m.pi)).data
    assert overlap(found, M.exp(Fraction(-5, 2)) / M.sqrt(2 * M.pi))
    assert found.high - found.low < Decimal("1e-58")


@pytest.mark.parametrize("f", SETTINGS, ids=lambda f: f.describe())
def test_signs_that_are_claimed_hold(f: Activation) -> None:
    chance = random.Random(f.describe())
    for of in ("g", "dg", "d3g"):
        for piece, low, high in spans(f):
            graph = trace(piece.formula(of), 1 if high > 0 else -1)
            z = draw(chance, low, high)
            for node in graph.nodes:
                assert_sign(node, z)


@pytest.mark.parametrize("text", [*FORMULAS, *CONDITIONS])
def test_signs_in_formulas_hold(text: str) -> None:
    chance = random.Random(text)
    formula = actcalc.activation(text).pieces[0].g
    for side in (-1, 1):
        try:
            graph = trace(formula, side)
        except Untraced:
            continue
        for node in graph.nodes:
            assert_sign(node, side * draw(chance, Fraction(0), Fraction(6)))


def assert_sign(node: Node, z: Fraction) -> None:
    try:
        found = value_at(Graph(node), M, z)
    except Undecided:
        return
    except ArithmeticError:
        assert not node.is_total
        return
    if found.low > 0 or found.high < 0 or found.is_zero:
        assert M.sign(found) in node.signs
        assert node.sign in (None, M.sign(found))


def test_signs_by_rules() -> None:
    m = Tracer()
    t, x = m.t, m.t - 3
    for positive in (t, m.exp(x), 1 + m.exp(x), x * x + 1, m.expm1(t), -m.log1p(t) * -t, abs(x) + t, t / 3):
        assert (positive.sign, (-positive).sign) == (1, -1)
    assert (x * x + m.exp(2 * t)).sign == 1
    for positive in (2 + m.expm1(x), m.normal(x), m.erfc(x), m.mills(t), m.erf(t), m.atan(t), m.sqrt(t)):
        assert positive.sign == 1
    for unknown in (
        x,
        m.sin(t),
        m.log(t),
        m.expm1(x),
        m.expm1(x) + Fraction(1, 2),
        x * x,
        t / x,
        m.sqrt(x * x),
    ):
        assert unknown.sign is None
    whole = m.series(lambda k: Fraction(1, 2**k), x)
    for partial in (m.log(x), m.exp(m.log(x)), m.sqrt(x) + 1, 1 / (x * x), m.fork(x, t, t + 1), whole):
        assert partial.sign is None


# Formulas that are not traced


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        (lambda m, z: sum(abs_of(m, z - k) for k in range(1, 6)), "branches"),
        (lambda m, z: m.number(Fraction(7) ** 4000) * z, "digits"),
        (lambda m, z: z + Fraction(7) ** 4000, "digits"),
        (lambda m, z: z + m.exp(Fraction(10) ** 5), "too large"),
        (lambda m, z: z + m.exp(-m.exp(Fraction(20))), "too small"),
        (lambda m, z: z + m.sin(m.pi), "too uncertain"),
        (lambda m, z: z + m.log(Fraction(-1)), "undefined"),
        (lambda m, z: z / Fraction(0), "undefined"),
        (lambda m, z: many(m, z), "operations"),
    ],
)
def test_oversized_formulas_are_not_traced(formula: Formula, reason: str) -> None:
    with pytest.raises(Untraced, match=reason):
        trace(formula, 1)


def abs_of(m: Any, x: Any) -> Any:
    return -x if m.sign(x) < 0 else x


def many(m: Any, z: Any) -> Any:
    for k in range(7000):
        z = m.exp(z / (k + 2))
    return z


def test_deep_graphs() -> None:
    def formula(m: Any, z: Any) -> Any:
        for k in range(1500):
            z = (z + k) / Fraction(2)
        return z

    z = Fraction(3)
    graph = of_sides(formula, formula)
    assert len(graph.nodes) > 3000 > sys.getrecursionlimit()
    assert overlap(value_at(graph, M, z), M.number(exact_value(formula, z) or 0))


def test_sides_that_differ_in_two_places_at_every_level() -> None:
    def formula(m: Any, z: Any) -> Any:
        x = m.exp(z) if m.sign(z) < 0 else z
        for _ in range(40):
            x = (x + 1) / (x + 2)
        return x

    graph = of_sides(formula, formula)
    assert graph.cost < 1.1 * trace(formula, 1).cost + 30
    for z in (Fraction(-2), Fraction(2)):
        assert_same(graph, formula, z)


def test_branches_not_taken_are_not_evaluated() -> None:
    graph = trace(lambda m, z: m.sqrt(z - 3) if m.sign(z - 3) > 0 else m.log(3 - z), 1)
    assert overlap(value_at(graph, M, Fraction(2), looks_ahead=True), M.number(0))
    with pytest.raises(ArithmeticError):
        value_at(graph, M, Fraction(2))


def test_each_node_is_worked_out_once() -> None:
    calls: Counter[str] = Counter()

    class Counted(Selecting):
        def exp(self, x: Any) -> Any:
            calls["exp"] += 1
            return self.base.exp(x)

    graph = of_sides(*middle(setting("silu"), "d4g"))
    graph.evaluate(Counted(M), M.number(2), [True])
    assert calls["exp"] == 1


def test_threads_trace_alike() -> None:
    def work(of: Quantity) -> list[tuple[str, ...]]:
        return [tuple(x.op for x in of_sides(*middle(f, of)).nodes) for f in SETTINGS[::9]]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, ["dg", "d4g"] * 8))
    assert found == [work("dg"), work("d4g")] * 8


def test_tracing_takes_little_time() -> None:
    """Tracing takes a millisecond for g', a fifth of a second for order 8; slow machines get more time."""
    for order, most in ((1, 0.01), (8, 0.2)):
        for name in ("sigmoid", "gelu_tanh", "situ(beta=25)", "telu", "sqrtsoftplus"):
            sides = middle(setting(name), QUANTITIES[order])
            start = time.process_time()
            of_sides(*sides)
            assert time.process_time() - start < most, (name, order)
