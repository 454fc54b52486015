"""Sums of errors that do not depend on the order of addition."""

import numpy as np

from actcalc.arithmetic.program import Expr, to_float, to_word
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.integer_arrays import to_integers

ULP_BITS = 64
LEAST_ULPS = 2.0**-ULP_BITS
"""The unit in which errors are added up; smaller errors do not count."""
SAFE = 2.0**20
"""Errors below this many ulps are added up as NumPy integers."""


def exactly(error: float) -> int:
    """An error in units of 2**-64, truncated."""
    return int(error * 2.0**ULP_BITS)


def parts_of(error: Expr) -> tuple[Expr, Expr]:
    """A small error in units of 2**-32, and the rest in units of 2**-64, as part of a program."""
    scaled = error * 2.0**32
    whole = to_word(scaled)
    return whole, to_word((scaled - to_float(whole)) * 2.0**32)


def exact_sum(errors: Array) -> int:
    """The sum of errors in units of 2**-64, each truncated."""
    small = abs(errors) < SAFE
    total = sum(map(exactly, errors[~small].tolist()))  # all whole numbers
    scaled = np.where(small, errors, 0) * 2.0**32
    whole = np.trunc(scaled)
    rest = np.trunc((scaled - whole) * 2.0**32)
    high, low = (int(to_integers(part, np.int64).sum()) for part in (whole, rest))
    return total + (high << 32) + low
