"""Tables laid out for people, by any program: their cells."""

import numpy as np
import pytest
from tabulate import tabulate

from actcalc.errors import InputError
from actcalc.input.choosing import by_name_or_number
from actcalc.input.columns import read_columns

Z = np.random.default_rng(2).normal(size=30)
ROWS = [(repr(z), "a b", repr(-z), "") for z in Z.tolist()]


def cells(text: str, *wanted: str) -> list[tuple[str, ...]]:
    blocks = read_columns(iter([text.encode(), b""]), "", by_name_or_number(wanted))
    return [row for block in blocks for row in zip(*block.columns, strict=True)]


@pytest.mark.parametrize("style", ["simple", "github", "pipe"])
@pytest.mark.parametrize("note", ["", "\n\nnote: 1 2 3\n---  ---\n"])
@pytest.mark.parametrize("titles", [("z", "what it is", "x|y", "last"), ("z", "n", "g(z)", "g'(z)")])
def test_tables_of_tabulate(style: str, note: str, titles: tuple[str, ...]) -> None:
    shown = [title.replace("|", r"\|") if style != "simple" else title for title in titles]
    text = tabulate(ROWS, headers=shown, tablefmt=style, disable_numparse=True) + note
    names = {"g(z)": "g", "g'(z)": "dg"}
    wanted = [names.get(title, title) for title in titles]
    assert cells(text, *wanted) == ROWS
    assert cells("\n" + text.replace("\n", "\r\n"), wanted[0], wanted[2]) == [
        (row[0], row[2]) for row in ROWS
    ]


def test_columns_in_blocks_are_of_one_table() -> None:
    blocks = [
        tabulate([row[:1] + row[i : i + 1] for row in ROWS], headers=["z", f"c{i}"], disable_numparse=True)
        for i in (1, 2, 3)
    ]
    assert cells("\n\n".join(blocks) + "\n\nA remark\n", "z", "c1", "c2", "c3") == ROWS


def test_text_that_is_not_a_table() -> None:
    """Titles without a rule, and a rule without titles, are not tables."""
    assert cells("z  g\n0  1\n", "g") == [("1",)]
    assert cells("0  1\n-- --\n", "1")[0] == ("0",)
    assert cells("z  g", "g") == []
    with pytest.raises(InputError, match=r"^line 1: no column 'dg': the columns are 'z', 'g'$"):
        cells("z  g\n-  -\n0  1\n", "dg")
