"""Numbers read from a stream, block by block, or one by one."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from actcalc.activations.activation import Activation
from actcalc.errors import ActcalcError, InputError
from actcalc.evaluation.numbers import NumberSystem

if TYPE_CHECKING:
    from actcalc.evaluation.numbers import Points
    from actcalc.input.texts import Texts


class Read(NamedTuple):
    """Points, and the error that ends them."""

    points: "Points"
    failure: InputError | None = None


class Reader:
    """Reads numbers, one by one with ``read`` or from a stream: all words, or one ``column``.

    They are z, or ``values_of`` an activation.
    """

    def __init__(
        self, numbers: NumberSystem, column: str | None = None, values_of: Activation | None = None
    ) -> None:
        self._column = column
        self.read: Callable[[str], Any] = numbers.read
        self._read_all = numbers.read_all
        if values_of is not None:
            self.read = partial(numbers.read_a, values_of)
            self._read_all = partial(numbers.read_all_a, values_of)

    def blocks(self, descriptor: int) -> Iterator[Read]:
        """The numbers of a stream, for each block that arrives."""
        for texts in self._texts(descriptor):
            at_once = self._read_all(texts)
            if at_once is not None:
                yield Read(at_once)
                continue
            points: list[Any] = []
            failure = None
            try:
                for i in range(len(texts.words)):
                    points.append(self.read(texts.text(i)))
            except ActcalcError as error:
                failure = InputError(f"line {texts.line(len(points))}: {error}", error.hint)
            yield Read(points, failure)

    def _texts(self, descriptor: int) -> "Iterator[Texts]":
        from actcalc.input.streams import Stream

        if self._column is None:
            from actcalc.input.words import read_words

            return read_words(Stream(descriptor).text())
        from actcalc.input.columns import BLOCK, by_name_or_number, read_columns
        from actcalc.input.texts import Cells

        choose = by_name_or_number([self._column])
        blocks = read_columns(Stream(descriptor, most=BLOCK).text(), "", choose, alone=self._column)
        return (Cells(block.columns[0], block.lines) for block in blocks)
