"""Errors of values too small for pairs of float64 are computed in bulk, and right."""

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import actcalc
from actcalc.checking.measure import Measure
from actcalc.numbers.floats import FLOAT32, FLOAT64

ULP = Decimal(2) ** -1074


@pytest.mark.parametrize("ends", [(-1000.0, -750.0), (-745.0, -708.0), (-709.0, -670.0), (-3e5, -700.0)])
def test_tiny_values_are_measured_together(
    ends: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    one_by_one = Measure._error_and_count

    def spied(self: Measure, z: float, x: float) -> Any:
        asked.append(z)
        return one_by_one(self, z, x)

    monkeypatch.setattr(Measure, "_error_and_count", spied)
    f = actcalc.activation("exponential")
    z = np.linspace(*ends, 600)
    x = f.g(z) * np.tile([1.0, 0.0, 1.0], 200) + np.tile([0.0, 0.0, 2.0**-1074], 200)
    bounds = [Fraction(1, 2), Fraction(1), Fraction(3)]
    found, places = Measure(f, "g", FLOAT64, bounds)(z, x)
    assert len(found.ulps[places]) == 600
    assert len(asked) <= 12
    with localcontext(prec=80, Emin=-999_999):
        for i in range(600):
            exact = Decimal(z[i]).exp()
            size = max(abs(exact), Decimal(2) ** -1022)
            ulp = max(ULP, Decimal(2) ** (int(np.floor(float(size.ln() / Decimal(2).ln()))) - 52))
            error = abs(Decimal(x[i]) - exact) / ulp
            assert float(found.ulps[i]) == pytest.approx(float(error), rel=1e-6, abs=1e-6)
            assert Decimal(found.least[i]) <= error <= Decimal(found.most[i])
            assert found.exceeded[i] == sum(Decimal(float(bound)) < error for bound in bounds)
            if found.correct[i] and error > Decimal(2) ** -60:
                assert found.side[i] == (1 if Decimal(x[i]) > exact else -1)


def test_an_infinity_counts_as_the_number_one_step_beyond_the_largest() -> None:
    """In float32 that is 2**128, and an ulp of sigmoid(0) is 2**-24."""
    f, z = actcalc.activation("sigmoid"), np.zeros(2)
    found, _ = Measure(f, "g", FLOAT32, [Fraction(1)])(z, np.array([np.inf, -np.inf]))
    assert found.ulps.tolist() == [(2.0**128 - 0.5) * 2.0**24, (2.0**128 + 0.5) * 2.0**24]
