"""The parts of printed source: expressions in z, routines that name their steps, and units of one file."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any, NamedTuple, Union

from actcalc.activations.declaration import Quantity
from actcalc.numbers.floats import Format

Operand = Union["Expression", Fraction, int]

FUNCTIONS = (
    *("sqrt", "hypot", "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "tanh", "atan"),
    *("erf", "erfc", "fine_tanh", "mills", "tail", "tail_excess"),
)
"""Functions that a language has or is supplied with.

``hypot`` takes two numbers and does not overflow. ``fine_tanh`` is a tanh whose error must stay below that
of C libraries, which may be two ulps. For the standard normal distribution and x >= 0, ``mills`` is Mills'
ratio M, ``tail`` is M(x) phi(0) = (1 - Phi(x)) e^(x^2/2), and ``tail_excess`` is (M(x) - x) phi(0), which has
a root.
"""
COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "=="}
_REVERSED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq"}


class Expression:
    """An operation on other expressions, or a leaf. Equal expressions are the same object.

    Leaves are ``z``, the argument of the routine; ``constant``, whose data is a fraction that is rounded to
    the format of the computation; and ``name``, whose data is the name of a step. Operations are ``neg``,
    ``abs``, ``add``, ``sub``, ``mul``, ``div``; ``max`` and ``min`` of a number, which may be NaN and then
    stays NaN, and a constant; FUNCTIONS and COMPARISONS; ``select`` (condition, then, else); ``copysign``
    (size, sign); and three that carry rounding errors: ``product_error`` (a, b, p) is a*b - p, where p is the
    rounded product; ``fma`` (a, b, c) is a*b + c, rounded once or twice; ``fma_error`` (a, b, c, s) is
    a*b + c - s, where s is the result of that fma.
    """

    __slots__ = ("args", "data", "op")

    def __init__(self, op: str, args: tuple["Expression", ...], data: Any) -> None:
        self.op, self.args, self.data = op, args, data

    @property
    def is_constant(self) -> bool:
        return self.op == "constant"

    def is_number(self, x: Fraction | int) -> bool:
        """Whether this is the constant x."""
        return self.is_constant and bool(self.data == x)

    def __neg__(self) -> "Expression":
        if self.is_constant:
            return number(-self.data)
        return self.args[0] if self.op == "neg" else make("neg", self)

    def __abs__(self) -> "Expression":
        return abs(self.args[0]) if self.op == "neg" else self if self.op == "abs" else make("abs", self)

    def __add__(self, other: Operand) -> "Expression":
        x, y = self, number(other)
        if x.is_constant and y.is_constant:
            return number(x.data + y.data)
        if x.is_number(0) or y.is_number(0):
            return y if x.is_number(0) else x
        if y.op == "neg" or (y.is_constant and y.data < 0):
            return make("sub", x, -y)
        if x.op == "neg" or (x.is_constant and x.data < 0):
            return make("sub", y, -x)
        return make("add", x, y)

    def __radd__(self, other: Operand) -> "Expression":
        return number(other) + self

    def __sub__(self, other: Operand) -> "Expression":
        x, y = self, number(other)
        if x.is_constant and y.is_constant:
            return number(x.data - y.data)
        if x.is_number(0) or y.is_number(0):
            return -y if x.is_number(0) else x
        if y.op == "neg" or (y.is_constant and y.data < 0):
            return x + -y
        return -(-x + y) if x.op == "neg" else make("sub", x, y)

    def __rsub__(self, other: Operand) -> "Expression":
        return number(other) - self

    def __mul__(self, other: Operand) -> "Expression":
        x, y = self, number(other)
        if y.is_constant and not x.is_constant:
            x, y = y, x
        if x.is_constant and y.is_constant:
            return number(x.data * y.data)
        if x.is_number(0):
            return x
        if x.is_number(1):
            return y
        if x.op == "neg" or (x.is_constant and x.data < 0):
            return -(-x * y)
        return -(x * y.args[0]) if y.op == "neg" else make("mul", x, y)

    def __rmul__(self, other: Operand) -> "Expression":
        return number(other) * self

    def __truediv__(self, other: Operand) -> "Expression":
        x, y = self, number(other)
        if x.is_constant and y.is_constant:
            return number(x.data / y.data)
        if y.is_number(1) or x.is_number(0):
            return x
        if x.op == "neg" or (x.is_constant and x.data < 0):
            return -(-x / y)
        if y.op == "neg" or (y.is_constant and y.data < 0):
            return -(x / -y)
        return make("div", x, y)

    def __rtruediv__(self, other: Operand) -> "Expression":
        return number(other) / self

    def __pow__(self, exponent: int) -> "Expression":
        if exponent == 1:
            return self
        half = self ** (exponent // 2)
        return half * half * self if exponent % 2 else half * half


_made: dict[tuple[object, ...], Expression] = {}


def make(op: str, *args: Expression, data: Any = None) -> Expression:
    """The expression of an operation, without any simplification."""
    key = (op, *args, data)
    if key not in _made:
        _made[key] = Expression(op, args, data)
    return _made[key]


def number(x: Operand) -> Expression:
    """A number as a constant; expressions are returned as they are."""
    return x if isinstance(x, Expression) else make("constant", data=Fraction(x))


def name(text: str) -> Expression:
    """The value of a step."""
    return make("name", data=text)


def function(op: str, *args: Operand) -> Expression:
    """One of FUNCTIONS, ``max`` or ``min``."""
    return make(op, *map(number, args))


def compare(op: str, x: Operand, y: Operand) -> Expression:
    """A condition by one of COMPARISONS; x - y < 0 is written x < y."""
    a, b = number(x), number(y)
    if b.is_number(0):
        if a.op == "sub":
            a, b = a.args
        elif a.op == "add" and a.args[0].is_constant:
            a, b = a.args[1], -a.args[0]
        elif a.op == "neg":
            return compare(_REVERSED[op], a.args[0], 0)
    return make(_REVERSED[op], b, a) if a.is_constant else make(op, a, b)


def select(condition: Expression, then: Operand, otherwise: Operand) -> Expression:
    """``then`` where a condition holds, else ``otherwise``."""
    x, y = number(then), number(otherwise)
    if x.op == y.op == "div" and x.args[1] is y.args[1]:
        return select(condition, x.args[0], y.args[0]) / x.args[1]
    return x if x is y else make("select", condition, x, y)


def product_error(a: Expression, b: Expression) -> Expression:
    """The rounding error of a product."""
    return make("product_error", a, b, a * b)


Z = make("z")


def parts(*results: Expression) -> Iterator[Expression]:
    """Some expressions and all they depend on, each once, after those it depends on."""
    seen: set[Expression] = set()
    waiting = [(x, False) for x in reversed(results)]
    while waiting:
        x, is_done = waiting.pop()
        if is_done:
            yield x
        elif x not in seen:
            seen.add(x)
            waiting.append((x, True))
            waiting += [(y, False) for y in reversed(x.args)]


class Step(NamedTuple):
    """A named value, to which later steps and the results may refer."""

    name: str
    value: Expression
    note: str = ""
    """The reason for the step; empty if it is clear."""


class Routine(NamedTuple):
    """A function of one number: its steps in order, and its results by quantity, usually one."""

    steps: Sequence[Step]
    results: Mapping[Quantity, Expression]


class Trial(NamedTuple):
    """Inputs for the test of a printed function, with the right results."""

    ulps: int
    """The largest error allowed, in ulps of the right result."""
    z: tuple[float, ...]
    right: tuple[float, ...]


class Unit(NamedTuple):
    """The contents of one file."""

    title: str
    """The description of the activation."""
    routines: Sequence[Routine]
    names: Mapping[Quantity, str]
    """The names of the functions, by the quantities that they compute."""
    dtype: Format
    """The format of arguments and results."""
    compute: Format
    """The format of the computation: ``dtype`` or a wider one."""
    header: tuple[str, ...] = ()
    """The lines of the comment at the top."""
    trials: Mapping[Quantity, Trial] = MappingProxyType({})
    """Tests to be printed, in languages that support them."""
