"""The kinds of failure that ulps hide: their names, and tests for them."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from actcalc.numbers.float_arrays import Array
from actcalc.numbers.rulers import Ruler

Test = Callable[[Array, Array, Ruler], Array]
"""Where computed values have the failure, from the right values and a ruler."""


class Kind(NamedTuple):
    """A kind of failure."""

    label: str
    """A short name, for tables."""
    words: str
    """A predicate for such points in a sentence."""
    test: Test | None
    """None if the values do not show it."""
    breaks: bool = False
    """Whether it makes a function broken."""
    marker: str = ""
    """The marker in pictures, which show only kinds that have one."""
    legend: str = ""


KINDS = {
    "zero_where_normal": Kind(
        "wrongly zero",
        "wrongly zero",
        lambda x, right, ruler: (x == 0) & (abs(right) >= ruler.smallest_normal) & np.isfinite(right),
        breaks=True,
        marker="v",
        legend="zero where a normal number is right",
    ),
    "wrong_sign": Kind(
        "wrong sign",
        "of the wrong sign",
        lambda x, right, ruler: (
            ((x < 0) & (right > 0) | (x > 0) & (right < 0)) & (np.isfinite(x) == np.isfinite(right))
        ),
        breaks=True,
        marker="X",
        legend="wrong sign",
    ),
    "not_finite": Kind(
        "wrongly inf or nan",
        "wrongly infinite or NaN",
        lambda x, right, ruler: ~np.isfinite(x) & (np.isfinite(right) | (np.isnan(x) != np.isnan(right))),
        breaks=True,
        marker="^",
        legend="wrongly infinite or NaN",
    ),
    "finite_where_not": Kind(
        "wrongly finite",
        "finite where infinity or NaN is right",
        lambda x, right, ruler: np.isfinite(x) & ~np.isfinite(right),
        breaks=True,
    ),
    "zero_sign": Kind(
        "sign of zero",
        "with a zero of the wrong sign",
        lambda x, right, ruler: (x == 0) & (right == 0) & (np.signbit(x) != np.signbit(right)),
    ),
    "unsettled": Kind("not settled", "left out, as the right value is not settled", None),
}
"""All kinds. A zero with the wrong sign fails only under ``strict_zero``. No other figure counts points that
are not settled."""
BREAKING = tuple(name for name, kind in KINDS.items() if kind.breaks)
BEYOND = "beyond"
REASONS = (*BREAKING, "zero_sign", BEYOND)
"""The reasons for which a point fails: a kind of failure, or else an error that is too large."""
PICTURED = tuple(name for name, kind in KINDS.items() if kind.marker)


def failures_of(x: Array, right: Array, ruler: Ruler) -> dict[str, Array]:
    """The places of each kind of failure.

    For integers, zeros and signs are not failures: being a few codes off is no worse at 0 than elsewhere.
    """
    odd = ~np.isfinite(x) | ~np.isfinite(right)
    if not ruler.is_integer:
        odd |= (np.signbit(x) != np.signbit(right)) | (x == 0)
    places = np.flatnonzero(odd)
    x, right = x[places], right[places]
    return {name: places[kind.test(x, right, ruler)] for name, kind in KINDS.items() if kind.test is not None}


def say_counts(found: Iterable[tuple[int, str]]) -> str:
    """How many points are what, as a headline, without the counts that are 0."""
    counts = [(n, words) for n, words in found if n]
    return ", ".join(
        f"{n:,} {words}" if i else f"{n:,} {'point' if n == 1 else 'points'} {words}"
        for i, (n, words) in enumerate(counts)
    )
