"""Points are evaluated ahead of their consumer."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from actcalc.errors import ActcalcError, InputError
from actcalc.evaluation.numbers import MANY
from actcalc.evaluation.pipeline import evaluate_blocks
from actcalc.evaluation.reading import Read

BATCHES = np.arange(4.0 * MANY).reshape(4, MANY)


def found_until(
    error: type[ActcalcError], source: Iterator[Read], function: Callable[[Any], Any]
) -> list[tuple[float, float]]:
    """All points and results before the error, which must occur."""
    found: list[tuple[float, float]] = []
    try:
        for points, results in evaluate_blocks(source, function):
            found += zip(points, results, strict=True)
    except error:
        return found
    raise AssertionError("no error")


@pytest.mark.parametrize("has_workers", [True, False])
def test_all_points_are_evaluated_with_and_without_workers(
    has_workers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    if not has_workers:
        monkeypatch.setattr(ThreadPoolExecutor, "submit", refuse)
    found = [
        pair
        for block in evaluate_blocks(map(Read, BATCHES), np.negative)
        for pair in zip(*block, strict=True)
    ]
    assert found == [(z, -z) for z in BATCHES.ravel()]


def test_results_before_an_error_in_the_source_are_kept() -> None:
    source = iter([*map(Read, BATCHES[:3]), Read(BATCHES[3], InputError("line 7: no number"))])
    assert found_until(InputError, source, lambda z: z) == [(z, z) for z in BATCHES.ravel()]
