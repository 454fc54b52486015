"""The story of a slope for a learner: its derivation, why it is cheap, and where it fails."""

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Shortcut
from actcalc.activations.kinks import Kink
from actcalc.activations.notes import one_sided_slopes
from actcalc.errors import Argument, join_names
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.numerals import exact_text

if TYPE_CHECKING:
    from actcalc.teaching.textbook import Breakdown

_OPERATIONS: dict[type, str] = {
    ast.Add: "addition",
    ast.Sub: "subtraction",
    ast.Mult: "multiplication",
    ast.Div: "division",
    ast.Pow: "multiplication",
}
_CHEAP = ("abs", "max", "min")


def story(f: Activation, spell: Callable[[Argument], str] = str) -> list[str]:
    """Four texts: the derivation, the shortcut from a, the kinks, and float64; ``spell`` spells arguments."""
    return [f.derivation, _cost(f), _at_kinks(f), _in_float64(f, spell)]


def _cost(f: Activation) -> str:
    """A sentence on why the slope from a is cheap."""
    shortcut = f.shortcut
    if isinstance(shortcut, str):
        return f"{shortcut}: the backward pass needs z itself"
    counts = Counter(_operations(shortcut))
    spared = _functions(f.textbook_dg) - _functions(shortcut.text)
    text = "the forward pass leaves a = g(z), so z need not be kept; the slope costs "
    text += join_names((_plural(n, what) for what, n in counts.items()), "and") if counts else "nothing"
    return text + (f", and no {' and no '.join(sorted(spared))}" if spared else "")


def _operations(shortcut: Shortcut) -> Iterator[str]:
    """The operations on a; the others are constants."""
    for node in ast.walk(ast.parse(shortcut.text, mode="eval")):
        if any(isinstance(part, ast.Name) and part.id == shortcut.variable for part in ast.walk(node)):
            if isinstance(node, ast.BinOp):
                yield _OPERATIONS[type(node.op)]
            elif isinstance(node, ast.Compare):
                yield from ["comparison"] * len(node.ops)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield node.func.id


def _functions(text: str) -> set[str]:
    calls = (node.func for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Call))
    return {call.id for call in calls if isinstance(call, ast.Name) and call.id not in _CHEAP}


def _plural(n: int, what: str) -> str:
    return f"{n} {what}" + ("s" if n > 1 and len(what) > 5 else "")


def _at_kinks(f: Activation) -> str:
    """A sentence on each place where g' is undefined."""
    if not f.kinks:
        return "none: g' exists at every z"
    return " ".join(_at_kink(f, kink) for kink in f.kinks)


def _at_kink(f: Activation, kink: Kink) -> str:
    left, right = one_sided_slopes(kink)
    z = exact_text(kink.z)
    chosen = f.slope(kink.z, FLOAT64)
    assert chosen is not None
    returned = FLOAT64.text(chosen)
    if kink.is_jump:
        text = f"At z = {z} g jumps, so g' is undefined there; the slope is {left} on the left and"
        return f"{text} {right} on the right, and actcalc returns {returned}."
    text = f"At z = {z} the little triangle has the slope {left} on the left and {right} on the right, so"
    text += " g' is undefined there; "
    if f.is_convex:
        text += (
            f"g is convex: every number from {left} to {right} is a subgradient, and gradient descent works"
        )
        return f"{text} with any; actcalc returns {returned}, the one nearest to 0."
    text += (
        f"g is not convex, and actcalc returns {returned}, the number nearest to 0 between the two slopes."
    )
    return text


def _in_float64(f: Activation, spell: Callable[[Argument], str]) -> str:
    """A sentence on where float64 breaks the shortcut."""
    from actcalc.teaching.textbook import LAST_TENTH, breakdowns, is_over_ten_ulps

    if isinstance(f.shortcut, str):
        command = f"actcalc plot {argument(f)} {spell(Argument('error', 'float64'))}"
        return f"there is no shortcut; to see the error of the formula in z: {command}"
    found = breakdowns(f)
    if not found:
        farthest = _tenths(LAST_TENTH)
        is_over = any(is_over_ten_ulps(f, side * float(farthest)) for side in (-1, 1))
        reach = _tenths(LAST_TENTH // 2) if is_over else farthest
        up_to = f", up to {farthest} or as long as the slope is a normal number" if is_over else ""
        return (
            f"it does not break down for good: however far out, up to {reach} either way in steps of 0.1,"
            f" there is a z at which the shortcut is within 10 ulps{up_to}"
        )
    if len(found) == 2 and found[0]._replace(side=-1) == found[1]:
        return f"{_describe(f, found[0])}, and likewise towards minus infinity ({_extent(found[0])})"
    return "; ".join(f"{_describe(f, one)} ({_extent(one)})" for one in found)


def _describe(f: Activation, one: "Breakdown") -> str:
    on, sign = ("on", 1) if one.side > 0 else ("down", -1)
    text = (
        f"from z = {_tenths(sign * one.over_ten_ulps)} {on} the shortcut is always off by more than 10 ulps"
    )
    if one.over_half is not None:
        text += f", from {_tenths(sign * one.over_half)} {on} by more than half the digits"
    if one.zero is None:
        return text
    right = FLOAT64.text(f.dg_float(float(_tenths(sign * one.zero))))
    return f"{text}, and from {_tenths(sign * one.zero)} {on} it is exactly 0 (where the slope is {right})"


def _extent(one: "Breakdown") -> str:
    from actcalc.teaching.textbook import LAST_TENTH

    beyond = "" if one.last == LAST_TENTH else ": further out the slope itself is not a normal number"
    return f"z in steps of 0.1 up to {_tenths(one.side * one.last)}{beyond}"


def argument(f: Activation) -> str:
    """The activation as written on the command line."""
    if f.label != f.name or not f.notable_parameters:
        return f.label
    return f"{f.name}:{','.join(f'{name}={text}' for name, text in f.notable_parameters.items())}"


def _tenths(k: int) -> str:
    return exact_text(k // 10) if k % 10 == 0 else f"{'-' * (k < 0)}{abs(k) // 10}.{abs(k) % 10}"
