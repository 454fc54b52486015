"""Long ranges as arrays: each point is the exact one rounded once."""

from fractions import Fraction

import numpy as np

from actcalc.numbers.error_free import two_product, two_sum
from actcalc.numbers.float_arrays import Array, round_twice, settle
from actcalc.numbers.floats import Format
from actcalc.numbers.ranges import Grid

_INTEGERS = 2**53
"""Every whole number up to this is a float64."""
_SMALL, _LARGE = Fraction(2) ** -900, Fraction(2) ** 900
"""Between these sizes the error bounds of ``two_sum`` and ``two_product`` hold."""


def evenly_spaced(grid: Grid, fmt: Format) -> Array:
    """The points of a range, each rounded once to ``fmt``."""
    first, step, denominator = grid.over_one_denominator()
    last = first + step * (grid.count - 1)
    with np.errstate(all="ignore"):
        if max(abs(first), abs(last), abs(step), denominator) < _INTEGERS:
            z, certain = _quotients(first, step, grid.count, denominator, fmt)
        else:
            z, certain = _multiples(grid, fmt)
    for i in np.flatnonzero(~certain).tolist():
        z[i] = fmt.round_exact(Fraction(first + i * step, denominator))
    return z


def _quotients(first: int, step: int, count: int, denominator: int, fmt: Format) -> tuple[Array, Array]:
    """The points as quotients of whole numbers, and where their rounding is certain."""
    numerators = (first + step * np.arange(count, dtype=np.int64)).astype(np.float64)
    quotients = numerators / denominator
    z, doubtful = round_twice(quotients, fmt)
    if doubtful.any():
        product, lost = two_product(quotients, float(denominator))
        doubtful &= (product != numerators) | (lost != 0)
    return z, ~doubtful


def _multiples(grid: Grid, fmt: Format) -> tuple[Array, Array]:
    """The points as start plus multiples of the step, in pairs, and where their rounding is certain."""
    far = max(abs(grid.start), abs(grid.start + grid.count * grid.step))
    if far > _LARGE or any(0 < abs(x) < _SMALL for x in (grid.start, grid.step)):
        return np.zeros(grid.count), np.zeros(grid.count, bool)
    (start, start_rest), (step, step_rest) = _pair(grid.start), _pair(grid.step)
    index = np.arange(grid.count, dtype=np.float64)
    product, lost = two_product(index, step)
    value, tail = two_sum(start, product)
    tail += lost + (index * step_rest + start_rest)
    error = (abs(product) + abs(start)) * 2.0**-100
    return settle(value, tail, error, fmt)


def _pair(x: Fraction) -> tuple[float, float]:
    high = float(x)
    return high, float(x - Fraction(high))
