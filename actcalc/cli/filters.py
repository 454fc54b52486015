"""What ``eval`` and ``deriv`` share: numbers given or on standard input, and a result a line."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity, prime
from actcalc.cli.notes import tell
from actcalc.cli.progress import with_progress
from actcalc.cli.requests import destination, standard_input, text_width
from actcalc.errors import ActcalcError
from actcalc.evaluation.numbers import Numbers
from actcalc.evaluation.pipeline import KinkNotes
from actcalc.evaluation.reading import Read, Reader
from actcalc.output.formats import check_format, format_of, write
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


def result_format(format_name: str | None, output: str | None) -> str:
    """The format asked for, by name or by the suffix of a file: ``lines``, of results alone, unless given.

    Raises ActcalcError if it is not known.
    """
    if format_name is not None:
        return check_format(format_name, ["npy"])
    form = format_of(output)
    return "lines" if form is None or str(output).lower().endswith(".txt") else form


def with_notes(
    results: "Iterator[tuple[Points, Points]]", f: Activation, notes: KinkNotes, quiet: bool
) -> "Iterator[tuple[Points, Points]]":
    """The results, and after each block the notes about what is first met in it, unless it is ``quiet``."""
    for points, values in results:
        yield points, values
        for note in notes.first_met(f, points, values) if not quiet else ():
            tell(str(note))


def print_results(
    results: "Iterator[tuple[Points, Points]]",
    variable: str,
    of: Quantity,
    numbers: Numbers,
    form: str,
    output: str | None,
    quiet: bool,
) -> None:
    """Print the results as they come, or write them to ``output``, in all but ``lines`` after their points.

    An array holds results alone as well.
    """
    alone = form in ("lines", "npy")
    kind = "number" if numbers.are_numbers_in_json else "digits"
    named = [(variable, variable), (of, f"g{prime(of)}({variable})" if variable == "z" else "g' from a")]
    columns = [
        Column(name + suffix, f"{title} {suffix[1:]}".strip(), "text" if suffix else kind)
        for name, title in (named[1:] if alone else named)
        for suffix in numbers.suffixes
    ]

    def blocks(out: TextIO) -> Iterator[Block]:
        yield numbers.texts([]) * (1 if alone else 2)  # an array has a field, if no rows
        for points, values in results:
            yield numbers.texts(values) if alone else [*numbers.texts(points), *numbers.texts(values)]
            out.flush()  # before more is waited for

    with destination(output, form) as out:
        shown = with_progress(blocks(out), None, not quiet and not out.isatty())
        write(form, columns, shown, out, width=text_width())


def _called() -> str:
    return f"actcalc {sys.argv[1]} {sys.argv[2]}" if len(sys.argv) > 2 else "actcalc"
