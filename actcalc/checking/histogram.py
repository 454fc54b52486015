"""Quantiles of any number of errors in constant memory."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

_STEPS = 7
"""Bits of the significand that are kept: 128 bins from one power of two to the next."""
_SHIFT = 52 - _STEPS
_LEAST, _MOST = (int(np.float64(edge).view(np.int64)) >> _SHIFT for edge in (2.0**-30, 2.0**700))


class Histogram:
    """Counts numbers that are not negative, and below 2**700; those below 2**-30 count as 0.

    The first bits of a float64 are its bin, so that a quantile is exact to 1 in 128.
    """

    def __init__(self) -> None:
        self._counts = np.zeros(_MOST - _LEAST + 2, np.int64)

    def add(self, values: npt.NDArray[Any]) -> None:
        """Count the values of a float64 array."""
        bins = np.maximum((np.ascontiguousarray(values).view(np.int64) >> _SHIFT) - _LEAST + 1, 0)
        zeros = len(bins) - np.count_nonzero(bins)
        self._counts[0] += zeros
        if zeros < len(bins):
            bins = bins[bins > 0] if zeros else bins
            first = int(bins.min())
            counts = np.bincount(bins - first)
            self._counts[first : first + len(counts)] += counts

    def quantile(self, share: float) -> float | None:
        """The least number that at least this share of them does not exceed, or up to 0.8 % less.

        None if there are no numbers.
        """
        total = int(self._counts.sum())
        if total == 0:
            return None
        place = int(np.searchsorted(np.cumsum(self._counts), max(1, math.ceil(share * total))))
        return float(np.int64(place + _LEAST - 1 << _SHIFT).view(np.float64)) if place else 0.0
