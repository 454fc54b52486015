"""keras: its activations, with the slopes of what it runs on, in a process for each of these."""

import multiprocessing
import os
import signal
import warnings
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from functools import lru_cache, partial
from importlib.util import find_spec
from typing import Any

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.errors import ActcalcError, did_you_mean, quoted
from actcalc.frameworks.framework import Entry, Framework, find
from actcalc.frameworks.jax import Target as Jax
from actcalc.frameworks.target import Array, Computed, NotImplementedHere, Run, framework, need
from actcalc.numbers.floats import FORMATS, Format

BACKENDS = ("jax", "torch", "tensorflow")
_INSTALL = "pip install keras, and one of " + ", ".join(BACKENDS)


class Keras:
    """keras on one of BACKENDS, the first that is installed unless given."""

    short = 61

    def __init__(self, backend: str | None, device: str | None, compiled: bool) -> None:
        if backend is None:
            backend = next(filter(find_spec, BACKENDS), BACKENDS[0])
        if backend not in BACKENDS:
            raise ActcalcError(
                f"is one of {', '.join(BACKENDS)}, not {quoted(backend)}",
                did_you_mean(backend, BACKENDS),
                "backend",
            )
        self.name = f"keras on {backend}"
        context = multiprocessing.get_context("spawn")
        self._process = ProcessPoolExecutor(1, context, _begin, (backend,))
        self._about = (backend, device, compiled)
        self._versions, self.device = self._process.submit(_held, *self._about).result()

    def versions(self) -> Mapping[str, str]:
        return self._versions

    def run(self, f: Activation, of: Quantity, fmt: Format) -> Run:
        there = partial(_run, self._about, f, of, fmt.name)
        return lambda z: self._process.submit(there, z).result()


def _table() -> Mapping[str, Entry]:
    import keras

    a = keras.activations
    return {
        "sigmoid": (a.sigmoid,),
        "tanh": (a.tanh,),
        "softsign": (a.softsign,),
        "relu": (a.relu, "negative_slope", "max_value", "threshold"),
        "leaky_relu": (a.leaky_relu, "slope"),
        "relu6": (a.relu6,),
        "elu": (a.elu, "alpha"),
        "celu": (a.celu, "alpha"),
        "selu": (a.selu,),
        "silu": (a.silu,),
        "swish": (a.silu,),
        "gelu": (a.gelu,),
        "gelu_tanh": (partial(a.gelu, approximate=True),),
        "mish": (a.mish,),
        "hard_swish": (a.hard_swish,),
        "hard_sigmoid": (a.hard_sigmoid,),
        "hard_tanh": (a.hard_tanh,),
        "softplus": (a.softplus,),
        "log_sigmoid": (a.log_sigmoid,),
        "squareplus": (a.squareplus, "b"),
        "tanhshrink": (a.tanh_shrink,),
        "softshrink": (a.soft_shrink, "lambd"),
        "hardshrink": (a.hard_shrink, "lambd"),
        "threshold": (a.threshold, "threshold", "value"),
        "sparse_plus": (a.sparse_plus,),
        "sparse_sigmoid": (a.sparse_sigmoid,),
        "exponential": (a.exponential,),
        "identity": (a.linear,),
        "erf": (keras.ops.erf,),
        "sin": (keras.ops.sin,),
    }


def _begin(backend: str) -> None:
    """What the process is told before keras is there; interrupts are for the one that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["KERAS_BACKEND"] = backend
    warnings.simplefilter("ignore")


class _Jax(Jax):
    """jax as keras leaves it, where float64 becomes float32 unless JAX_ENABLE_X64 is set."""

    def within(self, fmt: Format) -> AbstractContextManager[Any]:
        return self.on_device()


@lru_cache
def _backend(name: str, device: str | None, compiled: bool) -> Framework:
    found = _Jax(device, compiled) if name == "jax" else framework(name, device, compiled)
    need("keras", _INSTALL)
    return found


def _held(*about: Any) -> tuple[Mapping[str, str], str]:
    """Versions and device. Raises ActcalcError for what is not there."""
    backend = _backend(*about)
    return {"keras": str(need("keras", _INSTALL).__version__), **backend.versions()}, backend.device


@lru_cache
def _running(about: tuple[Any, ...], f: Activation, of: Quantity, dtype: str) -> Run:
    return _backend(*about).running(find(_table(), f, "keras"), of, FORMATS[dtype])


def _run(about: tuple[Any, ...], f: Activation, of: Quantity, dtype: str, z: Array) -> Computed:
    try:
        return _running(about, f, of, dtype)(z)
    except (NotImplementedHere, ValueError):
        raise
    except Exception as error:  # it need not be one that can be sent
        raise RuntimeError(f"{type(error).__name__}: {error}") from None
