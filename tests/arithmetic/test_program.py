"""Programs: constant folding while they are built, and NumPy's way of running them."""

import math
import operator
import random
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from actcalc.arithmetic import numpy_machine
from actcalc.arithmetic.program import (
    TRUTH,
    WORD,
    Expr,
    Program,
    bits,
    call,
    cast32,
    constant,
    equal,
    from_bits,
    is_finite,
    maximum,
    minimum,
    rint,
    select,
    sqrt,
    take,
    to_float,
    truth,
    two_product,
    variable,
    word,
)
from actcalc.numbers.error_free import fast_two_sum, split, two_sum

SPECIAL = [
    0.0,
    -0.0,
    1.0,
    -1.5,
    5e-324,
    -2.2e-308,
    1.7e308,
    math.inf,
    -math.inf,
    math.nan,
    2.0**52 + 0.5,
    3e-9,
]
TABLE = np.arange(64.0) ** 3
WORDS = np.arange(64, dtype=np.uint64) ** np.uint64(2)


def as_float(x: int) -> float:
    (found,) = struct.unpack("<d", struct.pack("<Q", x))
    return float(found)


def as_word(x: float) -> int:
    (found,) = struct.unpack("<Q", struct.pack("<d", x))
    return int(found)


def _wrapped(function: Callable[[int, int], int]) -> Callable[[int, int], int]:
    return lambda x, y: function(x, y) % 2**64


def _divided(x: float, y: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.float64(x) / np.float64(y))


def _root(x: float) -> float:
    return math.sqrt(x) if x >= 0 else math.nan


def _rounded(x: float) -> float:
    return math.copysign(float(round(x)), x) if math.isfinite(x) else x


def _single(x: float) -> float:
    try:
        return float(struct.unpack("<f", struct.pack("<f", x))[0])
    except OverflowError:
        return math.copysign(math.inf, x)


FLOATS: list[tuple[Callable[..., Expr], Callable[..., float], int]] = [
    (operator.add, operator.add, 2),
    (operator.sub, operator.sub, 2),
    (operator.mul, operator.mul, 2),
    (operator.truediv, _divided, 2),
    (operator.neg, operator.neg, 1),
    (abs, abs, 1),
    (sqrt, _root, 1),
    (rint, _rounded, 1),
    (cast32, _single, 1),
]
"""Operations on expressions, each with the same operation on Python's numbers."""
ON_WORDS: list[tuple[Callable[..., Expr], Callable[[int, int], int]]] = [
    (operator.add, _wrapped(operator.add)),
    (operator.sub, _wrapped(operator.sub)),
    (operator.and_, operator.and_),
    (operator.or_, operator.or_),
    (operator.xor, operator.xor),
]


class Drawn:
    """Expressions with their values at each argument, by Python's own arithmetic."""

    def __init__(self, chance: random.Random, columns: list[list[float]]) -> None:
        self.chance = chance
        self.floats: list[tuple[Expr, list[Any]]] = [(variable(k), x) for k, x in enumerate(columns)]
        self.floats += [(constant(x), [x] * len(columns[0])) for x in SPECIAL]
        self.words: list[tuple[Expr, list[Any]]] = [(word(5), [5] * len(columns[0]))]
        self.truths: list[tuple[Expr, list[Any]]] = [(truth(True), [True] * len(columns[0]))]

    def grow(self) -> None:
        pick = self.chance.choice
        (x, a), (y, b), (v, c), (w, d) = (
            pick(self.floats),
            pick(self.floats),
            pick(self.words),
            pick(self.words),
        )
        (p, e), (q, f) = pick(self.truths), pick(self.truths)
        match self.chance.randrange(9):
            case 0:
                make, right = pick(ON_WORDS)
                self.words.append((make(v, w), [right(*pair) for pair in zip(c, d, strict=True)]))
            case 1:
                n = self.chance.randrange(64)
                self.words.append((v << n, [(x << n) % 2**64 for x in c]))
                self.words.append((v >> n, [x >> n for x in c]))
            case 2:
                self.words.append((bits(x), [as_word(z) for z in a]))
                self.floats.append((from_bits(v), [as_float(z) for z in c]))
            case 3:
                self.truths.append((x < y, [z < t for z, t in zip(a, b, strict=True)]))
                self.truths.append((v <= w, [z <= t for z, t in zip(c, d, strict=True)]))
                self.truths.append((equal(x, y), [z == t for z, t in zip(a, b, strict=True)]))
                self.truths.append((is_finite(x), [math.isfinite(z) for z in a]))
            case 4:
                self.truths.append((p & ~q, [z and not t for z, t in zip(e, f, strict=True)]))
                self.truths.append((p | q, [z or t for z, t in zip(e, f, strict=True)]))
            case 5:
                self.floats.append(
                    (select(p, x, y), [z if t else u for t, z, u in zip(e, a, b, strict=True)])
                )
                self.words.append((select(p, v, w), [z if t else u for t, z, u in zip(e, c, d, strict=True)]))
            case 6:
                place = v & 63
                self.floats.append((take(TABLE, place), [float(TABLE[z & 63]) for z in c]))
                self.words.append((take(WORDS, place), [int(WORDS[z & 63]) for z in c]))
                self.floats.append((to_float((v & 1023) - 512), [float((z & 1023) - 512) for z in c]))
            case _:
                make, right_of, count = pick(FLOATS)
                columns = [a, b][:count]
                made = make(*(x, y)[:count])
                self.floats.append((made, [right_of(*row) for row in zip(*columns, strict=True)]))


def same(found: Any, right: list[Any]) -> bool:
    """Whether a column is right, including the signs of zeros."""
    if found.dtype != np.float64:
        return bool((found == np.array(right, found.dtype)).all())
    expected = np.array(right, np.float64)
    return bool((np.isnan(found) & np.isnan(expected) | (found.view("u8") == expected.view("u8"))).all())


@pytest.mark.parametrize("seed", range(40))
def test_programs_agree_with_python(seed: int) -> None:
    """Run any operations in any order, with reused buffers, also in blocks that are not full."""
    chance = random.Random(seed)
    columns = [
        [chance.choice(SPECIAL) if chance.random() < 0.2 else chance.gauss(0, 3) for _ in range(97)]
        for _ in range(2)
    ]
    drawn = Drawn(chance, columns)
    for _ in range(60):
        drawn.grow()
    known = [*drawn.floats, *drawn.words, *drawn.truths]
    chosen = chance.sample(known, 9)
    # Which NaN results depends on the machine, and so do its bits.
    chosen = [(x, right) for x, right in chosen if all(step.op != "bits" for step in Program.of(x).steps)]
    program = Program.of(*(x for x, _ in chosen))
    arguments = [np.array(column) for column in columns]
    for found, (_, right) in zip(numpy_machine.run(program, *arguments), chosen, strict=True):
        assert same(found, right)
    many = [np.tile(x, 400) for x in arguments]
    for found, (_, right) in zip(numpy_machine.run(program, *many), chosen, strict=True):
        assert same(found, right * 400)


def test_words_of_floats() -> None:
    z = np.array([x for x in SPECIAL if x == x])
    x = variable()
    found, back, least, most = numpy_machine.run(
        Program.of(bits(x), from_bits(bits(x) ^ (1 << 63)), minimum(x, 0.5), maximum(x, 0.5)), z
    )
    assert found.tolist() == [as_word(x) for x in z.tolist()]
    assert same(back, [-x for x in z.tolist()])
    assert least.tolist() == [min(x, 0.5) for x in z.tolist()]
    assert most.tolist() == [max(x, 0.5) for x in z.tolist()]
    assert np.isnan(
        numpy_machine.run(Program.of(minimum(x, 0.5), maximum(x, 0.5)), np.array([math.nan]))
    ).all()


def test_constants_are_worked_out_at_once() -> None:
    x = constant(3.0)
    assert (x * 2.0 + 1.0).number == 7
    assert sqrt(x / 3.0).number == 1
    assert bits(constant(1.0)).number == 1023 << 52
    assert (word(3) - 5).number == 2**64 - 2
    assert to_float(word(3) - 5).number == -2
    assert select(x < 4.0, variable(), 0.0) is variable()
    assert (truth(True) & (variable() < 1.0)) is (variable() < 1.0)
    assert take(TABLE, word(3)).number == 27
    assert math.copysign(1, (constant(0.0) * -1.0).number) == -1


def test_equal_expressions_are_one() -> None:
    x, y = variable(), variable(1)
    assert x + y is x + y
    assert x + 1.0 is 1.0 + x
    assert x * 1.0 is x
    assert -y is -y
    assert -(-x) is x  # noqa: B002
    assert from_bits(bits(x)) is x
    assert len(Program.of((x + y) * (x + y), x + y).steps) == 4


def test_a_size_with_its_sign_again() -> None:
    """abs(z) with the sign of z is z."""
    z = variable()
    assert select(z < 0.0, -abs(z), abs(z)) is z
    assert select(z < 1.0, -abs(z), abs(z)) is not z


@pytest.mark.parametrize("has_constant", [False, True])
def test_nothing_is_lost_in_sums_and_products(has_constant: bool) -> None:
    chance = np.random.default_rng(3)
    a, b = (chance.normal(size=500) * 10.0 ** chance.integers(-9, 9, 500) for _ in range(2))
    y = constant(float(b[0])) if has_constant else variable(1)
    b = np.full(500, b[0]) if has_constant else b
    big, small = (select(abs(variable()) < abs(y), *pair) for pair in ((y, variable()), (variable(), y)))
    rows = numpy_machine.run(
        Program.of(
            *two_sum(variable(), y),
            *fast_two_sum(big, small),
            *two_product(variable(), y),
            *split(variable()),
        ),
        a,
        b,
    )
    for x, z, s, lost, t, more, p, rest, high, low in zip(a, b, *rows, strict=True):
        assert Fraction(s) + Fraction(lost) == Fraction(x) + Fraction(z) == Fraction(t) + Fraction(more)
        assert Fraction(p) + Fraction(rest) == Fraction(x) * Fraction(z)
        assert Fraction(high) + Fraction(low) == Fraction(x)


def test_functions_of_arrays() -> None:
    """Only the parts that are used are computed, in any order."""
    turns, angle = call(lambda x, y: (x // y, x % y, x), (variable(), constant(3.0)), 3)[1::-1]
    found = numpy_machine.run(Program.of(angle, turns), np.array([7.0, 11.0]))
    assert [x.tolist() for x in found] == [[2.0, 3.0], [1.0, 2.0]]


@pytest.mark.parametrize("length", [0, 1, 255, 257, 2049, 16_383, 16_385])
def test_arrays_of_any_length(length: int) -> None:
    """A program reuses buffers that hold data of other lengths."""
    x = variable()
    (angle,) = call(lambda x: (np.arctan(x),), [x], 1)
    program = Program.of(angle, select(x < 0.0, 1.0, x), constant(2.0))
    z = np.random.default_rng(length).normal(size=length)
    found = numpy_machine.run(program, z)
    for value, right in zip(found, (np.arctan(z), np.where(z < 0, 1, z), np.full(length, 2.0)), strict=True):
        assert (value == right).all()
        assert value.shape == z.shape


def test_threads_have_their_own_buffers() -> None:
    x = variable()
    program = Program.of(sqrt(x * x + 1.0) - x * 0.5, (x < 0.3) & ~(x < 0.1))
    columns = [np.random.default_rng(k).normal(size=50_000) for k in range(8)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda z: numpy_machine.run(program, z), columns))
    for z, (value, is_inside) in zip(columns, found, strict=True):
        assert (value == np.sqrt(z * z + 1) - z * 0.5).all()
        assert (is_inside == ((z >= 0.1) & (z < 0.3))).all()


def test_kinds_do_not_mix() -> None:
    with pytest.raises(AssertionError):
        _ = variable() + word(1)
    assert (word(1) < word(2)).kind == TRUTH
    assert bits(variable()).kind == WORD
