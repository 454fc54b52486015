"""Objects made from the options of several commands: activations, numbers, points, files."""

import contextlib
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TextIO

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import QUANTITIES, Quantity
from actcalc.activations.parameters import find_parameter, known_parameters
from actcalc.catalogue.resolution import parse_setting, read_reference
from actcalc.cli.command import is_number
from actcalc.cli.notes import tell
from actcalc.errors import ActcalcError, join_names, quote
from actcalc.evaluation.numbers import DecimalDigits, Floats, NumberSystem
from actcalc.numbers.digits import Decimals, Digits
from actcalc.numbers.floats import Format, find_format
from actcalc.numbers.numerals import Exact
from actcalc.output.formats import ARRAYS, check_format, format_of

if TYPE_CHECKING:
    from actcalc.checking.judge import Judge
    from actcalc.numbers.integers import NumberFormat
    from actcalc.numbers.ranges import Grid
    from actcalc.numbers.roundings import Rounding


def given_parameters(params: Sequence[str] | None) -> dict[str, Exact]:
    """The ``-p`` options as a mapping. Raises ActcalcError for a malformed or repeated one."""
    given: dict[str, Exact] = {}
    for text in params or ():
        name, value = parse_setting(text)
        if name in given:
            raise ActcalcError(f"parameter {quote(name)} is given twice")
        given[name] = value
    return given


def activations(names: Sequence[str], params: Sequence[str] | None, quiet: bool = False) -> list[Activation]:
    """The activations named, each with the ``-p`` parameters that it takes.

    Unless ``quiet``, notes say which name in a formula stands for z.

    Raises ActcalcError if one is unknown or named twice, or if none of them has a given parameter.
    """
    if numbers := [name for name in names if is_number(name)]:
        raise ActcalcError(f"{quote(numbers[0])} is a number, not an activation", _place_of(names, numbers))
    unread: ActcalcError | None = None
    given: dict[str, Exact] = {}
    try:
        given = given_parameters(params)
    except ActcalcError as error:
        unread = error
    references = [read_reference(name, given) for name in names]
    declarations = [one.declaration for one in references]
    if unread is not None:
        raise ActcalcError(unread.line, known_parameters(declarations[0]))
    for parameter in given:
        if not any(parameter in (p.name, *p.aliases) for d in declarations for p in d.parameters):
            if len(declarations) == 1:
                find_parameter(declarations[0], parameter)  # says which there are
            named = join_names([quote(d.name) for d in declarations], "and")
            raise ActcalcError(
                f"{named} have no parameter {quote(parameter)}",
                "; ".join(known_parameters(d) for d in declarations if d.parameters),
            )
    found: list[Activation] = []
    for one in references:
        known = {alias for p in one.declaration.parameters for alias in (p.name, *p.aliases)}
        own = {parameter: value for parameter, value in given.items() if parameter in known}
        f = one.bind(own)
        if any(f.label == other.label for other in found):
            raise ActcalcError(f"{quote(f.label)} is named twice")
        found.append(f)
        if f.variable != "z" and not quiet:
            tell(f"note: {quote(f.variable)} is read as z: {f.name}")
    return found


def _place_of(names: Sequence[str], numbers: Sequence[str]) -> str:
    """A hint that says where numbers given among names belong."""
    if len(names) == 1:
        return "the activation comes first"
    points = f"points with --at {' '.join(numbers)}"
    is_range = len(numbers) == 2
    return (
        f"give a range with --from {numbers[0]} --to {numbers[1]}, or {points}"
        if is_range
        else f"give {points}"
    )


class Target(NamedTuple):
    """The options that say how z and results are rounded."""

    dtype: str | None = None
    out_dtype: str | None = None
    rounding: str | None = None
    overflow: str | None = None

    @property
    def given(self) -> dict[str, str | None]:
        """The options by their spelling, with their values."""
        return {"--" + name.replace("_", "-"): text for name, text in self._asdict().items()}

    def formats(self) -> "tuple[NumberFormat, Rounding | None]":
        """The format of z, and the rounding of results: None for to nearest in the same float format.

        Raises ActcalcError for unknown names and rules, and for those that make no sense together.
        """
        known = find_format("float64" if self.dtype is None else self.dtype)
        if known and self.out_dtype is self.rounding is self.overflow is None:
            return known, None
        from actcalc.numbers.roundings import Rounding, number_format

        fmt = known or number_format(self.dtype or "")
        out = fmt if self.out_dtype is None else number_format(self.out_dtype, "out_dtype")
        rounding = Rounding(out, "nearest" if self.rounding is None else self.rounding, self.overflow)
        return fmt, None if fmt is known and out is fmt and rounding.is_plain else rounding


def precision(
    target: Target,
    hexadecimal: bool,
    digits: str | None,
    decimals: str | None,
    exact: bool,
    plain: bool,
    form: str = "",
) -> NumberSystem:
    """The number system that the options ask for. Raises ActcalcError if they make no sense together.

    With a ``form`` of ARRAYS the numbers go into arrays.
    """
    arrays = form in ARRAYS
    if arrays:
        texts = {"--hex": hexadecimal, "--digits": digits, "--decimals": decimals}
        for option, given in {**texts, "--exact": exact, "--plain": plain}.items():
            exclude(option, {form: given})
    if plain:
        exclude("--plain", {"--hex": hexadecimal})
    of_formats = {**target.given, "--hex": hexadecimal, "--exact": exact}
    if decimals is not None:
        exclude("--decimals", {"--digits": digits, **of_formats})
        return DecimalDigits(Decimals(whole_number("--decimals", decimals, 0, 1000)), plain)
    if digits is not None:
        exclude("--digits", of_formats)
        return DecimalDigits(Digits(whole_number("--digits", digits, 1, 1000)), plain)
    fmt, out = target.formats()
    if isinstance(fmt, Format):
        return Floats(fmt, hexadecimal, arrays, target.dtype is not None, exact, plain, out)
    from actcalc.evaluation.codes import Codes

    return Codes(fmt, hexadecimal, arrays, True, exact, plain, out)


def whole_number(option: str, text: str, least: int, most: int) -> int:
    """The number given to an option. Raises ActcalcError unless it is from ``least`` to ``most``."""
    is_short = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    if not (is_short and least <= int(text) <= most):
        raise ActcalcError(f"{option} must be a whole number from {least} to {most}, not {quote(text)}")
    return int(text)


def judge(
    unless_given: "Judge",
    max_ulp: str | None,
    atol: str | None,
    rtol: str | None,
    *,
    strict_zero: bool = False,
    flush_to_zero: bool,
    daz: bool,
    strict_subnormals: bool,
) -> "Judge":
    """The rule by which values pass; for subnormal numbers that of ``unless_given`` if no option names one.

    Raises ActcalcError for options that cannot be used together, and for bad numbers.
    """
    from actcalc.checking.judge import parse_judge

    if strict_subnormals:
        exclude("--strict-subnormals", {"--flush-to-zero": flush_to_zero, "--daz": daz})
    if not (strict_subnormals or flush_to_zero or daz):
        flush_to_zero, daz = unless_given.flush_to_zero, unless_given.daz
    return parse_judge(max_ulp, 0 if atol is None else atol, rtol, strict_zero, flush_to_zero, daz)


def given_among(options: Mapping[str, object]) -> list[str]:
    """The options that have a value."""
    return [option for option, given in options.items() if given is not None and given is not False]


def exclude(one: str, others: Mapping[str, object]) -> None:
    """Raise ActcalcError if any of the ``others``, options with their values, is given beside ``one``."""
    for other in given_among(others):
        raise ActcalcError(f"{one} and {other} cannot be used together")


def quantity_of(order: str | None) -> Quantity:
    """The quantity that ``--order`` asks for. Raises ActcalcError for a bad order."""
    most = len(QUANTITIES) - 1
    return "dg" if order is None else QUANTITIES[whole_number("--order", order, 0, most)]


ALONE = ("lines", *ARRAYS)
"""Formats in which ``eval`` and ``deriv`` print results without their points."""


def result_format(format_name: str | None, output: str | None) -> str:
    """The format asked for by name or by the suffix of a file; by default ``lines``, of results alone.

    Raises ActcalcError if it is unknown.
    """
    if format_name is not None:
        return check_format(format_name, ARRAYS)
    form = format_of(output)
    return "lines" if form is None or str(output).lower().endswith(".txt") else form


def points_between(
    start: str | None, stop: str | None, defaults: tuple[str, str], step: str | None, num: str | None
) -> "Grid":
    """The points of the range options; ``defaults`` are the ends that are not given.

    Raises ActcalcError if there are no such points; if one end is given, the message names the other.
    """
    from actcalc.numbers.ranges import grid

    try:
        return grid(defaults[0] if start is None else start, defaults[1] if stop is None else stop, step, num)
    except ActcalcError as error:
        if (start is None) == (stop is None):
            raise
        default = f"--from is {defaults[0]}" if start is None else f"--to is {defaults[1]}"
        raise ActcalcError(f"{error.message} ({default} by default)", error.hint, error.about) from None


@contextlib.contextmanager
def destination(path: str | None, form: str = "") -> Iterator[TextIO]:
    """The file to write to, replaced once it is complete; standard output if none is given.

    Raises ActcalcError for arrays on a terminal, InputError if the file cannot be written.
    """
    if path is None:
        if form == "npy" and sys.stdout.isatty():
            raise ActcalcError("npy is binary and not for a terminal", "write it to a file with -o")
        yield sys.stdout
        return
    from actcalc.output.files import writing

    with writing(path) as file, io.TextIOWrapper(file, encoding="utf-8", newline="\n") as out:
        yield out


def text_width() -> int:
    """The width of lines: COLUMNS if it is set, else the terminal's width, else 80."""
    import shutil

    return shutil.get_terminal_size().columns
