"""Values that no digits decide are computed in symbols: exactly the fractions listed, and no others."""

import math
from fractions import Fraction

import pytest

from actcalc import activation
from actcalc.activations.declaration import QUANTITIES
from actcalc.arithmetic.algebra import Algebra, Sum
from actcalc.arithmetic.exact import enclose
from actcalc.arithmetic.interval import with_digits
from actcalc.arithmetic.rational import NotRational
from tests.catalogue.test_formulas import FORMULAS
from tests.support.matrix import SETTINGS

KNOWN = [
    ("z*exp(-z**2/2)", 1.0, 1, 0.0),
    ("z*exp(-z**2/2)", -1.0, 1, 0.0),
    ("exp(-z**2)*(z**2 - 4)", 2.0, 0, 0.0),
    ("z*Phi(z)", 2.0, 3, 0.0),
    ("z*Phi(z)", -3.0, 5, 0.0),
    ("phi(z) - exp(-z**2/2)/sqrt(2*pi)", 0.75, 2, 0.0),
    ("cosh(z)**2 - sinh(z)**2", 1.5, 0, 1.0),
    ("sin(z)**2 + cos(z)**2 + z", 1.0, 1, 1.0),
    ("exp(z)*exp(1/3 - z)/exp(1/3)/8*3", 1.25, 0, 0.375),
    ("1/(1 + exp(z)) + 1/(1 + exp(-z))", 1.5, 0, 1.0),
    ("z/2*(1 + tanh(z/2)) - silu(z)", -1.5, 3, 0.0),
    ("sqrt(pi*z)**2/pi", 3.0, 0, 3.0),
    ("sqrt(z)*sqrt(2)*sqrt(2) - 2*sqrt(z)", 3.0, 0, 0.0),
    ("(1 + sqrt(2)*z)*(1 - sqrt(2)*z)", 3.0, 0, -17.0),
    ("(z**2 + 1)**(1/3) - exp(log(z**2 + 1)/3)", 1.5, 0, 0.0),
    ("tanh(exp(z))*z - z*tanh(exp(z))", 0.5, 1, 0.0),
    ("1/sqrt(2*pi*z) - sqrt(1/(2*pi))/sqrt(z)", 1.0, 0, 0.0),
]


@pytest.mark.parametrize(("text", "z", "order", "value"), KNOWN)
def test_fractions_are_found(text: str, z: float, order: int, value: float) -> None:
    assert activation(text).derivative(z, order) == value


@pytest.mark.parametrize(
    "text",
    [
        "z*exp(-z**2/2) - 0.60653065971263342360379953499118045344",  # wrong by 1.9e-39
        "sin(z)**2 + cos(z)**2 - 1 - exp(-100)",
        "sqrt(2)*sqrt(3) - sqrt(6) + 1e-60*pi",
        "pi - 3.14159265358979323846264338327950288419716939937",
    ],
)
def test_numbers_close_to_a_fraction_are_not_that_fraction(text: str) -> None:
    assert 0 < abs(activation(f"{text} + 0*z").g(1.0)) < 1e-38


def settled(formula: object, z: Fraction) -> Fraction | None:
    try:
        value = formula(Algebra(), z)  # type: ignore[operator]
    except (NotRational, ArithmeticError):
        return None
    return Fraction(value) if isinstance(value, int | Fraction) else None


@pytest.mark.parametrize(
    "text", ["exp(1/(1 + exp(z))) - e", "erfc(z) + Phi(z)", "abs(sin(z)) - sin(z)", "1/(2 + 2*exp(z))"]
)
def test_other_numbers_stay_undecided(text: str) -> None:
    assert settled(activation(text).pieces[0].g, Fraction(4)) is None


def test_fractions_lie_in_the_intervals() -> None:
    """Check all values of formulas and declarations, up to order 3."""
    found = 0
    for f in (*map(activation, FORMULAS), *SETTINGS):
        for z in (Fraction(-2), Fraction(-1), Fraction(1, 2), Fraction(1), Fraction(2)):
            for of in QUANTITIES[:4]:
                formula = f.piece_at(z).formula(of)
                value = settled(formula, z)
                if value is not None and (bounds := enclose(formula, z, 60)) is not None:
                    found += 1
                    assert bounds.low <= value <= bounds.high, (f, z, of)
    assert found > 500


def test_too_much_work_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit on products is reached in well under a second."""
    right, products = Algebra.product, 0

    def counted(self: Algebra, a: Sum, b: Sum) -> Sum:
        nonlocal products
        products += len(a) * len(b)
        return right(self, a, b)

    monkeypatch.setattr(Algebra, "product", counted)
    f = activation("(1 + exp(z) + sin(z) + cos(z) + atan(z))**150/atan(z)")
    assert settled(f.pieces[0].formula("d2g"), Fraction(3, 2)) is None
    assert 1000 < products < 300_000


ANGLES = {Fraction(k, n) for n in (1, 2, 3, 4, 6) for k in range(-4 * n, 4 * n + 1)}


@pytest.mark.parametrize("turns", sorted(ANGLES))
def test_sines_of_parts_of_pi(turns: Fraction) -> None:
    m, right = Algebra(), math.sin(math.pi * turns)
    for value in (m.sin(turns * m.pi), m.cos((turns - Fraction(1, 2)) * m.pi)):
        bounds = m.enclose(value, with_digits(30))
        assert abs(float(bounds.low) - right) < 1e-14
        assert abs(float(bounds.high) - right) < 1e-14
        assert isinstance(value * value, Fraction)


def test_signs_by_digits_where_symbols_do_not_tell() -> None:
    m = Algebra()
    e = m.exp(Fraction(1))
    for x, sign in ((e - m.pi, -1), (m.sin(Fraction(4)), -1), (m.log(Fraction(2)) - Fraction(2, 3), 1)):
        assert m.sign(x) == sign
    # pi*sqrt(163) needs 22 digits here: its exponential is almost an integer.
    assert m.sign(m.exp(m.pi * m.sqrt(Fraction(163))) - 262537412640768744) == -1
    with pytest.raises(NotRational):
        m.sign(m.exp(m.log(Fraction(3))) - 3)


def test_a_root_of_a_square_is_positive() -> None:
    m = Algebra()
    for x in (m.log(Fraction(1, 2)), m.sin(Fraction(4)), m.pi, m.log(Fraction(3))):
        root = m.sqrt(x * x)
        assert m.sign(root) == 1
        assert root - abs(x) == 0
    assert m.sqrt(Fraction(12)) - 2 * m.sqrt(Fraction(3)) == 0
    assert m.sqrt(Fraction(6)) - m.sqrt(Fraction(2)) * m.sqrt(Fraction(3)) == 0


def test_a_divisor_that_may_be_0_is_not_divided_by() -> None:
    m = Algebra()
    zero = m.exp(m.log(Fraction(3))) - 3
    with pytest.raises(NotRational):
        Fraction(0) / zero
