"""The errors of textbook slopes as a picture."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.numbers.floats import Format
from actcalc.numbers.numerals import exact_text
from actcalc.numbers.ranges import Grid
from actcalc.output.rows import FormulaText
from actcalc.plot.curves import floats_of
from actcalc.plot.mathtext import Text
from actcalc.plot.scene import Curve, Level, Picture, name
from actcalc.teaching.elsewhere import default_note
from actcalc.teaching.textbook import TextbookSlope, breakdowns


def draw_errors(
    fs: Sequence[Activation], points: Grid, fmt: Format, limits: tuple[float, float] | None = None
) -> Picture:
    """The errors of textbook slopes, in ulps of the format.

    ``limits`` are the ends of the axis of errors, if given.

    Raises ActcalcError for a range that cannot be drawn.
    """
    zs = floats_of(points, fmt)
    textbooks = [TextbookSlope(f, fmt) for f in fs]
    lost = math.ldexp(1.0, fmt.precision)
    floor, top = 2.0**-7, lost * 8
    curves = []
    for owner, (f, textbook) in enumerate(zip(fs, textbooks, strict=True)):
        slopes = textbook.of_array(np.array(zs)).tolist()
        errors = [(z, textbook.error(z, slope)) for z, slope in zip(zs, slopes, strict=True)]
        seen = [(z, min(error, top)) for z, error in errors if not math.isnan(error)]
        what = [name(f), ": ", *(["from ", FormulaText("a"), ", "] if textbook.is_from_a else [])]
        what.append(_formula(textbook))
        if all(error == 0 for _, error in seen):
            what.append(" (exact everywhere)")
        curves.append(Curve(Text(*what), owner, 0, [[(z, max(error, floor)) for z, error in seen]]))
    levels = [
        Level(0.5, "half an ulp: correctly rounded, as actcalc is", True),
        Level(math.sqrt(lost), "half the digits lost"),
        Level(lost, "all digits lost"),
    ]
    return Picture(
        f"Textbook slopes in {fmt}: 0.5 ulp or less is correctly rounded; each doubling loses one bit",
        "z",
        ["error in ulps"],
        (zs[0], zs[-1]),
        limits or (floor, top),
        True,
        "one",
        [name(f) for f in fs],
        curves,
        levels=levels,
        notes=[
            *(note for f, textbook in zip(fs, textbooks, strict=True) for note in _zeros(f, textbook, fmt)),
            *(note for f in fs if (note := default_note(f))),
        ],
        limits=limits,
    )


def _zeros(f: Activation, textbook: TextbookSlope, fmt: Format) -> Iterator[str]:
    """Notes on the z from which on the shortcut is exactly 0, for each side."""
    for found in breakdowns(f, fmt):
        if found.zero is not None:
            k = found.side * found.zero
            on, right = "on" if k > 0 else "down", fmt.text(f.dg_float(fmt.round_exact(Fraction(k, 10)), fmt))
            yield Text(
                *(name(f), ": ", _formula(textbook)),
                f" is exactly 0 from z = {exact_text(Fraction(k, 10))} {on}, where the slope is {right}",
            )


def _formula(textbook: TextbookSlope, limit: int = 40) -> str:
    text = textbook.text
    return FormulaText(text) if len(text) <= limit else text[: limit - 3] + "..."
