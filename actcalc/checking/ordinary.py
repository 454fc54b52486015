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
    from_bits,
    is_finite,
    maximum,
    minimum,
    select,
    truth,
    variable,
    word,
)
from actcalc.checking.sums import LEAST_ULPS
from actcalc.numbers.error_free import two_sum
from actcalc.numbers.floats import FLOAT64, Format
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
    margin: Expr
    """The distance from the error to both of these, in ulps."""
    side: Expr
    is_below: Expr
    """Where an error other than 0 is below the exact value."""
    exceeds: Sequence[Expr]
    """Whether the error exceeds each of the bounds."""
    correct: Expr
    faithful: Expr
    is_settled: Expr
    """Where the right value is certainly the rounded one, and the bound is small enough."""
    is_open: Expr


def ordinary_errors(bounds: Bounds) -> Program:
    """The program of z, x, and the right value, value, tail and error of a ``Reference``."""
    z, x, right, value, tail, error = (variable(place) for place in range(6))
    found, fmt = errors_at(z, x, right, Enclosed(value, tail, error), bounds), bounds.fmt
    is_open = found.is_open | ~(is_finite(x) & is_finite(right) & is_finite(error))
    # Zeros that may stand for subnormal numbers, and subnormal z that may be taken for zeros.
    is_open = is_open | (equal(x, 0.0) & ~equal(right, 0.0) & (abs(right) < fmt.smallest_normal))
    is_open = is_open | ((abs(z) < fmt.smallest_normal) & ~equal(z, 0.0))
    is_open = is_open | ~(found.most - found.least < 2.0**-7 + 2.0**-20 * found.most)
    exceeded = word(0)
    for exceeds in found.exceeds:
        exceeded = exceeded + select(exceeds, word(1), word(0))
    errors = (minimum(error, MOST_ULPS) for error in (found.ulps, found.least, found.most))
    return Program.of(*errors, found.side, exceeded, found.correct, found.faithful, is_open)


class Enclosed(NamedTuple):
    """An enclosure of the exact value, as in ``Reference``."""

    value: Expr
    tail: Expr
    error: Expr
    is_exact: bool = True
    """Whether the error may be 0."""


def errors_at(z: Expr, x: Expr, right: Expr, exact: Enclosed, bounds: Bounds) -> Ordinary:
    """The errors of x at z, next to whose exact value the right one is.

    Errors that are not finite are not open for that alone.
    """
    fmt, (value, tail, error, is_exact) = bounds.fmt, exact
    is_open = truth(False)
    for special_z in bounds.special:
        is_open = is_open | equal(z, special_z)

    margin = error * (1 + 2.0**-40) + abs(tail) * 2.0**-51
    if is_exact:
        margin = select(equal(error, 0.0), 0.0, margin)

    # The side of the right value on which the exact one lies; their difference is exact, as they are so close
    # (Sterbenz's lemma).
    total = (value - right) + tail
    total_margin = (margin + abs(tail) * 2.0**-52) + abs(total) * 2.0**-51
    is_unknown = ~(abs(total) > total_margin)
    if is_exact:
        is_unknown = is_unknown & ~equal(total_margin, 0.0)

    # Ulps at the exact value, which is in the lower binade if it is below a power of two. For 0, which has
    # the bits of a power, the side of the exact value decides the sign.
    size_bits = bits(abs(right))
    is_power = equal(size_bits & (2**52 - 1), 0)
    is_open = is_open | (is_power & is_unknown)
    is_lower = is_power & (total * right < 0.0)
    in_ulps = _inverse_ulp((size_bits - select(is_lower, word(1), word(0))) >> 52, fmt)
    is_settled = ((abs(total) + total_margin) * in_ulps < 0.5) & (error * in_ulps <= 2.0**-11)

    distance, lost = two_sum(x, -value)
    rest = lost - tail
    distance, missed = two_sum(distance, rest)
    size = abs(distance)
    of_rest = select(~equal(lost, 0.0) & ~equal(tail, 0.0), abs(rest) * 2.0**-52, 0.0)
    margin = (margin + abs(missed)) + of_rest
    of_size = size * 2.0**-51
    margin = margin + (select(equal(margin, 0.0), 0.0, of_size) if is_exact else of_size)
    if fmt.smallest_normal < _TINY:
        is_open = is_open | ((abs(right) < _TINY) & ~equal(size + margin, 0.0))
    inside = size - margin
    least = select(inside > 0.0, inside, 0.0) * in_ulps
    most = (size + margin) * in_ulps
    exceeds = [constant(above) < most for above in bounds.not_above]
    for one, below in zip(exceeds, bounds.not_below, strict=True):
        is_open = is_open | (one ^ (constant(below) < least))
    errors = size * in_ulps

    correct = equal(x, right)
    # Next to a power of two, and an ulp away, the side of the exact value decides.
    steps = abs(x - right) * in_ulps
    is_near = ~correct & (steps <= 1.0)
    is_open = is_open | (is_near & ~((most < 1.0) | (least > 1.0))) | (is_power & ~correct & (steps <= 2.0))
    faithful = correct | (is_near & (errors < 1.0))
    is_asked = correct & (errors >= LEAST_ULPS)
    side = _sign(select(is_asked, -total, x - right))
    is_open = is_open | (is_asked & is_unknown)
    is_below = (correct & (total > 0.0)) | (x < right)
    return Ordinary(
        *(errors, least, most, margin * in_ulps, side, is_below, exceeds),
        *(correct, faithful, is_settled, is_open),
    )


_TINY = 2.0**-970
"""Ulps of smaller float64 have no inverse that is a float64."""


def _inverse_ulp(exponent: Expr, fmt: Format) -> Expr:
    """One over the ulp of finite numbers with an exponent; if that is beyond all float64, of larger ones."""
    limited = maximum(exponent, max(1 - fmt.bias + FLOAT64.bias, fmt.mantissa_bits))
    return from_bits((2 * FLOAT64.bias + fmt.mantissa_bits - limited) << 52)


def _sign(x: Expr) -> Expr:
    return select(x > 0.0, 1.0, select(x < 0.0, -1.0, constant(0.0)))
