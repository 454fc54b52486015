"""Arithmetics of single numbers, extended by the operations that graphs need."""

from fractions import Fraction
from typing import Any

from actcalc.arithmetic.graph import Graph
from actcalc.arithmetic.interval import Interval, Intervals, Undecided
from actcalc.arithmetic.maths import Maths
from actcalc.arithmetic.rational import NotRational


class Selecting:
    """An arithmetic with select and fork for one element; with ``looks_ahead`` it knows all signs."""

    def __init__(self, base: Maths[Any], looks_ahead: bool = False) -> None:
        self.base, self.looks_ahead = base, looks_ahead

    def __getattr__(self, name: str) -> Any:
        return getattr(self.base, name)

    def constant(self, x: Interval) -> Any:
        if not isinstance(self.base, Intervals):
            raise NotRational
        return x

    def select(self, is_negative: list[bool], below: Any, above: Any) -> Any:
        return below if is_negative[0] else above

    def fork(self, x: Any, below: Any, above: Any) -> Any:
        sign = self.base.sign(x)
        if sign == 0:
            raise Undecided("a fork at which the sign is 0")
        return below if sign < 0 else above

    def known_sign(self, x: Any) -> int:
        return self.base.sign(x) if self.looks_ahead else 0


def value_at(graph: Graph, base: Maths[Any], z: Fraction, looks_ahead: bool = False) -> Any:
    """The value of a graph at z other than 0: a fraction, or an interval."""
    number = base.number if isinstance(base, Intervals) else Fraction
    # The truth value is in a list, so that the graph does not treat it as a bool that holds for all t.
    found = graph.evaluate(Selecting(base, looks_ahead), number(abs(z)), [z < 0])
    return number(found)
