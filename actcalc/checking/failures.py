"""The kinds of failure that ulps hide: what each is called, and where it happens."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from actcalc.numbers.floats import Format

Array = npt.NDArray[Any]
Test = Callable[[Array, Array, Format], Array]
"""Where it happens to values that were computed, beside the right ones."""


class Kind(NamedTuple):
    """A kind of failure."""

    words: str
    test: Test | None
    """None if it is not seen in the values."""
    breaks: bool = False
    """Whether a function is broken where it happens."""
    marker: str = ""
    """In pictures, which show no other kinds."""
    legend: str = ""


def _is_zero_where_normal(x: Array, right: Array, fmt: Format) -> Array:
    size = abs(right)
    where: Array = (x == 0) & (size >= fmt.smallest_normal) & np.isfinite(right)
    return where


def _has_wrong_sign(x: Array, right: Array, fmt: Format) -> Array:
    opposite = (x < 0) & (right > 0) | (x > 0) & (right < 0)
    where: Array = opposite & (np.isfinite(x) == np.isfinite(right))
    return where


def _is_not_finite(x: Array, right: Array, fmt: Format) -> Array:
    is_right = (x == right) | (np.isnan(x) & np.isnan(right))
    where: Array = ~np.isfinite(x) & ~is_right & ~_has_wrong_sign(x, right, fmt)
    return where


def _is_finite_where_not(x: Array, right: Array, fmt: Format) -> Array:
    where: Array = np.isfinite(x) & ~np.isfinite(right)
    return where


def _is_zero_of_wrong_sign(x: Array, right: Array, fmt: Format) -> Array:
    where: Array = (x == 0) & (right == 0) & (np.signbit(x) != np.signbit(right))
    return where


KINDS = {
    "zero_where_normal": Kind(
        "zero where normal", _is_zero_where_normal, True, "v", "zero where a normal number is right"
    ),
    "wrong_sign": Kind("wrong sign", _has_wrong_sign, True, "X", "wrong sign"),
    "not_finite": Kind("not finite", _is_not_finite, True, "^", "not finite"),
    "finite_where_not": Kind("finite where not", _is_finite_where_not, True),
    "zero_sign": Kind("zero of the wrong sign", _is_zero_of_wrong_sign),
    "unsettled": Kind("left out, as the right value is not settled", None),
}
"""All kinds. A zero of the wrong sign is a failure only where zeros are strict. Points that are not settled
are in no other figure."""
BREAKING = tuple(name for name, kind in KINDS.items() if kind.breaks)
PICTURED = tuple(name for name, kind in KINDS.items() if kind.marker)


def failures_of(x: Array, right: Array, fmt: Format, kinds: Iterable[str]) -> dict[str, Array]:
    """The places where each kind happens."""
    odd = (np.signbit(x) != np.signbit(right)) | (x == 0) | ~np.isfinite(x) | ~np.isfinite(right)
    places = np.flatnonzero(odd)
    x, right = x[places], right[places]
    tests = {name: KINDS[name].test for name in kinds}
    return {name: places[test(x, right, fmt)] for name, test in tests.items() if test is not None}
