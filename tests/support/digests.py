"""Digests of the program's output, to compare machines: ``python -m tests.support.digests``.

It prints a line for each activation, format and output format. Everything runs in one process, since NumPy's
import takes seconds on an emulated machine.
"""

import hashlib
import math
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from actcalc.catalogue import lookup
from actcalc.numbers.float_arrays import round_array
from actcalc.numbers.floats import FORMATS, Format
from tests.support.command import actcalc as run

ROWS = 5000
ACTIVATIONS = 20
ANY = 100
"""The rows of a stream with any values: most are far out, where evaluation is one by one."""


def digests() -> Iterator[str]:
    """The lines, one by one."""
    settings = list(lookup.settings())
    for f in [settings[i * len(settings) // ACTIVATIONS] for i in range(ACTIVATIONS)]:
        name = f.name + ":" * bool(f.texts) + ",".join(f"{key}={text}" for key, text in f.texts.items())
        for fmt in FORMATS.values():
            ways = {form: table(name, fmt, form) for form in ("csv", "npy")}
            for way, made in (ways | {"filter": slopes(name, fmt)}).items():
                yield f"{hashlib.sha256(made).hexdigest()} {name} {fmt} {way}"


def table(name: str, fmt: Format, form: str) -> bytes:
    """A table of z, g and g' in a range."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table")
        numbers = ["--from", "-5", "--to", "5", "--num", str(ROWS), "--dtype", fmt.name]
        succeed(["table", name, *numbers, "--format", form, "--output", str(path)])
        return path.read_bytes()


def slopes(name: str, fmt: Format) -> bytes:
    """g' from streams of numbers: everyday ones, which are read at once, and any values, one by one."""
    rng = random.Random(name)
    everyday = round_array(np.array([rng.uniform(-20, 20) for _ in range(ROWS - ANY)]), fmt).tolist()
    some = filter(math.isfinite, (fmt.from_bits(rng.getrandbits(fmt.bits)) for _ in range(ANY)))
    streams = ["\n".join([*map(repr, everyday), ""]), "\n".join([*map(repr, some), "inf", "nan", ""])]
    return "".join(succeed(["deriv", name, "--dtype", fmt.name, "--quiet"], one) for one in streams).encode()


def succeed(arguments: list[str], stream: str = "") -> str:
    """The output of a run of the program, which must succeed."""
    done = run(arguments, stream)
    assert done.status == 0, (arguments, done.err)
    return done.out


if __name__ == "__main__":
    for line in digests():
        print(line, flush=True)
