"""JAX: functions of arrays; ``custom_jvp`` makes g' the derivative of g if both are printed."""

from typing import ClassVar

from actcalc.activations.declaration import Quantity
from actcalc.code.expression import Expression, Routine, Unit
from actcalc.code.languages.arrays import ArrayPrinter
from actcalc.code.printer import ATOM

_REST_OF_PRODUCT = '''
def _product_error(a, b, p):
    """a*b - p, where p is the rounded a*b (Dekker, 1971)."""
    a, b = jnp.asarray(a, p.dtype), jnp.asarray(b, p.dtype)
    high, top = (jax.lax.reduce_precision(x, {exponent}, {mantissa}) for x in (a, b))
    low, rest = a - high, b - top
    return ((high * top - p) + high * rest + low * top) + low * rest
'''


class JaxPrinter(ArrayPrinter):
    """Writes functions for JAX."""

    language = "jax"
    module = "jnp"
    names: ClassVar = {"max": "maximum", "min": "minimum", "atan": "arctan"}
    rest_of_product: ClassVar = {
        "float32": _REST_OF_PRODUCT.format(exponent=8, mantissa=11),
        "float64": _REST_OF_PRODUCT.format(exponent=11, mantissa=25),
    }

    def function_name(self, op: str) -> str:
        return f"jax.lax.{op}" if op in ("erf", "erfc") else super().function_name(op)

    def to_compute(self) -> str:
        return f"jnp.asarray(z, jnp.{self.compute})"

    def to_dtype(self, result: Expression) -> str:
        written = self.array(result) if self.is_constant(result) else self.text(result, ATOM)
        return f"{written}.astype(jnp.{self.unit.dtype})"

    def function(self, quantity: Quantity, routine: Routine) -> list[str]:
        title, names = self.unit.names[quantity], self.unit.names
        lines = [f"def {title}(z):", *(f"    {line}" for line in self.body(quantity, routine))]
        if quantity == "g" and any("dg" in other.results for other in self.unit.routines):
            rule = f"{title}.defjvps(lambda dz, g, z: {names['dg']}(z) * dz)"
            return ["@jax.custom_jvp", *lines, "", "", rule]
        return lines


def write(unit: Unit) -> str:
    """The unit as a Python module."""
    printer = JaxPrinter(unit)
    functions = printer.functions()
    return printer.file(["import jax", "import jax.numpy as jnp"], functions)
