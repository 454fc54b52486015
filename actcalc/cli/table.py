"""``actcalc table``: z, g(z) and g'(z) over a range, at points, or for the numbers of a stream."""

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from actcalc.activations.activation import Activation
from actcalc.activations.notes import used_note
from actcalc.cli.options import (
    AtKink,
    ColumnOption,
    DigitsOption,
    Dtype,
    Hex,
    Names,
    Output,
    Param,
    Quiet,
    activations,
    at_kink_rule,
    complete_formats,
    destination,
    precision,
    range_of,
)
from actcalc.cli.progress import with_progress
from actcalc.errors import ActcalcError, InputError
from actcalc.evaluation.numbers import Numbers
from actcalc.evaluation.pipeline import KinkNotes, Read, Reader, evaluated
from actcalc.output.rows import ALL_AT_ONCE, FOR_PEOPLE, FORMATS, Block, Column, check_format, write

if TYPE_CHECKING:
    from actcalc.evaluation.numbers import Points


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
        list[str] | None, typer.Option("--at", metavar="Z", help="A point; replaces the range; repeatable.")
    ] = None,
    all_values: Annotated[
        bool, typer.Option("--all-values", help="All values of float16 or bfloat16, from -inf to inf.")
    ] = False,
    column: ColumnOption = None,
    param: Param = None,
    at_kink: AtKink = "least",
    dtype: Dtype = None,
    hexadecimal: Hex = False,
    digits: DigitsOption = None,
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            autocompletion=complete_formats,
            help=f"One of {', '.join(FORMATS)}, npy.  [default: table]",
        ),
    ] = None,
    output: Output = None,
    quiet: Quiet = False,
) -> None:
    """Print z, g(z) and g'(z); '-' among the names takes z from standard input.

    \b
    Examples:
      actcalc table sigmoid --from -10 --to 10
      actcalc table tanh --from -1 --to 1 --step 0.1 --format csv
      actcalc table sigmoid tanh relu --from -3 --to 3 --num 7
      actcalc table elu:alpha=1 elu:alpha=2 --at -1 --at 0
      seq -3 3 | actcalc table tanh - --format csv
      actcalc table gelu --num 1000000 -o gelu.npy
      actcalc table silu --all-values --dtype bfloat16 -o silu.csv
    """
    form = _format(format_name, output)
    rule = at_kink_rule(at_kink)
    fs = activations(_without_stream(names), param)
    numbers = precision(fs, dtype, hexadecimal, digits, arrays=form == "npy")
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
    if from_stream:
        source = Reader(numbers, column).blocks()
    elif at:
        source = iter([Read([numbers.read(text) for text in at])])
    elif all_values:
        source = map(Read, numbers.all_values())
    else:
        points = range_of(start, stop, ("-10", "10"), step, num)
        total = len(points)
        if total > _MOST_AT_ONCE and form in ALL_AT_ONCE:
            raise ActcalcError(*_too_many(f"{total}", form))
        source = map(Read, numbers.points(points))
    notes = KinkNotes({f.label: f.kinks for f in fs}, numbers, "z", rule)
    below: list[str] = [note for f in fs if (note := used_note(f))]

    def both(points: "Points") -> "list[tuple[Points, Points]]":
        return [(numbers.g(f, points), numbers.dg(f, points, rule)) for f in fs]

    def blocks(out: TextIO) -> Iterator[Block]:
        count = 0
        yield numbers.texts([]) * (1 + 2 * len(fs))  # an array has fields, if no rows
        for points, values in evaluated(source, both, may_hurry=form not in ALL_AT_ONCE):
            count += len(points)
            if count > _MOST_AT_ONCE and form in ALL_AT_ONCE:
                raise InputError(*_too_many(f"more than {_MOST_AT_ONCE}", form))
            texts = numbers.texts(points)
            for f, (g, slopes) in zip(fs, values, strict=True):
                texts += [*numbers.texts(g), *numbers.texts(slopes)]
                for note in notes.first_met(f, points, slopes):
                    if form in FOR_PEOPLE:
                        below.append(note)
                    elif not quiet:
                        print(note, file=sys.stderr)
            yield texts
            if total is None:
                out.flush()  # before more is waited for

    with destination(output, form) as out:
        shown = with_progress(blocks(out), total, not quiet and not out.isatty())
        write(form, columns(fs, numbers), shown, out, lambda: () if quiet else below)


_MOST_AT_ONCE = 1_000_000
_SUFFIXES = {".md": "markdown", **{f".{name}": name for name in ("csv", "tsv", "json", "jsonl", "npy")}}


def _format(name: str | None, output: str | None) -> str:
    """The format asked for, or else that of the output's suffix. Raises ActcalcError if unknown."""
    if name is not None:
        return check_format(name, ["npy"])
    return _SUFFIXES.get(os.path.splitext(output or "")[1].lower(), "table")


def _too_many(count: str, form: str) -> tuple[str, str]:
    return f"{count} rows are too many for --format {form}", "use --format csv or jsonl"


def _without_stream(names: Sequence[str]) -> list[str]:
    named = [name for name in names if name != "-"]
    if not named:
        raise ActcalcError("missing argument NAME", "see: actcalc table --help")
    if len(named) < len(names) - 1:
        raise ActcalcError("- is given twice")
    return named


def columns(fs: Sequence[Activation], numbers: Numbers) -> list[Column]:
    """The columns of a table of ``fs``: z, then g and g' of each."""
    named = [("z", "z")]
    for f in fs:
        several = len(fs) > 1
        named += [
            (f"{f.label}_{key}" if several else key, f"{f.label} {title}" if several else title)
            for key, title in (("g", "g(z)"), ("dg", "g'(z)"))
        ]
    kind = "number" if numbers.are_numbers_in_json else "text"
    return [
        Column(name + suffix, f"{title} {suffix[1:]}".strip(), "text" if suffix else kind)
        for name, title in named
        for suffix in numbers.suffixes
    ]
