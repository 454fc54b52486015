"""Points of g with their tangents and little triangles."""

import math
from decimal import Decimal
from fractions import Fraction

from actcalc.activations.activation import Activation
from actcalc.activations.kinks import Kink
from actcalc.activations.notes import kind_of_slopes
from actcalc.arithmetic.exact import Formula, evaluate, in_symbols
from actcalc.errors import ActcalcError, Argument, Wording, quote
from actcalc.numbers.digits import Digits
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.numerals import exact_text, finite_decimal, parse_exact
from actcalc.plot.mathtext import Text
from actcalc.plot.scene import (
    FARTHEST_Z,
    HIGHEST,
    Mark,
    Point,
    Tangent,
    Triangle,
    name,
)


class _Short:
    """Numbers as short texts: exact ones as ``= 0.25`` or ``= 1/3``, others as ``~ 0.419974``."""

    digits = 8
    _rounding = Digits(6)
    _nothing = Decimal("1e-1000")

    def round_exact(self, value: Fraction) -> str:
        rounded, text = self._rounding.round_exact(value), exact_text(value)
        if Fraction(rounded) == value or len(text) <= self._rounding.count:
            return f"= {text}"
        return f"~ {self._text(rounded)}"

    def round_between(self, low: Decimal, high: Decimal) -> str | None:
        if max(low.copy_abs(), high.copy_abs()) < self._nothing:
            return "~ 0"
        rounded = self._rounding.round_between(low, high)
        return None if rounded is None else f"~ {self._text(rounded)}"

    def _text(self, rounded: Decimal) -> str:
        """The number without trailing zeros of its fraction."""
        digits, e, exponent = self._rounding.text(rounded).partition("e")
        return (digits.rstrip("0").rstrip(".") if "." in digits else digits) + e + exponent


_SHORT = _Short()


def _short(formula: Formula, z: Fraction) -> str:
    """The value as a short text, exact even if it is a fraction only because irrational parts cancel."""
    known = in_symbols(formula, z)
    return evaluate(formula, z, _SHORT) if known is None else _SHORT.round_exact(known)


def _number(text: str) -> str:
    """The number in a text such as ``= 0.25``."""
    return text[2:]


def mark_at(text: str) -> Fraction:
    """The exact z that ``text`` writes. Raises ActcalcError if it is not a number, or too far out to draw."""
    try:
        z = parse_exact(text)
    except ActcalcError as error:
        raise ActcalcError(f": {error.line}", error.hint, about="at") from None
    if abs(z) > Fraction(FARTHEST_Z):
        raise ActcalcError(
            f": {quote(text)} is too far out: a picture goes to {FARTHEST_Z:g} at most", about="at"
        )
    return z


def mark(
    f: Activation,
    owner: int,
    z: Fraction,
    ends: tuple[float, float],
    height: float,
    at_kink: str,
    with_name: bool,
) -> Mark:
    """The point of g at ``z``, in a picture between two ends of z and of the given height.

    Raises ActcalcError if g or its slope has no value there, or one too large to draw.
    """
    spans = (ends[1] - ends[0], height)
    value, kink = f.derivative_at(z, "g", FLOAT64), f.kink_at_or_none(z, "dg")
    slope = f.derivative_at(z, "dg", FLOAT64, "left")
    if value is None or slope is None or max(abs(value), abs(slope)) >= HIGHEST:
        quantity = "g" if value is None or abs(value) >= HIGHEST else "g'"
        raise ActcalcError(
            f": {quantity} of {quote(name(f))} has no value at z = {exact_text(z)} to draw", about="at"
        )
    at = (float(z), value)
    of = [name(f), " "] if with_name else []
    where = Text(*of, f"at z = {exact_text(z) if finite_decimal(z) is not None else repr(at[0])}:")
    if kink is not None:
        return _mark_at_kink(f, owner, kink, at, spans, at_kink, where)
    formula = f.piece_at(z).dg
    text = Text(*of, f"g'({exact_text(z)}) {_short(formula, z)}")
    triangle = _triangle(formula, z, at, slope, spans, ends, leftwards=owner % 2 == 1)
    line = (
        f"{where} g = {FLOAT64.text(at[1])}, g' = {FLOAT64.text(slope)}; "
        f"triangle: height {triangle.height} / width {triangle.width} = slope {triangle.slope}"
    )
    return Mark(owner, at, [_tangent(at, slope, spans)], False, triangle, text, line)


def _mark_at_kink(
    f: Activation,
    owner: int,
    kink: Kink,
    at: Point,
    spans: tuple[float, float],
    at_kink: str,
    where: Text,
) -> Mark:
    left, right = kink.sides("dg", FLOAT64)
    starts = [(at[0], y) for y in kink.sides("g", FLOAT64)] if kink.is_jump else [at, at]
    tangents = [_tangent(start, slope, spans) for start, slope in zip(starts, (left, right), strict=True)]
    sides = kink.left.formula("dg", -1), kink.right.formula("dg", 1)
    shown = [_short(formula, kink.z).removeprefix("= ") for formula in sides]
    chosen = f.slope(kink.z, FLOAT64, at_kink)
    texts = [FLOAT64.text(x) for x in (left, right)]
    returned = "nan" if chosen is None else FLOAT64.text(chosen)
    line = (
        f"{where} g = {FLOAT64.text(at[1])},"
        f" {kind_of_slopes(f, kink)} {texts[0]} (left) to {texts[1]} (right);"
        f" g' is undefined, returned {returned} ("
    )
    jump = "a jump, " if kink.is_jump else ""
    text = Text(where, f" {jump}slope {shown[0]} on the left, {shown[1]} on the right")
    told = Wording(line, Argument("at_kink", at_kink), ")")
    return Mark(owner, at, tangents, not kink.is_jump, None, text, told)


def _tangent(at: Point, slope: float, spans: tuple[float, float]) -> Tangent:
    return Tangent(at, slope, reach(slope, spans[0] * 0.2, spans[1] / 2))


def reach(slope: float, width: float, height: float) -> float:
    """The width of a line with this slope, at most ``width``, whose height is at most ``height``."""
    return height / abs(slope) if abs(slope) * width > height else width


def _triangle(
    formula: Formula,
    z: Fraction,
    at: Point,
    slope: float,
    spans: tuple[float, float],
    ends: tuple[float, float],
    leftwards: bool,
) -> Triangle:
    """The triangle from the point to the right, or to the left of it under the tangent.

    It stays between the ends: next to one it goes inwards.
    """
    width = round_number(reach(slope, spans[0] / 8, spans[1] / 3))
    height = _short(lambda m, x: width * formula(m, x), z)
    x, y = at
    dx, dy = float(width), slope * float(width)
    if x - dx < ends[0]:
        leftwards = False
    elif x + dx > ends[1]:
        leftwards = True
    if leftwards:
        x, y = x - dx, y - dy
    corners = (x, y), (x + dx, y), (x + dx, y + dy)
    return Triangle(corners, exact_text(width), _number(height), _number(_short(formula, z)))


def round_number(largest: float) -> Fraction:
    """The greatest number of the form 1, 2 or 5 times a power of ten that is at most ``largest``."""
    power = Fraction(10) ** math.floor(math.log10(largest))
    return next(n * power for n in (5, 2, 1) if n * power <= Fraction(largest) or n == 1)
