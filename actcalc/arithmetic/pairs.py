"""Evaluation of whole arrays with error bounds: in plain float64, and in pairs of float64.

A ``Number`` is an array of float64 values, in pairs with much smaller tails, and a bound on its distance
from the true one. Every operation bounds its own error and carries on those of its operands (Higham,
Accuracy and Stability of Numerical Algorithms, 2nd edition, 3.3), so that a formula finds its own bound by
being evaluated. A bound is one number for the whole array where it can be: products, quotients and sums
without cancellation have relative errors that are the same for all elements.

All is built from additions, products, quotients and square roots, which IEEE 754 rounds correctly, and is
the same on every machine. Sums and products of pairs: Dekker, A floating-point technique for extending the
available precision, 1971; Knuth, The Art of Computer Programming 2, 4.2.2; Muller et al., Handbook of
Floating-Point Arithmetic, 2nd edition, 14.1. exp and log by tables: Tang, Table-driven implementation of
the exponential function, 1989, and of the logarithm function, 1990.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from typing import Any, Union

import numpy as np

from actcalc.arithmetic import mills as ratio
from actcalc.arithmetic.interval import Interval, with_digits
from actcalc.numbers.sums import fast_two_sum, split, two_sum

Operand = Union["Number", Fraction, int]

_WIDER, _NARROWER = 1 + 2.0**-20, 1 - 2.0**-20
"""What is worked out about bounds is itself rounded, and tails are left out of it."""
_LOST = 2.0**-1060
"""More than what an operation loses where a product or a quotient is below _SAFE."""
_SAFE = 2.0**-900
_UNIT = 2.0**-53
_CUT = 2.0**-25
"""What is cut off from a value, relative to it, to leave 26 bits of it."""
_HIGH_BITS = np.int64(-(1 << 27))


class Switched(Exception):
    """A formula goes two ways at the elements of an array: ``signs`` tells which, 0 where that is open."""

    def __init__(self, signs: Any) -> None:
        self.signs = signs


class Number:
    """An array of numbers (value + tail) * 2**scale, off by at most ``rel`` of that and abs * 2**scale.

    ``least`` and ``most`` bound the size of the values, and ``sign`` is 1 or -1 where all have it. A tail
    that is None is 0, and the others are at most ``loose`` of their value. ``minus`` is the
    number that this is the negative of, so that the sign of a square is known, and ``multiple`` the single
    float64 and the factor that this is the product of. ``sure`` is the sign of the
    true numbers, none of them 0, where that is known, of however little size they are.
    """

    __slots__ = (
        *("abs", "least", "loose", "minus", "most", "multiple", "parts", "rel", "scale", "sign", "sure"),
        *("tail", "value"),
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
        self.least, self.most, self.sign = bounds
        self.scale = scale
        self.loose = 0.0 if tail is None else _UNIT
        self.parts: Any = None
        self.minus: Number | None = None
        self.multiple: tuple[Number, Fraction] | None = None
        self.sure = 0

    def _surely(self, sign: int) -> "Number":
        """This number, whose true values have that sign; 0 if that is not known."""
        self.sure = sign
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

    def tight(self, loose: float = 64 * _UNIT) -> "Number":
        """This number, with a tail that is no more than that of its value."""
        if self.tail is not None and self.loose > loose:
            self.value, self.tail = fast_two_sum(self.value, self.tail)
            self.loose, self.parts = _UNIT, None
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
    """What a tail may be of its value."""

    # What they have in common

    @property
    def is_scalar(self) -> bool:
        return isinstance(self.value, float)

    @property
    def ends(self) -> tuple[float, float]:
        """Bounds of the values."""
        if self.sign > 0:
            return self.least, self.most
        return -self.most, (-self.least if self.sign < 0 else self.most)

    def rescaled(self, scale: int) -> "Number":
        """The same number with another scale."""
        shift = self.scale - scale
        if shift == 0:
            return self
        # The exponent of a power of two may be out of reach of one product.
        value, tail, abs_, least, most = self.value, self.tail, self.abs, self.least, self.most
        rest = max(min(shift, 3000), -3000)
        while rest:
            step = max(min(rest, 1000), -1000)
            rest -= step
            power = 2.0**step
            value = value * power
            tail = tail if tail is None else tail * power
            abs_, least, most = abs_ * power, least * power, most * power
        if least < _SAFE:
            abs_ = abs_ + _LOST
        made = self._like(value, tail, self.rel, abs_, (least, most, self.sign), scale, self.loose)
        return made._surely(self.sure)

    def _centred(self) -> "Number":
        """With a scale such that products neither overflow nor lose anything."""
        if 2.0**-300 < self.most < 2.0**400 or self.most == 0 or not math.isfinite(self.most):
            return self
        return self.rescaled(self.scale + math.frexp(self.most)[1] - 100)

    def __add__(self, other: Operand) -> "Number":
        a, b = self, self.number(other)
        if a.scale != b.scale:
            a, b = a._centred(), b._centred()
            # That of the greater one: what the other one loses is nothing beside it.
            scale = max(x.scale + math.frexp(x.most)[1] if math.isfinite(x.most) else x.scale for x in (a, b))
            scale = 0 if abs(scale) < 500 else scale - 100
            a, b = a.rescaled(scale), b.rescaled(scale)
        same = a.sign * b.sign > 0
        if b.least > a.most:
            a, b = b, a
        disjoint = a.least >= b.most
        apart = a.least >= 4 * b.most
        value, tail, of_sum, of_operands = a._sum(b, disjoint)
        loose = _UNIT + (max(a.loose, b.loose) if same else 2 * (a.loose + b.loose)) * _WIDER
        if tail is not None and not same and not apart:
            value, tail = two_sum(value, tail)
            loose = _UNIT
        rel_a, rel_b = a.rel + of_operands, b.rel + of_operands
        rel, abs_ = of_sum, _plus(a.abs, b.abs)
        if same:
            rel += max(rel_a, rel_b) * _WIDER
        elif apart:
            rel += 2 * max(rel_a, rel_b)
        elif rel_a or rel_b:
            total: Any = (rel_a * a.most + rel_b * b.most) * _WIDER
            left = a.least - b.most
            if a.most <= 16 * left:
                rel += total / left * _WIDER
                total = 0.0
            elif not total <= self.COARSE * max(a.least, b.least):
                total = _plus(_sized(rel_a * _WIDER, a), _sized(rel_b * _WIDER, b))
            abs_ = _plus(abs_, total)
        sign = a.sign if same or disjoint else 0
        least = a.least + b.least if same else max(a.least - b.most, 0.0)
        bounds = least * _NARROWER, (a.most + b.most) * _WIDER, sign
        sure = a.sure if a.sure == b.sure or (a.sure and a._outweighs(b)) else 0
        return a._like(value, tail, rel, abs_, bounds, a.scale, loose)._surely(sure)

    def _outweighs(self, b: "Number") -> bool:
        """Whether the true numbers are surely greater in size than those of ``b``."""
        room = self.least * (1 - self.rel) - _greatest(self.abs)
        return room * _NARROWER > (b.most * (1 + b.rel) + _greatest(b.abs)) * _WIDER

    __radd__ = __add__

    def __neg__(self) -> "Number":
        tail = None if self.tail is None else -self.tail
        bounds = self.least, self.most, -self.sign
        made = self._like(-self.value, tail, self.rel, self.abs, bounds, self.scale, self.loose)
        made.minus = self
        return made._surely(-self.sure)

    def __sub__(self, other: Operand) -> "Number":
        return self + -self.number(other)

    def __rsub__(self, other: Operand) -> "Number":
        return self.number(other) + -self

    def __mul__(self, other: Operand) -> "Number":
        a, b = self._centred(), self.number(other)._centred()
        scale = a.scale + b.scale
        sign = 1 if other is self else -1 if self.minus is other is not None else a.sign * b.sign
        bounds = a.least * b.least * _NARROWER, a.most * b.most * _WIDER, sign
        for x, y in ((a, b), (b, a)):
            if x.is_scalar and x.tail is None and x.rel == 0 and abs(math.frexp(x.value)[0]) == 0.5:
                value, tail = y.value * x.value, None if y.tail is None else y.tail * x.value
                abs_ = y.abs * abs(x.value)
                if bounds[0] < _SAFE and abs(x.value) < 1:
                    abs_ = abs_ + _LOST
                return a._like(value, tail, y.rel, abs_, bounds, scale, y.loose)._surely(a.sure * b.sure)
        value, tail, own, loose = a._product(b)
        rel = (a.rel + b.rel + a.rel * b.rel + own) * _WIDER
        abs_ = _plus(_plus(_times(a.abs, b), _times(b.abs, a)), a.abs * b.abs)
        if bounds[0] < _SAFE:
            abs_ = abs_ + _LOST
        made = a._like(value, tail, rel, abs_, bounds, scale, loose)
        if isinstance(other, Fraction) and self.tail is None and self.rel == 0:
            made.multiple = self, other
        return made._surely(a.sure * b.sure)

    __rmul__ = __mul__

    def __truediv__(self, other: Operand) -> "Number":
        if isinstance(other, int | Fraction):
            return self * (1 / Fraction(other))
        if other.is_scalar and not self.is_scalar:
            return self * (self.number(1) / other)
        a, b = self._centred(), other._centred()
        value, tail, own, loose = a._quotient(b)
        bounds = a.least / b.most * _NARROWER, _quotient(a.most, b.least) * _WIDER, a.sign * b.sign
        rel_b = b.rel
        abs_: Any = 0.0
        if isinstance(b.abs, float) and b.abs <= b.least * 2.0**-20:
            rel_b += _quotient(b.abs, b.least) * _WIDER
        else:
            size = abs(b.value)
            off = np.where(size > 2 * b.abs, 2 * b.abs / size, np.inf)
            abs_ = abs(value) * off * 2
        rel = (a.rel + rel_b * (1 + a.rel) + own) / (1 - 2 * rel_b) * _WIDER
        if isinstance(a.abs, float) and (a.abs == 0 or b.most <= 16 * b.least):
            abs_ = abs_ + _quotient(a.abs, b.least) * 2
        else:
            abs_ = abs_ + a.abs / abs(b.value) * (2 if rel_b < 0.25 else math.inf)
        if min(a.least, bounds[0]) < _SAFE:
            abs_ = abs_ + (_LOST + _quotient(_LOST, b.least))
        made = a._like(value, tail, rel, abs_, bounds, a.scale - b.scale, loose)
        return made._surely(a.sure * b.sure)

    def __rtruediv__(self, other: Operand) -> "Number":
        return self.number(other) / self

    def __pow__(self, exponent: int) -> "Number":
        power = self
        for _ in range(exponent - 1):
            power = power * self
        if exponent % 2 == 0 and power.sign == 0:
            power.sign = 1
        return power

    def __abs__(self) -> "Number":
        if self.sign:
            return self if self.sign > 0 else -self
        sign = np.copysign(1.0, self.value)
        tail = None if self.tail is None else self.tail * sign
        bounds = self.least, self.most, 1
        made = self._like(abs(self.value), tail, self.rel, self.abs, bounds, self.scale, self.loose)
        return made._surely(abs(self.sure))

    def error(self) -> Any:
        """A bound on the distance from the true numbers, in units of 2**scale."""
        # A product of small numbers may be 0, and only exact ones are off by 0.
        least = 2.0**-1074 if self.rel else 0.0
        return _plus(_sized(self.rel * _WIDER, self), self.abs * _WIDER + least)


def _greatest(bound: Any) -> float:
    return bound if isinstance(bound, float) else float(np.max(bound))


def _plus(a: Any, b: Any) -> Any:
    """The sum of two bounds, with as few arrays as possible."""
    return a if isinstance(b, float) and b == 0 else b if isinstance(a, float) and a == 0 else a + b


def _sized(rel: float, x: Number) -> Any:
    return abs(x.value) * rel if rel else 0.0


def _times(bound: Any, x: Number) -> Any:
    """A bound on an error times x."""
    if isinstance(bound, float):
        most = bound * x.most
        if most < 2.0**-950 or (x.most <= 16 * x.least and math.isfinite(most)):
            return most * (1 + x.rel) * _WIDER
    return abs(x.value) * ((1 + x.rel) * _WIDER) * bound


def _quotient(a: float, b: float) -> float:
    return 0.0 if a == 0 else a / b if b else math.inf


class Plain(Number):
    """Numbers of one float64."""

    __slots__ = ()
    COARSE = 2.0**-38

    def _sum(self, b: Number, disjoint: bool) -> tuple[Any, Any, float, float]:
        return self.value + b.value, None, 2.0**-53, 0.0

    def _product(self, b: Number) -> tuple[Any, Any, float, float]:
        return self.value * b.value, None, _UNIT, 0.0

    def _quotient(self, b: Number) -> tuple[Any, Any, float, float]:
        return self.value / b.value, None, _UNIT, 0.0


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
            high = _cut_off(self.value)
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
        return value, lost, 0.0, 2 * _UNIT * (max(self.loose, b.loose) + 2 * _UNIT) * _WIDER

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
        return value, tail, _UNIT * off * _WIDER, (of_a + of_b) * _WIDER

    def _full_product(self, b: Number) -> tuple[Any, Any, float, float]:
        """The product of the values without loss."""
        value, tail = product_of_parts(self.value, split(self.value), b.value, split(b.value))
        if self.tail is None and b.tail is None:
            return value, tail, 0.0, _UNIT
        for x, y in ((self, b), (b, self)):
            if x.tail is not None:
                tail = tail + x.tail * y.value
        loose = (2 * _UNIT + self.loose + b.loose) * _WIDER
        # Roundings of tails, and the product of both.
        return value, tail, (4 * _UNIT * loose + self.loose * b.loose) * _WIDER, loose

    def _quotient(self, b: Number) -> tuple[Any, Any, float, float]:
        assert isinstance(b, Pair)
        high, low, whole = b.split()
        value = _cut_off(self.value / b.value)
        # The product is exact, and so near to the value that the difference is, too.
        rest = self.value - value * high
        if self.tail is not None:
            rest += self.tail
        rest -= value * low
        rest /= whole
        # Rounded were: the sum with the tail, low, its product, the difference, the whole, the quotient.
        off = _UNIT * (7 * _CUT + 5 * (self.loose + b.loose)) * _WIDER
        return value, rest, off, (_CUT + self.loose + b.loose + 4 * _UNIT) * _WIDER


def _cut_off(x: Any) -> Any:
    """26 bits of x."""
    return split(x)[0] if isinstance(x, float) else (x.view(np.int64) & _HIGH_BITS).view(np.float64)


class Divided(Pair):
    """Pairs of more digits that know which products and quotients by a constant are exact.

    Results half way between floats are. Products and what is left of quotients are worked out without loss.
    """

    __slots__ = ()
    COARSE = 2.0**-90
    LOOSE = 64 * _UNIT
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
        loose = (2 * _UNIT + self.loose + b.loose) * _WIDER
        # Roundings, and what the tail of b would have made of the rest.
        return value, rest, (6 * _UNIT + b.loose) * loose * _WIDER, loose

    def __mul__(self, other: Operand) -> Number:
        if isinstance(other, int | Fraction) and not self.is_scalar:
            return self._ratio(Fraction(other))._surely(self.sure * ((other > 0) - (other < 0)))
        return super().__mul__(other)

    __rmul__ = __mul__

    def __truediv__(self, other: Operand) -> Number:
        if isinstance(other, int | Fraction) and not self.is_scalar:
            return self._ratio(1 / Fraction(other))._surely(self.sure * (1 if other > 0 else -1))
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
        whole = (near == rest) & (lost == 0) & (missed == 0) & (abs(value) > _SAFE)
        error = np.where(whole, 0.0, abs(value) * 2.0**-100 + _LOST)
        bounds = product.least / d * _NARROWER, product.most / d * _WIDER, product.sign
        if self.ALONE and not (whole & (tail != 0)).any():
            # The exact ones need no tail, and without it sums of them are exact as well.
            return self._like(value, None, 0.0, error + abs(tail), bounds, product.scale, 0.0)
        return self._like(value, tail, 0.0, error, bounds, product.scale, 4 * _UNIT)


class Tied(Divided):
    """The same where only those matter that are exact."""

    __slots__ = ()
    ALONE = True


def product_of_parts(a: Any, of_a: Any, b: Any, of_b: Any) -> tuple[Any, Any]:
    """The rounded product, and what rounding took away, of numbers already split (Dekker, 1971)."""
    (a_high, a_low), (b_high, b_low) = of_a, of_b
    p = a * b
    lost = a_high * b_high
    lost -= p
    for x, y in ((a_high, b_low), (a_low, b_high), (a_low, b_low)):
        if not (isinstance(y, float) and y == 0):
            lost += x * y
    return p, lost


@cache
def _exactly(kind: Any, x: Fraction | int) -> Number:
    return _constant(kind, Fraction(x), Fraction(0))


def _constant(kind: Any, x: Fraction, off: Fraction) -> Number:
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
    rel = float(abs(rest / scaled) + off) * _WIDER
    bounds = abs(value), abs(value), 1 if value > 0 else -1
    made = kind(value, tail, rel, 0.0, bounds, scale)
    return made._surely(bounds[2])


# Tables


_STEPS = 1024
_STEP_BITS = 10
_SHIFT = 1.5 * 2.0**52
"""A number plus this is rounded to a whole one, which is then found in the lowest bits."""


def _nearest(x: Interval) -> Fraction:
    return (Fraction(x.low) + Fraction(x.high)) / 2


def _cut(x: Fraction, bits: int) -> Fraction:
    """``x`` rounded to so many bits after the point."""
    return Fraction(round(x * 2**bits), 2**bits)


_POINT = 160
"""Binary digits after the point of whole numbers that stand for what is in a table."""


def _rounded(x: int, bits: int) -> int:
    """``x`` rounded to so many of them."""
    shift = _POINT - bits
    return (x + (1 << (shift - 1)) >> shift) << shift


@cache
def _powers() -> tuple[Any, Any, Any]:
    """2**(j/1024) rounded, cut to 32 bits, and what that leaves, relative to it.

    The first two are given by their bits, less j shifted to where _reduced has it.
    """
    root = round(_nearest(with_digits(50).exp(with_digits(50).ln2 / _STEPS)) * 2**_POINT)
    exact = [1 << _POINT]
    while len(exact) < _STEPS:
        exact.append(exact[-1] * root >> _POINT)
    high = [_rounded(x, 31) for x in exact]
    # Quotients of whole numbers are rounded once.
    near, cut = (np.array([x / (1 << _POINT) for x in powers]) for powers in (exact, high))
    places = np.arange(_STEPS) << (52 - _STEP_BITS)
    return (
        near.view(np.int64) - places,
        cut.view(np.int64) - places,
        np.array([(x - y) / y for x, y in zip(exact, high, strict=True)]),
    )


@cache
def _step() -> tuple[float, float, float]:
    """1024/ln(2), and ln(2)/1024 as 31 bits and the rest."""
    exact = _nearest(with_digits(50).ln2) / _STEPS
    high = _cut(exact, 41)
    return float(1 / exact), float(high), float(exact - high)


_LOG_STEPS = 512


@cache
def _logarithms() -> tuple[Any, Any, Any, Any]:
    """c near 1/(1 + i/512), of 13 bits; -ln(c) rounded, cut to 40 bits, and what that leaves."""
    near = [round(Fraction(_LOG_STEPS << 13, _LOG_STEPS + i)) for i in range(_LOG_STEPS + 1)]
    exact = [0]
    for before, c in pairwise(near):
        exact.append(exact[-1] + _logarithm(before, c))
    high = [_rounded(x, 40) for x in exact]
    return (
        np.array(near) * 2.0**-13,
        np.array([x / (1 << _POINT) for x in exact]),
        np.array([x / (1 << _POINT) for x in high]),
        np.array([(x - y) / (1 << _POINT) for x, y in zip(exact, high, strict=True)]),
    )


def _logarithm(a: int, b: int) -> int:
    """ln(a/b), times 2**_POINT, for a and b that are close: twice the inverse hyperbolic tangent of t."""
    p, q = a - b, a + b
    power = (2 * p << _POINT) // q
    total, k = 0, 1
    while power:
        total += power // k
        power = power * p * p // (q * q)
        k += 2
    return total


def _power_below(x: float) -> float:
    """A power of two below e**x, for floats of everyday size; 0 far out."""
    return 2.0 ** math.floor(x * 1.4426950408889634 - 2.0**-20) if abs(x) < 700 else 0.0


def _power_above(x: float) -> float:
    if x >= 700:
        return math.inf
    power = 2.0 ** math.ceil(x * 1.4426950408889634 - 2.0**-20) * (1 + 2.0**-18)
    # At negative x what is worked out is 1, or a power from the table that is less, or less than these.
    return min(power, 1.0) if x <= 0 else power


_QUARTER = 512
"""Steps of the table of sines to a right angle."""
_FAR_WAVES = 2.5e4


@cache
def _wave_step() -> tuple[float, float, float, float]:
    """1024/pi, and pi/1024 as 30 bits, 30 bits and the rest."""
    exact = _nearest(with_digits(60).pi) / (2 * _QUARTER)
    first = _cut(exact, 38)
    second = _cut(exact - first, 68)
    return float(1 / exact), float(first), float(second), float(exact - first - second)


@cache
def _sines() -> list[int]:
    """The sines of multiples of pi/2048 up to a right angle, by turning step after step."""
    m = with_digits(60)
    step = m.pi / (4 * _QUARTER)
    sin, cos = (round(_nearest(x) * 2**_POINT) for x in (m.sin(step), m.cos(step)))
    y, x = [0], 1 << _POINT
    for _ in range(2 * _QUARTER):
        y.append((y[-1] * cos + x * sin) >> _POINT)
        x = (x * cos - y[-2] * sin) >> _POINT
    y[-1] = 1 << _POINT
    return y


@cache
def _wave_table() -> tuple[Any, Any]:
    """sin(j pi/1024) around the circle: rounded, and what that leaves."""
    quarter = _sines()[::2]
    half = [*quarter, *quarter[-2:0:-1]]
    near = [x / (1 << _POINT) for x in half]
    rest = [(x - int(math.ldexp(y, _POINT))) / (1 << _POINT) for x, y in zip(half, near, strict=True)]
    return np.array([*near, *(-x for x in near)]), np.array([*rest, *(-x for x in rest)])


_LEAST_POWER, _MOST_POWER = -200, 1000
"""Below that a number adds nothing to an angle that shows; 2**971 and 26 bits are all of float64."""
_PLACES = 170


@lru_cache(maxsize=8)
def _turns(factor: Fraction) -> Any:
    """2**k * factor * 1024/pi within the circle's 2048, for each power k, in six pieces: of 25 bits, 14 of
    them after the point in the first, and what is left (Payne and Hanek, Radian reduction for trigonometric
    functions, 1983).
    """
    exact = int(factor * 2 * _QUARTER / _nearest(with_digits(450).pi) * 2 ** (_MOST_POWER + _PLACES))
    rows = []
    for k in range(_LEAST_POWER, _MOST_POWER):
        rest = (exact >> (_MOST_POWER - k)) & (4 * _QUARTER * 2**_PLACES - 1)
        row = []
        for after in range(_PLACES - 14, 0, -25)[:5]:
            row.append(math.ldexp(rest >> after, after - _PLACES))
            rest &= (1 << after) - 1
        rows.append([*row, math.ldexp(rest, -_PLACES)])
    return np.array(rows).T.copy()


def _turned(x: Any, factor: Fraction = Fraction(1)) -> tuple[Any, Any, Any]:
    """x * factor * 1024/pi within the circle: the nearest whole number, what is beyond it, and its tail.

    Products of 25 and of 27 bits are exact, and so are all sums but the last; they are off by 2**-104.
    """
    fraction, exponent = np.frexp(x)
    whole = fraction * 2.0**53
    high = np.rint(whole * 2.0**-27)
    turns, near, next_, rest = (np.zeros_like(x) for _ in range(4))
    for part, shift in ((whole - high * 2.0**27, 0), (high, 27)):
        place = exponent + (shift - 53 - _LEAST_POWER)
        part = np.where(place < 0, 0.0, part)
        pieces = np.take(_turns(factor), np.maximum(place, 0), axis=1)
        for piece in pieces[:2]:
            product = part * piece
            turns += product - 4 * _QUARTER * np.rint(product / (4 * _QUARTER))
        near += part * pieces[2]
        next_ += part * pieces[3]
        rest += part * pieces[4] + part * pieces[5]
    count = np.rint(turns)
    near, lost = two_sum(turns - count, near)
    near, more = two_sum(near, next_)
    return count, near, lost + more + rest


def _far_angle(x: Any, tail: Any, factor: Fraction = Fraction(1)) -> tuple[Any, Any, Any]:
    """x * factor, or x and a tail, less the nearest multiple of pi/1024, in a pair, and which that is."""
    count, near, rest = _turned(x, factor)
    if tail is not None:
        more_count, more_near, more_rest = _turned(tail)
        near, lost = two_sum(near, more_near)
        beyond = np.rint(near)
        near -= beyond
        count += more_count + beyond
        rest += more_rest + lost
    _, first, second, third = _wave_step()
    step, low = fast_two_sum(first, second)
    angle, lost = product_of_parts(near, split(near), step, split(step))
    return angle, lost + (near * (low + third) + rest * step), count


_FAR_TANGENT = 2.0**100


@cache
def _half_way_tangents() -> Any:
    """The tangents of odd multiples of pi/2048, up to a right angle."""
    sines = _sines()
    return np.array([y / x for y, x in zip(sines[1::2], sines[::-1][1::2], strict=True)])


class _Functions:
    """What the namespaces of the two arithmetics have in common."""

    kind: Any
    EXP = 0.0
    """The relative error of the kernel of exp."""
    LOG1P = 0.0

    def variable(self, x: Any) -> Number:
        """An array of exact float64 values, scaled to where products of some of them are safe."""
        low, high = float(x.min()), float(x.max())
        sign = 1 if low >= 0 else -1 if high <= 0 else 0
        if sign == 0:
            size = abs(x)
            least, most = float(size.min()), max(-low, high)
        else:
            least, most = (low, high) if sign > 0 else (-high, -low)
        number = self._made(x, None, 0.0, 0.0, (least, most, sign))
        if 0 < most < 2.0**-100 or most > 2.0**300:
            scale = math.frexp(most)[1] - 100
            half = 2.0 ** (-scale // 2)
            rest = 2.0 ** (-scale - -scale // 2)
            number = self._made(
                x * half * rest, None, 0.0, 0.0, (least * half * rest, most * half * rest, sign), scale
            )
        return number._surely(sign if least > 0 else 0)

    def number(self, x: Operand) -> Number:
        number: Number = self.kind.number(x)
        return number

    def _made(
        self, value: Any, tail: Any, rel: float, abs_: Any, bounds: tuple[float, float, int], scale: int = 0
    ) -> Number:
        made: Number = self.kind(value, tail, rel, abs_, bounds, scale)
        return made

    def _known(self, x: Interval) -> Number:
        return _constant(self.kind, _nearest(x), Fraction(1, 10**45))

    @cached_property
    def pi(self) -> Number:
        """Archimedes' constant."""
        return self._known(with_digits(50).pi)

    @cached_property
    def ln2(self) -> Number:
        """The natural logarithm of 2."""
        return self._known(with_digits(50).ln2)

    def exp(self, x: Operand) -> Number:
        """e to the power of x."""
        x = self.number(x).rescaled(0).tight()
        if x.is_scalar:
            return self._one(x, self.exp)
        low, high = x.ends
        if x.sign == 0 and x.most > 300:  # on one side they may be small
            low, high = float(x.value.min()), float(x.value.max())
        scale = 0
        if high < -300 or low > 300:
            edge = high if high < 0 else low
            # Beyond 1400 nothing is claimed: the reduction is exact for arguments of everyday size.
            scale = int(max(min(edge, 1400.0), -1e9) * 1.4426950408889634)
            if edge < -1400:
                # All of it is below 2**scale.
                return self._made(np.zeros_like(x.value), None, 0.0, 2.0, (0.0, 0.0, 1), scale)._surely(1)
        elif high > 690:
            scale = 500
        lowest, highest = (scale - 990) * 0.6931471805599453, (scale + 990) * 0.6931471805599453
        value, tail = x.value, x.tail
        abs_: Any = 0.0
        below = above = None
        if low < lowest or high > highest:
            below, above = value < lowest, value > highest
            value = np.clip(value, lowest, highest)
            tail = None if tail is None else np.where(below | above, 0.0, tail)
        power, more = self._exp(value, tail, scale)
        if below is not None:
            power[below] = 0
            if more is not None:
                more[below] = 0
            abs_ = 2.0**-985
            if above is not None and above.any():
                abs_ = np.where(above, np.inf, abs_)
        bounds = (
            _power_below(low - scale * 0.6931471805599453 - 2.0**-10) if low >= lowest else 0.0,
            _power_above(min(high, highest) - scale * 0.6931471805599453),
            1,
        )
        # e^d - 1 is at most d + d^2
        off = x.rel * min(x.most, 2000.0)
        if isinstance(x.abs, float):
            off += x.abs
        else:
            abs_ = _plus(abs_, np.where(x.abs < 0.1, x.abs * 1.5, np.inf) * power)
        rel = self.EXP + (off * (1 + off) * _WIDER if off < 0.1 else math.inf)
        return self._made(power, more, rel, abs_, bounds, scale)._surely(1)

    def _one(self, x: Number, function: Callable[[Number], Number]) -> Number:
        """A function of a single number."""
        array = self.kind(np.array([x.value]), None, x.rel, x.abs, (x.least, x.most, x.sign), x.scale)
        if x.tail is not None:
            array.tail, array.loose = np.array([x.tail]), x.loose
        y = function(array)
        y.value = float(y.value[0])
        y.tail = None if y.tail is None else float(y.tail[0])
        y.abs = float(np.max(y.abs))
        y.least = y.most = abs(y.value)
        y.parts = None
        return y

    def _exp(self, x: Any, tail: Any, scale: int) -> tuple[Any, Any]:
        raise NotImplementedError

    def expm1(self, x: Operand) -> Number:
        """e to the power of x, less 1."""
        x = self.number(x)
        if x.is_scalar:
            return self._one(x, self.expm1)
        if (same := _same_if_tiny(x)) is not None:
            return same
        x = x.rescaled(0).tight()
        low, high = x.ends
        value, tail = x.value, x.tail
        beyond: Any = None
        if x.most > 600:
            beyond = abs(value) > 600
            value = np.clip(value, -600.0, 600.0)
            tail = None if tail is None else np.where(beyond, 0.0, tail)
        power, more, rel, abs_ = self._expm1(value, tail, x)
        if beyond is not None:
            abs_ = abs_ + np.where(beyond, np.where(x.value > 0, np.inf, 2.0**-800), 0.0)
            power = np.where(beyond & (x.value > 0), np.inf, power)
        most = (
            max(_power_above(high) if high > 0 else 0.0, 1.0 if low < 0 else 0.0)
            if x.most > 1
            else 2 * x.most
        )
        bounds = min(x.least, 1.0) / 2 * _NARROWER, most, x.sign
        growth = 1.0 if high <= 0 else 1 + high
        rel += x.rel * growth * _WIDER
        if isinstance(x.abs, float):
            if x.abs:
                abs_ = abs_ + x.abs * (2 + most)
        else:
            abs_ = abs_ + np.where(x.abs < 0.1, x.abs * 2, np.inf) * (1 + abs(power))
        return self._made(power, more, rel if rel < 0.1 else math.inf, abs_, bounds)._surely(x.sure)

    def _expm1(self, x: Any, tail: Any, number: Number) -> tuple[Any, Any, float, Any]:
        raise NotImplementedError

    def log1p(self, x: Operand) -> Number:
        """The natural logarithm of 1 + x."""
        x = self.number(x)
        if x.is_scalar:
            return self._one(x, self.log1p)
        if (same := _same_if_tiny(x)) is not None:
            return same
        x = x.rescaled(0).tight()
        value, more, own = self._log1p(x)
        abs_: Any = 0.0
        if x.sign > 0:
            # x/(1 + x) <= ln(1 + x): the relative error does not grow.
            rel = x.rel * (1 + 2 * x.rel) if x.rel < 0.1 else math.inf
            abs_ = x.abs
            if x.most > 1 / _SAFE:
                abs_ = abs_ + np.where(x.value > 1 / _SAFE, np.inf, 0.0)
            bounds = min(x.least / 2, 0.5), min(x.most, 800.0), 1
        else:
            off = x.error()
            room = 1 + x.value - off
            rel = 0.0
            abs_ = np.where(room > 0, off / room, np.inf) * _WIDER
            bounds = 0.0, 800.0, x.sign
        return self._made(value, more, rel + own, abs_, bounds)._surely(x.sure)

    def _log1p(self, x: Number) -> tuple[Any, Any, float]:
        raise NotImplementedError

    def log(self, x: Operand) -> Number:
        """The natural logarithm."""
        x = self.number(x)
        if x.is_scalar:
            return self._one(x, self.log)
        if self.sign(x) < 0:
            raise Switched(np.zeros(len(x.value)))
        x = x.rescaled(0).tight()
        off = x.error() / x.value * 2
        if x.least < _SAFE or x.most > 1 / _SAFE:
            off = np.where((x.value < _SAFE) | (x.value > 1 / _SAFE), np.inf, off)
            inside = np.clip(x.value, _SAFE, 1 / _SAFE)
            x = x._like(inside, x.tail, x.rel, x.abs, (x.least, x.most, 1), 0, x.loose)
        value, more = self._log(x)
        bounds = 0.0, 800.0, 1 if x.least >= 1 else -1 if x.most <= 1 else 0
        return self._made(value, more, self.LOG1P, off, bounds)

    def _log(self, x: Number) -> tuple[Any, Any]:
        raise NotImplementedError

    def sign(self, x: Operand) -> int:
        """1 or -1 if all of x has that sign; 0 for a constant 0. Raises Switched if they differ."""
        x = self.number(x)
        off = x.error()
        if x.is_scalar:
            if not abs(x.value) * _NARROWER > off and (x.value or off):
                raise Switched(np.zeros(1))
            return int(x.value > 0) - int(x.value < 0)
        signs = np.sign(x.value)
        signs[~(abs(x.value) * _NARROWER > off)] = 0
        if signs[0] and (signs == signs[0]).all():
            return int(signs[0])
        raise Switched(signs)

    def normal(self, x: Operand) -> Number:
        """Phi, the standard normal distribution, by Mills' ratio."""
        x = self.number(x)
        side = self.sign(x)
        t = x if side > 0 else -x
        tail = self.exp(-(t * t) / 2) / self.sqrt(2 * self.pi) * self.mills(t)
        return tail if side < 0 else 1 - tail

    def erfc(self, x: Operand) -> Number:
        """The complementary error function: 2 (1 - Phi(x sqrt(2)))."""
        return 2 * self.normal(-(self.number(x) * self.sqrt(2)))

    def erf(self, x: Operand) -> Number:
        """The error function, near 0 by Abramowitz and Stegun 7.1.6, whose terms are all positive."""
        x = self.number(x)
        if self.sign(x) < 0:
            return -self.erf(-x)
        if self.sign(x - Fraction(1, 2)) > 0:
            return 1 - self.erfc(x)
        square = x * x
        terms = self.series(lambda k: Fraction(1, math.prod(range(1, 2 * k + 2, 2))), 2 * square)
        return 2 * x * self.exp(-square) * terms / self.sqrt(self.pi)

    def atan(self, x: Operand) -> Number:
        """The arc tangent: the nearest multiple a of pi/1024, and a series for what is beyond it.

        tan(atan(x) - a) = (x cos a - sin a) / (cos a + x sin a).
        """
        x = self.number(x)
        if x.is_scalar:
            return self._one(x, self.atan)
        if (same := _same_if_tiny(x)) is not None:
            return same
        x = x.rescaled(0).tight()
        side = np.copysign(1.0, x.value)
        is_far = abs(x.value) > _FAR_TANGENT
        tail = None if x.tail is None else np.where(is_far, 0.0, x.tail * side)
        size = np.where(is_far, _FAR_TANGENT, abs(x.value))
        ends = min(x.least, _FAR_TANGENT), min(x.most, _FAR_TANGENT), 1
        tangent = x._like(size, tail, x.rel, x.abs, ends, 0, x.loose)
        place = np.searchsorted(_half_way_tangents(), size)
        cos, sin = self._wave_at(place + _QUARTER), self._wave_at(place)
        length = cos + tangent * sin
        length.least = 0.9  # it is sqrt(1 + x^2), but for the cosine of a small angle
        rest = ((tangent * cos - sin) / length).rescaled(0).tight()
        rest = rest._like(rest.value, rest.tail, rest.rel, rest.abs, (0.0, 2.0**-9, 0), 0, rest.loose)
        square = rest.value * rest.value
        # The next term is below 2**-90.
        terms = -1 / 3 + square * (1 / 5 + square * (-1 / 7 + square * (1 / 9)))
        cube = self._made(rest.value * (square * terms), None, 2.0**-48, 0.0, (0.0, 2.0**-28, 0))
        step = self._made(place.astype(np.float64), None, 0.0, 0.0, (0.0, float(_QUARTER), 1))
        angle = self.pi / (2 * _QUARTER) * step + (rest + cube)
        tail = None if angle.tail is None else angle.tail * side
        off = _plus(angle.abs, np.where(is_far, 2 / _FAR_TANGENT, 0.0))
        made = angle._like(angle.value * side, tail, angle.rel, off, (0.0, 1.6, x.sign), 0, angle.loose)
        return made._surely(x.sure)

    def _wave_at(self, place: Any) -> Number:
        """The sines of multiples of pi/1024 in the first half of the circle."""
        sines, tails = _wave_table()
        if self.kind is Plain:
            return self._made(np.take(sines, place), None, 2.0**-53, 0.0, (0.0, 1.0, 1))
        return self._made(np.take(sines, place), np.take(tails, place), 2.0**-104, 0.0, (0.0, 1.0, 1))

    def sin(self, x: Operand) -> Number:
        """The sine."""
        x = self.number(x)
        if x.is_scalar:
            return self._one(x, self.sin)
        if (same := _same_if_tiny(x)) is not None:
            return same
        return self._wave(x.rescaled(0).tight(), 0, x.multiple)

    def cos(self, x: Operand) -> Number:
        """The cosine."""
        x = self.number(x)
        if x.is_scalar:
            return self._one(x, self.cos)
        return self._wave(x.rescaled(0).tight(), _QUARTER, x.multiple)

    def _wave(self, x: Number, ahead: int, multiple: tuple[Number, Fraction] | None) -> Number:
        """sin(x + ahead pi/1024): from a table at multiples of pi/1024, and series for what is left of x."""
        per_step, first, second, third = _wave_step()
        value, tail = x.value, x.tail
        is_far: Any = False
        if x.most > _FAR_WAVES:
            is_far = abs(value) > _FAR_WAVES
            value = np.where(is_far, 0.0, value)
            tail = None if tail is None else np.where(is_far, 0.0, tail)
        count = np.rint(value * per_step)
        rest = count * -third
        # Near 0 nothing is taken away.
        off = 2.0**-95 if x.least > 1 else ((count != 0) | is_far) * 2.0**-95
        if tail is not None:
            rest += tail
            off = off + abs(tail) * 2.0**-52 * (count != 0)
        # The first product is exact and next to x, and the second is exact.
        r, low = two_sum(value - count * first, count * -second)
        r, more = two_sum(r, rest)
        low += more
        error = x.error()
        far = np.flatnonzero(is_far)
        if len(far) and multiple is not None and 2.0**-100 < abs(multiple[1]) < 2.0**20:
            # Without the rounding of the product.
            z, factor = multiple[0].rescaled(0), abs(multiple[1])
            r[far], low[far], count[far] = _far_angle(np.copysign(z.value[far], x.value[far]), None, factor)
            error = np.where(is_far, z.abs * float(factor) * 2, error)
        elif len(far):
            far_tail = None if x.tail is None else x.tail[far]
            r[far], low[far], count[far] = _far_angle(x.value[far], far_tail)
        r, low = fast_two_sum(r, low)
        place = count.astype(np.int64)
        place += ahead
        place &= 4 * _QUARTER - 1
        of_cos = place + _QUARTER
        of_cos &= 4 * _QUARTER - 1
        sines, tails = _wave_table()
        s, c = np.take(sines, place), np.take(sines, of_cos)
        # sin r = r + low + r q and cos r = 1 + p; the next terms are below 2**-85.
        square = r * r
        q = square * (-1 / 5040)
        for k in (1 / 120, -1 / 6):
            q += k
            q *= square
        q *= r
        p = square * (-1 / 720)
        for k in (1 / 24, -1 / 2):
            p += k
            p *= square
        p *= s
        q += low
        q *= c
        p += q
        bounds = 0.0, 1.0, 0
        # Whatever x may be, a sine is no further away.
        off = np.minimum(off + error, 2.001)
        if self.kind is Plain:
            r *= c
            p += r
            s += p
            return self._made(s, None, 2.0**-50, off, bounds)
        part, lost = product_of_parts(c, split(c), r, split(r))
        p += lost
        p += np.take(tails, place)
        r *= np.take(tails, of_cos)
        p += r
        # A sine in the table is 0, or at least twice as great as what is added to it.
        value, lost = fast_two_sum(s, part)
        p += lost
        value, tail = fast_two_sum(value, p)
        # p, of 2**-19.7 at most, was rounded 8 times, and the value is at least half of s.
        return self._made(value, tail, 2.0**-68, off, bounds)

    def sqrt(self, x: Operand) -> Number:
        """The square root."""
        x = self.number(x)._centred()
        if x.scale % 2:
            x = x.rescaled(x.scale - 1)
        x = x.tight()
        value, tail, own = self._sqrt(x)
        least, most = math.sqrt(x.least) * _NARROWER, math.sqrt(x.most) * _WIDER
        # |sqrt(x + d) - sqrt(x)| <= |d| / sqrt(x)
        abs_: Any = 0.0
        if not isinstance(x.abs, float):
            abs_ = x.abs / value
        elif x.abs:
            abs_ = _quotient(x.abs, least) * _WIDER
        if x.least < _SAFE:
            abs_ = abs_ + _quotient(_LOST, least)
        made = self._made(value, tail, x.rel + own, abs_, (least, most, 1), x.scale // 2)
        made.loose = x.loose + 4 * _UNIT
        return made._surely(x.sure)

    def _sqrt(self, x: Number) -> tuple[Any, Any, float]:
        raise NotImplementedError

    def series(self, coefficient: Callable[[int], Fraction], x: Operand) -> Number:
        """The sum over k >= 0 of ``coefficient(k) * x**k``, for 0 <= x <= 1.

        The coefficients are positive and each is at most half of the one before it.
        """
        raise NotImplementedError

    def mills(self, x: Operand) -> Number:
        """Mills' ratio (1 - Phi(x)) / phi(x), for x >= 0."""
        x = self.number(x).rescaled(0).tight()
        known = ratio.table()
        argument = np.minimum(x.value, ratio.FAR) if x.most > ratio.FAR else x.value
        # The intervals are of equal length on a scale of binades, from 1 on.
        place = ((argument + 1.0).view(np.int64) >> (52 - ratio.BITS)) - (1023 << ratio.BITS)
        value, tail, rel = self._mills(known, argument, x.tail, place)
        abs_: Any = 0.0
        if x.most > ratio.FAR:
            # x/(x^2 + 1) < M < 1/x
            far = x.value > ratio.FAR
            value = np.where(far, 1 / x.value, value)
            tail = tail if tail is None else np.where(far, 0.0, tail)
            abs_ = np.where(far, value * (value * value + 2.0**-45), 0.0)
        # The slope of M lies between -1 and 0, and x M < 1.
        off = x.rel * min(x.most, float(ratio.FAR))
        if off:
            abs_ = abs_ + off
        abs_ = _plus(x.abs, abs_)
        bounds = 1 / (x.most + 1) / 2, 1.26, 1
        return self._made(value, tail, rel + known.remainder, abs_, bounds)._surely(1)

    def _mills(self, known: ratio.Table, x: Any, tail: Any, place: Any) -> tuple[Any, Any, float]:
        raise NotImplementedError


def _same_if_tiny(x: Number) -> Number | None:
    """The value of a function that is x (1 + O(x)) near 0, where x is too small for that to matter."""
    size = math.ldexp(x.most, max(x.scale, -3000)) if x.scale < 0 else 1.0
    if size >= 2.0**-90:
        return None
    made = x._like(x.value, x.tail, x.rel + size, x.abs, (x.least, x.most, x.sign), x.scale, x.loose)
    return made._surely(x.sure)


def _reduced(x: Any, scale: int) -> tuple[Any, Any, Any, Any]:
    """x less the nearest multiple of ln(2)/1024 but for a rest, the place in the table, and its exponent.

    The first is exact: a multiple of 31 bits is near to x. The last is to be added to the bits of the table.
    """
    per_step, high, low = _step()
    count = x * per_step
    count += _SHIFT
    bits = count.view(np.int64)
    place = bits & (_STEPS - 1)
    shifted = bits << np.int64(52 - _STEP_BITS)
    if scale:
        shifted -= np.int64(((scale & 4095) ^ 2048) - 2048) << np.int64(52)
    count -= _SHIFT
    r = count * high
    np.subtract(x, r, out=r)
    count *= low
    return r, count, place, shifted


def _power(table: Any, place: Any, shifted: Any) -> Any:
    """The powers of two at places of the table, with their exponents."""
    bits = np.take(table, place)
    bits += shifted
    return bits.view(np.float64)


class Quick(_Functions):
    """The namespace of maths functions over plain float64."""

    kind = Plain
    EXP = 2.0**-50
    LOG1P = 2.0**-41

    def _exp(self, x: Any, tail: Any, scale: int) -> tuple[Any, Any]:
        h, rest, place, shifted = _reduced(x, scale)
        h -= rest
        # The next term is below 2**-50.
        q = h * (1 / 6)
        q += 0.5
        q *= h
        q += 1.0
        q *= h
        value = _power(_powers()[0], place, shifted)
        q *= value
        value += q
        return value, None

    def _expm1(self, x: Any, tail: Any, number: Number) -> tuple[Any, Any, float, Any]:
        h, rest, place, shifted = _reduced(x, 0)
        h -= rest
        q = h * (1 / 24)
        for c in (1 / 6, 0.5, 1.0):
            q += c
            q *= h
        value = _power(_powers()[0], place, shifted)
        q *= value
        value -= 1.0
        value += q
        # Away from 0 it is off by 2**-51 of e^x; near it the table has 1, and no error.
        return value, None, 2.0**-39, 0.0

    def _log1p(self, x: Number) -> tuple[Any, Any, float]:
        if not _is_below_two(x):
            return *self._log_of(_log_reduced(x)), self.LOG1P
        place, h = _log_place(x.value)
        # (1 + x) c - 1: what is rounded is small beside x.
        c = h - 1.0
        h *= x.value
        h += c
        return *self._log_of((h, None, np.take(_logarithms()[1], place), 0.0)), 2.0**-48

    def _log(self, x: Number) -> tuple[Any, Any]:
        return self._log_of(_log_parts(x.value, 0.0 * x.value, x.value - 1.0, None))

    @staticmethod
    def _log_of(reduced: tuple[Any, Any, Any, Any]) -> tuple[Any, Any]:
        h, _, logarithm, rest = reduced
        q = h * 0.2
        for k in (-0.25, 1 / 3, -0.5, 1.0):
            q += k
            q *= h
        q += logarithm + rest
        return q, None

    def _sqrt(self, x: Number) -> tuple[Any, Any, float]:
        return (math.sqrt(x.value) if x.is_scalar else np.sqrt(x.value)), None, 2.0**-53

    def series(self, coefficient: Callable[[int], Fraction], x: Operand) -> Number:
        x = self.number(x).rescaled(0)
        terms = series_terms(coefficient, 54)
        total = x.value * float(terms[-1])
        for term in reversed(terms[1:-1]):
            total += float(term)
            total *= x.value
        total += float(terms[0])
        bounds = float(terms[0]) * _NARROWER, float(2 * terms[0]), 1
        off = x.abs * 2 * float(terms[0])
        return Plain(total, None, 2.0**-49 + 2 * x.rel, off, bounds)._surely(1)

    def _mills(self, known: ratio.Table, x: Any, tail: Any, place: Any) -> tuple[Any, Any, float]:
        h = x - np.take(known.middles, place)
        value = np.take(known.coefficients[5], place)
        for k in range(4, -1, -1):
            value *= h
            value += np.take(known.coefficients[k], place)
        return value, None, 2.0**-49


def _is_below_two(x: Number) -> bool:
    """Whether 1 + x lies from 1 to 2, where the logarithm takes less."""
    return x.sign > 0 and x.most <= 1


def _log_place(x: Any) -> tuple[Any, Any]:
    """The place of 1 + x, from 1 to 2, in the table of logarithms, and its c."""
    near = x * _LOG_STEPS
    near += _SHIFT
    place = near.view(np.int64)
    place &= 2 * _LOG_STEPS - 1
    np.minimum(place, _LOG_STEPS, out=place)  # greater is what is not used
    return place, np.take(_logarithms()[0], place)


def _log_reduced(x: Number) -> tuple[Any, Any, Any, Any]:
    """(h, low, high part, low part) with ln(1 + x) = ln(1 + h + low) + the parts."""
    if not _is_below_two(x):
        y, lost = two_sum(x.value, 1.0)
        if x.tail is not None:
            lost += x.tail
        return _log_parts(y, lost, x.value, x.tail)
    place, c = _log_place(x.value)
    _, _, highs, lows = _logarithms()
    # 1 + h = (1 + x) c: the products are exact, and so is the first sum, as c has 13 bits.
    high = _cut_off(x.value)
    low = x.value - high
    if x.tail is not None:
        low += x.tail
    low *= c
    high *= c
    c -= 1.0
    high += c
    h, low = fast_two_sum(high, low)
    return h, low, np.take(highs, place), np.take(lows, place)


def _log_parts(y: Any, lost: Any, x: Any, x_tail: Any) -> tuple[Any, Any, Any, Any]:
    """The same for y + lost, which is 1 + x."""
    bits = y.view(np.int64)
    exponent = (bits >> 52) - 1023
    scale = ((1023 - exponent) << 52).view(np.float64)
    y, lost = y * scale, lost * scale
    place, c = _log_place(y - 1.0)
    _, _, highs, lows = _logarithms()
    y_high = _cut_off(y)
    y_low = y - y_high
    y_low *= c
    y_high *= c
    y_high -= 1.0
    h = y_high + y_low
    low = y_low - (h - y_high)
    lost *= c
    low += lost
    high_part, low_part = np.take(highs, place), np.take(lows, place)
    high_part += exponent * highs[-1]
    low_part += exponent * lows[-1]
    near = abs(x) < 2.0**-10
    if near.any():
        h = np.where(near, x, h)
        low = np.where(near, 0.0 if x_tail is None else x_tail, low)
        high_part[near] = 0
        low_part[near] = 0
    return h, low, high_part, low_part


class Pairs(_Functions):
    """The namespace of maths functions over pairs of float64."""

    kind = Pair
    EXP = 2.0**-73
    LOG1P = 2.0**-70

    @staticmethod
    def _parts(x: Any, tail: Any, scale: int) -> tuple[Any, Any, Any, Any, Any]:
        """e^x in three parts, the third of which is small; and in two what it is near 0, less 1."""
        r, rest, place, shifted = _reduced(x, scale)
        if tail is not None:
            rest -= tail
        h = r - rest
        low = r
        low -= h
        low -= rest
        # e^h - 1 - h; the next term is below 2**-78.
        q = h * (1 / 120)
        for c in (1 / 24, 1 / 6, 0.5):
            q += c
            q *= h
        q *= h
        low += q
        _, highs, rests = _powers()
        high, of_table = _power(highs, place, shifted), np.take(rests, place)
        # The products of 32 bits and 21 are exact.
        middle = h + 1.5 * 2.0**20
        middle -= 1.5 * 2.0**20
        small = h - middle
        small += low
        near = h + low
        near += 1.0
        of_table *= near
        small += of_table
        small *= high
        middle *= high
        return high, middle, small, h, low

    def _exp(self, x: Any, tail: Any, scale: int) -> tuple[Any, Any]:
        high, middle, low, _, _ = self._parts(x, tail, scale)
        value, lost = fast_two_sum(high, middle)
        low += lost
        return fast_two_sum(value, low)

    def _expm1(self, x: Any, tail: Any, number: Number) -> tuple[Any, Any, float, Any]:
        high, middle, small, h, low = self._parts(x, tail, 0)
        value, lost = two_sum(high, -1.0)
        value, more = two_sum(value, middle)
        small += lost
        small += more
        value, tail = two_sum(value, small)
        near = abs(x) < 2.0**-12
        if near.any():
            value, tail = fast_two_sum(np.where(near, h, value), np.where(near, low, tail))
        # The third part, of 2**-24 at most, makes an error of 2**-73.5 of e^x; near 0 it is h^2/2.
        if number.least > 0.25:
            return value, tail, 2.0**-71, 0.0
        off = value * value
        off *= 2.0**-49
        return value, tail, 2.0**-73, np.minimum(off, 2.0**-73, out=off)

    def _log1p(self, x: Number) -> tuple[Any, Any, float]:
        return *self._log_of(_log_reduced(x)), self.LOG1P

    def _log(self, x: Number) -> tuple[Any, Any]:
        tail = np.zeros_like(x.value) if x.tail is None else x.tail
        # Near 1 the difference is exact; elsewhere it is not used.
        less, lost = two_sum(x.value, -1.0)
        less, lost = fast_two_sum(less, lost + tail)
        return self._log_of(_log_parts(x.value, tail + 0.0, less, lost))

    @staticmethod
    def _log_of(reduced: tuple[Any, Any, Any, Any]) -> tuple[Any, Any]:
        h, low, high_part, low_part = reduced
        # ln(1 + h) = h - h^2/2 + h^3/3 - ...; the next term is below 2**-80.
        q = h * (1 / 7)
        for c in (-1 / 6, 0.2, -0.25, 1 / 3):
            q += c
            q *= h
        high = _cut_off(h)
        lost = h - high
        lost *= high + h
        lost *= 0.5
        high *= high
        q *= h
        q *= h
        high *= -0.5
        # A logarithm from the table is 0 or greater than h, and the sum is greater than its square.
        value, tail = fast_two_sum(high_part, h)
        value, more = fast_two_sum(value, high)
        tail += more
        tail -= lost
        tail += q
        h += 1.0
        low /= h
        tail += low
        tail += low_part
        return fast_two_sum(value, tail)

    def _sqrt(self, x: Number) -> tuple[Any, Any, float]:
        root = math.sqrt(x.value) if x.is_scalar else np.sqrt(x.value)
        parts = split(root)
        square, lost = product_of_parts(root, parts, root, parts)
        rest = (x.value - square) - lost
        if x.tail is not None:
            rest += x.tail
        return root, rest / (2 * root), 2.0**-92

    def series(self, coefficient: Callable[[int], Fraction], x: Operand) -> Number:
        x = self.number(x).rescaled(0).tight()
        terms = series_terms(coefficient, 80)
        few = next(k for k, term in enumerate(terms) if term < terms[0] / 2**21)
        rest = np.full_like(x.value, float(terms[-1]))
        for term in reversed(terms[few:-1]):
            rest *= x.value
            rest += float(term)
        bounds = float(terms[few]) * _NARROWER, float(2 * terms[few]), 1
        total: Number = self.kind(rest, None, 0.0, 0.0, bounds)
        for term in reversed(terms[:few]):
            total = total * x + term
        # The rest counts for less than 2**-20 of the sum.
        total.rel += 2.0**-70
        return total._surely(1)

    def _mills(self, known: ratio.Table, x: Any, tail: Any, place: Any) -> tuple[Any, Any, float]:
        h, low = two_sum(x, -np.take(known.middles, place))
        if tail is not None:
            low += tail
        columns = known.coefficients
        rest = np.take(columns[ratio.DEGREE], place)
        for k in range(ratio.DEGREE - 1, 1, -1):
            rest *= h
            rest += np.take(columns[k], place)
        rest *= h
        rest += np.take(known.tails[1], place)
        slope, more = fast_two_sum(np.take(columns[1], place), rest)
        part, lost = product_of_parts(h, split(h), slope, split(slope))
        more *= h
        lost += more
        lost += np.take(known.tails[0], place)
        value, more = fast_two_sum(np.take(columns[0], place), part)
        # M' = x M - 1
        low *= x * value - 1
        lost += low
        more += lost
        value, tail = fast_two_sum(value, more)
        return value, tail, 2.0**-71


def series_terms(coefficient: Callable[[int], Fraction], bits: int) -> list[Fraction]:
    """Coefficients until what they leave out is below 2**-bits of the first."""
    terms = [coefficient(0)]
    while terms[-1] > terms[0] / 2**bits:
        terms.append(coefficient(len(terms)))
    return terms


class DividedPairs(Pairs):
    """The same over pairs that know which quotients by a constant are exact."""

    kind = Divided


class TiedPairs(Pairs):
    """The same for points at which a result may lie half way between two floats."""

    kind = Tied


QUICK = Quick()
PAIRS = Pairs()
DIVIDED = DividedPairs()
TIED = TiedPairs()
