"""Invalid numbers among many valid ones are skipped, and nothing else changes."""

import json
import random

import pytest

from tests.support.command import actcalc

ODD = ("1/3", "1.0D-5", "0x1p-2", "0.5f", "nan", "-inf", "\u22121")
BAD = ("NA", "null", "-", "1_0", "0x", "1/0", "--5")


def mixed(count: int, also: tuple[str, ...]) -> list[str]:
    """Numbers, with other words now and then."""
    rng = random.Random(7)
    return [rng.choice(also) if i % 50 == 7 else repr(rng.uniform(-9, 9)) for i in range(count)]


@pytest.mark.parametrize("count", [60, 9000])
@pytest.mark.parametrize("options", ["", "--dtype float32", "--digits 5", "--column z"])
def test_invalid_text_does_not_change_numbers(count: int, options: str) -> None:
    count = 400 if "digits" in options and count > 400 else count
    words, header = mixed(count, (*ODD, *BAD)), "z\n" if "column" in options else ""
    kept = [word for word in words if word not in BAD]
    run = ["eval", "relu", *options.split()]
    alone = actcalc(run, header + "\n".join(kept) + "\n")
    assert alone.status == 0
    skipped = actcalc([*run, "--invalid", "skip"], header + "\n".join(words) + "\n")
    assert (skipped.status, skipped.out) == (0, alone.out)
    first = next(i for i, word in enumerate(words) if word in BAD)
    line = first + 1 + len(header.splitlines())
    told = f"is not a number and was skipped: '{words[first]}' on line {line}\n"
    if (n := len(words) - len(kept)) > 1:
        told = f"{n} texts are not numbers and were skipped; the first is '{words[first]}' on line {line}\n"
    assert skipped.err.endswith(told)
    filled = actcalc([*run, "--invalid", "nan", "-q"], header + "\n".join(words) + "\n")
    instead = ["nan" if word in BAD else word for word in words]
    assert filled.out == actcalc(run, header + "\n".join(instead) + "\n").out
    assert filled.err == ""


def test_invalid_text_does_not_change_pairs() -> None:
    """The report names the first wrong pair in the order of the input."""
    rng = random.Random(8)
    numbers = sorted(rng.uniform(-9, 9) for _ in range(9000))
    rows = [[repr(z), float.hex(z) if i % 40 == 3 else repr(z)] for i, z in enumerate(numbers)]
    for i in range(7, len(rows), 50):
        rows[i][rng.randrange(2)] = rng.choice(BAD)
    rows[43][1], rows[5001][1] = float.hex(-numbers[43]), repr(-numbers[5001])
    kept = [row for row in rows if not {*row} & {*BAD}]
    run = ["check", "identity", "--of", "g", "-f", "json", "-q"]
    alone = actcalc(run, "".join(f"{z},{x}\n" for z, x in kept))
    assert json.loads(alone.out)["failures"]["wrong_sign"] == {"count": 2, "first_z": numbers[43]}
    text = "".join(f"{z},{x}\n" for z, x in rows)
    assert actcalc([*run, "--invalid", "skip"], text) == alone
    filled = actcalc([*run, "--invalid", "nan"], text)
    instead = "".join(",".join("nan" if cell in BAD else cell for cell in row) + "\n" for row in rows)
    assert filled == actcalc(run, instead)


def test_other_errors_still_stop_the_run() -> None:
    words = mixed(5000, BAD)
    words[4000] = "7"
    done = actcalc(
        ["deriv", "tanh", "--given-a", "--invalid", "skip"], "\n".join(["0.5"] * 4000 + words[4000:])
    )
    assert done.status == 1
    assert done.out == "0.75\n" * 4000
    assert "actcalc: line 4001: " in done.err
