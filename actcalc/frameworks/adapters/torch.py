"""torch: its functional activations, with slopes by autograd."""

from collections.abc import Mapping
from typing import Any, ClassVar

from actcalc.frameworks.framework import CUT_OFF, Entry, Framework, Function
from actcalc.frameworks.target import Array, Dtype, KernelError, check_returned


def _softplus(torch: Any, z: Any, beta: float = 1, threshold: float | None = None) -> Any:
    """torch's softplus, whose threshold is 20 by default."""
    return torch.nn.functional.softplus(z, beta, 20 if threshold is None else threshold)


class Target(Framework):
    """torch on a device, eager or compiled."""

    name = "torch"
    place = 1
    install = "pip install torch"
    short = 7
    has_tails_in_rows = True
    refusals = ("NotImplementedError", "not implemented for", "not currently support double backward")
    table: ClassVar[Mapping[str, Entry]] = {
        "sigmoid": Entry("sigmoid"),
        "tanh": Entry("tanh"),
        "softsign": Entry("nn.functional.softsign"),
        "relu": Entry("relu", slopes=("0",)),
        "leaky_relu": Entry("nn.functional.leaky_relu", ("slope",), slopes=("slope",)),
        "prelu": Entry(
            lambda torch, z, slope: torch.nn.functional.prelu(z, z.new_full((1,), slope)), ("slope",)
        ),
        "rrelu": Entry("nn.functional.rrelu", ("lower", "upper")),
        "relu6": Entry("nn.functional.relu6", slopes=("0", "0")),
        "elu": Entry("nn.functional.elu", ("alpha",), slopes=("2",)),
        "celu": Entry("nn.functional.celu", ("alpha",)),
        "selu": Entry("nn.functional.selu", slopes=("1.7581",)),
        "silu": Entry("nn.functional.silu"),
        "swish": Entry("nn.functional.silu"),
        "gelu": Entry("nn.functional.gelu"),
        "gelu_tanh": Entry("nn.functional.gelu", keywords={"approximate": "tanh"}, default="gelu"),
        "mish": Entry("nn.functional.mish"),
        "hard_swish": Entry("nn.functional.hardswish", slopes=("0", "1")),
        "hard_sigmoid": Entry("nn.functional.hardsigmoid", slopes=("0", "0")),
        "hard_tanh": Entry("nn.functional.hardtanh", ("min", "max"), slopes=("0", "0")),
        "softplus": Entry(_softplus, ("beta", "threshold"), default="threshold=20"),
        "log_sigmoid": Entry("nn.functional.logsigmoid"),
        "exponential": Entry("exp"),
        "tanhshrink": Entry("nn.functional.tanhshrink"),
        "softshrink": Entry("nn.functional.softshrink", ("lambd",), slopes=("0", "0")),
        "hardshrink": Entry("nn.functional.hardshrink", ("lambd",), slopes=("0", "0")),
        "threshold": Entry("nn.functional.threshold", ("threshold", "value")),
        "erf": Entry("erf"),
        "sin": Entry("sin"),
    }

    def array(self, z: Array, fmt: Dtype) -> Any:
        return self.module.from_numpy(z.astype(fmt.numpy)).to(self.device, getattr(self.module, fmt.name))

    def rows(self, z: Array, fmt: Dtype) -> Any:
        """Rows with gaps between them: without gaps torch would treat them as one array."""
        return self._with_gaps(self.array(z, fmt))

    def _with_gaps(self, rows: Any) -> Any:
        return self.module.nn.functional.pad(rows, (0, 1))[:, :-1]

    def derive(self, function: Function, order: int) -> Function:
        torch = self.module
        if self.compiled:
            function = torch.compile(function, dynamic=False)

        def derivative(z: Any) -> Any:
            z.requires_grad_(order > 0)
            ones = torch.ones_like(z)
            if z.ndim > 1:
                ones = self._with_gaps(ones)
            a = function(z)
            check_returned(a)
            if order and not (isinstance(a, torch.Tensor) and a.requires_grad):
                raise KernelError(CUT_OFF)
            for further in reversed(range(order)):
                if not a.requires_grad:  # a slope that is constant
                    return torch.zeros_like(z)
                # Some slopes differ if they need slopes themselves; the last one does not.
                (slope,) = torch.autograd.grad(a, z, ones, create_graph=further > 0, allow_unused=True)
                if slope is None and further == order - 1:
                    raise KernelError(CUT_OFF)
                a = torch.zeros_like(z) if slope is None else slope
            return a

        return derivative

    def forget_compiled(self) -> None:
        """Reset torch, which compiles only a few variants of one Python function, as all here are to it."""
        if self.compiled:
            self.module.compiler.reset()
