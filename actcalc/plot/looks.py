"""Colours of pictures and pages, light and dark."""

import colorsys
from typing import NamedTuple

LEAST_CONTRAST = 3
"""The least contrast of lines with the background (WCAG 2.1, 1.4.11)."""


class Look(NamedTuple):
    """Colours. Those of curves differ for any kind of colour vision, and in lightness for print (Okabe and
    Ito, Color universal design, 2008); the first ones stand out best from the paper."""

    paper: str
    ink: str
    faint: str
    curves: tuple[str, ...]

    def colour(self, index: int) -> str:
        """The colour of the curve with this index in its axes."""
        return self.curves[index % len(self.curves)]

    def distinct_colours(self, count: int) -> list[str]:
        """``count`` colours that stand out from the paper, and differ from one another and from the ink."""
        found = [
            colour
            for colour in self.curves
            if contrast(colour, self.paper) >= LEAST_CONTRAST and contrast(colour, self.ink) > 1.5
        ]
        hue, down = 0.12, _luminance(self.paper) > 0.5
        while len(found) < count:
            lightness = 0.55
            while contrast(colour := _hex(hue, lightness), self.paper) < LEAST_CONTRAST:
                lightness += -0.02 if down else 0.02
            if colour not in found:
                found.append(colour)
            hue = (hue + _GOLDEN) % 1
        return found[:count]


_GOLDEN = 0.6180339887
"""A fraction of a circle; steps of it never return to the same point."""


def _hex(hue: float, lightness: float) -> str:
    return "#" + "".join(f"{round(255 * x):02X}" for x in colorsys.hls_to_rgb(hue, lightness, 0.7))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21, as WCAG 2.1 defines it."""
    low, high = sorted(map(_luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    levels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in levels]
    return sum(weight * x for weight, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


_BLUE, _ORANGE, _GREEN, _PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
_SKY, _VERMILLION, _YELLOW = "#56B4E9", "#D55E00", "#F0E442"
LIGHT = Look("#FFFFFF", "#000000", "#D9D9D9", (_BLUE, _VERMILLION, _GREEN, _PURPLE, "#000000", _ORANGE, _SKY))
DARK = Look(
    "#121212", "#F2F2F2", "#3D3D3D", (_SKY, _ORANGE, _GREEN, _PURPLE, "#FFFFFF", _YELLOW, _VERMILLION)
)
