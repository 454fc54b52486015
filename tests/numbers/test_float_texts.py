"""Texts of whole arrays are those of single values, which for float64 are those of repr."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actcalc.numbers.bit_arrays import all_values
from actcalc.numbers.float_texts import FloatArray, decimal_exponent, lines
from actcalc.numbers.floats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, Format


def texts(x: Any, fmt: Format = FLOAT64) -> list[str]:
    return list(FloatArray(np.asarray(x, np.float64), fmt))


def samples(count: int) -> dict[str, Any]:
    rng = np.random.default_rng(6)
    patterns = rng.integers(0, 2**64, count, dtype=np.uint64).view(np.float64)
    powers = np.ldexp(1.0, np.arange(-1074, 1024))
    return {
        "patterns": patterns,
        "everyday": rng.normal(0, 5, count),
        "tails": np.exp(rng.uniform(-740, 709, count)),
        "few digits": np.round(rng.normal(0, 500, count), 3),
        "sixteen digits": np.array([float(f"{x:.15e}") for x in rng.normal(0, 5, count).tolist()]),
        "integers": rng.integers(-(2**53), 2**53, count).astype(float),
        "above integers": rng.integers(2**53, 2**62, count).astype(float),
        "powers of two": np.concatenate([powers, np.nextafter(powers, 0), np.nextafter(powers, np.inf)]),
        "powers of ten": np.array([float(f"{d}e{k}") for d in (1, 2, 9, 9.5) for k in range(-325, 309)]),
        "subnormals": rng.integers(1, 2**52, count, dtype=np.uint64).view(np.float64),
        "special": np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, 1.7976931348623157e308]),
    }


@pytest.mark.parametrize("kind", samples(1))
def test_float64_is_repr(kind: str) -> None:
    x = samples(20_000)[kind]
    assert texts(x) == list(map(repr, x.tolist()))


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", samples(1))
def test_float64_is_repr_at_many_points(kind: str) -> None:
    x = samples(1_000_000)[kind]
    assert texts(x) == list(map(repr, x.tolist()))


@given(st.lists(st.floats(), min_size=1))
def test_any_float64_is_repr(values: list[float]) -> None:
    assert texts(values) == list(map(repr, values))


@pytest.mark.parametrize("stride", [7, pytest.param(1, marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("fmt", [FLOAT16, BFLOAT16], ids=str)
def test_values_of_sixteen_bits(fmt: Format, stride: int) -> None:
    x = all_values(fmt).tolist()[::stride]
    assert texts(x, fmt) == list(map(fmt.text, x))


def test_float32() -> None:
    rng = np.random.default_rng(7)
    patterns = rng.integers(0, 2**32, 5000, dtype=np.uint64).astype(np.uint32).view(np.float32)
    integers = np.arange(0, 2**26, 8191).astype(np.float32)
    x = [float(v) for some in (patterns, integers, rng.normal(0, 5, 2000).astype(np.float32)) for v in some]
    assert texts(x, FLOAT32) == list(map(FLOAT32.text, x))


def test_decimal_exponents_of_powers_of_two() -> None:
    for k in range(-1074, 1025):
        e = decimal_exponent(k)
        assert Fraction(10) ** e <= Fraction(2) ** k < Fraction(10) ** (e + 1)


def test_few_texts_need_the_slow_path(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(8).normal(0, 5, 100_000)
    saturated = np.where(x > 0, 1.0, np.where(x < -1, 0.0, np.ldexp(1.0, np.trunc(x).astype(int))))
    asked = []

    def text(fmt: Format, value: float) -> str:
        asked.append(value)
        return repr(value)

    monkeypatch.setattr(Format, "text", text)
    assert texts(x) == list(map(repr, x.tolist()))
    assert texts(saturated) == list(map(repr, saturated.tolist()))
    assert len(asked) < 20


@pytest.mark.parametrize("kind", samples(1))
def test_nothing_leans_on_long_double(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x = samples(2000)[kind]
    monkeypatch.setattr(np, "longdouble", np.float64)
    assert texts(x) == list(map(repr, x.tolist()))


def test_lines() -> None:
    x = FloatArray(np.array([0.5, -1e-7, np.nan]), FLOAT64)
    y = FloatArray(np.array([0.25, 1e22, 3.0]), BFLOAT16)
    assert lines([x, y], [b"<", b", ", b">\n"]) == "<0.5, 0.25>\n<-1e-07, 1e+22>\n<nan, 3.0>\n"
    assert lines([FloatArray(np.array([]), FLOAT64)], [b"", b"\n"]) == ""
    plain = FloatArray(np.array([0.5, 1.5]), FLOAT64)
    assert lines([plain], [b"<", b"\n"]) == "<0.5\n<1.5\n"
    assert lines([plain], [b"", b">"]) == "0.5>1.5>"
    assert lines([plain, plain], [b"", b"\t", b"\n"]) == "0.5\t0.5\n1.5\t1.5\n"


def test_lines_of_many_columns() -> None:
    x, y = samples(40_000)["patterns"], samples(40_000)["everyday"]  # more than one block
    rows = "".join(f'{{"a":{a!r},"long name":{b!r}}}\n' for a, b in zip(x.tolist(), y.tolist(), strict=True))
    columns = [FloatArray(x, FLOAT64), FloatArray(y, FLOAT64)]
    assert lines(columns, [b'{"a":', b',"long name":', b"}\n"]) == rows
