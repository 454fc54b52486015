"""Ulps of whole arrays; see ``ulp``."""

import math

import numpy as np

from actcalc.numbers.bit_arrays import floats_apart
from actcalc.numbers.error_free import two_sum
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import FLOAT64, Format
from actcalc.numbers.rulers import Ruler
from actcalc.numbers.ulp import Spacing


def ulp_array(x: Array, fmt: Spacing) -> Array:
    """An ulp of ``fmt`` at each number of a float64 array."""
    exponent = np.abs(x).view(np.int64) >> 52
    least = fmt.quantum_exponent + fmt.precision - 1
    np.clip(exponent, least + FLOAT64.bias, fmt.emax + FLOAT64.bias, out=exponent)
    exponent <<= 52
    return exponent.view(np.float64) * 2.0 ** (1 - fmt.precision)


def steps_apart(x: Array, y: Array, ruler: Ruler) -> Array:
    """How many values ``x`` and ``y`` are apart, both zeros counting as one; neither is NaN."""
    if isinstance(ruler.fmt, Format):
        return floats_apart(x, y, ruler.fmt)
    apart: Array = abs(x - y)
    return apart


def cap(ruler: Ruler, value: Array, tail: Array, error: Array) -> tuple[Array, Array, Array]:
    """Move numbers, given as values, tails and error bounds, that saturate to the place of the largest.

    The bound becomes infinite where it is undecided whether a number saturates.
    """
    with np.errstate(all="ignore"):
        for end, side in ((ruler.low, -1), (ruler.high, 1)):
            if math.isfinite(end):
                beyond = (value - end) * side
                around = (abs(tail) + error) * (1 + 2.0**-40)
                is_open = (abs(beyond) <= around) & (around != 0)
                value = np.where(beyond > around, end, value)
                tail, error = (np.where(beyond > around, 0.0, column) for column in (tail, error))
                error = np.where(is_open, np.inf, error)
    return value, tail, error


def codes_of_numbers(ruler: Ruler, value: Array, tail: Array, error: Array) -> tuple[Array, Array, Array]:
    """The fractional codes of numbers, also as values, tails and error bounds."""
    with np.errstate(all="ignore"):
        factor = FLOAT64.round_exact(1 / ruler.unit)
        product, rest, off = value * factor, tail * factor, error * factor * (1 + 2.0**-40)
        if math.frexp(factor)[0] != 0.5 or factor < 1:
            off = off + (abs(product) + abs(rest)) * 2.0**-51 + 2.0**-1060 * (value != 0)
        found, lost = two_sum(product, np.float64(ruler.origin))
        total = lost + rest
        off = off + abs(total) * ((lost != 0) & (rest != 0)) * 2.0**-51
        found, total = two_sum(found, total)
        return found, total, np.where(np.isfinite(found) & np.isfinite(total), off, np.inf)
