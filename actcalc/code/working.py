"""Formulas in working precision, written with the functions that a language has.

A graph of ``arithmetic/graph`` becomes an expression in z. A few mechanisms keep the rounding error within a
few ulps, and avoid overflow and underflow where the result is normal:

- an exponential that amplifies the rounding error r of its argument is corrected: e^(x + r) = e^x + e^x*r;
- far out, where such an exponential is 0, |z| is cut off, so that its powers do not overflow;
- a product of z and e^x may be normal where e^x alone is subnormal; there e^(x + k) is used, and scaled;
- sums that may cancel start with z and constants, whose sum is exact there;
- sqrt(z^2 + b) is a hypotenuse, which does not overflow;
- near a root at which a difference still loses digits, the result is the distance from it times a polynomial;
- pieces that only higher precisions need are left out.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import cache
from itertools import pairwise
from statistics import fmean
from typing import Any, NamedTuple

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.activations.function import Function
from actcalc.arithmetic.exact import Formula
from actcalc.arithmetic.graph import Untraced, of_sides
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
from actcalc.code.machine import rounded_value
from actcalc.code.naming import routine as named
from actcalc.code.polynomials import least_polynomial
from actcalc.code.shapes import has_expm1, holds_below
from actcalc.code.sheet import Sheet
from actcalc.code.sides import Sides
from actcalc.errors import UnsettledError
from actcalc.numbers.digits import Digits
from actcalc.numbers.floats import FLOAT32, Format
from actcalc.numbers.ulp import ulps


class Form(NamedTuple):
    """A quantity of a function, which may be printed under the name of another."""

    f: Activation
    of: Quantity


def routine(forms: Mapping[Quantity, Form], compute: Format) -> Routine:
    """One routine that computes several forms from common terms."""
    writer = _Writer(compute)
    results = {of: writer.form(form) for of, form in forms.items()}
    return named(results, writer.hints, writer.notes)


def expression(form: Form, compute: Format) -> Expression:
    """A form as an expression in z."""
    return _Writer(compute).form(form)


def routines(forms: Mapping[Quantity, Form], compute: Format) -> list[Routine]:
    """A routine for each form."""
    return [routine({of: form}, compute) for of, form in forms.items()]


_WEAK = 3.5
"""The rounding error in ulps beyond which a root needs a polynomial."""
_WIDTHS = (0.35, 0.5, 0.7, 0.9, 1.2)
_FEW, _MANY = 160, 400
"""The numbers of points tried around a root."""


@cache
def weak_roots(form: Form) -> tuple[tuple[Fraction, float], ...]:
    """The roots near which a formula loses too many digits, each with the distance to which it does."""
    f, of = form
    if not (f.is_declared and f.declaration.settles_far_out) or all(map(_is_plain, _formulas(f, of))):
        return ()
    value = _Writer(FLOAT32)._apart_from_roots(form)
    found = []
    for root in _roots(form):
        if max(_errors(value, [*_samples_about(form, root, _FEW)])) > _WEAK:
            writer, samples = _Writer(FLOAT32), [*_samples_about(form, root, _MANY)]
            # The largest of few errors depends on chance, so the means are compared; wide intervals win ties.
            means = {w: fmean(_errors(writer.about_root(form, value, root, w), samples)) for w in _WIDTHS}
            found.append((root, max(w for w in _WIDTHS if means[w] < 1.05 * min(means.values()))))
    return tuple(found)


def _formulas(f: Function, of: Quantity) -> list[Formula]:
    return [piece.formula(of) for piece in f.pieces]


def _roots(form: Form) -> Iterator[Fraction]:
    """The roots other than 0 at which a quantity changes its sign, to forty digits."""
    grid = [Fraction(2 * k + 1, 16) for k in range(-64, 64)]
    signs = [_sign_at(form, z) for z in grid]
    for (low, before), (high, after) in pairwise(zip(grid, signs, strict=True)):
        if before * after < 0 and not any(low <= p.upto <= high for p in form.f.pieces if p.upto is not None):
            while high - low > Fraction(1, 10**40):
                middle = ((low + high) / 2).limit_denominator(10**45)
                low, high = (middle, high) if _sign_at(form, middle) == before else (low, middle)
            yield low


def _sign_at(form: Form, z: Fraction) -> int:
    value = form.f.derivative_at(z, form.of, Digits(5))
    return 0 if value is None else (value > 0) - (value < 0)


def _samples_about(form: Form, root: Fraction, count: int) -> Iterator[tuple[float, Fraction]]:
    """Points around a root, with the right values."""
    for k in range(count):
        z = FLOAT32.round_float(float(root) + (-1) ** k * (0.26 + k * 1.61 / count))
        right = form.f.derivative_at(Fraction(z), form.of, _RIGHT)
        if right is not None:
            yield z, Fraction(right)


def _errors(value: Expression, samples: Sequence[tuple[float, Fraction]]) -> list[float]:
    """The errors at the points, in ulps."""
    return [ulps(rounded_value(value, z, FLOAT32), right, FLOAT32) for z, right in samples]


class _Part(NamedTuple):
    """A formula that holds from the end of the previous part up to ``upto``; the last part has no end."""

    formula: Formula
    upto: Fraction | None = None
    has_end: bool = False
    """Whether it also holds at ``upto``, which matters only if the next part has another value there."""


def _parts(f: Function, of: Quantity) -> list[_Part]:
    """The parts of a quantity; the rule ``least`` decides which side holds at a kink."""
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
                found += [_Part(piece.formula(of), upto), _Part(lambda m, z: Fraction(0), upto, True)]
                continue
        found.append(_Part(piece.formula(of), upto, has_end))
    return found


_RIGHT = Digits(25)
"""The precision of right values."""


class _Writer(Sheet):
    """Writes forms as expressions for a format to compute in."""

    def form(self, form: Form) -> Expression:
        f, of = form
        if of == "g" and (direct := _direct(f)) is not None:
            return direct
        value = self._apart_from_roots(form)
        for root, width in weak_roots(form):
            value = self.about_root(form, value, root, width)
        return value

    def _apart_from_roots(self, form: Form) -> Expression:
        self.f = form.f
        parts = self._needed(form.f, form.of, _parts(form.f, form.of))
        return self.of_parts(parts, form.of, None, None)

    def about_root(self, form: Form, value: Expression, root: Fraction, width: float) -> Expression:
        """An expression that is replaced near a root by the distance from it times a polynomial."""
        place, rest = self.split(root)
        digits = Digits(self.compute.precision + 10)

        def slope(u: Fraction) -> Fraction:
            right = form.f.derivative_at(place + u, form.of, digits)
            assert right is not None
            return Fraction(right) / (u - rest)

        u = Z - place
        self.notes[u] = f"Near the root at {float(root):.5g}, a polynomial replaces differences."
        self.hints[u] = "u"
        # A little more, as its ends are rounded.
        coefficients = least_polynomial(slope, Fraction(width) * Fraction(33, 32), self.compute.precision)
        total = number(coefficients[-1])
        for c in reversed(coefficients[:-1]):
            total = c + u * total
        return select(compare("lt", abs(u), Fraction(width)), (u - rest) * total, value)

    # Parts

    def _needed(self, f: Function, of: Quantity, parts: list[_Part]) -> list[_Part]:
        """The parts, without those whose neighbours are as accurate in this precision."""
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
            elif abs(middle) >= 1 and has_expm1(one) and self._is_good(f, of, one, middle, high):
                # The formula is the same, but far out e^x is not close to 1, so expm1 is not needed.
                parts[k + 1] = parts[k + 1]._replace(formula=one)
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
        """Whether a formula, rounded after every operation, is accurate enough from low to high."""
        m = _Machine(self.compute)
        for z in _samples(low, high, -self.least_log):
            x = self.compute.round_float(z)
            if (low is not None and x <= low) or (high is not None and x >= high):
                continue
            try:
                value = m.number(formula(m, RoundedFloat(m, x))).value
            except _Subnormal:
                continue
            except (ArithmeticError, NotRational, UnsettledError):
                return False
            right = f.derivative_at(Fraction(x), of, _RIGHT)
            if right is None or not ulps(value, Fraction(right), self.compute) <= _GOOD:
                return False
        return True

    def of_parts(
        self, parts: Sequence[_Part], of: Quantity, low: Fraction | None, high: Fraction | None
    ) -> Expression:
        """The parts, which hold from low to high, as one expression."""
        first, last = parts[0], parts[-1]
        if first.upto is None or len(parts) == 1:
            return self._alone(first.formula, of, low, high)
        ends = [part.upto for part in parts[:-1] if part.upto is not None]
        is_below = self._compare("le" if first.has_end else "lt", first.upto)
        if _is_level(last.formula) and not all(_is_level(part.formula) for part in parts):
            # The level part comes last, so that NaN takes a branch that depends on z.
            place = ends[-1]
            is_above = self._compare("ge" if not parts[-2].has_end else "gt", place)
            level = self._alone(last.formula, of, place, high)
            return select(is_above, level, self.of_parts(parts[:-1], of, low, place))
        if _is_plain(first.formula) and (len(parts) > 2 or first.upto != 0):
            rest = self.of_parts(parts[1:], of, first.upto, high)
            return select(is_below, self._plain(first.formula), rest)
        if len(parts) == 2 and first.upto == 0 and not (_is_level(first.formula) and _is_plain(last.formula)):
            sides = of_sides(first.formula, last.formula)
            return Sides(self, sides, of, low, high, first.has_end).result
        if len(parts) > 2 and ends[0] == -ends[-1] and low is None and high is None:
            inner = self.of_parts(parts[1:-1], of, ends[0], ends[-1])
            outer = Sides(self, of_sides(first.formula, last.formula), of, None, None).result
            return select(compare("lt", abs(Z), self._edge(ends[-1], -1)), inner, outer)
        return select(
            is_below,
            self._alone(first.formula, of, low, first.upto),
            self.of_parts(parts[1:], of, first.upto, high),
        )

    def _compare(self, op: str, end: Fraction) -> Expression:
        return compare(op, Z, self._edge(end, 1 if op in ("lt", "ge") else -1))

    def _edge(self, end: Fraction, side: int) -> Fraction:
        """An end if it is a number of the format, else the next one on a side of it."""
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
        if high is None or high > 0:
            sides = of_sides(None, formula)
            if (low is not None and low >= 0) or holds_below(sides, formula):
                return Sides(self, sides, of, low, high, is_whole=True).result
        below = None if low is not None and low >= 0 else formula
        above = None if high is not None and high <= 0 else formula
        return Sides(self, of_sides(below, above), of, low, high).result

    def _plain(self, formula: Formula) -> Expression:
        """A formula of + - * / alone; a line is written with its root if that is a number of the format."""
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
        return _without_overflow(number(formula(RATIONAL, Z)))


def _without_overflow(x: Expression) -> Expression:
    """A small constant times a square as (c*z)*z, since the square alone may overflow."""
    args = [*map(_without_overflow, x.args)]
    if x.op == "mul" and args[0].is_constant and abs(args[0].data) < 1 and args[1].op == "mul":
        return args[0] * args[1].args[0] * args[1].args[1]
    return make(x.op, *args, data=x.data)


_GOOD = 3.0


class _Subnormal(Exception):
    """An exponential is subnormal, so the point says nothing about the formula."""


class _Machine(RoundedFloats):
    """Rounds every operation, and refuses arguments outside the domains of supplied functions."""

    def mills(self, x: Any) -> RoundedFloat:
        if self.number(x).value < 0:
            raise Undefined("Mills' ratio of a negative number")
        return super().mills(x)

    def exp(self, x: Any) -> RoundedFloat:
        found = RoundedFloats.exp(self, x)
        if 0 < found.value < self.format.smallest_normal:
            raise _Subnormal
        return found


def _samples(low: Fraction | None, high: Fraction | None, far: int) -> Iterator[float]:
    """Points from low to high, and on open sides up to ``far``, where e^-z is 0."""
    most = far.bit_length()
    if low is not None and high is not None:
        a, b = float(low), float(high)
        yield from (a + (b - a) * k / 48 for k in range(49))
    for end, side in ((low, 1), (high, -1)):
        if end is not None:
            yield from (float(end) + side * 2.0**k for k in range(-20, most if None in (low, high) else -3))
    for x in (*(1.37 * 2.0**k for k in range(-20, most)), far - 5):
        yield from (-x, x)


def _is_plain(formula: Formula) -> bool:
    """Whether a formula uses + - * / alone."""
    try:
        formula(RATIONAL, Z)
    except (NotRational, TypeError):
        return False
    except ZeroDivisionError:
        return True
    return True


def _is_level(formula: Formula) -> bool:
    """Whether a formula does not depend on z."""
    with suppress(Untraced):
        return of_sides(None, formula).result.is_constant
    return False


def _direct(f: Function) -> Expression | None:
    """g, if its textbook formula is a single function of z; else None."""
    name, _, rest = f.textbook_g.partition("(")
    return function(name, Z) if name in ("erf", "erfc", "atan") and rest == "z)" else None
