"""A value of g that is taken for a level that rounds to it is named, once."""

from actcalc import activation
from actcalc.evaluation.numbers import Floats
from actcalc.evaluation.pipeline import KinkNotes
from actcalc.evaluation.request import Request
from actcalc.numbers.floats import FLOAT64
from tests.support.command import actcalc

_NOTE = "note: the float a = -0.4472 is taken for -0.4472, the value of star_relu that rounds to it"


def test_a_rounded_level_is_named() -> None:
    done = actcalc(["deriv", "star_relu", "--given-a", "-0.4472", "0", "-0.4472"])
    assert done.out.splitlines()[::2] == ["0.0", "0.0"]
    assert done.err == f"{_NOTE}; returned 0.0\n"
    assert actcalc(["deriv", "star_relu", "--given-a", "-0.4472", "--quiet"]).err == ""


def test_in_bulk() -> None:
    done = actcalc(["deriv", "star_relu", "--given-a"], stdin="-0.4472\n0.5\n" * 5000)
    assert done.out.splitlines()[:1] == ["0.0"]
    assert done.err == f"{_NOTE}; returned 0.0\n"


def test_a_level_that_is_a_float_is_itself() -> None:
    for command in (["relu", "--given-a", "0"], ["hard_tanh", "--given-a", "-1", "1"]):
        assert actcalc(["deriv", *command]).err == ""
    assert actcalc(["deriv", "star_relu", "--given-a", "-0.4472", "--digits", "20"]).err == ""


def test_an_end_that_is_overshot() -> None:
    done = actcalc(["deriv", "hard_tanh:min=0,max=2/3", "--given-a", "0.6666667", "--dtype", "float32"])
    assert "taken for 2/3" in done.err
    assert done.out == "0.0\n"


def test_once_however_many_blocks_there_are() -> None:
    f = activation("star_relu")
    notes = KinkNotes(Request([f], ["dg"], Floats(FLOAT64), given_a=True), f, "dg")
    assert len(list(notes.first_met([0.5, -0.4472], [1.0, 0.0]))) == 1
    assert list(notes.first_met([-0.4472], [0.0])) == []
