"""Functions that some language lacks, written with those that it has.

Their polynomials interpolate exact values at the Chebyshev points of an interval, with as many coefficients
as the format of the computation requires.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from actcalc.arithmetic.interval import Interval, with_digits
from actcalc.code.expression import (
    Expression,
    Step,
    compare,
    function,
    make,
    name,
    number,
    product_error,
    select,
)
from actcalc.code.polynomials import interpolate
from actcalc.numbers.floats import Format

M = with_digits(60)


class Supplied(NamedTuple):
    """A function of one or two numbers, as a routine."""

    parameters: tuple[str, ...]
    steps: Sequence[Step]
    result: Expression
    note: str
    """A sentence about the function and the source of its coefficients."""


def supplied(op: str, compute: Format) -> Supplied:
    """A function in the format of the computation."""
    return _FUNCTIONS[op](compute)


X = name("x")


def _precise(compute: Format) -> bool:
    return compute.precision > 24


def _polynomial(letter: str, coefficients: Sequence[Fraction], x: Expression) -> list[Step]:
    """A polynomial by Horner's rule, with a step for each coefficient."""
    steps = [Step(letter, coefficients[-1] * x + coefficients[-2])]
    return steps + [Step(letter, name(letter) * x + c) for c in coefficients[-3::-1]]


def _middle(x: Interval) -> Fraction:
    return (Fraction(x.low) + Fraction(x.high)) / 2


def _mills_coefficients(far: int, degree: int) -> list[Fraction]:
    """The coefficients of (x + 1) M(x) as a polynomial in t = (x - far)/(x + far)."""
    return _interpolated(lambda x: (x + 1) * _exact_mills(x), far, degree)


@cache
def _mills(compute: Format) -> Supplied:
    far, degree = (5, 24) if _precise(compute) else (4, 11)
    note = (
        "Mills' ratio (1 - Phi(x))/phi(x) of the standard normal distribution, for x >= 0: times x + 1, it "
        f"is a polynomial in t = (x - {far})/(x + {far}) that interpolates {degree + 1} Chebyshev points."
    )
    steps = _by_place(far, _mills_coefficients(far, degree))
    return Supplied(("x",), steps, name("p") / (X + 1), note)


def _even(value: Callable[[Interval], Interval], high: Fraction, degree: int) -> list[Fraction]:
    """The coefficients of f(x)/x - 1, for an odd function f, as a polynomial in x^2 up to ``high``."""

    def rest(s: Fraction) -> Fraction:
        x = M.sqrt(M.number(s))
        return _middle(value(x) / x - 1)

    return interpolate(rest, Fraction(0), high, degree)


def _by_place(far: int, coefficients: Sequence[Fraction]) -> list[Step]:
    """A polynomial in t = (x - far)/(x + far) as steps."""
    return [Step("t", 1 - 2 * far / (X + far)), *_polynomial("p", coefficients, name("t"))]


def _interpolated(value: Callable[[Fraction], Fraction], far: int, degree: int) -> list[Fraction]:
    """The coefficients of a function of x >= 0 as a polynomial in t = (x - far)/(x + far)."""
    return interpolate(lambda t: value(far * (1 + t) / (1 - t)), Fraction(-1), Fraction(1), degree)


def _exact_mills(x: Fraction) -> Fraction:
    return _middle(M.mills(M.number(x)))


@cache
def _tail(compute: Format) -> Supplied:
    far, degree = (5, 24) if _precise(compute) else (4, 11)
    density = _middle(1 / M.sqrt(2 * M.pi))
    coefficients = [c * density for c in _mills_coefficients(far, degree)]
    note = (
        "(1 - Phi(x)) exp(x^2/2) of the standard normal distribution, for x >= 0: times x + 1, it is a "
        f"polynomial in t = (x - {far})/(x + {far}) that interpolates {degree + 1} Chebyshev points."
    )
    return Supplied(("x",), _by_place(far, coefficients), name("p") / (X + 1), note)


@cache
def _tail_excess(compute: Format) -> Supplied:
    far, degree = (5, 26) if _precise(compute) else (4, 11)
    low, high = Fraction(3, 4), Fraction(4, 5)
    for _ in range(150):
        middle = (low + high) / 2
        low, high = (middle, high) if _exact_mills(middle) > middle else (low, middle)
    root = Fraction(compute.round_exact(low))
    density = _middle(1 / M.sqrt(2 * M.pi))

    def excess(x: Fraction) -> Fraction:
        return (_exact_mills(x) - x) * density

    at_root = excess(root)
    coefficients = _interpolated(lambda x: (excess(x) - at_root) / (root - x), far, degree)
    note = (
        "(1 - Phi(x) - x phi(x)) exp(x^2/2) of the standard normal distribution, for x >= 0: its value near "
        f"its root, plus the distance from there times a polynomial in t = (x - {far})/(x + {far}) that "
        f"interpolates {degree + 1} Chebyshev points."
    )
    result = make("fma", number(root) - X, name("p"), number(at_root))
    return Supplied(("x",), _by_place(far, coefficients), result, note)


@cache
def _erf(compute: Format) -> Supplied:
    degree = 11 if _precise(compute) else 6
    a, s = name("a"), name("s")
    steps = [Step("a", abs(X)), Step("s", X * X)]
    steps += _polynomial("p", _even(M.erf, Fraction(1), degree), s)
    above = 1 - _root_2_over_pi() * function("exp", -s) * function("mills", _root_2() * a)
    steps.append(Step("above", above))
    result = select(
        compare("lt", a, 1), X + X * name("p"), select(compare("lt", X, 0), -name("above"), name("above"))
    )
    note = (
        "The error function: below 1 by a polynomial in x^2 that interpolates erf(x)/x - 1 at "
        f"{degree + 1} Chebyshev points of [0, 1], above by Mills' ratio."
    )
    return Supplied(("x",), steps, result, note)


@cache
def _erfc(compute: Format) -> Supplied:
    a, s = name("a"), name("s")
    carried = 1 - product_error(a, a)
    steps = [
        Step("a", function("min", abs(X), 64)),
        Step("s", a * a),
    ]
    tail = _root_2_over_pi() * (function("exp", -s) * carried) * function("mills", _root_2() * a)
    steps.append(Step("tail", tail))
    result = select(compare("lt", X, 0), 2 - name("tail"), name("tail"))
    note = "The complementary error function, by Mills' ratio; it is corrected by the rounding error of x^2."
    return Supplied(("x",), steps, result, note)


def _root_2() -> Expression:
    return number(_middle(M.sqrt(M.number(Fraction(2)))))


def _root_2_over_pi() -> Expression:
    return number(_middle(M.sqrt(2 / M.pi)))


@cache
def _expm1(compute: Format) -> Supplied:
    degree = 13 if _precise(compute) else 7

    def rest(x: Fraction) -> Fraction:
        return _middle((M.expm1(M.number(x)) - x) / (x * x))

    steps = _polynomial("p", interpolate(rest, Fraction(-1), Fraction(1), degree), X)
    near = X + X * X * name("p")
    result = select(compare("lt", abs(X), 1), near, function("exp", X) - 1)
    note = (
        "exp(x) - 1: below 1 by a polynomial that interpolates (exp(x) - 1 - x)/x^2 at "
        f"{degree + 1} Chebyshev points of [-1, 1]."
    )
    return Supplied(("x",), steps, result, note)


def _atanh(s: Interval) -> Interval:
    return (M.log1p(s) - M.log1p(-s)) / 2


@cache
def _log1p(compute: Format) -> Supplied:
    degree = 10 if _precise(compute) else 5
    t, s = name("t"), name("s")
    steps = [Step("t", X / (X + 2)), Step("s", t * t)]
    steps += _polynomial("p", _even(_atanh, Fraction(1, 9), degree), s)
    near = 2 * (t + t * name("p"))
    inside = select(compare("lt", X, 1), near, function("log", X + 1))
    result = select(compare("gt", X, Fraction(-1, 2)), inside, function("log", X + 1))
    note = (
        "log(1 + x): up to 1 as 2 atanh(t) for t = x/(x + 2), by a polynomial in t^2 that interpolates "
        f"atanh(t)/t - 1 at {degree + 1} Chebyshev points of [0, 1/9]."
    )
    return Supplied(("x",), steps, result, note)


@cache
def _tanh(compute: Format) -> Supplied:
    degree = 16 if _precise(compute) else 8
    a, s = name("a"), name("s")

    def tanh(x: Interval) -> Interval:
        grown = M.expm1(2 * x)
        return grown / (grown + 2)

    steps = [Step("a", abs(X)), Step("s", X * X)]
    steps += _polynomial("p", _even(tanh, Fraction(1), degree), s)
    above = 1 - 2 / (function("exp", 2 * a) + 1)
    steps.append(Step("above", above))
    signed = select(compare("lt", X, 0), -name("above"), name("above"))
    result = select(compare("lt", a, 1), X + X * name("p"), signed)
    note = (
        "tanh: below 1 by a polynomial in x^2 that interpolates tanh(x)/x - 1 at "
        f"{degree + 1} Chebyshev points of [0, 1], above as 1 - 2/(exp(2 |x|) + 1)."
    )
    return Supplied(("x",), steps, result, note)


@cache
def _atan(compute: Format) -> Supplied:
    degree = 20 if _precise(compute) else 9
    t, s, quarter = name("t"), name("s"), _middle(M.pi / 2)
    steps = [Step("t", select(compare("gt", abs(X), 1), 1 / X, X)), Step("s", t * t)]
    steps += _polynomial("p", _even(M.atan, Fraction(1), degree), s)
    steps.append(Step("p", t + t * name("p")))
    below = select(compare("lt", X, -1), -quarter - name("p"), name("p"))
    result = select(compare("gt", X, 1), quarter - name("p"), below)
    note = (
        "The angle whose tangent is x, above 1 by that of 1/x: a polynomial in x^2 interpolates "
        f"atan(x)/x - 1 at {degree + 1} Chebyshev points of [0, 1]."
    )
    return Supplied(("x",), steps, result, note)


@cache
def _tan(compute: Format) -> Supplied:
    return Supplied(("x",), (), function("sin", X) / function("cos", X), "The tangent.")


@cache
def _hypot(compute: Format) -> Supplied:
    y, a, b = name("y"), name("a"), name("b")
    steps = [
        Step("a", function("max", abs(X), abs(y))),
        Step("b", function("min", abs(X), abs(y))),
        Step("t", select(compare("gt", a, 0), b / a, b)),
    ]
    whole = a * function("sqrt", name("t") * name("t") + 1)
    return Supplied(("x", "y"), steps, whole, "The root of x^2 + y^2, whose squares may overflow.")


_FUNCTIONS: dict[str, Callable[[Format], Supplied]] = {
    "mills": _mills,
    "tail": _tail,
    "tail_excess": _tail_excess,
    "erf": _erf,
    "erfc": _erfc,
    "expm1": _expm1,
    "log1p": _log1p,
    "tanh": _tanh,
    "fine_tanh": _tanh,
    "tan": _tan,
    "atan": _atan,
    "hypot": _hypot,
}
