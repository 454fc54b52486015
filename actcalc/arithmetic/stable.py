"""Rewrite formulas by well-known rules so that they cancel and overflow less."""

from collections.abc import Callable, Iterator
from fractions import Fraction

from actcalc.arithmetic.formulas import Node
from actcalc.arithmetic.slopes import ONE, ZERO

_TWO = Node("number", number=Fraction(2))


def stable(node: Node) -> Node:
    """Apply all rules to a formula from the inside out."""
    node = node._replace(parts=tuple(map(stable, node.parts)))
    return next((found for rule in _RULES if (found := rule(node)) is not None), node)


def _call(name: str, x: Node) -> Node:
    return Node("call", (x,), name)


def _negative(x: Node) -> Node:
    return x.parts[0] if x.kind == "negative" else Node("negative", (x,))


def _argument(node: Node, name: str) -> Node | None:
    """The argument of a call of the function ``name``, or None for other nodes."""
    return node.parts[0] if node.kind == "call" and node.name == name else None


def _one_plus(node: Node) -> Iterator[Node]:
    """The other term of a sum with 1, if the node is one."""
    if node.kind == "+":
        x, y = node.parts
        yield from [y] * (x == ONE) + [x] * (y == ONE)


def _difference(node: Node) -> Node | None:
    """Rewrite 1 - tanh(x)**2, 1 - erf(x), 1 - cos(x), 1 - exp(x), 1 - 1/(1 + exp(x)) and exp(x) - 1."""
    if node.kind != "-":
        return None
    x, y = node.parts
    if y == ONE:
        return _call("expm1", inside) if (inside := _argument(x, "exp")) is not None else None
    if x != ONE:
        return None
    if y.kind == "**" and y.number == 2 and (inside := _argument(y.parts[0], "tanh")) is not None:
        return Node("/", (ONE, Node("**", (_call("cosh", inside),), number=Fraction(2))))
    if (inside := _argument(y, "erf")) is not None:
        return _call("erfc", inside)
    if (inside := _argument(y, "cos")) is not None:
        half = _call("sin", Node("/", (inside, _TWO)))
        return Node("*", (_TWO, Node("**", (half,), number=Fraction(2))))
    if (inside := _argument(y, "exp")) is not None:
        return Node("negative", (_call("expm1", inside),))
    if y.kind == "/" and y.parts[0] == ONE:
        for other in _one_plus(y.parts[1]):
            if (inside := _argument(other, "exp")) is not None:
                return Node("/", (ONE, Node("+", (ONE, _call("exp", _negative(inside))))))
    return None


def _logarithm(node: Node) -> Node | None:
    """Rewrite log(1 + x), and log(1 + exp(y)), which may overflow."""
    inside = _argument(node, "log")
    for x in () if inside is None else _one_plus(inside):
        if (y := _argument(x, "exp")) is None:
            return _call("log1p", x)
        beyond = _call("log1p", _call("exp", Node("negative", (_call("abs", y),))))
        return Node("+", (Node("call", (y, ZERO), "max"), beyond))
    return None


def _sum(node: Node) -> Node | None:
    """Rewrite 1 + erf(x)."""
    for x in _one_plus(node):
        if (inside := _argument(x, "erf")) is not None:
            return _call("erfc", _negative(inside))
    return None


def _quotient(node: Node) -> Node | None:
    """Rewrite y*exp(x)/(1 + exp(x)), which may overflow."""
    if node.kind != "/":
        return None
    above, below = node.parts
    for grown in _one_plus(below):
        if (inside := _argument(grown, "exp")) is not None and (rest := _without(above, grown)) is not None:
            return Node("/", (rest, Node("+", (ONE, _call("exp", _negative(inside))))))
    return None


def _without(node: Node, factor: Node) -> Node | None:
    """A product without one of its factors; None if it does not have that factor."""
    if node == factor:
        return ONE
    if node.kind == "*":
        x, y = node.parts
        if (rest := _without(y, factor)) is not None:
            return x if rest == ONE else Node("*", (x, rest))
        if (rest := _without(x, factor)) is not None:
            return y if rest == ONE else Node("*", (rest, y))
    return None


_RULES: tuple[Callable[[Node], Node | None], ...] = (_difference, _logarithm, _sum, _quotient)
