"""The public library: activation(), g, dg and dg_from_a."""

import decimal
import html
import math
import pickle
import pydoc
import re
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import actcalc
from actcalc import ActcalcError
from actcalc.activations.activation import Real
from actcalc.activations.kinks import AT_KINK
from actcalc.arithmetic import interval
from actcalc.cli.help import pages
from actcalc.numbers.numerals import Exact
from tests.support.matrix import setting
from tests.support.oracle import same


def test_the_example_of_the_documentation() -> None:
    f = actcalc.activation("leaky_relu", slope="0.2")
    assert f.g(-3.0) == -0.6
    assert f.dg(-3.0, at_kink="least") == 0.2
    assert f.dg(0, at_kink="right") == 1.0
    assert f.dg_from_a(0.6) == 1.0
    assert f.describe() == "leaky_relu(slope=0.2)"


@pytest.mark.parametrize("slope", ["1/3", Fraction(1, 3)])
def test_parameters_are_exact_as_written(slope: Exact) -> None:
    f = actcalc.activation("leaky_relu", slope=slope)
    assert f.g(-3) == -1.0
    assert f.g(-0.3) == -0.3 / 3


@pytest.mark.parametrize(
    ("z", "value"),
    [
        (0.1, 0.1),
        ("0.1", 0.1),
        (Fraction(1, 10), 0.1),
        (Decimal("0.1"), 0.1),
        (7, 7.0),
        (10**400, math.inf),
        (-(10**400), -math.inf),
        (Fraction(-1, 10**400), -0.0),
        ("-1e-999999999", -0.0),
        (Decimal("-1e-999999"), -0.0),
        ("\u22122.5", -2.5),
        ("0x1p-3", 0.125),
        ("-Infinity", -math.inf),
        ("nan", math.nan),
        (Decimal("NaN"), math.nan),
        (Decimal("-Infinity"), -math.inf),
        (math.inf, math.inf),
        (True, 1.0),
    ],
)
def test_z_as_it_may_be_written(z: Real, value: float) -> None:
    assert same(actcalc.activation("identity").g(z), value)


@pytest.mark.parametrize("z", [None, 1j, b"1", {1.0}])
def test_z_that_are_not_numbers(z: object) -> None:
    with pytest.raises(ActcalcError, match=type(z).__name__):
        actcalc.activation("relu").g(z)


@pytest.mark.parametrize(
    ("z", "dtype", "value"),
    [
        ("0.1", "float16", 0.0999755859375),
        (0.1, "bfloat16", 0.10009765625),
        ("16777217", "float32", 16777216.0),
        ("1.00048828125000000001", "float16", 1.0009765625),
        (Fraction(2049), "float16", 2048.0),
        (1e308, "float32", math.inf),
        (sys.float_info.max, "float32", math.inf),
        (-sys.float_info.max, "bfloat16", -math.inf),
        (-5e-324, "float32", -0.0),
    ],
)
def test_z_is_rounded_to_the_format_first(z: Real, dtype: str, value: float) -> None:
    assert same(actcalc.activation("identity").g(z, dtype=dtype), value)
    tanh = actcalc.activation("tanh")
    assert same(tanh.g(z, dtype=dtype), tanh.g(value, dtype=dtype))


def test_results_are_rounded_once() -> None:
    f = actcalc.activation("sigmoid")
    assert f.g(10, dtype="float32") == 0.9999545812606812
    assert f.dg(10, dtype="float16") == 4.5418739318847656e-05
    assert f.dg(10, dtype="bfloat16") == 4.5299530029296875e-05
    assert f.dg(10) == 4.5395807735951673e-05


def test_errors_are_value_errors() -> None:
    assert issubclass(ActcalcError, ValueError)
    f = actcalc.activation("tanh")
    with pytest.raises(ActcalcError, match="float64, float32, float16, bfloat16"):
        f.g(1, dtype="float8")
    with pytest.raises(ActcalcError, match="not a number"):
        f.g("1_0")
    with pytest.raises(ActcalcError, match="outside the range of 'tanh'"):
        f.dg_from_a(1.5)


def test_limits_do_not_depend_on_how_far_parameters_stretch() -> None:
    swish, softplus = (actcalc.activation(name, beta="1e-5500") for name in ("swish", "softplus"))
    assert same(swish.g(-math.inf), -0.0)
    assert same(swish.dg(-math.inf), -0.0)
    assert same(softplus.g(-math.inf), 0.0)
    assert same(softplus.dg(-math.inf), 0.0)
    assert same(actcalc.activation("hardshrink", lambd="1e-5500").g(-0.0), 0.0)


def test_the_callers_decimal_context_does_not_matter() -> None:
    def values() -> list[float]:
        interval._at_digits.clear()
        names = ("gelu", "tanh", "tanhshrink", "logcosh", "softplus(beta=1/3)")
        return [setting(name).g_float(z) for name in names for z in (-5.0, -1e-9, 0.3, 1.7, 20.0)]

    right = values()
    with decimal.localcontext(decimal.Context(prec=3, rounding=decimal.ROUND_UP)):
        assert values() == right
        assert actcalc.numbers.floats.FLOAT32.text(3895548.75) == "3895548.8"


def test_import_is_cheap() -> None:
    code = "import sys, actcalc; actcalc.names(); print(*sorted(sys.modules))"
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "actcalc.catalogue" in loaded
    assert not {"numpy", "typer", "tabulate", "rich"} & set(loaded)


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.float16, ml_dtypes.bfloat16, np.int64])
def test_a_scalar_of_numpy_gives_one(kind: Any) -> None:
    f = actcalc.activation("tanh")
    is_float = kind is not np.int64
    for z, given in ((kind(1), {}), (kind(0), {"at_kink": "left"})):
        for result in (f.g(z), f.dg(z, **given), f.derivative(z, 2), f.dg_from_a(z)):
            assert type(result) is (kind if is_float else np.float64)
        assert f.dg(z) == f.dg(np.array([z]))[0]
    assert type(f.g(np.float64(1), dtype="float32")) is float  # a float with a dtype
    assert isinstance(f.g(np.array(1.0)), np.ndarray)
    assert type(f.g(1.0)) is float


def test_lists_become_arrays() -> None:
    f = actcalc.activation("tanh")
    for z in ([0, 1.5], (0, 1.5), [[0.0], [1.5]], []):
        result = f.g(z)
        assert (result.dtype, result.shape) == (np.dtype(np.float64), np.shape(z))
        assert result.tolist() == f.g(np.array(z, float)).tolist()
    for refused in (["a"], [None]):
        with pytest.raises(ActcalcError, match="must hold"):
            f.g(refused)


def test_other_names_of_formats() -> None:
    f = actcalc.activation("tanh")
    for names in (
        ("double", "fp64"),
        ("float32", "single", "fp32", "FP32"),
        ("half", "float16"),
        ("bf16", "bfloat16"),
    ):
        assert len({f.g(1, dtype=name) for name in names}) == 1


def test_the_interface_is_complete() -> None:
    assert sorted(dir(actcalc)) == sorted(actcalc.__all__)


def test_public_attributes() -> None:
    """The public attributes can be called and are listed, explained, and shown in notebooks."""
    f = actcalc.activation("relu")
    assert (f(-1), f(2.5), f(np.array([-1.0, 2.0])).tolist()) == (0.0, 2.5, [0.0, 2.0])
    assert f(1 / 3, dtype="float16") == float(np.float16(1 / 3))
    assert {"g", "dg", "derivative", "dg_from_a", "name", "kinks", "range", "parameters"} <= {*dir(f)}
    assert all(hasattr(f, name) and not name.startswith("_") for name in dir(f))
    assert "range" not in dir(actcalc.activation("z*tanh(z)"))  # unknown for formulas
    told = pages()["library"]
    assert all(f"`{name}`" in told or f"`{name}()`" in told for name in dir(f))
    documented = pydoc.plain(pydoc.render_doc(f.dg))
    assert all(rule in documented for rule in AT_KINK)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        (
            "relu",
            ["g(z)max(0, z)", "g'(z)1 if z > 0 else 0", "range of g[0, inf)", "kinksz = 0"],
        ),
        ("sigmoid", ["g(z)1/(1 + exp(-z))", "g'(z)", "range of g(0, 1)", "kinksnone"]),
        ("z*2", ["g(z)z*2", "g'(z)2"]),
    ],
)
def test_notebooks(name: str, rows: list[str]) -> None:
    page = actcalc.activation(name)._repr_html_()
    assert page.startswith(f"<p>{name}</p>\n\n<table>")
    cells = [html.unescape(re.sub("<[^>]*>| *(?=<)", "", row)) for row in re.findall("<tr>(.*)</tr>", page)]
    assert cells[0] == "factvalue"
    assert len(cells) == len(rows) + 1
    assert all(cell.startswith(row) for cell, row in zip(cells[1:], rows, strict=True))


def test_notebooks_show_reports() -> None:
    report = actcalc.check("relu", [1.0, 2.0], [1.0, 1.5])
    page = report._repr_html_()
    assert "<table>" in page
    assert html.unescape(page).rstrip().endswith(f"<p>{str(report).splitlines()[-1]}</p>")


def test_an_error_has_its_hint() -> None:
    with pytest.raises(ActcalcError) as caught:
        actcalc.activation("sigmod")
    error = caught.value
    assert error.hint
    assert str(error) == f"{error.line}\nhint: {error.hint}"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    # An error raised from another has one hint, at its end.
    with pytest.raises(ActcalcError) as caught:
        actcalc.activation("leaky_relu", slope="0,2")
    assert str(caught.value).count("hint:") == 1
    assert str(caught.value).endswith("0.2")
    assert str(ActcalcError("no hint")) == "no hint"
