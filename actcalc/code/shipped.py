"""The exceptions of correctly rounded programs, found at all inputs, as data of the package."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pkgutil import get_data
from typing import Any, NamedTuple

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.activations.function import Function
from actcalc.catalogue import lookup
from actcalc.catalogue.resolution import resolve
from actcalc.code.correct import Certified, Plan
from actcalc.numbers.floats import Format


class Shipped(NamedTuple):
    """The recorded facts about a printed program."""

    plan: Plan
    program: str
    """The digest of the program."""
    exceptions: Mapping[int, int]
    """Patterns of inputs that the program rounds wrongly, and of their right results."""


def settings() -> Iterator[Activation]:
    """Each activation with its defaults; threshold, which has none, with 1 and 0."""
    for f in lookup.one_of_each():
        yield resolve(f.name, {"threshold": "1", "value": "0"}) if f.name == "threshold" else f


def key(f: Function, of: Quantity, fmt: Format) -> str:
    """The key of a function in the data."""
    return f"{f.describe()} {of} {fmt.name}"


def read(entry: Mapping[str, Any]) -> Shipped:
    """An entry of the data."""
    plan = Plan(entry["near"], tuple(map(tuple, entry["parts"])))
    return Shipped(plan, entry["program"], {int(z, 16): int(y, 16) for z, y in entry["exceptions"].items()})


def write(certified: Certified, exceptions: Mapping[int, int]) -> dict[str, Any]:
    """The entry for a program and all its exceptions."""
    return {
        "program": certified.digest,
        "near": certified.plan.near,
        "parts": certified.plan.parts,
        "exceptions": {f"{z:#x}": f"{y:#x}" for z, y in exceptions.items()},
    }


def find(f: Function, of: Quantity, fmt: Format) -> Shipped | None:
    """The recorded facts about the program of a function; None if it was not tried at all inputs."""
    entry = _data().get(key(f, of, fmt))
    return None if entry is None else read(entry)


@cache
def _data() -> dict[str, Any]:
    found = get_data(__package__, "exceptions.json")
    return {} if found is None else dict(json.loads(found))
