"""What ``actcalc audit`` does with its options."""

import json
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor
from contextlib import contextmanager
from typing import Any

from actcalc.catalogue.resolution import activation
from actcalc.checking.audit import row_of
from actcalc.checking.audit_report import document, summary_of, write_junit
from actcalc.checking.baseline import Key, read_baseline
from actcalc.checking.report import Report
from actcalc.checking.sweep import Journal, Task, processes, shard_of, sweep
from actcalc.checking.sweep import merge as merge_journals
from actcalc.cli.progress import with_progress
from actcalc.cli.requests import destination
from actcalc.errors import ActcalcError, InputError, quoted
from actcalc.frameworks.registry import FRAMEWORKS
from actcalc.frameworks.spec import Spec, is_target
from actcalc.input.blocks import cannot_read
from actcalc.numbers.floats import FORMATS
from actcalc.output.formats import FOR_PEOPLE, write


def specs(
    names: list[str],
    device: str | None,
    compiled: bool,
    arrays: str,
    slope: str | None,
    backends: Sequence[str],
) -> list[Spec]:
    """The targets, which come first, taken off a list of words; the rest are activations."""
    specs: list[Spec] = []
    while names and (not specs or is_target(names[0])):
        name = names.pop(0)
        is_on_one = name in FRAMEWORKS and FRAMEWORKS[name].backends
        own: Sequence[str | None] = (is_on_one and backends) or [None]
        specs += [Spec(name, device, compiled, arrays, slope, backend) for backend in own]
    if backends and not any(spec.backend for spec in specs):
        those = [name for name, kind in FRAMEWORKS.items() if kind.backends]
        raise ActcalcError(f"is for {', '.join(those)}", about="backend")
    return specs


def check_names(names: Sequence[str], specs: Sequence[Spec]) -> None:
    """Raises ActcalcError for targets among activations, and where a function is not said to be one."""
    if further := [name for name in names if is_target(name)]:
        raise ActcalcError(f"{further[0]} is a target: these come before activations")
    if not names and ":" in specs[0].text:
        raise ActcalcError(
            f"which activation is {specs[0].text}?", f"for example: actcalc audit {specs[0].text} gelu"
        )


def shard(text: str | None) -> tuple[int, int]:
    """Which part of how many."""
    if text is None:
        return 1, 1
    first, _, of = text.partition("/")
    if not (first.isdecimal() and of.isdecimal() and 1 <= int(first) <= int(of)):
        raise ActcalcError(f"is a number and how many there are, as 3/16, not {quoted(text)}", about="shard")
    return int(first), int(of)


def baseline(path: str) -> dict[Key, dict[str, Any]]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return read_baseline(file.read(), path)
    except OSError as error:
        raise cannot_read(path, error) from None


@contextmanager
def executor(workers: int, cluster: str | None) -> Iterator[Executor | None]:
    """What runs blocks: nothing but this process, several of this machine, or a cluster of Dask."""
    if cluster is not None:
        try:
            from dask.distributed import Client
        except ImportError:
            raise ActcalcError(
                "needs Dask, which is not installed", "install it: pip install 'actcalc[cluster]'", "cluster"
            ) from None
        try:
            client = Client(cluster, timeout=10)
        except (OSError, ValueError) as error:
            raise InputError(f"no scheduler at {quoted(cluster)}: {str(error).splitlines()[0]}") from None
        with client:
            yield client.get_executor()
        return
    if workers == 1:
        yield None
        return
    executor = processes(workers)
    try:
        yield executor
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


def swept(
    tasks: list[Task],
    part: tuple[int, int],
    executor: Executor | None,
    journal: Journal | None,
    rows: list[Report],
    name: str,
    shown: bool,
) -> int:
    """Work out the rows; the status is 130 if it was interrupted, with the rows that are whole."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for task in tasks:
            blocks = shard_of(FORMATS[task.dtype], part)
            steps = sweep(task, blocks, executor, journal)
            done, tally = 0, None
            for done, tally in with_progress(steps, len(blocks), shown, lambda step: 1, "blocks"):  # noqa: B007
                pass
            if tally is not None and done == len(blocks):
                rows.append(row_of(task.f, task.of, tally, name))
    except KeyboardInterrupt:
        return 130
    except BrokenExecutor:
        raise InputError(
            "a process that computes has ended", "go on with --resume, if it was given"
        ) from None
    finally:
        signal.signal(signal.SIGINT, before)
    return 0


def merged(paths: list[str]) -> tuple[dict[str, Any], list[Report]]:
    held, tallies = merge_journals(paths)
    rows = []
    for key, tally in tallies.items():
        name, texts, of, _ = json.loads(key)
        rows.append(row_of(activation(name, **texts), of, tally, held["target"]))
    return {key: held[key] for key in ("actcalc", "target", "versions", "device", "points")}, rows


def check_picture(path: str) -> None:
    """Raises ActcalcError for a name that is none of a picture, InputError if nothing draws it."""
    from actcalc.plot.image import check_suffix, load

    check_suffix(path)
    load("--plot")


def drawn(about: dict[str, Any], rows: list[Report], path: str) -> None:
    from actcalc.plot.audited import save_audit

    save_audit(_title(about), rows, path)


def _title(about: dict[str, Any]) -> str:
    versions = " ".join(f"{name} {version}" for name, version in about["versions"].items())
    return f"{about['target']} ({versions}, {about['device']})"


def written(
    about: dict[str, Any], rows: list[Report], form: str, output: str | None, quiet: bool, status: int
) -> int:
    summary = summary_of(rows, _title(about))
    rows = sorted(rows, key=lambda row: row.badness)
    with destination(output) as out:
        width = shutil.get_terminal_size((0, 0)).columns if output is None else 0
        if form == "junit":
            write_junit(about, rows, out)
        else:
            write(form, document(about, rows, summary), out, width or None)
    if (form not in FOR_PEOPLE or output is not None) and not quiet:
        print(summary, file=sys.stderr)
    return status
