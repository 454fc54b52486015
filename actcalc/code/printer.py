"""Expressions as text: what languages have in common. Each of them says what it writes otherwise."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import ClassVar

from actcalc.activations.declaration import Quantity
from actcalc.code.expression import COMPARISONS, Expression, Routine, Step, make, name, parts
from actcalc.numbers.floats import Format

_BINDING = {**dict.fromkeys(COMPARISONS, 4), "add": 6, "sub": 6, "mul": 7, "div": 7, "neg": 8}
_SIGNS = {**COMPARISONS, "add": "+", "sub": "-", "mul": "*", "div": "/"}
ATOM = 10


class Printer:
    """Writes expressions of one language, computed in one format."""

    width: ClassVar[int] = 88
    """The longest line that its people write."""
    functions: ClassVar[Mapping[str, str]] = {}
    """What it calls operations that are calls; others go by the name of the operation."""

    def __init__(self, compute: Format) -> None:
        self.compute = compute

    def number(self, x: Fraction) -> str:
        """A constant, rounded once to the format that is computed in."""
        return self.compute.text(self.compute.round_exact(x))

    def argument(self) -> str:
        """What z is called."""
        return "z"

    def call(self, op: str, args: Sequence[str]) -> str:
        return f"{self.functions.get(op, op)}({', '.join(args)})"

    def select(self, condition: str, then: str, otherwise: str) -> tuple[str, int]:
        """A choice, and how much its text binds."""
        return self.call("select", (condition, then, otherwise)), ATOM

    def text(self, x: Expression, least: int = 0) -> str:
        """The text of an expression, in brackets if it binds less than that."""
        text, binding = self.bound(x)
        return f"({text})" if binding < least else text

    def bound(self, x: Expression) -> tuple[str, int]:
        """The text of an expression, and how much it binds."""
        match x.op:
            case "constant":
                text = self.number(x.data)
                return text, _BINDING["neg"] if text.startswith("-") else ATOM
            case "z":
                return self.argument(), ATOM
            case "name":
                return x.data, ATOM
            case "neg":
                return f"-{self.text(x.args[0], _BINDING['mul'])}", _BINDING["neg"] - 1
            case "select":
                condition, then, otherwise = x.args
                return self.select(self.text(condition, 4), self.text(then, 4), self.text(otherwise, 3))
        if x.op in _SIGNS:
            binding = _BINDING[x.op]
            a, b = x.args
            # Rounding makes a difference of where brackets are.
            left = self.text(a, binding + (x.op in COMPARISONS))
            return f"{left} {_SIGNS[x.op]} {self.text(b, binding + 1)}", binding
        return self.call(x.op, [self.text(y) for y in x.args]), ATOM

    def lines(
        self, routine: Routine, write: Callable[[Step], str]
    ) -> tuple[list[str], Mapping[Quantity, str]]:
        """The lines of all steps, and the results as texts; what would be too long has its parts named."""
        taken = {step.name for step in routine.steps}
        out: list[str] = []

        def fitting(value: Expression, room: int) -> Expression:
            while len(self.text(value)) > room:
                part = self._largest_part(value, room)
                if part is None:
                    break
                fresh = next(f"part{k}" for k in range(1, 100) if f"part{k}" not in taken)
                taken.add(fresh)
                out.append(write(Step(fresh, fitting(part, room))))
                value = replaced(value, part, name(fresh))
            return value

        for step in routine.steps:
            room = self.width - 12 - len(step.name)
            out.append(write(step._replace(value=fitting(step.value, room))))
        results = {of: self.text(fitting(value, self.width - 12)) for of, value in routine.results.items()}
        return out, results

    def _largest_part(self, value: Expression, room: int) -> Expression | None:
        """A part that is named so that the rest is about half as long."""
        found = [x for x in parts(value) if x is not value and x.args and x.op not in COMPARISONS]
        half = len(self.text(value)) / 2
        return min(found, key=lambda x: abs(len(self.text(x)) - half), default=None)


def replaced(x: Expression, old: Expression, new: Expression) -> Expression:
    """An expression with one of its parts replaced; nothing else of it changes."""
    if x is old:
        return new
    if not x.args:
        return x
    return make(x.op, *(replaced(y, old, new) for y in x.args), data=x.data)
