"""Correctly rounded code gives the same, right bits in every language and with every compiler."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actcalc import activation
from actcalc.activations.arrays import derivative_array, parts_of
from actcalc.activations.declaration import Quantity
from actcalc.arithmetic import numpy_machine
from actcalc.arithmetic.ladder import machine_for
from actcalc.arithmetic.program import FLOAT, Expr, Program
from actcalc.catalogue.resolution import resolve
from actcalc.code.correct import Plan, certified, same
from actcalc.code.correct_unit import correct_unit, write_correct
from actcalc.code.hard import hard_inputs
from actcalc.code.programs import CorrectFunction, CorrectUnit
from actcalc.code.proof import exceptions, stretches
from actcalc.code.shipped import find, settings
from actcalc.code.working import Form
from actcalc.errors import ActcalcError
from actcalc.numbers.bit_arrays import all_patterns, from_bits
from actcalc.numbers.floats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, Format
from tests.support import toolchains
from tests.support.command import actcalc
from tests.support.matrix import EVERYDAY, expected
from tests.support.oracle import FMTS

QUANTITIES: tuple[Quantity, ...] = ("g", "dg")
EVERY_COMPILER = [
    *[(cc, flags) for cc in ("gcc", "clang") for flags in (("-O0",), ("-O3", "-march=native"))],
    ("gcc", ("-O3", "-march=native", "-ffp-contract=fast")),
    ("clang", ("-O3", "-march=native", "-ffp-contract=off")),
]
SEVEN: list[tuple[str, Quantity]] = [("sigmoid", "dg"), ("tanh", "dg"), ("gelu", "g"), ("gelu", "dg")]
SEVEN += [("silu", "g"), ("softplus", "g"), ("mish", "dg")]
HARD: list[tuple[str, Quantity]] = [*SEVEN, ("sin", "g"), ("squareplus", "dg"), ("hard_swish", "g")]
HARD += [("erf", "g"), ("relu6", "dg"), ("tanhshrink", "g")]


def unit(of: Sequence[tuple[str, Quantity]], fmt: Format, test: bool = False) -> CorrectUnit:
    """Functions with their shipped exceptions, called f0 and so on."""
    functions: list[CorrectFunction] = []
    for k, (name, which) in enumerate(of):
        form = Form(activation(name), which)
        functions += correct_unit({which: form}, {which: f"f{k}"}, fmt, name, test=test).functions
    return CorrectUnit("test", functions, fmt)


def points(fmt: Format) -> Any:
    """Values of a format: everyday ones, others, and all special values."""
    if fmt.is_short:
        return all_patterns(fmt)
    rng = np.random.default_rng(1)
    sizes = [from_bits(rng.integers(0, 2**32, 1000, dtype=np.uint64), fmt), rng.uniform(-12, 12, 2000)]
    sizes += [np.arange(-30, 30) * 2.0**k for k in (-149, -25, -22, -12, 0, 24)]
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, 6.0]
    return np.concatenate([*sizes, special]).astype(np.float32).astype(np.float64)


def wrong(found: Any, right: Any) -> Any:
    return np.flatnonzero(~same(np.asarray(found, np.float64), right))


# Values


@pytest.mark.parametrize("fmt", [FLOAT32, FLOAT16, BFLOAT16], ids=str)
def test_numpy_gives_the_right_values(fmt: Format) -> None:
    z, made = points(fmt)[:: 31 if fmt.is_short else 3], unit(HARD, fmt)
    results = toolchains.run_numpy(
        [toolchains.Text(write_correct(made, "numpy"), tuple(one.name for one in made.functions))],
        z,
        fmt.name,
    )
    for (name, of), found in zip(HARD, results.values(), strict=True):
        right = [expected(activation(name), of, x, FMTS[fmt.name]) for x in z[::9].tolist()]
        assert not len(wrong(found[::9], np.array(right))), (name, of)
        assert not len(wrong(found, derivative_array(activation(name), z, of, fmt))), (name, of)


@pytest.mark.parametrize(("compiler", "flags"), EVERY_COMPILER, ids=lambda x: "".join(x))
def test_compilers_and_flags_make_no_difference(compiler: str, flags: Sequence[str], tmp_path: Path) -> None:
    z, made = points(FLOAT32), unit(HARD, FLOAT32)
    names = tuple(one.name for one in made.functions)
    text = toolchains.Text(write_correct(made, "c"), names)
    results = toolchains.run_c([text], z, "float32", tmp_path, compiler, flags)
    for (name, of), found in zip(HARD, results.values(), strict=True):
        assert not len(wrong(found, derivative_array(activation(name), z, of, FLOAT32))), (name, of)


@pytest.mark.parametrize("fmt", [FLOAT32, FLOAT16, BFLOAT16], ids=str)
@pytest.mark.parametrize("run", [toolchains.run_c, toolchains.run_cuda, toolchains.run_rust])
def test_languages_make_no_difference(run: Callable[..., Any], fmt: Format, tmp_path: Path) -> None:
    z, made = points(fmt)[:: 17 if fmt.is_short else 1], unit(HARD, fmt)
    text = toolchains.Text(
        write_correct(made, run.__name__.removeprefix("run_")), tuple(one.name for one in made.functions)
    )
    results = run([text], z, fmt.name, tmp_path)
    for (name, of), found in zip(HARD, results.values(), strict=True):
        assert not len(wrong(found, derivative_array(activation(name), z, of, fmt))), (name, of)


def test_fast_math_is_an_error(tmp_path: Path) -> None:
    made = unit([("sigmoid", "dg")], FLOAT32)
    text = toolchains.Text(write_correct(made, "c"), ("f0",))
    with pytest.raises(AssertionError, match="-ffast-math would change the results"):
        toolchains.run_c([text], np.zeros(1), "float32", tmp_path, "gcc", ("-O2", "-ffast-math"))


@pytest.mark.exhaustive
@pytest.mark.parametrize("fmt", [FLOAT16, BFLOAT16], ids=str)
@pytest.mark.parametrize("f", list(settings()), ids=lambda f: f.name)
def test_all_values_of_sixteen_bits(f: Any, fmt: Format) -> None:
    """For everyday settings arrays are compared with the oracle at all of them in test_sixteen_bits."""
    z, is_everyday = all_patterns(fmt), f.describe() in [one.describe() for one in EVERYDAY]
    for of in QUANTITIES:
        made = correct_unit({of: Form(f, of)}, {of: "f"}, fmt, "")
        text = toolchains.Text(write_correct(made, "numpy"), ("f",))
        found = toolchains.run_numpy([text], z, fmt.name)["f"]
        if is_everyday:
            right = derivative_array(f, z, of, fmt)
        else:
            right = np.array([expected(f, of, x, FMTS[fmt.name]) for x in z.tolist()])
        assert not len(wrong(found, right))


@pytest.mark.exhaustive
@pytest.mark.parametrize("f", list(settings()), ids=lambda f: f.name)
def test_a_million_float32(f: Any) -> None:
    """Values of all sizes, everyday ones and near-ties."""
    rng = np.random.default_rng(5)
    sizes = [
        from_bits(rng.integers(0, 2**32, 500_000, dtype=np.uint64), FLOAT32),
        rng.uniform(-20, 20, 500_000),
    ]
    z = np.concatenate(sizes).astype(np.float32).astype(np.float64)
    z = z[np.isfinite(z) & (z != 0)]
    for of in QUANTITIES:
        shipped = find(f, of, FLOAT32)
        assert shipped is not None
        program = certified(f, of, FLOAT32, shipped.plan)
        listed = {z for z, _ in program.special} | {FLOAT32.from_bits(x) for x in shipped.exceptions}
        hard = hard_inputs(f, of, FLOAT32)
        ties = from_bits(np.array([*hard], np.uint64), FLOAT32)
        points = np.concatenate([z, ties[ties != 0]])
        points = points[~np.isin(points, [*listed])]
        misses = wrong(program.run(points, FLOAT32), derivative_array(f, points, of, FLOAT32))
        assert not len(misses), (of, points[misses])


# Shipped exceptions


@pytest.mark.parametrize("fmt", [FLOAT32, FLOAT16, BFLOAT16], ids=str)
def test_shipped_exceptions_are_those_of_the_programs(fmt: Format) -> None:
    """All functions have up-to-date exceptions; ``python -m tests.support.exceptions`` finds them."""
    for f in settings():
        for of in QUANTITIES:
            shipped = find(f, of, fmt)
            assert shipped is not None, (f, of)
            assert certified(f, of, fmt, shipped.plan).digest == shipped.program, (f, of)


def test_shipped_exceptions_are_right() -> None:
    for f in settings():
        for of in QUANTITIES:
            shipped = find(f, of, FLOAT32)
            assert shipped is not None, (f, of)
            for z, y in shipped.exceptions.items():
                right = expected(f, of, FLOAT32.from_bits(z), FMTS["float32"])
                assert FLOAT32.to_bits(right) == y, (f, of, z)
                found = certified(f, of, FLOAT32, shipped.plan).run(np.array([FLOAT32.from_bits(z)]), FLOAT32)
                assert found[0] != right, (f, of, z)


def test_exceptions_that_are_not_shipped_need_a_proof() -> None:
    f = activation("leaky_relu", slope="0.3")
    form: dict[Quantity, Form] = {"g": Form(f, "g")}
    with pytest.raises(ActcalcError, match="hard-to-round") as caught:
        correct_unit(form, {"g": "f"}, BFLOAT16, "")
    assert "prove" in caught.value.hint
    made = correct_unit(form, {"g": "f"}, BFLOAT16, "", prove=True)
    found = toolchains.run_numpy(
        [toolchains.Text(write_correct(made, "numpy"), ("f",))], all_patterns(BFLOAT16), "bfloat16"
    )["f"]
    assert not len(wrong(found, derivative_array(f, all_patterns(BFLOAT16), "g", BFLOAT16)))


@pytest.mark.parametrize("fmt", [FLOAT16, BFLOAT16], ids=str)
def test_formulas_are_proved_too(fmt: Format) -> None:
    f = resolve("z*exp(-z**2)")
    done: list[int] = []
    made = correct_unit({"dg": Form(f, "dg")}, {"dg": "f"}, fmt, "", prove=True, step=done.append)
    assert sum(done) == 2 * (fmt.finite_count - 1)
    z = all_patterns(fmt)
    text = toolchains.Text(write_correct(made, "numpy"), ("f",))
    found = toolchains.run_numpy([text], z, fmt.name)["f"]
    assert not len(wrong(found, derivative_array(f, z, "dg", fmt)))


@pytest.mark.parametrize("name", ["tanh", "telu", "hard_swish", "quick_gelu", "relu6"])
def test_each_float32_is_tried_once(name: str) -> None:
    """Few of them are left to the exact arithmetic, which takes long."""
    f, machine = activation(name), machine_for(1)
    program = certified(f, "g", FLOAT32, Plan(False, (("plain",),) * len(parts_of(f, "g"))))
    tried = sorted(stretches(program, f, "g", FLOAT32, machine), key=lambda one: one.patterns.start)
    for first in (1, (1 << 31) + 1):
        ranges = [one.patterns for one in tried if 0 <= one.patterns.start - first < 1 << 31]
        assert (ranges[0].start, ranges[-1].stop) == (first, first - 1 + FLOAT32.finite_count)
        assert all(one.stop == other.start for one, other in pairwise(ranges))
    is_open = [
        machine.run(stretch.program, from_bits(np.array(patterns[:: len(patterns) // 500 + 1]), FLOAT32))[0]
        for stretch in tried
        if (patterns := stretch.patterns)
    ]
    assert np.concatenate(is_open).mean() < 0.01


def test_float64_says_why_not() -> None:
    with pytest.raises(ActcalcError, match="the code computes in float64"):
        correct_unit({"g": Form(activation("tanh"), "g")}, {"g": "f"}, FLOAT64, "")


# A changed digit


def planted(text: str, digit: str, other: str) -> str:
    """The text with one digit of one coefficient changed."""
    assert text.count(digit) == 1
    return text.replace(digit, other)


def test_a_changed_digit_is_found_by_the_printed_test(tmp_path: Path) -> None:
    made = unit([("gelu", "dg"), ("sigmoid", "dg")], FLOAT32, test=True)
    text = write_correct(made, "c")
    term = [line for line in text.splitlines() if line.lstrip().startswith("p = p * r")][4]
    place = term.index("0x1.") + 5
    other = term[:place] + ("f" if term[place] == "7" else "7") + term[place + 1 :]
    for changed, status in ((text, 0), (text.replace(term, other), 1)):
        source, program = tmp_path / "code.c", tmp_path / "code"
        source.write_text(changed)
        toolchains._compiled(["gcc", "-O2", "-DTEST", "-o", str(program), str(source)])
        done = subprocess.run([program], capture_output=True, text=True, check=False)
        assert (done.returncode, bool(done.stdout)) == (status, bool(status))


def test_changes_of_constants_are_found_by_the_inputs_of_the_test() -> None:
    """Each but those that alter none of many other results: the program has more digits than it needs."""
    (one,) = unit([("tanh", "dg")], FLOAT32, test=True).functions
    tried = from_bits(np.array([*one.tests], np.uint64), FLOAT32)
    (program,) = one.certified.programs
    rng = np.random.default_rng(11)
    others = rng.uniform(-8, 8, 40_000).astype(np.float32).astype(np.float64)

    def results(changed: Program, z: Any) -> Any:
        with np.errstate(all="ignore"):
            return numpy_machine.run(changed, z)[0].astype(np.float32)

    found = 0
    for constant in program.steps:
        if constant.op != "constant" or constant.kind != FLOAT:
            continue
        for bit in range(rng.integers(3), 52, 3):
            known = {constant: Expr("constant", FLOAT, (), constant.data ^ (1 << bit))}
            for step in program.steps:
                args = tuple(known[x] for x in step.args)
                known.setdefault(step, Expr(step.op, step.kind, args, step.data))
            changed = Program.of(known[program.results[0]])
            is_found = (results(changed, tried) != results(program, tried)).any()
            found += is_found
            assert is_found or (results(changed, others) == results(program, others)).all(), (
                constant.number,
                bit,
            )
    assert found > 100


def test_the_test_in_numpy_passes_and_fails(tmp_path: Path) -> None:
    text = write_correct(unit([("gelu", "g"), ("relu6", "dg")], BFLOAT16, test=True), "numpy")
    path = tmp_path / "code.py"
    for changed, status in ((text, 0), (planted(text, "p = p * r + 0.5\n", "p = p * r + 0.51\n"), 1)):
        path.write_text(changed)
        done = subprocess.run([sys.executable, path], capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr


def changes(value: Expr, digits: Iterable[int]) -> Iterator[Expr]:
    """The expression with one of its constants changed in one hexadecimal digit, for each of both."""
    steps = Program.of(value).steps
    for constant in (step for step in steps if step.is_constant and step.kind == FLOAT):
        for digit in digits:
            made: dict[Expr, Expr] = {}
            for step in steps:
                data = step.data ^ (1 << 4 * (13 - digit)) if step is constant else step.data
                made[step] = Expr(step.op, step.kind, tuple(made[x] for x in step.args), data)
            yield made[value]


@pytest.mark.parametrize(
    ("name", "of", "digits"),
    [
        ("gelu", "dg", [2]),
        *(pytest.param(*one, [1, 2, 4], marks=pytest.mark.exhaustive) for one in (*SEVEN, ("laplace", "g"))),
    ],
)
def test_changed_digits_are_found(name: str, of: Quantity, digits: list[int]) -> None:
    """A proof finds all wrong results of a changed program; the printed test finds one if there are a few."""
    f, fmt = activation(name), BFLOAT16
    z = all_patterns(fmt)
    everyday = np.flatnonzero((abs(z) > 2.0**-9) & (abs(z) < 32))
    right = np.array([expected(f, of, x, FMTS[fmt.name]) for x in z[everyday].tolist()])
    program = certified(f, of, fmt)
    special = {fmt.to_bits(x) for x, _ in program.special}
    listed = exceptions(program, f, of, fmt).keys()
    tested = hard_inputs(f, of, fmt, map(fmt.from_bits, listed)).keys()
    count = 0
    for k, segment in enumerate(program.segments):
        for value in changes(segment.value, digits):
            segments = [*program.segments]
            segments[k] = segment._replace(value=value)
            changed = program._replace(segments=tuple(segments))
            with np.errstate(all="ignore"):
                misses = everyday[wrong(changed.run(z[everyday], fmt), right)]
                found = exceptions(changed, f, of, fmt).keys()
            assert found & {*everyday.tolist()} == {*misses.tolist()} - special
            moved = found ^ listed
            if len(moved) > 2:
                assert moved & tested
                count += 1
    assert count > 3


# The command


@pytest.mark.parametrize(
    ("arguments", "line", "hint"),
    [
        ("leaky_relu -p slope=0.3 --correct", "hard-to-round", "--prove"),
        ("tanh --correct --dtype float64", "--dtype: float64 cannot be correctly rounded", ""),
        ("tanh --correct --compute float32", "--compute must be float64", ""),
        ("tanh --correct --lang torch", "--correct is for C, CUDA, Rust or NumPy, not for PyTorch", ""),
        ("tanh --correct --test --lang rust", "--test is for C, CUDA or NumPy, not for Rust", ""),
        ("tanh --prove --dtype float64", "--prove is for formats of up to 32 bits", ""),
        ("tanh --test --lang torch", "--test is for C, CUDA or NumPy, not for PyTorch", ""),
    ],
)
def test_errors(arguments: str, line: str, hint: str) -> None:
    done = actcalc(["code", *arguments.split()])
    assert done.status == 2
    assert line in done.err
    assert hint in done.err
    assert done.out == ""


def test_the_command_prints_code_that_compiles(tmp_path: Path) -> None:
    path, program = tmp_path / "gelu.c", tmp_path / "gelu"
    done = actcalc(["code", "gelu", "--correct", "--test", "-o", str(path)])
    assert (done.status, done.err) == (0, "")
    text = path.read_text()
    assert "// Correctly rounded: all 4,278,190,080 finite float32 numbers were tried" in text
    assert "gelu_slope: 3 hard-to-round cases are listed" in text
    toolchains._compiled(["gcc", "-Wall", "-Wextra", "-DTEST", "-o", str(program), str(path)])
    assert subprocess.run([program], check=False).returncode == 0


def test_the_command_in_the_header_prints_the_file() -> None:
    """Without --prove it would be refused: exceptions for this parameter are not shipped."""
    arguments = "code leaky_relu -p slope=0.3 --of g --dtype bfloat16 --lang numpy --correct --prove"
    done = actcalc(arguments.split())
    header = done.out.partition("import")[0].replace("\n#     ", " ")
    (line,) = re.findall("Made by actcalc .*: actcalc (.*)", header)
    assert sorted(line.split()) == sorted(arguments.split())


def test_a_recognised_formula_has_shipped_exceptions() -> None:
    text = "1/(1+exp(-z))*(1-1/(1+exp(-z)))"
    done = actcalc(["code", text, "--of", "g", "--correct", "--dtype", "bfloat16", "--lang", "numpy"])
    assert done.status == 0
    assert "which is the slope of sigmoid, proved in symbols" in done.out
    names: dict[str, Any] = {}
    exec(done.out, names)
    z = all_patterns(BFLOAT16)
    right = derivative_array(activation("sigmoid"), z, "dg", BFLOAT16)
    assert not len(wrong(names["g"](z.astype(np.float32)), right))
