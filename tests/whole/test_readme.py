"""Every example in the README is run, and its output compared."""

import doctest
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.readme import COMMAND, README, rewritten

TEXT = README.read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
PROGRAMS = ("jq", "gnuplot", "awk", "sort")


def examples() -> list[tuple[str, str]]:
    """Commands of the README with what is printed below each."""
    found = []
    for block in BLOCKS:
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def run(command: str, folder: Path) -> str:
    """What a command prints, then what it says on standard error."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "80",
    }
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def without_trailing_space(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def test_there_are_examples() -> None:
    assert len(examples()) > 30


@pytest.mark.parametrize(("command", "expected"), examples(), ids=[command for command, _ in examples()])
def test_example(command: str, expected: str, tmp_path: Path) -> None:
    for program in PROGRAMS:
        if re.search(rf"\b{program}\b", command) and shutil.which(program) is None:
            if os.environ.get("ACTCALC_REQUIRE_PROGRAMS"):
                pytest.fail(f"{program} is not installed")
            pytest.skip(f"{program} is not installed")
    assert without_trailing_space(run(command, tmp_path)) == without_trailing_space(expected)


def test_library_examples() -> None:
    assert "```pycon" in TEXT
    results = doctest.testfile(str(README), module_relative=False)
    assert results.attempted > 5
    assert results.failed == 0


def test_the_catalogue_in_the_readme_is_the_catalogue() -> None:
    assert rewritten(TEXT) == TEXT, f"run: {COMMAND}"
