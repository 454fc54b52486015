"""A request to compare values in files with the right ones."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.activations.arrays import is_inside
from actcalc.activations.declaration import Quantity
from actcalc.checking.comparison import Comparison
from actcalc.checking.digits import DigitsReport, check_digits, read_number
from actcalc.checking.formats import Formats
from actcalc.checking.from_values import slope_from_values
from actcalc.checking.guesses import MOST, MOST_ROUNDED, guess, guess_from_a, guess_rounding
from actcalc.checking.judge import Judge
from actcalc.checking.report import Report
from actcalc.input.choosing import Chooser
from actcalc.input.invalid import Invalid
from actcalc.input.npy import NOT_GIVEN, Given
from actcalc.input.pairs import PairBlock, TextBlock, open_pairs, open_texts
from actcalc.input.values import are_float32
from actcalc.numbers.code_arrays import numbers_in
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import FLOAT64, Format
from actcalc.numbers.roundings import Rounding


class CheckRequest(NamedTuple):
    """A request for a check; ``comparison.check`` explains its options."""

    files: Sequence[str]
    choose: Chooser
    """Chooses the columns of a file."""
    f: Activation
    of: Quantity
    given: Given
    """The formats of z and the values, as given; those not given are those of the file."""
    at_kink: str | None
    judge: Judge
    worst: int
    invalid: Invalid
    """The rule for text that is not a number."""
    words: bool = False
    """Whether all texts are bit patterns, with ``0x`` or without."""
    given_a: bool = False
    """Whether the points are values a = g(z), from which the slope should follow."""
    direction: str = "nearest"
    """The direction in which right values are rounded."""
    overflow: str | None = None
    """The rule for results beyond the largest number; None for that of the format."""

    def digits_report(
        self, digits: int | None, watch: Callable[[Iterator[TextBlock]], Iterator[TextBlock]]
    ) -> DigitsReport:
        """The report on decimals as written, to ``digits`` digits or, if None, to the values' last place."""
        with open_texts(self.files, self.choose, read_number, self.invalid) as texts:
            blocks = list(watch(texts))
        if self.given_a:
            for text in (text for column, _ in blocks for text in column):
                self._check_a(read_number(text), text)
        f, of = self._function(None)
        report = check_digits(f, of, blocks, digits, self.at_kink, self.worst)
        report = report._replace(f=self.f, of=self.of, variable=self._variable)
        if report.passed or sum(len(values) for _, values in blocks) > MOST:
            return report
        z, values = (
            np.array([float(read_number(text)) for block in column for text in block])
            for column in zip(*blocks, strict=True)
        )
        return report._replace(guess=self._guess(FLOAT64, z, values))

    def report(self, watch: Callable[[Iterator[PairBlock]], Iterator[PairBlock]]) -> tuple[Report, bool]:
        """The report, and whether all values are float32 numbers though no format was given.

        The pairs are read through ``watch``, which may show progress.
        """
        with open_pairs(self.files, self.choose, self.given, self.invalid, self.words) as (formats, pairs):
            fmt, out = formats[0], Rounding(formats[1], self.direction, self.overflow)
            function = self._function(fmt if isinstance(fmt, Format) else None)
            comparison = Comparison(*function, fmt, self.at_kink, self.judge, self.worst, out=out)
            is_narrow = self.given == NOT_GIVEN and fmt is FLOAT64
            kept: list[PairBlock] = []
            count = 0
            for z, values in watch(pairs):
                if self.given_a:
                    assert isinstance(fmt, Format)
                    for a in set(z[~is_inside(self.f, z, fmt)].tolist()):
                        self.f.check_a(a, fmt)
                comparison.add(z, values)
                is_narrow = is_narrow and are_float32(values)
                count += len(z)
                kept.append((z, values))
                if count > MOST_ROUNDED:
                    kept.clear()
        report = comparison.report()
        if self.given_a:
            named = replace(report, activation=self.f.name, parameters=self.f.notable_parameters)
            evenly = replace(named, right_evenly=None, faithful_evenly=None)  # they are about z
            report = replace(evenly, of="dg", out_of_range=None, variable="a")
        if report.correctly_rounded < report.points and kept:
            z, values = map(np.concatenate, zip(*kept, strict=True))
            said = guess_rounding(*function, Formats(fmt, out), self.at_kink, z, values)
            if not said and not report.passed and len(z) <= MOST:
                numbers = numbers_in(z, fmt), numbers_in(values, out.fmt)
                said = self._guess(out.fmt if isinstance(out.fmt, Format) else FLOAT64, *numbers)
            report = replace(report, guess=said)
        return report, is_narrow

    def _function(self, fmt: Format | None) -> tuple[Activation, Quantity]:
        """The function to compare with, and the quantity of it."""
        return (slope_from_values(self.f, fmt), "g") if self.given_a else (self.f, self.of)

    @property
    def _variable(self) -> str:
        return "a" if self.given_a else "z"

    def _check_a(self, a: Fraction | float, text: str) -> None:
        if isinstance(a, float):
            self.f.check_a(a, FLOAT64)
        else:
            self.f.check_range(a, text)

    def _guess(self, fmt: Format, z: Array, values: Array) -> str:
        """A guess at how wrong values were computed."""
        return (
            guess_from_a(self.f, fmt, z, values) if self.given_a else guess(self.f, self.of, fmt, z, values)
        )
