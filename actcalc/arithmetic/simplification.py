"""Simplify formulas as a person would: like terms are collected, and the shortest of several forms is taken.

A sum is treated as a list of terms, each a number times powers of factors; a factor is a name, a call, a
choice or a sum. Where a formula is defined, its simplified form has the same value; it may be defined
elsewhere, too, as for z/z.
"""

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from itertools import product
from math import gcd
from typing import NamedTuple

from actcalc.arithmetic.formulas import Node
from actcalc.arithmetic.rational import exact_root
from actcalc.arithmetic.slopes import ONE, ZERO, format_formula

_MOST_TERMS = 24
"""The most terms of a sum that is expanded."""
_MOST_NODES = 400
"""Larger formulas are left as they are, since nobody reads them."""
_SUMS = ("+", "-", "negative")
_HALF = Fraction(1, 2)
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class Term(NamedTuple):
    """A number times powers of factors."""

    number: Fraction
    factors: Mapping[Node, Fraction]

    def times(self, other: "Term") -> "Term":
        factors = dict(self.factors)
        for base, exponent in other.factors.items():
            factors[base] = factors.get(base, Fraction(0)) + exponent
        return _term_of(self.number * other.number, factors)

    def power(self, exponent: int) -> "Term":
        return _term_of(self.number**exponent, {base: e * exponent for base, e in self.factors.items()})


_NOTHING = Term(Fraction(1), {})


def _term_of(number: Fraction, factors: Mapping[Node, Fraction]) -> Term:
    """Make a term, with factors that cancel or are numbers removed."""
    found: dict[Node, Fraction] = {}
    for base, exponent in factors.items():
        if base.kind == "number":  # a power with a fractional exponent; its integer part is a number
            whole = int(exponent)
            number, exponent = number * base.number**whole, exponent - whole
        elif base.kind == "if" and exponent.denominator == 1 and (even := _of_choice(base, int(exponent))):
            number, exponent = number * even, Fraction(0)
        if exponent:
            found[base] = exponent
    for base in [base for base in found if base.kind == "if" and found[base] == 1]:
        _without_sign(found, base)
    for above, below, quotient in _QUOTIENTS:
        for base in [base for base in found if base.kind == "call" and base.name == above]:
            other = base._replace(name=below)
            while found.get(base, 0) >= 1 and found.get(other, 0) <= -1:
                for changed, by in ((base, -1), (other, 1), (base._replace(name=quotient), 1)):
                    found[changed] = found.get(changed, Fraction(0)) + by
    return Term(number, {base: exponent for base, exponent in found.items() if exponent})


_QUOTIENTS = (("sinh", "cosh", "tanh"), ("sin", "cos", "tan"))
_SQUARES = (("cosh", "sinh", 1), ("cos", "sin", -1))
"""Pairs of functions with f**2 - sign*g**2 == 1."""


def _of_choice(choice: Node, exponent: int) -> Fraction | None:
    """The power of a choice between two numbers, if it is the same for both; else None."""
    ways = [way.number for way in choice.parts[1:] if way.kind == "number" and (way.number or exponent > 0)]
    powers = {way**exponent for way in ways}
    return powers.pop() if len(ways) == 2 and len(powers) == 1 else None


def _without_sign(factors: dict[Node, Fraction], choice: Node) -> None:
    """Replace x * sign(x) by abs(x), and abs(x) * sign(x) by x, in place."""
    condition, *ways = choice.parts
    if condition.kind != ">" or ways != [ONE, _MINUS_ONE]:
        return
    x = _sum([*_terms(condition.parts[0]), *(_negated(term) for term in _terms(condition.parts[1]))])
    size = Node("call", (x,), "abs")
    for before, after in ((x, size), (size, x)):
        if factors.get(before, Fraction(0)) >= 1:
            for changed, by in ((before, -1), (after, 1), (choice, -1)):
                factors[changed] = factors.get(changed, Fraction(0)) + by
            return


_MINUS_ONE = Node("number", number=Fraction(-1))


def _negated(term: Term) -> Term:
    return Term(-term.number, term.factors)


def simplify(node: Node) -> Node:
    """The shortest form found of a formula; very long formulas are returned unchanged."""
    if sum(1 for _ in _nodes(node)) > _MOST_NODES:
        return node
    return _simplified(node)


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for part in node.parts:
        yield from _nodes(part)


def _simplified(node: Node) -> Node:
    inner = node._replace(parts=tuple(map(_simplified, node.parts)))
    match node.kind:
        case "+" | "-" | "negative":
            return _sum(_terms(inner))
        case "*" | "/":
            # The factored form of a sum may be longer, but cancel in the product.
            ways = [
                [part, _factored(_gathered(_terms(_with_simple_parts(raw))))] if raw.kind in _SUMS else [part]
                for raw, part in zip(node.parts, inner.parts, strict=True)
            ]
            return _shortest(_product(node._replace(parts=parts)) for parts in product(*ways))
        case "**":
            return _product(inner)
        case "call" if node.name == "sqrt":
            return _product(inner)
        case "if":
            return _choice(inner)
        case "<" | "<=" | ">" | ">=" | "==" | "!=":
            return _comparison(inner)
    return inner


def _with_simple_parts(node: Node) -> Node:
    return node._replace(parts=tuple(map(_simplified, node.parts)))


def _shortest(candidates: Iterable[Node]) -> Node:
    """The candidate with the shortest text, where high powers count for more than their digits."""
    return min(candidates, key=_length)


def _length(node: Node) -> Fraction:
    powers = sum((abs(part.number) for part in _nodes(node) if part.kind == "**"), Fraction(0))
    return len(format_formula(node)) + 2 * powers


# Products


def _term(node: Node) -> Term:
    """A formula as a single term."""
    parts = node.parts
    match node.kind:
        case "number":
            return Term(node.number, {})
        case "negative":
            term = _term(parts[0])
            return Term(-term.number, term.factors)
        case "*":
            return _term(parts[0]).times(_term(parts[1]))
        case "/":
            below = _term(parts[1])
            if below.number:
                return _term(parts[0]).times(below.power(-1))
        case "**":
            term = _term(parts[0])
            exponent = node.number
            if exponent.denominator == 1 and (term.number or exponent > 0):
                return term.power(int(exponent))
            if exponent.denominator > 1 and parts[0].kind != "number":
                return Term(Fraction(1), {parts[0]: exponent})
        case "call" if node.name == "sqrt" and (parts[0].kind != "number" or parts[0].number > 0):
            return _root(parts[0])
        case "call" if node.name == "exp":
            # exp(k*x) for an integer k is a power of exp(x).
            term = _term(parts[0])
            if term.number.denominator == 1 and abs(term.number) > 1 and term.factors:
                inside = Node(
                    "call", (_built(Term(Fraction(1 if term.number > 0 else -1), term.factors)),), "exp"
                )
                return Term(Fraction(1), {inside: abs(term.number)})
    return Term(Fraction(1), {node: Fraction(1)})


def _root(x: Node) -> Term:
    """A square root, which is a number for squares of rational numbers."""
    if x.kind == "number" and (root := exact_root(x.number, 2)) is not None:
        return Term(root, {})
    return Term(Fraction(1), {x: _HALF})


def _product(node: Node) -> Node:
    """The shortest form of a product, with sums as they are or with common factors taken out of them."""
    term = _term(node)
    apart = Term(term.number, {})
    for base, exponent in term.factors.items():
        own = Term(Fraction(1), {base: exponent})
        if base.kind in _SUMS and exponent.denominator == 1:
            own = _term(_factored(_terms(base))).power(int(exponent))
        apart = apart.times(own)
    return _shortest(form for some in (term, apart) for form in _forms(some))


def _forms(term: Term) -> Iterator[Node]:
    term = _with_one_exponential(term)
    yield _built(term)
    choices = [base for base, exponent in term.factors.items() if base.kind == "if" and exponent == 1]
    if len(choices) == 1:
        (choice,) = choices
        rest = Term(term.number, {b: e for b, e in term.factors.items() if b != choice})
        condition, *ways = choice.parts
        yield Node("if", (condition, *(_built(rest.times(_term(way))) for way in ways)))
    for base, exponent in term.factors.items():
        # -(a - b) is b - a.
        if term.number < 0 and base.kind == "-" and exponent == 1:
            turned = Node("-", base.parts[::-1])
            factors = {turned if b == base else b: e for b, e in term.factors.items()}
            yield _built(Term(-term.number, factors))


def _with_one_exponential(term: Term) -> Term:
    """The term with all exponentials merged into one."""
    found = [b for b in term.factors if b.kind == "call" and b.name == "exp"]
    if len(found) < 2:
        return term
    exponent = _sum(
        Term(inside.number * term.factors[b], inside.factors) for b in found for inside in _terms(b.parts[0])
    )
    rest = {b: e for b, e in term.factors.items() if b not in found}
    if exponent == ZERO:
        return Term(term.number, rest)
    merged, power = Node("call", (exponent,), "exp"), Fraction(1)
    if all(term.factors[b] < 0 for b in found):
        merged, power = Node("call", (_negative(exponent),), "exp"), Fraction(-1)
    place = list(term.factors).index(found[0])
    items = [*rest.items()]
    items.insert(place, (merged, power))
    return Term(term.number, dict(items))


def _negative(node: Node) -> Node:
    return _sum(Term(-term.number, term.factors) for term in _terms(node))


def _built(term: Term) -> Node:
    """The term as a formula, which is a quotient if some exponents or the number require a denominator."""
    if not term.number:
        return ZERO
    above: list[Node] = []
    below: list[Node] = []
    for base, exponent in sorted(term.factors.items(), key=lambda item: item[0].kind != "name"):
        (above if exponent > 0 else below).append(_power(base, abs(exponent)))
    n, d = term.number.as_integer_ratio()
    number, divisor = (term.number, 1) if _is_decimal(d) else (Fraction(n), d)
    if abs(number) != 1 or not above:
        above.insert(0, Node("number", number=number))
    elif number < 0:
        # The sign of a product is written at its first factor.
        above[0] = Node("negative", (above[0],))
    if divisor != 1:
        below.insert(0, Node("number", number=Fraction(divisor)))
    return Node("/", (_chain(above), _chain(below))) if below else _chain(above)


def _is_decimal(d: int) -> bool:
    """Whether a number with this denominator is written as a decimal: tenths are, halves and quarters not."""
    if d in (1, 2, 4, 8, 16):
        return False
    for prime in (2, 5):
        while d % prime == 0:
            d //= prime
    return d == 1


def _power(base: Node, exponent: Fraction) -> Node:
    if exponent == 1:
        return base
    if exponent == _HALF:
        return Node("call", (base,), "sqrt")
    if base.kind == "call" and base.name == "exp":
        inside = _sum(Term(term.number * exponent, term.factors) for term in _terms(base.parts[0]))
        return Node("call", (inside,), "exp")
    return Node("**", (base,), number=exponent)


def _chain(factors: Sequence[Node]) -> Node:
    return reduce(lambda x, y: Node("*", (x, y)), factors)


# Sums


def _terms(node: Node) -> list[Term]:
    """The terms of a sum; any other formula is a single term."""
    match node.kind:
        case "+":
            return [*_terms(node.parts[0]), *_terms(node.parts[1])]
        case "-":
            right = [Term(-term.number, term.factors) for term in _terms(node.parts[1])]
            return [*_terms(node.parts[0]), *right]
        case "negative":
            return [Term(-term.number, term.factors) for term in _terms(node.parts[0])]
    return [_term(node)]


def _gathered(terms: Iterable[Term]) -> list[Term]:
    """The terms with like terms collected."""
    found: dict[frozenset[tuple[Node, Fraction]], Term] = {}
    for term in terms:
        term = _with_one_exponential(term)
        key = frozenset(term.factors.items())
        before = found.get(key)
        found[key] = Term(
            term.number + (before.number if before else 0), before.factors if before else term.factors
        )
    return _without_squares([term for term in found.values() if term.number])


def _without_squares(terms: list[Term]) -> list[Term]:
    """The terms, with 1 for cosh(x)**2 - sinh(x)**2 and for cos(x)**2 + sin(x)**2."""
    for one, other, sign in _SQUARES:
        for term in terms:
            for base in [b for b, e in term.factors.items() if e == 2 and b.kind == "call" and b.name == one]:
                square = Term(Fraction(1), {base: Fraction(2)})
                rest = term.times(square.power(-1))
                partner = rest.times(Term(Fraction(-sign), {base._replace(name=other): Fraction(2)}))
                if partner in terms:
                    kept = [x for x in terms if x not in (term, partner)]
                    return _gathered([rest, *kept])
    return terms


def _written_out(terms: Sequence[Term]) -> list[Term] | None:
    """The terms with products of sums expanded; None if they are too many."""
    found = []
    for term in terms:
        rest, sums = Term(term.number, {}), []
        for base, exponent in term.factors.items():
            if base.kind in _SUMS and exponent.denominator == 1 and 0 < exponent <= 4:
                sums += [_terms(base)] * int(exponent)
            else:
                rest = rest.times(Term(Fraction(1), {base: exponent}))
        count = 1
        for some in sums:
            count *= len(some)
        if count > _MOST_TERMS:
            return None
        found += [reduce(Term.times, some, rest) for some in product(*sums)]
    # Expanded products may contain sums as factors again.
    return found if len(found) <= 4 * _MOST_TERMS else None


def _sum(terms: Iterable[Term]) -> Node:
    """The shortest form of a sum."""
    gathered = _gathered(terms)
    forms = [gathered]
    if (written := _written_out(gathered)) is not None:
        forms.append(_gathered(written))
    return _shortest(form for some in forms for form in (_added(some), _factored(some)))


def _added(terms: Sequence[Term]) -> Node:
    """The sum of the terms, starting with a positive one."""
    if not terms:
        return ZERO
    first = next((i for i, term in enumerate(terms) if term.number > 0), 0)
    ordered = [terms[first], *terms[:first], *terms[first + 1 :]]
    found = _shortest(_forms(ordered[0]))
    for term in ordered[1:]:
        size = Term(abs(term.number), term.factors)
        found = Node("+" if term.number > 0 else "-", (found, _shortest(_forms(size))))
    return found


def _factored(terms: Sequence[Term]) -> Node:
    """The sum with common factors and denominators of its terms taken out."""
    if len(terms) < 2:
        return _added(terms)
    bases = dict.fromkeys(base for term in terms for base in term.factors)
    least = {base: min(term.factors.get(base, Fraction(0)) for term in terms) for base in bases}
    common = Term(_content(terms), {base: exponent for base, exponent in least.items() if exponent})
    if common == _NOTHING:
        return _added(terms)
    rest = [term.times(common.power(-1)) for term in terms]
    written = _written_out(_gathered(rest))
    inside = _shortest(_added(_gathered(some)) for some in (rest, written) if some is not None)
    return _shortest(_forms(common.times(_term(inside))))


def _content(terms: Sequence[Term]) -> Fraction:
    """The common factor of the numbers of all terms."""
    above = gcd(*(term.number.numerator for term in terms))
    below = gcd(*(term.number.denominator for term in terms))
    return Fraction(above, below) * (-1 if all(term.number < 0 for term in terms) else 1)


def _choice(node: Node) -> Node:
    """A choice, merged with a nested choice that has the same alternative."""
    condition, then, otherwise = node.parts
    if then == otherwise:
        return then
    if then.kind == "if" and then.parts[2] == otherwise:
        return Node("if", (Node("and", (then.parts[0], condition)), then.parts[1], otherwise))
    return node


def _comparison(node: Node) -> Node:
    """Simplify comparisons: z - 1 > 0 and max(z, 0) > 1 both become z > 1."""
    terms = _gathered([*_terms(node.parts[0]), *map(_negated, _terms(node.parts[1]))])
    constant = sum((term.number for term in terms if not term.factors), Fraction(0))
    others = [term for term in terms if term.factors]
    if len(others) != 1 or list(others[0].factors.values()) != [1]:
        return node
    (base,) = others[0].factors
    bound = -constant / others[0].number
    kind = node.kind if others[0].number > 0 else _TURNED[node.kind]
    if base.kind == "call" and base.name in ("max", "min") and kind in _OPEN[base.name]:
        numbers = [part.number for part in base.parts if part.kind == "number"]
        rest = [part for part in base.parts if part.kind != "number"]
        if len(rest) == 1 and all(_OPEN[base.name][kind](number, bound) for number in numbers):
            return _comparison(Node(kind, (rest[0], Node("number", number=bound))))
    return _shortest([Node(kind, (base, Node("number", number=bound))), node])


_OPEN = {"max": {"<": operator.lt, "<=": operator.le}, "min": {">": operator.gt, ">=": operator.ge}}
"""Comparisons that hold for max, or min, exactly if they hold for each argument."""
