"""JSON (RFC 8259): an array of objects, or an object a line.

Numbers keep the digits of their text. JSON has no NaN and no infinities: they become the strings
of the protocol buffers' JSON mapping, "NaN", "Infinity" and "-Infinity". A value that is not there, or
not settled, is null.
"""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO

from actcalc.output.rows import Block, Column, UnsettledCell, lines_of, rows_of

_NOT_FINITE = {"nan": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}


def write_json_lines(
    columns: Sequence[Column], blocks: Iterable[Block], out: TextIO, notes: object = None
) -> None:
    """An object a line, whose keys are the columns' names."""
    keys = [f"{json.dumps(column.name)}: ".encode() for column in columns]
    between = [b"{" + keys[0], *(b", " + key for key in keys[1:]), b"}\n"]
    for block in blocks:
        lines = lines_of(block, between)
        if lines is None:
            out.writelines([line + "\n" for line in _objects(columns, [block])])
            continue
        for word, text in _NOT_FINITE.items():
            lines = lines.replace(f": {word}", f": {text}")
        out.write(lines)


def write_json(columns: Sequence[Column], blocks: Iterable[Block], out: TextIO, notes: object = None) -> None:
    """An array of objects whose keys are the columns' names."""
    separator = "[\n"
    try:
        for line in _objects(columns, blocks):
            out.write(separator + line)
            separator = ",\n"
    finally:  # an array that an error cuts short is still JSON
        out.write("[]\n" if separator == "[\n" else "\n]\n")


def _objects(columns: Sequence[Column], blocks: Iterable[Block]) -> Iterator[str]:
    keys = [json.dumps(column.name) + ": " for column in columns]
    raw = [column.kind in ("number", "bool") for column in columns]
    for row in rows_of(blocks):
        cells = [key + _value(cell, is_raw) for key, cell, is_raw in zip(keys, row, raw, strict=True)]
        yield f"{{{', '.join(cells)}}}"


def write_object(known: dict[str, Any], out: TextIO, lines: bool) -> None:
    """One object, which may hold others and lists; ``lines`` keeps it on one line."""
    out.write(json.dumps(_finite(known), indent=None if lines else 2) + "\n")


def write_array(objects: Iterable[dict[str, Any]], out: TextIO) -> None:
    """An array of such objects, each on a line."""
    lines = [json.dumps(_finite(known)) for known in objects]
    out.write("[\n" + ",\n".join(lines) + "\n]\n")


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
    if cell is None or isinstance(cell, UnsettledCell):
        return "null"
    return _NOT_FINITE.get(cell, cell) if raw else json.dumps(cell)
