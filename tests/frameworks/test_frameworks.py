"""What is known of frameworks, in the versions in which it was seen."""

from typing import Any

import numpy as np
import pytest

import actcalc
from actcalc.checking.audit import Row, audit
from actcalc.errors import ActcalcError
from actcalc.frameworks.target import NotImplementedHere, need, target
from actcalc.numbers.floats import FORMATS

FRAMEWORKS = ("torch", "jax")


def rows(framework: str, name: str, dtype: str, **parameters: Any) -> list[Row]:
    pytest.importorskip(framework)
    f = actcalc.activation(name, **parameters)
    return list(audit(target(framework), [f], dtypes=[FORMATS[dtype]], count=2000))


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("dtype", list(FORMATS))
def test_every_entry_is_the_function_it_says(framework: str, dtype: str) -> None:
    """Good to two digits at a few ordinary points, forward and backward, in every format."""
    pytest.importorskip(framework)
    found, z = target(framework), np.array([-2.5, -0.75, 0.625, 2.25])
    implemented = 0
    for name in actcalc.names():
        parameters = {"threshold": 0.5, "value": 0.25} if name == "threshold" else {}
        f = actcalc.activation(name, **parameters)
        for of in ("g", "dg"):
            try:
                run = found.run(f, of, FORMATS[dtype])
                assert run is not None
                got = run(z)
            except NotImplementedHere:
                continue
            implemented += 1
            right = f.g(z) if of == "g" else f.dg(z)
            np.testing.assert_allclose(got.values, right, rtol=0.03, atol=0.01, err_msg=f"{name} {of}")
            assert got.dtype == dtype
    assert implemented >= 48


def test_the_slope_of_torchs_sigmoid_is_zero_from_17_on() -> None:
    """Seen in torch 2.13."""
    g, dg = rows("torch", "sigmoid", "float32")
    assert (dg.verdict, dg.passed) == ("broken", False)
    assert dg.first_zero_z is not None
    assert 16 < dg.first_zero_z < 17.33
    assert g.not_finite == 0


def test_what_a_framework_does_not_have_is_a_row() -> None:
    for row in rows("torch", "logcosh", "float32"):
        assert (row.verdict, row.passed, row.message) == ("not implemented", True, "torch has no logcosh")


def test_the_slope_of_relu_at_its_kink() -> None:
    assert rows("torch", "relu", "float16")[1].kink == "0.0 at 0.0"
    assert rows("jax", "relu", "float16")[1].kink == "0.0 at 0.0"


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_device_that_is_not_there(framework: str) -> None:
    pytest.importorskip(framework)
    with pytest.raises(ActcalcError, match=r"^device: "):
        target(framework, device="cuda:7")


def test_a_framework_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr("importlib.import_module", missing)
    with pytest.raises(ActcalcError, match=r"^torch is not installed") as caught:
        need("torch", "pip install torch")
    assert caught.value.hint == "install it: pip install torch"
