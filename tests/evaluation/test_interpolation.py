"""Tables with linear interpolation, against their definition in fractions and Arb's balls."""

import math
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from pathlib import Path

import pytest
from flint import arb, ctx, fmpq

from tests.support.command import actcalc
from tests.support.oracle import FMTS, nearest_fraction

RULES = ["nearest", "nearest-away", "zero", "up", "down"]
HALF = Fraction(1, 2)


def exact(function: str, z: Fraction) -> Fraction:
    """The value of a function to about 230 bits."""
    ctx.prec = 250
    x = arb(fmpq(z.numerator, z.denominator))
    value = x.tanh() if function == "tanh" else 1 / (1 + (-x).exp())
    assert value.rad() < arb(2) ** -230
    mantissa, exponent = value.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def rounded(x: Fraction, rule: str) -> int:
    """Round a fraction to an integer, by the definition of the rule."""
    below = floor(x)
    if x == below:
        return below
    if rule in ("up", "down", "zero"):
        return {"up": below + 1, "down": below, "zero": below + (x < 0)}[rule]
    if x - below != HALF:
        return below + (x - below > HALF)
    return round(x) if rule == "nearest" else below + (x > 0)


@dataclass(frozen=True)
class Codes:
    lowest: int
    highest: int
    scale: Fraction
    zero: int = 0

    def clip(self, code: int) -> int:
        return min(max(code, self.lowest), self.highest)


@dataclass(frozen=True)
class Table:
    """A table by its definition; ``start`` and ``step`` are codes of z."""

    function: str
    z: Codes
    out: Codes
    start: int
    step: int
    count: int
    rule: str

    def value(self, code: int) -> Fraction:
        """The exact result at a code of z, in units of the result."""
        return exact(self.function, (code - self.z.zero) * self.z.scale) / self.out.scale

    def code(self, x: Fraction, rule: str) -> int:
        return self.out.clip(rounded(x, rule) + self.out.zero)

    def entries(self) -> list[int]:
        knots = (self.start + i * self.step for i in range(self.count))
        return [self.code(self.value(knot), "nearest") for knot in knots]

    def read(self, entries: list[int], code: int) -> int:
        away = min(max(code - self.start, 0), self.step * (self.count - 1))
        before = min(away // self.step, self.count - 2)
        low, high = (entries[i] - self.out.zero for i in (before, before + 1))
        part = Fraction(away - before * self.step, self.step)
        return self.code(low * (1 - part) + high * part, self.rule)

    def told(self, entries: list[int], codes: Iterable[int]) -> tuple[Fraction, int, Fraction, int]:
        """The largest error and the first code with it, the mean, and the number of right results."""
        errors, right = {}, 0
        for code in codes:
            value, reading = self.value(code), self.read(entries, code)
            errors[code] = abs(reading - self.out.zero - value)
            right += reading == self.code(value, self.rule)
        worst = max(errors, key=lambda code: errors[code])
        return errors[worst], worst, sum(errors.values(), Fraction()) / len(errors), right


FIXED = Codes(-128, 127, Fraction(1, 32)), Codes(-(1 << 15), (1 << 15) - 1, Fraction(1, 1 << 15))
AFFINE = Codes(-128, 127, Fraction("0.05"), 3), Codes(0, 255, Fraction(1, 240), 7)
FIGURES = re.compile(
    r"off by at most (\S+) codes, at z = (\S+) \(code (\S+)\), and by (\S+) on average; (\d+) \("
)


def numbers_of(source: str) -> list[int]:
    body = re.search(r"\{(.*?)\}", source, re.DOTALL)
    assert body is not None
    return [int(word) for word in body[1].split(",")]


def check_figures(found: tuple[str, ...], expected: tuple[Fraction, int, Fraction, int], z: Codes) -> None:
    largest, at, code, mean, right = found
    assert float(largest) == pytest.approx(float(expected[0]), rel=6e-4)
    assert float(mean) == pytest.approx(float(expected[2]), rel=6e-4)
    assert (int(code), int(right)) == (expected[1], expected[3])
    assert Fraction(at) == (int(code) - z.zero) * z.scale


@pytest.mark.parametrize("rule", RULES)
def test_a_table_over_a_whole_format(rule: str) -> None:
    done = actcalc(
        f"table sigmoid --dtype q2.5 --out-dtype q0.15 --entries 33 --rounding {rule} -f c --order 0".split()
    )
    table = Table("sigmoid", *FIXED, -128, 8, 33, rule)
    entries = table.entries()
    assert numbers_of(done.out) == entries
    (figures,) = FIGURES.findall(done.err)
    check_figures(figures, table.told(entries, range(-128, 128)), table.z)


@pytest.mark.parametrize("rule", RULES)
def test_a_table_over_a_part_of_an_affine_format(rule: str) -> None:
    """Both zero points differ from 0, and -4 and 4 are codes of z; beyond them the table's ends apply."""
    done = actcalc(
        "table tanh --dtype s8:0.05,3 --out-dtype u8:1/240,7 --entries 17 --from -4 --to 4 --order 0"
        f" -f tsv --rounding {rule}".split()
    )
    table = Table("tanh", *AFFINE, -77, 10, 17, rule)
    entries = table.entries()
    rows = [tuple(map(int, line.split("\t"))) for line in done.out.splitlines()[1:]]
    assert rows == [(-77 + 10 * i, entry) for i, entry in enumerate(entries)]
    inside, beyond = FIGURES.findall(done.err)
    check_figures(inside, table.told(entries, range(-77, 84)), table.z)
    check_figures(beyond, table.told(entries, [*range(-128, -77), *range(84, 128)]), table.z)


def test_readings_that_are_floats() -> None:
    """Errors are measured in ulps of bfloat16 at the exact value."""
    command = "table tanh --dtype q2.5 --out-dtype bf16 --entries 33 --order 0 -f csv --exact"
    done = actcalc(command.split())
    fmt, z = FMTS["bfloat16"], FIXED[0]
    entries = [nearest_fraction(exact("tanh", i * 8 * z.scale), fmt) for i in range(-16, 17)]
    assert [float(line.split(",")[1]) for line in done.out.splitlines()[1:]] == entries
    errors, right = {}, 0
    for code in range(-128, 128):
        before, part = divmod(code + 128, 8)
        low, high = map(Fraction, entries[before : before + 2])
        reading = nearest_fraction((low * (8 - part) + high * part) / 8, fmt)
        value = exact("tanh", code * z.scale)
        ulp = Fraction(2) ** (math.frexp(value)[1] - 8) if value else Fraction(2) ** -133
        errors[code] = abs(Fraction(reading) - value) / ulp
        right += reading == nearest_fraction(value, fmt)
    worst = max(errors, key=lambda code: errors[code])
    (figures,) = FIGURES.findall(done.err.replace("ulps", "codes"))
    check_figures(figures, (errors[worst], worst, sum(errors.values(), Fraction()) / 256, right), z)


PROGRAM = """
#include <math.h>
#include <stdio.h>
#define min(a, b) ((a) < (b) ? (a) : (b))
#define T {name}

int main(void) {{
    for (long z = {z.lowest}; z <= {z.highest}; z++) {{
        long i = {i}, r = {r};
        if (i < 0 || i + 1 >= (long)(sizeof T / sizeof *T)) return 1;
        double result = {value};
        printf("%ld\\n", {rounding}(result){plus});
    }}
    return 0;
}}
"""


@pytest.mark.parametrize(
    ("options", "table"),
    [
        (
            "tanh --dtype q3.12 --out-dtype q0.15 --entries 513",
            Table(
                "tanh",
                Codes(-(1 << 15), (1 << 15) - 1, Fraction(1, 1 << 12)),
                FIXED[1],
                -32768,
                128,
                513,
                "nearest",
            ),
        ),
        (
            "sigmoid --dtype s8:0.05,3 --out-dtype u8:1/240,7 --entries 18 --from -6.55 --to 6.2",
            Table("sigmoid", *AFFINE, -128, 15, 18, "nearest"),
        ),
    ],
)
def test_arrays_of_c_are_read_as_their_comment_says(options: str, table: Table, tmp_path: Path) -> None:
    source = actcalc(["table", *options.split(), "--order", "0", "-f", "c", "-q"]).out
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no compiler of C")
    comment = " ".join(source.partition("*/")[0].split())
    place = re.search(
        r"with i = (.*) and r = (.*), the result is (.*), rounded once .*?(, [-+] \d+)?\.", comment
    )
    assert place is not None, comment
    program = PROGRAM.format(
        name=f"{table.function}_g",
        z=table.z,
        i=place[1],
        r=place[2],
        value=place[3].replace(" - r)", ".0 - r)"),
        rounding="lrint",
        plus=(place[4] or "").replace(",", ""),
    )
    (tmp_path / "table.c").write_text(source + program)
    command = [compiler, "-std=c99", "-Wall", "-Werror", "-o", "table", "table.c", "-lm"]
    subprocess.run(command, cwd=tmp_path, check=True)
    done = subprocess.run([str(tmp_path / "table")], check=True, capture_output=True, text=True)
    readings = list(map(int, done.stdout.split()))
    entries = numbers_of(source)
    codes = range(table.z.lowest, table.z.highest + 1)
    assert readings == [table.read(entries, code) for code in codes]
