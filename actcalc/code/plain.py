"""Formulas of the user as they are written: each operation of the text is one of the code.

This serves formulas without a graph, which have many branches, or values for some z only.
"""

from collections.abc import Mapping
from fractions import Fraction

from actcalc.activations.declaration import Quantity
from actcalc.activations.parameters import bind
from actcalc.arithmetic.formulas import Node
from actcalc.arithmetic.interval import with_digits
from actcalc.catalogue import lookup
from actcalc.code.expression import Expression, Routine, Z, compare, function, make, number, select
from actcalc.code.naming import routine as named
from actcalc.code.working import Form, expression
from actcalc.numbers.floats import Format

_COMPARED = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq"}
_DIRECT = ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "tanh", "atan", "erf", "erfc")
_DIGITS = 60


def routine(of: Quantity, tree: Node, parameters: Mapping[str, Fraction], compute: Format) -> Routine:
    """The routine of a formula that is given as a tree."""
    return named({of: _Plain(parameters, compute).value(tree)}, {}, {})


class _Plain:
    """Writes trees as expressions."""

    def __init__(self, parameters: Mapping[str, Fraction], compute: Format) -> None:
        self.compute = compute
        m = with_digits(_DIGITS)
        known = {"pi": Fraction(m.pi.low), "e": Fraction(m.exp(m.number(Fraction(1))).low)}
        self.names = {"z": Z, **{name: number(x) for name, x in {**known, **parameters}.items()}}

    def value(self, node: Node) -> Expression:
        match node.kind:
            case "number":
                return number(node.number)
            case "name":
                return self.names[node.name]
            case "if":
                condition, then, otherwise = node.parts
                return self.choice(condition, self.value(then), self.value(otherwise))
        args = [self.value(part) for part in node.parts]
        match node.kind:
            case "+":
                return args[0] + args[1]
            case "-":
                return args[0] - args[1]
            case "*":
                return args[0] * args[1]
            case "/":
                return args[0] / args[1]
            case "negative":
                return -args[0]
            case "**":
                return _power(args[0], node.number)
            case "^":
                return function("exp", args[1] * self.logarithm(args[0]))
        return self.call(node, args)

    def logarithm(self, base: Expression) -> Expression:
        """The logarithm of a number, which is computed here if it is a constant."""
        m = with_digits(_DIGITS)
        return number(Fraction(m.log(m.number(base.data)).low)) if base.is_constant else function("log", base)

    def choice(self, condition: Node, then: Expression, otherwise: Expression) -> Expression:
        """``then`` where a condition holds, else ``otherwise``."""
        match condition.kind, condition.parts:
            case "not", (part,):
                return self.choice(part, otherwise, then)
            case "and", (one, other):
                return self.choice(one, self.choice(other, then, otherwise), otherwise)
            case "or", (one, other):
                return self.choice(one, then, self.choice(other, then, otherwise))
            case "!=", (x, y):
                return select(compare("eq", self.value(x), self.value(y)), otherwise, then)
            case kind, (x, y):
                return select(compare(_COMPARED[kind], self.value(x), self.value(y)), then, otherwise)
        raise AssertionError(f"a number stands where a formula needs a condition: {condition.kind}")

    def call(self, node: Node, args: list[Expression]) -> Expression:
        """A call of a function, an activation, or the slope of an activation."""
        name, x = node.name, args[0]
        if name in _DIRECT:
            return function(name, x)
        match name:
            case "abs":
                return abs(x)
            case "max" | "min":
                for y in args[1:]:
                    x = make(name, x, y)
                return x
            case "log2" | "log10":
                return function("log", x) / self.logarithm(number(int(name[3:])))
            case "cosh":
                e = function("exp", abs(x) / 2)
                return e / 2 * e + 1 / (2 * e) / e
            case "sinh":
                e, d = function("exp", abs(x) / 2), function("expm1", abs(x))
                far, near = e / 2 * e - 1 / (2 * e) / e, (d + d / (1 + d)) / 2
                return make("copysign", select(compare("lt", abs(x), 1), near, far), x)
            case "asinh":
                t = abs(x)
                near = function("log1p", t + t * (t / (1 + function("hypot", t, number(1)))))
                far = function("log", t) + self.logarithm(number(2))
                return make("copysign", select(compare("lt", t, 2**32), near, far), x)
            case "Phi":
                return function("erfc", -x / function("sqrt", number(2))) / 2
            case "phi":
                return function("exp", -x * x / 2) / function("sqrt", 2 * self.names["pi"])
        f = bind(lookup.declaration(name.removesuffix("'")), dict(node.keywords))
        of: Quantity = "dg" if name.endswith("'") else "g"
        return _at(expression(Form(f, of), self.compute), x)


def _power(x: Expression, exponent: Fraction) -> Expression:
    """A power, whose base must be positive if the exponent is a fraction."""
    if exponent < 0:
        return 1 / _power(x, -exponent)
    if exponent.denominator == 1:
        return x ** int(exponent) if exponent else x * 0 + 1
    if exponent.denominator == 2:
        return function("sqrt", x) ** exponent.numerator
    return function("exp", function("log", x) * exponent)


def _at(whole: Expression, x: Expression) -> Expression:
    """An expression with another one in place of z."""
    known: dict[Expression, Expression] = {Z: x}

    def replaced(y: Expression) -> Expression:
        if y not in known:
            known[y] = make(y.op, *map(replaced, y.args), data=y.data)
        return known[y]

    return replaced(whole)
