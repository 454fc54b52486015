"""Every activation in every setting and format against the oracle, float for float."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from actcalc import check
from actcalc.activations.activation import Activation
from actcalc.activations.arrays import derivative_array
from actcalc.activations.declaration import QUANTITIES
from actcalc.catalogue.lookup import LECTURE
from actcalc.catalogue.resolution import resolve
from actcalc.numbers import floats
from tests.support.matrix import (
    DEFAULTS,
    SETTINGS,
    all_settings,
    expected,
    mismatches,
    random_points,
    settings_in,
    special_points,
)
from tests.support.oracle import FMTS, Fmt, same

WIDER = {name: fmt for name, fmt in FMTS.items() if fmt.bits > 8}
"""``test_eight_bits`` compares values one by one and in bulk at all z of the others."""
NARROW = tuple(fmt for fmt in FMTS.values() if fmt.bits == 8)
RANDOM_POINTS = 40
LECTURE_POINTS = 1500


def points_of(activation: Activation, fmt: Fmt) -> list[float]:
    return special_points(activation, fmt) + random_points(fmt, RANDOM_POINTS, activation.describe())


def some_of(activation: Activation) -> slice:
    """Fewer points for periodic functions, since sines of huge numbers are slow."""
    return slice(None, None, 1 if activation.declaration.settles_far_out else 3)


@pytest.mark.parametrize(("activation", "fmt"), settings_in(WIDER, DEFAULTS))
def test_special_and_random_points(activation: Activation, fmt: Fmt) -> None:
    """Compare single and bulk evaluation."""
    points, own, some = points_of(activation, fmt), floats.FORMATS[fmt.name], some_of(activation)
    z = np.array(points[some])
    for which in QUANTITIES[:2]:
        function = activation.g_float if which == "g" else activation.dg_float
        right = [expected(activation, which, x, fmt) for x in points]

        assert [x for x, a in zip(points, right, strict=True) if not same(function(x, own), a)] == []
        bulk = derivative_array(activation, z, which, own).tolist()
        assert [x for x, a, b in zip(z, bulk, right[some], strict=True) if not same(a, b)] == []


def to_check() -> Iterator[Any]:
    """The lecture's in all formats; the others in the wider ones, and in those of eight bits by turns."""
    for i, case in enumerate(all_settings([f for f in DEFAULTS if f.name in LECTURE])):
        formats = (*WIDER.values(), NARROW[i % len(NARROW)]) if case.marks else FMTS.values()
        for fmt in formats:
            yield pytest.param(*case.values, fmt, marks=case.marks, id=f"{case.id}-{fmt.name}")


@pytest.mark.parametrize(("activation", "fmt"), [*to_check()])
def test_check_raises_no_false_alarm(activation: Activation, fmt: Fmt) -> None:
    z = np.array(points_of(activation, fmt)[some_of(activation)])
    for which in QUANTITIES[:2]:
        values = np.array([expected(activation, which, x, fmt) for x in z.tolist()])
        report = check(activation, z, values, of=which, dtype=fmt.name, max_ulp=0.5, strict_zero=True)
        assert report.passed
        assert report.correctly_rounded == report.points == len(z) == report.buckets["0"]
        assert report.max_ulp is not None
        assert report.max_ulp <= 0.5


@pytest.mark.parametrize("fmt", FMTS.values(), ids=list(FMTS))
@pytest.mark.parametrize(
    "text",
    [
        *("elu:alpha=0", "elu:alpha=1e-400", "elu:alpha=1e400", "elu:alpha=-1e-30"),
        *("celu:alpha=-1/3", "celu:alpha=1e-30", "celu:alpha=1e30"),
        *("leaky_relu:slope=-1", "leaky_relu:slope=1e400", "rrelu:lower=-1,upper=1", "prelu:slope=0"),
        *("hard_sigmoid:slope=-0.5,offset=2", "hard_sigmoid:slope=0,offset=7"),
        *("hard_tanh:min=1,max=2", "hard_tanh:min=-1e-400,max=1e400", "hard_sigmoid:slope=1e400,offset=1/3"),
        *("softshrink:lambd=1e5", "softshrink:lambd=1e-400"),
        *("hardshrink:lambd=1/3", "hardshrink:lambd=1e-400"),
        *("threshold:threshold=0,value=-0.5", "thresholded_relu:theta=-1/3"),
        *("softplus:beta=100", "softplus:beta=1e-3", "softplus:beta=-1e-30", "softplus:beta=1e400"),
        *("squareplus:b=1e-10", "squareplus:b=1e-400", "squareplus:b=1/3"),
        *("swish:beta=1e-3", "swish:beta=1000", "swish:beta=-50"),
    ],
)
def test_unusual_parameters(text: str, fmt: Fmt) -> None:
    activation = resolve(text)
    points = special_points(activation, fmt) + random_points(fmt, RANDOM_POINTS, text)
    assert list(mismatches(activation, fmt, points)) == []


@pytest.mark.parametrize("name", LECTURE)
def test_many_random_points_for_the_lecture(name: str) -> None:
    activation = next(a for a in SETTINGS if a.name == name)
    fmt = FMTS["float64"]
    assert list(mismatches(activation, fmt, random_points(fmt, LECTURE_POINTS, "lecture"))) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("fmt", WIDER.values(), ids=list(WIDER))
@pytest.mark.parametrize("activation", SETTINGS, ids=Activation.describe)
def test_many_random_points(activation: Activation, fmt: Fmt) -> None:
    assert list(mismatches(activation, fmt, random_points(fmt, 10 * RANDOM_POINTS, "many"))) == []
