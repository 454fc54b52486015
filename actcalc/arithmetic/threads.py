"""Share work among threads."""

import os
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from actcalc.errors import ActcalcError, quote

if TYPE_CHECKING:
    from concurrent.futures import Executor

_Part = TypeVar("_Part")


def thread_count() -> int:
    """The number of processors that the process may use, or ``ACTCALC_THREADS`` if that is less.

    It is 1 if ``ulimit`` limits memory, since a thread that starts without memory would hang.
    """
    text = os.environ.get("ACTCALC_THREADS", "")
    if text and not (text.isascii() and text.isdigit() and int(text)):
        raise ActcalcError(f"ACTCALC_THREADS must be a whole number from 1, not {quote(text)}")
    if memory_is_limited():
        return 1
    return min(_processor_count(), int(text or _processor_count()))


def memory_is_limited() -> bool:
    """Whether ``ulimit`` limits the memory of the process."""
    try:
        import resource
    except ImportError:
        return False
    limits = (resource.getrlimit(what)[0] for what in (resource.RLIMIT_AS, resource.RLIMIT_DATA))
    return any(limit != resource.RLIM_INFINITY for limit in limits)


def _processor_count() -> int:
    """The number of processors that the process may use, which may be less than the machine has."""
    if hasattr(os, "process_cpu_count"):  # from Python 3.13 on
        return os.process_cpu_count() or 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def share(work: Callable[[_Part], object], parts: Sequence[_Part]) -> None:
    """Do the ``work`` for each of the parts in several threads; a part may be done twice."""
    count = thread_count()
    if count > 1 and len(parts) > 1:
        with suppress(RuntimeError):  # no thread can be started
            deque(_workers(count, os.getpid()).map(work, parts), 0)
            return
    for part in parts:
        work(part)


@lru_cache(1)
def _workers(count: int, process: int) -> "Executor":
    """The thread pool of a process; a forked process needs its own."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(count)
