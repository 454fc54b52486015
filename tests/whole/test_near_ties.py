"""Results half way between two floats, or so close to it that thousands of digits would not show it."""

import math
from fractions import Fraction

import pytest

from actcalc import activation
from actcalc.numbers.floats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, Format
from tests.support.oracle import same


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("fmt", "z", "tie_to_even"),
    [
        (FLOAT64, 1e16, 1e16),
        (FLOAT64, 1e16 + 2, 1e16),
        (FLOAT32, 2.0**24 + 2, 2.0**24),
        (FLOAT16, 2050.0, 2048.0),
        (BFLOAT16, 258.0, 256.0),
    ],
)
def test_tanhshrink_lies_just_above_half_way(fmt: Format, z: float, tie_to_even: float, sign: int) -> None:
    # z - 1 is half way between z - 2 and z, and z - tanh z above it.
    assert fmt.round_exact(Fraction(z) - 1) == tie_to_even
    assert activation("tanhshrink").g_float(sign * z, fmt) == sign * z


@pytest.mark.parametrize("z", [-20.0, -100.0, -1e4, -1e10, -3e38])
@pytest.mark.parametrize(("alpha", "right"), [(257, -256.0), (259, -258.0)])
def test_elu_lies_just_above_half_way(alpha: int, right: float, z: float) -> None:
    # -257 itself would also round to -256, but -259 to -260.
    f = activation("elu", alpha=alpha)
    assert f.g_float(BFLOAT16.round_float(z), BFLOAT16) == right


@pytest.mark.parametrize("name", ["silu", "gelu", "gelu_tanh", "quick_gelu"])
@pytest.mark.parametrize("fmt", [FLOAT64, FLOAT32, FLOAT16, BFLOAT16], ids=str)
def test_gates_at_the_smallest_number(name: str, fmt: Format) -> None:
    # z/2 is half way between 0 and z; the rest, a multiple of z^2, is positive.
    z = fmt.smallest_subnormal
    assert same(activation(name).g_float(z, fmt), z)
    assert same(activation(name).g_float(-z, fmt), -0.0)
    assert same(activation(name).g_float(-3 * z, fmt), -z)
    assert same(activation(name).g_float(3 * z, fmt), 2 * z)


def test_hard_sigmoid_half_way() -> None:
    f = activation("hard_sigmoid")
    assert f.g_float(3 * 2.0**-53) == 0.5
    assert f.g_float(math.nextafter(3 * 2.0**-53, 1)) == math.nextafter(0.5, 1)
    assert f.g_float(9 * 2.0**-53) == 0.5 + 2.0**-52


@pytest.mark.parametrize(("units", "right"), [(24, 6), (72, 16), (23, 5), (25, 6), (2, 0), (3, 1)])
def test_rrelu_at_float16_subnormals(units: int, right: int) -> None:
    # 24 * 11/48 = 5.5 and 72 * 11/48 = 16.5 units
    unit = FLOAT16.smallest_subnormal
    assert same(activation("rrelu").g_float(-units * unit, FLOAT16), -(right * unit))


@pytest.mark.parametrize(
    ("fmt", "z", "right"),
    [
        (FLOAT16, 63 * 2.0**-6, 1984 * 2.0**-11),  # 63^2 = 2 * 1984.5
        (FLOAT16, 61 * 2.0**-6, 1860 * 2.0**-11),  # 61^2 = 2 * 1860.5
        (FLOAT16, 2.0**-12, 2.0**-24),
        (FLOAT16, 2.0**-13, 0.0),
        (FLOAT16, 256.0, math.inf),
        (FLOAT16, 255.875, 65472.0),
        (BFLOAT16, 21 * 2.0**-4, 220 * 2.0**-7),  # 21^2 = 2 * 220.5
        (FLOAT32, 5791 * 2.0**-12, 16767840 * 2.0**-23),  # 5791^2 = 2 * 16767840.5
        (FLOAT64, 1.5 * 2.0**-538, 2.0**-1074),
        (FLOAT64, (2**27 - 1) * 2.0**-26, (2**53 - 2**27) * 2.0**-51),
    ],
)
def test_relu2(fmt: Format, z: float, right: float) -> None:
    assert same(activation("relu2").g_float(z, fmt), right)


def test_squareplus_at_pythagorean_points() -> None:
    # z^2 + 4 is a square: g is rational, and at 1.5 and b = 4 it is (1.5 + 2.5)/2.
    f = activation("squareplus")
    assert f.g_float(1.5) == 2.0
    assert f.g_float(-1.5) == 0.5
    assert f.dg_float(1.5) == 0.8
    # With z = a - 1/a, g is a: here half way between 1 and the next bfloat16, and one step later.
    for a, right in ((Fraction(257, 256), 1.0), (Fraction(259, 256), 1 + 2.0**-6)):
        assert f.value(a - 1 / a, BFLOAT16) == right


def test_sigmoid_beside_a_half() -> None:
    # 1/2 + z/4 - z^3/48 just below half way between 1/2 and the next float
    f = activation("sigmoid")
    assert f.g_float(2.0**-52) == 0.5
    assert f.g_float(-(2.0**-53)) == 0.5
    assert f.g_float(3 * 2.0**-52) == 0.5 + 2.0**-53
    assert f.g_float(-3 * 2.0**-53) == 0.5 - 2.0**-54
