"""Bit patterns in the formats of memories and C."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.support.command import actcalc

PATTERNS = np.arange(1 << 16, dtype=np.uint16)


def run(command: str) -> str:
    done = actcalc(command.split())
    assert (done.status, done.err) == (0, ""), done.err
    return done.out


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_the_word_at_each_index_is_that_of_its_pattern(dtype: str) -> None:
    comment, *words = run(
        f"table identity --all-values --order-by bits --dtype {dtype} --order 0 -f mem"
    ).splitlines()
    assert comment.startswith(f"// identity_g, bits of {dtype}, ")
    found = np.array([int(word, 16) for word in words], np.uint16)
    exponent, mantissa = {"bfloat16": (0x7F80, 0x7F), "float16": (0x7C00, 0x3FF)}[dtype]
    nan = ((PATTERNS & exponent) == exponent) & ((PATTERNS & mantissa) != 0)
    assert (found[~nan] == PATTERNS[~nan]).all()
    assert ((found[nan] & exponent) == exponent).all()
    assert all(re.fullmatch("[0-9a-f]{4}", word) for word in words)


def test_all_patterns_are_rows_of_a_table() -> None:
    rows = run("table relu --all-values --order-by bits --dtype float16 --order 0 -f csv -q").splitlines()[1:]
    z = PATTERNS.view(np.float16)
    assert len(rows) == 1 << 16
    for i in (0, 1, 0x3C00, 0x7BFF, 0x7C00, 0x7C01, 0x8000, 0xBC00, 0xFC00, 0xFFFF):
        at = float(rows[i].split(",")[0])
        assert np.array_equal([np.float16(at)], [z[i]], equal_nan=True), i
        assert np.signbit(at) == np.signbit(z[i]) or np.isnan(z[i])


def test_each_column_is_an_array_of_c(tmp_path: Path) -> None:
    source = run("table relu elu:alpha=2 --at -1 0.5 2 --dtype float32 -f c -q")
    assert source.count("static const uint32_t ") == 5
    assert "static const uint32_t elu_alpha_2_dg[3] = {" in source
    words = re.search(r"relu_g\[3\] = \{\s*([^}]*?)\s*\}", source)
    assert words is not None
    values = np.array([int(word, 16) for word in words[1].split(",")], np.uint32).view(np.float32)
    assert values.tolist() == [0, 0.5, 2]
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no compiler of C")
    (tmp_path / "arrays.c").write_text(source + "\nint main(void) { return relu_g[2] != 0x40000000; }\n")
    command = [compiler, "-std=c99", "-o", "arrays", "arrays.c"]
    subprocess.run(command, cwd=tmp_path, check=True)
    subprocess.run([str(tmp_path / "arrays")], check=True)


def test_results_of_a_filter_are_words() -> None:
    assert run("eval identity 1 -2 --dtype float32 -f mem").splitlines()[1:] == ["3f800000", "c0000000"]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("table tanh --at 0 --order 1 -f mem", "mem holds one column, not 2"),
        ("table tanh --order-by bits", "--order-by needs --all-values"),
        (
            "table tanh --all-values --dtype bf16 --order-by size",
            "--order-by must be value or bits, not 'size'",
        ),
        (
            "table tanh --all-values --order-by bits --dtype bf16 --out-dtype q0.15",
            "--order-by: bits of NaN have no value in q0.15\nhint: choose --order-by value",
        ),
        ("table tanh --at 0 -f c --digits 3", "--digits and c cannot be used together"),
        ("audit kernels:f tanh -o rows.mem", "an audit cannot be written as mem"),
    ],
)
def test_formats_without_words_are_refused(command: str, message: str) -> None:
    done = actcalc(command.split())
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(f"actcalc: {message}\n")
