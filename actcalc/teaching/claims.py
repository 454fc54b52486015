"""The lecture's claims, and general checks of every activation, as rows that pass or fail.

Nothing here trusts the arithmetic that prints numbers: each claim that is more than a comparison is computed
anew in interval arithmetic with many digits.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from actcalc.activations.activation import Activation
from actcalc.arithmetic.interval import Interval
from actcalc.arithmetic.rational import RATIONAL, Undefined
from actcalc.catalogue.resolution import resolve
from actcalc.errors import UnsettledError
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.numerals import exact_text
from actcalc.output.rows import Column, FormulaText
from actcalc.teaching.triangle import (
    AGREE,
    WIDTH_TEXT,
    BeyondReach,
    Nearness,
    difference,
    digits_needed,
    enclosure,
    extra_powers,
    goes_one_way,
    height_over_width,
    magnitude,
    nearness,
)

COLUMNS = (
    Column("activation", "function", may_be_cut=True, identifies=True),
    Column("claim", identifies=True),
    Column("z", kind="number", identifies=True),
    Column("expected"),
    Column("computed"),
    Column("passed", kind="bool"),
)

SOURCE = (
    "The lecture is a video on the derivatives of activation functions, in Ukrainian. Its"
    " claims: N1 about any function, S1 to S5 about sigmoid, T1 to T5 about tanh, R1 to R3 about ReLU, L1 to"
    " L3 about leaky ReLU."
)
"""The line above the lecture's claims."""

SUMMARY = (
    Column("activation", "function", may_be_cut=True),
    Column("claim"),
    Column("says", "what is claimed", may_be_cut=True),
    Column("holds", "holds at z"),
)
"""The columns for people: a row for each claim."""

_SAYS = {
    "N1": f"g' = height/width of a triangle {WIDTH_TEXT} wide",
    "S1": "g' = g(1 - g)",
    "S2": "z = 10: g close to 1, g' close to 0",
    "S3": "z = -10: g close to 0, g' close to 0",
    "S4": "z = 0: g = 1/2, g' = 1/4",
    "S5": "from a = g(z) alone: g' = a(1 - a)",
    "T1": "g' = 1 - (tanh z)^2",
    "T2": "z = 10: tanh z close to 1, g' close to 0",
    "T3": "z = -10: tanh z close to -1, g' close to 0",
    "T4": "z = 0: tanh z = 0, g' = 1",
    "T5": "from a = g(z) alone: g' = 1 - a^2",
    "R1": "z < 0: g' = 0",
    "R2": "z > 0: g' = 1",
    "R3": "z = 0: g' undefined, 0 or 1 works",
    "L1": "z < 0: g' = 0.01",
    "L2": "z > 0: g' = 1",
    "L3": "z = 0: g' undefined, 0.01 or 1 works",
}
"""The claims of the lecture, in its own terms."""

_SHORTCUTS = {"sigmoid": "S5", "tanh": "T5"}
"""The lecture's claims about the slope from a."""

CLOSE = 1e-4
"""The largest distance that counts as "close to" at z = 10 and -10."""

_HUGE = 10**30
"""A size that everything that tends to infinity exceeds far out."""

_MOST_WORK = 8_000_000
"""The largest sum of squared digits for the triangles of a check; those with most digits are left out."""

_DEEPEST = 40_000
"""The largest decimal exponent of a slope to compare; a slope of 1e-1000000 takes a million digits."""


@dataclass(frozen=True)
class Check:
    """A row: a claim about an activation at a point, or at many if ``z`` is None, and its outcome.

    ``points`` states their number, if there are many. ``passed`` is None if nothing was checked, because
    every point would have taken too many digits.
    """

    activation: str
    claim: str
    z: int | None
    expected: str
    computed: str
    passed: bool | None
    points: str = ""

    def cells(self) -> list[str | None]:
        """The cells of COLUMNS."""
        z = None if self.z is None else FLOAT64.text(float(self.z))
        passed = None if self.passed is None else str(self.passed).lower()
        computed = ", ".join(filter(None, (self.points, self.computed)))
        return [self.activation, self.claim, z, self.expected, computed, passed]


def summary(checks: Iterable[Check]) -> str:
    """The number of claims that hold, that fail, and that were not checked, if any; each counts once."""
    found = Counter(
        False if False in outcomes else True if True in outcomes else None
        for outcomes in ({check.passed for check in made} for made in _claims(checks).values())
    )
    unchecked = f", {found[None]} not checked" if found[None] else ""
    return f"{found[True]} passed, {found[False]} failed{unchecked}"


def _claims(checks: Iterable[Check]) -> dict[tuple[str, str], list[Check]]:
    """The checks of each claim about an activation."""
    found: dict[tuple[str, str], list[Check]] = {}
    for check in checks:
        found.setdefault((check.activation, check.claim), []).append(check)
    return found


def by_claim(checks: Iterable[Check]) -> Iterator[list[str | None]]:
    """The cells of SUMMARY: one row for all checks of a claim about an activation."""
    for (activation, claim), made in _claims(checks).items():
        outcomes = []
        for passed, word in ((True, ": yes"), (False, ": NO"), (None, "")):
            alike = [check for check in made if check.passed is passed]
            # A check at many points says more than those at some of them.
            places = [check.points for check in alike if check.z is None] or [str(check.z) for check in alike]
            outcomes += [", ".join(places) + word] if places else []
        yield [activation, claim, _SAYS.get(claim, made[0].expected), "; ".join(outcomes)]


def lecture_checks(names: Iterable[str]) -> Iterator[Check]:
    """Every numbered claim of the lecture about ``names``."""
    for name in names:
        f = resolve(name)
        if name in _LECTURE:
            yield from _triangles(f)
            yield from _LECTURE[name](f)


def is_lectured(f: Activation) -> bool:
    """Whether the lecture is about this function."""
    return f.name in _LECTURE and f == resolve(f.name)


def _called(f: Activation) -> str:
    """The name in rows, the same for the lecture's claims and for general ones."""
    return f.name if is_lectured(f) else f.describe()


def general_checks(f: Activation) -> Iterator[Check]:
    """The checks that apply to every activation: triangle, kinks, limits, shortcut."""
    yield _triangle_check(f)
    if f.kinks:
        yield _kink_check(f)
    if any(limit == limit for limits in f.ends for limit in limits):
        yield _limit_check(f)
    if not isinstance(f.shortcut, str):
        yield _shortcut_check(f)


# The lecture.


def _triangles(f: Activation) -> Iterator[Check]:
    for z in (-10, 0, 10):
        if f.kink_at(Fraction(z)) is None:
            said = f"height/width = {_short(height_over_width(f, Fraction(z)))} (width {WIDTH_TEXT})"
            yield Check(f.name, "N1", z, said, _shown(f.dg_float(z)), nearness(f, Fraction(z)).holds)


def _shown(dg: float, g: float | None = None) -> str:
    slope = FLOAT64.text(dg)
    return f"g' = {slope}" if g is None else f"g {FLOAT64.text(g)}, g' {slope}"


def _exactly(f: Activation, claim: str, z: int, g: float | None, dg: float) -> Check:
    got = f.dg_float(z), None if g is None else f.g_float(z)
    return Check(f.name, claim, z, f"{_shown(dg, g)} exactly", _shown(*got), got == (dg, g))


def _close(f: Activation, claim: str, z: int, g: float) -> Check:
    passed = abs(f.g_float(z) - g) < CLOSE and abs(f.dg_float(z)) < CLOSE
    said = f"g close to {g:g}, g' close to 0 (within {CLOSE:g})"
    return Check(f.name, claim, z, said, _shown(f.dg_float(z), f.g_float(z)), passed)


def _identity(f: Activation, claim: str, text: str, slope: Callable[[Interval], Interval]) -> Iterator[Check]:
    """Checks of g' against a formula in g(z), computed from an enclosure of g(z)."""
    for z in (-10, 0, 10):
        bounds = slope(enclosure(f.piece_at(Fraction(z)).g, Fraction(z)))
        expected = FLOAT64.round_between(bounds.low, bounds.high)
        said = f"{text} = {'?' if expected is None else FLOAT64.text(expected)}"
        yield Check(f.name, claim, z, said, _shown(f.dg_float(z)), expected == f.dg_float(z))


def _shortcut(f: Activation, claim: str, text: str) -> Iterator[Check]:
    shortcut = f.require_shortcut()
    return _identity(f, claim, text, lambda a: shortcut.pieces[0][0](a.m, a))


def _sigmoid(f: Activation) -> Iterator[Check]:
    yield from _identity(f, "S1", "g (1 - g)", lambda g: g * (1 - g))
    yield _close(f, "S2", 10, 1)
    yield _close(f, "S3", -10, 0)
    yield _exactly(f, "S4", 0, 0.5, 0.25)
    yield from _shortcut(f, "S5", "from a: a (1 - a)")


def _tanh(f: Activation) -> Iterator[Check]:
    yield from _identity(f, "T1", "1 - g^2", lambda g: 1 - g * g)
    yield _close(f, "T2", 10, 1)
    yield _close(f, "T3", -10, -1)
    yield _exactly(f, "T4", 0, 0.0, 1.0)
    yield from _shortcut(f, "T5", "from a: 1 - a^2")


def _rectifier(letter: str, below: float) -> Callable[[Activation], Iterator[Check]]:
    def checks(f: Activation) -> Iterator[Check]:
        yield _exactly(f, f"{letter}1", -10, None, below)
        yield _exactly(f, f"{letter}2", 10, None, 1.0)
        yield _either_works(f, f"{letter}3", below)

    return checks


_LECTURE = {
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "relu": _rectifier("R", 0.0),
    "leaky_relu": _rectifier("L", 0.01),
}


def _either_works(f: Activation, claim: str, below: float) -> Check:
    """A check that g' is undefined at 0 and both choices are subgradients: g(z) >= g(0) + s z everywhere."""
    left, right = f.dg_float(0.0, at_kink="left"), f.dg_float(0.0, at_kink="right")
    grid = [Fraction(n, 8) for n in range(-80, 81)]

    def g(z: Fraction) -> Fraction:
        return Fraction(f.piece_at(z).g(RATIONAL, z))

    def is_subgradient(slope: Fraction) -> bool:
        return all(g(z) >= g(Fraction(0)) + slope * z for z in grid)

    sides = [Fraction(side.dg(RATIONAL, kink.z)) for kink in f.kinks for side in (kink.left, kink.right)]
    both = all(map(is_subgradient, sides))
    said = f"undefined; {FLOAT64.text(below)} or {FLOAT64.text(1.0)} work, as subgradients"
    are = "both" if both else "not both"
    computed = f"left {FLOAT64.text(left)}, right {FLOAT64.text(right)}; {are} subgradients"
    passed = len(sides) == 2 and both and (left, right) == (below, 1.0)
    return Check(f.name, claim, 0, said, computed, passed)


def _short(value: Interval) -> str:
    return FLOAT64.text(FLOAT64.round_exact(Fraction(value.low)))


# The general checks.


def _points(f: Activation) -> list[Fraction]:
    """Points all over the line, tails included, but not at kinks."""
    tenths = [Fraction(n, 10) for n in (-400, -191, -100, -37, -21, -11, -4, 3, 9, 15, 29, 73, 100, 375)]
    return [z for z in (*tenths, Fraction(0), Fraction(-100), Fraction(100)) if _is_within_reach(f, z)]


def _is_within_reach(f: Activation, z: Fraction) -> bool:
    """Whether z is not a kink, g' has a value there, and the triangle does not take too many digits."""
    try:
        return (
            f.kink_at(z) is None
            and abs(magnitude(f.piece_at(z).dg, z)) < _DEEPEST
            and digits_needed(f, z) < _DEEPEST
        )
    except (Undefined, ZeroDivisionError, BeyondReach, UnsettledError):
        return False


def _worst(f: Activation, claim: str, said: str, differences: Mapping[str, Decimal | Nearness]) -> Check:
    if not differences:
        without = "" if f.is_declared else "has no value, or "
        reason = f"every point {without}takes too many digits"
        return Check(_called(f), claim, None, said, reason, None, "not checked")
    fails = {
        where: not found.holds if isinstance(found, Nearness) else found > AGREE
        for where, found in differences.items()
    }
    sizes = {
        where: found.wide if isinstance(found, Nearness) else found for where, found in differences.items()
    }
    where = max(sizes, key=lambda where: (fails[where], sizes[where]))
    computed = f"relative error at most {sizes[where]:.0e} (at {where})"
    if fails[where]:
        computed = f"relative error {sizes[where]:.0e} at {where}"
    points = f"{len(differences)} points"
    return Check(_called(f), claim, None, said, computed, not any(fails.values()), points)


def _affordable(f: Activation, places: Sequence[tuple[Fraction, str]]) -> list[tuple[Fraction, str]]:
    """The places, each a z and a side, whose triangles together take no more than _MOST_WORK."""
    digits = {place: digits_needed(f, *place) for place in places}
    work = 0
    for place in sorted(places, key=digits.__getitem__):
        work += digits[place] ** 2
        if work > _MOST_WORK:
            del digits[place]
    return list(digits)


def _triangle_check(f: Activation) -> Check:
    places = _affordable(f, [(z, "") for z in _points(f)])
    differences = {}
    for z, _ in places:
        with suppress(BeyondReach):
            near = nearness(f, z)
            # A formula may have an unknown jump within a triangle, or at z alone.
            if near.holds or f.is_declared or goes_one_way(f, z):
                differences[f"z = {exact_text(z)}"] = near
    return _worst(f, "N1", _SAYS["N1"], differences)


def _kink_check(f: Activation) -> Check:
    differences = {
        f"z = {exact_text(z)}, {side}": nearness(f, z, side)
        for z, side in _affordable(f, [(kink.z, side) for kink in f.kinks for side in ("left", "right")])
    }
    return _worst(f, "kinks", "triangles on each side: that side's slope", differences)


def _limit_check(f: Activation) -> Check:
    """A check of g and g' far out against the declared limits."""
    differences = {}
    for side, limits in zip((-1, 1), f.ends, strict=True):
        exponent = 120 + 2 * extra_powers(f)
        far = side * Fraction(10) ** exponent
        piece = f.piece_at(far)
        for what, formula, limit in (("g", piece.g, limits[0]), ("g'", piece.dg, limits[1])):
            if limit != limit:
                continue  # it oscillates
            bounds = enclosure(formula, far)
            where = f"{what} at {'' if side > 0 else '-'}1e{exponent}"
            if isinstance(limit, float):
                reached = bounds.low > _HUGE if limit > 0 else bounds.high < -_HUGE
                differences[where] = Decimal(0 if reached else 1)
            else:
                differences[where] = difference(bounds, bounds.m.number(Fraction(limit)))
    return _worst(f, "limits", "g and g' at +-inf", differences)


def _shortcut_check(f: Activation) -> Check:
    """A check of the slope from an enclosure of a = g(z) against g'(z)."""
    shortcut = f.require_shortcut()
    differences = {}
    for z in _points(f):
        piece = f.piece_at(z)
        slope = enclosure(piece.dg, z, 400)
        a = enclosure(piece.g, z, 400)
        middle = Fraction(a.low) if a.low == a.high else (Fraction(a.low) + Fraction(a.high)) / 2
        if any(a.low <= level <= a.high for level in shortcut.flat):
            from_a = a.m.number(0)
        else:
            formula = next(g for g, upto in shortcut.pieces if upto is None or middle <= upto)
            from_a = a.m.number(formula(a.m, a))
        differences[f"z = {exact_text(z)}"] = difference(from_a, slope)
    claim = _SHORTCUTS[f.name] if is_lectured(f) and f.name in _SHORTCUTS else "shortcut"
    return _worst(f, claim, FormulaText(f"g' = {shortcut.text}"), differences)
