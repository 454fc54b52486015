"""The promises of declarations (see ``Declaration``), checked with values of the textbook formulas.

test_special_values checks that the limits at both infinities are right.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise

import pytest
from flint import arb, ctx

from actcalc.activations.activation import Activation
from tests.support import oracle, shape
from tests.support.matrix import FAR, NEAR, SETTINGS

SETTLING = [f for f in SETTINGS if f.declaration.settles_far_out]
EVERY_SETTING = pytest.mark.parametrize("f", SETTINGS, ids=Activation.describe)
EVERY_THAT_SETTLES = pytest.mark.parametrize("f", SETTLING, ids=Activation.describe)
OF = pytest.mark.parametrize("of", ["textbook_g", "textbook_dg"])


def stretch(f: Activation) -> Fraction:
    """A bound on the factor by which the parameters may stretch or compress the function."""
    sizes = [abs(p) for p in f.parameters.values() if p]
    return max([Fraction(1), *sizes, *(1 / size for size in sizes)])


def within(low: Fraction | None, high: Fraction | None, scale: Fraction) -> Iterator[Fraction]:
    """Points between two ends, denser towards each end; None stands for infinity."""
    steps = [Fraction(k * k, 97) for k in range(1, 90)]  # to about 80
    if low is None and high is None:
        yield from within(None, Fraction(0), scale)
        yield from within(Fraction(0), None, scale)
    elif low is None and high is not None:
        yield from (high - step * scale for step in reversed(steps))
    elif high is None and low is not None:
        yield from (low + step * scale for step in steps)
    elif low is not None and high is not None:
        yield from (low + (high - low) * Fraction(k, 97) for k in range(1, 97))


def turnabouts(signs: Iterable[int]) -> int:
    """The number of sign changes, ignoring zeros."""
    return sum(a != b for a, b in pairwise(sign for sign in signs if sign))


@OF
@EVERY_THAT_SETTLES
def test_a_sign_changes_once_at_most_within_a_piece(f: Activation, of: str) -> None:
    text, low = getattr(f, of), None
    for piece in f.pieces:
        high = None if piece.upto is None else Fraction(piece.upto)
        points = within(low, high, stretch(f))
        assert turnabouts(oracle.sign(text, z, f.parameters) for z in points) <= 1
        low = high


def order(f: Activation, text: str, x: Fraction, y: Fraction) -> int:
    """The sign of the difference of the formula's values at y and at x."""

    def value(z: Fraction) -> oracle.Real:
        return oracle.evaluate(text, z=z, **f.parameters)

    slopes = [oracle.evaluate(f.textbook_dg, z=z, **f.parameters) for z in (x, y)]
    if text == f.textbook_g and all(slope.is_exactly(0) for slope in slopes):
        return 0  # constant, whatever its value
    return oracle.decide(lambda: (value(y) - value(x)).sign(), max(x, y, key=abs))


@OF
@pytest.mark.parametrize("side", [-1, 1])
@EVERY_THAT_SETTLES
def test_far_out_nothing_turns_back(f: Activation, side: int, of: str) -> None:
    ends = [abs(Fraction(piece.upto or 0)) for piece in f.pieces]
    start = max([60 * stretch(f), *ends])
    points = [side * start * Fraction(k, 10) for k in (11, 12, 13, 15, 18, 20, 25, 30, 40, 50, 70, 100)]
    assert turnabouts(order(f, getattr(f, of), x, y) for x, y in pairwise(points)) == 0


@EVERY_SETTING
def test_ends_of_the_range_that_are_turning_points_have_forty_digits(f: Activation) -> None:
    """Check the extremes of g at turning points, at kinks and far out."""
    text = f.textbook_g
    bends = [bend.z + side * NEAR for bend in shape.kinks(f) for side in (-1, 0, 1)]
    turns = shape.turns(f)
    with ctx.workprec(4500):
        found = [oracle.evaluate(text, z=z, **f.parameters).ball() for z in (*turns, *bends, -FAR, FAR)]
        for end, side in ((f.range.low, 1), (f.range.high, -1)):
            if not isinstance(end, float):
                exact = oracle.real(Fraction(end)).ball()
                outermost = min(side * value.mid() for value in found)
                assert abs(side * exact - outermost) <= arb(10) ** -40 * max(abs(exact), arb(10) ** -5)
