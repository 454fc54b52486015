"""Texts of whole arrays: the same bytes as one by one, which in float64 are those of repr."""

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actcalc.numbers import float_texts as decimals
from actcalc.numbers.float_texts import FloatArray, lines
from actcalc.numbers.floats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, Format
from actcalc.numbers.sums import AVAILABLE


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


@pytest.mark.parametrize("fmt", [FLOAT16, BFLOAT16], ids=str)
def test_all_values_of_sixteen_bits(fmt: Format) -> None:
    x = list(fmt.all_values())
    assert texts(x, fmt) == list(map(fmt.text, x))


def test_float32() -> None:
    rng = np.random.default_rng(7)
    patterns = rng.integers(0, 2**32, 5000, dtype=np.uint64).astype(np.uint32).view(np.float32)
    integers = np.arange(0, 2**26, 8191).astype(np.float32)
    x = [float(v) for some in (patterns, integers, rng.normal(0, 5, 2000).astype(np.float32)) for v in some]
    assert texts(x, FLOAT32) == list(map(FLOAT32.text, x))


def test_few_are_left_to_the_slow_way(monkeypatch: pytest.MonkeyPatch) -> None:
    if not AVAILABLE:
        pytest.skip("there is no extended precision on this machine")
    left_over = []
    one_by_one = decimals._one_by_one

    def count(x: Any, fmt: Format) -> Any:
        left_over.append(len(x))
        return one_by_one(x, fmt)

    monkeypatch.setattr(decimals, "_one_by_one", count)
    texts(np.random.default_rng(8).normal(0, 5, 100_000))
    assert sum(left_over) < 2000


def test_without_extended_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(9).normal(0, 5, 500)
    monkeypatch.setattr(decimals, "AVAILABLE", False)
    assert texts(x) == list(map(repr, x.tolist()))


def test_lines() -> None:
    x = FloatArray(np.array([0.5, -1e-7, np.nan]), FLOAT64)
    y = FloatArray(np.array([0.25, 1e22, 3.0]), BFLOAT16)
    assert lines([x, y], [b"<", b", ", b">\n"]) == b"<0.5, 0.25>\n<-1e-07, 1e+22>\n<nan, 3.0>\n"
    assert lines([FloatArray(np.array([]), FLOAT64)], [b"", b"\n"]) == b""
    plain = FloatArray(np.array([0.5, 1.5]), FLOAT64)
    assert lines([plain], [b"<", b"\n"]) == b"<0.5\n<1.5\n"
    assert lines([plain], [b"", b">"]) == b"0.5>1.5>"
    assert lines([plain, plain], [b"", b"\t", b"\n"]) == b"0.5\t0.5\n1.5\t1.5\n"


@pytest.mark.parametrize("kind", samples(1))
def test_orjson_changes_nothing(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x = samples(20_000)[kind]
    mostly_plain = np.where(np.arange(len(x)) % 20 == 0, x, 0.5)
    columns = [FloatArray(values, FLOAT64) for values in (mostly_plain, np.roll(mostly_plain, 1))]
    between = [b"", b",", b"\n"]
    assert decimals._orjson_lines(columns, between)
    with_it = lines(columns, between)
    monkeypatch.setitem(sys.modules, "orjson", None)
    assert decimals._orjson_lines(columns, between) == b""
    assert lines(columns, between) == with_it
