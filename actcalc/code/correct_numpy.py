"""Correctly rounded code in NumPy: functions of arrays; those of float32 hold the values of bfloat16."""

from typing import ClassVar

from actcalc.arithmetic.program import WORD, Expr, Program
from actcalc.code.programs import HARD, CorrectFunction, Printer, Text, rounded_pattern
from actcalc.code.rows import rows
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import BFLOAT16

_LOW, _UNARY, _ATOM = 1, 4, 5
_LISTED = """\
def _listed(patterns, inputs, results, others):
    \"\"\"Results of the inputs that are listed, in ascending order; the ``others`` elsewhere.\"\"\"
    place = np.searchsorted(inputs, patterns).clip(max=len(inputs) - 1)
    return np.where(inputs[place] == patterns, results[place], others)"""


class NumPyPrinter(Printer):
    """NumPy: operations on arrays of float64 and uint64."""

    comment, end, between = "#", "", "\n\n\n"
    head = "import numpy as np"
    patterns: ClassVar[dict[str, str]] = {"float32": "uint32", "float16": "uint16", "bfloat16": "uint16"}

    def table_name(self, name: str) -> str:
        return f"_{name.upper()}"

    # Operations

    def digits(self, x: float) -> str:
        return repr(x)

    def not_finite(self, x: float) -> str:
        return "np.nan" if x != x else "np.inf" if x > 0 else "-np.inf"

    def truth(self, x: bool) -> str:
        return str(x)

    def word(self, x: int) -> str:
        return str(x) if x < 1024 else f"0x{x:X}"

    def declare(self, kind: str, name: str, text: str) -> str:
        return f"{name} = {text}"

    def declare_changing(self, name: str, text: str) -> str:
        return f"{name} = {text}"

    def do_select(self, x: Expr, condition: Text, a: Text, b: Text) -> Text:
        texts = [
            f"np.uint64({text.text})" if x.kind == WORD and arg.is_constant else text.text
            for text, arg in zip((a, b), x.args[1:], strict=True)
        ]
        return Text(f"np.where({condition.text}, {texts[0]}, {texts[1]})")

    def do_take(self, x: Expr, place: Text) -> Text:
        return Text(f"{self.tables[id(x.data)]}[{place.within(_ATOM)}.astype(np.intp)]")

    def do_not(self, x: Expr, a: Text) -> Text:
        return Text(f"~{a.within(_ATOM)}", _UNARY)

    def do_and(self, x: Expr, a: Text, b: Text) -> Text:
        return Text(f"{a.within(_ATOM)} & {b.within(_ATOM)}", _LOW)

    def do_or(self, x: Expr, a: Text, b: Text) -> Text:
        return Text(f"{a.within(_ATOM)} | {b.within(_ATOM)}", _LOW)

    def do_abs(self, x: Expr, a: Text) -> Text:
        return Text(f"np.abs({a.text})")

    def do_sqrt(self, x: Expr, a: Text) -> Text:
        return Text(f"np.sqrt({a.text})")

    def do_bits(self, x: Expr, a: Text) -> Text:
        return Text(f"{a.within(_ATOM)}.view(np.uint64)")

    def do_from_bits(self, x: Expr, a: Text) -> Text:
        return Text(f"{a.within(_ATOM)}.view(np.float64)")

    def do_to_float(self, x: Expr, a: Text) -> Text:
        return Text(f"{a.within(_ATOM)}.view(np.int64).astype(np.float64)")

    def do_minimum(self, x: Expr, a: Text, b: Text) -> Text:
        return Text(f"np.minimum({a.text}, {b.text})")

    def do_maximum(self, x: Expr, a: Text, b: Text) -> Text:
        return Text(f"np.maximum({a.text}, {b.text})")

    # The file

    def helpers(self) -> dict[str, str]:
        *lines, result = self.written(Program.of(rounded_pattern(self.fmt))) if self.fmt.is_short else [""]
        rounding = block(f"def _round_to_{self.fmt}(z)", [*lines, f"return ({result}).astype(np.uint16)"])
        return {"_listed": _LISTED} | ({f"_round_to_{self.fmt}": rounding} if self.fmt.is_short else {})

    def table_text(self, name: str, table: Array) -> str:
        dtype = "uint64" if table.dtype.kind == "u" else "float64"
        return array(name, self.entries(table), dtype)

    def function(self, one: CorrectFunction) -> str:
        pattern, held = self.patterns[self.fmt.name], self.fmt.numpy
        listed = sorted(one.patterns(self.fmt).items())
        stem = f"_{one.name.upper()}"
        notes = [f"# {HARD}", *(f"# {self.told(z, y)}" for z, y in one.exceptions.items())]
        names = [
            array(f"{stem}_{end}", [self.word(pair[k]) for pair in listed], pattern)
            for k, end in enumerate(("INPUTS", "RESULTS"))
        ]
        words = f"x.view(np.uint{self.fmt.bits})"
        if self.fmt is BFLOAT16:
            words = "(x.view(np.uint32) >> 16).astype(np.uint16)"
        rounded = f"_round_to_{self.fmt}(y)" if self.fmt.is_short else "y.astype(np.float32).view(np.uint32)"
        result = f"y.view(np.{held})"
        if self.fmt is BFLOAT16:
            result = "(y.astype(np.uint32) << 16).view(np.float32)"
        nan = f"np.{pattern}({self.fmt.to_bits(float('nan')):#x})"
        lines = [
            f"x = np.ascontiguousarray(z, np.{held}).reshape(-1)",
            "shape, z = np.shape(z), x.astype(np.float64)",
            *self.segments(one),
            f"y = np.where(z == z, {rounded}, {nan})",
            f"y = _listed({words}, {stem}_INPUTS, {stem}_RESULTS, y)",
            f"return {result}.reshape(shape)[()]",
        ]
        text = block(f"def {one.name}(z)", lines)
        return (
            "\n".join([*(notes if one.exceptions else []), *names])
            + f'\n\n\n@np.errstate(all="ignore")\n{text}'
        )

    def segments(self, one: CorrectFunction) -> list[str]:
        """The programs, and where each holds."""
        bodies = [self.written(program, one.certified.names) for program in one.certified.programs]
        lines: list[str] = []
        for k, ((*body, result), program) in enumerate(zip(bodies, one.certified.programs, strict=True)):
            value = f"np.full(z.shape, {result})" if program.results[0].is_constant else result
            lines += [*body, f"y{k or ''} = {value}"]
        conditions = self.conditions(one.certified)
        if not conditions:
            return lines
        choices = ", ".join(f"y{k or ''}" for k in range(len(bodies) - 1))
        return [*lines, f"y = np.select([{', '.join(conditions)}], [{choices}], y{len(bodies) - 1})"]

    def test(self) -> str:
        pattern, held = self.patterns[self.fmt.name], self.fmt.numpy
        lines = []
        for one in self.unit.functions:
            for end, texts in (("z", one.tests), ("right", one.tests.values())):
                lines += array(end, [self.word(x) for x in texts], pattern).split("\n")
            values = f"z.view(np.{held})"
            found = f"{one.name}({values}).view(np.{pattern})"
            if self.fmt is BFLOAT16:
                values = "(z.astype(np.uint32) << 16).view(np.float32)"
                found = f"({one.name}({values}).view(np.uint32) >> 16).astype(np.uint16)"
            lines += [
                f"found = {found}",
                f'assert (found == right).all(), ("{one.name}", {values}[found != right])',
            ]
        return block("def test()", lines) + '\n\n\nif __name__ == "__main__":\n    test()'


def array(name: str, texts: list[str], dtype: str) -> str:
    """An array with a name."""
    return f"{name} = np.array(\n    [\n{rows(texts, indent=8)},\n    ],\n    np.{dtype},\n)"


def block(start: str, lines: list[str]) -> str:
    """Lines that belong to what begins in the first."""
    return "\n".join([f"{start}:", *(f"    {line}" for line in lines)])
