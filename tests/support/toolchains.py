"""Run emitted source with the compilers and interpreters that are installed.

Texts are passed with the names of their functions and an array of values of the format (bfloat16 as float32);
the results are such arrays by function. If nothing is installed for a language, the test is skipped.
"""

import ctypes
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest


class Text(NamedTuple):
    """One file of source, and the functions in it."""

    source: str
    functions: tuple[str, ...]


Results = dict[str, Any]

NUMPY_TYPES = {"float64": "f8", "float32": "f4", "float16": "f2", "bfloat16": "f4"}
LOOP_TYPES = {
    "c": {"float64": "double", "float32": "float", "float16": "_Float16", "bfloat16": "uint16_t"},
    "cuda": {"float64": "double", "float32": "float", "float16": "__half", "bfloat16": "__nv_bfloat16"},
    "rust": {"float64": "f64", "float32": "f32", "float16": "u16", "bfloat16": "u16"},
}


def values(z: Any, dtype: str) -> Any:
    return np.ascontiguousarray(z, NUMPY_TYPES[dtype])


def patterns(z: Any, dtype: str) -> Any:
    """An array as it is stored in the format."""
    return (z.view("u4") >> 16).astype("u2") if dtype == "bfloat16" else z.copy()


def from_patterns(x: Any, dtype: str) -> Any:
    return (x.astype("u4") << 16).view("f4") if dtype == "bfloat16" else x


# Python


def _executed(text: Text) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(text.source, "emitted", "exec"), names)
    return names


def run_numpy(texts: Sequence[Text], z: Any, dtype: str) -> Results:
    z = values(z, dtype)
    return {name: space[name](z) for text in texts for space in [_executed(text)] for name in text.functions}


def run_torch(texts: Sequence[Text], z: Any, dtype: str) -> Results:
    torch = pytest.importorskip("torch")
    tensor = torch.from_numpy(values(z, dtype)).to(getattr(torch, dtype))
    return _called(texts, tensor, tensor.dtype, lambda y: y.float() if dtype == "bfloat16" else y)


def run_jax(texts: Sequence[Text], z: Any, dtype: str) -> Results:
    jax = pytest.importorskip("jax")
    with jax.enable_x64(dtype == "float64"):
        array = jax.numpy.asarray(values(z, dtype)).astype(dtype)
        back = NUMPY_TYPES[dtype]
        found = {}
        for text in texts:
            functions = _executed(text)
            for name in text.functions:
                y = jax.jit(functions[name])(array)
                assert y.dtype == array.dtype, name
                found[name] = np.asarray(y.astype(back))
        return found


def _called(texts: Sequence[Text], array: Any, dtype: Any, back: Callable[[Any], Any]) -> Results:
    found = {}
    for text in texts:
        functions = _executed(text)
        for name in text.functions:
            y = functions[name](array)
            assert y.dtype == dtype, name
            found[name] = back(y).numpy()
    return found


# Triton

_KERNEL = """

@triton.jit
def _kernel_{name}(z, y, n, size: tl.constexpr):
    at = tl.program_id(0) * size + tl.arange(0, size)
    tl.store(y + at, {name}(tl.load(z + at, mask=at < n)), mask=at < n)
"""


def run_triton(texts: Sequence[Text], z: Any, dtype: str, folder: Path) -> Results:
    """Run Triton's interpreter, which reads the source of functions from files."""
    torch, modules = pytest.importorskip("torch"), _triton_modules(texts, folder, interpreted=True)
    tensor = torch.from_numpy(values(z, dtype)).to(getattr(torch, dtype))
    size, found = 1 << max(len(z) - 1, 1).bit_length(), {}
    with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"):
        _mend_interpreter(patch)
        for text, module in zip(texts, modules, strict=True):
            for name in text.functions:
                y = torch.empty_like(tensor)
                getattr(module, f"_kernel_{name}")[(1,)](tensor, y, len(z), size=size)
                found[name] = (y.float() if dtype == "bfloat16" else y).numpy()
    return found


def _mend_interpreter(patch: pytest.MonkeyPatch) -> None:
    """Make the interpreter round as GPUs do: it truncates bfloat16, and rounds a product before a sum."""
    import triton.language as tl
    from triton.runtime import interpreter

    convert = interpreter._convert_float

    def rounded(x: Any, source: Any, target: Any, mode: Any) -> Any:
        if target == tl.bfloat16 and source == tl.float32:
            bits = np.ascontiguousarray(x).view("u4")
            up = np.where(np.isnan(x), 0, 0x7FFF + (bits >> 16 & 1)).astype("u4")
            return (bits + up >> 16).astype("u2")
        return convert(x, source, target, mode)

    def fused(self: Any, a: Any, b: Any, c: Any) -> Any:
        product = a.data * b.data
        rest = _rest_of_product(a.data, b.data, product)
        return interpreter.TensorHandle((product + c.data) + rest, a.dtype.scalar)

    patch.setattr(interpreter, "_convert_float", rounded)
    patch.setattr(interpreter.InterpreterBuilder, "create_fma", fused)


def _rest_of_product(a: Any, b: Any, product: Any) -> Any:
    """The rounding error of a product, for float64 by Dekker's algorithm."""
    if a.dtype == np.float32:
        return (a.astype("f8") * b - product).astype("f4")
    high, top = (134217729 * x - (134217729 * x - x) for x in (a, b))
    return ((high * top - product) + high * (b - top) + (a - high) * top) + (a - high) * (b - top)


def compile_triton(texts: Sequence[Text], dtype: str, folder: Path) -> None:
    """Compile for a GPU that need not be present, since the interpreter accepts more than the compiler."""
    modules = _triton_modules(texts, folder, interpreted=False)
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    pointer = {"float64": "*fp64", "float32": "*fp32", "float16": "*fp16", "bfloat16": "*bf16"}[dtype]
    for text, module in zip(texts, modules, strict=True):
        for name in text.functions:
            kernel = getattr(module, f"_kernel_{name}")
            signature = {"z": pointer, "y": pointer, "n": "i32", "size": "constexpr"}
            source = ASTSource(fn=kernel, signature=signature, constexprs={"size": 128})
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("TRITON_DEFAULT_FP_FUSION", "1")  # avoids a warning that this will change
                triton.compile(source, target=GPUTarget("cuda", 80, 32))


def _triton_modules(texts: Sequence[Text], folder: Path, interpreted: bool) -> list[Any]:
    pytest.importorskip("triton")
    from triton import knobs

    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(knobs.runtime, "interpret", interpreted)
        for k, text in enumerate(texts):
            path = folder / f"emitted_{k}.py"
            path.write_text(text.source + "".join(_KERNEL.format(name=name) for name in text.functions))
            spec = importlib.util.spec_from_file_location(path.stem, path)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            found.append(module)
    return found


# Compiled languages

_LOOP_IN_C = """
void loop_{name}(const {type} *z, {type} *y, long n) {{
    for (long i = 0; i < n; i++) y[i] = {name}(z[i]);
}}
"""

_LOOP_IN_RUST = """
#[no_mangle]
pub unsafe extern "C" fn loop_{name}(z: *const {type}, y: *mut {type}, n: usize) {{
    for i in 0..n {{
        *y.add(i) = {module}::{name}(*z.add(i));
    }}
}}
"""

CUDA_IN_C = """
#include <stdbool.h>
#include <math.h>
#include <stdint.h>
#include <string.h>
#define __device__ static
#define __forceinline__ inline
#define __restrict__ restrict
typedef _Float16 __half;
typedef struct { uint16_t bits; } __nv_bfloat16;
static inline unsigned __float_as_uint(float x) { unsigned b; memcpy(&b, &x, 4); return b; }
static inline float __uint_as_float(unsigned b) { float x; memcpy(&x, &b, 4); return x; }
static inline int __float_as_int(float x) { int b; memcpy(&b, &x, 4); return b; }
static inline float __int_as_float(int b) { float x; memcpy(&x, &b, 4); return x; }
static inline long long __double_as_longlong(double x) { long long b; memcpy(&b, &x, 8); return b; }
static inline double __longlong_as_double(long long b) { double x; memcpy(&x, &b, 8); return x; }
static inline float __half2float(__half x) { return x; }
static inline __half __float2half_rn(float x) { return (_Float16)x; }
static inline float __bfloat162float(__nv_bfloat16 x) { return __uint_as_float((unsigned)x.bits << 16); }
static inline __nv_bfloat16 __float2bfloat16_rn(float x) {
    unsigned b = __float_as_uint(x);
    if (x == x) b += 0x7fff + (b >> 16 & 1);
    return (__nv_bfloat16){(uint16_t)(b >> 16)};
}
static inline unsigned short __half_as_ushort(__half x) { unsigned short b; memcpy(&b, &x, 2); return b; }
static inline __half __ushort_as_half(unsigned short b) { __half x; memcpy(&x, &b, 2); return x; }
static inline unsigned short __bfloat16_as_ushort(__nv_bfloat16 x) { return x.bits; }
static inline __nv_bfloat16 __ushort_as_bfloat16(unsigned short b) { return (__nv_bfloat16){b}; }
static inline double __ll2double_rn(long long x) { return (double)x; }
static inline float __double2float_rn(double x) { return (float)x; }
static inline double __dsqrt_rn(double x) { return sqrt(x); }
#define NEVER_FUSED static double __attribute__((noinline))
NEVER_FUSED __dadd_rn(double x, double y) { return x + y; }
NEVER_FUSED __dsub_rn(double x, double y) { return x - y; }
NEVER_FUSED __dmul_rn(double x, double y) { return x * y; }
NEVER_FUSED __ddiv_rn(double x, double y) { return x / y; }
"""
"""The part of CUDA needed to run its source as C. As in CUDA, contraction is allowed."""


def _compiler(*names: str) -> str:
    """An installed compiler; without one the test is skipped, or fails if programs are required."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        reason = f"{' or '.join(names)} is not installed"
        if os.environ.get("ACTCALC_REQUIRE_PROGRAMS"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def _call(library: Path, functions: Sequence[str], z: Any, dtype: str) -> Results:
    loaded, z = ctypes.CDLL(str(library)), patterns(values(z, dtype), dtype)
    found = {}
    for name in functions:
        y = np.empty_like(z)
        pointers = (ctypes.c_void_p(array.ctypes.data) for array in (z, y))
        getattr(loaded, f"loop_{name}")(*pointers, ctypes.c_long(len(z)))
        found[name] = from_patterns(y, dtype)
    return found


def run_c(
    texts: Sequence[Text],
    z: Any,
    dtype: str,
    folder: Path,
    compiler: str = "cc",
    flags: Sequence[str] = ("-O1",),
    language: str = "c",
) -> Results:
    program, kind = _compiler(compiler), LOOP_TYPES[language][dtype]
    sources = []
    for k, text in enumerate(texts):
        loops = "".join(_LOOP_IN_C.format(name=name, type=kind) for name in text.functions)
        body, before = text.source, "#include <stdint.h>\n"
        if language == "cuda":
            before = CUDA_IN_C
            body = "\n".join(line for line in body.splitlines() if not line.startswith("#include"))
        # Several texts may define functions of the same name.
        body = re.sub(r"^(?=(float|double|uint16_t|_Float16) \w+\()", "static ", body, flags=re.MULTILINE)
        sources.append(folder / f"emitted_{k}.c")
        sources[-1].write_text(before + body + loops)
    library = folder / "emitted.so"
    command = [program, *flags, "-Wall", "-Werror", "-Wno-unused-function", "-Wno-unknown-pragmas"]
    _compiled([*command, "-fPIC", "-shared", "-o", str(library), *map(str, sources), "-lm"])
    return _call(library, [name for text in texts for name in text.functions], z, dtype)


def run_cuda(texts: Sequence[Text], z: Any, dtype: str, folder: Path) -> Results:
    """Run CUDA as C, which checks the formulas, and that CUDA's functions get proper arguments."""
    return run_c(texts, z, dtype, folder, language="cuda")


def run_rust(
    texts: Sequence[Text], z: Any, dtype: str, folder: Path, flags: Sequence[str] = ("-O",)
) -> Results:
    program = _compiler("rustc")
    parts = ["#![allow(dead_code)]\n"]
    for k, text in enumerate(texts):
        parts.append(f"mod m{k} {{\n{text.source}\n}}\n")
        kind = LOOP_TYPES["rust"][dtype]
        parts += [_LOOP_IN_RUST.format(name=name, type=kind, module=f"m{k}") for name in text.functions]
    source, library = folder / "emitted.rs", folder / "emitted.so"
    source.write_text("".join(parts))
    _compiled(
        [program, "--edition", "2021", "--crate-type", "cdylib", *flags, "-o", str(library), str(source)]
    )
    return _call(library, [name for text in texts for name in text.functions], z, dtype)


def _compiled(command: Sequence[str]) -> None:
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr[:4000]
    assert not made.stderr, made.stderr[:4000]


# CUDA to PTX


def compile_cuda(texts: Sequence[Text], architecture: str = "compute_80") -> str:
    """The PTX that NVRTC compiles from texts, each in its own namespace; no GPU is needed."""
    lines = [text.source.splitlines() for text in texts]
    includes = {line for part in lines for line in part if line.startswith("#include")}
    bodies = ["\n".join(line for line in part if line not in includes) for part in lines]
    spaces = [f"namespace n{k} {{\n{body}\n}}" for k, body in enumerate(bodies)]
    source = "\n".join([*sorted(includes), *spaces])
    library = _package_file("nvidia.cuda_nvrtc", "lib/libnvrtc.so.12")
    include = _package_file("nvidia.cuda_runtime", "include/cuda_fp16.h").parent
    nvrtc = ctypes.CDLL(str(library))
    program = ctypes.c_void_p()
    nvrtc.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b"emitted.cu", 0, None, None)
    options = [f"--gpu-architecture={architecture}", f"--include-path={include}", "-default-device"]
    given = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
    status = nvrtc.nvrtcCompileProgram(program, len(options), given)

    def text(what: str) -> str:
        size = ctypes.c_size_t()
        getattr(nvrtc, f"nvrtcGet{what}Size")(program, ctypes.byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        getattr(nvrtc, f"nvrtcGet{what}")(program, buffer)
        return buffer.value.decode()

    log = text("ProgramLog")
    assert status == 0, log
    assert not log.strip(), log
    return text("PTX")


def _package_file(package: str, path: str) -> Path:
    try:
        spec = importlib.util.find_spec(package)
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.submodule_search_locations is None:
        pytest.skip(f"{package} is not installed")
    for folder in spec.submodule_search_locations:
        if (Path(folder) / path).exists():
            return Path(folder) / path
    pytest.skip(f"{package} has no {path}")


Runner = Callable[[Sequence[Text], Any, str], Results]
RUNNERS: Mapping[str, Callable[[Path], Runner]] = {
    "numpy": lambda folder: run_numpy,
    "torch": lambda folder: run_torch,
    "jax": lambda folder: run_jax,
    "triton": lambda folder: partial(run_triton, folder=folder),
    "rust": lambda folder: partial(run_rust, folder=folder),
    "cuda": lambda folder: partial(run_cuda, folder=folder),
    "c": lambda folder: partial(run_c, folder=folder),
}
"""Functions that run texts of a language, in a folder for their files."""
