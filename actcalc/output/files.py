"""Files that are written whole or stay as they were."""

import contextlib
import errno
import os
import re
import secrets
import signal
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from typing import IO, Any

from actcalc.errors import InputError, quote


@contextlib.contextmanager
def writing(path: str) -> Iterator[IO[bytes]]:
    """The file ``path``, opened for writing: a regular or new file is replaced once all is written.

    Links are followed and the mode is kept. Anything else, such as a pipe or ``/dev/stdout``, is written
    directly. Raises InputError if it cannot be written.
    """
    try:
        with _open(path) as file:
            yield file
    except OSError as error:
        raise InputError(f"cannot write {quote(path, 4096)}: {error.strerror}") from None


def check_writable(path: str) -> None:
    """Raise InputError if it is already clear that a file cannot be written."""
    try:
        if _descriptor(path) is not None:
            return
        if path.endswith(("/", os.sep)) or os.path.isdir(path):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        target = os.path.realpath(path)
        os.stat(os.path.dirname(target))
        if not os.access(target if os.path.exists(target) else os.path.dirname(target), os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise InputError(f"cannot write {quote(path, 4096)}: {error.strerror}") from None


def _open(path: str) -> contextlib.AbstractContextManager[IO[bytes]]:
    descriptor = _descriptor(path)
    if descriptor is not None:
        # Opening it again would truncate its file, and write from the start.
        return open(os.dup(descriptor), "wb")
    if path.endswith(("/", os.sep)):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    with contextlib.suppress(FileNotFoundError):
        os.stat(path)  # fails for a loop of links
    target = os.path.realpath(path)
    if os.path.exists(target) and not stat.S_ISREG(os.stat(target).st_mode):
        return open(path, "wb")
    return _replacing(target)


def _descriptor(path: str) -> int | None:
    """The open file for which ``/dev/stdout`` and the like, or a link to it, stands; None for others."""
    for _ in range(40):
        if match := re.fullmatch(r"/(?:dev|proc/self)/fd/([0-9]{1,9})", path):
            return int(match[1])
        if not os.path.islink(path):
            break
        path = os.path.join(os.path.dirname(path), os.readlink(path))
    return None


@contextlib.contextmanager
def _replacing(target: str) -> Iterator[IO[bytes]]:
    mode = None
    if os.path.exists(target):
        if not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, "Permission denied")
        mode = stat.S_IMODE(os.stat(target).st_mode)
    temporary = os.path.join(os.path.dirname(target), f".{secrets.token_hex(4)}.tmp")

    def tidy() -> None:
        with contextlib.suppress(OSError):
            os.unlink(temporary)

    with ending_in_order(tidy):
        with open(temporary, "xb") as file:
            yield file
        if mode is not None:
            os.chmod(temporary, mode)
        os.replace(temporary, target)


_ENDING = (
    *("HUP", "INT", "QUIT", "ABRT", "USR1", "USR2", "PIPE", "ALRM", "TERM", "STKFLT"),
    *("XCPU", "VTALRM", "PROF", "PWR", "BREAK", *(["IO"] if sys.platform == "linux" else [])),
)
"""Signals that by default end a process, but those of faults, which would be raised again."""
_tidying: list[Callable[[], object]] = []
"""Functions that tidy up, the innermost last."""


def _end(number: int, frame: Any) -> None:
    """Tidy up, and end by the signal."""
    # An exception raised here might be swallowed, as in the callback of a weak reference.
    for tidy in reversed(_tidying):
        with contextlib.suppress(Exception):
            tidy()
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)


@contextlib.contextmanager
def ending_in_order(tidy: Callable[[], object]) -> Iterator[None]:
    """Call ``tidy`` however this ends, also by a signal that would end the process at once."""
    caught: list[int] = []
    _tidying.append(tidy)
    try:
        if threading.current_thread() is threading.main_thread():
            known = [getattr(signal, f"SIG{name}") for name in _ENDING if hasattr(signal, f"SIG{name}")]
            caught += [number for number in known if signal.getsignal(number) is signal.SIG_DFL]
            for number in caught:
                signal.signal(number, _end)
        yield
    finally:
        tidy()
        _tidying.remove(tidy)
        for number in caught:
            signal.signal(number, signal.SIG_DFL)
