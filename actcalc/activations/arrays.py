"""g and g' of whole arrays: the same bits as one by one, at a fraction of the time.

Results of any format are held in float64 arrays here, as ``floats`` and ``integers`` hold them in floats; the
values that they are worked out from may be of any dtype that has them.
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
    Sides,
    beside_line,
    enclose_array,
    everyday,
    has_value,
    machine_for,
    reference_array,
    round_array_of,
)
from actcalc.numbers.bit_arrays import from_bits, to_bits
from actcalc.numbers.float_arrays import Array, distinct
from actcalc.numbers.floats import FLOAT64, Format
from actcalc.numbers.integer_arrays import to_integers
from actcalc.numbers.integers import NumberFormat
from actcalc.numbers.roundings import Rounder, Rounding


def g_array(f: Function, z: Array, fmt: Format, aside: SetAside | None = None) -> Array:
    """g at each z, values of ``fmt`` of any shape, rounded once to it."""
    return derivative_array(f, z, "g", fmt, aside=aside)


def dg_array(
    f: Function, z: Array, fmt: Format, at_kink: str = "least", aside: SetAside | None = None
) -> Array:
    """g' at each z, values of ``fmt`` of any shape, rounded once to it."""
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
    """g, g' or a higher derivative at each z, values of ``fmt`` of any shape, rounded once.

    That is by ``out``, or to ``fmt``. A value that is not settled is set ``aside``, and raises UnsettledError
    without that.
    """
    points = _points(fmt)
    rounding = _rounding(fmt, out)
    one = _or_aside(lambda x: f.derivative_float(points.value(x), of, fmt, at_kink, out), aside)
    pieces = _pieces(f, of, points)
    switches = [Fraction(0)]
    if of != "g":
        switches += (kink.z for kink in f.kinks_of(of))
    if of not in ("g", "dg"):
        # At its end a piece has the derivative of one side.
        switches += (Fraction(piece.upto) for piece in f.pieces if piece.upto is not None)
    special = [as_float(x / points.factor) for x in switches]

    formulas = _Formulas(pieces, rounding, one, machine_for(z.size))
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
            # What cancels or is times 0 in a derivative may be all that shows where g has no value.
            g = _pieces(f, "g", points)[0].sides.above
            without = ~has_value(Sides(g, g), x)
            by_itself = without if by_itself is None else by_itself | without
        return formulas.values(x, by_itself, program is not None)

    def of_values(x: Array) -> Array:
        if points.factor != 1 and x.size <= _FEW_MULTIPLES:
            return _in_blocks(points.of(x), lambda some: _one_by_one(some, one))
        return _in_blocks(points.of(x), of_block, formulas.machine.block)

    if fmt.is_short and z.size > 1 << fmt.bits:
        return _by_pattern(z, fmt, of_values)
    return of_values(z)


class _Points(NamedTuple):
    """The points of programs: values of a float format, or those of integers as multiples of a factor."""

    fmt: NumberFormat
    factor: Fraction
    step: float
    """How much of that, as a float64, is a step from one code to the next."""

    def of(self, z: Array) -> Array:
        """The points of values of the format."""
        if isinstance(self.fmt, Format):
            return z
        points: Array = (z.astype(np.float64) - self.fmt.zero) * self.step
        return points

    def value(self, x: Any) -> Any:
        """The value of the format at a point, or the values at some."""
        return x if isinstance(self.fmt, Format) else x / self.step + self.fmt.zero

    def piece(self, formula: Formula, upto: Number | None, excluding: bool = False) -> tuple[Formula, float]:
        """A formula at points, and the last point that it holds for."""
        end = _last_float(upto if upto is None else Fraction(upto) / self.factor, excluding)
        return formula if self.factor == 1 else Multiples(formula, self.factor), end


def _points(fmt: NumberFormat) -> _Points:
    """The points for values of a format: of integers the numbers themselves, if all of them are float64."""
    if isinstance(fmt, Format):
        return _Points(fmt, Fraction(1), 1.0)
    p, q = fmt.scale.as_integer_ratio()
    if q & (q - 1) == 0 and p.bit_length() + fmt.bits < 53 and max(p, q) < _FAR_STEP:
        return _Points(fmt, Fraction(1), p / q)
    return _Points(fmt, fmt.scale, 1.0)


def _by_pattern(z: Array, fmt: NumberFormat, values: Callable[[Array], Array]) -> Array:
    """Values at many z of a narrow format, worked out once for each pattern that occurs."""
    patterns = to_integers(to_bits(z, fmt), np.intp)  # which is what NumPy's own indices are
    occurs = np.zeros(1 << fmt.bits, bool)
    occurs[patterns] = True
    found = np.flatnonzero(occurs)
    table = np.empty(1 << fmt.bits)
    table[found] = values(from_bits(found, fmt))
    return table.take(patterns)


def _one_by_one(z: Array, one: Callable[[float], float]) -> Array:
    """``one`` of each z, worked out once for each."""
    bits, inverse = distinct(z.view(np.int64))
    return np.array([one(x) for x in bits.view(np.float64).tolist()], np.float64)[inverse]


def _or_aside(one: Callable[[float], float], aside: SetAside | None) -> Callable[[float], float]:
    """``one``, which sets ``aside`` what is not settled, if there is such a thing."""
    return one if aside is None else lambda x: aside.value(one, x)


def dg_from_a_array(
    f: Function,
    a: Array,
    fmt: NumberFormat,
    at_kink: str = "least",
    aside: SetAside | None = None,
    out: Rounder | None = None,
) -> Array:
    """The slope from each a = g(z), values of ``fmt`` of any shape, rounded once as in ``derivative_array``.

    Raises ActcalcError if one is outside the closed range of g, or there is no such slope. What is not
    settled is as in ``derivative_array``.
    """
    points = _points(fmt)
    pieces = _parts([points.piece(formula, upto) for formula, upto in f.require_shortcut().pieces])
    one = _or_aside(lambda x: f.dg_from_a_float(points.value(x), fmt, at_kink, out), aside)
    formulas = _Formulas(pieces, _rounding(fmt, out), one, machine_for(a.size))

    def of_block(x: Array) -> Array:
        # Kinks and values of flat pieces are 0 or ends of the range.
        return formulas.values(x, (x == 0) | ~is_inside(f, points.value(x), fmt))

    return _in_blocks(points.of(a), of_block, formulas.machine.block)


def _rounding(fmt: NumberFormat, out: Rounder | None) -> Format | Rounding:
    """How values are rounded: by ``out``, or to the float format of z itself."""
    if out is None and isinstance(fmt, Format):
        return fmt
    return out if isinstance(out, Rounding) else Rounding(out or fmt)


def is_inside(f: Function, a: Array, fmt: NumberFormat) -> Array:
    """Where a is certainly inside the range of g."""
    low, high = (x if isinstance(x, float) else fmt.round_exact(Fraction(x)) for x in f.range[:2])
    inside = (a > low) & (a < high)
    for left, right in f.range.gaps:
        inside &= (a < fmt.round_exact(left)) | (a > fmt.round_exact(right))
    return inside


def _in_blocks(z: Array, function: Callable[[Array], Array], size: int = NUMPY.block) -> Array:
    flat = np.ascontiguousarray(z).reshape(-1)
    result = np.empty(flat.shape, np.float64)
    # What is computed beside the point, or overflows, is not used.
    with np.errstate(all="ignore"):
        for start in range(0, len(flat), size):
            block = flat[start : start + size].astype(np.float64, copy=False)
            result[start : start + size] = function(block)
    return result.reshape(z.shape)


def _among(z: Array, special: Sequence[float]) -> Array | None:
    """Where z is one of a few numbers; None if it nowhere is."""
    found = None
    for x in special:
        here = z == x
        if here.any():
            found = here if found is None else found | here
    return found


class Part(NamedTuple):
    """The formulas that hold up to the float64 ``end``, from where the part before ends."""

    sides: Sides
    end: float
    at_zero: Formula | None
    """The formula that holds at 0, if 0 is inside."""


class _Formulas(NamedTuple):
    """The parts of a function, and how its values are rounded."""

    parts: Sequence[Part]
    rounding: Format | Rounding
    one: Callable[[float], float]
    """Gives a value by itself, where signs of zeros or kinks matter."""
    machine: Machine

    def values(self, z: Array, by_itself: Array | None, is_left: bool = False) -> Array:
        """The values at each z of a block, some of them ``by_itself``; ``is_left`` what the program left."""
        if not (math.isfinite(z.min()) and math.isfinite(z.max())):
            by_itself = ~np.isfinite(z) if by_itself is None else by_itself | ~np.isfinite(z)
        result = self._of_parts(z, by_itself, is_left)
        if by_itself is not None:
            result[by_itself] = _one_by_one(z[by_itself], self.one)
        return result

    def _of_parts(self, z: Array, left_out: Array | None, is_left: bool) -> Array:
        """The values at each z of a block, but for those that are ``left_out``."""
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
    """Each part with the places of those z in it, if there are any; None for all of z."""
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
"""Points that take less one by one than together."""
_FEW_ON_LINE = 8
"""And so many next to a line."""
_FEW_MULTIPLES = 256
"""And so many of a kind for which programs are no use to others."""
_FAR_STEP = 2**900
_NEXT_TO_NOTHING = 2.0**-800
"""Programs come no nearer to 0, and to infinity, than to some number beyond that."""


def _settle(
    sides: Sides, z: Array, near: Array, rounding: Format | Rounding, one: Callable[[float], float]
) -> Array:
    """The values that ``one`` gives at each z, where the formula is near to ``near`` for all that is known.

    Where that is 0 or infinite, as in a far tail, all points of a run that intervals prove it of have it. So
    it is where ``near`` is one number, to which others than the nearest are rounded.
    """
    points, inverse = distinct(z)
    nearly = np.ones(len(points))
    nearly[inverse] = near
    values = np.empty(len(points))
    is_far = ~((abs(nearly) > _NEXT_TO_NOTHING) & (abs(nearly) < 1 / _NEXT_TO_NOTHING))
    # In other directions and formats than those of z, many values are next to where something changes.
    is_told = is_far | isinstance(rounding, Rounding)
    level = np.where(is_far, 0.0, nearly)
    left = np.flatnonzero(~is_told).tolist()
    # Those on one side of 0, and of 1: a formula is at its simplest there.
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
    """Fill in the values at the points of a run: all at once, or else each half; places that are left."""
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
    """Fill in the values that are next to a line, of those that are left; places that still are."""
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
    """The parts of g, g' or a higher derivative at points."""
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
    """Parts of formulas, each of which holds up to a float64; two that meet at 0 are one part.

    At 0 itself a value is worked out by itself.
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
    """The greatest float64 up to an end, which may be left out itself."""
    if upto is None:
        return math.inf
    nearest = FLOAT64.round_exact(Fraction(upto))
    if math.isinf(nearest):  # no float64 lies between the end and that infinity
        return nearest
    if Fraction(nearest) > upto or (excluding and Fraction(nearest) == upto):
        return math.nextafter(nearest, -math.inf)
    return nearest


def as_float(z: Fraction) -> float:
    """``z``, if it is a float64; else NaN."""
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
    """g, g' or a higher derivative at each z of a block, rounded as by ``derivative_array``, and more of it.

    That is its value, tail and error, all of float64, and where it is certain what it rounds to. The exact
    value lies within the error of the value and its much smaller tail together; if it is rounded to integers,
    all are counted in codes. The error is at most a thousandth of an ulp, and infinite where that is not
    reached, and at z that are not finite. At a kink it is the piece's own value.
    """
    rounding = _rounding(fmt, out)

    def columns(part: Part, x: Array) -> tuple[Array, ...]:
        return reference_array(part.sides, part.at_zero, x, rounding, run)

    return _by_parts(f, of, z, fmt, (0.0, 0.0, 0.0, math.inf, False), columns)


def scaled_array(
    f: Function, of: Quantity, z: Array, scale: int = 0, fmt: NumberFormat = FLOAT64
) -> tuple[Array, ...]:
    """Values, tails and errors as in ``bounded_array``, in units of 2**scale; errors are of any size."""

    def columns(part: Part, x: Array) -> tuple[Array, ...]:
        return enclose_array(part.sides, part.at_zero, x, scale)

    value, tail, error = _by_parts(f, of, z, fmt, (0.0, 0.0, math.inf), columns)
    unknown = ~(np.isfinite(value) & np.isfinite(tail) & np.isfinite(error))
    value[unknown], tail[unknown], error[unknown] = 0, 0, np.inf
    return value, tail, error


def _by_parts(
    f: Function,
    of: Quantity,
    z: Array,
    fmt: NumberFormat,
    nothing: tuple[float | bool, ...],
    columns: Callable[[Part, Array], tuple[Array, ...]],
) -> tuple[Array, ...]:
    """Columns of what is found at each z by the parts of a function; ``nothing`` where z is not finite."""
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
