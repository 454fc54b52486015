"""Values in one format at z of another, 8-bit formats, integers, any direction: figures against fractions.

Exact values come from rational functions, or are midpoints of Arb's balls with hundreds of bits.
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
from actcalc.errors import ActcalcError
from tests.support.command import actcalc as run
from tests.support.oracle import Fmt
from tests.support.roundings import Codes, Target, target

Cases = Sequence[tuple[float, float]]


def balls(formula: Callable[[arb], arb]) -> Callable[[Fraction], Fraction]:
    """Turn a function on balls into one on fractions, by the midpoints of narrow balls."""

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
    "identity": lambda z: z,
    "relu": lambda z: max(z, Fraction(0)),
    "hard_sigmoid": lambda z: min(max(z / 6 + Fraction(1, 2), Fraction(0)), Fraction(1)),
    "relu2": lambda z: max(z, Fraction(0)) ** 2,
}


def number(x: float, held: Fmt | Codes) -> Fraction:
    """The number that a value stands for."""
    return (Fraction(x) - held.zero) * held.scale if isinstance(held, Codes) else Fraction(x)


def place(exact: Fraction, to: Target) -> Fraction:
    """An exact value in codes; one that overflows to the largest has the place of that."""
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
    """The value n steps away from another."""
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
    """Random z of a format, not at a kink."""
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


def three_digits(x: Fraction) -> Fraction:
    """A number rounded to three significant digits, ties to even."""
    exponent = math.floor(math.log10(x)) - 2
    return round(x / Fraction(10) ** exponent) * Fraction(10) ** exponent


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
    """Right values and values some steps away: each error, and all counts."""
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
    shares = {"median_ulp": 50, "p95_ulp": 95, "p99_ulp": 99}
    for figure, share in shares.items():
        least = sorted(errors)[-(-share * len(errors) // 100) - 1]
        assert getattr(report, figure) == (float(three_digits(least)) if least >= 1e-9 else 0)
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
"""The indices at which a widespread table of sigmoid(i/24) in 0.16 is too large by one."""


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
    """An int8 table of sigmoid as graph interpreters make it: in floats, with halves rounded away from 0."""
    codes = np.arange(-128, 128)
    z = kind(Fraction(scale)) * (codes - zero).astype(kind)
    values = kind(1) / (kind(1) + np.exp(-z))
    scaled = (values * kind(256)).astype(np.float64)
    return codes, np.clip(np.floor(scaled + 0.5) - 128, -128, 127).astype(np.int8)


@pytest.mark.parametrize(("scale", "zero"), [("0.05", 0), ("0.047058824", -1), ("1/16", 0), ("0.08", 3)])
def test_tables_that_are_made_in_floats(scale: str, zero: int) -> None:
    """In float32 all 256 entries are correctly rounded; in float16 they are not."""
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
        ("zero", "nearest", "all values are the exact ones, truncated"),
        ("up", "nearest", "all values are the exact ones, rounded up"),
        ("down", "zero", "all values are the exact ones, rounded down"),
        ("nearest", "up", "all values are the exact ones, rounded to nearest, ties to even"),
        ("nearest", "nearest", ""),
    ],
)
@pytest.mark.parametrize("formats", [("float32", "bfloat16"), ("q3.12", "q0.15"), ("float16", "float16")])
def test_another_rounding_is_guessed(formats: tuple[str, str], made: str, asked: str, said: str) -> None:
    dtype, out_dtype = formats
    values = guessed("tanh", dtype, out_dtype, made, asked, lambda i, x, to: x)
    assert values == said


def test_the_number_of_points_that_fit_another_rounding_is_given() -> None:
    """One point in fifty is a step off, which is reported; a third is not."""

    def off(every: int) -> Callable[[int, float, Target], float]:
        return lambda i, x, to: steps(x, 2, to.held) if i % every == 0 else x

    said = guessed("tanh", "float32", "bfloat16", "zero", "nearest", off(50))
    fitting, _, others = said.partition(" of 401 values are the exact ones, truncated; ")
    assert int(fitting) == 392
    assert others.endswith(" are rounded to nearest, ties to even")
    assert guessed("tanh", "float32", "bfloat16", "zero", "nearest", off(3)) == ""


def test_values_that_saturate_are_guessed() -> None:
    said = guessed(
        "exponential", "float32", "float8_e4m3fn", "nearest", "nearest", lambda i, x, to: x, "saturate"
    )
    assert said == "all values are the exact ones, rounded to nearest, ties to even, saturated"


def guessed(
    name: str,
    dtype: str,
    out_dtype: str,
    made: str,
    asked: str,
    change: Callable[[int, float, Target], float],
    overflow: str | None = None,
) -> str:
    """The guess that the command makes for values rounded in one way when another is requested."""
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


PASSES = [
    ("relu --dtype s8:0.5,10 --out-dtype s8:1/4,-3", "10 -3\n11 -1\n127 127\n-128 -3\n"),
    ("tanh --dtype q3.4 --out-dtype q0.7 --bits", "00 00\nf0 9f\n10 61\n"),
    ("tanh --dtype q3.4 --out-dtype q0.7", "0 0\n0x10 97\n0xf0 0x9f\n"),
    ("identity --dtype float32 --out-dtype e5m2 --rounding zero", "inf inf\nnan nan\n1e38 57344\n"),
    ("identity --dtype float32 --out-dtype e4m3fn --overflow saturate", "-inf -448\nnan nan\n1e38 448\n"),
    ("identity --dtype float32 --out-dtype e4m3fn", "464 448\n465 nan\n-inf nan\n"),
    ("identity --dtype float32 --out-dtype q3.4", "inf 127\n-inf -128\n1e38 127\n-0.1 -2\n"),
    ("identity --dtype q3.4 --out-dtype q3.1 --rounding nearest-away", "4 1\n-4 -1\n3 0\n12 2\n"),
    ("tanh --dtype s8:1e400,0 --out-dtype s8:1,0", "0 0\n1 1\n-1 -1\n"),
    ("exponential --dtype s8:1e300,0 --out-dtype s8:1e300,0", "0 0\n1 127\n-1 0\n"),
    ("tanh --given-a --of dg --dtype float32 --out-dtype bf16", "0 1\n0.5 0.75\n"),
]
"""Right values: tanh(1/2) is 0.46, which is 59 of 128, and tanh(1) is 0.7616, which is 97."""


@pytest.mark.parametrize(("command", "text"), PASSES)
def test_right_values_of_all_kinds_pass(command: str, text: str) -> None:
    of = [] if "--of" in command else ["--of", "g"]
    done = run(["check", *command.split(), *of, "--max-ulp", "0.5", "-q"], text)
    assert (done.status, done.out.splitlines()[-1]) == (0, "passed: all points are correctly rounded")


@pytest.mark.parametrize("form", ["csv", "tsv", "json", "table", "markdown", "npy"])
@pytest.mark.parametrize(
    "formats", [("q3.12", "q0.15"), ("s8:0.1,3", "s8:1/256,-128"), ("float32", "bfloat16"), ("e5m2", "q3.4")]
)
def test_output_of_table_is_read(formats: tuple[str, str], form: str, tmp_path: Any) -> None:
    both = ["--dtype", formats[0], "--out-dtype", formats[1]]
    path = str(tmp_path / f"table.{form}")
    points = ["--from", "-7", "--to", "7", "--num", "21"]
    table = ["table", "sigmoid", *both, *points, "--order", "0", "-f", form, "-o", path, "-q"]
    assert run(table).status == 0
    done = run(["check", "sigmoid", path, *both, "--of", "g", "--max-ulp", "0.5", "-q"])
    assert (done.status, done.out.splitlines()[-1]) == (0, "passed: all points are correctly rounded")


def test_words_of_all_codes(tmp_path: Any) -> None:
    """A single .bin file has the results at all patterns of z, in words of another width."""
    codes = np.arange(256, dtype=np.uint8).view(np.int8)
    to, held = target("q3.12"), target("s8:1/16,0").held
    right = [to.round(EXACT["softsign"](number(float(code), held))) for code in codes]
    path = tmp_path / "all.bin"
    path.write_bytes(np.array(right).astype("<i2").tobytes())
    both = ["--dtype", "s8:1/16,0", "--out-dtype", "q3.12"]
    done = run(["check", "softsign", str(path), *both, "--of", "g", "--max-ulp", "0.5", "-q"])
    assert (done.status, done.out.splitlines()[-1]) == (0, "passed: all points are correctly rounded")
    path.write_bytes(b"\0" * 510)
    done = run(["check", "softsign", str(path), *both, "--of", "g"])
    assert "a single file must hold all 256 words of s8:1/16,0, not 255" in done.err


def test_arrays_of_codes() -> None:
    """Signed integers are codes; unsigned ones are patterns of a signed format, as for floats."""
    both: dict[str, Any] = {"of": "g", "dtype": "q3.4", "out_dtype": "q0.7"}
    z = np.array([16, -16], np.int8)
    x = np.array([97, -97], np.int8)
    for zs, xs in ((z, x), (z.view(np.uint8), x.view(np.uint8)), (z.astype(np.int64), x.astype(float))):
        assert actcalc.check("tanh", zs, xs, **both, max_ulp="0.5").passed
    with pytest.raises(ActcalcError, match=r"values\[1\] = 0\.5 is not a code of q0\.7: those are whole"):
        actcalc.check("tanh", z, np.array([97, 0.5]), **both)
    with pytest.raises(ActcalcError, match=r"z\[0\] = 128 is not a code of q3\.4"):
        actcalc.check("tanh", [128, 0], [0, 0], **both)


def test_errors_are_told_as_numbers_and_codes() -> None:
    report = actcalc.check("tanh", [16], [99], of="g", dtype="q3.4", out_dtype="q0.7", worst=1)
    text = str(report)
    assert "tanh g(z) in q3.4 -> q0.7" in text
    assert "16 (0x10) = 1" in text
    assert "99 (0x63) = 0.7734375" in text
    assert "1.51595 codes, 2 codes apart" in text
    assert "ulp" not in text
    assert [(r.low, r.high, r.count) for r in report.ranges] == [("1", "10", 1)]
    assert repr(report) == "<Report tanh g in q3.4 -> q0.7: 1 points, FAILED>"
    known = report.to_dict()
    assert (known["at_z"], known["at_z_bits"], known["got"], known["right"]) == (16, "0x10", 99, 97)
    assert (known["dtype"], known["out_dtype"], known["rounding"]) == ("q3.4", "q0.7", "nearest")
    assert known["largest_error"] == pytest.approx(float(99 - 128 * EXACT["tanh"](Fraction(1))), rel=1e-5)


def test_tolerances_are_of_numbers() -> None:
    """A code of q0.7 is 1/128: two codes off pass with atol 0.0157, and with rtol as a share of the value."""
    both: dict[str, Any] = {"of": "g", "dtype": "q3.4", "out_dtype": "s8:1/128,5"}

    def passes(**tolerance: Any) -> bool:
        return actcalc.check("tanh", [16], [97 + 5 + 2], **both, **tolerance).passed

    assert not passes()
    assert passes(atol="0.015625")
    assert not passes(atol="0.0156")
    assert passes(rtol="2/97")
    assert not passes(rtol="0.0206")
