"""Formulas at whole arrays, rounded once: quickly, then in pairs. What they leave open is for ``exact``.

The values of any float format are held in float64 arrays, as ``floats`` holds them in floats.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from actcalc.arithmetic.bounded import Number, Switched
from actcalc.arithmetic.double_double import EXACT_PAIRS, PAIRS, QUICK, TIE_PAIRS, Pairs, Quick
from actcalc.arithmetic.exact import Formula, evaluate
from actcalc.arithmetic.taylor import NEAR, next_to_zero
from actcalc.numbers.float_arrays import Array, is_settled, round_within, settle
from actcalc.numbers.floats import Format

_PART = 1 << 15
"""Pairs worked on at a time: few enough for the processor's cache, enough for threads to take turns."""
_BINADES = 200
"""Numbers in so many binades are worked on together, with powers of two that keep products in range."""
_SAFE = 2.0 ** (_BINADES // 2)
_TINY = 2.0**-900
_FEW = 4
"""Points that are left to the exact arithmetic without another try."""


def round_array_of(formula: Formula, z: Array, fmt: Format, may_switch: bool = False) -> tuple[Array, Array]:
    """The formula's values at finite z other than 0 rounded to ``fmt``, and where they are certain.

    One that ``may_switch`` goes different ways at different z.
    """
    if not may_switch and _is_constant(formula(QUICK, QUICK.variable(z[:1]))):
        return np.full(len(z), evaluate(formula, Fraction(z[0]), fmt)), np.ones(len(z), bool)
    result, certain = np.zeros(len(z)), np.zeros(len(z), bool)
    if fmt.is_narrow:
        for here, number in _in_parts(formula, z, QUICK):
            if _is_constant(number):
                result[here], certain[here] = evaluate(formula, Fraction(z[here][0]), fmt), True
            else:
                result[here], certain[here] = _round_quickly(number, fmt)
    else:
        result, certain = _in_pairs(formula, z, fmt)
    rest = np.flatnonzero(~certain)
    if len(rest) and fmt.is_narrow:
        result[rest], certain[rest] = _in_pairs(formula, z[rest], fmt)
        rest = rest[~certain[rest]]
    for some, polynomial in _next_to_zero(formula, z, rest):
        result[some], certain[some] = _in_pairs(polynomial, z[some], fmt)
    rest = rest[~certain[rest]]
    # By themselves the smallest results can be scaled.
    is_tiny = abs(result[rest]) < _TINY
    for some in (rest[is_tiny], rest[~is_tiny]):
        for m in (EXACT_PAIRS, TIE_PAIRS):
            some = some[~certain[some]]
            if len(some) >= _FEW:
                result[some], certain[some] = _in_pairs(formula, z[some], fmt, m)
    return result, certain


def _next_to_zero(formula: Formula, z: Array, places: Array) -> Iterator[tuple[Array, Formula]]:
    """Those of the places that are next to 0, on either side, with a formula for them, where there is one."""
    places = places[abs(z[places]) <= NEAR]
    for side in (-1, 1):
        some = places[z[places] * side > 0]
        if len(some) >= _FEW and (polynomial := next_to_zero(formula, side)) is not None:
            yield some, polynomial


def _in_parts(formula: Formula, z: Array, m: Quick | Pairs) -> Iterator[tuple[Any, Any]]:
    """Places in z and the formula's values there, a part after the other."""
    size = 2 * _PART if m is QUICK else _PART
    for start in range(0, len(z), size):
        for places, number in _branches(formula, z[start : start + size], m):
            yield _shift(places, start), number


def _branches(formula: Formula, z: Array, m: Quick | Pairs) -> Iterator[tuple[Any, Any]]:
    """Places in z and the formula's values there: those at which it goes the same way together.

    Places at which that is open, or at which it has no value, are left out.
    """
    waiting: list[Any] = [slice(0, len(z))]
    while waiting:
        places = waiting.pop()
        part = z[places]
        try:
            number = formula(m, m.variable(part))
        except Switched as switched:
            for sign in (-1, 1):
                same = np.flatnonzero(switched.signs == sign)
                if _FEW <= len(same) < len(part):
                    waiting.append(same if isinstance(places, slice) else places[same])
            continue
        except (ArithmeticError, ValueError):
            continue
        yield places, number


def _shift(places: Any, start: int) -> Any:
    return slice(places.start + start, places.stop + start) if isinstance(places, slice) else places + start


def has_value(formula: Formula, z: Array) -> Array:
    """Where a formula, at finite z other than 0, certainly has a value."""
    found = np.zeros(len(z), bool)
    for here, number in _in_parts(formula, z, QUICK):
        number = QUICK.number(number)
        found[here] = np.isfinite(number.value) & np.isfinite(number.error())
    return found


def _round_quickly(number: Number, fmt: Format) -> tuple[Array, Any]:
    number = number.rescale(0)
    if isinstance(number.abs, float):
        least = number.min_abs
        rel = number.rel + (0.0 if number.abs == 0 else number.abs / least if least else 1.0)
        if rel < 2.0**-30:
            return round_within(number.value, rel, fmt, least, number.max_abs)
    error = np.broadcast_to(number.error(), number.value.shape)
    return _with_zeros(number, error, *settle(number.value, 0.0, error, fmt), fmt)


def _in_pairs(formula: Formula, z: Array, fmt: Format, m: Pairs = PAIRS) -> tuple[Array, Array]:
    result, certain = np.zeros(len(z)), np.zeros(len(z), bool)
    for places, number in in_pairs(formula, z, m):
        if _is_constant(number):
            result[places], certain[places] = evaluate(formula, Fraction(z[places][0]), fmt), True
        else:
            result[places], certain[places] = _round(number, fmt)
    return result, certain


def in_pairs(formula: Formula, z: Array, m: Pairs = PAIRS) -> Iterator[tuple[Any, Any]]:
    """Places in z, finite and not 0, and the formula's values there; those that stay open are left out."""
    size = abs(z)
    if size.min() >= 1 / _SAFE and size.max() <= _SAFE:
        yield from _in_parts(formula, z, m)
        return
    bins = (((z.view(np.int64) >> 52) & 2047) + (10 * _BINADES + _BINADES // 2 - 1023)) // _BINADES
    for i in np.flatnonzero(np.bincount(bins)).tolist():
        all_places = np.flatnonzero(bins == i)
        for places, number in _in_parts(formula, z[all_places], m):
            yield all_places[places], number


def _is_constant(number: Any) -> bool:
    """Whether a formula has the same value everywhere."""
    return not isinstance(number, Number) or number.is_scalar


def _round(number: Number, fmt: Format) -> tuple[Array, Any]:
    if not fmt.is_narrow:
        return _round_to_float64(number)
    number = number.rescale(0)
    tail = np.zeros_like(number.value) if number.tail is None else number.tail
    error = np.broadcast_to(number.error(), tail.shape)
    return _with_zeros(number, error, *settle(number.value, tail, error, fmt), fmt)


def _with_zeros(
    number: Number, error: Array, result: Array, certain: Array, fmt: Format
) -> tuple[Array, Any]:
    """A result, with zeros where numbers whose sign is known are next to nothing."""
    if number.known_sign and not certain.all():
        is_nothing = ~certain & (abs(number.value) + error < fmt.smallest_subnormal / 4)
        result[is_nothing] = math.copysign(0.0, number.known_sign)
        certain |= is_nothing
    return result, certain


def _round_to_float64(number: Number) -> tuple[Array, Any]:
    """The rounding test: all within the error of a number round to one float64."""
    value, scale = number.value, number.scale
    if number.tail is None:
        rounded, lost = value + 0.0, 0.0  # no zero is negative
    else:
        rounded = value + number.tail
        if number.min_abs == 0:
            rounded += 0.0  # nor here
        lost = rounded - value
        np.subtract(number.tail, lost, out=lost)
    certain = is_settled(rounded, lost, number.rel, number.abs)
    if scale:
        margin = abs(rounded) * number.rel * (1 + 2.0**-20) + number.abs
        return _unscale(rounded, lost, margin, certain, scale, number.known_sign)
    return rounded, certain


def _unscale(
    rounded: Array, lost: Any, margin: Any, certain: Array, scale: int, sure: int
) -> tuple[Array, Array]:
    """Rounded numbers times 2**scale, and where they are certain: subnormal ones, and infinite ones."""
    size = abs(rounded)
    result = np.ldexp(rounded, max(min(scale, 5000), -5000))
    is_normal = size >= power_of_two(-1021 - scale)
    certain &= is_normal & (size < power_of_two(1023 - scale))
    if not is_normal.all():
        # What lies within half a spacing of subnormals rounds to one of them, a zero with its own sign.
        off = abs((rounded - np.ldexp(result, max(min(-scale, 5000), -5000))) + lost) + 2 * margin
        settled = ~is_normal & (off < power_of_two(-1075 - scale) * (1 - 2.0**-40))
        if sure:
            result[settled & (result == 0)] = math.copysign(0.0, sure)
            certain |= settled
        else:
            certain |= settled & (size > 2 * margin)
    certain |= (size - 2 * margin > power_of_two(1025 - scale)) & np.isfinite(size)
    return result, certain


def power_of_two(exponent: int) -> float:
    """2 to the power of any whole number: 0 or infinite if it is out of range."""
    return 0.0 if exponent < -1074 else math.inf if exponent > 1023 else 2.0**exponent


_ROUGH = 2.0**-90
"""Errors, relative to values, that others may be known to be less than."""


def enclose_array(formula: Formula, z: Array, scale: int = 0) -> tuple[Array, Array, Array]:
    """The formula's values at finite z, in units of 2**scale: values, tails, and bounds of their errors."""
    at_zero = z == 0
    if at_zero.any() and not at_zero.all():
        value, tail, error = np.empty((3, len(z)))
        for here in (at_zero, ~at_zero):
            value[here], tail[here], error[here] = enclose_array(formula, z[here], scale)
        return value, tail, error
    value, tail, error = found = _enclose(formula, z, scale)
    rough = np.flatnonzero(~(error <= abs(value) * _ROUGH))
    for some, polynomial in _next_to_zero(formula, z, rough):
        for column, better in zip(found, _enclose(polynomial, z[some], scale), strict=True):
            column[some] = better
    return found


def _enclose(formula: Formula, z: Array, scale: int) -> tuple[Array, Array, Array]:
    value, tail, error = np.zeros(len(z)), np.zeros(len(z)), np.full(len(z), np.inf)
    for places, number in in_pairs(formula, z, EXACT_PAIRS):
        number = EXACT_PAIRS.number(number).rescale(scale).tight()
        value[places], error[places] = number.value, number.error()
        tail[places] = 0.0 if number.tail is None else number.tail
    return value, tail, error
