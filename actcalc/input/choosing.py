"""Columns chosen by name or number among the fields of a line, and their rows."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from actcalc.errors import ActcalcError, InputError, quote

_NUMBER_STARTS = "+-.0123456789\u2212"


class Records(NamedTuple):
    """Rows that arrived together."""

    columns: list[list[str]]
    """The texts of each chosen column, without surrounding white space."""
    lines: Sequence[int]
    """The line of each row, from 1."""


class Choice(NamedTuple):
    """The columns that a chooser picked from the fields of the first line."""

    indices: Sequence[int]
    """The columns to read, counted from 0."""
    is_header: bool
    """Whether the first line names the columns, and is not a row."""


Chooser = Callable[[Sequence[str]], Choice]
"""Chooses columns from the fields of the first line. Raises ActcalcError if it cannot."""


class OtherQuantity(ActcalcError):
    """An error: no column has the quantity asked for, but one has another, which the hint names."""


def at_line(source: str, number: int, problem: ActcalcError | str) -> InputError:
    """An error that names the file, unless it is standard input, and the line."""
    text, hint = (problem.line, problem.hint) if isinstance(problem, ActcalcError) else (problem, "")
    return in_file(source, ActcalcError(f"line {number}: {text}", hint))


def in_file(source: str, problem: ActcalcError | str) -> InputError:
    """An error that names the file, unless it is standard input."""
    text, hint = (problem.line, problem.hint) if isinstance(problem, ActcalcError) else (problem, "")
    return InputError(f"{quote(source, 4096)[1:-1]}: {text}" if source else text, hint)


def looks_like_a_number(field: str) -> bool:
    """Whether a field of the first line is meant as a number rather than the name of a column."""
    bare = field.lstrip("+-\u2212").lower()
    return field.startswith(tuple(_NUMBER_STARTS)) or bare in ("inf", "infinity", "nan")


def by_name_or_number(wanted: Sequence[str]) -> Chooser:
    """A chooser of columns by name, or by number from 1.

    There is a header if a column is chosen by name, or if no chosen field looks like a number.
    """

    def choose(fields: Sequence[str]) -> Choice:
        indices = [_find(column, fields) for column in wanted]
        numbers_alone = all(map(_is_count, wanted))
        return Choice(indices, not (numbers_alone and any(looks_like_a_number(fields[i]) for i in indices)))

    return choose


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _find(column: str, fields: Sequence[str]) -> int:
    """The index of the column with this name or number."""
    if _is_count(column):
        if not 1 <= int(column) <= len(fields):
            count = "is 1 column" if len(fields) == 1 else f"are {len(fields)} columns"
            raise ActcalcError(f"no column {column}: there {count}")
        return int(column) - 1
    if column in fields:
        if fields.count(column) > 1:
            raise ActcalcError(f"two columns are named {quote(column)}", "choose by number, from 1")
        return fields.index(column)
    if all(map(looks_like_a_number, fields)):
        raise ActcalcError(f"no column {quote(column)}: there is no header", "choose by number, from 1")
    raise ActcalcError(no_column(column, fields))


def no_column(name: str, fields: Sequence[str]) -> str:
    """The message that there is no column of a name, with the names that there are."""
    only = len(fields) == 1
    return f"no column {quote(name)}: the {'only column is' if only else 'columns are'} {names_of(fields)}"


def names_of(fields: Sequence[str]) -> str:
    """The names of the first columns, quoted."""
    return ", ".join(map(quote, fields[:10])) + (", ..." if fields[10:] else "")
