"""Programs of primitive operations on float64, which round alike on every machine.

An ``Expr`` stands for a float64, a word of 64 bits or a truth value for each element. Arithmetic on
expressions makes new ones; equal ones are the same object, and constants are folded. A ``Program`` is a list
of expressions, each after those it depends on, which ``numpy_machine`` runs and ``compiled`` compiles.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any, ClassVar, NamedTuple
from weakref import ref

import numpy as np

from actcalc.numbers.error_free import split

FLOAT, WORD, TRUTH = "float", "word", "truth"
"""The kinds of expressions: float64, uint64 (whose sums wrap), bool."""
_MASK = 2**64 - 1
_LEAST_KNOWN = 1 << 14
"""Up to this many expressions are remembered without a look at which of them are gone."""


class Expr:
    """An operation with its operands: other expressions in ``args``, and constants in ``data``."""

    __slots__ = ("__weakref__", "args", "data", "kind", "op")
    __array_ufunc__ = None
    _known: ClassVar[dict[Any, "ref[Expr]"]] = {}
    _most: ClassVar[int] = _LEAST_KNOWN

    op: str
    kind: str
    args: tuple["Expr", ...]
    data: Any

    def __new__(cls, op: str, kind: str, args: tuple["Expr", ...] = (), data: Any = None) -> "Expr":
        key = op, kind, *map(id, args), id(data) if isinstance(data, np.ndarray) else data
        known = cls._known.get(key)
        made = None if known is None else known()
        if made is None:  # else its operands are alive, too, and so are those with these ids
            made = super().__new__(cls)
            made.op, made.kind, made.args, made.data = op, kind, args, data
            cls._known[key] = ref(made)
            if len(cls._known) > cls._most:
                cls._forget()
        return made

    @classmethod
    def _forget(cls) -> None:
        """Drop the keys of expressions that are gone; a dictionary of weak values would do it one by one."""
        cls._known = {key: known for key, known in cls._known.copy().items() if known() is not None}
        cls._most = max(2 * len(cls._known), _LEAST_KNOWN)

    @property
    def is_constant(self) -> bool:
        return self.op == "constant"

    @property
    def number(self) -> Any:
        """The value of a constant: a float, an int or a bool."""
        if self.kind == FLOAT:
            (x,) = struct.unpack("<d", struct.pack("<Q", self.data))
            return x
        return self.data

    # Float64 and words

    def __add__(self, other: "Operand") -> "Expr":
        return _binary("add", self, other)

    def __radd__(self, other: float) -> "Expr":
        return _binary("add", self, other)

    def __sub__(self, other: "Operand") -> "Expr":
        return _binary("sub", self, other)

    def __rsub__(self, other: float) -> "Expr":
        return _binary("sub", _like(other, self.kind), self)

    def __mul__(self, other: "Operand") -> "Expr":
        return _binary("mul", self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: "Operand") -> "Expr":
        return _binary("div", self, other)

    def __rtruediv__(self, other: float) -> "Expr":
        return _binary("div", _like(other, self.kind), self)

    def __neg__(self) -> "Expr":
        return _unary("neg", self)

    def __abs__(self) -> "Expr":
        return _unary("abs", self)

    # Comparisons of float64, or of words

    def __lt__(self, other: "Operand") -> "Expr":
        return _binary("lt", self, other)

    def __le__(self, other: "Operand") -> "Expr":
        return _binary("le", self, other)

    def __gt__(self, other: "Operand") -> "Expr":
        return _binary("lt", _like(other, self.kind), self)

    def __ge__(self, other: "Operand") -> "Expr":
        return _binary("le", _like(other, self.kind), self)

    # Words and truth values

    def __and__(self, other: "Operand") -> "Expr":
        return _binary("and", self, other)

    def __or__(self, other: "Operand") -> "Expr":
        return _binary("or", self, other)

    def __xor__(self, other: "Operand") -> "Expr":
        return _binary("xor", self, other)

    def __lshift__(self, other: int) -> "Expr":
        return _binary("shl", self, other)

    def __rshift__(self, other: int) -> "Expr":
        return _binary("shr", self, other)

    def __invert__(self) -> "Expr":
        return _unary("not", self)

    def __repr__(self) -> str:
        return f"<{self.op} {self.number if self.is_constant else len(self.args)}>"


Operand = Expr | float | int | bool


def constant(x: float) -> Expr:
    """A float64 that is the same for all elements."""
    return Expr("constant", FLOAT, (), struct.unpack("<Q", struct.pack("<d", x))[0])


def word(x: int) -> Expr:
    """A word that is the same for all elements."""
    return Expr("constant", WORD, (), int(x) & _MASK)


def truth(x: bool) -> Expr:
    """A truth value that is the same for all elements."""
    return Expr("constant", TRUTH, (), bool(x))


def variable(place: int = 0, kind: str = FLOAT) -> Expr:
    """The program's argument number ``place``, which has a value for each element."""
    return Expr("variable", kind, (), place)


def _like(x: Operand, kind: str) -> Expr:
    if isinstance(x, Expr):
        return x
    return constant(float(x)) if kind == FLOAT else word(int(x)) if kind == WORD else truth(bool(x))


def sqrt(x: Expr) -> Expr:
    """The square root."""
    return _unary("sqrt", x)


def rint(x: Expr) -> Expr:
    """The nearest integer, ties to even."""
    return _unary("rint", x)


def minimum(x: Operand, y: Operand) -> Expr:
    """The smaller of two float64 or words; NaN if one of them is."""
    return _binary("minimum", x, y)


def maximum(x: Operand, y: Operand) -> Expr:
    """The larger of two float64 or words; NaN if one of them is."""
    return _binary("maximum", x, y)


def equal(x: Operand, y: Operand) -> Expr:
    """Whether two float64, or two words, are equal."""
    return _binary("eq", x, y)


def is_finite(x: Expr) -> Expr:
    """Whether a float64 is neither infinite nor NaN."""
    return abs(x) < float("inf")


def bits(x: Expr) -> Expr:
    """The bits of a float64 as a word."""
    return _unary("bits", x, WORD)


def from_bits(x: Expr) -> Expr:
    """The float64 with the bits of a word."""
    return _unary("from_bits", x, FLOAT)


def to_float(x: Expr) -> Expr:
    """A word, read as a signed integer of size up to 2**53, as a float64."""
    return _unary("to_float", x, FLOAT)


def to_word(x: Expr) -> Expr:
    """A float64 of size below 2**63 truncated to a signed integer."""
    return _unary("to_word", x, WORD)


def cast32(x: Expr) -> Expr:
    """A float64 rounded to float32, as a float64."""
    return _unary("cast32", x)


def fma(x: Operand, y: Operand, z: Operand) -> Expr:
    """x*y + z rounded once, used only in programs for machines that have it as an instruction."""
    return Expr("fma", FLOAT, (_like(x, FLOAT), _like(y, FLOAT), _like(z, FLOAT)))


def select(condition: Expr, x: Operand, y: Operand) -> Expr:
    """``x`` where the condition holds, ``y`` elsewhere; both are evaluated."""
    kind = x.kind if isinstance(x, Expr) else y.kind if isinstance(y, Expr) else FLOAT
    x, y = _like(x, kind), _like(y, kind)
    if condition.is_constant:
        return x if condition.number else y
    if kind == TRUTH:
        return x if x is y else (condition & x) | (~condition & y)
    if (x.op, y.op) == ("neg", "abs") and x.args[0] is y and condition is (y.args[0] < 0.0):
        return y.args[0]  # equal except for the sign of zero
    return x if x is y else Expr("select", kind, (condition, x, y))


def take(table: Any, place: Expr) -> Expr:
    """The element of a table of float64 or words at ``place``, a word less than the length of the table.

    Tables are compared by identity, so the same array should be passed each time.
    """
    if place.is_constant:
        found = table[place.number]
        return constant(float(found)) if table.dtype == np.float64 else word(int(found))
    return Expr("take", FLOAT if table.dtype == np.float64 else WORD, (place,), table)


def call(function: Callable[..., Sequence[Any]], args: Sequence[Expr], count: int) -> tuple[Expr, ...]:
    """The ``count`` float64 results of a function of arrays; only ``numpy_machine`` supports calls."""
    whole = Expr("call", FLOAT, tuple(args), function)
    return tuple(Expr("part", FLOAT, (whole,), k) for k in range(count))


FLOATS: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "abs": np.absolute,
    "sqrt": np.sqrt,
    "rint": np.rint,
    "minimum": np.minimum,
    "maximum": np.maximum,
}
"""NumPy's functions for the operations on float64."""
_WORDS: dict[str, Callable[[int, int], int]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "and": lambda x, y: x & y,
    "or": lambda x, y: x | y,
    "xor": lambda x, y: x ^ y,
    "shl": lambda x, y: x << y,
    "shr": lambda x, y: x >> y,
    "minimum": min,
    "maximum": max,
}
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "lt": lambda x, y: x < y,
    "le": lambda x, y: x <= y,
    "eq": lambda x, y: x == y,
}


def _binary(op: str, x: Operand, y: Operand) -> Expr:
    kind = x.kind if isinstance(x, Expr) else y.kind if isinstance(y, Expr) else FLOAT
    x, y = _like(x, kind), _like(y, kind)
    assert x.kind == y.kind, (op, x.kind, y.kind)
    if x.op != "constant" and y.op != "constant" and kind != TRUTH:  # the commonest case first
        return Expr(op, TRUTH if op in _COMPARISONS else kind, (x, y))
    if op in _COMPARISONS:
        if x.is_constant and y.is_constant:
            return truth(_COMPARISONS[op](x.number, y.number))
        return Expr(op, TRUTH, (x, y))
    if kind == TRUTH:
        return _logical(op, x, y)
    if x.is_constant and y.is_constant:
        if kind == WORD:
            return word(_WORDS[op](x.number, y.number))
        with np.errstate(all="ignore"):
            return constant(float(FLOATS[op](x.number, y.number)))
    if kind == FLOAT and op == "mul":
        for a, b in ((x, y), (y, x)):
            if a.is_constant and a.number == 1:
                return b
    if x.is_constant and op in ("add", "mul", "and", "or", "xor", "minimum", "maximum"):
        x, y = y, x  # these operations commute
    return Expr(op, kind, (x, y))


def _logical(op: str, x: Expr, y: Expr) -> Expr:
    for a, b in ((x, y), (y, x)):
        if a.is_constant:
            if op == "and":
                return b if a.number else a
            if op == "or":
                return a if a.number else b
    return x if x is y and op != "xor" else Expr(op, TRUTH, (x, y))


def _unary(op: str, x: Expr, kind: str = "") -> Expr:
    kind = kind or x.kind
    if x.is_constant:
        if op == "bits":
            return word(x.data)
        if op == "from_bits":
            return Expr("constant", FLOAT, (), x.data)
        if op == "to_float":
            return constant(float(x.number - (x.number >> 63 << 64)))
        if op == "to_word":
            return word(int(x.number))
        if op == "not":
            return truth(not x.number)
        if op == "cast32":
            with np.errstate(all="ignore"):
                return constant(float(np.float32(x.number)))
        with np.errstate(all="ignore"):
            return constant(float(FLOATS[op](x.number)))
    if (op, x.op) in (("neg", "neg"), ("not", "not"), ("bits", "from_bits"), ("from_bits", "bits")):
        return x.args[0]
    if op == "abs" and x.op in ("abs", "neg"):
        return x if x.op == "abs" else abs(x.args[0])
    return Expr(op, kind, (x,))


def two_product(a: Expr, b: Expr, has_fma: bool = False) -> tuple[Expr, Expr]:
    """The rounded product of two float64 and its exact rounding error (Dekker, 1971).

    The error is exact if the product is 0 or from 2**-968 to 2**1021 in size, and both factors are below
    2**996.
    """
    p = a * b
    if has_fma and not p.is_constant:
        return p, fma(a, b, -p)
    (a_high, a_low), (b_high, b_low) = split(a), split(b)
    lost = a_high * b_high - p
    for x, y in ((a_high, b_low), (a_low, b_high), (a_low, b_low)):
        if not (y.is_constant and y.number == 0) and not (x.is_constant and x.number == 0):
            lost = lost + x * y
    return p, lost


class Reduction(NamedTuple):
    """A reduction that compiled code accumulates in a table, in whatever order results come."""

    kind: str
    """``count``, or ``total`` of words, or ``largest`` of numbers that are not negative."""
    value: int
    """The index of the result that is accumulated; for ``count`` that of the places."""
    place: int | None = None
    """The index of the result that holds places in the table; None for a table of one place."""


class Program(NamedTuple):
    """A list of expressions, each after those it depends on, and the results among them."""

    steps: tuple[Expr, ...]
    results: tuple[Expr, ...]
    reductions: tuple[Reduction, ...] = ()
    kept: int | None = None
    """How many results are returned; None for all. The others are only accumulated."""

    @classmethod
    def of(cls, *results: Expr, reductions: Sequence[Reduction] = (), kept: int | None = None) -> "Program":
        """The program that computes some expressions."""
        return cls(tuple(_ordered(results)), results, tuple(reductions), kept)

    def digest(self, *about: Any) -> str:
        """A key that identifies the program together with the values ``about``."""
        number = {step: i for i, step in enumerate(self.steps)}
        found = sha256(repr(about).encode())
        for step in self.steps:
            data = step.data
            if isinstance(data, np.ndarray):
                data = str(data.dtype), sha256(data.tobytes()).hexdigest()
            found.update(repr((step.op, step.kind, [number[x] for x in step.args], data)).encode())
        found.update(repr(([number[x] for x in self.results], self.reductions)).encode())
        if self.kept is not None:  # else it is as it was, and shipped exceptions hold
            found.update(repr(self.kept).encode())
        return found.hexdigest()[:24]


def _ordered(results: Sequence[Expr]) -> Iterator[Expr]:
    """The results and everything they depend on, in an order in which they can be evaluated."""
    done: set[Expr] = set()
    waiting = list(reversed(results))
    while waiting:
        x = waiting[-1]
        if x not in done:
            missing = [a for a in x.args if a not in done]
            if missing:
                waiting += reversed(missing)
                continue
            done.add(x)
            yield x
        waiting.pop()
