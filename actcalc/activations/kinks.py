"""Kinks: the points where one-sided slopes differ or g jumps, and the rules for g' there."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple, TypeVar

from actcalc.activations.declaration import QUANTITIES, Piece, Quantity
from actcalc.arithmetic.exact import Formula, Rounding, evaluate, sign_of
from actcalc.errors import ActcalcError, UnsettledError, join_names, quote
from actcalc.numbers.numerals import exact_text

Rounded = TypeVar("Rounded")

AT_KINK = ("least", "left", "right", "nan")
"""The rules for g' at a kink; see ``Kink.slope``."""


class Kink(NamedTuple):
    """A point where g has different one-sided slopes, or jumps, with the pieces that meet there."""

    z: Fraction
    left: Piece
    right: Piece
    is_jump: bool
    is_convex: bool
    """Whether the slope increases there; ``Function.is_convex`` is about all of g."""
    of: Quantity = "dg"
    """The quantity that is undefined here: g' or a derivative of higher order."""
    first: Quantity = "dg"
    """The derivative of lowest order whose one-sided values differ; at a jump g itself."""

    def sides(self, of: Quantity, rounding: Rounding[Rounded]) -> tuple[Rounded, Rounded]:
        """The limits of g, or of g', from the left and from the right, each rounded once."""
        left, right = (evaluate(formula, self.z, rounding) for formula in self._formulas(of))
        return left, right

    def _formulas(self, of: Quantity) -> tuple[Formula, Formula]:
        return self.left.formula(of, -1), self.right.formula(of, 1)

    def slope(self, rounding: Rounding[Rounded], at_kink: str) -> Rounded | None:
        """The value of the undefined quantity by the rule ``at_kink``, rounded once.

        ``left`` and ``right`` give its limit from that side, ``least`` gives the number nearest to 0
        in the closed interval between them, and ``nan`` gives None.
        """
        if at_kink == "nan":
            return None
        formulas = self._formulas(self.of)
        if at_kink == "least":
            left, right = (sign_of(formula, self.z) for formula in formulas)
            if left is None or right is None:
                raise UnsettledError(f"the sign of the slope is undecided at z = {exact_text(self.z)[:60]}")
            if left * right <= 0:
                return rounding.round_exact(Fraction(0))
            at_kink = "left" if left * _order(*formulas, self.z) < 0 else "right"
        return evaluate(formulas[at_kink == "right"], self.z, rounding)


def kinks_between(pieces: Iterable[Piece], of: Quantity = "dg") -> Iterator[Kink]:
    """The kinks of ``of`` between consecutive pieces."""
    for left, right in pairwise(pieces):
        assert left.upto is not None
        kink = kink_between(left, right, Fraction(left.upto), of)
        if kink is not None:
            yield kink


def kink_between(left: Piece, right: Piece, z: Fraction, of: Quantity) -> Kink | None:
    """The kink where two pieces meet, or None if ``of`` is defined there."""
    for lower in QUANTITIES[: QUANTITIES.index(of) + 1]:
        order = _order(left.formula(lower, -1), right.formula(lower, 1), z)
        if order:
            return Kink(z, left, right, lower == "g", lower == "dg" and order < 0, of, lower)
    return None


def check_at_kink(rule: str) -> str:
    """Return ``rule`` if it is one of AT_KINK. Raises ActcalcError otherwise."""
    if rule in AT_KINK:
        return rule
    raise ActcalcError(f"must be {join_names(AT_KINK)}, not {quote(rule)}", about="at_kink")


def _order(left: Formula, right: Formula, z: Fraction) -> int:
    """The sign of the difference of two formulas at ``z``; 0 also if it stays undecided."""
    return sign_of(lambda m, z: left(m, z) - right(m, z), z) or 0
