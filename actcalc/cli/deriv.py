"""``actcalc deriv``: g' at points, or as a filter."""

from typing import TYPE_CHECKING, Annotated

import typer

from actcalc.activations.kinks import check_at_kink
from actcalc.cli.filters import Filter, print_results, result_format, source_of
from actcalc.cli.options import (
    AtKink,
    ColumnOption,
    DigitsOption,
    Dtype,
    Hex,
    Name,
    Order,
    Output,
    Param,
    Quiet,
    ResultFormat,
    Values,
)
from actcalc.cli.requests import activations, precision, quantity_of
from actcalc.errors import ActcalcError
from actcalc.evaluation.reading import Reader

if TYPE_CHECKING:
    from actcalc.activations.aside import SetAside
    from actcalc.evaluation.numbers import Points


def deriv(
    name: Name,
    values: Values = None,
    param: Param = None,
    given_a: Annotated[
        bool, typer.Option("--given-a", help="The numbers are a = g(z): give the slope from a alone.")
    ] = False,
    order: Order = None,
    at_kink: AtKink = "least",
    dtype: Dtype = None,
    hexadecimal: Hex = False,
    digits: DigitsOption = None,
    column: ColumnOption = None,
    format_name: ResultFormat = None,
    output: Output = None,
    quiet: Quiet = False,
) -> int:
    """Print the slope g'(z), or a derivative of another order, one result a line.

    \b
    Examples:
      actcalc deriv tanh 0
      actcalc deriv sigmoid -10 0 10
      actcalc deriv sigmoid --given-a 0.5
      actcalc deriv tanh 0.5 --order 2
      actcalc deriv relu 0 --at-kink right
      seq -10 10 | actcalc deriv tanh
    """
    (f,) = activations([name], param)
    rule = check_at_kink(at_kink)
    of = quantity_of(order)
    form = result_format(format_name, output)
    numbers = precision(dtype, hexadecimal, digits, form == "npy")
    if given_a:
        if of != "dg":
            raise ActcalcError("--given-a gives the slope: it excludes other orders than 1")
        f.require_shortcut()
        reader = Reader(numbers, column, values_of=f)
        variable, kinks = "a", f.shortcut_kinks
    else:
        reader = Reader(numbers, column)
        variable, kinks = "z", f.kinks_of(of)

    def slopes(points: "Points", aside: "SetAside") -> "Points":
        if given_a:
            return numbers.dg_from_a(f, points, aside, rule)
        return numbers.derivative(f, points, of, aside, rule)

    what = Filter(f, of, numbers, slopes, variable, kinks, "" if of == "g" else rule)
    return print_results(what, source_of(values, variable, column, reader), form, output, quiet)
