"""Rows from JSON as it arrives: from objects, from arrays, or from named arrays of numbers."""

import codecs
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple, TypeVar

from actcalc.errors import ActcalcError, Argument, InputError, Wording, quote
from actcalc.input.choosing import Chooser, Records, at_line
from actcalc.input.invalid import Invalid
from actcalc.input.texts import Cells

Found = TypeVar("Found")

_SPACE = re.compile(r"[ \t\r\n\v\f]*")
_WORD = re.compile(r"[-+.\w]{0,12}")
_CUT = re.compile(rf"[\s,]*|{_WORD.pattern}")
"""The most that may remain undecoded of a text that continues in the next block."""
_LONG = 1 << 16
"""The length of an incomplete element from which it has to double before it is tried again."""
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
"""A decoder that keeps the digits of numbers as written."""


_BAD_LINE: Any = object()
"""Stands for a line that is passed over."""


class _Element(NamedTuple):
    """An object, an array or a number in a document; an array yields each of its elements."""

    value: Any
    line: int
    document: int
    """The number of the document, from 0."""


class _Undecoded(ActcalcError):
    """An error: text is not JSON."""


class _Elements:
    """The elements of JSON documents, one after another, as their text arrives."""

    def __init__(self, passes_over: Callable[[str, int], bool]) -> None:
        """``passes_over`` says of a line that is not JSON, and its number, whether to go on after it."""
        self.line, self._passes_over = 1, passes_over
        self._text, self._at, self._least = "", 0, 0
        self._document = 0
        self._is_inside = False
        self._needs_comma = False

    def feed(self, more: str, is_last: bool) -> Iterator[_Element]:
        """The complete elements. Raises ActcalcError for text that is not JSON."""
        self._text, self._at = self._text[self._at :] + more, 0
        if len(self._text) < self._least and not is_last:
            return
        self._least = 0
        text = self._text
        while True:
            self._go_to(_SPACE.match(text, self._at).end())  # type: ignore[union-attr]
            sign = text[self._at : self._at + 1]
            if not sign:
                if is_last and self._is_inside:
                    raise _Undecoded("incomplete JSON: an array does not end")
                return
            if sign == "#":
                end = text.find("\n", self._at)
                if end < 0 and not is_last:
                    return
                self._go_to(end if end >= 0 else len(text))
            elif sign == "[" and not self._is_inside:
                self._is_inside, self._needs_comma = True, False
                self._at += 1
            elif sign == "]" and self._is_inside:
                self._is_inside = False
                self._document += 1
                self._at += 1
            elif sign == "," and (self._needs_comma or not self._is_inside):
                self._needs_comma = False
                self._at += 1
            else:
                if self._is_inside and self._needs_comma:
                    raise _Undecoded("not JSON: a comma is missing between elements of an array")
                found = self._decode(is_last)
                if found is None:
                    return
                yield found

    def _go_to(self, place: int) -> None:
        self.line += self._text.count("\n", self._at, place)
        self._at = place

    def _decode(self, is_last: bool) -> _Element | None:
        """The element that begins here, or None if it is not complete yet."""
        text, start = self._text, self._at
        try:
            value, end = _DECODER.raw_decode(text, start)
        except json.JSONDecodeError as error:
            goes_on = error.msg.startswith("Unterminated") or _CUT.fullmatch(text, error.pos)
            if is_last or not goes_on:
                if not self._is_inside and self._passes_over(text[start:].partition("\n")[0], self.line):
                    return self._leave_line()
                raise _Undecoded(f"not JSON: {error.msg[:1].lower()}{error.msg[1:]}") from None
            if len(text) - start > _LONG:
                self._least = 2 * (len(text) - start)
            return None
        except RecursionError:
            raise _Undecoded("JSON is nested too deeply") from None
        if not (is_last or isinstance(value, dict | list)) and _WORD.fullmatch(text, end):
            return None  # a number may continue
        if not (self._is_inside or isinstance(value, dict | list)):
            raise _Undecoded("not rows in JSON: a number is outside of an array")
        found = _Element(value, self.line, self._document)
        self._go_to(end)
        self._needs_comma = True
        if not self._is_inside:
            self._document += 1
        return found

    def _leave_line(self) -> _Element:
        end = self._text.find("\n", self._at)
        left = _Element(_BAD_LINE, self.line, self._document)
        self._go_to(end if end >= 0 else len(self._text))
        self._document += 1
        return left


class _BadRow(ActcalcError):
    """An error: a row is not like the first."""


class NotJson(InputError):
    """An error: text is not JSON. If nothing was read before, ``taken`` holds the blocks."""

    taken: Sequence[bytes] = ()


def _failure(source: str, line: int, error: ActcalcError) -> InputError:
    failure = at_line(source, line, error)
    return NotJson(failure.message, failure.hint) if isinstance(error, _Undecoded) else failure


def read_json(
    blocks: Iterable[bytes], feed: Callable[[bytes], tuple[Found | None, InputError | None]]
) -> Iterator[Found]:
    """Yield the result of ``feed`` for each block, and raise its error."""
    taken: list[bytes] | None = []
    for block in blocks:
        if taken is not None:
            taken.append(block)
        found, failure = feed(block)
        if found is not None:
            taken = None
            yield found
        if failure is not None:
            if isinstance(failure, NotJson):
                failure.taken = taken or ()
            raise failure


class JsonRows:
    """A reader of rows: an object is a row, or has an array per column; an array in an array is a row, too.

    In an array of numbers each number is a row, unless another such array follows: then each array is a row.
    """

    def __init__(self, source: str, choose: Chooser, invalid: Invalid) -> None:
        self._source, self._choose, self._invalid = source, choose, invalid
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._elements = _Elements(self._passes_over)
        self._keys: list[str] | None = None
        self._indices: Sequence[int] | None = None
        self._width = 0
        self._held: list[_Element] = []
        self._arrays_are_rows: bool | None = None

    def feed(self, block: bytes) -> tuple[Records | None, InputError | None]:
        """The rows of a block, if it has any, and the error that ends them; the last block is empty."""
        rows: list[list[str]] = []
        lines: list[int] = []
        failure = None
        try:
            for element in self._elements.feed(self._decoder.decode(block, final=not block), not block):
                for line, row in self._rows(element):
                    rows.append(row)
                    lines.append(line)
            for line, row in self._rows_held(None if block else math.inf):
                rows.append(row)
                lines.append(line)
        except InputError as error:
            failure = error
        except ActcalcError as error:
            failure = _failure(self._source, self._elements.line, error)
        columns = [list(column) for column in zip(*rows, strict=True)]
        return (Records(columns, lines) if rows else None), failure

    def _passes_over(self, text: str, line: int) -> bool:
        if self._invalid.stops or (self._keys is None and self._indices is None):
            return False
        self._invalid.add(text, line)
        return True

    def _rows(self, element: _Element) -> Iterator[tuple[int, list[str]]]:
        value, line, document = element
        try:
            if value is _BAD_LINE:
                raise _BadRow("")
            if isinstance(value, dict):
                yield from ((line, row) for row in self._of_object(value))
            elif isinstance(value, list):
                yield from ((line, row) for row in self._of_array(value))
            else:
                yield from self._rows_held(document)
                self._held.append(element)
        except _BadRow as error:
            if value is not _BAD_LINE and not self._passes_over(json.dumps(value), line):
                raise at_line(self._source, line, error) from None
            if not self._invalid.skips:
                yield line, ["nan"] * len(self._indices or self._keys or [])
        except InputError:
            raise
        except ActcalcError as error:
            raise at_line(self._source, line, error) from None

    def _of_object(self, value: dict[str, Any]) -> Iterable[list[str]]:
        if self._keys is None:
            self._keys = self._keys_of(value)
        arrays = [key for key in self._keys if isinstance(value.get(key), list)]
        if not arrays:
            return [[_text(value.get(key), key, self._invalid.stops) for key in self._keys]]
        lengths = {key: len(value[key]) for key in arrays}
        for key in self._keys:
            if key not in lengths:
                raise _BadRow(f"there is no array {quote(key)}")
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{quote(key)} has {n}" for key, n in lengths.items())
            raise _BadRow(f"the arrays differ in length: {told}")
        columns = [[_text(cell, key, self._invalid.stops) for cell in value[key]] for key in self._keys]
        return map(list, zip(*columns, strict=True))

    def _keys_of(self, first: dict[str, Any]) -> list[str]:
        """The keys chosen from all, or else from those of arrays."""
        if not first:
            raise ActcalcError("the first object has no keys")
        arrays = [key for key, column in first.items() if isinstance(column, list)]
        try:
            chosen = [list(first)[i] for i in self._choose(list(first)).indices]
            if not arrays or {*chosen} <= {*arrays} or not {*chosen} & {*arrays}:
                return chosen
        except ActcalcError:
            if not arrays:
                raise
        return [arrays[i] for i in self._choose(arrays).indices]

    def _of_array(self, value: list[Any]) -> Iterable[list[str]]:
        if self._indices is None:
            cells = [_text(cell, str(i), stops=False) for i, cell in enumerate(value, 1)]
            self._indices, is_header = self._choose(cells or [""])
            self._width = len(value)
            if is_header:
                return []
        if len(value) != self._width:
            found = f"{len(value)} element" + "s" * (len(value) != 1)
            raise _BadRow(f"an array of {found}, but the first one has {self._width}")
        return [[_text(value[i], str(i + 1), self._invalid.stops) for i in self._indices]]

    def _rows_held(self, document: float | None) -> Iterator[tuple[int, list[str]]]:
        """The rows of the numbers held back, if another ``document`` or the end has come."""
        if not self._held or document is None or document == self._held[0].document:
            return
        held, self._held = self._held, []
        if self._arrays_are_rows is None:
            self._arrays_are_rows = document != math.inf
        rows = [[one.value for one in held]] if self._arrays_are_rows else [[one.value] for one in held]
        for one, row in zip(held, rows, strict=False):
            try:
                yield from ((one.line, cells) for cells in self._of_array(row))
            except ActcalcError as error:
                raise at_line(self._source, one.line, error) from None


def _text(cell: Any, key: str, stops: bool) -> str:
    """The text of a number; for a missing one text that is not a number, or an error if that ``stops``."""
    if isinstance(cell, str):
        return cell.strip()
    if stops or not (cell is None or isinstance(cell, bool)):
        raise _BadRow(f"there is no number {quote(key)}")
    return json.dumps(cell)


class JsonNumbers:
    """A reader of all numbers in arrays, also nested ones. It refuses objects, and names their keys."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._elements = _Elements(lambda text, line: False)

    def feed(self, block: bytes) -> tuple[Cells | None, InputError | None]:
        """The numbers of a block, if it has any, and the error that ends them; the last block is empty."""
        words: list[str] = []
        lines: list[int] = []
        failure = None
        try:
            for value, line, _ in self._elements.feed(
                self._decoder.decode(block, final=not block), not block
            ):
                found = list(_flat(value))
                words += found
                lines += [line] * len(found)
        except ActcalcError as error:
            failure = at_line("", self._elements.line, error)
        return (Cells(words, lines) if words else None), failure


def _flat(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        keys = ", ".join(map(quote, list(value)[:10]))
        hint = Wording(Argument("column", "NAME"), " reads the numbers of one key") if keys else ""
        raise ActcalcError(
            f"an object is not a number: it has the keys {keys}" if keys else "an empty object", hint
        )
    if isinstance(value, list):
        yield from chain.from_iterable(map(_flat, value))
    else:
        yield value.strip() if isinstance(value, str) else json.dumps(value)
