"""The little triangle under a curve: its height over its width, compared with the slope."""

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from actcalc.activations.activation import Activation
from actcalc.arithmetic.exact import Formula, enclose, enclose_between
from actcalc.arithmetic.interval import Interval, with_digits

WIDTH_TEXT = "1e-6"
WIDTH = Fraction(WIDTH_TEXT)
"""The width of the little triangle: as narrow as one would choose by hand."""
NARROWER = 1000
"""A second triangle is this many times narrower, and shows that the first tends to the slope."""

_DIGITS = 150
_MOST_DIGITS = 1_000
_TELLS = Decimal("1e-25")
"""Bounds with a larger relative width tell nothing about twenty digits."""


class BeyondReach(ArithmeticError):
    """A value that takes too many digits, or whose exponent is too large."""


def enclosure(formula: Formula, z: Fraction, digits: int = _DIGITS) -> Interval:
    """Bounds of ``formula(z)``, computed with ``digits`` digits, or more if they are too few.

    Raises BeyondReach if it takes thousands.
    """
    while (bounds := enclose(formula, z, digits)) is None and digits < _MOST_DIGITS:
        digits *= 2
    if bounds is None:
        raise BeyondReach(f"{digits} digits are too few at z = {float(z)}")
    return bounds


def height_over_width(f: Activation, z: Fraction, side: str = "", narrower: int = 1) -> Interval:
    """The height over the width of a little triangle about ``z``, or on one side of it.

    At a jump the triangle starts from the limit of g on its own side. It is ``narrower`` times narrower.
    """
    half_width = _half_width(f, z) / narrower
    left, right = z - half_width, z + half_width
    formula_left, formula_right = f.piece_at(left).g, f.piece_at(right).g
    if side == "left":
        right, formula_right = z, formula_left
    elif side == "right":
        left, formula_left = z, formula_right
    digits = digits_needed(f, z, side)
    height = enclosure(formula_right, right, digits) - enclosure(formula_left, left, digits)
    return height / (right - left)


def digits_needed(f: Activation, z: Fraction, side: str = "") -> int:
    """The digits that a triangle needs, including those that its height loses as a difference."""
    half_width = _half_width(f, z)
    piece = f.piece_at(z - half_width if side == "left" else z + half_width)
    return _DIGITS + 2 * _stretch(f, z) + max(0, magnitude(piece.g, z) - magnitude(piece.dg, z))


def goes_one_way(f: Activation, z: Fraction) -> bool:
    """Whether a formula surely has values, and takes one branch, all over the triangle about ``z``."""
    m, half_width = with_digits(_DIGITS), _half_width(f, z)
    ends = m.number(z - half_width).low, m.number(z + half_width).high
    return enclose_between(f.piece_at(z).g, *ends) is not None


def _half_width(f: Activation, z: Fraction) -> Fraction:
    return WIDTH / Fraction(2 * 10 ** _stretch(f, z))


def _stretch(f: Activation, z: Fraction) -> int:
    """The power of ten by which the triangle is narrower than usual, where f bends sharply."""
    # The range of floats is enough: with thousands of digits exp takes seconds.
    known = min(extra_powers(f), 700)
    if f.is_declared:
        return known
    # height/width - g' is width**2/24 times the third derivative.
    piece = f.piece_at(z)
    return known + max(0, magnitude(piece.formula("d3g"), z) - magnitude(piece.dg, z) + 1) // 2


def extra_powers(f: Activation) -> int:
    """The power of ten by which the parameters may stretch or squeeze f; 0 for ordinary ones."""
    bits = sum(x.numerator.bit_length() + x.denominator.bit_length() for x in f.parameters.values())
    powers = bits * 3 // 10
    return powers if powers > 20 else 0


def magnitude(formula: Formula, z: Fraction) -> int:
    """The decimal exponent of ``formula(z)``; 0 for zero. Raises BeyondReach if it is too large."""
    bounds = enclosure(formula, z, 40)
    furthest = max(bounds.low.copy_abs(), bounds.high.copy_abs())
    if not furthest.is_finite():
        raise BeyondReach(f"beyond all exponents at z = {float(z)}")
    return 0 if furthest.is_zero() else furthest.adjusted()


class Nearness(NamedTuple):
    """Upper bounds of the relative differences from g' of a triangle and of a narrower one."""

    wide: Decimal
    narrow: Decimal
    nearer: Decimal
    """The narrower one must be this many times nearer, unless both agree."""

    @property
    def holds(self) -> bool:
        """Whether the triangles tend to g' as they should."""
        return self.wide <= _NEAR and self.narrow <= max(_ROUGHLY * self.wide / self.nearer, AGREE)


AGREE = Decimal("1e-21")
"""The largest relative difference of numbers that agree to more than twenty digits."""
_NEAR = Decimal("1e-3")
_ROUGHLY = Decimal("1.01")
"""The most that terms after the first contribute."""
_SOMEWHAT = Decimal("1.5")


def nearness(f: Activation, z: Fraction, side: str = "") -> Nearness:
    """The nearness to g' of triangles at z, or on one side of it.

    Raises BeyondReach if a formula cancels so much that its bounds are too wide.
    """
    kink = f.kink_at(z)
    piece = f.piece_at(z) if kink is None else kink.left if side == "left" else kink.right
    wide, narrow = (height_over_width(f, z, side, narrower) for narrower in (1, NARROWER))
    right = enclosure(piece.dg, z, narrow.m.digits)
    if not f.is_declared and any(difference(x, x) > _TELLS for x in (narrow, right)):
        raise BeyondReach(f"bounds are too wide at z = {float(z)}")
    return Nearness(difference(wide, right), difference(narrow, right), _nearer(f, z, side))


def _nearer(f: Activation, z: Fraction, side: str) -> Decimal:
    """The factor by which a narrower triangle is nearer: NARROWER, or its square about z unless g' bends."""
    if not side and not f.switches_at(z):
        return Decimal(NARROWER**2)
    # Beside z a formula may have a root.
    return Decimal(NARROWER) if f.is_declared else _SOMEWHAT


def difference(computed: Interval, right: Interval) -> Decimal:
    """An upper bound of the difference, relative to ``right`` unless that may be 0."""
    error = computed - right
    largest = max(error.low.copy_abs(), error.high.copy_abs())
    smallest = Decimal(0) if right.low < 0 < right.high else min(right.low.copy_abs(), right.high.copy_abs())
    return largest if smallest.is_zero() else right.m.up.divide(largest, smallest)
