"""The formats of z and of results, and the rounding of results."""

import math
from typing import Any, NamedTuple

from actcalc.numbers.floats import FLOAT64, Format, hex_text
from actcalc.numbers.integers import NumberFormat
from actcalc.numbers.numerals import exact_text
from actcalc.numbers.roundings import Rounding, number_format


class Results(NamedTuple):
    """The rounding of results, whatever the format of z."""

    fmt: NumberFormat | None = None
    """Their format; None for that of z."""
    direction: str = "nearest"
    overflow: str | None = None

    def rounding(self, fmt: NumberFormat) -> Rounding:
        """The rounding of results for z in ``fmt``. Raises ActcalcError if their format does not allow it."""
        return Rounding(self.fmt or fmt, self.direction, self.overflow)


LIKE_Z = Results()
"""Results rounded to nearest in the format of z."""


class Formats(NamedTuple):
    """The format of z and the rounding of results, with their names and texts."""

    z: NumberFormat
    out: Rounding

    @property
    def name(self) -> str:
        """A name for both: that of the format if it is one, else like ``float32 -> bfloat16 (zero)``."""
        rules = [] if self.out.direction == "nearest" else [self.out.direction]
        rules += [] if self.out.overflow is None else [self.out.overflow]
        name = self.z.name if self.out.fmt == self.z else f"{self.z} -> {self.out.fmt}"
        return f"{name} ({', '.join(rules)})" if rules else name

    @property
    def unit(self) -> str:
        """The unit of errors: an ulp, or a code for integers."""
        return "ulp" if isinstance(self.out.fmt, Format) else "code"

    @property
    def step(self) -> str:
        """The name of neighbouring values."""
        return "float" if isinstance(self.out.fmt, Format) else "code"

    def z_text(self, z: float) -> str:
        return _text(z, self.z)

    def text(self, x: float) -> str:
        """A result in as few digits as identify it."""
        return _text(x, self.out.fmt)

    def texts(self, z: float, got: float, right: float) -> tuple[str, str, str]:
        """The texts of z and of two results."""
        return self.z_text(z), self.text(got), self.text(right)


def formats_of(dtype: str, out_dtype: str, rounding: str, overflow: str | None) -> Formats:
    """The formats of these names; if ``out_dtype`` is empty, both are ``dtype``."""
    z = number_format(dtype)
    return Formats(z, Rounding(number_format(out_dtype) if out_dtype else z, rounding, overflow))


def _text(x: float, fmt: NumberFormat) -> str:
    # What should be a code may be anything.
    return fmt.text(x) if isinstance(fmt, Format) or math.isfinite(x) else repr(x)


def bits_text(x: float, fmt: NumberFormat) -> str | None:
    """The bit pattern of a value; None if it should be a code but is not."""
    if isinstance(fmt, Format) or (math.isfinite(x) and fmt.lowest <= x <= fmt.highest):
        return fmt.bits_text(x)
    return None


def hexadecimal(x: float, fmt: NumberFormat) -> str | None:
    """A hexadecimal float, or the bit pattern of a code."""
    return hex_text(x) if isinstance(fmt, Format) else bits_text(x, fmt)


def plain_number(x: float, fmt: NumberFormat) -> Any:
    """A value for JSON: a code is a whole number."""
    return x if isinstance(fmt, Format) or not math.isfinite(x) else int(x)


def long_text(x: float, fmt: NumberFormat) -> str:
    """A value with its bits; a code also with the number that it stands for."""
    bits = bits_text(x, fmt)
    text = _text(x, fmt) + (f" ({bits})" if bits else "")
    if isinstance(fmt, Format) or not math.isfinite(x):
        return text
    number = fmt.value_of(x)
    exact = exact_text(number)
    return f"{text} = {exact}" if len(exact) <= _LONGEST else f"{text} = {FLOAT64.round_exact(number):.9g}"


_LONGEST = 16
