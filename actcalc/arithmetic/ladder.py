"""Evaluate formulas at whole arrays, rounded once, by a ladder of ever more accurate programs.

A rung is an arithmetic of ``kernels``: single float64 for narrow formats, then pairs, then pairs that track
exactness. Each gives values and where their rounding is certain, and the next one takes the rest; values that
no program decides are left to ``exact``. Values of every float format are held in float64 arrays.
"""

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from copy import copy
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
from actcalc.arithmetic.program import TRUTH, Expr, Program, equal, select, truth, variable
from actcalc.arithmetic.rounding_test import Conversion, Enclosure, Reference, Target, target_of
from actcalc.arithmetic.taylor import NEAR, NEXT, next_to_line, next_to_zero
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import Format
from actcalc.numbers.integers import IntegerFormat
from actcalc.numbers.roundings import Rounding
from actcalc.numbers.ulp import ulp_exponent

Kernels = Quick | Pairs
Run = Callable[..., tuple[Array, ...]]
"""A function that runs a program on arrays of arguments."""
Settle = Callable[[Program, Any], tuple[Array, Array]]
"""A function that runs a program at places and tells where they stay open, and where values are rough."""

QUICK, PAIRS, EXACT_PAIRS, TIE_PAIRS = Quick(), Pairs(), ExactPairs(), TiePairs()


class Bin(NamedTuple):
    """Numbers with a size from ``low`` to ``high`` and the sign ``side``, or any sign if that is 0."""

    low: float
    high: float
    side: int

    def holds(self, z: Array) -> Array:
        """Where the size of z is in the bin."""
        found: Array = (abs(z) >= self.low) & (abs(z) <= self.high)
        return found


_EVERYDAY = Bin(2.0**-30, 32.0, 0)
_BINS = [2.0**k for k in (*range(-900, -200, 200), -120, -30, *range(5, 12), *range(100, 1000, 200))]
"""Edges of |z| for the first programs, so close that products of numbers in a bin stay in range if scaled."""
_BINADES = [*_BINS[:5], *(2.0**k for k in range(-30, 31)), *_BINS[-5:]]
"""Finer edges, for values that the first programs leave undecided."""
_NEAR_BINS = [*_BINS[:5], *(2.0**k for k in (-90, -60, -50, -40, -30, -24, -18, -15, -12))]
"""Edges next to 0, where series need fewer terms for smaller z."""
_FAR_BINS = [2.0**k for k in range(30, 1020, 30)]
"""Edges far out, so close that powers of numbers in a bin stay in range."""
_FEW = 4
"""Fewer points than this are faster one by one than by a program."""
_MANY = 1 << 14
"""The points in a bin that repay compiling a loop for them."""


class Sides(NamedTuple):
    """A formula for z below 0 and one for z above; None if there are no such z."""

    below: Formula | None
    above: Formula | None


@dataclass(frozen=True)
class InCodes:
    """A formula whose values are unrounded codes of an integer format."""

    formula: Formula
    fmt: IntegerFormat

    def __call__(self, m: Any, z: Any, /) -> Any:
        return self.formula(m, z) / self.fmt.scale + self.fmt.zero


@dataclass(frozen=True)
class Multiples:
    """A formula at multiples of a factor, which need not be float64."""

    formula: Formula
    factor: Fraction

    def __call__(self, m: Any, z: Any, /) -> Any:
        return self.formula(m, z * self.factor)


class Machine(NamedTuple):
    """The arithmetics of the programs for most points, and the function that runs them."""

    quick: Quick
    pairs: Pairs
    exact: ExactPairs | None
    """The arithmetic for rational formulas, if it is faster than deciding the ties that others leave."""
    run: Run
    block: int
    """The elements processed at a time, so that memory use stays small."""
    most_beside: int
    """The largest extra cost at which all parts and sides are evaluated at all points."""

    def arithmetic(self, rounding: Format | Rounding) -> Kernels:
        """The arithmetic of the first program for this rounding."""
        return self.quick if rounding.is_narrow else self.pairs


NUMPY = Machine(QUICK, PAIRS, None, numpy_machine.run, 1 << 17, 40)


def machine_for(count: int) -> Machine:
    """The machine for ``count`` points: NumPy, or compiled code if it is available and repays compiling."""
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

    Other numbers, and ``special`` ones, stay undecided. None if it is less work to treat parts separately.
    """
    z, size, target = variable(), abs(variable()), target_of(rounding)
    is_everyday = (size >= _EVERYDAY.low) & (size <= _EVERYDAY.high)
    for x in special:
        is_everyday = is_everyday & ~equal(z, x)
    try:
        branches = _branches(parts)
        costs = [traced(branch.sides).cost for branch in branches]
        beside = max(_cost_of_both(branch.sides) for branch in branches)
        if sum(costs) - max(costs) + beside > machine.most_beside:
            return None
        *others, last = branches
        value, certain = target(_part(last.sides, rounding, machine, last.bin))
        for branch in reversed(others):
            one, is_certain = target(_part(branch.sides, rounding, machine, branch.bin))
            here = branch.holds(z)
            value, certain = select(here, one, value), select(here, is_certain, certain)
    except Untraced:
        return None
    return Program.of(value, certain & is_everyday)


class _Branch(NamedTuple):
    """A formula for the everyday numbers up to a float64, or also for those above another."""

    sides: Sides
    bin: Bin
    upto: float
    above: float = math.inf

    def holds(self, z: Expr) -> Expr:
        """Where z takes this branch, if it takes none before."""
        return z <= self.upto if self.above == math.inf else (z <= self.upto) | (z > self.above)


def _branches(parts: Sequence[tuple[Sides, float]]) -> list[_Branch]:
    """The branches of a function; two parts on either side of a third become one if that is less work."""
    starts = [-math.inf, *(end for _, end in parts)]
    branches = [
        _Branch(sides, _bin(start, end), end) for (sides, end), start in zip(parts, starts, strict=False)
    ]
    if len(parts) == 3 and parts[0][1] == -parts[1][1]:
        below, inside, above = branches
        both = Sides(below.sides.below, above.sides.above)
        if traced(both).cost < traced(below.sides).cost + traced(above.sides).cost:
            return [_Branch(both, above.bin._replace(side=0), below.upto, inside.upto), inside]
    return branches


def _bin(start: float, end: float) -> Bin:
    """The everyday numbers from ``start`` to ``end``; if there are none, an arbitrary one."""
    low, high, side = -end if end <= 0 else start, max(-start, end), 1 if start >= 0 else -(end <= 0)
    low = min(max(low, _EVERYDAY.low), _EVERYDAY.high)
    return Bin(low, min(max(high, low), _EVERYDAY.high), side)


def rounded(sides: Sides, fmt: Format, machine: Machine, bin_: Bin) -> tuple[Expr, Expr]:
    """A formula at z in a bin, rounded, and where that is certain. Raises Untraced on failure."""
    return Conversion(Rounding(fmt))(_part(sides, fmt, machine, bin_))


def rounded_on_line(formula: Formula, fmt: Format, bin_: Bin) -> tuple[Expr, Expr] | None:
    """A formula next to a line at z in a bin, rounded, and where that is certain; None if it is not."""
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
    """A formula at z in a bin, in the arithmetic that is cheapest for the machine."""
    if machine.exact is not None and traced(sides).is_rational:
        number = _number(sides, machine.exact, bin_)
        if not rounding.is_narrow or (number.rel == 0 and is_nil(number.abs)):
            return number
    return _number(sides, machine.arithmetic(rounding), bin_)


def _number(sides: Sides, m: Kernels, bin_: Bin) -> Number:
    """A formula at z in a bin."""
    graph, z = traced(sides), variable()
    if bin_.side == 0 and graph.is_rational and sides.below is sides.above and sides.above is not None:
        with suppress(Untraced):  # evaluated as written, without separate sides
            return m.number(sides.above(m, m.build(z, None, 0.0, 0.0, (bin_.low, bin_.high, 0))))
    t = m.variable(z if bin_.side > 0 else abs(z), bin_.low, bin_.high)
    return m.number(graph.evaluate(m, t, z < 0.0 if bin_.side == 0 else bin_.side < 0))


def round_array_of(
    sides: Sides, z: Array, rounding: Format | Rounding, machine: Machine = NUMPY, is_left: bool = False
) -> tuple[Array, Array]:
    """The values at finite z other than 0, rounded, and where their rounding is certain.

    ``is_left`` says that ``everyday`` has left these z: they are not everyday numbers, or need more care.
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
            # All at once, as most are everyday numbers; others stay undecided.
            program = _program(graph, machine.arithmetic(rounding), _EVERYDAY, target)
            result, certain = machine.run(program, z)
            if certain.all():
                return result, certain
        least = max(_FEW, graph.cost // 16)
        for some, bin_ in _by_bin(z, ~certain & ~_EVERYDAY.holds(z), _BINS, least):
            by = machine if len(some) >= compiled.MANY_IF_LOADED else NUMPY  # few are not worth a loop
            settle(some, _program(graph, by.arithmetic(rounding), bin_, target), by)
        # What remains undecided of rational formulas are mostly possible ties.
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
    """The value of a constant formula everywhere; undecided if it is undefined."""
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
    """Enclosures at finite z in units of 2**scale: values, tails and error bounds."""
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
    """Rounded values at finite z with enclosures, in the columns of ``Reference``.

    The results are the same whatever runs the programs.
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


def settle_each(sides: Sides, z: Array, targets: tuple[Target, Target], settle: Settle) -> Array:
    """Settle z by programs, and tell where they stay open, as they do where a bin has only a few.

    Programs of the first target compute the values of ``reference_array``, and those of the second the
    polynomials that replace some of them.
    """
    is_open, is_rough = np.ones(len(z), bool), np.zeros(len(z), bool)

    def work(program: Program, some: Array | None) -> None:
        places = slice(None) if some is None or len(some) == len(z) else some
        if some is None or len(some) >= _MANY:
            is_open[places], is_rough[places] = settle(program, places)

    with suppress(Untraced):
        graph = traced(sides)
        among = np.ones(len(z), bool)
        if not _is_exact(graph):
            program = _program(graph, EXACT_PAIRS, _EVERYDAY, targets[0])
            sample = abs(z[:: len(z) // 256 + 1])
            rough = NEAR if _is_rough(graph, _EVERYDAY) else 0.0
            is_usual = np.count_nonzero(_EVERYDAY.holds(sample) & (sample > rough)) * 2 > len(sample)
            if is_usual:
                work(program, None)
                if np.count_nonzero(is_open) < _MANY:
                    return is_open
            is_everyday, is_near = _EVERYDAY.holds(z), abs(z) <= rough
            if not is_usual:
                work(program, np.flatnonzero(is_everyday & ~is_near))
            is_rough |= is_everyday & is_near
            among = ~is_everyday
        if among.any():
            among &= np.isfinite(z) & (z != 0)
        for some, bin_ in _by_bin(z, among, _BINS, 1):
            if bin_.high <= NEAR and _is_rough(graph, bin_):
                is_rough[some] = True
            else:
                work(_program(graph, EXACT_PAIRS, bin_, targets[0]), some)
        if is_rough.any():
            for some, program in _next_to_zero(_polynomial, sides, z, is_rough, targets[1], 1):
                work(program, some)
    return is_open


@lru_cache(maxsize=256)
def _is_rough(graph: Graph, bin_: Bin) -> bool:
    """Whether errors are so large at all z in a bin that polynomials may do better next to 0."""
    return _number_in(graph, EXACT_PAIRS, bin_).rel > MOST_KNOWN * WIDER


@lru_cache(maxsize=256)
def _is_exact(graph: Graph) -> bool:
    """Whether the values of a formula on a side of 0 are exact; a program for both sides would hide that."""
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
    """Replace values next to 0 whose ``known`` errors are not small enough by those of polynomials."""
    near = np.flatnonzero(abs(z) <= NEAR)
    value, error = (column[near] for column in known)
    among = np.zeros(len(z), bool)
    among[near] = ~(error <= abs(value) * MOST_KNOWN)
    for some, program in _next_to_zero(_polynomial, sides, z, among, target, 1):
        _put(found, some, z, program, run)


def _put(
    found: Sequence[Array], some: Array, z: Array, program: Program, run: Run = numpy_machine.run
) -> None:
    """Run a program at some z and store its results in the columns."""
    for column, part in zip(found, _run_by(run, program, z[some]), strict=True):
        column[some] = part


def _run_by(run: Run, program: Program, z: Array) -> tuple[Array, ...]:
    """The results of a program, run by NumPy if there are too few points for a compiled loop."""
    return (run if len(z) >= _MANY else numpy_machine.run)(program, z)


def _enclose_one(formula: Formula, scale: int) -> tuple[float, float, float]:
    """An enclosure of a formula at 0: a float64, its tail, and an error bound."""
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
    """Where a formula is certainly defined, at finite z other than 0."""
    found = np.zeros(len(z), bool)
    with suppress(Untraced):
        for some, bin_ in _by_bin(z, z != 0, _BINS, 1):
            value, _, error = numpy_machine.run(_program(traced(sides), QUICK, bin_, Enclosure()), z[some])
            found[some] = np.isfinite(value) & np.isfinite(error)
    return found


_MOST = 2**1000
"""Larger values are not enclosed."""
MOST_KNOWN = 2.0**-90
"""The relative error above which polynomials may do better."""


@lru_cache(maxsize=256)
def traced(sides: Sides) -> Graph:
    """The graph of both sides. Raises Untraced on failure."""
    return of_sides(sides.below, sides.above)


def _cost_of_both(sides: Sides) -> int:
    """The extra cost of evaluating both sides at all points instead of each side where it holds."""
    if sides.below is None or sides.above is None:
        return 0
    apart = [traced(one).cost for one in (Sides(sides.below, None), Sides(None, sides.above))]
    return traced(sides).cost - sum(apart) // 2


def _by_bin(z: Array, among: Array, edges: Sequence[float], least: int) -> Iterator[tuple[Array, Bin]]:
    """For each bin with at least ``least`` of the z ``among`` all, their places and the bin."""
    places = np.flatnonzero(among)
    if len(places) < least:
        return
    some = z[places]
    ends = np.array([some.min(), some.max()])  # NaN if any is
    first, last = _bins_of(ends, edges)
    bins = np.full(1, first) if first == last and not np.isnan(ends[0]) else _bins_of(some, edges)
    counts = np.bincount(bins) * (len(places) if len(bins) == 1 else 1)
    for k in np.flatnonzero(counts >= least).tolist():
        low = edges[k // 2 - 1] if k > 1 else 2.0**-1074
        high = edges[k // 2] if k // 2 < len(edges) else sys.float_info.max
        yield places if len(bins) == 1 else places[bins == k], Bin(low, high, 1 if k % 2 else -1)


def _bins_of(z: Array, edges: Sequence[float]) -> Array:
    """The number of the bin of each z."""
    bins: Array = 2 * np.searchsorted(edges, abs(z), side="right") + (z > 0)
    return bins


@lru_cache(maxsize=256)
def _number_in(graph: Graph, m: Kernels, bin_: Bin) -> Number:
    """The formula's value at z in a bin, which programs for several targets share."""
    z = variable()
    is_negative = z < 0.0 if bin_.side == 0 else bin_.side < 0
    return m.number(graph.evaluate(m, m.variable(abs(z), bin_.low, bin_.high), is_negative))


@lru_cache(maxsize=1024)
def _program(graph: Graph, m: Kernels, bin_: Bin, target: Target) -> Program:
    """The program for z in a bin."""
    z, number = variable(), _number_in(graph, m, bin_)
    is_inside = (abs(z) >= bin_.low) & (abs(z) <= bin_.high) if bin_.side == 0 else truth(True)
    if target.reductions:  # NaN is open
        number = copy(number)
        number.value = select(is_inside, number.value, math.nan)
        is_inside = truth(True)
    results = (x & is_inside if x.kind == TRUTH else x for x in target(number))
    return Program.of(*results, reductions=target.reductions, kept=target.kept)


def _next_to_zero(
    find: Callable[[Formula, Bin, Target], Program | None],
    sides: Sides,
    z: Array,
    among: Array,
    target: Target,
    least: int,
) -> Iterator[tuple[Array, Program]]:
    """The places of z next to 0 by bin, with programs from Taylor series."""
    for some, bin_ in _by_bin(z, among & (abs(z) <= NEAR) & (z != 0), _NEAR_BINS, least):
        formula = sides.above if bin_.side > 0 else sides.below
        program = None if formula is None else find(formula, bin_, target)
        if program is not None:
            yield some, program


@lru_cache(maxsize=256)
def _polynomial(formula: Formula, bin_: Bin, target: Target) -> Program | None:
    """The program of the Taylor polynomial for z in a bin of one sign; None if there is none."""
    number = _number_next_to_zero(formula, bin_)
    if number is None:
        return None
    return Program.of(*target(number), reductions=target.reductions, kept=target.kept)


@lru_cache(maxsize=256)
def _number_next_to_zero(formula: Formula, bin_: Bin) -> Number | None:
    """The Taylor polynomial's value at z in a bin of one sign; None if there is none."""
    size = min(bin_.high, NEAR)
    polynomial = next_to_zero(formula, bin_.side, size)
    if polynomial is None:
        return None
    t = EXACT_PAIRS.variable(abs(variable()), bin_.low, size)
    number: Number = polynomial(EXACT_PAIRS, t if bin_.side > 0 else -t)
    return number


@lru_cache(maxsize=256)
def _line(formula: Formula, bin_: Bin, target: Target) -> Program | None:
    """The program for z in a bin of one sign where a formula is next to a line through 0; None if it is not.

    The value on the line may be half way between two floats. It has so few bits that all numbers beside it,
    within NEXT of it, round alike.
    """
    line = next_to_line(formula, bin_.side)
    if line is None or bin_.high > line.most or not _has_few_bits(target):
        return None
    return _beside(line.slope, Fraction(0), NEXT * line.side, bin_, target)


def beside_line(formula: Formula, z: Array, rounding: Format | Rounding) -> tuple[Array, Array] | None:
    """Values at ascending z of one sign next to a line, and where they are certain; None if there is no line.

    This matters far out, where pairs do not tell the values from the line, but directed rounding does.
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
    """The program for values beside a line, at most ``most`` relative to it, at z in a bin of one sign.

    All values within half of that round alike: if the number on the line is a float64, no rounding boundary
    is so near to it. None if values on the line are not exact.
    """
    m = EXACT_PAIRS
    number = m.variable(abs(variable()), bin_.low, bin_.high) * (slope * bin_.side) + offset
    if number.rel or not is_nil(number.abs):
        return None
    beside = number.value * (0.75 * most)
    tail = beside if number.tail is None else number.tail + beside  # the rounding error of this is negligible
    off = abs(number.value) * (0.25 * abs(most))
    bounds = number.min_abs, number.max_abs, number.sign
    made = number.like(number.value, tail, 0.0, off, bounds, number.scale, 2 * UNIT)
    results = target(made.with_sign(number.sign))
    if number.tail is not None and abs(most) > NEXT:
        is_single = equal(number.tail, 0.0)
        results = tuple(x & is_single if x.kind == TRUTH else x for x in results)
    return Program.of(*results)


def _has_few_bits(target: Target) -> bool:
    """Whether the rounding boundaries of a target are numbers of few bits."""
    fmt = target.rounding.fmt if isinstance(target, Conversion) else None
    return not isinstance(fmt, IntegerFormat) or fmt.scale.denominator & (fmt.scale.denominator - 1) == 0
