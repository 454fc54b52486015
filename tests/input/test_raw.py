"""Raw words written by kernels, and files of tensors."""

import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.support.command import actcalc

PATTERNS = np.arange(1 << 16).astype("<u2")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    wide = (PATTERNS.astype("<u4") << 16).view("<f4")  # bfloat16 is the upper half of float32
    right = (np.maximum(wide, 0).view("<u4") >> 16).astype("<u2")
    PATTERNS.tofile("z.bin")
    right.tofile("relu.bin")
    right[0x3F80] ^= 2  # at 1
    right.tofile("wrong.BIN")
    PATTERNS[:5].tofile("short.bin")
    Path("odd.bin").write_bytes(b"abc")
    Path("empty.bin").touch()


@pytest.mark.parametrize("files", ["relu.bin", "z.bin relu.bin"])
def test_words_are_values_of_all_patterns_or_of_those_in_another_file(files: str) -> None:
    done = actcalc(
        ["check", "relu", *files.split(), *["--of", "g", "--dtype", "bfloat16", "-f", "json", "-q"]]
    )
    known = json.loads(done.out)
    assert (done.status, known["points"], known["correctly_rounded"]) == (0, 1 << 16, 1 << 16)
    done = actcalc(["check", "relu", "wrong.BIN", *["--of", "g", "--dtype", "bfloat16", "-f", "json", "-q"]])
    known = json.loads(done.out)
    assert (done.status, known["at_z"], known["largest_error"]) == (1, 1.0, 2)


def test_float32_words_in_two_files() -> None:
    z = np.array([-1, 0.5, 3e38], "<f4")
    z.tofile("z.bin")
    np.maximum(z, 0).tofile("g.bin")
    assert actcalc(["check", "relu", "z.bin", "g.bin", "--of", "g", "--dtype", "float32", "-q"]).status == 0


@pytest.mark.parametrize(
    ("files", "message", "hint"),
    [
        (
            "relu.bin",
            "relu.bin: the format of its words is not given",
            "give it, for example --dtype bfloat16",
        ),
        (
            "short.bin --dtype bf16",
            "short.bin: a single file must hold all 65,536 words of bfloat16, not 5",
            "give z and the values as two files: z.bin values.bin",
        ),
        ("odd.bin --dtype bf16", "odd.bin: 3 bytes are not a whole number of words of 2 bytes", ""),
        ("empty.bin --dtype bf16", "empty.bin: there are no numbers", ""),
        ("no.bin --dtype bf16", "cannot read 'no.bin': No such file or directory", ""),
        (
            "z.bin short.bin --dtype bf16",
            "short.bin: z and values must have the same shape, not (65536,) and (5,)",
            "",
        ),
    ],
)
def test_files_with_incomplete_words(files: str, message: str, hint: str) -> None:
    done = actcalc(["check", "relu", *files.split()])
    assert (done.status, done.out) == (1, "")
    assert done.err.splitlines() == [f"actcalc: {message}", *([f"hint: {hint}"] if hint else [])]


def test_files_of_tensors_are_refused_with_a_line_of_python() -> None:
    header = json.dumps({"z": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    Path("a.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
    with zipfile.ZipFile("a.pt", "w") as archive:
        archive.writestr("a/data.pkl", b"\x80\x02}q\x00.")
    for file, what in (("a.pt", "a file of torch"), ("a.safetensors", "a safetensors file")):
        done = actcalc(["check", "relu", file])
        message, hint = done.err.splitlines()
        assert (done.status, message) == (1, f"actcalc: {file}: this is {what}, not text")
        assert hint.startswith('hint: python3 -c "import numpy, ')
        compile(hint.partition('"')[2].removesuffix('"'), file, "exec")


@pytest.mark.parametrize(
    ("text", "points"),
    [("bf80,0000\n3f80,3f80\n", 2), ("z,g\n0xbf80,0000\n3F80,0x3f80\n", 2), ("bf80 0000\n", 1)],
)
def test_with_bits_every_word_is_a_pattern(text: str, points: int) -> None:
    Path("words.txt").write_text(text)
    command = "check relu words.txt --of g --dtype bfloat16 --bits --max-ulp 0.5 -f json -q"
    done = actcalc(command.split())
    assert (done.status, json.loads(done.out)["points"]) == (0, points)


@pytest.mark.parametrize(
    ("text", "options", "message", "hint"),
    [
        ("bf80,0000\n", "--dtype bf16", "line 1: 'bf80' is not a number", "--bits with --dtype reads"),
        ("bf80,bfff\n", "--dtype bf16", "line 1: 'bf80' is not a number", "--bits with --dtype reads"),
        ("3f80,bf80\n", "--dtype bf16", "line 1: '3f80' is not a number", "--bits with --dtype reads"),
        ("3fffffff,0\n", "", "line 1: '3fffffff' is not a number", "--bits with --dtype reads"),
        ("3f80,0.5\n", "--dtype bf16 --bits", "line 1: '0.5' is not a bit pattern of bfloat16", ""),
        ("3f80,3f8\n", "--dtype bf16 --bits", "line 1: '3f8' is not a bit pattern of bfloat16", ""),
    ],
)
def test_bare_words_are_never_guessed(text: str, options: str, message: str, hint: str) -> None:
    Path("words.txt").write_text(text)
    done = actcalc(["check", "relu", "words.txt", "--of", "g", *options.split()])
    said, *hints = done.err.splitlines()
    assert done.status == 1
    assert said.startswith(f"actcalc: words.txt: {message}")
    assert hints[0].startswith(f"hint: {hint}") if hint else not hints


def test_bits_are_of_a_format() -> None:
    done = actcalc(["check", "relu", "z.bin", "--bits"])
    assert (done.status, done.err.splitlines()[0]) == (2, "actcalc: --bits needs --dtype")
