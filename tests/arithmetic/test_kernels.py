"""Measured errors of the kernels against their claimed bounds, by intervals of sixty digits.

The arguments are random numbers of each range, numbers farthest from the table entries, and numbers with the
largest tails. Programs run in NumPy, and with each fma computed exactly.
"""

import math
import random
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import pairwise, product
from typing import Any, NamedTuple

import numpy as np
import pytest

from actcalc.arithmetic import mills_ratio, numpy_machine
from actcalc.arithmetic.approximate import UNIT, Number
from actcalc.arithmetic.graph import Untraced
from actcalc.arithmetic.interval import with_digits
from actcalc.arithmetic.kernels import ExactPairs, Pairs, Quick, TiePairs
from actcalc.arithmetic.program import Expr, Program, constant, variable
from actcalc.arithmetic.rounding_test import Nearest
from actcalc.numbers.floats import FORMATS
from tests.support.turns import by_turns

QUICK, PAIRS, QUICK_FMA, PAIRS_FMA = Quick(), Pairs(), Quick(True), Pairs(True)
ARITHMETICS = {
    "plain": QUICK,
    "pairs": PAIRS,
    "plain with fma": QUICK_FMA,
    "pairs with fma": PAIRS_FMA,
    "exact": ExactPairs(),
    "ties": TiePairs(),
}
every_arithmetic = pytest.mark.parametrize("m", ARITHMETICS.values(), ids=ARITHMETICS)


def exact_fma(x: Any, y: Any, z: Any, out: Any) -> Any:
    """x*y + z rounded once, since Python rounds quotients of integers correctly."""
    parts = (np.broadcast_to(a, out.shape).tolist() for a in (x, y, z))
    parts = (np.broadcast_to(a, out.shape).tolist() for a in (x, y, z))
    for i, (a, b, c) in enumerate(zip(*parts, strict=True)):
        out[i] = a * b + c
        if all(map(math.isfinite, (a, b, c))) and (exact := Fraction(a) * Fraction(b) + Fraction(c)):
            out[i] = float(exact) if abs(exact) < 2**1023 else math.inf if exact > 0 else -math.inf
    return out


@pytest.fixture(autouse=True)
def _with_fma(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(numpy_machine._OPERATIONS, "fma", exact_fma)


def run(number: Number, *arguments: list[float]) -> Iterator[tuple[Any, Any]]:
    """Each value with its tail and its error bound; None where it is undecided."""
    error = number.error()
    results = (
        number.value,
        constant(0.0) if number.tail is None else number.tail,
        error if isinstance(error, Expr) else constant(error),
    )
    arrays = numpy_machine.run(Program.of(*results), *map(np.array, arguments))
    scale = Fraction(2) ** max(number.scale, -10_000)  # smaller scales make no difference
    for parts in zip(*(array.tolist() for array in arrays), strict=True):
        if all(map(math.isfinite, parts)):
            value, tail, off = map(Fraction, parts)
            yield (value + tail) * scale, off * scale
        else:
            yield None, None


class Range(NamedTuple):
    """A function over a range of arguments, and the number of bits that its bound must leave right."""

    name: str
    least: float
    most: float
    bits: tuple[int, int, int, int]
    """The bits by single float64 and by pairs for NumPy, and by both with fma; 0 where some are undecided."""
    sign: int = 1

    def __str__(self) -> str:
        return f"{self.name} of {'-' if self.sign < 0 else ''}{self.least:.3g} to {self.most:.3g}"


TINY = 2.0**-30
RANGES = [
    Range("exp", TINY, 32, (46, 73, 49, 78)),
    Range("exp", TINY, 32, (46, 73, 49, 78), -1),
    Range("exp", 300, 600, (42, 73, 49, 78)),
    Range("exp", 600, 1200, (41, 73, 49, 78), -1),
    Range("expm1", TINY, 32, (46, 61, 47, 75)),
    Range("expm1", TINY, 32, (46, 61, 47, 75), -1),
    Range("expm1", 2.0**-60, TINY, (48, 72, 46, 75)),
    Range("expm1", 0.3, 512, (42, 71, 47, 75)),
    Range("log1p", TINY, 1, (47, 71, 47, 71)),
    Range("log1p", 2.0**-11, 2.0**-9, (47, 71, 47, 71)),
    Range("log1p", TINY, 32, (49, 71, 49, 71)),
    Range("log1p", TINY, 0.99, (49, 71, 49, 71), -1),
    Range("log1p", 2.0**-60, TINY, (47, 71, 47, 71)),
    Range("log1p", 1, 2.0**60, (49, 71, 49, 71)),
    Range("log", TINY, 32, (49, 71, 49, 71)),
    Range("log", 0.5, 0.99, (49, 71, 49, 71)),
    Range("log", 2.0**-60, TINY, (49, 71, 49, 71)),
    Range("sqrt", TINY, 32, (53, 92, 53, 92)),
    Range("series", TINY, 1, (49, 68, 49, 69)),
    Range("mills", TINY, 32, (49, 72, 49, 72)),
    Range("mills", 32, 40, (49, 72, 49, 72)),
    Range("normal", TINY, 8, (45, 69, 46, 72)),
    Range("normal", TINY, 8, (45, 69, 46, 72), -1),
    Range("erfc", TINY, 8, (43, 68, 43, 72)),
    Range("erf", TINY, 0.49, (47, 68, 47, 69)),
    Range("erf", TINY, 8, (42, 67, 42, 69), -1),
    Range("sin", TINY, 32, (49, 71, 49, 71)),
    Range("sin", 32, 512, (49, 71, 49, 71), -1),
    Range("sin", 5000, 2.0**20, (49, 71, 0, 0)),
    Range("cos", TINY, 32, (49, 71, 49, 71)),
    Range("atan", TINY, 32, (48, 68, 48, 68)),
    Range("atan", 1, 2.0**60, (50, 73, 50, 73), -1),
]


LOOSE = 64
"""The largest tail, in units of its value."""


def halves(k: int) -> Fraction:
    """Coefficients of 2/(2 - x), which shrink as slowly as is allowed."""
    return Fraction(1, 2**k)


def call(m: Any, name: str, x: Any) -> Any:
    return m.series(halves, x) if name == "series" else getattr(m, name)(x)


@cache
def right(name: str, x: Fraction, digits: int = 60) -> Fraction:
    m = with_digits(digits)
    bounds = call(m, name, m.number(x))
    return (Fraction(bounds.low) + Fraction(bounds.high)) / 2


def furthest(name: str, chance: random.Random) -> float:
    """An argument next to the edge of a table interval."""
    k = chance.randrange(chance.choice((1, 4, 100, 10_000))) + 0.5
    step = chance.randrange(chance.choice((4, 512))) / 512
    if name in ("exp", "expm1"):
        edge = k * math.log(2) / 1024
    elif name in ("log", "log1p"):
        edge = 2.0 ** chance.choice((0, 0, 0, 1, 4)) * (1 + step + 1 / 1024)
    elif name in ("sin", "cos"):
        edge = k * math.pi / 4096
    elif name == "atan":
        edge = math.tan((k % 2048) * math.pi / 4096)
    else:
        edge = 2.0 ** chance.randrange(6) * (1 + step) - 1
    return about(edge, chance) - (name == "log1p")


def about(z: float, chance: random.Random) -> float:
    return z * (1 + chance.choice((-1, 1)) * 2 ** chance.uniform(-50, -8))


def arguments(x: Range, with_tails: bool, count: int = 40) -> tuple[list[float], list[float]]:
    """Values, with tails that are mostly as large as possible."""
    chance = random.Random(str(x))
    values = [x.least, x.most]
    values += [chance.uniform(x.least, x.most) for _ in range(count)]
    values += [math.exp(chance.uniform(math.log(x.least), math.log(x.most))) for _ in range(count)]
    near = [furthest(x.name, chance) for _ in range(2 * count)]
    powers = range(math.frexp(x.least)[1] - 1, math.frexp(x.most)[1])
    near += [about(2.0 ** chance.choice(powers), chance) for _ in range(count)]
    values += [z for z in near if x.least <= z <= x.most]
    sizes = (-1, 1, -LOOSE, LOOSE, chance.uniform(-LOOSE, LOOSE)) if with_tails else (0,)
    tails = [chance.choice(sizes) * UNIT * z for z in values]
    tails[:2] = abs(tails[0]), -abs(tails[1])
    return [x.sign * z for z in values], tails


@pytest.mark.parametrize("x", RANGES, ids=str)
@pytest.mark.parametrize(
    ("m", "which"),
    [(QUICK, 0), (PAIRS, 1), (QUICK_FMA, 2), (PAIRS_FMA, 3)],
    ids=["plain", "pairs", "plain with fma", "pairs with fma"],
)
def test_errors_are_within_their_bounds(x: Range, m: Any, which: int) -> None:
    values, tails = arguments(x, m.LOOSE > 0)
    number = m.build(variable(0), variable(1) if m.LOOSE else None, 0.0, 0.0, (x.least, x.most, x.sign))
    number.loose = LOOSE * UNIT
    made = call(m, x.name, number.with_sign(x.sign))
    for value, tail, (found, off) in zip(values, tails, run(made, values, tails), strict=True):
        exact = right(x.name, Fraction(value) + Fraction(tail))
        if found is None:
            assert not x.bits[which], value
            continue
        assert abs(found - exact) <= off, value
        if x.bits[which]:
            assert off <= abs(exact) * Fraction(1.01) / 2 ** x.bits[which], value


EDGES = [2.0**k for k in (-1074, -1022, -900, -700, -120, -30, 5, 6, 10, 100, 300, 700, 900, 1023)]
FUNCTIONS = ["exp", "expm1", "log1p", "log", "sqrt", "mills", "normal", "erf", "erfc", "sin", "cos", "atan"]


@every_arithmetic
def test_sines_next_to_0(m: Any) -> None:
    """Test the float64 closest to multiples of a right angle; the second one is the closest of all."""
    points = [k * math.pi / 2 for k in range(1, 200)]
    points.append(float(6381956970095103 * 2**797))
    for name in ("sin", "cos"):
        made = call(m, name, m.build(variable(), None, 0.0, 0.0, (1.0, 2.0**900, 1)))
        for x, (value, off) in zip(points, run(made, points), strict=True):
            if not (m.has_fma and x > 6000):
                assert abs(value - right(name, Fraction(x), 400)) <= off < 2.0**-49


@pytest.mark.parametrize(
    ("name", "arithmetic", "sign"), by_turns([*FUNCTIONS, "series"], ARITHMETICS, [1, -1])
)
def test_errors_of_arguments_are_carried_on(name: str, arithmetic: str, sign: int) -> None:
    m = ARITHMETICS[arithmetic]
    if sign < 0 and name in ("log", "sqrt", "mills", "series"):
        return
    for low, high in (
        (0.25, 0.984375),
        *([(2.0, 30.0)] if (name, sign) != ("log1p", -1) and name != "series" else []),
    ):
        points = [sign * (low + (high - low) * k / 16) for k in range(17)]
        for rel, off in ((2.0**-20, 0.0), (0.0, 2.0**-22), (2.0**-36, 2.0**-34)):
            for bound in (off, variable(1)):
                x = m.build(variable(0), None, rel, bound, (low, high, sign)).with_sign(sign)
                for z, (value, error) in zip(
                    points, run(call(m, name, x), points, [off] * len(points)), strict=True
                ):
                    for side in (-1, 1):
                        exact = right(name, Fraction(z) * (1 + side * Fraction(rel)) + side * Fraction(off))
                        assert abs(value - exact) <= error, (z, rel, off)


@pytest.mark.parametrize("has_fma", [False, True])
def test_roundings_of_mills_ratio(has_fma: bool) -> None:
    """In each interval the sizes of the rounded numbers prove that the error is below 2^-73."""
    known = mills_ratio.table()
    h = 2.0 ** (np.floor(np.log2(known.middles + 1)) - mills_ratio.BITS - 1)
    sizes = abs(known.coefficients)
    value, error = sizes[-1], np.spacing(sizes[-1]) / 2
    for k in range(mills_ratio.DEGREE - 1, 0, -1):
        # Rounded are the product, a coefficient and their sum; for the first two coefficients only the
        # correction is.
        error = error * h + (0 if has_fma else np.spacing(value * h) / 2)
        value = value * h + (sizes[k] if k > 1 else 0)
        error = error + np.spacing(value) / 2 + (np.spacing(sizes[k]) / 2 if k > 1 else 0)
    least = sizes[0] - sizes[1] * h
    assert max(error * h / least) < 2.0**-73 * (1 + 2.0**-8)


def known(name: str, x: float) -> tuple[Fraction, Fraction] | None:
    """The value and its uncertainty; None if it is undefined."""
    if (name in ("log", "sqrt", "mills") and x < 0) or (name == "log1p" and x <= -1):
        return None
    if name in ("exp", "expm1") and abs(x) > 5000:
        end = Fraction(2) ** 7200 if x > 0 else Fraction(-1 if name == "expm1" else 0)
        return end, Fraction(1, 2**7200)
    if name in ("erfc", "normal", "erf") and abs(x) > 100:
        low, high = {"erfc": (2, 0), "normal": (0, 1), "erf": (-1, 1)}[name]
        return Fraction(high if x > 0 else low), Fraction(1, 2**7200)
    exact = right(name, Fraction(x), 400 if name in ("sin", "cos") else 60)
    return exact, abs(exact) / 10**55


@pytest.mark.parametrize(("name", "arithmetic"), by_turns(FUNCTIONS, ARITHMETICS))
def test_bounds_hold_at_all_sizes(name: str, arithmetic: str) -> None:
    m = ARITHMETICS[arithmetic]
    chance = random.Random(name)
    settled = count = 0
    for (low, high), sign in product(pairwise(EDGES), (1, -1)):
        t = [low, high, *(low * (high / low) ** chance.random() for _ in range(4))]
        argument = m.variable(variable(), low, high)
        found = run(call(m, name, argument if sign > 0 else -argument), t)
        for x, (value, off) in zip(t, found, strict=True):
            exact = known(name, sign * x)
            count += exact is not None
            if value is not None and off is not None:
                assert exact is not None, x
                assert abs(value - exact[0]) <= off + exact[1], x
                settled += off <= abs(exact[0]) / 2**40 + Fraction(1, 2**1100)
    assert settled > 0.75 * count or (m.has_fma and name in ("sin", "cos"))


@every_arithmetic
@pytest.mark.parametrize("name", [*FUNCTIONS, "series"])
def test_unknown_values_stay_undecided(name: str, m: Any) -> None:
    argument = m.build(variable(0), None, 0.0, variable(1), (0.0, math.inf, 0))
    points = [math.nan, 0.5]
    if name in ("log", "log1p", "mills", "series"):
        points += [-2.0, -1e300]
    if name in ("exp", "expm1"):
        points += [1e3, 1e300]
    if name in ("exp", "expm1", "atan"):
        points += [math.inf, -math.inf]
    for x, (value, _) in zip(points, run(call(m, name, argument), points, [0.0] * len(points)), strict=True):
        assert (value is None) == (x != 0.5), x
    # An infinite error bound makes the result undecided: it may be undefined.
    assert [value for value, _ in run(call(m, name, argument), [0.5], [math.inf])] == [None]
    nothing = m.build(variable(0), None, math.inf, 0.0, (0.25, 0.75, 1))
    assert [value for value, _ in run(call(m, name, nothing), [0.5])] == [None]


@every_arithmetic
def test_arguments_are_exact(m: Any) -> None:
    for low, high in pairwise(EDGES):
        x = m.variable(variable(), low, high)
        t = [low, high, math.nextafter(low, 1), (low + high) / 2]
        assert [value for value, _ in run(x, t)] == list(map(Fraction, t))
        assert x.known_sign == 1


@every_arithmetic
def test_numbers_are_joined(m: Any) -> None:
    z = variable()
    x = m.build(z, None, 0.0, 2.0**-20, (0.0, 8.0, 0))
    y = m.variable(abs(z), 2.0**-30, 8.0)
    points = [-2.0, -(2.0**-21), 2.0**-20, 0.0, 2.0**-19, 3.0, math.nan]
    joined = m.fork(x, y / 3, m.exp(-1000 * y))
    value: Any
    for t, (value, off) in zip(points, run(joined, points), strict=True):
        if not abs(t) > 2.0**-20:
            assert value is None
        elif t < 0:
            assert value is not None
            assert abs(value + Fraction(t) / 3) <= off <= 2.0**-40
        else:
            assert value is not None
            assert abs(value - right("exp", -1000 * Fraction(t))) <= off
    assert m.fork(y, 1, 2).value.number == 2
    assert m.fork(-y, 1, 2).value.number == 1
    # It is positive wherever it is defined.
    partial = m.fork(m.exp(m.log(y - 3)), y, y)
    assert [value for value, _ in run(partial, [2.0])] == [None]
    assert [value for value, _ in run(partial, [7.0])] == [7]
    either = m.select(z < 0.0, 0, m.exp(-1000 - y))
    assert [value for value, _ in run(either, [-1.0])] == [0]
    assert [value > 0 for value, _ in run(either, [1.0])] == [True]
    assert either.known_sign == 0
    assert m.select(z < 0.0, 2 + y, m.exp(y)).known_sign == 1


@every_arithmetic
def test_signs(m: Any) -> None:
    y = m.variable(variable(), 0.5, 8.0)
    assert [m.sign(x) for x in (y, -y, y - 9, y + 1, m.exp(-y), Fraction(0))] == [1, -1, -1, 1, 1, 0]
    assert m.known_sign(y - 1) == 0
    with pytest.raises(Untraced):
        m.sign(y - 1)
    assert m.known_sign(m.build(variable(), None, 0.0, 0.25, (0.25, 0.5, 1))) == 0
    assert m.known_sign(m.build(variable(), None, 0.0, 0.25, (0.5, 1.0, -1))) == -1


@every_arithmetic
def test_unknown_bounds_are_not_ignored(m: Any) -> None:
    """An infinite or NaN bound stays so in products with 0 and in sums."""
    unknown = m.build(variable(), None, math.inf, 0.0, (1.0, 2.0, 1))
    z = m.variable(variable(), 1.0, 2.0)
    for made in (z + 3 * unknown, 3 * unknown + z, m.select(z.value < 1.5, z, unknown * z)):
        assert [bound for _, bound in run(made, [1.75])] == [None]
    endless = m.build(variable(), None, 0.0, math.inf, (1.0, 2.0, 1))
    assert [bound for _, bound in run(z + 0 * endless, [1.75])] == [None]
    assert [bound for _, bound in run(m.sin(endless), [1.75])] == [None]


@every_arithmetic
def test_0_times_an_undefined_value_is_not_0(m: Any) -> None:
    z = m.variable(variable(), 1.0, 2.0)
    assert [bound for _, bound in run(z + 0 * m.sqrt(-3 - z), [1.75])] == [None]


@every_arithmetic
def test_values_are_within_their_bounds_far_out(m: Any) -> None:
    """However much numbers are scaled, e to the power of their negative is 0."""
    x = m.exp(-m.build(variable(), None, 0.0, 0.0, (2.0**-200, 2.0**100, 1), 1000))
    assert x.max_abs == 0
    assert [value for value, _ in run(x, [2.0**-200, 1.0])] == [0, 0]


def test_an_error_may_lead_beyond_a_power_of_two() -> None:
    """Below a power of two the spacing is halved."""
    for off, is_sure in ((0.9 * 2.0**-53, False), (0.4 * 2.0**-53, True)):
        x = PAIRS.build(variable(0), variable(1), 0.0, off, (1.0, 1.0, 1))
        program = Program.of(*Nearest(FORMATS["float64"])(x))
        assert numpy_machine.run(program, np.array([1.0]), np.array([2.0**-60]))[1].tolist() == [is_sure]
