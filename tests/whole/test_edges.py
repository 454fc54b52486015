"""Extreme requests, each of which was once answered wrongly, with a traceback, or never."""

import errno
import io
import json
import math
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from decimal import ROUND_UP, Context, FloatOperation, Inexact, Overflow, Rounded, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actcalc
from actcalc import ActcalcError
from actcalc.activations.parameters import bind
from actcalc.input.npy import NpyPairs
from actcalc.input.pairs import choose_pair
from actcalc.numbers.digits import Digits
from actcalc.numbers.floats import BFLOAT16, FLOAT64
from tests.support.command import Done
from tests.support.command import actcalc as program
from tests.support.matrix import SETTINGS
from tests.support.processes import PROGRAM, run

# Kinks beyond float64

BEYOND = [
    ("hard_tanh", {"max": "1e400"}, lambda z: max(z, -1.0)),
    ("hard_tanh", {"min": "-1e400", "max": "-1e309"}, lambda z: -math.inf),
    ("softshrink", {"lambd": "1e400"}, lambda z: 0.0),
    ("hardshrink", {"lambd": "1e400"}, lambda z: 0.0),
    ("thresholded_relu", {"theta": "1e400"}, lambda z: 0.0),
    ("threshold", {"threshold": "1e400", "value": "3"}, lambda z: 3.0),
    ("threshold", {"threshold": "-1e400", "value": "3"}, lambda z: z),
    ("hard_sigmoid", {"slope": "5e-324"}, lambda z: 0.5),
]


@pytest.mark.parametrize(("name", "parameters", "right"), BEYOND)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_kinks_beyond_float64(name: str, parameters: dict[str, str], right: Any, dtype: str) -> None:
    f = actcalc.activation(name, **parameters)
    z = np.linspace(-9, 9, 4001).astype(dtype)
    expected = np.array([right(float(x)) for x in z]).astype(dtype)
    assert (f.g(z) == expected).all()
    slopes = f.dg(z)
    assert slopes.tolist() == [f.dg(float(x), dtype=dtype) for x in z]
    for end in (-math.inf, math.inf, math.nan):
        assert repr(float(f.g(np.array([end] * 100, dtype))[7])) == repr(f.g(end, dtype=dtype))
    assert actcalc.check(f, z, f.g(z), of="g").passed
    assert actcalc.check(f, z, slopes).passed


def setting(name: str, parameters: dict[str, str]) -> str:
    return f"{name}:" + ",".join(f"{key}={value}" for key, value in parameters.items())


@pytest.mark.parametrize(("name", "parameters", "right"), BEYOND)
def test_kinks_beyond_float64_in_a_table(name: str, parameters: dict[str, str], right: Any) -> None:
    done = program(["table", setting(name, parameters), "--num", "10000", "-f", "csv"])
    assert (done.status, done.out.count("\n")) == (0, 10001)
    for row in done.out.splitlines()[1::1000]:
        z, g, _ = row.split(",")
        assert g == str(right(float(z)))


@pytest.mark.parametrize(("name", "parameters", "right"), BEYOND)
def test_kinks_beyond_float64_are_shown(name: str, parameters: dict[str, str], right: Any) -> None:
    done = program(["show", setting(name, parameters)])
    assert (done.status, done.err) == (0, "")
    assert "too large for float64" in done.out
    assert "nearest float64, inf" not in done.out


# Ranges of few points far apart


def test_a_range_whose_last_part_is_one_point() -> None:
    done = program(["table", "relu", "--from", "1e30", "--to", "0", "--num", "4033", "-f", "csv", "-q"])
    rows = [row.split(",") for row in done.out.splitlines()[1:]]
    assert done.status == 0
    assert [float(z) for z, _, _ in rows] == [float(Fraction(10**30 * i, 4032)) for i in range(4032, -1, -1)]
    assert all(g == z for z, g, _ in rows)
    assert rows[-1] == ["0.0", "0.0", "0.0"]


def test_one_point_and_a_huge_step(tmp_path: Any) -> None:
    file = tmp_path / "x.npy"
    assert program(f"table sigmoid --from 1 --to 1 --step 1e19 -o {file}".split()) == Done(0, "", "")
    ((z, g, _),) = np.load(file)
    assert (z, g) == (1.0, 0.7310585786300049)  # 1 / (1 + 1/e)


# Exact numbers of thousands of digits in the library


@pytest.mark.parametrize(
    ("slope", "z", "right"),
    [
        (10**5000, -1, -math.inf),
        (-(10**5999), -1, math.inf),
        (Fraction(10**5000 + 1, 10**5000), -1.5, -1.5),
        (Fraction(10**5000, 3 * 10**5000 - 1), -3, -1.0),
        (Fraction(1, 10**5000), -1, -0.0),
        (Fraction(1, 2**15000), -1, -0.0),
    ],
    ids=list("abcdef"),  # pytest cannot print the numbers
)
def test_huge_parameters_in_the_library(slope: int | Fraction, z: float, right: float) -> None:
    f = actcalc.activation("leaky_relu", slope=slope)
    assert f.parameters["slope"] == slope
    assert repr(f.g(z)) == repr(float(right))
    assert repr(f.g(np.array([z] * 100, float)).tolist()[0]) == repr(float(right))
    assert f.describe().startswith("leaky_relu(slope=")


@pytest.mark.parametrize("slope", [10**6001, Fraction(-1, 10**6001), -(2**20000)], ids=list("abc"))
def test_parameters_of_no_size_in_the_library(slope: int | Fraction) -> None:
    with pytest.raises(ActcalcError, match=r"too (large|small): exact numbers go from 1e-6000 to 1e6000"):
        actcalc.activation("leaky_relu", slope=slope)


def test_a_tiny_mark() -> None:
    for mark in (Fraction(1, 10**5000), "1e-5000"):
        report = actcalc.check("tanh", [0.0, 1.0], [0.0, 0.7615941559557649], of="g", max_ulp=mark)
        assert (report.points, report.beyond) == (2, 1)
    with pytest.raises(ActcalcError, match="too small"):
        actcalc.check("tanh", [0.0], [0.0], max_ulp="1e-6001")
    done = program(["check", "relu", "--max-ulp", "1e-6001"], "1,1\n")
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert "too small: exact numbers go from 1e-6000 to 1e6000" in done.err


# A caller's decimal context

HOSTILE = Context(
    prec=1,
    rounding=ROUND_UP,
    Emin=0,
    Emax=0,
    capitals=0,
    clamp=1,
    traps=[Inexact, Rounded, FloatOperation, Overflow],
)


@pytest.mark.parametrize("f", SETTINGS, ids=lambda f: f.describe())
def test_the_decimal_context_of_a_caller_does_not_matter(f: actcalc.Activation) -> None:
    def answers() -> list[Any]:
        fresh = bind(f.declaration, f.texts)
        found: list[Any] = [fresh.describe(), str(fresh.range)]
        found += [(kink.z, kink.sides("dg", FLOAT64)) for kink in fresh.kinks]
        for z in (-3.7, -1e-9, 0.3, 40.0, 700.0):
            for fmt in (FLOAT64, BFLOAT16):
                x = fmt.round_float(z)
                found += [fmt.text(x), fmt.text(fresh.g_float(x, fmt)), fmt.text(fresh.dg_float(x, fmt))]
            digits = Digits(30)
            found.append(digits.text(fresh.value(Fraction(z), digits)))
        return found

    expected = answers()
    with localcontext(HOSTILE):
        assert answers() == expected


def test_the_decimal_context_while_importing_does_not_matter() -> None:
    code = (
        "import decimal; decimal.setcontext(decimal.Context(prec=1, Emax=0, Emin=0, traps=[decimal.Inexact,"
        " decimal.Rounded, decimal.FloatOperation, decimal.Overflow])); import actcalc;"
        "print(actcalc.activation('gelu').dg(1.5), actcalc.activation('mish', ).g('0.1', dtype='float32'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    plain = code.replace("prec=1, Emax=0, Emin=0, ", "").replace("traps=", "flags=")
    expected = subprocess.run([sys.executable, "-c", plain], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == (expected.stdout, "")


# Hostile files


def npy_with(header: bytes, version: int = 1, body: bytes = b"") -> bytes:
    length = len(header).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + body


def described(descr: str, shape: str, order: str = "False") -> bytes:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n".encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (npy_with(described("'<f8'", "(0, 100000000)")), "does not have two columns"),
        (npy_with(described("'|S0'", f"({2**32}, {2**32})")), "does not have two columns"),
        (npy_with(b"{'descr': '<f8', 'shape': ("), "not a whole .npy file"),
        (npy_with(described("'<f8'", f"({2**70}, 2)")), "0 bytes of data where"),
        (npy_with(described("'<f8'", "(4, 0)")), "there is only one column"),
        (npy_with(described("[]", "(4,)")), "does not have two columns"),
        (
            npy_with(described("[('z', '<f8', (2,)), ('dg', '<f8')]", "(1,)"), body=bytes(24)),
            "does not have two columns",
        ),
        (npy_with(described("'|O'", "(1, 2)"), body=bytes(16)), "does not have two columns|not a whole"),
        (npy_with(described("'<f8'", "(4, 2)"), body=bytes(63)), "63 bytes of data where 64 should be"),
        (npy_with(described("'<f8'", "(-1, 2)"), body=bytes(64)), "not have two columns"),
        (npy_with(b"(" * 9000, 2), "not a whole .npy file"),
        (npy_with(described("'<f8'", "(1, 2)"), version=9), "not a whole .npy file"),
        (npy_with(described("'<f8'", "(0, 2)")), "there are no numbers"),
        (npy_with(described("'<f8'", "()"), body=bytes(8)), "does not have two columns"),
        (b"\x93NUMPY", "not a whole .npy file"),
    ],
    ids=range(15),
)
def test_hostile_npy(content: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "x.npy"
    file.write_bytes(content)
    done = program(["check", "relu", str(file)])
    lines = done.err.splitlines()
    assert done.status == 1, lines
    assert re.search(message, lines[0])
    assert lines[0].startswith(f"actcalc: {file}: ")
    assert len(lines) <= 2


@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_of_two_columns_in_either_order(order: Any, tmp_path: Path) -> None:
    z = np.linspace(-3, 3, 40_001)
    np.save(tmp_path / "x.npy", np.asarray(np.stack([z, (z > 0).astype(float)], axis=1), order=order))
    done = program(["check", "relu", str(tmp_path / "x.npy"), "-f", "json", "-q"])
    assert (done.status, json.loads(done.out)["correctly_rounded"]) == (0, 40_001)


def test_npy_cut_short_while_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "x.npy"
    np.save(file, np.ones((600_000, 2)))
    with io.FileIO(file) as opened:
        pairs = NpyPairs(opened, "x.npy", choose_pair("g")).pairs()
        next(pairs)
        os.truncate(file, 1_000_000)
        with pytest.raises(ActcalcError, match=r"x\.npy: not a whole \.npy file: it was truncated"):
            list(pairs)


def test_npy_written_by_python_2(tmp_path: Path) -> None:
    body = np.array([[-1.0, 0.0], [2.0, 1.0], [3.0, 1.0], [4.0, 1.0]]).tobytes()
    (tmp_path / "x.npy").write_bytes(npy_with(described("'<f8'", "(4L, 2L)"), body=body))
    done = run("check", "relu", str(tmp_path / "x.npy"), "-f", "csv")
    assert (done.returncode, done.stderr.decode()) == (0, "passed: all points are correctly rounded\n")


def test_a_field_too_long_is_called_that() -> None:
    text = 'z,dg\n"' + "1" * 140_000 + '",1\n'
    done = program(["check", "relu"], text)
    assert (done.status, done.err) == (1, "actcalc: line 2: a field has more than 131072 characters\n")


# Labels


@pytest.mark.parametrize("written", ["elu:alpha=2\r", "elu:alpha=2\x85", "elu: alpha = 2\n"])
def test_labels_are_in_one_line(written: str) -> None:
    done = program(["table", written, "relu", "--at", "1", "-f", "csv"])
    assert done.out.splitlines()[0] == "z,elu:alpha=2_g,elu:alpha=2_dg,relu_g,relu_dg"


def test_an_error_names_a_label_in_one_line() -> None:
    done = program(["deriv", "elu:alpha=-2\n", "--given-a", "1"])
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
    assert done.err.startswith("actcalc: 'elu:alpha=-2' has no slope from a alone: ")


def test_an_array_of_a_label_with_a_minus_sign_and_of_many(tmp_path: Path) -> None:
    file = tmp_path / "x.npy"
    assert program(["table", "elu:alpha=\u22121", "relu", "--num", "3", "-o", str(file), "-q"]).status == 0
    assert np.load(file).dtype.names == ("z", "elu:alpha=-1_g", "elu:alpha=-1_dg", "relu_g", "relu_dg")
    many = [f"leaky_relu:slope={i}" for i in range(1500)]
    assert program(["table", *many, "--at", "-1", "-o", str(file), "-q"]).status == 0
    values = np.load(file, max_header_size=1 << 20)
    assert [values[f"leaky_relu:slope={i}_g"][0] for i in range(1500)] == [-float(i) for i in range(1500)]


# The library


def test_activations_are_named_by_texts() -> None:
    with pytest.raises(ActcalcError, match="must be a string"):
        actcalc.activation(None)  # type: ignore[arg-type]


def test_equal_activations_are_equal() -> None:
    assert actcalc.activation("elu", alpha="1/2") == actcalc.activation("ELU", alpha=0.5)
    assert hash(actcalc.activation("elu", alpha="1/2")) == hash(actcalc.activation("ELU", alpha=0.5))
    assert actcalc.activation("elu") != actcalc.activation("elu", alpha=2)
    assert actcalc.activation("elu") != actcalc.activation("celu")
    assert actcalc.activation("relu") != "relu"


def test_masks_are_kept() -> None:
    z: Any = np.ma.array([-1.0, 0.5, np.nan, 2.0], mask=[False, True, True, False], dtype="f4")
    for got in (actcalc.activation("relu").g(z), actcalc.activation("relu").dg(z)):
        assert isinstance(got, np.ma.MaskedArray)
        assert got.mask.tolist() == z.mask.tolist()
        assert got.dtype == z.dtype
    assert actcalc.activation("relu").g(z).compressed().tolist() == [0.0, 2.0]


# Formats and digits


def test_npy_is_not_a_format_for_lists() -> None:
    done = program(["list", "-f", "npy"])
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("actcalc: unknown format 'npy': choose one of ")


def test_a_tie_far_below_every_float() -> None:
    # gelu(z) = z/2 + z^2/sqrt(2 pi) + ... is slightly above 1.5e-5999
    assert program(["eval", "gelu", "3e-5999", "--digits", "1"]).out == "2e-5999\n"
    assert program(["eval", "gelu", "-3e-5999", "--digits", "1"]).out == "-1e-5999\n"


# Time and memory


def bounded() -> None:
    """Limit a process to 500 MB and ten times the time that suffices."""
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
    resource.setrlimit(resource.RLIMIT_DATA, (500_000_000, 500_000_000))


TWELVE = "relu gelu elu celu selu tanh sigmoid mish swish softplus softsign hard_tanh"


@pytest.mark.skipif(os.name != "posix", reason="there are no limits to be had")
@pytest.mark.parametrize(
    ("arguments", "status", "expected"),
    [
        ("show celu:alpha=-1e-9", 0, r"h = 0.1: 1.549976747e\+43429439/0.2 ="),
        ("show celu:alpha=-0.001", 0, "it does not break down for good"),
        ("show squareplus:b=1e6000", 0, r"squareplus\(b=1e6000\)"),
        ("deriv softplus -p threshold=-1e308 --digits 30 0", 0, r"1\.0{29}\n"),
        ("eval softplus -p threshold=-1e308 -1e308 1", 0, r"0\.0\n1\.0\n"),
        ("verify softplus:beta=1e-5999", 0, "not checked(.|\n)*2 passed, 0 failed, 1 not checked"),
        ("verify softplus:beta=1e-6001", 2, "too small: exact numbers go from 1e-6000 to 1e6000"),
        ("verify laplace:mu=1e10,sigma=1e-5", 0, "not checked(.|\n)*1 passed, 0 failed, 1 not checked"),
        (
            "plot celu:alpha=-1e-9 --error float64",
            0,
            r"from a, 1 if a > 0 else a/alpha \+ 1 \(exact everywhere\)",
        ),
        (
            "table leaky_relu -p slope=1e6000 --all-values --dtype bfloat16 -f csv",
            0,
            r"z,g,dg\n-inf,-inf,inf\n(.|\n)*\n-0.0,-0.0,1.0\n0.0,0.0,1.0\n(.|\n)*\ninf,inf,1.0\n",
        ),
        ("table laplace:mu=1e6000 --from 1e-12 --to 1e-9 --num 5000 -f csv", 0, r"z,g,dg\n1e-12,0.0,0.0\n"),
        pytest.param(
            "table celu:alpha=1e5000 --all-values --dtype float16 -f csv",
            0,
            r"z,g,dg\n-inf,-inf,0.0\n-6.55e\+04,-6.55e\+04,1.0\n",
            marks=pytest.mark.exhaustive,
        ),
        (f"table {TWELVE} --num 1000000 -f table", 2, "1000000 rows are too many for --format table\nhint: "),
        ("table tanh --all-values --dtype float16", 2, "63490 rows are too many for --format table\nhint: "),
    ],
)
def test_time_and_memory_are_bounded(arguments: str, status: int, expected: str) -> None:
    done = run(*arguments.split(), preexec_fn=bounded, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
    assert (done.returncode, done.stderr.count(b"\n") <= 2) == (status, True)
    assert re.search(expected, (done.stderr if status else done.stdout).decode())


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_a_table_for_people_has_so_many_cells(form: str) -> None:
    assert program(["table", "relu", "--num", "33333", "-f", form]).out.count("\n") > 33333
    done = program(["table", "relu", "--num", "33334", "-f", form])
    hint = "hint: use --format csv or jsonl\n"
    assert done == Done(2, "", f"actcalc: 33334 rows are too many for --format {form}\n{hint}")


# Standard error, files, signals


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_standard_error_costs_no_result_and_no_status() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([*PROGRAM, "deriv", "relu", "0", "1", "2"], stdout=-1, stderr=full, check=False)
        assert (done.returncode, done.stdout) == (0, b"0.0\n1.0\n1.0\n")
        for wrong, status in (
            (["deriv", "relu", "x"], 2),
            (["nothing"], 2),
            (["check", "relu", "/nowhere"], 1),
        ):
            assert subprocess.run([*PROGRAM, *wrong], stderr=full, check=False).returncode == status


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="there is no SIGPIPE")
def test_a_closed_standard_error_costs_no_result(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run([*PROGRAM, "deriv", "relu", "0"], stdout=-1, stderr=writing, check=False)
        assert (done.returncode, done.stdout) == (0, b"0.0\n")
        table = [*PROGRAM, "table", "relu", "--num", "30001", "-o", str(tmp_path / "out.csv")]
        assert subprocess.run(table, stderr=writing, check=False).returncode == 0
    finally:
        os.close(writing)
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert (tmp_path / "out.csv").read_text().count("\n") == 30002


def test_a_file_is_not_put_in_the_place_of_a_loop_of_links(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    done = program(["table", "relu", "-q", "-o", str(tmp_path / "a")])
    assert (done.status, os.strerror(errno.ELOOP) in done.err) == (1, True)
    assert (tmp_path / "a").is_symlink()


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    done = program(["table", "relu", "-q", "-o", f"{tmp_path}/new/"])
    assert (done.status, os.strerror(errno.EISDIR) in done.err) == (1, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no terminals to be had")
def test_one_end_of_input_is_enough_on_a_terminal() -> None:
    ours, theirs = os.openpty()
    process = subprocess.Popen([*PROGRAM, "deriv", "relu", "-"], stdin=theirs, stdout=subprocess.PIPE)
    os.close(theirs)
    os.write(ours, b"1\n-1\n\x04")
    out, _ = process.communicate(timeout=20)
    os.close(ours)
    assert (process.returncode, out) == (0, b"1.0\n0.0\n")


INTERRUPTED = (["deriv", "gelu"], ["table", "gelu", "--num", "300000", "-f", "csv"], ["show", "mish"])


def started(arguments: list[str], lines: Path) -> subprocess.Popen[bytes]:
    """Start the program and wait for its first line, as the interpreter's own start is not under test.

    Interrupts are not ignored in it, as they would be in a background process of a shell.
    """
    told, tell = os.pipe()
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        f"import os; os.dup2({tell}, 3); import actcalc.__main__ as m; os.write(3, b'.'); m.run()"
    )
    with lines.open("rb") as stdin:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[tell],
        )
    os.close(tell)
    os.read(told, 1)
    os.close(told)
    return process


MANY_TIMES = int(os.environ.get("ACTCALC_INTERRUPTS", "150"))


@pytest.mark.parametrize(
    "runs",
    [6, pytest.param(MANY_TIMES, marks=(pytest.mark.exhaustive, pytest.mark.long(60)))],
    ids=["few", "many"],
)
@pytest.mark.skipif(os.name != "posix", reason="processes are interrupted in another way")
def test_an_interrupt_ends_without_a_word(runs: int, tmp_path: Path) -> None:
    """Interrupt at any time up to the very end; runs that had already ended do not count.

    Set ACTCALC_INTERRUPTS=2000 for more runs.
    """
    lines = tmp_path / "lines.txt"
    lines.write_text("".join(f"{i / 1000}\n" for i in range(100_000)))
    chance = random.Random(runs)
    for arguments in INTERRUPTED:
        begin = time.monotonic()
        _, said = started(arguments, lines).communicate(timeout=60)
        assert said == b""
        duration = time.monotonic() - begin
        interrupted = too_late = 0
        while interrupted < runs // len(INTERRUPTED):
            process = started(arguments, lines)
            time.sleep(chance.uniform(0, duration))
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
            assert said == b""
            if process.returncode == 0 and too_late < 100 + runs:
                too_late += 1
                duration *= 0.97  # runs have become faster
                continue
            assert process.returncode in (130, -signal.SIGINT)
            interrupted += 1


def test_importing_the_library_leaves_signals_alone() -> None:
    code = (
        "import signal; before = signal.getsignal(signal.SIGINT);"
        "import actcalc; actcalc.activation('tanh').g(1.0);"
        "assert signal.getsignal(signal.SIGINT) is before;"
        "import sys; print('actcalc.errors' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], stdout=-1, check=True).stdout == b"True\n"
    lazy = "import sys, actcalc; print([name for name in sys.modules if name.startswith('actcalc.')])"
    assert subprocess.run([sys.executable, "-c", lazy], stdout=-1, check=True).stdout == b"[]\n"


def test_without_room_for_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = program(["table", "gelu", "--num", "70000", "-f", "csv"])

    def refuse(self: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert program(["table", "gelu", "--num", "70000", "-f", "csv"]) == expected


def test_no_threads_where_memory_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that runs out of memory as it starts would hang the program."""
    resource = pytest.importorskip("resource")

    def never(self: Any) -> None:
        raise AssertionError("a thread")

    monkeypatch.setattr(threading.Thread, "start", never)
    monkeypatch.setattr(resource, "getrlimit", lambda what: (300_000 << 10, resource.RLIM_INFINITY))
    assert program(["table", "gelu", "--num", "70000", "-f", "csv"]).out.count("\n") == 70_001


@pytest.mark.skipif(os.name != "posix", reason="there are no limits to be had")
def test_with_little_memory_for_threads() -> None:
    """Runs under ``ulimit -v 300000``."""

    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (300_000 << 10, 300_000 << 10))

    few = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = run("table", "gelu", "--num", "100000", "-f", "csv", preexec_fn=limit, env=few, timeout=60)
    expected = program(["table", "gelu", "--num", "100000", "-f", "csv"])
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, expected.out, b"")


WITHOUT_POSIX = """
import signal, sys
for name in ("fcntl", "termios", "resource", "pwd", "grp"):
    sys.modules[name] = None
for name in ("SIGPIPE", "SIGHUP"):
    if hasattr(signal, name):
        delattr(signal, name)
from actcalc.__main__ import run
run()
"""


@pytest.mark.parametrize(
    ("arguments", "stdin", "expected"),
    [
        ("deriv tanh 0", "", "1.0\n"),
        ("deriv tanh", "0\n", "1.0\n"),
        ("table relu --at 1 -f csv", "", "z,g,dg\n1.0,1.0,1.0\n"),
        ("table relu --num 5000 -f npy", "", None),
        ("table relu --num 5000 -o FILE", "", ""),
        ("check relu", "z,dg\n1,1\n", None),
        ("verify relu -f csv", "", None),
    ],
)
def test_without_posix_modules(arguments: str, stdin: str, expected: str | None, tmp_path: Path) -> None:
    words = arguments.replace("FILE", str(tmp_path / "x.npy")).split()
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_POSIX, *words], input=stdin.encode(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert expected is None or done.stdout.decode() == expected
    if "npy" in arguments or "-o" in words:
        data = done.stdout or (tmp_path / "x.npy").read_bytes()
        assert len(np.load(io.BytesIO(data))) == 5000
