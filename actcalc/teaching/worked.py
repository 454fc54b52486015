"""The triangle of the lecture worked out, step by step: about z = 0, smaller and smaller."""

from collections.abc import Iterator
from fractions import Fraction

from actcalc.activations.activation import Activation
from actcalc.activations.notes import one_sided_slopes
from actcalc.arithmetic.interval import Interval
from actcalc.numbers.digits import Digits
from actcalc.numbers.numerals import decimal_text, exact_text
from actcalc.teaching.story import argument
from actcalc.teaching.triangle import enclosed

HALF_WIDTHS = ("0.1", "0.01", "0.001")

_PLACE = Fraction(0)
_DIGITS, _FEW = Digits(10), Digits(3)


def worked_out(f: Activation) -> list[str]:
    """Two texts: the triangle about z = 0 in steps, and where to go next."""
    return [
        "; ".join(_steps(f)),
        f"actcalc verify {argument(f)}; actcalc plot {argument(f)} --at 0 -o page.html",
    ]


def _steps(f: Activation) -> Iterator[str]:
    kink = f.kink_at(_PLACE)
    for text in HALF_WIDTHS:
        half = Fraction(text)
        height = enclosed(f.piece_at(half).g, half) - enclosed(f.piece_at(-half).g, -half)
        quotient = height / (2 * half)
        step = (
            f"from z = -{text} to {text}: height {_text(height)} / width {exact_text(2 * half)}"
            f" = {_text(quotient)}"
        )
        if kink is None:
            step += f", off by {_text(quotient - enclosed(f.piece_at(_PLACE).dg, _PLACE), _FEW)}"
        yield step
    if kink is None:
        yield f"the slope itself: g'(0) = {_text(enclosed(f.piece_at(_PLACE).dg, _PLACE))}"
    else:
        left, right = one_sided_slopes(kink)
        yield f"g'(0) is undefined: the slope is {left} on the left and {right} on the right"


def _text(number: Interval, digits: Digits = _DIGITS) -> str:
    """The number rounded to so many digits, without zeros at its end."""
    if number.low <= 0 <= number.high:
        return "0"
    rounded = digits.round_exact(number.low)
    assert rounded == digits.round_exact(number.high)
    return decimal_text(rounded) if rounded.adjusted() >= -4 else digits.text(rounded)
