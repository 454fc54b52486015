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
from actcalc.arithmetic import compiled, numpy_machine
from actcalc.arithmetic.program import Program
from actcalc.checking import block
from actcalc.checking.block import Block, measure_of
from actcalc.checking.comparison import Comparison
from actcalc.checking.figures import figures_program, find_figures
from actcalc.checking.judge import LENIENT, WITHIN_AN_ULP, Judge
from actcalc.checking.measure import Errors, Measure, Reference
from actcalc.checking.sweep import as_json
from actcalc.numbers.float_arrays import Array, round_array
from actcalc.numbers.floats import FORMATS, Format


class Loop:
    """A stand-in for a compiled loop that NumPy runs."""

    def __init__(self, program: Program) -> None:
        self.run = partial(numpy_machine.run, program)


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


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=list(FORMATS))
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "gelu", "hardshrink"])
@pytest.mark.parametrize("of", ["g", "dg"])
def test_errors_are_those_found_with_care(
    name: str, of: Quantity, fmt: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    find(activation(name), of, fmt, WITHIN_AN_ULP, monkeypatch)


@pytest.mark.parametrize("judge", [LENIENT, Judge(Fraction(1, 2))], ids=["lenient", "half an ulp"])
def test_so_are_they_by_other_rules(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    find(activation("tanh"), "dg", FORMATS["float32"], judge, monkeypatch)


def test_kinks_of_formulas_are_found_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    find(activation("max(z, 0.5) * exp(-z^2)"), "dg", FORMATS["float32"], WITHIN_AN_ULP, monkeypatch)


needs_numba = pytest.mark.skipif(find_spec("numba") is None, reason="numba is not installed")


@needs_numba
@pytest.mark.parametrize("ascending", [False, True])
@pytest.mark.parametrize("what", ["all", "finite", "one decade", "tiny", "edges"])
def test_figures_are_those_of_numpy(what: str, ascending: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTCALC_FAST", "require")
    measure = measure_of(activation("tanh"), "dg", FORMATS["float64"], WITHIN_AN_ULP)
    with np.errstate(all="ignore"):
        z, x = points(FORMATS["float64"], lambda z: measure.reference(z).right)
        order = np.argsort(z, kind="stable") if ascending else np.arange(len(z))
        ulps, z, x = measure(z, x)[0].ulps[order], z[order], x[order]
        keep = (ulps < 1e6) & np.isfinite(z) & ((abs(z) > 1e-300) | (z == 0))
        if what == "all":
            keep = ~np.isnan(z)
        if what == "one decade":
            keep &= (z > 1) & (z < 9)
        z, x = np.repeat(z[keep], 30), np.repeat(x[keep], 30)  # more than fit into one partial sum
        found, places = measure(z, x)
        assert places == slice(None)
        if what == "tiny":
            found = found._replace(**{k: getattr(found, k) * 1e-15 for k in ("ulps", "least", "most")})
        if what == "edges":  # at edges of the histogram's bins, where errors may be too uncertain
            at = np.resize([0.1005, 2.005, 0.9995, 9.995e-10, 0.0, 999.5], len(z))
            found = found._replace(ulps=at, least=at, most=at * np.resize([1, 1 + 2.0**-30], len(z)))
        expected = as_json(Block(measure, WITHIN_AN_ULP, z, x, found, ascending).tally(2))
        measure.figures_loop = compiled.loop(figures_program())
        used: list[bool] = []

        def find(*arguments: Any) -> Any:
            figures = find_figures(*arguments)
            used.append(figures is not None)
            return figures

        monkeypatch.setattr(block, "find_figures", find)
        assert as_json(Block(measure, WITHIN_AN_ULP, z, x, found, ascending).tally(2)) == expected
    assert used == [what != "all"]


@needs_numba
def test_a_report_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    import numba  # noqa: F401

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
    assert counts[3:] == [1 << 22, -1, -1]  # one for errors and one for their statistics
