"""The functions of formulas over single float64 for emitted source code, without fma and with small tables.

Results are for narrower formats. Inputs whose results would be rounded wrongly are found by trying all
inputs, so error bounds are not proved here; the bounds of numbers only serve to choose branches.
"""

import math
from fractions import Fraction
from functools import cache
from itertools import pairwise

import numpy as np

from actcalc.arithmetic import mills_ratio, tables
from actcalc.arithmetic.approximate import ExactPair, Number, Operand
from actcalc.arithmetic.graph import Untraced
from actcalc.arithmetic.interval import with_digits
from actcalc.arithmetic.kernels import Quick
from actcalc.arithmetic.program import (
    Expr,
    bits,
    equal,
    from_bits,
    maximum,
    minimum,
    select,
    sqrt,
    take,
    to_float,
    word,
)
from actcalc.numbers.float_arrays import Array

_SHIFT = 1.5 * 2.0**52
"""Adding this rounds a number to an integer, which then stands in the lowest bits."""
_PER_LN2 = 1.4426950408889634
_MOST_EXPONENT = 270.0
_EXACT_BITS = 28
"""The most bits of both parts of a fraction at which its product with a float32 keeps ties and makes none."""


class Portable(Quick):
    """The functions over single float64 for arguments z that are values of float32.

    It records names for intermediate results and tables, which emitted code uses.
    """

    def __init__(self) -> None:
        super().__init__(has_fma=False)
        self.names: dict[Expr, str] = {}
        self.tables: list[tuple[Array, str]] = []

    def note(self, x: Expr, name: str) -> Expr:
        """Name ``x``, unless it has a name already, and return it."""
        if not x.is_constant:
            self.names.setdefault(x, name)
        return x

    def column(self, table: Array, name: str, place: Expr) -> Expr:
        """The entry of a named table at a place."""
        if not any(known is table for known, _ in self.tables):
            self.tables.append((table, name))
        return take(table, place)

    def multiple(self, x: Number, factor: Fraction) -> Number:
        """x times an exact constant; for an exact x the product is rounded once, so that ties stay ties."""
        p, q = factor.numerator, factor.denominator
        is_small = max(abs(p).bit_length(), q.bit_length()) <= _EXACT_BITS
        if x.rel or x.tail is not None or q & (q - 1) == 0 or not is_small:
            return super().multiple(x, factor)
        product = x.times(self.known(Fraction(p))) if p != 1 else x
        bounds = product.min_abs / q, product.max_abs / q, product.sign
        made = self.build(product.value / float(q), None, 2.0**-52, product.abs, bounds, product.scale)
        made.multiple = x, factor
        return made.with_sign(product.known_sign)

    def exp(self, x: Operand) -> Number:
        """e to the power of x, limited to between 2**-390 and 2**390, which exceeds all narrower formats."""
        x = self.number(x).rescale(0)
        low, high = x.ends
        value = self._clamp(x)
        bounds = _power(max(low, -_MOST_EXPONENT) - 0.1), _power(min(high, _MOST_EXPONENT) + 0.1), 1
        return self.build(self._exp(value, None, 0)[0], None, 2.0**-40, 2.0**-389, bounds).with_sign(1)

    def _clamp(self, x: Number) -> Expr:
        """x limited to the exponents for which powers of e are computed."""
        low, high = x.ends
        value = maximum(x.value, -_MOST_EXPONENT) if low < -_MOST_EXPONENT else x.value
        return minimum(value, _MOST_EXPONENT) if high > _MOST_EXPONENT else value

    def expm1(self, x: Operand) -> Number:
        """e to the power of x, minus 1, with the limits of ``exp``."""
        x = self.number(x).rescale(0)
        low, high = x.ends
        grown, power = self._growth(self._clamp(x), 0)
        value = self.note(power * grown + (power - 1.0), "em1")
        least, most = (_power(min(abs(end), _MOST_EXPONENT) + 0.1) if end > 0 else 1.0 for end in (low, high))
        bounds = (
            min(x.min_abs, 1.0) / 2,
            most if x.sign > 0 else 1.0 if x.sign < 0 else max(least, most),
            x.sign,
        )
        return self.build(value, None, 2.0**-40, 0.0, bounds).with_sign(x.known_sign)

    # e^x = 2^count e^r, |r| <= ln(2)/2, where e^r - 1 is r plus r^2 times a polynomial.

    def _exp(self, x: Expr, tail: Expr | None, scale: int) -> tuple[Expr, Expr | None]:
        grown, power = self._growth(x, scale)
        return self.note(power + power * grown, "e"), None

    def _growth(self, x: Expr, scale: int) -> tuple[Expr, Expr]:
        """e^r - 1, and 2^(count - scale)."""
        shifted = self.note(x * _PER_LN2 + _SHIFT, "steps")
        count = self.note(shifted - _SHIFT, "count")
        high, low = ln2_parts()
        # The first product and the difference are exact.
        r = self.note((x - count * high) - count * low, "r")
        power = self.note(from_bits((bits(shifted) << 52) + ((1023 - scale) << 52)), "power")
        terms = self.note(self._horner(r, growth()), "p")
        return self.note(r + r * r * terms, "grown"), power

    # ln(1 + f) = f - h + s (h + R), h = f^2/2, s = f/(2 + f), R = 2 s^2 (1/3 + s^2/5 + ...)

    def _log1p(self, x: Number) -> tuple[Expr, Expr | None, float]:
        if x.sign > 0 and x.max_abs <= 1:
            f = x.value
            half, s = self.note(f * f * 0.5, "half"), self.note(f / (f + 2.0), "s")
            square = self.note(s * s, "s2")
            rest = square * self.note(self._horner(square, logarithm()), "p")
            return self.note(f - (half - s * (half + rest)), "log"), None, 2.0**-50
        return super()._log1p(x)

    # Mills' ratio: few intervals, with polynomials of a higher degree

    def _mills(self, x: Expr, tail: Expr | None) -> tuple[Expr, Expr | None, float]:
        middles, *columns = mills_table()
        shift = 52 - MILLS_BITS
        found = bits(x + 1.0) >> shift
        place = self.note(minimum(found - (1023 << MILLS_BITS), word(len(middles) - 1)), "place")
        h = self.note(x - self.column(middles, "mills_middle", place), "h")
        terms = [self.column(column, f"mills_{k}", place) for k, column in enumerate(columns)]
        total = terms.pop()
        for term in reversed(terms):
            total = total * h + term
        return self.note(total, "mills"), None, 2.0**-49

    # Sines: z times 2/pi modulo the circle, computed in integers (Payne and Hanek, Radian reduction for
    # trigonometric functions, 1983), then polynomials up to pi/4.

    def _wave(self, x: Number, ahead: int, multiple: tuple[Number, Fraction] | None) -> Number:
        z, factor = (x, Fraction(1)) if multiple is None else multiple
        if z.rel or z.tail is not None:
            raise Untraced("it takes a sine of something other than a multiple of z")
        quarter, r = self._turn(z.rescale(0).value, factor)
        if ahead:
            quarter = quarter + 1
        square = self.note(r * r, "r2")
        sine = r + r * square * self.note(self._horner(square, sine_terms()), "p")
        rest = square * square * self.note(self._horner(square, cosine_terms()), "q")
        cosine = rest + (1.0 - square * 0.5)
        value = self.note(select(equal(quarter & 1, 0), sine, cosine), "wave")
        value = select(equal(quarter & 2, 0), value, -value)
        return self.build(value, None, 2.0**-48, 2.0**-60, (0.0, 1.0, 0))

    def _turn(self, z: Expr, factor: Fraction) -> tuple[Expr, Expr]:
        """The number of quarter turns nearest to z times a factor, and the remaining angle."""
        found = self.note(bits(abs(z)), "pattern")
        near = abs(z) < 2.0**_FIRST_TURN
        place = select(near, word(0), (found >> 52) - (1023 + _FIRST_TURN))
        place = self.note(minimum(place, word(127 - _FIRST_TURN)), "place")
        whole = self.note(((found & ((1 << 52) - 1)) | (1 << 52)) >> 29, "whole")
        first, second = turns(factor)
        low = self.note(whole * self.column(second, "turns_low", place), "low")
        angle = self.note(whole * self.column(first, "turns", place) + (low >> 40), "angle")
        quarter = self.note((angle + (1 << 61)) >> 62, "quarter")
        rest = self.note(angle - (quarter << 62), "rest")
        cut = self.note(rest & 0xFFFFF, "cut")
        part = to_float(cut) * 2.0**-62 + to_float(low & ((1 << 40) - 1)) * 2.0**-102
        r = (to_float(rest - cut) * 2.0**-62 + part) * (math.pi / 2)
        quarter, r = select(near, word(0), quarter), select(near, abs(z) * float(factor), r)
        below = z < 0.0
        return (
            self.note(select(below, word(0) - quarter, quarter), "quarters"),
            self.note(select(below, -r, r), "r"),
        )

    def atan(self, x: Operand) -> Number:
        raise Untraced("it needs too large a table for the arc tangent")


class PortablePairs(Portable, ExactPair):
    """Portable functions with error-free sums, products and quotients, for results that may be near-ties."""

    COARSE, LOOSE = ExactPair.COARSE, ExactPair.LOOSE
    sum = ExactPair.sum
    product = ExactPair.product
    quotient = ExactPair.quotient
    lost = ExactPair.lost
    multiple = ExactPair.multiple

    def _sqrt(self, x: Number) -> tuple[Expr, Expr | None, float]:
        return sqrt(x.value), None, 2.0**-50


def _power(x: float) -> float:
    return math.exp(x)


@cache
def ln2_parts() -> tuple[float, float]:
    """ln(2) split into 40 bits and the rest."""
    exact = tables.nearest(with_digits(50).ln2)
    high = Fraction(int(exact * 2**40), 2**40)
    return float(high), float(exact - high)


@cache
def growth() -> list[float]:
    """The coefficients of (e^x - 1 - x)/x^2 for |x| <= ln(2)/2 and slightly more."""
    return tables.interpolate(lambda k: Fraction(1, math.factorial(k + 2)), -0.34658, 0.34658, 10)


@cache
def logarithm() -> list[float]:
    """The coefficients of 2 (atanh(s)/s - 1)/s^2 in powers of s^2, for s^2 up to 1/9."""
    return tables.interpolate(lambda k: Fraction(2, 2 * k + 3), 0.0, 1 / 9, 9)


_SINE_END = 0.617
"""(pi/4)^2."""


@cache
def sine_terms() -> list[float]:
    """The coefficients of (sin(r)/r - 1)/r^2 in powers of r^2."""
    return tables.interpolate(
        lambda k: Fraction((-1) ** (k + 1), math.factorial(2 * k + 3)), 0.0, _SINE_END, 6
    )


@cache
def cosine_terms() -> list[float]:
    """The coefficients of (cos(r) - 1 + r^2/2)/r^4 in powers of r^2."""
    return tables.interpolate(lambda k: Fraction((-1) ** k, math.factorial(2 * k + 4)), 0.0, _SINE_END, 6)


_FIRST_TURN = -1
"""The exponent of the smallest z whose angle is reduced."""


@cache
def turns(factor: Fraction) -> tuple[Array, Array]:
    """2**(e - 23) times 2 factor/pi modulo 4 for each exponent e, in units of 2**-62 and of 2**-102."""
    exact = factor * 2 / tables.nearest(with_digits(120).pi)
    found = [int(exact * Fraction(2) ** (e - 23 + 102)) % 2**104 for e in range(_FIRST_TURN, 128)]
    first, second = ([x >> 40 for x in found], [x & ((1 << 40) - 1) for x in found])
    return np.array(first, np.uint64), np.array(second, np.uint64)


MILLS_BITS = 2
"""Each binade of x + 1 is divided into 2**MILLS_BITS intervals."""
_MILLS_DEGREE = 12
_MILLS_POINT = 400
_MILLS_TERMS = 40


@cache
def mills_table() -> list[Array]:
    """Middles of intervals from 0 to ``mills_ratio.FAR``, and the coefficients of polynomials by power."""
    parts = 1 << MILLS_BITS
    edges = [Fraction(2**e * (parts + j), parts) - 1 for e in range(6) for j in range(parts)]
    edges = edges[: 1 + next(i for i, edge in enumerate(edges) if edge >= mills_ratio.FAR)]
    m = with_digits(130)
    rows = []
    for left, right in pairwise(edges):
        middle = (left + right) / 2
        terms = _mills_terms(middle, tables.nearest(m.mills(m.number(middle))))
        half = float((right - left) / 2)
        coefficients = tables.interpolate(terms.__getitem__, -half, half, _MILLS_DEGREE)
        rows.append([float(middle), *coefficients])
    return [np.array(column) for column in zip(*rows, strict=True)]


def _mills_terms(x: Fraction, value: Fraction) -> list[Fraction]:
    """The Taylor coefficients of Mills' ratio M at x, by M' = x M - 1."""
    terms = [value, x * value - 1]
    for n in range(1, _MILLS_TERMS - 1):
        terms.append(tables.cut((x * terms[n] + terms[n - 1]) / (n + 1), _MILLS_POINT))
    return terms
