"""Files that are complete or stay as they were."""

import contextlib
import errno
import os
import re
import secrets
import signal
import stat
import threading
from collections.abc import Iterator
from typing import IO, Any

from actcalc.errors import InputError, quote


@contextlib.contextmanager
def writing(path: str) -> Iterator[IO[bytes]]:
    """The file ``path``, to be written: a regular or new file is replaced once all is written.

    Links are followed and the mode is kept. Whatever else it is, such as a pipe or ``/dev/stdout``, is
    written directly. Raises InputError if it cannot be written.
    """
    try:
        with _open(path) as file:
            yield file
    except OSError as error:
        raise InputError(f"cannot write {quote(path, 4096)}: {error.strerror}") from None


def _open(path: str) -> contextlib.AbstractContextManager[IO[bytes]]:
    descriptor = _descriptor(path)
    if descriptor is not None:
        # Opened again, what it leads to would be cut, and written from its start.
        return open(os.dup(descriptor), "wb")
    if path.endswith(("/", os.sep)):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    with contextlib.suppress(FileNotFoundError):
        os.stat(path)  # a loop of links is no name for a file
    target = os.path.realpath(path)
    if os.path.exists(target) and not stat.S_ISREG(os.stat(target).st_mode):
        return open(path, "wb")
    return _replacing(target)


def _descriptor(path: str) -> int | None:
    """The open file that ``/dev/stdout`` and the like, or a link to it, stands for."""
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
    with ending_in_order():
        try:
            with open(temporary, "xb") as file:
                yield file
            if mode is not None:
                os.chmod(temporary, mode)
            os.replace(temporary, target)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


class _Ended(BaseException):
    """The process has been told to end."""


@contextlib.contextmanager
def ending_in_order() -> Iterator[None]:
    """Signals that would end the process at once let it tidy up before they do."""

    def end(number: int, frame: Any) -> None:
        raise _Ended(number)

    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        numbers = []
    caught = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    for number in caught:
        signal.signal(number, end)
    try:
        yield
    except _Ended as ended:
        (number,) = ended.args
        if number not in caught:  # whoever is waiting for it outside has more to tidy up
            raise
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    finally:
        for number in caught:
            signal.signal(number, signal.SIG_DFL)
