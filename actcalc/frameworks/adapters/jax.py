"""jax: jax.nn and jax.numpy, with slopes by its vector-Jacobian products."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import Any, ClassVar

from actcalc.frameworks.framework import Entry, Framework, Function, to_numpy
from actcalc.frameworks.target import Array, Dtype


class Target(Framework):
    """jax on a device, eager or compiled."""

    name = "jax"
    place = 2
    install = "pip install jax"
    has_tails_in_rows = True
    needs_few_lengths = True
    table: ClassVar[Mapping[str, Entry]] = {
        "sigmoid": Entry("nn.sigmoid"),
        "tanh": Entry("nn.tanh"),
        "softsign": Entry("nn.soft_sign"),
        "relu": Entry("nn.relu", slopes=("0",)),
        "leaky_relu": Entry("nn.leaky_relu", ("slope",), slopes=("1",)),
        "relu6": Entry("nn.relu6", slopes=("0", "0")),
        "elu": Entry("nn.elu", ("alpha",), slopes=("2",)),
        "celu": Entry("nn.celu", ("alpha",)),
        "selu": Entry("nn.selu", slopes=("1.7581",)),
        "silu": Entry("nn.silu"),
        "swish": Entry("nn.swish"),
        "gelu": Entry("nn.gelu", keywords={"approximate": False}, default="gelu_tanh"),
        "gelu_tanh": Entry("nn.gelu", keywords={"approximate": True}),
        "mish": Entry("nn.mish"),
        "hard_swish": Entry("nn.hard_swish", slopes=("0", "1")),
        "hard_sigmoid": Entry("nn.hard_sigmoid", slopes=("0", "0")),
        "hard_tanh": Entry("nn.hard_tanh", slopes=("1", "1")),
        "softplus": Entry("nn.softplus"),
        "log_sigmoid": Entry("nn.log_sigmoid"),
        "squareplus": Entry("nn.squareplus", ("b",)),
        "sparse_plus": Entry("nn.sparse_plus"),
        "sparse_sigmoid": Entry("nn.sparse_sigmoid", slopes=("0.25", "0.25")),
        "exponential": Entry("numpy.exp"),
        "identity": Entry("nn.identity"),
        "erf": Entry("scipy.special.erf"),
        "sin": Entry("numpy.sin"),
    }

    def default_device(self) -> str:
        return str(self.module.default_backend())

    def versions(self) -> Mapping[str, str]:
        import jaxlib

        return {**super().versions(), "jaxlib": jaxlib.version.__version__}

    def array(self, z: Array, fmt: Dtype) -> Any:
        return self.module.device_put(to_numpy(z, fmt))  # compiles nothing, unlike jax.numpy.asarray

    def slope_of(self, function: Function, order: int) -> Function:
        import numpy as np

        def slope(z: Any) -> Any:
            a, pulled = self.module.vjp(function, z)
            (found,) = pulled(np.ones(a.shape, a.dtype))
            return found

        return slope

    def forget_compiled(self) -> None:
        self.module.clear_caches()

    def compile(self, function: Function) -> Any:
        return self.module.jit(function)

    def within(self, fmt: Dtype) -> AbstractContextManager[Any]:
        stack = ExitStack()
        stack.enter_context(self.module.enable_x64(fmt.bits > 32))  # else that becomes float32
        stack.enter_context(self.on_device())
        return stack

    def on_device(self) -> Any:
        return self.module.default_device(self.module.devices(self.device)[0])
