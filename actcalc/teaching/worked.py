"""The triangle of the lecture worked out, step by step: about z = 0, smaller and smaller."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Parity
from actcalc.activations.notes import one_sided_slopes
from actcalc.arithmetic.interval import Interval
from actcalc.errors import Argument
from actcalc.numbers.digits import Digits
from actcalc.numbers.numerals import decimal_text, exact_text
from actcalc.teaching.story import argument
from actcalc.teaching.triangle import enclosure, extra_powers

HALF_WIDTHS = ("0.1", "0.01", "0.001")

_PLACE = Fraction(0)
_DIGITS, _FEW = Digits(10), Digits(3)
_SPARE = (150, 400, 1000, 2400)
_NOTHING = -300
"""The power of ten below which a number may be 0, for all that can be told."""


def next_commands(f: Activation, spell: Callable[[Argument], str]) -> list[str]:
    """Commands to go on with, their arguments spelled so."""
    where = f"{spell(Argument('at', '0'))} {spell(Argument('output', 'page.html'))}"
    return [f"actcalc verify {argument(f)}", f"actcalc plot {argument(f)} {where}"]


def steps(f: Activation) -> Iterator[str]:
    """The triangle about z = 0, smaller and smaller, and the slope."""
    kink = f.kink_at(_PLACE)

    for text in HALF_WIDTHS:
        half = Fraction(text)
        step = (
            f"from z = -{text} to {text}: height {_text(f, partial(_height, f, half))} / width "
            f"{exact_text(2 * half)} = {_text(f, partial(_quotient, f, half))}"
        )
        if kink is None:
            step += f", off by {_text(f, partial(_off_by, f, half), _FEW)}"
        yield step
    if kink is None:
        yield f"the slope itself: g'(0) = {_text(f, partial(enclosure, f.piece_at(_PLACE).dg, _PLACE))}"
    else:
        left, right = one_sided_slopes(kink)
        yield f"g'(0) is undefined: the slope is {left} on the left and {right} on the right"


def _height(f: Activation, half: Fraction, digits: int) -> Interval:
    """How much higher g is at ``half`` than at minus ``half``."""
    right = enclosure(f.piece_at(half).g, half, digits)
    return (
        right.m.number(0)
        if f.parity is Parity.EVEN
        else right - enclosure(f.piece_at(-half).g, -half, digits)
    )


def _quotient(f: Activation, half: Fraction, digits: int) -> Interval:
    return _height(f, half, digits) / (2 * half)


def _off_by(f: Activation, half: Fraction, digits: int) -> Interval:
    return _quotient(f, half, digits) - enclosure(f.piece_at(_PLACE).dg, _PLACE, digits)


def _text(f: Activation, number: Callable[[int], Interval], digits: Digits = _DIGITS) -> str:
    """The number rounded to so many digits, without zeros at its end; found with as many as it takes."""
    lost = extra_powers(f)
    for spare in _SPARE:
        bounds = number(spare + lost)
        rounded = digits.round_exact(bounds.low)
        if rounded == digits.round_exact(bounds.high):
            break
        size = max(bounds.low.copy_abs(), bounds.high.copy_abs()).adjusted() + 1
        if bounds.low <= 0 <= bounds.high and (size < _NOTHING or spare == _SPARE[-1]):
            return f"less than 1e{max(size, _NOTHING)}"
    if rounded.is_zero():
        return "0"
    return decimal_text(rounded) if rounded.adjusted() >= -4 else digits.text(rounded)
