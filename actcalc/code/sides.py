"""The graph of a formula as an expression in z, by the mechanisms that ``working`` lists."""

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property

from actcalc.activations.declaration import Quantity
from actcalc.arithmetic.graph import Graph, Node
from actcalc.arithmetic.interval import with_digits
from actcalc.code.carried import Carried, carried_negative, carried_product, carried_sum
from actcalc.code.expression import Expression, Z, compare, function, make, number, select
from actcalc.code.far_out import FarOut
from actcalc.code.polynomials import of_series
from actcalc.code.shapes import (
    OPERATIONS,
    approximate,
    as_exponential,
    factors,
    fraction_of,
    in_exponential,
    is_density,
    is_even,
    is_exact,
    is_polynomial,
    is_power_of_two,
    is_square_of_t,
    is_tail,
    linear_root,
    over_one_square,
    positive,
    tanh_argument,
    terms,
    with_tanh,
)
from actcalc.code.sheet import Sheet, power_of_e


class Sides:
    """The graph of a formula for z from ``low`` to ``high`` as an expression in z.

    None means that there is no end. With ``zero_below`` the formula for z < 0 holds at 0. With ``is_whole``
    the graph's t is z itself, of any sign.
    """

    def __init__(
        self,
        sheet: Sheet,
        graph: Graph,
        of: Quantity,
        low: Fraction | None,
        high: Fraction | None,
        zero_below: bool = False,
        is_whole: bool = False,
    ) -> None:
        self._sheet, self._of = sheet, of
        self._root, self._t, self._nodes = graph.result, graph.result.m.t, graph.nodes
        self._is_negative = compare("le" if zero_below else "lt", Z, 0)
        self._low, self._high, self._is_whole = low, high, is_whole
        self._far = FarOut(graph, sheet, of, low, high, is_whole)
        self._known: dict[tuple[Node, int], Expression] = {}
        self._has_size = False
        """Whether |z| is cut off anyway."""
        self._is_clipped = False
        """Whether z is cut off at both ends anyway."""

    @cached_property
    def result(self) -> Expression:
        """The whole formula."""
        root = self._root
        places = {side: self._far.place(side) for side in (-1, 1)}
        far = self._all_far_out(None)
        if len(far) == 2:
            self._is_clipped = True
            far = self._all_far_out(self._cut)
        value = self._value(root, self._side(root) if self._is_one_sided else 0)
        if far:
            self._sheet.hints[value] = "y"
            self._sheet.notes[value] = "Except far out, where exp alone is subnormal but the result is not."
        if len(far) == 2 and far[-1] is far[1] and places[-1] == places[1]:
            return select(compare("gt", abs(Z), places[1]), far[1], value)
        for side, found in far.items():
            condition = compare("lt" if side < 0 else "gt", Z, side * places[side])
            value = select(condition, found, value)
        return value

    @property
    def _is_one_sided(self) -> bool:
        """Whether all z have the same sign."""
        return (self._low is not None and self._low >= 0) or (self._high is not None and self._high <= 0)

    @cached_property
    def _sides(self) -> Mapping[Node, frozenset[int]]:
        """The sides of 0 on which each node is used: -1, 1, or 0 for both at once."""
        found: dict[Node, frozenset[int]] = {self._root: frozenset((0,))}
        for x in reversed(self._nodes):
            for k, y in enumerate(x.args):
                own = found[x]
                if x.op == "select" and own == {0}:
                    own = frozenset((2 * k - 1,))
                found[y] = found.get(y, frozenset()) | own
        return found

    def _side(self, x: Node) -> int:
        """The side of 0 on which a node is used; 0 if it is used on both."""
        if self._is_whole or x not in self._sides:
            return int(self._is_whole)
        if self._low is not None and self._low >= 0:
            return 1
        if self._high is not None and self._high <= 0:
            return -1
        sides = self._sides[x]
        return next(iter(sides)) if len(sides) == 1 else 0

    @cached_property
    def _size(self) -> Expression:
        """|z|, or the bound beyond which exponentials are 0."""
        t = make("min", abs(Z), number(self._far.bound or 0))
        self._sheet.hints[t] = "t"
        self._sheet.notes[t] = "Beyond this, exp is 0."
        return t

    @cached_property
    def _cut(self) -> Expression:
        """z, or the bound beyond which exponentials are 0."""
        if not (self._far.is_reached(-1) or self._far.is_reached(1)):
            return Z
        z = make("max", make("min", Z, number(self._far.bound or 0)), number(-(self._far.bound or 0)))
        self._sheet.hints[z] = "x"
        self._sheet.notes[z] = "Beyond this, exp is 0."
        return z

    # Values

    def _value(self, x: Node, side: int) -> Expression:
        """A node at z of the sign ``side``, or at any z if that is 0."""
        x = over_one_square(with_tanh(x))
        if x.op not in ("neg", "abs", "add", "sub", "mul", "truediv", "t"):
            side = self._side(x)
        key = x, side
        if key not in self._known:
            self._known[key] = self._new_value(x, side)
        return self._known[key]

    def _new_value(self, x: Node, side: int) -> Expression:
        if x.op == "t":
            if self._is_whole:
                return self._cut if self._far.is_cut else Z
            if self._far.is_cut:
                return self._side(x) * self._cut if self._is_one_sided else self._size
            return Z if side > 0 else -Z if side < 0 else abs(Z)
        if x.is_constant:
            return number(fraction_of(x.data))
        if x.op == "select":
            return self._select(*x.args)
        if x.op == "exp":
            return self._exponential(x)
        if x.op == "mul":
            if is_square_of_t(x) and not self._far.is_cut:
                return Z * Z
            if (found := self._sin_and_cos(x)) is not None:
                return found
            if (found := self._without_exponential(x, side)) is not None:
                return found
            if (found := self._square_of_root(x, side)) is not None:
                return found
            if x.args[0] is x.args[1] and self._is_tight and (polynomial := positive(x)) is not None:
                return self._collected(*polynomial, side)
            if x.args[0].is_constant:
                return self._scaled(fraction_of(x.args[0].data), x.args[1], side)
            if side == 0 and self._t in x.args and not self._far.is_cut:
                odds = [self._odd(y) for y in x.args]
                if odds[0] is not None and odds[1] is not None:
                    return odds[0] * odds[1]
        if (inside := tanh_argument(x)) is not None:
            return -self._tanh(inside, _half(self._value(inside, side)))
        if x.op == "sqrt" and (found := self._hypot(x.args[0])) is not None:
            return found
        if x.op == "series":
            first, rest = self._series(x)
            return first + rest
        if x.op in ("add", "sub") and (polynomial := in_exponential(x, self._is_far)) is not None:
            return self._collected(*polynomial, side)
        if x.op == "sub" and is_tail(x):
            m = with_digits(60)
            return Fraction(m.sqrt(2 * m.pi).low) * self._tail(x)
        if x.op == "sub" and x.args[0].op == "series" and x.args[1].op == "t":
            first, rest = self._series(x.args[0])
            # The first difference is exact where they cancel.
            return first - self._value(x.args[1], side) + rest
        if x.op in ("add", "sub") and (found := self._near_root_of_expm1(x, side)) is not None:
            return found
        if x.op in OPERATIONS:
            return number(OPERATIONS[x.op](*(self._value(y, side) for y in x.args)))
        if x.op == "fork":
            return self._fork(x, side)
        if x.op == "normal":
            m = with_digits(60)
            root = Fraction(m.sqrt(m.number(Fraction(1, 2))).low)
            return Fraction(1, 2) * function("erfc", -root * self._value(x.args[0], side))
        return function(x.op, *(self._value(y, side) for y in x.args))

    def _fork(self, x: Node, side: int) -> Expression:
        """One of two nodes by the sign of a third; where that is 0, the one that holds there."""
        decides, below, above = x.args
        op = "lt"
        if (place := linear_root(decides)) is not None:
            z = -place if side < 0 else place
            right = self._sheet.f.derivative_float(float(z), self._of)
            off = [abs(approximate(y, float(place), side or 1) - right) for y in (below, above)]
            op = "le" if off[0] < off[1] else "lt"
        return select(
            compare(op, self._value(decides, side), 0), self._value(below, side), self._value(above, side)
        )

    def _tanh(self, inside: Node, x: Expression) -> Expression:
        """tanh(x) of x = inside/2; the language's own tanh only if few other errors add to its error."""
        is_scaled = x.op == "div" or (
            x.op == "mul" and x.args[0].is_constant and not is_power_of_two(x.args[0].data)
        )
        own = not is_scaled and any(
            tanh_argument(y) is inside and not others
            for side in (-1, 1)
            for y, others in terms(self._root, side)
        )
        return function("tanh" if own else "fine_tanh", x)

    @cached_property
    def _is_tight(self) -> bool:
        """Whether the result takes so many operations that squares of sums are expanded to save some.

        It does if the rounding error of an exponential's argument is carried, or for several factors.
        """
        root = self._root
        if any(not is_exact(e.args[0]) and is_polynomial(e.args[0]) for e in self._far.falling):
            return True
        for side in (-1, 1):
            _, above, _ = factors(root, side)
            rest = [y for y in above if not (y.is_constant and is_power_of_two(fraction_of(y.data)))]
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
                        math.inf if end is None else approximate(e.args[0], abs(float(end)))
                        for end in (self._low, self._high)
                    ]
                    if max(map(abs, reach)) <= 1:
                        return self._of_cosh(e.args[0], Fraction(max(map(abs, reach))), side)
                    value = self._value(d, side)
                    return value * value / (1 + value)
        return None

    def _of_cosh(self, y: Node, reach: Fraction, side: int) -> Expression:
        """2 (cosh y - 1) for |y| up to ``reach``."""
        square = self._value(y.m.node("mul", y, y), side)
        coefficients = of_series(
            lambda k: Fraction(2, math.factorial(2 * k + 2)), reach**2, self._sheet.compute.precision
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
        if s.args[1].args[0] is not inside or not self._is_whole:
            return None
        z = self._value(inside, 1)
        far = number(Fraction(self._sheet.compute.largest) / 4)
        both = function("sin", z) + function("cos", z)
        return select(compare("lt", abs(z), far), 1 + function("sin", 2 * z), both * both)

    def _near_root_of_expm1(self, x: Node, side: int) -> Expression | None:
        """c + k (e^y - 1) = k (e^y - r), which has a root, as k r (e^(y - log r) - 1)."""
        c, y = x.args
        sign = 1 if x.op == "add" else -1
        k = Fraction(sign)
        if y.op == "mul" and y.args[0].is_constant:
            k, y = sign * fraction_of(y.args[0].data), y.args[1]
        if not c.is_constant or y.op != "expm1" or not 0 < fraction_of(c.data) / k < 1:
            return None
        r, m = 1 - fraction_of(c.data) / k, with_digits(60)
        high, low = self._sheet.split(Fraction(m.log(m.number(r)).low))
        return k * r * function("expm1", self._value(y.args[0], side) - high - low)

    def _tail(self, x: Node) -> Expression:
        """Mills' ratio M(y), or M(y) - y, divided by sqrt(2 pi)."""
        if x.op == "mills":
            return function("tail", self._value(x.args[0], self._side(x)))
        a, b = x.args
        excess = function("tail_excess", self._value(b if a.op == "mills" else a, self._side(x)))
        return excess if a.op == "mills" else -excess

    def _scaled(self, c: Fraction, x: Node, side: int) -> Expression:
        """A constant times a node, as a quotient if its inverse is a whole number.

        A final sum that may overflow is multiplied term by term.
        """
        if is_density(c):
            sign, above, below = factors(x, side)
            if not below and sum(map(is_tail, above)) == 1:
                total = number(sign)
                for y in above:
                    total = total * (self._tail(y) if is_tail(y) else self._value(y, side))
                return total
        if (
            x.op in ("add", "sub")
            and abs(c) < 1
            and is_power_of_two(c)
            and self._is_outermost(x)
            and self._far.grows(x)
        ):
            a, b = (self._scaled(c, y, side) for y in x.args)
            return a + b if x.op == "add" else a - b
        value = self._value(x, side)
        if c.numerator == 1 and not is_power_of_two(c) and c.denominator < 1 << 20:
            return value / c.denominator
        return c * value

    def _is_outermost(self, x: Node) -> bool:
        """Whether the result on some side is a node, or a constant times that node."""
        root = self._root
        ways = root.args if root.op == "select" else (root,)
        return any(y is x or (y.op == "mul" and y.args[1] is x) for y in ways)

    def _hypot(self, x: Node) -> Expression | None:
        """The square root of a node b + t*t; None for any other node."""
        if x.op == "add" and x.args[0].is_constant and x.args[1].op == "mul" and is_square_of_t(x.args[1]):
            root = with_digits(60).sqrt(with_digits(60).number(fraction_of(x.args[0].data)))
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
                return self._value(r.args[0], side) + self._value(r, side) * self._value(y, side)
        return None

    def _select(self, below: Node, above: Node) -> Expression:
        if below.op == "neg" and below.args[0] is above and (odd := self._odd(above)) is not None:
            return odd
        if above.op == "neg" and above.args[0] is below and (odd := self._odd(below)) is not None:
            return -odd
        return select(self._is_negative, self._value(below, -1), self._value(above, 1))

    def _odd(self, x: Node) -> Expression | None:
        """x where z > 0 and -x where z < 0, as one odd expression; None if it would be a choice."""
        x = with_tanh(x)
        if x.op == "t":
            return self._cut if self._far.is_cut else Z
        if x.op == "neg":
            odd = self._odd(x.args[0])
            return None if odd is None else -odd
        if x.op in ("mul", "truediv"):
            if (inside := tanh_argument(x)) is not None:
                odd = self._odd(inside)
                return None if odd is None else -self._tanh(inside, _half(odd))
            for k in sorted((0, 1), key=lambda k: x.args[k].op != "t"):
                if (odd := self._odd(x.args[k])) is not None:
                    other = self._value(x.args[1 - k], 0)
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
        """The polynomial that replaces a series: its first term, and the sum of all others."""
        inside = x.args[0]
        ends = [math.inf if end is None else abs(float(end)) for end in (self._low, self._high)]
        least = min(ends) if self._side(x) and min(ends) < math.inf else 0.0
        sizes = [t for t in (*ends, 0.0, *(2.0**k for k in range(-8, 8))) if least <= t <= max(ends)]
        top = max((v for t in sizes if (v := approximate(inside, min(t, 2.0**10))) <= 1), default=1.0)
        at = self._value(inside, 0)
        coefficients = of_series(x.data, Fraction(top) * Fraction(65, 64), self._sheet.compute.precision)
        total = number(coefficients[-1])
        for c in reversed(coefficients[1:-1]):
            total = c + at * total
        return coefficients[0], at * total

    # Sums

    def _collected(self, e: Node, terms: Mapping[int, Mapping[int, Fraction]], side: int) -> Expression:
        """A polynomial in an exponential, whose coefficients are polynomials in t."""
        t, power = self._value(self._t, side), self._exponential(e)
        total = number(0)
        for k in range(max(terms), -1, -1):
            of_t = terms.get(k, {})
            if k == 0 and len(of_t) == 2 and not is_power_of_two(of_t[1]):
                return self._from_line(e, of_t, power * total, t)
            if k == 0 and max(of_t, default=0) > 1:
                return self._from_curve(of_t, power * total, t)
            inner = number(0)
            for j in range(max(of_t, default=0), -1, -1):
                inner = of_t.get(j, Fraction(0)) + t * inner
            # In a longer one the rounding errors of the last step would matter.
            is_last = k == 0 and max(terms) > 2
            total = make("fma", power, total, inner) if is_last else inner + power * total
        return total

    def _from_line(
        self, e: Node, line: Mapping[int, Fraction], rest: Expression, t: Expression
    ) -> Expression:
        """A line in t plus something small: the line about its root, or as the exponential's argument."""
        inside = e.args[0]
        if inside == -(-line[1] * self._t):
            high, low = self._carry(inside, self._side(e), True)
            return line[0] + high + (rest if low is None else rest + low)
        root, root_low = self._sheet.split(-line[0] / line[1])
        if rest.op == "mul" and rest.args[0].is_constant:
            k, e_alone = rest.args[0].data, rest.args[1]
            near: Expression = number(line[1] / k) * (t - root - root_low) + e_alone
            return number(k) * near
        return number(line[1]) * (t - root - root_low) + rest

    def _from_curve(self, terms: Mapping[int, Fraction], rest: Expression, t: Expression) -> Expression:
        """A constant plus t times a polynomial plus something small; the product's error is carried."""
        first, first_low = self._sheet.split(terms.get(1, Fraction(0)))
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
    def _is_far(self) -> bool:
        """Whether all |z| are 1 or more."""
        return (self._high is not None and self._high <= -1) or (self._low is not None and self._low >= 1)

    # Products

    def _all_far_out(self, z: Expression | None) -> dict[int, Expression]:
        """For each side that needs one, the result far out."""
        root = self._root
        return {side: found for side in (-1, 1) if (found := self._far_out(root, side, z)) is not None}

    def _far_out(self, x: Node, side: int, z: Expression | None = None) -> Expression | None:
        """The result far out on a side, if it is z times an e^x that is subnormal before the product is.

        As infinity times 0 is NaN, z is cut off: by ``z`` if that is given, else on that side alone.
        """
        if self._root.op == "select" and not self._far.is_reached(side):
            return None
        if x.op == "select":
            return self._far_out(x.args[side > 0], side, z)
        sign, above, below = factors(x, side)
        growing = [y for y in above if self._far.grows(y, side)]
        falling = self._far.falling_on(side)
        small = {y: e for y in above if (e := as_exponential(y)) in falling}
        if not growing or len(small) != 1 or not self._far.is_reached(side):
            return None
        ((y, e),) = small.items()
        if y is not e:
            sign = -sign
        rest = [x for x in above if x is not y and x not in growing and not self._far.is_one(x, side)]
        has_density = any(y.is_constant and is_density(fraction_of(y.data)) for y in rest)
        has_tail = has_density and sum(map(is_tail, (*growing, *rest))) == 1
        rest = [y for y in rest if not (has_tail and y.is_constant)]
        total = number(sign)
        for y in growing:
            if y is self._t:
                total = total * self._far_t(side, z)
            else:
                total = total * (self._tail(y) if has_tail and is_tail(y) else self._value(y, side))
        power, low = self._power(e, self._sheet.shift)
        total = (total if low is None else total + total * low) * power
        for y in rest:
            total = total * (self._tail(y) if has_tail and is_tail(y) else self._value(y, side))
        for y in below:
            total = total if self._far.is_one(y, side) else total / self._value(y, side)
        return total * power_of_e(-self._sheet.shift)

    def _far_t(self, side: int, z: Expression | None) -> Expression:
        """t far out on a side, cut off."""
        if z is None and not self._is_whole:
            self._has_size = True
            return self._size
        end = number(side * (self._far.bound or 0))
        z = z or make("max" if side < 0 else "min", Z, end)
        return -z if side < 0 and not self._is_whole else z

    # Exponentials

    def _exponential(self, x: Node) -> Expression:
        """An exponential that includes the rounding error of its argument."""
        e, low = self._power(x)
        if low is None:
            return e
        whole = e + e * low
        self._sheet.hints[whole] = "e"
        return whole

    def _power(self, x: Node, shift: int = 0) -> Carried:
        """An exponential times e^shift, and the rounding error of its argument; None if that is exact."""
        inside = x.args[0]
        is_cut = x in self._far.falling and (
            self._far.is_cut or self._has_size or (not is_exact(inside) and is_polynomial(inside))
        )
        # In an even argument |z| is cut off.
        side = 3 if self._is_whole and is_even(inside) else self._side(x)
        if self._is_clipped and is_even(inside):
            side = 4
        high, low = self._carry(inside, side, is_cut)
        e = function("exp", high + shift)
        self._sheet.hints[e] = "e"
        if low is not None:
            inner = low.args[0] if low.op == "neg" else low
            self._sheet.hints[inner] = "rest"
            self._sheet.notes[inner] = "The rounding error of the argument of exp."
        return e, low

    def _carry(self, x: Node, side: int, is_falling: bool) -> Carried:
        """A node with its rounding error.

        In the argument of an exponential that falls, t is cut off: as |z|, but as z itself if ``side`` is -2
        or 2, on a branch of a choice, or 4, as z is cut off at both ends.
        """
        if x.op == "t":
            if is_falling:
                if side == 4 or (self._is_whole and abs(side) < 3):
                    return self._cut, None
                if self._far.is_cut and self._is_one_sided:
                    return self._side(x) * self._cut, None
                return self._size if abs(side) in (0, 1, 3) else (side // 2) * self._cut, None
            return self._value(x, (side > 0) - (side < 0)), None
        if x.is_constant:
            high, low = self._sheet.split(fraction_of(x.data))
            return number(high), number(low) if low else None
        if x.op == "neg":
            return carried_negative(self._carry(x.args[0], side, is_falling))
        if x.op == "select":
            below, above = x.args
            if below.op == "neg" and below.args[0] is above and above.op == "t":
                return Z, None
            one, other = (self._carry(y, s, is_falling) for y, s in ((below, -2), (above, 2)))
            if one == other:
                return one
            return self._value(x, side), None
        if x.op == "mul":
            return carried_product(*(self._carry(y, side, is_falling) for y in x.args))
        if x.op in ("add", "sub") and is_polynomial(x):
            a, b = (self._carry(y, side, is_falling) for y in x.args)
            return carried_sum(a, b, 1 if x.op == "add" else -1)
        return self._value(x, side), None


def _half(x: Expression) -> Expression:
    """x/2."""
    if x.op == "neg":
        return -_half(x.args[0])
    c, y = (x.args[0].data / 2, x.args[1]) if x.op == "mul" and x.args[0].is_constant else (Fraction(1, 2), x)
    return y / c.denominator if c.numerator == 1 and not is_power_of_two(c) else c * y
