"""Standard output and Python's path, protected from the code of others."""

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def others_at_work() -> Iterator[None]:
    """Send what others print to standard error, and undo their additions to Python's path at the end."""
    path = list(sys.path)
    try:
        with _others_on_stderr():
            yield
    finally:
        sys.path[:] = path


@contextlib.contextmanager
def _others_on_stderr() -> Iterator[None]:
    """Send all that others print to standard error, whether from Python or from C."""
    try:
        out, err = sys.stdout.fileno(), sys.stderr.fileno()
    except (OSError, ValueError):  # they are not files
        with contextlib.redirect_stdout(sys.stderr):
            yield
        return
    sys.stdout.flush()
    kept = os.dup(out)
    os.dup2(err, out)
    try:
        # Others may close it.
        with (
            open(os.dup(err), "w", buffering=1, encoding="utf-8", errors="backslashreplace") as aside,
            contextlib.redirect_stdout(aside),
        ):
            yield
        with contextlib.suppress(Exception):  # C's buffers; not on Windows
            ctypes.CDLL(None).fflush(None)
    finally:
        os.dup2(kept, out)
        os.close(kept)
