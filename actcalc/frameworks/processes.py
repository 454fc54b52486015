"""Worker processes that end when the one that started them does."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any


def processes(count: int, begin: Callable[..., object] | None = None, *about: Any) -> ProcessPoolExecutor:
    """Fresh processes, each of which calls ``begin`` first and leaves interrupts to this one."""
    # Otherwise Python would, as it starts, run files in the current directory named like its own modules.
    os.environ["PYTHONSAFEPATH"] = "1"
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _begin, (begin, about))


def _begin(begin: Callable[..., object] | None, about: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if begin is not None:
        begin(*about)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
