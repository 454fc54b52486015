"""Sums of errors that are the same in whatever order they are added up."""

import numpy as np

from actcalc.arithmetic.program import Expr, to_float, to_word
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.integer_arrays import to_integers

ULP_BITS = 64
LEAST_ULPS = 2.0**-ULP_BITS
"""The unit in which errors are added up; smaller ones do not count."""
SAFE = 2.0**20
"""Errors up to this many ulps are added up as integers of NumPy."""


def exactly(error: float) -> int:
    """An error, cut off after 2**-64, in 2**-64."""
    return int(error * 2.0**ULP_BITS)


def parts_of(error: Expr) -> tuple[Expr, Expr]:
    """A small error in 2**-32, and what is left in 2**-64, as part of a program."""
    scaled = error * 2.0**32
    whole = to_word(scaled)
    return whole, to_word((scaled - to_float(whole)) * 2.0**32)


def exact_sum(errors: Array) -> int:
    """The sum of errors, each cut off after 2**-64, in 2**-64."""
    small = abs(errors) < SAFE
    total = sum(map(exactly, errors[~small].tolist()))  # all whole numbers
    scaled = np.where(small, errors, 0) * 2.0**32
    whole = np.trunc(scaled)
    rest = np.trunc((scaled - whole) * 2.0**32)
    high, low = (int(to_integers(part, np.int64).sum()) for part in (whole, rest))
    return total + (high << 32) + low
