"""Columns that are chosen among fields, by name or by number, and the rows of those."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from actcalc.errors import ActcalcError, InputError, quote

_NUMBER_STARTS = "+-.0123456789\u2212"


class Records(NamedTuple):
    """Rows that came together."""

    columns: list[list[str]]
    """The texts of each column that was chosen, without the white space around them."""
    lines: Sequence[int]
    """The line, from 1, that each row stands on."""


class Choice(NamedTuple):
    """A chooser's reading of the fields of the first line."""

    indices: Sequence[int]
    """The columns to be read, counted from 0."""
    is_header: bool
    """The first line names the columns, and is not one of the rows."""


Chooser = Callable[[Sequence[str]], Choice]
"""Told the fields of the first line, it chooses columns. Raises ActcalcError if there is none to choose."""


class OtherQuantity(ActcalcError):
    """No column has the quantity that is asked for, but one has another: the hint names it."""


def at_line(source: str, number: int, problem: ActcalcError | str) -> InputError:
    """The error that names the file, if it is not standard input, and the line."""
    text, hint = (problem.line, problem.hint) if isinstance(problem, ActcalcError) else (problem, "")
    return in_file(source, ActcalcError(f"line {number}: {text}", hint))


def in_file(source: str, problem: ActcalcError | str) -> InputError:
    """The error that names the file, if it is not standard input."""
    text, hint = (problem.line, problem.hint) if isinstance(problem, ActcalcError) else (problem, "")
    return InputError(f"{quote(source, 4096)[1:-1]}: {text}" if source else text, hint)


def looks_like_a_number(field: str) -> bool:
    """Whether a field of the first line is meant for a number rather than the name of a column."""
    bare = field.lstrip("+-\u2212").lower()
    return field.startswith(tuple(_NUMBER_STARTS)) or bare in ("inf", "infinity", "nan")


def by_name_or_number(wanted: Sequence[str]) -> Chooser:
    """A chooser of columns by name, or by number from 1.

    There is a header if a name is asked for, or if none of the fields chosen looks like a number.
    """

    def choose(fields: Sequence[str]) -> Choice:
        indices = [_find(column, fields) for column in wanted]
        numbers_alone = all(map(_is_count, wanted))
        return Choice(indices, not (numbers_alone and any(looks_like_a_number(fields[i]) for i in indices)))

    return choose


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _find(column: str, fields: Sequence[str]) -> int:
    """The index of the column of this name or number."""
    if _is_count(column):
        if not 1 <= int(column) <= len(fields):
            raise ActcalcError(
                f"no column {column}: there {'is' if len(fields) == 1 else 'are'} {len(fields)}"
            )
        return int(column) - 1
    if column in fields:
        if fields.count(column) > 1:
            raise ActcalcError(f"two columns are named {quote(column)}", "choose by number, from 1")
        return fields.index(column)
    if all(map(looks_like_a_number, fields)):
        raise ActcalcError(f"no column {quote(column)}: there is no header", "choose by number, from 1")
    raise ActcalcError(f"no column {quote(column)}: there are {names_of(fields)}")


def names_of(fields: Sequence[str]) -> str:
    """The names of the first columns."""
    return ", ".join(quote(field)[1:-1] for field in fields[:10]) + (", ..." if fields[10:] else "")
