"""JSON (RFC 8259): an array of objects, or an object per line; or the data of a document that has some.

Numbers keep the digits of their text. JSON has no NaN and no infinities: they become the strings of the
protocol buffers' JSON mapping, "NaN", "Infinity" and "-Infinity". A value that is missing or not settled is
null.
"""

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from actcalc.output.documents import Document
from actcalc.output.rows import Table, UnsettledCell, lines_of, rows_of

_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def write_json_lines(document: Document, out: TextIO, width: int | None = None) -> None:
    """Write an object per line, with the names of columns as keys."""
    if document.data is not None:
        whole = document.data if isinstance(document.data, list) else [document.data]
        objects = whole if document.objects is None else document.objects
        out.writelines([json.dumps(_finite(known)) + "\n" for known in objects])
        return
    columns, blocks, _ = document.rows
    keys = [f"{json.dumps(column.name)}: ".encode() for column in columns]
    between = [b"{" + keys[0], *(b", " + key for key in keys[1:]), b"}\n"]
    for block in blocks:
        lines = lines_of(block, between, finite=True)
        if lines is None:
            out.writelines([line + "\n" for line in _objects(Table(columns, [block]))])
        else:
            out.write(lines)


def write_json(document: Document, out: TextIO, width: int | None = None) -> None:
    """Write an array of objects, one per line, with the names of columns as keys; or one object of data."""
    if document.data is None:
        _write_array(_objects(document.rows), out)
    elif isinstance(document.data, list):
        _write_array((json.dumps(_finite(known)) for known in document.data), out)
    else:
        out.write(json.dumps(_finite(document.data), indent=2) + "\n")


def _write_array(lines: Iterable[str], out: TextIO) -> None:
    separator = "[\n"
    try:
        for line in lines:
            out.write(separator + line)
            separator = ",\n"
    finally:  # an array that an error cuts short is still JSON
        out.write("[]\n" if separator == "[\n" else "\n]\n")


def _objects(table: Table) -> Iterator[str]:
    keys = [json.dumps(column.name) + ": " for column in table.columns]
    raw = [column.kind in ("number", "bool") for column in table.columns]
    for row in rows_of(table.blocks):
        cells = [key + _value(cell, is_raw) for key, cell, is_raw in zip(keys, row, raw, strict=True)]
        yield f"{{{', '.join(cells)}}}"


def _finite(value: Any) -> Any:
    """``value`` with strings for floats that JSON does not have."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return _NOT_FINITE[repr(value)]
    return value


def _value(cell: str | None, raw: bool) -> str:
    if cell is None or isinstance(cell, UnsettledCell):
        return "null"
    if raw and cell not in _NOT_FINITE:
        return cell
    return json.dumps(_NOT_FINITE[cell] if raw else cell)
