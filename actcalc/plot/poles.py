"""Poles, at which a curve goes on to infinity: where they are, and how much of the curve to show."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

_HIGH = 8
"""So many times the median are values next to a pole, or more."""
_ROUNDS, _POINTS, _GROWTH = 6, 17, 100
"""How often a place is looked at more closely, at how many points, and how much values must grow by that."""
_MARGIN = 1 / 40
"""The part of the range to either side of a pole that does not count for the values to be shown."""


def find_poles(
    values: Callable[[Sequence[float]], Sequence[float]], zs: Sequence[float], ys: Sequence[float]
) -> list[float]:
    """The poles, from left to right, next to which ``ys``, the values at ``zs``, are seen to be high.

    A height that stays as it is the more closely one looks is a peak, and none of them.
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
    """The place where values come to be as great as ``enough``, if they do."""
    for _ in range(_ROUNDS):
        zs = [low + (high - low) * i / (_POINTS - 1) for i in range(_POINTS)]
        sizes = [math.inf if math.isinf(y) else abs(y) if y == y else -1.0 for y in values(zs)]
        best = sizes.index(max(sizes))
        if sizes[best] >= enough:
            return zs[best]
        low, high = zs[max(best - 1, 0)], zs[min(best + 1, _POINTS - 1)]
    return None


def values_between(
    zs: Sequence[float], ys: Sequence[float], poles: Sequence[float]
) -> tuple[float, float] | None:
    """The least and the greatest value away from the poles; None if all can be shown as well."""
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
