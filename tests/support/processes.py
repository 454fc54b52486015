"""Runs the program as a process."""

import os
import select
import signal
import subprocess
import sys
from typing import Any

import pytest

PROGRAM = [sys.executable, "-m", "actcalc"]


def unmeasured() -> dict[str, str]:
    """The environment without coverage measurement, for tests that it would disturb."""
    return {name: text for name, text in os.environ.items() if not name.startswith("COVERAGE_")}


def interruptible() -> None:
    """Stop ignoring interrupts in a new process, which inherits that from a background process."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def run(*arguments: str, stdin: bytes = b"", **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*PROGRAM, *arguments], input=stdin, capture_output=True, check=False, **options)


def start(*arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    streams: dict[str, Any] = {"stdin": pipe, "stdout": pipe, "stderr": pipe} | options
    return subprocess.Popen([*PROGRAM, *arguments], bufsize=0, **streams)


def next_line(process: subprocess.Popen[bytes]) -> bytes:
    """The next line of output, which must come within ten seconds."""
    assert process.stdout is not None
    if not select.select([process.stdout], [], [], 10)[0]:
        process.kill()
        pytest.fail("nothing was written")
    return process.stdout.readline()
