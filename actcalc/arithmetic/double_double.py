"""Evaluation of whole arrays with error bounds: in plain float64, and in pairs of float64.

All is built from additions, products, quotients and square roots, which IEEE 754 rounds correctly, and is
the same on every machine.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from actcalc.arithmetic import angles, mills_ratio, tables
from actcalc.arithmetic.bounded import (
    LOST,
    NARROWER,
    SAFE,
    UNIT,
    WIDER,
    ExactPair,
    Number,
    Operand,
    Pair,
    Plain,
    Switched,
    TiePair,
    bound_quotient,
    bound_sum,
    constant,
    cut_off,
)
from actcalc.arithmetic.interval import Interval, with_digits
from actcalc.arithmetic.rational import Undefined
from actcalc.numbers.error_free import fast_two_sum, product_of_parts, split, two_sum

_SHIFT = 1.5 * 2.0**52
"""A number plus this is rounded to a whole one, which is then found in the lowest bits."""


def _power_below(x: float) -> float:
    """A power of two below e**x, for floats of everyday size; 0 far out."""
    return 2.0 ** math.floor(x * 1.4426950408889634 - 2.0**-20) if abs(x) < 700 else 0.0


def _power_above(x: float) -> float:
    if x >= 700:
        return math.inf
    power = 2.0 ** math.ceil(x * 1.4426950408889634 - 2.0**-20) * (1 + 2.0**-18)
    # At negative x what is worked out is 1, or a power from the table that is less, or less than these.
    return min(power, 1.0) if x <= 0 else power


class _Functions:
    """Functions that the namespaces of the two arithmetics share."""

    kind: Any
    EXP = 0.0
    """The relative error of the kernel of exp."""
    REDUCED = 0.0
    """And what its reduction is off by, relative to the argument."""
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
        number = self._build(x, None, 0.0, 0.0, (least, most, sign))
        if 0 < most < 2.0**-100 or most > 2.0**300:
            scale = math.frexp(most)[1] - 100
            half = 2.0 ** (-scale // 2)
            rest = 2.0 ** (-scale - -scale // 2)
            number = self._build(
                x * half * rest, None, 0.0, 0.0, (least * half * rest, most * half * rest, sign), scale
            )
        return number._with_sign(sign if least > 0 else 0)

    def number(self, x: Operand) -> Number:
        number: Number = self.kind.number(x)
        return number

    def _build(
        self, value: Any, tail: Any, rel: float, abs_: Any, bounds: tuple[float, float, int], scale: int = 0
    ) -> Number:
        made: Number = self.kind(value, tail, rel, abs_, bounds, scale)
        return made

    def constant(self, x: Interval) -> Number:
        """A number from an interval that is no wider than 1e-45 times itself."""
        return constant(self.kind, tables.nearest(x), Fraction(1, 10**45))

    @cached_property
    def pi(self) -> Number:
        """Archimedes' constant."""
        return self.constant(with_digits(50).pi)

    @cached_property
    def ln2(self) -> Number:
        """The natural logarithm of 2."""
        return self.constant(with_digits(50).ln2)

    def exp(self, x: Operand) -> Number:
        """e to the power of x."""
        x = self.number(x).rescale(0).tight()
        if x.is_scalar:
            return self._scalar(x, self.exp)
        low, high = x.ends
        if x.sign == 0 and x.max_abs > 300:  # on one side they may be small
            if not isinstance(x.abs, float) and (is_lost := ~np.isfinite(x.abs)).any():
                # Of what may be anything so may this be; the others are worked out without it.
                value: Any = np.where(is_lost, 0.0, x.value)
                tail: Any = None if x.tail is None else np.where(is_lost, 0.0, x.tail)
                known: Any = np.where(is_lost, 0.0, x.abs)
                made = self.exp(x._like(value, tail, x.rel, known, (0.0, x.max_abs, 0), 0, x.loose))
                made.abs = np.where(is_lost, np.inf, made.abs)
                return made
            low, high = float(x.value.min()), float(x.value.max())
        scale = 0
        if high < -300 or low > 300:
            edge = high if high < 0 else low
            # Beyond 1400 nothing is claimed: the reduction is exact for arguments of everyday size.
            scale = int(max(min(edge, 1400.0), -1e9) * 1.4426950408889634)
            if edge < -1400:
                # All of it is below 2**scale.
                return self._build(np.zeros_like(x.value), None, 0.0, 2.0, (0.0, 0.0, 1), scale)._with_sign(1)
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
        # e^d - 1 is at most d + d^2; beyond 2100 x was clipped
        off = (x.rel + self.REDUCED) * min(x.max_abs, 2100.0)
        if isinstance(x.abs, float):
            off += x.abs
        else:
            abs_ = bound_sum(abs_, np.where(x.abs < 0.1, x.abs * 1.5, np.inf) * abs(power))
        rel = self.EXP + (off * (1 + off) * WIDER if off < 0.1 else math.inf)
        return self._build(power, more, rel, abs_, bounds, scale)._with_sign(1)

    def _scalar(self, x: Number, function: Callable[[Number], Number]) -> Number:
        """A function of a single number."""
        array = self.kind(np.array([x.value]), None, x.rel, x.abs, (x.min_abs, x.max_abs, x.sign), x.scale)
        if x.tail is not None:
            array.tail, array.loose = np.array([x.tail]), x.loose
        y = function(array)
        y.value = float(y.value[0])
        y.tail = None if y.tail is None else float(y.tail[0])
        y.abs = float(np.max(y.abs))
        y.min_abs = y.max_abs = abs(y.value)
        y.parts = None
        return y

    def _exp(self, x: Any, tail: Any, scale: int) -> tuple[Any, Any]:
        raise NotImplementedError

    def expm1(self, x: Operand) -> Number:
        """e to the power of x, less 1."""
        x = self.number(x)
        if x.is_scalar:
            return self._scalar(x, self.expm1)
        if (same := _identity_if_tiny(x)) is not None:
            return same
        x = x.rescale(0).tight()
        low, high = x.ends
        value, tail = x.value, x.tail
        beyond: Any = None
        if x.max_abs > 600:
            beyond = abs(value) > 600
            value = np.clip(value, -600.0, 600.0)
            tail = None if tail is None else np.where(beyond, 0.0, tail)
        power, more, rel, abs_ = self._expm1(value, tail, x)
        if beyond is not None:
            abs_ = abs_ + np.where(beyond, np.where(x.value > 0, np.inf, 2.0**-800), 0.0)
            power = np.where(beyond & (x.value > 0), np.inf, power)
        most = (
            max(_power_above(high) if high > 0 else 0.0, 1.0 if low < 0 else 0.0)
            if x.max_abs > 1
            else 2 * x.max_abs
        )
        bounds = min(x.min_abs, 1.0) / 2 * NARROWER, most, x.sign
        growth = 1.0 if high <= 0 else 1 + high
        rel += x.rel * growth * WIDER
        if isinstance(x.abs, float):
            if x.abs:
                abs_ = abs_ + x.abs * (2 + most)
        else:
            abs_ = abs_ + np.where(x.abs < 0.1, x.abs * 2, np.inf) * (1 + abs(power))
        return self._build(power, more, rel if rel < 0.1 else math.inf, abs_, bounds)._with_sign(x.known_sign)

    def _expm1(self, x: Any, tail: Any, number: Number) -> tuple[Any, Any, float, Any]:
        raise NotImplementedError

    def log1p(self, x: Operand) -> Number:
        """The natural logarithm of 1 + x."""
        x = self.number(x)
        if x.is_scalar:
            return self._scalar(x, self.log1p)
        if (same := _identity_if_tiny(x)) is not None:
            return same
        x = x.rescale(0).tight()
        if x.ends[0] <= -1 and self.sign(1 + x) < 0:
            raise Undefined("log of a number that is not positive")
        value, more, own = self._log1p(x)
        abs_: Any = 0.0
        if x.sign > 0:
            # x/(1 + x) <= ln(1 + x): the relative error does not grow.
            rel = x.rel * (1 + 2 * x.rel) if x.rel < 0.1 else math.inf
            abs_ = x.abs
            if x.max_abs > 1 / SAFE:
                abs_ = abs_ + np.where(x.value > 1 / SAFE, np.inf, 0.0)
            bounds = min(x.min_abs / 2, 0.5), min(x.max_abs, 800.0), 1
        else:
            off = x.error()
            room = 1 + x.value - off
            rel = 0.0
            abs_ = np.where(room > 0, off / room, np.inf) * WIDER
            bounds = 0.0, 800.0, x.sign
        return self._build(value, more, rel + own, abs_, bounds)._with_sign(x.known_sign)

    def _log1p(self, x: Number) -> tuple[Any, Any, float]:
        raise NotImplementedError

    def log(self, x: Operand) -> Number:
        """The natural logarithm."""
        x = self.number(x)
        if x.is_scalar:
            return self._scalar(x, self.log)
        if self.sign(x) < 0:
            raise Switched(np.zeros(len(x.value)))
        x = x.rescale(0).tight()
        off = x.error() / x.value * 2
        if x.min_abs < SAFE or x.max_abs > 1 / SAFE:
            off = np.where((x.value < SAFE) | (x.value > 1 / SAFE), np.inf, off)
            inside = np.clip(x.value, SAFE, 1 / SAFE)
            x = x._like(inside, x.tail, x.rel, x.abs, (x.min_abs, x.max_abs, 1), 0, x.loose)
        value, more = self._log(x)
        bounds = 0.0, 800.0, 1 if x.min_abs >= 1 else -1 if x.max_abs <= 1 else 0
        return self._build(value, more, self.LOG1P, off, bounds)

    def _log(self, x: Number) -> tuple[Any, Any]:
        raise NotImplementedError

    def sign(self, x: Operand) -> int:
        """1 or -1 if all of x has that sign; 0 for a constant 0. Raises Switched if they differ."""
        x = self.number(x)
        off = x.error()
        if x.is_scalar:
            if not abs(x.value) * NARROWER > off and (x.value or off):
                raise Switched(np.zeros(1))
            return int(x.value > 0) - int(x.value < 0)
        signs = np.sign(x.value)
        signs[~(abs(x.value) * NARROWER > off)] = 0
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
            return self._scalar(x, self.atan)
        if (same := _identity_if_tiny(x)) is not None:
            return same
        x = x.rescale(0).tight()
        side = np.copysign(1.0, x.value)
        is_far = abs(x.value) > angles.FAR_TANGENT
        tail = None if x.tail is None else np.where(is_far, 0.0, x.tail * side)
        size = np.where(is_far, angles.FAR_TANGENT, abs(x.value))
        ends = min(x.min_abs, angles.FAR_TANGENT), min(x.max_abs, angles.FAR_TANGENT), 1
        tangent = x._like(size, tail, x.rel, x.abs, ends, 0, x.loose)
        place = np.searchsorted(angles.half_way_tangents(), size)
        cos, sin = self._wave_at(place + angles.QUARTER), self._wave_at(place)
        length = cos + tangent * sin
        length.min_abs = 0.9  # it is sqrt(1 + x^2), but for the cosine of a small angle
        rest = ((tangent * cos - sin) / length).rescale(0).tight()
        rest = rest._like(rest.value, rest.tail, rest.rel, rest.abs, (0.0, 2.0**-9, 0), 0, rest.loose)
        square = rest.value * rest.value
        # The next term is below 2**-90.
        terms = -1 / 3 + square * (1 / 5 + square * (-1 / 7 + square * (1 / 9)))
        cube = self._build(rest.value * (square * terms), None, 2.0**-48, 0.0, (0.0, 2.0**-28, 0))
        step = self._build(place.astype(np.float64), None, 0.0, 0.0, (0.0, float(angles.QUARTER), 1))
        angle = self.pi / (2 * angles.QUARTER) * step + (rest + cube)
        tail = None if angle.tail is None else angle.tail * side
        off = bound_sum(angle.abs, np.where(is_far, 2 / angles.FAR_TANGENT, 0.0))
        made = angle._like(angle.value * side, tail, angle.rel, off, (0.0, 1.6, x.sign), 0, angle.loose)
        return made._with_sign(x.known_sign)

    def _wave_at(self, place: Any) -> Number:
        """The sines of multiples of pi/1024 in the first half of the circle."""
        sines, tails = angles.sine_table()
        if self.kind is Plain:
            return self._build(np.take(sines, place), None, 2.0**-53, 0.0, (0.0, 1.0, 1))
        return self._build(np.take(sines, place), np.take(tails, place), 2.0**-104, 0.0, (0.0, 1.0, 1))

    def sin(self, x: Operand) -> Number:
        """The sine."""
        x = self.number(x)
        if x.is_scalar:
            return self._scalar(x, self.sin)
        if (same := _identity_if_tiny(x)) is not None:
            return same
        return self._wave(x.rescale(0).tight(), 0, x.multiple)

    def cos(self, x: Operand) -> Number:
        """The cosine."""
        x = self.number(x)
        if x.is_scalar:
            return self._scalar(x, self.cos)
        return self._wave(x.rescale(0).tight(), angles.QUARTER, x.multiple)

    def _wave(self, x: Number, ahead: int, multiple: tuple[Number, Fraction] | None) -> Number:
        """sin(x + ahead pi/1024): from a table at multiples of pi/1024, and series for what is left of x."""
        per_step, first, second, third = angles.angle_step()
        value, tail = x.value, x.tail
        is_far: Any = False
        if x.max_abs > angles.FAR_ANGLE:
            is_far = abs(value) > angles.FAR_ANGLE
            value = np.where(is_far, 0.0, value)
            tail = None if tail is None else np.where(is_far, 0.0, tail)
        count = np.rint(value * per_step)
        rest = count * -third
        # Near 0 nothing is taken away.
        off = 2.0**-95 if x.min_abs > 1 else ((count != 0) | is_far) * 2.0**-95
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
            z, factor = multiple[0].rescale(0), abs(multiple[1])
            r[far], low[far], count[far] = angles.far_angle(
                np.copysign(z.value[far], x.value[far]), None, factor
            )
            error = np.where(is_far, z.abs * float(factor) * 2, error)
        elif len(far):
            far_tail = None if x.tail is None else x.tail[far]
            r[far], low[far], count[far] = angles.far_angle(x.value[far], far_tail)
        r, low = fast_two_sum(r, low)
        # The last bits are those of the whole number, and of NaN they are some place or other.
        place = (count + _SHIFT).view(np.int64)
        place += ahead
        place &= 4 * angles.QUARTER - 1
        of_cos = place + angles.QUARTER
        of_cos &= 4 * angles.QUARTER - 1
        sines, tails = angles.sine_table()
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
            return self._build(s, None, 2.0**-50, off, bounds)
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
        return self._build(value, tail, 2.0**-68, off, bounds)

    def sqrt(self, x: Operand) -> Number:
        """The square root."""
        x = self.number(x)._centre()
        if x.scale % 2:
            x = x.rescale(x.scale - 1)
        x = x.tight()
        value, tail, own = self._sqrt(x)
        least, most = math.sqrt(x.min_abs) * NARROWER, math.sqrt(x.max_abs) * WIDER
        # |sqrt(x + d) - sqrt(x)| <= |d| / sqrt(x)
        abs_: Any = 0.0
        if not isinstance(x.abs, float):
            abs_ = x.abs / value
        elif x.abs:
            abs_ = bound_quotient(x.abs, least) * WIDER
        if x.min_abs < SAFE:
            abs_ = abs_ + bound_quotient(LOST, least)
        made = self._build(value, tail, x.rel + own, abs_, (least, most, 1), x.scale // 2)
        made.loose = x.loose + 4 * UNIT
        return made._with_sign(x.known_sign)

    def _sqrt(self, x: Number) -> tuple[Any, Any, float]:
        raise NotImplementedError

    def series(self, coefficient: Callable[[int], Fraction], x: Operand) -> Number:
        """The sum over k >= 0 of ``coefficient(k) * x**k``, for 0 <= x <= 1.

        The coefficients are positive and each is at most half of the one before it.
        """
        raise NotImplementedError

    def mills(self, x: Operand) -> Number:
        """Mills' ratio (1 - Phi(x)) / phi(x), for x >= 0."""
        x = self.number(x)
        if x.is_scalar:
            return self._scalar(x, self.mills)
        x = x.rescale(0).tight()
        known = mills_ratio.table()
        argument = np.minimum(x.value, mills_ratio.FAR) if x.max_abs > mills_ratio.FAR else x.value
        # The intervals are of equal length on a scale of binades, from 1 on.
        place = ((argument + 1.0).view(np.int64) >> (52 - mills_ratio.BITS)) - (1023 << mills_ratio.BITS)
        value, tail, rel = self._mills(known, argument, x.tail, place)
        abs_: Any = 0.0
        if x.max_abs > mills_ratio.FAR:
            # x/(x^2 + 1) < M < 1/x
            far = x.value > mills_ratio.FAR
            value = np.where(far, 1 / x.value, value)
            tail = tail if tail is None else np.where(far, 0.0, tail)
            abs_ = np.where(far, value * (value * value + 2.0**-45), 0.0)
        # The slope of M lies between -1 and 0, and x M < 1.
        off = x.rel * min(x.max_abs, float(mills_ratio.FAR))
        if off:
            abs_ = abs_ + off
        abs_ = bound_sum(x.abs, abs_)
        bounds = 1 / (x.max_abs + 1) / 2, 1.26, 1
        return self._build(value, tail, rel + known.remainder, abs_, bounds)._with_sign(1)

    def _mills(self, known: mills_ratio.Table, x: Any, tail: Any, place: Any) -> tuple[Any, Any, float]:
        raise NotImplementedError


def _identity_if_tiny(x: Number) -> Number | None:
    """The value of a function that is x (1 + O(x)) near 0, where x is too small for that to matter."""
    size = math.ldexp(x.max_abs, max(x.scale, -3000)) if x.scale < 0 else 1.0
    if size >= 2.0**-90:
        return None
    made = x._like(x.value, x.tail, x.rel + size, x.abs, (x.min_abs, x.max_abs, x.sign), x.scale, x.loose)
    return made._with_sign(x.known_sign)


def _in_steps(x: Any, scale: int) -> tuple[Any, Any, Any, Any]:
    """x in steps of ln(2)/1024, the nearest whole number of them, its place in the table, and its exponent.

    The last is to be added to the bits of the table.
    """
    steps = x * tables.power_step()[0]
    count = steps + _SHIFT
    bits = count.view(np.uint64)
    place = (bits & (tables.STEPS - 1)).view(np.int64)
    shifted = bits << (52 - tables.STEP_BITS)
    if scale:
        shifted -= np.uint64((scale & 4095) << 52)
    count -= _SHIFT
    return steps, count, place, shifted


def _power(table: Any, place: Any, shifted: Any) -> Any:
    """The powers of two at places of the table, with their exponents."""
    bits = np.take(table, place)
    bits += shifted
    return bits.view(np.float64)


class Quick(_Functions):
    """The namespace of maths functions over plain float64."""

    kind = Plain
    EXP = 2.0**-50
    REDUCED = 2.0**-52 * WIDER
    LOG1P = 2.0**-41

    def _exp(self, x: Any, tail: Any, scale: int) -> tuple[Any, Any]:
        part, count, place, shifted = _in_steps(x, scale)
        part -= count
        # The next term is below 2**-50.
        q = self._power_less_1(part, 3)
        value = _power(tables.powers_of_two()[0], place, shifted)
        q *= value
        value += q
        return value, None

    def _expm1(self, x: Any, tail: Any, number: Number) -> tuple[Any, Any, float, Any]:
        part, count, place, shifted = _in_steps(x, 0)
        part -= count
        q = self._power_less_1(part, 4)
        near, _, _, rests = tables.powers_of_two()
        value = _power(near, place, shifted)
        q += np.take(rests, place)
        q *= value
        # That is exact next to 0, and what is left there is q, or at least as great.
        value -= 1.0
        value += q
        return value, None, 2.0**-49 + self.REDUCED * min(number.max_abs, 600.0), 0.0

    @staticmethod
    def _power_less_1(part: Any, degree: int) -> Any:
        """2**(part/1024) - 1, without terms of more than a degree."""
        *others, highest = tables.step_powers()[:degree]
        q = part * highest
        for c in reversed(others):
            q += c
            q *= part
        return q

    def _log1p(self, x: Number) -> tuple[Any, Any, float]:
        if not _is_below_two(x):
            return *self._log_of(_log_reduction(x)), self.LOG1P
        place, h = _log_place(x.value)
        # (1 + x) c - 1: what is rounded is small beside x.
        c = h - 1.0
        h *= x.value
        h += c
        return *self._log_of((h, None, np.take(tables.logarithms()[1], place), 0.0)), 2.0**-48

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
        x = self.number(x).rescale(0)
        if x.is_scalar:
            return self._scalar(x, lambda x: self.series(coefficient, x))
        terms = series_terms(coefficient, 54)
        total = x.value * float(terms[-1])
        for term in reversed(terms[1:-1]):
            total += float(term)
            total *= x.value
        total += float(terms[0])
        bounds = float(terms[0]) * NARROWER, float(2 * terms[0]), 1
        off = x.abs * 2 * float(terms[0])
        return Plain(total, None, 2.0**-49 + 2 * x.rel, off, bounds)._with_sign(1)

    def _mills(self, known: mills_ratio.Table, x: Any, tail: Any, place: Any) -> tuple[Any, Any, float]:
        h = x - np.take(known.middles, place)
        value = np.take(known.coefficients[5], place)
        for k in range(4, -1, -1):
            value *= h
            value += np.take(known.coefficients[k], place)
        return value, None, 2.0**-49


def _is_below_two(x: Number) -> bool:
    """Whether 1 + x lies from 1 to 2, where the logarithm takes less."""
    return x.sign > 0 and x.max_abs <= 1


def _log_place(x: Any) -> tuple[Any, Any]:
    """The place of 1 + x, from 1 to 2, in the table of logarithms, and its c."""
    near = x * tables.LOG_STEPS
    near += _SHIFT
    place = near.view(np.int64)
    place &= 2 * tables.LOG_STEPS - 1
    np.minimum(place, tables.LOG_STEPS, out=place)  # greater is what is not used
    return place, np.take(tables.logarithms()[0], place)


def _log_reduction(x: Number) -> tuple[Any, Any, Any, Any]:
    """(h, low, high part, low part) with ln(1 + x) = ln(1 + h + low) + the parts."""
    if not _is_below_two(x):
        y, lost = two_sum(x.value, 1.0)
        if x.tail is not None:
            lost += x.tail
        return _log_parts(y, lost, x.value, x.tail)
    place, c = _log_place(x.value)
    _, _, highs, lows = tables.logarithms()
    # 1 + h = (1 + x) c: the products are exact, and so is the first sum, as c has 13 bits.
    high = cut_off(x.value)
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
    """(h, low, high part, low part) as in ``_log_reduction``, for y + lost, which is 1 + x."""
    bits = y.view(np.int64)
    exponent = (bits >> 52) - 1023
    scale = ((1023 - exponent).view(np.uint64) << 52).view(np.float64)
    y, lost = y * scale, lost * scale
    place, c = _log_place(y - 1.0)
    _, _, highs, lows = tables.logarithms()
    y_high = cut_off(y)
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
        r, rest, place, shifted = _in_steps(x, scale)
        # The product is exact, as a multiple of 31 bits is, and so is the difference: it is near to x.
        _, high, low = tables.power_step()
        np.multiply(rest, high, out=r)
        np.subtract(x, r, out=r)
        rest *= low
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
        _, highs, rests, _ = tables.powers_of_two()
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
        if number.min_abs > 0.25:
            return value, tail, 2.0**-71, 0.0
        off = value * value
        off *= 2.0**-49
        return value, tail, 2.0**-73, np.minimum(off, 2.0**-73, out=off)

    def _log1p(self, x: Number) -> tuple[Any, Any, float]:
        return *self._log_of(_log_reduction(x)), self.LOG1P

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
        high = cut_off(h)
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
        x = self.number(x).rescale(0).tight()
        if x.is_scalar:
            return self._scalar(x, lambda x: self.series(coefficient, x))
        terms = series_terms(coefficient, 80)
        few = next(k for k, term in enumerate(terms) if term < terms[0] / 2**21)
        rest = np.full_like(x.value, float(terms[-1]))
        for term in reversed(terms[few:-1]):
            rest *= x.value
            rest += float(term)
        bounds = float(terms[few]) * NARROWER, float(2 * terms[few]), 1
        total: Number = self.kind(rest, None, 0.0, 0.0, bounds)
        for term in reversed(terms[:few]):
            total = total * x + term
        # The rest counts for less than 2**-20 of the sum.
        total.rel += 2.0**-70
        return total._with_sign(1)

    def _mills(self, known: mills_ratio.Table, x: Any, tail: Any, place: Any) -> tuple[Any, Any, float]:
        h, low = two_sum(x, -np.take(known.middles, place))
        if tail is not None:
            low += tail
        columns = known.coefficients
        rest = np.take(columns[mills_ratio.DEGREE], place)
        for k in range(mills_ratio.DEGREE - 1, 1, -1):
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


class ExactPairs(Pairs):
    """Functions of pairs that know which quotients by a constant are exact."""

    kind = ExactPair


class TiePairs(Pairs):
    """Functions at points at which a result may lie half way between two floats."""

    kind = TiePair


QUICK = Quick()
PAIRS = Pairs()
EXACT_PAIRS = ExactPairs()
TIE_PAIRS = TiePairs()
