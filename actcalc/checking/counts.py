"""Counts of whole numbers, most of which do not occur."""

import numpy as np

from actcalc.numbers.float_arrays import Array
from actcalc.numbers.integer_arrays import to_integers

_MOST_PARTS = 16


class Counts:
    """The numbers that occur, in ascending order, and how often each does."""

    def __init__(self, *parts: tuple[Array, Array]) -> None:
        """Counts of one part or of several, which are added up a few at a time, as that is faster."""
        self._parts = parts if len(parts) <= _MOST_PARTS else (_sum(parts),)

    @classmethod
    def of(cls, occurring: Array) -> "Counts":
        """The counts of an array of numbers of at least 0."""
        if len(occurring) == 0:
            return NOTHING
        return cls.of_counts(np.bincount(occurring))

    @classmethod
    def of_counts(cls, counts: Array) -> "Counts":
        """Counts from an array that holds the count of each number from 0 on."""
        numbers = np.flatnonzero(counts)
        return cls((numbers, to_integers(counts[numbers], np.int64))) if len(numbers) else NOTHING

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*self._parts, *other._parts) if self._parts and other._parts else self or other

    def __bool__(self) -> bool:
        return bool(self._parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Counts) and self.as_record() == other.as_record()

    __hash__ = None  # type: ignore[assignment]

    @property
    def end(self) -> int:
        """One more than the largest number; 0 if there are none."""
        return 1 + max((int(numbers[-1]) for numbers, _ in self._parts), default=-1)

    def dense(self, size: int) -> Array:
        """An array of how often each number below ``size`` occurs."""
        counts = np.zeros(size, np.int64)
        for numbers, some in self._parts:
            counts[numbers] += some
        return counts

    RECORD = tuple[tuple[int, ...], tuple[int, ...]]
    """The numbers and their counts, as JSON has them."""

    def as_record(self) -> list[list[int]]:
        """The counts as a RECORD."""
        return [column.tolist() for column in _sum(self._parts)] if self._parts else [[], []]

    @classmethod
    def from_record(cls, record: tuple[tuple[int, ...], tuple[int, ...]]) -> "Counts":
        """The counts of a RECORD. Raises ValueError or OverflowError for a bad one."""
        numbers, counts = (np.array(column, np.int64) for column in record)
        if len(numbers) != len(counts) or (np.diff(numbers, prepend=-1) <= 0).any() or (counts <= 0).any():
            raise ValueError("these are not counts")
        return cls((numbers, counts)) if len(numbers) else NOTHING


def _sum(parts: tuple[tuple[Array, Array], ...]) -> tuple[Array, Array]:
    numbers, counts = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.argsort(numbers, kind="stable")  # fast for ascending stretches
    numbers = numbers[order]
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    return numbers[starts], np.add.reduceat(counts[order], starts)


NOTHING = Counts()
