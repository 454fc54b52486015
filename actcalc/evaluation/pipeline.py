"""Points evaluated block by block, ahead of the use of results, and notes about kinks."""

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.activations.kinks import Kink
from actcalc.arithmetic.threads import memory_is_limited, thread_count
from actcalc.errors import ActcalcError
from actcalc.evaluation.numbers import MANY
from actcalc.evaluation.reading import Read
from actcalc.evaluation.request import Request

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from actcalc.activations.notes import KinkNote
    from actcalc.evaluation.numbers import Points

_Result = TypeVar("_Result")


def evaluate_blocks(
    source: Iterator[Read], function: Callable[["Points"], _Result], may_hurry: bool = True
) -> Iterator[tuple["Points", _Result]]:
    """The points of ``source`` and the results of ``function``, block by block.

    If it ``may_hurry``, then after a first array of many points the next are evaluated while the results
    before them are used. An error in ``source``, or of ``function`` at one of a few points, is raised after
    the results before it.
    """
    for read in source:
        points = read.points
        if len(points):
            if isinstance(points, Sequence):
                yield from _few(read, function)
            else:
                yield from _many(points, partial(function, points), function)
        if read.failure is not None:
            raise read.failure
        if may_hurry and len(points) >= MANY and not isinstance(points, Sequence):
            yield from _one_by_one(source, function) if memory_is_limited() else _ahead(source, function)


def _few(read: Read, function: Callable[["Points"], _Result]) -> Iterator[tuple["Points", _Result]]:
    """Evaluate points together or, if that fails, one by one. Raises the error of a point, with its line."""
    try:
        result = function(read.points)
    except ActcalcError:
        pass
    else:
        yield read.points, result
        return
    for place, point in enumerate(read.points):
        try:
            result = function([point])
        except ActcalcError as error:
            raise read.located(place, error) from None
        yield [point], result


def _many(
    points: "Points", evaluate: Callable[[], _Result], function: Callable[["Points"], _Result]
) -> Iterator[tuple["Points", _Result]]:
    """Many points with the result of ``evaluate`` or, if that fails, of each half.

    Raises the first error of a point, after the results before it.
    """
    try:
        result = evaluate()
    except ActcalcError:
        if len(points) == 1:
            raise
    else:
        yield points, result
        return
    for half in (points[: len(points) // 2], points[len(points) // 2 :]):
        yield from _many(half, partial(function, half), function)


def _begin(workers: "Executor", work: Callable[[], _Result]) -> Callable[[], _Result]:
    """Give the work to a worker, or if none can be started, to whoever asks for the result."""
    try:
        return workers.submit(work).result
    except RuntimeError:
        return work


def _points(source: Iterator[Read]) -> Iterator["Points"]:
    for points, failure, _ in source:
        if len(points):
            yield points
        if failure is not None:
            raise failure


def _one_by_one(
    source: Iterator[Read], function: Callable[["Points"], _Result]
) -> Iterator[tuple["Points", _Result]]:
    for points in _points(source):
        yield from _many(points, partial(function, points), function)


_KEPT = 1 << 24
"""The number of bytes that a few blocks take while they are evaluated."""


def _ahead(
    source: Iterator[Read], function: Callable[["Points"], _Result]
) -> Iterator[tuple["Points", _Result]]:
    """Points and results from threads: NumPy releases the interpreter while it computes."""
    from concurrent.futures import ThreadPoolExecutor
    from queue import Queue
    from threading import Thread

    import numpy as np

    # glibc returns memory to the system once more is free than the largest piece ever used, and blocks would
    # have to be allocated anew. This piece is never touched.
    np.empty(_KEPT, np.uint8)
    workers = ThreadPoolExecutor(min(4, thread_count()))
    ready: Queue[tuple[Points, Callable[[], _Result]] | BaseException | None] = Queue(2)

    def read() -> None:
        try:
            for points, failure, _ in source:
                if len(points):
                    ready.put((points, _begin(workers, partial(function, points))))
                if failure is not None:
                    raise failure
            ready.put(None)
        except BaseException as error:  # for the thread that uses the results
            ready.put(error)

    try:
        # A daemon, as it may be waiting for input when the program should end.
        Thread(target=read, daemon=True).start()
    except RuntimeError:  # no thread can be started
        yield from _one_by_one(source, function)
        return
    try:
        while (made := ready.get()) is not None:
            if isinstance(made, BaseException):
                raise made
            points, result = made
            yield from _many(points, result, function)
    finally:
        workers.shutdown(wait=False, cancel_futures=True)


class KinkNotes:
    """Notes about the kinks of a column of results, each made once, when its point is first met."""

    def __init__(self, request: Request, f: Activation, of: Quantity) -> None:
        self._f, self._of = f, of
        self._numbers, self._variable = request.numbers, request.variable
        self._rule = "" if of == "g" else request.at_kink
        kinks = () if of == "g" else f.shortcut_kinks if request.given_a else f.kinks_of(of)
        # Equal floats and fractions are equal keys.
        self._kinks = {request.numbers.held(kink.z): kink for kink in kinks}
        self._met: set[object] = set()
        self._gap_is_told = False
        self._levels: dict[float, Fraction] | None = None

    def first_met(self, points: "Points", values: "Points") -> Iterator["KinkNote | str"]:
        """A note for each point that is a kink not met before, with the value returned there."""
        if not self._f.is_declared:
            yield from self._of_formula(points, values)
            return
        places = [(_find(points, z), z) for z in self._kinks]
        for place, z in sorted((place, z) for place, z in places if place is not None):
            yield self._note(self._kinks.pop(z), values, place)
        if self._variable == "a":
            yield from self._of_levels(points, values)
        elif not self._f.declaration.settles_far_out:
            yield from self._without_limit(points)

    def _note(self, kink: Kink, values: "Points", place: int) -> "KinkNote":
        from actcalc.activations.notes import KinkNote

        return KinkNote(self._f, kink, self._variable, self._text(values, place), self._rule)

    def _text(self, values: "Points", place: int) -> str:
        return self._numbers.result_text(values[place])

    def _of_levels(self, points: "Points", values: "Points") -> Iterator[str]:
        """A note for each value of g that is taken for the level that rounds to it."""
        if self._levels is None:
            self._levels = self._numbers.rounded_levels(self._f)
        for a in [a for a in self._levels if _place(points, a) is not None]:
            from actcalc.activations.notes import level_note

            chosen = self._text(values, _place(points, a) or 0)
            ((text, *_), *_) = self._numbers.point_texts([a])
            yield level_note(self._f, f"{self._numbers.kind} a = {text}", self._levels.pop(a), chosen)

    def _without_limit(self, points: "Points") -> Iterator[str]:
        """A note if a periodic function is asked for a limit that it does not have."""
        for end in (-math.inf, math.inf):
            met = end in points if isinstance(points, Sequence) else bool((points == end).any())
            if met:
                yield from self._gap(end)

    def _gap(self, z: Fraction | float) -> Iterator[str]:
        """The note that there is no value at z, made only for the first such z."""
        if not self._gap_is_told and (gap := self._f.gap(z, self._of)):
            from actcalc.activations.notes import gap_note

            self._gap_is_told = True
            yield gap_note(self._f, z, self._variable, gap, self._of)

    def _of_formula(self, points: "Points", values: "Points") -> Iterator["KinkNote | str"]:
        """Notes about a formula, whose kinks are not known in advance; and one where it has no value."""
        if not isinstance(points, Sequence):
            return
        for place, point in enumerate(points):
            if point != point or point in self._met:
                continue
            z = self._numbers.number(point)
            is_finite = z not in (math.inf, -math.inf)
            kink = self._f.kink_at_or_none(Fraction(z), self._of) if is_finite else None
            if kink is not None:
                self._met.add(point)
                yield self._note(kink, values, place)
            elif self._text(values, place) == "nan":
                yield from self._gap(z)


def _find(points: "Points", z: Fraction) -> int | None:
    """The first place of a number among points; None if it is not among them."""
    if isinstance(points, Sequence):
        return _place(points, z)
    from actcalc.activations.arrays import as_float

    return _place(points, as_float(z))


def _place(points: "Points", z: Fraction | float) -> int | None:
    """The first place of a number among points; None if it is not among them."""
    if isinstance(points, Sequence):
        return points.index(z) if z in points else None
    places = (points == z).nonzero()[0]
    return int(places[0]) if len(places) else None
