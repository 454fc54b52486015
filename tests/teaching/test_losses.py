"""Where textbook slopes lose digits: the operation to blame, the z from which on, and the way out."""

import json
import math
import re
from fractions import Fraction

import pytest

from actcalc import activation
from actcalc.arithmetic.slopes import format_formula
from actcalc.numbers.floats import FLOAT64, float_format
from actcalc.teaching.diagnosis import Diagnosis
from actcalc.teaching.losses import Kind, Losses
from tests.support import oracle
from tests.support.command import actcalc


@pytest.mark.parametrize(
    ("name", "dtype", "from_z", "kind", "operation", "cause"),
    [
        ("sigmoid", "float64", False, Kind.CANCELS, "1 - a", "a"),
        ("sigmoid", "float32", True, Kind.OVERFLOWS, "exp(-z)/(1 + exp(-z))**2", "(1 + exp(-z))**2"),
        ("tanh", "bfloat16", False, Kind.CANCELS, "1 - a**2", "a**2"),
        ("tanh", "float32", True, Kind.CANCELS, "1 - tanh(z)**2", "tanh(z)**2"),
        ("log_sigmoid", "float32", True, Kind.OVERFLOWS, "exp(-z)/(1 + exp(-z))", "exp(-z)"),
        ("softsign", "float64", False, Kind.CANCELS, "1 - abs(a)", "abs(a)"),
        ("gaussian", "float32", True, Kind.MAGNIFIES, "exp(-z**2/(2*a**2))", "-z**2/(2*a**2)"),
        ("log(1 + exp(z))*z", "float32", True, Kind.ABSORBED, "log(1 + exp(z))", "1 + exp(z)"),
    ],
)
def test_the_operation_to_blame(
    name: str, dtype: str, from_z: bool, kind: Kind, operation: str, cause: str
) -> None:
    found = Losses(activation(name), float_format(dtype), from_z).found
    assert (kind, operation, cause) in [
        (loss.blame.kind, format_formula(loss.blame.operation), format_formula(loss.blame.cause))
        for loss in found
    ]


_ORACLE = oracle.FMTS["float64"]


def _right(text: str, z: float) -> float:
    return oracle.rounded(text, _ORACLE, Fraction(z))


def test_the_lecture_told_to_its_end() -> None:
    """The numbers at z = 20 agree with Arb and Python's floats; a is 1 from z = 37.5 on."""
    (loss,) = Losses(activation("sigmoid"), FLOAT64).found
    assert loss.first > 0
    assert loss.to_the_end
    assert loss.zero is not None
    assert 1 - _right("1/(1 + exp(-z))", loss.zero) == 0
    assert 1 - _right("1/(1 + exp(-z))", round(loss.zero - 0.1, 1)) > 0
    a = _right("1/(1 + exp(-z))", loss.z)
    steps = {format_formula(step.node): step for step in loss.steps}
    assert steps["a"].computed == a
    assert steps["1 - a"].computed == 1 - a
    assert steps["a*(1 - a)"].computed == a * (1 - a)
    right = _right("exp(-z)/(1 + exp(-z))**2", loss.z)
    error = abs(a * (1 - a) - right) / math.ulp(right)
    assert steps["a*(1 - a)"].error == pytest.approx(error, rel=1e-6)


@pytest.mark.parametrize("name", ["relu", "exponential", "gelu", "squareplus"])
def test_formulas_without_loss_are_reported_as_such(name: str) -> None:
    f = activation(name)
    losses = Losses(f, float_format("float32"), isinstance(f.shortcut, str))
    assert losses.found == ()


def test_a_tenth_that_is_off_is_in_a_loss() -> None:
    """Look at every tenth in plain floats, with tanh from Arb and Python's own operations."""
    (loss,) = Losses(activation("tanh"), FLOAT64, from_z=True).found
    assert loss.is_on_both_sides
    for k in range(1, 200):
        z = k / 10
        t, right = _right("tanh(z)", z), _right("1 - tanh(z)**2", z)
        if abs(1 - t * t - right) / math.ulp(right) > 11:
            assert loss.first <= z <= loss.last


@pytest.mark.parametrize(
    ("name", "dtype", "text", "most"),
    [
        ("sigmoid", "float32", "e/(1 + e)**2 with e = exp(-abs(z))", 4),
        ("softplus", "float64", "below 0: e/(1 + e) with e = exp(z)", 2),
        ("elu", "bfloat16", "below 0: exp(z)", 1),  # constant above 0
        ("1 - tanh(z)**2 + 0*z", "float32", "", 0),
        ("z*sigmoid(z)", "float32", "below 0: e/(1 + e)**2*(1 + e + z) with e = exp(z)", 60),
        ("tanh(z) + exp(-z)*0", "float64", "", 0),
        ("log(1 + exp(z)) + z", "float32", "", 0),
    ],
)
def test_suggested_replacements(name: str, dtype: str, text: str, most: float) -> None:
    instead = Diagnosis(activation(name), float_format(dtype)).instead()
    if not text:
        assert instead is None or instead.largest is not None
        return
    assert instead is not None
    assert text in instead.texts
    assert instead.largest is not None
    assert instead.largest <= most


def test_no_rule_makes_it_worse() -> None:
    diagnosis = Diagnosis(activation("2*z + log(1 + exp(z))"), float_format("float32"))
    instead = diagnosis.instead()
    assert instead is not None
    assert "1/(1 + exp(-z))" in instead.texts[0]
    assert instead.largest is not None
    assert instead.largest < max(loss.largest for loss in diagnosis.losses)


def test_the_page() -> None:
    done = actcalc(["show", "sigmoid", "--dtype", "float32"])
    assert (done.status, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= 80
    assert re.search(r"^operation +1 - a$", done.out, re.MULTILINE)
    assert "Step by step at z = " in done.out
    assert "g'(z)       e/(1 + e)**2 with e = exp(-abs(z))" in done.out
    assert "the lost digits cannot be recovered from a alone: use z, and 1 - a" in done.out
    told = json.loads(actcalc(["show", "sigmoid", "--dtype", "float32", "-f", "json"]).out)
    first = told["losses"][0]
    assert (first["operation"], first["kind"]) == ("1 - a", "cancels")
    assert Fraction(str(first["z"])) == first["z"]
    assert [step["operation"] for step in first["steps"]] == ["a = g(z)", "1 - a", "a*(1 - a)"]
    table = actcalc(["show", "sigmoid", "--dtype", "float32", "-f", "csv"]).out.splitlines()
    assert table[0] == "slope,operation,kind,cause,from,to,zero_from,max_ulp,z"
    assert len(table) == 1 + len(told["losses"])
    for form in ("markdown", "jsonl"):
        assert actcalc(["show", "z*tanh(exp(z))", "--dtype", "bf16", "-f", form]).status == 0


def test_a_format_that_is_not_known() -> None:
    done = actcalc(["show", "sigmoid", "--dtype", "float8"])
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("actcalc: --dtype")
