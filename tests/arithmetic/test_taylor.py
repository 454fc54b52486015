"""Polynomials next to 0: their bounds hold, and they are used."""

import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx, fmpq

from actcalc.activations.activation import Activation
from actcalc.activations.arrays import derivative_array
from actcalc.activations.declaration import QUANTITIES, Quantity
from actcalc.arithmetic import ladder
from actcalc.arithmetic.ladder import Bin, Sides, enclose_array
from actcalc.arithmetic.numpy_machine import run
from actcalc.arithmetic.rational import RATIONAL
from actcalc.arithmetic.rounding_test import Enclosure
from actcalc.arithmetic.taylor import NEAR, next_to_zero
from actcalc.catalogue.lookup import one_of_each
from actcalc.catalogue.resolution import activation
from actcalc.numbers.floats import FORMATS
from tests.support.taylor import enclosed

SIZES = [NEAR, NEAR * 0.99, 1e-4, 3e-7, 2.0**-40, 1e-30, 2.0**-150, 1e-200]


def as_arb(x: float) -> arb:
    return arb(fmpq(*x.as_integer_ratio()))


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize(
    "of", [*QUANTITIES[1:3], *(pytest.param(of, marks=pytest.mark.exhaustive) for of in QUANTITIES[3:5])]
)
@pytest.mark.parametrize("f", [*one_of_each(), activation("abs(z)*exp(z)")], ids=Activation.describe)
def test_polynomials_are_as_near_as_they_claim(f: Activation, of: Quantity, side: int) -> None:
    piece = f.piece_at(side * Fraction(1, 10**9))
    polynomial = next_to_zero(piece.formula(of), side)
    if polynomial is None:  # evaluated in fractions
        assert isinstance(piece.formula(of)(RATIONAL, side * Fraction(1, 10**9)), Fraction | int)
        return
    z = np.array([side * x for x in SIZES if f.piece_at(Fraction(side * x)) is piece])
    for x in z.tolist():
        size = 2.0 ** math.floor(math.log2(abs(x)))
        program = ladder._polynomial(piece.formula(of), Bin(size, 2 * size, side), Enclosure())
        assert program is not None
        (value,), (tail,), (error,) = run(program, np.array([x]))
        exact = enclosed(f.textbook_g, QUANTITIES.index(of), Fraction(x), 3000, f.parameters)
        with ctx.workprec(3000):
            off = abs(as_arb(float(value)) + as_arb(float(tail)) - exact)
            assert off <= as_arb(float(error))
        assert error <= max(abs(value) * 2.0**-60, 2.0**-1050)
    assert len(z) > 4


@pytest.mark.parametrize(
    ("name", "of"),
    [("tanh", "d2g"), ("sigmoid", "d2g"), ("softplus", "d3g"), ("gelu", "d3g"), ("erf", "d2g")],
)
def test_no_value_next_to_zero_is_left_to_the_exact_arithmetic(
    name: str, of: Quantity, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object) -> float:
        raise AssertionError("one by one")

    f = activation(name)
    sizes = 2.0 ** np.linspace(-120, -1.01, 500)
    z = np.concatenate([sizes, -sizes]).astype(np.float32)
    monkeypatch.setattr(Activation, "derivative_float", forbidden)
    values = derivative_array(f, z.astype(np.float64), of, FORMATS["float32"])
    assert np.isfinite(values).all()


@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_bounds_for_check_are_narrow(name: str) -> None:
    z = 2.0 ** np.linspace(-300, -12, 100)
    f = activation(name)
    for of in ("g", "d2g"):
        sides = Sides(None, f.piece_at(Fraction(1, 10**9)).formula(of))
        value, _, error = enclose_array(sides, None, z)
        assert (error <= abs(value) * 2.0**-80 + 2.0**-1070).all()


def test_a_remainder_beyond_all_floats_is_refused() -> None:
    assert next_to_zero(activation("1 + 1e500*z**30").pieces[0].g, 1) is None


def test_a_remainder_below_all_floats_is_one() -> None:
    """At a tie only the remainder decides."""
    formula = activation("z*(1 + 2**-24) + 1e-330*z**12").pieces[0].g
    program = ladder._polynomial(formula, Bin(2.0**-30, NEAR, 1), Enclosure())
    assert program is not None
    assert run(program, np.array([2.0**-20]))[2] > 0
