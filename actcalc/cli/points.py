"""What ``eval``, ``deriv`` and ``table`` do alike with points: read them, evaluate ahead, note kinks."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from actcalc.bound import Activation, Kink
from actcalc.errors import ActcalcError, InputError
from actcalc.precision import MANY, Numbers

if TYPE_CHECKING:
    from actcalc.precision import Points

_Result = TypeVar("_Result")


class Read(NamedTuple):
    """Points, and the error that ends them."""

    points: "Points"
    failure: InputError | None = None


class Reader:
    """Reads numbers, one by one with ``read`` or from standard input."""

    def __init__(self, numbers: Numbers, read: Callable[[str], Any] | None = None) -> None:
        self._read_all = numbers.read_all if read is None else lambda words: None
        self.read: Callable[[str], Any] = read or numbers.read

    def blocks(self) -> Iterator[Read]:
        """The numbers on standard input, for each block that arrives."""
        from actcalc.grid import read_words

        if sys.stdin is None:
            raise InputError("standard input is closed")
        for words in read_words(sys.stdin.fileno()):
            at_once = self._read_all(words)
            if at_once is not None:
                yield Read(at_once)
                continue
            points: list[Any] = []
            failure = None
            try:
                for word in words.texts():
                    points.append(self.read(word))
            except ActcalcError as error:
                failure = InputError(f"line {words.line(len(points))}: {error}", error.hint)
            yield Read(points, failure)


def evaluated(
    source: Iterator[Read], function: Callable[["Points"], _Result]
) -> Iterator[tuple["Points", _Result]]:
    """The points of ``source`` and what ``function`` makes of them, block by block.

    After a first block of many, the next are worked on while those before them are used. An error in
    ``source`` is raised after the points before it.
    """
    for points, failure in source:
        yield points, function(points)
        if failure is not None:
            raise failure
        if len(points) >= MANY:
            yield from _ahead(source, function)


def _ahead(
    source: Iterator[Read], function: Callable[["Points"], _Result]
) -> Iterator[tuple["Points", _Result]]:
    """The same in threads: NumPy leaves the interpreter to the others while it computes."""
    from concurrent.futures import Future, ThreadPoolExecutor
    from queue import Queue
    from threading import Thread

    workers = ThreadPoolExecutor(min(4, os.cpu_count() or 1))
    ready: Queue[tuple[Points, Future[_Result]] | BaseException | None] = Queue(2)

    def read() -> None:
        try:
            for points, failure in source:
                ready.put((points, workers.submit(function, points)))
                if failure is not None:
                    raise failure
            ready.put(None)
        except BaseException as error:  # for the thread that uses the results
            ready.put(error)

    # It may wait for input when the program is to end.
    Thread(target=read, daemon=True).start()
    while (made := ready.get()) is not None:
        if isinstance(made, BaseException):
            raise made
        points, result = made
        yield points, result.result()


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

    def first_met(self, f: Activation, points: "Points", values: "Points") -> Iterator[str]:
        """A note for each point that is a kink of ``f`` not met before, with the slope returned there."""
        to_meet = self._kinks[f.label]
        places = [(_find(points, kink), z) for z, kink in to_meet.items()]
        for place, z in sorted((place, z) for place, z in places if place is not None):
            from actcalc.describe import kink_note

            ((chosen, *_), *_) = self._numbers.texts(values[place : place + 1])
            yield kink_note(f, to_meet.pop(z), self._variable, chosen, self._rule)


def _find(points: "Points", kink: Kink) -> int | None:
    """The first place of a kink among points, if it is one of them."""
    if isinstance(points, Sequence):
        return points.index(kink.z) if kink.z in points else None
    from actcalc.arrays import as_float

    places = (points == as_float(kink)).nonzero()[0]
    return int(places[0]) if len(places) else None
