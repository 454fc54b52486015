"""Evaluation in fractions plus a rest of any size, for values that miss a tie by an exponential.

A number is ``anchor + rest * power``: an exact fraction, and an interval times a power of e whose exponent
may exceed the range of decimals. For example (2*e^z - 2 - z)/3 far on the left is the fraction -(2 + z)/3
plus a rest, however small, and a sum of terms in e^(-10^30) has the sign of the sum of their factors. The
representation of huge and tiny sizes by their logarithms is from Clenshaw and Olver, Beyond floating point,
1984.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import TypeAlias, Union

from actcalc.arithmetic.interval import Interval, Intervals, Undecided, with_digits
from actcalc.arithmetic.operators import Operators
from actcalc.arithmetic.rational import RATIONAL, NotRational, Undefined
from actcalc.numbers.numerals import finite_decimal

Operand: TypeAlias = Union["NearFraction", Fraction]

_ZERO, _ONE, _INFINITY = Decimal(0), Decimal(1), Decimal("Infinity")
_FAR = Decimal(1000)
"""An exponent of e beyond which the power is so large that the anchor joins the rest."""
_TINY = Decimal("1e-1000000")
_NOWHERE = Fraction(0)


class Power:
    """A power of e, stored as its exponent: a fraction plus multiples of numbers, identified as objects."""

    __slots__ = ("fraction", "multiples")

    def __init__(
        self,
        fraction: Fraction = _NOWHERE,
        multiples: Mapping["NearFraction", Fraction] = MappingProxyType({}),
    ) -> None:
        self.fraction, self.multiples = fraction, multiples

    @property
    def is_one(self) -> bool:
        return self.fraction == 0 and not self.multiples

    def __mul__(self, other: "Power") -> "Power":
        if self.is_one or other.is_one:
            return other if self.is_one else self
        multiples = dict(self.multiples)
        for x, count in other.multiples.items():
            multiples[x] = multiples.get(x, _NOWHERE) + count
        return Power(self.fraction + other.fraction, {x: count for x, count in multiples.items() if count})

    def __pow__(self, exponent: Fraction | int) -> "Power":
        return Power(self.fraction * exponent, {x: n * exponent for x, n in self.multiples.items()})

    def exponent(self) -> Operand:
        total: Operand = self.fraction
        for x, count in self.multiples.items():
            total = x * count + total
        return total


_POWER_0 = Power()


class NearFraction(Operators["Operand"]):
    """A fraction plus an interval times a power of e; exact fractions are never stored in this form.

    If the exponent exceeds _FAR, the anchor is 0.
    """

    __slots__ = ("anchor", "m", "multiple", "power", "rest")

    def __init__(self, m: "Anchors", anchor: Fraction, rest: Interval, power: Power = _POWER_0) -> None:
        self.m, self.anchor, self.rest, self.power = m, anchor, rest, power
        self.multiple: tuple[NearFraction, Fraction] = (self, Fraction(1))
        """The number that this is a multiple of, and the factor, so that exp(2*z) is the square of exp(z)."""

    def _times(self, factor: Fraction | int) -> Operand:
        made = self.m.build(self.anchor * factor, self.rest * factor, self.power)
        if isinstance(made, NearFraction):
            x, count = self.multiple
            made.multiple = x, count * factor
        return made

    def __add__(self, other: Operand | int) -> Operand:
        if not isinstance(other, NearFraction):
            return self.m.build(self.anchor + other, self.rest, self.power)
        rest, power = self.m.sum_of(self.rest, self.power, other.rest, other.power)
        return self.m.build(self.anchor + other.anchor, rest, power)

    def __neg__(self) -> Operand:
        return self._times(-1)

    def __mul__(self, other: Operand | int) -> Operand:
        m = self.m
        if not isinstance(other, NearFraction):
            return self._times(other) if other else _NOWHERE
        rest, power = self.rest * other.rest, self.power * other.power
        for a, x in ((self.anchor, other), (other.anchor, self)):
            if a:
                rest, power = m.sum_of(rest, power, x.rest * a, x.power)
        return m.build(self.anchor * other.anchor, rest, power)

    def __truediv__(self, other: Operand | int) -> Operand:
        if not isinstance(other, NearFraction):
            return self * (1 / Fraction(other))
        return self.m.quotient(self, other)

    def __rtruediv__(self, other: Fraction | int) -> Operand:
        return self.m.quotient(Fraction(other), self)


class Anchors:
    """The namespace of maths functions over fractions and ``NearFraction``, with ``digits`` for the rests."""

    def __init__(self, digits: int) -> None:
        self.base: Intervals = with_digits(digits)

    def build(self, anchor: Fraction, rest: Interval, power: Power = _POWER_0) -> Operand:
        """Make anchor + rest * power, as a fraction if it is one."""
        if rest.low == rest.high and (rest.low == 0 or power.is_one):
            return anchor + Fraction(rest.low)
        if anchor and not power.is_one and self.bounds(power.exponent()).high > _FAR:
            rest, power = self.sum_of(rest, power, self.base.number(anchor), _POWER_0)
            anchor = _NOWHERE
        return NearFraction(self, anchor, rest, power)

    def sum_of(self, a: Interval, p: Power, b: Interval, q: Power) -> tuple[Interval, Power]:
        """a p + b q as an interval times the greater power."""
        if a.is_zero or b.is_zero:
            return (b, q) if a.is_zero else (a, p)
        ratio = p * q**-1
        if ratio.is_one:
            return a + b, p
        beyond = self.bounds(ratio.exponent())
        smaller = beyond.low.copy_negate()  # Python's own operators end at 1e999999
        if min(smaller, beyond.high) > 1000:
            raise Undecided("sum of powers whose order is unknown")
        if smaller > beyond.high:
            return a * self.base.exp(beyond) + b, q
        return a + b * self.base.exp(-beyond), p

    def bounds(self, x: Operand | int) -> Interval:
        """An interval that contains x."""
        if not isinstance(x, NearFraction):
            return self.base.number(x)
        rest = x.rest
        if not x.power.is_one:
            power = self.base.exp(self.bounds(x.power.exponent()))
            if power.high == _INFINITY:
                return self._beyond(rest, power.low)
            rest = rest * power
        exact = finite_decimal(x.anchor)
        if exact is None:
            return self.base.number(x.anchor) + rest
        # The anchor may be half way between two floats, so all of its digits are kept.
        wide = with_digits(self.base.digits + len(exact.as_tuple().digits))
        return Interval(self.base, wide.down.add(exact, rest.low), wide.up.add(exact, rest.high))

    def _beyond(self, rest: Interval, least: Decimal) -> Interval:
        """``rest`` times a number of any size that is at least ``least``."""
        if self.base.sign(rest) < 0:
            return -self._beyond(-rest, least)
        return Interval(self.base, self.base.down.multiply(rest.low, least), _INFINITY)

    def sign(self, x: Operand) -> int:
        """The sign of x: -1, 0 or 1. Raises Undecided if the bounds do not decide it."""
        if not isinstance(x, NearFraction):
            return RATIONAL.sign(Fraction(x))
        return self.base.sign(self.bounds(x) if x.anchor else x.rest)

    def quotient(self, x: "NearFraction | Fraction", y: NearFraction) -> Operand:
        a = x.anchor if isinstance(x, NearFraction) else x
        if y.anchor == 0:
            if x == 0:
                self.sign(y)  # first make sure that y is not 0
            return NearFraction(self, _NOWHERE, 1 / y.rest, y.power**-1) * x
        # (a + s)/(b + t) = a/b + (s b - a t)/(b (b + t))
        rest, power = y.rest * -a, y.power
        if isinstance(x, NearFraction):
            rest, power = self.sum_of(rest, power, x.rest * y.anchor, x.power)
        return self.build(a / y.anchor, rest / (self.bounds(y) * y.anchor), power)

    # Functions

    def _of(self, function: Callable[[Interval], Interval], x: Operand) -> Operand:
        """A function evaluated in interval arithmetic."""
        return self.build(_NOWHERE, function(self.bounds(x)))

    def _is_small(self, x: Operand, size: Decimal = _ONE) -> bool:
        bounds = self.bounds(x)
        return -size < bounds.low and bounds.high < size

    def _if_tiny(self, x: Operand) -> "NearFraction | None":
        """x to within its digits if it is too small for intervals, else None.

        Next to 0 this is the value of expm1, log1p, sin and atan.
        """
        if not isinstance(x, NearFraction) or x.anchor or x.power.is_one or not self._is_small(x, _TINY):
            return None
        return NearFraction(self, x.anchor, x.rest * self._nearly_one, x.power)

    @cached_property
    def _nearly_one(self) -> Interval:
        return Interval(self.base, self.base.down.next_minus(_ONE), self.base.up.next_plus(_ONE))

    def exp(self, x: Operand) -> Operand:
        """e to the power of x."""
        if self._is_small(x):
            return 1 + self.expm1(x)
        power = Power(multiples=dict([x.multiple])) if isinstance(x, NearFraction) else Power(x)
        return NearFraction(self, _NOWHERE, self.base.number(1), power)

    def expm1(self, x: Operand) -> Operand:
        """e to the power of x, minus 1."""
        if self._is_small(x):
            return self._if_tiny(x) or self._of(self.base.expm1, x)
        return self.exp(x) - 1

    def log1p(self, x: Operand) -> Operand:
        """The natural logarithm of 1 + x."""
        if not self._is_small(x, Decimal("0.5")):
            return self.log(1 + x)
        return self._if_tiny(x) or self._of(self.base.log1p, x)

    def log(self, x: Operand) -> Operand:
        """The natural logarithm."""
        if isinstance(x, NearFraction) and not x.anchor and not x.power.is_one:
            return x.power.exponent() + self._of(self.base.log, self.build(_NOWHERE, x.rest))
        if isinstance(x, NearFraction) and x.anchor > 0 and self._is_small(x / x.anchor - 1, Decimal("0.5")):
            return self.log(x.anchor) + self.log1p(x / x.anchor - 1)
        return self._of(self.base.log, x)

    def sin(self, x: Operand) -> Operand:
        """The sine."""
        return self._if_tiny(x) or self._of(self.base.sin, x)

    def cos(self, x: Operand) -> Operand:
        """The cosine."""
        if self._is_small(x):
            return 1 - 2 * self.sin(x / Fraction(2)) ** 2
        return self._of(self.base.cos, x)

    def atan(self, x: Operand) -> Operand:
        """The angle whose tangent is x."""
        return self._if_tiny(x) or self._of(self.base.atan, x)

    def erf(self, x: Operand) -> Operand:
        """The error function."""
        if self._is_small(x):
            tiny = self._if_tiny(x)
            return self._of(self.base.erf, x) if tiny is None else 2 * tiny / self.sqrt(self.pi)
        return 1 - self._tail(x) if self.sign(x) > 0 else self._tail(-x) - 1

    def erfc(self, x: Operand) -> Operand:
        """The complementary error function."""
        return self._tail(x) if self.sign(x) > 0 and not self._is_small(x) else 1 - self.erf(x)

    def _tail(self, x: Operand) -> Operand:
        """1 - erf(x) for positive x."""
        return 2 * self.exp(-(x * x)) / self.sqrt(2 * self.pi) * self.mills(x * self.sqrt(Fraction(2)))

    def normal(self, x: Operand) -> Operand:
        """Phi, the standard normal distribution."""
        if self._is_small(x):
            return (1 + self.erf(x / self.sqrt(Fraction(2)))) / Fraction(2)
        if self.sign(x) > 0:
            return 1 - self.normal(-x)
        return self.exp(-(x * x) / Fraction(2)) / self.sqrt(2 * self.pi) * self.mills(-x)

    def sqrt(self, x: Operand) -> Operand:
        """The square root."""
        if not isinstance(x, NearFraction):
            try:
                return RATIONAL.sqrt(Fraction(x))
            except NotRational:
                return self._of(self.base.sqrt, x)
        if x.anchor == 0:
            return self.build(_NOWHERE, self.base.sqrt(x.rest), x.power ** Fraction(1, 2))
        root = self.base.sqrt(self.bounds(x))
        try:
            near = RATIONAL.sqrt(x.anchor)
        except (NotRational, Undefined):
            return self.build(_NOWHERE, root)
        return self.build(near, x.rest / (root + near), x.power)

    def mills(self, x: Operand) -> Operand:
        """Mills' ratio (1 - Phi(x)) / phi(x), for x >= 0."""
        if isinstance(x, NearFraction) and not x.anchor and not x.power.is_one and not self._is_small(x):
            # 1/x - 1/x^3 < M < 1/x
            return 1 / x * NearFraction(self, _NOWHERE, self._nearly_one)
        return self._of(self.base.mills, x)

    def series(self, coefficient: Callable[[int], Fraction], x: Operand) -> Operand:
        """The sum over k >= 0 of ``coefficient(k) * x**k``, for 0 <= x <= 1."""
        return coefficient(0) + x * self._of(lambda u: self.base.series(lambda k: coefficient(k + 1), u), x)

    @property
    def pi(self) -> Operand:
        """Archimedes' constant."""
        return self.build(_NOWHERE, self.base.pi)

    @property
    def ln2(self) -> Operand:
        """The natural logarithm of 2."""
        return self.build(_NOWHERE, self.base.ln2)
