"""Emitted source files as a whole: choice of form, names, headers, formulas as written."""

import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from actcalc import activation
from actcalc._version import __version__
from actcalc.activations.declaration import Quantity
from actcalc.arithmetic.stable import stable
from actcalc.catalogue.custom import FormulaActivation
from actcalc.code import source
from actcalc.code.candidates import best, in_numpy, routines
from actcalc.code.language import LANGUAGES
from actcalc.code.measured import Function, audit_points
from actcalc.errors import ActcalcError
from actcalc.numbers.floats import FLOAT64
from tests.support.command import actcalc
from tests.support.turns import by_turns


def code(*arguments: str) -> str:
    done = actcalc(["code", *arguments])
    assert (done.status, done.err) == (0, "")
    return done.out


def header(text: str) -> str:
    """The comment at the top, joined into one line."""
    lines = text.splitlines()
    end = next(
        i for i, line in enumerate(lines) if not line.startswith(("//", "#")) or line[:8] == "#include"
    )
    return " ".join(re.sub(r"^(//|#)", "", line).strip() for line in lines[:end])


def run(text: str) -> dict[str, object]:
    """The definitions of a NumPy source text."""
    namespace: dict[str, object] = {}
    exec(text, namespace)
    return namespace


def test_a_header_says_all() -> None:
    text = header(code("sigmoid", "--of", "dg"))
    assert text.startswith("sigmoid_slope(z) = exp(-z)/(1 + exp(-z))**2 sigmoid: Rumelhart")
    assert f"NumPy {np.__version__}" in text
    assert re.search(r"at 20,\d\d\d float32 numbers:", text)
    assert re.search(r"sigmoid_slope: largest error \d\.\d+ ulps at z = -?\d+\.\d+", text)
    assert "-ffast-math" in text
    assert text.endswith(f"Made by actcalc {__version__}: actcalc code sigmoid --of dg")


def test_figures_are_those_of_the_text() -> None:
    """The error in the header agrees with a measurement of the text alone in wider arithmetic."""
    text = code("sigmoid", "--of", "dg", "--lang", "numpy")
    match = re.search(r"largest error (\S+) ulps at z = (\S+)", header(text))
    assert match is not None
    z = np.float32(match[2])
    computed = run(text)["sigmoid_slope"](z)  # type: ignore[operator]
    e = np.exp(-abs(np.longdouble(z)))
    right = e / (1 + e) ** 2
    ulp = np.spacing(np.float32(right))
    assert float(abs(computed - right) / ulp) == pytest.approx(float(match[1]), rel=0.01)


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["gelu", "--lang", "c"], ["float gelu(float z)", "float gelu_slope(float z)"]),
        (["tanh", "--lang", "c"], ["float actcalc_tanh(float z)", "float tanh_slope(float z)"]),
        (["tanh", "--lang", "numpy"], ["def tanh(z)", "def tanh_slope(z)"]),
        (["elu:alpha=2", "--lang", "numpy"], ["def elu(z)", "def elu_slope(z)"]),
        (["z**3 + z", "--lang", "numpy"], ["def g(z)", "def g_slope(z)"]),
        (["relu", "--name", "my_relu", "--lang", "numpy"], ["def my_relu(z)", "def my_relu_slope(z)"]),
    ],
)
def test_names(arguments: list[str], names: list[str]) -> None:
    text = code(*arguments)
    assert all(name in text for name in names)


def test_only_requested_functions() -> None:
    assert "slope" not in code("relu", "--of", "g")
    assert not re.search(r"float relu\(", code("relu", "--of", "dg"))
    assert code("relu", "--of", "dg", "--of", "g").split("Made")[0] == code("relu").split("Made")[0]


def test_the_way_the_issue_has_it() -> None:
    lines = code("sigmoid", "--of", "dg", "--lang", "numpy").splitlines()
    assert lines[-3:] == [
        "def sigmoid_slope(z):",
        "    e = np.exp(-np.abs(z))",
        "    return e / (1 + e) ** 2",
    ]


@pytest.mark.parametrize(
    ("formula", "of", "known"),
    [
        ("1/(1+exp(-z))*(1-1/(1+exp(-z)))", "g", "sigmoid"),
        ("1 - tanh(z)**2", "g", "tanh"),
        ("log(1 + exp(z))", "dg", "sigmoid:g"),
        ("z*sigmoid(1.702*z)", "dg", "quick_gelu"),
    ],
)
def test_recognised_formulas_are_printed_from_the_catalogue(formula: str, of: str, known: str) -> None:
    """The code is the catalogue's except for its name, and the header says which function it is."""
    name, _, quantity = known.partition(":")
    text = code(formula, "--of", of, "--lang", "numpy")
    assert f"which is {'' if quantity else 'the slope of '}{name}, proved in symbols" in header(text)
    expected = code(name, "--of", quantity or "dg", "--lang", "numpy")

    def body(text: str) -> str:
        return re.sub(r"(?<=def )\w+", "f", text[text.index("import numpy") :])

    assert body(text) == body(expected)


FORMULAS = [
    *("z*exp(-z**2/2)", "abs(z - 1)", "max(z, 0)*min(z, 3)", "z if z > 1 else z**2", "sin(z)/z"),
    *("asinh(z)", "sinh(z)", "cosh(z)", "log10(z**2 + 1)", "2**z", "z**3 - 2*z", "abs(z)**1.5"),
    *("0 if z < -1 or z > 1 else 1 - z**2", "z if not z < 0 and z < 2 else 1", "atan(z)*log2(3 + sin(z))"),
    *("sqrt(1 + z**2) - 1", "z**2 if z != 1 else 1", "erf(z) + erfc(z/2)", "tan(z/4)", "e**z + pi"),
]


NUMPY = {
    **{name: getattr(math, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh")},
    **{name: getattr(math, name) for name in ("log2", "log10", "pi", "e", "asinh", "atan", "erf", "erfc")},
    "max": max,
    "min": min,
    "abs": abs,
}


def written(formula: str, of: Quantity) -> list[Function]:
    """All forms of a formula or its slope, run by NumPy in float64."""
    f = activation(formula)
    assert isinstance(f, FormulaActivation)
    tree = stable(f.tree if of == "g" else f.slopes[0])
    forms = [in_numpy({of: one}, FLOAT64, FLOAT64)[of] for one in routines(f, of, tree, FLOAT64)]
    assert forms
    return forms


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas_agree_with_python(formula: str) -> None:
    """Values agree with Python's own reading of the text in float64, slopes with differences of it."""

    def value(z: float) -> float:
        return float(eval(formula, {**NUMPY, "z": z}))

    for g in written(formula, "g"):
        for z in (-3.25, -1.5, -1.0, -0.375, 0.3125, 1.0, 1.75, 2.5, 4.0):
            assert g(np.array([z]))[0] == pytest.approx(value(z), rel=1e-12, abs=1e-15)
    for dg in written(formula, "dg"):
        for z in (-3.25, -1.5, -0.375, 0.3125, 1.75, 2.5):
            slope = (value(z + 1e-5) - value(z - 1e-5)) / 2e-5
            assert dg(np.array([z]))[0] == pytest.approx(slope, rel=1e-6, abs=1e-8)


def test_a_formula_is_written_so_that_less_cancels() -> None:
    text = header(code("exp(z) - 1 + z**2", "--of", "g"))
    assert "written as expm1(z) + z**2" in text


def test_losses_of_digits_are_named() -> None:
    text = header(code("tanh(z) - 1", "--of", "g"))
    assert "tanh(z) - 1 loses digits from z = 2.1 on: cancellation" in text
    assert "loses digits" not in header(code("z**3 - z", "--of", "g"))


def test_a_formula_without_values() -> None:
    done = actcalc(["code", "1/(z-z)"])
    assert (done.status, done.out) == (2, "")
    assert done.err == "actcalc: formula '1/(z-z)' has no value at any float32 number that was tried\n"


def test_files_are_whole_and_their_suffix_chooses(tmp_path: Path) -> None:
    for suffix, language in ((".c", "c"), (".cu", "cuda"), (".rs", "rust"), (".h", "c")):
        path = tmp_path / f"relu{suffix}"
        assert code("relu", "-o", str(path)) == ""
        body = path.read_text(encoding="utf-8").partition("Made by")[2].partition("\n")[2]
        assert body == code("relu", "--lang", language).partition("Made by")[2].partition("\n")[2]
    before = path.read_text(encoding="utf-8")
    assert actcalc(["code", "relu", "--dtype", "int3", "-o", str(path)]).status == 2
    assert path.read_text(encoding="utf-8") == before
    python = tmp_path / "relu.py"
    assert actcalc(["code", "relu", "-o", str(python)]).status == 2
    assert not python.exists()


def test_computed_in_a_wider_format() -> None:
    """float32 results computed in float64 are correctly rounded almost everywhere."""
    text = code("gelu", "--of", "dg", "--compute", "float64", "--lang", "numpy")
    assert "z and results are float32; computed in float64, and rounded once." in header(text)
    assert re.search(
        r"gelu_slope: (all results are correctly rounded|largest error 0.50?\d? ulp )", header(text)
    )


def test_the_library_takes_names_and_activations() -> None:
    assert source(activation("relu"), "g", "numpy") == source("relu", ["g"], "numpy")
    with pytest.raises(ActcalcError, match=r"^of d2g is not supported"):
        source("relu", "d2g")
    with pytest.raises(ActcalcError, match=r"^lang must be c, cuda"):
        source("relu", lang="basic")


@pytest.mark.parametrize(
    ("language", "dtype"), by_turns(LANGUAGES, ["float64", "float32", "float16", "bfloat16"])
)
def test_every_language_and_format(language: str, dtype: str) -> None:
    text = code("softplus", "--lang", language, "--dtype", dtype)
    assert f"actcalc code softplus --lang {language}" in header(text)
    assert "softplus_slope" in text


def test_float64_is_measured_to_fractions_of_an_ulp() -> None:
    f = activation("sigmoid")
    found = best(f, "dg", FLOAT64, FLOAT64, audit_points(f, FLOAT64)).measurement
    assert 0.5 < found.largest.ulps < 6


def test_nothing_is_imported_that_is_not_needed() -> None:
    """The help of the command does not import NumPy."""
    program = "import sys; import actcalc.cli.code; assert 'numpy' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_infinities_and_nan_are_told_where_they_are_wrong() -> None:
    text = header(code("snake"))
    assert "snake(-inf) is nan, where the limit is -inf" in text
    assert "snake_slope(" not in text.partition("Errors")[2].partition("snake_slope: ")[2]
    assert "relu_slope(nan) is 1.0" in header(code("relu")) or "(nan)" not in header(code("relu"))
