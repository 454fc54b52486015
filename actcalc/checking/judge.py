"""Rules by which computed values pass."""

from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from actcalc.errors import ActcalcError, quote
from actcalc.numbers.numerals import Exact, exact_number, exact_text

_LARGEST_MARK = Fraction(10) ** 100


@dataclass(frozen=True)
class Judge:
    """A rule by which values pass: their errors are at most ``max_ulp`` ulps."""

    max_ulp: Fraction = Fraction(1)
    strict_zero: bool = False
    """Whether zeros of the wrong sign fail."""
    flush_to_zero: bool = False
    """Whether zeros are right for subnormal numbers."""
    daz: bool = False
    """Whether the value at 0 is right where z is subnormal."""

    def as_object(self) -> dict[str, Any]:
        """The rule as JSON has it."""
        return {**asdict(self), "max_ulp": exact_text(self.max_ulp)}


WITHIN_AN_ULP = Judge()
"""The judge of check unless it is said otherwise."""
LENIENT = Judge(flush_to_zero=True, daz=True)
"""That of audit, as processors are often told to spare subnormal numbers."""


def parse_max_ulp(max_ulp: Exact, name: str = "max_ulp") -> Fraction:
    """The largest error that passes. Raises ActcalcError for what is not a number from 0 to 1e100."""
    try:
        mark, text = exact_number(max_ulp)
    except ActcalcError as error:
        raise ActcalcError(f": {error}", error.hint, about=name) from None
    if not 0 <= mark <= _LARGEST_MARK:
        raise ActcalcError(f"must be from 0 to 1e100, not {quote(text)[1:-1]}", about=name)
    return mark
