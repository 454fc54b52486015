"""Arrays as callers hand them over: NumPy's and other libraries', known by their types and never imported.

A library whose array someone holds is imported already, so that it is found in ``sys.modules``.
"""

import sys
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from actcalc.activations.aside import SetAside
from actcalc.errors import ActcalcError, UnsettledWarning
from actcalc.numbers.array_values import as_array, dtype_of, name_of
from actcalc.numbers.floats import FORMATS, Format

Array = npt.NDArray[Any]


class Taken(NamedTuple):
    """Somebody's array as NumPy has it."""

    array: Array
    """Its numbers: float64, float32, float16 or integers, or ml_dtypes' bfloat16."""
    format: Format
    """What it holds; integers count as float64."""
    give_back: Callable[[Array], Any]
    """Turns float64 values of the format into an array of the kind, dtype and device it came from."""


def is_foreign(x: Any) -> bool:
    """Whether ``x`` is an array of a library that NumPy may not know."""
    return _library(x) in _KINDS


def take(x: Any, name: str = "z") -> Taken:
    """An array that is held in memory. Raises ActcalcError, with the way out, if it is of another kind."""
    known = _KINDS.get(_library(x))
    return _numpy(x, name) if known is None else known(x, name)


Applied = Callable[..., Array]
"""A function of values and their format, which sets values ``aside``, if that is given."""


def of_array(x: Any, function: Applied) -> Any:
    """Apply ``function`` to an array: the same kind and dtype come back.

    A Dask array stays lazy. Raises ActcalcError for what cannot be taken, and UnsettledError for a scalar
    whose value is not settled; of an array such values are NaN, and one UnsettledWarning tells of them.
    """
    if _library(x) == "dask":
        return _lazily(x, function)
    taken = take(x)
    aside = None if isinstance(x, np.generic) else SetAside()
    with np.errstate(over="ignore"):
        result = taken.give_back(function(taken.array, taken.format, aside=aside))
    if aside is not None and aside.reasons:
        first, count = next(iter(aside.reasons.values())), len(aside.reasons)
        points = "1 point" if count == 1 else f"{count} points, first"
        warnings.warn(f"NaN stands for the value at {points}: {first}", UnsettledWarning, 3)
    return result


def _library(x: Any) -> str:
    """The library whose array ``x`` is; ``""`` if it is none of those known here."""
    for library, (module, name) in _TYPES.items():
        kind = getattr(sys.modules.get(module), name, None)
        if isinstance(kind, type) and isinstance(x, kind):
            return library
    return ""


_TYPES = {
    "torch": ("torch", "Tensor"),
    "jax": ("jax", "Array"),
    "tensorflow": ("tensorflow", "Tensor"),
    "mlx": ("mlx.core", "array"),
    "dask": ("dask.array", "Array"),
}


def _numpy(x: Any, name: str) -> Taken:
    array = as_array(name, x)
    dtype = np.dtype(np.float64) if array.dtype.kind in "iu" else array.dtype
    mask = np.ma.getmask(x) if isinstance(x, np.ma.MaskedArray) else None

    def give_back(values: Array) -> Array:
        result = _as_numpy(values, dtype)
        if isinstance(x, np.generic):
            return result[()]
        return result if mask is None else np.ma.array(result, mask=mask)

    return Taken(array, FORMATS[dtype_of(array)], give_back)


def _as_numpy(values: Array, dtype: Any) -> Array:
    # float64 becomes a dtype of ml_dtypes by way of NumPy's that has its values.
    result: Array = _narrowed(values, FORMATS[name_of(dtype)]).astype(dtype, copy=False)
    return result


def _format(dtype: str, name: str, way_out: str) -> Format:
    if dtype in FORMATS:
        return FORMATS[dtype]
    raise ActcalcError(f"must be of {', '.join(FORMATS)}, not {dtype}", way_out, about=name)


def _torch(x: Any, name: str) -> Taken:
    torch = sys.modules["torch"]
    fmt = _format(str(x.dtype).removeprefix("torch."), name, "convert it: z.double()")
    if x.layout != torch.strided:
        raise ActcalcError(f"must be dense, not {x.layout}", "convert it: z.to_dense()", about=name)
    if x.device.type == "meta":
        raise ActcalcError("is on the meta device and has no numbers", about=name)
    held = x.detach()

    def give_back(values: Array) -> Any:
        return torch.from_numpy(np.ascontiguousarray(_narrowed(values, fmt))).to(held.device, held.dtype)

    # Of a format that NumPy does not know each is a float32.
    return Taken((held if fmt.is_native else held.float()).cpu().resolve_neg().numpy(), fmt, give_back)


def _jax(x: Any, name: str) -> Taken:
    jax = sys.modules["jax"]
    if isinstance(x, jax.core.Tracer):
        raise ActcalcError("has no numbers while jax traces", "call it outside of jit and grad", about=name)
    fmt = _format(x.dtype.name, name, "convert it: z.astype('float32')")

    def give_back(values: Array) -> Any:
        return jax.device_put(_as_numpy(values, x.dtype), x.sharding)

    return Taken(np.asarray(x), fmt, give_back)


def _tensorflow(x: Any, name: str) -> Taken:
    tensorflow = sys.modules["tensorflow"]
    if not hasattr(x, "numpy"):
        raise ActcalcError("has no numbers in a graph", "call it outside of tf.function", about=name)
    fmt = _format(x.dtype.name, name, "convert it: tf.cast(z, tf.float64)")

    def give_back(values: Array) -> Any:
        with tensorflow.device(x.device):
            return tensorflow.constant(_as_numpy(values, np.dtype(x.dtype.as_numpy_dtype)))

    return Taken(x.numpy(), fmt, give_back)


def _mlx(x: Any, name: str) -> Taken:
    mlx = sys.modules["mlx.core"]
    fmt = _format(str(x.dtype).removeprefix("mlx.core."), name, "convert it: z.astype(mx.float32)")

    def give_back(values: Array) -> Any:
        return mlx.array(_narrowed(values, fmt), x.dtype)  # float64 would become float32 without

    return Taken(np.array(x if fmt.is_native else x.astype(mlx.float32)), fmt, give_back)


def _narrowed(values: Array, fmt: Format) -> Array:
    """The values in NumPy's narrowest dtype that has those of the format."""
    return values.astype(fmt.numpy)


def _dask(x: Any, name: str) -> Taken:
    return _numpy(x.compute(), name)


def _lazily(x: Any, function: Applied) -> Any:
    dtype = np.dtype(np.float64) if x.dtype.kind in "iu" else x.dtype
    _format(dtype.name, "z", "convert it: z.astype('float64')")
    return x.map_blocks(of_array, function, dtype=dtype, meta=np.empty((0,) * x.ndim, dtype))


_KINDS: dict[str, Callable[[Any, str], Taken]] = {
    "torch": _torch,
    "jax": _jax,
    "tensorflow": _tensorflow,
    "mlx": _mlx,
    "dask": _dask,
}
