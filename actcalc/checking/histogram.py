"""Quantiles of any number of errors in little memory, right to the three digits shown."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from actcalc.arithmetic.program import Expr, bits, maximum, minimum, rint, select, take, to_word, word
from actcalc.checking.counts import NOTHING, Counts
from actcalc.checking.decades import decade_of
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import FLOAT64

Exceeds = Callable[[float, float, Fraction, bool], bool]
"""Whether the exact error of x at z exceeds a number or, if asked, equals it: ``Measure.exceeds``."""

SHARES = (0.5, 0.95, 0.99)
"""The shares of the quantiles that reports have."""
_MOST_KEPT = 1 << 15

_LEAST_POWER, _MOST_POWER = -9, 200
_FIRST, _A_DECADE = 100, 900
"""The numbers of three digits are _A_DECADE numbers from _FIRST on, times powers of ten."""
_BINS = 1 + _A_DECADE * (_MOST_POWER - _LEAST_POWER + 1)

_STEPS = 10
"""Bits of the significand that select a slot: 1024 per binade, so that none holds two edges."""
_SHIFT = 52 - _STEPS
BINS_AT_ONCE = 1 + _A_DECADE * 22
_LOWEST, _HIGHEST = (int(np.float64(2.0**power).view(np.int64)) >> _SHIFT for power in (-30, 34))


def _number(place: int) -> Fraction:
    """The number of three digits to which the values of a bin are rounded."""
    if place == 0:
        return Fraction(0)
    decade, digits = divmod(place - 1, _A_DECADE)
    return (_FIRST + digits) * Fraction(10) ** (_LEAST_POWER + decade - 2)


def _edge_text(place: int) -> str:
    """The midpoint between the number of a bin and the next, with the digits of a number below 10**k."""
    if place == 0:  # numbers below 1e-9, to three digits, count as 0
        return "9.995e-10"
    decade, digits = divmod(place - 1, _A_DECADE)
    return f"{_FIRST + digits}.5e{_LEAST_POWER + decade - 2}"


def _edge(place: int) -> Fraction:
    return Fraction(_edge_text(place))


@cache
def _edges() -> Array:
    """The edges of all bins as the nearest float64."""
    return np.array([float(_edge_text(place)) for place in range(_BINS)])


@cache
def _slots() -> tuple[Array, Array, Array]:
    """For each slot, and for all below, the bin of its first float and the edge in it; then the edges."""
    starts = (np.arange(_LOWEST, _HIGHEST + 1) << _SHIFT).view(np.float64)
    edges = np.array([float(_edge_text(place)) for place in range(BINS_AT_ONCE)])
    bins = np.searchsorted(edges, starts, side="left")
    return np.concatenate([[0], bins]), np.concatenate([[np.inf], edges[bins]]), edges


def _bins(values: Array) -> tuple[Array, Array]:
    """The bins of values, and the edges after them; a value equal to the float64 of an edge is below it."""
    slots = np.maximum((values.view(np.int64) >> _SHIFT) - (_LOWEST - 1), 0)
    if slots.max(initial=0) > _HIGHEST - _LOWEST:
        bins = np.searchsorted(_edges(), values, side="left")
        return bins, _edges().take(bins)
    first, inside, edges = _slots()
    bins = first.take(slots)
    bins += values > inside.take(slots)
    return bins, edges.take(bins)


def bin_of(least: Expr, most: Expr) -> tuple[Expr, Expr]:
    """The bin of a number between two bounds, as part of a program, and whether it is in doubt.

    Bins are below BINS_AT_ONCE. Numbers are scaled to three digits before the point, or once they reach 1000
    to two and a tenth.
    """
    octave = minimum(maximum(bits(least) >> 52, _FIRST_OCTAVE), _FIRST_OCTAVE + _OCTAVES - 1) - _FIRST_OCTAVE
    scale = take(_scales(), octave)
    low, high = least * scale, most * scale
    is_more = low >= 1000.0
    low, high = (select(is_more, x * 0.1, x) for x in (low, high))
    digits = rint(low)
    is_known = (digits - low < _SURE) & (high - digits < _SURE) & (least > 9.999e-10) & (least < 2.0**34)
    number = to_word(select(is_known, digits, 0.0)) + select(is_more, word(_A_DECADE), word(0))
    is_nothing = most < 9.99e-10
    # The first octave begins in the decade before that of the first bin.
    found = decade_of(octave, 1_020_000) * _A_DECADE + number - (_A_DECADE + _FIRST - 1)
    return select(is_nothing, word(0), found), ~(is_known | is_nothing)


_FIRST_OCTAVE, _OCTAVES = FLOAT64.bias - 30, 65
_SURE = 0.5 - 2.0**-30
"""A scaled number this near to an integer rounds to it, whatever the error of scaling."""


@cache
def _scales() -> Array:
    """For each octave, the power of ten that leaves three digits before the point where it begins."""
    decades = (math.floor(math.log10(2.0 ** (k - 30))) for k in range(_OCTAVES))
    return np.array([float(Fraction(10) ** (2 - decade)) for decade in decades])


class Histogram:
    """Counts of numbers from 0 to 1e200 by their values rounded to three digits, ties to even.

    The bounds of a number may lie on both sides of an edge. Such numbers are kept, and decided exactly only
    if a quantile depends on them. If they are too many, only those near the present quantiles are kept:
    beyond some millions of numbers a quantile next to an edge may be off in its last digit.
    """

    def __init__(self, counts: Counts, first: Counts, last: Counts, kept: "_Doubtful") -> None:
        self._counts = counts
        self._first, self._last = first, last
        """Counts of doubtful numbers by the first and by the last bin that they may be in."""
        self._kept = kept

    @classmethod
    def of(cls, least: Array, most: Array, z: Array, x: Array) -> "Histogram":
        """The histogram of the errors of x at z, which lie between two float64, or equal both."""
        bins, edges = _bins(least)
        on_edge = (least == most) & (least == edges)
        for value, bin_ in {*zip(least[on_edge].tolist(), bins[on_edge].tolist(), strict=True)}:
            bins[on_edge & (least == value)] = _decide(bin_, bin_ + 1, partial(_exceeds, Fraction(value)))
        places = np.flatnonzero((most >= edges) & ~on_edge)
        if len(places) == 0:
            return cls(Counts.of(bins), *NO_ERRORS._doubts)
        last = np.clip(_bins(most[places])[0], bins[places] + 1, _BINS - 1)
        kept = _Doubtful(bins[places], last, z[places], x[places])
        return cls(Counts.of(np.delete(bins, places)), Counts.of(kept.first), Counts.of(last), kept)

    @classmethod
    def of_counts(cls, counts: Array) -> "Histogram":
        """The histogram with these counts in the first bins."""
        return cls(Counts.of_counts(counts), *NO_ERRORS._doubts)

    @classmethod
    def of_zeros(cls, count: int) -> "Histogram":
        """The histogram of ``count`` numbers that count as 0."""
        return (
            cls(Counts((np.zeros(1, np.int64), np.array([count]))), *NO_ERRORS._doubts)
            if count
            else NO_ERRORS
        )

    @property
    def _doubts(self) -> tuple[Counts, Counts, "_Doubtful"]:
        return self._first, self._last, self._kept

    def __add__(self, other: "Histogram") -> "Histogram":
        counts, first, last = (
            self._counts + other._counts,
            self._first + other._first,
            self._last + other._last,
        )
        kept = self._kept
        if len(other._kept.first):
            kept = _Doubtful(*map(np.concatenate, zip(kept, other._kept, strict=True)))
        if len(kept.first) > _MOST_KEPT:
            below = np.cumsum((counts + first).dense(_BINS))
            ranks = below[kept.first] / below[-1]
            distances = np.min([abs(ranks - share) for share in SHARES], axis=0)
            nearest = np.argsort(distances, kind="stable")[: _MOST_KEPT // 2]
            kept = _Doubtful(*(column[nearest] for column in kept))
        return Histogram(counts, first, last, kept)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and self.as_record() == other.as_record()

    __hash__ = None  # type: ignore[assignment]

    RECORD = tuple[Counts, Counts, Counts, tuple[tuple[int, int, float, float], ...]]
    """The contents, as JSON has them."""

    def as_record(self) -> list[Any]:
        """The histogram as a RECORD."""
        kept = zip(*(column.tolist() for column in self._kept), strict=True)
        counts = [some.as_record() for some in (self._counts, self._first, self._last)]
        return [*counts, [[first, last, z.hex(), x.hex()] for first, last, z, x in kept]]

    @classmethod
    def from_record(cls, record: Any) -> "Histogram":
        """The histogram of a RECORD. Raises IndexError for a bad one."""
        counts, first, last, kept = record
        for some in (counts, first, last):
            some.dense(_BINS)  # fails for numbers beyond the bins
        columns = zip(*kept, strict=True) if kept else ((), (), (), ())
        kinds = (np.int64, np.int64, np.float64, np.float64)
        held = _Doubtful(*(np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)))
        return cls(counts, first, last, held)

    def quantiles(self, shares: Sequence[float], exceeds: Exceeds) -> list[float | None]:
        """For each share the least number that at least so many do not exceed, to three digits.

        None if there are no numbers.
        """
        occurring = self._counts, self._first, self._last
        end = max(some.end for some in occurring)
        if not end:
            return [None] * len(shares)
        counts, first, last = (some.dense(end) for some in occurring)
        surely = np.cumsum(counts + last)
        perhaps = np.cumsum(counts + first) if self._first or self._last else surely
        return [self._quantile(share, surely, perhaps, exceeds) for share in shares]

    def _quantile(self, share: float, surely: Array, perhaps: Array, exceeds: Exceeds) -> float:
        """A quantile, given how many numbers are surely, and how many perhaps, in each bin or below."""
        rank = max(1, math.ceil(Fraction(str(share)) * int(surely[-1])))
        least, most = (int(np.searchsorted(below, rank)) for below in (perhaps, surely))
        if least == most:
            return float(_number(most))
        kept = self._kept
        open_ = np.flatnonzero((kept.first < most) & (kept.last > least))
        decided = np.array(
            [
                _decide(low, high, partial(exceeds, z, x))
                for low, high, z, x in zip(*(column[open_].tolist() for column in kept), strict=True)
            ]
        )
        for place in range(least, most):
            below = np.count_nonzero((decided <= place) & (place < kept.last[open_]))
            if surely[place] + below >= rank:
                return float(_number(place))
        return float(_number(most))


class _Doubtful(NamedTuple):
    """Numbers that may be in one of several bins, from the first to the last, as the errors of x at z."""

    first: Array
    last: Array
    z: Array
    x: Array


NO_ERRORS = Histogram(NOTHING, NOTHING, NOTHING, _Doubtful(*np.zeros((2, 0), np.int64), *np.zeros((2, 0))))


def _exceeds(exact: Fraction, bound: Fraction, or_equals: bool) -> bool:
    return exact > bound or (or_equals and exact == bound)


def _decide(low: int, high: int, exceeds: Callable[[Fraction, bool], bool]) -> int:
    """The bin, from ``low`` to ``high``, of a number that ``exceeds`` compares with their edges."""
    high = min(high, _BINS - 1)
    while low < high:
        middle = (low + high) // 2
        goes_up = middle % 2 == 0  # a tie goes to the even one
        low, high = (middle + 1, high) if exceeds(_edge(middle), goes_up) else (low, middle)
    return low
