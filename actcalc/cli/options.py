"""The arguments and options that several commands share, and what becomes of them."""

import contextlib
import io
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from actcalc.activations.activation import Activation
from actcalc.activations.kinks import AT_KINK, check_at_kink
from actcalc.activations.parameters import Exact, find_parameter, known_parameters
from actcalc.catalogue import lookup
from actcalc.errors import ActcalcError, quoted
from actcalc.evaluation.numbers import Floats, Numbers, SignificantDigits
from actcalc.numbers.floats import FORMATS as FLOAT_FORMATS
from actcalc.numbers.floats import float_format
from actcalc.numbers.numerals import parse_exact
from actcalc.output.rows import FORMATS

if TYPE_CHECKING:
    from actcalc.numbers.ranges import Grid


def complete_names(incomplete: str) -> list[str]:
    return [name for name in lookup.names() if name.startswith(incomplete.lower())]


def complete_formats(incomplete: str) -> list[str]:
    return [name for name in FORMATS if name.startswith(incomplete)]


def complete_dtypes(incomplete: str) -> list[str]:
    return [name for name in FLOAT_FORMATS if name.startswith(incomplete)]


def complete_at_kink(incomplete: str) -> list[str]:
    return [rule for rule in AT_KINK if rule.startswith(incomplete)]


NAME_HELP = "An activation, as in 'actcalc list'; may carry its parameters: elu:alpha=2."

Name = Annotated[
    str,
    typer.Argument(metavar="NAME", help=NAME_HELP, autocompletion=complete_names, show_default=False),
]
Names = Annotated[
    list[str],
    typer.Argument(metavar="NAME...", help=NAME_HELP, autocompletion=complete_names, show_default=False),
]
Values = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[Z...]", help="Numbers; none, or '-', for those on standard input.", show_default=False
    ),
]
Param = Annotated[
    list[str] | None,
    typer.Option(
        "--param", "-p", metavar="NAME=VALUE", help="Set a parameter; may be repeated.", show_default=False
    ),
]
AtKink = Annotated[
    str,
    typer.Option(
        metavar="RULE",
        autocompletion=complete_at_kink,
        help="g' at a kink: least, left, right or nan. 'least' is the number nearest to 0 between the"
        " slopes on either side.",
    ),
]
Dtype = Annotated[
    str | None,
    typer.Option(
        metavar="FORMAT",
        autocompletion=complete_dtypes,
        help="Round z and results to float64 (the default), float32, float16 or bfloat16.",
        show_default=False,
    ),
]
Hex = Annotated[bool, typer.Option("--hex", help="Print hexadecimal float and bit pattern as well.")]
DigitsOption = Annotated[
    str | None,
    typer.Option(
        "--digits",
        metavar="N",
        help="Take z exactly as written, print N significant digits (1 to 1000).",
        show_default=False,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No notes and no progress bar.")]
ColumnOption = Annotated[
    str | None,
    typer.Option(
        "--column",
        metavar="NAME|N",
        help="Take z from this column, by name or number from 1, of CSV or TSV on standard input.",
        show_default=False,
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write to FILE, which becomes complete or stays as it was; .npy is an array for NumPy.",
        show_default=False,
    ),
]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT",
        autocompletion=complete_formats,
        help=f"One of {', '.join(FORMATS)}.",
    ),
]


def settings(params: Sequence[str] | None) -> dict[str, Exact]:
    """The ``-p`` options as a mapping. Raises ActcalcError for one of another form or given twice."""
    given: dict[str, Exact] = {}
    for text in params or ():
        name, value = lookup.parse_setting(text)
        if name in given:
            raise ActcalcError(f"parameter {name} is given twice")
        given[name] = value
    return given


def activations(names: Sequence[str], params: Sequence[str] | None) -> list[Activation]:
    """The activations named, each with those of the ``-p`` parameters that it has.

    Raises ActcalcError if one is not known or named twice, or no activation has a parameter.
    """
    declarations = [lookup.declaration(name.partition(":")[0]) for name in names]
    try:
        given = settings(params)
    except ActcalcError as error:
        raise ActcalcError(str(error), known_parameters(declarations[0])) from None
    for parameter in given:
        if not any(parameter in (p.name, *p.aliases) for d in declarations for p in d.parameters):
            if len(declarations) == 1:
                find_parameter(declarations[0], parameter)  # says which there are
            raise ActcalcError(
                f"none of {', '.join(d.name for d in declarations)} has a parameter {quoted(parameter)}",
                "; ".join(known_parameters(d) for d in declarations if d.parameters),
            )
    found: list[Activation] = []
    for name, declaration in zip(names, declarations, strict=True):
        known = {alias for p in declaration.parameters for alias in (p.name, *p.aliases)}
        own = {parameter: value for parameter, value in given.items() if parameter in known}
        f = lookup.parse_activation(name, own)
        if any(f.label == other.label for other in found):
            raise ActcalcError(f"{f.label} is named twice")
        found.append(f)
    return found


def precision(
    fs: Sequence[Activation], dtype: str | None, hexadecimal: bool, digits: str | None, arrays: bool = False
) -> Numbers:
    """What the options ask for. Raises ActcalcError if they make no sense together, or for ``fs``.

    With ``arrays`` the numbers are to be floats in arrays.
    """
    if arrays and (hexadecimal or digits is not None):
        raise ActcalcError(f"{'--hex' if hexadecimal else '--digits'} and npy exclude one another")
    if digits is None:
        return Floats(float_format("float64" if dtype is None else dtype), hexadecimal, arrays)
    if dtype is not None or hexadecimal:
        raise ActcalcError(f"--digits and {'--hex' if dtype is None else '--dtype'} exclude one another")
    count = whole_number("--digits", digits, 1, 1000)
    for text in (text for f in fs for text in f.texts.values()):
        parse_exact(text, saturate=False)  # all of its digits may be seen
    return SignificantDigits(count)


def whole_number(option: str, text: str, least: int, most: int) -> int:
    """The number given to an option. Raises ActcalcError if it is none from ``least`` to ``most``."""
    is_short = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    if not (is_short and least <= int(text) <= most):
        raise ActcalcError(f"{option} must be a whole number from {least} to {most}, not {quoted(text)}")
    return int(text)


def range_of(
    start: str | None, stop: str | None, defaults: tuple[str, str], step: str | None, num: str | None
) -> "Grid":
    """The points that the range options name, from ``defaults[0]`` to ``defaults[1]`` unless given.

    Raises ActcalcError if they name none; where just one end is given it names the other.
    """
    from actcalc.numbers.ranges import grid

    try:
        return grid(defaults[0] if start is None else start, defaults[1] if stop is None else stop, step, num)
    except ActcalcError as error:
        if (start is None) == (stop is None):
            raise
        default = f"--from is {defaults[0]}" if start is None else f"--to is {defaults[1]}"
        raise ActcalcError(f"{error} ({default} unless given)", error.hint) from None


def at_kink_rule(rule: str) -> str:
    """``rule``, checked. Raises ActcalcError if it is none."""
    try:
        return check_at_kink(rule)
    except ActcalcError as error:
        raise ActcalcError(str(error).replace("at_kink is", "--at-kink is"), error.hint) from None


def is_npy(path: str | None) -> bool:
    """Whether the name of an output asks for an array."""
    return path is not None and path.lower().endswith(".npy")


@contextlib.contextmanager
def destination(path: str | None, form: str = "") -> Iterator[TextIO]:
    """The file to write to, replaced once it is complete; standard output if none is given.

    Raises ActcalcError for arrays on a terminal, InputError if the file cannot be written.
    """
    if path is None:
        if form == "npy" and sys.stdout.isatty():
            raise ActcalcError("npy is not for a terminal", "give a file with -o")
        yield sys.stdout
        return
    from actcalc.output.files import writing

    with writing(path) as file, io.TextIOWrapper(file, encoding="utf-8", newline="\n") as out:
        yield out
