"""Functions supplied for languages that lack them, against Arb, in NumPy as if it lacked them."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx, fmpq

from actcalc.code import printer
from actcalc.code.expression import Routine, Unit, Z, function
from actcalc.code.language import LANGUAGES
from actcalc.code.languages.numpy import write
from actcalc.numbers.floats import FORMATS
from tests.support.oracle import FMTS, nearest_dyadic

FEW = frozenset(("sqrt", "exp", "log", "sin", "cos"))


def mills(x: arb) -> arb:
    return (arb.pi() / 2).sqrt() * (x * x / 2).exp() * (x / arb(2).sqrt()).erfc()


RIGHT: dict[str, tuple[Callable[[arb], arb], float, float]] = {
    "mills": (mills, 0, 200),
    "erf": (lambda x: x.erf(), -12, 12),
    "erfc": (lambda x: x.erfc(), -12, 9),
    "expm1": (lambda x: x.expm1(), -30, 80),
    "log1p": (lambda x: x.log1p(), -0.999, 1e6),
    "tanh": (lambda x: x.tanh(), -30, 30),
    "atan": (lambda x: x.atan(), -1e6, 1e6),
    "tan": (lambda x: x.tan(), -1.5, 1.5),
}


def right(value: Callable[[arb], arb], x: float) -> tuple[float, float]:
    """The value rounded to float64, and the rounding error."""
    ctx.prec = 400
    found = value(arb(fmpq(*Fraction(x).as_integer_ratio())))
    man, exp = found.mid().man_exp()
    near = nearest_dyadic(int(man), int(exp), FMTS["float64"])
    return near, float(found - arb(near))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("op", RIGHT)
def test_functions_supplied(op: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fmt = FORMATS[dtype]
    few = {"numpy": LANGUAGES["numpy"]._replace(functions=FEW)}
    monkeypatch.setattr(printer, "LANGUAGES", few)
    unit = Unit("f", [Routine([], {"g": function(op, Z)})], {"g": "f"}, fmt, fmt)
    names: dict[str, Callable[[object], object]] = {}
    exec(write(unit), names)
    value, low, high = RIGHT[op]
    near = [x for k in range(-60, 20) for x in (1.37 * 2.0**k, -1.37 * 2.0**k) if low <= x <= high]
    z = np.concatenate([np.linspace(low, high, 400), np.linspace(max(low, -2), min(high, 2), 400), near])
    z = z.astype(dtype)
    with np.errstate(all="ignore"):
        found = np.asarray(names["f"](z))
    assert found.dtype == z.dtype
    for x, y in zip(z.tolist(), found.tolist(), strict=True):
        exact, rest = right(value, x)
        unit_there = float(np.spacing(np.abs(np.array(exact, dtype))))
        assert abs(y - exact - rest) <= 4 * unit_there, (op, x, y, exact)
    assert np.isnan(np.asarray(names["f"](np.array([np.nan], dtype)))[0])


@pytest.mark.parametrize(("x", "y"), [(3.0, 4.0), (1e30, 1e30), (0.0, 0.0), (0.0, 2.0), (1e-30, 1e-30)])
def test_the_hypotenuse_does_not_overflow(x: float, y: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printer, "LANGUAGES", {"numpy": LANGUAGES["numpy"]._replace(functions=FEW)})
    fmt = FORMATS["float32"]
    result = function("hypot", Z, Fraction(np.float32(y).item()))
    unit = Unit("f", [Routine([], {"g": result})], {"g": "f"}, fmt, fmt)
    names: dict[str, Callable[[object], object]] = {}
    exec(write(unit), names)
    assert np.allclose(names["f"](np.array([x], "f4")), [np.hypot(x, y)], rtol=3e-7, atol=0)  # type: ignore[arg-type]
