"""An audit at all values of a format, in blocks: with many processes, in shards, resumed after a crash."""

import json
import math
import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.checking.audit import Implementation, Options, attempt, run_with
from actcalc.checking.counts import Counts
from actcalc.checking.decades import Decades
from actcalc.checking.histogram import Histogram
from actcalc.checking.records import RecordError, parse, read_as, read_format
from actcalc.checking.tally import Point, Tally
from actcalc.errors import ActcalcError, InputError, quote, told
from actcalc.frameworks.spec import Spec
from actcalc.numbers.bit_arrays import from_ordinals
from actcalc.numbers.code_arrays import numbers_in
from actcalc.numbers.floats import Format
from actcalc.numbers.integers import NumberFormat
from actcalc.numbers.roundings import number_format

BLOCK = 1 << 18
"""The number of values in a block. It is the same everywhere, as journals count blocks."""
_SHORT = 1021
"""A length of arrays that is not a multiple of 64, and long enough for few calls."""
_EVERY = 128
"""The number of blocks between two lines of the journal."""


@dataclass(frozen=True)
class Task:
    """A row of the audit, with all that another process needs to compute it."""

    spec: Spec
    f: Activation
    of: Quantity
    dtype: str
    options: Options

    @property
    def key(self) -> str:
        """The key of the row in a journal."""
        return json.dumps([self.f.name, dict(self.f.texts), self.of, self.dtype])


class WorkerDiedError(Exception):
    """The reason why blocks did not come back from a worker."""


def block_count(fmt: NumberFormat) -> int:
    return -(-len(_places(fmt)) // BLOCK)


def _places(fmt: NumberFormat) -> range:
    """The places of all finite values of a format, of both signs."""
    if isinstance(fmt, Format):
        return range(fmt.first_ordinal, fmt.finite_count)
    return range(fmt.lowest, fmt.highest + 1)


def shard_of(fmt: NumberFormat, shard: tuple[int, int]) -> range:
    """The blocks of a shard; the first shard is number 1."""
    number, of = shard
    total = block_count(fmt)
    return range((number - 1) * total // of, number * total // of)


def run_block(task: Task, block: int) -> Tally | None:
    """The tally of a block; None if the target does not have the activation."""
    one = _implementation(task)
    if not isinstance(one, Implementation):
        return one
    fmt = number_format(task.dtype)
    one.measure.hurry(len(_places(fmt)))

    def tally() -> Tally:
        part = _places(fmt)[block * BLOCK : (block + 1) * BLOCK]
        ordinals = np.arange(part.start, part.stop)
        z = from_ordinals(ordinals, fmt) if isinstance(fmt, Format) else ordinals.astype(np.float64)
        z = z[task.options.domain.contains(numbers_in(z, fmt))]
        found = one.nothing
        if len(z):
            found = one.quick_tally(z, _SHORT) or one.tally(z, _SHORT)
        return one.special_tally() + found if block == 0 else found

    return attempt(fmt, tally)


@lru_cache(maxsize=2)
def _implementation(task: Task) -> Implementation | Tally | None:
    fmt = number_format(task.dtype)
    return run_with(
        task.spec.target(),
        *(task.f, task.of, fmt),
        lambda run: Implementation(task.f, task.of, fmt, run, task.options),
    )


def take_one_thread() -> None:
    """Limit a worker process to one thread, as others work beside it."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ACTCALC_THREADS"):
        os.environ.setdefault(name, "1")


def sweep(
    task: Task, blocks: range, executor: Executor | None = None, journal: "Journal | None" = None
) -> Generator[tuple[int, Tally | None], None, None]:
    """The number of blocks done and their sum, as it grows; None if the target lacks the activation.

    Without an executor this process does all the work. Blocks in the journal are not run again, and all
    blocks run get into the journal, even if this generator is closed early.
    """
    done, kept, total = 0, 0, None
    if journal is not None and (found := journal.find(task, blocks)) is not None:
        kept, total = found
        done = kept
        yield done, total

    def keep() -> None:
        if journal is not None and total is not None:
            journal.put(task, range(blocks.start, blocks.start + done), total)

    try:
        for tally in _run_blocks(task, blocks[done:], executor):
            # One statement, so that an interrupt cannot come in between.
            total, done = tally if total is None or tally is None else total + tally, done + 1
            stops = total is None or total.missing or total.raised
            if stops:
                done = len(blocks)
            if done % _EVERY == 0 or done == len(blocks):
                kept = done
                keep()
            yield done, total
            if stops:
                return
    finally:
        if done > kept:
            keep()


def _run_blocks(task: Task, blocks: range, executor: Executor | None) -> Iterator[Tally | None]:
    if executor is None:
        yield from (run_block(task, block) for block in blocks)
        return
    waiting: deque[Future[Tally | None]] = deque()
    try:
        for block in blocks:
            waiting.append(executor.submit(run_block, task, block))
            if len(waiting) > 32:
                yield _result(waiting.popleft())
        while waiting:
            yield _result(waiting.popleft())
    except BrokenExecutor:
        raise WorkerDiedError("a worker process was killed, or exited") from None
    finally:
        for future in waiting:
            future.cancel()


def _result(future: "Future[Tally | None]") -> Tally | None:
    """The result of a future. Raises WorkerDiedError if there is none."""
    try:
        return future.result()
    except (ActcalcError, BrokenExecutor):
        raise
    except Exception as error:  # a cluster has errors of its own
        raise WorkerDiedError(told(error)) from None


class Journal:
    """A file whose lines hold the sum of the blocks done so far, for each row of an audit.

    Its first line describes the audit: the journal of another one is refused. A line cut off by a crash does
    not count.
    """

    def __init__(self, path: str, about: Mapping[str, Any]) -> None:
        self._path, self._about = path, dict(about)
        self._known: dict[str, tuple[range, Tally]] = {}
        text = _read(path) if os.path.exists(path) else b""
        if text:
            held, self._known = read_journal(path)
            if held != json.loads(json.dumps(self._about)):
                raise InputError(
                    f"{quote(path, 4096)} is the journal of another audit", "give the same target and options"
                )
            *whole, last = text.splitlines(keepends=True)
            if not last.endswith(b"\n"):  # the next line would run into it
                self._end_line(len(text) - len(last) if whole else None)
        else:
            self._append(self._about)

    def find(self, task: Task, blocks: range) -> tuple[int, Tally] | None:
        """The number of blocks done, and their sum; None if there are none."""
        held = self._known.get(task.key)
        is_part = held is not None and held[0].start == blocks.start and held[0].stop <= blocks.stop
        return (len(held[0]), held[1]) if held is not None and is_part else None

    def put(self, task: Task, blocks: range, tally: Tally) -> None:
        self._append({"row": task.key, "first": blocks.start, "end": blocks.stop, "tally": as_json(tally)})

    def _append(self, known: Mapping[str, Any]) -> None:
        with _writing(self._path), open(self._path, "a", encoding="utf-8") as file:
            file.write(json.dumps(known) + "\n")

    def _end_line(self, cut: int | None) -> None:
        """Remove an incomplete line from ``cut`` on; if that is None, end it."""
        with _writing(self._path), open(self._path, "r+b") as file:
            if cut is None:
                file.seek(0, os.SEEK_END)
                file.write(b"\n")
            else:
                file.truncate(cut)


@contextmanager
def _writing(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot write {quote(path, 4096)}: {error.strerror}") from None


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {quote(path, 4096)}: {error.strerror}") from None


@dataclass(frozen=True)
class _Entry:
    """A line of a journal."""

    row: str
    first: int
    end: int
    tally: Tally


_RowKey = tuple[str, Mapping[str, str], Quantity, str]


def read_journal(path: str) -> tuple[dict[str, Any], dict[str, tuple[range, Tally]]]:
    """The description of a journal's audit, and for each row the blocks done and their sum.

    Raises InputError for other files, and if a line before the last is damaged.
    """
    head, *lines = _read(path).splitlines(keepends=True) or [b""]
    known: dict[str, tuple[range, Tally]] = {}
    try:
        about: dict[str, Any] = parse(_decode(head))
        read_as(Mapping[str, Any], about, "the head")
    except RecordError:
        raise InputError(f"{quote(path, 4096)} is not a journal of an audit") from None
    for number, line in enumerate(lines, 2):
        if not line.endswith(b"\n"):
            break
        try:
            entry = _read_entry(parse(_decode(line)))
        except RecordError as error:
            raise InputError(f"{quote(path, 4096)}, line {number} is damaged: {error}") from None
        known[entry.row] = range(entry.first, entry.end), entry.tally
    return about, known


def _decode(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise RecordError("it is not UTF-8") from None


def _read_entry(value: Any) -> _Entry:
    entry: _Entry = read_as(_Entry, value, "the line")
    *_, dtype = read_as(_RowKey, parse(entry.row), "row")
    of_z = read_format(dtype, "row")
    of_values = read_format(entry.tally.out_dtype or dtype, "out_dtype")
    if entry.tally.dtype != dtype:
        raise RecordError(f"its row is of {dtype}, but its tally of {quote(entry.tally.dtype)}")
    if not 0 <= entry.first < entry.end <= block_count(of_z):
        raise RecordError(f"there are no blocks from {entry.first} to {entry.end}")
    counts = entry.tally.counts
    if min(counts.values(), default=0) < 0:
        raise RecordError("a count is negative")
    if strange := [kind for kind in entry.tally.first if not counts.get(kind)]:
        raise RecordError(f"{quote(strange[0])} has a first place, but a count of 0")
    columns = [[z, got, right] for z, got, right, _ in _points_in(vars(entry.tally))]
    zs = [*entry.tally.first.values(), *(z for z, *_ in columns)]
    for fmt, numbers in ((of_z, zs), (of_values, [x for _, *values in columns for x in values])):
        for x in filter(math.isfinite, numbers):
            if not _is_value(x, fmt):
                raise RecordError(f"{x!r} is not a value of {fmt}")
    return entry


def _is_value(x: float, fmt: NumberFormat) -> bool:
    """Whether a finite number is a value of a float format or, for codes, any integer."""
    return fmt.round_exact(Fraction(x)) == x if isinstance(fmt, Format) else x.is_integer()


def _points_in(x: Any) -> Iterator[Point]:
    if isinstance(x, Point):
        yield x
    elif isinstance(x, Mapping | tuple):
        for part in x.values() if isinstance(x, Mapping) else x:
            yield from _points_in(part)


def merge_shards(paths: Iterable[str]) -> tuple[dict[str, Any], dict[str, Tally]]:
    """The rows of an audit, merged from its shards' journals. Raises InputError if a block is missing."""
    about: dict[str, Any] | None = None
    shards: set[tuple[int, int]] = set()
    pieces: dict[str, list[tuple[range, Tally]]] = {}
    for path in paths:
        held, known = read_journal(path)
        try:
            shards.add(read_as(tuple[int, int], held.pop("shard", [1, 1]), "shard"))
        except RecordError as error:
            raise InputError(f"{quote(path, 4096)}: {error}") from None
        if about is not None and held != about:
            raise InputError(f"{quote(path, 4096)} is a shard of another audit")
        about = held
        for row, piece in known.items():
            pieces.setdefault(row, []).append(piece)
    of = max((of for _, of in shards), default=1)
    if missing := next((i for i in range(1, of + 1) if (i, of) not in shards), None):
        raise InputError(f"shard {missing}/{of} is missing")
    rows = {}
    for row, parts in pieces.items():
        parts.sort(key=lambda part: part[0].start)
        name, _, what, dtype = json.loads(row)
        end, total = 0, None
        for blocks, tally in parts:
            if blocks.start != end:
                raise _incomplete(f"{name} {what} {dtype}", end, blocks.start)
            end, total = blocks.stop, tally if total is None else total + tally
        if end != (count := block_count(number_format(dtype))):
            raise _incomplete(f"{name} {what} {dtype}", end, count)
        assert total is not None
        rows[row] = total
    return about or {}, rows


def _incomplete(row: str, first: int, end: int) -> InputError:
    what = "are missing" if first < end else "occur twice"
    return InputError(f"blocks {min(first, end)} to {max(first, end) - 1} of {row} {what}")


def as_json(tally: Tally) -> dict[str, Any]:
    """A tally for JSON, with points as hexadecimal floats, which can be infinite or NaN."""

    def plain(x: Any) -> Any:
        if isinstance(x, Point):
            return [value.hex() for value in x]
        if isinstance(x, Histogram | Decades | Counts):
            return x.as_record()
        if isinstance(x, Mapping):
            return {key: plain(y) for key, y in x.items()}
        return [plain(y) for y in x] if isinstance(x, tuple) else x

    return {name: plain(getattr(tally, name)) for name in Tally.__dataclass_fields__}


def from_json(known: Mapping[str, Any]) -> Tally:
    """The tally of a JSON object. Raises RecordError for a bad one."""
    tally: Tally = read_as(Tally, known, "tally")
    return tally
