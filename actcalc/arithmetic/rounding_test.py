"""The rounding test, as part of a program: what a number rounds to, and where nothing within its bound rounds
otherwise.
"""

import math
from dataclasses import dataclass
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
    select,
    truth,
    word,
)
from actcalc.numbers.error_free import two_sum
from actcalc.numbers.floats import FLOAT64, Format

_NOTHING = 2.0**-100
"""Next to nothing in units of some size, and far enough from 0 to be told in others."""
_HUGE = 2.0**1023
_EXPONENT = 2047 << 52
_SIGN = 1 << 63


class Target(Protocol):
    """What a program makes of a number in the end: equal ones make the same."""

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
    """A target: what a number rounds to in a format, and what is known of the number itself."""

    fmt: Format

    def __call__(self, number: Number) -> tuple[Expr, ...]:
        """The number rounded, its value and tail and a bound of its error, and where the first is certain.

        The bound is at most a thousandth of an ulp, and infinite where that is not reached.
        """
        value, tail, error = Enclosure()(number)
        rounded, certain = Nearest(self.fmt)(number)
        is_known = is_finite(value) & is_finite(tail) & (error <= ulp(value, self.fmt) * 2.0**-10)
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
    """``s`` plus ``lost``, less than a rounding error of s, rounded once to a narrower format.

    If something was lost, s is made odd in its last bit, on the side on which the sum lies: that rounds as
    the sum does (Boldo and Melquiond, Emulation of a FMA and correctly rounded sums: proved algorithms
    using rounding to odd, 2008).
    """
    found = bits(s)
    toward = select(equal((found ^ bits(lost)) >> 63, 0), word(1), word(-1))
    is_even = equal(found & 1, 0) & ~equal(lost, 0.0)
    return round_to(from_bits(select(is_even, found + toward, found)), fmt)


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
