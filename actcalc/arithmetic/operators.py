"""Operators that follow from others, for numbers of any arithmetic."""

from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Operators(Generic[T]):
    """Differences, powers, and constants on the left, by sums, products and negatives, which are a T."""

    __slots__ = ()

    def __radd__(self: Any, other: Any) -> T:
        total: T = self + other
        return total

    def __sub__(self: Any, other: Any) -> T:
        difference: T = self + -other
        return difference

    def __rsub__(self: Any, other: Any) -> T:
        difference: T = -self + other
        return difference

    def __rmul__(self: Any, other: Any) -> T:
        product: T = self * other
        return product

    def __pow__(self: Any, exponent: int) -> T:
        power: T = self
        for _ in range(exponent - 1):
            power = power * self
        return power
