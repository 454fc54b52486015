"""Completion as it happens: bash at a terminal, and the tab key."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.command import actcalc

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")

Bash = Callable[[str], str]


@pytest.fixture(scope="module")
def bash(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bash]:
    """What a line is after the tab key has been pressed at its end, in a folder with a file and a folder."""
    folder = tmp_path_factory.mktemp("here")
    (folder / "slopes.csv").touch()
    (folder / "sub").mkdir()
    (folder / "sub" / "pairs.npz").touch()
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.environ |= {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PS1": "$ ",
            "TERM": "dumb",
        }
        os.environ |= {"INPUTRC": "/dev/null", "COLUMNS": "500"}
        os.execlp("bash", "bash", "--norc", "--noprofile", "-i")
    ends = b"@@"

    def until(mark: bytes) -> str:
        seen = b""
        stop = time.monotonic() + 30
        while mark not in seen:
            ready, _, _ = select.select([terminal], [], [], max(0, stop - time.monotonic()))
            assert ready, f"no {mark!r} in {seen!r}"
            seen += os.read(terminal, 4096)
        return seen.decode()

    def completed(line: str) -> str:
        # The echo of what is typed after the tab key follows the completion.
        os.write(terminal, line.encode() + b"\t" + ends)
        seen = until(ends)
        os.write(terminal, b"\x15")  # clears the line
        (found,) = re.findall(rf"{re.escape(line)}(.*){ends.decode()}$", seen)
        return str(found)

    os.write(terminal, b'eval "$(_ACTCALC_COMPLETE=source_bash actcalc)"\n')
    os.write(terminal, b"bind 'set bell-style none'; bind 'set enable-bracketed-paste off'; PS1='ta''b> '\n")
    until(b"tab> ")
    yield completed
    os.write(terminal, b"exit\n")
    os.close(terminal)
    os.waitpid(process, 0)


@pytest.mark.parametrize(
    ("line", "added"),
    [
        ("actcalc der", "iv "),
        ("actcalc eval sigm", "oid "),
        ("actcalc eval leaky_relu:sl", "ope="),
        ("actcalc table tanh hard_tanh:min=-2,ma", "x="),
        ("actcalc eval leaky_relu -3 -p sl", "ope="),
        ("actcalc eval hard_tanh --param mi", "n="),
        ("actcalc table 'z * tanh(z)' gel", "u"),
        ("actcalc table tanh -f np", "y "),
        ("actcalc table tanh -o slo", "pes.csv "),
        ("actcalc check tanh su", "b/"),
        ("actcalc check tanh sub/", "pairs.npz "),
        ("actcalc eval tanh slo", ""),
        ("actcalc eval tanh --dtype b", "float16 "),
        ("actcalc plot relu --at-kink l", "e"),  # least or left
    ],
)
def test_tab(bash: Bash, line: str, added: str) -> None:
    assert bash(line) == added


@pytest.mark.parametrize(
    ("shell", "where"), [("zsh", ".zfunc/_actcalc"), ("fish", ".config/fish/completions/actcalc.fish")]
)
def test_the_shell_that_is_named_gets_it(shell: str, where: str, tmp_path: Path) -> None:
    """Whichever has called."""
    environment = {**os.environ, "HOME": str(tmp_path)}
    program = [sys.executable, "-m", "actcalc"]
    done = subprocess.run(
        [*program, "--install-completion", shell], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(f"{shell} completion installed in ")
    assert (tmp_path / where).is_file()
    assert not (tmp_path / ".bashrc").exists()
    show = [*program, f"--show-completion={shell}"]
    shown = subprocess.run(show, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == (tmp_path / where).read_text().strip()


def test_a_shell_that_is_not_known() -> None:
    done = actcalc(["--install-completion", "bsh"])
    assert (done.status, done.out) == (2, "")
    assert done.err == (
        "actcalc: --install-completion: 'bsh' is not bash, zsh, fish, powershell or pwsh\n"
        "hint: did you mean bash?\n"
    )
