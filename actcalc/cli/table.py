"""``actcalc table``: z, g(z) and g'(z) over a range, at points, or for the numbers of a stream."""

import math
from collections.abc import Iterator, Sequence
from typing import Annotated, TextIO

import typer

from actcalc.activations.kinks import check_at_kink
from actcalc.activations.notes import KinkNote, about_one
from actcalc.cli.notes import UnsettledNotes, option, tell
from actcalc.cli.options import (
    AtKink,
    ColumnOption,
    DigitsOption,
    Dtype,
    Hex,
    Names,
    Order,
    Output,
    Param,
    Quiet,
    complete_all_formats,
    format_option,
)
from actcalc.cli.progress import with_progress
from actcalc.cli.requests import (
    activations,
    destination,
    points_between,
    precision,
    quantity_of,
    standard_input,
    text_width,
)
from actcalc.errors import ActcalcError, InputError, listed, told
from actcalc.evaluation.reading import Read, Reader
from actcalc.evaluation.table import columns
from actcalc.evaluation.table import table as table_of
from actcalc.numbers.floats import FORMATS
from actcalc.output.formats import ALL_AT_ONCE, FOR_PEOPLE, TEXT_FORMATS, check_format, format_of, write
from actcalc.output.rows import Block


def table(
    names: Names,
    start: Annotated[
        str | None, typer.Option("--from", metavar="A", help="Where the range starts.  [default: -10]")
    ] = None,
    stop: Annotated[
        str | None, typer.Option("--to", metavar="B", help="Where the range ends.  [default: 10]")
    ] = None,
    step: Annotated[
        str | None, typer.Option("--step", metavar="H", help="Distance of the points.  [default: 1]")
    ] = None,
    num: Annotated[
        str | None, typer.Option("--num", metavar="N", help="Number of points, both ends included.")
    ] = None,
    at: Annotated[
        list[str] | None, typer.Option("--at", metavar="Z...", help="Points instead of a range; repeatable.")
    ] = None,
    all_values: Annotated[
        bool,
        typer.Option(
            "--all-values",
            help=f"All values of {listed(f.name for f in FORMATS.values() if f.is_short)}, from -inf to inf.",
        ),
    ] = False,
    column: ColumnOption = None,
    param: Param = None,
    order: Order = None,
    at_kink: AtKink = "least",
    dtype: Dtype = None,
    hexadecimal: Hex = False,
    digits: DigitsOption = None,
    format_name: Annotated[
        str | None,
        format_option(f"One of {', '.join(TEXT_FORMATS)}, npy.  [default: table]", complete_all_formats),
    ] = None,
    output: Output = None,
    quiet: Quiet = False,
) -> int:
    """Print z, g(z) and g'(z); '-' among the names takes z from standard input.

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
    """
    form = format_of(output) or "table" if format_name is None else check_format(format_name, ["npy"])
    rule = check_at_kink(at_kink)
    upto = quantity_of(order)
    fs = activations(_without_stream(names), param)
    numbers = precision(dtype, hexadecimal, digits, arrays=form == "npy")
    is_range = any(x is not None for x in (start, stop, step, num))
    from_stream = "-" in names or column is not None
    sources = {
        "-" if column is None else "--column": from_stream,
        "--at": bool(at),
        "--all-values": all_values,
        "a range": is_range,
    }
    chosen = [text for text, used in sources.items() if used]
    if len(chosen) > 1:
        raise ActcalcError(f"{' and '.join(chosen)} exclude one another", "z comes from one place")
    total: int | None = None
    most = _most_rows(form, len(columns(fs, numbers, upto)))
    if from_stream:
        source = Reader(numbers, column).blocks(standard_input())
    elif at:
        source = iter([Read([numbers.read(text) for text in at])])
    elif all_values:
        blocks_of_all = list(numbers.all_values())
        total = sum(map(len, blocks_of_all))
        source = map(Read, blocks_of_all)
    else:
        points = points_between(start, stop, ("-10", "10"), step, num)
        total = len(points)
        source = map(Read, numbers.points(points))
    if total is not None and total > most:
        raise ActcalcError(*_too_many(f"{total}", form))
    found: list[KinkNote | str] = []
    unsettled = UnsettledNotes(not quiet)

    def noted(note: KinkNote | str) -> None:
        if form in FOR_PEOPLE:
            found.append(note)
        elif not quiet:
            tell(told(note if isinstance(note, str) else note.wording, option))

    def below() -> Iterator[str]:
        if quiet:
            return
        from actcalc.teaching.elsewhere import used_note

        yield from (note for f in fs if (note := used_note(f)))
        kinks = [note for note in found if isinstance(note, KinkNote)]
        yield from (told(about_one(own), option) for f in fs if (own := [n for n in kinks if n.f is f]))
        yield from dict.fromkeys(note for note in found if isinstance(note, str))

    def shown(out: TextIO) -> Iterator[Block]:
        count = 0
        may_hurry = form not in ALL_AT_ONCE
        for block in table_of(fs, numbers, source, rule, noted, may_hurry, upto, unsettled.add):
            count += len(block[0])
            if count > most:
                yield [list(column)[: int(most) - count] for column in block]
                raise InputError(*_too_many(f"more than {most:.0f}", form))
            yield block
            if total is None:
                out.flush()  # before more is waited for

    with destination(output, form) as out:
        blocks = with_progress(shown(out), total, not quiet and not out.isatty())
        write(form, columns(fs, numbers, upto), blocks, out, below, text_width())
    return unsettled.status()


_MOST_ROWS = 1_000_000
"""Of an array in JSON, which nobody can read before its end."""

_MOST_CELLS = 100_000
"""Of a table for people, which is laid out when all of it is known."""


def _most_rows(form: str, width: int) -> float:
    """How many rows of so many columns a format may have."""
    if form in FOR_PEOPLE:
        return _MOST_CELLS // width
    return _MOST_ROWS if form in ALL_AT_ONCE else math.inf


def _too_many(count: str, form: str) -> tuple[str, str]:
    return f"{count} rows are too many for --format {form}", "use --format csv or jsonl"


def _without_stream(names: Sequence[str]) -> list[str]:
    named = [name for name in names if name != "-"]
    if not named:
        raise ActcalcError("missing argument NAME", "see: actcalc table --help")
    if len(named) < len(names) - 1:
        raise ActcalcError("- is given twice")
    return named
