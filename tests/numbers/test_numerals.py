"""Numbers as people write them."""

import math
import time
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actcalc.errors import ActcalcError
from actcalc.numbers.floats import FLOAT16, FLOAT64, FORMATS, Format
from actcalc.numbers.numerals import LONGEST, Numeral, exact_text, finite_decimal, parse_exact
from tests.support.oracle import FMTS, nearest_fraction, same

MINUS = "\u2212"
FAST = 0.5
"""An upper limit on the seconds for one numeral."""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("7", "7"),
        ("+7", "7"),
        ("-7", "-7"),
        (f"{MINUS}7.5", "-7.5"),
        ("007", "7"),
        ("1.", "1"),
        (".5", "1/2"),
        ("-.5", "-1/2"),
        ("+1.e2", "100"),
        ("1e-3", "1/1000"),
        ("1E+3", "1000"),
        ("0.1", "1/10"),
        ("123456789012345678901234567890.5", "246913578024691357802469135781/2"),
        ("0x1p-3", "1/8"),
        ("0X1.8P1", "3"),
        ("-0x.8p0", "-1/2"),
        (f"{MINUS}0x10.p+2", "-64"),
        ("0xAbp0", "171"),
        ("0x0p99", "0"),
    ],
)
def test_exact_value(text: str, value: str) -> None:
    numeral = Numeral(text)
    assert numeral.is_finite
    assert numeral.exact() == Fraction(value)
    assert parse_exact(text) == Fraction(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("inf", math.inf),
        ("+Inf", math.inf),
        ("-inf", -math.inf),
        (f"{MINUS}INFINITY", -math.inf),
        ("nan", math.nan),
        ("-NaN", math.nan),
        ("-0", -0.0),
        ("-0.0e5", -0.0),
        ("-0x0p0", -0.0),
        ("+0", 0.0),
        ("1e400", math.inf),
        ("-1e400", -math.inf),
        ("-1e-400", -0.0),
        ("1e-400", 0.0),
        ("0x1p1024", math.inf),
        ("0x1p-1074", 5e-324),
        ("1e999999999", math.inf),
        ("-1e999999999999999999999999", -math.inf),
        ("-1e-999999999", -0.0),
        ("0x1p999999999999", math.inf),
        ("0e999999999", 0.0),
        ("0.1", 0.1),
        ("2.4703282292062328e-324", 5e-324),
        ("2.4703282292062327e-324", 0.0),
    ],
)
def test_value_in_float64(text: str, value: float) -> None:
    assert same(Numeral(text).to_format(FLOAT64), value)
    assert Numeral(text).is_finite == (text.strip("+-" + MINUS)[0] not in "iInN")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("65520", math.inf),
        ("65519.999999999999999999999999", 65504.0),
        ("1.00048828125000000000000000001", 1.0009765625),
        ("1.00048828125", 1.0),
        ("2.98023223876953125e-8", 0.0),
        ("2.98023223876953126e-8", 2.0**-24),
        ("0x1.0020000000000000001p0", 1.0009765625),
    ],
)
def test_float16_is_rounded_to_once(text: str, value: float) -> None:
    assert Numeral(text).to_format(FLOAT16) == value


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "+", "-", ".", "e5", ".e5", "1e", "1e+", "--1", "+-1", "1 2", " 1", "1 ", "1\n", "abc"),
        *("1_000", "1__0", "\u0661", "\u00b2", "1e\u0662", "\uff11", "1q5", "1f", "0b1", "0o7", "1j"),
        *("0x10", "0x", "0xp1", "0x.p1", "0x1.8", "0xgp1", "x1p1"),
        *("infinit", "in", "nan(1)", "snan", "nanx", "1/3", "1,5", "1,000.5", "1e5.5"),
        *(f"1{MINUS}", f"{MINUS}{MINUS}1", f"1e{MINUS}5"),
    ],
)
def test_not_a_number(text: str) -> None:
    with pytest.raises(ActcalcError, match="is not a number"):
        Numeral(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1,5", "decimal comma: 1.5"),
        ("-0,25", "decimal comma: -0.25"),
        (f"{MINUS}1,5", "decimal comma: -1.5"),
        (",5", "decimal comma: .5"),
        ("1,5e3", "decimal comma: 1.5e3"),
        ("0x10", "exponent: 0x10p0"),
        ("-0X1.8", "exponent: -0X1.8p0"),
        ("1,2,3", ""),
        ("1_000", ""),
    ],
)
def test_hint_for_a_common_mistake(text: str, hint: str) -> None:
    with pytest.raises(ActcalcError) as error:
        Numeral(text)
    assert error.value.hint.endswith(hint)
    assert bool(error.value.hint) == bool(hint)


def test_messages_are_safe_to_print() -> None:
    with pytest.raises(ActcalcError) as error:
        Numeral("\x1b[31m" + "9" * 100)
    assert "\x1b" not in str(error.value)
    assert len(str(error.value)) < 100


def test_a_number_of_any_length_is_an_error() -> None:
    assert Numeral("0" * (LONGEST - 1) + "7").exact() == 7
    for text in ("9" * (LONGEST + 1), "0." + "1" * 10**7, "1e" + "9" * 10**7):
        started = time.perf_counter()
        with pytest.raises(ActcalcError, match="too long"):
            Numeral(text)
        assert time.perf_counter() - started < FAST


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(
    "exponent", ["999999999", "-999999999", "1" + "0" * 17, "-" + "9" * 30, "9" * 3900, "-" + "9" * 3900]
)
def test_exponents_of_any_size_cost_no_time(sign: str, exponent: str) -> None:
    started = time.perf_counter()
    for text in (f"{sign}1e{exponent}", f"{sign}0x1p{exponent}", f"{sign}0.000001e{exponent}"):
        numeral = Numeral(text)
        magnitude = 0.0 if exponent.startswith("-") else math.inf
        for fmt in FORMATS.values():
            right = FMTS[fmt.name].overflow if magnitude else magnitude
            negative = bool(sign) and (magnitude > 0 or FMTS[fmt.name].has_minus_zero)
            assert same(numeral.to_format(fmt), -right if negative else right)
        with pytest.raises(ActcalcError, match="too small" if exponent.startswith("-") else "too large"):
            numeral.exact()
        # The stand-in has the sign of the number and is not zero.
        assert (numeral.saturate() < 0) == bool(sign)
        assert numeral.saturate() != 0
    assert time.perf_counter() - started < FAST


def test_exact_numbers_end_at_1e6000() -> None:
    assert Numeral("1e6000").exact() == 10**6000
    assert Numeral("-1e-6000").exact() == Fraction(-1, 10**6000)
    for text in ("1.1e6000", "1e6001", "1e-6001", "0x1p20000"):
        with pytest.raises(ActcalcError, match="1e-6000 to 1e6000"):
            Numeral(text).exact()
    for text in ("inf", "-nan"):
        with pytest.raises(ActcalcError, match="not a finite number"):
            Numeral(text).exact()


@given(st.floats(), st.sampled_from(list(FORMATS.values())))
def test_reads_printed_numbers(x: float, fmt: Format) -> None:
    x = fmt.round_float(x)
    assert same(Numeral(fmt.text(x)).to_format(fmt), x)
    assert same(Numeral(x.hex()).to_format(fmt), x)
    assert same(Numeral(repr(x)).to_format(FLOAT64), x)


_signs = st.sampled_from(["", "+", "-", MINUS])
_digits = st.text("0123456789", min_size=1, max_size=40)


@given(_signs, _digits, st.just("") | _digits.map(".{}".format), st.just("") | st.integers(-400, 400))
@example("-", "0", "", 5)
def test_decimal_grammar(sign: str, whole: str, fraction: str, exponent: int | str) -> None:
    plain = whole + fraction + (f"e{exponent}" if exponent != "" else "")
    right = Fraction(plain) * (-1 if sign in ("-", MINUS) else 1)
    numeral = Numeral(sign + plain)
    assert numeral.exact() == right
    for name, fmt in FORMATS.items():
        assert same(numeral.to_format(fmt) + 0.0, nearest_fraction(right, FMTS[name]) + 0.0)


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_an_error(text: str) -> None:
    try:
        numeral = Numeral(text)
    except ActcalcError:
        return
    plain = text.replace(MINUS, "-")
    right = float.fromhex(plain) if "0x" in plain.lower() else float(plain)
    assert same(numeral.to_format(FLOAT64), right)


# Exact numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1/3", Fraction(1, 3)),
        ("-1/3", Fraction(-1, 3)),
        ("0.5/0.25", Fraction(2)),
        (f"{MINUS}1/{MINUS}3", Fraction(1, 3)),
        ("1e3/0x1p1", Fraction(500)),
        ("0/5", Fraction(0)),
        ("1e-6000", Fraction(1, 10**6000)),
    ],
)
def test_parse_exact(text: str, value: Fraction) -> None:
    assert parse_exact(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1/0", "divides by zero"),
        ("0/0.0", "divides by zero"),
        ("inf", "not a finite number"),
        ("1/inf", "not a finite number"),
        ("nan", "not a finite number"),
        ("1/2/3", "not a number"),
        ("1/", "not a number"),
        ("/3", "not a number"),
        ("1 / 3", "not a number"),
        ("x", "not a number"),
        ("", "not a number"),
    ],
)
def test_parse_exact_refuses(text: str, message: str) -> None:
    with pytest.raises(ActcalcError, match=message):
        parse_exact(text)


def test_parse_exact_of_any_exponent_costs_no_time() -> None:
    started = time.perf_counter()
    for text in ("1e-999999999", "-1e999999999", "1/1e999999999", "1e-1" + "0" * 3000):
        with pytest.raises(ActcalcError, match=r"too (small|large)"):
            parse_exact(text)
    assert parse_exact("3e-999999999/4e-999999998") == Fraction(3, 40)
    assert parse_exact("-1e999999999/1e999994999") == -(10**5000)
    assert parse_exact("0e999999999/1e-999999999") == 0
    assert time.perf_counter() - started < FAST


@given(st.integers(), st.integers(0, 60), st.integers(0, 60))
def test_finite_decimal(n: int, twos: int, fives: int) -> None:
    q = Fraction(n, 2**twos * 5**fives)
    decimal = finite_decimal(q)
    assert decimal is not None
    assert Fraction(decimal) == q


@given(st.fractions(), st.sampled_from([3, 7, 11, 13, 10**30 + 57]))
def test_decimals_that_do_not_end(q: Fraction, prime: int) -> None:
    if q.numerator % prime and q.denominator % prime:
        assert finite_decimal(q / prime) is None


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0, "0"),
        (-3, "-3"),
        (Fraction(1, 10), "0.1"),
        (Fraction(-1, 3), "-1/3"),
        (Fraction(5, 2), "2.5"),
        (100, "100"),
        (10**16, "1e+16"),
        (Fraction(1, 10**7), "0.0000001"),
        (Fraction(1, 10**9), "1e-9"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (Fraction("1.0507009873554804934193349852946"), "1.0507009873554804934193349852946"),
    ],
)
def test_exact_text(x: Fraction | int | float, text: str) -> None:
    assert exact_text(x) == text


@given(st.fractions())
def test_exact_text_reads_back(q: Fraction) -> None:
    assert parse_exact(exact_text(q)) == q


def test_exact_text_of_thousands_of_digits() -> None:
    assert exact_text(Fraction(10**5000, 3)) == "1e+5000/3"
    for q in (Fraction(-1, 3 * 10**5000), Fraction(7**5200, 11)):
        assert len(exact_text(q)) < 5000
