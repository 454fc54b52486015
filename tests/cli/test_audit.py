"""``actcalc audit`` at the command line: targets, formats and exit status."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from actcalc.frameworks.function import FunctionTarget
from tests.cli.test_check import KEYS
from tests.support.command import Done, actcalc
from tests.support.processes import PROGRAM, interruptible, start

SOURCE = """
import numpy as np

def tanh(z):
    return np.tanh(z.astype(np.float64)).astype(z.dtype)

def slope(z):
    a = tanh(z)
    return 1 - a*a

def broken(z):
    return np.where(z < -9, 1, tanh(z)).astype(z.dtype)
"""


@pytest.fixture(autouse=True)
def _module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "planted_kernels.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(FunctionTarget, "short", 61)  # fewer calls
    monkeypatch.syspath_prepend(str(tmp_path))


def run(command: str) -> tuple[int, str, str]:
    done = actcalc(["audit", *command.split(), "--dtype", "float16"])
    return done.status, done.out, done.err


def test_json_has_its_keys() -> None:
    status, out, err = run("planted_kernels:tanh tanh --slope planted_kernels:slope -f json")
    known = json.loads(out)
    assert (status, err.splitlines()[-1].endswith("2 rows: 1 right, 1 broken; 1 fails")) == (1, True)
    assert list(known) == ["actcalc", "target", "versions", "device", "points", "rows"]
    assert known["target"] == "planted_kernels:tanh"
    for row in known["rows"]:
        assert tuple(row) == KEYS
    assert [(row["of"], row["verdict"]) for row in known["rows"]] == [("dg", "broken"), ("g", "right")]


def test_a_file_is_written_when_rows_fail_and_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        assert run(f"planted_kernels:broken tanh -q -o {name}") == (1, "", "")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_csv_has_a_row_each() -> None:
    _, out, _ = run("planted_kernels:tanh tanh relu -f csv -q")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["activation"] for row in rows] == ["relu", "tanh"]
    assert [row["passed"] for row in rows] == ["false", "true"]


def test_markdown_is_ready_for_an_issue() -> None:
    status, out, _ = run("planted_kernels:broken tanh -f markdown")
    assert status == 1
    assert out.startswith("| activation ")
    assert "\n\ntanh g float16: wrong sign (" in out


def test_junit_has_a_case_for_each_row() -> None:
    _, out, _ = run("planted_kernels:broken tanh step -f junit -q")
    suite = ElementTree.fromstring(out)
    assert (suite.get("tests"), suite.get("failures")) == ("2", "2")
    message = suite.findall("testcase/failure")[0].get("message")
    assert message is not None
    assert message.startswith("broken: ")
    _, out, _ = run("planted_kernels:tanh tanh relu -f junit -q")
    cases = ElementTree.fromstring(out).findall("testcase")
    assert [(case.get("classname"), len(case)) for case in cases] == [("relu", 1), ("tanh", 0)]


def test_the_way_out_is_spelled_as_an_option(tmp_path: Path) -> None:
    (tmp_path / "torch_kernels.py").write_text(
        "def relu(z):\n    raise TypeError('must be Tensor, not numpy.ndarray')\n"
    )
    for form in ("json", "table", "junit"):
        assert "it takes arrays of torch: --arrays torch" in run(f"torch_kernels:relu relu -f {form}")[1]


PARAMETERS = """
import numpy as np

def leaky(z, negative_slope=0.5, other=0):
    return np.where(z > 0, z, z * z.dtype.type(negative_slope))

def leaky_slope(z, slope=0.5):
    return np.where(z > 0, 1, slope).astype(z.dtype)

def clip(z, min=-2, max=2):
    return np.clip(z, z.dtype.type(min), z.dtype.type(max))
"""


def test_parameters_that_are_given_are_handed_to_a_function_that_has_them(tmp_path: Path) -> None:
    """Given parameters are passed by name or alias; defaults, such as leaky_relu's slope of 0.01, are not."""
    (tmp_path / "kernels_with_parameters.py").write_text(PARAMETERS)
    command = "kernels_with_parameters:leaky --slope kernels_with_parameters:leaky_slope"

    def passed(rest: str, command: str = command) -> list[bool]:
        done = actcalc(
            ["audit", *command.split(), *["--dtype", "float16", "-f", "json", "-q"], *rest.split()]
        )
        return [row["passed"] for row in json.loads(done.out)["rows"]]

    assert passed("leaky_relu -p slope=0.25") == [True, True]
    assert passed("leaky_relu -p negative_slope=0.25") == [True, True]
    assert passed("leaky_relu:slope=0.25 leaky_relu:slope=0.125") == [True] * 4
    assert passed("leaky_relu:slope=0.5") == [True, True]
    assert passed("leaky_relu") == [False, False]
    clip = "kernels_with_parameters:clip --of g"
    assert passed("hard_tanh:max=3", clip) == [False]
    assert passed("hard_tanh:max=3,min=-1", clip) == [True]
    assert passed("leaky_relu:slope=0.25 --all-values --workers 1") == [True, True]


def test_patterns_and_one_of_each() -> None:
    def names(words: str) -> list[str]:
        _, out, _ = run(f"planted_kernels:tanh {words} --of g -f json -q")
        return sorted({row["activation"] for row in json.loads(out)["rows"]})

    assert names("*elu6 hard_*h") == ["hard_mish", "hard_swish", "hard_tanh", "relu6"]
    assert names("gelu GELU_T*") == ["gelu", "gelu_tanh"]
    assert names("relu6 relu6*") == ["relu6"]
    assert names("tanh*") == ["tanh", "tanhshrink"]  # not telu, whose alias is tanhexp
    assert names("thresh*") == ["threshold", "thresholded_relu"]
    assert names("z*sigmoid(z)") == ["z*sigmoid(z)"]


def test_a_baseline_fails_only_rows_that_got_worse(tmp_path: Path) -> None:
    baseline = tmp_path / "accuracy.json"
    both = "--slope planted_kernels:slope -f json"
    assert run(f"planted_kernels:tanh tanh {both} -q -o accuracy.json")[0] == 1
    assert run(f"planted_kernels:tanh tanh {both} -q --baseline accuracy.json")[0] == 0
    # The target's name does not matter: g got worse, and there is no slope any more.
    status, out, _ = run("planted_kernels:broken tanh -f json -q --baseline accuracy.json")
    rows = {row["of"]: row for row in json.loads(out)["rows"]}
    assert (status, rows["g"]["passed"], rows["dg"]["passed"]) == (1, False, False)
    assert "WORSE: " in rows["g"]["message"]
    assert "wrong sign (" in rows["g"]["message"]
    assert rows["dg"]["message"] == "WORSE: the row is gone"
    known = json.loads(baseline.read_text())
    for row in known["rows"]:
        row["largest_error"], row["correctly_rounded"] = 1e9, 0
    baseline.write_text(json.dumps(known))
    status, out, _ = run(f"planted_kernels:tanh tanh {both} -q --baseline accuracy.json")
    assert status == 0
    assert all("; better: " in f"; {row['message']}" for row in json.loads(out)["rows"])
    status, out, _ = run(f"planted_kernels:tanh tanh {both} -q --baseline accuracy.json --ceiling 2")
    assert [row["passed"] for row in json.loads(out)["rows"]] == [False, True]
    assert "WORSE: above the ceiling of 2 ulps" in out
    baseline.write_text("{}")
    assert run("planted_kernels:tanh tanh --baseline accuracy.json")[0] == 1


def test_better_is_told_the_right_way_round() -> None:
    known = json.loads(run("planted_kernels:broken tanh -f json -q")[1])
    worst = known["rows"][0]["largest_error"]
    Path("accuracy.json").write_text(json.dumps(known))
    status, out, _ = run("planted_kernels:tanh tanh -f json -q --baseline accuracy.json")
    (row,) = json.loads(out)["rows"]
    assert status == 0
    assert f"better: {row['largest_error']:.6g} ulps, was {worst:.6g}" in row["message"]
    assert f"better: wrong sign (none), was {known['rows'][0]['wrong_sign']}" in row["message"]
    assert "WORSE" not in row["message"]


def test_in_older_baselines_the_largest_error_is_that_of_normal_numbers() -> None:
    known = json.loads(run("planted_kernels:tanh tanh -f json -q")[1])
    (row,) = known["rows"]
    row["largest_error"] = row["largest_error_normal"]
    for key in ("largest_error_normal", "unsettled", "rtol_needed", "judge", "reasons"):
        del row[key]
    Path("accuracy.json").write_text(json.dumps(known))
    status, out, _ = run("planted_kernels:tanh tanh -f json -q --baseline accuracy.json")
    assert (status, json.loads(out)["rows"][0]["message"]) == (0, "")


def test_a_baseline_of_several_targets_is_matched_by_target() -> None:
    both = "planted_kernels:broken planted_kernels:tanh"
    assert run(f"{both} tanh -f json -q -o accuracy.json")[0] == 1
    for targets in (both, "planted_kernels:tanh planted_kernels:broken", "planted_kernels:tanh"):
        status, out, _ = run(f"{targets} tanh -f json -q --baseline accuracy.json")
        assert status == 0
        assert "better" not in out
    assert run("planted_kernels:broken tanh -q --baseline accuracy.json")[0] == 0
    status, _, err = run("planted_kernels:slope tanh -q --baseline accuracy.json")
    assert status == 1
    names = "planted_kernels:broken and planted_kernels:tanh"
    assert err == f"actcalc: 'accuracy.json' has rows of {names}, but none of planted_kernels:slope\n"
    # A baseline with a single target applies to any target.
    run("planted_kernels:tanh tanh -f json -q -o accuracy.json")
    status, out, _ = run(f"{both} tanh -f json -q --baseline accuracy.json")
    assert [row["passed"] for row in json.loads(out)["rows"]] == [False, True]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"points": None}, ""),
        ({"unsettled": ...}, ""),  # as in an older version
        ({"points": ...}, ": row 1 has no points"),
        ({"activation": ...}, ": row 1 has no activation"),
        ({"points": -1}, ": row 1 has a negative count"),
        ({"points": 10**400}, ": row 1, points is '1000000"),
        ({"points": "63488"}, """: row 1, points is '"63488"'"""),
        ({"points": True}, ": row 1, points is 'true'"),
        ({"correctly_rounded": None}, ": row 1 has points but no correctly_rounded"),
        ({"largest_error": "inf "}, ""),
        ({"largest_error": "many"}, """: row 1, largest_error is '"many"'"""),
        ({"largest_error": [1]}, ": row 1, largest_error is '[1]'"),
        ({"parameters": []}, ": row 1, parameters is '[]'"),
        ({"parameters": {"x": 1}}, ": row 1, parameters, x is '1'"),
        ({"verdict": "good"}, """: row 1, verdict is '"good"'"""),
        ({"dtype": "float8"}, """: row 1, dtype is '"float8"'"""),
        ({"of": "f"}, """: row 1, of is '"f"'"""),
        ({"monotone": 1}, ": row 1, monotone is '1'"),
        ({"dtype_returned": 1}, ": row 1, dtype_returned is '1'"),
        (None, ": row 1 is 'null'"),
    ],
)
def test_a_baseline_that_somebody_has_changed(change: dict[str, Any] | None, message: str) -> None:
    run("planted_kernels:tanh tanh --of g -q -o accuracy.json")
    known = json.loads(Path("accuracy.json").read_text())
    row = None
    if change is not None:
        row = {key: x for key, x in {**known["rows"][0], **change}.items() if x is not ...}
    Path("accuracy.json").write_text(json.dumps({**known, "rows": [row]}))
    status, _, err = run("planted_kernels:tanh tanh --of g -q --baseline accuracy.json")
    if message:
        assert err.startswith(f"actcalc: 'accuracy.json'{message}")
        assert (status, err.count("\n")) == (1, 1)
    else:
        assert (status, err) == (0, "")


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"rows": {}}', "[" * 100_000, "\x00", "1" * 5000])
def test_files_that_are_not_baselines(text: str) -> None:
    Path("accuracy.json").write_text(text)
    status, _, err = run("planted_kernels:tanh tanh --baseline accuracy.json")
    assert (status, err.splitlines()[0]) == (1, "actcalc: 'accuracy.json' is not an audit in JSON")


def test_rows_not_requested_are_not_missing() -> None:
    assert run("planted_kernels:tanh tanh relu -q -o accuracy.json")[0] == 1
    assert run("planted_kernels:tanh tanh --baseline accuracy.json -q")[0] == 0


def test_a_picture_of_each_row(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    whole = "planted_kernels:broken tanh relu"
    assert run(f"{whole} --plot errors.svg")[0] == 1
    picture = (tmp_path / "errors.svg").read_text()
    for text in ("tanh g float16 (broken)", "relu g float16 (", ">wrong sign<"):
        assert text in picture
    run("planted_kernels:tanh tanh --plot errors.svg")
    assert ">wrong sign<" not in (tmp_path / "errors.svg").read_text()
    status, out, err = run(f"{whole} --plot errors.gif")
    assert (status, out) == (2, "")
    assert err.startswith("actcalc: 'errors.gif' has unknown suffix '.gif'")


def test_a_domain_is_told_and_kept_by_journals() -> None:
    command = "planted_kernels:tanh tanh --from -1 --to 1 -f json -q"
    known = json.loads(run(command)[1])
    (row,) = known["rows"]
    assert known["z"] == "from -1.0 to 1.0"
    # 15 * 1024 patterns from 0 on are below 1, which is one more; the other sign has as many.
    assert (row["points"], row["limits"]) == (2 * (15 * 1024 + 1), [])
    assert json.loads(run(f"{command} --all-values --workers 1")[1])["rows"] == known["rows"]
    run(f"{command} --all-values --workers 1 --resume part.journal")
    done = actcalc(["audit", "--merge", "part.journal", "-f", "json", "-q"])
    assert json.loads(done.out) == {**known, "points": "all"}
    assert ", z from -1.0 to 1.0)" in run("planted_kernels:tanh tanh --from -1 --to 1")[1]


def test_how_errors_spread_is_told() -> None:
    """The table and JSON agree; ranges appear if rows are few, every decade on request."""
    command = "planted_kernels:tanh tanh --slope planted_kernels:slope"
    rows = json.loads(run(f"{command} -f json -q")[1])["rows"]
    row = next(row for row in rows if row["of"] == "dg")
    out = run(command)[1]
    line = next(line for line in out.split("\n\n")[1].splitlines() if " dg " in line)
    assert line.split()[3:7] == [f"{row[key]:.3g}" for key in ("mean_ulp", "median_ulp", "p95", "p99")]
    assert sum(row["histogram"].values()) == row["points"] == sum(r["count"] for r in row["ranges"])
    assert "tanh dg float16\nz   " in out
    assert "mean error" not in out
    every = run(f"{command} --ranges")[1]
    assert every.count("mean error") == 2
    assert len(every.splitlines()) > len(out.splitlines()) + 8
    names = "tanh relu sigmoid gelu silu"
    assert "float16\nz " not in run(f"planted_kernels:tanh {names}")[1]


OLDER = """
import numpy as np

def tanh(z):
    a = np.tanh(z.astype(np.float64)).astype(z.dtype)
    return np.where(abs(z) < 2e-7, z + z, a)

def slope(z):
    return 1 - tanh(z)
"""


def test_before_and_after(tmp_path: Path) -> None:
    """The earlier slope is a neighbour of the earlier value."""
    (tmp_path / "older_kernels.py").write_text(OLDER)
    command = "planted_kernels:tanh tanh --slope planted_kernels:slope --against older_kernels:tanh"
    status, out, _ = run(f"{command} -f json -q")
    known = json.loads(out)
    assert (status, known["target"]) == (1, "older_kernels:tanh, planted_kernels:tanh")
    z = np.arange(1 << 16).astype(np.uint16).view(np.float16)
    z = z[np.isfinite(z)]
    right = np.tanh(z.astype(np.float64)).astype(np.float16)
    others = (abs(z) < 2e-7) & (z != 0)
    changes = {change["of"]: change for change in known["changes"]}
    assert changes["g"]["other_bits"] == others.sum() == 4
    assert (changes["g"]["points"], abs(changes["g"]["first_z"])) == (63488, 2.0**-24)
    slopes = [1 - right * right, 1 - right * np.where(others, 2, 1).astype(np.float16)]
    assert changes["dg"]["other_bits"] == (slopes[0] != slopes[1]).sum()
    assert all(change[key] > 0 for change in changes.values() for key in ("ns_before", "ns_after"))
    # Earlier failures do not count.
    assert run(f"{command} -q --of g --max-ulp 0.5")[0] == 0
    assert run("older_kernels:tanh tanh --against planted_kernels:tanh -q --of g --strict-subnormals")[0] == 1
    _, out, _ = run(command)
    assert out.splitlines()[0].split()[:6] == ["activation", "of", "dtype", "other", "bits", "max"]
    assert "4 of 63,488" in out
    assert out.splitlines()[-1].startswith("older_kernels:tanh -> planted_kernels:tanh (numpy ")
    status, out, err = run(f"{command} --all-values")
    assert (status, err) == (2, "actcalc: --against and --all-values cannot be used together\n")
    assert run("planted_kernels:tanh tanh --against planted_kernels:tanh")[2].startswith(
        "actcalc: --against names the target itself"
    )


def test_one_picture_of_before_and_after(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (tmp_path / "older_kernels.py").write_text(OLDER)
    command = "planted_kernels:tanh tanh --against older_kernels:tanh --of g --plot both.svg --points 50"
    actcalc(["audit", *command.split(), "--dtype", "float32"])
    picture = (tmp_path / "both.svg").read_text()
    assert picture.count(">tanh g float32<") == picture.count(">older_kernels:tanh<") == 1
    assert ">1e38<" in picture


def test_two_targets_side_by_side() -> None:
    status, out, _ = run("planted_kernels:tanh planted_kernels:broken tanh")
    assert status == 1
    title, head, _, *rows = out.splitlines()[:5]
    assert (title, head.split()[:2]) == ("tanh", ["target", "of"])
    assert sorted(row.split()[0] for row in rows) == ["planted_kernels:broken", "planted_kernels:tanh"]
    _, out, _ = run("planted_kernels:tanh planted_kernels:broken tanh -f json -q")
    known = json.loads(out)
    assert known["target"] == "planted_kernels:tanh, planted_kernels:broken"
    assert {row["target"]: row["passed"] for row in known["rows"]} == {
        "planted_kernels:tanh": True,
        "planted_kernels:broken": False,
    }


def test_shards_and_a_journal_agree_with_a_single_run() -> None:
    command = "planted_kernels:broken tanh relu --all-values --workers 1 -q -f json"
    whole = run(command)
    assert whole[0] == 1
    for shard in ("1/2", "2/2"):
        run(f"{command} --shard {shard} --resume {shard[0]}.journal")
    done = actcalc(["audit", "--merge", "2.journal", "1.journal", "-f", "json", "-q"])
    # All float16 values fit into one block.
    assert json.loads(done.out) == json.loads(whole[1])
    assert run(f"{command} --resume all.journal") == whole
    assert run(f"{command} --resume all.journal") == whole
    done = actcalc(["audit", "--merge", "1.journal", "-q"])
    assert (done.status, done.err) == (1, "actcalc: shard 2/2 is missing\n")
    status, _, err = run(f"{command} --max-ulp 2 --resume all.journal")
    assert status == 1
    assert err.startswith("actcalc: 'all.journal' is the journal of another audit")


@pytest.mark.skipif(os.name != "posix", reason="processes are interrupted in another way")
def test_an_interrupt_prints_the_rows_that_are_whole(tmp_path: Path) -> None:
    (tmp_path / "slow_kernels.py").write_text(
        SOURCE + "\ndef slow(z):\n    if z.dtype == np.float32:\n        open('begun', 'w').close()\n"
        "    return tanh(z)\n"
    )
    command = "audit slow_kernels:slow tanh --all-values --dtype float16 --dtype float32 --workers 1 -f json"
    process = start(*command.split(), preexec_fn=interruptible)
    for _ in range(600):
        if (tmp_path / "begun").exists():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert [(row["dtype"], row["points"]) for row in json.loads(out)["rows"]] == [("float16", 63488)]
    assert b"Traceback" not in err


@pytest.mark.skipif(os.name != "posix", reason="processes are interrupted in another way")
def test_an_interrupt_reports_progress_and_leaves_a_file_unchanged(tmp_path: Path) -> None:
    (tmp_path / "interrupting_kernels.py").write_text(
        SOURCE
        + """
import os, signal

calls = []

def function(z):
    if (z == 1).any():
        calls.append(z)
        if len(calls) == 3:  # two for a row
            os.kill(os.getpid(), signal.SIGINT)
    return tanh(z)
"""
    )
    old = tmp_path / "old.json"
    old.write_text("old")
    command = "audit interrupting_kernels:function tanh relu elu:alpha=2 --of g --dtype float16 -o old.json"
    process = subprocess.run(
        [*PROGRAM, *command.split()], capture_output=True, check=False, preexec_fn=interruptible
    )
    assert (process.returncode, old.read_text()) == (130, "old")
    assert [row["activation"] for row in json.loads(process.stdout)["rows"]] == ["tanh"]
    assert process.stderr.decode().splitlines()[1:] == [
        "actcalc: interrupted after 1 of 3 rows",
        "note: 'old.json' stays as it was",
        "hint: activations left: relu elu:alpha=2",
    ]


def test_without_a_terminal_a_line_a_minute_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actcalc.cli.progress._MINUTE", 0.0)
    _, _, err = run("planted_kernels:tanh tanh relu --of g -f json")
    assert err.splitlines()[:-1] == [f"actcalc: {i} of 2 rows so far" for i in range(3)]
    _, _, err = run("planted_kernels:tanh tanh --of g -f json --all-values --workers 1")
    assert err.splitlines()[1] == "actcalc: 1 of 1 blocks of tanh g float16 (row 1 of 1) so far"
    assert run("planted_kernels:tanh tanh --of g -f json -q")[2] == ""


@pytest.mark.parametrize(
    "wrong",
    [
        *("--dtype int8", "--of f", "--points 1", "--max-ulp x", "--ceiling x", "--worst x", "--shard 1/2"),
        *("-f xml", "-o nowhere/a.json", "-o a.npy", "--plot a.gif", "--plot nowhere/a.png", "-o ."),
        *("--baseline nowhere.json", "--arrays cupy", "--arrays onnxruntime", "--slope slope", "--merge"),
        *("nothing", "elu:beta=1", "--workers 0 --all-values", "--all-values --dtype float64"),
        *("--all-values --shard 1/2", "--all-values --resume nowhere/tanh.log", "--against troch"),
        *("--against kernels", "nothing*", "-p alpha=2", "--all-values --against a:b"),
    ],
)
def test_bad_requests_are_refused_before_imports(wrong: str, tmp_path: Path) -> None:
    (tmp_path / "marking_kernels.py").write_text("open('imported', 'w').close()\n" + SOURCE)
    status, out, err = run(f"marking_kernels:tanh tanh {wrong}")
    assert (status in (1, 2), out, len(err.splitlines()) <= 2, err[:9]) == (True, "", True, "actcalc: ")
    assert not (tmp_path / "imported").exists()


def test_an_audit_that_works_out_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    command = ["audit", "planted_kernels:tanh", "tanh", "--of", "g", "--dtype", "bfloat16"]
    done = actcalc(command)
    assert done.status == 1
    assert done.err == (
        "actcalc: nothing was computed\nhint: NumPy needs ml_dtypes for bfloat16: pip install ml_dtypes\n"
    )
    assert actcalc([*command, "--dtype", "float16"]).status == 0
    done = actcalc([*command[:-4], "--of", "d2g", "--dtype", "float16"])
    assert (done.status, done.err) == (1, "actcalc: nothing was computed\n")
    part = [
        "--dtype",
        "float16",
        "--all-values",
        "--workers",
        "1",
        "--shard",
        "1/2",
        "--resume",
        "empty.log",
        "-q",
    ]
    assert actcalc([*command[:-2], *part]).status == 0


DIES = (
    SOURCE
    + """
import os, time

def dies(z):
    if z.dtype == np.float32 and (z > 5).any():
        os._exit(0)
    return tanh(z)

def slow(z):
    open(f"worker-{os.getpid()}", "w").close()
    time.sleep(0.1)
    return tanh(z)
"""
)


def test_where_a_worker_dies_the_row_says_so_and_the_rest_goes_on() -> None:
    Path("dying.py").write_text(DIES)
    command = "audit dying:dies tanh --of g --dtype float32 --dtype float16 --all-values --workers 2 -f json"
    done = subprocess.run([*PROGRAM, *command.split(), "-q"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, b"")
    rows = {row["dtype"]: row for row in json.loads(done.stdout)["rows"]}
    assert (rows["float16"]["verdict"], rows["float32"]["verdict"]) == ("right", "raised")
    assert rows["float32"]["message"] == "a worker process was killed, or exited"


@pytest.mark.skipif(os.name != "posix", reason="processes are killed in another way")
def test_workers_end_when_the_program_is_killed(tmp_path: Path) -> None:
    Path("dying.py").write_text(DIES)
    command = "audit dying:slow tanh --of g --dtype float32 --all-values --workers 2"
    process = subprocess.Popen([*PROGRAM, *command.split()], stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def workers() -> set[int]:
        return {int(path.name[7:]) for path in tmp_path.glob("worker-*")} - {process.pid}

    until(lambda: len(workers()) == 2)
    process.kill()
    process.communicate()
    until(lambda: not any(map(is_alive, workers())))


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # A process that has ended without being waited for counts as ended, too.
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False
    )
    return state.stdout.strip()[:1] not in ("", "Z")


def until(is_so: Callable[[], bool]) -> None:
    for _ in range(400):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("it never was")


MISBEHAVES = (
    SOURCE
    + """
import os, sys

def exits(z):
    sys.exit()

def prints(z):
    if len(z) > 5000:
        print("a line of its own")
        os.system("echo and one of its shell")
    return tanh(z)

def escapes(z):
    raise ValueError("\\x1b[31m]]>&\\ufffe\\x00")
"""
)


def test_a_kernel_that_exits_fails() -> None:
    Path("misbehaving.py").write_text(MISBEHAVES)
    status, out, _ = run("misbehaving:exits tanh")
    assert (status, "tanh g float16: SystemExit\n" in out) == (1, True)
    Path("exiting.py").write_text("import sys; sys.exit(0)")
    assert run("exiting:f tanh") == (2, "", "actcalc: cannot import 'exiting': SystemExit: 0\n")


def test_text_of_exceptions_is_escaped() -> None:
    Path("misbehaving.py").write_text(MISBEHAVES)
    message = r"ValueError: \x1b[31m]]>&\ufffe\x00"
    failure = ElementTree.fromstring(run("misbehaving:escapes tanh -f junit")[1]).find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == f"raised: {message}"
    assert f"tanh g float16: {message}\n" in run("misbehaving:escapes tanh")[1]
    assert json.loads(run("misbehaving:escapes tanh -f json")[1])["rows"][0]["message"] == message


def test_output_of_the_target_is_not_among_the_results() -> None:
    Path("misbehaving.py").write_text(MISBEHAVES + "print('first')\n")
    command = "audit misbehaving:prints tanh --of g --dtype float16 -f json -q"
    done = subprocess.run([*PROGRAM, *command.split()], capture_output=True, text=True, check=False)
    assert (done.returncode, json.loads(done.stdout)["rows"][0]["verdict"]) == (0, "right")
    assert set(done.stderr.splitlines()) == {"first", "a line of its own", "and one of its shell"}


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_a_table_fits_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    _, out, _ = run("planted_kernels:broken tanh")
    table = out.partition("\n\n")[0].splitlines()
    assert max(map(len, table)) <= columns
    assert table[0].split()[:4] == ["activation", "of", "dtype", "verdict"]
    assert ("monotone" in table[0]) == (columns >= 160)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("planted_kernels:nothing tanh", "'planted_kernels' has no 'nothing'"),
        ("no_such_module_here:f tanh", "cannot import 'no_such_module_here'"),
        ("planted_kernels:np tanh", "'planted_kernels:np' is not a function"),
        ("planted_kernels:tanh", "no activation is given for 'planted_kernels:tanh'"),
        (
            "planted_kernels:tanh tanh planted_kernels:slope",
            "'planted_kernels:slope' is a target: targets come before activations",
        ),
        ("planted_kernels:tanh nothing*", "no activation is called 'nothing*'"),
        ("planted_kernels:tanh elu celu -p alpha=2", "--param is for one activation"),
        ("planted_kernels:tanh *elu -p alpha=2", "--param is for one activation"),
        ("planted_kernels:tanh tanh -p alpha=2", "'tanh' has no parameters, but 'alpha' is given"),
        ("planted_kernels:tanh tanh --workers 2", "--workers needs --all-values"),
        ("planted_kernels:tanh tanh --all-values --shard 1/3", "--shard needs --resume FILE"),
        (
            "planted_kernels:tanh tanh --all-values --shard 3/2",
            "--shard must be I/N, such as 3/16, not '3/2'",
        ),
        ("planted_kernels:tanh tanh --all-values --dtype float64", "float64 has too many values"),
        ("planted_kernels:tanh tanh --ceiling nan", "--ceiling: 'nan' is not a finite number"),
        ("planted_kernels:tanh tanh --ceiling -1", "--ceiling must be from 0 to 1e100, not '-1'"),
        ("troch tanh", "no such target 'troch'"),
        ("planted_kernels:tanh tanh --rtol 1e-3 --max-ulp 2", "--rtol and --max-ulp cannot be used together"),
        ("planted_kernels:tanh tanh --strict-subnormals --daz", "--strict-subnormals and --daz cannot be"),
        ("planted_kernels:tanh tanh --from 2 --to 1", "--from and --to: 2 is greater than 1"),
        ("planted_kernels:tanh tanh --from 70000", "there is no float16 number from 70000.0 to inf"),
        ("planted_kernels:tanh tanh --atol x", "--atol: 'x' is not a number"),
        ("planted_kernels:tanh tanh --of f", "--of must be g, dg, or d2g to d8g, not 'f'"),
        ("planted_kernels:tanh tanh --backend jax", "--backend is for keras"),
        ("jax tanh --slope planted_kernels:slope", "--slope is for MODULE:NAME"),
        ("onnxruntime tanh --compile", "--compile: onnxruntime cannot compile"),
        ("keras tanh --backend theano", "--backend must be jax, torch or tensorflow, not 'theano'"),
        (
            "planted_kernels:tanh tanh --arrays cupy",
            "--arrays must be numpy, torch, jax, tensorflow or mlx, not 'cupy'",
        ),
    ],
)
def test_a_request_that_makes_no_sense_has_status_2(command: str, message: str) -> None:
    status, out, err = run(command)
    assert (status, out) == (2, "")
    assert err.startswith(f"actcalc: {message}")


def test_without_dask_or_a_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["audit", "planted_kernels:tanh", "tanh", "--all-values", "--dtype", "float16", "--cluster"]

    def nowhere(address: str, timeout: int) -> None:
        raise OSError(f"timed out at {address}\nin some detail")

    distributed = types.ModuleType("dask.distributed")
    monkeypatch.setattr(distributed, "Client", nowhere, raising=False)
    monkeypatch.setitem(sys.modules, "dask.distributed", distributed)
    assert actcalc([*arguments, "x:1"]) == Done(
        1, "", "actcalc: no Dask scheduler at 'x:1': timed out at x:1\n"
    )
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    hint = "hint: install it: pip install 'actcalc[cluster]'\n"
    assert actcalc([*arguments, "x:1"]) == Done(
        2, "", f"actcalc: --cluster needs Dask, which is not installed\n{hint}"
    )
