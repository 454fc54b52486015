"""The rungs of the ladder: certain values are right, at all sizes, and few are left to exact arithmetic."""

import datetime
import math
import os
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from actcalc.activations import arrays
from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.arithmetic import ladder
from actcalc.arithmetic.exact import enclose, evaluate
from actcalc.arithmetic.ladder import Bin, Sides
from actcalc.arithmetic.numpy_machine import run
from actcalc.arithmetic.program import Program
from actcalc.arithmetic.rounding_test import Enclosure, Nearest, Reference, Target
from actcalc.catalogue.resolution import activation, resolve
from actcalc.numbers.bit_arrays import from_bits
from actcalc.numbers.float_arrays import Array, round_array
from actcalc.numbers.floats import FORMATS, Format
from tests.support.matrix import SETTINGS, all_settings
from tests.support.oracle import same
from tests.support.turns import by_turns

TODAY = int(os.environ.get("ACTCALC_DRAWN_SEED") or datetime.date.today().strftime("%Y%m%d"))
BOTH: tuple[Quantity, ...] = ("g", "dg")


def draw(fmt: Format, count: int, seed: int) -> Array:
    """Nonzero everyday numbers and bit patterns."""
    rng = np.random.default_rng(seed)
    patterns = from_bits(rng.integers(0, 1 << fmt.bits, count, dtype=np.uint64), fmt)
    z = np.concatenate([patterns, round_array(rng.normal(0, 4, count), fmt)])
    found: Array = z[np.isfinite(z) & (z != 0)]
    return found


def parts_of(f: Activation, of: Quantity, z: Array) -> Iterator[tuple[Sides, Array]]:
    for part, inside in arrays._by_part(arrays._pieces(f, of, arrays._points(FORMATS["float64"])), z, None):
        yield part.sides, z if inside is None else z[inside]


def assert_certain_is_right(f: Activation, fmt: Format, count: int, seed: int) -> None:
    with np.errstate(all="ignore"):
        for of in BOTH:
            for sides, z in parts_of(f, of, draw(fmt, count, seed)):
                found, certain = ladder.round_array_of(sides, z, fmt)
                each, places = np.unique(z[certain], return_index=True)  # narrow formats have few
                for x, value in zip(each.tolist(), found[certain][places].tolist(), strict=True):
                    formula = sides.below if x < 0 else sides.above
                    assert formula is not None
                    right = evaluate(formula, Fraction(x), fmt)
                    assert same(value, right), (of, x, value, right)


@pytest.mark.parametrize("fmt", [FORMATS["float64"], FORMATS["float32"]], ids=str)
@pytest.mark.parametrize("f", all_settings())
def test_certain_values_are_right(f: Activation, fmt: Format) -> None:
    assert_certain_is_right(f, fmt, 20, 11)


@pytest.mark.exhaustive
@pytest.mark.parametrize("fmt", FORMATS.values(), ids=str)
@pytest.mark.parametrize("f", SETTINGS, ids=Activation.describe)
def test_certain_values_are_right_for_fresh_points(f: Activation, fmt: Format) -> None:
    assert_certain_is_right(f, fmt, 1000, TODAY)


WIDE = [
    "(abs(z)**(7/3))**3",
    "Phi(exp(z/z))",
    "z*sqrt(gelu(z + 4))",
    "1 + sqrt(exp(-z**2) - exp(1 - z**2))",
    "(1 + exp(-z**2)*exp(-z**2)*exp(-z**2)*exp(2*z**2)) + 2**-24",
    "exp(z)**3/exp(z)**2",
    "1 + 2**-24 + exp(-z**2)/(1 + exp(z**2))*1e-300",
    "log(exp(-z**2)*exp(-z**2)) + z**2",
    "1/(1 + (exp(-z)*exp(-z))**4) + sigmoid(exp(8*z))",
]
"""Formulas whose parts are so large or small that their error bounds leave the range of float64."""


@pytest.mark.parametrize(("text", "name"), by_turns(WIDE, FORMATS))
def test_bounds_that_leave_the_range(text: str, name: str) -> None:
    """An error bound that underflows is not 0, and undefined values are never certain, at any rung."""
    fmt = FORMATS[name]
    z = round_array(
        np.concatenate([draw(fmt, 20, 3), np.linspace(-30, 30, 25), [3.0, -(2.0**-9), -817.0]]), fmt
    )
    assert_stages_are_right(text, fmt, z[np.isfinite(z) & (z != 0)])


OPEN = {
    "1 + 1e-30*sin(log(z - 3))": [2.0],
    "z*(1 + 2**-24 + 1e-330)": [1.0],
    "z*(1 + 2**-11 + 1e-330)": [1.0],
    "exp(-(1e47/z**29)*z**20*z**9*1e-46)": [2.0**-30],
    "expm1(-(1e47/z**29)*z**20*z**9*1e-46)": [2.0**-30],
    "atan((1e47/z**29)*z**20*z**9*1e-47)": [2.0**-30],
    "exp(-z**2)*exp(-z**2) if z < 34 else 0": [32.0, 32.125],
    "log1p(exp(-z) - 1)": [30.0, 37.0],
    "log1p(exp(-z**2) - 1)": [5.0, 6.0],
}
"""Formulas with points at which an intermediate result is infinite, tiny or undefined."""


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=str)
@pytest.mark.parametrize("text", OPEN)
def test_undecided_intermediate_results(text: str, fmt: Format) -> None:
    assert_stages_are_right(text, fmt, np.array(OPEN[text]))


def assert_stages_are_right(text: str, fmt: Format, z: Array) -> None:
    """Assert that each rung by itself is right wherever it is certain."""
    formula = activation(text).pieces[0].g
    sides = Sides(formula, formula)
    with np.errstate(all="ignore"):
        stages = [(ladder.PAIRS, ladder._BINS), (ladder.EXACT_PAIRS, ladder._BINS)]
        stages += [(ladder.TIE_PAIRS, ladder._BINS), (ladder.EXACT_PAIRS, ladder._BINADES)]
        for m, edges in [(ladder.QUICK, ladder._BINS), *stages] if fmt.is_narrow else stages:
            for some, bin_ in ladder._by_bin(z, z != 0, edges, 1):
                program = ladder._program(ladder.traced(sides), m, bin_, Nearest(fmt))
                for x, value, certain in zip(z[some].tolist(), *run(program, z[some]), strict=True):
                    if certain:
                        right = evaluate(formula, Fraction(x), fmt)
                        assert same(value, right), (m, x, value, right)


def test_has_value_between_nans() -> None:
    """A pole is found whatever stands beside it."""
    formula = activation("1/((z - 3)*sqrt(2))*0 + z").pieces[0].g
    found = ladder.has_value(
        Sides(formula, formula), np.array([math.nan, -50.0, math.nan, 3.0, math.nan, 5.0])
    )
    assert found[[1, 3, 5]].tolist() == [True, False, True]


def test_a_value_at_0_is_known_within_more_than_nothing() -> None:
    """The error bound is positive, however narrow the interval is."""
    value, _, error = ladder._enclose_one(activation("1e-300*exp(1 + z)").pieces[0].g, 0)
    assert 0 < error < value * 1e-16


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "gelu", "silu", "mish", "softplus", "logcosh", "elu"])
@pytest.mark.parametrize("fmt", [FORMATS["float64"], FORMATS["float32"]], ids=str)
def test_few_are_undecided(name: str, fmt: Format) -> None:
    """About ten of a million everyday numbers are undecided, and groups too small for a program."""
    f = next(f for f in SETTINGS if f.name == name)
    z = round_array(np.random.default_rng(5).uniform(-10, 10, 200_000), fmt)
    with np.errstate(all="ignore"):
        for of in BOTH:
            for sides, some in parts_of(f, of, z[z != 0]):
                assert np.count_nonzero(~ladder.round_array_of(sides, some, fmt)[1]) <= 8 + len(some) * 1e-5


@pytest.mark.parametrize("fmt", [FORMATS["float64"], FORMATS["float32"]], ids=str)
@pytest.mark.parametrize(
    ("text", "of", "low", "high"),
    [
        ("dyt:alpha=100", "d2g", -900, -60),  # the series for all z up to 2^-12 is too short
        ("dyt:alpha=100", "d4g", -900, -60),  # next to 16e10 z; the next term decides ties
        ("gaussian", "d3g", -900, -60),  # next to 3z
        ("squareplus", "d2g", 20, 300),
        ("squareplus", "d3g", 60, 300),
    ],
)
def test_few_of_higher_order_are_undecided(
    text: str, of: Quantity, low: int, high: int, fmt: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Test next to 0 and far out, with numbers of all bits and of few bits."""
    count = 0

    def counting(sides: Sides, z: Array, *others: Any) -> Array:
        nonlocal count
        count += len(z)
        return settle(sides, z, *others)

    settle = arrays._settle
    monkeypatch.setattr(arrays, "_settle", counting)
    rng = np.random.default_rng(7)
    low, high = (max(min(end, fmt.emax), fmt.quantum_exponent + fmt.precision) for end in (low, high))
    size = np.exp2(rng.uniform(low, high, 2000))
    z = round_array(size * rng.choice([-1, 1], 2000), fmt)
    exponent = np.frexp(z)[1]
    z[::2] = np.ldexp(np.rint(np.ldexp(z, 20 - exponent)), exponent - 20)[::2]
    f = resolve(text)
    values = arrays.derivative_array(f, z, of, fmt)
    assert count <= 40
    for x, value in zip(z[:8].tolist(), values[:8].tolist(), strict=True):
        assert value == f.derivative_float(x, of, fmt)


def test_undecided_values_of_a_rung_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that never are certain change no result."""
    f = next(f for f in SETTINGS if f.name == "gelu")
    z = np.random.default_rng(5).uniform(-10, 10, 300)
    right = arrays.dg_array(f, z, FORMATS["float64"])

    def silent(*args: Any) -> Program:
        value, certain = program(*args).results
        return Program.of(value * 1.25, certain & (value < -1e300))

    program = ladder._program
    monkeypatch.setattr(ladder, "_program", silent)
    assert (arrays.dg_array(f, z, FORMATS["float64"]) == right).all()


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize(("low", "high"), [(2.0**-30, 32.0), (8.0, 16.0), (2.0**-500, 2.0**-300)])
def test_enclosures_hold_the_value(low: float, high: float, side: int) -> None:
    """Enclosures of gelu' in units of any size contain the value to sixty digits."""
    f = next(f for f in SETTINGS if f.name == "gelu")
    piece = f.pieces[0 if side < 0 else 1]
    graph = ladder.traced(Sides(piece.dg if side < 0 else None, None if side < 0 else piece.dg))
    z = side * np.geomspace(low, high, 30)
    for scale in (0, -60, -300):
        program = ladder._program(graph, ladder.EXACT_PAIRS, Bin(low, high, side), Enclosure(scale))
        for x, value, tail, off in zip(z.tolist(), *run(program, z), strict=True):
            bounds = enclose(piece.dg, Fraction(x), 60)
            assert bounds is not None
            found, most = ((Fraction(y) * Fraction(2) ** scale) for y in (value, off))
            found += Fraction(tail) * Fraction(2) ** scale
            assert Fraction(bounds.low) - most <= found <= Fraction(bounds.high) + most
            assert most <= max(abs(found) * Fraction(2) ** -55, Fraction(2) ** (scale - 90))


def reference(f: Activation, z: Array, fmt: Format, of: Quantity = "g") -> tuple[Array, ...]:
    sides = Sides(f.pieces[0].formula(of), f.pieces[-1].formula(of))
    return ladder.reference_array(sides, None, z, fmt)


@pytest.mark.parametrize("fmt", [FORMATS["float64"], FORMATS["float32"]], ids=str)
@pytest.mark.parametrize("f", all_settings())
def test_references_hold_the_value(f: Activation, fmt: Format) -> None:
    """References contain the value to sixty digits wherever they are finite."""
    for of in BOTH:
        for sides, z in parts_of(f, of, draw(fmt, 2, 12)):
            columns = ladder.reference_array(sides, None, z, fmt)
            for x, rounded, value, tail, off, certain in zip(z.tolist(), *columns, strict=True):
                formula = sides.below if x < 0 else sides.above
                assert formula is not None
                if certain:
                    assert rounded == evaluate(formula, Fraction(x), fmt), (of, x)
                bounds = None if np.isinf(off) else enclose(formula, Fraction(x), 60)
                if bounds is None:  # sixty digits are too few for far angles
                    continue
                found, most = Fraction(value) + Fraction(tail), Fraction(off)
                assert Fraction(bounds.low) - most <= found <= Fraction(bounds.high) + most, (of, x)


def test_references_are_the_same_alone_and_among_others() -> None:
    z = np.concatenate([draw(FORMATS["float64"], 60, 13), 2.0 ** np.linspace(-40, -8, 33)])
    for f in SETTINGS[::20]:
        together = reference(f, z, FORMATS["float64"], "dg")
        for i in range(0, len(z), 7):
            alone = reference(f, z[i : i + 1], FORMATS["float64"], "dg")
            assert [column[i] for column in together] == [column[0] for column in alone], (f, z[i])


def test_values_that_are_exact_on_one_side_are_known_to_be() -> None:
    z = np.array([-3.0, 1.5, -0.25, 31.0, 40.0])
    f = next(f for f in SETTINGS if f.name == "elu")
    for of in BOTH:
        _, value, tail, error, certain = reference(f, z, FORMATS["float64"], of)
        assert (error[z > 0] == 0).all()
        assert (error[z < 0] > 0).all()
        assert certain.all()
        assert (value[z > 0] == (z[z > 0] if of == "g" else 1)).all()
        assert not tail[z > 0].any()


def test_targets_with_equal_effect_are_equal() -> None:
    """Equal targets share programs."""
    assert Nearest(FORMATS["float32"]) == Nearest(FORMATS["float32"])
    assert hash(Enclosure(3)) == hash(Enclosure(3)) != hash(Enclosure(4))
    others: list[Target] = [Reference(FORMATS["float32"]), Nearest(FORMATS["float32"])]
    assert len({*others, Reference(FORMATS["float32"])}) == 2
