"""Every activation from any format to any other, in every direction, with every rule for overflow.

Right values come from the textbook's formula in Arb's balls, rounded by definition
(``tests.support.roundings``).
"""

import math
import random
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any, Literal

import numpy as np
import pytest

import actcalc
from actcalc.activations.activation import Activation
from actcalc.catalogue.resolution import resolve
from actcalc.errors import InputError
from actcalc.numbers.integers import NumberFormat
from actcalc.numbers.roundings import Rounding, number_format
from tests.support import oracle, roundings, shape
from tests.support.matrix import NO_LIMIT, SETTINGS, limit, limit_at_end, text_value
from tests.support.oracle import FMTS, same
from tests.support.roundings import DIRECTIONS, Target, codes

INTEGERS = (
    *("q3.12", "q0.15", "uq0.16", "q7.0", "uq3.5", "q7.24", "q2.4"),
    *("s8:0.05,-3", "u8:1/24,128", "s16:1e-3,7", "s8:1/127,0", "u16:0.0001220703125,32768"),
)
NAMES = (*FMTS, *INTEGERS)
COUNT = 4000
Of = Literal["g", "dg"]


@cache
def sides(f: Activation, z: Fraction) -> tuple[Fraction, Fraction]:
    """The one-sided slopes at a kink."""
    left, right = (limit(f, "dg", z + step)[0] for step in (-shape.NEAR, shape.NEAR))
    return Fraction(left), Fraction(right)


def right_at(f: Activation, of: Of, z: float | Fraction, target: Target) -> float:
    """The right value of g or g' at z, which is a float if it is not finite or is a signed zero."""
    if isinstance(z, float) and math.isnan(z):
        return math.nan
    if isinstance(z, float) and math.isinf(z):
        return target.limit(*limit_at_end(f, of, 1 if z > 0 else -1))
    exact = Fraction(z)
    if of == "dg" and any(kink.z == exact for kink in f.kinks):
        left, right = sides(f, exact)
        least = Fraction(0) if left * right <= 0 else min(left, right, key=abs)
        value = target.round(least)
    else:
        value = text_value(f, of, exact, target)
    if value == 0 and isinstance(z, float) and math.copysign(1, z) < 0 and z == 0 and target.has_minus_zero:
        return math.copysign(0.0, text_value(f, of, -shape.NEAR, FMTS["float64"]))
    return value


def draw_target(chance: random.Random) -> tuple[str, str, str | None]:
    """Draw the name of a format, a direction and a rule that the format supports."""
    name = chance.choice(NAMES)
    rules = [None, "saturate"]
    if name in FMTS:
        rules += ["nan", "inf"][: 1 + FMTS[name].has_infinity]
    return name, chance.choice(DIRECTIONS), chance.choice(rules)


def draw_z(chance: random.Random, name: str, f: Activation) -> float:
    """Draw any value of a format, one of everyday size, or one beside a kink; for integer formats a code."""
    fmt, kind = number_format(name), chance.random()
    if kind < 0.45:
        return fmt.round_exact(
            Fraction(chance.uniform(-12, 12)) * chance.choice((1, 1, 1, 8, Fraction(1, 64)))
        )
    if kind < 0.55:
        kinks = [Fraction(piece.upto) for piece in f.pieces if piece.upto is not None] or [Fraction(0)]
        return fmt.round_exact(chance.choice(kinks) + chance.choice((0, 0, 1, -1)) * Fraction(1, 1000))
    if kind < 0.65:
        specials = (0.0, -0.0, math.inf, -math.inf, 1.0, -1.0) if name in FMTS else (0.0, 1e9, -1e9)
        z = fmt.round_float(chance.choice(specials))
        return z if z == z else fmt.round_float(1.0)
    if name not in FMTS:
        held = codes(name)
        return float(chance.randint(held.lowest, held.highest))
    while True:
        x = FMTS[name].from_bits(chance.getrandbits(FMTS[name].bits))
        # Sines of huge numbers are slow, and other tests cover them.
        if not math.isnan(x) and (f.declaration.settles_far_out or abs(x) < 1e6):
            return x


def number_at(z: float, name: str) -> float | Fraction:
    """The number that a value of a format stands for."""
    if name in FMTS:
        return z
    held = codes(name)
    return (int(z) - held.zero) * held.scale


Case = tuple[Activation, Of, str, tuple[str, str, str | None]]


def draw_cases(chance: random.Random, count: int) -> Iterator[Case]:
    for _ in range(count):
        f = chance.choice(SETTINGS)
        of: Of = chance.choice(("g", "dg"))
        yield f, of, chance.choice(NAMES), draw_target(chance)


@pytest.fixture(autouse=True)
def _few_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracle, "MOST_BITS", 20_000)


def problem_at(case: Case, z: float, got: float) -> Any:
    """A description of the fault of a value, or None if it is right."""
    f, of, name, to = case
    number = number_at(z, name)
    try:
        right = right_at(f, of, number, roundings.target(*to))
    except AssertionError:
        # By how much log(1 + exp(z)) exceeds z takes as many bits as z has.
        assert not -1000 <= number <= 1000
        return None
    return None if same(got, right) else (f.describe(), of, name, to, z, got, right)


def has_value(case: Case, z: float) -> bool:
    """Whether the result is a number, or NaN is allowed."""
    f, of, _, (to, _, _) = case
    return to in FMTS or not (math.isinf(z) and (f.name, of) in NO_LIMIT)


def test_single_values() -> None:
    chance = random.Random("any rounding")
    problems = []
    for case in draw_cases(chance, COUNT):
        f, of, name, (to, direction, rule) = case
        z = draw_z(chance, name, f)
        if not has_value(case, z):
            continue
        out = Rounding(number_format(to), direction, rule)
        problems.append(problem_at(case, z, f.derivative_float(z, of, number_format(name), out=out)))
    assert [problem for problem in problems if problem] == []


def test_a_format_alone_rounds_to_nearest() -> None:
    chance = random.Random("formats")
    for f, of, name, (to, _, _) in draw_cases(chance, 300):
        z, case = draw_z(chance, name, f), (f, of, name, (to, "nearest", None))
        if has_value(case, z):
            out: NumberFormat = number_format(to)
            assert problem_at(case, z, f.derivative_float(z, of, number_format(name), out=out)) is None


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "elu", "softsign", "selu", "relu"])
def test_slopes_from_a(name: str) -> None:
    f, chance = actcalc.activation(name), random.Random(name)
    shortcut = f.require_shortcut()
    for _ in range(60):
        fmt = number_format(chance.choice(NAMES))
        a = fmt.round_exact(Fraction(chance.uniform(-0.99, 0.99)))
        exact = Fraction(number_at(a, fmt.name))
        if not f.range.holds(exact) or exact in shortcut.flat or exact in (f.range.low, f.range.high):
            continue
        if any(kink.z == exact for kink in f.shortcut_kinks) or a in f.rounded_levels(fmt):
            continue
        to = draw_target(chance)
        right = oracle.rounded(shortcut.text, roundings.target(*to), exact, f.parameters, shortcut.variable)
        got = f.dg_from_a_float(a, fmt, out=Rounding(number_format(to[0]), *to[1:]))
        assert same(got, right), (name, fmt, a, to, got, right)


@pytest.mark.parametrize(
    ("text", "of", "z", "problem"),
    [
        ("sin", "g", math.inf, "'sin' has no value at z = inf, and q0.15 has no NaN"),
        ("tanh", "g", math.nan, "'tanh' has no value at z = nan, and q0.15 has no NaN"),
        ("1/z", "g", 0.0, "'1/z' has no value at z = 0.0, and q0.15 has no NaN"),
        (
            "relu",
            "dg",
            0.0,
            "'relu' has no value at z = 0.0, and q0.15 has no NaN\nhint: choose at_kink='least'",
        ),
    ],
)
def test_where_integers_have_no_value(text: str, of: Of, z: float, problem: str) -> None:
    at_kink = "nan" if text == "relu" else "least"
    with pytest.raises(InputError) as caught:
        actcalc.activation(text).derivative_float(z, of, at_kink=at_kink, out=number_format("q0.15"))
    assert str(caught.value) == problem


def test_codes_that_have_no_slope() -> None:
    with pytest.raises(actcalc.ActcalcError, match=r"a = -0.25 is outside the range of 'sigmoid'"):
        actcalc.activation("sigmoid").dg_from_a_float(-8192, number_format("q0.15"))
    with pytest.raises(InputError, match=r"'leaky_relu' has no value at a = 0, and q0.15 has no NaN"):
        actcalc.activation("leaky_relu").dg_from_a_float(0, number_format("q0.15"), "nan")


def test_limits_of_formulas() -> None:
    """Bounds do not tell whether a limit is approached from below, so a directed rounding has no answer."""
    infinity, float32 = math.inf, number_format("float32")
    formula, tanh = actcalc.activation("tanh(z)"), actcalc.activation("tanh")
    for direction in ("nearest", "up"):
        assert formula.derivative_float(infinity, "g", out=Rounding(float32, direction)) == 1
    assert tanh.derivative_float(infinity, "g", out=Rounding(float32, "zero")) == 1
    assert math.isnan(formula.derivative_float(infinity, "g", out=Rounding(float32, "zero")))
    growing = actcalc.activation("exp(z)")
    assert growing.derivative_float(infinity, "g", out=Rounding(float32, "zero")) == infinity
    assert growing.derivative_float(infinity, "g", out=number_format("q0.15")) == 32767
    saturated = Rounding(number_format("e5m2"), overflow="saturate")
    assert growing.derivative_float(infinity, "g", out=saturated) == 57344


def test_next_to_a_code_that_no_decimal_is() -> None:
    """tanh(z/c)*c is nearer to 1/3, which is 85 times 1/255, than thousands of digits tell."""
    f = resolve("situ:beta=1/3")
    codes = {"up": 85, "down": 84, "nearest": 85, "nearest-away": 85, "zero": 84}
    for rounding, code in codes.items():
        assert f.g(65504.0, dtype="float16", out_dtype="u8:1/255,0", rounding=rounding) == code
    z = np.full(50, 65504.0)
    assert f.g(z, out_dtype="u8:1/255,0", rounding="down").tolist() == [84] * 50
