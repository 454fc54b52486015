"""jax: jax.nn and jax.numpy, with slopes by its vector-Jacobian products."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.errors import ActcalcError
from actcalc.frameworks.target import Array, NotImplementedHere, Own, Run, computed, find, need
from actcalc.numbers.floats import BFLOAT16, Format

_INSTALL = "pip install jax"


def _table(jax: Any) -> Mapping[str, Own]:
    """What jax has for each activation."""
    nn = jax.nn
    return {
        "sigmoid": lambda z, p: nn.sigmoid(z),
        "tanh": lambda z, p: nn.tanh(z),
        "softsign": lambda z, p: nn.soft_sign(z),
        "relu": lambda z, p: nn.relu(z),
        "leaky_relu": lambda z, p: nn.leaky_relu(z, p.slope),
        "relu6": lambda z, p: nn.relu6(z),
        "elu": lambda z, p: nn.elu(z, p.alpha),
        "celu": lambda z, p: nn.celu(z, p.alpha),
        "selu": lambda z, p: nn.selu(z),
        "silu": lambda z, p: nn.silu(z),
        "swish": lambda z, p: nn.swish(z) if p.beta == 1 else _absent("swish with another beta than 1"),
        "gelu": lambda z, p: nn.gelu(z, approximate=False),
        "gelu_tanh": lambda z, p: nn.gelu(z, approximate=True),
        "mish": lambda z, p: nn.mish(z),
        "hard_swish": lambda z, p: nn.hard_swish(z),
        "hard_sigmoid": lambda z, p: (
            nn.hard_sigmoid(z)
            if (p.slope, p.offset) == (1 / 6, 0.5)
            else _absent("hard_sigmoid of another slope or offset")
        ),
        "hard_tanh": lambda z, p: (
            nn.hard_tanh(z) if (p.min, p.max) == (-1, 1) else _absent("hard_tanh of other ends than -1 and 1")
        ),
        "softplus": lambda z, p: (
            nn.softplus(z) if p.beta == 1 else _absent("softplus with another beta than 1")
        ),
        "log_sigmoid": lambda z, p: nn.log_sigmoid(z),
        "squareplus": lambda z, p: nn.squareplus(z, p.b),
        "sparse_plus": lambda z, p: nn.sparse_plus(z),
        "sparse_sigmoid": lambda z, p: nn.sparse_sigmoid(z),
        "exponential": lambda z, p: jax.numpy.exp(z),
        "identity": lambda z, p: nn.identity(z),
    }


def _absent(what: str) -> Any:
    raise NotImplementedHere(f"jax has no {what}")


def to_jax(z: Array, fmt: Format) -> Any:
    """float64 values of a format as an array of it."""
    jax = need("jax", _INSTALL)
    return jax.numpy.asarray(z.astype(np.float32 if fmt is BFLOAT16 else fmt.name)).astype(fmt.name)


def slope_of(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The slope of a function of jax's arrays: its product with ones."""
    import jax

    def slope(z: Any) -> Any:
        a, pulled = jax.vjp(function, z)
        (found,) = pulled(jax.numpy.ones_like(a))
        return found

    return slope


def run_jax(function: Callable[[Any], Any], fmt: Format) -> Run:
    """Runs a function of jax's arrays, with float64 as float64."""
    import jax

    def run(z: Array) -> Any:
        with jax.enable_x64(fmt.name == "float64"):
            return computed(function(to_jax(z, fmt)), len(z))

    return run


class _Jax:
    name = "jax"
    short = 61

    def __init__(self, device: str | None, compiled: bool) -> None:
        self._jax = need("jax", _INSTALL)
        self._table = _table(self._jax)
        self._compiled = compiled
        self.device = device or self._jax.default_backend()
        if device is not None and device != self._jax.default_backend():
            raise ActcalcError(
                f": jax runs on {self._jax.default_backend()}", f"set JAX_PLATFORMS={device}", about="device"
            )

    def versions(self) -> Mapping[str, str]:
        import jaxlib

        return {"jax": self._jax.__version__, "jaxlib": jaxlib.version.__version__}

    def run(self, f: Activation, of: str, fmt: Format) -> Run:
        function = find(self._table, f, "jax")
        if of == "dg":
            function = slope_of(function)
        return run_jax(self._jax.jit(function) if self._compiled else function, fmt)


def target(device: str | None, compiled: bool) -> _Jax:
    """jax on the device that it runs on, eager or compiled."""
    return _Jax(device, compiled)
