"""Formulas as TeX mathematics, in the part of it that matplotlib supports, too."""

import ast
import re

_GREEK = {
    **{
        name: f"\\{name}" for name in ("alpha", "beta", "gamma", "sigma", "mu", "omega", "theta", "pi", "Phi")
    },
    "phi": r"\varphi",
    "lambd": r"\lambda",
    "eps": r"\varepsilon",
}
_POWERS = ("sin", "cos", "tan", "sinh", "cosh", "tanh")
"""Functions whose powers are written before the argument."""
_FUNCTIONS = (*_POWERS, "log", "max", "min")
"""Functions for which TeX has a command."""
_COMPARISONS = {ast.Gt: ">", ast.Lt: "<", ast.GtE: r"\geq", ast.LtE: r"\leq", ast.Eq: "=", ast.NotEq: r"\neq"}
_CHOICE, _OR, _AND, _COMPARISON, _SUM, _PRODUCT, _SIGNED, _POWER, _ATOM = range(9)
"""The precedence of a formula."""


def tex(text: str) -> str | None:
    """A formula as TeX, with definitions after a comma such as ``u = exp(z)``; None if it is not Python."""
    try:
        parts = ast.parse(f"dict({re.sub(r'(?<![<>=!])=(?!=)', ':=', text)})", mode="eval").body
        assert isinstance(parts, ast.Call)
        return r",\quad ".join(_whole(part) for part in parts.args)
    except (SyntaxError, ValueError, KeyError, RecursionError):
        return None


def _whole(part: ast.expr) -> str:
    if isinstance(part, ast.NamedExpr):
        return f"{_name(part.target.id)} = {_part(part.value)[0]}"
    return _part(part)[0]


def _part(node: ast.expr) -> tuple[str, int]:
    """The text of a part, and its precedence. Raises ValueError if it is not a formula."""
    match node:
        case ast.Constant(value=int() | float()):
            return ast.unparse(node), _ATOM
        case ast.Name(id=name):
            return _name(name), _ATOM
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return f"-{_inside(inner, _PRODUCT)}", _SIGNED
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return rf"\mathrm{{not}}\;{_inside(inner, _COMPARISON)}", _AND
        case ast.BinOp(left=ast.UnaryOp(op=ast.USub(), operand=left), op=ast.Div(), right=right):
            return rf"-\frac{{{_part(left)[0]}}}{{{_part(right)[0]}}}", _SIGNED
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return rf"\frac{{{_part(left)[0]}}}{{{_part(right)[0]}}}", _ATOM
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _product(_inside(left, _PRODUCT), _inside(right, _SIGNED + 1)), _PRODUCT
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(left, _part(right)[0]), _POWER
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as sign, right=right):
            plus = "+" if isinstance(sign, ast.Add) else "-"
            return f"{_inside(left, _SUM)} {plus} {_inside(right, _PRODUCT, signed=False)}", _SUM
        case ast.IfExp(test=test, body=body, orelse=other):
            return rf"{_inside(body, _SUM)}\;\mathrm{{if}}\;{_part(test)[0]},\;{_otherwise(other)}", _CHOICE
        case ast.BoolOp(op=op, values=values):
            word, binding = ("and", _AND) if isinstance(op, ast.And) else ("or", _OR)
            return rf"\;\mathrm{{{word}}}\;".join(_inside(value, binding + 1) for value in values), binding
        case ast.Compare(left=left, ops=ops, comparators=others):
            signs = [_COMPARISONS[type(op)] for op in ops]
            compared = [f" {sign} {_inside(o, _SUM)}" for sign, o in zip(signs, others, strict=True)]
            return _inside(left, _SUM) + "".join(compared), _COMPARISON
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return _call(name, [_part(argument)[0] for argument in arguments])
    raise ValueError


def _inside(node: ast.expr, least: int, signed: bool = True) -> str:
    """The text of a part, in brackets if its precedence is below ``least``, or a sign is not allowed."""
    text, binding = _part(node)
    is_whole = binding >= least and (signed or binding != _SIGNED)
    return text if is_whole else rf"\left({text}\right)"


def _otherwise(node: ast.expr) -> str:
    text = _part(node)[0]
    return text if isinstance(node, ast.IfExp) else rf"\mathrm{{else}}\;{text}"


def _product(left: str, right: str) -> str:
    return rf"{left} \cdot {right}" if right[0].isdigit() else rf"{left}\,{right}"


def _power(base: ast.expr, exponent: str) -> str:
    if isinstance(base, ast.Call) and isinstance(base.func, ast.Name) and base.func.id in _POWERS:
        name, inside = base.func.id, ", ".join(_part(argument)[0] for argument in base.args)
        return rf"\{name}^{{{exponent}}}\left({inside}\right)"
    is_fraction = isinstance(base, ast.BinOp)
    text = _inside(base, _ATOM) if not is_fraction else rf"\left({_part(base)[0]}\right)"
    return f"{text}^{{{exponent}}}"


def _call(name: str, arguments: list[str]) -> tuple[str, int]:
    inside = ", ".join(arguments)
    match name:
        case "exp":
            return f"e^{{{inside}}}", _POWER
        case "sqrt":
            return rf"\sqrt{{{inside}}}", _ATOM
        case "abs":
            return rf"\left|{inside}\right|", _ATOM
    function = f"\\{name}" if name in _FUNCTIONS else _name(name)
    return rf"{function}\left({inside}\right)", _ATOM


def _name(name: str) -> str:
    if name in _GREEK or len(name) == 1:
        return _GREEK.get(name, name)
    stem, _, index = name.partition("_")
    if stem in _GREEK and len(index) == 1:
        return f"{_GREEK[stem]}_{{{index}}}"
    return rf"\mathrm{{{name.replace('_', chr(92) + '_')}}}"
