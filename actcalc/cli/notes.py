"""Lines on standard error, which matters less than results: if it breaks, the command goes on."""

import contextlib
import signal
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actcalc.errors import Argument


def option(argument: "Argument") -> str:
    """An argument of the library as the command line spells it, with its value if it has one."""
    name = "--" + argument.name.replace("_", "-")
    if argument.value is None:
        return name
    return f"{'-o' if argument.name == 'output' else name} {argument.value}"


def tell(*lines: str) -> None:
    """Print lines on standard error, if possible, after the results so far."""
    with contextlib.suppress(OSError, ValueError):
        if sys.stdout is not None:
            sys.stdout.flush()
    if sys.stderr is None:
        return
    with no_broken_pipe(), contextlib.suppress(OSError, ValueError):
        print(*lines, sep="\n", file=sys.stderr, flush=True)


_FEW = 3
"""The number of unsettled values that notes name."""


class UnsettledNotes:
    """Notes about unsettled values, each printed once, if they are ``wanted``."""

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted
        self._reasons: set[str] = set()

    def add(self, reason: str) -> None:
        """Note why NaN or null stands for a value; only the first few reasons are printed."""
        if reason not in self._reasons:
            self._reasons.add(reason)
            if self._wanted and len(self._reasons) <= _FEW:
                tell(f"note: {reason}")

    def status(self) -> int:
        """1 if a value was not settled, else 0. Notes how many there were beyond those named."""
        more = len(self._reasons) - _FEW
        if self._wanted and more > 0:
            tell(f"note: values at {more} more {'points are' if more > 1 else 'point is'} not settled")
        return int(bool(self._reasons))


@contextlib.contextmanager
def no_broken_pipe() -> Iterator[None]:
    """Let writing to a pipe that nobody reads raise an error instead of ending the process."""
    if not hasattr(signal, "SIGPIPE"):
        yield
        return
    before = signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGPIPE, before)
