"""Inputs for printed tests, whose results are hard to round or special, with the right results."""

from collections.abc import Iterable
from fractions import Fraction

import numpy as np

from actcalc.activations.arrays import bounded_array, derivative_array
from actcalc.activations.declaration import Quantity
from actcalc.activations.function import Function
from actcalc.numbers.bit_arrays import all_values, from_ordinals, ordinals, to_bits
from actcalc.numbers.float_arrays import Array, round_array
from actcalc.numbers.floats import Format
from actcalc.numbers.integer_arrays import to_integers
from actcalc.numbers.ulp_arrays import ulp_array

_CELLS = 8
"""The number of parts of a binade; one input is taken from each."""
_BINADES = range(-13, 6)
_TRIED = 1500
"""The number of inputs tried in a part."""
_SPREAD = 512
"""Inputs of all magnitudes; changes of kind are searched for between neighbours."""


def hard_inputs(f: Function, of: Quantity, fmt: Format, more: Iterable[float] = ()) -> dict[int, int]:
    """Patterns of inputs and of their right results, in ascending order of z, with ``more`` inputs."""
    z = np.unique(np.concatenate([near_ties(f, of, fmt), _ends(f, of, fmt), np.array([*more])]))
    z = z[np.isfinite(z)]
    right = derivative_array(f, z, of, fmt)
    return dict(zip(to_bits(z, fmt).tolist(), to_bits(right, fmt).tolist(), strict=True))


def near_ties(f: Function, of: Quantity, fmt: Format, tried: int = _TRIED, count: int = 1) -> Array:
    """Inputs from each part of a binade whose values are closest to half way between two floats."""
    rng = np.random.default_rng(0)
    found: list[float] = []
    for exponent in _BINADES:
        for cell in range(_CELLS):
            low, high = (2.0**exponent * (1 + k / _CELLS) for k in (cell, cell + 1))
            z = np.unique(round_array(rng.uniform(low, high, tried), fmt))
            for some in (-z, z):
                _, value, _, error, _ = bounded_array(f, of, some, fmt)
                rest = abs(value - round_array(value, fmt)) / ulp_array(value, fmt)
                rest[~(error < 1) | (value == 0)] = 0
                if rest.any():
                    found += some[np.abs(rest - 0.5).argsort()[:count]].tolist()
    return np.array(found)


def _ends(f: Function, of: Quantity, fmt: Format) -> Array:
    """The ends of the format, kinks, and inputs beside which results begin to be 0, infinite or a limit."""
    places = to_integers(np.linspace(-fmt.finite_count, fmt.finite_count - 1, _SPREAD), np.int64)
    z = all_values(fmt) if fmt.is_short else from_ordinals(places, fmt)
    z = z[np.isfinite(z)]
    kinds = _kinds(f, of, fmt, z)
    found = [fmt.smallest_subnormal, fmt.smallest_normal, fmt.largest, 3 * fmt.smallest_subnormal]
    found += [-x for x in found]
    for i in np.flatnonzero(kinds[1:] != kinds[:-1]).tolist():
        low, high = (int(x) for x in ordinals(z[i : i + 2], fmt))
        before = kinds[i]
        while high - low > 1:
            middle = (low + high) // 2
            is_before = _kinds(f, of, fmt, from_ordinals(np.array([middle]), fmt))[0] == before
            low, high = (middle, high) if is_before else (low, middle)
        found += from_ordinals(np.array([low, high]), fmt).tolist()
    for piece in f.pieces:
        if piece.upto is not None:
            place = ordinals(np.array([fmt.round_exact(Fraction(piece.upto))]), fmt)[0]
            found += from_ordinals(place + np.arange(-1, 2), fmt).tolist()
    return np.array(found)


def _kinds(f: Function, of: Quantity, fmt: Format, z: Array) -> Array:
    """The kind of each value: 0, infinite, z itself, a limit, or any other number."""
    right = derivative_array(f, z, of, fmt)
    limits = [f.derivative_float(end, of, fmt) for end in (-np.inf, np.inf)]
    kinds = np.zeros(len(z), np.int64)
    for k, is_so in enumerate((right == 0, np.isinf(right), right == z, *(right == x for x in limits)), 1):
        kinds[is_so & (kinds == 0)] = k
    return kinds
