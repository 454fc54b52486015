"""Arrays of numbers as callers and files hand them over, as values of a float format."""

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from actcalc.errors import ActcalcError
from actcalc.numbers.float_arrays import round_array
from actcalc.numbers.floats import BFLOAT16, FORMATS, Format
from actcalc.numbers.integer_arrays import to_integers

Array = npt.NDArray[Any]


def as_array(name: str, x: Any) -> Array:
    """``x`` as an array of floats or integers. Raises ActcalcError if it is none."""
    try:
        array = np.asarray(x)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ActcalcError(f"{name} does not become a NumPy array: {str(error).splitlines()[0]}") from None
    if array.dtype.kind not in "iu" and name_of(array.dtype) not in FORMATS:
        raise ActcalcError(f"{name} must hold float64, float32, float16 or integers, not {array.dtype}")
    return array


def dtype_of(array: Array) -> str:
    """The name of the format that an array holds; integers count as float64."""
    name = name_of(array.dtype)
    return name if name in FORMATS else "float64"


@lru_cache(maxsize=64)
def name_of(dtype: Any) -> str:
    """The name of a NumPy dtype, which NumPy puts together each time, in ten microseconds."""
    return str(dtype.name)


def from_bits(patterns: Array, fmt: Format) -> Array:
    """The float64 values of bit patterns of ``fmt``."""
    if fmt is BFLOAT16:
        return (to_integers(patterns, np.uint32) << 16).view(np.float32).astype(np.float64)
    return to_integers(patterns, f"u{fmt.bits // 8}").view(f"f{fmt.bits // 8}").astype(np.float64)


def to_bits(values: Array, fmt: Format) -> Array:
    """The bit patterns of values of ``fmt``, held in float64."""
    with np.errstate(all="ignore"):  # NaN may be a signalling one
        if fmt is BFLOAT16:
            return to_integers(values.astype(np.float32).view(np.uint32) >> 16, np.uint16)
        return values.astype(f"f{fmt.bits // 8}").view(f"u{fmt.bits // 8}")


def to_format(name: str, x: Array, fmt: Format, first: int = 0) -> Array:
    """The array as float64.

    Raises ActcalcError, with the place counted from ``first``, for what is not a value of the format.
    """
    with np.errstate(all="ignore"):
        result: Array = x.astype(np.float64)
        if x.dtype.name == fmt.name:
            return result
        other = (round_array(result, fmt) != result) & ~np.isnan(result)
        if x.dtype.kind in "iu":
            # The greatest integers round to one that is not of their type.
            fits = result < np.iinfo(x.dtype).max + 1
            other |= ~fits | (to_integers(np.where(fits, result, 0), x.dtype) != x)
    if other.any():
        i = int(np.argmax(other))
        raise ActcalcError(
            f"{name}[{first + i}] = {x[i]} is not a {fmt} number",
            f"convert the array first: astype('{fmt}')" if fmt.name != "bfloat16" else "",
        )
    return result
