"""Notes of one line about an activation: which it is, and what its kinks are."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby
from typing import NamedTuple

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import QUANTITIES, Quantity, end_text, prime
from actcalc.activations.kinks import Kink
from actcalc.errors import Argument, Wording, quote
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.numerals import exact_text


def one_sided_slopes(kink: Kink) -> tuple[str, str]:
    """The slopes to the left and to the right of a kink, as float64 texts."""
    left, right = kink.sides("dg", FLOAT64)
    return FLOAT64.text(left), FLOAT64.text(right)


def kind_of_slopes(f: Activation, kink: Kink) -> str:
    """The name for all that lies between the one-sided slopes: ``subgradients`` only where g is convex."""
    if kink.is_jump:
        return "jump, slopes"
    return "subgradients" if f.is_convex else "slopes between left and right"


def gap_note(f: Activation, z: Fraction | float, variable: str, gap: str, of: Quantity) -> str:
    """One line that says why a formula has no value at z."""
    at = repr(z) if isinstance(z, float) else exact_text(z)
    subject = quote(f.label) if of == "g" else f"the derivative of {quote(f.label)}"
    return f"note: {subject} has no value at {variable} = {at}: {gap}"


def level_note(f: Activation, a: str, level: Fraction, returned: str) -> str:
    """One line that says for which number a value of g, as ``float a = 0.5``, is taken."""
    taken = f"the {a} is taken for {end_text(level)}, the value of {f.label} that it is rounded from"
    return f"note: {taken}; returned {returned}"


class KinkNote(NamedTuple):
    """A note on the value returned at a kink, by which ``rule``, if one was asked for."""

    f: Activation
    kink: Kink
    variable: str
    choice: str
    rule: str

    @property
    def subject(self) -> str:
        """The quantity that is undefined."""
        return f"{self.f.label}{prime(self.kink.of)}"

    @property
    def place(self) -> str:
        return f"{self.variable} = {exact_text(self.kink.z)}"

    @property
    def reason(self) -> str:
        """The values there instead of one."""
        left, right = map(FLOAT64.text, self.kink.sides(self.kink.of, FLOAT64))
        if self.kink.of == "dg":
            if self.kink.is_jump:
                return f"jump, slopes on either side {left} and {right}"
            return f"{kind_of_slopes(self.f, self.kink)} [{', '.join(sorted((left, right), key=float))}]"
        if self.kink.first == self.kink.of:
            return f"it jumps there from {left} to {right}"
        lower = {"g": "g", "dg": "the slope"}.get(self.kink.first, f"g{prime(self.kink.first)}")
        return f"{lower} jumps there, on either side {left} and {right}"

    @property
    def wording(self) -> Wording:
        """All of it in a line."""
        text = f"note: {self.subject} is undefined at {self.place}: {self.reason}; returned {self.choice}"
        return Wording(text, " (", Argument("at_kink", self.rule), ")") if self.rule else Wording(text)


def about_one(notes: Sequence[KinkNote]) -> Wording:
    """The notes about one function in whole sentences, one for g' and for each higher derivative."""
    parts: list[str | Argument] = []
    in_order = sorted(notes, key=lambda note: QUANTITIES.index(note.kink.of))
    for subject, group in groupby(in_order, lambda note: note.subject):
        made = list(group)
        places = " and ".join(f"at {note.place} ({note.reason})" for note in made)
        choices = " and ".join(note.choice for note in made)
        parts += [f"{' ' if parts else 'note: '}{subject} is undefined {places}: "]
        parts += [Argument("at_kink", made[0].rule), f" returns {choices}."]
    return Wording(*parts)
