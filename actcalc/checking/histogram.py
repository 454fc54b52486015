"""Quantiles of any number of errors in constant memory, right to the three digits that are shown."""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from actcalc.numbers.float_arrays import Array

Exceeds = Callable[[float, float, Fraction, bool], bool]
"""Whether the exact error of x at z exceeds a number, or, if asked for, equals it: ``Measure.exceeds``."""

SHARES = (0.5, 0.95, 0.99)
"""The quantiles that are asked for."""
_MOST_KEPT = 1 << 15

LEAST = Fraction(1, 10**9)
"""A number that is less, to three digits, counts as 0."""
_LEAST_POWER, _MOST_POWER = -9, 200
_FIRST, _A_DECADE = 100, 900
"""A number of three digits is one of _A_DECADE from _FIRST on, times a power of ten."""
_BINS = 1 + _A_DECADE * (_MOST_POWER - _LEAST_POWER + 1)

_STEPS = 10
"""Bits of the significand that tell a slot: 1024 to an octave, so that none holds two edges."""
_SHIFT = 52 - _STEPS
_LOWEST, _HIGHEST = (int(np.float64(2.0**power).view(np.int64)) >> _SHIFT for power in (-30, 34))


def _number(place: int) -> Fraction:
    """The number of three digits that the values of a bin are rounded to."""
    if place == 0:
        return Fraction(0)
    decade, digits = divmod(place - 1, _A_DECADE)
    return (_FIRST + digits) * Fraction(10) ** (_LEAST_POWER + decade - 2)


def _edge(place: int) -> Fraction:
    """Half-way between the numbers of a bin and of the next, with as many digits below a power of ten."""
    if place == 0:
        return LEAST * Fraction(9995, 10000)
    return _number(place) + Fraction(10) ** (_LEAST_POWER + (place - 1) // _A_DECADE - 2) / 2


@cache
def _edges() -> Array:
    """The edges of all bins as the nearest float64."""
    return np.array([float(_edge(place)) for place in range(_BINS)])


@cache
def _slots() -> tuple[Array, Array, Array]:
    """For each slot, and the room below all, the bin of its first float and the edge in it; and the edges."""
    starts = (np.arange(_LOWEST, _HIGHEST + 1) << _SHIFT).view(np.float64)
    edges = np.array([float(_edge(place)) for place in range(1 + _A_DECADE * 22)])
    bins = np.searchsorted(edges, starts, side="left")
    return np.concatenate([[0], bins]), np.concatenate([[np.inf], edges[bins]]), edges


def _bins(values: Array) -> tuple[Array, Array]:
    """The bins of values, and the edges after them; one that is on an edge, by its float64, is below it."""
    slots = np.maximum((values.view(np.int64) >> _SHIFT) - (_LOWEST - 1), 0)
    if slots.max(initial=0) > _HIGHEST - _LOWEST:
        bins = np.searchsorted(_edges(), values, side="left")
        return bins, _edges().take(bins)
    first, inside, edges = _slots()
    bins = first.take(slots)
    bins += values > inside.take(slots)
    return bins, edges.take(bins)


class Histogram:
    """Counts numbers from 0 to 1e200 by what they are when rounded to three digits, ties to even.

    What is known of a number may not tell on which side of an edge it is. Only if a quantile depends on such
    numbers are they decided exactly. For that they are kept, and once they are too many, those about the
    present quantiles: beyond some millions a quantile next to an edge may be off in its last digit.
    """

    def __init__(self, exceeds: Exceeds) -> None:
        self._exceeds = exceeds
        self._counts = np.zeros(_BINS, np.int64)
        self._from, self._upto = np.zeros((2, _BINS), np.int64)
        """Numbers that are in one of several bins: by the first and by the last of them."""
        self._kept = _Doubtful(*np.zeros((2, 0), np.int64), *np.zeros((2, 0)))

    def add(self, least: Array, most: Array, z: Array, x: Array) -> None:
        """Count the errors of x at z, which lie between two float64, or are both."""
        bins, edges = _bins(least)
        on_edge = (least == most) & (least == edges)
        for value, bin_ in {*zip(least[on_edge].tolist(), bins[on_edge].tolist(), strict=True)}:
            bins[on_edge & (least == value)] = _decide(bin_, bin_ + 1, partial(_exceeds, Fraction(value)))
        doubtful = np.flatnonzero((most >= edges) & ~on_edge)
        if len(doubtful):
            last = np.clip(_bins(most[doubtful])[0], bins[doubtful] + 1, _BINS - 1)
            self._keep(_Doubtful(bins[doubtful], last, z[doubtful], x[doubtful]))
            bins = np.delete(bins, doubtful)
        _count(self._counts, bins)

    def _keep(self, more: "_Doubtful") -> None:
        _count(self._from, more.first)
        _count(self._upto, more.last)
        self._kept = _Doubtful(*map(np.concatenate, zip(self._kept, more, strict=True)))
        if len(self._kept.first) > _MOST_KEPT:
            counts = np.cumsum(self._counts + self._from)
            ranks = counts[self._kept.first] / counts[-1]
            distances = np.min([abs(ranks - share) for share in SHARES], axis=0)
            nearest = np.argsort(distances, kind="stable")[: _MOST_KEPT // 2]
            self._kept = _Doubtful(*(column[nearest] for column in self._kept))

    def quantile(self, share: float) -> float | None:
        """The least number that at least this share of them does not exceed, rounded to three digits.

        None if there are no numbers.
        """
        surely, perhaps = (np.cumsum(self._counts + some) for some in (self._upto, self._from))
        if surely[-1] == 0:
            return None
        rank = max(1, math.ceil(Fraction(str(share)) * int(surely[-1])))
        first, last = (int(np.searchsorted(counts, rank)) for counts in (perhaps, surely))
        if first == last:
            return float(_number(last))
        kept = self._kept
        open_ = np.flatnonzero((kept.first < last) & (kept.last > first))
        decided = np.array(
            [
                _decide(low, high, partial(self._exceeds, z, x))
                for low, high, z, x in zip(*(column[open_].tolist() for column in kept), strict=True)
            ]
        )
        for place in range(first, last):
            below = np.count_nonzero((decided <= place) & (place < kept.last[open_]))
            if surely[place] + below >= rank:
                return float(_number(place))
        return float(_number(last))


class _Doubtful(NamedTuple):
    """Numbers that may be in one of several bins, from the first to the last, as the errors of x at z."""

    first: Array
    last: Array
    z: Array
    x: Array


def _count(counts: Array, bins: Array) -> None:
    more = np.bincount(bins)
    counts[: len(more)] += more


def _exceeds(exact: Fraction, bound: Fraction, or_equals: bool) -> bool:
    return exact > bound or (or_equals and exact == bound)


def _decide(low: int, high: int, exceeds: Callable[[Fraction, bool], bool]) -> int:
    """The bin from ``low`` to ``high`` of a number, which ``exceeds`` compares with their edges."""
    high = min(high, _BINS - 1)
    while low < high:
        middle = (low + high) // 2
        goes_up = middle % 2 == 0  # a tie goes to the even one
        low, high = (middle + 1, high) if exceeds(_edge(middle), goes_up) else (low, middle)
    return low
