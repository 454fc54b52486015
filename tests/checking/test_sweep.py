"""An audit of all values in parts gives the same sum for any division into parts."""

import itertools
import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, replace
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actcalc
from actcalc.activations.declaration import Quantity
from actcalc.checking import sweep
from actcalc.checking.audit import Implementation, Options, row_of
from actcalc.checking.sweep import Journal, Task, as_json, from_json, take_one_thread
from actcalc.checking.tally import Point, Tally
from actcalc.errors import InputError
from actcalc.frameworks.processes import processes
from actcalc.frameworks.spec import Spec
from actcalc.frameworks.target import in_arrays, read_result
from actcalc.numbers.bit_arrays import all_values, from_ordinals
from actcalc.numbers.floats import FLOAT16, FLOAT32, FORMATS

SOURCE = """
import numpy as np

def tanh(z):
    a = np.tanh(z.astype(np.float64)).astype(z.dtype)
    a = np.where(z < -9, -a, a)
    return np.where(z == 0.5, np.inf, np.where(z == 2, 0, a)).astype(z.dtype)
"""
Array = Any


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Task]:
    (tmp_path / "swept_kernels.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    # Small blocks, so that 16 bits make many of them.
    monkeypatch.setattr(sweep, "BLOCK", 1 << 12)
    yield Task(
        Spec("swept_kernels:tanh"), actcalc.activation("tanh"), "g", "float16", Options(worst=3, profile=True)
    )
    sweep._implementation.cache_clear()


def total(task: Task, **options: Any) -> Tally:
    *_, (done, found) = sweep.sweep(task, sweep.shard_of(FORMATS[task.dtype], (1, 1)), **options)
    assert done == 16
    assert found is not None
    return found


def test_tallies_are_a_monoid(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neighbours may be added in any order: the sum is that of one block of all values."""
    parts = [sweep.run_block(task, block) for block in range(16)]
    tallies = [part for part in parts if part is not None]
    once = reduce(add, tallies)
    chance = random.Random(7)
    for _ in range(20):
        left = list(tallies)
        while len(left) > 1:
            i = chance.randrange(len(left) - 1)
            left[i : i + 2] = [left[i] + left[i + 1]]
        assert left == [once]
    assert Tally("float16", most=3, way=1) + once == once
    assert from_json(json.loads(json.dumps(as_json(once)))) == once
    assert (once.counts["points"], once.counts["not_finite"], once.turns) == (63488, 1, True)
    monkeypatch.setattr(sweep, "BLOCK", 1 << 16)
    whole = sweep.run_block(task, 0)
    assert whole is not None
    assert +Counter(whole.counts) == once.counts
    assert [seen[::2] for seen in whole.profile] == [seen[::2] for seen in once.profile]
    heights = [[seen.ulps for seen in found.profile] for found in (whole, once)]
    assert heights[0] == pytest.approx(heights[1], abs=1e-9)


def test_a_tie_goes_to_the_smaller_bit_pattern() -> None:
    points = [Point(z, 1.0, 1.5, 2.0) for z in (-4.0, -1.0, 0.5, 2.0)]
    tallies = [Tally("float16", largest=point, worst={"": (point,)}, most=2) for point in points]
    for some in itertools.permutations(tallies):
        found = reduce(add, some)
        assert found.largest is not None
        assert (found.largest.z, [point.z for point in found.listed]) == (0.5, [0.5, 2.0])


def test_the_first_failure_is_the_one_nearest_to_zero() -> None:
    """At equal distances the positive z is first; if z have no order, the one that comes first."""
    firsts = (-4.0, -2.0, 2.0, 8.0)
    for ascending, first in ((True, 2.0), (False, -4.0)):
        tallies = [Tally("float16", first={"not_finite": z}, ascending=ascending) for z in firsts]
        assert reduce(add, [*tallies, Tally("float16")]).first == {"not_finite": first}


def test_faults_across_the_edge_of_blocks_are_seen() -> None:
    def tally(first: float, last: float) -> Tally:
        ends = (Point(0, first, 0, 0), Point(1, last, 0, 0))
        return Tally("float16", ends=ends, way=1)

    assert not (tally(0, 1) + tally(1, 2)).turns
    assert (tally(0, 1.5) + tally(1, 2)).turns


@pytest.mark.parametrize(
    ("name", "of", "first", "is_settled"),
    [
        ("sigmoid", "g", -5000, True),
        ("sigmoid", "g", 0, True),
        ("sigmoid", "g", 0x3F800000, False),  # at 1
        ("sigmoid", "g", 0x41F00000, False),  # at 30, where all are 1 to within e^-30
        ("sigmoid", "dg", 0x10000000, True),
        ("sigmoid", "dg", 0x7F000000, True),
        ("tanh", "g", 0x10000000, True),  # z itself
        ("tanh", "g", -0x10000000, True),
        ("tanh", "g", 0x2F800000, False),  # at 2^-32, where z is wrong by 2^-42 ulps
        ("gelu", "g", 0x08000000, True),  # half of z
        ("gelu", "g", 0x00800000 - 2500, False),  # half of a subnormal may not be representable
        ("gelu", "dg", 0x60000000, True),
        ("exponential", "g", 0x60000000, True),  # infinite
        ("relu", "g", 0x3F800000, True),
        ("relu", "dg", 0, False),  # a kink
        ("leaky_relu", "g", -0x40000000, False),  # on a line, but not representable
        ("hard_tanh", "dg", 0x3F800000 - 2500, False),  # a kink between them
        ("sin", "g", 0x10000000, False),  # not known to be monotone far out
    ],
)
def test_blocks_are_settled_by_their_ends(name: str, of: Quantity, first: int, is_settled: bool) -> None:
    f = actcalc.activation(name)
    z = from_ordinals(np.arange(first, first + 5000), FLOAT32)
    wrong: float | None = None

    @in_arrays
    def run(x: Array) -> Any:
        right = (f.g if of == "g" else f.dg)(x.astype(np.float32))
        return read_result(np.where(x == wrong, np.float32(1e-30), right), len(x))

    audited = Implementation(f, of, FLOAT32, run, Options(profile=True))
    quick = audited.quick_tally(z, 1021)
    assert (quick is not None) == is_settled
    if quick is not None:
        slow = audited.tally(z, 1021)
        # Which error below 2^-64 ulp is the largest is unknown; others may differ by 2^-40.
        rows = [row_of(f, of, found) for found in (quick, slow)]
        assert all(
            top is None or top.ulps < 2.0**-64 for row in rows for top in (row.largest, row.largest_normal)
        )
        assert (quick.counts["normal"], quick.turns) == (slow.counts["normal"], slow.turns)
        assert abs(quick.error_sum - slow.error_sum) < len(z) << 24
        assert [seen[::2] for seen in quick.profile] == [seen[::2] for seen in slow.profile]
        left_out: dict[str, Any] = {"largest": None, "largest_normal": None, "largest_near": None}
        left_out |= {"profile": (), "bias_ulp": None, "mean_ulp": None, "ranges": ()}
        assert [r[:4] for r in map(astuple, rows[0].ranges)] == [r[:4] for r in map(astuple, rows[1].ranges)]
        assert replace(rows[0], **left_out) == replace(rows[1], **left_out)
        wrong = float(z[1234])
        assert audited.quick_tally(z, 1021) is None


def test_zeros_of_the_wrong_sign_are_counted_in_a_block_of_right_values() -> None:
    f = actcalc.activation("gelu")
    z = from_ordinals(np.arange(-0x43000000, -0x43000000 + 5000), FLOAT32)  # from -128 on
    values = np.where(np.arange(5000) % 3, np.float32(0.0), np.float32(-0.0))
    audited = Implementation(f, "g", FLOAT32, lambda x, length=None: read_result(values, len(x)), Options())
    quick, slow = audited.quick_tally(z, 1021), audited.tally(z, 1021)
    assert quick is not None
    for found in (quick, slow):
        assert (found.counts["zero_sign"], found.first) == (3333, {"zero_sign": float(z[-1])})


def test_a_piece_between_the_ends_is_not_passed_over() -> None:
    f = actcalc.activation("hard_tanh", min=1, max=1.0001)
    audited = Implementation(
        f, "dg", FLOAT32, in_arrays(lambda x: read_result(np.zeros(len(x), "f4"), len(x))), Options()
    )
    z = from_ordinals(np.arange(0x3F800000 - 2500, 0x3F800000 + 2500), FLOAT32)
    assert (f.dg_float(float(z[0])), f.dg_float(float(z[-1])), f.dg_float(1.00005)) == (0, 0, 1)
    assert audited.quick_tally(z, 1021) is None


def test_a_journal_goes_on_where_it_ended(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, blocks = tmp_path / "journal", sweep.shard_of(FLOAT16, (1, 1))
    whole = total(task)
    monkeypatch.setattr(sweep, "_EVERY", 1)
    for done, _ in sweep.sweep(task, blocks, journal=Journal(str(path), {"of": 1})):
        if done == 5:
            break  # simulates a crash
    with path.open("a") as file:
        file.write('{"row": "cut o')
    ran: list[int] = []
    one = sweep.run_block

    def spied(task: Task, block: int) -> Tally | None:
        ran.append(block)
        return one(task, block)

    monkeypatch.setattr(sweep, "run_block", spied)
    assert total(task, journal=Journal(str(path), {"of": 1})) == whole
    assert ran == list(range(5, 16))
    ran.clear()
    assert total(task, journal=Journal(str(path), {"of": 1})) == whole
    assert ran == []
    with pytest.raises(InputError, match="journal of another audit"):
        Journal(str(path), {"of": 2})


def test_finished_parts_are_kept_after_an_interrupt(task: Task, tmp_path: Path) -> None:
    path, blocks = str(tmp_path / "journal"), sweep.shard_of(FLOAT16, (1, 1))
    steps = sweep.sweep(task, blocks, journal=Journal(path, {}))
    done = [next(steps) for _ in range(5)]
    steps.close()
    assert Journal(path, {}).find(task, blocks) == done[-1]


def test_a_journal_of_which_only_the_head_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    for text in ('{"of": 1}', '{"of": 1}\n', '{"of": 1}\n{"row": "cut o'):
        path.write_text(text)
        Journal(str(path), {"of": 1})
        assert path.read_text() == '{"of": 1}\n'


ROW = '["tanh", {}, "g", "float16"]'
LINE = {"row": ROW, "first": 0, "end": 1, "tally": {"dtype": "float16"}}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nothing", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ("\udcff", "it is not UTF-8"),
        ([], "the line is '[]'"),
        ({}, "the line has no row"),
        ({**LINE, "more": 1}, "the line has 'more'"),
        ({**LINE, "first": -1}, "there are no blocks from -1 to 1"),
        ({**LINE, "end": 2}, "there are no blocks from 0 to 2"),
        ({**LINE, "end": True}, "the line, end is 'true'"),
        ({**LINE, "row": "x"}, "it is not JSON"),
        ({**LINE, "row": '["tanh", {}, "f", "float16"]'}, """row is '"f"'"""),
        ({**LINE, "row": '["tanh", {}, "g", "float8"]'}, """row is '"float8"'"""),
        ({**LINE, "tally": {"dtype": "float32"}}, "its row is of float16, but its tally of 'float32'"),
        ({**LINE, "tally": {"dtype": "float16", "counts": {"points": -1}}}, "a count is negative"),
        ({**LINE, "tally": {"dtype": "float16", "counts": {"points": 0.5}}}, "counts, points is '0.5'"),
        (
            {**LINE, "tally": {"dtype": "float16", "first": {"wrong_sign": 1.0}}},
            "'wrong_sign' has a first place, but a count of 0",
        ),
        ({**LINE, "tally": {"dtype": "float16", "largest": ["0x1p0"]}}, """largest is '["0x1p0"]'"""),
        ({**LINE, "tally": {"dtype": "float16", "largest": ["0x1p0"] * 3 + ["x"]}}, """largest is '"x"'"""),
        ({**LINE, "tally": {"dtype": "float16", "largest": ["0x1p99"] * 4}}, "is not a value of float16"),
    ],
)
def test_a_line_that_is_damaged_is_named_and_nothing_is_lost(line: Any, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    text = line if isinstance(line, str) else json.dumps(line)
    content = f'{{"of": 1}}\n{json.dumps(LINE)}\n{text}\n{json.dumps(LINE)}\n{{'
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    before = path.read_bytes()
    with pytest.raises(InputError, match=re.escape(reason)) as found:
        Journal(str(path), {"of": 1})
    assert "journal', line 3 is damaged: " in found.value.message
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", ["x", "[]", "{", "\xff", "1"])
def test_a_file_that_is_not_a_journal_is_left_alone(text: str, tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match=r"is not a journal of an audit$"):
        Journal(str(path), {"of": 1})
    assert path.read_text(encoding="latin-1") == text


@pytest.mark.skipif(os.name == "nt", reason="reasons have other words there")
def test_a_journal_that_cannot_be_written_or_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^cannot write '.*no/journal': No such file or directory$"):
        Journal(str(tmp_path / "no" / "journal"), {"of": 1})
    with pytest.raises(InputError, match=r"^cannot read '.*': Is a directory$"):
        Journal(str(tmp_path), {"of": 1})


def test_shards_add_up(task: Task, tmp_path: Path) -> None:
    paths = []
    for number in range(1, 4):
        paths.append(str(tmp_path / str(number)))
        journal = Journal(paths[-1], {"shard": (number, 3)})
        for _ in sweep.sweep(task, sweep.shard_of(FLOAT16, (number, 3)), journal=journal):
            pass
    _, rows = sweep.merge_shards(reversed(paths))
    assert rows == {task.key: total(task)}
    with pytest.raises(InputError, match=r"^shard 2/3 is missing"):
        sweep.merge_shards([paths[0], paths[2]])


def test_every_value_is_in_one_block(task: Task) -> None:
    seen: list[float] = []
    for block in range(sweep.block_count(FLOAT16)):
        first = block * sweep.BLOCK - FLOAT16.finite_count
        end = min(first + sweep.BLOCK, FLOAT16.finite_count)
        seen += from_ordinals(np.arange(first, end), FLOAT16).tolist()
    assert seen == all_values(FLOAT16)[1:-1].tolist()


def test_whatever_runs_the_blocks_gives_the_same(task: Task) -> None:
    with ThreadPoolExecutor(1) as executor:
        assert total(task, executor=executor) == total(task)
        steps = sweep.sweep(task, range(16), executor)
        next(steps)
        steps.close()


def test_losses_of_a_cluster_are_reported(task: Task) -> None:
    class Losing(ThreadPoolExecutor):
        def submit(self, *_: Any, **__: Any) -> Any:
            return super().submit(exec, "raise RuntimeError('lost\\x1b')")

    with Losing(1) as executor, pytest.raises(sweep.WorkerDiedError, match=r"^RuntimeError: lost\\x1b$"):
        list(sweep.sweep(task, range(16), executor))


@pytest.mark.exhaustive
def test_processes_give_the_same_result_as_one(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "BLOCK", 1 << 18)  # the default in new processes
    at = 0x3F800000 // sweep.BLOCK
    narrow = replace(task, dtype="float32")
    with processes(2, take_one_thread) as executor:
        found = list(sweep.sweep(narrow, range(at, at + 8), executor))
    assert found == list(sweep.sweep(narrow, range(at, at + 8)))


CLUSTER = """
import numpy as np
import time

def tanh(z):
    time.sleep(0.05 * (len(z) > 2000))
    return np.tanh(z.astype(np.float64)).astype(z.dtype)
"""


@pytest.mark.exhaustive
def test_a_cluster_that_loses_a_worker_gives_the_same(tmp_path: Path) -> None:
    distributed = pytest.importorskip("dask.distributed")
    (tmp_path / "cluster_kernels.py").write_text(CLUSTER)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    address_file = tmp_path / "scheduler.json"
    started = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=tmp_path,
            )
        )
        return started[-1]

    task = Task(Spec("cluster_kernels:tanh"), actcalc.activation("tanh"), "g", "float32", Options())
    blocks = range(0x3F800000 // sweep.BLOCK - 20, 0x3F800000 // sweep.BLOCK + 20)
    sys.path.insert(0, str(tmp_path))
    try:
        file = ["--scheduler-file", str(address_file)]
        start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", *file)
        worker = ["dask_worker", *file, "--nthreads", "1", "--no-dashboard", "--no-nanny"]
        workers = [start(*worker) for _ in range(2)]
        with distributed.Client(scheduler_file=str(address_file), timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
            steps = sweep.sweep(task, blocks, client.get_executor())
            found = []
            for step in steps:
                found.append(step)
                if len(found) == 5:
                    workers[0].kill()
            done, last = found[-1]
            assert done == len(blocks)
        *_, (_, alone) = sweep.sweep(task, blocks)
        assert last == alone
        assert last is not None
        assert last.counts["points"] == 40 * sweep.BLOCK
    finally:
        sys.path.remove(str(tmp_path))
        for process in started:
            process.kill()
            process.wait()
