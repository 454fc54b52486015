"""Numbers as words that hold their bits, for memory files and for C."""

import re
from collections.abc import Sequence
from typing import TextIO, cast

import numpy as np

from actcalc._version import __version__
from actcalc.errors import ActcalcError, Argument, Wording, join_names
from actcalc.numbers.bit_arrays import to_bits
from actcalc.numbers.float_texts import FloatArray
from actcalc.numbers.floats import Format
from actcalc.numbers.integers import IntegerFormat, NumberFormat
from actcalc.output.documents import Document
from actcalc.output.widths import fill

_PER_LINE = 8
_WIDTH = 77
"""The width of a line of comments."""


def write_mem(document: Document, out: TextIO, width: int | None = None) -> None:
    """Write the only column of results as hexadecimal words, one per line, for Verilog's ``$readmemh``.

    Raises ActcalcError if there are several columns.
    """
    columns, blocks, _ = document.rows
    results = [i for i, column in enumerate(columns) if column.name not in ("z", "a")]
    if len(results) != 1:
        raise ActcalcError(
            f"mem holds one column, not {len(results)}",
            Wording(
                "one activation with ",
                Argument("order", "0"),
                " has one; ",
                Argument("format", "c"),
                " has an array for each",
            ),
        )
    (index,) = results
    is_first = True
    for block in blocks:
        numbers = cast(FloatArray, block[index])
        if is_first:
            out.write(f"// {columns[index].name}, bits of {numbers.format}, actcalc {__version__}\n")
            out.writelines(f"// {line}\n" for comment in document.comments for line in fill(comment, _WIDTH))
            is_first = False
        out.writelines(f"{word}\n" for word in _words(numbers))


def write_c(document: Document, out: TextIO, width: int | None = None) -> None:
    """Write an array for each column: unsigned integers with the bits of floats, or codes."""
    columns, blocks, _ = document.rows
    arrays: list[list[str]] = [[] for _ in columns]
    formats: list[NumberFormat] = []
    for block in blocks:
        numbers = [cast(FloatArray, column) for column in block]
        formats = [own.format for own in numbers]
        for array, own in zip(arrays, numbers, strict=True):
            array += _literals(own)
    out.write(_header(formats, document.comments))
    for column, fmt, literals in zip(columns, formats, arrays, strict=True):
        lines = (literals[i : i + _PER_LINE] for i in range(0, len(literals), _PER_LINE))
        rows = ",\n".join("    " + ", ".join(line) for line in lines)
        name = f"{_identifier(column.name)}[{len(literals)}]"
        out.write(f"\nstatic const {c_type(fmt)} {name} = {{\n{rows}\n}};\n")


def _header(formats: Sequence[NumberFormat], comments: Sequence[str]) -> str:
    """The comment at the top, and the include that the types of the arrays need."""
    names = list(dict.fromkeys(map(str, formats)))
    what = f"Bits of {join_names(names, 'and')}, by" if isinstance(formats[-1], Format) else "By"
    lines = "\n   ".join(
        [f"{what} actcalc {__version__}.", *(line for comment in comments for line in fill(comment, _WIDTH))]
    )
    return f"/* {lines} */\n#include <stdint.h>\n"


def c_type(fmt: NumberFormat) -> str:
    """The type in C for codes of the format, or for the bits of its floats."""
    return f"{fmt.numpy if isinstance(fmt, IntegerFormat) else f'uint{fmt.bits}'}_t"


def _literals(numbers: FloatArray) -> list[str]:
    if isinstance(numbers.format, IntegerFormat):
        return list(numbers)
    return [f"0x{word}" for word in _words(numbers)]


def _words(numbers: FloatArray) -> list[str]:
    """The bits of numbers as hexadecimal words of equal length."""
    bits = to_bits(np.asarray(numbers.values, np.float64), numbers.format)
    digits = -(-numbers.format.bits // 4)
    return [f"{word:0{digits}x}" for word in bits.tolist()]


def _identifier(name: str) -> str:
    """An identifier in C for the column."""
    word = re.sub(r"\W", "_", name, flags=re.ASCII)
    return f"_{word}" if word[0].isdigit() else word
