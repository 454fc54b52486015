"""The languages there are, as data."""

import builtins
from collections.abc import Mapping
from keyword import kwlist
from typing import NamedTuple

ALL_DTYPES = ("float64", "float32", "float16", "bfloat16")


class Language(NamedTuple):
    """A language that is printed; the module of its name in ``languages`` has the function ``write``."""

    name: str
    title: str
    suffix: str
    comment: str
    """The sign that begins the lines of a comment."""
    functions: frozenset[str]
    """The functions of FUNCTIONS that the language has itself."""
    reserved: frozenset[str]
    """Names that are taken in it."""
    has_correct: bool = False
    has_test: bool = False
    dtypes: tuple[str, ...] = ALL_DTYPES
    fast_math: str = ""
    """The flag by which its compilers may change what is computed."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_COMMON = _words("sqrt exp log sin cos")
_USUAL = _COMMON | _words("hypot expm1 log1p tan tanh atan")
_ERF = _words("erf erfc")
_FINE = _words("fine_tanh")
_C_NAMES = (_USUAL | _ERF | _words("abs sinh cosh log2 log10")) | _words(
    "auto break case const double else float for if int long return short static void"
)
_PYTHON_WORDS = frozenset((*kwlist, *dir(builtins)))
_RUST_WORDS = _words(
    "as const else enum fn for if impl in let loop match mod mut pub ref return self static type use"
)

LANGUAGES: Mapping[str, Language] = {
    language.name: language
    for language in (
        Language(
            *("c", "C", ".c", "//", _USUAL | _ERF, _C_NAMES),
            has_correct=True,
            has_test=True,
            fast_math="-ffast-math",
        ),
        Language(
            *("cuda", "CUDA", ".cu", "//", _USUAL | _ERF | _FINE, _C_NAMES, True, True),
            fast_math="-use_fast_math",
        ),
        Language("rust", "Rust", ".rs", "//", _USUAL, _RUST_WORDS, has_correct=True),
        Language(
            *("numpy", "NumPy", ".py", "#", _USUAL | _FINE, _PYTHON_WORDS | {"np"}),
            has_correct=True,
            has_test=True,
        ),
        Language("torch", "PyTorch", ".py", "#", _USUAL | _ERF | _FINE, _PYTHON_WORDS | {"torch"}),
        Language("jax", "JAX", ".py", "#", _USUAL | _ERF, _PYTHON_WORDS | {"jax", "jnp"}),
        Language("triton", "Triton", ".py", "#", _COMMON | {"erf"}, _PYTHON_WORDS | {"triton", "tl"}),
    )
}
"""By name, in the order in which they are listed."""
