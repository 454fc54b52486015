"""Text that is no number: it ends what is read, is left out, or NaN stands for it."""

from actcalc.errors import ActcalcError, join_names, quote

RULES = ("stop", "skip", "nan")


class Invalid:
    """A rule for text that is no number, one of RULES, and how much of it was met."""

    def __init__(self, rule: str = "stop") -> None:
        """Raises ActcalcError for a rule that is none."""
        if rule not in RULES:
            raise ActcalcError(f"is {join_names(RULES)}, not {quote(rule)}", about="invalid")
        self.stops, self.skips = rule == "stop", rule == "skip"
        self.count = 0
        self._first = ""

    def add(self, text: str, line: int) -> None:
        """Count a text that is passed over; the line counts for the first."""
        self.count += 1
        self._first = self._first or f"{quote(text)} on line {line}"

    @property
    def note(self) -> str:
        """A sentence on what was passed over; empty if there was nothing."""
        if not self.count:
            return ""
        if self.count == 1:
            return (
                f"1 text is not a number and {'was skipped' if self.skips else 'became NaN'}: {self._first}"
            )
        became = "were skipped" if self.skips else "became NaN"
        return f"{self.count:,} texts are not numbers and {became}; the first is {self._first}"
