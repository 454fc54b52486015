"""Printed tests of functions in working precision: inputs, right results, and the allowed error."""

import math
from collections.abc import Callable

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.activations.arrays import derivative_array
from actcalc.activations.declaration import Quantity
from actcalc.code.expression import Trial
from actcalc.code.hard import hard_inputs
from actcalc.code.measured import Measurement, audit_points, dtype_of, limit_of, with_values
from actcalc.numbers.bit_arrays import from_bits
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import Format
from actcalc.numbers.ulp_arrays import ulp_array

_SPARE = 2
"""Ulps by which mathematical libraries differ: one may be off by one or two where NumPy's is right."""
_SPREAD = 100
"""The number of an audit's points that are tried, too."""


def trial(
    function: Callable[[Array], Array],
    f: Activation,
    of: Quantity,
    dtype: Format,
    compute: Format,
    measurement: Measurement,
) -> Trial:
    """The test of a function for g or g' of ``f`` whose errors were measured.

    Its inputs are some whose results are hard to round, some beside kinks and where tails begin, and some of
    all sizes, but none at which larger errors are known, beside roots and among subnormal numbers.
    """
    z = audit_points(f, dtype)
    z = z[:: len(z) // _SPREAD]
    if f.is_declared:
        patterns = np.array([*hard_inputs(f, of, dtype)], np.uint64)
        z = np.union1d(z, from_bits(patterns, dtype))
    else:
        z = with_values(f, of, dtype, z)
    right = derivative_array(f, z, of, dtype)
    with np.errstate(all="ignore"):
        found = np.asarray(function(z.astype(dtype_of(dtype))), np.float64)
        off = abs(found - right) / ulp_array(right, dtype)
    # The right results are rounded here, which adds half an ulp.
    known = math.ceil(min(measurement.largest.ulps, limit_of(dtype)) + 0.5)
    is_kept = (off <= known) & np.isfinite(right)
    return Trial(
        known + (_SPARE if dtype is compute else 0),
        tuple(z[is_kept].tolist()),
        tuple(right[is_kept].tolist()),
    )
