"""Agreement of values with the right ones under a relative tolerance: common digits, and wrong values."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from actcalc.checking.formats import Formats
from actcalc.checking.judge import Judge
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.rulers import Ruler


class Wrong(NamedTuple):
    """A value that does not pass, and the right one."""

    excess: float
    """The error divided by the largest error allowed."""
    z: float
    got: float
    right: float


class Agreement(NamedTuple):
    """The largest relative error of the values that pass, and the values that do not."""

    points: int = 0
    apart: float = 0.0
    wrong: int = 0
    worst: Wrong | None = None
    """The wrong value with the largest excess; the first of several."""

    def __add__(self, other: object) -> "Agreement":
        if not isinstance(other, Agreement):
            return NotImplemented
        worst = max(self.worst, other.worst, key=lambda one: -1 if one is None else one.excess)
        return Agreement(
            self.points + other.points,
            max(self.apart, other.apart),
            self.wrong + other.wrong,
            worst,
        )

    def digits(self) -> int | None:
        """The significant digits to which all passing values agree; None if they are right to the last."""
        return None if self.apart == 0 else max(0, math.floor(-math.log10(self.apart)))

    def text(self, formats: Formats, variable: str = "z") -> Iterator[str]:
        """Clauses that say how many digits agree, and which values are wrong."""
        digits = self.digits()
        if self.wrong < self.points and digits != 0:
            many = "the last digit" if digits is None else f"{digits} digit{'s' * (digits > 1)}"
            yield f"agrees to {many}"
        if self.worst is not None:
            z, got, right = formats.texts(*self.worst[1:])
            are = "is" if self.wrong == 1 else "are"
            wrong = f"{self.wrong:,} of {self.points:,} points {are} wrong"
            if self.wrong == self.points:
                wrong = "no point is right"
            yield f"{wrong}, worst at {variable} = {z}: got {got}, right {right}"


def agreement_of(judge: Judge, z: Array, x: Array, right: Array, correct: Array, ruler: Ruler) -> Agreement:
    """The agreement of values ``x`` with the ``right`` ones; those that are ``correct`` pass anyway."""
    passes = correct | judge.allows(x, right, ruler)
    with np.errstate(all="ignore"):
        distance, size = abs(x - right), abs(right - ruler.origin)
        relative = (distance / size)[passes & ~correct & (size != 0)]
        atol = FLOAT64.round_exact(judge.atol / ruler.unit)
        excess = distance / (atol + float(judge.rtol or 0) * size)
    wrong = np.flatnonzero(~passes)
    worst = None
    if len(wrong):
        off = np.where(np.isnan(excess[wrong]), np.inf, excess[wrong])
        i = wrong[off.argmax()]
        worst = Wrong(float(off.max()), float(z[i]), float(x[i]), float(right[i]))
    return Agreement(len(z), float(relative.max(initial=0.0)), len(wrong), worst)
