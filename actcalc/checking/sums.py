"""Sums of errors that do not depend on the order of addition."""

from collections.abc import Iterator

import numpy as np

from actcalc.arithmetic.program import Expr, to_float, to_word
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.integer_arrays import to_integers

ULP_BITS = 64
LEAST_ULPS = 2.0**-ULP_BITS
"""The unit in which signed errors are added up; smaller errors do not count."""
WORD = 39
"""Bits of the words of an error. A sum of 2**14 words is exact in float64, and of 2**24 in integers."""
SHIFTS = (ULP_BITS - WORD, ULP_BITS, ULP_BITS + WORD)
"""The units of the words of errors below SAFE, as powers of 1/2."""
SAFE = 2.0 ** (2 * WORD - ULP_BITS)
MOST_SAFE, MOST_AT_ONCE = 2.0**18, 1 << 20
"""The words of so many errors, each below MOST_SAFE, are added up in integers by a compiled loop."""
_BEFORE, _BEYOND = SHIFTS[0] - WORD, (142, 181, 200)
"""The units of additional words: for errors from SAFE on, and for those below LEAST_ULPS."""
SUM_BITS = _BEYOND[-1]
HUGE = 2.0 ** (WORD - _BEFORE)
"""Errors from this one on are added up one by one."""


def exactly(error: float, unit: int = ULP_BITS) -> int:
    """An error in units of 2**-unit, truncated."""
    return int(error * 2.0**unit)


def words_of(error: Expr) -> list[Expr]:
    """The words of an error below MOST_SAFE that is 0 or at least LEAST_ULPS, as part of a program."""
    found, rest = [], error * 2.0 ** SHIFTS[0]
    for _ in SHIFTS:
        found.append(to_word(rest))
        rest = (rest - to_float(found[-1])) * 2.0**WORD
    return found


def words_in(errors: Array, least: int = SUM_BITS) -> Iterator[tuple[int, Array]]:
    """The words of errors below HUGE as floats, each with its unit, down to 2**-least.

    Errors from LEAST_ULPS on are truncated after the last of SHIFTS.
    """
    unit = SHIFTS[0] if abs(errors).max(initial=0.0) < SAFE else _BEFORE
    rest = errors * 2.0**unit
    for after in (*SHIFTS[unit == SHIFTS[0] :], *_BEYOND, None):
        whole = np.trunc(rest)
        yield unit, whole
        if unit >= least or after is None:
            return
        rest -= whole
        if unit == SHIFTS[-1]:
            rest[abs(errors) >= LEAST_ULPS] = 0.0
        if not rest.any():
            return
        rest *= 2.0 ** (after - unit)
        unit = after


def exact_sum(errors: Array, unit: int = ULP_BITS) -> int:
    """The sum of errors in units of 2**-unit, each truncated there, or before as in ``words_in``."""
    huge = ~(abs(errors) < HUGE)
    total = 0
    if huge.any():
        total = sum(exactly(error, unit) for error in errors[huge].tolist())
        errors = np.where(huge, 0.0, errors)
    return total + sum(int(to_integers(w, np.int64).sum()) << (unit - at) for at, w in words_in(errors, unit))
