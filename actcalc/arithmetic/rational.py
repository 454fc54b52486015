"""Exact evaluation in fractions, for formulas that stay rational at the given point."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import NoReturn


class NotRational(Exception):
    """The formula leaves the rational numbers at this point."""


class Undefined(ArithmeticError):
    """The formula is undefined at this point; the message says which part of it is."""


def exact_root(x: Fraction, k: int) -> Fraction | None:
    """The root of order k of a positive fraction; None if it is irrational."""
    root = Fraction(_whole_root(x.numerator, k), _whole_root(x.denominator, k))
    return root if root**k == x else None


def _whole_root(n: int, k: int) -> int:
    """The largest integer whose power k is at most n, by Newton's method from above."""
    root = 1 << -(-n.bit_length() // k)
    while (smaller := ((k - 1) * root + n // root ** (k - 1)) // k) < root:
        root = smaller
    return root


def _at_zero(value: Fraction) -> Callable[[Fraction], Fraction]:
    """Make a function with this value at 0 and irrational values elsewhere."""

    def function(x: Fraction) -> Fraction:
        if x != 0:
            raise NotRational
        return value

    return function


class Rational:
    """The namespace of maths functions over the rational numbers.

    A function whose value is irrational raises NotRational; for example e^x is transcendental for rational x
    other than 0 (Lindemann, 1882).
    """

    exp = cos = erfc = staticmethod(_at_zero(Fraction(1)))
    expm1 = log1p = sin = atan = erf = staticmethod(_at_zero(Fraction(0)))
    normal = staticmethod(_at_zero(Fraction(1, 2)))

    @staticmethod
    def log(x: Fraction) -> Fraction:
        if x <= 0:
            raise Undefined("log of a number that is not positive")
        if x != 1:
            raise NotRational
        return Fraction(0)

    @staticmethod
    def sign(x: Fraction) -> int:
        return (x > 0) - (x < 0)

    @staticmethod
    def sqrt(x: Fraction) -> Fraction:
        if x < 0:
            raise Undefined("square root of a negative number")
        root = Fraction(math.isqrt(x.numerator), math.isqrt(x.denominator))
        if root * root != x:
            raise NotRational
        return root

    @staticmethod
    def mills(x: Fraction) -> NoReturn:
        raise NotRational

    @staticmethod
    def series(*_: object) -> NoReturn:
        raise NotRational

    @property
    def pi(self) -> NoReturn:
        raise NotRational

    @property
    def ln2(self) -> NoReturn:
        raise NotRational


RATIONAL = Rational()
