"""Lines on standard error, which is less than results: if it is broken, nothing else is."""

import contextlib
import signal
import sys
from collections.abc import Iterator


def tell(*lines: str) -> None:
    """Print lines on standard error, if that can be done, after the results so far."""
    with contextlib.suppress(OSError, ValueError):
        if sys.stdout is not None:
            sys.stdout.flush()
    if sys.stderr is None:
        return
    with _no_broken_pipe(), contextlib.suppress(OSError, ValueError):
        print(*lines, sep="\n", file=sys.stderr, flush=True)


@contextlib.contextmanager
def _no_broken_pipe() -> Iterator[None]:
    """A pipe that nobody reads is an error here, and does not end the process."""
    if not hasattr(signal, "SIGPIPE"):
        yield
        return
    before = signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGPIPE, before)
