"""Activations whose sign keeps changing far out: a periodic one, and one with sign changes in its tail."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import actcalc
from actcalc.activations.declaration import Declaration, Parity, Piece, Range
from actcalc.activations.parameters import bind
from actcalc.arithmetic.maths import Maths, R
from actcalc.numbers.floats import FLOAT16, FLOAT32, FLOAT64


def phase(z: Fraction) -> Fraction:
    return (z + 1) % 2 - 1


WAVE = Declaration(
    name="wave",
    g="4*((z + 1) % 2 - 1)*(1 - abs((z + 1) % 2 - 1))",
    dg="4 - 8*abs((z + 1) % 2 - 1)",
    # Alternating parabolas. Only fractions have a remainder, which suffices for one z at a time.
    pieces=(
        Piece(
            lambda m, z: 4 * phase(z) * (1 - abs(phase(z))),
            lambda m, z: 4 - 8 * abs(phase(z)),
        ),
    ),
    range=Range(-1, 1, "[]"),
    shortcut="g is periodic, so many different z give the same a, with two different slopes",
    ends=((math.nan, math.nan), (math.nan, math.nan)),
    settles_far_out=False,
    parity=Parity.ODD,
    monotone="rises and falls without end",
)


@pytest.mark.parametrize("fmt", [FLOAT64, FLOAT32, FLOAT16], ids=str)
def test_a_periodic_activation(fmt: Any) -> None:
    f = bind(WAVE, {})
    for k in (0, 1, -1, 500, -501):
        for z, g, dg in (
            (0, 0.0, 4.0),
            (0.25, 0.75, 2.0),
            (0.5, 1.0, 0.0),
            (0.75, 0.75, -2.0),
            (1, 0.0, -4.0),
        ):
            assert f.g_float(2.0 * k + z, fmt) == g
            assert f.g_float(-2.0 * k - z, fmt) == -g
            assert f.dg_float(2.0 * k + z, fmt) == dg
    assert f.kinks == ()
    for x in (math.inf, -math.inf, math.nan):
        assert math.isnan(f.g_float(x, fmt))
        assert math.isnan(f.dg_float(x, fmt))


def ripple(m: Maths[R], z: R) -> R:
    """A tail that is below all floats where it changes its sign, at 12001, 12002 and 12003."""
    return (z - 12001) * (z - 12002) * (z - 12003) * m.exp(-z)


def ripple_slope(m: Maths[R], z: R) -> R:
    cubic = (z - 12001) * (z - 12002) * (z - 12003)
    quadratic = (z - 12001) * (z - 12002) + (z - 12001) * (z - 12003) + (z - 12002) * (z - 12003)
    return (quadratic - cubic) * m.exp(-z)


RIPPLE = Declaration(
    name="ripple",
    g="(z - 12001)*(z - 12002)*(z - 12003)*exp(-z)",
    dg="((z - 12001)*(z - 12002) + (z - 12001)*(z - 12003) + (z - 12002)*(z - 12003)"
    " - (z - 12001)*(z - 12002)*(z - 12003))*exp(-z)",
    pieces=(Piece(ripple, ripple_slope),),
    range=Range(-math.inf, math.inf),
    shortcut="there are many z for one a",
    ends=((-math.inf, math.inf), (0, 0)),
    settles_far_out=False,
)


def test_signs_that_come_and_go_in_a_tail() -> None:
    f = bind(RIPPLE, {})
    z = np.array([12000.5, 12000.75, 12001.5, 12001.75, 12002.5, 12002.75])
    signs = [math.copysign(1, (x - 12001) * (x - 12002) * (x - 12003)) for x in z.tolist()]
    assert signs == [-1, -1, 1, 1, -1, -1]
    g = f.g(z)
    assert (g == 0).all()
    assert [math.copysign(1, x) for x in g.tolist()] == signs
    for x, value, slope in zip(z.tolist(), g.tolist(), f.dg(z).tolist(), strict=True):
        assert math.copysign(1, value) == math.copysign(1, f.g(x))
        assert (slope, math.copysign(1, slope)) == (f.dg(x), math.copysign(1, f.dg(x)))


@pytest.mark.parametrize("z", [50.0, 1e20, 1e300])
def test_overflow_times_underflow(z: float) -> None:
    """e^z e^(-e^z) = e^(z - e^z) is tiny, though the first factor overflows."""
    for formula, sign in (("exp(z)*exp(-exp(z))", 1), ("-z*exp(z)*exp(-exp(z))", -1)):
        g = actcalc.activation(formula).g(z)
        assert (g, math.copysign(1, g)) == (0, sign)
