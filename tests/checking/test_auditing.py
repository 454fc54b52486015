"""Audits, points and bit patterns in the library."""

import json
from fractions import Fraction
from typing import Any, assert_type

import numpy as np
import numpy.typing as npt
import pytest

import actcalc
from actcalc.testing import assert_max_ulp
from tests.support.command import actcalc as command

Array = Any


def leaky(z: Array, slope: float = 0.5) -> Array:
    return np.where(z > 0, z, z * z.dtype.type(slope))


def leaky_slope(z: Array, slope: float = 0.5) -> Array:
    return np.where(z > 0, 1, slope).astype(z.dtype)


def test_a_row_for_each_activation_dtype_and_quantity() -> None:
    rows = actcalc.audit(
        [leaky, np.abs], ["leaky_relu", "relu"], of="g", dtype=["float16", "float32"], points=9
    )
    found = [(row.target, row.activation, row.dtype) for row in rows]
    own = f"{leaky.__module__}:leaky"
    expected = [
        (target, name, dtype)
        for name in ("leaky_relu", "relu")
        for dtype in ("float16", "float32")
        for target in (own, "numpy:absolute")
    ]
    assert found == expected
    assert not any(row.passed for row in rows)


def test_parameters_are_those_of_one_activation_and_of_the_function() -> None:
    rows = actcalc.audit(leaky, "leaky_relu", slope=leaky_slope, dtype="float16", negative_slope="0.25")
    assert [(row.of, row.passed) for row in rows] == [("g", True), ("dg", True)]
    assert rows[0].parameters == {"slope": "0.25"}
    (row,) = actcalc.audit(
        leaky, actcalc.activation("leaky_relu", slope=0.5), of="g", dtype="float16", worst=2
    )
    assert (row.passed, len(row.worst)) == (True, 2)


def test_a_dictionary_equals_the_output_of_the_command_line(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dictionary_kernels.py").write_text("import numpy as np\n\ndef half(z):\n    return z / 2\n")
    monkeypatch.chdir(tmp_path)
    (row,) = actcalc.audit("dictionary_kernels:half", "relu", of="g", dtype="float16")
    done = command(
        ["audit", "dictionary_kernels:half", "relu", "--of", "g", "--dtype", "float16", "-f", "json", "-q"]
    )
    assert json.loads(done.out)["rows"] == [json.loads(json.dumps(row.to_dict()))]
    (tmp_path / "pairs.csv").write_text("z,g\n1,0.5\n-1,-0.25\n")
    done = command(["check", "relu", "pairs.csv", "--of", "g", "--dtype", "float16", "-f", "json", "-q"])
    found = actcalc.check("relu", [1.0, -1.0], [0.5, -0.25], of="g", dtype="float16").to_dict()
    assert {**json.loads(done.out), "file": None} == json.loads(json.dumps(found))


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ([leaky], {}, "no activation is given for the function"),
        ([leaky, ["elu", "celu"]], {"alpha": 2}, "parameters need exactly one activation"),
        ([leaky], {"alpha": 2}, "parameters need exactly one activation"),
        ([leaky, "elu"], {"arrays": "cupy"}, "arrays must be numpy, torch"),
        ([leaky, "elu"], {"dtype": "int8"}, "int8"),
        ([leaky, "elu"], {"points": 1}, "points must be at least 2"),
        (["troch", "elu"], {}, "no such target 'troch'"),
        ([leaky, "eluu"], {}, "unknown activation 'eluu'"),
    ],
)
def test_nonsense_is_refused(arguments: Any, options: Any, message: str) -> None:
    with pytest.raises(actcalc.ActcalcError, match=message):
        actcalc.audit(*arguments, **options)


def test_points_are_those_that_an_audit_looks_at() -> None:
    seen: list[Array] = []

    def identity(z: Array) -> Array:
        seen.append(z)
        return z

    actcalc.audit(identity, "gelu", of="g", dtype="float32", points=100)
    z = actcalc.points("gelu", "float32", 100)
    assert z.dtype == np.float32
    assert any(len(some) == len(z) and (some == z).all() for some in seen)
    assert len(actcalc.points("gelu", "bfloat16")) == 2 * (0xFF << 7)  # all finite patterns
    assert len(actcalc.points("elu", "float64", 100, alpha=2)) > 100


def test_bit_patterns_are_values_of_the_format_that_is_named() -> None:
    bits = np.array([0x3F80, 0xBF80, 0x0001], np.uint16)  # in bfloat16: 1, -1, the smallest subnormal
    assert_max_ulp("relu", bits, np.array([0x3F80, 0, 1], np.uint16), of="g", dtype="bfloat16", max_ulp=0.5)
    assert_max_ulp("identity", np.array([0x3C00], np.uint16), [1.0], of="g", dtype="float16", max_ulp=0)
    with pytest.raises(AssertionError, match="FAILED"):
        assert_max_ulp("relu", bits, bits, of="g", dtype="bfloat16")
    with pytest.raises(actcalc.ActcalcError, match="uint16: bit patterns") as caught:
        assert_max_ulp("relu", bits, bits, of="g")
    assert str(caught.value.hint) == "give dtype='bfloat16' or float16"
    wide = np.array([1.5], np.float32).view(np.uint32)
    assert_max_ulp("relu", wide, wide, of="g", dtype="float32", max_ulp=0)
    # Other integers are numbers, as before.
    assert actcalc.check("relu", np.array([2], np.uint8), [2.0], of="g", dtype="float16").passed


def test_types_of_results() -> None:
    """Assertions for mypy about return types, which do nothing at run time."""
    f = actcalc.activation("tanh")
    for number in (f.g(0.5), f.dg("1/2"), f.derivative(Fraction(1, 2), 2), f.dg_from_a(0)):
        assert_type(number, float)
        assert isinstance(number, float)
    z = np.array([0.5], np.float32)
    assert_type(f.g(z), npt.NDArray[np.float32])
    assert f.g(z).dtype == np.float32
    assert_type(f.dg([1, 2]), npt.NDArray[Any])
