"""Text that is not a number: an error, left out, or replaced by NaN."""

from actcalc.errors import ActcalcError, join_names, quote

RULES = ("stop", "skip", "nan")


class Invalid:
    """A rule for text that is not a number, one of RULES, and a count of such texts."""

    def __init__(self, rule: str = "stop") -> None:
        """Raise ActcalcError for an unknown rule."""
        if rule not in RULES:
            raise ActcalcError(f"must be {join_names(RULES)}, not {quote(rule)}", about="invalid")
        self.stops, self.skips = rule == "stop", rule == "skip"
        self.count = 0
        self._first = ""

    def add(self, text: str, line: int) -> None:
        """Count a text that is passed over; the first one is remembered with its line."""
        self.count += 1
        self._first = self._first or f"{quote(text)} on line {line}"

    @property
    def note(self) -> str:
        """A sentence about the texts passed over; empty if there were none."""
        if not self.count:
            return ""
        if self.count == 1:
            return (
                f"1 text is not a number and {'was skipped' if self.skips else 'became NaN'}: {self._first}"
            )
        became = "were skipped" if self.skips else "became NaN"
        return f"{self.count:,} texts are not numbers and {became}; the first is {self._first}"
