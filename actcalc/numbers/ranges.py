"""Ranges of numbers, stepped exactly."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from actcalc.errors import ActcalcError, quote
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.numerals import Numeral, parse_exact

MOST_POINTS = 10**15
"""The most points of a range; more would take years."""

BLOCK = 1 << 15
"""The points in a block of a long range."""


@dataclass(frozen=True)
class Grid:
    """``count`` exact points from ``start``, ``step`` apart."""

    start: Fraction
    step: Fraction
    count: int

    def __len__(self) -> int:
        return self.count

    def over_one_denominator(self) -> tuple[int, int, int]:
        """The numerators of the first point and of the step over a common denominator, and that."""
        shared = math.lcm(self.start.denominator, self.step.denominator)
        return int(self.start * shared), int(self.step * shared), shared

    def parts(self) -> "Iterator[Grid]":
        """The range in growing parts, so that the first points come at once and long ranges run fast."""
        done, size = 0, 64
        while done < self.count:
            size = min(size, self.count - done)
            yield Grid(self.start + done * self.step, self.step, size)
            done += size
            size = min(2 * size, BLOCK)

    def __iter__(self) -> Iterator[Fraction]:
        return (self.start + i * self.step for i in range(self.count))


def grid(start: str, stop: str, step: str | None = None, num: str | None = None) -> Grid:
    """The exact points from ``start`` to ``stop``, either ``step`` apart or ``num`` of them.

    Without either the step is 1 towards ``stop``. With a step, ``stop`` belongs to the range if a
    whole number of steps reaches it.

    Raises ActcalcError for an end or a step that is not a finite number, a step that is zero or points
    away from ``stop``, ``num`` below 1 or 1 with two different ends, and too many points.
    """
    first, last = _end("from", start), _end("to", stop)
    if num is not None:
        if step is not None:
            raise ActcalcError("cannot be used together", about=("step", "num"))
        return _evenly_spaced(first, last, num)
    span = last - first
    if step is None:
        distance = Fraction(1 if span >= 0 else -1)
    else:
        distance = _end("step", step)
        if distance == 0:
            raise ActcalcError("must not be zero", about="step")
        if span and (distance > 0) != (span > 0):
            raise ActcalcError(
                f"{step} points away from {stop}",
                f"from {start} to {stop} it must be " + ("positive" if span > 0 else "negative"),
                about="step",
            )
    count = int(span / distance) + 1
    if count > MOST_POINTS:
        raise ActcalcError(f"{step or 1} gives more than 10^15 points from {start} to {stop}", about="step")
    return Grid(first, distance, count)


def _evenly_spaced(first: Fraction, last: Fraction, num: str) -> Grid:
    if not (num.isascii() and num.isdigit() and len(num) < 20 and int(num) > 0):
        raise ActcalcError(f"must be a whole number from 1, not {quote(num)}", about="num")
    count = int(num)
    if count > MOST_POINTS:
        raise ActcalcError(f"{num} is more than 10^15 points", about="num")
    if count == 1:
        if first != last:
            raise ActcalcError("1 needs equal ends", about="num")
        return Grid(first, Fraction(0), 1)
    return Grid(first, (last - first) / (count - 1), count)


def _end(name: str, text: str) -> Fraction:
    """The exact value of an end or a step. Raises ActcalcError if it is not a finite float64."""
    try:
        if "/" in text:
            value = parse_exact(text)
            is_finite = not math.isinf(FLOAT64.round_exact(value))
        else:
            numeral = Numeral(text)
            is_finite = numeral.is_finite and not math.isinf(numeral.to_format(FLOAT64))
            value = numeral.saturate() if is_finite else Fraction(0)
    except ActcalcError as error:
        raise ActcalcError(f": {error.line}", error.hint, about=name) from None
    if not is_finite:
        raise ActcalcError(f"must be a finite number, not {quote(text)}", about=name)
    return value
