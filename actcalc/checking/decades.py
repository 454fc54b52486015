"""Errors by the size and sign of z."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from actcalc.numbers.float_arrays import Array

PART = 1 << 14
"""Errors of which sums are rounded together: so they are the same however many come at a time."""

_LOWEST, _HIGHEST = -324, 308
"""The decades of float64: its smallest subnormal lies between 1e-324 and 1e-323."""
_EDGES = np.array([float(f"1e{k}") for k in range(_LOWEST + 1, _HIGHEST + 1)])
_ZERO = len(_EDGES) + 2
"""The place of 0; those of negative z come before it, and NaN is the last."""
_PLACES = 2 * _ZERO + 2
# For each exponent that a float64 may have: the decade at its lowest number, and where the next one begins.
_BINADES = (np.arange(2048, dtype=np.uint64) << 52).view(np.float64)
_NOT_FINITE = 2047
"""The exponent that infinities and NaN are stored with."""
_AT_BINADE = np.where(_BINADES == 0, 0, np.searchsorted(_EDGES, _BINADES, side="right") + 1)
_NEXT = np.array([*_EDGES, np.inf])[_AT_BINADE - 1]


@dataclass(frozen=True)
class Decade:
    """The errors at z from ``low`` to ``high``: a decade, or 0, an infinity or NaN, where the two are equal.

    They are texts, since the ends of the outermost decades are no floats. The end that is nearer to 0
    belongs to a decade, the other does not.
    """

    low: str
    high: str
    count: int
    correct: int
    """Points that are correctly rounded."""
    max_ulp: float | None
    """Of the finite errors; None if there are none. So is the mean."""
    mean_ulp: float | None


class Decades:
    """Counts, sums and maxima of errors for each decade of abs(z) and each sign, in constant memory."""

    def __init__(self) -> None:
        self._points = np.zeros(_PLACES, np.int64)
        self._correct = np.zeros(_PLACES, np.int64)
        self._finite = np.zeros(_PLACES, np.int64)
        self._sums = np.zeros(_PLACES)
        self._largest = np.zeros(_PLACES)

    def add(self, z: Array, errors: Array, correct: Array) -> None:
        """Count the errors, infinite ones only as points, and those that are correctly rounded."""
        places = _places(z)
        points = np.bincount(places, minlength=_PLACES)
        self._points += points
        self._correct += np.bincount(places[correct], minlength=_PLACES)
        finite = np.isfinite(errors)
        is_finite = finite.all()
        for start in range(0, len(z), PART):
            part = slice(start, start + PART)
            some = part if is_finite else np.flatnonzero(finite[part]) + start
            self._sums += np.bincount(places[some], errors[some], _PLACES)
        if not is_finite:
            places, errors = places[finite], errors[finite]
            points = np.bincount(places, minlength=_PLACES)
        self._finite += points
        larger = errors > self._largest[places]
        np.maximum.at(self._largest, places[larger], errors[larger])

    def mean(self) -> float | None:
        """The mean of all finite errors."""
        count = int(self._finite.sum())
        return math.fsum(self._sums) / count if count else None

    def ranges(self) -> Iterator[Decade]:
        """The decades that have points, in ascending order."""
        for place in np.flatnonzero(self._points).tolist():
            count = int(self._finite[place])
            yield Decade(
                *_ends(place),
                int(self._points[place]),
                int(self._correct[place]),
                float(self._largest[place]) if count else None,
                float(self._sums[place]) / count if count else None,
            )


def _places(z: Array) -> Array:
    size = abs(z)
    binade = size.view(np.int64) >> 52
    decade = _AT_BINADE.take(binade)
    decade += size >= _NEXT.take(binade)
    if not binade.all():
        subnormal = np.flatnonzero((binade == 0) & (z != 0))
        decade[subnormal] = np.searchsorted(_EDGES, size[subnormal], side="right") + 1
    places: Array = _ZERO + np.where(z < 0, -decade, decade)
    if binade.max(initial=0) == _NOT_FINITE:
        places[np.isnan(z)] = _PLACES - 1
    return places


def _ends(place: int) -> tuple[str, str]:
    if place in (_ZERO, _PLACES - 1):
        return ("0", "0") if place == _ZERO else ("nan", "nan")
    sign, size = ("-", _ZERO - place) if place < _ZERO else ("", place - _ZERO)
    if size == len(_EDGES) + 2:
        return f"{sign}inf", f"{sign}inf"
    inner, outer = (f"{sign}{_power(_LOWEST + size - 1 + k)}" for k in (0, 1))
    return (outer, inner) if sign else (inner, outer)


def _power(k: int) -> str:
    """10**k, as Python prints floats."""
    return repr(float(f"1e{k}")).removesuffix(".0") if -5 < k < 16 else f"1e{k:+03d}"
