"""Output: files that are whole or untouched, NumPy's format, all values, the progress bar."""

import contextlib
import io
import os
import pty
import select
import signal
import stat
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actcalc.cli.progress import with_progress
from actcalc.numbers.floats import BFLOAT16, FLOAT16, FORMATS, Format
from actcalc.output.files import ending_in_order
from tests.support.command import Done, actcalc
from tests.support.processes import PROGRAM, run, start, unmeasured


@cache
def printed(*arguments: str) -> bytes:
    """The program's output, cached because several tests compare with it."""
    return run(*arguments).stdout


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# Files


@pytest.mark.parametrize(
    ("suffix", "form"),
    [
        ("csv", "csv"),
        ("tsv", "tsv"),
        ("jsonl", "jsonl"),
        ("json", "json"),
        ("md", "markdown"),
        ("txt", "table"),
    ],
)
def test_the_suffix_names_the_format(suffix: str, form: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    assert actcalc(["table", "elu", "-o", str(path)]) == Done(0, "", "")
    assert path.read_bytes().decode() == actcalc(["table", "elu", "-f", form]).out
    assert left_in(tmp_path) == [path.name]
    actcalc(["table", "elu", "-o", str(path), "-f", "csv"])
    assert path.read_bytes().decode() == actcalc(["table", "elu", "-f", "csv"]).out


@pytest.mark.parametrize("command", ["eval", "deriv"])
def test_filters_write_files_as_well(command: str, tmp_path: Path) -> None:
    path = tmp_path / "slopes"
    numbers = b"1 2 3\n" * 2000
    done = run(command, "mish", "-o", str(path), stdin=numbers)
    assert (done.returncode, done.stdout) == (0, b"")
    assert path.read_bytes() == run(command, "mish", stdin=numbers).stdout


def test_a_link_is_followed_and_the_mode_kept(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    target, link = tmp_path / "a" / "target.csv", tmp_path / "link.csv"
    target.write_text("old")
    target.chmod(0o604)
    link.symlink_to(Path("a") / "target.csv")
    assert run("table", "tanh", "-o", str(link)).returncode == 0
    assert link.is_symlink()
    assert target.read_bytes() == printed("table", "tanh", "-f", "csv")
    assert stat.S_IMODE(target.stat().st_mode) == 0o604
    assert left_in(tmp_path / "a") == ["target.csv"]


def test_a_link_to_nothing_makes_the_file(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to("new.csv")
    assert run("table", "tanh", "-o", str(tmp_path / "link.csv")).returncode == 0
    assert left_in(tmp_path) == ["link.csv", "new.csv"]
    assert (tmp_path / "link.csv").is_symlink()


def test_a_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    run("eval", "tanh", "1", "-o", str(tmp_path / "a"), preexec_fn=lambda: os.umask(0o027))
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_dev_stdout_is_a_pipe() -> None:
    right = printed("table", "tanh", "-f", "csv")
    assert run("table", "tanh", "-f", "csv", "-o", "/dev/stdout").stdout == right


@pytest.mark.parametrize("arrow", [">", ">>"])
@pytest.mark.parametrize("form", ["csv", "npy"])
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"])
def test_dev_stdout_is_a_file(name: str, form: str, arrow: str, tmp_path: Path) -> None:
    """The file is written from its current position and not replaced."""
    (tmp_path / "link").symlink_to("/dev/stdout")
    (tmp_path / "a").write_text("old")
    inode = (tmp_path / "a").stat().st_ino
    call = f"{sys.executable} -m actcalc table tanh -f {form} -o {name}"
    command = f"(printf before; {call}; printf after) {arrow} a"
    subprocess.run(["bash", "-c", command], check=True, cwd=tmp_path)
    right = b"before" + printed("table", "tanh", "-f", form) + b"after"
    assert (tmp_path / "a").read_bytes() == (b"old" if arrow == ">>" else b"") + right
    assert (tmp_path / "a").stat().st_ino == inode
    assert left_in(tmp_path) == ["a", "link"]


def test_a_descriptor_that_is_not_open() -> None:
    done = run("table", "tanh", "-o", "/dev/fd/77")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"actcalc: cannot write '/dev/fd/77': Bad file descriptor\n"


def test_a_long_name(tmp_path: Path) -> None:
    name = "a" * 251 + ".csv"
    assert run("table", "tanh", "-o", name, cwd=tmp_path).returncode == 0
    assert left_in(tmp_path) == [name]


def test_a_named_pipe_is_written_directly(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with subprocess.Popen([*PROGRAM, "table", "tanh", "-f", "csv", "-o", str(path)]) as process:
        assert path.read_bytes() == printed("table", "tanh", "-f", "csv")
    assert process.returncode == 0
    assert stat.S_ISFIFO(path.stat().st_mode)


@pytest.mark.parametrize("form", ["csv", "npy"])
def test_a_bad_number_leaves_the_old_file(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{form}"
    path.write_text("old")
    done = run("table", "tanh", "-", "-o", str(path), stdin=b"1\n" * 5000 + b"one\n")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"actcalc: line 5001: 'one' is not a number\n"
    assert path.read_text() == "old"
    assert left_in(tmp_path) == [path.name]


@pytest.mark.parametrize(
    ("name", "why"), [("no/a.csv", "No such file or directory"), ("folder", "Is a directory")]
)
def test_files_that_cannot_be_written(name: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    done = run("table", "tanh", "-o", str(tmp_path / name))
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f"actcalc: cannot write '{tmp_path / name}': {why}\n"
    assert left_in(tmp_path) == ["folder"]


@pytest.mark.parametrize("form", ["csv", "npy", "table"])
def test_a_full_device(form: str) -> None:
    done = run("table", "tanh", "--num", "30000", "-f", form, "-o", "/dev/full")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"actcalc: cannot write '/dev/full': No space left on device\n"


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """A limit on the file size acts like a disk that fills up."""
    path = tmp_path / "a.csv"
    path.write_text("old")

    def limit() -> None:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = run("table", "tanh", "--num", "100000", "-o", str(path), preexec_fn=limit, env=unmeasured())
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f"actcalc: cannot write '{path}': File too large\n"
    assert path.read_text() == "old"
    assert left_in(tmp_path) == [path.name]


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (signal.SIGINT, -signal.SIGINT),
        (signal.SIGTERM, -signal.SIGTERM),
        (signal.SIGHUP, -signal.SIGHUP),
    ],
)
@pytest.mark.parametrize("arguments", ["table gelu --num 100000000", "table gelu -"])
def test_signals_leave_the_old_file(arguments: str, number: int, status: int, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")

    def at_a_terminal() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)

    process = start(*arguments.split(), "-o", str(path), preexec_fn=at_a_terminal)
    with process:
        deadline = time.monotonic() + 20
        while len(left_in(tmp_path)) == 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(left_in(tmp_path)) == 2
        time.sleep(0.3)
        process.send_signal(number)
        assert process.wait(20) == status
        assert process.stdout is not None
        assert process.stderr is not None
        assert (process.stdout.read(), process.stderr.read()) == (b"", b"")
    assert path.read_text() == "old"
    assert left_in(tmp_path) == ["a.csv"]


def test_a_read_error(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")
    with open("/proc/self/mem", "rb") as unreadable:  # reading it fails at the start
        for output in ([], ["-o", str(path)]):
            done = subprocess.run(
                [*PROGRAM, "table", "tanh", "-", *output], stdin=unreadable, capture_output=True, check=False
            )
            assert done.returncode == 1
            assert done.stderr == b"actcalc: cannot read standard input: Input/output error\n"
    assert path.read_text() == "old"
    assert left_in(tmp_path) == [path.name]


# NumPy's format


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=str)
@pytest.mark.parametrize("count", [3, 3100])
def test_npy_agrees_with_csv(fmt: Format, count: int, tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    arguments = ["table", "tanh", "relu", "--num", str(count), "--dtype", fmt.name, "-q"]
    assert actcalc([*arguments, "-o", str(path)]).status == 0
    array = np.load(path)
    header, *rows = actcalc([*arguments, "-f", "csv"]).out.splitlines()
    ending = "" if fmt.is_native else "_bits"
    assert array.dtype.names == tuple(name + ending for name in header.split(","))
    assert array.dtype[0] == np.dtype(f"{'f' if fmt.is_native else 'u'}{fmt.bits // 8}")
    for found, row in zip(array.tolist(), rows, strict=True):
        texts = [fmt.text(x if fmt.is_native else fmt.from_bits(x)) for x in found]
        assert texts == row.split(",")


def test_npy_through_a_pipe() -> None:
    done = run("table", "tanh", "-", "-f", "npy", stdin=b"0 1\n")
    assert done.returncode == 0
    assert np.load(io.BytesIO(done.stdout)).tolist() == [
        (0.0, 0.0, 1.0),
        (1.0, np.tanh(1), 0.4199743416140261),
    ]


@pytest.mark.parametrize("arrow", [">", ">>"])
def test_npy_between_other_output(arrow: str, tmp_path: Path) -> None:
    call = f"{sys.executable} -m actcalc table tanh -f npy"
    command = f"(printf before; {call}; printf after) {arrow} {tmp_path}/a"
    subprocess.run(["bash", "-c", command], check=True)
    assert (tmp_path / "a").read_bytes() == b"before" + printed("table", "tanh", "-f", "npy") + b"after"


@pytest.mark.parametrize("command", ["eval", "deriv", "table"])
def test_npy_of_nothing(command: str, tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    arguments = ["-"] if command == "table" else []
    assert run(command, "tanh", *arguments, "-o", str(path)).returncode == 0
    names = {"eval": ("g",), "deriv": ("dg",), "table": ("z", "g", "dg")}
    array = np.load(path)
    assert (array.shape, array.dtype.names) == ((0,), names[command])


def test_npy_of_slopes(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    assert run("deriv", "tanh", "-o", str(path), "--dtype", "float32", stdin=b"0 20\n").returncode == 0
    array = np.load(path)
    assert array.dtype == [("dg", np.float32)]
    assert array["dg"].tolist() == [1.0, float(np.float32(1.6993417021166355e-17))]


@pytest.mark.parametrize("option", ["--hex", "--digits 5"])
def test_npy_holds_floats_alone(option: str) -> None:
    done = run("table", "tanh", "-f", "npy", *option.split())
    assert done.returncode == 2
    assert done.stderr.decode() == f"actcalc: {option.split()[0]} and npy cannot be used together\n"


def test_npy_is_not_for_a_terminal() -> None:
    controller, terminal = pty.openpty()
    done = subprocess.run(
        [*PROGRAM, "table", "tanh", "-f", "npy"], stdout=terminal, stderr=subprocess.PIPE, check=False
    )
    os.close(controller)
    os.close(terminal)
    assert done.returncode == 2
    assert done.stderr == b"actcalc: npy is binary and not for a terminal\nhint: write it to a file with -o\n"


# All values


@pytest.mark.parametrize(("fmt", "count"), [(BFLOAT16, 65282), (FLOAT16, 63490)], ids=str)
def test_all_values(fmt: Format, count: int) -> None:
    done = run("table", "identity", "--all-values", "--dtype", fmt.name, "-f", "csv")
    rows = [line.split(",") for line in done.stdout.decode().splitlines()[1:]]
    assert len(rows) == count
    assert (rows[0][0], rows[-1][0]) == ("-inf", "inf")
    assert all(row[0] == row[1] for row in rows)
    values = [float(row[0]) for row in rows]
    assert values == sorted(values)
    zero = [row[0] for row in rows].index("-0.0")
    assert rows[zero + 1][0] == "0.0"
    assert len({row[0] for row in rows}) == count


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("", "--all-values: only formats of up to 16 bits have few enough values"),
        ("--dtype float32", "--all-values: only formats of up to 16 bits have few enough values"),
        ("--digits 5", "--digits and --all-values cannot be used together"),
        (
            "--dtype float16 --at 1",
            "--at and --all-values cannot be used together\nhint: z comes from one place",
        ),
        (
            "--dtype float16 --num 5",
            "--all-values and a range cannot be used together\nhint: z comes from one place",
        ),
    ],
)
def test_all_values_of_what(option: str, message: str) -> None:
    done = run("table", "tanh", "--all-values", *option.split())
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == f"actcalc: {message}\n"


# Many rows


@pytest.mark.parametrize("form", ["table", "json", "markdown"])
def test_a_table_that_nobody_can_read(form: str) -> None:
    done = run("table", "tanh", "--num", "1000001", "-f", form)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == (
        f"actcalc: 1000001 rows are too many for --format {form}\nhint: use --format csv or jsonl\n"
    )


def test_the_first_rows_come_at_once() -> None:
    command = (
        f"{sys.executable} -m actcalc table sigmoid --from -1e3 --to 1e3 --num 100000000 -f csv | head -3"
    )
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True, timeout=20)
    assert done.stdout == b"z,g,dg\n-1000.0,0.0,0.0\n-999.9999799999998,0.0,0.0\n"
    assert done.stderr == b""


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl"])
def test_many_rows_are_those_of_few(form: str) -> None:
    """Bulk and single evaluation, and bulk and single text, give the same bytes."""
    arguments = ["relu", "gelu", "--from", "-40", "--to", "8", "--step", "0.01", "-q", "-f", form]
    many = actcalc(["table", *arguments]).out.splitlines()
    few = actcalc(["table", *arguments, "--hex"]).out.splitlines()  # single texts
    separator = {"csv": ",", "tsv": "\t", "jsonl": ", "}[form]
    plain = [separator.join(line.strip("{}").split(separator)[::3]) for line in few]
    assert [line.strip("{}") for line in many] == plain


def test_jsonl_has_no_nan() -> None:
    done = run("table", "identity", "-", "-f", "jsonl", stdin=b"nan inf -inf 1\n" * 1000)
    expected = (
        b'{"z": "NaN", "g": "NaN", "dg": "NaN"}\n{"z": "Infinity", "g": "Infinity", "dg": 1.0}\n'
        b'{"z": "-Infinity", "g": "-Infinity", "dg": 1.0}\n{"z": 1.0, "g": 1.0, "dg": 1.0}\n'
    )
    assert done.stdout == expected * 1000


# The progress bar


def at_terminal(
    *arguments: str, until: bytes = b"no such", out: Any = subprocess.DEVNULL, **environment: str
) -> bytes:
    """The output on standard error, a terminal, in two seconds, or longer if output is expected.

    Then the process is ended.
    """
    controller, terminal = pty.openpty()
    with subprocess.Popen(
        [*PROGRAM, *arguments],
        stdout=terminal if out == "terminal" else out,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm", **environment},
    ) as process:
        os.close(terminal)
        seen, began = b"", time.monotonic()
        while until not in seen and time.monotonic() - began < (2 if until == b"no such" else 20):
            if select.select([controller], [], [], 0.1)[0]:
                try:
                    seen += os.read(controller, 1 << 16)
                except OSError:
                    break
        process.terminate()
    with contextlib.suppress(OSError):  # the other end is closed
        while select.select([controller], [], [], 0)[0]:
            seen += os.read(controller, 1 << 16)
    os.close(controller)
    return seen


LONG = ["table", "gelu", "--num", "100000000", "-f", "csv"]


ENDED = """
import os, resource, signal, sys
from actcalc.output.files import ending_in_order, writing

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
left_alone = {"KILL", "STOP", "SEGV", "BUS", "FPE", "ILL", "TRAP", "SYS", "CHLD", "CONT", "URG", "WINCH"}
left_alone |= {"TSTP", "TTIN", "TTOU", "RTMIN", "RTMAX", "INFO", "EMT", "XFSZ"}  # this is ignored
for number in signal.valid_signals():
    name = getattr(number, "name", "SIGRT")[3:]
    if name in left_alone or name == "RT":
        continue
    signal.signal(number, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        class Swallows:
            def __del__(self):
                os.kill(os.getpid(), number)
        with writing(sys.argv[1]), ending_in_order(lambda: os.write(1, b"tidied\\n")):
            Swallows()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == number, (name, status)
    assert os.listdir(os.path.dirname(sys.argv[1])) == [], name
    os.write(1, name.encode() + b"\\n")
"""


def test_files_are_tidied_up_on_any_signal(tmp_path: Path) -> None:
    """Files are tidied up on any signal.

    This also holds within other clean-up code, such as that of a progress bar, and where an exception would
    be swallowed.
    """
    done = subprocess.run(
        [sys.executable, "-c", ENDED, str(tmp_path / "a.csv")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    tidied = done.stdout.split()
    assert {"INT", "TERM", "HUP", "QUIT", "ABRT", "ALRM", "USR1", "XCPU", "PIPE"} <= set(tidied)
    assert set(tidied[::2]) == {"tidied"}


@pytest.mark.parametrize("total", [3, None])
def test_blocks_come_through_the_bar(total: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("actcalc.cli.progress._PATIENCE", -1.0)
    monkeypatch.setattr(sys, "stderr", seen := Terminal())
    blocks = [[["1", "2"]], [["3"]], [["4", "5", "6"]]]
    assert list(with_progress(iter(blocks), total, wanted=True)) == blocks
    assert "6 rows" in seen.getvalue()
    assert list(with_progress(iter([]), total, wanted=True)) == []


def test_signals_that_mean_something_else_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: seen.append(number))
    try:
        with ending_in_order(lambda: seen.append(0)):
            signal.raise_signal(signal.SIGTERM)
            assert signal.getsignal(signal.SIGUSR1) is not signal.SIG_DFL
        assert (seen, signal.getsignal(signal.SIGUSR1)) == ([signal.SIGTERM, 0], signal.SIG_DFL)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_progress_bar_for_long_work() -> None:
    seen = at_terminal(*LONG, until=b"%")
    assert b" rows" in seen
    assert b"%" in seen
    assert b"\x1b[3" in seen  # colour
    assert seen.rfind(b"\x1b[?25l") < seen.rfind(b"\x1b[?25h")  # the cursor is visible again


def test_no_colour_in_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = at_terminal(*LONG, until=b" rows", NO_COLOR="1")
    assert b" rows" in seen
    assert b"\x1b[3" not in seen


def test_no_bar_for_short_work() -> None:
    assert at_terminal("table", "tanh", "--num", "20000", "-f", "csv") == b""


def test_no_bar_when_quiet() -> None:
    assert at_terminal(*LONG, "--quiet") == b""


def test_no_bar_where_it_cannot_be_shown() -> None:
    assert at_terminal(*LONG, TERM="dumb") == b""


def test_no_bar_among_the_rows() -> None:
    assert b" rows" not in at_terminal(*LONG, out="terminal")


def test_a_bar_beside_a_file(tmp_path: Path) -> None:
    seen = at_terminal(*LONG, "-o", str(tmp_path / "a.csv"), until=b" rows", out="terminal")
    assert b" rows" in seen
    assert left_in(tmp_path) == []
