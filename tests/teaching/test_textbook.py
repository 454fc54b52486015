"""The textbook slope, evaluated in a float format."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from actcalc import ActcalcError, activation
from actcalc.activations.activation import Activation
from actcalc.numbers.floats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, FORMATS, Format
from actcalc.teaching.textbook import TextbookSlope
from tests.support.matrix import SETTINGS


@pytest.mark.parametrize(
    ("fmt", "kind"), [(FLOAT64, np.float64), (FLOAT32, np.float32), (FLOAT16, np.float16)]
)
def test_shortcuts_are_rounded_at_every_operation(fmt: Format, kind: Any) -> None:
    one = kind(1)
    sigmoid, tanh, softsign = (activation(name) for name in ("sigmoid", "tanh", "softsign"))
    for k in range(-60, 61):
        z = fmt.round_exact(Fraction(k, 7))
        a = kind(sigmoid.g_float(z, fmt))
        assert TextbookSlope(sigmoid, fmt)(z) == float(a * (one - a))
        a = kind(tanh.g_float(z, fmt))
        assert TextbookSlope(tanh, fmt)(z) == float(one - a * a)
        a = kind(softsign.g_float(z, fmt))
        assert TextbookSlope(softsign, fmt)(z) == float((one - abs(a)) ** 2)


@pytest.mark.parametrize("f", SETTINGS, ids=lambda f: f.describe())
def test_the_textbook_slope_is_near(f: Activation) -> None:
    for fmt in FORMATS.values():
        textbook = TextbookSlope(f, fmt)
        # The rounding error of omega*z counts omega times in omega*cos(omega*z).
        lost = (40 if f.declaration.settles_far_out else 800) * 2.0**-fmt.precision
        few = max(0.3, 4 * 2.0**-fmt.precision)
        for k in range(-7, 8):
            z = fmt.round_exact(Fraction(k, 4) + Fraction(1, 32))
            # It is NaN where an intermediate result overflows in a format without infinities.
            if f.kink_at(Fraction(z)) is None and (fmt.has_infinities or not math.isnan(textbook(z))):
                assert textbook(z) == pytest.approx(f.dg_float(z, fmt), rel=few, abs=lost), (fmt, z)


@pytest.mark.parametrize("f", SETTINGS, ids=lambda f: f.describe())
def test_slopes_of_arrays_are_the_same(f: Activation) -> None:
    sevenths = (0, -300, -41, -20, -7, -1, 1, 2, 13, 40, 97, 300, 70_000)
    for fmt in FORMATS.values():
        zs = [fmt.round_exact(Fraction(k, 7)) for k in sevenths]
        textbook = TextbookSlope(f, fmt)
        found = textbook.of_array(np.array(zs)).tolist()
        assert [x.hex() for x in found] == [textbook(z).hex() for z in zs], fmt


def test_errors_of_nothing_but_rounding() -> None:
    for name in ("exponential", "logcosh", "relu"):
        textbook = TextbookSlope(activation(name), BFLOAT16)
        assert all(textbook.error(BFLOAT16.round_exact(Fraction(k, 3))) <= 0.5 for k in range(-20, 20, 7))


def test_there_is_no_error_at_a_kink() -> None:
    assert math.isnan(TextbookSlope(activation("relu")).error(0.0))


@pytest.mark.parametrize("text", ["z*exp(z)", "abs(z)**1.5", "sqrt(z**2 + 1)", "max(z, 0.1)*z", "z*erf(z)"])
def test_slopes_of_formulas(text: str) -> None:
    textbook = TextbookSlope(activation(text), FLOAT32)
    for z in (-3.0, 0.25, 7.0):
        assert textbook.error(z) < 20


def test_a_root_of_a_square_is_taken_as_it_stands() -> None:
    """In 1/(2*sqrt(z**2))*2*z the square overflows."""
    assert TextbookSlope(activation("sqrt(z**2)"))(1e200) == 0


def test_slopes_of_activations_in_formulas_have_no_text() -> None:
    with pytest.raises(ActcalcError, match="no textbook slope"):
        TextbookSlope(activation("z*sigmoid(z)"))
