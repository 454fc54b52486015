"""``actcalc table``: z, g(z) and g'(z) over a range, at points, or for the numbers of a stream."""

import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Annotated, Any

import typer

from actcalc.bound import Activation
from actcalc.cli.options import (
    AtKink,
    DigitsOption,
    Dtype,
    Format,
    Hex,
    Names,
    Param,
    Quiet,
    activations,
    at_kink_rule,
    precision,
    range_of,
)
from actcalc.cli.points import KinkNotes, Reader
from actcalc.describe import used_note
from actcalc.errors import ActcalcError
from actcalc.output import FOR_PEOPLE, Column, check_format, write
from actcalc.precision import Numbers


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
    param: Param = None,
    at_kink: AtKink = "least",
    dtype: Dtype = None,
    hexadecimal: Hex = False,
    digits: DigitsOption = None,
    format_name: Format = "table",
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
    """
    check_format(format_name)
    rule = at_kink_rule(at_kink)
    fs = activations(_without_stream(names), param)
    numbers = precision(fs, dtype, hexadecimal, digits)
    from_stream = "-" in names
    sources = [
        (from_stream, "-"),
        (bool(at), "--at"),
        (any(x is not None for x in (start, stop, step, num)), "a range"),
    ]
    chosen = [text for used, text in sources if used]
    if len(chosen) > 1:
        raise ActcalcError(f"{' and '.join(chosen)} exclude one another", "z comes from one place")
    if from_stream:
        blocks = _from_stream(Reader(numbers))
    elif at:
        blocks = iter([[numbers.read(text) for text in at]])
    else:
        blocks = _in_blocks(numbers.points(range_of(start, stop, ("-10", "10"), step, num)))
    notes = KinkNotes({f.label: f.kinks for f in fs}, numbers, "z", rule)
    below: list[str] = [note for f in fs if (note := used_note(f))]

    def rows() -> Iterator[tuple[str, ...]]:
        for points in blocks:
            texts = numbers.texts(points)
            for f in fs:
                slopes: Any = numbers.dg(f, points, rule)
                texts += [*numbers.texts(numbers.g(f, points)), *numbers.texts(slopes)]
                for note in notes.first_met(f, points, slopes):
                    if format_name in FOR_PEOPLE:
                        below.append(note)
                    elif not quiet:
                        print(note, file=sys.stderr)
            yield from zip(*texts, strict=True)

    write(format_name, columns(fs, numbers), rows(), sys.stdout, lambda: () if quiet else below)


def _without_stream(names: Sequence[str]) -> list[str]:
    named = [name for name in names if name != "-"]
    if not named:
        raise ActcalcError("missing argument NAME", "see: actcalc table --help")
    if len(named) < len(names) - 1:
        raise ActcalcError("- is given twice")
    return named


def _in_blocks(points: Iterator[Any]) -> Iterator[list[Any]]:
    """Blocks that grow, so that the first rows come at once and many come fast."""
    size = 64
    while block := list(islice(points, size)):
        yield block
        size = min(2 * size, 1 << 14)


def _from_stream(reader: Reader) -> Iterator[list[Any]]:
    """The numbers on standard input; rows made of them are written before more is waited for."""
    for points, failure in reader.blocks():
        yield points
        sys.stdout.flush()
        if failure is not None:
            raise failure


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
