"""A request to hold values in files against the right ones."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.checking.comparison import Comparison
from actcalc.checking.digits import DigitsReport, check_digits, read_number
from actcalc.checking.guesses import MOST, guess
from actcalc.checking.judge import Judge
from actcalc.checking.report import Report
from actcalc.input.choosing import Chooser
from actcalc.input.invalid import Invalid
from actcalc.input.pairs import PairBlock, TextBlock, open_pairs, open_texts
from actcalc.input.values import are_float32
from actcalc.numbers.floats import FLOAT64, Format


class CheckRequest(NamedTuple):
    """A request for a check; ``comparison.check`` says what its options mean."""

    files: Sequence[str]
    choose: Chooser
    """Chooses the columns of a file."""
    f: Activation
    of: Quantity
    fmt: Format | None
    """The format of the values; None for that of the file."""
    at_kink: str | None
    judge: Judge
    worst: int
    invalid: Invalid
    """What becomes of text that is no number."""
    words: bool = False
    """Whether all texts are bit patterns, with ``0x`` or without."""

    def digits_report(
        self, digits: int | None, watch: Callable[[Iterator[TextBlock]], Iterator[TextBlock]]
    ) -> DigitsReport:
        """The report on what is written, to so many ``digits``, or else to the last place of the values."""
        with open_texts(self.files, self.choose, read_number, self.invalid) as texts:
            blocks = list(watch(texts))
        report = check_digits(self.f, self.of, blocks, digits, self.at_kink, self.worst)
        if report.passed or sum(len(values) for _, values in blocks) > MOST:
            return report
        z, values = (
            np.array([float(read_number(text)) for block in column for text in block])
            for column in zip(*blocks, strict=True)
        )
        return report._replace(guess=guess(self.f, self.of, FLOAT64, z, values))

    def report(self, watch: Callable[[Iterator[PairBlock]], Iterator[PairBlock]]) -> tuple[Report, bool]:
        """The report, and whether values of a wider format are float32 numbers, and none is given.

        The pairs are read through ``watch``, which may show how far they are.
        """
        with open_pairs(self.files, self.choose, self.fmt, self.invalid, self.words) as (fmt, pairs):
            comparison = Comparison(self.f, self.of, fmt, self.at_kink, self.judge, self.worst)
            is_narrow = self.fmt is None and not fmt.is_narrow
            kept: list[PairBlock] = []
            count = 0
            for z, values in watch(pairs):
                comparison.add(z, values)
                is_narrow = is_narrow and are_float32(values)
                count += len(z)
                kept = [*kept, (z, values)] if count <= MOST else []
        report = comparison.report()
        if not report.passed and kept:
            z, values = map(np.concatenate, zip(*kept, strict=True))
            report = replace(report, guess=guess(self.f, self.of, fmt, z, values))
        return report, is_narrow
