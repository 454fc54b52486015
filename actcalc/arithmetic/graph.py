"""Formulas as graphs: each formula is traced once, and its graph is evaluated in any arithmetic.

A ``Tracer`` is one more arithmetic. Its numbers are nodes: t > 0, constants, and operations on other nodes;
equal nodes are one object. A formula is traced at z = t and at z = -t, and both sides are merged into one
graph in which ``select`` chooses by the sign of z, as deep down as possible: sigmoid is one exponential and
one quotient, an odd function is one graph and its sign. To make the sides more alike, signs and constant
factors are moved out of products, quotients and odd functions. All of this is exact, and operations that may
be undefined are kept: a graph is undefined where the formula is.

Where a formula asks for a sign that is not the same for all t, each branch is traced, and ``fork`` joins
them. A fork is undecided for those t at which the number is 0, where the formula may take a third branch or
be undefined.
"""

import operator
from collections.abc import Callable, Hashable
from contextlib import suppress
from fractions import Fraction
from functools import cache, cached_property
from typing import Any, Protocol, Union

from actcalc.arithmetic.exact import Formula
from actcalc.arithmetic.interval import Interval, with_digits
from actcalc.arithmetic.maths import Maths, R
from actcalc.arithmetic.operators import Operators
from actcalc.arithmetic.rational import RATIONAL, NotRational

_MOST_NODES, _MOST_WAYS, _DEEPEST = 20_000, 16, 100
_MOST_BITS = 10_000
"""The most bits of an exact constant, and of the exponent of an irrational one."""
_WIDEST = Fraction(1, 10**45)
"""The largest relative uncertainty of a constant."""
_INTERVALS = with_digits(60)

Signs = frozenset[int]
_ANY, _POSITIVE = frozenset((-1, 0, 1)), frozenset((1,))
_ODD, _EVEN, _RISING = ("sin", "atan", "erf"), ("cos",), ("expm1", "log1p", "atan", "erf")
_COMMUTATIVE = ("add", "mul")
_OPERATORS = ("add", "sub", "mul", "truediv", "neg", "abs")
_COSTS = {"t": 0, "constant": 0, "neg": 1, "abs": 1, "select": 1, "fork": 1, "add": 3, "sub": 3, "mul": 3}
_COSTS["truediv"], _COST_OF_FUNCTIONS = 8, 25


class Untraced(Exception):
    """The formula has no graph: it is too large, has too many branches, or is undefined."""


class GraphMaths(Maths[R], Protocol[R]):
    """An arithmetic in which graphs can be evaluated; exact constants are passed as fractions."""

    def constant(self, x: Interval, /) -> R:
        """The number that lies in an interval."""

    def select(self, is_negative: Any, below: R | Fraction, above: R | Fraction, /) -> R:
        """``below`` where z is negative, else ``above``."""

    def fork(self, x: R, below: R | Fraction, above: R | Fraction, /) -> R:
        """``below`` where x < 0, ``above`` where x > 0; undecided where x is 0 or undefined.

        If both are the same and the sign of x is known, it is undecided only where x is undefined.
        """

    def known_sign(self, x: R, /) -> int:
        """The sign of x wherever it is defined; 0 if it may vary, or x may be 0."""


Operand = Union["Node", Fraction, int]


class Node(Operators["Node"]):
    """An operation on other nodes, in normal form.

    ``signs`` are the possible signs of its values, and ``is_total`` says that it is defined for all t > 0.
    """

    signs: Signs
    is_total: bool
    __slots__ = ("args", "data", "index", "is_total", "m", "op", "signs")

    def __init__(self, m: "Tracer", op: str, args: tuple["Node", ...], data: Any, index: int) -> None:
        self.m, self.op, self.args, self.data, self.index = m, op, args, data, index
        """The order of creation."""
        self.signs = _signs_of(data) if op == "constant" else _signs(op, *(x.signs for x in args))
        if op in _COMMUTATIVE and args[0] is args[1]:
            self.signs = frozenset(map(abs, self.signs)) if op == "mul" else args[0].signs
        if op == "add" and args[1].op == "expm1" and isinstance(args[0].data, Fraction) and args[0].data >= 1:
            self.signs = _POSITIVE  # expm1(x) > -1
        self.is_total = all(x.is_total for x in args) and _has_value(op, *(x.signs for x in args))

    @property
    def is_constant(self) -> bool:
        return self.op == "constant"

    @property
    def is_zero(self) -> bool:
        return self.is_constant and self.data == 0

    @property
    def sign(self) -> int | None:
        """The sign if it is the same for all t, else None."""
        return next(iter(self.signs)) if self.is_total and len(self.signs) == 1 else None

    def __neg__(self) -> "Node":
        if self.is_constant:
            return self.m.number(-self.data)
        return self.args[0] if self.op == "neg" else self.m.node("neg", self)

    def __abs__(self) -> "Node":
        if -1 not in self.signs:
            return self
        return abs(-self) if self.op == "neg" or 1 not in self.signs else self.m.node("abs", self)

    def __add__(self, other: Operand) -> "Node":
        m, y = self.m, self.m.number(other)
        (s, c, a), (r, d, b) = _parts(self), _parts(y)
        if a is b:  # multiples of the same number, or constants
            factor = s * c + r * d
            return m.number(factor) if a is None else m.number(factor) * a
        if self.is_zero or y.is_zero:
            return self if y.is_zero else y
        a, b = (abs(x) if x.is_constant else -x if x.op == "neg" else x for x in (self, y))
        if s == r:
            total = m.node("add", a, b)
            return total if s > 0 else -total
        a, b = (a, b) if s > 0 else (b, a)
        opposite = m.nodes.get(("sub", (b, a), None))
        return m.node("sub", a, b) if opposite is None else -opposite

    def __mul__(self, other: Operand) -> "Node":
        m, y = self.m, self.m.number(other)
        (s, c, a), (r, d, b) = _parts(self), _parts(y)
        rest = b if a is None else a if b is None else m.node("mul", a, b)
        return m.multiple(s * r, c * d, rest)

    def __truediv__(self, other: Operand) -> "Node":
        m, y = self.m, self.m.number(other)
        (s, c, a), (r, d, b) = _parts(self), _parts(y)
        factor = c / d
        if b is None:
            return m.multiple(s * r, factor, a)
        if a is None:
            quotient = m.node("truediv", m.number(factor), b)
            return quotient if s * r > 0 else -quotient
        return m.multiple(s * r, factor, m.node("truediv", a, b))

    def __pow__(self, exponent: int) -> "Node":
        if exponent == 1:
            return self
        half = self ** (exponent // 2)
        return half * half * self if exponent % 2 else half * half


def _parts(x: Node) -> tuple[int, Any, Node | None]:
    """Split x into a sign, a nonnegative constant factor, and the rest, which is None for a constant."""
    if x.is_constant:
        return (-1, -x.data, None) if x.signs == {-1} else (1, x.data, None)
    sign, x = (-1, x.args[0]) if x.op == "neg" else (1, x)
    if x.op == "mul" and x.args[0].is_constant:
        return sign, x.args[0].data, x.args[1]
    return sign, Fraction(1), x


def _signs_of(x: Fraction | Interval) -> Signs:
    return frozenset((RATIONAL.sign(x) if isinstance(x, Fraction) else _INTERVALS.sign(x),))


@cache
def _signs(op: str, *of: Signs) -> Signs:
    """The possible signs of an operation's value, given those of its operands."""
    if op == "neg":
        return frozenset(-s for s in of[0])
    if op in ("add", "sub"):
        pairs = [(s, r if op == "add" else -r) for s in of[0] for r in of[1]]
        return frozenset().union(*(_ANY if s * r < 0 else {s or r} for s, r in pairs))
    if op in ("mul", "truediv"):
        return frozenset(s * r for s in of[0] for r in of[1] if r or op == "mul")
    if op in ("select", "fork"):
        return of[-2] | of[-1]
    if op == "abs":
        return frozenset(map(abs, of[0]))
    if op == "sqrt":
        return of[0] - {-1}
    if op in _RISING:
        return of[0]
    if op in ("t", "exp", "erfc", "normal", "mills") or (op == "series" and -1 not in of[0]):
        return _POSITIVE
    return _ANY


@cache
def _has_value(op: str, *of: Signs) -> bool:
    """Whether an operation is defined for all operands with these signs."""
    if op in ("log", "log1p", "sqrt"):
        return -1 not in of[0] and not (op == "log" and 0 in of[0])
    return op != "fork" and not (op == "truediv" and 0 in of[1])


def _named(name: str) -> Callable[["Tracer", Operand], Node]:
    def function(self: "Tracer", x: Operand) -> Node:
        return self.function(name, x)

    return function


def _value(name: str, x: Fraction | Interval) -> Fraction | Interval:
    """The value of a function at a constant, exact if possible."""
    if isinstance(x, Fraction):
        with suppress(NotRational):
            exact: Fraction = getattr(RATIONAL, name)(x)
            return exact
    value: Interval = getattr(_INTERVALS, name)(x)
    return value


class Tracer:
    """The namespace of maths functions over nodes."""

    def __init__(self) -> None:
        self.nodes: dict[Hashable, Node] = {}
        self._coefficients: dict[Hashable, Callable[[int], Fraction]] = {}
        self._merged: dict[tuple[Node | None, Node, Node], Node] = {}
        self._decided: dict[Node, int] = {}
        self._ways = 0
        self.t = self.node("t")

    def node(self, op: str, *args: Node, data: Any = None) -> Node:
        """The node of an operation, created if it is new."""
        if op in _COMMUTATIVE:
            args = tuple(sorted(args, key=lambda x: (not x.is_constant, x.index)))
        key = op, args, (data.low, data.high) if isinstance(data, Interval) else data
        made = self.nodes.get(key)
        if made is None:
            if len(self.nodes) >= _MOST_NODES:
                raise Untraced(f"it has more than {_MOST_NODES} operations")
            made = self.nodes[key] = Node(self, op, args, data, len(self.nodes))
        return made

    def number(self, x: Operand | Interval) -> Node:
        """``x`` if it is a node, else the node of a constant."""
        if isinstance(x, Node):
            return x
        if isinstance(x, Interval):
            return self.constant(x)
        x = Fraction(x)
        if max(x.numerator.bit_length(), x.denominator.bit_length()) > _MOST_BITS:
            raise Untraced("a constant has too many digits")
        return self.node("constant", data=x)

    def constant(self, x: Interval) -> Node:
        """The node of an irrational constant."""
        if not all(end.is_finite() and abs(end.adjusted()) * 4 < _MOST_BITS for end in (x.low, x.high)):
            raise Untraced("a constant is too large or too small")
        low, high = Fraction(x.low), Fraction(x.high)
        if low == high:
            return self.number(low)
        if high - low > _WIDEST * abs(low) or low <= 0 <= high:
            raise Untraced("a constant is too uncertain")
        return self.node("constant", data=x)

    def multiple(self, sign: int, factor: Fraction | Interval, x: Node | None) -> Node:
        """A number times a nonnegative constant factor and a sign."""
        if x is None:
            return self.number(sign * factor)
        if factor == 0:
            zero = self.number(0)
            return zero if x.is_total else self.fork(x, zero, zero)
        if x.op == "truediv" and x.args[0].is_constant:
            x = self.node("truediv", self.number(x.args[0].data * factor), x.args[1])
        elif factor != 1:
            x = self.node("mul", self.number(factor), x)
        return x if sign > 0 else -x

    def function(self, name: str, x: Operand) -> Node:
        """The node of a function of one number."""
        x = self.number(x)
        if x.is_constant:
            return self.number(_value(name, x.data))
        if x.op == "neg" and name in (*_ODD, *_EVEN):
            value = self.node(name, x.args[0])
            return -value if name in _ODD else value
        return self.node(name, x)

    exp, expm1, log, log1p = map(_named, ("exp", "expm1", "log", "log1p"))
    sin, cos, atan, sqrt = map(_named, ("sin", "cos", "atan", "sqrt"))
    erf, erfc, normal, mills = map(_named, ("erf", "erfc", "normal", "mills"))

    def series(self, coefficient: Callable[[int], Fraction], x: Operand) -> Node:
        """The sum over k >= 0 of ``coefficient(k) * x**k``, for 0 <= x <= 1."""
        x = self.number(x)
        if x.is_constant:
            return self.constant(_INTERVALS.series(coefficient, x.data))
        return self.node("series", x, data=self._coefficients.setdefault(_text(coefficient), coefficient))

    @cached_property
    def pi(self) -> Node:
        return self.constant(_INTERVALS.pi)

    @cached_property
    def ln2(self) -> Node:
        return self.constant(_INTERVALS.ln2)

    # Branches

    def sign(self, x: Operand) -> int:
        """The sign of x for all t, or on the branch being followed."""
        x = self.number(x)
        side, factor, rest = _parts(x)
        if rest is None or factor == 0:
            side, rest = 1, x
        if rest.sign is not None:
            return side * rest.sign
        if rest not in self._decided:
            self._decided[rest] = 1 if 1 in rest.signs else -1
        return side * self._decided[rest]

    def known_sign(self, x: Node) -> int:
        """The sign of x if it is the same for all t, else 0."""
        return x.sign or 0

    def follow(self, formula: Formula, z: Node, decided: dict[Node, int]) -> Node:
        """The node of a formula on the branch with the signs ``decided``, its sub-branches joined."""
        self._ways += 1
        if self._ways > _MOST_WAYS:
            raise Untraced(f"it has more than {_MOST_WAYS} branches")
        self._decided = dict(decided)
        result = self.number(formula(self, z))
        met = list(self._decided.items())
        for place in range(len(met) - 1, len(decided) - 1, -1):
            x, sign = met[place]
            other = result
            if len(x.signs - {0}) > 1:
                other = self.follow(formula, z, dict([*met[:place], (x, -sign)]))
            result = self.fork(x, other, result) if sign > 0 else self.fork(x, result, other)
        return result

    def fork(self, x: Node, below: Operand, above: Operand) -> Node:
        """``below`` where x < 0, ``above`` where x > 0, undecided elsewhere."""
        return self._join(x, self.number(below), self.number(above))

    def select(self, is_negative: Any, below: Operand, above: Operand) -> Node:
        """``below`` where z is negative, else ``above``, merged into one graph if that is less work."""
        below, above = self.number(below), self.number(above)
        apart = below if below is above else self.node("select", below, above)
        return min(self._join(None, below, above), apart, key=lambda x: Graph(x).cost)

    def _join(self, x: Node | None, a: Node, b: Node, depth: int = 0) -> Node:
        """Choose between a and b by the sign of x, or of z if x is None, merging what they share."""
        key = x, a, b
        if key not in self._merged:
            self._merged[key] = self._push(x, a, b, depth)
        return self._merged[key]

    def _push(self, x: Node | None, a: Node, b: Node, depth: int) -> Node:
        def choose(a: Node, b: Node) -> Node:
            return self.node("select", a, b) if x is None else self.node("fork", x, a, b)

        def join(a: Node, b: Node) -> Node:
            return a if a is b else self._join(x, a, b, depth + 1)

        if depth > _DEEPEST or (a is b and x is not None):
            return choose(a, b)
        (s, p), (r, q) = ((-1, n.args[0]) if n.op == "neg" else (1, n) for n in (a, b))
        p, q = _over(p, q), _over(q, p)
        pairs = _pairs(p, q)
        # A fork moved inside another one would hide where the outer one is undecided.
        if p is not q and (pairs is None or (p.op == "fork" and x is not None)):
            return choose(a, b)
        both = p if p is q or pairs is None else _apply(self, p, [join(*pair) for pair in pairs], None)
        if s != r:
            return choose(-both, both) if s < 0 else choose(both, -both)
        return both if s > 0 else -both


def _over(a: Node, b: Node) -> Node:
    """Rewrite a product with a quotient as a quotient, if ``b`` is a quotient with the same divisor."""
    for x, y in (a.args, a.args[::-1]) if a.op == "mul" and b.op == "truediv" else ():
        if x.op == "truediv" and x.args[1] is b.args[1]:
            return a.m.node("truediv", x.args[0] * y, x.args[1])
    return a


def _pairs(a: Node, b: Node) -> list[tuple[Node, Node]] | None:
    """Pairs of operands of two equal operations, if choosing between operands first saves work."""
    if a.op != b.op or a.data is not b.data or not a.args:
        return None
    orders = [b.args, b.args[::-1]] if a.op in _COMMUTATIVE else [b.args]
    found = min(([*zip(a.args, order, strict=True)] for order in orders), key=_count_different)
    if _count_different(found) > (2 if a.op == "truediv" else 1):
        return None
    return None if a.op == "mul" and any(x.is_constant and x is not y for x, y in found) else found


def _count_different(pairs: list[tuple[Node, Node]]) -> int:
    return sum(x is not y for x, y in pairs)


class Graph:
    """A formula as its nodes, each after the nodes that it depends on."""

    def __init__(self, result: Node) -> None:
        self.result = result
        found, waiting = {result}, [result]
        while waiting:
            new = set(waiting.pop().args) - found
            found |= new
            waiting += new
        self.nodes = tuple(sorted(found, key=lambda x: x.index))

    @property
    def is_constant(self) -> bool:
        """Whether it is the same number for all z."""
        return self.result.is_constant

    @property
    def is_rational(self) -> bool:
        """Whether its values at fractions can be computed as fractions."""
        return all(isinstance(x.data, Fraction) if x.is_constant else x.op in _COSTS for x in self.nodes)

    @property
    def is_algebraic(self) -> bool:
        """Whether its values grow no faster than powers of z."""
        return all(x.op in _COSTS or x.op == "sqrt" for x in self.nodes)

    @property
    def cost(self) -> int:
        """The approximate work to evaluate it, in units in which a sum takes 3."""
        return sum(_COSTS.get(x.op, _COST_OF_FUNCTIONS) for x in self.nodes)

    def evaluate(self, m: GraphMaths[R], t: R, is_negative: Any) -> R | Fraction:
        """The value at z = t, or -t where z ``is_negative``; each node is evaluated once.

        ``is_negative`` may be a bool that holds for all t. Branches of a fork that cannot be taken are not
        evaluated.
        """
        known: dict[Node, Any] = {}
        waiting = [self.result]
        while waiting:
            node = waiting[-1]
            if node in known:
                waiting.pop()
                continue
            needed = node.args
            if node.op == "select" and isinstance(is_negative, bool):
                needed = needed[:1] if is_negative else needed[1:]
            elif node.op == "fork" and needed[0] in known and (sign := m.known_sign(known[needed[0]])):
                x, way = needed[0], needed[(sign + 3) // 2]
                needed = (way,) if x.is_total else (x, way, way)
            missing = [x for x in needed if x not in known]
            if missing:
                # The condition of a fork comes first.
                waiting += missing[:1] if node.op == "fork" else reversed(missing)
                continue
            if node.op == "t":
                known[node] = t
            elif node.is_constant:
                known[node] = node.data if isinstance(node.data, Fraction) else m.constant(node.data)
            elif node.op in ("select", "fork") and len(needed) == 1:
                known[node] = known[needed[0]]
            else:
                known[node] = _apply(m, node, [known[x] for x in needed], is_negative)
        found: R | Fraction = known[self.result]
        return found


def _apply(m: Any, node: Node, values: list[Any], is_negative: Any) -> Any:
    """The operation of a node in some arithmetic."""
    if node.op in _OPERATORS:
        return getattr(operator, node.op)(*values)
    if node.op == "select":
        return m.select(is_negative, *values)
    return m.series(node.data, *values) if node.op == "series" else getattr(m, node.op)(*values)


def _text(function: Callable[..., Any]) -> Hashable:
    """A key for a function that a formula creates anew each time: its code and its closure."""
    code = getattr(function, "__code__", None)
    cells = [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
    return (
        code and (function.__module__, code, *(_text(x) if callable(x) else x for x in cells))
    ) or function


def of_sides(below: Formula | None, above: Formula | None) -> Graph:
    """The graph of a formula for z < 0 and one for z > 0, or of one of them. Raises Untraced on failure."""
    m = Tracer()
    try:
        found = [m.follow(f, z, {}) for f, z in ((below, -m.t), (above, m.t)) if f is not None]
        return Graph(m.select(None, *found) if len(found) > 1 else found[0])
    except (ArithmeticError, ValueError, RecursionError) as error:
        raise Untraced(f"it is undefined: {error}") from error
