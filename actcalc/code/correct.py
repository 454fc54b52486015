"""Correctly rounded code: programs of operations on float64 that round alike on every machine."""

import math
from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from actcalc.activations.arrays import Part, derivative_array, parts_of
from actcalc.activations.declaration import Quantity
from actcalc.activations.function import Function
from actcalc.arithmetic import numpy_machine
from actcalc.arithmetic.exact import Formula, enclose, evaluate_between
from actcalc.arithmetic.graph import Untraced
from actcalc.arithmetic.interval import Interval
from actcalc.arithmetic.ladder import Sides, traced
from actcalc.arithmetic.portable import Portable, PortablePairs
from actcalc.arithmetic.program import Expr, Program, constant, select, variable
from actcalc.arithmetic.rounding_test import odd_sum
from actcalc.arithmetic.tables import nearest
from actcalc.arithmetic.taylor import coefficients
from actcalc.errors import ActcalcError, quote
from actcalc.numbers.bit_arrays import all_values
from actcalc.numbers.error_free import fast_two_sum, two_sum
from actcalc.numbers.float_arrays import Array, round_array
from actcalc.numbers.floats import FLOAT32, Format

NEAR = 2.0**-12
"""The |z| below which a Taylor polynomial may replace a formula."""
FAR = 128.0
"""The |z| beyond which a function may have one value."""
_FEW_BITS = 5
"""The most bits of a coefficient whose products with z and z**2 are exact in float64."""


class Segment(NamedTuple):
    """The program for z up to an end, from the end of the previous segment."""

    upto: float
    value: Expr
    """A float64 that rounds to the result."""


class Plan(NamedTuple):
    """The ways in which the programs of a function are made."""

    near: bool = False
    """Whether Taylor polynomials replace the formula next to 0."""
    parts: tuple[tuple[str, ...], ...] = ()
    """For each part one of WAYS, or one for each interval between its ends, -FAR and FAR."""


class Certified(NamedTuple):
    """A function as programs in the variable z."""

    plan: Plan
    names: dict[Expr, str]
    tables: Sequence[tuple[Array, str]]
    near: Expr | None
    """The program for |z| < NEAR; None if it is that of the segments."""
    segments: tuple[Segment, ...]
    special: tuple[tuple[float, float], ...]
    """Inputs whose results no formula gives, with these: zeros, infinities, kinks."""

    @property
    def programs(self) -> list[Program]:
        """All programs, first the one for z next to 0."""
        values = [] if self.near is None else [self.near]
        return [Program.of(value) for value in (*values, *(segment.value for segment in self.segments))]

    @property
    def digest(self) -> str:
        """A key that identifies the programs."""
        ends = [segment.upto for segment in self.segments]
        whole = [] if self.near is None else [self.near]
        return Program.of(*whole, *(segment.value for segment in self.segments)).digest(ends, NEAR)

    def between(self, low: float, high: float) -> Expr:
        """A program for z from low to high."""
        z, value, start = variable(), None, math.inf
        starts = [-math.inf, *(segment.upto for segment in self.segments)]
        for segment, start in reversed(list(zip(self.segments, starts, strict=False))):
            if segment.upto > low and start < high:
                value = segment.value if value is None else select(z <= segment.upto, segment.value, value)
        assert value is not None
        if self.near is None or min(abs(low), abs(high)) >= NEAR:
            return value
        return self.near if max(abs(low), abs(high)) < NEAR else select(abs(z) < NEAR, self.near, value)

    @property
    def values(self) -> dict[int, Expr]:
        """The program of each segment by its place; that next to 0 has the place -1."""
        found = {} if self.near is None else {-1: self.near}
        return found | {k: segment.value for k, segment in enumerate(self.segments)}

    def places(self, z: Array) -> Array:
        """The places of the segments that contain the values."""
        found = np.searchsorted([segment.upto for segment in self.segments[:-1]], z)
        if self.near is not None:
            found[abs(z) < NEAR] = -1
        return found

    def run(self, z: Array, fmt: Format) -> Array:
        """The results at values of a format, except special ones, computed by NumPy."""
        result, places, values = np.empty(len(z)), self.places(z), self.values
        for k in np.unique(places):
            some = places == k
            result[some] = numpy_machine.run(Program.of(values[k]), z[some])[0]
        with np.errstate(over="ignore"):
            return round_array(result, fmt)


@lru_cache(maxsize=256)
def certified(f: Function, of: Quantity, fmt: Format, plan: Plan | None = None) -> Certified:
    """The programs of g or g', made as planned, or as works best. Raises ActcalcError if there are none."""
    maker = _Maker(f, of, fmt)
    try:
        if plan is None:
            plan = _find_plan(maker, _Trial(f, of, fmt))
        segments: list[Segment] = []
        near = None
        for (part, start), ways in zip(maker.parts, plan.parts, strict=True):
            if plan.near and start <= -NEAR and part.end >= NEAR:
                near = maker.series(part)
            ends = _ends(start, part.end) if len(ways) > 1 else [(start, part.end)]
            segments += [
                Segment(high, maker.value(way, part, low, high))
                for way, (low, high) in zip(ways, ends, strict=True)
            ]
    except Untraced as error:
        raise ActcalcError(f"there is no correctly rounded code for {quote(f.label)}: {error}") from None
    segments[-1] = segments[-1]._replace(upto=math.inf)
    special = tuple((z, f.derivative_float(z, of, fmt)) for z in _special_places(f, of, fmt))
    return Certified(plan, maker.names, maker.tables, near, tuple(segments), special)


def _ends(start: float, end: float) -> list[tuple[float, float]]:
    """The intervals between the ends of a part and -FAR and FAR."""
    return list(pairwise([start, *(edge for edge in (-FAR, FAR) if start < edge < end), end]))


def _find_plan(maker: "_Maker", trial: "_Trial") -> Plan:
    """The ways that miss fewest points of a trial; the cheapest ones win ties."""
    near = False
    found: list[tuple[str, ...]] = []
    for part, start in maker.parts:
        if start <= -NEAR and part.end >= NEAR:
            before = trial.misses(maker.value("plain", part, -NEAR, NEAR), -NEAR, NEAR)
            with suppress(Untraced):
                near = before > _FEW and trial.misses(maker.series(part), -NEAR, NEAR) < before
        beyond = NEAR if near else 0.0
        misses, way = _best(maker, trial, part, (start, part.end), beyond, WAYS[:2])
        if misses <= _FEW:
            found.append((way,))
        else:
            ends = _ends(start, part.end)
            found.append(tuple(_best(maker, trial, part, apart, beyond, WAYS)[1] for apart in ends))
    return Plan(near, tuple(found))


def _best(
    maker: "_Maker",
    trial: "_Trial",
    part: Part,
    ends: tuple[float, float],
    beyond: float,
    ways: Sequence[str],
) -> tuple[int, str]:
    """The number of points that the best way misses, and that way."""
    best = len(trial.z) + 1, ways[0]
    for way in ways:
        if best[0] > _FEW:
            with suppress(Untraced):
                best = min(
                    best, (trial.misses(maker.value(way, part, *ends), *ends, beyond), way), key=itemgetter(0)
                )
    return best


WAYS = ("plain", "pairs", "constant", "line")
"""In float64, in pairs of float64, as a constant, or beside a line."""


class _Maker:
    """Makes programs of the parts of a function."""

    def __init__(self, f: Function, of: Quantity, fmt: Format) -> None:
        self.fmt = fmt
        self.plain, self.pairs = Portable(), PortablePairs()
        parts = parts_of(f, of)
        starts = [-math.inf, *(part.end for part in parts)]
        self.parts = [
            (part, start)
            for part, start in zip(parts, starts, strict=False)
            if start < fmt.largest and part.end >= -fmt.largest
        ]
        """The parts within the range of the format, each with its start."""

    @property
    def names(self) -> dict[Expr, str]:
        """The names of values."""
        return self.plain.names | self.pairs.names

    @property
    def tables(self) -> list[tuple[Array, str]]:
        """The tables that programs use."""
        return [*self.plain.tables, *self.pairs.tables]

    def value(self, way: str, part: Part, low: float, high: float) -> Expr:
        """A program for a part at z from low to high, made in one of WAYS. Raises Untraced on failure."""
        if way == "constant":
            return self._constant(part, low, high)
        if way == "line":
            return self._line(part, low, high)
        return self._evaluate(self.plain if way == "plain" else self.pairs, part, low, high)

    def _evaluate(self, m: Portable, part: Part, low: float, high: float) -> Expr:
        sides = part.sides
        if low >= 0 or sides.below is None:
            sides = Sides(None, sides.above)
        elif high <= 0 or sides.above is None:
            sides = Sides(sides.below, None)
        z = variable()
        is_negative: Expr | bool = sides.above is None
        if sides.below is not None and sides.above is not None:
            is_negative = z < 0.0
        least = 0.0 if low < 0 < high else min(abs(low), abs(high))
        size = z if sides.below is None else abs(z)
        t = m.variable(size, max(least, FLOAT32.smallest_subnormal), min(max(-low, high), 2.0**128))
        number = m.number(traced(sides).evaluate(m, t, is_negative)).rescale(0)
        if number.tail is None:
            return number.value
        return _odd(m, number.value, number.tail)

    def _constant(self, part: Part, low: float, high: float) -> Expr:
        """The value of a part that has only one between two numbers."""
        formula = part.sides.below if high <= 0 else part.sides.above
        ends = max(low, -self.fmt.largest), min(high, self.fmt.largest)
        value = None if formula is None else evaluate_between(formula, *ends, self.fmt)
        if value is None:
            raise Untraced("it is not the same everywhere")
        return constant(value)

    def _line(self, part: Part, low: float, high: float) -> Expr:
        """A line that a part approaches, plus a tiny number, which decides half way between two floats."""
        side = -1 if high <= 0 else 1
        formula = part.sides.below if side < 0 else part.sides.above
        if formula is None or max(-low, high) < math.inf:
            raise Untraced("it does not go far out")
        at = [Fraction(side << 8), Fraction(side << 9)]
        bounds = [enclose(formula, z, 800) for z in at]
        if None in bounds:
            raise Untraced("it has no value far out")
        values = [nearest(x) for x in bounds if x is not None]
        slope = ((values[1] - values[0]) / (at[1] - at[0])).limit_denominator(10**4)
        height = (values[0] - slope * at[0]).limit_denominator(10**4)
        beside = values[0] - slope * at[0] - height
        if abs(beside) > Fraction(1, 2**80):
            raise Untraced("it is beside no line")
        whole = math.lcm(slope.denominator, height.denominator)
        value, lost = two_sum(variable() * float(slope * whole), constant(float(height * whole)))
        nothing = math.copysign(2.0**-80, beside) if beside else 0.0
        if whole == 1:
            return _odd(self.plain, value, lost + nothing)
        return _odd(self.plain, value / float(whole), lost / float(whole) + nothing)

    def series(self, part: Part) -> Expr:
        """Taylor polynomials for both sides of 0; the formula on a side without one."""
        below, above = part.sides
        if below is None or above is None:
            raise Untraced("it is nothing beside 0")
        first, second = (_series(self.plain, formula, side) for formula, side in ((below, -1), (above, 1)))
        if first is None and second is None:
            raise Untraced("it has no such series")
        first = self._evaluate(self.plain, part, -NEAR, 0.0) if first is None else first
        second = self._evaluate(self.plain, part, 0.0, NEAR) if second is None else second
        return select(variable() < 0.0, first, second)


class _Trial:
    """Points at which programs are tried, with the right values."""

    def __init__(self, f: Function, of: Quantity, fmt: Format) -> None:
        self.fmt = fmt
        z = _points(fmt)
        self.z = z[np.isfinite(z) & ~np.isin(z, _special_places(f, of, fmt))]
        self.right = derivative_array(f, self.z, of, fmt)

    def misses(self, value: Expr, low: float, high: float, beyond: float = 0.0) -> int:
        """The number of points from low to high, with |z| >= ``beyond``, at which a program is wrong."""
        some = (self.z > low) & (self.z <= high) & (abs(self.z) >= beyond)
        (found,) = numpy_machine.run(Program.of(value), self.z[some])
        with np.errstate(all="ignore"):
            found = round_array(found, self.fmt)
        return int(np.count_nonzero(~same(found, self.right[some])))


def same(x: Array, y: Array) -> Array:
    """Where two arrays have the same values, including the signs of zeros; NaN equals NaN."""
    found: Array = ((x == y) & (np.signbit(x) == np.signbit(y))) | ((x != x) & (y != y))
    return found


def _special_places(f: Function, of: Quantity, fmt: Format) -> list[float]:
    """Zeros, infinities and kinks."""
    places = [0.0, -0.0, math.inf, -math.inf]
    for kink in () if of == "g" else f.kinks_of(of):
        z = fmt.round_exact(kink.z)
        if z and z == kink.z:
            places.append(z)
    return places


def _points(fmt: Format) -> Array:
    """Values of a format: all of a short one, else some of all sizes, and some whose squares are ties."""
    if fmt.is_short:
        return all_values(fmt)
    rng = np.random.default_rng(0)
    whole = np.arange(1, 5800, 2.0)  # their squares have 25 bits
    ties = [whole * 2.0**e for e in (*range(-149, -144), *range(-139, 110, 5), *range(-28, -20))]
    found = [
        *ties,
        rng.uniform(0, 20, 100_000),
        rng.uniform(0, NEAR, 20_000),
        2.0 ** rng.uniform(-149, 128, 40_000),
    ]
    z = round_array(np.concatenate(found), fmt)
    return np.concatenate([z, -z])


def _series(m: Portable, formula: Formula, side: int) -> Expr | None:
    """A Taylor polynomial whose first terms, which may be half way between two floats, are exact."""
    known = coefficients(formula, side)
    if known is None:
        return None
    z = variable()
    lead: list[Expr] = []
    rest = list(known)
    for k, c in enumerate(known[:3]):
        if (
            len(lead) == 2
            or not isinstance(c, Fraction)
            or max(_bits(c.numerator), _bits(c.denominator)) > _FEW_BITS
        ):
            break
        if c:
            lead.append(_times(c, (constant(1.0), z, z * z)[k]))
        rest[k] = Fraction(0)
    if not lead:
        return None
    value, low = lead[0], constant(0.0)
    if len(lead) == 2:
        value, low = fast_two_sum(lead[0], lead[1])
    return _odd(m, value, low + _polynomial(rest, z))


def _odd(m: Portable, value: Expr, lost: Expr) -> Expr:
    """A float64 that rounds like the sum of a value and a smaller number."""
    value, lost = fast_two_sum(value, lost)
    return m.note(odd_sum(m.note(value, "sum"), m.note(lost, "lost")), "odd")


def _polynomial(known: Sequence[Fraction | Interval], z: Expr) -> Expr:
    """The sum of the terms next to 0, without those that are negligible beside the first."""
    terms = {k: float(nearest(c) if isinstance(c, Interval) else c) for k, c in enumerate(known) if c}
    if not terms:
        return constant(0.0)
    first = min(terms)
    terms = {k: c for k, c in terms.items() if abs(c) * NEAR ** (k - first) > abs(terms[first]) * 2.0**-55}
    step = math.gcd(*(k - first for k in terms)) or 1
    power, last = math.prod([z] * (step - 1), start=z), max(terms)
    total = constant(terms[last])
    for k in range(last - step, first - 1, -step):
        total = total * power
        if k in terms:
            total = total + terms[k]
    return math.prod([z] * first, start=total)


def _bits(n: int) -> int:
    return (abs(n) // (n & -n)).bit_length() if n else 0


def _times(c: Fraction, x: Expr) -> Expr:
    p, q = c.numerator, c.denominator
    return x * float(c) if q & (q - 1) == 0 else x * float(p) / float(q)


_FEW = 3
"""The number of missed points that is small enough to list them."""
