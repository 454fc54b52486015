"""The functions that a formula may call, and the operators of its numbers.

A formula is written once and evaluated in several arithmetics: with fractions, with decimal intervals, with
whole arrays, as a machine rounds it. Each of them implements ``Maths`` for its own kind of number. A function
that is added here must be added to all of them; the type checker names those that lack it.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Protocol, Self, TypeVar


class RealNumber(Protocol):
    """A number of some arithmetic, which combines with others of its kind and with exact constants."""

    def __add__(self, other: Self | Fraction | int, /) -> Self: ...
    def __radd__(self, other: Fraction | int, /) -> Self: ...
    def __sub__(self, other: Self | Fraction | int, /) -> Self: ...
    def __rsub__(self, other: Fraction | int, /) -> Self: ...
    def __mul__(self, other: Self | Fraction | int, /) -> Self: ...
    def __rmul__(self, other: Fraction | int, /) -> Self: ...
    def __truediv__(self, other: Self | Fraction | int, /) -> Self: ...
    def __rtruediv__(self, other: Fraction | int, /) -> Self: ...
    def __pow__(self, exponent: int, /) -> Self: ...
    def __neg__(self) -> Self: ...
    def __abs__(self) -> Self: ...


R = TypeVar("R", bound=RealNumber)


class Maths(Protocol[R]):
    """The functions of an arithmetic whose numbers are ``R``."""

    def exp(self, x: R, /) -> R:
        """e to the power of x."""

    def expm1(self, x: R, /) -> R:
        """e to the power of x, minus 1."""

    def log(self, x: R, /) -> R:
        """The natural logarithm."""

    def log1p(self, x: R, /) -> R:
        """The natural logarithm of 1 + x."""

    def sin(self, x: R, /) -> R:
        """The sine."""

    def cos(self, x: R, /) -> R:
        """The cosine."""

    def atan(self, x: R, /) -> R:
        """The angle whose tangent is x."""

    def erf(self, x: R, /) -> R:
        """The error function."""

    def erfc(self, x: R, /) -> R:
        """The complementary error function, 1 - erf(x)."""

    def normal(self, x: R, /) -> R:
        """Phi, the standard normal distribution."""

    def sqrt(self, x: R, /) -> R:
        """The square root."""

    def mills(self, x: R, /) -> R:
        """Mills' ratio of the standard normal distribution, (1 - Phi(x)) / phi(x), for x >= 0."""

    def sign(self, x: R, /) -> int:
        """The sign of x: -1, 0 or 1, by which a formula may branch."""

    def series(self, coefficient: Callable[[int], Fraction], x: R, /) -> R:
        """The sum over k >= 0 of ``coefficient(k) * x**k``, for 0 <= x <= 1.

        The coefficients are positive and each is at most half of the one before it.
        """

    @property
    def pi(self) -> R:
        """Archimedes' constant."""

    @property
    def ln2(self) -> R:
        """The natural logarithm of 2."""
