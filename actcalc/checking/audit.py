"""Somebody's activations run at many points and compared with the right values: a row for each."""

import math
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import product
from typing import Any, TypeVar

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity, parse_quantity
from actcalc.activations.parameters import bind
from actcalc.checking.block import Block, count, counted_block, is_normal, measure_of
from actcalc.checking.decades import Decades
from actcalc.checking.domain import EVERYWHERE, Domain
from actcalc.checking.failures import BEYOND, KINDS, PICTURED
from actcalc.checking.formats import LIKE_Z, Formats, Results
from actcalc.checking.histogram import Histogram
from actcalc.checking.judge import LENIENT, Judge
from actcalc.checking.measure import Errors, Measure, Reference
from actcalc.checking.points import points
from actcalc.checking.report import Report, floor_text, reason_text, report_of
from actcalc.checking.tally import (
    Point,
    Spot,
    Tally,
    bucket_key,
    cells_of_right,
    columns_of,
    merge_spots,
    nearest_to_zero,
)
from actcalc.errors import ActcalcError, UnsettledError, printable, told
from actcalc.frameworks.target import KernelError, NotImplementedHere, Result, Run, Target
from actcalc.numbers.float_arrays import Array, round_array
from actcalc.numbers.floats import FORMATS, Format
from actcalc.numbers.integers import NumberFormat
from actcalc.numbers.roundings import Rounding, number_format

Found = TypeVar("Found")

OF: tuple[Quantity, ...] = ("g", "dg")
"""The quantities of an audit by default."""
USUAL = tuple(fmt.name for fmt in FORMATS.values() if fmt.bits > 8)
"""The formats of an audit by default: hardly anybody computes in 8 bits."""
_NEAR = 10.0
_BLOCK = 1 << 14
_FEW = 1 << 20


@dataclass(frozen=True)
class Options:
    """The options of every row."""

    judge: Judge = LENIENT
    worst: int = 0
    profile: bool = False
    """Whether to collect the errors for a picture."""
    domain: Domain = EVERYWHERE
    results: Results = LIKE_Z
    """The right rounding of results."""


def audit(
    targets: Target | Sequence[Target],
    activations: Iterable[Activation],
    of: Sequence[str] = OF,
    dtypes: Sequence[NumberFormat] = (),
    options: Options = Options(),  # it is frozen
    count: int = 20_000,
) -> Iterator[Report]:
    """A row for each activation, format, quantity and target, as they are computed."""
    quantities = [parse_quantity(what) for what in of]
    targets = targets if isinstance(targets, Sequence) else [targets]
    for f, fmt, what, target in product(activations, dtypes, quantities, targets):
        row = audit_row(target, f, what, fmt, options, count)
        if row is not None:
            yield row


def audit_row(
    target: Target, f: Activation, of: Quantity, fmt: NumberFormat, options: Options, count: int
) -> Report | None:
    """The row of an activation; None if the target does not have it."""
    tally = _tally(target, f, of, fmt, options, count)
    if tally is None:
        return None
    return row_of(f, of, tally, target.name, options.judge, target.difference(f), options.results)


def _tally(
    target: Target, f: Activation, of: Quantity, fmt: NumberFormat, options: Options, count: int
) -> Tally | None:
    """The tally of all points of a format; None if the target does not have the activation."""

    def tally_run(run: Run) -> Tally:
        implementation = Implementation(f, of, fmt, run, options)
        total = implementation.special_tally()
        for reference in _references(f, of, fmt, count, options.domain, options.results.rounding(fmt)):
            total += implementation.tally(reference.z, target.short, reference)
        return total

    return run_with(target, f, of, fmt, tally_run)


def run_with(
    target: Target, f: Activation, of: Quantity, fmt: NumberFormat, then: Callable[[Run], Found]
) -> Found | Tally | None:
    """The result of some work with a target's function, or a tally with the reason why there is none.

    None if the target does not have the activation.
    """

    def work() -> Found | None:
        if not (isinstance(fmt, Format) or target.takes_integers):
            raise NotImplementedHere(f"{target.name} has no activations for integers")
        run = target.run(f, of, fmt)
        return None if run is None else then(run)

    return attempt(fmt, work)


def attempt(fmt: NumberFormat, work: Callable[[], Found]) -> Found | Tally:
    """The result of some work, or a tally with the error that it raised."""
    try:
        # NumPy's defaults, which somebody's module may have changed for all.
        with np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"):
            return work()
    except NotImplementedHere as error:
        return Tally(fmt.name, missing=str(error))
    except KernelError as error:
        return Tally(fmt.name, raised=error.text)
    except (ActcalcError, KeyboardInterrupt):
        raise
    except BaseException as error:  # the row reports whatever it raises, SystemExit included
        return Tally(fmt.name, raised=told(error))


def _references(
    f: Activation, of: Quantity, fmt: NumberFormat, count: int, domain: Domain, out: Rounding
) -> Iterable[Reference]:
    """The right values at the points of a format, block by block."""
    find = _kept_references if count <= _FEW else _find_references
    return find(f, of, fmt, count, domain, out)


def _find_references(
    f: Activation, of: Quantity, fmt: NumberFormat, count: int, domain: Domain, out: Rounding
) -> Iterator[Reference]:
    z, measure = points_of(f, fmt, count, domain), Measure(f, of, fmt, [], out=out)
    for i in range(0, len(z), _BLOCK):
        yield measure.reference(z[i : i + _BLOCK])


@lru_cache(maxsize=1)
def _kept_references(*about: Any) -> list[Reference]:
    """The references at a moderate number of points, kept for the next target."""
    return list(_find_references(*about))


points_of = lru_cache(maxsize=1)(points)
"""The points at which an activation is run in a format."""


class Implementation:
    """One activation, quantity and format of a target."""

    def __init__(self, f: Activation, of: Quantity, fmt: NumberFormat, run: Run, options: Options) -> None:
        self._f, self._of, self._format, self._run, self._options = f, of, fmt, run, options
        self._out = options.results.rounding(fmt)
        self._formats = Formats(fmt, self._out)
        self.measure = measure_of(f, of, fmt, options.judge, out=self._out)
        self.nothing = Tally(fmt.name, most=options.worst, way=self.measure.way)

    def compute(self, z: Array, length: int | None = None) -> Result:
        """The values at each z, from one array or from arrays of a length."""
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                values, dtype, _, are_integers = self._run(z, length)
            except ActcalcError as error:  # the function may use this library
                raise KernelError(told(error)) from None
            if isinstance(self._out.fmt, Format):
                is_one = dtype == self._out.fmt.name
                return Result(values if is_one else round_array(values, self._out.fmt), dtype)
            return Result(np.rint(values), self._out.fmt.name if are_integers else dtype)

    def _dtype_of(self, *found: Result) -> str:
        """The dtype of results; if several differ from that of the format, the first of them."""
        name = self._out.fmt.name
        return next((part.dtype for part in found if part.dtype != name), name)

    def tally(self, z: Array, short: int, reference: Reference | None = None) -> Tally:
        """The tally of a block of ascending z; a ``reference`` spares computing the right values."""
        results = self.compute(z), self.compute(z, short)
        values, again = (result.values for result in results)
        differ = values != again
        differ &= ~(np.isnan(values) & np.isnan(again)) if differ.any() else differ
        block, unsettled = None, 0
        if reference is None and not differ.any():
            block = counted_block(self.measure, self._options.judge, z, values)
        if block is not None:
            found = self._figures(block, 0)
        else:
            reference = reference or self.measure.reference(z)
            found, settled = self.measure.where_settled(
                reference,
                lambda some: self._tally(reference.at(some), values[some], again[some], differ[some]),
            )
            unsettled = len(values) - len(values[settled])
        return replace(
            found, counts={**found.counts, "unsettled": unsettled}, dtype_returned=self._dtype_of(*results)
        )

    def _tally(self, reference: Reference, values: Array, again: Array, differ: Array) -> Tally:
        """The tally of values from one array, and ``again`` from short ones, at settled points."""
        z, judge = reference.z, self._options.judge
        if len(z) == 0:
            return self.nothing
        found = self.measure.compare(reference, values)
        moved = np.flatnonzero(differ)
        course: dict[str, Any] = {}
        if len(moved):
            course = Block(self.measure, judge, z, values, found).course
            values, found = self._worse(reference, values, found, again, moved)
        return replace(self._figures(Block(self.measure, judge, z, values, found), len(moved)), **course)

    def quick_tally(self, z: Array, short: int) -> Tally | None:
        """The tally of a block in which all values are right, and the exact ones are within LEAST_ULPS of one
        number or of a multiple of z.

        As in ``Measure``, both ends prove this for all points between; None if they do not.
        """
        known = self.measure.right_between(z)
        if known is None:
            return None
        right, errors = known
        ends, rights = ([float(x[0]), float(x[-1])] for x in (z, right))
        results = self.compute(z), self.compute(z, short)
        values, again = (result.values for result in results)
        if not ((values == right).all() and (values.view(np.int64) == again.view(np.int64)).all()):
            return None
        normal = np.broadcast_to(is_normal(right, self.measure.ruler), len(z))
        first, last = (
            replace(
                self.nothing,
                largest=point if math.isfinite(point.ulps) else None,
                largest_normal=point if normal[i] else None,
                largest_near=point if abs(point.z) <= _NEAR else None,
                worst={"": (point,)} if self._options.worst else {},
                ends=(point, point),
            )
            for i, point in zip((0, -1), map(Point, ends, rights, rights, errors), strict=True)
        )
        counts = dict.fromkeys(("points", "correctly_rounded", "faithful", bucket_key("0")), len(z))
        has_zeros = not right.all()
        zeros = z[np.signbit(values) != np.signbit(right)] if has_zeros else z[:0]
        return replace(
            first + last,
            counts={**counts, "normal": count(normal), "zero_sign": len(zeros)},
            first={"zero_sign": nearest_to_zero(zeros[[0, -1]].tolist())} if len(zeros) else {},
            histogram=Histogram.of_zeros(len(z) * math.isfinite(errors[0])),
            decades=Decades.of_right(z),
            cells=cells_of_right(z),
            dtype_returned=self._dtype_of(*results),
            profile=self._profile(z, np.zeros(len(z)), {}),
        )

    def _worse(
        self, reference: Reference, values: Array, found: Errors, again: Array, moved: Array
    ) -> tuple[Array, Errors]:
        """The worse of two values at each point, with its errors."""
        other = self.measure.compare(reference.at(moved), again[moved])
        is_worse = other.ulps > found.ulps[moved]
        places = moved[is_worse]
        values = values.copy()
        values[places] = again[places]
        columns = [column.copy() for column in found]
        for column, theirs in zip(columns, other, strict=True):
            column[places] = theirs[is_worse]
        return values, Errors(*columns)

    def special_tally(self) -> Tally:
        """The tally of infinities, NaN and kinks."""
        limits, unsettled = self._limits()
        return replace(self.nothing, counts={"unsettled": unsettled}, limits=limits, kink=self._kinks())

    def _figures(self, block: Block, moved: int) -> Tally:
        tally = block.tally(self._options.worst)
        beyond = block.failing[BEYOND]
        beyond = beyond[is_normal(block.right[beyond], self.measure.ruler)]
        return replace(
            tally,
            counts={**tally.counts, "position_dependent": moved},
            rounded=self._with_rounded_parameters(block.z[beyond], block.x[beyond]),
            profile=self._profile(block.z, block.ulps, block.failing),
        )

    def _profile(self, z: Array, ulps: Array, failures: Mapping[str, Array]) -> tuple[Spot, ...]:
        """The largest error in each column of a picture, and the kinds of failure there."""
        if not self._options.profile:
            return ()
        columns, kinds = columns_of(self.measure.numbers(z)), np.zeros(len(z), np.int64)
        for bit, kind in enumerate(PICTURED if failures else ()):
            kinds[failures[kind]] |= 1 << bit
        ulps = np.where(np.isfinite(ulps), ulps, 0.0)
        order = np.lexsort((ulps, kinds, columns))
        columns, kinds, ulps = columns[order], kinds[order], ulps[order]
        # The last of each kind in a column is the largest.
        last = np.flatnonzero(np.diff(columns, append=columns[-1] + 1) | np.diff(kinds, append=-1))
        rows = zip(columns[last].tolist(), ulps[last].tolist(), kinds[last].tolist(), strict=True)
        return merge_spots(Spot(*row) for row in rows)

    def _limits(self) -> tuple[tuple[str, ...], int]:
        """The wrong values at infinities and NaN, in words, and the number of limits that are not settled."""
        wrong: list[str] = []
        unsettled = 0
        if not isinstance(self._format, Format):
            return (), unsettled
        odd = (-math.inf, math.inf, math.nan) if self._format.has_infinities else (math.nan,)
        for z in filter(self._options.domain.__contains__, odd):
            try:
                right = self._right_at(z)
            except UnsettledError:
                unsettled += 1
                continue
            try:
                got = float(self.compute(np.array([z])).values[0])
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                wrong.append(f"raises {printable(type(error).__name__)} at {z}")
                continue
            if right is not None and got != right and not (math.isnan(got) and math.isnan(right)):
                wrong.append(f"{self._formats.text(got)} at {z}, not {self._formats.text(right)}")
        return tuple(wrong), unsettled

    def _right_at(self, z: float) -> float | None:
        """The right value at an infinity or NaN; None if integers have none."""
        if not isinstance(self._out.fmt, Format) and math.isnan(self._f.derivative_float(z, self._of)):
            return None
        return self._f.derivative_float(z, self._of, self._format, out=self._out)

    def _kinks(self) -> str | None:
        near = [(self._format.round_exact(kink.z), kink.z) for kink in self._f.kinks]
        at = [z for z, kink in near if math.isfinite(z) and self._format.value_of(z) == kink]
        at = [z for z in at if float(self._format.value_of(z)) in self._options.domain]
        if not at or (self._of == "g" and not any(kink.is_jump for kink in self._f.kinks)):
            return None
        got = self.compute(np.array(at)).values
        return ", ".join(
            f"{self._formats.text(float(x))} at {self._formats.z_text(z)}"
            for z, x in zip(at, got, strict=True)
        )

    @cached_property
    def _rounded_measure(self) -> Measure | None:
        """The measure with parameters rounded to the format; None if that changes none of them."""
        rounded = rounded_parameters(self._f, self._format)
        try:
            near = bind(self._f.declaration, rounded) if rounded else None
        except ActcalcError:
            return None
        if near is None:
            return None
        return measure_of(near, self._of, self._format, self._options.judge, out=self._out)

    def _with_rounded_parameters(self, z: Array, x: Array) -> float | None:
        """The largest error with rounded parameters; None if there is no such measure."""
        if len(z) == 0 or self._rounded_measure is None:
            return None
        ulps = self._rounded_measure(z, x)[0].ulps
        return float(ulps[np.isfinite(ulps)].max(initial=0))


def rounded_parameters(f: Activation, fmt: NumberFormat) -> dict[str, Fraction]:
    """All parameters rounded to a float format; empty if that changes none of them."""
    if not isinstance(fmt, Format):
        return {}
    rounded = {name: Fraction(fmt.round_exact(value)) for name, value in f.parameters.items()}
    return {} if rounded == dict(f.parameters) else rounded


def row_of(
    f: Activation,
    of: Quantity,
    tally: Tally,
    target: str = "",
    judge: Judge = LENIENT,
    known: str = "",
    results: Results = LIKE_Z,
) -> Report:
    """The report of a tally, as a row of an audit; if it fails, with the target's ``known`` difference."""
    texts = {name: f.texts[name] for name in f.parameters}
    is_plain = all(f.texts[parameter.name] == parameter.default for parameter in f.declaration.parameters)
    label = f.name if is_plain else f.describe()
    fmt, n = number_format(tally.dtype), Counter(tally.counts)
    out = results.rounding(fmt)
    row = Report(
        *(f.name, texts, of, tally.dtype),
        target=target,
        label=label,
        out_dtype="" if out.fmt == fmt else out.fmt.name,
        rounding=out.direction,
        overflow=out.overflow,
    )
    if tally.missing:
        return replace(row, verdict="not implemented", message=tally.missing)
    if tally.raised:
        return replace(row, verdict="raised", passed=False, message=tally.raised)
    row = report_of(measure_of(f, of, fmt, judge, out=out), tally, judge)
    other = tally.dtype_returned if tally.dtype_returned not in ("", out.fmt.name) else None
    messages = [reason_text(reason, row) for reason in row.reasons]
    messages += filter(None, [floor_text(row)])
    if known and messages:
        messages.append(f"known: {known}")
    if other is not None:
        messages.append(f"returns {other} for {tally.dtype}" + f", not {out.fmt}" * (out.fmt != fmt))
    if n["unsettled"]:
        messages.append(f"{KINDS['unsettled'].label} ({n['unsettled']})")
    if tally.rounded is not None and tally.rounded <= max(1.0, float(judge.max_ulp)):
        shown = ", ".join(
            f"{name}={float(value):.9g}"
            for name, value in rounded_parameters(f, fmt).items()
            if value != f.parameters[name]
        )
        messages.append(f"{tally.rounded:.3g} ulps with {shown}")
    return replace(
        row,
        parameters=texts,
        position_dependent=n["position_dependent"],
        dtype_returned=other,
        kink=tally.kink,
        limits=tally.limits,
        passed=row.passed and other is None,
        message="; ".join([*messages, *tally.limits]),
        profile=tally.profile,
        target=target,
        label=label,
    )
