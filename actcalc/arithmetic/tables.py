"""Tables for exp and log in bulk, made of whole numbers (Tang, Table-driven implementation of the exponential
function, 1989, and of the logarithm function, 1990).
"""

import math
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from actcalc.arithmetic.interval import Interval, with_digits

STEPS = 1024
STEP_BITS = 10
"""Of the table of powers of two."""


def nearest(x: Interval) -> Fraction:
    """The middle of an interval."""
    return (Fraction(x.low) + Fraction(x.high)) / 2


def cut(x: Fraction, bits: int) -> Fraction:
    """``x`` rounded to so many bits after the point."""
    return Fraction(round(x * 2**bits), 2**bits)


POINT = 160
"""Binary digits after the point of whole numbers that stand for what is in a table."""


def _round(x: int, bits: int) -> int:
    """``x`` rounded to so many of them."""
    shift = POINT - bits
    return (x + (1 << (shift - 1)) >> shift) << shift


@cache
def powers_of_two() -> tuple[Any, Any, Any, Any]:
    """2**(j/1024) rounded; cut to 32 bits; what cutting leaves, and what rounding does, relative to it.

    The first two are given by their bits, less j as it is shifted in the places of steps.
    """
    root = round(nearest(with_digits(50).exp(with_digits(50).ln2 / STEPS)) * 2**POINT)
    exact = [1 << POINT]
    while len(exact) < STEPS:
        exact.append(exact[-1] * root >> POINT)
    high = [_round(x, 31) for x in exact]
    # Quotients of whole numbers are rounded once.
    near, cut = (np.array([x / (1 << POINT) for x in powers]) for powers in (exact, high))
    places = np.arange(STEPS, dtype=np.uint64) << (52 - STEP_BITS)
    return (
        near.view(np.uint64) - places,
        cut.view(np.uint64) - places,
        np.array([(x - y) / y for x, y in zip(exact, high, strict=True)]),
        np.array([(x - int(y * 2.0**POINT)) / x for x, y in zip(exact, near.tolist(), strict=True)]),
    )


@cache
def step_powers() -> list[float]:
    """2**(x/1024) - 1 is the sum of x, x**2 and so on times these."""
    step = nearest(with_digits(50).ln2) / STEPS
    return [float(step**k / math.factorial(k)) for k in range(1, 5)]


@cache
def power_step() -> tuple[float, float, float]:
    """1024/ln(2), and ln(2)/1024 as 31 bits and the rest."""
    exact = nearest(with_digits(50).ln2) / STEPS
    high = cut(exact, 41)
    return float(1 / exact), float(high), float(exact - high)


LOG_STEPS = 512


@cache
def logarithms() -> tuple[Any, Any, Any, Any]:
    """c near 1/(1 + i/512), of 13 bits; -ln(c) rounded, cut to 40 bits, and what that leaves."""
    near = [round(Fraction(LOG_STEPS << 13, LOG_STEPS + i)) for i in range(LOG_STEPS + 1)]
    exact = [0]
    for before, c in pairwise(near):
        exact.append(exact[-1] + _logarithm(before, c))
    high = [_round(x, 40) for x in exact]
    return (
        np.array(near) * 2.0**-13,
        np.array([x / (1 << POINT) for x in exact]),
        np.array([x / (1 << POINT) for x in high]),
        np.array([(x - y) / (1 << POINT) for x, y in zip(exact, high, strict=True)]),
    )


def _logarithm(a: int, b: int) -> int:
    """ln(a/b), times 2**POINT, for a and b that are close: twice the inverse hyperbolic tangent of t."""
    p, q = a - b, a + b
    power = (2 * p << POINT) // q
    total, k = 0, 1
    while power:
        total += power // k
        power = power * p * p // (q * q)
        k += 2
    return total
