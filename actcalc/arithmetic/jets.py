"""Derivatives of any order, by truncated power series over any of the other arithmetics.

A formula evaluated at the series z + t gives the series of its value, whose coefficient of t**k is its
k-th derivative divided by k! (Griewank and Walther, Evaluating Derivatives, 2nd edition, 2008, chapter 13,
which has the recurrences below). The coefficients are numbers of the base arithmetic: over intervals they
are enclosures, over fractions they are exact.

t is positive, so where a formula switches, as ``abs`` does at 0, the first nonzero coefficient tells the
side. The root of a number that is 0 at z is a series in a root of t (a Puiseux series).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Union

from actcalc.arithmetic.exact import Formula
from actcalc.arithmetic.operators import Operators
from actcalc.arithmetic.rational import Undefined
from actcalc.errors import UnsettledError

if TYPE_CHECKING:
    from actcalc.arithmetic.maths import Maths

_ZERO = Fraction(0)

Operand = Union["Jet", Fraction, int]


@dataclass(frozen=True)
class _Derivative:
    """A derivative of a formula, or a number with the sign of the derivative just beside z."""

    formula: Formula
    order: int
    side: int
    terms: int
    is_beside: bool = False

    def __call__(self, m: "Maths[Any]", z: Any) -> Any:
        root, terms = 1, max(self.order, self.terms)
        while root <= _HIGHEST_ROOT and terms <= _MOST_TERMS:
            try:
                return self._value(m, z, root, terms) * self.side**self.order
            except Ramified as ramified:
                root *= ramified.root
            except IndexError:  # roots of numbers that are 0 at z use up terms
                terms += terms + 2
        raise UnsettledError("nested roots of 0 need too many terms")

    def _value(self, m: "Maths[Any]", z: Any, root: int, terms: int) -> Any:
        """The value from the series of the formula at z + t on one side, as a series in t**(1/root)."""
        return self._of_series(*self._series(m, z, root, terms), root)

    def _series(self, m: "Maths[Any]", z: Any, root: int, terms: int) -> "tuple[Jets, Sequence[Any]]":
        jets = Jets(m, root * terms)
        rest = [_ZERO] * (root * terms)
        rest[root - 1 : root] = [Fraction(self.side)] if rest else []
        return jets, jets.number(self.formula(jets, Jet(jets, [z, *rest], root))).coefficients

    def _of_series(self, jets: "Jets", coefficients: Sequence[Any], root: int) -> Any:
        last = root * self.order
        if self.is_beside:
            return next((c for c in coefficients[last:] if not jets.is_zero(c)), _ZERO)
        found = coefficients[last]
        for k, c in enumerate(coefficients[:last]):
            if k % root and not jets.is_zero(c):
                raise Undefined("it grows without bound there")
        return found * math.factorial(self.order)


_HIGHEST_ROOT, _MOST_TERMS = 64, 200


class Ramified(Exception):
    """Raised where a series needs powers of this root of its variable."""

    def __init__(self, root: int) -> None:
        self.root = root


@lru_cache(maxsize=256)
def derivative(formula: Formula, order: int, side: int = 1, terms: int = 0) -> Formula:
    """The derivative of this order as a formula: its limit from the right, or with ``side`` -1 the left.

    Branches that switch at the point itself are decided by the series up to ``terms``, or to this order.
    """
    if isinstance(formula, _Derivative):
        return _Derivative(formula.formula, formula.order + order, side, max(formula.terms, terms))
    if order == 0 and side > 0 and terms == 0:
        return formula
    return _Derivative(formula, order, side, terms)


def derivatives(
    formula: Formula, count: int, side: int, terms: int, m: "Maths[Any]", z: Any
) -> list[Any] | None:
    """The values of the first derivatives at z, from one series; None if that is too short for some."""
    every = [derivative(formula, order, side, terms) for order in range(count)]
    ones = [one for one in every if isinstance(one, _Derivative) and one.order <= one.terms]
    if len(ones) < count:
        return None
    try:
        series = ones[0]._series(m, z, 1, ones[0].terms)
        return [one._of_series(*series, 1) * one.side**one.order for one in ones]
    except (Ramified, IndexError):
        return None


def beside(formula: Formula, order: int, side: int, terms: int) -> Formula:
    """A formula whose value has the sign of the derivative just beside z.

    It is 0 if all terms of the series up to t**terms are 0.
    """
    return _Derivative(formula, order, side, terms, is_beside=True)


class Jet(Operators["Jet"]):
    """A truncated power series in t > 0, given by its known coefficients from the constant one on."""

    __slots__ = ("coefficients", "degree", "m")

    def __init__(self, m: "Jets", coefficients: Sequence[Any], degree: float = math.inf) -> None:
        self.m = m
        self.coefficients = coefficients[: m.order + 1]
        self.degree = degree
        """The degree if the series is known to be a polynomial."""

    def __add__(self, other: Operand) -> "Jet":
        other = self.m.number(other)
        pairs = zip(self.coefficients, other.coefficients, strict=False)
        total = [a if _is_zero(b) else b if _is_zero(a) else a + b for a, b in pairs]
        return Jet(self.m, total, max(self.degree, other.degree))

    def __neg__(self) -> "Jet":
        return Jet(self.m, [-a for a in self.coefficients], self.degree)

    def __mul__(self, other: Operand) -> "Jet":
        if not isinstance(other, Jet):
            degree = self.degree if other else 0
            return Jet(self.m, [_product(a, Fraction(other)) for a in self.coefficients], degree)
        a, b = self.coefficients, other.coefficients
        product = [
            _dot(a[: k + 1], b[k::-1] if k + 1 < len(b) else b[::-1]) for k in range(min(len(a), len(b)))
        ]
        return Jet(self.m, product, self.degree + other.degree)

    def __truediv__(self, other: Operand) -> "Jet":
        if not isinstance(other, Jet):
            return self * (1 / Fraction(other))
        divisor = other.coefficients
        if _is_zero(self.coefficients[0]) and self.m.base.sign(divisor[0]) == 0:
            raise Undefined("division by 0")
        quotient: list[Any] = []
        for k, a in enumerate(self.coefficients[: len(divisor)]):
            rest = _difference(a, _dot(quotient, divisor[k:0:-1]))
            quotient.append(rest if _is_zero(rest) else rest / divisor[0])
        return Jet(self.m, quotient)

    def __pow__(self, exponent: int) -> "Jet":
        if exponent == 1:
            return self
        half = self ** (exponent // 2)
        return half * half * self if exponent % 2 else half * half


class Jets:
    """The namespace of maths functions over series up to t**order, with coefficients of ``base``."""

    def __init__(self, base: "Maths[Any]", order: int) -> None:
        self.base = base
        self.order = order

    def number(self, x: Any) -> Jet:
        """``x`` if it is a series, else the constant series ``x``."""
        if isinstance(x, Jet):
            return x
        return Jet(self, [Fraction(x) if isinstance(x, int) else x, *[_ZERO] * self.order], 0)

    def sign(self, x: Operand) -> int:
        """The sign just to the right of the point, which is that of the first nonzero coefficient."""
        for a in self.number(x).coefficients:
            if sign := self._sign_of(a):
                return sign
        return 0

    def _sign_of(self, a: Any) -> int:
        return int((a > 0) - (a < 0) if type(a) is Fraction else self.base.sign(a))

    def is_zero(self, a: Any) -> bool:
        """Whether a coefficient is exactly 0, or has the sign 0."""
        return _is_zero(a) or self._sign_of(a) == 0

    def _integral(self, first: Any, slope: Callable[[list[Any], int], Any], u: Jet) -> Jet:
        """The series v with the first coefficient ``first`` and v' = w u'.

        ``slope`` gives coefficient k of w from the coefficients of v up to k.
        """
        v, w = [first], []
        us = [_product(a, Fraction(j)) for j, a in enumerate(u.coefficients)]  # t u'
        for k in range(1, len(us)):
            w.append(slope(v, k - 1))
            total = _dot(us[1 : k + 1], w[::-1])
            v.append(total if _is_zero(total) else total / Fraction(k))
        return Jet(self, v)

    def by_slope(self, function: Callable[[Any], Any], slope: Callable[[Jet], Jet], x: Operand) -> Jet:
        """A function of the base arithmetic at a series, computed from its ``slope`` there."""
        u = self.number(x)
        value, others = function(u.coefficients[0]), u.coefficients[1:]
        if len(others) == self.order and all(map(_is_zero, others)):
            return self.number(value)  # constant: the slope is not needed and may be undefined
        w = slope(u).coefficients
        return self._integral(value, lambda _, k: w[k], u)

    def exp(self, x: Operand) -> Jet:
        u = self.number(x)
        return self.exponential(self.base.exp(u.coefficients[0]), u)

    def exponential(self, first: Any, x: Operand) -> Jet:
        """e to the power of x, given its first coefficient."""
        return self._integral(first, lambda v, k: v[k], self.number(x))

    def tangent(self, first: Any, x: Operand) -> Jet:
        """The tangent v of x, given its first coefficient, by v' = (1 + v**2) x'."""

        def slope(v: list[Any], k: int) -> Any:
            square = _dot(v[: k + 1], v[k::-1])
            return square + 1 if k == 0 else square

        return self._integral(first, slope, self.number(x))

    def expm1(self, x: Operand) -> Jet:
        u = self.number(x)
        return Jet(self, [self.base.expm1(u.coefficients[0]), *self.exp(u).coefficients[1:]])

    def log1p(self, x: Operand) -> Jet:
        return self.by_slope(self.base.log1p, lambda u: 1 / (1 + u), x)

    def log(self, x: Operand) -> Jet:
        return self.by_slope(self.base.log, lambda u: 1 / u, x)

    def sin(self, x: Operand) -> Jet:
        return self._waves(x)[0]

    def cos(self, x: Operand) -> Jet:
        return self._waves(x)[1]

    def _waves(self, x: Operand) -> tuple[Jet, Jet]:
        u = self.number(x)
        us = [_product(a, Fraction(j)) for j, a in enumerate(u.coefficients)]
        sin, cos = [self.base.sin(us0 := u.coefficients[0])], [self.base.cos(us0)]
        for k in range(1, len(us)):
            up, down = _dot(us[1 : k + 1], cos[::-1]), _dot(us[1 : k + 1], sin[::-1])
            sin.append(_product(up, Fraction(1, k)))
            cos.append(_product(down, Fraction(-1, k)))
        return Jet(self, sin), Jet(self, cos)

    def atan(self, x: Operand) -> Jet:
        return self.by_slope(self.base.atan, lambda u: 1 / (1 + u * u), x)

    def erf(self, x: Operand) -> Jet:
        return self.by_slope(self.base.erf, lambda u: 2 * self.exp(-(u * u)) / self.sqrt(self.pi), x)

    def erfc(self, x: Operand) -> Jet:
        return self.by_slope(self.base.erfc, lambda u: -2 * self.exp(-(u * u)) / self.sqrt(self.pi), x)

    def normal(self, x: Operand) -> Jet:
        return self.by_slope(self.base.normal, lambda u: self.exp(-(u * u) / 2) / self.sqrt(2 * self.pi), x)

    def sqrt(self, x: Operand) -> Jet:
        u = self.number(x)
        if u.degree == 0:
            return self.number(self.base.sqrt(u.coefficients[0]))
        if _is_zero(u.coefficients[0]):
            return self._root(u, Fraction(1, 2), self.sqrt)
        us = u.coefficients
        v = [self.base.sqrt(us[0])]
        for k in range(1, len(us)):
            rest = _difference(us[k], _dot(v[1:], v[:0:-1]))
            v.append(rest if _is_zero(rest) and self._sign_of(v[0]) > 0 else rest / (v[0] * 2))
        return Jet(self, v)

    def power(self, x: Operand, exponent: Fraction, of_number: Callable[[Any], Any]) -> Jet:
        """x to the power of a positive fraction, by u v' = exponent u' v.

        ``of_number`` is the power of a base number (Knuth, The Art of Computer Programming 2, 4.7).
        """
        u = self.number(x)
        us = u.coefficients
        if u.degree == 0:
            return self.number(of_number(us[0]))
        if _is_zero(us[0]):
            return self._root(u, exponent, lambda v: self.power(v, exponent, of_number))
        v = [of_number(us[0])]
        for k in range(1, len(us)):
            weighted = [_product(us[j], exponent * j - (k - j)) for j in range(1, k + 1)]
            total = _dot(weighted, v[::-1])
            v.append(total if _is_zero(total) else total / (us[0] * Fraction(k)))
        return Jet(self, v)

    def _root(self, u: Jet, exponent: Fraction, power: Callable[[Jet], Jet]) -> Jet:
        """A fractional power of a series that begins with zeros: of t**n times the rest.

        Raises Ramified if the result has fractional powers of t.
        """
        n = next((k for k, a in enumerate(u.coefficients) if not self.is_zero(a)), len(u.coefficients))
        if n == len(u.coefficients):
            return self.number(0) if u.degree < n else Jet(self, [_ZERO] * math.ceil(n * exponent))
        first = n * exponent
        if first.denominator > 1:
            raise Ramified(first.denominator)
        return Jet(self, [*[_ZERO] * int(first), *power(Jet(self, u.coefficients[n:])).coefficients])

    def mills(self, x: Operand) -> Jet:
        """Mills' ratio M, by M' = x M - 1."""
        u = self.number(x)
        us = u.coefficients

        def slope(v: list[Any], k: int) -> Any:
            product = _dot(us[: k + 1], v[k::-1])
            return product - 1 if k == 0 else product

        return self._integral(self.base.mills(us[0]), slope, u)

    def series(self, coefficient: Callable[[int], Fraction], x: Operand) -> Jet:
        """The sum of ``coefficient(k) * x**k``, whose coefficients shrink like those of exp."""
        u = self.number(x)
        first = u.coefficients[0]
        rest = Jet(self, [_ZERO, *u.coefficients[1:]])
        total, power = self.number(0), self.number(1)
        for j in range(self.order + 1):
            taylor = self.base.series(_taylor_coefficients(coefficient, j), first)
            total = total + power * self.number(taylor)
            power = power * rest
        return total

    @cached_property
    def pi(self) -> Jet:
        return self.number(self.base.pi)

    @cached_property
    def ln2(self) -> Jet:
        return self.number(self.base.ln2)


def _taylor_coefficients(coefficient: Callable[[int], Fraction], order: int) -> Callable[[int], Fraction]:
    """The coefficients of the derivative of this order divided by ``order!``."""
    return lambda k: math.comb(k + order, order) * coefficient(k + order)


def _is_zero(a: Any) -> bool:
    """Whether a coefficient is exactly 0, as far as its arithmetic knows without asking for its sign."""
    # The type itself is looked at, and no number compared, as this is asked of every coefficient.
    return not a if type(a) is Fraction else getattr(a, "is_zero", False)


def _product(a: Any, b: Any) -> Any:
    return _ZERO if _is_zero(a) or _is_zero(b) else a * b


def _difference(a: Any, b: Any) -> Any:
    return a if _is_zero(b) else a - b


def _dot(a: Sequence[Any], b: Sequence[Any]) -> Any:
    total: Any = _ZERO
    for x, y in zip(a, b, strict=False):
        product = _product(x, y)
        total = product if _is_zero(total) else total if _is_zero(product) else total + product
    return total
