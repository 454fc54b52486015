"""Compiled programs against NumPy's, and the fallback where they cannot be compiled."""

import ast
import itertools
import math
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actcalc.activations import arrays
from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.arithmetic import compiled, ladder, numpy_machine, program, threads
from actcalc.arithmetic.graph import Untraced, of_sides
from actcalc.arithmetic.kernels import ExactPairs, Pairs, Quick
from actcalc.arithmetic.ladder import Machine
from actcalc.arithmetic.program import Expr, Program, Reduction, constant, variable, word
from actcalc.arithmetic.rounding_test import Nearest, Reference
from actcalc.catalogue.resolution import activation
from actcalc.errors import ActcalcError
from actcalc.numbers.bit_arrays import from_bits
from actcalc.numbers.float_arrays import Array, round_array
from actcalc.numbers.floats import FORMATS, Format
from actcalc.numbers.roundings import Rounding, number_format
from tests.support.hurry import hurry
from tests.support.matrix import SETTINGS

needs_numba = pytest.mark.skipif(find_spec("numba") is None, reason="numba is not installed")

SPECIAL = [
    *(0.0, 5e-324, 2.2250738585072014e-308, 1e-300, 2.0**-53, 0.5, 1.0, 1.5, math.pi, 2.0**52 + 1, 2.0**53),
    *(2.0**63, 1e300, sys.float_info.max, math.inf, math.nan),
]
SPECIAL += [-x for x in SPECIAL]
TABLE = np.array([0.0, -0.0, 1.5, math.pi, math.inf, math.nan, 5e-324])
WORDS = np.array([0, 1, 2**63, 2**64 - 1, 4607182418800017408], np.uint64)


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Use a separate cache, without loops of other tests."""
    hurry(monkeypatch)
    for name in ("ACTCALC_FAST", "ACTCALC_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(compiled, "cache_folder", lambda: tmp_path / "actcalc")
    found = compiled._compile, compiled._obstacle
    compiled._compile.cache_clear()
    yield tmp_path / "actcalc"
    for one in found:
        one.cache_clear()


@pytest.fixture
def required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTCALC_FAST", "require")


def pairs_of(values: list[float]) -> tuple[Array, Array]:
    x, y = np.meshgrid(np.array(values), np.array(values))
    return x.ravel(), y.ravel()


def are_same(found: Array, expected: Array) -> bool:
    """Whether all bits are equal, NaN aside."""
    assert found.dtype == expected.dtype
    if found.dtype != np.float64:
        return bool((found == expected).all())
    same = (found.view(np.uint64) == expected.view(np.uint64)) | (np.isnan(found) & np.isnan(expected))
    return bool(same.all())


def bits_of(x: Expr) -> Expr:
    """The bits of a number; those of NaN are replaced, since they depend on the machine."""
    return program.bits(program.select(program.equal(x, x), x, 0.0))


def place(x: Expr) -> Expr:
    """A word that is not constant."""
    return x ^ bits_of(variable(0))


FROM_FLOATS: list[Callable[[Expr, Expr], Expr]] = [
    *(lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, lambda x, y: x / y),
    *(lambda x, y: x * y + x, lambda x, y: x * y - y, lambda x, y: y - x * y, lambda x, y: (x + y) - x),
    *(lambda x, y: -x, lambda x, y: abs(x), lambda x, y: program.sqrt(x), lambda x, y: program.rint(x)),
    *(lambda x, y: program.cast32(x), lambda x, y: program.to_word(program.select(abs(x) < 2.0**62, x, 1.5))),
    # NumPy may return either of two zeros.
    *(lambda x, y: program.minimum(x, 1.5), lambda x, y: program.maximum(x, -math.inf)),
    *(lambda x, y: x < y, lambda x, y: x <= y, lambda x, y: program.equal(x, y), lambda x, y: x > y),
    *(lambda x, y: program.is_finite(x), lambda x, y: bits_of(x)),
]
FROM_WORDS: list[Callable[[Expr, Expr], Expr]] = [
    *(lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, lambda x, y: x & y, lambda x, y: x | y),
    *(lambda x, y: x ^ y, lambda x, y: x << 52, lambda x, y: x >> 63, lambda x, y: x << 64),
    *(lambda x, y: x >> 12, lambda x, y: program.minimum(x, y), lambda x, y: program.maximum(x, y)),
    *(lambda x, y: x < y, lambda x, y: x <= y, lambda x, y: program.equal(x, y)),
    *(lambda x, y: program.from_bits(x), lambda x, y: program.to_float(x)),
    *(lambda x, y: program.take(TABLE, place(x)), lambda x, y: program.take(WORDS, place(x))),
    lambda x, y: program.take(TABLE, place(x) & 3),
]
FROM_TRUTHS: list[Callable[[Expr, Expr], Expr]] = [
    *(lambda x, y: x & y, lambda x, y: x | y, lambda x, y: x ^ y, lambda x, y: ~x),
]
OPERATIONS = {"float": FROM_FLOATS, "word": FROM_WORDS, "truth": FROM_TRUTHS}


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Random programs of two arguments."""
    made = [variable(0), variable(1), constant(draw(st.floats())), word(draw(st.integers(0, 2**64 - 1)))]
    made += [bits_of(variable(0)), variable(0) < variable(1)]
    for _ in range(draw(st.integers(15, 50))):
        x = draw(st.sampled_from(made))
        alike = [y for y in made if y.kind == x.kind]
        y = draw(st.sampled_from(alike))
        if draw(st.integers(0, 4)) == 0:
            condition = draw(st.sampled_from([y for y in made if y.kind == "truth"]))
            made.append(program.select(condition, x, y))
        else:
            made.append(draw(st.sampled_from(OPERATIONS[x.kind]))(x, y))
    return Program.of(*made[-draw(st.integers(1, 5)) :])


@needs_numba
@pytest.mark.usefixtures("required")
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(programs(), st.lists(st.floats(), max_size=9))
def test_random_programs_have_the_results_of_numpy(one: Program, values: list[float]) -> None:
    x, y = pairs_of(SPECIAL + values)
    for found, expected in zip(compiled.run(one, x, y), numpy_machine.run(one, x, y), strict=True):
        assert are_same(found, expected)


@needs_numba
@pytest.mark.usefixtures("required")
def test_every_operation_has_the_results_of_numpy() -> None:
    x, y = pairs_of(SPECIAL)
    a, b = variable(0), variable(1)
    steps = [f(a, b) for f in FROM_FLOATS]
    steps += [f(bits_of(a), bits_of(b)) for f in FROM_WORDS]
    steps += [f(a < b, a < 1.0) for f in FROM_TRUTHS]
    steps += [program.select(a < b, a, b), program.select(a < b, bits_of(a), bits_of(b))]
    steps += [constant(z) for z in SPECIAL]
    one = Program.of(*steps)
    found = compiled.run(one, x, y)
    for step, theirs, expected in zip(steps, found, numpy_machine.run(one, x, y), strict=True):
        assert are_same(theirs, expected), step


@needs_numba
@pytest.mark.usefixtures("required")
@pytest.mark.parametrize("threads", ["1", "3"])
def test_reductions_add_up_in_tables(threads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_FEW", 128)
    monkeypatch.setattr(compiled, "thread_count", lambda: int(threads))
    x = np.random.default_rng(4).normal(size=1000) * 2
    sign, size = program.bits(variable()) >> 63, abs(variable())
    one = Program.of(
        *(size, sign, program.bits(variable()), size),
        reductions=[
            *(Reduction("count", 1), Reduction("total", 2, 1), Reduction("largest", 0, 1)),
            *(Reduction("total", 2), Reduction("largest", 2)),
        ],
        kept=1,
    )
    found = compiled.loop(one)
    assert found is not None
    counts, totals, largest = np.array([5, 0]), np.zeros(2, np.uint64), np.zeros(2)
    total, most = np.array([3], np.uint64), np.array([1], np.uint64)
    for part in (x[:300], x[300:]):
        (kept,) = found.reduce([counts, totals, largest, total, most], part)
        assert kept.tolist() == abs(part).tolist()
    words = [[int(b) for b in x[x > 0].view(np.uint64)], [int(b) for b in x[x < 0].view(np.uint64)]]
    assert counts.tolist() == [5 + len(words[0]), len(words[1])]
    assert totals.tolist() == [sum(some) % 2**64 for some in words]
    assert largest.tolist() == [x.max(), -x.min()]
    assert int(total[0]) == (3 + sum(map(sum, words))) % 2**64
    assert int(most[0]) == max(map(max, words))


@needs_numba
@pytest.mark.usefixtures("required")
def test_fma_rounds_once() -> None:
    random = np.random.default_rng(1)
    x, y, z = random.normal(size=(3, 2000))
    z[:1000] = -(x * y)[:1000]  # only the rounding error is left
    y[::7], z[::7] = y[::7] * 2.0**-1060, z[::7] * 2.0**-1060
    (found,) = compiled.run(Program.of(program.fma(variable(0), variable(1), variable(2))), x, y, z)
    exact = (Fraction(a) * Fraction(b) + Fraction(c) for a, b, c in zip(x, y, z, strict=True))
    assert found.tolist() == [float(value) for value in exact]


@needs_numba
def test_fma_where_the_processor_has_none(tmp_path: Path) -> None:
    variables = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    assert finish(start(tmp_path, program=FMA, **variables)) == "True"


FUSED = re.compile(r"\bv?fn?m(add|sub)[0-9]*[ps]d|\bfn?ml?(a|s|add|sub)\b.*\bd\d|\bfml[as]\b")


def assembly(one: Program) -> str:
    loop = compiled.loop(one)
    assert loop is not None
    (text,) = loop.function.inspect_asm().values()
    return str(text)


@needs_numba
@pytest.mark.usefixtures("required")
def test_nothing_is_fused() -> None:
    x, y = variable(0), variable(1)
    apart = assembly(Program.of(x * y + x, x * x - y, x - y * y, -(x * 3.0) - y))
    assert not FUSED.search(apart)
    if compiled.has_fma():
        assert FUSED.search(assembly(Program.of(program.fma(x, y, x))))


@needs_numba
@pytest.mark.usefixtures("required")
@pytest.mark.parametrize("has_fma", [False, True])
def test_formulas_are_fused_by_themselves_alone(has_fma: bool) -> None:
    f = activation("gelu")
    graph = of_sides(f.pieces[0].dg, f.pieces[-1].dg)
    for m, target in (
        (Quick(has_fma), Nearest(FORMATS["float32"])),
        (ExactPairs(has_fma), Reference(FORMATS["float64"])),
    ):
        text = assembly(ladder._program(graph, m, ladder._EVERYDAY, target))
        if not has_fma:
            assert not FUSED.search(text)
        elif compiled.has_fma():
            assert FUSED.search(text)


@needs_numba
@pytest.mark.usefixtures("required")
def test_several_elements_are_worked_on_at_once() -> None:
    text = assembly(Program.of(program.select(abs(variable()) < 1.5, variable() * variable(), -2.0)))
    assert re.search(r"\bv?mulpd\b|\bfmul\s+v\d+\.2d", text)


@needs_numba
@pytest.mark.usefixtures("required")
def test_parts_are_shared_by_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_PART", 1000)
    monkeypatch.setattr(threads, "_processor_count", lambda: 3)
    one = Program.of(variable(0) * variable(1), variable(0) < variable(1))
    x, y = np.random.default_rng(2).normal(size=(2, 10_001))
    read_only = x.copy()
    read_only.flags.writeable = False
    for first, second in ((x, y), (x[::-1], y[::2].repeat(2)[:10_001]), (read_only, y)):
        product, less = compiled.run(one, first, second)
        assert (product == first * second).all()
        assert (less == (first < second)).all()
    assert [len(found) for found in compiled.run(one, x[:0], y[:0])] == [0, 0]


def test_all_threads_share_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_processor_count", lambda: 3)
    monkeypatch.setattr(threads, "memory_is_limited", lambda: False)
    together = threading.Barrier(3, timeout=20)
    threads.share(lambda part: together.wait(), range(3))
    done: list[int] = []
    monkeypatch.setenv("ACTCALC_THREADS", "1")
    threads.share(lambda part: done.append(threading.get_ident()), range(3))
    assert done == [threading.get_ident()] * 3


def test_work_is_done_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threads, "_processor_count", lambda: 5)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    done: set[int] = set()
    threads.share(done.add, range(9))
    assert done == set(range(9))


def test_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_processor_count", lambda: 6)
    monkeypatch.setattr(threads, "memory_is_limited", lambda: False)
    for text, expected in (("", 6), ("2", 2), ("99", 6)):
        monkeypatch.setenv("ACTCALC_THREADS", text)
        assert threads.thread_count() == expected
    for text in ("0", "-1", "two", "1.5"):
        monkeypatch.setenv("ACTCALC_THREADS", text)
        with pytest.raises(ActcalcError, match=f"^ACTCALC_THREADS .* not '{text}'$"):
            threads.thread_count()


ONE = Program.of(variable() + 1.5)


def test_when_compiling_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_obstacle", lambda: "")
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    counts = [2**16 - 1, 2**16, 2**22 - 1, 2**22, 2**24 - 1, 2**24]
    assert list(map(compiled.is_worth, counts)) == [False] * 5 + [True]
    assert [compiled.is_worth(count, 2**22) for count in counts] == [False] * 3 + [True] * 3
    monkeypatch.setitem(sys.modules, "numba", threads)
    assert list(map(compiled.is_worth, counts)) == [False] + [True] * 5
    monkeypatch.setenv("ACTCALC_FAST", "0")
    assert not compiled.is_worth(2**30)


@pytest.mark.parametrize("what", ["numba", "memory", "compiling"])
def test_without_numba_numpy_runs_programs(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if what == "numba":
        monkeypatch.setitem(sys.modules, "numba", None)
    elif what == "memory":
        monkeypatch.setattr(compiled, "memory_is_limited", lambda: True)
    else:
        pytest.importorskip("numba")
        monkeypatch.setattr(compiled, "_source", lambda program, name: "no Python")
    compiled._obstacle.cache_clear()
    assert compiled.loop(ONE) is None
    assert compiled.run(ONE, np.arange(3.0))[0].tolist() == [1.5, 2.5, 3.5]
    monkeypatch.setenv("ACTCALC_FAST", "require")
    with pytest.raises(ActcalcError, match=r"^ACTCALC_FAST=require, but nothing is compiled: "):
        compiled.run(ONE, np.arange(3.0))
    if what != "compiling":
        with pytest.raises(ActcalcError, match=r"^ACTCALC_FAST=require, but nothing is compiled: "):
            compiled.is_worth(2**24)


def test_programs_that_are_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    (part,) = program.call(lambda x: (x + 1.5,), [variable()], 1)
    large = variable()
    for _ in range(5000):
        large = large + variable()
    assert compiled.run(Program.of(part), np.arange(3.0))[0].tolist() == [1.5, 2.5, 3.5]
    assert compiled.loop(Program.of(part)) is None
    assert compiled.loop(Program.of(large)) is None
    monkeypatch.setenv("ACTCALC_FAST", "0")
    assert compiled.loop(ONE) is None
    monkeypatch.setenv("ACTCALC_FAST", "require")
    assert compiled.loop(Program.of(part)) is None
    with pytest.raises(ActcalcError, match="steps is too large"):
        compiled.loop(Program.of(large))
    monkeypatch.setenv("ACTCALC_FAST", "yes")
    with pytest.raises(ActcalcError, match=r"^ACTCALC_FAST is 0, 1 or require, not 'yes'$"):
        compiled.is_worth(1)


# The cache

WORK = """
import sys
import numpy as np
from actcalc.arithmetic import compiled
from actcalc.arithmetic.program import Program, take, bits, variable
x = variable()
hits = []
for step in map(float, sys.argv[1:]):
    one = Program.of(x * step + take(np.array([step, 7.0]), bits(x) & 1))
    assert compiled.run(one, np.arange(9.0))[0].tolist() == (np.arange(9.0) * step + step).tolist()
    hits.append(sum(compiled.loop(one).function.stats.cache_hits.values()))
print(*hits)
"""


FMA = """
import numpy as np
from actcalc.arithmetic import compiled
from actcalc.arithmetic.program import Program, fma, variable
(found,) = compiled.run(Program.of(fma(variable(), variable(), -1.0)), np.array([1 + 2.0**-40]))
print(found.tolist() == [2.0**-39 + 2.0**-80])
"""


def start(folder: Path, *steps: float, program: str = WORK, **variables: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "ACTCALC_FAST": "require", "XDG_CACHE_HOME": str(folder)}
    environment |= {"HOME": str(folder), "LOCALAPPDATA": str(folder), **variables}
    command = [sys.executable, "-W", "error", "-c", program, *map(str, steps)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment)


def finish(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=100)
    assert (process.returncode, err) == (0, "")
    return out.strip()


@needs_numba
def test_later_processes_find_compiled_programs(tmp_path: Path) -> None:
    at_once = [start(tmp_path, 2, 5), start(tmp_path, 3, 5)]
    for process in at_once:
        finish(process)
    assert finish(start(tmp_path, 3, 2, 4, 5)) == "1 1 0 1"
    (folder,) = {path.parent.parent for path in tmp_path.rglob("loop.py")}
    if os.name == "posix":
        assert folder.stat().st_mode & 0o777 == 0o700
    # Programs compiled for different processors share a folder; a file is kept where numba keeps its own.
    other = tmp_path / "other"
    assert finish(start(tmp_path, 2, NUMBA_CACHE_DIR=str(other))) == "0"
    assert {path.suffix for path in other.rglob("*.*")} == {".py", ".nbi", ".nbc"}


@needs_numba
@pytest.mark.usefixtures("required")
def test_a_damaged_cache_is_made_anew(cache: Path) -> None:
    compiled.run(ONE, np.arange(3.0))
    for kind in ("nbi", "nbc"):
        (path,) = cache.rglob(f"*.{kind}")
        path.write_bytes(path.read_bytes()[:100])
        for _ in range(2):
            compiled._compile.cache_clear()
            assert compiled.run(ONE, np.arange(3.0))[0].tolist() == [1.5, 2.5, 3.5]


@needs_numba
@pytest.mark.usefixtures("required")
@pytest.mark.parametrize("what", ["a file", "others may write", "no home"])
def test_without_a_cache(what: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if what == "a file":
        cache.write_text("")
    elif what == "others may write":
        cache.mkdir()
        cache.chmod(0o777)
    else:

        def homeless() -> Path:
            raise RuntimeError("Could not determine home directory.")

        monkeypatch.setattr(compiled, "cache_folder", homeless)
    assert compiled.run(ONE, np.arange(3.0))[0].tolist() == [1.5, 2.5, 3.5]
    if os.name == "posix":
        assert not [*cache.parent.rglob("*.py")]


@needs_numba
@pytest.mark.usefixtures("required")
def test_the_cache_does_not_grow_for_ever(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_MOST_KEPT", 2)
    for k in range(4):
        compiled.run(Program.of(variable() + float(k)), np.arange(3.0))
    assert len([*cache.iterdir()]) == 2


@pytest.mark.parametrize(
    ("platform", "variables", "folder"),
    [
        ("linux", {}, "~/.cache/actcalc"),
        ("linux", {"XDG_CACHE_HOME": "/there"}, "/there/actcalc"),
        (
            "linux",
            {"XDG_CACHE_HOME": "there"},
            "~/.cache/actcalc",
        ),  # relative paths are ignored, says the standard
        ("darwin", {"XDG_CACHE_HOME": "/there"}, "~/Library/Caches/actcalc"),
        ("win32", {"LOCALAPPDATA": "/there"}, "/there/actcalc/Cache"),
        ("win32", {}, "~/AppData/Local/actcalc/Cache"),
        ("linux", {"NUMBA_CACHE_DIR": "/here", "XDG_CACHE_HOME": "/there"}, "/here/actcalc"),
    ],
)
def test_place_of_the_cache(
    platform: str, variables: dict[str, str], folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert compiled.cache_folder() == Path(folder).expanduser()


# Programs of formulas


ONE_OF_EACH = {f.name: f for f in SETTINGS}
"""A setting of each activation, of which all arrays are compared."""


@needs_numba
@pytest.mark.usefixtures("required")
@pytest.mark.exhaustive
@pytest.mark.parametrize("of", ["g", "dg"])
@pytest.mark.parametrize("f", [f for f in SETTINGS if f not in ONE_OF_EACH.values()], ids=Activation.describe)
def test_formulas_have_the_same_values_on_all_machines(f: Activation, of: Quantity) -> None:
    """With fma other values may stay undecided; those that are certain are the same."""
    try:
        graph = of_sides(f.pieces[0].formula(of), f.pieces[-1].formula(of))
    except Untraced:
        pytest.skip("it is no graph")
    powers = np.random.default_rng(len(f.describe())).uniform(-30, 5, 10_000)
    z = variable()
    made: tuple[tuple[Format, Quick | Pairs, Quick | Pairs], ...] = (
        (FORMATS["float32"], Quick(), Quick(True)),
        (FORMATS["float64"], Pairs(), Pairs(True)),
    )
    for fmt, *kernels in made:
        plain, fused = (
            Program.of(*Nearest(fmt)(m.number(graph.evaluate(m, m.variable(abs(z), 2.0**-30, 32), z < 0.0))))
            for m in kernels
        )
        points = round_array(2.0**powers, fmt) * np.where(powers * 2**20 % 1 < 0.5, -1, 1)
        value, certain = numpy_machine.run(plain, points)
        for found, expected in zip(compiled.run(plain, points), (value, certain), strict=True):
            assert are_same(found, expected)
        if not any(step.op == "call" for step in fused.steps):
            of_fused, is_certain = compiled.run(fused, points)
            both = certain & is_certain
            assert are_same(of_fused[both], value[both])


def everyday(fmt: Format, count: int) -> Array:
    """Numbers of everyday sizes, and a few of all sizes."""
    random = np.random.default_rng(count)
    few = count // 500
    powers = 2.0 ** random.uniform(-30, 5, count // 2) * random.choice([-1.0, 1.0], count // 2)
    patterns = from_bits(random.integers(0, 1 << fmt.bits, few, dtype=np.uint64), fmt)
    with np.errstate(invalid="ignore"):
        return np.concatenate(
            [round_array(random.normal(0, 4, count // 2), fmt), round_array(powers, fmt), patterns]
        )


def assert_same_bits(
    f: Activation,
    of: Quantity,
    fmt: Format,
    z: Array,
    monkeypatch: pytest.MonkeyPatch,
    out: Rounding | None = None,
) -> None:
    """Compare values and the enclosures of check, by NumPy and by compiled code, with and without fma."""
    values = arrays.derivative_array(f, z, of, fmt, out=out)
    monkeypatch.setattr(ladder, "_MANY", 100)
    known, compiled_known = (
        arrays.bounded_array(f, of, z, fmt, run, out) for run in (numpy_machine.run, compiled.run)
    )
    for found, expected in zip(compiled_known, known, strict=True):
        assert are_same(found, expected)
    for has_fma in (False, True):
        machine = Machine(Quick(has_fma), Pairs(has_fma), ExactPairs(has_fma), compiled.run, 1 << 20, 100)
        monkeypatch.setattr(arrays, "machine_for", lambda count, machine=machine: machine)
        assert are_same(arrays.derivative_array(f, z, of, fmt, out=out), values)


@needs_numba
@pytest.mark.parametrize(
    ("name", "of", "fmt"),
    [
        *(("sigmoid", "dg", "float64"), ("tanhshrink", "g", "float64"), ("elu", "g", "float32")),
        *(("hardshrink", "g", "float16"), ("softsign", "dg", "bfloat16")),
    ],
)
def test_arrays_have_the_same_bits(
    name: str, of: Quantity, fmt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loops: list[Program] = []
    run = compiled.Loop.run

    def count(self: compiled.Loop, *arguments: Array) -> tuple[Array, ...]:
        loops.append(ONE)
        return run(self, *arguments)

    monkeypatch.setattr(compiled.Loop, "run", count)
    assert_same_bits(activation(name), of, FORMATS[fmt], everyday(FORMATS[fmt], 3000), monkeypatch)
    assert len(loops) >= 3


ROUNDINGS = [
    *(("float64", "zero", None), ("float64", "nearest-away", None), ("float32", "up", None)),
    *(
        ("bfloat16", "down", None),
        ("float8_e4m3fn", "nearest", None),
        ("float8_e5m2fnuz", "zero", "saturate"),
    ),
    *(("q0.15", "nearest-away", None), ("s8:0.05,3", "zero", None), ("u16:0.001,300", "up", None)),
]
FEW_ROUNDINGS = [("elu", "bfloat16"), ("hard_swish", "float64"), ("hard_swish", "q0.15")]


@needs_numba
@pytest.mark.parametrize(
    ("name", "out"),
    [
        pytest.param(name, out, marks=() if (name, out[0]) in FEW_ROUNDINGS else pytest.mark.exhaustive)
        for name in ("gelu", "elu", "hard_swish", "softplus")
        for out in ROUNDINGS
    ],
)
def test_any_rounding_has_the_same_bits(
    name: str, out: tuple[str, str, str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    rounding = Rounding(number_format(out[0]), *out[1:])
    z = everyday(FORMATS["float32"], 3000)
    assert_same_bits(activation(name), "g", FORMATS["float32"], z[np.isfinite(z)], monkeypatch, rounding)


def in_formats() -> Iterator[Any]:
    """In the wider formats, and by turns in one of eight bits."""
    narrow = [fmt for fmt in FORMATS.values() if fmt.bits == 8]
    for i, (f, of) in enumerate(itertools.product(ONE_OF_EACH.values(), ("g", "dg"))):
        for fmt in FORMATS.values():
            if fmt.bits > 8 or fmt is narrow[i % len(narrow)]:
                yield pytest.param(f, of, fmt, id=f"{f.describe()}-{of}-{fmt}")


@needs_numba
@pytest.mark.exhaustive
@pytest.mark.parametrize(("f", "of", "fmt"), [*in_formats()])
def test_all_arrays_have_the_same_bits(
    f: Activation, of: Quantity, fmt: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_same_bits(f, of, fmt, everyday(fmt, 100_000), monkeypatch)


# Who imports numba


def test_numba_is_imported_by_one_module() -> None:
    def imports(path: Path) -> bool:
        text = path.read_text(encoding="utf-8")
        if "numba" not in text and "llvmlite" not in text:
            return False
        names = {
            name.split(".")[0]
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
        }
        return bool(names & {"numba", "llvmlite"})

    package = Path(compiled.__file__).parents[1]
    assert [path.name for path in package.rglob("*.py") if imports(path)] == ["compiled.py"]


def test_few_values_do_not_import_numba() -> None:
    work = (
        "import sys, numpy, actcalc, actcalc.arithmetic.compiled as c; c.is_worth(2**24 - 1);"
        "actcalc.activation('gelu').dg(numpy.linspace(-9, 9, 70_000));"
        "print({'numba', 'llvmlite'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", work], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
