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
from typing import Any

import pytest
from typer.main import get_command

from actcalc.cli.app import COMMANDS, application
from actcalc.cli.completion import in_print, in_short
from tests.support.command import actcalc

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")

Bash = Callable[[str], str]


@pytest.fixture(scope="module")
def bash(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bash]:
    """A function that returns a line after the tab key, in a folder with a file and a folder."""
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
        # The echo of input typed after the tab key follows the completion.
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
    """The named shell gets the script, whichever shell calls."""
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
        "actcalc: --install-completion: unknown shell 'bsh': choose one of"
        " bash, zsh, fish, powershell, pwsh\n"
        "hint: did you mean bash?\n"
    )


# Descriptions of commands and options for shells


def completed_for(shell: str, line: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The completions that Typer prints for a shell at the end of a line."""
    from typer import _completion_classes

    group = get_command(application())
    settings = {
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_WORD_TO_COMPLETE": line.rpartition(" ")[2],
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    kind: Any = getattr(_completion_classes, f"{shell}Complete")
    return str(kind(group, {}, "actcalc", "_ACTCALC_COMPLETE").complete())


LINES = ["actcalc ", *(f"actcalc {command} --" for command in COMMANDS)]
TOLD = {
    "Zsh": r'(?:_arguments \'\*: :\(\()?"(.*?)":"(.*)"(?:\)\)\')?',
    "Fish": r"(.*?)\t(.*)",
    "PowerShell": r"(.*?):::(.*)",
}


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("shell", TOLD)
def test_each_word_has_one_line_without_apostrophes(
    shell: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {}
    for told in completed_for(shell, line, monkeypatch).splitlines():
        match = re.fullmatch(TOLD[shell], told)
        assert match, told
        words[match[1]] = match[2]
    if line == "actcalc ":
        assert list(words) == list(COMMANDS)
    else:
        group: Any = get_command(application())
        options = [option for param in group.commands[line.split()[1]].params for option in param.opts]
        assert set(words) == {*(option for option in options if option.startswith("--")), "--help"}
    for told in words.values():
        assert "'" not in told or (shell == "PowerShell" and line != "actcalc ")
        assert told.strip()
        assert shell != "PowerShell" or told.isascii()


def test_in_short() -> None:
    for text, short in {
        "g' at a kink: least,\nor nan. 'least' is the least.": "g\u2032 at a kink: least, or nan",
        "Order, from 0 to 8.  [default: 1]": "Order, from 0 to 8",
        "Run a framework's g'' at 1.5.": "Run a framework\u2019s g\u2032\u2032 at 1.5",
        "z; '-' is standard input": "z; \u2018-\u2019 is standard input",
    }.items():
        assert in_print(in_short(text)) == short


def sourced(shell: str, options: list[str], before: str, after: str, tmp_path: Path) -> str:
    """The output of a shell that sources the completion script between other commands."""
    if shutil.which(shell) is None:
        if os.environ.get("ACTCALC_REQUIRE_PROGRAMS"):
            pytest.fail(f"{shell} is not installed")
        pytest.skip(f"{shell} is not installed")
    here = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{here}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    show = [sys.executable, "-m", "actcalc", "--show-completion", shell]
    script = tmp_path / "script"
    script.write_bytes(subprocess.run(show, capture_output=True, check=True).stdout)
    program = [shell, *options, "-c", f"{before}; source {script}; {after}"]
    return subprocess.run(program, env=environment, capture_output=True, text=True, check=True).stdout


def test_fish_offers_commands_and_nothing_else(tmp_path: Path) -> None:
    offered = sourced("fish", ["--no-config"], "true", "complete -C 'actcalc '", tmp_path)
    assert sorted(line.partition("\t")[0] for line in offered.splitlines()) == sorted(COMMANDS)


def test_zsh_is_told_whole_sentences(tmp_path: Path) -> None:
    """Descriptions for zsh are whole sentences after zsh has unquoted them."""
    stubs = '_arguments() { print -r -- "$1" }; compdef() { }'
    told = sourced("zsh", ["-f"], stubs, 'words=(actcalc ""); CURRENT=2; _actcalc_completion', tmp_path)
    assert "Run the activations of a framework at many points" in told
    assert '"deriv":"Print the slope of g, or' in told
    assert told.count('":"') == len(COMMANDS)
