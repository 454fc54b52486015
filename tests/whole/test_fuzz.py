"""Any request and any input gives right rows, or one line and one hint, never a traceback.

Set ACTCALC_FUZZ_CASES=1000000 for a longer search, and ACTCALC_FUZZ_SEED=1000 for another one.
"""

import contextlib
import gzip
import io
import json
import lzma
import os
import random
import signal
import struct
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import cache
from itertools import chain, product
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import typer
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

import actcalc.cli.app
from actcalc import Activation, activation
from actcalc.activations.declaration import Declaration
from actcalc.activations.parameters import bind
from actcalc.catalogue import lookup, resolution
from actcalc.catalogue.lookup import declaration, find, names
from actcalc.checking.sweep import Journal
from actcalc.cli.app import COMMANDS, application
from actcalc.errors import InputError
from actcalc.frameworks.function import FunctionTarget
from actcalc.numbers.floats import FORMATS, Format
from actcalc.teaching import facts
from tests.support.command import Done
from tests.support.command import actcalc as program

CASES = int(os.environ.get("ACTCALC_FUZZ_CASES", "92500"))
SEED = int(os.environ.get("ACTCALC_FUZZ_SEED", "0"))
PART = 2_500
"""The cases of one test; Hypothesis keeps all of them in memory."""
FEWER = {"verified_formula": 5}
"""Slow kinds run only one case in so many; test_drawn has formulas, too."""
SECONDS = 60
"""The limit of processor time for one case, generous enough for any machine."""

Draw = Callable[[st.SearchStrategy[Any]], Any]
one_of = st.sampled_from

NAMES = [*names(), "z*sigmoid(z)", "abs(z)+1/z", "max(0,z)"]
NAMES += ["1/(1+exp(-x))", "2**z", "-2log2(z)", "elu(alpha=2)"]
WRONG_NAMES = ["", "rellu", "relu:", "elu:alpha", "elu:alpha=1,alpha=2", "f(z", "z**z", "1/0", "-", "é\n"]
WRONG_NAMES += ["1/2z", "a*(1-a)", "elish"]
NUMBERS = ["0", "-0", "1", "-1", "0.1", "1/3", "-2.5", "1e-9", "-1e-9", "1e3", "-40", "700", "1e16", "-1e308"]
FAR_NUMBERS = ["1e400", "-1e-400", "1e6000", "-1e-5999", "2**70", "0x1.8p3", "\u22121", "1_0", "9" * 400]
NO_NUMBERS = [
    "",
    "x",
    "1e",
    "--",
    "1e6001",
    "-1e-6001",
    "1e99999999999999999999",
    "1/0",
    "\uff11",
    "0x",
    "1" * 9000,
]
NOT_FINITE = ["inf", "-inf", "nan"]
COUNTS = ["0", "1", "2", "7", "-1", "x", "1e3", "1000001", "9" * 99]
KINKS = ["least", "left", "right", "nan", "most", ""]
DTYPES = ["float64", "float32", "float16", "bfloat16", "float8", ""]
FORMS = ["table", "csv", "tsv", "json", "jsonl", "markdown", "xml", ""]

number = st.one_of(one_of(NUMBERS), one_of(NUMBERS + FAR_NUMBERS + NO_NUMBERS + NOT_FINITE))
name = st.one_of(one_of(NAMES), one_of(NAMES), one_of(NAMES + WRONG_NAMES))
OPTIONS: dict[str, st.SearchStrategy[str] | None] = {
    "--at-kink": one_of(KINKS),
    "--dtype": one_of(DTYPES),
    "--hex": None,
    "--digits": one_of(["1", "20", "60", "0", "1001", "x", "auto"]),
    "--exact": None,
    "--invalid": one_of(["stop", "skip", "nan", "drop", ""]),
    "--order": one_of(["0", "1", "2", "3", "9", "x"]),
    "--quiet": None,
    "--column": one_of(["1", "2", "z", "0", ""]),
    "--format": one_of(FORMS),
    "--given-a": None,
    "--at": number,
    "--num": one_of(COUNTS[:6]),
    "--of": one_of(["g", "deriv", "dg"]),
    "--columns": one_of(["1,2", "z,g", "2,1", "1", "", '"', "1,9"]),
    "--max-ulp": one_of(["0", "0.5", "1", "1e-5999", "1e-6001", "-1", "nan", "inf", "x"]),
    "--worst": one_of(COUNTS),
    "--ranges": None,
    "--strict-zero": None,
    "--flush-to-zero": None,
    "--with": one_of(["kink", "jump", "shortcut", "x"]),
    "--wide": None,
    "--detail": None,
    "--no-such": None,
    "--help": None,
}
OF_COMMAND = {
    "eval": ["--dtype", "--hex", "--digits", "--column", "--quiet", "--exact", "--invalid"],
    "deriv": ["--dtype", "--hex", "--digits", "--column", "--quiet", "--at-kink", "--order", "--given-a"],
    "table": [
        "--dtype",
        "--hex",
        "--digits",
        "--at-kink",
        "--order",
        "--format",
        "--at",
        "--num",
        "--column",
    ],
    "check": [
        "--of",
        "--dtype",
        "--columns",
        "--max-ulp",
        "--worst",
        "--ranges",
        "--strict-zero",
        "--format",
        "--digits",
        "--invalid",
    ],
    "list": ["--with", "--wide", "--format"],
    "show": ["--format"],
}
OFTEN = [command for command in OF_COMMAND if command != "show" for _ in range(4)]


_BOUND: dict[tuple[str, str, str], Activation] = {}


def bound(declared: Declaration, given: Mapping[str, Any], label: str = "") -> Activation:
    """Bind parameters as the program does, but each activation of the catalogue only once."""
    if find(declared.name) is not declared:
        return bind(declared, given, label)
    key = declared.name, repr([*given.items()]), label
    if key not in _BOUND:
        _BOUND[key] = bind(declared, given, label)
    return _BOUND[key]


@pytest.fixture(autouse=True)
def _built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what each run makes anew, and what takes most of the time: the parameters of commands, which Typer
    builds, and activations, which find their kinks.
    """

    @cache
    def built(called: str | None = None) -> Any:
        return typer.main.get_command(application(called))

    monkeypatch.setattr(actcalc.cli.app, "application", built)
    monkeypatch.setattr(actcalc.cli.app, "get_command", lambda command: command)
    for module in (facts, lookup, resolution):
        monkeypatch.setattr(module, "bind", bound)
    monkeypatch.setattr(FunctionTarget, "short", 1021)  # fewer calls


@contextlib.contextmanager
def in_bounded_time() -> Iterator[None]:
    def late(*_: object) -> None:
        raise AssertionError(f"not done in {SECONDS} seconds")

    if not hasattr(signal, "setitimer"):
        yield
        return
    timers = {signal.SIGPROF: signal.ITIMER_PROF, signal.SIGALRM: signal.ITIMER_REAL}
    before = {number: signal.signal(number, late) for number in timers}
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    signal.setitimer(signal.ITIMER_REAL, 20 * SECONDS)  # a hang takes no processor time
    try:
        yield
    finally:
        for number, timer in timers.items():
            signal.setitimer(timer, 0)
            signal.signal(number, before[number])


def held(arguments: list[str], stdin: str | bytes = b"") -> Done:
    """Run the program and assert that it keeps the promise."""
    with in_bounded_time():
        done = program(arguments, stdin)
    lines = done.err.splitlines()
    said = [line for line in lines if not line.startswith(("note: ", "passed: ", "FAILED: "))]
    assert done.status in (0, 1, 2)
    assert "please report" not in done.err
    assert all(line.isprintable() for line in lines)
    if done.status == 0 or not said:
        assert said == []
        assert done.status != 2
    else:
        # A failing check says so in its report; a hint may follow.
        alone = [["hint:"]] if "check" in arguments and done.status == 1 else []
        assert [line.partition(" ")[0] for line in said] in (["actcalc:"], ["actcalc:", "hint:"], *alone)
        assert lines[-len(said) :] == said
    if done.status == 2:
        assert done.out.count("\n") <= 2  # the head of a table at most
    return done


# Command lines


@st.composite
def command_lines(draw: Draw) -> list[str]:
    command = draw(one_of([*OFTEN, *COMMANDS, "tabel", "--version", ""]))
    words = [command]
    if command in ("verify", "plot", "audit"):  # these are slow with right names and have their own tests
        words.append(draw(one_of(WRONG_NAMES)) if draw(st.booleans()) else "--no-such")
    elif command != "list":
        words += draw(st.lists(name, min_size=1, max_size=3 if command == "table" else 1))
    if command in ("eval", "deriv"):
        words += draw(st.lists(number, max_size=3))
    for _ in range(draw(st.integers(0, 3))):
        few = OF_COMMAND.get(command)
        option = draw(one_of(few) if few and draw(st.integers(0, 9)) else one_of(list(OPTIONS)))
        values = OPTIONS[option]
        words += [option] if values is None else [option, draw(values)]
    return words


def command_line(draw: Draw, folder: Path) -> None:
    words = draw(command_lines())
    if "-" in words or words[0] == "check":
        held(words, draw(st.text('01.-e, \n\tzxg/"', max_size=30)))
    else:
        held(words)


# Ranges and files


def table_in_a_file(draw: Draw, folder: Path) -> None:
    file = draw(
        one_of(["x.csv", "x.npy", "x.md", "x.json", "no/x.csv", "", "x.csv/", "\udcff.tsv", "a" * 300])
    )
    words = ["table", draw(name), "-o", str(folder / file) if file else ""]
    start, stop = draw(number), draw(number)
    if draw(st.booleans()):
        words += ["--from", start, "--to", stop, "--num", draw(one_of(COUNTS[:6]))]
    else:
        words += ["--from", draw(one_of(["-5", "x"])), "--to", draw(one_of(["5", "-5", "6"]))]
        words += ["--step", draw(one_of(["1", "0.5", "1/7", "0", "-1", "x", "1e400", "nan"]))]
    held([*words, "--dtype", draw(one_of(DTYPES[:4]))])
    for path in folder.iterdir():
        assert path.suffix in (
            ".csv",
            ".npy",
            ".md",
            ".json",
            ".tsv",
        )  # and not one of the files that existed before
        path.unlink()


# Streams


@cache
def plain(called: str) -> Activation:
    return activation(called)


PLAIN = [d for d in names() if all(p.default is not None for p in declaration(d).parameters)]
GOOD = [*(text for text in NUMBERS if "/" not in text), *NOT_FINITE, "1e400", "-1e-400", "3e-324", "65519.99"]
good = st.one_of(one_of(GOOD), st.floats().map(repr), st.integers(-(10**20), 10**20).map(str))


def value(text: str, fmt: Format) -> float:
    if text in NOT_FINITE:
        return fmt.round_float(float(text))
    if text.startswith("-") and Fraction(text) == 0:
        return fmt.round_float(-0.0)
    return fmt.round_exact(Fraction(text))


def stream(draw: Draw, folder: Path) -> None:
    """All words before the first invalid one have results."""
    called, fmt = draw(one_of(PLAIN)), FORMATS[draw(one_of(list(FORMATS)))]
    words = draw(st.lists(good, max_size=12))
    times = draw(one_of([1] * 15 + [40]))
    between = draw(one_of([" ", "\n", "\t", " \r\n"]))
    bad = draw(st.one_of(st.none(), one_of(["x", "1e", "--", "\0", "1e6001x", "\udcff", "1,2;", "\u2028"])))
    text = between.join(words * times + ([] if bad is None else [bad, "1"]))
    data = text.encode("utf-8", "surrogateescape")
    which, f = draw(one_of(["eval", "deriv"])), plain(called)
    done = held([which, called, "--dtype", fmt.name, "-q"], data)
    function = f.g_float if which == "eval" else f.dg_float
    right = [fmt.text(function(value(word, fmt), fmt)) for word in words] * times
    assert done.out.splitlines() == right
    assert done.status == (0 if bad is None else 1)


def pairs_in_text(draw: Draw, folder: Path) -> None:
    """Text columns for check, of any kind."""
    cells = st.one_of(good, number, st.text("\"',;\t ze0", max_size=4))
    separator = draw(one_of([",", "\t", " ", ";"]))
    rows = draw(st.lists(st.lists(cells, min_size=1, max_size=3).map(separator.join), max_size=6))
    if draw(st.booleans()):
        rows.insert(0, separator.join(draw(one_of([["z", "dg"], ["z", "g"], ["dg", "z"], ["a", "b", "c"]]))))
    options = draw(
        st.lists(one_of(["-q", "--ranges", "--strict-zero", "--worst=2", "--columns=2,1"]), max_size=2)
    )
    held(["check", draw(one_of(PLAIN)), *options], draw(one_of(["\n", "\r\n", "\r"])).join(rows))


TYPED = tomllib.loads((Path(__file__).parents[1] / "data" / "typed.toml").read_text(encoding="utf-8"))["case"]
HELD = [case["in"] for case in TYPED if case.get("in")]
PACKS: list[Callable[[bytes], bytes]] = [bytes, bytes, bytes, gzip.compress, lzma.compress]


def what_people_hold(draw: Draw, folder: Path) -> None:
    """Tables, JSON, logs and lists, damaged before or after compression."""
    command = draw(one_of([["eval", "relu"], ["deriv", "tanh"], ["check", "sigmoid"], ["check", "relu"]]))
    options = [[f"--invalid={rule}"] for rule in ("stop", "skip", "nan")]
    options += [["--digits=3"], ["--column=1"] if command[0] != "check" else ["--columns=1,2", "--worst=2"]]
    content = damaged(draw, draw(one_of(HELD)))
    packed = draw(one_of(PACKS))(content)
    if draw(st.integers(0, 9)) == 0:
        packed = packed[: draw(st.integers(0, len(packed)))]
    held([*command, *chain(*draw(st.lists(one_of(options), max_size=2)))], packed)


# .npy


def npy(draw: Draw, folder: Path) -> None:
    rows = draw(st.integers(0, 5))
    values = (
        np.linspace(-3, 3, 2 * rows)
        .reshape(rows, 2)
        .astype(draw(one_of(["f8", "f4", "f2", ">f8", "i4", "c8"])))
    )
    memory = io.BytesIO()
    np.lib.format.write_array(memory, values, version=draw(one_of([(1, 0), (2, 0), (3, 0)])))
    content = bytearray(memory.getvalue())
    kind = draw(st.integers(0, 3))
    if kind == 1:
        del content[draw(st.integers(0, len(content))) :]
    elif kind == 2:
        for _ in range(draw(st.integers(1, 4))):
            content[draw(st.integers(6, len(content) - 1))] = draw(st.integers(0, 255))
    elif kind == 3:
        descr = draw(
            one_of(["'<f8'", "'|S0'", "'|O'", "[]", "[('z','<f8'),('g','<f8')]", "'<U9'", "None", "'V'"])
        )
        shape = draw(
            one_of(["(2,)", "(1, 2)", "(0, 9999999999)", f"({2**70},)", "()", "(-1,)", "(2L,)", "2", "[2]"])
        )
        order = draw(one_of(["False", "True", "None"]))
        header = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}}}\n".encode()
        content = bytearray(b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + bytes(16))
    file = folder / "x.npy"
    file.write_bytes(content)
    done = held(["check", "relu", str(file), "--of", "g", "--max-ulp", "1e100"])
    assert done.status != 2


# Parameters


def parameters(draw: Draw, folder: Path) -> None:
    called = draw(one_of([d for d in names() if declaration(d).parameters]))
    words = [draw(one_of(["eval", "deriv"])), called]
    for parameter in declaration(called).parameters:
        if parameter.default is None or draw(st.booleans()):
            words += ["-p", f"{parameter.name}={draw(number)}"]
    if draw(st.integers(0, 3)) == 0:
        words += draw(one_of([["--digits", "30"], ["--dtype", "float16"], ["--hex"], ["-p", "x=1"]]))
    zs = draw(st.lists(good, min_size=1, max_size=3))
    done = held([*words, *zs])
    if done.status == 0 and "--digits" not in words and "--hex" not in words:
        fmt = FORMATS["float16" if "float16" in words else "float64"]
        given = dict(word.split("=", 1) for word in words if "=" in word)
        z = np.array([value(z, fmt) for z in zs] * 70, fmt.name)  # enough for bulk evaluation
        f = activation(called, **given)
        bulk = f.g(z) if words[0] == "eval" else f.dg(z)
        assert [fmt.text(float(x)) for x in bulk[: len(zs)]] == done.out.splitlines()


# Formulas of any kind, and lines without a command

CALLED = [
    *("exp", "log", "log2", "sqrt", "sin", "tan", "tanh", "sinh", "asinh", "erf", "erfc", "Phi", "abs"),
    *("relu", "step", "gelu", "expm1", "atan"),
]
parts = st.recursive(
    one_of(["z", "z", "2", "0.5", "1e10", "1e-30", "pi", "z**2", "1/3"]),
    lambda inner: st.one_of(
        st.tuples(one_of(CALLED), inner).map(lambda x: f"{x[0]}({x[1]})"),
        st.tuples(inner, one_of("+-*/"), inner).map(lambda x: f"({x[0]}{x[1]}{x[2]})"),
        st.tuples(inner, one_of(["2", "-1", "(1/3)", "0.5"])).map("**".join),
        inner.map(lambda x: f"2**({x})"),
        st.tuples(inner, inner, inner).map(lambda x: f"({x[0]} if {x[1]} > 1 else {x[2]})"),
    ),
    max_leaves=6,
)


def verified_formula(draw: Draw, folder: Path) -> None:
    """No formula makes verify fail or stop, wherever it is defined or undefined."""
    done = held(["verify", f"0*z + {draw(parts)}"])
    assert done.status in (0, 2)
    assert ": NO" not in done.out


def shorthand(draw: Draw, folder: Path) -> None:
    word = st.one_of(number, name, one_of(["-", "--dtype", "-q", "--"]))
    words = [draw(name), *draw(st.lists(word, max_size=3))]
    held([*words, "-f", draw(one_of(["csv", "json"]))], draw(one_of([b"", b"0\n", b"x"])))


# Audits: kernels that misbehave, baselines and journals that somebody has changed

AUDIT = ["audit", "-q", "--of", "g", "--dtype", "float16"]
KERNELS = """
import os, sys
import numpy as np
import actcalc

def right(z):
    return np.maximum(z, 0)

def misbehaves(z):
    if len(z) == 2 or not WHERE(z):
        return right(z)
    WHAT

class SaysNothing(Exception):
    def __str__(self):
        sys.exit(0)
"""
MISBEHAVIOUR = [
    *("sys.exit()", "sys.exit(0)", "raise BaseException('x')", "raise GeneratorExit", "raise StopIteration"),
    *("raise SaysNothing", "raise ValueError('\\x1b[1m\\x00\\ud800')", "raise EOFError", "raise MemoryError"),
    *(
        "return None",
        "return ()",
        "return 'x'",
        "return right(z)[1:]",
        "return right(z)[:, None]",
        "return {}",
    ),
    *("return right(z).astype(complex)", "return right(z).astype(object)", "return [None] * len(z)"),
    *("return np.zeros(len(z), [('a', 'f4')])", "return right(z).astype('M8[s]')", "return right(z) > 0"),
    *(
        "print('note: x'); return right(z)",
        "np.seterr(all='raise'); return right(z)",
        "z[:] = 0; return right(z)",
    ),
    *("actcalc.activation('no').g(z)", "return right(z).astype(np.longdouble)", "return right(z) * np.nan"),
    *("return np.ma.masked_all(len(z))", "raise type('\\x1b', (Exception,), {})", "return right"),
    *("sys.stdout.write('note: x\\n'); return z", "raise OSError(28, 'No space left')", "return iter(z)"),
]
WHERE = ["True", "(z > 1).any()", "len(z) < 100", "len(z) > 100", "np.isinf(z).any()", "np.isnan(z).any()"]
ODD: list[Any] = [
    *(None, True, -1, 0, 1, 2**70, 10**400, 1.5, 1e308, "", "x", "nan", "inf", "\x1b[1m", "\ud800", [], {}),
    *([1], {"x": 1}, [[]], "0x1p0", "float8", "d9g", -0.0, float("inf"), float("nan"), "elu", "z**z"),
]


FORMS_OF_AUDITS = ["table", "csv", "json", "jsonl", "markdown", "junit"]
HOW: list[list[str]] = [[], ["--worst", "3"], ["--all-values", "--workers", "1"]]
KERNEL_CASES = [*product(MISBEHAVIOUR, WHERE, FORMS_OF_AUDITS, HOW)]
random.Random(SEED).shuffle(KERNEL_CASES)
KERNEL_PARTS = 8


@pytest.mark.parametrize(
    "part",
    [
        0,
        *(
            pytest.param(part, marks=(pytest.mark.exhaustive, pytest.mark.long(6)))
            for part in range(1, KERNEL_PARTS + 1)
        ),
    ],
)
def test_kernels_that_misbehave(part: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every way, place, form and kind of audit; part 0 has a few of them."""
    monkeypatch.chdir(tmp_path)
    chance = random.Random(SEED + part)
    for what, where, form, how in KERNEL_CASES[part - 1 :: KERNEL_PARTS] if part else KERNEL_CASES[:15]:
        kernel(f"fuzzed_{chance.randint(0, 10 ** chance.randint(1, 9))}", what, where, form, how)


def kernel(name: str, what: str, where: str, form: str, how: list[str]) -> None:
    file = Path(f"{name}.py")
    file.write_text(KERNELS.replace("WHERE", f"(lambda z: {where})").replace("WHAT", what))
    done = held([*AUDIT, f"{name}:misbehaves", "relu", "-f", form, *how])
    sys.modules.pop(name)
    file.unlink()
    assert done.status in (0, 1)
    assert done.out.replace("\n", "").isprintable()
    if form == "junit":
        ElementTree.fromstring(done.out)


def changed(draw: Draw, value: Any) -> Any:
    """JSON with a random change."""
    if isinstance(value, dict) and value and draw(st.integers(0, 9)):
        key = draw(one_of(sorted(value)))
        kind = draw(st.integers(0, 9))
        rest = {other: value[other] for other in value if other != key}
        if kind == 0:
            return rest
        if kind == 1:
            return {**rest, draw(one_of(["x", "row", "", "\x1b", "of"])): value[key]}
        return {**value, key: changed(draw, value[key])}
    if isinstance(value, list) and value and draw(st.integers(0, 9)):
        i = draw(st.integers(0, len(value) - 1))
        kind = draw(st.integers(0, 9))
        between = [] if kind == 0 else [value[i]] * 2 if kind == 1 else [changed(draw, value[i])]
        return [*value[:i], *between, *value[i + 1 :]]
    return draw(one_of(ODD))


def damaged(draw: Draw, text: str) -> bytes:
    """A text with changed or missing bytes."""
    content = bytearray(text.encode("utf-8", "surrogateescape"))
    for _ in range(draw(st.integers(1, 3))):
        i = draw(st.integers(0, len(content) - 1))
        if draw(st.booleans()):
            del content[i : i + draw(one_of([1, 1, 10, len(content)]))]
        else:
            content[i] = draw(one_of([*b'0-9,:{}[]"eNx\n\\', 0, 255]))
        if not content:
            break
    return bytes(content)


@cache
def whole_audit(what: str) -> str:
    """A baseline of two rows, or a journal."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("fuzzed_whole.py").write_text(KERNELS.replace("WHERE", "len").replace("WHAT", "return z * 2"))
        words = [*AUDIT, "fuzzed_whole:misbehaves", "relu", "elu:alpha=2", "--worst", "2"]
        if what == "journal":
            program([*words, "--all-values", "--workers", "1", "--resume", what, "-o", "x.json"])
        else:
            program([*words, "-o", what])
        return Path(what).read_text()


def baseline(draw: Draw, folder: Path) -> None:
    text = whole_audit("baseline.json")
    file = folder / "x.json"
    if draw(st.booleans()):
        file.write_bytes(damaged(draw, text))
    else:
        file.write_text(json.dumps(changed(draw, json.loads(text))))
    (folder / "fuzzed_new.py").write_text("import numpy as np\ndef f(z): return np.maximum(z, 0)\n")
    words = [*AUDIT, "fuzzed_new:f", "relu", "--baseline", "x.json"]
    with contextlib.chdir(folder):
        done = held([*words, "-f", draw(one_of(["table", "json", "junit"]))])
    assert done.status in (0, 1)
    assert done.out.replace("\n", "").isprintable()


def journal(draw: Draw, folder: Path) -> None:
    lines, file = whole_audit("journal").splitlines(keepends=True), folder / "x.log"
    head = json.loads(lines[0])
    if draw(st.booleans()):
        content = damaged(draw, "".join(lines))
    else:
        i = draw(st.integers(0, len(lines) - 1))
        lines[i] = json.dumps(changed(draw, json.loads(lines[i]))) + "\n"
        content = "".join(lines).encode()
        content = content[: len(content) - draw(one_of([0, 0, 1, 2, 10]))]
    file.write_bytes(content)
    form = draw(one_of(["table", "json", "junit", "csv"]))
    done = held(["audit", "--merge", str(file), "-q", "-f", form])
    assert done.status in (0, 1)
    assert done.out.replace("\n", "").isprintable()
    assert file.read_bytes() == content
    with contextlib.suppress(InputError):
        Journal(str(file), head)
    assert file.read_bytes().startswith(content[: content.rfind(b"\n") + 1] or content)


PHASES = [Phase.generate, Phase.shrink]
KINDS = [command_line, stream, parameters, npy, command_line, pairs_in_text, parameters, table_in_a_file]
KINDS += [journal, baseline, verified_formula, shorthand, what_people_hold]


@pytest.mark.exhaustive
@pytest.mark.long(8)
@pytest.mark.parametrize("part", range(max(1, CASES // PART)))
def test_fuzz(part: int, tmp_path: Path) -> None:
    kind = KINDS[part % len(KINDS)]
    cases = max(1, min(PART, CASES) // FEWER.get(kind.__name__, 1))

    @seed(SEED + part)
    @settings(max_examples=cases, suppress_health_check=list(HealthCheck), phases=PHASES)
    @given(st.data())
    def promise(data: st.DataObject) -> None:
        kind(data.draw, tmp_path)

    promise()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_little_of_it(kind: Callable[[Draw, Path], None], tmp_path: Path) -> None:
    @settings(max_examples=15, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def promise(data: st.DataObject) -> None:
        kind(data.draw, tmp_path)

    promise()
