"""Figures of many points: counts, sums and maxima of their errors, whatever their order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from actcalc.arithmetic.approximate import Number
from actcalc.arithmetic.ladder import MOST_KNOWN
from actcalc.arithmetic.program import (
    Expr,
    Reduction,
    bits,
    equal,
    select,
    truth,
    variable,
    word,
)
from actcalc.arithmetic.rounding_test import Enclosure, Target, round_to
from actcalc.arithmetic.taylor import NEAR
from actcalc.checking.counts import Counts
from actcalc.checking.decades import PLACES, Decades, of_tables, place_of
from actcalc.checking.failures import BEYOND
from actcalc.checking.histogram import BINS_AT_ONCE, Histogram, bin_of
from actcalc.checking.ordinary import Bounds, Enclosed, errors_at
from actcalc.checking.sums import LEAST_ULPS, MOST_SAFE, SHIFTS, WORD, words_of
from actcalc.checking.tally import CELLS, cell_of
from actcalc.numbers.float_arrays import Array


@dataclass(frozen=True)
class Figures:
    """Figures of the points of a block; the figures of its parts add up to them."""

    counts: Mapping[str, int]
    wrong: Sequence[int]
    """Points that are not correctly rounded, by how many bounds their errors exceed."""
    error_sum: int
    histogram: Histogram
    decades: Decades
    cells: Counts
    largest_at_zero: float = 0.0
    rtol: float = 0.0

    def __add__(self, other: "Figures") -> "Figures":
        kinds = {**self.counts, **other.counts}
        return Figures(
            {kind: self.counts.get(kind, 0) + other.counts.get(kind, 0) for kind in kinds},
            [a + b for a, b in zip(self.wrong, other.wrong, strict=True)],
            self.error_sum + other.error_sum,
            self.histogram + other.histogram,
            self.decades + other.decades,
            self.cells + other.cells,
            max(self.largest_at_zero, other.largest_at_zero),
            max(self.rtol, other.rtol),
        )


@dataclass(frozen=True)
class Counting(Target):
    """A target that measures values x, argument 1, against the number at z, argument 0, and adds up figures.

    Open points are left out of all figures, doubtful ones only of the histogram.
    """

    bounds: Bounds
    limit: int
    """The number of bounds that a passing error may exceed; if it is negative, only right values pass."""
    is_last: bool = False
    """Whether no other program may know values next to 0 better."""

    def __call__(self, number: Number) -> tuple[Expr, ...]:
        """The columns of ``Counted``, and then the results that are only added up."""
        fmt, z, x = self.bounds.fmt, variable(0), variable(1)
        value, tail, error = Enclosure()(number)
        right = round_to(value + 0.0, fmt) if fmt.is_narrow else value + tail + 0.0
        found = errors_at(z, x, right, Enclosed(value, tail, error, not number.rel), self.bounds)
        correct, ulps = found.correct, found.ulps
        is_rough = (abs(z) <= NEAR) & ~(error <= abs(value) * MOST_KNOWN) & truth(not self.is_last)
        is_open = found.is_open | ~found.is_settled | (abs(z) < fmt.smallest_normal) | is_rough
        # Whatever else is reported than errors, and errors that take more words, or that are infinite or NaN
        is_open = is_open | (equal(x, 0.0) ^ equal(right, 0.0)) | ~equal((bits(x) ^ bits(right)) >> 63, 0)
        is_open = is_open | ~(ulps < MOST_SAFE) | ((ulps < LEAST_ULPS) & ~equal(ulps, 0.0))
        ratio = select(correct, 0.0, abs(x - right) / abs(right))
        bin_, is_doubtful = bin_of(found.least, found.most)
        is_normal = abs(right) >= fmt.smallest_normal

        def of_point(x: Expr, other: int = 0) -> Expr:
            return select(is_open, word(other), x)

        def one_where(condition: Expr) -> Expr:
            return select(condition & ~is_open, word(1), word(0))

        ulps = select(is_open, 0.0, ulps)
        words = words_of(ulps)
        beyond = ~correct if self.limit < 0 else found.exceeds[self.limit]
        return (
            *(right, ulps, found.margin, beyond & ~is_open, is_open, is_doubtful, is_rough),
            *(one_where(where) for where in (found.faithful, is_normal)),
            *(one_where(~correct & where) for where in found.exceeds),
            select(is_open | is_doubtful, word(BINS_AT_ONCE), bin_),
            of_point(cell_of(z, correct, found.faithful), 3 * CELLS),
            *words,
            *(select(is_normal, select(found.is_below, -one, one), word(0)) for one in words[:2]),
            of_point(place_of(z) * 2 + select(correct, word(1), word(0)), PLACES * 2),
            of_point(bits(ratio)),
        )

    @property
    def kept(self) -> int:
        """The number of columns of ``Counted``."""
        return _KEPT

    @property
    def reductions(self) -> tuple[Reduction, ...]:
        """How results are added up."""
        *sums, bins, cells, high, low, rest, signed_high, signed_low, place, ratio = range(
            _KEPT, _KEPT + 11 + len(self.bounds.not_below)
        )
        return (
            Reduction("count", place),
            *(Reduction("total", one, place) for one in (high, low, rest)),
            *(Reduction("largest", 1, place), Reduction("count", bins), Reduction("count", cells)),
            *(Reduction("total", one) for one in (signed_high, signed_low, *sums)),
            Reduction("largest", ratio),
        )

    def tables(self) -> list[Array]:
        """Tables of zeros for the reductions."""
        sizes = PLACES * 2 + 1, BINS_AT_ONCE + 1, 3 * CELLS + 1
        places, bins, cells = (np.zeros(size, np.int64) for size in sizes)
        words = [np.zeros(len(places), np.uint64) for _ in SHIFTS]
        numbers = [np.zeros(1, np.uint64) for _ in range(5 + len(self.bounds.not_below))]
        return [places, *words, np.zeros(len(places)), bins, cells, *numbers]

    def figures(self, tables: Sequence[Array]) -> Figures:
        """The figures that tables hold."""
        places, *words, largest, bins, cells = tables[:7]
        *signed, faithful, normal, ratio = (one[0] for one in (*tables[7:11], tables[-1]))
        beyond = [int(one[0]) for one in tables[11:-1]]
        by_result, *sums, largest = (one[:-1].reshape(PLACES, 2) for one in (places, *words, largest))
        points, correct = int(by_result.sum()), int(by_result[:, 1].sum())
        failing = points - correct if self.limit < 0 else beyond[self.limit]
        high, low = (int(one.view(np.int64)) for one in signed)
        return Figures(
            {
                "points": points,
                "correctly_rounded": correct,
                "faithful": int(faithful),
                "normal": int(normal),
                "inaccurate": beyond[self.bounds.not_below.index(1.0)],
                BEYOND: failing,
                "failed": failing,
            },
            [a - b for a, b in zip([points - correct, *beyond], [*beyond, 0], strict=True)],
            (high << WORD) + low,
            Histogram.of_counts(bins[:-1]),
            of_tables(by_result, [one.sum(axis=1) for one in sums], largest.max(axis=1)),
            Counts.of_counts(cells[:-1]),
            rtol=float(ratio.view(np.float64)) * (1 + 2.0**-50),
        )


class Counted(NamedTuple):
    """The columns of a counted block."""

    right: Array
    ulps: Array
    margin: Array
    """The largest difference between these errors and the exact ones."""
    is_beyond: Array
    """Where an error is too large to pass."""
    is_open: Array
    is_doubtful: Array
    """Where the error is at an edge of the histogram."""
    is_rough: Array
    """Where points are open, but a polynomial may know their values."""


_KEPT = len(Counted._fields)
