"""Kinks, flat levels and turning points, found from the textbook formulas alone.

Nothing here looks at the pieces of a declaration. A formula can have a kink only where one of its comparisons
(in a condition, ``min``, ``max`` or ``abs``) changes its outcome, or at 0, where sqrt(z**2) has one; there
the formulas of g and g' are evaluated just below and just above.
"""

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from flint import ctx

from actcalc.activations.activation import Activation
from tests.support import oracle

NEAR = Fraction(1, 10**400)
_CLOSE = Fraction(1, 10**300)
"""Values on the two sides of a point closer than this mean that it is not a kink."""

CONVEX, CONCAVE, JUMP = "convex", "concave", "jump"


class Bend(NamedTuple):
    """A kink: its place, the one-sided slopes, the number nearest to 0 between them, and its kind."""

    z: Fraction
    left: Fraction
    right: Fraction
    least: Fraction
    kind: str


class Sides(NamedTuple):
    """The limits of a formula from the left and from the right."""

    left: Fraction
    right: Fraction

    @property
    def differ(self) -> bool:
        return abs(self.left - self.right) > _CLOSE


class _Point(NamedTuple):
    """A point, and the outcomes of the comparisons there."""

    z: Fraction
    branches: tuple[tuple[bool, ...], ...]


def _texts(f: Activation) -> tuple[str, str]:
    return f.textbook_g, f.textbook_dg


def _branches(f: Activation, z: Fraction) -> tuple[tuple[bool, ...], ...]:
    return tuple(oracle.branches(text, z, f.parameters) for text in _texts(f))


def _samples(f: Activation) -> list[Fraction]:
    """Points to search between, of many sizes and around the parameters; none is a simple number."""
    sizes = [Fraction(10) ** k * digit for k in range(-4, 4) for digit in (1, 2, 5)]
    sizes += [
        abs(p) * factor for p in f.parameters.values() for factor in (Fraction(9, 10), Fraction(11, 10))
    ]
    offset = Fraction(10**9 + 7, 10**9 + 9)
    return sorted({side * size * offset for size in sizes for side in (-1, 1) if size})


def _changes(f: Activation, low: _Point, high: _Point) -> Iterator[Fraction]:
    """The places between two points where comparisons change."""
    if low.branches == high.branches:
        return
    if high.z - low.z < Fraction(1, 10**24) * max(Fraction(1), abs(low.z)):
        yield ((low.z + high.z) / 2).limit_denominator(10**9)
        return
    # Not exactly in the middle, so that a change does not coincide with a point tried.
    between = low.z + (high.z - low.z) * Fraction(5, 11)
    between = Fraction(round(between * 10**30), 10**30)
    middle = _Point(between, _branches(f, between))
    yield from _changes(f, low, middle)
    yield from _changes(f, middle, high)


@lru_cache(maxsize=256)
def changes(f: Activation) -> tuple[Fraction, ...]:
    """The places where formulas change branches, and 0."""
    points = [_Point(z, _branches(f, z)) for z in _samples(f)]
    found = {z for low, high in pairwise(points) for z in _changes(f, low, high)}
    return tuple(sorted({Fraction(0), *found}))


def value(f: Activation, text: str, z: Fraction) -> Fraction:
    """A formula's value within 1e-300; exact if it is a fraction or very close to a simple one."""
    with ctx.workprec(3000):
        number = oracle.evaluate(text, z=z, **f.parameters)
        if number.rest is None:
            near = Fraction(int(number.exact.p), int(number.exact.q))
        else:
            man, exp = number.ball().mid().man_exp()
            near = Fraction(int(man)) * Fraction(2) ** int(exp)
    simple = near.limit_denominator(10**100)
    return simple if abs(simple - near) < _CLOSE * max(Fraction(1), abs(near)) else near


def sides(f: Activation, text: str, z: Fraction) -> Sides:
    return Sides(value(f, text, z - NEAR), value(f, text, z + NEAR))


@lru_cache(maxsize=256)
def kinks(f: Activation) -> tuple[Bend, ...]:
    """The kinks from left to right."""
    found = []
    for z in changes(f):
        is_met = z == 0 or _branches(f, z - NEAR) != _branches(f, z + NEAR)
        assert is_met, f"{f.describe()}: a comparison changes near {float(z)}, but not at a simple number"
        g, dg = (sides(f, text, z) for text in _texts(f))
        if g.differ or dg.differ:
            kind = JUMP if g.differ else CONVEX if dg.left < dg.right else CONCAVE
            crosses = min(dg.left, dg.right) <= 0 <= max(dg.left, dg.right)
            nearer = dg.left if abs(dg.left) < abs(dg.right) else dg.right
            least = Fraction(0) if crosses else nearer
            found.append(Bend(z, dg.left, dg.right, least, kind))
    return tuple(found)


def _spans(f: Activation) -> Iterator[tuple[Fraction, Fraction]]:
    """The intervals between the points where branches change."""
    ends = [Fraction(-(10**5)), *changes(f), Fraction(10**5)]
    return pairwise(ends)


@lru_cache(maxsize=256)
def flat_levels(f: Activation) -> tuple[Fraction, ...]:
    """The values of g on intervals where the textbook's slope is exactly 0."""
    g, dg = _texts(f)
    levels = []
    for low, high in _spans(f):
        inside = [low + (high - low) * Fraction(k, 7) for k in (1, 3, 6)]
        with ctx.workprec(300):
            slopes = [oracle.evaluate(dg, z=z, **f.parameters) for z in inside]
        if all(slope.is_exactly(0) for slope in slopes):
            levels.append(value(f, g, inside[0]))
    return tuple(dict.fromkeys(levels))


@lru_cache(maxsize=256)
def turns(f: Activation) -> tuple[Fraction, ...]:
    """The places where the slope changes its sign, to sixty digits."""
    text = f.textbook_dg
    points = sorted({*_samples(f), *(z + side * NEAR for z in changes(f) for side in (-1, 1))})
    signs = [oracle.sign(text, z, f.parameters) for z in points]
    found = []
    for (low, at_low), (high, at_high) in pairwise(zip(points, signs, strict=True)):
        if at_low * at_high < 0:
            zero = _zero(f, low, high, at_high)
            if zero not in {bend.z for bend in kinks(f)}:
                found.append(zero)
    return tuple(found)


def _zero(f: Activation, low: Fraction, high: Fraction, at_high: int) -> Fraction:
    """The zero of the slope between two points, by bisection; exact if it is a simple fraction."""
    for simple in changes(f):
        if low < simple < high:
            return simple
    while high - low > Fraction(1, 10**60):
        middle = Fraction(int((low + high) / 2 * 10**65), 10**65)
        sign = oracle.sign(f.textbook_dg, middle, f.parameters)
        low, high = (low, middle) if sign in (0, at_high) else (middle, high)
    simple = high.limit_denominator(10**6)
    return simple if abs(simple - high) < Fraction(1, 10**50) else high
