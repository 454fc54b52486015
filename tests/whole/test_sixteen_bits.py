"""All values of bfloat16 and float16; without the marker ``exhaustive`` every 64th, and the critical ones."""

import pytest

from actcalc.activations.activation import Activation
from tests.support.matrix import SETTINGS, mismatches, zero_of_slope
from tests.support.oracle import FMTS, Fmt

NAMES = ("sigmoid", "tanh", "relu", "leaky_relu", "gelu", "silu", "mish")
ACTIVATIONS = [next(a for a in SETTINGS if a.name == name) for name in NAMES]
STRIDE = 64
REACH = 64

EVERY_FORMAT = pytest.mark.parametrize("fmt", [FMTS["bfloat16"], FMTS["float16"]], ids=lambda fmt: fmt.name)
EVERY_ACTIVATION = pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda a: a.name)


@EVERY_FORMAT
@EVERY_ACTIVATION
def test_every_64th_value_and_the_critical_ones(activation: Activation, fmt: Fmt) -> None:
    points = [fmt.from_bits(pattern) for pattern in range(0, 1 << 16, STRIDE)]
    critical = [0.0, fmt.smallest_normal, -fmt.smallest_normal, fmt.largest, -fmt.largest]
    zero = zero_of_slope(activation, fmt)
    if zero is not None:
        critical.append(zero)
    for z in critical:
        points += fmt.near(z, REACH)
    assert list(mismatches(activation, fmt, points)) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("quarter", range(4))
@EVERY_FORMAT
@EVERY_ACTIVATION
def test_every_value(activation: Activation, fmt: Fmt, quarter: int) -> None:
    patterns = range(quarter << 14, (quarter + 1) << 14)
    assert list(mismatches(activation, fmt, (fmt.from_bits(pattern) for pattern in patterns))) == []
