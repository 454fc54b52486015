"""A namespace in which evaluating a formula at some z builds the tree of its operations there."""

from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import chain
from itertools import count as count_from
from typing import Any, TypeAlias, Union

from actcalc.arithmetic.exact import Formula
from actcalc.arithmetic.formulas import Node
from actcalc.arithmetic.interval import Interval, Intervals, with_digits
from actcalc.arithmetic.operators import Operators
from actcalc.arithmetic.rational import NotRational
from actcalc.arithmetic.slopes import ONE, ZERO

Operand: TypeAlias = Union["Written", Fraction, int]

_DIGITS = 60
_NAMES = {"normal": "Phi"}
"""Functions whose name in formulas differs from that in arithmetics."""


class Written(Operators["Written"]):
    """A part of a formula as a tree, with an enclosure of its value, which decides branches."""

    __slots__ = ("m", "node", "value")

    def __init__(self, m: "Writing", node: Node, value: Interval) -> None:
        self.m, self.node, self.value = m, node, value

    def _with(self, kind: str, other: Operand, value: Callable[[Interval, Interval], Interval]) -> "Written":
        x, y = self.m.number(self), self.m.number(other)
        return Written(self.m, _combined(kind, x.node, y.node), value(x.value, y.value))

    def __add__(self, other: Operand) -> "Written":
        return self._with("+", other, lambda x, y: x + y)

    def __radd__(self, other: Operand) -> "Written":
        return self.m.number(other) + self

    def __sub__(self, other: Operand) -> "Written":
        return self._with("-", other, lambda x, y: x - y)

    def __rsub__(self, other: Operand) -> "Written":
        return self.m.number(other) - self

    def __mul__(self, other: Operand) -> "Written":
        return self._with("*", other, lambda x, y: x * y)

    def __rmul__(self, other: Operand) -> "Written":
        return self.m.number(other) * self

    def __truediv__(self, other: Operand) -> "Written":
        return self._with("/", other, lambda x, y: x / y)

    def __neg__(self) -> "Written":
        return Written(self.m, _negative(self.node), -self.value)

    def __abs__(self) -> "Written":
        return Written(self.m, Node("call", (self.node,), "abs"), abs(self.value))

    def __pow__(self, exponent: int) -> "Written":
        node = self.node if exponent == 1 else Node("**", (self.node,), number=Fraction(exponent))
        return Written(self.m, node, self.value**exponent)


def _combined(kind: str, x: Node, y: Node) -> Node:
    """Combine two trees by an operator, with trivial simplifications."""
    if (kind == "*" and ONE in (x, y)) or (kind == "+" and ZERO in (x, y)):
        return y if x in (ONE, ZERO) else x
    if (kind == "/" and y == ONE) or (kind == "-" and y == ZERO):
        return x
    if kind == "*" and y.kind == "number" and x.kind != "number":
        return _combined(kind, y, x)
    if kind == "*" and y.kind == "negative":
        return _negative(_combined(kind, x, y.parts[0]))
    if kind == "*" and x.kind == "number" and y.kind in "*/":
        return Node(y.kind, (_combined("*", x, y.parts[0]), y.parts[1]))
    if kind in "+-" and y.kind == "negative":
        return Node("-" if kind == "+" else "+", (x, y.parts[0]))
    if x.kind == y.kind == "number" and (kind != "/" or y.number):
        a, b = x.number, y.number
        return Node("number", number={"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else a}[kind])
    return Node(kind, (x, y))


def _negative(x: Node) -> Node:
    if x.kind == "negative":
        return x.parts[0]
    if x.kind == "number":
        return Node("number", number=-x.number)
    if x.kind in "*/" and x.parts[0].kind in ("number", "negative"):
        return Node(x.kind, (_negative(x.parts[0]), x.parts[1]))
    return Node("negative", (x,))


def _function(name: str) -> Callable[["Writing", Operand], Written]:
    def function(m: "Writing", x: Operand) -> Written:
        part = m.number(x)
        node = Node("call", (part.node,), _NAMES.get(name, name))
        return Written(m, node, getattr(m.base, name)(part.value))

    return function


class Writing:
    """The namespace of maths functions over ``Written`` parts."""

    def __init__(self, base: Intervals) -> None:
        self.base = base

    def number(self, x: Any) -> Written:
        if isinstance(x, Written):
            return x
        return Written(self, Node("number", number=Fraction(x)), self.base.number(Fraction(x)))

    exp, expm1, log, log1p = map(_function, ("exp", "expm1", "log", "log1p"))
    sin, cos, atan, sqrt = map(_function, ("sin", "cos", "atan", "sqrt"))
    erf, erfc, normal, mills = map(_function, ("erf", "erfc", "normal", "mills"))

    def sign(self, x: Operand) -> int:
        return self.base.sign(self.number(x).value)

    def series(self, coefficient: Callable[[int], Fraction], x: Operand) -> Written:
        raise NotRational  # an infinite sum cannot be written as a formula

    @property
    def pi(self) -> Written:
        return Written(self, Node("name", name="pi"), self.base.pi)

    @property
    def ln2(self) -> Written:
        two = Node("number", number=Fraction(2))
        return Written(self, Node("call", (two,), "log"), self.base.ln2)


def written(formula: Formula, z: Fraction) -> Node | None:
    """The formula as it is evaluated at and near z; None if it contains an infinite sum."""
    m = Writing(with_digits(_DIGITS))
    try:
        return m.number(formula(m, Written(m, Node("name", name="z"), m.base.number(z)))).node
    except (NotRational, ArithmeticError):
        return None


_LETTERS = {"exp": "e", "expm1": "d", "sqrt": "r", "mills": "m"}


def abbreviated(node: Node) -> tuple[Node, dict[str, Node]]:
    """A formula with names for function calls that occur more than once, and the calls by name."""
    names: dict[str, Node] = {}
    while True:
        calls = Counter(part for part in _nodes(node) if part.kind == "call" and part.name in _LETTERS)
        repeated = [call for call, count in calls.items() if count > 1]
        if not repeated:
            return node, names
        # The innermost first, since others may contain it.
        call = min(repeated, key=lambda part: sum(1 for _ in _nodes(part)))
        letter = _LETTERS[call.name]
        others = (f"{letter}{k}" for k in count_from(2))
        name = next(text for text in chain([letter], others) if text not in names)
        names[name] = call
        node = _replaced(node, call, Node("name", name=name))


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for part in node.parts:
        yield from _nodes(part)


def _replaced(node: Node, old: Node, new: Node) -> Node:
    return (
        new if node == old else node._replace(parts=tuple(_replaced(part, old, new) for part in node.parts))
    )
