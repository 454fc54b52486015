"""Input of ``check`` other than text: arrays in one or two files, JSON, bit patterns; and its format."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import actcalc as library
from actcalc.input.pairs import choose_pair
from actcalc.output.formats import format_of
from tests.support.command import Done, actcalc

PASSED = "passed: all points are correctly rounded\n"
F = library.activation("tanh")
Z = np.linspace(-5, 5, 20_001)
Save = Callable[..., str]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def saved(name: str, array: Any = None, **arrays: Any) -> str:
        path = tmp_path / name
        if arrays:
            np.savez(path, **arrays)
        else:
            np.save(path, array)
        return str(path)

    return saved


def check(arguments: str, stdin: str = "") -> Done:
    """Run check and drop the report."""
    done = actcalc(["check", "tanh", "--max-ulp", "0.5", "-f", "csv", *shlex.split(arguments)], stdin)
    return Done(done.status, "", done.err)


def both(z: Any) -> tuple[Any, Any]:
    return z, F.dg(z)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_two_files_and_npz(dtype: str, save: Save) -> None:
    z, dg = both(Z.astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype))
    wrong = dg + (z == 5) * z
    for arguments in (f"{save('z.npy', z)} {save('v.npy', dg)}", save("a.npz", z=z, dg=dg, g=wrong)):
        assert check(arguments) == Done(0, "", PASSED)
    assert check(f"{save('value.npz', z=z.reshape(-1, 3), value=dg.reshape(-1, 3))}") == Done(0, "", PASSED)
    assert check(f"{save('z.npy', z)} {save('v.npy', wrong)}").status == 1
    assert check(f"{save('a.npz', z=z, dg=wrong, g=dg)}").status == 1
    assert check(f"{save('a.npz', a=z, b=dg)} --columns a,b") == Done(0, "", PASSED)


def test_bfloat16_of_ml_dtypes_in_one_file(save: Save) -> None:
    """A saved bfloat16 array has elements of two raw bytes."""
    z, dg = both(Z.astype(ml_dtypes.bfloat16))
    fields = np.empty(len(z), [("z", z.dtype), ("dg", z.dtype)])
    fields["z"], fields["dg"] = z, dg
    for array in (np.stack([z, dg], 1), np.asfortranarray(np.stack([z, dg], 1)), fields):
        path = save("pairs.npy", array)
        assert np.dtype(np.load(path).dtype[0] if array is fields else np.load(path).dtype) == "V2"
        assert check(path) == Done(0, "", PASSED)
        assert check(f"{path} --dtype bfloat16") == Done(0, "", PASSED)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_bit_patterns_in_arrays(dtype: str, save: Save) -> None:
    z, dg = both(Z.astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype))
    patterns = np.stack([z, dg], 1).view(f"u{z.itemsize}")
    path = save("pairs.npy", patterns)
    assert check(f"{path} --dtype {dtype}") == Done(0, "", PASSED)
    assert check(f"{save('p.npz', z=patterns[:, 0], dg=patterns[:, 1])} --dtype {dtype}") == Done(
        0, "", PASSED
    )
    if z.itemsize == 2:
        message = f"actcalc: {path}: z and values are uint16: bit patterns?\n"
        assert check(path) == Done(1, "", message + "hint: give --dtype bfloat16 or float16\n")


def test_arrays_that_are_not_there(save: Save, tmp_path: Path) -> None:
    z, dg = both(Z[:3])
    a, b = save("z.npy", z), save("v.npy", dg[:2])
    nowhere, text = tmp_path / "nowhere.npy", tmp_path / "v.txt"
    text.write_text("1\n")
    many = save("a.npz", a=z, b=dg)
    for arguments, message in (
        (
            many,
            f"{many}: no column 'dg': the columns are 'a', 'b'\n"
            "hint: write it with np.savez(FILE, z=z, dg=dg)",
        ),
        (
            f"{many} --of g --columns a,c",
            f"{many}: no column 'c': the columns are 'a', 'b'\nhint: write it with",
        ),
        (
            a,
            f"{a}: an array of shape (3,) and float64 does not have two columns\n"
            "hint: give z and the values as two",
        ),
        (f"{a} {b}", f"{b}: z and values must have the same shape, not (3,) and (2,)\n"),
        (f"{a} {many}", f"{many}: two files must be .npy files with one array each\n"),
        (f"{a} {nowhere}", f"cannot read '{nowhere}': No such file or directory\n"),
        (f"{a} {text}", f"{text}: not a whole .npy file\n"),
        (f"{a} {a} {a}", "more than two files\nhint: give one, or two .npy or .bin files: z and values\n"),
    ):
        done = check(arguments)
        assert done.status == (2 if "more than" in message else 1)
        if "no column 'dg'" in message:
            message = message.replace("'dg'", "'z'")
        assert done.err.startswith("actcalc: " + message)
        assert done.err.count("\n") <= 2
    g = save("g.npz", z=z, g=dg)
    assert check(g).err == f"actcalc: {g}: no column 'dg': the columns are 'z', 'g'\nhint: --of g checks g\n"
    whole = Path(many).read_bytes()
    Path(many).write_bytes(whole[: len(whole) // 2])
    assert check(many).err.startswith(f"actcalc: {many}: not a whole .npz file: ")
    assert check("", "PK\x03\x04 and so on\n").err.startswith("actcalc: not a whole .npz file: ")


@pytest.mark.parametrize("header", ["z dg", "by hand\nn z dg", "made on a Monday"])
@pytest.mark.parametrize("delimiter", [" ", ",", "\t"])
def test_savetxt(header: str, delimiter: str, tmp_path: Path) -> None:
    path = tmp_path / "pairs.txt"
    columns = [np.arange(len(Z)), Z, F.dg(Z)] if "n z" in header else [Z, F.dg(Z)]
    words = header.split("\n")
    named = "\n".join([*words[:-1], words[-1].replace(" ", delimiter)])
    np.savetxt(path, np.stack(columns, 1), fmt="%.17g", delimiter=delimiter, header=named)
    assert path.read_text().startswith("# ")
    assert check(str(path)) == Done(0, "", PASSED)


@pytest.mark.parametrize("form", ["json", "jsonl"])
@pytest.mark.parametrize("options", ["--num 4001", "--dtype float32", "--at nan inf -inf 0"])
def test_json_as_table_writes_it(form: str, options: str) -> None:
    table = actcalc(["table", "tanh", "sigmoid", *options.split(), "-f", form]).out
    dtype = "--dtype float32" if "float32" in options else ""
    assert check(f"--columns z,tanh_dg {dtype}", table) == Done(0, "", PASSED)
    assert check(f"--columns z,sigmoid_dg {dtype}", table).status == 1


HINT = "hint: all values are float32 numbers: did you mean --dtype float32?\n"


def test_float32_taken_for_float64(save: Save) -> None:
    """float32 values are recognized whether written with the fewest digits, with nine, or as float64."""
    z, dg = both(Z[::20].astype(np.float32))
    for text in (
        "".join(f"{x} {y}\n" for x, y in zip(z, dg, strict=True)),
        "".join(f"{x:.9g} {y:.9g}\n" for x, y in zip(z, dg, strict=True)),
    ):
        done = check("", text)
        assert (done.status, done.err.splitlines(keepends=True)[1:]) == (1, [HINT])
        assert check("-q", text).err == ""
        assert HINT not in check("--dtype float64", text).err
        assert HINT not in check("", text + "1 0.41997434161402614\n").err
    assert HINT in check(save("wide.npy", np.stack([z, dg], 1).astype(float))).err
    assert HINT not in check("", "0 1\n0.5 0.786448\n").err
    assert HINT not in check("", "0 1\n").err


def test_hints_name_arguments_as_python_and_options_on_the_command_line(tmp_path: Path) -> None:
    with pytest.raises(library.ActcalcError) as caught:
        choose_pair("dg")(["z", "g"])
    assert caught.value.hint == "of='g' checks g"
    assert actcalc(["check", "relu"], "z g\n1 1\n").err.endswith("\nhint: --of g checks g\n")
    with pytest.raises(library.ActcalcError) as caught:
        format_of("a.foo")
    assert caught.value.hint == "or name the format with format"
    assert actcalc(["table", "relu", "-o", "a.foo"]).err.endswith(
        "\nhint: or name the format with --format\n"
    )


def test_other_columns_of_an_archive_are_named(tmp_path: Path) -> None:
    """A hint names the quantity in the archive; if there is none, it says how to write the file."""
    for names, hint in (("d2g", "--of d2g checks d2g"), ("x y", "write it with np.savez(FILE, z=z, dg=dg)")):
        arrays: dict[str, Any] = {name: np.ones(2) for name in ["z", *names.split()]}
        np.savez(tmp_path / "a.npz", **arrays)
        assert actcalc(["check", "relu", str(tmp_path / "a.npz")]).err.splitlines()[1] == f"hint: {hint}"
