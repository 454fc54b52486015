"""A progress bar on standard error for work of more than a second; without a terminal, a line per minute."""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from actcalc.cli.notes import tell

_Block = TypeVar("_Block")

_PATIENCE = 1.0
"""Seconds before the bar appears."""
_MINUTE = 60.0
"""Seconds from one line to the next if there is no terminal for a bar."""


def _rows(block: Any) -> int:
    """The length of the first column."""
    return len(block[0])


def with_progress(
    blocks: Iterator[_Block],
    total: int | None,
    wanted: bool,
    size: Callable[[_Block], int] = _rows,
    unit: str = "rows",
) -> Iterator[_Block]:
    """``blocks`` of columns, with a bar that counts their rows if it is ``wanted``.

    The bar adds the ``size`` of each block, up to ``total`` if that is known, and names the ``unit``. It is
    shown only if standard error is a terminal.
    """
    if not wanted or sys.stderr is None or not sys.stderr.isatty():
        yield from blocks
        return
    began, done = time.monotonic(), 0
    for block in blocks:
        yield block
        done += size(block)
        if time.monotonic() - began > _PATIENCE:
            break
    else:
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    from actcalc.output.files import ending_in_order

    console = Console(stderr=True)
    if console.is_dumb_terminal:
        yield from blocks
        return
    bar = Progress(
        TextColumn("{task.completed:,} " + unit),
        BarColumn(),
        *([] if total is None else [TaskProgressColumn(), TimeRemainingColumn()]),
        console=console,
        transient=True,
        redirect_stdout=False,
    )
    with ending_in_order(bar.stop), bar:  # brings back the cursor, which it hides
        task = bar.add_task("", total=total, completed=done)
        for block in blocks:
            yield block
            bar.advance(task, size(block))


class MinuteLines:
    """Lines on standard error that report progress once a minute, unless it is a terminal."""

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted and sys.stderr is not None and not sys.stderr.isatty()
        self._due = time.monotonic() + _MINUTE

    def tell(self, text: str) -> None:
        """Print the text if a minute has passed."""
        if self._wanted and time.monotonic() >= self._due:
            self._due = time.monotonic() + _MINUTE
            tell(f"actcalc: {text}")
