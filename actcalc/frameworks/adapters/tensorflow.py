"""tensorflow: tf.nn and tf.math, with slopes by its gradient tape."""

from collections.abc import Mapping
from typing import Any, ClassVar

from actcalc.frameworks.framework import CUT_OFF, Entry, Framework, Function
from actcalc.frameworks.target import Array, Dtype, KernelError


class Target(Framework):
    """tensorflow on a device, eager or as a graph."""

    name = "tensorflow"
    place = 3
    install = "pip install tensorflow"
    refusals = ("NotFoundError: Could not find device", "is not in the list of allowed values")
    table: ClassVar[Mapping[str, Entry]] = {
        "sigmoid": Entry("nn.sigmoid"),
        "tanh": Entry("nn.tanh"),
        "softsign": Entry("nn.softsign"),
        "relu": Entry("nn.relu", slopes=("0",)),
        "leaky_relu": Entry("nn.leaky_relu", ("slope",), default="slope=0.2", slopes=("slope",)),
        "relu6": Entry("nn.relu6", slopes=("0", "0")),
        "elu": Entry("nn.elu"),
        "selu": Entry("nn.selu", slopes=("1.0507",)),
        "silu": Entry("nn.silu"),
        "swish": Entry("nn.silu", ("beta",)),
        "gelu": Entry("nn.gelu"),
        "gelu_tanh": Entry("nn.gelu", keywords={"approximate": True}, default="gelu"),
        "softplus": Entry("nn.softplus"),
        "log_sigmoid": Entry("math.log_sigmoid"),
        "exponential": Entry("exp"),
        "identity": Entry("identity"),
        "erf": Entry("math.erf"),
        "sin": Entry("sin"),
    }

    def array(self, z: Array, fmt: Dtype) -> Any:
        return self.module.cast(z.astype(fmt.numpy), fmt.name)

    def slope_of(self, function: Function, order: int) -> Function:
        tf = self.module

        def slope(z: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(z)
                a = function(z)
            found = tape.gradient(a, z)
            if found is None and order == 0:
                raise KernelError(CUT_OFF)
            return tf.zeros_like(z) if found is None else found

        return slope

    def compile(self, function: Function) -> Any:
        return self.module.function(function, reduce_retracing=True)

    def within(self, fmt: Dtype) -> Any:
        return self.module.device(self.device)
