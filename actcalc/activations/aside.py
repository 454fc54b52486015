"""Set aside values whose rounding stays undecided, so that all others are still computed."""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from actcalc.errors import UnsettledError

_Point = TypeVar("_Point")
_Value = TypeVar("_Value")


class SetAside:
    """The points whose value stays undecided, with the reasons.

    Their value is NaN, and each point is tried only once.
    """

    def __init__(self) -> None:
        self.reasons: dict[Any, str] = {}

    def value(self, function: Callable[[_Point], _Value], z: _Point) -> _Value | float:
        """``function`` of z, or NaN if it raises UnsettledError."""
        if z not in self.reasons:
            try:
                return function(z)
            except UnsettledError as error:
                self.reasons[z] = error.message
        return math.nan

    def places(self, points: Any, values: Any) -> Sequence[int]:
        """The indices of values that were set aside; ``points`` and ``values`` have one dimension."""
        if not self.reasons:
            return ()
        pairs = enumerate(zip(points, values, strict=True))
        return [place for place, (z, value) in pairs if value != value and z in self.reasons]
