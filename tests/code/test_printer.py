"""Expressions as text: brackets where rounding needs them, and lines of limited width."""

from fractions import Fraction

import pytest

from actcalc.code.expression import (
    Expression,
    Routine,
    Step,
    Unit,
    Z,
    compare,
    function,
    name,
    number,
    select,
)
from actcalc.code.languages.c import CPrinter, write
from actcalc.numbers.floats import FLOAT32

A, B = name("a"), name("b")


def unit(*steps: Step, result: Expression = Z) -> Unit:
    return Unit("f", [Routine(steps, {"g": result})], {"g": "f"}, FLOAT32, FLOAT32)


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (A + (B + Z), "a + (b + z)"),
        (A + B + Z, "a + b + z"),
        (A - (B - Z), "a - (b - z)"),
        (A * (B / Z), "a * (b / z)"),
        (A / (B * Z), "a / (b * z)"),
        (A * B / Z, "a * b / z"),
        (-(A + B) * Z, "-(a + b) * z"),
        (-(A * B), "-a * b"),
        (A - Fraction(1, 2), "a - 0.5f"),
        (number(-3) * A, "-3.0f * a"),
        (function("exp", -abs(Z)), "expf(-fabsf(z))"),
        (select(compare("lt", Z, 0), A, 1) / B, "(z < 0.0f ? a : 1.0f) / b"),
        (
            select(compare("lt", Z, 0), A, select(compare("gt", Z, 1), B, Z)),
            "z < 0.0f ? a : z > 1.0f ? b : z",
        ),
    ],
)
def test_brackets(x: Expression, text: str) -> None:
    assert CPrinter(unit()).text(x) == text


def test_parts_of_long_lines_have_names() -> None:
    total = Z
    for k in range(1, 30):
        total = total * Z + Fraction(1, 3**k)
    text = write(unit(Step("p", A * B), result=total * name("p")))
    assert max(map(len, text.splitlines())) <= 80
    names = [line.split()[1] for line in text.splitlines() if line.startswith("    float")]
    assert len(set(names)) == len(names) > 5


def test_constants_are_rounded_once() -> None:
    """A constant slightly above a tie of float32 is that tie in float64, so it must not be rounded twice."""
    tie = 1 + Fraction(1, 2**24)
    assert CPrinter(unit()).text(number(tie)) == "1.0f"
    assert CPrinter(unit()).text(number(tie + Fraction(1, 10**40))) == "1.0000001f"


def test_only_needed_steps_are_written() -> None:
    routine = Routine([Step("a", Z * Z), Step("b", Z + 1), Step("b", B * Z)], {"g": A, "dg": B})
    text = write(Unit("f", [routine], {"g": "f", "dg": "f_slope"}, FLOAT32, FLOAT32))
    first, second = text.split("float f_slope")
    assert "b = " not in first
    assert "a = " not in second
    assert second.count("b = ") == 2
