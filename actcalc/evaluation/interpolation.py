"""Tables for linear interpolation: their knots, and the errors of readings."""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.activations.arrays import derivative_array
from actcalc.activations.declaration import Quantity
from actcalc.errors import ActcalcError, join_names, quote
from actcalc.numbers.bit_arrays import all_values
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.integer_arrays import to_integers
from actcalc.numbers.integers import IntegerFormat, NumberFormat
from actcalc.numbers.numerals import exact_text
from actcalc.numbers.ranges import Grid
from actcalc.numbers.roundings import Rounding
from actcalc.numbers.ulp import Nearly, ulps_between
from actcalc.numbers.ulp_arrays import ulp_array


@dataclass(frozen=True)
class Knots:
    """The points of a table: codes of z, ``step`` apart, the last of which may lie beyond its format."""

    fmt: IntegerFormat
    start: int
    step: int
    count: int

    @property
    def stop(self) -> int:
        """The code of the last knot."""
        return self.start + self.step * (self.count - 1)

    @property
    def codes(self) -> Array:
        return (self.start + self.step * np.arange(self.count)).astype(np.float64)

    def places(self, codes: Array) -> tuple[Array, Array]:
        """For each code the knot before it, but not the last one, and the distance from that knot.

        A code beyond an end counts as that end.
        """
        away = to_integers(codes, np.int64).clip(self.start, self.stop) - self.start
        before = np.minimum(away // self.step, self.count - 2)
        return before, away - before * self.step


def find_knots(fmt: IntegerFormat, count: int, ends: Grid) -> Knots:
    """``count`` knots from one of the ``ends`` to the other.

    Raises ActcalcError if there is no z between the ends, and if a knot would lie between two codes.
    """
    start, stop = (fmt.nearest_code(x) for x in (ends.start, ends.start + ends.step))
    if not fmt.lowest <= start < stop <= fmt.highest + 1:
        low, high = (exact_text(fmt.value_of(code)) for code in (fmt.lowest, fmt.highest + 1))
        raise ActcalcError(f": the range of z in {fmt} must go up, within {low} to {high}", "", "entries")
    span, intervals = stop - start, count - 1
    if span % intervals:
        near = [
            _nearest_divisor(span, range(intervals, limit, way)) for limit, way in ((0, -1), (span + 1, 1))
        ]
        counts = join_names([f"{found + 1:,}" for found in near if found is not None])
        raise ActcalcError(
            f": {intervals:,} intervals do not divide {span:,} codes of {fmt} evenly",
            f"{counts} entries do",
            "entries",
        )
    return Knots(fmt, start, span // intervals, count)


def _nearest_divisor(span: int, candidates: range) -> int | None:
    return next((n for n in candidates if span % n == 0), None)


@dataclass(frozen=True)
class Reading:
    """The errors of readings of a table at some values of z."""

    count: int
    largest: Fraction
    """The largest error, in codes or ulps of the result."""
    at: int
    """The code of z with the largest error."""
    mean: float
    right: int
    """The number of readings that equal the correctly rounded value."""


def check_scale(fmt: NumberFormat) -> None:
    """Raise ActcalcError for an integer format whose scale is too small or too large to compute errors."""
    if isinstance(fmt, IntegerFormat) and not _LEAST_SCALE < fmt.scale < 1 / _LEAST_SCALE:
        raise ActcalcError(f": the scale of {fmt} must be between 1e-200 and 1e200", "", "entries")


_LEAST_SCALE = Fraction(1, 10**200)


class Interpolation:
    """A table of one quantity, and exact readings of it at all values of z, rounded once."""

    def __init__(self, f: Activation, of: Quantity, points: Knots, out: Rounding, at_kink: str) -> None:
        self._f, self._of, self._at_kink = f, of, at_kink
        self.knots, self.out = points, out
        self.of_entries = Rounding(out.fmt, "nearest", out.overflow)
        """The rounding of entries; readings are rounded by ``out``."""
        self.entries = self._values(points.codes, self.of_entries)

    def _values(self, codes: Array, rounding: Rounding) -> Array:
        """The quantity at codes of z. Raises ActcalcError where it has no finite value."""
        values = derivative_array(self._f, codes, self._of, self.knots.fmt, self._at_kink, None, rounding)
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            z = exact_text(self.knots.fmt.value_of(codes[bad[0]]))
            raise ActcalcError(
                f": {quote(self._f.label)} is {values[bad[0]]} at z = {z}: no line leads there", "", "entries"
            )
        return values

    def read(self, codes: Array) -> Array:
        """The readings of the table at codes of z."""
        before, away = self.knots.places(codes)
        step, fmt = self.knots.step, self.out.fmt
        if isinstance(fmt, IntegerFormat):
            entries = to_integers(self.entries, np.int64) - fmt.zero
            sums = entries[before] * (step - away) + entries[before + 1] * away
            return (_rounded_quotients(sums, step, self.out.direction) + fmt.zero).astype(np.float64)
        exact = [Fraction(x) for x in self.entries.tolist()]
        readings = (
            (exact[i] * (step - r) + exact[i + 1] * r) / step
            for i, r in zip(before.tolist(), away.tolist(), strict=True)
        )
        return np.array([self.out.round_exact(x) for x in readings])

    def measure(self) -> tuple[Reading, Reading | None]:
        """The errors at all z from the first knot to the last, and at those beyond, if there are any."""
        codes = all_values(self.knots.fmt)
        readings, exact = self.read(codes), self._values(codes, Rounding(FLOAT64))
        is_right = readings == self._values(codes, self.out)
        errors = abs(self._in_units(readings, exact))
        is_inside = (codes >= self.knots.start) & (codes <= self.knots.stop)

        def of(places: Array) -> Reading:
            worst = int(places[errors[places].argmax()])
            return Reading(
                len(places),
                self._exact_error(float(readings[worst]), float(codes[worst])),
                int(codes[worst]),
                math.fsum(errors[places].tolist()) / len(places),
                int(is_right[places].sum()),
            )

        beyond = np.flatnonzero(~is_inside)
        return of(np.flatnonzero(is_inside)), of(beyond) if len(beyond) else None

    def _in_units(self, readings: Array, exact: Array) -> Array:
        """The differences of readings from exact values, in codes or ulps of the result."""
        fmt = self.out.fmt
        if isinstance(fmt, IntegerFormat):
            return readings - fmt.zero - exact / float(fmt.scale)
        return (readings - exact) / ulp_array(exact, fmt)

    def _exact_error(self, reading: float, code: float) -> Fraction:
        """The exact error of a reading."""
        z, fmt = self.knots.fmt.value_of(code), self.out.fmt
        exact = self._f.derivative_at(z, self._of, Nearly(FLOAT64), self._at_kink)
        assert exact is not None  # as a float it was a number
        if isinstance(fmt, IntegerFormat):
            return abs(fmt.value_of(reading) - exact) / fmt.scale
        return ulps_between(reading, exact, fmt)


def _rounded_quotients(numbers: Array, divisor: int, direction: str) -> Array:
    """Integers divided by a divisor, each quotient rounded once."""
    below: Array = numbers // divisor
    twice = 2 * (numbers - below * divisor)
    is_tie = twice == divisor
    is_up = {
        "nearest": (twice > divisor) | is_tie & (below % 2 == 1),
        "nearest-away": (twice > divisor) | is_tie & (below >= 0),
        "zero": (twice > 0) & (below < 0),
        "up": twice > 0,
        "down": np.zeros(len(below), bool),
    }[direction]
    quotients: Array = below + is_up
    return quotients
