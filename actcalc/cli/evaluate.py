"""``actcalc eval`` and ``actcalc deriv``: g and g' at points, or as a filter."""

import sys
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
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
from actcalc.precision import Floats, SignificantDigits


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
    slope = numbers.dg_from_a if given_a else numbers.dg
    find = f.shortcut_kink_at if given_a else f.kink_at
    if given_a:
        f.require_shortcut()
    variable = "a" if given_a else "z"
    notes = KinkNotes(numbers, variable, rule)

    def result(z: Any) -> Any:
        value = slope(f, z, rule)
        if not quiet and (note := notes.first(f, z, find, value)):
            print(note, file=sys.stderr)
        return value

    _filter(values, variable, numbers, result)


class KinkNotes:
    """Notes about kinks, each made once: when its point is first hit."""

    def __init__(self, numbers: Floats | SignificantDigits, variable: str, rule: str) -> None:
        self._numbers = numbers
        self._variable = variable
        self._rule = rule
        self._seen: set[tuple[str, Fraction]] = set()

    def first(self, f: Activation, z: Any, find: Callable[[Fraction], Kink | None], value: Any) -> str:
        """A note, if ``z`` is a kink of ``f`` that has not been met before; else ``""``."""
        kink = self._numbers.kink(z, find)
        if kink is None or (f.label, kink.z) in self._seen:
            return ""
        self._seen.add((f.label, kink.z))
        from actcalc.describe import kink_note

        return kink_note(f, kink, self._variable, self._numbers.cells(value)[0], self._rule)


def _filter(
    values: Sequence[str] | None,
    variable: str,
    numbers: Floats | SignificantDigits,
    result: Callable[[Any], Any],
) -> None:
    """Print ``result`` for each number given, or for those on standard input as they arrive."""
    if values and list(values) != ["-"]:
        points = [numbers.read(text) for text in values]
        for point in points:
            print(*numbers.cells(result(point)), sep="\t")
        return
    if not values and sys.stdin is not None and sys.stdin.isatty():
        raise ActcalcError(
            f"no {variable} given", f"give numbers as arguments, or on standard input: echo 0 | {_called()}"
        )
    for block in stream(numbers, lambda z: "\t".join(numbers.cells(result(z))) + "\n"):
        sys.stdout.write(block)
        sys.stdout.flush()


def _called() -> str:
    return f"actcalc {sys.argv[1]} {sys.argv[2]}" if len(sys.argv) > 2 else "actcalc"


def stream(numbers: Floats | SignificantDigits, line: Callable[[Any], str]) -> Iterator[str]:
    """``line`` of every number on standard input, joined for each block of input that arrives.

    Raises InputError, naming the line, for a word that is no number, after the lines before it.
    """
    from actcalc.grid import read_tokens

    for tokens in read_tokens(standard_input()):
        lines = []
        for token in tokens:
            try:
                lines.append(line(numbers.read(token.text)))
            except ActcalcError as error:
                yield "".join(lines)
                raise InputError(f"line {token.line}: {error}", error.hint) from None
        yield "".join(lines)


def standard_input() -> int:
    """Its file descriptor. Raises InputError if it is closed."""
    if sys.stdin is None:
        raise InputError("standard input is closed")
    return sys.stdin.fileno()
