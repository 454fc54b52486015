"""The test matrix: every setting of the catalogue, the points to try, and the expected values."""

import math
import random
from collections.abc import Collection, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from actcalc.activations.activation import Activation
from actcalc.catalogue.lookup import one_of_each, settings
from actcalc.numbers.floats import FORMATS
from tests.support import oracle, shape
from tests.support.oracle import FMTS, Fmt

Mismatch = tuple[str, float, float, float]
"""g or dg, z, the value that actcalc returned, and the right value."""

FAR = Fraction(10) ** 660
"""A number beyond all floats, where a formula stands for its limit, including the sign of a zero."""
NEAR = shape.NEAR
NO_LIMIT = (("sin", "g"), ("sin", "dg"), ("snake", "dg"), ("snake_beta", "dg"))
"""Periodic functions, which have no limit."""


SETTINGS = tuple(settings())
"""Every activation with its defaults, if it has them, and with each of its examples."""

DEFAULTS = tuple(one_of_each())
"""The first setting of each activation."""


EVERYDAY = tuple(
    next(activation for activation in SETTINGS if activation.name == name)
    for name in ("sigmoid", "tanh", "relu", "leaky_relu", "gelu", "silu", "mish")
)
"""Settings of which every 16-bit value is compared with the oracle."""


def all_settings(always: Collection[Activation] = DEFAULTS) -> list[Any]:
    """Every setting as a test case; those not in ``always`` are marked exhaustive."""
    return [
        pytest.param(f, marks=() if f in always else pytest.mark.exhaustive, id=f.describe())
        for f in SETTINGS
    ]


def settings_in(formats: Mapping[str, Any], always: Collection[Activation]) -> list[Any]:
    """Every setting in every format as test cases: exhaustive but in float64, and of ``always`` in a third of
    the other formats by turns."""
    return [
        pytest.param(
            *(f, fmt),
            marks=() if name == "float64" or (f in always and (i + k) % 3 == 0) else pytest.mark.exhaustive,
            id=f"{f.describe()}-{name}",
        )
        for i, f in enumerate(SETTINGS)
        for k, (name, fmt) in enumerate(formats.items())
    ]


def setting(description: str) -> Activation:
    """The setting with this description: ``leaky_relu(slope=0.2)``."""
    return next(activation for activation in SETTINGS if activation.describe() == description)


# Right values


def text_value(activation: Activation, which: str, z: Fraction, fmt: Fmt) -> float:
    """The value of the textbook formula of g or dg at z, rounded once."""
    if which == "dg" and z == 0 and activation.name in ("softshrink", "hardshrink"):
        # With lambd = 0 they are z, with slope 1; the textbook's "1 if abs(z) > lambd" is wrong at 0.
        return fmt.nearest(int(activation.parameters["lambd"] == 0), 1)
    if activation.name == "telu" and z > 40:
        # exp(exp(z)) overflows Arb's exponents; tanh(exp(z)) differs from 1 by at most 10**-(10**17).
        return oracle.nearest_fraction(*((z, fmt, -1) if which == "g" else (Fraction(1), fmt, 1)))
    text = getattr(activation, f"textbook_{which}")
    return oracle.rounded(text, fmt, z, activation.parameters)


def limit(activation: Activation, which: str, z: Fraction) -> tuple[Fraction | float, int]:
    """The limit of the textbook formula of g or dg for a tiny distance from z, and its sign at z."""
    if activation.name == "telu" and z > 40:
        return (math.inf if which == "g" else Fraction(1)), 1  # as in text_value
    text = getattr(activation, f"textbook_{which}")

    def near() -> tuple[Fraction | float, int]:
        value = oracle.evaluate(text, z=z, **activation.parameters)
        sign, ball = value.sign(), value.ball()
        if not ball.is_finite() or abs(ball) > 1e300:
            return sign * math.inf, sign
        if abs(ball) < 1e-300:
            return Fraction(0), sign
        if not ball.rad() < 1e-300:
            raise oracle.Undecided
        man, exp = ball.mid().man_exp()
        middle = Fraction(int(man)) * Fraction(2) ** int(exp) if man else Fraction(0)
        simple = middle.limit_denominator(10**40)
        return (simple if abs(middle - simple) < Fraction(1, 10**200) else middle), sign

    return oracle.decide(near, z * 10**400)


@cache
def limit_at_end(activation: Activation, which: str, sign: int) -> tuple[Fraction | float, int]:
    """The limit of g or dg at an infinity, and the sign with which it is approached."""
    if (activation.name, which) in NO_LIMIT:
        return math.nan, 1
    return limit(activation, which, sign * FAR)


def one_sided_slopes(activation: Activation, z: Fraction, fmt: Fmt) -> tuple[float, float]:
    """The one-sided limits of the textbook's slope."""
    left, right = (text_value(activation, "dg", z + step, fmt) for step in (-NEAR, NEAR))
    return left, right


def nearest_to_zero(left: float, right: float) -> float:
    """The number nearest to 0 in the closed interval between two."""
    ends = [math.copysign(math.inf, x) if x != x else x for x in (left, right)]  # NaN stands for an overflow
    if min(ends) <= 0 <= max(ends):
        return 0.0
    return left if abs(ends[0]) <= abs(ends[1]) else right


def expected(activation: Activation, which: str, z: float, fmt: Fmt) -> float:
    """The expected g or dg at a z of the format, by the rules for floats."""
    if math.isnan(z):
        return math.nan
    if math.isinf(z):
        end, sign = limit_at_end(activation, which, int(math.copysign(1, z)))
        if isinstance(end, float):
            return math.nan if math.isnan(end) else math.copysign(fmt.overflow, end)
        return oracle.nearest_fraction(end, fmt) if end else fmt.as_value(math.copysign(0.0, sign))
    exact = Fraction(z)
    if which == "dg" and any(kink.z == exact for kink in activation.kinks):
        value = nearest_to_zero(*one_sided_slopes(activation, exact, fmt))
    else:
        value = text_value(activation, which, exact, fmt)
    if value == 0 and z == 0 and math.copysign(1, z) < 0:
        negative_below = text_value(activation, which, -NEAR, FMTS["float64"])
        return math.copysign(0.0, negative_below)
    return value


def mismatches(activation: Activation, fmt: Fmt, points: Iterable[float]) -> Iterator[Mismatch]:
    """The points at which actcalc returns a wrong g or dg."""
    for z in points:
        for which, function in (("g", activation.g_float), ("dg", activation.dg_float)):
            returned, right = function(z, FORMATS[fmt.name]), expected(activation, which, z, fmt)
            if not oracle.same(returned, right):
                yield which, z, returned, right


# Points to try

_MAGNITUDES = (
    *(1e-8, 0.5, 1, 1.5, 2, 3, 5, 6, 10, 19.1, 37.5, 40, 100, 700, 745, 1000),
    *(1e5, 1e10, 1e16, 1e38, 1e154, 1e300, 1e308),
    # where sigmoid, tanh and e^z reach the ends of the formats
    *(3.5, 4.6, 6.3, 8.4, 9.1, 11.1, 17, 17.4, 18.8, 36.8, 88.8, 92.2, 103.3, 104, 709.8, 744.5, 745.2),
)

TWO_OVER_ROOT_PI = Fraction("1.128379167095512573896158903121545171688101258657997714")
SELU_PRODUCT = Fraction("1.0507009873554804934193349852946") * Fraction("1.6732632423543772848170429916717")


def turning_point(activation: Activation) -> Fraction | None:
    """A z, not a simple fraction, at which the slope changes its sign, to sixty digits."""
    return next((z for z in shape.turns(activation) if z.denominator > 10**9), None)


def zero_of_slope(activation: Activation, fmt: Fmt) -> float | None:
    """The value of the format next to such a point, on the side of 0."""
    turn = turning_point(activation)
    if turn is None:
        return None
    nearby = fmt.near(oracle.nearest_fraction(turn, fmt))
    return max((z for z in nearby if abs(Fraction(z)) < abs(turn)), key=abs)


@cache
def near_ties(fmt: Fmt) -> tuple[float, ...]:
    """Points where some function is as close as possible to half way between two floats.

    There the first terms of its series are half way, and the next term is very small.
    """
    p = fmt.precision
    found = set()
    # 1/2 + z/4 (sigmoid), 1 + z (e^z), 1 + z/2 (squareplus), z + z^2/2 (e^z - 1); with z of half
    # the digits 1/4 - z^2/16 (sigmoid'), 1 - z^2 (tanh'), z - z^3/3 (tanh).
    for k in (*range(p - 3, p + 3), *range(p // 2 - 1, p // 2 + 3)):
        found |= {Fraction(m, 1 << k) for m in (1, 3)}
    # The largest odd number whose square has just one bit too many: z^2 (lisht), z^2/2 (logcosh).
    square = _odd_root((2 << p) - 1, 2)
    # The same for z^3/3 (tanhshrink): with z = 3n it is 9 n^3.
    cube = 3 * _odd_root(((2 << p) - 1) // 9, 3)
    for m in (square, cube, *_multiples_half_way(SELU_PRODUCT, p)):
        for size in (4, 9, p, 4 * p):
            found.add(Fraction(m, 1 << (m.bit_length() + size)))
    return tuple(sign * oracle.nearest_fraction(x, fmt) for x in sorted(found) for sign in (1, -1))


def _odd_root(n: int, k: int) -> int:
    """The largest odd number whose k-th power is at most n."""
    low, high = 0, n
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if (2 * middle + 1) ** k <= n else (low, middle)
    return 2 * low + 1


def _multiples_half_way(c: Fraction, p: int) -> set[int]:
    """Numbers m of p bits for which c*m is very close to an odd number of p + 1 bits.

    They come from the continued fraction of c.
    """
    found = set()
    for bits in range(p // 2, p + 1):
        fraction = c.limit_denominator(1 << bits)
        n, m = fraction.numerator, fraction.denominator
        odd_factor = -(-(1 << p) // n) | 1
        if n % 2 and n * odd_factor < 2 << p and m * odd_factor < 1 << p:
            found.add(m * odd_factor)
    return found


def special_points(activation: Activation, fmt: Fmt) -> list[float]:
    """Kinks, zeros of slopes and ends of the format with their neighbours, and other special z."""
    magnitudes = [oracle.nearest_fraction(Fraction(x), fmt) for x in _MAGNITUDES]
    magnitudes += [0.0, fmt.smallest, 3 * fmt.smallest, fmt.smallest_normal, fmt.largest, math.inf]
    magnitudes += [fmt.near(fmt.smallest_normal)[0], fmt.near(fmt.largest)[0]]
    points = [math.nan, *magnitudes, *(-x for x in magnitudes), *near_ties(fmt)]
    for piece in activation.pieces[:-1]:
        points += fmt.near(oracle.nearest_fraction(Fraction(piece.upto or 0), fmt))
    zero = zero_of_slope(activation, fmt)
    if zero is not None:
        points += fmt.near(zero, 4)
    if activation.name == "erf":
        # Near-ties of the first term, 2/sqrt(pi)*z, where the next one is far smaller.
        for m in _multiples_half_way(TWO_OVER_ROOT_PI, fmt.precision):
            small = oracle.nearest_fraction(Fraction(m, 1 << (m.bit_length() + 4 * fmt.precision)), fmt)
            points += [small, -small]
    for turn in shape.turns(activation):
        points += fmt.near(oracle.nearest_fraction(turn, fmt))
    return list({(z, math.copysign(1, z)): z for z in map(fmt.as_value, points)}.values())


def random_points(fmt: Fmt, count: int, seed: str) -> list[float]:
    """``count`` values with any exponent, and as many between -50 and 50."""
    chance = random.Random(f"{seed} {fmt.name}")
    anywhere = (fmt.from_bits(chance.getrandbits(fmt.bits)) for _ in range(count))
    middling = (oracle.nearest_fraction(Fraction(chance.uniform(-50, 50)), fmt) for _ in range(count))
    return [*anywhere, *middling]
