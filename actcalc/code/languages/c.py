"""C99: float, double and _Float16; bfloat16 as patterns in uint16_t."""

from actcalc.code.expression import Unit
from actcalc.code.languages.c_family import CFamily
from actcalc.numbers.floats import BFLOAT16, FLOAT16, Format

_FROM_BFLOAT16 = """
static float from_bfloat16(uint16_t x) {
    uint32_t bits = (uint32_t)x << 16;
    float z;
    memcpy(&z, &bits, sizeof z);
    return z;
}
"""
_TO_BFLOAT16 = """
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


class CPrinter(CFamily):
    """Writes functions in C."""

    language = "c"
    opening = ""
    inner_opening = "static "
    test_array = "static const "
    test_include = "#include <stdio.h>"

    @property
    def outside(self) -> tuple[str, str, str]:
        if self.unit.dtype is BFLOAT16:
            into = self.add_helper("from_bfloat16", _FROM_BFLOAT16)
            return "uint16_t", f"{into}({{}})", self.add_helper("to_bfloat16", _TO_BFLOAT16)
        if self.unit.dtype is FLOAT16:
            return "_Float16", "{}", "(_Float16)"
        return super().outside


def write(unit: Unit) -> str:
    """The unit as a C file."""
    printer = CPrinter(unit)
    functions = printer.functions()
    header = ["\n".join(printer.header())] if unit.header else []
    parts = [*header, includes(unit.dtype), *printer.helpers.values(), *functions, *printer.tests()]
    return "\n\n".join(parts) + "\n"


def includes(dtype: Format) -> str:
    """The includes of a file."""
    names = ["math", *(["stdint", "string"] if dtype is BFLOAT16 else [])]
    return "\n".join(f"#include <{name}.h>" for name in names)
