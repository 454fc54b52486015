"""Runs the command line in this process."""

import io
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from typing import Any

from actcalc.cli.app import main


@dataclass(frozen=True)
class Done:
    """The result of a run of the program."""

    status: int
    out: str
    err: str


def actcalc(arguments: list[str], stdin: str | bytes | None = "") -> Done:
    """Run the program with a pipe as standard input, or a file if a pipe cannot hold the text.

    None stands for a terminal, with nothing piped in.
    """
    data = stdin.encode() if isinstance(stdin, str) else stdin
    source: Any
    if data is None:
        source = open(os.devnull, "rb")  # noqa: SIM115
    elif len(data) > 1 << 15:
        source = tempfile.TemporaryFile("w+b")  # noqa: SIM115
        source.write(data)
        source.seek(0)
    else:
        reading, writing = os.pipe()
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(data)
        source = os.fdopen(reading, "rb")
    out, err = io.StringIO(), io.StringIO()
    before = sys.stdin, sys.stdout, sys.stderr
    with io.TextIOWrapper(source) as text:
        sys.stdin, sys.stdout, sys.stderr = text, out, err
        try:
            status = main(arguments)
        finally:
            sys.stdin, sys.stdout, sys.stderr = before
    return Done(status, out.getvalue(), err.getvalue())


def strict(text: str) -> Any:
    """Read JSON, rejecting NaN and infinities."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)
