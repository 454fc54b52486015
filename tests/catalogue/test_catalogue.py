"""The declarations against the table of the frameworks, and against evaluation."""

import ast
import importlib
import inspect
import math
import pkgutil
import random
import re
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest
from flint import arb, ctx

import actcalc
import actcalc.catalogue
from actcalc import ActcalcError
from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Declaration, Monotone, Parity
from actcalc.catalogue.lookup import (
    FAMILIES,
    LECTURE,
    NOT_ELEMENTWISE,
    declaration,
    declarations,
    names,
    one_of_each,
)
from actcalc.catalogue.resolution import resolve
from actcalc.numbers import floats
from tests.support import oracle, shape
from tests.support.expectations import SELU_ALPHA, SELU_SCALE
from tests.support.matrix import (
    FAR,
    NEAR,
    SETTINGS,
    all_settings,
    near_ties,
    random_points,
    setting,
    turning_point,
)
from tests.support.oracle import FMTS, Real

DECLARATIONS = declarations()
FLOAT64 = FMTS["float64"]
EVERY_SETTING = pytest.mark.parametrize("activation", SETTINGS, ids=Activation.describe)

# Name; aliases; parameters with their defaults and aliases; g(z).
CATALOGUE = """
sigmoid | logistic, expit, logsig | | 1/(1 + exp(-z))
tanh | tansig | | (exp(z) - exp(-z))/(exp(z) + exp(-z))
relu | poslin | negative_slope=0, max_value=none, threshold=0 | z if z > threshold else negative_slope*(z - threshold)
leaky_relu | lrelu | slope=0.01 negative_slope alpha | z if z > 0 else slope*z
prelu | | slope=0.25 | z if z > 0 else slope*z
rrelu | | lower=1/8, upper=1/3 | z if z > 0 else (lower + upper)/2*z
relu6 | | | min(max(0, z), 6)
relu2 | squared_relu | | max(0, z)**2
thresholded_relu | trelu | theta=1 alpha | z if z > theta else 0
threshold | | threshold, value default_value | z if z > threshold else value
elu | | alpha=1 | z if z > 0 else alpha*(exp(z) - 1)
celu | | alpha=1 | z if z > 0 else alpha*(exp(z/alpha) - 1)
selu | | | L*z if z > 0 else L*A*(exp(z) - 1)
gelu | gelu_erf, gelu_python | | z*Phi(z)
gelu_tanh | gelu_new, gelu_pytorch_tanh, gelu_approximate, gelu_accurate, gelu_python_tanh, gelu_approx | | z/2*(1 + tanh(sqrt(2/pi)*(z + 0.044715*z**3)))
quick_gelu | gelu_quick, gelu_fast_approx | | z/(1 + exp(-1.702*z))
silu | | | z/(1 + exp(-z))
swish | | beta=1 | z/(1 + exp(-beta*z))
mish | | | z*tanh(log(1 + exp(z)))
softplus | log1pexp, bnll | beta=1, threshold=none | log(1 + exp(beta*z))/beta
log_sigmoid | | | -log(1 + exp(-z))
softsign | soft_sign, elliotsig | | z/(1 + abs(z))
hard_sigmoid | hsigmoid | slope=1/6 alpha, offset=1/2 beta | min(max(0, slope*z + offset), 1)
hard_swish | hard_silu, hswish | | z*min(max(0, z + 3), 6)/6
hard_tanh | satlins | min=-1 min_val, max=1 max_val | min if z < min else max if z > max else z
tanhshrink | tanh_shrink | | z - tanh(z)
softshrink | soft_shrink | lambd=0.5 threshold | z - lambd if z > lambd else z + lambd if z < -lambd else 0
hardshrink | hard_shrink, hshrink | lambd=0.5 threshold | z if abs(z) > lambd else 0
squareplus | | b=4 | (z + sqrt(z**2 + b))/2
sparse_plus | | | 0 if z <= -1 else z if z >= 1 else (z + 1)**2/4
sparse_sigmoid | | | min(max(0, (z + 1)/2), 1)
lisht | | | z*tanh(z)
logcosh | log_cosh | | log(cosh(z))
exponential | exp | | exp(z)
identity | linear, purelin | | z
step | heaviside | | 1 if z > 0 else 0
"""  # noqa: E501
SELU = {"L": Fraction(SELU_SCALE), "A": Fraction(SELU_ALPHA)}
CELLS = [[cell.strip() for cell in line.split(" |")] for line in CATALOGUE.strip().splitlines()]
ROWS = {row[0]: row for row in CELLS}


def join_names(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(",") if part.strip()]


def test_every_row_of_the_table_is_there() -> None:
    assert set(ROWS) <= set(names())
    assert len(ROWS) == 36


@pytest.mark.parametrize("name", ROWS)
def test_names_and_parameters(name: str) -> None:
    _, aliases, parameters, _ = ROWS[name]
    found = declaration(name)
    assert set(found.aliases) == set(join_names(aliases))
    defaults = [f"{p.name}={p.default}" if p.default else p.name for p in found.parameters]
    shown = [" ".join([text, *p.aliases]) for text, p in zip(defaults, found.parameters, strict=True)]
    assert shown == join_names(parameters)


@pytest.mark.parametrize("activation", [f for f in SETTINGS if f.name in ROWS], ids=Activation.describe)
def test_textbook_formula_is_that_of_the_table(activation: Activation) -> None:
    text = ROWS[activation.name][3]
    if "max_value" in activation.parameters:
        text = f"min({text}, max_value)"
    if activation.name == "softplus" and "threshold" in activation.parameters:
        text = f"z if beta*z > threshold else {text}"
    extra = SELU if activation.name == "selu" else {}
    for z in sample(activation):
        with ctx.workprec(400):
            ours = oracle.evaluate(activation.textbook_g, z=z, **activation.parameters)
            theirs = oracle.evaluate(text, z=z, **activation.parameters, **extra)
            assert agree(ours, theirs), z


@EVERY_SETTING
def test_textbook_slope_is_the_derivative(activation: Activation) -> None:
    step = Fraction(1, 10**40)
    for z in sample(activation):
        if any(abs(z - Fraction(piece.upto or 0)) <= step for piece in activation.pieces):
            continue
        with ctx.workprec(800):
            above, below, slope = (
                oracle.evaluate(text, z=x, **activation.parameters)
                for text, x in (
                    (activation.textbook_g, z + step),
                    (activation.textbook_g, z - step),
                    (activation.textbook_dg, z),
                )
            )
            difference = ((above - below) / oracle.real(2 * step) - slope).ball()
            # The error of a central difference is h^2/6 times a third derivative.
            assert abs(difference) < 1e-70 * (1 + abs(slope.ball())) * 10**10, z


def sample(activation: Activation) -> list[Fraction]:
    """Some z from -40 to 40."""
    chance = random.Random(activation.describe())
    sizes = [1, 2, 4, 9] * 6
    return [Fraction(chance.randint(-(40**size), 40**size), 40 ** (size - 1)) for size in sizes]


def agree(x: Real, y: Real) -> bool:
    """Whether two numbers are equal, or cannot be told apart by a hundred bits."""
    if x.rest is None and y.rest is None:
        return bool(x.exact == y.exact)
    return bool(abs((x - y).ball()) <= abs(y.ball()) * 2**-100 + arb(2) ** -200)


# Names


def test_names_are_unique() -> None:
    keys = [{re.sub("[_-]", "", name).lower() for name in (d.name, *d.aliases)} for d in DECLARATIONS]
    assert len(set().union(*keys)) == sum(map(len, keys))
    assert not {re.sub("[_-]", "", name) for name in NOT_ELEMENTWISE} & set().union(*keys)
    assert names() == tuple(d.name for d in DECLARATIONS)
    assert LECTURE == ("sigmoid", "tanh", "relu", "leaky_relu")


@pytest.mark.parametrize("name", [name for d in DECLARATIONS for name in (d.name, *d.aliases)])
def test_names_ignore_case_and_dashes(name: str) -> None:
    right = next(d for d in DECLARATIONS if name in (d.name, *d.aliases))
    joined = name.replace("_", "")
    for spelling in (name, name.upper(), joined, joined.title(), name.replace("_", "-"), f"_{joined}-"):
        assert declaration(spelling) is right


@pytest.mark.parametrize(
    "name",
    [
        *("softmax", "log_softmax", "softmin", "sparsemax", "hardmax", "maxout", "crelu"),
        *("glu", "reglu", "geglu", "swiglu", "swiglu_oai", "silu_and_mul"),
        *("softmax2d", "gumbel_softmax", "polynorm", "logsumexp"),
    ],
)
def test_not_elementwise(name: str) -> None:
    for spelling in (name, name.upper().replace("_", "-")):
        with pytest.raises(ActcalcError, match=f"'{name}' is not an elementwise activation: .* z"):
            actcalc.activation(spelling)


@pytest.mark.parametrize("spelling", ["gelu_fast", "GELU-fast", "gelufast"])
def test_a_name_that_frameworks_do_not_agree_on(spelling: str) -> None:
    with pytest.raises(ActcalcError, match="'gelu_fast' is not one activation") as error:
        actcalc.activation(spelling)
    assert "gelu_tanh" in error.value.hint
    assert "quick_gelu" in error.value.hint


@pytest.mark.parametrize(
    ("wrong", "near"), [("sigmod", "sigmoid"), ("RELU7", "relu"), ("hard-swich", "hard_swish")]
)
def test_unknown_names_get_the_nearest(wrong: str, near: str) -> None:
    with pytest.raises(ActcalcError, match="unknown activation") as error:
        actcalc.activation(wrong)
    assert near in error.value.hint


def test_one_family_is_loaded_for_one_name() -> None:
    program = (
        "import sys; from actcalc.cli.app import main; main(sys.argv[1:]);"
        " print(*(name for name in sys.modules if name.startswith('actcalc.catalogue.')), file=sys.stderr)"
    )
    arguments = ["deriv", "tanh", "0"]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    loaded = {name.rpartition(".")[2] for name in done.stderr.split()}
    assert loaded & set(FAMILIES) == {"sigmoidal"}
    assert "lookup" in loaded


MODULES = [
    importlib.import_module(f"actcalc.catalogue.{module.name}")
    for module in pkgutil.iter_modules(actcalc.catalogue.__path__)
]


def test_every_module_of_declarations_is_a_family() -> None:
    declaring = {
        module.__name__.rpartition(".")[2]
        for module in MODULES
        if any(isinstance(value, Declaration) for value in vars(module).values())
    }
    assert declaring == set(FAMILIES)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_facts_independent_of_parameters_are_plain(module: ModuleType) -> None:
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Lambda) and [argument.arg for argument in node.args.args] == ["p"]:
            used = {name.id for name in ast.walk(node.body) if isinstance(name, ast.Name)}
            assert "p" in used, f"line {node.lineno}: an idle lambda"


def test_unknown_name_like_none() -> None:
    with pytest.raises(ActcalcError, match="unknown activation 'qqq'") as error:
        actcalc.activation("qqq")
    assert "list" in error.value.hint


# Parameters


def as_number(text: str) -> Fraction | None:
    return None if text == "none" else Fraction(text)


@pytest.mark.parametrize("d", [d for d in DECLARATIONS if d.parameters], ids=lambda d: d.name)
def test_parameter_names_all_work(d: actcalc.activations.declaration.Declaration) -> None:
    base = dict(d.examples[0])
    for parameter in d.parameters:
        value = base.get(parameter.name, parameter.default)
        assert value is not None
        expected = None
        for name in (parameter.name, *parameter.aliases):
            given = {k: v for k, v in base.items() if k != parameter.name} | {name: value}
            parameters = actcalc.activation(d.name, **given).parameters
            assert parameters.get(parameter.name) == as_number(value)
            assert expected in (None, parameters)
            expected = parameters
        if parameter.aliases:
            with pytest.raises(ActcalcError, match=f"'{parameter.name}' of .* is given twice"):
                actcalc.activation(d.name, **{parameter.name: value, parameter.aliases[0]: value})


@pytest.mark.parametrize("d", [d for d in DECLARATIONS if d.parameters], ids=lambda d: d.name)
def test_examples_are_two_and_not_the_defaults(d: actcalc.activations.declaration.Declaration) -> None:
    defaults = {p.name: p.default and as_number(p.default) for p in d.parameters}
    assert len(d.examples) >= 2
    for example in d.examples:
        assert set(example) <= set(defaults)
        assert {**defaults, **{k: as_number(v) for k, v in example.items()}} != defaults


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("celu", {"alpha": 0}, "parameter 'alpha' of 'celu' must be other than 0, not 0"),
        ("softplus", {"beta": "0.0"}, "parameter 'beta' of 'softplus' must be other than 0, not 0.0"),
        ("squareplus", {"b": "-1e-9"}, "parameter 'b' of 'squareplus' must be at least 0, not -1e-9"),
        ("softshrink", {"lambd": -1}, "parameter 'lambd' of 'softshrink' must be at least 0, not -1"),
        ("hardshrink", {"threshold": "-1"}, "parameter 'lambd' of 'hardshrink' must be at least 0, not -1"),
        ("hard_tanh", {"min": 1}, "requires min < max, not min=1, max=1"),
        ("hard_tanh", {"max_val": "-2"}, "requires min < max, not min=-1, max=-2"),
        ("rrelu", {"lower": "0.5"}, "requires lower <= upper"),
        ("threshold", {}, "'threshold' has no defaults: give threshold, value"),
        ("threshold", {"value": 1}, "'threshold' has no defaults"),
        ("elu", {"beta": 1}, "'elu' has no parameter 'beta': it has 'alpha'"),
        ("tanh", {"slope": 1}, "'tanh' has no parameters, but 'slope' is given"),
        (
            "relu",
            {"slope": 1},
            "'relu' has no parameter 'slope': it has 'negative_slope', 'max_value', 'threshold'",
        ),
        ("relu", {"max_value": -1}, "parameter 'max_value' of 'relu' must be at least 0, not -1"),
        ("relu", {"max_value": 1, "threshold": 2}, "requires threshold <= max_value"),
        ("relu", {"max_value": "nothing"}, "parameter 'max_value' of 'relu': 'nothing' is not a number"),
        ("relu", {"negative_slope": "none"}, "parameter 'negative_slope' of 'relu': 'none' is not a number"),
        ("relu", {"threshold": None}, "parameter 'threshold' of 'relu': 'none' is not a number"),
        ("elu", {"alpha": "inf"}, "parameter 'alpha' of 'elu': 'inf' is not a finite number"),
        ("elu", {"alpha": float("nan")}, "parameter 'alpha' of 'elu': 'nan' is not a finite number"),
        ("elu", {"alpha": "one"}, "parameter 'alpha' of 'elu': 'one' is not a number"),
        ("elu", {"alpha": "1/0"}, "parameter 'alpha' of 'elu': '1/0' divides by zero"),
    ],
)
def test_parameters_out_of_their_domain(
    name: str, parameters: dict[str, str | int | float | None], message: str
) -> None:
    with pytest.raises(ActcalcError, match=re.escape(message)):
        actcalc.activation(name, **parameters)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("squareplus", {"b": 0}),
        ("softshrink", {"lambd": 0}),
        ("rrelu", {"lower": "1/3"}),
        ("hard_sigmoid", {"slope": "-2"}),
        ("elu", {"alpha": 0}),
        ("leaky_relu", {"slope": "-1e6000"}),
    ],
)
def test_parameters_at_the_edge_of_their_domain(name: str, parameters: dict[str, str | int]) -> None:
    assert actcalc.activation(name, **parameters).name == name


@pytest.mark.parametrize("value", ["0.2", "1/5", "2e-1", Fraction(1, 5), Decimal("0.2"), 0.2])
def test_parameters_are_exact(value: str | Fraction | Decimal | float) -> None:
    f = actcalc.activation("LeakyReLU", negative_slope=value)
    assert f.parameters == {"slope": Fraction(1, 5)}
    assert f.g(-3) == -0.6
    assert actcalc.activation("leaky_relu", slope=2).g(-3) == -6


@pytest.mark.parametrize("none", ["none", "None", " NONE ", None])
def test_a_parameter_set_to_none(none: str | None) -> None:
    f = actcalc.activation("relu", max_value=none)
    assert f.parameters == {"negative_slope": 0, "threshold": 0}
    assert f.texts["max_value"] == "none"
    assert (f.describe(), f.textbook_g) == ("relu", "max(0, z)")
    assert actcalc.activation("softplus", threshold=none).describe() == "softplus(beta=1)"
    assert resolve("relu:max_value=6").describe() == "relu(max_value=6)"


@pytest.mark.parametrize(
    ("text", "name", "label", "parameters"),
    [
        ("ReLU", "relu", "relu", {"negative_slope": 0, "threshold": 0}),
        ("elu:alpha=2", "elu", "elu:alpha=2", {"alpha": 2}),
        ("ELU", "elu", "elu", {"alpha": 1}),
        ("hard_tanh:min_val=-2,max=3", "hard_tanh", "hard_tanh:min_val=-2,max=3", {"min": -2, "max": 3}),
    ],
)
def test_activation_with_its_own_parameters(
    text: str, name: str, label: str, parameters: dict[str, int]
) -> None:
    f = resolve(text)
    assert (f.name, f.label) == (name, label)
    assert f.parameters == {name: Fraction(value) for name, value in parameters.items()}


@pytest.mark.parametrize(
    "text",
    ["elu:", "elu:alpha", "elu:=2", "elu:alpha=", "elu:alpha=2,", "elu:alpha=2,alpha=2", "elu:alpha=2:3"],
)
def test_activation_with_malformed_parameters(text: str) -> None:
    with pytest.raises(ActcalcError):
        resolve(text)


# Facts


def extremes(activation: Activation) -> list[Real]:
    """Values of g where the ends of its range may be attained or approached, and elsewhere."""
    points = [Fraction(z) for z in random_points(FLOAT64, 30, "range") if math.isfinite(z)]
    points += [-FAR, FAR, Fraction(0), *shape.turns(activation), *sample(activation)]
    for piece in activation.pieces[:-1]:
        end = Fraction(piece.upto or 0)
        points += [end, end - NEAR, end + NEAR]
    if activation.name == "telu":  # farther out exp(exp(z)) is too large for Arb
        points = [z for z in points if z < 30]
    return [oracle.evaluate(activation.textbook_g, z=z, **activation.parameters) for z in points]


@pytest.mark.parametrize("activation", all_settings())
def test_range(activation: Activation) -> None:
    span = activation.range
    turns = turning_point(activation) is not None
    with ctx.workprec(7000):  # more than the bits of FAR's cube
        values = extremes(activation)
        for end, side, bracket in ((span.low, 1, span.brackets[0]), (span.high, -1, span.brackets[1])):
            if isinstance(end, float):
                assert bracket in "()"
                great = 10**300 if activation.name != "telu" else 20
                assert any(value.ball() * side < -great for value in values), "is not unbounded"
                continue
            inward = [(value - oracle.real(Fraction(end))) * oracle.real(side) for value in values]
            slack = arb(1e-44) if turns else oracle.real(NEAR).ball()  # the minima are rounded
            assert all(x.is_exactly(0) or x.ball() > -slack for x in inward), "has values outside"
            assert any(x.is_exactly(0) or abs(x.ball()) < 1e-44 for x in inward), "does not reach its end"
            assert turns or any(x.is_exactly(0) for x in inward) == (bracket in "[]")
            limits = [Fraction(g) for g, _ in activation.ends if not isinstance(g, float)]
            level = any(abs(level - end) < Fraction(1, 10**44) for level in shape.flat_levels(activation))
            assert not turns or (bracket in "[]") == (end not in limits or level)
        for gap in span.gaps:
            low, high = (oracle.real(x) for x in gap)
            assert not [v for v in values if v.ball() > low.ball() and v.ball() < high.ball()]


@pytest.mark.parametrize(
    ("name", "z", "least"),
    [
        ("silu", "-1.2784645427610738", "-0.278464542761073795109358739022980155439477489"),
        ("gelu", "-0.7517915241", "-0.169971207479903661693868470982433922832852392"),
        ("gelu_tanh", "-0.75246142", "-0.170040750571254050639067427987555683577092975"),
        ("mish", "-1.19240", "-0.308843413017250406628760229041953728459564123"),
    ],
)
def test_minima_to_all_their_digits(name: str, z: str, least: str) -> None:
    activation = setting(name)
    turn = turning_point(activation)
    assert turn is not None
    assert abs(turn - Fraction(z)) < Fraction(1, 10**4)
    with ctx.workprec(400):
        value = oracle.evaluate(activation.textbook_g, z=turn)
        assert abs((value - oracle.real(Fraction(least))).ball()) <= 0.5e-45
    assert str(activation.range) == f"[{least}, inf)"


@EVERY_SETTING
def test_parity(activation: Activation) -> None:
    ends = [Fraction(piece.upto or 0) for piece in activation.pieces]
    points = [*sample(activation), *ends, Fraction(0), Fraction(1, 7)]
    with ctx.workprec(400):
        pairs = [
            [oracle.evaluate(activation.textbook_g, z=x, **activation.parameters) for x in (z, -z)]
            for z in points
        ]
        holds = {
            Parity.ODD: all(agree(-right, left) for left, right in pairs),
            Parity.EVEN: all(agree(right, left) for left, right in pairs),
            Parity.COMPLEMENT: all(agree(oracle.real(1) - right, left) for left, right in pairs),
        }
    if activation.parity:
        assert holds[activation.parity]
    else:
        assert not any(holds.values())


@pytest.mark.parametrize("activation", all_settings())
def test_monotony(activation: Activation) -> None:
    anywhere = {*random_points(FLOAT64, 300, "monotony"), *near_ties(FLOAT64)}
    for piece in activation.pieces[:-1]:
        anywhere |= {*FLOAT64.near(oracle.nearest_fraction(Fraction(piece.upto or 0), FLOAT64))}
    values = activation.g(np.array(sorted(filter(math.isfinite, anywhere)))).tolist()
    rises = any(a < b for a, b in pairwise(values))
    falls = any(a > b for a, b in pairwise(values))
    points = [*sample(activation), Fraction(1, 20), Fraction(-1, 20)]
    slopes = [oracle.sign(activation.textbook_dg, z, activation.parameters) for z in points]
    way = activation.monotone
    expected = {
        Monotone.INCREASING: (True, False),
        Monotone.DECREASING: (False, True),
        Monotone.NONDECREASING: (True, False),
        Monotone.NONINCREASING: (False, True),
        Monotone.CONSTANT: (False, False),
    }
    assert (rises, falls) == ((True, True) if isinstance(way, str) else expected[way])
    level = 0 in slopes and any(a == b for a, b in pairwise(values))
    strict = (Monotone.INCREASING, Monotone.DECREASING)
    assert isinstance(way, str) or level == (way not in strict)
    if isinstance(way, str):
        assert "falls" in way
        assert "rises" in way


@EVERY_SETTING
def test_numbers_in_the_text_on_monotony(activation: Activation) -> None:
    turn = turning_point(activation)
    for z in re.findall(r"z = (-?\d+\.\d+)", str(activation.monotone)):
        assert turn is not None
        assert abs(Fraction(z) - turn) <= Fraction(1, 20000)
    if activation.name == "hard_swish":
        assert activation.value(Fraction(-3, 2), floats.FLOAT64) == -0.375
        assert activation.slope(Fraction(-3, 2), floats.FLOAT64) == 0


def test_there_is_one_of_each() -> None:
    found = one_of_each()
    assert tuple(f.name for f in found) == actcalc.names()
    for f in found:
        if all(parameter.default is not None for parameter in f.declaration.parameters):
            assert f == actcalc.activation(f.name)
