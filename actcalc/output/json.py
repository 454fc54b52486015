"""JSON (RFC 8259): an array of objects, or an object a line.

Numbers keep the digits of their text. JSON has no NaN and no infinities: they become the strings
of the protocol buffers' JSON mapping, "NaN", "Infinity" and "-Infinity".
"""

import json
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from actcalc.output import Column, Row

_NOT_FINITE = {"nan": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}


def write_json(columns: Sequence["Column"], rows: Iterable["Row"], out: TextIO, lines: bool) -> None:
    """Objects whose keys are the columns' names."""
    keys = [json.dumps(column.name) + ": " for column in columns]
    raw = [column.kind != "text" for column in columns]
    separator = "" if lines else "[\n"
    try:
        for row in rows:
            cells = [key + _value(cell, is_raw) for key, cell, is_raw in zip(keys, row, raw, strict=True)]
            out.write(f"{separator}{{{', '.join(cells)}}}")
            separator = ",\n"
            if lines:
                out.write("\n")
                separator = ""
    finally:  # an array that an error cuts short is still JSON
        if not lines:
            out.write("[]\n" if separator == "[\n" else "\n]\n")


def write_object(known: dict[str, Any], out: TextIO, lines: bool) -> None:
    """One object, which may hold others and lists; ``lines`` keeps it on one line."""
    out.write(json.dumps(_finite(known), indent=None if lines else 2) + "\n")


def _finite(value: Any) -> Any:
    """``value`` with strings for the floats that JSON does not have."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return json.loads(_NOT_FINITE[repr(value)])
    return value


def _value(cell: str | None, raw: bool) -> str:
    if cell is None:
        return "null"
    return _NOT_FINITE.get(cell, cell) if raw else json.dumps(cell)
