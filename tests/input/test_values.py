"""Numbers as other programs write them: their values, and those that are refused."""

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actcalc.errors import ActcalcError
from actcalc.input.values import read_value, read_values
from actcalc.numbers.floats import FORMATS
from tests.support.oracle import FMTS, Fmt, nearest_fraction, same


def stands_for(text: str, fmt: Fmt) -> float | None:
    """The value by the documented rule, with Python's decimals; None if the text is refused."""
    exact = Decimal(text)
    value = nearest_fraction(Fraction(exact), fmt)
    if same(nearest_fraction(Fraction(float(text)), fmt), float(text)) or fmt.name == "float64":
        return math.copysign(value, -1) if text.startswith("-") else value
    mantissa = text.lower().partition("e")[0].lstrip("-").replace(".", "").lstrip("0")
    shown = Context(prec=len(mantissa) or 1).create_decimal(value)
    return value if math.isfinite(value) and exact in (shown, shortest(value, fmt)) else None


def shortest(value: float, fmt: Fmt) -> Decimal:
    """The decimal with the fewest digits that stands for a value; of several the nearest."""
    for count in range(1, 18):
        ends = [Context(count, way).create_decimal(value) for way in (ROUND_FLOOR, ROUND_CEILING)]
        known = [end for end in ends if nearest_fraction(Fraction(end), fmt) == value]
        if known:
            return min(known, key=lambda end: abs(Fraction(end) - Fraction(value)))
    raise AssertionError(value)


@pytest.mark.parametrize(
    ("text", "dtype", "value"),
    [
        *((text, "float32", 0.1) for text in ("0.1", "0.10000000149011612")),
        *((text, "float32", 2.7392337) for text in ("2.7392337", "2.73923373", "2.7392337322235107")),
        ("2.73923374", "float32", None),
        ("2.73923373222351", "float32", 2.7392337),
        ("2.739233732223512", "float32", None),
        ("1.00", "bfloat16", 1.0),
        ("3.14", "bfloat16", 3.14),
        ("3.1415926", "bfloat16", None),
        ("3.140625", "bfloat16", 3.14),
        ("65504", "float16", 65504.0),
        ("65505", "float16", None),
        ("1e39", "float32", None),
        ("1e-46", "float32", None),
        ("1e-45", "float32", 1e-45),
        ("16777217", "float32", None),
        ("3.14159265358979323846264338327950288", "float64", math.pi),
        ("0.50000000000000000000000000000", "float16", 0.5),
    ],
)
def test_a_decimal_stands_for_the_nearest_value(text: str, dtype: str, value: float | None) -> None:
    fmt = FORMATS[dtype]
    for sign in ("", "-"):
        found = read_values([sign + text, "1"], fmt)
        if value is None:
            assert found is None
            with pytest.raises(
                ActcalcError, match=f"^'{sign}{text}' is not a {dtype} number: the nearest is"
            ):
                read_value(sign + text, fmt)
        else:
            right = math.copysign(nearest_fraction(Fraction(value), FMTS[dtype]), -1 if sign else 1)
            assert found is not None
            assert found.tolist() == [right, 1.0]
            assert read_value(sign + text, fmt) == right


texts = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(repr),
    st.builds(lambda x, n: f"{float(np.float32(x)):.{n}e}", st.floats(-1e30, 1e30), st.integers(0, 20)),
    st.builds(lambda x, n: f"{float(np.float16(x)):.{n}g}", st.floats(-6e4, 6e4), st.integers(1, 18)),
    st.decimals(-1000, 1000, places=4).map(str),
    st.builds(
        lambda m, e, n: (
            f"{Fraction(2 * m + 1) * Fraction(2) ** e + 0:.{n}e}"
            if n
            else str(Decimal(2 * m + 1) * Decimal(2) ** e)
        ),
        st.integers(0, 1 << 25),
        st.integers(-20, 3),
        st.just(0),
    ),
)


@given(texts, st.sampled_from(sorted(FMTS)))
@example("16777217", "float32")
@example("16777219.0000000000001", "float32")
@example("1.00390625", "bfloat16")
@example("1.004", "bfloat16")
@example("0.0450", "bfloat16")
def test_the_rule_as_it_is_written(text: str, dtype: str) -> None:
    right = stands_for(text, FMTS[dtype])
    fmt = FORMATS[dtype]
    found = read_values([text], fmt)
    if right is None:
        assert found is None
        with pytest.raises(ActcalcError):
            read_value(text, fmt)
    else:
        assert found is not None
        assert found.tolist() == [right]
        assert read_value(text, fmt) == right


@pytest.mark.parametrize("dtype", FMTS)
def test_values_come_through_their_texts(dtype: str) -> None:
    """Values survive as shortest text, float64 text, exact decimals, hexadecimal floats and bits."""
    fmt, oracles = FORMATS[dtype], FMTS[dtype]
    rng = np.random.default_rng(11)
    values = [oracles.from_bits(int(b)) for b in rng.integers(0, 1 << fmt.bits, 300, dtype=np.uint64)]
    values += [0.0, oracles.smallest]
    values += [-0.0] * oracles.has_minus_zero + [math.inf, -math.inf] * oracles.has_infinity
    values = [x for x in values if x == x]
    # Enough digits to tell all numbers with that many bits apart (Matula, In-and-out conversions, 1968).
    digits = 1 + math.ceil(oracles.precision * math.log10(2))
    ways = [fmt.text, repr, lambda x: f"{x:.{digits}g}", lambda x: f"{x:.17e}", float.hex, fmt.bits_text]
    for write in ways:
        found = read_values([write(x) for x in values], fmt, bits=True)
        if found is None:  # inf is not valid among hexadecimal floats
            found = np.array([read_value(write(x), fmt, bits=True) for x in values])
        assert all(map(same, found.tolist(), values))


@pytest.mark.parametrize("text", ["nan", "-NaN", "NAN"])
def test_nan(text: str) -> None:
    found = read_values([text, "1"], FORMATS["float32"])
    assert found is not None
    assert np.isnan(found).tolist() == [True, False]


@pytest.mark.parametrize(
    ("text", "dtype", "bits", "message", "hint"),
    [
        ("0x3f80", "bfloat16", False, "'0x3f80' is not a number", "a bit pattern needs a dtype"),
        ("0x3f8", "bfloat16", True, "those have 4 hexadecimal digits", "its exponent: 0x3f8p0"),
        ("0x3f800", "bfloat16", True, "is not a bit pattern of bfloat16", "0x3f800p0"),
        ("0x3f80", "float32", True, "those have 8 hexadecimal digits", ""),
        ("0x1.000001p0", "float32", True, "is not a float32 number: the nearest is 0x1p+0", ""),
        ("0x1.00000000000001p0", "float64", False, "not a float64 number: the nearest is 0x1p+0", ""),
        ("1_0", "float64", False, "'1_0' is not a number", ""),
        ("1,5", "float64", False, "'1,5' is not a number", "write a decimal point"),
        ("", "float64", False, "'' is not a number", ""),
        ("\u0661", "float64", False, "is not a number", ""),
        ("1" * 4001, "float64", False, "at most 4000 characters", ""),
    ],
)
def test_refused(text: str, dtype: str, bits: bool, message: str, hint: str) -> None:
    assert read_values(["1.5", text], FORMATS[dtype], bits) is None
    with pytest.raises(ActcalcError) as caught:
        read_value(text, FORMATS[dtype], bits)
    assert message in str(caught.value)
    assert hint in caught.value.hint


def test_mixed_notations() -> None:
    texts = ["0x3f80", "1.5", "0x1p1", "-2"]
    found = read_values(texts, FORMATS["bfloat16"], bits=True)
    assert found is not None
    assert found.tolist() == [1.0, 1.5, 2.0, -2.0]
    assert read_values([*texts, "\u22122"], FORMATS["bfloat16"], bits=True) is None  # ambiguous
    assert [read_value(t, FORMATS["bfloat16"], bits=True) for t in ("0x3F80", "0X1P1")] == [1.0, 2.0]
