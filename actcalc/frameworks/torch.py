"""torch: its functional activations, with slopes by autograd."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.errors import ActcalcError
from actcalc.frameworks.target import Array, NotImplementedHere, Own, Run, computed, find, need
from actcalc.numbers.floats import BFLOAT16, Format

_INSTALL = "pip install torch"


def _table(torch: Any) -> Mapping[str, Own]:
    """What torch has for each activation."""
    F = torch.nn.functional  # noqa: N806
    return {
        "sigmoid": lambda z, p: torch.sigmoid(z),
        "tanh": lambda z, p: torch.tanh(z),
        "softsign": lambda z, p: F.softsign(z),
        "relu": lambda z, p: torch.relu(z),
        "leaky_relu": lambda z, p: F.leaky_relu(z, p.slope),
        "prelu": lambda z, p: F.prelu(z, torch.full((1,), p.slope, dtype=z.dtype, device=z.device)),
        "rrelu": lambda z, p: F.rrelu(z, p.lower, p.upper, training=False),
        "relu6": lambda z, p: F.relu6(z),
        "elu": lambda z, p: F.elu(z, p.alpha),
        "celu": lambda z, p: F.celu(z, p.alpha),
        "selu": lambda z, p: F.selu(z),
        "silu": lambda z, p: F.silu(z),
        "swish": lambda z, p: F.silu(z) if p.beta == 1 else _absent("swish with another beta than 1"),
        "gelu": lambda z, p: F.gelu(z),
        "gelu_tanh": lambda z, p: F.gelu(z, approximate="tanh"),
        "mish": lambda z, p: F.mish(z),
        "hard_swish": lambda z, p: F.hardswish(z),
        "hard_sigmoid": lambda z, p: (
            F.hardsigmoid(z)
            if (p.slope, p.offset) == (1 / 6, 0.5)
            else _absent("hard_sigmoid of another slope or offset")
        ),
        "hard_tanh": lambda z, p: F.hardtanh(z, p.min, p.max),
        "softplus": lambda z, p: F.softplus(z, p.beta),
        "log_sigmoid": lambda z, p: F.logsigmoid(z),
        "exponential": lambda z, p: torch.exp(z),
        "tanhshrink": lambda z, p: F.tanhshrink(z),
        "softshrink": lambda z, p: F.softshrink(z, p.lambd),
        "hardshrink": lambda z, p: F.hardshrink(z, p.lambd),
        "threshold": lambda z, p: F.threshold(z, p.threshold, p.value),
    }


def _absent(what: str) -> Any:
    raise NotImplementedHere(f"torch has no {what}")


def to_torch(z: Array, fmt: Format, device: str) -> Any:
    """float64 values of a format as a tensor of it."""
    torch = need("torch", _INSTALL)
    narrow = torch.from_numpy(z.astype(np.float32 if fmt is BFLOAT16 else fmt.name))
    return narrow.to(device, getattr(torch, fmt.name))


def slope_of(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The slope of a function of tensors: autograd's product with ones."""
    import torch

    def slope(z: Any) -> Any:
        z.requires_grad_()
        a = function(z)
        (found,) = torch.autograd.grad(a, z, torch.ones_like(a))
        return found

    return slope


class _Torch:
    name = "torch"
    short = 7

    def __init__(self, device: str | None, compiled: bool) -> None:
        self._torch = need("torch", _INSTALL)
        self._table = _table(self._torch)
        self._compiled = compiled
        self.device = device or "cpu"
        try:
            self._torch.zeros(1, device=self.device)
        except (RuntimeError, AssertionError, ValueError) as error:
            reason = (str(error).splitlines() or [""])[0]
            raise ActcalcError(f": torch has no {self.device} here: {reason}", about="device") from None

    def versions(self) -> Mapping[str, str]:
        return {"torch": str(self._torch.__version__)}

    def run(self, f: Activation, of: str, fmt: Format) -> Run:
        function = find(self._table, f, "torch")
        if self._compiled:
            function = self._torch.compile(function)
        return run_torch(slope_of(function) if of == "dg" else function, fmt, self.device)


def run_torch(function: Callable[[Any], Any], fmt: Format, device: str) -> Run:
    """Runs a function of tensors."""

    def run(z: Array) -> Any:
        try:
            return computed(function(to_torch(z, fmt, device)), len(z))
        except NotImplementedError as error:
            raise NotImplementedHere(str(error).splitlines()[0]) from None
        except RuntimeError as error:
            text = str(error).splitlines()[0]
            if "not implemented for" in text:
                raise NotImplementedHere(text) from None
            raise

    return run


def target(device: str | None, compiled: bool) -> _Torch:
    """torch on a device, eager or compiled."""
    return _Torch(device, compiled)
