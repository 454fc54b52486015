"""Derivatives of formulas as trees, and the text of formulas."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType

from actcalc.arithmetic.formulas import Node
from actcalc.numbers.numerals import exact_text

_TWO, _TEN = Node("number", number=Fraction(2)), Node("number", number=Fraction(10))
_PI = Node("name", name="pi")
ZERO, ONE = Node("number"), Node("number", number=Fraction(1))


def _call(name: str, *parts: Node) -> Node:
    return Node("call", parts, name)


def _negative(x: Node) -> Node:
    return x if x == ZERO else Node("negative", (x,))


def _sum(x: Node, y: Node) -> Node:
    return y if x == ZERO else x if y == ZERO else Node("+", (x, y))


def _difference(x: Node, y: Node) -> Node:
    return x if y == ZERO else _negative(y) if x == ZERO else Node("-", (x, y))


def _product(x: Node, y: Node) -> Node:
    if ZERO in (x, y):
        return ZERO
    return y if x == ONE else x if y == ONE else Node("*", (x, y))


def _quotient(x: Node, y: Node) -> Node:
    return x if x == ZERO or y == ONE else Node("/", (x, y))


def _power(x: Node, exponent: Fraction) -> Node:
    return ONE if exponent == 0 else x if exponent == 1 else Node("**", (x,), number=exponent)


def _if(condition: Node, x: Node, y: Node) -> Node:
    return x if x == y else Node("if", (condition, x, y))


_SLOPES: Mapping[str, Callable[[Node], Node]] = {
    "exp": lambda u: _call("exp", u),
    "expm1": lambda u: _call("exp", u),
    "log": lambda u: _quotient(ONE, u),
    "log1p": lambda u: _quotient(ONE, _sum(ONE, u)),
    "log2": lambda u: _quotient(ONE, _product(u, _call("log", _TWO))),
    "log10": lambda u: _quotient(ONE, _product(u, _call("log", _TEN))),
    "sqrt": lambda u: _quotient(ONE, _product(_TWO, _call("sqrt", u))),
    "sin": lambda u: _call("cos", u),
    "cos": lambda u: _negative(_call("sin", u)),
    "tan": lambda u: _sum(ONE, _power(_call("tan", u), Fraction(2))),
    "asinh": lambda u: _quotient(ONE, _call("sqrt", _sum(ONE, _power(u, Fraction(2))))),
    "sinh": lambda u: _call("cosh", u),
    "cosh": lambda u: _call("sinh", u),
    "tanh": lambda u: _difference(ONE, _power(_call("tanh", u), Fraction(2))),
    "atan": lambda u: _quotient(ONE, _sum(ONE, _power(u, Fraction(2)))),
    "erf": lambda u: _quotient(_product(_TWO, _bell(u)), _call("sqrt", _PI)),
    "erfc": lambda u: _negative(_quotient(_product(_TWO, _bell(u)), _call("sqrt", _PI))),
    "Phi": lambda u: _call("phi", u),
    "phi": lambda u: _product(_negative(u), _call("phi", u)),
}


def _bell(u: Node) -> Node:
    return _call("exp", _negative(_power(u, Fraction(2))))


def slope_of(node: Node, known: Mapping[str, Node] = MappingProxyType({})) -> Node:
    """The derivative with respect to z away from kinks, not simplified.

    Names whose slopes are ``known`` stand for formulas; all others except z stand for constants.
    """
    parts = node.parts
    match node.kind:
        case "name" if node.name == "z":
            return ONE
        case "name" if node.name in known:
            return known[node.name]
        case "number" | "name":
            return ZERO
        case "if":
            return _if(parts[0], slope_of(parts[1], known), slope_of(parts[2], known))
        case "call" if node.name in ("max", "min"):
            best, sign = parts[0], ">" if node.name == "max" else "<"
            slope = slope_of(best, known)
            for part in parts[1:]:
                slope = _if(Node(sign, (best, part)), slope, slope_of(part, known))
                best = _call(node.name, best, part)
            return slope
    slopes = [slope_of(part, known) for part in parts]
    match node.kind:
        case "+":
            return _sum(*slopes)
        case "-":
            return _difference(*slopes)
        case "negative":
            return _negative(slopes[0])
        case "*":
            return _sum(_product(slopes[0], parts[1]), _product(parts[0], slopes[1]))
        case "/":
            over = _difference(_product(slopes[0], parts[1]), _product(parts[0], slopes[1]))
            if slopes[1] == ZERO:
                return _quotient(slopes[0], parts[1])
            return _quotient(over, _power(parts[1], Fraction(2)))
        case "**":
            outer = _product(Node("number", number=node.number), _power(parts[0], node.number - 1))
            return _product(outer, slopes[0])
        case "^":  # the base is constant
            return _product(_product(node, _call("log", parts[0])), slopes[1])
    if node.name == "abs":
        return _product(_if(Node(">", (parts[0], ZERO)), ONE, _negative(ONE)), slopes[0])
    rule = _SLOPES.get(node.name)
    return _product(rule(parts[0]) if rule else node._replace(name=node.name + "'"), slopes[0])


def slope_of_abbreviation(name: str, meaning: Node) -> Node:
    """The slope of an abbreviation in terms of itself if possible: s*(1 - s) for s = 1/(1 + exp(-z))."""
    own = Node("name", name=name)
    if meaning.kind == "call" and meaning.name == "tanh":
        return _product(_difference(ONE, _power(own, Fraction(2))), slope_of(meaning.parts[0]))
    if meaning.kind == "/" and meaning.parts[0] == ONE and meaning.parts[1].kind == "+":
        one, other = meaning.parts[1].parts
        if one == ONE and other.kind == "call" and other.name == "exp":
            gate = _product(own, _difference(ONE, own))
            return _product(_negative(slope_of(other.parts[0])), gate)
    return slope_of(meaning)


_BINDING = {
    "if": 0,
    "or": 1,
    "and": 2,
    "not": 3,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "negative": 7,
    "**": 8,
    "^": 8,
}


def format_formula(node: Node, least: int = 0) -> str:
    """The formula as text, in parentheses if it binds less tightly than ``least``."""
    binding = _BINDING.get(node.kind, 9 if node.kind in ("number", "name", "call") else 4)
    parts = node.parts
    match node.kind:
        case "number":
            text = exact_text(node.number)
            binding = 6 if "/" in text else 7 if text.startswith("-") else 9
        case "name":
            text = node.name
        case "call":
            inside = [format_formula(part) for part in parts]
            inside += [f"{name}={exact_text(value)}" for name, value in node.keywords]
            text = f"{node.name}({', '.join(inside)})"
        case "if":
            condition, then = format_formula(parts[0], 1), format_formula(parts[1], 1)
            text = f"{then} if {condition} else {format_formula(parts[2])}"
        case "negative":
            text = f"-{format_formula(parts[0], 7)}"
        case "not":
            text = f"not {format_formula(parts[0], 3)}"
        case "**":
            exponent = exact_text(node.number)
            text = f"{format_formula(parts[0], 9)}**{f'({exponent})' if '/' in exponent else exponent}"
        case "^":
            text = f"{format_formula(parts[0], 9)}**{format_formula(parts[1], 9)}"
        case "*" | "/":
            text = f"{format_formula(parts[0], 6)}{node.kind}{format_formula(parts[1], 7)}"
        case kind:
            text = f" {kind} ".join(
                format_formula(part, binding if i == 0 and kind in "+-" else binding + 1)
                for i, part in enumerate(parts)
            )
    return f"({text})" if binding < least else text
