"""Someone's implementation of an activation held against the right answers.

A ``Comparison`` is fed pairs of z and a computed value, block by block, and makes a ``Report``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity, parse_quantity
from actcalc.activations.foreign import take
from actcalc.activations.kinks import check_at_kink
from actcalc.catalogue.resolution import resolve
from actcalc.checking.decades import Decade, Decades
from actcalc.checking.failures import KINDS, failures_of
from actcalc.checking.histogram import Histogram
from actcalc.checking.measure import Measure, Measured
from actcalc.checking.tally import exact_sum, mean_of, out_of_range, way_of
from actcalc.errors import ActcalcError, quoted
from actcalc.numbers.array_values import to_format
from actcalc.numbers.floats import FORMATS, Format, float_format, hex_text
from actcalc.numbers.numerals import Exact, exact_number
from actcalc.numbers.ulp import floats_apart

Array = npt.NDArray[Any]

BUCKETS = ("0", "1", "2", "10", "100", "more")
"""Classes of errors in ulps: 0 is for the correctly rounded, each other for what is in none before it."""

_EDGES = [Fraction(edge) for edge in BUCKETS[1:-1]]
_HALF = Fraction(1, 2)
_LARGEST_MARK = Fraction(10) ** 100
_BLOCK = 1 << 14


@dataclass(frozen=True)
class Failure:
    """How often something went wrong, and the first z where it did."""

    count: int = 0
    first_z: float | None = None


class Pair(NamedTuple):
    """One pair with its error."""

    z: float
    got: float
    right: float
    ulps: float
    """Infinite where one is not finite and the other is."""
    floats_apart: int | None
    """How many values of the format on ``got`` is; None where one of them is NaN."""


@dataclass(frozen=True, repr=False)
class Report:
    """How far values are from the right ones. Errors are in ulps, as ``actcalc.numbers.ulp`` defines them.

    Infinite errors, where the computed or the right value is not finite and they differ, are counted among
    the failures and in the last bucket, but are left out of maximum, mean and quantiles; these are None if
    nothing else is left. A quantile is the least error that at least this share of the points does not
    exceed, rounded to three significant digits, ties to even; less than 1e-9 counts as 0. No error counts for
    more than 1e200.
    """

    activation: str
    parameters: Mapping[str, str]
    """The values in force, as they were written."""
    of: Quantity
    dtype: str
    points: int
    """Those compared: not the ones that are ``unsettled``."""
    correctly_rounded: int
    largest: Pair | None
    """The first point with the largest error."""
    mean_ulp: float | None
    median_ulp: float | None
    p95_ulp: float | None
    p99_ulp: float | None
    buckets: Mapping[str, int]
    """Points by BUCKETS."""
    ranges: tuple[Decade, ...]
    """Decades of abs(z) that occur, by sign, in ascending order."""
    failures: Mapping[str, Failure]
    """By ``failures.KINDS``."""
    kink_points: int
    """Points at a kink or jump, where several values are right."""
    mark: Fraction
    """The largest error that passes."""
    beyond: int
    """Points beyond it, whose errors are finite."""
    strict_zero: bool
    worst: tuple[Pair, ...]
    """The worst points, as many as were asked for; the worst first."""
    faithful: int
    """Points whose value is one of the two neighbours of the exact one, or that itself."""
    bias_ulp: float | None
    """The mean signed error where the right value is a normal number; None if it nowhere is."""
    largest_normal: Pair | None
    """The first point with the largest error among those."""
    out_of_range: int | None
    """Points beyond the range of g; None for a slope."""
    monotone: bool | None
    """Whether from point to point values rise where z does, or fall, as g does; None if g does both."""

    def __str__(self) -> str:
        """What ``actcalc check`` prints, at most 80 columns wide."""
        from actcalc.checking.report import as_text

        return as_text(self)

    def __repr__(self) -> str:
        outcome = "passed" if self.passed else "FAILED"
        return f"<Report {self.activation} {self.of} in {self.dtype}: {self.points} points, {outcome}>"

    @property
    def passed(self) -> bool:
        """Whether no point is beyond the mark and there is no failure."""
        return self.beyond == 0 and not any(
            failure.count
            for name, failure in self.failures.items()
            if name != "zero_sign" or self.strict_zero
        )

    @property
    def max_ulp(self) -> float | None:
        """The largest error; None if there is none that is finite."""
        return None if self.largest is None else self.largest.ulps

    @property
    def max_ulp_z_hex(self) -> str | None:
        """Where that is, as a hexadecimal float."""
        return None if self.largest is None else hex_text(self.largest.z)


class Comparison:
    """Collects what is found of pairs of z and a computed value."""

    def __init__(
        self,
        f: Activation,
        of: str = "dg",
        fmt: Format = FORMATS["float64"],
        at_kink: str | None = None,
        max_ulp: Exact = 1,
        strict_zero: bool = False,
        flush_to_zero: bool = False,
        worst: int = 0,
    ) -> None:
        """See ``check``. Raises ActcalcError for ``of``, ``at_kink`` and ``max_ulp`` that are none."""
        quantity = parse_quantity(of)
        if at_kink is not None:
            check_at_kink(at_kink)
        if not isinstance(worst, int) or worst < 0:
            raise ActcalcError(f"must be a whole number from 0, not {worst!r}", about="worst")
        self._mark = parse_mark(max_ulp)
        self._f, self._of, self._format = f, quantity, fmt
        self._strict_zero, self._worst_count = strict_zero, worst
        bounds = sorted({*_EDGES, self._mark})
        self._measure = Measure(f, quantity, fmt, bounds, at_kink, flush_to_zero)
        self._over_mark = bounds.index(self._mark) + 1
        self._bucket_of = [1 + sum(b in _EDGES for b in bounds[:n]) for n in range(len(bounds) + 1)]
        self._points = self._correct = self._kink_points = self._beyond = 0
        self._buckets = np.zeros(len(BUCKETS), np.int64)
        self._failures = dict.fromkeys(KINDS, Failure())
        self._histogram = Histogram(self._measure.exceeds)
        self._decades = Decades()
        self._faithful = self._normal = self._error_sum = self._out_of_range = 0
        self._way = way_of(f) if quantity == "g" else 0
        self._turns = False
        self._last: tuple[Array, Array] = (np.empty(0), np.empty(0))
        self._largest: Pair | None = None
        self._largest_normal: Pair | None = None
        self._worst: list[Pair] = []

    def add(self, z: Array, x: Array) -> None:
        """Compare values ``x`` computed at ``z``: two float64 arrays of one dimension, in the format."""
        for start in range(0, len(z), _BLOCK):
            self._add(z[start : start + _BLOCK], x[start : start + _BLOCK])

    def _add(self, z: Array, x: Array) -> None:
        found, settled = self._measure(z, x)
        if len(found.right) < len(z):
            self._count_failures("unsettled", np.delete(z, settled))
            z, x = z[settled], x[settled]
        finite = np.isfinite(found.ulps)
        correct = _count(found.correct)
        self._points += len(z)
        self._correct += correct
        self._kink_points += _count(found.at_kink)
        self._beyond += _count(
            # Of two values half an ulp away only one is correctly rounded.
            (~found.correct if self._mark == _HALF else found.exceeded >= self._over_mark) & finite
        )
        exceeded = np.where(found.correct, np.int8(-1), found.exceeded)
        self._buckets[0] += correct
        for count, bucket in enumerate(self._bucket_of):
            self._buckets[bucket] += _count(exceeded == count)
        for name, where in failures_of(x, found.right, self._format).items():
            self._count_failures(name, z[where])
        self._count_errors(z, x, found, finite)
        self._decades.add(z, found.ulps, found.correct)
        self._largest = self._larger(self._largest, z, x, found, finite)
        self._count_more(z, x, found, finite)
        self._keep_worst(z, x, found)

    def _count_failures(self, name: str, z: Array) -> None:
        if len(z):
            before = self._failures[name]
            first = float(z[0]) if before.first_z is None else before.first_z
            self._failures[name] = Failure(before.count + len(z), first)

    def _count_errors(self, z: Array, x: Array, found: Measured, finite: Array) -> None:
        ends = [found.least, found.most]
        if not finite.all():
            z, x, *ends = (a[finite] for a in (z, x, *ends))
        least, most = ends
        self._histogram.add(least, most, z, x)

    def _larger(self, largest: Pair | None, z: Array, x: Array, found: Measured, where: Array) -> Pair | None:
        """The first point with the largest error: that so far, or one of a block."""
        if not where.any():
            return largest
        i = int(np.argmax(found.ulps if where.all() else np.where(where, found.ulps, -1)))
        return largest if largest and found.ulps[i] <= largest.ulps else self._point(z, x, found, i)

    def _count_more(self, z: Array, x: Array, found: Measured, finite: Array) -> None:
        """Neighbours, bias, range and monotony."""
        self._faithful += _count(found.faithful)
        with np.errstate(all="ignore"):
            normal = finite & np.isfinite(found.right) & (abs(found.right) >= self._format.smallest_normal)
            normal &= np.isfinite(x)
        self._normal += _count(normal)
        self._error_sum += exact_sum(found.side[normal] * found.ulps[normal])
        self._largest_normal = self._larger(self._largest_normal, z, x, found, normal)
        if self._of == "g":
            self._out_of_range += _count(out_of_range(self._f, x, self._format))
        if self._way:
            # Blocks share a point.
            z, x = (np.concatenate(both) for both in zip(self._last, (z, x), strict=True))
            with np.errstate(all="ignore"):
                self._turns |= bool((np.sign(np.diff(z)) * np.sign(np.diff(x)) * self._way < 0).any())
            self._last = z[-1:], x[-1:]

    def _keep_worst(self, z: Array, x: Array, found: Measured) -> None:
        if len(self._worst) == self._worst_count and (
            not self._worst or found.ulps.max(initial=0) <= self._worst[-1].ulps
        ):
            return
        order = np.argsort(-found.ulps, kind="stable")[: self._worst_count]
        self._worst += [self._point(z, x, found, i) for i in order.tolist()]
        self._worst.sort(key=lambda point: -point.ulps)
        del self._worst[self._worst_count :]

    def _point(self, z: Array, x: Array, found: Measured, i: int) -> Pair:
        got, right = float(x[i]), float(found.right[i])
        apart = None if math.isnan(got) or math.isnan(right) else floats_apart(got, right, self._format)
        return Pair(float(z[i]), got, right, float(found.ulps[i]), apart)

    def _exact(self, point: Pair) -> Pair:
        """The point with its exact error, rounded, instead of one that is good to some digits."""
        if not 0 < point.ulps < math.inf:
            return point
        return point._replace(ulps=self._measure.error(point.z, point.got))

    def report(self) -> Report:
        """What was found. Raises ActcalcError if nothing was compared."""
        if self._points == 0 and not self._failures["unsettled"].count:
            raise ActcalcError("there are no points to compare")
        return Report(
            activation=self._f.name,
            parameters=self._f.described,
            of=self._of,
            dtype=self._format.name,
            points=self._points,
            correctly_rounded=self._correct,
            largest=None if self._largest is None else self._exact(self._largest),
            mean_ulp=self._decades.mean(),
            median_ulp=self._histogram.quantile(0.5),
            p95_ulp=self._histogram.quantile(0.95),
            p99_ulp=self._histogram.quantile(0.99),
            buckets=dict(zip(BUCKETS, self._buckets.tolist(), strict=True)),
            ranges=tuple(self._decades.ranges()),
            failures=self._failures,
            kink_points=self._kink_points,
            mark=self._mark,
            beyond=self._beyond,
            strict_zero=self._strict_zero,
            worst=tuple(sorted(map(self._exact, self._worst), key=lambda point: -point.ulps)),
            faithful=self._faithful,
            bias_ulp=mean_of(self._error_sum, self._normal),
            largest_normal=None if self._largest_normal is None else self._exact(self._largest_normal),
            out_of_range=self._out_of_range if self._of == "g" else None,
            monotone=not self._turns if self._way else None,
        )


def _count(where: Array) -> int:
    return int(np.count_nonzero(where))


def parse_mark(max_ulp: Exact) -> Fraction:
    """The largest error that passes. Raises ActcalcError for what is not a number from 0 to 1e100."""
    try:
        mark, text = exact_number(max_ulp)
    except ActcalcError as error:
        raise ActcalcError(f": {error}", error.hint, about="max_ulp") from None
    if not 0 <= mark <= _LARGEST_MARK:
        raise ActcalcError(f"must be from 0 to 1e100, not {quoted(text)[1:-1]}", about="max_ulp")
    return mark


def check(
    f: str | Activation,
    z: Any,
    values: Any,
    /,
    of: str = "dg",
    dtype: str | None = None,
    at_kink: str | None = None,
    max_ulp: Exact = 1,
    strict_zero: bool = False,
    flush_to_zero: bool = False,
    worst: int = 0,
    **parameters: Exact,
) -> Report:
    """How far ``values``, which someone computed at ``z``, are from the right ones.

    ``f`` is an activation or a name, as for ``actcalc.activation``. ``z`` and ``values`` are arrays of one
    shape, of floats or integers: of any kind that ``Activation.g`` takes, or what becomes one of NumPy's, as
    lists do. ``of`` says what was computed, ``g``, its slope ``dg``, or ``d2g`` to ``d8g``, and ``dtype`` in
    what: float64, float32, float16 or bfloat16; if it is not given, in the dtype of ``values``.
    All numbers must be values of that format.

    ``max_ulp`` is the largest error in ulps that passes; 0.5 asks for correct rounding. At a kink any slope
    between the two sides is right, at a jump either limit, also at the value of the format nearest to a kink
    that is none; ``at_kink``, one of ``kinks.AT_KINK``, asks for one of them. ``strict_zero`` makes the
    wrong sign of a zero a failure; ``flush_to_zero`` accepts zeros for subnormal numbers. The report lists
    the ``worst`` points.

    Raises ActcalcError for arrays of other dtypes or of two shapes, for empty ones, for numbers that are
    no values of ``dtype``, and for options and parameters that are not known.
    """
    if isinstance(f, Activation):
        if parameters:
            raise ActcalcError(f"{f.describe()} has its parameters already")
    else:
        f = resolve(f, parameters)
    z, (values, held, _) = take(z).array, take(values, "values")
    if z.shape != values.shape:
        raise ActcalcError(f"z and values must have one shape, not {z.shape} and {values.shape}")
    fmt = held if dtype is None else float_format(dtype)
    comparison = Comparison(f, of, fmt, at_kink, max_ulp, strict_zero, flush_to_zero, worst)
    z, values = z.reshape(-1), values.reshape(-1)
    for start in range(0, len(z), _BLOCK):
        block = slice(start, start + _BLOCK)
        comparison.add(*(to_format(name, a[block], fmt, start) for name, a in (("z", z), ("values", values))))
    return comparison.report()
