"""Formulas at whole arrays, rounded once: quickly, then in pairs. What they leave open is for ``exact``.

The values of any float format are held in float64 arrays, as ``floats`` holds them in floats.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from actcalc.arithmetic.exact import Formula, evaluate
from actcalc.arithmetic.pairs import DIVIDED, PAIRS, QUICK, TIED, Number, Pairs
from actcalc.numbers.float_arrays import round_within, settle
from actcalc.numbers.floats import FLOAT64, Format

Array = npt.NDArray[Any]

_PART = 1 << 13
"""Elements of which intermediate results stay in the processor's cache."""
_BINADES = 200
"""Numbers in so many binades are worked on together, with powers of two that keep products in range."""
_SAFE = 2.0 ** (_BINADES // 2)
_TINY = 2.0**-900
_FEW = 4
"""What is left to the exact arithmetic without another try."""


def round_array_of(formula: Formula, z: Array, fmt: Format) -> tuple[Array, Array]:
    """The formula's values at finite z other than 0 rounded to ``fmt``, and where they are certain."""
    if _is_constant(formula(QUICK, QUICK.variable(z[:1]))):
        return np.full(len(z), evaluate(formula, Fraction(z[0]), fmt)), np.ones(len(z), bool)
    result, certain = np.empty(len(z)), np.zeros(len(z), bool)
    if fmt is not FLOAT64:
        for start in range(0, len(z), _PART):
            part = slice(start, start + _PART)
            result[part], certain[part] = _quickly(formula, z[part], fmt)
    else:
        result, certain = _in_pairs(formula, z, fmt)
    rest = np.flatnonzero(~certain)
    if len(rest) and fmt is not FLOAT64:
        result[rest], certain[rest] = _in_pairs(formula, z[rest], fmt)
        rest = rest[~certain[rest]]
    # By themselves the smallest results can be scaled.
    is_tiny = abs(result[rest]) < _TINY
    for some in (rest[is_tiny], rest[~is_tiny]):
        if len(some) >= _FEW:
            result[some], certain[some] = _in_pairs(formula, z[some], fmt, TIED)
    return result, certain


def _quickly(formula: Formula, z: Array, fmt: Format) -> tuple[Array, Any]:
    number = formula(QUICK, QUICK.variable(z))
    number = number.rescaled(0)
    if isinstance(number.abs, float):
        rel = number.rel + (0.0 if number.abs == 0 else number.abs / number.least if number.least else 1.0)
        if rel < 2.0**-30:
            return round_within(number.value, rel, fmt, number.least, number.most)
    return settle(number.value, 0.0, np.broadcast_to(number.error(), z.shape), fmt)


def _in_pairs(formula: Formula, z: Array, fmt: Format, m: Pairs = PAIRS) -> tuple[Array, Array]:
    result, certain = np.empty(len(z)), np.empty(len(z), bool)
    for places, number in in_pairs(formula, z, m):
        result[places], certain[places] = _rounded(number, fmt)
    return result, certain


def in_pairs(formula: Formula, z: Array, m: Pairs = PAIRS) -> Iterator[tuple[Any, Any]]:
    """Places in z, finite and not 0, and the formula's values there."""
    low, high = float(z.min()), float(z.max())
    least = low if low > 0 else -high if high < 0 else float(abs(z).min())
    if least >= 1 / _SAFE and max(-low, high) <= _SAFE:
        for start in range(0, len(z), _PART):
            part = slice(start, start + _PART)
            yield part, formula(m, m.variable(z[part]))
        return
    bins = (((z.view(np.int64) >> 52) & 2047) + (10 * _BINADES + _BINADES // 2 - 1023)) // _BINADES
    for i in np.flatnonzero(np.bincount(bins)).tolist():
        places = np.flatnonzero(bins == i)
        for start in range(0, len(places), _PART):
            some = places[start : start + _PART]
            yield some, formula(m, m.variable(z[some]))


def _is_constant(number: Any) -> bool:
    """Whether a formula has the same value everywhere."""
    return not isinstance(number, Number) or number.is_scalar


def _rounded(number: Number, fmt: Format) -> tuple[Array, Any]:
    if fmt is FLOAT64:
        return _rounded_to_float64(number)
    number = number.rescaled(0)
    tail = np.zeros_like(number.value) if number.tail is None else number.tail
    return settle(number.value, tail, np.broadcast_to(number.error(), tail.shape), fmt)


def _rounded_to_float64(number: Number) -> tuple[Array, Any]:
    """The rounding test: all within the error of a number round to one float64."""
    value, scale = number.value, number.scale
    if number.tail is None:
        rounded, lost = value + 0.0, 0.0  # no zero is negative
    else:
        rounded = value + number.tail
        lost = rounded - value
        np.subtract(number.tail, lost, out=lost)
    is_exact = number.rel == 0 and isinstance(number.abs, float) and number.abs == 0
    if is_exact:
        certain = np.isfinite(rounded)
        margin: Any = 0.0
    else:
        # Sums of what was lost and the margin are rounded, too.
        if number.rel:
            margin = abs(rounded)
            margin *= number.rel * (1 + 2.0**-40) + 2.0**-103
            margin += number.abs
        else:
            margin = number.abs * (1 + 2.0**-20)
        above = lost + margin
        above += rounded
        certain = above == rounded
        np.subtract(lost, margin, out=above)
        above += rounded
        certain &= above == rounded
        if not number.most < 2.0**1000:
            certain &= np.isfinite(rounded)
    if scale:
        return _unscaled(rounded, lost, margin, certain, scale)
    return rounded, certain


def _unscaled(rounded: Array, lost: Any, margin: Any, certain: Array, scale: int) -> tuple[Array, Array]:
    """Rounded numbers times 2**scale, and where they are certain: subnormal ones, and infinite ones."""
    size = abs(rounded)
    result = np.ldexp(rounded, max(min(scale, 5000), -5000))
    is_normal = size >= power_of_two(-1021 - scale)
    certain &= is_normal & (size < power_of_two(1023 - scale))
    if not is_normal.all():
        # What lies within half a spacing of subnormals rounds to one of them, a zero with its own sign.
        off = abs((rounded - np.ldexp(result, max(min(-scale, 5000), -5000))) + lost) + 2 * margin
        certain |= ~is_normal & (off < power_of_two(-1075 - scale) * (1 - 2.0**-40)) & (size > 2 * margin)
    certain |= (size - 2 * margin > power_of_two(1025 - scale)) & np.isfinite(size)
    return result, certain


def power_of_two(exponent: int) -> float:
    """2 to the power of any whole number: 0 or infinite if it is out of range."""
    return 0.0 if exponent < -1074 else math.inf if exponent > 1023 else 2.0**exponent


def enclose_array(formula: Formula, z: Array) -> tuple[Array, Array, Array]:
    """The formula's values at finite z, in pairs: values, tails, and bounds of their errors."""
    value, tail, error = np.zeros(len(z)), np.zeros(len(z)), np.zeros(len(z))
    at_zero = z == 0
    if at_zero.any() and not at_zero.all():
        for here in (at_zero, ~at_zero):
            value[here], tail[here], error[here] = enclose_array(formula, z[here])
        return value, tail, error
    for places, number in in_pairs(formula, z, DIVIDED):
        number = DIVIDED.number(number).rescaled(0)
        value[places], error[places] = number.value, number.error()
        tail[places] = 0.0 if number.tail is None else number.tail
    return value, tail, error
