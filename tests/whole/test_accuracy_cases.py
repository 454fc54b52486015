"""Values that frameworks returned, with the right ones: tests/data/accuracy-cases.csv."""

import csv
import math
from collections.abc import Mapping
from pathlib import Path

import pytest

from actcalc import activation
from actcalc.numbers.floats import FORMATS
from actcalc.numbers.numerals import Numeral

with (Path(__file__).parents[1] / "data" / "accuracy-cases.csv").open(newline="") as file:
    CASES = list(csv.DictReader(file))


def test_there_are_cases() -> None:
    assert len(CASES) == 35


def shown(case: Mapping[str, str]) -> str:
    return " ".join(case[column] for column in ("activation", "quantity", "dtype", "z"))


@pytest.mark.parametrize("case", CASES, ids=shown)
def test_accuracy_case(case: Mapping[str, str]) -> None:
    settings = dict(setting.split("=") for setting in case["parameters"].split())
    f, fmt = activation(case["activation"], **settings), FORMATS[case["dtype"]]
    z = Numeral(case["z"]).to_format(fmt)
    returned = f.g_float(z, fmt) if case["quantity"] == "g" else f.dg_float(z, fmt)
    right = Numeral(case["right"]).to_format(fmt)
    assert returned == right
    assert math.copysign(1, returned) == math.copysign(1, right)
    assert case["quantity"] != "g" or returned == f.g(case["z"], dtype=case["dtype"])
    if case["wrong"]:
        wrong = Numeral(case["wrong"]).to_format(fmt)
        assert returned != wrong
