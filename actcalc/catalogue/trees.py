"""Evaluate formulas given as trees in any arithmetic."""

import operator
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import cache
from typing import Any, Concatenate

from actcalc.activations.declaration import QUANTITIES, Piece
from actcalc.activations.parameters import bind
from actcalc.arithmetic.exact import Formula
from actcalc.arithmetic.formulas import Node
from actcalc.arithmetic.jets import Jet
from actcalc.arithmetic.maths import Maths, R
from actcalc.arithmetic.rational import Undefined, exact_root
from actcalc.catalogue import lookup
from actcalc.catalogue.forms import gaussian, tanh_above, tanh_below
from actcalc.errors import UnsettledError

MOST_TERMS = len(QUANTITIES) - 1
"""The terms of the longest series of a formula."""


def _sinh(m: Maths[R], x: R) -> R:
    grown = m.expm1(x)
    return (grown + grown / (1 + grown)) / 2


def _tanh(m: Maths[R], x: R) -> R:
    return tanh_below(m, x) if m.sign(x) <= 0 else tanh_above(m, x)


def _asinh(m: Maths[R], x: R) -> R:
    if m.sign(x) < 0:
        return -_asinh(m, -x)
    if m.sign(x - 1) > 0:
        return m.log(x) + m.log(1 + m.sqrt(1 + 1 / (x * x)))
    return m.log1p(x + x * x / (1 + m.sqrt(1 + x * x)))


def _tan(m: Maths[Any], x: Any) -> Any:
    if isinstance(x, Jet):
        return x.m.tangent(_tan(x.m.base, x.coefficients[0]), x)
    # In arrays this product has tighter error bounds than sin/cos.
    return m.sin(x) * _quotient(Fraction(1), m.cos(x))


def _logarithm(base: int) -> Formula:
    """The logarithm to a base, which is an exact integer for powers of the base."""

    def log(m: Maths[Any], x: Any) -> Any:
        if isinstance(x, Fraction) and (exponent := _whole_logarithm(x, base)) is not None:
            return exponent
        scale = m.log(Fraction(base))
        if isinstance(x, Jet):
            return x.m.by_slope(lambda a: log(x.m.base, a), lambda u: 1 / (u * scale), x)
        return m.log(x) / scale

    return log


def _whole_logarithm(x: Fraction, base: int) -> Fraction | None:
    """The integer k with ``x == base**k``, or None."""
    if x.numerator != 1 and x.denominator != 1:
        return None
    rest, exponent = max(x.numerator, x.denominator), 0
    while rest > 1 and rest % base == 0:
        rest, exponent = rest // base, exponent + 1
    return Fraction(exponent if x >= 1 else -exponent) if rest == 1 and x > 0 else None


def exponential(m: Maths[Any], base: Any, exponent: Any) -> Any:
    """A positive number to any power, exact if both are fractions and the result has few digits."""
    if isinstance(base, Fraction) and isinstance(exponent, Fraction):
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        if exponent.denominator <= _MOST_ROOT and abs(exponent) * bits < _MOST_BITS:
            return power(m, base, exponent)
    scaled = exponent * m.log(base)
    if isinstance(exponent, Jet):
        jets, first = exponent.m, exponent.coefficients[0]
        return jets.exponential(exponential(jets.base, base, first), scaled)
    return m.exp(scaled)


_MOST_ROOT, _MOST_BITS = 64, 40_000
"""Limits on the root and on the bits of a power that is computed as a fraction; ties of floats have fewer."""


def _largest(m: Maths[R], *xs: R) -> R:
    best = xs[0]
    for x in xs[1:]:
        best = x if m.sign(best - x) < 0 else best
    return best


def _least(m: Maths[R], *xs: R) -> R:
    return -_largest(m, *(-x for x in xs))


FUNCTIONS: Mapping[str, Formula] = {
    "exp": lambda m, x: m.exp(x),
    "expm1": lambda m, x: m.expm1(x),
    "log": lambda m, x: m.log(x),
    "log1p": lambda m, x: m.log1p(x),
    "log2": _logarithm(2),
    "log10": _logarithm(10),
    "sqrt": lambda m, x: m.sqrt(x),
    "sin": lambda m, x: m.sin(x),
    "cos": lambda m, x: m.cos(x),
    "tan": _tan,
    "sinh": _sinh,
    "asinh": _asinh,
    "cosh": lambda m, x: (m.exp(x) + m.exp(-x)) / 2,
    "tanh": _tanh,
    "atan": lambda m, x: m.atan(x),
    "erf": lambda m, x: m.erf(x),
    "erfc": lambda m, x: m.erfc(x),
    "Phi": lambda m, x: m.normal(x),
    "phi": gaussian,
    "abs": lambda m, x: -x if m.sign(x) < 0 else x,
}
"""The functions of one number that a formula can call."""

CHOICES: Mapping[str, Callable[Concatenate[Maths[Any], ...], Any]] = {"min": _least, "max": _largest}
"""The functions of two or more numbers that a formula can call."""


COMPARED: Mapping[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def formula_of(tree: Node, parameters: Mapping[str, Fraction]) -> Formula:
    """The tree as a formula in z, with these parameters."""
    return lambda m, z: Evaluator(m, {**parameters, "z": z}).value(tree)


class Evaluator:
    """Evaluates trees in an arithmetic; names have numbers of that arithmetic or fractions as values."""

    def __init__(self, m: Maths[Any], names: dict[str, Any]) -> None:
        self.m, self.names = m, names

    def constant(self, x: Fraction) -> Any:
        """The value of a number in the tree."""
        return x

    def function(self, name: str, x: Any) -> Any:
        """One of FUNCTIONS at x."""
        return FUNCTIONS[name](self.m, x)

    def value(self, node: Node) -> Any:
        """The value of a tree that stands for a number."""
        m, of, parts = self.m, self.value, node.parts
        match node.kind:
            case "number":
                return self.constant(node.number)
            case "name":
                if node.name in self.names:
                    return self.names[node.name]
                return m.pi if node.name == "pi" else m.exp(Fraction(1))
            case "+":
                return of(parts[0]) + of(parts[1])
            case "-":
                return of(parts[0]) - of(parts[1])
            case "*":
                return of(parts[0]) * of(parts[1])
            case "/":
                return _quotient(of(parts[0]), of(parts[1]))
            case "negative":
                return -of(parts[0])
            case "**" if node.number.denominator > 1 and (square := _even_power(parts[0])):
                return _root_of_even(m, of(square[0]), square[1] * node.number)
            case "call" if node.name == "sqrt" and (square := _even_power(parts[0])):
                return _root_of_even(m, of(square[0]), square[1] / 2)
            case "**":
                return power(m, of(parts[0]), node.number)
            case "^":
                return exponential(m, of(parts[0]), of(parts[1]))
            case "if":
                return of(parts[1] if self.holds(parts[0]) else parts[2])
            case "call" if node.name in FUNCTIONS:
                return self.function(node.name, of(parts[0]))
            case "call" if node.name in CHOICES:
                return CHOICES[node.name](m, *map(of, parts))
            case "call":
                return _activation(node, m, of(parts[0]))
        raise AssertionError(f"a condition stands where a formula needs a number: {node.kind}")

    def holds(self, node: Node) -> bool:
        """Whether a condition holds."""
        parts = node.parts
        match node.kind:
            case "and":
                return all(map(self.holds, parts))
            case "or":
                return any(map(self.holds, parts))
            case "not":
                return not self.holds(parts[0])
            case kind if kind in COMPARED:
                return COMPARED[kind](_side(self.m, self.value(parts[0]) - self.value(parts[1])), 0)
        raise AssertionError(f"a number stands where a formula needs a condition: {node.kind}")


def _even_power(node: Node) -> tuple[Node, Fraction] | None:
    """The base and the exponent of an even power; None for any other node."""
    if node.kind == "*" and node.parts[0] == node.parts[1]:
        return node.parts[0], Fraction(2)
    if node.kind == "**" and node.number > 0 and node.number % 2 == 0:
        return node.parts[0], node.number
    return None


def _root_of_even(m: Maths[Any], x: Any, exponent: Fraction) -> Any:
    """The root of an even power, as a power of abs(x): nothing cancels, and the kink at 0 is found."""
    return power(m, FUNCTIONS["abs"](m, x), exponent)


def _quotient(x: Any, y: Any) -> Any:
    try:
        return x / y
    except ZeroDivisionError:
        raise Undefined("division by 0") from None


def power(m: Maths[Any], x: Any, exponent: Fraction) -> Any:
    """x to the power of a fraction."""
    if exponent == 0:
        return x * 0 + 1  # undefined where x is
    if exponent.denominator == 1:
        whole = x ** abs(int(exponent))
        return whole if exponent > 0 else _quotient(Fraction(1), whole)
    if exponent.denominator == 2:
        return power(m, m.sqrt(x), exponent * 2)
    if exponent < 0:
        return _quotient(Fraction(1), power(m, x, -exponent))
    if isinstance(x, Jet):
        return x.m.power(x, exponent, lambda a: power(x.m.base, a, exponent))
    if isinstance(x, Fraction) and x > 0 and (root := exact_root(x, exponent.denominator)) is not None:
        return root**exponent.numerator
    return Fraction(0) if m.sign(x) == 0 else m.exp(exponent * m.log(x))


def _side(m: Maths[Any], x: Any) -> int:
    """The sign of x, which decides between two branches that may differ.

    Raises UnsettledError if not even the longest series tells which branch lies ahead.
    """
    sign = m.sign(x)
    if sign == 0 and isinstance(x, Jet) and x.m.order >= MOST_TERMS and x.degree > x.m.order:
        raise UnsettledError("a condition stays undecided up to the last term of its series")
    return sign


def _activation(node: Node, m: Maths[Any], x: Any) -> Any:
    """The value of an activation of the catalogue, by the formula of the piece that contains x."""
    pieces = pieces_of(node.name, node.keywords)
    for piece in pieces[:-1]:
        assert piece.upto is not None
        beyond = _side(m, x - Fraction(piece.upto))
        if beyond < 0 or (beyond == 0 and not piece.excluding):
            break
    else:
        piece = pieces[-1]
    value = piece.g(m, x)
    return Fraction(value) if isinstance(value, int) else value


@cache
def pieces_of(name: str, keywords: tuple[tuple[str, Fraction], ...]) -> tuple[Piece, ...]:
    """The pieces of an activation of the catalogue with these parameters."""
    return bind(lookup.declaration(name), dict(keywords)).pieces


def nodes_of(tree: Node) -> Iterator[Node]:
    """All nodes of a tree."""
    yield tree
    for part in tree.parts:
        yield from nodes_of(part)


def is_smooth(node: Node) -> bool:
    """Whether a node neither chooses between branches nor takes a root, which may have a kink at 0."""
    if node.kind == "call":
        return node.name in FUNCTIONS and node.name not in ("abs", "sqrt")
    return node.kind not in COMPARED and (node.kind != "**" or node.number.denominator == 1)


def questions_of(node: Node) -> Iterator[Node]:
    """The parts of a formula whose signs decide its choices."""
    parts = node.parts
    for part in parts:
        yield from questions_of(part)
    if node.kind in COMPARED:
        yield Node("-", parts)
    elif node.kind == "call" and node.name == "abs":
        yield parts[0]
    elif node.kind == "call" and node.name in CHOICES:
        yield from (Node("-", (x, y)) for i, x in enumerate(parts) for y in parts[i + 1 :])
    elif node.kind == "call" and node.name not in FUNCTIONS:
        for piece in pieces_of(node.name, node.keywords)[:-1]:
            yield Node("-", (parts[0], Node("number", number=Fraction(piece.upto or 0))))
