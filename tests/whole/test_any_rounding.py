"""Arrays in any format, rounded in any direction, against the oracle and against single values."""

import copy
import datetime
import itertools
import math
import os
import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest

from actcalc.activations import arrays
from actcalc.activations.activation import Activation
from actcalc.activations.arrays import bounded_array, derivative_array
from actcalc.activations.declaration import Quantity
from actcalc.arithmetic.exact import enclose
from actcalc.catalogue.resolution import resolve
from actcalc.numbers.floats import FORMATS, Format
from actcalc.numbers.integers import IntegerFormat
from actcalc.numbers.roundings import Rounding, number_format
from tests.support import oracle, roundings
from tests.support.drawn import any_setting, drawn_points, features
from tests.support.matrix import NEAR as NEXT_TO_NOTHING
from tests.support.matrix import SETTINGS, one_sided_slopes, text_value
from tests.support.oracle import FMTS
from tests.support.roundings import DIRECTIONS, Codes, Target

TODAY = int(os.environ.get("ACTCALC_DRAWN_SEED") or datetime.date.today().strftime("%Y%m%d"))
INTEGERS = (
    *("q3.12", "q0.15", "uq0.16", "q0.7", "q7.8", "q15.16", "uq4.4", "q2.9", "q0.31"),
    *("s8:0.05,3", "u8:1/255,0", "s8:0.0123,-100", "u8:0.03125,128", "s8:1/127,0", "s8:3,0"),
    *("u16:0.001,30000", "s16:1e-4,0"),
)
NAMES = (*FORMATS, *INTEGERS)


@pytest.fixture(autouse=True)
def programs_for_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use programs even for few codes that are not float64."""
    monkeypatch.setattr(arrays, "_FEW_MULTIPLES", 0)


class Case(NamedTuple):
    """A test case: the format of z by name, and the format of the result with direction and rule."""

    z: str
    out: str
    direction: str
    rule: str | None

    @property
    def rounding(self) -> Rounding:
        return Rounding(number_format(self.out), self.direction, self.rule)

    @property
    def target(self) -> Target:
        return roundings.target(self.out, self.direction, self.rule)


def drawn_case(chance: random.Random) -> Case:
    z, out, rule = chance.choice(NAMES), chance.choice(NAMES), None
    if out in FORMATS:
        rule = chance.choice((None, "nan", "saturate", *(["inf"] if FORMATS[out].has_infinities else [])))
    return Case(z, out, chance.choice(DIRECTIONS), rule)


def drawn_z(f: Activation, name: str, count: int, chance: random.Random) -> list[float]:
    """Finite values of a format, or codes: around the features of the activation, and anywhere."""
    if name in FMTS:
        return [z for z in drawn_points(features(f), FMTS[name], count, chance) if math.isfinite(z)]
    held = roundings.codes(name)
    places = [place / held.scale for place in features(f).places]
    found = [chance.randint(held.lowest, held.highest) for _ in range(count // 2)]
    for _ in range(count - count // 2):
        near = chance.choice(places) if chance.random() < 0.5 else Fraction(chance.gauss(0, 4)) / held.scale
        found.append(round(near) + held.zero + chance.choice((0, 0, 1, -1)))
    return sorted({float(min(max(code, held.lowest), held.highest)) for code in found})


def right_value(f: Activation, of: str, z: float, case: Case) -> float:
    """The right value by textbook formula and definition of rounding. Raises AssertionError if undecided."""
    target, held = case.target, FMTS.get(case.z) or roundings.codes(case.z)
    exact = (Fraction(z) - held.zero) * held.scale if isinstance(held, Codes) else Fraction(z)
    if of == "dg" and any(kink.z == exact for kink in f.kinks):
        left, right = one_sided_slopes(f, exact, FMTS["float64"])
        assert left * right <= 0 or case.direction.startswith("nearest"), "next to a kink is not at it"
        beside = exact + (-NEXT_TO_NOTHING if abs(left) < abs(right) else NEXT_TO_NOTHING)
        value = target.round(Fraction(0)) if left * right <= 0 else text_value(f, "dg", beside, target)
        # The result for a tie differs from that for numbers next to it.
        assert left * right <= 0 or value == target.round(Fraction(min(left, right, key=abs))), "a tie"
    elif of == "dg" and exact == 0 and f.name in ("softshrink", "hardshrink"):
        value = target.round(Fraction(text_value(f, of, exact, FMTS["float64"])))
    else:
        value = text_value(f, of, exact, target)
    if value == 0 and z == 0 and math.copysign(1, z) < 0 and target.has_minus_zero:
        return math.copysign(0.0, text_value(f, of, -NEXT_TO_NOTHING, FMTS["float64"]))
    return value


def wrong(f: Activation, of: Quantity, z: list[float], case: Case) -> Iterator[tuple[float, float, float]]:
    """The z at which the array is wrong, with its value and the right value.

    Numbers so close to one of few bits that the oracle cannot tell them apart are left out.
    """
    got = derivative_array(f, np.array(z), of, number_format(case.z), out=case.rounding)
    for x, value in zip(z, got.tolist(), strict=True):
        try:
            right = right_value(f, of, x, case)
        except AssertionError:
            UNDECIDED.append(x)
            continue
        if not oracle.same(value, right):
            yield x, value, right


UNDECIDED: list[float] = []


def all_wrong(values: int, chance: random.Random, each: int) -> list[str]:
    """Descriptions of wrong values among random activations, roundings and z."""
    found, tried = [], 0
    UNDECIDED.clear()
    while tried < values:
        f, case = (
            any_setting(chance) if chance.random() < 0.3 else chance.choice(SETTINGS),
            drawn_case(chance),
        )
        of: Quantity = chance.choice(("g", "dg"))
        z = drawn_z(f, case.z, each, chance)
        tried += len(z)
        found += [f"{f.describe()} {of} {case}: {one}" for one in wrong(f, of, z, case)]
    assert len(UNDECIDED) < values / 100
    return found


@pytest.mark.parametrize("seed", range(4))
def test_arrays_are_right(seed: int) -> None:
    assert all_wrong(1000, random.Random(f"any rounding {seed}"), 12) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("part", range(40))
def test_a_million_values_of_arrays_are_right(part: int) -> None:
    assert all_wrong(25_000, random.Random(f"{TODAY} {part}"), 60) == []


# Against single values: all orders of derivatives, values that are NaN or infinite, and at kinks


def far_and_wide(name: str, chance: random.Random) -> list[float]:
    if name in FORMATS:
        fmt = FMTS[name]
        z = [fmt.from_bits(chance.getrandbits(fmt.bits)) for _ in range(8)]
        return [
            *z,
            0.0,
            -0.0 if fmt.has_minus_zero else 0.0,
            fmt.largest,
            -fmt.largest,
            fmt.smallest,
            -fmt.smallest,
        ]
    held = roundings.codes(name)
    return [held.lowest, held.highest, *(chance.randint(held.lowest, held.highest) for _ in range(8))]


def assert_as_single_values(f: Activation, of: Quantity, z: list[float], case: Case) -> None:
    got = derivative_array(f, np.array(z), of, number_format(case.z), out=case.rounding)
    for x, value in zip(z, got.tolist(), strict=True):
        single = f.derivative_float(x, of, number_format(case.z), "least", case.rounding)
        assert oracle.same(value, single), (f.describe(), of, case, x)


@pytest.mark.parametrize("f", [pytest.param(f, id=f.describe()) for f in SETTINGS])
def test_arrays_are_as_single_values(f: Activation) -> None:
    chance = random.Random(f.describe())
    case = drawn_case(chance)
    z = [*far_and_wide(case.z, chance), *drawn_z(f, case.z, 12, chance)]
    if case.out in INTEGERS:
        z = [x for x in z if math.isfinite(x)]
    elif case.z in FORMATS:
        z += [math.inf, -math.inf, math.nan] if FMTS[case.z].has_infinity else [math.nan]
    assert_as_single_values(f, chance.choice(("g", "dg", "dg", "d2g", "d3g")), z, case)


@pytest.mark.exhaustive
@pytest.mark.parametrize("of", ["g", "dg", "d2g", "d3g"])
@pytest.mark.parametrize("f", [pytest.param(f, id=f.describe()) for f in SETTINGS])
def test_arrays_are_as_single_values_anew(f: Activation, of: Quantity) -> None:
    chance = random.Random(f"{TODAY} {f.describe()} {of}")
    for _ in range(12):
        case = drawn_case(chance)
        z = [*far_and_wide(case.z, chance), *drawn_z(f, case.z, 60, chance)]
        assert_as_single_values(f, of, [x for x in z if math.isfinite(x)], case)


# Enclosures used by check


def assert_bounds_hold(f: Activation, of: Quantity, z: list[float], case: Case) -> None:
    """Assert that values, or codes, lie within the bounds, and that certain ones are right."""
    fmt, out = number_format(case.z), number_format(case.out)
    for x, rounded, value, tail, error, certain in zip(
        z, *bounded_array(f, of, np.array(z), fmt, out=case.rounding), strict=True
    ):
        exact = fmt.value_of(x)
        if exact == 0 or f.kink_at(exact, of):
            continue
        if certain:
            single = f.derivative_float(x, of, fmt, "least", case.rounding)
            assert oracle.same(rounded, single), (f.describe(), of, case, x)
        piece = f.piece_at(exact)
        bounds = enclose(piece.formula(of, -1 if piece.upto == exact else 1), exact, 80)
        if math.isinf(error) or bounds is None:
            continue
        if any(end and abs(end.adjusted()) > 400 for end in (bounds.low, bounds.high)):  # too many digits
            continue
        low, high = Fraction(bounds.low), Fraction(bounds.high)
        if isinstance(out, IntegerFormat):
            low, high = (end / out.scale + out.zero for end in (low, high))
        found, most = Fraction(value) + Fraction(tail), Fraction(error)
        assert low - most <= found <= high + most, (f.describe(), of, case, x)


@pytest.mark.parametrize("f", [pytest.param(f, id=f.describe()) for f in SETTINGS[::4]])
def test_bounds_hold(f: Activation) -> None:
    chance = random.Random(f"bounds {f.describe()}")
    case = drawn_case(chance)
    assert_bounds_hold(f, chance.choice(("g", "dg")), drawn_z(f, case.z, 16, chance), case)


@pytest.mark.exhaustive
@pytest.mark.parametrize("f", [pytest.param(f, id=f.describe()) for f in SETTINGS])
def test_bounds_hold_anew(f: Activation) -> None:
    chance = random.Random(f"{TODAY} bounds {f.describe()}")
    for _ in range(20):
        case = drawn_case(chance)
        assert_bounds_hold(f, chance.choice(("g", "dg")), drawn_z(f, case.z, 40, chance), case)


# Exact values, ties, ends of formats

HALVES = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]


@pytest.mark.parametrize(
    ("direction", "right"),
    [
        ("nearest", [-2, -2, 0, 0, 2, 2]),
        ("nearest-away", [-3, -2, -1, 1, 2, 3]),
        ("zero", [-2, -1, 0, 0, 1, 2]),
        ("down", [-3, -2, -1, 0, 1, 2]),
        ("up", [-2, -1, 0, 1, 2, 3]),
    ],
)
@pytest.mark.parametrize("name", ["hardshrink:lambd=0.1", "leaky_relu:slope=1", "z*sqrt(z**2)/abs(z)"])
def test_halves(name: str, direction: str, right: list[float]) -> None:
    """Test halves of integers, and scaled by powers of two numbers half way between floats."""
    f = resolve(name)
    for fmt in (FORMATS["float64"], FORMATS["float32"], number_format("q7.8")):
        z = np.array(HALVES) if fmt in FORMATS.values() else np.array(HALVES) * 256
        got = derivative_array(f, z, "g", fmt, out=Rounding(number_format("q7.0"), direction))
        assert got.tolist() == right
        assert not np.signbit(got[got == 0]).any()
    # 256 + x is half way between two bfloat16 if x is odd.
    ties = np.array([2 * x + math.copysign(256, x) for x in HALVES])
    got = derivative_array(f, ties, "g", FORMATS["float32"], out=Rounding(FORMATS["bfloat16"], direction))
    assert got.tolist() == [2 * n + math.copysign(256, x) for x, n in zip(HALVES, right, strict=True)]


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_halves_of_float64(direction: str) -> None:
    """3/2 times an odd number of 53 bits is half way between two float64."""
    f, target = resolve("leaky_relu:slope=1.5"), roundings.target("float64", direction)
    odd = 2**52 + 2 * np.random.default_rng(4).integers(0, 2**50, 64) + 1
    z = -np.ldexp(odd.astype(np.float64), np.arange(-64, 64, 2))
    got = derivative_array(f, z, "g", FORMATS["float64"], out=Rounding(FORMATS["float64"], direction))
    assert got.tolist() == [target.round(Fraction(x) * 3 / 2) for x in z.tolist()]


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=str)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_zero_is_positive(direction: str, fmt: Format) -> None:
    """-1*0 is 0: it has no sign that a rounding could keep."""
    for text in ("-1*(z + 4)", "-(abs(z) - 4)/7", "4*z/3 + 16/3"):
        found = derivative_array(resolve(text), np.array([-4.0] * 9), "g", fmt, out=Rounding(fmt, direction))
        assert (found == 0).all()
        assert not np.signbit(found).any()


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_zero_of_unknown_sign_is_undecided(direction: str) -> None:
    """The value is 0, but pairs only show that it is close to 0 on either side."""
    f, rounding = resolve("sigmoid(z) + sigmoid(-z) - 1"), Rounding(FORMATS["float16"], direction)
    got = derivative_array(f, np.arange(-30, 31) / 8 + 1 / 64, "g", FORMATS["float64"], out=rounding)
    assert not got.any()
    assert not np.signbit(got).any()


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize(
    ("name", "offset", "side"),
    [("gelu", 0, -1), ("silu", 0, -1), ("mish", 0, -1), ("softplus", 0, 1), ("tanhshrink", 1, 1)],
)
def test_next_to_a_line(name: str, offset: int, side: int, direction: str) -> None:
    """From z = 100 on values are above or below z - offset by less than 1e-40."""
    f, rng = resolve(name), np.random.default_rng(8)
    kinds: list[tuple[Format, Any]] = [(FORMATS["float64"], np.float64), (FORMATS["float32"], np.float32)]
    for fmt, dtype in kinds:
        z = (rng.integers(100 * 2**10, 3000 * 2**10, 200) / 2**10).astype(dtype)
        z = np.concatenate([z, rng.uniform(100, 2**20, 200).astype(dtype)]) if offset == 0 else z
        line = z - dtype(offset)
        right = line
        if direction == ("up" if side > 0 else "down") or (direction == "zero" and side < 0):
            right = np.nextafter(line, dtype(side * np.inf))
        got = derivative_array(f, z, "g", fmt, out=Rounding(fmt, direction))
        np.testing.assert_array_equal(got, right.astype(np.float64))
        assert f.derivative_float(float(z[0]), "g", fmt, out=Rounding(fmt, direction)) == right[0]


def open_after_programs(f: Activation, z: Any, case: Case, monkeypatch: pytest.MonkeyPatch) -> int:
    """The number of points that are evaluated one by one."""
    count = 0

    def counting(points: Any, one: Any) -> Any:
        nonlocal count
        count += len(points)
        return by_themselves(points, one)

    by_themselves = arrays._one_by_one
    monkeypatch.setattr(arrays, "_one_by_one", counting)
    f_one = f.derivative_float

    def single(*args: Any) -> float:
        nonlocal count
        count += 1
        return f_one(*args)

    monkeypatch.setattr(f, "derivative_float", single)
    derivative_array(f, z, "g", number_format(case.z), out=case.rounding)
    return count


def few_cases() -> Iterator[Any]:
    outs = ("float32", "bfloat16", "float8_e4m3fn", "q3.12", "s8:0.05,3")
    names = ("relu", "hard_swish", "gelu", "silu", "mish", "tanh", "softplus", "tanhshrink")
    for i, case in enumerate(itertools.product(names, DIRECTIONS, outs)):
        yield pytest.param(*case, marks=() if i % 6 == 0 else pytest.mark.exhaustive)


@pytest.mark.parametrize(("name", "direction", "out"), [*few_cases()])
def test_few_are_worked_out_one_by_one(
    name: str, direction: str, out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Test values of few bits, values next to these, and values next to z far out."""
    rng = np.random.default_rng(3)
    z = np.concatenate(
        [rng.normal(0, 4, 20_000), rng.integers(-900, 900, 3000) / 8, rng.uniform(20, 3000, 500)]
    )
    f = copy.copy(resolve(name))
    case = Case("float32", out, direction, None)
    assert open_after_programs(f, z.astype(np.float32), case, monkeypatch) < 60
