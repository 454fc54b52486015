"""g and g' of whole arrays: the same bits as one value at a time, in a fraction of the time.

Results of every format are held in float64 arrays here, as ``floats`` and ``integers`` hold them in floats;
the arguments may have any dtype that contains the values of their format.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from actcalc.activations.aside import SetAside
from actcalc.activations.declaration import Number, Piece, Quantity
from actcalc.activations.function import Function
from actcalc.arithmetic import numpy_machine
from actcalc.arithmetic.exact import Formula, evaluate_between
from actcalc.arithmetic.ladder import (
    NUMPY,
    Machine,
    Multiples,
    Run,
    Settle,
    Sides,
    beside_line,
    enclose_array,
    everyday,
    has_value,
    machine_for,
    reference_array,
    round_array_of,
    settle_each,
)
from actcalc.arithmetic.program import Program
from actcalc.arithmetic.rounding_test import Target
from actcalc.numbers.bit_arrays import from_bits, to_bits
from actcalc.numbers.float_arrays import Array, distinct
from actcalc.numbers.floats import FLOAT64, Format
from actcalc.numbers.integer_arrays import to_integers
from actcalc.numbers.integers import NumberFormat
from actcalc.numbers.roundings import Rounder, Rounding


def g_array(f: Function, z: Array, fmt: Format, aside: SetAside | None = None) -> Array:
    """g at each z, an array of values of ``fmt`` of any shape, rounded once to ``fmt``."""
    return derivative_array(f, z, "g", fmt, aside=aside)


def dg_array(
    f: Function, z: Array, fmt: Format, at_kink: str = "least", aside: SetAside | None = None
) -> Array:
    """g' at each z, an array of values of ``fmt`` of any shape, rounded once to ``fmt``."""
    return derivative_array(f, z, "dg", fmt, at_kink, aside)


def derivative_array(
    f: Function,
    z: Array,
    of: Quantity,
    fmt: NumberFormat,
    at_kink: str = "least",
    aside: SetAside | None = None,
    out: Rounder | None = None,
) -> Array:
    """g, g' or a higher derivative at each z, rounded once by ``out``, or else to ``fmt``.

    z is an array of values of ``fmt`` of any shape. A value whose rounding stays undecided is set ``aside``;
    without ``aside`` it raises UnsettledError.
    """
    points = _points(fmt)
    rounding = _rounding(fmt, out)
    one = _or_aside(lambda x: f.derivative_float(points.value(x), of, fmt, at_kink, out), aside)
    pieces = _pieces(f, of, points)
    switches = [Fraction(0)]
    if of != "g":
        switches += (kink.z for kink in f.kinks_of(of))
    if of not in ("g", "dg"):
        # At its end a piece has only a one-sided derivative.
        switches += (Fraction(piece.upto) for piece in f.pieces if piece.upto is not None)
    special = [as_float(x / points.factor) for x in switches]

    # Values of a short format can also be computed once for each pattern.
    formulas = _Formulas(pieces, rounding, one, machine_for(z.size >> 3 if fmt.is_short else z.size))
    program = None
    if f.is_declared or of == "g":
        program = everyday(
            tuple((p.sides, p.end) for p in pieces), tuple(special), rounding, formulas.machine
        )

    def of_block(x: Array) -> Array:
        if program is None:
            return careful(x)
        result, certain = formulas.machine.run(program, x)
        if not certain.all():
            rest = np.flatnonzero(~certain)
            result[rest] = careful(x[rest])
        return result

    def careful(x: Array) -> Array:
        by_itself = _among(x, special)
        if not f.is_declared and of != "g":
            # A term that cancels or is multiplied by 0 in a derivative may be the only one that is undefined
            # where g has no value.
            g = _pieces(f, "g", points)[0].sides.above
            without = ~has_value(Sides(g, g), x)
            by_itself = without if by_itself is None else by_itself | without
        return formulas.values(x, by_itself, program is not None)

    def of_values(x: Array) -> Array:
        if points.factor != 1 and x.size <= _FEW_MULTIPLES:
            return _in_blocks(points.of(x), lambda some: _one_by_one(some, one))
        return _in_blocks(points.of(x), of_block, formulas.machine.block)

    if fmt.is_short and z.size > 1 << fmt.bits and formulas.machine is NUMPY:
        return _by_pattern(z, fmt, of_values)
    return of_values(z)


class _Points(NamedTuple):
    """The points at which programs run: values of a float format, or codes as multiples of a factor."""

    fmt: NumberFormat
    factor: Fraction
    step: float
    """The step from one code to the next in units of the factor, a float64."""

    def of(self, z: Array) -> Array:
        """The points of values of the format."""
        if isinstance(self.fmt, Format):
            return z
        points: Array = (z.astype(np.float64) - self.fmt.zero) * self.step
        return points

    def value(self, x: Any) -> Any:
        """The value, or the values, of the format at a point or an array of points."""
        return x if isinstance(self.fmt, Format) else x / self.step + self.fmt.zero

    def piece(self, formula: Formula, upto: Number | None, excluding: bool = False) -> tuple[Formula, float]:
        """A formula as a function of points, and the last point for which it holds."""
        end = _last_float(upto if upto is None else Fraction(upto) / self.factor, excluding)
        return formula if self.factor == 1 else Multiples(formula, self.factor), end


def _points(fmt: NumberFormat) -> _Points:
    """The points of a format: the numbers themselves if all are float64, else the codes minus the zero."""
    if isinstance(fmt, Format):
        return _Points(fmt, Fraction(1), 1.0)
    p, q = fmt.scale.as_integer_ratio()
    if q & (q - 1) == 0 and p.bit_length() + fmt.bits < 53 and max(p, q) < _FAR_STEP:
        return _Points(fmt, Fraction(1), p / q)
    return _Points(fmt, fmt.scale, 1.0)


def _by_pattern(z: Array, fmt: NumberFormat, values: Callable[[Array], Array]) -> Array:
    """Values at many z of a short format, computed once for each bit pattern that occurs."""
    patterns = to_integers(to_bits(z, fmt), np.intp)  # the type of NumPy's own indices
    occurs = np.zeros(1 << fmt.bits, bool)
    occurs[patterns] = True
    found = np.flatnonzero(occurs)
    table = np.empty(1 << fmt.bits)
    table[found] = values(from_bits(found, fmt))
    return table.take(patterns)


def _one_by_one(z: Array, one: Callable[[float], float]) -> Array:
    """``one`` of each z, computed once for each distinct z."""
    bits, inverse = distinct(z.view(np.int64))
    return np.array([one(x) for x in bits.view(np.float64).tolist()], np.float64)[inverse]


def _or_aside(one: Callable[[float], float], aside: SetAside | None) -> Callable[[float], float]:
    """``one``, made to set undecided values ``aside`` if that is given."""
    return one if aside is None else lambda x: aside.value(one, x)


def dg_from_a_array(
    f: Function,
    a: Array,
    fmt: NumberFormat,
    at_kink: str = "least",
    aside: SetAside | None = None,
    out: Rounder | None = None,
) -> Array:
    """The slope from each a = g(z), an array of values of ``fmt``, rounded as in ``derivative_array``.

    Raises ActcalcError if a value is outside the closed range of g, or does not determine the slope.
    Undecided values are treated as in ``derivative_array``.
    """
    points = _points(fmt)
    pieces = _parts([points.piece(formula, upto) for formula, upto in f.require_shortcut().pieces])
    one = _or_aside(lambda x: f.dg_from_a_float(points.value(x), fmt, at_kink, out), aside)
    formulas = _Formulas(pieces, _rounding(fmt, out), one, machine_for(a.size))

    def of_block(x: Array) -> Array:
        # The values at kinks and of flat pieces are 0 or ends of the range.
        return formulas.values(x, (x == 0) | ~is_inside(f, points.value(x), fmt))

    return _in_blocks(points.of(a), of_block, formulas.machine.block)


def _rounding(fmt: NumberFormat, out: Rounder | None) -> Format | Rounding:
    """The rounding of results: ``out``, or to nearest in the format of z."""
    if out is None and isinstance(fmt, Format):
        return fmt
    return out if isinstance(out, Rounding) else Rounding(out or fmt)


def is_inside(f: Function, a: Array, fmt: NumberFormat) -> Array:
    """Where ``a`` is certainly inside the range of g."""
    low, high = (x if isinstance(x, float) else fmt.round_exact(Fraction(x)) for x in f.range[:2])
    inside = (a > low) & (a < high)
    for left, right in f.range.gaps:
        inside &= (a < fmt.round_exact(left)) | (a > fmt.round_exact(right))
    return inside


def _in_blocks(z: Array, function: Callable[[Array], Array], size: int = NUMPY.block) -> Array:
    flat = np.ascontiguousarray(z).reshape(-1)
    result = np.empty(flat.shape, np.float64)
    # Results of formulas outside their domain, and overflows, are not used.
    with np.errstate(all="ignore"):
        for start in range(0, len(flat), size):
            block = flat[start : start + size].astype(np.float64, copy=False)
            result[start : start + size] = function(block)
    return result.reshape(z.shape)


def _among(z: Array, special: Sequence[float]) -> Array | None:
    """Where z is one of a few numbers; None if that is nowhere."""
    found = None
    for x in special:
        here = z == x
        if here.any():
            found = here if found is None else found | here
    return found


class Part(NamedTuple):
    """The formulas that hold from the end of the part before up to the float64 ``end``."""

    sides: Sides
    end: float
    at_zero: Formula | None
    """The formula that holds at 0, if 0 is inside."""


class _Formulas(NamedTuple):
    """The parts of a function and the rounding of its values."""

    parts: Sequence[Part]
    rounding: Format | Rounding
    one: Callable[[float], float]
    """Computes a single value, with kinks and the signs of zeros taken into account."""
    machine: Machine

    def values(self, z: Array, by_itself: Array | None, is_left: bool = False) -> Array:
        """The values at each z of a block; those marked ``by_itself`` are computed one at a time.

        ``is_left`` says that the everyday program has left these z undecided.
        """
        if not (math.isfinite(z.min()) and math.isfinite(z.max())):
            by_itself = ~np.isfinite(z) if by_itself is None else by_itself | ~np.isfinite(z)
        result = self._of_parts(z, by_itself, is_left)
        if by_itself is not None:
            result[by_itself] = _one_by_one(z[by_itself], self.one)
        return result

    def _of_parts(self, z: Array, left_out: Array | None, is_left: bool) -> Array:
        """The values at each z of a block except those ``left_out``."""
        result = np.empty(len(z), np.float64)
        for (sides, _, _), inside in _by_part(self.parts, z, left_out):
            points = z if inside is None else z[inside]
            values, certain = round_array_of(sides, points, self.rounding, self.machine, is_left)
            if not certain.all():
                rest = np.flatnonzero(~certain)
                values[rest] = _settle(sides, points[rest], values[rest], self.rounding, self.one)
            if inside is None:
                return values
            result[inside] = values
        return result


def _by_part(parts: Sequence[Part], z: Array, left_out: Array | None) -> Iterator[tuple[Part, Array | None]]:
    """Each part that contains some z, with their indices; None stands for all of z."""
    start = -math.inf
    low, high = float(z.min()), float(z.max())
    for part in parts:
        end = part.end
        if left_out is None and start < low and high <= end:
            yield part, None
            return
        here = z <= end
        if start > -math.inf:
            here &= z > start
        if left_out is not None:
            here &= ~left_out
        inside = np.flatnonzero(here)
        start = end
        if len(inside):
            yield part, inside


_FEW = 4
"""Fewer points than this are faster one by one."""
_FEW_ON_LINE = 8
"""Fewer points than this next to a line are faster one by one."""
_FEW_MULTIPLES = 256
"""Up to this many points with a factor are faster one by one: their programs would not be used again."""
_FAR_STEP = 2**900
_NEXT_TO_NOTHING = 2.0**-800
"""Programs are of no use for values smaller than this or larger than its inverse."""


def _settle(
    sides: Sides, z: Array, near: Array, rounding: Format | Rounding, one: Callable[[float], float]
) -> Array:
    """The values that ``one`` gives at each z, where the formula's value is about ``near``.

    Where ``near`` is 0 or infinite, as in a far tail, interval arithmetic proves one result for a whole run
    of points; so it does in other roundings where ``near`` is the same number at all points of a run.
    """
    points, inverse = distinct(z)
    nearly = np.ones(len(points))
    nearly[inverse] = near
    values = np.empty(len(points))
    is_far = ~((abs(nearly) > _NEXT_TO_NOTHING) & (abs(nearly) < 1 / _NEXT_TO_NOTHING))
    # In directions and formats other than those of z many values are next to a rounding boundary.
    is_told = is_far | isinstance(rounding, Rounding)
    level = np.where(is_far, 0.0, nearly)
    left = np.flatnonzero(~is_told).tolist()
    # Runs lie on one side of 0 and of ±1, where formulas are simplest.
    runs = np.where(is_told, 1 + (points > 0) + 2 * (abs(points) < 1), 0)
    for run in range(1, 5):
        formula = sides.above if run % 2 == 0 else sides.below
        if formula is not None:
            places = np.flatnonzero(runs == run)
            for alike in np.split(places, np.flatnonzero(np.diff(level[places])) + 1):
                left += _settle_run(formula, points, values, alike, rounding)
    if isinstance(rounding, Rounding):
        left = _settle_lines(sides, points, values, to_integers(np.array(sorted(left)), np.intp), rounding)
    for place in sorted(left):
        values[place] = one(float(points[place]))
    return values[inverse]


def _settle_run(
    formula: Formula, points: Array, values: Array, run: Array, rounding: Format | Rounding
) -> list[int]:
    """Fill in the values at the points of a run, at once or by halves; return the places left undecided."""
    if len(run) < _FEW:
        return list(run.tolist())
    value = evaluate_between(formula, float(points[run[0]]), float(points[run[-1]]), rounding)
    if value is not None:
        values[run] = value
        return []
    middle = len(run) // 2
    halves = run[:middle], run[middle:]
    return [place for half in halves for place in _settle_run(formula, points, values, half, rounding)]


def _settle_lines(
    sides: Sides, points: Array, values: Array, left: Array, rounding: Format | Rounding
) -> list[int]:
    """Fill in those of the values left that are next to a line; return the places still undecided."""
    found: list[int] = []
    near: list[int] = left[abs(points[left]) < 1].tolist()
    for is_above, formula in zip((False, True), sides, strict=True):
        runs = [left[(abs(points[left]) >= 1) & ((points[left] > 0) == is_above)]]
        while runs:
            run = runs.pop()
            if len(run) < _FEW_ON_LINE or formula is None:
                found += run.tolist()
                continue
            settled = beside_line(formula, points[run], rounding)
            if settled is None:
                runs += (run[: len(run) // 2], run[len(run) // 2 :])
                continue
            values[run], certain = settled
            found += run[~certain].tolist()
    return near + found


def parts_of(f: Function, of: Quantity) -> list[Part]:
    """The parts of g, g' or a higher derivative, from left to right."""
    return _pieces(f, of, _points(FLOAT64))


def _pieces(f: Function, of: Quantity, points: _Points) -> list[Part]:
    """The parts of g, g' or a higher derivative as functions of ``points``."""
    found: list[tuple[Formula, float]] = []
    before: Piece | None = None
    for piece in f.pieces:
        formula, end = points.piece(piece.formula(of), piece.upto, piece.excluding)
        if before is not None and (piece.g is before.g if of == "g" else piece.dg is before.dg):
            formula, _ = found.pop()
        found.append((formula, end))
        before = piece
    return _parts(found)


def _parts(pieces: Sequence[tuple[Formula, float]]) -> list[Part]:
    """Make parts of formulas, each with the float64 up to which it holds; two that meet at 0 become one part.

    Values at 0 itself are computed one at a time.
    """
    found: list[Part] = []
    start = -math.inf
    for formula, end in pieces:
        is_above = start >= _NEXT_TO_ZERO
        sides = Sides(None if is_above else formula, None if end <= 0 else formula)
        at_zero = formula if start < 0 <= end else None
        if is_above and found and start in (0, _NEXT_TO_ZERO):
            below = found.pop()
            sides, at_zero = Sides(below.sides.below, formula), below.at_zero or at_zero
        found.append(Part(sides, end, at_zero))
        start = end
    return found


_NEXT_TO_ZERO = -5e-324


def _last_float(upto: Number | None, excluding: bool = False) -> float:
    """The greatest float64 up to an end, which is itself left out if ``excluding``."""
    if upto is None:
        return math.inf
    nearest = FLOAT64.round_exact(Fraction(upto))
    if math.isinf(nearest):  # no float64 lies between the end and that infinity
        return nearest
    if Fraction(nearest) > upto or (excluding and Fraction(nearest) == upto):
        return math.nextafter(nearest, -math.inf)
    return nearest


def as_float(z: Fraction) -> float:
    """``z`` as a float if it is a float64, else NaN."""
    nearest = FLOAT64.round_exact(z)
    return nearest if nearest == z else math.nan


def bounded_array(
    f: Function,
    of: Quantity,
    z: Array,
    fmt: NumberFormat,
    run: Run = numpy_machine.run,
    out: Rounder | None = None,
) -> tuple[Array, ...]:
    """g, g' or a higher derivative at each z of a block, with bounds, rounded as in ``derivative_array``.

    The columns are the rounded value; a float64 value, tail and error bound; and where the rounding is
    certain. The exact value lies within the error of value plus tail, where the tail is much smaller than
    the value; for integer formats all three are in codes. The error is at most a thousandth of an ulp, or
    infinite where that is not reached and where z is not finite. At a kink the value is that of the piece.
    """
    rounding = _rounding(fmt, out)

    def columns(part: Part, x: Array) -> tuple[Array, ...]:
        return reference_array(part.sides, part.at_zero, x, rounding, run)

    return _by_parts(f, of, z, fmt, (0.0, 0.0, 0.0, math.inf, False), columns)


def scaled_array(
    f: Function, of: Quantity, z: Array, scale: int = 0, fmt: NumberFormat = FLOAT64
) -> tuple[Array, ...]:
    """Values, tails and errors as in ``bounded_array``, in units of 2**scale; errors may have any size."""

    def columns(part: Part, x: Array) -> tuple[Array, ...]:
        return enclose_array(part.sides, part.at_zero, x, scale)

    value, tail, error = _by_parts(f, of, z, fmt, (0.0, 0.0, math.inf), columns)
    unknown = ~(np.isfinite(value) & np.isfinite(tail) & np.isfinite(error))
    value[unknown], tail[unknown], error[unknown] = 0, 0, np.inf
    return value, tail, error


def settle_array(
    f: Function, of: Quantity, z: Array, fmt: Format, targets: tuple[Target, Target], settle: Settle
) -> Array:
    """Settle z by the programs of all parts, and tell where they stay open, as ``settle_each`` does."""
    parts, is_open = _pieces(f, of, _points(fmt)), np.ones(len(z), bool)
    with np.errstate(all="ignore"):
        if len(parts) == 1:
            return settle_each(parts[0].sides, z, targets, settle)
        finite = np.isfinite(z)
        for part, inside in _by_part(parts, z, None if finite.all() else ~finite):
            if inside is None:
                return settle_each(part.sides, z, targets, settle)

            def settle_some(program: Program, places: Any, inside: Array = inside) -> tuple[Array, Array]:
                return settle(program, inside[places])

            is_open[inside] = settle_each(part.sides, z[inside], targets, settle_some)
    return is_open


def _by_parts(
    f: Function,
    of: Quantity,
    z: Array,
    fmt: NumberFormat,
    nothing: tuple[float | bool, ...],
    columns: Callable[[Part, Array], tuple[Array, ...]],
) -> tuple[Array, ...]:
    """The columns computed at each z by the parts of a function; ``nothing`` where z is not finite."""
    found = tuple(np.full(len(z), x) for x in nothing)
    points = _points(fmt)
    z = points.of(z)
    if len(z):
        with np.errstate(all="ignore"):
            is_finite = np.isfinite(z)
            for part, inside in _by_part(_pieces(f, of, points), z, None if is_finite.all() else ~is_finite):
                if inside is None:
                    return columns(part, z)
                for column, theirs in zip(found, columns(part, z[inside]), strict=True):
                    column[inside] = theirs
    return found
