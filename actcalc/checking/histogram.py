"""Quantiles of any number of errors in constant memory, right to the three digits that are shown."""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Exceeds = Callable[[int, Fraction, bool], bool]
"""Whether the exact error at a place exceeds a number, or, if asked for, equals it."""

LEAST = Fraction(1, 10**9)
"""What is less, to three digits, counts as 0."""
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
def _slots() -> tuple[Array, Array]:
    """For each slot, and the room below and above all, the bin of its first float and the edge in it."""
    starts = (np.arange(_LOWEST, _HIGHEST + 1) << _SHIFT).view(np.float64)
    edges = np.array([float(_edge(place)) for place in range(1 + _A_DECADE * 22)])
    bins = np.searchsorted(edges, starts, side="left")
    return np.concatenate([[0], bins]), np.concatenate([[np.inf], edges[bins]])


def _bins(values: Array) -> tuple[Array, Array]:
    """The bins of values, and where they are next to an edge, which is no float64."""
    slots = np.clip((values.view(np.int64) >> _SHIFT) - _LOWEST + 1, 0, _HIGHEST - _LOWEST + 1)
    first, edges = _slots()
    edge = edges.take(slots)
    bins = first.take(slots) + (values > edge)
    on_edge = values == edge
    large = np.flatnonzero(slots == _HIGHEST - _LOWEST + 1)
    if len(large):
        bins[large] = np.searchsorted(_edges(), values[large], side="left")
        on_edge[large] = _edges().take(np.minimum(bins[large], _BINS - 1)) == values[large]
    return bins, on_edge


class Histogram:
    """Counts numbers from 0 to 1e200 by what they are when rounded to three digits, ties to even."""

    def __init__(self) -> None:
        self._counts = np.zeros(_BINS, np.int64)

    def add(self, least: Array, most: Array, exceeds: Exceeds) -> None:
        """Count numbers that lie between two float64, or are both; ``exceeds`` decides where it must."""
        bins, low_on_edge = _bins(least)
        others, on_edge = _bins(most)
        doubtful = np.flatnonzero((bins != others) | low_on_edge | on_edge)
        if len(doubtful):
            known: dict[float, int] = {}
            for i in doubtful.tolist():
                low, high = float(least[i]), float(most[i])
                if low < high:
                    bins[i] = _decided(int(bins[i]), int(others[i]) + 1, partial(exceeds, i))
                    continue
                if low not in known:
                    known[low] = _decided(int(bins[i]), int(bins[i]) + 1, partial(_exceeds, Fraction(low)))
                bins[i] = known[low]
        counts = np.bincount(bins)
        self._counts[: len(counts)] += counts

    def quantile(self, share: float) -> float | None:
        """The least number that at least this share of them does not exceed, rounded to three digits.

        None if there are no numbers.
        """
        total = int(self._counts.sum())
        if total == 0:
            return None
        rank = max(1, math.ceil(Fraction(str(share)) * total))
        return float(_number(int(np.searchsorted(np.cumsum(self._counts), rank))))


def _exceeds(exact: Fraction, bound: Fraction, or_equals: bool) -> bool:
    return exact > bound or (or_equals and exact == bound)


def _decided(low: int, high: int, exceeds: Callable[[Fraction, bool], bool]) -> int:
    """The bin from ``low`` to ``high`` of a number, which ``exceeds`` compares with their edges."""
    high = min(high, _BINS - 1)
    while low < high:
        middle = (low + high) // 2
        # A tie goes to the even one.
        goes_up = bool((middle - 1) % 2) if middle else True
        low, high = (middle + 1, high) if exceeds(_edge(middle), goes_up) else (low, middle)
    return low
