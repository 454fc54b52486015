"""onnxruntime: the operators of ONNX, each as a model of one node; they have no slopes."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.errors import ActcalcError
from actcalc.frameworks.framework import Entry, Framework, Function, to_numpy
from actcalc.frameworks.target import Array, Run, need
from actcalc.numbers.floats import Format

_OPSET, _IR = 24, 11
"""The first set of operators that has Swish, and the version of files that goes with it."""


class Target(Framework):
    """onnxruntime, on the processor or by another of its providers."""

    name = "onnxruntime"
    install = "pip install onnxruntime onnx"
    compiles = False
    refusals = ("NotImplemented:", "InvalidGraph:", "can't be converted to MLDataType")

    def __init__(self, device: str | None = None, compiled: bool = False) -> None:
        super().__init__(device, compiled)
        provider = f"{self.device}ExecutionProvider"
        there = {name.lower(): name for name in self.module.get_available_providers()}
        if provider.lower() not in there:
            raise ActcalcError(f": {self.name} has no {provider} here", about="device")
        self._provider = there[provider.lower()]

    def versions(self) -> Mapping[str, str]:
        return {**super().versions(), "onnx": str(need("onnx", self.install).__version__)}

    def table(self) -> Mapping[str, Entry]:
        node = self._node
        return {
            "sigmoid": (node("Sigmoid"),),
            "tanh": (node("Tanh"),),
            "softsign": (node("Softsign"),),
            "relu": (node("Relu"),),
            "leaky_relu": (node("LeakyRelu", "alpha"), "slope"),
            "prelu": (node("PRelu"), "slope"),
            "relu6": (lambda z: node("Clip")(z, 0, 6),),
            "elu": (node("Elu", "alpha"), "alpha"),
            "celu": (node("Celu", "alpha"), "alpha"),
            "selu": (node("Selu"),),
            "silu": (node("Swish"),),
            "swish": (node("Swish", "alpha"), "beta"),
            "gelu": (node("Gelu"),),
            "gelu_tanh": (node("Gelu", approximate="tanh"),),
            "quick_gelu": (node("QuickGelu", domain="com.microsoft"),),
            "mish": (node("Mish"),),
            "hard_swish": (node("HardSwish"),),
            "hard_sigmoid": (node("HardSigmoid", "alpha", "beta"), "slope", "offset"),
            "hard_tanh": (node("Clip"), "min", "max"),
            "softplus": (node("Softplus"),),
            "softshrink": (node("Shrink", "lambd", "bias"), "lambd", "lambd"),
            "hardshrink": (node("Shrink", "lambd"), "lambd"),
            "shrink": (node("Shrink", "lambd", "bias"), "lambd", "bias"),
            "thresholded_relu": (node("ThresholdedRelu", "alpha"), "theta"),
            "exponential": (node("Exp"),),
            "identity": (node("Identity"),),
            "erf": (node("Erf"),),
            "sin": (node("Sin"),),
        }

    def array(self, z: Array, fmt: Format) -> Any:
        return to_numpy(z, fmt)

    def derived(self, function: Function, order: int) -> Function:
        return function

    def run(self, f: Activation, of: Quantity, fmt: Format) -> Run | None:
        return super().run(f, of, fmt) if of == "g" else None

    def _node(self, operator: str, *names: str, domain: str = "", **attributes: Any) -> Callable[..., Any]:
        """An operator of an array and numbers: attributes of these names, then further inputs."""

        def run(z: Array, *values: float) -> Any:
            known = {**attributes, **dict(zip(names, values, strict=False))}
            inputs = values[len(names) :]
            session = _session(self._provider, operator, domain, z.dtype, tuple(known.items()), inputs)
            return session.run(None, {"z": z})[0]

        return run


@lru_cache(maxsize=8)
def _session(
    provider: str,
    operator: str,
    domain: str,
    dtype: Any,
    attributes: tuple[tuple[str, Any], ...],
    inputs: tuple[float, ...],
) -> Any:
    """A model of one node, ready to run."""
    import onnxruntime
    from onnx import helper, numpy_helper

    kind = helper.np_dtype_to_tensor_dtype(dtype)
    names = [f"x{i}" for i in range(len(inputs))]
    graph = helper.make_graph(
        [helper.make_node(operator, ["z", *names], ["a"], domain=domain, **dict(attributes))],
        operator,
        *([helper.make_tensor_value_info(name, kind, ["n"])] for name in "za"),
        [numpy_helper.from_array(np.array(x, dtype), name) for name, x in zip(names, inputs, strict=True)],
    )
    sets = [helper.make_opsetid(*known) for known in (("", _OPSET), ("com.microsoft", 1))]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is raised as well
    return onnxruntime.InferenceSession(
        helper.make_model(graph, opset_imports=sets, ir_version=_IR).SerializeToString(),
        options,
        [provider],
    )
