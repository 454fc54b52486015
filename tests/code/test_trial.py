"""Tests that are printed along with functions in working precision: they pass, and find what is changed."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from actcalc import activation
from actcalc.code import source
from actcalc.code.local_c import compiler
from actcalc.numbers.float_arrays import round_array
from actcalc.numbers.floats import FORMATS
from tests.support import toolchains

CC = compiler()
needs_cc = pytest.mark.skipif(CC is None, reason="there is no C compiler")


def status_in_c(text: str, folder: Path) -> int:
    """The status of a text's own test."""
    path, program = folder / "code.c", folder / "code"
    path.write_text(text, encoding="utf-8")
    flags = ["-O1", "-Wall", "-Wextra", "-Werror", "-DTEST"]
    toolchains._compiled([str(CC), *flags, "-o", str(program), str(path), "-lm"])
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert bool(done.stdout) == bool(done.returncode)
    return done.returncode


@needs_cc
@pytest.mark.parametrize(
    ("name", "dtype"),
    [("silu", "float64"), ("silu", "float16"), ("silu", "bfloat16"), ("1/z", "float32")],
)
def test_it_passes_in_c(name: str, dtype: str, tmp_path: Path) -> None:
    assert status_in_c(source(name, dtype=dtype, test=True), tmp_path) == 0


@needs_cc
def test_a_changed_digit_is_found_in_c(tmp_path: Path) -> None:
    text = source("gelu", "dg", test=True)
    assert text.count("0.46221125f") == 1
    for changed, status in ((text, 0), (text.replace("0.46221125f", "0.46222125f"), 1)):
        assert status_in_c(changed, tmp_path) == status


@pytest.mark.parametrize("name", ["gelu", "situ"])
def test_changed_digits_are_found(name: str) -> None:
    """The first digit of each constant, but of bounds, and of what is less than the error allowed."""
    text = source(name, "dg", "numpy", test=True)
    end = text.index("def assert_near")
    unfound = []
    for constant in re.finditer(r"(?<![\w.])[\d.]*[1-9][\d.]*(e-\d+)?(?!\w)", text[:end]):
        line = text[text.rfind("\n", 0, constant.start()) + 1 : text.index("\n", constant.end())]
        is_small = "rest" in line or re.search(r"e-0[89]$", constant[0])
        if line.lstrip().startswith("#") or "np.minimum" in line or is_small:
            continue
        digit = re.search("[1-9]", constant[0])
        assert digit is not None
        place = constant.start() + digit.start()
        other = "7" if text[place] != "7" else "3"
        names: dict[str, Callable[[], None]] = {}
        exec(text[:place] + other + text[place + 1 :], names)
        try:
            names["test"]()
            unfound.append((constant[0], line.strip()))
        except (AssertionError, AttributeError):  # a function of NumPy that is none: log1p
            pass
    assert unfound == []


def test_in_numpy(tmp_path: Path) -> None:
    text = source("sigmoid", "dg", "numpy", test=True)
    path = tmp_path / "code.py"
    for changed, status in ((text, 0), (text.replace("(1 + e) ** 2", "(1 + e) ** 1.9999"), 1)):
        path.write_text(changed, encoding="utf-8")
        done = subprocess.run([sys.executable, path], capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
        assert ("AssertionError: ('sigmoid_slope'" in done.stderr) == bool(status)


def test_nan_is_not_near(tmp_path: Path) -> None:
    names: dict[str, object] = {}
    exec(source("relu", "g", "numpy", test=True), names)
    names["relu"] = lambda z: np.where(z > 2, np.nan, np.maximum(z, 0))
    with pytest.raises(AssertionError, match="relu"):
        names["test"]()  # type: ignore[operator]


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("language", ["numpy", "c", "cuda", "rust"])
def test_computed_in_float64(language: str, dtype: str, tmp_path: Path) -> None:
    """Arguments and results are of the format, and results are right nearly everywhere."""
    texts = [toolchains.Text(source("silu", "dg", language, dtype, "float64"), ("silu_slope",))]
    z = round_array(np.linspace(-20, 20, 401), FORMATS[dtype])
    found = toolchains.RUNNERS[language](tmp_path)(texts, z, dtype)["silu_slope"]
    right = round_array(activation("silu").dg(z), FORMATS[dtype])
    assert (np.asarray(found, np.float64) == right).mean() > 0.99
