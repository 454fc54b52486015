"""A value that no digits decide is set aside, and all others are returned."""

import io
import json
import math
import pickle
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actcalc
from actcalc.activations import function
from actcalc.activations.aside import SetAside
from actcalc.activations.declaration import INF, Declaration, Piece, Range, Shortcut
from actcalc.activations.parameters import bind
from actcalc.arithmetic import exact, ladder
from actcalc.arithmetic.exact import WORK, evaluate
from actcalc.catalogue import lookup
from actcalc.checking import audit, baseline, sweep
from actcalc.checking.comparison import Comparison
from actcalc.checking.measure import Measure
from actcalc.checking.report import as_object
from actcalc.checking.tally import Tally
from actcalc.errors import UnsettledError, UnsettledWarning
from actcalc.evaluation.numbers import MANY
from actcalc.frameworks.target import Result, in_arrays
from actcalc.numbers.floats import FLOAT32, FLOAT64, FORMATS
from actcalc.testing import assert_max_ulp
from tests.support.command import actcalc as command
from tests.support.command import strict
from tests.support.processes import run

SHIFTED = "exp(log(z + 4)) - 3"
"""This is z + 1, which is 0 at -1, where no number of digits shows that."""


def rows(z: Sequence[float]) -> list[tuple[float, float]]:
    """The points with the values of SHIFTED, for z + 1 that are float64."""
    return [(x, math.nan if x == -1 else x + 1) for x in z]


def same(found: Any, right: Any) -> bool:
    return np.array_equal(np.array(found, np.float64), np.array(right, np.float64), equal_nan=True)


@pytest.fixture(autouse=True)
def _given_up_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limit the digits tried, which test_exact covers and which would take most of the time here."""
    monkeypatch.setattr(exact, "_MOST_DIGITS", 1_000)


FEW = [-1.5, -1.0, 0.0, 0.5, -1.0]
MANY_BEFORE = [-2 - k / 4096 for k in range(MANY)] + FEW
"""Enough points for bulk evaluation."""


@pytest.mark.parametrize("z", [FEW, MANY_BEFORE], ids=["one by one", "in bulk"])
@pytest.mark.parametrize("form", ["csv", "tsv", "json", "jsonl"])
def test_the_rest_is_given(z: list[float], form: str) -> None:
    done = command(["eval", SHIFTED, "-f", form], "\n".join(map(repr, z)))
    if form.startswith("json"):
        text = done.out if form == "json" else f"[{','.join(done.out.splitlines())}]"
        objects = strict(text)
        assert [known["g"] is None for known in objects] == [x == -1 for x in z]
        found = [(known["z"], math.nan if known["g"] is None else known["g"]) for known in objects]
    else:
        lines = done.out.splitlines()[1:]
        cells = [line.split("," if form == "csv" else "\t") for line in lines]
        found = [(float(x), float(g)) for x, g in cells]
    assert same(found, rows(z))
    assert done.status == 1
    assert done.err == f"note: '{SHIFTED}' at z = -1: undecided even with hundreds of digits\n"


def test_a_true_nan_is_not_set_aside() -> None:
    done = command(["eval", SHIFTED, "-f", "jsonl", "-q", "-5", "-1", "nan"])
    assert [json.loads(line)["g"] for line in done.out.splitlines()] == ["NaN", None, "NaN"]
    assert (done.status, done.err) == (1, "")


@pytest.mark.parametrize("more", [["--hex"], ["--digits", "30"]], ids=["hex", "digits"])
def test_in_every_column(more: list[str]) -> None:
    done = command(["eval", SHIFTED, "-f", "json", *more, "-1", "-2"])
    first, second = strict(done.out)
    assert {key for key, value in first.items() if value is None} == {k for k in first if k[0] == "g"}
    assert None not in second.values()
    assert done.status == 1


@pytest.mark.parametrize("form", ["table", "csv", "markdown", "json"])
def test_a_table_is_whole(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    done = command(["table", SHIFTED, "identity", "--at", "-2", "-1", "0", "-f", form])
    assert done.status == 1
    assert f"note: '{SHIFTED}' at z = -1: undecided even with hundreds of digits" in done.err
    if form == "json":
        assert [list(row.values())[1:] for row in strict(done.out)] == [
            [-1, 1, -2, 1],
            [None, 1, -1, 1],
            [1, 1, 0, 1],
        ]
    else:
        words = [line.replace("|", " ").replace(",", " ").split() for line in done.out.splitlines()]
        assert ["-1.0", "nan", "1.0", "-1.0", "1.0"] in words
        assert ["0.0", "1.0", "1.0", "0.0", "1.0"] in words


def test_a_few_points_are_named() -> None:
    """Each of the first points is named once, also in a table of g and g'; the others are counted."""
    done = command(["table", "exp(log(z)) - z", "--at", "2", "3", "2", "5", "6", "7", "-f", "csv"])
    assert done.status == 1
    assert done.err.splitlines() == [
        *(f"note: 'exp(log(z)) - z' at z = {z}: undecided even with hundreds of digits" for z in (2, 3, 5)),
        "note: values at 2 more points are not settled",
    ]
    assert len(done.out.splitlines()) == 7


@pytest.mark.parametrize("suffix", ["csv", "json", "npy"])
def test_a_file_is_written_whole(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"values.{suffix}"
    file.write_text("before")
    done = command(["table", SHIFTED, "--at", "-2", "-1", "0", "-o", str(file)])
    assert done.status == 1
    if suffix == "npy":
        assert same(
            [list(row) for row in np.load(file).tolist()], [[-2, -1, 1], [-1, math.nan, 1], [0, 1, 1]]
        )
    elif suffix == "csv":
        assert file.read_text() == "z,g,dg\n-2.0,-1.0,1.0\n-1.0,nan,1.0\n0.0,1.0,1.0\n"
    else:
        assert [row["g"] for row in strict(file.read_text())] == [-1, None, 1]


def test_a_process_gives_all_of_a_stream() -> None:
    """The stream is long enough for threads."""
    z = [-2 - k / 2**18 for k in range(80_000)]
    z[60_000] = -1.0
    done = run("eval", SHIFTED, "-f", "npy", stdin="\n".join(map(repr, z)).encode())
    assert same(np.load(io.BytesIO(done.stdout))["g"], [right for _, right in rows(z)])
    assert (done.returncode, done.stderr.count(b"note: ")) == (1, 1)


def test_where_no_worker_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(ThreadPoolExecutor, "submit", refuse)
    test_the_rest_is_given([-2 - k / 2**16 for k in range(60_000)] + FEW, "csv")


def _cancelled(m: Any, x: Any) -> Any:
    return m.exp(m.log(x)) - x


class Cancelling:
    """A function that is exp(log(z + 1)) - z - 1, and so 0, for z > 0, and z elsewhere."""

    DECLARATION = Declaration(
        name="cancelling",
        g="exp(log(z + 1)) - z - 1",
        dg="exp(log(z + 1)) - z - 1",
        pieces=(
            Piece(lambda m, z: z, lambda m, z: Fraction(1), upto=0),
            Piece(lambda m, z: _cancelled(m, z + 1), lambda m, z: _cancelled(m, z + 1)),
        ),
        range=Range(-INF, INF),
        shortcut=Shortcut("1", ((lambda m, a: Fraction(1), 0), (lambda m, a: _cancelled(m, a + 1), None))),
        ends=((-INF, 1), (INF, 1)),
    )


@pytest.fixture
def cancelling(monkeypatch: pytest.MonkeyPatch) -> actcalc.Activation:
    """Declare this function under the name ``cancelling``, with a low limit on the work for a value."""

    def soon(formula: Any, z: Any, rounding: Any, work: float = WORK) -> Any:
        return evaluate(formula, z, rounding, min(work, WORK / 10))

    for module in (function, ladder):
        monkeypatch.setattr(module, "evaluate", soon)
    find = lookup.find
    monkeypatch.setattr(
        lookup, "find", lambda name: Cancelling.DECLARATION if name == "cancelling" else find(name)
    )
    return bind(Cancelling.DECLARATION, {})


def test_declared_activations_raise_the_same_errors(cancelling: actcalc.Activation) -> None:
    calls: list[Callable[[], object]] = [
        lambda: cancelling.g(2.0),
        lambda: cancelling.dg(2.0),
        lambda: cancelling.derivative(2.0, 1),
        lambda: cancelling.dg_from_a(2.0),
        lambda: cancelling.derivative_at(Fraction(2), "g", FLOAT32),
        lambda: cancelling.derivative_float(2.0, "dg", FLOAT32),
    ]
    for call in calls:
        with pytest.raises(UnsettledError, match="please report") as caught:
            call()
        assert caught.value.z == 2
    assert isinstance(pickle.loads(pickle.dumps(caught.value)), UnsettledError)
    with pytest.warns(UnsettledWarning):
        assert same(cancelling.dg_from_a([-1.0, 2.0]), [1, math.nan])


@pytest.mark.parametrize("many", [False, True])
def test_given_a(cancelling: actcalc.Activation, many: bool) -> None:
    a = [-1.0] * (MANY if many else 1) + [2.0, -2.0, 2.0]
    done = command(["deriv", "cancelling", "--given-a"], "\n".join(map(repr, a)))
    assert done.out.splitlines() == ["1.0" if x < 0 else "nan" for x in a]
    assert done.status == 1
    assert "note: 'cancelling' at a = 2: undecided; please report this\n" in done.err


def test_arrays_have_nan_and_one_warning() -> None:
    f = actcalc.activation(SHIFTED)
    z = np.array([[-1.0, 0.0], [2.0, -1.0]])
    with pytest.warns(UnsettledWarning, match="at 1 point: .* at z = -1: ") as caught:
        assert same(f.g(z), [[math.nan, 1], [3, math.nan]])
    assert [warning.filename for warning in caught] == [__file__]
    with pytest.warns(UnsettledWarning, match="at 2 points, first: .* at z = 2: "):
        assert np.isnan(actcalc.activation("exp(log(z)) - z").g([2.0, 3.0])).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert same(f.dg(z), np.ones((2, 2)))
    for one in (-1.0, "-1", np.float64(-1), np.float32(-1)):
        with pytest.raises(UnsettledError, match="at z = -1: "):
            f.g(one)


def test_dask_stays_lazy() -> None:
    dask = pytest.importorskip("dask.array")
    lazy = actcalc.activation(SHIFTED).g(dask.from_array(np.array([-1.0, 0.0]), chunks=2))
    with pytest.warns(UnsettledWarning):
        assert same(lazy.compute(scheduler="synchronous"), [math.nan, 1])


def test_each_point_is_tried_once() -> None:
    tried: list[float] = []

    def fails(z: float) -> float:
        tried.append(z)
        raise UnsettledError("open", z)

    aside = SetAside()
    assert all(math.isnan(aside.value(fails, z)) for z in (1.0, 2.0, 1.0, 2.0))
    assert tried == [1.0, 2.0]
    assert aside.places([2.0, 3.0, 1.0], [math.nan, math.nan, 5.0]) == [0]


def test_a_constant_that_is_not_settled(cancelling: actcalc.Activation) -> None:
    constant = Piece(lambda m, z: _cancelled(m, Fraction(3)), lambda m, z: Fraction(0))
    f = bind(cancelling.declaration._replace(pieces=(constant,)), {})
    with pytest.warns(UnsettledWarning, match="2 points"):
        assert np.isnan(f.g(np.array([1.0, 2.0]))).all()


# Checking other people's numbers


def test_check_leaves_it_out_counts_it_and_fails() -> None:
    z, values = [-1.0, 0.0, 1.0], [7.0, 1.0, 2.0]
    report = actcalc.check(SHIFTED, z, values, of="g")
    assert (report.points, report.correctly_rounded, report.max_ulp, report.passed) == (2, 2, 0, False)
    unsettled = report.failures["unsettled"]
    assert (unsettled.count, unsettled.first_z) == (1, -1)
    with pytest.raises(AssertionError, match="left out"):
        assert_max_ulp(SHIFTED, z, values, of="g")
    rest = actcalc.check(SHIFTED, z[1:], values[1:], of="g")
    assert rest.passed
    assert replace(report, failures=rest.failures, passed=True, message="") == rest


@pytest.mark.parametrize("pairs", ["-1 7\n0 1\n", "-1 7\n"], ids=["with others", "alone"])
def test_check_at_the_command_line(pairs: str) -> None:
    done = command(["check", SHIFTED, "--of", "g"], pairs)
    assert done.status == 1
    lines = done.out.splitlines()
    assert "not settled                            1, first at z = -1.0" in lines
    assert lines[-1] == "FAILED: 1 point left out, as the right value is not settled"
    known = strict(command(["check", SHIFTED, "--of", "g", "-f", "json"], pairs).out)
    assert known["failures"]["unsettled"] == {"count": 1, "first_z": -1}
    assert (known["points"], known["passed"]) == (pairs.count("\n") - 1, False)


def test_a_question_that_is_not_settled_leaves_a_point_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The right value is decided, but the error of another value is not."""
    asked: list[float] = []

    def error(self: Measure, z: float, x: float) -> tuple[float, int]:
        asked.append(z)
        if z == 0.25:
            raise UnsettledError("open", Fraction(z))
        return ask(self, z, x)

    ask = Measure._error_and_count
    monkeypatch.setattr(Measure, "_error_and_count", error)
    comparison = Comparison(actcalc.activation("abs(z)*sin(9*z)"), "g")
    z = np.array([0.0, 0.25, 0.0])
    for _ in range(2):
        comparison.add(z, np.array([1e-5, 9.0, 0.0]))
    report = comparison.report()
    if 0.25 in asked:
        assert (report.points, report.failures["unsettled"].count) == (4, 2)
        assert asked.count(0.25) == 1


OPTIONS = audit.Options()


def audited(values: Callable[[Any], Any], text: str = SHIFTED) -> audit.Implementation:
    @in_arrays
    def one(z: Any) -> Result:
        return Result(values(z), "float64")

    return audit.Implementation(actcalc.activation(text), "g", FLOAT64, one, OPTIONS)


def test_audit_leaves_it_out_counts_it_and_fails() -> None:
    one = audited(lambda z: z + 1)
    z = np.array([-2.0, -1.0, 0.0, 1.0])
    tally = one.tally(z, 3)
    assert (tally.counts["points"], tally.counts["correctly_rounded"], tally.counts["unsettled"]) == (3, 3, 1)
    row = audit.row_of(actcalc.activation(SHIFTED), "g", tally + tally)
    assert (row.points, row.failures["unsettled"].count, row.passed) == (6, 2, False)
    assert "not settled (2)" in row.message
    alone = one.tally(z[1:2], 3)
    assert alone.counts == {"unsettled": 1}
    settled = one.tally(z[2:], 3)
    assert audit.row_of(actcalc.activation(SHIFTED), "g", settled).passed
    assert audit.row_of(actcalc.activation(SHIFTED), "g", alone + settled).failures["unsettled"].count == 1


def test_audited_functions_may_be_declared(cancelling: actcalc.Activation) -> None:
    one = audit.Implementation(
        cancelling, "g", FORMATS["float16"], in_arrays(lambda z: Result(z, "float16")), OPTIONS
    )
    assert one.quick_tally(np.array([1.0, 2.0]), 3) is None
    tally = one.tally(np.array([-2.0, -1.0, 1.0]), 3)
    assert (tally.counts["points"], tally.counts["unsettled"]) == (2, 1)


def test_journals_and_baselines() -> None:
    counts = {"points": 2, "correctly_rounded": 2}
    f = actcalc.activation(SHIFTED)
    tally = Tally("float64", {**counts, "unsettled": 1}, dtype_returned="float64")
    assert sweep.from_json(json.loads(json.dumps(sweep.as_json(tally)))) == tally
    old = sweep.from_json(sweep.as_json(Tally("float64", counts, dtype_returned="float64")))
    now, before = (audit.row_of(f, "g", tally) for tally in (tally, old))
    assert (before.failures["unsettled"].count, before.passed) == (0, True)
    for row, then, passed in ((now, before, False), (now, now, True), (before, now, True)):
        known = json.loads(json.dumps(as_object(then)))
        if then is before:  # an older baseline
            del known["unsettled"]
        (found,) = baseline.compare([row], baseline.read_baseline(json.dumps({"rows": [known]}), "x"), None)
        assert found.passed is passed
    (found,) = baseline.compare([now], baseline.NOTHING, None)
    assert not found.passed


def test_an_audit_at_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shifting.py").write_text("def g(z):\n    return z + 1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(audit, "points_of", lambda *about: np.array([-2.0, -1.0, -0.5, 1.0]))
    audit._kept_references.cache_clear()
    words = ["audit", "shifting:g", SHIFTED, "--of", "g", "--dtype", "float64"]
    done = command([*words, "-f", "json"])
    (row,) = strict(done.out)["rows"]
    assert (done.status, row["points"], row["unsettled"], row["passed"]) == (1, 3, 1, False)
    assert "not settled (1)" in command(words).out


# Pictures and pages


def test_a_curve_has_a_gap() -> None:
    from actcalc.numbers.ranges import grid
    from actcalc.plot.curves import draw_curves

    picture = draw_curves([actcalc.activation(SHIFTED)], grid("-3", "1", "1", None))
    assert [[z for z, _ in part] for part in picture.curves[0].segments] == [[-3, -2], [0, 1]]


@pytest.mark.parametrize("words", [["plot"], ["plot", "--at", "-1"], ["show"], ["verify"]])
@pytest.mark.parametrize("text", [SHIFTED, "exp(log(z)) - z"])
def test_nothing_is_a_traceback(words: list[str], text: str) -> None:
    done = command(
        [
            words[0],
            text,
            *words[1:],
            *(["--from", "-2", "--to", "2", "--num", "5"] if "plot" in words else []),
        ]
    )
    assert done.status in (0, 1, 2)
