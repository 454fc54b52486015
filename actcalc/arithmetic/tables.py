"""Tables for exp and log in bulk, made of whole numbers (Tang, Table-driven implementation of the exponential
function, 1989, and of the logarithm function, 1990).
"""

import math
from collections.abc import Callable, Sequence
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
def logarithms() -> tuple[Any, Any, Any]:
    """c near 1/(1 + i/512), of 13 bits; -ln(c) cut to 40 bits, and what that leaves."""
    near = [round(Fraction(LOG_STEPS << 13, LOG_STEPS + i)) for i in range(LOG_STEPS + 1)]
    exact = [0]
    for before, c in pairwise(near):
        exact.append(exact[-1] + _logarithm(before, c))
    high = [_round(x, 40) for x in exact]
    return (
        np.array(near) * 2.0**-13,
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


def interpolate(term: Callable[[int], Fraction], low: float, high: float, degree: int) -> list[float]:
    """The polynomial that meets the sum over k of term(k) x^k at the Chebyshev nodes of an interval.

    The sum differs from it by its next divided difference times the product of x - node, which is at most
    2 ((high - low)/4)^(degree + 1).
    """
    middle, half = (low + high) / 2, (high - low) / 2
    nodes = [
        Fraction(middle + half * math.cos(math.pi * (2 * k + 1) / (2 * degree + 2)))
        for k in range(degree + 1)
    ]
    values = [sum((term(k) * x**k for k in range(40)), Fraction(0)) for x in nodes]
    return [float(c) for c in through(nodes, values)]


def through(nodes: Sequence[Fraction], values: Sequence[Fraction]) -> list[Fraction]:
    """The polynomial, by powers, that has these values at these nodes, by Newton's divided differences."""
    degree, differences = len(nodes) - 1, list(values)
    for i in range(1, degree + 1):
        for k in range(degree, i - 1, -1):
            differences[k] = (differences[k] - differences[k - 1]) / (nodes[k] - nodes[k - i])
    total = [differences[degree]]
    for k in range(degree - 1, -1, -1):  # times x - node, plus the difference
        total = [a - nodes[k] * b for a, b in zip([Fraction(0), *total], [*total, Fraction(0)], strict=True)]
        total[0] += differences[k]
    return total


@cache
def growth() -> list[float]:
    """(e^x - 1)/x for |x| <= ln(2)/2 and a little more, within 2^-49: e^0.35 times 2 (0.1733)^10 / 11!."""
    return interpolate(lambda k: Fraction(1, math.factorial(k + 1)), -0.34658, 0.34658, 9)


@cache
def atanh(width: float, degree: int) -> list[float]:
    """atanh(s)/s by powers of s^2 up to a width.

    It is the sum of s^2k / (2k + 1), whose divided differences of order n are at most
    (1 - width)^-(n + 1) / (2n + 1).
    """
    return interpolate(lambda k: Fraction(1, 2 * k + 1), 0.0, width, degree)


@cache
def ln2_parts() -> tuple[float, float]:
    """ln(2), and what rounding left of it."""
    exact = nearest(with_digits(50).ln2)
    return float(exact), float(exact - Fraction(float(exact)))


@cache
def fine_power_step() -> tuple[float, float, float, float]:
    """1024/ln(2), and ln(2)/1024 as 31 bits, 31 bits and the rest."""
    exact = nearest(with_digits(50).ln2) / STEPS
    high = cut(exact, 41)
    middle = cut(exact - high, 75)
    return float(1 / exact), float(high), float(middle), float(exact - high - middle)
