"""Derivatives of formulas in text from Arb's power series: an oracle independent of actcalc."""

import ast
import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any

from flint import arb, arb_series, ctx, fmpq

from tests.support.oracle import Fmt, nearest_dyadic, same

MOST_BITS = 20000


class Open(Exception):
    """More bits are needed."""


def derivative(
    text: str,
    order: int,
    z: Fraction,
    fmt: Fmt,
    parameters: Mapping[str, Fraction] | None = None,
    side: int = 1,
) -> float | None:
    """The derivative of a formula from one side, rounded once; None if twenty thousand bits leave it open."""
    bits = 128
    while bits <= MOST_BITS:
        try:
            found = enclosed(text, order, z, bits, parameters, side)
            with ctx.workprec(bits):
                ends = found.lower(), found.upper()
            low, high = (nearest_dyadic(*_parts(end), fmt) for end in ends)
            if same(low, high):
                return low
        except (Open, ValueError):
            pass
        bits *= 2
    return None


def enclosed(
    text: str,
    order: int,
    z: Fraction,
    bits: int,
    parameters: Mapping[str, Fraction] | None = None,
    side: int = 1,
) -> arb:
    """The same, worked out with so many bits."""
    with ctx.workprec(bits):
        cap, ctx.cap = ctx.cap, order + 1
        try:
            known = {name: _constant(x) for name, x in (parameters or {}).items()}
            known |= {"z": arb_series([arb(_q(z)), side], prec=order + 1), "pi": arb_series([arb.pi()])}
            known["e"] = arb_series([arb(1).exp()])
            coefficient = _walk(ast.parse(text, mode="eval").body, text, known)[order]
            found: arb = coefficient * math.factorial(order) * side**order
            return found
        finally:
            ctx.cap = cap


def _parts(end: arb) -> tuple[int, int]:
    if not end.is_finite():
        raise Open
    man, exp = end.man_exp()
    return int(man), int(exp)


def _q(x: Fraction) -> fmpq:
    return fmpq(x.numerator, x.denominator)


def _constant(x: Fraction) -> arb_series:
    return arb_series([arb(_q(x))])


def _sign(x: arb_series) -> int:
    for k in range(ctx.cap):
        c = x[k]
        if c > 0 or c < 0:
            return 1 if c > 0 else -1
        if not c == 0:
            raise Open
    return 0


def _walk(node: ast.AST, text: str, known: Mapping[str, Any]) -> Any:
    def of(part: ast.AST) -> Any:
        return _walk(part, text, known)

    match node:
        case ast.Constant():
            return _constant(Fraction(ast.get_source_segment(text, node) or ""))
        case ast.Name(name):
            return known[name]
        case ast.UnaryOp(ast.USub(), x):
            return -of(x)
        case ast.BinOp(x, ast.Pow(), exponent):
            return _power(of(x), Fraction(ast.unparse(exponent).replace(" ", "").strip("()")))
        case ast.BinOp(x, op, y):
            return _OPERATORS[type(op)](of(x), of(y))
        case ast.IfExp(test, x, y):
            return of(x) if _holds(test, of) else of(y)
        case ast.Call(ast.Name(name), parts):
            return _FUNCTIONS[name](*map(of, parts))
    raise AssertionError(ast.dump(node))


def _holds(test: ast.AST, of: Callable[[ast.AST], Any]) -> bool:
    assert isinstance(test, ast.Compare)
    values = [of(part) for part in (test.left, *test.comparators)]
    signs = [_sign(b - a) for a, b in pairwise(values)]
    return all(_COMPARED[type(op)](sign) for op, sign in zip(test.ops, signs, strict=True))


_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: lambda x, y: x + y,
    ast.Sub: lambda x, y: x - y,
    ast.Mult: lambda x, y: x * y,
    ast.Div: lambda x, y: x / y,
}
_COMPARED: dict[type, Callable[[int], bool]] = {
    ast.Lt: lambda sign: sign > 0,
    ast.LtE: lambda sign: sign >= 0,
    ast.Gt: lambda sign: sign < 0,
    ast.GtE: lambda sign: sign <= 0,
}


def _power(x: Any, exponent: Fraction) -> Any:
    if exponent.denominator == 1:
        whole = int(exponent)
        power = arb_series([1])
        for _ in range(abs(whole)):
            power = power * x
        return power if whole >= 0 else 1 / power
    return (x.log() * arb(_q(exponent))).exp()


def _tanh(x: Any) -> Any:
    far = -2 * x if x[0] > 0 else 2 * x
    e = far.exp()
    return (1 - e) / (1 + e) if x[0] > 0 else (e - 1) / (1 + e)


def _normal(x: Any) -> Any:
    return (x / arb(2).sqrt()).erf() / 2 + arb(0.5)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": lambda x: x.exp(),
    "expm1": lambda x: x.exp() - 1,
    "log": lambda x: x.log(),
    "log1p": lambda x: (1 + x).log(),
    "tanh": _tanh,
    "sinh": lambda x: (x.exp() - (-x).exp()) / 2,
    "cosh": lambda x: (x.exp() + (-x).exp()) / 2,
    "sin": lambda x: x.sin(),
    "cos": lambda x: x.cos(),
    "atan": lambda x: x.atan(),
    "sqrt": lambda x: x.sqrt(),
    "erf": lambda x: x.erf(),
    "erfc": lambda x: 1 - x.erf(),
    "Phi": _normal,
    "phi": lambda x: (-x * x / 2).exp() / (2 * arb.pi()).sqrt(),
    "abs": lambda x: -x if _sign(x) < 0 else x,
    "max": lambda x, y: x if _sign(x - y) >= 0 else y,
    "min": lambda x, y: y if _sign(x - y) >= 0 else x,
}
