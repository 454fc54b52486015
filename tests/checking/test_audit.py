"""Implementations with one planted fault each: audit names that fault and no other."""

import itertools
import math
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import actcalc
from actcalc.checking.audit import Options, audit
from actcalc.checking.domain import parse_domain
from actcalc.checking.judge import LENIENT
from actcalc.checking.measure import Measure
from actcalc.checking.points import points
from actcalc.checking.report import Report, as_object
from actcalc.frameworks.function import FunctionTarget
from actcalc.numbers.bit_arrays import all_values, from_ordinals
from actcalc.numbers.floats import FORMATS

Array = Any
Function = Callable[[Array], Array]
PATTERNS = np.arange(1 << 16).astype(np.uint16).view(np.float16)


class Right:
    """Right values of g and g': for float16 from a table, for other formats from actcalc."""

    def __init__(self, name: str) -> None:
        f = actcalc.activation(name)
        self._functions, self._tables = (f.g, f.dg), (f.g(PATTERNS), f.dg(PATTERNS))

    def _values(self, z: Array, which: int) -> Array:
        if z.dtype == np.float16:
            return self._tables[which][z.view(np.uint16)]
        return self._functions[which](z)

    def g(self, z: Array) -> Array:
        return self._values(z, 0)

    def dg(self, z: Array) -> Array:
        return self._values(z, 1)


TANH = Right("tanh")


def audited(
    function: Function,
    name: str = "tanh",
    dtype: str = "float16",
    slope: Function | None = None,
    **options: Any,
) -> Report:
    """The audit's row of g, or of g' if a slope is given."""
    target = FunctionTarget("planted", function, slope=slope)
    of = ["g"] if slope is None else ["dg"]
    rules = {
        name: options.pop(name) for name in ("max_ulp", "atol", "flush_to_zero", "daz") if name in options
    }
    options["judge"] = replace(LENIENT, **rules)
    (row,) = audit(target, [actcalc.activation(name)], of, [FORMATS[dtype]], Options(**options), 50)
    return row


def faults(row: Report) -> set[str]:
    """The names of all faults that a row reports."""
    found = {
        name
        for name in (
            *("zero_where_subnormal", "subnormal_taken_for_zero"),
            *("out_of_range", "position_dependent", "dtype_returned"),
        )
        if getattr(row, name)
    }
    found |= {kind for kind, failure in row.failures.items() if failure.count and kind != "zero_sign"}
    if row.monotone is False:
        found.add("monotone")
    if row.limits:
        found.add("limits")
    if row.verdict not in ("right", "within 1 ulp", "broken"):
        found.add(row.verdict)
    return found


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("tanh", "float64"),
        *itertools.product(["tanh", "gelu", "relu", "leaky_relu", "step"], ["float32", "float16"]),
    ],
)
def test_right_values_have_no_faults(name: str, dtype: str) -> None:
    f = Right(name)
    for row in (audited(f.g, name, dtype), audited(f.g, name, dtype, slope=f.dg)):
        assert (row.verdict, row.passed, row.message, faults(row)) == ("right", True, "", set())
        assert row.points == row.correctly_rounded == row.faithful
        assert row.largest is None or row.largest.ulps <= 0.5


def test_a_slope_from_a_rounded_a_is_zero_too_soon() -> None:
    """The fault of 1 - a**2, as computed by torch and others."""

    def slope(z: Array) -> Array:
        a = TANH.g(z)
        return 1 - a * a

    row = audited(TANH.g, slope=slope)
    assert faults(row) == {"zero_where_normal", "zero_where_subnormal"}
    assert (row.verdict, row.passed) == ("broken", False)
    z = np.arange(0, 10, 2.0**-8)
    # The smallest z at which tanh rounds to 1, by the definition of rounding: 1 - tanh(z) < 2**-12.
    first = z[np.tanh(z.astype(np.float64)) >= 1 - 2.0**-12][0]
    first_zero_z = row.failures["zero_where_normal"].first_z
    assert first_zero_z is not None
    assert abs(first_zero_z) == pytest.approx(float(first), abs=2.0**-7)
    assert row.message.startswith("wrongly zero (")
    assert f"from z = {FORMATS['float16'].text(first_zero_z)} on" in row.message


def test_one_ulp_off_at_one_bit_pattern() -> None:
    def function(z: Array) -> Array:
        a = TANH.g(z)
        return np.where(z == np.float16(0.7), np.nextafter(a, np.float16(1)), a)

    row = audited(function)
    assert row.points is not None
    assert row.correctly_rounded == row.points - 1
    assert (row.verdict, faults(row)) in [("inaccurate", {"inaccurate"}), ("within 1 ulp", set())]
    assert row.largest is not None
    assert row.largest.z == float(np.float16(0.7))
    assert row.largest.ulps > 0.5
    assert not audited(function, max_ulp=Fraction(1, 2)).passed


def test_a_wrong_sign_in_the_tail() -> None:
    row = audited(lambda z: np.where(z < -9, -TANH.g(z), TANH.g(z)))
    assert faults(row) == {"wrong_sign", "monotone", "limits"}
    assert (row.verdict, row.passed) == ("broken", False)
    expected = sum(1 for z in all_values(FORMATS["float16"]) if -np.inf < z < -9)
    assert row.failures["wrong_sign"].count == expected
    assert row.limits == ("1.0 at -inf, not -1.0",)


def test_nan_from_a_threshold_on() -> None:
    row = audited(lambda z: np.where((z > 80) & (z < np.inf), np.nan, TANH.g(z)).astype(z.dtype))
    assert faults(row) == {"not_finite"}
    assert (row.verdict, row.passed) == ("broken", False)


def test_infinities_from_a_threshold_on() -> None:
    row = audited(lambda z: np.where((z > 80) & (z < np.inf), np.inf, TANH.g(z)).astype(z.dtype))
    assert faults(row) == {"not_finite", "out_of_range"}
    assert row.message.startswith("wrongly inf or nan (")


def flushing(z: Array) -> Array:
    a = TANH.g(z)
    return np.where(abs(a) < np.finfo(z.dtype).smallest_normal, 0, a)


def test_flushed_subnormals_are_counted_apart() -> None:
    row = audited(flushing)
    assert faults(row) == {"zero_where_subnormal"}
    assert (row.zero_where_subnormal, row.passed) == (2 * 1023, True)
    assert not audited(flushing, flush_to_zero=False, daz=False).passed


def test_subnormals_taken_for_zero_are_counted_apart() -> None:
    f = Right("relu")

    def slope(z: Array) -> Array:
        return f.dg(np.where(abs(z) < np.finfo(z.dtype).smallest_normal, 0, z))

    row = audited(f.g, "relu", slope=slope)
    assert faults(row) == {"subnormal_taken_for_zero"}
    assert (row.subnormal_taken_for_zero, row.passed) == (1023, True)
    assert row.largest is not None
    assert (row.largest.ulps, row.bias_ulp) == (0, 0)


def test_a_constant_in_float32() -> None:
    row = audited(lambda z: np.where(z > 0, z, z * float(np.float32(0.01))), "leaky_relu", "float64")
    assert (row.verdict, row.passed, faults(row)) == ("inaccurate", False, {"inaccurate"})
    assert row.bias_ulp is not None
    assert abs(row.bias_ulp) > 1e5
    near = audited(
        lambda z: np.where(z > 0, z, z * np.float32(0.01)), "leaky_relu", "float32", max_ulp=Fraction(1, 4)
    )
    assert "ulps with slope=0.00999999978" in near.message


def test_errors_among_subnormals_are_the_largest() -> None:
    """1.0 in place of a subnormal is 2**149 ulps off in float32; normal numbers are right."""
    f = Right("exponential")
    row = audited(
        lambda z: np.where(z < np.float32(-87.34), np.float32(1), f.g(z)), "exponential", "float32", worst=3
    )
    z = points(actcalc.activation("exponential"), FORMATS["float32"], 50)
    wrong = int((z < np.float32(-87.34)).sum())
    assert (row.verdict, row.passed, row.beyond) == ("inaccurate", False, wrong)
    assert row.largest is not None
    assert row.largest_normal is not None
    assert row.largest.ulps == pytest.approx(2.0**149)
    assert row.largest_normal.ulps <= 0.5
    assert row.message.startswith(f"off by more than 1 ulp ({wrong}): 1.0 at z = ")
    assert [point.got for point in row.worst] == [1, 1, 1]


def test_subnormals_that_are_returned_as_they_are() -> None:
    """Like JAX: these are not zeros, and no option explains them; none of the flushed zeros is listed."""
    tiny = np.finfo(np.float32).smallest_normal

    def function(z: Array) -> Array:
        right = np.where(z > 0, z, (z * 0.01).astype(z.dtype))
        right = np.where(abs(right) < tiny, 0, right)
        return np.where((z < 0) & (z > -tiny), z, right).astype(z.dtype)

    row = audited(function, "leaky_relu", "float32", worst=9)
    assert (row.verdict, row.passed) == ("inaccurate", False)
    assert row.largest is not None
    assert row.largest.ulps == pytest.approx(0.99 * 2**23, rel=1e-6)
    assert "with slope" not in row.message
    assert row.zero_where_subnormal
    failing = row.worst[: row.beyond]
    assert len(row.worst) == 9
    assert all(-tiny < point.z < 0 and point.got == point.z for point in failing)
    assert all(point.ulps <= 1 for point in row.worst[row.beyond :])
    exactly = audited(function, "leaky_relu", "float32", daz=False, flush_to_zero=False)
    assert row.zero_where_subnormal is not None
    assert exactly.beyond >= row.beyond + row.zero_where_subnormal - 2  # one ulp of these is within the limit


def test_each_reason_is_a_note_and_some_of_each_are_listed() -> None:
    def function(z: Array) -> Array:
        a = np.where(z < -9, -TANH.g(z), TANH.g(z))
        a = np.where((z > 1) & (z < 1.5), 0, np.where((z > 2) & (z < 8), a * 0.5, a))
        return np.where((z > 80) & (z < np.inf), np.nan, a).astype(z.dtype)

    row = audited(function, worst=8)
    kinds = {"zero_where_normal", "wrong_sign", "not_finite", "beyond"}
    assert set(row.reasons) == kinds
    z = all_values(FORMATS["float16"])
    counts = {
        "zero_where_normal": (z > 1) & (z < 1.5),
        "wrong_sign": (z < -9) & np.isfinite(z),
        "not_finite": (z > 80) & np.isfinite(z),
    }
    assert {name: row.reasons[name].count for name in counts} == {
        name: int(at.sum()) for name, at in counts.items()
    }
    assert row.message.count(" at z = ") == 4
    for name, words in (("zero_where_normal", "wrongly zero"), ("wrong_sign", "wrong sign")):
        worst = row.reasons[name].worst
        assert worst is not None
        assert f"{words} ({row.reasons[name].count})" in row.message
        assert f"at z = {FORMATS['float16'].text(worst.z)}" in row.message
    listed = [
        "nan" if math.isnan(p.got) else "zero" if p.got == 0 else "sign" if p.got * p.right < 0 else "beyond"
        for p in row.worst
    ]
    assert {name: listed.count(name) for name in set(listed)} == {"nan": 2, "zero": 2, "sign": 2, "beyond": 2}


def naive_slope(z: Array) -> Array:
    """gelu' by its formula in float32, which loses all digits next to its root at -0.7518."""
    g = Right("gelu").g(z)
    safe = np.where(z == 0, np.float32(1), z)
    with np.errstate(all="ignore"):
        density = np.exp(np.float32(-0.5) * z * z) * np.float32(0.3989423)
        return np.where(z == 0, np.float32(0.5), g / safe + z * density).astype(z.dtype)


def test_a_floor_and_a_domain_tell_faults_from_cancellation() -> None:
    f = Right("gelu")
    domain = parse_domain("-0.76", "-0.745", ("from", "to"))
    at: dict[str, Any] = {"slope": naive_slope, "domain": domain}
    row = audited(f.g, "gelu", "float32", **at)
    assert (row.passed, row.beyond > 0) == (False, True)
    assert row.largest is not None
    assert -0.76 <= row.largest.z <= -0.745
    assert row.largest.ulps > 100
    floored = audited(f.g, "gelu", "float32", atol=Fraction("1e-7"), **at)
    assert (floored.passed, floored.points, floored.limits) == (True, row.points, ())
    assert f"passed by atol alone ({floored.within_atol}" in floored.message
    assert floored.largest is None or floored.largest.ulps <= 1
    broken = audited(
        f.g, "gelu", "float32", slope=lambda z: -naive_slope(z), atol=Fraction("1e-7"), domain=domain
    )
    assert set(broken.reasons) == {"wrong_sign"}


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize(("low", "high"), [("-1/3", "0.7"), ("1", None), (None, "-1e-30"), ("0", "0")])
def test_a_domain_contains_its_points(dtype: str, low: str | None, high: str | None) -> None:
    fmt = FORMATS[dtype]
    domain = parse_domain(low, high, ("from", "to"))
    z = points(actcalc.activation("tanh"), fmt, 2000, domain)
    exact = [Fraction(x) for x in z.tolist()]
    assert low is None or exact[0] >= Fraction(low)
    assert high is None or exact[-1] <= Fraction(high)
    below, above = fmt.ordinal(float(z[0])) - 1, fmt.ordinal(float(z[-1])) + 1
    if low is not None:  # the neighbours are outside
        assert Fraction(float(from_ordinals(np.array([below]), fmt)[0])) < Fraction(low)
    if high is not None:
        assert Fraction(float(from_ordinals(np.array([above]), fmt)[0])) > Fraction(high)
    assert len(z) > (1 if low == high else 1500 if dtype != "float16" else 20)


def test_numbers_are_exact_in_json() -> None:
    """The bfloat16 -8.625 is printed as -8.6 elsewhere, but in full in JSON."""
    row = audited(lambda z: np.where(z == np.float16(-8.625), np.float16(0.5), TANH.g(z)))
    known = as_object(row)
    assert (known["at_z"], known["at_z_bits"], known["got"], known["got_bits"]) == (
        -8.625,
        "0xc850",
        0.5,
        "0x3800",
    )
    z = np.array([-8.625], np.float32)
    report = as_object(actcalc.check("tanh", z, np.array([0.1], np.float32), of="g", worst=1))
    assert report["got"] == float(np.float32(0.1)) == report["worst"][0]["got"]
    assert report["worst"][0]["got_bits"] == hex(np.float32(0.1).view(np.uint32))


def test_a_zero_of_another_sign_has_not_moved() -> None:
    f = Right("relu")
    row = audited(lambda z: np.where((z < 0) & (len(z) < 8), np.float16(-0.0), f.g(z)), "relu")
    assert (row.position_dependent, row.passed) == (0, True)


def test_a_result_that_depends_on_the_position() -> None:
    def function(z: Array) -> Array:
        a = TANH.g(z)
        tail = len(z) // 8 * 8
        return np.concatenate([a[:tail], np.where(z[tail:] == 1, 0.5, a[tail:]).astype(z.dtype)])

    row = audited(function)
    assert faults(row) == {"position_dependent", "inaccurate"}
    assert (row.position_dependent, row.passed) == (1, False)
    assert row.largest is not None
    assert (row.largest.z, row.largest.got) == (1.0, 0.5)


def test_dependence_on_the_position_alone_is_not_a_failure() -> None:
    def function(z: Array) -> Array:
        a = TANH.g(z)
        other = np.float16(0 if np.tanh(1) < TANH.g(np.ones(1, np.float16))[0] else 1)
        return np.where(z == 1, np.nextafter(a, other), a) if len(z) < 8 else a

    row = audited(function)
    assert faults(row) == {"position_dependent"}
    assert (row.verdict, row.passed, row.faithful) == ("within 1 ulp", True, row.points)


def test_not_monotone_by_one_ulp() -> None:
    def function(z: Array) -> Array:
        a = TANH.g(z)
        return np.where(z == 4.5, np.nextafter(a, np.float16(0)), a)

    row = audited(function, max_ulp=Fraction(2))
    assert faults(row) - {"inaccurate"} == {"monotone"}
    assert (row.correctly_rounded, row.passed) == (63487, True)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_float64_for_a_narrower_format(dtype: str) -> None:
    row = audited(lambda z: TANH.g(z).astype(np.float64), dtype=dtype)
    assert faults(row) == {"dtype_returned"}
    assert (row.dtype_returned, row.verdict, row.passed) == ("float64", "right", False)
    assert row.message == f"returns float64 for {dtype}"


@pytest.mark.parametrize(("slope", "label"), [("0.01", "leaky_relu"), ("0.2", "leaky_relu(slope=0.2)")])
def test_only_parameters_that_are_not_the_defaults_are_named(slope: str, label: str) -> None:
    f = actcalc.activation("leaky_relu", slope=slope)
    (row,) = audit(FunctionTarget("planted", np.abs), [f], ["g"], [FORMATS["float16"]])
    assert (row.label, row.parameters) == (label, {"slope": slope})


def test_targets_that_raise() -> None:
    def function(z: Array) -> Array:
        if (z < -100).any():
            raise OverflowError("math range error\nand more")
        return TANH.g(z)

    row = audited(function)
    assert (row.verdict, row.passed) == ("raised", False)
    assert row.message == "OverflowError: math range error"


@pytest.mark.parametrize("function", [lambda z: z[:, None], lambda z: z[1:], lambda z: float(z[0])])
def test_another_shape(function: Function) -> None:
    row = audited(function)
    assert (row.verdict, row.passed) == ("raised", False)
    assert "wrong shape: (" in row.message


def _in_place(z: Array) -> None:
    np.tanh(z, out=z)


class Tensor:
    """A stand-in for torch's class, with the behaviour that tells it from NumPy's arrays."""


def _torchs_tanh(z: Array) -> Array:
    if not isinstance(z, Tensor):
        raise TypeError(f"tanh(): argument 'input' (position 1) must be Tensor, not {type(z).__name__}")
    return z


ONE_NUMBER = "; it takes one number but gets an array: numpy.vectorize(f) takes arrays"


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (_in_place, "it returned None: return the array, even if it is changed in place"),
        (lambda z: (z, z), "it returned a tuple of 2: return the array alone"),
        (lambda z: {"a": z}, "it returned dict: return the array"),
        (lambda z: (x for x in z), "it returned generator: return the array"),
        (lambda z: math.tanh(z), ONE_NUMBER),
        (lambda z: z if z > 0 else 0 * z, ONE_NUMBER),
        (_torchs_tanh, "must be Tensor, not ndarray; it takes arrays of torch: arrays='torch'"),
        (lambda z: z.relu(), "arrays='torch', jax, tensorflow or mlx passes one of theirs"),
    ],
)
def test_bad_arrays_and_signatures_are_reported_with_a_hint(function: Function, message: str) -> None:
    row = audited(function)
    assert (row.verdict, row.passed, row.points) == ("raised", False, 0)
    assert row.message.endswith(message)


def test_beyond_the_range() -> None:
    row = audited(lambda z: np.where(z > 8, np.nextafter(np.float16(1), np.float16(2)), TANH.g(z)))
    assert faults(row) == {"out_of_range", "inaccurate", "limits"}


def test_values_where_zero_is_right() -> None:
    f = Right("relu")
    row = audited(lambda z: np.where(z < -1, np.float16(0.25), f.g(z)), "relu")
    assert row.largest_at_zero == 0.25
    assert row.largest is not None
    assert row.largest_normal is not None
    assert (row.largest.ulps, row.largest_normal.ulps) == (2.0**22, 0)  # 0.25 in 2**-24
    assert not row.passed


def test_contents_of_a_picture() -> None:
    """There are 100 linear columns from 0 to 1, then 100 a power of ten, and from 1000 on 2."""

    def function(z: Array) -> Array:
        a = np.where(z < -9, -TANH.g(z), TANH.g(z))
        a = np.where(z == 0.5, 0, a)
        return np.where((z > 80) & (z < 90) | (z == -20), np.nan, a).astype(z.dtype)

    seen = {column: (ulps, kinds) for column, ulps, kinds in audited(function, profile=True).profile}
    far = int(2 * np.log10(65.504))
    assert set(seen) == set(range(-400 - far - 1, 400 + far + 1))
    zero, sign, nan = 1, 2, 4
    assert {column for column, (_, kinds) in seen.items() if kinds & zero} == {50}
    assert seen[50][0] == pytest.approx(np.tanh(0.5) / 2.0**-12, rel=1e-6)  # in ulps of 2**-12
    assert {column for column, (_, kinds) in seen.items() if kinds & sign} == set(
        range(-400 - far - 1, int(-100 - 100 * np.log10(9)))
    )
    assert seen[-231][1] == sign | nan  # -20 and what is beside it
    of_nan = {column for column, (_, kinds) in seen.items() if kinds == nan}
    assert of_nan == {100 + int(100 * np.log10(z)) for z in PATTERNS[(PATTERNS > 80) & (PATTERNS < 90)]}
    assert audited(function).profile == ()


def test_check_is_one_row_of_an_audit() -> None:
    """At all values of a format both find the same; among equal errors check names the first."""

    def function(z: Array) -> Array:
        return np.where(z < -9, -TANH.g(z), np.where(z == 2, np.nan, TANH.g(z) * 3)).astype(z.dtype)

    z = points(actcalc.activation("tanh"), FORMATS["float16"]).astype(np.float16)
    z = z[np.argsort(z.view(np.uint16))]
    checked = as_object(actcalc.check("tanh", z, function(z), of="g"))
    row = as_object(audited(function))
    of_audit = {"limits", "position_dependent", "message", "judge"}
    assert list(checked) == list(row)
    for key in checked.keys() - of_audit:
        assert str(checked[key]) == str(row[key]), key
    assert (row["points"], row["wrong_sign"] > 0, row["not_finite"]) == (63488, True, 1)
    assert {key for key in row if row[key] is None} == {
        *("first_zero_z", "kink", "largest_within_atol", "at_z_within_atol", "rtol_needed", "overflow")
    }


def test_shares_with_z_spread_evenly() -> None:
    """Values are wrong from -2 to 2, a quarter of [-8, 8] that contains most floats."""
    row = audited(lambda z: np.where(abs(z) < 2, z * 2, z), "identity")
    assert row.right_evenly == pytest.approx(0.75, abs=1 / 256)  # 0 is right
    assert row.faithful_evenly == row.right_evenly
    assert row.correctly_rounded < 0.7 * row.points
    f = Right("identity")
    z = np.array([9.0, -100.0], "f4")
    assert actcalc.check("identity", z, f.g(z), of="g").right_evenly is None


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_of_equal_errors_the_worst_have_the_least_bit_patterns(dtype: str) -> None:
    row = audited(lambda z: np.full_like(z, np.nan), "identity", dtype, worst=4)
    assert [FORMATS[dtype].to_bits(point.z) for point in row.worst] == [0, 1, 2, 3]


@pytest.mark.parametrize("count", [2, 1000])
def test_where_tanh_saturates_is_found_between_points_far_apart(count: int) -> None:
    """There are more float64 from -30 to 30 than a signed 64-bit integer can count."""
    z = points(actcalc.activation("tanh"), FORMATS["float64"], count)
    # 1 - tanh(z) is about 2 exp(-2 z), and everything below -1 + 2**-54 rounds to -1.
    edge = -np.log(2.0**55) / 2
    assert (abs(z - edge) < 1e-9).any()


@pytest.mark.parametrize("power", [-150, -126, 128])
def test_points_are_next_to_where_values_of_the_format_set_in_or_end(power: int) -> None:
    """Three thresholds of exp lie between neighbouring points.

    exp(z) rounds to 0 below the first one, where it is half the smallest subnormal; it is subnormal up to the
    second; from the third on it is too large, to within half an ulp.
    """
    place = power * math.log(2) + math.log1p(-(2.0**-25) * (power == 128))
    z = points(actcalc.activation("exponential"), FORMATS["float32"]).astype(np.float32)
    below = int(np.flatnonzero([float(x) < place for x in z])[-1])
    assert z[below + 1] == np.nextafter(z[below], np.float32(np.inf))


def test_whether_an_error_exceeds_a_number_is_decided_exactly() -> None:
    """sigmoid(0) is 1/2, and 1/2 + 3 * 2**-53 is exactly three ulps away."""
    measure = Measure(actcalc.activation("sigmoid"), "g", FORMATS["float64"], [])
    for bound, or_equals, expected in (("2.99", False, True), ("3", False, False), ("3", True, True)):
        assert measure.exceeds(0.0, 0.5 + 3 * 2.0**-53, Fraction(bound), or_equals) == expected
    assert not measure.exceeds(0.0, 0.5 + 3 * 2.0**-53, Fraction("3.01"), True)


def test_many_points_take_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Apart from z itself no array of all points is kept."""
    monkeypatch.setattr("actcalc.checking.audit._FEW", 10)
    target = FunctionTarget("planted", lambda z: np.tanh(z.astype(np.float64)).astype(z.dtype))
    target.short = 1021

    def run(count: int) -> None:
        (row,) = audit(target, [actcalc.activation("tanh")], ["g"], [FORMATS["float32"]], count=count)
        assert row.points >= count

    run(1000)  # imports and caches are not counted
    tracemalloc.start()
    try:
        run(250_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000
