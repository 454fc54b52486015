"""LaTeX: tables with the rules of booktabs, numbers and formulas in math mode."""

import re
from collections.abc import Sequence
from typing import TextIO

from tabulate import DataRow, Line, TableFormat

from actcalc.output.documents import Document
from actcalc.output.layout import table
from actcalc.output.markup import write_markup
from actcalc.output.rows import Column, FormulaText
from actcalc.output.tex import tex

_NUMBERS = ("number", "digits")
_SIGNS = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\\": r"\textbackslash{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "->": r"$\to$",
    "--": "-{}-",
}
_ROW = DataRow("", " & ", r" \\")
_BOOKTABS = TableFormat(
    lineabove=Line(r"\toprule", "", "", ""),
    linebelowheader=Line(r"\midrule", "", "", ""),
    linebetweenrows=None,
    linebelow=Line(r"\bottomrule", "", "", ""),
    headerrow=_ROW,
    datarow=_ROW,
    padding=0,
    with_header_hide=None,
)
"""Tabulate's own style would escape all special characters, also in math mode."""


def write_latex(document: Document, out: TextIO, width: int | None = None) -> None:
    """Write the parts, then the notes, each as a paragraph; tables need the package booktabs."""
    write_markup(document, out, _Latex())


class _Latex:
    """LaTeX, as a part of an existing document."""

    def heading(self, text: str) -> str:
        return f"\\section*{{{_escape(text)}}}"

    def title(self, text: str) -> str:
        return f"\\subsection*{{{_escape(text)}}}\n\n"

    def paragraph(self, text: str) -> str:
        return _escape(text)

    def cell(self, text: str, column: Column) -> str:
        if column.kind in _NUMBERS:
            return _number(text)
        if isinstance(text, FormulaText):
            return _formula(text)
        # At the start of a row these would be read as arguments of the row end before it.
        return f"{{{text[0]}}}{_escape(text[1:])}" if text[0] in "[*" else _escape(text)

    def table(self, columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> str:
        titled = [column._replace(title=_title(column.title or column.name)) for column in columns]
        rows = table(titled, cells, _BOOKTABS, dict.fromkeys(_NUMBERS, "right"))
        share = 0.7 / max(1, sum(column.may_be_cut for column in columns))
        places = "".join(_place(column, share) for column in columns)
        return f"% \\usepackage{{booktabs}}\n\\begin{{tabular}}{{{places}}}\n{rows}\n\\end{{tabular}}"


def _place(column: Column, share: float) -> str:
    """The specification of a column: numbers to the right; long texts in a ``share`` of the line's width."""
    if column.kind in _NUMBERS:
        return "r"
    return f"p{{{share:.2g}\\linewidth}}" if column.may_be_cut else "l"


def _escape(text: str) -> str:
    return re.sub(r'->|--|[&%$#_{}~^\\<>|"]', lambda sign: _SIGNS[sign[0]], text)


def _number(text: str) -> str:
    """A number, or a fraction, in math mode."""
    if text == "nan":
        return "NaN"
    shown = re.sub(r"e([+-])0*(\d+)", lambda e: rf" \times 10^{{{e[1].strip('+')}{e[2]}}}", text)
    return "$" + shown.replace("inf", r"\infty") + "$"


def _title(text: str) -> str:
    """The title of a column, with z, a and g'(z) in math mode."""
    return " ".join(map(_word, text.split(" ")))


def _word(word: str) -> str:
    derivative = re.fullmatch(r"g\((\d)\)\(z\)", word)
    if derivative:
        return f"$g^{{({derivative[1]})}}(z)$"
    return f"${word}$" if re.fullmatch(r"[za]|g'*(\(z\))?", word) else _escape(word)


def _formula(text: str) -> str:
    found = tex(text)
    return f"\\texttt{{{_escape(text)}}}" if found is None else f"${found}$"
