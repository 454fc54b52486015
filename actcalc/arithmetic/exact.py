"""Correctly rounded evaluation of a formula at one point."""

import math
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from actcalc.arithmetic.rational import RATIONAL, NotRational, Undefined
from actcalc.errors import UnsettledError
from actcalc.numbers.numerals import exact_text, finite_decimal

if TYPE_CHECKING:
    from actcalc.arithmetic.algebra import Algebra, Quotient
    from actcalc.arithmetic.interval import Interval, Intervals
    from actcalc.arithmetic.maths import Maths

Formula = Callable[["Maths[Any]", Any], Any]
"""A formula takes the maths functions of an arithmetic and z, a number of it, and returns such a number."""

Rounded = TypeVar("Rounded", covariant=True)


class Rounding(Protocol[Rounded]):
    """A target of rounding, such as a float format or a number of digits.

    If its values are multiples of a fraction that decimals may not hold, it has ``in_units``, which gives
    that unit, and a rounding of numbers in that unit to the same results.
    """

    @property
    def digits(self) -> int:
        """Decimal digits that tell its values apart."""

    def round_exact(self, value: Fraction) -> Rounded:
        """``value`` rounded."""

    def round_between(self, low: Decimal, high: Decimal) -> Rounded | None:
        """The result if all numbers strictly between two bounds round to the same one, else None."""


# The decimal digits at which an undecided formula is given up. Next to a tie at 1e-6000 twice 6000 are needed
# (gelu is z/2 + z^2/sqrt(2 pi) + ...); a formula of the catalogue that needs more than this has a fault.
_MOST_DIGITS = 24_000

WORK = 1e10
"""The limit on the work for a user's formula, which may stay undecided for ever: less than a second."""


def evaluate(formula: Formula, z: Fraction, rounding: Rounding[Rounded], work: float = math.inf) -> Rounded:
    """Evaluate ``formula(z)`` exactly and round it once.

    A rational value, which may be a tie, is computed as a fraction, if need be with symbols for irrational
    numbers. Any other value is enclosed in an interval with more and more digits, until the whole interval
    rounds to one number (Ziv, Fast evaluation of elementary mathematical functions with correctly rounded
    last bit, 1991). A value that misses a tie by too little for digits to show, or exceeds all exponents, is
    computed as a fraction plus a rest of any size.

    Raises UnsettledError, which names z, if that takes more than thousands of digits, or more than ``work``,
    counted in products of single digits so that it does not depend on the machine.
    """
    rounded = _find(*_in_units(formula, rounding), z, work)
    if rounded is None:
        raise UnsettledError(f"no correct rounding found at z = {exact_text(z)[:60]}: please report this", z)
    return rounded


def _in_units(formula: Formula, rounding: Rounding[Rounded]) -> tuple[Formula, Rounding[Rounded]]:
    """A formula and a rounding in units that decimals can hold."""
    split = getattr(rounding, "in_units", None)
    if split is None:
        return formula, rounding
    unit, whole = split()
    return (formula, rounding) if unit == 1 else (lambda m, z: formula(m, z) * (1 / unit), whole)


def _find(formula: Formula, rounding: Rounding[Rounded], z: Fraction, work: float) -> Rounded | None:
    """``formula(z)`` rounded once, or None if that takes too many digits or too much work."""
    try:
        return rounding.round_exact(Fraction(formula(RATIONAL, z)))
    except NotRational:
        pass
    for known in _enclosures(formula, z, rounding.digits + 9, work):
        if isinstance(known, Fraction):
            return rounding.round_exact(known)
        if known is not None and (rounded := rounding.round_between(known.low, known.high)) is not None:
            return rounded
    return None


def _enclosures(
    formula: Formula, z: Fraction, first: int, work: float
) -> "Iterator[Interval | Fraction | None]":
    """Ever narrower enclosures of ``formula(z)``, or its exact value; None where digits are too few."""
    from actcalc.arithmetic.interval import Intervals, with_digits  # rational values need no intervals

    digits, done, found = first, 0, None
    while digits < _MOST_DIGITS + first and done < work:
        if digits == 2 * first:  # the value may be one that no digits decide
            found = symbolic(formula, z)
            if found is not None and isinstance(found.value, Fraction):
                yield found.value
        m = with_digits(digits) if digits == first else Intervals(digits)  # a new one counts its own steps
        yield _enclose(formula, z, m)
        if digits in (first, 16 * first):  # also with many digits, which the exponent may need
            yield _enclose_anchored(formula, z, digits)
        if found is not None:  # symbols decide some branches that digits do not
            yield found.enclose(m)
        done += m.steps * digits**2 if digits > first else 0
        digits *= 2


class Symbolic(NamedTuple):
    """A symbolic number: a fraction, or a quotient that can be enclosed."""

    m: "Algebra"
    value: "Quotient | Fraction"

    def enclose(self, m: "Intervals") -> "Interval | None":
        """An interval that contains it; None if the digits are too few."""
        try:
            return self.m.enclose(self.value, m)
        except ArithmeticError:
            return None


def symbolic(formula: Formula, z: Fraction) -> Symbolic | None:
    """``formula(z)`` in symbols; None if a branch stays undecided, or it is too much work."""
    from actcalc.arithmetic.algebra import Algebra

    m = Algebra()
    try:
        value = formula(m, z)
    except (NotRational, ArithmeticError):
        return None
    return Symbolic(m, Fraction(value) if isinstance(value, int) else value)


def in_symbols(formula: Formula, z: Fraction) -> Fraction | None:
    """``formula(z)`` if all irrational numbers in it cancel, else None."""
    found = symbolic(formula, z)
    return found.value if found is not None and isinstance(found.value, Fraction) else None


class _Sign:
    """Rounds an exact value to its sign."""

    digits = 31

    def round_exact(self, value: Fraction) -> int:
        return RATIONAL.sign(value)

    def round_between(self, low: Decimal, high: Decimal) -> int | None:
        return None if low < 0 < high else (high > 0) - (low < 0)


_SIGN_WORK = 1e7
"""Enough for some hundreds of digits; for two equal formulas no digits tell the difference from 0."""


def sign_of(formula: Formula, z: Fraction) -> int | None:
    """The sign of ``formula(z)``; None if neither hundreds of digits nor symbols tell it from 0."""
    return _find(formula, _Sign(), z, _SIGN_WORK)


def _enclose_anchored(formula: Formula, z: Fraction, digits: int) -> "Interval | None":
    """An enclosure of ``formula(z)`` by a fraction plus a rest of any size; None if it is undecided."""
    from actcalc.arithmetic.anchored import Anchors  # few values need it

    m = Anchors(digits)
    try:
        return m.bounds(formula(m, z))
    except Undefined:
        raise
    except ArithmeticError:
        return None


def enclose(formula: Formula, z: Fraction, digits: int) -> "Interval | None":
    """An interval that contains ``formula(z)``, computed with ``digits`` digits; None if they are too few."""
    from actcalc.arithmetic.interval import with_digits

    return _enclose(formula, z, with_digits(digits))


def _enclose(formula: Formula, z: Fraction, m: "Intervals") -> "Interval | None":
    from actcalc.arithmetic.interval import Interval, Undecided

    exact = finite_decimal(z)
    argument = Interval(m, exact, exact) if exact is not None else m.number(z)
    try:
        return m.number(formula(m, argument))
    except Undefined:
        raise
    except (Undecided, InvalidOperation):  # the latter when a number exceeds the exponent range
        return None


_RANGE_DIGITS = 60


def enclose_between(formula: Formula, low: Decimal, high: Decimal) -> "Interval | None":
    """An enclosure of ``formula(z)`` for all finite z from ``low`` to ``high``; None if it is undecided.

    The ends may be infinite.
    """
    from actcalc.arithmetic.interval import with_digits

    m = with_digits(_RANGE_DIGITS)
    return _bounds_of(lambda: m.number(formula(m, m.between(low, high))))


def _enclose_anchored_between(formula: Formula, low: Decimal, high: Decimal) -> "Interval | None":
    """An enclosure as by ``enclose_between`` that also relates powers of the same exponential."""
    from actcalc.arithmetic.anchored import Anchors

    m = Anchors(_RANGE_DIGITS)
    return _bounds_of(lambda: m.bounds(formula(m, m.build(Fraction(0), m.base.between(low, high)))))


def _bounds_of(evaluation: "Callable[[], Interval]") -> "Interval | None":
    """The interval, or None if a branch of the formula, or its existence, is undecided."""
    try:
        return evaluation()
    except (NotRational, ArithmeticError, ValueError):  # the last includes UnsettledError
        return None


def evaluate_between(
    formula: Formula, low: float, high: float, rounding: Rounding[Rounded]
) -> Rounded | None:
    """The result that ``formula(z)`` rounds to at every z from ``low`` to ``high``, or None if unknown."""
    formula, rounding = _in_units(formula, rounding)
    for find in (enclose_between, _enclose_anchored_between):
        bounds = find(formula, Decimal(low), Decimal(high))
        if bounds is not None and (rounded := rounding.round_between(bounds.low, bounds.high)) is not None:
            return rounded
    return None


def enclose_beyond(formula: Formula, side: int) -> tuple[Decimal, Decimal] | None:
    """Bounds of ``formula(z)`` for all z above 1e700, or with ``side`` -1 below -1e700."""
    far, infinite = Decimal("1e700"), Decimal("Infinity")
    bounds = enclose_between(formula, *((far, infinite) if side > 0 else (-infinite, -far)))
    if bounds is None or (bounds.low == bounds.high and not bounds.low.is_finite()):
        return None
    return bounds.low, bounds.high
