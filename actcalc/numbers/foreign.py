"""Arrays as callers hand them over: NumPy's and other libraries', known by their types and never imported.

A library whose array someone holds is imported already, so that it is found in ``sys.modules``.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from actcalc.errors import ActcalcError
from actcalc.numbers.array_values import as_array, format_of
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import FORMATS, Format


class ForeignArray(NamedTuple):
    """Somebody's array as NumPy has it."""

    array: Array
    """Its numbers: float64, float32, float16 or integers, or ml_dtypes' bfloat16."""
    format: Format
    """The format of its elements; integers count as float64."""
    give_back: Callable[[Array], Any]
    """Turns float64 values of the format into an array of the kind, dtype and device it came from."""


def library_of(x: Any) -> str:
    """The library whose array ``x`` is; ``""`` if NumPy knows it, or it is none of those known here."""
    for library, (module, name, _) in _KINDS.items():
        kind = getattr(sys.modules.get(module), name, None)
        if isinstance(kind, type) and isinstance(x, kind):
            return library
    return ""


def take(x: Any, name: str = "z") -> ForeignArray:
    """An array that is held in memory. Raises ActcalcError, with the way out, if it is of another kind."""
    library = library_of(x)
    return _KINDS[library][2](x, name) if library else _numpy(x, name)


def _numpy(x: Any, name: str) -> ForeignArray:
    array = as_array(name, x)
    fmt = format_of(array)
    dtype = np.dtype(np.float64) if array.dtype.kind in "iu" else array.dtype
    mask = np.ma.getmask(x) if isinstance(x, np.ma.MaskedArray) else None

    def give_back(values: Array) -> Array:
        result = _as_numpy(values, fmt, dtype)
        if isinstance(x, np.generic):
            return result[()]
        return result if mask is None else np.ma.array(result, mask=mask)

    return ForeignArray(array, fmt, give_back)


def _as_numpy(values: Array, fmt: Format, dtype: Any) -> Array:
    """The values in a dtype of the format, one of ml_dtypes by way of NumPy's that has them."""
    return values.astype(fmt.numpy).astype(dtype, copy=False)


def find_format(dtype: str, name: str, way_out: str) -> Format:
    if dtype in FORMATS:
        return FORMATS[dtype]
    raise ActcalcError(f"must be of {', '.join(FORMATS)}, not {dtype}", way_out, about=name)


def _torch(x: Any, name: str) -> ForeignArray:
    torch = sys.modules["torch"]
    fmt = find_format(str(x.dtype).removeprefix("torch."), name, "convert it: z.double()")
    if x.layout != torch.strided:
        raise ActcalcError(f"must be dense, not {x.layout}", "convert it: z.to_dense()", about=name)
    if x.device.type == "meta":
        raise ActcalcError("is on the meta device and has no numbers", about=name)
    held = x.detach()

    def give_back(values: Array) -> Any:
        return torch.from_numpy(np.ascontiguousarray(values.astype(fmt.numpy))).to(held.device, held.dtype)

    # Of a format that NumPy does not know each is a float32.
    return ForeignArray((held if fmt.is_native else held.float()).cpu().resolve_neg().numpy(), fmt, give_back)


def _jax(x: Any, name: str) -> ForeignArray:
    jax = sys.modules["jax"]
    if isinstance(x, jax.core.Tracer):
        raise ActcalcError("has no numbers while jax traces", "call it outside of jit and grad", about=name)
    fmt = find_format(x.dtype.name, name, "convert it: z.astype('float32')")

    def give_back(values: Array) -> Any:
        return jax.device_put(_as_numpy(values, fmt, x.dtype), x.sharding)

    return ForeignArray(np.asarray(x), fmt, give_back)


def _tensorflow(x: Any, name: str) -> ForeignArray:
    tensorflow = sys.modules["tensorflow"]
    if not hasattr(x, "numpy"):
        raise ActcalcError("has no numbers in a graph", "call it outside of tf.function", about=name)
    fmt = find_format(x.dtype.name, name, "convert it: tf.cast(z, tf.float64)")

    def give_back(values: Array) -> Any:
        with tensorflow.device(x.device):
            return tensorflow.constant(_as_numpy(values, fmt, np.dtype(x.dtype.as_numpy_dtype)))

    return ForeignArray(x.numpy(), fmt, give_back)


def _mlx(x: Any, name: str) -> ForeignArray:
    mlx = sys.modules["mlx.core"]
    fmt = find_format(str(x.dtype).removeprefix("mlx.core."), name, "convert it: z.astype(mx.float32)")

    def give_back(values: Array) -> Any:
        return mlx.array(values.astype(fmt.numpy), x.dtype)  # float64 would become float32 without

    return ForeignArray(np.array(x if fmt.is_native else x.astype(mlx.float32)), fmt, give_back)


def _dask(x: Any, name: str) -> ForeignArray:
    return _numpy(x.compute(), name)


_KINDS: Mapping[str, tuple[str, str, Callable[[Any, str], ForeignArray]]] = {
    "torch": ("torch", "Tensor", _torch),
    "jax": ("jax", "Array", _jax),
    "tensorflow": ("tensorflow", "Tensor", _tensorflow),
    "mlx": ("mlx.core", "array", _mlx),
    "dask": ("dask.array", "Array", _dask),
}
"""For each library the module and the name of its arrays, and what takes them."""
