"""The command line in this process: cases from data, help, formats, verify."""

import io
import json
import os
import re
import shlex
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from actcalc import catalogue
from actcalc.catalogue import sigmoidal
from actcalc.cli.app import COMMANDS, main

CASES = tomllib.loads((Path(__file__).parent / "data" / "cli-cases.toml").read_text())["case"]


@dataclass(frozen=True)
class Done:
    """What a run of the program left behind."""

    status: int
    out: str
    err: str


def actcalc(arguments: list[str], stdin: str = "") -> Done:
    """Run the program on a pipe for standard input."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(stdin.encode())  # a pipe holds 64 KiB
    out, err = io.StringIO(), io.StringIO()
    before = sys.stdin, sys.stdout, sys.stderr
    with os.fdopen(reading) as source:
        sys.stdin, sys.stdout, sys.stderr = source, out, err
        try:
            status = main(arguments)
        finally:
            sys.stdin, sys.stdout, sys.stderr = before
    return Done(status, out.getvalue(), err.getvalue())


@pytest.mark.parametrize("case", CASES, ids=[case["run"] for case in CASES])
def test_case(case: Mapping[str, Any]) -> None:
    done = actcalc(shlex.split(case["run"]), case.get("in", ""))
    expected = Done(case.get("status", 0), case.get("out", ""), case.get("err", ""))
    assert done == expected


def test_cases_cover_every_command() -> None:
    run = {case["run"].split()[0] for case in CASES}
    assert {"eval", "deriv", "table", "verify"} <= run


@pytest.mark.parametrize("command", COMMANDS)
def test_help_and_its_examples(command: str) -> None:
    """Every command has help, with examples that run."""
    done = actcalc([command, "--help"])
    assert done.status == 0
    assert done.out.isascii()
    examples = re.findall(r"^  +((?:.*\| )?actcalc .*)$", done.out.split("Examples:")[1], re.MULTILINE)
    assert examples
    for example in examples:
        piped, _, call = example.rpartition("actcalc ")
        stdin = "-1 0 1" if piped.strip() else ""
        arguments = shlex.split(call.split(" | ")[0])
        if arguments[0] == command and "-o" not in arguments:
            assert actcalc(arguments, stdin).status == 0, example


def test_help_of_the_program() -> None:
    done = actcalc([])
    assert done == actcalc(["--help"])
    assert done.status == 0
    assert all(f"  {command} " in done.out for command in COMMANDS)


def strict(text: str) -> Any:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize(
    "arguments",
    [
        "table tanh relu --from -2 --to 2",
        "table tanh --at nan --at -inf --hex --dtype float16",
        "table tanh --at 1 --digits 30",
        "verify",
        "verify gelu hardshrink",
        "list",
        "show leaky_relu",
        "show threshold -p threshold=1 -p value=0",
    ],
)
def test_json_is_strict_and_agrees_with_csv(arguments: str) -> None:
    import csv

    array = strict(actcalc([*arguments.split(), "-f", "json"]).out)
    records = array if isinstance(array, list) else [array]
    lines = [strict(line) for line in actcalc([*arguments.split(), "-f", "jsonl"]).out.splitlines()]
    assert records == lines
    rows = list(csv.DictReader(io.StringIO(actcalc([*arguments.split(), "-f", "csv"]).out)))
    assert [list(row) for row in rows] == [list(record) for record in records]
    for row, record in zip(rows, records, strict=True):
        for key, cell in row.items():
            value = record[key]
            if isinstance(value, float | int) and not isinstance(value, bool):
                assert float(cell) == value
            elif isinstance(value, str) and value not in ("NaN", "Infinity", "-Infinity"):
                assert cell == value


def test_table_has_the_digits_of_csv() -> None:
    arguments = ["table", "sigmoid", "--from", "-10", "--to", "10"]
    rows = [line.split() for line in actcalc(arguments).out.splitlines()[2:]]
    assert len(rows) == 21
    csv = actcalc([*arguments, "-f", "csv"]).out.splitlines()[1:]
    assert [",".join(row) for row in rows] == csv


def test_decimal_range_meets_its_points() -> None:
    out = actcalc(["table", "tanh", "--from", "-1", "--to", "1", "--step", "0.1", "-f", "csv"]).out
    points = [line.split(",")[0] for line in out.splitlines()[1:]]
    assert len(points) == 21
    assert {"-1.0", "-0.3", "0.0", "0.3", "0.7", "1.0"} <= set(points)


def test_blocks_make_no_difference() -> None:
    """The same rows, worked out one by one and in bulk, in the order of the input."""
    points = [f"{(7919 * i) % 20011 / 1000 - 10}" for i in range(4000)]
    together = actcalc(["deriv", "mish"], "\n".join(points)).out.splitlines()
    apart = [
        line
        for i in range(0, 4000, 50)
        for line in actcalc(["deriv", "mish", *points[i : i + 50]]).out.split()
    ]
    assert together == apart


@pytest.mark.parametrize(("lambd", "nearest", "side"), [("0.1", "0.1", "right"), ("0.3", "0.3", "left")])
def test_show_tells_on_which_side_the_float_lies(lambd: str, nearest: str, side: str) -> None:
    out = actcalc(["show", "hardshrink", "-p", f"lambd={lambd}"]).out
    assert f"z = {lambd}: jump" in out
    assert f"(the nearest float64, {nearest}, lies to the {side})" in out


def test_show_compares_frameworks() -> None:
    out = actcalc(["show", "leaky_relu"]).out
    assert "z = 0: subgradients 0.01 (left) to 1.0 (right), actcalc returns 0.01" in out
    assert "elsewhere: torch: slope, jax: 1, tensorflow: slope" in out
    assert "elsewhere: torch" not in actcalc(["show", "leaky_relu", "-p", "slope=0.5"]).out
    assert "elsewhere: torch: 2, jax: 2" in actcalc(["show", "elu", "-p", "alpha=2"]).out


def test_verify_passes() -> None:
    done = actcalc(["verify", "--format", "csv"])
    assert done.status == 0
    assert done.err == f"{len(done.out.splitlines()) - 1} passed, 0 failed\n"
    claims = {line.split(",")[1] for line in done.out.splitlines()[1:]}
    numbers = {"N": 1, "S": 5, "T": 5, "R": 3, "L": 3}
    assert claims == {f"{letter}{n}" for letter, most in numbers.items() for n in range(1, most + 1)}


def test_verify_all_passes() -> None:
    done = actcalc(["verify", "--all", "--format", "jsonl"])
    assert done.status == 0
    checked = {json.loads(line)["activation"].split("(")[0] for line in done.out.splitlines()}
    assert checked == set(catalogue.names())


def test_verify_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong slope of tanh, too small by one part in a million, is found by the claims about it."""

    def wrong_slope(m: Any, z: Any) -> Any:
        return sigmoidal.tanh_slope(m, z) * 999999 / 1000000

    wrong = sigmoidal.TANH._replace(
        pieces=lambda p: tuple(piece._replace(dg=wrong_slope) for piece in sigmoidal.TANH.pieces(p))
    )
    monkeypatch.setattr(catalogue, "_by_key", lambda: {"tanh": wrong, "relu": catalogue.rectified.RELU})
    done = actcalc(["verify", "tanh", "relu", "--format", "csv"])
    failed = {line.split(",")[1] for line in done.out.splitlines() if line.endswith("false")}
    assert done.status == 1
    assert failed == {"N1", "T1", "T4", "T5", "shortcut"}
    assert re.search(r"^tanh,N1,-40.0,.*false$", done.out, re.MULTILINE)
    assert re.search(r"^tanh,N1,,.*false$", done.out, re.MULTILINE)
    assert not re.search(r"^relu,.*false$", done.out, re.MULTILINE)
    assert " 0 failed" not in done.err


@pytest.mark.parametrize(
    ("words", "index", "offered"),
    [
        ("actcalc de", 1, ["deriv"]),
        ("actcalc eval si", 2, ["sigmoid", "silu"]),
        ("actcalc table tanh --format js", 4, ["json", "jsonl"]),
        ("actcalc deriv relu --at-kink l", 4, ["least", "left"]),
    ],
)
def test_completion(
    monkeypatch: pytest.MonkeyPatch, words: str, index: int, offered: list[str], capsys: Any
) -> None:
    monkeypatch.setenv("_ACTCALC_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(index))
    with pytest.raises(SystemExit):
        main([])
    assert capsys.readouterr().out.split() == offered
