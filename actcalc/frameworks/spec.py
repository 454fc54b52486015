"""Which target is meant: a framework, or anybody's function ``MODULE:NAME``."""

from typing import NamedTuple

from actcalc.errors import ActcalcError, did_you_mean, quote
from actcalc.frameworks.function import FunctionTarget, import_function
from actcalc.frameworks.registry import FRAMEWORKS
from actcalc.frameworks.target import Target


class Spec(NamedTuple):
    """A description of a target, also for another process."""

    text: str
    device: str | None = None
    compiled: bool = False
    arrays: str = "numpy"
    slope: str | None = None
    backend: str | None = None

    def target(self) -> Target:
        """The target. Raises ActcalcError if it is not there."""
        if ":" in self.text:
            slope = None if self.slope is None else import_function(self.slope)
            function = import_function(self.text)
            return FunctionTarget(self.text, function, self.arrays, slope, self.device, self.compiled)
        if self.text not in FRAMEWORKS:
            raise ActcalcError(
                f"no such target {quote(self.text)}: it is one of {', '.join(FRAMEWORKS)}, or MODULE:NAME",
                did_you_mean(self.text, FRAMEWORKS),
            )
        return FRAMEWORKS[self.text](self.device, self.compiled, self.backend)


def is_target(text: str) -> bool:
    """Whether an argument names a target, and not an activation with parameters."""
    return text in FRAMEWORKS or (":" in text and "=" not in text)
