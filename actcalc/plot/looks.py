"""Colours of pictures and pages, light and dark."""

from typing import NamedTuple


class Look(NamedTuple):
    """Colours. Those of the curves are told apart with any kind of colour vision, and by their lightness
    in print (Okabe and Ito, Color universal design, 2008); the first stand out best from the paper."""

    paper: str
    ink: str
    faint: str
    curves: tuple[str, ...]

    def colour(self, index: int) -> str:
        """That of a curve of so many in the same axes."""
        return self.curves[index % len(self.curves)]


_BLUE, _ORANGE, _GREEN, _PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
_SKY, _VERMILLION, _YELLOW = "#56B4E9", "#D55E00", "#F0E442"
LIGHT = Look("#FFFFFF", "#000000", "#D9D9D9", (_BLUE, _VERMILLION, _GREEN, _PURPLE, "#000000", _ORANGE, _SKY))
DARK = Look(
    "#121212", "#F2F2F2", "#3D3D3D", (_SKY, _ORANGE, _GREEN, _PURPLE, "#FFFFFF", _YELLOW, _VERMILLION)
)
