"""The rows of an audit as pictures: errors in ulps against z."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from actcalc.checking.failures import KINDS, PICTURED
from actcalc.checking.report import Report, name_of
from actcalc.checking.tally import COLUMNS, DECADES, FAR
from actcalc.numbers.floats import FLOAT64, Format
from actcalc.numbers.integers import IntegerFormat
from actcalc.numbers.rulers import Ruler
from actcalc.plot.image import draw_axes, drawing
from actcalc.plot.looks import LIGHT
from actcalc.plot.scene import Level, Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FLOOR = 2.0**-4
_FAR_MARKS = (38, 150, 308)


def save_audit(title: str, rows: Sequence[Report], path: str, together: bool = False) -> None:
    """Draw the rows that have points, failures first, each in its own panel, or all targets ``together``.

    Raises as ``image.save`` does.
    """
    rows = sorted((row for row in rows if row.points), key=lambda row: row.badness)
    targets = list(dict.fromkeys(row.target for row in sorted(rows, key=lambda row: row.target)))
    several = len(targets) > 1 and not together
    groups: dict[tuple[str, ...], list[Report]] = {}
    for row in rows:
        own = "" if together else row.target
        groups.setdefault((name_of(row), row.of, row.formats.name, own), []).append(row)
    across = 1 if len(groups) < 3 else 2 if len(groups) < 20 else 4
    down = max(1, -(-len(groups) // across))
    with drawing(path, (max(8, 5 * across), 1 + 2.2 * down), 120, LIGHT) as figure:
        what = "errors in ulps against z; dotted: half an ulp, an ulp, all digits lost"
        figure.suptitle(f"{title}\n{what}", fontsize=11, color=LIGHT.ink)
        panels = figure.subplots(down, across, squeeze=False).ravel().tolist()
        for axes, group in zip(panels, groups.values(), strict=False):
            for row in group:
                _draw(axes, row, several, targets.index(row.target) if together else None)
        for axes in panels[len(groups) :]:
            axes.set_axis_off()
        known = {
            label: handle
            for axes in panels
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        if known:
            figure.legend(
                [*known.values()], [*known], loc="outside lower center", ncols=3, fontsize=9, frameon=False
            )


def _draw(axes: "Axes", row: Report, with_target: bool, number: int | None) -> None:
    """Draw a row; ``number`` is that of its target, if several are drawn together."""
    formats = row.formats
    fmt = formats.z
    largest = fmt.largest if isinstance(fmt, Format) else _largest(fmt)
    top = math.ldexp(1.0, Ruler(formats.out).precision + 3)
    words = [row.target] * with_target + [name_of(row), row.of, formats.name]
    words += [f"({row.verdict})"] if number is None else []
    levels = [Level(0.5, ""), Level(1.0, ""), Level(top / 8, "")]
    end = _place(largest)
    picture = Picture("", "z", ["ulps"], (-end, end), (_FLOOR, top), True, "one", [], [], levels=levels)
    draw_axes(axes, picture, LIGHT)
    marks = [10.0**power for power in (0, 1, 2, 3, *_FAR_MARKS) if 10.0**power <= largest]
    zs = [*(-mark for mark in reversed(marks)), 0.0, *marks]
    texts = [f"{z:.0e}".replace("+", "") if abs(z) > 1e3 else f"{z:.0f}" for z in zs]
    axes.set_xticks([math.copysign(_place(abs(z)), z) for z in zs], texts)
    axes.set_title(" ".join(words), fontsize=9, color=LIGHT.ink)
    axes.tick_params(labelsize=6)
    zs = [seen.column + 0.5 for seen in row.profile]
    heights = [min(max(seen.ulps, _FLOOR), top) for seen in row.profile]
    axes.plot(
        zs,
        heights,
        ".",
        markersize=2.5,
        color=LIGHT.curves[number or 0],
        zorder=3 + (number or 0),
        label=None if number is None else row.target,
    )
    for bit, kind in enumerate(PICTURED):
        places = [i for i, seen in enumerate(row.profile) if seen.kinds >> bit & 1]
        if places:
            axes.plot(
                [zs[i] for i in places],
                [top if kind == "not_finite" else heights[i] for i in places],
                KINDS[kind].marker,
                markersize=5,
                color=LIGHT.curves[(4, 5, 3)[bit]],
                label=KINDS[kind].legend,
                zorder=4,
                clip_on=False,
            )


def _largest(fmt: IntegerFormat) -> float:
    """The largest absolute value that a code stands for."""
    return max(abs(FLOAT64.round_exact(fmt.value_of(code))) for code in (fmt.lowest, fmt.highest))


def _place(size: float) -> float:
    """The place of abs(z) in a picture, in columns."""
    along = (size if size <= 1 else 1 + math.log10(size)) * COLUMNS / (1 + DECADES)
    return along if along < COLUMNS else COLUMNS + (math.log10(size) - DECADES) * FAR
