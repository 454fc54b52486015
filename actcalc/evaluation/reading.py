"""Numbers read from a stream, block by block, or one by one."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from actcalc.activations.activation import Activation
from actcalc.errors import ActcalcError, InputError, NotANumber
from actcalc.evaluation.numbers import NumberSystem

if TYPE_CHECKING:
    from actcalc.evaluation.numbers import Points
    from actcalc.input.invalid import Invalid
    from actcalc.input.texts import Texts


class Read(NamedTuple):
    """Points, and the error that ends them."""

    points: "Points"
    failure: InputError | None = None


class Reader:
    """Reads numbers, one by one with ``read`` or from a stream: all of it, or one ``column``.

    They are z, or ``values_of`` an activation. By an ``invalid`` rule text that is no number is passed over.
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
            yield self._one_by_one(texts) if at_once is None else Read(at_once)

    def _one_by_one(self, texts: "Texts") -> Read:
        points: list[Any] = []
        for i in range(len(texts.words)):
            try:
                points.append(self.read(texts.text(i)))
            except ActcalcError as error:
                if self._invalid is None or self._invalid.stops or not isinstance(error, NotANumber):
                    return Read(points, InputError(f"line {texts.line(i)}: {error}", error.hint))
                self._invalid.add(texts.text(i), texts.line(i) if self._invalid.count == 0 else 0)
                if not self._invalid.skips:
                    points.append(math.nan)
        return Read(points)

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
