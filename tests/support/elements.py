"""The numbers of programs element by element, with their values and error bounds."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from actcalc.arithmetic.approximate import Arithmetic, Number
from actcalc.arithmetic.numpy_machine import run
from actcalc.arithmetic.program import Expr, Program, constant, variable
from actcalc.numbers.float_arrays import Array


class Elements(NamedTuple):
    """The values, tails and error bounds of a number, all times a power of two."""

    value: Array
    tail: Array
    off: Array
    scale: int

    def rows(self) -> Iterator[tuple[float, float, float]]:
        """The value, tail and bound of each element of an unscaled number."""
        assert self.scale == 0
        return zip(self.value.tolist(), self.tail.tolist(), self.off.tolist(), strict=True)

    def exact(self, i: int) -> tuple[Fraction, Fraction]:
        """An element and its error bound, which is huge if nothing is known."""
        value, tail, off = (float(x[i]) for x in (self.value, self.tail, self.off))
        if not np.isfinite([value, tail, off]).all():
            return Fraction(0), Fraction(10) ** 9999
        scale = Fraction(2) ** self.scale
        return (Fraction(value) + Fraction(tail)) * scale, Fraction(off) * scale


def argument(m: Arithmetic, x: Array, place: int = 0) -> Number:
    """An exact float64 argument of a program, number ``place``, with the range of ``x``."""
    size = abs(x)
    least, most = float(size.min()), float(size.max())
    sign = 1 if x.min() >= 0 else -1 if x.max() <= 0 else 0
    number = m.build(variable(place), None, 0.0, 0.0, (least, most, sign))
    return number.with_sign(sign if least > 0 else 0).centre()


def work_out(number: Number, *arguments: Array) -> Elements:
    """The elements of a number for the given arguments of its program."""
    off = number.error()
    parts = number.value, number.tail or constant(0.0), off if isinstance(off, Expr) else constant(off)
    value, tail, error = run(Program.of(*parts), *arguments)
    return Elements(value, tail, error, number.scale)
