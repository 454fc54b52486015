"""Declarations: all that an activation says about itself."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from fractions import Fraction
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar, get_args

from actcalc.arithmetic.exact import Formula
from actcalc.errors import ActcalcError, quote
from actcalc.numbers.numerals import decimal_text, exact_text

INF = math.inf
Number = Fraction | int
End = Fraction | int | float
"""An exact number, or an infinity."""
Quantity = Literal["g", "dg", "d2g", "d3g", "d4g", "d5g", "d6g", "d7g", "d8g"]
"""Which function is meant: g, its slope, or a derivative of higher order."""
GivenQuantity: TypeAlias = Quantity | Literal["deriv"]
"""As callers may write it: that is the slope's earlier name."""
QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)
"""All of them, each at the place of its order."""


def quantity(order: int) -> Quantity:
    """The derivative of this order. Raises ActcalcError if there is none."""
    if isinstance(order, int) and 0 <= order < len(QUANTITIES):
        return QUANTITIES[order]
    raise ActcalcError(f"must be a whole number from 0 to {len(QUANTITIES) - 1}, not {order}", about="order")


def parse_quantity(text: str) -> Quantity:
    """One of QUANTITIES; ``deriv`` is dg, too. Raises ActcalcError for anything else."""
    for of in QUANTITIES:
        if text == of or (of == "dg" and text == "deriv"):
            return of
    raise ActcalcError(f"is g, dg, or d2g to d8g, not {quote(text)}", about="of")


def prime(of: Quantity) -> str:
    """The primes of a derivative: ``''`` for the second; from the fourth on its order in brackets."""
    order = QUANTITIES.index(of)
    return "'" * order if order < 4 else f"({order})"


class Parameter(NamedTuple):
    """A parameter: its default as it is written, other names for it, and the numbers it may be."""

    name: str
    default: str | None
    aliases: tuple[str, ...] = ()
    domain: Callable[[Fraction], bool] | None = None
    domain_text: str = ""
    may_be_none: bool = False
    """``none`` is taken as well; a formula finds None."""
    quiet: bool = False
    """The activation is described without it where it has its default."""


class Piece(NamedTuple):
    """g and g' from the end of the piece before up to and including ``upto``.

    The formulas are continuous up to both ends, so that there they give the one-sided limits.
    """

    g: Formula
    dg: Formula
    upto: Number | None = None
    excluding: bool = False
    """The end itself belongs to the next piece."""

    def formula(self, of: Quantity, side: int = 1) -> Formula:
        """The formula of g, g' or a higher derivative; at an end of the piece ``side`` points inside."""
        if of == "g":
            return self.g
        if of == "dg":
            return self.dg
        from actcalc.arithmetic.jets import derivative  # two functions in three need none

        return derivative(self.dg, QUANTITIES.index(of) - 1, side)


class Shortcut(NamedTuple):
    """The slope in terms of a = g(z), for back-propagation, which has a at hand."""

    text: str
    """As an expression in ``a``, or what ``variable`` says, and the parameters."""
    pieces: tuple[tuple[Formula, Number | None], ...]
    """Formulas in a, each with the a up to which it holds."""
    flat: tuple[Number, ...] = ()
    """Values of a that stand for a whole flat piece, where the slope is 0."""
    variable: str = "a"
    """The name of a in ``text``, where a parameter has that name."""


class Parity(Enum):
    """A symmetry of g, as people read it."""

    ODD = "odd"
    EVEN = "even"
    COMPLEMENT = "g(-z) = 1 - g(z)"


class Monotone(Enum):
    """The one way in which g goes, as people read it."""

    INCREASING = "increasing"
    NONDECREASING = "nondecreasing"
    CONSTANT = "constant"
    NONINCREASING = "nonincreasing"
    DECREASING = "decreasing"


MOST_DIGITS = 45
"""Of an irrational number that is shown."""


class Range(NamedTuple):
    """The values g takes: two ends, each with a bracket that says whether it is taken."""

    low: End
    high: End
    brackets: str = "()"
    gaps: tuple[tuple[Fraction, Fraction], ...] = ()
    """Pairs of numbers between which g, at a jump, takes no value."""
    gap_brackets: tuple[str, ...] = ()
    """For each gap which of its ends are not taken either: ``[]`` holds both, ``()`` neither."""

    def holds(self, a: End) -> bool:
        """Whether ``a`` lies in the range or is an end of it."""
        return self.low <= a <= self.high and not any(low < a < high for low, high in self.gaps)

    def __str__(self) -> str:
        return self.text()

    def text(self, digits: int = MOST_DIGITS) -> str:
        """All of it, with irrational ends to so many digits."""
        text = _interval_text(self.brackets, self.low, self.high, digits)
        gaps = " and ".join(
            _interval_text(brackets, low, high, digits)
            for (low, high), brackets in zip(self.gaps, self.gap_brackets, strict=True)
        )
        return f"{text} without {gaps}" if gaps else text


def _interval_text(brackets: str, low: End, high: End, digits: int) -> str:
    return f"{brackets[0]}{end_text(low, digits)}, {end_text(high, digits)}{brackets[1]}"


def end_text(end: End, digits: int = MOST_DIGITS) -> str:
    """``end`` in full; one that is irrational, known to more digits than are ever shown, to so many."""
    text = exact_text(end)
    if len(text) <= MOST_DIGITS or isinstance(end, float):
        return text
    from actcalc.numbers.digits import Digits  # for show alone

    return decimal_text(Digits(digits).round_exact(Fraction(end)))


Parameters = Any  # a SimpleNamespace of Fractions, and None for none, by parameter name

T = TypeVar("T")
Fact: TypeAlias = T | Callable[[Parameters], T]
"""A fact about an activation: plain, or a function of its parameters where it depends on them."""


def resolve(fact: Fact[T], parameters: Parameters) -> T:
    """``fact`` with these parameters."""
    found: T = fact(parameters) if callable(fact) else fact
    return found


class Declaration(NamedTuple):
    """One activation function: all that the rest of actcalc derives its behaviour from.

    ``g`` and ``dg`` are the textbook formulas, as Python expressions in z and the parameters; they
    are shown to people, and evaluated by the tests as an independent check of ``pieces``, which
    say the same in a form that does not cancel.

    The rest relies on what is declared, and a test holds each declaration to it:

    * Within a piece, on one side of 0, neither g nor g' changes its sign more than once, and where they are
      next to a number, as far out, they rise or fall but do not turn back, so that neither crosses a power
      of two, or any other number, and returns: ``check`` concludes from the ends of a run to all of it.
      Where a function turns there is therefore an end of a piece, wherever parameters move it.
    * The limits at both infinities are exact, or have a thousand digits where they are irrational: those
      of straight lines follow, all others are in ``ends``.
    * A least or greatest value that is irrational is in ``range`` with a hundred digits and more, enough for
      every float format, and for the forty-five that are shown.

    Where the first does not hold, as for a periodic function, ``settles_far_out`` is False.
    """

    name: str
    g: str
    dg: str
    pieces: Fact[Sequence[Piece]]
    range: Fact[Range]
    shortcut: Fact[Shortcut | str]
    """The slope from a, or the reason why there is none."""
    where: Mapping[str, str] = {}
    """Abbreviations in ``g`` and ``dg``, and what they stand for."""
    rewritten: Callable[[Parameters], tuple[str, str]] | None = None
    """``g`` and ``dg`` with these parameters, where they are not always written alike."""
    aliases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    constraint: Callable[[Parameters], bool] | None = None
    constraint_text: str = ""
    ends: Fact[tuple[tuple[End, End], tuple[End, End]] | None] = None
    """(g, g') at -inf and at +inf; left out where the outermost pieces are straight lines."""
    activation: Callable[..., Any] | None = None
    """The maker of an activation of it and its parameters, if it is no plain one: of a formula in text."""
    settles_far_out: bool = True
    """Whether signs and sizes at two points tell those between, as said above; if not, each is worked out."""
    slopes: Fact[Range | None] = None
    """The range of g' where it is periodic; elsewhere it follows from the pieces."""
    parity: Fact[Parity | None] = None
    monotone: Fact[Monotone | str] = ""
    """The way in which g goes, or how it rises and falls."""
    examples: tuple[Mapping[str, str], ...] = ()
    """Settings of the parameters for tests and ``verify --all``, none of them the default."""
    convex: Fact[bool] = False
    """Whether g is convex; said only where it has kinks and its pieces are not all straight lines."""
    variant: Fact[str] = ""
    """Which of several functions of this name it is, where frameworks disagree; goes on from "NAME is"."""
    no_parameters: Mapping[str, str] = {}
    """Hints for what others take as parameters, and here is something else."""
    source: str = ""
    """The paper or the framework that it comes from."""
    derivation: Fact[str] = ""
    """How ``dg`` follows from ``g``, for a learner: a step in each line."""

    @property
    def title(self) -> str:
        """The name in a message: of a long formula its beginning."""
        return self.name if self.name.isidentifier() else quote(self.name)

    def write_out(self, text: str) -> str:
        """A formula without abbreviations, in z and the parameters alone."""
        for name, meaning in self.where.items():
            text = re.sub(rf"\b{name}\b", f"({meaning})", text)
        return text
