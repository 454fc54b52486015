"""What has to be said of an activation in one line: which it is, and what its kinks are."""

from fractions import Fraction

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity, prime
from actcalc.activations.kinks import Kink
from actcalc.errors import quoted
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
    in_force = all(f.texts[parameter.name] == parameter.default for parameter in d.parameters)
    told = [text for text in (d.variant, d.defaults if in_force else "") if text]
    return f"{f.describe()}: {'; '.join(told)}" if told else ""


def gap_note(f: Activation, z: Fraction | float, variable: str, gap: str, of: Quantity) -> str:
    """One line that says why a formula has no value at z."""
    at = repr(z) if isinstance(z, float) else exact_text(z)
    subject = quoted(f.label) if of == "g" else f"the derivative of {quoted(f.label)}"
    return f"note: {subject} has no value at {variable} = {at}: {gap}"


def kink_note(f: Activation, kink: Kink, variable: str, choice: str, rule: str) -> str:
    """One line that says what is undefined at a kink, and what was returned by which ``rule``."""
    left, right = map(FLOAT64.text, kink.sides(kink.of, FLOAT64))
    between = f"[{', '.join(sorted((left, right), key=float))}]"
    if kink.of == "dg":
        what = f"jump, slopes on either side {left} and {right}"
        if not kink.is_jump:
            what = f"{kind_of_slopes(kink)} {between}"
    elif kink.first == kink.of:
        what = f"it jumps there from {left} to {right}"
    else:
        lower = {"g": "g", "dg": "the slope"}.get(kink.first, f"g{prime(kink.first)}")
        what = f"{lower} jumps there, on either side {left} and {right}"
    return (
        f"note: {f.label}{prime(kink.of)} is undefined at {variable} = {exact_text(kink.z)}: {what};"
        f" returned {choice} ({rule})"
    )
