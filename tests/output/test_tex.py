"""Formulas as TeX keep their values when read back by the rules of mathematics."""

import math
import random
import re
from typing import Any

import pytest

from actcalc.activations.activation import Activation
from actcalc.output.tex import tex
from tests.support.matrix import SETTINGS

WORDS: list[tuple[str, Any]] = [
    (r",\\;(\\mathrm\{else\}\\;)?", " else "),
    (r"\\mathrm\{(\w+(?:\\_\w+)*)\}", lambda name: name[1].replace(r"\_", "_")),
    (r"(alpha|beta)_\{(\w)\}", r"\1_\2"),
    (r"\\left\|", "abs("),
    (r"\\right\|", ")"),
    (r"\\(left|right|frac|;)", lambda word: " " if word[1] == ";" else ""),
    (r"\\(sinh?|cosh?|tanh?)\^\{(\w+)\}", r"powered(\1, \2)"),
    (r"\be\^\{", "exp{"),
    (r"\}\{", ")/("),
    (r"\^\{", "**("),
    (r"\{", "("),
    (r"\}", ")"),
    (r"\\,|\\cdot", "*"),
    (r"\\leq", "<="),
    (r"\\geq", ">="),
    (r"\\varphi", "phi"),
    (r"\\varepsilon", "eps"),
    (r"\\lambda", "lambd"),
    (r"\\(?=\w)", ""),
]
"""Tokens of TeX and the equivalent Python."""
NAMES: dict[str, Any] = {
    **{name: getattr(math, name) for name in ("sin", "cos", "tanh", "cosh", "log", "sqrt", "exp", "erf")},
    "max": max,
    "min": min,
    "abs": abs,
    "pi": math.pi,
    "Phi": lambda x: (1 + math.erf(x / math.sqrt(2))) / 2,
    "phi": lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi),
    "powered": lambda function, power: lambda x: function(x) ** power,
}


def read_back(text: str) -> str:
    """Translate a TeX formula to a Python expression."""
    for pattern, instead in WORDS:
        text = re.sub(pattern, instead, text)
    return text


@pytest.mark.parametrize("activation", SETTINGS, ids=Activation.describe)
def test_values_stay(activation: Activation) -> None:
    chance = random.Random(activation.describe())
    parameters = {name: float(value) for name, value in activation.parameters.items()}
    for text in (activation.textbook_g, activation.textbook_dg):
        found = tex(text)
        assert found is not None
        again = read_back(found)
        for _ in range(8):
            names = {**NAMES, **parameters, "z": chance.uniform(-4, 4)}
            right = eval(text, {"__builtins__": {}, **names})
            assert math.isclose(eval(again, {"__builtins__": {}, **names}), right, abs_tol=1e-12), again


@pytest.mark.parametrize("activation", SETTINGS[::3], ids=Activation.describe)
def test_matplotlib_reads_it(activation: Activation) -> None:
    mathtext = pytest.importorskip("matplotlib.mathtext")
    for text in (activation.g_text, activation.dg_text):
        mathtext.MathTextParser("path").parse(f"${tex(text)}$")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exp(-z)/(1 + exp(-z))**2", r"\frac{e^{-z}}{\left(1 + e^{-z}\right)^{2}}"),
        ("a - (b - c) - d", r"a - \left(b - c\right) - d"),
        ("a + -b", r"a + \left(-b\right)"),
        ("2*3*z", r"2 \cdot 3\,z"),
        ("(a/b)**2", r"\left(\frac{a}{b}\right)^{2}"),
        ("-z**2", r"-z^{2}"),
        ("(-z)**2", r"\left(-z\right)^{2}"),
        ("max(0, z)**2", r"\max\left(0, z\right)^{2}"),
        (
            "z if z > 0 and z != 2 else -z",
            r"z\;\mathrm{if}\;z > 0\;\mathrm{and}\;z \neq 2,\;\mathrm{else}\;-z",
        ),
        ("not z >= 1 or z < 0", r"\mathrm{not}\;z \geq 1\;\mathrm{or}\;z < 0"),
        ("z*s, s = 1/z", r"z\,s,\quad s = \frac{1}{z}"),
        ("1 if z == 0 else 0", r"1\;\mathrm{if}\;z = 0,\;\mathrm{else}\;0"),
        ("max_value", r"\mathrm{max\_value}"),
        # not a formula in Python
        ("2z", None),
        ("elu(alpha=2)", None),
        ("z.real", None),
        ("'text'", None),
        ("|z|", None),
    ],
)
def test_texts(text: str, expected: str | None) -> None:
    assert tex(text) == expected
