"""``actcalc table``: z, g(z) and g'(z) over a range, at points, or for numbers from standard input."""

from collections.abc import Sequence
from typing import Annotated

from actcalc.activations.kinks import check_at_kink
from actcalc.cli import options
from actcalc.cli.options import flag, format_option, offer, value
from actcalc.cli.requests import Target, activations, exclude, precision, quantity_of
from actcalc.cli.tables import points_named, print_knots, print_table
from actcalc.errors import ActcalcError, quote
from actcalc.evaluation.request import Request
from actcalc.evaluation.table import quantities_upto
from actcalc.output.formats import ARRAYS, TEXT_FORMATS, WORDS, check_format, format_of

_ORDERS = ("value", "bits")


def table(
    names: options.Names,
    start: Annotated[str | None, value("A", "Start of the range.  [default: -10]", "--from")] = None,
    stop: Annotated[str | None, value("B", "End of the range.  [default: 10]", "--to")] = None,
    step: Annotated[str | None, value("H", "Distance between points.  [default: 1]", "--step")] = None,
    num: Annotated[str | None, value("N", "Number of points, both ends included.", "--num")] = None,
    at: Annotated[list[str] | None, value("Z...", "Points instead of a range; repeatable.", "--at")] = None,
    all_values: Annotated[
        bool,
        flag("All values but NaN of a format of up to 16 bits.", "--all-values"),
    ] = False,
    order_by: Annotated[
        str | None,
        value(
            "RULE",
            "Order of --all-values: value, or bits (NaN included).  [default: value; bits for integers in mem"
            " and c]",
            complete=offer(_ORDERS),
        ),
    ] = None,
    entries: Annotated[
        str | None,
        value(
            "N",
            "Print a table of N entries for linear interpolation, from --from to --to or over all of an"
            " integer --dtype; a note gives the largest error.",
        ),
    ] = None,
    column: options.Column = None,
    invalid: options.Invalid = "stop",
    param: options.Param = None,
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
    format_name: Annotated[
        str | None, format_option(f"One of {', '.join((*TEXT_FORMATS, *ARRAYS))}.  [default: table]", *ARRAYS)
    ] = None,
    output: options.Output = None,
    quiet: options.Quiet = False,
) -> int:
    """Print z, g(z) and its slope; the name - reads z from standard input.

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
      actcalc table tanh --dtype q3.12 --out-dtype q0.15 --all-values -o tanh.mem
      actcalc table tanh --dtype q3.12 --out-dtype q0.15 --entries 513 -o tanh.c
    """
    form = format_of(output) or "table" if format_name is None else check_format(format_name, ARRAYS)
    # A memory holds one column.
    rule, upto = check_at_kink(at_kink), "g" if form == "mem" and order is None else quantity_of(order)
    fs = activations(_without_stream(names), param, quiet)
    target = Target(dtype, out_dtype, rounding, overflow)
    numbers = precision(target, hexadecimal, digits, decimals, exact, plain, form)
    if order_by is not None and order_by not in _ORDERS:
        raise ActcalcError(f"must be value or bits, not {quote(order_by)}", about="order_by")
    if order_by == "bits" and not all_values:
        raise ActcalcError("needs --all-values", about="order_by")
    # Words of integers are found by their address.
    is_by_address = all_values and form in WORDS and numbers.kind == "code" and order_by != "value"
    request = Request(fs, quantities_upto(upto), numbers, rule, alone=is_by_address)
    ends = start, stop, step, num
    if entries is not None:
        others = {"--step": step, "--num": num, "--at": at, "--all-values": all_values or None}
        exclude("--entries", {**others, "-": "-" in names or None, "--column": column, "--hex": hexadecimal})
        return print_knots(request, entries, (start, stop), form, output, quiet)
    by_bits = order_by == "bits" or is_by_address
    points = points_named(request, "-" in names, column, invalid, at, all_values, ends, by_bits)
    return print_table(request, points, form, output, quiet)


def _without_stream(names: Sequence[str]) -> list[str]:
    named = [name for name in names if name != "-"]
    if not named:
        raise ActcalcError("missing argument NAME", "see: actcalc table --help")
    if len(named) < len(names) - 1:
        raise ActcalcError("'-' is given twice")
    return named
