"""Files opened for reading, and bytes of a stream as they arrive."""

import io
import os
import sys
from collections.abc import Iterator
from select import select

from actcalc.errors import InputError, quote


def standard_input() -> int:
    """The descriptor of standard input. Raises InputError if it is closed."""
    if sys.stdin is None:
        raise InputError("standard input is closed")
    return sys.stdin.fileno()


def open_file(path: str) -> io.FileIO:
    """A file opened for reading; ``-`` is standard input. Raises InputError if it cannot be opened."""
    if path == "-":
        return io.FileIO(standard_input(), closefd=False)
    try:
        return io.FileIO(path)
    except OSError as error:
        raise cannot_read(path, error) from None


def read_blocks(descriptor: int, source: str = "", most: int = 1 << 20) -> Iterator[bytes]:
    """The bytes that have arrived, at most ``most`` bytes at a time; the last block is empty.

    ``source`` is the file's name in errors; ``""`` is standard input. Raises InputError if it cannot be read.
    """
    at_end = False
    while not at_end:
        block = b""
        try:
            # A pipe gives little at a time, even if more has arrived.
            while not block or (len(block) < most and _has_more(descriptor)):
                more = os.read(descriptor, most - len(block))
                block += more
                if not more:  # a terminal would wait for input again
                    at_end = True
                    break
        except OSError as error:
            raise cannot_read(source, error) from None
        if block:
            yield block
    yield b""


def _has_more(descriptor: int) -> bool:
    """Whether reading would not block; False if the system cannot tell."""
    try:
        return bool(select([descriptor], [], [], 0)[0])
    except (OSError, ValueError):
        return False


def cannot_read(source: str, error: OSError) -> InputError:
    """The error for a stream that the system cannot read."""
    name = quote(source, 4096) if source else "standard input"
    return InputError(f"cannot read {name}: {error.strerror}")
