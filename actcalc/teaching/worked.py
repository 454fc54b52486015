"""The triangle of the lecture, computed step by step at one z, smaller and smaller."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from functools import partial

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Parity
from actcalc.activations.kinks import Kink
from actcalc.activations.notes import one_sided_slopes
from actcalc.arithmetic.interval import Interval
from actcalc.errors import Argument
from actcalc.numbers.digits import Digits
from actcalc.numbers.numerals import decimal_text, exact_text
from actcalc.teaching.slope_range import straight_slope
from actcalc.teaching.story import argument
from actcalc.teaching.triangle import BeyondReach, enclosure, extra_powers

HALF_WIDTHS = ("0.1", "0.01", "0.001")

_PLACES = tuple(map(Fraction, (0, 1, -1, 2, -2)))
_DIGITS, _FEW = Digits(10), Digits(3)
_SPARE = (150, 400, 1000, 2400)
_NOTHING = -300
"""The power of ten below which a number cannot be told from 0."""
_GREAT = 1000
_SEEN = (Decimal("1e-6"), Decimal("0.2"))
"""The least and the greatest relative error of a first triangle whose convergence can be seen."""


def next_commands(f: Activation, spell: Callable[[Argument], str]) -> list[str]:
    """Commands to try next; ``spell`` spells their arguments."""
    where = f"{spell(Argument('at', exact_text(place(f))))} {spell(Argument('output', 'page.html'))}"
    dtype = spell(Argument("dtype", "float64"))
    return [
        f"actcalc verify {argument(f)}",
        f"actcalc show {argument(f)} {dtype}",
        f"actcalc plot {argument(f)} {where}",
    ]


def place(f: Activation) -> Fraction:
    """The z of the triangle: the kink nearest to 0, or else a z where it visibly converges."""
    if f.kinks:
        return min((kink.z for kink in f.kinks), key=abs)
    ends = (Fraction(piece.upto) for piece in f.pieces if piece.upto is not None)
    return next((z for z in (*_PLACES, *ends) if _is_seen(f, z)), _PLACES[0])


def _is_seen(f: Activation, z: Fraction) -> bool:
    """Whether triangles at z visibly converge: they are off, but not by much."""
    try:
        slope = enclosure(f.piece_at(z).dg, z, 60)
        off = _off_by(f, z, Fraction(HALF_WIDTHS[0]), 60)
    except BeyondReach:
        return False
    sizes = [min(x.low.copy_abs(), x.high.copy_abs()) for x in (off, slope)]
    if (
        any(size.adjusted() > _GREAT for size in sizes if size.is_finite() and size)
        or off.low <= 0 <= off.high
    ):
        return False
    return _SEEN[0] * sizes[1] < sizes[0] < _SEEN[1] * sizes[1]


def steps(f: Activation) -> Iterator[str]:
    """Lines for smaller and smaller triangles, and for the slope; at a kink on each side."""
    z = place(f)
    at = exact_text(z)
    kink = f.kink_at(z)
    if kink is None:
        yield "height/width of the triangle from z - h to z + h:"
        for text in HALF_WIDTHS:
            half = Fraction(text)
            off_by = _text(f, partial(_off_by, f, z, half), _FEW)
            yield f"h = {text}: {_quotient_text(f, partial(_height, f, z, half), 2 * half)}, off by {off_by}"
        yield f"the slope itself: g'({at}) = {_text(f, partial(enclosure, f.piece_at(z).dg, z))}"
        return
    for side, sign, ends in (("left", -1, "z - h to z"), ("right", 1, "z to z + h")):
        yield f"height/width of the triangle on the {side}, from {ends}:"
        for text in HALF_WIDTHS:
            width = Fraction(text)
            height = partial(_height_on_side, f, kink, sign * width)
            yield f"h = {text}: {_quotient_text(f, height, width)}"
    if kink.is_jump:
        yield "and across the jump, from z - h to z + h:"
        for text in HALF_WIDTHS:
            half = Fraction(text)
            yield f"h = {text}: {_quotient_text(f, partial(_height, f, z, half), 2 * half)}"
    left, right = one_sided_slopes(kink)
    yield f"g'({at}) is undefined: the slope is {left} on the left and {right} on the right"


def _quotient_text(f: Activation, height: Callable[[int], Interval], width: Fraction) -> str:
    quotient = _text(f, lambda digits: height(digits) / width)
    return f"{_text(f, height)}/{exact_text(width)} = {quotient}"


def _height(f: Activation, z: Fraction, half: Fraction, digits: int) -> Interval:
    """The height of g at z + half over that at z - half."""
    right = enclosure(f.piece_at(z + half).g, z + half, digits)
    if z == 0 and f.parity is Parity.EVEN:
        return right.m.number(0)
    return right - enclosure(f.piece_at(z - half).g, z - half, digits)


def _height_on_side(f: Activation, kink: Kink, step: Fraction, digits: int) -> Interval:
    """The height of a triangle between a kink and a point beside it, from left to right."""
    beside = kink.z + step
    piece = kink.left if step < 0 else kink.right
    here = enclosure(piece.g, kink.z, digits)
    if f.piece_at(beside) is piece and (slope := straight_slope(piece)) is not None:
        return here.m.number(slope * abs(step))
    there = enclosure(f.piece_at(beside).g, beside, digits)
    return here - there if step < 0 else there - here


def _off_by(f: Activation, z: Fraction, half: Fraction, digits: int) -> Interval:
    return _height(f, z, half, digits) / (2 * half) - enclosure(f.piece_at(z).dg, z, digits)


def _text(f: Activation, number: Callable[[int], Interval], digits: Digits = _DIGITS) -> str:
    """The number rounded to ``digits``, without trailing zeros, computed with as many digits as it takes."""
    lost = extra_powers(f)
    for spare in _SPARE:
        bounds = number(spare + lost)
        rounded = digits.round_exact(bounds.low)
        if rounded == digits.round_exact(bounds.high):
            break
        size = max(bounds.low.copy_abs(), bounds.high.copy_abs()).adjusted() + 1
        if bounds.low <= 0 <= bounds.high and (size < _NOTHING or spare == _SPARE[-1]):
            return f"less than 1e{max(size, _NOTHING)}"
    if rounded.is_zero():
        return "0"
    return decimal_text(rounded) if rounded.adjusted() >= -4 else digits.text(rounded)
