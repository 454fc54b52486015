"""Tallies of values held against the right ones: parts of a run add up to the whole."""

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
"""Classes of errors in ulps: 0 is for the correctly rounded, each other for what is in none before it."""


def bucket_key(bucket: str) -> str:
    """The name of what is counted for one of BUCKETS."""
    return f"ulp_{bucket}"


class Point(NamedTuple):
    """A point with its error in ulps."""

    z: float
    got: float
    right: float
    ulps: float
    """Infinite where one is not finite and the other is."""


class Spot(NamedTuple):
    """A column of a picture."""

    column: int
    """From 0 on, either way: linear up to 1, logarithmic to 10**DECADES, which is at COLUMNS, and beyond."""
    ulps: float
    """The largest error that is finite."""
    kinds: int
    """Which of ``failures.PICTURED`` there are, as bits."""


DECADES = 3
COLUMNS = 400
FAR = 2
"""Columns for each further power of ten."""


CELLS, CELLS_END = 256, 8.0
"""As many stretches of z, all of one length, lie between this number and its negative."""


def cells_of(z: Array, correct: Array, faithful: Array) -> Counts:
    """The points in each of CELLS, as a tally has them."""
    inside = abs(z) < CELLS_END
    cells = to_integers((z[inside] + CELLS_END) * (CELLS / (2 * CELLS_END)), np.intp)
    wrong = 2 - correct.view(np.int8) - faithful.view(np.int8)  # what is right is faithful, too
    return Counts.of(3 * cells + wrong[inside])


def cells_of_right(z: Array) -> Counts:
    """``cells_of`` where all values at ascending z are right."""
    ends = np.clip(np.floor((z[[0, -1]] + CELLS_END) * (CELLS / (2 * CELLS_END))), -1, CELLS)
    if ends[0] != ends[1]:
        return cells_of(z, *np.ones((2, len(z)), bool))
    cell = int(ends[0])
    return Counts((np.array([3 * cell]), np.array([len(z)]))) if 0 <= cell < CELLS else NOTHING


def cell_of(z: Expr, correct: Expr, faithful: Expr) -> Expr:
    """The number for a point that ``cells_of`` counts, as part of a program; the next one for none."""
    cell = to_word((select(abs(z) < CELLS_END, z, 0.0) + CELLS_END) * (CELLS / (2 * CELLS_END)))
    wrong = select(correct, word(0), select(faithful, word(1), word(2)))
    return select(abs(z) < CELLS_END, cell * 3 + wrong, word(3 * CELLS))


def columns_of(z: Array) -> Array:
    """The columns of a picture in which z lie."""
    size = abs(z)
    with np.errstate(divide="ignore"):
        along = np.where(size <= 1, size, 1 + np.log10(size)) * (COLUMNS / (1 + DECADES))
        far = COLUMNS + (np.log10(size) - DECADES) * FAR
    along = np.where(along < COLUMNS, along, far)
    return to_integers(np.floor(np.copysign(along, z)), np.int64)


def merge_spots(parts: Iterable[Spot]) -> tuple[Spot, ...]:
    """Columns of several parts as those of the whole."""
    found: dict[int, Spot] = {}
    for seen in parts:
        column, ulps, kinds = found.get(seen.column, Spot(seen.column, 0.0, 0))
        found[column] = Spot(column, max(ulps, seen.ulps), kinds | seen.kinds)
    return tuple(found[column] for column in sorted(found))


@dataclass(frozen=True)
class Tally:
    """Counts, exact sums and extremes of one block of points, or of neighbouring blocks added up.

    Blocks are added in their order, and it does not matter which are added first.
    """

    dtype: str
    """The format of z."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """By what is counted; points whose right value is not settled are in no other figure."""
    error_sum: int = 0
    """Of signed errors, in 2**-64 ulp."""
    largest: Point | None = None
    """Among all that are finite."""
    largest_normal: Point | None = None
    """Among right values that are normal numbers."""
    largest_near: Point | None = None
    """At z from -10 to 10."""
    largest_at_zero: float = 0.0
    first: Mapping[str, float] = field(default_factory=dict)
    """The first z of each kind of failure."""
    failing: Mapping[str, Point] = field(default_factory=dict)
    """The worst point of each of ``failures.REASONS`` for which points fail."""
    worst: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)
    """The worst points for each reason, and those that pass for none: as many as were asked for, ``most``."""
    most: int = 0
    ends: tuple[Point, Point] | None = None
    """The first and the last point, which tell whether values ascend from block to block."""
    way: int = 0
    """1 where values at ascending z are to ascend, -1 where they are to descend, 0 where they need not."""
    turns: bool = False
    """Whether values somewhere go the other way."""
    ascending: bool = True
    """Whether z ascends. Then of a tie the smaller bit pattern of z is named, and of failures the z nearest
    to 0; else what comes first."""
    dtype_returned: str = ""
    rounded: float | None = None
    """The largest error of failing points with parameters rounded to the format."""
    profile: tuple["Spot", ...] = ()
    """For a picture, if one is drawn."""
    histogram: Histogram = field(default_factory=lambda: NO_ERRORS)
    decades: Decades = field(default_factory=lambda: NO_DECADES)
    within_atol: Point | None = None
    """The point farthest from the right value, in numbers, of those that pass by ``atol`` alone."""
    rtol: float = 0.0
    """A relative tolerance by which all would pass; infinite if none is."""
    cells: Counts = field(default_factory=lambda: NOTHING)
    """The points of each of CELLS of z, three numbers to each: that are right, faithful, and neither."""
    limits: tuple[str, ...] = ()
    """The wrong values at infinities and NaN; found in the block that holds 0, as are kinks."""
    kink: str | None = None
    raised: str = ""
    missing: str = ""
    out_dtype: str = ""
    """The format of values, if it is another than that of z."""

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
        """With the exact errors of the points that are named, instead of ones that are good to some digits.

        ``error`` is that of a value at z.
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
        """The worst points, as many as were asked for: some for each reason, then those that pass."""
        ranks = [
            (reason == "", i, point)
            for reason, points in self.worst.items()
            for i, point in enumerate(points)
        ]
        ranks.sort(key=lambda ranked: (*ranked[:2], *self._order(ranked[2])))
        return tuple(sorted((point for *_, point in ranks[: self.most]), key=self._order))

    @property
    def even_shares(self) -> tuple[float, float] | None:
        """The shares of right and of faithful values with all CELLS that have points counting alike."""
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
    """The z nearest to 0; of two the positive one."""
    return min(zs, key=lambda z: (abs(z), z < 0))


_format = cache(number_format)


def out_of_range(f: Activation, x: Array, rounding: Rounding) -> Array:
    """Where values of g are beyond its range, the ends of which are rounded."""
    low, high = (
        end if isinstance(end, float) else rounding.round_exact(Fraction(end)) for end in f.range[:2]
    )
    return (x < low) | (x > high)


def way_of(f: Activation) -> int:
    """1 if g does not fall anywhere, -1 if it does not rise, else 0."""
    if f.monotone in (Monotone.INCREASING, Monotone.NONDECREASING):
        return 1
    return -1 if f.monotone in (Monotone.DECREASING, Monotone.NONINCREASING) else 0
