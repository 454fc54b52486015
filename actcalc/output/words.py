"""Numbers as the words that hold their bits: for memories and for C."""

import re
from collections.abc import Iterable, Sequence
from typing import TextIO, cast

import numpy as np

from actcalc._version import __version__
from actcalc.errors import ActcalcError, Argument, Wording
from actcalc.numbers.bit_arrays import to_bits
from actcalc.numbers.float_texts import FloatArray
from actcalc.numbers.floats import Format
from actcalc.output.documents import Document
from actcalc.output.rows import Block, Column

_PER_LINE = 8


def write_mem(document: Document, out: TextIO, width: int | None = None) -> None:
    """A hexadecimal word a line, as Verilog's ``$readmemh`` reads it, of the one column of results.

    Raises ActcalcError if there are several.
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
        words, fmt = _words(block[index])
        if is_first:
            out.write(f"// {columns[index].name}, bits of {fmt}, actcalc {__version__}\n")
            is_first = False
        out.write("".join(f"{word}\n" for word in words))


def write_c(document: Document, out: TextIO, width: int | None = None) -> None:
    """An array for each column, of unsigned integers that hold the bits, with the header that they need."""
    columns, blocks, _ = document.rows
    arrays, fmt = _arrays(columns, blocks)
    out.write(f"/* Bits of {fmt}, by actcalc {__version__}. */\n#include <stdint.h>\n")
    for column, words in zip(columns, arrays, strict=True):
        lines = (words[i : i + _PER_LINE] for i in range(0, len(words), _PER_LINE))
        rows = ",\n".join("    " + ", ".join(f"0x{word}" for word in line) for line in lines)
        out.write(
            f"\nstatic const uint{fmt.bits}_t {_identifier(column.name)}[{len(words)}] = {{\n{rows}\n}};\n"
        )


def _arrays(columns: Sequence[Column], blocks: Iterable[Block]) -> tuple[list[list[str]], Format]:
    arrays: list[list[str]] = [[] for _ in columns]
    for block in blocks:
        for array, column in zip(arrays, block, strict=True):
            words, fmt = _words(column)
            array += words
    return arrays, fmt


def _words(column: Sequence[str | None]) -> tuple[list[str], Format]:
    """The bits of numbers as hexadecimal digits, as many for each."""
    numbers = cast(FloatArray, column)
    bits = to_bits(np.asarray(numbers.values, np.float64), numbers.format)
    digits = numbers.format.bits // 4
    return [f"{word:0{digits}x}" for word in bits.tolist()], numbers.format


def _identifier(name: str) -> str:
    """A name of C's for the column."""
    word = re.sub(r"\W", "_", name, flags=re.ASCII)
    return f"_{word}" if word[0].isdigit() else word
