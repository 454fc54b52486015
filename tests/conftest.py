"""Settings for the whole suite."""

import gc
import os

import pytest
from hypothesis import settings

from tests.support import hurry
from tests.support.dealing import deal

hurry.wait()
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


@pytest.hookimpl(trylast=True)  # when the tests to run are selected
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    deal(items)


def pytest_collection_finish() -> None:
    """Keep the garbage collector away from the many thousand tests: it looked at them again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 50, 20)
