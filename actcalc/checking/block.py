"""A block of values, counted."""

import math
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np

from actcalc.checking.failures import BREAKING, failures_of
from actcalc.checking.measure import Errors, Measure
from actcalc.checking.tally import Point, Tally, exact_sum, nearest_to_zero, out_of_range
from actcalc.numbers.bit_arrays import to_bits
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import Format

_NOWHERE = np.empty(0, np.int64)


class Block:
    """Values computed at each z, with what was found of them.

    ``kinds`` of failure are looked for. Places ``without`` normal numbers are none in any figure, whatever is
    right there.
    """

    def __init__(
        self,
        measure: Measure,
        z: Array,
        x: Array,
        found: Errors,
        kinds: Iterable[str] = BREAKING,
        ascending: bool = True,
        without: Array = _NOWHERE,
    ) -> None:
        self._measure, self._z, self._x, self._found, self._ascending = measure, z, x, found, ascending
        self._kinds, self._without = kinds, without

    @cached_property
    def normal(self) -> Array:
        """Where right values are normal numbers, and the computed ones are finite."""
        normal = is_normal(self._found.right, self._measure.format) & np.isfinite(self._x)
        normal[self._without] = False
        return normal

    @cached_property
    def failures(self) -> dict[str, Array]:
        """The places of each kind."""
        failures = failures_of(self._x, self._found.right, self._measure.format, self._kinds)
        zeros = failures["zero_where_normal"]
        return {**failures, "zero_where_normal": zeros[~np.isin(zeros, self._without)]}

    def tally(self, most: int) -> Tally:
        """Counts, and the points with the largest errors, ``most`` of them."""
        f, of, fmt = self._measure.f, self._measure.of, self._measure.format
        z, x, found = self._z, self._x, self._found
        counts = {
            "points": len(z),
            "correctly_rounded": count(found.correct),
            "faithful": count(found.faithful),
            "normal": count(self.normal),
            **{kind: len(places) for kind, places in self.failures.items()},
        }
        if of == "g":
            counts["out_of_range"] = count(out_of_range(f, x, fmt))
        return Tally(
            fmt.name,
            counts,
            exact_sum(found.side * np.where(self.normal, found.ulps, 0)),
            self.largest(self.normal),
            first={kind: self._first(z[places]) for kind, places in self.failures.items() if len(places)},
            worst=self._worst(most),
            most=most,
            ascending=self._ascending,
            **self.course,
        )

    def largest(self, where: Array) -> Point | None:
        """The point with the largest error among some."""
        if not where.any():
            return None
        errors = np.where(where, self._found.ulps, -1)
        ties = np.flatnonzero(errors == errors.max())
        return self._point(ties[np.argmin(self._ranks[ties])])

    def _worst(self, most: int) -> tuple[Point, ...]:
        if not most:
            return ()
        errors = self._found.ulps
        places = np.arange(len(errors))
        if most < len(errors):
            places = np.flatnonzero(errors >= np.partition(errors, -most)[-most])
        order = np.lexsort((self._ranks[places], -errors[places]))[:most]
        return tuple(self._point(i) for i in places[order].tolist())

    @cached_property
    def _ranks(self) -> Array:
        """Of equal errors the least of these comes first."""
        return to_bits(self._z, self._measure.format) if self._ascending else np.arange(len(self._z))

    def _first(self, z: Array) -> float:
        return nearest_to_zero(z.tolist()) if self._ascending else float(z[0])

    @property
    def course(self) -> dict[str, Any]:
        """The parts of a tally that tell whether values ascend."""
        way, turns = self._measure.way, False
        if way:
            with np.errstate(all="ignore"):  # from one infinity to the next
                along = 1 if self._ascending else np.sign(np.diff(self._z))
                turns = bool((along * np.sign(np.diff(self._x)) * way < 0).any())
        ends = (self._point(0), self._point(-1)) if len(self._z) else None
        return {"ends": ends, "way": way, "turns": turns}

    def _point(self, i: int) -> Point:
        found = self._found
        return Point(*(float(column[i]) for column in (self._z, self._x, found.right, found.ulps)))


def is_normal(right: Array, fmt: Format) -> Array:
    """Where right values are normal numbers of a format."""
    size = abs(right)
    normal: Array = (size >= fmt.smallest_normal) & (size < math.inf)
    return normal


def count(where: Array) -> int:
    """How many of them are True."""
    return int(np.count_nonzero(where))
