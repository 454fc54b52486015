"""Working precision: errors of emitted functions against right values from exact arithmetic."""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actcalc.activations.activation import Activation
from actcalc.activations.arrays import derivative_array
from actcalc.activations.declaration import Quantity
from actcalc.catalogue.lookup import one_of_each
from actcalc.catalogue.resolution import resolve
from actcalc.code.expression import Unit
from actcalc.code.languages.registry import write
from actcalc.code.working import Form, routines
from actcalc.numbers.floats import FLOAT32, FLOAT64, FORMATS
from tests.support import toolchains
from tests.support.toolchains import Text

OF: tuple[Quantity, ...] = ("g", "dg")
CASES = [(f, of) for f in one_of_each() for of in OF]
OF_EACH_MECHANISM = (
    *("gelu", "quick_gelu", "gelu_tanh", "silu", "mish", "telu", "situ", "laplace", "gaussian", "xielu"),
    *("squareplus", "star_relu", "hard_sigmoid", "snake", "sqrtsoftplus", "shifted_softplus", "tanhshrink"),
    *("softcap", "scaled_tanh", "logcosh", "lisht", "clipped_swish"),
)
LIMITS = {"c": 4.0, "numpy": 6.0}
ROOT = 0.25
"""To either side of a root an error may be larger, relative to a value next to 0."""


def points(count: int) -> Any:
    """float32 values of all sizes, and more where activations bend."""
    random = np.random.default_rng(27)
    exponents = random.uniform(-126, 128, count // 3)
    z = [random.uniform(-20, 20, count // 2), random.uniform(-120, 120, count // 6), 2.0**exponents]
    z.append(-(2.0 ** random.uniform(-126, 128, count // 3)))
    ends = [0.0, 3.4028234e38, -3.4028234e38, 1e30, -1e30, 1e20, -1e20, 2e19, -2e19]
    return np.unique(np.concatenate([*z, ends]).astype(np.float32))


@cache
def right_values(f: Activation, of: Quantity, count: int) -> Any:
    return derivative_array(f, points(count).astype(np.float64), of, FLOAT64)


@cache
def roots(f: Activation, of: Quantity) -> Sequence[float]:
    """The approximate places where a quantity changes its sign."""
    z = np.linspace(-30, 30, 12001) + 1e-5
    y = derivative_array(f, z, of, FLOAT64)
    return [float(x) for x in z[:-1][y[:-1] * y[1:] < 0]]


def excused(f: Activation, of: Quantity, z: Any, right: Any) -> Any:
    """Where a root is near, or a result is subnormal, or is so small that one of its terms may be."""
    found = abs(right) < 5 * FLOAT32.smallest_normal
    for root in roots(f, of):
        found |= abs(z - root) <= ROOT + 0.005
    if f.name in ("sin", "snake", "snake_beta"):  # infinitely many roots, near which values are small
        found |= abs(right) < (np.sin(ROOT) if f.name == "sin" else 2 * np.sin(ROOT) ** 2)
    return found


def errors(found: Any, right: Any) -> Any:
    """Errors in ulps of the right values; infinite where a result is wrongly not finite."""
    ulp = np.ldexp(1.0, np.maximum(np.frexp(right)[1] - 24, -149))
    with np.errstate(all="ignore"):
        off = abs(found.astype(np.float64) - right) / ulp
    is_beyond = abs(right) >= FLOAT32.largest
    return np.where(
        is_beyond & (found == np.copysign(np.inf, right)), 0, np.where(np.isfinite(found), off, np.inf)
    )


def text(f: Activation, language: str) -> Text:
    names: dict[Quantity, str] = {"g": "g_value", "dg": "g_slope"}
    forms: dict[Quantity, Form] = {of: Form(f, of) for of in OF}
    unit = Unit(f.name, routines(forms, FLOAT32), names, FLOAT32, FLOAT32)
    return Text(write(unit, language), tuple(names.values()))


def check(f: Activation, results: Mapping[str, Any], count: int, language: str, spare: float = 0) -> None:
    z = points(count)
    for of, name in zip(OF, ("g_value", "g_slope"), strict=True):
        right = right_values(f, of, count)
        off = np.where(excused(f, of, z, right), 0, errors(results[name], right))
        limit = spare + LIMITS[language]
        worst = int(np.argmax(off))
        assert off[worst] <= limit, f"{f.name} {of}: {off[worst]:.3g} ulps at z = {z[worst]:.9g}"
        assert (results[name][~excused(f, of, z, right)] != 0).all(), (
            f"{f.name} {of}: 0 where a normal number is right"
        )


@pytest.mark.parametrize("f", one_of_each(), ids=lambda f: f.name)
def test_numpy(f: Activation) -> None:
    with np.errstate(all="ignore"):
        check(f, toolchains.run_numpy([text(f, "numpy")], points(4000), "float32"), 4000, "numpy")


@pytest.mark.parametrize("name", OF_EACH_MECHANISM)
def test_c(name: str, tmp_path: Path) -> None:
    f = resolve(name)
    check(f, toolchains.run_c([text(f, "c")], points(12000), "float32", tmp_path), 12000, "c")


@pytest.mark.exhaustive
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize(
    "flags",
    [
        ("-O0",),
        ("-O2", "-ffp-contract=off"),
        ("-O3", "-march=native"),
        ("-O3", "-march=native", "-ffp-contract=fast"),
    ],
    ids=" ".join,
)
def test_c_by_all_compilers(compiler: str, flags: Sequence[str], tmp_path: Path) -> None:
    for f in one_of_each():
        folder = tmp_path / f.name
        folder.mkdir()
        results = toolchains.run_c([text(f, "c")], points(140_000), "float32", folder, compiler, flags)
        check(f, results, 140_000, "c", spare=0.5)  # among so many values some are worse


def test_kinks_and_jumps_take_the_side_that_is_right() -> None:
    for f in one_of_each():
        space: dict[str, Any] = {}
        exec(text(f, "numpy").source, space)
        for piece in f.pieces[:-1]:
            z = np.float32(piece.upto)
            if float(z) != piece.upto:
                continue
            for of, name in zip(OF, ("g_value", "g_slope"), strict=True):
                found = float(np.asarray(space[name](np.array([z])))[0])
                assert found == pytest.approx(f.derivative_float(float(z), of, FLOAT32), rel=1e-5), (
                    f.name,
                    of,
                )


WITHOUT_LIMITS = {("softsign", "g"), ("snake", "g"), ("snake_beta", "g")}
"""Quotients of infinities, and sines."""


def test_limits_at_infinity_and_nan() -> None:
    """NaN stays NaN, but where a slope is one of a few constants by the size of z."""
    z = np.array([-np.inf, np.inf, np.nan], np.float32)
    for f in one_of_each():
        space: dict[str, Any] = {}
        exec(text(f, "numpy").source, space)
        for of, name in zip(OF, ("g_value", "g_slope"), strict=True):
            with np.errstate(all="ignore"):
                found = np.asarray(space[name](z)).tolist()
            right = [f.derivative_float(end, of, FLOAT32) for end in z.tolist()[:2]]
            if (f.name, of) not in WITHOUT_LIMITS:
                np.testing.assert_array_equal(found[:2], right, f"{f.name} {of}")
            is_level = len(np.unique(right_values(f, of, 4000))) <= 3
            assert math.isnan(found[2]) != is_level, (f.name, of)


@pytest.mark.parametrize("compute", ["float32", "float64"])
def test_formulas_are_printed_whatever_is_in_them(compute: str) -> None:
    formulas = (
        "z if z>1 else tanh(z)",
        "z*exp(-z**2/2)",
        "min(max(z,-1),1)",
        "asinh(z)",
        "Phi(z)",
        "1/z",
        "2^z",
    )
    for formula in formulas:
        f = resolve(formula)
        forms: dict[Quantity, Form] = {of: Form(f, of) for of in OF}
        names: dict[Quantity, str] = {"g": "g_value", "dg": "g_slope"}
        fmt = FORMATS[compute]
        source = write(Unit(formula, routines(forms, fmt), names, fmt, fmt), "numpy")
        space: dict[str, Any] = {}
        exec(source, space)
        z = np.array([-2.5, -1.0, -0.25, 0.5, 1.0, 1.5]).astype(compute)
        with np.errstate(all="ignore"):
            for of, name in zip(OF, ("g_value", "g_slope"), strict=True):
                right = [f.derivative_float(float(x), of, fmt) for x in z]
                assert np.allclose(space[name](z), right, rtol=3e-6, equal_nan=True), (formula, of)
