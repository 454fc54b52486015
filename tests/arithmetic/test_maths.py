"""Every arithmetic has all functions that a formula may call, with the right values."""

import importlib
import math
import pkgutil
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest

import actcalc.arithmetic
from actcalc.arithmetic.algebra import Algebra
from actcalc.arithmetic.anchored import Anchors
from actcalc.arithmetic.formulas import Node
from actcalc.arithmetic.graph import Graph, GraphMaths, Tracer
from actcalc.arithmetic.interval import Interval, Intervals
from actcalc.arithmetic.jets import Jets
from actcalc.arithmetic.ladder import EXACT_PAIRS, PAIRS, QUICK, TIE_PAIRS
from actcalc.arithmetic.maths import Maths, RealNumber
from actcalc.arithmetic.portable import Portable, PortablePairs
from actcalc.arithmetic.rational import NotRational, Rational
from actcalc.arithmetic.rounded import RoundedFloat, RoundedFloats
from actcalc.arithmetic.rounded_arrays import RoundedArrays
from actcalc.arithmetic.slopes import format_formula, slope_of
from actcalc.arithmetic.writing import Writing, Written
from actcalc.catalogue.trees import CHOICES, FUNCTIONS
from actcalc.numbers.floats import FLOAT64
from tests.support.elements import argument, work_out
from tests.support.selecting import value_at

FRACTIONS: Maths[Fraction] = Rational()
DECIMALS: Maths[Interval] = Intervals(30)
FLOATS = RoundedFloats(FLOAT64)
ARRAYS = RoundedArrays(FLOAT64)
IN_FLOATS: Maths[RoundedFloat] = FLOATS
X = Fraction(3, 4)
Z = Node("name", name="z")


class Arithmetic(NamedTuple):
    """An arithmetic, checked against the protocol by its type, a number of it, and a reader of results."""

    m: Maths[Any]
    x: Any
    near: Callable[[Any], Any]


def _in_arithmetics() -> list[Arithmetic]:
    intervals, anchors, algebra = Intervals(30), Anchors(30), Algebra()
    jets, tracer, writing = Jets(intervals, 2), Tracer(), Writing(intervals)
    known = [
        Arithmetic(FRACTIONS, X, float),
        Arithmetic(intervals, intervals.number(X), lambda x: x.low),
        Arithmetic(anchors, anchors.build(Fraction(0), intervals.number(X)), lambda x: anchors.bounds(x).low),
        Arithmetic(jets, jets.number(intervals.number(X)), lambda x: x.coefficients[0].low),
        Arithmetic(tracer, tracer.t, lambda x: value_at(Graph(x), intervals, X).low),
        Arithmetic(algebra, X, lambda x: algebra.enclose(x, intervals).low),
        Arithmetic(writing, Written(writing, Z, intervals.number(X)), lambda x: x.value.low),
        Arithmetic(FLOATS, FLOATS.number(X), lambda x: x.value),
        Arithmetic(ARRAYS, RoundedFloat(ARRAYS, np.array([float(X)])), lambda x: np.ravel(x.value)[0]),
    ]
    z = np.array([float(X)])
    for bulk in (QUICK, PAIRS, EXACT_PAIRS, TIE_PAIRS):
        known.append(Arithmetic(bulk, argument(bulk, z), lambda x: work_out(x.rescale(0), z).value[0]))
    return known


ARITHMETICS = _in_arithmetics()
by_kind = pytest.mark.parametrize("arithmetic", ARITHMETICS, ids=lambda found: type(found.m).__name__)

PHI = math.exp(-(0.75**2) / 2) / math.sqrt(2 * math.pi)
NORMAL = (1 + math.erf(0.75 / math.sqrt(2))) / 2
FLOAT_FUNCTIONS = (
    *("exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh"),
    *("asinh", "atan", "erf", "erfc"),
)
VALUES = {name: getattr(math, name)(0.75) for name in FLOAT_FUNCTIONS} | {
    **dict.fromkeys(("Phi", "normal"), NORMAL),
    "phi": PHI,
    "mills": (1 - NORMAL) / PHI,
    "abs": 0.75,
    "pi": math.pi,
    "ln2": math.log(2),
}
OTHERS = {"sign", "series"}
"""Functions of the protocol with other signatures."""


def members(protocol: type) -> set[str]:
    return {name for name in vars(protocol) if not name.startswith("_")}


def test_all_arithmetics_are_here() -> None:
    modules = [
        importlib.import_module(f"actcalc.arithmetic.{module.name}")
        for module in pkgutil.iter_modules(actcalc.arithmetic.__path__)
    ]
    kinds = {
        kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and hasattr(kind, "expm1") and not kind.__name__.startswith("_")
    }
    # The arithmetics for emitted code take only values of float32; tests/code covers them.
    assert kinds == {Maths, GraphMaths, Portable, PortablePairs, *(type(found.m) for found in ARITHMETICS)}


@by_kind
@pytest.mark.parametrize("name", sorted(members(Maths) - OTHERS))
def test_every_arithmetic_has_every_function(arithmetic: Arithmetic, name: str) -> None:
    m = arithmetic.m
    try:
        found = getattr(m, name)
        assert float(arithmetic.near(found(arithmetic.x) if callable(found) else found)) == pytest.approx(
            VALUES[name]
        )
    except NotRational:
        assert m is FRACTIONS


@by_kind
def test_every_arithmetic_has_signs_and_series(arithmetic: Arithmetic) -> None:
    m, x = arithmetic.m, arithmetic.x
    assert (m.sign(x), m.sign(-x)) == (1, -1)
    try:
        assert float(arithmetic.near(m.series(lambda k: Fraction(1, 2**k), x))) == pytest.approx(1.6)
    except NotRational:
        assert isinstance(m, Rational | Algebra | Writing)


@by_kind
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_formulas(arithmetic: Arithmetic, name: str) -> None:
    try:
        assert float(arithmetic.near(FUNCTIONS[name](arithmetic.m, arithmetic.x))) == pytest.approx(
            VALUES[name]
        )
    except NotRational:
        assert arithmetic.m is FRACTIONS


class Recorder:
    """An arithmetic of floats that records which of its functions are called."""

    def __init__(self) -> None:
        self.called: set[str] = set()
        self.pi = 3.0

    def __getattr__(self, name: str) -> Callable[[float], float]:
        self.called.add(name)
        return lambda x: 0.5


def test_functions_of_formulas_and_the_protocol() -> None:
    """Formulas call only functions of the protocol, and can call each of those, a few aside."""
    for name in (*FUNCTIONS, *CHOICES):
        m: Any = Recorder()
        assert isinstance(
            FUNCTIONS[name](m, 0.75) if name in FUNCTIONS else CHOICES[name](m, 0.25, 0.75), float
        )
        assert m.called <= members(Maths)
        assert name not in members(Maths) or m.called == {name}
    unnamed = members(Maths) - FUNCTIONS.keys()
    assert unnamed == {
        "normal",
        "sign",
        "pi",
        "ln2",
        "mills",
        "series",
    }  # Phi, choices, pi, functions of activations only


@pytest.mark.parametrize("name", [*FUNCTIONS, *CHOICES])
def test_slopes_of_functions_are_known(name: str) -> None:
    parts = (Node("name", name="z"),) * (2 if name in CHOICES else 1)
    assert "'" not in format_formula(slope_of(Node("call", parts, name)))


@by_kind
def test_numbers_have_the_operators(arithmetic: Arithmetic) -> None:
    operators = {
        name for name, value in vars(RealNumber).items() if name.startswith("__") and callable(value)
    }
    assert {"__add__", "__rtruediv__", "__pow__", "__abs__"} <= operators - set(vars(object))
    for number in (arithmetic.x, arithmetic.x * X):
        assert operators <= set(dir(number))
