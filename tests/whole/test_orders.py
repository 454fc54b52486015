"""Derivatives of order 2 and above over the whole catalogue, against Arb's series of the textbook's g."""

import math
from fractions import Fraction

import numpy as np
import pytest

from actcalc import ActcalcError, activation
from actcalc.activations.activation import Activation
from actcalc.activations.arrays import derivative_array
from actcalc.activations.declaration import QUANTITIES
from actcalc.arithmetic.exact import enclose
from actcalc.arithmetic.jets import derivative
from actcalc.numbers.floats import FORMATS
from tests.support import taylor
from tests.support.matrix import DEFAULTS, SETTINGS, all_settings, special_points
from tests.support.oracle import FMTS, same

POINTS = (-30.5, -9.25, -2.0, -1.0, -0.40625, -(2.0**-20), 2.0**-30, 0.5, 1.0, 2.0, 3.25, 8.5, 41.0)
everything = pytest.mark.parametrize("f", SETTINGS, ids=lambda f: f.describe())


@everything
def test_orders_2_and_3_are_those_of_the_textbook(f: Activation) -> None:
    decided = 0
    for name, fmt in FMTS.items():
        for z in POINTS:
            for order in (2, 3):
                if f.kink_at(Fraction(z), QUANTITIES[order]):
                    continue
                right = taylor.derivative(f.textbook_g, order, Fraction(z), fmt, f.parameters)
                if right is None:
                    continue  # usually an exact zero, which balls cannot show
                decided += 1
                returned = f.derivative_float(z, QUANTITIES[order], FORMATS[name])
                assert same(returned, right) or returned == right == 0, (name, order, z)
    assert decided > 50


@everything
def test_the_declared_slope_is_the_series_of_g(f: Activation) -> None:
    for z in (*map(Fraction, POINTS), Fraction(1, 3), Fraction("0.1"), Fraction("-0.7")):
        piece = f.piece_at(z)
        side = -1 if z == piece.upto else 1
        declared, found = enclose(piece.dg, z, 60), enclose(derivative(piece.g, 1, side), z, 60)
        assert declared is not None
        assert found is not None
        assert declared.low <= found.high
        assert found.low <= declared.high
        size = max(Fraction(1), abs(Fraction(found.high)))
        assert Fraction(found.high - found.low) < size / 10**30


# By order, the points where the derivative is exactly 0 though neither g nor its slope is flat there, found
# by looking for values that a hundred digits of intervals do not tell from 0.
ZEROS: dict[str, dict[int, tuple[float, ...]]] = {
    "gelu": {3: (-2, 0, 2), 5: (-3, 0, 3), 7: (0,)},
    "gelu_tanh": {3: (0,), 5: (0,), 7: (0,)},
    "squareplus(b=4)": {3: (0,), 4: (-1, 1), 5: (0,), 7: (0,)},
    "squareplus(b=1)": {3: (0,), 4: (-0.5, 0.5), 5: (0,), 7: (0,)},
    "squareplus(b=0.3)": {3: (0,), 5: (0,), 7: (0,)},
}


@pytest.mark.parametrize("f", all_settings([f for f in SETTINGS if f in DEFAULTS or f.describe() in ZEROS]))
def test_zeros_that_no_interval_settles(f: Activation) -> None:
    """For z of few bits: where a hundred digits leave the sign undecided, the zero is listed and proved."""
    found: dict[int, list[float]] = {}
    for order in range(2, 9):
        for n in range(-8, 9):
            z = Fraction(n, 2)
            piece = f.piece_at(z)
            formula = piece.formula(QUANTITIES[order], -1 if piece.upto == z else 1)
            bounds = enclose(formula, z, 100)
            if bounds is None or bounds.low < 0 < bounds.high or bounds.low == bounds.high == 0:
                found.setdefault(order, []).append(float(z))
                assert f.derivative_float(float(z), QUANTITIES[order]) == 0
    if f.describe() in ZEROS:
        assert {order: tuple(zs) for order, zs in found.items()} == ZEROS[f.describe()]


@pytest.mark.parametrize("far", [1e9, 1e18, 1e300, float("inf")])
@pytest.mark.parametrize(
    ("name", "order", "right", "left"),
    [
        # leading terms: tanh = 1 - 2e^(-2z), softplus = z + e^-z, silu = z - z e^-z, gelu = z - phi(z)
        ("tanh", 2, -0.0, 0.0),
        ("tanh", 3, 0.0, 0.0),
        ("softplus", 2, 0.0, 0.0),
        ("softplus", 3, -0.0, 0.0),
        ("silu", 2, -0.0, -0.0),
        ("silu", 3, 0.0, -0.0),
        ("gelu", 2, -0.0, -0.0),
        ("gelu", 3, 0.0, -0.0),
        ("mish", 2, -0.0, -0.0),
        ("relu2", 2, 2.0, 0.0),
        ("relu2", 3, 0.0, 0.0),
    ],
)
def test_far_out_the_sign_is_that_of_the_leading_term(
    name: str, order: int, right: float, left: float, far: float
) -> None:
    f = activation(name)
    assert same(f.derivative(far, order), right)
    assert same(f.derivative(-far, order), left)


@pytest.mark.parametrize(
    ("name", "z", "order", "left", "right", "least"),
    [
        ("relu", 0.0, 2, 0.0, 0.0, 0.0),
        ("elu", 0.0, 2, 1.0, 0.0, 0.0),
        ("hard_swish", -3.0, 2, 0.0, 1 / 3, 0.0),
        ("softsign", 0.0, 2, 2.0, -2.0, 0.0),
        ("softsign", 0.0, 3, 6.0, 6.0, 6.0),
        ("relu2", 0.0, 2, 0.0, 2.0, 0.0),
    ],
)
def test_kinks_of_higher_order(
    name: str, z: float, order: int, left: float, right: float, least: float
) -> None:
    f = activation(name)
    for rule, value in (("left", left), ("right", right), ("least", least), ("nan", float("nan"))):
        assert same(f.derivative(z, order, at_kink=rule), value)
    assert np.array_equal(f.derivative(np.array([z, z]), order), [least, least])


@pytest.mark.parametrize("order", [-1, 9, 1.5])
def test_other_orders_are_refused(order: int) -> None:
    with pytest.raises(ActcalcError, match="order"):
        activation("tanh").derivative(0.0, order)


@pytest.mark.parametrize("name", ["float64", pytest.param("bfloat16", marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("f", all_settings())
def test_in_bulk_as_one_by_one(f: Activation, name: str) -> None:
    """Compare special points, and enough others for bulk evaluation to be used."""
    fmt = FORMATS[name]
    steps = np.linspace(-40, 40, 100)
    spread = np.concatenate([steps, 2.0**steps, -(2.0**steps)]).astype(np.float32)
    some = special_points(f, FMTS[name])[::8]
    z = np.array([*some, *map(fmt.round_float, spread.tolist())])
    for order in (2, 3):
        found = derivative_array(f, z, QUANTITIES[order], fmt)
        for i in (*range(len(some)), *range(len(some), len(z), 15)):
            assert same(found[i], f.derivative_float(float(z[i]), QUANTITIES[order], fmt)), (order, z[i])


DOZEN = (
    *("tanh", "sigmoid", "softplus", "silu", "gelu", "gelu_tanh", "mish", "softsign", "logcosh", "elu"),
    *("gaussian", "swish"),
)


@pytest.mark.exhaustive
@pytest.mark.parametrize("quarter", range(4))
@pytest.mark.parametrize("name", ["bfloat16", "float16"])
@pytest.mark.parametrize("f", DOZEN)
def test_order_2_at_every_value(f: str, name: str, quarter: int) -> None:
    """Compare bulk evaluation with Arb's series; where that is undecided, zero or a tiny number is right."""
    fmt, what = FMTS[name], activation(f)
    z = np.array([fmt.from_bits(pattern) for pattern in range(quarter << 14, (quarter + 1) << 14)])
    z = z[np.isfinite(z)]
    found = derivative_array(what, z, "d2g", FORMATS[name]).tolist()
    decided = 0
    for at, returned in zip(z.tolist(), found, strict=True):
        if what.kink_at(Fraction(at), "d2g"):
            continue
        # Arb's exponents overflow far out, where another test checks the signs.
        near = abs(at) < 200 or f == "softsign"
        right = taylor.derivative(what.textbook_g, 2, Fraction(at), fmt, what.parameters) if near else None
        decided += right is not None
        assert (
            returned == 0 if right is None and not near else same(returned, right or 0.0) or returned == right
        ), at
    assert decided > 500


@pytest.mark.parametrize("name", ["erf", "erfc", "normal", "atan"])
def test_a_series_of_few_known_terms_is_not_a_constant(name: str) -> None:
    """At first two terms of the root of z**6 are known, both 0."""
    slopes = {"erf": 2 / math.sqrt(math.pi), "erfc": -2 / math.sqrt(math.pi), "atan": 1.0}
    third = derivative(lambda m, z: getattr(m, name)(m.sqrt(z**6)), 3)
    found = enclose(third, Fraction(0), 30)
    assert found
    assert float(found.low) == pytest.approx(6 * slopes.get(name, 1 / math.sqrt(2 * math.pi)))
