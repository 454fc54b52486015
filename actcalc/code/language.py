"""The languages there are, as data."""

from collections.abc import Mapping
from typing import NamedTuple

ALL_DTYPES = ("float64", "float32", "float16", "bfloat16")


class Language(NamedTuple):
    """A language that is printed; the module of its name in ``languages`` has the function ``write``."""

    name: str
    title: str
    suffix: str
    comment: str
    """What a comment's lines begin with."""
    functions: frozenset[str]
    """Those of FUNCTIONS that it has itself."""
    reserved: frozenset[str]
    """Names that are taken in it."""
    has_correct: bool = False
    has_test: bool = False
    dtypes: tuple[str, ...] = ALL_DTYPES


_C_MATHS = frozenset(
    (
        *(
            "sqrt",
            "hypot",
            "exp",
            "expm1",
            "log",
            "log1p",
            "sin",
            "cos",
            "tan",
            "tanh",
            "atan",
            "erf",
            "erfc",
        ),
        *("abs", "sinh", "cosh", "log2", "log10"),
    )
)
_C_WORDS = frozenset(
    (
        *("auto", "break", "case", "const", "double", "else", "float", "for", "if", "int", "long", "return"),
        *("short", "static", "void"),
    )
)

LANGUAGES: Mapping[str, Language] = {
    language.name: language
    for language in (
        Language(
            name="c",
            title="C",
            suffix=".c",
            comment="//",
            functions=_C_MATHS,
            reserved=_C_MATHS | _C_WORDS,
            has_correct=True,
            has_test=True,
        ),
    )
}
"""By name, in the order in which they are listed."""
