"""Bit patterns and ordinals of whole arrays; see ``floats`` and ``integers``.

Values are held in float64 arrays; values of integer formats are held as their codes.
"""

import math
from functools import cache

import numpy as np

from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import FORMATS, Format
from actcalc.numbers.integer_arrays import to_integers
from actcalc.numbers.integers import IntegerFormat, NumberFormat


def from_bits(patterns: Array, fmt: NumberFormat) -> Array:
    """The float64 values of bit patterns of ``fmt``."""
    if isinstance(fmt, IntegerFormat):
        wide = to_integers(patterns, np.int64)
        return np.where(wide > fmt.highest, wide - (1 << fmt.bits), wide).astype(np.float64)
    shift = _bits_below(fmt)
    if shift is None:
        return _values(fmt).take(to_integers(patterns, np.intp))
    wide = to_integers(patterns, f"u{(fmt.bits + shift) // 8}")
    with np.errstate(invalid="ignore"):  # a NaN that signals
        return (wide << shift if shift else wide).view(fmt.numpy).astype(np.float64)


def to_bits(values: Array, fmt: NumberFormat) -> Array:
    """The bit patterns of values of ``fmt``."""
    if isinstance(fmt, IntegerFormat):
        return to_integers(
            to_integers(values, np.int64) & ((1 << fmt.bits) - 1), f"u{np.dtype(fmt.numpy).itemsize}"
        )
    shift = _bits_below(fmt)
    kind = f"u{fmt.bits // 8}"
    if shift is None:
        sizes = _values(fmt)[: fmt.first_nan]
        if not fmt.has_negative_zero:
            values = np.where(np.isfinite(values), values, np.nan) + 0.0  # neither zero nor NaN has a sign
        places = np.searchsorted(sizes, abs(values.astype(np.float64)))
        patterns = np.where(np.isnan(values), fmt.to_bits(math.nan), places)
        return to_integers(patterns + (np.signbit(values) << (fmt.bits - 1)), kind)
    with np.errstate(all="ignore"):  # NaN may be a signalling one
        wide: Array = values.astype(fmt.numpy).view(f"u{(fmt.bits + shift) // 8}")
    return to_integers(wide >> shift, kind) if shift else wide


def _bits_below(fmt: Format) -> int | None:
    """How many more bits NumPy's dtype has, if its upper bits are a pattern of the format; else None."""
    held = FORMATS[fmt.numpy]
    is_cut = (fmt.exponent_bits, fmt.bias) == (held.exponent_bits, held.bias)
    return held.bits - fmt.bits if is_cut else None


@cache
def _values(fmt: Format) -> Array:
    return np.array([fmt.from_bits(pattern) for pattern in range(1 << fmt.bits)])


def ordinals(values: Array, fmt: NumberFormat) -> Array:
    """Number the values of the format in order: 0.0 has ordinal 0, and -0.0, if the format has it, -1."""
    if isinstance(fmt, IntegerFormat):
        return to_integers(values, np.int64)
    patterns = to_integers(to_bits(abs(values), fmt), np.int64)
    return np.where(np.signbit(values), -patterns - fmt.has_negative_zero, patterns)


def from_ordinals(places: Array, fmt: NumberFormat) -> Array:
    """The values with these ordinals."""
    if isinstance(fmt, IntegerFormat):
        return places.astype(np.float64)
    values = from_bits(np.where(places < 0, -places - fmt.has_negative_zero, places), fmt)
    return np.where(places < 0, -values, values)


def floats_apart(x: Array, y: Array, fmt: Format) -> Array:
    """How many values of ``fmt`` ``x`` and ``y`` are apart, both zeros counting as one; neither is NaN."""
    apart: Array = abs(ordinals(x, fmt) - ordinals(y, fmt))
    return apart - (np.signbit(x) != np.signbit(y)) if fmt.has_negative_zero else apart


def all_patterns(fmt: NumberFormat) -> Array:
    """The values of all bit patterns of a short format, in the order of the patterns."""
    return from_bits(np.arange(1 << fmt.bits, dtype=np.uint64), fmt)


def all_values(fmt: NumberFormat) -> Array:
    """All values of a short format except NaN in ascending order, -0.0, if the format has it, before 0.0."""
    if isinstance(fmt, IntegerFormat):
        return np.arange(fmt.lowest, fmt.highest + 1, dtype=np.float64)
    first = fmt.first_ordinal - fmt.has_infinities
    return from_ordinals(np.arange(first, fmt.finite_count + fmt.has_infinities), fmt)
