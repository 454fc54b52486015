"""The value of an expression at one number, with every operation rounded to a format."""

import math
from collections.abc import Callable, Mapping
from fractions import Fraction

from actcalc.code.expression import COMPARISONS, Expression, parts
from actcalc.numbers.floats import Format


def _tail(x: float) -> float:
    return math.erfc(x / math.sqrt(2)) * math.exp(x * x / 2) / 2


_FUNCTIONS: Mapping[str, Callable[..., float]] = {
    **{name: getattr(math, name) for name in ("sqrt", "hypot", "exp", "expm1", "log", "log1p", "sin", "cos")},
    **{name: getattr(math, name) for name in ("tan", "tanh", "atan", "erf", "erfc", "copysign")},
    "fine_tanh": math.tanh,
    "tail": _tail,
    "mills": lambda x: _tail(x) * math.sqrt(2 * math.pi),
    "tail_excess": lambda x: _tail(x) - x / math.sqrt(2 * math.pi),
    "neg": lambda x: -x,
    "abs": abs,
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "max": max,
    "min": min,
    "lt": lambda x, y: x < y,
    "le": lambda x, y: x <= y,
    "gt": lambda x, y: x > y,
    "ge": lambda x, y: x >= y,
    "eq": lambda x, y: x == y,
}


def rounded_value(expression: Expression, z: float, fmt: Format) -> float:
    """The value at z, a number of the format; infinite if an operation overflows or has no value.

    Operations are rounded twice, in float64 first, which makes no difference for narrower formats.
    """
    known: dict[Expression, float] = {}
    for x in parts(expression):
        values = [known[y] for y in x.args]
        try:
            known[x] = _value(x, values, z, fmt)
        except (OverflowError, ZeroDivisionError, ValueError):
            known[x] = math.inf
    return known[expression]


def _value(x: Expression, values: list[float], z: float, fmt: Format) -> float:
    match x.op:
        case "z":
            return z
        case "constant":
            return fmt.round_exact(x.data)
        case "select":
            return values[1] if values[0] else values[2]
        case "fma" | "product_error" | "fma_error":
            a, b, *others = map(Fraction, values)
            signs = {"fma": (1,), "product_error": (-1,), "fma_error": (1, -1)}[x.op]
            return fmt.round_exact(a * b + sum(s * y for s, y in zip(signs, others, strict=True)))
    value = _FUNCTIONS[x.op](*values)
    return value if x.op in COMPARISONS else fmt.round_float(value)
