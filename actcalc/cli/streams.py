"""Standard output and Python's path, kept as the program itself needs them."""

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def others_at_work() -> Iterator[None]:
    """Meanwhile, what others print goes to standard error; their additions to Python's path are undone."""
    path = list(sys.path)
    try:
        with _others_on_stderr():
            yield
    finally:
        sys.path[:] = path


@contextlib.contextmanager
def _others_on_stderr() -> Iterator[None]:
    """Whatever others print, from Python or not."""
    try:
        out, err = sys.stdout.fileno(), sys.stderr.fileno()
    except (OSError, ValueError):  # they are no files
        with contextlib.redirect_stdout(sys.stderr):
            yield
        return
    sys.stdout.flush()
    kept = os.dup(out)
    os.dup2(err, out)
    try:
        # They may close it.
        with (
            open(os.dup(err), "w", buffering=1, encoding="utf-8", errors="backslashreplace") as aside,
            contextlib.redirect_stdout(aside),
        ):
            yield
        with contextlib.suppress(Exception):  # what C has in its buffers; not on Windows
            ctypes.CDLL(None).fflush(None)
    finally:
        os.dup2(kept, out)
        os.close(kept)
