"""Errors at ordinary points as part of programs, equal to those that ``Measure`` computes with care.

Other points, and those so near to a limit that the exact value decides, are open.
"""

from collections.abc import Sequence
from typing import NamedTuple

from actcalc.arithmetic.program import (
    Expr,
    Program,
    bits,
    constant,
    equal,
    is_finite,
    minimum,
    select,
    variable,
    word,
)
from actcalc.arithmetic.rounding_test import ulp
from actcalc.checking.sums import LEAST_ULPS
from actcalc.numbers.error_free import two_sum
from actcalc.numbers.floats import Format
from actcalc.numbers.ulp import MOST_ULPS


class Bounds(NamedTuple):
    """The format, the z that are not ordinary, and floats beside the bounds of errors."""

    fmt: Format
    special: Sequence[float]
    not_below: Sequence[float]
    not_above: Sequence[float]


class Ordinary(NamedTuple):
    """The errors at a point, as in ``Errors``; all of them are open where ``is_open``."""

    ulps: Expr
    least: Expr
    most: Expr
    side: Expr
    exceeded: Expr
    correct: Expr
    faithful: Expr
    is_open: Expr


def ordinary_errors(bounds: Bounds) -> Program:
    """The program of z, x, and the right value, value, tail and error of a ``Reference``."""
    return Program.of(*errors_at([variable(place) for place in range(6)], bounds))


def errors_at(point: Sequence[Expr], bounds: Bounds) -> Ordinary:
    """The errors at a point: z, x, and the right value, value, tail and error of a ``Reference``."""
    z, x, right, value, tail, error = point
    fmt = bounds.fmt
    is_open = ~(is_finite(x) & is_finite(right))
    for special_z in bounds.special:
        is_open = is_open | equal(z, special_z)
    # Zeros that may stand for subnormal numbers, and subnormal z that may be taken for zeros.
    is_open = is_open | (equal(x, 0.0) & ~equal(right, 0.0) & (abs(right) < fmt.smallest_normal))
    is_open = is_open | ((abs(z) < fmt.smallest_normal) & ~equal(z, 0.0))

    margin = select(equal(error, 0.0), 0.0, error * (1 + 2.0**-40) + abs(tail) * 2.0**-51)
    is_open = is_open | ~is_finite(margin)

    # The side of the right value on which the exact one lies
    distance, lost = two_sum(value, -right)
    rest = lost + tail
    total = distance + rest
    total_margin = (margin + abs(rest) * 2.0**-52) + abs(total) * 2.0**-51
    is_unknown = ~(abs(total) > total_margin) & ~equal(total_margin, 0.0)

    # An ulp at the exact value, which is in the lower binade if it is below a power of two
    is_power = equal(bits(right) & (2**52 - 1), 0)
    spacing = ulp(select(is_power & (total * right < 0.0), right * 0.75, right), fmt)
    is_open = is_open | (is_power & is_unknown)

    distance, lost = two_sum(x, -value)
    rest = lost - tail
    distance, missed = two_sum(distance, rest)
    size = abs(distance)
    of_rest = select(~equal(lost, 0.0) & ~equal(tail, 0.0), abs(rest) * 2.0**-52, 0.0)
    margin = (margin + abs(missed)) + of_rest
    margin = margin + select(equal(margin, 0.0), 0.0, size * 2.0**-51)
    inside = size - margin
    least = select(inside > 0.0, inside, 0.0) / spacing
    most = (size + margin) / spacing
    fewest, exceeded = word(0), word(0)
    for below, above in zip(bounds.not_below, bounds.not_above, strict=True):
        fewest = fewest + select(constant(below) < least, word(1), word(0))
        exceeded = exceeded + select(constant(above) < most, word(1), word(0))
    is_open = is_open | ~equal(fewest, exceeded) | ~(most - least < 2.0**-7 + 2.0**-20 * most)
    errors = minimum(size / spacing, MOST_ULPS)

    correct = equal(x, right)
    # Next to a power of two, and an ulp away, the side of the exact value decides.
    is_near = ~correct & (abs(x - right) <= ulp(right, fmt))
    is_open = is_open | (is_near & (is_power | ~((most < 1.0) | (least > 1.0))))
    faithful = correct | (is_near & (errors < 1.0))
    is_asked = correct & (errors >= LEAST_ULPS)
    side = _sign(select(is_asked, -total, x - right))
    is_open = is_open | (is_asked & is_unknown)
    return Ordinary(
        *(errors, minimum(least, MOST_ULPS), minimum(most, MOST_ULPS), side, exceeded),
        *(correct, faithful, is_open),
    )


def _sign(x: Expr) -> Expr:
    return select(x > 0.0, 1.0, select(x < 0.0, -1.0, constant(0.0)))
