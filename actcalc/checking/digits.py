"""Decimals with few digits, as people print them, compared with the right values.

Nothing is rounded to a float format: z and the values are taken as written.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import partial
from heapq import nlargest
from typing import Any, NamedTuple

from actcalc._version import __version__
from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity, prime
from actcalc.arithmetic.exact import Rounding, evaluate
from actcalc.checking.failures import KINDS, say_counts
from actcalc.errors import ActcalcError, InputError, UnsettledError, quote
from actcalc.numbers.digits import Digits
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.numerals import Numeral, parse_exact
from actcalc.numbers.places import Place, PlaceMissed, decade, last_place
from actcalc.output.documents import Document
from actcalc.output.pages import Line, Part
from actcalc.output.rows import Column, Table, one_by_one

Number = Fraction | float
"""An exact number, or a float that is infinite or NaN."""


def read_number(text: str) -> Number:
    """The number that ``text`` writes; it may be a fraction. Raises ActcalcError for other texts."""
    if "/" in text:
        return parse_exact(text)
    numeral = Numeral(text)
    return numeral.exact() if numeral.is_finite else numeral.to_format(FLOAT64)


class Deviation(NamedTuple):
    """A point: its texts, and its error in units of the last place."""

    units: float
    """Infinite if only one of value and right value is finite, or if 0 is right."""
    z: str
    got: str
    right: str = ""


class DigitsReport(NamedTuple):
    """A report on values that should be right to a place."""

    f: Activation
    of: Quantity
    place: Place
    points: int
    right: int
    largest: Deviation | None
    worst: Sequence[Deviation]
    kink_points: int
    unsettled: int
    """Points whose right value is not settled; no other figure counts them."""
    guess: str = ""
    """A guess at how wrong values were computed."""
    variable: str = "z"
    """The name of the points: a if they are values of g."""

    @property
    def passed(self) -> bool:
        return self.points == self.right and not self.unsettled


class DigitsCheck:
    """A judge of numbers: those off by at most half a unit of the last place are right."""

    def __init__(self, f: Activation, of: Quantity, place: Place, at_kink: str | None) -> None:
        self._f, self._of, self._place, self._at_kink = f, of, place, at_kink
        self.kink_points = 0

    def missed(self, z: Number, x: Number) -> tuple[bool, float]:
        """Whether ``x`` is wrong at ``z``, and its error in units of the last place.

        Raises UnsettledError.
        """
        answers = self._answers(z)
        self.kink_points += len(answers) > 1
        right = [self._near(answer, x) for answer in answers]
        if isinstance(x, float) or isinstance(right[0], float):
            is_right = any(x == v or (x != x and v != v) for v in right)
            return not is_right, 0.0 if is_right else math.inf
        exact = [Fraction(v) for v in right]
        if len(exact) > 1 and not self._is_jump(z) and min(exact) <= x <= max(exact):
            return False, 0.0  # a slope between two
        off = [self._units(x, v) for v in exact]
        best = off.index(min(off))
        if abs(off[best] - 0.5) > 1e-6:
            return off[best] > 0.5, off[best]
        return bool(answers[best](PlaceMissed(x, self._place))), off[best]

    def right(self, z: Number, x: Number) -> str:
        """The right value nearest to ``x``, with two digits more than asked for."""
        values = [self._near(answer, x) for answer in self._answers(z)]
        if isinstance(values[0], float) or isinstance(x, float):
            nearest = 0
        else:
            nearest = min(range(len(values)), key=lambda i: abs(Fraction(values[i]) - x))
        value = values[nearest]
        if isinstance(value, float):
            return repr(value)
        before = decade(Fraction(value)) + 1 if self._place.is_fixed and value else 0
        digits = Digits(max(before + self._place.digits, 1) + 2)
        rounded = self._answers(z)[nearest](digits)
        return repr(rounded) if isinstance(rounded, float) else digits.text(rounded)

    def shown(self, point: Deviation) -> Deviation:
        """The point with its right value."""
        return point._replace(right=self.right(read_number(point.z), read_number(point.got)))

    def _answers(self, z: Number) -> list[Any]:
        """A function for each right value at z, which takes a rounding and gives the rounded value."""
        f, of = self._f, self._of
        if isinstance(z, float):
            return [lambda rounding: z if z != z else f.limit(z, of, rounding)]
        kink = f.kink_at_or_none(z, "dg" if of == "g" else of) if self._at_kink is None else None
        if kink is None or (of == "g" and not kink.is_jump):
            return [partial(self._one, z)]
        sides = kink.left.formula(of, -1), kink.right.formula(of, 1)
        return [partial(evaluate, formula, z) for formula in sides]

    def _one(self, z: Fraction, rounding: Rounding[Any]) -> Any:
        value = self._f.derivative_at(z, self._of, rounding, self._at_kink or "least")
        return math.nan if value is None else value

    def _is_jump(self, z: Number) -> bool:
        kink = self._f.kink_at_or_none(Fraction(z), "dg" if self._of == "g" else self._of)
        return kink is not None and kink.is_jump

    def _near(self, answer: Any, x: Number) -> Decimal | float:
        """A right value with enough digits to compute the error of ``x``."""
        digits, is_fixed = self._place
        value: Decimal | float = answer(Digits(25 if is_fixed else digits + 12))
        if is_fixed and not isinstance(value, float) and value.adjusted() + digits > 10:
            value = answer(Digits(value.adjusted() + digits + 15))
        return value

    def _units(self, x: Fraction, exact: Fraction) -> float:
        unit = self._place.unit(exact)
        if unit == 0:
            return math.inf if x else 0.0
        off = abs(x - exact) / unit
        return float(off) if off < 10**300 else 1e300


def check_digits(
    f: Activation,
    of: Quantity,
    pairs: Iterable[tuple[Sequence[str], Sequence[str]]],
    digits: int | None,
    at_kink: str | None = None,
    most: int = 0,
) -> DigitsReport:
    """The report on texts of z and of values, which should be right to ``digits`` significant digits.

    If ``digits`` is None, they should be right to the last place of the values. The report lists the ``most``
    worst of the wrong ones. Raises ActcalcError if there are no points, or no value has a last place.
    """
    if digits is None:
        pairs = list(pairs)
        finite = (text for _, values in pairs for text in values if "/" not in text)
        place = last_place(map(Numeral, finite))
    else:
        place = Place(digits)
    judge = DigitsCheck(f, of, place, at_kink)
    points = right = unsettled = 0
    found: list[Deviation] = []  # the largest
    worst: list[Deviation] = []
    for block in pairs:
        missed_here: list[Deviation] = []
        for z, x in zip(*block, strict=True):
            try:
                missed, units = judge.missed(read_number(z), read_number(x))
            except UnsettledError:
                unsettled += 1
                continue
            except ActcalcError as error:
                raise InputError(f"z = {quote(z)[1:-1]}: {error.line}", error.hint) from None
            points += 1
            right += not missed
            if missed and most:
                missed_here.append(Deviation(units, z, x))
            if not found or units > found[0].units:
                found = [Deviation(units, z, x)]
        worst = nlargest(most, [*worst, *missed_here], key=_units_of)
    if not (points or unsettled):
        raise ActcalcError("there are no points to compare")
    largest, worst = ([judge.shown(point) for point in points_] for points_ in (found, worst))
    return DigitsReport(
        f, of, place, points, right, next(iter(largest), None), worst, judge.kink_points, unsettled
    )


def _units_of(point: Deviation) -> float:
    return point.units


_WORST = [
    *(Column("z", kind="number"), Column("got", kind="number"), Column("right", kind="number")),
    Column("units", "units of the last place", "number"),
]


def document(report: DigitsReport, note: str = "", file: str = "", options: str = "") -> Document:
    """The report; for people also the verdict, and a note if there is one.

    It names the ``file`` and the ``options`` used.
    """
    known = as_object(report, file)
    facts = [
        Column(f"{report.f.describe()} {_titled(report)} in decimals"),
        Column(" ", may_be_cut=True),
    ]
    parts: list[Part] = [Table(facts, one_by_one(_facts(report, file, options)))]
    flat = {key: value for key, value in known.items() if key not in ("worst", "version", "file", "guess")}
    flat["parameters"] = "; ".join(f"{name}={text}" for name, text in known["parameters"].items())
    rows = Table([Column(key) for key in flat], one_by_one([[_cell(value) for value in flat.values()]]))
    if report.worst:
        rows = Table(_WORST, one_by_one([[p.z, p.got, p.right, f"{p.units:.6g}"] for p in report.worst]))
        parts.append(rows)
    guess = [f"guess: {report.guess}"] * bool(report.guess)
    below = [note] * bool(note) + guess + [Line(verdict(report))]
    return Document(rows, lambda: below, known, text=parts, markup=parts)


def _titled(report: DigitsReport) -> str:
    return f"g{prime(report.of)}(z)" if report.variable == "z" else "g' from a"


def _cell(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def verdict(report: DigitsReport) -> str:
    """A line that says whether the checked values pass, and if not, why."""
    return (
        f"passed: all points are right to {report.place}" if report.passed else f"FAILED: {_against(report)}"
    )


def _against(report: DigitsReport) -> str:
    wrong = report.points - report.right
    return say_counts([(wrong, f"not right to {report.place}"), (report.unsettled, KINDS["unsettled"].words)])


def as_object(report: DigitsReport, file: str = "") -> dict[str, Any]:
    """The report as JSON has it, with the keys of a report in ulps where they apply."""
    top = report.largest
    return {
        "activation": report.f.name,
        "parameters": report.f.notable_parameters,
        "of": report.of,
        "digits": None if report.place.is_fixed else report.place.digits,
        "decimals": report.place.digits if report.place.is_fixed else None,
        "points": report.points,
        "right_to_place": report.right,
        "largest_error": top and float(f"{top.units:.6g}"),
        "at_z": top and top.z,
        "got": top and top.got,
        "right": top and top.right,
        "kink_points": report.kink_points,
        "unsettled": report.unsettled,
        "passed": report.passed,
        "message": _against(report),
        "worst": [{**point._asdict(), "units": float(f"{point.units:.6g}")} for point in report.worst],
        "version": __version__,
        "file": file or None,
        "guess": report.guess,
    }


def _facts(report: DigitsReport, file: str, options: str) -> Iterator[tuple[str, str]]:
    yield "points", f"{report.points:,}"
    share = 100 * report.right / report.points if report.points else 0
    yield f"right to {report.place}", f"{report.right:,} ({share:.1f} %)"
    if (top := report.largest) is not None:
        yield "largest error", f"{top.units:.3g} {'unit' if top.units == 1 else 'units'} of the last place"
        yield from ((f"at {report.variable}", top.z), ("got", top.got), ("right", top.right))
    if report.kink_points:
        yield "at a kink", f"{_count(report.kink_points)}, where several values are right"
    if report.unsettled:
        yield "unsettled", f"{report.unsettled:,}"
    yield "limit", f"half a unit of the last of {report.place}"
    if options:
        yield "options", options
    if file:
        yield "file", quote(file, 200)[1:-1]
    yield "actcalc", __version__


def _count(n: int) -> str:
    return "1 point" if n == 1 else f"{n:,} points"
