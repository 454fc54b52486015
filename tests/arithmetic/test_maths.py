"""What a formula may call is there in every arithmetic."""

import importlib
import pkgutil
from fractions import Fraction

import pytest

import actcalc.arithmetic
from actcalc.arithmetic.interval import Interval, Intervals
from actcalc.arithmetic.maths import Maths, RealNumber
from actcalc.arithmetic.rational import Rational

FRACTIONS: Maths[Fraction] = Rational()
DECIMALS: Maths[Interval] = Intervals(20)
"""The type checker holds these against the Protocol, and the rest where formulas are called with them."""

MODULES = [
    importlib.import_module(f"actcalc.arithmetic.{module.name}")
    for module in pkgutil.iter_modules(actcalc.arithmetic.__path__)
]
ARITHMETICS = [
    kind
    for module in MODULES
    for kind in vars(module).values()
    if isinstance(kind, type) and kind.__module__ == module.__name__ and hasattr(kind, "expm1")
    if kind is not Maths
]


def members(protocol: type) -> set[str]:
    return {name for name in vars(protocol) if not name.startswith("_")}


def test_there_are_several() -> None:
    assert {Rational, Intervals} < set(ARITHMETICS)
    assert {"exp", "expm1", "log1p", "sqrt", "mills", "series", "pi", "ln2"} <= members(Maths)


@pytest.mark.parametrize("kind", ARITHMETICS, ids=lambda kind: kind.__name__)
def test_every_arithmetic_has_every_function(kind: type) -> None:
    assert members(Maths) <= set(dir(kind))


@pytest.mark.parametrize("number", [Fraction(1), DECIMALS.pi], ids=lambda number: type(number).__name__)
def test_numbers_have_the_operators(number: RealNumber) -> None:
    operators = {
        name for name, value in vars(RealNumber).items() if name.startswith("__") and callable(value)
    }
    assert {"__add__", "__rtruediv__", "__pow__", "__abs__"} <= operators - set(vars(object))
    assert operators <= set(dir(number))
