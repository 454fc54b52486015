"""The float formats: rounding, neighbours, bits and texts."""

import math
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from actcalc.errors import ActcalcError
from actcalc.numbers.bit_arrays import from_bits, from_ordinals, to_bits
from actcalc.numbers.floats import (
    BFLOAT16,
    FLOAT16,
    FLOAT32,
    FLOAT64,
    FORMATS,
    Format,
    float_format,
    hex_text,
)
from tests.support import oracle
from tests.support.matrix import random_points
from tests.support.oracle import FMTS, Fmt, nearest_fraction, same

EVERY_FORMAT = pytest.mark.parametrize("fmt", FORMATS.values(), ids=str)
SIXTEEN_BITS = pytest.mark.parametrize("fmt", [FLOAT16, BFLOAT16], ids=str)


def own(fmt: Format) -> Fmt:
    """The oracle's format of this name."""
    return FMTS[fmt.name]


def after(x: float, fmt: Format) -> Fraction:
    """The next value, with larger exponents beyond the end of the format."""
    if x == own(fmt).largest:
        return 2 * Fraction(x) - Fraction(own(fmt).near(x)[0])
    return Fraction(own(fmt).near(x)[-1])


formats = st.sampled_from(list(FORMATS.values()))


@st.composite
def format_and_value(draw: st.DrawFn) -> tuple[Format, float]:
    """A format and any finite value of it."""
    fmt = draw(formats)
    x = own(fmt).from_bits(draw(st.integers(0, 2**fmt.bits - 1)))
    assume(math.isfinite(x))
    return fmt, x


@st.composite
def hard_to_round(draw: st.DrawFn) -> tuple[Format, Fraction]:
    """A format and a number at or near half way between two of its values, or any fraction."""
    fmt, x = draw(format_and_value())
    if draw(st.booleans()):
        return fmt, draw(st.fractions())
    half_way = (Fraction(x) + after(x, fmt)) / 2
    offset = draw(st.sampled_from([0, 1, -1])) * Fraction(10) ** -draw(st.integers(1, 400))
    return fmt, half_way + offset


@given(hard_to_round(), st.sampled_from([-1, 0, 1]))
def test_round_exact(case: tuple[Format, Fraction], beyond: int) -> None:
    fmt, x = case
    right = nearest_fraction(x, own(fmt), beyond)
    assert same(fmt.round_exact(x, beyond), right)


@given(hard_to_round(), st.sampled_from([-1, 0, 1]))
def test_round_exact_of_decimals(case: tuple[Format, Fraction], beyond: int) -> None:
    fmt, x = case
    decimal = Decimal(x.numerator) / Decimal(x.denominator)  # to 28 digits
    right = nearest_fraction(Fraction(decimal), own(fmt), beyond)
    if decimal.is_zero() and beyond == 0:
        right = 0.0
    assert same(fmt.round_exact(decimal, beyond), right)


@given(hard_to_round())
def test_round_exact_of_exact_decimals(case: tuple[Format, Fraction]) -> None:
    fmt, x = case
    assume(x.denominator & (x.denominator - 1) == 0)
    scale = x.denominator.bit_length() - 1
    decimal = Decimal(f"{x.numerator * 5**scale}e-{scale}")
    assert same(fmt.round_exact(decimal), nearest_fraction(x, own(fmt)))


@EVERY_FORMAT
def test_round_exact_at_half_way_points(fmt: Format) -> None:
    for x in (0.0, fmt.smallest_subnormal, fmt.smallest_normal, 1.0, 1.5, fmt.largest, -1.0):
        half_way = (Fraction(x) + after(x, fmt)) / 2
        for offset in (0, Fraction(1, 10**700), Fraction(-1, 10**700)):
            right = nearest_fraction(half_way + offset, own(fmt))
            assert same(fmt.round_exact(half_way + offset), right)
        for beyond in (-1, 0, 1):
            assert same(fmt.round_exact(half_way, beyond), nearest_fraction(half_way, own(fmt), beyond))


@EVERY_FORMAT
def test_half_way_to_infinity_in_float64(fmt: Format) -> None:
    half_way = Fraction(2) ** 1024 - Fraction(2) ** 970
    right = FLOAT64.largest if fmt is FLOAT64 else own(fmt).overflow
    assert same(fmt.round_exact(half_way, -1), right)
    assert same(fmt.round_exact(half_way), own(fmt).overflow)
    assert same(fmt.round_exact(half_way, 1), own(fmt).overflow)


@pytest.mark.parametrize(
    ("fmt", "x", "right"),
    [
        # By way of float64 these would round twice: first to a tie, then to even.
        (FLOAT16, 1 + Fraction(1, 2**11) + Fraction(1, 2**60), 1.0009765625),
        (FLOAT16, Fraction(1, 2**25) + Fraction(1, 2**85), 2.0**-24),
        (FLOAT16, 1 + Fraction(3, 2**11) - Fraction(1, 2**60), 1.0009765625),
        (FLOAT32, 1 + Fraction(1, 2**24) + Fraction(1, 2**80), 1 + 2.0**-23),
        (BFLOAT16, 1 + Fraction(1, 2**8) + Fraction(1, 2**100), 1.0078125),
        # Overflow begins half a step above the largest value.
        (FLOAT16, Fraction(65520), math.inf),
        (FLOAT16, Fraction(65520) - Fraction(1, 10**30), 65504.0),
        (FLOAT16, -Fraction(65520), -math.inf),
        (FLOAT32, Fraction(2) ** 128 - Fraction(2) ** 103, math.inf),
        (FLOAT64, Fraction(2) ** 1024 - Fraction(2) ** 970, math.inf),
        (FLOAT64, Fraction(10) ** 5000, math.inf),
        (BFLOAT16, -(Fraction(10) ** 5000), -math.inf),
        # Underflow ends half a step above zero, and keeps the sign.
        (FLOAT16, Fraction(1, 2**25), 0.0),
        (FLOAT16, -Fraction(1, 2**25), -0.0),
        (FLOAT64, Fraction(-1, 10**5000), -0.0),
        (FLOAT64, Fraction(3, 2**1075), 2.0**-1073),
        (FLOAT64, Fraction(0), 0.0),
    ],
)
def test_rounding_cases(fmt: Format, x: Fraction, right: float) -> None:
    assert same(fmt.round_exact(x), right)


@given(st.floats(allow_nan=False), formats)
@example(FLOAT64.largest, FLOAT32)
@example(-FLOAT64.largest, FLOAT16)
@example(FLOAT64.largest, BFLOAT16)
def test_round_float(x: float, fmt: Format) -> None:
    right = nearest_fraction(Fraction(x), own(fmt)) if math.isfinite(x) else own(fmt).overflow
    assert same(fmt.round_float(x), math.copysign(right, x) if right or own(fmt).has_minus_zero else 0.0)
    assert math.isnan(fmt.round_float(math.nan))


@given(st.floats(width=32, allow_nan=False))
def test_round_float_to_float16_is_numpys(x: float) -> None:
    with np.errstate(over="ignore"):
        assert same(FLOAT16.round_float(x), float(np.float16(x)))


@given(hard_to_round(), st.integers(-3, 3), st.integers(-3, 3), st.integers(1, 60))
def test_round_between(case: tuple[Format, Fraction], a: int, b: int, places: int) -> None:
    fmt, x = case
    unit = Decimal(10) ** -places
    middle = Decimal(x.numerator) / Decimal(x.denominator)
    low, high = middle + min(a, b) * unit, middle + max(a, b) * unit
    # Everything strictly between rounds to what the two ends, approached from inside, round to.
    at_low, at_high = (
        nearest_fraction(Fraction(end), own(fmt), beyond)
        for end, beyond in ((low, int(low < high)), (high, -int(low < high)))
    )
    right = at_low if same(at_low, at_high) else None
    returned = fmt.round_between(low, high)
    assert (returned is None) == (right is None)
    assert returned is None or right is None or same(returned, right)


@pytest.mark.parametrize(
    ("fmt", "low", "high", "right"),
    [
        (FLOAT64, "0", "1e-400", 0.0),
        (FLOAT64, "-1e-400", "0", -0.0),
        (FLOAT64, "-1e-400", "1e-400", None),
        (BFLOAT16, "257", "257.1", 258.0),
        (BFLOAT16, "256.9", "257", 256.0),
        (BFLOAT16, "257", "257", 256.0),
        (BFLOAT16, "256.9", "257.1", None),
        (FLOAT16, "65520", "1e43000000000000000", math.inf),
        (FLOAT16, "65519", "65520", 65504.0),
        (FLOAT64, "1e43000000000000000", "Infinity", math.inf),
        (FLOAT64, "0", "1e-43000000000000000", 0.0),
        (FLOAT64, "1", "1.00000000000000011", 1.0),
        (FLOAT64, "1", "1.00000000000000012", None),
    ],
)
def test_round_between_cases(fmt: Format, low: str, high: str, right: float | None) -> None:
    returned = fmt.round_between(Decimal(low), Decimal(high))
    assert returned == right
    assert returned is None or right is None or same(returned, right)


# Ordinals and bits


def next_up(x: float, fmt: Format) -> float:
    """The value with the next ordinal, where both zeros count as one number."""
    place = fmt.ordinal(x + 0.0) + 1
    return float(from_ordinals(np.array([place]), fmt)[0])


@given(format_and_value())
def test_neighbours(case: tuple[Format, float]) -> None:
    fmt, x = case
    assume(abs(x) < fmt.largest or own(fmt).has_infinity)
    below, _, above = own(fmt).near(x)
    if x == 0:
        below, above = -own(fmt).smallest, own(fmt).smallest
    assert same(next_up(x, fmt) + 0.0, above)
    turned = -next_up(-x, fmt)
    assert same(turned if own(fmt).has_minus_zero else turned + 0.0, below)


@EVERY_FORMAT
def test_neighbours_of_powers_of_two(fmt: Format) -> None:
    """Below a power of two the spacing is half of that above, except among subnormals."""
    first, last = fmt.quantum_exponent + 1, fmt.emax
    for k in (*range(first, first + fmt.precision + 2), -1, 0, 1, last):
        for x in (math.ldexp(1.0, k), -math.ldexp(1.0, k)):
            below, _, above = own(fmt).near(x)
            assert (-next_up(-x, fmt), next_up(x, fmt)) == (below, above)


def test_a_row_is_all_that_a_format_takes() -> None:
    """An IEEE format of eight bits that is not on offer, and what ml_dtypes says of it."""
    kind = pytest.importorskip("ml_dtypes").float8_e3m4
    fmt = Format("float8_e3m4", 3, 4, 3, True, 0x71, "float16")
    patterns = np.arange(256, dtype=np.uint8)
    values = patterns.view(kind).astype(np.float64)
    np.testing.assert_array_equal(from_bits(patterns, fmt), values)
    numbers = ~np.isnan(values)
    assert to_bits(values[numbers], fmt).tolist() == patterns[numbers].tolist()
    nan = np.array([math.nan])
    assert to_bits(nan, fmt) == fmt.to_bits(math.nan) == nan.astype(kind).view(np.uint8)


@EVERY_FORMAT
def test_neighbours_of_the_ends(fmt: Format) -> None:
    if own(fmt).has_infinity:
        assert next_up(fmt.largest, fmt) == math.inf
        assert -next_up(-math.inf, fmt) == fmt.largest
        assert next_up(-math.inf, fmt) == -fmt.largest
        assert -next_up(fmt.largest, fmt) == -math.inf
    assert same(next_up(-fmt.smallest_subnormal, fmt), -0.0 if own(fmt).has_minus_zero else 0.0)
    assert next_up(0.0, fmt) == next_up(-0.0, fmt) == fmt.smallest_subnormal


@EVERY_FORMAT
def test_sizes(fmt: Format) -> None:
    assert fmt.largest == own(fmt).largest
    assert fmt.smallest_normal == own(fmt).smallest_normal
    assert fmt.smallest_subnormal == own(fmt).smallest


@given(formats, st.data())
def test_bits(fmt: Format, data: st.DataObject) -> None:
    pattern = data.draw(st.integers(0, 2**fmt.bits - 1))
    x = fmt.from_bits(pattern)
    right = own(fmt).from_bits(pattern)
    assert same(x, right)
    if not math.isnan(x):
        assert fmt.to_bits(x) == pattern
        assert int(fmt.bits_text(x), 16) == pattern
        assert len(fmt.bits_text(x)) == 2 + fmt.bits // 4
        assert float.fromhex(hex_text(x)) == x


@pytest.mark.parametrize(
    ("fmt", "x", "bits"),
    [
        (BFLOAT16, 1.0, "0x3f80"),
        (BFLOAT16, -0.0, "0x8000"),
        (BFLOAT16, math.nan, "0x7fc0"),
        (BFLOAT16, -math.nan, "0x7fc0"),
        (FLOAT16, 65504.0, "0x7bff"),
        (FLOAT16, math.nan, "0x7e00"),
        (FLOAT32, -math.inf, "0xff800000"),
        (FLOAT32, math.nan, "0x7fc00000"),
        (FLOAT64, 1.0, "0x3ff0000000000000"),
        (FLOAT64, -5e-324, "0x8000000000000001"),
        (FLOAT64, math.nan, "0x7ff8000000000000"),
    ],
)
def test_bits_text(fmt: Format, x: float, bits: str) -> None:
    assert fmt.bits_text(x) == bits


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (1.0, "0x1p+0"),
        (3.0, "0x1.8p+1"),
        (0.1, "0x1.999999999999ap-4"),
        (-0.0, "-0x0p+0"),
        (5e-324, "0x0.0000000000001p-1022"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (math.nan, "nan"),
    ],
)
def test_hex_text(x: float, text: str) -> None:
    assert hex_text(x) == text


def test_unknown_format() -> None:
    with pytest.raises(ActcalcError, match="float64, float32, float16, bfloat16") as error:
        float_format("float15")
    assert "float1" in error.value.hint or "float6" in error.value.hint


# Texts


def check_text(fmt: Format, x: float) -> None:
    """Assert that the text is the nearest of the shortest that read back, written by the rules."""
    text = fmt.text(x)
    mantissa, _, exponent_text = text.lstrip("-").partition("e")
    digits = mantissa.replace(".", "").lstrip("0").rstrip("0") or "0"
    value = Fraction(text.lstrip("-"))
    size = abs(Fraction(x))
    assert text.startswith("-") == (math.copysign(1, x) < 0)
    assert nearest_fraction(value, own(fmt)) == abs(x)
    if x == 0:
        assert text.lstrip("-") == "0.0"
        return
    exponent = _decimal_exponent(value)
    for shorter in _decimals_around(size, len(digits) - 1):
        assert nearest_fraction(shorter, own(fmt)) != abs(x)
    for other in _decimals_around(size, len(digits)):
        if nearest_fraction(other, own(fmt)) == abs(x):
            assert abs(value - size) <= abs(other - size)
            if abs(value - size) == abs(other - size) and value != other:
                assert int(digits[-1]) % 2 == 0
    # Without an exponent, zeros follow the digits from 10**len(digits) on.
    zeros_are_digits = exponent < len(digits) or value == size
    plain = -4 <= exponent < 16 and (fmt is FLOAT64 or zeros_are_digits)
    assert bool(exponent_text) != plain
    if plain:
        whole, point, fraction = mantissa.partition(".")
        assert point
        assert fraction == "0" or not fraction.endswith("0")
        assert whole == "0" or not whole.startswith("0")
    else:
        assert exponent_text == f"{exponent:+03d}"
        assert mantissa == (f"{digits[0]}.{digits[1:]}" if digits[1:] else digits)


def _decimal_exponent(x: Fraction) -> int:
    exponent = len(str(x.numerator)) - len(str(x.denominator))
    return exponent if x >= Fraction(10) ** exponent else exponent - 1


def _decimals_around(x: Fraction, count: int) -> Iterator[Fraction]:
    """The two numbers of ``count`` decimal digits on either side of x."""
    if count > 0:
        unit = Fraction(10) ** (_decimal_exponent(x) + 1 - count)
        yield x // unit * unit
        yield (x // unit + 1) * unit


@given(format_and_value())
def test_text(case: tuple[Format, float]) -> None:
    check_text(*case)


@SIXTEEN_BITS
def test_text_of_every_32nd_value(fmt: Format) -> None:
    for pattern in range(0, 1 << 15, 32):
        if math.isfinite(x := fmt.from_bits(pattern)):
            check_text(fmt, x)


@EVERY_FORMAT
def test_text_at_powers_of_two_and_ten(fmt: Format) -> None:
    """Test where the spacing changes and where the notation does."""
    points = [math.ldexp(1.0, k) for k in range(max(-140, fmt.quantum_exponent), min(130, fmt.emax))]
    points += [nearest_fraction(Fraction(10) ** k, own(fmt)) for k in range(-7, 20)]
    for x in points:
        for y in own(fmt).near(x):
            if math.isfinite(y):
                check_text(fmt, y)
                check_text(fmt, -y)


@pytest.mark.exhaustive
@SIXTEEN_BITS
def test_text_of_every_value(fmt: Format) -> None:
    for pattern in range(1 << 16):
        if math.isfinite(x := fmt.from_bits(pattern)):
            check_text(fmt, x)


@pytest.mark.parametrize(("fmt", "dtype"), [(FLOAT32, np.float32), (FLOAT16, np.float16)], ids=str)
def test_digits_are_numpys(fmt: Format, dtype: type[np.floating]) -> None:
    for x in random_points(own(fmt), 500, "text"):
        if math.isfinite(x):
            numpys = np.format_float_scientific(dtype(x), unique=True, trim="-")
            assert Fraction(fmt.text(x)) == Fraction(numpys), x


@given(st.floats())
def test_float64_text_is_repr(x: float) -> None:
    assert FLOAT64.text(x) == repr(x)


@pytest.mark.parametrize(
    ("fmt", "x", "text"),
    [
        (FLOAT16, 65504.0, "6.55e+04"),
        (FLOAT16, 100.0, "100.0"),
        (FLOAT16, 2048.0, "2048.0"),
        (FLOAT16, 2050.0, "2050.0"),
        (FLOAT16, 10000.0, "10000.0"),
        (FLOAT16, 2.0**-24, "6e-08"),
        (FLOAT16, 0.1, "0.1"),
        (FLOAT16, -0.00010001659393310547, "-0.0001"),
        (FLOAT16, 9.995698928833008e-05, "9.996e-05"),
        (BFLOAT16, 3.140625, "3.14"),
        (BFLOAT16, 256.0, "256.0"),
        (BFLOAT16, 1e38, "1e+38"),
        (BFLOAT16, 1000.0, "1000.0"),
        (BFLOAT16, 1016.0, "1016.0"),
        (BFLOAT16, 8032.0, "8.03e+03"),
        (FLOAT16, 58.875, "58.88"),  # 58.87 and 58.88 are equally near: the even one
        (FLOAT16, 58.625, "58.62"),
        (BFLOAT16, -0.0, "-0.0"),
        (FLOAT32, 16777216.0, "16777216.0"),
        (FLOAT32, 1e10, "10000000000.0"),
        (FLOAT32, 30000001024.0, "3e+10"),
        (FLOAT32, 2.0**-149, "1e-45"),
        (FLOAT32, 9.999999616903162e37, "1e+38"),
        (FLOAT32, math.inf, "inf"),
        (FLOAT32, -math.inf, "-inf"),
        (FLOAT32, math.nan, "nan"),
        (FLOAT64, 1e16, "1e+16"),
        (FLOAT64, 1e22, "1e+22"),
        (FLOAT64, 123456789012345680.0, "1.2345678901234568e+17"),
        (FLOAT64, 0.0001, "0.0001"),
        (FLOAT64, 0.00001, "1e-05"),
    ],
)
def test_text_cases(fmt: Format, x: float, text: str) -> None:
    assert fmt.text(fmt.round_float(x)) == text


@given(format_and_value())
def test_text_reads_back(case: tuple[Format, float]) -> None:
    fmt, x = case
    assert same(oracle.nearest_fraction(Fraction(fmt.text(abs(x))), own(fmt)), abs(x))
