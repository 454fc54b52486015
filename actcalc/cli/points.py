"""What ``eval``, ``deriv`` and ``table`` do alike with points: read them, and note those that are kinks."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from actcalc.bound import Activation, Kink
from actcalc.errors import ActcalcError, InputError
from actcalc.precision import Numbers


class Reader:
    """Reads numbers, one by one with ``read`` or from standard input."""

    def __init__(self, numbers: Numbers, read: Callable[[str], Any] | None = None) -> None:
        self._read_all = numbers.read_all if read is None else lambda words: None
        self.read: Callable[[str], Any] = read or numbers.read

    def blocks(self) -> Iterator[tuple[list[Any], InputError | None]]:
        """The numbers on standard input for each block that arrives, and the error that ends them."""
        from actcalc.grid import read_words

        if sys.stdin is None:
            raise InputError("standard input is closed")
        for words in read_words(sys.stdin.fileno()):
            points = list(self._read_all(words) or ())
            failure = None
            try:
                if not points:
                    for word in words.words:
                        points.append(self.read(word))
            except ActcalcError as error:
                failure = InputError(f"line {words.line(len(points))}: {error}", error.hint)
            yield points, failure


class KinkNotes:
    """Notes about kinks, each made once: when its point is first met."""

    def __init__(
        self, kinks: Mapping[str, Sequence[Kink]], numbers: Numbers, variable: str, rule: str
    ) -> None:
        # Equal floats and fractions are equal keys.
        self._kinks = {label: {kink.z: kink for kink in of_one} for label, of_one in kinks.items()}
        self._numbers = numbers
        self._variable = variable
        self._rule = rule

    def first_met(self, f: Activation, points: Sequence[Any], values: Any) -> Iterator[str]:
        """A note for each point that is a kink of ``f`` not met before, with the slope returned there."""
        to_meet = self._kinks[f.label]
        for z in sorted(to_meet.keys() & set(points), key=points.index) if to_meet else ():
            from actcalc.describe import kink_note

            ((chosen, *_), *_) = self._numbers.texts([values[points.index(z)]])
            yield kink_note(f, to_meet.pop(z), self._variable, chosen, self._rule)
