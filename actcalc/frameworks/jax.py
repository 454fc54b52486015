"""jax: jax.nn and jax.numpy, with slopes by its vector-Jacobian products."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from actcalc.frameworks.framework import Entry, Framework, Function, narrow, repeated
from actcalc.frameworks.target import Array
from actcalc.numbers.floats import Format


class Target(Framework):
    """jax on a device, eager or compiled."""

    name = "jax"
    install = "pip install jax"

    def default_device(self) -> str:
        return str(self.module.default_backend())

    def versions(self) -> Mapping[str, str]:
        import jaxlib

        return {**super().versions(), "jaxlib": jaxlib.version.__version__}

    def table(self) -> Mapping[str, Entry]:
        jax = self.module
        nn = jax.nn
        return {
            "sigmoid": (nn.sigmoid,),
            "tanh": (nn.tanh,),
            "softsign": (nn.soft_sign,),
            "relu": (nn.relu,),
            "leaky_relu": (nn.leaky_relu, "slope"),
            "relu6": (nn.relu6,),
            "elu": (nn.elu, "alpha"),
            "celu": (nn.celu, "alpha"),
            "selu": (nn.selu,),
            "silu": (nn.silu,),
            "swish": (nn.swish,),
            "gelu": (lambda z: nn.gelu(z, approximate=False),),
            "gelu_tanh": (lambda z: nn.gelu(z, approximate=True),),
            "mish": (nn.mish,),
            "hard_swish": (nn.hard_swish,),
            "hard_sigmoid": (nn.hard_sigmoid,),
            "hard_tanh": (nn.hard_tanh,),
            "softplus": (nn.softplus,),
            "log_sigmoid": (nn.log_sigmoid,),
            "squareplus": (nn.squareplus, "b"),
            "sparse_plus": (nn.sparse_plus,),
            "sparse_sigmoid": (nn.sparse_sigmoid,),
            "exponential": (jax.numpy.exp,),
            "identity": (nn.identity,),
            "erf": (jax.scipy.special.erf,),
            "sin": (jax.numpy.sin,),
        }

    def array(self, z: Array, fmt: Format) -> Any:
        return self.module.numpy.asarray(narrow(z, fmt)).astype(fmt.name)

    def derived(self, function: Function, order: int) -> Function:
        jax = self.module

        def slope_of(function: Function) -> Function:
            def slope(z: Any) -> Any:
                a, pulled = jax.vjp(function, z)
                (found,) = pulled(jax.numpy.ones_like(a))
                return found

            return slope

        function = repeated(slope_of, function, order)
        return jax.jit(function) if self.compiled else function

    def within(self, fmt: Format) -> AbstractContextManager[Any]:
        stack = ExitStack()
        stack.enter_context(self.module.enable_x64(fmt.name == "float64"))  # else that becomes float32
        stack.enter_context(self.on_device())
        return stack

    def on_device(self) -> AbstractContextManager[Any]:
        context: AbstractContextManager[Any] = self.module.default_device(self.module.devices(self.device)[0])
        return context
