"""The story in ``show``: derivation, shortcut, kinks, and where float64 breaks the shortcut."""

import json
import math
import re
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from actcalc import activation
from actcalc.activations.activation import Activation
from actcalc.catalogue import lookup
from actcalc.cli.notes import option
from actcalc.numbers.floats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, Format
from actcalc.teaching.story import story
from actcalc.teaching.textbook import LAST_TENTH, Breakdown, TextbookSlope, breakdowns
from tests.support.command import actcalc
from tests.support.matrix import SETTINGS, setting


def shown(name: str) -> dict[str, Any]:
    done = actcalc(["show", name, "--format", "json"])
    assert (done.status, done.err) == (0, "")
    facts: dict[str, Any] = json.loads(done.out)
    return facts


def test_sigmoid_and_tanh() -> None:
    sigmoid, tanh = shown("sigmoid"), shown("tanh")
    assert sigmoid["derivation"].endswith("; 1/u = a, so g' = a*(1 - a)")
    assert sigmoid["cost"] == (
        "the forward pass leaves a = g(z), so z need not be kept; the slope costs 1 multiplication"
        " and 1 subtraction, and no exp"
    )
    assert sigmoid["at_kinks"] == "none: g' exists at every z"
    assert sigmoid["float64"].startswith(
        "from z = 6.9 on the shortcut is always off by more than 10 ulps, from 21.4 on by more than half the"
        " digits, and from 37.5 on it is exactly 0 (where the slope is 5.175555005801868e-17)"
    )
    assert tanh["float64"].startswith(
        "from z = 2.7 on the shortcut is always off by more than 10 ulps, from 11.1 on by more than half the"
        " digits, and from 19.1 on it is exactly 0 (where the slope is 1.0280418219381054e-16), and likewise"
        " towards minus infinity"
    )


def test_kinks() -> None:
    assert shown("relu")["at_kinks"] == (
        "At z = 0 the little triangle has the slope 0.0 on the left and 1.0 on the right, so g' is"
        " undefined there; g is convex: every number from 0.0 to 1.0 is a subgradient, and gradient descent"
        " works with any; actcalc returns 0.0, the one nearest to 0."
    )
    assert "g is not convex, and actcalc returns 0.0" in shown("relu6")["at_kinks"]
    assert shown("step")["at_kinks"].startswith("At z = 0 g jumps")


def test_no_shortcut() -> None:
    facts = shown("silu")
    assert facts["cost"].endswith("with different slopes: the backward pass needs z itself")
    assert facts["float64"].endswith("actcalc plot silu --error float64")
    assert story(activation("swish", beta="2"), option)[3].endswith(
        "actcalc plot swish:beta=2 --error float64"
    )


@pytest.mark.parametrize("name", lookup.names())
def test_every_activation_has_a_story(name: str) -> None:
    arguments = ["-p", "threshold=0", "-p", "value=0"] if name == "threshold" else []
    done = actcalc(["show", name, *arguments])
    lines = done.out.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("why g'"))
    assert [
        line[:11].strip() for line in lines[start : start + lines[start:].index("")] if line[0] != " "
    ] == [
        "why g'",
        "why from a",
        "at a kink",
        "in float64",
    ]
    assert max(map(len, lines[start:])) <= 80
    assert all(text.isascii() and text for text in story(next(f for f in SETTINGS if f.name == name)))


# Where the shortcut breaks, point by point


def scanned(f: Activation, fmt: Format, side: int) -> Breakdown | None:
    """The result of ``breakdowns``, found by looking at every tenth."""
    textbook = TextbookSlope(f, fmt)
    points = [fmt.round_exact(Fraction(side * k, 10)) for k in range(LAST_TENTH + 1)]
    normal = (k for k in range(LAST_TENTH, 0, -1) if abs(f.dg_float(points[k], fmt)) >= fmt.smallest_normal)
    last = next(normal, 0)

    def start_of(holds: Callable[[float], bool]) -> int | None:
        k = last
        while k > 0 and holds(points[k]):
            k -= 1
        return k + 1 if k < last else None

    ten = start_of(lambda z: textbook.error(z) > 10)
    half = start_of(lambda z: textbook.error(z) > math.sqrt(2.0**fmt.precision))
    zero = start_of(lambda z: textbook(z) == 0)
    if ten is None or (half is None and 2 * ten > LAST_TENTH):
        return None
    return Breakdown(side, last, ten, half, zero)


@pytest.mark.parametrize(
    ("described", "fmt"),
    [
        ("sigmoid", FLOAT64),
        pytest.param(*("tanh", FLOAT64), marks=pytest.mark.exhaustive),
        pytest.param(*("selu", FLOAT64), marks=pytest.mark.exhaustive),
        pytest.param(*("softplus(beta=2)", FLOAT64), marks=pytest.mark.exhaustive),
        pytest.param(*("celu(alpha=1/3)", FLOAT64), marks=pytest.mark.exhaustive),
        ("log_sigmoid", FLOAT32),
        ("elu(alpha=257)", BFLOAT16),
        ("tanh", FLOAT16),
        ("softsign", FLOAT64),
        pytest.param(*("squareplus(b=4)", FLOAT16), marks=pytest.mark.exhaustive),
    ],
)
def test_breakdowns_are_those_of_every_tenth(described: str, fmt: Format) -> None:
    f = setting(described)
    every = tuple(found for side in (1, -1) if (found := scanned(f, fmt, side)) is not None)
    assert breakdowns(f, fmt) == every


def test_straight_lines_do_not_break() -> None:
    for name in ("relu", "leaky_relu", "relu6", "hard_tanh", "identity", "step", "exponential"):
        assert breakdowns(activation(name)) == ()


def test_derivations_of_the_lecture_end_in_the_shortcut() -> None:
    for name in ("sigmoid", "tanh"):
        f = activation(name)
        assert f.derivation.endswith(f"= {f.require_shortcut().text}")


def test_float64_is_the_format_of_the_story() -> None:
    assert breakdowns(activation("tanh")) == breakdowns(activation("tanh"), FLOAT64)


def test_operations_on_constants_cost_nothing() -> None:
    assert shown("selu")["cost"].endswith("costs 1 comparison and 1 addition, and no exp")
    assert shown("rrelu")["cost"].endswith("costs 1 comparison")
    assert shown("exponential")["cost"].endswith("costs nothing, and no exp")


def test_the_triangle_is_worked_out_step_by_step() -> None:
    """The numbers of the lecture's picture agree with sinh and cosh in plain floats."""
    facts = shown("sigmoid")
    heading, *steps, last = facts["worked"]
    assert heading == "height/width of the triangle from z - h to z + h:"
    assert last == "the slope itself: g'(0) = 0.25"
    for half, step in zip((0.1, 0.01, 0.001), steps, strict=True):
        found = re.fullmatch(rf"h = {half}: (\S+)/{2 * half} = (\S+), off by (\S+)", step)
        assert found is not None, step
        height = math.tanh(half / 2)  # sigmoid(z) - sigmoid(-z)
        assert float(found[1]) == pytest.approx(height, rel=1e-9)
        assert float(found[2]) == pytest.approx(height / (2 * half), rel=1e-9)
        assert float(found[3]) == pytest.approx(height / (2 * half) - 0.25, rel=1e-2)
    assert facts["next"] == [
        "actcalc verify sigmoid",
        "actcalc show sigmoid --dtype float64",
        "actcalc plot sigmoid --at 0 -o page.html",
    ]
    assert shown("relu")["worked"] == [
        "height/width of the triangle on the left, from z - h to z:",
        *("h = 0.1: 0/0.1 = 0", "h = 0.01: 0/0.01 = 0", "h = 0.001: 0/0.001 = 0"),
        "height/width of the triangle on the right, from z to z + h:",
        *("h = 0.1: 0.1/0.1 = 1", "h = 0.01: 0.01/0.01 = 1", "h = 0.001: 0.001/0.001 = 1"),
        "g'(0) is undefined: the slope is 0.0 on the left and 1.0 on the right",
    ]
    assert shown("step")["worked"][8:12] == [
        "and across the jump, from z - h to z + h:",
        *("h = 0.1: 1/0.2 = 5", "h = 0.01: 1/0.02 = 50", "h = 0.001: 1/0.002 = 500"),
    ]
    page = actcalc(["show", "sigmoid"]).out
    assert page.splitlines()[-1].split() == ["actcalc", "plot", "sigmoid", "--at", "0", "-o", "page.html"]


def test_the_triangle_is_seen_to_converge() -> None:
    """The triangles converge visibly, unlike those at 0, where softplus has 0.5 at every width."""
    for name in ("softplus", "gelu", "sparse_plus"):
        offs = [float(step.rpartition(" ")[2]) for step in shown(name)["worked"] if "off by" in step]
        assert len(offs) == 3
        assert all(0 < abs(after) < abs(before) / 5 for before, after in pairwise(offs))
    assert shown("hard_tanh")["next"][-1] == "actcalc plot hard_tanh:min=-1,max=1 --at -1 -o page.html"


def test_why_slopes_vanish() -> None:
    (ends, why) = shown("sigmoid")["slopes"].split("; ")
    assert ends == "(0, 0.25], greatest at z = 0"
    assert why == "at most 0.25: after 10 layers at most about 9.5e-07 is left, so slopes vanish"
    assert float(f"{0.25**10:.2g}") == 9.5e-07
    assert "vanish" not in shown("relu")["slopes"]


def test_functions_without_a_limit_oscillate() -> None:
    page = actcalc(["show", "snake"]).out
    assert "g' oscillates" in page
    assert "nan" not in page


def test_digits_of_irrational_numbers() -> None:
    """The minimum of GELU is -0.169971207479903661693868..., computed with Arb."""
    narrow, wide = (actcalc(["show", "gelu", *more]).out for more in ((), ("--wide",)))
    assert "range of g  [-0.16997120747990366, inf)" in narrow
    assert "range of g  [-0.169971207479903661693868470982433922832852392, inf)" in wide
