"""The seven slopes in ``docs/source.md``: the output of ``actcalc code`` beside naive forms.

``python -m tests.support.slopes`` rewrites them.
"""

import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from actcalc import activation
from actcalc.code.candidates import best
from actcalc.code.measured import Measurement, audit_points, measure
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import FLOAT32
from tests.support.command import actcalc
from tests.support.documents import DOCS

PAGE = DOCS / "source.md"
COMMAND = "python -m tests.support.slopes"


def sigmoid(z: Array) -> Any:
    return 1 / (1 + np.exp(-z))


def erf(z: Array) -> Any:
    return np.array([math.erf(x) for x in z.tolist()], z.dtype)


def tanh_argument(z: Array) -> Any:
    return math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)


Naive = Callable[[Array], Any]

NAIVE: Mapping[str, tuple[str, Naive]] = {
    "sigmoid": ("s*(1 - s) with s = 1/(1 + exp(-z))", lambda z: sigmoid(z) * (1 - sigmoid(z))),
    "tanh": ("1 - tanh(z)**2", lambda z: 1 - np.tanh(z) ** 2),
    "gelu": (
        "(1 + erf(z/sqrt(2)))/2 + z*exp(-z**2/2)/sqrt(2*pi)",
        lambda z: 0.5 * (1 + erf(z / math.sqrt(2))) + z * np.exp(-z * z / 2) / math.sqrt(2 * math.pi),
    ),
    "gelu_tanh": (
        "(1 + t)/2 + z/2*(1 - t**2)*k*(1 + 3*0.044715*z**2)",
        lambda z: (
            0.5 * (1 + (t := np.tanh(tanh_argument(z))))
            + 0.5 * z * (1 - t * t) * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * z * z)
        ),
    ),
    "silu": ("s*(1 + z*(1 - s))", lambda z: sigmoid(z) * (1 + z * (1 - sigmoid(z)))),
    "softplus": ("exp(z)/(1 + exp(z))", lambda z: np.exp(z) / (1 + np.exp(z))),
    "mish": (
        "t + z*(1 - t**2)*s with t = tanh(log(1 + exp(z)))",
        lambda z: (t := np.tanh(np.log(1 + np.exp(z)))) + z * (1 - t * t) * sigmoid(z),
    ),
}
"""Seven slopes as people write them: as text, and as functions in the format of z."""


@cache
def blocks() -> dict[str, str]:
    """The output for each slope in C and torch, by command line."""
    lines = [line for name in NAIVE for line in (f"code {name} --of dg", f"code {name} --lang torch")]
    return {line: actcalc(line.split()).out for line in lines}


def naive_errors() -> dict[str, tuple[Measurement, Measurement]]:
    """The errors of naive forms and of the emitted code."""
    found = {}
    for name, (_, function) in NAIVE.items():
        f = activation(name)
        z = audit_points(f, FLOAT32)
        printed = best(f, "dg", FLOAT32, FLOAT32, z)
        found[name] = measure(function, f, "dg", FLOAT32), printed.measurement
    return found


def table() -> str:
    """The table of errors in Markdown."""
    lines = [
        "| slope | written by hand | off by up to | at z | the code below |",
        "|-------|-----------------|-------------:|-----:|---------------:|",
    ]
    for name, (naive, printed) in naive_errors().items():
        ulps = naive.largest.ulps
        error = f"{ulps:.1e} ulps" if math.isfinite(ulps) else "NaN"
        own = f"{printed.largest.ulps:.2g} ulps"
        lines.append(f"| {name}' | `{NAIVE[name][0]}` | {error} | {naive.largest.z:.3g} | {own} |")
    return "\n".join(lines) + "\n"


def rewritten() -> str:
    """The page with current output of all commands."""
    printed = blocks()
    parts = []
    for name in NAIVE:
        parts.append(f"### {name}'\n")
        for line, text in printed.items():
            if line.split()[1] == name:
                parts.append(f"```{'python' if 'torch' in line else 'c'}\n{text}```\n")
    text = PAGE.read_text(encoding="utf-8")
    for name, inside in (("naive", table()), ("slopes", "\n".join(parts))):
        pattern = rf"(?<=<!-- {name} -->\n).*(?=<!-- end of {name} -->)"
        before, after = re.split(pattern, text, flags=re.DOTALL)
        text = before + inside + after
    return text


if __name__ == "__main__":
    PAGE.write_text(rewritten(), encoding="utf-8", newline="\n")
