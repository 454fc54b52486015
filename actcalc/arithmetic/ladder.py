"""Formulas at whole arrays, rounded once: by programs, one after another, for what those before leave open.

A stage is an arithmetic of ``kernels``: plain float64 for narrow formats, then pairs, then pairs that know
what is exact. It gives values and where they are certain; what none of them settles is for ``exact``. The
values of any float format are held in float64 arrays, as ``floats`` holds them in floats.
"""

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np

from actcalc.arithmetic import compiled, numpy_machine
from actcalc.arithmetic.approximate import LEAST, UNIT, WIDER, Number, is_nil
from actcalc.arithmetic.exact import Formula, enclose, evaluate
from actcalc.arithmetic.graph import Graph, Untraced, of_sides
from actcalc.arithmetic.kernels import ExactPairs, Pairs, Quick, TiePairs
from actcalc.arithmetic.lines import CLOSE, line_between
from actcalc.arithmetic.program import TRUTH, Expr, Program, equal, select, variable
from actcalc.arithmetic.rounding_test import Conversion, Enclosure, Reference, Target, target_of
from actcalc.arithmetic.taylor import NEAR, NEXT, next_to_line, next_to_zero
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import Format
from actcalc.numbers.integers import IntegerFormat
from actcalc.numbers.roundings import Rounding
from actcalc.numbers.ulp import ulp_exponent

Kernels = Quick | Pairs
Run = Callable[..., tuple[Array, ...]]
"""Runs a program at arrays of its arguments."""

QUICK, PAIRS, EXACT_PAIRS, TIE_PAIRS = Quick(), Pairs(), ExactPairs(), TiePairs()


class Bin(NamedTuple):
    """Numbers of a size from one to another, of one sign; or of any, with ``side`` 0."""

    low: float
    high: float
    side: int

    def holds(self, z: Array) -> Array:
        """Where z is of such a size."""
        found: Array = (abs(z) >= self.low) & (abs(z) <= self.high)
        return found


_EVERYDAY = Bin(2.0**-30, 32.0, 0)
_BINS = [2.0**k for k in (*range(-900, -200, 200), -120, -30, *range(5, 12), *range(100, 1000, 200))]
"""Programs are made for |z| between two of these: products of some of them are in range, scaled as one."""
_BINADES = [*_BINS[:5], *(2.0**k for k in range(-30, 31)), *_BINS[-5:]]
"""And others, for what those leave open, between two of these."""
_NEAR_BINS = [*_BINS[:5], *(2.0**k for k in (-90, -60, -50, -40, -30, -24, -18, -15, -12))]
"""And others next to 0, where series need fewer terms the nearer they are."""
_FAR_BINS = [2.0**k for k in range(30, 1020, 30)]
"""And others far out, where powers of some number or other are in range."""
_FEW = 4
"""Points that take less one by one than a program."""
_MANY = 1 << 14
"""Points of a bin that repay a loop compiled for them, where there are many in all."""


class Sides(NamedTuple):
    """A formula for z below 0, and one for z above; None where there are no such z."""

    below: Formula | None
    above: Formula | None


@dataclass(frozen=True)
class InCodes:
    """A formula whose values are codes of an integer format, not rounded."""

    formula: Formula
    fmt: IntegerFormat

    def __call__(self, m: Any, z: Any, /) -> Any:
        return self.formula(m, z) / self.fmt.scale + self.fmt.zero


@dataclass(frozen=True)
class Multiples:
    """A formula at multiples of a factor, which need be no float64."""

    formula: Formula
    factor: Fraction

    def __call__(self, m: Any, z: Any, /) -> Any:
        return self.formula(m, z * self.factor)


class Machine(NamedTuple):
    """The arithmetics of programs that are run on most points, and what runs them."""

    quick: Quick
    pairs: Pairs
    exact: ExactPairs | None
    """That for fractions, where it takes less than to settle what others leave of them."""
    run: Run
    block: int
    """Elements to work on at a time, so that memory stays small."""
    most_beside: int
    """The most that evaluating all parts and sides at all points may cost, beyond one of them."""

    def arithmetic(self, rounding: Format | Rounding) -> Kernels:
        """The one that values to be rounded so are first worked out in."""
        return self.quick if rounding.is_narrow else self.pairs


NUMPY = Machine(QUICK, PAIRS, None, numpy_machine.run, 1 << 17, 40)


def machine_for(count: int) -> Machine:
    """The machine for so many points: NumPy, or for very many compiled code, where that is to be had."""
    if count < compiled.MANY_IF_LOADED or not compiled.is_worth(count):
        return NUMPY
    return _compiling()


@cache
def _compiling() -> Machine:
    has_fma = compiled.has_fma()
    return Machine(Quick(has_fma), Pairs(has_fma), ExactPairs(has_fma), compiled.run, 1 << 20, 100)


@lru_cache(maxsize=256)
def everyday(
    parts: Sequence[tuple[Sides, float]],
    special: Sequence[float],
    rounding: Format | Rounding,
    machine: Machine,
) -> Program | None:
    """The program for everyday numbers of all parts, each of which holds up to a float64.

    Other numbers stay open, and those that are ``special``. None if it is less work to take parts apart.
    """
    z, size, target = variable(), abs(variable()), target_of(rounding)
    is_everyday = (size >= _EVERYDAY.low) & (size <= _EVERYDAY.high)
    for x in special:
        is_everyday = is_everyday & ~equal(z, x)
    ends = [end for _, end in parts]
    try:
        graphs = [traced(sides) for sides, _ in parts]
        costs = [graph.cost for graph in graphs]
        if sum(costs) - max(costs) + max(_cost_of_both(sides) for sides, _ in parts) > machine.most_beside:
            return None
        found = [
            target(_part(sides, rounding, machine, _bin(start, end)))
            for (sides, end), start in zip(parts, [-math.inf, *ends], strict=False)
        ]
    except Untraced:
        return None
    value, certain = found.pop()
    for (one, is_one_certain), end in zip(reversed(found), reversed(ends[:-1]), strict=True):
        value, certain = select(z <= end, one, value), select(z <= end, is_one_certain, certain)
    return Program.of(value, certain & is_everyday)


def _bin(start: float, end: float) -> Bin:
    """Everyday numbers between two others; if there are none, some number or other."""
    low, high, side = -end if end <= 0 else start, max(-start, end), 1 if start >= 0 else -(end <= 0)
    low = min(max(low, _EVERYDAY.low), _EVERYDAY.high)
    return Bin(low, min(max(high, low), _EVERYDAY.high), side)


def rounded(sides: Sides, fmt: Format, machine: Machine, bin_: Bin) -> tuple[Expr, Expr]:
    """A formula at z in a bin, rounded, and where that is certain, of all sizes. Raises Untraced."""
    return Conversion(Rounding(fmt))(_part(sides, fmt, machine, bin_))


def rounded_on_line(formula: Formula, fmt: Format, bin_: Bin) -> tuple[Expr, Expr] | None:
    """A formula at z in a bin of one sign, rounded, and where that is certain, if it is next to a line."""
    low, high = sorted((bin_.side * bin_.low, bin_.side * min(bin_.high, fmt.largest)))
    line = line_between(formula, low, high)
    if line is None:
        return None
    program = _beside(line.slope, line.offset, CLOSE * line.side, bin_, Conversion(Rounding(fmt)))
    if program is None:
        return None
    result, certain = program.results
    return result, certain


def _part(sides: Sides, rounding: Format | Rounding, machine: Machine, bin_: Bin) -> Number:
    """A formula at z in a bin, in the arithmetic that takes the machine least."""
    if machine.exact is not None and traced(sides).is_rational:
        number = _number(sides, machine.exact, bin_)
        if not rounding.is_narrow or (number.rel == 0 and is_nil(number.abs)):
            return number
    return _number(sides, machine.arithmetic(rounding), bin_)


def _number(sides: Sides, m: Kernels, bin_: Bin) -> Number:
    """A formula at z in a bin."""
    graph, z = traced(sides), variable()
    if bin_.side == 0 and graph.is_rational and sides.below is sides.above and sides.above is not None:
        with suppress(Untraced):  # as it is written it takes no two sides
            return m.number(sides.above(m, m.build(z, None, 0.0, 0.0, (bin_.low, bin_.high, 0))))
    t = m.variable(z if bin_.side > 0 else abs(z), bin_.low, bin_.high)
    return m.number(graph.evaluate(m, t, z < 0.0 if bin_.side == 0 else bin_.side < 0))


def round_array_of(
    sides: Sides, z: Array, rounding: Format | Rounding, machine: Machine = NUMPY, is_left: bool = False
) -> tuple[Array, Array]:
    """The values at finite z other than 0, rounded, and where they are certain.

    Some that are what ``everyday`` has left are not everyday numbers, or need more care.
    """
    result, certain = np.zeros(len(z)), np.zeros(len(z), bool)
    target = target_of(rounding)

    def settle(some: Array, program: Program, by: Machine = NUMPY) -> None:
        result[some], certain[some] = by.run(program, z[some])

    with suppress(Untraced):
        graph = traced(sides)
        if graph.is_constant:
            return _constant(sides, z, rounding)
        if _cost_of_both(sides) > machine.most_beside:
            for is_here, one in ((z < 0, Sides(sides.below, None)), (z > 0, Sides(None, sides.above))):
                if len(some := np.flatnonzero(is_here)):
                    result[some], certain[some] = round_array_of(one, z[some], rounding, machine)
            return result, certain
        if not is_left:
            # All at once, as most are everyday numbers; others stay open.
            program = _program(graph, machine.arithmetic(rounding), _EVERYDAY, target)
            result, certain = machine.run(program, z)
            if certain.all():
                return result, certain
        least = max(_FEW, graph.cost // 16)
        for some, bin_ in _by_bin(z, ~certain & ~_EVERYDAY.holds(z), _BINS, least):
            by = machine if len(some) >= compiled.MANY_IF_LOADED else NUMPY  # few are not worth a loop
            settle(some, _program(graph, by.arithmetic(rounding), bin_, target), by)
        # Of a fraction it is whether it is a tie that is open, as a rule.
        careful: list[tuple[Kernels, list[float]]] = [
            (EXACT_PAIRS, _BINS),
            (EXACT_PAIRS, _BINADES),
            (TIE_PAIRS, _BINS),
        ]
        if graph.is_rational:
            careful = [(TIE_PAIRS, _BINS), (EXACT_PAIRS, _BINS)]
        if graph.is_algebraic:
            careful.append((EXACT_PAIRS, _FAR_BINS))
        for m, edges in careful:
            among = ~certain & (abs(z) >= edges[0]) if edges is _FAR_BINS else ~certain
            for some, bin_ in _by_bin(z, among, edges, least):
                settle(some, _program(graph, m, bin_, target))
        for find in (_polynomial, _line):
            for some, program in _next_to_zero(find, sides, z, ~certain, target, _FEW):
                settle(some, program)
    return result, certain


def _constant(sides: Sides, z: Array, rounding: Format | Rounding) -> tuple[Array, Array]:
    """The one value of a formula that has it everywhere; open if it has none where it is asked."""
    formula = sides.above if z[0] > 0 else sides.below
    assert formula is not None
    try:
        value = evaluate(formula, Fraction(z[0]), rounding)
    except (ArithmeticError, ValueError):
        return np.zeros(len(z)), np.zeros(len(z), bool)
    return np.full(len(z), value), np.ones(len(z), bool)


def enclose_array(
    sides: Sides, at_zero: Formula | None, z: Array, scale: int = 0
) -> tuple[Array, Array, Array]:
    """The values at finite z, in units of 2**scale: values, tails, and bounds of their errors."""
    value, tail, error = found = np.zeros(len(z)), np.zeros(len(z)), np.full(len(z), np.inf)
    if at_zero is not None and not z.all():
        for column, x in zip(found, _enclose_one(at_zero, scale), strict=True):
            column[z == 0] = x
    with suppress(Untraced):
        for some, bin_ in _by_bin(z, z != 0, _BINS, 1):
            _put(found, some, z, _program(traced(sides), EXACT_PAIRS, bin_, Enclosure(scale)))
        _put_next_to_zero(found, (value, error), sides, z, Enclosure(scale))
    return value, tail, error


def reference_array(
    sides: Sides,
    at_zero: Formula | None,
    z: Array,
    rounding: Format | Rounding,
    run: Run = numpy_machine.run,
) -> tuple[Array, ...]:
    """Values rounded at finite z and what is known of them, as ``Reference`` has it.

    That is the same whatever runs programs.
    """
    target, others = Reference(rounding), np.arange(len(z))
    found: Sequence[Array] = *np.zeros((3, len(z))), np.full(len(z), np.inf), np.zeros(len(z), bool)
    with suppress(Untraced):
        graph = traced(sides)
        if not _is_exact(graph):  # all at once, as most are everyday numbers
            others = np.flatnonzero(~_EVERYDAY.holds(z))
            program = _program(graph, EXACT_PAIRS, _EVERYDAY, target)
            if 2 * len(others) < len(z):
                found = _run_by(run, program, z)
                for column, x in zip(found, (0, 0, 0, np.inf), strict=False):
                    column[others] = x
            else:
                _put(found, np.flatnonzero(_EVERYDAY.holds(z)), z, program, run)
        among = np.zeros(len(z), bool)
        among[others] = z[others] != 0
        for some, bin_ in _by_bin(z, among, _BINS, 1):
            _put(found, some, z, _program(graph, EXACT_PAIRS, bin_, target), run)
        _put_next_to_zero(found, (found[1], found[3]), sides, z, target, run)
    if at_zero is not None and len(others) and not z.all():
        fmt = rounding if isinstance(rounding, Format) else rounding.fmt
        unit = 0
        if isinstance(fmt, Format):
            value, tail, error = _enclose_one(at_zero, 0)
            unit = ulp_exponent(Fraction(value), fmt)
        else:
            value, tail, error = _enclose_one(InCodes(at_zero, fmt), 0)
        if error <= math.ldexp(1.0, unit - 10):
            for column, x in zip(found[1:], (value, tail, error), strict=False):
                column[z == 0] = x
    return tuple(found)


@lru_cache(maxsize=256)
def _is_exact(graph: Graph) -> bool:
    """Whether the values of a formula on a side of 0 are exact: a program for both sides would not tell."""
    t = EXACT_PAIRS.variable(abs(variable()), _EVERYDAY.low, _EVERYDAY.high)
    values = (EXACT_PAIRS.number(graph.evaluate(EXACT_PAIRS, t, side)) for side in (False, True))
    return any(value.rel == 0 and is_nil(value.abs) for value in values)


def _put_next_to_zero(
    found: Sequence[Array],
    known: tuple[Array, Array],
    sides: Sides,
    z: Array,
    target: Target,
    run: Run = numpy_machine.run,
) -> None:
    """Put what polynomials tell where the errors of values that are ``known`` are not small enough."""
    near = np.flatnonzero(abs(z) <= NEAR)
    value, error = (column[near] for column in known)
    among = np.zeros(len(z), bool)
    among[near] = ~(error <= abs(value) * _ROUGH)
    for some, program in _next_to_zero(_polynomial, sides, z, among, target, 1):
        _put(found, some, z, program, run)


def _put(
    found: Sequence[Array], some: Array, z: Array, program: Program, run: Run = numpy_machine.run
) -> None:
    """Put the results of a program at some z where they belong."""
    for column, part in zip(found, _run_by(run, program, z[some]), strict=True):
        column[some] = part


def _run_by(run: Run, program: Program, z: Array) -> tuple[Array, ...]:
    """The results of a program; few points are not worth a loop."""
    return (run if len(z) >= _MANY else numpy_machine.run)(program, z)


def _enclose_one(formula: Formula, scale: int) -> tuple[float, float, float]:
    """The value of a formula at 0: a float64, its tail, and a bound of the error."""
    bounds = enclose(formula, Fraction(0), 50)
    if bounds is None:
        return 0.0, 0.0, np.inf
    low, high = (Fraction(end) / Fraction(2) ** scale for end in (bounds.low, bounds.high))
    if max(-low, high) > _MOST:
        return 0.0, 0.0, np.inf
    value = float(low)
    tail = float(low - Fraction(value))
    off = max(abs(end - Fraction(value) - Fraction(tail)) for end in (low, high))
    return value, tail, float(off) * WIDER + LEAST if off else 0.0


def has_value(sides: Sides, z: Array) -> Array:
    """Where a formula, at finite z other than 0, certainly has a value."""
    found = np.zeros(len(z), bool)
    with suppress(Untraced):
        for some, bin_ in _by_bin(z, z != 0, _BINS, 1):
            value, _, error = numpy_machine.run(_program(traced(sides), QUICK, bin_, Enclosure()), z[some])
            found[some] = np.isfinite(value) & np.isfinite(error)
    return found


_MOST = 2**1000
"""Beyond it nothing is told."""
_ROUGH = 2.0**-90
"""Errors, relative to values, that others may be known to be less than."""


@lru_cache(maxsize=256)
def traced(sides: Sides) -> Graph:
    """The graph of both sides. Raises Untraced if there is none."""
    return of_sides(sides.below, sides.above)


def _cost_of_both(sides: Sides) -> int:
    """The extra cost of evaluating both sides at all points instead of each where it holds."""
    if sides.below is None or sides.above is None:
        return 0
    apart = [traced(one).cost for one in (Sides(sides.below, None), Sides(None, sides.above))]
    return traced(sides).cost - sum(apart) // 2


def _by_bin(z: Array, among: Array, edges: Sequence[float], least: int) -> Iterator[tuple[Array, Bin]]:
    """Places of z that are in one bin, and the bin; those of bins with few are left out."""
    places = np.flatnonzero(among)
    if len(places) < least:
        return
    some = z[places]
    bins = 2 * np.searchsorted(edges, abs(some), side="right") + (some > 0)
    for k in np.flatnonzero(np.bincount(bins) >= least).tolist():
        low = edges[k // 2 - 1] if k > 1 else 2.0**-1074
        high = edges[k // 2] if k // 2 < len(edges) else sys.float_info.max
        yield places[bins == k], Bin(low, high, 1 if k % 2 else -1)


@lru_cache(maxsize=1024)
def _program(graph: Graph, m: Kernels, bin_: Bin, target: Target) -> Program:
    """The program for z in a bin."""
    z = variable()
    is_negative = z < 0.0 if bin_.side == 0 else bin_.side < 0
    number = graph.evaluate(m, m.variable(abs(z), bin_.low, bin_.high), is_negative)
    results = target(m.number(number))
    if bin_.side == 0:
        is_inside = (abs(z) >= bin_.low) & (abs(z) <= bin_.high)
        results = tuple(x & is_inside if x.kind == TRUTH else x for x in results)
    return Program.of(*results)


def _next_to_zero(
    find: Callable[[Formula, Bin, Target], Program | None],
    sides: Sides,
    z: Array,
    among: Array,
    target: Target,
    least: int,
) -> Iterator[tuple[Array, Program]]:
    """Those of some places that are next to 0, with programs by Taylor series."""
    for some, bin_ in _by_bin(z, among & (abs(z) <= NEAR) & (z != 0), _NEAR_BINS, least):
        formula = sides.above if bin_.side > 0 else sides.below
        program = None if formula is None else find(formula, bin_, target)
        if program is not None:
            yield some, program


@lru_cache(maxsize=256)
def _polynomial(formula: Formula, bin_: Bin, target: Target) -> Program | None:
    """The program of the Taylor polynomial for z in a bin of one sign; None if it is not known."""
    size = min(bin_.high, NEAR)
    polynomial = next_to_zero(formula, bin_.side, size)
    if polynomial is None:
        return None
    m = EXACT_PAIRS
    t = m.variable(abs(variable()), bin_.low, size)
    return Program.of(*target(polynomial(m, t if bin_.side > 0 else -t)))


@lru_cache(maxsize=256)
def _line(formula: Formula, bin_: Bin, target: Target) -> Program | None:
    """The program for z in a bin of one sign where a formula is next to a line, which may be half way between
    two floats; None if it is not known to be.

    Whatever lies beside a number of so few bits rounds alike, from nearly nothing beside it up to NEXT.
    """
    line = next_to_line(formula, bin_.side)
    if line is None or bin_.high > line.most or not _has_few_bits(target):
        return None
    return _beside(line.slope, Fraction(0), NEXT * line.side, bin_, target)


def beside_line(formula: Formula, z: Array, rounding: Format | Rounding) -> tuple[Array, Array] | None:
    """Values at z, which ascend and are of one sign, and where they are certain, if they are next to a line.

    Far out they are where pairs do not tell them from z, but directions do. None if they are next to none.
    """
    line, target = line_between(formula, float(z[0]), float(z[-1])), target_of(rounding)
    if line is None or not _has_few_bits(target):
        return None
    result, certain = np.zeros(len(z)), np.zeros(len(z), bool)
    for some, bin_ in _by_bin(z, z != 0, _BINS, 1):
        program = _beside(line.slope, line.offset, CLOSE * line.side, bin_, target)
        if program is not None:
            result[some], certain[some] = numpy_machine.run(program, z[some])
    return result, certain


@lru_cache(maxsize=256)
def _beside(slope: Fraction, offset: Fraction, most: float, bin_: Bin, target: Target) -> Program | None:
    """The program for z in a bin of one sign of what is up to ``most`` beyond a line, relative to it.

    What is nearer than half of that rounds alike: where the number on the line is a float64, no end of what
    rounds alike is so near to it. None if the line is not exact.
    """
    m = EXACT_PAIRS
    number = m.variable(abs(variable()), bin_.low, bin_.high) * (slope * bin_.side) + offset
    if number.rel or not is_nil(number.abs):
        return None
    beside = number.value * (0.75 * most)
    tail = beside if number.tail is None else number.tail + beside  # rounded by next to nothing of that
    off = abs(number.value) * (0.25 * abs(most))
    bounds = number.min_abs, number.max_abs, number.sign
    made = number.like(number.value, tail, 0.0, off, bounds, number.scale, 2 * UNIT)
    results = target(made.with_sign(number.sign))
    if number.tail is not None and abs(most) > NEXT:
        is_single = equal(number.tail, 0.0)
        results = tuple(x & is_single if x.kind == TRUTH else x for x in results)
    return Program.of(*results)


def _has_few_bits(target: Target) -> bool:
    """Whether the ends of what a target rounds alike are numbers of few bits."""
    fmt = target.rounding.fmt if isinstance(target, Conversion) else None
    return not isinstance(fmt, IntegerFormat) or fmt.scale.denominator & (fmt.scale.denominator - 1) == 0
