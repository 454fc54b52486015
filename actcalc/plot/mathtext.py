"""Texts with formulas, which matplotlib typesets as mathematics: its part of TeX is called mathtext."""

import re

from actcalc.output.rows import FormulaText
from actcalc.output.tex import tex

LONGEST = 70
"""Characters of a formula that is typeset; a longer one needs more than a line, which mathtext has not."""


class Text(str):
    """A text with formulas in it, which is plain unless it is typeset."""

    parts: tuple[str, ...]

    def __new__(cls, *parts: str) -> "Text":
        self = super().__new__(cls, "".join(parts))
        self.parts = tuple(
            own for part in parts for own in (part.parts if isinstance(part, Text) else (part,))
        )
        return self


class Typeset(str):
    """A text that is mathtext already, as somebody's title may be."""


def typeset(text: str, in_line: bool = True) -> str:
    """A text for matplotlib, in which formulas are typeset, and g(z), g'(0) and so on.

    Unless they are ``in_line`` quotients are as large as all else.
    """
    if isinstance(text, Typeset):
        return text
    return "".join(_typeset(part, in_line) for part in (text.parts if isinstance(text, Text) else (text,)))


_QUANTITY = re.compile(r"\bg'*\((?:z|-?[0-9./]+(?:e[-+]?[0-9]+)?)\)|\bg'+")


def _typeset(part: str, in_line: bool) -> str:
    formula = tex(part.replace("^", "**")) if isinstance(part, FormulaText) and len(part) <= LONGEST else None
    if formula is None:
        return _QUANTITY.sub(r"$\g<0>$", part.replace("$", r"\$"))
    formula = formula.replace(r"\left|", "|").replace(r"\right|", "|")  # which mathtext makes too small
    return f"${formula if in_line else _with_large_quotients(formula)}$"


def _with_large_quotients(formula: str) -> str:
    """Those that are in no exponent and in no other quotient."""
    depth, found = 0, ""
    for part in re.split(r"(\\frac|[{}])", formula):
        depth += (part == "{") - (part == "}")
        found += r"\dfrac" if part == r"\frac" and depth == 0 else part
    return found
