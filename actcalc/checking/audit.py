"""Somebody's activations run at many points and held against the right values: a row for each."""

import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from actcalc.activations.activation import Activation
from actcalc.activations.arrays import enclose
from actcalc.activations.declaration import Quantity
from actcalc.activations.parameters import bind
from actcalc.checking.measure import Measure, Measured
from actcalc.checking.points import place_of, points
from actcalc.errors import ActcalcError, quoted
from actcalc.frameworks.target import Computed, NotImplementedHere, Run, Target
from actcalc.numbers.float_arrays import round_array
from actcalc.numbers.floats import Format

Array = npt.NDArray[Any]

OF: tuple[Quantity, ...] = ("g", "dg")
VERDICTS = ("right", "within 1 ulp", "inaccurate", "broken", "raised", "not implemented")
_NEAR = 10.0
_ULP_BITS = 64
_ONE = Fraction(1)


@dataclass(frozen=True)
class Point:
    """A point with its error in ulps."""

    z: float
    got: float
    right: float
    ulps: float


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
    """Points whose error is below one ulp, and whose value is next to the right one."""
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

    @property
    def badness(self) -> tuple[int, int, float]:
        """Rows in the order of this: failures first, the worst before."""
        order = ("raised", "broken", "inaccurate", "within 1 ulp", "right", "not implemented")
        return (self.passed, order.index(self.verdict), 0 if self.largest is None else -self.largest.ulps)


def audit(
    target: Target,
    activations: Iterable[Activation],
    of: Sequence[str] = OF,
    dtypes: Sequence[Format] = (),
    max_ulp: Fraction = _ONE,
    count: int = 20_000,
    strict_subnormals: bool = False,
    worst: int = 0,
) -> Iterator[Row]:
    """A row for each activation, quantity and format, as they are worked out."""
    for what in of:
        if what not in OF:
            raise ActcalcError(f"is one of {', '.join(OF)}, not {quoted(what)}", about="of")
    for f in activations:
        for fmt in dtypes:
            z: Array | None = None
            for what in of:
                row = Row(f.name, {name: f.texts[name] for name in f.parameters}, what, fmt.name)
                try:
                    run = target.run(f, what, fmt)
                    if run is None:
                        continue
                    z = points(f, fmt, count) if z is None else z
                    yield _Audited(f, what, fmt, run, max_ulp, strict_subnormals).row(
                        row, z, target.short, worst
                    )
                except NotImplementedHere as error:
                    yield replace(row, verdict="not implemented", message=str(error))
                except ActcalcError:
                    raise
                except Exception as error:  # whatever it raises is what the row says
                    text = (str(error).splitlines() or [""])[0]
                    yield replace(
                        row, verdict="raised", passed=False, message=f"{type(error).__name__}: {text}"
                    )


class _Audited:
    """One activation, quantity and format of a target."""

    def __init__(
        self, f: Activation, of: str, fmt: Format, run: Run, max_ulp: Fraction, strict_subnormals: bool
    ) -> None:
        self._f, self._of, self._format, self._run = f, of, fmt, run
        self._bounds = sorted({_ONE, max_ulp})
        self._max_ulp = max_ulp
        self._strict = strict_subnormals
        self._quantity: Quantity = "g" if of == "g" else "dg"
        self._measure = Measure(f, self._quantity, fmt, self._bounds)

    def _computed(self, z: Array, length: int | None = None) -> Computed:
        """The values at each z, from one array or from arrays of a length."""
        length = length or len(z)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = [self._run(z[i : i + length]) for i in range(0, len(z), length)]
            values = np.concatenate([part.values for part in found])
            return Computed(round_array(values, self._format), found[0].dtype)

    def row(self, row: Row, z: Array, short: int, worst: int) -> Row:
        fmt = self._format
        values, dtype = self._computed(z)
        again = self._computed(z, short).values
        found, monotone = self._measured(z, values), self._monotone(values)
        moved = np.flatnonzero(
            (values.view(np.int64) != again.view(np.int64)) & ~(np.isnan(values) & np.isnan(again))
        )
        if len(moved):
            values, found = self._worse(z, values, found, again, moved)
        row = self._figures(row, z, values, found, worst)
        other = dtype if dtype != fmt.name else None
        limits, kink = self._limits(), self._kinks()
        row = replace(
            row,
            monotone=monotone,
            position_dependent=len(moved),
            dtype_returned=other,
            limits=limits,
            kink=kink,
        )
        messages = [row.message] if row.message else []
        if other is not None:
            messages.append(f"returns {other} for {fmt}")
        if not row.passed and (text := self._with_rounded_parameters(z, values)):
            messages.append(text)
        return replace(row, passed=row.passed and other is None, message="; ".join([*messages, *limits]))

    def _measured(self, z: Array, values: Array, measure: Measure | None = None) -> Measured:
        blocks = [
            (measure or self._measure)(z[i : i + (1 << 14)], values[i : i + (1 << 14)])
            for i in range(0, len(z), 1 << 14)
        ]
        return Measured(*(np.concatenate(column) for column in zip(*blocks, strict=True)))

    def _worse(
        self, z: Array, values: Array, found: Measured, again: Array, moved: Array
    ) -> tuple[Array, Measured]:
        """Of two values at the same point the worse, with what was found of it."""
        other = self._measured(z[moved], again[moved])
        is_worse = other.ulps > found.ulps[moved]
        places = moved[is_worse]
        values = values.copy()
        values[places] = again[places]
        columns = [column.copy() for column in found]
        for column, theirs in zip(columns, other, strict=True):
            column[places] = theirs[is_worse]
        return values, Measured(*columns)

    def _figures(self, row: Row, z: Array, x: Array, found: Measured, worst: int) -> Row:
        fmt, right = self._format, found.right
        normal = np.isfinite(right) & (abs(right) >= fmt.smallest_normal)
        finite = np.isfinite(x)
        beyond = (found.exceeded > self._bounds.index(self._max_ulp)) & ~found.correct
        flushed = (x == 0) & (right != 0) & ~normal & np.isfinite(right)
        at_zero = {float(v) for v in self._computed(np.array([0.0, -0.0])).values}
        small = (abs(z) < fmt.smallest_normal) & (z != 0)
        taken = small & ~found.correct & ~flushed & np.isin(x, list(at_zero)) & finite
        spared = np.zeros(len(z), bool) if self._strict else flushed | taken
        hidden = {
            "zero_where_normal": (x == 0) & normal & ~taken,
            "wrong_sign": finite & np.isfinite(right) & (((x < 0) & (right > 0)) | ((x > 0) & (right < 0))),
            "not_finite": ~finite & ~found.correct,
            "finite_where_not": finite & ~np.isfinite(right),
        }
        counts = {name: int(where.sum()) for name, where in hidden.items()}
        zeros = z[hidden["zero_where_normal"]]
        first = float(zeros[np.argmin(abs(zeros))]) if len(zeros) else None
        failed = beyond & np.isfinite(found.ulps) & ~spared & ~((right == 0) & (abs(x) < fmt.smallest_normal))
        close = finite & np.isfinite(right) & (found.ulps < 1)
        faithful = found.correct.copy()
        faithful[close] |= abs(place_of(x[close], fmt) - place_of(right[close], fmt)) <= 1
        largest = self._largest(z, x, found, normal & finite & ~taken)
        broken = [f"{_WORDS[name]} ({n})" for name, n in counts.items() if n]
        if first is not None:  # it is the first of them
            broken[0] += f", from z = {fmt.text(first)} on"
        if broken:
            verdict = "broken"
        elif found.correct.all():
            verdict = "right"
        else:
            in_one = (
                (found.exceeded <= self._bounds.index(_ONE))
                | spared
                | (right == 0) & (abs(x) < fmt.smallest_normal)
            )
            verdict = "within 1 ulp" if in_one.all() else "inaccurate"
        return replace(
            row,
            points=len(z),
            correctly_rounded=int(found.correct.sum()),
            faithful=int(faithful.sum()),
            largest=largest,
            largest_near=self._largest(z, x, found, normal & finite & ~taken & (abs(z) <= _NEAR)),
            largest_at_zero=float(abs(x[(right == 0) & finite]).max(initial=0.0)),
            bias_ulp=self._bias(z, x, found, normal & finite & ~taken),
            zero_where_subnormal=int(flushed.sum()),
            subnormal_taken_for_zero=int(taken.sum()),
            first_zero_z=first,
            out_of_range=self._out_of_range(x),
            verdict=verdict,
            passed=not broken and not failed.any(),
            message="; ".join(broken),
            worst=self._worst(z, x, found, worst),
            zero_where_normal=counts["zero_where_normal"],
            wrong_sign=counts["wrong_sign"],
            not_finite=counts["not_finite"],
            finite_where_not=counts["finite_where_not"],
        )

    def _largest(self, z: Array, x: Array, found: Measured, where: Array) -> Point | None:
        if not where.any():
            return None
        errors = np.where(where, found.ulps, -1)
        ties = np.flatnonzero(errors == errors.max())
        return self._point(z, x, found, int(ties[np.argmin(abs(z[ties]))]))

    def _worst(self, z: Array, x: Array, found: Measured, count: int) -> tuple[Point, ...]:
        order = np.argsort(-found.ulps, kind="stable")[:count]
        return tuple(self._point(z, x, found, i) for i in order.tolist())

    def _point(self, z: Array, x: Array, found: Measured, i: int) -> Point:
        exact = found.ulps[i]
        if 0 < exact < math.inf:
            exact = self._measure.error(float(z[i]), float(x[i]))
        return Point(float(z[i]), float(x[i]), float(found.right[i]), float(exact))

    def _bias(self, z: Array, x: Array, found: Measured, where: Array) -> float | None:
        """The mean of signed errors in ulps, added up exactly in 2**-64 ulp."""
        if not where.any():
            return None
        side = np.sign(x - found.right)
        near = where & (side == 0)
        value, tail, _ = (np.concatenate(c) for c in zip(*self._enclosed(z[near]), strict=True))
        with np.errstate(all="ignore"):
            side[near] = np.sign((x[near] - value) - tail).astype(np.float64)
        total = sum(int(Fraction(u) * 2**_ULP_BITS) for u in (side * found.ulps)[where].tolist() if u == u)
        return float(Fraction(total, int(where.sum()) << _ULP_BITS))

    def _enclosed(self, z: Array) -> Iterator[tuple[Array, Array, Array]]:
        for i in range(0, max(len(z), 1), 1 << 14):
            yield enclose(self._f, self._quantity, z[i : i + (1 << 14)], self._format)

    def _out_of_range(self, x: Array) -> int | None:
        if self._of != "g":
            return None
        fmt = self._format
        low, high = (
            end if isinstance(end, float) else fmt.round_exact(Fraction(end)) for end in self._f.range[:2]
        )
        return int(((x < low) | (x > high)).sum())

    def _monotone(self, x: Array) -> bool | None:
        """Whether values at ascending z ascend, or descend, where g does."""
        way = self._f.monotone
        if self._of != "g" or not way.startswith(
            ("increasing", "nondecreasing", "decreasing", "nonincreasing")
        ):
            return None
        steps = x[1:] - x[:-1] if way.startswith(("increasing", "nondecreasing")) else x[:-1] - x[1:]
        return not bool((steps < 0).any())

    def _limits(self) -> tuple[str, ...]:
        """What is not the limit at the infinities, or not NaN at NaN."""
        fmt, wrong = self._format, []
        for z in (-math.inf, math.inf, math.nan):
            right = self._f.g_float(z, fmt) if self._of == "g" else self._f.dg_float(z, fmt)
            try:
                got = float(self._computed(np.array([z])).values[0])
            except Exception as error:
                wrong.append(f"raises {type(error).__name__} at {z}")
                continue
            if got != right and not (math.isnan(got) and math.isnan(right)):
                wrong.append(f"{fmt.text(got)} at {z}, not {fmt.text(right)}")
        return tuple(wrong)

    def _kinks(self) -> str | None:
        at = [z for kink in self._f.kinks if Fraction(z := self._format.round_exact(kink.z)) == kink.z]
        if not at or (self._of == "g" and not any(kink.is_jump for kink in self._f.kinks)):
            return None
        got = self._computed(np.array(at)).values
        return ", ".join(
            f"{self._format.text(float(x))} at {self._format.text(z)}" for z, x in zip(at, got, strict=True)
        )

    def _with_rounded_parameters(self, z: Array, x: Array) -> str:
        """What the error is if parameters are the format's numbers nearest to them."""
        f, fmt = self._f, self._format
        rounded = {name: Fraction(fmt.round_exact(value)) for name, value in f.parameters.items()}
        if rounded == dict(f.parameters):
            return ""
        try:
            near = bind(f.declaration, rounded)
        except ActcalcError:
            return ""
        found = self._measured(z, x, Measure(near, self._quantity, fmt, self._bounds))
        worst = found.ulps[np.isfinite(found.ulps)].max(initial=0)
        shown = ", ".join(f"{name}={float(v):.9g}" for name, v in rounded.items() if v != f.parameters[name])
        return f"{worst:.3g} ulps with {shown}"


_WORDS = {
    "zero_where_normal": "zero where normal",
    "wrong_sign": "wrong sign",
    "not_finite": "not finite",
    "finite_where_not": "finite where not",
}
