"""Every example in the README and the documentation runs, and its output is compared."""

import doctest
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from actcalc.cli.help import as_text, pages
from tests.support.command import actcalc
from tests.support.documents import COMMAND, DOCS, README, rewritten

TEXTS = {"README": README.read_text(encoding="utf-8"), **pages()}
PROGRAMS = ("jq", "gnuplot", "awk", "sort")


def examples() -> list[tuple[str, str]]:
    """The commands of all documents with the output shown below each."""
    found = []
    blocks = re.findall(r"^```console\n(.*?)^```$", "\n".join(TEXTS.values()), re.DOTALL | re.MULTILINE)
    for block in blocks:
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def run(command: str, folder: Path) -> str:
    """The output of a command, followed by its standard error."""
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


@pytest.mark.parametrize("name", [name for name, text in TEXTS.items() if "```pycon" in text])
def test_library_examples(name: str) -> None:
    path = README if name == "README" else DOCS / f"{name}.md"
    results = doctest.testfile(str(path), module_relative=False, encoding="utf-8")
    assert results.attempted > 0
    assert results.failed == 0


def test_there_are_library_examples() -> None:
    assert "```pycon" in "".join(TEXTS.values())


@pytest.mark.parametrize("name", TEXTS)
def test_links_lead_somewhere(name: str) -> None:
    folder = README.parent if name == "README" else DOCS
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXTS[name]):
        path, _, anchor = target.partition("#")
        linked = folder / path if path else folder / f"{name}.md"
        assert linked.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings]


@pytest.mark.parametrize("topic", pages())
def test_a_page_in_a_terminal(topic: str) -> None:
    done = actcalc(["help", topic])
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("# ")
    for kept in ("](", "```", "<!--"):
        assert kept not in done.out
    # Tables and program output may have any width.
    prose = [line for line in done.out.splitlines() if not line.startswith(("|", "    "))]
    assert all(len(line) <= 80 for line in prose), max(prose, key=len)


def test_text_of_a_page() -> None:
    page = """# A
[b](c.md) and [d](https://e), see
![f](g.png)
```sh
h

i
```
"""
    assert (
        as_text(page)
        == """# A
b (actcalc help c) and d, see
    h

    i
"""
    )


def test_topics_and_commands_are_listed() -> None:
    done = actcalc(["help"])
    assert done.out.startswith(actcalc(["--help"]).out.rstrip())
    for topic, page in pages().items():
        assert re.search(rf"^  {topic} +{re.escape(page.splitlines()[0][2:])}$", done.out, re.MULTILINE)


def test_the_catalogue_in_the_documents_is_the_catalogue() -> None:
    for path, text in rewritten().items():
        assert path.read_text(encoding="utf-8") == text, f"run: {COMMAND}"


def test_every_page_is_linked_from_the_readme() -> None:
    """The README is short and links to each page once."""
    assert len(TEXTS["README"].splitlines()) <= 220
    linked = re.findall(r"^\| \[(\w+)\]\(actcalc/docs/(\w+)\.md\) \|", TEXTS["README"], re.MULTILINE)
    assert sorted(linked) == [(topic, topic) for topic in pages()]
