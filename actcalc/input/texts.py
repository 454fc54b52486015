"""Texts that arrived together: the words of a stream, or the cells of a column."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from actcalc.numbers.numerals import LONGEST


class Texts(Protocol):
    """Texts that arrived together."""

    @property
    def source(self) -> bytes | None:
        """All texts with white space between, if they arrived like that."""

    @property
    def words(self) -> Sequence[str | bytes]:
        """The texts, or their bytes."""

    @property
    def are_decimal(self) -> bool:
        """Whether all have only characters of decimal numbers, and none is too long for one."""

    def text(self, index: int) -> str:
        """One of the texts."""

    def line(self, index: int) -> int:
        """The line of one of the texts."""


class Cells(NamedTuple):
    """Cells of one column."""

    words: list[str]
    lines: Sequence[int]
    source: None = None

    @property
    def are_decimal(self) -> bool:
        has_others = "".join(self.words).encode("ascii", "replace").translate(None, b"0123456789.eE+-")
        return not has_others and max(map(len, self.words)) <= LONGEST

    def text(self, index: int) -> str:
        return self.words[index]

    def line(self, index: int) -> int:
        return self.lines[index]
