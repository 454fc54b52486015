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
    is_finite,
    select,
    truth,
    variable,
    word,
)
from actcalc.arithmetic.rounding_test import Reference, Target
from actcalc.arithmetic.taylor import NEAR
from actcalc.checking.counts import Counts
from actcalc.checking.decades import PLACES, Decades, of_tables, place_of
from actcalc.checking.failures import BEYOND
from actcalc.checking.histogram import BINS_AT_ONCE, Histogram, bin_of
from actcalc.checking.ordinary import Bounds, errors_at
from actcalc.checking.sums import LEAST_ULPS, SAFE, SHIFTS, WORD, words_of
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


_KINDS = 6
"""Kinds of points in a decade: wrong, then correct ones, below, at and above a right value that is normal."""
_SIDES = np.array([-1, 0, 1, -1, 0, 1])


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
        right, value, tail, error, certain = Reference(fmt)(number)
        found = errors_at([z, x, right, value, tail, error], self.bounds)
        ulps, exceeded, correct = found.ulps, found.exceeded, found.correct
        is_open = found.is_open | ~certain | equal(z, 0.0)
        is_rough = (abs(z) <= NEAR) & ~(error <= abs(value) * MOST_KNOWN) & truth(not self.is_last)
        is_open = is_open | is_rough
        # Whatever else is reported than errors, and errors that take more words
        is_open = is_open | (equal(x, 0.0) ^ equal(right, 0.0)) | ~equal((bits(x) ^ bits(right)) >> 63, 0)
        is_open = is_open | ~(ulps < SAFE) | ((ulps < LEAST_ULPS) & ~equal(ulps, 0.0))
        ratio = select(correct, 0.0, abs(x - right) / abs(right))
        is_open = is_open | ~is_finite(ratio)
        normal = abs(right) >= fmt.smallest_normal

        def of_point(x: Expr, other: int = 0) -> Expr:
            return select(is_open, word(other), x)

        def one_where(condition: Expr) -> Expr:
            return select(condition & ~is_open, word(1), word(0))

        bin_, is_doubtful = bin_of(found.least, found.most)
        side = select(found.side > 0.0, word(2), select(found.side < 0.0, word(0), word(1)))
        kind = select(normal, side, word(1)) + select(correct, word(3), word(0))
        state = select(is_rough, word(ROUGH), word(OPEN))
        state = select(is_open, state, select(is_doubtful, word(DOUBTFUL), word(0)))
        is_beyond = ~correct if self.limit < 0 else exceeded > self.limit
        return (
            *(right, select(is_open, 0.0, ulps), found.least, found.most, is_beyond & ~is_open, state),
            of_point(place_of(z) * _KINDS + kind, PLACES * _KINDS),
            *words_of(select(is_open, 0.0, ulps)),
            select(is_open | is_doubtful, word(BINS_AT_ONCE), bin_),
            of_point(cell_of(z, correct, found.faithful), 3 * CELLS),
            of_point(bits(ratio)),
            *(one_where(where) for where in (found.faithful, normal)),
            *(one_where(~correct & equal(exceeded, k)) for k in range(len(self.bounds.not_below) + 1)),
        )

    @property
    def kept(self) -> int:
        """The number of columns of ``Counted``."""
        return _KEPT

    @property
    def reductions(self) -> tuple[Reduction, ...]:
        """How results are added up."""
        place, *words, bins, cells, ratio, first = range(_KEPT, _KEPT + 8)
        sums = range(first, first + 3 + len(self.bounds.not_below))
        return (
            Reduction("count", place),
            *(Reduction("total", one, place) for one in words),
            *(Reduction("largest", 1, place), Reduction("count", bins), Reduction("count", cells)),
            *(Reduction("largest", ratio), *(Reduction("total", one) for one in sums)),
        )

    def tables(self) -> list[Array]:
        """Tables of zeros for the reductions."""
        sizes = PLACES * _KINDS + 1, BINS_AT_ONCE + 1, 3 * CELLS + 1
        places, bins, cells = (np.zeros(size, np.int64) for size in sizes)
        words = [np.zeros(len(places), np.uint64) for _ in SHIFTS]
        numbers = [np.zeros(1, np.uint64) for _ in range(4 + len(self.bounds.not_below))]
        return [places, *words, np.zeros(len(places)), bins, cells, *numbers]

    def figures(self, tables: Sequence[Array]) -> Figures:
        """The figures that tables hold."""
        places, *words, largest, bins, cells = tables[: 4 + len(SHIFTS)]
        ratio, faithful, normal, *wrong = (int(one[0]) for one in tables[4 + len(SHIFTS) :])
        by_kind, *sums, largest = (one[:-1].reshape(PLACES, _KINDS) for one in (places, *words, largest))
        signed = [int((one.view(np.int64) @ _SIDES).sum()) for one in sums[:2]]
        by_result = by_kind.reshape(PLACES, 2, 3).sum(axis=2)
        points = int(by_result.sum())
        beyond = sum(wrong[self.limit + 1 :])
        return Figures(
            {
                "points": points,
                "correctly_rounded": points - sum(wrong),
                "faithful": faithful,
                "normal": normal,
                "inaccurate": sum(wrong[self.bounds.not_below.index(1.0) + 1 :]),
                BEYOND: beyond,
                "failed": beyond,
            },
            wrong,
            (signed[0] << WORD) + signed[1],
            Histogram.of_counts(bins[:-1]),
            of_tables(by_result, [one.sum(axis=1) for one in sums], largest.max(axis=1)),
            Counts.of_counts(cells[:-1]),
            rtol=float(np.uint64(ratio).view(np.float64)) * (1 + 2.0**-50),
        )


class Counted(NamedTuple):
    """The columns of a counted block."""

    right: Array
    ulps: Array
    least: Array
    """A lower bound of the exact error; ``most`` is an upper one."""
    most: Array
    is_beyond: Array
    """Where an error is too large to pass."""
    state: Array
    """DOUBTFUL, OPEN or ROUGH; 0 where everything is known."""


DOUBTFUL, OPEN, ROUGH = 1, 2, 3
"""The error is at an edge of the histogram; the point is open; it is, but a polynomial may know its value."""
_KEPT = len(Counted._fields)
