"""keras: its activations, with slopes by its backend, in a process per backend."""

import os
import warnings
from collections.abc import Mapping
from functools import lru_cache, partial
from importlib.util import find_spec
from typing import Any, ClassVar

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.frameworks.adapters.jax import Target as Jax
from actcalc.frameworks.adapters.tensorflow import Target as TensorFlow
from actcalc.frameworks.adapters.torch import Target as Torch
from actcalc.frameworks.framework import Entry, Framework, Library
from actcalc.frameworks.target import (
    Array,
    Dtype,
    KernelError,
    NotImplementedHere,
    Result,
    Run,
    import_or_explain,
)
from actcalc.numbers.floats import FORMATS
from actcalc.numbers.integers import NumberFormat


class _Jax(Jax):
    """jax as keras uses it: float64 becomes float32 unless JAX_ENABLE_X64 is set."""

    def within(self, fmt: Dtype) -> Any:
        return self.on_device()


BACKENDS: Mapping[str, type[Framework]] = {"jax": _Jax, "torch": Torch, "tensorflow": TensorFlow}


class Target(Library):
    """keras on one of BACKENDS, by default the first one installed."""

    name = "keras"
    place = 4
    install = "pip install keras, and one of " + ", ".join(BACKENDS)
    backends = tuple(BACKENDS)
    at_kinks = "keras (tf / torch / jax)"
    table: ClassVar[Mapping[str, Entry]] = {
        "sigmoid": Entry("activations.sigmoid"),
        "tanh": Entry("activations.tanh"),
        "softsign": Entry("activations.softsign"),
        "relu": Entry(
            "activations.relu", ("negative_slope", "max_value", "threshold"), slopes=("0 / 0 / 0",)
        ),
        "leaky_relu": Entry(
            "activations.leaky_relu", ("slope",), default="slope=0.2", slopes=("slope / slope / 1",)
        ),
        "relu6": Entry("activations.relu6", slopes=("0", "0")),
        "elu": Entry("activations.elu", ("alpha",), slopes=("2",)),
        "celu": Entry("activations.celu", ("alpha",), otherwise="a slope of 2 at 0 on tensorflow"),
        "selu": Entry("activations.selu", slopes=("1.0507 / 1.7581 / 1.7581",)),
        "silu": Entry("activations.silu"),
        "swish": Entry("activations.silu"),
        "gelu": Entry("activations.gelu"),
        "gelu_tanh": Entry("activations.gelu", keywords={"approximate": True}, default="gelu"),
        "mish": Entry("activations.mish"),
        "hard_swish": Entry("activations.hard_swish", slopes=("0", "1")),
        "hard_sigmoid": Entry("activations.hard_sigmoid", slopes=("0", "0")),
        "hard_tanh": Entry("activations.hard_tanh", slopes=("1 / 0 / 1", "1 / 0 / 1")),
        "softplus": Entry("activations.softplus"),
        "log_sigmoid": Entry("activations.log_sigmoid"),
        "squareplus": Entry("activations.squareplus", ("b",)),
        "tanhshrink": Entry("activations.tanh_shrink"),
        "softshrink": Entry("activations.soft_shrink", ("lambd",), slopes=("0", "0")),
        "hardshrink": Entry("activations.hard_shrink", ("lambd",), slopes=("0", "0")),
        "threshold": Entry("activations.threshold", ("threshold", "value")),
        "sparse_plus": Entry("activations.sparse_plus"),
        "sparse_sigmoid": Entry("activations.sparse_sigmoid", slopes=("0 / 0 / 0.25", "0 / 0 / 0.25")),
        "exponential": Entry("activations.exponential"),
        "identity": Entry("activations.linear"),
        "erf": Entry("ops.erf"),
        "sin": Entry("ops.sin"),
    }

    def __init__(self, device: str | None = None, compiled: bool = False, backend: str | None = None) -> None:
        from actcalc.frameworks.processes import processes

        backend = backend or _first_installed()
        self.name = self.name_on(backend)
        self._process = processes(1, _begin, backend)
        self._about = (backend, device, compiled)
        self._versions, self.device = self._process.submit(_versions_and_device, *self._about).result()

    @classmethod
    def name_on(cls, backend: str | None) -> str:
        return f"keras on {backend or _first_installed()}"

    def versions(self) -> Mapping[str, str]:
        return self._versions

    def run(self, f: Activation, of: Quantity, fmt: NumberFormat) -> Run:
        there = partial(_run, self._about, f, of, fmt.name)
        return lambda z, length=None, /: self._process.submit(there, z, length).result()


def _first_installed() -> str:
    return next(filter(find_spec, BACKENDS), next(iter(BACKENDS)))


def _begin(backend: str) -> None:
    """Prepare the process before keras is imported."""
    os.environ["KERAS_BACKEND"] = backend
    warnings.simplefilter("ignore")


@lru_cache
def _backend(name: str, device: str | None, compiled: bool) -> Framework:
    found = BACKENDS[name](device, compiled)
    import_or_explain("keras", Target.install)
    return found


def _versions_and_device(*about: Any) -> tuple[Mapping[str, str], str]:
    """Versions and device. Raises ActcalcError if something is not installed."""
    backend = _backend(*about)
    keras = import_or_explain("keras", Target.install)
    return {"keras": str(keras.__version__), **backend.versions()}, backend.device


@lru_cache(maxsize=1)
def _running(about: tuple[Any, ...], f: Activation, of: Quantity, dtype: str) -> Run:
    function = Target.function(f, import_or_explain("keras", Target.install))
    backend = _backend(*about)
    return backend.running(function, of, FORMATS[dtype], backend.has_tails_in_rows)


def _run(
    about: tuple[Any, ...], f: Activation, of: Quantity, dtype: str, z: Array, length: int | None
) -> Result:
    try:
        return _running(about, f, of, dtype)(z, length)
    except (NotImplementedHere, KernelError, ValueError):
        raise
    except Exception as error:  # it may not be picklable
        raise RuntimeError(f"{type(error).__name__}: {error}") from None
