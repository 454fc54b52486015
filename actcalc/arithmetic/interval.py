"""Evaluation in decimal interval arithmetic with directed rounding, to any number of digits.

An ``Interval`` holds a number that is known exactly if its bounds are equal, and otherwise lies *strictly*
between them. Every operation preserves this: bounds are rounded outwards, and operations are strictly
monotonic in arguments that are not exact. So evaluating a formula yields its error bound, and a term too
small to be resolved still counts with its sign: it makes an open interval on one side of an exact number
(Moore, Kearfott and Cloud, Introduction to Interval Analysis, 2009; the open ends are ours).
"""

import decimal
from collections.abc import Callable
from decimal import Context, Decimal, DivisionByZero, InvalidOperation
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Union

from actcalc.arithmetic.operators import Operators
from actcalc.arithmetic.rational import Undefined
from actcalc.numbers.floats import EXACT
from actcalc.numbers.numerals import finite_decimal

_ZERO, _HALF, _ONE, _INFINITY = Decimal(0), Decimal("0.5"), Decimal(1), Decimal("Infinity")
_LOWEST = Decimal("-0.5")  # a minus sign would round by the context of the caller

_MOST_OF_SERIES = Decimal("1.25")
"""The largest argument of a series for which the bound on its remainder holds."""

# Beyond e**±1e17 only the sign of the exponent is kept: decimal's exponents end at 1e18.
_LARGEST_EXPONENT, _SMALLEST_EXPONENT = Decimal("1e17"), Decimal("-1e17")
_HUGE = Decimal("1e43000000000000000")
_TINY = Decimal("1e-43000000000000000")
_FAR_BELOW, _NOTHING = Decimal("-5e17"), Decimal("1e-217000000000000000")
"""An exponent of e and a bound of its power, so small that no exponential can make the product large."""

_TOO_FAR = Decimal("1e12100")
"""Larger than the product of any parameter and any number; only nested functions get there."""

_NARROW = Decimal("1e-7")
"""A width that only rounded numbers have."""

_ATAN_ENOUGH = Decimal("0.1")
"""An argument so small that the series of the arc tangent converges fast."""


Operand = Union["Interval", Fraction, int]


class Undecided(ArithmeticError):
    """More digits are needed before this operation makes sense."""


class DividedByZero(Undecided, Undefined):
    """The divisor is exactly 0, and more digits do not help."""


class Interval(Operators["Interval"]):
    """A number known to lie strictly between two bounds, or exactly if they are equal."""

    __slots__ = ("high", "low", "m")

    def __init__(self, m: "Intervals", low: Decimal, high: Decimal) -> None:
        self.m = m
        self.low = low
        self.high = high

    @property
    def is_zero(self) -> bool:
        """Whether it is exactly 0."""
        return self.low.is_zero() and self.high.is_zero()

    def __add__(self, other: Operand) -> "Interval":
        m = self.m
        b = m.number(other)
        return Interval(m, m.down.add(self.low, b.low), m.up.add(self.high, b.high))

    def __neg__(self) -> "Interval":
        return Interval(self.m, self.high.copy_negate(), self.low.copy_negate())

    def __mul__(self, other: Operand) -> "Interval":
        m, low, high = self.m, self.low, self.high
        b = m.number(other)
        down, up = m.down.multiply, m.up.multiply
        if b.low is b.high:  # often a constant
            low, high = (low, high) if b.low >= _ZERO else (high, low)
            return Interval(m, down(low, b.low), up(high, b.high))
        if low >= _ZERO and b.low >= _ZERO:
            return Interval(m, down(low, b.low), up(high, b.high))
        if high < _ZERO < b.low:
            return Interval(m, down(low, b.high), up(high, b.low))
        pairs = [(x, y) for x in (low, high) for y in (b.low, b.high)]
        return Interval(m, min(down(x, y) for x, y in pairs), max(up(x, y) for x, y in pairs))

    def __truediv__(self, other: Operand) -> "Interval":
        m, low, high = self.m, self.low, self.high
        b = m.number(other)
        if b.is_zero:
            raise DividedByZero("division by 0")
        if b.low <= _ZERO <= b.high:
            raise Undecided("the divisor may be 0")
        down, up = m.down.divide, m.up.divide
        if b.low > _ZERO:
            if low >= _ZERO:
                return Interval(m, down(low, b.high), up(high, b.low))
            if high <= _ZERO and low.is_finite():
                return Interval(m, down(low, b.low), up(high, b.high))
        pairs = [(x, y) for x in (low, high) for y in (b.low, b.high)]
        return Interval(m, min(down(x, y) for x, y in pairs), max(up(x, y) for x, y in pairs))

    def __abs__(self) -> "Interval":
        if self.low >= 0:
            return self
        if self.high <= 0:
            return -self
        raise Undecided("absolute value of a number whose sign is undecided")


class Intervals:
    """The namespace of maths functions over intervals, computed to ``digits`` digits."""

    def __init__(self, digits: int) -> None:
        self.digits = digits
        traps = [InvalidOperation, DivisionByZero]
        self.down = Context(digits, decimal.ROUND_FLOOR, decimal.MIN_EMIN, decimal.MAX_EMAX, traps=traps)
        self.up = Context(digits, decimal.ROUND_CEILING, decimal.MIN_EMIN, decimal.MAX_EMAX, traps=traps)
        self._numbers: dict[tuple[int, int], Interval] = {}
        """Constants by numerator and denominator, which have a hash far sooner than a fraction."""
        self.steps = 0
        """The work done, in products; a function counts for about as many as there are digits."""

    def number(self, x: Operand) -> Interval:
        """``x`` as an interval: exact if it has a finite decimal expansion, however long."""
        self.steps += 1  # every operation asks for its operand
        if isinstance(x, Interval):
            return x
        key = x.numerator, x.denominator
        known = self._numbers.get(key)
        if known is None:
            exact = finite_decimal(Fraction(x))
            if exact is None:
                n, d = Decimal(x.numerator), Decimal(x.denominator)
                known = Interval(self, self.down.divide(n, d), self.up.divide(n, d))
            else:
                known = Interval(self, exact, exact)
            self._numbers[key] = known
        return known

    def between(self, low: Decimal, high: Decimal) -> Interval:
        """A number from ``low`` to ``high``, both included."""
        return Interval(self, self.down.next_minus(low), self.up.next_plus(high))

    def sign(self, x: Operand) -> int:
        """The sign of x: -1, 0 or 1. Raises Undecided if the bounds do not decide it."""
        x = self.number(x)
        if x.low == x.high:
            return (x.low > 0) - (x.low < 0)
        if x.low < 0 < x.high:
            raise Undecided("the number may be 0")
        return 1 if x.low >= 0 else -1

    def _increasing(
        self, x: Operand, at_zero: Decimal | None, bounds: Callable[[Decimal], tuple[Decimal, Decimal]]
    ) -> Interval:
        """A strictly increasing function, given by its value at 0 and strict ``bounds`` at other decimals."""

        x = self.number(x)
        low, high = bounds(x.low) if x.low or at_zero is None else (at_zero, at_zero)
        if x.low != x.high:
            high = bounds(x.high)[1] if x.high or at_zero is None else at_zero
        return Interval(self, low, high)

    def exp(self, x: Operand) -> Interval:
        """e to the power of x."""
        return self._increasing(x, _ONE, self._exp)

    def _exp(self, x: Decimal) -> tuple[Decimal, Decimal]:
        if x > _LARGEST_EXPONENT:
            return _HUGE, _INFINITY
        if x < _SMALLEST_EXPONENT:
            return _ZERO, (_TINY if x > _FAR_BELOW else _NOTHING)
        if x.adjusted() < -self.digits:
            # 1 + x < e^x, and e^x < 1 + x + x^2 for |x| < 1: one side of 1 is sharp.
            return (_ONE, self.up.next_plus(_ONE)) if x > 0 else (self.down.next_minus(_ONE), _ONE)
        self.steps += self.digits // max(1, -x.adjusted())  # small x need fewer terms
        # decimal rounds exp to the nearest number of its precision.
        y = _exp_of(self.digits, x)
        return self.down.next_minus(y), self.up.next_plus(y)

    def expm1(self, x: Operand) -> Interval:
        """e to the power of x, minus 1."""
        return self._increasing(x, _ZERO, self._expm1)

    def _expm1(self, x: Decimal) -> tuple[Decimal, Decimal]:
        magnitude = x.adjusted()
        if magnitude < -self.digits:
            # x < e^x - 1 < x + x^2 for |x| < 1
            return x, self.up.add(x, self.up.multiply(x, x))
        self.steps += self.digits
        wide = with_digits(self.digits + max(0, -magnitude))
        low, high = wide._exp(x)
        return self.down.subtract(low, _ONE), self.up.subtract(high, _ONE)

    def log1p(self, x: Operand) -> Interval:
        """The natural logarithm of 1 + x."""
        x = self.number(x)
        if x.high <= -1:
            raise Undefined("log of a number that is not positive")
        width = self.up.subtract(x.high, x.low)
        if not width or width > _NARROW or x.low < _LOWEST or x.low.adjusted() < -self.digits or not x.low:
            return self._increasing(x, _ZERO, self._log1p)
        # It rises by less than x does, divided by 1 + x.
        low, high = self._log1p(x.low)
        return Interval(self, low, self.up.add(high, self.up.divide(width, self.down.add(x.low, _ONE))))

    def _log1p(self, x: Decimal) -> tuple[Decimal, Decimal]:
        magnitude = x.adjusted()
        if magnitude < -self.digits:
            # x - x^2 < ln(1 + x) < x for |x| < 1/2
            return self.down.subtract(x, self.up.multiply(x, x)), x
        if x <= -1:
            raise Undecided("the argument of a logarithm may not be positive")
        self.steps += self.digits
        wide = with_digits(self.digits + max(0, -magnitude))
        # decimal rounds ln to the nearest number of its precision.
        below, above = wide.down.add(x, _ONE), wide.up.add(x, _ONE)
        y = wide.down.ln(below)
        low, high = wide.down.next_minus(y), wide.up.next_plus(y)
        if below != above and below < _HALF:
            high = wide.up.next_plus(wide.up.ln(above))
        elif below != above:  # the logarithm rises by less than its argument, divided by it
            high = wide.up.add(high, wide.up.divide(wide.up.subtract(above, below), below))
        return self.down.plus(low), self.up.plus(high)

    def log(self, x: Operand) -> Interval:
        """The natural logarithm."""
        x = self.number(x)
        if x.high <= 0:
            raise Undefined("log of a number that is not positive")
        return self._increasing(x, None, self._log)

    def _log(self, x: Decimal) -> tuple[Decimal, Decimal]:
        if x <= 0:
            raise Undecided("the argument of a logarithm may not be positive")
        if x == 1:
            return _ZERO, _ZERO
        if x.is_infinite():
            return _HUGE, _INFINITY
        self.steps += self.digits
        y = _log_of(self.digits, x)  # rounded to the nearest number
        return self.down.next_minus(y), self.up.next_plus(y)

    def sin(self, x: Operand) -> Interval:
        """The sine."""
        return self._wave(x, 0)

    def cos(self, x: Operand) -> Interval:
        """The cosine."""
        return self._wave(x, 1)

    def _wave(self, x: Operand, quarters: int) -> Interval:
        """sin(x + quarters * pi/2), by Taylor's series near the nearest multiple of pi/2."""
        x = self.number(x)
        if x.is_zero:
            return self.number(quarters % 2)
        if max(x.low.copy_abs(), x.high.copy_abs()) > _TOO_FAR:
            raise Undecided("the argument of a sine is too large")
        self.steps += self.digits
        wide = with_digits(self.digits + 5 + max(0, x.high.adjusted(), x.low.adjusted()))
        count = 0
        if max(x.low.copy_abs(), x.high.copy_abs()) > _HALF:
            count = round(wide.down.divide(x.low, wide.right_angle.low))
        near = Interval(wide, x.low, x.high)
        if count:
            near = near - wide.right_angle * count
        wide = with_digits(self.digits + 5)
        near = Interval(wide, wide.down.plus(near.low), wide.up.plus(near.high))
        count += quarters
        total = term = near if count % 2 == 0 else wide.number(1)
        square, k = near * near, 1 if count % 2 == 0 else 0
        if max(near.low.copy_abs(), near.high.copy_abs()) > 1:
            raise Undecided("the argument of a sine is too uncertain")
        # The terms alternate and shrink by more than half each: the remainder is less than the next term.
        smallest = max(near.low.copy_abs(), near.high.copy_abs()) if count % 2 == 0 else _ONE
        while True:
            term = -(term * square) / ((k + 1) * (k + 2))
            k += 2
            size = max(term.low.copy_abs(), term.high.copy_abs())
            if size <= smallest.scaleb(-wide.digits - 1, EXACT):
                break
            total = total + term
        low, high = wide.down.subtract(total.low, size), wide.up.add(total.high, size)
        if count % 4 > 1:
            low, high = high.copy_negate(), low.copy_negate()
        return Interval(self, self.down.plus(low), self.up.plus(high))

    def atan(self, x: Operand) -> Interval:
        """The angle whose tangent is x."""
        return self._increasing(x, _ZERO, self._atan)

    def _atan(self, x: Decimal) -> tuple[Decimal, Decimal]:
        if x < 0:
            low, high = self._atan(x.copy_negate())
            return high.copy_negate(), low.copy_negate()
        if x.is_infinite():
            half = self.pi / 2
            return half.low, half.high
        self.steps += 3 * self.digits
        m = with_digits(self.digits + 5)
        t = Interval(m, x, x)
        if x > 1:  # atan x = pi/2 - atan 1/x
            small = m.atan(1 / t)
            angle = m.pi / 2 - small
            return self.down.plus(angle.low), self.up.plus(angle.high)
        halvings = 0
        while t.high > _ATAN_ENOUGH:  # atan t = 2 atan(t / (1 + sqrt(1 + t^2)))
            t = t / (1 + m.sqrt(1 + t * t))
            halvings += 1
        total, power, square, k = t, t, t * t, 1
        while True:
            power = -(power * square)
            k += 2
            term = power / k
            size = max(term.low.copy_abs(), term.high.copy_abs())
            if size <= total.low.scaleb(-m.digits - 1, EXACT):
                break
            total = total + term
        factor = Decimal(2**halvings)
        return (
            self.down.multiply(factor, m.down.subtract(total.low, size)),
            self.up.multiply(factor, m.up.add(total.high, size)),
        )

    def erfc(self, x: Operand) -> Interval:
        """The complementary error function: 2 (1 - Phi(x sqrt(2)))."""
        return 2 * self.normal(-(self.number(x) * self.sqrt(2)))

    def erf(self, x: Operand) -> Interval:
        """The error function; near 0 by Abramowitz and Stegun 7.1.6, whose terms are all positive."""
        return self._increasing(x, _ZERO, self._erf)

    def _erf(self, x: Decimal) -> tuple[Decimal, Decimal]:
        if x < 0:
            low, high = self._erf(x.copy_negate())
            return high.copy_negate(), low.copy_negate()
        if x.is_infinite() or x > 1:
            value = 1 - self.erfc(Interval(self, x, x))
            return value.low, value.high
        t = Interval(self, x, x)
        total = term = t
        k = 1
        while term.high > total.low.scaleb(-self.digits - 2, EXACT):
            k += 2
            term = term * (2 * t * t) / k
            total = total + term
        # From here on each term is at most half of the one before.
        total = Interval(self, total.low, self.up.add(total.high, self.up.multiply(term.high, Decimal(4))))
        value = 2 * self.exp(-(t * t)) / self.sqrt(self.pi) * total
        return value.low, value.high

    def normal(self, x: Operand) -> Interval:
        """Phi, the standard normal distribution, by Mills' ratio."""
        return self._increasing(x, _HALF, self._normal)

    def _normal(self, x: Decimal) -> tuple[Decimal, Decimal]:
        if x.is_infinite():
            return (_ONE, _ONE) if x > 0 else (_ZERO, _ZERO)
        t = Interval(self, x, x)
        tail = self.exp(-(t * t) / 2) / self.sqrt(2 * self.pi) * self.mills(abs(t))
        value = tail if x < 0 else 1 - tail
        return value.low, value.high

    def sqrt(self, x: Operand) -> Interval:
        """The square root."""
        x = self.number(x)
        if x.high < 0 or (x.high == 0 and x.low < 0):
            raise Undefined("square root of a negative number")
        return self._increasing(x, _ZERO, self._sqrt)

    def _sqrt(self, x: Decimal) -> tuple[Decimal, Decimal]:
        if x < 0:
            raise Undecided("the argument of a square root may be negative")
        root = self.down.sqrt(x)
        if EXACT.multiply(root, root) == x:
            return root, root
        return self.down.next_minus(root), self.up.next_plus(root)

    @cached_property
    def pi(self) -> Interval:
        """Archimedes' constant, by Machin's formula pi = 16 atan(1/5) - 4 atan(1/239)."""
        scale = 10 ** (self.digits + 10)
        count = 0
        total = 0
        for factor, base in ((16, 5), (-4, 239)):
            term, k = factor * scale // base, 0
            while term not in (0, -1):
                total += (-term if k % 2 else term) // (2 * k + 1)
                term //= base * base
                k += 1
            count += 4 * k + 4  # each term has an error of less than 4 units: two floors, and the tail
        exponent = -self.digits - 10
        return Interval(
            self,
            self.down.scaleb(Decimal(total - count), exponent),
            self.up.scaleb(Decimal(total + count), exponent),
        )

    @cached_property
    def right_angle(self) -> Interval:
        """Half of pi."""
        return self.pi / 2

    @cached_property
    def ln2(self) -> Interval:
        """The natural logarithm of 2."""
        return self.log1p(1)

    def series(self, coefficient: Callable[[int], Fraction], x: Operand) -> Interval:
        """The sum over k >= 0 of ``coefficient(k) * x**k``, for 0 <= x <= 1.

        The coefficients are positive and each is at most half of the one before it.
        """
        x = self.number(x)
        if x.high > _MOST_OF_SERIES:
            raise Undecided("the argument of a series may be greater than 1")
        total = power = self.number(1)
        total = total * coefficient(0)
        k = 0
        while True:
            k += 1
            power = power * x
            term = power * coefficient(k)
            if term.high <= total.low.scaleb(-self.digits - 1, EXACT) or term.high.is_zero():
                # The remainder is at most this term plus half of it, a quarter, ...
                return Interval(
                    self, total.low, self.up.add(total.high, self.up.multiply(term.high, Decimal(2)))
                )
            total = total + term

    def mills(self, x: Operand) -> Interval:
        """Mills' ratio of the standard normal distribution, (1 - Phi(x)) / phi(x), for x >= 0.

        It is computed by a series for small x and by a continued fraction for large x (Abramowitz and Stegun,
        Handbook of Mathematical Functions, 26.2.11 and 26.2.14).
        """
        x = self.number(x)
        low, high = self._mills(x.low)
        if x.low != x.high:
            # The ratio M falls, but by less than x rises: its slope is x M - 1.
            least = self.down.subtract(low, self.up.subtract(x.high, x.low))
            is_near = self.up.subtract(low, least) < low.scaleb(4 - self.digits, EXACT)
            low = least if is_near else self._mills(x.high)[0]
        return Interval(self, low, high)

    def _mills(self, x: Decimal) -> tuple[Decimal, Decimal]:
        if x < 0:
            raise Undecided("the argument of Mills' ratio may be negative")
        if float(x) * float(x) > 1.1 * self.digits:
            return self._mills_fraction(x)
        return self._mills_series(x)

    def _mills_fraction(self, x: Decimal) -> tuple[Decimal, Decimal]:
        down, up = self.down, self.up
        # A tail of the fraction lies between 0 and n/x. This number of terms was found to suffice.
        terms = int(2.2 * (self.digits / float(x)) ** 2 + 0.45 * self.digits) + 3
        self.steps += 4 * terms
        low, high = _ZERO, up.divide(Decimal(terms), x)
        for n in range(terms - 1, -1, -1):
            numerator = Decimal(n) if n else _ONE
            low, high = down.divide(numerator, up.add(x, high)), up.divide(numerator, down.add(x, low))
        return low, high

    def _mills_series(self, x: Decimal) -> tuple[Decimal, Decimal]:
        # sqrt(pi/2) e^(x^2/2) minus the sum of x^(2n+1) / (1 * 3 * ... * (2n+1)), which cancel.
        m = with_digits(self.digits + 5 + int(float(x) ** 2 / 4))
        down = m.down
        square = down.multiply(x, x)
        term = total = x
        smallest, divisor = _ONE.scaleb(-m.digits, EXACT), 1
        while term > smallest or m.up.add(square, square) > divisor:
            divisor += 2
            term = down.divide(down.multiply(term, square), Decimal(divisor))
            total = down.add(total, term)
        self.steps += 3 * divisor
        # The remainder is less than this term. Each term and each sum has been rounded down at most
        # 2 * divisor times, each time by less than 10**(1 - digits) of itself.
        loss = m.up.multiply(total, Decimal(3 * divisor + 1).scaleb(1 - m.digits, EXACT))
        taken = Interval(m, total, m.up.add(total, m.up.add(term, loss)))
        half_square = Interval(m, square, m.up.multiply(x, x)) / 2
        ratio = m.sqrt(m.pi / 2) * m.exp(half_square) - taken
        return self.down.plus(ratio.low), self.up.plus(ratio.high)


_at_digits: dict[int, Intervals] = {}


def with_digits(digits: int) -> Intervals:
    """The interval arithmetic with this many digits, cached with its constants."""
    if digits not in _at_digits:
        _at_digits[digits] = Intervals(digits)
    return _at_digits[digits]


# A formula and its derivatives need the same exponentials and logarithms at a point again and again.


@lru_cache(maxsize=256)
def _exp_of(digits: int, x: Decimal) -> Decimal:
    return with_digits(digits).down.exp(x)


@lru_cache(maxsize=256)
def _log_of(digits: int, x: Decimal) -> Decimal:
    return with_digits(digits).down.ln(x)
