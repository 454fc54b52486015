"""The error of a printed function: NumPy runs it at the audit's points, next to the right values."""

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.activations.arrays import derivative_array
from actcalc.activations.aside import SetAside
from actcalc.activations.declaration import QUANTITIES, Quantity
from actcalc.checking.measure import Errors, Measure
from actcalc.checking.points import points
from actcalc.errors import ActcalcError, UnsettledError
from actcalc.numbers.bit_arrays import from_ordinals
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import FLOAT64, Format

Function = Callable[[Array], Array]
"""A printed function, which takes an array of the format's dtype; bfloat16 is held in float32."""

LIMIT = 6.0
"""The error in ulps to which NumPy's functions and a few roundings add up; larger ones have a reason."""
_FEWER = 4000
BESIDE = 0.25
"""The distance from a root within which it excuses errors."""
_AROUND = 20
"""The number of points on either side that show how large values beside a root are."""
_LOW = 0.01
_HALVINGS = 40
_SEARCHED, _STEPS = 200, 16
_FARTHEST = 1000.0
"""The |z| up to which roots are searched for between points."""
_SAME, _SAME_ROOT = 1e-9, 1e-5
_BENT = 0.6
"""The ratio v*v''/v'**2 from which a value is not taken as near a root; at a double root it is a half."""
_LIKE_ZERO = 1e-6
"""A value smaller than its neighbours by this factor counts as 0, even without a change of sign."""
_MOST_ULPS = 2.0**53
"""The largest error in ulps of a subnormal number that is flushed to zero."""
_BLOCK = 1 << 20
"""The number of values measured at a time if all are measured."""
_DEEP = 2.0**24
"""A result that is larger than the smallest normal number by this factor needs no subnormal number."""


class NoValue(ActcalcError):
    """A formula has no value at any of the points."""


class Reason(Enum):
    """An excuse for an error beyond the limit."""

    ROOT = "root"
    UNDERFLOW = "underflow"


class Error(NamedTuple):
    """An error in ulps, and its point; infinite if either the computed or the right value is not a number."""

    ulps: float
    z: float


class Stretch(NamedTuple):
    """An interval in which errors exceed the limit; without a reason, they are not excused."""

    reason: Reason | None
    low: float
    high: float
    largest: Error
    root: float | None = None


class Measurement(NamedTuple):
    """The errors of a function at many points."""

    of: Quantity
    format: Format
    points: int
    is_whole: bool
    """Whether the points are all finite values of the format."""
    largest: Error
    """The largest error that is not excused."""
    is_right: bool
    """Whether all values are correctly rounded."""
    stretches: tuple[Stretch, ...]
    """The intervals in which errors exceed the limit, in order."""
    special: tuple[tuple[float, float, float], ...]
    """Infinite or NaN z with a wrong result: z, the result, and the right one."""


def measure(function: Function, f: Activation, of: Quantity, fmt: Format) -> Measurement:
    """The errors of ``function`` as g or g' of ``f`` at the points of an audit."""
    return Standard(f, of, fmt, audit_points(f, fmt)).measure(function)


def measure_everywhere(
    function: Function, f: Activation, of: Quantity, fmt: Format, step: Callable[[int], None]
) -> Measurement:
    """The errors at all finite values of a format; ``step`` is told how many more have been measured.

    Raises NoValue if a formula has none.
    """
    standard = Standard(f, of, fmt, audit_points(f, fmt))
    roots, found = standard.roots, None
    places = range(fmt.first_ordinal, fmt.finite_count)
    for start in range(0, len(places), _BLOCK):
        part = places[start : start + _BLOCK]
        z = from_ordinals(np.arange(part.start, part.stop), fmt)
        with suppress(NoValue):
            one = standard.measure_quickly(function, z)
            if one is None:
                one = Standard(f, of, fmt, z, roots, len(places)).measure(function)
            found = one if found is None else _joined(found, one)
        step(len(part))
    assert found is not None
    return found._replace(is_whole=True, special=tuple(standard.special(function)))


def _joined(one: Measurement, other: Measurement) -> Measurement:
    """The measurements at lower and at higher z joined."""
    stretches, rest = [*one.stretches], [*other.stretches]
    if stretches and rest and _goes_on(stretches[-1], rest[0]):
        last, first = stretches.pop(), rest.pop(0)
        largest = max(last.largest, first.largest, key=lambda error: error.ulps)
        stretches.append(last._replace(high=first.high, largest=largest))
    return one._replace(
        points=one.points + other.points,
        largest=min(one.largest, other.largest, key=lambda error: (-error.ulps, abs(error.z))),
        is_right=one.is_right and other.is_right,
        stretches=(*stretches, *rest),
    )


def _goes_on(one: Stretch, other: Stretch) -> bool:
    """Whether a stretch continues in the next one."""
    is_one_side = one.root is not None or (one.high < 0) == (other.low < 0)
    return (one.reason, one.root) == (other.reason, other.root) and is_one_side


@lru_cache(maxsize=8)
def audit_points(f: Activation, fmt: Format) -> Array:
    """The points of an audit; fewer for formulas, which take longer."""
    z = points(f, fmt) if f.is_declared else points(f, fmt, _FEWER)
    z.flags.writeable = False
    return z


class Standard:
    """The right values of g or g' at many points, against which functions are measured."""

    def __init__(
        self,
        f: Activation,
        of: Quantity,
        fmt: Format,
        z: Array,
        known_roots: Array | None = None,
        count: int = 0,
    ) -> None:
        """Take the points z, some of ``count`` in all; known roots may lie between them."""
        if not f.is_declared:
            z = with_values(f, of, fmt, z)
        self._known_roots = np.zeros(0) if known_roots is None else known_roots
        self.f, self.of, self.format, self.z = f, of, fmt, z
        self._measure = Measure(f, of, fmt, [])
        self._measure.hurry(count)
        self._reference = self._measure.reference(z)

    @property
    def roots(self) -> Array:
        """The roots beside the points."""
        return roots_beside(self.f, self.of, self.z, self._reference.right, self.z)

    def measure(self, function: Function) -> Measurement:
        """The errors of a function."""
        fmt, z = self.format, self.z
        with np.errstate(all="ignore"):
            x = np.asarray(function(z.astype(dtype_of(fmt))), np.float64)
        errors, places = self._measure.where_settled(
            self._reference, lambda places: self._measure.compare(self._reference.at(places), x[places])
        )
        z = z[places]
        beyond = np.flatnonzero(errors.ulps > limit_of(fmt))
        roots = self._roots(z, errors.right, beyond) if len(beyond) else self._known_roots
        stretches = tuple(_stretches(function, fmt, z, errors, beyond, roots))
        counted = errors.ulps.copy()
        for stretch in stretches:
            if stretch.reason is not None:
                counted[beyond[(z[beyond] >= stretch.low) & (z[beyond] <= stretch.high)]] = 0
        return Measurement(
            *(self.of, fmt, len(z), fmt.is_short, _largest(counted, z), bool(errors.correct.all())),
            stretches,
            tuple(self.special(function)),
        )

    def measure_quickly(self, function: Function, z: Array) -> Measurement | None:
        """The errors at other, ascending points if their ends determine the right values between them and the
        function returns these; else None.
        """
        known = self._measure.right_between(z)
        if known is None:
            return None
        right, errors = known
        with np.errstate(all="ignore"):
            x = np.asarray(function(z.astype(dtype_of(self.format))), np.float64)
        if not (x == right).all():
            return None
        largest = _largest(np.array(errors), z[[0, -1]])
        return Measurement(self.of, self.format, len(z), False, largest, True, (), ())

    def _roots(self, z: Array, right: Array, beyond: Array) -> Array:
        """The roots beside points that are beyond the limit; known roots replace those close to them."""
        found, known = _roots_of(self.f, self.of, z, right, beyond), self._known_roots
        if not len(known):
            return found
        near = known[np.abs(found[:, None] - known).argmin(axis=1)]
        is_other = np.abs(found - near) > _SAME_ROOT * np.maximum(1, np.abs(near))
        return np.union1d(known, found[is_other])

    def special(self, function: Function) -> Iterator[tuple[float, float, float]]:
        """The infinite and NaN z with wrong results: z, the result, and the right value."""
        zs = np.array([-math.inf, math.inf, math.nan], dtype_of(self.format))
        with np.errstate(all="ignore"):
            computed = np.asarray(function(zs), np.float64)
        for z, x in zip(zs.tolist(), computed.tolist(), strict=True):
            with suppress(UnsettledError):
                right = self.f.derivative_float(z, self.of, self.format)
                if x != right and not (math.isnan(x) and math.isnan(right)):
                    yield z, x, right


def with_values(f: Activation, of: Quantity, fmt: Format, z: Array) -> Array:
    """The points at which a formula has values; without subnormal ones if it has no value at 0.

    Raises ActcalcError if there are none.
    """
    right = derivative_array(f, np.append(z, 0.0), of, fmt, aside=SetAside())
    has_value = right == right
    if not has_value[-1]:
        has_value[:-1] &= np.abs(z) >= fmt.smallest_normal
    if not has_value[:-1].any():
        raise NoValue(f"formula {f.declaration.title} has no value at any {fmt} number that was tried")
    return np.asarray(z[has_value[:-1]])


def limit_of(fmt: Format) -> float:
    """The largest error that needs no reason."""
    return 1.0 if fmt.is_short else LIMIT


def dtype_of(fmt: Format) -> str:
    """The dtype of the arrays that a printed function takes."""
    return fmt.name if fmt.is_native else fmt.numpy


def _largest(ulps: Array, z: Array) -> Error:
    """The largest error; if several are, the one nearest to 0."""
    most = ulps.max()
    where = z[ulps == most]
    return Error(float(most), float(where[np.abs(where).argmin()]))


def _stretches(
    function: Function, fmt: Format, z: Array, errors: Errors, beyond: Array, roots: Array
) -> Iterator[Stretch]:
    """The stretches, each of neighbouring points that have the same reason and root."""
    if not len(beyond):
        return
    right = errors.right
    found: list[tuple[Reason | None, float | None]] = []
    for i in beyond.tolist():
        x = float(z[i])
        if math.isfinite(errors.ulps[i]) and (root := _nearest(roots, x)) is not None:
            found.append((Reason.ROOT, root))
        else:
            is_small = errors.ulps[i] < _MOST_ULPS and _underflows(function, x, float(right[i]), fmt)
            found.append((Reason.UNDERFLOW if is_small else None, None))
    starts = [
        k
        for k in range(len(found))
        if k == 0 or found[k] != found[k - 1] or (found[k][1] is None and z[beyond[k - 1]] < 0 < z[beyond[k]])
    ]
    for start, end in pairwise([*starts, len(found)]):
        places = beyond[start:end]
        reason, root = found[start]
        yield Stretch(
            reason, float(z[places[0]]), float(z[places[-1]]), _largest(errors.ulps[places], z[places]), root
        )


def _underflows(function: Function, z: float, right: float, fmt: Format) -> bool:
    """Whether the result is subnormal, or small and computed from subnormal numbers."""
    if abs(right) < fmt.smallest_normal:
        return True
    if abs(right) > fmt.smallest_normal * _DEEP:
        return False
    try:
        with np.errstate(all="ignore", under="raise"):
            function(np.array([z], dtype_of(fmt)))
    except FloatingPointError:
        return True
    return False


def _nearest(roots: Array, z: float) -> float | None:
    """The root that excuses an error at z; None if there is none."""
    near = roots[np.abs(roots - z) <= BESIDE]
    return float(near[np.abs(near - z).argmin()]) if len(near) else None


def _roots_of(f: Activation, of: Quantity, z: Array, right: Array, beyond: Array) -> Array:
    """The roots beside the points beyond the limit; where points are sparse, more are tried."""
    roots = roots_beside(f, of, z, right, z[beyond])
    if f.declaration.settles_far_out and f.is_declared:
        return roots
    places = np.array([x for x in z[beyond].tolist() if _nearest(roots, x) is None])
    inside = places[np.abs(places) < _FARTHEST][:_SEARCHED]
    if len(inside):
        close = np.unique(inside[:, None] + np.linspace(-BESIDE, BESIDE, 2 * _STEPS + 1))
        roots = np.union1d(roots, roots_beside(f, of, close, _values(f, of, close), inside))
    # Farther out a step of Newton's method shows how near a root is.
    outside = places[np.abs(places) >= _FARTHEST]
    order = QUANTITIES.index(of)
    if len(outside):
        v, dv = (_values(f, which, outside) for which in QUANTITIES[order : order + 2])
        is_near = (np.abs(v) <= BESIDE / 2 * np.abs(dv)) & (dv != 0)
        # For exponential growth or decay the ratio of v*v'' to v'**2 is about 1.
        d2v = _values(f, QUANTITIES[order + 2], outside[is_near])
        is_near[is_near] = np.abs(v[is_near] * d2v) < _BENT * dv[is_near] ** 2
        roots = np.union1d(roots, outside[is_near])
    return roots


def _values(f: Activation, of: Quantity, z: Array) -> Array:
    return derivative_array(f, z, of, FLOAT64, "nan", SetAside())


def roots_beside(f: Activation, of: Quantity, z: Array, right: Array, places: Array) -> Array:
    """The roots of g or g' near some places, between neighbouring points z.

    There it changes its sign, or its size falls to 0, or nearly so, and rises again.
    """
    sizes, signs = np.abs(right), np.sign(right)
    around = np.maximum.reduce([np.roll(sizes, k) for k in (-_AROUND, _AROUND)])
    after = np.searchsorted(places, z - BESIDE).clip(0, len(places) - 1)
    with np.errstate(over="ignore"):  # between the ends of float64
        is_near = np.abs(places[after] - z) <= 2 * BESIDE
        is_near &= np.append(np.diff(z) <= BESIDE, False)
    changes = np.flatnonzero(is_near & (signs * np.roll(signs, -1) < 0))
    low, high = z[changes], z[changes + 1]
    for _ in range(_HALVINGS if len(changes) else 0):
        middle = (low + high) / 2
        is_before = np.sign(_values(f, of, middle)) == signs[changes]
        low, high = np.where(is_before, middle, low), np.where(is_before, high, middle)
    lowest = is_near & (sizes <= np.roll(sizes, 1)) & (sizes <= np.roll(sizes, -1)) & (sizes < _LOW * around)
    lowest &= (np.roll(sizes, 1) > 0) | (np.roll(sizes, -1) > 0)  # 0 throughout is not a root
    lowest[[0, -1]] = False
    turns = np.flatnonzero(lowest)
    left, end = z[turns - 1], z[turns + 1]
    for _ in range(_HALVINGS if len(turns) else 0):
        one, other = left + (end - left) / 3, end - (end - left) / 3
        is_left = np.abs(_values(f, of, one)) < np.abs(_values(f, of, other))
        left, end = np.where(is_left, left, one), np.where(is_left, other, end)
    found = np.concatenate([low, left])
    if not len(found):
        return found
    starts, stops = np.concatenate([changes, turns - 1]), np.concatenate([changes, turns]) + 1
    v, below, above = (np.abs(_values(f, of, x)) for x in (found, z[starts], z[stops]))
    is_change = np.arange(len(found)) < len(changes)
    beside = np.where(is_change, np.maximum(below, above), np.minimum(below, above))
    found = found[v <= _LIKE_ZERO * beside]
    if np.any(np.abs(found) < _SAME) and _values(f, of, np.zeros(1))[0] == 0:
        found[np.abs(found) < _SAME] = 0
    found.sort()
    found = found[np.diff(found, prepend=-np.inf) > _SAME * np.maximum(1, np.abs(found))]
    return np.asarray(found)
