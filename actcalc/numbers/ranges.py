"""Where to evaluate: ranges stepped exactly, and streams of numbers."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

from actcalc.errors import ActcalcError, InputError, quoted
from actcalc.input.blocks import read_blocks
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.numerals import LONGEST, Numeral

MOST_POINTS = 10**15
"""Points that a range may have; more would take years."""


BLOCK = 1 << 15
"""Points in a block of a long range."""


@dataclass(frozen=True)
class Grid:
    """``count`` points, ``step`` apart, all of them exact."""

    start: Fraction
    step: Fraction
    count: int

    def __len__(self) -> int:
        return self.count

    def over_one_denominator(self) -> tuple[int, int, int]:
        """The numerators of the first point and of the step, and the denominator that they share."""
        shared = math.lcm(self.start.denominator, self.step.denominator)
        return int(self.start * shared), int(self.step * shared), shared

    def parts(self) -> "Iterator[Grid]":
        """The range in parts that grow, so that the first points come at once and many come fast."""
        done, size = 0, 64
        while done < self.count:
            size = min(size, self.count - done)
            yield Grid(self.start + done * self.step, self.step, size)
            done += size
            size = min(2 * size, BLOCK)

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
    if not numeral.is_finite or math.isinf(numeral.to_format(FLOAT64)):
        raise ActcalcError(f"{option} must be a finite number, not {quoted(text)}")
    return numeral.saturated()


class Words(NamedTuple):
    """Words of a stream, and where they came from."""

    words: list[bytes]
    source: bytes
    first_line: int

    @property
    def are_decimal(self) -> bool:
        """Whether nothing but the characters of decimal numbers occurs, and no word is too long for one."""
        has_others = self.source.translate(None, b"0123456789.eE+- \t\n\r\v\f")
        return not has_others and max(map(len, self.words)) <= LONGEST

    def text(self, index: int) -> str:
        """A word as text."""
        return self.words[index].decode("utf-8", "surrogateescape")

    def line(self, index: int) -> int:
        """The line that a word stands on, from 1."""
        places = (match.start() for match in re.finditer(rb"[^ \t\n\r\v\f]+", self.source))
        return self.first_line + self.source.count(b"\n", 0, next(islice(places, index, None)))


def read_words(descriptor: int) -> Iterator[Words]:
    """The words of a stream, separated by ASCII white space, for each block that arrives.

    Raises InputError for a word longer than any number, after all words before it, and if the
    stream cannot be read.
    """
    line, rest = 1, b""
    for block in read_blocks(descriptor):
        data = rest + block
        # A word that touches the end of the block may go on in the next one.
        cut = max(data.rfind(c) for c in b" \t\n\r\v\f") + 1 if block else len(data)
        whole, rest = data[:cut], data[cut:]
        words = whole.split()
        if words:
            yield Words(words, whole, line)
        line += whole.count(b"\n")
        if len(rest) > LONGEST:
            shown = quoted(rest.decode("utf-8", "surrogateescape"))
            raise InputError(f"line {line}: {shown} is not a number: it has more than {LONGEST} characters")
