"""mlx: mlx.nn and mlx.core, with slopes by its vector-Jacobian products."""

from collections.abc import Mapping
from typing import Any, ClassVar

from actcalc.frameworks.framework import Entry, Framework, Function
from actcalc.frameworks.target import Array, Dtype, import_or_explain


class Target(Framework):
    """mlx on a device, eager or compiled."""

    name = "mlx"
    place = 6
    install = "pip install 'mlx[cpu]', or mlx on a Mac"
    refusals = ("float64 is not supported on the GPU",)
    table: ClassVar[Mapping[str, Entry]] = {
        "sigmoid": Entry("nn.sigmoid"),
        "tanh": Entry("nn.tanh"),
        "softsign": Entry("nn.softsign"),
        "relu": Entry("nn.relu", slopes=("0",)),
        "leaky_relu": Entry("nn.leaky_relu", ("slope",), slopes=("1",)),
        "prelu": Entry(lambda mlx, z, slope: mlx.nn.prelu(z, mlx.core.full(1, slope, z.dtype)), ("slope",)),
        "relu6": Entry("nn.relu6", slopes=("0", "0")),
        "relu2": Entry("nn.relu2"),
        "elu": Entry("nn.elu", ("alpha",), slopes=("2",)),
        "celu": Entry("nn.celu", ("alpha",), otherwise="a slope of 0 at 0"),
        "selu": Entry("nn.selu", otherwise="its two constants cut short", slopes=("1.7581",)),
        "silu": Entry("nn.silu"),
        "swish": Entry("nn.silu"),
        "gelu": Entry("nn.gelu"),
        "gelu_tanh": Entry("nn.gelu_approx"),
        "quick_gelu": Entry("nn.gelu_fast_approx"),
        "mish": Entry("nn.mish"),
        "hard_swish": Entry("nn.hardswish", slopes=("0", "1")),
        "hard_tanh": Entry("nn.hard_tanh", ("min", "max"), slopes=("0", "0")),
        "softplus": Entry("nn.softplus"),
        "log_sigmoid": Entry("nn.log_sigmoid"),
        "softshrink": Entry("nn.softshrink", ("lambd",), slopes=("0", "0")),
        "hardshrink": Entry("nn.hard_shrink", ("lambd",), slopes=("0", "0")),
        "exponential": Entry("core.exp"),
        "erf": Entry("core.erf"),
        "sin": Entry("core.sin"),
    }

    def __init__(self, device: str | None = None, compiled: bool = False, backend: str | None = None) -> None:
        super().__init__(device, compiled)
        import_or_explain("mlx.nn", self.install)

    @property
    def _mx(self) -> Any:
        return import_or_explain("mlx.core", self.install)

    def default_device(self) -> str:
        return str(self._mx.default_device().type).rpartition(".")[2]

    def versions(self) -> Mapping[str, str]:
        return {self.name: str(self._mx.__version__)}

    def array(self, z: Array, fmt: Dtype) -> Any:
        return self._mx.array(z.astype(fmt.numpy), getattr(self._mx, fmt.name))

    def slope_of(self, function: Function, order: int) -> Function:
        def slope(z: Any) -> Any:
            _, (found,) = self._mx.vjp(function, [z], [self._mx.ones_like(z)])
            return found

        return slope

    def compile(self, function: Function) -> Any:
        return self._mx.compile(function)

    def within(self, fmt: Dtype) -> Any:
        return self._mx.stream(getattr(self._mx, self.device))
