"""Recognize formulas that equal a function of the catalogue, by their values and then symbolically.

Equal values to sixty digits at a dozen points that are not simple numbers leave no doubt; a symbolic proof
follows where it succeeds.
"""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise, product
from typing import NamedTuple

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.arithmetic.algebra import Algebra, Operand, Quotient
from actcalc.arithmetic.exact import Formula, evaluate
from actcalc.arithmetic.formulas import Node, names_in
from actcalc.arithmetic.interval import Interval, Intervals
from actcalc.arithmetic.rational import NotRational, Undefined
from actcalc.catalogue import lookup
from actcalc.catalogue.custom import FormulaActivation, linear_root, tree_of
from actcalc.catalogue.trees import CHOICES, formula_of, nodes_of, questions_of
from actcalc.errors import ActcalcError
from actcalc.numbers.digits import Digits

_SIXTY = Digits(60)
_POINTS = [
    *(Fraction(n, 7) for n in (-40, -19, -8, -3, 2, 6, 11, 23, 43, 101)),
    *(Fraction(-1, 13), Fraction(1, 11)),
]
_WORK = 1e8
"""The limit on the work for one value of a formula, whose rounding might stay undecided."""


class Recognition(NamedTuple):
    """A function of the catalogue: g or g' of an activation with its defaults."""

    f: Activation
    of: Quantity
    is_proved: bool
    """Whether equality is proved symbolically, not only shown by values."""

    @property
    def text(self) -> str:
        """The name of the function in words."""
        return self.f.name if self.of == "g" else f"the slope of {self.f.name}"

    @property
    def evidence(self) -> str:
        """The evidence for the equality, in words."""
        return "proved in symbols" if self.is_proved else "to sixty digits at a dozen points"


def recognise(f: Activation, of: Quantity = "g") -> Recognition | None:
    """The first g or g' of the catalogue that equals a formula, or its slope; None if there is none."""
    assert isinstance(f, FormulaActivation)
    try:
        values = [evaluate(f.piece.formula(of), z, _SIXTY, _WORK) for z in _POINTS]
        for known, which in _known():
            if all(_value(known, which, z) == value for z, value in zip(_POINTS, values, strict=True)):
                ends = {Fraction(0), *(Fraction(piece.upto) for piece in known.pieces[:-1] if piece.upto)}
                if all(_value(known, which, z) == _value(f, of, z) for z in ends):
                    return Recognition(known, which, _is_proved(f, of, known, which))
    except (Undefined, ZeroDivisionError, ActcalcError):  # undefined or undecided at a point
        pass
    return None


def _known() -> Iterator[tuple[Activation, Quantity]]:
    """The g, then the g', of all activations that have defaults."""
    fs = [f for f in lookup.one_of_each() if all(p.default is not None for p in f.declaration.parameters)]
    yield from ((f, "g") for f in fs)
    yield from ((f, "dg") for f in fs)


def _value(f: Activation, of: Quantity, z: Fraction) -> Decimal | None:
    return f.derivative_at(z, of, _SIXTY, "nan")


# In symbols


class _Nearby(Algebra):
    """Symbolic arithmetic in which z is a symbol known only to lie between two bounds."""

    def __init__(self, low: Fraction, high: Fraction) -> None:
        super().__init__()
        self.bounds = low, high
        self.z = self.symbol("z")

    def _enclose_power(self, m: Intervals, name: str, of: object, power: Fraction) -> Interval:
        if name != "z":
            return super()._enclose_power(m, name, of, power)
        low, high = map(m.number, self.bounds)
        value = m.between(low.low, high.high) ** abs(int(power))
        return value if power > 0 else 1 / value


def _is_proved(f: FormulaActivation, of: Quantity, known: Activation, which: Quantity) -> bool:
    """Whether both are symbolically equal between all places where one of them may switch.

    Both are analytic between these places, so that equality near one point extends to the whole interval.
    """
    ends = {Fraction(0), *(Fraction(piece.upto) for piece in known.pieces if piece.upto is not None)}
    for question in _questions(f.tree):
        root = linear_root(formula_of(question, f.parameters))
        if root is None:
            return False
        ends.update(root)
    written = known.textbook_g if which == "g" else known.textbook_dg
    textbook = formula_of(tree_of(written, known.parameters), known.parameters)
    middles = [(low + high) / 2 for low, high in pairwise(sorted(ends))]
    for z in (min(ends) - 1, *middles, max(ends) + 1):
        near = min([abs(z - end) for end in ends]) / 1000
        others = [known.piece_at(z).formula(which), textbook]
        if not any(_is_zero(f.piece.formula(of), other, z - near, z + near) for other in others):
            return False
    return True


def _questions(tree: Node) -> Iterator[Node]:
    """Formulas without choices; only at their zeros may the tree switch or fail to be smooth."""
    roots = (node.parts[0] for node in nodes_of(tree) if node.kind in ("call", "**") and _is_root(node))
    yield from (way for part in (*questions_of(tree), *roots) for way in _ways(part) if "z" in names_in(way))


def _ways(node: Node) -> Iterator[Node]:
    """All formulas without choices that a formula becomes, depending on how its choices turn out."""
    parts = node.parts
    if node.kind == "call" and node.name in CHOICES:
        yield from (way for part in parts for way in _ways(part))
    elif node.kind == "if":
        yield from (way for part in parts[1:] for way in _ways(part))
    elif node.kind == "call" and node.name == "abs":
        yield from (way for part in (parts[0], Node("negative", parts)) for way in _ways(part))
    else:
        yield from (node._replace(parts=ways) for ways in product(*map(_ways, parts)))


def _is_root(node: Node) -> bool:
    return node.name == "sqrt" or (node.kind == "**" and node.number.denominator > 1)


def _is_zero(one: Formula, other: Formula, low: Fraction, high: Fraction) -> bool:
    m = _Nearby(low, high)
    try:
        difference: Operand = one(m, m.z) - other(m, m.z)
    except (NotRational, ArithmeticError, ValueError, ActcalcError):
        return False
    return not isinstance(difference, Quotient) and difference == 0
