"""The graph of a formula as an expression in z: the mechanisms that ``working`` names."""

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from functools import cached_property, reduce
from typing import Any

from actcalc.activations.declaration import Quantity
from actcalc.arithmetic.exact import Formula
from actcalc.arithmetic.graph import Graph, Node, Untraced, of_sides
from actcalc.arithmetic.interval import Interval, with_digits
from actcalc.code.expression import Expression, Z, compare, function, make, number, select
from actcalc.code.polynomials import of_series
from actcalc.numbers.floats import Format


class Sheet:
    """The format to compute in, and names and notes for the expressions."""

    def __init__(self, compute: Format) -> None:
        self.compute = compute
        self.hints: dict[Expression, str] = {}
        self.notes: dict[Expression, str] = {}
        self.f: Any = None
        self.least_log = math.floor(math.log(compute.smallest_subnormal)) - 1
        """Below it e^x is rounded to 0."""
        start = 1 << (-self.least_log).bit_length() - 1
        self.shift = min(
            range(start, start * 9 // 8), key=lambda k: abs(self.split(_power_of_e(-k))[1] / _power_of_e(-k))
        )
        """e^x is a normal number down to -shift, and e^(x + shift) is one below; x + shift is exact there.

        That is a whole number for which e^-shift is next to a number of the format.
        """

    def _rounding_of_power(self, k: int) -> Fraction:
        """The relative distance of e^-k from a number of the format."""
        return abs(self.split(_power_of_e(-k))[1] / _power_of_e(-k))

    def split(self, x: Fraction) -> tuple[Fraction, Fraction]:
        """A constant as a number of the format, and the rest."""
        high = Fraction(self.compute.round_exact(x))
        return high, x - high


def takes_expm1(formula: Formula) -> bool:
    """Whether e^z - 1 is in it for negative z."""
    with suppress(Untraced):
        nodes = of_sides(formula, None).nodes
        found = [
            x for x in nodes if x.op == "expm1" and x.args[0].op == "neg" and x.args[0].args[0].op == "t"
        ]
        return bool(found) and not any(_tanh_argument(x) for x in nodes)
    return False


def holds_below(above: Graph, formula: Formula) -> bool:
    """Whether a formula for z > 0 also holds for z < 0: it contains neither |z| nor the sign of z."""
    below = of_sides(formula, None)
    return all(
        math.isclose(one, other, rel_tol=1e-9)
        for t in (0.3, 1.7, 3.1)
        for one, other in zip(_functions_at(above, -t), _functions_at(below, t), strict=False)
    )


def _functions_at(graph: Graph, t: float) -> list[float]:
    """The result, and the values of all functions in order of their size."""
    values = {_float(x, t) for x in graph.nodes if x.op not in (*_OPERATIONS, "t", "constant")}
    return [_float(graph.result, t), *sorted(map(abs, values))]


class Sides:
    """The graph of a formula for both sides of 0, or one, as an expression in z."""

    def __init__(
        self,
        writer: Sheet,
        graph: Graph,
        of: Quantity,
        low: Fraction | None,
        high: Fraction | None,
        zero_below: bool = False,
        is_whole: bool = False,
    ) -> None:
        """With ``is_whole`` t is z itself, of any sign."""
        self.is_whole = is_whole
        self.writer, self.graph, self.of = writer, graph, of
        self.condition = compare("le" if zero_below else "lt", Z, 0)
        self.low, self.high = low, high
        self._known: dict[tuple[Node, int], Expression] = {}
        self._has_size = False
        """Whether |z| is cut off in any case."""
        self._is_clipped = False
        """Whether z is, on both sides."""

    @cached_property
    def result(self) -> Expression:
        root = self.graph.result
        places = {side: self._reach(side, -self.writer.shift) for side in (-1, 1)}
        far = self._all_far_out(None)
        if len(far) == 2:
            self._is_clipped = True
            far = self._all_far_out(self.cut)
        value = self.value(root, self._side(root) if self._is_one_sided else 0)
        if far:
            self.writer.hints[value] = "y"
            self.writer.notes[value] = "Except far out, where exp alone is subnormal but the result is not."
        if len(far) == 2 and far[-1] is far[1] and places[-1] == places[1]:
            return select(compare("gt", abs(Z), places[1]), far[1], value)
        for side, found in far.items():
            condition = compare("lt" if side < 0 else "gt", Z, side * places[side])
            value = select(condition, found, value)
        return value

    @property
    def _is_one_sided(self) -> bool:
        """Whether all of z lies on one side of 0."""
        return (self.low is not None and self.low >= 0) or (self.high is not None and self.high <= 0)

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
        if self.is_whole or x not in self.sides:
            return int(self.is_whole)
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
        return sorted({x for side in self.ways for x in self.falling_on(side)}, key=lambda x: x.index)

    def falling_on(self, side: int) -> list[Node]:
        """The exponentials that fall to 0 on one side."""
        far = 2.0**40
        return [x for x in self.graph.nodes if x.op == "exp" and self.at(x.args[0], far, side) < -(2.0**30)]

    @property
    def ways(self) -> tuple[int, ...]:
        """The sides on which t goes far out."""
        return (-1, 1) if self.is_whole else (1,)

    def at(self, x: Node, t: float, side: int) -> float:
        """The value of a number at a distance from 0 on one side, about."""
        return _float(x, side * t) if self.is_whole else _float(x, t, side)

    @cached_property
    def bound(self) -> int | None:
        """Where all exponentials that fall are 0."""
        if not self.falling:
            return None
        # What is scaled up far out shall be 0, too.
        return max(self._reach(side, self.writer.least_log - self.writer.shift) for side in self.ways)

    def _reach(self, side: int, least: float) -> int:
        """Where all that fall to 0 on one side have an argument below that."""
        falling = self.falling_on(side)
        return max(
            (next(k for k in range(1, 1 << 20) if self.at(x.args[0], k, side) < least) for x in falling),
            default=1,
        )

    @cached_property
    def is_cut(self) -> bool:
        """Whether all is cut off where exponentials are 0: a slope, which is constant from there on."""
        if self.of == "g" or self.bound is None:
            return False
        root, t = self.graph.result, self.graph_t
        if t not in _outside_exponentials(root):
            return False
        sides = [*filter(self._is_on, (-1, 1))]
        ends = [[self.at(root, far, side) for far in (self.bound + 2, 2.0**40)] for side in sides]
        return bool(sides) and all(math.isclose(*values, rel_tol=1e-9, abs_tol=1e-40) for values in ends)

    @property
    def graph_t(self) -> Node:
        return self.graph.result.m.t

    @cached_property
    def size(self) -> Expression:
        """|z|, cut off where exponentials are 0."""
        t = make("min", abs(Z), number(self.bound or 0))
        self.writer.hints[t] = "t"
        self.writer.notes[t] = "Beyond this, exp is 0."
        return t

    @cached_property
    def cut(self) -> Expression:
        """z, cut off where exponentials are 0."""
        if not (self._is_on(-1) or self._is_on(1)):
            return Z
        z = make("max", make("min", Z, number(self.bound or 0)), number(-(self.bound or 0)))
        self.writer.hints[z] = "x"
        self.writer.notes[z] = "Beyond this, exp is 0."
        return z

    # Values

    def value(self, x: Node, side: int) -> Expression:
        """A number, at any z, or at those of one sign."""
        x = _over_one_square(_with_tanh(x))
        if x.op not in ("neg", "abs", "add", "sub", "mul", "truediv", "t"):
            side = self._side(x)
        key = x, side
        if key not in self._known:
            self._known[key] = self._value(x, side)
        return self._known[key]

    def _value(self, x: Node, side: int) -> Expression:
        if x.op == "t":
            if self.is_whole:
                return self.cut if self.is_cut else Z
            if self.is_cut:
                return self._side(x) * self.cut if self._is_one_sided else self.size
            return Z if side > 0 else -Z if side < 0 else abs(Z)
        if x.is_constant:
            return number(_fraction(x.data))
        if x.op == "select":
            return self._select(*x.args)
        if x.op == "exp":
            return self._carried(x)
        if x.op == "mul":
            if _is_square_of_t(x) and not self.is_cut:
                return Z * Z
            if (found := self._sin_and_cos(x)) is not None:
                return found
            if (found := self._without_exponential(x, side)) is not None:
                return found
            if (found := self._square_of_root(x, side)) is not None:
                return found
            if x.args[0] is x.args[1] and self.is_tight and (terms := _positive(x)) is not None:
                return self._collected(*terms, side)
            if x.args[0].is_constant:
                return self._scaled(_fraction(x.args[0].data), x.args[1], side)
            if side == 0 and self.graph_t in x.args and not self.is_cut:
                odds = [self._odd(y) for y in x.args]
                if odds[0] is not None and odds[1] is not None:
                    return odds[0] * odds[1]
        if (inside := _tanh_argument(x)) is not None:
            return -self._tanh(inside, _half(self.value(inside, side)))
        if x.op == "sqrt" and (found := self._hypot(x.args[0])) is not None:
            return found
        if x.op == "series":
            first, rest = self._series(x)
            return first + rest
        if x.op in ("add", "sub") and (polynomial := _in_exponential(x, self.is_far)) is not None:
            return self._collected(*polynomial, side)
        if x.op == "sub" and _is_tail(x):
            m = with_digits(60)
            return Fraction(m.sqrt(2 * m.pi).low) * self._tail(x)
        if x.op == "sub" and x.args[0].op == "series" and x.args[1].op == "t":
            first, rest = self._series(x.args[0])
            return (
                first - self.value(x.args[1], side) + rest
            )  # the first difference is exact where they cancel
        if x.op in ("add", "sub") and (found := self._near_root_of_expm1(x, side)) is not None:
            return found
        if x.op in _OPERATIONS:
            return _OPERATIONS[x.op](*(self.value(y, side) for y in x.args))
        if x.op == "fork":
            return self._fork(x, side)
        if x.op == "normal":
            m = with_digits(60)
            root = Fraction(m.sqrt(m.number(Fraction(1, 2))).low)
            return Fraction(1, 2) * function("erfc", -root * self.value(x.args[0], side))
        return function(x.op, *(self.value(y, side) for y in x.args))

    def _fork(self, x: Node, side: int) -> Expression:
        """One of two by the sign of a number; where that is 0 the way that the function goes."""
        decides, below, above = x.args
        op = "lt"
        if (place := _linear_root(decides)) is not None:
            z = -place if side < 0 else place
            right = self.writer.f.derivative_float(float(z), self.of)
            off = [abs(_float(y, float(place), side or 1) - right) for y in (below, above)]
            op = "le" if off[0] < off[1] else "lt"
        return select(
            compare(op, self.value(decides, side), 0), self.value(below, side), self.value(above, side)
        )

    def _tanh(self, inside: Node, x: Expression) -> Expression:
        """tanh(x) of x = inside/2: of the language's own only if little else adds to its error."""
        is_scaled = x.op == "div" or (
            x.op == "mul" and x.args[0].is_constant and not _is_power_of_two(x.args[0].data)
        )
        own = not is_scaled and any(
            _tanh_argument(y) is inside and not others
            for side in (-1, 1)
            for y, others in _terms(self.graph.result, side)
        )
        return function("tanh" if own else "fine_tanh", x)

    @cached_property
    def is_tight(self) -> bool:
        """Whether a result takes so many operations that squares of sums have to be worked out with care.

        One more it takes to carry what rounding takes off the argument of an exponential.
        """
        root = self.graph.result
        if any(not _is_exact(e.args[0]) and _is_polynomial(e.args[0]) for e in self.falling):
            return True
        for side in (-1, 1):
            _, above, _ = _factors(root, side)
            rest = [y for y in above if not (y.is_constant and _is_power_of_two(_fraction(y.data)))]
            if len(rest) > 1 or any(y.op in ("add", "sub") for y in rest):
                return True
        return False

    def _without_exponential(self, x: Node, side: int) -> Expression | None:
        """d^2 e^y for d = e^-y - 1, which is 2 (cosh y - 1): a polynomial times y^2, or d^2/(1 + d)."""
        for square, e in (x.args, x.args[::-1]):
            if e.op == "exp" and square.op == "mul" and square.args[0] is square.args[1]:
                d = square.args[0]
                if d.op == "expm1" and d.args[0] is -e.args[0]:
                    reach = [
                        math.inf if end is None else _float(e.args[0], abs(float(end)))
                        for end in (self.low, self.high)
                    ]
                    if max(map(abs, reach)) <= 1:
                        return self._of_cosh(e.args[0], Fraction(max(map(abs, reach))), side)
                    value = self.value(d, side)
                    return value * value / (1 + value)
        return None

    def _of_cosh(self, y: Node, reach: Fraction, side: int) -> Expression:
        """2 (cosh y - 1) for |y| up to ``reach``."""
        square = self.value(y.m.node("mul", y, y), side)
        coefficients = of_series(
            lambda k: Fraction(2, math.factorial(2 * k + 2)), reach**2, self.writer.compute.precision
        )
        total = number(coefficients[-1])
        for c in reversed(coefficients[:-1]):
            total = c + square * total
        return square * total

    def _sin_and_cos(self, x: Node) -> Expression | None:
        """(sin y + cos y)^2 as 1 + sin(2 y), which has smaller rounding errors near its roots."""
        s, y = x.args[0], x.args[1]
        if s is not y or s.op != "add" or {z.op for z in s.args} != {"sin", "cos"}:
            return None
        inside = s.args[0].args[0]
        if s.args[1].args[0] is not inside or not self.is_whole:
            return None
        z = self.value(inside, 1)
        far = number(Fraction(self.writer.compute.largest) / 4)
        both = function("sin", z) + function("cos", z)
        return select(compare("lt", abs(z), far), 1 + function("sin", 2 * z), both * both)

    def _near_root_of_expm1(self, x: Node, side: int) -> Expression | None:
        """c + k (e^y - 1) = k (e^y - r), which has a root, as k r (e^(y - log r) - 1)."""
        c, y = x.args
        sign = 1 if x.op == "add" else -1
        k = Fraction(sign)
        if y.op == "mul" and y.args[0].is_constant:
            k, y = sign * _fraction(y.args[0].data), y.args[1]
        if not c.is_constant or y.op != "expm1" or not 0 < _fraction(c.data) / k < 1:
            return None
        r, m = 1 - _fraction(c.data) / k, with_digits(60)
        high, low = self.writer.split(Fraction(m.log(m.number(r)).low))
        return k * r * function("expm1", self.value(y.args[0], side) - high - low)

    def _tail(self, x: Node) -> Expression:
        """Mills' ratio, or what it exceeds its argument by, over sqrt(2 pi)."""
        if x.op == "mills":
            return function("tail", self.value(x.args[0], self._side(x)))
        a, b = x.args
        excess = function("tail_excess", self.value(b if a.op == "mills" else a, self._side(x)))
        return excess if a.op == "mills" else -excess

    def _scaled(self, c: Fraction, x: Node, side: int) -> Expression:
        """A constant times a number: a quotient, if that is by a whole number; no sum overflows before."""
        if _is_density(c):
            sign, above, below = _factors(x, side)
            if not below and sum(map(_is_tail, above)) == 1:
                total = number(sign)
                for y in above:
                    total = total * (self._tail(y) if _is_tail(y) else self.value(y, side))
                return total
        if (
            x.op in ("add", "sub")
            and abs(c) < 1
            and _is_power_of_two(c)
            and self._is_outermost(x)
            and self._grows(x)
        ):
            a, b = (self._scaled(c, y, side) for y in x.args)
            return a + b if x.op == "add" else a - b
        value = self.value(x, side)
        if c.numerator == 1 and not _is_power_of_two(c) and c.denominator < 1 << 20:
            return value / c.denominator
        return c * value

    def _is_outermost(self, x: Node) -> bool:
        """Whether a result is a number, or that times a constant, on some side."""
        root = self.graph.result
        ways = root.args if root.op == "select" else (root,)
        return any(y is x or (y.op == "mul" and y.args[1] is x) for y in ways)

    def _hypot(self, x: Node) -> Expression | None:
        """sqrt(b + t*t)."""
        if x.op == "add" and x.args[0].is_constant and x.args[1].op == "mul" and _is_square_of_t(x.args[1]):
            root = with_digits(60).sqrt(with_digits(60).number(_fraction(x.args[0].data)))
            return function("hypot", Z, Fraction(root.low))
        return None

    def _square_of_root(self, x: Node, side: int) -> Expression | None:
        """r (r + y) of r = sqrt(b + t^2) as b + t^2 + r y."""
        for r, total in (x.args, x.args[::-1]):
            if (
                r.op == "sqrt"
                and total.op == "add"
                and r in total.args
                and self._hypot(r.args[0]) is not None
            ):
                y = total.args[total.args[0] is r]
                return self.value(r.args[0], side) + self.value(r, side) * self.value(y, side)
        return None

    def _select(self, below: Node, above: Node) -> Expression:
        if below.op == "neg" and below.args[0] is above and (odd := self._odd(above)) is not None:
            return odd
        if above.op == "neg" and above.args[0] is below and (odd := self._odd(below)) is not None:
            return -odd
        return select(self.condition, self.value(below, -1), self.value(above, 1))

    def _odd(self, x: Node) -> Expression | None:
        """x where z > 0, and -x where z < 0, if that is no choice."""
        x = _with_tanh(x)
        if x.op == "t":
            return self.cut if self.is_cut else Z
        if x.op == "neg":
            odd = self._odd(x.args[0])
            return None if odd is None else -odd
        if x.op in ("mul", "truediv"):
            if (inside := _tanh_argument(x)) is not None:
                odd = self._odd(inside)
                return None if odd is None else -self._tanh(inside, _half(odd))
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

    def _series(self, x: Node) -> tuple[Fraction, Expression]:
        """A polynomial in the place of a series: its first term, and the sum of all others."""
        inside = x.args[0]
        ends = [math.inf if end is None else abs(float(end)) for end in (self.low, self.high)]
        least = min(ends) if self._side(x) and min(ends) < math.inf else 0.0
        sizes = [t for t in (*ends, 0.0, *(2.0**k for k in range(-8, 8))) if least <= t <= max(ends)]
        top = max((v for t in sizes if (v := _float(inside, min(t, 2.0**10))) <= 1), default=1.0)
        at = self.value(inside, 0)
        coefficients = of_series(x.data, Fraction(top) * Fraction(65, 64), self.writer.compute.precision)
        total = number(coefficients[-1])
        for c in reversed(coefficients[1:-1]):
            total = c + at * total
        return coefficients[0], at * total

    # Sums

    def _collected(self, e: Node, terms: Mapping[int, Mapping[int, Fraction]], side: int) -> Expression:
        """A sum by powers of an exponential, whose factors are sums of powers of t."""
        t, power = self.value(self.graph_t, side), self._carried(e)
        total = number(0)
        for k in range(max(terms), -1, -1):
            of_t = terms.get(k, {})
            if k == 0 and len(of_t) == 2 and not _is_power_of_two(of_t[1]):
                return self._from_line(e, of_t, power * total, t)
            if k == 0 and max(of_t, default=0) > 1:
                return self._from_curve(of_t, power * total, t)
            inner = number(0)
            for j in range(max(of_t, default=0), -1, -1):
                inner = of_t.get(j, Fraction(0)) + t * inner
            # In a longer one the roundings of the last step would count.
            is_last = k == 0 and max(terms) > 2
            total = make("fma", power, total, inner) if is_last else inner + power * total
        return total

    def _from_line(
        self, e: Node, line: Mapping[int, Fraction], rest: Expression, t: Expression
    ) -> Expression:
        """A line in t and something small: the line about its root, or by the exponential's own argument."""
        inside = e.args[0]
        if inside == -(-line[1] * self.graph_t):
            high, low = self._carry(inside, self._side(e), True)
            return line[0] + high + (rest if low is None else rest + low)
        root, root_low = self.writer.split(-line[0] / line[1])
        if rest.op == "mul" and rest.args[0].is_constant:
            k, e_alone = rest.args[0].data, rest.args[1]
            near: Expression = number(line[1] / k) * (t - root - root_low) + e_alone
            return number(k) * near
        return number(line[1]) * (t - root - root_low) + rest

    def _from_curve(self, terms: Mapping[int, Fraction], rest: Expression, t: Expression) -> Expression:
        """A constant, t times a polynomial, and something small; the product's rounding error is carried."""
        first, first_low = self.writer.split(terms.get(1, Fraction(0)))
        step = t * t if all(j % 2 or not j for j in terms) else t
        stride = 2 if step is not t else 1
        powers = range(max(terms), 1, -stride)
        inner = number(terms[powers[0]])
        for j in powers[1:]:
            inner = terms.get(j, Fraction(0)) + step * inner
        inner = make("fma", inner, step, number(first))
        p = t * inner
        low = make("product_error", t, inner, p) + first_low * t
        return terms.get(0, Fraction(0)) + p + (rest + low)

    @cached_property
    def is_far(self) -> bool:
        """Whether |z| is 1 or more."""
        return (self.high is not None and self.high <= -1) or (self.low is not None and self.low >= 1)

    # Products

    def _all_far_out(self, z: Expression | None) -> dict[int, Expression]:
        """The results far out by sides, where there are such."""
        root = self.graph.result
        return {side: found for side in (-1, 1) if (found := self._far_out(root, side, z)) is not None}

    def _far_out(self, x: Node, side: int, z: Expression | None = None) -> Expression | None:
        """A result far out on one side, if its product with z is a normal number where e^x is none.

        There z is cut off, as infinity times 0 is NaN: it is given, or else cut off on that side.
        """
        if self.graph.result.op == "select" and not self._is_on(side):
            return None
        if x.op == "select":
            return self._far_out(x.args[side > 0], side, z)
        sign, above, below = _factors(x, side)
        growing = [y for y in above if self._grows(y, side)]
        falling = self.falling_on(side)
        small = {y: e for y in above if (e := _as_exponential(y)) in falling}
        if not growing or len(small) != 1 or not self._is_on(side):
            return None
        ((y, e),) = small.items()
        if y is not e:
            sign = -sign
        rest = [x for x in above if x is not y and x not in growing and not self._is_one(x, side)]
        has_density = any(y.is_constant and _is_density(_fraction(y.data)) for y in rest)
        has_tail = has_density and sum(map(_is_tail, (*growing, *rest))) == 1
        rest = [y for y in rest if not (has_tail and y.is_constant)]
        total = number(sign)
        for y in growing:
            if y is self.graph_t:
                total = total * self._far_t(side, z)
            else:
                total = total * (self._tail(y) if has_tail and _is_tail(y) else self.value(y, side))
        power, low = self._power(e, self.writer.shift)
        total = (total if low is None else total + total * low) * power
        for y in rest:
            total = total * (self._tail(y) if has_tail and _is_tail(y) else self.value(y, side))
        for y in below:
            total = total if self._is_one(y, side) else total / self.value(y, side)
        return total * _power_of_e(-self.writer.shift)

    def _far_t(self, side: int, z: Expression | None) -> Expression:
        """t, far out on one side, but cut off."""
        if z is None and not self.is_whole:
            self._has_size = True
            return self.size
        end = number(side * (self.bound or 0))
        z = z or make("max" if side < 0 else "min", Z, end)
        return -z if side < 0 and not self.is_whole else z

    def _is_on(self, side: int) -> bool:
        return (self.low is None or side > 0) and (self.high is None or side < 0)

    def _is_one(self, x: Node, side: int) -> bool:
        """Whether a number is 1 far out."""
        return abs(self.at(x, self._reach(side, -self.writer.shift), side) - 1) < 1e-20

    def _grows(self, x: Node, side: int = 1) -> bool:
        """Whether it grows without end, as t does."""
        return abs(self.at(x, 2.0**60, side)) > 2.0**50 and not x.is_constant

    # Exponentials

    def _carried(self, x: Node) -> Expression:
        """An exponential of an argument and of the rounding error of that argument."""
        e, low = self._power(x)
        if low is None:
            return e
        carried = e + e * low
        self.writer.hints[carried] = "e"
        return carried

    def _power(self, x: Node, shift: int = 0) -> tuple[Expression, Expression | None]:
        """An exponential, times e^shift, and the rounding error of its argument; None if there is none."""
        inside = x.args[0]
        is_cut = x in self.falling and (
            self.is_cut or self._has_size or (not _is_exact(inside) and _is_polynomial(inside))
        )
        # Of an even argument |z| is cut off.
        side = 3 if self.is_whole and _is_even(inside) else self._side(x)
        if self._is_clipped and _is_even(inside):
            side = 4
        high, low = self._carry(inside, side, is_cut)
        e = function("exp", high + shift)
        self.writer.hints[e] = "e"
        if low is not None:
            inner = low.args[0] if low.op == "neg" else low
            self.writer.hints[inner] = "rest"
            self.writer.notes[inner] = "The rounding error of the argument of exp."
        return e, low

    def _carry(self, x: Node, side: int, is_falling: bool) -> tuple[Expression, Expression | None]:
        """A number and its rounding error; None if there is none."""
        if x.op == "t":
            if is_falling:
                if side == 4 or (self.is_whole and abs(side) < 3):
                    return self.cut, None
                if self.is_cut and self._is_one_sided:
                    return self._side(x) * self.cut, None
                return self.size if abs(side) in (0, 1, 3) else (side // 2) * self.cut, None
            return self.value(x, (side > 0) - (side < 0)), None
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
            one, other = (self._carry(y, s, is_falling) for y, s in ((below, -2), (above, 2)))
            if one == other:
                return one
            return self.value(x, side), None
        if x.op == "mul":
            return self._carry_product(*(self._carry(y, side, is_falling) for y in x.args))
        if x.op in ("add", "sub") and _is_polynomial(x):
            return self._carry_sum(x, side, is_falling)
        return self.value(x, side), None

    def _carry_product(
        self, x: tuple[Expression, Expression | None], y: tuple[Expression, Expression | None]
    ) -> tuple[Expression, Expression | None]:
        (a, a_low), (b, b_low) = x, y
        p = a * b
        if a.is_constant and a_low is None and _is_power_of_two(a.data):
            return p, None if b_low is None else a * b_low
        rest = make("product_error", a, b, p)
        if a is b:
            if a.op == "sub" and a.args[0].is_constant:  # (c - x)^2 as (x - c)^2
                a, a_low = -a.args[0] + a.args[1], None if a_low is None else -a_low
                p, rest = a * a, make("product_error", a, a, a * a)
            return p, rest if a_low is None else rest + 2 * a * a_low
        if a_low is not None:
            rest = rest + a_low * b
        if b_low is not None:
            rest = rest + a * b_low
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
    """The error carried with a product, apart from its own rounding error."""
    if low.op == "product_error":
        return None
    assert low.op in ("add", "sub")
    first = _without_product_error(low.args[0], p)
    if first is None:
        return low.args[1] if low.op == "add" else -low.args[1]
    return first + low.args[1] if low.op == "add" else first - low.args[1]


def _is_polynomial(x: Node) -> bool:
    """Whether it takes nothing but + - * of t and constants."""
    return x.op in ("t", "constant") or (
        x.op in ("neg", "add", "sub", "mul", "select") and all(map(_is_polynomial, x.args))
    )


def _is_even(x: Node) -> bool:
    """Whether it is the same for t and -t, as t^2 is."""
    return all(_float(x, t) == _float(x, -t) for t in (0.7, 2.3))


def _is_exact(x: Node) -> bool:
    """Whether it is t, or that times a power of two."""
    if x.op in ("neg", "select"):
        return all(map(_is_exact, x.args))
    if x.op == "mul" and x.args[0].is_constant:
        return _is_power_of_two(_fraction(x.args[0].data)) and _is_exact(x.args[1])
    return x.op == "t"


def _factors(x: Node, side: int) -> tuple[int, list[Node], list[Node]]:
    """A number on one side of 0 as a product: its sign, what is above the line, and what below."""
    x = _with_tanh(x)
    if x.op == "neg":
        sign, above, below = _factors(x.args[0], side)
        return -sign, above, below
    if x.op == "select" and side:
        return _factors(x.args[side > 0], side)
    if x.op == "mul" or (x.op == "truediv" and _tanh_argument(x) is None):
        (r, a, b), (s, c, d) = (_factors(y, side) for y in x.args)
        return (r * s, a + c, b + d) if x.op == "mul" else (r * s, a + d, b + c)
    return 1, [x], []


def _terms(x: Node, side: int) -> Iterator[tuple[Node, list[Node]]]:
    """The terms of a sum that are a number, or that times t, with what else they are made of."""
    if x.op == "select":
        yield from _terms(x.args[side > 0], side)
    elif x.op in ("add", "sub"):
        for y in x.args:
            yield from _terms(y, side)
    else:
        _, above, below = _factors(x, side)
        rest = [
            y for y in above if y.op != "t" and not (y.is_constant and _is_power_of_two(_fraction(y.data)))
        ]
        for y in rest[:1]:
            yield y, [*rest[1:], *below]


def _outside_exponentials(root: Node) -> set[Node]:
    """The nodes that a result needs, without those that only exponentials need."""
    found, waiting = {root}, [root]
    while waiting:
        x = waiting.pop()
        new = set() if x.op == "exp" else set(x.args) - found
        found |= new
        waiting += new
    return found


def _as_exponential(x: Node) -> Node:
    """The exponential to which a number is close where it is small: e for -tanh(e), too; else itself."""
    inside = _tanh_argument(x)
    if inside is not None and inside.op == "mul" and inside.args[0].is_constant and inside.args[0].data == 2:
        return inside.args[1]
    return x


def _positive(x: Node) -> tuple[Node, dict[int, dict[int, Fraction]]] | None:
    """A number as a polynomial in an exponential, by powers, where no terms cancel."""
    found = _expanded(x)
    if found is None or any(c < 0 or j for terms in found[1].values() for j, c in terms.items()):
        return None
    return found


def _in_exponential(x: Node, is_far: bool) -> tuple[Node, dict[int, dict[int, Fraction]]] | None:
    """A sum as a polynomial in an exponential and t, where terms of t alone may cancel: by both powers."""
    found = _expanded(x, is_far)
    if found is None:
        return None
    first = found[1].get(0, {}).values()
    return found if any(c > 0 for c in first) and any(c < 0 for c in first) else None


def _expanded(x: Node, is_far: bool = False) -> tuple[Node, dict[int, dict[int, Fraction]]] | None:
    """A number as a polynomial in an exponential and t, by both powers."""
    exponentials: set[Node] = set()

    def expand(y: Node) -> dict[tuple[int, int], Fraction] | None:
        if y.is_constant:
            return {(0, 0): _fraction(y.data)}
        if y.op == "t":
            return {(0, 1): Fraction(1)}
        if y.op == "exp":
            exponentials.add(y)
            return {(1, 0): Fraction(1)}
        if y.op == "expm1" and is_far:
            exponentials.add(y)
            return {(1, 0): Fraction(1), (0, 0): Fraction(-1)}
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
    found: dict[int, dict[int, Fraction]] = {}
    for (i, j), c in terms.items():
        if c:
            found.setdefault(i, {})[j] = c
    return exponentials.pop(), found


_OPERATIONS: Mapping[str, Callable[..., Expression]] = {
    op: getattr(operator, op) for op in ("neg", "abs", "add", "sub", "mul", "truediv")
}


def _is_power_of_two(x: Fraction) -> bool:
    n, d = abs(x.numerator), x.denominator
    return n & (n - 1) == 0 and d & (d - 1) == 0


def _power_of_e(x: int) -> Fraction:
    m = with_digits(60)
    return Fraction(m.exp(m.number(Fraction(x))).low)


def _is_tail(x: Node) -> bool:
    """Whether it is Mills' ratio M(y), or M(y) - y."""
    a, b = x.args if x.op == "sub" else (x, x)
    return (a.op == "mills" and b in (a, a.args[0])) or (b.op == "mills" and b.args[0] is a)


def _is_density(x: Fraction) -> bool:
    """Whether it is phi(0), to many digits."""
    return abs(float(x * x) * 2 * math.pi - 1) < 1e-14


def _is_square_of_t(x: Node) -> bool:
    return x.args[0] is x.args[1] and x.args[0].op == "t"


def _half(x: Expression) -> Expression:
    """x/2."""
    if x.op == "neg":
        return -_half(x.args[0])
    c, y = (x.args[0].data / 2, x.args[1]) if x.op == "mul" and x.args[0].is_constant else (Fraction(1, 2), x)
    return y / c.denominator if c.numerator == 1 and not _is_power_of_two(c) else c * y


def _float(x: Node, t: float, side: int = 1) -> float:
    """The value of a number for z = t, or -t with the other ``side``, about."""
    if x.op == "t":
        return t
    if x.is_constant:
        return float(_fraction(x.data))
    if x.op == "select":
        return _float(x.args[side > 0], t, side)
    if x.op == "series":
        at = _float(x.args[0], t, side)
        return sum(float(x.data(k)) * at**k for k in range(40)) if abs(at) <= 4 else math.nan
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
            case "exp" | "expm1" | "log1p" | "sqrt" | "log" | "sin" | "cos" | "atan" | "erf" | "erfc":
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


def _linear_root(x: Node) -> Fraction | None:
    """The t at which a number is 0, if it is t and a constant."""
    if x.op == "neg":
        return _linear_root(x.args[0])
    if x.op == "t":
        return Fraction(0)
    if x.op in ("add", "sub") and {y.op for y in x.args} == {"t", "constant"}:
        c = next(_fraction(y.data) for y in x.args if y.is_constant)
        return c if x.op == "sub" else -c
    return None


def _with_tanh(x: Node) -> Node:
    """y d/(2 + d) as y times d/(2 + d), which is a tanh."""
    if x.op == "truediv" and x.args[0].op == "mul":
        (a, b), below = x.args[0].args, x.args[1]
        for y, d in ((a, b), (b, a)):
            quotient = d.m.node("truediv", d, below)
            if _tanh_argument(quotient) is not None:
                return d.m.node("mul", y, quotient)
    return x


def _over_one_square(x: Node) -> Node:
    """(a/s) (b + c/s) as a (b s + c)/s^2, in which fewer roundings are ahead of the sum."""
    if x.op != "mul":
        return x
    for quotient, total in (x.args, x.args[::-1]):
        if quotient.op != "truediv" or total.op not in ("add", "sub"):
            continue
        (a, s), (b, rest), m = quotient.args, total.args, x.m
        sign, above, below = _factors(rest, 0)
        if below == [s] and sign > 0:
            c = reduce(lambda y, z: m.node("mul", y, z), above)
            whole = m.node(total.op, m.node("mul", b, s), c)
            return m.node("truediv", m.node("mul", a, whole), m.node("mul", s, s))
    return x


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
