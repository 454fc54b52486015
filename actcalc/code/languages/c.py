"""C, as of C99: float and double; _Float16; bfloat16 as the patterns that hold it, in uint16_t."""

from collections.abc import Sequence
from fractions import Fraction

from actcalc.code.expression import Routine, Step, Unit
from actcalc.code.printer import Printer
from actcalc.numbers.floats import BFLOAT16, FLOAT32, Format

_TYPES = {"float64": "double", "float32": "float", "float16": "_Float16", "bfloat16": "uint16_t"}
_CALLS = {"abs": "fabs", "max": "fmax", "min": "fmin"}

_BFLOAT16 = """\
static float from_bfloat16(uint16_t x) {
    uint32_t bits = (uint32_t)x << 16;
    float z;
    memcpy(&z, &bits, sizeof z);
    return z;
}

// Rounds to nearest, ties to even.
static uint16_t to_bfloat16(float y) {
    uint32_t bits;
    memcpy(&bits, &y, sizeof bits);
    if (y != y) {
        return (uint16_t)(bits >> 16 | 0x40);
    }
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
"""


class CPrinter(Printer):
    """Writes expressions of C."""

    def number(self, x: Fraction) -> str:
        return super().number(x) + ("f" if self.compute is FLOAT32 else "")

    def call(self, op: str, args: Sequence[str]) -> str:
        suffix = "f" if self.compute is FLOAT32 else ""
        if op == "product_error":
            a, b, p = args
            return f"fma{suffix}({a}, {b}, -{p})"
        return f"{_CALLS.get(op, op)}{suffix}({', '.join(args)})"

    def select(self, condition: str, then: str, otherwise: str) -> tuple[str, int]:
        return f"{condition} ? {then} : {otherwise}", 3


def write(unit: Unit) -> str:
    """The unit as a C file."""
    blocks = [includes(unit.dtype)]
    if unit.header:
        blocks.insert(0, "\n".join(f"// {line}".rstrip() for line in unit.header))
    if unit.dtype is BFLOAT16:
        blocks.append(_BFLOAT16.rstrip())
    blocks += [function(unit, routine) for routine in unit.routines]
    return "\n\n".join(blocks) + "\n"


def includes(dtype: Format) -> str:
    """The headers that a file needs."""
    names = ["math", *(["stdint", "string"] if dtype is BFLOAT16 else [])]
    return "\n".join(f"#include <{name}.h>" for name in names)


def function(unit: Unit, routine: Routine) -> str:
    """The function of one result."""
    printer = CPrinter(unit.compute)
    own, inner = _TYPES[unit.dtype.name], _TYPES[unit.compute.name]

    def line(step: Step) -> str:
        note = f"  // {step.note}" if step.note else ""
        return f"{inner} {step.name} = {printer.text(step.value)};{note}"

    ((of, _),) = routine.results.items()
    body, results = printer.lines(routine, line)
    result = results[of]
    argument = "z"
    if unit.dtype is BFLOAT16:
        argument, result = "x", f"to_bfloat16({result})"
        body = ["float z = from_bfloat16(x);", *body]
    elif unit.dtype is not unit.compute:
        argument, result = "x", f"({own})({result})"
        body = [f"{inner} z = x;", *body]
    lines = [*body, f"return {result};"]
    return "\n".join([f"{own} {unit.names[of]}({own} {argument}) {{", *(f"    {x}" for x in lines), "}"])
