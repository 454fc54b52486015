"""Arrays: the same bits as one by one, and error bounds that hold."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx, fmpq

import actcalc
from actcalc import ActcalcError
from actcalc.activations import arrays
from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Shortcut
from actcalc.arithmetic import bulk, mills, wide
from actcalc.catalogue import lookup
from actcalc.numbers import float_arrays as rounding
from actcalc.numbers.floats import FLOAT16, FORMATS, Format
from actcalc.numbers.sums import AVAILABLE
from tests.support.matrix import SETTINGS, special_points
from tests.support.oracle import FMTS

RULES = ("least", "left", "right", "nan")


def same_bits(a: Any, b: Any) -> Any:
    """Where two float64 arrays are the same, signs of zeros included."""
    return (a.view(np.int64) == b.view(np.int64)) | (np.isnan(a) & np.isnan(b))


def random_points(fmt: Format, count: int) -> list[float]:
    """Half of them bit patterns, so of all exponents, and half of everyday size."""
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


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=str)
@pytest.mark.parametrize("activation", SETTINGS, ids=Activation.describe)
def test_same_bits_as_one_by_one(activation: Activation, fmt: Format) -> None:
    """Next to zeros, kinks and the format's ends, by every rule; and anywhere."""
    assert_same(activation, fmt, special_points(activation, FMTS[fmt.name]), RULES)
    assert_same(activation, fmt, random_points(fmt, 2000), ("least",))


@pytest.mark.exhaustive
@pytest.mark.parametrize("fmt", FORMATS.values(), ids=str)
@pytest.mark.parametrize("activation", SETTINGS, ids=Activation.describe)
def test_same_bits_as_one_by_one_everywhere(activation: Activation, fmt: Format) -> None:
    """All values of a format of 16 bits, many of the others."""
    points = list(fmt.all_values()) if fmt.bits == 16 else random_points(fmt, 100_000)
    assert_same(activation, fmt, points, ("least",))


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=str)
@pytest.mark.parametrize(
    "activation", [f for f in SETTINGS if isinstance(f.shortcut, Shortcut)], ids=Activation.describe
)
def test_slopes_from_a_one_by_one(activation: Activation, fmt: Format) -> None:
    """At values of g, at flat levels, kinks and ends of the range with their neighbours."""
    a = {activation.g_float(z, fmt) for z in random_points(fmt, 500)}
    shortcut = activation.require_shortcut()
    marks = [*activation.range[:2], *shortcut.flat, *(kink.z for kink in activation.shortcut_kinks)]
    marks += [end for gap in activation.range.gaps for end in gap]
    for mark in marks:
        x = mark if isinstance(mark, float) else fmt.round_exact(Fraction(mark))
        a |= {x, fmt.next_up(x), -fmt.next_up(-x)} if math.isfinite(x) else {x}
    inside, outside = [], []
    for x in a:
        try:
            activation.check_a(x, fmt)
            inside.append(x)
        except ActcalcError:
            outside.append(x)
    for rule in RULES:
        one_by_one = np.array([activation.dg_from_a_float(x, fmt, rule) for x in inside])
        together = arrays.dg_from_a_array(activation, np.array(inside), fmt, rule)
        assert list(np.array(inside)[~same_bits(one_by_one, together)]) == []
    for x in outside:
        with pytest.raises(ActcalcError, match="is outside the range"):
            arrays.dg_from_a_array(activation, np.array([*inside, x]), fmt)


def test_without_extended_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where longdouble is no better than float64, the exact arithmetic does it all."""
    z = np.array(random_points(FORMATS["float32"], 60))
    right = arrays.dg_array(actcalc.activation("gelu"), z, FORMATS["float32"])
    monkeypatch.setattr(arrays, "AVAILABLE", False)
    monkeypatch.setattr(arrays, "_BULK", None)
    monkeypatch.setattr(arrays, "_WIDE", None)
    assert same_bits(right, arrays.dg_array(actcalc.activation("gelu"), z, FORMATS["float32"])).all()


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
    """In everyday ranges, and among all values of bfloat16, far tails and all."""
    if not AVAILABLE:
        pytest.skip("there is no extended precision on this machine")
    left_over = []

    def fill(result: Any, z: Any, rest: Any, one: Callable[[float], float]) -> None:
        left_over.append(np.count_nonzero(rest))

    monkeypatch.setattr(arrays, "_fill", fill)
    z = list(FORMATS[fmt].all_values()) if fmt == "bfloat16" else np.linspace(-20, 20, 10000).tolist()
    for function in (arrays.g_array, arrays.dg_array):
        function(actcalc.activation(name), np.array(z), FORMATS[fmt])
    assert sum(left_over) <= 2 * most


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
        (np.longdouble(1) + np.longdouble(2) ** -11 + np.longdouble(2) ** -60, "float16", 1.0009765625),
        (np.longdouble(2) ** -25 + np.longdouble(2) ** -80, "float16", 2.0**-24),
        (np.longdouble(1) + np.longdouble(2) ** -8 + np.longdouble(2) ** -60, "bfloat16", 1.0078125),
        (np.longdouble(1) + np.longdouble(2) ** -24 + np.longdouble(2) ** -60, "float32", 1 + 2.0**-23),
        (np.longdouble(65520), "float16", math.inf),
        (-np.longdouble(65519.999), "float16", -65504.0),
    ],
)
def test_rounding_once(value: Any, fmt: str, expected: float) -> None:
    with np.errstate(over="ignore"):
        assert rounding.round_array(np.array([value]), FORMATS[fmt]).tolist() == [expected]


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=str)
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_tie_is_settled_by_what_lies_beyond(fmt: Format, sign: int) -> None:
    low, high = 1.0, fmt.next_up(1.0)
    middle = (np.longdouble(low) + np.longdouble(high)) / 2
    beyond = np.array([np.longdouble(2) ** -70 * sign])
    for factor in (1, -1, np.longdouble(2) ** -5):
        settled = rounding._round_sum(np.array([middle * factor]), beyond * factor, fmt)
        assert settled.tolist() == [float((high if sign > 0 else low) * factor)]


def test_double_rounding_is_seen() -> None:
    """NumPy's own conversion rounds twice: a formula rounded with it would be wrong."""
    value = np.array([np.longdouble(1) + np.longdouble(2) ** -11 + np.longdouble(2) ** -60])
    assert value.astype(np.float16)[0] == 1.0
    assert rounding.round_array(value, FLOAT16)[0] == 1.0009765625


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


STAGES: dict[str, tuple[Any, Callable[..., Any], float]] = {
    "extended": (bulk.Bulk(), lambda x, error: bulk.Balls(x, error), 2.0**-59),
    "wide": (wide.Wide(), lambda x, error: wide.WideBalls(x, np.longdouble(0), error), 2.0**-70),
}
"""Each stage with a way to make its numbers, and the error that it must stay below."""

ARGUMENTS: dict[str, Callable[[np.random.Generator], Any]] = {
    "exp": lambda rng: rng.uniform(-11000, 11000, 500),
    "expm1": lambda rng: np.concatenate([rng.uniform(-50, 50, 300), rng.normal(0, 1e-5, 200)]),
    "log1p": lambda rng: np.concatenate([rng.uniform(-0.9, 1e6, 300), rng.normal(0, 1e-5, 200)]),
    "sqrt": lambda rng: rng.uniform(0, 1e6, 500),
    "mills": lambda rng: rng.uniform(0, 60, 500),
}


@pytest.mark.skipif(not AVAILABLE, reason="there is no extended precision on this machine")
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", ARGUMENTS)
def test_claimed_bounds_hold(name: str, stage: str) -> None:
    """The true value lies within the claimed error, and the claim is not idle."""
    namespace, make, most = STAGES[stage]
    x = ARGUMENTS[name](np.random.default_rng(4)).astype(np.longdouble)
    x = x + x * np.longdouble(2) ** -60  # more digits than a float64 has
    with np.errstate(all="ignore"):
        for perturbed in (0.0, 2.0**-50):
            balls = getattr(namespace, name)(make(x, abs(x) * np.longdouble(perturbed)))
            for i, argument in enumerate(x):
                if np.isfinite(balls.error[i]):
                    assert_within(balls, i, name, exact(argument) * (1 + Fraction(perturbed)))
        relative = getattr(namespace, name)(make(x, np.longdouble(0)))
        assert np.median((relative.error / abs(relative.value)).astype(float)) < most


def assert_within(balls: Any, i: int, name: str, x: Fraction) -> None:
    with ctx.workprec(400):
        value = exact(balls.value[i]) + (exact(balls.tail[i]) if hasattr(balls, "tail") else 0)
        error = abs(reference(name, x) - arb(fmpq(value.numerator, value.denominator)))
        assert error <= arb(fmpq(*balls.error[i].as_integer_ratio())), (name, x)


@pytest.mark.skipif(not AVAILABLE, reason="there is no extended precision on this machine")
@pytest.mark.parametrize(
    "power", [0, 200, -200, 300, -300, -310, 320, -320, 1000, -1000, 4000, -4000, 6000, -6000]
)
@pytest.mark.parametrize("part", [Fraction(1, 3), Fraction(1, 9), Fraction(7, 11), Fraction(1)])
def test_constants_of_any_size(power: int, part: Fraction) -> None:
    x = part * Fraction(10) ** power
    for constant in (bulk.constant(x), wide.constant(x)):
        if np.isfinite(constant.error):
            value = exact(constant.value) + (exact(constant.tail) if hasattr(constant, "tail") else 0)
            assert abs(x - value) <= exact(constant.error)
    assert abs(power) > 4500 or bulk.constant(x).error <= 2.0**-60 * abs(bulk.constant(x).value)


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
    activation = lookup.parse_activation(name)
    points = np.array([z, math.nextafter(z, 0), z / 2])
    functions: list[tuple[Any, Any]] = [(activation.dg_from_a_float, arrays.dg_from_a_array)]
    if not of_a:
        functions = [(activation.g_float, arrays.g_array), (activation.dg_float, arrays.dg_array)]
    for one, together in functions:
        right = np.array([one(x, FORMATS["float64"]) for x in points.tolist()])
        assert same_bits(right, together(activation, points, FORMATS["float64"])).all()


def test_an_exact_value_that_underflows_has_its_sign() -> None:
    activation = lookup.parse_activation("softshrink:lambd=5.8673322200775146484375e-8")
    z = np.array([-5.9604645e-08, 5.9604645e-08]).astype(np.float16)
    assert np.signbit(activation.g(z)).tolist() == [True, False]
    assert activation.g(z).tolist() == [0, 0]


@pytest.mark.skipif(not AVAILABLE, reason="there is no extended precision on this machine")
def test_polynomials_of_mills_ratio() -> None:
    """Worked out exactly they are as near as is claimed, and not much nearer."""
    known = mills.table()
    for i in range(len(known.middles)):
        coefficients = [
            exact(a[i]) + exact(b[i]) for a, b in zip(known.coefficients, known.tails, strict=True)
        ]
        errors = []
        for edge in known.edges[i : i + 2].tolist():
            h = Fraction(edge) - exact(known.middles[i])
            value = sum(c * h**k for k, c in enumerate(coefficients))
            with ctx.workprec(600):
                error = abs(
                    reference("mills", Fraction(edge)) - arb(fmpq(value.numerator, value.denominator))
                )
                assert error <= arb(fmpq(*known.remainders[i].as_integer_ratio())) + arb(2) ** -120
                errors.append(float(error.mid()))
        assert float(known.remainders[i]) < 100 * max(errors) + 2.0**-120


@pytest.mark.skipif(not AVAILABLE, reason="there is no extended precision on this machine")
@pytest.mark.parametrize("stage", STAGES)
def test_operations_stay_within_their_bounds(stage: str) -> None:
    """Sums, products and quotients of numbers with errors enclose those of the true numbers."""
    _, make, _ = STAGES[stage]
    rng = np.random.default_rng(5)
    a = make(rng.normal(size=200).astype(np.longdouble), np.longdouble(0))
    b = make(rng.normal(size=200).astype(np.longdouble), np.longdouble(0))
    third = Fraction(1, 3)
    results: dict[str, tuple[Any, Callable[[Fraction, Fraction], Fraction]]] = {
        "+": (a * third + b, lambda x, y: x * third + y),
        "-": (a * a - b * third, lambda x, y: x * x - y * third),
        "*": ((a + third) * (b - third), lambda x, y: (x + third) * (y - third)),
        "/": ((a + third) / (b * b + 1), lambda x, y: (x + third) / (y * y + 1)),
        "abs": (abs(a - third) / 4, lambda x, y: abs(x - third) / 4),
        "**": ((a + b) ** 3, lambda x, y: (x + y) ** 3),
    }
    for sign, (balls, right) in results.items():
        for i in range(200):
            true = right(exact(a.value[i]), exact(b.value[i]))
            value = exact(balls.value[i]) + (exact(balls.tail[i]) if stage == "wide" else 0)
            assert abs(value - true) <= exact(balls.error[i]), sign


@pytest.mark.skipif(not AVAILABLE, reason="there is no extended precision on this machine")
def test_bounds_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a bound for exp that is too small, results change."""
    f = actcalc.activation("gelu_tanh")
    z = np.linspace(-9, -3, 4001)
    right = f.dg(z)
    monkeypatch.setattr(arrays, "_extended", _careless)
    assert not same_bits(right, f.dg(z)).all()


def _careless(formula: Callable[[Any, Any], Any], z: Any, fmt: Format) -> tuple[Any, Any]:
    value = formula(bulk.Bulk(), bulk.Balls(z.astype(np.longdouble), np.longdouble(0))).value
    return rounding.round_array(value, fmt), np.ones(len(z), bool)


def test_pieces_end_where_floats_do() -> None:
    """A boundary that is no float64 parts the floats on either side of it."""
    assert arrays._last_float(Fraction(1, 10)) == math.nextafter(0.1, 0)
    assert arrays._last_float(Fraction(1, 2)) == 0.5
    assert arrays._last_float(Fraction(1, 2), excluding=True) == math.nextafter(0.5, 0)
