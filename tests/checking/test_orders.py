"""``check`` of derivatives of higher order and of formulas."""

from fractions import Fraction

import numpy as np
import pytest

import actcalc
from actcalc.activations.declaration import GivenQuantity
from tests.support import taylor
from tests.support.command import actcalc as command
from tests.support.oracle import FMTS


def right(text: str, z: float, order: int) -> float:
    found = taylor.derivative(text, order, Fraction(z), FMTS["float64"])
    assert found is not None
    return found


@pytest.mark.parametrize("text", ["(exp(z) - exp(-z))/(exp(z) + exp(-z))", "log(1 + exp(z))"])
@pytest.mark.parametrize(("order", "of"), [(2, "d2g"), (3, "d3g")])
def test_right_values_pass_and_their_neighbours_do_not(text: str, order: int, of: GivenQuantity) -> None:
    z = np.array([-20.5, -3.25, -0.5, 0.75, 1.5, 2.125, 30.0])
    x = np.array([right(text, at, order) for at in z.tolist()])
    for name in (text, "tanh" if "/" in text else "softplus"):
        found = actcalc.check(name, z, x, of=of, max_ulp=0.5)
        assert found.passed
        assert found.correctly_rounded == len(z)
        beside = actcalc.check(name, z, np.nextafter(x, np.inf), of=of, max_ulp=0.5)
        assert beside.correctly_rounded == 0
        assert 0.5 <= beside.mean_ulp <= 1.5  # type: ignore[operator]


def test_underflow_of_the_textbook_formula_is_found() -> None:
    """Jax returns 0 there."""
    report = actcalc.check("softplus", [1.0, 37.43], [right("log(1 + exp(z))", 1.0, 2), 0.0], of="d2g")
    assert report.failures["zero_where_normal"].count == 1
    assert report.failures["zero_where_normal"].first_z == 37.43


@pytest.mark.parametrize(
    ("name", "of", "at", "accepted", "refused"),
    [
        ("relu2", "d2g", 0.0, (0.0, 0.5, 2.0), (-0.5, 2.5)),
        ("elu", "d2g", 0.0, (0.0, 0.5, 1.0), (-0.5, 1.5)),
        ("hard_swish", "d2g", -3.0, (0.0, 0.25), (0.5,)),
        ("abs(z - 1)", "deriv", 1.0, (-1.0, 0.5, 1.0), (-1.5, 2.0)),
        ("max(0, z)**2", "d2g", 0.0, (0.0, 1.5, 2.0), (-0.5, 2.5)),
        ("1 if z > 2 else 0", "g", 2.0, (0.0, 1.0), (0.5, -1.0)),
        ("z*abs(z)", "deriv", 0.0, (0.0,), (0.5,)),
    ],
)
def test_at_a_kink_numbers_between_the_slopes_are_right(
    name: str, of: GivenQuantity, at: float, accepted: tuple[float, ...], refused: tuple[float, ...]
) -> None:
    for value in accepted:
        assert actcalc.check(name, [at], [value], of=of).passed, value
    for value in refused:
        assert not actcalc.check(name, [at], [value], of=of).passed, value


def test_periodic_functions_are_looked_at_everywhere() -> None:
    """A formula makes no promises: there may be wrong values between two right ones."""
    z = np.linspace(0.25, 40.0, 400)
    x = actcalc.activation("sin(z)").g(z)
    assert actcalc.check("sin(z)", z, x, of="g", max_ulp=0.5).passed
    wrong = x.copy()
    wrong[7::50] = np.nextafter(wrong[7::50], 2)
    assert actcalc.check("sin(z)", z, wrong, of="g").correctly_rounded == 400 - 8
    pairs = zip(z[7::50], wrong[7::50], strict=True)
    alone = [actcalc.check("sin(z)", [a], [b], of="g").max_ulp for a, b in pairs]
    assert actcalc.check("sin(z)", z, wrong, of="g").max_ulp == max(filter(None, alone))


def test_a_report_on_a_formula_is_named_after_it() -> None:
    report = actcalc.check("z*sigmoid(c*z)", [1.0], [0.5], c="1.702")
    assert str(report).startswith("z*sigmoid(c*z)(c=1.702) g'(z) in float64")


def test_on_the_command_line() -> None:
    table = command(["table", "z*tanh(z)", "--order", "2", "--format", "csv"]).out
    assert table.startswith("z,g,dg,d2g\n")
    for of, title in (("g", "g(z)"), ("deriv", "g'(z)"), ("d2g", "g''(z)")):
        done = command(["check", "z*tanh(z)", "--of", of, "--max-ulp", "0.5"], table)
        assert done.status == 0, of
        assert done.out.startswith(f"z*tanh(z) {title} in float64")
