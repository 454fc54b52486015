"""Programs of primitive operations on float64, which round alike on every machine.

An ``Expr`` stands for one float64, one word of 64 bits or one truth for each element. Arithmetic with them
makes new ones; equal ones are one object, and what is constant is worked out at once. A ``Program`` is a row
of them, each after those it needs: it is run by ``numpy_machine`` and printed by ``compiled``.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any, ClassVar, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from actcalc.numbers.error_free import split

FLOAT, WORD, TRUTH = "float", "word", "truth"
"""The kinds of expressions: float64, uint64 (whose sums wrap), bool."""
_MASK = 2**64 - 1


class Expr:
    """An operation and what it is applied to: other expressions, and constants in ``data``."""

    __slots__ = ("__weakref__", "args", "data", "kind", "op")
    __array_ufunc__ = None
    _known: ClassVar[WeakValueDictionary[Any, "Expr"]] = WeakValueDictionary()

    op: str
    kind: str
    args: tuple["Expr", ...]
    data: Any

    def __new__(cls, op: str, kind: str, args: tuple["Expr", ...] = (), data: Any = None) -> "Expr":
        key = op, kind, tuple(map(id, args)), id(data) if isinstance(data, np.ndarray) else data
        made = cls._known.get(key)
        if made is None or made.args != args:
            made = super().__new__(cls)
            made.op, made.kind, made.args, made.data = op, kind, args, data
            cls._known[key] = made
        return made

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

    # Words, and truths

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
    """A float64 that all elements have."""
    return Expr("constant", FLOAT, (), struct.unpack("<Q", struct.pack("<d", x))[0])


def word(x: int) -> Expr:
    """A word that all elements have."""
    return Expr("constant", WORD, (), int(x) & _MASK)


def truth(x: bool) -> Expr:
    """A truth that all elements have."""
    return Expr("constant", TRUTH, (), bool(x))


def variable(place: int = 0, kind: str = FLOAT) -> Expr:
    """The program's argument number ``place``, of which each element has one."""
    return Expr("variable", kind, (), place)


def _like(x: Operand, kind: str) -> Expr:
    if isinstance(x, Expr):
        return x
    return constant(float(x)) if kind == FLOAT else word(int(x)) if kind == WORD else truth(bool(x))


def sqrt(x: Expr) -> Expr:
    """The square root."""
    return _unary("sqrt", x)


def rint(x: Expr) -> Expr:
    """The nearest whole number, the even one of two."""
    return _unary("rint", x)


def minimum(x: Operand, y: Operand) -> Expr:
    """The lesser of two float64 or words; NaN if one is."""
    return _binary("minimum", x, y)


def maximum(x: Operand, y: Operand) -> Expr:
    """The greater of two float64 or words; NaN if one is."""
    return _binary("maximum", x, y)


def equal(x: Operand, y: Operand) -> Expr:
    """Whether two float64, or two words, are equal."""
    return _binary("eq", x, y)


def is_finite(x: Expr) -> Expr:
    """Whether a float64 is neither infinite nor NaN."""
    return abs(x) < float("inf")


def bits(x: Expr) -> Expr:
    """The word that a float64 is stored as."""
    return _unary("bits", x, WORD)


def from_bits(x: Expr) -> Expr:
    """The float64 that is stored as a word."""
    return _unary("from_bits", x, FLOAT)


def to_float(x: Expr) -> Expr:
    """The float64 of a word taken as a signed whole number, of size up to 2**53."""
    return _unary("to_float", x, FLOAT)


def to_word(x: Expr) -> Expr:
    """A float64 of size below 2**63 cut off to a signed whole number."""
    return _unary("to_word", x, WORD)


def cast32(x: Expr) -> Expr:
    """A float64 rounded to float32, as a float64."""
    return _unary("cast32", x)


def fma(x: Operand, y: Operand, z: Operand) -> Expr:
    """x*y + z rounded once, for machines that do that in one instruction; others never see it."""
    return Expr("fma", FLOAT, (_like(x, FLOAT), _like(y, FLOAT), _like(z, FLOAT)))


def select(condition: Expr, x: Operand, y: Operand) -> Expr:
    """``x`` where the condition holds, ``y`` elsewhere; both are worked out."""
    kind = x.kind if isinstance(x, Expr) else y.kind if isinstance(y, Expr) else FLOAT
    x, y = _like(x, kind), _like(y, kind)
    if condition.is_constant:
        return x if condition.number else y
    if kind == TRUTH:
        return x if x is y else (condition & x) | (~condition & y)
    if (x.op, y.op) == ("neg", "abs") and x.args[0] is y and condition is (y.args[0] < 0.0):
        return y.args[0]  # but for the sign of a zero
    return x if x is y else Expr("select", kind, (condition, x, y))


def take(table: Any, place: Expr) -> Expr:
    """The element of a table of float64 or words at ``place``, a word less than its length.

    The table is one array that lives as long as the program: equal arrays are not found to be one.
    """
    if place.is_constant:
        found = table[place.number]
        return constant(float(found)) if table.dtype == np.float64 else word(int(found))
    return Expr("take", FLOAT if table.dtype == np.float64 else WORD, (place,), table)


def call(function: Callable[..., Sequence[Any]], args: Sequence[Expr], count: int) -> tuple[Expr, ...]:
    """The results of a function of arrays, ``count`` float64 arrays: for ``numpy_machine`` alone."""
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
"""Operations on float64, as NumPy does them."""
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
        x, y = y, x  # they commute
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
    """The rounded product of two float64, and exactly what rounding took away (Dekker, 1971).

    That holds where the product is 0, or from 2**-968 to 2**1021, and both are below 2**996.
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
    """A sum over results that compiled code keeps in a table of so many places."""

    kind: str
    """``count`` or ``total``, in whole numbers, or ``sum`` or ``largest``."""
    value: int
    """For ``count`` the places themselves."""
    place: int | None = None
    """None for a table that has one."""


class Program(NamedTuple):
    """Expressions, each after those that it needs, and those that are the results."""

    steps: tuple[Expr, ...]
    results: tuple[Expr, ...]
    reductions: tuple[Reduction, ...] = ()

    @classmethod
    def of(cls, *results: Expr, reductions: Sequence[Reduction] = ()) -> "Program":
        """The program that works out some expressions."""
        return cls(tuple(_ordered(results)), results, tuple(reductions))

    def digest(self, *about: Any) -> str:
        """The identity of the program, and of what else it is ``about``."""
        number = {step: i for i, step in enumerate(self.steps)}
        found = sha256(repr(about).encode())
        for step in self.steps:
            data = step.data
            if isinstance(data, np.ndarray):
                data = str(data.dtype), sha256(data.tobytes()).hexdigest()
            found.update(repr((step.op, step.kind, [number[x] for x in step.args], data)).encode())
        found.update(repr(([number[x] for x in self.results], self.reductions)).encode())
        return found.hexdigest()[:24]


def _ordered(results: Sequence[Expr]) -> Iterator[Expr]:
    """All that the results need, and they themselves, in an order in which they can be worked out."""
    done: set[Expr] = set()
    waiting = list(reversed(results))
    while waiting:
        x = waiting[-1]
        missing = [a for a in x.args if a not in done]
        if missing and x not in done:
            waiting.extend(reversed(missing))
            continue
        waiting.pop()
        if x not in done:
            done.add(x)
            yield x
