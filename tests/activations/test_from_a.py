"""The slope from a = g(z) alone."""

import math
import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import product

import pytest
from flint import ctx

from actcalc import ActcalcError, activation
from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Shortcut
from actcalc.activations.kinks import AT_KINK
from actcalc.numbers.floats import FORMATS
from tests.support import oracle, shape
from tests.support.matrix import SETTINGS, random_points, setting
from tests.support.oracle import FMTS, Fmt
from tests.support.shape import JUMP, Bend
from tests.support.turns import by_turns

REFUSED = {
    "tanhshrink": "closed form",
    "lisht": "sign of z",
    "logcosh": "sign of z",
    "silu": "different slopes",
    "swish": "different slopes",
    "gelu": "different slopes",
    "gelu_tanh": "different slopes",
    "quick_gelu": "different slopes",
    "mish": "different slopes",
    "hard_swish": "different slopes",
    "telu": "different slopes",
    "sin": "different slopes",
}
REFUSED_SETTINGS = {
    "leaky_relu(slope=-0.5)": "slope < 0 .*different slopes",
    "elu(alpha=-1)": "alpha < 0 .*different slopes",
    "thresholded_relu(theta=-1)": "theta < 0 .*different slopes",
    "threshold(threshold=-1, value=20)": "value > threshold .*different slopes",
}

FLAT = {
    "relu": ("0",),
    "leaky_relu(slope=0)": ("0",),
    "relu6": ("0", "6"),
    "squareplus(b=0)": ("0",),
    "hard_tanh(min=-1, max=1)": ("-1", "1"),
    "hard_tanh(min=0, max=1/3)": ("0", "1/3"),
    "hard_tanh(min=-0.1, max=6)": ("-0.1", "6"),
    "hard_sigmoid(slope=1/6, offset=1/2)": ("0", "1"),
    "hard_sigmoid(slope=0.2, offset=1/2)": ("0", "1"),
    "hard_sigmoid(slope=-1/3, offset=0.1)": ("0", "1"),
    "hard_sigmoid(slope=0, offset=1/2)": ("0.5",),
    "softshrink(lambd=0.5)": ("0",),
    "softshrink(lambd=0.1)": ("0",),
    "softshrink(lambd=2)": ("0",),
    "hardshrink(lambd=0.5)": ("0",),
    "hardshrink(lambd=0.1)": ("0",),
    "hardshrink(lambd=2)": ("0",),
    "thresholded_relu(theta=1)": ("0",),
    "thresholded_relu(theta=0.1)": ("0",),
    "thresholded_relu(theta=0)": ("0",),
    "threshold(threshold=0.1, value=-1)": ("-1",),
    "threshold(threshold=1/3, value=1/3)": ("1/3",),
    "sparse_sigmoid": ("0", "1"),
    "step": ("0", "1"),
}
"""Activations with values a of whole flat pieces, where the slope is 0 whatever the rule for kinks.

Like the table of refusals above, it pins what the test derives from the textbook formulas.
"""

BENT_AT_ZERO = ("leaky_relu", "prelu", "rrelu", "elu", "selu")
"""Activations for which a = 0 occurs only at the kink at z = 0."""

RANGES = {
    "sigmoid": ("(0, 1)", -1e-9, 1.001),
    "tanh": ("(-1, 1)", -1.001, 1.001),
    "softsign": ("(-1, 1)", -2.0, math.inf),
    "relu": ("[0, inf)", -1e-300, -math.inf),
    "leaky_relu(slope=0)": ("[0, inf)", -1.0, -5e-324),
    "relu6": ("[0, 6]", -1.0, math.nextafter(6.0, 7)),
    "relu2": ("[0, inf)", -1.0, -math.inf),
    "elu(alpha=2)": ("(-2, inf)", -2.5, math.nextafter(-2, -3)),
    "celu(alpha=1)": ("(-1, inf)", -1.5, -math.inf),
    "softplus(beta=1)": ("(0, inf)", -0.5, -math.inf),
    "softplus(beta=-1.5)": ("(-inf, 0)", 0.5, math.inf),
    "log_sigmoid": ("(-inf, 0)", 0.5, math.inf),
    "exponential": ("(0, inf)", -1.0, -math.inf),
    "squareplus(b=4)": ("(0, inf)", -1.0, -5e-324),
    "hard_sigmoid(slope=1/6, offset=1/2)": ("[0, 1]", -0.1, 1.1),
    "hard_sigmoid(slope=0, offset=1/2)": ("[0.5, 0.5]", 0.4, 0.6),
    "hard_tanh(min=-0.1, max=6)": ("[-0.1, 6]", -0.11, 6.1),
    "hardshrink(lambd=0.5)": ("(-inf, inf) without [-0.5, 0) and (0, 0.5]", 0.25, -0.49),
    "thresholded_relu(theta=1)": ("[0, inf) without (0, 1]", 0.5, -1.0),
    "threshold(threshold=0.1, value=-1)": ("[-1, inf) without (-1, 0.1]", 0.0, -1.1),
    "threshold(threshold=1/3, value=1/3)": ("[1/3, inf)", 0.3, -math.inf),
    "sparse_plus": ("[0, inf)", -0.1, -math.inf),
    "sparse_sigmoid": ("[0, 1]", -0.1, 1.1),
    "step": ("[0, 1] without (0, 1)", 0.5, 2.0),
}
"""The range as messages name it, and two values a outside of it."""

INFINITE = {
    # a and the slope there, which is a limit
    "relu": (math.inf, 1.0),
    "leaky_relu(slope=0.2)": (-math.inf, 0.2),
    "elu(alpha=2)": (math.inf, 1.0),
    "celu(alpha=-1.5)": (-math.inf, math.inf),
    "softplus(beta=-1.5)": (-math.inf, 1.0),
    "log_sigmoid": (-math.inf, 1.0),
    "relu2": (math.inf, math.inf),
    "exponential": (math.inf, math.inf),
    "squareplus(b=4)": (math.inf, 1.0),
    "identity": (-math.inf, 1.0),
}

WITH_SHORTCUT = [a for a in SETTINGS if isinstance(a.shortcut, Shortcut)]
EVERY_SETTING = pytest.mark.parametrize("act", WITH_SHORTCUT, ids=Activation.describe)


def named(value: Activation | Fmt) -> str:
    return value.describe() if isinstance(value, Activation) else value.name


EVERY_FORMAT = pytest.mark.parametrize("fmt", FMTS.values(), ids=lambda fmt: fmt.name)
POINTS = 30


def bends(act: Activation) -> dict[Fraction, Bend]:
    """The kinks whose value a = g(z) occurs nowhere else, by a."""
    levels = {shape.value(act, act.textbook_g, bend.z): bend for bend in shape.kinks(act)}
    return {a: b for a, b in levels.items() if b.kind != JUMP and a not in shape.flat_levels(act)}


def has_two_slopes(act: Activation) -> bool:
    """Whether the textbook's g both rises and falls, so that some a belongs to two z."""
    rises = falls = False
    for z in (z for k in range(1, 400, 7) for z in (Fraction(k, 20), Fraction(-k, 20))):
        sign = oracle.sign(act.textbook_dg, z, act.parameters)
        rises, falls = rises or sign > 0, falls or sign < 0
    for bend in shape.kinks(act):
        before, after = shape.sides(act, act.textbook_g, bend.z)
        if bend.kind == JUMP:
            rises, falls = rises or before < after, falls or before > after
    return rises and falls


REFUSING = [a for a in SETTINGS if a not in WITH_SHORTCUT]
TWO_TO_ONE = {a.name for a in SETTINGS if has_two_slopes(a)}
BENT = [a for a in WITH_SHORTCUT if bends(a)]
LEVEL = [a for a in WITH_SHORTCUT if shape.flat_levels(a)]


def test_the_tables_agree_with_the_findings() -> None:
    assert {a.describe() for a in REFUSING} >= set(REFUSED_SETTINGS)
    assert {a.name for a in REFUSING} >= set(REFUSED)
    for described, levels in FLAT.items():
        assert set(shape.flat_levels(setting(described))) == set(map(Fraction, levels))
    assert {a.describe() for a in LEVEL} >= set(FLAT)
    assert {a.name for a in BENT} >= set(BENT_AT_ZERO)
    assert all(set(bends(a)) == {0} for a in BENT if a.name in BENT_AT_ZERO)


@pytest.mark.parametrize("act", SETTINGS, ids=Activation.describe)
def test_refused_if_there_are_two_slopes_or_no_closed_form(act: Activation) -> None:
    if has_two_slopes(act):
        assert act in REFUSING
    elif act in REFUSING and act.name not in TWO_TO_ONE:
        assert "no solution in closed form" in str(act.shortcut)


@pytest.mark.parametrize("act", REFUSING, ids=Activation.describe)
def test_refused_with_the_reason(act: Activation) -> None:
    found = "two slopes|different slopes|sign of z" if act.name in TWO_TO_ONE else "closed form"
    if act.name == "snake_beta" and not has_two_slopes(act):  # it rises everywhere
        found = "closed form"
    listed = REFUSED_SETTINGS.get(act.describe()) or REFUSED.get(act.name)
    for a in (0.0, 0.5, math.nan, math.inf):
        for reason in filter(None, (found, listed)):
            with pytest.raises(ActcalcError, match=reason):
                act.dg_from_a(a)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("prelu", {"slope": "-1"}),
        ("rrelu", {"lower": "-1", "upper": "0.5"}),
        ("elu", {"alpha": "-1e-9"}),
        ("threshold", {"threshold": "0", "value": "1e-9"}),
        ("thresholded_relu", {"theta": "-1e-9"}),
    ],
)
def test_parameters_that_make_g_two_to_one(name: str, parameters: dict[str, str]) -> None:
    with pytest.raises(ActcalcError, match="different slopes"):
        activation(name, **parameters).dg_from_a(0.5)


def exact_a(act: Activation, a: float, fmt: Fmt) -> Fraction | None:
    """The number that ``a`` stands for: a level or end that rounds to it, or itself; None if outside."""
    exact = Fraction(a)
    inside = act.range.holds(exact)
    levels = list(shape.flat_levels(act))
    if not inside:
        levels += [Fraction(end) for end in (act.range.low, act.range.high) if not isinstance(end, float)]
    for level in levels:
        if oracle.nearest_fraction(level, fmt) == a:
            return level
    return exact if inside else None


def right_slope(act: Activation, a: Fraction, fmt: Fmt) -> float:
    if a in shape.flat_levels(act):
        return 0.0
    if a in bends(act):
        bend = bends(act)[a]
        return oracle.nearest_fraction(bend.least, fmt)
    if act.describe() in ("softshrink(lambd=0)", "hardshrink(lambd=0)"):
        return 1.0  # the text "1 if a != 0" misses a = 0
    for g, slope in act.ends:
        if a == g and not isinstance(slope, float):
            return oracle.nearest_fraction(Fraction(slope), fmt)
    assert isinstance(act.shortcut, Shortcut)
    return oracle.rounded(act.shortcut.text, fmt, a, act.parameters, act.shortcut.variable)


def values_of_a(act: Activation, fmt: Fmt) -> Iterator[float]:
    """Values a: values of g, ends of its range and of the format, and random numbers."""
    f = FORMATS[fmt.name]
    for z in random_points(fmt, POINTS, act.describe()):
        yield act.g_float(z, f)
    for end in (act.range.low, act.range.high, *(end for gap in act.range.gaps for end in gap)):
        if not (isinstance(end, float) and math.isinf(end)):
            yield from fmt.near(oracle.nearest_fraction(Fraction(end), fmt), 2)
    for x in (0.0, -0.0, 0.5, 1.0, fmt.smallest, fmt.smallest_normal, fmt.largest):
        yield from (x, -x)
    chance = random.Random(act.describe())
    for _ in range(POINTS):
        yield oracle.nearest_fraction(Fraction(chance.uniform(-2, 2)), fmt)


@pytest.mark.parametrize(("act", "fmt"), by_turns(WITH_SHORTCUT, FMTS.values()), ids=named)
def test_slope_from_a_is_the_shortcut_rounded_once(act: Activation, fmt: Fmt) -> None:
    wrong = []
    inside = 0
    for a in values_of_a(act, fmt):
        if not math.isfinite(a):
            continue
        exact = exact_a(act, a, fmt)
        if exact is None:
            with pytest.raises(ActcalcError, match="outside the range"):
                act.dg_from_a_float(a, FORMATS[fmt.name])
            continue
        inside += 1
        returned, right = act.dg_from_a_float(a, FORMATS[fmt.name]), right_slope(act, exact, fmt)
        if not oracle.same(returned, right):
            wrong.append((a, returned, right))
    assert wrong == []
    assert inside >= POINTS


@EVERY_SETTING
def test_shortcut_of_g_is_the_slope(act: Activation) -> None:
    """The shortcut of g(z) equals g'(z) exactly, or to a hundred bits, wherever g' exists."""
    parameters = act.parameters
    assert isinstance(act.shortcut, Shortcut)
    chance = random.Random(act.describe())
    kinks = [bend.z for bend in shape.kinks(act)]
    for _ in range(40):
        z = Fraction(chance.randint(-(10**9), 10**9), 10**8)
        if z in kinks:
            continue
        with ctx.workprec(300):
            a = oracle.evaluate(act.textbook_g, z=z, **parameters)
            slope = oracle.evaluate(act.textbook_dg, z=z, **parameters)
            shortcut = oracle.evaluate(act.shortcut.text, **{act.shortcut.variable: a}, **parameters)
            assert _close(shortcut, slope), z


@EVERY_SETTING
def test_formula_of_the_shortcut_agrees_with_its_text(act: Activation) -> None:
    """The text also holds at closed ends of the range that are neither flat pieces nor kinks."""
    assert isinstance(act.shortcut, Shortcut)
    for end in (act.range.low, act.range.high):
        if isinstance(end, float) or end in act.shortcut.flat:
            continue
        if end in bends(act):
            continue
        text, a = act.shortcut.text, Fraction(end)
        right = oracle.rounded(text, FMTS["float64"], a, act.parameters, act.shortcut.variable)
        assert act.slope_from(a, FORMATS["float64"]) == right


def _close(x: oracle.Real, y: oracle.Real) -> bool:
    if x.rest is None and y.rest is None:
        return bool(x.exact == y.exact)
    difference = abs((x - y).ball())
    return bool(difference <= abs(y.ball()) * 2**-100)


@EVERY_FORMAT
@pytest.mark.parametrize("act", BENT, ids=Activation.describe)
def test_an_a_is_the_kink(act: Activation, fmt: Fmt) -> None:
    f = FORMATS[fmt.name]
    for level, bend in bends(act).items():
        a = oracle.nearest_fraction(level, fmt)
        if Fraction(a) != level:
            continue
        for rule, slope in (("left", bend.left), ("right", bend.right), ("least", bend.least)):
            right = oracle.nearest_fraction(slope, fmt)
            assert oracle.same(act.dg_from_a_float(a, f, rule), right)
            assert a != 0 or oracle.same(act.dg_from_a_float(-a, f, rule), right)
        assert math.isnan(act.dg_from_a_float(a, f, "nan"))


@pytest.mark.parametrize("act", LEVEL, ids=Activation.describe)
def test_flat_levels_have_slope_zero(act: Activation) -> None:
    for fmt, level, rule in product(FMTS.values(), shape.flat_levels(act), AT_KINK):
        a = oracle.nearest_fraction(level, fmt)
        assert oracle.same(act.dg_from_a_float(a, FORMATS[fmt.name], rule), 0.0), (fmt.name, a, rule)


@pytest.mark.parametrize("described", RANGES)
def test_outside_the_range_is_an_error_that_names_it(described: str) -> None:
    act = setting(described)
    text, *outside = RANGES[described]
    assert str(act.range).startswith(text)
    for a in outside:
        with pytest.raises(ActcalcError) as error:
            act.dg_from_a_float(a)
        assert text in str(error.value)
        assert act.name in str(error.value)


@pytest.mark.parametrize("described", INFINITE)
def test_infinite_a_gives_the_limit(described: str) -> None:
    a, slope = INFINITE[described]
    assert setting(described).dg_from_a_float(a) == slope


@EVERY_SETTING
def test_nan_gives_nan(act: Activation) -> None:
    assert math.isnan(act.dg_from_a_float(math.nan))


def test_ends_of_the_lectures_ranges() -> None:
    assert oracle.same(setting("sigmoid").dg_from_a(0), 0.0)
    assert oracle.same(setting("sigmoid").dg_from_a(1), 0.0)
    assert oracle.same(setting("tanh").dg_from_a(-1), 0.0)
    assert oracle.same(setting("tanh").dg_from_a(1), 0.0)
    assert setting("sigmoid").dg_from_a("0.5") == 0.25
    assert setting("leaky_relu(slope=0.01)").dg_from_a(-3) == 0.01
    assert setting("leaky_relu(slope=0.01)").dg_from_a(0.6) == 1.0


def test_a_is_rounded_to_the_format_first() -> None:
    assert setting("sigmoid").dg_from_a("0.9999", dtype="float16") == 0.0
    assert setting("sigmoid").dg_from_a("0.9999") == 9.998999999998899e-05
    assert setting("elu(alpha=0.5)").dg_from_a(Fraction(-1, 3), dtype="bfloat16") == 0.166015625
