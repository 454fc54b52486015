"""Text that fits a width: cells cut with an ellipsis, and columns in blocks one below the other."""

from collections.abc import Sequence
from textwrap import wrap

ELLIPSIS = "..."
GAP = 2
"""Spaces between two columns."""
_LEAST = 12
"""A cell that is cut keeps as many characters."""


def cut(text: str, width: int) -> str:
    """``text``, or its beginning and an ellipsis where it is longer than ``width``."""
    return text if len(text) <= width else text[: max(0, width - len(ELLIPSIS))].rstrip() + ELLIPSIS


def fill(text: str, width: int, indent: str = "  ", first: str = "") -> list[str]:
    """``text`` in lines of at most ``width``, unless a word is longer; all after the first are indented."""
    return wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def narrow(widths: Sequence[int], may_be_cut: Sequence[bool], width: int) -> list[int]:
    """The widths of columns, those that may be cut made smaller, the widest first, until all fit."""
    found = list(widths)
    excess = sum(found) + GAP * (len(found) - 1) - width
    while excess > 0:
        wide = [i for i, may in enumerate(may_be_cut) if may and found[i] > _LEAST]
        if not wide:
            break
        found[max(wide, key=found.__getitem__)] -= 1
        excess -= 1
    return found


def in_blocks(widths: Sequence[int], width: int) -> list[list[int]]:
    """The columns, by index, of each block: the first of all, then at least one more, as many as fit."""
    if len(widths) < 2:
        return [list(range(len(widths)))]
    blocks: list[list[int]] = []
    used = width
    for i, own in enumerate(widths[1:], 1):
        if used + GAP + own > width:
            blocks.append([0])
            used = widths[0]
        blocks[-1].append(i)
        used += GAP + own
    return blocks if blocks[0][1:] else blocks[1:]
