"""JSON in any layout: its rows and numbers, and the messages for invalid JSON."""

import json
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from actcalc.errors import InputError
from actcalc.input.choosing import Choice, Records, by_name_or_number
from actcalc.input.columns import read_columns
from actcalc.input.invalid import Invalid
from actcalc.input.pairs import choose_pair
from actcalc.input.words import read_texts

PAIRS = [("0", "0.25"), ("-1.50", "1e-3"), ("12345678901234567890", "NaN")]


def parts(text: str, size: int) -> Iterator[bytes]:
    data = text.encode()
    for start in range(0, len(data), size):
        yield data[start : start + size]
    yield b""


def rows(text: str, size: int = 1 << 20, of: str = "dg") -> list[tuple[str, ...]]:
    blocks = read_columns(parts(text, size), "", choose_pair(of))
    return [row for block in blocks for row in zip(*block.columns, strict=True)]


def layouts() -> Iterator[str]:
    objects = [f'{{"z": {z}, "dg": {dg}}}' for z, dg in PAIRS]
    arrays = [f"[{z}, {dg}]" for z, dg in PAIRS]
    z, dg = ([pair[i] for pair in PAIRS] for i in (0, 1))
    yield "\n".join(objects)
    yield "\n".join(objects) + "\n"
    yield "[" + ",".join(objects) + "]"
    yield "[\n" + ",\n".join(objects) + "\n]\n"
    yield (
        "[\n  {\n    "
        + "\n  },\n  {\n    ".join(one[1:-1].replace(", ", ",\n    ") for one in objects)
        + "\n  }\n]"
    )
    yield "[" + ", ".join(arrays) + "]"
    yield "[\n" + ",\n".join(one.replace(", ", ",\n") for one in arrays) + "\n]"
    yield "\n".join(arrays) + "\n"
    yield f'{{"z": [{", ".join(z)}], "dg": [{", ".join(dg)}]}}'
    yield f'{{"name": "s", "dg": [{", ".join(dg)}],\n "z": [{", ".join(z)}], "n": 3}}\n'
    yield f'{{"dg": ["{chr(34).join([dg[0], ", ", dg[1], ", ", dg[2]])}"], "z": [{", ".join(z)}]}}'
    yield "# a comment\n\n" + "\n# another\n".join(objects)


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize("text", [*layouts()], ids=lambda text: ascii(text)[:40])
def test_rows_in_any_layout_and_however_they_arrive(text: str, size: int) -> None:
    assert rows(text, size) == PAIRS


def test_rows_agree_with_the_json_module() -> None:
    """Rows agree with Python's own reader, in the layouts that it writes."""
    rng = np.random.default_rng(5)
    pairs = rng.normal(size=(2000, 2)).tolist()
    z, dg = np.array(pairs).T.tolist()
    for indent in (None, 0, 2):
        for held in ([{"z": x, "dg": y} for x, y in pairs], pairs, {"z": z, "dg": dg}):
            text = json.dumps(held, indent=indent)
            assert [(float(x), float(y)) for x, y in rows(text, 5000)] == [tuple(p) for p in pairs]


def numbers(text: str, size: int = 1 << 20, is_strict: bool = True) -> list[tuple[str, int]]:
    return [
        (texts.text(i), texts.line(i))
        for texts in read_texts(parts(text, size), is_strict)
        for i in range(len(texts.words))
    ]


@pytest.mark.parametrize("size", [1, 3, 1 << 20])
def test_numbers(size: int) -> None:
    assert numbers("[0, 1,\n -2.50]", size) == [("0", 1), ("1", 1), ("-2.50", 2)]
    assert numbers("[[0, 1], [[2]], []]\n[3]\n", size) == [("0", 1), ("1", 1), ("2", 1), ("3", 2)]
    assert numbers('["0.1", null]', size) == [("0.1", 1), ("null", 1)]
    assert numbers("# none\n[]", size) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[0, 1", "line 1: incomplete JSON: an array does not end"),
        ("[0 1]", "line 1: not JSON: a comma is missing between elements of an array"),
        ("[0,\n1,\n]x", "line 3: not JSON: expecting value"),
        ('{"z": 1}', "line 1: an object is not a number: it has the keys 'z'"),
        ("[" * 100_000, "line 1: JSON is nested too deeply"),
        ("[1] 2", "line 1: not rows in JSON: a number is outside of an array"),
    ],
)
def test_no_json_where_numbers_are_asked_for(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        numbers(text)
    assert caught.value.line == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[0, 1, 3]", "line 1: there is only one column: z and a value are needed"),
        ("{}", "line 1: the first object has no keys"),
        ('{"z": 1, "dg": 2}\n{"z": 1}\n', "line 2: there is no number 'dg'"),
        ('{"z": 1, "dg": 2}\n{"z": 1, "dg": null}\n', "line 2: there is no number 'dg'"),
        ('{"z": 1, "dg": 2}\n{"z": 1, "dg": {}}\n', "line 2: there is no number 'dg'"),
        (
            '{"z": [1], "dg": [1, 2]}',
            "line 1: the arrays differ in length: 'z' has 1, 'dg' has 2",
        ),
        ("[[1, 2], [1]]", "line 1: an array of 1 element, but the first one has 2"),
        ('{"z": 1, "dg": 2}\nnone\n', "line 2: not JSON: expecting value"),
        ('{"z": 1,, "dg": 2}', "line 1: not JSON: expecting property name enclosed in double quotes"),
        ('{"z": 1, "g": 2}', "line 1: no column 'dg': the columns are 'z', 'g'"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        rows(text)
    assert caught.value.line == message


def test_rows_before_the_fault_are_returned() -> None:
    found: list[Records] = []
    text = '{"z": 1, "dg": 2}\n{"z": 3, "dg": 4}\nbroken\n'
    with pytest.raises(InputError, match=r"^line 3: not JSON"):
        found.extend(read_columns(parts(text, 1000), "", choose_pair("dg")))
    assert found == [Records([["1", "3"], ["2", "4"]], [1, 2])]


@pytest.mark.parametrize(
    "first", ["[INFO] 0.5 1", "[12:30:01] 0.5 1", "[2024] 0.5 1", "{x} 0.5 1", "[a b] 0.5 1"]
)
def test_a_log_that_begins_as_json_does_is_columns(first: str) -> None:
    text = first + "\n" + first.replace("0.5", "0.75") + "\n"

    def choose(fields: Sequence[str]) -> Choice:
        return Choice([len(fields) - 2], is_header=False)

    blocks = list(read_columns(parts(text, 9), "", choose))
    assert [cell for block in blocks for cell in block.columns[0]] == ["0.5", "0.75"]


def test_skipped_parts_of_json() -> None:
    text = '{"z": 1, "dg": 2}\nbroken\n{"z": 3}\n{"z": 5, "dg": [1]}\n{"z": 7, "dg": null}\n'
    for rule, expected in (("skip", ["1", "3", "5", "7"]), ("nan", ["1", "nan", "3", "5", "7"])):
        invalid = Invalid(rule)
        blocks = read_columns(parts(text, 10), "", by_name_or_number(["z"]), invalid=invalid)
        assert [cell for block in blocks for cell in block.columns[0]] == expected
    assert invalid.note == "1 text is not a number and became NaN: 'broken' on line 2"
