"""Symbolic evaluation, for values that no number of digits decides, such as a zero or a tie.

A number is a quotient of sums of products of rational numbers and powers of symbols: e, pi, Phi(1) and the
like, known only by how they are computed. Where all of them cancel, the rest is the exact value: at 1 the
slope of z*exp(-z**2/2) is exp(-1/2) - exp(-1/2). Where they do not, interval arithmetic encloses the value
and determines the signs that a formula asks for.
"""

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, TypeAlias, Union

from actcalc.arithmetic.interval import Interval, Intervals, with_digits
from actcalc.arithmetic.operators import Operators
from actcalc.arithmetic.rational import RATIONAL, NotRational, Undefined

Product: TypeAlias = frozenset[tuple[Any, Fraction]]
"""Symbols with their exponents."""
Sum: TypeAlias = Mapping[Product, Fraction]
"""Products with their nonzero coefficients."""
Operand = Union["Quotient", Fraction, int]

_ONE: Product = frozenset()
_MOST_BITS = 4_000_000
"""The limit on the total size of the coefficients processed."""
_POSITIVE = ("exp", "pi", "root", "normal")
_PI: Product = frozenset({(("pi", None), Fraction(1))})
_DIGITS = (30, 100, 400)
"""The digits with which an interval is tried to find a sign."""
_SMALL_PRIMES = [n for n in range(2, 100) if all(n % k for k in range(2, n))]
_SQUARES = {
    Fraction(0): Fraction(0),
    Fraction(1, 6): Fraction(1, 4),
    Fraction(1, 4): Fraction(1, 2),
    Fraction(1, 3): Fraction(3, 4),
    Fraction(1, 2): Fraction(1),
}
"""Squares of sines, by the angle in half turns."""


class Quotient(Operators["Operand"]):
    """A sum divided by powers of other sums."""

    __slots__ = ("above", "below", "m")

    def __init__(self, m: "Algebra", above: Sum, below: Mapping[frozenset[Any], int]) -> None:
        self.m, self.above, self.below = m, above, below

    @property
    def key(self) -> Any:
        return frozenset(self.above.items()), frozenset(self.below.items())

    def __add__(self, other: Operand) -> Operand:
        a, b = self, self.m.number(other)
        below = {
            factor: max(a.below.get(factor, 0), b.below.get(factor, 0)) for factor in {**a.below, **b.below}
        }
        total = dict(self.m.expand(a, below))
        for product, c in self.m.expand(b, below).items():
            total[product] = total.get(product, Fraction(0)) + c
        return self.m.build(total, below)

    def __neg__(self) -> Operand:
        return self * -1

    def __mul__(self, other: Operand) -> Operand:
        b = self.m.number(other)
        below = {f: self.below.get(f, 0) + b.below.get(f, 0) for f in {**self.below, **b.below}}
        return self.m.build(self.m.product(self.above, b.above), below)

    def __truediv__(self, other: Operand) -> Operand:
        if not isinstance(other, Quotient):
            return self * (1 / Fraction(other))
        self.m.sign(other)  # proves that the divisor is not 0, which symbols alone do not show
        rest = self * self.m.build(self.m.expand(self.m.number(1), other.below), {})
        if len(other.above) == 1:
            ((product, c),) = other.above.items()
            inverse = self.m.product(
                {_ONE: 1 / c}, {frozenset((s, -power) for s, power in product): Fraction(1)}
            )
            return rest * Quotient(self.m, inverse, {})
        # Multiples of a sum are normalized to the same divisor.
        c = other.above.get(_ONE, Fraction(1))
        divisor = frozenset((product, factor / c) for product, factor in other.above.items())
        return rest * Quotient(self.m, {_ONE: 1 / c}, {divisor: 1})


def _symbol_function(name: str) -> Callable[["Algebra", Operand], Operand]:
    """Make an opaque function: its value is a symbol unless it is rational."""

    def function(m: "Algebra", x: Operand) -> Operand:
        if isinstance(x, Quotient):
            return m.symbol(name, x.key)
        try:
            return Fraction(getattr(RATIONAL, name)(Fraction(x)))
        except NotRational:
            return m.symbol(name, x)

    return function


class Algebra:
    """The namespace of maths functions over fractions and quotients, for one formula at one point."""

    def __init__(self) -> None:
        self._left = _MOST_BITS
        self._factors: dict[Any, Interval] = {}

    def number(self, x: Operand) -> Quotient:
        return x if isinstance(x, Quotient) else Quotient(self, {_ONE: Fraction(x)} if x else {}, {})

    def build(self, above: Sum, below: Mapping[frozenset[Any], int]) -> Operand:
        """Make a quotient, or a fraction if it is rational."""
        self._spend(1, above)
        above = {product: c for product, c in above.items() if c}
        if not above or (not below and set(above) == {_ONE}):
            return above.get(_ONE, Fraction(0))
        return Quotient(self, above, below)

    def product(self, a: Sum, b: Sum) -> Sum:
        """The product of two sums. Raises NotRational if it is too much work."""
        self._spend(len(b), a)
        self._spend(len(a), b)
        total: dict[Product, Fraction] = {}
        for p, c in a.items():
            for q, d in b.items():
                product, factor = _product(p, q)
                total[product] = total.get(product, Fraction(0)) + c * d * factor
        return total

    def _spend(self, times: int, a: Sum) -> None:
        for n, d in map(Fraction.as_integer_ratio, a.values()):
            self._left -= times * (64 + n.bit_length() + d.bit_length())
        if self._left < 0:
            raise NotRational

    def expand(self, x: Quotient, below: Mapping[frozenset[Any], int]) -> Sum:
        """The numerator of x over the common divisors ``below``."""
        above = x.above
        for factor, count in below.items():
            for _ in range(count - x.below.get(factor, 0)):
                above = self.product(above, dict(factor))
        return above

    def symbol(self, name: str, of: Any = None, power: Fraction = Fraction(1)) -> Quotient:
        return Quotient(self, {frozenset([((name, of), power)]): Fraction(1)}, {})

    def sign(self, x: Operand) -> int:
        """The sign of x, from its terms if they share it and all symbols are positive, else from an interval.

        Raises NotRational if hundreds of digits do not tell x from 0.
        """
        if not isinstance(x, Quotient):
            return RATIONAL.sign(Fraction(x))
        sums = [x.above, *map(dict, x.below)]
        signs = [{RATIONAL.sign(c) for c in total.values()} for total in sums]
        symbols = {name for total in sums for product in total for (name, _), _ in product}
        if not symbols.difference(_POSITIVE) and signs[1:] == [{1}] * len(x.below) and len(signs[0]) == 1:
            return signs[0].pop()
        for digits in _DIGITS:
            bounds = self.enclose(x, with_digits(digits))
            if not bounds.low < 0 < bounds.high:
                return 1 if bounds.low >= 0 else -1
        raise NotRational

    def enclose(self, x: Operand, m: Intervals) -> Interval:
        """An interval that contains x. Raises ArithmeticError if the digits of ``m`` are too few."""
        if not isinstance(x, Quotient):
            return m.number(x)
        value = self._enclose_sum(m, x.above)
        for factor, count in x.below.items():
            value = value / self._enclose_sum(m, dict(factor)) ** count
        return value

    def _enclose_sum(self, m: Intervals, total: Sum) -> Interval:
        value = m.number(0)
        for product, c in total.items():
            term, exponents = m.number(c), []
            for (name, of), power in product:
                if name == "exp":
                    exponents.append((of, power))
                else:
                    term = term * self._factor(m, self._enclose_power, name, of, power)
            value += term * self._factor(m, self._enclose_exp, *exponents)
        return value

    def _factor(self, m: Intervals, enclose: Callable[..., Interval], *of: Any) -> Interval:
        """An enclosure of a factor, cached because many terms share factors."""
        key = m, enclose.__name__, of
        if key not in self._factors:
            self._factors[key] = enclose(m, *of)
        return self._factors[key]

    def _enclose_exp(self, m: Intervals, *exponents: tuple[Any, Fraction]) -> Interval:
        total = m.number(0)
        for (above, below), power in exponents:
            total += self.enclose(Quotient(self, {above: power}, dict(below)), m)
        return m.exp(total)

    def _enclose_power(self, m: Intervals, name: str, of: Any, power: Fraction) -> Interval:
        if name == "pi":
            base = m.pi
        else:
            argument = Quotient(self, dict(of[0]), dict(of[1])) if isinstance(of, tuple) else of
            base = self.enclose(argument, m)
            if name != "root":
                base = getattr(m, name)(base)
        if power.denominator == 2:
            base, power = m.sqrt(base), power * 2
        if power.denominator > 1:
            return m.exp(power * m.log(base))
        value = base ** abs(int(power))
        return value if power > 0 else 1 / value

    atan = _symbol_function("atan")

    def sin(self, x: Operand) -> Operand:
        return self._wave("sin", x, Fraction(0))

    def cos(self, x: Operand) -> Operand:
        return self._wave("cos", x, Fraction(1, 2))

    def _wave(self, name: str, x: Operand, ahead: Fraction) -> Operand:
        """A sine, evaluated in radicals if x is a multiple of pi/4 or pi/6."""
        turns = x.above.get(_PI) if isinstance(x, Quotient) and len(x.above) == 1 and not x.below else None
        if turns is not None:
            turns = (turns + ahead) % 2
            square = _SQUARES.get(min(turns % 1, 1 - turns % 1))
            if square is not None:
                return self.sqrt(square) * (1 if turns < 1 else -1)
        return _symbol_function(name)(self, x)

    def normal(self, x: Operand) -> Operand:
        """Phi of a positive number is a symbol, from which Phi of negative numbers and erf are derived."""
        if self.sign(x) < 0:
            return 1 - self.normal(-x)
        return _symbol_function("normal")(self, x)

    def erf(self, x: Operand) -> Operand:
        return 2 * self.normal(x * self.sqrt(Fraction(2))) - 1

    def erfc(self, x: Operand) -> Operand:
        return 2 * self.normal(-(x * self.sqrt(Fraction(2))))

    def mills(self, x: Operand) -> Operand:
        return self.normal(-x) * self.exp(x * x / Fraction(2)) * self.sqrt(2 * self.pi)

    def exp(self, x: Operand) -> Operand:
        """A product of powers of e**p, one for each product p in x."""
        x = self.number(x)
        below = frozenset(x.below.items())
        powers = frozenset((("exp", (product, below)), c) for product, c in x.above.items())
        return self.build({powers: Fraction(1)}, {})

    def expm1(self, x: Operand) -> Operand:
        return self.exp(x) - 1

    def log(self, x: Operand) -> Operand:
        if self.sign(x) <= 0:
            raise Undefined("log of a number that is not positive")
        return _symbol_function("log")(self, x)

    def log1p(self, x: Operand) -> Operand:
        return self.log(1 + x)

    def sqrt(self, x: Operand) -> Operand:
        """The square root, by halving the exponents of a single product; of a fraction by roots of primes."""
        if not isinstance(x, Quotient):
            try:
                return RATIONAL.sqrt(Fraction(x))
            except NotRational:
                n, d = Fraction(x).as_integer_ratio()
                return self._root(n * d) * Fraction(1, d)
        if self.sign(x) < 0:
            raise Undefined("square root of a negative number")
        ((product, c), *others) = x.above.items()
        # The factors of a nonnegative product may be negative.
        odd = any(e % 2 for (name, _), e in product if name not in _POSITIVE)
        if others or x.below or odd or c < 0:
            return self.symbol("sqrt", x.key)
        root = self.sqrt(c) * Quotient(self, {frozenset((s, e / 2) for s, e in product): Fraction(1)}, {})
        return root if self.sign(root) > 0 else -root

    def _root(self, n: int) -> Operand:
        root: Operand = Fraction(1)
        for prime in _SMALL_PRIMES:
            while n % prime == 0:
                root = root * self.symbol("root", prime, Fraction(1, 2))
                n //= prime
        whole = math.isqrt(n)
        return root * (Fraction(whole) if whole * whole == n else self.symbol("root", n, Fraction(1, 2)))

    @staticmethod
    def series(coefficient: Callable[[int], Fraction], x: Operand) -> Fraction:
        if isinstance(x, Quotient) or x:
            raise NotRational
        return coefficient(0)

    @property
    def pi(self) -> Quotient:
        return self.symbol("pi")

    @property
    def ln2(self) -> Operand:
        return self.log(Fraction(2))


def _product(p: Product, q: Product) -> tuple[Product, Fraction]:
    """The product of two products and a coefficient, which collects the integer powers of roots."""
    powers, factor = dict(p), Fraction(1)
    for symbol, exponent in q:
        exponent += powers.pop(symbol, Fraction(0))
        if symbol[0] == "root":
            whole = math.floor(exponent)
            factor *= Fraction(symbol[1]) ** whole
            exponent -= whole
        if exponent:
            powers[symbol] = exponent
    return frozenset(powers.items()), factor
