"""Somebody's activations run at many points and held against the right values: a row for each."""

import math
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity, parse_quantity
from actcalc.activations.parameters import bind
from actcalc.checking.failures import BREAKING, KINDS, PICTURED
from actcalc.checking.measure import Measure, Measured, Reference
from actcalc.checking.points import points
from actcalc.checking.tally import (
    COLUMNS,
    LEAST_ULPS,
    Point,
    Seen,
    Tally,
    columns_of,
    exact_sum,
    out_of_range,
    seen_together,
    way_of,
)
from actcalc.errors import ActcalcError, UnsettledError
from actcalc.frameworks.target import Computed, NotImplementedHere, Run, Target
from actcalc.numbers.bit_arrays import to_bits
from actcalc.numbers.float_arrays import round_array
from actcalc.numbers.floats import FORMATS, Format

Array = npt.NDArray[Any]
Found = TypeVar("Found")

OF: tuple[Quantity, ...] = ("g", "dg")
"""What is asked for unless it is said."""
VERDICTS = ("right", "within 1 ulp", "inaccurate", "broken", "raised", "not implemented")
_NEAR = 10.0
_ONE = Fraction(1)
_BLOCK = 1 << 14


@dataclass(frozen=True)
class Options:
    """What is asked of every row."""

    max_ulp: Fraction = _ONE
    strict_subnormals: bool = False
    worst: int = 0
    profile: bool = False
    """Whether a picture is to be drawn."""


@dataclass(frozen=True)
class Row:
    """What an audit says of one activation, quantity and format; None is for what does not apply."""

    activation: str
    parameters: dict[str, str]
    of: str
    dtype: str
    points: int | None = None
    correctly_rounded: int | None = None
    faithful: int | None = None
    """Points whose value is one of the two neighbours of the exact one."""
    largest: Point | None = None
    """Among right values that are normal numbers."""
    largest_near: Point | None = None
    """The same for z from -10 to 10."""
    largest_at_zero: float | None = None
    """The largest absolute value where exactly 0 is right."""
    bias_ulp: float | None = None
    zero_where_normal: int | None = None
    zero_where_subnormal: int | None = None
    subnormal_taken_for_zero: int | None = None
    """Points whose z is subnormal where the value is that at 0, and not right."""
    first_zero_z: float | None = None
    """The z nearest to 0 where the value is zero and a normal number is right."""
    wrong_sign: int | None = None
    not_finite: int | None = None
    finite_where_not: int | None = None
    out_of_range: int | None = None
    monotone: bool | None = None
    position_dependent: int | None = None
    unsettled: int | None = None
    """Points that are left out, as the right value is not settled."""
    dtype_returned: str | None = None
    """If it is another than that of the input."""
    kink: str | None = None
    """What it has at kinks."""
    limits: tuple[str, ...] = ()
    """What is wrong at infinities and NaN."""
    verdict: str = "right"
    passed: bool = True
    message: str = ""
    worst: tuple[Point, ...] = field(default=(), repr=False)
    profile: tuple[Seen, ...] = field(default=(), repr=False)
    target: str = ""
    label: str = ""
    """The activation as people see it, with parameters that are not the defaults."""

    @property
    def badness(self) -> tuple[int, int, float]:
        """Rows in the order of this: failures first, the worst before."""
        order = ("raised", "broken", "inaccurate", "within 1 ulp", "right", "not implemented")
        return (self.passed, order.index(self.verdict), 0 if self.largest is None else -self.largest.ulps)


def audit(
    targets: Target | Sequence[Target],
    activations: Iterable[Activation],
    of: Sequence[str] = OF,
    dtypes: Sequence[Format] = (),
    options: Options = Options(),  # it is frozen
    count: int = 20_000,
) -> Iterator[Row]:
    """A row for each activation, format, quantity and target, as they are worked out."""
    quantities = [parse_quantity(what) for what in of]
    for f in activations:
        for fmt in dtypes:
            for what in quantities:
                for target in targets if isinstance(targets, Sequence) else [targets]:
                    tally = _tally(target, f, what, fmt, options, count)
                    if tally is not None:
                        yield row_of(f, what, tally, target.name)


def _tally(
    target: Target, f: Activation, of: Quantity, fmt: Format, options: Options, count: int
) -> Tally | None:
    """What is found at the points of a format; None if the target has nothing of the kind."""

    def found(run: Run) -> Tally:
        audited = Audited(f, of, fmt, run, options)
        total = audited.elsewhere()
        for reference in _references(f, of, fmt, count):
            total += audited.tally(reference, target.short)
        return total

    return attempted(target, f, of, fmt, found)


def attempted(
    target: Target, f: Activation, of: Quantity, fmt: Format, found: Callable[[Run], Found]
) -> Found | Tally | None:
    """What is found with the function of a target; what it lacks and raises is said in a tally.

    None if the target has nothing of the kind.
    """

    def attempt() -> Found | None:
        run = target.run(f, of, fmt)
        return None if run is None else found(run)

    return guarded(fmt, attempt)


def guarded(fmt: Format, attempt: Callable[[], Found]) -> Found | Tally:
    """What an attempt returns, or a tally that says what it raised."""
    try:
        return attempt()
    except NotImplementedHere as error:
        return Tally(fmt.name, missing=str(error))
    except ActcalcError:
        raise
    except Exception as error:  # whatever it raises is what the row says
        text = (str(error).splitlines() or [""])[0]
        return Tally(fmt.name, raised=f"{type(error).__name__}: {text}")


@lru_cache(maxsize=8)
def _references(f: Activation, of: Quantity, fmt: Format, count: int) -> list[Reference]:
    """What is right at the points of a format: once for all that is held against it."""
    z, measure = _points(f, fmt, count), Measure(f, of, fmt, [])
    return [measure.reference(z[i : i + _BLOCK]) for i in range(0, len(z), _BLOCK)]


_points = lru_cache(maxsize=4)(points)


class Audited:
    """One activation, quantity and format of a target."""

    def __init__(self, f: Activation, of: Quantity, fmt: Format, run: Run, options: Options) -> None:
        self._f, self._of, self._format, self._run, self._options = f, of, fmt, run, options
        self._bounds = sorted({_ONE, options.max_ulp})
        self.measure = Measure(f, of, fmt, self._bounds)
        self._way = way_of(f) if of == "g" else 0
        self._at_zero = self.computed(np.array([0.0, -0.0])).values

    def computed(self, z: Array, length: int | None = None) -> Computed:
        """The values at each z, from one array or from arrays of a length."""
        length = length or len(z)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = [self._run(z[i : i + length]) for i in range(0, len(z), length)]
            values, dtype = found[0]
            if len(found) > 1:
                values = np.concatenate([part.values for part in found])
            return Computed(
                values if dtype == self._format.name else round_array(values, self._format), dtype
            )

    def tally(self, reference: Reference, short: int) -> Tally:
        """What is counted of a block of ascending z."""
        values, dtype = self.computed(reference.z)
        again = self.computed(reference.z, short).values
        found, settled = self.measure.where_settled(
            reference, lambda some: self._tally(reference.at(some), values[some], again[some])
        )
        unsettled = len(values) - len(values[settled])
        return replace(found, counts={**found.counts, "unsettled": unsettled}, dtype_returned=dtype)

    def _tally(self, reference: Reference, values: Array, again: Array) -> Tally:
        """The same of values from one array and ``again`` from short ones, where all is settled."""
        z = reference.z
        if len(z) == 0:
            return Tally(self._format.name, most=self._options.worst, way=self._way)
        with np.errstate(invalid="ignore"):  # from one infinity to the next
            steps = (values[1:] - values[:-1]) * self._way
        found = self.measure.compare(reference, values)
        moved = np.flatnonzero(
            (values.view(np.int64) != again.view(np.int64)) & ~(np.isnan(values) & np.isnan(again))
        )
        first, last = (Point(float(z[i]), float(values[i]), float(found.right[i]), 0.0) for i in (0, -1))
        if len(moved):
            values, found = self._worse(reference, values, found, again, moved)
        return replace(
            self._figures(z, values, found, len(moved)),
            ends=(first, last),
            turns=bool((steps < 0).any()),
        )

    def settled(self, z: Array, short: int) -> Tally | None:
        """The tally of a block where all is right and the exact values are next to one number, or to a
        multiple of z, but for less than LEAST_ULPS.

        As in ``Measure``, both ends tell this of all between; None where they do not.
        """
        ends = [float(z[0]), float(z[-1])]
        if not self.measure.settles_between(*ends):
            return None
        try:
            rights = [self._f.derivative_float(end, self._of, self._format) for end in ends]
        except UnsettledError:
            return None
        if rights[0] == rights[1]:
            right = np.full(1, rights[0])  # at each z
        else:
            far = abs(ends[1]) > abs(ends[0])
            right = rights[far] / ends[far] * z
            if [right[0], right[-1]] != rights:
                return None
        try:
            errors = [self.measure.error(*point) for point in zip(ends, rights, strict=True)]
        except UnsettledError:
            return None
        if max(errors) >= LEAST_ULPS:
            return None
        (values, dtype), again = self.computed(z), self.computed(z, short).values
        if not ((values == right).all() and (values.view(np.int64) == again.view(np.int64)).all()):
            return None
        normal = np.broadcast_to(self._is_normal(right), len(z))
        points = [Point(*end) for end in zip(ends, rights, rights, errors, strict=True)]
        tallies = [
            Tally(
                self._format.name,
                {
                    **dict.fromkeys(("points", "correctly_rounded", "faithful"), count),
                    "normal": int(np.count_nonzero(normal[part])),
                },
                largest=point if normal[i] else None,
                largest_near=point if normal[i] and abs(point.z) <= _NEAR else None,
                worst=(point,) if self._options.worst else (),
                most=self._options.worst,
                ends=(point, point),
                way=self._way,
                dtype_returned=dtype,
            )
            for point, i, part, count in zip(
                points, (0, -1), (slice(-1), slice(-1, None)), (len(z) - 1, 1), strict=True
            )
        ]
        profile = self._profile(z, np.zeros(len(z)), np.zeros(0, np.int64), {})
        return replace(tallies[0] + tallies[1], profile=profile)

    def _worse(
        self, reference: Reference, values: Array, found: Measured, again: Array, moved: Array
    ) -> tuple[Array, Measured]:
        """Of two values at the same point the worse, with what was found of it."""
        other = self.measure.compare(reference.at(moved), again[moved])
        is_worse = other.ulps > found.ulps[moved]
        places = moved[is_worse]
        values = values.copy()
        values[places] = again[places]
        columns = [column.copy() for column in found]
        for column, theirs in zip(columns, other, strict=True):
            column[places] = theirs[is_worse]
        return values, Measured(*columns)

    def elsewhere(self) -> Tally:
        """What is found at infinities, NaN and kinks."""
        limits, unsettled = self._limits()
        return Tally(
            self._format.name,
            {"unsettled": unsettled},
            most=self._options.worst,
            way=self._way,
            limits=limits,
            kink=self._kinks(),
        )

    def _is_normal(self, right: Array) -> Array:
        size = abs(right)
        normal: Array = (size >= self._format.smallest_normal) & (size < math.inf)
        return normal

    def _figures(self, z: Array, x: Array, found: Measured, moved: int) -> Tally:
        fmt, normal = self._format, self._is_normal(found.right)
        measured = normal & np.isfinite(x)
        # What is right is nothing else.
        wrong = np.flatnonzero(~found.correct)
        at, got, right, is_normal, ulps = (a[wrong] for a in (z, x, found.right, normal, found.ulps))
        finite, right_finite = np.isfinite(got), np.isfinite(right)
        flushed = (got == 0) & ~is_normal & right_finite
        small = (abs(at) < fmt.smallest_normal) & (at != 0)
        taken = small & ~flushed & np.isin(got, self._at_zero) & finite
        spared = np.zeros(len(wrong), bool) if self._options.strict_subnormals else flushed | taken
        spared |= (right == 0) & (abs(got) < fmt.smallest_normal)
        beyond, inaccurate = (
            (found.exceeded[wrong] > self._bounds.index(bound)) & ~spared
            for bound in (self._options.max_ulp, _ONE)
        )
        failed = beyond & np.isfinite(ulps)
        zero = (got == 0) & is_normal & ~taken
        measured[wrong[taken]] = False
        counted = {
            "zero_where_normal": zero,
            "zero_where_subnormal": flushed,
            "subnormal_taken_for_zero": taken,
            "wrong_sign": finite & right_finite & (((got < 0) & (right > 0)) | ((got > 0) & (right < 0))),
            "not_finite": ~finite,
            "finite_where_not": finite & ~right_finite,
            "failed": failed,
            "inaccurate": inaccurate,
        }
        if self._of == "g":
            counted["out_of_range"] = out_of_range(self._f, got, fmt)
        counts = {name: int(np.count_nonzero(where)) for name, where in counted.items()}
        return Tally(
            fmt.name,
            {
                **counts,
                "points": len(z),
                "correctly_rounded": len(z) - len(wrong),
                "faithful": int(np.count_nonzero(found.faithful)),
                "normal": int(np.count_nonzero(measured)),
                "position_dependent": moved,
            },
            exact_sum(found.side * np.where(measured, found.ulps, 0)),
            self._largest(z, x, found, measured),
            self._largest(z, x, found, measured & (abs(z) <= _NEAR)),
            float(abs(got[(right == 0) & finite]).max(initial=0.0)),
            min(at[zero].tolist(), key=lambda x: (abs(x), x < 0), default=None),
            self._worst(z, x, found),
            self._options.worst,
            way=self._way,
            rounded=self._with_rounded_parameters(at[failed], got[failed]),
            profile=self._profile(z, found.ulps, wrong, counted),
        )

    def _profile(self, z: Array, ulps: Array, wrong: Array, counted: Mapping[str, Array]) -> tuple[Seen, ...]:
        """The largest error in each column of a picture, and what is counted of the wrong values there."""
        if not self._options.profile:
            return ()
        columns, kinds = columns_of(z), np.zeros(len(z), np.int64)
        for bit, name in enumerate(PICTURED if len(wrong) else ()):
            kinds[wrong] |= counted[name] * np.int64(1 << bit)
        ulps = np.where(np.isfinite(ulps), ulps, 0.0)
        order = np.lexsort((ulps, kinds, columns))
        columns, kinds, ulps = columns[order], kinds[order], ulps[order]
        # Of each kind in a column the last is the largest.
        last = np.flatnonzero(np.diff(columns, append=COLUMNS) | np.diff(kinds, append=-1))
        last = last[(columns[last] >= -COLUMNS) & (columns[last] < COLUMNS)]
        rows = zip(columns[last].tolist(), ulps[last].tolist(), kinds[last].tolist(), strict=True)
        return seen_together(Seen(*row) for row in rows)

    def _largest(self, z: Array, x: Array, found: Measured, where: Array) -> Point | None:
        if not where.any():
            return None
        errors = np.where(where, found.ulps, -1)
        ties = np.flatnonzero(errors == errors.max())
        return self._point(z, x, found, int(ties[np.argmin(self._patterns(z[ties]))]))

    def _worst(self, z: Array, x: Array, found: Measured) -> tuple[Point, ...]:
        if not self._options.worst:
            return ()
        order = np.lexsort((self._patterns(z), -found.ulps))[: self._options.worst]
        worst = [self._point(z, x, found, i) for i in order.tolist()]
        return tuple(sorted(worst, key=lambda point: (-point.ulps, self._format.to_bits(point.z))))

    def _patterns(self, z: Array) -> Array:
        return to_bits(z, self._format)

    def _point(self, z: Array, x: Array, found: Measured, i: int) -> Point:
        exact = found.ulps[i]
        if 0 < exact < math.inf:
            exact = self.measure.error(float(z[i]), float(x[i]))
        return Point(float(z[i]), float(x[i]), float(found.right[i]), float(exact))

    def _limits(self) -> tuple[tuple[str, ...], int]:
        """What is not the limit at the infinities, or not NaN at NaN; and how many limits are not settled."""
        fmt, wrong, unsettled = self._format, [], 0
        for z in (-math.inf, math.inf, math.nan):
            try:
                right = self._f.derivative_float(z, self._of, fmt)
            except UnsettledError:
                unsettled += 1
                continue
            try:
                got = float(self.computed(np.array([z])).values[0])
            except Exception as error:
                wrong.append(f"raises {type(error).__name__} at {z}")
                continue
            if got != right and not (math.isnan(got) and math.isnan(right)):
                wrong.append(f"{fmt.text(got)} at {z}, not {fmt.text(right)}")
        return tuple(wrong), unsettled

    def _kinks(self) -> str | None:
        at = [z for kink in self._f.kinks if Fraction(z := self._format.round_exact(kink.z)) == kink.z]
        if not at or (self._of == "g" and not any(kink.is_jump for kink in self._f.kinks)):
            return None
        got = self.computed(np.array(at)).values
        return ", ".join(
            f"{self._format.text(float(x))} at {self._format.text(z)}" for z, x in zip(at, got, strict=True)
        )

    @cached_property
    def _rounded(self) -> Measure | None:
        """With the format's numbers nearest to parameters, if these are others."""
        rounded = rounded_parameters(self._f, self._format)
        try:
            near = bind(self._f.declaration, rounded) if rounded else None
        except ActcalcError:
            return None
        return None if near is None else Measure(near, self._of, self._format, self._bounds)

    def _with_rounded_parameters(self, z: Array, x: Array) -> float | None:
        """What the largest error is then."""
        if len(z) == 0 or self._rounded is None:
            return None
        ulps = self._rounded(z, x)[0].ulps
        return float(ulps[np.isfinite(ulps)].max(initial=0))


def rounded_parameters(f: Activation, fmt: Format) -> dict[str, Fraction]:
    """All parameters with the values nearest to them in a format; empty if they are these."""
    rounded = {name: Fraction(fmt.round_exact(value)) for name, value in f.parameters.items()}
    return {} if rounded == dict(f.parameters) else rounded


def row_of(f: Activation, of: Quantity, tally: Tally, target: str = "") -> Row:
    """What a tally says of an activation."""
    texts = {name: f.texts[name] for name in f.parameters}
    has_defaults = all(f.texts[parameter.name] == parameter.default for parameter in f.declaration.parameters)
    label = f.name if has_defaults else f.describe()
    row = Row(f.name, texts, of, tally.dtype, target=target, label=label)
    if tally.missing:
        return replace(row, verdict="not implemented", message=tally.missing)
    if tally.raised:
        return replace(row, verdict="raised", passed=False, message=tally.raised)
    n = Counter(tally.counts)
    broken = [f"{KINDS[name].words} ({n[name]})" for name in BREAKING if n[name]]
    fmt = FORMATS[tally.dtype]
    if tally.first_zero_z is not None:  # it is the first of them
        broken[0] += f", from z = {fmt.text(tally.first_zero_z)} on"
    if broken:
        verdict = "broken"
    elif n["correctly_rounded"] == n["points"]:
        verdict = "right"
    else:
        verdict = "inaccurate" if n["inaccurate"] else "within 1 ulp"
    other = tally.dtype_returned if tally.dtype_returned != tally.dtype else None
    passed = not broken and not n["failed"] and not n["unsettled"]
    messages = broken if other is None else [*broken, f"returns {other} for {tally.dtype}"]
    if n["unsettled"]:
        messages = [*messages, f"{KINDS['unsettled'].words} ({n['unsettled']})"]
    if tally.rounded is not None:
        shown = ", ".join(
            f"{name}={float(value):.9g}"
            for name, value in rounded_parameters(f, fmt).items()
            if value != f.parameters[name]
        )
        messages = [*messages, f"{tally.rounded:.3g} ulps with {shown}"]
    return replace(
        row,
        points=n["points"],
        correctly_rounded=n["correctly_rounded"],
        faithful=n["faithful"],
        largest=tally.largest,
        largest_near=tally.largest_near,
        largest_at_zero=tally.largest_at_zero,
        bias_ulp=tally.bias_ulp,
        zero_where_normal=n["zero_where_normal"],
        zero_where_subnormal=n["zero_where_subnormal"],
        subnormal_taken_for_zero=n["subnormal_taken_for_zero"],
        first_zero_z=tally.first_zero_z,
        wrong_sign=n["wrong_sign"],
        not_finite=n["not_finite"],
        finite_where_not=n["finite_where_not"],
        out_of_range=n["out_of_range"] if of == "g" else None,
        monotone=not tally.turns if tally.way else None,
        position_dependent=n["position_dependent"],
        unsettled=n["unsettled"],
        dtype_returned=other,
        kink=tally.kink,
        limits=tally.limits,
        verdict=verdict,
        passed=passed and other is None,
        message="; ".join([*messages, *tally.limits]),
        worst=tally.worst,
        profile=tally.profile,
    )
