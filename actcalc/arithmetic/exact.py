"""Correctly rounded evaluation of a formula at one point."""

import math
import time
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from actcalc.arithmetic.rational import RATIONAL, NotRational, Undefined
from actcalc.errors import UnsettledError
from actcalc.numbers.numerals import exact_text, finite_decimal

if TYPE_CHECKING:
    from actcalc.arithmetic.interval import Interval
    from actcalc.arithmetic.maths import Maths

Formula = Callable[["Maths[Any]", Any], Any]
"""A formula takes the functions of any arithmetic and z, a number of it, and returns a number."""

Rounded = TypeVar("Rounded", covariant=True)


class Rounding(Protocol[Rounded]):
    """What an exact result is rounded to: a float format or a number of digits."""

    @property
    def digits(self) -> int:
        """Decimal digits that tell its values apart."""

    def round_exact(self, value: Fraction) -> Rounded:
        """``value`` rounded."""

    def round_between(self, low: Decimal, high: Decimal) -> Rounded | None:
        """What all numbers strictly between two bounds round to; None if they differ."""


# Decimal digits at which a formula that is not decided is given up. Next to a tie at 1e-6000 twice as many
# are needed (gelu is z/2 + z^2/sqrt(2 pi) + ...); a formula that needs more than this has a fault.
_MOST_DIGITS = 24_000
_FEW_DIGITS = 500


def evaluate(
    formula: Formula,
    z: Fraction,
    rounding: Rounding[Rounded],
    seconds: float = math.inf,
    otherwise: Callable[[], Rounded | None] = lambda: None,
) -> Rounded:
    """``formula(z)`` worked out exactly and rounded once.

    A rational value is found as a fraction, ties and all, if need be with symbols for what is irrational.
    Any other is enclosed in an interval, with more and more digits until all of the interval rounds to one
    number (Ziv, Fast evaluation of elementary mathematical functions with correctly rounded last bit, 1991).

    What the first digits leave open may be known ``otherwise``.

    Raises UnsettledError, naming z, if thousands of digits do not settle it; with a limit of ``seconds``
    ten thousand, or what can be worked out in them.
    """
    try:
        return rounding.round_exact(Fraction(formula(RATIONAL, z)))
    except NotRational:
        pass
    digits = first = rounding.digits + 9
    start = time.process_time()
    tries = 0
    most = _MOST_DIGITS + rounding.digits if seconds == math.inf else max(10_000, 4 * rounding.digits)
    # Twice the digits take up to seven times as long; a few take next to no time.
    while digits < most and (digits < _FEW_DIGITS or time.process_time() - start < seconds / 8):
        bounds = enclose(formula, z, digits)
        if bounds is not None:
            rounded = rounding.round_between(bounds.low, bounds.high)
            if rounded is not None:
                return rounded
            tries += 1
            if tries == 2:  # it may be what no digits settle
                exact = in_symbols(formula, z)
                if exact is not None:
                    return rounding.round_exact(exact)
        if digits == first and (known := otherwise()) is not None:
            return known
        digits *= 2
    raise UnsettledError(f"no correct rounding found at z = {exact_text(z)[:60]}: please report this", z)


def in_symbols(formula: Formula, z: Fraction) -> Fraction | None:
    """``formula(z)``, if it is a fraction whatever the irrational numbers in it are."""
    from actcalc.arithmetic.algebra import Algebra

    try:
        value = formula(Algebra(), z)
    except (NotRational, ArithmeticError):
        return None
    return Fraction(value) if isinstance(value, int | Fraction) else None


def enclose(formula: Formula, z: Fraction, digits: int) -> "Interval | None":
    """An interval around ``formula(z)``, worked out with ``digits`` digits; None if they are too few."""
    from actcalc.arithmetic.interval import Interval, Undecided, with_digits  # what is rational needs none

    m = with_digits(digits)
    exact = finite_decimal(z)
    argument = Interval(m, exact, exact) if exact is not None else m.number(z)
    try:
        return m.number(formula(m, argument))
    except Undefined:
        raise
    except (Undecided, InvalidOperation):  # the latter for what has grown beyond all exponents
        return None


def enclose_beyond(formula: Formula, side: int) -> tuple[Decimal, Decimal] | None:
    """Bounds of all that ``formula(z)`` is for z beyond 1e700, or with ``side`` -1 below -1e700."""
    from actcalc.arithmetic.interval import Interval, Undecided, with_digits

    m = with_digits(60)
    far, infinite = Decimal("1e700"), Decimal("Infinity")
    argument = Interval(m, far, infinite) if side > 0 else Interval(m, -infinite, -far)
    try:
        bounds = m.number(formula(m, argument))
    except (Undecided, Undefined, InvalidOperation, OverflowError, ValueError):
        return None
    return (bounds.low, bounds.high) if bounds.low != bounds.high or bounds.low.is_finite() else None
