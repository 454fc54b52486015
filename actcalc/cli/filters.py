"""What ``eval`` and ``deriv`` share: numbers given or on standard input, and a result a line."""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, TextIO

from actcalc.activations.activation import Activation
from actcalc.activations.aside import SetAside
from actcalc.activations.declaration import Quantity, prime
from actcalc.activations.kinks import Kink
from actcalc.cli.notes import UnsettledNotes, option, tell
from actcalc.cli.progress import with_progress
from actcalc.cli.requests import destination, standard_input, text_width
from actcalc.errors import ActcalcError, told
from actcalc.evaluation.numbers import Numbers
from actcalc.evaluation.pipeline import KinkNotes, evaluated
from actcalc.evaluation.reading import Read, Reader
from actcalc.output.formats import check_format, format_of, write
from actcalc.output.rows import Block, Column

if TYPE_CHECKING:
    from actcalc.evaluation.numbers import Points


def source_of(
    values: Sequence[str] | None, variable: str, column: str | None, reader: Reader
) -> Iterator[Read]:
    """The numbers given, or those on standard input as they arrive."""
    if values and list(values) != ["-"]:
        if column is not None:
            raise ActcalcError("--column and numbers exclude one another", f"{variable} comes from one place")
        return iter([Read([reader.read(text) for text in values])])
    if not values and sys.stdin is not None and sys.stdin.isatty():
        raise ActcalcError(
            f"no {variable} given", f"give numbers as arguments, or on standard input: echo 0 | {_called()}"
        )
    return reader.blocks(standard_input())


def result_format(format_name: str | None, output: str | None) -> str:
    """The format asked for, by name or by the suffix of a file: ``lines``, of results alone, unless given.

    Raises ActcalcError if it is not known.
    """
    if format_name is not None:
        return check_format(format_name, ["npy"])
    form = format_of(output)
    return "lines" if form is None or str(output).lower().endswith(".txt") else form


class Filter(NamedTuple):
    """What is worked out of numbers: ``function`` gives the quantity ``of`` of f at points of a variable.

    It sets aside what is not settled.
    """

    f: Activation
    of: Quantity
    numbers: Numbers
    function: "Callable[[Points, SetAside], Points]"
    variable: str = "z"
    kinks: Sequence[Kink] = ()
    rule: str = ""
    """How the slope at a kink was asked for."""


def print_results(what: Filter, source: Iterator[Read], form: str, output: str | None, quiet: bool) -> int:
    """Print the results as they come, or write them to ``output``, in all but ``lines`` after their points.

    An array holds results alone as well. What is first met in a block is noted after it, unless ``quiet``.
    Returns the exit status: 1 if a result is not settled.
    """
    f, of, numbers, function, variable, kinks, rule = what
    alone = form in ("lines", "npy")
    kind = "number" if numbers.are_numbers_in_json else "digits"
    named = [(variable, variable), (of, f"g{prime(of)}({variable})" if variable == "z" else "g' from a")]
    columns = [
        Column(name + suffix, f"{title} {suffix[1:]}".strip(), "text" if suffix else kind)
        for name, title in (named[1:] if alone else named)
        for suffix in numbers.suffixes
    ]
    notes = KinkNotes({f.label: kinks}, numbers, variable, rule, of)
    unsettled, aside = UnsettledNotes(not quiet), SetAside()

    def with_texts(points: "Points") -> "tuple[Points, Sequence[int], Block]":
        values = function(points, aside)
        places = aside.places(points, values)
        texts = numbers.texts(values, places)
        return values, places, texts if alone else [*numbers.texts(points), *texts]

    def blocks(out: TextIO) -> Iterator[Block]:
        yield numbers.texts([]) * (1 if alone else 2)  # an array has a field, if no rows
        for points, (values, places, texts) in evaluated(source, with_texts):
            yield texts
            out.flush()  # before more is waited for
            for place in places:
                unsettled.add(aside.reasons[points[place]])
            for note in notes.first_met(f, points, values) if not quiet else ():
                tell(told(note if isinstance(note, str) else note.wording, option))

    with destination(output, form) as out:
        shown = with_progress(blocks(out), None, not quiet and not out.isatty())
        write(form, columns, shown, out, width=text_width())
    return unsettled.status()


def _called() -> str:
    return f"actcalc {sys.argv[1]} {sys.argv[2]}" if len(sys.argv) > 2 else "actcalc"
