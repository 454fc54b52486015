"""Columns of text delimited by commas, tabs or spaces, of tables for people, or of JSON, block by block."""

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import chain, repeat

from actcalc.errors import ActcalcError, InputError
from actcalc.input.choosing import Choice, Chooser, Records, at_line, looks_like_a_number
from actcalc.input.invalid import Invalid
from actcalc.input.ruled import begins_a_table, read_table
from actcalc.input.streams import look_at

BLOCK = 1 << 18
"""The number of bytes to read at a time."""
_LONGEST = 1 << 20
"""The most bytes of a line, give or take a block."""


def read_columns(
    blocks: Iterator[bytes], source: str, choose: Chooser, alone: str = "", invalid: Invalid | None = None
) -> Iterator[Records]:
    """The chosen columns of a text that arrives in ``blocks``, as rows for each block.

    The first line decides the delimiter: a tab if it has one, else a comma, else white space, unless it is
    ``alone``, the name of the only column. Lines end with LF or CRLF; empty lines and comments, from a ``#``
    where a field might begin, are left out. The last comment before a first line of numbers may name the
    columns, as NumPy's savetxt writes them. A field may be in double quotes (RFC 4180), but may not continue
    on the next line. A table for people, with a rule below its titles or in Markdown, ends at an empty line.
    Text that begins with ``{`` or ``[`` and decodes is JSON: see ``JsonRows``. ``source`` is the file's name
    in errors; ``""`` is standard input. Memory holds at most 256 KiB and one line (of about a mebibyte) or
    one element of JSON, unless it takes more to recognize the kind of text.

    Raises InputError, naming the line, after all rows before it, for lines that are too long or have more or
    fewer fields than the first; for errors of ``choose``; and if the text cannot be read. An ``invalid`` rule
    that does not stop passes over lines with a wrong number of fields.
    """
    invalid = invalid or Invalid()
    blocks, looks_like_json = look_at(blocks)
    failure: InputError | None = None
    if looks_like_json:
        from actcalc.input.json_rows import JsonRows, NotJson, read_json

        try:
            yield from read_json(blocks, JsonRows(source, choose, invalid).feed)
            return
        except NotJson as error:
            if not error.taken:
                raise
            failure, blocks = error, chain(error.taken, blocks)
    yield from _read_lines(blocks, source, choose, alone, invalid, failure)


def _read_lines(
    blocks: Iterator[bytes],
    source: str,
    choose: Chooser,
    alone: str,
    invalid: Invalid,
    instead: InputError | None,
) -> Iterator[Records]:
    """The columns of lines; if the first line is bad, raises the error ``instead`` if there is one."""
    parts: _Splitter | None = None
    comment = ""
    texts = _whole_lines(blocks, source)
    for text, first in texts:
        if parts is None and begins_a_table(text):
            more = next(texts, None) if "\n" not in text else None
            text += "\n" + more[0] if more else ""
            if begins_a_table(text, whole=True):
                whole = "\n".join([text, *(text for text, _ in texts)])
                yield from read_table(whole, first, source, choose)
                return
        lines = [line.removesuffix("\r") for line in text.split("\n")]
        numbers: Sequence[int] = range(first, first + len(lines))
        has_comments = "#" in text
        if has_comments or not all(map(str.strip, lines)):
            kept = [i for i, line in enumerate(lines) if line.strip() and not _is_comment(line)]
            if parts is None:
                before = filter(_is_comment, lines[: kept[0]] if kept else lines)
                comment = ([comment, *before])[-1]
            numbers = [numbers[i] for i in kept]
            lines = [lines[i] for i in kept]
        if not lines:
            continue
        if has_comments:
            lines = [_COMMENT.sub(r"\1", line) if "#" in line else line for line in lines]
        if parts is None:
            try:
                parts = _Splitter(lines[0], numbers[0], source, choose, comment.strip(" #"), alone, invalid)
            except InputError as error:
                raise instead or error from None
            if parts.is_header:
                if instead is not None:
                    raise instead
                lines, numbers = lines[1:], numbers[1:]
        yield from parts.blocks(lines, numbers)


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


_COMMENT = re.compile(r"""^((?:[^"#]|"[^"]*"|(?<!\s)\#)*?)\s+\#.*$""")
"""A comment, from a ``#`` that begins a word outside double quotes, and the text before it."""


class _Splitter:
    """Splits lines into fields as the first line does; a ``comment`` before it may name the columns."""

    def __init__(
        self,
        first: str,
        number: int,
        source: str,
        choose: Chooser,
        comment: str,
        alone: str,
        invalid: Invalid,
    ) -> None:
        self._source, self._invalid = source, invalid
        unquoted = re.sub('"[^"]*"', "", first)
        self._delimiter = "\t" if first.strip() == alone else _delimiter_of(unquoted)
        try:
            fields = [field.strip() for field in self._fields(first)]
            self._width = len(fields)
            foreign = _FOREIGN.search(unquoted)
            if foreign and self._delimiter is None:
                raise _other_delimiter(foreign[0])
            self._indices, self.is_header = _find_by_names(comment, fields, choose) or choose(fields)
            if foreign and any(foreign[0] in fields[i] for i in self._indices):
                raise _other_delimiter(foreign[0])
        except ActcalcError as error:
            raise at_line(source, number, error) from None

    def blocks(self, lines: Sequence[str], numbers: Sequence[int]) -> Iterator[Records]:
        """The rows as one block. Then raises InputError for a line with another number of fields."""
        failure = None
        rows = (
            [] if any('"' in line for line in lines) else list(map(str.split, lines, repeat(self._delimiter)))
        )
        if not (rows and set(map(len, rows)) <= {self._width}):
            rows, numbers, failure = self._one_by_one(lines, numbers)
        if rows:
            yield Records([[row[i].strip() for row in rows] for i in self._indices], numbers)
        if failure is not None:
            raise failure

    def _one_by_one(
        self, lines: Sequence[str], numbers: Sequence[int]
    ) -> tuple[list[list[str]], list[int], InputError | None]:
        """The rows, their lines, and the error that ends them."""
        rows: list[list[str]] = []
        places: list[int] = []
        for line, number in zip(lines, numbers, strict=True):
            try:
                row = self._fields(line)
                if len(row) != self._width:
                    found = f"{len(row)} {'column' if len(row) == 1 else 'columns'}"
                    raise ActcalcError(f"{found}, but the first line has {self._width}")
            except ActcalcError as error:
                if self._invalid.stops:
                    return rows, places, at_line(self._source, number, error)
                self._invalid.add(line, number)
                if self._invalid.skips:
                    continue
                row = ["nan"] * self._width
            rows.append(row)
            places.append(number)
        return rows, places, None

    def _fields(self, line: str) -> list[str]:
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
                said = str(error).replace("\t", r"\t")  # the text names the delimiter
                problem = f"a double quote is out of place: {said}"
            raise ActcalcError(problem) from None
        return fields


_FOREIGN = re.compile("[;|]")


def _delimiter_of(line: str) -> str | None:
    """The delimiter of the fields; None for white space."""
    return next((c for c in "\t," if c in line), None)


def _find_by_names(comment: str, fields: Sequence[str], choose: Chooser) -> Choice | None:
    """The columns by their names in a comment, if it has one for each of the ``fields`` of numbers."""
    names = [name.strip() for name in comment.split(_delimiter_of(comment))]
    if len(names) != len(fields) or not any(map(looks_like_a_number, fields)):
        return None
    try:
        return choose(names)._replace(is_header=False)
    except ActcalcError:
        if "z" in names:  # it is not just a remark with as many words
            raise
        return None


def _other_delimiter(found: str) -> ActcalcError:
    # With semicolons, a comma is probably a decimal comma.
    swap = "',;' '. '" if found == ";" else "'|' ' '"
    return ActcalcError(
        f"fields are separated by '{found}', not by commas, tabs or spaces",
        f"change them first: tr {swap} < FILE | actcalc ...",
    )


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
