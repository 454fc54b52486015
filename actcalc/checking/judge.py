"""Rules by which computed values pass."""

from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from actcalc.errors import ActcalcError, quote
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.numerals import Exact, exact_number, exact_text
from actcalc.numbers.rulers import Ruler

_LARGEST_MARK = Fraction(10) ** 100


@dataclass(frozen=True)
class Judge:
    """A rule by which values pass: their errors are at most ``max_ulp`` ulps, or at most ``atol``.

    With ``rtol`` ulps do not matter: errors are at most ``atol`` plus ``rtol`` times the right value, as in
    NumPy's ``allclose``.
    """

    max_ulp: Fraction = Fraction(1)
    atol: Fraction = Fraction(0)
    rtol: Fraction | None = None
    strict_zero: bool = False
    """Whether zeros of the wrong sign fail."""
    flush_to_zero: bool = False
    """Whether zeros are right for subnormal numbers."""
    daz: bool = False
    """Whether the value at 0 is right where z is subnormal."""

    def as_object(self) -> dict[str, Any]:
        """The rule as JSON has it."""
        numbers = {"max_ulp": self.max_ulp, "atol": self.atol, "rtol": self.rtol}
        texts = {name: None if x is None else exact_text(x) for name, x in numbers.items()}
        return {**asdict(self), **texts}

    def text(self, either: str, unit: str = "ulp") -> str:
        """The largest errors that pass, in words; ``either`` joins two of them."""
        if self.rtol is not None:
            return f"rtol {_text(self.rtol)}" + (f" with atol {_text(self.atol)}" if self.atol else "")
        ulps = f"{exact_text(self.max_ulp)} {unit if self.max_ulp <= 1 else f'{unit}s'}"
        return ulps + (f" {either} atol {_text(self.atol)}" if self.atol else "")

    def allows(self, x: Array, right: Array, ruler: Ruler) -> Array:
        """Where finite values are within the tolerances of the right ones, decided exactly."""
        rtol, atol = self.rtol or Fraction(0), self.atol / ruler.unit
        if ruler.is_integer:
            x, right = x - ruler.origin, right - ruler.origin
        with np.errstate(all="ignore"):
            distance = abs(x - right)
            allowed = FLOAT64.round_exact(atol) + float(rtol) * abs(right)
            # Both are accurate to some units of their last place, or of the smallest subnormal.
            near = distance * (1 + 2.0**-50) + 2.0**-1070 <= allowed * (1 - 2.0**-50)
            far = distance * (1 - 2.0**-50) > allowed * (1 + 2.0**-50) + 2.0**-1070
        finite = np.isfinite(x) & np.isfinite(right)
        near &= finite & np.isfinite(allowed)
        far &= np.isfinite(distance)
        near |= x == right
        for i in np.flatnonzero(finite & ~near & ~far):
            exact = Fraction(float(right[i]))
            near[i] = abs(Fraction(float(x[i])) - exact) <= atol + rtol * abs(exact)
        allows: Array = near
        return allows


def parse_judge(
    max_ulp: Exact | None,
    atol: Exact = 0,
    rtol: Exact | None = None,
    strict_zero: bool = False,
    flush_to_zero: bool = False,
    daz: bool = False,
) -> Judge:
    """The rule of these numbers. Raises ActcalcError for bad ones, and for ``rtol`` beside ``max_ulp``."""
    if rtol is not None and max_ulp is not None:
        raise ActcalcError("cannot be used together", about=("rtol", "max_ulp"))
    return Judge(
        parse_bound(1 if max_ulp is None else max_ulp, "max_ulp"),
        parse_bound(atol, "atol"),
        None if rtol is None else parse_bound(rtol, "rtol"),
        strict_zero,
        flush_to_zero,
        daz,
    )


def _text(x: Fraction) -> str:
    """The shortest exact text of a number."""
    short = f"{float(x):g}"
    return short if Fraction(short) == x else exact_text(x)


WITHIN_AN_ULP = Judge()
"""The default judge of ``check``."""
LENIENT = Judge(flush_to_zero=True, daz=True)
"""The default judge of ``audit``: processors are often set to flush subnormal numbers."""


def parse_bound(bound: Exact, name: str) -> Fraction:
    """A bound of errors, in ulps or not. Raises ActcalcError unless it is a number from 0 to 1e100."""
    try:
        mark, text = exact_number(bound)
    except ActcalcError as error:
        raise ActcalcError(f": {error.line}", error.hint, about=name) from None
    if not 0 <= mark <= _LARGEST_MARK:
        raise ActcalcError(f"must be from 0 to 1e100, not {quote(text)}", about=name)
    return mark
