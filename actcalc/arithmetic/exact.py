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
"""A formula takes the functions of any arithmetic and z, a number of it, and returns a number."""

Rounded = TypeVar("Rounded", covariant=True)


class Rounding(Protocol[Rounded]):
    """A target of rounding: a float format or a number of digits.

    One whose values are multiples of a fraction, which decimals may not hold, has ``in_units``, which gives
    that, and a rounding of numbers in units of it to the same results.
    """

    @property
    def digits(self) -> int:
        """Decimal digits that tell its values apart."""

    def round_exact(self, value: Fraction) -> Rounded:
        """``value`` rounded."""

    def round_between(self, low: Decimal, high: Decimal) -> Rounded | None:
        """The one that all numbers strictly between two bounds round to; None if they differ."""


# Decimal digits at which a formula that is not decided is given up. Next to a tie at 1e-6000 twice as many
# are needed (gelu is z/2 + z^2/sqrt(2 pi) + ...); a formula that needs more than this has a fault.
_MOST_DIGITS = 24_000

WORK = 1e10
"""For a formula that someone has written, which may be one that no digits settle: less than a second."""


def evaluate(formula: Formula, z: Fraction, rounding: Rounding[Rounded], work: float = math.inf) -> Rounded:
    """``formula(z)`` worked out exactly and rounded once.

    A rational value is found as a fraction, ties and all, if need be with symbols for what is irrational.
    Any other is enclosed in an interval, with more and more digits until all of the interval rounds to one
    number (Ziv, Fast evaluation of elementary mathematical functions with correctly rounded last bit, 1991).
    A fraction that misses a tie by less than digits show, and what is beyond all exponents, is a fraction
    plus a rest of any size.

    Raises UnsettledError, naming z, where that takes more than thousands of digits, or more ``work``,
    counted in products of single digits: so it does not depend on the machine.
    """
    rounded = _find(*_in_units(formula, rounding), z, work)
    if rounded is None:
        raise UnsettledError(f"no correct rounding found at z = {exact_text(z)[:60]}: please report this", z)
    return rounded


def _in_units(formula: Formula, rounding: Rounding[Rounded]) -> tuple[Formula, Rounding[Rounded]]:
    """A formula and a rounding in units that decimals hold."""
    split = getattr(rounding, "in_units", None)
    if split is None:
        return formula, rounding
    unit, whole = split()
    return (formula, rounding) if unit == 1 else (lambda m, z: formula(m, z) * (1 / unit), whole)


def _find(formula: Formula, rounding: Rounding[Rounded], z: Fraction, work: float) -> Rounded | None:
    """``formula(z)`` rounded once; None if that takes too many digits or too much work."""
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
    """Narrower and narrower intervals around ``formula(z)``, or what it is; None where digits are too few."""
    from actcalc.arithmetic.interval import Intervals, with_digits  # what is rational needs none

    digits, done, found = first, 0, None
    while digits < _MOST_DIGITS + first and done < work:
        if digits == 2 * first:  # it may be what no digits settle
            found = symbolic(formula, z)
            if found is not None and isinstance(found.value, Fraction):
                yield found.value
        m = with_digits(digits) if digits == first else Intervals(digits)  # a new one counts its own steps
        yield _enclose(formula, z, m)
        if digits in (first, 16 * first):  # with many, too, as the exponent itself may have them
            yield _enclose_anchored(formula, z, digits)
        if found is not None:  # symbols know which way a formula goes where digits do not
            yield found.enclose(m)
        done += m.steps * digits**2 if digits > first else 0
        digits *= 2


class Symbolic(NamedTuple):
    """A number in symbols: a fraction, or what may be enclosed."""

    m: "Algebra"
    value: "Quotient | Fraction"

    def enclose(self, m: "Intervals") -> "Interval | None":
        """An interval around it; None if the digits are too few."""
        try:
            return self.m.enclose(self.value, m)
        except ArithmeticError:
            return None


def symbolic(formula: Formula, z: Fraction) -> Symbolic | None:
    """``formula(z)`` in symbols; None if they do not tell which way it goes, or are too many."""
    from actcalc.arithmetic.algebra import Algebra

    m = Algebra()
    try:
        value = formula(m, z)
    except (NotRational, ArithmeticError):
        return None
    return Symbolic(m, Fraction(value) if isinstance(value, int) else value)


def in_symbols(formula: Formula, z: Fraction) -> Fraction | None:
    """``formula(z)``, if it is a fraction whatever the irrational numbers in it are."""
    found = symbolic(formula, z)
    return found.value if found is not None and isinstance(found.value, Fraction) else None


class _Sign:
    """Rounds a number to its sign."""

    digits = 31

    def round_exact(self, value: Fraction) -> int:
        return RATIONAL.sign(value)

    def round_between(self, low: Decimal, high: Decimal) -> int | None:
        return None if low < 0 < high else (high > 0) - (low < 0)


_SIGN_WORK = 1e7
"""Some hundreds of digits: of two formulas for one number, none tell the difference from 0."""


def sign_of(formula: Formula, z: Fraction) -> int | None:
    """The sign of ``formula(z)``; None if hundreds of digits and symbols do not tell it from 0."""
    return _find(formula, _Sign(), z, _SIGN_WORK)


def _enclose_anchored(formula: Formula, z: Fraction, digits: int) -> "Interval | None":
    """An interval around ``formula(z)`` by a fraction and a rest of any size; None if that is open."""
    from actcalc.arithmetic.anchored import Anchors  # few values need it

    m = Anchors(digits)
    try:
        return m.bounds(formula(m, z))
    except Undefined:
        raise
    except ArithmeticError:
        return None


def enclose(formula: Formula, z: Fraction, digits: int) -> "Interval | None":
    """An interval around ``formula(z)``, worked out with ``digits`` digits; None if they are too few."""
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
    except (Undecided, InvalidOperation):  # the latter for what has grown beyond all exponents
        return None


_RANGE_DIGITS = 60


def enclose_between(formula: Formula, low: Decimal, high: Decimal) -> "Interval | None":
    """An interval around all that ``formula(z)`` is for z from one number to another; None if that is open.

    They may be infinite, which z is not.
    """
    from actcalc.arithmetic.interval import with_digits

    m = with_digits(_RANGE_DIGITS)
    return _bounds_of(lambda: m.number(formula(m, m.between(low, high))))


def _enclose_anchored_between(formula: Formula, low: Decimal, high: Decimal) -> "Interval | None":
    """An interval as by ``enclose_between``, which knows powers of one exponential for that in any range."""
    from actcalc.arithmetic.anchored import Anchors

    m = Anchors(_RANGE_DIGITS)
    return _bounds_of(lambda: m.bounds(formula(m, m.build(Fraction(0), m.base.between(low, high)))))


def _bounds_of(evaluation: "Callable[[], Interval]") -> "Interval | None":
    """The interval, unless it is not known which way the formula goes, or whether it has a value."""
    try:
        return evaluation()
    except (NotRational, ArithmeticError, ValueError):  # the last for what is not settled, too
        return None


def evaluate_between(
    formula: Formula, low: float, high: float, rounding: Rounding[Rounded]
) -> Rounded | None:
    """The one that ``formula(z)`` rounds to at every z from ``low`` to ``high``; None if it is not known."""
    formula, rounding = _in_units(formula, rounding)
    for find in (enclose_between, _enclose_anchored_between):
        bounds = find(formula, Decimal(low), Decimal(high))
        if bounds is not None and (rounded := rounding.round_between(bounds.low, bounds.high)) is not None:
            return rounded
    return None


def enclose_beyond(formula: Formula, side: int) -> tuple[Decimal, Decimal] | None:
    """Bounds of all that ``formula(z)`` is for z beyond 1e700, or with ``side`` -1 below -1e700."""
    far, infinite = Decimal("1e700"), Decimal("Infinity")
    bounds = enclose_between(formula, *((far, infinite) if side > 0 else (-infinite, -far)))
    if bounds is None or (bounds.low == bounds.high and not bounds.low.is_finite()):
        return None
    return bounds.low, bounds.high
