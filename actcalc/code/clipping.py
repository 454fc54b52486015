"""Choices that only limit z, as max and min: in NumPy these are much faster than ``where``."""

from fractions import Fraction

from actcalc.code.expression import Expression, Z, make

_BELOW, _ABOVE = ("lt", "le"), ("gt", "ge")


def clipped(x: Expression) -> Expression:
    """A choice as a formula of a clipped z if the two are equal; otherwise the choice itself."""
    if x.op != "select":
        return x
    condition, then, otherwise = x.args
    if condition.op not in (*_BELOW, *_ABOVE) or condition.args[0] is not Z:
        return x
    bound = condition.args[1]
    if not bound.is_constant:
        return x
    starts = condition.op in _BELOW
    then, otherwise = clipped(then), clipped(otherwise)
    for level, rest, is_below in ((then, otherwise, starts), (otherwise, then, not starts)):
        if level.is_constant and not rest.is_constant and _at(rest, bound.data) == level.data:
            return _with(rest, make("max" if is_below else "min", Z, bound))
    return x


def _at(x: Expression, z: Fraction) -> Fraction | None:
    """The value at z of a formula without functions; None for other formulas."""
    if x is Z:
        return z
    if x.is_constant:
        return Fraction(x.data)
    values = [_at(y, z) for y in x.args]
    known = [value for value in values if value is not None]
    if not values or len(known) < len(values):
        return None
    match x.op, known:
        case "neg", [a]:
            return -a
        case "add", [a, b]:
            return a + b
        case "sub", [a, b]:
            return a - b
        case "mul", [a, b]:
            return a * b
        case "div", [a, b] if b:
            return a / b
        case "max", [a, b]:
            return max(a, b)
        case "min", [a, b]:
            return min(a, b)
    return None


def _with(x: Expression, z: Expression) -> Expression:
    """A formula with another expression in place of z."""
    if x is Z:
        return z
    return make(x.op, *(_with(y, z) for y in x.args), data=x.data) if x.args else x
