"""Far out: where z is so far from 0 that the exponentials of a formula are rounded to 0."""

import math
from fractions import Fraction
from functools import cached_property

from actcalc.activations.declaration import Quantity
from actcalc.arithmetic.graph import Graph, Node
from actcalc.code.shapes import approximate, outside_exponentials
from actcalc.code.sheet import Sheet


class FarOut:
    """The exponentials of a graph that fall to 0 far out, and how other nodes behave there.

    The graph is of the quantity ``of`` for z from ``low`` to ``high``; None means that there is no end. With
    ``is_whole`` its t is z itself, of any sign.
    """

    def __init__(
        self,
        graph: Graph,
        sheet: Sheet,
        of: Quantity,
        low: Fraction | None,
        high: Fraction | None,
        is_whole: bool,
    ) -> None:
        self._graph, self._sheet, self._of = graph, sheet, of
        self._low, self._high, self._is_whole = low, high, is_whole

    def is_reached(self, side: int) -> bool:
        """Whether z has no end on a side."""
        return (self._low is None or side > 0) and (self._high is None or side < 0)

    def at(self, x: Node, t: float, side: int) -> float:
        """The approximate value of a node at a distance t from 0 on a side."""
        return approximate(x, side * t) if self._is_whole else approximate(x, t, side)

    @property
    def _directions(self) -> tuple[int, ...]:
        """The signs of t far out."""
        return (-1, 1) if self._is_whole else (1,)

    @cached_property
    def falling(self) -> list[Node]:
        """The exponentials that fall to 0."""
        found = {x for side in self._directions for x in self.falling_on(side)}
        return sorted(found, key=lambda x: x.index)

    def falling_on(self, side: int) -> list[Node]:
        """The exponentials that fall to 0 on a side."""
        far = 2.0**40
        return [x for x in self._graph.nodes if x.op == "exp" and self.at(x.args[0], far, side) < -(2.0**30)]

    def place(self, side: int) -> int:
        """The distance from 0 beyond which some exponential that falls on a side may be subnormal."""
        return self._reach(side, -self._sheet.shift)

    @cached_property
    def bound(self) -> int | None:
        """The |z| beyond which all exponentials that fall are 0, even scaled up; None if none falls."""
        if not self.falling:
            return None
        return max(self._reach(side, self._sheet.least_log - self._sheet.shift) for side in self._directions)

    def _reach(self, side: int, least: float) -> int:
        """The distance from 0 at which the arguments of all exponentials that fall are below ``least``."""
        arguments = [x.args[0] for x in self.falling_on(side)]
        return max(
            (next(k for k in range(1, 1 << 20) if self.at(x, k, side) < least) for x in arguments), default=1
        )

    @cached_property
    def is_cut(self) -> bool:
        """Whether z itself may be cut off at the bound: the result is a slope that is constant beyond."""
        if self._of == "g" or self.bound is None:
            return False
        root = self._graph.result
        if root.m.t not in outside_exponentials(root):
            return False
        sides = [*filter(self.is_reached, (-1, 1))]
        ends = [[self.at(root, far, side) for far in (self.bound + 2, 2.0**40)] for side in sides]
        return bool(sides) and all(math.isclose(*values, rel_tol=1e-9, abs_tol=1e-40) for values in ends)

    def is_one(self, x: Node, side: int) -> bool:
        """Whether a node is 1 there."""
        return abs(self.at(x, self.place(side), side) - 1) < 1e-20

    def grows(self, x: Node, side: int = 1) -> bool:
        """Whether a node grows without limit, as t does."""
        return abs(self.at(x, 2.0**60, side)) > 2.0**50 and not x.is_constant
