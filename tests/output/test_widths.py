"""Columns in blocks: what identifies a row is in all of them, and what belongs together in one."""

import pytest

from actcalc.output.widths import in_blocks


@pytest.mark.parametrize(
    ("widths", "width", "repeated", "groups", "blocks"),
    [
        ([5, 10, 10], 80, (0,), (), [[0, 1, 2]]),
        ([5, 10, 10], 20, (0,), (), [[0, 1], [0, 2]]),
        # 5 + 2 + 10 is just as wide as the line.
        ([5, 10, 10], 17, (0,), (), [[0, 1], [0, 2]]),
        ([5, 5, 10, 10], 26, (0, 1), (), [[0, 1, 2], [0, 1, 3]]),
        # g' of the second would fit into the first block, g would not.
        ([5, 10, 10, 10, 4], 42, (0,), ("", "f", "f", "h", "h"), [[0, 1, 2], [0, 3, 4]]),
        # A group that is too wide begins a block.
        ([5, 4, 10, 10, 10], 30, (0,), ("", "f", "h", "h", "h"), [[0, 1], [0, 2, 3], [0, 4]]),
        ([5], 80, (0,), (), [[0]]),
        # Narrower than any column: one more in each.
        ([5, 10, 10], 3, (0,), (), [[0, 1], [0, 2]]),
    ],
)
def test_blocks(
    widths: list[int], width: int, repeated: tuple[int, ...], groups: tuple[str, ...], blocks: list[list[int]]
) -> None:
    assert in_blocks(widths, width, repeated, groups) == blocks
