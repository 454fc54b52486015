"""Fractions with rests of any size: bounds against Arb, and signs and ties beyond all exponents."""

import random
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from flint import arb, ctx, fmpq

from actcalc.arithmetic.anchored import Anchors, NearFraction, Operand
from actcalc.arithmetic.interval import Undecided
from actcalc.arithmetic.rational import Undefined
from actcalc.numbers.floats import BFLOAT16, FLOAT32

M = Anchors(30)
FAR = Fraction(10) ** 30


def tail(x: arb) -> arb:
    """1 - Phi(x) for x > 0."""
    return (x / arb(2).sqrt()).erfc() / 2


FUNCTIONS: dict[str, tuple[Callable[[arb], arb], float, float]] = {
    "exp": (arb.exp, -60, 60),
    "expm1": (arb.expm1, -60, 60),
    "log1p": (lambda x: (1 + x).log(), -0.99, 60),
    "log": (arb.log, 0.01, 60),
    "sin": (arb.sin, -40, 40),
    "cos": (arb.cos, -40, 40),
    "atan": (arb.atan, -40, 40),
    "erf": (arb.erf, -9, 9),
    "erfc": (arb.erfc, -9, 9),
    "normal": (lambda x: tail(-x) if x < 0 else 1 - tail(x), -9, 9),
    "sqrt": (arb.sqrt, 0.01, 60),
    "mills": (lambda x: tail(x) * (x * x / 2).exp() * (2 * arb.pi()).sqrt(), 0, 9),
}


def as_arb(x: Fraction | Decimal) -> arb:
    return arb(fmpq(*Fraction(x).as_integer_ratio()))


def arguments(name: str) -> list[tuple[Any, arb]]:
    """Arguments for both libraries: fractions, fractions plus a small rest, and irrational numbers."""
    _, low, high = FUNCTIONS[name]
    chance = random.Random(name)
    found: list[tuple[Any, arb]] = []
    for _ in range(40):
        q = Fraction(chance.uniform(low, high)).limit_denominator(chance.choice([3, 1000, 10**12]))
        q = min(max(q, Fraction(low)), Fraction(high))
        little = Fraction(chance.randint(5, 90))
        root = Fraction(chance.uniform(max(low, 0.02), high)).limit_denominator(50)
        found.append((q, as_arb(q)))
        found.append((q + M.exp(-little), as_arb(q) + (-as_arb(little)).exp()))
        found.append((M.sqrt(root * root * 2) / Fraction(2), (as_arb(root * root * 2)).sqrt() / 2))
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_within_their_bounds(name: str) -> None:
    with ctx.workprec(600):
        for x, exact in arguments(name):
            bounds, right = M.bounds(getattr(M, name)(x)), FUNCTIONS[name][0](exact)
            assert not right < as_arb(bounds.low), exact
            assert not right > as_arb(bounds.high), exact
            size = abs(right) + arb(2) ** -400
            assert as_arb(bounds.high) - as_arb(bounds.low) < size * arb(10) ** -20, exact


def test_quotients_and_products_are_within_their_bounds() -> None:
    chance = random.Random(3)
    with ctx.workprec(600):
        for _ in range(200):
            (a, x), (b, y) = (
                chance.choice(arguments(name)) for name in chance.sample(["exp", "log", "sqrt", "log1p"], 2)
            )
            for value, right in ((a * b, x * y), (a / b, x / y), (a - b, x - y), (b * b + a, y * y + x)):
                bounds = M.bounds(value)
                assert not right < as_arb(bounds.low)
                assert not right > as_arb(bounds.high)


def sign(x: Operand) -> int:
    return M.sign(x)


@pytest.mark.parametrize("far", [Fraction(5000), FAR, Fraction(10) ** 400, Fraction(10**40, 7)])
def test_signs_of_numbers_beyond_all_exponents(far: Fraction) -> None:
    e, huge = M.exp(-far), M.exp(far)
    for x, expected in (
        (e, 1),
        (-e, -1),
        (3 * e - 2 * e, 1),
        (2 * e - 3 * e, -1),
        (e - e * e, 1),
        (e * e * e - e * e, -1),
        (1 - e, 1),
        ((1 - e) - 1, -1),
        (M.exp(2 * -far) - e, -1),
        (huge * e - Fraction(1, 2), 1),
        (huge - FAR, 1),
        (FAR - huge, -1),
        (M.expm1(e) - Fraction(1, 2), -1),
        (M.expm1(-e), -1),
        (M.log1p(-e), -1),
        (M.sin(-e), -1),
        (M.atan(e), 1),
        (M.erf(-e), -1),
        (M.sqrt(e) - e, 1),
        (M.mills(huge), 1),
        (M.exp(-huge) - e, -1),
        (M.exp(far - huge) - M.exp(-huge), 1),
    ):
        assert sign(x) == expected


def test_logarithms_beyond_all_exponents() -> None:
    for exponent in (FAR, -FAR):
        bounds = M.bounds(M.log(5 * M.exp(exponent)))
        near = Fraction(exponent) + Fraction("1.6094379124341003746")
        assert abs(Fraction(bounds.low) - near) < Fraction(1, 10**18) * abs(near)
    assert M.log(M.exp(FAR)) == FAR
    assert M.bounds(M.sqrt(M.exp(2 * FAR)) / M.exp(FAR)).high == 1


@pytest.mark.parametrize(
    ("tie", "fmt", "below", "above"),
    [
        (Fraction(33554434), FLOAT32, 33554432.0, 33554436.0),
        (Fraction(257), BFLOAT16, 256.0, 258.0),
        (Fraction(-259), BFLOAT16, -260.0, -258.0),
    ],
)
def test_a_tie_and_a_little(tie: Fraction, fmt: Any, below: float, above: float) -> None:
    third = Fraction(1, 3)  # its decimal does not terminate
    for far in (Fraction(200), FAR):
        for little, value in ((M.exp(-far), above), (-M.exp(-far), below)):
            bounds = M.bounds((tie - third) + little * third + third)
            assert fmt.round_between(bounds.low, bounds.high) == value
            assert fmt.round_exact(tie) != value or fmt.round_exact(tie) in (below, above)


def test_undecided_signs_raise() -> None:
    two = M.sqrt(Fraction(2))
    zero = two * two - 2
    with pytest.raises(Undecided):
        sign(zero)
    with pytest.raises(Undecided):
        1 / zero
    with pytest.raises(Undecided):
        M.exp(zero * FAR**3) + 1
    with pytest.raises(Undefined):
        M.sqrt(-M.exp(-FAR))
    with pytest.raises(Undefined):
        M.log1p(Fraction(-2))


def test_rational_values_are_fractions() -> None:
    e = M.exp(Fraction(7, 3))
    assert isinstance(e, NearFraction)
    for x in (e - e + Fraction(1, 3), 0 * e + Fraction(1, 3), M.sqrt(Fraction(1, 9)), M.exp(Fraction(0)) / 3):
        assert x == Fraction(1, 3)
    assert M.exp(Fraction(2)) * M.exp(Fraction(-2)) == 1
