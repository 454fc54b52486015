"""The errors of arrays of computed values.

Values of any format are held in float64 arrays, as in ``arrays``; those of an integer format are codes.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.activations.arrays import bounded_array, derivative_array, scaled_array, settle_array
from actcalc.activations.aside import SetAside
from actcalc.activations.declaration import Quantity
from actcalc.activations.kinks import Kink
from actcalc.arithmetic import compiled, exact, numpy_machine
from actcalc.arithmetic.exact import Formula
from actcalc.arithmetic.program import Program
from actcalc.checking.figures import Counted, Counting, Figures
from actcalc.checking.ordinary import Bounds, ordinary_errors
from actcalc.checking.sums import LEAST_ULPS, MOST_AT_ONCE
from actcalc.checking.tally import way_of
from actcalc.errors import UnsettledError
from actcalc.numbers.code_arrays import numbers_in
from actcalc.numbers.error_free import two_product, two_sum
from actcalc.numbers.float_arrays import Array, margin_of
from actcalc.numbers.floats import FLOAT64, Format
from actcalc.numbers.integer_arrays import to_integers
from actcalc.numbers.integers import IntegerFormat, NumberFormat
from actcalc.numbers.roundings import Rounding
from actcalc.numbers.rulers import Ruler
from actcalc.numbers.ulp import (
    MOST_ULPS,
    Answer,
    Binade,
    BoundsExceeded,
    Nearly,
    Question,
    Side,
    Spacing,
    counted,
)
from actcalc.numbers.ulp_arrays import cap, codes_of_numbers, steps_apart, ulp_array

MANY = 1 << 22
"""From this number of points on, compiling a loop pays."""
FEW = 1 << 12
"""From this number of points at a time on, preparing one does."""

_BINADES = 16
_TINY = 2.0**-980
_SCALE = -2000
"""Tiny numbers are measured in units of 2**_SCALE, so that no part of an error underflows."""

Rounded = TypeVar("Rounded")
Found = TypeVar("Found")
_Measured = tuple[Array, Array, Array, Array]
"""Errors, the number of bounds that they exceed, and lower and upper bounds of the errors."""


class Errors(NamedTuple):
    """The errors of the values of a block."""

    right: Array
    """The right value; if several are right, the computed one if it is among them, else the nearest."""
    correct: Array
    """Where the computed value is right, whatever the signs of zeros."""
    ulps: Array
    """The error in ulps of the exact value, 0 for values accepted as right. It is infinite where there is no
    error: where one of the two is NaN, and where z is infinite and its limit another."""
    exceeded: Array
    """The number of bounds that the error exceeds, decided exactly."""
    at_kink: Array
    """Where several values are right."""
    side: Array
    """1 where the computed value is above the exact one, -1 where it is below, 0 elsewhere."""
    faithful: Array
    """Where the computed value is the exact one or one of its two neighbours."""
    least: Array
    """A lower bound of the exact error; ``most`` is an upper bound."""
    most: Array
    flushed: Array
    """Where the computed value is zero and a subnormal number is right."""
    taken_for_zero: Array
    """Where z is subnormal, and the value is within an ulp of that at 0, and nearer to it."""


class Reference(NamedTuple):
    """The right values at each z of a block, and enclosures of the exact ones."""

    z: Array
    right: Array
    value: Array
    tail: Array
    error: Array
    settled: Array
    """Where the right value is settled."""

    def at(self, places: Any) -> "Reference":
        """The reference for some of its points."""
        return Reference(*(column[places] for column in self))


class _Sides(NamedTuple):
    """The right values at a point z of the format: on the left, on the right, or any between."""

    z: float
    formulas: tuple[Formula, Formula]
    ends: tuple[float, float]
    """The values of the formulas at z, rounded."""
    is_jump: bool
    """Whether no value between them is right but ``least``."""
    least: float | None = None
    """The value nearest to 0 between two slopes, which actcalc itself returns."""

    def hold(self, x: Array) -> Array:
        """Where the values are right."""
        low, high = sorted(self.ends)
        found: Array = (x == low) | (x == high) | (x == self.least)
        if not self.is_jump:
            found |= (low <= x) & (x <= high)
        if math.isnan(low) or math.isnan(high):  # too large for a format without infinities
            found |= np.isnan(x)
        return found


class _Tiny(NamedTuple):
    """Tiny numbers, in units of 2**_SCALE."""

    places: Array
    x: Array
    value: Array
    tail: Array
    margin: Array
    """The largest difference from the exact value."""

    def ulps(self, ruler: Ruler) -> tuple[Array, Array]:
        """A lower and an upper bound of an ulp."""
        least = math.ldexp(1.0, ruler.quantum_exponent - _SCALE)
        size = abs(self.value)
        low, high = (
            np.maximum(ulp_array(np.maximum(end, 0), ruler), least)
            for end in (size * (1 - 2.0**-52) - self.margin, size * (1 + 2.0**-52) + self.margin)
        )
        return low, high


class Measure:
    """A measure of the errors of computed values of g, g' or a higher derivative.

    Errors are in ulps of the format that ``out`` rounds to, by default to nearest in the format of z. Without
    ``at_kink`` any number between the one-sided values of a derivative is right at a kink, and at a jump
    either limit, or the slope nearest to 0 between two; likewise at the value of the format nearest to a kink
    that is not itself a value. With ``flush_to_zero`` zero is right for a subnormal number, with ``daz`` the
    value at 0 where z is subnormal. ``bounds`` ascend. An infinity at a finite z counts as the number one
    step beyond the largest, for which it stands.
    """

    def __init__(
        self,
        f: Activation,
        of: Quantity,
        fmt: NumberFormat,
        bounds: Sequence[Fraction],
        at_kink: str | None = None,
        flush_to_zero: bool = False,
        daz: bool = False,
        out: Rounding | None = None,
    ) -> None:
        self.f = f
        self.of = of
        self.format = fmt
        """The format of z."""
        out = out or Rounding(fmt)
        self.ruler = Ruler(out)
        is_usual = isinstance(fmt, Format) and out.fmt == fmt and out.is_plain
        self._out = None if is_usual else out
        self._smallest_z = fmt.smallest_normal if isinstance(fmt, Format) else 0.0
        self.way = way_of(f) if of == "g" else 0
        self.bounds = list(bounds)
        self._at_kink = at_kink
        self._flush_to_zero, self._daz = flush_to_zero, daz
        self._aside = SetAside()
        self._hurries, self._run = False, numpy_machine.run
        self._sides: list[_Sides] = []
        for kink in _kinks(f, of) if at_kink is None else ():
            z = self._nearest(kink.z)
            if math.isfinite(z):
                self._add_sides(kink, z)
        self._searched: set[float] = set()
        # As little is known about a derivative of higher order as about a periodic function.
        self._settles = f.declaration.settles_far_out and of in ("g", "dg")
        self._ulps: dict[float, float] = {}
        self._special = [self._nearest(kink.z) for kink in f.kinks_of("dg" if of == "g" else of)]
        ends = (self._nearest(Fraction(piece.upto)) for piece in f.pieces if piece.upto is not None)
        self._zero = fmt.round_exact(Fraction(0))
        self._ends = np.unique([self._zero, *self._special, *ends])
        """Between them g and g' do not come back to a value: see ``Declaration``."""
        self._not_above = np.array([_float_beside(bound, -1) for bound in bounds])
        self._not_below = np.array([_float_beside(bound, 1) for bound in bounds])

    def __call__(self, z: Array, x: Array) -> tuple[Errors, Any]:
        """The errors of values ``x`` computed at ``z``, two float64 arrays of one dimension.

        Only settled places are compared; the second result selects them.
        """
        reference = self.reference(z)
        return self.where_settled(reference, lambda places: self.compare(reference.at(places), x[places]))

    @cached_property
    def of_nothing(self) -> Errors:
        """The errors of no points."""
        return self(np.zeros(0), np.zeros(0))[0]

    def where_settled(self, reference: Reference, work: Callable[[Any], Found]) -> tuple[Found, Any]:
        """The result of ``work`` at the places where all it needs is settled, and a selection of these."""
        while True:
            places: Any = slice(None)
            if self._aside.reasons or not reference.settled.all():
                known = np.isin(reference.z, list(self._aside.reasons))
                places = np.flatnonzero(reference.settled & ~known)
            try:
                return work(places), places
            except UnsettledError as error:
                if error.z not in reference.z[places]:
                    raise
                self._aside.reasons[float(error.z)] = error.message

    def numbers(self, z: Array) -> Array:
        """The numbers z, or those that codes z stand for, rounded if they are not float64."""
        return numbers_in(z, self.format)

    @property
    def out_dtype(self) -> str:
        """The name of the format of values; empty if it is that of z."""
        return "" if self.ruler.fmt == self.format else self.ruler.fmt.name

    def is_near(self, z: float, distance: float) -> bool:
        """Whether z is within a distance of 0."""
        return bool(abs(self.numbers(np.array([z]))[0]) <= distance)

    def exceeds_bound(self, found: Errors, bound: Fraction) -> Array:
        """Where errors exceed ``bound``, one of the bounds."""
        exceeds: Array = found.exceeded > self.bounds.index(bound)
        return exceeds

    def settles_between(self, low: float, high: float) -> bool:
        """Whether values next to a number or a straight line at both ends are next to it in between.

        They are if there is no kink, no end of a piece and no 0 in between. For a rounding of results other
        than the usual one this is not known.
        """
        return (
            self._out is None
            and self._settles
            and math.copysign(1, low) == math.copysign(1, high)
            and not any(low <= end <= high for end in self._special)
            and not ((low < self._ends) & (self._ends < high)).any()
        )

    def right_between(self, z: Array) -> tuple[Array, list[float]] | None:
        """The right values at ascending z, one for all or one each, and the errors of those at both ends.

        None where these do not tell that the exact values are next to one number, or to a multiple of z, but
        for less than LEAST_ULPS.
        """
        ends = [float(z[0]), float(z[-1])]
        if not self.settles_between(*ends):
            return None
        assert isinstance(self.format, Format)
        rights, errors = list[float](), list[float]()
        try:
            for end in ends:
                one, error = self._right_and_error(end)
                if not error < LEAST_ULPS:
                    return None
                rights.append(one)
                errors.append(error)
        except UnsettledError:
            return None
        if rights[0] == rights[1]:
            return np.full(1, rights[0]), errors  # at each z
        far = abs(ends[1]) > abs(ends[0])
        right = rights[far] / ends[far] * z
        return (right, errors) if [right[0], right[-1]] == rights else None

    def _right_and_error(self, z: float) -> tuple[float, float]:
        """The right value at z and its error; if that is not small, perhaps another value and its error."""
        near = self._exactly(z, 0.0, Nearly(self.ruler))
        right = self.format.round_exact(near)
        if right != 0 and math.isfinite(right):
            return right, float(min(self.ruler.ulps_between(right, near), Fraction(MOST_ULPS)))
        assert isinstance(self.format, Format)
        right = self.f.derivative_float(z, self.of, self.format)
        return right, math.inf if math.isnan(right) else self.error(z, right)

    def reference(self, z: Array) -> Reference:
        """The right values at each z."""
        right, value, tail, error, certain = bounded_array(
            self.f, self.of, z, self.format, self._run, self._out
        )
        settled, is_other = np.ones(len(z), bool), ~certain
        for special in (self._zero, *self._special):
            is_other |= z == special
        others = np.flatnonzero(is_other)
        if len(others):
            right[others] = self._right(z[others])
            self._search(z[others])
            settled[others[list(self._aside.places(z[others], right[others]))]] = False
        if self._out is not None:
            value, tail, error = self._places(z, right, value, tail, error)
        return Reference(z, right, value, tail, error, settled)

    def _places(
        self, z: Array, right: Array, value: Array, tail: Array, error: Array
    ) -> tuple[Array, Array, Array]:
        """The enclosures of exact values as places on the ruler; those of integers are in codes."""
        ruler, unknown = self.ruler, np.flatnonzero(np.isinf(error))
        if ruler.is_integer and len(unknown):  # small fractions of a code do not matter
            found = codes_of_numbers(ruler, *scaled_array(self.f, self.of, z[unknown], 0, self.format))
            for column, theirs in zip((value, tail, error), found, strict=True):
                column[unknown] = theirs
        value, tail, error = cap(ruler, value, tail, error)
        # If bounds do not show which of them are beyond the largest number, float64 does.
        for end, side in ((ruler.low, -1), (ruler.high, 1)):
            beyond = np.flatnonzero(np.isinf(error) & (right == end))
            if math.isfinite(end) and len(beyond):
                rounding = Rounding(FLOAT64)
                about = derivative_array(
                    self.f, z[beyond], self.of, self.format, "least", SetAside(), rounding
                )
                least = FLOAT64.round_exact(ruler.value_of(end)) * side
                beyond = beyond[about * side > least + abs(least) * 2.0**-40]
                value[beyond], tail[beyond], error[beyond] = end, 0.0, 0.0
        return value, tail, error

    def hurry(self, count: int) -> bool:
        """Switch to compiled loops if ``count`` points are worth it. Returns whether they are used."""
        if not self._hurries and compiled.is_worth(count, MANY):
            self._hurries, self._run = True, compiled.run
        return self._hurries and self._out is None

    @property
    def _bounds(self) -> Bounds:
        assert isinstance(self.format, Format)
        # Kinks of formulas are found on the way.
        special = dict.fromkeys([*self._special, *(sides.z for sides in self._sides)])
        numbers = special, self._not_below.tolist(), self._not_above.tolist()
        return Bounds(self.format, *map(tuple, numbers))

    @cached_property
    def _loop(self) -> compiled.Loop | None:
        return compiled.loop(ordinary_errors(self._bounds))

    def count(self, z: Array, x: Array, limit: int) -> tuple[Counted, Figures] | None:
        """Count errors of values ``x`` computed at ``z``: columns for all, and the figures of settled ones.

        ``limit`` is as in ``Counting``. None if there is no compiled loop, or there are too many values.
        """
        if not self._hurries or self._out is not None or len(z) > MOST_AT_ONCE:
            return None
        counting = Counting(self._bounds, limit)
        tables, columns = counting.tables(), list[Array]()

        def settle(program: Program, places: Any) -> tuple[Array, Array]:
            loop = compiled.loop(program)
            if loop is None:
                return np.ones(1, bool), np.zeros(1, bool)
            found = loop.reduce(tables, z[places], x[places])
            if not columns:
                is_whole = isinstance(places, slice)
                columns.extend(found if is_whole else [np.zeros(len(z), one.dtype) for one in found])
            for column, part in zip(columns, found, strict=True):
                if column is not part:
                    column[places] = part
            counted = Counted(*found)
            return counted.is_open, counted.is_rough

        targets = counting, replace(counting, is_last=True)
        is_open = settle_array(self.f, self.of, z, self._bounds.fmt, targets, settle)
        if not columns:
            return None
        return Counted(*columns)._replace(is_open=is_open), counting.figures(tables)

    def compare(self, reference: Reference, x: Array) -> Errors:
        """The errors of values ``x`` computed at the points of a reference."""
        if not self._hurries or self._out is not None or len(x) < FEW or self._loop is None:
            return self._compare(reference, x)
        z, right, *known, _ = reference
        *columns, exceeded, correct, faithful, is_open = self._loop.run(z, x, right, *known)
        errors, least, most, side = columns
        for sides in self._sides:
            is_open |= z == sides.z
        nowhere = np.zeros((3, len(z)), bool)
        found = Errors(
            *(right.copy(), correct, errors, to_integers(exceeded, np.int8), nowhere[0], side, faithful),
            *(least, most, *nowhere[1:]),
        )
        places = np.flatnonzero(is_open)
        if len(places):
            careful = self._compare(reference.at(places), x[places])
            for column, theirs in zip(found, careful, strict=True):
                column[places] = theirs
        return found

    def _compare(self, reference: Reference, x: Array) -> Errors:
        """The errors of values ``x``, computed with care for every special case."""
        z, right, value, tail, error, _ = reference
        right = right.copy()
        accepted = np.zeros(len(z), bool)
        at_kink = np.zeros(len(z), bool)
        for sides in self._sides:
            here = z == sides.z
            at_kink |= here
            accepted |= here & sides.hold(x)
        for i in np.flatnonzero(at_kink & ~accepted):
            right[i] = self._nearest_side(z[i], x[i])[1]
        flushed = x == 0
        if flushed.any():
            flushed &= (right != 0) & (abs(right) < self.ruler.smallest_normal) & ~accepted
        if self._flush_to_zero:
            accepted |= flushed
        right[accepted] = x[accepted]
        correct = (x == right) | (np.isnan(x) & np.isnan(right))
        rest = np.isfinite(x) & np.isfinite(right) & ~accepted
        if rest.all():
            errors, exceeded, least, most = self._measure(z, x, value, tail, error)
        else:
            errors = np.where(correct, 0.0, np.inf)
            exceeded = np.where(correct, np.int8(0), np.int8(len(self.bounds)))
            least, most = errors.copy(), errors.copy()
            overflow = np.isinf(x) & np.isfinite(right)
            too_large = np.isinf(right) & np.isfinite(z) & ~np.isnan(x) & ~correct
            columns = (z, x, value, tail, error)
            ways: list[tuple[Array, Callable[..., _Measured], Sequence[Array]]] = [
                (rest, self._measure, columns),
                (overflow, self._measure_infinite, columns),
                (too_large, self._measure_from_infinity, (x, right)),
            ]
            for some, measure, measured in ways:
                if some.any():
                    found = measure(*(column[some] for column in measured))
                    for column, theirs in zip((errors, exceeded, least, most), found, strict=True):
                        column[some] = theirs
        side, faithful = self._find_sides(reference, x, right, correct, rest, errors)
        taken = np.zeros(len(z), bool)
        all_found = Errors(
            *(right, correct, errors, exceeded, at_kink, side, faithful, least, most, flushed, taken)
        )
        small = np.flatnonzero(abs(z) < self._smallest_z)
        small = small[(z[small] != 0) & ~correct[small]]
        return self._take_for_zero(z, x, all_found, small) if len(small) else all_found

    def _take_for_zero(self, z: Array, x: Array, found: Errors, small: Array) -> Errors:
        """The errors if z may be taken for 0 at the ``small`` places."""
        try:
            at_zero = self._compare(self._zeros.at(np.signbit(z[small]).view(np.int8)), x[small])
        except UnsettledError:
            return found
        is_nearer = (at_zero.ulps < found.ulps[small]) | at_zero.correct
        found.taken_for_zero[small] = is_nearer & ~found.flushed[small] & (at_zero.ulps <= 1)
        if self._daz:
            places = small[is_nearer]
            for column, theirs in zip(found[:-2], at_zero[:-2], strict=True):
                column[places] = theirs[is_nearer]
        return found

    @cached_property
    def _zeros(self) -> Reference:
        """The reference at 0 and at -0."""
        zeros = self.reference(np.array([0.0, -0.0]))
        if not zeros.settled.all():
            raise UnsettledError("the value at 0 is not settled", 0.0)
        return zeros

    def _find_sides(
        self, reference: Reference, x: Array, right: Array, correct: Array, rest: Array, errors: Array
    ) -> tuple[Array, Array]:
        """The side of the exact values on which ``x`` lies, and where it is a neighbour of them.

        A wrong value lies on the same side of the exact value as of the right one. Beside a power of two it
        may be next to the right one, less than an ulp away, and yet not be a neighbour of the exact one.
        """
        with np.errstate(all="ignore"):
            side = np.where(rest, np.sign(x - right), 0.0)
            near = rest & ~correct & (abs(x - right) <= ulp_array(right, self.ruler))
            if not rest.all():  # next to the largest number are infinities
                near |= np.isinf(x) & (abs(right) == self.ruler.largest)
                side = np.where(np.isinf(x) & np.isfinite(right), np.sign(x), side)
        faithful = correct.copy()
        next_to = np.flatnonzero(near)
        next_to = next_to[steps_apart(x[next_to], right[next_to], self.ruler) == 1]
        faithful[next_to] = errors[next_to] < 1
        is_open = (abs(np.frexp(right[next_to])[0]) == 0.5) | (abs(errors[next_to] - 1) < 2.0**-6)
        # The side of a right value does not matter if its error is too small to count in sums.
        next_to, is_right = next_to[is_open], np.flatnonzero(correct & rest & (errors >= LEAST_ULPS))
        places = np.concatenate([next_to, is_right])
        all_right = len(is_right) == len(right)  # the usual case
        some = reference if all_right else reference.at(places)
        beyond = self._beyond(some, right[places])
        faithful[next_to] = beyond[: len(next_to)] == side[next_to]
        side[is_right] = -beyond[len(next_to) :]
        return side, faithful

    def _beyond(self, reference: Reference, right: Array) -> Array:
        """1 where the exact value is above the right one, -1 where it is below, 0 where both are equal."""
        z, _, value, tail, error, _ = reference
        beyond, is_unknown = _way_to(right, value, tail, self._margin(z, tail, error))
        places, *tiny = self._tiny(z, right, is_unknown)
        if len(places):
            beyond[places], is_unknown[places] = _way_to(*tiny)
        unknown = np.flatnonzero(is_unknown)
        if len(unknown):

            def ask(i: int) -> int:
                return self._exactly(float(z[i]), float(right[i]), Side(float(right[i]), self.ruler))

            beyond[unknown] = self._near(z, unknown, right[unknown], np.zeros((0, len(unknown))), ask)
        return beyond

    def _right(self, z: Array) -> Array:
        rule = self._at_kink or "least"
        return derivative_array(self.f, z, self.of, self.format, rule, self._aside, self._out)

    def _search(self, z: Array) -> None:
        """Find the kinks of a formula among points that bulk evaluation did not settle, as it never does."""
        if self.f.is_declared or self._at_kink is not None:
            return
        for x in set(z[np.isfinite(z)].tolist()) - self._searched:
            self._searched.add(x)
            kink = self.f.kink_at_or_none(self.format.value_of(x), self.of)
            if kink is not None:
                self._add_sides(kink, x)

    def _add_sides(self, kink: Kink, z: float) -> None:
        """Add the values on both sides of a kink; if they are not settled, leave out its z."""
        try:
            self._sides.append(self._sides_of(kink, z))
        except UnsettledError as error:
            self._aside.reasons[z] = error.message

    def _measure(self, z: Array, x: Array, value: Array, tail: Array, error: Array) -> _Measured:
        """The errors of finite values, the number of bounds that they exceed, and bounds of the errors."""
        margin = self._margin(z, tail, error)
        with np.errstate(all="ignore"):
            size, around = abs(value), margin + abs(tail)
            ends = [
                ulp_array(np.maximum(size * (1 + side * 2.0**-52) + side * around, 0), self.ruler)
                for side in (-1, 1)
            ]
            in_two = np.flatnonzero(ends[0] != ends[1])
            if len(in_two):
                for end, side in zip(ends, (-1, 1), strict=True):
                    parts = two_sum(value[in_two], tail[in_two] + side * margin[in_two])
                    end[in_two] = _ulp_of_sum(*parts, self.ruler)
                ends = self._in_one_binade(z, ends, np.isfinite(margin))
            off = list(_distances(x, value, tail, margin, *ends))
            tiny = self._tiny(z, x, ~_are_good(*off))
            if len(tiny.places):
                ulps = tiny.ulps(self.ruler)
                for end, ulp in zip(ends, ulps, strict=True):
                    end[tiny.places] = np.ldexp(ulp, _SCALE)
                better = _distances(tiny.x, tiny.value, tiny.tail, tiny.margin, *ulps)
                for column, theirs in zip(off, better, strict=True):
                    column[tiny.places] = theirs
            is_good = _are_good(*off)
            *_, least, most = (column[tiny.places] for column in off)
            is_good[tiny.places] = (most - least <= most * 2.0**-12) | (most < LEAST_ULPS)
            towards, errors, least, most = off
            fewest, exceeded = np.zeros((2, len(z)), np.int8)
            for below, above in zip(self._not_below, self._not_above, strict=True):
                fewest += below < least
                exceeded += above < most
            errors, least, most = (np.minimum(error, MOST_ULPS) for error in (errors, least, most))
        doubtful = np.flatnonzero(is_good & (fewest != exceeded))
        if len(doubtful):
            ulps_off = towards[doubtful] * ends[0][doubtful]
            exceeded[doubtful] = self._count_near_bound(z, x, doubtful, fewest[doubtful], ulps_off)
        known: dict[tuple[float, float], tuple[float, int]] = {}
        for i in np.flatnonzero(~is_good):
            pair = (float(z[i]), float(x[i]))
            if pair not in known:
                known[pair] = self._error_and_count(*pair)
            errors[i], exceeded[i] = known[pair]
        rounded = np.flatnonzero(~is_good)
        least[rounded], most[rounded] = _floats_around(errors[rounded])
        return errors, exceeded, least, most

    def _margin(self, z: Array, tail: Array, error: Array) -> Array:
        """The largest distance of enclosures from exact values; at kinks nothing is known."""
        margin = margin_of(error, tail)
        for special in [*self._special, *(sides.z for sides in self._sides)]:
            margin[z == special] = np.inf
        return margin

    def _tiny(self, z: Array, x: Array, is_open: Array) -> _Tiny:
        """The open places where x and the exact value are tiny, with enclosures.

        Pairs of float64 cannot hold small fractions of an ulp there.
        """
        is_open = is_open & (abs(x) < _TINY)
        if self.ruler.quantum_exponent > FLOAT64.quantum_exponent or not is_open.any():
            return _Tiny(np.zeros(0, np.intp), *np.zeros((4, 0)))
        places = np.flatnonzero(is_open)
        value, tail, margin = self._scaled(z[places])
        is_tiny = abs(value) + margin < math.ldexp(_TINY, -_SCALE)
        columns = places, np.ldexp(x[places], -_SCALE), value, tail, margin
        return _Tiny(*(column[is_tiny] for column in columns))

    def _scaled(self, z: Array) -> tuple[Array, Array, Array]:
        """The exact values in units of 2**_SCALE, as values and tails, with their margins."""
        found = scaled_array(self.f, self.of, z, _SCALE, self.format)
        value, _, error = found
        # The error of an array is that of its largest number: smaller ones do better among themselves.
        size = np.where(error > abs(value) * 2.0**-50, np.frexp(value)[1] // _BINADES, 0)
        for some in (size == one for one in np.unique(size[size != 0])):
            for column, better in zip(
                found, scaled_array(self.f, self.of, z[some], _SCALE, self.format), strict=True
            ):
                column[some] = better
        value, tail, error = found
        return value, tail, self._margin(z, tail, error)

    def _measure_infinite(self, z: Array, x: Array, value: Array, tail: Array, error: Array) -> _Measured:
        """The errors of infinite values for finite right ones; see ``_measure``."""
        if self.ruler.emax < FLOAT64.emax:
            return self._measure(z, np.copysign(float(counted(math.inf, self.ruler)), x), value, tail, error)
        # That number is not a float64; below 1 all errors are too large to count.
        errors = np.full(len(z), MOST_ULPS)
        exceeded = np.full(len(z), np.int8(len(self.bounds)))
        for i in np.flatnonzero(~((abs(value) < 1) & np.isfinite(error))):
            errors[i], exceeded[i] = self._error_and_count(float(z[i]), float(x[i]))
        return errors, exceeded, *_floats_around(errors)

    def _measure_from_infinity(self, x: Array, right: Array) -> _Measured:
        """The errors of values for which infinity is right; see ``_measure``."""
        half, half_ulp = (math.ldexp(1.0, self.ruler.emax - n) for n in (0, self.ruler.precision))
        halves = np.where(np.isinf(x), np.sign(x) * half, x / 2)
        errors = abs(np.sign(right) * (half / half_ulp) - halves / half_ulp)
        least, most = _floats_around(errors)
        fewest, exceeded = (
            sum((edge < end).view(np.int8) for edge in edges)
            for edges, end in ((self._not_below, least), (self._not_above, most))
        )
        known: dict[tuple[float, float], int] = {}
        for i in np.flatnonzero(fewest != exceeded):
            pair = (float(x[i]), float(right[i]))
            if pair not in known:
                error = self.ruler.ulps_between(pair[0], counted(pair[1], self.ruler))
                known[pair] = sum(bound < error for bound in self.bounds)
            exceeded[i] = known[pair]
        return errors, exceeded, least, most

    def _in_one_binade(self, z: Array, ends: Sequence[Array], where: Array) -> list[Array]:
        """The ulps at both ends, made equal where a power of two lies between, as all along a far tail."""
        spacings = np.maximum(*ends)
        low, high = (end.copy() for end in ends)
        within = np.searchsorted(self._ends, z)
        for part in range(len(self._ends) + 1):
            places = np.flatnonzero(where & (ends[0] != ends[1]) & (within == part))
            for spacing in np.unique(spacings[places]):
                same = places[spacings[places] == spacing]
                run = same[np.argsort(abs(z[same]))]
                low[run] = high[run] = self._along(run, lambda i: self._ulp(float(z[i])))
        return [low, high]

    def _count_near_bound(self, z: Array, x: Array, places: Array, fewest: Array, ulps_off: Array) -> Array:
        """The number of bounds exceeded where the error is so near to one that the exact value decides.

        It is ``fewest`` or one more, and the exact value is next to x minus ``ulps_off`` times that bound.
        """
        least = np.array([*self._not_below, np.inf])[fewest]
        apart = np.stack([fewest, np.sign(ulps_off)])

        def ask(i: int) -> int:
            return self._count_exceeded(float(z[i]), float(x[i]))

        return self._near(z, places, x[places] - least * ulps_off, apart, ask)

    def _near(self, z: Array, places: Array, near: Array, apart: Array, ask: Callable[[int], int]) -> Array:
        """The answer to ``ask`` at each of the places, where g or g' is next to ``near``.

        At many z that is the same number, or on a straight line: z itself or a fraction of it. Places that
        differ in a row of ``apart`` are in different runs.
        """
        at = z[places]
        with np.errstate(all="ignore"):
            slope = near / at
            product, lost = two_product(slope, at)
        is_line = (product == near) & (lost == 0) & (abs(slope) <= 1) & (abs(slope) >= 2.0**-20)
        keys = np.stack(
            [np.searchsorted(self._ends, at), is_line, np.where(is_line, slope, near), *apart], axis=1
        )
        if (keys == keys[0]).all():  # the usual case, and sorting rows is slow
            runs = [np.argsort(abs(at), kind="stable")]
        else:
            _, of_run = np.unique(keys, axis=0, return_inverse=True)
            order = np.lexsort((abs(at), of_run))
            runs = np.split(order, np.flatnonzero(np.diff(of_run[order])) + 1)
        result = np.empty(len(places), np.int64)
        for run in runs:
            result[run] = self._along(places[run], ask)
        return result

    def _along(self, run: Array, ask: Callable[[int], Any]) -> Array:
        """The answer at each place of a run: if it is the same at both ends, it is the same everywhere.

        The run is in the order of abs(z), and g and g' do not cross a number or a straight line and come back
        so close to it.
        """
        first = ask(run[0])
        last = first if len(run) == 1 else ask(run[-1])
        if first == last and (self._settles or len(run) < 3):
            return np.full(len(run), first)
        middle = len(run) // 2
        return np.concatenate([self._along(run[:middle], ask), self._along(run[middle:], ask)])

    def _ulp(self, z: float) -> float:
        """An ulp at the exact value."""
        if z not in self._ulps:
            self._ulps[z] = math.ldexp(1.0, self._exactly(z, 0.0, Binade(self.ruler)))
        return self._ulps[z]

    def _count_exceeded(self, z: float, x: float) -> int:
        """The number of bounds that the error exceeds."""
        return self._exactly(z, x, BoundsExceeded(x, self.bounds, self.ruler))

    def _error_and_count(self, z: float, x: float) -> tuple[float, int]:
        """The error and the number of bounds it exceeds, by one exact value unless it is next to a bound."""
        error = self._error(z, x)
        if any(abs(error - bound) <= 2.0**-40 * max(1, bound) for bound in map(float, self.bounds)):
            return error, self._count_exceeded(z, x)
        return error, sum(bound < error for bound in self.bounds)

    def exceeds(self, z: float, x: float, bound: Fraction, or_equals: bool) -> bool:
        """Whether the error of ``x`` at ``z``, which has one, exceeds a number or, if asked, equals it."""
        z, ruler = self._place(z, x), self.ruler
        right = self._exactly_rounded(z, x)
        if math.isinf(right):
            error = ruler.ulps_between(x, counted(right, ruler))
            return error > bound or (or_equals and error == bound)
        if self._exactly(z, x, BoundsExceeded(x, [bound], ruler)):
            return True
        return or_equals and bound == ruler.ulps_between(x, self._exactly(z, x, Nearly(ruler)))

    def error(self, z: float, x: float) -> float:
        """The error of ``x`` at ``z``, which has one, in ulps: the exact error rounded."""
        return self._error(self._place(z, x), x)

    def _error(self, z: float, x: float) -> float:
        exact = self.ruler.ulps_between(x, self._exactly(z, x, Nearly(self.ruler)))
        return float(min(exact, Fraction(MOST_ULPS)))

    def _place(self, z: float, x: float) -> float:
        """The point at which ``x`` is measured: z, or 0 if z is taken for 0."""
        if not (self._daz and 0 < abs(z) < self._smallest_z):
            return z
        zero = math.copysign(0.0, z)
        return zero if self._error(zero, x) < self._error(z, x) else z

    def _exactly(self, z: float, x: float, question: Question[Answer]) -> Answer:
        """The answer for the exact value at ``z``; at a kink for the side nearest to ``x``."""
        return self._at(z, x, self.ruler.ask(question))

    def _exactly_rounded(self, z: float, x: float) -> float:
        """The right value at ``z``; at a kink that on the side nearest to ``x``."""
        return self._at(z, x, self.ruler.rounding)

    def _at(self, z: float, x: float, rounding: exact.Rounding[Rounded]) -> Rounded:
        if math.isinf(z):
            return cast(Rounded, self.f.limit(z, self.of, rounding))  # it is finite
        number = self.format.value_of(z)
        if any(sides.z == z for sides in self._sides):
            return exact.evaluate(self._nearest_side(z, x)[0], number, rounding)
        try:
            value = self.f.derivative_at(number, self.of, rounding, self._at_kink or "least")
        except UnsettledError as error:
            raise UnsettledError(error.message, z) from None
        assert value is not None
        return value

    def _nearest(self, z: Fraction) -> float:
        """The value of the format of z nearest to a number; NaN if it is beyond all codes."""
        near = self.format.round_exact(z)
        is_far = (
            isinstance(self.format, IntegerFormat) and abs(self.format.value_of(near) - z) > self.format.scale
        )
        return math.nan if is_far else near

    def _sides_of(self, kink: Kink, z: float) -> _Sides:
        """The right values at the z of the format nearest to a kink."""
        number, rounding = self.format.value_of(z), self.ruler.rounding
        formulas = kink.left.formula(self.of, -1), kink.right.formula(self.of, 1)
        left, right = (exact.evaluate(formula, number, rounding) for formula in formulas)
        least = kink.slope(rounding, "least") if self.of != "g" and number == kink.z else None
        return _Sides(z, formulas, (left, right), kink.is_jump, least)

    def _nearest_side(self, z: float, x: float) -> tuple[Formula, float]:
        """The formula on the side of a kink nearest to ``x``, and its value."""
        return min(
            (
                (formula, end)
                for sides in self._sides
                if sides.z == z
                for formula, end in zip(sides.formulas, sides.ends, strict=True)
            ),
            key=lambda side: math.inf if math.isnan(side[1]) else abs(side[1] - x),
        )


def _way_to(right: Array, value: Array, tail: Array, margin: Array) -> tuple[Array, Array]:
    """1 where exact values are above the right ones, -1 where below, else 0; and where that is unknown."""
    with np.errstate(all="ignore"):
        distance, lost = two_sum(value, -right)
        rest = lost + tail
        margin = margin + abs(rest) * 2.0**-52
        total = distance + rest
        margin += abs(total) * 2.0**-51
    return np.sign(total), ~(abs(total) > margin) & (margin != 0)


def _distances(
    x: Array, value: Array, tail: Array, margin: Array, low: Array, high: Array
) -> tuple[Array, Array, Array, Array]:
    """The direction from exact values to x, 1 or -1, and the distance in ulps: about, at least and at most.

    An ulp is between ``low`` and ``high``.
    """
    distance, lost = two_sum(x, -value)
    rest = lost - tail
    distance, missed = two_sum(distance, rest)
    towards, distance = np.sign(distance), abs(distance)
    margin = margin + abs(missed) + abs(rest) * ((lost != 0) & (tail != 0)) * 2.0**-52
    margin += (margin != 0) * (distance * 2.0**-51)
    least = np.maximum(distance - margin, 0) / np.maximum(low, high)
    return towards, distance / low, least, (distance + margin) / np.minimum(low, high)


def _are_good(_towards: Array, _errors: Array, least: Array, most: Array) -> Array:
    """Where distances are known well enough."""
    good: Array = most - least < 2.0**-7 + 2.0**-20 * most
    return good


def _floats_around(errors: Array) -> tuple[Array, Array]:
    """The floats below and above rounded errors."""
    return np.nextafter(errors, 0), np.nextafter(errors, MOST_ULPS)


def _ulp_of_sum(s: Array, lost: Array, fmt: Spacing) -> Array:
    """An ulp at ``s + lost``, where ``lost`` is less than a rounding error of ``s``."""
    below = (abs(np.frexp(s)[0]) == 0.5) & (s * lost < 0)
    return ulp_array(np.where(below, s * 0.75, s), fmt)


def _kinks(f: Activation, of: Quantity) -> Iterator[Kink]:
    """The kinks at which several values of g or a derivative are right."""
    for piece in f.pieces[:-1]:
        assert piece.upto is not None
        kink = f.kink_at(Fraction(piece.upto), "dg" if of == "g" else of)
        if kink is not None and (of != "g" or kink.is_jump):
            yield kink


def _float_beside(x: Fraction, side: int) -> float:
    """``x`` if it is a float64, else the next one above (``side`` 1) or below (-1)."""
    near = float(x)
    return math.nextafter(near, side * math.inf) if (Fraction(near) - x) * side < 0 else near
