"""``actcalc eval`` and ``actcalc deriv``: g and g' at points, or as a filter."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from actcalc.cli.options import (
    AtKink,
    ColumnOption,
    DigitsOption,
    Dtype,
    Hex,
    Name,
    Output,
    Param,
    Quiet,
    Values,
    activations,
    at_kink_rule,
    destination,
    is_npy,
    precision,
)
from actcalc.cli.progress import with_progress
from actcalc.errors import ActcalcError
from actcalc.evaluation.numbers import Numbers
from actcalc.evaluation.pipeline import KinkNotes, Read, Reader, evaluated
from actcalc.output.rows import Block, Column, write

if TYPE_CHECKING:
    from actcalc.evaluation.numbers import Points


def eval_(
    name: Name,
    values: Values = None,
    param: Param = None,
    dtype: Dtype = None,
    hexadecimal: Hex = False,
    digits: DigitsOption = None,
    column: ColumnOption = None,
    output: Output = None,
    quiet: Quiet = False,
) -> None:
    """Print g(z), one result a line.

    \b
    Examples:
      actcalc eval sigmoid 0
      actcalc eval leaky_relu -3 -p slope=1/3
      actcalc eval gelu 1 --dtype float32 --hex
      actcalc eval tanh 0.1 --digits 50
      seq -10 10 | actcalc eval softplus
    """
    (f,) = activations([name], param)
    numbers = precision([f], dtype, hexadecimal, digits, is_npy(output))
    source = _source(values, "z", column, Reader(numbers, column))
    _print(evaluated(source, lambda z: numbers.g(f, z)), "g", numbers, output, quiet)


def deriv(
    name: Name,
    values: Values = None,
    param: Param = None,
    given_a: Annotated[
        bool, typer.Option("--given-a", help="The numbers are a = g(z): give the slope from a alone.")
    ] = False,
    at_kink: AtKink = "least",
    dtype: Dtype = None,
    hexadecimal: Hex = False,
    digits: DigitsOption = None,
    column: ColumnOption = None,
    output: Output = None,
    quiet: Quiet = False,
) -> None:
    """Print the slope g'(z), one result a line.

    \b
    Examples:
      actcalc deriv tanh 0
      actcalc deriv sigmoid -10 0 10
      actcalc deriv sigmoid --given-a 0.5
      actcalc deriv relu 0 --at-kink right
      seq -10 10 | actcalc deriv tanh
    """
    (f,) = activations([name], param)
    rule = at_kink_rule(at_kink)
    numbers = precision([f], dtype, hexadecimal, digits, is_npy(output))
    if given_a:
        f.require_shortcut()
        reader = Reader(numbers, column, values_of=f)
        variable, kinks = "a", f.shortcut_kinks
    else:
        reader = Reader(numbers, column)
        variable, kinks = "z", f.kinks
    notes = KinkNotes({f.label: kinks}, numbers, variable, rule)

    def slopes(points: "Points") -> "Points":
        return (numbers.dg_from_a if given_a else numbers.dg)(f, points, rule)

    def noted() -> "Iterator[tuple[Points, Points]]":
        for points, values in evaluated(source, slopes):
            for note in notes.first_met(f, points, values):
                if not quiet:
                    print(note, file=sys.stderr)
            yield points, values

    source = _source(values, variable, column, reader)
    _print(noted(), "dg", numbers, output, quiet)


def _source(
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
    return reader.blocks()


def _print(
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
        write("npy" if is_npy(output) else "lines", columns, shown, out)


def _called() -> str:
    return f"actcalc {sys.argv[1]} {sys.argv[2]}" if len(sys.argv) > 2 else "actcalc"
