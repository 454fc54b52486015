"""``actcalc eval``: g at points, or as a filter."""

from actcalc.cli.filters import Filter, print_results, result_format, source_of
from actcalc.cli.options import (
    ColumnOption,
    DigitsOption,
    Dtype,
    Hex,
    Name,
    Output,
    Param,
    Quiet,
    ResultFormat,
    Values,
)
from actcalc.cli.requests import activations, precision
from actcalc.evaluation.reading import Reader


def eval_(
    name: Name,
    values: Values = None,
    param: Param = None,
    dtype: Dtype = None,
    hexadecimal: Hex = False,
    digits: DigitsOption = None,
    column: ColumnOption = None,
    format_name: ResultFormat = None,
    output: Output = None,
    quiet: Quiet = False,
) -> int:
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
    form = result_format(format_name, output)
    numbers = precision(dtype, hexadecimal, digits, form == "npy")
    source = source_of(values, "z", column, Reader(numbers, column))
    what = Filter(f, "g", numbers, lambda z, aside: numbers.derivative(f, z, "g", aside))
    return print_results(what, source, form, output, quiet)
