"""Arrays of numbers with bounds on their errors: in plain float64, and in pairs of float64.

A ``Number`` is an array of float64 values, in pairs with much smaller tails, and a bound on its distance
from the true one. Every operation bounds its own error and carries on those of its operands (Higham,
Accuracy and Stability of Numerical Algorithms, 2nd edition, 3.3), so that a formula finds its own bound by
being evaluated. A bound is one number for the whole array where it can be: products, quotients and sums
without cancellation have relative errors that are the same for all elements.

Sums and products of pairs: Dekker, A floating-point technique for extending the available precision, 1971;
Knuth, The Art of Computer Programming 2, 4.2.2; Muller et al., Handbook of Floating-Point Arithmetic, 2nd
edition, 14.1.
"""

import math
from fractions import Fraction
from functools import cache
from typing import Any, Union

import numpy as np

from actcalc.arithmetic.operators import Operators
from actcalc.numbers.error_free import fast_two_sum, product_of_parts, split, two_sum

Operand = Union["Number", Fraction, int]

WIDER, NARROWER = 1 + 2.0**-20, 1 - 2.0**-20
"""Factors for bounds, whose own arithmetic is rounded and leaves out tails."""
LOST = 2.0**-1060
"""More than what an operation loses where a product or a quotient is below SAFE."""
SAFE = 2.0**-900
UNIT = 2.0**-53
_CUT = 2.0**-25
"""The most that is cut off from a value, relative to it, to leave 26 bits of it."""
_HIGH_BITS = np.int64(-(1 << 27))


class Switched(Exception):
    """A formula goes two ways at the elements of an array: ``signs`` tells which, 0 where that is open."""

    def __init__(self, signs: Any) -> None:
        self.signs = signs


class Number(Operators["Number"]):
    """An array of numbers (value + tail) * 2**scale, off by at most ``rel`` of that and abs * 2**scale.

    ``min_abs`` and ``max_abs`` bound the size of the values, and ``sign`` is 1 or -1 where all have it. A
    tail that is None is 0, and the others are at most ``loose`` of their value. ``minus`` is the number that
    this is the negative of, so that the sign of a square is known, and ``multiple`` the single float64 and
    the factor that this is the product of. ``known_sign`` is the sign of the true numbers, none of them 0,
    where that is known, of however little size they are.
    """

    __slots__ = (
        "abs",
        "known_sign",
        "loose",
        "max_abs",
        "min_abs",
        "minus",
        "multiple",
        "parts",
        "rel",
        "scale",
        "sign",
        "tail",
        "value",
    )
    # NumPy leaves the operators to this class.
    __array_ufunc__ = None

    def __init__(
        self, value: Any, tail: Any, rel: float, abs_: Any, bounds: tuple[float, float, int], scale: int = 0
    ) -> None:
        self.value = value
        self.tail = tail
        self.rel = rel
        self.abs = abs_
        least, most, self.sign = bounds
        # 0 times what is not bounded is not a number: nothing is known.
        self.min_abs, self.max_abs = least if least == least else 0.0, most if most == most else math.inf
        self.scale = scale
        self.loose = 0.0 if tail is None else UNIT
        self.parts: Any = None
        self.minus: Number | None = None
        self.multiple: tuple[Number, Fraction] | None = None
        self.known_sign = 0

    def _with_sign(self, sign: int) -> "Number":
        """This number, whose true values have that sign; 0 if that is not known."""
        self.known_sign = sign
        return self

    # What the two arithmetics do in their own ways

    @classmethod
    def number(cls, x: Operand) -> "Number":
        """``x``, or a constant of the same arithmetic."""
        kind: Any = cls
        return x if isinstance(x, Number) else _exactly(kind, x)

    def _like(
        self, value: Any, tail: Any, rel: float, abs_: Any, bounds: Any, scale: int, loose: float
    ) -> "Number":
        made = type(self)(value, tail, rel, abs_, bounds, scale)
        made.loose = loose
        return made.tight(self.LOOSE)

    def tight(self, loose: float = 64 * UNIT) -> "Number":
        """This number, with a tail that is no more than that of its value."""
        if self.tail is not None and self.loose > loose:
            self.value, self.tail = fast_two_sum(self.value, self.tail)
            self.loose, self.parts = UNIT, None
        return self

    def _sum(self, b: "Number", disjoint: bool) -> tuple[Any, Any, float, float]:
        """Value, tail, and what it is off by relative to the sum and relative to the operands."""
        raise NotImplementedError

    def _product(self, b: "Number") -> tuple[Any, Any, float, float]:
        """Value, tail, what it is off by, and how loose it is."""
        raise NotImplementedError

    def _quotient(self, b: "Number") -> tuple[Any, Any, float, float]:
        """Value, tail, what it is off by, and how loose it is."""
        raise NotImplementedError

    COARSE = 0.0
    LOOSE = 0.0
    """The share of its value that a tail may be."""

    # What they have in common

    @property
    def is_scalar(self) -> bool:
        return isinstance(self.value, float)

    @property
    def ends(self) -> tuple[float, float]:
        """Bounds of the values."""
        if self.sign > 0:
            return self.min_abs, self.max_abs
        return -self.max_abs, (-self.min_abs if self.sign < 0 else self.max_abs)

    def rescale(self, scale: int) -> "Number":
        """This number with another scale."""
        shift = self.scale - scale
        if shift == 0:
            return self
        # The exponent of a power of two may be out of reach of one product.
        value, tail, abs_, least, most = self.value, self.tail, self.abs, self.min_abs, self.max_abs
        rest = max(min(shift, 3000), -3000)
        while rest:
            step = max(min(rest, 1000), -1000)
            rest -= step
            power = 2.0**step
            value = value * power
            tail = tail if tail is None else tail * power
            abs_, least, most = abs_ * power, least * power, most * power
        if least < SAFE:
            abs_ = abs_ + LOST
        made = self._like(value, tail, self.rel, abs_, (least, most, self.sign), scale, self.loose)
        return made._with_sign(self.known_sign)

    def _centre(self) -> "Number":
        """With a scale such that products neither overflow nor lose anything."""
        if 2.0**-300 < self.max_abs < 2.0**400 or self.max_abs == 0 or not math.isfinite(self.max_abs):
            return self
        return self.rescale(self.scale + math.frexp(self.max_abs)[1] - 100)

    def __add__(self, other: Operand) -> "Number":
        a, b = self, self.number(other)
        if a.scale != b.scale:
            a, b = a._centre(), b._centre()
            # That of the greater one: what the other one loses is nothing beside it.
            scale = max(x.scale + (math.frexp(x.max_abs)[1] if x.max_abs < math.inf else 0) for x in (a, b))
            scale = 0 if abs(scale) < 500 else scale - 100
            a, b = a.rescale(scale), b.rescale(scale)
        same = a.sign * b.sign > 0
        if b.min_abs > a.max_abs:
            a, b = b, a
        disjoint = a.min_abs >= b.max_abs
        apart = a.min_abs >= 4 * b.max_abs
        value, tail, of_sum, of_operands = a._sum(b, disjoint)
        loose = UNIT + (max(a.loose, b.loose) if same else 2 * (a.loose + b.loose)) * WIDER
        if tail is not None and not same and not apart:
            # What is left of a difference may be less than its tail.
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
            total: Any = (rel_a * a.max_abs + rel_b * b.max_abs) * WIDER
            left = a.min_abs - b.max_abs
            if a.max_abs <= 16 * left:
                rel += total / left * WIDER
                total = 0.0
            elif not total <= self.COARSE * max(a.min_abs, b.min_abs):
                total = bound_sum(_absolute_error(rel_a * WIDER, a), _absolute_error(rel_b * WIDER, b))
            abs_ = bound_sum(abs_, total)
        sign = a.sign if same or disjoint else 0
        least = a.min_abs + b.min_abs if same else max(a.min_abs - b.max_abs, 0.0)
        bounds = least * NARROWER, (a.max_abs + b.max_abs) * WIDER, sign
        sure = a.known_sign if a.known_sign == b.known_sign or (a.known_sign and a._outweighs(b)) else 0
        return a._like(value, tail, rel, abs_, bounds, a.scale, loose)._with_sign(sure)

    def _outweighs(self, b: "Number") -> bool:
        """Whether the true numbers are surely greater in size than those of ``b``."""
        room = self.min_abs * (1 - self.rel) - _greatest(self.abs)
        return room * NARROWER > (b.max_abs * (1 + b.rel) + _greatest(b.abs)) * WIDER

    def __neg__(self) -> "Number":
        tail = None if self.tail is None else -self.tail
        bounds = self.min_abs, self.max_abs, -self.sign
        made = self._like(-self.value, tail, self.rel, self.abs, bounds, self.scale, self.loose)
        made.minus = self
        return made._with_sign(-self.known_sign)

    def __mul__(self, other: Operand) -> "Number":
        a, b = self._centre(), self.number(other)._centre()
        scale = a.scale + b.scale
        sign = 1 if other is self else -1 if self.minus is other is not None else a.sign * b.sign
        bounds = a.min_abs * b.min_abs * NARROWER, a.max_abs * b.max_abs * WIDER, sign
        for x, y in ((a, b), (b, a)):
            if x.is_scalar and x.tail is None and x.rel == 0 and abs(math.frexp(x.value)[0]) == 0.5:
                value, tail = y.value * x.value, None if y.tail is None else y.tail * x.value
                abs_ = y.abs * abs(x.value)
                if bounds[0] < SAFE and abs(x.value) < 1:
                    abs_ = abs_ + LOST
                made = a._like(value, tail, y.rel, abs_, bounds, scale, y.loose)
                return made._with_sign(a.known_sign * b.known_sign)
        value, tail, own, loose = a._product(b)
        rel = (a.rel + b.rel + a.rel * b.rel + own) * WIDER
        abs_ = bound_sum(bound_sum(_times(a.abs, b), _times(b.abs, a)), a.abs * b.abs)
        if bounds[0] < SAFE:
            abs_ = abs_ + LOST
        made = a._like(value, tail, rel, abs_, bounds, scale, loose)
        if isinstance(other, Fraction) and self.tail is None and self.rel == 0:
            made.multiple = self, other
        return made._with_sign(a.known_sign * b.known_sign)

    def __truediv__(self, other: Operand) -> "Number":
        if isinstance(other, int | Fraction):
            return self * (1 / Fraction(other))
        if other.is_scalar and not self.is_scalar:
            return self * (self.number(1) / other)
        a, b = self._centre(), other._centre()
        value, tail, own, loose = a._quotient(b)
        most = bound_quotient(a.max_abs, b.min_abs) * WIDER
        bounds = a.min_abs / b.max_abs * NARROWER, most, a.sign * b.sign
        rel_b = b.rel
        abs_: Any = 0.0
        most_off = _greatest(b.abs)
        if most_off <= b.min_abs * (2.0**-20 if isinstance(b.abs, float) else max(self.COARSE, 4 * b.rel)):
            rel_b += bound_quotient(most_off, b.min_abs) * WIDER
        else:
            size = abs(b.value)
            off = np.where(size > 2 * b.abs, 2 * b.abs / size, np.inf)
            abs_ = abs(value) * off * 2
        rel = (a.rel + rel_b * (1 + a.rel) + own) / (1 - 2 * rel_b) * WIDER
        if isinstance(a.abs, float) and a.abs == 0:
            pass
        elif b.max_abs <= 16 * b.min_abs and rel_b < 0.25:
            abs_ = abs_ + a.abs * bound_quotient(2.0, b.min_abs)
        else:
            abs_ = abs_ + a.abs / abs(b.value) * (2 if rel_b < 0.25 else math.inf)
        if min(a.min_abs, bounds[0]) < SAFE:
            abs_ = abs_ + (LOST + bound_quotient(LOST, b.min_abs))
        known_sign = a.known_sign * b.known_sign
        if b.min_abs == 0 and (is_zero := b.value == 0).any():
            # An infinity is no value to go on with: neither its size nor its sign is known.
            abs_, bounds, known_sign = np.where(is_zero, np.inf, abs_), (0.0, math.inf, 0), 0
        made = a._like(value, tail, rel, abs_, bounds, a.scale - b.scale, loose)
        return made._with_sign(known_sign)

    def __rtruediv__(self, other: Operand) -> "Number":
        return self.number(other) / self

    def __pow__(self, exponent: int) -> "Number":
        power = super().__pow__(exponent)
        if exponent % 2 == 0 and power.sign == 0:
            power.sign = 1
        return power

    def __abs__(self) -> "Number":
        if self.sign:
            return self if self.sign > 0 else -self
        sign = np.copysign(1.0, self.value)
        tail = None if self.tail is None else self.tail * sign
        bounds = self.min_abs, self.max_abs, 1
        made = self._like(abs(self.value), tail, self.rel, self.abs, bounds, self.scale, self.loose)
        return made._with_sign(abs(self.known_sign))

    def error(self) -> Any:
        """A bound on the distance from the true numbers, in units of 2**scale."""
        # A product of small numbers may be 0, and only exact ones are off by 0.
        least = 2.0**-1074 if self.rel else 0.0
        return bound_sum(_absolute_error(self.rel * WIDER, self), self.abs * WIDER + least)


def _greatest(bound: Any) -> float:
    return bound if isinstance(bound, float) else float(np.max(bound))


def bound_sum(a: Any, b: Any) -> Any:
    """The sum of two bounds, with as few arrays as possible."""
    return a if isinstance(b, float) and b == 0 else b if isinstance(a, float) and a == 0 else a + b


def _absolute_error(rel: float, x: Number) -> Any:
    return abs(x.value) * rel if rel else 0.0


def _times(bound: Any, x: Number) -> Any:
    """A bound on an error times x."""
    if isinstance(bound, float):
        most = bound * x.max_abs
        if most < 2.0**-950 or (x.max_abs <= 16 * x.min_abs and math.isfinite(most)):
            return most * (1 + x.rel) * WIDER
    return abs(x.value) * ((1 + x.rel) * WIDER) * bound


def bound_quotient(a: float, b: float) -> float:
    return 0.0 if a == 0 else a / b if b else math.inf


class Plain(Number):
    """Numbers of one float64."""

    __slots__ = ()
    COARSE = 2.0**-38

    def _sum(self, b: Number, disjoint: bool) -> tuple[Any, Any, float, float]:
        return self.value + b.value, None, 2.0**-53, 0.0

    def _product(self, b: Number) -> tuple[Any, Any, float, float]:
        return self.value * b.value, None, UNIT, 0.0

    def _quotient(self, b: Number) -> tuple[Any, Any, float, float]:
        return self.value / b.value, None, UNIT, 0.0


class Pair(Number):
    """Numbers of two float64.

    For products and quotients they are split anew: into 26 bits of the value, whose products are exact, and
    the rest with the tail, rounded.
    """

    __slots__ = ()
    COARSE = 2.0**-80
    LOOSE = 2.0**-24 * (1 + 2.0**-18)

    def split(self) -> Any:
        """26 bits of the value, the rest with the tail, and both together."""
        if self.parts is None:
            high = cut_off(self.value)
            low = self.value - high
            if self.tail is None:
                self.parts = high, low, self.value
            else:
                low += self.tail
                self.parts = high, low, high + low
        return self.parts

    def _sum(self, b: Number, disjoint: bool) -> tuple[Any, Any, float, float]:
        value, lost = (fast_two_sum if disjoint else two_sum)(self.value, b.value)
        if self.tail is None and b.tail is None:
            return value, lost, 0.0, 0.0
        if self.tail is not None:
            lost += self.tail
        if b.tail is not None:
            lost += b.tail
        # Two roundings of sums of tails and of what was lost.
        return value, lost, 0.0, 2 * UNIT * (max(self.loose, b.loose) + 2 * UNIT) * WIDER

    def _product(self, b: Number) -> tuple[Any, Any, float, float]:
        assert isinstance(b, Pair)
        if self.is_scalar or b.is_scalar:
            return self._full_product(b)
        (high, low, whole), (b_high, b_low, b_whole) = self.split(), b.split()
        value = high * b_high
        if self is b:
            tail = high + whole
            tail *= low
        else:
            tail = low * b_whole
            tail += high * b_low
        # The low parts, relative to the whole: their products and the sum of these were rounded, and what
        # had a tail before.
        of_a, of_b = _CUT + self.loose, _CUT + b.loose
        off = 2 * (of_a + of_b)
        if self.tail is not None:
            off += of_a
        if b.tail is not None:
            off += of_a + of_b
        return value, tail, UNIT * off * WIDER, (of_a + of_b) * WIDER

    def _full_product(self, b: Number) -> tuple[Any, Any, float, float]:
        """The product of the values without loss."""
        value, tail = product_of_parts(self.value, split(self.value), b.value, split(b.value))
        if self.tail is None and b.tail is None:
            return value, tail, 0.0, UNIT
        for x, y in ((self, b), (b, self)):
            if x.tail is not None:
                tail = tail + x.tail * y.value
        loose = (2 * UNIT + self.loose + b.loose) * WIDER
        # Roundings of tails, and the product of both.
        return value, tail, (4 * UNIT * loose + self.loose * b.loose) * WIDER, loose

    def _quotient(self, b: Number) -> tuple[Any, Any, float, float]:
        assert isinstance(b, Pair)
        high, low, whole = b.split()
        value = cut_off(self.value / b.value)
        # The product is exact, and so near to the value that the difference is, too.
        rest = self.value - value * high
        if self.tail is not None:
            rest += self.tail
        rest -= value * low
        rest /= whole
        # Rounded were: the sum with the tail, low, its product, the difference, the whole, the quotient.
        off = UNIT * (7 * _CUT + 5 * (self.loose + b.loose)) * WIDER
        return value, rest, off, (_CUT + self.loose + b.loose + 4 * UNIT) * WIDER


def cut_off(x: Any) -> Any:
    """26 bits of x."""
    return split(x)[0] if isinstance(x, float) else (x.view(np.int64) & _HIGH_BITS).view(np.float64)


class ExactPair(Pair):
    """Pairs of more digits that know which products and quotients by a constant are exact.

    Results half way between floats are. Products and what is left of quotients are worked out without loss.
    """

    __slots__ = ()
    COARSE = 2.0**-90
    LOOSE = 64 * UNIT
    ALONE = False

    _product = Pair._full_product

    def _quotient(self, b: Number) -> tuple[Any, Any, float, float]:
        value = self.value / b.value
        near, lost = product_of_parts(value, split(value), b.value, split(b.value))
        rest = self.value - near
        rest -= lost
        if self.tail is not None:
            rest += self.tail
        if b.tail is not None:
            rest -= value * b.tail
        rest /= b.value
        loose = (2 * UNIT + self.loose + b.loose) * WIDER
        # Roundings, and what the tail of b would have made of the rest.
        return value, rest, (6 * UNIT + b.loose) * loose * WIDER, loose

    def __mul__(self, other: Operand) -> Number:
        if isinstance(other, int | Fraction) and not self.is_scalar:
            return self._ratio(Fraction(other))._with_sign(self.known_sign * ((other > 0) - (other < 0)))
        return super().__mul__(other)

    def __truediv__(self, other: Operand) -> Number:
        if isinstance(other, int | Fraction) and not self.is_scalar:
            return self._ratio(1 / Fraction(other))._with_sign(self.known_sign * (1 if other > 0 else -1))
        return super().__truediv__(other)

    def _ratio(self, ratio: Fraction) -> Number:
        p, q = ratio.numerator, ratio.denominator
        product = super().__mul__(p)
        is_exact = self.rel == product.rel == 0 and isinstance(self.abs, float) and self.abs == 0
        if q & (q - 1) == 0 or q >= 2**53 or abs(p) >= 2**53 or not is_exact:
            return super().__mul__(ratio)
        d = float(q)
        value = product.value / d
        near, lost = product_of_parts(value, split(value), d, split(d))
        rest, missed = two_sum(product.value - near, -lost)
        if product.tail is not None:
            rest, more = two_sum(rest, product.tail)
            missed = abs(missed) + abs(more)
        tail = rest / d
        near, lost = product_of_parts(tail, split(tail), d, split(d))
        whole = (near == rest) & (lost == 0) & (missed == 0) & (abs(value) > SAFE)
        error = np.where(whole, 0.0, abs(value) * 2.0**-100 + LOST)
        bounds = product.min_abs / d * NARROWER, product.max_abs / d * WIDER, product.sign
        if self.ALONE and not (whole & (tail != 0)).any():
            # The exact ones need no tail, and without it sums of them are exact as well.
            return self._like(value, None, 0.0, error + abs(tail), bounds, product.scale, 0.0)
        return self._like(value, tail, 0.0, error, bounds, product.scale, 4 * UNIT)


class TiePair(ExactPair):
    """Exact pairs where no others matter."""

    __slots__ = ()
    ALONE = True


@cache
def _exactly(kind: Any, x: Fraction | int) -> Number:
    return constant(kind, Fraction(x), Fraction(0))


def constant(kind: Any, x: Fraction, off: Fraction) -> Number:
    """``x``, which is known within ``off`` times itself."""
    made: Number
    if x == 0:
        made = kind(0.0, None, 0.0, 0.0, (0.0, 0.0, 0))
        return made
    scale = x.numerator.bit_length() - x.denominator.bit_length()
    scale = scale if abs(scale) > 200 else 0
    scaled = x / Fraction(2) ** scale
    value = float(scaled)
    rest = scaled - Fraction(value)
    tail = float(rest) if rest and kind is not Plain else None
    rest -= Fraction(tail or 0)
    rel = float(abs(rest / scaled) + off) * WIDER
    bounds = abs(value), abs(value), 1 if value > 0 else -1
    made = kind(value, tail, rel, 0.0, bounds, scale)
    return made._with_sign(bounds[2])
