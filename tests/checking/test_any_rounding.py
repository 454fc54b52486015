"""Values in one format at z of another, 8 bits, integers, any direction: figures against fractions.

Exact values are those of rational functions, or midpoints of Arb's balls of hundreds of bits.
"""

import json
import math
import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx

import actcalc
from tests.support.command import actcalc as run
from tests.support.oracle import Fmt
from tests.support.roundings import Codes, Target, target

Cases = Sequence[tuple[float, float]]


def balls(formula: Callable[[arb], arb]) -> Callable[[Fraction], Fraction]:
    """A function as fractions: the midpoints of narrow balls."""

    def exact(z: Fraction) -> Fraction:
        before, ctx.prec = ctx.prec, 600
        try:
            found = formula(arb(z.numerator) / z.denominator)
            mantissa, exponent = found.mid().man_exp()
        finally:
            ctx.prec = before
        return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)

    return exact


EXACT: dict[str, Callable[[Fraction], Fraction]] = {
    "sigmoid": balls(lambda z: 1 / (1 + (-z).exp())),
    "tanh": balls(lambda z: z.tanh()),
    "exponential": balls(lambda z: z.exp()),
    "silu": balls(lambda z: z / (1 + (-z).exp())),
    "softsign": lambda z: z / (1 + abs(z)),
    "relu": lambda z: max(z, Fraction(0)),
    "hard_sigmoid": lambda z: min(max(z / 6 + Fraction(1, 2), Fraction(0)), Fraction(1)),
    "relu2": lambda z: max(z, Fraction(0)) ** 2,
}


def number(x: float, held: Fmt | Codes) -> Fraction:
    """The number that a value is, or stands for."""
    return (Fraction(x) - held.zero) * held.scale if isinstance(held, Codes) else Fraction(x)


def place(exact: Fraction, to: Target) -> Fraction:
    """An exact value in codes, or what overflows to the largest number at that."""
    held = to.held
    if isinstance(held, Codes):
        return min(max(exact / held.scale + held.zero, Fraction(held.lowest)), Fraction(held.highest))
    ends = [to.round(sign * Fraction(2) ** 1100) for sign in (-1, 1)]
    low, high = (Fraction(end) if math.isfinite(end) else None for end in ends)
    exact = exact if low is None else max(exact, low)
    return exact if high is None else min(exact, high)


def ulp(at: Fraction, held: Fmt | Codes) -> Fraction:
    if isinstance(held, Codes):
        return Fraction(1)
    exponent = held.quantum
    size = min(abs(at), Fraction(held.largest))
    while Fraction(2) ** (exponent + held.precision) <= size:
        exponent += 1
    return Fraction(2) ** exponent


def steps(x: float, n: int, held: Fmt | Codes) -> float:
    """The value n steps beside another."""
    if isinstance(held, Codes):
        return min(max(x + n, held.lowest), held.highest)
    for _ in range(abs(n)):
        unit = float(ulp(Fraction(x), held))
        if abs(x) == 2.0 ** (math.frexp(x)[1] - 1) and abs(x) > held.smallest_normal and (n > 0) != (x > 0):
            unit /= 2
        beside = x + math.copysign(unit, n)
        x = beside if abs(beside) <= held.largest else x
    return x


KINDS = [
    ("float32", "bfloat16", "zero", None),
    ("float32", "bfloat16", "nearest", None),
    ("float32", "float16", "up", None),
    ("float64", "float32", "nearest-away", None),
    ("float64", "float64", "down", "saturate"),
    ("bfloat16", "float8_e4m3fn", "nearest", "saturate"),
    ("float16", "float8_e4m3fn", "nearest", None),
    ("float32", "float8_e5m2", "down", None),
    ("float32", "float8_e5m2fnuz", "zero", "saturate"),
    ("float8_e4m3fn", "float8_e4m3fnuz", "nearest-away", "saturate"),
    ("float8_e4m3fn", "float8_e4m3fn", "nearest", None),
    ("q3.4", "q0.7", "nearest", None),
    ("q3.4", "q3.4", "nearest", None),
    ("q3.12", "q0.15", "zero", None),
    ("s8:0.1,3", "s8:1/256,-128", "nearest-away", None),
    ("u8:1/24,0", "uq0.16", "nearest", None),
    ("s16:0.001,-7", "s16:0.0001,11", "up", None),
    ("float32", "uq0.8", "down", None),
    ("q4.11", "bfloat16", "nearest", None),
    ("float16", "q15.16", "nearest", None),
]


def points(name: str, held: Fmt | Codes, rng: random.Random) -> list[float]:
    """Some z of a format, not at a kink."""
    if isinstance(held, Codes):
        zs = [float(rng.randint(held.lowest, held.highest)) for _ in range(60)]
        zs += [float(held.lowest), float(held.highest), float(held.zero)]
    else:
        z_target = target(held.name)
        zs = [z_target.round(Fraction(rng.gauss(0, 4))) for _ in range(50)]
        zs += [z_target.round(Fraction(rng.gauss(0, 60))) for _ in range(10)]
        zs += [z_target.round(Fraction(10) ** -rng.randint(1, 6)) for _ in range(5)]
    kinks = (0, -3, 3)
    return [z for z in zs if math.isfinite(z) and number(z, held) not in kinks]


CASES = [
    pytest.param(
        *(name, kind),
        marks=() if (i + j) % len(EXACT) in (0, 3) else pytest.mark.exhaustive,
        id="-".join(map(str, (name, *kind))),
    )
    for i, name in enumerate(EXACT)
    for j, kind in enumerate(KINDS)
]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_figures(name: str, kind: tuple[str, str, str, str | None]) -> None:
    """Values that are right, and some steps beside it: each error, and all that is counted."""
    dtype, out_dtype, direction, overflow = kind
    held, to = target(dtype).held, target(out_dtype, direction, overflow)
    rng = random.Random(f"{name} {kind}")
    pairs, errors, signed = [], [], []
    right_count, faithful, rights = 0, 0, {}
    for z in points(name, held, rng):
        exact = EXACT[name](number(z, held))
        right = to.round(exact)
        if not math.isfinite(right):
            continue
        x = right if rng.random() < 0.5 else steps(right, rng.choice([-3, -2, -1, -1, 1, 1, 2, 3]), to.held)
        at = place(exact, to)
        error = (Fraction(x) - at) / ulp(at, to.held)
        pairs.append((z, x))
        rights[z, x] = right
        errors.append(abs(error))
        right_count += x == right
        rule = None if isinstance(to.held, Codes) else overflow or "saturate"
        ends = [target(out_dtype, side, rule).round(exact) for side in ("down", "up")]
        faithful += x in ends or x == right
        is_normal = isinstance(to.held, Codes) or abs(right) >= to.held.smallest_normal
        signed += [error] if is_normal else []
    report = check(name, pairs, kind, worst=len(pairs))
    assert (report.points, report.correctly_rounded) == (len(pairs), right_count)
    assert report.faithful == faithful
    in_order = sorted(map(float, errors), reverse=True)
    assert [p.ulps for p in report.worst] == pytest.approx(in_order, rel=1e-9, abs=1e-12)
    for point in report.worst:
        assert point.right == rights[point.z, point.got]
    assert report.mean_ulp == pytest.approx(float(sum(errors) / len(errors)), rel=1e-6, abs=1e-12)
    if signed:
        assert report.bias_ulp == pytest.approx(float(sum(signed) / len(signed)), rel=1e-6, abs=1e-12)
    edges = [1, 2, 10, 100, math.inf]
    wrong = [e for e, (z, x) in zip(errors, pairs, strict=True) if rights[z, x] != x]
    for bucket, low, high in zip(("1", "2", "10", "100", "more"), [0, *edges], edges, strict=False):
        assert report.buckets[bucket] == sum(low < e <= high or (low == 0 and e == 0) for e in wrong)


def check(name: str, pairs: Cases, kind: tuple[str, str, str, str | None], **options: Any) -> Any:
    z, x = (np.array(column) for column in zip(*pairs, strict=True))
    dtype, out_dtype, direction, overflow = kind
    f = actcalc.activation(name)
    return actcalc.check(
        f, z, x, of="g", dtype=dtype, out_dtype=out_dtype, rounding=direction, overflow=overflow, **options
    )


ABOVE = [
    *(4, 8, 12, 14, 15, 16, 17, 19, 20, 21, 22, 25, 27, 28, 29, 30, 31, 33, 34, 35, 37, 39, 40, 41, 43, 44),
    *(45, 46, 49, 50, 54, 62, 63, 64, 66, 82, 86, 93, 100, 103, 112, 116, 135, 255),
]
"""Where a table of sigmoid(i/24) in 0.16 that many programs for small processors have is one too large."""


def test_a_table_of_which_some_entries_are_not_nearest() -> None:
    right = [target("uq0.16").round(EXACT["sigmoid"](Fraction(i, 24))) for i in range(256)]
    table = [x + (i in ABOVE) for i, x in enumerate(right)]
    report = actcalc.check(
        "sigmoid", range(256), table, of="g", dtype="u8:1/24,0", out_dtype="uq0.16", worst=256, max_ulp="0.5"
    )
    assert (report.points, report.points - report.correctly_rounded) == (256, 44)
    assert sorted(point.z for point in report.worst if point.got != point.right) == ABOVE
    assert report.message == "44 points not correctly rounded"
    assert not report.passed


def made_in(kind: Any, scale: str, zero: int) -> tuple[Any, Any]:
    """A table of int8 of sigmoid as interpreters of graphs make it, in floats and with halves away from 0."""
    codes = np.arange(-128, 128)
    z = kind(Fraction(scale)) * (codes - zero).astype(kind)
    values = kind(1) / (kind(1) + np.exp(-z))
    scaled = (values * kind(256)).astype(np.float64)
    return codes, np.clip(np.floor(scaled + 0.5) - 128, -128, 127).astype(np.int8)


@pytest.mark.parametrize(("scale", "zero"), [("0.05", 0), ("0.047058824", -1), ("1/16", 0), ("0.08", 3)])
def test_tables_that_are_made_in_floats(scale: str, zero: int) -> None:
    """In float32 all 256 entries are the nearest ones; in float16 they are not."""
    to = target("s8:1/256,-128")
    for kind in (np.float32, np.float16):
        codes, values = made_in(kind, scale, zero)
        right = [to.round(EXACT["sigmoid"]((int(code) - zero) * Fraction(scale))) for code in codes]
        differ = sum(x != int(got) for x, got in zip(right, values, strict=True))
        report = actcalc.check(
            "sigmoid", codes, values, of="g", dtype=f"s8:{scale},{zero}", out_dtype="s8:1/256,-128"
        )
        assert report.points - report.correctly_rounded == differ
        assert (differ > 0) == (kind is np.float16)


@pytest.mark.parametrize(
    ("made", "asked", "said"),
    [
        ("zero", "nearest", "all points are the exact value truncated"),
        ("up", "nearest", "all points are the exact value rounded up"),
        ("down", "zero", "all points are the exact value rounded down"),
        ("nearest", "up", "all points are the exact value rounded to nearest, halves to even"),
        ("nearest", "nearest", ""),
    ],
)
@pytest.mark.parametrize("formats", [("float32", "bfloat16"), ("q3.12", "q0.15"), ("float16", "float16")])
def test_another_rounding_is_guessed(formats: tuple[str, str], made: str, asked: str, said: str) -> None:
    dtype, out_dtype = formats
    values = guessed("tanh", dtype, out_dtype, made, asked, lambda i, x, to: x)
    assert values == said


def test_where_not_all_points_fit_another_rounding_it_is_said_how_many() -> None:
    """One in fifty is a step off; and of a third nothing is said."""

    def off(every: int) -> Callable[[int, float, Target], float]:
        return lambda i, x, to: steps(x, 2, to.held) if i % every == 0 else x

    said = guessed("tanh", "float32", "bfloat16", "zero", "nearest", off(50))
    fitting, _, others = said.partition(" of 401 points are the exact value truncated; ")
    assert int(fitting) == 392
    assert others.endswith(" are rounded to nearest, halves to even")
    assert guessed("tanh", "float32", "bfloat16", "zero", "nearest", off(3)) == ""


def test_values_that_saturate_are_guessed() -> None:
    said = guessed(
        "exponential", "float32", "float8_e4m3fn", "nearest", "nearest", lambda i, x, to: x, "saturate"
    )
    assert said == "all points are the exact value rounded to nearest, halves to even, saturated"


def guessed(
    name: str,
    dtype: str,
    out_dtype: str,
    made: str,
    asked: str,
    change: Callable[[int, float, Target], float],
    overflow: str | None = None,
) -> str:
    """The guess of the command on values that are rounded in one way, where another is asked for."""
    held, to = target(dtype).held, target(out_dtype, made, overflow)
    if isinstance(held, Codes):
        zs: list[float] = [float(code) for code in range(-400, 401, 2)]
    else:
        zs = [i / 32 for i in range(-200, 201)]
    zs = [7 * z / 4 for z in zs] if overflow else zs
    rows = [(z, change(i, to.round(EXACT[name](number(z, held))), to)) for i, z in enumerate(zs)]
    text = "".join(f"{z:g} {x!r}\n" if not isinstance(to.held, Codes) else f"{z:g} {x:g}\n" for z, x in rows)
    command = ["check", name, "--of", "g", "--dtype", dtype, "--out-dtype", out_dtype, "--rounding", asked]
    return str(json.loads(run([*command, "-f", "json", "-q"], text).out)["guess"])
