"""How far the textbook's slopes are off, as a picture."""

import math
from collections.abc import Sequence

from actcalc.activations.activation import Activation
from actcalc.activations.notes import used_note
from actcalc.numbers.floats import Format
from actcalc.numbers.ranges import Grid
from actcalc.plot.curves import floats_of
from actcalc.plot.scene import (
    Curve,
    Level,
    Picture,
    name,
)
from actcalc.teaching.textbook import TextbookSlope


def draw_errors(fs: Sequence[Activation], points: Grid, fmt: Format) -> Picture:
    """How far the textbook's slopes are from the right ones, in ulps of the format.

    Raises ActcalcError for a range that cannot be drawn.
    """
    zs = floats_of(points, fmt)
    textbooks = [TextbookSlope(f, fmt) for f in fs]
    lost = math.ldexp(1.0, fmt.precision)
    floor, top = 2.0**-7, lost * 8
    curves = []
    for owner, (f, textbook) in enumerate(zip(fs, textbooks, strict=True)):
        errors = [(z, textbook.error(z)) for z in zs]
        seen = [(z, min(error, top)) for z, error in errors if not math.isnan(error)]
        what = f"{name(f)}: {'from a, ' if textbook.is_from_a else ''}{_short(textbook.text)}"
        if all(error == 0 for _, error in seen):
            what += " (exact everywhere)"
        curves.append(Curve(what, owner, False, [[(z, max(error, floor)) for z, error in seen]]))
    levels = [
        Level(0.5, "half an ulp: correctly rounded"),
        Level(math.sqrt(lost), "half the digits lost"),
        Level(lost, "all digits lost"),
    ]
    return Picture(
        f"Error of the textbook slope in {fmt}, every operation correctly rounded",
        "z",
        "error in ulps",
        (zs[0], zs[-1]),
        (floor, top),
        True,
        [name(f) for f in fs],
        curves,
        levels=levels,
        notes=[note for f in fs if (note := used_note(f))],
    )


def _short(text: str, limit: int = 40) -> str:
    return text if len(text) <= limit else text[: limit - 3] + "..."
