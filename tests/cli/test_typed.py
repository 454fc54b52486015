"""Things that people type, have in files or pipe, in ``typed.toml``: each gives the result stated there.

The numbers there are exact, come from the lecture, or were computed with mpmath, NumPy or jq; none was copied
from the program's output.
"""

import gzip
import lzma
import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Done, actcalc

CASES = tomllib.loads((Path(__file__).parents[1] / "data" / "typed.toml").read_text(encoding="utf-8"))["case"]

KEYS = {
    *("run", "in", "files", "as"),
    *("status", "out", "out_has", "err", "err_has", "like"),
}
PACKED: Mapping[str, Callable[[str], bytes]] = {
    "utf-8": str.encode,
    "utf-8-sig": lambda text: text.encode("utf-8-sig"),
    "utf-16": lambda text: text.encode("utf-16"),
    "gzip": lambda text: gzip.compress(text.encode()),
    "xz": lambda text: lzma.compress(text.encode()),
}


def run(line: str, stdin: bytes | None) -> Done:
    """Run a pipeline, where each command reads the output of the one before, and return the last result."""
    done = Done(0, "", "")
    words = shlex.split(line)
    for is_pipe, command in groupby(words, "|".__eq__):
        if not is_pipe:
            done = actcalc(list(command), stdin)
            stdin = done.out.encode()
    return done


def lines(text: str) -> str:
    """Text without a line feed at its beginning and with one at its end, as in data files."""
    return text.removeprefix("\n").removesuffix("\n") + "\n" if text else ""


def differences(case: Mapping[str, Any], done: Done) -> Iterator[str]:
    """The differences between a run and its case; anything not mentioned must be empty, and the status 0."""
    if done.status != case.get("status", 0):
        yield f"the status is {done.status}"
    like = run(case["like"], None) if "like" in case else None
    for name, found in (("out", done.out), ("err", done.err)):
        parts = case.get(f"{name}_has")
        if parts is not None:
            yield from (f"{part!r} is not in {found!r}" for part in parts if part not in found)
        else:
            wanted = like.out if like and name == "out" else lines(case.get(name, ""))
            if found != wanted:
                yield f"{name} is {found!r}, not {wanted!r}"
    if not done.err.replace("\n", "").isprintable():
        yield f"raw characters: {done.err!r}"
    is_checked = "FAILED: " in done.out  # stdout explains the failure
    ends_so = (done.err.splitlines() or [""])[-1].startswith(("actcalc: ", "hint: "))
    if done.status and not (ends_so or is_checked):
        yield f"no error ends {done.err!r}"


@pytest.mark.parametrize("case", CASES, ids=[ascii(case["run"]) for case in CASES])
def test_input_as_people_type_and_store_it(
    case: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert case.keys() <= KEYS
    pack = PACKED[case.get("as", "utf-8")]
    if "files" in case:
        monkeypatch.chdir(tmp_path_factory.mktemp("held"))
        for name, text in case["files"].items():
            Path(name).write_bytes(pack(lines(text)))
    done = run(case["run"], pack(lines(case["in"])) if "in" in case else None)
    assert list(differences(case, done)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        *({}, {"out": "3.0"}, {"out_has": ["3"]}, {"out": "2.0", "status": 1}, {"out": "2.0", "err": "x"}),
        {"out": "2.0", "err_has": ["x"]},
        {"like": "eval relu 3"},
    ],
)
def test_a_case_that_is_wrong_fails(wrong: Mapping[str, Any]) -> None:
    done = run("eval relu 2", None)
    assert list(differences({"out": "2.0"}, done)) == []
    assert len(list(differences(wrong, done))) == 1


def test_there_are_many_cases_and_none_twice() -> None:
    kinds = {"run", "in", "files", "as"}
    asked = [repr(sorted((key, case[key]) for key in case.keys() & kinds)) for case in CASES]
    assert len(set(asked)) == len(asked) >= 200
