"""The second stage of bulk evaluation: numbers of two extended-precision parts.

As in ``bulk``, but a number is the unevaluated sum of a value and a much smaller tail, some 80 bits
and more that can be relied on, with a bound on the error of the sum. It is several times slower and
is meant for the few numbers that the first stage leaves unsettled.

Sums and products of two parts: Dekker, A floating-point technique for extending the available
precision, 1971; Knuth, The Art of Computer Programming 2, 4.2.2.
"""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import cache, cached_property
from math import factorial
from typing import Any, Union

import numpy as np

from actcalc.arithmetic import bulk
from actcalc.arithmetic.interval import with_digits
from actcalc.arithmetic.mills import DEGREE, table
from actcalc.numbers.sums import TINY, UNIT, bound, two_sum

Operand = Union["WideBalls", Fraction, int]

_BITS = np.finfo(np.longdouble).nmant + 1
_ZERO = np.longdouble(0)
_ONE = np.longdouble(1)
_SPLITTER = np.longdouble(2) ** ((_BITS + 1) // 2) + 1
# One operation on two parts is off by less than this, relative to its result: the products and
# sums of tails, of 2**-63 at most, are themselves rounded a few times.
_UNIT = np.longdouble(2) ** -120


def two_product(a: Any, b: Any) -> tuple[Any, Any]:
    """The rounded product, and exactly what rounding took away."""
    p = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    return p, ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low


def _split(a: Any) -> tuple[Any, Any]:
    scaled = _SPLITTER * a
    high = scaled - (scaled - a)
    return high, a - high


class WideBalls:
    """Numbers value + tail, with bounds on their errors."""

    __slots__ = ("error", "tail", "value")
    # NumPy leaves the operators to this class.
    __array_ufunc__ = None

    def __init__(self, value: Any, tail: Any, error: Any) -> None:
        self.value = value
        self.tail = tail
        self.error = error

    @classmethod
    def of_sum(cls, value: Any, tail: Any, error: Any) -> "WideBalls":
        """From two parts of which the tail is not yet small beside the value."""
        high, low = two_sum(value, tail)
        return cls(high, low, error)

    def __add__(self, other: Operand) -> "WideBalls":
        b = ball(other)
        value, lost = two_sum(self.value, b.value)
        tail, missed = two_sum(self.tail, b.tail)
        error = self.error + b.error + abs(missed) + (abs(lost) + abs(tail)) * UNIT * 2
        return WideBalls.of_sum(value, lost + tail, error)

    __radd__ = __add__

    def __neg__(self) -> "WideBalls":
        return WideBalls(-self.value, -self.tail, self.error)

    def __sub__(self, other: Operand) -> "WideBalls":
        return self + -ball(other)

    def __rsub__(self, other: Operand) -> "WideBalls":
        return ball(other) + -self

    def __mul__(self, other: Operand) -> "WideBalls":
        b = ball(other)
        value, lost = two_product(self.value, b.value)
        tail = lost + (self.value * b.tail + self.tail * b.value)
        size_a, size_b = abs(self.value), abs(b.value)
        error = size_a * b.error + (size_b + b.error) * self.error
        return WideBalls.of_sum(value, tail, error * (1 + 2.0**-40) + abs(value) * _UNIT + TINY)

    __rmul__ = __mul__

    def __truediv__(self, other: Operand) -> "WideBalls":
        b = ball(other)
        first = self.value / b.value
        rest = self - WideBalls(first, _ZERO, _ZERO) * b
        second = rest.value / b.value
        size = abs(b.value)
        error = (self.error + (abs(first) + abs(second)) * b.error) * (1 + 2.0**-40) / (size - 2 * b.error)
        error = np.where(size > 4 * b.error, error, np.inf)
        return WideBalls.of_sum(first, second, error + abs(first) * _UNIT * 8 + TINY)

    def __rtruediv__(self, other: Operand) -> "WideBalls":
        return ball(other) / self

    def __pow__(self, exponent: int) -> "WideBalls":
        power = self
        for _ in range(exponent - 1):
            power = power * self
        return power

    def __abs__(self) -> "WideBalls":
        sign = np.where(self.value < 0, np.longdouble(-1), np.longdouble(1))
        return WideBalls(self.value * sign, self.tail * sign, self.error)


def ball(x: Operand) -> WideBalls:
    """``x`` as balls; a constant with the error of its two parts."""
    return x if isinstance(x, WideBalls) else constant(Fraction(x))


@cache
def constant(x: Fraction, error: Fraction = Fraction(0)) -> WideBalls:
    """``x``, which is known within ``error``."""
    value = bulk.ball(x).value
    if not np.isfinite(value):
        return WideBalls(value, _ZERO, np.longdouble(np.inf))
    rest = x - Fraction(*value.as_integer_ratio())
    tail = bulk.ball(rest).value
    off = abs(rest - Fraction(*tail.as_integer_ratio())) + error
    return WideBalls(value, tail, bound(off))


def _exactly_known(low: Decimal, high: Decimal) -> WideBalls:
    """A constant between two decimals."""
    return constant(Fraction(low), Fraction(high) - Fraction(low))


# e^x: x = (16 m + j) ln(2)/16 + r with |r| < 0.022, so e^x = 2^m 2^(j/16) e^r.
_STEPS = 16


@cache
def _powers() -> tuple[Any, Any]:
    """2^(j/16), in two parts."""
    m = with_digits(60)
    parts = [_exactly_known(*_ends(m.exp(m.ln2 * Fraction(j, _STEPS)))) for j in range(_STEPS)]
    return np.array([p.value for p in parts]), np.array([p.tail for p in parts])


def _ends(interval: Any) -> tuple[Decimal, Decimal]:
    return interval.low, interval.high


@cache
def _ln2_step() -> WideBalls:
    return _exactly_known(*_ends(with_digits(60).ln2 / _STEPS))


# The powers of r from the third on count for less than r / 12,000: extended precision will do.
_COEFFICIENTS = [Fraction(1, factorial(k)) for k in range(3, 18)]
# What that costs relative to r: less than ten roundings of 2**-64 / 12,000.
_POLYNOMIAL = np.longdouble(2) ** -73


class Wide:
    """The namespace of maths functions over numbers of two parts."""

    def exp(self, x: Operand) -> WideBalls:
        """e to the power of x."""
        x = ball(x)
        power, small, scale = self._reduced(x)
        return self._limited(x, self._scaled(power + power * small, scale), _ZERO)

    def expm1(self, x: Operand) -> WideBalls:
        """e to the power of x, less 1."""
        x = ball(x)
        power, small, scale = self._reduced(x)
        near = self._scaled(power * small, scale) + (self._scaled(power, scale) - 1)
        return self._limited(x, near, -_ONE)

    @staticmethod
    def _limited(x: WideBalls, near: WideBalls, limit: np.longdouble) -> WideBalls:
        """``near``, but the limit far to the left, where e^x is less than TINY."""
        gone = bulk.vanishes(x)
        return WideBalls(
            np.where(gone, limit, near.value),
            np.where(gone, 0, near.tail),
            np.where(gone, TINY, near.error),
        )

    @staticmethod
    def _scaled(x: WideBalls, scale: Any) -> WideBalls:
        """``x`` times 2**scale."""
        value, tail, error = (np.ldexp(part, scale) for part in (x.value, x.tail, x.error))
        return WideBalls(value, tail, error + TINY)

    @staticmethod
    def _reduced(x: WideBalls) -> tuple[WideBalls, WideBalls, Any]:
        """(2^(j/16), e^r - 1, m) with e^x = 2^m 2^(j/16) e^r."""
        step = _ln2_step()
        # Beyond 11,000 nothing is claimed.
        inside = abs(x.value) < 11000
        count = np.where(inside, np.rint(x.value / step.value), 0).astype(np.int64)
        r = x - step * WideBalls(count.astype(np.longdouble), _ZERO, _ZERO)
        h = r.value
        tail = np.zeros_like(h)
        for c in reversed(_COEFFICIENTS):
            tail = tail * h + bulk.ball(c).value
        small = r + r * r / 2 + WideBalls(tail * h * h * h, _ZERO, abs(h) * _POLYNOMIAL)
        # e^(r + d) - e^r is at most 1.1 d where d is small.
        extra = np.where((r.error < 0.01) & inside, 2 * r.error, np.inf)
        high, low = _powers()
        j = np.mod(count, _STEPS)
        power = WideBalls(high[j], low[j], np.where(j == 0, 0, np.longdouble(2) ** -120))
        return power, WideBalls(small.value, small.tail, small.error + extra), (count - j) // _STEPS

    def log1p(self, x: Operand) -> WideBalls:
        """The natural logarithm of 1 + x."""
        x = ball(x)
        start = np.log1p(x.value)
        # One step of Newton's method from a result that is right to 60 bits.
        reached = self.expm1(WideBalls(start, _ZERO, _ZERO))
        missing = (x - reached) / (1 + reached)
        # ln(1 + d) = d within d^2; what is missing is tiny.
        d = abs(missing.value)
        return WideBalls.of_sum(start, missing.value, missing.error + d * d + d * UNIT * 4)

    def sqrt(self, x: Operand) -> WideBalls:
        """The square root."""
        x = ball(x)
        start = np.sqrt(x.value)
        root = WideBalls(start, _ZERO, _ZERO)
        missing = (x - root * root) / (2 * root)
        d = abs(missing.value)
        return WideBalls.of_sum(start, missing.value, missing.error + d * d / start + d * UNIT * 4)

    @cached_property
    def pi(self) -> WideBalls:
        """Archimedes' constant."""
        return _exactly_known(*_ends(with_digits(60).pi))

    @cached_property
    def ln2(self) -> WideBalls:
        """The natural logarithm of 2."""
        return _exactly_known(*_ends(with_digits(60).ln2))

    @staticmethod
    def series(coefficient: Callable[[int], Fraction], x: Operand) -> WideBalls:
        """As ``bulk.Bulk.series``."""
        terms = bulk.series_terms(coefficient, 90)
        total = ball(terms[-1])
        for term in reversed(terms[:-1]):
            total = total * x + term
        return WideBalls(total.value, total.tail, total.error + bulk.ball(terms[-1]).value)

    @staticmethod
    def mills(x: Operand) -> WideBalls:
        """Mills' ratio (1 - Phi(x)) / phi(x), for x >= 0, from the same polynomials as in ``bulk``."""
        x = ball(x)
        known = table()
        place = known.place(x.value)
        h = WideBalls(x.value, x.tail, _ZERO) - WideBalls(known.middles[place], _ZERO, _ZERO)
        # Each power of h counts for less than a tenth of the one before it.
        value = known.coefficients[DEGREE][place]
        for k in range(DEGREE - 1, 5, -1):
            value = value * h.value + known.coefficients[k][place]
        total = WideBalls(value, _ZERO, abs(value) * UNIT * 16)
        for k in range(5, -1, -1):
            near, rest = known.coefficients[k][place], known.tails[k][place]
            total = total * h + WideBalls(near, rest, abs(rest) * UNIT * 2)
        # The slope of M lies between -1 and 0.
        error = total.error + known.remainders[place] + x.error
        error = np.where(x.value < known.edges[-1], error, np.inf)
        return WideBalls(total.value, total.tail, error)
