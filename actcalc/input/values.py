"""Values of a format as other programs write them: rounded decimals, hexadecimal floats, bits, codes.

A decimal stands for the value nearest to it. A decimal that was meant for a wider format is refused: if that
value, written with as many significant digits (a tie either way) or with the fewest that identify it, is not
the text, and the float64 nearest to the text is not a value of the format either. In an integer format a
value is a code, a whole number.
"""

import re
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from actcalc.errors import ActcalcError, NotANumber, quote
from actcalc.numbers.bit_arrays import from_bits
from actcalc.numbers.code_arrays import are_codes, codes_text
from actcalc.numbers.float_arrays import Array, round_array, round_twice
from actcalc.numbers.floats import FLOAT32, FLOAT64, Format, hex_text
from actcalc.numbers.integers import IntegerFormat, NumberFormat
from actcalc.numbers.numerals import LONGEST, Numeral, from_pattern, is_pattern

# Hexadecimal floats that are surely float64: as Python and C print them, except subnormal ones.
_EXACT_HEX = re.compile(r"(?:[+-]?0[xX](?:0(?:\.0*)?|1(?:\.[0-9a-fA-F]{0,13})?)[pP][+-]?[0-9]{1,3} )+")


def read_value(text: str, fmt: NumberFormat, bits: bool = False) -> float:
    """The value of ``fmt`` that a text stands for; with ``bits``, ``0x3f80`` is a bit pattern.

    Raises ActcalcError if it is not a number, or was meant for a wider format.
    """
    if isinstance(fmt, IntegerFormat):
        return _read_code(text, fmt)
    if is_pattern(text):
        if not bits:
            raise NotANumber(
                f"{quote(text)} is not a number",
                f"a bit pattern needs a dtype, and a hexadecimal float an exponent: {text[:60]}p0",
            )
        return from_pattern(text, fmt)
    numeral = Numeral(text)
    value = numeral.to_format(fmt)
    if not numeral.is_finite or numeral.saturate() == _exact(value):
        return value
    if "x" in text or "X" in text:  # a hexadecimal float must be exact
        raise _says_more(text, fmt, hex_text(value))
    as_float64 = numeral.to_format(FLOAT64)
    if fmt.round_float(as_float64) == as_float64:
        return value
    if abs(value) <= fmt.largest and (
        2 * abs(Fraction(value) - numeral.saturate()) <= numeral.unit
        or Fraction(fmt.text(value)) == numeral.saturate()  # at a power of two the two may differ
    ):
        return value
    raise _says_more(text, fmt, fmt.text(value))


def _read_code(text: str, fmt: IntegerFormat) -> float:
    if is_pattern(text):
        digits, pattern = _pattern_digits(fmt), int(text[2:][:_LONGEST_PATTERN], 16)
        if len(text) - 2 != digits or pattern >= 1 << fmt.bits:
            raise NotANumber(
                f"{quote(text)} is not a bit pattern of {fmt}: those have {digits} hexadecimal digits"
                f" for {fmt.bits} bits"
            )
        return fmt.from_bits(pattern)
    numeral = Numeral(text)
    code = numeral.saturate() if numeral.is_finite else Fraction(1, 2)
    if code.denominator > 1 or not fmt.lowest <= code <= fmt.highest:
        raise ActcalcError(f"{quote(text)} is not a code of {fmt}: {codes_text(fmt)}")
    return float(code)


_LONGEST_PATTERN = 9
"""More digits than the patterns of any integer format have."""


def _pattern_digits(fmt: NumberFormat) -> int:
    """The number of hexadecimal digits in the bit patterns of a format."""
    return -(-fmt.bits // 4)


def _exact(value: float) -> Fraction | None:
    return Fraction(value) if abs(value) < float("inf") else None


def _says_more(text: str, fmt: Format, nearest: str) -> ActcalcError:
    return ActcalcError(f"{quote(text)} is not a {fmt} number: the nearest is {nearest}")


def as_pattern(word: str, fmt: NumberFormat) -> str:
    """A bare word with ``0x`` before it, if it has the hexadecimal digits of a pattern of the format."""
    return f"0x{word}" if re.fullmatch(rf"[0-9a-fA-F]{{{_pattern_digits(fmt)}}}", word) else word


def read_word(word: str, fmt: NumberFormat) -> float:
    """The value of a bit pattern, with or without ``0x``. Raises ActcalcError for other words."""
    pattern = as_pattern(word, fmt)
    if not is_pattern(pattern):
        known = f"those have {_pattern_digits(fmt)} hexadecimal digits"
        raise NotANumber(f"{quote(word)} is not a bit pattern of {fmt}: {known}")
    return _read_code(pattern, fmt) if isinstance(fmt, IntegerFormat) else from_pattern(pattern, fmt)


def read_values(texts: Sequence[str], fmt: NumberFormat, bits: bool = False) -> Array | None:
    """The values of many texts as a float64 array; None if one is, or may be, refused."""
    together = " ".join(texts)
    if isinstance(fmt, IntegerFormat):
        if not re.fullmatch(r"(?:[+-]?[0-9]{1,15} )*", together + " "):
            return None
        codes = np.array(list(map(float, texts)))
        return codes if are_codes(codes, fmt).all() else None
    if bits and re.fullmatch(rf"(?:0[xX][0-9a-fA-F]{{{fmt.bits // 4}}} )*", together + " "):
        return from_bits(np.array([int(text, 16) for text in texts], np.uint64), fmt)
    if _EXACT_HEX.fullmatch(together + " "):
        near = np.array(list(map(float.fromhex, texts)))
        return near if np.array_equal(near, round_array(near, fmt)) else None
    # Of the texts left, float() and Numeral take the same.
    if "_" in together or not together.isascii() or len(max(texts, key=len, default="")) > LONGEST:
        return None
    try:
        near = np.array([float(text) for text in texts])
    except ValueError:
        return _one_by_one(texts, fmt, bits)
    if not fmt.is_narrow:
        return near
    values, doubtful = round_twice(near, fmt)
    for i in np.flatnonzero((values != near) & ~np.isnan(near)).tolist():
        # Two decimals of up to 15 digits are equal if their float64 are.
        digits = _significant(texts[i])
        if doubtful[i] or digits > 15 or float(f"{values[i]:.{digits - 1}e}") != near[i]:
            return _one_by_one(texts, fmt, bits)
    return values


def are_float32(values: Array) -> bool:
    """Whether float64 numbers are float32 numbers as programs write them, and not just short decimals."""
    first = list(map(repr, values[:16].tolist()))
    if read_values(first, FLOAT32) is None:  # mostly these suffice
        return False
    texts = list(map(repr, values.tolist()))
    return read_values(texts, FLOAT32) is not None and any(_significant(text) > 6 for text in texts)


def _significant(text: str) -> int:
    """The number of significant digits of a decimal."""
    return len(text.replace("E", "e").partition("e")[0].lstrip("+-\u22120.").replace(".", ""))


def _one_by_one(texts: Sequence[str], fmt: Format, bits: bool) -> Array | None:
    try:
        return np.array([read_value(text, fmt, bits) for text in texts], np.float64)
    except ActcalcError:
        return None
