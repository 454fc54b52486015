"""onnxruntime: the operators of ONNX, each as a model of one node; they have no slopes."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, ClassVar

from actcalc.errors import ActcalcError
from actcalc.frameworks.framework import Entry, Framework, to_numpy
from actcalc.frameworks.target import Array, Dtype, import_or_explain

_OPSET, _IR = 24, 11
"""The first operator set with Swish, and the version of files that goes with it."""


def node(operator: str, *names: str, domain: str = "") -> Callable[..., Any]:
    """An operator of an array and numbers: attributes of these names, then further inputs."""

    def run(provider: str, z: Any, *values: float, **attributes: Any) -> Any:
        known = {**attributes, **dict(zip(names, values, strict=False))}
        session = _session(provider, operator, domain, z.dtype, tuple(known.items()), values[len(names) :])
        return session.run(None, {"z": z})[0]

    return run


class Target(Framework):
    """onnxruntime, on the processor or with another of its providers."""

    name = "onnxruntime"
    place = 5
    install = "pip install onnxruntime onnx"
    compiles = False
    refusals = ("NotImplemented:", "InvalidGraph:", "can't be converted to MLDataType")
    has_slopes = False
    table: ClassVar[Mapping[str, Entry]] = {
        "sigmoid": Entry(node("Sigmoid")),
        "tanh": Entry(node("Tanh")),
        "softsign": Entry(node("Softsign")),
        "relu": Entry(node("Relu")),
        "leaky_relu": Entry(node("LeakyRelu", "alpha"), ("slope",)),
        "prelu": Entry(node("PRelu"), ("slope",)),
        "relu6": Entry(lambda provider, z: node("Clip")(provider, z, 0, 6)),
        "elu": Entry(node("Elu", "alpha"), ("alpha",)),
        "celu": Entry(node("Celu", "alpha"), ("alpha",)),
        "selu": Entry(node("Selu")),
        "silu": Entry(node("Swish")),
        "swish": Entry(node("Swish", "alpha"), ("beta",)),
        "gelu": Entry(node("Gelu")),
        "gelu_tanh": Entry(node("Gelu"), keywords={"approximate": "tanh"}, default="gelu"),
        "quick_gelu": Entry(node("QuickGelu", domain="com.microsoft")),
        "mish": Entry(node("Mish")),
        "hard_swish": Entry(node("HardSwish")),
        "hard_sigmoid": Entry(node("HardSigmoid", "alpha", "beta"), ("slope", "offset"), default="slope=0.2"),
        "hard_tanh": Entry(node("Clip"), ("min", "max")),
        "softplus": Entry(node("Softplus")),
        "softshrink": Entry(node("Shrink", "lambd", "bias"), ("lambd", "lambd")),
        "hardshrink": Entry(node("Shrink", "lambd"), ("lambd",)),
        "shrink": Entry(node("Shrink", "lambd", "bias"), ("lambd", "bias")),
        "thresholded_relu": Entry(node("ThresholdedRelu", "alpha"), ("theta",)),
        "exponential": Entry(node("Exp")),
        "identity": Entry(node("Identity")),
        "erf": Entry(node("Erf")),
        "sin": Entry(node("Sin")),
    }

    def __init__(self, device: str | None = None, compiled: bool = False, backend: str | None = None) -> None:
        super().__init__(device, compiled)
        provider = f"{self.device}ExecutionProvider"
        there = {name.lower(): name for name in self.module.get_available_providers()}
        if provider.lower() not in there:
            raise ActcalcError(f": {self.name} has no {provider} here", about="device")
        self._provider: str = there[provider.lower()]

    def versions(self) -> Mapping[str, str]:
        return {**super().versions(), "onnx": str(import_or_explain("onnx", self.install).__version__)}

    @property
    def root(self) -> str:
        return self._provider

    def array(self, z: Array, fmt: Dtype) -> Any:
        return to_numpy(z, fmt)


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
    import numpy as np
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
    options.log_severity_level = 4  # errors are raised anyway
    return onnxruntime.InferenceSession(
        helper.make_model(graph, opset_imports=sets, ir_version=_IR).SerializeToString(),
        options,
        [provider],
    )
