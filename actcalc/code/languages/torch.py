"""PyTorch: functions of tensors; if both are printed, g is an ``autograd.Function`` whose slope is g'."""

from collections.abc import Sequence
from typing import ClassVar

from actcalc.activations.declaration import Quantity
from actcalc.code.expression import Expression, Routine, Unit
from actcalc.code.languages.arrays import DEKKER, ArrayPrinter
from actcalc.code.printer import ATOM, Bound

_REST_OF_PRODUCT = {
    "float32": '''
def _product_error(a, b, p):
    """a*b - p, where p is the rounded a*b; float64 holds the product."""
    return (a * b.double() - p).float()
''',
    "float64": DEKKER,
}
_REST_OF_SUM = '''
def _fma_error(a, b, c, s):
    """a*b + c - s, where s is the rounded a*b + c, by float64."""
    return (a * b.double() + c - s).float()
'''
_FUNCTION = '''
class {kind}(torch.autograd.Function):
    """{title}, with its own slope."""

    generate_vmap_rule = True

    @staticmethod
    def forward(z):
{body}

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad):
        (z,) = ctx.saved_tensors
        return grad * {slope}(z)


{title} = {kind}.apply
'''


class TorchPrinter(ArrayPrinter):
    """Writes functions for PyTorch."""

    language = "torch"
    module = "torch"
    names: ClassVar = {"max": "maximum", "min": "minimum"}
    rest_of_product = _REST_OF_PRODUCT
    rest_of_sum: ClassVar = {"float32": _REST_OF_SUM}

    def call(self, op: str, args: Sequence[Expression]) -> Bound:
        """A call; functions of two numbers take tensors, but bounds may be numbers."""
        if op in ("max", "min") and any(map(self.is_constant, args)):
            x, bound = args if self.is_constant(args[1]) else args[::-1]
            side = "min" if op == "max" else "max"
            return f"torch.clamp({self.text(x)}, {side}={self.text(bound)})", ATOM
        if len(args) > 1:
            return f"{self.function_name(op)}({', '.join(map(self.array, args))})", ATOM
        return super().call(op, args)

    def product_error(self, a: Expression, b: Expression, p: Expression) -> Bound:
        return super().product_error(*((b, a) if self.is_constant(b) else (a, b)), p)

    def array(self, x: Expression) -> str:
        """The text of a tensor; an autograd function must not return its own argument."""
        return "z.clone()" if x.op == "z" and not self.is_inner else super().array(x)

    def fma_error(self, a: Expression, b: Expression, c: Expression, s: Expression) -> Bound:
        return super().fma_error(*((b, a) if self.is_constant(b) else (a, b)), c, s)

    def to_compute(self) -> str:
        return f"z.to(torch.{self.compute})"

    def to_dtype(self, result: Expression) -> str:
        written = self.array(result) if self.is_constant(result) else self.text(result, ATOM)
        return f"{written}.to(torch.{self.unit.dtype})"

    def function(self, quantity: Quantity, routine: Routine) -> list[str]:
        title, names = self.unit.names[quantity], self.unit.names
        if quantity == "g" and any("dg" in other.results for other in self.unit.routines):
            self.indentation = 8
            body = "\n".join(f"        {line}" for line in self.body(quantity, routine))
            self.indentation = 4
            kind = "".join(word.capitalize() for word in title.split("_"))
            return _FUNCTION.format(title=title, kind=kind, slope=names["dg"], body=body).strip().splitlines()
        return [f"def {title}(z):", *(f"    {line}" for line in self.body(quantity, routine))]


def write(unit: Unit) -> str:
    """The unit as a Python module."""
    printer = TorchPrinter(unit)
    functions = printer.functions()
    return printer.file(["import torch"], functions)
