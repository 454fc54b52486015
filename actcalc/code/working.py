"""Formulas in working precision: what a declaration says without cancellation, in a language's own functions.

A graph of ``arithmetic/graph`` becomes an expression in z. On the way a few mechanisms see to it that
rounding costs no more than a few ulps, and that nothing overflows or underflows where the result does not:

- where an exponential amplifies the rounding error of its argument, that is carried: e^(x + r) = e^x + e^x*r;
- what is far out, where e^x is 0 whatever x is, is cut off, so that no power of z overflows beside it;
- in a product of z and e^x, which is a normal number where e^x is none any more, e^x is made of two halves;
- sums begin with z and constants, whose sum is exact where they nearly cancel;
- sqrt(z^2 + b) is a hypotenuse.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from actcalc.activations.declaration import Piece, Quantity
from actcalc.activations.function import Function
from actcalc.arithmetic.graph import Graph, Node, of_sides
from actcalc.arithmetic.interval import Interval
from actcalc.code.expression import (
    Expression,
    Routine,
    Z,
    compare,
    function,
    number,
    select,
)
from actcalc.code.naming import routine as named
from actcalc.numbers.floats import Format


class Form(NamedTuple):
    """What is printed as some quantity: g, or a derivative, of a function."""

    f: Function
    of: Quantity


def routine(forms: Mapping[Quantity, Form], compute: Format) -> Routine:
    """One routine that gives all of these, from common terms."""
    writer = _Writer(compute)
    results = {of: writer.form(form) for of, form in forms.items()}
    return named(results, writer.hints, writer.notes)


def routines(forms: Mapping[Quantity, Form], compute: Format) -> list[Routine]:
    """A routine for each of these."""
    return [routine({of: form}, compute) for of, form in forms.items()]


class _Writer:
    """Writes forms as expressions for a format that is computed in."""

    def __init__(self, compute: Format) -> None:
        self.compute = compute
        self.hints: dict[Expression, str] = {}
        self.notes: dict[Expression, str] = {}

    def form(self, form: Form) -> Expression:
        return self.pieces(form.f.pieces, form.of)

    def pieces(self, pieces: Sequence[Piece], of: Quantity) -> Expression:
        if len(pieces) == 2 and pieces[0].upto == 0:
            return _Sides(self, of_sides(pieces[0].formula(of), pieces[1].formula(of)), of).result
        if len(pieces) == 1:
            f = pieces[0].formula(of)
            return _Sides(self, of_sides(f, f), of).result
        raise NotImplementedError


class _Sides:
    """The graph of a formula for both sides of 0, or one, as an expression in z."""

    def __init__(self, writer: _Writer, graph: Graph, of: Quantity) -> None:
        self.writer, self.graph = writer, graph
        self._known: dict[tuple[Node, int], Expression] = {}

    @property
    def result(self) -> Expression:
        return self.value(self.graph.result, 0)

    def value(self, x: Node, side: int) -> Expression:
        """A number, at any z, or at those of one sign."""
        key = x, side
        if key not in self._known:
            self._known[key] = self._value(x, side)
        return self._known[key]

    def _value(self, x: Node, side: int) -> Expression:
        if x.op == "t":
            return Z if side > 0 else -Z if side < 0 else abs(Z)
        if x.is_constant:
            return number(_fraction(x.data))
        if x.op == "select":
            return self._select(*x.args)
        if x.op == "mul" and x.args[0] is x.args[1] and x.args[0].op == "t":
            return Z * Z
        args = [self.value(y, side) for y in x.args]
        match x.op:
            case "neg":
                return -args[0]
            case "add":
                return args[0] + args[1]
            case "sub":
                return args[0] - args[1]
            case "mul":
                return args[0] * args[1]
            case "truediv":
                if (inside := _tanh_argument(x)) is not None:
                    return -function("tanh", self.value(inside, side) / 2)
                return args[0] / args[1]
            case "abs":
                return abs(args[0])
        return function(x.op, *(self.value(y, 0) for y in x.args))

    def _select(self, below: Node, above: Node) -> Expression:
        if below.op == "neg" and below.args[0] is above and (odd := self._odd(above)) is not None:
            return odd
        if above.op == "neg" and above.args[0] is below and (odd := self._odd(below)) is not None:
            return -odd
        return select(compare("lt", Z, 0), self.value(below, -1), self.value(above, 1))

    def _odd(self, x: Node) -> Expression | None:
        """x where z > 0, and -x where z < 0, if that is no choice."""
        if x.op == "t":
            return Z
        if x.op == "neg":
            odd = self._odd(x.args[0])
            return None if odd is None else -odd
        if x.op in ("mul", "truediv"):
            if (inside := _tanh_argument(x)) is not None:
                odd = self._odd(inside)
                return None if odd is None else -function("tanh", odd / 2)
            for k in sorted((0, 1), key=lambda k: x.args[k].op != "t"):
                if (odd := self._odd(x.args[k])) is not None:
                    other = self.value(x.args[1 - k], 0)
                    if x.op == "mul":
                        return odd * other
                    return odd / other if k == 0 else other / odd
            return None
        if x.op in ("sin", "tanh", "atan", "erf"):
            odd = self._odd(x.args[0])
            return None if odd is None else function(x.op, odd)
        return None


def _tanh_argument(x: Node) -> Node | None:
    """y, where x is -tanh(y/2), as expm1(-y)/(2 + expm1(-y))."""
    if x.op == "truediv":
        d, s = x.args
        if d.op == "expm1" and s.op == "add" and s.args[1] is d and s.args[0].data == 2:
            inside = d.args[0]
            return inside.args[0] if inside.op == "neg" else None
    return None


def _fraction(x: Fraction | Interval) -> Fraction:
    return x if isinstance(x, Fraction) else Fraction(x.low)
