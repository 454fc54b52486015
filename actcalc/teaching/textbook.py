"""The textbook slope, with every operation rounded to a float format.

A program that uses the formula as it stands, such as ``a*(1 - a)`` for sigmoid, computes this. Every
operation, ``exp`` and the like included, is correctly rounded, so that all losses are due to the formula and
not to a library.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Parity, Quantity, Shortcut
from actcalc.arithmetic.exact import Formula
from actcalc.arithmetic.formulas import Node
from actcalc.arithmetic.maths import Maths
from actcalc.arithmetic.rounded import RoundedFloat, RoundedFloats
from actcalc.catalogue.custom import tree_of
from actcalc.catalogue.trees import FUNCTIONS, Evaluator, power
from actcalc.errors import ActcalcError, UnsettledError, quote
from actcalc.numbers.digits import Digits
from actcalc.numbers.floats import FLOAT64, Format
from actcalc.numbers.ulp import fraction, ulps

if TYPE_CHECKING:
    from actcalc.numbers.float_arrays import Array

_KEPT = 20_000
"""The number of slopes to keep: those of all tenths on both sides."""
_RIGHT = Digits(25)
"""The digits of right slopes."""


class TextbookSlope:
    """The textbook slope of ``f`` at floats of ``fmt``: from a = g(z) if possible, else or ``from_z`` from z.

    With ``of="g"`` it is g itself. a is g(z) correctly rounded; parameters are rounded to the format.
    """

    def __init__(
        self, f: Activation, fmt: Format = FLOAT64, from_z: bool = False, of: Quantity = "dg"
    ) -> None:
        self._f, self._of = f, of
        self._format = fmt
        self._m = RoundedFloats(fmt)
        self._values = {name: fmt.round_exact(value) for name, value in f.parameters.items()}
        shortcut = "" if from_z or of == "g" else f.shortcut
        self.is_from_a = isinstance(shortcut, Shortcut)
        written = f.g_text if of == "g" else f.dg_text
        self.text = shortcut.text if isinstance(shortcut, Shortcut) else written
        if "'" in self.text:
            raise ActcalcError(
                f"{quote(f.label)} has no textbook slope, as it contains the slope of an activation",
                "write the activation out",
            )
        self.variable = shortcut.variable if isinstance(shortcut, Shortcut) else "z"
        where = {} if self.is_from_a else f.declaration.where
        names = {self.variable, *self._values, *where}
        self.where = {name: tree_of(meaning, names) for name, meaning in where.items()}
        self.tree = tree_of(self.text, names)
        self._at = lru_cache(_KEPT)(self._slope_at)
        self._right = lru_cache(_KEPT)(self._right_slope)

    def __call__(self, z: float) -> float:
        """The slope at ``z``, or NaN."""
        return self._at(z)

    def _right_slope(self, z: float) -> Decimal | None:
        try:
            return self._f.derivative_at(Fraction(z), self._of, _RIGHT, "nan")
        except UnsettledError:
            raise
        except ActcalcError:  # its exponent has too many digits: it is tiny, or beyond all floats
            slope = self._f.derivative_float(z, self._of)
            return Decimal("1e9999").copy_sign(Decimal(slope)) if math.isinf(slope) else Decimal(0)

    def _slope_at(self, z: float) -> float:
        x = self._f.g_float(z, self._format) if self.is_from_a else z
        return float(self._formula(self._m, RoundedFloat(self._m, x)).value)

    def of_array(self, zs: "Array") -> "Array":
        """The slope at each z, or NaN."""
        from actcalc.activations.arrays import g_array
        from actcalc.arithmetic.rounded_arrays import evaluate_rounded

        x = g_array(self._f, zs, self._format) if self.is_from_a else zs
        return evaluate_rounded(self._formula, x, self._format)

    def steps(self, z: float) -> dict[Node, tuple[float, Formula]]:
        """Each part of the formula that is computed at z: its value, and a formula without rounding."""
        x = self._f.g_float(z, self._format) if self.is_from_a else z
        noting = _Noting(self._m, self._names(self._m, RoundedFloat(self._m, x)))
        self._work_out(noting)
        g = self._f.piece_at(Fraction(z)).g

        def exact(node: Node) -> Formula:
            def formula(m: Maths[Any], at: Any) -> Any:
                names = {**self._f.parameters, self.variable: g(m, at) if self.is_from_a else at}
                evaluator = Evaluator(m, names)
                for name, meaning in self.where.items():
                    names[name] = evaluator.value(meaning)
                return evaluator.value(node)

            return formula

        return {node: (value, exact(node)) for node, value in noting.noted.items()}

    def _formula(self, m: RoundedFloats, x: RoundedFloat) -> RoundedFloat:
        return self._work_out(_InFloats(m, self._names(m, x)))

    def _names(self, m: RoundedFloats, x: RoundedFloat) -> dict[str, Any]:
        return {**{name: RoundedFloat(m, value) for name, value in self._values.items()}, self.variable: x}

    def _work_out(self, in_floats: "_InFloats") -> RoundedFloat:
        for name, meaning in self.where.items():
            in_floats.names[name] = in_floats.value(meaning)
        found: RoundedFloat = in_floats.value(self.tree)
        return found

    def is_above(self, z: float) -> bool:
        """Whether the slope at ``z``, which is not a kink, is above the right one."""
        right = self._right(z)
        return right is not None and self(z) > fraction(right)

    def error(self, z: float, slope: float | None = None) -> float:
        """The error of the slope at ``z``, computed if not given, in ulps of the right one.

        It is infinite for a wrong infinity or NaN, and NaN at a kink.
        """
        right = self._right(z)
        if right is None:
            return math.nan
        return ulps(self(z) if slope is None else slope, fraction(right), self._format)


class _InFloats(Evaluator):
    """The values of trees in floats; constants, functions and powers are rounded once."""

    m: RoundedFloats

    def value(self, node: Node) -> Any:
        match node.kind, node.name:
            case "**", _:
                exponent = node.number
                low = math.nan if exponent.denominator > 1 else (-math.inf) ** int(exponent)
                x = self.value(node.parts[0])
                return self.m.function(lambda m, u: power(m, u, exponent), x, low, math.inf**exponent)
            case "call", "sqrt":
                return self.m.sqrt(self.value(node.parts[0]))
        return super().value(node)

    def constant(self, x: Fraction) -> RoundedFloat:
        return self.m.number(x)

    def function(self, name: str, x: Any) -> Any:
        if name in _LIMITS:
            return self.m.function(FUNCTIONS[name], x, *_LIMITS[name])
        return super().function(name, x)


def formula_in_floats(tree: Node, parameters: Mapping[str, Fraction]) -> Formula:
    """The formula of a tree for floats, with rounded parameters."""

    def formula(m: Any, z: Any) -> Any:
        names = {name: m.number(value) for name, value in parameters.items()}
        return _InFloats(m, {**names, "z": z}).value(tree)

    return formula


class _Noting(_InFloats):
    """The values of trees in floats, which notes the value of each part."""

    def __init__(self, m: RoundedFloats, names: dict[str, Any]) -> None:
        super().__init__(m, names)
        self.noted: dict[Node, float] = {}

    def value(self, node: Node) -> Any:
        found = super().value(node)
        self.noted[node] = float(found.value)
        return found


_LIMITS = {
    "sinh": (-math.inf, math.inf),
    "cosh": (math.inf, math.inf),
    "tanh": (-1.0, 1.0),
    "phi": (0.0, 0.0),
}
"""The limits of functions at both infinities."""


# Breakdowns of shortcuts in a format

LAST_TENTH = 10_000
"""The largest z, in tenths, at which breakdowns are looked for."""


class Breakdown(NamedTuple):
    """The tenths from which on, out to ``last``, the shortcut is always that far off; None if there are none.

    ``last`` is LAST_TENTH, or the last tenth at which the right slope is a normal number of the format, and
    has all its digits. Little more than ten ulps, only in the outer half of the tenths, are chance.
    """

    side: int
    """1 towards infinity, -1 towards minus infinity."""
    last: int
    over_ten_ulps: int
    over_half: int | None
    zero: int | None


@lru_cache(maxsize=256)
def breakdowns(f: Activation, fmt: Format = FLOAT64) -> tuple[Breakdown, ...]:
    """The breakdowns of the shortcut towards infinity, and towards minus infinity, if there are any.

    Half the digits are lost if more than half of the bits of the significand are.
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
    assert ten is not None  # it holds at the last tenth
    if half is None and 2 * ten > LAST_TENTH:
        return None
    return Breakdown(side, last, ten, half, zero)


def is_over_ten_ulps(f: Activation, z: float, fmt: Format = FLOAT64) -> bool:
    """Whether the shortcut is off by more than ten ulps at ``z``."""
    return TextbookSlope(f, fmt).error(z) > 10


def _last(holds: Callable[[int], bool], end: int) -> int | None:
    """The last number up to ``end`` for which ``holds`` is true, as for all before it; None if not for 1."""
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
    """``start`` and the numbers below it, but only the ends of a run with one textbook slope, or with NaN.

    Far out g is monotonic, and so are the shortcut and the rounding of its operations: equal slopes at both
    ends of a run are equal in between, where the right slope lies between those at the ends. A run ends where
    the right slope crosses the textbook's, as the error is small there.
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
