"""Words of a stream: a comment extends to the end of its line, however many parts it arrives in."""

import os
import threading
import time

import pytest

from actcalc.input.streams import Stream
from actcalc.input.words import read_words


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([b"1 # a", b" b 2", b" c\n3"], [("1", 1), ("3", 2)]),
        ([b"1 #", b"2\n3"], [("1", 1), ("3", 2)]),
        ([b"1\n#", b"\n#", b"\n2 "], [("1", 1), ("2", 4)]),
        ([b"1#", b"2 #3"], [("1#2", 1)]),
        ([b"#1"], []),
    ],
)
def test_comments(parts: list[bytes], expected: list[tuple[str, int]]) -> None:
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            for part in parts:
                pipe.write(part)
                time.sleep(0.05)

    writer = threading.Thread(target=write)
    writer.start()
    found = [
        (words.text(i), words.line(i))
        for words in read_words(Stream(reading).text())
        for i in range(len(words.words))
    ]
    writer.join()
    os.close(reading)
    assert found == expected
