"""Printed decimals checked against the right values: which are right to a place, and which place that is."""

import json
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from actcalc.errors import ActcalcError
from actcalc.numbers.numerals import Numeral
from actcalc.numbers.places import Place, PlaceMissed, decade, last_place
from tests.support.command import actcalc


def check(name: str, pairs: str, *options: str) -> str:
    """Run check and return the verdict."""
    done = actcalc(["check", name, *options, "-f", "csv"], pairs)
    assert done.status == (not done.err.startswith("passed"))
    return done.err.removesuffix("\n")


@pytest.mark.parametrize(
    ("column", "place"),
    [
        (["0.1966", "0.2500", "-1.0000"], Place(4, is_fixed=True)),
        (["0.0000"], Place(4, is_fixed=True)),
        (["1", "20"], Place(0, is_fixed=True)),
        (["0.1966", "0.25"], Place(4)),
        (["1.5e-3", "2.25e+10"], Place(3)),
        (["1.5e-3", "2.5e+10"], Place(2)),
        (["0.00012", "1"], Place(2)),
        (["nan", "inf", "0.25"], Place(2, is_fixed=True)),
        (["0x1p-2", "0.125"], Place(3, is_fixed=True)),
    ],
)
def test_the_last_place_of_a_column(column: list[str], place: Place) -> None:
    assert last_place(map(Numeral, column)) == place


def test_a_column_without_decimals_is_refused() -> None:
    with pytest.raises(ActcalcError, match="say how many digits"):
        last_place(map(Numeral, ["nan", "0x1p0"]))


@pytest.mark.parametrize("text", ["1", "9.99e-400", "1e-400", "1e4000", "9.9999", "10", "1e22", "0.1", "7/9"])
def test_decades(text: str) -> None:
    x = Fraction(text)
    assert Fraction(10) ** decade(x) <= x < Fraction(10) ** (decade(x) + 1)
    assert decade(-x) == decade(x)


@pytest.mark.parametrize("place", [Place(2), Place(2, is_fixed=True)])
@pytest.mark.parametrize("x", ["0.10", "0.99", "1", "0", "-1"])
@pytest.mark.parametrize(
    "value", ["0.0999", "0.1005", "0.995", "0.9951", "0.9949", "1.05", "0", "-0.95", "1.1"]
)
def test_bounds_and_the_value_itself_give_one_answer(place: Place, x: str, value: str) -> None:
    question, exact = PlaceMissed(Fraction(x), place), Fraction(value)
    answer = question.round_exact(exact)
    for width in (Fraction(1, 10**9), Fraction(1, 10**30)):
        found = question._between(exact - width, exact + width)
        assert found in (None, answer)
    unit = Fraction(1, 100)
    if not place.is_fixed:  # as the decimals are written
        unit = Fraction(Decimal(10) ** (Decimal(value).adjusted() - 1)) if exact else Fraction(0)
    assert answer == (abs(Fraction(x) - exact) > unit / 2)


def rounded(z: str, digits: int, off: int = 0) -> str:
    """The slope of sigmoid to some digits by Python's exp, with the last digit changed by ``off``."""
    with localcontext(prec=digits + 40):
        e = (-Decimal(z)).exp()
        value = Context(digits).plus(e / (1 + e) ** 2)
        return f"{value + off * Decimal(1).scaleb(value.adjusted() + 1 - digits):.{digits - 1}e}"


@pytest.mark.parametrize("digits", [1, 3, 7, 15, 17, 40])
def test_the_last_digit_counts(digits: int) -> None:
    zs = ["0.1", "1", "-2.5", "10", "-700", "1000", "12345.678"]
    right = "".join(f"{z} {rounded(z, digits)}\n" for z in zs)
    for option in (str(digits), "auto"):
        said = f"right to {digits} significant digit{'s' * (digits > 1)}"
        assert check("sigmoid", right, "--digits", option) == f"passed: all points are {said}"
        for off in (-1, 1):
            wrong = right + f"3 {rounded('3', digits, off)}\n"
            assert check("sigmoid", wrong, "--digits", option) == f"FAILED: 1 point not {said}"


def test_more_digits_than_requested_are_not_a_fault() -> None:
    assert check("sigmoid", "1 0.19661193324148185\n", "--digits", "4").startswith("passed")
    assert check("sigmoid", "1 0.19661193324148185\n", "--digits", "16").startswith("passed")
    assert check("sigmoid", "1 0.19661193324148185\n", "--digits", "18").startswith("FAILED")


def test_decimals_that_are_fixed() -> None:
    """Far out a zero is right to four decimals, but not to four significant digits."""
    pairs = "z,dg\n0,0.2500\n1,0.1966\n40,0.0000\n"
    assert check("sigmoid", pairs, "--digits", "auto") == "passed: all points are right to 4 decimals"
    assert check("sigmoid", pairs, "--digits", "4") == "FAILED: 1 point not right to 4 significant digits"
    assert check("sigmoid", pairs.replace("1966", "1967"), "--digits", "auto").startswith("FAILED: 1 point")


def test_half_a_unit_is_right_on_either_side_and_no_more() -> None:
    """z counts as it is written, not as the nearest float."""
    for value, right in (("0.1234", True), ("0.1235", True), ("0.1233", False), ("0.1236", False)):
        assert (
            check("identity", f"0.12345 {value}\n", "--of", "g", "--digits", "4").startswith("passed")
            == right
        )
    assert check("identity", "0.123450000000000000001 0.1234\n", "--of", "g", "--digits", "4").startswith(
        "FAILED"
    )
    assert check("identity", "1/3 0.3333\n-2/3 -0.6667\n", "--of", "g", "--digits", "4").startswith("passed")


@pytest.mark.parametrize(
    ("name", "pairs", "options", "right"),
    [
        ("relu", "0 0.5\n", "", True),
        ("relu", "0 1.2\n", "", False),
        ("relu", "0 0.5\n", "--at-kink least", False),
        ("relu", "0 0.0\n", "--at-kink least", True),
        ("relu", "0 nan\n1 1\n", "--at-kink nan", True),
        ("relu", "0 nan\n1 1\n", "", False),
        ("step", "0 1.0\n", "--of g", True),
        ("step", "0 0.5\n", "--of g", False),
        ("tanh", "inf 0\n-inf 0.0\nnan nan\n", "", True),
        ("tanh", "inf 1\n-inf -1\n", "--of g", True),
        ("softplus", "inf inf\n0 0.69\n", "--of g", True),
        ("softplus", "inf 1e9\n", "--of g", False),
        ("tanh", "1 inf\n2 0.1\n", "", False),
        ("tanh", "0 0\n", "--of g", True),
        ("tanh", "0 1e-30\n", "--of g", False),
        ("gelu", "0.3 0.73\n", "", True),
        ("log(z)", "-1 nan\n1 1.0\n", "", True),
        ("log(z)", "-1 1\n1 1.0\n", "", False),
    ],
)
def test_kinks_infinities_and_nan(name: str, pairs: str, options: str, right: bool) -> None:
    digits = "2" if "auto" not in options else "auto"
    assert check(name, pairs, "--digits", digits, *options.split()).startswith("passed") == right


@pytest.mark.parametrize("name", ["relu", "hard_swish", "tanh", "gelu", "leaky_relu", "elu", "mish"])
@pytest.mark.parametrize("digits", ["1", "4", "17", "60"])
def test_a_table_of_its_own_passes(name: str, digits: str) -> None:
    """Tables with ties, fractions and infinities among their points pass."""
    points = ["0.12345", "1/3", "-2/7", "0.00015", "-2.5", "1e-30", "0", "-inf", "7.000000000000000000001"]
    for form in ("csv", "json"):
        table = actcalc(["table", name, "--at", *points, "--digits", digits, "-f", form, "-q"]).out
        for of in ("g", "dg"):
            assert check(name, table, "--digits", digits, "--of", of).startswith("passed")


def test_figures() -> None:
    pairs = "z dg\n0 0.25\n1 0.1976\n2 0.1059\n-1 0.1966\n"
    done = actcalc(["check", "sigmoid", "--digits", "4", "--worst", "3", "-f", "json", "-q"], pairs)
    said = json.loads(done.out)
    assert (said["points"], said["right_to_place"], said["digits"], said["decimals"]) == (4, 2, 4, None)
    # e/(1 + e)**2 to 60 digits: 0.19661193324148185 and 0.10499358540350652
    assert (said["at_z"], said["got"], said["right"], said["largest_error"]) == (
        *("1", "0.1976", "0.196612"),
        9.88067,
    )
    assert [(p["z"], p["right"]) for p in said["worst"]] == [("1", "0.196612"), ("2", "0.104994")]
    text = actcalc(["check", "sigmoid", "--digits", "auto", "--worst", "1"], pairs).out
    assert "largest error" in text
    assert "9.88 units of the last place" in text
    assert text.endswith("\nFAILED: 2 points not right to 4 significant digits\n")


def test_options_that_exclude_digits() -> None:
    for option in (["--max-ulp", "1"], ["--dtype", "float32"], ["--ranges"], ["--strict-zero"]):
        done = actcalc(["check", "tanh", "--digits", "4", *option], "0 1\n")
        assert (done.status, done.err) == (2, f"actcalc: --digits and {option[0]} cannot be used together\n")
    for wrong in ("0", "1001", "x", "-1"):
        assert actcalc(["check", "tanh", "--digits", wrong], "0 1\n").status == 2
    done = actcalc(["check", "tanh", "--digits", "auto"], "0 nan\n")
    assert done.err == "actcalc: --digits finds no decimal: say how many digits must be right\n"
    assert (
        actcalc(["check", "tanh", "--digits", "4"], "0 1\n1 x\n").err
        == "actcalc: line 2: 'x' is not a number\n"
    )


def test_undecided_values_are_counted_and_fail() -> None:
    done = actcalc(["check", "exp(log(z)) - z", "--of", "g", "--digits", "3"], "2 0\n3 0\n")
    assert done.status == 1
    assert done.out.endswith("FAILED: 2 points left out, as the right value is not settled\n")


def test_a_value_beyond_all_exponents_is_named() -> None:
    done = actcalc(["check", "exponential", "--digits", "3", "-q"], "z,dg\n0,1.00\n1e30,inf\n")
    assert (done.status, done.out) == (1, "")
    assert done.err == "actcalc: z = 1e30: the result has an exponent of more than sixteen digits\n"


def test_contents_of_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pairs.txt").write_text("0 1.0\n1 1.0\n")
    run = ["check", "relu", "pairs.txt", "--digits", "2"]
    lines = actcalc([*run, "--at-kink", "right"]).out.splitlines()
    facts = [line.split(maxsplit=1) for line in lines if line.startswith(("opt", "file"))]
    assert facts == [["options", "--at-kink right"], ["file", "pairs.txt"]]
    assert "1 point, where several values are right" in actcalc(run).out


def test_arrays_have_the_digits_that_tell_them_apart(tmp_path: Path) -> None:
    z = np.linspace(-3, 3, 7, dtype=np.float32)
    np.savez(tmp_path / "a.npz", z=z, dg=1 / (1 + np.exp(-z)))
    done = actcalc(["check", "softplus", str(tmp_path / "a.npz"), "--digits", "5"])
    assert done.out.endswith("passed: all points are right to 5 significant digits\n")
