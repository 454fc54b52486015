"""The oracle itself against independently known values."""

import math
import random
from fractions import Fraction

import numpy as np
import pytest
from flint import ctx

from tests.support import oracle
from tests.support.matrix import NEAR
from tests.support.oracle import FMTS, nearest_fraction, rounded, same

FLOAT64 = FMTS["float64"]


def test_rounding_of_fractions_is_pythons() -> None:
    chance = random.Random(1)
    for _ in range(2000):
        x = Fraction(chance.getrandbits(120) + 1, chance.getrandbits(100) + 1)
        x *= Fraction(2) ** chance.choice([0, 0, 900, -1000, -1080, -1100])
        assert same(nearest_fraction(-x, FLOAT64), -float(x))


@pytest.mark.parametrize(("name", "dtype"), [("float32", np.float32), ("float16", np.float16)])
def test_rounding_of_float64s_is_numpys(name: str, dtype: type[np.floating]) -> None:
    chance = random.Random(2)
    for _ in range(2000):
        x = math.ldexp(chance.uniform(-1, 1), chance.randint(-160, 130))
        with np.errstate(over="ignore", under="ignore"):
            assert same(nearest_fraction(Fraction(x), FMTS[name]), float(dtype(x)))


def test_ties_go_to_even_and_beyond_decides_them() -> None:
    fmt = FMTS["bfloat16"]
    for n, below, above in ((257, 256, 258), (259, 258, 260)):
        x = Fraction(n)
        assert nearest_fraction(x, fmt) == (below if n == 257 else above)
        assert (nearest_fraction(x, fmt, -1), nearest_fraction(x, fmt, 1)) == (below, above)
        assert (nearest_fraction(-x, fmt, -1), nearest_fraction(-x, fmt, 1)) == (-above, -below)
    assert nearest_fraction(Fraction(2) ** 128 - Fraction(2) ** 119, fmt) == math.inf
    assert nearest_fraction(Fraction(2) ** 128 - Fraction(2) ** 119, fmt, -1) == fmt.largest
    assert same(nearest_fraction(Fraction(0), fmt, -1), -0.0)
    assert same(nearest_fraction(-NEAR, fmt), -0.0)


def test_neighbours() -> None:
    assert FLOAT64.near(0.0, 2) == [-1e-323, -5e-324, 0.0, 5e-324, 1e-323]
    assert FMTS["float16"].near(65504.0) == [65472.0, 65504.0, math.inf]
    assert FMTS["float16"].near(-math.inf) == [-math.inf, -65504.0]
    assert FMTS["bfloat16"].near(1.0) == [1 - 2.0**-8, 1.0, 1 + 2.0**-7]


@pytest.mark.parametrize(
    ("text", "z", "value"),
    [
        ("exp(z)", 0, "1"),
        ("log(1 + exp(z))", 0, "0.6931471805599453"),
        ("tanh(z)", "0.5", "0.46211715726000973"),
        ("cosh(z)", 1, "1.5430806348152437"),
        ("sqrt(z)", 2, "1.4142135623730951"),
        ("sqrt(z)", "9/4", "1.5"),
        ("Phi(z)", 1, "0.8413447460685429"),
        ("Phi(z)", -10, "7.61985302416052606597e-24"),
        ("Phi(z)", "-0.25", "0.4012936743170763"),
        ("phi(z)", 0, "0.3989422804014327"),
        ("pi*z", 1, "3.141592653589793"),
        ("0.1*z", 3, "0.3"),
        ("z**3/4", 2, "2"),
        ("1 if -1 < z < 1 else 2 if z >= 1 else abs(z)", -3, "3"),
        ("min(max(0, z), 6)", 7, "6"),
    ],
)
def test_formulas(text: str, z: int | str, value: str) -> None:
    assert rounded(text, FLOAT64, Fraction(z)) == float(value)


def test_parameters_may_be_called_like_functions() -> None:
    text = "min if z < min else max if z > max else z"
    assert rounded(text, FLOAT64, Fraction(3), {"min": Fraction(-1), "max": Fraction(1, 3)}) == 1 / 3


def test_values_that_a_ball_alone_cannot_decide() -> None:
    assert rounded("z - tanh(z)", FLOAT64, Fraction(10**16 + 2)) == 1e16 + 2
    assert rounded("257*(exp(z) - 1)", FMTS["bfloat16"], Fraction(-(10**38))) == -256
    assert rounded("259*(exp(z) - 1)", FMTS["bfloat16"], Fraction(-(10**38))) == -258
    assert rounded("z/(1 + exp(-z))", FLOAT64, Fraction(5e-324)) == 5e-324
    assert same(rounded("z*Phi(z)", FLOAT64, Fraction(-1e308)), -0.0)
    assert same(rounded("z*tanh(z)", FLOAT64, Fraction(0)), 0.0)


def test_too_few_bits_are_not_taken_for_an_answer() -> None:
    z = Fraction(1, 10**20)
    with ctx.workprec(30):
        assert oracle.evaluate("exp(z) - exp(-z)", z=z).round(FLOAT64) is None
        with pytest.raises(oracle.Undecided):
            oracle.evaluate("1 if exp(z) > exp(-z) else 0", z=z)
    assert rounded("exp(z) - exp(-z)", FLOAT64, z) == 2e-20


def test_a_zero_that_no_precision_shows_is_an_error() -> None:
    with pytest.raises(AssertionError, match="does not come to a decision"):
        rounded("exp(z) - exp(z)", FLOAT64, Fraction(1))
