"""Rows of a table without the command line."""

from fractions import Fraction
from typing import Any

import pytest

from actcalc.activations.declaration import QUANTITIES
from actcalc.catalogue.resolution import activation, resolve
from actcalc.errors import ActcalcError, InputError
from actcalc.evaluation.numbers import DecimalDigits, Floats
from actcalc.evaluation.reading import Read
from actcalc.evaluation.request import Request
from actcalc.evaluation.table import quantities_upto, table
from actcalc.numbers.digits import Digits
from actcalc.numbers.floats import BFLOAT16
from actcalc.output.rows import Column, rows_of


def test_rows_and_columns() -> None:
    fs = [activation("relu"), activation("identity")]
    request = Request(fs, ["g", "dg"], Floats(), "right")
    source = iter([Read([-1.0]), Read([0.0, 2.0])])
    assert [column.name for column in request.columns()] == [
        *("z", "relu_g", "relu_dg", "identity_g", "identity_dg")
    ]
    assert list(rows_of(table(request, source))) == [
        ("-1.0", "0.0", "0.0", "-1.0", "1.0"),
        ("0.0", "0.0", "1.0", "0.0", "1.0"),
        ("2.0", "2.0", "1.0", "2.0", "1.0"),
    ]


def test_one_activation_needs_no_name() -> None:
    request = Request([activation("relu")], ["g", "dg"], Floats(BFLOAT16, hexadecimal=True))
    assert [column.name for column in request.columns()] == [
        *("z", "z_hex", "z_bits", "g", "g_hex", "g_bits", "dg", "dg_hex", "dg_bits")
    ]


def test_digits() -> None:
    source = iter([Read([Fraction(1, 3)])])
    rows = rows_of(table(Request([activation("identity")], ["g", "dg"], DecimalDigits(Digits(5))), source))
    assert list(rows) == [("1/3", "0.33333", "1.0000")]


def test_kinks_are_noted_once_and_the_failure_comes_last() -> None:
    told: list[Any] = []
    source = iter([Read([0.0]), Read([0.0, 1.0], InputError("line 3: no number"))])
    rows = rows_of(table(Request([activation("relu")], ["g", "dg"], Floats(), "right"), source, told.append))
    got: list[object] = []
    with pytest.raises(InputError, match="line 3"):
        got.extend(rows)  # rows before the failure are kept
    assert [note.wording for note in told] == [
        "note: relu' is undefined at z = 0: subgradients [0.0, 1.0]; returned 1.0 (at_kink='right')"
    ]
    assert got == [("0.0", "0.0", "1.0"), ("0.0", "0.0", "1.0"), ("1.0", "1.0", "1.0")]


def test_one_column_of_results_alone() -> None:
    request = Request([activation("tanh")], ["d2g"], Floats(), alone=True)
    assert request.columns() == [Column("d2g", "g''(z)", "number", group="tanh")]
    assert list(rows_of(table(request, iter([Read([0.0])])))) == [("0.0",)]


def test_slopes_from_a() -> None:
    request = Request([activation("tanh")], ["dg"], Floats(), given_a=True)
    assert [(column.name, column.title) for column in request.columns()] == [("a", "a"), ("dg", "g' from a")]
    assert list(rows_of(table(request, iter([Read([0.5, 1.0])])))) == [("0.5", "0.75"), ("1.0", "0.0")]


def test_a_value_of_g_has_a_note_where_it_stands_alone() -> None:
    told: list[Any] = []
    f = resolve("1/z")
    for upto in QUANTITIES[:2]:
        list(table(Request([f], quantities_upto(upto), Floats()), iter([Read([0.0])]), told.append))
    assert told == [
        "note: '1/z' has no value at z = 0.0: division by 0",
        "note: the derivative of '1/z' has no value at z = 0.0: division by 0",
    ]


def test_no_other_quantity_follows_from_a() -> None:
    request = Request([activation("tanh")], ["d2g"], Floats(), given_a=True)
    with pytest.raises(ActcalcError, match=r"^given_a gives only the slope, no other order$"):
        request.reader(None)
    with pytest.raises(ActcalcError, match=r"^'gelu' has no slope from a alone: "):
        Request([activation("gelu")], ["dg"], Floats(), given_a=True).reader(None)
