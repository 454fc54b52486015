"""Triton: functions of blocks, which a kernel calls."""

from collections.abc import Sequence
from typing import ClassVar

from actcalc.activations.declaration import Quantity
from actcalc.code.expression import Expression, Routine, Unit
from actcalc.code.languages.arrays import ArrayPrinter
from actcalc.code.printer import ATOM, Bound
from actcalc.code.supplied import Supplied
from actcalc.numbers.floats import FLOAT32

_COPYSIGN = """
@triton.jit
def _copysign(x, y):
    # The size of x with the sign of y.
    size = x.to(tl.int{bits}, bitcast=True) & {rest}
    sign = y.to(tl.int{bits}, bitcast=True) & {sign}
    return (size | sign).to(tl.float{bits}, bitcast=True)
"""
_FMA_ERROR = """
@triton.jit
def _fma_error(a, b, c, s):
    # a*b + c - s, where s is the rounded a*b + c.
    d = s - c
    k = d - s
    return tl.fma(a, b, -d) - ((s - (d - k)) - (c + k))
"""


class TritonPrinter(ArrayPrinter):
    """Writes functions for Triton."""

    language = "triton"
    has_power = False
    has_limits = False
    module = "tl"
    names: ClassVar = {"max": "maximum", "min": "minimum"}

    def function_name(self, op: str) -> str:
        """A name; that of the correctly rounded root of float32 differs from the default."""
        return "tl.sqrt_rn" if op == "sqrt" and self.compute is FLOAT32 else super().function_name(op)

    def call(self, op: str, args: Sequence[Expression]) -> Bound:
        if op == "copysign":
            bits = self.compute.bits
            text = _COPYSIGN.format(bits=bits, rest=2 ** (bits - 1) - 1, sign=-(2 ** (bits - 1)))
            return f"{self.add_helper('_copysign', text)}({', '.join(map(self.array, args))})", ATOM
        return super().call(op, args)

    def array(self, x: Expression) -> str:
        if not self.is_constant(x):
            return self.text(x)
        return f"tl.full({self.like}.shape, {self.text(x)}, tl.{self.compute})"

    def fma(self, a: Expression, b: Expression, c: Expression) -> Bound:
        return self.bound(a * b + c)

    def product_error(self, a: Expression, b: Expression, p: Expression) -> Bound:
        return f"tl.fma({', '.join(map(self.array, (a, b, -p)))})", ATOM

    def select(self, condition: Expression, then: Expression, otherwise: Expression) -> Bound:
        """A choice; constants are written as Python floats, which Triton takes for float32."""
        if self.compute is FLOAT32 and then.is_constant and otherwise.is_constant:
            first, *rest = self.text(condition), *(f"{float(self.text(x))!r}" for x in (then, otherwise))
            return f"tl.where({first}, {', '.join(rest)})", ATOM
        return super().select(condition, then, otherwise)

    def fma_error(self, a: Expression, b: Expression, c: Expression, s: Expression) -> Bound:
        title = self.add_helper("_fma_error", _FMA_ERROR)
        return f"{title}({', '.join(map(self.array, (a, b, c, s)))})", ATOM

    def to_compute(self) -> str:
        return f"z.to(tl.{self.compute})"

    def to_dtype(self, result: Expression) -> str:
        written = self.array(result) if self.is_constant(result) else self.text(result, ATOM)
        return f"{written}.to(tl.{self.unit.dtype})"

    def helper(self, title: str, lacking: Supplied) -> list[str]:
        return ["@triton.jit", *super().helper(title, lacking)]

    def function(self, quantity: Quantity, routine: Routine) -> list[str]:
        lines = [f"    {line}" for line in self.body(quantity, routine)]
        return ["@triton.jit", f"def {self.unit.names[quantity]}(z):", *lines]


def write(unit: Unit) -> str:
    """The unit as a Python module."""
    printer = TritonPrinter(unit)
    functions = printer.functions()
    return printer.file(["import triton", "import triton.language as tl"], functions)
