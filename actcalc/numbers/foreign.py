"""Arrays of NumPy and other libraries, recognized by their types without importing the libraries.

Whoever holds an array of a library has imported it, so it is found in ``sys.modules``.
"""

import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from actcalc.errors import ActcalcError
from actcalc.numbers.array_values import as_array, format_of
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import FLOAT64, FORMATS, Format
from actcalc.numbers.integer_arrays import to_integers
from actcalc.numbers.integers import IntegerFormat, NumberFormat


class ForeignArray(NamedTuple):
    """A caller's array converted to NumPy."""

    array: Array
    """The numbers: float64, float32, float16, integers, or a dtype of ml_dtypes."""
    format: Format
    """The format of its elements; integers count as float64."""
    give_back: Callable[[Array, NumberFormat], Any]
    """Converts float64 values of a format to an array of the caller's library, on the same device."""


def library_of(x: Any) -> str:
    """The library that the array ``x`` belongs to; ``""`` for NumPy and for unknown types."""
    for library, (module, name, _) in _KINDS.items():
        kind = getattr(sys.modules.get(module), name, None)
        if isinstance(kind, type) and isinstance(x, kind):
            return library
    return ""


def take(x: Any, name: str = "z", codes: IntegerFormat | None = None) -> ForeignArray:
    """Convert a dense array of floats or integers, or of ``codes`` of an integer format, to NumPy.

    Raises ActcalcError, which says how to convert it, for another kind of array.
    """
    library = library_of(x)
    taken = (_KINDS[library][2] if library else _numpy)(x, name, codes)
    if codes is not None:
        _check_codes(taken.array, name, codes)
    return taken


def take_integers(x: Any) -> Array | None:
    """Convert an integer array of another library to NumPy; None for anything else."""
    if library_of(x) not in _TO_NUMPY or not re.search(r"(^|\.)u?int\d+", str(x.dtype).rpartition(" ")[2]):
        return None
    return _TO_NUMPY[library_of(x)](x)


def _check_codes(array: Array, name: str, fmt: IntegerFormat) -> None:
    """Raise ActcalcError unless an array holds codes of a format."""
    if array.dtype.kind not in "iu":
        raise ActcalcError(f"must hold codes of {fmt}, which are integers, not {array.dtype}", about=name)
    for end in (array.min(), array.max()) if array.size else ():
        if not fmt.lowest <= int(end) <= fmt.highest:
            raise ActcalcError(
                f"must hold codes of {fmt}, {fmt.lowest} to {fmt.highest}, not {end}", about=name
            )


def _numpy(x: Any, name: str, codes: IntegerFormat | None = None) -> ForeignArray:
    array = as_array(name, x)
    own = format_of(array)
    mask = np.ma.getmask(x) if isinstance(x, np.ma.MaskedArray) else None

    def give_back(values: Array, fmt: NumberFormat) -> Array:
        is_own = fmt is own and array.dtype.kind not in "iu"
        result = as_dtype(values, fmt, array.dtype if is_own else None)
        if isinstance(x, np.generic):
            return result[()]
        return result if mask is None else np.ma.array(result, mask=mask)

    return ForeignArray(array, own, give_back)


def dtype_of(fmt: NumberFormat) -> Any:
    """The dtype of a format in NumPy, or in ml_dtypes if that is installed.

    Where neither has one it is NumPy's narrowest dtype that contains the format's values.
    """
    if isinstance(fmt, Format) and not fmt.is_native:
        with suppress(ImportError):
            import ml_dtypes

            return np.dtype(getattr(ml_dtypes, fmt.name))
    return np.dtype(fmt.numpy)


def as_dtype(values: Array, fmt: NumberFormat, dtype: Any = None) -> Array:
    """Convert values of a format to its dtype, or to ``dtype``; to one of ml_dtypes by way of NumPy's."""
    if isinstance(fmt, IntegerFormat):
        return to_integers(values, fmt.numpy)
    dtype = dtype or dtype_of(fmt)
    return values.astype(fmt.numpy).astype(dtype, copy=False)


def as_numpy(values: Array, fmt: NumberFormat) -> Array:
    """Values of a format in NumPy's narrowest dtype that contains them."""
    return as_dtype(values, fmt, np.dtype(fmt.numpy))


def find_format(dtype: str, name: str, way_out: str, codes: IntegerFormat | None = None) -> Format:
    """The format of a dtype, float64 for integers if ``codes`` is given. Raises ActcalcError for others."""
    if dtype in FORMATS:
        return FORMATS[dtype]
    if codes is not None and dtype.lstrip("u").startswith("int"):
        return FLOAT64
    raise ActcalcError(f"must be of {', '.join(FORMATS)}, not {dtype}", way_out, about=name)


def _own_dtype(module: Any, fmt: NumberFormat) -> Any:
    """The library's dtype for a format. Raises ActcalcError if it has none."""
    name = fmt.numpy if isinstance(fmt, IntegerFormat) else fmt.name
    found = getattr(module, name, None)
    if found is None:
        raise ActcalcError(f": {module.__name__.partition('.')[0]} has no {name}", about="out_dtype")
    return found


def _torch(x: Any, name: str, codes: IntegerFormat | None) -> ForeignArray:
    torch = sys.modules["torch"]
    fmt = find_format(str(x.dtype).removeprefix("torch."), name, "convert it: z.double()", codes)
    if x.layout != torch.strided:
        raise ActcalcError(f"must be dense, not {x.layout}", "convert it: z.to_dense()", about=name)
    if x.device.type == "meta":
        raise ActcalcError("is on the meta device and has no numbers", about=name)
    held = x.detach()

    def give_back(values: Array, fmt: NumberFormat) -> Any:
        dtype, array = _own_dtype(torch, fmt), np.ascontiguousarray(as_numpy(values, fmt))
        return torch.from_numpy(array).to(held.device, dtype)

    # Every value of a format that NumPy lacks is a float32.
    return ForeignArray((held if fmt.is_native else held.float()).cpu().resolve_neg().numpy(), fmt, give_back)


def _jax(x: Any, name: str, codes: IntegerFormat | None) -> ForeignArray:
    jax = sys.modules["jax"]
    if isinstance(x, jax.core.Tracer):
        raise ActcalcError("has no numbers while jax traces", "call it outside of jit and grad", about=name)
    fmt = find_format(x.dtype.name, name, "convert it: z.astype('float32')", codes)

    def give_back(values: Array, fmt: NumberFormat) -> Any:
        result = jax.device_put(as_dtype(values, fmt), x.sharding)
        if result.dtype != dtype_of(fmt):
            raise ActcalcError(f": jax has no {fmt} unless jax_enable_x64 is set", about="out_dtype")
        return result

    return ForeignArray(np.asarray(x), fmt, give_back)


def _tensorflow(x: Any, name: str, codes: IntegerFormat | None) -> ForeignArray:
    tensorflow = sys.modules["tensorflow"]
    if not hasattr(x, "numpy"):
        raise ActcalcError("has no numbers in a graph", "call it outside of tf.function", about=name)
    fmt = find_format(x.dtype.name, name, "convert it: tf.cast(z, tf.float64)", codes)

    def give_back(values: Array, fmt: NumberFormat) -> Any:
        with tensorflow.device(x.device):
            return tensorflow.constant(as_dtype(values, fmt), _own_dtype(tensorflow, fmt))

    return ForeignArray(x.numpy(), fmt, give_back)


def _mlx(x: Any, name: str, codes: IntegerFormat | None) -> ForeignArray:
    mlx = sys.modules["mlx.core"]
    fmt = find_format(str(x.dtype).removeprefix("mlx.core."), name, "convert it: z.astype(mx.float32)", codes)

    def give_back(values: Array, fmt: NumberFormat) -> Any:
        # float64 would become float32 without a dtype.
        return mlx.array(as_numpy(values, fmt), _own_dtype(mlx, fmt))

    return ForeignArray(np.array(x if fmt.is_native else x.astype(mlx.float32)), fmt, give_back)


def _dask(x: Any, name: str, codes: IntegerFormat | None) -> ForeignArray:
    return _numpy(x.compute(), name)


_KINDS: Mapping[str, tuple[str, str, Callable[[Any, str, IntegerFormat | None], ForeignArray]]] = {
    "torch": ("torch", "Tensor", _torch),
    "jax": ("jax", "Array", _jax),
    "tensorflow": ("tensorflow", "Tensor", _tensorflow),
    "mlx": ("mlx.core", "array", _mlx),
    "dask": ("dask.array", "Array", _dask),
}
"""For each library the module and the name of its array type, and the function that converts it."""
_TO_NUMPY: Mapping[str, Callable[[Any], Array]] = {
    "torch": lambda x: x.detach().cpu().numpy(),
    "jax": np.asarray,
    "tensorflow": lambda x: x.numpy(),
    "mlx": np.array,
}
"""Conversions of integer arrays to NumPy."""
