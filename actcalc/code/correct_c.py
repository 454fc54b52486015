"""Correctly rounded code in C and CUDA."""

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
_HEAD = """#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__FAST_MATH__)
#error "-ffast-math would change the results, which are correctly rounded without it"
#elif FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16
#error "expressions of doubles are not computed in double precision here: on x86 try -msse2 -mfpmath=sse"
#endif

// No product may be fused with a sum.
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#define EXACT
#elif defined(__GNUC__)
#define EXACT __attribute__((optimize("fp-contract=off")))
#elif defined(_MSC_VER)
#pragma fp_contract(off)
#define EXACT
#else
#pragma STDC FP_CONTRACT OFF
#define EXACT
#endif"""


class CPrinter(Printer):
    """C: ``_Float16`` for float16, and the patterns of bfloat16 in ``uint16_t``."""

    floats: ClassVar[dict[str, str]] = {"float32": "float", "float16": "_Float16", "bfloat16": "uint16_t"}
    kinds: ClassVar[dict[str, str]] = {FLOAT: "double", WORD: "uint64_t", TRUTH: "int"}
    pattern_kinds: ClassVar[dict[int, str]] = {32: "uint32_t", 16: "uint16_t"}
    head = _HEAD
    prefix, helper, table = "EXACT ", "static inline ", "static const "

    # Operations

    def not_finite(self, x: float) -> str:
        return "from_bits(" + ("0x7ff8" if x != x else "0x7ff0" if x > 0 else "0xfff0") + "000000000000u)"

    def truth(self, x: bool) -> str:
        return str(int(x))

    def declare(self, kind: str, name: str, text: str) -> str:
        return f"const {self.kinds[kind]} {name} = {text};"

    def declare_changing(self, name: str, text: str) -> str:
        return f"double {name} = {text};"

    def do_abs(self, x: Expr, a: Text) -> Text:
        return Text(f"fabs({a.text})")

    def do_sqrt(self, x: Expr, a: Text) -> Text:
        return Text(f"sqrt({a.text})")

    def do_bits(self, x: Expr, a: Text) -> Text:
        return Text(f"to_bits({a.text})")

    def do_from_bits(self, x: Expr, a: Text) -> Text:
        return Text(f"from_bits({a.text})")

    def do_to_float(self, x: Expr, a: Text) -> Text:
        return Text(f"(double)(int64_t){a.within(_ATOM)}", _UNARY)

    def do_minimum(self, x: Expr, a: Text, b: Text) -> Text:
        return Text(f"least{'_word' if x.kind == WORD else ''}({a.text}, {b.text})")

    def do_maximum(self, x: Expr, a: Text, b: Text) -> Text:
        return Text(f"greatest{'_word' if x.kind == WORD else ''}({a.text}, {b.text})")

    # Helpers

    def helpers(self) -> dict[str, str]:
        double, word, pattern = self.kinds[FLOAT], self.kinds[WORD], self.pattern_kinds[self.fmt.bits]
        found = self.bit_casts()
        for name, sign in (("least", "<"), ("greatest", ">")):
            found[name] = self.function_text(
                double, name, f"{double} a, {double} b", [f"return a {sign} b ? a : b;"]
            )
            found[f"{name}_word"] = self.function_text(
                word, f"{name}_word", f"{word} a, {word} b", [f"return a {sign} b ? a : b;"]
            )
        if self.fmt.is_short:
            *lines, result = self.written(Program.of(rounded_pattern(self.fmt)))
            lines = [*lines, f"return ({pattern})({result});"]
            name = f"round_to_{self.fmt}"
            found[name] = self.prefix + self.function_text(pattern, name, "double z", lines)
        if self.is_pattern:
            *lines, result = self.written(Program.of(value_of_pattern(self.fmt)))
            lines = [f"const {word} z = x;", *lines, f"return {result};"]
            name = f"from_{self.fmt}"
            found[name] = self.prefix + self.function_text("double", name, f"{pattern} x", lines)
        return found

    def bit_casts(self) -> dict[str, str]:
        """Between numbers and their bits."""
        value, pattern = self.floats[self.fmt.name], self.pattern_kinds[self.fmt.bits]
        kinds = {
            "to_bits": ("double", "uint64_t"),
            "from_bits": ("uint64_t", "double"),
            "pattern_of": (value, pattern),
            "from_pattern": (pattern, value),
        }
        return {
            name: self.function_text(
                to, name, f"{of} x", [f"{to} y;", "memcpy(&y, &x, sizeof y);", "return y;"]
            )
            for name, (of, to) in kinds.items()
        }

    def function_text(self, kind: str, name: str, arguments: str, lines: list[str]) -> str:
        """A helper."""
        return f"{self.helper}{kind} {name}({arguments})\n{block(lines)}"

    @property
    def is_pattern(self) -> bool:
        """Whether values are passed as their bit patterns."""
        return self.floats[self.fmt.name].startswith("uint")

    def table_text(self, name: str, table: Array) -> str:
        texts = self.entries(table)
        kind = self.kinds[WORD if table.dtype.kind == "u" else FLOAT]
        return f"{self.table}{kind} {name}[{len(texts)}] = {{\n{rows(texts)},\n}};"

    # Functions

    def function(self, one: CorrectFunction) -> str:
        kind = self.floats[self.fmt.name]
        nan = f"    return {self.from_pattern(self.fmt.to_bits(math.nan))};"
        segments = self.segments(one)
        has_z = not self.is_pattern or any(re.search(r"\bz\b", line) for line in segments)
        lines = [f"const double z = {self.widened()};"] if has_z else []
        if self.is_pattern:
            size = f"(x & {(1 << self.fmt.bits - 1) - 1:#x}u)"
            lines = [f"if ({size} > {self.fmt.first_nan - 1:#x}u)", nan, *lines]
        else:
            lines += ["if (z != z)", nan]
        lines = [*self.cases(one), *lines, *segments, f"return {self.rounded()};"]
        return f"{self.prefix}{kind} {one.name}({kind} x)\n{block(lines)}"

    def widened(self) -> str:
        """x as a double."""
        return f"from_{self.fmt}(x)" if self.is_pattern else "x"

    def rounded(self) -> str:
        """The result."""
        if self.fmt.bits == 32:
            return "(float)y"
        return f"round_to_{self.fmt}(y)" if self.is_pattern else f"from_pattern(round_to_{self.fmt}(y))"

    def from_pattern(self, pattern: int) -> str:
        return f"{pattern:#x}u" if self.is_pattern else f"from_pattern({pattern:#x}u)"

    def cases(self, one: CorrectFunction) -> list[str]:
        """Inputs whose results are listed."""

        def texts(patterns: Mapping[int, int]) -> list[str]:
            return [
                f"case {z:#x}u: return {self.from_pattern(y)}; // {self.told(z, y)}"
                for z, y in patterns.items()
            ]

        special, hard = self.listed(one)
        lines = [f"switch ({'x' if self.is_pattern else 'pattern_of(x)'}) {{", *texts(special)]
        return [*lines, *([f"// {HARD}", *texts(hard)] if hard else []), "}"]

    def segments(self, one: CorrectFunction) -> list[str]:
        """The programs, and where each holds."""
        bodies = [self.written(program, one.certified.names) for program in one.certified.programs]
        if len(bodies) == 1:
            ((*lines, result),) = bodies
            return [*lines, f"const double y = {result};"]
        lines = ["double y;"]
        conditions = self.conditions(one.certified)
        for k, (*body, result) in enumerate(bodies):
            start = "if" if k == 0 else "} else if"
            lines.append(f"{start} ({conditions[k]}) {{" if k < len(conditions) else "} else {")
            lines += [f"    {line}" for line in (*body, f"y = {result};")]
        return [*lines, "}"]

    # Tests

    includes = "#include <stdio.h>"
    array = "static const "

    def test(self) -> str:
        pattern = self.pattern_kinds[self.fmt.bits]
        parts = [
            "// Compile with -DTEST to try inputs whose results are hard to round.\n"
            f"#ifdef TEST\n{self.includes}"
        ]
        for one in self.unit.functions:
            pairs = [f"{{{z:#x}u, {y:#x}u}}" for z, y in one.tests.items()]
            parts.append(f"{self.array}{pattern} {one.name}_tests[][2] = {{\n{rows(pairs)},\n}};")
        lines = [line for one in self.unit.functions for line in self.tries(one)]
        return "\n\n".join([*parts, f"{self.main(lines)}\n#endif"])

    def tries(self, one: CorrectFunction) -> list[str]:
        """The statements that try a function and count its failures."""
        name, pattern = one.name, self.pattern_kinds[self.fmt.bits]
        found = f"{name}(test[0])" if self.is_pattern else f"pattern_of({name}(from_pattern(test[0])))"
        return [
            f"for (int i = 0; i < (int)(sizeof {name}_tests / sizeof *{name}_tests); i++) {{",
            f"    const {pattern} *test = {name}_tests[i];",
            f"    const {pattern} y = {found};",
            "    if (y != test[1]) {",
            f'        printf("{name}: %#x gives %#x, right is %#x\\n", test[0], y, test[1]);',
            "        failures++;",
            "    }",
            "}",
        ]

    def main(self, lines: list[str]) -> str:
        """The function that runs the tests."""
        return f"int main(void)\n{block(['int failures = 0;', *lines, 'return failures != 0;'])}"


def block(lines: list[str]) -> str:
    """Lines in braces."""
    return "\n".join(["{", *(f"    {line}" for line in lines), "}"])


class CudaPrinter(CPrinter):
    """CUDA: operations that are never fused, in functions for the device."""

    floats: ClassVar[dict[str, str]] = {"float32": "float", "float16": "__half", "bfloat16": "__nv_bfloat16"}
    kinds: ClassVar[dict[str, str]] = {FLOAT: "double", WORD: "unsigned long long", TRUTH: "bool"}
    pattern_kinds: ClassVar[dict[int, str]] = {32: "unsigned int", 16: "unsigned short"}
    prefix, helper, table = "__device__ ", "inline ", "__device__ const "
    functions: ClassVar[dict[str, str]] = {
        "add": "__dadd_rn",
        "sub": "__dsub_rn",
        "mul": "__dmul_rn",
        "div": "__ddiv_rn",
    }
    casts: ClassVar[dict[str, tuple[str, str]]] = {
        "float32": ("__float_as_uint", "__uint_as_float"),
        "float16": ("__half_as_ushort", "__ushort_as_half"),
        "bfloat16": ("__bfloat16_as_ushort", "__ushort_as_bfloat16"),
    }
    widenings: ClassVar[dict[str, str]] = {
        "float32": "x",
        "float16": "__half2float(x)",
        "bfloat16": "__bfloat162float(x)",
    }

    @property
    def head(self) -> str:  # type: ignore[override]
        names = {"float16": "cuda_fp16.h", "bfloat16": "cuda_bf16.h"}
        return f"#include <{names[self.fmt.name]}>" if self.fmt.is_short else ""

    def arithmetic(self, op: str, a: Text, b: Text) -> Text:
        return Text(f"{self.functions[op]}({a.text}, {b.text})")

    def do_sqrt(self, x: Expr, a: Text) -> Text:
        return Text(f"__dsqrt_rn({a.text})")

    def do_to_float(self, x: Expr, a: Text) -> Text:
        return Text(f"__ll2double_rn((long long){a.within(_ATOM)})")

    def bit_casts(self) -> dict[str, str]:
        to_pattern, from_pattern = self.casts[self.fmt.name]
        value, pattern = self.floats[self.fmt.name], self.pattern_kinds[self.fmt.bits]
        word = self.kinds[WORD]
        texts = {
            "to_bits": (word, "double x", "(unsigned long long)__double_as_longlong(x)"),
            "from_bits": ("double", f"{word} x", "__longlong_as_double((long long)x)"),
            "pattern_of": (pattern, f"{value} x", f"{to_pattern}(x)"),
            "from_pattern": (value, f"{pattern} x", f"{from_pattern}(x)"),
        }
        return {
            name: self.function_text(kind, name, arguments, [f"return {text};"])
            for name, (kind, arguments, text) in texts.items()
        }

    def function_text(self, kind: str, name: str, arguments: str, lines: list[str]) -> str:
        text = super().function_text(kind, name, arguments, lines)
        return text if name.startswith("round_to") else f"__device__ {text}"

    def widened(self) -> str:
        return self.widenings[self.fmt.name]

    def rounded(self) -> str:
        return "__double2float_rn(y)" if self.fmt.bits == 32 else f"from_pattern(round_to_{self.fmt}(y))"

    includes = "#include <cstdio>"
    array = "__device__ const "

    def main(self, lines: list[str]) -> str:
        kernel = f"__device__ __managed__ int failures;\n\n__global__ void test()\n{block(lines)}"
        lines = ["test<<<1, 1>>>();", "return cudaDeviceSynchronize() || failures;"]
        return f"{kernel}\n\nint main()\n{block(lines)}"
