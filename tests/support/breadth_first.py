"""A plugin for pytest: one case of each test first, then another of each, and so on.

A fault is mostly seen by some case of several tests, and so, with ``-x``, in a few seconds.
"""

import hashlib
from collections import Counter

import pytest


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
    items.sort(key=order.__getitem__)
