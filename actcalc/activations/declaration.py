"""Declarations: everything that is stated about an activation."""

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
"""A function to evaluate: g, its slope, or a derivative of higher order."""
GivenQuantity: TypeAlias = Quantity | Literal["deriv"]
"""A quantity as callers may write it; ``deriv`` is the earlier name of ``dg``."""
QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)
"""All quantities; the index of each is its order."""


def quantity(order: int) -> Quantity:
    """The derivative of this order. Raises ActcalcError unless the order is from 0 to 8."""
    if isinstance(order, int) and 0 <= order < len(QUANTITIES):
        return QUANTITIES[order]
    raise ActcalcError(f"must be a whole number from 0 to {len(QUANTITIES) - 1}, not {order}", about="order")


def parse_quantity(text: str) -> Quantity:
    """Read one of QUANTITIES, or ``deriv`` for dg. Raises ActcalcError for anything else."""
    for of in QUANTITIES:
        if text == of or (of == "dg" and text == "deriv"):
            return of
    raise ActcalcError(f"must be g, dg, or d2g to d8g, not {quote(text)}", about="of")


def prime(of: Quantity) -> str:
    """The primes of a derivative, as in ``g''``; from the fourth on its order in parentheses."""
    order = QUANTITIES.index(of)
    return "'" * order if order < 4 else f"({order})"


class Parameter(NamedTuple):
    """A parameter: its name and aliases, its default as written, and its domain."""

    name: str
    default: str | None
    aliases: tuple[str, ...] = ()
    domain: Callable[[Fraction], bool] | None = None
    domain_text: str = ""
    may_be_none: bool = False
    """``none`` is accepted, too; formulas then get None."""
    quiet: bool = False
    """A description of the activation omits the parameter if it has its default."""


class Piece(NamedTuple):
    """The formulas of g and g' from the end of the piece before up to and including ``upto``.

    They are continuous up to both ends, where they give the one-sided limits.
    """

    g: Formula
    dg: Formula
    upto: Number | None = None
    excluding: bool = False
    """Whether ``upto`` itself belongs to the next piece."""

    def formula(self, of: Quantity, side: int = 1) -> Formula:
        """The formula of g, g' or a higher derivative; at an end of the piece ``side`` points inside."""
        if of == "g":
            return self.g
        if of == "dg":
            return self.dg
        from actcalc.arithmetic.jets import derivative  # most functions need no jets

        return derivative(self.dg, QUANTITIES.index(of) - 1, side)


class Shortcut(NamedTuple):
    """The slope in terms of a = g(z), for back-propagation, which already has a."""

    text: str
    """An expression in ``variable`` and the parameters."""
    pieces: tuple[tuple[Formula, Number | None], ...]
    """Formulas in a, each with the a up to which it holds."""
    flat: tuple[Number, ...] = ()
    """The values of g on flat pieces, where the slope is 0."""
    variable: str = "a"
    """The name of a in ``text``; not ``a`` if a parameter has that name."""


class Parity(Enum):
    """A symmetry of g; the values are the texts shown to users."""

    ODD = "odd"
    EVEN = "even"
    COMPLEMENT = "g(-z) = 1 - g(z)"


class Monotone(Enum):
    """The monotonicity of g; the values are the texts shown to users."""

    INCREASING = "increasing"
    NONDECREASING = "nondecreasing"
    CONSTANT = "constant"
    NONINCREASING = "nonincreasing"
    DECREASING = "decreasing"


MOST_DIGITS = 45
"""The digits shown of an irrational number."""


class Range(NamedTuple):
    """The range of g: two ends, with brackets that say whether g takes these values."""

    low: End
    high: End
    brackets: str = "()"
    gaps: tuple[tuple[Fraction, Fraction], ...] = ()
    """Pairs of numbers between which g takes no value because of a jump."""
    gap_brackets: tuple[str, ...] = ()
    """The brackets of each gap as an interval: ``[]`` if the gap contains its ends, ``()`` if it does not."""

    def holds(self, a: End) -> bool:
        """Whether ``a`` lies in the range or is an end of it."""
        return self.low <= a <= self.high and not any(low < a < high for low, high in self.gaps)

    def __str__(self) -> str:
        return self.text()

    def text(self, digits: int = MOST_DIGITS) -> str:
        """The range as text, with irrational ends shown to ``digits`` digits."""
        text = _interval_text(self.brackets, self.low, self.high, digits)
        gaps = " and ".join(
            _interval_text(brackets, low, high, digits)
            for (low, high), brackets in zip(self.gaps, self.gap_brackets, strict=True)
        )
        return f"{text} without {gaps}" if gaps else text


def _interval_text(brackets: str, low: End, high: End, digits: int) -> str:
    return f"{brackets[0]}{end_text(low, digits)}, {end_text(high, digits)}{brackets[1]}"


def end_text(end: End, digits: int = MOST_DIGITS) -> str:
    """The end of a range in full, or to ``digits`` digits if it is irrational.

    Irrational ends are stored with more digits than are ever shown.
    """
    text = exact_text(end)
    if len(text) <= MOST_DIGITS or isinstance(end, float):
        return text
    from actcalc.numbers.digits import Digits  # needed by `show` only

    return decimal_text(Digits(digits).round_exact(Fraction(end)))


Parameters = Any  # a SimpleNamespace of Fractions by parameter name, or None where ``none`` was given

T = TypeVar("T")
Fact: TypeAlias = T | Callable[[Parameters], T]
"""A fact about an activation, or a function that computes it from the parameters."""


def resolve(fact: Fact[T], parameters: Parameters) -> T:
    """The value of ``fact`` for these parameters."""
    found: T = fact(parameters) if callable(fact) else fact
    return found


class Declaration(NamedTuple):
    """The declaration of an activation, from which the rest of actcalc derives its behaviour.

    ``g`` and ``dg`` are the textbook formulas, as Python expressions in z and the parameters. Users see them,
    and the tests evaluate them as an independent check of ``pieces``, which give the same functions in a
    form without cancellation.

    Other code relies on the following properties, and a test checks them for each declaration:

    * Within a piece, on one side of 0, neither g nor g' changes its sign more than once. Where they are close
      to a number, as they are far out, they are monotone, so that neither crosses a power of two, or any
      other number, and returns: ``check`` concludes from the ends of a run to all of it. A function must
      therefore have an end of a piece wherever it turns, and parameters may move that point.
    * The limits at both infinities are exact, or have a thousand digits if they are irrational. The limits of
      straight lines are derived, all others are in ``ends``.
    * An irrational minimum or maximum is in ``range`` with at least a hundred digits, enough for every float
      format and for the forty-five digits that are shown.

    If the first property does not hold, as for a periodic function, ``settles_far_out`` is False.
    """

    name: str
    g: str
    dg: str
    pieces: Fact[Sequence[Piece]]
    range: Fact[Range]
    shortcut: Fact[Shortcut | str]
    """The slope in terms of a, or the reason why a does not determine it."""
    where: Mapping[str, str] = {}
    """The abbreviations used in ``g`` and ``dg``, with their meanings."""
    rewritten: Callable[[Parameters], tuple[str, str]] | None = None
    """Gives the texts ``g`` and ``dg`` for these parameters if they depend on them."""
    aliases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    constraint: Callable[[Parameters], bool] | None = None
    constraint_text: str = ""
    ends: Fact[tuple[tuple[End, End], tuple[End, End]] | None] = None
    """(g, g') at -inf and at +inf; omitted if the outermost pieces are straight lines."""
    activation: Callable[..., Any] | None = None
    """Constructs the activation from the declaration and its parameters; None stands for ``Activation``."""
    settles_far_out: bool = True
    """Whether ``check`` may conclude from the ends of a run to all of it, as described above."""
    slopes: Fact[Range | None] = None
    """The range of g' if it is periodic; otherwise it is derived from the pieces."""
    parity: Fact[Parity | None] = None
    monotone: Fact[Monotone | str] = ""
    """The monotonicity of g, or a text on where it rises and falls."""
    examples: tuple[Mapping[str, str], ...] = ()
    """Parameter settings, other than the defaults, for tests and ``verify --all``."""
    convex: Fact[bool] = False
    """Whether g is convex; given only if it has kinks and its pieces are not all straight lines."""
    variant: Fact[str] = ""
    """The function that this name means here, where frameworks disagree; it continues "NAME is"."""
    no_parameters: Mapping[str, str] = {}
    """Hints for words that are parameters elsewhere but not here."""
    source: str = ""
    """The paper or the framework that the function comes from."""
    derivation: Fact[str] = ""
    """The derivation of ``dg`` from ``g`` for learners, one step a line."""

    @property
    def title(self) -> str:
        """The quoted name for messages; a long formula is cut."""
        return quote(self.name)

    def write_out(self, text: str) -> str:
        """Expand the abbreviations in a formula, so that only z and the parameters are left."""
        for name, meaning in self.where.items():
            text = re.sub(rf"\b{name}\b", f"({meaning})", text)
        return text
