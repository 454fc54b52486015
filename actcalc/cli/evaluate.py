"""``actcalc eval`` and ``actcalc deriv``: g and g' at points, or as a filter."""

import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from actcalc.cli.options import (
    AtKink,
    DigitsOption,
    Dtype,
    Hex,
    Name,
    Param,
    Quiet,
    Values,
    activations,
    at_kink_rule,
    precision,
)
from actcalc.cli.points import KinkNotes, Reader
from actcalc.errors import ActcalcError
from actcalc.precision import Points


def eval_(
    name: Name,
    values: Values = None,
    param: Param = None,
    dtype: Dtype = None,
    hexadecimal: Hex = False,
    digits: DigitsOption = None,
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
    numbers = precision([f], dtype, hexadecimal, digits)
    _filter(values, "z", Reader(numbers), lambda z: numbers.texts(numbers.g(f, z)))


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
    numbers = precision([f], dtype, hexadecimal, digits)
    if given_a:
        f.require_shortcut()
        reader = Reader(numbers, lambda text: numbers.read_a(f, text))
        variable, kinks = "a", f.shortcut_kinks
    else:
        reader = Reader(numbers)
        variable, kinks = "z", f.kinks
    notes = KinkNotes({f.label: kinks}, numbers, variable, rule)

    def texts(points: Points) -> list[list[str]]:
        values = (numbers.dg_from_a if given_a else numbers.dg)(f, points, rule)
        for note in notes.first_met(f, points, values):
            if not quiet:
                print(note, file=sys.stderr)
        return numbers.texts(values)

    _filter(values, variable, reader, texts)


def _filter(
    values: Sequence[str] | None,
    variable: str,
    reader: Reader,
    texts: Callable[[list[Any]], list[list[str]]],
) -> None:
    """Print ``texts`` of the numbers given, or of those on standard input as they arrive."""
    if values and list(values) != ["-"]:
        _print_rows(texts([reader.read(text) for text in values]))
        return
    if not values and sys.stdin is not None and sys.stdin.isatty():
        raise ActcalcError(
            f"no {variable} given", f"give numbers as arguments, or on standard input: echo 0 | {_called()}"
        )
    for points, failure in reader.blocks():
        _print_rows(texts(points))
        sys.stdout.flush()
        if failure is not None:
            raise failure


def _print_rows(columns: list[list[str]]) -> None:
    lines = columns[0] if len(columns) == 1 else map("\t".join, zip(*columns, strict=True))
    sys.stdout.write("".join([line + "\n" for line in lines]))


def _called() -> str:
    return f"actcalc {sys.argv[1]} {sys.argv[2]}" if len(sys.argv) > 2 else "actcalc"
