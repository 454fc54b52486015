"""Numbers read from a stream, block by block, or one by one."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from actcalc.activations.activation import Activation
from actcalc.errors import ActcalcError, Argument, InputError, NotANumber, Wording
from actcalc.evaluation.numbers import MANY, NumberSystem
from actcalc.numbers.numerals import is_plain_number

if TYPE_CHECKING:
    from actcalc.evaluation.numbers import Points
    from actcalc.input.invalid import Invalid
    from actcalc.input.texts import Texts


class Read(NamedTuple):
    """Points, and the error after them, if there is one."""

    points: "Points"
    failure: InputError | None = None
    line: Callable[[int], int] | None = None
    """The line of a point, if points come from a stream."""

    def located(self, place: int, error: ActcalcError) -> ActcalcError:
        """An error at one of the points, with its line."""
        if self.line is None:
            return error
        return InputError(f"line {self.line(place)}: {error.line}", error.hint)


class Reader:
    """A reader of numbers, one by one with ``read`` or from a stream: all numbers, or those of a ``column``.

    They are z, or ``values_of`` an activation. An ``invalid`` rule may pass over text that is not a number.
    """

    def __init__(
        self,
        numbers: NumberSystem,
        column: str | None = None,
        values_of: Activation | None = None,
        invalid: "Invalid | None" = None,
    ) -> None:
        self._column, self._invalid = column, invalid
        self.read: Callable[[str], Any] = numbers.read
        self._read_all = numbers.read_all
        if values_of is not None:
            self.read = partial(numbers.read_a, values_of)
            self._read_all = partial(numbers.read_all_a, values_of)

    def blocks(self, descriptor: int) -> Iterator[Read]:
        """The numbers of a stream, for each block that arrives."""
        for texts in self._texts(descriptor):
            at_once = self._read_all(texts)
            if at_once is None and self._invalid and not self._invalid.stops and len(texts.words) >= MANY:
                at_once = self._all_but_odd(texts, self._invalid)
            yield self._one_by_one(texts) if at_once is None else Read(at_once)

    def _all_but_odd(self, texts: "Texts", invalid: "Invalid") -> "Points | None":
        """The numbers of many texts, most at once and odd ones one by one; None if that is impossible."""
        import numpy as np

        from actcalc.input.texts import Cells

        is_plain = np.array([is_plain_number(text) for text in texts.words])
        plain, odd = np.flatnonzero(is_plain).tolist(), np.flatnonzero(~is_plain).tolist()
        values = self._read_all(Cells([texts.text(i) for i in plain], ())) if plain else []
        if values is None:
            return None
        points, kept = np.full(len(is_plain), np.nan), np.ones(len(is_plain), bool)
        points[plain] = values
        missing = []
        for i in odd:
            try:
                points[i] = self.read(texts.text(i))
            except NotANumber:
                missing.append(i)
            except ActcalcError:
                return None
        for i in missing:
            invalid.add(texts.text(i), texts.line(i) if invalid.count == 0 else 0)
            kept[i] = not invalid.skips
        return points[kept]

    def _one_by_one(self, texts: "Texts") -> Read:
        points: list[Any] = []
        places: list[int] = []
        read = Read(points, line=lambda place: texts.line(places[place]))
        for i in range(len(texts.words)):
            places.append(i)
            try:
                points.append(self.read(texts.text(i)))
            except ActcalcError as error:
                if self._invalid is None or self._invalid.stops or not isinstance(error, NotANumber):
                    if i == 0 and self._column is None and _may_be_a_title(texts):
                        hint = Wording(Argument("column", "NAME"), " reads one column of a table")
                        error.hint = error.hint or hint
                    return read._replace(failure=cast(InputError, read.located(len(points), error)))
                self._invalid.add(texts.text(i), texts.line(i) if self._invalid.count == 0 else 0)
                if self._invalid.skips:
                    places.pop()
                else:
                    points.append(math.nan)
        return read

    def _texts(self, descriptor: int) -> "Iterator[Texts]":
        from actcalc.input.streams import Stream

        if self._column is None:
            from actcalc.input.words import read_texts

            return read_texts(Stream(descriptor).text(), self._invalid is None or self._invalid.stops)
        from actcalc.input.choosing import by_name_or_number
        from actcalc.input.columns import BLOCK, read_columns
        from actcalc.input.texts import Cells

        text = Stream(descriptor, most=BLOCK).text()
        choose = by_name_or_number([self._column])
        blocks = read_columns(text, "", choose, alone=self._column, invalid=self._invalid)
        return (Cells(block.columns[0], block.lines) for block in blocks)


def _may_be_a_title(texts: "Texts") -> bool:
    """Whether the first of the texts names columns, as the first line of a table does."""
    return texts.line(0) == 1 and texts.text(0).replace(",", "").isidentifier()
