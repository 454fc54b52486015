"""Errors by the size and sign of z."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from actcalc.arithmetic.program import Expr, bits, select, take, word
from actcalc.checking.sums import HUGE, SHIFTS, SUM_BITS, exact_sum, exactly, words_in
from actcalc.numbers.float_arrays import Array

_PART = 1 << 14
"""The number of words whose sum is exact in float64."""

_LOWEST, _HIGHEST = -324, 308
"""The decades of float64: its smallest subnormal lies between 1e-324 and 1e-323."""
_EDGES = np.array([float(f"1e{k}") for k in range(_LOWEST + 1, _HIGHEST + 1)])
_ZERO = len(_EDGES) + 2
"""The place of 0; those of negative z come before it, and NaN is the last."""
PLACES = 2 * _ZERO + 2
# For each exponent that a float64 may have: the decade at its lowest number, and where the next one begins.
_BINADES = (np.arange(2048, dtype=np.uint64) << 52).view(np.float64)
_NOT_FINITE = 2047
"""The stored exponent of infinities and NaN."""
_AT_BINADE = np.where(_BINADES == 0, 0, np.searchsorted(_EDGES, _BINADES, side="right") + 1)
_NEXT = np.array([*_EDGES, np.inf])[_AT_BINADE - 1]


@dataclass(frozen=True)
class Decade:
    """The errors at z from ``low`` to ``high``: a decade, or 0, an infinity or NaN, for which both are equal.

    The ends are texts, since those of the outermost decades are not floats. A decade includes the end nearer
    to 0 and excludes the other.
    """

    low: str
    high: str
    count: int
    correct: int
    """Points that are correctly rounded."""
    max_ulp: float | None
    """The largest finite error; None if there is none. Likewise the mean."""
    mean_ulp: float | None


class _Row(NamedTuple):
    """The errors in a decade."""

    points: int
    correct: int
    finite: int
    """Points that have an error."""
    sum: int
    """The sum of errors, in 2**-SUM_BITS ulp."""
    largest: float

    def plus(self, other: "_Row") -> "_Row":
        """The row of both together."""
        return _Row(
            self.points + other.points,
            self.correct + other.correct,
            self.finite + other.finite,
            self.sum + other.sum,
            max(self.largest, other.largest),
        )


class Decades:
    """Counts, sums and maxima of errors for each decade of abs(z) and each sign that occur."""

    def __init__(self, rows: Mapping[int, _Row]) -> None:
        self._rows = rows

    @classmethod
    def of(cls, z: Array, errors: Array, correct: Array, ascending: bool = False) -> "Decades":
        """The decades of errors at z; infinite errors count only as points."""
        if len(z) == 0:
            return NO_DECADES
        finite = np.isfinite(errors)
        if ascending and len(ends := np.unique(_places(z[[0, -1]]))) == 1:
            some = errors[finite]
            row = _Row(
                *(len(z), int(correct.sum()), len(some)),
                *(exact_sum(some, SUM_BITS), float(some.max(initial=0.0))),
            )
            return cls({int(ends[0]): row})
        places = _places(z)
        points = np.bincount(places, minlength=PLACES)
        right = np.bincount(places[correct], minlength=PLACES)
        with_error = points
        if not finite.all():
            places, errors = places[finite], errors[finite]
            with_error = np.bincount(places, minlength=PLACES)
        largest = np.zeros(PLACES)
        np.maximum.at(largest, places, errors)
        sums = _sums(places, errors)
        return cls(
            {
                place: _Row(
                    int(points[place]),
                    int(right[place]),
                    int(with_error[place]),
                    sums.get(place, 0),
                    float(largest[place]),
                )
                for place in np.flatnonzero(points).tolist()
            }
        )

    @classmethod
    def of_right(cls, z: Array) -> "Decades":
        """The decades of values at ascending finite z that are all right."""
        first, last = _places(z[[0, -1]]).tolist()
        counts = {first: len(z)}
        if first != last:
            found = np.bincount(_places(z))
            counts = {place: int(found[place]) for place in np.flatnonzero(found).tolist()}
        return cls({place: _Row(count, count, count, 0, 0.0) for place, count in counts.items()})

    def __add__(self, other: "Decades") -> "Decades":
        rows = {**self._rows, **other._rows}
        return Decades(
            rows
            | {place: self._rows[place].plus(other._rows[place]) for place in self._rows.keys() & other._rows}
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decades) and self._rows == other._rows

    __hash__ = None  # type: ignore[assignment]

    RECORD = tuple[tuple[int, _Row], ...]
    """The places of decades and their rows, as JSON has them."""

    def as_record(self) -> list[list[Any]]:
        """The decades as a RECORD."""
        return [[place, list(row)] for place, row in sorted(self._rows.items())]

    @classmethod
    def from_record(cls, record: tuple[tuple[int, _Row], ...]) -> "Decades":
        """The decades of a RECORD. Raises ValueError for a bad one."""
        if not all(0 <= place < PLACES for place, _ in record):
            raise ValueError("these are not decades")
        return cls(dict(record))

    def mean(self) -> float | None:
        """The mean of all finite errors."""
        finite = sum(row.finite for row in self._rows.values())
        total = sum(row.sum for row in self._rows.values())
        return float(Fraction(total, finite << SUM_BITS)) if finite else None

    def ranges(self) -> Iterator[Decade]:
        """The decades that have points, in ascending order."""
        for place, row in sorted(self._rows.items()):
            yield Decade(
                *_ends(place),
                row.points,
                row.correct,
                row.largest if row.finite else None,
                float(Fraction(row.sum, row.finite << SUM_BITS)) if row.finite else None,
            )


NO_DECADES = Decades({})


def place_of(z: Expr) -> Expr:
    """The place of z, neither 0 nor subnormal nor NaN, as part of a program."""
    size = abs(z)
    binade = bits(size) >> 52
    decade = decade_of(binade, 17_874_300) + select(size >= take(_NEXT, binade), word(1), word(0))
    return select(z < 0.0, _ZERO - decade, _ZERO + decade)


def decade_of(octave: Expr, offset: int) -> Expr:
    """The decade in which an octave begins, as part of a program; both are counted from somewhere."""
    # log10(2) is 315653 / 2**20.
    return (octave * 315_653 + offset) >> 20


def of_tables(counts: Array, words: Sequence[Array], largest: Array) -> Decades:
    """Decades from tables of finite errors: wrong and right points at each place, sums, and maxima."""
    points = counts.sum(axis=1)
    return Decades(
        {
            place: _Row(
                int(points[place]),
                int(counts[place, 1]),
                int(points[place]),
                sum(int(one[place]) << (SUM_BITS - shift) for one, shift in zip(words, SHIFTS, strict=True)),
                float(largest[place]),
            )
            for place in np.flatnonzero(points).tolist()
        }
    )


def _sums(places: Array, errors: Array) -> dict[int, int]:
    """The sum of errors at each place, in units of 2**-SUM_BITS ulp."""
    sums: Counter[int] = Counter()
    for start in range(0, len(errors), _PART):
        theirs, some = places[start : start + _PART], errors[start : start + _PART]
        huge = ~(some < HUGE)
        if huge.any():
            for place, error in zip(theirs[huge].tolist(), some[huge].tolist(), strict=True):
                sums[place] += exactly(error, SUM_BITS)
            theirs, some = theirs[~huge], some[~huge]
        for unit, whole in words_in(some):
            found = np.bincount(theirs, whole, PLACES)
            for place in np.flatnonzero(found).tolist():
                sums[place] += int(found[place]) << (SUM_BITS - unit)
    return sums


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
        places[np.isnan(z)] = PLACES - 1
    return places


def _ends(place: int) -> tuple[str, str]:
    if place in (_ZERO, PLACES - 1):
        return ("0", "0") if place == _ZERO else ("nan", "nan")
    sign, size = ("-", _ZERO - place) if place < _ZERO else ("", place - _ZERO)
    if size == len(_EDGES) + 2:
        return f"{sign}inf", f"{sign}inf"
    inner, outer = (f"{sign}{_power(_LOWEST + size - 1 + k)}" for k in (0, 1))
    return (outer, inner) if sign else (inner, outer)


def _power(k: int) -> str:
    """10**k, as Python prints floats."""
    return repr(float(f"1e{k}")).removesuffix(".0") if -5 < k < 16 else f"1e{k:+03d}"
