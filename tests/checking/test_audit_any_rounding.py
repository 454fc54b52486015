"""Audits of functions that return another format than they take, or codes, with any rounding."""

import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actcalc
from tests.checking.test_any_rounding import EXACT, made_in
from tests.support.command import actcalc as run
from tests.support.roundings import target

SOURCE = """
import numpy as np, ml_dtypes

def int8(q):
    assert q.dtype == np.int8
    z = np.float32(0.1) * (q.astype(np.float32) - 3)
    return (np.clip(np.floor(256 / (1 + np.exp(-z)) + 0.5), 0, 255) - 128).astype(np.int8)

def off(q):
    return np.where(q == 40, int8(q) - 2, int8(q))

def floats(q):
    return int8(q).astype(np.float32)

def truncated(z):
    upper = np.tanh(z.astype(np.float64)).astype(np.float32).view("u4") >> 16
    return upper.astype("u2").view(ml_dtypes.bfloat16)

def fp8(z):
    with np.errstate(over="ignore"):
        return np.minimum(np.exp(z.astype(np.float64)), 448).astype(ml_dtypes.float8_e4m3fn)

def same(z):
    return z
"""

INTEGERS = "--dtype s8:0.1,3 --out-dtype s8:1/256,-128"


@pytest.fixture(autouse=True)
def _module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "any_kernels.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))


def audited(command: str) -> tuple[int, dict[str, Any]]:
    """The exit status, and the row from the JSON output."""
    done = run(["audit", *command.split(), "--of", "g", "-f", "json", "-q"])
    (row,) = json.loads(done.out)["rows"]
    return done.status, row


def test_a_kernel_of_integers() -> None:
    """All codes are right for float32; an error of two codes is reported as two."""
    status, row = audited(f"any_kernels:int8 sigmoid {INTEGERS} --max-ulp 0.5")
    assert (status, row["points"], row["correctly_rounded"], row["verdict"]) == (0, 256, 256, "right")
    status, row = audited(f"any_kernels:off sigmoid {INTEGERS}")
    right = target("s8:1/256,-128").round(exact := EXACT["sigmoid"](Fraction(37, 10)))
    assert (status, row["at_z"], row["got"], row["right"]) == (1, 40, right - 2, right)
    assert row["largest_error"] == pytest.approx(float(exact * 256 - 128 - right + 2), rel=1e-5)
    assert row["message"].startswith(
        f"off by more than 1 code (1): {right - 2:.0f} at z = 40, not {right:.0f} ("
    )
    assert (row["dtype"], row["out_dtype"], row["dtype_returned"]) == (
        *("s8:0.1,3", "s8:1/256,-128", "s8:1/256,-128"),
    )


def test_floats_are_not_codes() -> None:
    status, row = audited(f"any_kernels:floats sigmoid {INTEGERS}")
    assert (status, row["correctly_rounded"], row["dtype_returned"]) == (1, 256, "float32")
    assert row["message"] == "returns float32 for s8:0.1,3, not s8:1/256,-128"


def test_a_kernel_that_truncates() -> None:
    """With its own rounding few are wrong, where float32 was rounded up to bfloat16; to nearest, half are."""
    both = "any_kernels:truncated tanh --dtype float16 --out-dtype bfloat16 --from 0.01 --to 4"
    status, row = audited(f"{both} --rounding zero")
    z = actcalc.points("tanh", "float16")
    z = z[(z >= 0.01) & (z <= 4)]
    kernel = (np.tanh(z.astype(float)).astype(np.float32).view("u4") & 0xFFFF0000).view(np.float32)
    exact = [EXACT["tanh"](Fraction(float(x))) for x in z]
    for direction, found in (("zero", row), ("nearest", audited(both)[1])):
        to = target("bfloat16", direction)
        right = sum(to.round(x) == got for x, got in zip(exact, kernel.tolist(), strict=True))
        assert (found["points"], found["correctly_rounded"], found["faithful"]) == (len(z), right, len(z))
    assert status == 0
    assert row["correctly_rounded"] > 0.99 * len(z)


def test_an_epilogue_in_fp8() -> None:
    """With saturation it is right; without, it has numbers where NaN is right."""
    both = "any_kernels:fp8 exponential --dtype float16 --out-dtype e4m3fn"
    status, row = audited(f"{both} --overflow saturate")
    assert (status, row["correctly_rounded"], row["overflow"]) == (0, row["points"], "saturate")
    assert row["limits"] == []
    status, row = audited(both)
    z = actcalc.points("exponential", "float16").astype(float)
    assert (status, row["finite_where_not"]) == (1, int(np.count_nonzero(z > math.log(464))))


def test_wide_integers_and_their_ends() -> None:
    status, row = audited("any_kernels:same identity --dtype q15.16 --points 1000")
    assert (status, row["correctly_rounded"]) == (0, row["points"])
    z = actcalc.points("identity", "q15.16", count=1000)
    assert (z.dtype.name, z[0], z[-1]) == ("int32", -(2**31), 2**31 - 1)
    assert {-(2**31), -1, 0, 1, 2**31 - 1} <= {*z.tolist()}
    status, row = audited("any_kernels:same relu --dtype q3.4 --from -0.1 --to 1/2")
    assert (status, row["points"], row["correctly_rounded"]) == (0, 10, 9)
    assert row["kink"] is None


def test_a_journal_and_a_baseline_of_integers(tmp_path: Path) -> None:
    command = ["audit", "any_kernels:off", "sigmoid", *INTEGERS.split(), "--of", "g"]
    every = ["--all-values", "--workers", "1", "--resume", "journal"]
    first = run([*command, *every, "-f", "json", "-o", "before.json"])
    again = run([*command, *every, "-f", "json"])
    merged = run(["audit", "--merge", "journal", "-f", "json"])
    assert (first.status, again.status, merged.status) == (1, 1, 1)
    rows = [json.loads(text)["rows"] for text in (Path("before.json").read_text(), again.out, merged.out)]
    assert rows[0] == rows[1] == rows[2]
    assert (rows[0][0]["points"], rows[0][0]["correctly_rounded"]) == (256, 255)
    other = run([*command, *every, "--rounding", "zero"])
    assert "is the journal of another audit" in other.err
    assert run([*command, "--baseline", "before.json", "-q"]).status == 0
    better = f"any_kernels:int8 sigmoid {INTEGERS} --baseline before.json"
    assert audited(better)[1]["message"].startswith("better: 0.496069 ulps, was 1.82348; ")
    text = Path("before.json").read_text().replace('"out_dtype": "s8:1/256,-128"', '"out_dtype": "s8"')
    Path("bad.json").write_text(text)
    bad = run([*command, "--baseline", "bad.json"])
    assert bad.err.startswith("actcalc: 'bad.json': row 1, out_dtype is '\"s8\"'")


def test_the_library() -> None:
    codes, values = made_in(np.float32, "0.1", 3)
    table = dict(zip(codes.tolist(), values.tolist(), strict=True))

    def look_up(q: Any) -> Any:
        return np.array([table[x] for x in q.tolist()], np.int16)

    both: dict[str, Any] = {"of": "g", "dtype": "s8:0.1,3", "out_dtype": "s8:1/256,-128"}
    (row,) = actcalc.audit(look_up, "sigmoid", **both, max_ulp="0.5")
    assert (row.passed, row.verdict, row.points) == (True, "right", 256)
    with pytest.raises(actcalc.ActcalcError, match="overflow: s8:1/256,-128 has neither NaN nor infinities"):
        actcalc.audit(look_up, "sigmoid", **both, overflow="nan")


def test_slopes_at_codes_are_given() -> None:
    (row,) = actcalc.audit(lambda z: z, "identity", of="dg", dtype="q3.4", slope=lambda z: z * 0 + 16)
    assert (row.passed, row.correctly_rounded) == (True, 256)
    assert actcalc.audit(lambda z: z, "identity", of="dg", dtype="q3.4") == []
