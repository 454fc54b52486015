"""The work of ``actcalc audit``, by its options."""

import json
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor
from contextlib import contextmanager
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

from actcalc._version import __version__
from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.catalogue import lookup
from actcalc.catalogue.resolution import activation
from actcalc.checking.audit import Options, audit, row_of
from actcalc.checking.audit_report import document, summary_of, write_junit
from actcalc.checking.baseline import NOTHING, Baseline, compare, missing_rows, read_baseline
from actcalc.checking.report import Report
from actcalc.checking.sweep import Journal, Task, merge_shards, processes, shard_of, sweep
from actcalc.cli.progress import with_progress
from actcalc.cli.requests import destination
from actcalc.errors import ActcalcError, InputError, quote
from actcalc.frameworks.registry import FRAMEWORKS
from actcalc.frameworks.spec import Spec, is_target
from actcalc.frameworks.target import Target
from actcalc.input.blocks import cannot_read
from actcalc.numbers.floats import FORMATS, Format, float_format
from actcalc.output.formats import FOR_PEOPLE, write


def read_targets(
    words: Sequence[str], options: Spec, backends: Sequence[str]
) -> tuple[list[Spec], list[Target], list[str]]:
    """The targets, described and loaded, that a list of words begins with; and the rest, activations.

    Each is described as in ``options``, but for its name and the backend. Raises ActcalcError if a target is
    not there or stands among activations, and where a function is not said to be one.
    """
    specs: list[Spec] = []
    names = list(words)
    while names and (not specs or is_target(names[0])):
        name = names.pop(0)
        is_on_one = name in FRAMEWORKS and FRAMEWORKS[name].backends
        own: Sequence[str | None] = (is_on_one and backends) or [None]
        specs += [options._replace(text=name, backend=backend) for backend in own]
    if backends and not any(spec.backend for spec in specs):
        those = [name for name, kind in FRAMEWORKS.items() if kind.backends]
        raise ActcalcError(f"is for {', '.join(those)}", about="backend")
    targets = [spec.target() for spec in specs]
    if further := [name for name in names if is_target(name)]:
        raise ActcalcError(f"{further[0]} is a target: these come before activations")
    if not names and ":" in specs[0].text:
        raise ActcalcError(
            f"which activation is {specs[0].text}?", f"for example: actcalc audit {specs[0].text} gelu"
        )
    return specs, targets, names


def formats(names: Sequence[str], all_values: bool) -> list[Format]:
    """The formats named, or all. Raises ActcalcError for one that has too many values to run all of them."""
    widest = 32 if all_values else 64
    fmts = [float_format(name) for name in names or (f for f in FORMATS if FORMATS[f].bits <= widest)]
    if wider := [fmt for fmt in fmts if fmt.bits > widest]:
        raise ActcalcError(f"{wider[0]} has too many values for --all-values", "give --dtype float32")
    return fmts


def shard(text: str | None) -> tuple[int, int]:
    """Which part of how many."""
    if text is None:
        return 1, 1
    first, _, of = text.partition("/")
    if not (first.isdecimal() and of.isdecimal() and 1 <= int(first) <= int(of)):
        raise ActcalcError(f"is a number and how many there are, as 3/16, not {quote(text)}", about="shard")
    return int(first), int(of)


def baseline(path: str, targets: Sequence[Target]) -> Baseline:
    """The rows in a file that those of the targets are held against."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return read_baseline(file.read(), path, [target.name for target in targets])
    except OSError as error:
        raise cannot_read(path, error) from None


@contextmanager
def executor(workers: int, cluster: str | None) -> Iterator[Executor | None]:
    """The executor of blocks: none but this process, several of this machine, or a cluster of Dask."""
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
            raise InputError(f"no scheduler at {quote(cluster)}: {str(error).splitlines()[0]}") from None
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


def rows_of_journals(paths: list[str]) -> tuple[dict[str, Any], list[Report]]:
    held, tallies = merge_shards(paths)
    rows = []
    for key, tally in tallies.items():
        name, texts, of, _ = json.loads(key)
        rows.append(row_of(activation(name, **texts), of, tally, held["target"]))
    return {key: held[key] for key in ("actcalc", "target", "versions", "device", "points")}, rows


class AllValues(NamedTuple):
    """How all values of formats are run."""

    part: tuple[int, int]
    """The number of a shard, and how many there are."""
    workers: int
    cluster: str | None
    journal: str | None
    """A file to go on from."""
    asked: Mapping[str, Any]
    """Options as they were written: a journal with others is of another audit."""


class AuditRequest(NamedTuple):
    """A request for an audit."""

    specs: Sequence[Spec]
    targets: Sequence[Target]
    named: Sequence[Activation]
    """The activations; all if there are none."""
    fmts: Sequence[Format]
    quantities: Sequence[Quantity]
    options: Options
    points: int
    """How many, with formats of more than 16 bits."""
    all_values: AllValues | None
    """None for points."""
    ceiling: Fraction | None
    baseline: Baseline | None

    def run(self, shown: bool) -> tuple[dict[str, Any], list[Report], int]:
        """The head of a report, its rows, and the status: 130 if it was interrupted, with whole rows.

        A progress bar is there if it is to be ``shown``.
        """
        about, status = self._about(), 0
        fs = self.named or lookup.one_of_each()
        if self.all_values is None:
            found = audit(self.targets, fs, self.quantities, self.fmts, self.options, self.points)
            total = len(fs) * len(self.fmts) * len(self.quantities) * len(self.targets)
            rows = list(with_progress(found, total, shown, lambda row: 1, "rows"))
        else:
            rows, status = self._sweep(self.all_values, fs, about, shown)
        if self.baseline is not None or self.ceiling is not None:
            before = self.baseline or NOTHING
            rows = list(compare(rows, before, self.ceiling))
            rows += missing_rows(rows, before, self.named or None, self.quantities, self.fmts)
        return about, rows, status

    def _about(self) -> dict[str, Any]:
        return {
            "actcalc": __version__,
            "target": ", ".join(target.name for target in self.targets),
            "versions": {name: v for target in self.targets for name, v in target.versions().items()},
            "device": ", ".join(dict.fromkeys(target.device for target in self.targets)),
            "points": self.points if self.all_values is None else "all",
        }

    def _sweep(
        self, how: AllValues, fs: Sequence[Activation], about: Mapping[str, Any], shown: bool
    ) -> tuple[list[Report], int]:
        journal = None if how.journal is None else Journal(how.journal, {**about, **how.asked})
        rows: list[Report] = []
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            with executor(how.workers, how.cluster) as own:
                for f, fmt, of in product(fs, self.fmts, self.quantities):
                    task, blocks = Task(self.specs[0], f, of, fmt.name, self.options), shard_of(fmt, how.part)
                    steps, done, tally = sweep(task, blocks, own, journal), 0, None
                    for done, tally in with_progress(steps, len(blocks), shown, lambda step: 1, "blocks"):  # noqa: B007
                        pass
                    if tally is not None and done == len(blocks):
                        rows.append(row_of(f, of, tally, self.targets[0].name))
        except KeyboardInterrupt:
            return rows, 130
        except BrokenExecutor:
            raise InputError(
                "a process that computes has ended", "go on with --resume, if it was given"
            ) from None
        finally:
            signal.signal(signal.SIGINT, before)
        return rows, 0


class Sink(NamedTuple):
    """Where an audit goes: in which format, to which file or standard output, how quietly; and a picture."""

    form: str
    path: str | None
    quiet: bool
    picture: str | None

    def check(self) -> None:
        """Raises ActcalcError for a name that is none of a picture, InputError if nothing draws it."""
        if self.picture is not None:
            from actcalc.plot.image import check_suffix, load

            check_suffix(self.picture)
            load("--plot")

    def write(self, about: dict[str, Any], rows: list[Report], status: int = 0) -> int:
        """Write the rows and the picture. Returns the status, 1 for one of 0 if a row fails."""
        versions = " ".join(f"{name} {version}" for name, version in about["versions"].items())
        title = f"{about['target']} ({versions}, {about['device']})"
        if self.picture is not None:
            from actcalc.plot.audited import save_audit

            save_audit(title, rows, self.picture)
        summary = summary_of(rows, title)
        rows = sorted(rows, key=lambda row: row.badness)
        with destination(self.path) as out:
            width = shutil.get_terminal_size((0, 0)).columns if self.path is None else 0
            if self.form == "junit":
                write_junit(about, rows, out)
            else:
                write(self.form, document(about, rows, summary), out, width or None)
        if (self.form not in FOR_PEOPLE or self.path is not None) and not self.quiet:
            print(summary, file=sys.stderr)
        return status or int(not all(row.passed for row in rows))
