"""The work of ``actcalc audit``, as its options ask for it."""

import json
import re
import shlex
import shutil
import signal
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing, contextmanager
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any, NamedTuple

from actcalc._version import __version__
from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.catalogue import lookup
from actcalc.catalogue.resolution import activation
from actcalc.checking.against import Changes, changes
from actcalc.checking.audit import USUAL, Options, audit_row, row_of
from actcalc.checking.audit_report import document, summary_of, write_junit
from actcalc.checking.baseline import NOTHING, Baseline, compare, missing_rows, read_baseline
from actcalc.checking.domain import EVERYWHERE
from actcalc.checking.formats import Formats, Results
from actcalc.checking.judge import Judge, parse_bound
from actcalc.checking.records import RecordError, read_as, read_format
from actcalc.checking.report import Report
from actcalc.checking.sweep import (
    Journal,
    Task,
    WorkerDiedError,
    merge_shards,
    shard_of,
    sweep,
    take_one_thread,
)
from actcalc.checking.tally import Tally
from actcalc.cli.notes import no_broken_pipe, option, tell
from actcalc.cli.progress import MinuteLines, with_progress
from actcalc.cli.requests import activations, destination
from actcalc.errors import ActcalcError, InputError, first_line, quote, spell_out
from actcalc.frameworks.processes import processes
from actcalc.frameworks.registry import FRAMEWORKS
from actcalc.frameworks.spec import Spec, is_target
from actcalc.frameworks.target import Target
from actcalc.input.blocks import cannot_read
from actcalc.numbers.floats import FLOAT64, FORMATS
from actcalc.numbers.integers import NumberFormat
from actcalc.numbers.roundings import number_format
from actcalc.output.files import check_writable
from actcalc.output.formats import FOR_PEOPLE, write

Rows = Generator[Report, None, None]


def read_targets(
    words: Sequence[str], options: Spec, backends: Sequence[str]
) -> tuple[list[Spec], list[str]]:
    """The targets at the beginning of a list of words, and the activations after them.

    Each target is described by ``options`` but for its name and backend. Raises ActcalcError for an unknown
    target, for an option that applies to none of them, for a target among the activations, and for a
    function without an activation.
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
    for about, is_given in (("slope", options.slope is not None), ("arrays", options.arrays != "numpy")):
        if is_given and not any(spec.is_function for spec in specs):
            raise ActcalcError("is for MODULE:NAME", about=about)
    for spec in specs:
        spec.check()
    if further := [name for name in names if is_target(name)]:
        raise ActcalcError(f"{quote(further[0])} is a target: targets come before activations")
    if not names and specs[0].is_function:
        raise ActcalcError(
            f"no activation is given for {quote(specs[0].text)}",
            f"for example: actcalc audit {specs[0].text} gelu",
        )
    return specs, names


def before_and_after(specs: Sequence[Spec], against: str) -> list[Spec]:
    """The target before, and the one after.

    If the slope is in the module of the function, the slope before is in that of the function before.
    Raises ActcalcError if there are several targets, or if both are the same.
    """
    if len(specs) != 1:
        raise ActcalcError("takes one target", about="against")
    after = specs[0]
    module, _, slope = (after.slope or "").partition(":")
    before = after._replace(text=against)
    if before.is_function and module == after.text.partition(":")[0]:
        before = before._replace(slope=f"{against.partition(':')[0]}:{slope}")
    before.check()
    if before.name == after.name:
        raise ActcalcError(f"names the target itself, {quote(after.name)}", about="against")
    return [before, after]


def activations_of(words: Sequence[str], params: Sequence[str], quiet: bool) -> list[Activation]:
    """The activations named or matched by a pattern, once each.

    Raises ActcalcError as ``requests.activations`` does, for patterns that match nothing, and for
    parameters of more than one activation.
    """
    patterns = {word: lookup.matching(word, aliases=False) for word in words if _is_pattern(word)}
    if nothing := [word for word, matched in patterns.items() if not matched]:
        raise ActcalcError(f"no activation is called {quote(nothing[0])}", "see: actcalc list")
    if params and (len(words) != 1 or patterns):
        hint = "give each of several its own: elu:alpha=2 celu:alpha=2"
        raise ActcalcError("is for one activation", hint, about="param")
    found = activations([word for word in words if word not in patterns], params, quiet)
    there = {f.name for f in found}
    for matched in patterns.values():
        new = {declared.name for declared in matched} - there
        found += [f for f in lookup.one_of_each() if f.name in new]
        there |= new
    return found


def _is_pattern(word: str) -> bool:
    """Whether a word is a pattern of names; in a formula a star has operands on both sides."""
    return bool(re.search(r"[?[]|^\*|\*$", word)) or (
        "*" in word and bool(lookup.matching(word, aliases=False))
    )


def formats(names: Sequence[str], all_values: bool) -> list[NumberFormat]:
    """The formats named, or the usual ones.

    Raises ActcalcError for a format with too many values to run all of them.
    """
    widest = 32 if all_values else 64
    fmts = [number_format(name) for name in names or (f for f in USUAL if FORMATS[f].bits <= widest)]
    if wider := [fmt for fmt in fmts if fmt.bits > widest]:
        raise ActcalcError(f"{wider[0]} has too many values for --all-values", "give --dtype float32")
    return fmts


def shard(text: str | None) -> tuple[int, int]:
    """The number of a part, and the number of parts."""
    if text is None:
        return 1, 1
    first, _, of = text.partition("/")
    if not (first.isdecimal() and of.isdecimal() and 1 <= int(first) <= int(of)):
        raise ActcalcError(f"must be I/N, such as 3/16, not {quote(text)}", about="shard")
    return int(first), int(of)


def baseline(path: str, specs: Sequence[Spec]) -> Baseline:
    """The rows in a file with which those of the targets are compared."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return read_baseline(file.read(), path, [spec.name for spec in specs])
    except OSError as error:
        raise cannot_read(path, error) from None


class Workers:
    """The workers that run blocks: this process, several on this machine, or a Dask cluster."""

    def __init__(self, executor: Executor | None, make: Callable[[], Executor] | None = None) -> None:
        self.executor, self._make = executor, make

    def renew(self) -> None:
        """Start new workers after one has died."""
        if self._make is not None and self.executor is not None:
            self.executor.shutdown()
            self.executor = self._make()


@contextmanager
def workers_of(count: int, cluster: str | None) -> Iterator[Workers]:
    """``count`` workers, or those of a cluster."""
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
            raise InputError(f"no Dask scheduler at {quote(cluster)}: {str(error).splitlines()[0]}") from None
        with client:
            yield Workers(client.get_executor())
        return
    if count == 1:
        yield Workers(None)
        return
    make = partial(processes, count, take_one_thread)
    workers = Workers(make(), make)
    with no_broken_pipe():  # the pipe to a worker that has died
        try:
            yield workers
        finally:
            assert workers.executor is not None
            workers.executor.shutdown(wait=False, cancel_futures=True)


def rows_of_journals(paths: list[str]) -> "Outcome":
    held, tallies = merge_shards(paths)
    kinds = {**dict.fromkeys(("actcalc", "target", "device", "points"), str), "versions": Mapping[str, str]}
    try:
        about = {key: read_as(kind, held.get(key), key) for key, kind in kinds.items()}
        if "z" in held:
            about["z"] = read_as(str, held["z"], "z")
        results = _read_results(held)
        judge: Judge = read_as(Judge, held.get("judge"), "judge")
        parse_bound(judge.max_ulp, "max_ulp")
    except (RecordError, ActcalcError) as error:
        raise InputError(f"{quote(paths[0])} is not a journal of an audit: {first_line(error)}") from None
    rows = []
    for key, tally in tallies.items():
        name, texts, of, _ = json.loads(key)
        try:
            f = activation(name, **texts)
        except ActcalcError as error:
            raise InputError(f"{quote(paths[0])} is from another version: {error.line}") from None
        rows.append(row_of(f, of, tally, about["target"], judge, results=results))
    return Outcome(about, rows)


def _read_results(held: Mapping[str, Any]) -> Results:
    """The rounding of results that the head of a journal states. Raises RecordError if it makes no sense."""
    texts = [read_as(str | None, held.get(key), key) for key in ("out_dtype", "rounding", "overflow")]
    out, rounding, overflow = texts
    fmt = None if out is None else read_format(out, "out_dtype")
    results = Results(fmt, rounding or "nearest", overflow)
    results.rounding(fmt or FLOAT64)
    return results


class AllValues(NamedTuple):
    """Options of an audit of all values."""

    part: tuple[int, int]
    """The number of a shard, and the number of shards."""
    workers: int
    cluster: str | None
    journal: str | None
    """A file to continue from."""
    asked: Mapping[str, Any]
    """Options as written; a journal with other options belongs to another audit."""


class AuditRequest(NamedTuple):
    """A request for an audit."""

    specs: Sequence[Spec]
    targets: Sequence[Target]
    named: Sequence[Activation]
    """The activations; if empty, all."""
    fmts: Sequence[NumberFormat]
    quantities: Sequence[Quantity]
    options: Options
    points: int
    """The number of points in formats of more than 16 bits."""
    all_values: AllValues | None
    """None for points."""
    ceiling: Fraction | None
    baseline: Baseline | None
    against: bool = False
    """Whether the two targets are one function before and after a change."""

    def run(self, shown: bool) -> "Outcome":
        """Do the work; its progress is ``shown`` or not."""
        about, fs, rows = self._about(), self.named or lookup.one_of_each(), []
        changed: Changes | None = None
        course = Course(shown, self.all_values is not None and self.all_values.part[1] > 1)
        before = signal.getsignal(signal.SIGINT)
        if before is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            found = self._points(fs, course) if self.all_values is None else self._sweep(fs, about, course)
            with closing(found):
                for row in found:
                    rows.append(row)
            if self.against:
                changed = changes(
                    self.targets, fs, self.fmts, self.quantities, self.points, self.options.domain, rows
                )
            course.is_whole = True
        except KeyboardInterrupt:
            pass
        finally:
            signal.signal(signal.SIGINT, before)
        if self.baseline is not None or self.ceiling is not None:
            held = self.baseline or NOTHING
            rows = list(compare(rows, held, self.ceiling))
            if course.is_whole:
                results = self.options.results
                formats = [Formats(fmt, results.rounding(fmt)) for fmt in self.fmts]
                rows += missing_rows(rows, held, self.named or None, self.quantities, formats)
        return Outcome(about, rows, course, bool(self.named), changed)

    def _about(self) -> dict[str, Any]:
        return {
            "actcalc": __version__,
            "target": ", ".join(target.name for target in self.targets),
            "versions": {name: v for target in self.targets for name, v in target.versions().items()},
            "device": ", ".join(dict.fromkeys(target.device for target in self.targets)),
            "points": self.points if self.all_values is None else "all",
            **({} if self.options.domain == EVERYWHERE else {"z": str(self.options.domain)}),
        }

    def _points(self, fs: Sequence[Activation], course: "Course") -> Rows:
        """The rows of an audit at points, as they are computed."""
        places = list(product(fs, self.fmts, self.quantities, self.targets))
        found = (audit_row(target, f, of, fmt, self.options, self.points) for f, fmt, of, target in places)
        course.go(f"0 of {len(places)} rows", "")
        for i, row in enumerate(with_progress(found, len(places), course.shown, lambda row: 1, "rows"), 1):
            if row is not None:
                yield row
            left = " ".join(shlex.quote(f.label) for f in fs[i * len(fs) // len(places) :])
            course.go(f"{i} of {len(places)} rows", f"activations left: {left}")

    def _sweep(self, fs: Sequence[Activation], about: Mapping[str, Any], course: "Course") -> Rows:
        """The rows of an audit of all values, or of a part of them, as they are computed."""
        assert self.all_values is not None
        how = self.all_values
        journal = None if how.journal is None else Journal(how.journal, {**about, **how.asked})
        way_on = "with --resume FILE, the same command would have kept this work"
        if journal is not None:
            way_on = "run the same command again to continue"
        places = list(product(fs, self.fmts, self.quantities))
        with workers_of(how.workers, how.cluster) as workers:
            for i, (f, fmt, of) in enumerate(places, 1):
                task, blocks = Task(self.specs[0], f, of, fmt.name, self.options), shard_of(fmt, how.part)
                steps, tally = sweep(task, blocks, workers.executor, journal), None
                row = f"blocks of {f.label} {of} {fmt} (row {i} of {len(places)})"
                course.go(f"0 of {len(blocks):,} {row}", way_on)
                try:
                    with closing(steps):
                        shown = with_progress(steps, len(blocks), course.shown, lambda step: 1, "blocks")
                        for done, tally in shown:  # noqa: B007
                            course.go(f"{done:,} of {len(blocks):,} {row}", way_on)
                except WorkerDiedError as error:  # the journal holds the work until then
                    tally = Tally(fmt.name, raised=str(error))
                    workers.renew()
                if tally is not None:
                    target, how_judged = self.targets[0], self.options.judge
                    known, results = self.targets[0].difference(f), self.options.results
                    yield row_of(f, of, tally, target.name, how_judged, known, results)


class Course:
    """The progress of the work, and a hint on how to continue it."""

    def __init__(self, shown: bool, is_part: bool = False) -> None:
        self.shown, self.is_whole = shown, False
        self.is_part = is_part
        """Whether it is one of several parts, which has no work if there are fewer blocks than parts."""
        self.where = self.way_on = ""
        self._lines = MinuteLines(shown)

    def go(self, where: str, way_on: str) -> None:
        self.where, self.way_on = where, way_on
        self._lines.tell(f"{where} so far")


class Outcome(NamedTuple):
    """The result of an audit."""

    about: dict[str, Any]
    """The head of a report."""
    rows: list[Report]
    course: Course | None = None
    """None if nothing was run: the rows come from journals."""
    is_named: bool = True
    """Whether the activations were named; then one that is not implemented is a row, too."""
    changes: Changes | None = None
    """The changes from before to after; None unless asked for."""


class Sink(NamedTuple):
    """The destination of an audit: a format, a file or standard output, and a picture."""

    form: str
    path: str | None
    quiet: bool
    picture: str | None
    every_range: bool

    def check(self) -> None:
        """Raise ActcalcError for an unknown suffix of a picture, InputError for an unwritable file."""
        for path in filter(None, (self.path, self.picture)):
            check_writable(path)
        if self.picture is not None:
            from actcalc.plot.image import check_suffix, load

            check_suffix(self.picture)
            load("--plot")

    def write(
        self,
        about: dict[str, Any],
        found: list[Report],
        course: Course | None = None,
        is_named: bool = True,
        changed: Changes | None = None,
    ) -> int:
        """Write the rows and the picture. Returns the status: 1 if a row fails, 130 after an interrupt.

        A file is whole or stays as it was: the rows of an interrupted audit go to standard output.
        """
        found = [replace(row, message=spell_out(row.message, option)) for row in found]
        is_whole = course is None or course.is_whole
        path = self.path if is_whole else None
        versions = " ".join(f"{name} {version}" for name, version in about["versions"].items())
        name = about["target"] if changed is None else f"{changed.before} -> {changed.after}"
        part = f", z {about['z']}" if "z" in about else ""
        title = f"{name} ({versions}, {about['device']}{part})"
        after = [row for row in found if changed is None or row.target == changed.after]
        if self.picture is not None and is_whole:
            from actcalc.plot.audited import save_audit

            save_audit(title, found, self.picture, together=changed is not None)
        shown = [row for row in found if is_named or row.verdict != "not implemented" or not row.passed]
        told = [row for row in shown if row in after]
        summary = summary_of(told, title, len(after) - len(told))
        rows = sorted(shown, key=lambda row: row.badness)
        with destination(path) as out:
            width = shutil.get_terminal_size((0, 0)).columns if path is None else 0
            if self.form == "junit":
                write_junit(about, [row for row in rows if row in told], out)
            else:
                said = document(about, rows, summary, self.every_range, changed)
                write(self.form, said, out, width or None)
        if (self.form not in FOR_PEOPLE or path is not None) and not self.quiet:
            tell(summary)
        if course is not None and not course.is_whole:
            kept = [f"note: {quote(self.path, 4096)} stays as it was"] if self.path is not None else []
            hint = [f"hint: {course.way_on}"] if course.way_on else []
            tell(f"actcalc: interrupted after {course.where}", *kept, *hint)
            return 130
        if not any(row.verdict != "not implemented" for row in found) and not (course and course.is_part):
            tell("actcalc: nothing was computed", *(f"hint: {row.message}" for row in found[:1]))
            return 1
        return int(not all(row.passed for row in after))
