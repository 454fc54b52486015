"""Expressions and routines as text, for all languages.

Each language is a subclass that spells the operations; functions that the language lacks are supplied. Lines
are not wrapped: a part of an expression that does not fit on its line gets a name, so that the language's
formatter changes nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from itertools import count as count_from
from typing import ClassVar

from actcalc.activations.declaration import Quantity
from actcalc.code.expression import (
    COMPARISONS,
    FUNCTIONS,
    Expression,
    Routine,
    Step,
    Unit,
    compare,
    make,
    name,
    parts,
    select,
)
from actcalc.code.language import LANGUAGES
from actcalc.code.supplied import Supplied, supplied

CONDITIONAL, COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(7)
"""Binding strengths of operations, the loosest first."""
_INFIX = {"add": ("+", SUM), "sub": ("-", SUM), "mul": ("*", PRODUCT), "div": ("/", PRODUCT)}
_LETTERS = ("p", "q", "r", "s", "v", "w", "a", "b", "c", "d")
"""Names for parts that do not fit on a line."""

_WORD = re.compile(r"\w+")

Bound = tuple[str, int]
"""A text and the binding strength of its outermost operation."""


class Printer:
    """Writes the functions of a unit in one language, with all that they need."""

    language: ClassVar[str]
    width: ClassVar[int]
    """The most characters of a line."""
    names: ClassVar[Mapping[str, str]] = {}
    """The language's names of functions, where they differ from ours."""
    has_power: ClassVar[bool] = False
    """Whether the square of x is written x**2."""

    has_limits: ClassVar[bool] = False
    """Whether max and min return NaN if either argument is NaN."""

    def __init__(self, unit: Unit) -> None:
        self.unit, self.compute = unit, unit.compute
        self.helpers: dict[str, str] = {}
        """The texts of helper functions by name, each after those that it needs."""
        self.indentation = 4
        """The indentation of the lines of a body."""
        self.is_inner = False
        """Whether the function being written is a helper."""

    # Expressions

    def text(self, x: Expression, least: int = CONDITIONAL) -> str:
        """The text of an expression, in parentheses if it binds less than ``least``."""
        text, binding = self.bound(x)
        return text if binding >= least else f"({text})"

    def bound(self, x: Expression) -> Bound:
        """The text of an expression and its binding strength."""
        match x.op:
            case "z":
                return "z", ATOM
            case "name":
                return x.data, ATOM
            case "constant":
                text = self.number(self.compute.round_exact(x.data))
                return text, SIGN if text.startswith("-") else ATOM
            case "neg":
                return self.negative(x.args[0])
            case "select":
                return self.select(*x.args)
            case "fma":
                return self.fma(*x.args)
            case "product_error":
                return self.product_error(*x.args)
            case "fma_error":
                return self.fma_error(*x.args)
        if x.op in _INFIX:
            return self.infix(x)
        if x.op in COMPARISONS:
            left, right = (self.text(y, SUM) for y in x.args)
            return f"{left} {COMPARISONS[x.op]} {right}", COMPARISON
        return self.call(x.op, x.args)

    def infix(self, x: Expression) -> Bound:
        """A sum, difference, product or quotient; parentheses keep the order of roundings."""
        sign, binding = _INFIX[x.op]
        left, right = x.args
        if self.has_power and x.op == "mul" and left is right:
            base = self.text(left, ATOM)
            return (f"{base}**2" if base.isidentifier() else f"{base} ** 2"), POWER
        if x.op in ("add", "sub") and right.is_constant and right.data < 0:
            sign, right = ("-" if sign == "+" else "+"), -right
        return f"{self.text(left, binding)} {sign} {self.text(right, binding + 1)}", binding

    def negative(self, x: Expression) -> Bound:
        """The negative; -(a*b) equals (-a)*b, whatever is rounded."""
        text, binding = self.bound(x)
        if binding < PRODUCT or text.startswith("-"):
            text, binding = f"({text})", ATOM
        return f"-{text}", min(binding, SIGN)

    def call(self, op: str, args: Sequence[Expression]) -> Bound:
        """A call of a function that the language has or is supplied with."""
        if op in FUNCTIONS and op not in LANGUAGES[self.language].functions:
            return self.called(self.supply(op), args)
        return self.called(self.function_name(op), args)

    def called(self, function: str, args: Iterable[Expression]) -> Bound:
        return f"{function}({', '.join(map(self.text, args))})", ATOM

    def function_name(self, op: str) -> str:
        """The language's name of one of its functions."""
        op = op.removeprefix("fine_")
        return self.names.get(op, op)

    def number(self, x: float) -> str:
        """A constant, which is a number of the format of the computation."""
        raise NotImplementedError

    def select(self, condition: Expression, then: Expression, otherwise: Expression) -> Bound:
        """``then`` or ``otherwise``, by a condition."""
        raise NotImplementedError

    def fma(self, a: Expression, b: Expression, c: Expression) -> Bound:
        """a*b + c, rounded once if the language can."""
        return self.called(self.function_name("fma"), (a, b, c))

    def product_error(self, a: Expression, b: Expression, p: Expression) -> Bound:
        """a*b - p, where p is the rounded a*b."""
        return self.fma(a, b, -p)

    def fma_error(self, a: Expression, b: Expression, c: Expression, s: Expression) -> Bound:
        """a*b + c - s, where s is the rounded a*b + c."""
        raise NotImplementedError

    # Statements

    def assignment(self, step: Step, is_new: bool) -> list[str]:
        """The lines that assign a value to a name, which may be new."""
        raise NotImplementedError

    def end(self, result: Expression) -> list[str]:
        """The lines that return the result of a function."""
        raise NotImplementedError

    def comment(self, text: str) -> list[str]:
        """The lines of a comment, wrapped to the width."""
        sign = LANGUAGES[self.language].comment
        lines, line = [], sign
        for word in text.split():
            if len(line) + 1 + len(word) > self.width - self.indentation and line != sign:
                lines.append(line)
                line = sign
            line += f" {word}"
        return [*lines, line]

    def statements(self, steps: Sequence[Step], result: Expression) -> list[str]:
        """The lines of a body."""
        if not self.has_limits:
            steps = [step._replace(value=with_choices(step.value)) for step in steps]
            result = with_choices(result)
        taken = {step.name for step in steps}
        known: set[str] = set()
        lines: list[str] = []
        for step in steps:
            lines += self.comment(step.note) if step.note else []
            for part in self.fitting(step, taken):
                lines += self.assignment(part, is_new=part.name not in known)
                known.add(part.name)
        *before, last = self.fitting(Step("", result), taken)
        for part in before:
            lines += self.assignment(part, is_new=True)
        return lines + self.end(last.value)

    def fits(self, step: Step) -> bool:
        """Whether the lines of a step are short enough; a step without a name is the result."""
        lines = self.assignment(step, is_new=True) if step.name else self.end(step.value)
        return all(len(line) <= self.width - self.indentation for line in lines)

    def fitting(self, step: Step, taken: set[str]) -> Iterator[Step]:
        """The step, after new steps for parts of it that do not fit on its line."""
        rare = {
            y
            for x in parts(step.value)
            if x.op == "select" and any(y.op == "exp" for y in parts(x.args[1]))
            for y in parts(x.args[1])
        }
        """Parts used only far out; with a name they would be computed everywhere."""

        def rank(x: Expression) -> int:
            return 2 if x not in rare else 0 if any(y.op == "exp" for y in parts(x)) else 1

        while not self.fits(step):
            fresh = next(letter for letter in _fresh_names() if letter not in taken)
            inner = [
                x for x in parts(step.value) if x.args and x.op not in COMPARISONS and x is not step.value
            ]
            named = [y for x in inner if self.fits(y := Step(fresh, x))]
            if not named:
                break
            part = max(named, key=lambda y: (rank(y.value), len(self.text(y.value))))
            taken.add(fresh)
            yield part
            step = step._replace(value=replaced(step.value, part.value, name(fresh)))
        yield step

    # Functions

    def function(self, quantity: Quantity, routine: Routine) -> list[str]:
        """The lines of the function that computes one result of a routine."""
        raise NotImplementedError

    def argument(self, routine: Routine) -> str:
        """A name, not that of a step, for the argument from which z is converted."""
        return "input" if "x" in {step.name for step in routine.steps} else "x"

    def functions(self) -> list[str]:
        """The texts of all functions of the unit."""
        return [
            "\n".join(self.function(quantity, routine))
            for routine in self.unit.routines
            for quantity in routine.results
        ]

    def supply(self, op: str) -> str:
        """The name of a helper for a function that the language lacks, whose text is added."""
        title = self.helper_name(op)
        if title not in self.helpers:
            outer = self.is_inner, self.indentation
            self.is_inner, self.indentation = True, 4
            text = "\n".join(self.helper(title, supplied(op, self.compute)))
            self.is_inner, self.indentation = outer
            self.add_helper(title, text)
        return title

    def add_helper(self, title: str, text: str) -> str:
        """Add the text of a helper and return its name."""
        self.helpers.setdefault(title, text.strip("\n"))
        return title

    def helper_name(self, op: str) -> str:
        """The name of the helper for a function that the language lacks."""
        raise NotImplementedError

    def helper(self, title: str, lacking: Supplied) -> list[str]:
        """The lines of the helper for a function that the language lacks."""
        raise NotImplementedError

    def header(self) -> list[str]:
        """The lines of the comment at the top."""
        sign = LANGUAGES[self.language].comment
        return [f"{sign} {line}".rstrip() for line in self.unit.header]


def _fresh_names() -> Iterator[str]:
    numbered = (f"{letter}{k}" for k in count_from(2) for letter in _LETTERS)
    return chain(_LETTERS, numbered)


def replaced(x: Expression, old: Expression, new: Expression) -> Expression:
    """An expression with one of its parts replaced."""
    known = {old: new}
    for part in parts(x):
        if part not in known:
            known[part] = make(part.op, *(known[y] for y in part.args), data=part.data)
    return known[x]


def with_choices(x: Expression) -> Expression:
    """An expression with max and min of a number and a constant as choices, which keep NaN."""
    known: dict[Expression, Expression] = {}
    for part in parts(x):
        args = [known[y] for y in part.args]
        known[part] = make(part.op, *args, data=part.data)
        if part.op in ("max", "min") and part.args[1].is_constant:
            a, bound = args
            known[part] = select(compare("lt" if part.op == "max" else "gt", a, bound), bound, a)
    return known[x]


def needed(routine: Routine, quantity: Quantity) -> list[Step]:
    """The steps on which one result of a routine depends."""
    names = _names_in(routine.results[quantity])
    found = []
    for step in reversed(routine.steps):
        if step.name in names:
            found.append(step)
            names |= _names_in(step.value)
    return found[::-1]


def _names_in(x: Expression) -> set[str]:
    return {y.data for y in parts(x) if y.op == "name"}


def uses_z(lines: Sequence[str]) -> bool:
    """Whether lines use z; compilers warn about unused values."""
    return any("z" in _WORD.findall(line) for line in lines)


def is_whole(x: float) -> bool:
    """Whether a constant is written as a whole number."""
    return x == int(x) and abs(x) < 1 << 20
