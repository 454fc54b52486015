"""NumPy: functions of arrays and scalars that keep the dtype; bfloat16 values are held in float32."""

from typing import ClassVar

from actcalc.activations.declaration import Quantity
from actcalc.code.clipping import clipped
from actcalc.code.expression import Expression, Routine, Step, Unit, make
from actcalc.code.languages.arrays import DEKKER, ArrayPrinter
from actcalc.code.printer import Bound, needed
from actcalc.code.quiet import is_quiet
from actcalc.code.rows import rows
from actcalc.numbers.floats import BFLOAT16, FLOAT32

_REST_OF_PRODUCT = {
    "float32": '''
def _product_error(a, b, p):
    """a*b - p, where p is the rounded a*b; float64 holds the product."""
    return np.float32(np.float64(a) * b - p)
''',
    "float64": DEKKER,
}
_REST_OF_SUM = '''
def _fma_error(a, b, c, s):
    """a*b + c - s, where s is the rounded a*b + c, by float64."""
    return np.float32(np.float64(a) * b + c - s)
'''
_TO_BFLOAT16 = '''
def _bfloat16(y):
    """y rounded to nearest, ties to even, among the values of bfloat16."""
    bits = y.view(np.uint32)
    bits = bits + (0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
    return np.where(np.isnan(y), y, bits.view(np.float32))
'''
_ASSERT_NEAR = '''
def assert_near(name, found, right, z, ulps):
    """Inputs whose results are hard to get right give the right ones within the allowed ulps."""
    exponents = np.where(right == 0, {quantum}, np.frexp(right)[1] - {precision})
    most = np.ldexp(float(ulps), np.maximum(exponents, {quantum}))
    is_far = ~(np.abs(np.float64(found) - right) <= most)
    assert not is_far.any(), (name, z[is_far], found[is_far], right[is_far])
'''
"""The error counted for NaN and infinities."""
_QUIET = '@np.errstate(all="ignore")'


class NumPyPrinter(ArrayPrinter):
    """Writes functions for NumPy."""

    language = "numpy"
    module = "np"
    names: ClassVar = {"max": "maximum", "min": "minimum", "atan": "arctan"}
    rest_of_product = _REST_OF_PRODUCT
    rest_of_sum: ClassVar = {"float32": _REST_OF_SUM}

    def to_compute(self) -> str:
        return f"np.{self.compute}(z)"

    def to_dtype(self, result: Expression) -> str:
        if self.unit.dtype is BFLOAT16:
            found = self.array(result) if self.compute is FLOAT32 else f"np.float32({self.array(result)})"
            return f"{self.add_helper('_bfloat16', _TO_BFLOAT16)}({found})"
        return f"np.{self.unit.dtype}({self.array(result)})"

    def select(self, condition: Expression, then: Expression, otherwise: Expression) -> Bound:
        x = make("select", condition, then, otherwise)
        bounded = clipped(x)
        return super().select(condition, then, otherwise) if bounded is x else self.bound(bounded)

    def function(self, quantity: Quantity, routine: Routine) -> list[str]:
        steps, result = needed(routine, quantity), routine.results[quantity]
        lines = self.body(quantity, routine)
        quiet = [] if self.is_quiet(steps, result) else [_QUIET]
        return [*quiet, f"def {self.unit.names[quantity]}(z):", *(f"    {line}" for line in lines)]

    def is_quiet(self, steps: list[Step], result: Expression) -> bool:
        """Whether NumPy warns about no z."""
        return is_quiet(steps, result, self.compute, min(self.unit.dtype.largest, self.compute.largest))

    def tests(self) -> list[str]:
        """The tests of the functions of the unit; none if there are no trials."""
        if not self.unit.trials:
            return []
        held = "float32" if self.unit.dtype is BFLOAT16 else self.unit.dtype
        lines = []
        for of, trial in self.unit.trials.items():
            title = self.unit.names[of]
            for name, values in (("z", trial.z), ("right", trial.right)):
                texts = rows(map(self.number, values), self.width, 12)
                lines += [f"    {name} = np.array(", "        [", *texts.split("\n"), "        ],"]
                lines += [f"        np.{held},", "    )"]
            lines.append(f'    assert_near("{title}", {title}(z), right, z, {trial.ulps})')
        fmt = self.unit.dtype
        near = _ASSERT_NEAR.format(precision=fmt.precision, quantum=fmt.quantum_exponent)
        main = 'if __name__ == "__main__":\n    test()'
        return [near.strip("\n"), "\n".join(["def test():", *lines]), main]


def write(unit: Unit) -> str:
    """The unit as a Python module."""
    printer = NumPyPrinter(unit)
    functions = printer.functions()
    return printer.file(["import numpy as np"], [*functions, *printer.tests()])
