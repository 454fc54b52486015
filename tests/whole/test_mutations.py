"""The matrix sees faults: with broken arithmetic it must find wrong values for every activation."""

import ast
import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from actcalc import Activation
from actcalc.activations.declaration import Quantity
from actcalc.arithmetic import interval
from actcalc.arithmetic.interval import Interval
from actcalc.catalogue.lookup import declaration, names
from actcalc.numbers.floats import Format
from tests.support import mutants
from tests.support.matrix import SETTINGS, Mismatch, mismatches, random_points, special_points
from tests.support.oracle import FMTS

EXACT_IN_FLOAT64 = {"relu6", "relu2", "sparse_sigmoid", "identity", "step"}
"""Activations with at most one rounded operation, whose textbook formula is right in float64."""

OF_FRACTIONS = {
    *("softsign", "relu", "leaky_relu", "prelu", "rrelu", "relu6", "relu2", "hard_swish", "hard_sigmoid"),
    *("hard_tanh", "softshrink", "hardshrink", "thresholded_relu", "threshold", "sparse_plus"),
    *("sparse_sigmoid", "identity", "step"),
}
"""Activations evaluated in fractions, without error bounds that could shrink."""


def trees(name: str) -> list[ast.expr]:
    """The textbook formulas of g and g'."""
    d = declaration(name)
    return [ast.parse(text, mode="eval").body for text in map(d.write_out, (d.g, d.dg))]


def is_rational(name: str) -> bool:
    known = {"z", "min", "max", "abs", *(p.name for p in declaration(name).parameters)}
    return all(node.id in known for t in trees(name) for node in ast.walk(t) if isinstance(node, ast.Name))


def is_exact_in_float64(name: str) -> bool:
    """Whether each formula rounds at most once: products with powers of two do not, parameters may."""

    def rounds(node: ast.AST) -> bool:
        if not isinstance(node, ast.BinOp):
            return False
        factors = [node.left, node.right] if isinstance(node.op, ast.Mult) else [node.right]
        exact = isinstance(node.op, ast.Mult | ast.Div) and any(
            isinstance(x, ast.Constant) and isinstance(x.value, int) and x.value.bit_count() == 1
            for x in factors
        )
        return not exact

    few = all(sum(map(rounds, ast.walk(tree))) <= 1 for tree in trees(name))
    return is_rational(name) and few and not declaration(name).parameters


RATIONAL = {name for name in names() if is_rational(name)}


def test_the_tables_agree_with_the_findings() -> None:
    assert RATIONAL >= OF_FRACTIONS
    assert {name for name in names() if is_exact_in_float64(name)} >= EXACT_IN_FLOAT64


def seen(name: str) -> Mismatch | None:
    """The first mismatch that the matrix finds for an activation."""
    for activation in SETTINGS:
        if activation.name == name:
            for fmt in FMTS.values():
                points = special_points(activation, fmt) + random_points(fmt, 20, name)
                for found in mismatches(activation, fmt, points):
                    return found
    return None


# The textbook formula in plain float64


def textbook(activation: Activation, which: str, z: float) -> float:
    functions: dict[str, Callable[..., Any] | float] = {
        **{name: getattr(np, name) for name in ("exp", "log", "tanh", "cosh", "sqrt", "sin", "cos", "abs")},
        "max": lambda x, y: x if x > y else y,
        "min": lambda x, y: x if x < y else y,
        "Phi": lambda x: (1 + math.erf(x / math.sqrt(2))) / 2,
        "phi": lambda x: np.exp(-x * x / 2) / math.sqrt(2 * math.pi),
        "erf": math.erf,
        "pi": math.pi,
    }
    parameters = {name: np.float64(float(value)) for name, value in activation.parameters.items()}
    text = getattr(activation, f"textbook_{which}")
    with np.errstate(all="ignore"):
        return float(eval(text, {**functions, **parameters, "z": np.float64(z)}))


@pytest.mark.parametrize("name", names())
def test_textbook_formula_in_float64_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right: Any = Activation.derivative_at

    def derivative_at(
        self: Activation, z: Fraction, of: Quantity, rounding: Format, at_kink: str = "least"
    ) -> float:
        if of == "dg" and self.kink_at(z):
            at_the_kink: float = right(self, z, of, rounding, at_kink)
            return at_the_kink
        return rounding.round_float(textbook(self, of, float(z)))

    monkeypatch.setattr(Activation, "derivative_at", derivative_at)
    assert (seen(name) is None) == is_exact_in_float64(name)


# Error bounds shrunk to nothing


@pytest.mark.parametrize("name", [name for name in names() if name not in RATIONAL])
def test_intervals_shrunk_to_points_are_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def to_low(self: Interval, m: interval.Intervals, low: Decimal, high: Decimal) -> None:
        self.m, self.low, self.high = m, low, low

    def to_high(self: Interval, m: interval.Intervals, low: Decimal, high: Decimal) -> None:
        self.m, self.low, self.high = m, high, high

    found = None
    for shrunk in (to_low, to_high):  # on one side of a near-tie one of them is right by chance
        monkeypatch.setattr(interval, "_at_digits", {})
        monkeypatch.setattr(Interval, "__init__", shrunk)
        found = found or seen(name)
    assert found is not None


@pytest.mark.parametrize("name", sorted(RATIONAL))
def test_rational_functions_have_no_error_bounds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Therefore the mutation above does not concern them."""

    def forbidden(*_: object) -> None:
        raise AssertionError("an interval")

    monkeypatch.setattr(Interval, "__init__", forbidden)
    assert seen(name) is None


# Any faults


@pytest.mark.exhaustive
@pytest.mark.long(150)
def test_a_sample_of_mutants_is_seen() -> None:
    pytest.importorskip("cosmic_ray")
    assert mutants.main(["--sample", "25", "--seed", "11"]) == 0
