"""Kinks, infinities, zeros and NaN against handmade tables."""

import math
from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest
from flint import ctx

from actcalc.activations.activation import Activation
from actcalc.activations.kinks import AT_KINK
from actcalc.errors import ActcalcError
from actcalc.numbers.digits import Digits
from actcalc.numbers.floats import FORMATS
from tests.support import oracle, shape
from tests.support.expectations import KINKS, LIMITS, NEGATIVE_BELOW_ZERO
from tests.support.matrix import NEAR, SETTINGS, setting
from tests.support.oracle import FMTS, Fmt
from tests.support.shape import CONVEX, JUMP

EVERY_SETTING = pytest.mark.parametrize("activation", SETTINGS, ids=Activation.describe)


def as_float(text: str, fmt: Fmt) -> float:
    """A number of the tables rounded to a format."""
    if text in ("-0", "inf", "-inf"):
        return fmt.as_value(float(text))
    return oracle.nearest_fraction(Fraction(text), fmt)


def test_the_tables_name_existing_settings() -> None:
    described = {activation.describe() for activation in SETTINGS}
    assert {*KINKS, *LIMITS, *NEGATIVE_BELOW_ZERO} <= described


@pytest.mark.parametrize("described", KINKS)
def test_kinks_found_in_the_textbook_are_those_of_the_table(described: str) -> None:
    listed = [(*map(Fraction, numbers), kind) for *numbers, kind in KINKS[described]]
    assert list(map(tuple, shape.kinks(setting(described)))) == listed


@EVERY_SETTING
def test_kinks_are_where_the_textbook_has_them(activation: Activation) -> None:
    found = [(kink.z, kink.is_jump, kink.is_convex) for kink in activation.kinks]
    right = [(bend.z, bend.kind == JUMP, bend.kind == CONVEX) for bend in shape.kinks(activation)]
    assert found == right


@EVERY_SETTING
def test_slope_at_a_kink(activation: Activation) -> None:
    for fmt, (kink, left, right, least, _) in product(FMTS.values(), shape.kinks(activation)):
        z = oracle.nearest_fraction(kink, fmt)
        by_rule = {"left": left, "right": right, "least": least, "nan": None}
        if Fraction(z) != kink and any(Fraction(z) == other.z for other in shape.kinks(activation)):
            continue
        if Fraction(z) != kink:
            # The kink is not a value of the format, so the rule does not matter.
            by_rule = dict.fromkeys(AT_KINK, right if Fraction(z) > kink else left)
        for rule, slope in by_rule.items():
            right_value = math.nan if slope is None else oracle.nearest_fraction(slope, fmt)
            assert oracle.same(activation.dg_float(z, FORMATS[fmt.name], rule), right_value), (
                fmt.name,
                z,
                rule,
            )


@pytest.mark.parametrize("described", KINKS)
def test_table_of_kinks_agrees_with_the_textbook_slope(described: str) -> None:
    activation = setting(described)
    text, parameters = activation.textbook_dg, activation.parameters
    for z, left, right, _, _ in KINKS[described]:
        for side, slope in ((-1, left), (1, right)):
            near = oracle.evaluate(text, z=Fraction(z) + side * NEAR, **parameters)
            assert abs((near - oracle.real(Fraction(slope))).ball()) < 1e-12


def test_kinks_that_no_float_equals_are_hit_as_exact_numbers() -> None:
    activation, tenth = setting("hardshrink(lambd=0.1)"), Fraction(1, 10)
    assert activation.dg_float(0.1) == 1.0  # 0.1 in float64 is above one tenth
    assert activation.g_float(0.1) == 0.1
    assert activation.g_float(math.nextafter(0.1, 0)) == 0.0
    assert activation.value(tenth, Digits(5)) == 0
    assert activation.slope(tenth, Digits(5), "right") == 1
    assert activation.slope(tenth, Digits(5), "least") == 0
    assert activation.slope(tenth, Digits(5), "nan") is None


def test_kink_of_digits_is_rounded_to_them() -> None:
    assert setting("elu(alpha=257)").slope(Fraction(0), Digits(2), "left") == Decimal(260)


@pytest.mark.parametrize("name", ["relu", "tanh"])
def test_unknown_rule_for_kinks_is_an_error(name: str) -> None:
    with pytest.raises(ActcalcError, match="least, left, right or nan"):
        setting(name).dg(1.0, at_kink="middle")


@pytest.mark.parametrize("described", LIMITS)
def test_limits(described: str) -> None:
    activation = setting(described)
    functions = (activation.g_float, activation.dg_float)
    for fmt in FMTS.values():
        f = FORMATS[fmt.name]
        returned = [function(z, f) for z in (-math.inf, math.inf) for function in functions]
        right = [as_float(text, fmt) for text in LIMITS[described].split()]
        assert all(map(oracle.same, returned, right)), (fmt.name, returned, right)


@pytest.mark.parametrize("described", LIMITS)
def test_ends_are_exact(described: str) -> None:
    exact = [float(x) if "inf" in x else Fraction(x) for x in LIMITS[described].split()]
    (g_low, dg_low), (g_high, dg_high) = setting(described).ends
    assert [g_low, dg_low, g_high, dg_high] == exact


@EVERY_SETTING
def test_textbook_comes_near_the_ends(activation: Activation) -> None:
    parameters = activation.parameters
    far = 10**100 if activation.name != "telu" else 25  # where exp(exp(z)) does not overflow in Arb
    for z, ends in zip((Fraction(-(10**100)), Fraction(far)), activation.ends, strict=True):
        for text, end in zip((activation.textbook_g, activation.textbook_dg), ends, strict=True):
            if math.isnan(end):
                assert text == activation.textbook_dg or activation.name == "sin"
                continue
            with ctx.workprec(2000):
                value = oracle.evaluate(text, z=z, **parameters)
                if isinstance(end, float):
                    assert value.ball() * (1 if end > 0 else -1) > far**0.47
                else:
                    assert abs((value - oracle.real(end)).ball()) < 1e-49


@pytest.mark.parametrize("described", NEGATIVE_BELOW_ZERO)
def test_minus_zero(described: str) -> None:
    activation = setting(described)
    for fmt in FMTS.values():
        f = FORMATS[fmt.name]
        g, dg = (as_float(text, fmt) for text in NEGATIVE_BELOW_ZERO[described].split())
        assert oracle.same(activation.g_float(-0.0, f), g), fmt.name
        assert oracle.same(activation.dg_float(-0.0, f), dg), fmt.name
        # A zero at plus zero is never negative.
        assert oracle.same(activation.g_float(0.0, f), abs(g)), fmt.name
        assert oracle.same(activation.dg_float(0.0, f), abs(dg)), fmt.name


@EVERY_SETTING
def test_nan_gives_nan(activation: Activation) -> None:
    for fmt in FORMATS.values():
        assert math.isnan(activation.g_float(math.nan, fmt))
        for rule in AT_KINK:
            assert math.isnan(activation.dg_float(math.nan, fmt, rule))


@pytest.mark.parametrize(
    ("described", "z", "g", "dg"),
    [
        ("silu", -800.0, -0.0, -0.0),
        ("gelu", -40.0, -0.0, -0.0),
        ("mish", -800.0, -0.0, -0.0),
        ("log_sigmoid", 800.0, -0.0, 0.0),
        ("elu(alpha=-1)", -800.0, 1.0, -0.0),
        ("tanhshrink", -1e-200, -0.0, 0.0),
        ("sigmoid", -800.0, 0.0, 0.0),
    ],
)
def test_underflow_keeps_the_sign(described: str, z: float, g: float, dg: float) -> None:
    activation = setting(described)
    assert oracle.same(activation.g_float(z), g)
    assert oracle.same(activation.dg_float(z), dg)


@pytest.mark.parametrize(
    ("described", "z"),
    [
        ("relu", -3.0),
        ("relu", -1e308),
        ("relu6", -3.0),
        ("hard_swish", -4.0),
        ("hardshrink(lambd=0.5)", -0.25),
        ("softshrink(lambd=2)", -2.0),
        ("step", -5e-324),
    ],
)
def test_flat_pieces_are_plus_zero(described: str, z: float) -> None:
    activation = setting(described)
    assert oracle.same(activation.g_float(z), 0.0)
    assert oracle.same(activation.dg_float(z), 0.0)
