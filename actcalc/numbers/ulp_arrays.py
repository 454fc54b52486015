"""Ulps of whole arrays; see ``ulp``."""

import numpy as np

from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import FLOAT64, Format


def ulp_array(x: Array, fmt: Format) -> Array:
    """An ulp of ``fmt`` at each number of a float64 array."""
    exponent = np.abs(x).view(np.int64) >> 52
    np.clip(exponent, 1 - fmt.bias + FLOAT64.bias, fmt.emax + FLOAT64.bias, out=exponent)
    exponent <<= 52
    return exponent.view(np.float64) * 2.0**-fmt.mantissa_bits
