"""C and CUDA, which differ in names of types and in the starts of functions."""

from collections.abc import Sequence
from typing import ClassVar

from actcalc.activations.declaration import Quantity
from actcalc.code.expression import Expression, Routine, Step
from actcalc.code.printer import COMPARISON, CONDITIONAL, SUM, Bound, Printer, needed, uses_z
from actcalc.code.rows import rows
from actcalc.code.supplied import Supplied
from actcalc.numbers.floats import FLOAT32

_FMA_ERROR = """
// a*b + c - s, where s is the rounded a*b + c.
{opening}{real} {title}({real} a, {real} b, {real} c, {real} s) {{
    {real} d = s - c;
    {real} k = d - s;
    return {fma}(a, b, -d) - ((s - (d - k)) - (c + k));
}}
"""


_IS_NEAR = """
{opening}int is_near(double y, double right, double ulps) {{
    int exponent;
    frexp(right, &exponent);
    int last = right != 0 && exponent > {least} ? exponent - {precision} : {quantum};
    return fabs(y - right) <= ldexp(ulps, last);
}}
"""


class CFamily(Printer):
    """Functions of one number, computed in float or double."""

    width = 80
    names: ClassVar = {"abs": "fabs", "max": "fmax", "min": "fmin"}
    opening: ClassVar[str]
    """The start of a function of the unit."""
    inner_opening: ClassVar[str]
    """The start of a helper."""

    @property
    def real(self) -> str:
        """The type of the computation."""
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
            *indented(self.statements(lacking.steps, lacking.result)),
            "}",
        ]

    def function(self, quantity: Quantity, routine: Routine) -> list[str]:
        kind, into, _ = self.outside
        title, argument = self.unit.names[quantity], self.argument(routine) if into else "z"
        lines = self.statements(needed(routine, quantity), routine.results[quantity])
        converted = [f"{self.real} z = {into.format(argument)};"] if into and uses_z(lines) else []
        return [f"{self.opening}{kind} {title}({kind} {argument}) {{", *indented([*converted, *lines]), "}"]

    # Tests

    test_array: ClassVar[str]
    """The start of an array for tests."""
    test_include: ClassVar[str]

    def tests(self) -> list[str]:
        """The parts of the text that test the functions of the unit; none if there are no trials."""
        if not self.unit.trials:
            return []
        fmt = self.unit.dtype
        near = _IS_NEAR.format(
            opening=self.inner_opening,
            least=fmt.quantum_exponent + fmt.precision,
            precision=fmt.precision,
            quantum=fmt.quantum_exponent,
        )
        arrays, lines = [], []
        for of, trial in self.unit.trials.items():
            title = self.unit.names[of]
            pairs = zip(map(self.number, trial.z), map(self.number, trial.right), strict=True)
            texts = rows([f"{{{z}, {right}}}" for z, right in pairs], self.width)
            arrays.append(f"{self.test_array}{self.real} {title}_tests[][2] = {{\n{texts},\n}};")
            lines += self.tries(title, trial.ulps)
        note = "// Compile with -DTEST to try inputs whose results are hard to get right."
        start = "\n".join([note, "#ifdef TEST", self.test_include])
        return [start, near.strip("\n"), *arrays, f"{self.test_main(lines)}\n#endif"]

    def tries(self, title: str, ulps: int) -> list[str]:
        """The statements that test a function and count its failures."""
        _, into, back = self.outside
        call = into.format(f"{title}({back}(z))") if into else f"{title}(z)"
        real, digits = self.real, f"%.{17 if self.compute.precision > 24 else 9}g"
        return [
            f"for (int i = 0; i < (int)(sizeof {title}_tests / sizeof *{title}_tests); i++) {{",
            f"    {real} z = {title}_tests[i][0], right = {title}_tests[i][1];",
            f"    {real} y = {call};",
            f"    if (!is_near(y, right, {ulps})) {{",
            f'        printf("{title}({digits}) is {digits}, right is {digits}\\n", z, y, right);',
            "        failures++;",
            "    }",
            "}",
        ]

    def test_main(self, lines: Sequence[str]) -> str:
        """The function that runs the tests and fails if one fails."""
        body = ["int failures = 0;", *lines, "return failures != 0;"]
        return "\n".join(["int main(void) {", *indented(body), "}"])

    @property
    def outside(self) -> tuple[str, str, str]:
        """The type of arguments, and if it is not that of the computation, the conversions from and to it."""
        if self.unit.dtype is self.compute:
            return self.real, "", ""
        return "float", "{}", "(float)"


def indented(lines: Sequence[str]) -> list[str]:
    """The lines of a body, indented."""
    return [f"    {line}" for line in lines]
