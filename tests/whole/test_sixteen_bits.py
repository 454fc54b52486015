"""All values of bfloat16 and float16; without the marker ``exhaustive`` every 64th and critical ones."""

import numpy as np
import pytest

from actcalc.activations.activation import Activation
from actcalc.activations.arrays import derivative_array
from actcalc.activations.declaration import QUANTITIES
from actcalc.numbers.floats import FORMATS
from tests.support.matrix import EVERYDAY, expected, mismatches, zero_of_slope
from tests.support.oracle import FMTS, Fmt, same

STRIDE = 64
REACH = 64

EVERY_FORMAT = pytest.mark.parametrize("fmt", [FMTS["bfloat16"], FMTS["float16"]], ids=lambda fmt: fmt.name)
EVERY_ACTIVATION = pytest.mark.parametrize("activation", EVERYDAY, ids=lambda a: a.name)


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
    """Compare single and bulk evaluation."""
    points = [fmt.from_bits(pattern) for pattern in range(quarter << 14, (quarter + 1) << 14)]
    own = FORMATS[fmt.name]
    for which in QUANTITIES[:2]:
        one_by_one = activation.g_float if which == "g" else activation.dg_float
        bulk = derivative_array(activation, np.array(points), which, own).tolist()
        for z, together in zip(points, bulk, strict=True):
            right = expected(activation, which, z, fmt)
            assert same(one_by_one(z, own), right), (which, z)
            assert same(together, right), (which, z)
