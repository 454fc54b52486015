"""The counts and the worst points of a block of values."""

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.checking.decades import Decades
from actcalc.checking.failures import BEYOND, BREAKING, REASONS, failures_of
from actcalc.checking.figures import Figures, find_figures
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
from actcalc.numbers.integer_arrays import to_integers
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
        self, measure: Measure, judge: Judge, z: Array, x: Array, found: Errors, ascending: bool = True
    ) -> None:
        self._measure, self._judge, self._z, self._x, self._found = measure, judge, z, x, found
        self._ascending = ascending
        self._ruler = measure.ruler
        self._at = measure.numbers(z)
        """z as numbers, even if they are codes."""

    @cached_property
    def _has_error(self) -> Array:
        return np.isfinite(self._found.ulps)

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
        return is_normal(self._found.right, self._ruler) & np.isfinite(self._x)

    @cached_property
    def _kinds(self) -> dict[str, Array]:
        """The places of each kind of failure, also where values pass."""
        return failures_of(self._x, self._found.right, self._ruler)

    @cached_property
    def _is_beyond(self) -> Array:
        """Where errors are too large in ulps (or by ``rtol``), even if ``atol`` lets the values pass."""
        max_ulp = self._judge.max_ulp
        if self._judge.rtol is not None:
            return ~(self._found.correct | self._judge.allows(self._x, self._found.right, self._ruler))
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
        return places[self._judge.allows(self._x[places], self._found.right[places], self._ruler)]

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
        return count(np.isfinite(self._x[places]) & np.isfinite(self._found.right[places]))

    def tally(self, most: int) -> Tally:
        """The counts, and the points with the largest errors, ``most`` for each reason."""
        f, of, ruler = self._measure.f, self._measure.of, self._ruler
        z, x, found = self._z, self._x, self._found
        counts = {
            "points": len(z),
            "correctly_rounded": count(found.correct),
            "faithful": count(found.faithful),
            "normal": count(self._normal),
            "inaccurate": count(self._measure.exceeds_bound(found, _ONE) & self._has_error),
            "kink_points": count(found.at_kink),
            "zero_where_subnormal": count(found.flushed),
            "subnormal_taken_for_zero": count(found.taken_for_zero),
            **{reason: len(places) for reason, places in self.failing.items()},
            "zero_sign": len(self._kinds["zero_sign"]),
            "failed": self._count_beyond(),
            "within_atol": len(self._floor),
            **dict(self._buckets()),
        }
        if len(self._floor):
            counts["wrong_sign_within_atol"] = count(np.isin(self._floor, self._kinds["wrong_sign"]))
        if of == "g":
            counts["out_of_range"] = count(out_of_range(f, x, ruler.rounding))
        largest = self._largest(self._counts)
        is_one = (
            largest is not None
            and is_normal(np.array([largest.right]), ruler)[0]
            and math.isfinite(largest.got)
        )
        first = {**self.failing, "zero_sign": self._kinds["zero_sign"]}
        figures = self._figures
        at_zero = np.flatnonzero(found.right == ruler.origin)
        at_zero = at_zero[np.isfinite(x[at_zero])]
        return Tally(
            self._measure.format.name,
            counts,
            figures.error_sum,
            largest,
            largest if is_one else self._largest(self._normal & self._counts),
            largest
            if largest is not None and self._measure.is_near(largest.z, _NEAR)
            else self._largest(self._counts & (abs(self._at) <= _NEAR)),
            ruler.size_of(float(abs(x[at_zero] - ruler.origin).max(initial=0.0))),
            {kind: self._first(z[places]) for kind, places in first.items() if len(places)},
            {reason: self._worst(places, 1)[0] for reason, places in self.failing.items() if len(places)},
            self._lists(most) if most else {},
            most=most,
            ascending=self._ascending,
            histogram=figures.histogram,
            decades=figures.decades,
            cells=figures.cells,
            within_atol=self._farthest(self._floor),
            rtol=self._rtol,
            out_dtype=self._measure.out_dtype,
            **self.course,
        )

    @property
    def _figures(self) -> Figures:
        z, found, loop = self._z, self._found, self._measure.figures_loop
        if loop is not None:
            columns = found.ulps, found.least, found.most, found.side
            truths = self._normal, found.correct, found.faithful
            figures = find_figures(loop, z, self._x, columns, truths)
            if figures is not None and self._ascending and figures.decades.is_one:  # summed in one go
                decades = Decades.of(z, found.ulps, found.correct, ascending=True)
                return figures._replace(decades=decades)
            if figures is not None:
                return figures
        return Figures(
            exact_sum(found.side * np.where(self._normal, found.ulps, 0)),
            self._histogram,
            Decades.of(self._at, found.ulps, found.correct, self._ascending),
            cells_of(self._at, found.correct, found.faithful),
        )

    @property
    def _histogram(self) -> Histogram:
        columns = self._found.least, self._found.most, self._z, self._x
        some = self._has_error
        return Histogram.of(*(columns if some.all() else (column[some] for column in columns)))

    def _buckets(self) -> Iterator[tuple[str, int]]:
        """The points of each of BUCKETS."""
        found, bounds = self._found, self._measure.bounds
        exceeded = np.array([count((found.exceeded == k) & ~found.correct) for k in range(len(bounds) + 1)])
        buckets = np.cumsum([1, *(bound in _EDGES for bound in bounds)])
        by_bucket = to_integers(np.bincount(buckets, exceeded, len(BUCKETS)), np.int64)
        by_bucket[0] = len(self._z) - exceeded.sum()
        return zip(map(bucket_key, BUCKETS), by_bucket.tolist(), strict=True)

    def _farthest(self, places: Array) -> Point | None:
        """The point among some whose value is farthest from the right one."""
        if not len(places):
            return None
        distances = abs(self._x[places] - self._found.right[places])
        ties = places[distances == distances.max()]
        return self._point(ties[np.argmin(self._ranks[ties])])

    @property
    def _rtol(self) -> float:
        """The smallest relative tolerance by which all values would pass, or a little more; else infinity."""
        with np.errstate(all="ignore"):  # 0 / 0 is right
            x, right = self._x - self._ruler.origin, self._found.right - self._ruler.origin
            largest = np.fmax.reduce(abs(x - right) / abs(right), initial=0.0)
        if math.isfinite(largest) and np.isfinite(x).all() and np.isfinite(right).all():
            return float(largest) * (1 + 2.0**-50)
        wrong = ~self._found.correct
        if not wrong.any():
            return 0.0
        x, right = (column[wrong] - self._ruler.origin for column in (self._x, self._found.right))
        with np.errstate(all="ignore"):
            distance, size = abs(x - right), abs(right)
            overflow = np.isinf(distance) & np.isfinite(x) & np.isfinite(right)
            distance[overflow] = abs(x[overflow] / 2 - right[overflow] / 2)
            size[overflow] /= 2
            ratios = np.where(np.isfinite(x) & np.isfinite(right) & (right != 0), distance / size, np.inf)
        return float(ratios.max()) * (1 + 2.0**-50)

    def _largest(self, where: Array) -> Point | None:
        """The point with the largest error among some."""
        errors = self._found.ulps if where.all() else np.where(where, self._found.ulps, -1)
        largest = errors.max(initial=-1)
        if largest < 0:
            return None
        ties = np.flatnonzero(errors == largest)
        return self._point(ties[np.argmin(self._ranks[ties])])

    def _lists(self, most: int) -> Mapping[str, tuple[Point, ...]]:
        """The worst points for each reason, each point in one list only, and the worst of those that pass."""
        left, lists = np.ones(len(self._z), bool), {}
        left[self._floor] = False  # they are reported apart
        for reason, places in self.failing.items():
            lists[reason] = self._worst(places[left[places]], most)
            left[places] = False
        return {**lists, "": self._worst(np.flatnonzero(left), most)}

    def _worst(self, places: Array, most: int) -> tuple[Point, ...]:
        """The ``most`` points with the largest errors among some."""
        errors = self._found.ulps[places]
        if most < len(errors):
            some = errors >= np.partition(errors, -most)[-most]
            places, errors = places[some], errors[some]
        order = np.lexsort((self._ranks[places], -errors))[:most]
        return tuple(self._point(i) for i in places[order].tolist())

    @cached_property
    def _ranks(self) -> Array:
        """The order of points with equal errors: the least rank comes first."""
        return to_bits(self._z, self._measure.format) if self._ascending else np.arange(len(self._z))

    def _first(self, z: Array) -> float:
        if not self._ascending:
            return float(z[0])
        size = abs(z)
        return nearest_to_zero(z[size == size.min()].tolist()[-2:])  # at most one of them is below 0

    @property
    def course(self) -> dict[str, Any]:
        """The parts of a tally that show whether values are monotone."""
        way, turns = self._measure.way, False
        if way:
            with np.errstate(all="ignore"):  # differences of infinities
                along = 1 if self._ascending else np.sign(np.diff(self._z))
                turns = bool((along * np.sign(np.diff(self._x)) * way < 0).any())
        ends = (self._point(0), self._point(-1)) if len(self._z) else None
        return {"ends": ends, "way": way, "turns": turns}

    def _point(self, i: int) -> Point:
        found = self._found
        return Point(*(float(column[i]) for column in (self._z, self._x, found.right, found.ulps)))


_NOWHERE = np.empty(0, np.int64)


def is_normal(right: Array, ruler: Ruler) -> Array:
    """Where right values are normal numbers; all integers are."""
    size = abs(right)
    normal: Array = (size >= ruler.smallest_normal) & (size < math.inf)
    return normal


def count(where: Array) -> int:
    """The number of True values."""
    return int(np.count_nonzero(where))
