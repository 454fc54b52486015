"""The rounding test as part of a program: round a number, and see where all within its bound round alike."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from actcalc.arithmetic.approximate import WIDER, Number, bound_sum, is_nil
from actcalc.arithmetic.program import (
    Expr,
    Reduction,
    bits,
    cast32,
    constant,
    equal,
    from_bits,
    is_finite,
    maximum,
    minimum,
    rint,
    select,
    truth,
    word,
)
from actcalc.numbers.error_free import two_sum
from actcalc.numbers.floats import FLOAT64, Format
from actcalc.numbers.integers import IntegerFormat
from actcalc.numbers.roundings import Rounding

_NOTHING = 2.0**-100
"""A bound that is negligible in ordinary units, and far enough from 0 not to underflow in others."""
_HUGE = 2.0**1023
_EXPONENT = 2047 << 52
_SIGN = 1 << 63
_TINY = 2.0**-60
"""The size below which the subnormals of a format are too rare to be rounded by themselves."""
_LARGE = 2.0**1000
"""Numbers with a larger bound are tested for infinity."""
_BEYOND_ALL = Fraction(10) ** 400
"""A number larger than all values of all formats; its inverse is smaller than all of them."""


class Target(ABC):
    """The last step of a program, which turns a number into results; equal targets must do the same."""

    @abstractmethod
    def __call__(self, number: Number, /) -> tuple[Expr, ...]:
        """The results of the program."""

    @property
    def reductions(self) -> Sequence[Reduction]:
        """The reductions that accumulate results."""
        return ()

    @property
    def kept(self) -> int | None:
        """How many results are returned; None for all. The others are only accumulated."""
        return None


@dataclass(frozen=True)
class Nearest(Target):
    """Rounds to nearest, ties to even: the results are the rounded value and whether it is certain."""

    fmt: Format

    def __call__(self, number: Number) -> tuple[Expr, Expr]:
        """The rounded value, and whether it is certain."""
        if not self.fmt.is_narrow:
            return _to_float64(number)
        number = number.rescale(0)
        if number.tail is None and isinstance(number.abs, float):
            rel = number.rel + (number.abs / number.min_abs if number.min_abs else float(number.abs != 0))
            if 0 < rel < 2.0**-30:
                return self._within(number, rel)
        rounded, certain = _with_zeros(number, *_to_narrow(number, self.fmt), self.fmt)
        return rounded if self.fmt.has_negative_zero else rounded + 0.0, certain

    def _within(self, number: Number, rel: float) -> tuple[Expr, Expr]:
        """The values rounded, and where all numbers within ``rel`` round alike; large ones are left out."""
        value, shift = number.value, 53 - self.fmt.precision
        low, high = self.fmt.smallest_normal * 2, self.fmt.largest / 2
        inside = abs(value) < high
        if number.min_abs <= low:
            value = value + 0.0  # makes zeros positive
        # In ulps of float64, taken as they are just below a power of two, where they are half as large.
        margin = int(rel * 2.0**54) + 2
        half = 1 << (shift - 1)
        found = bits(value) + half
        # Certain if neither end of the margin rounds to another value.
        certain = ((found & (2 * half - 1)) - margin) < 2 * (half - margin)
        result = from_bits(found & -(2 * half))
        if number.min_abs > low:
            return result, certain & inside
        is_small = abs(value) <= low
        if self.fmt.smallest_normal < _TINY:  # few numbers are so small
            return result, (certain & inside & ~is_small) | equal(value, 0.0)
        small, small_certain = self._subnormal(value, rel)
        return select(is_small, small, result), select(is_small, small_certain, certain & inside)

    def _subnormal(self, value: Expr, rel: float) -> tuple[Expr, Expr]:
        """Values rounded to the spacing of subnormals, and where all within ``rel`` round alike."""
        unit, size = self.fmt.smallest_subnormal, abs(value)
        large = 1.5 * 2.0**52 * unit  # a sum this large has the spacing of the subnormals
        near = (size + large) - large
        off = abs(size - near)  # exact
        return _with_sign(near, value), abs(off - unit / 2) > size * (rel * 2)


@dataclass(frozen=True)  # a tuple would equal that of another target
class Conversion(Target):
    """Rounds in any direction to any format: the value, or the code of an integer, and whether it is certain.

    Numbers are measured in steps, their units in the last place, so that rounding gives integers.
    """

    rounding: Rounding

    def __call__(self, number: Number) -> tuple[Expr, Expr]:
        """The rounded value or code, and whether it is certain."""
        fmt = self.rounding.fmt
        if isinstance(fmt, Format) and not fmt.is_narrow:
            return self._with_rests(number, *self._to_float64(number))
        if isinstance(fmt, IntegerFormat):
            number = number * (1 / fmt.scale)
        number = number.rescale(0)
        of_number = self._of_plain if number.tail is None and number.rel else self._of_ends
        return self._with_rests(number, *of_number(number))

    def _of_plain(self, number: Number) -> tuple[Expr, Expr]:
        """Round single float64; also where all numbers within their bounds round alike."""
        value, direction = number.value, self.rounding.direction
        if number.min_abs == 0:
            value = value + 0.0  # no zero is negative
        step = self._step_at(value)
        shifted = self._in_steps(value, step, number.max_abs)
        # In directed rounding the boundaries are at integers, not half way between them.
        if direction == "zero":
            shifted = shifted - _with_sign(0.5, value)
        elif direction in ("up", "down"):
            shifted = shifted + (0.5 if direction == "up" else -0.5)
        steps = rint(shifted)
        # Just below a power of two steps are half as large, so the margin is doubled.
        margin = self._margin_in_steps(number, step)
        certain = abs(shifted - steps) < 0.5 - margin * 2.0
        if not margin.is_constant and self.rounding.has_negative_zero:
            certain = certain & (~equal(steps, 0.0) | (abs(value) > _margin(number)))
        if step is None and number.max_abs >= self._far:
            certain = certain | (abs(value) - _margin(number) > self._far)
        if number.max_abs > _LARGE:
            certain = certain & is_finite(value)
        if is_nil(number.abs) and number.min_abs == 0:
            certain = certain | equal(value, 0.0)
        return self._finish(self._limit(steps, step, number.max_abs), value), certain

    def _of_ends(self, number: Number) -> tuple[Expr, Expr]:
        """Round numbers; also where both ends of their enclosures round alike."""
        value, off, rel = number.value, number.abs, number.rel
        # Only exact numbers have the error 0: with a relative error the product may underflow to 0.
        is_exact = truth(False) if rel else equal(off, 0.0) if isinstance(off, Expr) else truth(off == 0)
        margin = select(is_exact, 0.0, _margin(number))
        sides = (constant(0.0),) if is_exact.is_constant and is_exact.number else (-margin, margin)
        if number.tail is None:
            ends = [value + side for side in sides]
        else:
            ends = [odd_sum(*two_sum(value, number.tail + side)) for side in sides]
        low, high = ends[0], ends[-1]
        rounded = self._round(low, number.max_abs)
        certain = equal(rounded, self._round(high, number.max_abs))
        if number.max_abs > _LARGE:
            certain = certain & is_finite(value)
        result = self._finish(rounded, low)
        if self.rounding.has_negative_zero:
            # A zero takes the sign of the true value, and + if the true value is 0.
            certain = certain & (~equal(rounded, 0.0) | (low > 0.0) | (high < 0.0) | is_exact)
            result = select(is_exact & equal(low, 0.0), 0.0, result)
        return result, certain

    def _step_at(self, x: Expr) -> tuple[Expr, Expr] | None:
        """The step at each number, and its inverse; None if steps are 1 everywhere."""
        fmt = self.rounding.fmt
        if isinstance(fmt, IntegerFormat):
            return None
        lowest = 1 - fmt.bias + FLOAT64.bias
        step = maximum(bits(x) & _EXPONENT, lowest << 52) - (fmt.mantissa_bits << 52)
        return from_bits(step), from_bits((2 * FLOAT64.bias << 52) - step)

    def _in_steps(self, x: Expr, step: tuple[Expr, Expr] | None, most: float) -> Expr:
        """Numbers in steps; for integer formats numbers far beyond the codes are limited."""
        if step is not None:
            return x * step[1]
        return x if most < self._far else maximum(minimum(x, self._far), -self._far)

    @property
    def _far(self) -> float:
        """A number beyond all codes that is neither an integer nor half way between integers."""
        return 2.0 ** (self.rounding.fmt.bits + 1) + 0.25

    def _margin_in_steps(self, number: Number, step: tuple[Expr, Expr] | None) -> Expr:
        """The error bound of single float64 in steps, one for all elements if it is small enough."""
        off, fmt = number.abs, self.rounding.fmt
        if isinstance(off, float):
            if isinstance(fmt, Format):
                rel = number.rel + (off / number.min_abs if number.min_abs else math.inf if off else 0.0)
                margin = (rel + 2.0**-50) * 2.0**fmt.precision
            else:
                margin = (number.rel + 2.0**-50) * min(number.max_abs, self._far) + off
            if margin < 2.0**-8:
                return constant(margin * WIDER)
        margin_of_each = _margin(number)
        return margin_of_each if step is None else margin_of_each * step[1]

    def _round(self, x: Expr, most: float) -> Expr:
        """Round exact float64 of size up to ``most``; numbers that are too large give an infinity."""
        step, direction = self._step_at(x), self.rounding.direction
        exact = self._in_steps(x, step, most)
        steps = rint(exact)
        if direction == "up":
            steps = steps + select(steps < exact, constant(1.0), 0.0)
        elif direction == "down":
            steps = steps - select(exact < steps, constant(1.0), 0.0)
        elif direction == "zero":
            steps = select(abs(exact) < abs(steps), steps - _with_sign(1.0, x), steps)
        elif direction == "nearest-away":
            steps = select(equal(abs(exact) - abs(steps), 0.5), exact * 2.0 - steps, steps)
        return self._limit(steps, step, most)

    def _limit(self, steps: Expr, step: tuple[Expr, Expr] | None, most: float) -> Expr:
        """Convert steps to numbers, of size up to about ``most``; too large ones give an infinity."""
        fmt = self.rounding.fmt
        if isinstance(fmt, IntegerFormat) or step is None:
            assert isinstance(fmt, IntegerFormat)
            code = steps + float(fmt.zero)
            return maximum(minimum(code, float(fmt.highest)), float(fmt.lowest))
        x = steps * step[0]
        return x if most < fmt.largest / 2 else select(abs(x) > fmt.largest, x * math.inf, x)

    def _finish(self, rounded: Expr, x: Expr) -> Expr:
        """Apply the rule for overflow, and give zeros their sign if the format has signed zeros."""
        if isinstance(self.rounding.fmt, IntegerFormat):
            return rounded + 0.0
        below, above = self._infinite
        if (below, above) != (-math.inf, math.inf):
            beyond = select(x < 0.0, constant(below), above)
            rounded = select(equal(abs(rounded), math.inf), beyond, rounded)
        return _with_sign(abs(rounded), x) if self.rounding.has_negative_zero else rounded + 0.0

    @property
    def _infinite(self) -> tuple[float, float]:
        """The results of overflow below 0 and above 0."""
        return self.rounding.round_exact(-_BEYOND_ALL), self.rounding.round_exact(_BEYOND_ALL)

    def _to_float64(self, number: Number) -> tuple[Expr, Expr]:
        """Round numbers to float64, by rounding to nearest and looking at the rounding error."""
        value, tail, scale, off = number.value, number.tail, number.scale, number.abs
        direction = self.rounding.direction
        rounded = (value if tail is None else value + tail) + 0.0  # makes zeros positive
        lost = constant(0.0) if tail is None else tail - (rounded - value)
        is_smaller, size = (bits(rounded) ^ bits(lost)) >> 63, abs(rounded)
        margin = bound_sum(size * (number.rel * (1 + 2.0**-20)), off if is_nil(off) else off * WIDER)
        if direction.startswith("nearest"):
            certain = _is_settled(rounded, lost, number)
            half = from_bits(bits(rounded) & _EXPONENT) * 2.0**-53
            is_tie = equal(abs(lost), half) & ~equal(lost, 0.0) & equal(is_smaller, 0)
            is_moved = is_tie if direction == "nearest-away" else truth(False)
        else:
            certain = abs(lost) > margin
            if number.rel == 0:
                certain = truth(True) if is_nil(off) else certain | equal(off, 0.0)
            if tail is None or number.max_abs > _LARGE:
                certain = certain & is_finite(rounded)
            toward = {"up": lost > 0.0, "down": lost < 0.0, "zero": equal(is_smaller, 1)}[direction]
            is_moved = toward & ~equal(lost, 0.0)
        result = select(is_moved, from_bits(bits(rounded) + (1 - is_smaller * 2)), rounded)
        if scale == 0 and number.max_abs < _LARGE:
            return result, certain
        result = _times_power(result, scale)
        certain = certain & (size < _power_of_two(1022 - scale))
        if scale:
            certain = certain & (size >= _power_of_two(-1021 - scale))
        below, above = self._infinite
        is_beyond = (size - 2.0 * margin > _power_of_two(1025 - scale)) & is_finite(size)
        return select(is_beyond, select(rounded < 0.0, constant(below), above), result), certain | is_beyond

    def _with_rests(self, number: Number, value: Expr, certain: Expr) -> tuple[Expr, Expr]:
        """Complete values by those of tiny numbers of which only the sign is known."""
        fmt, sign = self.rounding.fmt, number.known_sign
        small = _power_of_two((fmt.quantum_exponent if isinstance(fmt, Format) else 0) - 2 - number.scale)
        if not sign or number.min_abs > small:
            return value, certain
        is_nothing = ~certain & (abs(number.value) + number.error() < small)
        return select(is_nothing, self.rounding.round_exact(sign / _BEYOND_ALL), value), certain | is_nothing


def target_of(rounding: Format | Rounding) -> Nearest | Conversion:
    """The target for a rounding."""
    fmt = rounding if isinstance(rounding, Format) else rounding.fmt
    is_plain = isinstance(rounding, Format) or rounding.is_plain
    if is_plain and isinstance(fmt, Format) and fmt.has_infinities:
        return Nearest(fmt)
    return Conversion(Rounding(fmt) if isinstance(rounding, Format) else rounding)


@dataclass(frozen=True)
class Enclosure(Target):
    """A target that gives the value, its tail and an error bound, in units of 2**scale."""

    scale: int = 0

    def __call__(self, number: Number) -> tuple[Expr, Expr, Expr]:
        """The value, its tail and an error bound."""
        number = number.rescale(self.scale).tight()
        off = number.error()
        if self.scale and not is_nil(off):
            off = bound_sum(off, _NOTHING)
        tail = constant(0.0) if number.tail is None else number.tail
        return number.value, tail, off if isinstance(off, Expr) else constant(off)


@dataclass(frozen=True)  # a tuple would equal that of another target
class Reference(Target):
    """A target that gives the rounded number and an enclosure of the number, in codes for integer formats."""

    rounding: Format | Rounding

    def __call__(self, number: Number) -> tuple[Expr, ...]:
        """The rounded number; value, tail and error bound of the number; and where the rounding is certain.

        The bound is at most a thousandth of an ulp, or infinite where that is not reached.
        """
        fmt = self.rounding if isinstance(self.rounding, Format) else self.rounding.fmt
        counted = number * (1 / fmt.scale) + fmt.zero if isinstance(fmt, IntegerFormat) else number
        value, tail, error = Enclosure()(counted)
        rounded, certain = target_of(self.rounding)(number)
        unit = constant(1.0) if isinstance(fmt, IntegerFormat) else ulp(value, fmt)
        is_known = is_finite(value) & is_finite(tail) & (error <= unit * 2.0**-10)
        known = (select(is_known, x, 0.0) for x in (value, tail))
        return rounded, *known, select(is_known, error, math.inf), certain


def ulp(x: Expr, fmt: Format) -> Expr:
    """An ulp of a format at a number."""
    exponent = bits(abs(x)) >> 52
    lowest, highest = 1 - fmt.bias + FLOAT64.bias, fmt.emax + FLOAT64.bias
    return from_bits(minimum(maximum(exponent, lowest), highest) << 52) * 2.0**-fmt.mantissa_bits


def _to_float64(number: Number) -> tuple[Expr, Expr]:
    value, scale = number.value, number.scale
    if number.tail is None:
        lost = constant(0.0)
        rounded = value if number.min_abs else value + 0.0  # makes zeros positive
    else:
        rounded = value + number.tail
        if number.min_abs == 0:
            rounded = rounded + 0.0  # here, too
        lost = number.tail - (rounded - value)
    certain = _is_settled(rounded, lost, number)
    if scale:
        return _unscale(rounded, lost, certain, number)
    return rounded, certain


def _is_settled(rounded: Expr, lost: Expr, number: Number) -> Expr:
    """Where all numbers within the bound round to ``rounded``, a float64."""
    rel, off = number.rel, number.abs
    if rel == 0 and is_nil(off):
        return _is_bounded(rounded, number)
    # Half of the spacing on that side of the rounded number, less the relative error.
    side = bits(rounded * lost) >> 63
    half = from_bits((bits(rounded) - side) & _EXPONENT)
    half = half * (2.0**-53 * (1 - rel * 2.0**54 * (1 + 2.0**-20) - 2.0**-40))
    distance = abs(lost)
    # Below a power of two the spacing is halved; only the error leads to that side, so it counts twice. At 0
    # the bit trick above gives no spacing.
    certain = distance <= half if is_nil(off) else (distance + off * 2.0 <= half) & ~equal(rounded, 0.0)
    if number.tail is None or number.max_abs >= _HUGE:
        certain = certain & is_finite(rounded)
    if rel == 0 and isinstance(off, Expr):
        certain = certain | (equal(off, 0.0) & is_finite(rounded))  # including ties
    return certain


def _is_bounded(x: Expr, number: Number) -> Expr:
    """Whether an exact number is finite."""
    return is_finite(x) if number.max_abs == math.inf else truth(True)


def _unscale(rounded: Expr, lost: Expr, certain: Expr, number: Number) -> tuple[Expr, Expr]:
    """Rounded numbers times 2**scale, which may be subnormal or infinite, and where they are certain."""
    scale, sure = number.scale, number.known_sign
    margin = bound_sum(abs(rounded) * (number.rel * (1 + 2.0**-20)), number.abs)
    size = abs(rounded)
    result = _times_power(rounded, scale)
    is_normal = size >= _power_of_two(-1021 - scale)
    certain = certain & is_normal & (size < _power_of_two(1023 - scale))
    # Numbers within half a spacing of a subnormal round to it; a zero has the sign of the number.
    half = _power_of_two(-1075 - scale)
    beside = rounded - _times_power(result, -scale)
    settled = ~is_normal & (abs(beside + lost) + 2.0 * margin < half * (1 - 2.0**-40))
    # Half way between two subnormals, so far rounded to the even one, the rounding error decides.
    is_told = equal(abs(beside), half) & (abs(lost) > margin * (1 + 2.0**-10))
    next_one = result + from_bits(bits(beside) & _SIGN | 1)
    is_beyond = equal((bits(beside) ^ bits(lost)) >> 63, 0)  # their product may be too small to have a sign
    result = select(is_told & is_beyond, next_one, result)
    settled = settled | (~is_normal & is_told)
    if sure:
        result = select(settled & equal(result, 0.0), math.copysign(0.0, sure), result)
        certain = certain | settled
    else:
        certain = certain | (settled & (size > 2.0 * margin))
    return result, certain | ((size - 2.0 * margin > _power_of_two(1025 - scale)) & is_finite(size))


def _power_of_two(exponent: int) -> float:
    """2 to the power of any integer; 0 or infinity if it is out of range."""
    return 0.0 if exponent < -1074 else math.inf if exponent > 1023 else 2.0**exponent


def _times_power(x: Expr, scale: int) -> Expr:
    """x * 2**scale rounded once: if a step before the last one is inexact, the result is 0 or infinite."""
    scale = max(min(scale, 2200), -2200)
    count = max(-(-abs(scale) // 1000), 1)
    for step in range(count):
        x = x * 2.0 ** ((scale + step) // count)
    return x


def _to_narrow(number: Number, fmt: Format) -> tuple[Expr, Expr]:
    """Round a number to a narrower format; also where both ends of its enclosure round alike."""
    value, off, rel = number.value, number.abs, number.rel
    if number.tail is None and rel == 0 and is_nil(off):
        return round_to(value + 0.0, fmt), _is_bounded(value, number)
    # Only exact numbers have the error 0: with a relative error the product may underflow to 0.
    is_exact = truth(False) if rel else equal(off, 0.0) if isinstance(off, Expr) else truth(off == 0)
    margin = select(is_exact, 0.0, _margin(number))
    if number.tail is None:
        low_sum, high_sum = value - margin, value + margin
        low, high = round_to(low_sum, fmt), round_to(high_sum, fmt)
    else:
        (low_sum, low), (high_sum, high) = (two_sum(value, number.tail + side) for side in (-margin, margin))
        low, high = _round_sum(low_sum, low, fmt), _round_sum(high_sum, high, fmt)
    same = equal(low, high)
    if number.max_abs > fmt.largest / 2:
        same = same & is_finite(value) & (is_finite(low) | (abs(value) > 2 * fmt.largest))
    # A zero takes the sign of the true value, and + if the true value is 0.
    has_sign = (low_sum > 0.0) | (high_sum < 0.0) | is_exact
    certain = same & (~equal(low, 0.0) | has_sign)
    return select(is_exact & equal(value, 0.0), 0.0, low), certain


def _margin(number: Number) -> Expr:
    """The error bound, enlarged by the rounding errors made in adding it up and in computing the ends."""
    size = abs(number.value)
    if number.tail is None:
        margin = size * ((number.rel + 2.0**-51) * WIDER)
    else:
        margin = size * (number.rel * WIDER) + abs(number.tail) * (2.0**-51 * WIDER)
    off = bound_sum(number.abs if is_nil(number.abs) else number.abs * WIDER**2, 2.0**-1073)
    return margin + off


def _round_sum(s: Expr, lost: Expr, fmt: Format) -> Expr:
    """``s + lost`` rounded once to a narrower format; ``lost`` is at most half an ulp of s."""
    return round_to(odd_sum(s, lost), fmt)


def odd_sum(s: Expr, lost: Expr) -> Expr:
    """``s + lost`` rounded to odd, which rounds like the exact sum; ``lost`` is at most half an ulp of s.

    If ``lost`` is not 0, the last bit of s is made odd towards the side of the sum (Boldo and Melquiond,
    Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to odd, 2008).
    """
    found = bits(s)
    toward = select(equal((found ^ bits(lost)) >> 63, 0), word(1), word(-1))
    is_even = equal(found & 1, 0) & ~equal(lost, 0.0)
    return from_bits(select(is_even, found + toward, found))


def _with_sign(x: Expr | float, other: Expr) -> Expr:
    """Numbers, which are nonnegative or already have that sign, with the sign of ``other``."""
    return from_bits((bits(other) & _SIGN) | bits(x if isinstance(x, Expr) else constant(x)))


def round_to(x: Expr, fmt: Format) -> Expr:
    """Round float64 once to a narrower format; the result is float64, too."""
    if fmt.is_native and fmt.bits == 32:
        return cast32(x)
    found, shift = bits(x), 53 - fmt.precision
    # Adds half of the last place, and one bit less where that place is even: ties go to even.
    rounded = (found + ((1 << (shift - 1)) - 1) + ((found >> shift) & 1)) & -(1 << shift)
    size = abs(x)
    # A sum this large has the spacing of the subnormals.
    large = 1.5 * 2.0 ** (52 + fmt.quantum_exponent)
    near = select(size < fmt.smallest_normal, (size + large) - large, abs(from_bits(rounded)))
    near = select(near > fmt.largest, fmt.overflow, near)
    return select(equal(x, x), from_bits(bits(near) | (found & _SIGN)), x)


def _with_zeros(number: Number, result: Expr, certain: Expr, fmt: Format) -> tuple[Expr, Expr]:
    """Complete a result by zeros where numbers of known sign are tiny."""
    if not number.known_sign or number.min_abs > fmt.smallest_subnormal:
        return result, certain
    is_nothing = ~certain & (abs(number.value) + number.error() < fmt.smallest_subnormal / 4)
    zero = math.copysign(0.0, number.known_sign)
    return select(is_nothing, zero, result), certain | is_nothing
