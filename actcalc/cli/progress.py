"""A progress bar on standard error, for work that takes more than a second or so."""

import sys
import time
from collections.abc import Iterator, Sequence, Sized
from typing import TypeVar

_Block = TypeVar("_Block", bound=Sequence[Sized])

_PATIENCE = 1.0
"""Seconds before the bar appears."""


def with_progress(blocks: Iterator[_Block], total: int | None, wanted: bool) -> Iterator[_Block]:
    """``blocks`` of columns, with a bar that counts their rows, ``total`` if known, if it is ``wanted``.

    There is none unless standard error is a terminal.
    """
    if not wanted or sys.stderr is None or not sys.stderr.isatty():
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

    from actcalc.output.files import ending_in_order

    bar = Progress(
        TextColumn("{task.completed:,} rows"),
        BarColumn(),
        *([] if total is None else [TaskProgressColumn(), TimeRemainingColumn()]),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
    )
    with ending_in_order(), bar:  # the cursor, which it hides, comes back
        task = bar.add_task("", total=total, completed=done)
        for block in blocks:
            yield block
            bar.advance(task, len(block[0]))
