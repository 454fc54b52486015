"""Libraries and models that ``audit`` does not run: their activations, and differences from actcalc."""

from collections.abc import Mapping

FOUND: Mapping[str, str] = {
    "ggml": "sigmoid tanh relu leaky_relu elu xielu gelu gelu_tanh quick_gelu silu hard_swish softplus"
    " exponential hard_sigmoid step sin",
    "nnlib": "sigmoid tanh softsign relu leaky_relu rrelu relu6 elu celu selu gelu gelu_tanh quick_gelu silu"
    " mish lisht hard_swish softplus log_sigmoid logcosh tanhshrink hard_sigmoid hard_tanh softshrink"
    " thresholded_relu",
    "tinygrad": "sigmoid tanh softsign relu leaky_relu relu6 elu celu selu gelu_tanh quick_gelu silu mish"
    " hard_swish softplus log_sigmoid exponential hard_sigmoid hard_tanh erf sin",
    "mlx (in integers)": "step",
    "transformers": "xielu laplace",
    "Megatron-LM": "xielu",
    "mlx-lm (Apertus)": "xielu",
    "MetaFormer": "star_relu",
    "timm": "star_relu hard_mish",
    "homa": "telu",
    "ebtorch": "telu",
    "gpt-oss in transformers": "clipped_swish",
    "Kimi K3": "situ",
    "vLLM": "situ",
    "SchNetPack": "shifted_softplus",
    "PyTorch Geometric": "shifted_softplus",
    "routers of mixtures of experts (DeepSeek V4)": "sqrtsoftplus",
    "Gemma": "softcap",
    "nanochat": "softcap",
    "PaddlePaddle": "scaled_tanh",
    "ONNX (in recurrent layers)": "scaled_tanh",
    "DirectML": "scaled_tanh",
    "Core ML": "scaled_tanh",
    "Flux": "dyt",
    "coordinate networks (Sophon.jl)": "gaussian",
    "BigVGAN": "snake snake_beta",
    "CosyVoice": "snake",
    "DAC": "snake",
    "Qwen3-TTS": "snake_beta",
}
"""The activations of each library, as words."""

OTHERWISE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "leaky_relu": {"slope=0.3 by default": ("keras.layers",)},
    "selu": {"its two constants cut short": ("tinygrad",)},
    "star_relu": {"s=1 and b=0 to begin with, which are learned": ("timm", "MetaFormer's code")},
    "xielu": {
        "weights that hold the inverse softplus of alpha_p and of alpha_n - beta": (
            "transformers",
            "Megatron-LM",
            "mlx-lm",
        )
    },
    "gelu": {"gelu_tanh by default": ("ggml", "nnlib", "tinygrad")},
    "situ": {"beta=1": ("vLLM",)},
    "hard_sigmoid": {"slope=0.2 by default": ("Keras 2",)},
    "softcap": {"c=15": ("nanochat",), "c=50 for attention": ("Gemma 2",)},
    "scaled_tanh": {
        "the outer factor b called alpha and the inner factor a beta": ("ONNX", "DirectML", "Core ML")
    },
    "gaussian": {"a=0.2": ("Sophon.jl",)},
    "sin": {"omega=30, its omega_0": ("SIREN",)},
}
"""For each activation the differences from actcalc, and where they are found."""

SLOPES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "nnlib": {
        "relu": ("0",),
        "leaky_relu": ("slope",),
        "relu6": ("0", "0"),
        "elu": ("1",),
        "selu": ("1.7581",),
        "hard_swish": ("-0.5", "1.5"),
        "hard_sigmoid": ("0", "0"),
        "softshrink": ("0", "0"),
    }
}
"""The slopes that each library returns at the kinks, from left to right."""
