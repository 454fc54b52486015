"""Running frameworks: in few lengths where each one is compiled, and short arrays as rows of one array."""

from typing import Any, ClassVar

import numpy as np
import pytest

import actcalc
from actcalc.frameworks.framework import Entry, Framework, Function
from actcalc.frameworks.spec import Spec
from actcalc.frameworks.target import Dtype
from actcalc.numbers.floats import FORMATS
from tests.frameworks.test_frameworks import installed

FLOAT32 = FORMATS["float32"]


class Fake(Framework):
    """A framework that runs NumPy as if it compiled for each length."""

    name = "numpy"
    install = ""
    table: ClassVar[dict[str, Entry]] = {}
    needs_few_lengths = True

    def array(self, z: Any, fmt: Dtype) -> Any:
        return z.astype(fmt.numpy)

    def slope_of(self, function: Function, order: int) -> Function:
        return lambda z: 2 * z


@pytest.mark.parametrize(("in_rows", "short"), [(True, (235, 70)), (False, (70,))])
def test_few_lengths_whatever_is_asked_for(in_rows: bool, short: tuple[int, ...]) -> None:
    seen = set()

    def square(z: Any) -> Any:
        seen.add(z.shape)
        return z * z

    run = Fake().running(square, "g", FLOAT32, in_rows)
    for length in (1, 2, 69, 70, 71, 1000, 1 << 14):
        z = np.arange(length) % 1000 / 2
        for found in (run(z), run(z, 70)):
            assert (found.values.tolist(), found.dtype) == ((z * z).tolist(), "float32")
    assert seen == {(1 << 14,), short}
    run(np.zeros((1 << 14) + 1))
    assert seen == {(1 << 14,), short, (1 << 15,)}


@pytest.mark.parametrize("framework", ["torch", "jax"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("of", ["g", "dg"])
def test_rows_of_an_array_agree_with_short_arrays(framework: str, dtype: str, of: Any) -> None:
    """torch's sigmoid and its slope differ between the vector lanes and the tail of a loop."""
    found, fmt = installed(framework), FORMATS[dtype]
    assert isinstance(found, Framework)
    function = found.module.nn.functional.sigmoid if framework == "torch" else found.module.nn.sigmoid
    z = np.linspace(-20, 20, 2002).astype("f4").astype("f8")
    if dtype == "bfloat16":
        z = found.running(lambda z: z, "g", fmt)(np.round(z * 4) / 4).values
    in_rows, in_arrays = (found.running(function, of, fmt, how)(z, 7).values for how in (True, False))
    assert in_rows.tolist() == in_arrays.tolist()
    if framework == "torch" and dtype != "bfloat16":
        assert in_rows.tolist() != found.running(function, of, fmt)(z).values.tolist()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # a warning within torch
def test_functions_are_compiled_once() -> None:
    """torch stops compiling a Python function after eight variants and silently runs it uncompiled."""
    torch = pytest.importorskip("torch")
    found = Spec("torch", compiled=True).target()
    for name in ("sigmoid", "tanh", "relu", "silu", "gelu", "mish", "elu", "softsign", "erf", "sin"):
        torch._dynamo.utils.counters.clear()
        run = found.run(actcalc.activation(name), "g", FLOAT32)
        assert run is not None
        run(np.zeros(3))
        assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 1, name
