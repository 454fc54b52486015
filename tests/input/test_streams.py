"""Streams that are compressed, in another encoding, or not text at all."""

import gzip
import io
import lzma
import os
import zipfile
from collections.abc import Callable

import numpy as np
import pytest

from actcalc.errors import InputError
from actcalc.input.streams import Stream
from tests.input.test_columns import piped

Pack = Callable[[bytes], bytes]


def text(data: bytes, source: str = "") -> bytes:
    with piped(data) as reading:
        return b"".join(Stream(reading, source, 1 << 16).text())


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
@pytest.mark.parametrize(
    "data", [b"", b"1", b"1\n2\n", b"P", b"\xef\xbb", "\ufeff0.5\n".encode(), b"0.25\n" * 100_000]
)
def test_text_comes_through(pack: Pack, data: bytes) -> None:
    assert text(pack(data)) == data.removeprefix(b"\xef\xbb\xbf")


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_packed_files_one_after_the_other(pack: Pack) -> None:
    """Concatenated compressed files, as from ``cat a.gz b.gz``."""
    assert text(pack(b"1\n") + pack(b"2\n")) == b"1\n2\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
def test_utf_16_with_its_mark(encoding: str) -> None:
    mark = "" if encoding == "utf-16" else "\ufeff"
    written = "z,\u03c3\r\n0,\U0001d7d8\r\n"
    assert text((mark + written).encode(encoding)) == written.encode()
    long = written * 50_000
    assert text((mark + long).encode(encoding)) == long.encode()
    assert text((mark + "1").encode(encoding) + b"\0") == "1\ufffd".encode()


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_damaged_input_is_refused_after_the_intact_part(pack: Pack) -> None:
    data = os.urandom(1 << 17).hex().encode()
    whole = pack(data)
    name = "gzip" if pack is gzip.compress else "xz"
    for packed, message in (
        (whole[: len(whole) // 2], "truncated"),
        (whole[:1000] + b"\xff\xff\xff\xff" * 5 + whole[1020:], ""),
    ):
        before: list[bytes] = []
        match = rf"^a\.gz: the {name} data are {message}"
        with piped(packed) as reading, pytest.raises(InputError, match=match):
            before.extend(Stream(reading, "a.gz", 1 << 14).text())
        if message:
            assert data.startswith(b"".join(before))
            assert len(b"".join(before)) > len(data) // 4


def workbook() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("[Content_Types].xml", "xl/workbook.xml"):
            archive.writestr(name, "<x/>" * 50)
    return file.getvalue()


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as inside:
        inside.writestr("log.csv", "z,dg\n0,1\n" * 20)
    return file.getvalue()


def array() -> bytes:
    file = io.BytesIO()
    np.save(file, np.zeros(3))
    return file.getvalue()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    ("data", "what", "command"),
    [
        (b"PAR1 and so on", "a Parquet file", "pandas.read_parquet('FILE').to_csv"),
        (b"\x28\xb5\x2f\xfd and so on", "compressed by zstd", "zstd -dc FILE | actcalc ..."),
        (workbook(), "an Excel workbook", "pandas.read_excel('FILE').to_csv"),
        (archive(), "a zip archive", "unzip -p FILE | actcalc ..."),
        (array(), "a .npy file", "numpy.load('FILE')"),
    ],
)
def test_binary_input_is_refused_by_name(data: bytes, what: str, command: str, pack: Pack) -> None:
    for source in ("", "a.b"):
        with pytest.raises(InputError) as caught:
            text(pack(data), source)
        assert caught.value.line == f"{source}{': ' * bool(source)}this is {what}, not text"
        assert command.replace("FILE", source or "FILE") in caught.value.hint


def test_the_first_bytes_are_not_waited_for() -> None:
    """A number from ``tail -f`` gets its result before more input arrives."""
    reading, writing = os.pipe()
    blocks = Stream(reading).text()
    os.write(writing, b"1\n")
    assert next(blocks) == b"1\n"
    os.close(writing)
    assert b"".join(blocks) == b""
    os.close(reading)


def test_a_pipe_that_delivers_parts() -> None:
    for data, what in ((workbook(), "an Excel workbook"), (b"PAR1...", "a Parquet file")):
        with piped(data[:9], data[9:]) as reading, pytest.raises(InputError, match=f"^this is {what}"):
            list(Stream(reading).text())
    packed = gzip.compress(b"0.5\n")
    with piped(packed[:1], packed[1:]) as reading:
        assert b"".join(Stream(reading).text()) == b"0.5\n"
