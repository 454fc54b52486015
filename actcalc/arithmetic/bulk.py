"""Evaluation of whole arrays in extended precision, with running error bounds.

A ``Balls`` holds an array of numbers, each with a bound on its distance from the true value. Every
operation bounds its own rounding error and carries on those of its operands (Higham, Accuracy and
Stability of Numerical Algorithms, 2nd edition, 3.3), so that a formula finds its own bound by being
evaluated. What such a bound cannot settle is left to the exact arithmetic: no result changes.

Only ``numpy.longdouble`` with 64 or more bits of significand and 15 of exponent (x87, IEEE quad) is
good enough; elsewhere ``extended.AVAILABLE`` is False.

The elementary functions are those of the C library. Relative error bounds assumed, in units of
2**-63, the spacing of x87 numbers just above 1: exp 2, expm1 5, log1p 5. glibc documents at most 2,
5 and 5 for long double (The GNU C Library Reference Manual, 19.7, Known Maximum Errors in Math
Functions); sqrt is correctly rounded (IEEE 754, 5.4.1).
"""

from collections.abc import Callable
from fractions import Fraction
from functools import cache, cached_property
from typing import Any, Union

import numpy as np

from actcalc.arithmetic.mills import DEGREE, table
from actcalc.numbers.sums import TINY, UNIT, bound, extended, two_sum

Operand = Union["Balls", Fraction, int]

_ZERO = np.longdouble(0)
_ONE = np.longdouble(1)
_SPACING = np.longdouble(2) ** -63
_VANISHING = np.longdouble(-11300)
"""e to the power of this is less than 2**-16300, which is TINY."""


class Balls:
    """An array of numbers and an array of bounds on their errors."""

    __slots__ = ("error", "value")
    # NumPy leaves the operators to this class.
    __array_ufunc__ = None

    def __init__(self, value: Any, error: Any) -> None:
        self.value = value
        self.error = error

    @property
    def is_exact(self) -> bool:
        """Whether the numbers have no error."""
        return np.ndim(self.error) == 0 and bool(self.error == 0)

    def __add__(self, other: Operand) -> "Balls":
        b = ball(other)
        if self.is_exact and b.is_exact:
            value, lost = two_sum(self.value, b.value)  # often nothing is lost
            return Balls(value, abs(lost))
        value = self.value + b.value
        error = abs(value) * UNIT
        for operand in (self, b):
            if not operand.is_exact:
                error += operand.error
        return Balls(value, error)

    __radd__ = __add__

    def __neg__(self) -> "Balls":
        return Balls(-self.value, self.error)

    def __sub__(self, other: Operand) -> "Balls":
        return self + -ball(other)

    def __rsub__(self, other: Operand) -> "Balls":
        return ball(other) + -self

    def __mul__(self, other: Operand) -> "Balls":
        b = ball(other)
        value = self.value * b.value
        if isinstance(other, int) and abs(other) in (1, 2, 4, 8):
            return Balls(value, self.error * abs(other))
        error = _rounding(value)
        if not self.is_exact:
            error += abs(b.value) * self.error
        if not b.is_exact:
            error += (abs(self.value) + self.error) * b.error
        return Balls(value, error)

    __rmul__ = __mul__

    def __truediv__(self, other: Operand) -> "Balls":
        b = ball(other)
        value = self.value / b.value
        if isinstance(other, int) and abs(other) in (1, 2, 4, 8):
            return Balls(value, self.error / abs(other))
        error = _rounding(value)
        if b.is_exact:
            error += self.error / abs(b.value)
        else:
            least = abs(b.value) - b.error
            error += np.where(least > 0, (self.error + abs(value) * b.error) / least, np.inf)
        return Balls(value, error)

    def __rtruediv__(self, other: Operand) -> "Balls":
        return ball(other) / self

    def __pow__(self, exponent: int) -> "Balls":
        power = self
        for _ in range(exponent - 1):
            power = power * self
        return power

    def __abs__(self) -> "Balls":
        return Balls(abs(self.value), self.error)


def ball(x: Operand) -> Balls:
    """``x`` as balls; a constant with the error of its rounding."""
    return x if isinstance(x, Balls) else constant(Fraction(x))


@cache
def constant(x: Fraction) -> Balls:
    try:
        value = extended(x)
    except OverflowError:
        return Balls(np.longdouble(0), np.longdouble(np.inf))
    return Balls(value, bound(abs(x - Fraction(*value.as_integer_ratio()))))


def _rounding(value: Any) -> Any:
    """A bound on what rounding changed."""
    error = abs(value) * UNIT
    error += TINY
    return error


def _amplified(x: Balls) -> Any:
    """A bound of e^d - 1 for |d| within the error of x; infinite where that is large."""
    if x.is_exact:
        return _ZERO
    return np.where(x.error < 0.5, x.error * (1 + x.error), np.inf)


def vanishes(x: Any) -> Any:
    """Where e^x is less than TINY."""
    return x.value + x.error < _VANISHING


class Bulk:
    """The namespace of maths functions over arrays of extended precision."""

    @staticmethod
    def exp(x: Operand) -> Balls:
        x = ball(x)
        value = np.exp(x.value)
        error = np.where(vanishes(x), 0, value * (_amplified(x) + 2 * _SPACING))
        return Balls(value, error + TINY)

    @staticmethod
    def expm1(x: Operand) -> Balls:
        x = ball(x)
        value = np.expm1(x.value)
        error = abs(value) * 5 * _SPACING + TINY
        if not x.is_exact:
            # The derivative is e^x, at most 1 + value and its error.
            inherited = (1 + abs(value)) * _amplified(x) * (1 + 8 * _SPACING)
            error += np.where(vanishes(x), 0, inherited)
        return Balls(value, error)

    @staticmethod
    def log1p(x: Operand) -> Balls:
        x = ball(x)
        value = np.log1p(x.value)
        error = abs(value) * 5 * _SPACING + TINY
        if not x.is_exact:
            nearest = 1 + x.value - x.error
            error += np.where(nearest > 0, x.error / nearest, np.inf) * (1 + 8 * _SPACING)
        return Balls(value, error)

    @staticmethod
    def sqrt(x: Operand) -> Balls:
        x = ball(x)
        value = np.sqrt(x.value)
        # |sqrt(x + d) - sqrt(x)| <= |d| / sqrt(x)
        error = np.where(x.error == 0, 0, x.error / value)
        return Balls(value, error * (1 + 8 * _SPACING) + value * UNIT + TINY)

    @cached_property
    def pi(self) -> Balls:
        return _constant_near("3.14159265358979323846264338327950288419716939937510582097494")

    @cached_property
    def ln2(self) -> Balls:
        return _constant_near("0.693147180559945309417232121458176568075500134360255254120680")

    @staticmethod
    def series(coefficient: Callable[[int], Fraction], x: Operand) -> Balls:
        """The sum over k >= 0 of ``coefficient(k) * x**k``, for 0 <= x <= 1.

        The coefficients are positive and each is at most half of the one before it.
        """
        terms = series_terms(coefficient, 70)
        total = ball(terms[-1])
        for term in reversed(terms[:-1]):
            total = total * x + term
        # What is left out is less than the last term.
        return Balls(total.value, total.error + ball(terms[-1]).value)

    @staticmethod
    def mills(x: Operand) -> Balls:
        """Mills' ratio (1 - Phi(x)) / phi(x), for x >= 0."""
        x = ball(x)
        known = table()
        place = known.place(x.value)
        h = x.value - known.middles[place]
        value = known.coefficients[DEGREE][place]
        for k in range(DEGREE - 1, -1, -1):
            value = value * h + known.coefficients[k][place]
        # The slope of M lies between -1 and 0; h is rounded.
        error = known.remainders[place] + known.roundings[place]
        error = error + (x.error + abs(h) * UNIT) * (1 + _SPACING)
        # Far out, x/(x^2 + 1) < M < 1/x (Gordon, 1941).
        far = x.value >= known.edges[-1]
        outer = _ONE / x.value
        gap = outer / (x.value * x.value + 1) + outer * 4 * UNIT + x.error
        return Balls(np.where(far, outer, value), np.where(far, gap, error))


def series_terms(coefficient: Callable[[int], Fraction], bits: int) -> list[Fraction]:
    """Coefficients until what they leave out is below 2**-bits of the first."""
    terms = [coefficient(0)]
    while terms[-1] > terms[0] / 2**bits:
        terms.append(coefficient(len(terms)))
    return terms


def _constant_near(digits: str) -> Balls:
    """A constant from its first sixty digits."""
    near = constant(Fraction(digits))
    return Balls(near.value, near.error * (1 + _SPACING))
