"""Evaluation of whole arrays as a machine computes, with the same results as ``rounded`` one by one."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from actcalc.arithmetic.exact import Formula
from actcalc.arithmetic.ladder import Sides, round_array_of
from actcalc.arithmetic.rounded import Operand, RoundedFloat, RoundedFloats
from actcalc.numbers.float_arrays import Array, round_array
from actcalc.numbers.floats import Format


class Switched(Exception):
    """The elements of an array take different branches of a formula, according to ``signs``."""

    def __init__(self, signs: Any) -> None:
        self.signs = signs


class RoundedArrays(RoundedFloats):
    """The namespace of maths functions over arrays of floats of a format, and over single floats."""

    def round(self, x: Any) -> RoundedFloat:
        return super().round(x) if isinstance(x, float) else RoundedFloat(self, round_array(x, self.format))

    def quotient(self, x: Any, y: Any) -> RoundedFloat:
        return self.round(np.divide(x, y))

    def function(self, formula: Formula, x: Operand, low: float, high: float) -> RoundedFloat:
        x = self.number(x)
        value = x.value
        if isinstance(value, float):
            return super().function(formula, x, low, high)
        result = np.empty_like(value)
        is_ordinary = np.isfinite(value) & (value != 0)
        if is_ordinary.any():
            found, certain = round_array_of(Sides(formula, formula), value[is_ordinary], self.format)
            result[is_ordinary] = np.where(certain, found, math.nan)
        for i in np.flatnonzero(~is_ordinary | np.isnan(result)):
            result[i] = super().function(formula, RoundedFloat(self, float(value[i])), low, high).value
        return RoundedFloat(self, result)

    def sign(self, x: Operand) -> int:
        """The sign of all elements of x. Raises Switched if they differ."""
        value = self.number(x).value
        if isinstance(value, float):
            return super().sign(x)
        signs = (value > 0) * 1 - (value < 0)
        if (signs == signs[0]).all():
            return int(signs[0])
        raise Switched(signs)


def evaluate_rounded(
    formula: Callable[[RoundedFloats, RoundedFloat], RoundedFloat], x: Array, fmt: Format
) -> Array:
    """The formula's values at an array x of floats of a format, with every operation rounded to it."""
    m, result, waiting = RoundedArrays(fmt), np.empty(len(x)), [np.arange(len(x))]
    with np.errstate(all="ignore"):
        while waiting:
            places = waiting.pop()
            try:
                result[places] = formula(m, RoundedFloat(m, x[places])).value
            except Switched as switched:
                parts = [places[switched.signs == sign] for sign in (-1, 0, 1)]
                waiting += [part for part in parts if len(part)]
    return result
