"""The program as a process: pipes, signals, closed and full streams, imports."""

import errno
import os
import pty
import resource
import signal
import subprocess
import sys
import time
from decimal import Decimal, localcontext
from pathlib import Path

import pytest

import actcalc.cli.app
from actcalc.numbers.floats import BFLOAT16, FLOAT16, FLOAT32, Format
from tests.support.oracle import FMTS
from tests.support.processes import PROGRAM, interruptible, next_line, run, start, unmeasured


@pytest.fixture(autouse=True)
def _buffered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use Python's usual buffers, which keep output that the program does not flush."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)


def test_the_two_ways_to_call_it() -> None:
    script = Path(sys.executable).parent / "actcalc"
    installed = subprocess.run([script, "deriv", "tanh", "0"], capture_output=True, check=True)
    assert installed.stdout == run("deriv", "tanh", "0").stdout == b"1.0\n"


def test_a_point_query_imports_little() -> None:
    code = "import sys; from actcalc.cli.app import main; main(['deriv', 'tanh', '0']); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=unmeasured()
    )
    imported = set(done.stdout.split())
    assert not {"numpy", "tabulate", "rich", "pydantic", "csv", "json"} & imported
    assert not {"actcalc.numbers.integers", "actcalc.numbers.roundings", "dataclasses"} & imported


@pytest.mark.parametrize("arguments", ["table sigmoid --num 1000000 -f csv", "eval tanh", "list"])
def test_a_closed_pipe_ends_it_quietly(arguments: str) -> None:
    process = start(
        *arguments.split(), stdin=subprocess.DEVNULL if arguments != "eval tanh" else subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    if process.stdin is not None:
        process.stdin.write(b"1\n")
        process.stdin.flush()
    next_line(process)
    process.stdout.close()
    if process.stdin is not None:
        process.stdin.write(b"1\n" * 10000)
        process.stdin.close()
    error = process.stderr.read()
    process.stderr.close()
    assert process.wait(20) in (0, -signal.SIGPIPE)
    assert error == b""


@pytest.mark.parametrize("arguments", [["deriv", "tanh", "0"], ["table", "tanh"], ["list", "-f", "json"]])
def test_a_full_disk_is_an_error(arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert done.stderr == b"actcalc: cannot write standard output: No space left on device\n"


def test_closed_streams_are_errors() -> None:
    closed = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m actcalc deriv tanh 0 >&-"], capture_output=True, check=False
    )
    assert (closed.returncode, closed.stderr) == (1, b"actcalc: standard output is closed\n")
    closed = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m actcalc deriv tanh <&-"], capture_output=True, check=False
    )
    assert (closed.returncode, closed.stderr) == (1, b"actcalc: standard input is closed\n")


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        (b"\xff\xfe", b"'\\xff\\xfe'"),
        (b"1\x002", b"'1\\x002'"),
        (b"\x1b[31mred", b"'\\x1b[31mred'"),
        ("é".encode(), "'é'".encode()),
        ("\u2066".encode(), b"'\\u2066'"),  # which changes the writing direction
        (b"x" * 61, b"'" + b"x" * 60 + b"...'"),
    ],
)
def test_bad_words_are_shown_harmlessly(word: bytes, shown: bytes) -> None:
    done = run("eval", "identity", stdin=b"1\n" + word + b"\n2\n")
    assert done.stdout == b"1.0\n"
    assert done.stderr == b"actcalc: line 2: " + shown + b" is not a number\n"
    assert done.returncode == 1


def test_characters_that_the_encoding_lacks_are_escaped() -> None:
    done = run("eval", "identity", "é", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.stderr == b"actcalc: '\\xe9' is not a number\n"


def test_an_endless_word_takes_no_memory() -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (400_000_000, 400_000_000))

    done = run("eval", "identity", stdin=b"1\n" + b"9" * 100_000_000, preexec_fn=limit)
    assert done.stdout == b"1.0\n"
    assert done.stderr.startswith(b"actcalc: line 2: '" + b"9" * 60 + b"...' is not a number")
    assert done.returncode == 1


@pytest.mark.parametrize(
    "arguments", ["eval identity", "table identity - -f csv", "table identity - -f jsonl"]
)
def test_results_come_as_numbers_come(arguments: str) -> None:
    process = start(*arguments.split())
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        for number in (b"1", b"2", b"3"):
            process.stdin.write(number + b"\n")
            process.stdin.flush()
            line = next_line(process)
            if line == b"z,g,dg\n":
                line = next_line(process)
            assert number + b".0" in line
        process.stdin.close()


def test_no_numbers_at_a_terminal() -> None:
    controller, terminal = pty.openpty()
    done = subprocess.run(
        [*PROGRAM, "deriv", "tanh"], stdin=terminal, capture_output=True, text=True, check=False
    )
    os.close(controller)
    os.close(terminal)
    assert done.returncode == 2
    first, second = done.stderr.splitlines()
    assert first == "actcalc: no z given"
    assert "actcalc deriv tanh" in second


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, -signal.SIGTERM)]
)
def test_signals(number: int, status: int) -> None:
    process = start("eval", "tanh", preexec_fn=interruptible)
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        process.stdin.write(b"0\n")
        process.stdin.flush()
        assert next_line(process) == b"0.0\n"
        time.sleep(0.1)  # it waits for more input
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (status, b"", b"")


def test_an_interrupt_while_it_works() -> None:
    process = start(
        *("table", "gelu", "--num", "100000000", "--format", "csv"),
        preexec_fn=interruptible,
    )
    assert process.stdin is not None
    with process:
        assert next_line(process) == b"z,g,dg\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (-signal.SIGINT, b"")


def test_a_word_that_comes_in_two_parts_is_one() -> None:
    process = start("eval", "identity")
    assert process.stdin is not None
    with process:
        process.stdin.write(b"1 2")
        assert next_line(process) == b"1.0\n"
        process.stdin.write(b"3\n")
        assert next_line(process) == b"23.0\n"
        process.stdin.write(b"4")
        process.stdin.close()
        assert next_line(process) == b"4.0\n"


@pytest.mark.parametrize("more", [0, 1, 30_000, 900_000])
def test_the_line_of_a_bad_word_far_down(more: int) -> None:
    """All results before the bad word are printed, however many blocks the input arrives in."""
    done = run("eval", "identity", stdin=b"0.5\n" * more + b" 1 one\n2\n")
    assert done.stdout == b"0.5\n" * more + b"1.0\n"
    assert done.stderr == b"actcalc: line %d: 'one' is not a number\n" % (more + 1)
    assert done.returncode == 1


@pytest.mark.parametrize("more", [1, 5000, 200_000])
def test_the_line_of_a_value_outside_the_range(more: int) -> None:
    done = run("deriv", "relu", "--given-a", stdin=b"0.5\n" * more + b"-1 3\n")
    assert done.stdout == b"1.0\n" * more
    assert done.stderr == b"actcalc: line %d: a = -1.0 is outside the range of 'relu', [0, inf)\n" % (
        more + 1
    )
    assert done.returncode == 1


@pytest.mark.parametrize("form", ["csv", "jsonl", "table"])
def test_an_endless_word_in_a_table(form: str) -> None:
    done = run(*f"table relu - -f {form}".split(), stdin=b"2\n" + b"z" * 3_000_000)
    assert b"2.0" in done.stdout
    assert done.stdout.count(b"\n") <= 3
    assert done.stderr.startswith(b"actcalc: line 2: '" + b"z" * 60 + b"...' is not a number")
    assert len(done.stderr) < 200
    assert done.returncode == 1


def test_a_full_disk_behind_a_filter() -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*PROGRAM, "eval", "identity"],
            input=b"1\n" * 100_000,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == b"actcalc: cannot write standard output: No space left on device\n"


@pytest.mark.parametrize("arguments", ["list", "show gelu", "table tanh --num 3", "--help"])
def test_no_locale_breaks_it(arguments: str) -> None:
    plain = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    done = run(*arguments.split(), env=plain)
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert done.stdout == run(*arguments.split()).stdout


def test_a_note_is_on_standard_error() -> None:
    done = run("deriv", "relu", "-", stdin=b"0 0 1")
    assert done.stdout == b"0.0\n0.0\n1.0\n"
    assert done.stderr.count(b"\n") == 1
    assert done.returncode == 0


def test_too_little_memory_is_an_error() -> None:
    """A table for people needs all of its rows in memory; here it has only 10 MB."""
    code = (
        "import resource, actcalc.cli.table, actcalc.activations.arrays, tabulate;"
        "size = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize() + 10_000_000;"
        "resource.setrlimit(resource.RLIMIT_AS, (size, size));"
        "import actcalc.__main__; actcalc.__main__.run()"
    )
    command = [sys.executable, "-c", code, "table", "relu", "--num", "33333", "-q"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"actcalc: not enough memory\n")


def test_a_note_is_made_once_in_a_stream() -> None:
    process = start("deriv", "relu")
    assert process.stdin is not None
    with process:
        for _ in range(3):
            process.stdin.write(b"0\n")
            assert next_line(process) == b"0.0\n"
        _, err = process.communicate(timeout=20)
    assert err.count(b"\n") == 1


@pytest.mark.parametrize("fmt", [FLOAT32, FLOAT16, BFLOAT16], ids=str)
def test_many_decimals_are_rounded_once(fmt: Format) -> None:
    """The numbers are close to a tie of the format, closer than to any other float64."""
    with localcontext(prec=60):
        tie = Decimal(1) + Decimal(2) ** -fmt.precision
        numbers = [tie, tie + Decimal("1e-40"), tie - Decimal("1e-40"), -tie]
        words = [format(x, "f") for x in numbers]
    done = run("eval", "identity", "--dtype", fmt.name, stdin=f"{' '.join(words)}\n".encode() * 2000)
    up = fmt.text(FMTS[fmt.name].near(1.0)[-1])
    assert done.stdout.decode() == f"1.0\n{up}\n1.0\n-1.0\n" * 2000


AUDIT = ["audit", "math:tanh", "tanh", "--dtype", "float16", "--all-values", "--workers", "2"]


def test_a_directory_that_is_not_there_any_more(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = run(*AUDIT, cwd=gone, preexec_fn=gone.rmdir)
    assert (done.returncode, done.stderr) == (2, b"actcalc: the current directory no longer exists\n")


def test_too_many_files() -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))

    done = run(*AUDIT, preexec_fn=limit, env=unmeasured())
    assert (done.returncode, done.stderr) == (1, b"actcalc: Too many open files\n")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOSPC, "full"), "cannot write standard output: full"),
        (OSError(errno.ENOENT, "gone"), "the current directory no longer exists"),
        (OSError(errno.EACCES, "denied", "\x1bfile"), r"cannot use '\x1bfile': denied"),
        (OSError("something\nelse"), "something"),
    ],
)
def test_refusals_of_the_system(
    error: OSError, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(called: str | None) -> None:
        raise error

    monkeypatch.setattr(actcalc.cli.app, "application", refuse)
    assert actcalc.cli.app.main(["list"]) == 1
    assert capsys.readouterr().err == f"actcalc: {message}\n"
