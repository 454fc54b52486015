"""One-line notes for users on kinks and gaps of an activation."""

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
    """The name for the numbers between the one-sided slopes: ``subgradients`` only if g is convex."""
    if kink.is_jump:
        return "jump, slopes"
    return "subgradients" if f.is_convex else "slopes between left and right"


def gap_note(f: Activation, z: Fraction | float, variable: str, gap: str, of: Quantity) -> str:
    """A line that says why a formula has no value at z."""
    at = repr(z) if isinstance(z, float) else exact_text(z)
    subject = quote(f.label) if of == "g" else f"the derivative of {quote(f.label)}"
    return f"note: {subject} has no value at {variable} = {at}: {gap}"


def level_note(f: Activation, a: str, level: Fraction, returned: str) -> str:
    """A line that says which number a value of g, given as ``float a = 0.5``, is taken for."""
    taken = f"the {a} is taken for {end_text(level)}, the value of {f.label} that rounds to it"
    return f"note: {taken}; returned {returned}"


class KinkNote(NamedTuple):
    """A note on the value returned at a kink; ``rule`` is named if it is not empty."""

    f: Activation
    kink: Kink
    variable: str
    choice: str
    rule: str

    @property
    def subject(self) -> str:
        """The undefined quantity."""
        return f"{self.f.label}{prime(self.kink.of)}"

    @property
    def place(self) -> str:
        return f"{self.variable} = {exact_text(self.kink.z)}"

    @property
    def reason(self) -> str:
        """The one-sided values that make it undefined."""
        left, right = map(FLOAT64.text, self.kink.sides(self.kink.of, FLOAT64))
        if self.kink.of == "dg":
            if self.kink.is_jump:
                return f"jump, one-sided slopes {left} and {right}"
            return f"{kind_of_slopes(self.f, self.kink)} [{', '.join(sorted((left, right), key=float))}]"
        if self.kink.first == self.kink.of:
            return f"it jumps from {left} to {right}"
        lower = {"g": "g", "dg": "the slope"}.get(self.kink.first, f"g{prime(self.kink.first)}")
        return f"{lower} jumps; one-sided values {left} and {right}"

    @property
    def wording(self) -> Wording:
        """The whole note as one line."""
        text = f"note: {self.subject} is undefined at {self.place}: {self.reason}; returned {self.choice}"
        return Wording(text, " (", Argument("at_kink", self.rule), ")") if self.rule else Wording(text)


def about_one(notes: Sequence[KinkNote]) -> Wording:
    """Merge the notes about a function into whole sentences, one for g' and each higher derivative."""
    parts: list[str | Argument] = []
    in_order = sorted(notes, key=lambda note: QUANTITIES.index(note.kink.of))
    for subject, group in groupby(in_order, lambda note: note.subject):
        made = list(group)
        places = " and ".join(f"at {note.place} ({note.reason})" for note in made)
        choices = " and ".join(note.choice for note in made)
        parts += [f"{' ' if parts else 'note: '}{subject} is undefined {places}: "]
        parts += [Argument("at_kink", made[0].rule), f" returns {choices}."]
    return Wording(*parts)
