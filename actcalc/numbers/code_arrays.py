"""Arrays of codes of integer formats, which are held in float64 arrays."""

import numpy as np

from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.integers import IntegerFormat, NumberFormat


def codes_of(patterns: Array, fmt: IntegerFormat) -> Array:
    """The codes that bit patterns, given as unsigned integers, stand for."""
    codes = patterns.astype(np.float64)
    return np.where(codes > fmt.highest, codes - (1 << fmt.bits), codes) if fmt.is_signed else codes


def are_codes(x: Array, fmt: IntegerFormat) -> Array:
    """Which float64 numbers are codes of the format."""
    are: Array = (x == np.floor(x)) & (x >= fmt.lowest) & (x <= fmt.highest)
    return are


def numbers_of(codes: Array, fmt: IntegerFormat) -> Array:
    """The numbers that codes stand for: exact if they are all float64, otherwise approximate."""
    with np.errstate(all="ignore"):
        numbers: Array = (codes - fmt.zero) * FLOAT64.round_exact(fmt.scale)
    return numbers


def numbers_in(values: Array, fmt: NumberFormat) -> Array:
    """The numbers that values of any format stand for."""
    return numbers_of(values, fmt) if isinstance(fmt, IntegerFormat) else values


def codes_text(fmt: IntegerFormat) -> str:
    """The range of the format's codes in words, for error messages."""
    return f"those are whole numbers from {fmt.lowest} to {fmt.highest}"
