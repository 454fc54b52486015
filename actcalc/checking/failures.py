"""The kinds of failure that ulps hide: what each is called, and where it happens."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from actcalc.numbers.float_arrays import Array
from actcalc.numbers.rulers import Ruler

Test = Callable[[Array, Array, Ruler], Array]
"""Where it happens to values that were computed, beside the right ones, on a ruler."""


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


KINDS = {
    "zero_where_normal": Kind(
        "zero where normal",
        lambda x, right, ruler: (x == 0) & (abs(right) >= ruler.smallest_normal) & np.isfinite(right),
        breaks=True,
        marker="v",
        legend="zero where a normal number is right",
    ),
    "wrong_sign": Kind(
        "wrong sign",
        lambda x, right, ruler: (
            ((x < 0) & (right > 0) | (x > 0) & (right < 0)) & (np.isfinite(x) == np.isfinite(right))
        ),
        breaks=True,
        marker="X",
        legend="wrong sign",
    ),
    "not_finite": Kind(
        "not finite",
        lambda x, right, ruler: ~np.isfinite(x) & (np.isfinite(right) | (np.isnan(x) != np.isnan(right))),
        breaks=True,
        marker="^",
        legend="not finite",
    ),
    "finite_where_not": Kind(
        "finite where not", lambda x, right, ruler: np.isfinite(x) & ~np.isfinite(right), breaks=True
    ),
    "zero_sign": Kind(
        "zero of the wrong sign",
        lambda x, right, ruler: (x == 0) & (right == 0) & (np.signbit(x) != np.signbit(right)),
    ),
    "unsettled": Kind("left out, as the right value is not settled", None),
}
"""All kinds. A zero of the wrong sign is a failure only where zeros are strict. Points that are not settled
are in no other figure."""
BREAKING = tuple(name for name, kind in KINDS.items() if kind.breaks)
BEYOND = "beyond"
REASONS = (*BREAKING, "zero_sign", BEYOND)
"""The reasons for which a point fails: a kind of failure, or else an error beyond the one that passes."""
PICTURED = tuple(name for name, kind in KINDS.items() if kind.marker)


def failures_of(x: Array, right: Array, ruler: Ruler) -> dict[str, Array]:
    """The places where each kind happens.

    Codes of integers are even: to be a few of them off is no worse at 0 than elsewhere.
    """
    odd = ~np.isfinite(x) | ~np.isfinite(right)
    if not ruler.is_integer:
        odd |= (np.signbit(x) != np.signbit(right)) | (x == 0)
    places = np.flatnonzero(odd)
    x, right = x[places], right[places]
    return {name: places[kind.test(x, right, ruler)] for name, kind in KINDS.items() if kind.test is not None}
