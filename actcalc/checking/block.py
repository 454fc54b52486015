"""The counts and the worst points of a block of values."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import Any, cast

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.checking.decades import Decades
from actcalc.checking.failures import BEYOND, BREAKING, REASONS, failures_of
from actcalc.checking.figures import Counted, Figures
from actcalc.checking.histogram import Histogram
from actcalc.checking.judge import Judge
from actcalc.checking.measure import Errors, Measure
from actcalc.checking.sums import exact_sum
from actcalc.checking.tally import (
    BUCKETS,
    Point,
    Tally,
    bucket_key,
    cells_of,
    nearest_to_zero,
    out_of_range,
)
from actcalc.numbers.bit_arrays import to_bits
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.integers import NumberFormat
from actcalc.numbers.roundings import Rounding
from actcalc.numbers.rulers import Ruler

_EDGES = [Fraction(edge) for edge in BUCKETS[1:-1]]
_ONE, _HALF = _EDGES[0], Fraction(1, 2)
_NEAR = 10.0


def measure_of(
    f: Activation,
    of: Quantity,
    fmt: NumberFormat,
    judge: Judge,
    at_kink: str | None = None,
    out: Rounding | None = None,
) -> Measure:
    """A measure for all that blocks count and a judge asks for."""
    bounds = sorted({*_EDGES, judge.max_ulp})
    return Measure(f, of, fmt, bounds, at_kink, judge.flush_to_zero, judge.daz, out)


class Block:
    """Values computed at each z, with their errors, judged."""

    def __init__(
        self,
        measure: Measure,
        judge: Judge,
        z: Array,
        x: Array,
        found: Errors | Counted,
        ascending: bool = True,
    ) -> None:
        self._measure, self._judge, self._found = measure, judge, cast(Errors, found)
        self.z, self.x = z, x
        self.right: Array = found.right
        self.ulps: Array = found.ulps
        self._ascending = ascending
        self._ruler = measure.ruler
        self._at = measure.numbers(z)
        """z as numbers, even if they are codes."""

    @cached_property
    def _has_error(self) -> Array:
        finite: Array = np.isfinite(self.ulps)
        return finite

    @cached_property
    def _counts(self) -> Array:
        """Where errors count for the largest: not where values pass only by ``atol``."""
        if not len(self._floor):
            return self._has_error
        counts = self._has_error.copy()
        counts[self._floor] = False
        return counts

    @cached_property
    def _normal(self) -> Array:
        """Where right values are normal numbers, and the computed ones are finite."""
        return is_normal(self.right, self._ruler) & np.isfinite(self.x)

    @cached_property
    def _kinds(self) -> dict[str, Array]:
        """The places of each kind of failure, also where values pass."""
        return failures_of(self.x, self.right, self._ruler)

    @cached_property
    def _is_beyond(self) -> Array:
        """Where errors are too large in ulps (or by ``rtol``), even if ``atol`` lets the values pass."""
        max_ulp = self._judge.max_ulp
        if self._judge.rtol is not None:
            return ~(self._found.correct | self._judge.allows(self.x, self.right, self._ruler))
        # Only one of two values half an ulp away is correctly rounded.
        return ~self._found.correct if max_ulp == _HALF else self._measure.exceeds_bound(self._found, max_ulp)

    @cached_property
    def _fails(self) -> Array:
        """Where values do not pass."""
        fails = self._is_beyond.copy()
        always = ["zero_where_normal", "wrong_sign"] if self._judge.rtol is None else []
        for kind in always:
            fails[self._kinds[kind]] = True
        fails[self._floor] = False
        if self._judge.strict_zero:
            fails[self._kinds["zero_sign"]] = True
        return fails

    @cached_property
    def _floor(self) -> Array:
        """The places of values that pass only because they are within ``atol``."""
        if not self._judge.atol or self._judge.rtol is not None:
            return _NOWHERE
        fails = self._is_beyond.copy()
        for kind in ("zero_where_normal", "wrong_sign"):
            fails[self._kinds[kind]] = True
        places = np.flatnonzero(fails)
        return places[self._judge.allows(self.x[places], self.right[places], self._ruler)]

    @cached_property
    def zero_signs(self) -> Array:
        """The places of zeros of the wrong sign."""
        return self._kinds["zero_sign"]

    @cached_property
    def failing(self) -> dict[str, Array]:
        """The places of values that do not pass, by REASONS; those BEYOND have no breaking failure."""
        fails = self._fails
        if not fails.any():
            return dict.fromkeys(REASONS, _NOWHERE)
        places = {kind: self._kinds[kind][fails[self._kinds[kind]]] for kind in REASONS if kind != BEYOND}
        alone = fails & self._is_beyond
        for kind in BREAKING:
            alone[places[kind]] = False
        return {**places, BEYOND: np.flatnonzero(alone)}

    def _count_beyond(self) -> int:
        """The number of finite values that are too far off, whatever else is wrong with them."""
        places = np.flatnonzero(self._fails & self._is_beyond)
        return count(np.isfinite(self.x[places]) & np.isfinite(self.right[places]))

    def tally(self, most: int) -> Tally:
        """The counts, and the points with the largest errors, ``most`` for each reason."""
        f, of, ruler = self._measure.f, self._measure.of, self._ruler
        figures = self.figures
        counts = {**figures.counts, "within_atol": len(self._floor), **dict(self._buckets())}
        if len(self._floor):
            counts["wrong_sign_within_atol"] = count(np.isin(self._floor, self._kinds["wrong_sign"]))
        if of == "g":
            counts["out_of_range"] = count(out_of_range(f, self.x, ruler.rounding))
        largest = self._largest(self._counts)
        is_one = (
            largest is not None
            and is_normal(np.array([largest.right]), ruler)[0]
            and math.isfinite(largest.got)
        )
        first = {**self.failing, "zero_sign": self.zero_signs}
        return Tally(
            self._measure.format.name,
            counts,
            figures.error_sum,
            largest,
            largest if is_one else self._largest(self._normal & self._counts),
            largest
            if largest is not None and self._measure.is_near(largest.z, _NEAR)
            else self._largest(self._counts & (abs(self._at) <= _NEAR)),
            figures.largest_at_zero,
            {kind: self._first(places) for kind, places in first.items() if len(places)},
            {reason: self._worst(places, 1)[0] for reason, places in self.failing.items() if len(places)},
            self._lists(most) if most else {},
            most=most,
            ascending=self._ascending,
            histogram=figures.histogram,
            decades=figures.decades,
            cells=figures.cells,
            within_atol=self._farthest(self._floor),
            rtol=figures.rtol,
            out_dtype=self._measure.out_dtype,
            **self.course,
        )

    @cached_property
    def figures(self) -> Figures:
        """The figures, which do not depend on the order of points."""
        x, found, ruler = self.x, self._found, self._ruler
        bounds = range(len(self._measure.bounds) + 1)
        at_zero = np.flatnonzero(self.right == ruler.origin)
        at_zero = at_zero[np.isfinite(x[at_zero])]
        return Figures(
            {
                "points": len(x),
                "correctly_rounded": count(found.correct),
                "faithful": count(found.faithful),
                "normal": count(self._normal),
                "kink_points": count(found.at_kink),
                "zero_where_subnormal": count(found.flushed),
                "subnormal_taken_for_zero": count(found.taken_for_zero),
                "inaccurate": count(self._measure.exceeds_bound(found, _ONE) & self._has_error),
                **{reason: len(places) for reason, places in self.failing.items()},
                "zero_sign": len(self.zero_signs),
                "failed": self._count_beyond(),
            },
            [count((found.exceeded == k) & ~found.correct) for k in bounds],
            exact_sum(found.side * np.where(self._normal, self.ulps, 0)),
            self._histogram,
            Decades.of(self._at, self.ulps, found.correct, self._ascending),
            cells_of(self._at, found.correct, found.faithful),
            ruler.size_of(float(abs(x[at_zero] - ruler.origin).max(initial=0.0))),
            self._rtol,
        )

    @property
    def _histogram(self) -> Histogram:
        columns = self._found.least, self._found.most, self.z, self.x
        some = self._has_error
        return Histogram.of(*(columns if some.all() else (column[some] for column in columns)))

    def _buckets(self) -> Iterator[tuple[str, int]]:
        """The points of each of BUCKETS."""
        buckets = np.cumsum([1, *(bound in _EDGES for bound in self._measure.bounds)])
        by_bucket = [0] * len(BUCKETS)
        by_bucket[0] = len(self.z) - sum(self.figures.wrong)
        for bucket, wrong in zip(buckets.tolist(), self.figures.wrong, strict=True):
            by_bucket[bucket] += wrong
        return zip(map(bucket_key, BUCKETS), by_bucket, strict=True)

    def _farthest(self, places: Array) -> Point | None:
        """The point among some whose value is farthest from the right one."""
        if not len(places):
            return None
        distances = abs(self.x[places] - self.right[places])
        ties = places[distances == distances.max()]
        return self._point(ties[np.argmin(self._ranks(ties))])

    @property
    def _rtol(self) -> float:
        """The smallest relative tolerance by which all values would pass, or a little more; else infinity."""
        with np.errstate(all="ignore"):  # 0 / 0 is right
            x, right = self.x - self._ruler.origin, self.right - self._ruler.origin
            largest = np.fmax.reduce(abs(x - right) / abs(right), initial=0.0)
        if math.isfinite(largest) and np.isfinite(x).all() and np.isfinite(right).all():
            return float(largest) * (1 + 2.0**-50)
        wrong = ~self._found.correct
        if not wrong.any():
            return 0.0
        x, right = (column[wrong] - self._ruler.origin for column in (self.x, self.right))
        with np.errstate(all="ignore"):
            distance, size = abs(x - right), abs(right)
            overflow = np.isinf(distance) & np.isfinite(x) & np.isfinite(right)
            distance[overflow] = abs(x[overflow] / 2 - right[overflow] / 2)
            size[overflow] /= 2
            ratios = np.where(np.isfinite(x) & np.isfinite(right) & (right != 0), distance / size, np.inf)
        return float(ratios.max()) * (1 + 2.0**-50)

    def _largest(self, where: Array) -> Point | None:
        """The point with the largest error among some."""
        errors = self.ulps if where.all() else np.where(where, self.ulps, -1)
        if not len(errors):
            return None
        first = int(errors.argmax())
        largest = errors[first]
        if largest < 0:
            return None
        if self._ascending:
            ties = np.flatnonzero(errors == largest)
            first = ties[np.argmin(self._ranks(ties))]
        return self._point(first)

    def _lists(self, most: int) -> Mapping[str, tuple[Point, ...]]:
        """The worst points for each reason, each point in one list only, and the worst of those that pass."""
        left, lists = np.ones(len(self.z), bool), {}
        left[self._floor] = False  # they are reported apart
        for reason, places in self.failing.items():
            lists[reason] = self._worst(places[left[places]], most)
            left[places] = False
        return {**lists, "": self._worst(np.flatnonzero(left), most)}

    def _worst(self, places: Array, most: int) -> tuple[Point, ...]:
        """The ``most`` points with the largest errors among some."""
        errors = self.ulps[places]
        if most == 1 and len(places) and not self._ascending:
            return (self._point(places[errors.argmax()]),)
        if most < len(errors):
            some = errors >= np.partition(errors, -most)[-most]
            places, errors = places[some], errors[some]
        order = np.lexsort((self._ranks(places), -errors))[:most]
        return tuple(self._point(i) for i in places[order].tolist())

    def _ranks(self, places: Array) -> Array:
        """The order of points with equal errors: the least rank comes first."""
        return to_bits(self.z[places], self._measure.format) if self._ascending else places

    def _first(self, places: Array) -> float:
        """The first z of some places."""
        if not self._ascending:
            return float(self.z[places[0]])
        z = self.z[places]
        size = abs(z)
        return nearest_to_zero(z[size == size.min()].tolist()[-2:])  # at most one of them is below 0

    @property
    def course(self) -> dict[str, Any]:
        """The parts of a tally that show whether values are monotone."""
        way, turns = self._measure.way, False
        if way:
            (z, next_z), (x, next_x) = ((column[:-1], column[1:]) for column in (self.z, self.x))
            falls = next_x < x if way > 0 else next_x > x
            if not self._ascending:
                rises = next_x > x if way > 0 else next_x < x
                falls = (next_z > z) & falls | (next_z < z) & rises
            turns = bool(falls.any())
        ends = (self._point(0), self._point(-1)) if len(self.z) else None
        return {"ends": ends, "way": way, "turns": turns}

    def _point(self, i: int) -> Point:
        return Point(*(float(column[i]) for column in (self.z, self.x, self.right, self.ulps)))


class CountedBlock(Block):
    """A block of which a compiled loop has counted most values."""

    def __init__(
        self,
        measure: Measure,
        judge: Judge,
        z: Array,
        x: Array,
        counted: tuple[Counted, Figures],
        careful: tuple[Array, Errors],
        ascending: bool = True,
    ) -> None:
        """``careful`` gives the places of the other values, and their errors."""
        self._counted, self._quick = counted
        self._places, others = careful
        for column, theirs in ((self._counted.right, others.right), (self._counted.ulps, others.ulps)):
            column[self._places] = theirs
        self._others = others
        super().__init__(measure, judge, z, x, self._counted, ascending)
        self._rest = Block(measure, judge, z[self._places], x[self._places], others, ascending)

    @property
    def is_careful(self) -> Array:
        """Where values were measured with care."""
        return self._counted.is_open

    @cached_property
    def zero_signs(self) -> Array:
        """The places of zeros of the wrong sign."""
        return self._places[self._rest.zero_signs]

    @cached_property
    def failing(self) -> dict[str, Array]:
        """The places of values that do not pass, by all of REASONS."""
        failing = {kind: self._places[places] for kind, places in self._rest.failing.items()}
        is_beyond = self._counted.is_beyond.copy()
        is_beyond[failing[BEYOND]] = True
        return {**failing, BEYOND: np.flatnonzero(is_beyond)}

    @cached_property
    def figures(self) -> Figures:
        """The figures, which do not depend on the order of points."""
        found = self._quick + self._rest.figures if len(self._places) else self._quick
        # In their order, those whose bin of the histogram the loop does not know
        counted = self._counted
        some = np.flatnonzero(counted.is_open | counted.is_doubtful)
        least = np.maximum(counted.ulps[some] - counted.margin[some], 0.0)
        most = counted.ulps[some] + counted.margin[some]
        places = np.searchsorted(some, self._places)
        least[places], most[places] = self._others.least, self._others.most
        has_error = np.isfinite(counted.ulps[some])
        columns = (column[has_error] for column in (least, most, self.z[some], self.x[some]))
        return replace(found, histogram=self._quick.histogram + Histogram.of(*columns))


def counted_block(
    measure: Measure, judge: Judge, z: Array, x: Array, ascending: bool = True
) -> CountedBlock | None:
    """A block counted by a compiled loop; None if that is impossible, or if some points are not settled."""
    if judge.atol or judge.rtol is not None:
        return None
    limit = -1 if judge.max_ulp == _HALF else measure.bounds.index(judge.max_ulp)
    counted = measure.count(z, x, limit)
    if counted is None:
        return None
    places = np.flatnonzero(counted[0].is_open)
    found = measure(z[places], x[places])[0] if len(places) else measure.of_nothing
    if len(found.right) < len(places):
        return None
    return CountedBlock(measure, judge, z, x, counted, (places, found), ascending)


_NOWHERE = np.empty(0, np.int64)


def is_normal(right: Array, ruler: Ruler) -> Array:
    """Where right values are normal numbers; all integers are."""
    size = abs(right)
    normal: Array = (size >= ruler.smallest_normal) & (size < math.inf)
    return normal


def count(where: Array) -> int:
    """The number of True values."""
    return int(np.count_nonzero(where))
