"""Operators derived from a few others, for numbers of any arithmetic."""

from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Operators(Generic[T]):
    """Differences, powers, absolute values and constants on the left, derived from the other operators."""

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

    def __rtruediv__(self: Any, other: Any) -> T:
        quotient: T = self.m.number(other) / self
        return quotient

    def __abs__(self: Any) -> T:
        size: T = -self if self.m.sign(self) < 0 else self
        return size

    def __pow__(self: Any, exponent: int) -> T:
        power: T = self
        for _ in range(exponent - 1):
            power = power * self
        return power
