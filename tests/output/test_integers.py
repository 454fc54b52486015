"""Codes of integer formats as memory words, C arrays and NumPy arrays."""

import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.support.command import actcalc

ADDRESSES = np.arange(1 << 16, dtype=np.uint16)


def run(command: str) -> str:
    done = actcalc(command.split())
    assert (done.status, done.err) == (0, ""), done.err
    return done.out


def words_of(text: str) -> tuple[list[str], list[str]]:
    """The comments and words of a memory file."""
    lines = text.splitlines()
    return [line for line in lines if line[:2] == "//"], [line for line in lines if line[:2] != "//"]


def test_a_memory_has_the_word_of_each_pattern_at_its_address() -> None:
    comments, words = words_of(run("table identity --dtype q3.12 --all-values -f mem"))
    assert words == [f"{address:04x}" for address in ADDRESSES.tolist()]
    assert comments[0].startswith("// identity_g, bits of q3.12, actcalc ")
    assert comments[1:] == [
        "// z and results are codes of q3.12, which stand for code/4096.",
        "// Results are rounded to nearest, ties to even.",
        "// The index is the bit pattern of z, z & 0xffff.",
    ]
    by_value = words_of(run("table identity --dtype q3.12 --all-values --order-by value -f mem"))[1]
    assert by_value == words[1 << 15 :] + words[: 1 << 15]


def test_results_of_a_filter_are_words() -> None:
    comments, words = words_of(run("eval tanh 0.5 -0.5 --dtype q3.12 -f mem"))
    assert words == ["0765", "f89b"]  # 1893 and -1893
    assert comments[1:] == [
        "// z and results are codes of q3.12, which stand for code/4096.",
        "// Results are rounded to nearest, ties to even.",
    ]


def test_a_memory_whose_width_is_not_a_multiple_of_four() -> None:
    words = words_of(run("table identity --dtype q4.4 --all-values -f mem"))[1]
    assert words == [f"{address:03x}" for address in range(512)]


def test_an_array_of_c_is_indexed_by_the_pattern(tmp_path: Path) -> None:
    source = run("table identity --dtype q3.12 --out-dtype q3.4 --all-values --order 0 -f c")
    assert re.findall(r"static const (.*) = \{", source) == ["int8_t identity_g[65536]"]
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no compiler of C")
    check = """
int main(void) {
    int16_t z = -4096, most = 32767, least = -32768;
    const int8_t *g = identity_g;
    return g[z & 0xffff] != -16 || g[most & 0xffff] != 127 || g[least & 0xffff] != -128;
}
"""
    (tmp_path / "table.c").write_text(source + check)
    command = [compiler, "-std=c99", "-Wall", "-Wextra", "-Werror", "-o", "table", "table.c"]
    subprocess.run(command, cwd=tmp_path, check=True)
    subprocess.run([str(tmp_path / "table")], check=True)


@pytest.mark.parametrize(
    ("options", "array"),
    [
        ("--dtype uq0.16 --at 0.5", "uint16_t identity_g[1] = {\n    32768\n}"),
        ("--dtype q0.31 --at -1", "int32_t identity_g[1] = {\n    -2147483648\n}"),
        ("--dtype s8:0.5,0 --at -64", "int8_t identity_g[1] = {\n    -128\n}"),
        ("--dtype u8:1/3,9 --at 1", "uint8_t identity_g[1] = {\n    12\n}"),
        ("--out-dtype e5m2 --at 1", "uint8_t identity_g[1] = {\n    0x3c\n}"),
    ],
)
def test_types_of_c(options: str, array: str) -> None:
    assert f"static const {array};" in run(f"table identity --order 0 -f c {options}")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--dtype q3.12", np.array([(512, 512), (2048, 2048)], [("z", "<i2"), ("g", "<i2")])),
        ("--out-dtype uq0.16", np.array([(0.125, 8192), (0.5, 32768)], [("z", "<f8"), ("g", "<u2")])),
        (
            "--dtype s8:0.25,0 --out-dtype bf16",
            np.array([(0, 0x0000), (2, 0x3F00)], [("z", "i1"), ("g_bits", "<u2")]),
        ),
        ("--dtype f32 --out-dtype f16", np.array([(0.125, 0.125), (0.5, 0.5)], [("z", "<f4"), ("g", "<f2")])),
    ],
)
def test_fields_of_npy(
    options: str, expected: "np.ndarray[tuple[int], np.dtype[np.void]]", tmp_path: Path
) -> None:
    path = tmp_path / "rows.npy"
    run(f"table identity --order 0 --at 0.125 0.5 {options} -o {path}")
    array = np.load(path)
    assert array.dtype == expected.dtype
    assert array.tolist() == expected.tolist()


def test_formats_for_programs_have_codes_under_the_usual_names() -> None:
    command = "table identity --order 0 --dtype q3.12 --out-dtype q0.15 --at -1 0.5 -f"
    assert json.loads(run(f"{command} json")) == [{"z": -4096, "g": -32768}, {"z": 2048, "g": 16384}]
    assert run(f"{command} jsonl") == '{"z": -4096, "g": -32768}\n{"z": 2048, "g": 16384}\n'
    assert run(f"{command} csv") == "z,g\n-4096,-32768\n2048,16384\n"
    assert (
        run(f"{command} csv --hex")
        == "z,z_bits,g,g_bits\n-4096,0xf000,-32768,0x8000\n2048,0x0800,16384,0x4000\n"
    )


def test_many_points_are_codes_as_few_are() -> None:
    """A stream and a range long enough for arrays, checked by NumPy, whose rint rounds ties to even."""
    z = np.arange(-50_000, 50_000) / 6000
    expected = np.clip(np.rint(z * 4096), -32768, 32767).astype(int)
    text = "\n".join(map(repr, z.tolist()))
    done = actcalc(["eval", "identity", "--dtype", "q3.12"], text)
    assert list(map(int, done.out.split())) == expected.tolist()
    beyond = int((np.rint(z * 4096) != expected).sum())
    assert f"note: z = -8.333333333333334 and {beyond - 1:,} more are out of range of q3.12: " in done.err
    # Half a code plus less than float64 resolves: not a tie.
    more = actcalc(["eval", "identity", "--dtype", "q3.12"], "0.00012207031250000000000000001\n" * 5000)
    assert more.out == "1\n" * 5000
    points = ["--from", "-8", "--to", "8", "--num", "4001"]
    ranged = actcalc(["table", "identity", "--dtype", "q3.12", "--order", "0", "-f", "csv", *points])
    codes = [round(int(x) * 65536 / 4000) for x in range(-2000, 2001)]
    rows = np.loadtxt(io.StringIO(ranged.out), int, delimiter=",", skiprows=1)
    assert rows[:, 0].tolist() == np.clip(codes, -32768, 32767).tolist()
    assert (rows[:, 0] == rows[:, 1]).all()


@pytest.mark.parametrize("count", [5, 5001])
def test_a_point_without_a_value_ends_the_work_after_those_before_it(count: int) -> None:
    z = [i / 1024 - 2 for i in range(count - 1)] + [0]
    z.sort(key=lambda x: x == 0)
    done = actcalc(["eval", "1/z", "--dtype", "q3.12"], "\n".join(map(str, [*z, 1])))
    assert (done.status, len(done.out.splitlines())) == (1, z.index(0))
    assert "'1/z' has no value at z = 0, and q3.12 has no NaN" in done.err
