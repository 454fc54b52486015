"""Derivatives of formulas from series of fractions plus balls: an oracle independent of actcalc.

A formula is followed from z to z + t and to z - t for small t: the first nonzero term decides every
comparison, and the coefficients are the one-sided derivatives. Every series is a series of fractions plus one
of balls, like ``oracle.Real``: rational parts stay exact, including ties and zeros, and a ball holds only the
rest, which may be arbitrarily smaller. So at a kink under an irrational factor, as in ``abs(pi*z)``, the ball
is exactly 0, and the two sides are told apart.

Nothing is guessed. The answer is the set of right floats: usually one; NaN where the formula is undefined;
both zeros if a number is too small to be told from 0; none if the oracle is undecided.

Parsing, arithmetic and rounding share nothing with the package under test.
"""

import ast
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from flint import arb, arb_series, ctx, fmpq, fmpq_series

from tests.support import oracle
from tests.support.oracle import Fmt, Real, Undecided, nearest, same

FAR = Fraction(10) ** 2000
"""A stand-in for infinity, beyond all floats, even if stretched by parameters that are floats."""

_LEVELS = 5
"""The number of precisions tried before a value counts as undecided."""
_GROWTH = 3
_MOST_TERMS = 40


class NoValue(Exception):
    """The formula is undefined there: an argument is outside the domain of a function."""


class MoreTerms(Exception):
    """All known terms of a series are 0."""


class Open(Exception):
    """The oracle cannot decide with any number of bits or terms."""


# Series


class Jet:
    """A power series in t: a rational series plus one of balls, with ``known`` terms.

    ``degree`` bounds its degree if it is a rational polynomial, else it is None. ``grown`` is (u, w) if it is
    known to be exp(u)*w with a large u, so that its logarithm is u + log(w), which a ball does not show.
    """

    __slots__ = ("degree", "exact", "grown", "known", "rest")

    def __init__(
        self,
        exact: fmpq_series,
        rest: arb_series | None = None,
        degree: int | None = None,
        known: int | None = None,
    ) -> None:
        self.exact = exact
        self.rest = None if rest is not None and _is_nothing(rest) else rest
        self.degree = degree if self.rest is None else None
        self.known = ctx.cap if known is None else known
        self.grown: tuple[Jet, Jet] | None = None

    def __add__(self, other: "Jet") -> "Jet":
        rest = other.rest if self.rest is None else self.rest
        if self.rest is not None and other.rest is not None:
            rest = self.rest + other.rest
        degree = None
        if self.degree is not None and other.degree is not None:
            degree = max(self.degree, other.degree)
        found = Jet(self.exact + other.exact, rest, degree, min(self.known, other.known))
        for x, added in ((self, other), (other, self)):
            if x.grown is not None and added.degree == 0 and added.exact[0] > 0:
                u, w = x.grown
                found.grown = u, w + added * _exp(-u)
        return found

    def __neg__(self) -> "Jet":
        return Jet(-self.exact, None if self.rest is None else -self.rest, self.degree, self.known)

    def __sub__(self, other: "Jet") -> "Jet":
        return self + -other

    def __mul__(self, other: "Jet") -> "Jet":
        if self.is_zero() or other.is_zero():
            return _constant(0)
        for x, factor in ((self, other), (other, self)):
            if x.grown is not None and factor.degree == 0 and factor.exact[0] > 0:
                u, w = x.grown
                product = Jet(_nothing(), x.ball() * arb(factor.exact[0]), None, x.known)
                product.grown = u, w * factor
                return product
        known = ctx.cap
        if self.known < known or other.known < known:
            ends = self.first() + other.known, other.first() + self.known
            known = min(known, *ends)
        exact = self.exact * other.exact
        if self.rest is None and other.rest is None:
            both = self.degree is not None and other.degree is not None
            return Jet(exact, None, self.degree + other.degree if both else None, known)  # type: ignore[operator]
        rest = None
        for part, whole in ((self.rest, other.exact), (other.rest, self.exact)):
            if part is not None and whole.length():
                term = part * _ball_series(whole)
                rest = term if rest is None else rest + term
        if self.rest is not None and other.rest is not None:
            term = self.rest * other.rest
            rest = term if rest is None else rest + term
        return Jet(exact, rest, None, known)

    def __truediv__(self, other: "Jet") -> "Jet":
        if other.sign_of_value() == 0:
            raise NoValue
        if self.grown is not None and other.degree == 0:
            return self * (_constant(1) / other)
        known = min(self.known, other.known)
        if other.rest is None:
            rest = None if self.rest is None else self.rest / _ball_series(other.exact)
            is_scaled = other.degree == 0 and self.degree is not None
            return Jet(self.exact / other.exact, rest, self.degree if is_scaled else None, known)
        if _is_small(other):
            quotient = self.exact / other.exact
            over = -(_ball_series(quotient) * other.rest)
            over = over if self.rest is None else over + self.rest
            return Jet(quotient, over / other.ball(), None, known)
        return Jet(_nothing(), self.ball() / other.ball(), None, known)

    def ball(self) -> arb_series:
        if self.rest is not None and not self.exact.length():
            return self.rest
        exact = _ball_series(self.exact)
        return exact if self.rest is None else self.rest + exact

    def value(self) -> Real:
        return self[0]

    def __getitem__(self, k: int) -> Real:
        return Real(self.exact[k], _ball_or_none(self.rest, k))

    def is_zero(self) -> bool:
        """Whether it is certainly 0 in all terms."""
        return self.degree is not None and self.degree < ctx.cap and not self.exact.length()

    def first(self) -> int:
        """The index of the first term that is not certainly 0."""
        for k in range(self.known):
            if self.exact[k] != 0 or not _is_zero(self.rest, k):
                return k
        return self.known

    def sign_of_value(self) -> int:
        return self[0].sign()

    def sign(self) -> int:
        """Its sign for small t > 0."""
        for k in range(self.known):
            sign = self[k].sign()
            if sign:
                return sign
        if self.is_zero():
            return 0
        if self.known < ctx.cap:
            raise Open
        raise MoreTerms


def _is_nothing(rest: arb_series) -> bool:
    return not rest.length() or (bool(rest[0] == 0) and all(c == 0 for c in rest.coeffs()))


def _ball_or_none(rest: arb_series | None, k: int) -> arb | None:
    if rest is None:
        return None
    return None if _is_zero(rest, k) else rest[k]


def _is_zero(rest: arb_series | None, k: int) -> bool:
    """Whether a term is certainly 0; two balls that are not unequal need not be equal."""
    return rest is None or bool(rest[k] == 0)


def _rational(x: fmpq) -> fmpq_series:
    return fmpq_series([x], prec=ctx.cap)


def _nothing() -> fmpq_series:
    return fmpq_series([0], prec=ctx.cap)


def _ball_series(exact: fmpq_series) -> arb_series:
    return arb_series([arb(c) for c in exact.coeffs()], prec=ctx.cap)


def _constant(x: Fraction | int) -> Jet:
    return Jet(fmpq_series([fmpq(*x.as_integer_ratio())], prec=ctx.cap), None, 0)


def _irrational(x: arb) -> Jet:
    """An irrational constant."""
    return Jet(_nothing(), arb_series([x], prec=ctx.cap))


def _is_small(x: Jet) -> bool:
    """Whether the ball is smaller than the fraction, so that it pays to keep them apart."""
    return x.rest is not None and x.exact[0] != 0 and bool(2 * abs(x.rest[0]) < abs(arb(x.exact[0])))


def _with_value(series: arb_series, value: arb) -> arb_series:
    """The series with its constant term replaced."""
    return arb_series([value, *series.coeffs()[1:]], prec=ctx.cap)


def _expm1(x: arb_series) -> arb_series:
    return _with_value(x.exp(), x[0].expm1())


def _log1p(x: arb_series) -> arb_series:
    return _with_value((1 + x).log(), x[0].log1p())


# Functions

_GREAT = 30
"""The argument beyond which exponentials dominate sums."""


def _exp(x: Jet) -> Jet:
    at = x.exact[0]
    if x.rest is None and at == 0:
        return Jet(x.exact.exp(), None, 0 if x.is_zero() else None, x.known)
    if x.rest is not None and at == 0 and x.rest[0] > -1:
        exact = x.exact.exp()
        return Jet(exact, _ball_series(exact) * _expm1(x.rest), None, x.known)
    found = Jet(_nothing(), x.ball().exp(), None, x.known)
    if x.ball()[0] > _GREAT:
        found.grown = x, _constant(1)
    return found


def _exp_less_one(x: Jet) -> Jet:
    if x.exact[0] != 0 and abs(x.ball()[0]) < 1:
        return Jet(_nothing(), _expm1(x.ball()), None, x.known)
    return _exp(x) - _constant(1)


def _log(x: Jet) -> Jet:
    if x.sign_of_value() <= 0:
        raise NoValue
    if x.grown is not None:
        u, w = x.grown
        return u + _log(w)
    at = x.exact[0]
    if x.rest is None or (at > 0 and _is_small(x)):
        found = Jet((x.exact / _rational(at)).log(), None, None, x.known)
        if at != 1:
            found = found + _irrational(arb(at).log())
        if x.rest is not None:
            found = found + Jet(_nothing(), _log1p(x.rest / _ball_series(x.exact)))
        return found
    return Jet(_nothing(), x.ball().log(), None, x.known)


def _tanh(x: Jet) -> Jet:
    if x.rest is None and x.exact[0] == 0:
        return Jet(x.exact.tanh(), None, 0 if x.is_zero() else None, x.known)
    at = x.ball()[0]
    one, two = _constant(1), _constant(2)
    if at > 1:
        return one - two / (_exp(two * x) + one)
    if at < -1:
        return two / (_exp(-two * x) + one) - one
    grown = _expm1(2 * x.ball())
    return Jet(_nothing(), grown / (grown + 2), None, x.known)


def _sinh(x: Jet) -> Jet:
    if x.rest is None and x.exact[0] == 0:
        return Jet(x.exact.sinh(), None, 0 if x.is_zero() else None, x.known)
    if abs(x.ball()[0]) < 1:
        grown = _expm1(x.ball())
        return Jet(_nothing(), (grown + grown / (1 + grown)) / 2, None, x.known)
    return (_exp(x) - _exp(-x)) / _constant(2)


def _cosh(x: Jet) -> Jet:
    found = (_exp(x) + _exp(-x)) / _constant(2)
    at = x.ball()[0]
    if abs(at) > _GREAT:
        size = x if at > 0 else -x
        found.grown = size, (_constant(1) + _exp(-size - size)) / _constant(2)
    return found


def _sin(x: Jet) -> Jet:
    if x.rest is None and x.exact[0] == 0:
        return Jet(x.exact.sin(), None, 0 if x.is_zero() else None, x.known)
    return Jet(_nothing(), x.ball().sin(), None, x.known)


def _cos(x: Jet) -> Jet:
    if x.rest is None and x.exact[0] == 0:
        return Jet(x.exact.cos(), None, 0 if x.is_zero() else None, x.known)
    return Jet(_nothing(), x.ball().cos(), None, x.known)


def _atan(x: Jet) -> Jet:
    if x.rest is not None:
        return Jet(_nothing(), x.ball().atan(), None, x.known)
    exact = (x.exact.derivative() / (1 + x.exact * x.exact)).integral() if ctx.cap > 1 else _nothing()
    exact = fmpq_series(exact.coeffs() or [0], prec=ctx.cap)
    at = x.exact[0]
    rest = None if at == 0 else arb_series([arb(at).atan()], prec=ctx.cap)
    return Jet(exact, rest, 0 if x.is_zero() else None, x.known)


def _integral(slope: arb_series, x: arb_series) -> arb_series:
    """The integral of slope(x) dx from 0."""
    if ctx.cap == 1:
        return arb_series([0], prec=1)
    return arb_series((slope * x.derivative()).integral().coeffs() or [0], prec=ctx.cap)


def _erf(x: Jet) -> Jet:
    ball = x.ball()
    at, grown = ball[0], _integral(2 / arb.pi().sqrt() * (-ball * ball).exp(), ball)
    exact = _nothing()
    if at == 0:
        value = arb(0)
    elif at > 1 or at < -1:
        side = 1 if at > 0 else -1
        value, exact = -side * oracle._erfc(abs(at)), exact + side
    else:
        value = at.erf()
    return Jet(exact, grown + value, None, x.known)


def _erfc(x: Jet) -> Jet:
    return _constant(1) - _erf(x)


def _phi_series(ball: arb_series) -> arb_series:
    return (-ball * ball / 2).exp() / (2 * arb.pi()).sqrt()


def _normal(x: Jet) -> Jet:
    ball = x.ball()
    at, grown = ball[0], _integral(_phi_series(ball), ball)
    exact = _nothing()
    if at > 1:
        value, exact = -oracle._erfc(at / arb(2).sqrt()) / 2, exact + 1
    elif at < -1:
        value = oracle._erfc(-at / arb(2).sqrt()) / 2
    else:
        value, exact = arb(0) if at == 0 else (at / arb(2).sqrt()).erf() / 2, exact + _rational(fmpq(1, 2))
    return Jet(exact, grown + value, None, x.known)


def _density(x: Jet) -> Jet:
    return Jet(_nothing(), _phi_series(x.ball()), None, x.known)


def _power(x: Jet, exponent: Fraction) -> Jet:
    if exponent.denominator == 1:
        whole = int(exponent)
        power = _constant(1)
        for _ in range(abs(whole)):
            power = power * x
        return power if whole >= 0 else _constant(1) / power
    sign = x.sign_of_value()
    if sign < 0 or (sign == 0 and exponent < 0):
        raise NoValue
    if sign == 0:
        return _power_at_zero(x, exponent)
    at = x.exact[0]
    if x.rest is None or (at > 0 and _is_small(x)):
        grown = ((x.exact / _rational(at)).log() * _rational(fmpq(*exponent.as_integer_ratio()))).exp()
        root = _rational_power(at, exponent)
        factor = _constant(root) if root is not None else _irrational(_ball_power(arb(at), exponent))
        found = Jet(grown, None, 0 if x.degree == 0 else None, x.known) * factor
        if x.rest is not None:
            inner = _log1p(x.rest / _ball_series(x.exact)) * arb(fmpq(*exponent.as_integer_ratio()))
            found = found + found * Jet(_nothing(), _expm1(inner))
        return found
    return Jet(_nothing(), (x.ball().log() * arb(fmpq(*exponent.as_integer_ratio()))).exp(), None, x.known)


def _power_at_zero(x: Jet, exponent: Fraction) -> Jet:
    """A root of a series that is 0 at t = 0, c*t**k*(1 + ...), if the result has integer powers of t."""
    if ctx.cap == 1:
        return _constant(0)
    sign = x.sign()
    if sign < 0:
        raise NoValue
    if sign == 0:
        return _constant(0)
    k = x.first()
    reached = k * exponent
    if reached.denominator > 1:
        return Jet(_nothing(), None, None, min(ctx.cap, math.ceil(reached)))
    rest = None if x.rest is None else arb_series(x.rest.coeffs()[k:], prec=ctx.cap)
    exact = fmpq_series(x.exact.coeffs()[k:] or [0], prec=ctx.cap)
    power = _power(Jet(exact, rest, None, x.known - k), exponent)
    shift = [0] * int(reached)
    return Jet(
        fmpq_series([*shift, *power.exact.coeffs()], prec=ctx.cap),
        None if power.rest is None else arb_series([*shift, *power.rest.coeffs()], prec=ctx.cap),
        None,
        min(ctx.cap, power.known + int(reached)),
    )


def _rational_power(x: fmpq, exponent: Fraction) -> Fraction | None:
    """A power of a positive fraction if it is rational, else None."""
    parts = [_root(int(part), exponent.denominator) for part in (x.p, x.q)]
    if None in parts:
        return None
    return Fraction(*parts) ** exponent.numerator  # type: ignore[arg-type]


def _root(n: int, k: int) -> int | None:
    low, high = 0, 1 << (n.bit_length() // k + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**k <= n else (low, middle)
    return low if low**k == n else None


def _ball_power(x: arb, exponent: Fraction) -> arb:
    return x ** arb(fmpq(*exponent.as_integer_ratio()))


# Formulas

Activations = Callable[[str, tuple[tuple[str, Fraction], ...]], tuple[str, Mapping[str, Fraction]]]
"""Looks up the textbook formula of an activation with some parameters, and the values of all parameters."""


class _Run:
    """One evaluation on a side of z, or at z itself if ``side`` is 0."""

    def __init__(self, z: Jet, side: int, parameters: Mapping[str, Fraction], known: Activations) -> None:
        self.z, self.side, self.parameters, self.known = z, side, parameters, known
        self.has_met = False
        """Whether a comparison is an equality at z itself, so that the sides may differ."""

    def sign(self, x: Jet) -> int:
        sign = x.sign_of_value()
        if sign or x.is_zero():
            return sign
        self.has_met = True
        return x.sign() if self.side else 0

    def power(self, x: Jet, exponent: Fraction) -> Jet:
        """A power; a root of 0 also makes the sides differ."""
        self.has_met |= exponent.denominator > 1 and x.sign_of_value() == 0
        return _power(x, exponent)

    def inside(self, z: Jet, parameters: Mapping[str, Fraction]) -> "_Run":
        return _Run(z, self.side, parameters, self.known)


Term = Callable[[_Run], Jet]
Test = Callable[[_Run], bool]

_SMOOTH: Mapping[str, Callable[[Jet], Jet]] = {
    "exp": _exp,
    "expm1": _exp_less_one,
    "log": _log,
    "log1p": lambda x: _log(_constant(1) + x),
    "sin": _sin,
    "cos": _cos,
    "sinh": _sinh,
    "cosh": _cosh,
    "tanh": _tanh,
    "atan": _atan,
    "erf": _erf,
    "erfc": _erfc,
    "Phi": _normal,
    "phi": _density,
}
_COMPARED: Mapping[type, Callable[[int], bool]] = {
    ast.Lt: lambda sign: sign < 0,
    ast.LtE: lambda sign: sign <= 0,
    ast.Gt: lambda sign: sign > 0,
    ast.GtE: lambda sign: sign >= 0,
    ast.Eq: lambda sign: sign == 0,
    ast.NotEq: lambda sign: sign != 0,
}
_OPERATORS: Mapping[type, Callable[[Jet, Jet], Jet]] = {
    ast.Add: Jet.__add__,
    ast.Sub: Jet.__sub__,
    ast.Mult: Jet.__mul__,
    ast.Div: Jet.__truediv__,
}


@lru_cache(maxsize=1024)
def _term(text: str) -> Term:
    return _term_of(ast.parse(text.strip(), mode="eval").body, text.strip())


def _term_of(node: ast.expr, text: str) -> Term:
    def of(part: ast.expr) -> Term:
        return _term_of(part, text)

    match node:
        case ast.Constant():
            number = Fraction(ast.get_source_segment(text, node) or "")
            return lambda run: _constant(number)
        case ast.Name(name):
            return lambda run: _named(name, run)
        case ast.UnaryOp(ast.USub(), x):
            negated = of(x)
            return lambda run: -negated(run)
        case ast.BinOp(x, ast.Pow(), exponent):
            base, power = of(x), _plain(exponent)
            return lambda run: run.power(base(run), power)
        case ast.BinOp(x, op, y):
            a, b, operator = of(x), of(y), _OPERATORS[type(op)]
            return lambda run: operator(a(run), b(run))
        case ast.IfExp(test, x, y):
            holds, a, b = _test_of(test, text), of(x), of(y)
            return lambda run: a(run) if holds(run) else b(run)
        case ast.Call(ast.Name("sqrt"), [x]):
            inner = of(x)
            return lambda run: run.power(inner(run), Fraction(1, 2))
        case ast.Call(ast.Name("abs"), [x]):
            inner = of(x)
            return lambda run: _absolute(inner(run), run)
        case ast.Call(ast.Name("max" | "min" as name), parts):
            inners, sign = [of(part) for part in parts], 1 if name == "max" else -1
            return lambda run: _extreme([inner(run) for inner in inners], sign, run)
        case ast.Call(ast.Name(name), [x]) if name in _SMOOTH:
            inner, function = of(x), _SMOOTH[name]
            return lambda run: function(inner(run))
        case ast.Call(ast.Name(name), [x], keywords):
            inner = of(x)
            given = tuple((word.arg or "", _plain(word.value)) for word in keywords)
            return lambda run: _activation(name, given, inner(run), run)
    raise AssertionError(ast.dump(node))


def _plain(node: ast.expr) -> Fraction:
    """The value of a constant, which may have a sign or be a quotient."""
    match node:
        case ast.UnaryOp(ast.USub(), x):
            return -_plain(x)
        case ast.BinOp(x, ast.Div(), y):
            return _plain(x) / _plain(y)
    return Fraction(ast.unparse(node))


def _named(name: str, run: _Run) -> Jet:
    if name == "z":
        return run.z
    if name in run.parameters:
        return _constant(run.parameters[name])
    return _irrational({"pi": arb.pi(), "e": arb.const_e()}[name])


def _absolute(x: Jet, run: _Run) -> Jet:
    return -x if run.sign(x) < 0 else x


def _extreme(parts: list[Jet], sign: int, run: _Run) -> Jet:
    best = parts[0]
    for part in parts[1:]:
        if run.sign(part - best) == sign:
            best = part
    return best


def _activation(name: str, given: tuple[tuple[str, Fraction], ...], x: Jet, run: _Run) -> Jet:
    text, parameters = run.known(name, given)
    inside = run.inside(x, parameters)
    found = _term(text)(inside)
    run.has_met |= inside.has_met
    return found


def _test_of(node: ast.expr, text: str) -> Test:
    match node:
        case ast.BoolOp(op, values):
            tests = [_test_of(value, text) for value in values]
            combine = all if isinstance(op, ast.And) else any
            return lambda run: combine(test(run) for test in tests)
        case ast.UnaryOp(ast.Not(), x):
            inner = _test_of(x, text)
            return lambda run: not inner(run)
        case ast.Compare(left, ops, right):
            sides = [_term_of(part, text) for part in (left, *right)]
            compared = [_COMPARED[type(op)] for op in ops]
            return lambda run: all(
                holds(run.sign(a(run) - b(run)))
                for holds, a, b in zip(compared, sides[:-1], sides[1:], strict=True)
            )
    raise AssertionError(ast.dump(node))


# Right values


class Sides(NamedTuple):
    """A formula around z at some precision: its value, and the series to the left and to the right."""

    value: Real | None
    """None if the formula is undefined at z."""
    left: Jet | None
    right: Jet | None
    """None if that side is undefined, or has no finite derivative."""


class Point:
    """A formula around z: its value and derivatives up to ``order``, with more and more bits."""

    def __init__(
        self,
        text: str,
        z: Fraction,
        order: int,
        parameters: Mapping[str, Fraction] = oracle.NO_PARAMETERS,
        known: Activations | None = None,
    ) -> None:
        self.term = _term(text)
        self.z, self.order, self.parameters = z, order, parameters
        self.known = known or _none
        size = max(0, z.numerator.bit_length() - z.denominator.bit_length())
        self.first_bits = 128 + size
        self.terms = order + (40 if z == 0 else 3)  # a high power may determine the sign at -0.0
        self.levels: dict[int, Sides | None] = {}

    def bits(self, level: int) -> int:
        return self.first_bits * int(_GROWTH**level)

    def from_side(self, side: int, terms: int) -> tuple[Jet | None, bool]:
        """The series on one side, or None, and whether the other side may differ."""
        ctx.cap = terms
        start = [fmpq(*self.z.as_integer_ratio()), fmpq(side)][:terms]
        run = _Run(Jet(fmpq_series(start, prec=terms), None, 1), side, self.parameters, self.known)
        try:
            return self.term(run), run.has_met
        except (NoValue, Open):
            return None, True

    def sides(self, level: int) -> Sides | None:
        """The formula on both sides; None if this precision is too low."""
        if level not in self.levels:
            self.levels[level] = self._sides(level)
        return self.levels[level]

    def _sides(self, level: int) -> Sides | None:
        cap = ctx.cap
        with ctx.workprec(self.bits(level)):
            try:
                while True:
                    try:
                        return self._both()
                    except MoreTerms:
                        if self.terms >= _MOST_TERMS:
                            return None
                        self.terms = min(2 * self.terms, _MOST_TERMS)
            except (Undecided, ValueError, ZeroDivisionError):
                return None
            finally:
                ctx.cap = cap

    def _both(self) -> Sides:
        right, may_differ = self.from_side(1, self.terms)
        if not may_differ:
            assert right is not None
            return Sides(right.value(), right, right)
        here, _ = self.from_side(0, 1)
        if here is None:
            return Sides(None, None, None)
        left, _ = self.from_side(-1, self.terms)
        return Sides(here.value(), left, right)

    def limit(self, order: int, fmt: Fmt) -> tuple[float, ...]:
        """The right values at the infinity that z stands for; an almost reached fraction is the limit."""
        sides = self.sides(0)
        if sides is not None and sides.value is not None and sides.right is not None:
            with ctx.workprec(self.bits(0)):
                found = derivative_of(sides.right, order, 1)
                if found.exact and found.rest is not None and abs(found.rest) < arb(2) ** -3000:
                    return (nearest(int(found.exact.p), int(found.exact.q), fmt),)
        return self.right(order, fmt)

    def right(self, order: int, fmt: Fmt, is_minus_zero: bool = False) -> tuple[float, ...]:
        """The right floats for the derivative of this order; none if undecided."""
        for level in range(_LEVELS):
            sides = self.sides(level)
            if sides is None:
                continue
            with ctx.workprec(self.bits(level)):
                try:
                    return _answer(sides, order, fmt, is_minus_zero, level == _LEVELS - 1)
                except Undecided:
                    continue
                except Open:
                    break
        return ()


def _none(name: str, given: tuple[tuple[str, Fraction], ...]) -> tuple[str, Mapping[str, Fraction]]:
    raise AssertionError(f"no activation {name} is known here")


def derivative_of(jet: Jet | None, order: int, side: int) -> Real:
    """The one-sided derivative."""
    if jet is None or order >= jet.known:
        raise Open
    factor = fmpq(math.factorial(order) * side**order)
    rest = _ball_or_none(jet.rest, order)
    return Real(jet.exact[order] * factor, None if rest is None else rest * arb(factor))


def _answer(sides: Sides, order: int, fmt: Fmt, is_minus_zero: bool, is_last: bool) -> tuple[float, ...]:
    if sides.value is None:
        return (math.nan,)
    if order == 0:
        found = sides.value
    elif sides.left is sides.right:
        found = derivative_of(sides.right, order, 1)
    else:
        left, right = derivative_of(sides.left, order, -1), derivative_of(sides.right, order, 1)
        if left.sign() * right.sign() <= 0:
            found = oracle.real(0)
        else:
            ends = [_rounded(end, fmt, is_last) for end in (left, right)]
            # In a format without infinities an overflow is NaN.
            return min(ends, key=lambda end: math.inf if math.isnan(end[0]) else abs(end[0]))
    if found.is_exactly(0) and is_minus_zero:
        return _minus_zero(sides, order)
    return _rounded(found, fmt, is_last)


def _minus_zero(sides: Sides, order: int) -> tuple[float, ...]:
    """The zero at z = -0.0, with the sign of the function just below 0."""
    jet = sides.left
    if jet is None or order >= jet.known:
        return (0.0,) if order == 0 else (0.0, -0.0)
    side = 1 if sides.left is sides.right else -1
    for k in range(order, jet.known):
        sign = jet[k].sign()
        if sign:
            # The sign of t**(k - order), where t just below 0 is -1 or 1.
            below = sign * (side**order) * ((-1) ** (k - order) if side == 1 else 1)
            return (math.copysign(0.0, below),)
    return (0.0,) if jet.is_zero() else (0.0, -0.0)


def _rounded(x: Real, fmt: Fmt, is_last: bool) -> tuple[float, ...]:
    found = x.round(fmt)
    if found is not None:
        return (found,)
    if is_last and x.rest is not None:
        # Its sign may be undecided, but the result is not if it rounds to zero anyway.
        if abs(x.ball()) < arb(fmt.smallest) / 4:
            return (0.0, -0.0)
        n, d = int(x.exact.p), int(x.exact.q)
        nearest_midpoint = arb(2) ** -(d.bit_length() - fmt.quantum + 2)
        ways = {nearest(n, d, fmt, beyond) for beyond in (-1, 0, 1)}
        if n and abs(x.rest) < nearest_midpoint and len(ways) == 1:
            return tuple(ways)
    raise Undecided


def derivative(
    text: str,
    order: int,
    z: Fraction,
    fmt: Fmt,
    parameters: Mapping[str, Fraction] | None = None,
    side: int = 1,
) -> float | None:
    """The one-sided derivative of a formula, rounded once; None if it is undecided or undefined."""
    point = Point(text, z, order, parameters or {})
    for level in range(_LEVELS):
        sides = point.sides(level)
        if sides is None or sides.value is None:
            continue
        with ctx.workprec(point.bits(level)):
            jet = sides.right if side > 0 else sides.left
            towards = 1 if sides.left is sides.right else side
            with suppress(Undecided, Open):
                found = derivative_of(jet, order, towards).round(fmt)
                if found is not None:
                    return found
    return None


def enclosed(
    text: str,
    order: int,
    z: Fraction,
    bits: int,
    parameters: Mapping[str, Fraction] | None = None,
    side: int = 1,
) -> arb:
    """The one-sided derivative as a ball, computed with ``bits`` bits."""
    cap = ctx.cap
    with ctx.workprec(bits):
        try:
            jet, _ = Point(text, z, order, parameters or {}).from_side(side, order + 1)
            return derivative_of(jet, order, side).ball()
        finally:
            ctx.cap = cap


def right_at(
    text: str,
    order: int,
    z: float,
    fmt: Fmt,
    parameters: Mapping[str, Fraction] = oracle.NO_PARAMETERS,
    known: Activations | None = None,
) -> tuple[float, ...]:
    """The right floats for a derivative at a finite z of a format."""
    return Point(text, Fraction(z), order, parameters, known).right(order, fmt, is_minus_zero(z))


def is_minus_zero(z: float) -> bool:
    return z == 0 and math.copysign(1, z) < 0


def is_right(returned: float, right: tuple[float, ...]) -> bool:
    return any(same(returned, value) for value in right)
