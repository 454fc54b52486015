"""Rows of a table without the command line."""

from fractions import Fraction
from typing import Any

import pytest

from actcalc.catalogue.resolution import activation
from actcalc.errors import InputError
from actcalc.evaluation.numbers import Floats, SignificantDigits
from actcalc.evaluation.reading import Read
from actcalc.evaluation.table import columns, table
from actcalc.numbers.floats import BFLOAT16
from actcalc.output.rows import rows_of


def test_rows_and_columns() -> None:
    fs = [activation("relu"), activation("identity")]
    numbers = Floats()
    source = iter([Read([-1.0]), Read([0.0, 2.0])])
    assert [column.name for column in columns(fs, numbers)] == [
        *("z", "relu_g", "relu_dg", "identity_g", "identity_dg")
    ]
    assert list(rows_of(table(fs, numbers, source, "right"))) == [
        ("-1.0", "0.0", "0.0", "-1.0", "1.0"),
        ("0.0", "0.0", "1.0", "0.0", "1.0"),
        ("2.0", "2.0", "1.0", "2.0", "1.0"),
    ]


def test_one_activation_needs_no_name() -> None:
    assert [c.name for c in columns([activation("relu")], Floats(BFLOAT16, hexadecimal=True))] == [
        *("z", "z_hex", "z_bits", "g", "g_hex", "g_bits", "dg", "dg_hex", "dg_bits")
    ]


def test_digits() -> None:
    source = iter([Read([Fraction(1, 3)])])
    rows = rows_of(table([activation("identity")], SignificantDigits(5), source))
    assert list(rows) == [("0.33333", "0.33333", "1.0000")]


def test_kinks_are_noted_once_and_the_failure_comes_last() -> None:
    told: list[Any] = []
    source = iter([Read([0.0]), Read([0.0, 1.0], InputError("line 3: no number"))])
    rows = rows_of(table([activation("relu")], Floats(), source, "right", told.append))
    got: list[object] = []
    with pytest.raises(InputError, match="line 3"):
        got.extend(rows)  # what came before the failure stays
    assert [note.wording for note in told] == [
        "note: relu' is undefined at z = 0: subgradients [0.0, 1.0]; returned 1.0 (at_kink='right')"
    ]
    assert got == [("0.0", "0.0", "1.0"), ("0.0", "0.0", "1.0"), ("1.0", "1.0", "1.0")]
