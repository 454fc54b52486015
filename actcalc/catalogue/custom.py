"""A declaration from a formula in text."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any, Concatenate, NamedTuple, cast

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import INF, QUANTITIES, Declaration, Parameter, Piece, Quantity, Range
from actcalc.activations.parameters import bind
from actcalc.arithmetic.exact import Formula, enclose
from actcalc.arithmetic.maths import Maths, R
from actcalc.arithmetic.rational import RATIONAL, NotRational, Undefined, exact_root
from actcalc.arithmetic.series import Series, derivative
from actcalc.catalogue.forms import gaussian, tanh_above, tanh_below
from actcalc.errors import ActcalcError, UnsettledError, quoted
from actcalc.input.formulas import CONSTANTS, Arity, Node, names_in, parse_formula


def _sinh(m: Maths[R], x: R) -> R:
    grown = m.expm1(x)
    return (grown + grown / (1 + grown)) / 2


def _tanh(m: Maths[R], x: R) -> R:
    return tanh_below(m, x) if m.sign(x) <= 0 else tanh_above(m, x)


def _largest(m: Maths[R], *xs: R) -> R:
    best = xs[0]
    for x in xs[1:]:
        best = x if m.sign(best - x) < 0 else best
    return best


def _least(m: Maths[R], *xs: R) -> R:
    return -_largest(m, *(-x for x in xs))


FUNCTIONS: Mapping[str, Formula] = {
    "exp": lambda m, x: m.exp(x),
    "expm1": lambda m, x: m.expm1(x),
    "log": lambda m, x: m.log(x),
    "log1p": lambda m, x: m.log1p(x),
    "sqrt": lambda m, x: m.sqrt(x),
    "sin": lambda m, x: m.sin(x),
    "cos": lambda m, x: m.cos(x),
    "sinh": _sinh,
    "cosh": lambda m, x: (m.exp(x) + m.exp(-x)) / 2,
    "tanh": _tanh,
    "atan": lambda m, x: m.atan(x),
    "erf": lambda m, x: m.erf(x),
    "erfc": lambda m, x: m.erfc(x),
    "Phi": lambda m, x: m.normal(x),
    "phi": gaussian,
    "abs": lambda m, x: -x if m.sign(x) < 0 else x,
}
"""The functions of one number that a formula can call."""

CHOICES: Mapping[str, Callable[Concatenate[Maths[Any], ...], Any]] = {"min": _least, "max": _largest}
"""And those of two numbers, or more."""
_MOST_CHOICES = 50


Activations = Callable[[str], Declaration | None]
"""Finds an activation of the catalogue by its name."""


def _parsed(text: str, catalogue: Activations) -> Node:
    def arities(name: str) -> Arity | None:
        if name in FUNCTIONS:
            return 1, 1, 1
        if name in CHOICES:
            return 2, _MOST_CHOICES, 1
        return None if catalogue(name) is None else (1, 1, _power_reached(name, catalogue))

    return parse_formula(text, arities)


@cache
def _power_reached(name: str, catalogue: Activations) -> int:
    """The greatest power of z in the pieces of an activation that are polynomials."""
    z, powers = Fraction(10**100), [1]
    with suppress(ActcalcError):  # one without defaults
        for piece in _pieces(name, (), catalogue):
            with suppress(NotRational):
                powers.append(round(Fraction(piece.g(RATIONAL, z)).numerator.bit_length() / 332))
    return max(powers)


def declare(text: str, given: Mapping[str, Any], catalogue: Activations) -> Declaration:
    """The declaration of the formula ``text``, with as parameters the names ``given`` values.

    Raises ActcalcError for what is no formula, and for a name without a value.
    """

    for name in given:
        if name in (*FUNCTIONS, *CHOICES, *CONSTANTS) or name == "z":
            raise ActcalcError(f"a parameter cannot be called {name}: that is taken in formulas")
    text = re.sub(r"\s", " ", text).strip()
    tree = _parsed(text, catalogue)
    parameters = sorted(names_in(tree) - {"z", *CONSTANTS})
    missing = [name for name in parameters if name not in given]
    if missing:
        raise ActcalcError(
            f"formula {quoted(text)}: {missing[0]} has no value", f"give it one: -p {missing[0]}=1"
        )

    def piece(p: Any) -> tuple[FromValue]:
        formula = _formula(tree, vars(p), catalogue)
        return (FromValue(formula, derivative(formula, 1)),)

    is_smooth = all(map(_is_smooth, _parts(tree)))

    def switches(p: Any, z: Fraction) -> bool:
        return not is_smooth and _meets_zero(tree, {**vars(p), "z": z}, catalogue)

    return Declaration(
        name=text,
        g=text,
        dg="",
        parameters=tuple(Parameter(name, None) for name in parameters),
        pieces=piece,
        switches=switches,
        range=Range(-INF, INF),
        shortcut="it is a formula, which does not say its inverse",
        ends=((_NAN, _NAN), (_NAN, _NAN)),
        settles_far_out=False,
    )


class Described(NamedTuple):
    """What can be said of a formula without evaluating it everywhere."""

    dg: str
    d2g: str
    kinks: tuple[Fraction, ...]
    """Where what switches is a fraction and linear in z, and a derivative jumps."""
    near: tuple[float, ...]
    """Other places in [-10, 10] where something switches, found by looking; there may be more."""
    is_complete: bool
    """Whether these are all."""


_MOST_LOOKED_AT = 8
"""Parts of a formula whose sign is followed through a range: each takes a while."""


def describe(f: Activation, catalogue: Activations) -> Described:
    """The derivatives of a formula as text, and where it has kinks."""
    from actcalc.catalogue.symbolic import derivative as derived
    from actcalc.catalogue.symbolic import written

    tree = _parsed(f.name, catalogue)
    slope = derived(tree)
    kinks: set[Fraction] = set()
    near: set[float] = set()
    looked_at = 0
    for what in dict.fromkeys(_switching(tree, catalogue)):
        formula = _formula(what, f.parameters, catalogue)
        root = _linear_root(formula)
        if root is None:
            looked_at += 1
            if looked_at <= _MOST_LOOKED_AT:
                near |= set(_sign_changes(formula))
        elif root and f.kink_at_or_none(root[0], "dg") is not None:
            kinks.add(root[0])
    return Described(
        written(slope), written(derived(slope)), tuple(sorted(kinks)), tuple(sorted(near)), not looked_at
    )


def _switching(node: Node, catalogue: Activations) -> Iterator[Node]:
    """What a formula asks the sign of."""
    parts = node.parts
    for part in parts:
        yield from _switching(part, catalogue)
    if node.kind in _COMPARED:
        yield Node("-", parts)
    elif node.kind == "call" and node.name == "abs":
        yield parts[0]
    elif node.kind == "call" and node.name in CHOICES:
        yield from (Node("-", (x, y)) for i, x in enumerate(parts) for y in parts[i + 1 :])
    elif node.kind == "call" and node.name not in FUNCTIONS:
        for piece in _pieces(node.name, node.keywords, catalogue)[:-1]:
            yield Node("-", (parts[0], Node("number", number=Fraction(piece.upto or 0))))


def _linear_root(formula: Formula) -> tuple[Fraction, ...] | None:
    """The zero of a formula that is a fraction and linear in z, if it has one; None if it is not so."""
    try:
        values = [Fraction(formula(RATIONAL, Fraction(z))) for z in (0, 1, -7, 13, 1000)]
    except (NotRational, Undefined, ZeroDivisionError):
        return None
    slope = values[1] - values[0]
    if values[2:] != [values[0] + slope * z for z in (-7, 13, 1000)]:
        return None
    return (-values[0] / slope,) if slope else ()


def _sign_changes(formula: Formula) -> Iterator[float]:
    """Where a formula changes its sign between points of a grid."""

    def sign(z: Fraction) -> int:
        with suppress(Undefined, ZeroDivisionError):
            bounds = enclose(formula, z, 30)
            if bounds is not None:
                return int(bounds.low >= 0) - int(bounds.high <= 0)
        return 0

    # Not at simple numbers, where it may be 0.
    grid = [Fraction(k * 1003 + 17, 20_000) for k in range(-199, 200)]
    for low, high in pairwise(grid):
        before, after = sign(low), sign(high)
        if before * after < 0:
            while high - low > Fraction(1, 10**14):
                middle = (low + high) / 2
                low, high = (middle, high) if sign(middle) == before else (low, middle)
            yield float(f"{float(low):.10g}")


_NAN = float("nan")
_MOST_TERMS = len(QUANTITIES) - 1


class FromValue(Piece):
    """A piece of which only g is known: all derivatives come from it, and limits from either ``side``."""

    __slots__ = ()

    def formula(self, of: Quantity, side: int = 0) -> Formula:
        order = QUANTITIES.index(of)
        if side == 0:
            return derivative(self.g, order)
        return derivative(self.g, order, side, terms=_MOST_TERMS)


def _parts(node: Node) -> Iterator[Node]:
    """All nodes of a formula."""
    yield node
    for part in node.parts:
        yield from _parts(part)


def _is_smooth(node: Node) -> bool:
    """Whether it goes no two ways that differ, and takes no root, which may have a kink where it is 0."""
    if node.kind == "call":
        return node.name in FUNCTIONS and node.name not in ("abs", "sqrt")
    return node.kind not in _COMPARED and (node.kind != "**" or node.number.denominator == 1)


class _Watched:
    """An arithmetic that notes whether a formula asks for the sign of 0, or for its root."""

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


def _meets_zero(tree: Node, names: Mapping[str, Any], catalogue: Activations) -> bool:
    """Whether a part of a formula switches at z. Each is evaluated by itself: one hides none behind it."""
    return any(not _is_smooth(part) and _switches(part, names, catalogue) for part in _parts(tree))


def _switches(part: Node, names: Mapping[str, Any], catalogue: Activations) -> bool:
    """Whether it does as fractions, else as far as digits tell, and where these do not, in symbols."""
    for m in map(_Watched, _arithmetics()):
        try:
            _evaluate(part, cast(Maths[Any], m), names, catalogue)
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


def _evaluate(node: Node, m: Maths[Any], names: Mapping[str, Any], catalogue: Activations) -> Any:
    """The value of a number, or whether a condition holds."""
    if node.kind in _COMPARED:
        return _holds(node, m, lambda part: _value(part, m, names, catalogue))
    return _value(node, m, names, catalogue)


def _formula(tree: Node, parameters: Mapping[str, Fraction], catalogue: Activations) -> Formula:
    def formula(m: Maths[Any], z: Any) -> Any:
        return _value(tree, m, {**parameters, "z": z}, catalogue)

    return formula


def _value(node: Node, m: Maths[Any], names: Mapping[str, Any], catalogue: Activations) -> Any:
    def of(part: Node) -> Any:
        return _value(part, m, names, catalogue)

    parts = node.parts
    match node.kind:
        case "number":
            return node.number
        case "name":
            if node.name in names:
                return names[node.name]
            return m.pi if node.name == "pi" else m.exp(Fraction(1))
        case "+":
            return of(parts[0]) + of(parts[1])
        case "-":
            return of(parts[0]) - of(parts[1])
        case "*":
            return of(parts[0]) * of(parts[1])
        case "/":
            return _quotient(of(parts[0]), of(parts[1]))
        case "negative":
            return -of(parts[0])
        case "**" if node.number.denominator > 1 and (square := _even_power(parts[0])):
            return _root_of_even(m, of(square[0]), square[1] * node.number)
        case "call" if node.name == "sqrt" and (square := _even_power(parts[0])):
            return _root_of_even(m, of(square[0]), square[1] / 2)
        case "**":
            return _power(m, of(parts[0]), node.number)
        case "if":
            return of(parts[1] if _holds(parts[0], m, of) else parts[2])
        case "call" if node.name in FUNCTIONS:
            return FUNCTIONS[node.name](m, of(parts[0]))
        case "call" if node.name in CHOICES:
            return CHOICES[node.name](m, *map(of, parts))
        case "call":
            return _activation(node, m, of(parts[0]), catalogue)
    raise AssertionError(f"a condition stands where a formula needs a number: {node.kind}")


def _even_power(node: Node) -> tuple[Node, Fraction] | None:
    """Of what a number is an even power, and which one."""
    if node.kind == "*" and node.parts[0] == node.parts[1]:
        return node.parts[0], Fraction(2)
    if node.kind == "**" and node.number > 0 and node.number % 2 == 0:
        return node.parts[0], node.number
    return None


def _root_of_even(m: Maths[Any], x: Any, exponent: Fraction) -> Any:
    """The root of an even power is a power of the size: nothing cancels, and at 0 it is known to bend."""
    return _power(m, FUNCTIONS["abs"](m, x), exponent)


def _quotient(x: Any, y: Any) -> Any:
    try:
        return x / y
    except ZeroDivisionError:
        raise Undefined("division by 0") from None


def _power(m: Maths[Any], x: Any, exponent: Fraction) -> Any:
    if exponent == 0:
        return x * 0 + 1  # where x has a value
    if exponent.denominator == 1:
        power = x ** abs(int(exponent))
        return power if exponent > 0 else _quotient(Fraction(1), power)
    if exponent.denominator == 2:
        return _power(m, m.sqrt(x), exponent * 2)
    if exponent < 0:
        return _quotient(Fraction(1), _power(m, x, -exponent))
    if isinstance(x, Series):
        return x.m.power(x, exponent, lambda a: _power(x.m.base, a, exponent))
    if isinstance(x, Fraction) and x > 0 and (root := exact_root(x, exponent.denominator)) is not None:
        return root**exponent.numerator
    return Fraction(0) if m.sign(x) == 0 else m.exp(exponent * m.log(x))


def _holds(node: Node, m: Maths[Any], of: Callable[[Node], Any]) -> bool:
    parts = node.parts
    match node.kind:
        case "and":
            return all(_holds(part, m, of) for part in parts)
        case "or":
            return any(_holds(part, m, of) for part in parts)
        case "not":
            return not _holds(parts[0], m, of)
        case kind if kind in _COMPARED:
            return _COMPARED[kind](_side(m, of(parts[0]) - of(parts[1])))
    raise AssertionError(f"a number stands where a formula needs a condition: {node.kind}")


def _side(m: Maths[Any], x: Any) -> int:
    """The sign of x, which decides between two branches that need not meet.

    Raises UnsettledError where not even the longest series tells which of them lies ahead.
    """
    sign = m.sign(x)
    if sign == 0 and isinstance(x, Series) and x.m.order >= _MOST_TERMS and x.degree > x.m.order:
        raise UnsettledError("a condition is open up to the last term of its series")
    return sign


_COMPARED: Mapping[str, Callable[[int], bool]] = {
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
    "==": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
}


def _activation(node: Node, m: Maths[Any], x: Any, catalogue: Activations) -> Any:
    """An activation of the catalogue: the formula of the piece that x lies in."""
    declared = catalogue(node.name)
    assert declared is not None
    pieces = _pieces(declared.name, node.keywords, catalogue)
    for piece in pieces[:-1]:
        assert piece.upto is not None
        beyond = _side(m, x - Fraction(piece.upto))
        if beyond < 0 or (beyond == 0 and not piece.excluding):
            break
    else:
        piece = pieces[-1]
    value = piece.g(m, x)
    return Fraction(value) if isinstance(value, int) else value


@cache
def _pieces(
    name: str, keywords: tuple[tuple[str, Fraction], ...], catalogue: Activations
) -> tuple[Piece, ...]:
    declared = catalogue(name)
    assert declared is not None
    return bind(declared, dict(keywords)).pieces
