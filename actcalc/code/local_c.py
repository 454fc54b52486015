"""Printed C as functions of arrays, compiled on this machine."""

import ctypes
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from actcalc.activations.declaration import Quantity
from actcalc.code.language import LANGUAGES
from actcalc.code.measured import Function
from actcalc.errors import InputError, first_line
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import BFLOAT16, Format
from actcalc.numbers.integer_arrays import to_integers

_FLAGS = ("-O2", "-fPIC", "-shared")
_TYPES = {"float64": "double", "float32": "float", "float16": "_Float16", "bfloat16": "uint16_t"}
_LOOP = """
void loop_{of}(const {type} *z, {type} *y, size_t n)
{{
    for (size_t i = 0; i < n; i++)
        y[i] = {name}(z[i]);
}}
"""


def compiler() -> str | None:
    """The C compiler: ``CC``, or else the first that is found; None if there is none."""
    known = (os.environ.get("CC") or "cc", "gcc", "clang")
    return next((found for name in known if (found := shutil.which(name))), None)


def compiled(
    text: str, names: Mapping[Quantity, str], fmt: Format, compiler: str
) -> tuple[dict[Quantity, Function], str]:
    """The functions of a text by their quantities, and the name and version of the compiler.

    Raises InputError, with the compiler's first error, if the compilation fails.
    """
    loops = [_LOOP.format(of=of, name=name, type=_TYPES[fmt.name]) for of, name in names.items()]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        source, library = Path(folder, f"code{LANGUAGES['c'].suffix}"), Path(folder, "code.so")
        source.write_text("#include <stddef.h>\n" + text + "".join(loops), encoding="utf-8")
        run = [compiler, *_FLAGS, str(source), "-o", str(library), "-lm"]
        done = subprocess.run(run, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr)
            raise InputError(f"{compiler} refuses it: {first_line(ValueError(reason))}")
        loaded = ctypes.CDLL(str(library))
    told = subprocess.run([compiler, "-v"], capture_output=True, text=True, check=False).stderr
    name = next((line.strip() for line in told.splitlines() if " version " in line), compiler)
    return {of: _on_arrays(loaded[f"loop_{of}"], fmt) for of in names}, f"{name}, {_FLAGS[0]}"


def _on_arrays(loop: "ctypes._NamedFuncPointer", fmt: Format) -> Function:
    def function(z: Array) -> Array:
        z = np.ascontiguousarray(z)
        x = to_integers(z.view(np.uint32) >> 16, np.uint16) if fmt is BFLOAT16 else z
        y = np.empty_like(x)
        loop(x.ctypes.data_as(ctypes.c_void_p), y.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(len(x)))
        return (to_integers(y, np.uint32) << 16).view(np.float32) if fmt is BFLOAT16 else y

    return function
