"""``actcalc eval`` and ``actcalc deriv``: g and g' at points, or as a filter."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
from actcalc.precision import Numbers


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
    numbers = precision(dtype, hexadecimal, digits)
    _filter(values, "z", numbers, lambda z: numbers.g(f, z))


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
    numbers = precision(dtype, hexadecimal, digits)
    kinks = f.kinks
    if given_a:
        f.require_shortcut()
        kinks = f.shortcut_kinks
    variable = "a" if given_a else "z"
    notes = KinkNotes({f.label: kinks}, numbers, variable, rule)

    def results(points: Sequence[Any]) -> Iterator[Any]:
        if given_a:
            slopes: Iterable[Any] = (numbers.dg_from_a(f, a, rule) for a in points)
        else:
            slopes = numbers.dg(f, points, rule)
        for point, slope in zip(points, slopes, strict=True):
            if (note := notes.first(f, point, slope)) and not quiet:
                print(note, file=sys.stderr)
            yield slope

    _filter(values, variable, numbers, results)


class KinkNotes:
    """Notes about kinks, each made once: when its point is first hit."""

    def __init__(
        self, kinks: Mapping[str, Sequence[Kink]], numbers: Numbers, variable: str, rule: str
    ) -> None:
        # Equal floats and fractions are equal keys.
        self._kinks = {label: {kink.z: kink for kink in of_one} for label, of_one in kinks.items()}
        self._numbers = numbers
        self._variable = variable
        self._rule = rule

    def first(self, f: Activation, z: Any, value: Any) -> str:
        """A note, if ``z`` is a kink of ``f`` that has not been met before; else ``""``."""
        kink = self._kinks[f.label].pop(z, None)
        if kink is None:
            return ""
        from actcalc.describe import kink_note

        return kink_note(f, kink, self._variable, self._numbers.cells(value)[0], self._rule)


def _filter(
    values: Sequence[str] | None,
    variable: str,
    numbers: Numbers,
    results: Callable[[Sequence[Any]], Iterable[Any]],
) -> None:
    """Print ``results`` of the numbers given, or of those on standard input as they arrive."""
    if values and list(values) != ["-"]:
        for value in results([numbers.read(text) for text in values]):
            print(*numbers.cells(value), sep="\t")
        return
    if not values and sys.stdin is not None and sys.stdin.isatty():
        raise ActcalcError(
            f"no {variable} given", f"give numbers as arguments, or on standard input: echo 0 | {_called()}"
        )
    for points, lines, failure in read_points(numbers):
        written = []
        try:
            for value in results(points):
                written.append("\t".join(numbers.cells(value)) + "\n")
        except ActcalcError as error:  # a number outside the range of g
            failure = at_line(lines[len(written)], error)
        sys.stdout.write("".join(written))
        sys.stdout.flush()
        if failure is not None:
            raise failure


def _called() -> str:
    return f"actcalc {sys.argv[1]} {sys.argv[2]}" if len(sys.argv) > 2 else "actcalc"


def read_points(numbers: Numbers) -> Iterator[tuple[list[Any], list[int], InputError | None]]:
    """The numbers on standard input, their lines, and what ended them, for each block that arrives."""
    from actcalc.grid import read_tokens

    if sys.stdin is None:
        raise InputError("standard input is closed")
    for tokens in read_tokens(sys.stdin.fileno()):
        points: list[Any] = []
        failure = None
        for token in tokens:
            try:
                points.append(numbers.read(token.text))
            except ActcalcError as error:
                failure = at_line(token.line, error)
                break
        yield points, [token.line for token in tokens], failure


def at_line(line: int, error: ActcalcError) -> InputError:
    """``error`` as one about a line of the input."""
    return InputError(f"line {line}: {error}", error.hint)
