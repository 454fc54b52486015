"""Correctly rounded code in Rust: values of 16 bits are handed over as their patterns."""

import math
import re
from collections.abc import Mapping
from typing import ClassVar

from actcalc.arithmetic.program import FLOAT, TRUTH, WORD, Expr, Program
from actcalc.code.programs import (
    HARD,
    CorrectFunction,
    Printer,
    Text,
    rounded_pattern,
    value_of_pattern,
)
from actcalc.code.rows import rows
from actcalc.numbers.float_arrays import Array

_LOW, _UNARY, _ATOM = 1, 4, 5


class RustPrinter(Printer):
    """Rust: wrapping operations on u64, and no fusing, which Rust never does."""

    kinds: ClassVar[dict[str, str]] = {FLOAT: "f64", WORD: "u64", TRUTH: "bool"}
    wrapping: ClassVar[dict[str, str]] = {"add": "wrapping_add", "sub": "wrapping_sub", "mul": "wrapping_mul"}

    def table_name(self, name: str) -> str:
        return name.upper()

    # Operations

    def digits(self, x: float) -> str:
        return repr(x)

    def not_finite(self, x: float) -> str:
        return "f64::NAN" if x != x else "f64::INFINITY" if x > 0 else "f64::NEG_INFINITY"

    def word(self, x: int) -> str:
        return str(x) if x < 1024 else f"{x:#x}"

    def of_words(self, op: str, a: Text, b: Text) -> Text:
        if op in self.wrapping:
            kind = "u64" if a.text[0].isdigit() else ""  # a literal has no methods
            return Text(f"{a.within(_ATOM)}{kind}.{self.wrapping[op]}({b.text})")
        return super().of_words(op, a, b)

    def declare(self, kind: str, name: str, text: str) -> str:
        return f"let {name}: {self.kinds[kind]} = {text};"

    def declare_changing(self, name: str, text: str) -> str:
        return f"let mut {name}: f64 = {text};"

    def do_select(self, x: Expr, condition: Text, a: Text, b: Text) -> Text:
        return Text(f"if {condition.text} {{ {a.text} }} else {{ {b.text} }}", 0)

    def do_take(self, x: Expr, place: Text) -> Text:
        return Text(f"{self.tables[id(x.data)]}[{place.within(_ATOM)} as usize]")

    def do_abs(self, x: Expr, a: Text) -> Text:
        return Text(f"{a.within(_ATOM)}.abs()")

    def do_sqrt(self, x: Expr, a: Text) -> Text:
        return Text(f"{a.within(_ATOM)}.sqrt()")

    def do_bits(self, x: Expr, a: Text) -> Text:
        return Text(f"{a.within(_ATOM)}.to_bits()")

    def do_from_bits(self, x: Expr, a: Text) -> Text:
        return Text(f"f64::from_bits({a.text})")

    def do_to_float(self, x: Expr, a: Text) -> Text:
        return Text(f"({a.within(_ATOM)} as i64) as f64", _LOW)

    def do_minimum(self, x: Expr, a: Text, b: Text) -> Text:
        return Text(f"{a.within(_ATOM)}.min({b.text})")

    def do_maximum(self, x: Expr, a: Text, b: Text) -> Text:
        return Text(f"{a.within(_ATOM)}.max({b.text})")

    # The file

    def helpers(self) -> dict[str, str]:
        if not self.fmt.is_short:
            return {}
        *lines, result = self.written(Program.of(rounded_pattern(self.fmt)))
        rounding = block(f"fn round_to_{self.fmt}(z: f64) -> u16", [*lines, f"({result}) as u16"])
        *lines, result = self.written(Program.of(value_of_pattern(self.fmt)))
        widening = block(f"fn from_{self.fmt}(x: u16) -> f64", ["let z = x as u64;", *lines, result])
        return {f"round_to_{self.fmt}": rounding, f"from_{self.fmt}": widening}

    def table_text(self, name: str, table: Array) -> str:
        texts = self.entries(table)
        kind = self.kinds[WORD if table.dtype.kind == "u" else FLOAT]
        return f"static {name}: [{kind}; {len(texts)}] = [\n{rows(texts)},\n];"

    def function(self, one: CorrectFunction) -> str:
        nan = f"    return {self.from_pattern(self.fmt.to_bits(math.nan))};"
        if self.fmt.is_short:
            size = f"x & {(1 << self.fmt.bits - 1) - 1:#x}"
            lines = [f"if {size} > {self.fmt.first_nan - 1:#x} {{", nan, "}", f"let z = from_{self.fmt}(x);"]
            result, kind = f"round_to_{self.fmt}(y)", "u16"
        else:
            lines = ["if x.is_nan() {", nan, "}", "let z = x as f64;"]
            result, kind = "y as f32", "f32"
        segments = self.segments(one)
        if not any(re.search(r"\bz\b", line) for line in segments):
            lines.pop()
        lines = [*self.cases(one), *lines, *segments, result]
        return block(f"pub fn {one.name}(x: {kind}) -> {kind}", lines)

    def from_pattern(self, pattern: int) -> str:
        return f"{pattern:#x}" if self.fmt.is_short else f"f32::from_bits({pattern:#x})"

    def cases(self, one: CorrectFunction) -> list[str]:
        """Inputs whose results are listed."""

        def texts(patterns: Mapping[int, int]) -> list[str]:
            return [
                f"    {z:#x} => return {self.from_pattern(y)}, // {self.told(z, y)}"
                for z, y in patterns.items()
            ]

        special, hard = self.listed(one)
        lines = [f"match {'x' if self.fmt.is_short else 'x.to_bits()'} {{", *texts(special)]
        return [*lines, *([f"    // {HARD}", *texts(hard)] if hard else []), "    _ => {}", "}"]

    def segments(self, one: CorrectFunction) -> list[str]:
        """The programs, and where each holds."""
        bodies = [self.written(program, one.certified.names) for program in one.certified.programs]
        if len(bodies) == 1:
            ((*lines, result),) = bodies
            return [*lines, f"let y: f64 = {result};"]
        lines = []
        conditions = self.conditions(one.certified)
        for k, body in enumerate(bodies):
            start = "let y: f64 = if" if k == 0 else "} else if"
            lines.append(f"{start} {conditions[k]} {{" if k < len(conditions) else "} else {")
            lines += [f"    {line}" for line in body]
        return [*lines, "};"]


def block(start: str, lines: list[str]) -> str:
    """Lines in braces."""
    return "\n".join([f"{start} {{", *(f"    {line}" for line in lines), "}"])
