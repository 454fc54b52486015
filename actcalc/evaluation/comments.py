"""Comments on numbers in memory files or arrays of C: their meaning, and how to read them."""

from fractions import Fraction
from typing import TYPE_CHECKING

from actcalc.evaluation.numbers import InFormat
from actcalc.evaluation.request import Request
from actcalc.numbers.digits import Digits
from actcalc.numbers.floats import Format
from actcalc.numbers.numerals import exact_text

if TYPE_CHECKING:
    from actcalc.evaluation.interpolation import Interpolation, Reading
    from actcalc.numbers.roundings import Rounding

_ROUNDED = {
    "nearest": "to nearest, ties to even",
    "nearest-away": "to nearest, ties away from 0",
    "zero": "towards 0",
    "up": "up",
    "down": "down",
}


def of_numbers(request: Request, by_bits: bool) -> list[str]:
    """The meaning of numbers, unless they are bits of one float format; ``by_bits`` is their order."""
    numbers = request.numbers
    if not isinstance(numbers, InFormat) or numbers.out is None:
        return []
    lines = [f"{numbers.legend(request.variable)}."] if numbers.legend(request.variable) else []
    lines.append(f"Results are rounded {_rounded(numbers.out)}.")
    if by_bits:
        of_code = "" if isinstance(numbers.format, Format) else f", z & 0x{(1 << numbers.format.bits) - 1:x}"
        lines.append(f"The index is the bit pattern of z{of_code}.")
    return lines


def of_knots(request: Request, table: "Interpolation") -> list[str]:
    """The meaning of the entries of a table, and how they are read."""
    points, out = table.knots, table.out
    start, step, last = -points.start, points.step, points.count - 1
    codes = f"{step}*i {_signed(points.start)}".removesuffix(" + 0")
    beyond = f"; the last is beyond {points.fmt}" if points.stop > points.fmt.highest else ""
    from_start = f"z {_signed(start)}".removesuffix(" + 0")
    of_start = f"({from_start})" if start else "z"
    if beyond:
        place = f"i = {of_start}/{step} and r = {of_start}%{step}"
    else:
        place = f"i = min({of_start}/{step}, {last - 1}) and r = {from_start} - {step}*i"
    zero = 0 if isinstance(out.fmt, Format) else out.fmt.zero
    entries = [f"(T[{i}] {_signed(-zero)})" if zero else f"T[{i}]" for i in ("i", "i + 1")]
    value = f"({entries[0]}*({step} - r) + {entries[1]}*r)/{step}"
    plus = f", {_signed(zero)}" if zero else ""
    lines = [
        f"{request.numbers.legend(request.variable)}.",
        f"Entry i of a table T is at the code {codes} of z, rounded {_ROUNDED['nearest']}{beyond}.",
        f"T is read by linear interpolation: at a code z, with {place},",
        f"the result is {value}, rounded once {_rounded(out)}{plus}.",
    ]
    if points.start > points.fmt.lowest or points.stop < points.fmt.highest:
        lines.append(
            f"Codes of z below {points.start} count as {points.start}, above {points.stop} as {points.stop}."
        )
    return lines


def of_readings(name: str, table: "Interpolation") -> str:
    """A line about the errors of readings of a table with this name."""
    inside, beyond = table.measure()
    which = f"all {inside.count:,} z" if beyond is None else f"the {inside.count:,} z between its ends"
    line = f"{name}, read by linear interpolation at {which}, is {_off(inside, table)}"
    return line if beyond is None else f"{line}; at the {beyond.count:,} others it is {_off(beyond, table)}"


def _off(reading: "Reading", table: "Interpolation") -> str:
    unit = "ulps" if isinstance(table.out.fmt, Format) else "codes"
    z = exact_text(table.knots.fmt.value_of(reading.at))
    share = 100 * reading.right / reading.count
    return (
        f"off by at most {_figure(reading.largest)} {unit}, at z = {z} (code {reading.at}), and by"
        f" {_figure(Fraction(reading.mean))} on average; {reading.right:,} ({share:.1f} %) are right"
    )


def _figure(x: Fraction) -> str:
    digits = Digits(4)
    return digits.text(digits.round_exact(x))


def _rounded(rounding: "Rounding") -> str:
    """The rounding of results, in words."""
    overflow = {"nan": "NaN", "inf": "an infinity", "saturate": "that number", None: ""}[rounding.overflow]
    beyond = f"; results beyond the largest number become {overflow}" if overflow else ""
    return f"{_ROUNDED[rounding.direction]}{beyond}"


def _signed(n: int) -> str:
    """An integer to add, with its sign before it."""
    return f"{'-' if n < 0 else '+'} {abs(n)}"
