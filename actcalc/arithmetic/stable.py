"""Formulas rewritten so that less of them cancels, overflows or is rounded away, by rules that are well known."""

from collections.abc import Callable, Iterator
from fractions import Fraction

from actcalc.arithmetic.formulas import Node
from actcalc.arithmetic.slopes import ONE

_TWO = Node("number", number=Fraction(2))


def stable(node: Node) -> Node:
    """The formula with all rules applied, from the inside out; itself where none of them applies."""
    node = node._replace(parts=tuple(map(stable, node.parts)))
    return next((found for rule in _RULES if (found := rule(node)) is not None), node)


def _call(name: str, x: Node) -> Node:
    return Node("call", (x,), name)


def _negative(x: Node) -> Node:
    return x.parts[0] if x.kind == "negative" else Node("negative", (x,))


def _argument(node: Node, name: str) -> Node | None:
    """What a function of this name is of, if the node is one."""
    return node.parts[0] if node.kind == "call" and node.name == name else None


def _one_plus(node: Node) -> Iterator[Node]:
    """What is added to 1."""
    if node.kind == "+":
        x, y = node.parts
        yield from [y] * (x == ONE) + [x] * (y == ONE)


def _difference(node: Node) -> Node | None:
    """1 - tanh(x)**2, 1 - erf(x), 1 - cos(x), 1 - exp(x), 1 - 1/(1 + exp(x)), and exp(x) - 1."""
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
    """log(1 + x)."""
    inside = _argument(node, "log")
    return None if inside is None else next((_call("log1p", x) for x in _one_plus(inside)), None)


def _sum(node: Node) -> Node | None:
    """1 + erf(x)."""
    for x in _one_plus(node):
        if (inside := _argument(x, "erf")) is not None:
            return _call("erfc", _negative(inside))
    return None


def _quotient(node: Node) -> Node | None:
    """exp(x)/(1 + exp(x))."""
    if node.kind != "/" or (inside := _argument(node.parts[0], "exp")) is None:
        return None
    if node.parts[0] in _one_plus(node.parts[1]):
        return Node("/", (ONE, Node("+", (ONE, _call("exp", _negative(inside))))))
    return None


_RULES: tuple[Callable[[Node], Node | None], ...] = (_difference, _logarithm, _sum, _quotient)
