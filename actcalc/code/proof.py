"""Proofs of printed programs: they are compared with the right values at every value of a format."""

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from actcalc.activations.arrays import derivative_array, parts_of
from actcalc.activations.declaration import Quantity
from actcalc.activations.function import Function
from actcalc.arithmetic.exact import evaluate_between
from actcalc.arithmetic.graph import Untraced
from actcalc.arithmetic.ladder import Bin, Machine, Sides, machine_for, rounded, rounded_on_line
from actcalc.arithmetic.program import Expr, Program, bits, constant, equal, truth
from actcalc.arithmetic.rounding_test import round_to
from actcalc.code.correct import Certified, same
from actcalc.numbers.bit_arrays import from_bits, to_bits
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import FLOAT32, Format
from actcalc.numbers.integer_arrays import to_integers

_BLOCK = 1 << 20
_STRETCHES = 16
"""About the number of stretches, each of which has a program to compile."""
_EDGES = (-(2.0**7), -(2.0**5), -(2.0**-30), 0.0, 2.0**-30, 2.0**5, 2.0**7)
"""Edges of intervals in which programs stay in range."""


class Stretch(NamedTuple):
    """Consecutive patterns of one sign, most of which one program decides."""

    patterns: range
    program: Program
    """Its results: whether the printed value may differ from the right one, and the printed value."""


def exceptions(
    certified: Certified,
    f: Function,
    of: Quantity,
    fmt: Format,
    step: Callable[[int], None] = lambda done: None,
) -> dict[int, int]:
    """All patterns with wrong results, and the right ones; ``step`` is told of progress.

    Most right values come from programs for this machine, whose functions differ from the printed ones; those
    that these leave open come from the exact arithmetic.
    """
    machine = machine_for((1 << fmt.bits) // _STRETCHES)
    found: dict[int, int] = {}
    special = {fmt.to_bits(z) for z, _ in certified.special}
    for stretch in stretches(certified, f, of, fmt, machine):
        for words, printed in _open_ones(stretch, fmt, machine, step):
            right = derivative_array(f, from_bits(words, fmt), of, fmt)
            wrong = ~same(printed, right)
            patterns = zip(words[wrong].tolist(), to_bits(right[wrong], fmt).tolist(), strict=True)
            found |= {pattern: result for pattern, result in patterns if pattern not in special}
    return found


def _open_ones(
    stretch: Stretch, fmt: Format, machine: Machine, step: Callable[[int], None]
) -> Iterator[tuple[Array, Array]]:
    """Patterns that a program leaves open, with the printed values, many at a time."""
    words: list[Array] = []
    results: list[Array] = []
    for start in range(0, len(stretch.patterns), _BLOCK):
        part = stretch.patterns[start : start + _BLOCK]
        some = np.arange(part.start, part.stop, dtype=f"u{fmt.bits // 8}")
        is_open, printed = machine.run(stretch.program, from_bits(some, fmt))
        if is_open.any():
            words.append(some[is_open])
            results.append(printed[is_open])
        if words and (part.stop == stretch.patterns.stop or sum(map(len, words)) >= _BLOCK):
            yield np.concatenate(words), np.concatenate(results)
            words, results = [], []
        step(len(part))


def stretches(
    certified: Certified, f: Function, of: Quantity, fmt: Format, machine: Machine
) -> Iterator[Stretch]:
    """All finite values except zeros."""
    start = -math.inf
    for part in parts_of(f, of):
        edges = [start, *(edge for edge in _EDGES if start < edge < part.end), part.end]
        for low, high in pairwise(edges):
            if patterns := _patterns_between(low, high, fmt):
                side = 1 if low >= 0 else -1
                sides = Sides(None, part.sides.above) if side > 0 else Sides(part.sides.below, None)
                printed = round_to(certified.between(low, high), fmt)
                stretch = Stretch(patterns, _by_program(printed, sides, low, high, fmt, machine))
                if min(abs(low), abs(high)) >= _FAR and _is_open(stretch, fmt, machine):
                    yield from _where_constant(stretch, printed, sides, fmt, _HALVINGS)
                else:
                    yield stretch
        start = part.end


_FAR = 32.0
"""The |z| beyond which a function may have one value."""
_HALVINGS = 7


def _by_program(
    printed: Expr, sides: Sides, low: float, high: float, fmt: Format, machine: Machine
) -> Program:
    """A program for whether the printed value may differ from that of this machine, and the printed value."""
    ends = min(abs(low), abs(high)), min(max(abs(low), abs(high)), 2.0**128)
    bin_ = Bin(max(ends[0], FLOAT32.smallest_subnormal), ends[1], 1 if low >= 0 else -1)
    told: list[tuple[Expr, Expr]] = []
    with suppress(Untraced):
        told.append(rounded(sides, fmt, machine, bin_))
    formula = sides.above if sides.below is None else sides.below
    if bin_.low >= _FAR and formula is not None and (on_line := rounded_on_line(formula, fmt, bin_)):
        told.append(on_line)
    is_right = truth(False)
    for right, is_certain in told:
        is_right = is_right | (is_certain & equal(bits(printed), bits(right)))
    return Program.of(~is_right, printed)


def _is_open(stretch: Stretch, fmt: Format, machine: Machine) -> bool:
    """Whether a program leaves too many values undecided, estimated from a sample."""
    words = to_integers(np.linspace(stretch.patterns.start, stretch.patterns.stop - 1, 256), np.uint64)
    return bool(machine.run(stretch.program, from_bits(words, fmt))[0].mean() > 0.1)


def _where_constant(
    stretch: Stretch, printed: Expr, sides: Sides, fmt: Format, halvings: int
) -> Iterator[Stretch]:
    """A stretch in parts, so that intervals prove the values of some parts equal."""
    patterns = stretch.patterns
    formula = sides.above if sides.below is None else sides.below
    low, high = sorted(fmt.from_bits(pattern) for pattern in (patterns[0], patterns[-1]))
    value = None if formula is None else evaluate_between(formula, low, high, fmt)
    if value is not None:
        yield Stretch(patterns, Program.of(~equal(bits(printed), bits(constant(value))), printed))
    elif halvings and len(patterns) > 1:
        middle = len(patterns) // 2
        for half in (patterns[:middle], patterns[middle:]):
            yield from _where_constant(stretch._replace(patterns=half), printed, sides, fmt, halvings - 1)
    else:
        yield stretch


def _patterns_between(low: float, high: float, fmt: Format) -> range:
    """The patterns of values above ``low``, up to ``high``, which are of one sign, without zeros."""
    if high <= 0:  # of sizes from -high up to, but not, -low
        first = fmt.to_bits(_up(abs(high), fmt)) or 1
        last = fmt.finite_count if low == -math.inf else fmt.to_bits(_up(-low, fmt))
        sign = 1 << (fmt.bits - 1)
        return range(sign + first, sign + min(last, fmt.finite_count))
    first = fmt.to_bits(_up(low, fmt)) if low > 0 else 0
    if low <= 0 or fmt.from_bits(first) == low:
        first += 1
    last = fmt.finite_count if high == math.inf else fmt.to_bits(_up(high, fmt))
    if high < math.inf and fmt.from_bits(last) == high:
        last += 1
    return range(first, min(last, fmt.finite_count))


def _up(x: float, fmt: Format) -> float:
    """The smallest value of a format that is not below a number, which is not negative."""
    near = fmt.round_float(x)
    return near if near >= x else fmt.from_bits(fmt.to_bits(near) + 1)
