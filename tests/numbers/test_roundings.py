"""Roundings: any format, direction and rule for overflow, against definitions and ml_dtypes."""

import math
import random
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actcalc.errors import ActcalcError
from actcalc.numbers.bit_arrays import to_bits
from actcalc.numbers.float_arrays import round_array
from actcalc.numbers.floats import FORMATS, Format
from actcalc.numbers.integers import IntegerFormat
from actcalc.numbers.roundings import OVERFLOWS, Rounding, number_format
from tests.support import roundings as oracle
from tests.support.oracle import FMTS, same
from tests.support.roundings import DIRECTIONS

EIGHT_BITS = [fmt for fmt in FORMATS.values() if fmt.bits == 8]
INTEGERS = ("q3.12", "q0.15", "uq0.16", "q7.0", "uq0.1", "q15.16", "s8:0.05,-3", "u8:1/24,128", "s16:1e-3,7")
ROUNDINGS = [
    (name, direction, rule)
    for name in (*FORMATS, *INTEGERS)
    for direction in DIRECTIONS
    for rule in (None, *OVERFLOWS)
    if not (rule == "inf" and name in FMTS and not FMTS[name].has_infinity)
    if not (rule in ("nan", "inf") and name not in FMTS)
]
roundings = st.sampled_from(ROUNDINGS)


def made(name: str, direction: str = "nearest", rule: str | None = None) -> Rounding:
    return Rounding(number_format(name), direction, rule)


def marks(name: str, chance: random.Random) -> Fraction:
    """An interesting number for a format: a value, a tie, an end, or any other number."""
    kind = chance.randrange(6)
    if name in FMTS:
        fmt = FMTS[name]
        x = math.nan
        while not math.isfinite(x):
            x = fmt.from_bits(chance.getrandbits(fmt.bits))
        value, largest = Fraction(x), Fraction(fmt.largest)
        other = fmt.near(x)[-1]
        step = Fraction(other) - value if math.isfinite(other) else value - Fraction(fmt.near(x)[0])
        tiny = Fraction(fmt.smallest)
    else:
        held = oracle.codes(name)
        step = tiny = held.scale
        value = (chance.randint(held.lowest, held.highest) - held.zero) * step
        largest = (chance.choice((held.lowest, held.highest)) - held.zero) * step
    sign = chance.choice((-1, 1))
    if kind == 0:
        return value
    if kind == 1:
        return value + step / 2
    if kind == 2:
        return sign * largest * (1 + Fraction(chance.randint(-2, 40), 64))
    if kind == 3:
        return sign * tiny * Fraction(chance.randint(0, 9), 4)
    if kind == 4:
        return value + step * Fraction(chance.random())
    return Fraction(sign * chance.randint(0, 10**9), chance.randint(1, 10**9))


def test_exact_values() -> None:
    chance = random.Random("roundings")
    for _ in range(6000):
        case = chance.choice(ROUNDINGS)
        x, beyond = marks(case[0], chance), chance.choice((-1, 0, 0, 1))
        x += chance.choice((0, 0, 1, -1)) * Fraction(1, 10 ** chance.choice((20, 700)))
        got, right = made(*case).round_exact(x, beyond), oracle.target(*case).round(x, beyond)
        assert same(got, right), (case, x, beyond, got, right)


@given(st.integers(0, 10**9), roundings, st.integers(-3, 3), st.integers(-3, 3), st.integers(1, 60))
def test_all_between_two_bounds(seed: int, case: tuple[str, str, str | None], a: int, b: int, k: int) -> None:
    x = marks(case[0], random.Random(seed))
    middle, unit = Decimal(x.numerator) / Decimal(x.denominator), Decimal(10) ** -k
    low, high = middle + min(a, b) * unit, middle + max(a, b) * unit
    target = oracle.target(*case)
    if low == high:
        right: float | None = target.round(Fraction(low))
    else:
        at_low, at_high = target.round(Fraction(low), 1), target.round(Fraction(high), -1)
        differ = not same(at_low, at_high) or (math.isnan(at_low) and low < 0 < high)
        right = None if differ else at_low
    got = made(*case).round_between(low, high)
    assert (got is None) == (right is None), (low, high, got, right)
    assert got is None or right is None or same(got, right)


@pytest.mark.parametrize("case", [case for case in ROUNDINGS if case[1] in ("up", "nearest-away")])
def test_decimals_of_any_size(case: tuple[str, str, str | None]) -> None:
    """Huge and tiny decimals take no time and round like infinitely large and small numbers."""
    rounding, target = made(*case), oracle.target(*case)
    for sign in (1, -1):
        tiny, huge = Decimal(f"{sign}e-99999999"), Decimal(f"{sign}e99999999")
        assert same(rounding.round_exact(tiny), target.round(Fraction(0), sign))
        assert same(rounding.round_exact(huge, -sign), target.round(sign * Fraction(10) ** 400))
        ends = sorted((huge, Decimal("Infinity") * sign))
        beyond = rounding.round_between(*ends)
        assert beyond is not None
        assert same(beyond, target.round(sign * Fraction(10) ** 400))


def test_floats_and_limits() -> None:
    for case in ROUNDINGS:
        rounding, target = made(*case), oracle.target(*case)
        for x in (1.1, -1.1, 500.0, -1e300, 1e-300, 3e-5):
            assert same(rounding.round_float(x), target.round(Fraction(x)))
        for infinity in (math.inf, -math.inf):
            assert same(rounding.round_float(infinity), target.limit(infinity)), (case, infinity)
        assert same(rounding.round_float(-0.0), target.limit(Fraction(0), -1))
        if case[0] in FMTS:
            assert math.isnan(rounding.round_float(math.nan))


def test_rounding_at_the_ends() -> None:
    """Documented results at the ends of the 8-bit formats, by hand."""
    for name, x, rule, direction, right in (
        ("e4m3fn", 464, None, "nearest", 448.0),
        ("e4m3fn", 465, None, "nearest", math.nan),
        ("e4m3fn", 465, "saturate", "nearest", 448.0),
        ("e4m3fn", 464, None, "nearest-away", math.nan),
        ("e4m3fn", 10**9, None, "zero", 448.0),
        ("e4m3fn", -(10**9), None, "up", -448.0),
        ("e4m3fn", 449, None, "up", math.nan),
        ("e4m3fn", 449, None, "down", 448.0),
        ("e5m2", 61440, None, "nearest", math.inf),
        ("e5m2", 61439, None, "nearest", 57344.0),
        ("e5m2", 61440, "saturate", "nearest", 57344.0),
        ("e5m2", 61440, "nan", "nearest", math.nan),
        ("float8_e4m3fnuz", 248, None, "nearest", math.nan),
        ("float8_e4m3fnuz", 247, None, "nearest", 240.0),
        ("float8_e5m2fnuz", Fraction(-1, 10**9), None, "nearest", 0.0),
        ("float8_e4m3fnuz", Fraction(-1, 10**9), None, "down", -(2.0**-10)),
        ("q0.15", 1, None, "nearest", 32767.0),
        ("q3.12", Fraction(3, 8192), None, "nearest", 2.0),
        ("q3.12", Fraction(3, 8192), None, "zero", 1.0),
        ("q3.12", Fraction(-3, 8192), None, "zero", -1.0),
        ("q3.12", Fraction(-3, 8192), None, "down", -2.0),
        ("q3.12", Fraction(-1, 8192), None, "nearest-away", -1.0),
        ("u8:1/24,128", Fraction(1, 48), None, "nearest-away", 129.0),
        ("u8:1/24,128", Fraction(-1, 48), None, "nearest-away", 127.0),
        ("u8:1/24,128", Fraction(1, 48), None, "nearest", 128.0),
        ("u8:0.1,0", -1, None, "nearest", 0.0),
    ):
        assert same(made(name, direction, rule).round_exact(Fraction(x)), right), (name, x, rule, direction)


# Casts to the 8-bit formats


def patterns(values: np.ndarray, fmt: Format) -> np.ndarray:
    """The patterns of values, with a single one for NaN of either sign."""
    return np.where(np.isnan(values), 999, to_bits(np.where(np.isnan(values), 0, values), fmt))


def casts(x: np.ndarray, fmt: Format) -> tuple[np.ndarray, np.ndarray]:
    """The casts of float32 by ml_dtypes, as values and as patterns, with 999 for NaN."""
    kind = getattr(pytest.importorskip("ml_dtypes"), fmt.name)
    with np.errstate(all="ignore"):
        theirs = x.astype(kind)
        values = theirs.astype(np.float64)
    return values, np.where(np.isnan(values), 999, theirs.view(np.uint8))


def ties(fmt: Format) -> np.ndarray:
    """All values, all ties including that beyond the last, and numbers next to both."""
    sizes = [x for x in FMTS[fmt.name].values if math.isfinite(x) and x >= 0]  # type: ignore[attr-defined]
    last = 2 * sizes[-1] - sizes[-2]
    found = np.array(
        [*sizes, last, *((low + high) / 2 for low, high in pairwise([*sizes, last]))], np.float32
    )
    beside = [np.nextafter(found, np.float32(end)) for end in (-math.inf, math.inf)]
    return np.concatenate([found, *beside, -found, *(-x for x in beside)])


@pytest.mark.parametrize("fmt", EIGHT_BITS, ids=str)
def test_casts_are_those_of_ml_dtypes(fmt: Format) -> None:
    """All of bfloat16, a million of float32, and all ties."""
    chance = np.random.default_rng(8)
    anything = chance.integers(0, 1 << 32, 500_000, np.uint32).view(np.float32)
    middling = (np.exp2(chance.uniform(-20, 18, 500_000)) * chance.choice([-1, 1], 500_000)).astype(
        np.float32
    )
    bfloat16 = (np.arange(1 << 16, dtype=np.uint32) << 16).view(np.float32)
    x = np.concatenate([bfloat16, anything, middling, ties(fmt)])
    values, right = casts(x, fmt)
    with np.errstate(all="ignore"):
        z = x.astype(np.float64)
    got = round_array(z, fmt)
    assert np.array_equal(patterns(got, fmt), right)
    assert np.array_equal(np.signbit(got[got == 0]), np.signbit(values[got == 0]))


@pytest.mark.parametrize("fmt", EIGHT_BITS, ids=str)
def test_single_casts_are_those_of_ml_dtypes(fmt: Format) -> None:
    chance = random.Random(8)
    x = [*ties(fmt).tolist(), math.inf, -math.inf, math.nan, -0.0]
    x += [float(np.float32(chance.uniform(-1, 1) * 2.0 ** chance.randint(-20, 18))) for _ in range(2000)]
    values, right = casts(np.array(x, np.float32), fmt)
    rounding = Rounding(fmt)
    for z, value, pattern in zip(x, values.tolist(), right.tolist(), strict=True):
        assert same(fmt.round_float(z), value)
        assert same(rounding.round_float(z), value)
        if math.isfinite(z):
            assert same(rounding.round_exact(Fraction(z)), value if z else 0.0)
        assert math.isnan(value) or fmt.to_bits(value) == pattern


@pytest.mark.parametrize("fmt", EIGHT_BITS, ids=str)
def test_saturated_casts(fmt: Format) -> None:
    """Numbers beyond the largest become the largest; all others are cast as without saturation."""
    rounding, largest = Rounding(fmt, overflow="saturate"), FMTS[fmt.name].largest
    x = [x for x in ties(fmt).tolist() if x]
    values, _ = casts(np.array(x, np.float32), fmt)
    for z, value in zip(x, values.tolist(), strict=True):
        right = value if math.isfinite(value) else math.copysign(largest, z)
        assert same(rounding.round_exact(Fraction(z)), right)
    assert rounding.round_float(-math.inf) == -largest


# Formats and rules by their names


def test_integer_formats() -> None:
    for name in INTEGERS:
        fmt, held = number_format(name), oracle.codes(name)
        assert isinstance(fmt, IntegerFormat)
        assert (fmt.lowest, fmt.highest, fmt.scale, fmt.zero) == (
            *(held.lowest, held.highest, held.scale, held.zero),
        )
        assert fmt.highest - fmt.lowest == 2**fmt.bits - 1
        for code in (fmt.lowest, -1 if fmt.is_signed else 1, 0, fmt.highest):
            assert fmt.value_of(code) == (code - held.zero) * held.scale
            assert fmt.round_exact(fmt.value_of(code)) == code == fmt.from_bits(fmt.to_bits(code))
            assert fmt.text(float(code)) == str(code)
            assert fmt.ordinal(code) == code
        assert fmt.to_bits(fmt.lowest) == (1 << (fmt.bits - 1) if fmt.is_signed else 0)
    assert [number_format(name).bits for name in ("q3.12", "q0.15", "uq0.16")] == [16, 16, 16]
    assert number_format("q3.12").bits_text(-1.0) == "0xffff"
    assert number_format("q1.5").bits_text(-1.0) == "0x7f"
    assert str(number_format("UQ00.16")) == "uq0.16"


def test_names_of_eight_bits() -> None:
    for fmt in EIGHT_BITS:
        assert number_format(fmt.name) is number_format(fmt.name.removeprefix("float8_")) is fmt


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("q40.2", "'q40.2' has 43 bits: from 1 to 32 are possible"),
        ("uq0.0", "'uq0.0' has 0 bits"),
        ("s8:0,0", "the scale in 's8:0,0' is not greater than 0"),
        ("s8:-1/2,0", "is not greater than 0"),
        ("s8:half,0", "the scale in 's8:half,0': 'half' is not a number"),
        ("s8:1/0,0", "divides by zero"),
        ("s8:0.1", "'s8:0.1' lacks the code of 0: s8:SCALE,ZERO\nhint: if 0 has the code 0, write s8:0.1,0"),
        ("u8:0.1,-1", "the code of 0 in 'u8:0.1,-1' is out of range: u8 goes from 0 to 255"),
        ("u8:0.1,1.5", "'1.5' in 'u8:0.1,1.5' is not a whole number, the code of 0"),
        ("s32:0.1,0", "'s32:0.1,0' has 32 bits: affine integers are s8, u8, s16 or u16"),
        ("int8", "unknown format 'int8': choose one of float64, "),
        ("q3", "float8_e5m2fnuz, qI.F, uqI.F or s8:SCALE,ZERO (or u8, s16, u16)"),
        ("e4m3", "hint: did you mean e4m3fn?"),
    ],
)
def test_names_that_stand_for_no_format(name: str, problem: str) -> None:
    with pytest.raises(ActcalcError) as caught:
        number_format(name, "out_dtype")
    assert problem in str(caught.value)
    assert str(caught.value).startswith("out_dtype: ")


@pytest.mark.parametrize(
    ("name", "direction", "rule", "problem"),
    [
        (
            "float32",
            "towards",
            None,
            "rounding must be nearest, nearest-away, zero, up or down, not 'towards'",
        ),
        ("float32", "up", "saturated", "overflow must be nan, inf or saturate, not 'saturated'"),
        ("e4m3fn", "up", "inf", "overflow: float8_e4m3fn has no infinities\nhint: choose nan or saturate"),
        ("q0.15", "up", "nan", "overflow: q0.15 has neither NaN nor infinities: integers saturate"),
    ],
)
def test_unknown_rules(name: str, direction: str, rule: str | None, problem: str) -> None:
    with pytest.raises(ActcalcError) as caught:
        made(name, direction, rule)
    assert problem in str(caught.value)


def test_the_rounding_of_a_format_itself() -> None:
    assert Rounding(FORMATS["float32"], "nearest", "inf").is_plain
    assert Rounding(FORMATS["float8_e4m3fn"], overflow="nan").is_plain
    assert not Rounding(FORMATS["float8_e5m2"], overflow="nan").is_plain
    assert Rounding(number_format("q0.15"), overflow="saturate").is_plain
    assert {made("e5m2", "up"), made("float8_e5m2", "up")} == {made("e5m2", "up")}


def test_texts_are_those_of_the_format() -> None:
    rounding = made("bfloat16", "zero")
    assert (rounding.text(0.333984375), rounding.bits_text(1.0), rounding.to_bits(1.0)) == (
        "0.334",
        "0x3f80",
        0x3F80,
    )


def numbers_of(fmt: Format) -> Iterator[float]:
    yield from (x for x in (fmt.from_bits(p) for p in range(1 << fmt.bits)) if math.isfinite(x))


@pytest.mark.parametrize("fmt", EIGHT_BITS, ids=str)
def test_values_of_the_format_stay_unchanged(fmt: Format) -> None:
    for direction in DIRECTIONS:
        rounding = Rounding(fmt, direction, "saturate")
        for x in numbers_of(fmt):
            assert rounding.round_exact(Fraction(x)) == x
