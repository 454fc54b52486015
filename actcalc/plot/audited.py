"""The rows of an audit as pictures: errors in ulps against z."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from actcalc.checking.failures import KINDS, PICTURED
from actcalc.checking.report import Report, name_of
from actcalc.checking.tally import COLUMNS, DECADES
from actcalc.numbers.floats import FORMATS
from actcalc.plot.image import draw_axes, drawing
from actcalc.plot.looks import LIGHT
from actcalc.plot.scene import Level, Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FLOOR = 2.0**-4


def save_audit(title: str, rows: Sequence[Report], path: str) -> None:
    """Draw the rows that have points, failures first, each in a panel of its own.

    Raises as ``image.save`` does.
    """
    rows = sorted((row for row in rows if row.points), key=lambda row: row.badness)
    across = 1 if len(rows) < 3 else 2 if len(rows) < 20 else 4
    down = max(1, -(-len(rows) // across))
    several = len({row.target for row in rows}) > 1
    with drawing(path, (max(8, 5 * across), 1 + 2.2 * down), 120, LIGHT) as figure:
        what = "errors in ulps against z; dotted: half an ulp, an ulp, all digits lost"
        figure.suptitle(f"{title}\n{what}", fontsize=11, color=LIGHT.ink)
        panels = figure.subplots(down, across, squeeze=False).ravel().tolist()
        for axes, row in zip(panels, rows, strict=False):
            _draw(axes, row, several)
        for axes in panels[len(rows) :]:
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


def _draw(axes: "Axes", row: Report, with_target: bool) -> None:
    top = math.ldexp(1.0, FORMATS[row.dtype].precision + 3)
    words = [row.target] * with_target + [name_of(row), row.of, row.dtype, f"({row.verdict})"]
    levels = [Level(0.5, ""), Level(1.0, ""), Level(top / 8, "")]
    end = 10.0**DECADES
    picture = Picture("", "z", ["ulps"], (-end, end), (_FLOOR, top), True, False, [], [], levels=levels)
    draw_axes(axes, picture, LIGHT)
    axes.set_xscale("symlog", linthresh=1, linscale=1)
    axes.set_title(" ".join(words), fontsize=9, color=LIGHT.ink)
    axes.tick_params(labelsize=8)
    zs = [_z(seen.column) for seen in row.profile]
    heights = [min(max(seen.ulps, _FLOOR), top) for seen in row.profile]
    axes.plot(zs, heights, ".", markersize=2.5, color=LIGHT.curves[0], zorder=3)
    for bit, kind in enumerate(PICTURED):
        places = [i for i, seen in enumerate(row.profile) if seen.kinds >> bit & 1]
        if places:
            axes.plot(
                [zs[i] for i in places],
                [top if kind == "not_finite" else heights[i] for i in places],
                KINDS[kind].marker,
                markersize=5,
                color=LIGHT.curves[(6, 1, 2)[bit]],
                label=KINDS[kind].legend,
                zorder=4,
                clip_on=False,
            )


def _z(column: int) -> float:
    """The middle of a column."""
    along = (column + 0.5) * (1 + DECADES) / COLUMNS
    size = abs(along)
    return math.copysign(size if size <= 1 else 10 ** (size - 1), along)
