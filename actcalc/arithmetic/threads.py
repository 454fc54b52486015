"""How many threads share the work, and how they do."""

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
    """As many threads as the process may use processors for, fewer by ``ACTCALC_THREADS``.

    One where ``ulimit`` has set a bound on memory: a thread that starts without any is waited for in vain.
    """
    text = os.environ.get("ACTCALC_THREADS", "")
    if text and not (text.isascii() and text.isdigit() and int(text)):
        raise ActcalcError(f"ACTCALC_THREADS is a whole number from 1 on, not {quote(text)}")
    if memory_is_limited():
        return 1
    return min(_processor_count(), int(text or _processor_count()))


def memory_is_limited() -> bool:
    """Whether ``ulimit`` has set a bound on memory."""
    try:
        import resource
    except ImportError:
        return False
    limits = (resource.getrlimit(what)[0] for what in (resource.RLIMIT_AS, resource.RLIMIT_DATA))
    return any(limit != resource.RLIM_INFINITY for limit in limits)


def _processor_count() -> int:
    """The processors that the process may use, which may be fewer than there are."""
    if hasattr(os, "process_cpu_count"):  # from Python 3.13 on
        return os.process_cpu_count() or 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def share(work: Callable[[_Part], object], parts: Sequence[_Part]) -> None:
    """Do some ``work`` for each of the parts, which may be done again, in as many threads as there may be."""
    count = thread_count()
    if count > 1 and len(parts) > 1:
        with suppress(RuntimeError):  # there is no room for threads
            deque(_workers(count, os.getpid()).map(work, parts), 0)
            return
    for part in parts:
        work(part)


@lru_cache(1)
def _workers(count: int, process: int) -> "Executor":
    """The threads of a process: one that is forked has none of its parent's."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(count)
