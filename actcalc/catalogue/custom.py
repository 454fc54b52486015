"""Activations given as the text of a formula for g, from which everything else is derived."""

import copyreg
import math
from collections.abc import Collection, Container, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from functools import cache, cached_property, partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import INF, QUANTITIES, Declaration, Parameter, Piece, Quantity, Range
from actcalc.activations.kinks import Kink, kink_between
from actcalc.activations.parameters import bind, known_parameters
from actcalc.arithmetic.exact import (
    WORK,
    Formula,
    Rounded,
    Rounding,
    enclose,
    enclose_beyond,
    evaluate,
    sign_of,
)
from actcalc.arithmetic.formulas import (
    CONSTANTS,
    HIGHEST,
    Callee,
    Node,
    constant_of,
    names_in,
    parse_formula,
    reach_of,
)
from actcalc.arithmetic.jets import beside, derivative
from actcalc.arithmetic.maths import Maths
from actcalc.arithmetic.rational import RATIONAL, NotRational, Undefined
from actcalc.arithmetic.spelling import Typed, explain_names, spell
from actcalc.catalogue import lookup
from actcalc.catalogue.trees import (
    CHOICES,
    COMPARED,
    FUNCTIONS,
    MOST_TERMS,
    Evaluator,
    formula_of,
    is_smooth,
    nodes_of,
    pieces_of,
    questions_of,
)
from actcalc.errors import ActcalcError, UnsettledError, quote
from actcalc.numbers.numerals import exact_text

if TYPE_CHECKING:
    from actcalc.numbers.roundings import Rounder

_MOST_CHOICES = 50


@cache
def _callee(name: str) -> Callee | None:
    """The function of this name, if a formula can call it."""
    if name in FUNCTIONS:
        return Callee(1, 1)
    if name in CHOICES:
        return Callee(2, _MOST_CHOICES)
    declared = lookup.find(name)
    if declared is None:
        lookup.refuse(name)
        return None
    names = tuple(parameter.name for parameter in declared.parameters)
    return Callee(1, 1, _greatest_power(name), names, _said_elsewhere(declared))


def _known_functions() -> Iterator[str]:
    yield from (*FUNCTIONS, *CHOICES)
    yield from lookup.names()


DIFFERENT_ELSEWHERE = (
    *("gelu", "gelu_tanh", "leaky_relu", "rrelu", "hard_sigmoid", "softplus", "shrink", "softcap"),
    *("scaled_tanh", "gaussian", "star_relu", "xielu", "situ", "dyt"),
)
"""Activations whose names mean different functions in different libraries unless parameters are given."""


def _said_elsewhere(declared: Declaration) -> str:
    """A note if libraries mean different functions by the name of an activation, else ``""``."""
    if declared.name not in DIFFERENT_ELSEWHERE:
        return ""
    f = bind(declared, {})
    meant = f.variant or "with " + known_parameters(declared).partition(": ")[2]
    return f"libraries differ: write {f.name}(z), {meant}"


@cache
def _greatest_power(name: str) -> int:
    """The highest power of z in the pieces of an activation that are polynomials."""
    z, powers = Fraction(10**100), [1]
    with suppress(ActcalcError):  # an activation without defaults
        for piece in pieces_of(name, ()):
            with suppress(NotRational):
                powers.append(round(Fraction(piece.g(RATIONAL, z)).numerator.bit_length() / 332))
    return max(powers)


def tree_of(text: str, names: Container[str]) -> Node:
    """The tree of a formula in which ``names`` stand for numbers, even if they also name functions."""
    return parse_formula(Typed.plain(text), lambda name: None if name in names else _callee(name))


def declare(text: str, given: Collection[str]) -> Declaration:
    """Declare the formula ``text``; its parameters are those of the names ``given`` that occur in it.

    Raises ActcalcError for text that is not a formula, and for a name without a value.
    """
    for name in given:
        if name in (*FUNCTIONS, *CHOICES, *CONSTANTS) or name == "z":
            raise ActcalcError(f"a parameter cannot be called {name}: formulas use this name otherwise")
    formula = spell(text, given)
    tree = parse_formula(formula, _callee, _known_functions())
    for node in nodes_of(tree):
        if node.kind == "call" and node.keywords:
            pieces_of(node.name, node.keywords)  # raises if there is no such parameter
    names = names_in(tree)
    parameters = sorted(names - {"z", *CONSTANTS})
    if missing := [name for name in parameters if name not in given]:
        message, hint = explain_names(missing, formula.text, "z" in names)
        raise ActcalcError(f"formula {quote(formula.typed)}: {message}", hint)
    if "z" not in names:
        raise ActcalcError(
            f"formula {quote(formula.typed)}: z does not occur in it",
            "z is the variable: sigmoid(z), 0*z + 1",
        )
    return Declaration(
        name=formula.text,
        g=formula.text,
        dg="",
        parameters=tuple(Parameter(name, None) for name in parameters),
        pieces=(),
        activation=partial(FormulaActivation, tree, formula.variable),
        range=Range(-INF, INF),
        shortcut="it is a formula, whose inverse is unknown",
        ends=((_NAN, _NAN), (_NAN, _NAN)),
        settles_far_out=False,
    )


_NAN = float("nan")
_BEYOND = Decimal("1e400")
"""More than the largest float."""


class FormulaActivation(Activation):
    """An activation given as the text of a formula, with values for its parameters.

    It has a single piece, which switches wherever its parts do. Therefore its kinks are found at one z at a
    time, it may be undefined, and its limits are those that interval arithmetic can prove.
    """

    is_declared = False
    NOT_SETTLED = "undecided even with hundreds of digits"
    NO_LIMIT = "its limit is unknown"

    def __init__(self, tree: Node, variable: str, *bound: Any) -> None:
        super().__init__(*bound)
        self.tree = _with_exponents(tree, self)
        self.variable = variable
        if reach_of(self.tree, _callee) > HIGHEST:
            raise ActcalcError(f"formula {self.declaration.title}: powers above {HIGHEST} are not supported")

    @cached_property
    def piece(self) -> "FromValue":
        formula = formula_of(self.tree, self.parameters)
        return FromValue(formula, derivative(formula, 1))

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return (self.piece,)

    @cached_property
    def slopes(self) -> tuple[Node, Node]:
        """g' and g'' as trees, valid away from kinks."""
        from actcalc.arithmetic.simplification import simplify
        from actcalc.arithmetic.slopes import slope_of

        slope = simplify(slope_of(self.tree))
        return slope, simplify(slope_of(slope))

    @cached_property
    def _formula_texts(self) -> tuple[str, str]:
        from actcalc.arithmetic.slopes import format_formula

        return self.name, format_formula(self.slopes[0])

    @property
    def is_convex(self) -> bool:
        return False  # unknown

    @cached_property
    def _is_smooth(self) -> bool:
        return all(map(is_smooth, nodes_of(self.tree)))

    def switches_at(self, z: Fraction) -> bool:
        return not self._is_smooth and _meets_zero(self.tree, {**self.parameters, "z": z})

    def kink_at(self, z: Fraction, of: Quantity = "dg") -> Kink | None:
        return kink_between(self.piece, self.piece, z, of) if self.switches_at(z) else None

    def kinks_among(self, zs: Any, of: Quantity) -> list[Kink]:
        return [kink for z in zs if (kink := self.kink_at_or_none(Fraction(z), of)) is not None]

    def _derivative_at(
        self, z: Fraction, of: Quantity, rounding: Rounding[Rounded], at_kink: str
    ) -> Rounded | None:
        try:
            side = 0
            if of != "g" and self.switches_at(z):
                if (kink := self.kink_at(z, of)) is not None:
                    return kink.slope(rounding, at_kink)
                side = 1  # both sides are equal
            formula = self.piece.formula(of, side)
            return evaluate(formula, z, rounding, WORK)
        except (Undefined, ZeroDivisionError):
            return None

    def _gap_at(self, z: Fraction, of: Quantity) -> str:
        formula = self.piece.formula(of)
        try:
            with suppress(NotRational):
                formula(RATIONAL, z)
                return ""
            enclose(formula, z, 50)
        except Undefined as error:
            return str(error)
        except ZeroDivisionError:
            return "division by 0"
        except UnsettledError:  # the value is undecided, but it may exist
            pass
        return ""

    def limit(self, z: float, of: Quantity, rounding: Rounding[Rounded]) -> Rounded | float:
        low, high = self._bounds_beyond(z, of)
        if low > _BEYOND:
            return INF
        if high < -_BEYOND:
            return -INF
        rounded = rounding.round_between(low, high)
        return math.nan if rounded is None else rounded

    def _bounds_beyond(self, z: float, of: Quantity) -> tuple[Decimal, Decimal]:
        """Bounds on all values far out towards the infinity ``z``."""
        try:
            bounds = enclose_beyond(self.piece.formula(of), 1 if z > 0 else -1)
        except UnsettledError:
            raise self._unsettled_error(z) from None
        return bounds or (Decimal("-Infinity"), Decimal("Infinity"))

    def _end_float(self, z: float, of: Quantity, target: "Rounder") -> float:
        limit = self._limit_float(z, of, target)
        # The limit may equal a bound, which directions other than nearest may round to another value.
        is_certain = not math.isfinite(limit) or all(
            target.round_exact(bound) == limit for bound in self._bounds_beyond(z, of)
        )
        return limit if is_certain else self._no_value(f"z = {z}", target)

    def _zero_below(self, zero: float, of: Quantity) -> float:
        return -0.0 if self._sign_below_zero(of) < 0 else zero

    def _sign_below_zero(self, of: Quantity) -> int:
        """The sign of the function just below 0, or 0 if it is unknown."""
        g, zero = self.piece.g, Fraction(0)
        if of == "g" and (sign := sign_of(g, zero)):
            return sign
        for terms in (8, 64):
            try:
                if sign := sign_of(beside(g, QUANTITIES.index(of), -1, terms), zero):
                    return sign
            except (Undefined, ZeroDivisionError):
                break
        return 0


def _with_exponents(node: Node, f: Activation) -> Node:
    """The tree with numbers in place of exponents that contain parameters.

    Raises ActcalcError for an exponent that is too large, and for a base that is not positive.
    """
    node = node._replace(parts=tuple(_with_exponents(part, f) for part in node.parts))
    if node.kind != "^":
        return node
    base, exponent = (_with(part, _numbers(f.parameters)) for part in node.parts)
    value, number = constant_of(exponent), constant_of(base)
    where = f"formula {f.declaration.title}"
    if value is not None:
        if max(abs(value.numerator), value.denominator) > HIGHEST:
            raise ActcalcError(f"{where}: exponents above {HIGHEST} are not supported")
        return Node("**", node.parts[:1], number=value)
    if number is not None and number <= 0:
        raise ActcalcError(
            f"{where}: a power with z in its exponent needs a positive base, not {exact_text(number)}"
        )
    return node


def _with(node: Node, names: Mapping[str, Node]) -> Node:
    """The tree with names replaced by other trees."""
    if node.kind == "name" and node.name in names:
        return names[node.name]
    return node._replace(parts=tuple(_with(part, names) for part in node.parts))


def without_activations(f: FormulaActivation) -> Activation:
    """The formula with each activation in it replaced by its textbook formula."""
    tree = _textbook(f.tree)
    return f if tree == f.tree else rewritten(f, tree)


def rewritten(f: FormulaActivation, tree: Node) -> FormulaActivation:
    """Make a formula of another tree with the parameters of ``f``.

    Raises ActcalcError if the tree cannot be written as text.
    """
    from actcalc.arithmetic.slopes import format_formula

    text = format_formula(tree)
    own = {name: value for name, value in f.texts.items() if name in names_in(tree)}
    found = bind(declare(text, own), own, text)
    assert isinstance(found, FormulaActivation)
    return found


def _textbook(node: Node) -> Node:
    node = node._replace(parts=tuple(map(_textbook, node.parts)))
    if node.kind != "call" or node.name in FUNCTIONS or node.name in CHOICES:
        return node
    f = bind(lookup.declaration(node.name), dict(node.keywords))
    return _with(tree_of(f.textbook_g, {*f.parameters, "z"}), {**_numbers(f.parameters), "z": node.parts[0]})


def _numbers(parameters: Mapping[str, Fraction]) -> dict[str, Node]:
    return {name: Node("number", number=value) for name, value in parameters.items()}


def _reduce(f: FormulaActivation) -> tuple[Any, tuple[Any, ...]]:
    return _restore, (f.name, f.texts, f.label, f.given)


def _restore(text: str, texts: Mapping[str, str], label: str, given: frozenset[str]) -> Activation:
    f = bind(declare(text, texts), texts, label)
    f.given = given
    return f


copyreg.pickle(FormulaActivation, _reduce)


class Description(NamedTuple):
    """Facts about a formula: derivatives as text, and where it switches."""

    dg: str
    d2g: str
    kinks: tuple[Fraction, ...]
    """The kinks at zeros of parts that are linear in z."""
    near: tuple[float, ...]
    """Other places in [-10, 10] where a part changes its sign, found by a search that may miss some."""
    is_complete: bool
    """Whether ``kinks`` are all of the kinks."""


_MOST_LOOKED_AT = 8
"""The most parts of a formula whose sign changes are searched for; each takes a while."""


def describe(f: Activation) -> Description:
    """The derivatives of a formula as text, and where it has kinks."""
    from actcalc.arithmetic.slopes import format_formula

    assert isinstance(f, FormulaActivation)
    kinks: set[Fraction] = set()
    near: set[float] = set()
    looked_at = 0
    for what in dict.fromkeys(questions_of(f.tree)):
        formula = formula_of(what, f.parameters)
        root = linear_root(formula)
        if root is None:
            looked_at += 1
            if looked_at <= _MOST_LOOKED_AT:
                near |= set(_sign_changes(formula))
        elif root and f.kink_at_or_none(root[0], "dg") is not None:
            kinks.add(root[0])
    d2g = format_formula(f.slopes[1])
    return Description(f.dg_text, d2g, tuple(sorted(kinks)), tuple(sorted(near)), not looked_at)


def linear_root(formula: Formula) -> tuple[Fraction, ...] | None:
    """The zero, if any, of a formula that is linear in z with rational values; None for other formulas."""
    try:
        values = [Fraction(formula(RATIONAL, Fraction(z))) for z in (0, 1, -7, 13, 1000)]
    except (NotRational, Undefined, ZeroDivisionError):
        return None
    slope = values[1] - values[0]
    if values[2:] != [values[0] + slope * z for z in (-7, 13, 1000)]:
        return None
    return (-values[0] / slope,) if slope else ()


def _sign_changes(formula: Formula) -> Iterator[float]:
    """The places where a formula changes its sign between points of a grid."""

    def sign(z: Fraction) -> int:
        with suppress(Undefined, ZeroDivisionError):
            bounds = enclose(formula, z, 30)
            if bounds is not None:
                return int(bounds.low >= 0) - int(bounds.high <= 0)
        return 0

    # The grid avoids simple numbers, where the formula may be 0.
    grid = [Fraction(k * 1003 + 17, 20_000) for k in range(-199, 200)]
    for low, high in pairwise(grid):
        before, after = sign(low), sign(high)
        if before * after < 0:
            while high - low > Fraction(1, 10**14):
                middle = (low + high) / 2
                low, high = (middle, high) if sign(middle) == before else (low, middle)
            yield float(f"{float(low):.10g}")


class FromValue(Piece):
    """A piece given by g alone, from which all derivatives and one-sided limits are computed."""

    __slots__ = ()

    def formula(self, of: Quantity, side: int = 0) -> Formula:
        order = QUANTITIES.index(of)
        if side == 0:
            return derivative(self.g, order)
        return derivative(self.g, order, side, terms=MOST_TERMS)


class _Watch:
    """An arithmetic that notes whether a formula asks for the sign or the square root of 0."""

    def __init__(self, m: Maths[Any]) -> None:
        self._m = m
        self.has_met_zero = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._m, name)

    def sign(self, x: Any) -> int:
        sign = self._m.sign(x)
        self.has_met_zero |= sign == 0
        return sign

    def sqrt(self, x: Any) -> Any:
        self.sign(x)
        return self._m.sqrt(x)


def _meets_zero(tree: Node, names: dict[str, Any]) -> bool:
    """Whether a part of a formula switches at z; each part is evaluated separately, so none is skipped."""
    return any(not is_smooth(part) and _switches(part, names) for part in nodes_of(tree))


def _switches(part: Node, names: dict[str, Any]) -> bool:
    """Whether a part switches at z, decided in fractions, else in intervals, else in symbols."""
    for m in map(_Watch, _arithmetics()):
        evaluator = Evaluator(cast(Maths[Any], m), names)
        try:
            evaluator.holds(part) if part.kind in COMPARED else evaluator.value(part)
        except (Undefined, ZeroDivisionError):
            return m.has_met_zero
        except (NotRational, ArithmeticError):
            continue
        return m.has_met_zero
    return False


def _arithmetics() -> Iterator[Maths[Any]]:
    yield RATIONAL
    from actcalc.arithmetic.algebra import Algebra
    from actcalc.arithmetic.interval import with_digits

    yield with_digits(_WATCHED_DIGITS)
    yield Algebra()


_WATCHED_DIGITS = 40
