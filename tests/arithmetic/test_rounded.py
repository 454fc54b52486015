"""Formulas computed as a machine does: operations against NumPy's, functions against exact values."""

import math
import operator
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from actcalc import activation
from actcalc.arithmetic.rounded import RoundedFloat, RoundedFloats
from actcalc.arithmetic.rounded_arrays import evaluate_rounded
from actcalc.numbers.floats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, FORMATS, Format

OPERATIONS: list[Callable[[Any, Any], Any]] = [operator.add, operator.sub, operator.mul, operator.truediv]
KINDS = [(FLOAT64, np.float64), (FLOAT32, np.float32), (FLOAT16, np.float16)]
NAMES = {"normal": "Phi"}
"""Functions whose name in formulas differs from that in arithmetics."""
INFINITIES = (-math.inf, math.inf)


def same(x: float, y: float) -> bool:
    return (x == y and math.copysign(1, x) == math.copysign(1, y)) or (x != x and y != y)


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.__name__)
@pytest.mark.parametrize(("fmt", "kind"), KINDS, ids=str)
def test_operations_are_those_of_ieee_754(fmt: Format, kind: Any, op: Callable[[Any, Any], Any]) -> None:
    m, chance = RoundedFloats(fmt), random.Random(f"{fmt} {op.__name__}")
    special = [0.0, -0.0, 1.0, math.inf, -math.inf, math.nan, fmt.largest, fmt.smallest_subnormal]
    drawn = [fmt.round_float(math.ldexp(chance.uniform(-1, 1), chance.randint(-24, 15))) for _ in range(300)]
    pairs = [(x, y) for x in special for y in special]
    pairs += list(zip(drawn, reversed(drawn), strict=True))
    with np.errstate(all="ignore"):
        for x, y in pairs:
            found = op(RoundedFloat(m, x), RoundedFloat(m, y))
            assert same(found.value, float(op(kind(x), kind(y)))), (x, y)


def test_constants_are_rounded_first() -> None:
    m = RoundedFloats(FLOAT16)
    x, tenth = m.number(3), np.float16(0.1)
    assert (x * Fraction(1, 10)).value == float(np.float16(3) * tenth)
    assert (Fraction(1, 10) - x).value == float(tenth - np.float16(3))
    assert (Fraction(1, 10) / x).value == float(tenth / np.float16(3))
    assert (2 - abs(-x)).value == -1


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=str)
@pytest.mark.parametrize(
    "name", ["exp", "expm1", "log", "log1p", "sin", "cos", "atan", "erf", "erfc", "normal", "sqrt"]
)
def test_functions_are_rounded_once(name: str, fmt: Format) -> None:
    m, f = RoundedFloats(fmt), activation(f"{NAMES.get(name, name)}(z)")
    for x in (-2.0, -0.75, 0.0, 0.375, 1.5, fmt.round_float(9.0)):
        assert same(getattr(m, name)(m.number(Fraction(x))).value, f.g_float(x, fmt)), x
    for x in INFINITIES:
        assert same(getattr(m, name)(RoundedFloat(m, x)).value, fmt.round_float(limit(name, x))), x


def limit(name: str, x: float) -> float:
    """The limit of a function at an infinity."""
    if name == "normal":
        return float(x > 0)
    try:
        return float(getattr(math, name)(x))
    except ValueError:
        return math.nan


def test_whole_powers_are_rounded_once() -> None:
    m = RoundedFloats(BFLOAT16)
    x = m.number(Fraction(1.1171875))
    assert (x**3).value == BFLOAT16.round_exact(Fraction(1.1171875) ** 3) != (x * x * x).value
    assert [(RoundedFloat(m, end) ** 3).value for end in INFINITIES] == list(INFINITIES)


def test_signs_decide() -> None:
    m = RoundedFloats(FLOAT64)
    for x, sign in ((-math.inf, -1), (-5e-324, -1), (-0.0, 0), (2.0, 1), (math.nan, 0)):
        assert m.sign(RoundedFloat(m, x)) == sign


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=str)
def test_arrays_agree_with_single_floats(fmt: Format) -> None:
    """Test where a formula has three branches, divides by 0, and takes functions of NaN."""

    def formula(m: RoundedFloats, x: RoundedFloat) -> RoundedFloat:
        if m.sign(x - 1) < 0:
            return m.exp(x) / x if m.sign(x) else x * m.number(3) / 0
        return m.log(x) ** 2 - m.sin(1 / x) if m.sign(x - 1) else -x

    numbers = [-math.inf, -2.5, -0.0, 0.0, fmt.smallest_subnormal, 0.3, 1.0, 7.0, fmt.largest, math.inf]
    zs = [fmt.round_float(z) for z in (*numbers, math.nan)]
    m = RoundedFloats(fmt)
    one_by_one = [formula(m, RoundedFloat(m, z)).value for z in zs]
    assert all(map(same, evaluate_rounded(formula, np.array(zs), fmt).tolist(), one_by_one))
