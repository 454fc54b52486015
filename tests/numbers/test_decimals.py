"""Any number of digits after the point, and numbers without exponents."""

import random
import shutil
import subprocess
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actcalc.activations.activation import Activation
from actcalc.errors import ActcalcError
from actcalc.numbers.digits import Decimals
from actcalc.numbers.floats import FORMATS
from actcalc.numbers.numerals import plain_float_text, plain_text
from tests.support import oracle
from tests.support.command import actcalc
from tests.support.matrix import SETTINGS


def right_text(x: Fraction, count: int) -> str:
    """A fraction rounded half to even in integer arithmetic, written with a point."""
    whole, rest = divmod(2 * abs(x.numerator) * 10**count + x.denominator, 2 * x.denominator)
    whole -= rest == 0 and whole % 2
    digits = str(whole).rjust(count + 1, "0")
    return "-" * (x < 0) + (f"{digits[:-count]}.{digits[-count:]}" if count else digits)


def text_of_ball(value: oracle.Real, count: int) -> str | None:
    """The text of a value of the oracle; None if its bounds disagree."""
    if value.rest is None:
        return right_text(Fraction(int(value.exact.p), int(value.exact.q)), count)
    texts = set()
    for end in (value.ball().lower(), value.ball().upper()):
        man, exp = (int(part) for part in end.man_exp())
        texts.add(right_text(Fraction(man) * Fraction(2) ** exp, count))
    return texts.pop() if len(texts) == 1 else None


@pytest.mark.parametrize("activation", SETTINGS, ids=Activation.describe)
def test_random_decimals_against_the_oracle(activation: Activation) -> None:
    chance = random.Random(activation.describe())
    kinks = [kink.z for kink in activation.kinks]
    for _ in range(12):
        count = chance.choice([0, 1, 3, 4, 6, 17, 60])
        z = Fraction(chance.randint(-99999, 99999), 10 ** chance.randint(3, 7))
        if z in kinks:
            continue
        for which, function in (("g", activation.value), ("dg", activation.slope)):
            text = getattr(activation, f"textbook_{which}")

            def answer(text: str = text, z: Fraction = z, count: int = count) -> str | None:
                return text_of_ball(oracle.evaluate(text, z=z, **activation.parameters), count)

            value = function(z, Decimals(count))
            assert value is not None
            assert Decimals(count).text(value) == oracle.decide(answer, z), (which, z, count)


@given(st.fractions(), st.integers(0, 40))
@example(Fraction(5, 1000), 2)
@example(Fraction(15, 1000), 2)
@example(Fraction(-5, 1000), 2)
@example(Fraction(-1, 1000), 2)
def test_fractions(x: Fraction, count: int) -> None:
    decimals = Decimals(count)
    assert decimals.text(decimals.round_exact(x)) == right_text(x, count)


@pytest.mark.parametrize(
    ("count", "low", "high", "right"),
    [
        (2, "1.234", "1.2341", "1.23"),
        (2, "1.234", "1.236", None),
        (2, "1.235", "1.2351", "1.24"),
        (2, "1.225", "1.2251", "1.23"),
        (2, "1.2249", "1.225", "1.22"),
        (2, "1.225", "1.225", "1.22"),
        (2, "-0.9951", "-0.995", "-1.00"),
        (2, "-0.995", "-0.9949", "-0.99"),
        (0, "0.5", "0.6", "1"),
        (0, "2.4", "2.5", "2"),
        # next to 0: tiny, and on an unknown side
        (4, "0", "1e-43000000000000000", "0.0000"),
        (4, "-1e-43000000000000000", "0", "-0.0000"),
        (4, "-1e-9", "1e-9", None),
        (1, "1e9999", "1e20000", None),
    ],
)
def test_bounds(count: int, low: str, high: str, right: str | None) -> None:
    decimals = Decimals(count)
    found = decimals.round_between(Decimal(low), Decimal(high))
    assert (None if found is None else decimals.text(found)) == right


def test_numbers_that_nobody_reads() -> None:
    with pytest.raises(ActcalcError, match="ten thousand digits") as caught:
        Decimals(3).round_between(Decimal("1e20000"), Decimal("Infinity"))
    assert "digits='N'" in caught.value.hint


PATTERNS = [*range(0, 1 << 16, 97), 1, 0x7BFF, 0x7C00, 0x7F7F, 0x8001]


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=str)
def test_plain_texts_read_back(fmt: object) -> None:
    form = FORMATS[str(fmt)]
    for pattern in PATTERNS:
        x = form.from_bits(pattern << form.bits >> 16)
        text = plain_float_text(x, form)
        assert form.round_float(float(text)) == x or x != x
        if "e" not in form.text(x):
            assert text == form.text(x)
        else:
            # All digits of an integer, and the original digits of a small number, are preserved.
            assert "e" not in text
            assert Decimal(text) == (Decimal(x) if abs(x) > 1 else Decimal(form.text(x)))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("1.50e-05", "0.0000150"),
        ("-2e+16", "-20000000000000000"),
        ("1e-10/3e+20", "0.0000000001/300000000000000000000"),
        ("1/3", "1/3"),
        ("0.5", "0.5"),
        ("-inf", "-inf"),
        ("nan", "nan"),
    ],
)
def test_plain(text: str, plain: str) -> None:
    assert plain_text(text) == plain


@pytest.mark.skipif(shutil.which("bc") is None and shutil.which("awk") is None, reason="needs bc or awk")
@pytest.mark.parametrize("options", [[], ["--dtype", "float16"], ["--digits", "5"], ["--exact"]], ids=str)
def test_calculators_read_plain_numbers(options: list[str]) -> None:
    done = actcalc(["deriv", "sigmoid", "-25", "-12.5", "0", "--plain", *options])
    numbers = done.out.split()
    assert len(numbers) == 3
    if shutil.which("bc"):
        summed = subprocess.run(["bc"], input=f"{' + '.join(numbers)}\n", capture_output=True, text=True)
        total = summed.stdout.replace("\\\n", "").strip()
        assert summed.stderr == ""
        assert Fraction(total) == sum(map(Fraction, numbers))
    if shutil.which("awk"):
        program = '{ total += $1 } END { printf "%.6f", total }'
        summed = subprocess.run(["awk", program], input=done.out, capture_output=True, text=True)
        assert abs(Fraction(summed.stdout) - sum(map(Fraction, numbers))) < Fraction(1, 10**6)
