"""Undecided values: the work spent on them depends only on the formula and on z."""

import math
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from actcalc.arithmetic.exact import WORK, Formula, evaluate, sign_of
from actcalc.arithmetic.interval import Intervals
from actcalc.arithmetic.maths import Maths, R
from actcalc.errors import UnsettledError
from actcalc.numbers.floats import FLOAT64


def cancelling(m: Maths[R], z: R) -> R:
    """A formula that is 0 for positive z, which no number of digits shows."""
    return m.exp(m.log(z)) - z


def of_every_kind(m: Maths[R], z: R) -> R:
    """Another formula for 0, with all functions that have a series."""
    waves = m.sin(z) + m.cos(m.pi * z) + m.atan(z) + m.log1p(z / 7)
    return cancelling(m, waves + m.erf(z) + m.normal(z) + m.ln2 + m.expm1(z) + m.sqrt(z) + m.mills(z))


def nearly_one(m: Maths[R], z: R) -> R:
    """1 plus exp(-exp(z)), whose first digit is hundreds of places after the point."""
    return m.exp(m.exp(z) + m.exp(-m.exp(z))) / m.exp(m.exp(z))


def digits_tried(formula: Formula, z: Fraction, work: float) -> list[int]:
    """The numbers of digits that are tried before a value is given up."""
    tried = []

    def watched(m: Any, x: Any) -> Any:
        if isinstance(m, Intervals):
            tried.append(m.digits)
        return formula(m, x)

    with pytest.raises(UnsettledError, match="no correct rounding") as caught:
        evaluate(watched, z, FLOAT64, work)
    assert caught.value.z == z
    return tried


@pytest.mark.parametrize("formula", [cancelling, of_every_kind])
def test_work_alone_decides_how_many_digits_are_tried(formula: Formula) -> None:
    z = Fraction(2.7)
    first, *others = (digits_tried(formula, z, WORK / 10**k) for k in (1, 2, 3, 12))
    assert first == digits_tried(formula, z, WORK / 10)
    for most, least in pairwise([first, *others]):
        assert most[: len(least)] == least
    assert others[-1] == [26, 52]
    assert len({len(digits) for digits in (first, *others)}) > 2


def test_cheap_formulas_get_more_digits() -> None:
    z, known = Fraction(2.7), []
    for formula in (lambda m, z: m.sqrt(z) * m.sqrt(z + 1) - m.sqrt(z * z + z), cancelling, of_every_kind):
        known.append(digits_tried(formula, z, WORK)[-1])
    assert known == [13312, 1664, 832]


def test_cached_constants_count() -> None:
    """pi and the logarithm of 2 count, though others may have computed them before."""
    counted = []
    for _ in range(2):
        m = Intervals(300)
        of_every_kind(m, m.number(Fraction(2.7)))
        counted.append(m.steps)
    assert counted[0] == counted[1] > 20 * 300


def test_hundreds_of_digits_are_few_enough() -> None:
    z = Fraction(13, 2)
    assert evaluate(nearly_one, z, FLOAT64, WORK) == 1
    assert sign_of(lambda m, z: nearly_one(m, z) - 1, z) == 1
    with pytest.raises(UnsettledError):
        evaluate(lambda m, z: nearly_one(m, z) - 1, z, FLOAT64, WORK / 10**6)
    rest = evaluate(lambda m, z: nearly_one(m, z) - 1, z, FLOAT64, WORK)
    assert math.isclose(rest, math.exp(-math.exp(6.5)), rel_tol=1e-12)


def test_signs() -> None:
    for z in (Fraction(1, 3), Fraction(-2), Fraction(0)):
        sign = (z > 0) - (z < 0)
        for formula in (lambda m, z: z, lambda m, z: m.exp(z) - 1, lambda m, z: z * m.exp(-abs(z) * 10**30)):
            assert sign_of(formula, z) == sign
    assert sign_of(cancelling, Fraction(2)) is None
