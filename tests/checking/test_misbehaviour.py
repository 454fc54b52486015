"""Kernels that misbehave: each row says what happened, and only right ones pass."""

import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import actcalc
from actcalc.checking.audit import audit
from actcalc.checking.report import Report
from actcalc.frameworks.function import FunctionTarget
from actcalc.numbers.floats import FLOAT16

Array = Any


def right(z: Array) -> Array:
    return np.tanh(z.astype(np.float64)).astype(z.dtype)


def row(function: Callable[[Array], Any]) -> Report:
    (found,) = audit(FunctionTarget("planted", function), [actcalc.activation("tanh")], ["g"], [FLOAT16])
    return found


class SaysNothing(Exception):
    def __str__(self) -> str:
        sys.exit(0)


RAISED: list[tuple[BaseException, str]] = [
    (SystemExit(), "SystemExit"),
    (SystemExit(0), "SystemExit: 0"),
    (GeneratorExit(), "GeneratorExit"),
    (StopIteration(), "StopIteration"),
    (BaseException("all of it\nand more"), "BaseException: all of it"),
    (ValueError("\x1b[31mred\x07\u202e\ud800\ufffe"), r"ValueError: \x1b[31mred\x07\u202e\ud800\ufffe"),
    (ValueError("é 活性化"), "ValueError: é 活性化"),
    (ValueError("x" * 1000), f"ValueError: {'x' * 300}..."),
    (SaysNothing(), "SaysNothing"),
    (type("\x1b[31mRed", (Exception,), {})("1"), r"\x1b[31mRed: 1"),
    (actcalc.ActcalcError("unknown activation"), "ActcalcError: unknown activation"),
]


@pytest.mark.parametrize(("error", "message"), RAISED, ids=[str(i) for i in range(len(RAISED))])
def test_the_row_names_what_was_raised(error: BaseException, message: str) -> None:
    def function(z: Array) -> Array:
        if len(z) > 2 and z[0] > 1:  # in the middle of the run
            raise error
        return right(z)

    found = row(function)
    assert (found.verdict, found.passed, found.message) == ("raised", False, message)


def test_an_exit_at_an_infinity_alone() -> None:
    def function(z: Array) -> Array:
        if np.isinf(z).any():
            sys.exit(0)
        return right(z)

    assert row(function).limits == ("raises SystemExit at -inf", "raises SystemExit at inf")


def test_an_interrupt_is_one() -> None:
    def function(z: Array) -> Array:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        row(function)


@pytest.mark.parametrize(
    "result",
    [
        lambda z: None,
        lambda z: (right(z), 1),
        lambda z: right(z).astype(object),
        lambda z: right(z).astype(str),
        lambda z: right(z).astype(complex),
        lambda z: np.zeros(len(z), [("a", "f4")]),
        lambda z: np.float16(0),
        lambda z: iter(right(z)),
        lambda z: {},
        lambda z: np.zeros(1 << 62),
    ],
)
def test_results_that_are_not_arrays_of_numbers(result: Callable[[Array], Any]) -> None:
    found = row(result)
    assert (found.verdict, found.passed) == ("raised", False)


@pytest.mark.parametrize(
    ("is_odd", "dtype"),
    [
        (lambda z: len(z) < 100, "float64"),
        (lambda z: len(z) > 100, "float64"),
        (lambda z: len(z) < 100 and z[0] > 1000, "float16 and float64"),
    ],
)
def test_another_dtype_at_times(is_odd: Callable[[Array], bool], dtype: str) -> None:
    found = row(lambda z: np.tanh(z.astype(np.float64)) if is_odd(z) else right(z))
    assert (found.verdict, found.passed, found.message) == ("right", False, f"returns {dtype} for float16")


def test_its_array_is_its_own() -> None:
    def function(z: Array) -> Array:
        values = right(z)
        z[:] = 7
        return values

    assert row(function).verdict == "right"


def test_global_changes_do_not_affect_us() -> None:
    before = np.geterr()
    with warnings.catch_warnings():
        try:
            np.seterr(all="raise")  # as a module may do when it is imported
            warnings.simplefilter("error")
            assert row(lambda z: right(z)).verdict == "right"
        finally:
            np.seterr(**before)
