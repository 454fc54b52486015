"""g and g' of whole arrays: the same bits as one by one, at a fraction of the time.

The values of any float format are held in float64 arrays here, as ``floats`` holds them in floats.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from actcalc.activations.declaration import Number, Quantity
from actcalc.arithmetic import wide
from actcalc.arithmetic.bulk import Balls, Bulk
from actcalc.arithmetic.exact import Formula, evaluate
from actcalc.arithmetic.wide import Wide, WideBalls
from actcalc.numbers.float_arrays import settle
from actcalc.numbers.floats import FLOAT64, Format
from actcalc.numbers.sums import AVAILABLE

if TYPE_CHECKING:
    from actcalc.activations.activation import Activation
    from actcalc.activations.kinks import Kink

Array = npt.NDArray[Any]

_BULK = Bulk()
_WIDE = Wide()
_ZERO = np.longdouble(0)
_BLOCK = 1 << 17
"""Elements worked on at a time, so that memory stays small."""
_PART = 1 << 15
"""Elements of which intermediate results stay in the processor's cache."""


def g_array(f: "Activation", z: Array, fmt: Format) -> Array:
    """g at each z, float64 values of ``fmt`` of any shape, rounded once to it."""
    pieces = _pieces(f, 0)
    return _in_blocks(z, lambda x: _values(f, pieces, x, x == 0, fmt, lambda x: f.g_float(x, fmt)))


def dg_array(f: "Activation", z: Array, fmt: Format, at_kink: str = "least") -> Array:
    """g' at each z, float64 values of ``fmt`` of any shape, rounded once to it."""
    pieces = _pieces(f, 1)
    special = [0.0, *map(as_float, f.kinks)]
    return _in_blocks(
        z, lambda x: _values(f, pieces, x, np.isin(x, special), fmt, lambda x: f.dg_float(x, fmt, at_kink))
    )


def derivative_array(f: "Activation", z: Array, of: Quantity, fmt: Format, at_kink: str = "least") -> Array:
    """g, g' or a higher derivative at each z, float64 values of ``fmt`` of any shape, rounded once to it."""
    if of == "g":
        return g_array(f, z, fmt)
    if of == "dg":
        return dg_array(f, z, fmt, at_kink)
    # One by one: there are no series over arrays yet.
    return _in_blocks(z, lambda x: _one_by_one(x, lambda x: f.derivative_float(x, of, fmt, at_kink)))


def _one_by_one(z: Array, one: Callable[[float], float]) -> Array:
    result = np.empty(len(z), np.float64)
    _fill(result, z, np.ones(len(z), bool), one)
    return result


def dg_from_a_array(f: "Activation", a: Array, fmt: Format, at_kink: str = "least") -> Array:
    """The slope from each a = g(z), float64 values of ``fmt`` of any shape, rounded once to it.

    Raises ActcalcError if one is outside the closed range of g, or there is no such slope.
    """
    pieces = [(formula, _last_float(upto)) for formula, upto in f.require_shortcut().pieces]

    def values(x: Array) -> Array:
        # Kinks and values of flat pieces are 0 or ends of the range.
        by_itself = (x == 0) | ~is_inside(f, x, fmt)
        return _values(f, pieces, x, by_itself, fmt, lambda x: f.dg_from_a_float(x, fmt, at_kink))

    return _in_blocks(a, values)


def is_inside(f: "Activation", a: Array, fmt: Format) -> Array:
    """Where a is certainly inside the range of g."""
    low, high = (x if isinstance(x, float) else fmt.round_exact(Fraction(x)) for x in f.range[:2])
    inside = (a > low) & (a < high)
    for left, right in f.range.gaps:
        inside &= (a < fmt.round_exact(left)) | (a > fmt.round_exact(right))
    return inside


def _in_blocks(z: Array, function: Callable[[Array], Array]) -> Array:
    flat = z.reshape(-1)
    result = np.empty(flat.shape, np.float64)
    # What the C library computes beside the point, or overflows, is not used.
    with np.errstate(all="ignore"):
        for start in range(0, len(flat), _BLOCK):
            result[start : start + _BLOCK] = function(flat[start : start + _BLOCK])
    return result.reshape(z.shape)


def _values(
    f: "Activation",
    pieces: Sequence[tuple[Formula, float]],
    z: Array,
    by_itself: Array,
    fmt: Format,
    one: Callable[[float], float],
) -> Array:
    """The values of formulas at each z of a block, each with the greatest z at which it holds.

    ``one`` gives a value ``by_itself``, where signs of zeros or kinks matter.
    """
    if not AVAILABLE or f.declaration.switches is not None:
        return _one_by_one(z, one)
    result = np.empty(len(z), np.float64)
    certain = np.zeros(len(z), bool)
    for formula, inside in _by_piece(pieces, z, np.isfinite(z) & ~by_itself):
        for stage in (_extended, _doubled):
            for first in range(0, len(inside), _PART):
                part = inside[first : first + _PART]
                result[part], certain[part] = stage(formula, z[part], fmt)
            inside = inside[~certain[inside]]
            if f.declaration.settles_far_out:
                _sign_zeros(result, certain, z, inside, one)
            inside = inside[~certain[inside]]
    if not certain.all():
        _fill(result, z, ~certain, one)
    return result


def _by_piece(
    pieces: Sequence[tuple[Formula, float]], z: Array, which: Array
) -> Iterator[tuple[Formula, Array]]:
    """Each formula with the places of those z, of ``which``, at which it holds, if there are any."""
    start = -math.inf
    for formula, end in pieces:
        inside = np.flatnonzero(which & (z > start) & (z <= end))
        start = end
        if len(inside):
            yield formula, inside


def _sign_zeros(
    result: Array, certain: Array, z: Array, places: Array, one: Callable[[float], float]
) -> None:
    """Give zeros that underflowed too far to show their sign that of the outermost two, if these agree.

    No g and no g' changes its sign twice within a piece.
    """
    zeros = places[result[places] == 0]
    if len(zeros) > 2:
        signed = [one(x) for x in (z[zeros].min(), z[zeros].max())]
        if np.signbit(signed[0]) == np.signbit(signed[1]):
            result[zeros], certain[zeros] = signed[0], True


def _fill(result: Array, z: Array, rest: Array, one: Callable[[float], float]) -> None:
    """Work out ``one`` where ``rest`` says so, each z just once."""
    bits, inverse = np.unique(z[rest].view(np.int64), return_inverse=True)
    result[rest] = np.array([one(x) for x in bits.view(np.float64).tolist()])[inverse]


def _pieces(f: "Activation", which: int) -> list[tuple[Formula, float]]:
    """The formulas of g (``which`` 0) or g' (1), each with the greatest float64 at which it holds."""
    return [((piece.g, piece.dg)[which], _last_float(piece.upto, piece.excluding)) for piece in f.pieces]


def _last_float(upto: Number | None, excluding: bool = False) -> float:
    """The greatest float64 up to an end, which may be left out itself."""
    if upto is None:
        return math.inf
    nearest = FLOAT64.round_exact(Fraction(upto))
    if math.isinf(nearest):  # no float64 lies between the end and that infinity
        return nearest
    if Fraction(nearest) > upto or (excluding and Fraction(nearest) == upto):
        return math.nextafter(nearest, -math.inf)
    return nearest


def as_float(kink: "Kink") -> float:
    """The kink, if it is a float64; else NaN."""
    nearest = FLOAT64.round_exact(kink.z)
    return nearest if nearest == kink.z else math.nan


def _extended(formula: Formula, z: Array, fmt: Format) -> tuple[Array, Array]:
    """The formula's values in extended precision rounded to ``fmt``, and where they are certain."""
    number = formula(_BULK, Balls(z.astype(np.longdouble), _ZERO))
    if not isinstance(number, Balls):  # the same everywhere
        constant = evaluate(lambda m, x: number, Fraction(0), fmt)
        return np.full(len(z), constant), np.ones(len(z), bool)
    return settle(np.broadcast_to(number.value, z.shape), _ZERO, number.error, fmt)


def _doubled(formula: Formula, z: Array, fmt: Format) -> tuple[Array, Array]:
    """The same with two extended numbers for each."""
    number = formula(_WIDE, WideBalls(z.astype(np.longdouble), _ZERO, _ZERO))
    return settle(number.value, number.tail, number.error, fmt)


def enclose(f: "Activation", which: int, z: Array, fmt: Format) -> tuple[Array, Array, Array]:
    """g (``which`` 0) or g' (1) at each z of a block: values, tails and errors in extended precision.

    The exact value lies within the error of the value and its much smaller tail together. The error is
    at most a thousandth of an ulp of ``fmt``, and infinite where that is not reached: at z that are not
    finite, and everywhere if there is no extended precision. At a kink it is the piece's own value.
    """
    value, tail = np.zeros(len(z), np.longdouble), np.zeros(len(z), np.longdouble)
    error = np.full(len(z), np.longdouble(np.inf))
    if not AVAILABLE or f.declaration.switches is not None:
        return value, tail, error
    with np.errstate(all="ignore"):
        for formula, inside in _by_piece(_pieces(f, which), z, np.isfinite(z)):
            number = formula(_BULK, Balls(z[inside].astype(np.longdouble), _ZERO))
            if not isinstance(number, Balls):
                constant = wide.constant(Fraction(number))
                value[inside], tail[inside], error[inside] = constant.value, constant.tail, constant.error
                continue
            value[inside], error[inside] = number.value, number.error
            coarse = inside[~(error[inside] <= ulp_array(value[inside], fmt) * 2.0**-20)]
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
