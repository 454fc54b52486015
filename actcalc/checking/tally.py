"""Tallies of values compared with the right ones; those of parts add up to that of the whole."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from typing import NamedTuple

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Monotone
from actcalc.arithmetic.program import Expr, select, to_word, word
from actcalc.checking.counts import NOTHING, Counts
from actcalc.checking.decades import NO_DECADES, Decades
from actcalc.checking.histogram import NO_ERRORS, Histogram
from actcalc.checking.sums import ULP_BITS
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.integer_arrays import to_integers
from actcalc.numbers.roundings import Rounding, number_format

BUCKETS = ("0", "1", "2", "10", "100", "more")
"""Classes of errors by their upper limit in ulps; 0 is the class of correctly rounded values."""


def bucket_key(bucket: str) -> str:
    """The key of the count for one of BUCKETS."""
    return f"ulp_{bucket}"


class Point(NamedTuple):
    """A point with its error in ulps."""

    z: float
    got: float
    right: float
    ulps: float
    """Infinite if only one of them is finite."""


class Spot(NamedTuple):
    """A column of a picture."""

    column: int
    """Counted from 0 both ways: linear up to 1, logarithmic up to 10**DECADES, at COLUMNS, and beyond."""
    ulps: float
    """The largest error that is finite."""
    kinds: int
    """The kinds of ``failures.PICTURED`` that occur, as bits."""


DECADES = 3
COLUMNS = 400
FAR = 2
"""The number of columns for each further power of ten."""


CELLS, CELLS_END = 256, 8.0
"""The number of equal cells between -CELLS_END and CELLS_END, and that end."""


def cells_of(z: Array, correct: Array, faithful: Array) -> Counts:
    """The counts of right, faithful and other points in each of CELLS."""
    inside = abs(z) < CELLS_END
    cells = to_integers((z[inside] + CELLS_END) * (CELLS / (2 * CELLS_END)), np.intp)
    wrong = 2 - correct.view(np.int8) - faithful.view(np.int8)  # right values are faithful, too
    return Counts.of(3 * cells + wrong[inside])


def cells_of_right(z: Array) -> Counts:
    """``cells_of`` for ascending z at which all values are right."""
    ends = np.clip(np.floor((z[[0, -1]] + CELLS_END) * (CELLS / (2 * CELLS_END))), -1, CELLS)
    if ends[0] != ends[1]:
        return cells_of(z, *np.ones((2, len(z)), bool))
    cell = int(ends[0])
    return Counts((np.array([3 * cell]), np.array([len(z)]))) if 0 <= cell < CELLS else NOTHING


def cell_of(z: Expr, correct: Expr, faithful: Expr) -> Expr:
    """The number that ``cells_of`` counts for a point, as part of a program; 3 * CELLS if it counts none."""
    cell = to_word((select(abs(z) < CELLS_END, z, 0.0) + CELLS_END) * (CELLS / (2 * CELLS_END)))
    wrong = select(correct, word(0), select(faithful, word(1), word(2)))
    return select(abs(z) < CELLS_END, cell * 3 + wrong, word(3 * CELLS))


def columns_of(z: Array) -> Array:
    """The columns of a picture for each z."""
    size = abs(z)
    with np.errstate(divide="ignore"):
        along = np.where(size <= 1, size, 1 + np.log10(size)) * (COLUMNS / (1 + DECADES))
        far = COLUMNS + (np.log10(size) - DECADES) * FAR
    along = np.where(along < COLUMNS, along, far)
    return to_integers(np.floor(np.copysign(along, z)), np.int64)


def merge_spots(parts: Iterable[Spot]) -> tuple[Spot, ...]:
    """The columns of several parts, merged."""
    found: dict[int, Spot] = {}
    for seen in parts:
        column, ulps, kinds = found.get(seen.column, Spot(seen.column, 0.0, 0))
        found[column] = Spot(column, max(ulps, seen.ulps), kinds | seen.kinds)
    return tuple(found[column] for column in sorted(found))


@dataclass(frozen=True)
class Tally:
    """Counts, exact sums and extremes of a block of points, or of neighbouring blocks added up.

    Addition is associative, but blocks must stay in their order.
    """

    dtype: str
    """The format of z."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """The counts by name; no other figure includes points whose right value is not settled."""
    error_sum: int = 0
    """The sum of signed errors, in 2**-64 ulp."""
    largest: Point | None = None
    """The point with the largest finite error."""
    largest_normal: Point | None = None
    """The point with the largest error where a normal number is right."""
    largest_near: Point | None = None
    """The point with the largest error at z from -10 to 10."""
    largest_at_zero: float = 0.0
    first: Mapping[str, float] = field(default_factory=dict)
    """The first z of each kind of failure."""
    failing: Mapping[str, Point] = field(default_factory=dict)
    """The worst point of each of ``failures.REASONS`` for which points fail."""
    worst: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)
    """The ``most`` worst points for each reason, and under "" those of points that pass."""
    most: int = 0
    ends: tuple[Point, Point] | None = None
    """The first and the last point, which show whether values are monotone from block to block."""
    way: int = 0
    """1 if values should rise with z, -1 if they should fall, 0 if neither."""
    turns: bool = False
    """Whether values go the other way anywhere."""
    ascending: bool = True
    """Whether z ascends. If so, the smaller bit pattern of z wins a tie, and the first failure is the one
    nearest to 0; otherwise the point that comes first."""
    dtype_returned: str = ""
    rounded: float | None = None
    """The largest error of failing points with parameters rounded to the format."""
    profile: tuple["Spot", ...] = ()
    """The columns of a picture, if one is drawn."""
    histogram: Histogram = field(default_factory=lambda: NO_ERRORS)
    decades: Decades = field(default_factory=lambda: NO_DECADES)
    within_atol: Point | None = None
    """The point farthest from the right value among those that pass only by ``atol``."""
    rtol: float = 0.0
    """A relative tolerance by which all would pass; infinite if none would do."""
    cells: Counts = field(default_factory=lambda: NOTHING)
    """For each of CELLS the counts of right points, of other faithful ones, and of the rest."""
    limits: tuple[str, ...] = ()
    """The wrong values at infinities and NaN."""
    kink: str | None = None
    raised: str = ""
    missing: str = ""
    out_dtype: str = ""
    """The format of values; empty if it is that of z."""

    def __add__(self, other: "Tally") -> "Tally":
        ends, turns = self.ends or other.ends, self.turns or other.turns
        if self.ends and other.ends:
            ends = (self.ends[0], other.ends[1])
            last, next_ = self.ends[1], other.ends[0]
            along = 1 if self.ascending else (next_.z > last.z) - (next_.z < last.z)
            turns = turns or (next_.got - last.got) * self.way * along < 0
        first = {**other.first, **self.first}
        if self.ascending:
            first |= {
                name: nearest_to_zero([self.first[name], other.first[name]])
                for name in self.first.keys() & other.first.keys()
            }
        errors = [x for x in (self.rounded, other.rounded) if x is not None]
        return Tally(
            self.dtype,
            Counter(self.counts) + Counter(other.counts),
            self.error_sum + other.error_sum,
            self._worse(self.largest, other.largest),
            self._worse(self.largest_normal, other.largest_normal),
            self._worse(self.largest_near, other.largest_near),
            max(self.largest_at_zero, other.largest_at_zero),
            first,
            {
                reason: min(
                    (t.failing[reason] for t in (self, other) if reason in t.failing), key=self._order
                )
                for reason in {**self.failing, **other.failing}
            },
            {
                reason: self._worst(self.worst.get(reason, ()) + other.worst.get(reason, ()))
                for reason in {**self.worst, **other.worst}
            },
            self.most,
            ends,
            self.way,
            turns,
            self.ascending,
            (other if self.dtype_returned in ("", self.out_dtype or self.dtype) else self).dtype_returned,
            max(errors, default=None),
            merge_spots(self.profile + other.profile),
            self.histogram + other.histogram,
            self.decades + other.decades,
            self._farther(self.within_atol, other.within_atol),
            max(self.rtol, other.rtol),
            self.cells + other.cells,
            self.limits + other.limits,
            self.kink if other.kink is None else other.kink,
            self.raised or other.raised,
            self.missing or other.missing,
            self.out_dtype or other.out_dtype,
        )

    def _worse(self, one: Point | None, other: Point | None) -> Point | None:
        return min((p for p in (one, other) if p is not None), key=self._order, default=None)

    def _farther(self, one: Point | None, other: Point | None) -> Point | None:
        points = (p for p in (one, other) if p is not None)
        return min(points, key=lambda p: (-abs(p.got - p.right), self._order(p)[1]), default=None)

    def _worst(self, points: Iterable[Point]) -> tuple[Point, ...]:
        return tuple(sorted(points, key=self._order)[: self.most])

    def _order(self, point: Point) -> tuple[float, int]:
        return -point.ulps, _format(self.dtype).to_bits(point.z) if self.ascending else 0

    def exact(self, error: Callable[[float, float], float]) -> "Tally":
        """The tally with exact errors of its points, instead of ones good to some digits.

        ``error`` gives the exact error of a value at z.
        """

        @cache
        def exactly(point: Point) -> Point:
            is_exact = not 0 < point.ulps < math.inf
            return point if is_exact else point._replace(ulps=error(point.z, point.got))

        return replace(
            self,
            largest=self.largest and exactly(self.largest),
            largest_normal=self.largest_normal and exactly(self.largest_normal),
            largest_near=self.largest_near and exactly(self.largest_near),
            within_atol=self.within_atol and exactly(self.within_atol),
            failing={reason: exactly(point) for reason, point in self.failing.items()},
            worst={reason: self._worst(map(exactly, points)) for reason, points in self.worst.items()},
        )

    @property
    def listed(self) -> tuple[Point, ...]:
        """The ``most`` worst points: some for each reason, then passing ones."""
        ranks = [
            (reason == "", i, point)
            for reason, points in self.worst.items()
            for i, point in enumerate(points)
        ]
        ranks.sort(key=lambda ranked: (*ranked[:2], *self._order(ranked[2])))
        return tuple(sorted((point for *_, point in ranks[: self.most]), key=self._order))

    @property
    def even_shares(self) -> tuple[float, float] | None:
        """The shares of right and of faithful values, with equal weight for all CELLS that have points."""
        cells = self.cells.dense(3 * CELLS).reshape(CELLS, 3)
        cells = cells[cells.any(axis=1)]
        if not len(cells):
            return None
        right, faithful = (np.cumsum(cells, axis=1)[:, :2] / cells.sum(axis=1, keepdims=True)).mean(axis=0)
        return float(right), float(faithful)

    @property
    def bias_ulp(self) -> float | None:
        """The mean of signed errors where the right value is a normal number."""
        count = self.counts.get("normal", 0)
        return float(Fraction(self.error_sum, count << ULP_BITS)) if count else None


def nearest_to_zero(zs: Iterable[float]) -> float:
    """The z nearest to 0; if two are, the positive one."""
    return min(zs, key=lambda z: (abs(z), z < 0))


_format = cache(number_format)


def out_of_range(f: Activation, x: Array, rounding: Rounding) -> Array:
    """Where values of g are outside its range, whose ends are rounded."""
    low, high = (
        end if isinstance(end, float) else rounding.round_exact(Fraction(end)) for end in f.range[:2]
    )
    return (x < low) | (x > high)


def way_of(f: Activation) -> int:
    """1 if g never falls, -1 if it never rises, else 0."""
    if f.monotone in (Monotone.INCREASING, Monotone.NONDECREASING):
        return 1
    return -1 if f.monotone in (Monotone.DECREASING, Monotone.NONINCREASING) else 0
