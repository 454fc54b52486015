"""Enclosures of erf, Phi, log, sin, cos and atan against Arb: intervals at all exponents, and arrays."""

import math
import random
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx, fmpq

from actcalc.arithmetic.interval import with_digits
from actcalc.arithmetic.ladder import PAIRS, QUICK
from tests.support.elements import argument, work_out

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sin": arb.sin,
    "cos": arb.cos,
    "atan": arb.atan,
    "log": arb.log,
    "erf": arb.erf,
    "erfc": lambda x: (x * x).gamma_upper(arb(0.5)) / arb.pi().sqrt() if x > 1 else x.erfc(),
    "normal": lambda x: (
        (x * x / 2).gamma_upper(arb(0.5)) / (2 * arb.pi().sqrt())
        if x < -1
        else (-x / arb(2).sqrt()).erfc() / 2
    ),
}
everything = pytest.mark.parametrize("name", FUNCTIONS)


def points(name: str) -> list[float]:
    """One point of every third exponent of float64, of either sign, and more in the interesting range."""
    chance = random.Random(name)
    sizes = [2.0**k * (1 + chance.random()) for k in range(-1074, 1024, 3)]
    sizes += [chance.uniform(0, 40) for _ in range(60)]
    if name in ("erfc", "normal"):
        sizes = [x for x in sizes if x < 1e8]  # farther out the value exceeds the exponent range
    return sizes if name == "log" else [sign * x for x in sizes for sign in (1, -1)]


def exact(name: str, x: float) -> arb:
    found: arb = FUNCTIONS[name](arb(x))
    return found


def as_arb(x: Decimal) -> arb:
    return arb(fmpq(*Fraction(x).as_integer_ratio()))


@everything
@pytest.mark.parametrize("digits", [25, 50])
def test_intervals_hold_the_value_and_are_narrow(name: str, digits: int) -> None:
    m = with_digits(digits)
    with ctx.workprec(2600):
        for x in points(name)[:: 2 if digits == 50 else 1]:
            bounds = getattr(m, name)(m.number(Fraction(x)))
            right = exact(name, x)
            if abs(bounds.high).adjusted() < -5000:  # as erfc far out, below all floats
                continue
            # A ball that straddles a bound next to 1 or 2 decides nothing.
            assert not right < as_arb(bounds.low), x
            assert not right > as_arb(bounds.high), x
            assert as_arb(bounds.high) - as_arb(bounds.low) < abs(right) * arb(10) ** (8 - digits), x


def parts(name: str) -> list[list[float]]:
    """Points of one sign, or close together, as the ladder groups them."""
    z = points(name)
    if name in ("sin", "cos", "atan"):
        sizes = [0, 1e-60, 1e-10, 1e5, 1e60, math.inf]
        return [[x for x in z if low <= abs(x) < high] for low, high in pairwise(sizes)]
    z = [x for x in z if 1e-60 < abs(x) < 1e60]
    if name == "erf":
        return [[x for x in z if 0 < x < 0.5], [x for x in z if x > 0.5]]
    return [[x for x in z if x > 0], *([] if name == "log" else [[x for x in z if x < 0]])]


@everything
@pytest.mark.parametrize("m", [QUICK, PAIRS], ids=["quick", "pairs"])
def test_errors_in_bulk_are_within_their_bounds(name: str, m: Any) -> None:
    decided = count = 0
    for part in parts(name):
        z = np.array(part)
        found = work_out(getattr(m, name)(argument(m, z)).rescale(0), z)
        count += len(part)
        with ctx.workprec(1200):
            for x, (value, rest, off) in zip(part, found.rows(), strict=True):
                if off < abs(value) * (2.0**-30 if m is QUICK else 2.0**-57):
                    decided += 1
                    assert abs(arb(value) + arb(rest) - exact(name, x)) <= arb(off), x
    assert decided > (0.95 * count if name in ("sin", "cos", "atan") else 20)


def test_cosine_at_a_multiple_of_a_right_angle() -> None:
    """The float64 nearest to a multiple of a right angle: 6381956970095103 * 2**797 (Muller et al., 11.6)."""
    x = float(6381956970095103 * 2**797)
    with ctx.workprec(3000):
        right = arb(x).cos()
        bounds = with_digits(40).cos(with_digits(40).number(Fraction(x)))
        assert as_arb(bounds.low) < right
        assert right < as_arb(bounds.high)
    assert abs(float(bounds.low)) < 1e-18
    z = np.array([x])
    ((value, tail, off),) = work_out(PAIRS.cos(argument(PAIRS, z)).rescale(0), z).rows()
    with ctx.workprec(3000):
        assert abs(arb(value) + arb(tail) - right) <= arb(off)
    assert off < 1e-27


@pytest.mark.parametrize("m", [QUICK, PAIRS], ids=["quick", "pairs"])
@pytest.mark.parametrize(
    "factor", [Fraction(1), Fraction(1, 3), Fraction(-3), Fraction("0.2"), Fraction(10**40, 3)]
)
@pytest.mark.parametrize("plus", [Fraction(0), Fraction(1, 7)])
def test_sines_in_bulk_of_products(plus: Fraction, factor: Fraction, m: Any) -> None:
    """Far out the exact product is reduced; for a sum both parts of the pair turn the angle."""
    z = np.array(
        [x * k for k in range(1, 5) for x in points("sin") if 1e4 < abs(x) < (1e16 if plus else 1e250)]
    )
    angle = argument(m, z) * factor
    found = work_out(m.sin(angle + plus if plus else angle).rescale(0), z)
    decided = 0
    with ctx.workprec(1200):
        for x, (value, rest, off) in zip(z.tolist(), found.rows(), strict=True):
            right = (
                arb(x) * arb(fmpq(*factor.as_integer_ratio())) + arb(fmpq(*plus.as_integer_ratio()))
            ).sin()
            assert abs(arb(value) + arb(rest) - right) <= arb(off)
            decided += off < 1e-8
    assert decided > 0.9 * len(z) or factor > 3 or (plus and m is QUICK)
