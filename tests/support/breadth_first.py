"""A plugin for pytest: one case of each test first, then another of each, and so on, up to some dozens.

A fault is mostly seen by some case of several tests, and so, with ``-x``, in a few seconds.
"""

import hashlib
from collections import Counter

import pytest

CASES = 30
"""Of one test; what all of these miss may yet be seen by one of the others."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    tests = {item.nodeid.partition("[")[0]: None for item in items}
    place = {test: i for i, test in enumerate(tests)}
    items.sort(key=lambda item: hashlib.sha256(item.nodeid.encode()).digest())  # any case may be the first
    seen: Counter[str] = Counter()
    order = {}
    for item in items:
        test = item.nodeid.partition("[")[0]
        order[item] = seen[test], place[test]
        seen[test] += 1
    items[:] = sorted((item for item in items if order[item][0] < CASES), key=order.__getitem__)
