"""Formulas in text: their values, and what is refused."""

import math
import pickle
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import actcalc
from actcalc.activations.declaration import QUANTITIES
from actcalc.catalogue.custom import describe
from actcalc.numbers.floats import FORMATS
from tests.support import taylor
from tests.support.command import actcalc as command
from tests.support.oracle import FMTS, same

FORMULAS = (Path(__file__).parent / "formulas.txt").read_text(encoding="utf-8").splitlines()
POINTS = (-5.5, -1.25, -0.375, 2.0**-20, 0.75, 1.5, 2.5, 6.0)


def write_out(text: str) -> str:
    """A formula with the catalogue's functions replaced by their formulas."""
    for name, meaning in (
        ("sigmoid(1.702*z)", "(1/(1 + exp(-1.702*z)))"),
        ("elu(z, alpha=2)", "(z if z > 0 else 2*(exp(z) - 1))"),
        ("gelu(2*z)", "(2*z*Phi(2*z))"),
        ("softplus(z)", "log(1 + exp(z))"),
        ("silu(z)", "(z/(1 + exp(-z)))"),
        ("relu(z - 1)", "max(0, z - 1)"),
        ("relu(z)", "max(0, z)"),
        ("e**2", "exp(2)"),
        ("log2(", "1/log(2)*log("),
        ("log10(", "1/log(10)*log("),
        ("tan(z/2)", "(sin(z/2)/cos(z/2))"),
        ("asinh(z)", "log(z + sqrt(z**2 + 1))"),
        ("3**z", "exp(z*log(3))"),
        ("2**(-z/2)", "exp(-z/2*log(2))"),
    ):
        text = text.replace(name, meaning)
    return text


SOON = 5
"""Seconds of processor time: several times the usual, for slow machines and runs under coverage."""


@pytest.mark.parametrize("text", FORMULAS)
def test_value_slope_and_second_derivative_are_those_of_arbs_series(text: str) -> None:
    f = actcalc.activation(text)
    decided = 0
    for fmt_name in ("float64", "bfloat16"):
        for z in POINTS:
            for order in range(3):
                right = taylor.derivative(write_out(text), order, Fraction(z), FMTS[fmt_name])
                returned = f.derivative_float(z, QUANTITIES[order], FORMATS[fmt_name])
                if right is None:
                    assert returned == 0 or math.isnan(returned)
                    continue
                decided += 1
                assert same(returned, right) or returned == right == 0, (order, z)
    assert decided > 10


@pytest.mark.parametrize("text", FORMULAS)
def test_in_bulk_as_one_by_one(text: str) -> None:
    """Test among other points at a kink, next to poles and far out."""
    f = actcalc.activation(text)
    z = np.concatenate([np.linspace(-9.53, 9.71, 309), [1e-3, -1e-3, 30, -30.25, 3, math.inf, math.nan]])
    for order in range(3):
        found = f.derivative(z, order)
        for i in (*range(0, len(z), 20), *range(len(z) - 7, len(z))):
            assert same(found[i], f.derivative_float(float(z[i]), QUANTITIES[order])), (order, z[i])


@pytest.mark.parametrize(
    "text",
    [
        "z*Phi(z)",
        "log(z + 9)",
        "abs(z)**2*tanh(z)",
        "erf(z)",
        "gelu(2*z)",
        "tan(z)",
        "asinh(z)",
        "3**z",
        "log2(z + 9)",
    ],
)
def test_formulas_are_certain_in_bulk(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    f = actcalc.activation(text)
    met: list[float] = []

    def derivative_float(z: float, *_: object) -> float:
        met.append(z)
        return 0.0

    monkeypatch.setattr(f, "derivative_float", derivative_float)
    for order in range(3):
        f.derivative(np.linspace(-8.05, 7.95, 1001), order)
    assert len(met) < 50


LEAVES = st.sampled_from(["z", "2", "0.5", "1/3", "pi"])
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(st.sampled_from(["exp", "tanh", "sin", "cos", "atan", "erf", "abs"]), inner).map(
            lambda t: f"{t[0]}({t[1]})"
        ),
        st.tuples(st.sampled_from(["max", "min"]), inner, inner).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
        inner.map(lambda x: f"({x})**2"),
    ),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None)
@given(EXPRESSIONS, st.sampled_from([-1.75, -0.5, 0.625, 1.25]))
def test_random_formulas(text: str, z: float) -> None:
    assume("z" in text)
    text = f"z + {text}"
    f = actcalc.activation(text)
    for order in range(3):
        right = taylor.derivative(text, order, Fraction(z), FMTS["float64"])
        assume(right is not None and math.isfinite(right))
        try:
            returned = f.derivative_float(z, QUANTITIES[order])
        except actcalc.ActcalcError:  # an undecided tie
            assume(False)
        if f.kink_at_or_none(Fraction(z), QUANTITIES[max(order, 1)]) is None:
            assert right is not None
            assert same(returned, right) or returned == right == 0


@pytest.mark.parametrize(
    ("text", "z", "rule", "slope"),
    [
        ("abs(z)", 0.0, "least", 0.0),
        ("abs(z)", -0.0, "left", -1.0),
        ("abs(z)", 0.0, "right", 1.0),
        ("abs(z)", 0.0, "nan", math.nan),
        ("exp(z)*abs(z - 1)", 1.0, "right", math.e),
        ("max(0, z)**2", 0.0, "nan", 0.0),
        ("z*abs(z)", 0.0, "nan", 0.0),
        ("max(z, 2*z)", 0.0, "least", 1.0),
        ("1 if z > 0 else 0", 0.0, "left", 0.0),
        ("1 if z > 0 else 0", 0.0, "nan", math.nan),
        ("z if z**3 > 0 else 2", 0.0, "right", 1.0),
        ("z if z**3 > 0 else 2*z", 0.0, "left", 2.0),
        ("abs(z**3)", 0.0, "nan", 0.0),
        ("z if z**2 > 0 else 2*z", 0.0, "nan", 1.0),
        ("z if z**8 > 0 else 2*z", 0.0, "left", 1.0),
        ("abs(z**9)", 0.0, "nan", 0.0),
        ("sqrt(relu(z))", -1.0, "nan", 0.0),
        ("z*sigmoid(0*z)", 3.0, "nan", 0.5),
        ("exp(z)*log1p(z)", -2.0, "nan", math.nan),
        ("sqrt(z)", 0.0, "least", math.nan),
        ("log(z)", -1.0, "least", math.nan),
        ("0/z", 0.0, "least", math.nan),
    ],
)
def test_where_something_switches(text: str, z: float, rule: str, slope: float) -> None:
    assert same(actcalc.activation(text).dg(z, at_kink=rule), slope)


@pytest.mark.parametrize(
    ("text", "z", "digits", "order", "value"),
    [
        ("2**z", "3", 1, 0, "8"),
        ("2**z - 1/2", "4", 2, 0, "16"),  # a tie
        ("2**z", "-1.5", 20, 0, "0.35355339059327376220"),
        ("4**z", "-0.5", 3, 0, "0.500"),
        ("2**z", "-1075", 3, 0, "2.47e-324"),
        ("log2(z)", "8", 5, 0, "3.0000"),
        ("log2(z)", "32768", 1, 0, "20"),  # 15 is a tie
        ("log10(z)", "1e-25", 1, 0, "-20"),
        ("log10(z)", "1000", 5, 0, "3.0000"),
        ("log10(z) - 3", "1000", 5, 0, "0"),
        ("log2(2**z) - z", "7", 5, 0, "0"),
        ("tan(z)", "0", 5, 0, "0"),
        ("asinh(z)", "0", 5, 0, "0"),
        ("asinh(z)", "0", 5, 3, "-1.0000"),
        ("tan(z)", "0", 5, 3, "2.0000"),
        ("(log2(z) - 3)**2", "8", 5, 1, "0"),
        ("(log10(z) - 3)**2", "1000", 5, 1, "0"),
        ("(2**z - 8)**2", "3", 5, 1, "0"),
        ("(tan(z) - z)/z**2", "1e-200", 5, 0, "3.3333e-201"),
    ],
)
def test_exact_cases_are_settled(text: str, z: str, digits: int, order: int, value: str) -> None:
    """Zeros, ties and small differences, which enclosures alone do not decide."""
    done = command(["deriv", text, z, "--order", str(order), "--digits", str(digits), "-q"])
    assert (done.status, done.out) == (0, f"{value}\n")


@pytest.mark.parametrize(
    ("text", "kink"), [("abs(2**z - 8)", 3), ("abs(log2(z) - 3)", 8), ("abs(log10(z) + 1)", 0.1)]
)
def test_kinks_at_exact_powers(text: str, kink: float) -> None:
    """The float 0.1 is not a power of ten, so there is no kink at it."""
    f = actcalc.activation(text)
    assert (f.kink_at(Fraction(kink)) is not None) == (kink != 0.1)
    assert math.isnan(f.dg(float(kink), at_kink="nan")) == (kink != 0.1)


def test_a_power_is_a_fraction_unless_it_has_too_many_digits() -> None:
    start = time.process_time()
    for z, value in ((1e300, math.inf), (-1e300, 0.0), (1e9, math.inf), (2.0**-1074, 1.0), (0.1, 2**0.1)):
        assert actcalc.activation("2**z").g(z) == value
    assert time.process_time() - start < SOON


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        *(("asin", arb.asin), ("arccos", arb.acos), ("atanh", arb.atanh), ("sec", arb.sec), ("csc", arb.csc)),
        *(("cot", arb.cot), ("sech", arb.sech), ("csch", arb.csch), ("coth", arb.coth)),
        ("acosh", lambda x: (x + 1).acosh()),
        ("sinc", lambda x: x.sin() / x),
        ("logit", lambda x: (x / (1 - x)).log()),
        ("cbrt", lambda x: x.root(3)),
        ("sgn", lambda x: x.sgn()),
    ],
)
def test_replacements_for_other_functions(name: str, meant: Callable[[arb], arb]) -> None:
    for inside, x in (("z", 0.25), ("z/4 + 0.125", 0.25)):
        argument = f"({inside} + 1)" if name == "acosh" else inside
        with pytest.raises(actcalc.ActcalcError, match=f"there is no {name}") as caught:
            actcalc.activation(f"1 + {name}({argument})")
        written = actcalc.activation(caught.value.hint.removeprefix("write "))
        with ctx.workprec(200):
            assert written.g(0.25 if inside == "z" else 0.5) == float(meant(arb(x)).mid())


WORDS = """z x t a 2 .5 1e3 1e ( ) ** ^ * / + - , if else and or not < == = exp tanh np. \u03c3 \u03c0 \u00b2
\u2212 log2 max sigmoid slope [ { | \\ ' # ? : lambda where clip asin pow e pi 0x1 1_0 inf % ! ; 2z /2 **2
relu( z)"""


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*WORDS.split(), " "]), max_size=10).map("".join))
def test_any_text_is_a_formula_whose_name_reads_back_or_an_error_of_one_line(text: str) -> None:
    try:
        name, message = actcalc.activation(text).name, ""
    except actcalc.ActcalcError as error:
        name, message = "", f"{error.line}{error.hint}"
    assert "\n" not in message
    assert len(message) < 500
    assert not name or actcalc.activation(name).name == name
    assert name.isascii()


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9**9*z",
        "((z**1000)**1000)**1000",
        "(" * 900 + "z" + ")" * 900,
        "-" * 1900 + "z",
        "z+" * 500_000 + "z",
        "z" + "*z" * 900,
        "z*1e99999",
        "(z + 1e-5000)**100",
        "relu2(" * 30 + "z" + ")" * 30,
        "__import__('os').system('z')",
        "(lambda: z)()",
        "[z for z in z]",
        "z.real",
        "z[0]",
        "'z'*z",
        "floor(z)",
        "z*q",
        "z**z",
        "z if z else 1",
        "(z > 1) + 1",
        "exp(z, z)",
        "f'{z}'*z",
        "z := 3",
        "1 < z < 3",
        "z if not z else 1",
        "abs(z > 1)",
        "(z^1000)^1000",
        "2**2**2**2**2**2*z",
        "tan(" * 70 + "z" + ")" * 70,
        "z if z > 1 else " * 100 + "z",
        "z**" * 600 + "z",
        "softmax(z)",
        "gelu_fast(z) + 1",
        "z\n+",
        "1 if z is 1 else z",
        "elu(z, **z)",
        "elu(z, alpha=z)",
        "0x1f*z",
    ],
)
def test_formulas_are_refused_quickly(text: str) -> None:
    start = time.process_time()
    with pytest.raises(actcalc.ActcalcError) as caught:
        actcalc.activation(text).g(1.0)
    assert time.process_time() - start < SOON
    assert "\n" not in caught.value.line
    assert len(caught.value.line) < 250


@pytest.mark.parametrize(
    "text", ["leaky_reluu", "sigmod", "torch.tanh", "zz", "x", "t", "relu-silu", "sigmoid(0)"]
)
def test_text_other_than_formulas_is_an_unknown_name(text: str) -> None:
    with pytest.raises(actcalc.ActcalcError, match="unknown activation"):
        actcalc.activation(text)


def test_parameters_are_given_by_name() -> None:
    assert actcalc.activation("z*sigmoid(c*z)", c="1.702").dg(2.0) == actcalc.activation("quick_gelu").dg(2.0)
    with pytest.raises(actcalc.ActcalcError, match="formulas use this name otherwise"):
        actcalc.activation("z*c", exp=1)
    with pytest.raises(actcalc.ActcalcError, match=r"silu is a function: write silu\(z\)"):
        actcalc.activation("z*silu", silu=1)
    assert actcalc.activation("z if c > 1 else 2*z", c=1).dg(3.0) == 2.0


def test_roots_of_zero() -> None:
    for text in ("z**(1/3)", "z**0.5", "max(z, 0)**2.25"):
        assert same(actcalc.activation(text).g(0.0), 0.0)


def test_formulas_are_pickled() -> None:
    f = actcalc.activation("z*c", c="1/3")
    same_again = pickle.loads(pickle.dumps(f))
    assert (same_again, hash(same_again), same_again.g(1.0)) == (f, hash(f), f.g(1.0))
    assert f != actcalc.activation("z*c", c=2)


def test_whole_numbers_of_the_catalogue_are_exact() -> None:
    digits = ["--digits", "25"]
    assert command(["eval", "relu6(z)/7", "10", *digits]).out == "0.8571428571428571428571429\n"
    assert command(["eval", "phi(relu6(z))", "10", *digits]) == command(["eval", "phi(z)", "6", *digits])


def test_nothing_but_the_result_is_printed() -> None:
    assert command(["eval", "2if z>1else 3", "10"]) == command(["eval", "2 if z > 1 else 3", "10"])


@pytest.mark.parametrize("text", ["z if z**9 > 0 else 2*z", "step(z**9)"])
def test_branches_that_no_term_of_the_series_tells_apart_are_an_error(text: str) -> None:
    with pytest.raises(actcalc.ActcalcError, match="hundreds of digits"):
        actcalc.activation(text).dg(0.0)


def test_undecided_values_have_their_own_error() -> None:
    with pytest.raises(actcalc.ActcalcError, match="hundreds of digits"):
        actcalc.activation("exp(log(z)) - z").g(3.0)


@pytest.mark.parametrize(
    ("text", "left", "right"),
    [
        ("tanh(z)", (-1.0, 0.0), (1.0, 0.0)),
        ("z*tanh(exp(z))", (math.nan, math.nan), (math.inf, math.nan)),
        ("1/z", (-0.0, -0.0), (0.0, -0.0)),
        ("atan(z)", (-math.pi / 2, math.nan), (math.pi / 2, math.nan)),
        ("max(0, z)**2", (0.0, 0.0), (math.inf, math.inf)),
        ("sin(z)", (math.nan, math.nan), (math.nan, math.nan)),
        ("z/(1 + abs(z))", (math.nan, math.nan), (math.nan, math.nan)),
        ("log(z)", (math.nan, math.nan), (math.nan, 0.0)),
    ],
)
def test_limits_are_given_where_they_are_certain(
    text: str, left: tuple[float, float], right: tuple[float, float]
) -> None:
    f = actcalc.activation(text)
    for z, limits in ((-math.inf, left), (math.inf, right)):
        assert all(map(same, (f.g(z), f.dg(z)), limits))
        assert same(f.g(np.array([z]))[0], limits[0])


@pytest.mark.parametrize(
    ("arguments", "out", "note"),
    [
        (["eval", "1/z", "0"], "nan", "'1/z' has no value at z = 0.0: division by 0"),
        (["eval", "log(z)", "inf"], "nan", "'log(z)' has no value at z = inf: its limit is unknown"),
        (["eval", "sin", "inf"], "nan", "'sin' has no value at z = inf: it has no limit"),
        (
            ["deriv", "snake", "-inf"],
            "nan",
            "the derivative of 'snake' has no value at z = -inf: it has no limit",
        ),
        (
            ["deriv", "sin", "inf", "--digits", "5"],
            "nan",
            "the derivative of 'sin' has no value at z = inf: it has no limit",
        ),
    ],
)
def test_undefined_values_are_reported(arguments: list[str], out: str, note: str) -> None:
    done = command(arguments)
    assert (done.status, done.out, done.err) == (0, f"{out}\n", f"note: {note}\n")
    assert command([*arguments, "--quiet"]).err == ""


NO_DERIVATIVE_IN_TEXT = ("silu(", "relu(", "elu(", "gelu(", "softplus(", "sigmoid(")


@pytest.mark.parametrize(
    "text", [text for text in FORMULAS if not any(x in text for x in NO_DERIVATIVE_IN_TEXT)]
)
def test_derivatives_as_text_are_formulas_of_the_derivatives(text: str) -> None:
    f = actcalc.activation(text)
    found = describe(f)
    for order, of in ((1, found.dg), (2, found.d2g)):
        if "z" not in of:
            of += " + 0*z"
        for z in (-5.53, -1.27, -0.31, 0.77, 1.59, 6.03):
            right = f.derivative(z, order)
            found_there = actcalc.activation(of).g(z)
            assert found_there == right or (math.isnan(found_there) and math.isnan(right)), (of, z)


@pytest.mark.parametrize(
    ("text", "kinks", "near", "is_complete"),
    [
        ("abs(z - 1/3) + max(z, 2)", (Fraction(1, 3), Fraction(2)), (), True),
        ("relu(2*z - 1)", (Fraction(1, 2),), (), True),
        ("abs(exp(z) - 2)", (), (0.6931471806,), False),
        ("z*abs(z)", (), (), True),
        ("z if 1 < z < 3 else 0", (Fraction(1), Fraction(3)), (), True),
    ],
)
def test_kinks_of_a_formula(
    text: str, kinks: tuple[Fraction, ...], near: tuple[float, ...], is_complete: bool
) -> None:
    found = describe(actcalc.activation(text))
    assert (found.kinks, found.near, found.is_complete) == (kinks, near, is_complete)


@pytest.mark.parametrize("name", ["abs", "relu", "exp"])
def test_deeply_nested_formulas_are_described_quickly(name: str) -> None:
    f = actcalc.activation(f"{name}(" * 55 + "z" + ")" * 55)
    start = time.process_time()
    describe(f)
    assert time.process_time() - start < SOON


def test_show() -> None:
    at = [taylor.derivative("2*z/(1 + exp(-z)) + abs(z)", n, Fraction(-10), FMTS["float64"]) for n in (0, 1)]
    page = command(["show", "c*z*sigmoid(z) + abs(z)", "-p", "c=2"]).out
    for line in (
        "parameters  c=2",
        "g'(z)       c*sigmoid(z) + c*z*sigmoid'(z) + (1 if z > 0 else -1)",
        "kinks       at z = 0",
        f"values      g(-10) = {at[0]!r}, g'(-10) = {at[1]!r}",
    ):
        assert line in page.splitlines()


def test_a_limit_is_checked() -> None:
    report = actcalc.check("tanh(z)", [-math.inf, math.inf], [-1.0, 0.5], of="g")
    assert (report.points, report.correctly_rounded) == (2, 1)
