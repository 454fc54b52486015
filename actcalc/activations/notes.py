"""What has to be said of an activation in one line: which it is, and what its kinks are."""

from actcalc.activations.activation import Activation
from actcalc.activations.kinks import Kink
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.numerals import exact_text


def one_sided_slopes(kink: Kink) -> tuple[str, str]:
    """The slopes to the left and to the right of a kink, as float64 texts."""
    left, right = kink.sides("dg", FLOAT64)
    return FLOAT64.text(left), FLOAT64.text(right)


def kind_of_slopes(kink: Kink) -> str:
    """What lies between the one-sided slopes: ``subgradients`` only where g is convex."""
    if kink.is_jump:
        return "jump, slopes"
    return "subgradients" if kink.is_convex else "slopes between left and right"


def used_note(f: Activation) -> str:
    """Which variant and parameters a bare name stands for, where frameworks disagree; else ``""``."""
    d = f.declaration
    if f.label != d.name or not (d.variant or d.defaults):
        return ""
    return f"{f.describe()}: {'; '.join(text for text in (d.variant, d.defaults) if text)}"


def kink_note(f: Activation, kink: Kink, variable: str, choice: str, rule: str) -> str:
    """One line that says that g' is undefined at a kink, and what was returned by which ``rule``."""
    left, right = one_sided_slopes(kink)
    bracket = f"{left} and {right}" if kink.is_jump else f"[{', '.join(sorted((left, right), key=float))}]"
    what = "jump, slopes on either side" if kink.is_jump else kind_of_slopes(kink)
    return (
        f"note: {f.label}' is undefined at {variable} = {exact_text(kink.z)}: {what} {bracket};"
        f" returned {choice} ({rule})"
    )
