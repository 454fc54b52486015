"""Convert arrays from callers and files to values of a number format."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from actcalc.errors import ActcalcError, Argument, Wording, join_names
from actcalc.numbers.bit_arrays import from_bits
from actcalc.numbers.code_arrays import are_codes, codes_of, codes_text
from actcalc.numbers.float_arrays import Array, round_array
from actcalc.numbers.floats import FLOAT64, FORMATS, Format
from actcalc.numbers.integer_arrays import to_integers
from actcalc.numbers.integers import IntegerFormat, NumberFormat


def as_array(name: str, x: Any) -> Array:
    """Convert ``x`` to an array of floats or integers. Raises ActcalcError if that is impossible."""
    try:
        array = np.asarray(x)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ActcalcError(f"{name} does not become a NumPy array: {str(error).splitlines()[0]}") from None
    if array.dtype.kind not in "iu" and name_of(array.dtype) not in FORMATS:
        kinds = [fmt.name for fmt in FORMATS.values() if fmt.is_native]
        raise ActcalcError(f"{name} must hold {join_names([*kinds, 'integers'])}, not {array.dtype}")
    return array


def format_of(array: Array) -> Format:
    """The format that an array holds; integers count as float64."""
    return FORMATS.get(name_of(array.dtype), FLOAT64)


@lru_cache(maxsize=64)
def name_of(dtype: Any) -> str:
    """The name of a NumPy dtype, cached: NumPy takes ten microseconds to build it each time."""
    return str(dtype.name)


def check_not_bare_patterns(arrays: Sequence[Array]) -> None:
    """Raise ActcalcError if z and values look like bit patterns and no format was given for them."""
    if all(array.dtype == np.uint16 for array in arrays):
        few = [f.name for f in sorted(FORMATS.values(), key=lambda f: f.is_native) if f.bits == 16]
        raise ActcalcError(
            "z and values are uint16: bit patterns?",
            Wording("give ", Argument("dtype", few[0]), *(f" or {name}" for name in few[1:])),
        )


def from_patterns(x: Array, fmt: NumberFormat | None) -> Array:
    """Decode unsigned integers as wide as the format as its bit patterns; return other arrays unchanged."""
    if fmt is None or x.dtype.kind != "u":
        return x
    if isinstance(fmt, IntegerFormat):
        return codes_of(x, fmt) if x.dtype == f"u{fmt.numpy.lstrip('u')}" else x
    return from_bits(x, fmt) if x.itemsize * 8 == fmt.bits else x


def to_format(name: str, x: Array, fmt: NumberFormat, first: int = 0) -> Array:
    """Convert an array of values of the format to float64.

    Raises ActcalcError for the first element that is not a value of the format. ``first`` is the index that
    the message gives to element 0.
    """
    with np.errstate(all="ignore"):
        result: Array = x.astype(np.float64)
        if isinstance(fmt, IntegerFormat):
            _check_codes(name, x, result, fmt, first)
            return result
        if x.dtype.name == fmt.name:
            return result
        other = (round_array(result, fmt) != result) & ~np.isnan(result)
        if x.dtype.kind in "iu":
            # The greatest integers of a type round to a float64 beyond the type.
            fits = result < np.iinfo(x.dtype).max + 1
            other |= ~fits | (to_integers(np.where(fits, result, 0), x.dtype) != x)
    if other.any():
        i = int(np.argmax(other))
        raise ActcalcError(
            f"{name}[{first + i}] = {x[i]} is not a {fmt} number",
            f"convert the array first: astype('{fmt}')" if fmt.is_native else "",
        )
    return result


def _check_codes(name: str, x: Array, numbers: Array, fmt: IntegerFormat, first: int) -> None:
    """Raise ActcalcError if a number is not a code of the format."""
    are = are_codes(numbers, fmt)
    if not are.all():
        i = int(np.argmin(are))
        raise ActcalcError(f"{name}[{first + i}] = {x[i]} is not a code of {fmt}: {codes_text(fmt)}")
