"""actcalc beside the tools that people would otherwise reach for, whole processes in one run.

    python tests/benchmarks/side_by_side.py [ROUNDS]

In each of the rounds (7 unless given) every command of a section runs once, with its output in a file;
what is printed is the median time and the median ratio to the first command of the section, both as a
Markdown table. A C compiler is needed; mawk, gawk, bc, qalc, pandas and polars take part where installed.
"""

import os
import platform
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

PYTHON = sys.executable
ACTCALC = str(Path(PYTHON).with_name("actcalc"))
WITHOUT_ORJSON = "import sys; sys.modules['orjson'] = None; from actcalc.__main__ import run; run()"

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


def actcalc(*arguments: str) -> dict[str, Sequence[str]]:
    """The command as the default install runs it, and with the extra ``fast`` if that is installed."""
    commands: dict[str, Sequence[str]] = {"actcalc": [PYTHON, "-c", WITHOUT_ORJSON, *arguments]}
    if find_spec("orjson"):
        commands["actcalc, extra fast"] = [ACTCALC, *arguments]
    return commands


def start_up() -> Commands:
    """One value, where starting is all of the work."""
    return {
        'python -c "import typer"': [PYTHON, "-c", "import typer"],
        "actcalc deriv tanh 0": [ACTCALC, "deriv", "tanh", "0"],
        'python -c "import numpy"': [PYTHON, "-c", "import numpy"],
        "bc": ["bc", "-l", os.devnull],
        "gawk": ["gawk", "BEGIN { print 1 }"],
        "qalc": ["qalc", "-t", "tanh(0)"],
    }


def million_rows(program: str) -> Commands:
    """z, sigmoid and its slope as CSV; all but actcalc use the textbook formula."""
    return {
        "C, printf": [program],
        **actcalc(*TABLE.split()),
        "mawk": ["mawk", AWK],
        "gawk": ["gawk", AWK],
        "numpy.savetxt": [PYTHON, "-c", SAVETXT],
        "pandas": [PYTHON, "-c", PANDAS],
        "polars": [PYTHON, "-c", POLARS],
    }


def times(commands: Commands, rounds: int, stdin: str = os.devnull) -> dict[str, list[float]]:
    """Seconds for each command that is installed, round by round; one more round before is not counted."""
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
    """A line of the table for each command."""
    first = next(iter(seconds.values()))
    for label, own in seconds.items():
        ratio = statistics.median(a / b for a, b in zip(own, first, strict=True))
        yield f"| {title} | {label} | {statistics.median(own):.3f} s | {ratio:.2f} |"
        title = ""


def memory(count: int) -> Iterator[str]:
    """The most memory that a table of so many rows takes, all processes together, and its time."""
    began = time.perf_counter()
    with open(os.devnull, "wb") as out:
        command = [PYTHON, "-c", WITHOUT_ORJSON, *f"table sigmoid --num {count} -f csv".split()]
        process = subprocess.Popen(command, stdout=out)
        _, _, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    assert isinstance(usage, resource.struct_rusage)
    yield f"| {count:,} | {usage.ru_maxrss / 1024:.0f} MiB | {took:.2f} s | {took / count * 1e6:.2f} µs |"


def all_bfloat16() -> Iterator[str]:
    """The activations that take longest to tabulate at all bfloat16 values."""
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


def machine() -> str:
    """What it ran on."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(": ")[1] for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    print(f"{machine()}; medians of {rounds} rounds.\n")
    # First: a process counts the memory of the one that starts it.
    print("| rows | most memory | time | per row |\n|--:|--:|--:|--:|")
    for count in (10**5, 10**6, 10**7):
        print(*memory(count), sep="\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        source, program, numbers = Path(folder, "a.c"), str(Path(folder, "a.out")), Path(folder, "numbers")
        source.write_text(C)
        subprocess.run(["cc", "-O2", "-o", program, str(source), "-lm"], check=True)
        generator = random.Random(1)
        numbers.write_text("".join(f"{generator.gauss(0, 5)!r}\n" for _ in range(10**6)))
        print("\n| work | program | time | ratio |\n|---|---|--:|--:|")
        print(*rows("start", times(start_up(), 3 * rounds)), sep="\n", flush=True)
        print(*rows("a million rows of CSV", times(million_rows(program), rounds)), sep="\n", flush=True)
        for name in ("tanh", "gelu", "gelu_tanh", "mish", "softplus"):
            commands = {"C, scanf and printf": [program, name], **actcalc("deriv", name)}
            print(
                *rows(f"a million slopes of {name}", times(commands, rounds, str(numbers))),
                sep="\n",
                flush=True,
            )
    print("\n" + "".join(all_bfloat16()))


if __name__ == "__main__":
    main()
