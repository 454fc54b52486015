"""Properties of the functions, for any float64."""

import math
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Monotone
from actcalc.arithmetic.exact import enclose
from actcalc.numbers.floats import FORMATS, Format
from tests.support.matrix import SETTINGS, setting
from tests.support.oracle import same

floats = st.floats(allow_nan=False)
finite = st.floats(allow_nan=False, allow_infinity=False)
formats = st.sampled_from(list(FORMATS.values()))
with_infinities = st.sampled_from([fmt for fmt in FORMATS.values() if fmt.has_infinities])
"""In other formats overflow gives NaN, which is unordered."""
settings = st.sampled_from(SETTINGS)
increasing = st.sampled_from(
    [a for a in SETTINGS if a.monotone in (Monotone.INCREASING, Monotone.NONDECREASING)]
)


def number(x: float, fmt: Format) -> float:
    """Round a float64 to a format; examples that give NaN are rejected."""
    z = fmt.round_float(x)
    assume(z == z)
    return z


@given(floats, formats, st.sampled_from(["tanh", "softsign", "tanhshrink", "hard_tanh(min=-1, max=1)"]))
def test_odd_functions(x: float, fmt: Format, described: str) -> None:
    f, z = setting(described), number(x, fmt)
    assert f.g_float(-z, fmt) == -f.g_float(z, fmt)
    assert f.dg_float(-z, fmt) == f.dg_float(z, fmt)


@given(floats, formats, st.sampled_from(["lisht", "logcosh"]))
def test_even_functions(x: float, fmt: Format, described: str) -> None:
    f, z = setting(described), number(x, fmt)
    assert f.g_float(-z, fmt) == f.g_float(z, fmt)
    assert f.dg_float(-z, fmt) == -f.dg_float(z, fmt)


@given(floats, formats)
def test_slope_of_sigmoid_is_even(x: float, fmt: Format) -> None:
    f, z = setting("sigmoid"), fmt.round_float(x)
    assert same(f.dg_float(-z, fmt), f.dg_float(z, fmt))


@given(increasing, floats, floats, with_infinities)
def test_rounded_values_of_increasing_functions_do_not_fall(
    activation: Activation, x: float, y: float, fmt: Format
) -> None:
    low, high = sorted((fmt.round_float(x), fmt.round_float(y)))
    assert activation.g_float(low, fmt) <= activation.g_float(high, fmt)
    slope = activation.dg_float(low, fmt)
    assert math.isnan(slope) if has_no_limit(activation, low) else slope >= 0


def has_no_limit(activation: Activation, z: float) -> bool:
    return math.isinf(z) and not activation.declaration.settles_far_out


@given(settings, floats, with_infinities)
def test_g_lies_in_the_rounded_range(activation: Activation, x: float, fmt: Format) -> None:
    z = fmt.round_float(x)
    g = activation.g_float(z, fmt)
    low, high = (
        end if isinstance(end, float) else fmt.round_exact(Fraction(end))
        for end in (activation.range.low, activation.range.high)
    )
    assert math.isnan(g) if has_no_limit(activation, z) and activation.name == "sin" else low <= g <= high


@given(floats, formats)
def test_relations_between_functions(x: float, fmt: Format) -> None:
    z = number(x, fmt)

    def g(described: str, z: float = z) -> float:
        return setting(described).g_float(z, fmt)

    def dg(described: str, z: float = z) -> float:
        return setting(described).dg_float(z, fmt)

    assert same(g("swish(beta=1)"), g("silu"))
    assert same(g("swish(beta=1.702)"), g("quick_gelu"))
    assert same(g("leaky_relu(slope=0)"), g("relu"))
    assert same(g("squareplus(b=0)"), g("relu"))
    assert same(g("celu(alpha=1)"), g("elu(alpha=1)"))
    assert same(dg("softplus(beta=1)"), g("sigmoid"))
    assert same(dg("exponential"), g("exponential"))
    assert same(dg("log_sigmoid"), g("sigmoid", -z))
    assert g("log_sigmoid") == -g("softplus(beta=1)", -z)
    assert dg("logcosh") == g("tanh")
    assert g("hard_tanh(min=-1, max=1)") == g("hard_tanh(min=-1, max=1)", max(-1.0, min(1.0, z)))


@given(settings, finite)
def test_float64_result_lies_in_an_enclosure(activation: Activation, z: float) -> None:
    """The rounded value is one of the two floats around the exact value."""
    formula = activation.piece_at(Fraction(z)).g
    bounds = enclose(formula, Fraction(z), 40)
    if bounds is not None:
        g = activation.g_float(z)
        assert bounds.low <= math.nextafter(g, math.inf) or g == math.inf
        assert bounds.high >= math.nextafter(g, -math.inf) or g == -math.inf
