"""``actcalc table``: z, g(z) and g'(z) over a range, at points, or for the numbers of a stream."""

from collections.abc import Sequence
from typing import Annotated

from actcalc.activations.kinks import check_at_kink
from actcalc.cli import options
from actcalc.cli.options import flag, format_option, offer, value
from actcalc.cli.requests import activations, precision, quantity_of
from actcalc.cli.tables import points_named, print_table
from actcalc.errors import ActcalcError, join_names, quote
from actcalc.evaluation.request import Request
from actcalc.evaluation.table import quantities_upto
from actcalc.numbers.floats import FORMATS
from actcalc.output.formats import ARRAYS, TEXT_FORMATS, check_format, format_of

_ORDERS = ("value", "bits")


def table(
    names: options.Names,
    start: Annotated[str | None, value("A", "Where the range starts.  [default: -10]", "--from")] = None,
    stop: Annotated[str | None, value("B", "Where the range ends.  [default: 10]", "--to")] = None,
    step: Annotated[str | None, value("H", "Distance of the points.  [default: 1]", "--step")] = None,
    num: Annotated[str | None, value("N", "Number of points, both ends included.", "--num")] = None,
    at: Annotated[list[str] | None, value("Z...", "Points instead of a range; repeatable.", "--at")] = None,
    all_values: Annotated[
        bool,
        flag(
            f"All values of {join_names(f.name for f in FORMATS.values() if f.is_short)}, from -inf to inf.",
            "--all-values",
        ),
    ] = False,
    order_by: Annotated[
        str,
        value("RULE", "Order of --all-values: value, or bits, which has NaN, too.", complete=offer(_ORDERS)),
    ] = "value",
    column: options.Column = None,
    invalid: options.Invalid = "stop",
    param: options.Param = None,
    order: options.Order = None,
    at_kink: options.AtKink = "least",
    dtype: options.Dtype = None,
    hexadecimal: options.Hex = False,
    digits: options.Digits = None,
    decimals: options.Decimals = None,
    exact: options.Exact = False,
    plain: options.Plain = False,
    format_name: Annotated[
        str | None, format_option(f"One of {', '.join((*TEXT_FORMATS, *ARRAYS))}.  [default: table]", *ARRAYS)
    ] = None,
    output: options.Output = None,
    quiet: options.Quiet = False,
) -> int:
    """Print z, g(z) and its slope; - among the names takes z from standard input.

    \b
    Examples:
      actcalc table sigmoid --from -10 --to 10
      actcalc table tanh --from -1 --to 1 --step 0.1 --format csv
      actcalc table sigmoid tanh relu --from -3 --to 3 --num 7
      actcalc table elu:alpha=1 elu:alpha=2 --at -1 0 1/3
      seq -3 3 | actcalc table tanh - --format csv
      actcalc table softplus --from 30 --to 40 --order 2
      actcalc table gelu --num 1000000 -o gelu.npy
      actcalc table silu --all-values --dtype bfloat16 -o silu.csv
      actcalc table elu --all-values --order-by bits --dtype bf16 --order 0 -f mem
    """
    form = format_of(output) or "table" if format_name is None else check_format(format_name, ARRAYS)
    rule, upto = check_at_kink(at_kink), quantity_of(order)
    fs = activations(_without_stream(names), param, quiet)
    numbers = precision(dtype, hexadecimal, digits, decimals, exact, plain, form)
    request = Request(fs, quantities_upto(upto), numbers, rule)
    if order_by not in _ORDERS:
        raise ActcalcError(f"is value or bits, not {quote(order_by)}", about="order_by")
    by_bits = order_by == "bits"
    if by_bits and not all_values:
        raise ActcalcError("is for --all-values", about="order_by")
    ends = start, stop, step, num
    points = points_named(request, "-" in names, column, invalid, at, all_values, ends, by_bits)
    return print_table(request, points, form, output, quiet)


def _without_stream(names: Sequence[str]) -> list[str]:
    named = [name for name in names if name != "-"]
    if not named:
        raise ActcalcError("missing argument NAME", "see: actcalc table --help")
    if len(named) < len(names) - 1:
        raise ActcalcError("- is given twice")
    return named
