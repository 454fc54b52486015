"""``actcalc deriv``: g' at points, or as a filter."""

from typing import Annotated

from actcalc.activations.kinks import check_at_kink
from actcalc.cli import options
from actcalc.cli.options import flag
from actcalc.cli.requests import ALONE, Target, activations, precision, quantity_of, result_format
from actcalc.cli.tables import points_given, print_table
from actcalc.evaluation.request import Request


def deriv(
    name: options.Name,
    values: options.Values = None,
    param: options.Param = None,
    given_a: Annotated[
        bool, flag("Take the numbers as a = g(z), and print the slope from a alone.", "--given-a")
    ] = False,
    order: options.Order = None,
    at_kink: options.AtKink = "least",
    dtype: options.Dtype = None,
    out_dtype: options.OutDtype = None,
    rounding: options.Rounding = None,
    overflow: options.Overflow = None,
    hexadecimal: options.Hex = False,
    digits: options.Digits = None,
    decimals: options.Decimals = None,
    exact: options.Exact = False,
    plain: options.Plain = False,
    column: options.Column = None,
    invalid: options.Invalid = "stop",
    format_name: options.ResultFormat = None,
    output: options.Output = None,
    quiet: options.Quiet = False,
) -> int:
    """Print the slope of g, or a derivative of another order, one result per line.

    \b
    Examples:
      actcalc deriv tanh 0
      actcalc deriv sigmoid -10 0 10
      actcalc deriv sigmoid --given-a 0.5
      actcalc deriv tanh 0.5 --order 2
      actcalc deriv relu 0 --at-kink right
      seq -10 10 | actcalc deriv tanh
    """
    fs, rule, of = activations([name], param, quiet), check_at_kink(at_kink), quantity_of(order)
    form = result_format(format_name, output)
    target = Target(dtype, out_dtype, rounding, overflow)
    numbers = precision(target, hexadecimal, digits, decimals, exact, plain, form)
    request = Request(fs, [of], numbers, rule, given_a, alone=form in ALONE)
    points = points_given(request, values, column, invalid)
    return print_table(request, points, form, output, quiet, is_filter=True)
