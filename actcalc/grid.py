"""Where to evaluate: ranges stepped exactly, and streams of numbers."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from actcalc.errors import ActcalcError, InputError, quoted
from actcalc.numerals import LONGEST, Numeral

MOST_POINTS = 10**15
"""Points that a range may have; more would take years."""


@dataclass(frozen=True)
class Grid:
    """``count`` points, ``step`` apart, all of them exact."""

    start: Fraction
    step: Fraction
    count: int

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Fraction]:
        return (self.start + i * self.step for i in range(self.count))


def grid(start: str, stop: str, step: str | None = None, num: str | None = None) -> Grid:
    """The points from ``start`` to ``stop``, as written, ``step`` apart or ``num`` of them.

    Without either the step is 1 towards ``stop``. With a step, ``stop`` belongs to the range if a
    whole number of steps reaches it.

    Raises ActcalcError for ends or steps that are no finite numbers, a step that is zero or points
    away from ``stop``, ``num`` below 1 or 1 with two different ends, and too many points.
    """
    first, last = _end("--from", start), _end("--to", stop)
    if num is not None:
        if step is not None:
            raise ActcalcError("--step and --num exclude one another")
        return _evenly_spaced(first, last, num)
    span = last - first
    if step is None:
        distance = Fraction(1 if span >= 0 else -1)
    else:
        distance = _end("--step", step)
        if distance == 0:
            raise ActcalcError("--step must not be zero")
        if span and (distance > 0) != (span > 0):
            raise ActcalcError(
                f"--step {step} points away from --to {stop}",
                f"from {start} to {stop} it must be " + ("positive" if span > 0 else "negative"),
            )
    count = int(span / distance) + 1
    if count > MOST_POINTS:
        raise ActcalcError(f"--step {step or 1} gives more than 10^15 points from {start} to {stop}")
    return Grid(first, distance, count)


def _evenly_spaced(first: Fraction, last: Fraction, num: str) -> Grid:
    if not (num.isascii() and num.isdigit() and len(num) < 20 and int(num) > 0):
        raise ActcalcError(f"--num must be a whole number from 1, not {quoted(num)}")
    count = int(num)
    if count > MOST_POINTS:
        raise ActcalcError(f"--num {num} is more than 10^15 points")
    if count == 1:
        if first != last:
            raise ActcalcError("--num 1 needs --from and --to to be equal")
        return Grid(first, Fraction(0), 1)
    return Grid(first, (last - first) / (count - 1), count)


def _end(option: str, text: str) -> Fraction:
    """The exact value of a range option: finite, and within the range of float64."""
    try:
        numeral = Numeral(text)
    except ActcalcError as error:
        raise ActcalcError(f"{option}: {error}", error.hint) from None
    if not numeral.is_finite or abs(numeral.saturated()) >= 2**1024:
        raise ActcalcError(f"{option} must be a finite number, not {quoted(text)}")
    return numeral.saturated()


class Token(NamedTuple):
    """A word of the input, and the line it stands on, from 1."""

    text: str
    line: int


_BLOCK = 1 << 16


def read_tokens(descriptor: int) -> Iterator[list[Token]]:
    """The words of a stream, separated by ASCII white space, a list for each block that arrives.

    Raises InputError for a word longer than any number, after all words before it.
    """
    line, rest = 1, b""
    while True:
        try:
            block = os.read(descriptor, _BLOCK)
        except OSError as error:
            raise InputError(f"cannot read standard input: {error.strerror}") from None
        at_end = not block
        data = rest + block
        # A word that touches the end of the block may go on in the next one.
        cut = len(data) if at_end else max(data.rfind(c) for c in b" \t\n\r\v\f") + 1
        whole, rest = data[:cut], data[cut:]
        tokens = []
        for i, text in enumerate(whole.split(b"\n")):
            tokens += [Token(word.decode("utf-8", "surrogateescape"), line + i) for word in text.split()]
        line += whole.count(b"\n")
        if tokens:
            yield tokens
        if len(rest) > LONGEST:
            shown = quoted(rest.decode("utf-8", "surrogateescape"))
            raise InputError(f"line {line}: {shown} is not a number: it has more than {LONGEST} characters")
        if at_end:
            return
