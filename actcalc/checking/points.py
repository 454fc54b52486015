"""The points of ``audit``: the same on every run and machine."""

from collections.abc import Iterator

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.activations.arrays import dg_array, g_array
from actcalc.activations.aside import SetAside
from actcalc.checking.domain import EVERYWHERE, Domain
from actcalc.numbers.bit_arrays import all_values, from_ordinals, ordinals
from actcalc.numbers.float_arrays import Array, round_array
from actcalc.numbers.floats import Format
from actcalc.numbers.integer_arrays import to_integers
from actcalc.numbers.integers import IntegerFormat, NumberFormat

_BLOCK = 1 << 16
_AROUND = 8
"""The number of neighbours on either side of a place that matters."""


def points(f: Activation, fmt: NumberFormat, count: int = 20_000, domain: Domain = EVERYWHERE) -> Array:
    """Finite values of a format, ascending: all of a short one, else ``count`` and those that matter.

    Those of an integer format are its codes, evenly spread.

    Half of ``count`` are spread over all binades of both signs, half over [-30, 30]. The values that matter
    are next to kinks, zeros and turning points, next to places where the right g or g' becomes constant,
    subnormal or zero, or changes its sign, and at the ends of the format. All lie in the ``domain``. Raises
    ActcalcError if it has no value.
    """
    first, last = domain.ordinals(fmt)
    if isinstance(fmt, IntegerFormat):
        return _codes(f, fmt, count, first, last)
    if fmt.is_short:
        z = all_values(fmt)
        return domain.among(z[np.isfinite(z)])
    grid = _grid(fmt, max(count // 2, 2), domain)
    special = [first, last, *(fmt.ordinal(s * x) for s in (-1.0, 1.0) for x in _marks(fmt))]
    special += [fmt.ordinal(fmt.round_exact(kink.z)) for kink in f.kinks]
    special += _changes(f, fmt, grid)
    around = (np.array(special, np.int64)[:, None] + np.arange(-_AROUND, _AROUND + 1)).ravel()
    places = _sort(np.concatenate([grid, around.clip(first, last)]))
    del grid
    z = np.empty(len(places))
    for block in _blocks(len(z)):
        z[block] = from_ordinals(places[block], fmt)
    return z


def _codes(f: Activation, fmt: IntegerFormat, count: int, first: int, last: int) -> Array:
    """Codes from first to last: all if they are few, else ``count`` and those next to 0, kinks and ends."""
    if last - first < max(count, 1 << 16):
        return np.arange(first, last + 1, dtype=np.float64)
    special = [first, last, fmt.zero, *(int(fmt.round_exact(kink.z)) for kink in f.kinks)]
    around = (np.array(special)[:, None] + np.arange(-_AROUND, _AROUND + 1)).ravel()
    spread = to_integers(np.rint(np.linspace(first, last, count)), np.int64)
    return np.unique(np.concatenate([spread, around.clip(first, last)])).astype(np.float64)


def _grid(fmt: Format, half: int, domain: Domain) -> Array:
    """Ordinals of ``half`` points over all binades of a domain, and of as many over its part of [-30, 30]."""
    first, last = domain.ordinals(fmt)
    low, high = max(-30.0, domain.low), min(30.0, domain.high)
    grid = np.empty(2 * half, np.int64)
    for block in _blocks(half):
        spread = np.arange(block.start, block.stop) * (1 / (half - 1))
        if block.stop == half:
            spread[-1] = 1
        if domain == EVERYWHERE:
            by_place = (spread * 2 - 1) * float(last)
        else:
            by_place = spread * (float(last) - first) + first
        grid[block] = to_integers(by_place, np.int64)
        dense = round_array(spread * (high - low) + low, fmt)
        grid[half + block.start : half + block.stop] = ordinals(dense, fmt)
    return _sort(grid.clip(first, last, out=grid))


def _sort(places: Array) -> Array:
    """The places sorted, each once, in their own memory, as there may be many."""
    places.sort()
    count = 1
    for block in _blocks(len(places) - 1):
        some = places[block.start + 1 : block.stop + 1]
        some = some[some != places[block]]
        places[count : count + len(some)] = some
        count += len(some)
    return places[:count]


def _blocks(count: int) -> Iterator[slice]:
    for start in range(0, count, _BLOCK):
        yield slice(start, min(start + _BLOCK, count))


def _marks(fmt: Format) -> list[float]:
    return [0.0, fmt.smallest_normal, 1.0, 2.0**-fmt.precision, 2.0 ** (-fmt.precision // 2)]


def _changes(f: Activation, fmt: Format, grid: Array) -> list[int]:
    """Places at which the right values change their kind, by bisection between points of the grid."""

    aside = SetAside(), SetAside()  # of g and g'

    def kinds(places: Array) -> Array:
        return np.concatenate([kinds_of(places[block]) for block in _blocks(len(places))])

    def kinds_of(places: Array) -> Array:
        """The kind of each value, as one number."""
        z = from_ordinals(places, fmt)
        g, dg = g_array(f, z, fmt, aside[0]), dg_array(f, z, fmt, aside=aside[1])
        saturated = [x == end for x, ends in ((g, g_ends), (dg, dg_ends)) for end in ends]
        found = _kind(g, fmt) * 8 + _kind(dg, fmt)
        for answer in (*saturated, g == z):
            found = found * 2 + answer
        return to_integers(found, np.int16)

    infinities = np.array([-np.inf, np.inf])
    g_ends, dg_ends = g_array(f, infinities, fmt, aside[0]), dg_array(f, infinities, fmt, aside=aside[1])
    low, high = grid[:-1], grid[1:]
    at = kinds(grid)
    differ = at[1:] != at[:-1]
    low, high, left = low[differ], high[differ], at[:-1][differ]
    while len(low) and (high > low + 1).any():
        middle = low // 2 + high // 2 + (low & high & 1)  # their sum or difference may be beyond 64 bits
        same = kinds(middle) == left
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return [int(place) for place in low]


def _kind(x: Array, fmt: Format) -> Array:
    """A number for the sign of x, and for whether it is zero, subnormal or not finite."""
    size = abs(x)
    kind = np.select([size == 0, size < fmt.smallest_normal, ~np.isfinite(x)], [1, 2, 3], 0)
    return kind * 2 + (x < 0)
