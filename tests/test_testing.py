"""``actcalc.testing``: the assertions for other people's tests."""

from typing import Any

import numpy as np
import pytest

import actcalc
from actcalc.testing import assert_max_ulp

Z = np.linspace(-3, 3, 101)


def test_right_values_pass() -> None:
    f = actcalc.activation("gelu")
    assert_max_ulp("gelu", Z, f.dg(Z), max_ulp=0.5)
    assert_max_ulp(f, Z, f.g(Z), of="g", max_ulp=0.5)
    assert_max_ulp("leaky_relu", [-1.0, 2.0], [0.25, 1.0], slope=0.25)


def test_the_error_carries_the_report() -> None:
    wrong = actcalc.activation("gelu").dg(Z) + 2.0**-50
    with pytest.raises(AssertionError) as caught:
        assert_max_ulp("gelu", Z, wrong)
    report = actcalc.check("gelu", Z, wrong, worst=5)
    assert str(caught.value) == f"{report!r}\n{report}"
    assert "FAILED: 101 points off by more than 1 ulp" in str(caught.value)


def test_input_that_cannot_be_compared_is_not_an_assertion_error() -> None:
    with pytest.raises(actcalc.ActcalcError, match="same shape"):
        assert_max_ulp("gelu", [0.0, 1.0], [0.5])


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_other_peoples_arrays(library: str) -> None:
    module: Any = pytest.importorskip(library)
    array = module.tensor if library == "torch" else module.numpy.asarray
    z = array(Z.astype(np.float32))
    assert_max_ulp("tanh", z, actcalc.activation("tanh").dg(z), max_ulp=0.5)
    with pytest.raises(AssertionError):
        assert_max_ulp("tanh", z, z)
