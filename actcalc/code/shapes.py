"""Shapes that parts of a graph may have: products, polynomials in an exponential, tanh, Mills' ratio."""

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from functools import reduce
from typing import Any

from actcalc.arithmetic.exact import Formula
from actcalc.arithmetic.graph import Graph, Node, Untraced, of_sides
from actcalc.arithmetic.interval import Interval

OPERATIONS: Mapping[str, Callable[..., Any]] = {
    name: getattr(operator, name) for name in ("neg", "abs", "add", "sub", "mul", "truediv")
}
"""The nodes that are Python's operators."""
_FUNCTIONS = ("exp", "expm1", "log1p", "sqrt", "log", "sin", "cos", "atan", "erf", "erfc")


def fraction_of(x: Fraction | Interval) -> Fraction:
    """A constant of a graph, to sixty digits if it is irrational."""
    return x if isinstance(x, Fraction) else Fraction(x.low)


def is_power_of_two(x: Fraction) -> bool:
    """Whether the size of x is a power of two."""
    n, d = abs(x.numerator), x.denominator
    return n & (n - 1) == 0 and d & (d - 1) == 0


def approximate(x: Node, t: float, side: int = 1) -> float:
    """The approximate value of a number at z = t, or at z = -t if ``side`` is -1."""
    if x.op == "t":
        return t
    if x.is_constant:
        return float(fraction_of(x.data))
    if x.op == "select":
        return approximate(x.args[side > 0], t, side)
    if x.op == "series":
        at = approximate(x.args[0], t, side)
        return sum(float(x.data(k)) * at**k for k in range(40)) if abs(at) <= 4 else math.nan
    args = [approximate(y, t, side) for y in x.args]
    try:
        if x.op in OPERATIONS:
            return float(OPERATIONS[x.op](*args))
        if x.op in _FUNCTIONS:
            return float(getattr(math, x.op)(*args))
        if x.op == "mills":
            (y,) = args
            near = math.exp(min(y, 5.0) ** 2 / 2) * math.erfc(y / math.sqrt(2)) * math.sqrt(math.pi / 2)
            return near if y <= 5 else 1 / y
    except (OverflowError, ZeroDivisionError, ValueError):
        return math.inf
    return math.nan


def is_polynomial(x: Node) -> bool:
    """Whether a number is a polynomial: it is computed from t and constants by + - * alone."""
    return x.op in ("t", "constant") or (
        x.op in ("neg", "add", "sub", "mul", "select") and all(map(is_polynomial, x.args))
    )


def is_even(x: Node) -> bool:
    """Whether a number has the same value at t and -t, as t^2 has."""
    return all(approximate(x, t) == approximate(x, -t) for t in (0.7, 2.3))


def is_exact(x: Node) -> bool:
    """Whether a number is t, or a power of two times t."""
    if x.op in ("neg", "select"):
        return all(map(is_exact, x.args))
    if x.op == "mul" and x.args[0].is_constant:
        return is_power_of_two(fraction_of(x.args[0].data)) and is_exact(x.args[1])
    return x.op == "t"


def is_square_of_t(x: Node) -> bool:
    """Whether a product is t times t."""
    return x.args[0] is x.args[1] and x.args[0].op == "t"


def linear_root(x: Node) -> Fraction | None:
    """The t at which t plus or minus a constant is 0; None for any other number."""
    if x.op == "neg":
        return linear_root(x.args[0])
    if x.op == "t":
        return Fraction(0)
    if x.op in ("add", "sub") and {y.op for y in x.args} == {"t", "constant"}:
        c = next(fraction_of(y.data) for y in x.args if y.is_constant)
        return c if x.op == "sub" else -c
    return None


def factors(x: Node, side: int) -> tuple[int, list[Node], list[Node]]:
    """A number on one side of 0 as a product: its sign, its factors and its divisors."""
    x = with_tanh(x)
    if x.op == "neg":
        sign, above, below = factors(x.args[0], side)
        return -sign, above, below
    if x.op == "select" and side:
        return factors(x.args[side > 0], side)
    if x.op == "mul" or (x.op == "truediv" and tanh_argument(x) is None):
        (r, a, b), (s, c, d) = (factors(y, side) for y in x.args)
        return (r * s, a + c, b + d) if x.op == "mul" else (r * s, a + d, b + c)
    return 1, [x], []


def terms(x: Node, side: int) -> Iterator[tuple[Node, list[Node]]]:
    """For each term of a sum a factor other than t, if it has one, with the other factors and divisors."""
    if x.op == "select":
        yield from terms(x.args[side > 0], side)
    elif x.op in ("add", "sub"):
        for y in x.args:
            yield from terms(y, side)
    else:
        _, above, below = factors(x, side)
        rest = [
            y for y in above if y.op != "t" and not (y.is_constant and is_power_of_two(fraction_of(y.data)))
        ]
        for y in rest[:1]:
            yield y, [*rest[1:], *below]


def outside_exponentials(root: Node) -> set[Node]:
    """The nodes that a result depends on, without those that only exponentials depend on."""
    found, waiting = {root}, [root]
    while waiting:
        x = waiting.pop()
        new = set() if x.op == "exp" else set(x.args) - found
        found |= new
        waiting += new
    return found


def positive(x: Node) -> tuple[Node, dict[int, dict[int, Fraction]]] | None:
    """A number as a polynomial in an exponential without a negative coefficient: coefficients by powers."""
    found = _expanded(x)
    if found is None or any(c < 0 or j for terms in found[1].values() for j, c in terms.items()):
        return None
    return found


def in_exponential(x: Node, is_far: bool) -> tuple[Node, dict[int, dict[int, Fraction]]] | None:
    """A sum as a polynomial in an exponential and t whose terms without the exponential may cancel.

    The coefficients are by powers of the exponential, then of t. With ``is_far`` e^y - 1 is expanded, too.
    """
    found = _expanded(x, is_far)
    if found is None:
        return None
    first = found[1].get(0, {}).values()
    return found if any(c > 0 for c in first) and any(c < 0 for c in first) else None


def _expanded(x: Node, is_far: bool = False) -> tuple[Node, dict[int, dict[int, Fraction]]] | None:
    """A number as a polynomial in an exponential and t: coefficients by powers of both."""
    exponentials: set[Node] = set()

    def expand(y: Node) -> dict[tuple[int, int], Fraction] | None:
        if y.is_constant:
            return {(0, 0): fraction_of(y.data)}
        if y.op == "t":
            return {(0, 1): Fraction(1)}
        if y.op == "exp":
            exponentials.add(y)
            return {(1, 0): Fraction(1)}
        if y.op == "expm1" and is_far:
            exponentials.add(y)
            return {(1, 0): Fraction(1), (0, 0): Fraction(-1)}
        if y.op not in ("neg", "add", "sub", "mul"):
            return None
        parts = [terms for z in y.args if (terms := expand(z)) is not None]
        if len(parts) < len(y.args) or len(exponentials) > 1:
            return None
        if y.op == "neg":
            return {power: -c for power, c in parts[0].items()}
        total: dict[tuple[int, int], Fraction] = {}
        if y.op == "mul":
            for (i, j), a in parts[0].items():
                for (k, m), b in parts[1].items():
                    total[i + k, j + m] = total.get((i + k, j + m), Fraction(0)) + a * b
            return total if len(total) <= 16 else None
        total = dict(parts[0])
        for power, c in parts[1].items():
            total[power] = total.get(power, Fraction(0)) + (c if y.op == "add" else -c)
        return total

    terms = expand(x)
    if terms is None or len(exponentials) != 1:
        return None
    found: dict[int, dict[int, Fraction]] = {}
    for (i, j), c in terms.items():
        if c:
            found.setdefault(i, {})[j] = c
    return exponentials.pop(), found


def as_exponential(x: Node) -> Node:
    """The exponential e^y that a number is close to if both are small: for e^y itself, and -tanh(e^y).

    Any other number is returned as it is.
    """
    inside = tanh_argument(x)
    if inside is not None and inside.op == "mul" and inside.args[0].is_constant and inside.args[0].data == 2:
        return inside.args[1]
    return x


def tanh_argument(x: Node) -> Node | None:
    """y if a number is -tanh(y/2), written as expm1(-y)/(2 + expm1(-y))."""
    if x.op == "truediv":
        d, s = x.args
        if d.op == "expm1" and s.op == "add" and s.args[1] is d and s.args[0].data == 2:
            inside = d.args[0]
            return inside.args[0] if inside.op == "neg" else None
    return None


def with_tanh(x: Node) -> Node:
    """y d/(2 + d) as y times d/(2 + d), if that is a tanh."""
    if x.op == "truediv" and x.args[0].op == "mul":
        (a, b), below = x.args[0].args, x.args[1]
        for y, d in ((a, b), (b, a)):
            quotient = d.m.node("truediv", d, below)
            if tanh_argument(quotient) is not None:
                return d.m.node("mul", y, quotient)
    return x


def over_one_square(x: Node) -> Node:
    """(a/s) (b + c/s) as a (b s + c)/s^2: fewer rounding errors enter the sum."""
    if x.op != "mul":
        return x
    for quotient, total in (x.args, x.args[::-1]):
        if quotient.op != "truediv" or total.op not in ("add", "sub"):
            continue
        (a, s), (b, rest), m = quotient.args, total.args, x.m
        sign, above, below = factors(rest, 0)
        if below == [s] and sign > 0:
            c = reduce(lambda y, z: m.node("mul", y, z), above)
            whole = m.node(total.op, m.node("mul", b, s), c)
            return m.node("truediv", m.node("mul", a, whole), m.node("mul", s, s))
    return x


def is_tail(x: Node) -> bool:
    """Whether a number is Mills' ratio M(y), or M(y) - y."""
    a, b = x.args if x.op == "sub" else (x, x)
    return (a.op == "mills" and b in (a, a.args[0])) or (b.op == "mills" and b.args[0] is a)


def is_density(x: Fraction) -> bool:
    """Whether a constant is phi(0) = 1/sqrt(2 pi), to many digits."""
    return abs(float(x * x) * 2 * math.pi - 1) < 1e-14


def has_expm1(formula: Formula) -> bool:
    """Whether a formula for z < 0 contains e^z - 1 outside a tanh."""
    with suppress(Untraced):
        nodes = of_sides(formula, None).nodes
        found = [
            x for x in nodes if x.op == "expm1" and x.args[0].op == "neg" and x.args[0].args[0].op == "t"
        ]
        return bool(found) and not any(tanh_argument(x) for x in nodes)
    return False


def holds_below(above: Graph, formula: Formula) -> bool:
    """Whether a formula for z > 0 also holds for z < 0: it contains neither |z| nor the sign of z."""
    below = of_sides(formula, None)
    return all(
        math.isclose(one, other, rel_tol=1e-9)
        for t in (0.3, 1.7, 3.1)
        for one, other in zip(_functions_at(above, -t), _functions_at(below, t), strict=False)
    )


def _functions_at(graph: Graph, t: float) -> list[float]:
    """The approximate result, and the sizes of all values of functions in ascending order."""
    values = {approximate(x, t) for x in graph.nodes if x.op not in ("t", "constant", *OPERATIONS)}
    return [approximate(graph.result, t), *sorted(map(abs, values))]
