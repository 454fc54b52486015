"""Errors in units in the last place."""

import math
from fractions import Fraction

from actcalc.numbers.floats import FLOAT16, FLOAT64
from actcalc.numbers.ulp import ulps


def test_ulps() -> None:
    assert ulps(1.0, Fraction(1), FLOAT64) == 0
    assert ulps(1.0 + 2**-52, Fraction(1), FLOAT64) == 1
    assert ulps(0.0, Fraction(1, 2**1075), FLOAT64) == 0.5
    assert ulps(0.0, Fraction(1), FLOAT16) == 1024
    assert ulps(math.inf, Fraction(10) ** 400, FLOAT64) == 0
    assert ulps(math.nan, Fraction(1), FLOAT64) == math.inf
