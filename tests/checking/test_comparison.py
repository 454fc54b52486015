"""Planted faults are found and named, and right values raise no alarm."""

import json
import math
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import arb, fmpq

import actcalc
from actcalc import ActcalcError
from actcalc.activations.activation import Activation
from actcalc.activations.declaration import GivenQuantity
from actcalc.checking import histogram, measure
from actcalc.checking.decades import Decades
from actcalc.checking.histogram import NO_ERRORS, Histogram
from actcalc.checking.records import RecordError, read_as
from actcalc.checking.report import Report
from actcalc.checking.sums import exact_sum
from actcalc.numbers.digits import Digits
from actcalc.numbers.floats import FORMATS
from actcalc.numbers.ulp import BoundsExceeded, ulp_exponent
from tests.support import oracle
from tests.support.matrix import SETTINGS, expected, random_points, special_points
from tests.support.oracle import FMTS, Fmt
from tests.support.turns import by_turns

Array = Any


def hidden(report: Report) -> dict[str, tuple[int, float | None]]:
    """The failures in a report."""
    return {name: (f.count, f.first_z) for name, f in report.failures.items() if f.count}


# Errors in ulps


def nothing_known(f: Activation, which: int, z: Array, fmt: object, *how: object) -> tuple[Array, ...]:
    """A replacement for ``arrays.bounded_array`` that knows nothing about any point."""
    return *np.zeros((3, len(z))), np.full(len(z), np.inf), np.zeros(len(z), bool)


EDGES = (1, 2, 10, 100)


def exact_error(activation: Activation, which: str, z: float, x: float, fmt: Fmt) -> tuple[float, str]:
    """The error of x against the textbook formula in ulps, from Arb, and its bucket."""
    text = getattr(activation, f"textbook_{which}")

    def error() -> tuple[float, str] | None:
        value = oracle.evaluate(text, z=Fraction(z), **activation.parameters)
        if value.rest is None:
            exact = Fraction(int(value.exact.p), int(value.exact.q))
            ulps = abs(exact - Fraction(x)) / Fraction(2) ** _spacing(exact, fmt)
            bucket = next((str(edge) for edge in EDGES if ulps <= edge), "more")
            return float(min(ulps, Fraction(10) ** 200)), bucket
        low, high = (_fraction(end) for end in (value.ball().lower(), value.ball().upper()))
        ends = {_spacing(low, fmt), _spacing(high, fmt)} | ({fmt.quantum} if low < 0 < high else set())
        distance = abs((value - oracle.real(Fraction(x))).ball())
        ball = distance / arb(fmpq(2) ** min(ends))
        known = ball.rad() < 1e-12 or ball.rel_accuracy_bits() > 50
        if len(ends) > 1 or not known or any(not (ball <= edge or ball > edge) for edge in EDGES):
            return None
        return min(float(arb(ball.mid())), 1e200), next((str(e) for e in EDGES if ball <= e), "more")

    return oracle.decide(error, Fraction(z))


def _fraction(x: arb) -> Fraction:
    man, exp = x.man_exp()
    return Fraction(int(man)) * Fraction(2) ** int(exp)


def _spacing(x: Fraction, fmt: Fmt) -> int:
    """The exponent of the spacing of the format at an exact number."""
    if x == 0:
        return fmt.quantum
    exponent = x.numerator.bit_length() - x.denominator.bit_length()
    exponent -= abs(x) < Fraction(2) ** exponent
    return max(min(exponent, fmt.emax) + 1 - fmt.precision, fmt.quantum)


def places(activation: Activation, fmt: Fmt) -> list[float]:
    """Points that are not kinks and of a size at which Arb is fast."""
    points = [*special_points(activation, fmt)[::5], *random_points(fmt, 6, activation.describe())]
    kinks = [FORMATS[fmt.name].round_exact(kink.z) for kink in activation.kinks]
    return [z for z in points if 1e-10 < abs(z) < 100 and z not in kinks]


SAMPLE = [f for f in SETTINGS if f.name != "gelu_tanh"][::13]
"""Settings, without one that is too close to a line at z = 92 for the oracle's bits."""


@pytest.mark.parametrize(
    ("activation", "name"), by_turns(SAMPLE, FMTS), ids=lambda x: x if isinstance(x, str) else x.describe()
)
def test_errors_are_those_of_the_textbook_formula(activation: Activation, name: str) -> None:
    """Compare the errors of the right value, its neighbours and a distant value with Arb."""
    fmt = FMTS[name]
    quantities: list[tuple[str, GivenQuantity]] = [("g", "g"), ("dg", "deriv")]
    for which, of in quantities:
        z: list[float] = []
        x: list[float] = []
        for i, at in enumerate(places(activation, fmt)):
            right = expected(activation, which, at, fmt)
            near = [v for v in fmt.near(right, 3) if math.isfinite(v)] if math.isfinite(right) else []
            x += [*near[i % 3 :: 3], 1.5]
            z += [at] * (len(x) - len(z))
        report = actcalc.check(activation, np.array(z), np.array(x), of=of, dtype=name, worst=len(z))
        assert len(report.worst) == report.points == len(z)
        buckets = dict.fromkeys(report.buckets, 0)
        pairs = []
        for point in report.worst:
            pairs.append((point.z, point.got))
            right = expected(activation, which, point.z, fmt)
            assert oracle.same(point.right, right)
            if math.isfinite(right):
                error, bucket = exact_error(activation, which, point.z, point.got, fmt)
                assert point.ulps == pytest.approx(error, rel=1e-9, abs=1e-11)
            else:
                bucket = "more"
                assert point.ulps == math.inf
            buckets["0" if point.got == right else bucket] += 1
        assert sorted(pairs) == sorted(zip(z, x, strict=True))
        assert report.buckets == buckets
        assert [point.ulps for point in report.worst] == sorted((p.ulps for p in report.worst), reverse=True)


def test_without_bulk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exact arithmetic finds the same errors where array arithmetic finds nothing."""
    rng = np.random.default_rng(8)
    z = rng.normal(0, 4, 60)
    for name in ("gelu", "tanh", "hard_swish", "softplus"):
        values = actcalc.activation(name).dg(z) * (1 + 2.0**-51)
        right = actcalc.check(name, z, values, worst=60)
        with monkeypatch.context() as context:
            context.setattr(measure, "bounded_array", nothing_known)
            exact = actcalc.check(name, z, values, worst=60)
        assert exact.buckets == right.buckets
        assert exact.mean_ulp == pytest.approx(right.mean_ulp, rel=1e-6)
        assert exact.worst == right.worst


@pytest.mark.parametrize(
    ("name", "low", "high"), [("gelu", 10, 30), ("silu", 20, 90), ("mish", 20, 90), ("tanh", 1e-30, 1e-12)]
)
@pytest.mark.parametrize("off", [1, 2])
def test_values_next_to_a_line(name: str, low: float, high: float, off: int) -> None:
    """g differs from z by far less than a rounding error, and few exact questions decide all points."""
    z = np.geomspace(low, high, 3000, dtype=np.float32)
    x = z
    for _ in range(off):
        x = np.nextafter(x, np.float32(np.inf))
    whole = actcalc.check(name, z, x, of="g")
    few = slice(0, None, 100)
    alone = [actcalc.check(name, z[i : i + 1], x[i : i + 1], of="g") for i in range(0, 3000, 100)]
    again = actcalc.check(name, z[few], x[few], of="g")
    for bucket in whole.buckets:
        assert again.buckets[bucket] == sum(report.buckets[bucket] for report in alone)
    assert {b for b, n in whole.buckets.items() if n} >= {b for b, n in again.buckets.items() if n}
    assert sum(whole.buckets.values()) == 3000


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record the points at which an exact value is requested."""
    points: list[float] = []
    one = measure.Measure._exactly

    def exactly(self: Any, z: float, x: float, rounding: Any) -> Any:
        points.append(z)
        return one(self, z, x, rounding)

    monkeypatch.setattr(measure.Measure, "_exactly", exactly)
    return points


def test_nearly_all_is_measured_in_bulk(asked: list[float]) -> None:
    z = np.linspace(-8, 8, 20001)
    for name in ("gelu", "sigmoid", "relu6"):
        actcalc.check(name, z, actcalc.activation(name).dg(z) * (1 + 2.0**-52))
    assert len(asked) < 20
    # Errors of exactly one ulp, the limit.
    actcalc.check("identity", z, np.nextafter(z, math.inf), of="g")
    assert len(asked) < 40


def test_a_float_off_a_straight_line_is_one_run(asked: list[float]) -> None:
    z = 10 ** np.random.default_rng(1).uniform(-15, -12, 3000)
    actcalc.check("tanh", z, np.nextafter(actcalc.activation("tanh").g(z), math.inf), of="g")
    assert len(asked) < 20


def test_sides_are_not_evaluated_where_errors_do_not_count(asked: list[float]) -> None:
    """For higher derivatives the ends of a run decide nothing."""
    z = np.linspace(20, 100, 3000, dtype=np.float32)
    report = actcalc.check("gelu", z, np.zeros_like(z), of="d2g")
    assert (report.correctly_rounded, report.bias_ulp) == (3000, None)
    assert len(asked) < 20


@pytest.mark.parametrize("name", FMTS)
@pytest.mark.parametrize(
    ("exact", "got", "ulps"),
    [
        # At a power of two an ulp is the spacing above; below it floats are half as far apart.
        ("one", "below one", "1/2"),
        ("one", "above one", "1"),
        ("just below one", "one", "0"),
        ("below one", "one", "1"),
        ("zero", "smallest", "1"),
        ("zero", "-smallest", "1"),
        ("smallest normal", "zero", "normal"),
        ("largest", "below largest", "1"),
    ],
)
def test_an_ulp_is_the_spacing_at_the_exact_value(name: str, exact: str, got: str, ulps: str) -> None:
    """Examples computed by hand, with the identity, and with relu just below 1."""
    fmt = FMTS[name]
    values = {
        "zero": 0.0,
        "one": 1.0,
        "below one": fmt.near(1.0)[0],
        "above one": fmt.near(1.0)[2],
        "smallest": fmt.smallest,
        "-smallest": -fmt.smallest,
        "smallest normal": fmt.smallest_normal,
        "largest": fmt.largest,
        "below largest": fmt.near(fmt.largest)[0],
    }
    if exact == "just below one":  # 1 - 2^-1000 or so: an ulp there is the spacing below 1
        z = max(fmt.smallest, 2.0**-40)
        report = actcalc.check("tanh", [z, fmt.smallest], 2 * [values["below one"]], dtype=name)
        near = pytest.approx(1, rel=max(1e-6, z**2 * 2**fmt.precision))
        assert report.max_ulp == near
        assert report.mean_ulp == near
        assert report.correctly_rounded == 0
        assert report.beyond == 0
        return
    report = actcalc.check("identity", [values[exact]], [values[got]], of="g", dtype=name)
    right = 2.0 ** (fmt.precision - 1) if ulps == "normal" else float(Fraction(ulps))
    assert report.max_ulp == right


def test_the_ends_of_binades() -> None:
    """Open intervals exclude their ends, and beyond the largest number ulps do not grow."""
    fmt = FORMATS["float64"]
    below = BoundsExceeded(1 - 2.0**-53, [Fraction(3, 4)], fmt)
    assert below.round_between(Decimal("0." + 40 * "9"), Decimal(1)) == 1
    assert below.round_between(Decimal(1), Decimal("1." + 40 * "0" + "1")) == 0
    assert below.round_between(Decimal(1), Decimal(1)) == 0
    for name, own in FORMATS.items():
        top = Fraction(2) ** own.emax
        assert ulp_exponent(4 * top, own) == ulp_exponent(top, own) == own.emax + 1 - FMTS[name].precision


def test_errors_beyond_all_bounds_count_as_the_largest() -> None:
    z = np.full(5, -700.0)
    report = actcalc.check("sigmoid", np.append(z, 0), np.append(np.full(5, 1e308), 0.25))
    assert report.max_ulp == 1e200
    assert report.mean_ulp == pytest.approx(5e200 / 6)
    assert report.buckets["more"] == 5


def test_just_beyond_the_mark() -> None:
    """tanh'(2^-500) is about 1 - 2^-1000, which decides on which side of the limit an error lies."""
    z, below = [2.0**-500], 1 - 2.0**-53
    # 1 - 2^-53 is less than one ulp of 2^-53 away, by about 2^-1000.
    assert actcalc.check("tanh", z, [below], max_ulp=1).beyond == 0
    assert actcalc.check("tanh", z, [below - 2.0**-53], max_ulp=2).beyond == 0
    assert actcalc.check("tanh", z, [1 + 2.0**-52], max_ulp=2).beyond == 1
    # e^z is greater than 1 there, where an ulp is 2^-52.
    assert actcalc.check("exponential", z, [1 + 2.0**-52], max_ulp=1).beyond == 0
    assert actcalc.check("exponential", z, [1 - 2.0**-52], max_ulp=1).beyond == 1
    assert actcalc.check("exponential", z, [below], max_ulp="1/2").correctly_rounded == 0


def test_a_tie_is_right_rounded_to_even() -> None:
    """One of the two floats half an ulp away is right, and max_ulp=0.5 requires that one."""
    z = 1 + 2.0**-4  # z^2 = 1 + 2^-3 + 2^-8, half way between two values of bfloat16
    even, odd = 1 + 2.0**-3, 1 + 2.0**-3 + 2.0**-7
    at: dict[str, Any] = {"of": "g", "dtype": "bfloat16"}
    for max_ulp in (Fraction(1, 2), "0.5", 0.5):
        assert actcalc.check("relu2", [z], [even], max_ulp=max_ulp, **at).passed
        assert not actcalc.check("relu2", [z], [odd], max_ulp=max_ulp, **at).passed
    assert actcalc.check("relu2", [z], [even], **at).max_ulp == 0.5
    assert actcalc.check("relu2", [z], [odd], **at).max_ulp == 0.5
    assert actcalc.check("relu2", [z], [odd], max_ulp="0.50001", **at).passed
    assert not actcalc.check("relu2", [z], [even], max_ulp="0.49999", **at).passed
    assert actcalc.check("relu2", [z], [odd], **at).buckets["1"] == 1


# Neighbours, bias, range and monotonicity


def test_faithful_next_to_a_power_of_two() -> None:
    """tanh' is just below 1 and e^z just above; floats below 1 are half as far apart."""
    z, below, above = [2.0**-500], 1 - 2.0**-53, 1 + 2.0**-52

    def faithful(name: str, x: float) -> bool:
        return bool(actcalc.check(name, z, [x]).faithful)

    assert [faithful("tanh", x) for x in (below - 2.0**-53, below, 1.0, above)] == [False, True, True, False]
    assert [faithful("exponential", x) for x in (below, 1.0, above, above + 2.0**-52)] == [
        *(False, True, True, False)
    ]
    # The slope of the identity is exactly 1, so no other float is faithful.
    assert [faithful("identity", x) for x in (below, 1.0, above)] == [False, True, False]
    # sigmoid(-720) is subnormal but not 0, and both of its neighbours are subnormal.
    assert [faithful("sigmoid", x) for x in (0.0, 5e-324, 1e-323)] == [False, False, False]
    assert actcalc.check("sigmoid", [-744.9], [0.0]).faithful == 1
    assert actcalc.check("sigmoid", [-744.9], [5e-324]).faithful == 1
    assert actcalc.check("sigmoid", [-744.9], [-5e-324]).faithful == 0


def test_the_bias_is_the_mean_of_signed_errors() -> None:
    z = np.linspace(-3, 3, 101).astype(np.float16)
    for off in (0, 1, -1):
        x = np.exp(z.astype(np.float64)).astype(np.float16)
        for _ in range(abs(off)):
            x = np.nextafter(x, np.float16(off * np.inf))
        errors, faithful = [], 0
        for point, value in zip(z.tolist(), x.tolist(), strict=True):
            exact = Decimal(point).exp(Context(prec=60))
            exponent = math.frexp(float(exact))[1] - 11
            errors.append((Fraction(value) - Fraction(exact)) / Fraction(2) ** exponent)
            beside = [float(np.nextafter(np.float16(value), np.float16(end))) for end in (-9, 99)]
            faithful += beside[0] < exact < beside[1]
        report = actcalc.check("exponential", z, x, of="g", max_ulp=2)
        assert report.bias_ulp == pytest.approx(float(sum(errors) / len(errors)), abs=1e-12)
        assert report.faithful == faithful
    assert actcalc.check("relu", [-1.0], [0.0]).bias_ulp is None


def test_sums_of_errors_are_exact() -> None:
    errors = [2.0**60, 2.0**-64, -(2.0**60), 0.75, 2.0**-40, 2.0**19, -(2.0**-80), 1e200]
    total = sum(Fraction(error) for error in errors if abs(error) >= 2.0**-64)
    assert exact_sum(np.array(errors)) == total * 2**64
    many = np.full(1 << 17, 2.0**19)  # more than 64 bits
    assert exact_sum(many) == 2 ** (17 + 19 + 64)


@pytest.mark.parametrize("low", [-250, -130, -70, -40, -20, 10, 40])
def test_means_do_not_depend_on_the_order(low: int) -> None:
    random = np.random.default_rng(low + 300)
    errors = np.ldexp(random.random(20_000), random.integers(low, low + 60, 20_000))
    z = random.choice([0.5, -3.0, 1e100], 20_000)
    order = random.permutation(20_000)
    found = Decades.of(z, errors, z > 0)
    assert Decades.of(z[order], errors[order], z[order] > 0) == found
    assert Decades.of(z[:77], errors[:77], z[:77] > 0) + Decades.of(z[77:], errors[77:], z[77:] > 0) == found
    for decade, number in zip(found.ranges(), [-3.0, 0.5, 1e100], strict=True):
        some = errors[z == number]
        assert decade.max_ulp == some.max()
        assert decade.mean_ulp == pytest.approx(float(sum(map(Fraction, some))) / len(some), rel=1e-11)
        alone = Decades.of(z[z == number], some, some > 0, ascending=True)
        assert [row.mean_ulp for row in alone.ranges()] == [decade.mean_ulp]


def test_range_and_monotony() -> None:
    z = np.linspace(-20, 20, 40_001)
    right = np.tanh(z)
    report = actcalc.check("tanh", z, right, of="g", max_ulp=2)
    assert (report.monotone, report.out_of_range) == (True, 0)
    assert actcalc.check("tanh", z[::-1], right[::-1], of="g", max_ulp=2).monotone is True
    wrong = right.copy()
    wrong[16384] = math.nextafter(wrong[16383], -1)  # the first element of a block
    assert actcalc.check("tanh", z, wrong, of="g", max_ulp=1e16).monotone is False
    assert actcalc.check("tanh", z, right + 2.0**-52, of="g").out_of_range == sum(right == 1)
    assert actcalc.check("gelu", [0.0], [0.0], of="g").monotone is None
    assert actcalc.check("tanh", [0.0], [1.0]).monotone is actcalc.check("tanh", [0.0], [1.0]).out_of_range


def test_the_largest_error_of_normal_numbers_stands_apart() -> None:
    """A flushed subnormal is thousands of ulps off, which would hide errors elsewhere."""
    z = [-720.0, 0.0]
    report = actcalc.check("sigmoid", z, [0.0, 0.25 + 2.0**-54])
    assert report.largest is not None
    assert report.largest.z == -720
    assert report.largest_normal is not None
    assert (report.largest_normal.z, report.largest_normal.ulps) == (0.0, 1.0)


def test_dg_is_another_name_of_the_slope() -> None:
    assert actcalc.check("tanh", [0.0], [1.0], of="dg") == actcalc.check("tanh", [0.0], [1.0], of="deriv")


def test_a_scalar_of_numpy_is_a_parameter_at_its_own_value() -> None:
    slope: Any = np.float32(0.2)
    report = actcalc.check("leaky_relu", [-1.0], [-float(slope)], of="g", slope=slope)
    assert (report.correctly_rounded, report.parameters) == (1, {"slope": str(Decimal(float(slope)))})
    assert actcalc.check("leaky_relu", [-1.0], [-0.2], of="g", slope=0.2).correctly_rounded == 1


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("gelu", 10, 30),
        ("mish", 20, 90),
        ("silu", 20, 90),
        ("softplus", 20, 90),
        ("tanh", 1e-9, 1e-5),
        ("tanh", 20, 90),
    ],
)
@pytest.mark.parametrize("off", [1, -1, 2])
def test_values_one_or_two_floats_off_a_line_are_settled_in_bulk(
    name: str, low: float, high: float, off: int, asked: list[float]
) -> None:
    """An exact question takes a third of a millisecond: fewer than one value in a hundred may need one."""
    z = np.linspace(low, high, 5000, dtype=np.float32)
    x = np.ones_like(z) if (name, low) == ("tanh", 20) else z  # a horizontal line
    for _ in range(abs(off)):
        x = np.nextafter(x, np.float32(off * np.inf))
    actcalc.check(name, z, x, of="g")
    assert len(asked) < 50


# Planted faults


def sigmoid(z: Array) -> Array:
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))


def in_bfloat16(x: Array) -> Array:
    """float32 rounded to bfloat16."""
    bits = np.asarray(x, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)).view(np.float32)


def shortcut(z: Array) -> Array:
    a = sigmoid(z)
    return a * (1 - a)


def one_less_square(z: Array) -> Array:
    return 1 - np.tanh(z) ** 2


@pytest.mark.parametrize(
    ("name", "dtype", "last", "function"),
    [
        ("sigmoid", "float64", 45, shortcut),
        ("sigmoid", "float32", 25, shortcut),
        ("tanh", "float64", 25, one_less_square),
        ("tanh", "float32", 12, one_less_square),
    ],
)
def test_cancellation(name: str, dtype: str, last: int, function: Callable[[Array], Array]) -> None:
    """a(1-a) and 1-a^2 lose their digits towards infinity and end at 0."""
    z = np.linspace(-1, last, 1001).astype(dtype)
    values = function(z)
    report = actcalc.check(name, z, values)
    assert not report.passed
    assert report.dtype == dtype
    first = float(z[np.argmax(values == 0)])
    assert hidden(report) == {"zero_where_normal": (int((values == 0).sum()), first)}
    assert report.buckets["more"] > 100
    assert max(r.max_ulp or 0 for r in report.ranges) == pytest.approx(report.max_ulp)
    assert report.largest is not None
    assert report.largest.z > 10 if name == "sigmoid" else report.largest.z > 5


def test_cancellation_in_bfloat16() -> None:
    z = in_bfloat16(np.linspace(-1, 9, 500))
    a = in_bfloat16(sigmoid(z))
    values = in_bfloat16(a * in_bfloat16(1 - a))
    report = actcalc.check("sigmoid", z, values, dtype="bfloat16")
    assert not report.passed
    assert list(hidden(report)) == ["zero_where_normal"]


def test_softplus_cut_over_at_20() -> None:
    z = np.linspace(15, 45, 3001)
    values = np.where(z > 20, z, np.log1p(np.exp(np.minimum(z, 20))))
    report = actcalc.check("softplus", z, values, of="g")
    assert not report.passed
    assert hidden(report) == {}
    assert report.largest is not None
    assert 20 < report.largest.z < 20.02  # ln(1 + e^20) - 20 = 2e-9 is half a million ulps of 20
    assert report.max_ulp == pytest.approx(math.log1p(math.exp(-report.largest.z)) * 2.0**48, rel=1e-6)


def test_a_slope_held_as_float32() -> None:
    z = np.linspace(-3, -1, 100)
    report = actcalc.check("leaky_relu", z, z * float(np.float32(0.01)), of="g")
    assert not report.passed
    assert report.buckets["more"] == 100
    # But 0.01 as a float64 costs a rounding error or two.
    assert actcalc.check("leaky_relu", z, z * 0.01, of="g", max_ulp=2).passed


@pytest.mark.parametrize(("name", "passes"), [("gelu", False), ("gelu_tanh", True)])
def test_gelu_of_another_form(name: str, passes: bool) -> None:
    z = np.linspace(0.5, 3, 500)
    values = z / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))
    report = actcalc.check(name, z, values, of="g", max_ulp=10)
    assert report.passed is passes
    assert (report.buckets["more"] > 400) is not passes


def test_truncated_constants() -> None:
    z = np.linspace(0.1, 3, 200)
    report = actcalc.check("selu", z, 1.0507 * z, of="g")
    assert not report.passed
    assert report.mean_ulp is not None
    assert report.mean_ulp > 1e9
    assert report.buckets["more"] == 200


def test_zeros_of_the_wrong_sign() -> None:
    z = np.array([-0.0, 0.0, -0.0])
    values = np.array([0.0, -0.0, -0.0])
    for strict in (False, True):
        report = actcalc.check("tanh", z, values, of="g", strict_zero=strict, max_ulp=0.5)
        assert hidden(report) == {"zero_sign": (2, 0.0)}
        assert str(report.failures["zero_sign"].first_z) == "-0.0"
        assert report.correctly_rounded == 3
        assert report.passed is not strict


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_a_flush_to_zero(dtype: str) -> None:
    fmt = FMTS[dtype]
    normal, largest_subnormal = fmt.smallest_normal, fmt.near(fmt.smallest_normal)[0]
    z = np.array([normal, largest_subnormal, -largest_subnormal, fmt.smallest, -3 * fmt.smallest])
    flushed = np.where(abs(z) < normal, 0 * z, z)
    report = actcalc.check("identity", z, flushed, of="g", dtype=dtype)
    assert report.max_ulp == largest_subnormal / fmt.smallest
    assert (report.passed, report.beyond, hidden(report)) == (False, 3, {})  # 1 ulp is within the limit
    assert actcalc.check("identity", z, flushed, of="g", dtype=dtype, flush_to_zero=True, max_ulp=0).passed
    named = hidden(actcalc.check("identity", z, 0 * z, of="g", dtype=dtype))
    assert named == {"zero_where_normal": (1, normal)}
    # A zero for a normal number is not flushing, nor is a wrong subnormal.
    for wrong in (0 * z, np.where(abs(z) < normal, -z, z)):
        assert not actcalc.check("identity", z, wrong, of="g", dtype=dtype, flush_to_zero=True).passed


def test_a_subnormal_number_taken_for_zero() -> None:
    tiny = 2.0**-140
    at: dict[str, Any] = {"dtype": "float32"}
    assert not actcalc.check("relu", [tiny], [0.0], **at).passed
    report = actcalc.check("relu", [tiny], [0.0], daz=True, max_ulp=0, **at)
    assert (report.passed, report.subnormal_taken_for_zero, report.verdict) == (True, 1, "within 1 ulp")
    # A value that is neither right nor the value at 0 is measured from the nearer one.
    assert not actcalc.check("relu", [tiny], [1.5], daz=True, **at).passed
    assert not actcalc.check("relu", [2.0**-126], [0.0], daz=True, **at).passed
    # For the identity a zero for a subnormal z is the value at 0; at a normal z it is wrong.
    for name, z, passed in (("identity", tiny, True), ("leaky_relu", -(2.0**-122), False)):
        assert actcalc.check(name, [z], [0.0], of="g", daz=True, **at).passed is passed
        assert actcalc.check(name, [z], [0.0], of="g", flush_to_zero=True, **at).passed


@pytest.mark.parametrize("sign", [1, -1])
def test_an_infinity_counts_as_the_number_beyond_the_largest(sign: int) -> None:
    """Examples by hand: whole ulps below 2**128 or 2**1024, which infinities stand for, and selu."""
    top, ulp = Fraction(2) ** 128, Fraction(2) ** 104
    z = 3.2386221e38
    scale = Fraction("1.0507009873554804934193349852946")
    error = (top - scale * Fraction(float(np.float32(z)))) / ulp
    assert Fraction(1, 2) < error < 1
    report = actcalc.check("selu", np.array([z], "f4"), np.array([np.inf], "f4"), of="g")
    assert report.passed
    assert report.max_ulp == pytest.approx(float(error))
    assert report.faithful == 1
    assert not actcalc.check(
        "selu", np.array([z], "f4"), np.array([np.inf], "f4"), of="g", max_ulp=0.8
    ).passed
    for dtype, emax, precision in (("float32", 127, 24), ("float64", 1023, 53), ("float16", 15, 11)):
        step = 2.0 ** (emax + 1 - precision)
        for n in (1, 2, 3, 1000):
            right = sign * (math.ldexp(1 - 2.0**-precision, emax + 1) - (n - 1) * step)
            found = actcalc.check("identity", [right], [sign * math.inf], of="g", dtype=dtype, max_ulp=2)
            assert (found.max_ulp, found.passed) == (n, n <= 2)
            assert hidden(found) == ({} if n <= 2 else {"not_finite": (1, right)})
        below = math.ldexp(1 - 2.0**-precision, emax + 1)
        found = actcalc.check("exponential", [800.0], [below], of="g", dtype=dtype)
        assert (found.max_ulp, found.passed) == (1, True)
        found = actcalc.check("exponential", [800.0], [below - step], of="g", dtype=dtype)
        assert (found.max_ulp, hidden(found)) == (2, {"finite_where_not": (1, 800.0)})
    # There are no ulps at infinite z.
    assert not actcalc.check("identity", [math.inf], [1.7976931348623157e308], of="g").passed


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize(("rtol", "atol"), [("1e-3", "0"), ("0", "1e-3"), ("1e-2", "1e-4"), ("1/1024", "0")])
def test_tolerances_are_those_of_allclose(dtype: str, rtol: str, atol: str) -> None:
    """Judge by fractions, without rounding; some errors equal the tolerance."""
    rng = np.random.default_rng(26)
    z = np.concatenate([rng.normal(0, 4, 300), [0.0, 2.0**-12, np.inf, -np.inf, np.nan]]).astype(dtype)
    right = actcalc.activation("tanh").g(z)
    some = float(Fraction(rtol)) * abs(right) + float(Fraction(atol))
    x = (right + some * rng.choice([-1.01, -1, -0.99, 0, 0.5, 1, 1.01, 3], len(z)).astype(dtype)).astype(
        dtype
    )
    x[:4] = [np.nan, np.inf, 0, -right[3]]

    def passes(x: float, right: float) -> bool:
        if not (math.isfinite(x) and math.isfinite(right)):
            return x == right or (math.isnan(x) and math.isnan(right))
        allowed = Fraction(atol) + Fraction(rtol) * abs(Fraction(right))
        return abs(Fraction(x) - Fraction(right)) <= allowed

    pairs = list(zip(x.tolist(), right.tolist(), strict=True))
    wrong = [not passes(*pair) for pair in pairs]
    report = actcalc.check("tanh", z, x, of="g", rtol=rtol, atol=atol)
    finite = [math.isfinite(a) and math.isfinite(b) for a, b in pairs]
    assert report.beyond == sum(a and b for a, b in zip(wrong, finite, strict=True)) > 0
    assert report.reasons["not_finite"].count == 2
    assert not report.passed
    kept = ~np.array(wrong)
    assert actcalc.check("tanh", z[kept], x[kept], of="g", rtol=rtol, atol=atol).passed
    assert "off by more than rtol " in report.message


def test_the_tolerance_that_would_pass_does() -> None:
    z = np.random.default_rng(3).normal(0, 3, 500).astype(np.float32)
    x = (actcalc.activation("gelu").g(z) * np.float32(1 + 3e-6)).astype(np.float32)
    report = actcalc.check("gelu", z, x, of="g")
    assert report.rtol_needed is not None
    right = actcalc.activation("gelu").g(z).astype(np.float64)
    assert report.rtol_needed >= (abs(x - right) / abs(right)).max()
    assert report.rtol_needed == pytest.approx((abs(x - right) / abs(right)).max(), rel=1e-2)
    assert actcalc.check("gelu", z, x, of="g", rtol=report.rtol_needed).passed
    assert not actcalc.check("gelu", z, x, of="g", rtol=report.rtol_needed * 0.98).passed
    assert actcalc.check("gelu", [0.0, 1.0], [1e-9, 0.8413447460685429], of="g").rtol_needed is None
    assert actcalc.check("gelu", [0.0], [0.0], of="g").rtol_needed == 0


def test_a_floor_near_a_root() -> None:
    """The formula of gelu' in float32 loses all digits next to its root at -0.7518."""
    z = np.linspace(-0.7525, -0.751, 4001).astype(np.float32)
    half = np.float32(0.5)
    phi = np.exp(-half * z * z) * np.float32(0.3989423)
    cdf = actcalc.activation("gelu").g(z) / z  # accurate to an ulp
    x = (cdf + z * phi).astype(np.float32)
    without = actcalc.check("gelu", z, x)
    assert without.max_ulp is not None
    assert without.max_ulp > 1e4
    report = actcalc.check("gelu", z, x, atol="1e-7")
    assert report.passed
    assert report.within_atol > 1000
    assert all(point.ulps <= 1 for point in actcalc.check("gelu", z, x, atol="1e-7", worst=9).worst)
    assert str(report).endswith("passed: no point is off by more than 1 ulp or atol 1e-07")
    far = report.farthest_within_atol
    assert far is not None
    right = actcalc.activation("gelu").dg(z)
    assert abs(far.got - far.right) == abs(x.astype(float) - right).max() <= 1e-7
    assert report.wrong_sign_within_atol == int((np.sign(x) * np.sign(right) < 0).sum())
    assert report.largest is None or report.largest.ulps <= 1
    assert hidden(report) == {}
    # Above the floor a wrong sign is a failure.
    wrong = actcalc.check("gelu", [-1.0], [1e-3], atol="1e-7")
    assert list(hidden(wrong)) == ["wrong_sign"]


def test_swapped_columns() -> None:
    z = np.linspace(-3, 3, 100)
    report = actcalc.check("sigmoid", actcalc.activation("sigmoid").dg(z), z)
    assert not report.passed
    assert hidden(report) == {"wrong_sign": (50, actcalc.activation("sigmoid").dg(-3.0))}
    assert report.buckets["more"] == 100


@pytest.mark.parametrize("power", [0.25, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("name", FMTS)
def test_one_float_off_at_a_power_of_two(power: float, name: str) -> None:
    """Just below a power of two the next float is half an ulp off, but it is not the right value."""
    below, _, above = FMTS[name].near(power)
    for got, error in ((below, 0.5), (above, 1.0)):
        report = actcalc.check("identity", [0.5, power], [0.5, got], of="g", dtype=name, max_ulp=0.5)
        assert (report.correctly_rounded, report.passed, report.max_ulp) == (1, False, error)
        assert report.largest is not None
        assert report.largest.floats_apart == 1
        assert report.buckets["1"] == 1
        assert actcalc.check("identity", [power], [got], of="g", dtype=name).passed


def infinity_counts_as(got: float, right: float) -> float:
    """The error of a float64 against another if one of them is infinite; the right one is larger, or 1."""
    numbers = [
        Fraction(2) ** 1024 * (1 if x > 0 else -1) if math.isinf(x) else Fraction(x) for x in (got, right)
    ]
    ulp = Fraction(2) ** 971 if math.isinf(right) else Fraction(2) ** -53
    return float(min(abs(numbers[0] - numbers[1]) / ulp, Fraction(10) ** 200))


@pytest.mark.parametrize(
    ("name", "z", "got", "failure"),
    [
        ("tanh", 1.0, math.nan, "not_finite"),
        ("tanh", 1.0, -math.inf, "not_finite"),
        ("tanh", math.nan, math.inf, "not_finite"),
        ("exponential", 1000.0, math.nan, "not_finite"),
        ("tanh", math.nan, 1.0, "finite_where_not"),
        ("exponential", 1000.0, 1.7e308, "finite_where_not"),
        ("exponential", 1000.0, -math.inf, "wrong_sign"),
        ("tanh", 1.0, -0.7615941559557649, "wrong_sign"),
        ("tanh", -1.0, 1e-300, "wrong_sign"),
        ("tanh", 1e-300, 0.0, "zero_where_normal"),
        ("tanh", math.inf, 0.0, "zero_where_normal"),
        ("silu", -math.inf, 0.0, "zero_sign"),
    ],
)
def test_failures_hidden_by_ulps(name: str, z: float, got: float, failure: str) -> None:
    report = actcalc.check(name, [0.0, z, z], [actcalc.activation(name).g(0.0), got, got], of="g")
    ((found, (count, first)),) = hidden(report).items()
    assert (found, count) == (failure, 2)
    assert oracle.same(first or 0.0, z)
    assert report.passed is (failure == "zero_sign")
    assert sum(report.buckets.values()) == report.points == 3
    right = actcalc.activation(name).g(z)
    if failure != "zero_sign" and not (math.isfinite(got) and math.isfinite(right)):
        assert report.buckets["more"] == 2
        has_error = not (math.isnan(got) or math.isnan(right) or math.isinf(z))
        assert report.max_ulp == (infinity_counts_as(got, right) if has_error else 0)
        assert report.beyond == 0
        assert report.ranges[-1].count + report.ranges[0].count >= 2


def test_a_failure_within_the_mark_fails() -> None:
    """One ulp off but with the wrong sign; and all points in one decade, none with a finite error."""
    report = actcalc.check("identity", [5e-324], [-5e-324], of="g", max_ulp=2)
    assert report.beyond == 0
    assert not report.passed
    report = actcalc.check("tanh", [1.0], [math.nan])
    assert (report.largest, report.mean_ulp, report.median_ulp) == (None, None, None)
    assert report.max_ulp is None
    assert report.max_ulp_z_hex is None
    assert (report.ranges[0].max_ulp, report.ranges[0].mean_ulp) == (None, None)
    assert report.beyond == 0


def test_infinite_z_have_limits() -> None:
    """selu tends to -scale*alpha = -1.75809934084737685994..., which is neither of the float64 around it."""
    z, near = [-math.inf, math.inf, -math.inf], 1.7580993408473768
    report = actcalc.check("selu", z, [-near, math.inf, -math.nextafter(near, 2)], of="g", worst=3)
    limit = Fraction("1.0507009873554804934193349852946") * Fraction("1.6732632423543772848170429916717")
    errors = [abs(Fraction(x) - limit) * 2**52 for x in (near, math.nextafter(near, 2))]
    assert errors[0] < Fraction(1, 2) < errors[1]
    assert [point.ulps for point in report.worst] == pytest.approx([float(errors[1]), float(errors[0]), 0])
    assert report.correctly_rounded == 2
    assert hidden(report) == {}


# Kinks and jumps


@pytest.mark.parametrize("z", [0.0, -0.0])
@pytest.mark.parametrize(
    ("slope", "right"),
    [(0.01, True), (0.5, True), (1.0, True), (0.009999999, False), (1 + 2.0**-50, False), (math.nan, False)],
)
def test_at_a_kink_any_slope_between_is_right(z: float, slope: float, right: bool) -> None:
    report = actcalc.check("leaky_relu", [z, 1.0], [slope, 1.0])
    assert report.kink_points == 1
    assert report.correctly_rounded == 1 + right
    assert report.passed is right
    assert actcalc.check("leaky_relu", [z], [slope], max_ulp=0).passed is right
    if not right and slope > 1:
        assert report.max_ulp == 4  # measured from 1, which is nearer
        assert report.largest is not None
        assert report.largest.right == 1
    report = actcalc.check("leaky_relu", [z, 1.0], [slope, 1.0], at_kink="right")
    assert report.kink_points == 0
    assert report.passed is (slope == 1)
    assert actcalc.check("leaky_relu", [z], [slope], at_kink="nan").passed is math.isnan(slope)
    assert actcalc.check("leaky_relu", [z], [slope], at_kink="least").passed is (slope == 0.01)


@pytest.mark.parametrize(("slope", "right"), [(1.0, True), (math.nan, True), (0.5, False), (-240.0, False)])
def test_at_a_kink_one_of_whose_slopes_is_too_large(slope: float, right: bool) -> None:
    """The left slope, 257, is NaN in float8_e4m3fnuz, whose largest number is 240."""
    report = actcalc.check("elu", [0.0, 1.0], [slope, 1.0], dtype="float8_e4m3fnuz", alpha=257)
    assert (report.kink_points, report.passed) == (1, right)


@pytest.mark.parametrize(("value", "right"), [(0.0, True), (0.5, True), (0.25, False), (1.0, False)])
def test_at_a_jump_either_limit_is_right(value: float, right: bool) -> None:
    report = actcalc.check("hardshrink", [0.5], [value], of="g")
    assert (report.kink_points, report.passed) == (1, right)
    # ... and of its slope; a number between the two is not
    for slope, is_one in ((0.0, True), (1.0, True), (0.5, False)):
        assert actcalc.check("hardshrink", [0.5], [slope]).passed is is_one
    # with a rule, g has its declared value
    assert actcalc.check("hardshrink", [0.5], [value], of="g", at_kink="least").passed is (value == 0)


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("lambd", ["0.1", "0.3", "1/3"])
def test_at_the_float_nearest_to_a_kink(dtype: str, lambd: str) -> None:
    fmt = FMTS[dtype]
    z = oracle.nearest_fraction(Fraction(lambd), fmt)
    for got in (0.0, 1.0):
        assert actcalc.check("softshrink", [z], [got], dtype=dtype, lambd=lambd).passed
    strict = [
        actcalc.check("softshrink", [z], [got], dtype=dtype, lambd=lambd, at_kink="least").passed
        for got in (0.0, 1.0)
    ]
    assert strict == [Fraction(z) < Fraction(lambd), Fraction(z) > Fraction(lambd)]
    below, _, above = fmt.near(z)
    assert not actcalc.check("softshrink", [below], [1.0], dtype=dtype, lambd=lambd).passed
    assert not actcalc.check("softshrink", [above], [0.0], dtype=dtype, lambd=lambd).passed
    # hardshrink jumps by z there.
    for got, right in ((0.0, True), (z, True), (z / 2, False)):
        assert actcalc.check("hardshrink", [z], [got], of="g", dtype=dtype, lambd=lambd).passed is right


def test_two_kinks_at_one_float() -> None:
    """hard_tanh from -1e-50 to 1e-50 has the slopes 0, 1 and 0 within what float32 calls 0."""
    for got, right in ((0.0, True), (1.0, True), (0.5, True), (1.5, False)):
        report = actcalc.check("hard_tanh", [0.0], [got], dtype="float32", min="-1e-50", max="1e-50")
        assert (report.passed, report.kink_points) == (right, 1)


# The report


def test_the_report_counts() -> None:
    """Ten points with known errors: the identity, wrong by whole ulps."""
    z = np.array([1.25, 1.5, -1.25, -20.0, 20.0, 0.0, math.inf, math.nan, -0.015, 150.0])
    ulps = np.array([0, 1, 2, 3, 11, 101, 0, 0, 0, 0])
    spacing = np.array([2.0**-52, 2.0**-52, 2.0**-52, 2.0**-48, 2.0**-48, 5e-324, 0, 0, 0, 0])
    values = z + ulps * spacing
    report = actcalc.check("identity", z, values, of="g", worst=2)
    assert report.buckets == {"0": 5, "1": 1, "2": 1, "10": 1, "100": 1, "more": 1}
    assert (report.points, report.correctly_rounded, report.beyond) == (10, 5, 4)
    assert (report.max_ulp, report.mean_ulp) == (101, 11.8)
    assert report.max_ulp_z_hex == "0x0p+0"
    assert (report.median_ulp, report.p95_ulp, report.p99_ulp) == (0, 101, 101)
    assert [(p.z, p.got, p.right, p.ulps, p.floats_apart) for p in report.worst] == [
        (0.0, 101 * 5e-324, 0.0, 101, 101),
        (20.0, 20 + 11 * 2.0**-48, 20.0, 11, 11),
    ]
    assert [(r.low, r.high, r.count, r.max_ulp, r.mean_ulp) for r in report.ranges] == [
        ("-100", "-10", 1, 3, 3),
        ("-10", "-1", 1, 2, 2),
        ("-0.1", "-0.01", 1, 0, 0),
        ("0", "0", 1, 101, 101),
        ("1", "10", 2, 1, 0.5),
        ("10", "100", 1, 11, 11),
        ("100", "1000", 1, 0, 0),
        ("inf", "inf", 1, 0, 0),
        ("nan", "nan", 1, 0, 0),
    ]


@pytest.mark.parametrize("max_ulp", [0, "0.3", "1/2", 1, 1.5, 2, 7, 10, 100, 1000])
def test_the_mark_is_where_it_is_put(max_ulp: Any) -> None:
    """The limit may be any number, whatever the edges of the buckets."""
    ulps = np.array([0, 1, 2, 3, 10, 11, 100, 101, 1000, 1001])
    report = actcalc.check("identity", np.ones(10), 1 + ulps * 2.0**-52, of="g", max_ulp=max_ulp)
    assert report.beyond == sum(n > Fraction(str(max_ulp)) for n in ulps.tolist())
    assert list(report.buckets.values()) == [1, 1, 1, 2, 2, 3]
    assert report.passed is (report.beyond == 0)


def test_blocks_make_no_difference() -> None:
    rng = np.random.default_rng(9)
    z = rng.normal(0, 8, 40_000).astype(np.float32)
    values = shortcut(z)
    values[[3, 20_000]] = math.nan
    values[30_000] *= -1
    together = actcalc.check("sigmoid", z, values, worst=7)
    backwards = actcalc.check("sigmoid", z[::-1], values[::-1], worst=7)
    for same in ("buckets", "points", "p95_ulp", "beyond", "median_ulp", "max_ulp"):
        assert getattr(together, same) == getattr(backwards, same)
    assert together.failures["not_finite"].first_z == float(z[3])
    assert backwards.failures["not_finite"].first_z == float(z[20_000])
    assert together.failures["wrong_sign"].count == 1
    assert [point.ulps for point in together.worst[:2]] == [math.inf, math.inf]
    assert {p.z for p in together.worst} == {p.z for p in backwards.worst}


def test_the_first_of_equal_points_is_named() -> None:
    z = np.array([1.5, 1.25, 1.75])
    report = actcalc.check("identity", z, z + 2.0**-52, of="g", worst=2)
    assert report.largest is not None
    assert report.largest.z == 1.5
    assert [point.z for point in report.worst] == [1.5, 1.25]


def rounded_to_three(x: Fraction) -> float:
    """Round to three significant digits, ties to even; results below 1e-9 become 0."""
    if x == 0:
        return 0.0
    rounded = float(Context(3, ROUND_HALF_EVEN).divide(Decimal(x.numerator), Decimal(x.denominator)))
    return rounded if rounded >= 1e-9 else 0.0


@pytest.mark.parametrize("count", [1, 2, 3, 19, 20, 100, 101, 10_500])
@pytest.mark.parametrize("kind", ["mixed", "equal", "ties", "near edges"])
def test_quantiles(count: int, kind: str) -> None:
    """Quantiles agree with the sorted numbers to three digits, also where only exact numbers decide."""
    rng = np.random.default_rng([count, len(kind)])
    exact: list[Fraction]
    if kind == "mixed":
        some = np.concatenate([np.zeros(count), rng.lognormal(0, 30, count), rng.uniform(0, 0.5, count)])
        exact = [Fraction(x) for x in rng.choice(some, count).tolist()]
    elif kind == "equal":
        exact = [Fraction(float(rng.choice([0.0, 1e200, 0.03125, 1.2345e-300])))] * count
    elif kind == "ties":  # half units of the last digit: 312.5, 937.5 and so on
        exact = [Fraction(int(k), 32) / 10 ** int(p) for k, p in rng.integers(1, 32, (count, 2))]
    else:
        edges = [Fraction(2 * int(m) + 1, 2000) for m in rng.integers(100, 1000, count)]
        exact = [
            edge + Fraction(int(s), 10**40) for edge, s in zip(edges, rng.integers(-1, 2, count), strict=True)
        ]
    middle = np.array([float(x) for x in exact])
    spread = rng.choice([0.0, 1e-15, 0.003], count) if kind != "equal" else np.zeros(count)
    spread = np.where(
        [Fraction(x) == y for x, y in zip(middle.tolist(), exact, strict=True)], spread, spread + 1e-15
    )
    least, most = (np.clip(middle * (1 + side * spread), 0, 1e200) for side in (-1, 1))

    def exceeds(i: float, x: float, bound: Fraction, or_equals: bool) -> bool:
        return exact[int(i)] > bound or (or_equals and exact[int(i)] == bound)

    histogram = NO_ERRORS
    for part in np.array_split(np.arange(count), 7):
        histogram += Histogram.of(least[part], most[part], part.astype(float), part.astype(float))
    assert read_as(Histogram, json.loads(json.dumps(histogram.as_record())), "x") == histogram
    shares = (0.001, 0.04, 0.05, 0.5, 0.95, 0.99, 1.0)
    for share, found in zip(shares, histogram.quantiles(shares, exceeds), strict=True):
        right = sorted(exact)[max(1, math.ceil(Fraction(str(share)) * count)) - 1]
        assert found == rounded_to_three(right), share
    assert NO_ERRORS.quantiles([0.5], exceeds) == [None]


@pytest.mark.parametrize("wrong", [2.5, True, "2", None, [2], 2**1001, -(2**1001)])
def test_counts_are_whole_numbers(wrong: Any) -> None:
    assert read_as(tuple[int, ...], [0, 1, -(2**999)], "counts") == (0, 1, -(2**999))
    assert read_as(tuple[int, ...], [], "counts") == ()
    with pytest.raises(RecordError, match="counts is "):
        read_as(tuple[int, ...], [0, wrong, 1], "counts")


@pytest.mark.parametrize("fmt", ["float64", "float32", "float16"])
@pytest.mark.parametrize("name", ["tanh", "leaky_relu", "softplus", "identity"])
def test_quantiles_are_those_of_exact_errors(name: str, fmt: str) -> None:
    rng = np.random.default_rng(22)
    f = actcalc.activation(name)
    z = rng.uniform(-4, 4, 300).astype(fmt)
    values = (f.dg(z) * (1 + rng.normal(0, 3, 300) * np.finfo(fmt).eps)).astype(fmt)
    report = actcalc.check(f, z, values)
    exact = []
    for x, y in zip(z.tolist(), values.tolist(), strict=True):
        right = f.slope(Fraction(x), Digits(60))
        assert right is not None
        ulp = Fraction(2) ** ulp_exponent(Fraction(right), FORMATS[fmt])
        exact.append(abs(Fraction(y) - Fraction(right)) / ulp)
    exact.sort()
    for share, found in ((50, report.median_ulp), (95, report.p95_ulp), (99, report.p99_ulp)):
        assert found == rounded_to_three(exact[3 * share - 1])


def test_a_decade_has_its_inner_end() -> None:
    z = np.array([1.0, math.nextafter(1, 0), 9.99, 10.0, 1e23, 5e-324, 1.7e308, -1e-5, -math.inf, -1.7e308])
    decades = Decades.of(z, np.arange(10.0), z == 1)
    assert (
        Decades.of(z[:3], np.arange(3.0), z[:3] == 1) + Decades.of(z[3:], np.arange(3, 10.0), z[3:] == 1)
        == decades
    )
    found = {(r.low, r.high): r.count for r in decades.ranges()}
    assert {r.low: r.correct for r in decades.ranges() if r.correct} == {"1": 1}
    assert found == {
        ("-inf", "-inf"): 1,
        ("-1e+309", "-1e+308"): 1,
        ("-0.0001", "-1e-05"): 1,
        ("1e-324", "1e-323"): 1,
        ("0.1", "1"): 1,
        ("1", "10"): 2,
        ("10", "100"): 1,
        ("1e+23", "1e+24"): 1,
        ("1e+308", "1e+309"): 1,
    }
    assert decades.mean() == 4.5


# Input of the library


class Tensor:
    """An object that converts to an array, as a tensor on the CPU does."""

    def __init__(self, values: Any, error: Exception | None = None) -> None:
        self.values = values
        self.error = error

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if self.error is not None:
            raise self.error
        return np.asarray(self.values, dtype)


def test_objects_that_become_arrays() -> None:
    z = np.linspace(-2, 2, 12).astype(np.float32)
    right = actcalc.activation("tanh").dg(z)
    for shape in ((12,), (3, 4), (2, 0, 6), ()):
        a, b = (x[: math.prod(shape)].reshape(shape) for x in (z, right))
        if a.size:
            assert actcalc.check("tanh", Tensor(a), Tensor(b), max_ulp=0.5).dtype == "float32"
    assert actcalc.check("tanh", z.astype(">f4"), right[::1], max_ulp=0.5).passed
    assert actcalc.check("tanh", z[::-2], right[::-2], max_ulp=0.5).passed
    assert actcalc.check("relu", np.arange(-3, 4), np.array([0, 0, 0, 1, 1, 1, 1])).passed
    assert actcalc.check("leaky_relu:slope=1/2", [-1], [0.5]).parameters == {"slope": "1/2"}
    assert actcalc.check("leaky_relu", [-1], [0.5], slope="0.5").passed
    assert actcalc.check(actcalc.activation("elu", alpha=2), [1.0], [1.0]).activation == "elu"


@pytest.mark.parametrize(
    ("z", "values", "options", "message"),
    [
        ([1.0], [[1.0]], {}, r"z and values must have the same shape, not \(1,\) and \(1, 1\)"),
        ([1.0], [1.0, 2.0], {}, "same shape"),
        ([], [], {}, "there are no points to compare"),
        ([None], [1.0], {}, "z must hold float64, float32, float16 or integers, not object"),
        ([1.0], [1j], {}, "values must hold .* not complex128"),
        (["1"], [1.0], {}, "z must hold .* not <U1"),
        ([1.0], [True], {}, "values must hold .* not bool"),
        (np.array([1], np.longdouble), [1.0], {}, "z must hold .* not (float128|longdouble)"),
        ([[1.0], [1.0, 2.0]], [1.0], {}, "z does not become a NumPy array: "),
        (Tensor(0, TypeError("on another device")), [1.0], {}, "NumPy array: on another device"),
        ([0.5, 0.1], [1.0, 1.0], {"dtype": "float32"}, r"z\[1\] = 0.1 is not a float32 number"),
        ([0.5], [1e39], {"dtype": "bfloat16"}, r"values\[0\] = 1e\+39 is not a bfloat16 number"),
        ([2**53 + 1], [1.0], {}, r"z\[0\] = 9007199254740993 is not a float64 number"),
        ([1.0], [1.0], {"dtype": "quarter"}, "dtype: unknown format 'quarter'"),
        ([1.0], [1.0], {"of": "slope"}, "of must be g, dg, or d2g to d8g, not 'slope'"),
        ([1.0], [1.0], {"at_kink": "middle"}, "at_kink must be"),
        ([1.0], [1.0], {"max_ulp": -1}, "max_ulp must be from 0 to 1e100, not '-1'"),
        ([1.0], [1.0], {"max_ulp": "many"}, "'many' is not a number"),
        ([1.0], [1.0], {"max_ulp": math.nan}, "not a finite number"),
        ([1.0], [1.0], {"max_ulp": "1e101"}, "max_ulp must be from 0 to 1e100"),
        ([1.0], [1.0], {"atol": -1}, "atol must be from 0 to 1e100, not '-1'"),
        ([1.0], [1.0], {"rtol": "many"}, "rtol: 'many' is not a number"),
        ([1.0], [1.0], {"rtol": 1e-5, "max_ulp": 1}, "rtol and max_ulp cannot be used together"),
        ([1.0], [1.0], {"slope": 1}, "no parameters"),
    ],
)
def test_input_that_cannot_be_compared(z: Any, values: Any, options: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ActcalcError, match=message):
        actcalc.check("tanh", z, values, **options)


@pytest.mark.parametrize("bound", [0, 10**100, "1e100"])
def test_bounds_of_bounds(bound: Any) -> None:
    assert actcalc.check("relu", [1.0], [1.0], max_ulp=bound).passed


def test_places_are_counted_through() -> None:
    z = np.zeros(40_000)
    z[30_000] = 0.1
    with pytest.raises(ActcalcError, match=r"z\[30000\] = 0.1 is not") as caught:
        actcalc.check("tanh", z, np.ones(40_000), dtype="float32")
    assert caught.value.hint == "convert the array first: astype('float32')"


def test_an_activation_has_its_parameters() -> None:
    with pytest.raises(ActcalcError, match=r"'elu\(alpha=1\)' already has its parameters"):
        actcalc.check(actcalc.activation("elu"), [1.0], [1.0], alpha=2)


@pytest.mark.parametrize(
    ("name", "of"),
    [
        *((name, of) for name in ("silu", "mish", "tanh", "softplus") for of in ("g", "deriv")),
        ("gelu_tanh", "g"),
        pytest.param("gelu_tanh", "deriv", marks=pytest.mark.exhaustive),
    ],
)
def test_runs_settled_at_their_ends(name: str, of: GivenQuantity, monkeypatch: pytest.MonkeyPatch) -> None:
    """Far out, whole ulps from the right value: runs give the same result as single points."""
    rng = np.random.default_rng(11)
    z = np.concatenate([rng.normal(0, 200, 60), rng.normal(0, 5, 40), 10.0 ** rng.uniform(1, 3, 20)])
    z = z.astype(np.float32)
    f = actcalc.activation(name)
    right = (f.g if of == "g" else f.dg)(z)
    steps = rng.integers(-2, 3, len(z)).astype(np.int32)
    x = (right.view(np.int32) + steps).view(np.float32)
    x = np.where(np.isfinite(x), x, right)
    together = actcalc.check(name, z, x, of=of, dtype="float32")

    def one_by_one(self: measure.Measure, run: Any, found: Any) -> Array:
        return np.array([found(i) for i in run])

    monkeypatch.setattr(measure.Measure, "_along", one_by_one)
    assert actcalc.check(name, z, x, of=of, dtype="float32") == together


def test_edges_of_the_histogram_lie_half_way_between_numbers_of_three_digits() -> None:
    for place, below, above in [
        (1, "1e-9", "1.01e-9"),
        (900, "9.99e-9", "10.00e-9"),
        (901, "1e-8", "1.01e-8"),
        (9 * 900 + 1, "1", "1.01"),
        (209 * 900 + 5, "1.04e200", "1.05e200"),
    ]:
        edge = (Fraction(below) + Fraction(above)) / 2
        assert histogram._edge(place) == edge
        assert histogram._edges()[place] == float(edge)
    assert histogram._edge(0) == Fraction("9.995e-10")


def test_a_tolerance_next_to_the_largest_float() -> None:
    """A tolerance slightly above the largest float gives no failure and no warning."""
    report = actcalc.check("tanh", [0.0], [1.7976931348623143e308])
    assert report.rtol_needed is None
