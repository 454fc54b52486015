"""The points of a table from their source, and its rows printed as they come, with notes."""

import math
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, TextIO

from actcalc.cli.notes import UnsettledNotes, option, tell
from actcalc.cli.progress import with_progress
from actcalc.cli.requests import destination, points_between, text_width, whole_number
from actcalc.errors import ActcalcError, InputError, spell_out
from actcalc.evaluation.numbers import NumberSystem
from actcalc.evaluation.reading import Read
from actcalc.evaluation.request import Request
from actcalc.evaluation.table import table
from actcalc.numbers.numerals import exact_text
from actcalc.output.documents import Document
from actcalc.output.formats import ALL_AT_ONCE, ARRAYS, FOR_PEOPLE, WORDS, write
from actcalc.output.rows import Block, Table

if TYPE_CHECKING:
    from actcalc.activations.notes import KinkNote
    from actcalc.input.invalid import Invalid

_MOST_ROWS = 1_000_000
"""The limit for an array in JSON, which can only be read once it is complete."""

_MOST_CELLS = 100_000
"""The limit for a table for people, which is laid out once all of it is known."""


class Points(NamedTuple):
    """Points as they come, and their number if it is known."""

    blocks: Iterator[Read]
    total: int | None = None
    invalid: "Invalid | None" = None
    """The rule for text that is not a number; None if it is an error."""
    by_bits: bool = False
    """Whether they come in the order of their bit patterns."""


def points_given(request: Request, values: Sequence[str] | None, column: str | None, rule: str) -> Points:
    """The numbers given as words, or those on standard input as they arrive.

    ``rule`` is that for text there that is not a number.
    """
    variable, invalid = request.variable, _invalid_rule(rule, request.numbers)
    reader = request.reader(column, invalid)
    if values and list(values) != ["-"]:
        if column is not None:
            raise ActcalcError(
                "--column and numbers cannot be used together", f"{variable} comes from one place"
            )
        _require_stream(invalid)
        return Points(iter([Read([reader.read(text) for text in values])]))
    if not values and sys.stdin is not None and sys.stdin.isatty():
        called = " ".join(["actcalc", *(sys.argv[1:3] if len(sys.argv) > 2 else [])])
        raise ActcalcError(
            f"no {variable} given", f"give numbers as arguments, or on standard input: echo 0 | {called}"
        )
    from actcalc.input.blocks import standard_input

    return Points(reader.blocks(standard_input()), invalid=invalid)


def _invalid_rule(rule: str, numbers: NumberSystem) -> "Invalid | None":
    """The rule for text that is not a number; None if it is an error."""
    if rule == "stop":
        return None
    if rule == "nan" and not numbers.has_nan:
        raise ActcalcError("--invalid nan: integers have no NaN", "--invalid skip leaves such text out")
    from actcalc.input.invalid import Invalid

    return Invalid(rule)


def _require_stream(invalid: "Invalid | None") -> None:
    if invalid is not None:
        raise ActcalcError("--invalid is for numbers on standard input", "correct those given as arguments")


def points_named(
    request: Request,
    from_stream: bool,
    column: str | None,
    rule: str,
    at: Sequence[str] | None,
    all_values: bool,
    ends_and_steps: Sequence[str | None],
    by_bits: bool = False,
) -> Points:
    """The points of a table: from standard input, single ones, all values of a format, or a range.

    Raises ActcalcError unless they come from one source.
    """
    places = {
        "-" if column is None else "--column": from_stream or column is not None,
        "--at": bool(at),
        "--all-values": all_values,
        "a range": any(text is not None for text in ends_and_steps),
    }
    chosen = [place for place, used in places.items() if used]
    if len(chosen) > 1:
        raise ActcalcError(f"{' and '.join(chosen)} cannot be used together", "z comes from one place")
    numbers, invalid = request.numbers, _invalid_rule(rule, request.numbers)
    if from_stream or column is not None:
        from actcalc.input.blocks import standard_input

        return Points(request.reader(column, invalid).blocks(standard_input()), invalid=invalid)
    _require_stream(invalid)
    if at:
        return Points(iter([Read([numbers.read(text) for text in at])]))
    if all_values:
        blocks = list(numbers.all_values(by_bits))
        return Points(map(Read, blocks), sum(map(len, blocks)), by_bits=by_bits)
    start, stop, step, num = ends_and_steps
    grid = points_between(start, stop, ("-10", "10"), step, num)
    return Points(map(Read, numbers.points(grid)), len(grid))


def print_knots(
    request: Request,
    entries: str,
    ends: tuple[str | None, str | None],
    form: str,
    path: str | None,
    quiet: bool,
) -> int:
    """Print a table for linear interpolation, and the largest error of its readings.

    Raises ActcalcError if the format of z is not of integers, or the knots are not codes of it.
    """
    from actcalc.evaluation import comments
    from actcalc.evaluation.codes import Codes
    from actcalc.evaluation.interpolation import Interpolation, check_scale, find_knots

    numbers, count = request.numbers, whole_number("--entries", entries, 2, 65537)
    if not isinstance(numbers, Codes) or not numbers.format.is_short or numbers.out is None:
        raise ActcalcError(
            "--entries needs z as integers of up to 16 bits", "give their format, for example --dtype q3.12"
        )
    fmt = numbers.format
    check_scale(fmt)
    check_scale(numbers.out.fmt)
    defaults = exact_text(fmt.value_of(fmt.lowest)), exact_text(fmt.value_of(fmt.highest + 1))
    knots = find_knots(fmt, count, points_between(*ends, defaults, None, "2"))
    tables = [Interpolation(f, of, knots, numbers.out, request.at_kink) for f, of in request.results]
    of_entries = numbers.rounded_to(tables[0].of_entries)
    request = request._replace(numbers=of_entries, alone=form in ARRAYS)
    names = [column.name for column in request.columns(by_names=True)][-len(tables) :]
    remarks = [comments.of_readings(name, made) for name, made in zip(names, tables, strict=True)]
    lines = [*comments.of_knots(request, tables[0]), *(f"{remark}." for remark in remarks)]
    points = Points(iter([Read(knots.codes)]), count)
    return print_table(request, points, form, path, quiet, comments=lines, remarks=remarks)


def print_table(
    request: Request,
    points: Points,
    form: str,
    path: str | None,
    quiet: bool,
    is_filter: bool = False,
    comments: Sequence[str] = (),
    remarks: Sequence[str] = (),
) -> int:
    """Print the rows in a format as they come, or write them to the file ``path``.

    In a format with comments they describe the numbers, unless other ``comments`` are given. Unless
    ``quiet``, notes, with the ``remarks``, go below a table for people, else to standard error. A filter
    has all its notes on standard error, and any number of rows. Returns the exit status: 1 if a value is
    not settled. Raises ActcalcError for more rows than the format can hold.
    """
    numbers, columns = request.numbers, request.columns(by_names=form in ("mem", "c"))
    most = math.inf if is_filter else _most_rows(form, len(columns))
    if points.total is not None and points.total > most:
        raise ActcalcError(*_too_many(f"{points.total}", form))
    are_below = form in FOR_PEOPLE and not is_filter
    found: list[KinkNote | str] = []
    unsettled = UnsettledNotes(not quiet)

    def take_note(note: "KinkNote | str") -> None:
        if are_below:
            found.append(note)
        elif not quiet:
            tell(spell_out(note if isinstance(note, str) else note.wording, option))

    def notes_below() -> Iterator[str]:
        if quiet or not are_below:
            return
        from actcalc.activations.notes import KinkNote, about_one
        from actcalc.teaching.elsewhere import default_note

        if legend := numbers.legend(request.variable):
            yield f"note: {legend}"
        yield from (f"note: {remark}" for remark in remarks)
        yield from (note for f in request.fs if (note := default_note(f)))
        kinks = [[note for note in found if isinstance(note, KinkNote) and note.f is f] for f in request.fs]
        yield from (spell_out(about_one(own), option) for own in kinks if own)
        yield from dict.fromkeys(note for note in found if isinstance(note, str))

    def blocks_for(out: TextIO) -> Iterator[Block]:
        count = 0
        for block in table(request, points.blocks, take_note, unsettled.add, form not in ALL_AT_ONCE):
            count += len(block[0])
            if count > most:
                yield [list(column)[: int(most) - count] for column in block]
                raise InputError(*_too_many(f"more than {most:.0f}", form))
            yield block
            if points.total is None:
                out.flush()  # before waiting for more

    try:
        with destination(path, form) as out:
            blocks = with_progress(blocks_for(out), points.total, not quiet and not out.isatty())
            if form in WORDS and not comments:
                from actcalc.evaluation.comments import of_numbers

                comments = of_numbers(request, points.by_bits)
            document = Document(Table(columns, blocks), notes_below, comments=comments)
            write(form, document, out, text_width())
        if remarks and not (are_below or quiet):
            tell(*(f"note: {remark}" for remark in remarks))
    finally:
        if points.invalid and points.invalid.note and not quiet:
            tell(f"note: {points.invalid.note}")
        if not quiet and (beyond := numbers.beyond_note(request.variable)):
            tell(f"note: {beyond}")
    return unsettled.status()


def _most_rows(form: str, width: int) -> float:
    """The most rows that a format may have, with ``width`` columns."""
    if form in FOR_PEOPLE:
        return _MOST_CELLS // width
    return _MOST_ROWS if form in ALL_AT_ONCE else math.inf


def _too_many(count: str, form: str) -> tuple[str, str]:
    return f"{count} rows are too many for --format {form}", "use --format csv or jsonl"
