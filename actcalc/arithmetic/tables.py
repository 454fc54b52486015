"""Tables and polynomials for exp and log of arrays, computed in exact integers and fractions.

They follow Tang, Table-driven implementation of the exponential function, 1989, and of the logarithm
function, 1990.
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
"""The binary logarithm of STEPS, the size of the table of powers of two."""


def nearest(x: Interval) -> Fraction:
    """The middle of an interval."""
    return (Fraction(x.low) + Fraction(x.high)) / 2


def cut(x: Fraction, bits: int) -> Fraction:
    """``x`` rounded to ``bits`` binary digits after the point."""
    return Fraction(round(x * 2**bits), 2**bits)


POINT = 160
"""The binary digits after the point of the fixed-point integers from which tables are computed."""


def _round(x: int, bits: int) -> int:
    """The fixed-point number ``x`` rounded to ``bits`` binary digits after the point."""
    shift = POINT - bits
    return (x + (1 << (shift - 1)) >> shift) << shift


@cache
def powers_of_two() -> tuple[Any, Any, Any, Any]:
    """2**(j/1024) rounded; cut to 32 bits; and the relative errors of cutting and of rounding.

    The first two are given as bits minus j, which is shifted to where adding the steps puts it back.
    """
    root = round(nearest(with_digits(50).exp(with_digits(50).ln2 / STEPS)) * 2**POINT)
    exact = [1 << POINT]
    while len(exact) < STEPS:
        exact.append(exact[-1] * root >> POINT)
    high = [_round(x, 31) for x in exact]
    # Python rounds quotients of integers correctly.
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
    """The first Taylor coefficients of 2**(x/1024) - 1, from that of x on."""
    step = nearest(with_digits(50).ln2) / STEPS
    return [float(step**k / math.factorial(k)) for k in range(1, 5)]


@cache
def power_step() -> tuple[float, float, float]:
    """1024/ln(2), and ln(2)/1024 split into 31 bits and the rest."""
    exact = nearest(with_digits(50).ln2) / STEPS
    high = cut(exact, 41)
    return float(1 / exact), float(high), float(exact - high)


LOG_STEPS = 512


@cache
def logarithms() -> tuple[Any, Any, Any]:
    """Numbers c of 13 bits near 1/(1 + i/512); -ln(c) cut to 40 bits, and the rests."""
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
    """ln(a/b) * 2**POINT for a and b close together, as 2 atanh((a - b)/(a + b))."""
    p, q = a - b, a + b
    power = (2 * p << POINT) // q
    total, k = 0, 1
    while power:
        total += power // k
        power = power * p * p // (q * q)
        k += 2
    return total


def interpolate(term: Callable[[int], Fraction], low: float, high: float, degree: int) -> list[float]:
    """The polynomial that interpolates the sum over k of term(k) x^k at the Chebyshev nodes of an interval.

    The error is the next divided difference of the sum times the product of x - node, which is at most
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
    """The coefficients of the polynomial through these points, by Newton's divided differences."""
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
    """The coefficients of (e^x - 1)/x for |x| <= ln(2)/2 and slightly more.

    The error is at most 2^-49: e^0.35 times 2 (0.1733)^10 / 11!.
    """
    return interpolate(lambda k: Fraction(1, math.factorial(k + 1)), -0.34658, 0.34658, 9)


@cache
def atanh(width: float, degree: int) -> list[float]:
    """The coefficients of atanh(s)/s in powers of s^2, for s^2 up to ``width``.

    It is the sum of s^2k / (2k + 1), whose divided differences of order n are at most
    (1 - width)^-(n + 1) / (2n + 1).
    """
    return interpolate(lambda k: Fraction(1, 2 * k + 1), 0.0, width, degree)


@cache
def ln2_parts() -> tuple[float, float]:
    """ln(2) rounded to float64, and the rounding error."""
    exact = nearest(with_digits(50).ln2)
    return float(exact), float(exact - Fraction(float(exact)))


@cache
def fine_power_step() -> tuple[float, float, float, float]:
    """1024/ln(2), and ln(2)/1024 split into 31 bits, 31 bits and the rest."""
    exact = nearest(with_digits(50).ln2) / STEPS
    high = cut(exact, 41)
    middle = cut(exact - high, 75)
    return float(1 / exact), float(high), float(middle), float(exact - high - middle)
