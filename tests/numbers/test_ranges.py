"""Ranges: exact points in order, with both ends where they belong."""

import math
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actcalc.errors import ActcalcError
from actcalc.evaluation.numbers import Floats
from actcalc.numbers.floats import FLOAT64, FORMATS, Format
from actcalc.numbers.numerals import Numeral
from actcalc.numbers.range_arrays import evenly_spaced
from actcalc.numbers.ranges import Grid, grid
from tests.support.oracle import same


def points_of(points: Grid, fmt: Format = FLOAT64, arrays: bool = False) -> list[float]:
    return [float(z) for block in Floats(fmt, arrays=arrays).points(points) for z in block]


decimals = st.decimals(-1000, 1000, allow_nan=False, allow_infinity=False, places=3)


@given(decimals, decimals, st.integers(2, 60))
def test_num_points_are_evenly_spaced(start: Decimal, stop: Decimal, num: int) -> None:
    points = list(grid(str(start), str(stop), num=str(num)))
    first, last = Fraction(start), Fraction(stop)
    assert points == [first + (last - first) * i / (num - 1) for i in range(num)]


@given(decimals, decimals, st.decimals("0.5", 50, places=2))
def test_steps_stay_within_the_range(start: Decimal, stop: Decimal, size: Decimal) -> None:
    step = size if stop >= start else -size
    points = list(grid(str(start), str(stop), step=str(step)))
    expected, at = [], Fraction(start)
    while (at <= Fraction(stop)) if step > 0 else (at >= Fraction(stop)):
        expected.append(at)
        at += Fraction(step)
    assert points == expected


@given(decimals, decimals)
def test_without_a_step_it_is_one_towards_the_end(start: Decimal, stop: Decimal) -> None:
    points = list(grid(str(start), str(stop)))
    assert points[0] == Fraction(start)
    assert all(abs(b - a) == 1 for a, b in pairwise(points))
    assert abs(Fraction(stop) - points[-1]) < 1


@given(decimals, decimals, st.integers(2, 200), st.sampled_from(sorted(FORMATS)))
def test_points_are_rounded_once(start: Decimal, stop: Decimal, num: int, dtype: str) -> None:
    points = grid(str(start), str(stop), num=str(num))
    fmt = FORMATS[dtype]
    texts = [f"{p.numerator}/{p.denominator}" for p in points]
    exact = [Fraction(text) for text in texts]
    for arrays in (False, True):
        assert all(map(same, points_of(points, fmt, arrays), [fmt.round_exact(x) for x in exact]))


def test_a_single_point() -> None:
    assert list(grid("2", "2")) == [2]
    assert list(grid("2", "2", num="1")) == [2]
    assert list(grid("2", "2", step="-5")) == [2]
    assert list(grid("0", "1", step="7")) == [0]


@pytest.mark.parametrize("huge", ["1e308", "1.7976931348623157e308"])
def test_huge_ends(huge: str) -> None:
    points = points_of(grid("-" + huge, huge, num="3"))
    assert points == [-float(huge), 0.0, float(huge)]


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=str)
@pytest.mark.parametrize(
    ("start", "stop", "step"),
    [
        ("-1", "1", "2e-4"),
        ("1", "1.1", "1e-5"),  # between neighbouring bfloat16, including ties
        ("1", "2", "0x1p-12"),  # ties of float16
        ("-70000", "-60000", "1"),  # overflows float16
        ("1e-30", "1e-29", "1e-33"),  # numerators and denominators beyond 63 bits
        ("-1e300", "1e300", "1e296"),
    ],
)
def test_many_points_are_rounded_once(start: str, stop: str, step: str, fmt: Format) -> None:
    points = grid(start, stop, step)
    assert len(points) > 4000
    right = [fmt.round_exact(z) for z in points]
    assert list(map(repr, points_of(points, fmt))) == list(map(repr, right))


@pytest.mark.parametrize("end", ["1.7976931348623159e308", "-1e309", "inf", "nan"])
def test_ends_that_are_not_finite(end: str) -> None:
    with pytest.raises(ActcalcError, match="to must be a finite number"):
        grid("0", end)


def test_tiny_ends_and_steps_cost_nothing() -> None:
    assert points_of(grid("1e-999999999", "2")) == [0.0, 1.0]
    with pytest.raises(ActcalcError, match="more than 10\\^15 points"):
        grid("0", "1", step="1e-999999999")


@given(decimals, decimals, st.integers(2, 10**15))
def test_long_ranges_cost_nothing(start: Decimal, stop: Decimal, num: int) -> None:
    """Both ends are exact, and points are made only on demand."""
    points = grid(str(start), str(stop), num=str(num))
    assert len(points) == num
    assert points.start == Fraction(start)
    assert points.start + (num - 1) * points.step == Fraction(stop)
    assert next(Floats().points(points))[0] == float(start)


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(1, 30))
def test_points_in_tenths_are_as_written(first: int, last: int, size: int) -> None:
    """The point k/10 is the float nearest to it, whatever steps lead there."""
    step = size if last >= first else -size
    points = points_of(grid(f"{first}e-1", f"{last}e-1", f"{step}e-1"))
    assert points == [k / 10 for k in range(first, last + (1 if step > 0 else -1), step)]


@given(st.floats(allow_nan=False))
def test_text_reads_back(x: float) -> None:
    numbers = Floats()
    ((text,),) = numbers.texts([x])
    assert Numeral(text).to_format(numbers.format) == x
    assert repr(numbers.read(text)) == repr(x)


@pytest.mark.parametrize("size", [51, 61])
@pytest.mark.parametrize("fmt", FORMATS.values(), ids=str)
@pytest.mark.parametrize("sign", [-1, 1])
def test_points_next_to_a_tie(fmt: Format, sign: int, size: int) -> None:
    """Points closer to a tie than float64 can tell, from quotients of float64 and of larger numbers."""
    size = 61 if fmt is FLOAT64 else size + (size == 51 and fmt.bits < 16)
    denominator = 2**size + sign
    tie = 1 + Fraction(1, 2**fmt.precision)
    z = Fraction((denominator * (2**fmt.precision + 1) - sign) // 2**fmt.precision, denominator)
    assert 0 < abs(z - tie) < Fraction(1, 2**54)
    points = Grid(z, Fraction(1, denominator), 1)
    assert evenly_spaced(points, fmt).tolist() == [fmt.round_exact(z)]


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=str)
@pytest.mark.parametrize(
    ("start", "stop", "num"),
    [
        ("-10", "10", "4001"),
        ("-0.1234567890123", "5.000000000007", "4001"),  # numerators beyond 53 bits
        ("-1e16", "1e16", "4001"),
        ("-1.000000000000000000001", "1", "4002"),  # a point next to 0 after massive cancellation
        ("1e-310", "1e-290", "100"),
        ("0x1p-40", "65536.0000000000001", "4001"),
    ],
)
def test_nothing_leans_on_long_double(
    start: str, stop: str, num: str, fmt: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(np, "longdouble", np.float64)
    points = grid(start, stop, num=num)
    found = evenly_spaced(points, fmt).tolist()
    assert list(map(repr, found)) == [repr(fmt.round_exact(z)) for z in points]


def test_points_that_underflow_have_their_sign() -> None:
    points = grid("-0x1p-40", "0x1p-40", num="4097")
    signs = [math.copysign(1, z) for z in points_of(points, FORMATS["float16"])]
    assert signs == [-1.0] * 2048 + [1.0] * 2049
