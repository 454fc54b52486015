"""The command line in this process: cases from data, help, formats.

The numbers in cli-cases.toml come from the lecture, or were computed with mpmath or as fractions when the
cases were written; none was copied from the program's output.
"""

import io
import re
import shlex
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actcalc import activation
from actcalc.catalogue import lookup
from actcalc.cli.app import COMMANDS, main
from actcalc.frameworks.registry import FRAMEWORKS
from actcalc.numbers.floats import FORMATS
from actcalc.output.formats import TEXT_FORMATS
from tests.support.command import Done, actcalc, strict

CASES = tomllib.loads((Path(__file__).parents[1] / "data" / "cli-cases.toml").read_text())["case"]


@pytest.mark.parametrize("case", CASES, ids=[ascii(case["run"]) for case in CASES])
def test_case(case: Mapping[str, Any]) -> None:
    done = actcalc(shlex.split(case["run"]), case.get("in", ""))
    expected = Done(case.get("status", 0), case.get("out", ""), case.get("err", ""))
    assert done == expected


def test_cases_cover_every_command() -> None:
    run = {case["run"].split()[0] for case in CASES}
    assert run >= COMMANDS.keys()
    assert len(CASES) > 250


def test_errors_are_a_line_and_a_hint() -> None:
    errors = [case["err"].splitlines() for case in CASES if case.get("status")]
    assert len(errors) > 100
    for lines in errors:
        assert lines[-1].startswith("hint: ") or len(lines) == 1
        assert lines[0].startswith("actcalc: ")
        assert len(lines) <= 2


@pytest.mark.parametrize(
    "name",
    [
        *("tanhshrink", "lisht", "logcosh", "silu", "swish", "gelu", "gelu_tanh", "quick_gelu", "mish"),
        *("hard_swish", "leaky_relu:slope=-1", "elu:alpha=-1", "threshold:threshold=0,value=1"),
    ],
)
def test_no_slope_from_a(name: str) -> None:
    """The command refuses with a reason before it reads any input."""
    done = actcalc(["deriv", name, "--given-a"], "0.5")
    assert (done.status, done.out) == (2, "")
    assert re.fullmatch(rf"actcalc: '{name}' has no slope from a alone: \w.+\n", done.err)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "glu", "Maxout"])
def test_functions_of_more_than_one_z(name: str) -> None:
    done = actcalc(["deriv", name, "0"])
    assert (done.status, done.out) == (2, "")
    assert re.fullmatch(r"actcalc: '\w+' is not an elementwise activation: \w.+\n", done.err)


KERNELS = """
import actcalc
import numpy as np

gelu, slope = actcalc.activation("gelu").g, actcalc.activation("gelu").dg
fast_gelu, tanh = gelu, actcalc.activation("tanh").g


def elu(z, alpha):
    return actcalc.activation("elu", alpha=alpha).g(z)


def int8(z):
    return np.clip(np.rint(256 / (1 + np.exp(-0.1 * z))), 0, 255).astype(np.uint8)
"""


@pytest.fixture
def files_of_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Create the files that examples read in the current directory."""
    monkeypatch.chdir(tmp_path)
    z = np.linspace(-5, 5, 21)
    np.save("slopes.npy", np.c_[z, activation("sigmoid").dg(z)])
    np.savetxt("log.csv", np.c_[z, z, activation("silu").dg(z)], "%.17g", ",")
    narrow = z.astype(np.float32)
    slopes = activation("tanh").dg(narrow, out_dtype="bfloat16")
    np.save("kernel.npy", np.c_[narrow, slopes.astype(np.float32)])
    for module in ("kernels", "old_kernels"):
        Path(f"{module}.py").write_text(KERNELS)
        monkeypatch.delitem(sys.modules, module, raising=False)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.usefixtures("files_of_examples")
def test_help_and_its_examples(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command has help with working examples; audits use few points and no framework."""
    done = actcalc([command, "--help"])
    assert done.status == 0
    assert done.out.isascii()
    examples = re.findall(r"^  +((?:.*\| )?actcalc .*)$", done.out.split("Examples:")[1], re.MULTILINE)
    assert examples
    for framework in FRAMEWORKS:
        monkeypatch.setitem(sys.modules, framework, None)
    for example in examples:
        piped, _, call = example.rpartition("actcalc ")
        stdin = "-1 0 1" if piped.strip() else ""
        if piped.startswith("actcalc "):
            stdin = actcalc(shlex.split(piped)[1:-1]).out
        arguments = shlex.split(call.split(" | ")[0])
        assert arguments[0] == command
        if arguments == ["verify", "--all"]:
            continue  # covered by test_verify_all_passes
        if arguments[:4] == ["code", "gelu", "--correct", "--test"]:
            continue  # covered by test_the_command_prints_code_that_compiles
        if command == "audit":
            arguments += (
                ["--shard", "1/9999", "--workers", "1"] if "--all-values" in arguments else ["--points", "40"]
            )
            if "--dtype" not in arguments:
                arguments += ["--dtype", "float32"]
        done = actcalc(arguments, stdin)
        if command == "audit" and arguments[1] in FRAMEWORKS:
            assert (done.status, done.err.splitlines()[0]) == (2, f"actcalc: {arguments[1]} is not installed")
        else:
            assert done.status == 0, (example, done.err)
        if "-o" in arguments and done.status == 0:
            assert Path(arguments[arguments.index("-o") + 1]).stat().st_size > 0


@pytest.mark.parametrize("form", ["table", "json", "markdown"])
def test_a_stream_too_long_for_a_table(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows before the limit are shown."""
    done = actcalc(["table", "identity", "-", "-f", form], "1 " * 3_000)
    assert (done.status, done.err) == (0, "")
    assert done.out.count("1.0") == 9_000
    monkeypatch.setattr("actcalc.cli.tables._MOST_ROWS", 2_999)
    monkeypatch.setattr("actcalc.cli.tables._MOST_CELLS", 2_999 * 3)
    done = actcalc(["table", "identity", "-", "-f", form], "1 " * 3_000)
    assert done.status == 1
    assert done.err == (
        f"actcalc: more than 2999 rows are too many for --format {form}\nhint: use --format csv or jsonl\n"
    )


def test_help_of_the_program() -> None:
    done = actcalc([])
    assert done == actcalc(["--help"])
    assert done.status == 0
    assert all(f"  {command} " in done.out for command in COMMANDS)


@pytest.mark.parametrize(
    "arguments",
    [
        "table tanh relu --from -2 --to 2",
        "table tanh --at nan --at -inf --hex --dtype float16",
        "table tanh --at 1 --digits 30",
        "verify",
        "verify gelu hardshrink",
        "verify elu:alpha=2",
        "table relu leaky_relu --at 0 --at nan --at inf --at-kink nan -q",
        "table gelu --at 1 --hex",
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


@pytest.mark.parametrize("arguments", ["list", "verify", "show hardshrink", "table relu gelu --num 5 -q"])
def test_markdown_is_rectangular(arguments: str) -> None:
    out = actcalc([*arguments.split(), "-f", "markdown"]).out
    rows = [line.count("|") for line in out.splitlines() if line.startswith("|")]
    assert len(rows) > 2
    assert len(set(rows)) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        *("list", "verify tanh elu", "verify --detail", "show xielu", "show sin", "show 'z**2*sin(2*z)'"),
        *("table 'z*abs(z)' relu --at 0", "table '1/z*2' --at 0", "deriv 'z*abs(z)' 0 --order 2"),
    ],
)
def test_markdown_loses_no_star(arguments: str) -> None:
    """No star can be read as markup: each is in code, or escaped."""
    out = actcalc([*shlex.split(arguments), "-f", "markdown"]).out
    assert out
    assert "*" not in re.sub(r"`[^`]*`|\\.", "", out)


def test_formulas_are_code_in_markdown() -> None:
    out = actcalc(["list", "snake", "-f", "markdown"]).out
    assert "| `z + sin(alpha*z)**2/alpha` | `1 + sin(2*alpha*z)`" in out


def test_the_most_digits() -> None:
    assert actcalc(["eval", "identity", "1", "--digits", "1000"]) == Done(0, "1." + "0" * 999 + "\n", "")


def test_one_activation_is_one_object() -> None:
    shown = strict(actcalc(["show", "tanh", "-f", "json"]).out)
    assert shown["name"] == "tanh"
    assert isinstance(strict(actcalc(["list", "-f", "json"]).out), list)


def test_structure_in_json() -> None:
    known = {entry["name"]: entry for entry in strict(actcalc(["list", "-f", "json"]).out)}
    assert list(known) == list(lookup.names())
    assert known["leaky_relu"]["aliases"] == ["lrelu"]
    slope = {"default": "0.01", "aliases": ["negative_slope", "alpha"]}
    assert known["leaky_relu"]["parameters"] == {"slope": slope}
    assert known["tanh"]["parameters"] == {}
    shown = strict(actcalc(["show", "leaky_relu", "-p", "slope=0.25", "-f", "json"]).out)
    assert shown["parameters"] == {"slope": {**slope, "value": "0.25"}}
    assert shown["limits"] == {"-inf": {"g": "-Infinity", "dg": 0.25}, "inf": {"g": "Infinity", "dg": 1}}
    (kink,) = shown["kinks"]
    slopes = {"left": 0.25, "right": 1, "returned": 0.25}
    assert kink == {"z": 0, "jump": False, "subgradients": True, **slopes, "elsewhere": {}}
    shown = strict(actcalc(["show", "leaky_relu", "-f", "json"]).out)
    assert shown["kinks"][0]["elsewhere"]["jax"] == "1"
    shown = strict(actcalc(["show", "silu", "-f", "json"]).out)
    assert (shown["kinks"], shown["parity"], shown["where"]) == ([], None, {"s": "1/(1 + exp(-z))"})
    assert shown["range"]["low"] == pytest.approx(-0.2784645427610738)
    assert (shown["range"]["high"], shown["range"]["brackets"]) == ("Infinity", "[)")


def test_the_list_is_the_catalogue() -> None:
    out = actcalc(["list", "--format", "csv"]).out
    assert out.startswith("name,aliases,parameters,")
    assert [line.split(",")[0] for line in out.splitlines()[1:]] == list(lookup.names())


@settings(max_examples=30)
@given(st.lists(st.floats(), min_size=1, max_size=20), st.sampled_from(sorted(FORMATS)))
def test_printed_values_read_back(values: list[float], dtype: str) -> None:
    """Printed values read back through arguments and standard input, in every float format."""
    rounded = actcalc(["eval", "identity", *map(repr, values), "--dtype", dtype]).out
    assert len(rounded.splitlines()) == len(values)
    assert actcalc(["eval", "identity", "--dtype", dtype], rounded) == Done(0, rounded, "")
    if dtype == "float64":
        assert rounded.split() == list(map(repr, values))


@pytest.mark.parametrize("form", TEXT_FORMATS)
def test_nothing_is_printed_before_all_names_are_known(form: str) -> None:
    assert actcalc(["verify", "tanh", "sigmod", "-f", form]).out == ""


def test_the_longest_number_is_the_same_everywhere() -> None:
    longest, longer = "1." + "0" * 3998, "1." + "0" * 3999
    refused = f"'{longer[:60]}...' is too long: a number has at most 4000 characters\n"
    assert actcalc(["eval", "identity", longest]) == Done(0, "1.0\n", "")
    assert actcalc(["eval", "identity"], longest + "\n") == Done(0, "1.0\n", "")
    assert actcalc(["eval", "identity", longer]) == Done(2, "", f"actcalc: {refused}")
    assert actcalc(["eval", "identity"], f"2\n{longer}\n") == Done(1, "2.0\n", f"actcalc: line 2: {refused}")


def test_a_note_is_made_once_in_a_run() -> None:
    """The note appears once, however many blocks of rows contain the kink."""
    note = "note: relu' is undefined at z = 0: subgradients [0.0, 1.0]; returned 0.0 (--at-kink least)\n"
    row = "0.0,0.0,0.0\n"
    done = actcalc(["table", "relu", "--from", "0", "--to", "0", "--num", "500", "-f", "csv"])
    assert done == Done(0, "z,g,dg\n" + 500 * row, note)


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
    """Single and bulk evaluation give the same rows in the order of the input."""
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


@pytest.mark.parametrize(
    ("words", "index", "offered"),
    [
        ("actcalc de", 1, ["deriv"]),
        ("actcalc eval si", 2, ["sigmoid", "silu", "situ", "sin"]),
        ("actcalc table tanh --format js", 4, ["json", "jsonl"]),
        ("actcalc deriv relu --at-kink l", 4, ["least", "left"]),
        ("actcalc ", 1, list(COMMANDS)),
        ("actcalc verify gel", 2, ["gelu", "gelu_tanh"]),
        ("actcalc show lea", 2, ["leaky_relu"]),
        ("actcalc table tanh -1 si", 4, ["sigmoid", "silu", "situ", "sin"]),
        ("actcalc list -f ", 3, list(TEXT_FORMATS)),
        ("actcalc eval tanh -1 --dtype b", 5, ["bfloat16"]),
        ("actcalc deriv tanh --giv", 3, ["--given-a"]),
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
