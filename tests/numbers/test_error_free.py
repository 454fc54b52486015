"""Error-free sums and products of float64 arrays, against fractions."""

from fractions import Fraction

import numpy as np

from actcalc.numbers.error_free import fma


def test_fma_is_rounded_once() -> None:
    """Test random numbers, massive cancellation, ties, and the ends of the range."""
    chance = np.random.default_rng(8)
    a, b, c = chance.normal(size=(3, 6000)) * 2.0 ** chance.integers(-40, 40, (3, 6000))
    c[:1000] = -(a * b)[:1000]
    c[1000:2000] = (-(a * b) * (1 + 2.0**-52 * chance.integers(-3, 4, 6000)))[1000:2000]
    a[2000:4000], b[2000:4000] = chance.integers(1, 2**27, (2, 2000))
    a[4000:4100], b[4000:4100] = a[4000:4100] * 2.0**960, b[4000:4100] * 2.0**-960
    c[2000:4000] = chance.integers(-4, 5, 2000) * 2.0 ** chance.integers(-3, 60, 2000)
    for x, y, z, found in zip(*(part.tolist() for part in (a, b, c, fma(a, b, c))), strict=True):
        assert found == float(Fraction(x) * Fraction(y) + Fraction(z))
    with np.errstate(invalid="ignore"):
        assert fma(np.array([3.0]), 1e300, -np.inf).tolist() == [-np.inf]
