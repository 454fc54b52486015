"""Compare fresh points with the oracle: ``python -m tests.support.fresh --seed 1 --values 1000000``.

Values of the catalogue with random parameters, and formulas made by a grammar, are evaluated one by one and
in bulk and compared bit for bit with the right values of ``taylor``. Each mismatch is printed with a line
that reproduces it; the last line has the counts. ``--pages`` also compares the facts that ``show`` prints.
"""

import argparse
import contextlib
import math
import random
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from multiprocessing import get_context
from typing import Any, NamedTuple

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.activations.arrays import derivative_array
from actcalc.activations.aside import SetAside
from actcalc.activations.declaration import QUANTITIES
from actcalc.activations.parameters import bind
from actcalc.catalogue.lookup import declaration
from actcalc.catalogue.resolution import activation
from actcalc.errors import ActcalcError
from actcalc.numbers.floats import FORMATS
from tests.support import drawn
from tests.support.oracle import FMTS, Fmt
from tests.support.taylor import FAR, Point, is_minus_zero, is_right

BULK = 300
"""The least number of points that is evaluated as an array."""
SECONDS = 10
"""The time limit for an array or a value; timeouts are counted separately."""

ONE, MANY = "one by one", "in bulk"


class Wrong(NamedTuple):
    """A result that is wrong or missing."""

    kind: str
    """The kind of fault, by which mismatches are grouped in the output."""
    what: str
    z: float
    order: int
    fmt: str
    way: str
    returned: str
    right: str
    array: tuple[float, ...] = ()

    def __str__(self) -> str:
        neighbours = f" (array of {len(self.array)})" if self.array else ""
        return (
            f"{self.what} at z = {self.z!r} order {self.order} {self.fmt} {self.way}{neighbours}: "
            f"returned {self.returned}, right {self.right}"
        )


@dataclass
class Outcome:
    """The findings of a run."""

    compared: int = 0
    open: int = 0
    unsettled: int = 0
    formulas: int = 0
    pages: int = 0
    wrong: list[Wrong] = field(default_factory=list)
    wrongs: int = 0
    slow: list[str] = field(default_factory=list)
    """Evaluations that timed out."""
    unsettled_examples: list[str] = field(default_factory=list)
    """Values that were left undecided although the oracle decides them."""
    by_order: Counter[int] = field(default_factory=Counter)

    def add(self, other: "Outcome") -> None:
        self.compared += other.compared
        self.open += other.open
        self.unsettled += other.unsettled
        self.formulas += other.formulas
        self.pages += other.pages
        self.wrongs += other.wrongs
        self.wrong += other.wrong
        self.slow += other.slow
        self.unsettled_examples += other.unsettled_examples
        self.by_order += other.by_order

    def leave_out(self, what: str, right: tuple[float, ...]) -> None:
        """Count a value that was left undecided."""
        self.unsettled += 1
        if len(right) == 1 and len(self.unsettled_examples) < 5:
            self.unsettled_examples.append(f"{what}, right {right[0]!r}")

    def report(self, wrong: Wrong) -> None:
        self.wrongs += 1
        if sum(other.kind == wrong.kind for other in self.wrong) < 3:
            self.wrong.append(wrong)


_LATE = f"not done in {SECONDS} s"


class _TooLong(BaseException):
    """A timeout; not an Exception, so that no handler in between catches it."""


@contextlib.contextmanager
def _in_time(seconds: float) -> Iterator[None]:
    def late(*_: object) -> None:
        raise _TooLong

    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# Right values


@cache
def textbook(name: str, given: tuple[tuple[str, Fraction], ...] = ()) -> tuple[str, Mapping[str, Fraction]]:
    """The textbook formula of an activation, as declared, and its parameters."""
    f = bind(declaration(name), dict(given))
    return f.textbook_g, f.parameters


_WITHOUT_LIMIT = {"sin": range(9), "snake": range(1, 9), "snake_beta": range(1, 9)}
"""The orders of periodic functions that have no limit."""


class Subject:
    """A function under test, with its text for the oracle."""

    def __init__(self, f: Activation, name: str, is_formula: bool) -> None:
        self.f, self.name, self.is_formula = f, name, is_formula
        self.family = "formula" if is_formula else f.name
        self.text = f.name if is_formula else f.textbook_g
        self._points: dict[tuple[Fraction, int], Point] = {}

    def right(self, z: float, order: int, top: int, fmt: Fmt) -> tuple[float, ...]:
        """The right floats; none if the oracle is undecided."""
        if math.isnan(z):
            return (math.nan,)
        if math.isinf(z):
            return self._limit(z, order, fmt)
        return self._point(Fraction(z), top).right(order, fmt, is_minus_zero(z))

    def _limit(self, z: float, order: int, fmt: Fmt) -> tuple[float, ...]:
        if order in _WITHOUT_LIMIT.get(self.f.name, ()):
            return (math.nan,)
        if order > 2:
            return ()
        far = self._point(FAR if z > 0 else -FAR, 2).limit(order, fmt)
        if self.is_formula and far:
            # NaN is allowed where the limit is uncertain; functions that grow as slowly as log are infinite.
            return (*far, math.nan, *(math.copysign(math.inf, x) for x in far))
        return far

    def _point(self, z: Fraction, top: int) -> Point:
        if (z, top) not in self._points:
            self._points[z, top] = Point(self.text, z, top, self.f.parameters, textbook)
        return self._points[z, top]


# Returned values


def _one(subject: Subject, z: float, order: int, fmt: Fmt) -> float | str:
    """A single value, or the exception raised."""
    try:
        with _in_time(SECONDS), warnings.catch_warnings(action="ignore"):
            return subject.f.derivative_float(z, QUANTITIES[order], FORMATS[fmt.name])
    except ActcalcError as error:
        return f"{type(error).__name__}: {str(error)[:80]}"
    except _TooLong:
        return _LATE
    except Exception as error:
        return f"raised {type(error).__name__}: {str(error)[:80]}"


def _many(subject: Subject, z: list[float], order: int, fmt: Fmt) -> tuple[list[float] | str, bool]:
    """The values of an array, or the exception raised, and whether some were set aside."""
    aside = SetAside()
    try:
        with _in_time(SECONDS), warnings.catch_warnings(action="ignore"):
            found = derivative_array(
                subject.f, np.array(z), QUANTITIES[order], FORMATS[fmt.name], aside=aside
            )
            return found.tolist(), bool(aside.reasons)
    except ActcalcError as error:
        return f"{type(error).__name__}: {str(error)[:80]}", False
    except _TooLong:
        return _LATE, False
    except Exception as error:
        return f"raised {type(error).__name__}: {str(error)[:80]}", False


def _difference(returned: float | str, right: tuple[float, ...]) -> str:
    if isinstance(returned, str):
        return returned.partition(":")[0]
    value = right[0]  # if there are several, they are zeros, or the limit is uncertain
    if returned == value == 0:
        return "sign of a zero"
    if math.isnan(returned) or math.isnan(value):
        return "nan for a number" if math.isnan(returned) else "a number for nan"
    ends = {abs(returned), abs(value)}
    return "a zero, or none" if 0 in ends else "an infinity, or none" if math.inf in ends else "digits"


def compare(
    subject: Subject,
    points: list[float],
    orders: Iterable[int],
    fmt: Fmt,
    chance: random.Random,
    out: Outcome,
) -> None:
    """Compare all points in bulk, and some of them one by one, with the oracle."""
    top = max(orders)
    for order in orders:
        asked = _Asked(subject, order, fmt, {_key(z): subject.right(z, order, top, fmt) for z in points}, out)
        is_done = asked.in_bulk(points, chance.choice(drawn.ORDERS), chance)
        few = chance.sample(points, min(len(points), 2 + len(points) // 12)) if is_done else points
        for z in few:
            asked.judge(z, _one(subject, z, order, fmt), ONE)


Key = tuple[float, float] | str


def _key(z: float) -> Key:
    return "nan" if z != z else (z, math.copysign(1, z))


class _Asked(NamedTuple):
    """One order of one function in one format, with the right values at each point."""

    subject: Subject
    order: int
    fmt: Fmt
    right: Mapping[Key, tuple[float, ...]]
    out: Outcome

    def in_bulk(self, points: list[float], how: str, chance: random.Random) -> bool:
        """Compare an array of the points arranged as ``how``; False if it was refused."""
        way, array = f"{MANY}, {how}", drawn.arranged(points, how, chance, BULK)
        array = list(map(self.fmt.as_value, array))
        values, is_said = _many(self.subject, array, self.order, self.fmt)
        if values == _LATE:
            self._late(math.nan, way)
            return False
        if isinstance(values, str):
            kind = f"{self.subject.family}: bulk {values.partition(':')[0]}"
            self._report(kind, math.nan, way, values, "values", ())
            return False
        seen = set()
        for z, value in zip(array, values, strict=True):
            case = (_key(z), repr(value))
            if case in seen or _key(z) not in self.right:
                continue
            seen.add(case)
            self.judge(z, value, way, is_said, tuple(array))
        return True

    def judge(
        self,
        z: float,
        returned: float | str,
        way: str,
        is_said: bool = False,
        array: tuple[float, ...] = (),
    ) -> None:
        """Compare a value or an exception; with ``is_said`` NaN may mean that it was left undecided."""
        right = self.right[_key(z)]
        if returned == _LATE:
            self._late(z, way)
            return
        if isinstance(returned, str):
            is_left_out, is_fit = returned.startswith("UnsettledError"), False
        else:
            is_fit = is_right(returned, right)
            is_left_out = is_said and math.isnan(returned) and not is_fit
        if is_left_out:
            self.out.leave_out(self._place(z, way), right)
        elif not right and not isinstance(returned, str):
            self.out.open += 1
        else:
            self.out.compared += 1
            self.out.by_order[self.order] += 1
            if not is_fit:
                sort = f"{_difference(returned, right)}, order {min(self.order, 2)}"
                kind = f"{self.subject.family}: {sort}, {way.partition(',')[0]}"
                self._report(kind, z, way, repr(returned), " or ".join(map(repr, right)), array)

    def _place(self, z: float, way: str) -> str:
        return f"{self.subject.name} at z = {z!r} order {self.order} {self.fmt.name} {way}"

    def _late(self, z: float, way: str) -> None:
        self.out.slow.append(self._place(z, way))

    def _report(self, kind: str, z: float, way: str, got: str, right: str, array: tuple[float, ...]) -> None:
        named = (self.subject.name, z, self.order, self.fmt.name)
        self.out.report(Wrong(kind, *named, way, got, right, array))


# Random subjects


def setting_text(f: Activation) -> str:
    """The setting as it is written on the command line."""
    given = ",".join(f"{name}={text}" for name, text in f.texts.items())
    return f"{f.name}:{given}" if given else f.name


VALUES_PART, FORMULAS_PART, PAGES_PART = 4000, 100, 10


def values_part(seed: int, part: int, count: int = VALUES_PART, name: str = "") -> Outcome:
    """Compare about ``count`` values of activations, or of the named one, with random parameters."""
    chance, out = random.Random(f"values {seed} {part}"), Outcome()
    while out.compared + out.open < count:
        f = drawn.drawn_setting(declaration(name), chance) if name else drawn.any_setting(chance)
        subject, fmt = Subject(f, setting_text(f), False), drawn.drawn_format(chance)
        points = drawn.drawn_points(drawn.features(f), fmt, chance.choice((24, 60, 120)), chance)
        points += [drawn.tie(f, fmt, chance) for _ in range(8)]
        top = chance.choice((1, 1, 2, 3, 5, 8))
        orders = (0, 1) if top == 1 else sorted({0, *chance.sample(range(1, top + 1), min(top, 3))})
        compare(subject, points, orders, fmt, chance, out)
    return out


def formulas_part(seed: int, part: int, count: int = FORMULAS_PART) -> Outcome:
    """Compare ``count`` formulas at a few points each."""
    chance, out = random.Random(f"formulas {seed} {part}"), Outcome()
    grammar = drawn.Grammar(chance)
    while out.formulas < count:
        text = grammar.formula()
        try:
            f = activation(text)
        except ActcalcError:
            continue  # its power or depth is refused
        out.formulas += 1
        fmt = FMTS["float64"] if chance.random() < 0.7 else drawn.drawn_format(chance)
        points = drawn.formula_points(grammar.places, fmt, 2, chance)[:8]
        orders = sorted({0, 1, *chance.choice(((), (), (2,), (chance.randint(3, 8),)))})
        compare(Subject(f, repr(text), True), points, orders, fmt, chance, out)
    return out


def pages_part(seed: int, part: int, count: int = PAGES_PART) -> Outcome:
    """Check the facts on ``count`` pages of ``show``."""
    chance, out = random.Random(f"pages {seed} {part}"), Outcome()
    wrong_facts = _facts_checker()
    while wrong_facts is not None and out.pages < count:
        f = drawn.any_setting(chance)
        out.pages += 1
        try:
            found = list(map(str, wrong_facts(f)))
        except Exception as error:
            found = [f"raised {type(error).__name__}: {error}"]
        for fact in found:
            kind = f"{f.name}: page"
            out.report(Wrong(kind, setting_text(f), math.nan, 0, "", "show", fact, "a fact"))
    return out


def _facts_checker() -> Callable[[Activation], Iterable[Any]] | None:
    from importlib import import_module

    try:
        found: Callable[[Activation], Iterable[Any]] = import_module("tests.support.shown").wrong_facts
    except ImportError:
        return None
    return found


PARTS: dict[str, tuple[Callable[[int, int], Outcome], int]] = {
    "values": (values_part, VALUES_PART),
    "formulas": (formulas_part, FORMULAS_PART),
    "pages": (pages_part, PAGES_PART),
}


def _part(job: tuple[str, int, int, float]) -> Outcome:
    kind, seed, part, until = job
    return PARTS[kind][0](seed, part) if time.time() < until else Outcome()


def run(seed: int, counts: Mapping[str, int], workers: int, minutes: float) -> Outcome:
    """A run over fresh points; the outcome depends only on the seed, if the minutes suffice."""
    until = time.time() + 60 * minutes
    jobs = [
        (kind, seed, part, until)
        for kind, (_, size) in PARTS.items()
        for part in range(math.ceil(counts.get(kind, 0) / size))
    ]
    random.Random(seed).shuffle(jobs)  # so that a run cut short has some of each kind
    total = Outcome()
    if workers == 1:
        for job in jobs:
            total.add(_part(job))
        return total
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for outcome in pool.map(_part, jobs):
            total.add(outcome)
    return total


def printed(wrong: list[Wrong], most: int = 60) -> Iterator[str]:
    """The mismatches by kind, with one or two examples of each."""
    kinds: dict[str, list[Wrong]] = {}
    for one in wrong:
        kinds.setdefault(one.kind, []).append(one)
    for kind, some in list(kinds.items())[:most]:
        yield f"{kind} ({len(some)} kept)"
        yield from (f"    {one}" for one in some[:2])
    if len(kinds) > most:
        yield f"... and {len(kinds) - most} kinds more"


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--seed", type=int, required=True)
    options.add_argument("--values", type=int, default=0)
    options.add_argument("--formulas", type=int, default=0)
    options.add_argument("--pages", type=int, default=0)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--minutes", type=float, default=600)
    options.add_argument("--most", type=int, default=60, help="kinds of mismatches printed")
    given = options.parse_args()
    start = time.time()
    counts = {kind: getattr(given, kind) for kind in PARTS}
    total = run(given.seed, counts, given.workers, given.minutes)
    for line in printed(total.wrong, given.most):
        print(line)
    if given.pages and _facts_checker() is None:
        print("pages of show: skipped, tests.support.shown is missing")
    if total.unsettled_examples:
        print(f"unsettled, though it can be settled ({len(total.unsettled_examples)} kept)")
        print("\n".join(f"    {example}" for example in total.unsettled_examples[:10]))
    if total.slow:
        print(f"{_LATE} ({len(total.slow)})")
        print("\n".join(f"    {example}" for example in total.slow[:10]))
    orders = " ".join(f"{order}:{count}" for order, count in sorted(total.by_order.items()))
    print(
        f"compared {total.compared} ({orders}; {total.formulas} formulas, {total.pages} pages), wrong "
        f"{total.wrongs}, open {total.open}, unsettled {total.unsettled}, late {len(total.slow)}, "
        f"{time.time() - start:.0f} s, seed {given.seed}"
    )
    return 1 if total.wrongs else 0


if __name__ == "__main__":
    sys.exit(main())
