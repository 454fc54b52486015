"""C and CUDA, which differ by the names of types and by how a function begins."""

from collections.abc import Sequence
from typing import ClassVar

from actcalc.activations.declaration import Quantity
from actcalc.code.expression import Expression, Routine, Step
from actcalc.code.printer import COMPARISON, CONDITIONAL, SUM, Bound, Printer, needed, uses_z
from actcalc.code.supplied import Supplied
from actcalc.numbers.floats import FLOAT32

_FMA_ERROR = """
// a*b + c - s, where s is a*b + c as it was rounded.
{opening}{real} {title}({real} a, {real} b, {real} c, {real} s) {{
    {real} d = s - c;
    {real} k = d - s;
    return {fma}(a, b, -d) - ((s - (d - k)) - (c + k));
}}
"""


class CFamily(Printer):
    """Functions of one number, a float or a double within."""

    width = 80
    names: ClassVar = {"abs": "fabs", "max": "fmax", "min": "fmin"}
    opening: ClassVar[str]
    """How functions of the unit begin."""
    inner_opening: ClassVar[str]
    """How functions begin that those need."""

    @property
    def real(self) -> str:
        """The type that is computed in."""
        return "float" if self.compute is FLOAT32 else "double"

    def number(self, x: float) -> str:
        return self.compute.text(x) + self._suffix

    @property
    def _suffix(self) -> str:
        return "f" if self.compute is FLOAT32 else ""

    def function_name(self, op: str) -> str:
        return super().function_name(op) + self._suffix

    def fma_error(self, a: Expression, b: Expression, c: Expression, s: Expression) -> Bound:
        title, fma = "actcalc_fma_error", self.function_name("fma")
        text = _FMA_ERROR.format(opening=self.inner_opening, real=self.real, title=title, fma=fma)
        return self.called(self.add_helper(title, text), (a, b, c, s))

    def select(self, condition: Expression, then: Expression, otherwise: Expression) -> Bound:
        first, second = self.text(condition, COMPARISON), self.text(then, SUM)
        return f"{first} ? {second} : {self.text(otherwise)}", CONDITIONAL

    def assignment(self, step: Step, is_new: bool) -> list[str]:
        return [f"{self.real + ' ' if is_new else ''}{step.name} = {self.text(step.value)};"]

    def end(self, result: Expression) -> list[str]:
        back = "" if self.is_inner else self.outside[2]
        return [f"return {back}({self.text(result)});" if back else f"return {self.text(result)};"]

    def helper_name(self, op: str) -> str:
        return f"actcalc_{op}"

    def helper(self, title: str, lacking: Supplied) -> list[str]:
        parameters = ", ".join(f"{self.real} {parameter}" for parameter in lacking.parameters)
        return [
            *self.comment(lacking.note),
            f"{self.inner_opening}{self.real} {title}({parameters}) {{",
            *_indented(self.statements(lacking.steps, lacking.result)),
            "}",
        ]

    def function(self, quantity: Quantity, routine: Routine) -> list[str]:
        kind, into, _ = self.outside
        title, argument = self.unit.names[quantity], self.argument(routine) if into else "z"
        lines = self.statements(needed(routine, quantity), routine.results[quantity])
        converted = [f"{self.real} z = {into.format(argument)};"] if into and uses_z(lines) else []
        return [f"{self.opening}{kind} {title}({kind} {argument}) {{", *_indented([*converted, *lines]), "}"]

    @property
    def outside(self) -> tuple[str, str, str]:
        """The type outside; and if that is another, z made of x, and what makes the result of a number."""
        raise NotImplementedError


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]
