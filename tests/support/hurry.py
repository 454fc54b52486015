"""Compiled loops, used in tests that ask for them alone.

Arrays are compiled sooner once numba is loaded, and whether it is depends on the tests that ran before in the
process.
"""

import pytest

from actcalc.arithmetic import compiled

ENOUGH = compiled.MANY_IF_LOADED
"""The number of values that actcalc itself compiles for once numba is loaded."""


def wait() -> None:
    """Compile no sooner once numba is loaded."""
    compiled.MANY_IF_LOADED = compiled.MANY


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile as actcalc does, in one test."""
    monkeypatch.setattr(compiled, "MANY_IF_LOADED", ENOUGH)
