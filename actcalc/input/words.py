"""The words of a stream, block by block."""

import re
from collections.abc import Iterator
from functools import cached_property
from itertools import chain, islice

from actcalc.errors import InputError, quote
from actcalc.input.streams import look_at
from actcalc.input.texts import Texts
from actcalc.numbers.numerals import LONGEST


class Words:
    """Words of a stream, with their lines."""

    def __init__(self, source: bytes, first_line: int) -> None:
        self.source = source
        self.first_line = first_line

    @cached_property
    def words(self) -> list[bytes]:
        """The words, split on first use."""
        return self.source.split()

    @property
    def are_decimal(self) -> bool:
        """Whether all words have only characters of decimal numbers, and none is too long for one."""
        has_others = self.source.translate(None, b"0123456789.eE+- \t\n\r\v\f")
        return not has_others and max(map(len, self.words)) <= LONGEST

    def text(self, index: int) -> str:
        """A word as text."""
        return self.words[index].decode("utf-8", "surrogateescape")

    def line(self, index: int) -> int:
        """The line of a word, from 1."""
        places = (match.start() for match in re.finditer(rb"[^ \t\n\r\v\f]+", self.source))
        return self.first_line + self.source.count(b"\n", 0, next(islice(places, index, None)))


_COMMENT = re.compile(rb"(?<![^ \t\n\r\v\f])#[^\n]*")
_COMMENT_AT_END = re.compile(_COMMENT.pattern + rb"\Z")


def read_words(blocks: Iterator[bytes]) -> Iterator[Words]:
    """The words of a text that arrives in ``blocks``, separated by ASCII white space.

    A ``#`` at the beginning of a word starts a comment, to the end of its line. Raises InputError for a word
    longer than any number, after all words before it.
    """
    line, rest, in_comment = 1, b"", False
    for block in blocks:
        if in_comment:
            end = block.find(b"\n")
            if end < 0:
                continue
            block = block[end:]
        data = rest + block
        in_comment = False
        if b"#" in data:
            in_comment = _COMMENT_AT_END.search(data) is not None
            data = _COMMENT.sub(b" ", data)
        # A word that touches the end of the block may continue in the next one.
        cut = max(data.rfind(c) for c in b" \t\n\r\v\f") + 1 if block else len(data)
        whole, rest = data[:cut], data[cut:]
        if whole and not whole.isspace():
            yield Words(whole, line)
        line += whole.count(b"\n")
        if len(rest) > LONGEST:
            shown = quote(rest.decode("utf-8", "surrogateescape"))
            raise InputError(f"line {line}: {shown} is not a number: it has more than {LONGEST} characters")


def read_texts(blocks: Iterator[bytes], is_strict: bool) -> Iterator[Texts]:
    """The numbers of JSON if the text begins like JSON, else its words, for each block that arrives.

    Unless ``is_strict``, text that begins like JSON but is not has words, too. Raises InputError as
    ``read_words`` does, and for text that should be JSON but is not.
    """
    blocks, looks_like_json = look_at(blocks)
    if looks_like_json:
        from actcalc.input.json_rows import JsonNumbers, NotJson, read_json

        try:
            yield from read_json(blocks, JsonNumbers().feed)
            return
        except NotJson as error:
            if is_strict or not error.taken:
                raise
            blocks = chain(error.taken, blocks)
    yield from read_words(blocks)
