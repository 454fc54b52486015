"""Poles, where a curve goes to infinity: their places, and the part of the curve to show."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

_HIGH = 8
"""Values next to a pole are at least this many times the median."""
_ROUNDS, _POINTS, _GROWTH = 6, 17, 100
"""The number of times that the surroundings are refined, the points each time, and the growth to expect."""
_MARGIN = 1 / 40
"""The fraction of the range on either side of a pole that does not count for the values to show."""


def find_poles(
    values: Callable[[Sequence[float]], Sequence[float]], zs: Sequence[float], ys: Sequence[float]
) -> list[float]:
    """The poles, from left to right, next to which ``ys``, the values at ``zs``, are high.

    A maximum whose height does not grow on closer inspection is a peak, not a pole.
    """
    sizes = [abs(y) if math.isfinite(y) else -1.0 for y in ys]
    finite = sorted(size for size in sizes if size >= 0)
    high = _HIGH * finite[len(finite) // 2] if finite else math.inf
    around = [-1.0, *sizes, -1.0]
    poles = []
    for i, size in enumerate(sizes):
        if size > high and size >= around[i] and size >= around[i + 2]:
            pole = _pole_between(values, zs[max(i - 1, 0)], zs[min(i + 1, len(zs) - 1)], size * _GROWTH)
            if pole is not None:
                poles.append(pole)
    return poles


def _pole_between(
    values: Callable[[Sequence[float]], Sequence[float]], low: float, high: float, enough: float
) -> float | None:
    """The place where values reach ``enough``; None if they do not."""
    for _ in range(_ROUNDS):
        zs = [low + (high - low) * i / (_POINTS - 1) for i in range(_POINTS)]
        sizes = [math.inf if math.isinf(y) else abs(y) if y == y else -1.0 for y in values(zs)]
        best = sizes.index(max(sizes))
        if sizes[best] >= enough:
            return zs[best]
        if sizes[best] == min(sizes):
            return None  # as high as that everywhere
        low, high = zs[max(best - 1, 0)], zs[min(best + 1, _POINTS - 1)]
    return None


def values_between(
    zs: Sequence[float], ys: Sequence[float], poles: Sequence[float]
) -> tuple[float, float] | None:
    """The least and the greatest value away from the poles; None if all values can be shown."""
    if not poles:
        return None
    gaps = [right - left for left, right in pairwise(poles) if right - left > _MARGIN * (zs[-1] - zs[0]) / 8]
    margin = min(_MARGIN * (zs[-1] - zs[0]), *(gap / 8 for gap in gaps), math.inf)
    finite = [(z, y) for z, y in zip(zs, ys, strict=True) if math.isfinite(y)]
    away = [y for z, y in finite if all(abs(z - pole) > margin for pole in poles)]
    if not away:
        return None
    every = [y for _, y in finite]
    return None if max(every) - min(every) < 3 * (max(away) - min(away)) else (min(away), max(away))
