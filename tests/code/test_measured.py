"""Errors of functions at an audit's points, and the excuses for them."""

import math

import numpy as np
import pytest

from actcalc import activation
from actcalc.code.measured import Function, Measurement, Reason, measure, roots_beside
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import float_format


def measured(function: Function, name: str, of: str, dtype: str = "float32") -> Measurement:
    return measure(function, activation(name), "dg" if of == "dg" else "g", float_format(dtype))


def rounded(function: Function) -> Function:
    """The function computed in float64 and rounded once."""
    return lambda z: np.asarray(function(z.astype(np.float64))).astype(z.dtype)


def sigmoid_slope(z: Array) -> Array:
    e = np.exp(-np.abs(z))
    return np.asarray(e / (1 + e) ** 2)


def silu_slope(z: Array) -> Array:
    e = np.exp(-np.abs(z))
    return np.asarray(np.where(z >= 0, 1 + e + z * e, e * (1 + e + z)) / (1 + e) ** 2)


def test_results_rounded_once_have_errors_of_half_an_ulp() -> None:
    found = measured(rounded(sigmoid_slope), "sigmoid", "dg")
    assert found.points > 20_000
    assert 0.49 < found.largest.ulps < 0.5001
    assert found.stretches == ()


@pytest.mark.parametrize("name", ["relu", "identity", "hard_tanh"])
def test_correct_rounding_is_found(name: str) -> None:
    f = activation(name)
    found = measured(lambda z: np.asarray(f.g(z)), name, "g")
    assert found.is_right
    assert found.largest.ulps <= 0.5


def test_an_error_has_its_size_and_place() -> None:
    """Doubling one value gives an error of its whole significand, at that point."""
    z = np.float32(1)

    def wrong(x: Array) -> Array:
        return np.asarray(np.where(x == z, 2, 1) * rounded(sigmoid_slope)(x))

    found = measured(wrong, "sigmoid", "dg")
    e = math.exp(-1)
    ulps = e / (1 + e) ** 2 * 2**26  # from 2**-3 to 2**-2 an ulp is 2**-26
    assert found.largest.z == 1
    assert found.largest.ulps == pytest.approx(ulps, rel=1e-6)
    (stretch,) = found.stretches
    assert (stretch.reason, stretch.low, stretch.high) == (None, 1, 1)


def test_a_root_excuses_only_its_surroundings() -> None:
    """The root of silu' is where 1 + exp(-z) + z*exp(-z) is 0."""
    low, high = -1.5, -1.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        low, high = (low, middle) if 1 + (1 + middle) * math.exp(-middle) > 0 else (middle, high)
    root = low

    def shifted(z: Array) -> Array:  # wrong from -1.6 on, including near the root
        return np.asarray(np.where((z > -1.6) & (z < -1.2), 1.00001, 1) * rounded(silu_slope)(z))

    found = measured(shifted, "silu", "dg")
    reasons = {stretch.reason for stretch in found.stretches}
    assert reasons == {Reason.ROOT, None}
    for stretch in found.stretches:
        if stretch.reason is Reason.ROOT:
            assert stretch.root == pytest.approx(root, abs=1e-9)
            assert root - 0.25 <= stretch.low <= stretch.high <= root + 0.25
        else:
            assert stretch.high < root - 0.25
    assert found.largest.z < root - 0.25


def test_a_root_without_a_change_of_sign() -> None:
    """1 + sin(2z) touches 0 at -pi/4 and 3 pi/4, where it cancels."""
    found = measured(lambda z: np.asarray(1 + np.sin(2 * z)), "snake", "dg", "float32")
    roots = [stretch.root for stretch in found.stretches if stretch.reason is Reason.ROOT]
    near = [root for root in roots if root is not None and abs(root) < 3]
    assert near == pytest.approx([-math.pi / 4, 3 * math.pi / 4], abs=1e-6)


def test_a_jump_is_not_a_root() -> None:
    """A slope like that of lisht jumps from -1 to 1 at 0, and errors there are not excused."""
    found = measured(lambda z: np.asarray(1.0001 * np.sign(z) * np.ones_like(z)), "abs(z)", "dg", "float32")
    assert found.stretches
    assert all(stretch.reason is None for stretch in found.stretches)


def test_subnormal_results_and_results_computed_from_them() -> None:
    """z*exp(z) is normal down to about -92, exp(z) down to -87.3."""
    f = "z*exp(z)"
    found = measured(lambda z: np.asarray(z * np.exp(z)), f, "g")
    assert [stretch.reason for stretch in found.stretches] == [Reason.UNDERFLOW]
    (stretch,) = found.stretches
    assert -104 < stretch.low < -92 < stretch.high < -87
    assert found.largest.ulps < 6


def test_a_zero_for_a_normal_number_is_not_excused() -> None:
    """1 - tanh(z)**2 is 0 from about 9.01 on, where the true slope is a normal number."""
    found = measured(lambda z: np.asarray(1 - np.tanh(z) ** 2), "tanh", "dg")
    assert found.largest.ulps > 1e7
    assert any(s.reason is None and s.low < 9.5 < s.high for s in found.stretches)


def test_nan_has_no_ulps() -> None:
    found = measured(lambda z: np.asarray(z * np.exp(z) / (1 + np.exp(z))), "silu", "g")
    assert math.isinf(found.largest.ulps)
    assert found.largest.z > 85


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_of_short_formats_all_values_are_measured(dtype: str) -> None:
    def function(z: Array) -> Array:
        x = sigmoid_slope(z.astype(np.float64))
        assert z.dtype == ("float16" if dtype == "float16" else "float32")
        fmt = float_format(dtype)
        return np.array([fmt.round_float(y) for y in x.tolist()])

    found = measured(function, "sigmoid", "dg", dtype)
    assert found.points == (63_488 if dtype == "float16" else 65_280)
    assert found.largest.ulps <= 0.5000001


def test_roots_among_the_farthest_numbers() -> None:
    """Distances between the largest numbers give no warning."""
    f, far = activation("tanh"), np.finfo(np.float64).max
    z = np.concatenate([[-far], np.linspace(-1, 1, 40), [far]])
    assert roots_beside(f, "g", z, f.g(z), z[20:21]).tolist() == [0.0]
    assert roots_beside(f, "g", z, f.g(z), z[-1:]).tolist() == []
