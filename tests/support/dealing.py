"""Long tests run first, so that no worker of xdist is left with one at the end."""

import os
from itertools import islice
from typing import TypeVar

import pytest

T = TypeVar("T")


def dealt(long: list[T], rest: list[T], workers: int) -> list[T]:
    """All tests in an order in which each worker's share begins with long ones, which they take in turn.

    xdist cuts the list into equal shares; a worker that has finished takes tests from another share's end.
    """
    found: list[T] = []
    left, count = iter(rest), len(long) + len(rest)
    for worker in range(workers):
        own, share = long[worker::workers], (count - len(found)) // (workers - worker)
        found += [*own, *islice(left, max(0, share - len(own)))]
    return [*found, *left]


def deal(items: list[pytest.Item]) -> None:
    """Put tests marked ``long`` first in each worker's share, and of these the longest before others."""
    seconds = {item: mark.args[0] for item in items if (mark := item.get_closest_marker("long"))}
    long = sorted(seconds, key=seconds.__getitem__, reverse=True)
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    items[:] = dealt(long, [item for item in items if item not in seconds], workers)
