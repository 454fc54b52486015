"""The order in which workers run the tests."""

import pytest

from tests.support.dealing import dealt


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 40])
@pytest.mark.parametrize("long", [0, 1, 4, 40])
def test_each_share_begins_with_long_tests(long: int, count: int, workers: int) -> None:
    """Cut the list as xdist does, and look for the long tests, which have the highest numbers."""
    tests = dealt([*range(1000, 1000 - long, -1)], [*range(count)], workers)
    assert sorted(tests) == sorted([*range(count), *range(1000, 1000 - long, -1)])
    others = [test for test in tests if test < count]
    assert others == sorted(others)  # neighbours share what is cached
    shares = []
    for worker in range(workers):
        size = len(tests) // (workers - worker)
        shares.append(tests[:size])
        tests = tests[size:]
    for share in shares if long + count >= workers * (long + 1) else ():
        first = [test for test in share if test >= count]
        assert share[: len(first)] == first == sorted(first, reverse=True)
        assert long // workers <= len(first) <= -(-long // workers)
