"""Interval arithmetic: every result encloses the true value, strictly unless it is exact."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import factorial
from typing import Any

import pytest
from flint import arb, ctx, fmpq
from hypothesis import assume, example, given
from hypothesis import strategies as st

from actcalc.arithmetic.interval import Interval, Intervals, Undecided, with_digits
from actcalc.arithmetic.rational import RATIONAL, NotRational, Undefined
from actcalc.numbers.numerals import finite_decimal

BITS = 1600
"""Enough bits for results with 60 digits and arguments down to 1e-90."""


def ball(x: Fraction | Decimal | int) -> arb:
    return arb(fmpq(*Fraction(x).as_integer_ratio()))


def assert_encloses(result: Interval, truth: arb) -> None:
    """Assert that the true value lies strictly inside."""
    assert result.low < result.high
    assert ball(result.low) < truth < ball(result.high)


def assert_encloses_fraction(result: Interval, truth: Fraction) -> None:
    """Assert that the true value lies strictly inside, or equals both bounds."""
    if result.low == result.high:
        assert Fraction(result.low) == truth
    else:
        assert Fraction(result.low) < truth < Fraction(result.high)


digits = st.integers(5, 60)
fractions_inside = st.fractions(Fraction(1, 1000), Fraction(999, 1000))


def decimals(low: int = -30, high: int = 30, signs: tuple[int, ...] = (1, -1)) -> st.SearchStrategy[Decimal]:
    """Decimals of up to 40 digits, with sizes from 10**low to 10**high."""
    return st.builds(
        lambda sign, coefficient, adjusted: Decimal(
            (int(sign < 0), tuple(map(int, str(coefficient))), adjusted + 1 - len(str(coefficient)))
        ),
        st.sampled_from(signs),
        st.integers(1, 10**5) | st.integers(1, 10**40),
        st.integers(low, high - 1),
    )


@st.composite
def intervals(
    draw: st.DrawFn, numbers: st.SearchStrategy[Decimal], count: int = 1
) -> tuple[int, list[Interval], list[Fraction]]:
    """A precision, and intervals of it, some of them exact, each with a number that it encloses."""
    m = with_digits(draw(digits))
    enclosed, inside = [], []
    for _ in range(count):
        low = draw(numbers)
        if draw(st.booleans()):
            enclosed.append(Interval(m, low, low))
            inside.append(Fraction(low))
            continue
        high = draw(numbers)
        if draw(st.booleans()):
            high = low + low.copy_abs().scaleb(-draw(st.integers(1, 50)))
        low, high = min(low, high), max(low, high)
        assume(low < high)
        enclosed.append(Interval(m, low, high))
        inside.append(Fraction(low) + (Fraction(high) - Fraction(low)) * draw(fractions_inside))
    return m.digits, enclosed, inside


# Arithmetic


@given(intervals(decimals() | st.just(Decimal(0)), 2))
def test_sum_difference_product(case: tuple[int, list[Interval], list[Fraction]]) -> None:
    _, (x, y), (a, b) = case
    assert_encloses_fraction(x + y, a + b)
    assert_encloses_fraction(x - y, a - b)
    assert_encloses_fraction(x * y, a * b)
    assert_encloses_fraction(-x, -a)


@given(intervals(decimals(), 2))
def test_quotient(case: tuple[int, list[Interval], list[Fraction]]) -> None:
    _, (x, y), (a, b) = case
    if y.low <= 0 <= y.high:
        with pytest.raises(Undecided):
            x / y
    else:
        assert_encloses_fraction(x / y, a / b)


@given(intervals(decimals(-9, 9)), st.integers(1, 5))
def test_power(case: tuple[int, list[Interval], list[Fraction]], exponent: int) -> None:
    _, (x,), (a,) = case
    assert_encloses_fraction(x**exponent, a**exponent)


@given(intervals(decimals()))
def test_absolute_value(case: tuple[int, list[Interval], list[Fraction]]) -> None:
    _, (x,), (a,) = case
    if x.low < 0 < x.high:
        with pytest.raises(Undecided):
            abs(x)
    else:
        assert_encloses_fraction(abs(x), abs(a))


@given(intervals(decimals()), st.fractions(max_denominator=1000), st.integers(-1000, 1000))
def test_fractions_and_integers_as_operands(
    case: tuple[int, list[Interval], list[Fraction]], q: Fraction, n: int
) -> None:
    _, (x,), (a,) = case
    for other in (q, n):
        assert_encloses_fraction(x + other, a + other)
        assert_encloses_fraction(other + x, a + other)
        assert_encloses_fraction(other - x, other - a)
        assert_encloses_fraction(other * x, a * other)
        if not x.low <= 0 <= x.high:
            assert_encloses_fraction(other / x, other / a)


@given(digits, st.fractions())
def test_number(count: int, q: Fraction) -> None:
    number = with_digits(count).number(q)
    assert_encloses_fraction(number, q)
    assert (number.low == number.high) == (finite_decimal(q) is not None)


def test_exact_numbers_stay_exact_if_the_digits_suffice() -> None:
    m = with_digits(20)
    x = m.number(Fraction(3, 8))
    for result, exact in ((x + 1, "1.375"), (x * x, "0.140625"), (x / 2, "0.1875"), (x - x, 0), (0 * x, 0)):
        assert result.low == result.high == Decimal(exact)
    third = m.number(Fraction(1, 3))
    assert third.low < third.high
    zero = third * 0
    assert zero.low == zero.high == 0


def test_a_tiny_term_counts_with_its_sign() -> None:
    m = with_digits(20)
    tiny = m.exp(-(10**18))
    assert tiny.low == 0 < tiny.high
    above = 1 + tiny
    assert above.low == 1 < above.high
    below = 1 - tiny
    assert below.low < 1 == below.high
    assert (tiny * tiny).low == 0 < (tiny * tiny).high


# Functions

Case = tuple[int, list[Interval], list[Fraction]]


def check(name: str, case: Case, truth: Callable[[arb], arb], exact_at: int | None = None) -> None:
    count, (x,), (a,) = case
    result = getattr(with_digits(count), name)(x)
    if x.low == x.high and x.low == exact_at:
        assert result.low == result.high
        assert Fraction(result.low) == Fraction(getattr(RATIONAL, name)(a))
        return
    with ctx.workprec(BITS):
        assert_encloses(result, truth(ball(a)))


near_zero = decimals(-90, 3) | st.just(Decimal(0))


@given(intervals(near_zero))
def test_exp(case: Case) -> None:
    check("exp", case, lambda x: x.exp(), 0)


@given(intervals(near_zero))
def test_expm1(case: Case) -> None:
    check("expm1", case, lambda x: x.expm1(), 0)


@given(intervals(decimals(-90, 30, (1,)) | decimals(-90, 0).filter(lambda x: x > -1) | st.just(Decimal(0))))
def test_log1p(case: Case) -> None:
    check("log1p", case, lambda x: x.log1p(), 0)


@given(intervals(decimals(-90, 90, (1,))))
def test_sqrt(case: Case) -> None:
    count, (x,), (a,) = case
    root = with_digits(count).sqrt(x)
    if root.low == root.high:
        assert x.low == x.high
        assert Fraction(root.low) ** 2 == a
    else:
        assert Fraction(root.low) ** 2 < a < Fraction(root.high) ** 2


@pytest.mark.parametrize("count", [5, 20, 60])
def test_sqrt_of_squares_is_exact(count: int) -> None:
    m = with_digits(count)
    for root in ("0", "3", "1.5", "1e-30", "123.25"):
        result = m.sqrt(m.number(Fraction(root) ** 2))
        assert result.low == result.high == Decimal(root)


@given(intervals(decimals(-20, 2, (1,)) | st.just(Decimal(0))))
def test_mills(case: Case) -> None:
    count, (x,), (a,) = case
    with ctx.workprec(BITS):
        y = ball(a)
        truth = (arb.pi() / 2).sqrt() * (y * y / 2).exp() * (y / arb(2).sqrt()).erfc()
        assert_encloses(with_digits(count).mills(x), truth)


@pytest.mark.parametrize("count", [12, 26, 52, 104, 208])
def test_mills_at_an_exact_point_is_sharp(count: int) -> None:
    m = with_digits(count)
    for tenths in range(0, 401, 7):
        result = m.mills(Fraction(tenths, 10))
        assert (result.high - result.low) / result.low < Decimal(10) ** (4 - count), tenths
        with ctx.workprec(2 * BITS):
            y = ball(Fraction(tenths, 10))
            truth = (arb.pi() / 2).sqrt() * (y * y / 2).exp() * (y / arb(2).sqrt()).erfc()
            assert_encloses(result, truth)


@pytest.mark.parametrize("x", [Fraction(1, 3), Fraction(70, 19), Fraction(40, 3), Fraction(10**9, 7)])
def test_mills_of_neighbours_is_worked_out_once(x: Fraction, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Decimal] = []
    of_one = Intervals._mills

    def spied(self: Intervals, end: Decimal) -> tuple[Decimal, Decimal]:
        asked.append(end)
        return of_one(self, end)

    monkeypatch.setattr(Intervals, "_mills", spied)
    result = with_digits(300).mills(x)
    assert len(asked) == 1 + (x > 100)  # far out the ratio is much smaller than its argument
    assert result.high - result.low < Decimal(10) ** (5 - 300) * result.low
    with ctx.workprec(2 * BITS):
        y = ball(x)
        truth = (arb.pi() / 2).sqrt() * (y * y / 2).exp() * (y / arb(2).sqrt()).erfc()
        if x < 100:
            assert_encloses(result, truth)


def test_mills_where_the_remainder_of_the_series_shows() -> None:
    m = with_digits(3)
    x = m.number(Fraction("1.2995"))  # the ratio is 0.56499999278
    assert_encloses(m.mills(x), ball(Decimal("0.5649999928")))
    assert m.mills(x).low == Decimal("0.564")


@pytest.mark.parametrize("x", [10**3, 10**10, 10**300, 10**400])
def test_mills_far_out(x: int) -> None:
    # 1/x - 1/x^3 < the ratio < 1/x
    for count in (12, 60):
        result = with_digits(count).mills(x)
        above, below = Fraction(1, x), Fraction(1, x) - Fraction(1, x**3)
        assert Fraction(result.low) < above
        assert Fraction(result.high) > below
        assert result.high - result.low < Decimal(10) ** (3 - count) * result.low


@given(digits)
def test_constants(count: int) -> None:
    m = with_digits(count)
    with ctx.workprec(BITS):
        assert_encloses(m.pi, arb.pi())
        assert_encloses(m.ln2, arb(2).log())
    for constant in (m.pi, m.ln2):
        assert constant.high - constant.low < Decimal(10) ** (3 - count)


@given(intervals(decimals(-90, 0, (1,)) | st.just(Decimal(1)) | st.just(Decimal(0))))
@example((5, [Interval(with_digits(5), Decimal(1), Decimal(1))], [Fraction(1)]))
def test_series(case: Case) -> None:
    """The series with 1/(2k+1)! has the sum sinh(sqrt(x))/sqrt(x)."""
    count, (x,), (a,) = case
    assume(x.high <= 1)
    result = with_digits(count).series(lambda k: Fraction(1, factorial(2 * k + 1)), x)
    truth = sum(a**k / factorial(2 * k + 1) for k in range(60))  # a lower bound, by less than 1e-200
    if a == 0:
        assert result.low <= 1 <= result.high
    else:
        assert Fraction(result.low) < truth < Fraction(result.high) - Fraction(1, 10**200)


def test_huge_arguments_of_exp_keep_their_sign() -> None:
    m = with_digits(20)
    for x in (10**17 + 1, 10**18, 10**300, Fraction(10) ** 5000):
        high = m.exp(x)
        assert high.low >= Decimal("1e43000000000000000")
        assert high.high == Decimal("Infinity")
        low = m.exp(-x)
        assert low.low == 0
        assert 0 < low.high < Decimal("1e-42000000000000000")
    edge = m.exp(10**17)
    assert Decimal("1e43429448190325182") < edge.low < edge.high < Decimal("1e43429448190325183")
    assert m.expm1(-(10**300)).low == -1 < m.expm1(-(10**300)).high


@pytest.mark.parametrize(
    ("operation", "low", "high"),
    [("sqrt", "-1", "4"), ("log1p", "-1", "1"), ("log1p", "-2", "-0.5"), ("mills", "-1", "1")],
)
def test_outside_the_domain_more_digits_are_asked_for(operation: str, low: str, high: str) -> None:
    m = with_digits(20)
    with pytest.raises(Undecided):
        getattr(m, operation)(Interval(m, Decimal(low), Decimal(high)))


@pytest.mark.parametrize("operation", ["sqrt", "log", "log1p"])
def test_beyond_the_domain_no_digits_help(operation: str) -> None:
    m = with_digits(20)
    with pytest.raises(Undefined):
        getattr(m, operation)(Interval(m, Decimal("-2"), Decimal("-1.5")))


@pytest.mark.parametrize(("low", "high"), [("0", "0"), ("0", "1"), ("-1", "0"), ("-1", "1")])
def test_division_by_a_number_that_may_be_zero(low: str, high: str) -> None:
    m = with_digits(20)
    for numerator in (0, 1, m.number(Fraction(1, 3))):
        with pytest.raises(Undecided):
            numerator / Interval(m, Decimal(low), Decimal(high))


@given(st.integers(3, 60), st.data())
def test_more_digits_narrow_the_interval(count: int, data: st.DataObject) -> None:
    x = data.draw(decimals(-5, 2))
    for name in ("exp", "expm1"):
        widths = []
        for n in (count, 2 * count):
            result = getattr(with_digits(n), name)(Interval(with_digits(n), x, x))
            widths.append((result.high - result.low) / abs(result.low))
            assert widths[-1] < Decimal(10) ** (3 - n)
        assert widths[1] < widths[0]


# Fractions


def test_rational_arithmetic_knows_where_it_is_rational() -> None:
    assert RATIONAL.exp(Fraction(0)) == 1
    assert RATIONAL.expm1(Fraction(0)) == RATIONAL.log1p(Fraction(0)) == 0
    assert RATIONAL.sqrt(Fraction(9, 4)) == Fraction(3, 2)
    assert RATIONAL.sqrt(Fraction(0)) == 0
    irrational: list[Callable[[], Any]] = [
        lambda: RATIONAL.exp(Fraction(1, 10**30)),
        lambda: RATIONAL.expm1(Fraction(-1)),
        lambda: RATIONAL.log1p(Fraction(1)),
        lambda: RATIONAL.sqrt(Fraction(2)),
        lambda: RATIONAL.sqrt(Fraction(1, 2)),
        lambda: RATIONAL.mills(Fraction(0)),
        lambda: RATIONAL.series(lambda k: Fraction(1), Fraction(0)),
        lambda: RATIONAL.pi,
        lambda: RATIONAL.ln2,
    ]
    for function in irrational:
        with pytest.raises(NotRational):
            function()
