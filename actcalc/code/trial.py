"""Tests that go along with functions in working precision: inputs, right results, and the error allowed."""

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
"""Mathematical libraries differ by so many ulps: theirs may be off by one or two, where NumPy's is right."""
_SPREAD = 100
"""So many of an audit's points are tried, too."""


def trial(
    function: Callable[[Array], Array],
    f: Activation,
    of: Quantity,
    dtype: Format,
    compute: Format,
    measurement: Measurement,
) -> Trial:
    """The test of a function, which is to be g or g' of ``f``, and whose errors were measured.

    Its inputs are those whose results are hard to round, where kinks and tails begin, and some of all sizes.
    Where it is known to be off by more, beside roots and among subnormal numbers, it is not tried.
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
    # What is right is rounded here: half an ulp more.
    known = math.ceil(min(measurement.largest.ulps, limit_of(dtype)) + 0.5)
    is_kept = (off <= known) & np.isfinite(right)
    return Trial(
        known + (_SPARE if dtype is compute else 0),
        tuple(z[is_kept].tolist()),
        tuple(right[is_kept].tolist()),
    )
