"""Polynomials that interpolate functions at the Chebyshev points of an interval."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

from actcalc.arithmetic.tables import through


def interpolate(
    value: Callable[[Fraction], Fraction], low: Fraction, high: Fraction, degree: int
) -> list[Fraction]:
    """The coefficients of the polynomial that interpolates a function at the Chebyshev points."""
    middle, half = (low + high) / 2, (high - low) / 2
    angles = (math.pi * (2 * k + 1) / (2 * degree + 2) for k in range(degree + 1))
    nodes = [middle + half * Fraction(math.cos(angle)) for angle in angles]
    return through(nodes, [value(x) for x in nodes])


def horner(coefficients: Sequence[Fraction], x: Fraction) -> Fraction:
    """The value of a polynomial."""
    total = Fraction(0)
    for c in reversed(coefficients):
        total = total * x + c
    return total


def of_series(coefficient: Callable[[int], Fraction], high: Fraction, precision: int) -> list[Fraction]:
    """A polynomial that replaces a power series from 0 to ``high``, to two bits more than ``precision``.

    It equals the series at 0; the rest, divided by x, is interpolated at the Chebyshev points.
    """
    first = coefficient(0)

    def rest(x: Fraction) -> Fraction:
        total, power, k = Fraction(0), Fraction(1), 1
        while (term := coefficient(k) * power) > first / 2 ** (2 * precision + 20):
            total, power, k = total + term, power * x, k + 1
        return total

    for degree in range(1, 60):
        found = interpolate(rest, Fraction(0), high, degree)
        checks = [high * k / 23 for k in range(1, 24)]
        off = max(abs(horner(found, x) - rest(x)) * x / first for x in checks)
        if off < Fraction(1, 2 ** (precision + 3)):
            return [first, *found]
    raise AssertionError("no polynomial is accurate enough")


def least_polynomial(
    value: Callable[[Fraction], Fraction], reach: Fraction, precision: int
) -> list[Fraction]:
    """The polynomial of least degree that is accurate to ``precision`` plus two bits from -reach to reach."""
    checks = [reach * k / 17 for k in range(-16, 17, 3)]
    right = [value(x) for x in checks]
    for degree in range(3, 50):
        found = interpolate(value, -reach, reach, degree)
        off = max(abs(horner(found, x) / y - 1) for x, y in zip(checks, right, strict=True))
        if off < Fraction(1, 2 ** (precision + 2)):
            return found
    raise AssertionError("no polynomial is near enough")
