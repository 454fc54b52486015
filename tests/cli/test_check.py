"""``actcalc check`` at the command line: what it reads, what it prints, and its exit status."""

import csv
import gzip
import io
import json
import math
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actcalc as library
from actcalc.activations.declaration import GivenQuantity
from actcalc.catalogue import lookup
from actcalc.numbers.bit_arrays import all_values
from actcalc.numbers.floats import FORMATS
from tests.support.command import Done, actcalc
from tests.support.matrix import special_points
from tests.support.oracle import FMTS

NAMES = [f"{name}:threshold=1/3,value=0" if name == "threshold" else name for name in lookup.names()]

KEYS = (
    *("activation", "parameters", "of", "dtype", "out_dtype", "rounding", "overflow"),
    *("points", "correctly_rounded", "faithful"),
    *("right_evenly", "faithful_evenly"),
    *("largest_error", "at_z", "at_z_bits", "got", "got_bits", "right", "right_bits", "floats_apart"),
    *("largest_error_normal", "at_z_normal", "largest_error_near", "at_z_near", "largest_at_zero"),
    *("within_atol", "wrong_sign_within_atol", "largest_within_atol", "at_z_within_atol", "rtol_needed"),
    *("mean_ulp", "median_ulp", "p95", "p99", "bias_ulp", "zero_where_normal", "wrong_sign", "not_finite"),
    *("finite_where_not", "zero_sign", "unsettled", "first_zero_z", "zero_where_subnormal"),
    *("subnormal_taken_for_zero", "out_of_range", "monotone", "position_dependent", "dtype_returned", "kink"),
    *("limits", "verdict", "passed", "message", "histogram", "ranges", "judge", "reasons"),
)
"""The keys of a report, and of the rows of audit."""
EARLIER_KEYS = (
    *("max_ulp", "max_ulp_z", "max_ulp_z_hex", "p95_ulp", "p99_ulp", "buckets", "failures", "kink_points"),
    *("limit", "version", "file", "guess", "max_ulp_normal", "max_ulp_normal_z"),
)


def checked(command: str, stdin: str = "") -> Any:
    """The report from JSON, checked against the exit status."""
    done = actcalc(["check", *shlex.split(command), "-f", "json", "-q"], stdin)
    assert done.err == ""
    report = json.loads(done.out)
    assert done.status == (0 if report["passed"] else 1)
    return report


def is_right(command: str, stdin: str = "") -> bool:
    """Whether all values are correctly rounded, and pass with max_ulp 0.5."""
    report = checked(command + " --max-ulp 0.5 --strict-zero", stdin)
    return report["passed"] is True and report["correctly_rounded"] == report["points"] > 0


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        pytest.param(name, dtype, marks=() if (i - j) % len(FORMATS) == 0 else pytest.mark.exhaustive)
        for i, name in enumerate(NAMES)
        for j, dtype in enumerate(FORMATS)
    ],
)
def test_output_of_table_passes(name: str, dtype: str) -> None:
    plain = ["--from", "-12", "--to", "12", "--num", "41"]
    for form, of in (("csv", "g"), ("tsv", "deriv")):
        table = actcalc(["table", name, *plain, "--dtype", dtype, "-f", form, "-q"]).out
        assert is_right(f"{name} --dtype {dtype} --of {of}", table)


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("name", ["gelu", "relu", "step", "celu"])
def test_bits_that_table_prints_pass(name: str, dtype: str) -> None:
    bits = actcalc(["table", name, "--num", "41", "--dtype", dtype, "-f", "csv", "--hex", "-q"]).out
    for columns in ("z_bits,dg_bits", "z_hex,dg_hex", "3,8"):
        assert is_right(f"{name} --dtype {dtype} --columns {columns}", bits)


@pytest.mark.parametrize(("dtype", "form"), [("float32", "%.9g"), ("float64", "%.17g"), ("float16", "%.5g")])
@pytest.mark.parametrize("name", ["gelu", "tanh", "elu", "hardshrink", "identity"])
def test_output_of_other_programs_passes(name: str, dtype: str, form: str, tmp_path: Path) -> None:
    f = library.activation(name)
    z = np.array(special_points(f, FMTS[dtype])).astype(dtype)
    path = tmp_path / "pairs.txt"
    np.savetxt(path, np.c_[z, f.dg(z)], fmt=form)
    assert is_right(f"{name} {path} --dtype {dtype}")
    np.savetxt(path, np.c_[z, f.g(z)], fmt=form, delimiter=",", header="z,value", comments="")
    assert is_right(f"{name} {path} --dtype {dtype} --of g")


def test_json_has_its_keys() -> None:
    report = checked("leaky_relu -p slope=0.2", "1 1\n-1 0.2\n0 0.5\nnan nan\n-2 0.25\n")
    assert tuple(report) == (*KEYS, *EARLIER_KEYS)
    assert report["activation"] == "leaky_relu"
    assert report["parameters"] == {"slope": "0.2"}
    assert (report["of"], report["dtype"], report["points"]) == ("dg", "float64", 5)
    assert (report["correctly_rounded"], report["kink_points"], report["passed"]) == (4, 1, False)
    # 0.05 is 2^-3 * 0.4, and an ulp of 0.2 is 2^-55
    assert report["max_ulp"] == pytest.approx(0.05 * 2**55, rel=1e-5)
    assert (report["max_ulp_z"], report["max_ulp_z_hex"]) == (-2, "-0x1p+1")
    assert (report["got"], report["right"]) == (0.25, 0.2)
    assert (report["largest_error"], report["at_z"]) == (pytest.approx(report["max_ulp"], rel=1e-5), -2)
    assert (report["verdict"], report["message"]) == ("inaccurate", "1 point off by more than 1 ulp")
    assert (report["histogram"], report["p99"]) == (report["buckets"], report["p99_ulp"])
    assert report["buckets"] == {"0": 4, "1": 0, "2": 0, "10": 0, "100": 0, "more": 1}
    assert set(report["failures"]) == {
        *("zero_where_normal", "wrong_sign", "not_finite", "finite_where_not", "zero_sign", "unsettled")
    }
    assert report["failures"]["zero_sign"] == {"count": 0, "first_z": None}
    assert [tuple(r) for r in report["ranges"]] == 4 * [("from", "to", "count", "max_ulp", "mean_ulp")]
    assert report["ranges"][-1]["from"] == "NaN"
    assert report["ranges"][0]["from"] == -10


@pytest.mark.parametrize(
    ("value", "verdict"),
    [("1", "right"), ("1.0000000000000002", "within 1 ulp"), ("1.0000000000000004", "inaccurate")],
)
def test_verdicts_are_those_of_audit(value: str, verdict: str) -> None:
    assert checked("identity --of g --max-ulp 9", f"1 {value}\n")["verdict"] == verdict
    assert checked("identity --of g", f"1 {value}\n0 nan\n")["verdict"] == "broken"


def test_one_line_of_json() -> None:
    done = actcalc(["check", "tanh", "-f", "jsonl", "--worst", "1"], "0 inf\n0 0.5\n")
    (line,) = done.out.splitlines()
    report = json.loads(line)
    assert tuple(report) == (*KEYS, "worst", *EARLIER_KEYS)
    assert report["worst"] == [
        {
            "z": 0,
            "z_bits": "0x0000000000000000",
            "z_hex": "0x0p+0",
            "got": "Infinity",
            "got_bits": "0x7ff0000000000000",
            "right": 1,
            "right_bits": "0x3ff0000000000000",
            "ulps": 1e200,
            "floats_apart": 2**62,
        }
    ]
    assert done.status == 1
    assert done.err == ("FAILED: 1 point off by more than 1 ulp, 1 wrongly infinite or NaN\n")


def test_csv_is_one_row_or_the_worst_points() -> None:
    stdin = "1 1\n2 3\n3 3.5\n"
    done = actcalc(["check", "identity", "--of", "g", "-f", "csv"], stdin)
    (row,) = csv.DictReader(io.StringIO(done.out))
    assert row["points"] == "3"
    assert row["ulp_more"] == "2"
    assert row["wrong_sign"] == "0"
    assert row["passed"] == "false"
    assert row["max_ulp_z"] == "2.0"
    done = actcalc(["check", "identity", "--of", "g", "-f", "tsv", "--worst", "2"], stdin)
    assert done.out == (
        "z\tz_hex\tgot\tright\tulps\tfloats_apart\n"
        "2.0\t0x1p+1\t3.0\t2.0\t2.2518e+15\t2251799813685248\n"
        "3.0\t0x1.8p+1\t3.5\t3.0\t1.1259e+15\t1125899906842624\n"
    )


# -3 is 0xc008000000000000; the value in the text is two floats below and ends in 2.
TABLE = f"""\
identity g(z) in float64
--------------------------  -----------------------------------------
points                      3
correctly rounded           2 (66.7 %)
faithful                    2 (66.7 %)
largest error               2 ulps, 2 floats apart
at z                        -3.0 (0xc008000000000000)
got                         -3.000000000000001 (0xc008000000000002)
right                       -3.0 (0xc008000000000000)
mean error                  0.666667 ulps
bias                        -1 ulps
z evenly in [-8, 8]         66.7 % correctly rounded, 66.7 % faithful
median, 95 %, 99 %          0, 2, 2
sign of zero                1, first at z = 0.0
passes at rtol              2.97e-16 (atol 0)
limit                       1 ulp
actcalc                     {library.__version__}

error up to, in ulps      points    share
----------------------  --------  -------
0 (correctly rounded)          2   66.7 %
1                              0    0.0 %
2                              1   33.3 %
10                             0    0.0 %
100                            0    0.0 %
more                           0    0.0 %

z                points  errors in ulps
-------------  --------  ---------------------
-10 < z <= -1         1  at most 2
0 <= z < 10           2  all correctly rounded

FAILED: 1 point off by more than 1 ulp
"""


def test_the_table() -> None:
    stdin = "1 1\n0 -0.0\n-3 -3.000000000000001\n"
    done = actcalc(["check", "identity", "--of", "g"], stdin)
    assert [line.rstrip() for line in done.out.splitlines()] == [line.rstrip() for line in TABLE.splitlines()]
    assert (done.status, done.err) == (1, "")
    done = actcalc(["check", "identity", "--of", "g", "--max-ulp", "2"], stdin)
    assert done.status == 0
    assert done.out.endswith("\npassed: no point is off by more than 2 ulps\n")
    done = actcalc(["check", "identity", "--of", "g", "--max-ulp", "2", "--strict-zero"], stdin)
    assert done.out.endswith("\nFAILED: 1 point with a zero of the wrong sign\n")
    done = actcalc(
        ["check", "identity", "--of", "g", "--max-ulp", "1/2", "-f", "markdown", "--worst", "1"], stdin
    )
    assert done.out.endswith("\nFAILED: 1 point not correctly rounded\n")
    assert done.out.count("|---") > 4
    assert "| -3.0 | -0x1.8p+1 |" in done.out


def test_runs_of_decades(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decades without errors form one run around 0, and the verdict fits one line of any terminal."""
    monkeypatch.setenv("COLUMNS", "60")
    pairs = "".join(
        f"{s}{m}e{k} {s}{m}e{k}\n" for s in ("", "-") for m in range(1, 10) for k in range(-12, 0)
    )
    done = actcalc(["check", "identity", "--of", "g"], pairs * 100 + "3 3.1\n30 -30\n1e5 inf\nnan nan\n")
    *table, verdict = done.out.splitlines()
    assert verdict == (
        "FAILED: 2 points off by more than 1 ulp, 1 of the wrong sign, 1 wrongly infinite or NaN"
    )
    (start,) = (i for i, line in enumerate(table) if re.match("z  +points", line))
    assert [line.split("  ")[0] for line in table[start + 2 : table.index("", start)]] == [
        *("|z| < 1", "1 <= z < 10", "10 <= z < 100", "100000 <= z < 1000000", "z = nan")
    ]
    (row,) = (line for line in table if line.startswith("|z| < 1 "))
    assert row.endswith(" 21,600  all correctly rounded")
    monkeypatch.setenv("COLUMNS", "30")
    assert actcalc(["check", "identity", "--of", "g"], "3 3.1\n30 -30\n1e5 inf\n").out.endswith(
        f"\n{verdict}\n"
    )


def test_notes_say_which_variant_is_meant() -> None:
    done = actcalc(["check", "gelu"], "0 0.5\n")
    assert done.status == 0
    *_, note, more, verdict = done.out.splitlines()
    assert note.startswith("Here gelu is the exact form,")
    assert more == "  Elsewhere: gelu_tanh by default (jax, ggml, nnlib, tinygrad)."
    assert verdict == "passed: all points are correctly rounded"
    assert "the exact form" not in actcalc(["check", "gelu", "-q"], "0 0.5\n").out
    assert (
        actcalc(["check", "gelu", "-f", "csv"], "0 0.5").err == "passed: all points are correctly rounded\n"
    )
    assert actcalc(["check", "gelu", "-f", "csv", "-q"], "0 0.5").err == ""


def fields(**columns: Any) -> Any:
    """A structured array."""
    first = next(iter(columns.values()))
    array = np.empty(len(first), [(name, column.dtype) for name, column in columns.items()])
    for name, column in columns.items():
        array[name] = column
    return array


@pytest.mark.parametrize("options", ["", "--columns z,dg", "--columns 1,2"])
def test_npy(tmp_path: Path, options: str) -> None:
    """The dtype of structured arrays, and of two columns, is the format of the values."""
    z = np.linspace(-5, 5, 17_001)  # more than one block
    for dtype in ("float64", "float32", "float16"):
        x = z.astype(dtype)
        pairs = (x, library.activation("tanh").dg(x))
        structured, two, sideways = (tmp_path / f"{name}.npy" for name in ("structured", "two", "sideways"))
        np.save(structured, fields(z=pairs[0], dg=pairs[1], more=pairs[0]))
        assert is_right(f"tanh {structured} {options}")
        assert checked(f"tanh {structured} {options}")["dtype"] == dtype
        if options != "--columns z,dg":
            np.save(two, np.stack(pairs, axis=1))
            np.save(sideways, np.asfortranarray(np.stack(pairs, axis=1)))
            assert is_right(f"tanh {two} {options}")
            assert is_right(f"tanh {sideways} {options}")
        assert is_right(f"tanh {structured} --columns dg,2 --of g") is False


@pytest.mark.exhaustive
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_all_values_pass(dtype: str) -> None:
    """As text, whose numbers at powers of two are not always the rounded values."""
    table = actcalc(["table", "silu", "--all-values", "--dtype", dtype, "-f", "csv"]).out
    assert is_right(f"silu --dtype {dtype}", table)
    if dtype == "float16":  # as NumPy writes them
        x = all_values(FORMATS[dtype]).astype(np.float16)
        assert is_right("identity --of g --dtype float16", "".join(f"{v!s} {v!s}\n" for v in x))


def test_powers_of_two_pass() -> None:
    x = np.ldexp(np.float32(1), np.arange(-149, 128))
    assert is_right("identity --of g --dtype float32", "".join(f"{v!s} {v!s}\n" for v in x))


@pytest.mark.parametrize("name", lookup.names())
@pytest.mark.parametrize("of", ["g", "deriv"])
def test_wrong_at_zero(name: str, of: GivenQuantity) -> None:
    f = library.activation(name, **{"threshold": 0, "value": 0} if name == "threshold" else {})
    z = np.array([0.0, -0.0])
    report = library.check(f, z, np.array([0.75, 1e-17]), of=of, at_kink="right")
    right = f.g(0.0) if of == "g" else f.dg(0.0, at_kink="right")
    ulp = math.ulp(right) if right else 5e-324
    errors = [abs(x - right) / ulp for x in (0.75, 1e-17)]
    assert report.max_ulp == pytest.approx(min(max(errors), 1e200))


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("of", ["g", "deriv"])
def test_npy_of_our_own(dtype: str, of: str, tmp_path: Path) -> None:
    """Includes the bits of bfloat16."""
    path = tmp_path / "table.npy"
    assert actcalc(["table", "elu", "--num", "501", "--dtype", dtype, "-o", str(path)]).status == 0
    # A byte may belong to several formats.
    ways = ["", f"--dtype {dtype}"] if FORMATS[dtype].bits > 8 else [f"--dtype {dtype}"]
    for options in ways:
        assert is_right(f"elu {path} --of {of} {options}")
        assert checked(f"elu {path} --of {of} {options}")["dtype"] == dtype
    assert not is_right(f"tanh {path} --of {of} {ways[-1]}")
    if len(ways) == 1:
        done = actcalc(["check", "elu", str(path)])
        assert "its 8-bit patterns could be float8_e4m3fn, float8_e5m2, float8_e4m3fnuz or" in done.err
        assert "say which, for example --dtype float8_e4m3fn" in done.err


def fails(command: str, stdin: str = "") -> str:
    done = actcalc(["check", *shlex.split(command)], stdin)
    assert (done.status, done.out) == (1, "")
    first, *hints = done.err.splitlines()
    assert len(hints) <= 1
    return first.removeprefix("actcalc: ")


def test_bad_npy(tmp_path: Path) -> None:
    path = tmp_path / "pairs.npy"
    np.save(path, np.zeros((100, 2)))
    whole = path.read_bytes()
    for size in (len(whole) - 1, 200, 50, 8):
        path.write_bytes(whole[:size])
        assert fails(f"tanh {path}").startswith(f"{path}: not a whole .npy file: ")
    for array, message in (
        (np.zeros(3), "an array of shape (3,) and float64 does not have two columns"),
        (np.zeros((3, 1)), "there is only one column: z and a value are needed"),
        (np.zeros((0, 2)), "there are no numbers"),
        (np.zeros((3, 2), complex), "z must hold float64, float32, float16 or integers, not complex128"),
        (fields(z=np.ones(1), x=np.ones(1), y=np.ones(1)), "no column 'dg': the columns are 'z', 'x', 'y'"),
    ):
        np.save(path, array)
        assert fails(f"tanh {path}") == f"{path}: {message}"
    np.save(path, np.full((20_000, 2), 0.5) + 0.1 * (np.arange(20_000) == 17_000)[:, None])
    assert fails(f"tanh {path} --dtype float32") == f"{path}: z[17000] = 0.6 is not a float32 number"
    np.save(path, np.array([[None, 1]]), allow_pickle=True)
    assert fails(f"tanh {path}") == f"{path}: an array of shape (1, 2) and object does not have two columns"


def test_bad_files(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    for text, message in (
        ("", "there are no numbers"),
        ("z,dg\n", "there are no numbers"),
        ("z,dg\n1,2\n1\n", "line 3: 1 column, but the first line has 2"),
        ("z,dg\n1,2\n\n1,two\n", "line 4: 'two' is not a number"),
        ("1\n2\n", "line 1: there is only one column: z and a value are needed"),
        ("hello big world\n", "line 1: no column 'z': the columns are 'hello', 'big', 'world'"),
        ("0,1\n" * 40_000 + "1,0.1.2\n", "line 40001: '0.1.2' is not a number"),
    ):
        path.write_text(text)
        assert fails(f"tanh {path}") == f"{path}: {message}"
        assert fails("tanh", text) == message if len(text) < 60_000 else True
    path.write_text("0 1\n1 2.73923374\n")
    message = f"{path}: line 2: '2.73923374' is not a float32 number: the nearest is 2.7392337"
    assert fails(f"tanh {path} --dtype float32") == message
    assert fails(f"tanh {tmp_path}/nowhere") == f"cannot read '{tmp_path}/nowhere': No such file or directory"
    assert fails(f"tanh {tmp_path}") == f"cannot read '{tmp_path}': Is a directory"


def test_many_pairs_take_little_memory(tmp_path: Path) -> None:
    """Memory use is that of NumPy and a few blocks; the 5 MB file is read in blocks."""
    resource = pytest.importorskip("resource")
    path = tmp_path / "pairs.csv"
    path.write_text("z,dg\n" + "0.25,0.94\n0.5,0.78\n" * 250_000)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (120_000_000, 120_000_000))

    done = subprocess.run(
        [sys.executable, "-m", "actcalc", "check", "tanh", path, "-f", "json", "-q"],
        capture_output=True,
        preexec_fn=limit,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        check=False,
    )
    report = json.loads(done.stdout)
    assert report["points"] == 500_000
    slope = 1 - math.tanh(0.5) ** 2
    assert report["max_ulp_z"] == 0.5
    assert report["max_ulp"] == pytest.approx(abs(0.78 - slope) * 2**53, rel=1e-5)


def test_exit_status_of_usage() -> None:
    assert actcalc(["check"]) == Done(
        2, "", "actcalc: missing argument NAME\nhint: see: actcalc check --help\n"
    )


def test_npy_on_standard_input(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    assert actcalc(["table", "tanh", "-o", str(path)]).status == 0
    program = [sys.executable, "-m", "actcalc", "check", "tanh"]
    with path.open("rb") as source:
        done = subprocess.run(program, stdin=source, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("passed: all points are correctly rounded\n")
    for data in (path.read_bytes(), gzip.compress(path.read_bytes())):
        piped = subprocess.run(program, input=data, capture_output=True, check=False)
        assert (piped.returncode, piped.stderr) == (0, b"")
        assert piped.stdout.decode() == done.stdout.replace("\r", "")


def test_npy_with_bits(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    assert actcalc(["table", "tanh", "--dtype", "bfloat16", "-o", str(path)]).status == 0
    assert is_right(f"tanh {path} --columns z_bits,dg_bits")
    array = np.load(path)
    np.save(path, fields(z_bits=array["z_bits"].astype("u4"), dg_bits=array["dg_bits"]))
    assert fails(f"tanh {path}") == f"{path}: fields that end in _bits must be uint16, the bits of bfloat16"
    np.save(path, fields(z_bits=array["z_bits"], dg=array["dg_bits"]))
    assert fails(f"tanh {path}") == f"{path}: fields that end in _bits must be uint16, the bits of bfloat16"


@pytest.mark.parametrize("columns", ["1", "1,2,3", ",2", "1,\n2", '1,"2', ""])
def test_columns_are_two(columns: str) -> None:
    done = actcalc(["check", "tanh", "--columns", columns], "0 1\n")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("actcalc: --columns must name two columns, not ")


def test_large_errors_have_all_their_digits() -> None:
    """An error of 2**23 ulps, and a NaN, which has none."""
    stdin = "1 8388609\n1 nan\n"
    report = checked("identity --of g --dtype float32", stdin)
    assert report["max_ulp"] == 2.0**46  # 2**23 in ulps of 2**-23
    done = actcalc(["check", "identity", "--of", "g", "--dtype", "float32", "-q"], stdin)
    assert done.out.splitlines()[-1] == ("FAILED: 1 point off by more than 1 ulp, 1 wrongly infinite or NaN")


@pytest.mark.parametrize("worst", [-1, 1.5, "2"])
def test_worst_is_a_whole_number(worst: object) -> None:
    with pytest.raises(library.ActcalcError, match="worst must be a whole number of at least 0"):
        library.check("tanh", np.zeros(1), np.ones(1), worst=worst)  # type: ignore[arg-type]


def test_the_dtype_given_is_not_doubted() -> None:
    lines = "0.3,0.9151370\n0.7,0.63473958\n"
    assert "hint: all values are float32 numbers" in actcalc(["check", "tanh"], lines).err
    assert "hint" not in actcalc(["check", "tanh", "--dtype", "float64"], lines).err


def test_the_dtype_given_goes_before_that_of_bits(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros(2, [("z_bits", "<u2"), ("dg_bits", "<u2")]))
    assert checked(f"tanh {tmp_path / 'x.npy'} --dtype float32")["dtype"] == "float32"
