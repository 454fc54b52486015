"""Exact evaluation with fractions, for formulas that stay rational at the given point."""

import math
from fractions import Fraction
from typing import NoReturn


class NotRational(Exception):
    """The formula leaves the rational numbers at this point."""


class Rational:
    """The namespace of maths functions over the rational numbers.

    A function whose value is irrational raises NotRational: e^x for rational x other than 0, say,
    is transcendental (Lindemann, 1882).
    """

    @staticmethod
    def exp(x: Fraction) -> Fraction:
        if x != 0:
            raise NotRational
        return Fraction(1)

    @staticmethod
    def expm1(x: Fraction) -> Fraction:
        if x != 0:
            raise NotRational
        return Fraction(0)

    log1p = expm1

    @staticmethod
    def sqrt(x: Fraction) -> Fraction:
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
