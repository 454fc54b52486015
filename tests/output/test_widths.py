"""Columns in blocks: identifying columns are in all blocks, and groups stay together."""

import pytest

from actcalc.output.widths import fill, in_blocks


@pytest.mark.parametrize(
    ("widths", "width", "repeated", "groups", "blocks"),
    [
        ([5, 10, 10], 80, (0,), (), [[0, 1, 2]]),
        ([5, 10, 10], 20, (0,), (), [[0, 1], [0, 2]]),
        # 5 + 2 + 10 is exactly the width of the line.
        ([5, 10, 10], 17, (0,), (), [[0, 1], [0, 2]]),
        ([5, 5, 10, 10], 26, (0, 1), (), [[0, 1, 2], [0, 1, 3]]),
        # g' of the second function would fit into the first block, g would not.
        ([5, 10, 10, 10, 4], 42, (0,), ("", "f", "f", "h", "h"), [[0, 1, 2], [0, 3, 4]]),
        # A group that is too wide starts a block.
        ([5, 4, 10, 10, 10], 30, (0,), ("", "f", "h", "h", "h"), [[0, 1], [0, 2, 3], [0, 4]]),
        ([5], 80, (0,), (), [[0]]),
        # Narrower than any column: one further column in each block.
        ([5, 10, 10], 3, (0,), (), [[0, 1], [0, 2]]),
    ],
)
def test_blocks(
    widths: list[int], width: int, repeated: tuple[int, ...], groups: tuple[str, ...], blocks: list[list[int]]
) -> None:
    assert in_blocks(widths, width, repeated, groups) == blocks


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("words that go on, and on", 14, ["words that go", "  on, and on"]),
        # A formula moves to the next line as a whole.
        ("so the slope is g' = a*(1 - a)", 26, ["so the slope is", "  g' = a*(1 - a)"]),
        ("it is max(0, z) there", 12, ["it is", "  max(0, z)", "  there"]),
        # A formula wider than a line breaks before the operator that binds least.
        ("a*(1 - a) + b*(1 - b) + c", 20, ["a*(1 - a)", "  + b*(1 - b) + c"]),
        ("u = a + b = c + d", 13, ["u = a + b", "  = c + d"]),
        ("x + y if z > 0 else x - y", 18, ["x + y if z > 0", "  else x - y"]),
        ("f(a + b - cccccc)", 12, ["f(a + b", "  - cccccc)"]),
        # Brackets in prose are not a formula.
        ("g' is left (where there is one)", 16, ["g' is left", "  (where there", "  is one)"]),
        ("unbreakablewordthatislong and more", 10, ["unbreakablewordthatislong", "  and more"]),
        ("see: actcalc plot gelu --at 0", 27, ["see:", "  actcalc plot gelu --at 0"]),
        ("then actcalc returns 0.0, the nearest", 22, ["then actcalc returns", "  0.0, the nearest"]),
        ("", 10, []),
    ],
)
def test_formulas_stay_together(text: str, width: int, lines: list[str]) -> None:
    assert fill(text, width) == lines
