"""The slope as a textbook has it, with every operation rounded to a float format.

This is what a program computes that takes the formula as it stands: ``a*(1 - a)`` for sigmoid. Each
operation, ``exp`` and the like among them, is correctly rounded, so that whatever is lost is lost
by the formula and not by a library.
"""

import ast
import math
import operator
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Parity, Shortcut
from actcalc.activations.parameters import bind
from actcalc.arithmetic.exact import Formula, evaluate
from actcalc.catalogue.forms import gaussian, tanh_above, tanh_below
from actcalc.catalogue.scaled import ERF
from actcalc.errors import ActcalcError, UnsettledError
from actcalc.numbers.digits import Digits
from actcalc.numbers.floats import FLOAT64, Format
from actcalc.numbers.numerals import parse_exact
from actcalc.numbers.ulp import fraction, ulps

_Values = Mapping[str, float]
_Number = Callable[[_Values], float]
_Truth = Callable[[_Values], bool]

_KEPT = 20_000
"""Slopes that are kept: of all tenths of both sides."""
_RIGHT = Digits(25)
"""The right slope is taken to this many digits."""


class TextbookSlope:
    """The textbook's slope of ``f`` at floats of ``fmt``: from a = g(z), where that is possible, else from z.

    a is g(z) correctly rounded; parameters are rounded to the format.
    """

    def __init__(self, f: Activation, fmt: Format = FLOAT64) -> None:
        self._f = f
        self._format = fmt
        self._values = {name: fmt.round_exact(value) for name, value in f.parameters.items()}
        self._values["pi"] = evaluate(lambda m, x: m.pi, Fraction(0), fmt)
        compiler = _Compiler(fmt)
        shortcut = f.shortcut
        self.is_from_a = isinstance(shortcut, Shortcut)
        self.text = shortcut.text if isinstance(shortcut, Shortcut) else f.dg_text
        self._variable = shortcut.variable if isinstance(shortcut, Shortcut) else ""
        where = {} if self.is_from_a else f.declaration.where
        self._where = {name: compiler.number(meaning) for name, meaning in where.items()}
        self._slope = compiler.number(self.text)
        self._at = lru_cache(_KEPT)(self._worked_out)
        self._right = lru_cache(_KEPT)(self._right_slope)

    def __call__(self, z: float) -> float:
        """The slope at ``z``, or NaN."""
        return self._at(z)

    def _right_slope(self, z: float) -> Decimal | None:
        try:
            return self._f.slope(Fraction(z), _RIGHT, at_kink="nan")
        except UnsettledError:
            raise
        except ActcalcError:  # its exponent has too many digits: it is next to nothing, or beyond all floats
            slope = self._f.dg_float(z)
            return Decimal("1e9999").copy_sign(Decimal(slope)) if math.isinf(slope) else Decimal(0)

    def _worked_out(self, z: float) -> float:
        values = {**self._values, "z": z}
        if self.is_from_a:
            values[self._variable] = self._f.g_float(z, self._format)
        for name, meaning in self._where.items():
            values[name] = meaning(values)
        return self._slope(values)

    def is_above(self, z: float) -> bool:
        """Whether the slope at ``z``, which is no kink, is above the right one."""
        right = self._right(z)
        return right is not None and self(z) > fraction(right)

    def error(self, z: float) -> float:
        """How far the slope at ``z`` is from the right one, in ulps of that.

        It is infinite for an infinity or NaN that is not right, and NaN at a kink.
        """
        right = self._right(z)
        return math.nan if right is None else ulps(self(z), fraction(right), self._format)


class _Compiler:
    """Turns a formula's text into a function of its variables' values."""

    def __init__(self, fmt: Format) -> None:
        self._format = fmt
        self._round = fmt.round_float

    def number(self, text: str) -> _Number:
        return self._number(ast.parse(text, mode="eval").body, text)

    def _number(self, node: ast.expr, text: str) -> _Number:
        match node:
            case ast.Constant():
                constant = self._format.round_exact(parse_exact(str(ast.get_source_segment(text, node))))
                return lambda values: constant
            case ast.Name(id=name):
                return lambda values: values[name]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                of = self._number(operand, text)
                return lambda values: -of(values)
            case ast.BinOp(left=base, op=ast.Pow(), right=ast.Constant(value=int(exponent))):
                return self._power(self._number(base, text), exponent)
            case ast.BinOp(left=left, op=op, right=right):
                return self._operation(type(op), self._number(left, text), self._number(right, text))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                holds, yes, no = self._truth(test, text), self._number(body, text), self._number(orelse, text)
                return lambda values: yes(values) if holds(values) else no(values)
            case ast.Call(func=ast.Name(id=name), args=args):
                return self._call(name, [self._number(arg, text) for arg in args])
        raise AssertionError(f"cannot work out {ast.unparse(node)}")

    def _truth(self, node: ast.expr, text: str) -> _Truth:
        assert isinstance(node, ast.Compare)
        terms = [self._number(term, text) for term in (node.left, *node.comparators)]
        compare = [_COMPARISONS[type(op)] for op in node.ops]

        def holds(values: _Values) -> bool:
            numbers = [term(values) for term in terms]
            return all(op(*pair) for op, pair in zip(compare, pairwise(numbers), strict=True))

        return holds

    # One operation of float64 is correctly rounded. Rounding its result once more gives the correctly
    # rounded one of a format with less than half as many bits (Figueroa, When is double rounding
    # innocuous?, 1995); so it does below the normal range, where sums and products are exact.

    def _operation(self, op: type[ast.operator], left: _Number, right: _Number) -> _Number:
        apply, rounded = _OPERATIONS[op], self._round
        return lambda values: rounded(apply(left(values), right(values)))

    def _power(self, base: _Number, exponent: int) -> _Number:
        def power(values: _Values) -> float:
            x = base(values)
            return self._format.round_exact(Fraction(x) ** exponent) if math.isfinite(x) else x**exponent

        return power

    def _call(self, name: str, args: list[_Number]) -> _Number:
        if name in _PLAIN:
            plain = _PLAIN[name]
            return lambda values: plain(*(arg(values) for arg in args))
        if name == "erf":
            erf = bind(ERF, {})
            return lambda values: erf.g_float(args[0](values), self._format)
        function, (arg,) = _FUNCTIONS[name], args

        def call(values: _Values) -> float:
            x = arg(values)
            if math.isnan(x):
                return x
            if math.isinf(x):
                return function.at_infinity[x > 0]
            shift, formula = function.shift, function.below if x < 0 else function.above
            return evaluate(formula, Fraction(x) - shift, self._format)

        return call


def _divide(x: float, y: float) -> float:
    if y != 0:
        return x / y
    return math.copysign(math.inf, x) * math.copysign(1, y) if x and x == x else math.nan


_OPERATIONS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: _divide,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.NotEq: operator.ne,
}
_PLAIN: dict[str, Callable[..., float]] = {"abs": abs, "max": max, "min": min}


class _Function(NamedTuple):
    """A function of one variable: formulas on either side of 0, and its limits."""

    below: Formula
    above: Formula
    at_infinity: tuple[float, float]
    shift: int = 0
    """The formulas are of x less this."""


def _both(formula: Formula, low: float, high: float, shift: int = 0) -> _Function:
    return _Function(formula, formula, (low, high), shift)


def _phi_above(m: Any, x: Any) -> Any:
    return 1 - gaussian(m, x) * m.mills(x)


_FUNCTIONS = {
    "exp": _both(lambda m, x: m.exp(x), 0.0, math.inf),
    "log": _both(lambda m, x: m.log1p(x), math.nan, math.inf, shift=1),
    "sqrt": _both(lambda m, x: m.sqrt(x), math.nan, math.inf),
    "cosh": _both(lambda m, x: (m.exp(x) + m.exp(-x)) / 2, math.inf, math.inf),
    "tanh": _Function(tanh_below, tanh_above, (-1.0, 1.0)),
    "sin": _both(lambda m, x: m.sin(x), math.nan, math.nan),
    "cos": _both(lambda m, x: m.cos(x), math.nan, math.nan),
    "phi": _both(gaussian, 0.0, 0.0),
    "Phi": _Function(lambda m, x: gaussian(m, x) * m.mills(-x), _phi_above, (0.0, 1.0)),
}


# Where a format breaks a shortcut.

LAST_TENTH = 10_000
"""Breakdowns are looked for at z up to this many tenths."""


class Breakdown(NamedTuple):
    """From where on, in tenths from 0 out to ``last``, the shortcut is always so far off; None for nowhere.

    ``last`` is LAST_TENTH, or the last tenth at which the right slope is a normal number of the format, and
    has all its digits. Ten ulps and not much more, in the outer half of the tenths alone, are chance.
    """

    side: int
    """1 towards infinity, -1 towards minus infinity."""
    last: int
    over_ten_ulps: int
    over_half: int | None
    zero: int | None


def breakdowns(f: Activation, fmt: Format = FLOAT64) -> tuple[Breakdown, ...]:
    """Where the shortcut breaks down towards infinity, and towards minus infinity; empty if nowhere.

    Half the digits are lost where more than half of the bits of the significand are.
    """
    if isinstance(f.shortcut, str):
        return ()
    right = _breakdown(f, fmt, 1)
    odd_or_even = f.parity in (Parity.ODD, Parity.EVEN)
    left = (
        right._replace(side=-1) if right and odd_or_even else None if odd_or_even else _breakdown(f, fmt, -1)
    )
    return tuple(found for found in (right, left) if found is not None)


def _breakdown(f: Activation, fmt: Format, side: int) -> Breakdown | None:
    textbook = TextbookSlope(f, fmt)

    def z(k: int) -> float:
        return fmt.round_exact(Fraction(side * k, 10))

    def is_over(k: int, limit: float) -> bool:
        return textbook.error(z(k)) > limit

    last = _last(lambda k: abs(f.dg_float(z(k), fmt)) >= fmt.smallest_normal, LAST_TENTH)
    if last is None or not is_over(last, 10):
        return None
    # Each of these holds wherever one before it does.
    limits: list[Callable[[int], bool]] = [
        lambda k: textbook(z(k)) == 0,
        lambda k: is_over(k, math.sqrt(2.0**fmt.precision)),
        lambda k: is_over(k, 10),
    ]
    found: list[int | None] = []
    start = last
    for holds in limits:
        reached = None
        for k in _inwards(textbook, z, start):
            if not holds(k):
                break
            reached = k
        found.append(reached)
        start = start if reached is None else reached
    zero, half, ten = found
    assert ten is not None  # as it is so at the last
    if half is None and 2 * ten > LAST_TENTH:
        return None
    return Breakdown(side, last, ten, half, zero)


def is_over_ten_ulps(f: Activation, z: float, fmt: Format = FLOAT64) -> bool:
    """Whether the shortcut is off by more than ten ulps at ``z``."""
    return TextbookSlope(f, fmt).error(z) > 10


def _last(holds: Callable[[int], bool], end: int) -> int | None:
    """The last number up to ``end`` for which ``holds``, if it holds up to there; None if not even for 1."""
    if holds(end):
        return end
    low, high = 1, end
    if not holds(low):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _inwards(textbook: TextbookSlope, z: Callable[[int], float], start: int) -> Iterator[int]:
    """``start`` and the numbers below it; of a run with one textbook slope, or none, just the two ends.

    Far out g is monotonic, and so are the shortcut and the rounding of its operations: what is the
    same at both ends of a run is so between them, where the right slope lies between those at the ends.
    A run ends where the right slope passes the textbook's, next to which the error is small.
    """
    yield start
    slope = textbook(z(start))

    def is_same(k: int) -> bool:
        there = textbook(z(k))
        if math.isnan(slope):
            return math.isnan(there)
        return there == slope and textbook.is_above(z(k)) == is_above

    is_above = textbook.is_above(z(start))

    k, step = start, 1
    while k - step > 0 and is_same(k - step):
        k, step = k - step, 2 * step
    while step > 1:
        step //= 2
        if k - step > 0 and is_same(k - step):
            k -= step
    if k < start:
        yield k
    yield from range(k - 1, 0, -1)
