"""Formulas in working precision: what a declaration says without cancellation, in a language's own functions.

A graph of ``arithmetic/graph`` becomes an expression in z. On the way a few mechanisms see to it that
rounding costs no more than a few ulps, and that nothing overflows or underflows where the result does not:

- where an exponential amplifies the rounding error of its argument, that is carried: e^(x + r) = e^x + e^x*r;
- far out, where such an exponential is 0, |z| is cut off, so that no power of it overflows beside that;
- in a product of z and e^x, which is a normal number where e^x is none any more, e^x is made of two halves;
- sums that may cancel begin with z and constants, of which the sum is exact there;
- sqrt(z^2 + b) is a hypotenuse, which does not overflow;
- a piece that others need for more digits is left out where this precision does not need it.
"""

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from actcalc.activations.declaration import Quantity
from actcalc.activations.function import Function
from actcalc.arithmetic.exact import Formula
from actcalc.arithmetic.graph import Graph, Node, Untraced, of_sides
from actcalc.arithmetic.interval import Interval, with_digits
from actcalc.arithmetic.rational import RATIONAL, NotRational, Undefined
from actcalc.arithmetic.rounded import RoundedFloat, RoundedFloats
from actcalc.code.expression import (
    Expression,
    Routine,
    Z,
    compare,
    function,
    make,
    number,
    select,
)
from actcalc.code.naming import routine as named
from actcalc.errors import UnsettledError
from actcalc.numbers.digits import Digits
from actcalc.numbers.floats import Format
from actcalc.numbers.ulp import ulps


class Form(NamedTuple):
    """What is printed as some quantity: g, or a derivative, of a function."""

    f: Function
    of: Quantity


def routine(forms: Mapping[Quantity, Form], compute: Format) -> Routine:
    """One routine that gives all of these, from common terms."""
    writer = _Writer(compute)
    results = {of: writer.form(form) for of, form in forms.items()}
    return named(results, writer.hints, writer.notes)


def routines(forms: Mapping[Quantity, Form], compute: Format) -> list[Routine]:
    """A routine for each of these."""
    return [routine({of: form}, compute) for of, form in forms.items()]


class _Part(NamedTuple):
    """A formula that holds from the end of the part before on, up to ``upto``; the last one has no end."""

    formula: Formula
    upto: Fraction | None = None
    has_end: bool = False
    """Whether it holds at ``upto``, too; where both sides agree it does not matter."""


def _parts(f: Function, of: Quantity) -> list[_Part]:
    """The parts of a quantity; at a kink the rule ``least`` says which side holds."""
    found = []
    for piece, following in [*pairwise(f.pieces), (f.pieces[-1], None)]:
        if following is None:
            found.append(_Part(piece.formula(of)))
            continue
        assert piece.upto is not None
        upto = Fraction(piece.upto)
        kink = f.kink_at_or_none(upto, "dg" if of == "g" else of)
        has_end = kink is not None and kink.is_jump and not piece.excluding
        if of != "g" and kink is not None:
            least, left, right = (kink.slope(_RIGHT, rule) for rule in ("least", "left", "right"))
            has_end = least == left
            if not has_end and least != right:
                found += [_Part(piece.formula(of), upto, False), _Part(lambda m, z: Fraction(0), upto)]
                continue
        found.append(_Part(piece.formula(of), upto, has_end))
    return found


_RIGHT = Digits(25)
"""Right values are taken to this many digits."""


class _Writer:
    """Writes forms as expressions for a format that is computed in."""

    def __init__(self, compute: Format) -> None:
        self.compute = compute
        self.hints: dict[Expression, str] = {}
        self.notes: dict[Expression, str] = {}
        self.least_log = math.floor(math.log(compute.smallest_subnormal)) - 1
        """Below it e^x is rounded to 0."""
        self.shift = 1 << (-self.least_log).bit_length() - 1
        """e^x is a normal number down to -shift, and e^(x + shift) is one below; x + shift is exact there."""

    def split(self, x: Fraction) -> tuple[Fraction, Fraction]:
        """A constant as a number of the format, and the rest."""
        high = Fraction(self.compute.round_exact(x))
        return high, x - high

    def form(self, form: Form) -> Expression:
        f, of = form
        if of == "g" and (direct := _direct(f)) is not None:
            return direct
        parts = self._needed(f, of, _parts(f, of))
        return self.of_parts(parts, of, None, None)

    # Parts

    def _needed(self, f: Function, of: Quantity, parts: list[_Part]) -> list[_Part]:
        """The parts without those whose neighbour is as good in this precision."""
        parts = list(parts)
        k = 0
        while k + 1 < len(parts):
            low = parts[k - 1].upto if k else None
            middle, high = parts[k].upto, parts[k + 1].upto
            assert middle is not None
            one, other = parts[k].formula, parts[k + 1].formula
            if self._are_alike(one, other, of):
                del parts[k]
            elif middle == 0 or (_is_plain(one) and _is_plain(other)):
                k += 1
            elif self._is_good(f, of, other, low, middle):
                del parts[k]
                k = max(k - 1, 0)
            elif self._is_good(f, of, parts[k].formula, middle, high):
                parts[k] = parts[k]._replace(upto=high, has_end=parts[k + 1].has_end)
                del parts[k + 1]
            else:
                k += 1
        return parts

    def _are_alike(self, one: Formula, other: Formula, of: Quantity) -> bool:
        with suppress(Untraced):
            return self._alone(one, of, None, None) is self._alone(other, of, None, None)
        return False

    def _is_good(
        self, f: Function, of: Quantity, formula: Formula, low: Fraction | None, high: Fraction | None
    ) -> bool:
        """Whether a formula, rounded at every operation, is as right as others are from low to high."""
        m = RoundedFloats(self.compute)
        for z in _samples(low, high):
            x = self.compute.round_float(z)
            if (low is not None and x <= low) or (high is not None and x >= high):
                continue
            try:
                value = m.number(formula(m, RoundedFloat(m, x))).value
            except (ArithmeticError, NotRational, UnsettledError):
                return False
            right = f.derivative_at(Fraction(x), of, _RIGHT)
            if right is None or not ulps(value, Fraction(right), self.compute) <= _GOOD:
                return False
        return True

    def of_parts(
        self, parts: Sequence[_Part], of: Quantity, low: Fraction | None, high: Fraction | None
    ) -> Expression:
        """The expression of parts that hold between two numbers."""
        first, last = parts[0], parts[-1]
        if first.upto is None or len(parts) == 1:
            return self._alone(first.formula, of, low, high)
        ends = [part.upto for part in parts[:-1] if part.upto is not None]
        is_below = self._compare("le" if first.has_end else "lt", first.upto)
        if _is_level(last.formula) and not all(_is_level(part.formula) for part in parts):
            # Last: NaN goes the way of what depends on z.
            place = ends[-1]
            is_above = self._compare("ge" if not parts[-2].has_end else "gt", place)
            return select(is_above, self._plain(last.formula), self.of_parts(parts[:-1], of, low, place))
        if _is_plain(first.formula) and (len(parts) > 2 or first.upto != 0):
            rest = self.of_parts(parts[1:], of, first.upto, high)
            return select(is_below, self._plain(first.formula), rest)
        if len(parts) == 2 and first.upto == 0:
            sides = of_sides(first.formula, last.formula)
            return _Sides(self, sides, of, low, high, first.has_end).result
        if len(parts) > 2 and ends[0] == -ends[-1] and low is None and high is None:
            inner = self.of_parts(parts[1:-1], of, ends[0], ends[-1])
            outer = _Sides(self, of_sides(first.formula, last.formula), of, None, None).result
            return select(compare("lt", abs(Z), self._edge(ends[-1], -1)), inner, outer)
        return select(
            is_below,
            self._alone(first.formula, of, low, first.upto),
            self.of_parts(parts[1:], of, first.upto, high),
        )

    def _compare(self, op: str, end: Fraction) -> Expression:
        return compare(op, Z, self._edge(end, 1 if op in ("lt", "ge") else -1))

    def _edge(self, end: Fraction, side: int) -> Fraction:
        """The end itself, or the next number of the format on one side of it."""
        near = self.compute.round_exact(end)
        if (near > end) - (near < end) == -side:
            pattern = self.compute.to_bits(abs(near)) + (1 if near * side > 0 else -1)
            near = math.copysign(self.compute.from_bits(pattern), near)
        return Fraction(near)

    def _alone(
        self, formula: Formula, of: Quantity, low: Fraction | None, high: Fraction | None
    ) -> Expression:
        if _is_plain(formula):
            return self._plain(formula)
        below = None if low is not None and low >= 0 else formula
        above = None if high is not None and high <= 0 else formula
        return _Sides(self, of_sides(below, above), of, low, high).result

    def _plain(self, formula: Formula) -> Expression:
        """A formula of + - * / alone; a straight line about its root, if that is a number of the format."""
        zs = [Fraction(k) for k in (0, 1, 2, 5)]
        with suppress(ZeroDivisionError, Undefined):
            ys = [Fraction(formula(RATIONAL, z)) for z in zs]
            slope, offset = ys[1] - ys[0], ys[0]
            if all(y == slope * z + offset for z, y in zip(zs, ys, strict=True)):
                if slope == 0:
                    return number(offset)
                root = -offset / slope
                if offset == 0 or abs(slope) == 1 or self.split(root)[1]:
                    return slope * Z + offset
                return (Z - root) / (1 / slope) if (1 / slope).denominator == 1 else slope * (Z - root)
        return number(formula(RATIONAL, Z))


_GOOD = 3.0


def _samples(low: Fraction | None, high: Fraction | None) -> Iterator[float]:
    """Points from one number to another."""
    if low is not None and high is not None:
        a, b = float(low), float(high)
        yield from (a + (b - a) * k / 48 for k in range(49))
    for end, side in ((low, 1), (high, -1)):
        if end is not None:
            yield from (float(end) + side * 2.0**k for k in range(-20, 7 if None in (low, high) else -3))
    for x in (*(1.37 * 2.0**k for k in range(-20, 7)), 100):
        yield from (-x, x)


def _is_plain(formula: Formula) -> bool:
    """Whether it takes nothing but + - * /."""
    try:
        formula(RATIONAL, Z)
    except (NotRational, TypeError):
        return False
    except ZeroDivisionError:
        return True
    return True


def _is_level(formula: Formula) -> bool:
    """Whether it does not depend on z."""
    with suppress(NotRational, TypeError, ZeroDivisionError):
        return not isinstance(formula(RATIONAL, Z), Expression)
    return False


def _direct(f: Function) -> Expression | None:
    """g, where its textbook formula is one function of z."""
    name, _, rest = f.textbook_g.partition("(")
    return function(name, Z) if name in ("erf", "erfc", "atan") and rest == "z)" else None


class _Sides:
    """The graph of a formula for both sides of 0, or one, as an expression in z."""

    def __init__(
        self,
        writer: _Writer,
        graph: Graph,
        of: Quantity,
        low: Fraction | None,
        high: Fraction | None,
        zero_below: bool = False,
    ) -> None:
        self.writer, self.graph, self.of = writer, graph, of
        self.condition = compare("le" if zero_below else "lt", Z, 0)
        self.low, self.high = low, high
        self._known: dict[tuple[Node, int], Expression] = {}

    @cached_property
    def result(self) -> Expression:
        root = self.graph.result
        value = self.value(root, 0)
        for side in (-1, 1):
            if (found := self._far_out(root, side)) is not None:
                place = side * self.far
                value = select(compare("lt" if side < 0 else "gt", Z, place), found, value)
        return value

    @cached_property
    def sides(self) -> Mapping[Node, frozenset[int]]:
        """The sides of 0 on which each node is needed: -1, 1, or 0 for both at once."""
        start = 0 if self.low is None or self.high is None or self.low < 0 < self.high else None
        found: dict[Node, frozenset[int]] = {self.graph.result: frozenset((start or 0,))}
        for x in reversed(self.graph.nodes):
            for k, y in enumerate(x.args):
                own = found[x]
                if x.op == "select" and own == {0}:
                    own = frozenset((2 * k - 1,))
                found[y] = found.get(y, frozenset()) | own
        return found

    def _side(self, x: Node) -> int:
        """The one side of 0 on which a node is needed; 0 if it is on both."""
        if self.low is not None and self.low >= 0:
            return 1
        if self.high is not None and self.high <= 0:
            return -1
        sides = self.sides[x]
        return next(iter(sides)) if len(sides) == 1 else 0

    # Far out

    @cached_property
    def falling(self) -> list[Node]:
        """The exponentials that fall to 0 far out."""
        far = 2.0**40
        return [x for x in self.graph.nodes if x.op == "exp" and _float(x.args[0], far) < -(2.0**30)]

    @cached_property
    def bound(self) -> int | None:
        """Where all exponentials that fall are 0."""
        if not self.falling:
            return None
        least = self.writer.least_log
        return max(next(k for k in range(1, 1 << 20) if _float(x.args[0], k) < least) for x in self.falling)

    @cached_property
    def is_cut(self) -> bool:
        """Whether all is cut off where exponentials are 0: a slope, which is constant from there on."""
        if self.of == "g" or self.bound is None or self._side(self.graph.result):
            return False
        root, t = self.graph.result, self.graph_t
        if not any(t in x.args for x in self.graph.nodes if x.op not in ("exp", "neg")):
            return False
        ends = [[_float(root, far, side) for far in (self.bound + 2, 2.0**40)] for side in (-1, 1)]
        return all(math.isclose(*values, rel_tol=1e-9, abs_tol=1e-40) for values in ends)

    @property
    def graph_t(self) -> Node:
        return self.graph.result.m.t

    @cached_property
    def size(self) -> Expression:
        """|z|, cut off where exponentials are 0."""
        t = make("min", abs(Z), number(self.bound or 0))
        self.writer.hints[t] = "t"
        return t

    # Values

    def value(self, x: Node, side: int) -> Expression:
        """A number, at any z, or at those of one sign."""
        if x.op not in ("neg", "abs", "add", "sub", "mul", "truediv", "t"):
            side = self._side(x)
        key = x, side
        if key not in self._known:
            self._known[key] = self._value(x, side)
        return self._known[key]

    def _value(self, x: Node, side: int) -> Expression:
        if x.op == "t":
            if self.is_cut:
                return self.size
            return Z if side > 0 else -Z if side < 0 else abs(Z)
        if x.is_constant:
            return number(_fraction(x.data))
        if x.op == "select":
            return self._select(*x.args)
        if x.op == "exp":
            return self._exp(x)
        if x.op == "mul":
            if _is_square_of_t(x) and not self.is_cut:
                return Z * Z
            if side == 0 and self.graph_t in x.args and not self.is_cut:
                odds = [self._odd(y) for y in x.args]
                if odds[0] is not None and odds[1] is not None:
                    return odds[0] * odds[1]
        if (inside := _tanh_argument(x)) is not None:
            return -function("tanh", _half(self.value(inside, side)))
        if x.op == "sqrt" and (found := self._hypot(x.args[0])) is not None:
            return found
        if x.op == "series":
            return self._series(x)
        if x.op in ("add", "sub") and (polynomial := _in_exponential(x)) is not None:
            return self._collected(*polynomial, side)
        if x.op in _OPERATIONS:
            return _OPERATIONS[x.op](*(self.value(y, side) for y in x.args))
        return function(x.op, *(self.value(y, side) for y in x.args))

    def _hypot(self, x: Node) -> Expression | None:
        """sqrt(b + t*t)."""
        if x.op == "add" and x.args[0].is_constant and x.args[1].op == "mul" and _is_square_of_t(x.args[1]):
            root = with_digits(60).sqrt(with_digits(60).number(_fraction(x.args[0].data)))
            return function("hypot", Z, Fraction(root.low))
        return None

    def _select(self, below: Node, above: Node) -> Expression:
        if below.op == "neg" and below.args[0] is above and (odd := self._odd(above)) is not None:
            return odd
        if above.op == "neg" and above.args[0] is below and (odd := self._odd(below)) is not None:
            return -odd
        return select(self.condition, self.value(below, -1), self.value(above, 1))

    def _odd(self, x: Node) -> Expression | None:
        """x where z > 0, and -x where z < 0, if that is no choice."""
        if x.op == "t":
            return Z
        if x.op == "neg":
            odd = self._odd(x.args[0])
            return None if odd is None else -odd
        if x.op in ("mul", "truediv"):
            if (inside := _tanh_argument(x)) is not None:
                odd = self._odd(inside)
                return None if odd is None else -function("tanh", _half(odd))
            for k in sorted((0, 1), key=lambda k: x.args[k].op != "t"):
                if (odd := self._odd(x.args[k])) is not None:
                    other = self.value(x.args[1 - k], 0)
                    if x.op == "mul":
                        return odd * other
                    return odd / other if k == 0 else other / odd
            return None
        if x.op in ("sin", "tanh", "atan", "erf"):
            odd = self._odd(x.args[0])
            return None if odd is None else function(x.op, odd)
        if x.op in ("add", "sub"):
            a, b = (self._odd(y) for y in x.args)
            return None if a is None or b is None else a + b if x.op == "add" else a - b
        return None

    def _series(self, x: Node) -> Expression:
        """A polynomial in the place of a series."""
        inside = x.args[0]
        ends = [math.inf if end is None else abs(float(end)) for end in (self.low, self.high)]
        least = min(ends) if self._side(x) and min(ends) < math.inf else 0.0
        sizes = [t for t in (*ends, 0.0, *(2.0**k for k in range(-8, 8))) if least <= t <= max(ends)]
        top = max(v for t in sizes if (v := _float(inside, min(t, 2.0**10))) <= 1)
        at = self.value(inside, 0)
        coefficients = polynomial(x.data, Fraction(top) * Fraction(65, 64), self.writer.compute.precision)
        total = number(coefficients[-1])
        for c in reversed(coefficients[:-1]):
            total = c + at * total
        return total

    # Sums

    def _collected(self, e: Node, terms: Mapping[int, Mapping[int, Fraction]], side: int) -> Expression:
        """A sum by powers of an exponential, whose factors are sums of powers of t."""
        t, power = self.value(self.graph_t, side), self.value(e, side)
        total = number(0)
        for k in range(max(terms), -1, -1):
            inner = number(0)
            of_t = terms.get(k, {})
            for j in range(max(of_t, default=0), -1, -1):
                inner = of_t.get(j, Fraction(0)) + t * inner
            total = inner + power * total
        return total

    # Products

    @cached_property
    def far(self) -> int:
        """Where exponentials that fall are small, but normal numbers."""
        least = self.writer.shift
        return max(next(k for k in range(1, 1 << 20) if _float(x.args[0], k) < -least) for x in self.falling)

    def _far_out(self, x: Node, side: int) -> Expression | None:
        """A result far out on one side, if its product with z is a normal number where e^x is none."""
        if self.graph.result.op == "select" and not self._is_on(side):
            return None
        if x.op == "select":
            return self._far_out(x.args[side > 0], side)
        sign, above, below = _factors(x, side)
        growing = [y for y in above if _grows(y)]
        small = [y for y in above if y in self.falling]
        if not growing or len(small) != 1 or not self._is_on(side):
            return None
        (e,) = small
        rest = [y for y in above if y is not e and y not in growing and not self._is_one(y)]
        total = number(sign)
        for y in growing:
            total = total * self.value(y, side)
        total = total * self._carried(e, self.writer.shift)
        for y in rest:
            total = total * self.value(y, side)
        for y in below:
            total = total if self._is_one(y) else total / self.value(y, side)
        m = with_digits(60)
        return total * Fraction(m.exp(m.number(Fraction(-self.writer.shift))).low)

    def _is_on(self, side: int) -> bool:
        return (self.low is None or side > 0) and (self.high is None or side < 0)

    def _is_one(self, x: Node) -> bool:
        """Whether a number is 1 far out."""
        return abs(_float(x, self.far) - 1) < 1e-20

    # Exponentials

    def _exp(self, x: Node) -> Expression:
        return self._carried(x)

    def _carried(self, x: Node, shift: int = 0) -> Expression:
        """An exponential, of its argument and what rounding has taken off that."""
        high, low = self._carry(x.args[0], self._side(x), x in self.falling)
        e = function("exp", high + shift)
        self.writer.hints[e] = "e"
        if low is None:
            return e
        carried = e + e * low
        self.writer.hints[carried] = "e"
        return carried

    def _carry(self, x: Node, side: int, is_falling: bool) -> tuple[Expression, Expression | None]:
        """A number, and what rounding has taken off it; None for nothing."""
        if x.op == "t":
            if is_falling and (self.is_cut or self._is_rounded):
                return self.size, None
            return self.value(x, side), None
        if x.is_constant:
            high, low = self.writer.split(_fraction(x.data))
            return number(high), number(low) if low else None
        if x.op == "neg":
            a, b = self._carry(x.args[0], side, is_falling)
            return -a, None if b is None else -b
        if x.op == "select":
            below, above = x.args
            if below.op == "neg" and below.args[0] is above and above.op == "t":
                return Z, None
        if x.op == "mul":
            return self._carry_product(*(self._carry(y, side, is_falling) for y in x.args))
        if x.op in ("add", "sub"):
            return self._carry_sum(x, side, is_falling)
        return self.value(x, side), None

    @cached_property
    def _is_rounded(self) -> bool:
        """Whether an argument of an exponential is rounded: then what is carried must not be infinite."""
        return any(not _is_exact(y.args[0]) for y in self.falling)

    def _carry_product(
        self, x: tuple[Expression, Expression | None], y: tuple[Expression, Expression | None]
    ) -> tuple[Expression, Expression | None]:
        (a, a_low), (b, b_low) = x, y
        p = a * b
        if a.is_constant and a_low is None and _is_power_of_two(a.data):
            return p, None if b_low is None else a * b_low
        rest = make("product_error", a, b, p)
        if a_low is not None:
            rest = rest + a_low * b
        if b_low is not None:
            rest = rest + (a * b_low if a is not b else 2 * a * b_low)
        return p, rest

    def _carry_sum(self, x: Node, side: int, is_falling: bool) -> tuple[Expression, Expression | None]:
        sign = 1 if x.op == "add" else -1
        (a, a_low), (b, b_low) = (self._carry(y, side, is_falling) for y in x.args)
        if b.op == "neg":
            sign, b = -sign, b.args[0]
        if a.op == "mul":
            (a, a_low), (b, b_low) = (sign * b, None if b_low is None else sign * b_low), (a, a_low)
            sign = 1
        if b.op == "mul":
            factor, other = sign * b.args[0], b.args[1]
            if b_low is not None:
                # Its own error is one of the product, which the sum takes in whole.
                b_low = _without_product_error(b_low, b)
            s = make("fma", factor, other, a)
            rest = make("fma_error", factor, other, a, s)
            if b_low is not None:
                rest = rest + sign * b_low
        else:
            s = a + sign * b
            back = s - a
            rest = (a - (s - back)) + (sign * b - back)
            if b_low is not None:
                rest = rest + sign * b_low
        if a_low is not None:
            rest = rest + a_low
        return s, rest


def _without_product_error(low: Expression, p: Expression) -> Expression | None:
    """What is carried with a product, but for the error of that itself."""
    if low.op == "product_error":
        return None
    assert low.op in ("add", "sub")
    first = _without_product_error(low.args[0], p)
    if first is None:
        return low.args[1] if low.op == "add" else -low.args[1]
    return first + low.args[1] if low.op == "add" else first - low.args[1]


def _is_exact(x: Node) -> bool:
    """Whether it is t, or that times a power of two."""
    if x.op in ("neg", "select"):
        return all(map(_is_exact, x.args))
    if x.op == "mul" and x.args[0].is_constant:
        return _is_power_of_two(_fraction(x.args[0].data)) and _is_exact(x.args[1])
    return x.op == "t"


def _factors(x: Node, side: int) -> tuple[int, list[Node], list[Node]]:
    """A number on one side of 0 as a product: its sign, what is above the line, and what below."""
    if x.op == "neg":
        sign, above, below = _factors(x.args[0], side)
        return -sign, above, below
    if x.op == "select" and side:
        return _factors(x.args[side > 0], side)
    if x.op == "mul" or (x.op == "truediv" and _tanh_argument(x) is None):
        (r, a, b), (s, c, d) = (_factors(y, side) for y in x.args)
        return (r * s, a + c, b + d) if x.op == "mul" else (r * s, a + d, b + c)
    return 1, [x], []


def _grows(x: Node) -> bool:
    """Whether it grows without end, as t does."""
    return abs(_float(x, 2.0**60)) > 2.0**50 and not x.is_constant


def _in_exponential(x: Node) -> tuple[Node, dict[int, dict[int, Fraction]]] | None:
    """A sum as a polynomial in an exponential and t, where terms of t alone may cancel: by both powers."""
    exponentials: set[Node] = set()

    def expand(y: Node) -> dict[tuple[int, int], Fraction] | None:
        if y.is_constant:
            return {(0, 0): _fraction(y.data)}
        if y.op == "t":
            return {(0, 1): Fraction(1)}
        if y.op == "exp":
            exponentials.add(y)
            return {(1, 0): Fraction(1)}
        if y.op not in ("neg", "add", "sub", "mul"):
            return None
        parts = [terms for z in y.args if (terms := expand(z)) is not None]
        if len(parts) < len(y.args) or len(exponentials) > 1:
            return None
        if y.op == "neg":
            return {power: -c for power, c in parts[0].items()}
        total: dict[tuple[int, int], Fraction] = {}
        if y.op == "mul":
            for (i, j), a in parts[0].items():
                for (k, m), b in parts[1].items():
                    total[i + k, j + m] = total.get((i + k, j + m), Fraction(0)) + a * b
            return total if len(total) <= 16 else None
        total = dict(parts[0])
        for power, c in parts[1].items():
            total[power] = total.get(power, Fraction(0)) + (c if y.op == "add" else -c)
        return total

    terms = expand(x)
    if terms is None or len(exponentials) != 1:
        return None
    terms = {power: c for power, c in terms.items() if c}
    first = [c for (i, _), c in terms.items() if i == 0]
    if not (any(c > 0 for c in first) and any(c < 0 for c in first)):
        return None
    found: dict[int, dict[int, Fraction]] = {}
    for (i, j), c in terms.items():
        found.setdefault(i, {})[j] = c
    return exponentials.pop(), found


def polynomial(coefficient: Callable[[int], Fraction], high: Fraction, precision: int) -> list[Fraction]:
    """A polynomial in the place of a series from 0 to ``high``, right to so many bits and two more.

    It meets the series at 0 and, divided by x without its first term, at the Chebyshev points.
    """
    first = coefficient(0)

    def rest(x: Fraction) -> Fraction:
        total, power, k = Fraction(0), Fraction(1), 1
        while (term := coefficient(k) * power) > first / 2 ** (2 * precision + 20):
            total, power, k = total + term, power * x, k + 1
        return total

    for degree in range(1, 60):
        found = interpolate(rest, Fraction(0), high, degree)
        checks = [high * k / 23 for k in range(1, 24)]
        off = max(abs(_horner(found, x) - rest(x)) * x / first for x in checks)
        if off < Fraction(1, 2 ** (precision + 3)):
            return [first, *found]
    raise AssertionError("no polynomial is near enough")


def _horner(coefficients: Sequence[Fraction], x: Fraction) -> Fraction:
    total = Fraction(0)
    for c in reversed(coefficients):
        total = total * x + c
    return total


def interpolate(
    value: Callable[[Fraction], Fraction], low: Fraction, high: Fraction, degree: int
) -> list[Fraction]:
    """The polynomial, by powers, that meets a function at the Chebyshev points of an interval."""
    middle, half = (low + high) / 2, (high - low) / 2
    angles = (math.pi * (2 * k + 1) / (2 * degree + 2) for k in range(degree + 1))
    nodes = [(middle + half * Fraction(math.cos(angle))).limit_denominator(2**40) for angle in angles]
    differences = [value(x) for x in nodes]
    for i in range(1, degree + 1):
        for k in range(degree, i - 1, -1):
            differences[k] = (differences[k] - differences[k - 1]) / (nodes[k] - nodes[k - i])
    total = [differences[degree]]
    for k in range(degree - 1, -1, -1):  # times x - node, plus the difference
        total = [a - nodes[k] * b for a, b in zip([Fraction(0), *total], [*total, Fraction(0)], strict=True)]
        total[0] += differences[k]
    return total


_OPERATIONS: Mapping[str, Callable[..., Expression]] = {
    op: getattr(operator, op) for op in ("neg", "abs", "add", "sub", "mul", "truediv")
}


def _is_power_of_two(x: Fraction) -> bool:
    n, d = abs(x.numerator), x.denominator
    return n & (n - 1) == 0 and d & (d - 1) == 0


def _is_square_of_t(x: Node) -> bool:
    return x.args[0] is x.args[1] and x.args[0].op == "t"


def _half(x: Expression) -> Expression:
    """x/2."""
    if x.op == "neg":
        return -_half(x.args[0])
    if x.op == "mul" and x.args[0].is_constant:
        return number(x.args[0].data / 2) * x.args[1]
    return Fraction(1, 2) * x


def _float(x: Node, t: float, side: int = 1) -> float:
    """The value of a number for z = t, or -t with the other ``side``, about."""
    if x.op == "t":
        return t
    if x.is_constant:
        return float(_fraction(x.data))
    if x.op == "select":
        return _float(x.args[side > 0], t, side)
    args = [_float(y, t, side) for y in x.args]
    try:
        match x.op:
            case "neg":
                return -args[0]
            case "abs":
                return abs(args[0])
            case "add":
                return args[0] + args[1]
            case "sub":
                return args[0] - args[1]
            case "mul":
                return args[0] * args[1]
            case "truediv":
                return args[0] / args[1]
            case "exp" | "expm1" | "log1p" | "sqrt" | "log":
                return float(getattr(math, x.op)(*args))
            case "mills":
                return (
                    1 / args[0]
                    if args[0] > 5
                    else math.exp(args[0] ** 2 / 2)
                    * math.erfc(args[0] / math.sqrt(2))
                    * math.sqrt(math.pi / 2)
                )
    except (OverflowError, ZeroDivisionError, ValueError):
        return math.inf
    return math.nan


def _tanh_argument(x: Node) -> Node | None:
    """y, where x is -tanh(y/2), as expm1(-y)/(2 + expm1(-y))."""
    if x.op == "truediv":
        d, s = x.args
        if d.op == "expm1" and s.op == "add" and s.args[1] is d and s.args[0].data == 2:
            inside = d.args[0]
            return inside.args[0] if inside.op == "neg" else None
    return None


def _fraction(x: Fraction | Interval) -> Fraction:
    return x if isinstance(x, Fraction) else Fraction(x.low)
