"""Any number of decimal digits."""

import math
import random
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import actcalc
from actcalc import ActcalcError
from actcalc.activations.activation import Activation
from actcalc.numbers.digits import Digits
from tests.support import oracle
from tests.support.matrix import SETTINGS, setting


@pytest.mark.parametrize(
    ("described", "which", "z", "count", "text"),
    [
        ("sigmoid", "g", "0", 5, "0.50000"),
        # from mpmath
        ("tanh", "dg", "20", 50, "1.6993417021166355836928828103801419206665762475304e-17"),
        ("sigmoid", "dg", "10", 60, "4.53958077359516710324420431713370951441000856449510569074188e-05"),
        ("sigmoid", "g", "0.1", 30, "0.524979187478939986099193182604"),
        ("gelu", "g", "1", 40, "0.8413447460685429485852325456320379224779"),
        ("tanh", "g", "20", 20, "0.99999999999999999150"),
        # zero, one digit, and more digits than the number has
        ("tanh", "g", "0", 7, "0"),
        ("tanh", "dg", "0", 3, "1.00"),
        ("identity", "g", "1/3", 1, "0.3"),
        ("identity", "g", "2/3", 30, "0.666666666666666666666666666667"),
        ("identity", "g", "-0.000012", 1, "-1e-05"),
        ("leaky_relu(slope=1/3)", "dg", "-7", 4, "0.3333"),
        # an exponent below 1e-4 and from 1e16, after rounding
        ("silu", "g", "-1e-400", 3, "-5.00e-401"),
        ("identity", "g", "0.0001", 2, "0.00010"),
        ("identity", "g", "0.00009996", 3, "0.000100"),
        ("identity", "g", "0.00009994", 3, "9.99e-05"),
        ("identity", "g", "123456", 3, "123000"),
        ("relu2", "g", "1e8", 3, "1.00e+16"),
        ("relu2", "g", "99999999", 3, "1.00e+16"),
        ("relu2", "g", "99999999", 15, "9999999800000000"),
        ("relu2", "g", "99999999", 18, "9999999800000001.00"),
        # ties to even
        ("identity", "g", "2.5", 1, "2"),
        ("identity", "g", "3.5", 1, "4"),
        ("elu(alpha=257)", "g", "-1000", 2, "-260"),
        # kinks at exactly one tenth
        ("hardshrink(lambd=0.1)", "g", "0.1", 4, "0"),
        ("hardshrink(lambd=0.1)", "g", "0.10000000000000001", 4, "0.1000"),
        # closer to a tie than any number of digits shows
        ("tanhshrink", "g", "25.5", 2, "25"),
        ("tanhshrink", "g", "100001.5", 6, "100001"),
    ],
)
def test_digits(described: str, which: str, z: str, count: int, text: str) -> None:
    activation, digits = setting(described), Digits(count)
    function = activation.value if which == "g" else activation.slope
    value = function(Fraction(z), digits)
    assert value is not None
    assert digits.text(value) == text


def decimal_ends(value: oracle.Real, context: Context) -> set[Decimal]:
    """The numbers that the ends of a ball round to."""
    if value.rest is None:
        return {context.divide(Decimal(int(value.exact.p)), Decimal(int(value.exact.q)))}
    ends = []
    for end in (value.ball().lower(), value.ball().upper()):
        man, exp = (int(part) for part in end.man_exp())
        x = Fraction(man) * Fraction(2) ** exp
        ends.append(context.divide(Decimal(x.numerator), Decimal(x.denominator)))
    return set(ends)


@pytest.mark.parametrize("activation", SETTINGS, ids=Activation.describe)
def test_random_numbers_of_digits_against_the_oracle(activation: Activation) -> None:
    chance = random.Random(activation.describe())
    kinks = [kink.z for kink in activation.kinks]
    for _ in range(15):
        count = chance.choice([1, 2, 5, 17, 50, 200])
        z = Fraction(chance.randint(-99999, 99999), 10 ** chance.randint(3, 12))
        if z in kinks:
            continue
        context = Context(count, ROUND_HALF_EVEN, Emin=-(10**6), Emax=10**6)
        for which, function in (("g", activation.value), ("dg", activation.slope)):
            text = getattr(activation, f"textbook_{which}")

            def one_end(text: str = text, z: Fraction = z, context: Context = context) -> Decimal | None:
                ends = decimal_ends(oracle.evaluate(text, z=z, **activation.parameters), context)
                return ends.pop() if len(ends) == 1 else None

            assert function(z, Digits(count)) == oracle.decide(one_end, z), (which, z, count)


def test_a_thousand_digits() -> None:
    digits = Digits(1000)
    text = digits.text(setting("exponential").value(Fraction(1), digits))
    # e by its series
    euler = sum(Fraction(1, math.factorial(k)) for k in range(500))
    assert abs(Fraction(text) - euler) < Fraction(1, 10**999)
    assert len(text) == 1001


@given(st.fractions(), st.integers(1, 40), st.integers(-1, 1))
@example(Fraction(25, 10), 1, 1)
@example(Fraction(25, 10), 1, -1)
@example(Fraction(-995, 1000), 2, -1)
@example(Fraction(995, 1000), 2, 1)
def test_round_exact(x: Fraction, count: int, beyond: int) -> None:
    digits = Digits(count)
    # A number on that side of x, so close that no decimal with so many digits lies between.
    nudged = x + Fraction(beyond, 10**200) if x else x
    right = Context(count, ROUND_HALF_EVEN).divide(Decimal(nudged.numerator), Decimal(nudged.denominator))
    assert digits.round_exact(x, beyond) == right
    assert digits.round_between(Decimal(1), Decimal(1)) == 1


@pytest.mark.parametrize(
    ("count", "low", "high", "right"),
    [
        (3, "1.234", "1.2341", "1.23"),
        (3, "1.234", "1.236", None),
        (3, "1.235", "1.2351", "1.24"),
        (3, "1.2349", "1.235", "1.23"),
        (3, "1.225", "1.225", "1.22"),
        (2, "-0.995", "-0.9949", "-0.99"),
        (2, "-0.9951", "-0.995", "-1.0"),
        (5, "0", "1e-99", None),
        (5, "1e-43000000000000000", "2e-43000000000000000", None),
        (5, "1.00001e-43000000000000000", "1.000011e-43000000000000000", "1.0000e-43000000000000000"),
    ],
)
def test_round_between(count: int, low: str, high: str, right: str | None) -> None:
    returned = Digits(count).round_between(Decimal(low), Decimal(high))
    assert returned == (None if right is None else Decimal(right))


@given(st.fractions().filter(bool), st.integers(1, 60))
def test_text_has_all_digits_and_reads_back(x: Fraction, count: int) -> None:
    digits = Digits(count)
    value = digits.round_exact(x)
    text = digits.text(value)
    assert Decimal(text) == value
    if value.adjusted() < count:
        shown = text.lstrip("-").split("e")[0].replace(".", "").lstrip("0")
        assert len(shown) == count
    assert ("e" in text) == (value.adjusted() < -4 or value.adjusted() >= 16)


@pytest.mark.parametrize(("name", "z"), [("exponential", "1e20"), ("sigmoid", "-1e300"), ("gelu", "-1e20")])
def test_exponents_that_are_too_long(name: str, z: str) -> None:
    with pytest.raises(ActcalcError, match="more than sixteen digits"):
        actcalc.activation(name).value(Fraction(z), Digits(5))
