"""The rounding test of programs, against exact rounding of both ends of the enclosure."""

from fractions import Fraction

import numpy as np
import pytest

from actcalc.arithmetic.kernels import Quick
from actcalc.arithmetic.numpy_machine import run
from actcalc.arithmetic.program import Program, variable
from actcalc.arithmetic.rounding_test import Nearest
from actcalc.numbers.floats import FORMATS, Format

NARROW = [fmt for fmt in FORMATS.values() if fmt.is_narrow and fmt.has_infinities]
BOUND = 2.0**-40


def near_boundaries(fmt: Format) -> list[float]:
    """Numbers at, beside and far from values of a format, small ones above all, and from ties of these."""
    steps = [*range(1, 12), 2**fmt.mantissa_bits - 1, 2**fmt.mantissa_bits, 2 ** (fmt.mantissa_bits + 1)]
    places = [step * fmt.smallest_subnormal * k / 4 for step in steps for k in (1, 2, 3, 4, 6)]
    places += [1.0, 1 + 2.0**-fmt.precision, 1 + 3 * 2.0**-fmt.precision, 3.7, fmt.largest / 4]
    beside = [place * (1 + off) for place in places for off in (0, BOUND / 4, -BOUND / 4, 1e-9, -1e-9, 0.1)]
    return [sign * x for x in beside for sign in (-1, 1)]


@pytest.mark.parametrize("fmt", NARROW, ids=str)
def test_certain_numbers_round_like_all_within_their_bound(fmt: Format) -> None:
    z = np.array(near_boundaries(fmt))
    for least in (0.0, 1.0):
        some = z[(abs(z) >= least) & (abs(z) < 2.0**100)]
        number = Quick().build(variable(), None, BOUND, 0.0, (least, 2.0**100, 0))
        program = Program.of(*Nearest(fmt)(number))
        for x, value, is_certain in zip(
            some.tolist(), *(y.tolist() for y in run(program, some)), strict=True
        ):
            ends = {str(fmt.round_exact(Fraction(x) * (1 + side * Fraction(BOUND)))) for side in (-1, 1)}
            if is_certain:
                assert ends == {str(value)}, x
            elif fmt.smallest_normal > 2.0**-60 and abs(x) < fmt.largest / 2:
                # Left open are only numbers that are close to a tie.
                wider = {fmt.round_exact(Fraction(x) * (1 + 8 * side * Fraction(BOUND))) for side in (-1, 1)}
                assert len(wider) > 1, x
