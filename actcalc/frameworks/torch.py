"""torch: its functional activations, with slopes by autograd."""

from collections.abc import Mapping
from typing import Any

from actcalc.frameworks.framework import Entry, Framework, Function, narrow
from actcalc.frameworks.target import Array
from actcalc.numbers.floats import Format

_MANY = 1000
"""Of fewer elements threads wait for one another for milliseconds, where one takes microseconds."""


class Target(Framework):
    """torch on a device, eager or compiled."""

    name = "torch"
    install = "pip install torch"
    short = 7
    refusals = ("NotImplementedError", "not implemented for", "not currently support double backward")

    def table(self) -> Mapping[str, Entry]:
        torch = self.module
        F = torch.nn.functional  # noqa: N806
        return {
            "sigmoid": (torch.sigmoid,),
            "tanh": (torch.tanh,),
            "softsign": (F.softsign,),
            "relu": (torch.relu,),
            "leaky_relu": (F.leaky_relu, "slope"),
            "prelu": (lambda z, slope: F.prelu(z, torch.full_like(z[:1], slope)), "slope"),
            "rrelu": (F.rrelu, "lower", "upper"),
            "relu6": (F.relu6,),
            "elu": (F.elu, "alpha"),
            "celu": (F.celu, "alpha"),
            "selu": (F.selu,),
            "silu": (F.silu,),
            "swish": (F.silu,),
            "gelu": (F.gelu,),
            "gelu_tanh": (lambda z: F.gelu(z, approximate="tanh"),),
            "mish": (F.mish,),
            "hard_swish": (F.hardswish,),
            "hard_sigmoid": (F.hardsigmoid,),
            "hard_tanh": (F.hardtanh, "min", "max"),
            # Without a threshold it has 20.
            "softplus": (
                lambda z, beta, threshold: F.softplus(z, beta, 20 if threshold is None else threshold),
                *("beta", "threshold"),
            ),
            "log_sigmoid": (F.logsigmoid,),
            "exponential": (torch.exp,),
            "tanhshrink": (F.tanhshrink,),
            "softshrink": (F.softshrink, "lambd"),
            "hardshrink": (F.hardshrink, "lambd"),
            "threshold": (F.threshold, "threshold", "value"),
            "erf": (torch.erf,),
            "sin": (torch.sin,),
        }

    def array(self, z: Array, fmt: Format) -> Any:
        return self.module.from_numpy(narrow(z, fmt)).to(self.device, getattr(self.module, fmt.name))

    def derived(self, function: Function, order: int) -> Function:
        torch = self.module
        if self.compiled:
            function = torch.compile(function)

        def derivative(z: Any) -> Any:
            z.requires_grad_(order > 0)
            if len(z) >= _MANY:
                return along(z)
            threads = torch.get_num_threads()
            torch.set_num_threads(1)
            try:
                return along(z)
            finally:
                torch.set_num_threads(threads)

        def along(z: Any) -> Any:
            a = function(z)
            for further in reversed(range(order)):
                if not a.requires_grad:  # it is constant
                    return torch.zeros_like(z)
                # Some slopes are others where they are to have slopes themselves: the last one is not.
                (a,) = torch.autograd.grad(
                    a, z, torch.ones_like(a), create_graph=further > 0, materialize_grads=True
                )
            return a

        return derivative
