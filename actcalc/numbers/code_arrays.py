"""Arrays of codes of integer formats, which are held in float64 arrays."""

import numpy as np

from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.integers import IntegerFormat, NumberFormat


def codes_of(patterns: Array, fmt: IntegerFormat) -> Array:
    """The codes whose patterns unsigned integers are."""
    codes = patterns.astype(np.float64)
    return np.where(codes > fmt.highest, codes - (1 << fmt.bits), codes) if fmt.is_signed else codes


def are_codes(x: Array, fmt: IntegerFormat) -> Array:
    """Where float64 numbers are codes."""
    are: Array = (x == np.floor(x)) & (x >= fmt.lowest) & (x <= fmt.highest)
    return are


def numbers_of(codes: Array, fmt: IntegerFormat) -> Array:
    """The numbers that codes stand for, exactly if all are float64, or else about."""
    with np.errstate(all="ignore"):
        numbers: Array = (codes - fmt.zero) * FLOAT64.round_exact(fmt.scale)
    return numbers


def numbers_in(values: Array, fmt: NumberFormat) -> Array:
    """The numbers that values of any format are, or stand for."""
    return numbers_of(values, fmt) if isinstance(fmt, IntegerFormat) else values


def codes_text(fmt: IntegerFormat) -> str:
    """The codes of the format in words, for those who gave something else."""
    return f"those are whole numbers from {fmt.lowest} to {fmt.highest}"
