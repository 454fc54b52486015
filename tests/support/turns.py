"""All combinations of values as the cases of a test, of which the default suite runs a third by turns."""

from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest


def by_turns(*values: Iterable[Any]) -> list[Any]:
    """The product of the values, each of which is in some case of the default suite."""
    cases = product(*map(enumerate, values))
    return [
        pytest.param(
            *(value for _, value in case),
            marks=() if sum(i for i, _ in case) % 3 == 0 else pytest.mark.exhaustive,
        )
        for case in cases
    ]
