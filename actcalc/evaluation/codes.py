"""Points of an integer format: numbers are read, and held and shown as codes."""

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from actcalc.errors import NotANumber, quote
from actcalc.evaluation.numbers import InFormat
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.integers import IntegerFormat
from actcalc.numbers.numerals import Numeral, exact_text, from_pattern, is_pattern, parse_exact

if TYPE_CHECKING:
    from actcalc.evaluation.numbers import Points
    from actcalc.input.texts import Texts
    from actcalc.numbers.ranges import Grid


_MARGIN = 2.0**-16
"""More than the error of a float64 quotient below 2**33."""


class Codes(InFormat[IntegerFormat]):
    """Points as codes of an integer format; for a number out of its range the nearer end is taken."""

    def read(self, text: str) -> float:
        if "/" in text:
            return self._inside(self.format.nearest_code(parse_exact(text)), text)
        if self._bits and is_pattern(text):
            return from_pattern(text, self.format)
        numeral = Numeral(text)
        if numeral.is_finite:
            return self._inside(self.format.nearest_code(numeral.saturate()), text)
        limit = numeral.to_format(FLOAT64)
        if math.isnan(limit):
            raise NotANumber(f"{quote(text)} is not a value of {self.format}: integers have no NaN")
        return self._inside(limit, text)

    def _inside(self, code: float, text: str) -> float:
        """A code, or the nearer end if it is out of range, which is noted with the ``text`` of the number."""
        inside = min(max(code, self.format.lowest), self.format.highest)
        if inside != code:
            self.beyond.add(text)
        return float(inside)

    def read_all(self, words: "Texts") -> "Points | None":
        values = self._decimals(words)
        if values is None or isinstance(values, list):
            return values
        import numpy as np

        with np.errstate(all="ignore"):
            quotients = np.asarray(values) / float(self.format.scale)
            codes = np.rint(quotients) + self.format.zero
            certain = (codes >= self.format.lowest) & (codes <= self.format.highest)
            certain &= abs(quotients - np.floor(quotients) - 0.5) > _MARGIN
        for i in np.flatnonzero(~certain).tolist():
            codes[i] = self.read(words.text(i))
        return codes

    def points(self, grid: "Grid") -> "Iterator[Points]":
        for part in grid.parts():
            yield [self._inside(self.format.nearest_code(z), exact_text(z)) for z in part]

    def held(self, number: Fraction) -> Fraction:
        return number / self.format.scale + self.format.zero

    def number(self, point: float) -> Fraction:
        return self.format.value_of(point)

    def beyond_note(self, variable: str) -> str:
        low, high = (exact_text(self.format.value_of(x)) for x in (self.format.lowest, self.format.highest))
        return self.beyond.note(variable, self.format, f"the nearer end, {low} or {high}, stands")
