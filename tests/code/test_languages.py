"""All activations in all languages, run where a compiler or interpreter is installed."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.catalogue.lookup import one_of_each
from actcalc.code.expression import Routine, Unit
from actcalc.code.language import LANGUAGES
from actcalc.code.languages.registry import write
from actcalc.code.working import Form, routines
from actcalc.numbers.floats import FORMATS, Format
from tests.support import toolchains
from tests.support.toolchains import RUNNERS, Text

OF: Mapping[Quantity, str] = {"g": "", "dg": "_slope"}
SOME = [
    "float32",
    "bfloat16",
    *(pytest.param(d, marks=pytest.mark.exhaustive) for d in ("float64", "float16")),
]
FUNCTIONS = {f.name: f for f in one_of_each()}
PRECISION = {"float64": (52, -1022), "float32": (23, -126), "float16": (10, -14), "bfloat16": (7, -126)}
"""Mantissa bits, and the exponent of the smallest normal number."""


@cache
def routines_of(name: str, compute: Format) -> Sequence[Routine]:
    forms: dict[Quantity, Form] = {of: Form(FUNCTIONS[name], of) for of in OF}
    return routines(forms, compute)


def unit(f: Activation, language: str, dtype: str) -> Unit:
    compute = FORMATS[dtype if dtype in ("float64", "float32") else "float32"]
    return Unit(f.name, routines_of(f.name, compute), names(f, language), FORMATS[dtype], compute)


def names(f: Activation, language: str) -> Mapping[Quantity, str]:
    reserved = LANGUAGES[language].reserved
    return {of: ("actcalc_" if f.name in reserved else "") + f.name + end for of, end in OF.items()}


@cache
def texts(language: str, dtype: str) -> Mapping[str, Text]:
    units = {f.name: unit(f, language, dtype) for f in one_of_each()}
    return {name: Text(write(u, language), tuple(u.names.values())) for name, u in units.items()}


@cache
def points(dtype: str) -> Any:
    sizes = np.geomspace(2.0 ** PRECISION[dtype][1], 1e4 if dtype == "float16" else 1e30, 150)
    z = np.concatenate([np.linspace(-12, 12, 601), np.linspace(-110, 110, 401), sizes, -sizes, [0.0]])
    z = z.astype(toolchains.NUMPY_TYPES[dtype])
    return np.unique((z.view("u4") & 0xFFFF0000).view("f4") if dtype == "bfloat16" else z)


def errors(y: Any, right: Any, dtype: str) -> Any:
    """Errors in ulps where the right value is normal, and not among the smallest."""
    bits, least = PRECISION[dtype]
    _, exponents = np.frexp(right)
    # Intermediate results may be smaller, and subnormal, which JAX flushes to 0.
    is_normal = (np.abs(right) >= 2.0 ** (least + 6)) & (
        np.abs(right) < 2.0 ** (-least if dtype != "float16" else 15)
    )
    units = np.ldexp(1.0, np.maximum(exponents - 1, least) - bits)
    with np.errstate(all="ignore"):
        found = np.abs(y.astype("f8") - right) / units
    return np.where(is_normal, np.where(np.isnan(y), np.inf, found), 0)


@cache
def right_values(name: str, of: Quantity, dtype: str) -> Any:
    return np.asarray(getattr(FUNCTIONS[name], of)(points(dtype).astype("f8")))


def check(language: str, dtype: str, found: Mapping[str, Any], most: float) -> None:
    z = points(dtype)
    beyond = {}
    for f in one_of_each():
        for of, title in names(f, language).items():
            right = right_values(f.name, of, dtype)
            error = errors(found[title], right, dtype)
            # Within 1/4 of a root many digits may be lost; snake' has double roots, near which it is below
            # 0.13.
            for root in z[:-1][np.sign(right[:-1]) * np.sign(right[1:]) < 0]:
                error[np.abs(z - root) <= 0.25] = 0
            if title in ("snake_slope", "snake_beta_slope"):
                error[right < 0.13] = 0
            if not error.max() <= most:
                at = error.argmax()
                beyond[title] = (float(error[at]), float(z[at]), float(found[title][at]), float(right[at]))
    assert beyond == {}


MOST = {"float16": 1, "bfloat16": 1}
MOST_OF_JAX = 12
"""Its exp has errors up to 3 ulps, and it may or may not fuse products and sums."""


def runs() -> Iterator[Any]:
    """Each language in each format; fast ones, and those of frameworks, are in the default suite."""
    for language, dtype in product(RUNNERS, PRECISION):
        soon = {"c": (), "cuda": (), "rust": ("float32",)}.get(language, ("float32", "bfloat16"))
        yield pytest.param(language, dtype, marks=() if dtype in soon else pytest.mark.exhaustive)


@pytest.mark.parametrize(("language", "dtype"), [*runs()])
def test_values(language: str, dtype: str, tmp_path: Path) -> None:
    found = RUNNERS[language](tmp_path)([*texts(language, dtype).values()], points(dtype), dtype)
    check(language, dtype, found, MOST.get(dtype, MOST_OF_JAX if language == "jax" else 6))


@pytest.mark.parametrize("dtype", SOME)
def test_numpy_takes_scalars_and_keeps_the_dtype(dtype: str) -> None:
    kind = np.dtype(toolchains.NUMPY_TYPES[dtype])
    for text in texts("numpy", dtype).values():
        space: dict[str, Any] = {}
        exec(text.source, space)
        for name in text.functions:
            z = np.array([-1.5, 0.0, 0.75, 200.0], kind)
            found = space[name](z)
            assert found.dtype == kind, name
            one = [space[name](x) for x in z]
            assert {np.asarray(x).dtype for x in one} == {kind}, name
            assert np.allclose(np.array(one), found, rtol=1e-2 if dtype == "bfloat16" else 1e-6), name
            assert np.allclose(float(space[name](0.75)), found[2], rtol=1e-2), name


@pytest.mark.parametrize("dtype", SOME)
def test_triton_compiles(dtype: str, tmp_path: Path) -> None:
    some = [text for name, text in texts("triton", dtype).items() if name in ("gelu", "mish", "relu")]
    toolchains.compile_triton(some, dtype, tmp_path)


@pytest.mark.parametrize("dtype", SOME)
def test_nvrtc_compiles(dtype: str) -> None:
    assert ".version" in toolchains.compile_cuda([*texts("cuda", dtype).values()])


# Use in other people's code


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # a warning within torch
@pytest.mark.parametrize("name", ["gelu", "silu", "mish"])
def test_torch_differentiates_by_the_slope(name: str) -> None:
    torch = pytest.importorskip("torch")
    space: dict[str, Any] = {}
    exec(texts("torch", "float64")[name].source, space)
    g, slope = space[name], space[f"{name}_slope"]
    z = torch.linspace(-30, 30, 61, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(g, (z,))
    assert g(z).sum().backward() is None
    assert torch.equal(z.grad, slope(z.detach()))
    one = torch.tensor(-3.0, dtype=torch.float64)
    assert torch.func.grad(g)(one) == slope(one)
    assert torch.equal(torch.func.vmap(torch.func.grad(g))(z.detach()), slope(z.detach()))


@pytest.mark.parametrize("name", ["gelu", "silu", "mish"])
def test_jax_differentiates_by_the_slope(name: str) -> None:
    jax = pytest.importorskip("jax")
    space: dict[str, Any] = {}
    exec(texts("jax", "float32")[name].source, space)
    g, slope = space[name], space[f"{name}_slope"]
    z = jax.numpy.linspace(-30.0, 30.0, 61)
    assert (jax.vmap(jax.grad(g))(z) == jax.vmap(slope)(z)).all()
    value, tangent = jax.jvp(g, (z,), (2 * jax.numpy.ones_like(z),))
    assert (value == g(z)).all()
    assert (tangent == 2 * slope(z)).all()


# Idiomatic style of each language


def formatted(command: Sequence[str], folder: Path, language: str) -> None:
    for dtype in ("float32", "bfloat16"):
        for name, text in texts(language, dtype).items():
            path = folder / f"{name}_{dtype}{LANGUAGES[language].suffix}"
            path.write_text(text.source)
    files = sorted(map(str, folder.iterdir()))
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[:3000]


@pytest.mark.parametrize("language", ["numpy", "torch", "jax", "triton"])
def test_ruff_changes_nothing(language: str, tmp_path: Path) -> None:
    pytest.importorskip("ruff")
    formatted([sys.executable, "-m", "ruff", "format", "--isolated", "--diff"], tmp_path, language)


def test_rustfmt_changes_nothing(tmp_path: Path) -> None:
    if shutil.which("rustfmt") is None:
        pytest.skip("rustfmt is not installed")
    formatted(["rustfmt", "--edition", "2021", "--check"], tmp_path, "rust")
