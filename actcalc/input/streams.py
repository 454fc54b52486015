"""Streams of bytes, which may be compressed, and text in them, which may not be UTF-8."""

import codecs
import io
import re
import shlex
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import chain
from typing import IO, Any, cast

from actcalc.errors import ActcalcError, InputError, quote
from actcalc.input.blocks import read_blocks


def _gzip(file: IO[bytes]) -> IO[bytes]:
    from gzip import GzipFile

    return cast(IO[bytes], GzipFile(fileobj=file))


def _xz(file: IO[bytes]) -> IO[bytes]:
    from lzma import LZMAFile

    return cast(IO[bytes], LZMAFile(file))


_PACKED = {b"\x1f\x8b": (_gzip, "gzip"), b"\xfd7zXZ\0": (_xz, "xz")}
"""The first bytes of compressed data, the class that decompresses them, and their name."""

NPY, ZIP = b"\x93NUMPY", b"PK\3\4"

_UNICODE = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
"""Byte order marks, and their encodings."""

_PANDAS = "python3 -c \"import pandas, sys; pandas.{}('{}').to_csv(sys.stdout, index=False)\" | actcalc ..."
_NUMPY = "python3 -c \"import numpy, sys; numpy.savetxt(sys.stdout, numpy.load('{}').ravel())\" | actcalc ..."
_TENSORS = (
    'python3 -c "import numpy, {0};'
    " numpy.savez('pairs.npz', **{{k: v.double() for k, v in {0}.{1}('{{}}').items()}})\""
)
_FOREIGN = {
    b"PAR1": ("a Parquet file", _PANDAS.replace("{}", "read_parquet", 1)),
    b"\x28\xb5\x2f\xfd": ("compressed by zstd", "zstd -dc {} | actcalc ..."),
    NPY: ("a .npy file", _NUMPY),
    ZIP: ("a zip archive", "unzip -p {} | actcalc ..."),
}
_TORCH = "a file of torch", _TENSORS.format("torch", "load")
_SAFETENSORS = "a safetensors file", _TENSORS.format("safetensors.torch", "load_file")
"""The first bytes of data that are not text, what they are, and a command that makes text of them."""

_MAGIC = (*_PACKED, *_UNICODE, *_FOREIGN)
_MEMBER = 30
"""The place of the first member's name in a zip archive."""
_OF_EXCEL = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/")
"""The first members of an Excel workbook."""


_BEFORE = re.compile(rb"(?:[ \t\r\n\v\f]+|#[^\n]*\n)*")
"""White space and comments."""
_LONG = 1 << 20
"""The most bytes of white space and comments to look at."""


class Stream:
    """The bytes of a file descriptor, decompressed; the first ones can be inspected.

    ``source`` is the file's name in errors; ``""`` is standard input. Blocks have at most ``most`` bytes if
    they are not compressed; the last one is empty. Raises InputError if they cannot be read or decompressed.
    """

    def __init__(self, descriptor: int, source: str = "", most: int = 1 << 20) -> None:
        self._blocks = read_blocks(descriptor, source, most)
        self.source, self._most = source, most
        self.is_packed = False

    @cached_property
    def begins(self) -> bytes:
        """The first bytes, enough to recognize the kind of data."""
        first = self._first()
        for magic, (unpacker, name) in _PACKED.items():
            if first.startswith(magic):
                self.is_packed = True
                self._blocks = self._unpack(unpacker, name, self._blocks)
                return self._first()
        return first

    def _first(self) -> bytes:
        first = b""
        for block in self._blocks:
            first += block
            if not block:
                self._blocks = iter([b""])
                break
            is_open = first.startswith(ZIP) and len(first) < _MEMBER + 30
            if not (is_open or any(len(m) > len(first) and m.startswith(first) for m in _MAGIC)):
                break
        self._blocks = chain([first] * bool(first), self._blocks)
        return first

    def _unpack(
        self, unpacker: Callable[[IO[bytes]], IO[bytes]], name: str, packed: Iterator[bytes]
    ) -> Iterator[bytes]:
        unpacked = unpacker(cast(IO[bytes], _Raw(packed)))
        failure: InputError | None = None
        more = b"more"
        while more and failure is None:
            parts: list[bytes] = []
            while more and sum(map(len, parts)) < self._most:
                try:
                    more = unpacked.read1(self._most)  # type: ignore[attr-defined]
                    parts.append(more)
                except (InputError, MemoryError):
                    raise
                except EOFError:
                    failure = self._error(f"the {name} data are truncated")
                    break
                except Exception as error:  # each of Python's modules has its own for damaged data
                    failure = self._error(f"the {name} data are damaged: {error}")
                    break
            if block := b"".join(parts):
                yield block
        if failure is not None:
            raise failure
        yield b""

    @property
    def holds_arrays(self) -> bool:
        """Whether it is a .npy or a .npz file."""
        if self._is_of_excel or self._is_of_torch:
            return False
        return self.begins.startswith((NPY, ZIP))

    @property
    def _is_of_excel(self) -> bool:
        return self.begins.startswith(ZIP) and self.begins[_MEMBER:].startswith(_OF_EXCEL)

    @property
    def _is_of_torch(self) -> bool:
        return self.begins.startswith(ZIP) and b"/data.pkl" in self.begins

    @property
    def _foreign(self) -> tuple[str, str] | None:
        """The kind of data if it is not text, and the command that turns it into text or arrays."""
        if self._is_of_excel:
            return "an Excel workbook", _PANDAS.replace("{}", "read_excel", 1)
        if self._is_of_torch:
            return _TORCH
        if self.begins[4:10] == b'\0\0\0\0{"':  # behind eight bytes for the length of a header
            return _SAFETENSORS
        return next((known for magic, known in _FOREIGN.items() if self.begins.startswith(magic)), None)

    def text(self) -> Iterator[bytes]:
        """The bytes of a text in UTF-8, without a byte order mark. Raises InputError if it is not text."""
        encoding = next((name for mark, name in _UNICODE.items() if self.begins.startswith(mark)), None)
        if self._foreign is not None:
            what, command = self._foreign
            file = shlex.quote(self.source) if self.source else "FILE"
            raise self._error(ActcalcError(f"this is {what}, not text", command.replace("{}", file)))
        yield from self._blocks if encoding is None else _recode(self._blocks, encoding)

    @contextmanager
    def spool(self) -> Iterator[io.FileIO]:
        """A file with all the bytes, for random access."""
        _ = self.begins
        with tempfile.TemporaryFile() as file:
            file.writelines(self._blocks)
            file.seek(0)
            yield io.FileIO(file.fileno(), closefd=False)

    def _error(self, problem: ActcalcError | str) -> InputError:
        text, hint = (problem.line, problem.hint) if isinstance(problem, ActcalcError) else (problem, "")
        return InputError(f"{quote(self.source, 4096)[1:-1]}: {text}" if self.source else text, hint)


def look_at(blocks: Iterator[bytes]) -> tuple[Iterator[bytes], bool]:
    """The blocks of a text, and whether it begins with a bracket, as JSON does."""
    begun, looks_like_json = b"", False
    for block in blocks:
        begun += block
        before = _BEFORE.match(begun)
        assert before is not None, "it matches anything"
        sign = begun[before.end() : before.end() + 1]
        looks_like_json = sign in (b"[", b"{")
        if sign not in (b"", b"#") or len(begun) > _LONG:
            break
    return chain([begun], blocks), looks_like_json


def _recode(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """A text as UTF-8; bytes that cannot be decoded are replaced, or kept as surrogates."""
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape" if "8" in encoding else "replace")
    for block in blocks:
        text = decoder.decode(block, final=not block)
        if text:
            yield text.encode("utf-8", "surrogateescape")
    yield b""


class _Raw(io.RawIOBase):
    """A file from blocks of bytes."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._rest = blocks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._rest = self._rest or next(self._blocks, b"")
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count
