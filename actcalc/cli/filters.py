"""What ``eval`` and ``deriv`` share: numbers given or on standard input, and a result a line."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from actcalc.cli.progress import with_progress
from actcalc.cli.requests import destination, standard_input
from actcalc.errors import ActcalcError
from actcalc.evaluation.numbers import Numbers
from actcalc.evaluation.reading import Read, Reader
from actcalc.output.formats import format_of, write
from actcalc.output.rows import Block, Column

if TYPE_CHECKING:
    from actcalc.evaluation.numbers import Points


def source_of(
    values: Sequence[str] | None, variable: str, column: str | None, reader: Reader
) -> Iterator[Read]:
    """The numbers given, or those on standard input as they arrive."""
    if values and list(values) != ["-"]:
        if column is not None:
            raise ActcalcError("--column and numbers exclude one another", f"{variable} comes from one place")
        return iter([Read([reader.read(text) for text in values])])
    if not values and sys.stdin is not None and sys.stdin.isatty():
        raise ActcalcError(
            f"no {variable} given", f"give numbers as arguments, or on standard input: echo 0 | {_called()}"
        )
    return reader.blocks(standard_input())


def print_results(
    results: "Iterator[tuple[Points, Points]]", name: str, numbers: Numbers, output: str | None, quiet: bool
) -> None:
    """Print the results as they come, or write them to ``output``, where they are called ``name``."""

    def blocks(out: TextIO) -> Iterator[Block]:
        yield numbers.texts([])  # an array has a field, if no rows
        for _, values in results:
            yield numbers.texts(values)
            out.flush()  # before more is waited for

    columns = [Column(name + suffix) for suffix in numbers.suffixes]
    with destination(output) as out:
        shown = with_progress(blocks(out), None, not quiet and not out.isatty())
        write("npy" if format_of(output) == "npy" else "lines", columns, shown, out)


def _called() -> str:
    return f"actcalc {sys.argv[1]} {sys.argv[2]}" if len(sys.argv) > 2 else "actcalc"
