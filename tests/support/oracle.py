"""An oracle for correctly rounded values, independent of actcalc.

It evaluates the textbook formulas of the catalogue, which are texts, in Arb's balls (Johansson, Arb:
efficient arbitrary-precision midpoint-radius interval arithmetic, 2017), with more and more bits until both
ends of the result round to the same float. Parsing, arithmetic, rounding and the float formats here share
nothing with the package under test.

Mathematics settles two things that balls alone cannot:

* A rational value, which may be a tie, is known as a fraction: the functions below know where they are
  rational. At other rational arguments exp, log, tanh, cosh and sqrt are irrational (Lindemann, 1882), so
  more bits decide. If some result were a tie nevertheless, the oracle would not guess but report that it
  cannot decide.
* A number is held as a fraction plus a ball, which may be arbitrarily smaller. So z - tanh z at 1e16 is
  (z - 1) + 2e^(-2z)/(1 + e^(-2z)), just above a tie, and alpha (e^z - 1) is -alpha + alpha e^z.
"""

import ast
import math
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from types import CodeType
from typing import Any, TypeVar

from flint import arb, ctx, fmpq

MOST_BITS = 400_000

T = TypeVar("T")


class Undecided(Exception):
    """More bits are needed."""


# Float formats


@dataclass(frozen=True)
class Fmt:
    """A binary float format with ``precision`` bits and values below 2**(emax + 1), held as Python floats."""

    name: str
    bits: int
    precision: int
    emax: int
    code: str
    """The format's code in ``struct``; bfloat16 is the upper half of a float32."""

    has_infinity = True
    has_minus_zero = True

    @property
    def overflow(self) -> float:
        """The result of an overflow."""
        return math.inf if self.has_infinity else math.nan

    @cached_property
    def quantum(self) -> int:
        """The exponent of the smallest subnormal."""
        return 2 - self.emax - self.precision

    def as_value(self, x: float) -> float:
        """Convert a value of another format to this one, which may lack infinities and -0."""
        return (
            self.overflow
            if math.isinf(x) and not self.has_infinity
            else x
            if x or self.has_minus_zero
            else 0.0
        )

    def nearest(self, n: int, d: int, beyond: int = 0) -> float:
        """n/d (d > 0) rounded to nearest, ties to even; see ``nearest``."""
        return nearest(n, d, self, beyond)

    def from_bits(self, pattern: int) -> float:
        if self.name == "bfloat16":
            pattern <<= 16
        width = struct.calcsize(self.code)
        value: float = struct.unpack(">" + self.code, pattern.to_bytes(width, "big"))[0]
        return value

    def to_bits(self, x: float) -> int:
        pattern = int.from_bytes(struct.pack(">" + self.code, x), "big")
        return pattern >> 16 if self.name == "bfloat16" else pattern

    def near(self, x: float, reach: int = 1) -> list[float]:
        """``x`` and the ``reach`` values of the format on either side of it."""
        sign = 1 << (self.bits - 1)
        pattern = self.to_bits(x)
        place = pattern if pattern < sign else sign - pattern  # the ordinal of the value
        last = self.to_bits(math.inf if self.has_infinity else self.largest)
        places = (p for p in range(place - reach, place + reach + 1) if abs(p) <= last)
        return [self.from_bits(p if p >= 0 else sign - p) for p in places]

    @cached_property
    def largest(self) -> float:
        return self.from_bits(self.to_bits(math.inf) - 1)

    @property
    def smallest(self) -> float:
        """The smallest subnormal."""
        return self.from_bits(1)

    @property
    def smallest_normal(self) -> float:
        return self.from_bits(1 << (self.precision - 1))


@dataclass(frozen=True)
class EightBits(Fmt):
    """An 8-bit format, whose patterns are decoded as defined in the papers.

    These are Micikevicius et al., FP8 formats for deep learning, 2022, and for ``fnuz``, whose only NaN takes
    the place of -0, Noune et al., 8-bit numerical formats for deep neural networks, 2022.
    """

    bias: int = 0
    has_infinity: bool = False
    has_minus_zero: bool = True
    numbers: int = 128
    """The number of patterns, from 0 on, that are finite numbers."""

    @cached_property
    def quantum(self) -> int:
        return 2 - self.bias - self.precision

    @cached_property
    def values(self) -> list[float]:
        """The values of all patterns in order."""
        sizes = []
        for pattern in range(128):
            exponent, mantissa = divmod(pattern, 1 << (self.precision - 1))
            size = Fraction(mantissa, 1 << (self.precision - 1)) + (exponent > 0)
            sizes.append(float(size * Fraction(2) ** (max(exponent, 1) - self.bias)))
        beyond = [math.inf] * self.has_infinity + [math.nan] * 128
        sizes = [*sizes[: self.numbers], *beyond][:128]
        return [*sizes, -0.0 if self.has_minus_zero else math.nan, *(-x for x in sizes[1:])]

    def from_bits(self, pattern: int) -> float:
        return self.values[pattern]

    def to_bits(self, x: float) -> int:
        return next(pattern for pattern, value in enumerate(self.values) if same(value, x))

    @cached_property
    def largest(self) -> float:
        return self.values[self.numbers - 1]


FMTS: dict[str, Fmt] = {
    fmt.name: fmt
    for fmt in (
        Fmt("float64", 64, 53, 1023, "d"),
        Fmt("float32", 32, 24, 127, "f"),
        Fmt("float16", 16, 11, 15, "e"),
        Fmt("bfloat16", 16, 8, 127, "f"),
        EightBits("float8_e4m3fn", 8, 4, 8, "", 7, numbers=127),
        EightBits("float8_e5m2", 8, 3, 15, "", 15, True, numbers=124),
        EightBits("float8_e4m3fnuz", 8, 4, 7, "", 8, has_minus_zero=False),
        EightBits("float8_e5m2fnuz", 8, 3, 15, "", 16, has_minus_zero=False),
    )
}


def nearest(n: int, d: int, fmt: Fmt, beyond: int = 0) -> float:
    """n/d (d > 0) rounded to nearest, ties to even.

    ``beyond`` is the sign of an infinitely small amount added to it.
    """
    if n == 0:
        return -0.0 if beyond < 0 and fmt.has_minus_zero else 0.0
    sign = -1 if n < 0 else 1
    n, beyond = abs(n), beyond * sign
    scale = n.bit_length() - d.bit_length()
    if (n << -scale if scale < 0 else n) < (d << scale if scale > 0 else d):
        scale -= 1  # now 2**scale <= n/d < 2**(scale + 1)
    exponent = max(scale - fmt.precision + 1, fmt.quantum)
    units, rest = divmod(n << -exponent, d) if exponent < 0 else divmod(n, d << exponent)
    unit = d if exponent < 0 else d << exponent
    twice = 2 * rest
    if twice > unit or (twice == unit and (beyond > 0 or (beyond == 0 and units % 2 == 1))):
        units += 1
    if units.bit_length() + exponent > fmt.emax + 1 or math.ldexp(units, exponent) > fmt.largest:
        return math.copysign(fmt.overflow, sign)
    return sign * math.ldexp(units, exponent) if units or fmt.has_minus_zero else 0.0


def nearest_fraction(x: Fraction, fmt: Fmt, beyond: int = 0) -> float:
    return fmt.nearest(x.numerator, x.denominator, beyond)


def nearest_dyadic(man: int, exp: int, fmt: Fmt) -> float:
    """man * 2**exp rounded; exp may have any size."""
    size = man.bit_length() + exp
    if man and size > fmt.emax + 2:
        man, exp = (1 if man > 0 else -1), fmt.emax + 2
    elif man and size < fmt.quantum - 2:
        man, exp = (1 if man > 0 else -1), fmt.quantum - 3
    return fmt.nearest(man << exp, 1) if exp >= 0 else fmt.nearest(man, 1 << -exp)


def same(a: float, b: float) -> bool:
    """Whether two floats are the same, including the signs of zeros."""
    if a != a or b != b:
        return a != a and b != b
    return a == b and math.copysign(1, a) == math.copysign(1, b)


# Numbers


class Real:
    """A real number: a fraction plus a number in a ball, or just the fraction if ``rest`` is None."""

    __slots__ = ("exact", "rest")

    def __init__(self, exact: fmpq, rest: arb | None = None) -> None:
        self.exact = exact
        self.rest = rest

    def __add__(self, other: "Real") -> "Real":
        rest = other.rest if self.rest is None else self.rest
        if self.rest is not None and other.rest is not None:
            rest = self.rest + other.rest
        return Real(self.exact + other.exact, rest)

    def __neg__(self) -> "Real":
        return Real(-self.exact, None if self.rest is None else -self.rest)

    def __sub__(self, other: "Real") -> "Real":
        return self + -other

    def __mul__(self, other: "Real") -> "Real":
        exact = self.exact * other.exact
        if self.rest is None and other.rest is None:
            return Real(exact)
        parts = []
        if self.rest is not None and other.exact:
            parts.append(self.rest * arb(other.exact))
        if other.rest is not None and self.exact:
            parts.append(other.rest * arb(self.exact))
        if self.rest is not None and other.rest is not None:
            parts.append(self.rest * other.rest)
        return Real(exact, sum(parts[1:], parts[0]) if parts else None)

    def __truediv__(self, other: "Real") -> "Real":
        if other.rest is not None:
            if not abs(other.rest) < abs(arb(other.exact)):
                return Real(ZERO, self.ball() / other.ball())
            # (a + s)/(c + r) = a/c + (s - a/c*r)/(c + r), which may be close to a/c
            exact = self.exact / other.exact
            lost = other.rest * arb(exact)
            return Real(exact, (-lost if self.rest is None else self.rest - lost) / other.ball())
        rest = None if self.rest is None else self.rest / arb(other.exact)
        return Real(self.exact / other.exact, rest)

    def __pow__(self, exponent: int) -> "Real":
        power = self
        for _ in range(exponent - 1):
            power = power * self
        return power

    def ball(self) -> arb:
        """A ball that contains the number."""
        return arb(self.exact) if self.rest is None else self.rest + arb(self.exact)

    def sign(self) -> int:
        """The sign: -1, 0 or 1. Raises Undecided if the ball does not decide it."""
        if self.rest is None:
            return int(self.exact > 0) - int(self.exact < 0)
        ball = self.ball()
        if ball > 0:
            return 1
        if ball < 0:
            return -1
        raise Undecided

    def __lt__(self, other: "Real") -> bool:
        return _taken((self - other).sign() < 0)

    def __le__(self, other: "Real") -> bool:
        return _taken((self - other).sign() <= 0)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Real) and (self - other).sign() == 0

    __hash__ = None  # type: ignore[assignment]

    def is_exactly(self, value: int) -> bool:
        return self.rest is None and self.exact == value

    def round(self, fmt: Fmt) -> float | None:
        """The number rounded to ``fmt``; None if the ball is too wide to decide."""
        if self.rest is None:
            return fmt.nearest(int(self.exact.p), int(self.exact.q))
        ball = self.ball()
        if not ball.is_finite():
            return None
        low, high = nearest_dyadic(*_man_exp(ball.lower()), fmt), nearest_dyadic(*_man_exp(ball.upper()), fmt)
        if _alike(low, high):
            return low
        # The ball around the rest may lie on one side of 0, and then the number is between the fraction
        # and the far end of the ball.
        n, d = int(self.exact.p), int(self.exact.q)
        if self.rest > 0:
            low = fmt.nearest(n, d, 1)
        elif self.rest < 0:
            high = fmt.nearest(n, d, -1)
        return low if _alike(low, high) else None


def _alike(low: float, high: float) -> bool:
    """Whether both ends rounded to the same value; the NaN of an overflow has a sign, too."""
    return same(low, high) and math.copysign(1, low) == math.copysign(1, high)


ZERO = fmpq(0)

_comparisons: list[bool] = []
"""The outcomes of comparisons in the formula that was last evaluated."""


def _taken(is_so: bool) -> bool:
    _comparisons.append(is_so)
    return is_so


def _man_exp(end: arb) -> tuple[int, int]:
    man, exp = end.man_exp()
    return int(man), int(exp)


def real(x: Fraction | int | float) -> Real:
    return Real(fmpq(*x.as_integer_ratio()))


# The functions that textbook formulas use


def _exp(x: Real) -> Real:
    return real(1) if x.is_exactly(0) else Real(ZERO, x.ball().exp())


def _log(x: Real) -> Real:
    if x.rest is None:
        return real(0) if x.exact == 1 else Real(ZERO, x.ball().log())
    return Real(ZERO, x.rest.log1p() if x.exact == 1 else x.ball().log())


def _tanh(x: Real) -> Real:
    if x.is_exactly(0):
        return x
    ball = x.ball()
    if ball > 1:
        return Real(fmpq(1), -2 / ((2 * ball).exp() + 1))
    if ball < -1:
        return Real(fmpq(-1), 2 / ((-2 * ball).exp() + 1))
    return Real(ZERO, ball.tanh())


def _cosh(x: Real) -> Real:
    return real(1) if x.is_exactly(0) else Real(ZERO, x.ball().cosh())


def _sqrt(x: Real) -> Real:
    if x.rest is None:
        p, q = (math.isqrt(int(part)) for part in (x.exact.p, x.exact.q))
        if fmpq(p, q) ** 2 == x.exact:
            return Real(fmpq(p, q))
    return Real(ZERO, x.ball().sqrt())


def _erf(x: Real) -> Real:
    if x.is_exactly(0):
        return x
    ball = x.ball()
    if abs(ball) < 1:
        return Real(ZERO, ball.erf())
    tail = _erfc(abs(ball))
    return Real(fmpq(1), -tail) if x.sign() > 0 else Real(fmpq(-1), tail)


def _erfc(x: arb) -> arb:
    """1 - erf(x) for x > 0; far out, where Arb's own gives up, by the upper incomplete gamma function."""
    return x.erfc() if x < 200 else (x * x).gamma_upper(arb(0.5)) / arb.pi().sqrt()


def _normal_distribution(x: Real) -> Real:
    if x.is_exactly(0):
        return real(Fraction(1, 2))
    ball = x.ball()
    if abs(ball) < 1:
        return Real(fmpq(1, 2), (ball / arb(2).sqrt()).erf() / 2)
    tail = _erfc(abs(ball) / arb(2).sqrt()) / 2
    return Real(fmpq(1), -tail) if x.sign() > 0 else Real(ZERO, tail)


def _normal_density(x: Real) -> Real:
    return Real(ZERO, (-(x * x) / real(2)).ball().exp() / (2 * arb.pi()).sqrt())


def _sin(x: Real) -> Real:
    return x if x.is_exactly(0) else Real(ZERO, x.ball().sin())


def _cos(x: Real) -> Real:
    return real(1) if x.is_exactly(0) else Real(ZERO, x.ball().cos())


def _abs(x: Real) -> Real:
    return -x if x < real(0) else x


def _max(x: Real, y: Real) -> Real:
    return y if x < y else x


def _min(x: Real, y: Real) -> Real:
    return y if y < x else x


FUNCTIONS: dict[str, Callable[..., Real]] = {
    "exp": _exp,
    "log": _log,
    "tanh": _tanh,
    "cosh": _cosh,
    "sqrt": _sqrt,
    "erf": _erf,
    "Phi": _normal_distribution,
    "phi": _normal_density,
    "sin": _sin,
    "cos": _cos,
    "abs": _abs,
    "max": _max,
    "min": _min,
}


# Formulas


class _ExactNumbers(ast.NodeTransformer):
    """Replaces each number of a formula, except exponents, by a name for its exact value."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.numbers: dict[str, Real] = {}

    def visit_BinOp(self, node: ast.BinOp) -> ast.BinOp:
        node.left = self.visit(node.left)
        if not isinstance(node.op, ast.Pow):
            node.right = self.visit(node.right)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.Name:
        name = f"_{len(self.numbers)}"
        self.numbers[name] = real(Fraction(ast.get_source_segment(self.text, node) or ""))
        return ast.copy_location(ast.Name(name, ast.Load()), node)


@cache
def _compiled(text: str) -> tuple[CodeType, dict[str, Any]]:
    """The code of a formula and the values of its names, the variables apart."""
    exact = _ExactNumbers(text)
    code = compile(exact.visit(ast.parse(text, mode="eval")), text, "eval")
    return code, {"__builtins__": {}, **FUNCTIONS, **exact.numbers}


def evaluate(text: str, **variables: Fraction | Real) -> Real:
    """The formula's value at the current precision. Raises Undecided if that is too low."""
    _comparisons.clear()
    code, names = _compiled(text)
    values = {k: v if isinstance(v, Real) else real(v) for k, v in variables.items()}
    if "pi" in code.co_names and "pi" not in values:
        values["pi"] = Real(ZERO, arb.pi())
    result = eval(code, names, values)
    assert isinstance(result, Real)
    return result


def precisions(z: Fraction) -> Iterable[int]:
    """Increasing working precisions for a formula at ``z``; e^z needs the bits of z's exponent."""
    bits = 96 + max(0, z.numerator.bit_length() - z.denominator.bit_length())
    while bits < MOST_BITS:
        yield bits
        bits *= 2


def decide(what: Callable[[], T | None], z: Fraction) -> T:
    """The first result of ``what`` that is not None, with more and more bits."""
    before = ctx.prec
    try:
        for bits in precisions(z):
            ctx.prec = bits
            try:
                answer = what()
            except Undecided:
                continue
            if answer is not None:
                return answer
    finally:
        ctx.prec = before
    raise AssertionError(f"the oracle does not come to a decision at {z}")


NO_PARAMETERS: Mapping[str, Fraction] = {}


def rounded(
    text: str, fmt: Fmt, z: Fraction, parameters: Mapping[str, Fraction] = NO_PARAMETERS, variable: str = "z"
) -> float:
    """The formula's exact value with ``variable`` equal to ``z``, rounded once to ``fmt``."""
    return decide(lambda: evaluate(text, **{variable: z}, **parameters).round(fmt), z)


def sign(text: str, z: Fraction, parameters: Mapping[str, Fraction] = NO_PARAMETERS) -> int:
    """The sign of the formula's value at ``z``."""
    return decide(lambda: evaluate(text, z=z, **parameters).sign(), z)


@cache
def _compares(text: str) -> bool:
    """Whether the formula has comparisons, some of which are in ``abs``, ``min`` or ``max``."""
    return any(
        isinstance(node, ast.Compare) or (isinstance(node, ast.Name) and node.id in ("abs", "max", "min"))
        for node in ast.walk(ast.parse(text, mode="eval"))
    )


def branches(text: str, z: Fraction, parameters: Mapping[str, Fraction] = NO_PARAMETERS) -> tuple[bool, ...]:
    """The outcomes of the comparisons in the formula at ``z``: where these change, it may have a kink."""
    if not _compares(text):
        return ()

    def compared() -> tuple[bool, ...]:
        evaluate(text, z=z, **parameters)
        return tuple(_comparisons)

    return decide(compared, z)
