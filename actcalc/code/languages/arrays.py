"""Printing for NumPy, PyTorch and JAX: functions of arrays, which evaluate all branches for all elements."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from actcalc.activations.declaration import Quantity
from actcalc.code.expression import Expression, Routine, Step, Unit, name, parts
from actcalc.code.printer import ATOM, Bound, Printer, is_whole, needed, replaced
from actcalc.code.supplied import Supplied

DEKKER = '''
def _product_error(a, b, p):
    """a*b - p, where p is the rounded a*b (Dekker, 1971)."""
    c, d = 134217729 * a, 134217729 * b
    high, top = c - (c - a), d - (d - b)
    low, rest = a - high, b - top
    return ((high * top - p) + high * rest + low * top) + low * rest
'''
"""The rounding error of a product of float64, for NumPy and PyTorch."""
_FMA_ERROR = '''
def _fma_error(a, b, c, s):
    """a*b + c - s, where s is the rounded a*b + c (Boldo and Muller, 2005)."""
    p = a * b
    r = {product_error}(a, b, p)
    t = c + r
    k = t - c
    rest = (c - (t - k)) + (r - k)
    v = p + t
    k = v - p
    return ((v - s) + ((p - (v - k)) + (t - k))) + rest
'''


class ArrayPrinter(Printer):
    """Functions of one array."""

    width = 88
    has_power = True
    has_limits = True
    module: ClassVar[str]
    """The module that contains the functions."""
    rest_of_product: ClassVar[Mapping[str, str]]
    """The helper for the rounding error of a product, by the format of the computation."""
    rest_of_sum: ClassVar[Mapping[str, str]] = {}
    """The helper for the rounding error of an fma, where that does not need the one of a product."""

    def __init__(self, unit: Unit) -> None:
        super().__init__(unit)
        self.like = "z"
        """The text of an array of the format and shape of results."""
        self._constants: set[str] = set()
        """Names of values that are the same for all elements."""

    def number(self, x: float) -> str:
        return str(int(x)) if is_whole(x) else self.compute.text(x).replace("e+", "e")

    def function_name(self, op: str) -> str:
        return f"{self.module}.{super().function_name(op)}"

    def select(self, condition: Expression, then: Expression, otherwise: Expression) -> Bound:
        second = self.array(then) if self.is_constant(otherwise) else self.text(then)
        return f"{self.module}.where({self.text(condition)}, {second}, {self.text(otherwise)})", ATOM

    def is_constant(self, x: Expression) -> bool:
        """Whether an expression is a number of Python, which has no format."""
        if x.op == "name":
            return x.data in self._constants
        return x.op != "z" and all(map(self.is_constant, x.args))

    def array(self, x: Expression) -> str:
        """The text of an expression with the format of results."""
        if not self.is_constant(x):
            return self.text(x)
        if x.is_number(0) or x.is_number(1):
            return f"{self.module}.{'ones' if x.is_number(1) else 'zeros'}_like({self.like})"
        return f"{self.module}.full_like({self.like}, {self.text(x)})"

    def fma(self, a: Expression, b: Expression, c: Expression) -> Bound:
        return self.bound(a * b + c)

    def product_error(self, a: Expression, b: Expression, p: Expression) -> Bound:
        title = self.product_error_name()
        return f"{title}({self.exact(a)}, {self.exact(b)}, {self.text(p)})", ATOM

    def fma_error(self, a: Expression, b: Expression, c: Expression, s: Expression) -> Bound:
        text = self.rest_of_sum.get(self.compute.name)
        text = text or _FMA_ERROR.format(product_error=self.product_error_name())
        title = self.add_helper("_fma_error", text)
        return f"{title}({', '.join(map(self.exact, (a, b, c)))}, {self.text(s)})", ATOM

    def product_error_name(self) -> str:
        """The name of the helper for the rounding error of a product."""
        return self.add_helper("_product_error", self.rest_of_product[self.compute.name])

    def exact(self, x: Expression) -> str:
        """An operand that may be converted to float64: a constant has all its digits."""
        return repr(self.compute.round_exact(x.data)) if x.is_constant else self.text(x)

    def assignment(self, step: Step, is_new: bool) -> list[str]:
        return [f"{step.name} = {self.text(step.value)}"]

    def end(self, result: Expression) -> list[str]:
        text = self.array(result)
        return [f"return {text if self.is_inner or not self.is_converted else self.to_dtype(result)}"]

    @property
    def is_converted(self) -> bool:
        """Whether the argument has another format than the computation."""
        return self.unit.dtype is not self.compute

    def to_compute(self) -> str:
        """z in the format of the computation."""
        raise NotImplementedError

    def to_dtype(self, result: Expression) -> str:
        """A result, rounded to the format of the unit."""
        raise NotImplementedError

    def statements(self, steps: Sequence[Step], result: Expression) -> list[str]:
        steps, result = with_squares(steps, result)
        outer, self._constants = self._constants, set()
        for step in steps:
            if self.is_constant(step.value):
                self._constants.add(step.name)
        lines = super().statements(steps, result)
        self._constants = outer
        return lines

    def helper_name(self, op: str) -> str:
        return f"_{op}"

    def helper(self, title: str, lacking: Supplied) -> list[str]:
        outer, self.like = self.like, lacking.parameters[0]
        lines = [*self.comment(lacking.note), *self.statements(lacking.steps, lacking.result)]
        self.like = outer
        return [f"def {title}({', '.join(lacking.parameters)}):", *(f"    {line}" for line in lines)]

    def body(self, quantity: Quantity, routine: Routine) -> list[str]:
        """The lines that compute and return one result of a routine."""
        lines = self.statements(needed(routine, quantity), routine.results[quantity])
        return [f"z = {self.to_compute()}", *lines] if self.is_converted else lines

    def file(self, imports: Sequence[str], functions: Sequence[str]) -> str:
        """The text of a Python module."""
        top = "\n".join([*self.header(), *imports])
        return "\n\n\n".join([top, *self.helpers.values(), *functions]) + "\n"


def with_squares(steps: Sequence[Step], result: Expression) -> tuple[list[Step], Expression]:
    """Steps and a result without names for sums that are only squared, as in (1 + e)**2."""
    kept = list(steps)
    for step in steps:
        named = name(step.name)
        values = [other.value for other in kept if other is not step] + [result]
        users = {x for value in values for x in parts(value) if named in x.args}
        if step.note or users != {named * named} or [s.name for s in steps].count(step.name) > 1:
            continue
        kept = [
            other._replace(value=replaced(other.value, named, step.value))
            for other in kept
            if other is not step and other.name != step.name
        ]
        result = replaced(result, named, step.value)
    return kept, result
