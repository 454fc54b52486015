"""The range of z in an audit."""

import math
from fractions import Fraction
from typing import NamedTuple

from actcalc.errors import ActcalcError
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.integers import IntegerFormat, NumberFormat
from actcalc.numbers.numerals import Exact, exact_number


class Domain(NamedTuple):
    """All z from one number to another, both included."""

    low: float = -math.inf
    high: float = math.inf

    def __str__(self) -> str:
        parts = [f"from {self.low}"] * math.isfinite(self.low) + [f"to {self.high}"] * math.isfinite(
            self.high
        )
        return " ".join(parts)

    def __contains__(self, z: object) -> bool:
        return isinstance(z, float) and (self.low <= z <= self.high or self == EVERYWHERE)

    def among(self, z: Array) -> Array:
        """The numbers of an array that are in it."""
        return z if self == EVERYWHERE else z[self.contains(z)]

    def contains(self, z: Array) -> Array:
        """Where the numbers of an array are in it."""
        inside: Array = (self.low <= z) & (z <= self.high)
        return inside

    def codes(self, fmt: IntegerFormat) -> tuple[int, int]:
        """Its first and last codes of a format. Raises ActcalcError if it has none."""
        first, last = fmt.lowest, fmt.highest
        if self.low > -math.inf:
            first = max(first, math.ceil(Fraction(self.low) / fmt.scale) + fmt.zero)
        if self.high < math.inf:
            last = min(last, math.floor(Fraction(self.high) / fmt.scale) + fmt.zero)
        if first > last:
            raise ActcalcError(f"there is no {fmt} number from {self.low} to {self.high}")
        return first, last

    def ordinals(self, fmt: NumberFormat) -> tuple[int, int]:
        """The places of its first and last values of a format. Raises ActcalcError if it has none."""
        if isinstance(fmt, IntegerFormat):
            return self.codes(fmt)
        first, last = fmt.first_ordinal, fmt.finite_count - 1
        if self.low > -fmt.largest:
            low = fmt.round_exact(Fraction(self.low))
            first = fmt.ordinal(low) + (low < self.low) if self.low else -fmt.has_negative_zero
        if self.high < fmt.largest:
            high = fmt.round_exact(Fraction(self.high))
            last = fmt.ordinal(high) - (high > self.high)
        if self.low > fmt.largest or self.high < -fmt.largest or first > last:
            raise ActcalcError(f"there is no {fmt} number from {self.low} to {self.high}")
        return first, last


EVERYWHERE = Domain()


def parse_domain(low: Exact | None, high: Exact | None, names: tuple[str, str]) -> Domain:
    """The domain between two numbers, with ends in float64. Raises ActcalcError for bad or swapped ones."""
    ends = []
    for bound, name, side in ((low, names[0], -1), (high, names[1], 1)):
        if bound is None:
            ends.append(side * math.inf)
            continue
        try:
            exact = exact_number(bound)[0]
        except ActcalcError as error:
            raise ActcalcError(f": {error.line}", error.hint, about=name) from None
        end = float(exact)
        # The domain includes the end, and nothing beyond it.
        inside = math.isinf(end) or (end - exact) * side <= 0 if math.isfinite(end) else True
        ends.append(end if inside else math.nextafter(end, -side * math.inf))
    if ends[0] > ends[1]:
        raise ActcalcError(f": {low} is greater than {high}", "the smaller number comes first", names)
    return Domain(*ends)
