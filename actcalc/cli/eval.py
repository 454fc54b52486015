"""``actcalc eval``: g at points, or as a filter."""

from actcalc.cli import options
from actcalc.cli.requests import ALONE, Target, activations, precision, result_format
from actcalc.cli.tables import points_given, print_table
from actcalc.evaluation.request import Request


def eval_(
    name: options.Name,
    values: options.Values = None,
    param: options.Param = None,
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
    """Print g(z), one result per line.

    \b
    Examples:
      actcalc eval sigmoid 0
      actcalc eval leaky_relu -3 -p slope=1/3
      actcalc eval gelu 1 --dtype float32 --hex
      actcalc eval tanh 0.1 --digits 50
      seq -10 10 | actcalc eval softplus
    """
    fs, form = activations([name], param, quiet), result_format(format_name, output)
    target = Target(dtype, out_dtype, rounding, overflow)
    numbers = precision(target, hexadecimal, digits, decimals, exact, plain, form)
    request = Request(fs, ["g"], numbers, alone=form in ALONE)
    points = points_given(request, values, column, invalid)
    return print_table(request, points, form, output, quiet, is_filter=True)
