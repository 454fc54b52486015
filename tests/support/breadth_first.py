"""A plugin for pytest that runs one case of each test, then another of each, up to some dozens.

Some case of several tests usually reveals a fault, so that with ``-x`` it shows within seconds.
"""

import hashlib
from collections import Counter

import pytest

CASES = 30
"""The most cases of one test that run early; faults that they miss may be seen by the others."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    tests = {item.nodeid.partition("[")[0]: None for item in items}
    place = {test: i for i, test in enumerate(tests)}
    items.sort(key=lambda item: hashlib.sha256(item.nodeid.encode()).digest())  # in random order
    seen: Counter[str] = Counter()
    order = {}
    for item in items:
        test = item.nodeid.partition("[")[0]
        order[item] = seen[test], place[test]
        seen[test] += 1
    items[:] = sorted((item for item in items if order[item][0] < CASES), key=order.__getitem__)
