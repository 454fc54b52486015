"""Formulas in z as people write them: Python's expressions, as far as they mean mathematics.

A text is parsed by Python and its tree walked, nothing in it is ever run. What is not listed here is
refused, and so is what is too long, too deep or of too high a power to be worked out soon.
"""

import ast
import re
import warnings
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import NamedTuple

from actcalc.errors import ActcalcError, quote
from actcalc.numbers.numerals import parse_exact


class Node(NamedTuple):
    """Part of a formula: what it does, with which parts.

    ``kind`` is ``number``, ``name``, ``call``, an operator, ``if`` (condition, then, else), ``and``, ``or``,
    ``not``, or a comparison.
    """

    kind: str
    parts: tuple["Node", ...] = ()
    name: str = ""
    number: Fraction = Fraction(0)
    keywords: tuple[tuple[str, Fraction], ...] = ()


_LONGEST, _DEEPEST, _HIGHEST = 2000, 60, 1000
_MENTIONS_Z = re.compile(r"(?<![\w.])z(?!\w)")
_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?")

_REFUSED = {
    **dict.fromkeys(
        ("floor", "ceil", "round", "trunc", "sign", "int"), "it jumps, so it has no slope to give"
    ),
    **dict.fromkeys(("eval", "exec", "open"), "a formula is mathematics only"),
}
_OPERATORS: Mapping[type, str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARISONS: Mapping[type, str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_CONDITIONS = (*_COMPARISONS.values(), "and", "or", "not")
CONSTANTS = ("pi", "e")


def is_formula(text: str) -> bool:
    """Whether a text that names no activation is meant as a formula: it mentions z, and more or just that."""
    text = text.strip()
    return _MENTIONS_Z.search(text[: _LONGEST + 1]) is not None and (text == "z" or not text.isidentifier())


Arity = tuple[int, int, int]
"""The least and the greatest number of arguments of a function, and the power of them that it reaches."""


def parse_formula(text: str, arities: Callable[[str], Arity | None]) -> Node:
    """The tree of a formula; ``arities`` gives that of a function, None if there is none.

    Raises ActcalcError, with the place, for what is no formula or too much of one.
    """
    if len(text) > _LONGEST:
        raise ActcalcError(f"a formula has at most {_LONGEST} characters, not {len(text)}")
    depth = deepest = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    if deepest > _DEEPEST or "\x00" in text:
        raise ActcalcError(f"formula {quote(text)}: brackets nested deeper than {_DEEPEST}")
    try:
        with warnings.catch_warnings(action="ignore"):  # of what is no Python of good style
            tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        place = max((error.offset or 1) - 1, 0)
        raise ActcalcError(f"formula {_around(text.strip(), place)} is not well-formed") from None
    except (RecursionError, MemoryError, ValueError):
        raise ActcalcError(f"formula {quote(text)} is nested too deeply") from None
    return _Walk(text.strip(), arities).node(tree, 0)[0]


def names_in(node: Node) -> set[str]:
    """The names a formula mentions: z, parameters, constants."""
    own = {node.name} if node.kind == "name" else set()
    return own.union(*(names_in(part) for part in node.parts))


def _around(text: str, place: int) -> str:
    start = max(0, min(place - 30, len(text) - 60))
    return quote(text[start : start + 60])


class _Walk:
    def __init__(self, text: str, arities: Callable[[str], Arity | None]) -> None:
        self.text = text
        self.arities = arities

    def fail(self, node: ast.AST, reason: str) -> ActcalcError:
        line = self.text.encode()  # Python counts bytes
        place = len(line[: getattr(node, "col_offset", 0)].decode(errors="ignore"))
        return ActcalcError(f"formula {_around(self.text, place)}: {reason}")

    def node(self, node: ast.expr, depth: int, is_condition: bool = False) -> tuple[Node, int]:
        """The node, a number or a condition, and a bound for the power of z that it reaches."""
        if depth > _DEEPEST:
            raise self.fail(node, f"nested deeper than {_DEEPEST}")
        found, power = self._node(node, depth + 1)
        if (found.kind in _CONDITIONS) != is_condition:
            raise self.fail(node, f"a {'condition' if is_condition else 'number'} is needed here")
        if power > _HIGHEST:
            raise self.fail(node, f"a power above {_HIGHEST} is too much")
        return found, power

    def _node(self, node: ast.expr, depth: int) -> tuple[Node, int]:
        match node:
            case ast.Constant():
                number = self._number(node)
                # Of a number with many digits a power is great as well.
                size = max(number.numerator.bit_length(), number.denominator.bit_length())
                return Node("number", number=number), 1 + size // 1000
            case ast.Name(name):
                if name not in CONSTANTS and self.arities(name) is not None:
                    raise self.fail(node, f"{name} is a function: write {name}(z)")
                return Node("name", name=name), 1
            case ast.UnaryOp(ast.USub() | ast.UAdd() as op, x):
                part, power = self.node(x, depth)
                return (Node("negative", (part,)) if isinstance(op, ast.USub) else part), power
            case ast.UnaryOp(ast.Not(), x):
                part, power = self.node(x, depth, is_condition=True)
                return Node("not", (part,)), power
            case ast.BinOp(x, ast.Pow(), exponent):
                base, power = self.node(x, depth)
                value = self._exponent(exponent)
                size = max(abs(value.numerator), 1) * value.denominator
                return Node("**", (base,), number=value), power * size
            case ast.BinOp(x, op, y) if type(op) in _OPERATORS:
                (a, p), (b, q) = self.node(x, depth), self.node(y, depth)
                return Node(_OPERATORS[type(op)], (a, b)), p + q
            case ast.IfExp(test, x, y):
                parts = [self.node(part, depth, part is test) for part in (test, x, y)]
                return Node("if", tuple(part for part, _ in parts)), max(power for _, power in parts)
            case ast.BoolOp(op, values):
                parts = [self.node(part, depth, is_condition=True) for part in values]
                return Node("and" if isinstance(op, ast.And) else "or", tuple(p for p, _ in parts)), 1
            case ast.Compare(left, ops, comparators):
                if not all(type(op) in _COMPARISONS for op in ops):
                    raise self.fail(node, "this comparison is none of numbers")
                parts = [self.node(part, depth) for part in (left, *comparators)]
                pairs = [
                    Node(_COMPARISONS[type(op)], (a[0], b[0]))
                    for op, a, b in zip(ops, parts, parts[1:], strict=False)
                ]
                return (pairs[0] if len(pairs) == 1 else Node("and", tuple(pairs))), sum(p for _, p in parts)
            case ast.Call(ast.Name(name), arguments, keywords):
                return self._call(node, name, arguments, keywords, depth)
            case ast.BinOp(_, ast.BitXor(), _):
                raise self.fail(node, "powers are written with **")
        raise self.fail(node, "this is no part of a formula")

    def _call(
        self, node: ast.expr, name: str, arguments: list[ast.expr], keywords: list[ast.keyword], depth: int
    ) -> tuple[Node, int]:
        arity = self.arities(name)
        if arity is None:
            reason = _REFUSED.get(name, "there is no such function")
            raise self.fail(node, f"{quote(name)}: {reason}")
        if not arity[0] <= len(arguments) <= arity[1]:
            raise self.fail(node, f"{name} does not take {len(arguments)} arguments")
        given = []
        for keyword in keywords:
            if keyword.arg is None:
                raise self.fail(node, "this is no part of a formula")
            given.append((keyword.arg, self._constant(keyword.value)))
        parts = [self.node(part, depth) for part in arguments]
        power = arity[2] * sum(power for _, power in parts)
        return Node("call", tuple(part for part, _ in parts), name, keywords=tuple(given)), power

    def _number(self, node: ast.Constant) -> Fraction:
        written = ast.get_source_segment(self.text, node) or ""
        if not _NUMBER.fullmatch(written):
            raise self.fail(node, "this is no decimal number")
        try:
            return parse_exact(written)
        except ActcalcError as error:
            raise self.fail(node, str(error)) from None

    def _constant(self, node: ast.expr) -> Fraction:
        """A number, with a sign or as a quotient of two."""
        match node:
            case ast.Constant():
                return self._number(node)
            case ast.UnaryOp(ast.USub(), x):
                return -self._constant(x)
            case ast.BinOp(x, ast.Div(), y):
                below = self._constant(y)
                if below:
                    return self._constant(x) / below
        raise self.fail(node, "only a constant number can stand here")

    def _exponent(self, node: ast.expr) -> Fraction:
        value = self._constant(node)
        if max(abs(value.numerator), value.denominator) > _HIGHEST:
            raise self.fail(node, f"an exponent above {_HIGHEST} is too much")
        return value
