"""Many decimal words at once: the floats that ``float`` reads, or nothing."""

import math
import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actcalc.numbers.numerals import LONGEST
from actcalc.numbers.word_arrays import read_floats

SPACES = [" ", "\n", "\t", "\r\n", "  ", "\v", "\f"]


def check(words: list[str], spaces: random.Random) -> None:
    source = "".join(word + spaces.choice(SPACES) for word in words).encode()
    found = read_floats(source)
    assert found is not None
    assert list(map(repr, found.tolist())) == [repr(float(word)) for word in words]


def half_way(k: int, shift: int) -> str:
    """A number exactly or almost half way between two floats."""
    return f"{2**53 + 2 * k + 1}"[: -shift or None] + "5" * (shift > 0)


KINDS: dict[str, Callable[[random.Random], str]] = {
    "repr": lambda r: repr(r.gauss(0, 5)),
    "all sizes": lambda r: repr(r.gauss(0, 1) * 10.0 ** r.randrange(-320, 300)),
    "integers": lambda r: str(r.randrange(-(10**24), 10**24) // 10 ** r.randrange(24)),
    "long": lambda r: f"{r.choice(['', '+', '-'])}00{r.randrange(10**19)}.{r.randrange(10**25):025}",
    "nineteen digits": lambda r: f"{r.randrange(10**18, 10**19) / 10**9:.9f}",
    "few digits": lambda r: f"{r.gauss(0, 100):.3f}",
    "half way": lambda r: half_way(r.randrange(1000), r.randrange(3)),
    "forms": lambda r: r.choice(
        ["-0", "-0.0", "0", "1.", "+5", "-.5", ".25", "1e5", "1E-3", "-2.5e+300", "1e-400"]
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_words_agree_with_float(kind: str) -> None:
    generator = random.Random(5)
    check([KINDS[kind](generator) for _ in range(5000)], generator)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1), st.randoms())
def test_any_float_reads_back(values: list[float], spaces: random.Random) -> None:
    check([repr(x) for x in values], spaces)
    check([f"{x:.17g}" for x in values], spaces)


@given(st.decimals(-(10**20), 10**20, places=12), st.integers(0, 22))
def test_decimals(value: object, places: int) -> None:
    check([f"{value:.{places}f}", f"{value:f}"], random.Random(1))


@given(st.text("0123456789.eE+- \n", min_size=1))
def test_read_words_agree_with_float(text: str) -> None:
    """For any text of these characters: if it is read, it is right, and valid text is always read."""
    try:
        right = [float(word) for word in text.split()]
    except ValueError:
        assert read_floats(text.encode()) is None
        return
    found = read_floats(text.encode())
    assert found is not None
    assert found.tobytes() == np.array(right).tobytes()


BAD = [
    "1.2.3",
    "1-2",
    "--1",
    "-",
    ".",
    "1e",
    "e5",
    "1e5.3",
    "+-1",
    "1_000",
    "nan",
    "inf",
    "0x1p3",
    "1,2",
    "1e5e3",
    "\x01",
    "\N{MINUS SIGN}1",
    "1.-2",
    "+.e1",
    "5e-",
]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("around", ["%s", "1 %s 2", "1.5 %s", "%s 7\n"])
def test_text_that_is_not_a_decimal_number(bad: str, around: str) -> None:
    assert read_floats((around % bad).encode()) is None


def test_ends_of_the_source() -> None:
    assert read_floats(b"") is not None
    assert (read_floats(b" \n") == []) is not False
    for source, right in ((b"5", [5.0]), (b" -5\n", [-5.0]), (b"1 2", [1.0, 2.0])):
        found = read_floats(source)
        assert found is not None
        assert found.tolist() == right
    assert read_floats(b"0" * (LONGEST + 1)) is None
    found = read_floats(b"0" * (LONGEST - 1) + b"1 -0")
    assert found is not None
    assert (found[0], math.copysign(1, found[1])) == (1.0, -1.0)
