"""tensorflow: tf.nn and tf.math, with slopes by its gradient tape."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from actcalc.frameworks.framework import Entry, Framework, Function, narrow, repeated
from actcalc.frameworks.target import Array
from actcalc.numbers.floats import Format


class Target(Framework):
    """tensorflow on a device, eager or as a graph."""

    name = "tensorflow"
    install = "pip install tensorflow"
    refusals = ("NotFoundError: Could not find device", "is not in the list of allowed values")

    def table(self) -> Mapping[str, Entry]:
        tf = self.module
        return {
            "sigmoid": (tf.nn.sigmoid,),
            "tanh": (tf.nn.tanh,),
            "softsign": (tf.nn.softsign,),
            "relu": (tf.nn.relu,),
            "leaky_relu": (tf.nn.leaky_relu, "slope"),
            "relu6": (tf.nn.relu6,),
            "elu": (tf.nn.elu,),
            "selu": (tf.nn.selu,),
            "silu": (tf.nn.silu,),
            "swish": (tf.nn.silu, "beta"),
            "gelu": (tf.nn.gelu,),
            "gelu_tanh": (lambda z: tf.nn.gelu(z, approximate=True),),
            "softplus": (tf.nn.softplus,),
            "log_sigmoid": (tf.math.log_sigmoid,),
            "exponential": (tf.exp,),
            "identity": (tf.identity,),
            "erf": (tf.math.erf,),
            "sin": (tf.sin,),
        }

    def array(self, z: Array, fmt: Format) -> Any:
        return self.module.cast(narrow(z, fmt), fmt.name)

    def derived(self, function: Function, order: int) -> Function:
        tf = self.module

        def slope_of(function: Function) -> Function:
            def slope(z: Any) -> Any:
                with tf.GradientTape() as tape:
                    tape.watch(z)
                    a = function(z)
                return tape.gradient(a, z, unconnected_gradients=tf.UnconnectedGradients.ZERO)

            return slope

        function = repeated(slope_of, function, order)
        return tf.function(function, reduce_retracing=True) if self.compiled else function

    def within(self, fmt: Format) -> AbstractContextManager[Any]:
        context: AbstractContextManager[Any] = self.module.device(self.device)
        return context
