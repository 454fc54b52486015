"""``actcalc eval`` and ``actcalc deriv``: g and g' at points, or as a filter."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from actcalc.bound import Activation, Kink
from actcalc.cli.options import (
    AtKink,
    DigitsOption,
    Dtype,
    Hex,
    Name,
    Param,
    Quiet,
    Values,
    activations,
    at_kink_rule,
    precision,
)
from actcalc.errors import ActcalcError, InputError
from actcalc.precision import Numbers, Points


def eval_(
    name: Name,
    values: Values = None,
    param: Param = None,
    dtype: Dtype = None,
    hexadecimal: Hex = False,
    digits: DigitsOption = None,
    quiet: Quiet = False,
) -> None:
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
    numbers = precision([f], dtype, hexadecimal, digits)
    _filter(values, "z", Reader(numbers), lambda z: numbers.texts(numbers.g(f, z)))


def deriv(
    name: Name,
    values: Values = None,
    param: Param = None,
    given_a: Annotated[
        bool, typer.Option("--given-a", help="The numbers are a = g(z): give the slope from a alone.")
    ] = False,
    at_kink: AtKink = "least",
    dtype: Dtype = None,
    hexadecimal: Hex = False,
    digits: DigitsOption = None,
    quiet: Quiet = False,
) -> None:
    """Print the slope g'(z), one result a line.

    \b
    Examples:
      actcalc deriv tanh 0
      actcalc deriv sigmoid -10 0 10
      actcalc deriv sigmoid --given-a 0.5
      actcalc deriv relu 0 --at-kink right
      seq -10 10 | actcalc deriv tanh
    """
    (f,) = activations([name], param)
    rule = at_kink_rule(at_kink)
    numbers = precision([f], dtype, hexadecimal, digits)
    if given_a:
        f.require_shortcut()
        reader = Reader(numbers, lambda text: numbers.read_a(f, text))
        variable, kinks = "a", f.shortcut_kinks
    else:
        reader = Reader(numbers)
        variable, kinks = "z", f.kinks
    notes = KinkNotes({f.label: kinks}, numbers, variable, rule)

    def texts(points: Points) -> list[list[str]]:
        values = (numbers.dg_from_a if given_a else numbers.dg)(f, points, rule)
        for note in notes.first_met(f, points, values):
            if not quiet:
                print(note, file=sys.stderr)
        return numbers.texts(values)

    _filter(values, variable, reader, texts)


class KinkNotes:
    """Notes about kinks, each made once: when its point is first met."""

    def __init__(
        self, kinks: Mapping[str, Sequence[Kink]], numbers: Numbers, variable: str, rule: str
    ) -> None:
        # Equal floats and fractions are equal keys.
        self._kinks = {label: {kink.z: kink for kink in of_one} for label, of_one in kinks.items()}
        self._numbers = numbers
        self._variable = variable
        self._rule = rule

    def first_met(self, f: Activation, points: Sequence[Any], values: Any) -> Iterator[str]:
        """A note for each point that is a kink of ``f`` not met before, with the slope returned there."""
        to_meet = self._kinks[f.label]
        for z in sorted(to_meet.keys() & set(points), key=points.index) if to_meet else ():
            from actcalc.describe import kink_note

            ((chosen, *_), *_) = self._numbers.texts([values[points.index(z)]])
            yield kink_note(f, to_meet.pop(z), self._variable, chosen, self._rule)


def _filter(
    values: Sequence[str] | None,
    variable: str,
    reader: "Reader",
    texts: Callable[[list[Any]], list[list[str]]],
) -> None:
    """Print ``texts`` of the numbers given, or of those on standard input as they arrive."""
    if values and list(values) != ["-"]:
        _print_rows(texts([reader.read(text) for text in values]))
        return
    if not values and sys.stdin is not None and sys.stdin.isatty():
        raise ActcalcError(
            f"no {variable} given", f"give numbers as arguments, or on standard input: echo 0 | {_called()}"
        )
    for points, failure in reader.blocks():
        _print_rows(texts(points))
        sys.stdout.flush()
        if failure is not None:
            raise failure


def _print_rows(columns: list[list[str]]) -> None:
    lines = columns[0] if len(columns) == 1 else map("\t".join, zip(*columns, strict=True))
    sys.stdout.write("".join([line + "\n" for line in lines]))


def _called() -> str:
    return f"actcalc {sys.argv[1]} {sys.argv[2]}" if len(sys.argv) > 2 else "actcalc"


class Reader:
    """Reads numbers, one by one with ``read`` or from standard input."""

    def __init__(self, numbers: Numbers, read: Callable[[str], Any] | None = None) -> None:
        self._read_all = numbers.read_all if read is None else lambda words: None
        self.read: Callable[[str], Any] = read or numbers.read

    def blocks(self) -> Iterator[tuple[list[Any], InputError | None]]:
        """The numbers on standard input for each block that arrives, and the error that ends them."""
        from actcalc.grid import read_words

        if sys.stdin is None:
            raise InputError("standard input is closed")
        for words in read_words(sys.stdin.fileno()):
            points = list(self._read_all(words) or ())
            failure = None
            try:
                if not points:
                    for word in words.words:
                        points.append(self.read(word))
            except ActcalcError as error:
                failure = InputError(f"line {words.line(len(points))}: {error}", error.hint)
            yield points, failure
