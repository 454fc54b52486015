"""A progress bar on standard error, for work that takes more than a second or so."""

import os
import sys
import time
from collections.abc import Iterator

from actcalc.output import Block

_PATIENCE = 1.0
"""Seconds before the bar appears."""


def with_progress(blocks: Iterator[Block], total: int | None, wanted: bool) -> Iterator[Block]:
    """``blocks``, with a bar that counts their rows, ``total`` if that is known, if it is ``wanted``.

    There is none unless standard error is a terminal that can show it.
    """
    if not wanted or sys.stderr is None or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield from blocks
        return
    began, done = time.monotonic(), 0
    for block in blocks:
        yield block
        done += len(block[0])
        if time.monotonic() - began > _PATIENCE:
            break
    else:
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.completed:,} rows"),
        BarColumn(),
        *([] if total is None else [TaskProgressColumn(), TimeRemainingColumn()]),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
    )
    with bar:
        task = bar.add_task("", total=total, completed=done)
        for block in blocks:
            yield block
            bar.advance(task, len(block[0]))
