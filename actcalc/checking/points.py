"""Where ``audit`` looks: the same points on every run and machine."""

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.activations.arrays import dg_array, g_array
from actcalc.activations.aside import SetAside
from actcalc.checking.domain import EVERYWHERE, Domain
from actcalc.numbers.bit_arrays import all_values, from_ordinals, ordinals
from actcalc.numbers.float_arrays import Array, round_array
from actcalc.numbers.floats import Format
from actcalc.numbers.integer_arrays import to_integers

_AROUND = 8
"""Neighbours on either side of a place that matters."""


def points(f: Activation, fmt: Format, count: int = 20_000, domain: Domain = EVERYWHERE) -> Array:
    """Finite values of a format, ascending: all of a short one, else ``count`` and those that matter.

    Half of ``count`` are spread over all binades of both signs, half over [-30, 30]. What matters are the
    neighbourhoods of kinks, zeros, turning points and of where values of the format set in or end: where the
    right g or g' becomes constant, subnormal or zero, or changes its sign; and the ends of the format. Of a
    ``domain`` the points are in that. Raises ActcalcError if no value is.
    """
    first, last = domain.ordinals(fmt)
    if fmt.is_short:
        z = all_values(fmt)
        return domain.among(z[np.isfinite(z)])
    spread = np.linspace(0, 1, max(count // 2, 2))
    if domain == EVERYWHERE:
        by_place = to_integers((spread * 2 - 1) * float(last), np.int64).clip(first, last)
    else:
        by_place = to_integers(spread * (float(last) - first) + first, np.int64).clip(first, last)
    low, high = max(-30.0, domain.low), min(30.0, domain.high)
    dense = ordinals(round_array(spread * (high - low) + low, fmt), fmt).clip(first, last)
    grid = np.unique(np.concatenate([by_place, dense]))
    special = [first, last, *(fmt.ordinal(s * x) for s in (-1.0, 1.0) for x in _marks(fmt))]
    special += [fmt.ordinal(fmt.round_exact(kink.z)) for kink in f.kinks]
    special += _changes(f, fmt, grid)
    around = (np.array(special, np.int64)[:, None] + np.arange(-_AROUND, _AROUND + 1)).ravel()
    return from_ordinals(np.unique(np.concatenate([grid, around.clip(first, last)])), fmt)


def _marks(fmt: Format) -> list[float]:
    return [0.0, fmt.smallest_normal, 1.0, 2.0**-fmt.precision, 2.0 ** (-fmt.precision // 2)]


def _changes(f: Activation, fmt: Format, grid: Array) -> list[int]:
    """Places next to which the right values change their kind, by bisection between points of the grid."""

    aside = SetAside(), SetAside()  # of g and g'

    def kinds(places: Array) -> Array:
        z = from_ordinals(places, fmt)
        g, dg = g_array(f, z, fmt, aside[0]), dg_array(f, z, fmt, aside=aside[1])
        saturated = [x == end for x, ends in ((g, g_ends), (dg, dg_ends)) for end in ends]
        found: Array = np.stack([_kind(g, fmt), _kind(dg, fmt), *saturated, g == z])
        return found

    infinities = np.array([-np.inf, np.inf])
    g_ends, dg_ends = g_array(f, infinities, fmt, aside[0]), dg_array(f, infinities, fmt, aside=aside[1])
    low, high = grid[:-1], grid[1:]
    at = kinds(grid)
    differ = (at[:, 1:] != at[:, :-1]).any(axis=0)
    low, high, left = low[differ], high[differ], at[:, :-1][:, differ]
    while len(low) and (high > low + 1).any():
        middle = low // 2 + high // 2 + (low & high & 1)  # their sum or difference may be beyond 64 bits
        same = (kinds(middle) == left).all(axis=0)
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return [int(place) for place in low]


def _kind(x: Array, fmt: Format) -> Array:
    """Sign, and whether it is zero, subnormal or infinite."""
    size = abs(x)
    kind = np.select([size == 0, size < fmt.smallest_normal, ~np.isfinite(x)], [1, 2, 3], 0)
    return kind * 2 + (x < 0)
