"""Arrays give the same bits as single values, and their error bounds hold."""

import itertools
import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx, fmpq

import actcalc
from actcalc import ActcalcError
from actcalc.activations import arrays
from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Shortcut, quantity
from actcalc.arithmetic import ladder, mills_ratio, tables
from actcalc.arithmetic.approximate import Number
from actcalc.arithmetic.graph import Graph
from actcalc.arithmetic.ladder import PAIRS, QUICK, Sides
from actcalc.arithmetic.program import Program, truth, variable
from actcalc.catalogue.resolution import resolve
from actcalc.numbers import float_arrays
from actcalc.numbers.bit_arrays import all_values
from actcalc.numbers.floats import FORMATS, Format
from tests.support.elements import Elements, argument, work_out
from tests.support.matrix import DEFAULTS, EVERYDAY, SETTINGS, all_settings, settings_in
from tests.support.oracle import FMTS

RULES = ("least", "left", "right", "nan")


def same_bits(a: Any, b: Any) -> Any:
    """Where two float64 arrays have the same elements, including the signs of zeros."""
    return (a.view(np.int64) == b.view(np.int64)) | (np.isnan(a) & np.isnan(b))


@cache
def random_points(fmt: Format, count: int) -> list[float]:
    """Random points: half are bit patterns, and so have all exponents; half have everyday sizes."""
    rng = np.random.default_rng(2)
    patterns = rng.integers(0, 1 << fmt.bits, count // 2, dtype=np.uint64).tolist()
    return [
        *map(fmt.from_bits, patterns),
        *map(fmt.round_float, rng.normal(0, 5, count - count // 2).tolist()),
    ]


def assert_same(activation: Activation, fmt: Format, points: list[float], rules: tuple[str, ...]) -> None:
    z = np.unique(np.array(points).view(np.int64)).view(np.float64)
    one_by_one = np.array([activation.g_float(x, fmt) for x in z.tolist()])
    together = arrays.g_array(activation, z, fmt)
    assert list(z[~same_bits(one_by_one, together)]) == []
    for rule in rules:
        one_by_one = np.array([activation.dg_float(x, fmt, rule) for x in z.tolist()])
        together = arrays.dg_array(activation, z, fmt, rule)
        assert list(z[~same_bits(one_by_one, together)]) == []


@pytest.mark.parametrize(("activation", "fmt"), settings_in(FORMATS, DEFAULTS))
def test_same_bits_as_one_by_one(activation: Activation, fmt: Format) -> None:
    """Points next to zeros, kinks and ends of the format, and random points, by every rule at kinks.

    The test matrix has the special points.
    """
    if fmt.bits > 8:
        assert_same(activation, fmt, random_points(fmt, 100), ("least",))
    ends = [fmt.round_exact(Fraction(piece.upto or 0)) for piece in activation.pieces]
    beside = [z for end in ends if math.isfinite(end) for z in FMTS[fmt.name].near(end)]
    assert_same(activation, fmt, [-math.inf, -1.0, -0.0, 0.0, 1.0, math.inf, math.nan, *beside], RULES)


@pytest.mark.parametrize("fmt", [fmt for fmt in FORMATS.values() if fmt.bits == 16], ids=str)
@pytest.mark.parametrize("name", ["hard_shrink", "sigmoid"])
def test_long_arrays_of_sixteen_bits(name: str, fmt: Format) -> None:
    """Long arrays, computed once for each pattern, give the results of short ones, zeros and NaN included."""
    activation = actcalc.activation(name)
    z = all_values(fmt)
    shuffled = np.random.default_rng(1).permutation(np.concatenate([z, z[::3]]))
    for rule in RULES:
        of_each = dict(zip(z.view(np.int64).tolist(), arrays.dg_array(activation, z, fmt, rule), strict=True))
        together = arrays.dg_array(activation, shuffled, fmt, rule)
        one_by_one = np.array([of_each[bits] for bits in shuffled.view(np.int64).tolist()])
        assert same_bits(together, one_by_one).all()


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("activation", "fmt"),
    [
        (f, fmt)
        for f in SETTINGS
        for fmt in FORMATS.values()
        if fmt.bits > 16 or (fmt.bits == 16 and f not in EVERYDAY)
    ],
    ids=lambda x: x.describe() if isinstance(x, Activation) else str(x),
)
def test_same_bits_as_one_by_one_everywhere(activation: Activation, fmt: Format) -> None:
    """All values of 16-bit formats, many of other formats, fewer for settings that are only examples.

    For everyday settings all 16-bit values are compared with the oracle elsewhere.
    """
    if not activation.declaration.settles_far_out:  # sines of huge numbers are slow one by one
        points = random_points(fmt, 2_000)
    elif activation is not next(f for f in SETTINGS if f.name == activation.name):
        points = random_points(fmt, 10_000)
    else:
        points = all_values(fmt).tolist() if fmt.bits == 16 else random_points(fmt, 50_000)
    assert_same(activation, fmt, points, ("least",))


@pytest.mark.parametrize(
    ("activation", "fmt"),
    [case for case in settings_in(FORMATS, DEFAULTS) if isinstance(case.values[0].shortcut, Shortcut)],
)
def test_slopes_from_a_one_by_one(activation: Activation, fmt: Format) -> None:
    """Compare values of g, flat levels, kinks and ends of the range, with their neighbours."""
    some = {activation.g_float(z, fmt) for z in random_points(fmt, 200)}
    a: set[float] = set()
    shortcut = activation.require_shortcut()
    marks = [*activation.range[:2], *shortcut.flat, *(kink.z for kink in activation.shortcut_kinks)]
    marks += [end for gap in activation.range.gaps for end in gap]
    for mark in marks:
        x = mark if isinstance(mark, float) else fmt.round_exact(Fraction(mark))
        a |= set(FMTS[fmt.name].near(x)) if math.isfinite(x) else {x}
    inside: list[float] = []
    outside: list[float] = []
    for x in (*some, *a):
        try:
            activation.check_a(x, fmt)
            inside.append(x)
        except ActcalcError:
            outside.append(x)
    for rule in RULES:
        # Far from kinks and flat levels all rules agree.
        given = np.array([x for x in inside if rule == "least" or x in a])
        one_by_one = np.array([activation.dg_from_a_float(x, fmt, rule) for x in given.tolist()])
        together = arrays.dg_from_a_array(activation, given, fmt, rule)
        assert list(given[~same_bits(one_by_one, together)]) == []
    zeros = np.array([x for x in (0.0, -0.0) if x in inside])
    right = np.array([activation.dg_from_a_float(x, fmt) for x in zeros.tolist()])
    many = arrays.dg_from_a_array(activation, np.tile(zeros, 20), fmt)
    assert same_bits(many, np.tile(right, 20)).all()
    for x in outside:
        with pytest.raises(ActcalcError, match="is outside the range"):
            arrays.dg_from_a_array(activation, np.array([*inside, x]), fmt)


@pytest.mark.parametrize(
    ("name", "fmt", "most"),
    [
        ("sigmoid", "float64", 4),
        ("gelu", "float32", 4),
        ("gelu", "bfloat16", 400),
        ("softplus", "bfloat16", 4),
    ],
)
def test_most_points_are_settled_in_bulk(
    name: str, fmt: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Count in everyday ranges, and among all values of bfloat16 including far tails."""
    activation = actcalc.activation(name)
    z = all_values(FORMATS[fmt]).tolist() if fmt == "bfloat16" else np.linspace(-20, 20, 10000).tolist()
    assert exact_share(activation, FORMATS[fmt], np.array(z), monkeypatch) <= 2 * most


def exact_share(activation: Activation, fmt: Format, z: Any, monkeypatch: pytest.MonkeyPatch) -> int:
    """The share of points that need exact arithmetic, apart from those where signs or kinks matter."""
    count = 0

    def one(sides: Sides, z: Any, near: Any, fmt: Format, one: Callable[[float], float]) -> Any:
        def counting(x: float) -> float:
            nonlocal count
            count += 1
            return one(x)

        return settled(sides, z, near, fmt, counting)

    settled = arrays._settle
    with monkeypatch.context() as context:
        context.setattr(arrays, "_settle", one)
        arrays.g_array(activation, z, fmt)
        arrays.dg_array(activation, z, fmt)
    return count


TIES = {
    ("elu(alpha=257)", "bfloat16"): 4000,
    ("tanhshrink", "float64"): 300,
    ("telu", "float64"): 60,
    ("tanhshrink", "float16"): 300,
    ("hard_swish", "float16"): 200,
    ("hard_swish", "bfloat16"): 200,
    ("laplace(mu=0, sigma=0.3973899758084309943681952970552597600382093)", "bfloat16"): 3500,
}
"""Functions whose results may lie exactly or almost half way between floats, so that more are left undecided.

They include exp(exp(z)) where it has lost bits.
"""


@pytest.mark.parametrize(
    "fmt",
    [
        pytest.param(x, marks=pytest.mark.exhaustive if x.bits == 16 else (), id=str(x))
        for x in FORMATS.values()
    ],
)
@pytest.mark.parametrize("activation", all_settings())
def test_bulk_is_bulk(activation: Activation, fmt: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few points, in everyday ranges and of all exponents, are left to exact arithmetic."""
    rng = np.random.default_rng(7)
    uniform = float_arrays.round_array(rng.uniform(-10, 10, 20_000), fmt)
    ties = TIES.get((activation.describe(), fmt.name), 0)
    assert exact_share(activation, fmt, uniform, monkeypatch) <= 40 + ties
    if activation.name == "telu":
        return  # farther out exp(exp(z)) overflows float64
    stratified = np.array(random_points(fmt, 20_000)[:10_000])  # bit patterns
    assert exact_share(activation, fmt, stratified, monkeypatch) <= 400 + ties


@pytest.mark.parametrize("shape", [(0,), (), (3, 4), (2, 0, 5), (1, 2, 3)])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_shape_and_dtype(shape: tuple[int, ...], dtype: str) -> None:
    z = np.random.default_rng(3).normal(size=shape).astype(dtype)
    f = actcalc.activation("tanh")
    for function in (f.g, f.dg):
        result = function(z)
        assert (result.shape, result.dtype) == (shape, np.dtype(dtype))
        expected = [function(float(x), dtype=dtype) for x in z.reshape(-1)]
        assert result.reshape(-1).astype(np.float64).tolist() == expected


def test_unusual_layouts() -> None:
    f = actcalc.activation("mish")
    z = np.linspace(-3, 3, 24).reshape(4, 6)
    right = [[f.dg(x) for x in row] for row in z.tolist()]
    assert f.dg(z).tolist() == right
    assert f.dg(z.T).T.tolist() == right
    assert f.dg(z[::2, ::-1]).tolist() == [row[::-1] for row in right[::2]]
    swapped = z.astype(">f8")
    assert f.dg(swapped).tolist() == right
    assert f.dg(swapped).dtype == swapped.dtype
    z.flags.writeable = False
    assert f.dg(z).tolist() == right
    assert z.tolist() == np.linspace(-3, 3, 24).reshape(4, 6).tolist()


def test_integers_count_as_float64() -> None:
    result = actcalc.activation("leaky_relu").g(np.array([-3, 0, 2]))
    assert result.dtype == np.float64
    assert result.tolist() == [-0.03, 0.0, 2.0]


@pytest.mark.parametrize("values", [[None], ["1"], [1j], [True]])
def test_other_arrays_are_refused(values: list[object]) -> None:
    with pytest.raises(ActcalcError, match="float64, float32, float16 or integers"):
        actcalc.activation("tanh").g(np.array(values))


def test_dtype_of_an_array_is_its_own() -> None:
    with pytest.raises(ActcalcError, match="its own dtype"):
        actcalc.activation("tanh").g(np.zeros(1), dtype="float32")


@pytest.mark.parametrize(
    ("value", "fmt", "expected"),
    [
        (1 + 2.0**-11 + 2.0**-50, "float16", 1.0009765625),
        (2.0**-25 + 2.0**-70, "float16", 2.0**-24),
        (2.0**-25, "float16", 0.0),
        (-(2.0**-134), "bfloat16", -0.0),
        (1 + 2.0**-8 + 2.0**-50, "bfloat16", 1.0078125),
        (1 + 2.0**-8, "bfloat16", 1.0),
        (1 + 2.0**-24 + 2.0**-50, "float32", 1 + 2.0**-23),
        (65520.0, "float16", math.inf),
        (-65519.999, "float16", -65504.0),
    ],
)
def test_rounding_once(value: float, fmt: str, expected: float) -> None:
    with np.errstate(over="ignore"):
        rounded = float_arrays.round_array(np.array([value]), FORMATS[fmt])
    assert same_bits(rounded, np.array([expected])).all()


@pytest.mark.parametrize("fmt", list(FORMATS.values())[1:], ids=str)
def test_rounding_as_one_by_one(fmt: Format) -> None:
    x = np.array(random_points(FORMATS["float64"], 4000))
    x = np.concatenate([x, [fmt.largest, 2 * fmt.largest, math.inf, -math.inf, math.nan, 0.0, -0.0]])
    small = np.random.default_rng(8).uniform(-1, 1, 1000) * fmt.smallest_normal * 2
    ties = (np.array([fmt.from_bits(i) for i in range(200)]) + [fmt.from_bits(i + 1) for i in range(200)]) / 2
    x = np.concatenate([x, small, ties])
    with np.errstate(over="ignore"):
        rounded = float_arrays.round_array(x, fmt)
    assert same_bits(rounded, np.array([fmt.round_float(v) for v in x.tolist()])).all()


def test_settled_values_round_to_one_float() -> None:
    """Test on both sides of powers of two, next to ties, and at zeros."""
    fmt = FORMATS["float64"]
    near = [sign * x for x in (1.0, 1 + 2.0**-52, 1 - 2.0**-53, 1.5, 2.0**-600) for sign in (1, -1)]
    parts = (
        *(k * 2.0**-56 for k in range(-8, 9)),
        2.0**-53 - 2.0**-75,
        2.0**-60 - 2.0**-54,
        2.0**-54 - 2.0**-75,
    )
    cases = [(x, part * x) for x in near for part in parts if x + part * x == x]
    rounded, lost = (np.array(x) for x in zip(*cases, (0.0, -0.0), (0.0, 0.0), strict=True))
    count = 0
    for rel in (0.0, 2.0**-70, 2.0**-62):
        for off in (0.0, 2.0**-80, np.where(lost == 0, 0.0, 2.0**-70)):
            settled = float_arrays.is_settled(rounded, lost, rel, off)
            for x, rest, around, yes in zip(
                rounded.tolist(),
                lost.tolist(),
                np.broadcast_to(off, rounded.shape).tolist(),
                settled,
                strict=True,
            ):
                value = exact(x) + exact(rest)
                most = abs(exact(x)) * exact(rel) + exact(around)
                if yes:
                    count += 1
                    assert {fmt.round_exact(value + side * most) for side in (-1, 1)} == {x}
                    assert x != 0 or most == 0
    assert count > 500
    ties = float_arrays.is_settled(np.array([1.0]), np.array([2.0**-53]), 0.0, np.array([0.0]))
    assert ties.all()


@pytest.mark.parametrize("fmt", list(FORMATS.values())[1:], ids=str)
@pytest.mark.parametrize("rel", [2.0**-60, 2.0**-50, 2.0**-45])
def test_certain_values_round_to_one_value(rel: float, fmt: Format) -> None:
    """Test next to rounding boundaries, at the ends of the margin and at those that the code assumes."""
    middle = (1.5 + FMTS[fmt.name].near(1.5)[-1]) / 2
    units = [
        sign * (x + k)
        for x in (0, int(1.5 * rel * 2**52), int(rel * 2**54) + 2)
        for k in range(-6, 7)
        for sign in (1, -1)
    ]
    value = np.array([sign * (middle + k * 2.0**-52) for k in units for sign in (1, -1)])
    rounded, certain = float_arrays.round_within(value, rel, fmt, 1.0, 2.0)
    for x, near, yes in zip(value.tolist(), rounded.tolist(), certain, strict=True):
        ends = {fmt.round_exact(exact(x) * (1 + side * Fraction(rel))) for side in (-1, 1)}
        assert near in ends
        assert not yes or ends == {near}
    assert 0.1 < certain.mean() < 0.9


@pytest.mark.parametrize("fmt", list(FORMATS.values())[1:], ids=str)
def test_a_tie_is_decided_by_the_tail(fmt: Format) -> None:
    low, high = 1.0, FMTS[fmt.name].near(1.0)[-1]
    middle = (low + high) / 2
    for sign in (-1, 1):
        beyond = np.array([2.0**-70 * sign])
        for factor in (1, -1, 2.0**-5):
            settled = float_arrays._round_sum(np.array([middle * factor]), beyond * factor, fmt)
            assert settled.tolist() == [float((high if sign > 0 else low) * factor)]


@pytest.mark.parametrize("name", ["sigmoid", "gelu", "softplus", "rrelu"])
def test_nothing_leans_on_long_double(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    activation = actcalc.activation(name)
    for fmt in FORMATS.values():
        z = np.array(random_points(fmt, 2000))
        right = [f(activation, z, fmt).tobytes() for f in (arrays.g_array, arrays.dg_array)]
        with monkeypatch.context() as context:
            context.setattr(np, "longdouble", np.float64)
            again = [f(activation, z, fmt).tobytes() for f in (arrays.g_array, arrays.dg_array)]
        assert again == right


def test_tables() -> None:
    """Both parts of the tables of powers of two and logarithms agree with Arb."""
    bits, high_bits, low, rounding_off = tables.powers_of_two()
    places = np.arange(len(low), dtype=np.uint64) << 42
    near, high = (x.view(np.float64) for x in (bits + places, high_bits + places))
    table, log_high, log_low = tables.logarithms()
    with ctx.workprec(300):
        for j in range(len(near)):
            power = (arb(2).log() * arb(fmpq(j, 1024))).exp()
            parts = exact(high[j]) * (1 + exact(low[j]))
            assert abs(power - arb(fmpq(parts.numerator, parts.denominator))) < arb(2) ** -84
            rounded = arb(fmpq(*near[j].as_integer_ratio()))
            assert abs(power - rounded) < arb(2) ** -52
            rest = arb(fmpq(*rounding_off[j].as_integer_ratio()))
            assert abs(power - rounded * (1 + rest)) < arb(2) ** -104
        for i in range(len(table)):
            logarithm = -arb(fmpq(*table[i].as_integer_ratio())).log()
            parts = exact(log_high[i]) + exact(log_low[i])
            assert abs(logarithm - arb(fmpq(parts.numerator, parts.denominator))) < arb(2) ** -92
        steps, step_high, step_low = (exact(x) for x in tables.power_step())
        parts = step_high + step_low
        step = arb(2).log() / 1024
        assert abs(step - arb(fmpq(parts.numerator, parts.denominator))) < arb(2) ** -94
        assert abs(step * arb(fmpq(steps.numerator, steps.denominator)) - 1) < arb(2) ** -53
        for k, c in enumerate(tables.step_powers(), 1):
            right = step**k / math.factorial(k)
            assert abs(right - arb(fmpq(*c.as_integer_ratio()))) < right * arb(2) ** -52


# Bounds


def exact(x: Any) -> Fraction:
    return Fraction(*x.as_integer_ratio())


def reference(name: str, x: Fraction) -> arb:
    z = arb(fmpq(x.numerator, x.denominator))
    if name == "mills":
        tail = (z * z / 2).gamma_upper(arb(0.5)) / (2 * arb.pi().sqrt())
        return tail * (2 * arb.pi()).sqrt() * (z * z / 2).exp()
    value: arb = getattr(z, name)()
    return value


STAGES: dict[str, tuple[Any, float]] = {
    "quick": (QUICK, 2.0**-38),
    "pairs": (PAIRS, 2.0**-68),
}
"""Each arithmetic with the relative error that it must stay below in most places."""


def uncertain(number: Number, rel: float, off: Any = 0.0) -> Number:
    """Make the number uncertain by the relative error ``rel`` and the absolute error ``off``."""
    bounds = number.min_abs, number.max_abs, number.sign
    made = number.m.build(number.value, number.tail, rel, off, bounds, number.scale)
    made.loose = number.loose
    return made


HALF_WAY = (np.arange(-8, 8) + 0.5) * math.log(2) / 1024
"""Points between two places of the table of powers, where the polynomials are least accurate."""
ARGUMENTS: dict[str, Callable[[np.random.Generator], Any]] = {
    "exp": lambda rng: np.concatenate([rng.uniform(-700, 700, 300), rng.normal(0, 1, 200)]),
    "exp near 0": lambda rng: np.concatenate([HALF_WAY, rng.normal(0, 1e-3, 600)]),
    "expm1 near 0": lambda rng: np.concatenate([HALF_WAY, rng.normal(0, 1e-3, 600)]),
    "expm1": lambda rng: np.concatenate([rng.uniform(-50, 50, 300), rng.normal(0, 1e-5, 200)]),
    "log1p": lambda rng: np.concatenate([rng.uniform(-0.9, 1e6, 300), rng.normal(0, 1e-5, 200)]),
    "sqrt": lambda rng: rng.uniform(0, 1e6, 500),
    "mills": lambda rng: rng.uniform(0, 60, 500),
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", ARGUMENTS)
def test_claimed_bounds_hold(name: str, stage: str) -> None:
    """The true value lies within the claimed error bound, and the bound is not much larger than needed."""
    namespace, most = STAGES[stage]
    x = ARGUMENTS[name](np.random.default_rng(4))
    if name == "expm1 near 0":
        most = max(most, 2.0**-58)  # e^x is 1000 times as large there
    name = name.split()[0]
    number = argument(namespace, x)
    if stage == "pairs":  # arguments with more digits than float64, and with tails of any size
        number = number * Fraction(10**14 + 1, 10**14)
    exact_x = work_out(uncertain(number, 0.0), x)
    for rel in (number.rel, 2.0**-50):
        found = work_out(getattr(namespace, name)(uncertain(number, rel)), x)
        for i in range(len(x)):
            assert_within(found, i, name, exact_x.exact(i)[0] * (1 + Fraction(rel) * Fraction(99, 100)))
    found = work_out(getattr(namespace, name)(uncertain(number, 0.0)), x)
    assert np.median(found.off / abs(found.value)) < most


OFFS: dict[str, Callable[[np.random.Generator], Any]] = {
    "not at all": lambda _: 0.0,
    "one for all": lambda _: 0.01,
    "little": lambda _: 1e-9,
    "each its own": lambda rng: rng.choice([0.0, 1e-9, 1e-3, 0.01, 0.09], 200),
}
"""Error bounds of arguments: one for all elements, or an array."""


@pytest.mark.parametrize("offs", OFFS)
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", ["exp", "expm1", "log1p", "sqrt", "mills"])
def test_claimed_bounds_hold_for_uncertain_arguments(name: str, stage: str, offs: str) -> None:
    """The true arguments are at the ends of their error bounds."""
    namespace, _ = STAGES[stage]
    rng = np.random.default_rng(7)
    x = np.concatenate([rng.uniform(0.1, 50, 100), rng.uniform(0.1, 2, 100)])
    if name in ("exp", "expm1"):
        x *= np.resize([1, -1], len(x))
    off = OFFS[offs](rng)
    each = np.broadcast_to(off, x.shape).astype(np.float64)
    known = uncertain(argument(namespace, x), 0.0, off if isinstance(off, float) else variable(1))
    found = work_out(getattr(namespace, name)(known), x, each)
    for i, far in enumerate(each):
        for side in (-1, 1):
            assert_within(found, i, name, exact(x[i]) + side * exact(far) * Fraction(999, 1000))


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", ["exp", "expm1", "log1p", "sqrt", "mills"])
def test_claimed_bounds_hold_over_all_exponents(name: str, stage: str) -> None:
    """Test by binade, as the ladder does, and all exponents together."""
    namespace, _ = STAGES[stage]
    rng = np.random.default_rng(6)
    x = np.ldexp(rng.uniform(0.5, 1, 400), rng.integers(-1000, 60, 400))
    x = np.sort(x)
    signs = (1, -1) if name in ("exp", "expm1") else (1,)
    for part in (*np.split(x, 8), x):
        for sign in signs:
            found = work_out(getattr(namespace, name)(argument(namespace, part * sign)), part * sign)
            for i in range(0, len(part), 1 + len(part) // 100):
                if abs(part[i]) < 1e4:
                    assert_within(found, i, name, exact(part[i] * sign))


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", ["exp", "expm1"])
@pytest.mark.parametrize(
    ("low", "high"),
    [
        (-2000, -1300),
        (-1e5, -1e3),
        (-800, -650),
        (-700, 800),
        (300, 760),
        (690, 2500),
        (1400, 1e38),
        (2000, 2090),
    ],
)
def test_claimed_bounds_hold_far_out(name: str, stage: str, low: float, high: float) -> None:
    """Test where e^x underflows and overflows; where Arb's range ends, nothing is claimed."""
    namespace, _ = STAGES[stage]
    x = np.random.default_rng(9).uniform(low, high, 30)
    found = work_out(getattr(namespace, name)(argument(namespace, x)), x)
    known = np.isfinite(found.off) & np.isfinite(found.value)
    assert not known[x > 1e5].any()
    for i in np.flatnonzero(known).tolist():
        assert_within(found, i, name, exact(x[i]))


def assert_within(found: Elements, i: int, name: str, x: Fraction) -> None:
    with ctx.workprec(4000 if abs(x) < 2.0**-100 or abs(x) > 200 else 400):
        value, bound = found.exact(i)
        error = abs(reference(name, x) - arb(fmpq(value.numerator, value.denominator)))
        assert error <= arb(fmpq(bound.numerator, bound.denominator)), (name, x)


@pytest.mark.parametrize(
    "power", [0, 200, -200, 300, -300, -310, 320, -320, 1000, -1000, 4000, -4000, 6000, -6000]
)
@pytest.mark.parametrize("part", [Fraction(1, 3), Fraction(1, 9), Fraction(7, 11), Fraction(1)])
def test_constants_of_any_size(power: int, part: Fraction) -> None:
    x = part * Fraction(10) ** power
    for namespace, bits in ((QUICK, 53), (PAIRS, 105)):
        constant = namespace.number(x)
        value = work_out(constant, np.zeros(1)).exact(0)[0]
        assert abs(x - value) <= Fraction(constant.rel) * abs(value)
        assert constant.rel <= 2.0**-bits


@pytest.mark.parametrize(
    ("name", "z", "of_a"),
    [
        ("hard_sigmoid:slope=1e-300", -4.9999999999999995e299, False),
        ("softplus:beta=1e-320", 1.7976931348623157e308, True),
        ("softplus:beta=1e-305", 3e304, False),
        ("swish:beta=1e-300/3", -5e299, False),
        ("squareplus:b=1e-300", -1e-150, False),
        ("leaky_relu:slope=1e-320", -1e300, False),
    ],
)
def test_parameters_of_extreme_size(name: str, z: float, of_a: bool) -> None:
    activation = resolve(name)
    points = np.array([z, math.nextafter(z, 0), z / 2])
    functions: list[tuple[Any, Any]] = [(activation.dg_from_a_float, arrays.dg_from_a_array)]
    if not of_a:
        functions = [(activation.g_float, arrays.g_array), (activation.dg_float, arrays.dg_array)]
    for one, together in functions:
        right = np.array([one(x, FORMATS["float64"]) for x in points.tolist()])
        assert same_bits(right, together(activation, points, FORMATS["float64"])).all()


@pytest.mark.parametrize("name", ["gaussian:a=0.2", "gelu", "silu", "exponential", "swish:beta=3"])
def test_subnormal_values_near_to_half_way_between_two(name: str) -> None:
    """After rounding to float64 every fourth value is half way, and only the rounding error decides."""
    f = resolve(name)
    z = np.random.default_rng(4).uniform(-7.64, -7.53, 300) * (1 if name.startswith("g") else 97)
    z *= 5 if name == "gelu" else 1 / 3 if name.startswith("swish") else 1
    for of, together in (("g", arrays.g_array), ("dg", arrays.dg_array)):
        found = together(f, z, FORMATS["float64"])
        right = np.array(
            [f.derivative_float(x, quantity(of == "dg"), FORMATS["float64"]) for x in z.tolist()]
        )
        assert same_bits(found, right).all()
        assert (abs(right) < 2.0**-1022).mean() > 0.2


def test_an_exact_value_that_underflows_has_its_sign() -> None:
    activation = resolve("softshrink:lambd=5.8673322200775146484375e-8")
    z = np.array([-5.9604645e-08, 5.9604645e-08]).astype(np.float16)
    assert np.signbit(activation.g(z)).tolist() == [True, False]
    assert activation.g(z).tolist() == [0, 0]


def test_polynomials_of_mills_ratio() -> None:
    """Evaluated exactly, the polynomials are as accurate as claimed, and not much more accurate."""
    known = mills_ratio.table()
    worst = 0.0
    for i in range(0, len(known.middles), 9):
        coefficients = [exact(c[i]) for c in known.coefficients]
        for k, tail in enumerate(known.tails):
            coefficients[k] += exact(tail[i])
        middle = exact(known.middles[i])
        half = Fraction(1, 2 ** (mills_ratio.BITS + 1)) * 2 ** int(math.log2(middle + 1))
        for h in (-half, half):
            value = sum(c * h**k for k, c in enumerate(coefficients))
            with ctx.workprec(600):
                right = reference("mills", middle + h)
                error = abs(right - arb(fmpq(value.numerator, value.denominator))) / right
                worst = max(worst, float(error.mid()))
    # Coefficients from the second power on are rounded to float64, which costs about 2**-73 of M.
    assert worst < known.remainder + 2.0**-72
    assert known.remainder < 2.0**-75


THIRD = Fraction(1, 3)
OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda x, y: x + y,
    "+, of a product": lambda x, y: x * THIRD + y,
    "-": lambda x, y: x - y,
    "-, of products": lambda x, y: x * x - y * THIRD,
    "*": lambda x, y: x * y,
    "*, of sums": lambda x, y: (x + THIRD) * (y - THIRD),
    "/": lambda x, y: x / y,
    "/ 3": lambda x, _: x / 3,
    "/, by what is far from 0": lambda x, y: x / (abs(y) + 2),
    "/, of sums": lambda x, y: (x + THIRD) / (y * y + 1),
    "/, by what is near 0": lambda x, y: x / (y - THIRD),
    "abs": lambda x, _: abs(x),
    "abs, of a difference": lambda x, _: abs(x - THIRD) / 4,
    "**": lambda _, y: y**3,
    "**, of a sum": lambda x, y: (x + y) ** 3,
}
"""Operations that work for numbers and for fractions."""


@pytest.mark.parametrize("of_a", OFFS)
@pytest.mark.parametrize("of_b", OFFS)
@pytest.mark.parametrize("stage", STAGES)
def test_operations_stay_within_their_bounds(stage: str, of_a: str, of_b: str) -> None:
    """Sums, products and quotients of numbers with errors enclose those of the true numbers."""
    namespace, _ = STAGES[stage]
    rng = np.random.default_rng(8)
    values = rng.normal(size=(2, 200))
    offs = OFFS[of_a](rng), OFFS[of_b](rng)
    far_a, far_b = fars = [np.broadcast_to(off, 200).astype(np.float64) for off in offs]
    a, b = (
        uncertain(argument(namespace, x, k), 0.0, off if isinstance(off, float) else variable(2 + k))
        for k, (x, off) in enumerate(zip(values, offs, strict=True))
    )
    results = {sign: work_out(operation(a, b), *values, *fars) for sign, operation in OPERATIONS.items()}
    for i in range(200):
        exactly = {sign: found.exact(i) for sign, found in results.items()}
        for x, y in itertools.product(ends(values[0, i], far_a[i]), ends(values[1, i], far_b[i])):
            for sign, (value, error) in exactly.items():
                assert abs(value - OPERATIONS[sign](x, y)) <= error, sign


def ends(value: Any, off: Any) -> set[Fraction]:
    """The ends of the enclosure."""
    return {exact(value) - exact(off), exact(value) + exact(off)}


def test_bounds_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a bound for exp that is too small, results change."""
    f = actcalc.activation("gelu_tanh")
    z = np.linspace(-9, -3, 4001)
    right = f.dg(z)
    monkeypatch.setattr(ladder, "_program", _careless)
    assert not same_bits(right, f.dg(z)).all()


def _careless(graph: Graph, m: Any, bin_: ladder.Bin, target: Any) -> Program:
    number = graph.evaluate(QUICK, QUICK.variable(abs(variable()), bin_.low, bin_.high), bin_.side < 0)
    assert isinstance(number, Number)
    return Program.of(number.value, truth(True))


def test_pieces_end_where_floats_do() -> None:
    """A boundary that is not a float64 separates the floats on either side of it."""
    assert arrays._last_float(Fraction(1, 10)) == math.nextafter(0.1, 0)
    assert arrays._last_float(Fraction(1, 2)) == 0.5
    assert arrays._last_float(Fraction(1, 2), excluding=True) == math.nextafter(0.5, 0)
