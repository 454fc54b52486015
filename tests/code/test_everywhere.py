"""Errors at all inputs, block by block and at once, by NumPy and by compiled C."""

import re
from pathlib import Path

import numpy as np
import pytest

from actcalc.activations.declaration import Quantity
from actcalc.catalogue.resolution import resolve
from actcalc.code import measured
from actcalc.code.candidates import best, in_numpy
from actcalc.code.emission import source
from actcalc.code.local_c import compiled, compiler
from actcalc.code.measured import Measurement, audit_points, measure, measure_everywhere
from actcalc.errors import InputError
from actcalc.numbers.bit_arrays import from_ordinals
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import BFLOAT16, FLOAT16, FLOAT32, Format
from tests.support.command import actcalc

CC = compiler()
needs_cc = pytest.mark.skipif(CC is None, reason="there is no C compiler")


def naive(z: Array) -> Array:
    """The textbook formula of silu."""
    return np.asarray((z * (1 / (1 + np.exp(-z)))).astype(z.dtype))


@pytest.mark.parametrize(("text", "of"), [("mish", "dg"), ("xielu", "g"), ("1/z", "g")])
def test_blocks_are_as_the_whole(text: str, of: Quantity, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks give the result of the whole, also if an interval or a root's surroundings span two of them."""
    f = resolve(text)
    printed = best(f, of, FLOAT16, FLOAT16, audit_points(f, FLOAT16))
    function = in_numpy({of: printed.routine}, FLOAT16, FLOAT16)[of]
    whole = measure(function, f, of, FLOAT16)
    counts: list[int] = []
    monkeypatch.setattr(measured, "_BLOCK", 20_011)
    found = measure_everywhere(function, f, of, FLOAT16, counts.append)
    assert sum(counts) == 2 * FLOAT16.finite_count
    assert (found.points, found.largest, found.is_right) == (whole.points, whole.largest, whole.is_right)
    assert [one[:4] for one in found.stretches] == [one[:4] for one in whole.stretches]
    for one, other in zip(found.stretches, whole.stretches, strict=True):
        assert one.root == other.root or one.root == pytest.approx(other.root, rel=1e-4)


def test_losses_of_digits_far_out_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured, "_BLOCK", 4099)
    found = measure_everywhere(naive, resolve("silu"), "g", FLOAT16, lambda done: None)
    assert found.largest.ulps > 1
    assert any(one.reason is None and one.low < -11 for one in found.stretches)


@pytest.mark.parametrize("wrong", [60000.0, np.nan])
def test_one_wrong_value_far_out_is_found(wrong: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the ends of a block tell the right values between them."""
    monkeypatch.setattr(measured, "_BLOCK", 997)
    f = resolve("silu")

    def function(z: Array) -> Array:
        right = f.g(z)
        return np.where(z == wrong, np.nextafter(right, right.dtype.type(0)), right)

    found = measure_everywhere(function, f, "g", FLOAT16, lambda done: None)
    assert found.points == 2 * FLOAT16.finite_count
    assert found.is_right == np.isnan(wrong)
    if found.is_right:
        assert found.largest.ulps <= 0.5
    else:
        assert found.largest.z == wrong
        assert found.largest.ulps == pytest.approx(1.0)


@needs_cc
@pytest.mark.parametrize("fmt", [FLOAT32, BFLOAT16], ids=str)
def test_compiled_c_is_measured(fmt: Format) -> None:
    """The compiled functions take and return arrays of the format, and are close to those of NumPy."""
    assert CC is not None
    functions, by = compiled(source("gelu", dtype=fmt.name), {"g": "gelu", "dg": "gelu_slope"}, fmt, CC)
    assert "-O2" in by
    z = from_ordinals(np.arange(0, fmt.finite_count, fmt.finite_count // 1000), fmt).astype(np.float32)
    f = resolve("gelu")
    right = {"g": f.g(z), "dg": f.dg(z)}
    for of, function in functions.items():
        assert function(z).dtype == np.float32
        np.testing.assert_allclose(function(z), right[of], rtol=2.0 ** (2 - fmt.precision), atol=1e-37)


@needs_cc
def test_changed_digits_are_found() -> None:
    """A changed digit of any coefficient shows in the errors, of a polynomial's first ones only just."""
    assert CC is not None
    text, f = source("gelu", "g", dtype="bfloat16"), resolve("gelu")

    def errors(text: str) -> Measurement:
        functions, _ = compiled(text, {"g": "gelu"}, BFLOAT16, CC)
        return measure_everywhere(functions["g"], f, "g", BFLOAT16, lambda done: None)

    right = errors(text)
    assert right.largest.ulps <= 1
    places = [found.start(1) for found in re.finditer(r"\b0\.0*[1-9](\d)\d{4,}(?:e-\d+)?f\b", text)]
    assert len(places) > 8
    found = [errors(f"{text[:k]}{'3' if text[k] == '8' else '8'}{text[k + 1 :]}") for k in places[::2]]
    assert all(one.largest.ulps > right.largest.ulps for one in found)
    assert sum(one.largest.ulps > 1 for one in found) >= 2


@needs_cc
def test_code_that_a_compiler_refuses() -> None:
    assert CC is not None
    with pytest.raises(InputError, match=r"refuses it: .*y"):
        compiled("float f(float z) { return y; }", {"g": "f"}, FLOAT32, CC)


@needs_cc
def test_the_compiler_that_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CC", str(tmp_path / "nothing"))
    assert compiler() in (CC, None) or CC is not None
    monkeypatch.setenv("CC", str(CC))
    assert compiler() == CC


@pytest.mark.parametrize("lang", ["numpy", pytest.param("c", marks=needs_cc)])
def test_a_proved_file(lang: str) -> None:
    done = actcalc(["code", "sigmoid", "--lang", lang, "--dtype", "bfloat16", "--of", "dg", "--prove"])
    assert (done.status, done.err) == (0, "")
    header = " ".join(line.lstrip("/# ") for line in done.out.splitlines()[:12])
    measured_by = "-O2" if lang == "c" else "NumPy"
    assert f"{measured_by}" in header
    assert "at all 65,280 finite bfloat16 numbers: sigmoid_slope: all results are correctly rounded" in header
    assert "--prove" in header
