"""Approximate numbers with error bounds, for all arguments of a range at once, in float64 or pairs of them.

A ``Number`` has a value, and in pairs a much smaller tail, that a program computes for each element
(``program``). It also has bounds on its size and on its distance from the true number, which hold for all
elements and are known while the program is built. Every operation bounds its own error and propagates those
of its operands (Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, 3.3). Products,
quotients and sums without cancellation have one relative error bound for all elements; where terms may
cancel, the program computes a bound for each element.

Sums and products of pairs: Dekker, A floating-point technique for extending the available precision, 1971;
Knuth, The Art of Computer Programming 2, 4.2.2; Muller et al., Handbook of Floating-Point Arithmetic, 2nd
edition, 14.1; Joldes, Muller and Popescu, Tight and rigorous error bounds for basic building blocks of
double-word arithmetic, 2017.
"""

import math
from fractions import Fraction
from typing import Union, overload

from actcalc.arithmetic.operators import Operators
from actcalc.arithmetic.program import (
    Expr,
    bits,
    constant,
    equal,
    from_bits,
    is_finite,
    minimum,
    select,
    two_product,
)
from actcalc.numbers.error_free import fast_two_sum, two_sum

Operand = Union["Number", Fraction, int]
Bound = float | Expr
"""An error bound: one for all elements, or one for each."""

WIDER, NARROWER = 1 + 2.0**-20, 1 - 2.0**-20
"""Factors that cover the rounding errors of the bounds' own arithmetic, and the tails it neglects."""
LOST = 2.0**-1060
"""A bound on the error of an operation due to underflow, where a product or a quotient is below SAFE."""
SAFE = 2.0**-900
LEAST = 2.0**-1053
"""The smallest bound other than 0; it is far enough from 0 for WIDER to cover rounding."""
UNIT = 2.0**-53
CUT = 2.0**-25
"""A bound on the relative change when a value is cut to 26 bits."""
_HIGH_BITS = -(1 << 27)
_FAR = 2.0**60
_FEW_BITS = -100
"""The exponent of a power of two that underflows no tail of a number of size SAFE or more."""


class Number(Operators["Number"]):
    """Numbers (value + tail) * 2**scale, with relative error bound ``rel`` plus absolute ``abs`` * 2**scale.

    ``min_abs`` and ``max_abs`` bound the size of the values, and ``sign`` is 1 or -1 if all values have that
    sign. A tail of None is 0; other tails are at most ``loose`` times their value. ``multiple`` holds the
    float64 number and the factor if this is their product. ``known_sign`` is the sign of the true numbers if
    all of them are known to have it, however small they are, else 0. An element that is infinite or NaN, or
    has such a bound, is undecided, and so is everything computed from it.
    """

    __slots__ = (
        "abs",
        "known_sign",
        "loose",
        "m",
        "max_abs",
        "min_abs",
        "multiple",
        "rel",
        "scale",
        "sign",
        "tail",
        "value",
    )

    def __init__(
        self,
        m: "Arithmetic",
        value: Expr,
        tail: Expr | None,
        rel: float,
        abs_: Bound,
        bounds: tuple[float, float, int],
        scale: int = 0,
    ) -> None:
        self.m = m
        self.value = value
        self.tail = None if tail is not None and tail.is_constant and tail.number == 0 else tail
        # Infinity times 0 gives NaN: then nothing is known, and a maximum must not ignore it.
        self.rel = rel if rel == rel else math.inf
        bound = float(abs_.number) if isinstance(abs_, Expr) and abs_.is_constant else abs_
        self.abs: Bound = math.inf if isinstance(bound, float) and bound != bound else bound
        least, most, self.sign = bounds
        self.min_abs, self.max_abs = least if least == least else 0.0, most if most == most else math.inf
        self.scale = scale
        self.loose = 0.0 if tail is None else UNIT
        self.multiple: tuple[Number, Fraction] | None = None
        self.known_sign = 0

    def with_sign(self, sign: int) -> "Number":
        """Record the sign of the true values, 0 if it is unknown, and return this number."""
        self.known_sign = sign
        return self

    def like(
        self,
        value: Expr,
        tail: Expr | None,
        rel: float,
        abs_: Bound,
        bounds: tuple[float, float, int],
        scale: int,
        loose: float,
    ) -> "Number":
        """A number of the same arithmetic whose tail may be ``loose`` times its value."""
        made = Number(self.m, value, tail, rel, abs_, bounds, scale)
        made.loose = loose if made.tail is not None else 0.0
        return made.tight(self.m.LOOSE)

    def tight(self, loose: float = 64 * UNIT) -> "Number":
        """This number, renormalized if its tail may exceed ``loose`` times its value."""
        if self.tail is not None and self.loose > loose:
            self.value, self.tail = fast_two_sum(self.value, self.tail)
            self.loose = UNIT
        return self

    @property
    def is_constant(self) -> bool:
        """Whether all elements are the same number."""
        return self.value.is_constant

    @property
    def ends(self) -> tuple[float, float]:
        """A lower and an upper bound of the values."""
        if self.sign > 0:
            return self.min_abs, self.max_abs
        return -self.max_abs, (-self.min_abs if self.sign < 0 else self.max_abs)

    def rescale(self, scale: int) -> "Number":
        """This number with another scale."""
        shift = self.scale - scale
        if shift == 0:
            return self
        # A single product might overflow or underflow.
        abs_: Bound = self.abs
        value, tail, least, most = self.value, self.tail, self.min_abs, self.max_abs
        rest = max(min(shift, 3000), -3000)
        while rest:
            step = max(min(rest, 1000), -1000)
            rest -= step
            power = 2.0**step
            value = value * power
            tail = tail if tail is None else tail * power
            abs_ = bound_product(abs_, power)
            least, most = least * power, most * power
        if least < SAFE or (shift < _FEW_BITS and self._has_exact_tail):
            abs_ = bound_sum(abs_, LOST)
        made = self.like(value, tail, self.rel, abs_, (least, most, self.sign), scale, self.loose)
        return made.with_sign(self.known_sign)

    def centre(self) -> "Number":
        """This number with a scale at which products neither overflow nor underflow."""
        if 2.0**-300 < self.max_abs < 2.0**400 or self.max_abs == 0 or not math.isfinite(self.max_abs):
            return self
        return self.rescale(self.scale + math.frexp(self.max_abs)[1] - 100)

    def __add__(self, other: Operand) -> "Number":
        a, b = self, self.m.number(other)
        if b.is_zero:
            return a
        if a.is_zero:
            return b
        a, b = in_one_scale(a, b)
        same = a.sign * b.sign > 0
        if b.min_abs > a.max_abs:
            a, b = b, a
        disjoint = a.min_abs >= b.max_abs
        apart = a.min_abs >= 4 * b.max_abs
        value, tail, of_sum, of_operands = self.m.sum(a, b, disjoint)
        loose = UNIT + (max(a.loose, b.loose) if same else 2 * (a.loose + b.loose)) * WIDER
        if tail is not None and not same and not apart:
            # After cancellation the value may be smaller than its tail.
            is_left = (a.min_abs - b.max_abs) * 2.0**20 > a.max_abs
            value, tail = (fast_two_sum if is_left else two_sum)(value, tail)
            loose = UNIT
        rel_a, rel_b = a.rel + of_operands, b.rel + of_operands
        rel, abs_ = of_sum, bound_sum(a.abs, b.abs)
        if same:
            rel += max(rel_a, rel_b) * WIDER
        elif apart:
            rel += 2 * max(rel_a, rel_b)
        elif rel_a or rel_b:
            total = (rel_a * a.max_abs + rel_b * b.max_abs) * WIDER + LEAST
            left = a.min_abs - b.max_abs
            if a.max_abs <= 16 * left:
                rel += total / left * WIDER
            elif total <= self.m.COARSE * max(a.min_abs, b.min_abs):
                abs_ = bound_sum(abs_, total)
            else:
                abs_ = bound_sum(abs_, absolute_error(rel_a * WIDER, a))
                abs_ = bound_sum(abs_, absolute_error(rel_b * WIDER, b))
        sign = a.sign if same or disjoint else 0
        least = a.min_abs + b.min_abs if same else max(a.min_abs - b.max_abs, 0.0)
        bounds = least * NARROWER, (a.max_abs + b.max_abs) * WIDER, sign
        sure = a.known_sign if a.known_sign == b.known_sign or (a.known_sign and a._outweighs(b)) else 0
        return a.like(value, tail, rel, abs_, bounds, a.scale, loose).with_sign(sure)

    def _outweighs(self, b: "Number") -> bool:
        """Whether the true numbers are certainly larger in size than those of ``b``."""
        room = self.min_abs * (1 - self.rel) - greatest(self.abs)
        return room * NARROWER > (b.max_abs * (1 + b.rel) + greatest(b.abs)) * WIDER

    @property
    def is_zero(self) -> bool:
        """Whether it is the exact constant 0; 0 times another number may be undefined and does not count."""
        return self.is_constant and self.value.number == 0 and is_nil(self.abs)

    @property
    def _has_exact_tail(self) -> bool:
        """Whether it may be exact thanks to its tail, so that no bit of that may be lost unnoticed."""
        return self.tail is not None and self.rel == 0

    def __neg__(self) -> "Number":
        tail = None if self.tail is None else -self.tail
        bounds = self.min_abs, self.max_abs, -self.sign
        made = self.like(-self.value, tail, self.rel, self.abs, bounds, self.scale, self.loose)
        return made.with_sign(-self.known_sign)

    def __mul__(self, other: Operand) -> "Number":
        if not isinstance(other, Number) and not self.is_constant:
            return self.m.multiple(self, Fraction(other))
        return self.times(self.m.number(other), other is self)

    def times(self, other: "Number", is_square: bool = False) -> "Number":
        """The product of two numbers."""
        a, b = self.centre(), other.centre()
        scale = a.scale + b.scale
        sign = 1 if is_square else a.sign * b.sign
        bounds = a.min_abs * b.min_abs * NARROWER, a.max_abs * b.max_abs * WIDER, sign
        for x, y in ((a, b), (b, a)):
            if x.is_power_of_two:
                power = x.value.number
                value, tail = y.value * power, None if y.tail is None else y.tail * power
                abs_ = bound_product(y.abs, abs(power))
                if bounds[0] < SAFE and abs(power) < 1:
                    abs_ = bound_sum(abs_, self.m.lost(value, y))
                if abs(power) < 2.0**_FEW_BITS and y._has_exact_tail:
                    abs_ = bound_sum(abs_, LOST)
                made = a.like(value, tail, y.rel, abs_, bounds, scale, y.loose)
                return made.with_sign(a.known_sign * b.known_sign)
        value, tail, own, loose = self.m.product(a, b)
        rel = (a.rel + b.rel + a.rel * b.rel + own) * WIDER
        both = bound_product(a.abs, b.abs)
        abs_ = bound_sum(bound_sum(_times(a.abs, b), _times(b.abs, a)), both)
        if bounds[0] < SAFE:
            abs_ = bound_sum(abs_, self.m.lost(value, a, b))
        made = a.like(value, tail, rel, abs_, bounds, scale, loose)
        return made.with_sign(a.known_sign * b.known_sign)

    @property
    def is_power_of_two(self) -> bool:
        """Whether it is a constant and exactly a power of two or its negative."""
        return (
            self.is_constant
            and self.tail is None
            and self.rel == 0
            and is_nil(self.abs)
            and abs(math.frexp(self.value.number)[0]) == 0.5
        )

    def __truediv__(self, other: Operand) -> "Number":
        if not isinstance(other, Number):
            return self * (1 / Fraction(other))
        if other.is_constant and not self.is_constant:
            return self.times(self.m.number(1) / other)
        a, b = self.centre(), other.centre()
        value, tail, own, loose = self.m.quotient(a, b)
        most = bound_quotient(a.max_abs, b.min_abs) * WIDER
        least = a.min_abs / b.max_abs * NARROWER if b.max_abs else 0.0
        bounds = least, most, a.sign * b.sign
        rel_b = b.rel
        abs_: Bound = 0.0
        if greatest(b.abs) <= b.min_abs * (2.0**-20 if isinstance(b.abs, float) else 0.0):
            rel_b += bound_quotient(greatest(b.abs), b.min_abs) * WIDER
        else:
            size = abs(b.value)
            # The true divisor is at least 5/8 of its approximation.
            off = select(size > b.abs * 4.0, bound_quotient(b.abs * 4.0, size), math.inf)
            abs_ = bound_product(off, abs(value))
        rel = (a.rel + rel_b * (1 + a.rel) + own) / (1 - 2 * rel_b) * WIDER if rel_b < 0.125 else math.inf
        if is_nil(a.abs):
            pass
        elif b.max_abs <= 16 * b.min_abs and rel_b < 0.125:
            abs_ = bound_sum(abs_, bound_product(a.abs, bound_quotient(2.0, b.min_abs)))
        else:
            share = bound_quotient(a.abs, abs(b.value))
            abs_ = bound_sum(abs_, share * (2.0 if rel_b < 0.125 else math.inf))
        if min(a.min_abs, bounds[0]) < SAFE:
            of_b = LOST / b.min_abs if b.min_abs > 1 / _FAR else 2.0 * LOST / abs(b.value)
            abs_ = bound_sum(abs_, LOST + of_b)
        if b.min_abs == 0:
            # Division by 0 gives an infinity, which is undecided.
            abs_ = select(equal(b.value, 0.0), math.inf, abs_)
        if b.max_abs == math.inf:
            abs_ = select(is_finite(b.value), abs_, math.inf)
        made = a.like(value, tail, rel, abs_, bounds, a.scale - b.scale, loose)
        return made.with_sign(a.known_sign * b.known_sign)

    def __rtruediv__(self, other: Operand) -> "Number":
        return self.m.number(other) / self

    def __pow__(self, exponent: int) -> "Number":
        power = super().__pow__(exponent)
        if exponent % 2 == 0 and power.sign == 0:
            power.sign = 1
        return power

    def __abs__(self) -> "Number":
        if self.sign:
            return self if self.sign > 0 else -self
        is_negative = self.value < 0.0
        tail = None if self.tail is None else select(is_negative, -self.tail, self.tail)
        bounds = self.min_abs, self.max_abs, 1
        made = self.like(abs(self.value), tail, self.rel, self.abs, bounds, self.scale, self.loose)
        return made.with_sign(abs(self.known_sign))

    def error(self) -> Bound:
        """A bound on the distance from the true numbers, in units of 2**scale."""
        off = self.abs if is_nil(self.abs) else self.abs * WIDER
        if not self.rel:
            return off
        # The product may underflow to 0, but only exact numbers may have the error 0.
        return bound_sum(abs(self.value) * (self.rel * WIDER), bound_sum(off, LEAST))


def in_one_scale(a: Number, b: Number) -> tuple[Number, Number]:
    """Two numbers with the scale of the larger one; the other one loses a negligible amount."""
    if a.scale == b.scale:
        return a, b
    a, b = a.centre(), b.centre()
    scale = max(x.scale + (math.frexp(x.max_abs)[1] if x.max_abs < math.inf else 0) for x in (a, b))
    scale = 0 if abs(scale) < 500 else scale - 100
    return a.rescale(scale), b.rescale(scale)


def is_nil(bound: Bound) -> bool:
    """Whether a bound is 0 for all elements."""
    return isinstance(bound, float) and bound == 0


def greatest(bound: Bound) -> float:
    """An upper limit of a bound over all elements."""
    return bound if isinstance(bound, float) else math.inf


def bound_sum(a: Bound, b: Bound) -> Bound:
    """The sum of two bounds."""
    return a if is_nil(b) else b if is_nil(a) else a + b


@overload
def bound_product(a: float, b: float) -> float: ...
@overload
def bound_product(a: Bound, b: Bound) -> Bound: ...
def bound_product(a: Bound, b: Bound) -> Bound:
    """The product of two bounds; it is 0 only where one of them is 0, and the other is not infinite."""
    if is_nil(a) or is_nil(b):
        return math.inf if math.inf in (a, b) else 0.0
    if isinstance(a, float) and isinstance(b, float):
        return a * b + LEAST
    least: Bound = LEAST
    for x in (a, b):
        if isinstance(x, Expr):
            least = minimum(x, least)
        elif x >= 1:
            return a * b
    return a * b + least


@overload
def bound_quotient(a: float, b: float) -> float: ...
@overload
def bound_quotient(a: Bound, b: Bound) -> Bound: ...
def bound_quotient(a: Bound, b: Bound) -> Bound:
    """a/b for bounds; it is 0 only where a is 0, and infinite where only b is 0."""
    if is_nil(a):
        return 0.0
    if isinstance(a, float) and isinstance(b, float):
        return a / b + LEAST if b else math.inf
    return a / b + (LEAST if isinstance(a, float) else minimum(a, LEAST))


def absolute_error(rel: float, x: Number) -> Bound:
    """Convert a relative error of x to an absolute one."""
    if rel * x.min_abs > SAFE:
        return abs(x.value) * rel
    return bound_product(rel, abs(x.value))


def _times(bound: Bound, x: Number) -> Bound:
    """A bound on the product of an error and x."""
    if isinstance(bound, float):
        most = bound_product(bound, x.max_abs)
        if most < 2.0**-950 or (x.max_abs <= 16 * x.min_abs and math.isfinite(most)):
            return most * (1 + x.rel) * WIDER
    return bound_product(bound, abs(x.value) * ((1 + x.rel) * WIDER))


def cut_off(x: Expr) -> Expr:
    """x cut to its first 26 bits."""
    return from_bits(bits(x) & _HIGH_BITS)


class Arithmetic:
    """The operations on one kind of number, from which ``kernels`` builds its functions."""

    COARSE = 0.0
    """The size of errors relative to operands up to which one bound suffices for all elements."""
    LOOSE = 0.0
    """The largest tail relative to its value."""
    has_fma = False
    """Whether the program is for a machine with a fused multiply-add."""

    def build(
        self,
        value: Expr,
        tail: Expr | None,
        rel: float,
        abs_: Bound,
        bounds: tuple[float, float, int],
        scale: int = 0,
    ) -> Number:
        """A number of this arithmetic."""
        return Number(self, value, tail, rel, abs_, bounds, scale)

    def number(self, x: Operand) -> Number:
        """``x`` if it is a Number, else a constant of this arithmetic."""
        return x if isinstance(x, Number) else self.known(Fraction(x))

    def known(self, x: Fraction, off: Fraction = Fraction(0)) -> Number:
        """The constant ``x`` with the relative error ``off``."""
        if x == 0:
            return self.build(constant(0.0), None, 0.0, 0.0, (0.0, 0.0, 0))
        scale = x.numerator.bit_length() - x.denominator.bit_length()
        scale = scale if abs(scale) > 200 else 0
        scaled = x / Fraction(2) ** scale
        value = float(scaled)
        rest = scaled - Fraction(value)
        tail = float(rest) if rest and self.LOOSE else None
        rest -= Fraction(tail or 0)
        off += abs(rest / scaled)
        rel = float(off) * WIDER + LEAST if off else 0.0
        bounds = abs(value), abs(value), 1 if value > 0 else -1
        made = self.build(constant(value), None if tail is None else constant(tail), rel, 0.0, bounds, scale)
        return made.with_sign(bounds[2])

    def lost(self, product: Expr, *operands: Number) -> Bound:
        """A bound on the error of a product that may underflow."""
        return LOST

    def multiple(self, x: Number, factor: Fraction) -> Number:
        """x times an exact constant."""
        made = x.times(self.known(factor))
        if x.tail is None and x.rel == 0:
            made.multiple = x, factor
        return made

    def sum(self, a: Number, b: Number, disjoint: bool) -> tuple[Expr, Expr | None, float, float]:
        """The value and tail of a sum, and its error relative to the sum and relative to the operands."""
        raise NotImplementedError

    def product(self, a: Number, b: Number) -> tuple[Expr, Expr | None, float, float]:
        """The value and tail of a product, its relative error, and how loose the tail is."""
        raise NotImplementedError

    def quotient(self, a: Number, b: Number) -> tuple[Expr, Expr | None, float, float]:
        """The value and tail of a quotient, its relative error, and how loose the tail is."""
        raise NotImplementedError


class Plain(Arithmetic):
    """Arithmetic on single float64."""

    COARSE = 2.0**-38

    def sum(self, a: Number, b: Number, disjoint: bool) -> tuple[Expr, Expr | None, float, float]:
        return a.value + b.value, None, UNIT, 0.0

    def product(self, a: Number, b: Number) -> tuple[Expr, Expr | None, float, float]:
        return a.value * b.value, None, UNIT, 0.0

    def quotient(self, a: Number, b: Number) -> tuple[Expr, Expr | None, float, float]:
        return a.value / b.value, None, UNIT, 0.0


class Pair(Arithmetic):
    """Arithmetic on pairs of float64.

    For products and quotients numbers are split into 26 bits of the value, whose products are exact, and the
    rest plus the tail, rounded. With fma no split is needed.
    """

    COARSE = 2.0**-80
    LOOSE = 2.0**-24 * (1 + 2.0**-18)

    def __init__(self, has_fma: bool = False) -> None:
        self.has_fma = has_fma

    @staticmethod
    def split(x: Number) -> tuple[Expr, Expr, Expr]:
        """The first 26 bits of the value, the rest plus the tail, and the sum of both."""
        high = cut_off(x.value)
        low = x.value - high
        if x.tail is None:
            return high, low, x.value
        return high, low + x.tail, high + (low + x.tail)

    def sum(self, a: Number, b: Number, disjoint: bool) -> tuple[Expr, Expr | None, float, float]:
        value, lost = (fast_two_sum if disjoint else two_sum)(a.value, b.value)
        if a.tail is None and b.tail is None:
            return value, lost, 0.0, 0.0
        for x in (a, b):
            if x.tail is not None:
                lost = lost + x.tail
        # Two roundings when the tails and the lost part are added.
        return value, lost, 0.0, 2 * UNIT * (max(a.loose, b.loose) + 2 * UNIT) * WIDER

    def product(self, a: Number, b: Number) -> tuple[Expr, Expr | None, float, float]:
        if self.has_fma or a.is_constant or b.is_constant:
            return self.full_product(a, b)
        (high, low, whole), (b_high, b_low, b_whole) = self.split(a), self.split(b)
        value = high * b_high
        tail = (high + whole) * low if a is b else low * b_whole + high * b_low
        # The low parts relative to the whole; rounded were their products, the sum of these, and the low part
        # of each number with a tail.
        of_a, of_b = CUT + a.loose, CUT + b.loose
        off = 2 * (of_a + of_b)
        if a.tail is not None:
            off += of_a
        if b.tail is not None:
            off += of_a + of_b
        return value, tail, UNIT * off * WIDER, (of_a + of_b) * WIDER

    def full_product(self, a: Number, b: Number) -> tuple[Expr, Expr | None, float, float]:
        """The product, with that of the values computed exactly."""
        value, tail = two_product(a.value, b.value, self.has_fma)
        if a.tail is None and b.tail is None:
            return value, tail, 0.0, UNIT
        for x, y in ((a, b), (b, a)):
            if x.tail is not None:
                tail = tail + x.tail * y.value
        loose = (2 * UNIT + a.loose + b.loose) * WIDER
        # Roundings of the tails, and the neglected product of both.
        return value, tail, (4 * UNIT * loose + a.loose * b.loose) * WIDER, loose

    def quotient(self, a: Number, b: Number) -> tuple[Expr, Expr | None, float, float]:
        if self.has_fma:
            return self.full_quotient(a, b)
        high, low, whole = self.split(b)
        value = cut_off(a.value / b.value)
        # The product is exact, and so close to the dividend that the difference is exact, too.
        rest = a.value - value * high
        if a.tail is not None:
            rest = rest + a.tail
        rest = (rest - value * low) / whole
        # Roundings: the sum with the tail, low, its product, the difference, the whole, the quotient.
        off = UNIT * (7 * CUT + 5 * (a.loose + b.loose)) * WIDER
        return value, rest, off, (CUT + a.loose + b.loose + 4 * UNIT) * WIDER

    def full_quotient(self, a: Number, b: Number) -> tuple[Expr, Expr | None, float, float]:
        """The quotient, with the remainder of the values computed exactly."""
        value = a.value / b.value
        near, lost = two_product(value, b.value, self.has_fma)
        rest = a.value - near - lost
        if a.tail is not None:
            rest = rest + a.tail
        if b.tail is not None:
            rest = rest - value * b.tail
        loose = (2 * UNIT + a.loose + b.loose) * WIDER
        # Roundings, and the neglected tail of b in the correction.
        return value, rest / b.value, (6 * UNIT + b.loose) * loose * WIDER, loose


class ExactPair(Pair):
    """Pairs with more digits that recognize exact products with a constant and exact quotients by one.

    Results half way between floats are exact. Products and the remainders of quotients are computed without
    error.
    """

    COARSE = 2.0**-90
    LOOSE = 64 * UNIT

    product = Pair.full_product
    quotient = Pair.full_quotient

    def lost(self, product: Expr, *operands: Number) -> Bound:
        nothing = abs(product) > SAFE
        for x in operands:
            nothing = nothing | equal(x.value, 0.0)
        return select(nothing, 0.0, LOST)

    def multiple(self, x: Number, factor: Fraction) -> Number:
        p, q = factor.numerator, factor.denominator
        product = super().multiple(x, Fraction(p))
        is_exact = x.rel == product.rel == 0 and is_nil(x.abs)
        if q & (q - 1) == 0 or q >= 2**53 or abs(p) >= 2**53 or not is_exact:
            return super().multiple(x, factor)
        d = constant(float(q))
        value = product.value / d
        near, lost = two_product(value, d, self.has_fma)
        rest, missed = two_sum(product.value - near, -lost)
        is_whole = equal(missed, 0.0)
        if product.tail is not None:
            rest, missed = two_sum(rest, product.tail)
            is_whole = is_whole & equal(missed, 0.0)
        tail = rest / d
        near, lost = two_product(tail, d, self.has_fma)
        is_whole = is_whole & equal(near, rest) & equal(lost, 0.0) & (abs(value) > SAFE)
        error = select(is_whole, 0.0, abs(value) * 2.0**-100 + LOST)
        bounds = product.min_abs / q * NARROWER, product.max_abs / q * WIDER, product.sign
        made = x.like(value, tail, 0.0, error, bounds, product.scale, 4 * UNIT)
        return made.with_sign(product.known_sign)


class TiePair(ExactPair):
    """Exact pairs for finding ties: a quotient stays exact only if it is a single float64."""

    def multiple(self, x: Number, factor: Fraction) -> Number:
        made = super().multiple(x, factor)
        if made.tail is None or factor.denominator & (factor.denominator - 1) == 0:
            return made
        off = bound_sum(made.abs, abs(made.tail))
        bounds = made.min_abs, made.max_abs, made.sign
        return made.like(made.value, None, made.rel, off, bounds, made.scale, 0.0).with_sign(made.known_sign)
