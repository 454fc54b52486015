"""Errors at ordinary points, by a compiled program, against those of the careful path."""

from fractions import Fraction
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

import actcalc
from actcalc import Activation, activation
from actcalc.activations.declaration import Quantity
from actcalc.arithmetic import compiled, ladder, numpy_machine
from actcalc.arithmetic.approximate import Number
from actcalc.arithmetic.program import Program, variable
from actcalc.checking import measure as measure_module
from actcalc.checking.block import Block, counted_block, measure_of
from actcalc.checking.comparison import Comparison
from actcalc.checking.decades import _places, place_of
from actcalc.checking.figures import Counted, Counting
from actcalc.checking.histogram import _bins, bin_of
from actcalc.checking.judge import LENIENT, WITHIN_AN_ULP, Judge
from actcalc.checking.measure import Errors, Measure, Reference
from actcalc.checking.sweep import as_json
from actcalc.numbers.float_arrays import Array, round_array
from actcalc.numbers.floats import FORMATS, Format
from tests.support.hurry import hurry
from tests.support.turns import by_turns


class Loop:
    """A stand-in for a compiled loop that NumPy runs."""

    def __init__(self, program: Program) -> None:
        self.run = partial(numpy_machine.run, program)
        self.program = program

    def reduce(self, tables: list[Array], *arguments: Array) -> tuple[Array, ...]:
        results = self.run(*arguments)
        for table, (kind, value, place) in zip(tables, self.program.reductions, strict=True):
            at = np.zeros(len(arguments[0])) if place is None else results[place]
            at = results[value] if kind == "count" else at
            added = 1 if kind == "count" else results[value]
            (np.maximum if kind == "largest" else np.add).at(table, at.astype(np.intp), added)
        return results[: self.program.kept]


def points(fmt: Format, right: Any) -> tuple[Array, Array]:
    """Points of all sizes with right values, small and large errors, and NaN."""
    random = np.random.default_rng(7)
    z = random.normal(size=1500) * 6
    z[:300] *= 10.0 ** random.integers(-40, 40, 300)
    z[300:320] *= fmt.smallest_normal / 4
    z[320:332] = [0.0, -0.0, np.inf, -np.inf, np.nan, 1, -1, 2, -2, 0.5, 3, -3]
    with np.errstate(over="ignore"):
        z = round_array(z, fmt)
        x = right(z)
        ulp = 2.0 ** (1 - fmt.precision)
        x[400:900] = round_array(x[400:900] * (1 + random.integers(-3, 4, 500) * ulp), fmt)
        x[900:1000] = round_array(x[900:1000] * (1 + random.normal(size=100) / 50), fmt)
    x[300:310] = fmt.smallest_subnormal  # possibly the value at z = 0
    x[1000:1020], x[1020:1030], x[1030:1040] = 0.0, -0.0, np.negative(x[1030:1040])
    x[1040:1050], x[1050:1060], x[1060:1070] = np.inf, -np.inf, np.nan
    return z, x


def find(f: Activation, of: Quantity, fmt: Format, judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    def measure() -> Measure:
        return measure_of(f, of, fmt, judge)

    z, x = points(fmt, lambda z: measure().reference(z).right)
    quick, careful = measure(), measure()
    monkeypatch.setattr(compiled, "is_worth", lambda count, many: True)
    monkeypatch.setattr(compiled, "loop", Loop)
    asked: list[int] = []
    compare = Measure._compare

    def count(self: Measure, reference: Reference, x: Array) -> Errors:
        asked.append(len(x))
        return compare(self, reference, x)

    monkeypatch.setattr(Measure, "_compare", count)
    monkeypatch.setattr(measure_module, "FEW", 0)
    quick.hurry(len(z))
    with np.errstate(all="ignore"):
        found, places = quick(z, x)
        share = sum(asked) / len(z)
        expected, expected_places = careful(z, x)
    assert places == expected_places or (places == expected_places).all()
    for name, theirs, ours in zip(found._fields, found, expected, strict=True):
        assert theirs.dtype == ours.dtype, name
        assert ((theirs == ours) | (np.isnan(theirs) & np.isnan(ours))).all(), name
    # The rest are points with subnormal or infinite numbers, and right values that are powers of two.
    assert share < 0.6


@pytest.mark.parametrize(
    ("name", "of", "dtype"), by_turns(["sigmoid", "tanh", "gelu", "hardshrink"], ["g", "dg"], FORMATS)
)
def test_errors_are_those_found_with_care(
    name: str, of: Quantity, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    find(activation(name), of, FORMATS[dtype], WITHIN_AN_ULP, monkeypatch)


@pytest.mark.parametrize("judge", [LENIENT, Judge(Fraction(1, 2))], ids=["lenient", "half an ulp"])
def test_so_are_they_by_other_rules(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    find(activation("tanh"), "dg", FORMATS["float32"], judge, monkeypatch)


def test_kinks_of_formulas_are_found_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    find(activation("max(z, 0.5) * exp(-z^2)"), "dg", FORMATS["float32"], WITHIN_AN_ULP, monkeypatch)


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16", "float8_e4m3fn"])
@pytest.mark.parametrize(("name", "of"), [("tanh", "g"), ("gelu", "dg"), ("hardshrink", "g")])
def test_figures_are_those_found_with_care(
    name: str, of: Quantity, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    count(activation(name), of, FORMATS[dtype], WITHIN_AN_ULP, monkeypatch)


@pytest.mark.parametrize("judge", [LENIENT, Judge(Fraction(1, 2)), Judge(Fraction(50))])
@pytest.mark.parametrize("ascending", [False, True])
def test_so_are_figures_by_other_rules(
    judge: Judge, ascending: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    count(activation("tanh"), "g", FORMATS["float64"], judge, monkeypatch, ascending)
    count(activation("max(z, 0.5) * exp(-z^2)"), "dg", FORMATS["float32"], judge, monkeypatch, ascending)


def test_a_loop_leaves_numbers_beside_ties_open(monkeypatch: pytest.MonkeyPatch) -> None:
    count(activation("z + 2^-24 - 2^-70"), "g", FORMATS["float32"], WITHIN_AN_ULP, monkeypatch)


def test_a_loop_leaves_zeros_open_whose_sign_its_bounds_do_not_tell() -> None:
    fmt = FORMATS["float16"]
    bounds = measure_of(activation("tanh"), "g", fmt, WITHIN_AN_ULP)._bounds
    number = Number(ladder.EXACT_PAIRS, variable() * 2.0**-60, None, 0.0, 2.0**-50, (0.0, 1.0, 0))
    found = numpy_machine.run(
        Program.of(*Counting(bounds, 1)(number)), np.array([3.0, -3.0, 3000.0]), np.array([0.0, -0.0, 0.0])
    )
    assert Counted(*found[: len(Counted._fields)]).is_open.tolist() == [True, True, False]


def test_a_loop_counts_no_more_points_than_its_sums_have_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "is_worth", lambda count, many: True)
    monkeypatch.setattr(compiled, "loop", Loop)
    monkeypatch.setattr("actcalc.checking.measure.MOST_AT_ONCE", 20_000)
    measure = measure_of(activation("tanh"), "g", FORMATS["float64"], WITHIN_AN_ULP)
    measure.hurry(20_000)
    z = np.linspace(1, 3, 20_001)
    assert counted_block(measure, WITHIN_AN_ULP, z[1:], z[1:], False) is not None
    assert counted_block(measure, WITHIN_AN_ULP, z, z, False) is None


def count(
    f: Activation,
    of: Quantity,
    fmt: Format,
    judge: Judge,
    monkeypatch: pytest.MonkeyPatch,
    ascending: bool = False,
) -> None:
    quick, careful = (measure_of(f, of, fmt, judge) for _ in range(2))
    z, x = points(fmt, lambda z: careful.reference(z).right)
    # Next to 0, where errors are small or polynomials know more
    few = round_array(np.ldexp(1 + np.arange(200) / 7, np.arange(200) % 90 - 100), fmt)
    z, x = np.concatenate([z, few]), np.concatenate([x, careful.reference(few).right])
    x[-100:] = round_array(x[-100:] * (1 + 2.0 ** (2 - fmt.precision)), fmt)
    if ascending:
        x, z = x[np.isfinite(z)], z[np.isfinite(z)]
        order = np.argsort(z, kind="stable")
        z, x = z[order], x[order]
    monkeypatch.setattr(compiled, "is_worth", lambda count, many: True)
    monkeypatch.setattr(compiled, "loop", Loop)
    monkeypatch.setattr(ladder, "_MANY", 1)
    quick.hurry(len(z))
    with np.errstate(all="ignore"):
        block = counted_block(quick, judge, z, x, ascending)
        assert block is not None
        found, places = careful(z, x)
        assert places == slice(None)
        expected = Block(careful, judge, z, x, found, ascending)
        for most in (0, 7):
            mine, theirs = as_json(block.tally(most)), as_json(expected.tally(most))
            assert mine["counts"] == theirs["counts"]
            assert mine == theirs
    assert np.mean(block.is_careful) < 0.6


def test_programs_count_in_the_places_of_arrays() -> None:
    edges = np.array([float(f"1e{k}") for k in range(-300, 309)])
    octaves = 2.0 ** np.arange(-1021.0, 1024)
    z = np.concatenate([edges, np.nextafter(edges, 0), octaves, np.nextafter(octaves, 9e999)])
    z = np.concatenate([z, -z])
    (found,) = numpy_machine.run(Program.of(place_of(variable())), z)
    assert found.view(np.int64).tolist() == _places(z).tolist()


def test_programs_know_bins_of_the_histogram_or_doubt_them() -> None:
    random = np.random.default_rng(3)
    halves = (random.integers(99, 1001, 3000) + 0.5) * 10.0 ** random.integers(-12, 9, 3000)
    least = np.concatenate([[0.0, 1e-9, 9.98e-10, 2.0**34, 1e15], 10.0 ** random.uniform(-12, 11, 9000)])
    beside = (halves, np.nextafter(halves, 0), np.nextafter(halves, 9e99), halves * (1 - 2.0**-25))
    least = np.concatenate([least, np.arange(1.0, 2000), *beside])
    one = Program.of(*bin_of(variable(0), variable(1)))
    for most in (least, least * (1 + 2.0**-20), least * 1.001):
        found, is_doubtful = numpy_machine.run(one, least, most)
        places, edges = _bins(least)
        sure = ~is_doubtful
        assert (found.view(np.int64) == places)[sure].all()
        assert (most < edges)[sure].all()
        assert sure.mean() > 0.3


needs_numba = pytest.mark.skipif(find_spec("numba") is None, reason="numba is not installed")


@needs_numba
def test_a_report_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    import numba  # noqa: F401

    hurry(monkeypatch)
    z = np.random.default_rng(1).normal(size=70_000) * 5
    z[::8000] *= 1e-5  # few enough for another code path
    for dtype in (np.float64, np.float32):
        values = 1 / (1 + np.exp(np.negative(z.astype(dtype))))
        values *= 1 - values
        monkeypatch.setenv("ACTCALC_FAST", "0")
        expected = actcalc.check("sigmoid", z.astype(dtype), values, worst=5)
        monkeypatch.setenv("ACTCALC_FAST", "require")
        assert actcalc.check("sigmoid", z.astype(dtype), values, worst=5) == expected


def test_few_points_are_measured_without_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []

    def is_worth(count: int, many: int) -> bool:
        counts.append(count)
        return count >= many

    monkeypatch.setattr(compiled, "is_worth", is_worth)
    monkeypatch.setattr(compiled, "loop", lambda program: counts.append(-1))
    comparison = Comparison(activation("relu"))
    for _ in range(3):
        comparison.add(np.ones(5), np.ones(5))
    assert counts == [5, 10, 15]
    Comparison(activation("relu"), expected=1 << 22).add(np.ones(5), np.ones(5))
    assert counts[3:] == [1 << 22]  # too few at a time for one
