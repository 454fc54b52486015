"""Numerically stable forms shared by several activations."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

from actcalc.activations.declaration import Number, Piece
from actcalc.arithmetic.exact import Formula, enclose
from actcalc.numbers.floats import EXACT

if TYPE_CHECKING:
    from actcalc.arithmetic.maths import Maths, R

TERMS = 128
"""The number of coefficients of a series that are kept: those of the digits of floats and many more."""


def line(slope: Number, offset: Number = 0, upto: Number | None = None, excluding: bool = False) -> Piece:
    """A straight piece: slope*z + offset."""
    if slope == 0:
        return Piece(lambda m, z: offset, lambda m, z: slope, upto, excluding)
    if offset == 0:
        return Piece(lambda m, z: slope * z, lambda m, z: slope, upto, excluding)
    return Piece(lambda m, z: slope * z + offset, lambda m, z: slope, upto, excluding)


def constant_slope(slope: Number) -> Formula:
    """The shortcut on a straight piece."""
    return lambda m, a: slope


def leaky_pieces(slope: Number) -> tuple[Piece, Piece]:
    """The pieces of slope*z below 0 and z above."""
    return line(slope, upto=0), line(1)


def number(formula: Formula, z: Number = 0, digits: int = 1100) -> Fraction:
    """A lower bound of an irrational ``formula(z)`` that agrees with it to about ``digits`` digits."""
    spare = digits
    while True:
        bounds = enclose(formula, Fraction(z), spare)
        if bounds is not None:
            low, high = bounds.low, bounds.high
            if low == high or EXACT.subtract(high, low).adjusted() < low.adjusted() - digits * 9 // 10:
                return Fraction(low)
        spare *= 2  # terms cancel


@cache
def least(piece: Piece) -> Fraction:
    """The minimum of g to more than a hundred digits, if g' has one zero z < 0, where it turns positive."""

    def falls(z: Fraction) -> bool:
        bounds = enclose(piece.dg, z, 90)
        return bounds is not None and bounds.high <= 0

    low = Fraction(-1)
    while not falls(low):
        low *= 2
    while falls(low / 2):
        low /= 2
    high = low / 2
    # g is flat at its minimum, so z needs only half of the digits.
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if falls(middle) else (low, middle)
    return number(piece.g, low, 130)


def sigmoid_below(m: Maths[R], x: R) -> R:
    """1/(1 + e^-x) for x <= 0."""
    e = m.exp(x)
    return e / (1 + e)


def sigmoid_above(m: Maths[R], x: R) -> R:
    """1/(1 + e^-x) for x >= 0."""
    return 1 / (1 + m.exp(-x))


def sigmoid_slope(m: Maths[R], x: R) -> R:
    """e^-x/(1 + e^-x)^2, which is even in x."""
    e = m.exp(-abs(x))  # type: ignore[arg-type]  # mypy takes abs(x) for any RealNumber
    return e / (1 + e) ** 2


def tanh_below(m: Maths[R], x: R) -> R:
    """tanh x for x <= 0."""
    d = m.expm1(2 * x)
    return d / (2 + d)


def tanh_above(m: Maths[R], x: R) -> R:
    """tanh x for x >= 0."""
    return -tanh_below(m, -x)


def tanh_slope(m: Maths[R], x: R) -> R:
    """1/cosh(x)^2."""
    return 4 * sigmoid_slope(m, 2 * x)


def sigmoid_gate(x: Formula, dx: Formula, rising: bool = True) -> tuple[Piece, Piece]:
    """z * sigmoid(x(z)), for an odd x with the derivative dx, rising or falling.

    The slope is sigmoid(x) + z x' sigmoid'(x) over a common denominator on either side of 0.
    """

    def g_shut(m: Maths[Any], z: Any) -> Any:
        return z * sigmoid_below(m, x(m, z))

    def g_open(m: Maths[Any], z: Any) -> Any:
        return z * sigmoid_above(m, x(m, z))

    def dg_shut(m: Maths[Any], z: Any) -> Any:
        e = m.exp(x(m, z))
        return e / (1 + e) ** 2 * (1 + e + z * dx(m, z))

    def dg_open(m: Maths[Any], z: Any) -> Any:
        e = m.exp(-x(m, z))
        return (1 + e + z * dx(m, z) * e) / (1 + e) ** 2

    if rising:
        return Piece(g_shut, dg_shut, upto=0), Piece(g_open, dg_open)
    return Piece(g_open, dg_open, upto=0), Piece(g_shut, dg_shut)


def gaussian(m: Maths[R], z: R) -> R:
    """The density of the standard normal distribution."""
    return m.exp(-z * z / 2) / m.sqrt(2 * m.pi)
