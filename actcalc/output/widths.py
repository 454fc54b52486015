"""Text that fits a width: cells cut with an ellipsis, and columns in blocks one below the other."""

from collections.abc import Sequence
from itertools import groupby
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


def in_blocks(
    widths: Sequence[int], width: int, repeated: Sequence[int] = (0,), groups: Sequence[str] = ()
) -> list[list[int]]:
    """The columns, by index, of each block: those that are ``repeated`` in all, and as many more as fit.

    Neighbours of one of the ``groups`` stay in one block, unless they are wider than that.
    """
    first = [i for i in repeated if i < len(widths)]
    others = [i for i in range(len(widths)) if i not in first]
    if not others:
        return [first]
    room = width - sum(widths[i] + GAP for i in first)
    blocks: list[list[int]] = []
    used = room + GAP
    for _, run in groupby(others, lambda i: (groups[i] if groups else "") or i):
        together = list(run)
        fits = sum(widths[i] + GAP for i in together) - GAP <= room
        if len(together) > 1 and not fits:
            used = room + GAP  # it has blocks of its own
        for some in [together] if fits else [[i] for i in together]:
            own = sum(widths[i] + GAP for i in some)
            if not blocks or used + own - GAP > room:
                blocks.append(list(first))
                used = 0
            blocks[-1] += some
            used += own
    return blocks
