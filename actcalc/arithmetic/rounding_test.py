"""The rounding test, as part of a program: what a number rounds to, and where nothing within its bound rounds
otherwise.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, Protocol

from actcalc.arithmetic.approximate import WIDER, Number, bound_sum, is_nil
from actcalc.arithmetic.program import (
    Expr,
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
"""Next to nothing in units of some size, and far enough from 0 to be told in others."""
_HUGE = 2.0**1023
_EXPONENT = 2047 << 52
_SIGN = 1 << 63
_LARGE = 2.0**1000
"""Numbers that may be greater may be infinite."""
_BEYOND_ALL = Fraction(10) ** 400
"""A number greater than those of all formats; its inverse is less than them."""


class Target(Protocol):
    """The last step of a program, which turns a number into results; equal targets give equal results."""

    def __hash__(self) -> int: ...

    def __call__(self, number: Number, /) -> tuple[Expr, ...]:
        """The results of the program."""


class Nearest(NamedTuple):
    """Rounds to the nearest value of a format, ties to even: that value, and whether it is certain."""

    fmt: Format

    def __call__(self, number: Number) -> tuple[Expr, Expr]:
        """The value, and whether it is certain."""
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
        """Values rounded, and where all numbers within ``rel`` of them round alike, for normal ones."""
        value, shift = number.value, 53 - self.fmt.precision
        low, high = self.fmt.smallest_normal * 2, self.fmt.largest / 2
        inside = abs(value) < high
        if number.min_abs <= low:
            value = value + 0.0  # no zero is negative
            inside = (inside & (abs(value) > low)) | equal(value, 0.0)
        # In units of the last place, which are half as large just below a power of two.
        margin = int(rel * 2.0**54) + 2
        half = 1 << (shift - 1)
        found = bits(value) + half
        # Neither end of the margin comes to another multiple of the last place.
        certain = ((found & (2 * half - 1)) - margin) < 2 * (half - margin)
        return from_bits(found & -(2 * half)), certain & inside


@dataclass(frozen=True)  # a tuple would equal that of another target
class Conversion:
    """Rounds in any direction to any format: the value, or the code of an integer, and whether it is certain.

    Numbers are counted in steps, the units of their last place, so that what they are rounded to is whole.
    """

    rounding: Rounding

    def __call__(self, number: Number) -> tuple[Expr, Expr]:
        """The value, and whether it is certain."""
        fmt = self.rounding.fmt
        if isinstance(fmt, Format) and not fmt.is_narrow:
            return self._with_rests(number, *self._to_float64(number))
        if isinstance(fmt, IntegerFormat):
            number = number * (1 / fmt.scale)
        number = number.rescale(0)
        of_number = self._of_plain if number.tail is None and number.rel else self._of_ends
        return self._with_rests(number, *of_number(number))

    def _of_plain(self, number: Number) -> tuple[Expr, Expr]:
        """Numbers of one float64 rounded, and where all within their bounds round alike."""
        value, direction = number.value, self.rounding.direction
        if number.min_abs == 0:
            value = value + 0.0  # no zero is negative
        step = self._step_at(value)
        shifted = self._in_steps(value, step, number.max_abs)
        # But for the nearest, it is at whole numbers that something changes, and not between them.
        if direction == "zero":
            shifted = shifted - _with_sign(0.5, value)
        elif direction in ("up", "down"):
            shifted = shifted + (0.5 if direction == "up" else -0.5)
        steps = rint(shifted)
        # Just below a power of two steps are half as large: twice the margin.
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
        """Numbers rounded, and where both ends of what they may be round alike."""
        value, off, rel = number.value, number.abs, number.rel
        # Only exact numbers are off by 0: beside a relative error a product of small ones may be 0.
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
            # A zero needs its sign: that of the true value, or + if that is 0 itself.
            certain = certain & (~equal(rounded, 0.0) | (low > 0.0) | (high < 0.0) | is_exact)
            result = select(is_exact & equal(low, 0.0), 0.0, result)
        return result, certain

    def _step_at(self, x: Expr) -> tuple[Expr, Expr] | None:
        """A step at each number, and its inverse; None where that is 1 for all."""
        fmt = self.rounding.fmt
        if isinstance(fmt, IntegerFormat):
            return None
        lowest = 1 - fmt.bias + FLOAT64.bias
        step = maximum(bits(x) & _EXPONENT, lowest << 52) - (fmt.mantissa_bits << 52)
        return from_bits(step), from_bits((2 * FLOAT64.bias << 52) - step)

    def _in_steps(self, x: Expr, step: tuple[Expr, Expr] | None, most: float) -> Expr:
        """Numbers in steps; all integers beyond all codes are one."""
        if step is not None:
            return x * step[1]
        return x if most < self._far else maximum(minimum(x, self._far), -self._far)

    @property
    def _far(self) -> float:
        """A number beyond all codes, neither whole nor half way between whole numbers."""
        return 2.0 ** (self.rounding.fmt.bits + 1) + 0.25

    def _margin_in_steps(self, number: Number, step: tuple[Expr, Expr] | None) -> Expr:
        """The most that plain numbers are off by: that of one for all, if it is next to nothing."""
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
        """Exact float64 of size up to ``most`` rounded, to an infinity where they are too large."""
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
        """The numbers, up to about ``most``, of so many steps; an infinity where they are too large."""
        fmt = self.rounding.fmt
        if isinstance(fmt, IntegerFormat) or step is None:
            assert isinstance(fmt, IntegerFormat)
            code = steps + float(fmt.zero)
            return maximum(minimum(code, float(fmt.highest)), float(fmt.lowest))
        x = steps * step[0]
        return x if most < fmt.largest / 2 else select(abs(x) > fmt.largest, x * math.inf, x)

    def _finish(self, rounded: Expr, x: Expr) -> Expr:
        """Numbers with what overflow leads to, and with signs of zeros where there are such."""
        if isinstance(self.rounding.fmt, IntegerFormat):
            return rounded + 0.0
        below, above = self._infinite
        if (below, above) != (-math.inf, math.inf):
            beyond = select(x < 0.0, constant(below), above)
            rounded = select(equal(abs(rounded), math.inf), beyond, rounded)
        return _with_sign(abs(rounded), x) if self.rounding.has_negative_zero else rounded + 0.0

    @property
    def _infinite(self) -> tuple[float, float]:
        """The results for numbers beyond all others, below 0 and above."""
        return self.rounding.round_exact(-_BEYOND_ALL), self.rounding.round_exact(_BEYOND_ALL)

    def _to_float64(self, number: Number) -> tuple[Expr, Expr]:
        """Numbers rounded to float64, by what their nearest ones leave of them."""
        value, tail, scale, off = number.value, number.tail, number.scale, number.abs
        direction = self.rounding.direction
        rounded = (value if tail is None else value + tail) + 0.0  # no zero is negative
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
        """Values, with those of numbers next to nothing whose sign is known."""
        fmt, sign = self.rounding.fmt, number.known_sign
        small = _power_of_two((fmt.quantum_exponent if isinstance(fmt, Format) else 0) - 2 - number.scale)
        if not sign or number.min_abs > small:
            return value, certain
        is_nothing = ~certain & (abs(number.value) + number.error() < small)
        return select(is_nothing, self.rounding.round_exact(sign / _BEYOND_ALL), value), certain | is_nothing


def target_of(rounding: Format | Rounding) -> Nearest | Conversion:
    """The target that rounds so."""
    fmt = rounding if isinstance(rounding, Format) else rounding.fmt
    is_plain = isinstance(rounding, Format) or rounding.is_plain
    if is_plain and isinstance(fmt, Format) and fmt.has_infinities:
        return Nearest(fmt)
    return Conversion(Rounding(fmt) if isinstance(rounding, Format) else rounding)


class Enclosure(NamedTuple):
    """A target: the value, its tail, and a bound of its error, in units of 2**scale."""

    scale: int = 0

    def __call__(self, number: Number) -> tuple[Expr, Expr, Expr]:
        """Value, tail, and bound."""
        number = number.rescale(self.scale).tight()
        off = number.error()
        if self.scale and not is_nil(off):
            off = bound_sum(off, _NOTHING)
        tail = constant(0.0) if number.tail is None else number.tail
        return number.value, tail, off if isinstance(off, Expr) else constant(off)


@dataclass(frozen=True)  # a tuple would equal that of another target
class Reference:
    """A target: what a number rounds to, and what is known of the number itself, of integers in codes."""

    rounding: Format | Rounding

    def __call__(self, number: Number) -> tuple[Expr, ...]:
        """The number rounded, its value and tail and a bound of its error, and where the first is certain.

        The bound is at most a thousandth of an ulp, and infinite where that is not reached.
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
        rounded = value if number.min_abs else value + 0.0  # no zero is negative
    else:
        rounded = value + number.tail
        if number.min_abs == 0:
            rounded = rounded + 0.0  # nor here
        lost = number.tail - (rounded - value)
    certain = _is_settled(rounded, lost, number)
    if scale:
        return _unscale(rounded, lost, certain, number)
    return rounded, certain


def _is_settled(rounded: Expr, lost: Expr, number: Number) -> Expr:
    """Where all numbers within the bound round to the float64 that is rounded already."""
    rel, off = number.rel, number.abs
    if rel == 0 and is_nil(off):
        return _is_bounded(rounded, number)
    # Half of the spacing on that side of the rounded number; the relative error is a part of that.
    side = bits(rounded * lost) >> 63
    half = from_bits((bits(rounded) - side) & _EXPONENT)
    half = half * (2.0**-53 * (1 - rel * 2.0**54 * (1 + 2.0**-20) - 2.0**-40))
    distance = abs(lost)
    # The spacing beyond a power of two is half as much, on the side that only an error leads to. Below 0
    # there is none.
    certain = distance <= half if is_nil(off) else (distance + off * 2.0 <= half) & ~equal(rounded, 0.0)
    if number.tail is None or number.max_abs >= _HUGE:
        certain = certain & is_finite(rounded)
    if rel == 0 and isinstance(off, Expr):
        certain = certain | (equal(off, 0.0) & is_finite(rounded))  # ties, too
    return certain


def _is_bounded(x: Expr, number: Number) -> Expr:
    """Whether an exact number is finite."""
    return is_finite(x) if number.max_abs == math.inf else truth(True)


def _unscale(rounded: Expr, lost: Expr, certain: Expr, number: Number) -> tuple[Expr, Expr]:
    """Rounded numbers times 2**scale, and where they are certain: subnormal ones, and infinite ones."""
    scale, sure = number.scale, number.known_sign
    margin = bound_sum(abs(rounded) * (number.rel * (1 + 2.0**-20)), number.abs)
    size = abs(rounded)
    result = _times_power(rounded, scale)
    is_normal = size >= _power_of_two(-1021 - scale)
    certain = certain & is_normal & (size < _power_of_two(1023 - scale))
    # What lies within half a spacing of subnormals rounds to one of them, a zero with its own sign.
    half = _power_of_two(-1075 - scale)
    beside = rounded - _times_power(result, -scale)
    settled = ~is_normal & (abs(beside + lost) + 2.0 * margin < half * (1 - 2.0**-40))
    # Half way between two of them, to the even one as yet, it is the rest that tells.
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
    """2 to the power of any whole number: 0 or infinite if it is out of range."""
    return 0.0 if exponent < -1074 else math.inf if exponent > 1023 else 2.0**exponent


def _times_power(x: Expr, scale: int) -> Expr:
    """x * 2**scale rounded once: what only some of the steps leave is 0 or infinite, if that is not exact."""
    scale = max(min(scale, 2200), -2200)
    count = max(-(-abs(scale) // 1000), 1)
    for step in range(count):
        x = x * 2.0 ** ((scale + step) // count)
    return x


def _to_narrow(number: Number, fmt: Format) -> tuple[Expr, Expr]:
    """A number rounded to a narrower format, and where both ends of what it may be round alike."""
    value, off, rel = number.value, number.abs, number.rel
    if number.tail is None and rel == 0 and is_nil(off):
        return round_to(value + 0.0, fmt), _is_bounded(value, number)
    # Only exact numbers are off by 0: beside a relative error a product of small ones may be 0.
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
    # A zero needs its sign: that of the true value, or + if that is 0 itself.
    has_sign = (low_sum > 0.0) | (high_sum < 0.0) | is_exact
    certain = same & (~equal(low, 0.0) | has_sign)
    return select(is_exact & equal(value, 0.0), 0.0, low), certain


def _margin(number: Number) -> Expr:
    """A bound of the error, which was added up with rounding, as both ends are."""
    size = abs(number.value)
    if number.tail is None:
        margin = size * ((number.rel + 2.0**-51) * WIDER)
    else:
        margin = size * (number.rel * WIDER) + abs(number.tail) * (2.0**-51 * WIDER)
    off = bound_sum(number.abs if is_nil(number.abs) else number.abs * WIDER**2, 2.0**-1073)
    return margin + off


def _round_sum(s: Expr, lost: Expr, fmt: Format) -> Expr:
    """``s`` plus ``lost``, less than a rounding error of s, rounded once to a narrower format."""
    return round_to(odd_sum(s, lost), fmt)


def odd_sum(s: Expr, lost: Expr) -> Expr:
    """``s`` plus ``lost``, less than a rounding error of s, rounded to a number of 53 bits that rounds alike.

    If something was lost, s is made odd in its last bit, on the side on which the sum lies: that rounds as
    the sum does (Boldo and Melquiond, Emulation of a FMA and correctly rounded sums: proved algorithms
    using rounding to odd, 2008).
    """
    found = bits(s)
    toward = select(equal((found ^ bits(lost)) >> 63, 0), word(1), word(-1))
    is_even = equal(found & 1, 0) & ~equal(lost, 0.0)
    return from_bits(select(is_even, found + toward, found))


def _with_sign(x: Expr | float, other: Expr) -> Expr:
    """Numbers that are not negative, or numbers of that sign, with the sign of others."""
    return from_bits((bits(other) & _SIGN) | bits(x if isinstance(x, Expr) else constant(x)))


def round_to(x: Expr, fmt: Format) -> Expr:
    """float64 rounded once to a narrower format, as float64."""
    if fmt.is_native and fmt.bits == 32:
        return cast32(x)
    found, shift = bits(x), 53 - fmt.precision
    # Half of the last place is added, a little less where that one is even: ties go to even.
    rounded = (found + ((1 << (shift - 1)) - 1) + ((found >> shift) & 1)) & -(1 << shift)
    size = abs(x)
    # A sum this large has the spacing of the subnormals.
    large = 1.5 * 2.0 ** (52 + fmt.quantum_exponent)
    near = select(size < fmt.smallest_normal, (size + large) - large, abs(from_bits(rounded)))
    near = select(near > fmt.largest, fmt.overflow, near)
    return select(equal(x, x), from_bits(bits(near) | (found & _SIGN)), x)


def _with_zeros(number: Number, result: Expr, certain: Expr, fmt: Format) -> tuple[Expr, Expr]:
    """A result, with zeros where numbers whose sign is known are next to nothing."""
    if not number.known_sign or number.min_abs > fmt.smallest_subnormal:
        return result, certain
    is_nothing = ~certain & (abs(number.value) + number.error() < fmt.smallest_subnormal / 4)
    zero = math.copysign(0.0, number.known_sign)
    return select(is_nothing, zero, result), certain | is_nothing
