"""The seven slopes in the documentation are the command's output, with figures as measured."""

import re

from tests.support.slopes import COMMAND, NAIVE, PAGE, blocks, table

FIGURES = "|".join(
    [
        r"(?<=largest error )\S+ ulps? at z = \S+",
        r"(?<=up to )\S+ ulps? at z = \S+",
        r"(?<=NumPy )\S+",
        r"[\d,]+(?= float32)",
    ]
)
"""Figures that depend on NumPy and the machine."""
TEXT = PAGE.read_text(encoding="utf-8")
PRINTED = re.findall(r"^```(?:c|python)\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
ROW = re.compile(r"^\| (\w+)' \| `.*` \| (\S+)(?: ulps)? \| \S+ \| (\S+) ulps \|$", re.MULTILINE)


def without_figures(text: str) -> str:
    """The text with each comment in one line, and without measured figures and intervals."""
    joined = re.sub(r"\n(//|#) +(?=\S)", " ", text)
    return re.sub(r" (from|at|within) \|?[z0-9.]+\|?[^:]*: up to \?", "", re.sub(FIGURES, "?", joined))


def test_the_page_shows_the_output_of_each_slope_in_both_languages() -> None:
    assert len(PRINTED) == 2 * len(NAIVE) == 14
    for printed, (line, text) in zip(PRINTED, blocks().items(), strict=True):
        assert line in printed
        assert without_figures(printed) == without_figures(text), f"{line}: run {COMMAND}"


def test_figures_are_close_to_those_measured_here() -> None:
    """Slopes written by hand are wrong by thousands of ulps or NaN, those of the code by a few ulps."""
    rows, shown = ROW.findall(table()), ROW.findall(TEXT)
    assert [name for name, *_ in shown] == list(NAIVE)
    for (name, naive, own), (_, known_naive, known_own) in zip(rows, shown, strict=True):
        assert naive == known_naive == "NaN" or 0.5 < float(naive) / float(known_naive) < 2, name
        assert naive == "NaN" or float(naive) > 1000
        assert float(own) <= 6
        assert float(known_own) <= 6
