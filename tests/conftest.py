"""Settings for the whole suite."""

import os
import random
import sys
from collections import defaultdict
from collections.abc import Generator

import pytest
from hypothesis import settings

from actcalc.activations.activation import Activation

settings.register_profile("actcalc", deadline=None, derandomize=True, database=None, print_blob=False)
settings.load_profile("actcalc")

# Tests that need terminals, signals, limits and bash of Unix.
collect_ignore = (
    [
        *("cli/test_completion.py", "output/test_output.py", "plot/test_plot.py"),
        *("whole/test_processes.py", "whole/test_documents.py"),
    ]
    if os.name == "nt"
    else []
)

LONGEST = "tests/whole/test_mutations.py::test_a_sample_of_mutants_is_seen"
"""It begins first, so that no processor waits for it at the end."""
MEASURED = 24
"""Where coverage is measured, which doubles what a test takes, it is of so many activations of each test."""
_unmeasured = set[str]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.nodeid != LONGEST)


def pytest_collection_finish(session: pytest.Session) -> None:
    sweeps = defaultdict[str, list[str]](list)
    for item in session.items:
        call = getattr(item, "callspec", None)
        if call is not None and any(isinstance(x, Activation) for x in call.params.values()):
            sweeps[item.nodeid.partition("[")[0]].append(item.nodeid)
    for function, cases in sweeps.items():
        random.Random(function).shuffle(cases)
        _unmeasured.update(cases[MEASURED:])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, bool | None, bool | None]:
    coverage = sys.modules.get("coverage")
    measured = coverage and coverage.Coverage.current()
    if measured is None or item.nodeid not in _unmeasured:
        return (yield)
    measured.stop()
    try:
        return (yield)
    finally:
        measured.start()
