"""Choices rewritten as bounds of z keep their values and change only the work."""

import numpy as np
import pytest

from actcalc import activation
from actcalc.code import source
from actcalc.code.clipping import clipped
from actcalc.code.expression import Z, compare, function, make, number, select


def test_choices_that_meet_at_the_bound_are_clipped() -> None:
    bounded = make("max", Z, number(0))
    assert clipped(select(compare("lt", Z, 0), 0, Z)) is bounded
    assert clipped(select(compare("ge", Z, 0), 2 * Z, 0)) is 2 * bounded
    both = make("max", make("min", Z, number(6)), number(0))
    assert clipped(select(compare("ge", Z, 6), 6, select(compare("lt", Z, 0), 0, Z))) is both


@pytest.mark.parametrize(
    "choice",
    [
        select(compare("lt", Z, 0), 1, Z),  # a jump
        select(compare("lt", Z, 1), 0, Z * Z),
        select(compare("lt", Z, 0), 0, function("expm1", Z)),
        select(compare("lt", Z, 0), Z, 2 * Z),
        select(compare("lt", Z, 0), 0, number(0)),
        select(compare("lt", abs(Z), 1), 0, Z),
    ],
)
def test_all_else_stays(choice: object) -> None:
    assert clipped(choice) is choice  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["relu", "relu2", "star_relu", "relu6", "hard_sigmoid", "hard_tanh"])
def test_values_are_right_and_nan_stays(name: str) -> None:
    namespace: dict[str, object] = {}
    exec(source(name, "g", "numpy", "float64"), namespace)
    z = np.array([-np.inf, -7.0, -3.0, -1.0, -0.0, 0.0, 0.5, 1.0, 3.0, 6.0, 7.0, np.inf, np.nan])
    computed = namespace[name](z)  # type: ignore[operator]
    np.testing.assert_allclose(computed, activation(name).g(z), rtol=1e-15)
