"""The output of ``show`` checked against the textbook formulas in Arb's balls.

Nothing here looks at the pieces of a declaration except to know where they meet: values, slopes, limits and
signs come from the oracle, and the texts are read back.
"""

import math
import random
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from flint import arb, ctx, fmpq

from actcalc.activations.activation import Activation
from actcalc.output.pages import as_object
from actcalc.teaching.facts import facts
from tests.support import oracle
from tests.support.oracle import Real

_FAR = Fraction(10) ** 400
_NEAR = Fraction(1, 10**400)
_BITS = 4000
_FLOAT64 = oracle.FMTS["float64"]
_OFFSET = Fraction(10**9 + 7, 10**9 + 9)


class _Place(NamedTuple):
    """A point with the slope's sign there, and whether the slope is exactly 0."""

    z: Fraction
    sign: int


class _Shape:
    """An activation as given by its textbook formulas."""

    def __init__(self, f: Activation) -> None:
        self.f = f
        self.g_text, self.dg_text = f.textbook_g, f.textbook_dg
        self.meets = sorted({Fraction(piece.upto) for piece in f.pieces if piece.upto is not None})
        least = min((min(abs(p), 1 / abs(p)) for p in f.parameters.values() if p), default=Fraction(1))
        self.bits = _BITS + 6 * least.denominator.bit_length()
        self.near, self.far = _NEAR * least**3, _FAR / least**2
        self.nothing = arb(10) ** -200 * arb(fmpq(least.numerator, least.denominator))

    def value(self, text: str, z: Fraction, bits: int = 300) -> Real:
        if self.f.name == "telu" and z > 40:
            # exp(exp(z)) overflows Arb's exponents; tanh(exp(z)) differs from 1 by at most 10**-(10**17).
            exact = z if text is self.g_text else Fraction(1)
            return Real(fmpq(exact.numerator, exact.denominator), arb(0, 1e-300))
        while True:
            with ctx.workprec(bits):
                try:
                    found = oracle.evaluate(text, z=z, **self.f.parameters)
                except oracle.Undecided:
                    bits *= 2
                    assert bits < 100_000
                    continue
                if found.rest is None or found.ball().is_finite():
                    return found
            bits *= 2
            assert bits < 100_000

    def g(self, z: Fraction) -> Real:
        return self.value(self.g_text, z)

    def dg(self, z: Fraction) -> Real:
        return self.value(self.dg_text, z)

    def samples(self) -> list[Fraction]:
        """Points of many sizes, around 0 and around the places where pieces meet; none is a simple number."""
        sizes = [Fraction(10) ** k * digit for k in range(-3, 4) for digit in (1, 3)]
        points = {side * size * _OFFSET for size in sizes for side in (-1, 1)}
        scales = [abs(p) for p in self.f.parameters.values() if p]
        for scale in {*scales, *(1 / s for s in scales)}:
            points |= {side * scale * k * _OFFSET for k in (Fraction(1, 9), 1, 2, 5) for side in (-1, 1)}
        for z in self.meets:
            reach = abs(z) or Fraction(1)
            points |= {z + side * reach * k for k in (Fraction(1, 10**6), Fraction(1, 7)) for side in (-1, 1)}
        for low, high in pairwise(self.meets):
            points |= {low + (high - low) * k for k in (Fraction(1, 9), Fraction(5, 11))}
        centre = self.f.parameters.get("mu")
        if centre is not None:
            points |= {centre + k * self.f.parameters["sigma"] for k in (-3, -1, Fraction(1, 3), 2)}
        return sorted(points - set(self.meets))

    def sign(self, z: Fraction) -> int:
        return oracle.sign(self.dg_text, z, self.f.parameters)

    def ball(self, text: str, z: Fraction) -> arb:
        with ctx.workprec(self.bits):
            return self.value(text, z, self.bits).ball()

    def side(self, text: str, z: Fraction, side: int) -> arb:
        """The one-sided limit of a formula, from a distance of 1e-390 relative to the scales of z."""
        return self.ball(text, z + side * self.near * max(Fraction(1), abs(z)))


def wrong_facts(f: Activation) -> list[str]:
    """The false statements of the page about ``f``, a line each."""
    if f.name == "softplus" and abs(f.parameters.get("threshold", Fraction(0))) > 600:
        return []  # it jumps by e**-threshold, too little for this oracle
    if f.name == "xielu" and f.parameters["eps"] < -600:
        return []  # its slope changes by e**eps at eps, too little for this oracle
    shape = _Shape(f)
    found = facts(f)
    known, told = {fact.name: fact.cell for fact in found}, as_object(found)
    places = [_Place(z, shape.sign(z)) for z in shape.samples()]
    checks = (
        _wrong_formulas(shape, places),
        _wrong_range(shape, places, known["range"]),
        _wrong_limits(shape, known["limits"]),
        _wrong_parity(shape, places, known["parity"]),
        _wrong_monotony(shape, places, known["monotone"]),
        _wrong_kinks(shape, places, known, told),
        _wrong_float64(shape, known["float64"]),
        _wrong_variant(shape, known["variant"]),
        _wrong_steps(shape, told["worked"], _place_of(told["next"])),
        _wrong_slopes(shape, places, next(fact.parts for fact in found if fact.name == "slopes")),
        _wrong_object(known, told),
    )
    return [f"{f.describe()}: {line}" for check in checks for line in check]


def _place_of(commands: Sequence[str]) -> Fraction:
    """The z in the command for a picture."""
    (z,) = re.findall(r"at='?([^'\s]+)'?", commands[-1].replace("--at ", "at="))
    return Fraction(z)


def _number(text: str) -> arb:
    numerator, _, denominator = text.partition("/")
    return arb(fmpq(*(Fraction(numerator) / Fraction(denominator or 1)).as_integer_ratio()))


def _is_near(text: str, ball: arb, digits: int) -> bool:
    """Whether a printed number is the right one, rounded to ``digits`` digits."""
    if text in ("inf", "-inf"):
        return bool(ball > arb(10) ** 100 if text == "inf" else ball < -(arb(10) ** 100))
    with ctx.workprec(_BITS):
        if text.startswith("less than "):
            return bool(abs(ball) < arb(text.removeprefix("less than ")))
        # Arb reads exponents of any size.
        number = _number(text) if "/" in text else arb(text)
        if number == 0:
            return bool(abs(ball) < arb(10) ** -200)
        error = abs(ball - number)
        # Half a unit of the last digit, or almost nothing if all digits are printed.
        return bool(error < abs(ball) * arb(10) ** (1 - digits) / 2)


def _wrong_formulas(shape: _Shape, places: Sequence[_Place]) -> Iterator[str]:
    f = shape.f
    kinks = {kink.z for kink in f.kinks}
    for z in [z for z, _ in places[::5]] + [z for z in shape.meets if z not in kinks] + [Fraction(0)]:
        if z in kinks:
            continue
        x = oracle.nearest_fraction(z, _FLOAT64)
        if not math.isfinite(x) or Fraction(x) in kinks or (f.name == "telu" and x > 40):
            continue
        for name, text, ours in (("g", shape.g_text, f.g_float), ("g'", shape.dg_text, f.dg_float)):
            right = oracle.rounded(text, _FLOAT64, Fraction(x), f.parameters)
            if ours(x) != right:
                yield f"{name} = {text} is {right!r} at {x!r}, not {ours(x)!r}"


def _extremes(shape: _Shape, places: Sequence[_Place], way: int) -> Iterator[tuple[arb, bool]]:
    """Candidates for the minimum (``way`` 1) or maximum of g, and whether g takes the value."""
    for side in (-1, 1):
        flat = shape.dg(side * shape.far).is_exactly(0)
        yield shape.ball(shape.g_text, side * shape.far), flat
    for z in shape.meets:
        yield shape.ball(shape.g_text, z), True
        for side in (-1, 1):
            is_flat = shape.dg(z + side * shape.near * max(Fraction(1), abs(z))).is_exactly(0)
            yield shape.side(shape.g_text, z, side), is_flat
    for (low, before), (high, after) in pairwise(places):
        if before * after < 0 and before == -way and not any(low < z < high for z in shape.meets if z):
            for _ in range(330):
                middle = (low + high) / 2
                low, high = (middle, high) if shape.sign(middle) == before else (low, middle)
            yield shape.ball(shape.g_text, low), True


def _wrong_range(shape: _Shape, places: Sequence[_Place], text: str) -> Iterator[str]:
    if not shape.f.declaration.settles_far_out:
        return
    whole, _, without = text.partition(" without ")
    low, high = whole[1:-1].split(", ")
    for way, end, is_taken in ((1, low, whole[0] == "["), (-1, high, whole[-1] == "]")):
        with ctx.workprec(_BITS):
            found = list(_extremes(shape, places, way))
            best = found[0][0]
            for value, _ in found:
                best = value if way * value < way * best else best
            if not _is_near(end, best, 45):
                yield f"the range {text} ends at {best}"
                continue
            if end not in ("inf", "-inf"):
                taken = any(is_met and _is_near(end, value, 45) for value, is_met in found)
                if taken != is_taken:
                    yield f"the range {text}: its end {end} is {'' if taken else 'not '}taken"
    gaps = [(gap[0], *gap[1:-1].split(", "), gap[-1]) for gap in filter(None, without.split(" and "))]
    yield from _wrong_gaps(shape, places, gaps)


def _wrong_gaps(shape: _Shape, places: Sequence[_Place], gaps: Sequence[Sequence[str]]) -> Iterator[str]:
    with ctx.workprec(_BITS):
        values = [shape.g(z).ball() for z, _ in places] + [shape.ball(shape.g_text, z) for z in shape.meets]
        for left, low, high, right in gaps:
            a, b = _number(low), _number(high)
            if any(a < value < b for value in values):
                yield f"a value lies in the gap from {low} to {high}"
            # The ends are printed to limited digits, which do not show smaller parameters.
            for bracket, end in ((left, low), (right, high)) if shape.near > Fraction(1, 10**700) else ():
                taken = any(_is_near(end, value, 90) for value in values)
                if taken == (bracket in "[]"):
                    yield f"{end}, an end of a gap, is {'' if taken else 'not '}taken, but shown as {bracket}"
        if isinstance(shape.f.monotone, str):
            return
        for z in shape.meets:
            below, above = (shape.side(shape.g_text, z, side) for side in (-1, 1))
            if abs(below - above) > shape.nothing and not any(
                {True} == {_is_near(low, below, 40) or _is_near(high, below, 40)}
                or _is_near(low, above, 40)
                or _is_near(high, above, 40)
                for _, low, high, _ in gaps
            ):
                yield f"the jump at {z} is no gap"


def _wrong_limits(shape: _Shape, text: str) -> Iterator[str]:
    for side, g, dg in re.findall(r"z -> (-?)inf: g -> (\S+), g' -> ([^\s;]+)", text):
        z = -shape.far if side else shape.far
        for name, limit, formula in (("g", g, shape.g_text), ("g'", dg, shape.dg_text)):
            if limit == "nan":
                continue
            ball = shape.ball(formula, z)
            if not _is_near(limit, ball, 45):
                yield f"the limit of {name} at {side}inf is {ball}, not {limit}"


def _wrong_parity(shape: _Shape, places: Sequence[_Place], text: str) -> Iterator[str]:
    may = {"odd": True, "even": True, "g(-z) = 1 - g(z)": True}
    with ctx.workprec(shape.bits):
        for z, _ in places:
            right, left = (shape.ball(shape.g_text, x) for x in (z, -z))
            scale = (abs(right) + abs(left) + arb(10) ** -500) * arb(2) ** -2000
            may["odd"] &= bool(abs(right + left) < scale)
            may["even"] &= bool(abs(right - left) < scale)
            may["g(-z) = 1 - g(z)"] &= bool(abs(right + left - 1) < arb(2) ** -2000)
    if text == "neither even nor odd" and any(may.values()) and shape.f.name != "step":
        yield f"is {next(name for name, holds in may.items() if holds)}, not {text}"
    if text in may and not may[text]:
        yield f"is not {text}"


_WAYS = {"falls": -1, "rises": 1, "jumps": 1}


def _wrong_monotony(shape: _Shape, places: Sequence[_Place], text: str) -> Iterator[str]:
    signs = {place.sign for place in places}
    jumps = []
    with ctx.workprec(shape.bits):
        for z in shape.meets:
            step = shape.side(shape.g_text, z, 1) - shape.side(shape.g_text, z, -1)
            if abs(step) > shape.nothing:
                jumps.append((z, 1 if step > 0 else -1))
    ups, word = {way for _, way in jumps}, text.split(":")[0]
    all_ways = (signs | ups) - {0}
    expected = {
        "increasing": all_ways == {1} and 0 not in signs,
        "decreasing": all_ways == {-1} and 0 not in signs,
        "nondecreasing": all_ways == {1} and (0 in signs or shape.f.name == "star_relu"),
        "nonincreasing": all_ways == {-1} and 0 in signs,
        "constant": not all_ways,
        "no": all_ways == {-1, 1},
    }
    if not expected[word]:
        yield f"is not monotone as said: {text}, but slopes have the signs {signs} and jumps {ups}"
    elif word == "no" and "period" not in text:
        said = [_WAYS[w] for w in re.findall("falls|rises|jumps", text.partition(":")[2])]
        if "but" in text:
            if signs - {0} != {1} or ups != {-1}:
                yield f"is not monotone as said: {text}"
            return
        events = sorted([*((z, sign) for z, sign in places if sign), *jumps])
        if [way for way, _ in groupby(said)] != [way for way, _ in groupby(way for _, way in events)]:
            yield f"is not monotone as said: {text}"


def _wrong_kinks(
    shape: _Shape, places: Sequence[_Place], known: dict[str, str], told: dict[str, Any]
) -> Iterator[str]:
    f = shape.f
    listed = {kink.z: shown for kink, shown in zip(f.kinks, told["kinks"], strict=True)}
    bends_down = any(not kink["jump"] and kink["left"] > kink["right"] for kink in told["kinks"])
    with ctx.workprec(shape.bits):
        for z in shape.meets:
            slopes = [shape.side(shape.dg_text, z, side) for side in (-1, 1)]
            ends = [shape.side(shape.g_text, z, side) for side in (-1, 1)]
            jumps = bool(abs(ends[0] - ends[1]) > shape.nothing)
            scale = shape.nothing * (1 + abs(slopes[0]))
            if (jumps or bool(abs(slopes[0] - slopes[1]) > scale)) != (z in listed):
                yield f"at {z} there is {'no ' if z in listed else ''}kink"
            elif z in listed:
                shown = listed[z]
                if shown["jump"] != jumps:
                    yield f"at {z} it jumps, or does not"
                if not all(
                    _is_near(repr(shown[k]), s, 17) or float(s.mid()) == shown[k]
                    for k, s in zip(("left", "right"), slopes, strict=True)
                ):
                    yield f"at {z} the slopes are {slopes}"
    says_convex = "every number from" in known["at_kinks"]
    says_not = "g is not convex" in known["at_kinks"]
    if says_convex != ("subgradients" in known["kinks"]):
        yield "two facts about kinks disagree"
    if not listed or not (says_convex or says_not):
        return
    slopes = [shape.dg(z).ball() for z, _ in places]
    falls = any(after < before - abs(before) * arb(2) ** -200 for before, after in pairwise(slopes))
    is_convex = not (falls or bends_down or any(kink["jump"] for kink in told["kinks"]))
    if is_convex != says_convex:
        yield f"is {'' if is_convex else 'not '}convex: {known['at_kinks']}"


class _Rounded(float):
    """A float64 whose operations, each rounded once, evaluate the textbook's formula."""

    def __add__(self, other: float) -> "_Rounded":
        return _Rounded(float(self) + float(other))

    def __sub__(self, other: float) -> "_Rounded":
        return _Rounded(float(self) - float(other))

    def __rsub__(self, other: float) -> "_Rounded":
        return _Rounded(float(other) - float(self))

    def __mul__(self, other: float) -> "_Rounded":
        return _Rounded(float(self) * float(other))

    def __truediv__(self, other: float) -> "_Rounded":
        return _Rounded(float(self) / float(other)) if other else _Rounded(math.nan)

    def __neg__(self) -> "_Rounded":
        return _Rounded(-float(self))

    def __pow__(self, exponent: int) -> "_Rounded":  # type: ignore[override]
        if not math.isfinite(self):
            return _Rounded(float(self) ** exponent)
        return _Rounded(oracle.nearest_fraction(Fraction(self) ** exponent, _FLOAT64))

    __radd__, __rmul__ = __add__, __mul__


def _function(name: str) -> Any:
    def apply(x: float) -> _Rounded:
        if not math.isfinite(x):
            return _Rounded(math.inf if x > 0 else 0.0 if name == "exp" else math.nan)
        return _Rounded(oracle.rounded(f"{name}(z)", _FLOAT64, Fraction(x)))

    return apply


def _error(shape: _Shape, z: float) -> tuple[float, float]:
    """The textbook's slope from a at z and its error in ulps."""
    f = shape.f
    shortcut = f.require_shortcut()
    a = oracle.rounded(shape.g_text, _FLOAT64, Fraction(z), f.parameters)
    names = {k: _Rounded(oracle.nearest_fraction(v, _FLOAT64)) for k, v in f.parameters.items()}
    names |= {shortcut.variable: _Rounded(a), "exp": _function("exp"), "sqrt": _function("sqrt")}
    slope = float(eval(shortcut.text, {"__builtins__": {}, "abs": lambda x: _Rounded(abs(x))}, names))
    with ctx.workprec(300):
        right = shape.ball(shape.dg_text, Fraction(z))
        nearest = oracle.rounded(shape.dg_text, _FLOAT64, Fraction(z), f.parameters)
        ulp = math.ulp(nearest)
        error = abs(arb(slope) - right) / arb(ulp) if math.isfinite(slope) else arb("inf")
    return slope, float(error.mid())


def _wrong_float64(shape: _Shape, text: str) -> Iterator[str]:
    if text.startswith("there is no shortcut"):
        return
    if text.startswith("it does not break down"):
        if "as long as" not in text and all(_error(shape, side * 1000.0)[1] > 11 for side in (-1, 1)):
            yield f"the shortcut breaks down: {text}"
        for side in (-1, 1) if "as long as" in text else ():
            # If there are such points, one of them is probably near the end.
            far = [side * k / 10 for k in range(10_000, 9000, -1)]
            if all(
                abs(shape.f.dg_float(z)) >= _FLOAT64.smallest_normal and _error(shape, z)[1] > 10.001
                for z in far
            ):
                yield f"the shortcut breaks down: {text}"
        return
    chance = random.Random(text)
    for clause in text.split("); "):
        last = float(re.findall(r"in steps of 0.1 up to (-?[\d.]+\d|-?\d+)", clause)[0])
        ten, half, zero = (
            re.search(pattern, clause)
            for pattern in (
                r"from z = (-?[\d.]+) (?:on|down) the shortcut",
                r"from (-?[\d.]+) (?:on|down) by more than half",
                r"from (-?[\d.]+) (?:on|down) it is exactly 0 \(where the slope is (\S+)\)",
            )
        )
        for found, limit in ((ten, 10.0), (half, 2.0**26.5)):
            if found is None:
                continue
            first, side = round(float(found[1]) * 10), 1 if last > 0 else -1
            end = round(last * 10)
            inside = [first, end, *(chance.randint(*sorted((first, end))) for _ in range(4))]
            if any(_error(shape, k / 10)[1] < limit * (1 - 1e-6) for k in inside):
                yield f"off by less than said somewhere: {clause}"
            if first != side and _error(shape, (first - side) / 10)[1] > limit * (1 + 1e-6):
                yield f"off by as much before: {clause}"
        if zero is not None:
            first, end = round(float(zero[1]) * 10), round(last * 10)
            inside = [first, end, *(chance.randint(*sorted((first, end))) for _ in range(4))]
            if any(_error(shape, k / 10)[0] for k in inside):
                yield f"not 0 where said: {clause}"
            right = oracle.rounded(shape.dg_text, _FLOAT64, Fraction(float(zero[1])), shape.f.parameters)
            if float(zero[2]) != right:
                yield f"the slope is {right}: {clause}"
        elif _error(shape, last)[0] == 0 and "never" in clause:
            yield f"0 where it is said never to be: {clause}"


def _wrong_variant(shape: _Shape, text: str) -> Iterator[str]:
    if shape.f.name != "xielu":
        return
    with ctx.workprec(_BITS):
        p = shape.f.parameters
        jump = oracle.evaluate("alpha_n*(1 - exp(eps))", alpha_n=p["alpha_n"], eps=p["eps"]).ball()
        (about,) = re.findall(r"about (\S+),", text)
        if not _is_near(about, jump, 3):
            yield f"the jump is {jump}: {text}"


def _wrong_steps(shape: _Shape, steps: Sequence[str], z: Fraction) -> Iterator[str]:
    """Check the triangles around z, or on its sides, under their headings."""
    left, right, has_kink = z, z, shape.f.kink_at(z) is not None
    slope = shape.side(shape.dg_text, z, 1) if has_kink else shape.ball(shape.dg_text, z)
    with ctx.workprec(_BITS):
        for step in steps:
            if step.endswith(":"):
                left, right = (Fraction("z - h" in step), Fraction("z + h" in step))
                continue
            found = re.fullmatch(r"h = (\S+): (.+?)/(\S+) = (.+?)(?:, off by (.+))?", step)
            if found is not None:
                half, width = Fraction(found[1]), Fraction(found[3])
                if width != half * (left + right):
                    yield f"the width is another: {step}"
                ends = [
                    shape.ball(shape.g_text, z + side * half * way)
                    if way
                    else shape.side(shape.g_text, z, -side)
                    for side, way in ((1, right), (-1, left))
                ]
                height = ends[0] - ends[1]
                quotient = height / arb(fmpq(*width.as_integer_ratio()))
                right_numbers = [(found[2], height, 10), (found[4], quotient, 10)]
                if found[5]:
                    right_numbers.append((found[5], quotient - slope, 3))
                for text, ball, digits in right_numbers:
                    if not _is_near(text, ball, digits):
                        yield f"{text} is {ball}: {step}"
            elif "itself" in step and (has_kink or not _is_near(step.split(" = ")[1], slope, 10)):
                yield f"the slope is {slope}: {step}"
            elif "undefined" in step and not has_kink:
                yield f"there is no kink: {step}"


def _wrong_slopes(shape: _Shape, places: Sequence[_Place], lines: Sequence[str]) -> Iterator[str]:
    """Check the range of g': no slope lies beyond its ends, and each end is a slope or a limit of slopes."""
    text, *more = lines
    levels = re.fullmatch(r"(?:[^\[(]+, )?[^\[(]+ or [^\[(]+|[^\[( ]+", text)
    numbers = re.split(", | or ", text) if levels else text[1:].split(", ")[:2]
    line = [Fraction(k, 7) for k in range(-90, 91)]
    with ctx.workprec(_BITS):
        ends = [
            _number(number.strip(")]")) if "/" in number else arb(number.strip(")]")) for number in numbers
        ]
        slack = arb(10) ** -40
        zs = [z for z in (*(z for z, _ in places), *line) if z not in shape.meets]
        slopes = [shape.ball(shape.dg_text, z) for z in zs]
        sides = [shape.side(shape.dg_text, z, side) for z in shape.meets for side in (-1, 1)]
        far = [shape.ball(shape.dg_text, side * shape.far) for side in (-1, 1)]
        met = [*slopes, *sides, *(far if shape.f.declaration.settles_far_out else ())]
        if levels:
            for slope in met:
                if not any(abs(slope - end) <= slack for end in ends):
                    yield f"g' may be {slope}, too: {text}"
            return
        for slope in met:
            if not (slope >= ends[0] - slack * (1 + abs(ends[0]))):
                yield f"g' may be {slope}: {text}"
            if not (slope <= ends[1] + slack * (1 + abs(ends[1]))):
                yield f"g' may be {slope}: {text}"
        if not shape.f.declaration.settles_far_out:
            return
        for way, word, number in zip((1, -1), ("least", "greatest"), numbers, strict=True):
            said = re.search(rf"{word} at z = ([^\s,]+)", text)
            if said is None:
                if not any(_is_near(number.strip(")]"), slope, 45) for slope in met):
                    yield f"no slope is {number}: {text}"
                continue
            z = Fraction(said[1])
            low, high = z - abs(z) / 1000 - Fraction(1, 10**6), z + abs(z) / 1000 + Fraction(1, 10**6)
            is_zero = number.strip("[()]") == "0"  # decided by how small a slope is
            for _ in range(600 if is_zero else 150):  # the slope oscillates there
                a, b = low + (high - low) / 3, high - (high - low) / 3
                if way * shape.ball(shape.dg_text, a) < way * shape.ball(shape.dg_text, b):
                    high = b
                else:
                    low = a
            if not _is_near(number.strip(")]"), shape.ball(shape.dg_text, low), 20):
                yield f"the {word} slope is {shape.ball(shape.dg_text, low)}: {text}"
    if any("vanish" in said for said in more) and max(map(abs, ends)) > 1:
        yield f"slopes need not vanish: {text}"


def _wrong_object(known: dict[str, str], told: dict[str, Any]) -> Iterator[str]:
    """The differences between JSON and text."""
    brackets = re.findall(r"[(\[][^()\[\]]*[)\]]", known["range"])
    shown = [text[0] + text[-1] for text in brackets]
    if shown != [told["range"]["brackets"], *told["range"]["without_brackets"]]:
        yield f"JSON has other brackets than {known['range']}"
    for name in ("monotone", "variant", "defaults", "derivation", "cost", "at_kinks", "float64"):
        if told[name] != known[name]:
            yield f"JSON has another {name}"
