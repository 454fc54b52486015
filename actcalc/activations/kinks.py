"""Kinks: where two pieces meet whose slopes differ, or g jumps, and what g' is there."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple, TypeVar

from actcalc.activations.declaration import QUANTITIES, Piece, Quantity
from actcalc.arithmetic.exact import Formula, Rounding, evaluate, sign_of
from actcalc.errors import ActcalcError, UnsettledError, quote
from actcalc.numbers.numerals import exact_text

Rounded = TypeVar("Rounded")

AT_KINK = ("least", "left", "right", "nan")
"""Rules for g' at a kink: see ``Kink.slope``."""


class Kink(NamedTuple):
    """A point where g has two one-sided slopes, or jumps, with the pieces that meet there."""

    z: Fraction
    left: Piece
    right: Piece
    is_jump: bool
    is_convex: bool
    """Whether the slope goes up there: of all of g only ``Function.is_convex`` knows."""
    of: Quantity = "dg"
    """The quantity that is undefined here: g' or a derivative of higher order."""
    first: Quantity = "dg"
    """The derivative of least order whose one-sided values differ; at a jump g itself."""

    def sides(self, of: Quantity, rounding: Rounding[Rounded]) -> tuple[Rounded, Rounded]:
        """The limits of g, or of g', from the left and from the right, each rounded once."""
        left, right = (evaluate(formula, self.z, rounding) for formula in self._formulas(of))
        return left, right

    def _formulas(self, of: Quantity) -> tuple[Formula, Formula]:
        return self.left.formula(of, -1), self.right.formula(of, 1)

    def slope(self, rounding: Rounding[Rounded], at_kink: str) -> Rounded | None:
        """The undefined quantity by the rule ``at_kink``, rounded once.

        ``left`` and ``right`` are its limits from that side, ``least`` is the number nearest to 0
        in the closed interval between them, ``nan`` is None.
        """
        if at_kink == "nan":
            return None
        formulas = self._formulas(self.of)
        if at_kink == "least":
            left, right = (sign_of(formula, self.z) for formula in formulas)
            if left is None or right is None:
                raise UnsettledError(f"digits do not tell the slope at z = {exact_text(self.z)[:60]}")
            if left * right <= 0:
                return rounding.round_exact(Fraction(0))
            at_kink = "left" if left * _order(*formulas, self.z) < 0 else "right"
        return evaluate(formulas[at_kink == "right"], self.z, rounding)


def kinks_between(pieces: Iterable[Piece], of: Quantity = "dg") -> Iterator[Kink]:
    """The points where two of the pieces, in their order, meet and ``of`` has no one value."""
    for left, right in pairwise(pieces):
        assert left.upto is not None
        kink = kink_between(left, right, Fraction(left.upto), of)
        if kink is not None:
            yield kink


def kink_between(left: Piece, right: Piece, z: Fraction, of: Quantity) -> Kink | None:
    """The kink where two pieces meet, if ``of`` has no one value there."""
    for lower in QUANTITIES[: QUANTITIES.index(of) + 1]:
        order = _order(left.formula(lower, -1), right.formula(lower, 1), z)
        if order:
            return Kink(z, left, right, lower == "g", lower == "dg" and order < 0, of, lower)
    return None


def check_at_kink(rule: str) -> str:
    """``rule``, if it is one of AT_KINK; raises ActcalcError otherwise."""
    if rule in AT_KINK:
        return rule
    raise ActcalcError(f"is one of {', '.join(AT_KINK)}, not {quote(rule)}", about="at_kink")


def _order(left: Formula, right: Formula, z: Fraction) -> int:
    """-1, 0 or 1: the order of two formulas at ``z``; those that nothing tells apart are equal."""
    return sign_of(lambda m, z: left(m, z) - right(m, z), z) or 0
