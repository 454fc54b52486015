"""Figures of many points by a compiled loop; without it ``Block`` computes them."""

import sys
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from actcalc.arithmetic import compiled
from actcalc.arithmetic.program import TRUTH, Program, Reduction, equal, is_finite, select, variable, word
from actcalc.checking.counts import Counts
from actcalc.checking.decades import PART, PLACES, Decades, of_tables, place_of
from actcalc.checking.histogram import BINS_AT_ONCE, Histogram, bin_of
from actcalc.checking.sums import SAFE, parts_of
from actcalc.checking.tally import CELLS, cell_of
from actcalc.numbers.float_arrays import Array


class Figures(NamedTuple):
    """Sums and counts of the errors of a block."""

    error_sum: int
    histogram: Histogram
    decades: Decades
    cells: Counts


@cache
def figures_program() -> Program:
    """A program of z, the errors, lower and upper bounds of them, their sides, and where right values are
    normal and computed ones correct and faithful.

    It has no figures for odd z and errors.
    """
    z, ulps, least, most, side = (variable(place) for place in range(5))
    normal, correct, faithful = (variable(place, TRUTH) for place in range(5, 8))
    is_odd = ~(is_finite(z) & (ulps < SAFE)) | ((abs(z) < sys.float_info.min) & ~equal(z, 0.0))
    place = place_of(z)
    bin_, is_doubtful = bin_of(least, most)
    whole, rest = parts_of(select(normal & (ulps < SAFE), side * ulps, 0.0))
    return Program.of(
        *(is_odd, is_doubtful, place + place + select(correct, word(1), word(0)), place, ulps),
        *(select(is_doubtful, word(BINS_AT_ONCE), bin_), cell_of(z, correct, faithful), whole, rest),
        reductions=[
            *(Reduction("count", 2), Reduction("sum", 4, 3), Reduction("largest", 4, 3)),
            *(Reduction("count", 5), Reduction("count", 6), Reduction("total", 7), Reduction("total", 8)),
        ],
    )


def find_figures(
    loop: compiled.Loop, z: Array, x: Array, columns: Sequence[Array], truths: Sequence[Array]
) -> Figures | None:
    """The figures of values x at z, with ``columns`` and ``truths`` as ``figures_program`` takes them.

    None if a point is odd.
    """
    sizes = 2 * PLACES, BINS_AT_ONCE + 1, 3 * CELLS + 1
    places, bins, cells = (np.zeros(size, np.int64) for size in sizes)
    largest, totals = np.zeros(PLACES), np.zeros((2, 1), np.uint64)
    sums, doubtful = [], []
    for start in range(0, len(z), PART):
        part = slice(start, start + PART)
        sums.append(np.zeros(PLACES))
        tables = places, sums[-1], largest, bins, cells, *totals
        is_odd, is_doubtful, *_ = loop.reduce(tables, *(one[part] for one in (z, *columns, *truths)))
        if is_odd.any():
            return None
        doubtful.append(start + np.flatnonzero(is_doubtful))
    some = np.concatenate(doubtful)
    _, least, most, _ = columns
    high, low = totals.view(np.int64).ravel().tolist()
    return Figures(
        (high << 32) + low,
        Histogram.of_counts(bins[:-1]) + Histogram.of(*(one[some] for one in (least, most, z, x))),
        of_tables(places, sums, largest),
        Counts.of_counts(cells[:-1]),
    )
