"""The rounding errors of products, and of products plus sums, in all languages."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from actcalc.activations.declaration import Quantity
from actcalc.code.expression import Expression, Routine, Unit, Z, function, make, number
from actcalc.code.languages.registry import write
from actcalc.numbers.floats import FORMATS, Format
from tests.support.toolchains import RUNNERS, Text

THIRD, NINE, FAR = map(number, (Fraction(1, 3), Fraction(91, 10), Fraction(17, 5)))
P, Q, S = Z * Z, THIRD * Z, make("fma", THIRD, Z, FAR)
T = make("fma", NINE, Z, FAR)
EXPRESSIONS: Mapping[str, Expression] = {
    "square": make("product_error", Z, Z, P),
    "multiple": make("product_error", THIRD, Z, Q),
    "other_way": make("product_error", Z, THIRD, Q),
    "sum": S,
    "rest_of_sum": make("fma_error", THIRD, Z, FAR, S),
    # A realistic use: jitted, it becomes one loop, in which a product and a sum might be fused.
    "used_sum": function("exp", T) * (1 + make("fma_error", NINE, Z, FAR, T)),
    "used": function("exp", -P) * (1 - make("product_error", Z, Z, P)),
}


def right(title: str, x: float, total: float, fmt: Format) -> Fraction:
    """The exact rounding error, for a sum rounded to ``total``; languages without fma round it twice."""
    z = Fraction(x)
    third, far = (Fraction(fmt.round_exact(c)) for c in (Fraction(1, 3), Fraction(17, 5)))
    if title == "rest_of_sum":
        return third * z + far - Fraction(total)
    product = z * z if title == "square" else third * z
    return product - Fraction(fmt.round_exact(product))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("language", RUNNERS)
def test_remainders(language: str, dtype: str, tmp_path: Path) -> None:
    fmt = FORMATS[dtype]
    g: Quantity = "g"
    units = [Unit(title, [Routine([], {g: x})], {g: title}, fmt, fmt) for title, x in EXPRESSIONS.items()]
    texts = [Text(write(unit, language), (unit.title,)) for unit in units]
    z = np.random.default_rng(5).uniform(-9, 9, 500).astype(dtype)
    found = RUNNERS[language](tmp_path)(texts, z, dtype)
    # The product is up to 81 and amplifies errors in the argument of the exponential.
    used = np.exp(-(z.astype(np.longdouble) ** 2))
    nine, far = (np.longdouble(fmt.round_exact(x.data)) for x in (NINE, FAR))
    used_sum = np.exp(nine * z.astype(np.longdouble) + far)
    for title, y in (("used", used), ("used_sum", used_sum)):
        assert np.abs(found[title] / y - 1).max() < 6 * 2.0 ** (1 - fmt.precision), title
    # JAX may round the sum differently if only the sum is requested.
    for title in ("square", "multiple", "other_way", "rest_of_sum")[: 3 if language == "jax" else 4]:
        for x, total, y in zip(z.tolist(), found["sum"].tolist(), found[title].tolist(), strict=True):
            exact = right(title, x, total, fmt)
            assert abs(Fraction(y) - exact) <= abs(exact) / 2**20 + Fraction(2) ** (-fmt.precision - 30), (
                title,
                x,
            )
