"""g and g' of whole arrays: the same bits as one by one, at a fraction of the time.

The values of any float format are held in float64 arrays here, as ``floats`` holds them in floats.
"""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from actcalc.arithmetic import wide
from actcalc.arithmetic.bulk import Balls, Bulk
from actcalc.arithmetic.exact import Formula, evaluate
from actcalc.arithmetic.extended import AVAILABLE, two_sum
from actcalc.arithmetic.wide import Wide, WideBalls
from actcalc.declaration import Piece
from actcalc.errors import ActcalcError
from actcalc.floats import FLOAT16, FLOAT32, FLOAT64, Format

if TYPE_CHECKING:
    from actcalc.bound import Activation, Kink

Array = npt.NDArray[Any]

_BULK = Bulk()
_WIDE = Wide()
_ZERO = np.longdouble(0)
_BLOCK = 1 << 14
"""Elements worked on at a time: few enough to stay in the processor's cache."""

_FORMATS = {np.dtype(np.float64): FLOAT64, np.dtype(np.float32): FLOAT32, np.dtype(np.float16): FLOAT16}


def g_array(f: "Activation", z: Array, fmt: Format) -> Array:
    """g at each z, float64 values of ``fmt`` of any shape, rounded once to it."""
    return _in_blocks(z, lambda block: _values(f, 0, block, fmt, "least"))


def dg_array(f: "Activation", z: Array, fmt: Format, at_kink: str = "least") -> Array:
    """g' at each z, float64 values of ``fmt`` of any shape, rounded once to it."""
    return _in_blocks(z, lambda block: _values(f, 1, block, fmt, at_kink))


def of_array(x: Any, function: Callable[[Array, Format], Array]) -> Array:
    """Apply ``function`` to an array as NumPy users hand it over, in the format of its dtype.

    float64, float32 and float16 give the same shape and dtype; integers count as float64. Raises
    ActcalcError for any other dtype.
    """
    array = np.asarray(x)
    dtype = array.dtype.newbyteorder("=")
    if array.dtype.kind in "iu":
        dtype = np.dtype(np.float64)
    if dtype not in _FORMATS:
        raise ActcalcError(f"an array must be of float64, float32, float16 or integers, not {array.dtype}")
    result = function(array.astype(np.float64), _FORMATS[dtype])
    with np.errstate(over="ignore"):
        return result.astype(dtype if array.dtype.kind in "iu" else array.dtype)


def _in_blocks(z: Array, function: Callable[[Array], Array]) -> Array:
    flat = z.reshape(-1)
    result = np.empty(flat.shape, np.float64)
    # What the C library computes beside the point, or overflows, is not used.
    with np.errstate(all="ignore"):
        for start in range(0, len(flat), _BLOCK):
            result[start : start + _BLOCK] = function(flat[start : start + _BLOCK])
    return result.reshape(z.shape)


def _values(f: "Activation", which: int, z: Array, fmt: Format, at_kink: str) -> Array:
    """g (``which`` 0) or g' (1) at each z of a block."""

    def one(x: float) -> float:
        return f.dg_float(x, fmt, at_kink) if which else f.g_float(x, fmt)

    if not AVAILABLE:
        return np.array([one(x) for x in z.tolist()], np.float64)
    result = np.empty(len(z), np.float64)
    rest = np.ones(len(z), bool)
    for formula, inside in _by_piece(f, which, z):
        values, certain = _piece_values(formula, z[inside], fmt)
        result[inside] = values
        rest[inside] = ~certain
    rest |= z == 0  # signs of zeros
    for kink in f.kinks if which else ():
        rest |= z == _as_float(kink)
    if rest.any():
        _fill(result, z, rest, one)
    return result


def _by_piece(f: "Activation", which: int, z: Array) -> Iterator[tuple[Formula, Array]]:
    """The formula of each piece with where the finite z are that belong to it, if there are any."""
    start = -math.inf
    for piece in f.pieces:
        end = _last_float(piece)
        inside = (z > start) & (z <= end) & np.isfinite(z)
        start = end
        if inside.any():
            yield piece.dg if which else piece.g, inside


def _fill(result: Array, z: Array, rest: Array, one: Callable[[float], float]) -> None:
    """Work out ``one`` where ``rest`` says so, each z just once."""
    bits, inverse = np.unique(z[rest].view(np.int64), return_inverse=True)
    result[rest] = np.array([one(x) for x in bits.view(np.float64).tolist()])[inverse]


def _last_float(piece: Piece) -> float:
    """The greatest float64 that belongs to a piece or to one before it."""
    if piece.upto is None:
        return math.inf
    nearest = FLOAT64.round_exact(Fraction(piece.upto))
    if Fraction(nearest) > piece.upto or (piece.excluding and Fraction(nearest) == piece.upto):
        return math.nextafter(nearest, -math.inf)
    return nearest


def _as_float(kink: "Kink") -> float:
    """The kink, if it is a float64; else NaN."""
    nearest = FLOAT64.round_exact(kink.z)
    return nearest if Fraction(nearest) == kink.z else math.nan


def _piece_values(formula: Formula, z: Array, fmt: Format) -> tuple[Array, Array]:
    """The formula's values rounded to ``fmt``, and where they are certain."""
    extended = z.astype(np.longdouble)
    number = formula(_BULK, Balls(extended, _ZERO))
    if not isinstance(number, Balls):  # the same everywhere
        constant = evaluate(lambda m, x: number, Fraction(0), fmt)
        return np.full(len(z), constant), np.ones(len(z), bool)
    value = np.broadcast_to(number.value, z.shape)
    rounded, certain = _settle(value, _ZERO, np.broadcast_to(number.error, z.shape), fmt)
    if not certain.all():
        rest = ~certain
        number = formula(_WIDE, WideBalls(extended[rest], _ZERO, _ZERO))
        rounded[rest], certain[rest] = _settle(number.value, number.tail, number.error, fmt)
    return rounded, certain


def enclose(f: "Activation", which: int, z: Array, fmt: Format) -> tuple[Array, Array, Array]:
    """g (``which`` 0) or g' (1) at each z of a block: values, tails and errors in extended precision.

    The exact value lies within the error of the value and its much smaller tail together. The error is
    at most a thousandth of an ulp of ``fmt``, and infinite where that is not reached: at z that are not
    finite, and everywhere if there is no extended precision. At a kink it is the piece's own value.
    """
    value, tail = np.zeros(len(z), np.longdouble), np.zeros(len(z), np.longdouble)
    error = np.full(len(z), np.longdouble(np.inf))
    if not AVAILABLE:
        return value, tail, error
    with np.errstate(all="ignore"):
        for formula, inside in _by_piece(f, which, z):
            extended = z[inside].astype(np.longdouble)
            number = formula(_BULK, Balls(extended, _ZERO))
            if not isinstance(number, Balls):
                constant = wide.constant(Fraction(number))
                value[inside], tail[inside], error[inside] = constant.value, constant.tail, constant.error
                continue
            value[inside], error[inside] = number.value, number.error
            coarse = np.flatnonzero(inside)[~(error[inside] <= ulp_array(value[inside], fmt) * 2.0**-20)]
            if len(coarse):
                fine = formula(_WIDE, WideBalls(z[coarse].astype(np.longdouble), _ZERO, _ZERO))
                better = fine.error < error[coarse]
                value[coarse] = np.where(better, fine.value, value[coarse])
                tail[coarse] = np.where(better, fine.tail, 0)
                error[coarse] = np.where(better, fine.error, error[coarse])
        error[~(error <= ulp_array(value, fmt) * 2.0**-10)] = np.inf
    return value, tail, error


def ulp_array(x: Array, fmt: Format) -> Array:
    """An ulp of ``fmt`` (see ``actcalc.ulp``) at each number of an array of extended precision."""
    _, exponent = np.frexp(x)
    exponent = np.where(x == 0, fmt.quantum_exponent, np.minimum(exponent, fmt.emax + 1) - fmt.precision)
    return np.ldexp(np.ones_like(x), np.maximum(exponent, fmt.quantum_exponent))


def _settle(value: Array, tail: Any, error: Array, fmt: Format) -> tuple[Array, Array]:
    """``value + tail`` rounded to ``fmt``, and where no number within ``error`` rounds otherwise."""
    # The errors were added up with rounding, and so will be the ends.
    margin = np.where(error == 0, 0, error * (1 + 2.0**-40) + abs(tail) * 2.0**-60)
    ends = [two_sum(value, tail + side * margin) for side in (-1, 1)]
    low, high = (_round_sum(s, lost, fmt) for s, lost in ends)
    certain = (low == high) & np.isfinite(value) & (np.isfinite(low) | (abs(value) > 2 * fmt.largest))
    # A zero needs its sign: that of the true value, or + if that is 0 itself.
    certain &= (low != 0) | (ends[0][0] > 0) | (ends[1][0] < 0) | (margin == 0)
    return np.where(margin == 0, low + 0.0, low), certain


def _round_sum(s: Array, lost: Array, fmt: Format) -> Array:
    """``s`` plus ``lost``, less than a rounding error of s, rounded once to ``fmt``."""
    rounded = round_array(s, fmt)
    # Only where s lies half way between two values does the rest matter.
    other = 2 * s - rounded
    tie = np.isfinite(rounded) & (other != rounded) & (round_array(other, fmt) == other) & (lost != 0)
    return np.where(
        tie, np.where(lost > 0, np.maximum(rounded, other), np.minimum(rounded, other)), rounded
    ).astype(np.float64)


def round_array(x: Array, fmt: Format) -> Array:
    """Extended precision rounded once to ``fmt``, as float64."""
    if fmt is FLOAT64:
        return x.astype(np.float64)
    if fmt is FLOAT32:
        return x.astype(np.float32).astype(np.float64)
    # To odd first, and then to the narrower format.
    near = x.astype(np.float64)
    bits = near.view(np.int64)
    towards = np.nan_to_num(np.sign(x - near))
    step = np.where(near > 0, towards, -towards).astype(np.int64)
    near = np.where((bits % 2 == 0) & (step != 0) & np.isfinite(near), bits + step, bits).view(np.float64)
    if fmt is FLOAT16:
        return near.astype(np.float16).astype(np.float64)
    # bfloat16: the significand is cut to 8 bits by adding just below half of the last place.
    _, exponent = np.frexp(near)
    exponent = np.maximum(exponent - fmt.precision, fmt.quantum_exponent)
    rounded = np.ldexp(np.rint(np.ldexp(near, -exponent)), exponent)
    rounded = np.where(np.abs(rounded) > fmt.largest, np.copysign(np.inf, near), rounded)
    return np.where(np.isfinite(near), rounded, near)
