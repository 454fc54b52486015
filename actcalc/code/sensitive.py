"""Inputs whose results show small changes of a program: a test with them finds wrong digits of constants."""

from collections.abc import Iterator, Mapping

import numpy as np

from actcalc.arithmetic import numpy_machine
from actcalc.arithmetic.program import FLOAT, Expr, Program
from actcalc.code.correct import Certified, same
from actcalc.numbers.float_arrays import Array, round_array
from actcalc.numbers.floats import FLOAT64, Format


def sensitive_inputs(certified: Certified, fmt: Format, z: Array) -> Array:
    """The inputs among z whose results show the smallest changes of the program's constants."""
    found = []
    places = certified.places(z)
    for place, value in certified.values.items():
        some = z[places == place]
        if len(some):
            found += [*_of_program(Program.of(value), fmt, some)]
    return np.unique(np.array(found))


def _of_program(program: Program, fmt: Format, z: Array) -> Iterator[float]:
    """For each constant, increased and decreased, an input that shows the smallest visible change."""
    right = _results(program, fmt, z)
    for step in program.steps:
        if step.op != "constant" or step.kind != FLOAT or not step.number:
            continue
        for side in (-1, 1):
            low, high, shown = -1, FLOAT64.mantissa_bits, None
            while high - low > 1:
                middle = (low + high) // 2
                changed = Expr("constant", FLOAT, (), step.data + (side << middle))
                is_other = ~same(_results(_replaced(program, {step: changed}), fmt, z), right)
                if is_other.any():
                    high, shown = middle, z[is_other][0]
                else:
                    low = middle
            if shown is not None:
                yield float(shown)


def _results(program: Program, fmt: Format, z: Array) -> Array:
    with np.errstate(all="ignore"):
        return round_array(numpy_machine.run(program, z)[0], fmt)


def _replaced(program: Program, known: Mapping[Expr, Expr]) -> Program:
    """A program with some of its parts replaced."""
    found = dict(known)
    for step in program.steps:
        if step not in found:
            found[step] = Expr(step.op, step.kind, tuple(found[x] for x in step.args), step.data)
    return Program.of(*(found[x] for x in program.results))
