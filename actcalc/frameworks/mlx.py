"""mlx: mlx.nn and mlx.core, with slopes by its vector-Jacobian products."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from actcalc.frameworks.framework import Entry, Framework, Function, narrow, repeated
from actcalc.frameworks.target import Array, need
from actcalc.numbers.floats import Format


class Target(Framework):
    """mlx on a device, as it is or compiled as a whole."""

    name = "mlx"
    install = "pip install 'mlx[cpu]', or mlx on a Mac"
    refusals = ("float64 is not supported on the GPU",)

    @property
    def _mx(self) -> Any:
        return need("mlx.core", self.install)

    def default_device(self) -> str:
        return str(self._mx.default_device().type).rpartition(".")[2]

    def versions(self) -> Mapping[str, str]:
        return {self.name: str(self._mx.__version__)}

    def table(self) -> Mapping[str, Entry]:
        mx, nn = self._mx, need("mlx.nn", self.install)
        return {
            "sigmoid": (nn.sigmoid,),
            "tanh": (nn.tanh,),
            "softsign": (nn.softsign,),
            "relu": (nn.relu,),
            "leaky_relu": (nn.leaky_relu, "slope"),
            "prelu": (lambda z, slope: nn.prelu(z, mx.full(1, slope, z.dtype)), "slope"),
            "relu6": (nn.relu6,),
            "relu2": (nn.relu2,),
            "elu": (nn.elu, "alpha"),
            "celu": (nn.celu, "alpha"),
            "selu": (nn.selu,),
            "silu": (nn.silu,),
            "swish": (nn.silu,),
            "gelu": (nn.gelu,),
            "gelu_tanh": (nn.gelu_approx,),
            "quick_gelu": (nn.gelu_fast_approx,),
            "mish": (nn.mish,),
            "hard_swish": (nn.hardswish,),
            "hard_tanh": (nn.hard_tanh, "min", "max"),
            "softplus": (nn.softplus,),
            "log_sigmoid": (nn.log_sigmoid,),
            "softshrink": (nn.softshrink, "lambd"),
            "hardshrink": (nn.hard_shrink, "lambd"),
            "exponential": (mx.exp,),
            "erf": (mx.erf,),
            "sin": (mx.sin,),
        }

    def array(self, z: Array, fmt: Format) -> Any:
        return self._mx.array(narrow(z, fmt), getattr(self._mx, fmt.name))

    def derived(self, function: Function, order: int) -> Function:
        mx = self._mx

        def slope_of(function: Function) -> Function:
            def slope(z: Any) -> Any:
                _, (found,) = mx.vjp(function, [z], [mx.ones_like(z)])
                return found

            return slope

        function = repeated(slope_of, function, order)
        return mx.compile(function) if self.compiled else function

    def within(self, fmt: Format) -> AbstractContextManager[Any]:
        context: AbstractContextManager[Any] = self._mx.stream(getattr(self._mx, self.device))
        return context
