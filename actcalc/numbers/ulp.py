"""Errors in ulps, units in the last place.

There are several definitions, which differ near powers of two and beyond the largest number (Muller
et al., Handbook of Floating-Point Arithmetic, 2nd edition, 2018, 2.3.2). Ours is Goldberg's, extended to
the reals: for an exact value v with 2**e <= abs(v) < 2**(e + 1) an ulp is 2**(e - p + 1), where p is the
precision of the format: the distance of neighbours in the binade of v. Below the smallest normal number,
and at 0, it is the smallest subnormal; beyond the largest number it is that of the top binade. In an integer
format it is the distance of neighbouring codes.
"""

import math
from decimal import Decimal
from fractions import Fraction
from typing import Generic, Protocol, TypeVar

from actcalc.numbers.floats import Format, binade_of
from actcalc.numbers.numerals import FARTHEST

MOST_ULPS = 1e200
"""The largest error that is counted, so that sums of errors do not overflow."""

Answer = TypeVar("Answer")


class Spacing(Protocol):
    """The spacing of the numbers of a float format, which determines an ulp."""

    @property
    def quantum_exponent(self) -> int:
        """The exponent of the smallest distance."""

    @property
    def emax(self) -> int:
        """The exponent of the largest number."""

    @property
    def precision(self) -> int:
        """The bits of a significand."""

    @property
    def digits(self) -> int:
        """Decimal digits that tell any two numbers apart."""


def ulp_exponent(exact: Fraction, fmt: Spacing) -> int:
    """The exponent of an ulp of ``fmt``, which is a power of two, at ``exact``."""
    if exact == 0:
        return fmt.quantum_exponent
    return max(min(binade_of(exact), fmt.emax) + 1 - fmt.precision, fmt.quantum_exponent)


def counted(x: float, fmt: Spacing) -> Fraction:
    """The number that stands for ``x``: ``x`` itself, or for an infinity one step beyond the largest."""
    return Fraction(x) if math.isfinite(x) else (1 if x > 0 else -1) * Fraction(2) ** (fmt.emax + 1)


def ulps_between(x: float, exact: Fraction, fmt: Format) -> Fraction:
    """The distance of ``x``, which is not NaN, from ``exact`` in ulps at ``exact``.

    Infinities, also one that ``exact`` rounds to, are replaced as by ``counted``.
    """
    rounded = fmt.round_exact(exact)
    exact = exact if math.isfinite(rounded) else counted(rounded, fmt)
    return abs(counted(x, fmt) - exact) / Fraction(2) ** ulp_exponent(exact, fmt)


def ulps(x: float, exact: Fraction, fmt: Format) -> float:
    """The distance of any ``x`` from ``exact`` in ulps as a float, at most MOST_ULPS.

    If ``x``, or ``exact`` rounded to ``fmt``, is not finite, it is 0 if they are equal, else infinite.
    """
    rounded = fmt.round_exact(exact)
    if not (math.isfinite(x) and math.isfinite(rounded)):
        return 0.0 if x == rounded else math.inf
    return float(min(ulps_between(x, exact, fmt), Fraction(MOST_ULPS)))


def floats_apart(x: float, y: float, fmt: Format) -> int:
    """How many values of ``fmt`` ``x`` and ``y`` are apart, both zeros counting as one; neither is NaN."""
    apart = abs(fmt.ordinal(x) - fmt.ordinal(y))
    return apart - (fmt.has_negative_zero and math.copysign(1, x) != math.copysign(1, y))


class Question(Generic[Answer]):
    """A question about an exact value, put as a rounding: ``digits`` usually suffice to answer it.

    Its methods are those of ``arithmetic.exact.Rounding``.
    """

    def __init__(self, digits: int) -> None:
        self.digits = digits

    def round_exact(self, value: Fraction) -> Answer:
        raise NotImplementedError

    def between(self, a: Fraction, b: Fraction) -> Answer | None:
        """The answer if it is the same for every number strictly between ``a`` and ``b``, else None."""
        raise NotImplementedError

    def round_between(self, low: Decimal, high: Decimal) -> Answer | None:
        """The answer if it is the same for every number strictly between two bounds, else None.

        Equal bounds stand for that number itself.
        """
        a, b = fraction(low), fraction(high)
        return self.round_exact(a) if a == b else self.between(a, b)


class Nearly(Question[Fraction]):
    """Answers a fraction near the exact value, from which errors in ulps of ``fmt`` are computed."""

    def __init__(self, fmt: Spacing) -> None:
        super().__init__(fmt.digits + 30)
        self._format = fmt
        self._least = Fraction(2) ** (fmt.quantum_exponent - 120)

    def round_exact(self, value: Fraction) -> Fraction:
        return value

    def between(self, a: Fraction, b: Fraction) -> Fraction | None:
        """A number between two that agree to 120 bits, or to far less than a subnormal; else None."""
        if b - a > max(self._least, max(-a, b) / 2**120):
            return None
        is_plain = len(_binades(a, b, self._format)) == 1
        return (a + b) / 2 if is_plain else _simple_between(a, b)


class Decision(Question[int]):
    """A question whose answer is a whole number."""

    def between(self, a: Fraction, b: Fraction) -> int | None:
        answer = self._between(a, b)
        if answer is None and (near := _simple_between(a, b)) is not None:
            return self.round_exact(near)
        return answer

    def _between(self, a: Fraction, b: Fraction) -> int | None:
        """The answer if the bounds decide it for every number strictly between them, else None."""
        raise NotImplementedError


class _FormatQuestion(Decision):
    """A question whose answer also depends on the format ``fmt``."""

    def __init__(self, fmt: Spacing) -> None:
        super().__init__(fmt.digits + 20)
        self._format = fmt


class Binade(_FormatQuestion):
    """Answers the exponent of an ulp of ``fmt`` at the exact value."""

    def round_exact(self, value: Fraction) -> int:
        return ulp_exponent(value, self._format)

    def _between(self, a: Fraction, b: Fraction) -> int | None:
        exponents = _binades(a, b, self._format)
        return exponents.pop() if len(exponents) == 1 else None


class BoundsExceeded(_FormatQuestion):
    """Answers how many of the ascending ``bounds`` the error of ``x`` exceeds."""

    def __init__(self, x: float, bounds: list[Fraction], fmt: Spacing) -> None:
        super().__init__(fmt)
        self._x = counted(x, fmt)
        self._bounds = bounds

    def round_exact(self, value: Fraction) -> int:
        error = abs(self._x - value) / Fraction(2) ** ulp_exponent(value, self._format)
        return sum(bound < error for bound in self._bounds)

    def _between(self, a: Fraction, b: Fraction) -> int | None:
        exponents = _binades(a, b, self._format)
        distances = [abs(self._x - end) for end in (a, b)]
        least = Fraction(0) if a < self._x < b else min(distances) / Fraction(2) ** max(exponents)
        most = max(distances) / Fraction(2) ** min(exponents)
        fewest = sum(bound <= least for bound in self._bounds) if least else 0
        return fewest if fewest == sum(bound < most for bound in self._bounds) else None


class Side(_FormatQuestion):
    """Answers 1 if the exact value is above ``x``, -1 if it is below, and 0 if it equals ``x``."""

    def __init__(self, x: float, fmt: Spacing) -> None:
        super().__init__(fmt)
        self._x = Fraction(x)

    def round_exact(self, value: Fraction) -> int:
        return (value > self._x) - (value < self._x)

    def _between(self, a: Fraction, b: Fraction) -> int | None:
        return 1 if a >= self._x else -1 if b <= self._x else None


# A value that is exact but not known to be, as gelu'(0) = 1/2, would never be decided. A value that agrees to
# this many bits with a number of fewer bits is taken to be that number; only far out (silu' at 1e5) do other
# values come so near.
_TOLD_APART = 2400


def _simple_between(a: Fraction, b: Fraction) -> Fraction | None:
    """A number of fewer bits between ``a`` and ``b`` if these are close; a value between is taken for it."""
    if b <= 0:
        opposite = _simple_between(-b, -a)
        return None if opposite is None else -opposite
    if b - a >= b / 2**_TOLD_APART:
        return None
    shift = _TOLD_APART - 100 - b.numerator.bit_length() + b.denominator.bit_length()
    return Fraction(round(b * Fraction(2) ** shift)) / Fraction(2) ** shift


def _binades(a: Fraction, b: Fraction, fmt: Spacing) -> set[int]:
    """The least and the greatest exponent of an ulp strictly between ``a`` and ``b``."""
    if b <= 0:
        a, b = -b, -a
    n, d = b.numerator, b.denominator
    begins_a_binade = n & (n - 1) == 0 and d & (d - 1) == 0
    return {ulp_exponent(max(a, Fraction(0)), fmt), ulp_exponent(b * 3 / 4 if begins_a_binade else b, fmt)}


def fraction(x: Decimal) -> Fraction:
    """``x``; if its exponent is huge, a number on the same side of every float and every bound."""
    if x.is_infinite() or (x and abs(x.adjusted()) > FARTHEST):
        power = Fraction(10) ** (FARTHEST if x.is_infinite() or x.adjusted() > 0 else -FARTHEST)
        return -power if x < 0 else power
    return Fraction(x)
