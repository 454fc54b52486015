"""Evaluation at one float as a machine computes, with every operation rounded to a float format.

Each operation, including functions such as ``exp``, is correctly rounded, so that all errors are due to the
formula and not to a library.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeAlias, Union

from actcalc.arithmetic.exact import Formula, evaluate
from actcalc.arithmetic.operators import Operators
from actcalc.arithmetic.rational import Undefined
from actcalc.numbers.floats import Format

Operand: TypeAlias = Union["RoundedFloat", Fraction, int]


class RoundedFloat(Operators["RoundedFloat"]):
    """A float of a format, or an array of such floats, whose operations round to the format.

    An operation in float64 is correctly rounded. Rounding its result once more gives the correctly rounded
    result in a format with less than half as many bits (Figueroa, When is double rounding innocuous?, 1995);
    this also holds below the normal range, where sums and products are exact.
    """

    __slots__ = ("m", "value")

    def __init__(self, m: "RoundedFloats", value: Any) -> None:
        self.m, self.value = m, value

    def __add__(self, other: Operand) -> "RoundedFloat":
        return self.m.round(self.value + self.m.number(other).value)

    def __neg__(self) -> "RoundedFloat":
        return self.m.round(-self.value)  # the format may lack -0.0

    def __sub__(self, other: Operand) -> "RoundedFloat":
        return self.m.round(self.value - self.m.number(other).value)

    def __mul__(self, other: Operand) -> "RoundedFloat":
        return self.m.round(self.value * self.m.number(other).value)

    def __truediv__(self, other: Operand) -> "RoundedFloat":
        return self.m.quotient(self.value, self.m.number(other).value)

    def __pow__(self, exponent: int) -> "RoundedFloat":
        ends = ((-math.inf) ** exponent, math.inf**exponent)
        return self.m.function(lambda m, x: x**exponent, self, *ends)

    def __abs__(self) -> "RoundedFloat":
        return RoundedFloat(self.m, abs(self.value))


def _function(name: str, low: float, high: float) -> Callable[["RoundedFloats", Operand], RoundedFloat]:
    """Make a function with the limits ``low`` and ``high`` at the infinities."""
    return lambda m, x: m.function(lambda k, u: getattr(k, name)(u), x, low, high)


_INF, _NAN = math.inf, math.nan


class RoundedFloats:
    """The namespace of maths functions over floats of a format; undefined values are NaN."""

    def __init__(self, fmt: Format) -> None:
        self.format = fmt

    def number(self, x: Operand) -> RoundedFloat:
        """``x`` rounded to the format."""
        return x if isinstance(x, RoundedFloat) else RoundedFloat(self, self.format.round_exact(Fraction(x)))

    def round(self, x: float) -> RoundedFloat:
        """Round a float64 result to the format."""
        return RoundedFloat(self, self.format.round_float(x))

    def quotient(self, x: float, y: float) -> RoundedFloat:
        if y != 0:
            return self.round(x / y)
        return self.round(math.copysign(math.inf, x) * math.copysign(1, y) if x and x == x else math.nan)

    def function(self, formula: Formula, x: Operand, low: float, high: float) -> RoundedFloat:
        """The value of a formula at x, rounded once; ``low`` and ``high`` are its limits at infinity."""
        value = self.number(x).value
        if math.isinf(value):
            return self.round(high if value > 0 else low)
        if math.isnan(value):
            return RoundedFloat(self, value)
        try:
            return RoundedFloat(self, evaluate(formula, Fraction(value), self.format))
        except (Undefined, ZeroDivisionError):
            return RoundedFloat(self, math.nan)

    exp = _function("exp", 0.0, _INF)
    expm1 = _function("expm1", -1.0, _INF)
    log = _function("log", _NAN, _INF)
    log1p = _function("log1p", _NAN, _INF)
    sin = _function("sin", _NAN, _NAN)
    cos = _function("cos", _NAN, _NAN)
    atan = _function("atan", -math.pi / 2, math.pi / 2)
    erf = _function("erf", -1.0, 1.0)
    erfc = _function("erfc", 2.0, 0.0)
    normal = _function("normal", 0.0, 1.0)
    sqrt = _function("sqrt", _NAN, _INF)
    mills = _function("mills", _INF, 0.0)

    def sign(self, x: Operand) -> int:
        """The sign of x: -1, 0 or 1; 0 also for NaN."""
        value: float = self.number(x).value
        return (value > 0) - (value < 0)

    def series(self, coefficient: Callable[[int], Fraction], x: Operand) -> RoundedFloat:
        """The sum over k >= 0 of ``coefficient(k) * x**k``, for 0 <= x <= 1."""
        return self.function(lambda m, u: m.series(coefficient, u), x, _NAN, _NAN)

    @cached_property
    def pi(self) -> RoundedFloat:
        """Archimedes' constant."""
        return self.function(lambda m, x: m.pi, 0, _NAN, _NAN)

    @cached_property
    def ln2(self) -> RoundedFloat:
        """The natural logarithm of 2."""
        return self.function(lambda m, x: m.ln2, 0, _NAN, _NAN)
