"""actcalc compared with the tools that people would otherwise use, all in one run.

    python tests/benchmarks/side_by_side.py [ROUNDS] [--only SECTION] [--before PYTHON]

In each of the rounds (7 by default) everything in a section runs once. The output is the median time and the
median ratio to the first entry of the section, as Markdown tables. The sections are memory, start, csv,
deriv, arrays, open, stratified, orders, check, audit, bfloat16 and source.

Commands run as whole processes with output to a file, for which a C compiler is needed; mawk, gawk, bc, qalc,
pandas and polars take part if installed. Arrays are timed in one process and one thread, by processor time,
with memory that is not returned to the system, without which NumPy's formula takes twice as long; if numba is
installed, compiled code is timed, too. NumPy's formula for gelu needs scipy. ``--before`` names the
interpreter of an environment with another version of actcalc, which is then measured at values of all
exponents, too.
"""

import argparse
import ast
import math
import os
import platform
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial, reduce
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actcalc.activations.declaration import Quantity

PYTHON = sys.executable
ACTCALC = str(Path(PYTHON).with_name("actcalc"))

C = r"""
#include <math.h>
#include <stdio.h>
#include <string.h>
static double slope(const char *name, double z) {
    double t = tanh(z), s = 1 / (1 + exp(-z));
    if (!strcmp(name, "tanh")) return 1 - t * t;
    if (!strcmp(name, "softplus")) return s;
    if (!strcmp(name, "gelu")) return 0.5 * (1 + erf(z / sqrt(2))) + z * exp(-z * z / 2) / sqrt(2 * M_PI);
    if (!strcmp(name, "gelu_tanh")) {
        double k = sqrt(2 / M_PI);
        t = tanh(k * (z + 0.044715 * z * z * z));
        return (1 + t) / 2 + z / 2 * (1 - t * t) * k * (1 + 3 * 0.044715 * z * z);
    }
    t = tanh(log1p(exp(z)));  /* mish */
    return t + z * (1 - t * t) * s;
}
int main(int count, char **arguments) {
    double z;
    if (count > 1)
        while (scanf("%lf", &z) == 1) printf("%.17g\n", slope(arguments[1], z));
    else
        for (int i = 0; i <= 1000000; i++) {
            z = -10 + i * 0.00002;
            double a = 1 / (1 + exp(-z));
            printf("%.17g,%.17g,%.17g\n", z, a, a * (1 - a));
        }
    return 0;
}
"""
AWK = (
    "BEGIN { for (i = 0; i <= 1000000; i++) { z = -10 + i * 0.00002; a = 1 / (1 + exp(-z));"
    ' printf "%.17g,%.17g,%.17g\\n", z, a, a * (1 - a) } }'
)
COLUMNS = """
import sys
import numpy as np
z = -10 + np.arange(1000001) * 0.00002
a = 1 / (1 + np.exp(-z))
columns = {"z": z, "g": a, "dg": a * (1 - a)}
"""
SAVETXT = COLUMNS + "np.savetxt(sys.stdout, np.column_stack([*columns.values()]), '%.17g', ',')"
PANDAS = "import pandas" + COLUMNS + "pandas.DataFrame(columns).to_csv(sys.stdout, index=False)"
POLARS = "import polars" + COLUMNS + "polars.DataFrame(columns).write_csv(sys.stdout.buffer)"

TABLE = "table sigmoid --from -10 --to 10 --num 1000001 -f csv"
ALL_VALUES = "--all-values --dtype bfloat16 -f csv -q"

Commands = Mapping[str, Sequence[str]]
Function = Callable[[Any], Any]


def start_up() -> Commands:
    """Commands for a single value, which measure the start-up time."""
    return {
        'python -c "import typer"': [PYTHON, "-c", "import typer"],
        "actcalc deriv tanh 0": [ACTCALC, "deriv", "tanh", "0"],
        'python -c "import numpy"': [PYTHON, "-c", "import numpy"],
        "bc": ["bc", "-l", os.devnull],
        "gawk": ["gawk", "BEGIN { print 1 }"],
        "qalc": ["qalc", "-t", "tanh(0)"],
    }


def million_rows(program: str) -> Commands:
    """Commands that print z, sigmoid and its slope as CSV; all but actcalc use the textbook formula."""
    return {
        "C, printf": [program],
        "**actcalc**": [ACTCALC, *TABLE.split()],
        "mawk": ["mawk", AWK],
        "gawk": ["gawk", AWK],
        "numpy.savetxt": [PYTHON, "-c", SAVETXT],
        "pandas": [PYTHON, "-c", PANDAS],
        "polars": [PYTHON, "-c", POLARS],
    }


def times(commands: Commands, rounds: int, stdin: str = os.devnull) -> dict[str, list[float]]:
    """Seconds for each installed command by round, after one round that is not counted."""
    installed = {
        label: command
        for label, command in commands.items()
        if shutil.which(command[0]) and (label not in ("pandas", "polars") or find_spec(label))
    }
    seconds: dict[str, list[float]] = {label: [] for label in installed}
    with tempfile.TemporaryFile() as out:
        for i in range(rounds + 1):
            for label, command in installed.items():
                out.truncate(0)
                out.seek(0)
                with open(stdin, "rb") as source:
                    began = time.perf_counter()
                    subprocess.run(command, stdin=source, stdout=out, check=True)
                    if i:
                        seconds[label].append(time.perf_counter() - began)
    return seconds


def rows(title: str, seconds: Mapping[str, list[float]]) -> Iterator[str]:
    """The lines of the table, one for each command."""
    first = next(iter(seconds.values()))
    for label, own in seconds.items():
        ratio = statistics.median(a / b for a, b in zip(own, first, strict=True))
        yield f"| {title} | {label} | {statistics.median(own):.3f} s | {ratio:.2f} |"
        title = ""


def memory(count: int) -> Iterator[str]:
    """The peak memory of all processes for a table of ``count`` rows, and its time."""
    began = time.perf_counter()
    with open(os.devnull, "wb") as out:
        command = [ACTCALC, *f"table sigmoid --num {count} -f csv".split()]
        process = subprocess.Popen(command, stdout=out)
        _, _, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    assert isinstance(usage, resource.struct_rusage)
    yield f"| {count:,} | {usage.ru_maxrss / 1024:.0f} MiB | {took:.2f} s | {took / count * 1e6:.2f} µs |"


def all_bfloat16() -> Iterator[str]:
    """The activations that take the longest for a table of all bfloat16 values."""
    from actcalc import names

    took = {}
    for name in names():
        label = name if name != "threshold" else "threshold:threshold=0,value=1"
        command = [ACTCALC, "table", label, *ALL_VALUES.split()]
        began = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        took[name] = time.perf_counter() - began
    slowest = sorted(took, key=lambda name: -took[name])[:3]
    yield f"All bfloat16 values, g and g' as CSV, {len(took)} activations: median "
    yield f"{statistics.median(took.values()):.2f} s, slowest "
    yield ", ".join(f"{name} {took[name]:.2f} s" for name in slowest) + "."


class _Elementwise(ast.NodeTransformer):
    """Rewrites a formula for numbers as one for arrays."""

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        return ast.Call(ast.Name("where", ast.Load()), [node.test, node.body, node.orelse], [])

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        sides = [node.left, *node.comparators]
        parts: list[ast.expr] = [
            ast.Compare(x, [sign], [y]) for x, sign, y in zip(sides, node.ops, sides[1:], strict=False)
        ]
        return reduce(lambda x, y: ast.BinOp(x, ast.BitAnd(), y), parts)


def naive(text: str, parameters: Mapping[str, str]) -> Function:
    """A textbook formula in NumPy, in float64."""
    import numpy as np

    tree = ast.fix_missing_locations(_Elementwise().visit(ast.parse(text, mode="eval")))
    code = compile(tree, text, "eval")
    known = ("exp", "log", "tanh", "cosh", "sqrt", "sin", "cos", "where", "pi", "abs")
    names = {name: getattr(np, name) for name in known}
    names |= {"max": np.maximum, "min": np.minimum}
    names |= {k: float(Fraction(v)) for k, v in parameters.items() if v != "none"}
    if "phi" in text.lower() or "erf" in text:
        from scipy.special import erf  # type: ignore[import-untyped, unused-ignore]

        names["erf"] = erf
        names["Phi"] = lambda z: 0.5 * (1 + erf(z / math.sqrt(2)))
        names["phi"] = lambda z: np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return lambda z: eval(code, names, {"z": z})


def ratio(function: Callable[[], Any], baseline: Callable[[], Any], rounds: int) -> float:
    """The median ratio of the times of two functions."""
    ratios = []
    for i in range(rounds + 1):
        began = time.process_time()
        baseline()
        between = time.process_time()
        function()
        if i:
            ratios.append((time.process_time() - between) / (between - began))
    return statistics.median(ratios)


WARM = {f"MALLOC_{name}_": str(1 << 32) for name in ("MMAP_THRESHOLD", "TRIM_THRESHOLD", "TOP_PAD")}
"""Environment variables that make glibc keep the memory of arrays."""


def is_warm() -> bool:
    """Whether this process keeps its memory."""
    return WARM.items() <= os.environ.items()


def machines() -> list[str]:
    """The values of ACTCALC_FAST to measure."""
    return ["0", "require"] if find_spec("numba") else ["0"]


KINDS = {
    "smooth, with exp": re.compile("exp|log|tanh|cosh|Phi|erf"),
    "smooth, without exp": re.compile(r"sqrt|abs\(z\)\)|sin"),
    "piecewise": re.compile(""),
}


def arrays(rounds: int) -> Iterator[str]:
    """g and g' of a million values, compared with NumPy's formula, or its maximum for piecewise functions."""
    import numpy as np

    import actcalc
    from actcalc.activations.arrays import dg_array, g_array
    from actcalc.numbers.float_arrays import round_array
    from actcalc.numbers.floats import FORMATS

    z = np.random.default_rng(0).uniform(-10, 10, 10**6)
    found: dict[tuple[str, str, str], dict[str, float]] = {}
    how = "by NumPy"
    if len(machines()) > 1:
        import numba  # noqa: F401  # from fewer values on it comes in where it is loaded

        how += ", compiled"
    yield f"\n| activation, {how} | {' | '.join(FORMATS)} |\n|---|{'--:|' * len(FORMATS)}"
    for name in actcalc.names():
        f = actcalc.activation(name, **({"threshold": 0, "value": 1} if name == "threshold" else {}))
        text = f.textbook_g
        kind = next(kind for kind, pattern in KINDS.items() if pattern.search(text))
        for of, formula, function in (("", text, g_array), ("'", f.textbook_dg, dg_array)):
            formula = "max(z, 0)" if kind == "piecewise" else formula
            baseline = naive(formula, {} if kind == "piecewise" else f.texts)
            cells = []
            for title, fmt in FORMATS.items():
                x = round_array(z, fmt)
                for fast in machines():
                    os.environ["ACTCALC_FAST"] = fast
                    own = ratio(partial(function, f, x, fmt), partial(baseline, z), rounds)
                    found.setdefault((kind, title, fast), {})[f"{name}{of}"] = own
                    cells.append(f"{own:.1f}")
            width = len(machines())
            columns = (", ".join(cells[i : i + width]) for i in range(0, len(cells), width))
            yield f"| {name}{of} | {' | '.join(columns)} |"
    yield "\n| kind | format | by | median | most |\n|---|---|---|--:|--:|"
    for (kind, title, fast), ratios in found.items():
        worst = max(ratios, key=lambda label: ratios[label])
        median = statistics.median(ratios.values())
        by = "NumPy" if fast == "0" else "compiled"
        yield f"| {kind} | {title} | {by} | {median:.1f} | {ratios[worst]:.1f} ({worst}) |"


def left_open(_: int) -> Iterator[str]:
    """The number of a million values that the ladder leaves to exact arithmetic."""
    import numpy as np

    import actcalc
    from actcalc.activations import arrays
    from actcalc.numbers.float_arrays import round_array
    from actcalc.numbers.floats import FORMATS

    count = 0
    settle = arrays._settle

    def counting(sides: Any, z: Any, *others: Any) -> Any:
        nonlocal count
        count += len(z)
        return settle(sides, z, *others)

    arrays._settle = counting  # type: ignore[assignment]
    z = np.random.default_rng(0).uniform(-10, 10, 10**6)
    yield "\n| open of a million | float64 | float32 |\n|---|--:|--:|"
    for name in ("sigmoid", "tanh", "gelu", "gelu_tanh", "silu", "softplus", "mish", "elu", "logcosh", "erf"):
        f = actcalc.activation(name)
        for of, function in (("", arrays.g_array), ("'", arrays.dg_array)):
            cells = []
            for title in ("float64", "float32"):
                count = 0
                function(f, round_array(z, FORMATS[title]), FORMATS[title])
                cells.append(str(count))
            yield f"| {name}{of} | {' | '.join(cells)} |"


STRATIFIED = """
import sys, time
import numpy as np
import actcalc
bits = np.random.default_rng(0).integers(0, 2**64, 10**5, dtype=np.uint64)
z = bits.view(np.float64)
z = z[np.isfinite(z)]
for name in actcalc.names():
    f = actcalc.activation(name, **({"threshold": 0, "value": 1} if name == "threshold" else {}))
    for of in (f.g, f.dg):
        of(z[:1000])
        began = time.perf_counter()
        of(z)
        print(name, (time.perf_counter() - began) / len(z) * 1e9)
"""


def stratified(rounds: int, before: str | None) -> Iterator[str]:
    """Values of all exponents, compared with another version if one is given."""
    interpreters = [PYTHON, *([before] if before else [])]
    seconds: list[dict[str, list[float]]] = [{} for _ in interpreters]
    for _ in range(rounds):
        for interpreter, own in zip(interpreters, seconds, strict=True):
            done = subprocess.run([interpreter, "-c", STRATIFIED], capture_output=True, check=True, text=True)
            for i, line in enumerate(done.stdout.splitlines()):
                name, took = line.split()
                own.setdefault(name + "'" * (i % 2), []).append(float(took))
    medians = [{name: statistics.median(took) for name, took in own.items()} for own in seconds]
    yield "\n| activation | ns a value, all exponents |" + " to before |" * (len(medians) - 1)
    yield "|---|--:|" + "--:|" * (len(medians) - 1)
    for name, own_time in medians[0].items():
        others = "".join(f" {own_time / other.get(name, math.nan):.2f} |" for other in medians[1:])
        yield f"| {name} | {own_time:.0f} |{others}"


def orders(rounds: int) -> Iterator[str]:
    """A million values of formulas compared with stable forms, and of order 2 compared with g'."""
    import numpy as np

    import actcalc

    z = np.random.default_rng(0).uniform(-10, 10, 10**6)
    yield "\n| in bulk, a million float64 | g | g' | g'' |\n|---|--:|--:|--:|"
    for formula, name in (
        ("z*sigmoid(1.702*z)", "quick_gelu"),
        ("z*Phi(z)", "gelu"),
        ("z*tanh(z)", "lisht"),
        ("sin(z)", "sin"),
    ):
        f, known = actcalc.activation(formula), actcalc.activation(name)
        ratios = [
            ratio(partial(f.derivative, z, n), partial(known.derivative, z, n), rounds) for n in range(3)
        ]
        yield f"| `{formula}` to {name} | {' | '.join(f'{x:.1f}' for x in ratios)} |"
    for name in ("tanh", "gelu", "softplus", "mish"):
        f = actcalc.activation(name)
        ratios = [ratio(partial(f.derivative, z, n), partial(f.dg, z), rounds) for n in (0, 2)]
        yield f"| {name} to its g' | {ratios[0]:.1f} | 1 | {ratios[1]:.1f} |"


def check(rounds: int) -> Iterator[str]:
    """Checking a million pairs, compared with the time of the formula that made them."""
    import numpy as np

    import actcalc

    if len(machines()) > 1:
        import numba  # noqa: F401  # from fewer pairs on it comes in where it is loaded

    yield "\n| actcalc.check, a million pairs, by NumPy, compiled | ratio |\n|---|--:|"
    z = np.random.default_rng(0).uniform(-10, 10, 10**6)
    slope = naive("1/(1 + exp(-z))*(1 - 1/(1 + exp(-z)))", {})
    for dtype in ("float32", "float64"):
        x = z.astype(dtype)
        values = slope(x)
        cells = []
        for fast in machines():
            os.environ["ACTCALC_FAST"] = fast
            pairs = ratio(partial(actcalc.check, "sigmoid", x, values), partial(slope, z), rounds)
            cells.append(f"{pairs:.1f}")
        yield f"| sigmoid', {dtype} | {', '.join(cells)} |"
    for name, low, high, dtype in (
        *(("gelu", 10, 30, "float32"), ("silu", 20, 90, "float32"), ("tanh", 1e-30, 1e-12, "float32")),
        *(("gelu", 10, 30, "float64"), ("tanh", 1e-15, 1e-9, "float64")),
    ):
        x = np.geomspace(low, high, 10**5, dtype=dtype)
        values = x
        for off in range(1, 4):
            values = np.nextafter(values, values.dtype.type(math.inf))
            began = time.perf_counter()
            actcalc.check(name, x, values, of="g")
            each = (time.perf_counter() - began) / len(x)
            yield f"| {name}, {dtype}, {off} above z from {low} to {high} | {each * 1e6:.1f} µs a value |"


KERNEL = """
import numpy as np

def tanh(z):
    return np.tanh(z)
"""
PART = 64
"""One of this many blocks of all float32 values is run."""


def own_share(
    name: str, of: "Quantity", values: Function, baseline: Function, blocks: Iterable[int]
) -> tuple[int, float, float]:
    """The processor time of right values and comparison in an audit of blocks of float32, and of a baseline.

    One implementation, which returns ``values`` of float64 arrays, is measured block by block, as in a sweep.
    """
    import numpy as np

    import actcalc
    from actcalc.checking import sweep
    from actcalc.checking.audit import Implementation, Options
    from actcalc.frameworks.target import Result
    from actcalc.numbers.bit_arrays import from_ordinals
    from actcalc.numbers.floats import FLOAT32

    last, count, own, other = FLOAT32.finite_count, 0, 0.0, 0.0
    found: dict[int, Any] = {}

    def run(z: Any, length: int | None = None) -> Result:
        return Result(found[0], "float32")

    audited = Implementation(actcalc.activation(name), of, FLOAT32, run, Options())
    audited.measure.hurry(2 * last)
    for block in blocks:
        start, stop = block * sweep.BLOCK, min((block + 1) * sweep.BLOCK, 2 * last - 1)
        z = from_ordinals(np.arange(start, stop) - last, FLOAT32)
        found[0] = values(z).astype("f4").astype("f8")
        began = time.process_time()
        baseline(z)
        between = time.process_time()
        audited.quick_tally(z, 1021) or audited.tally(z, 1021)
        own += time.process_time() - between
        other += between - began
        count += len(z)
    return count, own, other


def audit() -> Iterator[str]:
    """The time of an audit of all float32 values, in total and relative to the function's own time."""
    import numpy as np

    import actcalc
    from actcalc.checking import sweep
    from actcalc.checking.audit import Options
    from actcalc.frameworks.processes import processes
    from actcalc.frameworks.spec import Spec
    from actcalc.numbers.floats import FLOAT32

    f = actcalc.activation("tanh")
    blocks = range(PART // 2, sweep.block_count(FLOAT32), PART)
    for _ in range(2):  # the first pass compiles loops or loads them
        count, own, baseline = own_share("tanh", "g", lambda z: f.g(z.astype("f4")), np.tanh, blocks)
    yield f"\n| actcalc audit, tanh, 1/{PART} of float32 | |\n|---|--:|"
    yield f"| np.tanh of the same float64 array | {count / baseline / 1e6:.1f} million a second |"
    yield f"| audit without the function's time | {count / own / 1e6:.1f} million a second |"
    yield f"| ratio | {own / baseline:.1f} |"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "benchmark_kernel.py").write_text(KERNEL)
        sys.path.insert(0, folder)
        os.environ["PYTHONPATH"] = folder
        task = sweep.Task(Spec("benchmark_kernel:tanh"), f, "g", "float32", Options())
        with processes(os.cpu_count() or 1, sweep.take_one_thread) as executor:
            for _ in sweep.sweep(task, blocks[:8], executor):
                pass  # starts the processes
            began = time.perf_counter()
            for _ in sweep.sweep(task, blocks, executor):
                pass
            took = time.perf_counter() - began
        sys.path.remove(folder)
    yield f"| MODULE:NAME, all cores | {took:.1f} s |"
    yield f"| so for all 2^32 | {took * PART / 60:.0f} minutes |"


def whole() -> Iterator[str]:
    """The processor time of audits of all float32 values, without the function's own."""
    import numpy as np

    from actcalc.checking import sweep
    from actcalc.numbers.floats import FLOAT32

    yield "\n| actcalc audit, all float32, own share | values | s |\n|---|--:|--:|"
    formulas = {"sigmoid": "1/(1 + exp(-z))*(1 - 1/(1 + exp(-z)))", "gelu": "Phi(z) + z*phi(z)"}
    for name, slope in formulas.items():
        with np.errstate(all="ignore"):
            count, own, _ = own_share(name, "dg", naive(slope, {}), len, range(sweep.block_count(FLOAT32)))
        yield f"| naive {name}' | {count:,} | {own:.1f} |"


def emitted(rounds: int) -> Iterator[str]:
    """Code emitted by ``actcalc code`` compared with the textbook's formula in float32, by NumPy and in C."""
    import ctypes

    import numpy as np

    from actcalc.catalogue.custom import tree_of
    from actcalc.catalogue.lookup import one_of_each
    from actcalc.code.candidates import in_numpy
    from actcalc.code.expression import Routine, Unit
    from actcalc.code.languages.registry import write
    from actcalc.code.plain import routine as plain
    from actcalc.code.working import Form, routine
    from actcalc.numbers.floats import FLOAT32

    z = np.random.default_rng(0).uniform(-10, 10, 10**6).astype("f4")
    y = np.empty_like(z)
    loop = "\nvoid run(const float *z, float *y, long n) { for (long i = 0; i < n; i++) y[i] = f(z[i]); }\n"

    def in_c(one: Routine, of: Any, folder: str, label: str, flags: Sequence[str]) -> Callable[[], Any]:
        path = Path(folder, f"{label}.c")
        text = write(Unit("", [one], {of: "f"}, FLOAT32, FLOAT32), "c")
        path.write_text(text.replace("\nfloat f(", "\nstatic float f(") + loop, encoding="utf-8")
        program = path.with_suffix(".so")
        options = [*flags, "-shared", "-fPIC"]
        subprocess.run(["cc", *options, "-o", str(program), str(path), "-lm"], check=True)
        run = ctypes.CDLL(str(program)).run
        return lambda: run(ctypes.c_void_p(z.ctypes.data), ctypes.c_void_p(y.ctypes.data), len(z))

    found: dict[str, dict[str, float]] = {}
    kinds: dict[str, Sequence[str]] = {"C, -O2": ["-O2"], "C, -O3 -march=native": ["-O3", "-march=native"]}
    with tempfile.TemporaryDirectory() as folder, np.errstate(all="ignore"):
        for f in one_of_each():
            texts: dict[Quantity, str] = {"g": f.textbook_g, "dg": f.textbook_dg}
            for of, text in texts.items():
                own = routine({of: Form(f, of)}, FLOAT32)
                label = f"{f.name}{'_slope' * (of == 'dg')}"
                numpy_own = in_numpy({of: own}, FLOAT32, FLOAT32)[of]
                textbook = naive(text if "z" in text else f"{text} + 0*z", f.texts)
                found.setdefault("NumPy", {})[label] = ratio(
                    partial(numpy_own, z), partial(textbook, z), rounds
                )
                tree = tree_of(text, {"z", *f.parameters})
                by_hand = plain(of, tree, f.parameters, FLOAT32)
                for title, flags in kinds.items():
                    pair = [
                        in_c(one, of, folder, f"{label}_{i}_{len(flags)}", flags)
                        for i, one in enumerate((own, by_hand))
                    ]
                    found.setdefault(title, {})[label] = ratio(pair[0], pair[1], rounds)
    yield "\n| source in float32, ratio to the textbook's formula | median | most | of |\n|---|--:|--:|---|"
    for title, ratios in found.items():
        worst = max(ratios, key=lambda label: ratios[label])
        yield f"| {title} | {statistics.median(ratios.values()):.2f} | {ratios[worst]:.1f} | {worst} |"


def machine() -> str:
    """A description of the machine."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(": ")[1] for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


SECTIONS = (
    "memory",
    "start",
    "csv",
    "deriv",
    "arrays",
    "open",
    "stratified",
    "orders",
    "check",
    "audit",
    "whole",
    "bfloat16",
    "source",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rounds", nargs="?", type=int, default=7)
    parser.add_argument("--only", action="append", choices=SECTIONS)
    parser.add_argument("--before", metavar="PYTHON")
    given = parser.parse_args()
    rounds, wanted = given.rounds, given.only or SECTIONS
    if not is_warm():
        print(f"{machine()}; medians of {rounds} rounds.\n")
    # This comes first, because a process inherits the memory count of its parent.
    if "memory" in wanted:
        print("| rows | most memory | time | per row |\n|--:|--:|--:|--:|")
        for count in (10**5, 10**6, 10**7):
            print(*memory(count), sep="\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        source, program, numbers = Path(folder, "a.c"), str(Path(folder, "a.out")), Path(folder, "numbers")
        if {"csv", "deriv"} & {*wanted}:
            source.write_text(C)
            subprocess.run(["cc", "-O2", "-o", program, str(source), "-lm"], check=True)
            generator = random.Random(1)
            numbers.write_text("".join(f"{generator.gauss(0, 5)!r}\n" for _ in range(10**6)))
        if {"start", "csv", "deriv"} & {*wanted}:
            print("\n| work | program | time | ratio |\n|---|---|--:|--:|")
        if "start" in wanted:
            print(*rows("one value", times(start_up(), 3 * rounds)), sep="\n", flush=True)
        if "csv" in wanted:
            title = "a million rows of sigmoid as CSV"
            print(*rows(title, times(million_rows(program), rounds)), sep="\n", flush=True)
        for name in ("tanh", "softplus", "mish", "gelu", "gelu_tanh") if "deriv" in wanted else ():
            commands = {"C, `scanf` and `printf`": [program, name], "**actcalc**": [ACTCALC, "deriv", name]}
            title = f"a million numbers through `deriv {name}`"
            print(*rows(title, times(commands, rounds, str(numbers))), sep="\n", flush=True)
    lines: dict[str, Callable[[], Iterator[str]]] = {
        "arrays": partial(arrays, rounds),
        "open": partial(left_open, rounds),
        "stratified": partial(stratified, rounds, given.before),
        "orders": partial(orders, rounds),
        "check": partial(check, rounds),
        "audit": audit,
        "whole": whole,
        "source": partial(emitted, rounds),
        "bfloat16": lambda: iter(["\n" + "".join(all_bfloat16())]),
    }
    for section, of_section in lines.items():
        if section in wanted and section in ("arrays", "check", "source") and not is_warm():
            command = [PYTHON, __file__, str(rounds), "--only", section]
            subprocess.run(command, env=os.environ | WARM | {"ACTCALC_THREADS": "1"}, check=True)
        elif section in wanted:
            for line in of_section():
                print(line, flush=True)


if __name__ == "__main__":
    main()
