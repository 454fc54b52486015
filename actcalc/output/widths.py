"""Text that fits a width: cells cut with an ellipsis, and columns in blocks one below another."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

ELLIPSIS = "..."
GAP = 2
"""Spaces between two columns."""
_LEAST = 12
"""The least number of characters that a cut cell keeps."""


def cut(text: str, width: int) -> str:
    """``text``, or its beginning and an ellipsis if it is longer than ``width``."""
    return text if len(text) <= width else text[: max(0, width - len(ELLIPSIS))].rstrip() + ELLIPSIS


def fill(text: str, width: int, indent: str = "  ", first: str = "") -> list[str]:
    """``text`` in lines of at most ``width``, unless a word is longer; all but the first are indented.

    A formula stays on one line if it fits into one; otherwise it breaks before the operator that binds least.
    """
    words = text.split()
    bonds = [0, *_bonds(words), 0]
    """The bond of each word to the one before it, and of the last to nothing after it."""
    lines = []
    start, begin = 0, first
    while start < len(words):
        room = width - len(begin)
        ends = [start + 1]
        length = len(words[start])
        while ends[-1] < len(words) and (length := length + 1 + len(words[ends[-1]])) <= room:
            ends.append(ends[-1] + 1)
        stop = ends[-1]
        if stop < len(words):
            stop = _best_break(words, bonds, ends, width - len(indent))
        lines.append(begin + " ".join(words[start:stop]))
        start, begin = stop, indent
    return lines


def _best_break(words: Sequence[str], bonds: Sequence[int], ends: Sequence[int], room: int) -> int:
    """The last of the ``ends`` of a line that breaks the weakest bond."""
    free = [end for end in ends if bonds[end] == 0]
    if free:
        after = next(end for end in range(free[-1] + 1, len(words) + 1) if bonds[end] == 0)
        if len(" ".join(words[free[-1] : after])) <= room:
            return free[-1]
    inside = [end for end in ends if not free or end > free[-1]] or free
    least = min(bonds[end] for end in inside)
    return max(end for end in inside if bonds[end] == least)


_SIGNS = {
    **dict.fromkeys(("=", "->", "if", "else"), 1),
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "and", "or"), 2),
    **dict.fromkeys("+-", 3),
    **dict.fromkeys("*/", 4),
}
"""The strength of the bond that an operator between two words makes."""
_NEVER = 99
_NAME = re.compile(r"(?!inf|nan)[a-z_]{3,}(?!\()")


def _bonds(words: Sequence[str]) -> Iterator[int]:
    """The bond of each word to the one before it: 0 in prose, more in brackets and at operators."""
    brackets: list[bool] = []
    is_command = False
    for before, word, after in zip(words, words[1:], [*words[2:], ""], strict=False):
        for place, sign in enumerate(before):
            if sign in "([":
                brackets.append(place > 0 and before[place - 1].isalnum() and sign == "(")
            elif sign in ")]" and brackets:
                brackets.pop()
        depth = 4 * len(brackets)
        is_command |= before == "actcalc" and word.islower() and word != "returns"
        if is_command:
            yield 1
        elif before in _SIGNS and before not in ("and", "or"):
            yield _NEVER
        elif word in _SIGNS and after and word not in ("and", "or", "if"):
            yield _SIGNS[word] + depth
        elif word == "if" or (brackets and brackets[-1]):
            yield _SIGNS["if"] + depth
        elif brackets and before.endswith(",") and not _NAME.search(before + word):
            yield 1 + depth
        else:
            yield 0


def narrow(widths: Sequence[int], may_be_cut: Sequence[bool], width: int) -> list[int]:
    """The widths of columns after narrowing those that may be cut, the widest first, until all fit."""
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
    """The columns, by index, of each block: the ``repeated`` ones in each, and as many others as fit.

    Neighbours of the same group stay in one block, unless they are too wide for one.
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
            used = room + GAP  # the group gets blocks of its own
        for some in [together] if fits else [[i] for i in together]:
            own = sum(widths[i] + GAP for i in some)
            if not blocks or used + own - GAP > room:
                blocks.append(list(first))
                used = 0
            blocks[-1] += some
            used += own
    return blocks
