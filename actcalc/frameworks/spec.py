"""Descriptions of targets: a framework, or anybody's function ``MODULE:NAME``."""

from importlib.util import find_spec
from typing import NamedTuple

from actcalc.errors import ActcalcError, did_you_mean, join_names, quote
from actcalc.frameworks.function import FunctionTarget, check_arrays, import_function, split_place
from actcalc.frameworks.registry import FRAMEWORKS
from actcalc.frameworks.target import Target


class Spec(NamedTuple):
    """A description of a target, which can be sent to another process."""

    text: str
    device: str | None = None
    compiled: bool = False
    arrays: str = "numpy"
    slope: str | None = None
    backend: str | None = None

    @property
    def is_function(self) -> bool:
        return ":" in self.text

    @property
    def name(self) -> str:
        """The name of the target, known before it is imported."""
        return self.text if self.is_function else FRAMEWORKS[self.text].name_on(self.backend)

    def check(self) -> None:
        """Raise ActcalcError for all that can be refused without running anybody's code."""
        if self.is_function:
            for text in filter(None, (self.text, self.slope)):
                split_place(text)
            check_arrays(self.arrays)
            used = [] if self.arrays == "numpy" else [self.arrays]
        else:
            used = [self.text]
        for name in used:
            if name not in FRAMEWORKS:
                raise ActcalcError(
                    f"no such target {quote(name)}: choose one of {', '.join(FRAMEWORKS)}, or MODULE:NAME",
                    did_you_mean(name, FRAMEWORKS),
                )
            kind = FRAMEWORKS[name]
            if self.compiled and not kind.compiles:
                raise ActcalcError(f": {name} cannot compile", about="compile")
            if self.backend is not None and self.backend not in kind.backends:
                raise ActcalcError(
                    f"must be {join_names(kind.backends)}, not {quote(self.backend)}",
                    did_you_mean(self.backend, kind.backends),
                    "backend",
                )
            if not _is_installed(name):
                raise ActcalcError(f"{name} is not installed", f"install it: {kind.install}")

    def target(self) -> Target:
        """The target. Raises ActcalcError if it cannot be imported."""
        self.check()
        if self.is_function:
            slope = None if self.slope is None else import_function(self.slope)
            function = import_function(self.text)
            return FunctionTarget(self.text, function, self.arrays, slope, self.device, self.compiled)
        return FRAMEWORKS[self.text](self.device, self.compiled, self.backend)


def is_target(text: str) -> bool:
    """Whether an argument names a target rather than an activation with parameters."""
    return text in FRAMEWORKS or (":" in text and "=" not in text)


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ValueError:  # imported, but without a spec
        return True
