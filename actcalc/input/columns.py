"""Columns of delimited text - commas, tabs or spaces - or of JSON, from a stream, block by block."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import NamedTuple

from actcalc.errors import ActcalcError, InputError, quote

BLOCK = 1 << 18
"""Bytes to read together."""
_LONGEST = 1 << 20
"""Bytes a line may have, give or take a block."""

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


def read_columns(blocks: Iterator[bytes], source: str, choose: Chooser, alone: str = "") -> Iterator[Records]:
    """The chosen columns of a text, of which each of the ``blocks`` is a part, for each that arrives.

    The first line says what parts the fields: tabs if it has one, else commas, else spaces, unless it is
    ``alone``, the name of the only column. Lines end with LF or CRLF; empty ones and comments, which begin
    with ``#``, are left out. The last comment before a first line of numbers may
    name the columns, as NumPy's savetxt writes them. A field may stand in double quotes (RFC 4180), but not
    go on in the next line. Where the first line begins with ``{`` or ``[``, lines are JSON: objects whose
    keys are the columns. ``source`` is what errors call a file; ``""`` is standard input. No more than
    256 KiB and one line, of about a mebibyte, are held.

    Raises InputError, naming the line, for lines with more or fewer fields than the first and lines that
    are too long, after all rows before it; for what ``choose`` raises; and if the text cannot be read.
    """
    parts: _Splitter | _Objects | None = None
    comment = ""
    for text, first in _whole_lines(blocks, source):
        lines = [line.removesuffix("\r") for line in text.split("\n")]
        numbers: Sequence[int] = range(first, first + len(lines))
        if not all(map(str.strip, lines)) or "#" in text:
            kept = [i for i, line in enumerate(lines) if line.strip() and not _is_comment(line)]
            if parts is None:
                before = filter(_is_comment, lines[: kept[0]] if kept else lines)
                comment = ([comment, *before])[-1]
            numbers = [numbers[i] for i in kept]
            lines = [lines[i] for i in kept]
        if not lines:
            continue
        if parts is None:
            if lines[0].lstrip()[0] in "[{":
                parts = _Objects(source, choose)
            else:
                parts = _Splitter(lines[0], numbers[0], source, choose, comment.strip(" #"), alone)
                if parts.is_header:
                    lines, numbers = lines[1:], numbers[1:]
        yield from parts.blocks(lines, numbers)


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


class _Splitter:
    """Parts lines into fields, as the first line has it; a ``comment`` before that may name the columns."""

    def __init__(
        self, first: str, number: int, source: str, choose: Chooser, comment: str, alone: str
    ) -> None:
        self._source = source
        unquoted = re.sub('"[^"]*"', "", first)
        self._delimiter = "\t" if first.strip() == alone else _delimiter_of(unquoted)
        fields = [field.strip() for field in self._fields(first, number)]
        self._width = len(fields)
        try:
            foreign = _FOREIGN.search(unquoted)
            if foreign and self._delimiter is None:
                raise _other_delimiter(foreign[0])
            self._indices, self.is_header = _find_by_names(comment, fields, choose) or choose(fields)
            if foreign and any(foreign[0] in fields[i] for i in self._indices):
                raise _other_delimiter(foreign[0])
        except ActcalcError as error:
            raise at_line(source, number, error) from None

    def blocks(self, lines: Sequence[str], numbers: Sequence[int]) -> Iterator[Records]:
        """The rows as one block. Raises InputError for one that has another number of fields, after it."""
        failure = None
        rows: list[list[str]] = []
        try:
            if any('"' in line for line in lines):
                for line, number in zip(lines, numbers, strict=True):
                    rows.append(self._fields(line, number))
            else:
                rows = list(map(str.split, lines, repeat(self._delimiter)))
        except InputError as error:
            failure = error
        if not set(map(len, rows)) <= {self._width}:
            bad = next(i for i, row in enumerate(rows) if len(row) != self._width)
            found = f"{len(rows[bad])} {'column' if len(rows[bad]) == 1 else 'columns'}"
            failure = at_line(self._source, numbers[bad], f"{found}, but the first line has {self._width}")
            rows = rows[:bad]
        if rows:
            yield Records([[row[i].strip() for row in rows] for i in self._indices], numbers[: len(rows)])
        if failure is not None:
            raise failure

    def _fields(self, line: str, number: int) -> list[str]:
        if '"' not in line:
            return line.split(self._delimiter)
        delimiter = self._delimiter or " "
        try:
            (fields,) = csv.reader(
                [line], delimiter=delimiter, skipinitialspace=self._delimiter is None, strict=True
            )
        except csv.Error as error:
            if "limit" in str(error):
                problem = f"a field has more than {csv.field_size_limit()} characters"
            else:
                said = str(error).replace("\t", r"\t")  # it names the delimiter
                problem = f"a double quote is out of place: {said}"
            raise at_line(self._source, number, problem) from None
        return fields


_FOREIGN = re.compile("[;|]")


def _delimiter_of(line: str) -> str | None:
    """The delimiter of the fields; None is white space."""
    return next((c for c in "\t," if c in line), None)


def _find_by_names(comment: str, fields: Sequence[str], choose: Chooser) -> Choice | None:
    """The columns by their names in a comment, if it has one for each of the ``fields`` of numbers."""
    names = [name.strip() for name in comment.split(_delimiter_of(comment))]
    if len(names) != len(fields) or not any(map(looks_like_a_number, fields)):
        return None
    try:
        return choose(names)._replace(is_header=False)
    except ActcalcError:
        if "z" in names:  # it is no remark of so many words
            raise
        return None


def _other_delimiter(found: str) -> ActcalcError:
    # With semicolons a comma is likely to be a decimal one.
    swap = "',;' '. '" if found == ";" else "'|' ' '"
    return ActcalcError(
        f"fields are separated by '{found}', and not by commas, tabs or spaces",
        f"change them first: tr {swap} < FILE | actcalc ...",
    )


class _Objects:
    """Reads lines of JSON, each an object or an array of them, or part of an array that has one a line."""

    is_header = False

    def __init__(self, source: str, choose: Chooser) -> None:
        self._source, self._choose = source, choose
        self._keys: list[str] = []

    def blocks(self, lines: Sequence[str], numbers: Sequence[int]) -> Iterator[Records]:
        """The rows as one block. Raises InputError for a line that holds no such objects, after it."""
        failure = None
        rows: list[list[str]] = []
        places: list[int] = []
        for line, number in zip(lines, numbers, strict=True):
            try:
                found = self._rows(line.strip())
            except ActcalcError as error:
                failure = at_line(self._source, number, error)
                break
            rows += found
            places += [number] * len(found)
        if rows:
            yield Records([list(column) for column in zip(*rows, strict=True)], places)
        if failure is not None:
            raise failure

    def _rows(self, line: str) -> list[list[str]]:
        import json

        if line in "[]":
            return []
        try:
            # Numbers keep the digits they are written with.
            read = json.loads(line.removesuffix(","), parse_float=str, parse_int=str, parse_constant=str)
        except (ValueError, RecursionError):
            read = None
        objects = read if isinstance(read, list) else [read]
        if not all(isinstance(one, dict) for one in objects):
            raise ActcalcError("not an object a line of JSON", "write it so first: jq -c . FILE")
        if objects and not self._keys:
            keys = list(objects[0])
            self._keys = [keys[i] for i in self._choose(keys or [""]).indices]
        return [[self._cell(one, key) for key in self._keys] for one in objects]

    def _cell(self, one: dict[str, object], key: str) -> str:
        cell = one.get(key)
        if not isinstance(cell, str):
            raise ActcalcError(f"no number is called {quote(key)}")
        return cell.strip()


def _whole_lines(blocks: Iterator[bytes], source: str) -> Iterator[tuple[str, int]]:
    """Whole lines as they arrive, without the last line feed, and the number of the first of them."""
    line, rest = 1, b""
    for block in blocks:
        data = rest + block
        cut = data.rfind(b"\n") + 1 if block else len(data)
        whole, rest = data[:cut], data[cut:]
        if whole:
            yield whole.removesuffix(b"\n").decode("utf-8", "surrogateescape"), line
        line += whole.count(b"\n")
        if len(rest) > _LONGEST:
            raise at_line(source, line, f"more than {_LONGEST} characters")


def at_line(source: str, number: int, problem: ActcalcError | str) -> InputError:
    """The error that names the file, if it is not standard input, and the line."""
    hint = problem.hint if isinstance(problem, ActcalcError) else ""
    return in_file(source, ActcalcError(f"line {number}: {problem}", hint))


def in_file(source: str, problem: ActcalcError | str) -> InputError:
    """The error that names the file, if it is not standard input."""
    hint = problem.hint if isinstance(problem, ActcalcError) else ""
    return InputError(f"{quote(source, 4096)[1:-1]}: {problem}" if source else str(problem), hint)


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
    shown = ", ".join(quote(field)[1:-1] for field in fields[:10]) + (", ..." if fields[10:] else "")
    raise ActcalcError(f"no column {quote(column)}: there are {shown}")
