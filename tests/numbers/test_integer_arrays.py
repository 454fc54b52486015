"""Floats become integers in one place, which refuses what C leaves undefined."""

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actcalc.errors import ActcalcError
from actcalc.numbers.array_values import to_format
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.integer_arrays import to_integers

PACKAGE = Path(__file__).parents[2] / "actcalc"
ONE_PLACE = PACKAGE / "numbers" / "integer_arrays.py"

FLOAT_TYPES = {
    *(
        "np.float64",
        "np.float32",
        "'float64'",
        "fmt.name",
        "fmt.numpy",
        "getattr(ml_dtypes, fmt.name)",
        "mlx.float32",
    ),
    "'S15'",  # numbers/float_texts: the text of integers
    *("dtype_of(fmt)", "dtype_of(self.format)", "dtype_of(dtype)"),  # code/measured
    "dtype",  # numbers/foreign: the dtype of the caller's float array
}
"""Types that ``astype`` may name elsewhere: floats and text, which take any number."""
INTEGERS = {
    *("int", "_word"),  # return types
    *("first", "second"),  # in arithmetic/portable
    *("255 << 24 if e > 0 else 0", "lower", "upper", "special"),
    "column",  # of a record
    "[*hard_inputs(f, of, dtype)]",  # patterns
    "[2 ** 64 - 2 ** (64 - 8 * n) for n in range(8)] + [2 ** 64 - 1]",
}
"""Sources of integer arrays elsewhere: Python's integers, which NumPy rejects if they do not fit."""


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint32, np.int64, np.uint64, ">i8", "<u2"])
def test_numbers_that_fit_are_cast(dtype: Any) -> None:
    limits = np.iinfo(np.dtype(dtype))
    largest = np.nextafter(float(limits.max + 1), 0)
    x = np.array([limits.min, -0.0, 0.0, 1.75, 3, largest])
    assert to_integers(x, dtype).tolist() == [limits.min, 0, 0, 1, 3, int(largest)]
    integers = np.array([limits.min, limits.max], dtype)
    assert to_integers(integers, dtype).tolist() == integers.tolist()
    assert to_integers(np.zeros(0), dtype).tolist() == []


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint32, np.int64, np.uint64, ">i8", "<u2"])
@pytest.mark.parametrize("place", [0, 2])
def test_numbers_that_do_not_fit_are_refused(dtype: Any, place: int) -> None:
    limits = np.iinfo(np.dtype(dtype))
    below = np.nextafter(float(limits.min), -np.inf)
    for x in (np.nan, np.inf, -np.inf, below, float(limits.max + 1)):
        values = np.ones(3)
        values[place] = x
        with pytest.raises(AssertionError, match="fit"):
            to_integers(values, dtype)
    if not limits.min:
        with pytest.raises(AssertionError, match="fit"):
            to_integers(np.array([0, -1]), dtype)


def test_nothing_else_casts_to_integers() -> None:
    """No other code casts to a type that a float may not fit into, or that the source does not tell."""
    found = [
        f"{path.relative_to(PACKAGE)}:{call.lineno}: {ast.unparse(call)}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path != ONE_PLACE
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and may_be_undefined(call)
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "x.astype(np.uint64)",
        "x.astype(dtype=np.int64)",
        "x.astype(int)",
        "x.astype('u8')",
        "x.astype(other.dtype, copy=False)",
        "np.array(x, np.int64)",
        "np.asarray(x, dtype=np.intp)",
        "np.full(3, x, np.uint8)",
        "np.fromiter(x, int)",
        "np.rint(x).astype(f'u{bits}')",
    ],
)
def test_casts_are_found(source: str) -> None:
    call = ast.parse(source, mode="eval").body
    assert isinstance(call, ast.Call)
    assert may_be_undefined(call)


MAKERS = {
    **dict.fromkeys(("array", "asarray", "asanyarray", "ascontiguousarray", "fromiter", "require"), 1),
    "full": 2,
}
"""Functions of NumPy that cast their arguments, and the position of the type among these."""


def may_be_undefined(call: ast.Call) -> bool:
    """Whether a call may convert a float to an integer."""
    if not isinstance(call.func, ast.Attribute):
        return False
    name, named = call.func.attr, [keyword.value for keyword in call.keywords if keyword.arg == "dtype"]
    if name == "astype":
        return any(ast.unparse(dtype) not in FLOAT_TYPES for dtype in [*call.args[:1], *named])
    if ast.unparse(call.func.value) != "np" or name not in MAKERS:
        return False
    types = [*call.args[MAKERS[name] : MAKERS[name] + 1], *named]
    made = call.args[0].elt if isinstance(call.args[0], ast.ListComp) else call.args[0]
    source = ast.unparse(made.func if isinstance(made, ast.Call) else made)
    return source not in INTEGERS and any(ast.unparse(dtype) not in FLOAT_TYPES for dtype in types)


@pytest.mark.parametrize("x", [2**53 + 1, 2**63 - 1, -(2**63) + 1, 2**64 - 1, 2**63 + 1])
def test_integers_that_are_not_float64_are_refused(x: int) -> None:
    """Also the largest integers, which round to a float beyond their type."""
    array = np.array([x])
    with pytest.raises(ActcalcError, match=f"z\\[0\\] = {x} is not a float64 number"):
        to_format("z", array, FLOAT64)


@pytest.mark.parametrize("x", [2**53, 2**62, -(2**63), 2**63, 2**64 - 2048, 0])
def test_integers_that_are_float64_are_taken(x: int) -> None:
    assert to_format("z", np.array([x]), FLOAT64).tolist() == [float(x)]
