"""Manual pages: every command has one, made as the documentation says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from actcalc.cli.app import COMMANDS, application

ROOT = Path(__file__).parents[2]
PAGES = ["actcalc", *(f"actcalc-{command}" for command in COMMANDS)]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with all manual pages."""
    if shutil.which("help2man") is None:
        if os.environ.get("ACTCALC_REQUIRE_PROGRAMS"):
            pytest.fail("help2man is not installed")
        pytest.skip("help2man is not installed")
    folder = tmp_path_factory.mktemp("man")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    making = ["bash", str(ROOT / ".ci" / "man"), str(folder)]
    subprocess.run(making, env={**os.environ, "PATH": path}, check=True, capture_output=True)
    return folder


def test_every_command_has_a_page(pages: Path) -> None:
    assert "`bash .ci/man FOLDER`" in (ROOT / "README.md").read_text()
    assert sorted(page.name for page in pages.iterdir()) == sorted(f"{name}.1" for name in PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_the_summary_all_options_and_the_examples(pages: Path, name: str) -> None:
    group: Any = get_command(application())
    command = group.commands.get(name.removeprefix("actcalc-"), group)
    page = (pages / f"{name}.1").read_text()
    for sign, text in ((r"\-", "-"), (r"\fR", ""), (r"\fB", ""), (r"\(aq", "'"), (r"\e", "\\")):
        page = page.replace(sign, text)
    summary = command.help.partition("\n")[0].removesuffix(".")
    assert f".SH NAME\n{name} - {summary}\n" in page
    for param in command.params:
        if param.opts[0].startswith("-"):
            assert all(re.search(rf"{option}\b", page) for option in param.opts), param.opts
        else:
            assert "\n.SH ARGUMENTS\n" in page
    examples = re.findall(r"^  ((?:actcalc|seq) .*?)(?:  .*)?$", command.help, re.MULTILINE)
    assert examples or "Examples:" not in command.help
    for example in examples:
        assert f"$ {example}" in page
