"""Columns of delimited text: which values are read from a text, and when."""

import os
import threading
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from actcalc.errors import InputError
from actcalc.input.choosing import Choice, Chooser, Records, by_name_or_number
from actcalc.input.columns import BLOCK, read_columns
from actcalc.input.streams import Stream


def first_two(fields: Sequence[str]) -> Choice:
    return Choice((0, 1), is_header=False)


@contextmanager
def piped(text: bytes | str, then: bytes = b"") -> Iterator[int]:
    """A pipe that delivers ``text`` and, a little later, the bytes ``then``."""
    reading, writing = os.pipe()

    def write() -> None:  # a pipe holds 64 KiB
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            pipe.write(text.encode() if isinstance(text, str) else text)
            if then:
                time.sleep(0.05)
                pipe.write(then)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield reading
    finally:
        while os.read(reading, 1 << 20):
            pass
        os.close(reading)
        writer.join()


def read(text: bytes | str, choose: Chooser = first_two) -> list[Records]:
    with piped(text) as reading:
        return list(read_columns(Stream(reading, "", BLOCK).text(), "", choose))


def rows(text: bytes | str, choose: Chooser = first_two) -> list[tuple[str, ...]]:
    return [row for block in read(text, choose) for row in zip(*block.columns, strict=True)]


@pytest.mark.parametrize(
    "text",
    [
        *("1,2\n3,4\n", "1\t2\n3\t4\n", "1 2\n3 4\n", "1,2\n3,4", "1,2\r\n3,4\r\n", "  1   2\n\n 3 4 \n\n"),
        *(
            "\ufeff1,2\n3,4\n",
            "1 , 2\n3, 4\n",
            '"1","2"\n3,"4"\n',
            "\n \n1\t 2\n\r\n3\t4",
            '"1" "2"\n3  "4"\n',
        ),
        *("1,2,a\n3,4,b\n", '1,2,"a,b"\n3,4,"say ""x"""\n', "1\t2\t\n3\t4\t\n", "1,2,\n3,4,\n"),
    ],
)
def test_one_table_in_many_forms(text: str) -> None:
    assert rows(text) == [("1", "2"), ("3", "4")]


@pytest.mark.parametrize(
    ("text", "wanted", "expected"),
    [
        ("z,g,dg\n1,2,3\n", ("z", "dg"), [("1", "3")]),
        ("z,g,dg\n1,2,3\n", ("3", "1"), [("3", "1")]),
        ("1,2,3\n4,5,6\n", ("3", "1"), [("3", "1"), ("6", "4")]),
        ('"z","a, b"\n1,2\n', ("a, b",), [("2",)]),
        ("z g\n1 2\n", ("g",), [("2",)]),
        ("name,z\nx,1\n", ("2",), [("1",)]),
        ("2,1\n3,4\n", ("2",), [("1",), ("4",)]),
        ("z,2,1\n3,4,5\n", ("2",), [("2",), ("4",)]),
        ("inf,nan\n1,2\n", ("2",), [("nan",), ("2",)]),
        ("information,nanometre\n1,2\n", ("2",), [("2",)]),
        ("z\n1\n", ("z",), [("1",)]),
        ("z,g\n", ("z",), []),
    ],
)
def test_by_name_or_number(text: str, wanted: Sequence[str], expected: list[tuple[str, ...]]) -> None:
    assert rows(text, by_name_or_number(wanted)) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("z,g\n1,2\n", "line 1: no column 'dg': the columns are 'z', 'g'"),
        ("\n\n1,2\n", "line 3: no column 'dg': there is no header"),
        ("dg,z,dg\n", "line 1: two columns are named 'dg'"),
        (
            ",".join("abcdefghijkl"),
            "line 1: no column 'dg': the columns are 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', ...",
        ),
        ("\x1b[1m,g\n", r"line 1: no column 'dg': the columns are '\x1b[1m', 'g'"),
    ],
)
def test_a_column_that_is_not_there(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        rows(text, by_name_or_number(["dg"]))
    assert caught.value.line == message


@pytest.mark.parametrize(
    ("text", "message"), [("1,2\n", "there are 2 columns"), ("1\n", "there is 1 column")]
)
@pytest.mark.parametrize("column", ["3", "0", "999999999"])
def test_a_number_that_is_not_a_column(text: str, message: str, column: str) -> None:
    with pytest.raises(InputError, match=f"^line 1: no column {column}: {message}$"):
        rows(text, by_name_or_number([column]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2\n\n3\n", "line 3: 1 column, but the first line has 2"),
        ("1 2\n3 4 5\n6\n", "line 2: 3 columns, but the first line has 2"),
        ("1\t2\n3 4\n", "line 2: 1 column, but the first line has 2"),
        ('1,2\n"3,4\n', "line 2: a double quote is out of place: unexpected end of data"),
        ('1\t2\n"3"x\t4\n', "line 2: a double quote is out of place: '\\t' expected after '\"'"),
        ('1,2\n"3"x,4\n', "line 2: a double quote is out of place: ',' expected after '\"'"),
        ('1,2\n"3",4\n5\n', "line 3: 1 column, but the first line has 2"),
        ("1,2\n" + "3" * (2 << 20) + "4,5\n", "line 2: more than 1048576 characters"),
    ],
)
@pytest.mark.parametrize("source", ["", "data.csv"])
def test_bad_lines_are_named_after_the_rows_before_them(text: str, message: str, source: str) -> None:
    before: list[Records] = []
    with piped(text) as reading:
        blocks = read_columns(Stream(reading, source, BLOCK).text(), source, first_two)
        with pytest.raises(InputError) as caught:
            before.extend(iter(lambda: next(blocks), None))
    assert caught.value.line == (f"{source}: " if source else "") + message
    assert next(text for block in before for text in block.columns[0]) == "1"


def test_a_folder_cannot_be_read() -> None:
    descriptor = os.open("/", os.O_RDONLY)
    with pytest.raises(InputError, match=r"^cannot read standard input: Is a directory$"):
        list(read_columns(Stream(descriptor, "", BLOCK).text(), "", first_two))
    with pytest.raises(InputError, match=r"^cannot read 'folder': Is a directory$"):
        list(read_columns(Stream(descriptor, "folder", BLOCK).text(), "folder", first_two))
    os.close(descriptor)


def test_rows_come_as_they_arrive() -> None:
    """Only whole lines are read; the rest of the last one waits."""
    reading, writing = os.pipe()
    blocks = read_columns(Stream(reading, "", BLOCK).text(), "", first_two)
    os.write(writing, b"z,g\n1,2\n3,")
    assert next(blocks) == Records([["z", "1"], ["g", "2"]], range(1, 3))
    os.write(writing, b"4\n\n5,6\n")
    assert next(blocks) == Records([["3", "5"], ["4", "6"]], [3, 5])
    os.write(writing, b"7,8")
    os.close(writing)
    assert next(blocks) == Records([["7"], ["8"]], range(6, 7))
    assert list(blocks) == []
    os.close(reading)


def test_a_byte_order_mark_in_pieces() -> None:
    mark = "\ufeffz\n1\n".encode()
    with piped(mark[:1], mark[1:]) as reading:
        blocks = list(read_columns(Stream(reading, "", BLOCK).text(), "", by_name_or_number(["z"])))
    assert [block.columns for block in blocks] == [[["1"]]]


def test_lines_are_counted_across_blocks() -> None:
    text = "z,g\n" + "".join(f"{i},{-i}\n" + "\n" * (i % 2) for i in range(50000))
    blocks = read(text, by_name_or_number(["g", "z"]))
    assert len(blocks) > 2
    found = [(line, *row) for block in blocks for line, *row in zip(block.lines, *block.columns, strict=True)]
    assert found == [(2 + i + i // 2, str(-i), str(i)) for i in range(50000)]


def test_memory_is_bounded() -> None:
    with piped(b"1.5,2.5\n" * 400_000) as reading:
        tracemalloc.start()
        try:
            count = sum(
                len(block.lines) for block in read_columns(Stream(reading, "", BLOCK).text(), "", first_two)
            )
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert count == 400_000
    assert peak < 25_000_000
