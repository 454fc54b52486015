"""The functions of formulas, for all arguments of a range at once, as programs of primitive operations.

The comments on each function explain its method, its source, and why its error bound holds; a test measures
it against intervals of sixty digits. Rounding errors are counted in units of 2**-53 relative to the rounded
number. A kernel does not branch on its arguments: it takes one branch for all of them if their bounds allow
that, and otherwise computes both branches and selects. Where a claim does not hold, the bound is infinite;
NaN stays NaN.

Most functions have two programs: one for NumPy, where each operation is a pass over memory and table look-ups
pay, and one for machines with fma, where a look-up takes longer than arithmetic.
"""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache, cached_property
from typing import Any

import numpy as np

from actcalc.arithmetic import angles, mills_ratio, tables
from actcalc.arithmetic.approximate import (
    LEAST,
    LOST,
    NARROWER,
    SAFE,
    UNIT,
    WIDER,
    Arithmetic,
    Bound,
    ExactPair,
    Number,
    Operand,
    Pair,
    Plain,
    TiePair,
    bound_product,
    bound_quotient,
    bound_sum,
    cut_off,
    greatest,
    is_nil,
)
from actcalc.arithmetic.graph import Untraced
from actcalc.arithmetic.interval import Interval, with_digits
from actcalc.arithmetic.program import (
    Expr,
    bits,
    call,
    constant,
    equal,
    fma,
    from_bits,
    maximum,
    minimum,
    rint,
    select,
    sqrt,
    take,
    two_product,
    word,
)
from actcalc.numbers.error_free import fast_two_sum, two_sum
from actcalc.numbers.float_arrays import Array

_SHIFT = 1.5 * 2.0**52
"""Adding this rounds a number to an integer, which then stands in the lowest bits."""
_HASTINGS = (0.9998660, -0.3302995, 0.1801410, -0.0851330, 0.0208351)
_LN2 = 0.6931471805599453
_PER_LN2 = 1.4426950408889634


class _Functions(Arithmetic):
    """The namespace of maths functions over numbers that programs compute."""

    def variable(self, t: Expr, least: float, most: float) -> Number:
        """An exact positive argument between two bounds, scaled so that products do not overflow."""
        if 2.0**-100 <= most <= 2.0**300:
            return self.build(t, None, 0.0, 0.0, (least, most, 1)).with_sign(1)
        scale = math.frexp(most)[1] - 100
        half, rest = 2.0 ** (-scale // 2), 2.0 ** (-scale - -scale // 2)
        bounds = least * half * rest, most * half * rest, 1
        return self.build(t * half * rest, None, 0.0, 0.0, bounds, scale).with_sign(1)

    def constant(self, x: Interval) -> Number:
        """A constant from an interval whose relative width is at most 1e-45."""
        return self.known(tables.nearest(x), Fraction(1, 10**45))

    @cached_property
    def pi(self) -> Number:
        """Archimedes' constant."""
        return self.constant(with_digits(50).pi)

    @cached_property
    def ln2(self) -> Number:
        """The natural logarithm of 2."""
        return self.constant(with_digits(50).ln2)

    # Branches of a formula

    def select(self, truth: Expr, x: Operand, y: Operand) -> Number:
        """``x`` where ``truth`` holds, ``y`` elsewhere."""
        if truth.is_constant:
            return self.number(x if truth.number else y)
        a, b = self.number(x), self.number(y)
        if a.scale != b.scale:
            # The scale of the larger numbers, just below overflow, so that the smaller ones lose least.
            exponents = [x.scale + math.frexp(min(x.max_abs, 2.0**1000))[1] for x in (a, b) if not x.is_zero]
            scale = max(exponents, default=0) - 1020
            a, b = (_zero(self, scale) if x.is_zero else x.rescale(scale) for x in (a, b))
        tail = None
        if a.tail is not None or b.tail is not None:
            tail = select(truth, *(constant(0.0) if x.tail is None else x.tail for x in (a, b)))
        most = max(greatest(a.abs), greatest(b.abs))
        one_for_all = all(x.abs == most or most <= self.COARSE * x.min_abs for x in (a, b))
        abs_: Bound = most if one_for_all and most < math.inf else select(truth, a.abs, b.abs)
        sign = a.sign if a.sign == b.sign else 0
        bounds = min(a.min_abs, b.min_abs), max(a.max_abs, b.max_abs), sign
        value = select(truth, a.value, b.value)
        made = a.like(value, tail, max(a.rel, b.rel), abs_, bounds, a.scale, max(a.loose, b.loose))
        return made.with_sign(a.known_sign if a.known_sign == b.known_sign else 0)

    def fork(self, x: Number, below: Operand, above: Operand) -> Number:
        """``below`` where x < 0, ``above`` where x > 0; undecided where x may be 0.

        If both are the same and the sign of x is known, it is undecided only where x is undefined.
        """
        if (sign := self.known_sign(x)) and below is not above:
            return self.number(below if sign < 0 else above)
        made = self.select(x.value < 0.0, below, above)
        is_clear = abs(x.value) + x.error() < math.inf if sign else abs(x.value) * NARROWER > x.error()
        made.abs = select(is_clear, made.abs, math.inf)
        return made

    def known_sign(self, x: Operand) -> int:
        """The sign of x if it is the same for all elements, else 0."""
        x = self.number(x)
        is_clear = x.min_abs * (1 - x.rel) * NARROWER > greatest(x.abs) * WIDER
        return x.known_sign or (x.sign if is_clear else 0)

    def sign(self, x: Operand) -> int:
        """The sign of x if it is the same for all elements; 0 for a constant 0. Raises Untraced otherwise."""
        x = self.number(x)
        if (sign := self.known_sign(x)) or x.is_zero:
            return sign
        raise Untraced("elements take different branches")

    # exp

    EXP = 0.0
    """The relative error of exp."""
    REDUCED = 0.0
    """The error of the argument reduction, relative to the argument."""

    def exp(self, x: Operand) -> Number:
        """e to the power of x, times a power of two that keeps it in the range of float64.

        Arguments have sizes up to 2100. Arguments below the range in which results are normal are replaced by
        its lower end, where the result is below 2**-989; above the range the result is undecided.
        """
        x = _without_infinities(self.number(x))
        if _is_far_below(x):
            return self._nothing(x.value, 3.0, int(-1e9 * _PER_LN2))
        x = self._for_exp(x.rescale(0))
        low, high = x.ends
        scale = 0
        if high < -300 or low > 300:
            edge = high if high < 0 else low
            scale = int(max(min(edge, 1400.0), -1e9) * _PER_LN2)
            if edge < -1400:
                # All results are below 2**scale, or below e times that if x is up to 1 higher.
                higher = bound_sum(x.abs, min(x.min_abs, 1e9) * x.rel)
                return self._nothing(x.value, _within(higher, 1.0, 3.0), scale)
        elif high > 690 and low > -300:
            scale = 500
        elif high < 300 and low < -686:
            scale = -390  # makes the smallest results normal
        lowest, highest = (scale - 990) * _LN2, (scale + 990) * _LN2
        abs_: Bound
        value, tail, abs_ = _from(lowest, x, 2.0**-985)
        if high > highest:
            value, abs_ = minimum(value, highest), select(x.value > highest, math.inf, abs_)
        power, more = self._exp(value, tail, scale)
        bounds = (
            _power_below(low - scale * _LN2 - 2.0**-10) if low >= lowest else 0.0,
            _power_above(min(high, highest) - scale * _LN2),
            1,
        )
        # e^d - 1 is at most d + d^2.
        off = (x.rel + self.REDUCED) * min(x.max_abs, 2100.0)
        if isinstance(x.abs, float):
            off += x.abs
        else:
            abs_ = bound_sum(abs_, bound_product(_within(x.abs, 0.1, x.abs * 1.5), abs(power)))
        rel = self.EXP + (off * (1 + off) * WIDER if off < 0.1 else math.inf)
        return self.build(power, more, rel, abs_, bounds, scale).with_sign(1)

    def _for_exp(self, x: Number) -> Number:
        """x with a tail below 2^-41.5, as the program with fma requires."""
        return x.tight(
            min(64 * UNIT, 2.0**-41.5 / min(max(x.max_abs, 1.0), 2100.0)) if self.has_fma else 64 * UNIT
        )

    def _nothing(self, x: Expr, off: Bound, scale: int) -> Number:
        """0 with the error bound ``off`` * 2**scale, where x is finite."""
        return self.build(abs(x) * 0.0, None, 0.0, off, (0.0, 0.0, 1), scale).with_sign(1)

    def _exp(self, x: Expr, tail: Expr | None, scale: int) -> tuple[Expr, Expr | None]:
        raise NotImplementedError

    # expm1

    def expm1(self, x: Operand) -> Number:
        """e to the power of x, minus 1; undecided above 600, and below -600 the value at -600."""
        x = _without_infinities(self.number(x))
        if (same := _identity_if_tiny(x)) is not None:
            return same
        x = self._for_exp(x.rescale(0))
        low, high = x.ends
        abs_: Bound
        value, tail, abs_ = _from(-600.0, x, 2.0**-800)
        if high > 600:
            value, abs_ = minimum(value, 600.0), select(x.value > 600.0, math.inf, abs_)
        power, more, rel, own = self._expm1(value, tail, x)
        abs_ = bound_sum(abs_, own)
        most = 2 * x.max_abs
        if x.max_abs > 1:
            most = max(_power_above(min(high, 600.0)) if high > 0 else 0.0, 1.0 if low < 0 else 0.0)
        # |e^x - 1| is at least |x|/2 up to 1; its slope, relative to it, is at most 1/x + 1.
        bounds = min(x.min_abs, 1.0) / 2 * NARROWER, most, x.sign
        off = x.rel * (1 + max(min(high, 600.0), 0.0))
        rel += off * (1 + off) * WIDER if off < 0.1 else math.inf
        if not is_nil(x.abs):
            size: Bound = most if most < 4 and isinstance(x.abs, float) else abs(power)
            abs_ = bound_sum(abs_, _within(x.abs, 0.1, x.abs * 2.0) * (1.0 + size))
        return self.build(power, more, rel, abs_, bounds).with_sign(x.known_sign)

    def _expm1(self, x: Expr, tail: Expr | None, number: Number) -> tuple[Expr, Expr | None, float, Bound]:
        """Value, tail, relative and absolute error; x is ``number`` limited to -600 and above."""
        raise NotImplementedError

    # log1p and log

    LOG1P = 0.0
    """The relative error of log1p and log."""

    def log1p(self, x: Operand) -> Number:
        """The natural logarithm of 1 + x; undecided where 1 + x may not be positive, or is above 2**900."""
        x = self.number(x)
        if (same := _identity_if_tiny(x)) is not None:
            return same
        x = x.rescale(0).tight()
        value, more, own = self._log1p(x)
        # The slope is 1/(1 + x); relative to ln(1 + x) it is at most that, and at most 1 where x > 0.
        room = 1.0 if x.known_sign > 0 and x.sign > 0 else 1 + x.ends[0] * (1 + x.rel) - greatest(x.abs)
        abs_: Bound
        if room * NARROWER > 2.0**-10 and x.rel < 0.1:
            growth = max(1 / room, 1.0) * WIDER
            rel, abs_ = x.rel * (1 + 2 * x.rel) * growth, 0.0 if is_nil(x.abs) else x.abs * growth
        else:
            off = x.error()
            left = (x.value + 1.0 if x.tail is None else (x.value + 1.0) + x.tail) - off
            rel, abs_ = 0.0, select(left > 0.0, bound_quotient(off, left) * WIDER, math.inf)
        if x.max_abs > 1 / SAFE:
            abs_ = select(x.value > 1 / SAFE, math.inf, abs_)
        least = min(x.min_abs / 2, 0.5) if x.sign > 0 else x.min_abs * NARROWER if x.sign < 0 else 0.0
        most = min(x.max_abs * WIDER, 800.0) if x.sign > 0 else 800.0
        bounds = least, most, x.sign
        return self.build(value, more, rel + own, abs_, bounds).with_sign(x.known_sign)

    def _log1p(self, x: Number) -> tuple[Expr, Expr | None, float]:
        raise NotImplementedError

    def log(self, x: Operand) -> Number:
        """The natural logarithm; undecided where x is not certainly positive."""
        x = self.number(x)
        if x.scale:
            made = self.log(x.like(x.value, x.tail, x.rel, x.abs, (x.min_abs, x.max_abs, x.sign), 0, x.loose))
            return made + x.scale * self.ln2
        x = x.tight()
        value, tail = self._log(x)
        low, high = x.ends
        abs_: Bound = 2 * x.rel if x.rel < 0.1 else math.inf
        if not is_nil(x.abs):
            share = bound_quotient(x.abs, x.value)
            if low > 0 and greatest(x.abs) / low < self.COARSE:
                share = bound_quotient(greatest(x.abs), low)
            abs_ = bound_sum(abs_, _within(share, 0.1, share * 2.0))
        if low < SAFE or high > 1 / SAFE:
            abs_ = select((x.value >= SAFE) & (x.value <= 1 / SAFE), abs_, math.inf)
        bounds = 0.0, 800.0, 1 if low >= 1 else -1 if high <= 1 else 0
        return self.build(value, tail, self.LOG1P, abs_, bounds)

    def _log(self, x: Number) -> tuple[Expr, Expr | None]:
        raise NotImplementedError

    # sqrt

    def sqrt(self, x: Operand) -> Number:
        """The square root; undecided where x may be negative."""
        x = self.number(x).centre()
        if x.scale % 2:
            x = x.rescale(x.scale - 1)
        x = x.tight()
        value, tail, own = self._sqrt(x)
        least, most = math.sqrt(x.min_abs) * NARROWER, math.sqrt(x.max_abs) * WIDER
        # |sqrt(x + d) - sqrt(x)| <= |d| / sqrt(x)
        off = bound_sum(x.abs, LOST if x.min_abs < SAFE else 0.0)
        abs_: Bound = 0.0
        if not is_nil(off):
            lower: Bound = least if isinstance(off, float) and least else abs(value)
            abs_ = bound_quotient(off, lower) * ((1 + x.rel) * WIDER)
        if (sign := self.known_sign(x)) <= 0 and (x.rel or not is_nil(x.abs)):
            abs_ = math.inf if sign else select(x.value * NARROWER >= x.error(), abs_, math.inf)
        if x.rel > 0.5:
            abs_ = math.inf
        made = self.build(value, tail, x.rel + own, abs_, (least, most, 1), x.scale // 2)
        made.loose = x.loose + 4 * UNIT
        return made.with_sign(x.known_sign)

    def _sqrt(self, x: Number) -> tuple[Expr, Expr | None, float]:
        raise NotImplementedError

    # Series, and Mills' ratio

    def series(self, coefficient: Callable[[int], Fraction], x: Operand) -> Number:
        """The sum over k >= 0 of ``coefficient(k) * x**k`` for 0 <= x <= 1; undecided elsewhere.

        The coefficients are positive and each is at most half of the one before it.
        """
        x = self.number(x).rescale(0).tight(4 * UNIT)
        made = self._series(coefficient, x)
        most = 1 + 2.0**-10  # bounds of 1 may be rounded up; the remainder hardly grows
        if x.sign <= 0 or x.max_abs > most:
            made.abs = select((x.value >= 0.0) & (x.value <= most), made.abs, math.inf)
        return made.with_sign(1)

    def _series(self, coefficient: Callable[[int], Fraction], x: Number) -> Number:
        raise NotImplementedError

    def mills(self, x: Operand) -> Number:
        """Mills' ratio M = (1 - Phi(x)) / phi(x) for x >= 0; undecided elsewhere.

        Up to 40 it is computed by the polynomials of ``mills_ratio``; beyond, where x/(x^2 + 1) < M < 1/x, as
        1/x.
        """
        x = _without_infinities(self.number(x)).rescale(0).tight()
        argument = minimum(x.value, float(mills_ratio.FAR)) if x.max_abs > mills_ratio.FAR else x.value
        value, tail, rel = self._mills(argument, x.tail)
        abs_: Bound = 0.0
        if x.max_abs > mills_ratio.FAR:
            is_far = x.value > float(mills_ratio.FAR)
            far = 1.0 / x.value
            value = select(is_far, far, value)
            tail = tail if tail is None else select(is_far, 0.0, tail)
            # Where x is infinite, 1/x is 0, which needs an error bound.
            least = 2.0**-1000 if x.max_abs == math.inf else 0.0
            abs_ = select(is_far, far * (far * far + 2.0**-45) + least, 0.0)
        if x.sign <= 0:
            abs_ = select(x.value >= 0.0, abs_, math.inf)
        # The slope of M lies between -1 and 0, and x M < 1.
        off = x.rel * min(x.max_abs, float(mills_ratio.FAR))
        abs_ = bound_sum(x.abs, bound_sum(abs_, off))
        bounds = 1 / (x.max_abs + 1) / 2, 1.26, 1
        return self.build(value, tail, rel + mills_ratio.table().remainder, abs_, bounds).with_sign(1)

    def _mills(self, x: Expr, tail: Expr | None) -> tuple[Expr, Expr | None, float]:
        raise NotImplementedError

    # Phi, erfc and erf

    def normal(self, x: Operand) -> Number:
        """Phi, the standard normal distribution, by Mills' ratio."""
        x = self.number(x)
        t = abs(x)
        tail = self.exp(-(t * t) / 2) / self.sqrt(2 * self.pi) * self.mills(t)
        return self.fork(x, tail, 1 - tail)

    def erfc(self, x: Operand) -> Number:
        """The complementary error function: 2 (1 - Phi(x sqrt(2)))."""
        return 2 * self.normal(-(self.number(x) * self.sqrt(self.number(2))))

    def erf(self, x: Operand) -> Number:
        """The error function, near 0 by Abramowitz and Stegun 7.1.6, whose terms are all positive."""
        x = self.number(x)
        size = abs(x).rescale(0).tight()
        if size.min_abs >= 0.5:
            made = 1 - self.erfc(size)
        else:
            near = size
            if size.max_abs > 0.5:
                tail = None if size.tail is None else select(size.value > 0.5, 0.0, size.tail)
                ends = size.min_abs, 0.5, 1
                near = size.like(minimum(size.value, 0.5), tail, size.rel, size.abs, ends, 0, size.loose)
            square = near * near
            terms = self.series(lambda k: Fraction(1, math.prod(range(1, 2 * k + 2, 2))), 2 * square)
            made = 2 * near * self.exp(-square) * terms / self.sqrt(self.pi)
            if size.max_abs > 0.5:
                made = self.select(size.value > 0.5, 1 - self.erfc(size), made)
        return self.fork(x, -made, made)

    # Sines

    def sin(self, x: Operand) -> Number:
        """The sine."""
        x = self.number(x)
        if (same := _identity_if_tiny(x)) is not None:
            return same
        return self._wave(x.rescale(0).tight(), 0, x.multiple)

    def cos(self, x: Operand) -> Number:
        """The cosine."""
        x = self.number(x)
        return self._wave(x.rescale(0).tight(), angles.QUARTER, x.multiple)

    def _wave(self, x: Number, ahead: int, multiple: tuple[Number, Fraction] | None) -> Number:
        """sin(x + ahead pi/4096), from a table at multiples of pi/4096 and series for the rest of x."""
        per_step, first, second, third = angles.angle_step()
        value, tail, error = x.value, x.tail, x.error()
        count = rint(value * per_step)
        rest = count * -third
        if tail is not None:
            rest = rest + tail
        # The first product is exact and close to x; the second is exact.
        r, low = two_sum(value - count * first, count * -second)
        r, more = two_sum(r, rest)
        low = low + more
        off: Bound = 2.0**-95 if tail is None else abs(tail) * 2.0**-52 + 2.0**-95
        if x.min_abs <= 1:  # near 0 nothing is subtracted
            off = select(equal(count, 0.0), 0.0, off)
        if x.max_abs > angles.FAR_ANGLE and not self.has_fma:
            is_far = abs(value) > angles.FAR_ANGLE
            if multiple is not None and 2.0**-100 < abs(multiple[1]) < 2.0**20:
                # The reduction multiplies by the exact factor and avoids the rounding of the product.
                z, factor = multiple[0].rescale(0), multiple[1]
                found = call(_far_angles(factor), (value, z.value), 3)
                error = select(is_far, z.abs * (float(abs(factor)) * 2), error)
            else:
                found = call(_far_angles(None), (value,) if tail is None else (value, tail), 3)
            r, low, count = (select(is_far, a, b) for a, b in zip(found, (r, low, count), strict=True))
            off = off if is_nil(off) else select(is_far, 2.0**-95, off)
        r, low = fast_two_sum(r, low)
        # The last bits are those of the integer; for NaN they are an arbitrary but valid place.
        place = bits(count + _SHIFT)
        if ahead:
            place = place + ahead
        place, of_cos = (word_ & (4 * angles.QUARTER - 1) for word_ in (place, place + angles.QUARTER))
        sines, tails = angles.sine_table()
        s, c = take(sines, place), take(sines, of_cos)
        # sin(r + low) = r + low + q and cos r = 1 + p/s; the next terms, r^6/720 and r^7/5040, are below
        # 2^-77 and 2^-91.
        square = r * r
        q = self._horner(square, (-1 / 6, 1 / 120)) * square * r + low
        p = self._horner(square, (-1 / 2, 1 / 24)) * square * s
        off = bound_sum(off, error)
        if x.max_abs > angles.FAR_ANGLE and self.has_fma:  # compiled code does not reduce far angles
            off = select(abs(value) <= angles.FAR_ANGLE, off, math.inf)
        elif x.max_abs == math.inf:
            off = select(abs(r) < 1.0, off, math.inf)
        if not self.LOOSE:
            # Rounded are s, c, r, three products and sums of about r, and the last sum: 8 units, as s is at
            # most twice the sine.
            return self.build(s + (p + q * c + r * c), None, 2.0**-50, off, (0.0, 1.0, 0))
        part, lost = two_product(c, r, self.has_fma)
        # A sine in the table is 0, or at least twice as large as the number added to it.
        value, more = fast_two_sum(s, part)
        small = q * c + lost + take(tails, place) + r * take(tails, of_cos) + more
        # p is at most 2^-23.7 s, which is 2^-22.7 of the sine, and was rounded 5 times with the last sum.
        # Neglected are low r s, 2 units of p, and half a unit for the tail of s. 8 units of q are 2^-75 of
        # the sine.
        return self.build(*fast_two_sum(value, p + small), 2.0**-72, off, (0.0, 1.0, 0))

    def atan(self, x: Operand) -> Number:
        """The arc tangent, as a nearby multiple a of pi/4096 plus a series for the rest.

        tan(atan(x) - a) = (x cos a - sin a) / (cos a + x sin a). The multiple is found by a polynomial in
        (|x| - 1)/(|x| + 1), whose arc tangent is that of |x| minus pi/4 (Hastings, Approximations for Digital
        Computers, 1955, sheet 9; its error is 10^-5).
        """
        x = _without_infinities(self.number(x))
        if (same := _identity_if_tiny(x)) is not None:
            return same
        x = x.rescale(0).tight()
        size, most = abs(x), angles.FAR_TANGENT
        value, tail = size.value, size.tail
        if size.max_abs > most:
            tail = None if tail is None else select(value > most, 0.0, tail)
            value = minimum(value, most)
        ends = min(x.min_abs, most), min(x.max_abs, most), 1
        tangent = size.like(value, tail, x.rel, x.abs, ends, 0, size.loose)
        turned = (value - 1.0) / (value + 1.0)
        angle = self._horner(turned * turned, _HASTINGS) * turned
        count = angle * (2 * angles.QUARTER / math.pi) + (_SHIFT + angles.QUARTER // 2)
        place = bits(count) & (2 * angles.QUARTER - 1)
        cos, sin = self._wave_at(place + angles.QUARTER), self._wave_at(place)
        length = cos + tangent * sin
        length.min_abs = 0.9  # it is sqrt(1 + x^2) times the cosine of a small angle
        rest = ((tangent * cos - sin) / length).rescale(0).tight()
        rest = rest.like(rest.value, rest.tail, rest.rel, rest.abs, (0.0, 2.0**-11, 0), 0, rest.loose)
        square = rest.value * rest.value
        # The next term is below 2**-90.
        terms = self._horner(square, (-1 / 3, 1 / 5, -1 / 7))
        cube = self.build(rest.value * (square * terms), None, 2.0**-48, 0.0, (0.0, 2.0**-34, 0))
        step = self.build(count - _SHIFT, None, 0.0, 0.0, (0.0, float(angles.QUARTER), 1))
        found = self.pi / (2 * angles.QUARTER) * step + (rest + cube)
        off = found.abs
        if x.max_abs > most:
            off = bound_sum(off, select(size.value > most, 2 / most, 0.0))
        made = found.like(found.value, found.tail, found.rel, off, (0.0, 1.6, abs(x.sign)), 0, found.loose)
        if x.sign == 0:
            sign = bits(x.value) & (1 << 63)
            made.value = from_bits(bits(made.value) ^ sign)
            made.tail = None if made.tail is None else from_bits(bits(made.tail) ^ sign)
        return (-made if x.sign < 0 else made).with_sign(x.known_sign)

    def _wave_at(self, place: Expr) -> Number:
        """The sines of multiples of pi/4096 in the first half of the circle."""
        sines, tails = angles.sine_table()
        if not self.LOOSE:
            return self.build(take(sines, place), None, UNIT, 0.0, (0.0, 1.0, 1))
        return self.build(take(sines, place), take(tails, place), 2.0**-104, 0.0, (0.0, 1.0, 1))

    # Polynomials

    def _horner(self, x: Expr, coefficients: Sequence[float], total: Expr | None = None) -> Expr:
        """Evaluate a polynomial by Horner's scheme, starting from ``total`` if it is given."""
        for c in reversed(coefficients):
            total = constant(c) if total is None else self._times_plus(total, x, c)
        assert total is not None
        return total

    def _horner_of_columns(self, h: Expr, first: int, last: int, place: Expr) -> Expr:
        """Evaluate the polynomial of Mills' ratio for the interval at a place."""
        columns, _ = _mills_columns()
        total = take(columns[last], place)
        for k in range(last - 1, first - 1, -1):
            total = self._times_plus(total, h, take(columns[k], place))
        return total

    def _mills_place(self, x: Expr) -> tuple[Expr, Expr]:
        """The place of the interval of ``mills_ratio`` that contains x, and its middle.

        The intervals divide each binade of x + 1 equally.
        """
        known = mills_ratio.table()
        shift = 52 - mills_ratio.BITS
        found = bits(x + 1.0)
        place = minimum((found >> shift) - (1023 << mills_ratio.BITS), word(len(known.middles) - 1))
        if self.has_fma:
            return place, from_bits((found & -(1 << shift)) | (1 << (shift - 1))) - 1.0
        return place, take(known.middles, place)

    def _times_plus(self, x: Expr, y: Expr, z: Expr | float) -> Expr:
        return fma(x, y, z) if self.has_fma else x * y + z


def _power_below(x: float) -> float:
    """A power of two below e**x; 0 if abs(x) is 700 or more."""
    return 2.0 ** math.floor(x * _PER_LN2 - 2.0**-20) if abs(x) < 700 else 0.0


def _power_above(x: float) -> float:
    if x >= 700:
        return math.inf
    power = 2.0 ** math.ceil(x * _PER_LN2 - 2.0**-20) * (1 + 2.0**-18) if x > -700 else 2.0**-1000
    # For negative x the result is never above 1.
    return min(power, 1.0) if x <= 0 else power


def _without_infinities(x: Number) -> Number:
    """x with infinities replaced by NaN: after an overflow the true number may have any size."""
    if x.max_abs < math.inf:
        return x
    bounds = x.min_abs, x.max_abs, x.sign
    made = x.like(x.value + (x.value - x.value), x.tail, x.rel, x.abs, bounds, x.scale, x.loose)
    return made.with_sign(x.known_sign)


def _is_far_below(x: Number) -> bool:
    """Whether x < -1e10 everywhere."""
    is_sure = x.rel < 0.1 and greatest(x.abs) < x.min_abs / 4
    return x.sign < 0 and is_sure and math.frexp(x.min_abs)[1] + x.scale > 40


def _from(least: float, x: Number, off: float) -> tuple[Expr, Expr | None, float]:
    """Value and tail of x, limited to ``least`` and above, and the error ``off`` of that, or 0 if none is."""
    if x.ends[0] >= least:
        return x.value, x.tail, 0.0
    tail = None if x.tail is None else select(x.value < least, 0.0, x.tail)
    return maximum(x.value, least), tail, off


def _within(off: Bound, most: float, bound: Bound) -> Bound:
    """``bound`` where the error ``off`` is less than ``most``, and infinity elsewhere."""
    if isinstance(off, float):
        return bound if off < most else math.inf
    return select(off < most, bound, math.inf)


def _identity_if_tiny(x: Number) -> Number | None:
    """x as the value of a function x (1 + O(x)), if all x are so small that the O(x) is negligible."""
    size = math.ldexp(x.max_abs, max(x.scale, -3000)) if x.scale < 0 else 1.0
    if size >= 2.0**-90:
        return None
    made = x.like(
        x.value, x.tail, x.rel + size + LEAST, x.abs, (x.min_abs, x.max_abs, x.sign), x.scale, x.loose
    )
    return made.with_sign(x.known_sign)


def _zero(m: Arithmetic, scale: int) -> Number:
    return m.build(constant(0.0), None, 0.0, 0.0, (0.0, 0.0, 0), scale)


def _in_steps(x: Expr, scale: int, has_fma: bool = False) -> tuple[Expr | None, Expr, Expr, Expr]:
    """x in steps of ln(2)/1024, the nearest integer to that, its place in the table, and its exponent.

    The exponent is shifted so that it can be added to the bits of a table entry.
    """
    steps = None if has_fma else x * tables.power_step()[0]
    count = fma(x, tables.power_step()[0], _SHIFT) if steps is None else steps + _SHIFT
    place = bits(count) & (tables.STEPS - 1)
    shifted = bits(count) << (52 - tables.STEP_BITS)
    if scale:
        shifted = shifted - ((scale & 4095) << 52)
    return steps, count - _SHIFT, place, shifted


def _power(table: Any, place: Expr, shifted: Expr) -> Expr:
    """The powers of two at places of the table, with their exponents."""
    return from_bits(take(table, place) + shifted)


@cache
def _far_angles(factor: Fraction | None) -> Callable[..., Any]:
    """A function of arrays that gives ``far_angle`` for far angles and 0 for others.

    Without a factor its arguments are x and its tail, if there is one; with a factor they are x and z, where
    x is the rounded product of both.
    """

    def turn(x: Array, *other: Array) -> Array:
        found = np.zeros((3, len(x)))
        some = np.flatnonzero(abs(x) > angles.FAR_ANGLE)
        if len(some):
            (rest,) = (y[some] for y in other) if other else (None,)
            if factor is None:
                found[:, some] = angles.far_angle(x[some], rest)
            else:
                found[:, some] = angles.far_angle(np.copysign(other[0][some], x[some]), None, abs(factor))
        return found

    return turn


@cache
def _mills_columns() -> tuple[list[Array], list[Array]]:
    """The coefficients of Mills' ratio and their tails, an array for each power."""
    known = mills_ratio.table()
    return list(known.coefficients), list(known.tails)


def _log_place(x: Expr) -> tuple[Expr, Expr]:
    """The place of 1 + x, from 1 to 2, in the table of logarithms, and its factor c."""
    place = bits(x * float(tables.LOG_STEPS) + _SHIFT) & (2 * tables.LOG_STEPS - 1)
    place = minimum(place, word(tables.LOG_STEPS))  # larger places belong to unused elements
    return place, take(tables.logarithms()[0], place)


def _is_below_two(x: Number) -> bool:
    """Whether 1 + x always lies from 1 to 2, where the logarithm takes fewer operations."""
    return x.sign > 0 and x.max_abs <= 1


def _near(x: Number, less: Expr, tail: Expr | None = None) -> tuple[Expr, Expr | None] | None:
    """The number ``less`` and its tail, if x, which has its size, may be small somewhere; else None."""
    return (less, tail) if x.min_abs < 2.0**-11 else None


def _log_parts(
    y: Expr, lost: Expr | None, near: tuple[Expr, Expr | None] | None, has_fma: bool = False
) -> tuple[Expr, Expr, Expr, Expr]:
    """(h, low, high part, low part) with ln(y + lost) = ln(1 + h + low) + the parts.

    ``near`` is y + lost - 1. Where it is below 2^-11 in size, the parts are 0, and h + low is ``near``.
    """
    exponent, scale = _exponent(y)
    y = y * scale
    place, c = _log_place(y - 1.0)
    if has_fma:
        product, rest = two_product(y, c, has_fma)
        h, low = fast_two_sum(product - 1.0, rest)
    else:
        # All operations are exact, as c has 13 bits; so is the sum where the first term is the smaller one.
        high = cut_off(y)
        h, low = fast_two_sum(high * c - 1.0, (y - high) * c)
    if lost is not None:
        low = low + lost * scale * c
    _, highs, lows = tables.logarithms()
    high_part = take(highs, place) + exponent * float(highs[-1])
    low_part = take(lows, place) + exponent * float(lows[-1])
    if near is not None:
        x, tail = near
        is_near = abs(x) < 2.0**-11
        h, low = select(is_near, x, h), select(is_near, 0.0 if tail is None else tail, low)
    return h, low, high_part, low_part


def _exponent(x: Expr) -> tuple[Expr, Expr]:
    """The exponent e of a positive normal x, and 2**-e."""
    biased = bits(x) >> 52
    # The low bits of 2**52 plus a small integer are those of the integer.
    return from_bits(biased | (1075 << 52)) - (2.0**52 + 1023), from_bits((word(2046) - biased) << 52)


class Quick(_Functions, Plain):
    """The functions over single float64."""

    def __init__(self, has_fma: bool = False) -> None:
        self.has_fma = has_fma
        self.EXP = 2.0**-49 if has_fma else 2.0**-50
        self.REDUCED = 0.0 if has_fma else 2.0**-52 * WIDER

    LOG1P = 2.0**-49

    # exp and expm1 (Tang, Table-driven implementation of the exponential function, 1989): e^x is
    # 2^(count/1024), from a table, times 2^(part/1024), |part| <= 1/2, from its Taylor polynomial in y = part
    # ln(2)/1024, where |y| < 2^-11.5. The product with 1024/ln(2) and that constant have an error of a unit
    # each, which REDUCED covers.
    # For exp the next term, y^4/24, is 4.9 units; the power in the table and the last sum have an error of 1
    # each; errors of terms below 2^-11 are negligible: 7 units.
    # For expm1 next to 0, where the power is 1, the next term, y^4/120 relative to y, is 1 unit; the
    # coefficients, two sums and the products make 3, the reduction 2. Elsewhere the term added to the power
    # minus 1 (rounded if it is not exact) is at most half of that: this makes 5 units of the result, the last
    # sum 1, the reduction 2 plus |x| times REDUCED. In all 10 units.
    #
    # With fma: x = count ln(2) + r, |r| <= 0.3466, and e^r - 1 is r times a polynomial, whose error is 16
    # units of 1, or 19 of itself; for exp that is at most 7.7 units. r is rounded twice: half a unit. The
    # polynomial, its first coefficients and its product with r make 4 units of e^r - 1, which is at most
    # 0.42 e^r, and the last sum makes 1: 11 units. The results of expm1 are smaller than e^x (e^r - 1) by a
    # factor of at most 1.42, at count = 1: 27 units, plus 5, 2 for r, 1 for the power minus 1, and 1 for the
    # last sum: 36 units.

    def _exp(self, x: Expr, tail: Expr | None, scale: int) -> tuple[Expr, Expr | None]:
        if self.has_fma:
            grown, power = self._grown(x, scale)
            return fma(grown, power, power), None
        steps, count, place, shifted = _in_steps(x, scale)
        assert steps is not None
        part = steps - count
        q = self._power_less_1(part, 3)
        value = _power(tables.powers_of_two()[0], place, shifted)
        return value + q * value, None

    def _expm1(self, x: Expr, tail: Expr | None, number: Number) -> tuple[Expr, Expr | None, float, Bound]:
        if self.has_fma:
            grown, power = self._grown(x, 0)
            return fma(grown, power, power - 1.0), None, 2.0**-47, 0.0
        steps, count, place, shifted = _in_steps(x, 0)
        assert steps is not None
        near, _, _, rests = tables.powers_of_two()
        value = _power(near, place, shifted)
        q = (self._power_less_1(steps - count, 4) + take(rests, place)) * value
        # Next to 0 the difference is exact, and it is 0 or at least as large as q.
        return (value - 1.0) + q, None, 2.0**-49 + self.REDUCED * min(number.max_abs, 600.0), 0.0

    def _power_less_1(self, part: Expr, degree: int) -> Expr:
        """2**(part/1024) - 1 by a polynomial of this degree."""
        return self._horner(part, tables.step_powers()[:degree]) * part

    def _grown(self, x: Expr, scale: int) -> tuple[Expr, Expr]:
        """e^r - 1, and 2^(count - scale)."""
        shifted = fma(x, _PER_LN2, _SHIFT)
        count = shifted - _SHIFT
        high, low = tables.ln2_parts()
        r = fma(count, -low, fma(count, -high, x))
        power = from_bits((bits(shifted) << 52) + ((1023 - scale) << 52))
        return self._horner(r, tables.growth()) * r, power

    # log1p and log: 1 + x = 2^e (1 + f), |f| <= 0.4143, and ln(1 + f) is 2 atanh(f/(2 + f)), |f/(2 + f)| <=
    # 0.1716 (Muller, Elementary Functions, 3rd edition, 2016, 11.4). The polynomial has an error of 2 units
    # and a rounding error of 1.5; f, f + 2, the quotient and the last product make 5 units, at most half of
    # which count where e is not 0, as the result is at least 0.34 there; ln(2), its product and the last sum
    # make 4: 12 units.
    #
    # From 1 to 2 no power of two is split off: f/(2 + f) <= 1/3, and the error of the polynomial is 31 units;
    # the rest makes 5: 36 units.

    def _log1p(self, x: Number) -> tuple[Expr, Expr | None, float]:
        if _is_below_two(x):
            return self._twice_atanh(x.value, tables.atanh(1 / 9, 8)), None, 2.0**-47
        return *self._log_of(*two_sum(x.value, 1.0)), self.LOG1P

    def _log(self, x: Number) -> tuple[Expr, Expr | None]:
        return self._log_of(x.value, None)

    def _log_of(self, y: Expr, lost: Expr | None) -> tuple[Expr, None]:
        """ln(y + lost), with y = 2^e (1 + f) and 1 + f from sqrt(1/2) to sqrt(2)."""
        exponent, scale = _exponent(from_bits(bits(y) + (bits(constant(1.0)) - bits(constant(0.5**0.5)))))
        f = y * scale - 1.0
        if lost is not None:
            f = self._times_plus(lost, scale, f)
        return self._times_plus(
            exponent, constant(_LN2), self._twice_atanh(f, tables.atanh(0.02944, 6))
        ), None

    def _twice_atanh(self, f: Expr, coefficients: Sequence[float]) -> Expr:
        """ln(1 + f) as 2 atanh(f / (2 + f))."""
        s = f / (f + 2.0)
        return self._horner(s * s, coefficients) * (s + s)

    def _sqrt(self, x: Number) -> tuple[Expr, Expr | None, float]:
        return sqrt(x.value), None, UNIT

    # Each coefficient is at most half of the one before: the last sum, its product and a coefficient make 4
    # units, all earlier ones as much again: 8 units. The remainder is half a unit.

    def _series(self, coefficient: Callable[[int], Fraction], x: Number) -> Number:
        terms = [float(term) for term in series_terms(coefficient, 54)]
        bounds = terms[0] * NARROWER, 2 * terms[0], 1
        off = x.abs * (2 * terms[0])
        return self.build(self._horner(x.value, terms), None, 2.0**-49 + 2 * x.rel, off, bounds)

    # The first coefficient and the last sum make 2 units; terms with h are smaller by 2^-11. The next term is
    # below 2^-56.

    def _mills(self, x: Expr, tail: Expr | None) -> tuple[Expr, Expr | None, float]:
        place, middle = self._mills_place(x)
        return self._horner_of_columns(x - middle, 0, 4, place), None, 2.0**-49


class Pairs(_Functions, Pair):
    """The functions over pairs of float64."""

    LOG1P = 2.0**-71

    def __init__(self, has_fma: bool = False) -> None:
        super().__init__(has_fma)
        self.EXP = 2.0**-78 if has_fma else 2.0**-73

    # exp and expm1 of x = count ln(2)/1024 + h + low, |h| <= 2^-11.52: e^x is a power from the table, split
    # into 32 bits and a rest, times 1 + h + low + q, where q = e^h - 1 - h. The products of the 32 bits with
    # the 31 bits of count and with 21 bits of h are exact. In units of 2^-78 relative to e^x: q, 2^-24.06 in
    # size, is rounded 3 times, 5.8 units; three sums with it make 3; its product with the power 1.9; the last
    # sum 2; the next term of q, h^6/720, is 0.7. For |x| <= 2100, count is below 2^21.6, and the small part
    # of ln(2)/1024, 2^-44.5, makes 3, its product 4, its sum with the tail 4: in all 24.4 units, below 2^-73.
    # expm1 has two more sums of 2 units each, but not the last one. Where |x| > 2^-12, this is less than
    # 2^-74 e^x if |x| < 1/4, which is less than 2^-73 + 2^-73 |e^x - 1|; for larger |x| it is less than 2^-71
    # of the result. Where |x| < 2^-12, the result is h + low, in which h^2/2 was rounded 4 times: h^2 2^-52.
    #
    # With fma the error of x = count ln(2)/1024 + h + rest is negligible, and h + h^2/2 is a pair: grown and
    # its rounding error. All rounded terms are below 2^-37: rest, and the terms from h^3/6 on. The tail of x
    # in rest is below 2^-41.5; its products with h^3/6 and with itself are neglected: 2^-78.6 of e^x, at most
    # 2^-41.5 times x, so that next to 0 it is negligible. Of e^h, h^7/5040 is neglected. In expm1 h^3/6,
    # 2^-25.6 of h, is rounded 4 times; neglected are 2^-81.5, and the rest of the power in the table times
    # the number that was rounded last, 2^-78.5 of the result: below 2^-76.

    @staticmethod
    def _parts(x: Expr, tail: Expr | None, scale: int) -> tuple[Expr, Expr, Expr, Expr, Expr]:
        """e^x in three parts, the third one small; and e^x - 1 near 0 in two parts."""
        _, count, place, shifted = _in_steps(x, scale)
        # The product is exact, since the step has 31 bits, and so is the difference, since it is close to x.
        _, high_step, low_step = tables.power_step()
        r = x - count * high_step
        rest = count * low_step
        if tail is not None:
            rest = rest - tail
        h = r - rest
        low = (r - h) - rest
        # e^h - 1 - h; the next term is below 2**-78.
        q = h * (1 / 120)
        for c in (1 / 24, 1 / 6, 0.5):
            q = (q + c) * h
        low = low + q * h
        _, highs, rests, _ = tables.powers_of_two()
        high, of_table = _power(highs, place, shifted), take(rests, place)
        # The products of 32 bits and 21 are exact.
        middle = (h + 1.5 * 2.0**20) - 1.5 * 2.0**20
        small = (h - middle) + low
        small = (small + of_table * ((h + low) + 1.0)) * high
        return high, middle * high, small, h, low

    def _exp(self, x: Expr, tail: Expr | None, scale: int) -> tuple[Expr, Expr | None]:
        if self.has_fma:
            power, grown, rest = self._grown(x, tail, scale)
            part, lost = two_product(power, grown, self.has_fma)
            value, more = fast_two_sum(power, part)
            return fast_two_sum(value, fma(power, rest, lost + more))
        high, middle, low, _, _ = self._parts(x, tail, scale)
        value, lost = fast_two_sum(high, middle)
        return fast_two_sum(value, low + lost)

    def _expm1(self, x: Expr, tail: Expr | None, number: Number) -> tuple[Expr, Expr | None, float, Bound]:
        if self.has_fma:
            power, grown, rest = self._grown(x, tail, 0)
            part, more = two_product(power, grown, self.has_fma)
            value, lost = two_sum(power, -1.0)
            value, missed = fast_two_sum(value, part)
            return *fast_two_sum(value, fma(power, rest, more + lost + missed)), 2.0**-75, 0.0
        high, middle, small, h, low = self._parts(x, tail, 0)
        value, lost = two_sum(high, -1.0)
        value, more = two_sum(value, middle)
        value, rest = two_sum(value, (small + lost) + more)
        if number.min_abs < 2.0**-12:
            near = abs(x) < 2.0**-12
            value, rest = fast_two_sum(select(near, h, value), select(near, low, rest))
        if number.min_abs > 0.25:
            return value, rest, 2.0**-71, 0.0
        return value, rest, 2.0**-73, minimum(value * value * 2.0**-49, 2.0**-73)

    @staticmethod
    def _grown(x: Expr, tail: Expr | None, scale: int) -> tuple[Expr, Expr, Expr]:
        """A power of two, and e^x divided by that, minus 1, in two parts."""
        _, count, place, shifted = _in_steps(x, scale, has_fma=True)
        # Both products are exact, and so are all differences but the last.
        _, high, middle, low = tables.fine_power_step()
        r = fma(count, -high, x)
        h = fma(count, -middle, r)
        rest = fma(count, -low, fma(count, -middle, r - h))
        if tail is not None:
            rest = rest + tail
        # h + h^2/2 is a pair; the rest of e^h - 1 is below 2^-37.
        square, lost = two_product(h, h, has_fma=True)
        half = square * 0.5
        grown = h + half
        near, _, _, rests = tables.powers_of_two()
        q = fma(h, fma(h, fma(h, 1 / 720, 1 / 120), 1 / 24), 1 / 6)
        rest = fma(rest, grown, fma(lost, 0.5, rest))
        rest = fma(q, square * h, rest)
        rest = (half - (grown - h)) + rest
        of_table = take(rests, place)
        return _power(near, place, shifted), grown, fma(of_table, grown, of_table) + rest

    def _log1p(self, x: Number) -> tuple[Expr, Expr | None, float]:
        if not _is_below_two(x):
            y, lost = two_sum(x.value, 1.0)
            if x.tail is not None:
                lost = lost + x.tail
                if x.ends[0] < -0.5:  # the tail may be large relative to a small 1 + x
                    y, lost = two_sum(y, lost)
            near = _near(x, x.value, x.tail)
            return *self._log_of(*_log_parts(y, lost, near, self.has_fma)), self.LOG1P
        place, c = _log_place(x.value)
        # 1 + h = (1 + x) c. As c has 13 bits, both sums are exact: c - 1 is a multiple of the last place of
        # the other summand (Boldo, Graillat and Muller, On the robustness of the 2Sum and Fast2Sum
        # algorithms, 2017).
        if self.has_fma:
            high, low = two_product(x.value, c, self.has_fma)
            if x.tail is not None:
                low = fma(x.tail, c, low)
            high, rest = fast_two_sum(c - 1.0, high)
            low = low + rest
        else:
            high = cut_off(x.value)
            low = x.value - high
            if x.tail is not None:
                low = low + x.tail
            high, low = (c - 1.0) + high * c, low * c
        h, low = fast_two_sum(high, low)
        _, highs, lows = tables.logarithms()
        return *self._log_of(h, low, take(highs, place), take(lows, place)), self.LOG1P

    def _log(self, x: Number) -> tuple[Expr, Expr | None]:
        # Near 1 the difference is exact; elsewhere it is not used.
        less, tail = x.value - 1.0, x.tail
        if tail is not None:
            less, tail = fast_two_sum(less, tail)
        return self._log_of(*_log_parts(x.value, x.tail, _near(1 - x, less, tail), self.has_fma))

    # ln(1 + h + low) = h - h^2/2 + h^3/3 - ... + low/(1 + h), |h| < 2^-9.9, where h^2/2 is exact and the
    # logarithm from the table is split into 40 bits and a rest. The next term is h^8/8. h^3/3 is rounded 5.5
    # times: next to 1, for h <= 2^-10, that is 2^-72.1 of h, and the next term is 2^-73. Where ln(c) is not
    # 0, the result is at least 2^-11 and at least 0.87 h, and both errors are smaller. With fma h^3/3 is
    # rounded 4.5 times, and low h^4 is neglected in the term for low: low is at most 2^-53 plus 64 units of
    # 1 + x, so this is 2^-75 of the result.

    def _log_of(self, h: Expr, low: Expr, high_part: Expr, low_part: Expr) -> tuple[Expr, Expr]:
        q = self._horner(h, (1 / 3, -0.25, 0.2, -1 / 6, 1 / 7))
        if self.has_fma:
            square, lost = two_product(h, h, self.has_fma)
            high, lost = square * -0.5, lost * -0.5
            small = fma(low, fma(h, fma(h, 1.0 - h, -1.0), 1.0), lost)
        else:
            high = cut_off(h)
            small = (h - high) * (high + h) * -0.5 + low / (h + 1.0)
            square, high = h * h, high * high * -0.5
        # A logarithm from the table is 0 or larger than h, and the sum is larger than the square of h.
        value, tail = fast_two_sum(high_part, h)
        value, more = fast_two_sum(value, high)
        small = tail + more + small + low_part
        return fast_two_sum(value, self._times_plus(square * h, q, small))

    # x minus the square of its rounded root is exact. With a tail of 64 units it is 2^-46 of x; its square,
    # 2^-95, is neglected, and it is rounded three times.

    def _sqrt(self, x: Number) -> tuple[Expr, Expr | None, float]:
        root = sqrt(x.value)
        if self.has_fma:
            rest = fma(-root, root, x.value)
        else:
            square, lost = two_product(root, root)
            rest = (x.value - square) - lost
        if x.tail is not None:
            rest = rest + x.tail
        return root, rest / (root * 2.0), 2.0**-92

    def _series(self, coefficient: Callable[[int], Fraction], x: Number) -> Number:
        terms = series_terms(coefficient, 80)
        few = next(k for k, term in enumerate(terms) if term < terms[0] / 2**21)
        bounds = float(terms[few]) * NARROWER, float(2 * terms[few]), 1
        rest = self._horner(x.value, [float(term) for term in terms[few:]])
        off = 0.0 if is_nil(x.abs) else x.abs * float(2 * terms[few])
        total = self.build(rest, None, 0.0, off, bounds)
        for term in reversed(terms[:few]):
            total = total * x + term
        # The rest is at most 2^-20 of the sum. Its rounding errors are 8 units, as for single float64. It
        # ignores the tail of x, and its relative slope is at most 2.
        total.rel += 2.0**-70 + 2.0**-19 * (x.rel + x.loose)
        return total

    # The polynomial is evaluated in float64, except that its first two coefficients and their products are
    # pairs. A test bounds the error for each interval: it is below 2^-73.

    def _mills(self, x: Expr, tail: Expr | None) -> tuple[Expr, Expr | None, float]:
        place, middle = self._mills_place(x)
        h, low = two_sum(x, -middle)
        if tail is not None:
            low = low + tail
        columns, tails = _mills_columns()
        rest = self._horner_of_columns(h, 2, mills_ratio.DEGREE, place)
        rest = self._times_plus(rest, h, take(tails[1], place))
        slope, more = fast_two_sum(take(columns[1], place), rest)
        part, lost = two_product(h, slope, self.has_fma)
        lost = lost + more * h + take(tails[0], place)
        value, more = fast_two_sum(take(columns[0], place), part)
        # M' = x M - 1
        return *fast_two_sum(value, more + (lost + low * (x * value - 1.0))), 2.0**-73


def series_terms(coefficient: Callable[[int], Fraction], bits: int) -> list[Fraction]:
    """Coefficients until the remainder is below 2**-bits of the first one."""
    terms = [coefficient(0)]
    while terms[-1] > terms[0] / 2**bits:
        terms.append(coefficient(len(terms)))
    return terms


class ExactPairs(Pairs, ExactPair):
    """The functions over pairs that recognize exact quotients by a constant."""


class TiePairs(ExactPairs, TiePair):
    """The functions at points whose result may lie half way between two floats."""
