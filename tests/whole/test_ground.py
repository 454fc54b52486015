"""Cases in which digits were once wrong, by kind: one by one and in bulk, against Arb's series.

Each kind rests on an assumption that is false somewhere; the points and parameters here are such places.
"""

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

import actcalc
from actcalc.activations.activation import Activation
from actcalc.catalogue.resolution import resolve
from actcalc.catalogue.trees import FUNCTIONS
from actcalc.checking.measure import Measure
from actcalc.errors import UnsettledError, UnsettledWarning
from actcalc.numbers.bit_arrays import all_values
from actcalc.numbers.floats import FLOAT64, FORMATS
from tests.support import taylor
from tests.support.command import actcalc as command
from tests.support.fresh import textbook
from tests.support.oracle import FMTS, rounded, same


def right(f: Activation, order: int, z: float, fmt: str = "float64") -> tuple[float, ...]:
    """The right floats by the textbook's formula of g; empty where the oracle is undecided."""
    if f.is_declared:
        return taylor.right_at(f.textbook_g, order, z, FMTS[fmt], f.parameters, textbook)
    return taylor.right_at(f.name, order, z, FMTS[fmt], f.parameters, textbook)


def hold(name: str, points: Sequence[float], orders: Sequence[int] = (0, 1, 2), fmt: str = "float64") -> int:
    """Compare both ways of evaluation with the oracle; return the number of values it decided."""
    f, decided = resolve(name), 0
    for order in orders:
        array = np.array(points)
        found = f.derivative(array if fmt == "float64" else array.astype(fmt), order)
        for z, in_bulk in zip(points, found.tolist(), strict=True):
            values = right(f, order, z, fmt)
            if values:
                decided += 1
                one = f.derivative(z, order, dtype=fmt)
                assert taylor.is_right(one, values), (name, z, order, one, values)
                assert taylor.is_right(in_bulk, values), (name, z, order, in_bulk, values)
    return decided


# Runs of zeros: a function that is 0 at both ends of a run need not be 0 in between


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("laplace:mu=100,sigma=1", 50, 150),
        ("laplace:mu=-1e3,sigma=1/3", -1020, -980),
        ("laplace:mu=2,sigma=1e-9", 2 - 5e-8, 2 + 5e-8),
        ("gaussian:a=1e-3", -0.05, 0.05),
        ("hard_sigmoid:slope=1/3,offset=-100", 290, 310),
        ("softplus:beta=1e3", -1, 1),
        ("phi(z - 100)", 50, 150),
    ],
)
def test_runs_of_zeros(name: str, low: float, high: float) -> None:
    f = resolve(name)
    z = np.linspace(low, high, 4001)
    for order in (1, 2, 3):
        found = f.derivative(z, order)
        for i in range(order, len(z), 57):
            values = right(f, order, float(z[i]))
            assert not values or taylor.is_right(float(found[i]), values), (z[i], order, found[i], values)
    assert (f.dg(z) == 0).any()


def test_an_infinite_peak_between_zeros() -> None:
    f = resolve("laplace:mu=100,sigma=1e-310")
    assert f.dg(np.array([50.0, 99.0, 100.0, 101.0, 150.0])).tolist() == [0.0, 0.0, math.inf, 0.0, 0.0]


@pytest.mark.parametrize("spoiled", [62.51, 101.0, 137.0])
def test_check_sees_a_zero_in_a_run(spoiled: float) -> None:
    f = resolve("laplace:mu=100,sigma=1")
    z = np.concatenate([np.linspace(50, 150, 4001), [spoiled]])
    slopes = f.dg(z)
    assert actcalc.check(f, z, slopes).passed
    slopes[z == spoiled] = 0.0
    report = actcalc.check(f, z, slopes)
    assert (report.passed, report.failures["zero_where_normal"].first_z) == (False, spoiled)


def test_ends_do_not_decide_where_a_function_turns() -> None:
    measure = Measure(resolve("laplace:mu=100,sigma=1"), "dg", FLOAT64, [Fraction(1)])
    assert measure.settles_between(20.0, 50.0)
    assert measure.settles_between(150.0, 200.0)
    assert not measure.settles_between(50.0, 150.0)
    assert not measure.settles_between(99.75, 100.25)


# Kinks under irrational factors


@pytest.mark.parametrize(
    ("text", "z", "left", "right"),
    [
        ("relu(pi*z)", 0.0, "0", "pi"),
        ("abs(pi*z)", 0.0, "0 - pi", "pi"),
        ("leaky_relu(sqrt(2)*z)", 0.0, "sqrt(2)/100", "sqrt(2)"),
        ("relu(z*tanh(1))", 0.0, "0", "tanh(1)"),
        ("1 if pi*z > 0 else 0", 0.0, "0", "0"),
        ("abs(exp(z)*(z - 1))", 1.0, "0 - exp(1)", "exp(1)"),
        ("relu(min(z - 1, sin(z)))", 1.0, "0", "1"),
        ("abs(z + 1 if exp(z) < 1 else z)", -1.0, "0 - 1", "1"),
        ("abs(sin(pi*z))", 3.0, "0 - pi", "pi"),
        ("abs(cos(pi*z/2))", 1.0, "0 - pi/2", "pi/2"),
        ("max(z*Phi(1), z*exp(1))", 0.0, "Phi(1)", "exp(1)"),
        ("elu((z - 2)*log(3), alpha=3)", 2.0, "3*log(3)", "log(3)"),
        ("(z - 1/3)*pi if e*(z - 1/2) > 0 else -z", 0.5, "0 - 1", "pi"),
        ("sqrt(z**2)", 0.0, "0 - 1", "1"),
        ("sqrt((z - 1)**2)", 1.0, "0 - 1", "1"),
        ("sqrt(pi*(z + 2)*(z + 2))", -2.0, "0 - sqrt(pi)", "sqrt(pi)"),
        ("sqrt(1 - cos(z))", 0.0, "0 - sqrt(1/2)", "sqrt(1/2)"),
    ],
)
def test_kinks_are_found_by_digits_and_in_symbols(text: str, z: float, left: str, right: str) -> None:
    f = actcalc.activation(text)
    slopes = {
        rule: rounded(slope, FMTS["float64"], Fraction(0))
        for rule, slope in (("left", left), ("right", right))
    }
    least = 0.0 if slopes["left"] * slopes["right"] <= 0 else min(slopes.values(), key=abs)
    for rule, slope in {**slopes, "least": least, "nan": math.nan}.items():
        for found in (f.dg(z, at_kink=rule), f.dg(np.array([z, 7.3]), at_kink=rule)[0]):
            assert same(float(found), slope) or found == slope == 0
    assert "is undefined at z = " in command(["deriv", text, repr(z)]).err


def test_sides_that_are_not_settled_are_not_taken_for_equal() -> None:
    f = actcalc.activation("softsign(expm1(relu6(z)))")
    try:
        assert f.dg(0.0) == 0
    except UnsettledError:
        with pytest.warns(UnsettledWarning):
            assert math.isnan(f.dg(np.array([0.0]))[0])


@pytest.mark.parametrize("text", ["sqrt(-min(z - 3, sin(z - 3)))", "log(-min(z - 3, sin(z - 3)))"])
def test_symbols_refuse_roots_and_logarithms_of_negative_numbers(text: str) -> None:
    """Next to 3 hundreds of digits tell which one is the minimum, but 26 do not."""
    assert hold(f"{text}*0 + z", [math.nextafter(3, 4), math.nextafter(3, 2)], (0,)) == 2


def test_kinks_elsewhere_do_not_count() -> None:
    for text, z in (("hard_tanh(e*z)", 0.0), ("abs(sin(pi*z))", 0.5), ("relu(pi*z - 3)", 1.0)):
        assert actcalc.activation(text).kink_at(Fraction(z)) is None


def test_a_slope_at_a_kink_that_is_rounded_to_0_keeps_its_sign() -> None:
    """Bounds of a number as small as exp(-1e24) end at 0 without containing it."""
    for sign in ("", "-"):
        assert hold(f"{sign}phi(z if z < 100 else z*1e10 + 1e12)", [100.0, 250.0, -90.0], (1,)) == 3


def test_a_series_beside_which_digits_do_not_end_is_left_out() -> None:
    """Where mu absorbs all digits, (z - mu)/sigma might be 1e90 as far as they tell."""
    assert hold("laplace:mu=-7/3,sigma=9.61797e-131", [0.0, -7 / 3, -2.5]) > 6
    assert hold("laplace:mu=1e30,sigma=2", [1e30, 0.0, 2e30]) > 6


# A derivative is defined only where g is


HALF_A_LINE = [-1.5, 2.5, -0.25, 0.75, 3.0, -4.0, 0.5, -1.0, 1e-300, -1e-300, 700.0, -700.0]


@pytest.mark.parametrize(
    "text",
    [
        *("sqrt(z)*0 + z", "log(z)*0 + exp(z)", "0*log1p(z) + z*z", "(z + 1)**-2*0 + z", "((z + 1)**-3)**0"),
        *("log1p(z)", "exp(z)*log1p(z)", "0/pi/(z - z)", "1/(z - z) + 1/z", "atan(z**3 + 1/(z + 1))"),
        *("exp(-1/(z + 1)**2)", "sqrt(-1)*z", "log1p(-2)*z", "(sqrt(-1)*z)**2", "sqrt(z - 0.5)*z"),
        "max(0, (z + 0.5)*pi) + 1/(z - z) + z",
        "1 if 1/(z + 1) > 0 else 0",
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_no_element_speaks_for_the_others(text: str, backwards: bool) -> None:
    points = HALF_A_LINE[::-1] if backwards else HALF_A_LINE
    assert hold(text, points) > 10
    assert hold(text, points * 20) > 10


@pytest.mark.parametrize(
    "text",
    [
        "(Phi(z) - Phi(-1))/(Phi(1) - Phi(-1))",
        *(
            "z*Phi(1)",
            "erf(1)*z",
            "z*erfc(1/2)",
            "erfc(-2) + z",
            "gelu(1)*z",
            "gelu(-1)*exp(z)",
            "z*erf(0.1)",
        ),
        *("mish(1)*z", "softplus(2) - z", "tanhshrink(0.5)*z", "telu(-2)*z", "logcosh(3) + z"),
    ],
)
def test_functions_of_constants_in_bulk(text: str) -> None:
    assert hold(text, HALF_A_LINE) > 30


def test_0_times_an_unbounded_number_is_undecided() -> None:
    """Where sin(z) may be 0, 0/sin(z) has no bound."""
    for z in (-9.6170158226796e116, -1e234, -1e-200, -3.0):
        assert hold("erf((sin(z) if z < 1e9 else z)**-2*0 + z)", [z], (0, 1)) == 2
    assert hold("sqrt(-(z - 0.25))*0 + z", [*[0.25] * 300, 5e-324, -5e-324], (4,)) == 2


@pytest.mark.parametrize("name", [*FUNCTIONS, "sigmoid", "softplus", "mish", "gelu", "gelu_tanh", "silu"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_a_function_of_an_undefined_value_is_undefined(name: str, sign: str) -> None:
    """A quotient by 0 is undecided far out, although exp of its neighbours may be 0."""
    for text in (f"{name}({sign}1/(z - z) - z)", f"{name}({sign}z/(z + 4))"):
        f, points = actcalc.activation(text), [-1.5e-323, -4.0, 3.0, 1e300, -1e300]
        for z in points if "z - z" in text else [-4.0]:
            for array in ([z], [z] * 300, [z] * 300 + points):
                assert math.isnan(f.g(np.array(array))[0]), (text, z, len(array))
                assert math.isnan(f.dg(np.array(array))[0]), (text, z, len(array))


def test_exact_zeros_in_bulk_are_positive() -> None:
    for text, z in (("(z + 1)/-1", -1.0), ("-1*(z - 3)", 3.0), ("z + 0.5 if z < 2 else z", -0.5)):
        assert same(actcalc.activation(text).g(np.array([z, 9.0, z]))[0], 0.0)


@pytest.mark.parametrize(
    "text",
    [
        "(-z) if erf(z) > 0 else (z - 2)",
        "1 if expm1(2*z) <= 0 else 0",
        "1 if (1/pi)*z > 0 else 0",
        "z if z*sqrt(2)*tanh(1) > 0 else 2 - z",
    ],
)
def test_next_to_0_a_condition_is_that_of_z_and_not_of_0(text: str) -> None:
    sizes = [5e-324, 1e-310, 9.18e-41, 1e-9, 2.0**-13]
    assert hold(text, [*sizes, *(-x for x in sizes)], (0, 1)) == 20


def test_errors_are_not_negative() -> None:
    """Beyond a table's range a bound was infinity times a number that was wrongly negative."""
    assert hold("exp(log(abs(cosh(z)*(z - 0.25))))", [-700.0, 3.0], (0,)) == 2
    assert hold("((1 + z**2)**0.25)/(1 + (-z)**2)", [-4.267762540268301e145, 2.0], (0,)) == 2


# Ties broken by an exponential, and numbers beyond all exponents


@pytest.mark.parametrize("z", [-100663304.0, -193714592.0, -178034192.0, -127281656.0, -33.0])
def test_a_tie_that_an_exponential_breaks(z: float) -> None:
    assert hold("xielu:alpha_n=2/3,beta=1/3", [z], (0, 1), "float32") >= 1


@pytest.mark.parametrize(
    "order", [1, 2, 4, 8, *(pytest.param(order, marks=pytest.mark.exhaustive) for order in (3, 5, 6, 7))]
)
@pytest.mark.parametrize(
    ("name", "z", "signs"),
    [
        # the sign of the leading term by order: (-z/a^2)^n e^(-z^2/2a^2), e^-z, ...
        ("gaussian:a=1e-12", 1.0, "-+-+-+-+"),
        ("gaussian:a=1e-12", -1.0, "++++++++"),
        ("laplace:mu=1,sigma=1e-10", 0.0, "++++++++"),
        ("laplace:mu=1,sigma=1e-10", 2.0, "+-+-+-+-"),
        ("dyt", 1e20, "+-+-+-+-"),
        ("softcap", -1e20, "++++++++"),
        ("scaled_tanh", 1e300, "+-+-+-+-"),
        ("softplus", -1e20, "++++++++"),
        ("swish", -1e20, "--------"),
        ("clipped_swish", -1e20, "--------"),
        ("gelu", -1e300, "--------"),
        ("gelu_tanh", -1e300, "--------"),
        ("telu", -1e300, "--------"),
        ("mish", -1e18, "--------"),
        ("swish:beta=-2e96", 27.0, "-+-+-+-+"),
    ],
)
def test_signs_beyond_all_exponents(name: str, z: float, signs: str, order: int) -> None:
    f, zero = resolve(name), 0.0 if signs[order - 1] == "+" else -0.0
    assert same(f.derivative(z, order), zero)
    assert same(f.derivative(np.array([z, 2 * z, z, 3 * z, 4 * z]), order)[0], zero)


@pytest.mark.parametrize(
    ("text", "z", "orders"),
    [
        *(("gelu_tanh(z) - gelu(z)", 0.0, (0, 1, 2)), ("gelu(z) - silu(z)", 0.0, (0, 1))),
        *(("2*gelu(z) - z", 0.0, (0, 1)), ("logcosh(gelu_tanh(z) - gelu(z))", 0.0, (0, 1))),
        *(("gelu(z) - z*Phi(z)", 1.0, (0, 1)), ("erf(z) - 2*Phi(z*sqrt(2)) + 1", 0.75, (0,))),
        *(("log(1 + exp(z))", 1e18, (0, 1)), ("log(1 - tanh(z)**2)", 1e6, (0, 1))),
        *(("sinh(z) - z", -1e15, (0, 1, 2)), ("exp(sqrt(gelu(z + 1)))", -2.9e88, (0, 1))),
        *(("tanh(erf(z**-2))", 0.03, (0, 1, 2)), ("tanh(erf(z**-2))", -1e-4, (0, 1, 2))),
        *(("((z - 3)**4)**(3/4)", 0.6191754754703269, (0, 1, 2)), ("(8*z)**(1/3)", 1.0, (0, 1, 2))),
        *(("sigmoid(0*(-z/(1 + z**2)))", 0.3, (0, 1, 2)), ("sqrt(log1p(z - 2)**2)", 2 - 2.0**-52, (1, 2))),
        ("sin(pi*z) + sqrt(12)*z - 2*sqrt(3)*z", 1.0, (0,)),
    ],
)
def test_values_that_digits_alone_do_not_decide(text: str, z: float, orders: Sequence[int]) -> None:
    hold(text, [z], orders)
    for order in orders:
        assert not math.isnan(actcalc.activation(text).derivative(z, order)) or text.startswith("exp(sqrt")


def test_zeros_that_are_exact_in_symbols() -> None:
    for text, z, order in (
        *(
            ("gelu_tanh(z) - gelu(z)", 0.0, 1),
            ("gelu_tanh(z) - gelu(z)", 0.0, 2),
            ("gelu(z) - silu(z)", 0.0, 1),
        ),
        *(("2*gelu(z) - z", 0.0, 1), ("gelu(z) - z*Phi(z)", 1.0, 0), ("sin(pi*z)", 4.0, 0)),
    ):
        assert same(actcalc.activation(text).derivative(z, order), 0.0)


def test_a_format_full_of_ties_is_fast() -> None:
    """Half of all values of xielu with thirds are ties except for e^z, and must not take digits each time."""
    f = resolve("xielu:alpha_n=2/3,beta=1/3")
    z = np.array([x for x in all_values(FORMATS["float16"]) if -60000 < x < -30][::29])
    found = f.g(z.astype(np.float16))
    for x, g in list(zip(z.tolist(), found.tolist(), strict=True))[::20]:
        assert taylor.is_right(g, right(f, 0, x, "float16"))


# Roots of 0


@pytest.mark.parametrize(
    ("text", "z", "orders"),
    [
        *(("abs(z)**1.5", 0.0, (0, 1)), ("sqrt(z**4)", 0.0, (0, 1, 2, 3)), ("z*abs(z)**0.5", 0.0, (0, 1))),
        *(("max(sqrt(z*z), 1e-10)", 0.0, (0, 1, 2)), ("abs(z)**(7/3)", 0.0, (0, 1, 2))),
        *(("abs(z - 2)**1.5", 2.0, (0, 1)), ("((z + 4)**4)**(3/4)", -4.0, (0, 1, 2, 4))),
        *(("sqrt(abs((z - 3)**3)**3)", 3.0, (0, 1, 2, 3, 4)), ("relu(z)**2.5", 0.0, (0, 1, 2))),
        *(("sqrt(sqrt(z**8))", 0.0, (0, 1, 2, 3)), ("exp(-abs(z)**1.5)", 0.0, (0, 1))),
        ("sqrt(z**20)", 0.0, (0, 1, 8)),
    ],
)
def test_roots_of_0(text: str, z: float, orders: Sequence[int]) -> None:
    assert hold(text, [z, z + 0.5], orders) >= 2 * len(orders) - 1
    for order in orders:
        assert not math.isnan(actcalc.activation(text).derivative(z, order))


@pytest.mark.parametrize(
    ("text", "order"),
    [("sqrt(z)", 1), ("abs(z)**1.5", 2), ("z*abs(z)**0.5", 2), ("abs(z)**(1/3)", 1), ("sqrt(relu(z))", 1)],
)
def test_unbounded_derivatives_are_undefined(text: str, order: int) -> None:
    """Like 1/z at 0: a derivative is either a number or undefined, which a note says."""
    assert math.isnan(actcalc.activation(text).derivative(0.0, order))
    done = command(["deriv", text, "0", "--order", str(order)])
    assert (done.status, done.out) == (0, "nan\n")
    assert "has no value at z = 0.0: " in done.err


# Signs of zeros


@pytest.mark.parametrize(
    "text",
    [
        *("sin(z)", "z**3", "gelu(z)", "-z", "abs(z)", "z*z", "cos(z) - 1", "1 - cos(z)", "min(z, 0)"),
        *("relu(z)", "z**20", "exp(z) - 1", "-z**3*pi", "sinh(z) - z", "step(z)", "0*z", "z**9*log(2)"),
    ],
)
def test_zeros_of_formulas_at_minus_zero(text: str) -> None:
    f = actcalc.activation(text)
    for order in range(7):
        values = taylor.right_at(text, order, -0.0, FMTS["float64"], {}, textbook)
        for found in (f.derivative(-0.0, order), f.derivative(np.array([-0.0, 1.0]), order)[0]):
            assert not values or taylor.is_right(float(found), values), (order, found, values)
        assert f.derivative(0.0, order) != 0 or same(f.derivative(0.0, order), 0.0)
