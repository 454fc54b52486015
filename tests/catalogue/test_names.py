"""Names used elsewhere: what they mean here, and the formulas of those that are unknown here."""

from collections.abc import Callable
from typing import Any

import pytest
from flint import arb, ctx

import actcalc
from actcalc.catalogue import lookup
from actcalc.catalogue.custom import DIFFERENT_ELSEWHERE
from actcalc.teaching.elsewhere import differences


def _sigmoid(x: arb) -> arb:
    return 1 / (1 + (-x).exp())


DEFINITIONS: dict[str, Callable[[arb], Any]] = {
    "elish": lambda x: x / (1 + (-x).exp()) if x >= 0 else (x.exp() - 1) / (1 + (-x).exp()),
    "isru": lambda x: x / (1 + x * x).sqrt(),
    "isrlu": lambda x: x if x >= 0 else x / (1 + x * x).sqrt(),
    "smelu": lambda x: x if x > 1 else arb(0) if x < -1 else (x + 1) ** 2 / 4,
    "bent_identity": lambda x: ((x * x + 1).sqrt() - 1) / 2 + x,
    "cloglog": lambda x: 1 - (-x.exp()).exp(),
    "golu": lambda x: x * (-(-x).exp()).exp(),
    "serf": lambda x: x * (1 + x.exp()).log().erf(),
    "phish": lambda x: x * (x * (-x / arb(2).sqrt()).erfc() / 2).tanh(),
    "logish": lambda x: x * (1 + _sigmoid(x)).log(),
    "smish": lambda x: x * (1 + _sigmoid(x)).log().tanh(),
    "gcu": lambda x: x * x.cos(),
    "e_swish": lambda x: x * _sigmoid(x),
    "penalized_tanh": lambda x: x.tanh() if x > 0 else x.tanh() / 4,
    "radbas": lambda x: (-x * x).exp(),
    "tribas": lambda x: 1 - abs(x) if abs(x) <= 1 else arb(0),
    "hardlim": lambda x: arb(x >= 0),
    "hardlims": lambda x: arb(1) if x >= 0 else arb(-1),
}
"""Definitions from the papers and MATLAB's manual, with parameters set to 1."""


@pytest.mark.parametrize("name", lookup.FORMULAS)
def test_the_formula_of_a_name_is_that_of_its_paper(name: str) -> None:
    with pytest.raises(actcalc.ActcalcError, match=f"'{name}' is not in the catalogue") as caught:
        actcalc.activation(name.upper())
    _, text, settings = caught.value.hint.split("'")
    f = actcalc.activation(text, **{word[:-2]: 1 for word in settings.split(" -p ")[1:]})
    with ctx.workprec(200):
        for z in (-3.5, -1.0, -0.75, 0.0, 0.25, 1.0, 2.5):
            assert f.g(z) == float(DEFINITIONS[name](arb(z)).mid())


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        *(("logsig", "sigmoid"), ("tansig", "tanh"), ("poslin", "relu"), ("purelin", "identity")),
        *(("satlins", "hard_tanh"), ("elliotsig", "softsign"), ("SatLin", "hard_tanh:min=0,max=1")),
        *(
            ("GELU_QUICK", "quick_gelu"),
            ("gelu_erf", "gelu"),
            ("hardswish", "hard_swish"),
            ("linear", "identity"),
        ),
        *(("hard_silu", "hard_swish"), ("log_sigmoid", "log_sigmoid"), ("soft_shrink", "softshrink")),
    ],
)
def test_names_of_matlab_ggml_and_keras(name: str, meant: str) -> None:
    from actcalc.catalogue.resolution import resolve

    assert resolve(name) == resolve(meant)


KERAS = """celu elu exponential gelu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear
log_sigmoid mish relu relu6 selu sigmoid silu soft_shrink softplus softsign sparse_plus sparse_sigmoid
squareplus swish tanh tanh_shrink threshold"""
GGML = """step tanh elu relu sigmoid gelu gelu_quick gelu_erf silu hardswish hardsigmoid exp softplus xielu
leaky_relu sin"""


@pytest.mark.parametrize("name", f"{KERAS} {GGML}".split())
def test_activations_of_keras_and_ggml_are_known(name: str) -> None:
    assert lookup.find(name) is not None


def test_functions_that_libraries_define_differently_are_refused() -> None:
    """A function of a module means that of the catalogue only if no library means another one."""
    for f in lookup.one_of_each():
        if "by default" in differences(f.name) or (f.variant and f.name in differences(f.name)):
            assert f.name in DIFFERENT_ELSEWHERE
    for name in DIFFERENT_ELSEWHERE:
        assert lookup.declaration(name).name == name
        with pytest.raises(actcalc.ActcalcError, match="libraries differ"):
            actcalc.activation(f"nn.{name}(z)")
