"""The 8-bit formats with all of their 256 values, and further formats made from rows of the table.

The right values of float8_e4m3fn are derived here from the definition (Micikevicius et al., FP8 formats for
deep learning, 2022): a sign, four bits of exponent with bias 7, three of mantissa; no infinities, and one
pattern for NaN.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actcalc
from actcalc.activations.activation import Activation
from actcalc.activations.arrays import derivative_array, dg_from_a_array
from actcalc.activations.declaration import QUANTITIES
from actcalc.catalogue.resolution import resolve
from actcalc.checking.comparison import Comparison
from actcalc.checking.points import points
from actcalc.errors import ActcalcError
from actcalc.input.values import read_value, read_values
from actcalc.numbers.bit_arrays import all_values, floats_apart, from_bits, from_ordinals, ordinals, to_bits
from actcalc.numbers.float_arrays import round_array, round_twice, settle
from actcalc.numbers.float_texts import FloatArray
from actcalc.numbers.floats import FORMATS, Format
from actcalc.numbers.numerals import read_float
from actcalc.numbers.ulp import floats_apart as scalars_apart
from actcalc.numbers.ulp import ulp_exponent
from actcalc.numbers.ulp_arrays import ulp_array
from tests.support.command import Done
from tests.support.command import actcalc as run
from tests.support.matrix import DEFAULTS, expected, settings_in
from tests.support.oracle import FMTS, nearest_fraction, same

FLOAT8 = FORMATS["float8_e4m3fn"]
EIGHT_BITS = {name: fmt for name, fmt in FORMATS.items() if fmt.bits == 8}
EVERY_FORMAT = pytest.mark.parametrize("name", EIGHT_BITS)

OTHERS = (
    FORMATS["float8_e5m2"],
    Format("without infinities", 5, 2, 15, False, 0x7F, "float32"),
    Format("without large numbers", 4, 3, 15, True, 0x79, "float16"),
    Format("with smaller numbers", 5, 2, 16, True, 0x7D, "float16"),
)


def value_of(pattern: int) -> Fraction | None:
    """The value of a pattern without its sign; the pattern of NaN is decoded like a number."""
    exponent, mantissa = pattern >> 3, pattern & 7
    if exponent == 0:
        return Fraction(mantissa, 8) / 2**6
    return (1 + Fraction(mantissa, 8)) * Fraction(2) ** (exponent - 7)


SIZES = [Fraction(value_of(pattern) or 0) for pattern in range(128)]
VALUES = [math.nan if pattern & 127 == 127 else float(SIZES[pattern & 127]) for pattern in range(256)]
VALUES = [math.copysign(x, -1 if pattern > 127 else 1) for pattern, x in enumerate(VALUES)]
NUMBERS = [x for x in VALUES if not math.isnan(x)]


HALF_WAY = [(low + high) / 2 for low, high in pairwise(SIZES)]


def nearest(x: Fraction, beyond: int = 0) -> float:
    """The nearest value, with ties to the even pattern; NaN where the pattern of NaN is nearer.

    ``beyond`` is the sign of an infinitesimal that is added to x.
    """
    size, away = abs(x), beyond if x >= 0 else -beyond
    pattern = bisect_left(HALF_WAY, size)
    if pattern < 127 and size == HALF_WAY[pattern]:
        pattern += away > 0 or (away == 0 and pattern % 2)
    found = math.nan if pattern == 127 else float(SIZES[pattern])
    return math.copysign(found, -1 if x < 0 or (x == 0 and beyond < 0) else 1)


def hard_numbers() -> Iterator[Fraction]:
    """All values, all ties including that beyond the last value, and numbers next to both."""
    for low, high in pairwise(SIZES):
        for x in (low, (low + high) / 2):
            for offset in (0, Fraction(1, 10**30), -Fraction(1, 10**30), Fraction(1, 10**400)):
                yield x + offset
                yield -x + offset
    yield from (
        Fraction(465),
        Fraction(-500),
        Fraction(10) ** 400,
        -(Fraction(10) ** 400),
        Fraction(2) ** 1024,
    )


def test_limits() -> None:
    assert (FLOAT8.largest, FLOAT8.smallest_normal, FLOAT8.smallest_subnormal) == (448.0, 2.0**-6, 2.0**-9)
    assert (FLOAT8.bits, FLOAT8.precision, FLOAT8.finite_count, FLOAT8.emax) == (8, 4, 127, 8)


def test_bits() -> None:
    patterns = np.arange(256, dtype=np.uint8)
    together = from_bits(patterns, FLOAT8).tolist()
    for pattern, x in enumerate(VALUES):
        assert same(FLOAT8.from_bits(pattern), x)
        assert same(together[pattern], x)
        assert FLOAT8.to_bits(x) == (0x7F if math.isnan(x) else pattern)
        assert FLOAT8.bits_text(x) == f"0x{0x7F if math.isnan(x) else pattern:02x}"
    assert to_bits(np.array(NUMBERS), FLOAT8).tolist() == [p for p in range(256) if p & 127 != 127]
    assert to_bits(np.array(NUMBERS), FLOAT8).dtype == np.uint8
    assert to_bits(np.array([math.nan]), FLOAT8).tolist() == [0x7F]


@pytest.mark.parametrize("fmt", OTHERS, ids=str)
def test_bits_of_other_rows(fmt: Format) -> None:
    patterns = np.arange(128)
    sizes = from_bits(patterns, fmt)
    for pattern, x in enumerate(sizes.tolist()):
        exponent, mantissa = divmod(pattern, 1 << fmt.mantissa_bits)
        whole = mantissa + ((exponent > 0) << fmt.mantissa_bits)
        size = math.ldexp(whole, max(exponent, 1) - fmt.bias - fmt.mantissa_bits)
        right = size if pattern < fmt.finite_count else fmt.overflow if pattern < fmt.first_nan else math.nan
        assert same(x, right)
        assert same(fmt.from_bits(pattern), right)
        assert math.isnan(x) or fmt.to_bits(-x) == 128 + pattern
    numbers = patterns[~np.isnan(sizes)]
    assert to_bits(-sizes[numbers], fmt).tolist() == (128 + numbers).tolist()


def test_ordinals() -> None:
    ascending = [-x for x in reversed(NUMBERS[:127])] + NUMBERS[:127]
    assert list(map(str, all_values(FLOAT8).tolist())) == list(map(str, ascending))
    places = list(range(-127, 127))
    assert [FLOAT8.ordinal(x) for x in ascending] == ordinals(np.array(ascending), FLOAT8).tolist() == places
    assert list(map(str, from_ordinals(np.array(places), FLOAT8).tolist())) == list(map(str, ascending))
    for x, y, apart in ((0.0, -0.0, 0), (-(2.0**-9), 2.0**-9, 2), (-0.0, 2.0**-9, 1), (-448.0, 448.0, 252)):
        assert scalars_apart(x, y, FLOAT8) == scalars_apart(y, x, FLOAT8) == apart
        assert floats_apart(np.array([x, y]), np.array([y, x]), FLOAT8).tolist() == [apart, apart]


def test_rounding() -> None:
    assert same(nearest(Fraction(464)), 448.0)
    assert math.isnan(nearest(Fraction(464), 1))
    for x in hard_numbers():
        for beyond in (-1, 0, 1):
            assert same(FLOAT8.round_exact(x, beyond), nearest(x, beyond)), (x, beyond)
        assert same(nearest_fraction(x, FMTS["float8_e4m3fn"]), nearest(x))
        if x.denominator & (x.denominator - 1) == 0:
            decimal = Decimal(x.numerator) / Decimal(x.denominator)
            assert same(FLOAT8.round_exact(decimal), nearest(x))
            between = FLOAT8.round_between(decimal, decimal)
            assert between is not None
            assert same(between, nearest(x))


def test_rounding_of_floats() -> None:
    x = [float(x) for x in hard_numbers() if abs(x) < 2**1000]
    x += [math.nextafter(y, end) for y in x for end in (-math.inf, math.inf)]
    right = [nearest(Fraction(y)) for y in x]
    right = [math.copysign(r, y) for r, y in zip(right, x, strict=True)]
    x += [math.inf, -math.inf, math.nan]
    right += [math.nan] * 3
    for got in ([FLOAT8.round_float(y) for y in x], round_array(np.array(x), FLOAT8).tolist()):
        assert all(map(same, got, right))
    once, doubtful = round_twice(np.array(x), FLOAT8)
    assert all(same(a, b) for a, b, c in zip(once.tolist(), right, doubtful.tolist(), strict=True) if not c)
    zeros = np.zeros(len(x))
    with np.errstate(all="ignore"):
        settled, certain = settle(np.array(x), zeros, zeros, FLOAT8)
    assert all(a == b for a, b, c in zip(settled.tolist(), right, certain.tolist(), strict=True) if c)
    assert certain[np.isfinite(right)].all()


def test_rounding_between() -> None:
    assert FLOAT8.round_between(Decimal("463.9"), Decimal(464)) == 448.0
    assert math.isnan(FLOAT8.round_between(Decimal(464), Decimal("1e999999")) or 0.0)
    assert FLOAT8.round_between(Decimal("463.9"), Decimal("464.1")) is None
    assert FLOAT8.round_between(Decimal("-1e-9"), Decimal("1e-9")) is None
    assert same(FLOAT8.round_between(Decimal("-1e-9"), Decimal(0)) or 1.0, 1.0)


def test_rounding_is_that_of_ml_dtypes() -> None:
    kind = pytest.importorskip("ml_dtypes").float8_e4m3fn
    x = np.array([float(x) for x in hard_numbers() if abs(x) < 2**100], np.float32)
    theirs = x.astype(kind).astype(np.float64)
    assert all(map(same, round_array(x.astype(np.float64), FLOAT8).tolist(), theirs.tolist()))
    assert (
        to_bits(theirs, FLOAT8)[~np.isnan(theirs)].tolist()
        == x.astype(kind).view("u1")[~np.isnan(theirs)].tolist()
    )


def test_ulps() -> None:
    for x in (1.0, 1.9, 448.0, 1000.0, 2.0**-6, 2.0**-7, 2.0**-20, 0.0):
        around = max(2.0**-6, min(x, 448.0))
        ulp = Fraction(2) ** (math.frexp(around)[1] - 4)
        assert Fraction(2) ** ulp_exponent(Fraction(x), FLOAT8) == ulp
        assert ulp_array(np.array([x, -x]), FLOAT8).tolist() == [ulp, ulp]


def test_texts() -> None:
    """Texts have the fewest digits that read back, and are the nearest of these."""
    assert list(FloatArray(np.array(VALUES), FLOAT8)) == list(map(FLOAT8.text, VALUES))
    assert [FLOAT8.text(x) for x in (448.0, -0.0, 2.0**-9, 0.1015625, 60.0, math.nan)] == [
        *("4.5e+02", "-0.0", "0.002", "0.1", "60.0", "nan")
    ]
    for pattern in range(1, 127):
        size, text = SIZES[pattern], FLOAT8.text(float(SIZES[pattern]))
        assert nearest(Fraction(text)) == size
        digits = len("".join(str(Decimal(text).normalize().as_tuple().digits)).replace(", ", "").strip("(),"))
        exponent = Decimal(float(size)).adjusted()
        for count in range(1, digits + 1):
            unit = Fraction(10) ** (exponent + 1 - count)
            near = [n * unit for n in (size // unit, size // unit + 1) if nearest(n * unit) == size]
            assert bool(near) == (count == digits)
            assert not near or abs(Fraction(text) - size) == min(abs(n - size) for n in near)


def test_numbers_are_read() -> None:
    patterns = [f"0x{pattern:02x}" for pattern in range(256)]
    together = read_values(patterns, FLOAT8, bits=True)
    assert together is not None
    for pattern, x, found in zip(patterns, VALUES, together.tolist(), strict=True):
        assert same(read_float(pattern, FLOAT8, bits=True), x)
        assert same(read_value(pattern, FLOAT8, bits=True), x)
        assert same(found, x)
    texts = list(map(FLOAT8.text, NUMBERS))
    together = read_values(texts, FLOAT8)
    assert together is not None
    assert all(map(same, together.tolist(), NUMBERS))
    assert read_float("464", FLOAT8) == 448
    assert math.isnan(read_float("465", FLOAT8))
    assert math.isnan(read_float("inf", FLOAT8))
    with pytest.raises(ActcalcError, match="those have 2 hexadecimal digits"):
        read_float("0x3f80", FLOAT8, bits=True)
    with pytest.raises(ActcalcError, match="is not a float8_e4m3fn number"):
        read_value("1.01", FLOAT8)


def right_at(f: Activation, of: str, z: float, name: str = "float8_e4m3fn") -> float:
    """The right result for a value of a format, by the oracle."""
    return expected(f, of, z, FMTS[name])


def values_of(name: str) -> list[float]:
    """All values of a format in the order of patterns, by the oracle."""
    return [FMTS[name].from_bits(pattern) for pattern in range(256)]


@pytest.mark.parametrize(("f", "fmt"), settings_in(EIGHT_BITS, DEFAULTS))
def test_every_value(f: Activation, fmt: Format) -> None:
    """Evaluate one by one, in a short array, and in a long one, which is evaluated by patterns."""
    values = values_of(fmt.name)
    z = np.array(values)
    for of in QUANTITIES[:2]:
        together = derivative_array(f, z, of, fmt).tolist()
        often = derivative_array(f, np.concatenate([z, z]), of, fmt).tolist()
        for i, x in enumerate(values):
            right = right_at(f, of, x, fmt.name)
            for got in (f.derivative_float(x, of, fmt), together[i], often[i], often[256 + i]):
                assert same(got, right), (of, x, got, right)


def test_slopes_from_a() -> None:
    f = actcalc.activation("sigmoid")
    a = np.array([x for x in NUMBERS if 0 <= x <= 1])
    right = [nearest(Fraction(x) * (1 - Fraction(x))) for x in a.tolist()]
    assert dg_from_a_array(f, a, FLOAT8).tolist() == right
    assert [f.dg_from_a_float(x, FLOAT8) for x in a.tolist()] == right


def compared(f: Activation, z: list[float], x: list[float]) -> Any:
    comparison = Comparison(f, "g", FLOAT8, worst=len(z))
    comparison.add(np.array(z), np.array(x))
    return comparison.report()


FEW = ("sigmoid", "tanh", "relu", "exponential", "silu", "gelu", "hard_sigmoid", "softplus", "relu2", "snake")


@pytest.mark.parametrize("name", [*FEW, "hard_tanh:min=-1000,max=1000", "softshrink:lambd=500"])
def test_right_values_pass(name: str) -> None:
    """Includes kinks beyond the format."""
    f = resolve(name)
    report = compared(f, NUMBERS, [right_at(f, "g", z) for z in NUMBERS])
    assert report.passed
    assert report.correctly_rounded == report.points == len(NUMBERS)


def test_wrong_values_are_measured() -> None:
    """Measure the neighbour of the right value in ulps, and a number where NaN is right."""
    f = actcalc.activation("relu2")
    z = [x for x in NUMBERS if x > 0 and Fraction(x) ** 2 < 416]
    got = [VALUES[VALUES.index(nearest(Fraction(x) ** 2)) + 1] for x in z]
    report = compared(f, z, got)
    assert report.correctly_rounded == 0
    for point in report.worst:
        exact = Fraction(point.z) ** 2
        ulp = min(high - low for low, high in pairwise(SIZES) if high > exact)
        assert point.floats_apart == 1
        assert point.right == nearest(exact)
        assert point.ulps == float(abs(Fraction(point.got) - exact) / ulp)
    report = compared(f, [32.0, 1.0, 2.0], [448.0, math.nan, 0.0])
    failures = {name: failure.first_z for name, failure in report.failures.items() if failure.count}
    assert failures == {"finite_where_not": 32.0, "not_finite": 1.0, "zero_where_normal": 2.0}


def test_audits_run_at_all_values() -> None:
    assert list(map(str, points(actcalc.activation("tanh"), FLOAT8).tolist())) == list(
        map(str, all_values(FLOAT8).tolist())
    )


# The command line and arrays of other libraries


def program(text: str, stdin: str = "") -> Done:
    return run(text.split(), stdin)


def test_commands() -> None:
    done = program("eval sigmoid 0x38 3.14 500 --dtype e4m3fn --hex")
    assert done.out.splitlines() == ["0.75\t0x1.8p-1\t0x34", "0.94\t0x1.ep-1\t0x37", "nan\tnan\t0x7f"]
    assert program("deriv relu 0 1 --dtype float8_e4m3fn").out == "0.0\n1.0\n"


@EVERY_FORMAT
def test_tables_of_all_values_are_right(name: str, tmp_path: Path) -> None:
    fmt = FORMATS[name]
    done = program(f"table tanh --all-values --dtype {name} -f csv")
    rows = done.out.splitlines()[1:]
    f = actcalc.activation("tanh")
    numbers = sorted((x for x in values_of(name) if x == x), key=lambda x: (x, math.copysign(1, x)))
    cells = [[x, right_at(f, "g", x, name), right_at(f, "dg", x, name)] for x in numbers]
    assert rows == [",".join(map(fmt.text, row)) for row in cells]
    check = program(f"check tanh --dtype {name}", done.out)
    assert check.out.splitlines()[-1] == "passed: all points are correctly rounded"
    path = tmp_path / "x.npy"
    assert program(f"table tanh --all-values --dtype {name} -o {path}").status == 0
    assert np.load(path).dtype.descr == [("z_bits", "|u1"), ("g_bits", "|u1"), ("dg_bits", "|u1")]
    assert program(f"check tanh {path} --dtype {name}").out.splitlines()[-1] == check.out.splitlines()[-1]


@EVERY_FORMAT
def test_ordinals_have_no_gap(name: str) -> None:
    fmt = FORMATS[name]
    ascending = all_values(fmt)
    numbers = sorted((x for x in values_of(name) if x == x), key=lambda x: (x, math.copysign(1, x)))
    assert list(map(str, ascending.tolist())) == list(map(str, numbers))
    places = ordinals(ascending, fmt)
    assert (np.diff(places) == 1).all()
    assert places.tolist() == [fmt.ordinal(x) for x in ascending.tolist()]
    apart = [scalars_apart(x, y, fmt) for x, y in pairwise(ascending.tolist())]
    assert apart == [int(x != y) for x, y in pairwise(ascending.tolist())]
    assert floats_apart(ascending[:-1], ascending[1:], fmt).tolist() == apart


@EVERY_FORMAT
def test_arrays_of_ml_dtypes(name: str) -> None:
    kind = getattr(pytest.importorskip("ml_dtypes"), name)
    numbers = [x for x in values_of(name) if x == x]
    z = np.array(numbers).astype(kind)
    f = actcalc.activation("gelu")
    values = f.g(z)
    assert values.dtype == kind
    assert all(map(same, values.astype(float).tolist(), [right_at(f, "g", x, name) for x in numbers]))
    assert actcalc.check(f, z, values, of="g").passed


@EVERY_FORMAT
def test_audits_of_arrays_of_ml_dtypes(name: str) -> None:
    pytest.importorskip("ml_dtypes")
    (report,) = actcalc.audit(actcalc.activation("tanh").g, "tanh", dtype=name, of="g")
    assert report.passed
    assert (
        report.correctly_rounded == report.points == FORMATS[name].finite_count - FORMATS[name].first_ordinal
    )


@EVERY_FORMAT
def test_tensors_of_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    kind = getattr(torch, name)
    numbers = [x for x in values_of(name) if x == x]
    z = torch.tensor(numbers).to(kind)
    values = actcalc.activation("silu").dg(z)
    assert values.dtype == kind
    right = [right_at(actcalc.activation("silu"), "dg", x, name) for x in numbers]
    assert all(map(same, values.double().tolist(), right))
