"""The least and the greatest slope of an activation, which tell how much a layer can shrink gradients."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import INF, End, Piece, Range
from actcalc.arithmetic.exact import Formula, enclose, sign_of
from actcalc.arithmetic.rational import RATIONAL, NotRational
from actcalc.errors import join_names
from actcalc.numbers.digits import Digits
from actcalc.numbers.numerals import exact_text
from actcalc.teaching.triangle import BeyondReach, enclosure

_DIGITS = 60
_NARROW = 170
"""Bisections around a turn of g': g' is flat there, so half of the digits of z suffice."""
_COARSE, _SECANTS = 20, 9
"""Bisections before the secant method, and the most of its steps."""
_FARTHEST = 5000
"""Decimal exponents of numbers that are as well known as fractions."""
_SIZES = [
    Fraction(10) ** k * digit
    for k in range(-20, 13)
    for digit in ((1, Fraction(3, 2), 2, 3, 5, 7) if abs(k) < 2 else (1, 3) if abs(k) < 5 else (1,))
]
_SCALES = [Fraction(10) ** k for k in range(-2, 3)]


class Extreme(NamedTuple):
    """An extreme slope: its value, the z where it is taken, if there is one, and whether it is taken."""

    value: End
    z: Fraction | None
    is_taken: bool


class SlopeRange(NamedTuple):
    """The range of values that g' takes or tends to."""

    low: Extreme
    high: Extreme
    levels: tuple[Fraction, ...]
    """All values of g', if they are few."""

    @property
    def range(self) -> Range:
        """The interval from the least to the greatest."""
        brackets = "[" if self.low.is_taken else "("
        return Range(self.low.value, self.high.value, brackets + ("]" if self.high.is_taken else ")"))


@lru_cache(maxsize=256)
def slope_range(f: Activation) -> SlopeRange:
    """The range of g', for an activation of the catalogue."""
    declared = f.slope_range
    if declared is not None:
        low, high = (Extreme(end, None, True) for end in (declared.low, declared.high))
        return SlopeRange(low, high, ())
    found = list(_extremes(f))
    low = min(found, key=lambda one: (one.value, not one.is_taken))
    high = max(found, key=lambda one: (one.value, one.is_taken))
    levels = [straight_slope(piece) for piece in f.pieces]
    few = () if None in levels else tuple(sorted({level for level in levels if level is not None}))
    return SlopeRange(low, high, few)


def straight_slope(piece: Piece) -> Fraction | None:
    """The slope of a piece that is straight; None if it is not."""
    values = set()
    for z in (Fraction(-3), Fraction(1, 7), Fraction(10**9)):
        try:
            values.add(Fraction(piece.dg(RATIONAL, z)))
        except (NotRational, ArithmeticError):
            return None
    return values.pop() if len(values) == 1 else None


def _extremes(f: Activation) -> Iterator[Extreme]:
    """Slopes that include the least and the greatest."""
    flat, sizes = [straight_slope(piece) for piece in f.pieces], _sizes(f)
    for (_, limit), constant in zip(f.ends, (flat[0], flat[-1]), strict=True):
        yield Extreme(limit, None, constant is not None)
    before: Fraction | None = None
    for piece, constant in zip(f.pieces, flat, strict=True):
        end = None if piece.upto is None else Fraction(piece.upto)
        for z in (before, end):
            if z is not None:
                is_taken = constant is not None or f.kink_at(z) is None
                yield Extreme(_slope(piece, z), z if constant is None else None, is_taken)
        if constant is None:
            for z in _turns(piece, before, end, sizes):
                yield Extreme(_slope(piece, z), z, True)
        before = end


def _slope(piece: Piece, z: Fraction) -> Fraction:
    """g' at z, to more digits than are ever shown."""
    try:
        return Fraction(piece.dg(RATIONAL, z))
    except NotRational:
        bounds = enclosure(piece.dg, z, _DIGITS)
    # A number of few digits is exact.
    low, high = (Digits(_DIGITS - 8).round_exact(end) for end in (bounds.low, bounds.high))
    return Fraction(low if low == high else bounds.low)


def _sizes(f: Activation) -> set[Fraction]:
    """Sizes of z at which g' may turn: the usual ones, and some that follow from the parameters."""
    own = {abs(x) for x in f.parameters.values() if x}
    return {*_SIZES, *(x**power * scale for x in own for power in (-2, -1, 1, 2) for scale in _SCALES)}


def _turns(
    piece: Piece, low: Fraction | None, high: Fraction | None, sizes: Iterable[Fraction]
) -> Iterator[Fraction]:
    """The turns of g' between two ends, as far as points at these distances from 0 and the ends show them."""
    centres = {Fraction(0), *(end for end in (low, high) if end is not None)}
    steps = [side * size for size in sizes for side in (-1, 1)]
    points = centres | {centre + step for centre in centres for step in steps}
    inside = sorted(z for z in points if (low is None or z > low) and (high is None or z < high))
    bend = piece.formula("d2g")

    signs = [(z, _sign(bend, z)) for z in inside]
    yield from (z for z, found in signs if found == 0)
    known = [(z, found) for z, found in signs if found]
    for (left, before), (right, after) in pairwise(known):
        if before != after:
            yield _between(bend, left, right, before)


def _sign(formula: Formula, z: Fraction) -> int:
    bounds = enclose(formula, z, _DIGITS)
    if bounds is None or bounds.low < 0 < bounds.high:
        return sign_of(formula, z) or 0
    return int(bounds.high > 0) - int(bounds.low < 0)


def _between(bend: Formula, left: Fraction, right: Fraction, before: int) -> Fraction:
    """The zero of g'' between two points, by bisection, which a secant cuts short if its zero is proved."""
    for halvings in range(_NARROW):
        if halvings == _COARSE and (known := _by_secant(bend, left, right, before)) is not None:
            return known
        middle = (left + right) / 2
        if (found := _sign(bend, middle)) == 0:
            return middle
        left, right = (middle, right) if found == before else (left, middle)
    return left


def _by_secant(bend: Formula, left: Fraction, right: Fraction, before: int) -> Fraction | None:
    """The zero by the secant method, if the sign changes as close to it as bisection would come, or None."""
    step = (right - left) / 2 ** (_NARROW - _COARSE)
    (x, at_x), (y, at_y) = ((z, _middle(bend, z)) for z in (left, right))
    for _ in range(_SECANTS):
        if at_x is None or at_y is None or at_x == at_y:
            return None
        z = round((y - at_y * (y - x) / (at_y - at_x)) / step) * step
        if not left <= z <= right:
            return None
        if abs(z - y) <= step:
            return z if _sign(bend, z - step) == before and _sign(bend, z + step) == -before else None
        x, at_x, y, at_y = y, at_y, z, _middle(bend, z)
    return None


def _middle(formula: Formula, z: Fraction) -> Fraction | None:
    bounds = enclose(formula, z, _DIGITS)
    if bounds is None:
        return None
    if any(not end.is_finite() or abs(end.adjusted()) > _FARTHEST for end in (bounds.low, bounds.high)):
        return None
    return (Fraction(bounds.low) + Fraction(bounds.high)) / 2


def describe(f: Activation, digits: int) -> list[str]:
    """The range of g' in words, and its effect on many layers; empty if it takes too many digits."""
    try:
        found = slope_range(f)
    except BeyondReach:
        return []
    if found.levels:
        return [join_names(map(exact_text, found.levels), "or"), *_many_layers(f, found)]
    where = [
        f"{word} at z = {_place(one.z)}"
        for word, one in (("least", found.low), ("greatest", found.high))
        if one.is_taken and one.z is not None
    ]
    return [", ".join([found.range.text(digits), *where]), *_many_layers(f, found)]


def _place(z: Fraction) -> str:
    text = exact_text(z)
    return text if len(text) < 12 else Digits(5).text(Digits(5).round_exact(z))


def _many_layers(f: Activation, found: SlopeRange) -> Iterator[str]:
    """A sentence on why slopes vanish through many layers, if they do."""
    most: End = max(abs(Fraction(end)) if end not in (INF, -INF) else INF for end in found.range[:2])
    if most == INF or most > 1 or most == 0:
        return
    if most < 1:
        size, left = _few_digits(most), _few_digits(Fraction(most) ** _LAYERS, 2)
        yield f"at most {size}: after {_LAYERS} layers at most {left} is left, so slopes vanish"
    elif all(not isinstance(limit, float) and limit == 0 for _, limit in f.ends):
        yield "at most 1 in absolute value, and tends to 0: through many layers slopes vanish"


_LAYERS = 10


def _few_digits(x: End, count: int = 4) -> str:
    """A number in full if it is short, else ``about`` its value in ``count`` digits."""
    text = exact_text(x)
    return (
        text
        if len(text) <= count + 2
        else f"about {Digits(count).text(Digits(count).round_exact(Fraction(x)))}"
    )
