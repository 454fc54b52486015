"""Texts with formulas, which matplotlib typesets as mathematics in mathtext, its subset of TeX."""

import re

from actcalc.output.rows import FormulaText
from actcalc.output.tex import tex

LONGEST = 70
"""The longest formula to typeset; a longer one needs several lines, which mathtext cannot make."""


class Text(str):
    """A text with formulas in it; unless typeset, it is a plain string."""

    parts: tuple[str, ...]

    def __new__(cls, *parts: str) -> "Text":
        self = super().__new__(cls, "".join(parts))
        self.parts = tuple(
            own for part in parts for own in (part.parts if isinstance(part, Text) else (part,))
        )
        return self


class Typeset(str):
    """A text that is already mathtext, such as a user's title."""


def typeset(text: str, in_line: bool = True) -> str:
    """A text for matplotlib, with formulas typeset, as well as g(z), g'(0) and so on.

    Unless it is ``in_line``, quotients are as large as everything else.
    """
    if isinstance(text, Typeset):
        return text
    return "".join(_typeset(part, in_line) for part in (text.parts if isinstance(text, Text) else (text,)))


_QUANTITY = re.compile(r"\bg'*\((?:z|-?[0-9./]+(?:e[-+]?[0-9]+)?)\)|\bg'+")


def _typeset(part: str, in_line: bool) -> str:
    formula = tex(part.replace("^", "**")) if isinstance(part, FormulaText) and len(part) <= LONGEST else None
    if formula is None:
        return _QUANTITY.sub(r"$\g<0>$", part.replace("$", r"\$"))
    formula = formula.replace(r"\left|", "|").replace(r"\right|", "|")  # mathtext makes these too small
    return f"${formula if in_line else _with_large_quotients(formula)}$"


def _with_large_quotients(formula: str) -> str:
    """The formula with large quotients, except in exponents and other quotients."""
    depth, found = 0, ""
    for part in re.split(r"(\\frac|[{}])", formula):
        depth += (part == "{") - (part == "}")
        found += r"\dfrac" if part == r"\frac" and depth == 0 else part
    return found
